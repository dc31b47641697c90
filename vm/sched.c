#include "vm/sched.h"
#include "vm/context.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/strand.h"

#include <stdlib.h>

bool sched_init(VM *vm)
{
    Sched *s = vm->sched = calloc(1, sizeof *s);
    if (!s) return false;
    s->context = s->failures = s->fatal = s->task_maker = VALUE_UNSET;
    timer_heap_init(&s->timers);
    return true;
}

void sched_free(VM *vm)
{
    Sched *s = vm->sched;
    if (!s) return;
    ready_queue_free(&s->ready);
    timer_heap_free(vm, &s->timers);
    free(s);
    vm->sched = NULL;
}

void sched_set_task_maker(VM *vm, Value maker) { vm->sched->task_maker = is_none(maker) ? VALUE_UNSET : maker; }
Value sched_task_maker(VM *vm) { return vm->sched->task_maker; }

/* ---- turns and timers ---- */

bool sched_call_soon(VM *vm, Value handle) { return sched_push(vm, handle, VALUE_UNSET); }
bool sched_call_at(VM *vm, Value handle, int64_t when) { return timer_heap_add(vm, &vm->sched->timers, handle, when, 0); }

bool sched_add_strand_timer(VM *vm, Value handle, int64_t when, uint32_t *timer)
{
    Sched *s = vm->sched;
    return timer_heap_add(vm, &s->timers, handle, when, *timer = ++s->strand_timer);
}

int64_t sched_deadline(VM *vm, const Task *t) { return timer_heap_find(&vm->sched->timers, obj_value(t)); }
int64_t sched_now(VM *vm) { return vm->host->monotonic(vm->host); }

int64_t sched_stalled(VM *vm, int64_t since)
{
    Sched *s = vm->sched;
    int64_t now = sched_now(vm);
    if (s->ready.size) return now - since;
    int64_t due = timer_heap_first(vm, &s->timers);
    return due < now ? now - (due > since ? due : since) : 0;
}

/* Due timers take a turn in the ready queue, as the handles of asyncio's call_later do. */
static bool fire_timers(VM *vm, Sched *s)
{
    if (!s->timers.size) return true; // nor is the clock read
    int64_t now = sched_now(vm);
    for (TimerEntry e; timer_heap_take_due(vm, &s->timers, now, &e);) {
        if (is_strand(e.what)) strand_time(vm, e.what, e.generation);
        else if (!sched_push(vm, e.what, VALUE_TRUE)) return false;
    }
    return true;
}

/* The host may choose another than the first of the n turns of this round (seeded schedules). */
static Turn take_turn(VM *vm, Sched *s, size_t n)
{
    if (vm->host->choose && n > 1) return ready_queue_take_at(&s->ready, vm->host->choose(vm->host, n));
    return ready_queue_take(&s->ready);
}

/* ---- a turn ---- */

/* What the step of a task came to. */
static void settle(VM *vm, Sched *s, Task *t, Value v)
{
    if (v == VALUE_PARK) return;
    if (v == VALUE_ERROR) {
        Value exc = vm_take_pending(vm);
        task_forget(s, t);
        bool fatal = exception_is(vm, exc, ERR_SYSTEM_EXIT) || exception_is(vm, exc, ERR_KEYBOARD_INTERRUPT);
        if (fatal) {
            t->f.h.aux |= FUTURE_OBSERVED;
            s->fatal = exc;
        }
        task_fail(vm, t, exc);
        task_event(vm, EVENT_FINISHED, t);
        return;
    }
    if (!vm->yielded) {
        task_forget(s, t);
        if (t->f.h.aux & TASK_MUST_CANCEL) task_cancelled(vm, t);
        else task_finish(vm, t, v);
        task_event(vm, EVENT_FINISHED, t);
        return;
    }
    if (is_none(v)) {
        task_wake(vm, t, VALUE_NONE);
        return;
    }
    Value repr = obj_repr(vm, v), task_repr = is_error(repr) ? repr : obj_repr(vm, obj_value(t));
    if (!is_error(task_repr)) vm_raise(vm, ERR_RUNTIME, "Task got bad yield: %V", repr);
    task_wake_throw(vm, t, vm_take_pending(vm));
}

/* A task that waited on a future goes on with the future's outcome. */
static void take_outcome(VM *vm, Task *t, Future *f)
{
    Value v = future_result(vm, f);
    if (is_error(v)) {
        t->f.h.aux |= TASK_WAKE_THROWS;
        v = vm_take_pending(vm);
    }
    gc_store(vm, t, &t->f.result, v);
}

/* The same for one that waited on a native's object. False: it waits on. */
static bool take_native_outcome(VM *vm, Task *t, Value on)
{
    const TypeSlots *slots = slots_of(vm, on);
    if (t->f.h.aux & TASK_MUST_CANCEL || future_done(&t->f)) {
        if (slots->abandon) slots->abandon(vm, on, t);
        return true;
    }
    Value v = slots->resume(vm, on, t);
    if (v == VALUE_PARK) return false;
    if (is_error(v)) {
        t->f.h.aux |= TASK_WAKE_THROWS;
        v = vm_take_pending(vm);
    }
    gc_store(vm, t, &t->f.result, v);
    return true;
}

static void step(VM *vm, Sched *s, Task *t)
{
    if (future_done(&t->f)) return;
    Gen *root = t->coro, *leaf = root->leaf;
    Value v = t->f.result, frame_value;
    bool throws = t->f.h.aux & TASK_WAKE_THROWS;
    t->f.result = VALUE_NONE;
    t->wait_kind = WAIT_NONE;
    t->wait_on = VALUE_UNSET;
    t->f.h.aux &= (uint16_t)~TASK_WAKE_THROWS;
    if ((t->f.h.aux & TASK_MUST_CANCEL) && !(throws && exception_is(vm, v, ERR_CANCELLED))) {
        v = cancelled_error(vm, t->f.extra);
        throws = true;
    }
    if (throws) t->f.h.aux &= (uint16_t)~TASK_MUST_CANCEL;
    if (scheduler_waits(leaf->delegate)) {
        leaf->delegate = VALUE_UNSET; // the outcome goes straight to its register
        gen_rest(root);
    }
    Task *before = vm->task;
    Frame *frame = vm->frame;
    Value *sp = vm->sp;
    Value handled = vm->handled;
    vm->task = t;
    vm->handled = VALUE_NONE;
    vm->yielded = false;
    Value context = task_context(t), outer = context_enter(vm, context), inner = vm->context;
    task_event(vm, EVENT_RUNNING, t);
    if (!throws) frame_value = gen_resume(vm, root, v, 0, RET_TASK);
    else {
        if (gen_state(root) == GEN_CREATED) gen_never_ran(root);
        frame_value = gen_throw(vm, root, v, 0, RET_TASK);
    }
    if (frame_value == VALUE_SWITCH) frame_value = interp_run(vm, vm->frame);
    else if (frame_value == VALUE_PARK) frame_value = vm->result;
    else if (frame_value == VALUE_STOP) frame_value = gen_finished_error(vm, root);
    bool changed = vm->context != inner;
    context = context_leave(vm, context, outer);
    if (changed && !task_set_context(vm, t, context)) vm_take_pending(vm); // no memory: it keeps the older values
    vm->task = before;
    vm->frame = frame;
    vm->sp = sp;
    vm->handled = handled;
    settle(vm, s, t, frame_value);
}

static Value call_in_context(VM *vm, Value context, Value callable, const Value *args, int n)
{
    Value *root = roots_push(vm, context);
    if (!root) return VALUE_ERROR;
    Value outer = context_enter(vm, context);
    Value v = vm_call(vm, callable, args, n);
    context_leave(vm, *root, outer);
    roots_pop(vm, root);
    return v;
}

/* A callback has failed: asyncio's loop is told, if the program has one. What ends a program ends the loop. */
static void callback_failed(VM *vm, Sched *s, Value callback, Value args, Value handle)
{
    Value events = dict_get_c(vm, vm->modules, "asyncio.events"), exc = vm->exc;
    if (exception_is(vm, exc, ERR_SYSTEM_EXIT) || exception_is(vm, exc, ERR_KEYBOARD_INTERRUPT)) {
        s->fatal = vm_take_pending(vm);
        return;
    }
    if (is_unset(events)) return sched_report_error(vm, "callback");
    vm_take_pending(vm);
    Value told = vm_call_method(vm, events, vm_intern(vm, "_callback_failed"), (Value[]){callback, args, handle, exc}, 4);
    if (is_error(told)) sched_report_error(vm, "callback");
    else if (told == VALUE_FALSE) vm->exit_status = 1; // the program has no handler of its own
}

static void run_handle(VM *vm, Sched *s, Handle *h)
{
    if (h->h.aux) return;
    Value *root = roots_reserve(vm, 3);
    if (!root) return sched_report_error(vm, "callback");
    root[0] = obj_value(h);
    root[1] = h->callback; // cancelling the handle, which it may do itself, drops them
    root[2] = h->args;
    Tuple *args = as_tuple(h->args);
    Value v = call_in_context(vm, h->context, h->callback, args->items, (int)args->size);
    if (is_error(v)) callback_failed(vm, s, root[1], root[2], root[0]);
    roots_pop(vm, root);
}

static void run_callback(VM *vm, Sched *s, Value callback, Value future)
{
    bool has_context = is_kind(callback, KIND_PAIR);
    Value context = has_context ? ((Pair *)as_obj(callback))->b : VALUE_UNSET;
    Value callable = has_context ? ((Pair *)as_obj(callback))->a : callback;
    Value *root = roots_reserve(vm, 2);
    if (!root) return sched_report_error(vm, "callback");
    root[0] = callable;
    root[1] = future;
    Value v = call_in_context(vm, context, callable, &root[1], 1);
    if (is_error(v)) {
        Value args = tuple_new(vm, &root[1], 1), handle = is_error(args) ? args : handle_new(vm, root[0], args, VALUE_NONE, 0);
        if (is_error(handle)) sched_report_error(vm, "callback");
        else callback_failed(vm, s, root[0], args, handle);
    }
    roots_pop(vm, root);
}

static void run_turn(VM *vm, Sched *s, Turn turn)
{
    if (is_task(turn.a)) {
        Task *t = as_task(turn.a);
        if (turn.b == VALUE_TRUE) { // its sleep is over
            if (t->wait_kind == WAIT_SLEEP || t->wait_kind == WAIT_IO) task_wake(vm, t, t->f.result);
            return;
        }
        if (is_kind(turn.b, KIND_NATIVE_DATA)) {
            if (!take_native_outcome(vm, t, turn.b)) return;
        } else if (!is_unset(turn.b)) take_outcome(vm, t, as_future(turn.b));
        step(vm, s, t);
    } else if (is_kind(turn.a, KIND_FUTURE) && (as_obj(turn.a)->aux & FUTURE_GATHERING))
        gather_child_done(vm, as_future(turn.a), as_future(turn.b));
    else if (is_strand(turn.a)) strand_future_done(vm, turn.a);
    else if (is_handle(turn.a)) run_handle(vm, s, (Handle *)as_obj(turn.a));
    else run_callback(vm, s, turn.a, turn.b);
}

/* ---- rounds ---- */

/* An exception handler hears of a failure when CPython's would: when nobody can ask for it any more. Only a full
 * collection can tell, so after some of them it may hear later, when the program or the memory calls for one. */
static void seek_dropped_soon(VM *vm, Sched *s)
{
    enum { MOST_SEEKINGS = 100 };
    s->failed = false;
    if (s->watching && !is_unset(s->failures) && s->seekings++ < MOST_SEEKINGS) gc_collect(vm);
}

bool sched_round(VM *vm, Sched *s)
{
    bool ready = s->ready.size > 0 || strands_ready(vm);
    int64_t deadline = timer_heap_first(vm, &s->timers);
    s->context = vm->context;
    if (!ready && !s->stopping && !vm->host->wait(vm->host, vm, deadline, false)) return sched_deadlock(vm);
    if (ready && vm->host->busy) vm->host->wait(vm->host, vm, INT64_MAX, true);
    if (vm->host->pending && !vm_interrupted(vm)) return false;
    if (!fire_timers(vm, s)) return false;
    for (size_t n = s->ready.size; n > 0 && s->ready.size > 0; n--) {
        run_turn(vm, s, take_turn(vm, s, n));
        if (s->failed) seek_dropped_soon(vm, s);
        if (!is_unset(s->fatal)) {
            Value exc = s->fatal;
            s->fatal = VALUE_UNSET;
            vm->exc = exc;
            return false;
        }
        if (vm->host->pending && !vm_interrupted(vm)) return false;
    }
    if (!strands_ready(vm)) return true;
    strands_run(vm);
    return !vm->host->pending || vm_interrupted(vm);
}

bool sched_pass(VM *vm)
{
    Sched *s = vm->sched;
    if (s->nested && !s->running) { // some strand wants the tasks to run
        s->running = true;
        bool ok = sched_round(vm, s);
        s->running = false;
        return ok;
    }
    bool ready = strands_ready(vm);
    int64_t deadline = timer_heap_first(vm, &s->timers);
    if (!ready && !vm->host->wait(vm->host, vm, deadline, false)) return false;
    if (ready && vm->host->busy) vm->host->wait(vm->host, vm, INT64_MAX, true);
    if (!fire_timers(vm, s)) return false;
    strands_run(vm);
    return true;
}

bool sched_running(VM *vm) { return vm->sched->running && strand_is_own(vm); }
void sched_stop(VM *vm) { vm->sched->stopping = true; }

int64_t sched_next_wake(VM *vm)
{
    Sched *s = vm->sched;
    return s->ready.size || strands_ready(vm) ? 0 : timer_heap_first(vm, &s->timers);
}

bool sched_step(VM *vm)
{
    Sched *s = vm->sched;
    if (s->running) return !is_error(vm_raise(vm, ERR_RUNTIME, "This event loop is already running"));
    if (s->ready.size == 0) vm->host->wait(vm->host, vm, INT64_MAX, true); // what has happened outside
    if (sched_next_wake(vm) > sched_now(vm)) return true;
    s->running = true;
    bool ok = sched_round(vm, s);
    s->running = false;
    return ok;
}

/* ---- for the collector ---- */

void sched_rescan(VM *vm)
{
    Sched *s = vm->sched;
    if (!s) return;
    s->ready.seen = 0;
    timer_heap_rescan(&s->timers);
    s->seen = NULL;
    strands_rescan(vm);
}

static bool trace_tasks(VM *vm, Sched *s, size_t budget)
{
    for (Task *t = s->seen ? s->seen->next : s->first; t; t = t->next) {
        if (!budget--) return false;
        gc_mark_obj(vm, t);
        s->seen = t;
    }
    return true;
}

bool sched_trace_some(VM *vm, size_t budget)
{
    Sched *s = vm->sched;
    if (!s) return true;
    bool tasks = trace_tasks(vm, s, budget), turns = ready_queue_trace(vm, &s->ready, budget);
    return timer_heap_trace(vm, &s->timers, budget) && tasks && turns;
}

void sched_trace(VM *vm)
{
    Sched *s = vm->sched;
    if (!s) return;
    sched_trace_some(vm, SIZE_MAX);
    timer_heap_trace_fresh(vm, &s->timers);
    if (s->running) gc_mark_value(vm, s->context);
    gc_mark_value(vm, s->task_maker);
    if (!s->seeking) gc_mark_value(vm, s->failures);
    gc_mark_value(vm, s->fatal);
    if (vm->task) gc_mark_obj(vm, vm->task);
}
