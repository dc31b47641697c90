/* Making instances: __new__, the constructors of built-in types, __init__. */
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type_internal.h"

/* The nearest built-in class of t: its constructor makes t's instances. */
static Type *constructing_type(const Type *t)
{
    for (size_t i = 0; i < t->mro->size; i++) {
        Type *c = as_type(t->mro->items[i]);
        if (c->table && (c->kind == t->kind)) return c;
    }
    return as_type(t->mro->items[t->mro->size - 1]);
}

static bool has_own_init(VM *vm, Type *t)
{
    if (type_defines(t, D_INIT)) return true;
    return type_lookup_dunder(vm, t, D_INIT) != type_lookup_dunder(vm, vm->types[T_OBJECT], D_INIT);
}

static bool is_plain(VM *vm, const Type *t)
{
    return t->def->constructor.fn == vm->types[T_OBJECT]->def->constructor.fn;
}

/* Does a built-in's own __init__ do what there is to do with the arguments? */
static bool init_fills(VM *vm, Type *t) { return has_own_init(vm, t) && !(t->def->constructor.flags & NATIVE_NEW); }

static Value call_constructor(VM *vm, const Signature *sig, Type *t, const Value *args, int n, Value kwnames)
{
    size_t room = 1 + (size_t)(sig->raw ? n : sig->nparams);
    Value *v = roots_reserve(vm, room);
    if (!v) return VALUE_ERROR;
    v[0] = obj_value(t);
    Value result = VALUE_ERROR;
    if (native_bind(vm, sig, "", args, n, kwnames, v + 1)) result = sig->def->fn(vm, (Args){v, (int)room});
    roots_pop(vm, v);
    return result;
}

/* Runs a built-in's constructor row for t (which may be a subclass) with arguments not containing the type. */
static Value construct_by(VM *vm, const NativeDef *constructor, Type *t, const Value *args, int n, Value kwnames)
{
    const Signature *sig = native_signature(vm, constructor);
    return sig ? call_constructor(vm, sig, t, args, n, kwnames) : VALUE_ERROR;
}

Value type_call_direct(VM *vm, Type *t, const Value *args, int n, Value kwnames)
{
    if (!t->direct) t->direct = native_signature(vm, &t->def->constructor);
    return t->direct ? call_constructor(vm, t->direct, t, args, n, kwnames) : VALUE_ERROR;
}

/* "Can't instantiate abstract class A with abstract methods f, g": abc marked them. */
static Value refuse_abstract(VM *vm, Type *t)
{
    Value list = obj_to_list(vm, type_own(vm, t, vm->common->abstractmethods));
    if (is_error(list) || !list_sort(vm, as_list(list), VALUE_NONE, false)) return VALUE_ERROR;
    StrBuilder b;
    sb_init(&b, vm);
    size_t n = as_list(list)->size;
    for (size_t i = 0; i < n; i++)
        if (is_str(as_list(list)->items[i])) sb_addf(&b, "%s%V", i ? ", " : "", as_list(list)->items[i]);
    Value text = sb_finish(&b);
    if (is_error(text)) return text;
    return vm_raise(vm, ERR_TYPE, "Can't instantiate abstract class %Y with abstract method%s %V", t, n == 1 ? "" : "s", text);
}

/* What object.__new__ does for t: arguments are an error unless a script's __init__ or __new__ is there to take them. */
static Value plain_new(VM *vm, Type *t, bool any_args)
{
    if (any_args && type_defines(t, D_NEW))
        return vm_raise(vm, ERR_TYPE, "object.__new__() takes exactly one argument (the type to instantiate)");
    if (any_args && !has_own_init(vm, t)) return vm_raise(vm, ERR_TYPE, "%Y() takes no arguments", t);
    return t->flags & TYPE_ABSTRACT ? refuse_abstract(vm, t) : instance_new(vm, t);
}

static Value builtin_new(VM *vm, Type *t, const Value *args, int n, Value kwnames)
{
    const NativeDef *c = &t->def->constructor;
    if (!c->fn) return vm_raise(vm, ERR_TYPE, "cannot create '%Y' instances", t);
    if (is_plain(vm, t)) return plain_new(vm, t, n || !is_unset(kwnames));
    return construct_by(vm, c, t, args, n, kwnames);
}

/* Containers are made empty when a script's __init__ is going to be called, which passes on what it wants. */
static Value new_before_init(VM *vm, Type *t, const Value *args, int n, Value kwnames)
{
    bool init_takes_all = type_defines(t, D_INIT) && !(t->flags & TYPE_EXCEPTION) && !is_plain(vm, t);
    if (init_takes_all && init_fills(vm, constructing_type(t))) return builtin_new(vm, t, NULL, 0, VALUE_UNSET);
    return builtin_new(vm, t, args, n, kwnames);
}

static Value script_new(VM *vm, Type *t, const Value *args, int n, Value kwnames)
{
    Value f = attr_bind(vm, type_lookup_dunder(vm, t, D_NEW), VALUE_UNSET, t);
    if (is_error(f)) return f;
    size_t nkw = is_unset(kwnames) ? 0 : as_tuple(kwnames)->size;
    Value *v = roots_reserve(vm, 1 + (size_t)n + nkw);
    if (!v) return VALUE_ERROR;
    v[0] = obj_value(t);
    if ((size_t)n + nkw) memcpy(v + 1, args, ((size_t)n + nkw) * sizeof *v);
    Value o = vm_call_kw(vm, f, v, n + 1, kwnames);
    roots_pop(vm, v);
    return o;
}

Value type_construct(VM *vm, Type *t, const Value *args, int n, Value kwnames, Value *init)
{
    *init = VALUE_UNSET;
    bool direct = !(t->flags & TYPE_HEAP) && t->def->constructor.fn && !is_plain(vm, t);
    if (direct || t == vm->types[T_TYPE]) return type_call_direct(vm, t, args, n, kwnames);
    Value o;
    if (type_defines(t, D_NEW)) {
        o = script_new(vm, t, args, n, kwnames);
        if (is_error(o) || !type_is_subtype(type_of(vm, o), t)) return o;
        t = type_of(vm, o);
        if (has_own_init(vm, t)) *init = type_lookup_dunder(vm, t, D_INIT);
        return o;
    }
    o = new_before_init(vm, t, args, n, kwnames);
    if (!is_error(o) && type_defines(t, D_INIT)) *init = type_lookup_dunder(vm, t, D_INIT);
    return o;
}

Value type_instantiate(VM *vm, Type *t, const Value *args, int n, Value kwnames)
{
    Value init, o = type_construct(vm, t, args, n, kwnames, &init);
    if (is_error(o) || is_unset(init)) return o;
    size_t nkw = is_unset(kwnames) ? 0 : as_tuple(kwnames)->size;
    Value *v = roots_reserve(vm, 1 + (size_t)n + nkw);
    if (!v) return VALUE_ERROR;
    v[0] = o;
    if ((size_t)n + nkw) memcpy(v + 1, args, ((size_t)n + nkw) * sizeof *v);
    bool direct = is_kind(init, KIND_FUNCTION) || is_kind(init, KIND_NATIVE);
    if (!direct) init = attr_bind(vm, init, o, type_of(vm, o));
    Value result = is_error(init) ? init : vm_call_kw(vm, init, direct ? v : v + 1, direct ? n + 1 : n, kwnames);
    roots_pop(vm, v);
    if (is_error(result)) return result;
    if (!is_none(result)) return vm_raise(vm, ERR_TYPE, "__init__() should return None, not '%T'", result);
    return o;
}

/* ---- __new__ as scripts see it: list.__new__(cls, ...) ---- */

static Value refuse_new(VM *vm, Type *owner, Value cls)
{
    if (!is_kind(cls, KIND_TYPE))
        return vm_raise(vm, ERR_TYPE, "%Y.__new__(X): X is not a type object (%T)", owner, cls);
    if (!type_is_subtype(as_type(cls), owner))
        return vm_raise(vm, ERR_TYPE, "%Y.__new__(%Y): %Y is not a subtype of %Y", owner, as_type(cls), as_type(cls),
                        owner);
    Type *maker = constructing_type(as_type(cls));
    if (maker->def->constructor.fn == owner->def->constructor.fn) return VALUE_NONE;
    return vm_raise(vm, ERR_TYPE, "%Y.__new__(%Y) is not safe, use %Y.__new__()", owner, as_type(cls), maker);
}

/* __new__(owner, cls, /, *args, **kwargs), the owner being bound as its receiver */
static Value nat_new(VM *vm, Args args)
{
    Type *owner = as_type(args.v[0]);
    Value cls = args.v[1];
    if (is_unset(cls)) return vm_raise(vm, ERR_TYPE, "%Y.__new__(): not enough arguments", owner);
    Value ok = refuse_new(vm, owner, cls);
    if (is_error(ok)) return ok;
    Type *t = as_type(cls);
    if (!is_plain(vm, t) && !(t->flags & TYPE_EXCEPTION) && init_fills(vm, constructing_type(t)))
        return builtin_new(vm, t, NULL, 0, VALUE_UNSET);
    Tuple *positional = as_tuple(args.v[2]);
    Value *flat, kwnames;
    int n = native_flatten(vm, positional, as_dict(args.v[3]), &flat, &kwnames);
    if (n < 0) return VALUE_ERROR;
    Value o = builtin_new(vm, t, flat, n, kwnames);
    roots_pop(vm, flat);
    return o;
}

static const NativeDef new_row = {"__new__(owner, cls=?, /, *args, **kwargs)", nat_new,
                                  "A new object, before __init__; its class says what it takes.", 0};

Value type_new_method(VM *vm, Type *t) { return native_new(vm, &new_row, obj_value(t), NULL, VALUE_NONE); }
