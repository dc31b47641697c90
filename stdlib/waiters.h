/* waiters.h - tasks parked on one object, first come, first served: what locks and queues are made of.
 *
 * Who waits has no future. waiters_wake lets the first one go on: it is put into the ready queue, and in its turn the
 * object's `resume` slot says what it goes on with; if it has been cancelled meanwhile, the `abandon` slot is called
 * instead, so that what it was woken for goes to the next. Both begin with waiters_turn. Who is cancelled while it
 * waits just stops counting.
 */
#pragma once
#include "stdlib/stdlib.h"
#include "vm/task.h"

typedef struct Waiters {
    Waiter *items; // a ring; who has been cancelled stays until he is met
    uint32_t capacity, head, size;
    uint32_t woken; // their turn has not come
} Waiters;

/* Park the running task (from a native declared async) on `on`, whose Waiters these are; what: kept for `resume` in
 * Task.f.result. VALUE_PARK or VALUE_ERROR. */
Value waiters_park(VM *vm, Waiters *w, WaitKind kind, Value on, Value what);
/* From `resume`: the task waits once more, behind the others. */
Value waiters_park_again(VM *vm, Waiters *w, WaitKind kind, Value on, Task *t);
bool waiters_wake(VM *vm, Waiters *w, Value on); // false: nobody waits
static inline void waiters_turn(Waiters *w) { w->woken--; }
size_t waiters_count(const Waiters *w); // those that were woken, too
void waiters_trace(VM *vm, const Waiters *w);
void waiters_free(VM *vm, Waiters *w);
