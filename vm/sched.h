/* sched.h - inside the scheduler: for task.c, await.c, future.c, strand.c and sched*.c, nobody else's.
 * task.h is the way in.
 *
 * ready_queue.c and timer_heap.c hold who runs when, sched.c gives them their turns in rounds, sched_run.c
 * runs rounds until something has ended, sched_failures.c knows what went wrong unseen.
 */
#pragma once
#include "vm/ready_queue.h"
#include "vm/task.h"
#include "vm/timer_heap.h"

struct Sched {
    ReadyQueue ready;
    TimerHeap timers;
    uint32_t strand_timer;
    Task *first, *last; // unfinished tasks
    Task *seen;         // by the collector: this one and those before it
    size_t ntasks, nheld;
    uint32_t task_id;
    Task *main;         // of the running loop; NULL: loop without a main task
    size_t nested;      // strands that wait for a task, as if they had a loop of their own
    bool running, stopping, interrupted;
    bool can_park;      // the async native that is being started is driven by a task
    bool prompt;        // there is one: Ctrl-C is not for its background tasks
    bool unheard;       // Ctrl-C came while one of those was computing
    Value context;      // the one the loop runs in: the current one between two turns
    Value task_maker;   // f(coro, name, context): makes the tasks instead of Task; or UNSET
    Value failures;     // List of failed futures nobody has observed, or UNSET
    bool watching;      // the program wants to be told of those as soon as they are dropped
    bool seeking;       // a full collection is finding out which are
    uint16_t seekings;  // made for one of them alone
    bool failed;        // one has been noted in this turn
    Value fatal;        // SystemExit or KeyboardInterrupt that ended a task: leaves the loop
};

/* One more turn (ready_queue.h). False: MemoryError is pending. */
static inline bool sched_push(VM *vm, Value a, Value b) { return ready_queue_push(vm, &vm->sched->ready, (Turn){a, b}); }
/* One round of asyncio's loop: wait if nothing is ready, let due timers in, run what was ready then.
 * False: an exception is pending. */
bool sched_round(VM *vm, Sched *s);
/* It has ended: no longer one of the unfinished. */
void task_forget(Sched *s, Task *t);
/* Make it TASK_HELD or not. */
void task_hold(Sched *s, Task *t, bool held);
/* What task_set_context has set, or UNSET. */
static inline Value task_context(const Task *t)
{
    return is_kind(t->parent, KIND_PAIR) ? ((Pair *)as_obj(t->parent))->b : VALUE_UNSET;
}
/* A failed future or task that nobody has asked yet: reported when the loop ends, unless somebody does. */
void sched_note_failure(VM *vm, Future *f);
/* The pending exception has nowhere to go: print it. */
void sched_report_error(VM *vm, const char *where);
/* While the program itself waits: see what has happened outside, or wait for it, and let strands run.
 * False: nothing can happen any more, or an exception is pending. */
bool sched_pass(VM *vm);
bool sched_add_strand_timer(VM *vm, Value handle, int64_t when, uint32_t *timer);
/* Take a parked task out of what it waits in. */
void sched_unpark(VM *vm, Task *t);

void gather_child_done(VM *vm, Future *g, Future *child);
void task_finish(VM *vm, Task *t, Value result);
void task_fail(VM *vm, Task *t, Value exc);
/* It returned, but had been cancelled in its last step. */
void task_cancelled(VM *vm, Task *t);
/* Nothing can ever run again: report who waits on what; exit status 3. Answers false with SystemExit(3) pending. */
bool sched_deadlock(VM *vm);
/* Its part about the tasks alone: what each waits on, and where. */
void sched_report_waits(VM *vm);
/* At the loop's end: close what stands inside a try or with. False: an exception is pending. */
bool sched_close_async_generators(VM *vm);
static inline bool scheduler_waits(Value v)
{
    return is_ptr(v) && (as_obj(v)->kind == KIND_FUTURE || as_obj(v)->kind == KIND_TASK || as_obj(v)->kind == KIND_NATIVE_CORO ||
                         as_obj(v)->kind == KIND_NATIVE);
}
