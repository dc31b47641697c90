/* sched.h - inside the scheduler: shared by sched.c, future.c and task.c, nobody else's. */
#pragma once
#include "vm/task.h"

/* One turn in the ready queue: step a Task, or call a callback with its future (b UNSET: none). */
bool sched_push(VM *vm, Value a, Value b);
/* A failed future or task that nobody has asked yet: reported when the loop ends, unless somebody does. */
void sched_note_failure(VM *vm, Future *f);
/* The pending exception has nowhere to go: print it. */
void sched_report_error(VM *vm, const char *where);
/* While the program itself waits: see what has happened outside, or wait for it, and let strands run. False: nothing can
 * happen any more, or an exception is pending. */
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
