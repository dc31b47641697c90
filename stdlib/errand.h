/* errand.h - C jobs that may last: threads of the host do them while the program goes on.
 *
 * A blocking context (strand.h) that reads a file waits for its errand; so does the program itself where
 * others are there to go on meanwhile. A task parks. What an errand is about lies in one malloc'd block
 * that begins with it, because nobody may be there any more when it is done: a read of a pipe may last for
 * ever.
 */
#pragma once
#include "vm/io.h"
#include "vm/strand.h"

typedef struct Errand Errand;
struct Errand {
    IoJob job;                              // the host's
    void (*run)(Errand *e);                 // on another thread: touches nothing of a VM
    Value (*answer)(VM *vm, Errand *e);     // for errand_park: what the task goes on with
    StrandQueue waiting;                    // the strand
    Waiter waiter;                          // or the task
    Obj *owner;                             // and the object it is parked on
    bool forgotten;                         // nobody waits any more
    bool under_way;                         // the host has it
};

/* The threads of one VM. */
typedef struct Errands { struct Helper *all, *idle; size_t nidle; Type *type; } Errands;

/* Should what blocks be an errand? lasting: it may take for ever, as reading a pipe may, and not only as
 * long as a disk. */
bool errand_needed(VM *vm, bool lasting);
/* Run e and wait for it. False: an exception is pending, and e belongs to nobody; else it is the caller's again. */
bool errand_do(VM *vm, Errand *e, WaitKind kind);
/* From a native declared async: park the running task until e is done. */
Value errand_park(VM *vm, Errand *e, WaitKind kind);
void errands_free(VM *vm);
