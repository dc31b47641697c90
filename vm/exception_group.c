/* Exception groups: making, splitting. Matching may call scripts, so whatever is being built lies in roots. */
#include "vm/dict.h"
#include "vm/exception_internal.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type_internal.h"

static Tuple *members(const Exception *group) { return as_tuple(group->extra[1]); }

/* ---- making ---- */

/* Checks the members; *plain: all of them are Exceptions. */
static bool check_members(VM *vm, const Tuple *excs, bool *plain)
{
    *plain = true;
    for (size_t i = 0; i < excs->size; i++) {
        if (!is_exception(excs->items[i])) {
            vm_raise(vm, ERR_VALUE, "Item %zu of second argument (exceptions) is not an exception", i);
            return false;
        }
        *plain &= exception_is(vm, excs->items[i], ERR_EXCEPTION);
    }
    return true;
}

/* BaseExceptionGroup of nothing but Exceptions becomes an ExceptionGroup; an ExceptionGroup takes nothing else. */
static Type *choose_type(VM *vm, Type *t, bool plain)
{
    if (plain) return t == vm->exc_types[ERR_BASE_GROUP] ? vm->exc_types[ERR_GROUP] : t;
    if (t == vm->exc_types[ERR_GROUP])
        vm_raise(vm, ERR_TYPE, "Cannot nest BaseExceptions in an ExceptionGroup");
    else if (type_is_subtype(t, vm->exc_types[ERR_EXCEPTION]))
        vm_raise(vm, ERR_TYPE, "Cannot nest BaseExceptions in '%Y'", t);
    else return t;
    return NULL;
}

Value exception_group_new(VM *vm, Type *t, Tuple *args)
{
    if (args->size != 2)
        return vm_raise(vm, ERR_TYPE, "BaseExceptionGroup.__new__() takes exactly 2 arguments (%zu given)",
                        args->size);
    Value message = args->items[0], given = args->items[1];
    if (!is_str(message))
        return vm_raise(vm, ERR_TYPE, "BaseExceptionGroup.__new__() argument 1 must be str, not %A", message);
    if (!type_of(vm, given)->def->slots.getitem && !type_defines(type_of(vm, given), D_GETITEM))
        return vm_raise(vm, ERR_TYPE, "second argument (exceptions) must be a sequence");
    Value excs = obj_to_tuple(vm, given);
    if (is_error(excs)) return excs;
    if (!as_tuple(excs)->size)
        return vm_raise(vm, ERR_VALUE, "second argument (exceptions) must be a non-empty sequence");
    bool plain;
    t = check_members(vm, as_tuple(excs), &plain) ? choose_type(vm, t, plain) : NULL;
    if (!t) return VALUE_ERROR;
    Value e = exception_alloc(vm, t, obj_value(args));
    if (is_error(e)) return e;
    as_exception(e)->extra[0] = message;
    as_exception(e)->extra[1] = excs;
    return e;
}

Value exception_group_str(VM *vm, Exception *e)
{
    size_t n = members(e)->size;
    return str_format(vm, "%V (%zu sub-exception%s)", e->extra[0], n, n == 1 ? "" : "s");
}

/* ---- splitting ---- */

static bool is_exception_type(Value v) { return is_kind(v, KIND_TYPE) && as_type(v)->flags & TYPE_EXCEPTION; }

static bool check_matcher(VM *vm, Value m)
{
    if (is_exception_type(m)) return true;
    if (is_tuple(m)) {
        size_t i = 0;
        while (i < as_tuple(m)->size && is_exception_type(as_tuple(m)->items[i])) i++;
        if (i == as_tuple(m)->size) return true;
    } else if (!is_kind(m, KIND_TYPE) && obj_is_callable(vm, m)) {
        return true;
    }
    vm_raise(vm, ERR_TYPE, "expected a function, exception type or tuple of exception types");
    return false;
}

/* The members of a list, by identity: how except* finds the parts that were raised again. */
static bool is_listed(Value exc, const List *list)
{
    for (size_t i = 0; i < list->size; i++)
        if (list->items[i] == exc) return true;
    return false;
}

static int matches(VM *vm, Value exc, Value matcher)
{
    if (is_list(matcher)) return is_listed(exc, as_list(matcher));
    if (is_tuple(matcher) || is_kind(matcher, KIND_TYPE)) return exception_matches(vm, exc, matcher);
    Value r = vm_call1(vm, matcher, exc);
    return is_error(r) ? -1 : obj_truth(vm, r);
}

static bool copy_state(VM *vm, Exception *from, Exception *to)
{
    if (!is_unset(from->trace)) {
        Value trace = exception_copy_trace(vm, from, exception_trace_length(from));
        if (is_error(trace)) return false;
        gc_store(vm, to, &to->trace, trace);
    }
    gc_store(vm, to, &to->context, from->context);
    gc_store(vm, to, &to->cause, from->cause);
    to->suppress_context = 1; // CPython sets the cause through its setter, even to nothing
    if (is_unset(from->notes)) return true;
    Value notes = is_list(from->notes) ? list_new(vm, as_list(from->notes)->items, as_list(from->notes)->size)
                                       : from->notes;
    if (is_error(notes)) return false;
    gc_store(vm, to, &to->notes, notes);
    return true;
}

/* The group that derive() makes of some of the members; None for none. `list` is rooted by the caller. */
static Value subset(VM *vm, Exception *group, List *list)
{
    if (!list->size) return VALUE_NONE;
    Value arg = obj_value(list);
    Value e = vm_call_method(vm, obj_value(group), vm->common->derive, &arg, 1);
    if (is_error(e)) return e;
    if (!is_exception(e) || !exception_is(vm, e, ERR_BASE_GROUP))
        return vm_raise(vm, ERR_TYPE, "derive must return an instance of BaseExceptionGroup");
    return copy_state(vm, group, as_exception(e)) ? e : VALUE_ERROR;
}

/* What split_members works on; all in roots. */
enum { S_MATCH, S_REST, S_MATCHES, S_RESTS, S_COUNT };

static bool split(VM *vm, Value exc, Value matcher, bool want_rest, Value *match, Value *rest);

static bool split_members(VM *vm, Exception *group, Value matcher, bool want_rest, Value *s)
{
    Value excs = group->extra[1];
    for (size_t i = 0; i < as_tuple(excs)->size; i++) {
        s[S_MATCH] = s[S_REST] = VALUE_NONE;
        if (!split(vm, as_tuple(excs)->items[i], matcher, want_rest, &s[S_MATCH], &s[S_REST])) return false;
        if (!is_none(s[S_MATCH]) && !list_append(vm, as_list(s[S_MATCHES]), s[S_MATCH])) return false;
        if (want_rest && !is_none(s[S_REST]) && !list_append(vm, as_list(s[S_RESTS]), s[S_REST])) return false;
    }
    s[S_MATCH] = subset(vm, group, as_list(s[S_MATCHES]));
    if (is_error(s[S_MATCH])) return false;
    s[S_REST] = want_rest ? subset(vm, group, as_list(s[S_RESTS])) : VALUE_NONE;
    return !is_error(s[S_REST]);
}

/* match and rest point into roots. */
static bool split(VM *vm, Value exc, Value matcher, bool want_rest, Value *match, Value *rest)
{
    if (vm_c_stack_low(vm)) return false;
    int m = matches(vm, exc, matcher);
    if (m < 0) return false;
    if (m) return *match = exc, true;
    if (!exception_is(vm, exc, ERR_BASE_GROUP)) return *rest = exc, true;
    Value *s = roots_reserve(vm, S_COUNT);
    if (!s) return false;
    s[S_MATCHES] = list_new(vm, NULL, 0);
    s[S_RESTS] = list_new(vm, NULL, 0);
    bool ok = !is_error(s[S_MATCHES]) && !is_error(s[S_RESTS]) &&
              split_members(vm, as_exception(exc), matcher, want_rest, s);
    if (ok) {
        *match = s[S_MATCH];
        *rest = s[S_REST];
    }
    roots_pop(vm, s);
    return ok;
}

Value exception_group_split(VM *vm, Value group, Value matcher, Value *rest)
{
    Value *s = roots_reserve(vm, 2);
    if (!s) return VALUE_ERROR;
    s[0] = s[1] = VALUE_NONE;
    bool ok = split(vm, group, matcher, rest != NULL, &s[0], &s[1]);
    Value match = ok ? s[0] : VALUE_ERROR;
    if (rest) *rest = s[1];
    roots_pop(vm, s);
    return match;
}

bool exception_group_leaves(VM *vm, Value exc, List *out)
{
    if (vm_c_stack_low(vm)) return false;
    if (!exception_is(vm, exc, ERR_BASE_GROUP)) return list_append(vm, out, exc);
    Tuple *members = as_tuple(as_exception(exc)->extra[1]);
    for (size_t i = 0; i < members->size; i++)
        if (!exception_group_leaves(vm, members->items[i], out)) return false;
    return true;
}

/* ---- methods ---- */

static Value nat_split(VM *vm, Args args)
{
    if (!check_matcher(vm, args.v[1])) return VALUE_ERROR;
    Value rest, match = exception_group_split(vm, args.v[0], args.v[1], &rest);
    return is_error(match) ? match : tuple_pack(vm, 2, match, rest);
}

static Value nat_subgroup(VM *vm, Args args)
{
    if (!check_matcher(vm, args.v[1])) return VALUE_ERROR;
    return exception_group_split(vm, args.v[0], args.v[1], NULL);
}

static Value nat_derive(VM *vm, Args args)
{
    Value pair = tuple_pack(vm, 2, as_exception(args.v[0])->extra[0], args.v[1]);
    return is_error(pair) ? pair : exception_group_new(vm, vm->exc_types[ERR_BASE_GROUP], as_tuple(pair));
}

static Value nat_class_getitem(VM *vm, Args args) { return generic_alias_new(vm, args.v[0], args.v[1]); }

const NativeDef exception_group_methods[] = {
    {"split(self, condition, /)", nat_split, "Split into the part that matches condition and the rest.", 0},
    {"subgroup(self, condition, /)", nat_subgroup, "The part of the group that matches condition, or None.", 0},
    {"derive(self, excs, /)", nat_derive, "A group with the same message around other exceptions.", 0},
    {"__class_getitem__(cls, item, /)", nat_class_getitem, "See PEP 585", NATIVE_CLASSMETHOD},
    {0},
};

static Value get_message(VM *vm, Value self) { return (void)vm, as_exception(self)->extra[0]; }
static Value get_exceptions(VM *vm, Value self) { return (void)vm, as_exception(self)->extra[1]; }

const GetSetDef exception_group_getsets[] = {
    {"message", get_message, getset_readonly, "exception message"},
    {"exceptions", get_exceptions, getset_readonly, "nested exceptions"},
    {0},
};
