/* list[int] and int | str: types as annotations write them. A GenericAlias is a Pair (origin, tuple of arguments), a
 * Union a Pair (tuple of members, UNSET). */
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type_internal.h"

static Pair *as_pair(Value v) { return (Pair *)as_obj(v); }

static Value pair_new(VM *vm, TypeId type, Value a, Value b)
{
    Pair *p = heap_new(vm, KIND_PAIR, type, Pair);
    if (!p) return VALUE_ERROR;
    p->a = a;
    p->b = b;
    return obj_value(p);
}

/* ---- their text ---- */

/* They may be anything; builtins are not told. */
static Value joined_names(VM *vm, Value module, Value name)
{
    Value *roots = roots_push(vm, module);
    if (!roots) return VALUE_ERROR;
    name = obj_str(vm, name);
    Value *after = is_error(name) ? NULL : roots_push(vm, name);
    Value first = after ? obj_str(vm, *roots) : VALUE_ERROR;
    bool alone = !is_error(first) && str_eq(as_str(first), vm->common->builtins);
    Value text = !after || is_error(first) ? VALUE_ERROR : alone ? *after : str_format(vm, "%V.%V", first, *after);
    roots_pop(vm, roots);
    return text;
}

/* 1: it is an alias, ours or another's; 0 not; -1 with an exception pending. */
static int is_alias(VM *vm, Value v)
{
    if (is_exact(v, T_GENERIC_ALIAS)) return 1;
    static const char *const signs[] = {"__origin__", "__args__"};
    for (int i = 0; i < 2; i++) {
        Value sign = obj_getattr_opt(vm, v, vm_intern(vm, signs[i]));
        if (is_error(sign)) return -1;
        if (is_unset(sign)) return 0;
    }
    return 1;
}

/* What has a module and a qualified name is told by them, anything else by its repr. */
static Value name_or_repr(VM *vm, Value v)
{
    if (is_kind(v, KIND_TYPE)) return type_full_name(vm, as_type(v));
    int alias = is_alias(vm, v);
    if (alias < 0) return VALUE_ERROR;
    Value name = alias ? VALUE_UNSET : obj_getattr_opt(vm, v, vm->common->qualname);
    if (is_unset(name)) return obj_repr(vm, v);
    if (is_error(name)) return name;
    Value *root = roots_push(vm, name);
    Value module = root ? obj_getattr_opt(vm, v, vm->common->module_) : VALUE_ERROR;
    if (root) name = *root, roots_pop(vm, root);
    if (is_error(module)) return module;
    if (is_unset(module) || is_none(module)) return obj_repr(vm, v);
    return joined_names(vm, module, name);
}

/* Classes and functions by their names, ... as such, anything else by its repr. */
static bool add_item(StrBuilder *b, Value v)
{
    VM *vm = b->vm;
    if (v == VALUE_ELLIPSIS) return sb_add_c(b, "...");
    if (v == obj_value(vm->types[T_NONE])) return sb_add_c(b, "None");
    Value text = name_or_repr(vm, v);
    return !is_error(text) && sb_add_str(b, text);
}

static bool add_items(StrBuilder *b, const Value *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!sb_add_c(b, i ? ", " : "") || !add_item(b, items[i])) return false;
    return true;
}

static Value alias_repr(VM *vm, Value self)
{
    if (vm_c_stack_low(vm)) return VALUE_ERROR;
    Tuple *args = as_tuple(as_pair(self)->b);
    StrBuilder b;
    sb_init(&b, vm);
    bool ok = add_item(&b, as_pair(self)->a) && sb_add_c(&b, "[") && add_items(&b, args->items, args->size) &&
              sb_add_c(&b, args->size ? "]" : "()]");
    return ok ? sb_finish(&b) : (sb_drop(&b), VALUE_ERROR);
}

static Value union_repr(VM *vm, Value self)
{
    Tuple *members = as_tuple(as_pair(self)->a);
    StrBuilder b;
    sb_init(&b, vm);
    bool ok = true;
    for (size_t i = 0; i < members->size && ok; i++) ok = sb_add_c(&b, i ? " | " : "") && add_item(&b, members->items[i]);
    return ok ? sb_finish(&b) : (sb_drop(&b), VALUE_ERROR);
}

/* ---- list[int] ---- */

bool type_is_generic(VM *vm, Type *t)
{
    static const uint8_t generic[] = {T_TYPE, T_LIST, T_TUPLE, T_DICT, T_SET, T_FROZENSET, T_ENUMERATE, T_FUTURE, T_TASK};
    for (size_t i = 0; i < sizeof generic; i++)
        if (type_is_subtype(t, vm->types[generic[i]])) return true;
    return false;
}

Value generic_alias_new(VM *vm, Value origin, Value args)
{
    if (!is_exact(args, T_TUPLE)) args = tuple_new(vm, &args, 1);
    return is_error(args) ? args : pair_new(vm, T_GENERIC_ALIAS, origin, args);
}

static Value alias_compare(VM *vm, Value a, Value b, CompareOp op)
{
    if ((op != CMP_EQ && op != CMP_NE) || !is_exact(b, T_GENERIC_ALIAS)) return VALUE_NOT_IMPLEMENTED;
    int eq = obj_eq(vm, as_pair(a)->a, as_pair(b)->a);
    if (eq > 0) eq = obj_eq(vm, as_pair(a)->b, as_pair(b)->b);
    return eq < 0 ? VALUE_ERROR : bool_value((bool)eq == (op == CMP_EQ));
}

static Value alias_hash(VM *vm, Value self)
{
    int64_t origin, args;
    if (!obj_hash_raw(vm, as_pair(self)->a, &origin) || !obj_hash_raw(vm, as_pair(self)->b, &args)) return VALUE_ERROR;
    int64_t h = origin ^ args;
    return int_from_i64(vm, h == -1 ? -2 : h);
}

/* Type variables are typing's, and so is what they do; UNSET: as it is not imported, there are none. */
static Value ask_typing(VM *vm, const char *name, const Value *args, int n)
{
    Value typing = dict_get_c(vm, vm->modules, "typing");
    Value f = is_unset(typing) ? typing : obj_getattr_opt(vm, typing, vm_intern(vm, name));
    return is_unset(f) || is_error(f) ? f : vm_call(vm, f, args, n);
}

static Value parameters_in(VM *vm, Value args)
{
    Value found = ask_typing(vm, "_parameters", &args, 1);
    return is_unset(found) ? obj_value(vm->empty_tuple) : found;
}

/* list[T][int] */
static Value alias_getitem(VM *vm, Value self, Value key)
{
    Value *root = roots_push(vm, self);
    if (!root) return VALUE_ERROR;
    Value pair[] = {self, key}, args = ask_typing(vm, "_given", pair, 2);
    self = *root;
    roots_pop(vm, root);
    if (is_error(args)) return args;
    if (!is_unset(args)) return generic_alias_new(vm, as_pair(self)->a, args);
    Value text = alias_repr(vm, self);
    return is_error(text) ? text : vm_raise(vm, ERR_TYPE, "%V is not a generic class", text);
}

static Value type_or(VM *vm, BinaryOp op, Value a, Value b)
{
    return op == BIN_OR ? union_new(vm, a, b) : VALUE_NOT_IMPLEMENTED;
}

/* What the origin has, but for what an alias has itself. */
static Value alias_getattr(VM *vm, Value self, Str *name)
{
    Type *t = vm->types[T_GENERIC_ALIAS];
    Value own = type_own(vm, t, name);
    if (!is_unset(own) && name != vm->common->doc) return attr_bind(vm, own, self, t);
    bool dunder = name->size > 4 && name->data[0] == '_' && name->data[1] == '_';
    bool forwarded = !dunder || name == vm->common->name_ || name == vm->common->qualname ||
                     name == vm->common->module_ || name == vm->common->doc;
    if (forwarded) return attr_get(vm, as_pair(self)->a, name);
    Value inherited = type_lookup(vm, t, name);
    return is_unset(inherited) ? inherited : attr_bind(vm, inherited, self, t);
}

/* list[int](...) makes a list; an instance that takes attributes learns its alias. */
static Value nat_call(VM *vm, Args args)
{
    Value *flat, kwnames;
    int n = native_flatten(vm, as_tuple(args.v[1]), as_dict(args.v[2]), &flat, &kwnames);
    if (n < 0) return VALUE_ERROR;
    Value v = vm_call_kw(vm, as_pair(args.v[0])->a, flat, n, kwnames);
    roots_pop(vm, flat);
    if (is_kind(v, KIND_INSTANCE) && type_of(vm, v)->flags & TYPE_HAS_DICT &&
        !instance_set(vm, (Instance *)as_obj(v), vm->common->orig_class, args.v[0]))
        return VALUE_ERROR;
    return v;
}

static Value nat_alias(VM *vm, Args args) { return generic_alias_new(vm, args.v[1], args.v[2]); }

static Value get_first(VM *vm, Value self) { return (void)vm, as_pair(self)->a; }
static Value get_second(VM *vm, Value self) { return (void)vm, as_pair(self)->b; }
static Value get_parameters(VM *vm, Value self) { return parameters_in(vm, as_pair(self)->b); }

static const NativeDef alias_methods[] = {
    {"__call__(self, /, *args, **kwargs)", nat_call, "Call it.", 0},
    {0},
};
static const GetSetDef alias_getsets[] = {
    {"__origin__", get_first, NULL, NULL},
    {"__args__", get_second, NULL, NULL},
    {"__parameters__", get_parameters, NULL, NULL},
    {0},
};

const TypeDef type_def_GENERIC_ALIAS = {
    .slots = {.repr = alias_repr, .compare = alias_compare, .hash = alias_hash, .getitem = alias_getitem,
              .binary = type_or, .getattr = alias_getattr},
    .methods = alias_methods,
    .getsets = alias_getsets,
    .constructor = {"GenericAlias(origin, args, /)", nat_alias, NULL, 0},
    .doc = "A generic type with its arguments, such as list[int].",
    .flags = TYPE_FINAL,
    .operators = OPS_BOTH(BIN_OR),
};

/* ---- int | str ---- */

static bool can_be_member(Value v)
{
    return is_none(v) || is_kind(v, KIND_TYPE) || is_exact(v, T_GENERIC_ALIAS) || is_exact(v, T_UNION);
}

static bool add_member(VM *vm, List *members, Value v)
{
    if (is_none(v)) v = obj_value(vm->types[T_NONE]);
    if (is_exact(v, T_UNION)) {
        const Tuple *more = as_tuple(as_pair(v)->a);
        for (size_t i = 0; i < more->size; i++)
            if (!add_member(vm, members, more->items[i])) return false;
        return true;
    }
    for (size_t i = 0; i < members->size; i++) {
        int eq = obj_eq(vm, members->items[i], v);
        if (eq) return eq > 0;
    }
    return list_append(vm, members, v);
}

Value union_new(VM *vm, Value a, Value b)
{
    if (!can_be_member(a) || !can_be_member(b) || (is_none(a) && is_none(b))) return VALUE_NOT_IMPLEMENTED;
    Value list = list_new(vm, NULL, 0);
    Value *root = is_error(list) ? NULL : roots_push(vm, list);
    if (!root) return VALUE_ERROR;
    bool ok = add_member(vm, as_list(list), a) && add_member(vm, as_list(list), b);
    roots_pop(vm, root);
    if (!ok) return VALUE_ERROR;
    if (as_list(list)->size == 1) return as_list(list)->items[0];
    Value members = tuple_new(vm, as_list(list)->items, as_list(list)->size);
    return is_error(members) ? members : pair_new(vm, T_UNION, members, VALUE_UNSET);
}

static int includes(VM *vm, const Tuple *all, const Tuple *some)
{
    for (size_t i = 0; i < some->size; i++) {
        int found = 0;
        for (size_t k = 0; k < all->size && !found; k++) found = obj_eq(vm, all->items[k], some->items[i]);
        if (found <= 0) return found;
    }
    return 1;
}

static Value union_compare(VM *vm, Value a, Value b, CompareOp op)
{
    if ((op != CMP_EQ && op != CMP_NE) || !is_exact(b, T_UNION)) return VALUE_NOT_IMPLEMENTED;
    const Tuple *x = as_tuple(as_pair(a)->a), *y = as_tuple(as_pair(b)->a);
    int eq = x->size == y->size ? includes(vm, x, y) : 0;
    return eq < 0 ? VALUE_ERROR : bool_value((bool)eq == (op == CMP_EQ));
}

/* The same in whatever order the members are. */
static Value union_hash(VM *vm, Value self)
{
    const Tuple *members = as_tuple(as_pair(self)->a);
    uint64_t h = 0;
    for (size_t i = 0; i < members->size; i++) {
        int64_t one;
        if (!obj_hash_raw(vm, members->items[i], &one)) return VALUE_ERROR;
        h += (uint64_t)one * 0x9E3779B97F4A7C15u;
    }
    return int_from_i64(vm, (int64_t)(h >> 4));
}

static Value union_getitem(VM *vm, Value self, Value key)
{
    Value pair[] = {self, key}, other = ask_typing(vm, "_union_given", pair, 2);
    if (!is_unset(other)) return other;
    Value text = union_repr(vm, self);
    return is_error(text) ? text : vm_raise(vm, ERR_TYPE, "%V is not a generic class", text);
}

static Value get_union_parameters(VM *vm, Value self) { return parameters_in(vm, as_pair(self)->a); }

static const GetSetDef union_getsets[] = {
    {"__args__", get_first, NULL, NULL},
    {"__parameters__", get_union_parameters, NULL, NULL},
    {0},
};

const TypeDef type_def_UNION = {
    .slots = {.repr = union_repr, .compare = union_compare, .hash = union_hash, .getitem = union_getitem,
              .binary = type_or},
    .getsets = union_getsets,
    .doc = "One of several types, such as int | None.",
    .flags = TYPE_FINAL,
    .operators = OPS_BOTH(BIN_OR),
};
