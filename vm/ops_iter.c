/* ops_iter.c - slow paths of iteration: for loops, iter(), yield from, await, async for. */
#include "vm/coroutine.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/report.h"
#include "vm/str.h"
#include "vm/type.h"

/* The for loop walks small ranges without an iterator object; steps and bounds far from overflow. */
static bool range_is_plain(const Range *r)
{
    const int64_t far = (int64_t)1 << 58;
    return is_small(r->start) && is_small(r->stop) && is_small(r->step) && as_small(r->stop) < far &&
           as_small(r->stop) > -far && as_small(r->start) < far && as_small(r->start) > -far && as_small(r->step) < far &&
           as_small(r->step) > -far;
}

/* Where the walk by position through v begins; UNSET: it takes an iterator. */
static Value first_position(Value v)
{
    if (!is_ptr(v)) return VALUE_UNSET;
    switch (as_obj(v)->shape) {
    case T_LIST:
    case T_TUPLE:
    case T_STR: return small(0);
    case T_RANGE: return range_is_plain((Range *)as_obj(v)) ? ((Range *)as_obj(v))->start : VALUE_UNSET;
    default: return VALUE_UNSET;
    }
}

static Value iterator_of(VM *vm, Value v, uint16_t dst)
{
    Type *t = type_of(vm, v);
    if (type_defines(t, D_ITER)) {
        Value f = type_lookup_dunder(vm, t, D_ITER);
        bool plain = is_kind(f, KIND_FUNCTION) && !code_is_heap(((Function *)as_obj(f))->code);
        if (plain) return frame_invoke(vm, f, &v, 1, VALUE_UNSET, dst, RET_ITER);
    }
    return obj_iter(vm, v);
}

/* Lists, tuples, strings and ranges are walked by position: the pair is the object and where it stands. Anything
 * else is an iterator in the pair's first register. */
Value op_for_prep(VM *vm, Value v, Value *pair)
{
    uint16_t dst = (uint16_t)(pair - vm->frame->regs);
    if (is_exact(v, T_GENERATOR)) {
        Obj *o = as_obj(v);
        pair[1] = bool_value(o->aux & GEN_LOOP); // made by the loop's own expression: closed when left early
        o->aux &= (uint16_t)~GEN_LOOP;
        return pair[0] = v;
    }
    pair[1] = first_position(v);
    if (!is_unset(pair[1])) return pair[0] = v;
    Value it = iterator_of(vm, v, dst);
    if (!is_error(it) && it != VALUE_SWITCH) pair[0] = it;
    return it;
}

Value op_for_next(VM *vm, Value it, Value *pair, uint16_t dst)
{
    Obj *o = as_obj(it);
    if (o->kind == KIND_TUPLE) {
        size_t i = (size_t)as_small(pair[1]);
        if (i >= as_tuple(it)->size) return VALUE_STOP;
        pair[1] += small(1);
        return as_tuple(it)->items[i];
    }
    if (o->shape == T_STR) {
        size_t at = (size_t)as_small(pair[1]);
        if (at >= as_str(it)->size) return VALUE_STOP;
        unsigned char first = (unsigned char)as_str(it)->data[at];
        if (first < 0x80) {
            pair[1] += small(1);
            return obj_value(vm->ascii_str[first]);
        }
        Value c = str_next_char(vm, as_str(it), &at);
        pair[1] = small((int64_t)at);
        return c;
    }
    if (o->kind == KIND_GEN) {
        Value v = gen_resume(vm, (Gen *)o, VALUE_NONE, dst, RET_FOR);
        return v == VALUE_PARK ? VALUE_STOP : v;
    }
    if (o->shape < T_BUILTIN_COUNT) return vm->types[o->shape]->def->slots.next(vm, it);
    Type *t = type_of(vm, it);
    if (!type_defines(t, D_NEXT)) return t->def->slots.next(vm, it);
    Value next = type_lookup_dunder(vm, t, D_NEXT);
    if (is_kind(next, KIND_FUNCTION)) return frame_invoke(vm, next, &it, 1, VALUE_UNSET, dst, RET_FOR);
    return obj_next(vm, it);
}

Value op_for_close(VM *vm, Value *pair)
{
    if (pair[1] != VALUE_TRUE || !is_gen(pair[0])) return VALUE_NONE;
    Gen *g = as_gen(pair[0]);
    pair[1] = VALUE_FALSE;
    bool is_async = g->h.shape == T_ASYNC_GENERATOR;
    bool guarded = gen_state(g) == GEN_SUSPENDED && (frame_code(&g->frame)->flags & CODE_HAS_HANDLERS);
    if (is_async && !guarded) return VALUE_NONE; // nobody would see that it is closed
    if (!(is_async ? gen_close_dropped(vm, g) : gen_close_c(vm, g))) report_ignored(vm, "dropped generator");
    return VALUE_NONE;
}

/* What a generator expression gets as its argument: its FOR_PREP walks by position, too. */
Value op_get_iter(VM *vm, Value v, uint16_t dst) { return is_unset(first_position(v)) ? iterator_of(vm, v, dst) : v; }

Value op_get_yield_iter(VM *vm, Value v, Code *c)
{
    if (is_exact(v, T_GENERATOR)) return v;
    if (is_exact(v, T_COROUTINE)) {
        if (c->flags & (CODE_COROUTINE | CODE_ITERABLE_COROUTINE)) return v;
        return vm_raise(vm, ERR_TYPE, "cannot 'yield from' a coroutine object in a non-coroutine generator");
    }
    return obj_iter(vm, v);
}

static bool is_iterable_coroutine(Value v)
{
    return is_exact(v, T_GENERATOR) && (frame_code(&as_gen(v)->frame)->flags & CODE_ITERABLE_COROUTINE);
}

/* What `await v` waits on: coroutines and the scheduler's objects themselves, else the iterator of __await__(). */
Value op_get_awaitable(VM *vm, Value v)
{
    if (is_exact(v, T_COROUTINE) || is_iterable_coroutine(v)) return v;
    Type *t = type_of(vm, v);
    if (!type_defines(t, D_AWAIT) && t->def->slots.await) return t->def->slots.await(vm, v);
    Value it = obj_call_special(vm, v, D_AWAIT, NULL, 0);
    if (is_unset(it)) return vm_raise(vm, ERR_TYPE, "object %T can't be used in 'await' expression", v);
    if (is_error(it)) return it;
    if (is_exact(it, T_COROUTINE) || is_iterable_coroutine(it)) return vm_raise(vm, ERR_TYPE, "__await__() returned a coroutine");
    Type *it_type = type_of(vm, it);
    bool iterator = it_type->def->slots.next || type_defines(it_type, D_NEXT);
    return iterator ? it : vm_raise(vm, ERR_TYPE, "__await__() returned non-iterator of type '%T'", it);
}

/* The same in `async with`, which has a text of its own for what is not awaitable at all. */
Value op_get_with_awaitable(VM *vm, Value v, int from)
{
    Type *t = type_of(vm, v);
    if (t->def->slots.await || type_defines(t, D_AWAIT) || is_iterable_coroutine(v)) return op_get_awaitable(vm, v);
    return vm_raise(vm, ERR_TYPE, "'async with' received an object from __a%s__ that does not implement __await__: %T",
                    from == AWAITED_AENTER ? "enter" : "exit", v);
}

Value op_get_aiter(VM *vm, Value v)
{
    if (is_exact(v, T_ASYNC_GENERATOR)) return v;
    Value it = obj_call_special(vm, v, D_AITER, NULL, 0);
    if (is_unset(it))
        return vm_raise(vm, ERR_TYPE, "'async for' requires an object with __aiter__ method, got %T", v);
    if (is_error(it)) return it;
    if (is_unset(obj_special(vm, it, D_ANEXT)))
        return vm_raise(vm, ERR_TYPE, "'async for' received an object from __aiter__ that does not implement __anext__: %T", it);
    return it;
}

Value op_for_aiter(VM *vm, Value v, Value *pair)
{
    bool own = is_exact(v, T_ASYNC_GENERATOR) && (as_obj(v)->aux & GEN_LOOP);
    if (own) as_obj(v)->aux &= (uint16_t)~GEN_LOOP;
    pair[1] = bool_value(own);
    return op_get_aiter(vm, v);
}

Value op_anext(VM *vm, Value v)
{
    Value a = obj_call_special(vm, v, D_ANEXT, NULL, 0);
    if (is_unset(a)) return vm_raise(vm, ERR_TYPE, "'async for' requires an iterator with __anext__ method, got %T", v);
    if (is_error(a)) return a;
    Value waits_on = op_get_awaitable(vm, a);
    if (is_error(waits_on)) {
        Value cause = vm_take_pending(vm);
        vm_raise(vm, ERR_TYPE, "'async for' received an invalid object from __anext__: %T", a);
        Exception *e = as_exception(vm->exc);
        gc_store(vm, e, &e->cause, cause);
        gc_store(vm, e, &e->context, cause);
        e->suppress_context = true;
    }
    return waits_on;
}
