/* sched_run.c - rounds until something has ended: a main task, a statement of the prompt, a script; and
 * who Ctrl-C is for. */
#include "vm/exception.h"
#include "vm/sched.h"
#include "vm/strand.h"

/* Ctrl-C that a computing background task did not get. */
static bool hear_interrupt(VM *vm, Sched *s)
{
    if (!s->unheard) return true;
    s->unheard = false;
    vm_raise_exc(vm, exception_new(vm, ERR_KEYBOARD_INTERRUPT, obj_value(vm->empty_tuple)));
    return false;
}

/* In a strand: there is one loop, which the program itself runs, if need be while it waits. */
static Value run_until_from_strand(VM *vm, Sched *s, Value future)
{
    if (is_unset(future)) return vm_raise(vm, ERR_RUNTIME, "only the program itself can run the loop for ever");
    s->nested++;
    bool ok = strand_wait_future(vm, as_future(future));
    s->nested--;
    return ok ? future_result(vm, as_future(future)) : VALUE_ERROR;
}

Value sched_run_until(VM *vm, Value future)
{
    Sched *s = vm->sched;
    if (!strand_is_own(vm)) return run_until_from_strand(vm, s, future);
    if (s->running) return vm_raise(vm, ERR_RUNTIME, "This event loop is already running");
    Value *root = roots_push(vm, future);
    if (!root) return VALUE_ERROR;
    s->running = true;
    bool ok = true;
    if (is_unset(future) || !future_done(as_future(future))) // stopped before, it runs one round
        do ok = sched_round(vm, s) && hear_interrupt(vm, s);
        while (ok && !s->stopping && (is_unset(future) || !future_done(as_future(future))));
    if (ok && s->ready.size && !is_unset(future)) ok = sched_round(vm, s); // what was scheduled before the end still runs
    s->running = s->stopping = false;
    roots_pop(vm, root);
    if (!ok) return VALUE_ERROR;
    if (is_unset(future)) return VALUE_NONE;
    if (!future_done(as_future(future))) return vm_raise(vm, ERR_RUNTIME, "Event loop stopped before Future completed.");
    return future_result(vm, as_future(future));
}

/* Tasks that await each other in a ring cannot be cancelled: nobody waits for what is left. */
static bool give_up_tasks(VM *vm)
{
    for (Task *t = vm->sched->first; t; t = t->next) task_hold(vm->sched, t, true);
    return false;
}

/* False: RecursionError is pending. */
static bool cancel_all(VM *vm, bool keep_spawned)
{
    for (Task *t = vm->sched->first, *next; t; t = next) {
        next = t->next;
        bool kept = t->f.h.aux & TASK_HELD || (keep_spawned && t->f.h.aux & TASK_SPAWNED);
        if (!kept && !future_cancel(vm, &t->f, VALUE_NONE) && !is_unset(vm->exc)) return give_up_tasks(vm);
    }
    return true;
}

/* Run rounds until every task but held ones has ended; errors that end the loop are kept in *exc. */
static void run_out(VM *vm, Sched *s, Value *exc)
{
    s->running = true;
    while (s->ntasks > s->nheld)
        if (!sched_round(vm, s)) {
            if (is_unset(*exc)) *exc = vm_take_pending(vm);
            else vm_take_pending(vm);
            if (vm->stop_status) break;
            if (!cancel_all(vm, false)) vm_take_pending(vm);
        }
    s->running = false;
}

/* A prompt's variables may hold generators that are still wanted. */
static void close_generators(VM *vm, Sched *s, Value *exc)
{
    if (s->prompt || vm->stop_status || sched_close_async_generators(vm)) return;
    Value raised = vm_take_pending(vm);
    if (is_unset(*exc)) *exc = raised;
}

/* The outcome of the run as it is, after `exc` of the leftovers' end, if any, has taken its place. */
static Value finish_run(VM *vm, Value result, Value pending, Value exc)
{
    sched_report_failures(vm);
    if (!is_unset(exc) && is_unset(pending)) pending = exc;
    if (is_unset(pending)) return result;
    vm->exc = pending;
    return VALUE_ERROR;
}

Value sched_run_main(VM *vm, Value task)
{
    Sched *s = vm->sched;
    s->main = as_task(task);
    as_task(task)->f.h.aux |= FUTURE_OBSERVED;
    s->interrupted = false;
    Value result = sched_run_until(vm, task);
    s->main = NULL;
    if (!is_error(result) || !s->interrupted || !exception_is(vm, vm->exc, ERR_CANCELLED)) return result;
    Value exc = exception_new(vm, ERR_KEYBOARD_INTERRUPT, obj_value(vm->empty_tuple));
    if (!is_error(exc)) vm->exc = exc;
    return VALUE_ERROR;
}

Value sched_run(VM *vm, Value coroutine, bool cancel_leftovers)
{
    Sched *s = vm->sched;
    if (!s->running) s->stopping = false;
    Value task = task_new(vm, coroutine, VALUE_UNSET);
    if (!strand_is_own(vm)) return is_error(task) ? task : sched_run_until(vm, task); // the others' tasks go on
    Value *root = is_error(task) ? NULL : roots_reserve(vm, 4);
    if (!root) return VALUE_ERROR;
    root[0] = task;
    Value result = sched_run_main(vm, task);
    root[1] = result;
    if (is_error(result)) root[2] = vm_take_pending(vm);
    if (!vm->stop_status) {
        if (!cancel_all(vm, !cancel_leftovers && !is_error(result))) root[3] = vm_take_pending(vm);
        run_out(vm, s, &root[3]);
        close_generators(vm, s, &root[3]);
    }
    Value r = finish_run(vm, root[1], root[2], root[3]);
    roots_pop(vm, root);
    return r;
}

void sched_skip_names(VM *vm, uint32_t n) { vm->sched->task_id += n; }

Value sched_end_run(VM *vm)
{
    Sched *s = vm->sched;
    Value *exc = roots_reserve(vm, 1);
    if (!exc) return VALUE_ERROR;
    if (!cancel_all(vm, false)) *exc = vm_take_pending(vm);
    run_out(vm, s, exc);
    close_generators(vm, s, exc);
    Value v = finish_run(vm, VALUE_NONE, VALUE_UNSET, *exc);
    roots_pop(vm, exc);
    return v;
}

/* What a statement has left undone (Ctrl-C came twice, or all were waiting for each other) is told to end; if it does
 * not at once, it goes on as one task among others. */
static void give_up(VM *vm, Sched *s, Task *t)
{
    enum { ROUNDS = 100 };
    if (!future_cancel(vm, &t->f, VALUE_NONE) && !is_unset(vm->exc)) vm_take_pending(vm);
    s->running = true;
    for (int i = 0; i < ROUNDS && s->ready.size && !future_done(&t->f); i++)
        if (!sched_round(vm, s)) vm_take_pending(vm);
    s->running = false;
}

Value sched_run_statement(VM *vm, Value coroutine)
{
    Sched *s = vm->sched;
    Value task = task_new(vm, coroutine, VALUE_UNSET);
    Value *root = is_error(task) ? NULL : roots_reserve(vm, 2);
    if (!root) return VALUE_ERROR;
    root[0] = task;
    root[1] = sched_run_main(vm, task);
    bool failed = is_error(root[1]);
    if (failed && !future_done(&as_task(task)->f)) {
        root[1] = vm_take_pending(vm);
        give_up(vm, s, as_task(task));
        vm->exc = root[1];
    }
    Value result = failed ? VALUE_ERROR : root[1];
    roots_pop(vm, root);
    return result;
}

void sched_hold_tasks(VM *vm)
{
    Sched *s = vm->sched;
    s->prompt = true;
    for (Task *t = s->first; t; t = t->next) task_hold(s, t, true);
}

bool sched_cancel_tasks(VM *vm)
{
    Sched *s = vm->sched;
    for (Task *t = s->first; t; t = t->next) task_hold(s, t, false);
    bool ok = cancel_all(vm, false);
    s->running = true;
    while (ok && s->ntasks) ok = sched_round(vm, s);
    s->running = false;
    return ok;
}

bool sched_drain(VM *vm)
{
    Sched *s = vm->sched;
    if (!s->first) return !is_error(finish_run(vm, VALUE_NONE, VALUE_UNSET, VALUE_UNSET));
    Value *exc = roots_reserve(vm, 1);
    if (!exc) return false;
    run_out(vm, s, exc);
    close_generators(vm, s, exc);
    bool ok = !is_error(finish_run(vm, VALUE_NONE, VALUE_UNSET, *exc));
    roots_pop(vm, exc);
    return ok;
}

/* A background task of a prompt that computes and computes is interrupted by the second Ctrl-C: nothing else could. */
static bool spare_background(VM *vm, Sched *s)
{
    if (!s->prompt || !vm->task || !s->running || vm->task == s->main || s->unheard) return false;
    return s->unheard = true;
}

bool sched_take_interrupt(VM *vm)
{
    Sched *s = vm->sched;
    bool may_cancel = s->running && s->main && !s->interrupted && !future_done(&s->main->f);
    if (!may_cancel) return spare_background(vm, s);
    s->interrupted = true;
    bool told = future_cancel(vm, &s->main->f, VALUE_NONE);
    if (!is_unset(vm->exc)) vm_take_pending(vm);
    return told;
}
