/* task.h - tasks, futures and the scheduler: who runs next, who waits for what.
 *
 * A wait is data: what kind, what is waited on, until when; never a C frame. A task points at its coroutine, whose
 * leaf is the innermost suspended frame, so waking costs the same at any depth. The ready queue is FIFO and counts
 * hops as asyncio does: what CPython schedules with call_soon takes one entry here, so that tasks interleave
 * in the same order. Sleeping parks the task itself in the timer heap, without a future.
 */
#pragma once
#include "vm/coroutine.h"

enum { FUTURE_PENDING, FUTURE_CANCELLED, FUTURE_FINISHED }; // low bits of Future.h.aux
enum {
    FUTURE_STATE = 3,
    FUTURE_FAILED = 4,       // finished with an exception (in `result`)
    FUTURE_OBSERVED = 8,     // somebody has asked for the outcome
    TASK_MUST_CANCEL = 16,   // throw CancelledError at the next step
    TASK_WAKE_THROWS = 32,   // the pending wake value is an exception
    TASK_SPAWNED = 64,       // by the prelude's spawn: its failure ends the program with status 1
    FUTURE_GATHERING = 128,  // gather()'s: `extra` is the Tuple of children
    TASK_RUNNING = 256,
    TASK_HELD = 512,         // a prompt's, from before what it runs now: what ends a loop leaves it alone
    FUTURE_DROPPED = 2048,   // it failed, nobody has asked, and nobody can any more
    TASK_FOLLOWED = 1024,    // the event hook is told of it; what listens sets this when it is told of the task's creation
};

typedef enum {
#define WAIT(e, text) WAIT_##e,
#include "vm/waits.def"
#undef WAIT
    WAIT_COUNT
} WaitKind;

typedef struct Future {
    Obj h;
    Value result;    // result or exception; of an unfinished task: what it will be resumed with
    Value callbacks; // UNSET, one callback, or an Array-like List of them: Tasks, gathering Futures, or Pairs (callable, context)
    Value extra;     // cancel message; children; attributes a script has set
} Future;

struct Task {
    Future f;
    Gen *coro;
    Value wait_on;      // UNSET, or the object waited on (Future, Task, native that parked it)
    Task *next, *prev;  // of all unfinished tasks, in order of creation
    Value name;         // str, or small int n for "Task-n"
    Value parent;       // Task that made it or UNSET, for reports; a Pair of that and its context, if it has one
    uint32_t timer;     // generation of its entry in the timer heap
    uint16_t cancelling;
    uint8_t wait_kind;
};

static inline bool is_future(Value v) { return is_kind(v, KIND_FUTURE) || is_kind(v, KIND_TASK); }
static inline bool is_task(Value v) { return is_kind(v, KIND_TASK); }
static inline Future *as_future(Value v) { return (Future *)as_obj(v); }
static inline Task *as_task(Value v) { return (Task *)as_obj(v); }
static inline int future_state(const Future *f) { return f->h.aux & FUTURE_STATE; }
static inline bool future_done(const Future *f) { return future_state(f) != FUTURE_PENDING; }

/* ---- futures ---- */
Value future_new(VM *vm);
/* Complete it and schedule its callbacks. False: InvalidStateError pending. */
bool future_set_result(VM *vm, Future *f, Value v);
bool future_set_exception(VM *vm, Future *f, Value exc);
/* Result, or the exception raised. */
Value future_result(VM *vm, Future *f);
/* True if it was not done yet. msg: None or anything. Works for tasks and gathering futures too. RecursionError may be
 * pending (and the answer false): tasks await each other in a ring. */
bool future_cancel(VM *vm, Future *f, Value msg);
bool future_add_callback(VM *vm, Future *f, Value callback);
size_t future_remove_callback(VM *vm, Future *f, Value callable);
Value cancelled_error(VM *vm, Value msg);
/* gather(): a future of the list of the children's results. */
Value gather_new(VM *vm, Tuple *children, bool return_exceptions);

/* ---- tasks ---- */
/* What asyncio.iscoroutine says yes to: a scripted coroutine or generator, a native coroutine, the step of an async
 * generator. */
static inline bool task_can_run(Value v)
{
    return is_gen(v) ? !is_exact(v, T_ASYNC_GENERATOR) : is_exact(v, T_NATIVE_CORO) || is_kind(v, KIND_ASYNC_STEP);
}
/* The scripted coroutine that awaits it; itself if it is one. */
Value task_coroutine(VM *vm, Value awaitable);
Value task_new(VM *vm, Value coroutine, Value name);
/* Of whatever task_can_run, as scripts ask for it: name None or anything str() takes, context None (a copy
 * of the current one) or a Context object. */
Value task_make(VM *vm, Value coro, Value name, Value context);
/* What makes futures needs a loop: the one given, the running one, or the current one (RuntimeError: there is none). */
Value task_need_loop(VM *vm, Value given);
/* A task for a clone of t's coroutine, waiting as t does. */
Value task_new_like(VM *vm, Value coroutine, Task *t);
Value task_name(VM *vm, Task *t);
bool task_set_name(VM *vm, Task *t, Value name); // anything str() takes; may call
/* The context it runs in (context.h): a Dict, a script's Context object, UNSET. False: no memory. */
bool task_set_context(VM *vm, Task *t, Value context);
/* For natives declared async: park the running task. kind and `on` say what for; deadline in monotonic ns, 0: none.
 * VALUE_PARK, or RuntimeError "no running event loop" when no task drives the caller. */
Value task_park(VM *vm, WaitKind kind, Value on, int64_t deadline);
/* Let a parked task go on with `v`, or raise exc in it: in its turn in the ready queue. */
void task_wake(VM *vm, Task *t, Value v);
void task_wake_throw(VM *vm, Task *t, Value exc);
/* A task that is parked on a NATIVE_DATA `on` may go on: in its turn on's type makes the outcome (TypeSlots.resume: a
 * value, ERROR, or PARK from task_park_again), unless the task is cancelled before, so that nothing gets lost. */
void task_resume(VM *vm, Task *t, Value on);
Value task_park_again(VM *vm, Task *t, WaitKind kind, Value on);
/* A parked task as remembered by whoever will wake it. It counts until the task has been woken or cancelled. */
typedef struct Waiter { Value task; uint32_t generation; } Waiter;
static inline Waiter waiter_of(Task *t) { return (Waiter){obj_value(t), t->timer}; }
static inline bool waiter_waits(const Waiter *w)
{
    return is_task(w->task) && as_task(w->task)->timer == w->generation;
}

/* ---- the scheduler ---- */
typedef struct Handle { Obj h; Value callback, args, context; int64_t when; } Handle; // call_soon / call_later; aux 1: cancelled

/* when: in ns of the loop's clock; 0: soon. */
Value handle_new(VM *vm, Value callback, Value args, Value context, int64_t when);
static inline bool is_handle(Value v) { return is_exact(v, T_HANDLE) || is_exact(v, T_TIMER_HANDLE); }

bool sched_init(VM *vm);
void sched_free(VM *vm);
/* For the collector. What the scheduler holds counts as seen once it is traced: later collections look only at what
 * has come since, unless told to see everything again. */
void sched_trace(VM *vm);
void sched_rescan(VM *vm);
bool sched_trace_some(VM *vm, size_t budget); // of tasks, of turns and of timers each; true: all is seen
/* Run coroutine as the main task of a new loop until it ends; leftovers: true cancels them (asyncio.run), false awaits
 * those made by spawn, then cancels the rest (a script's end). */
Value sched_run(VM *vm, Value coroutine, bool cancel_leftovers);
/* Its two parts, for several tasks in one loop: run a task as the one that Ctrl-C is for; cancel what is
 * left and run it out. */
Value sched_run_main(VM *vm, Value task);
Value sched_end_run(VM *vm);
/* Leave out the names of n tasks: CPython's loop ends by tasks of its own, which a program sees from the numbers after. */
void sched_skip_names(VM *vm, uint32_t n);
/* Run until `future` is done (or for ever: UNSET, until sched_stop). */
Value sched_run_until(VM *vm, Value future);
/* A script without top-level await has ended: run what it has spawned. False: an exception is pending. */
bool sched_drain(VM *vm);
/* A prompt runs what was typed: as sched_run, but all other tasks stay as they are. */
Value sched_run_statement(VM *vm, Value coroutine);
/* From now on Ctrl-C is for what sched_run_statement runs and for the prompt, not for its other tasks, and the tasks
 * that there are now (and those they make) outlive every asyncio.run. */
void sched_hold_tasks(VM *vm);
/* Cancel every task in the order they were made and run until all have ended. False: an exception is pending, and
 * some may be left. */
bool sched_cancel_tasks(VM *vm);
size_t sched_count_tasks(VM *vm);
/* Print the failures of tasks and futures that nobody has asked for; the exit status becomes 1. */
void sched_report_failures(VM *vm);
/* With a handler of the program's for failures: it is told as soon as a full collection finds that nobody
 * can ask for one any more. gc_collect brackets itself by sched_seek_dropped, notes what is dropped when
 * all else is marked, and tells. */
void sched_watch_failures(VM *vm, bool watch);
void sched_seek_dropped(VM *vm, bool seek);
void sched_note_dropped(VM *vm);
void sched_tell_dropped(VM *vm);
/* For a program that has a loop of its own: one round, without waiting. False: an exception is pending. */
bool sched_step(VM *vm);
/* When the next step will have something to do (monotonic ns; 0: now); INT64_MAX: nothing has a deadline. */
int64_t sched_next_wake(VM *vm);
bool sched_running(VM *vm);
/* An async generator that nobody can reach any more is closed by a task of the running loop. False: an
 * exception is pending. */
bool sched_close_dropped(VM *vm, Gen *g);
void sched_stop(VM *vm);
bool sched_call_soon(VM *vm, Value handle);
bool sched_call_at(VM *vm, Value handle, int64_t when);
int64_t sched_now(VM *vm);
/* How long others have waited for their turn since `since`: those that are ready, and those whose time has come. */
int64_t sched_stalled(VM *vm, int64_t since);
/* What a report says of a task, as strs: its name, what it waits on ("" when it is ready or runs), and the
 * innermost of its own lines: "f, file.co:12". False: out of memory. */
typedef struct TaskReport { Value name, wait, where; } TaskReport;
bool task_report(VM *vm, Task *t, TaskReport *report);
/* What a program wants its tasks to be made by, f(coro, name, context); UNSET (set by None): by Task. */
void sched_set_task_maker(VM *vm, Value maker);
Value sched_task_maker(VM *vm);
/* Every unfinished task, in order of creation; NULL: none. */
Task *sched_first_task(VM *vm);
/* From now on the event hook is told of every unfinished task, or of none. */
void sched_follow_tasks(VM *vm, bool follow);
/* Ctrl-C under asyncio.run: cancel the main task (true); false: nothing to cancel, raise KeyboardInterrupt. */
bool sched_take_interrupt(VM *vm);
/* When the timer of a parked task fires (monotonic ns); 0: it has none. Looks through all timers. */
int64_t sched_deadline(VM *vm, const Task *t);
/* Print on stderr: what runs, and the tree of tasks, each below the one that made it, with its wait and its stack
 * (SIGQUIT). */
void sched_report_tasks(VM *vm);

/* Events for traces, :tasks, replay, leak checks: of every creation, and then of the tasks that are
 * TASK_FOLLOWED. What ends a step is its task's READY (it gave way), WAITING or FINISHED. */
#ifndef CO_EVENTS
#define CO_EVENTS 1 // 0: a build without the branch below, to see what it costs (bench/tracing.py --off)
#endif
typedef enum { EVENT_CREATED, EVENT_READY, EVENT_RUNNING, EVENT_WAITING, EVENT_FINISHED } TaskEvent;
void sched_tell_event(VM *vm, TaskEvent e, Task *t, int64_t until);
static inline void task_event_until(VM *vm, TaskEvent e, Task *t, int64_t until)
{
    if (CO_EVENTS && __builtin_expect(vm->event_hook != NULL, 0)) sched_tell_event(vm, e, t, until); // one branch while nobody listens
}
static inline void task_event(VM *vm, TaskEvent e, Task *t) { task_event_until(vm, e, t, 0); }
