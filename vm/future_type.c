/* future_type.c - what scripts see of futures, tasks and natives' coroutines. */
#include "vm/common.h"
#include "vm/coroutine.h"
#include "vm/dict.h"
#include "vm/context.h"
#include "vm/exception.h"
#include "vm/gen_view.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/sched.h"
#include "vm/str.h"
#include "vm/task.h"
#include "vm/type.h"

/* ---- futures ---- */

static Value call_asyncio(VM *vm, const char *in, const char *name, const Value *args, int n)
{
    Value module = module_import(vm, vm_intern(vm, in));
    return is_error(module) ? module : vm_call_method(vm, module, vm_intern(vm, name), args, n);
}

Value task_need_loop(VM *vm, Value given)
{
    if (vm->task || !is_none(given) || sched_running(vm)) return VALUE_NONE;
    return call_asyncio(vm, "asyncio.events", "get_event_loop", NULL, 0);
}

static Value construct_future(VM *vm, Args args)
{
    Value loop = task_need_loop(vm, args.v[1]);
    return is_error(loop) ? loop : future_new(vm);
}
static Value nat_done(VM *vm, Args args)
{
    (void)vm;
    return bool_value(future_done(as_future(args.v[0])));
}
static Value nat_cancelled(VM *vm, Args args)
{
    (void)vm;
    return bool_value(future_state(as_future(args.v[0])) == FUTURE_CANCELLED);
}
static Value nat_result(VM *vm, Args args) { return future_result(vm, as_future(args.v[0])); }
static Value nat_exception(VM *vm, Args args)
{
    Future *f = as_future(args.v[0]);
    if (!future_done(f)) return vm_raise(vm, ERR_INVALID_STATE, "Exception is not set.");
    if (future_state(f) == FUTURE_CANCELLED) return future_result(vm, f);
    f->h.aux |= FUTURE_OBSERVED;
    return f->h.aux & FUTURE_FAILED ? f->result : VALUE_NONE;
}
static Value nat_set_result(VM *vm, Args args)
{
    return future_set_result(vm, as_future(args.v[0]), args.v[1]) ? VALUE_NONE : VALUE_ERROR;
}
static Value nat_set_exception(VM *vm, Args args)
{
    Value given = args.v[1];
    if (!is_exception(given) && !(is_kind(given, KIND_TYPE) && as_type(given)->flags & TYPE_EXCEPTION))
        return vm_raise(vm, ERR_TYPE, "invalid exception object");
    Value exc = exception_from_raise(vm, given);
    if (is_error(exc)) return exc;
    return future_set_exception(vm, as_future(args.v[0]), exc) ? VALUE_NONE : VALUE_ERROR;
}
static Value nat_cancel(VM *vm, Args args)
{
    bool done = future_cancel(vm, as_future(args.v[0]), args.v[1]);
    return is_unset(vm->exc) ? bool_value(done) : VALUE_ERROR;
}
static Value nat_add_done_callback(VM *vm, Args args)
{
    Pair *p = heap_new(vm, KIND_PAIR, T_CELL, Pair);
    if (!p) return VALUE_ERROR;
    p->a = args.v[1];
    p->b = is_none(args.v[2]) ? vm->context : args.v[2];
    as_obj(args.v[0])->aux |= FUTURE_OBSERVED;
    return future_add_callback(vm, as_future(args.v[0]), obj_value(p)) ? VALUE_NONE : VALUE_ERROR;
}
static Value nat_remove_done_callback(VM *vm, Args args)
{
    return small((int64_t)future_remove_callback(vm, as_future(args.v[0]), args.v[1]));
}
static Value get_loop(VM *vm, Value self)
{
    return (void)self, call_asyncio(vm, "asyncio.events", "_loop_of_futures", NULL, 0);
}
static Value nat_get_loop(VM *vm, Args args) { return get_loop(vm, args.v[0]); }
static Value await_self(VM *vm, Value self)
{
    (void)vm;
    return self;
}
/* iter(future): what `yield from future` and __await__ give; stepping it yields the future until it is done. */
static Value future_iter(VM *vm, Value self)
{
    Pair *p = heap_new(vm, KIND_PAIR, T_FUTURE_ITER, Pair);
    if (!p) return VALUE_ERROR;
    p->a = self; // None once it has ended
    p->b = VALUE_FALSE;
    return obj_value(p);
}
static Value nat_await(VM *vm, Args args) { return future_iter(vm, args.v[0]); }

static Value iter_step(VM *vm, Value self)
{
    Pair *p = (Pair *)as_obj(self);
    if (is_none(p->a)) return VALUE_STOP;
    Future *f = as_future(p->a);
    if (!future_done(f)) {
        if (p->b == VALUE_TRUE) return vm_raise(vm, ERR_RUNTIME, "await wasn't used with future");
        p->b = VALUE_TRUE;
        return p->a;
    }
    p->a = VALUE_NONE;
    Value v = future_result(vm, f);
    return is_error(v) ? v : vm_raise_stop_value(vm, v);
}
static Value iter_self(VM *vm, Value self)
{
    (void)vm;
    return self;
}
static Value nat_iter_send(VM *vm, Args args)
{
    Value v = iter_step(vm, args.v[0]);
    return v == VALUE_STOP ? vm_raise_stop(vm) : v;
}

static Value nat_iter_throw(VM *vm, Args args)
{
    Value type = args.v[1];
    if (!is_exception(type) && !(is_kind(type, KIND_TYPE) && as_type(type)->flags & TYPE_EXCEPTION))
        return vm_raise(vm, ERR_TYPE,
                        "exceptions must be classes deriving BaseException or instances of such a class");
    Value exc = exception_thrown(vm, type, args.v[2], args.v[3]);
    if (is_error(exc)) return exc;
    ((Pair *)as_obj(args.v[0]))->a = VALUE_NONE;
    return vm_raise_exc(vm, exc);
}

static Value nat_iter_close(VM *vm, Args args)
{
    (void)vm;
    ((Pair *)as_obj(args.v[0]))->a = VALUE_NONE;
    return VALUE_NONE;
}

static const NativeDef iter_methods[] = {
    {"send(self, value, /)", nat_iter_send, "Step it.", 0},
    {"throw(self, type, value=?, traceback=?, /)", nat_iter_throw, "Raise the exception.", 0},
    {"close(self, /)", nat_iter_close, "End it.", 0},
    {0},
};
const TypeDef type_def_FUTURE_ITER = {
    .slots = {.iter = iter_self, .next = iter_step}, .methods = iter_methods, .flags = TYPE_FINAL, .doc = "Steps of awaiting a future."};

static const char *state_name(const Future *f)
{
    static const char *const names[] = {"PENDING", "CANCELLED", "FINISHED"};
    return names[future_state(f)];
}
static Value get_state(VM *vm, Value self) { return obj_value(vm_intern(vm, state_name(as_future(self)))); }

/* asyncio's text, made in Co. */
static Value future_repr(VM *vm, Value self)
{
    if (vm_c_stack_low(vm)) return str_format(vm, "<%T ...>", self);
    return call_asyncio(vm, "asyncio._texts", "future_text", &self, 1);
}

static Value get_exception(VM *vm, Value self)
{
    (void)vm;
    return as_obj(self)->aux & FUTURE_FAILED ? as_future(self)->result : VALUE_NONE;
}
static Value get_result(VM *vm, Value self)
{
    (void)vm;
    const Future *f = as_future(self);
    return future_state(f) == FUTURE_FINISHED && !(f->h.aux & FUTURE_FAILED) ? f->result : VALUE_NONE;
}

static const NativeDef future_methods[] = {
    {"done(self, /)", nat_done, "Whether it has an outcome.", 0},
    {"cancelled(self, /)", nat_cancelled, "Whether it was cancelled.", 0},
    {"result(self, /)", nat_result, "Its result, or raises its exception.", 0},
    {"exception(self, /)", nat_exception, "Its exception, or None.", 0},
    {"set_result(self, result, /)", nat_set_result, "Give it its result.", 0},
    {"set_exception(self, exception, /)", nat_set_exception, "Give it an exception as its outcome.", 0},
    {"cancel(self, /, msg=None)", nat_cancel, "Cancel it and schedule its callbacks.", 0},
    {"add_done_callback(self, fn, /, *, context=None)", nat_add_done_callback, "Call fn(future) when it is done.", 0},
    {"remove_done_callback(self, fn, /)", nat_remove_done_callback, "Remove a callback; answers how many.", 0},
    {"get_loop(self, /)", nat_get_loop, "The event loop.", 0},
    {"__await__(self, /)", nat_await, "What await goes through.", 0},
    {0},
};
static const GetSetDef future_getsets[] = {
    {"_state", get_state, NULL, "'PENDING', 'CANCELLED' or 'FINISHED'."},
    {"_exception", get_exception, NULL, NULL},
    {"_result", get_result, NULL, NULL},
    {"_loop", get_loop, NULL, NULL},
    {0},
};
const TypeDef type_def_FUTURE = {
    .slots = {.repr = future_repr, .iter = future_iter, .await = await_self},
    .methods = future_methods,
    .getsets = future_getsets,
    .constructor = {"Future(*, loop=None)", construct_future, "A result that is not there yet.", 0},
    .flags = TYPE_FINAL | TYPE_HAS_WEAKREF,
    .doc = "A result that is not there yet.",
};

/* ---- tasks ---- */

Value task_name(VM *vm, Task *t)
{
    if (is_str(t->name)) return t->name;
    Value name = str_format(vm, "Task-%ld", (long)as_small(t->name));
    if (!is_error(name)) gc_store(vm, t, &t->name, name);
    return name;
}

Value task_coroutine(VM *vm, Value awaitable)
{
    return is_exact(awaitable, T_COROUTINE)
               ? awaitable
               : call_asyncio(vm, "asyncio.tasks", "_wrap_awaitable", &awaitable, 1);
}

Value task_make(VM *vm, Value coro, Value name, Value context)
{
    if (!task_can_run(coro)) {
        Value r = obj_repr(vm, coro);
        return is_error(r) ? r : vm_raise(vm, ERR_TYPE, "a coroutine was expected, got %V", r);
    }
    if (!context_check(vm, context)) return VALUE_ERROR;
    coro = task_coroutine(vm, coro);
    Value *root = is_error(coro) ? NULL : roots_push(vm, coro);
    if (!root) return VALUE_ERROR;
    if (!is_none(name) && !is_str(name)) name = obj_str(vm, name);
    Value task = is_error(name) ? name : task_new(vm, *root, name);
    roots_pop(vm, root);
    if (!is_error(task) && !is_none(context) && !task_set_context(vm, as_task(task), context))
        return VALUE_ERROR;
    return task;
}

static Value construct_task(VM *vm, Args args)
{
    Value loop = task_need_loop(vm, args.v[2]);
    return is_error(loop) ? loop : task_make(vm, args.v[1], args.v[3], args.v[4]);
}
static Value nat_get_name(VM *vm, Args args) { return task_name(vm, as_task(args.v[0])); }

bool task_set_name(VM *vm, Task *t, Value name)
{
    Value *root = roots_push(vm, obj_value(t)), s = root ? obj_str(vm, name) : VALUE_ERROR;
    if (root) roots_pop(vm, root);
    if (!is_error(s)) gc_store(vm, t, &t->name, s);
    return !is_error(s);
}

static Value nat_set_name(VM *vm, Args args)
{
    return task_set_name(vm, as_task(args.v[0]), args.v[1]) ? VALUE_NONE : VALUE_ERROR;
}
static Value nat_get_stack(VM *vm, Args args)
{
    return call_asyncio(vm, "asyncio._texts", "stack_of", args.v, 2);
}
static Value nat_print_stack(VM *vm, Args args)
{
    return call_asyncio(vm, "asyncio._texts", "print_stack", args.v, 3);
}

static Value nat_get_coro(VM *vm, Args args)
{
    (void)vm;
    return obj_value(as_task(args.v[0])->coro);
}
static Value nat_cancelling(VM *vm, Args args)
{
    (void)vm;
    return small(as_task(args.v[0])->cancelling);
}
static Value nat_uncancel(VM *vm, Args args)
{
    (void)vm;
    Task *t = as_task(args.v[0]);
    if (t->cancelling) t->cancelling--;
    return small(t->cancelling);
}
static Value refuse_set(VM *vm, Args args)
{
    (void)args;
    return vm_raise(vm, ERR_RUNTIME, "Task does not support set_result operation");
}
static Value refuse_set_exception(VM *vm, Args args)
{
    (void)args;
    return vm_raise(vm, ERR_RUNTIME, "Task does not support set_exception operation");
}

/* .status .line .locals .awaiting: of the task's coroutine. */
static Value task_status(VM *vm, Value self) { return gen_view_status(vm, obj_value(as_task(self)->coro)); }
static Value task_line(VM *vm, Value self) { return gen_view_line(vm, obj_value(as_task(self)->coro)); }
static Value task_locals(VM *vm, Value self) { return gen_view_locals(vm, obj_value(as_task(self)->coro)); }
/* The queue, lock or event whose method the task is in: the receiver of the outermost library frame. */
static Value library_receiver(Task *t)
{
    for (Gen *g = t->coro; !future_done(&t->f); g = as_gen(g->delegate)) {
        Code *c = frame_code(&g->frame);
        const CodeLocal *first = code_at(c->image->image, c->rec->locals);
        bool method = c->rec->nlocals && c->nparams && first->name.len == 4 &&
                      memcmp(code_text(c->image->image, first->name), "self", 4) == 0;
        if (code_is_library(c) && method && gen_state(g) == GEN_SUSPENDED) return g->frame.regs[0];
        if (!is_gen(g->delegate)) return VALUE_UNSET;
    }
    return VALUE_UNSET;
}
static Value task_awaiting(VM *vm, Value self)
{
    Task *t = as_task(self);
    if (is_kind(t->wait_on, KIND_NATIVE_DATA)) return t->wait_on;
    Value receiver = library_receiver(t);
    if (!is_unset(receiver)) return receiver;
    if (!is_unset(t->wait_on) && is_future(t->wait_on) && !gen_delegates(t->coro)) return t->wait_on;
    return gen_view_awaiting(vm, obj_value(t->coro));
}
/* A new task that goes on from the same point: a sleep to the same moment, a future or task waited for alike. */
static Value task_clone(VM *vm, Args args)
{
    Task *t = as_task(args.v[0]);
    Value coro = obj_value(t->coro);
    if (future_done(&t->f)) return vm_raise(vm, ERR_TYPE, "cannot clone this task: it is finished");
    Value copy = gen_view_clone(vm, (Args){&coro, 1});
    return is_error(copy) ? copy : task_new_like(vm, copy, t);
}

static const NativeDef task_methods[] = {
    {"get_name(self, /)", nat_get_name, "Its name.", 0},
    {"set_name(self, value, /)", nat_set_name, "Rename it.", 0},
    {"get_coro(self, /)", nat_get_coro, "Its coroutine.", 0},
    {"get_stack(self, *, limit=None)", nat_get_stack, "The frames where it stands, or where it failed.", 0},
    {"print_stack(self, *, limit=None, file=None)", nat_print_stack, "The same for readers; on stderr, if no file is given.", 0},
    {"cancelling(self, /)", nat_cancelling, "How many cancellations are pending.", 0},
    {"uncancel(self, /)", nat_uncancel, "Take one cancellation back; answers how many are left.", 0},
    {"set_result(self, result, /)", refuse_set, "Refused: a task's outcome is its coroutine's.", 0},
    {"set_exception(self, exception, /)", refuse_set_exception, "Refused: a task's outcome is its coroutine's.", 0},
    {"clone(self, /)", task_clone, "A new task that goes on from the same point.", 0},
    {0},
};
static const GetSetDef task_getsets[] = {
    {"status", task_status, NULL, "'created', 'suspended', 'running' or 'finished'."},
    {"line", task_line, NULL, "Line where its coroutine stands, or None when finished."},
    {"locals", task_locals, NULL, "A copy of its coroutine's local variables."},
    {"awaiting", task_awaiting, NULL, "What it waits on, or None."},
    {0},
};
const TypeDef type_def_TASK = {
    .slots = {.repr = future_repr, .await = await_self},
    .methods = task_methods,
    .getsets = task_getsets,
    .constructor = {"Task(coro, *, loop=None, name=None, context=None)", construct_task,
                    "A coroutine run by the loop.", 0},
    .flags = TYPE_FINAL | TYPE_HAS_WEAKREF,
    .doc = "A coroutine run by the event loop.",
};

/* ---- the coroutine of an async native ---- */

static Value native_coro_name(VM *vm, Value self)
{
    return (void)vm, obj_value(((NativeCoro *)as_obj(self))->native->sig->name);
}
static Value native_coro_qualname(VM *vm, Value self)
{
    return native_qualname(vm, obj_value(((NativeCoro *)as_obj(self))->native));
}
static Value native_coro_repr(VM *vm, Value self)
{
    Value name = native_coro_qualname(vm, self);
    return is_error(name) ? name : str_format(vm, "<coroutine object %V at %p>", name, (void *)as_obj(self));
}

Value native_coro_send(VM *vm, Value self)
{
    NativeCoro *c = (NativeCoro *)as_obj(self);
    if (c->state == 1) {
        c->state = 2;
        return vm_raise_stop_value(vm, VALUE_NONE);
    }
    if (c->state) return vm_raise(vm, ERR_RUNTIME, "cannot reuse already awaited coroutine");
    c->state = 1;
    Value v = c->native->fn(vm, (Args){c->args, c->n});
    if (v == VALUE_STOP) return VALUE_NONE;
    c->state = 2;
    return is_error(v) ? v : vm_raise_stop_value(vm, v);
}

void native_coro_close(Value self) { ((NativeCoro *)as_obj(self))->state = 2; }

Value native_coro_throw(VM *vm, Value self, Value exc)
{
    NativeCoro *c = (NativeCoro *)as_obj(self);
    if (c->state == 2) return vm_raise(vm, ERR_RUNTIME, "cannot reuse already awaited coroutine");
    c->state = 2;
    return vm_raise_exc(vm, exc);
}

static Value nat_coro_send(VM *vm, Args args) { return native_coro_send(vm, args.v[0]); }
static Value nat_coro_close(VM *vm, Args args) { return (void)vm, native_coro_close(args.v[0]), VALUE_NONE; }

static Value nat_coro_throw(VM *vm, Args args)
{
    Value exc = exception_thrown(vm, args.v[1], args.v[2], args.v[3]);
    return is_error(exc) ? exc : native_coro_throw(vm, args.v[0], exc);
}

Value native_coro_clone(VM *vm, Value self)
{
    const NativeCoro *c = (NativeCoro *)as_obj(self);
    size_t size = sizeof *c + (size_t)c->n * sizeof(Value);
    NativeCoro *copy = heap_alloc(vm, KIND_NATIVE_CORO, T_NATIVE_CORO, size);
    if (!copy) return VALUE_ERROR;
    memcpy((char *)copy + sizeof(Obj), (const char *)c + sizeof(Obj), size - sizeof(Obj));
    return obj_value(copy);
}

static Value nat_coro_clone(VM *vm, Args args) { return native_coro_clone(vm, args.v[0]); }

static const NativeDef native_coro_methods[] = {
    {"send(self, arg, /)", nat_coro_send, "Run it, outside of a task.", 0},
    {"throw(self, type, value=?, traceback=?, /)", nat_coro_throw, "Give it up with an exception.", 0},
    {"close(self, /)", nat_coro_close, "Give it up.", 0},
    {"__await__(self, /)", gen_await, "What await goes through.", 0},
    {"clone(self, /)", nat_coro_clone, "An independent copy.", 0},
    {0},
};

static Value native_coro_status(VM *vm, Value self)
{
    static const char *const names[] = {"created", "suspended", "finished"};
    return obj_value(vm_intern(vm, names[((NativeCoro *)as_obj(self))->state]));
}
static Value native_coro_line(VM *vm, Value self) { return (void)vm, (void)self, VALUE_NONE; }
static Value native_coro_locals(VM *vm, Value self)
{
    (void)self;
    Dict *d = dict_new(vm);
    return d ? obj_value(d) : VALUE_ERROR;
}
static const GetSetDef native_coro_getsets[] = {
    {"__name__", native_coro_name, NULL, "Name of the function."},
    {"__qualname__", native_coro_qualname, NULL, "Name of the method, with its class's."},
    {"status", native_coro_status, NULL, "'created', 'suspended' or 'finished'."},
    {"line", native_coro_line, NULL, "None: it has no lines."},
    {"locals", native_coro_locals, NULL, "An empty dict: it has no variables."},
    {"awaiting", native_coro_line, NULL, "None."},
    {"cr_await", native_coro_line, NULL, NULL},
    {0},
};
const TypeDef type_def_NATIVE_CORO = {
    .slots = {.repr = native_coro_repr, .await = await_self},
    .methods = native_coro_methods,
    .getsets = native_coro_getsets,
    .flags = TYPE_FINAL | TYPE_HAS_WEAKREF,
    .doc = "A call of an asynchronous built-in function.",
};
