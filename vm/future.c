/* future.c - futures, tasks and gather: completion, callbacks, cancellation. */
#include "vm/common.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/sched.h"
#include "vm/str.h"
#include "vm/task.h"
#include "vm/type.h"

static void set_state(Future *f, int state, int flags)
{
    f->h.aux = (uint16_t)((f->h.aux & ~FUTURE_STATE) | state | flags);
}

Value future_new(VM *vm)
{
    Future *f = heap_new(vm, KIND_FUTURE, T_FUTURE, Future);
    if (!f) return VALUE_ERROR;
    f->result = f->callbacks = f->extra = VALUE_UNSET;
    return obj_value(f);
}

/* ---- callbacks ---- */

bool future_add_callback(VM *vm, Future *f, Value callback)
{
    if (future_done(f)) return sched_push(vm, callback, obj_value(f));
    if (is_unset(f->callbacks)) {
        gc_store(vm, f, &f->callbacks, callback);
        return true;
    }
    if (!is_list(f->callbacks)) {
        Value l = list_new(vm, &f->callbacks, 1);
        if (is_error(l)) return false;
        gc_store(vm, f, &f->callbacks, l);
    }
    return list_append(vm, as_list(f->callbacks), callback);
}

/* Does a stored callback stand for `callable`? Script callbacks are Pairs (callable, context). */
static bool is_callback(VM *vm, Value stored, Value callable)
{
    if (stored == callable) return true;
    if (!is_kind(stored, KIND_PAIR)) return false;
    Value own = ((Pair *)as_obj(stored))->a;
    int same = own == callable ? 1 : obj_eq(vm, own, callable);
    if (same < 0) vm_take_pending(vm);
    return same > 0;
}

size_t future_remove_callback(VM *vm, Future *f, Value callable)
{
    if (is_unset(f->callbacks)) return 0;
    if (!is_list(f->callbacks)) {
        if (!is_callback(vm, f->callbacks, callable)) return 0;
        gc_store(vm, f, &f->callbacks, VALUE_UNSET);
        return 1;
    }
    size_t removed = 0;
    for (size_t i = 0; is_list(f->callbacks) && i < as_list(f->callbacks)->size;) {
        List *l = as_list(f->callbacks);
        if (!is_callback(vm, l->items[i], callable)) {
            i++;
            continue;
        }
        if (is_error(list_pop(vm, l, (int64_t)i))) break;
        removed++;
    }
    return removed;
}

/* Each callback takes its turn in the ready queue, with the future as argument. */
static void schedule_callback(VM *vm, Value callback, Future *f)
{
    if (is_task(callback)) task_event(vm, EVENT_READY, as_task(callback));
    sched_push(vm, callback, obj_value(f));
}

static void schedule_callbacks(VM *vm, Future *f)
{
    Value c = f->callbacks;
    f->callbacks = VALUE_UNSET;
    if (is_unset(c)) return;
    if (!is_list(c)) return schedule_callback(vm, c, f);
    for (size_t i = 0; i < as_list(c)->size; i++) schedule_callback(vm, as_list(c)->items[i], f);
}

/* ---- completion ---- */

static void complete(VM *vm, Future *f, Value result, int state, int flags)
{
    gc_store(vm, f, &f->result, result);
    set_state(f, state, flags);
    schedule_callbacks(vm, f);
}

static bool check_pending(VM *vm, const Future *f)
{
    if (!future_done(f)) return true;
    vm_raise(vm, ERR_INVALID_STATE, "invalid state");
    return false;
}

bool future_set_result(VM *vm, Future *f, Value v)
{
    if (!check_pending(vm, f)) return false;
    complete(vm, f, v, FUTURE_FINISHED, 0);
    return true;
}

bool future_set_exception(VM *vm, Future *f, Value exc)
{
    if (!check_pending(vm, f)) return false;
    if (exception_is(vm, exc, ERR_STOP_ITERATION)) {
        vm_raise(vm, ERR_TYPE, "StopIteration interacts badly with generators and cannot be raised into a Future");
        return false;
    }
    complete(vm, f, exc, FUTURE_FINISHED, FUTURE_FAILED);
    if (!(f->h.aux & FUTURE_OBSERVED)) sched_note_failure(vm, f);
    return true;
}

Value cancelled_error(VM *vm, Value msg)
{
    Value args = is_none(msg) || is_unset(msg) ? obj_value(vm->empty_tuple) : tuple_new(vm, &msg, 1);
    return is_error(args) ? args : exception_new(vm, ERR_CANCELLED, args);
}

/* What whoever asks a cancelled future gets: the CancelledError that ended a task, once; later, and of
 * plain futures, a new one. (asyncio's gather asks futures that are not cancelled, too.) */
static Value take_cancelled_error(VM *vm, Future *f)
{
    Value ended = f->result;
    if (f->h.aux & FUTURE_GATHERING) return cancelled_error(vm, VALUE_NONE);
    if (future_state(f) != FUTURE_CANCELLED || !is_exception(ended)) return cancelled_error(vm, f->extra);
    f->result = VALUE_UNSET;
    return ended;
}

Value future_result(VM *vm, Future *f)
{
    switch (future_state(f)) {
    case FUTURE_PENDING: return vm_raise(vm, ERR_INVALID_STATE, "Result is not set.");
    case FUTURE_CANCELLED: {
        Value exc = take_cancelled_error(vm, f);
        return is_error(exc) ? exc : vm_raise_exc(vm, exc);
    }
    default:
        f->h.aux |= FUTURE_OBSERVED;
        return f->h.aux & FUTURE_FAILED ? vm_raise_exc(vm, f->result) : f->result;
    }
}

/* ---- cancellation ---- */

/* `extra` of a gathering future: Pair of the children and a List (number finished, return_exceptions, cancel
 * requested). */
enum { GATHER_DONE, GATHER_RETURNS, GATHER_CANCELLED, GATHER_FIELDS };

static Value *gather_fields(const Future *g) { return as_list(((Pair *)as_obj(g->extra))->b)->items; }

static bool cancel_children(VM *vm, Future *gathering, Value msg)
{
    Tuple *children = as_tuple(((Pair *)as_obj(gathering->extra))->a);
    bool any = false;
    for (size_t i = 0; i < children->size && is_unset(vm->exc); i++)
        any |= future_cancel(vm, as_future(children->items[i]), msg);
    if (any) gather_fields(gathering)[GATHER_CANCELLED] = VALUE_TRUE;
    return any;
}

/* The task that `t` waits for; NULL: for something else. */
static Task *awaited_task(const Task *t)
{
    if (!is_ptr(t->wait_on) || !is_future(t->wait_on)) return NULL;
    Future *f = as_future(t->wait_on);
    return f->h.kind == KIND_TASK && !future_done(f) ? (Task *)f : NULL;
}

/* The last of the tasks that wait for each other in a row from `t` on, all of which are asked to end: a loop, as a
 * row may be longer than the C stack is deep. NULL: they wait for each other in a ring. */
static Task *ask_row(Task *t)
{
    const Task *passed = t; // Brent's way of finding a ring: one that is met again
    for (size_t n = 1;; n++) {
        t->cancelling++;
        Task *next = awaited_task(t);
        if (!next) return t;
        if (next == passed) return NULL;
        t = next;
        if ((n & (n - 1)) == 0) passed = t;
    }
}

static bool cancel_task(VM *vm, Task *first, Value msg)
{
    Task *t = vm_c_stack_low(vm) ? NULL : ask_row(first); // low: gathers of gathers, very many
    if (!t) {
        vm_raise(vm, ERR_RECURSION, "maximum recursion depth exceeded while calling a Python object");
        return false;
    }
    if (is_ptr(t->wait_on) && is_future(t->wait_on) && future_cancel(vm, as_future(t->wait_on), msg)) return true;
    if (!is_unset(vm->exc)) return false;
    Value exc = cancelled_error(vm, msg);
    if (is_error(exc)) { // no memory: that ends it just as well, and nobody wants to read it for every task
        exc = vm_take_pending(vm);
        t->f.h.aux |= FUTURE_OBSERVED;
    }
    bool parked = t->wait_kind != WAIT_NONE && t->wait_kind != WAIT_READY && !is_future(t->wait_on);
    if (parked) {
        sched_unpark(vm, t);
        task_wake_throw(vm, t, exc);
        return true;
    }
    t->f.h.aux |= TASK_MUST_CANCEL;
    gc_store(vm, t, &t->f.extra, msg);
    return true;
}

bool future_cancel(VM *vm, Future *f, Value msg)
{
    if (future_done(f)) return false;
    if (f->h.kind == KIND_TASK) return cancel_task(vm, (Task *)f, msg);
    if (f->h.aux & FUTURE_GATHERING) return cancel_children(vm, f, msg);
    gc_store(vm, f, &f->extra, msg);
    complete(vm, f, VALUE_UNSET, FUTURE_CANCELLED, 0);
    return true;
}

/* ---- gather ---- */

Value gather_new(VM *vm, Tuple *children, bool return_exceptions)
{
    Value f = future_new(vm);
    Value initial[GATHER_FIELDS] = {small(0), bool_value(return_exceptions), VALUE_FALSE};
    Value fields = list_new(vm, initial, GATHER_FIELDS);
    Pair *p = heap_new(vm, KIND_PAIR, T_CELL, Pair);
    if (is_error(f) || is_error(fields) || !p) return VALUE_ERROR;
    p->a = obj_value(children);
    p->b = fields;
    as_future(f)->extra = obj_value(p);
    as_future(f)->h.aux |= FUTURE_GATHERING;
    for (size_t i = 0; i < children->size; i++) {
        Future *child = as_future(children->items[i]);
        // The same awaitable twice is awaited once, as in asyncio.
        bool again = false;
        for (size_t j = 0; j < i && children->size < 64 && !again; j++) again = children->items[j] == children->items[i];
        if (again) as_list(fields)->items[GATHER_DONE] += small(1);
        else if (!future_add_callback(vm, child, f)) return VALUE_ERROR;
    }
    return f;
}

/* As an item of the list of results: a cancelled child's error is a new one, whose text is empty if there is none. */
static Value result_of(VM *vm, Future *child)
{
    if (future_state(child) != FUTURE_CANCELLED) return child->result;
    bool told_why = !(child->h.aux & FUTURE_GATHERING) && !is_unset(child->extra) && !is_none(child->extra);
    return cancelled_error(vm, told_why ? child->extra : obj_value(vm->empty_str));
}

static void gather_results(VM *vm, Future *g, Tuple *children)
{
    Value list = list_new(vm, NULL, children->size);
    if (is_error(list)) return sched_report_error(vm, "gather");
    for (size_t i = 0; i < children->size; i++) {
        Value v = result_of(vm, as_future(children->items[i]));
        as_list(list)->items[i] = is_error(v) ? VALUE_NONE : v;
    }
    complete(vm, g, list, FUTURE_FINISHED, 0);
}

static void fail_gathering(VM *vm, Future *g, Value exc)
{
    if (is_error(exc)) sched_report_error(vm, "gather");
    else complete(vm, g, exc, FUTURE_FINISHED, FUTURE_FAILED);
}

/* A child of g has finished; its turn in the ready queue has come. */
void gather_child_done(VM *vm, Future *g, Future *child)
{
    child->h.aux |= FUTURE_OBSERVED;
    if (future_done(g)) return;
    Tuple *children = as_tuple(((Pair *)as_obj(g->extra))->a);
    Value *fields = gather_fields(g);
    fields[GATHER_DONE] += small(1);
    if (fields[GATHER_RETURNS] == VALUE_FALSE) {
        if (future_state(child) == FUTURE_CANCELLED) return fail_gathering(vm, g, take_cancelled_error(vm, child));
        if (child->h.aux & FUTURE_FAILED) return fail_gathering(vm, g, child->result);
    }
    if (as_small(fields[GATHER_DONE]) < (int64_t)children->size) return;
    // A cancelled one says why as its last child does, whichever ended last.
    Future *last = as_future(children->items[children->size - 1]);
    if (fields[GATHER_CANCELLED] == VALUE_TRUE) fail_gathering(vm, g, take_cancelled_error(vm, last));
    else gather_results(vm, g, children);
}

/* ---- tasks end ---- */

void task_finish(VM *vm, Task *t, Value result)
{
    complete(vm, &t->f, result, FUTURE_FINISHED, 0);
}

void task_cancelled(VM *vm, Task *t) { complete(vm, &t->f, VALUE_UNSET, FUTURE_CANCELLED, 0); }

void task_fail(VM *vm, Task *t, Value exc)
{
    if (exception_is(vm, exc, ERR_CANCELLED)) {
        t->f.extra = VALUE_UNSET;
        complete(vm, &t->f, exc, FUTURE_CANCELLED, 0);
        return;
    }
    complete(vm, &t->f, exc, FUTURE_FINISHED, FUTURE_FAILED);
    if (!(t->f.h.aux & FUTURE_OBSERVED)) sched_note_failure(vm, &t->f);
}
