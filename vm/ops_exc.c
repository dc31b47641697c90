/* ops_exc.c - raise, except*, with. */
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"

void op_raise(VM *vm, Value what, Value cause)
{
    Value exc = exception_from_raise(vm, what);
    if (is_error(exc)) return;
    if (!is_unset(cause)) {
        Value *root = roots_push(vm, exc);
        Value from = root && !is_none(cause) ? exception_from_raise(vm, cause) : cause;
        if (root) roots_pop(vm, root);
        if (!root) return;
        if (is_error(from)) {
            if (vm_pending_is(vm, ERR_TYPE) && !is_exception(cause) && !is_type(cause)) {
                vm_take_pending(vm);
                vm_raise(vm, ERR_TYPE, "exception causes must derive from BaseException");
            }
            return;
        }
        Exception *e = as_exception(exc);
        gc_store(vm, e, &e->cause, from);
        e->suppress_context = true;
    }
    vm_raise_exc(vm, exc);
}

void op_reraise_current(VM *vm)
{
    if (is_none(vm->handled) || is_unset(vm->handled))
        vm_raise(vm, ERR_RUNTIME, "No active exception to reraise");
    else vm->exc = vm->handled;
}

void op_raise_assert(VM *vm, Value message)
{
    Value args = is_unset(message) ? obj_value(vm->empty_tuple) : tuple_new(vm, &message, 1);
    Value exc = is_error(args) ? args : exception_new(vm, ERR_ASSERTION, args);
    if (!is_error(exc)) vm_raise_exc(vm, exc);
}

void op_exc_args(VM *vm, Value exc, Value *out)
{
    out[0] = obj_value(type_of(vm, exc));
    out[1] = exc;
    Value tb = attr_get(vm, exc, vm->common->traceback_);
    if (is_error(tb)) vm_take_pending(vm);
    out[2] = is_error(tb) ? VALUE_NONE : tb;
}

/* ---- except* ---- */

static bool check_star_type(VM *vm, Value type)
{
    Value one = type;
    size_t n = is_tuple(type) ? as_tuple(type)->size : 1;
    for (size_t i = 0; i < n; i++) {
        if (is_tuple(type)) one = as_tuple(type)->items[i];
        if (is_type(one) && type_is_subtype(as_type(one), vm->exc_types[ERR_BASE_GROUP])) {
            vm_raise(vm, ERR_TYPE, "catching ExceptionGroup with except* is not allowed. Use except instead.");
            return false;
        }
    }
    return true;
}

bool op_exc_split(VM *vm, Value exc, Value type, Value *out)
{
    Value rest = VALUE_NONE;
    if (!check_star_type(vm, type)) return false;
    if (is_none(exc)) {
        out[0] = out[1] = VALUE_NONE;
        return true;
    }
    int whole = exception_matches(vm, exc, type);
    if (whole < 0) return false;
    if (whole) {
        Value match = exc;
        if (!exception_is(vm, exc, ERR_BASE_GROUP)) {
            // A plain exception is handed over in a group of its own.
            Value args[] = {obj_value(vm->empty_str), list_new(vm, &exc, 1)};
            match = is_error(args[1]) ? args[1] : vm_call(vm, obj_value(vm->exc_types[ERR_BASE_GROUP]), args, 2);
            if (is_error(match)) return false;
            Exception *g = as_exception(match), *e = as_exception(exc);
            gc_store(vm, g, &g->trace, e->trace);
        }
        out[0] = match;
        out[1] = VALUE_NONE;
        return true;
    }
    Value match = VALUE_NONE;
    if (exception_is(vm, exc, ERR_BASE_GROUP)) {
        match = exception_group_split(vm, exc, type, &rest);
        if (is_error(match)) return false;
    } else rest = exc;
    out[0] = match;
    out[1] = rest;
    return true;
}

static Value part_of(VM *vm, Value exc, Value original)
{
    // A raised or left-over part of the original group keeps its place in the tree.
    (void)vm;
    return is_exception(exc) && is_exception(original) && as_exception(exc)->trace == as_exception(original)->trace ? exc
                                                                                                                    : VALUE_UNSET;
}

Value op_exc_combine(VM *vm, Value parts, Value original)
{
    List *l = as_list(parts);
    size_t n = 0;
    for (size_t i = 0; i < l->size; i++)
        if (!is_none(l->items[i])) l->items[n++] = l->items[i];
    l->size = n;
    if (n == 0) return VALUE_NONE;
    if (!exception_is(vm, original, ERR_BASE_GROUP)) return l->items[0];
    bool all_parts = true;
    for (size_t i = 0; i < n; i++) all_parts &= !is_unset(part_of(vm, l->items[i], original));
    if (n == 1) return l->items[0];
    (void)all_parts;
    Value args[] = {obj_value(vm->empty_str), parts};
    return vm_call(vm, obj_value(vm->exc_types[ERR_BASE_GROUP]), args, 2);
}

/* ---- with ---- */

static Value enter(VM *vm, Value *manager, uint16_t dst, Dunder enter_name, Dunder exit_name, const char *protocol,
                   const char *exit_text)
{
    Value m = *manager;
    Type *t = type_of(vm, m);
    Value enter_fn = type_lookup_dunder(vm, t, enter_name);
    if (is_unset(enter_fn)) return vm_raise(vm, ERR_TYPE, "'%T' object does not support the %s protocol", m, protocol);
    Value exit_fn = obj_special(vm, m, exit_name);
    if (is_error(exit_fn)) return exit_fn;
    if (is_unset(exit_fn))
        return vm_raise(vm, ERR_TYPE, "'%T' object does not support the %s protocol (missed %s method)", m, protocol, exit_text);
    *manager = exit_fn;
    if (is_kind(enter_fn, KIND_FUNCTION)) return frame_invoke(vm, enter_fn, &m, 1, VALUE_UNSET, dst, RET_VALUE);
    return obj_call_special(vm, m, enter_name, NULL, 0);
}

Value op_with_enter(VM *vm, Value *manager, uint16_t dst)
{
    return enter(vm, manager, dst, D_ENTER, D_EXIT, "context manager", "__exit__");
}

Value op_awith_enter(VM *vm, Value *manager, uint16_t dst)
{
    return enter(vm, manager, dst, D_AENTER, D_AEXIT, "asynchronous context manager", "__aexit__");
}
