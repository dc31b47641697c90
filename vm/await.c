/* await.c - what a coroutine awaits that no frame runs: futures, tasks and natives declared async. */
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/sched.h"

static bool drives(VM *vm, const Gen *leaf)
{
    return vm->task && leaf->root->frame.ret_kind == RET_TASK && vm->task->coro == leaf->root;
}

static Value await_future(VM *vm, Gen *leaf, Future *f, Value *out)
{
    Task *t = vm->task;
    if (future_done(f)) return future_result(vm, f);
    if (!drives(vm, leaf)) {
        if (leaf->delegate == obj_value(f)) return vm_raise(vm, ERR_RUNTIME, "await wasn't used with future");
        *out = obj_value(f);
        return VALUE_STOP;
    }
    if (&t->f == f) {
        Value repr = obj_repr(vm, obj_value(t));
        if (!is_error(repr)) vm_raise(vm, ERR_RUNTIME, "Task cannot await on itself: %V", repr);
        task_wake_throw(vm, t, vm_take_pending(vm)); // as asyncio: in its next turn
        return VALUE_PARK;
    }
    f->h.aux |= FUTURE_OBSERVED;
    if (!future_add_callback(vm, f, obj_value(t))) return VALUE_ERROR;
    t->wait_kind = f->h.aux & FUTURE_GATHERING ? WAIT_GATHER : f->h.kind == KIND_TASK ? WAIT_TASK : WAIT_FUTURE;
    gc_store(vm, t, &t->wait_on, obj_value(f));
    if (t->f.h.aux & TASK_MUST_CANCEL && future_cancel(vm, f, t->f.extra)) t->f.h.aux &= (uint16_t)~TASK_MUST_CANCEL;
    if (!is_unset(vm->exc)) vm_take_pending(vm); // a ring: it waits uncancelled
    task_event(vm, EVENT_WAITING, t);
    return VALUE_PARK;
}

static bool fits_receiver(VM *vm, const Native *f, const Value *args, int n)
{
    return f->h.shape != T_METHOD_DESCRIPTOR || native_check_receiver(vm, f, args, n);
}

/* The parameters of an async native, a bound receiver first. */
static bool bind_native(VM *vm, const Native *f, const Value *args, int n, Value kwnames, Value *out)
{
    if (!fits_receiver(vm, f, args, n)) return false;
    if (is_unset(f->self)) return native_bind(vm, f->sig, NULL, args, n, kwnames, out);
    size_t total = (size_t)n + (is_unset(kwnames) ? 0 : as_tuple(kwnames)->size);
    Value *slots = roots_reserve(vm, total + 1);
    if (!slots) return false;
    slots[0] = f->self;
    memcpy(slots + 1, args, total * sizeof *args);
    bool ok = native_bind(vm, f->sig, NULL, slots, n + 1, kwnames, out);
    roots_pop(vm, slots);
    return ok;
}

/* A task that was cancelled while it ran, by itself, is so as soon as it waits. */
static void cancel_parked(VM *vm, Task *t)
{
    if (!(t->f.h.aux & TASK_MUST_CANCEL) || t->wait_kind == WAIT_READY) return;
    t->f.h.aux &= (uint16_t)~TASK_MUST_CANCEL;
    Value exc = cancelled_error(vm, t->f.extra);
    if (is_error(exc)) exc = vm_take_pending(vm);
    sched_unpark(vm, t);
    task_wake_throw(vm, t, exc);
}

static Value start_native(VM *vm, Gen *leaf, const Native *f, Value *args, Value *out)
{
    Sched *s = vm->sched;
    s->can_park = drives(vm, leaf);
    Value v = f->fn(vm, (Args){args, f->sig->nparams});
    s->can_park = false;
    if (v == VALUE_PARK) cancel_parked(vm, vm->task);
    if (v == VALUE_STOP) *out = VALUE_NONE; // a bare yield: one turn for everybody else
    return v;
}

Value task_await(VM *vm, Gen *leaf, Value awaitable, Value *out)
{
    if (is_future(awaitable)) return await_future(vm, leaf, as_future(awaitable), out);
    NativeCoro *c = (NativeCoro *)as_obj(awaitable);
    if (c->state) {
        if (leaf->delegate == awaitable && c->state == 1) {
            c->state = 2;
            return VALUE_NONE; // resumed after a bare yield
        }
        return vm_raise(vm, ERR_RUNTIME, "cannot reuse already awaited coroutine");
    }
    c->state = 1;
    Value v = start_native(vm, leaf, c->native, c->args, out);
    if (v != VALUE_STOP) c->state = 2;
    return v;
}

Value task_call_async(VM *vm, Gen *leaf, Native *f, Value *args, int n, Value *out)
{
    if (f->sig->simple && n == f->sig->nparams && is_unset(f->self)) // they lie as the native wants them
        return fits_receiver(vm, f, args, n) ? start_native(vm, leaf, f, args, out) : VALUE_ERROR;
    Value *slots = roots_reserve(vm, f->sig->nparams);
    if (!slots) return VALUE_ERROR;
    Value v = VALUE_ERROR;
    if (bind_native(vm, f, args, n, VALUE_UNSET, slots)) v = start_native(vm, leaf, f, slots, out);
    roots_pop(vm, slots);
    return v;
}

Value native_coro_new(VM *vm, Native *f, const Value *args, int n, Value kwnames)
{
    size_t size = sizeof(NativeCoro) + f->sig->nparams * sizeof(Value);
    NativeCoro *c = heap_alloc(vm, KIND_NATIVE_CORO, T_NATIVE_CORO, size);
    if (!c) return VALUE_ERROR;
    c->native = f;
    c->n = f->sig->nparams;
    for (int i = 0; i < c->n; i++) c->args[i] = VALUE_UNSET;
    return bind_native(vm, f, args, n, kwnames, c->args) ? obj_value(c) : VALUE_ERROR;
}
