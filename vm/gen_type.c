/* gen_type.c - what scripts see of generators, coroutines and async generators: methods and attributes. */
#include "vm/common.h"
#include "vm/coroutine.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/gen_view.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"

/* ---- next, send, throw, close ---- */

Value gen_finished_error(VM *vm, Gen *g)
{
    if (g->h.shape == T_COROUTINE) return vm_raise(vm, ERR_RUNTIME, "cannot reuse already awaited coroutine");
    Value exc = exception_new(vm, ERR_STOP_ITERATION, obj_value(vm->empty_tuple));
    return is_error(exc) ? exc : vm_raise_exc(vm, exc);
}

static Value send(VM *vm, Gen *g, Value v)
{
    if (gen_state(g) == GEN_FINISHED) return gen_finished_error(vm, g);
    bool finished;
    Value r = gen_send_c(vm, g, v, &finished);
    return is_error(r) || !finished ? r : vm_raise_stop_value(vm, r);
}

Value nat_gen_next(VM *vm, Args args) { return send(vm, as_gen(args.v[0]), VALUE_NONE); }
Value nat_gen_send(VM *vm, Args args) { return send(vm, as_gen(args.v[0]), args.v[1]); }

static Value slot_next(VM *vm, Value self) { return gen_next_c(vm, as_gen(self)); }

Value nat_next(VM *vm, Args args)
{
    Value it = args.v[0];
    Type *t = type_of(vm, it);
    if (is_exact(it, T_GENERATOR) && is_unset(args.v[1])) return send(vm, as_gen(it), VALUE_NONE);
    bool iterator = type_defines(t, D_NEXT) || t->def->slots.next;
    if (!iterator) return vm_raise(vm, ERR_TYPE, "'%T' object is not an iterator", it);
    Value v = type_defines(t, D_NEXT) ? obj_call_special(vm, it, D_NEXT, NULL, 0) : t->def->slots.next(vm, it);
    if (v == VALUE_STOP) return is_unset(args.v[1]) ? vm_raise_stop_value(vm, VALUE_NONE) : args.v[1];
    if (is_error(v) && !is_unset(args.v[1]) && vm_pending_is(vm, ERR_STOP_ITERATION)) {
        vm_take_pending(vm);
        return args.v[1];
    }
    return v;
}

Value exception_thrown(VM *vm, Value type, Value value, Value tb)
{
    bool is_class = is_type(type) && (as_type(type)->flags & TYPE_EXCEPTION);
    if (!is_unset(tb) && !is_none(tb) && !is_kind(tb, KIND_TRACEBACK))
        return vm_raise(vm, ERR_TYPE, "throw() third argument must be a traceback object");
    if (is_exception(type)) {
        if (is_unset(value) || is_none(value)) return type;
        return vm_raise(vm, ERR_TYPE, "instance exception may not have a separate value");
    }
    if (!is_class)
        return vm_raise(vm, ERR_TYPE, "exceptions must be classes or instances deriving from BaseException, not %T", type);
    if (is_unset(value) || is_none(value)) return exception_from_raise(vm, type);
    if (is_exception(value) && obj_isinstance(vm, value, type) > 0) return value;
    if (is_tuple(value)) return vm_call(vm, type, as_tuple(value)->items, (int)as_tuple(value)->size);
    return vm_call1(vm, type, value);
}

static Value nat_throw(VM *vm, Args args)
{
    Gen *g = as_gen(args.v[0]);
    Value exc = exception_thrown(vm, args.v[1], args.v[2], args.v[3]);
    if (is_error(exc)) return exc;
    Args given = {args.v + 1, is_unset(args.v[2]) ? 1 : is_unset(args.v[3]) ? 2 : 3};
    bool finished;
    vm->thrown = &given;
    Value r = gen_throw_c(vm, g, exc, &finished);
    vm->thrown = NULL;
    return is_error(r) || !finished ? r : vm_raise_stop_value(vm, r);
}

static Value nat_close(VM *vm, Args args) { return gen_close_c(vm, as_gen(args.v[0])) ? VALUE_NONE : VALUE_ERROR; }

/* ---- awaiting by hand: coroutine.__await__() ---- */

Value gen_await(VM *vm, Args args)
{
    Pair *w = heap_new(vm, KIND_PAIR, T_COROUTINE_WRAPPER, Pair);
    if (!w) return VALUE_ERROR;
    w->a = args.v[0];
    w->b = VALUE_UNSET;
    return obj_value(w);
}
static Value wrapped(Value v) { return ((Pair *)as_obj(v))->a; }

static Value wrapper_send(VM *vm, Value coro, Value sent)
{
    return is_gen(coro) ? send(vm, as_gen(coro), sent) : native_coro_send(vm, coro);
}

static Value nat_wrapper_send(VM *vm, Args args) { return wrapper_send(vm, wrapped(args.v[0]), args.v[1]); }

static Value nat_wrapper_throw(VM *vm, Args args)
{
    Value coro = wrapped(args.v[0]);
    if (is_gen(coro)) return nat_throw(vm, (Args){(Value[]){coro, args.v[1], args.v[2], args.v[3]}, 4});
    Value exc = exception_thrown(vm, args.v[1], args.v[2], args.v[3]);
    return is_error(exc) ? exc : native_coro_throw(vm, coro, exc);
}

static Value nat_wrapper_close(VM *vm, Args args)
{
    Value coro = wrapped(args.v[0]);
    if (is_gen(coro)) return gen_close_c(vm, as_gen(coro)) ? VALUE_NONE : VALUE_ERROR;
    return native_coro_close(coro), VALUE_NONE;
}

static Value wrapper_next(VM *vm, Value self) { return wrapper_send(vm, wrapped(self), VALUE_NONE); }
static Value self_iter(VM *vm, Value self)
{
    (void)vm;
    return self;
}

/* ---- async generators ---- */

static Value step_new(VM *vm, Value ag, AsyncStepKind kind, Value arg)
{
    AsyncStep *s = heap_new(vm, KIND_ASYNC_STEP, kind == STEP_ASEND ? T_ASYNC_GEN_SEND : T_ASYNC_GEN_THROW, AsyncStep);
    if (!s) return VALUE_ERROR;
    s->gen = as_gen(ag);
    s->arg = arg;
    s->kind = kind;
    return obj_value(s);
}

static Value nat_aiter(VM *vm, Args args)
{
    (void)vm;
    return args.v[0];
}
static Value nat_anext(VM *vm, Args args) { return step_new(vm, args.v[0], STEP_ASEND, VALUE_NONE); }
static Value nat_asend(VM *vm, Args args) { return step_new(vm, args.v[0], STEP_ASEND, args.v[1]); }
static Value nat_athrow(VM *vm, Args args)
{
    Value exc = exception_thrown(vm, args.v[1], args.v[2], args.v[3]);
    return is_error(exc) ? exc : step_new(vm, args.v[0], STEP_ATHROW, exc);
}
static Value nat_aclose(VM *vm, Args args)
{
    Value exc = exception_new(vm, ERR_GENERATOR_EXIT, obj_value(vm->empty_tuple));
    return is_error(exc) ? exc : step_new(vm, args.v[0], STEP_ACLOSE, exc);
}

static Value nat_step_send(VM *vm, Args args)
{
    AsyncStep *s = (AsyncStep *)as_obj(args.v[0]);
    return gen_step_c(vm, s, args.v[1]);
}
static Value step_next(VM *vm, Value self) { return gen_step_c(vm, (AsyncStep *)as_obj(self), VALUE_NONE); }
static Value nat_step_throw(VM *vm, Args args)
{
    AsyncStep *s = (AsyncStep *)as_obj(args.v[0]);
    Value exc = exception_thrown(vm, args.v[1], args.v[2], args.v[3]);
    return is_error(exc) ? exc : gen_step_throw_c(vm, s, exc);
}
static Value nat_step_close(VM *vm, Args args)
{
    (void)vm;
    as_obj(args.v[0])->aux = STEP_CLOSED;
    return VALUE_NONE;
}

/* ---- attributes ---- */

static Str *own_name(VM *vm, Gen *g, bool qualified)
{
    Function *f = frame_function(&g->frame);
    Value v = function_attr(vm, f, qualified ? vm->common->qualname : vm->common->name_);
    if (is_str(v)) return as_str(v);
    return qualified ? f->code->qualname : f->code->name;
}
static Value get_name(VM *vm, Value self) { return obj_value(own_name(vm, as_gen(self), false)); }
static Value get_qualname(VM *vm, Value self) { return obj_value(own_name(vm, as_gen(self), true)); }

/* What is renamed goes on with a function of its own, so that those made of the same one keep their names. */
static Value rename(VM *vm, Value self, Str *attribute, Value name)
{
    Frame *frame = &as_gen(self)->frame;
    if (!is_str(name)) return vm_raise(vm, ERR_TYPE, "%N must be set to a string object", attribute);
    Function *own = function_copy(vm, frame_function(frame));
    if (!own || !function_set_attr(vm, own, attribute, name)) return VALUE_ERROR;
    gc_store(vm, as_gen(self), &frame->fn, obj_value(own));
    return VALUE_NONE;
}
static Value set_name(VM *vm, Value self, Value v) { return rename(vm, self, vm->common->name_, v); }
static Value set_qualname(VM *vm, Value self, Value v) { return rename(vm, self, vm->common->qualname, v); }

static Value get_running(VM *vm, Value self)
{
    (void)vm;
    return bool_value(gen_view_state(as_gen(self)) == GEN_RUNNING);
}
static Value get_step_running(VM *vm, Value self)
{
    (void)vm;
    return bool_value(gen_step_under_way(as_gen(self)));
}
static Value get_suspended(VM *vm, Value self)
{
    (void)vm;
    return bool_value(gen_view_state(as_gen(self)) == GEN_SUSPENDED);
}
static Value get_code(VM *vm, Value self)
{
    (void)vm;
    return obj_value(frame_code(&as_gen(self)->frame));
}
static Value get_delegate(VM *vm, Value self)
{
    (void)vm;
    Value d = gen_view_state(as_gen(self)) == GEN_RUNNING ? VALUE_NONE : as_gen(self)->delegate;
    if (is_gen(d)) as_obj(d)->aux &= (uint16_t)~GEN_DIRECT; // somebody else knows it now
    return is_ptr(d) ? d : VALUE_NONE;
}
static Value get_frame(VM *vm, Value self)
{
    Gen *g = as_gen(self);
    if (gen_state(g) == GEN_FINISHED) return VALUE_NONE;
    Pair *p = heap_new(vm, KIND_PAIR, T_FRAME, Pair);
    if (!p) return VALUE_ERROR;
    p->a = self;
    p->b = VALUE_UNSET;
    return obj_value(p);
}

static Value get_none(VM *vm, Value self)
{
    (void)vm, (void)self;
    return VALUE_NONE;
}

static Value gen_repr(VM *vm, Value self)
{
    Gen *g = as_gen(self);
    const char *kind = g->h.shape == T_GENERATOR ? "generator" : g->h.shape == T_COROUTINE ? "coroutine" : "async_generator";
    return str_format(vm, "<%s object %N at %p>", kind, own_name(vm, g, true), (void *)g);
}

#define CO_VIEW_GETSETS                                                                                                \
    {"__name__", get_name, set_name, "Name of the function, unless it was given another."},                            \
        {"__qualname__", get_qualname, set_qualname, "Qualified name of the function, unless it was given another."},  \
        {"status", gen_view_status, NULL, "'created', 'suspended', 'running' or 'finished'."},                         \
        {"line", gen_view_line, NULL, "Line where it stands, or None when finished."},                                 \
        {"locals", gen_view_locals, NULL, "A copy of its local variables, as a dict."},                                \
        {"awaiting", gen_view_awaiting, NULL, "What it waits on, or None."}
#define CO_CLONE {"clone(self, /)", gen_view_clone, "An independent copy that resumes from the same point.", 0}
#define THROW_SIGNATURE "throw(self, type, value=?, traceback=?, /)"

static const NativeDef generator_methods[] = {
    {"__next__(self, /)", nat_gen_next, "next(self)", 0},
    {"send(self, arg, /)", nat_gen_send, "Resume with arg as the value of the yield expression.", 0},
    {THROW_SIGNATURE, nat_throw, "Raise an exception where the generator is suspended.", 0},
    {"close(self, /)", nat_close, "Raise GeneratorExit inside the generator.", 0},
    CO_CLONE,
    {0},
};
static const GetSetDef generator_getsets[] = {
    CO_VIEW_GETSETS,
    {"gi_running", get_running, NULL, "Whether it is executing."},
    {"gi_suspended", get_suspended, NULL, "Whether it is suspended at a yield."},
    {"gi_yieldfrom", get_delegate, NULL, "What it delegates to by yield from, or None."},
    {"gi_code", get_code, getset_readonly, "Its code."},
    {"gi_frame", get_frame, NULL, "Its frame, or None when finished."},
    {0},
};
const TypeDef type_def_GENERATOR = {
    .slots = {.repr = gen_repr, .iter = self_iter, .next = slot_next},
    .methods = generator_methods,
    .getsets = generator_getsets,
    .flags = TYPE_FINAL | TYPE_HAS_WEAKREF,
    .doc = "A suspended call of a function with yield.",
};

static const NativeDef coroutine_methods[] = {
    {"send(self, arg, /)", nat_gen_send, "Resume with arg as the value of the await.", 0},
    {THROW_SIGNATURE, nat_throw, "Raise an exception where the coroutine is suspended.", 0},
    {"close(self, /)", nat_close, "Raise GeneratorExit inside the coroutine.", 0},
    {"__await__(self, /)", gen_await, "What await goes through.", 0},
    CO_CLONE,
    {0},
};
static const GetSetDef coroutine_getsets[] = {
    CO_VIEW_GETSETS,
    {"cr_running", get_running, NULL, "Whether it is executing."},
    {"cr_suspended", get_suspended, NULL, "Whether it is suspended at an await."},
    {"cr_await", get_delegate, NULL, "What it awaits, or None."},
    {"cr_code", get_code, getset_readonly, "Its code."},
    {"cr_frame", get_frame, NULL, "Its frame, or None when finished."},
    {"cr_origin", get_none, NULL, "None: where it was made is not tracked."},
    {0},
};
static Value self_await(VM *vm, Value self)
{
    (void)vm;
    return self;
}
const TypeDef type_def_COROUTINE = {
    .slots = {.repr = gen_repr, .await = self_await},
    .methods = coroutine_methods,
    .getsets = coroutine_getsets,
    .flags = TYPE_FINAL | TYPE_HAS_WEAKREF,
    .doc = "A call of an async function.",
};

static const NativeDef wrapper_methods[] = {
    {"send(self, arg, /)", nat_wrapper_send, "As the coroutine's send.", 0},
    {THROW_SIGNATURE, nat_wrapper_throw, "As the coroutine's throw.", 0},
    {"close(self, /)", nat_wrapper_close, "As the coroutine's close.", 0},
    {0},
};
const TypeDef type_def_COROUTINE_WRAPPER = {
    .slots = {.iter = self_iter, .next = wrapper_next},
    .methods = wrapper_methods,
    .flags = TYPE_FINAL,
    .doc = "The iterator of coroutine.__await__().",
};

static const NativeDef async_generator_methods[] = {
    {"__aiter__(self, /)", nat_aiter, "Itself.", 0},
    {"__anext__(self, /)", nat_anext, "An awaitable of the next value.", 0},
    {"asend(self, value, /)", nat_asend, "An awaitable that sends a value and gives the next one.", 0},
    {"athrow(self, type, value=?, traceback=?, /)", nat_athrow, "An awaitable that raises an exception inside.", 0},
    {"aclose(self, /)", nat_aclose, "An awaitable that raises GeneratorExit inside.", 0},
    CO_CLONE,
    {0},
};
static const GetSetDef async_generator_getsets[] = {
    CO_VIEW_GETSETS,
    {"ag_running", get_step_running, NULL, "Whether a step of it is under way."},
    {"ag_await", get_delegate, NULL, "What it awaits, or None."},
    {"ag_code", get_code, getset_readonly, "Its code."},
    {"ag_frame", get_frame, NULL, "Its frame, or None when finished."},
    {0},
};
const TypeDef type_def_ASYNC_GENERATOR = {
    .slots = {.repr = gen_repr},
    .methods = async_generator_methods,
    .getsets = async_generator_getsets,
    .flags = TYPE_FINAL | TYPE_HAS_WEAKREF,
    .doc = "A suspended call of an async function with yield.",
};

static const NativeDef step_methods[] = {
    {"send(self, arg, /)", nat_step_send, "Run the step, or send into what it awaits.", 0},
    {THROW_SIGNATURE, nat_step_throw, "Raise an exception inside the step.", 0},
    {"close(self, /)", nat_step_close, "Give the step up.", 0},
    {"__await__(self, /)", nat_aiter, "Itself.", 0},
    {0},
};
#define STEP_TYPE(text) \
    { \
        .slots = {.iter = self_iter, .next = step_next, .await = self_await}, .methods = step_methods, \
        .flags = TYPE_FINAL, .doc = text, \
    }
const TypeDef type_def_ASYNC_GEN_SEND = STEP_TYPE("A step of an async generator, to be awaited.");
const TypeDef type_def_ASYNC_GEN_THROW = STEP_TYPE("An exception thrown into an async generator, to be awaited.");
