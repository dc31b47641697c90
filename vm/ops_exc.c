/* ops_exc.c - raise, except*, with. */
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/frame.h"
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
        bool is_class = is_type(cause) && (as_type(cause)->flags & TYPE_EXCEPTION);
        if (!is_none(cause) && !is_exception(cause) && !is_class) {
            vm_raise(vm, ERR_TYPE, "exception causes must derive from BaseException");
            return;
        }
        Value *root = roots_push(vm, exc);
        Value from = root && !is_none(cause) ? exception_from_raise(vm, cause) : cause;
        if (root) roots_pop(vm, root);
        if (!root || is_error(from)) return;
        Exception *e = as_exception(exc);
        gc_store(vm, e, &e->cause, from);
        e->suppress_context = true;
    }
    vm_raise_exc(vm, exc);
}

void op_reraise_current(VM *vm)
{
    Value handled = frame_handled(vm);
    if (is_none(handled) || is_unset(handled)) vm_raise(vm, ERR_RUNTIME, "No active exception to reraise");
    else vm->exc = handled;
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
            Value args[] = {obj_value(vm->empty_str), tuple_new(vm, &exc, 1)};
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
    }
    if (is_none(match)) rest = exc; // itself, not the group made anew
    out[0] = match;
    out[1] = rest;
    return true;
}

/* Was exc, a part of the original group, raised again as it was? Then its members keep their places in the tree. */
static bool is_part(VM *vm, Value exc, Value original, List *leaves)
{
    if (exc == original) return true;
    if (!exception_is(vm, exc, ERR_BASE_GROUP)) return false;
    Exception *e = as_exception(exc), *o = as_exception(original);
    if (e->cause != o->cause || e->context != o->context) return false;
    if (exception_trace_length(e) != exception_trace_length(o)) return false; // on its way again it noted frames
    Value own = list_new(vm, NULL, 0);
    if (is_error(own) || !exception_group_leaves(vm, exc, as_list(own))) return vm_take_pending(vm), false;
    for (size_t i = 0; i < as_list(own)->size; i++) {
        bool found = false;
        for (size_t k = 0; k < leaves->size && !found; k++) found = leaves->items[k] == as_list(own)->items[i];
        if (!found) return false;
    }
    return true;
}

/* New exceptions stay as they are; everything that was raised again or not handled becomes one group of the original's
 * shape. slots: leaves of the original, leaves of the parts, what was raised anew. */
static Value combine(VM *vm, List *parts, Value original, Value *slots)
{
    for (int i = 0; i < 3; i++)
        if (is_error(slots[i] = list_new(vm, NULL, 0))) return slots[i] = VALUE_UNSET, VALUE_ERROR;
    if (!exception_group_leaves(vm, original, as_list(slots[0]))) return VALUE_ERROR;
    for (size_t i = 0; i < parts->size; i++) {
        Value exc = parts->items[i];
        if (is_none(exc)) continue;
        bool part = is_part(vm, exc, original, as_list(slots[0]));
        if (part ? !exception_group_leaves(vm, exc, as_list(slots[1])) : !list_append(vm, as_list(slots[2]), exc))
            return VALUE_ERROR;
    }
    if (as_list(slots[1])->size) {
        Value again = exception_group_split(vm, original, slots[1], NULL);
        if (is_error(again) || !list_append(vm, as_list(slots[2]), again)) return VALUE_ERROR;
    }
    List *raised = as_list(slots[2]);
    if (raised->size <= 1) return raised->size ? raised->items[0] : VALUE_NONE;
    Value args[] = {obj_value(vm->empty_str), slots[2]};
    return vm_call(vm, obj_value(vm->exc_types[ERR_BASE_GROUP]), args, 2);
}

Value op_exc_combine(VM *vm, Value parts, Value original)
{
    List *l = as_list(parts);
    if (!exception_is(vm, original, ERR_BASE_GROUP)) {
        size_t i = 0;
        while (i < l->size && is_none(l->items[i])) i++;
        return i < l->size ? l->items[i] : VALUE_NONE;
    }
    Value *slots = roots_reserve(vm, 3);
    if (!slots) return VALUE_ERROR;
    Value v = combine(vm, l, original, slots);
    roots_pop(vm, slots);
    return v;
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
