/* strand.h - blocking contexts: calls that may wait where they stand, without holding up anybody else.
 *
 * What asyncio.to_thread, a thread pool or _thread.start_new_thread runs is a strand of the same VM. It
 * shares everything with the others but has a frame stack, a stack for C and a list of roots of its own;
 * so a native anywhere below it may wait by a plain call (strand_wait). Strands switch only there: state
 * is shared as CPython's threads share it, and between two waits nobody else runs. The program itself,
 * with the event loop and its tasks, is the strand `own`: while it waits by strand_wait the other strands
 * go on, but no task does.
 *
 * A wait is still data: its kind, its object and its deadline are in a StrandWait, where reports find them.
 */
#pragma once
#include "vm/fiber.h"
#include "vm/task.h"

typedef struct Strand Strand;
typedef struct StrandWait StrandWait;

typedef enum {
    WAKE_NONE,  // it still waits
    WAKE_EVENT, // by strand_wake
    WAKE_TIME,  // the deadline has come
    WAKE_NEVER, // of strand_wait_outside: nothing can happen any more
    WAKE_ERROR, // an exception is pending
} Wake;

/* Who waits for one and the same thing, in order. All zeros: nobody. */
typedef struct StrandQueue { StrandWait *first, *last; } StrandQueue;

/* It lies on the C stack of the one who waits. */
struct StrandWait {
    Strand *strand;
    StrandWait *outer;      // of the program's own strand, which may wait within a wait
    StrandQueue *queue;     // NULL: in none
    StrandWait *next, *prev; // there
    Value on;
    WaitKind kind;
    uint32_t timer;         // generation of its entry in the timer heap
    Wake outcome;
};

struct Strand {
    VM *vm;
    Fiber fiber;
    Strand *next, *prev;  // of all strands but `own`, in order of creation
    Strand *next_ready;
    StrandWait *wait;     // the innermost; NULL: runs or is ready
    Value handle;         // the T_STRAND object that stands for it in the timer heap and among a future's callbacks
    Value function, args, kwargs; // what it runs
    Value name;           // str or None, for reports
    int64_t ident;
    bool begun, finished;
    bool seen;            // by the collector since it last ran
    char *memory;         // its stacks: one mapping
    /* What the VM's fields of the same names hold while it runs. */
    Frame *frame, *safepoint_frame;
    Value *sp, *stack_limit, *roots, *roots_top, *roots_end;
    Value result, handled, context, entered; // `entered` is held by its own run()
    Task *task, *entered_in;
    char *c_stack_limit;
    struct ReprGuard *reprs;
    const struct Taker *taker;
};

struct Strands {
    Strand own;
    Strand *first, *last;
    Strand *ready, *last_ready;
    Strand *idle;         // finished ones, whose stacks will be used again
    size_t n, nidle, nready;
    int64_t last_ident;
    StrandQueue outside;  // who waits for anything to happen outside
};

bool strands_init(VM *vm);
/* Unwind what still runs, without running any more script code, and free all. */
void strands_end(VM *vm);

/* Run function(*args, **kwargs) (a Tuple; a Dict or None) as a new strand, in its turn. NULL with an exception pending. */
Strand *strand_start(VM *vm, Value function, Value args, Value kwargs);

/* Wait until strand_wake or `deadline` (monotonic ns; 0: none), in a queue (NULL: none). The other strands run
 * meanwhile, and all tasks too unless it is the program itself that waits. When nothing can ever wake that one, the
 * deadlock is reported: an error. May collect: as vm_call. */
Wake strand_wait(VM *vm, StrandQueue *queue, WaitKind kind, Value on, int64_t deadline);
void strand_wake(VM *vm, StrandWait *w);
static inline void strand_wake_all(VM *vm, StrandQueue *q)
{
    while (q->first) strand_wake(vm, q->first);
}
/* Wait until something has happened outside: some channel's sink has said strand_outside. */
Wake strand_wait_outside(VM *vm, WaitKind kind, int64_t deadline);
void strand_outside(VM *vm);

static inline bool strand_is_own(const VM *vm) { return vm->strand == &vm->strands->own; }
/* Are there others beside the program's own? */
static inline bool strand_others(const VM *vm) { return vm->strands->first != NULL; }
/* Let the program itself run, then go on: for safepoints that see a signal. */
void strand_give_way(VM *vm);

/* "  thread 1 waits on sleep", and the innermost frame of its own; NULL, and nothing is said: it runs or is ready, or it
 * stands in the library only, as a thread of a pool that waits for work. (vm/sched_report.c) */
struct StrBuilder;
const Frame *strand_report(VM *vm, struct StrBuilder *b, const Strand *s);

/* ---- for the scheduler and the collector ---- */
static inline bool strands_ready(const VM *vm) { return vm->strands->ready != NULL; }
/* Let each that is ready now run until it waits. */
void strands_run(VM *vm);
/* The collector is to look at all of them again. */
void strands_rescan(VM *vm);
/* The timer of generation `timer` has come. */
void strand_time(VM *vm, Value handle, uint32_t timer);
bool strand_timer_is_stale(Value handle, uint32_t timer);
/* A future that the strand waits for is done. */
void strand_future_done(VM *vm, Value handle);
static inline bool is_strand(Value v) { return is_exact(v, T_STRAND); }
/* Wait until a future is done; false: an exception is pending. */
bool strand_wait_future(VM *vm, Future *f);
