/* What any value can be asked from C. Everywhere the same rule: a special method that a script class defines
 * (type_defines) goes before the built-in slot, and is called through vm_call. */
#include "vm/protocol.h"
#include "vm/container.h"
#include "vm/coroutine.h"
#include "vm/exception.h"
#include "vm/int.h"
#include "vm/iter.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/str.h"
#include "vm/type_internal.h"

/* ---- special methods ---- */

Value obj_special(VM *vm, Value v, Dunder d)
{
    Type *t = type_of(vm, v);
    Value f = type_lookup_dunder(vm, t, d);
    return is_unset(f) ? f : attr_bind(vm, f, v, t);
}

enum { MAX_SPECIAL_ARGS = 4 };

Value obj_call_special(VM *vm, Value v, Dunder d, const Value *args, int n)
{
    Type *t = type_of(vm, v);
    Value f = type_lookup_dunder(vm, t, d);
    if (is_unset(f)) return f;
    bool takes_self = is_kind(f, KIND_FUNCTION) || is_exact(f, T_METHOD_DESCRIPTOR);
    if (!takes_self || n >= MAX_SPECIAL_ARGS) {
        f = attr_bind(vm, f, v, t);
        return is_error(f) ? f : vm_call(vm, f, args, n);
    }
    Value all[1 + MAX_SPECIAL_ARGS] = {v};
    if (n) memcpy(all + 1, args, (size_t)n * sizeof *args);
    return vm_call(vm, f, all, n + 1);
}

static Value call_defined(VM *vm, Value v, Dunder d) { return obj_call_special(vm, v, d, NULL, 0); }

/* `class A: __iter__ = None` says that A has no such operation. */
static bool is_switched_off(VM *vm, Type *t, Dunder d) { return is_none(type_lookup_dunder(vm, t, d)); }

/* ---- text ---- */

/* Nested too deep for C; `where` goes on "maximum recursion depth exceeded". */
static bool too_deep(VM *vm, const char *where)
{
    if (!vm_c_stack_low(vm)) return false;
    vm_raise(vm, ERR_RECURSION, "maximum recursion depth exceeded%s", where);
    return true;
}

static Value must_be_str(VM *vm, Value s, const char *what)
{
    if (is_error(s) || is_str(s)) return s;
    return vm_raise(vm, ERR_TYPE, "%s returned non-string (type %T)", what, s);
}

Value obj_repr(VM *vm, Value v)
{
    Type *t = type_of(vm, v);
    if (too_deep(vm, " while getting the repr of an object")) return VALUE_ERROR;
    if (!type_defines(t, D_REPR)) return t->def->slots.repr(vm, v);
    return must_be_str(vm, call_defined(vm, v, D_REPR), "__repr__");
}

Value obj_str(VM *vm, Value v)
{
    if (is_exact(v, T_STR)) return v;
    if (is_small(v)) return int_to_str(vm, v, 10);
    Type *t = type_of(vm, v);
    if (too_deep(vm, " while getting the str of an object")) return VALUE_ERROR;
    if (!type_defines(t, D_STR)) {
        // object.__str__ is the repr
        bool own_repr = type_defines(t, D_REPR) && t->def->slots.str == vm->types[T_OBJECT]->def->slots.str;
        return own_repr ? must_be_str(vm, call_defined(vm, v, D_REPR), "__str__") : t->def->slots.str(vm, v);
    }
    return must_be_str(vm, call_defined(vm, v, D_STR), "__str__");
}

Value obj_ascii(VM *vm, Value v)
{
    Value s = obj_repr(vm, v);
    return is_error(s) ? s : str_ascii(vm, as_str(s));
}

Value obj_format(VM *vm, Value v, Value spec)
{
    Type *t = type_of(vm, v);
    if (is_exact(v, T_STR) && as_str(spec)->size == 0) return v;
    if (!type_defines(t, D_FORMAT)) return t->def->slots.format(vm, v, spec);
    Value s = obj_call_special(vm, v, D_FORMAT, &spec, 1);
    if (is_error(s) || is_str(s)) return s;
    return vm_raise(vm, ERR_TYPE, "__format__ must return a str, not %T", s);
}

/* ---- hash ---- */

/* What a script's __hash__ answered, as the hash it stands for. */
static Value normal_hash(VM *vm, Value h)
{
    if (is_error(h)) return h;
    if (!is_int(h)) return vm_raise(vm, ERR_TYPE, "__hash__ method should return an integer");
    int64_t i;
    if (!int_to_i64(h, &i)) i = int_hash(h);
    return int_from_i64(vm, i == -1 ? -2 : i);
}

Value obj_hash(VM *vm, Value v)
{
    Type *t = type_of(vm, v);
    if (!type_defines(t, D_HASH)) return t->def->slots.hash(vm, v);
    if (is_switched_off(vm, t, D_HASH)) return vm_raise(vm, ERR_TYPE, "unhashable type: '%T'", v);
    return normal_hash(vm, call_defined(vm, v, D_HASH));
}

bool obj_hash_raw(VM *vm, Value v, int64_t *out)
{
    Value h = obj_hash(vm, v);
    return !is_error(h) && int_to_i64(h, out);
}

/* ---- truth and length ---- */

static int script_truth(VM *vm, Value v)
{
    Value r = call_defined(vm, v, D_BOOL);
    if (is_error(r)) return -1;
    if (is_bool(r)) return r == VALUE_TRUE;
    vm_raise(vm, ERR_TYPE, "__bool__ should return bool, returned %T", r);
    return -1;
}

int obj_truth(VM *vm, Value v)
{
    if (is_bool(v)) return v == VALUE_TRUE;
    if (is_none(v)) return 0;
    if (is_small(v)) return v != small(0);
    Type *t = type_of(vm, v);
    const TypeSlots *s = &t->def->slots;
    if (type_defines(t, D_BOOL)) return script_truth(vm, v);
    bool own_length = type_defines(t, D_LEN) && (s->len || !s->truth);
    if (s->truth && !own_length) return s->truth(vm, v);
    if (!own_length && !s->len) return 1;
    int64_t n = obj_len(vm, v);
    return n < 0 ? -1 : n > 0;
}

/* A length that a script's __len__ or __length_hint__ answered; -1 on error. */
static int64_t check_length(VM *vm, Value n, const char *name)
{
    int64_t i;
    n = is_error(n) ? n : obj_index(vm, n);
    if (is_error(n)) return -1;
    if (int_sign(n) < 0) return vm_raise(vm, ERR_VALUE, "%s() should return >= 0", name), -1;
    if (int_to_i64(n, &i)) return i;
    vm_raise(vm, ERR_OVERFLOW, "cannot fit 'int' into an index-sized integer");
    return -1;
}

int64_t obj_len(VM *vm, Value v)
{
    Type *t = type_of(vm, v);
    if (type_defines(t, D_LEN)) return check_length(vm, call_defined(vm, v, D_LEN), "__len__");
    if (!t->def->slots.len) return vm_raise(vm, ERR_TYPE, "object of type '%T' has no len()", v), -1;
    Value n = t->def->slots.len(vm, v);
    return is_small(n) ? as_small(n) : check_length(vm, n, "__len__");
}

int64_t obj_length_hint(VM *vm, Value v, int64_t fallback)
{
    Type *t = type_of(vm, v);
    if (type_defines(t, D_LEN) || t->def->slots.len) {
        int64_t n = obj_len(vm, v);
        if (n >= 0 || !vm_pending_is(vm, ERR_TYPE)) return n;
        vm->exc = VALUE_UNSET;
    }
    Value hint = call_defined(vm, v, D_LENGTH_HINT);
    if (is_unset(hint) || hint == VALUE_NOT_IMPLEMENTED) return fallback;
    if (is_error(hint) && vm_pending_is(vm, ERR_TYPE)) return vm->exc = VALUE_UNSET, fallback;
    if (!is_error(hint) && !is_int(hint)) return vm_raise(vm, ERR_TYPE, "__length_hint__ must be an integer, not %T", hint), -1;
    return check_length(vm, hint, "__length_hint__");
}

/* ---- items ---- */

static Value class_getitem(VM *vm, Type *t, Value key)
{
    Value f = attr_get_opt(vm, obj_value(t), vm->dunder_names[D_CLASS_GETITEM]);
    if (is_error(f)) return f;
    if (!is_unset(f)) return vm_call1(vm, f, key);
    if (type_is_generic(vm, t)) return generic_alias_new(vm, obj_value(t), key);
    return vm_raise(vm, ERR_TYPE, "type '%Y' is not subscriptable", t);
}

Value obj_getitem(VM *vm, Value v, Value key)
{
    Type *t = type_of(vm, v);
    if (type_defines(t, D_GETITEM)) return obj_call_special(vm, v, D_GETITEM, &key, 1);
    if (t->def->slots.getitem) return t->def->slots.getitem(vm, v, key);
    if (is_kind(v, KIND_TYPE)) return class_getitem(vm, as_type(v), key);
    return vm_raise(vm, ERR_TYPE, "'%T' object is not subscriptable", v);
}

static Value none_unless_error(Value v) { return is_error(v) ? v : VALUE_NONE; }

/* Of what has slots of a sequence, CPython looks at an index before it says no. */
static Value refuse_setitem(VM *vm, Value v, Value key, bool del)
{
    int64_t i;
    bool by_position = obj_has_sequence_slots(vm, v) && is_index(vm, key);
    if (by_position && !index_subscript(vm, key, &i)) return VALUE_ERROR;
    if (!del) return vm_raise(vm, ERR_TYPE, "'%T' object does not support item assignment", v);
    return vm_raise(vm, ERR_TYPE, by_position ? "'%T' object doesn't support item deletion"
                                              : "'%T' object does not support item deletion", v);
}

Value obj_setitem(VM *vm, Value v, Value key, Value value)
{
    Type *t = type_of(vm, v);
    bool del = is_unset(value);
    if (type_defines(t, del ? D_DELITEM : D_SETITEM)) {
        Value args[2] = {key, value};
        return none_unless_error(obj_call_special(vm, v, del ? D_DELITEM : D_SETITEM, args, del ? 1 : 2));
    }
    if (t->def->slots.setitem) return t->def->slots.setitem(vm, v, key, value);
    if (type_defines(t, del ? D_SETITEM : D_DELITEM)) // one slot stands for both in CPython
        return vm_raise(vm, ERR_ATTRIBUTE, del ? "__delitem__" : "__setitem__");
    return refuse_setitem(vm, v, key, del);
}

static bool eq_item(VM *vm, Value item, void *state)
{
    Value *search = state; // [0] what is looked for, [1] the answer
    int eq = obj_eq(vm, item, search[0]);
    if (eq > 0) search[1] = VALUE_TRUE;
    return eq == 0;
}

Value obj_not_iterable(VM *vm, const char *text, Value v)
{
    if (!vm_pending_is(vm, ERR_TYPE)) return VALUE_ERROR;
    vm_take_pending(vm);
    return vm_raise(vm, ERR_TYPE, text, v);
}

static int contains_by_iteration(VM *vm, Value v, Value item)
{
    Value *search = roots_reserve(vm, 3);
    if (!search) return -1;
    search[0] = item;
    search[1] = VALUE_FALSE;
    search[2] = obj_iter(vm, v);
    if (is_error(search[2])) {
        search[2] = VALUE_UNSET;
        roots_pop(vm, search);
        return is_error(obj_not_iterable(vm, "argument of type '%T' is not iterable", v)) ? -1 : 0;
    }
    bool all = obj_iterate(vm, search[2], eq_item, search);
    bool found = search[1] == VALUE_TRUE;
    roots_pop(vm, search);
    return found ? 1 : all ? 0 : -1;
}

int obj_contains(VM *vm, Value v, Value item)
{
    Type *t = type_of(vm, v);
    if (type_defines(t, D_CONTAINS)) {
        if (is_switched_off(vm, t, D_CONTAINS)) return vm_raise(vm, ERR_TYPE, "'%T' object is not a container", v), -1;
        Value r = obj_call_special(vm, v, D_CONTAINS, &item, 1);
        return is_error(r) ? -1 : obj_truth(vm, r);
    }
    if (!t->def->slots.contains) return contains_by_iteration(vm, v, item);
    Value r = t->def->slots.contains(vm, v, item);
    return is_error(r) ? -1 : r == VALUE_TRUE;
}

/* ---- iteration ---- */

static bool is_iterator(VM *vm, Value v)
{
    Type *t = type_of(vm, v);
    return type_defines(t, D_NEXT) || t->def->slots.next;
}

bool obj_is_iterable(VM *vm, Value v)
{
    Type *t = type_of(vm, v);
    if (type_defines(t, D_ITER)) return !is_switched_off(vm, t, D_ITER);
    return t->def->slots.iter || type_defines(t, D_GETITEM);
}

Value obj_iter(VM *vm, Value v)
{
    Type *t = type_of(vm, v);
    if (!obj_is_iterable(vm, v)) return vm_raise(vm, ERR_TYPE, "'%T' object is not iterable", v);
    if (!type_defines(t, D_ITER)) return t->def->slots.iter ? t->def->slots.iter(vm, v) : sequence_iter(vm, v);
    Value it = call_defined(vm, v, D_ITER);
    if (is_error(it) || is_iterator(vm, it)) return it;
    return vm_raise(vm, ERR_TYPE, "iter() returned non-iterator of type '%T'", it);
}

Value obj_next(VM *vm, Value it)
{
    if (is_exact(it, T_GENERATOR)) return gen_next_c(vm, as_gen(it));
    Type *t = type_of(vm, it);
    Value v;
    if (type_defines(t, D_NEXT)) v = call_defined(vm, it, D_NEXT);
    else if (t->def->slots.next) v = t->def->slots.next(vm, it);
    else return vm_raise(vm, ERR_TYPE, "'%T' object is not an iterator", it);
    if (!is_error(v) || !vm_pending_is(vm, ERR_STOP_ITERATION)) return v;
    vm->exc = VALUE_UNSET;
    return VALUE_STOP;
}

/* ---- attributes ---- */

Value obj_getattr(VM *vm, Value v, Str *name) { return attr_get(vm, v, name); }
Value obj_getattr_opt(VM *vm, Value v, Str *name) { return attr_get_opt(vm, v, name); }
Value obj_setattr(VM *vm, Value v, Str *name, Value value) { return attr_set(vm, v, name, value); }

/* ---- as an index ---- */

Value obj_index(VM *vm, Value v)
{
    if (is_exact_int(v)) return v;
    if (is_int(v)) return int_normal(vm, v);
    Value i = call_defined(vm, v, D_INDEX);
    if (is_unset(i)) return vm_raise(vm, ERR_TYPE, "'%T' object cannot be interpreted as an integer", v);
    if (is_error(i) || is_exact_int(i)) return i;
    if (is_int(i)) return int_normal(vm, i);
    return vm_raise(vm, ERR_TYPE, "__index__ returned non-int (type %T)", i);
}

bool obj_index_i64(VM *vm, Value v, int64_t *out)
{
    Value i = obj_index(vm, v);
    if (is_error(i)) return false;
    if (!int_to_i64(i, out)) *out = int_sign(i) < 0 ? INT64_MIN : INT64_MAX;
    return true;
}

bool obj_is_callable(VM *vm, Value v)
{
    return !is_unset(type_lookup_dunder(vm, type_of(vm, v), D_CALL));
}

/* ---- classes ---- */

/* Goes through tuples and unions; -1 with `text` as TypeError for what is no class. */
typedef int (*ClassTest)(VM *vm, Value v, Value cls);

static int any_class(VM *vm, Value v, const Tuple *classes, ClassTest test)
{
    if (vm_c_stack_low(vm)) return -1;
    for (size_t i = 0; i < classes->size; i++) {
        int r = test(vm, v, classes->items[i]);
        if (r) return r;
    }
    return 0;
}

/* Calls a hook of cls's class; UNSET: it has none. */
static Value call_check(VM *vm, Value cls, Str *name, Value arg)
{
    Type *t = type_of(vm, cls);
    Value f = t->flags & TYPE_HEAP ? type_lookup(vm, t, name) : VALUE_UNSET;
    if (is_unset(f)) return f;
    f = attr_bind(vm, f, cls, t);
    return is_error(f) ? f : vm_call1(vm, f, arg);
}

static int answer_of(VM *vm, Value r) { return is_error(r) ? -1 : obj_truth(vm, r); }

/* A class may claim to be another by its __class__ property. */
static int claims_class(VM *vm, Value v, Type *cls)
{
    Type *t = type_of(vm, v);
    if (!(t->flags & TYPE_HEAP)) return 0;
    Value c = type_lookup(vm, t, vm->common->class_);
    if (!is_kind(c, KIND_PROPERTY)) return 0;
    c = attr_get_opt(vm, v, vm->common->class_);
    if (is_error(c)) return -1;
    return is_kind(c, KIND_TYPE) && type_is_subtype(as_type(c), cls);
}

/* What the metaclass of cls says to isinstance() or issubclass(); UNSET: nothing. */
static Value ask_metaclass(VM *vm, Value cls, Str *name, Value arg)
{
    if (as_obj(cls)->shape == T_TYPE) return VALUE_UNSET;
    Value check = type_lookup(vm, type_of(vm, cls), name), args[] = {cls, arg};
    return check == type_lookup(vm, vm->types[T_TYPE], name) ? VALUE_UNSET : vm_call(vm, check, args, 2);
}

/* What is no class may look like one by a tuple __bases__ that it answers: then the classes' own order is not known.
 * Asking for it may raise. */
static int refuse_class(VM *vm, Value cls, const char *text)
{
    Value bases = obj_getattr_opt(vm, cls, vm->common->bases);
    if (is_error(bases)) return -1;
    if (is_tuple(bases)) return 0;
    vm_raise(vm, ERR_TYPE, "%s", text);
    return -1;
}

int obj_isinstance(VM *vm, Value v, Value cls)
{
    if (is_kind(cls, KIND_TYPE)) {
        if (type_of(vm, v) == as_type(cls)) return 1;
        Value asked = ask_metaclass(vm, cls, vm->common->instancecheck, v);
        if (!is_unset(asked)) return answer_of(vm, asked);
        return type_is_subtype(type_of(vm, v), as_type(cls)) ? 1 : claims_class(vm, v, as_type(cls));
    }
    if (is_tuple(cls)) return any_class(vm, v, as_tuple(cls), obj_isinstance);
    if (is_exact(cls, T_UNION)) return any_class(vm, v, as_tuple(((Pair *)as_obj(cls))->a), obj_isinstance);
    if (is_exact(cls, T_GENERIC_ALIAS))
        return vm_raise(vm, ERR_TYPE, "isinstance() argument 2 cannot be a parameterized generic"), -1;
    Value r = call_check(vm, cls, vm->common->instancecheck, v);
    if (!is_unset(r)) return answer_of(vm, r);
    return refuse_class(vm, cls, "isinstance() arg 2 must be a type, a tuple of types, or a union");
}

static int refuse_subclass(VM *vm) { return vm_raise(vm, ERR_TYPE, "issubclass() arg 1 must be a class"), -1; }

static int is_subclass(VM *vm, Value sub, Value cls)
{
    if (is_kind(cls, KIND_TYPE)) {
        Value asked = ask_metaclass(vm, cls, vm->common->subclasscheck, sub);
        if (!is_unset(asked)) return answer_of(vm, asked);
        return is_kind(sub, KIND_TYPE) ? type_is_subtype(as_type(sub), as_type(cls)) : refuse_subclass(vm);
    }
    if (is_tuple(cls)) return any_class(vm, sub, as_tuple(cls), is_subclass);
    if (is_exact(cls, T_UNION)) return any_class(vm, sub, as_tuple(((Pair *)as_obj(cls))->a), is_subclass);
    if (is_exact(cls, T_GENERIC_ALIAS))
        return vm_raise(vm, ERR_TYPE, "issubclass() argument 2 cannot be a parameterized generic"), -1;
    Value r = call_check(vm, cls, vm->common->subclasscheck, sub);
    if (!is_unset(r)) return answer_of(vm, r);
    if (!is_kind(sub, KIND_TYPE)) return refuse_subclass(vm);
    return refuse_class(vm, cls, "issubclass() arg 2 must be a class, a tuple of classes, or a union");
}

int obj_issubclass(VM *vm, Value sub, Value cls)
{
    return is_subclass(vm, sub, cls);
}
