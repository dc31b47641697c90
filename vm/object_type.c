/* The types object and type, and those of None, ... and NotImplemented. */
#include "vm/coroutine.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/reduce.h"
#include "vm/str.h"
#include "vm/type_internal.h"

/* ---- object: slots that every type inherits ---- */

static Value object_repr(VM *vm, Value self)
{
    Value name = type_full_name(vm, type_of(vm, self));
    return is_error(name) ? name : str_format(vm, "<%V object at %p>", name, value_id(self));
}

static Value object_str(VM *vm, Value self) { return obj_repr(vm, self); }

static Value object_format(VM *vm, Value self, Value spec)
{
    if (as_str(spec)->size)
        return vm_raise(vm, ERR_TYPE, "unsupported format string passed to %T.__format__", self);
    return obj_str(vm, self);
}

static Value object_hash(VM *vm, Value self)
{
    int64_t h = (int64_t)(self >> 4 | self << 60); // the low bits of addresses are all alike
    return int_from_i64(vm, h == -1 ? -2 : h);
}

/* Equal means identical; a class with __eq__ has a __ne__ for free, but that is obj_compare's business. */
static Value object_compare(VM *vm, Value a, Value b, CompareOp op)
{
    if (op == CMP_EQ && a == b) return VALUE_TRUE;
    if (op != CMP_NE) return VALUE_NOT_IMPLEMENTED;
    Value eq = type_defines(type_of(vm, a), D_EQ) ? obj_call_special(vm, a, D_EQ, &b, 1)
                                                  : type_of(vm, a)->def->slots.compare(vm, a, b, CMP_EQ);
    if (is_error(eq) || eq == VALUE_NOT_IMPLEMENTED) return eq;
    int truth = obj_truth(vm, eq);
    return truth < 0 ? VALUE_ERROR : bool_value(!truth);
}

/* ---- object: methods ---- */

/* object(*args, **kwargs): only reached when nobody else makes the instance (construct.c). */
static Value nat_object(VM *vm, Args args) { return instance_new(vm, as_type(args.v[0])); }

/* What object's slots do with any receiver, whatever its own type does: object.__repr__([]). */
static Value nat_repr(VM *vm, Args args) { return object_repr(vm, args.v[0]); }
static Value nat_str(VM *vm, Args args) { return object_str(vm, args.v[0]); }
static Value nat_hash(VM *vm, Args args) { return object_hash(vm, args.v[0]); }
static Value nat_order(VM *vm, Args args) { return (void)vm, (void)args, VALUE_NOT_IMPLEMENTED; }
static Value nat_eq(VM *vm, Args args) { return object_compare(vm, args.v[0], args.v[1], CMP_EQ); }
static Value nat_ne(VM *vm, Args args) { return object_compare(vm, args.v[0], args.v[1], CMP_NE); }

static Value nat_init(VM *vm, Args args)
{
    Type *t = type_of(vm, args.v[0]);
    if (!as_tuple(args.v[1])->size && !dict_len(as_dict(args.v[2]))) return VALUE_NONE;
    if (type_defines(t, D_INIT))
        return vm_raise(vm, ERR_TYPE, "object.__init__() takes exactly one argument (the instance to initialize)");
    if (!type_defines(t, D_NEW) && t->kind == KIND_INSTANCE)
        return vm_raise(vm, ERR_TYPE, "%Y.__init__() takes exactly one argument (the instance to initialize)", t);
    return VALUE_NONE;
}

/* What the object itself takes; immediate values take nothing beside the word that holds them. */
static Value nat_sizeof(VM *vm, Args args)
{
    Value v = args.v[0];
    if (!is_ptr(v)) return small(sizeof(Value));
    const Obj *o = as_obj(v);
    switch (o->kind) {
    case KIND_STR: return int_from_u64(vm, sizeof(Str) + as_str(v)->size + 1);
    case KIND_BYTES: return int_from_u64(vm, sizeof(Bytes) + ((Bytes *)o)->size + 1);
    case KIND_BYTEARRAY: return int_from_u64(vm, sizeof(ByteArray) + ((ByteArray *)o)->capacity);
    case KIND_TUPLE: return int_from_u64(vm, sizeof(Tuple) + as_tuple(v)->size * sizeof(Value));
    case KIND_LIST: return int_from_u64(vm, sizeof(List) + as_list(v)->capacity * sizeof(Value));
    case KIND_DICT: return int_from_u64(vm, sizeof(Dict) + dict_block_size(as_dict(v)));
    case KIND_SET:
        return int_from_u64(
            vm, sizeof(Set) + (as_set(v)->table == as_set(v)->small_table ? 0 : set_table_size(as_set(v))));
    case KIND_GEN:
        return int_from_u64(vm, sizeof(Gen) + frame_code(&((Gen *)as_obj(v))->frame)->nregs * sizeof(Value));
    default: return small(sizeof(Instance));
    }
}

static bool check_name(VM *vm, Value name)
{
    if (is_str(name)) return true;
    vm_raise(vm, ERR_TYPE, "attribute name must be string, not '%T'", name);
    return false;
}

static Value nat_getattribute(VM *vm, Args args)
{
    if (!check_name(vm, args.v[1])) return VALUE_ERROR;
    Value v = attr_get_generic(vm, args.v[0], as_str(args.v[1]));
    if (!is_unset(v)) return v;
    if (!is_kind(args.v[0], KIND_TYPE)) return attr_missing(vm, args.v[0], as_str(args.v[1]));
    return vm_raise(vm, ERR_ATTRIBUTE, "'%T' object has no attribute '%N'", args.v[0], as_str(args.v[1]));
}

/* object's own may not be used to change a class behind the back of its metaclass. */
static bool may_apply(VM *vm, Args args, const char *method)
{
    if (!check_name(vm, args.v[1])) return false;
    if (is_kind(args.v[0], KIND_TYPE)) vm_raise(vm, ERR_TYPE, "can't apply this %s to type object", method);
    return is_unset(vm->exc);
}

static Value nat_setattr(VM *vm, Args args)
{
    if (!may_apply(vm, args, "__setattr__")) return VALUE_ERROR;
    return attr_set_generic(vm, args.v[0], as_str(args.v[1]), args.v[2]);
}

static Value nat_delattr(VM *vm, Args args)
{
    if (!may_apply(vm, args, "__delattr__")) return VALUE_ERROR;
    return attr_set_generic(vm, args.v[0], as_str(args.v[1]), VALUE_UNSET);
}

static Value nat_dir(VM *vm, Args args) { return attr_dir_default(vm, args.v[0]); }

static Value nat_init_subclass(VM *vm, Args args)
{
    size_t n = as_tuple(args.v[1])->size;
    if (n) return vm_raise(vm, ERR_TYPE, "object.__init_subclass__() takes no arguments (%zu given)", n);
    if (!dict_len(as_dict(args.v[2]))) return VALUE_NONE;
    return vm_raise(vm, ERR_TYPE, "%V.__init_subclass__() takes no keyword arguments", as_type(args.v[0])->qualname);
}

static Value nat_subclasshook(VM *vm, Args args)
{
    (void)vm;
    (void)args;
    return VALUE_NOT_IMPLEMENTED;
}

static Value get_class(VM *vm, Value self) { return obj_value(type_of(vm, self)); }

/* The class that last added to the layout, on the way from t's bases to it. */
static const Type *layout_of(const Type *t)
{
    while (t->base && t->flags & TYPE_HEAP && type_same_layout(t, t->base)) t = t->base;
    return t;
}

static bool may_replace(const Type *a, const Type *b)
{
    a = layout_of(a);
    b = layout_of(b);
    return a == b || (a->base == b->base && type_same_layout(a, b));
}

static Value set_class(VM *vm, Value self, Value v)
{
    if (is_unset(v)) return vm_raise(vm, ERR_TYPE, "can't delete __class__ attribute");
    if (!is_kind(v, KIND_TYPE)) return vm_raise(vm, ERR_TYPE, "__class__ must be set to a class, not '%T' object", v);
    Type *old = type_of(vm, self), *new = as_type(v);
    if (!(old->flags & new->flags & TYPE_HEAP))
        return vm_raise(vm, ERR_TYPE,
                        "__class__ assignment only supported for mutable types or ModuleType subclasses");
    if (!may_replace(old, new))
        return vm_raise(vm, ERR_TYPE, "__class__ assignment: '%Y' object layout differs from '%Y'", new, old);
    return obj_set_class(vm, as_obj(self), new) ? VALUE_NONE : VALUE_ERROR;
}

static const NativeDef object_methods[] = {
    {"__init__(self, /, *args, **kwargs)", nat_init, "Set up a new object; its class says what it takes.", 0},
    {"__repr__(self, /)", nat_repr, "repr(self)", 0},
    {"__str__(self, /)", nat_str, "str(self)", 0},
    {"__hash__(self, /)", nat_hash, "hash(self)", 0},
    {"__eq__(self, value, /)", nat_eq, "self == value", 0},
    {"__ne__(self, value, /)", nat_ne, "self != value", 0},
    {"__lt__(self, value, /)", nat_order, "self < value", 0},
    {"__le__(self, value, /)", nat_order, "self <= value", 0},
    {"__gt__(self, value, /)", nat_order, "self > value", 0},
    {"__ge__(self, value, /)", nat_order, "self >= value", 0},
    {"__getattribute__(self, name, /)", nat_getattribute, "The attribute name, as self.name finds it.", 0},
    {"__setattr__(self, name, value, /)", nat_setattr, "What self.name = value does.", 0},
    {"__delattr__(self, name, /)", nat_delattr, "What del self.name does.", 0},
    {"__sizeof__(self, /)", nat_sizeof, "The bytes of memory it takes, without the objects it refers to.", 0},
    {"__reduce_ex__(self, protocol, /)", nat_object_reduce_ex, "How pickle and copy make it again: a callable, its arguments, a state.",
     0},
    {"__reduce__(self, /)", nat_object_reduce, "The same as pickle's oldest protocol says it.", 0},
    {"__getstate__(self, /)", nat_object_getstate, "Its attributes, for a copy: a dict, or one and that of its slots; None: it has none.", 0},
    {"__dir__(self, /)", nat_dir, "The names of its attributes.", 0},
    {"__init_subclass__(cls, /, *args, **kwargs)", nat_init_subclass,
     "Called with each new subclass, for the class above to override.",
     NATIVE_CLASSMETHOD},
    {"__subclasshook__(cls, /, *args)", nat_subclasshook,
     "An abstract class's say in issubclass(): True, False or NotImplemented.",
     NATIVE_CLASSMETHOD},
    {0},
};

static const GetSetDef object_getsets[] = {{"__class__", get_class, set_class, "the object's class"}, {0}};

const TypeDef type_def_OBJECT = {
    .slots = {.repr = object_repr, .str = object_str, .format = object_format, .hash = object_hash,
              .compare = object_compare},
    .methods = object_methods,
    .getsets = object_getsets,
    .constructor = {"object(*args, **kwargs)", nat_object, NULL, 0},
    .doc = "What every class derives from.",
};

/* ---- type ---- */

static Value type_repr(VM *vm, Value self)
{
    Value name = type_full_name(vm, as_type(self));
    return is_error(name) ? name : str_format(vm, "<class '%V'>", name);
}

static Value create_from_args(VM *vm, Tuple *args, Value kwds)
{
    Value name = args->items[0], bases = args->items[1], ns = args->items[2];
    if (!is_str(name)) return vm_raise(vm, ERR_TYPE, "type.__new__() argument 1 must be str, not %A", name);
    if (!is_tuple(bases)) return vm_raise(vm, ERR_TYPE, "type.__new__() argument 2 must be tuple, not %A", bases);
    if (!is_dict(ns)) return vm_raise(vm, ERR_TYPE, "type.__new__() argument 3 must be dict, not %A", ns);
    if (!type_check_bases(vm, as_tuple(bases))) return VALUE_ERROR;
    return type_create(vm, as_str(name), as_tuple(bases), as_dict(ns), kwds);
}

/* type(object) or type(name, bases, dict, **kwds) */
static Value nat_type(VM *vm, Args args)
{
    Tuple *positional = as_tuple(args.v[1]);
    if (positional->size == 3) return create_from_args(vm, positional, args.v[2]);
    if (positional->size == 1 && !dict_len(as_dict(args.v[2]))) return obj_value(type_of(vm, positional->items[0]));
    return vm_raise(vm, ERR_TYPE, "type() takes 1 or 3 arguments");
}

static Value nat_call(VM *vm, Args args)
{
    Value *flat, kwnames;
    int n = native_flatten(vm, as_tuple(args.v[1]), as_dict(args.v[2]), &flat, &kwnames);
    if (n < 0) return VALUE_ERROR;
    Value v = type_instantiate(vm, as_type(args.v[0]), flat, n, kwnames);
    roots_pop(vm, flat);
    return v;
}

static Value nat_mro(VM *vm, Args args)
{
    const Tuple *mro = as_type(args.v[0])->mro;
    return list_new(vm, mro->items, mro->size);
}

static Value nat_subclasses(VM *vm, Args args)
{
    Value list = list_with_capacity(vm, 4);
    Type *t = as_type(args.v[0]);
    for (size_t i = 0; !is_error(list) && i < type_subclass_count(t); i++) {
        Type *sub = *type_subclass_at(t, i);
        if (sub && !list_append(vm, as_list(list), obj_value(sub))) return VALUE_ERROR;
    }
    return list;
}

static Value nat_instancecheck(VM *vm, Args args)
{
    return bool_value(type_is_subtype(type_of(vm, args.v[1]), as_type(args.v[0])));
}

static Value nat_subclasscheck(VM *vm, Args args)
{
    int r = obj_issubclass(vm, args.v[1], args.v[0]);
    return r < 0 ? VALUE_ERROR : bool_value(r);
}

static Value nat_type_setattr(VM *vm, Args args)
{
    return check_name(vm, args.v[1]) ? attr_set_generic(vm, args.v[0], as_str(args.v[1]), args.v[2]) : VALUE_ERROR;
}

static Value nat_type_delattr(VM *vm, Args args)
{
    return check_name(vm, args.v[1]) ? attr_set_generic(vm, args.v[0], as_str(args.v[1]), VALUE_UNSET) : VALUE_ERROR;
}

static Value type_binary(VM *vm, BinaryOp op, Value a, Value b)
{
    return op == BIN_OR ? union_new(vm, a, b) : VALUE_NOT_IMPLEMENTED;
}

/* "deque" of "collections.deque". */
/* Do error texts say the module, too? Built-in types' names are so, and those that the library's own classes got. */
static bool has_full_name(const Type *t)
{
    if (!(t->flags & TYPE_HEAP)) return true;
    if (!is_str(t->module)) return false;
    const Str *module = as_str(t->module);
    return t->name->size > module->size && t->name->data[module->size] == '.' &&
           !memcmp(t->name->data, module->data, module->size);
}

static Value get_name(VM *vm, Value self)
{
    const Str *name = as_type(self)->name;
    const char *dot = has_full_name(as_type(self)) ? strrchr(name->data, '.') : NULL;
    return dot ? str_from_c(vm, dot + 1) : obj_value(name);
}

static Value check_text(VM *vm, Type *t, const char *name, Value v)
{
    if (is_unset(v)) return vm_raise(vm, ERR_TYPE, "cannot delete '%s' attribute of immutable type '%Y'", name, t);
    if (!is_str(v)) return vm_raise(vm, ERR_TYPE, "can only assign string to %Y.%s, not '%T'", t, name, v);
    return VALUE_NONE;
}

static Value set_name(VM *vm, Value self, Value v)
{
    Type *t = as_type(self);
    Value ok = check_text(vm, t, "__name__", v);
    Str *name = is_error(ok) ? NULL : str_intern(vm, as_str(v)->data, as_str(v)->size);
    if (!name) return VALUE_ERROR;
    gc_store_ptr(vm, t, (void **)&t->name, name);
    return VALUE_NONE;
}

static Value get_qualname(VM *vm, Value self) { return (void)vm, as_type(self)->qualname; }

static Value set_qualname(VM *vm, Value self, Value v)
{
    Value ok = check_text(vm, as_type(self), "__qualname__", v);
    if (!is_error(ok)) gc_store(vm, as_obj(self), &as_type(self)->qualname, v);
    return ok;
}

static Value get_module(VM *vm, Value self) { return (void)vm, as_type(self)->module; }

static Value set_module(VM *vm, Value self, Value v)
{
    Type *t = as_type(self);
    if (is_unset(v)) return vm_raise(vm, ERR_TYPE, "cannot delete '__module__' attribute of immutable type '%Y'", t);
    if (!type_set_attr(vm, t, vm->common->module_, v)) return VALUE_ERROR;
    gc_store(vm, t, &t->module, v);
    return VALUE_NONE;
}

static Value get_doc(VM *vm, Value self)
{
    const TypeDef *table = as_type(self)->table;
    if (table) return table->doc ? str_from_c(vm, table->doc) : VALUE_NONE; // the dict's own may be a getset
    Value doc = type_own(vm, as_type(self), vm->common->doc);
    if (is_unset(doc)) return VALUE_NONE;
    return attr_bind(vm, doc, VALUE_UNSET, as_type(self));
}

static Value set_doc(VM *vm, Value self, Value v)
{
    Type *t = as_type(self);
    if (is_unset(v)) return vm_raise(vm, ERR_TYPE, "cannot delete '__doc__' attribute of immutable type '%Y'", t);
    return type_set_attr(vm, t, vm->common->doc, v) ? VALUE_NONE : VALUE_ERROR;
}

static Value get_dict(VM *vm, Value self) { return obj_dict(vm, self); }
static Value get_bases(VM *vm, Value self) { return (void)vm, obj_value(as_type(self)->bases); }
static Value get_mro(VM *vm, Value self) { return (void)vm, obj_value(as_type(self)->mro); }

static Value get_base(VM *vm, Value self)
{
    (void)vm;
    return as_type(self)->base ? obj_value(as_type(self)->base) : VALUE_NONE;
}

static Value set_bases(VM *vm, Value self, Value v)
{
    Type *t = as_type(self);
    if (is_unset(v)) return vm_raise(vm, ERR_TYPE, "cannot delete '__bases__' attribute of immutable type '%Y'", t);
    if (!is_tuple(v)) return vm_raise(vm, ERR_TYPE, "can only assign tuple to %Y.__bases__, not %T", t, v);
    return type_set_bases(vm, t, as_tuple(v)) ? VALUE_NONE : VALUE_ERROR;
}

static Value get_annotations(VM *vm, Value self)
{
    Type *t = as_type(self);
    if (!(t->flags & TYPE_HEAP)) return attr_missing(vm, self, vm->common->annotations);
    Value v = dict_get_str(vm, t->dict, vm->common->annotations);
    if (!is_unset(v)) return v;
    Dict *d = dict_new(vm);
    return d && dict_set_str(vm, t->dict, vm->common->annotations, obj_value(d)) ? obj_value(d) : VALUE_ERROR;
}

static Value set_annotations(VM *vm, Value self, Value v)
{
    Type *t = as_type(self);
    return type_set_attr(vm, t, vm->common->annotations, v) ? VALUE_NONE : VALUE_ERROR;
}

static const NativeDef type_methods[] = {
    {"__call__(self, /, *args, **kwargs)", nat_call, "Call it.", 0},
    {"__setattr__(self, name, value, /)", nat_type_setattr, "What self.name = value does.", 0},
    {"__delattr__(self, name, /)", nat_type_delattr, "What del self.name does.", 0},
    {"mro(self, /)", nat_mro, "The classes in which attributes are sought, in order.", 0},
    {"__subclasses__(self, /)", nat_subclasses, "The classes that derive from it directly.", 0},
    {"__instancecheck__(self, instance, /)", nat_instancecheck, "What isinstance(instance, self) asks.", 0},
    {"__subclasscheck__(self, subclass, /)", nat_subclasscheck, "What issubclass(subclass, self) asks.", 0},
    {0},
};

static const GetSetDef type_getsets[] = {
    {"__name__", get_name, set_name, NULL},
    {"__qualname__", get_qualname, set_qualname, NULL},
    {"__module__", get_module, set_module, NULL},
    {"__doc__", get_doc, set_doc, NULL},
    {"__dict__", get_dict, NULL, NULL},
    {"__bases__", get_bases, set_bases, NULL},
    {"__base__", get_base, getset_readonly, NULL},
    {"__mro__", get_mro, getset_readonly, NULL},
    {"__annotations__", get_annotations, set_annotations, NULL},
    {0},
};

static Value type_of_object(VM *vm, Value v) { return obj_value(type_of(vm, v)); }

const TypeDef type_def_TYPE = {
    .slots = {.repr = type_repr, .binary = type_binary},
    .convert = type_of_object,
    .methods = type_methods,
    .getsets = type_getsets,
    .constructor = {"type(*args, **kwargs)", nat_type, NULL, 0},
    .doc = "The class of an object; with a name, bases and a namespace, a new class.",
    .operators = OPS_BOTH(BIN_OR),
};

/* ---- None, Ellipsis, NotImplemented ---- */

static int false_truth(VM *vm, Value self) { return (void)vm, (void)self, 0; }

static int true_truth(VM *vm, Value self) { return (void)vm, (void)self, 1; }

static Value none_repr(VM *vm, Value self) { return (void)self, str_from_c(vm, "None"); }
static Value ellipsis_repr(VM *vm, Value self) { return (void)self, str_from_c(vm, "Ellipsis"); }
static Value not_implemented_repr(VM *vm, Value self) { return (void)self, str_from_c(vm, "NotImplemented"); }

static Value singleton(VM *vm, Args args, const char *name, Value v)
{
    if (!as_tuple(args.v[1])->size && !dict_len(as_dict(args.v[2]))) return v;
    return vm_raise(vm, ERR_TYPE, "%s takes no arguments", name);
}

static Value nat_none(VM *vm, Args args) { return singleton(vm, args, "NoneType", VALUE_NONE); }
static Value nat_ellipsis(VM *vm, Args args) { return singleton(vm, args, "EllipsisType", VALUE_ELLIPSIS); }
static Value nat_not_implemented(VM *vm, Args args)
{
    return singleton(vm, args, "NotImplementedType", VALUE_NOT_IMPLEMENTED);
}

static Value none_binary(VM *vm, BinaryOp op, Value a, Value b)
{
    return op == BIN_OR ? union_new(vm, a, b) : VALUE_NOT_IMPLEMENTED; // None | int
}

const TypeDef type_def_NONE = {
    .slots = {.repr = none_repr, .truth = false_truth, .binary = none_binary},
    .constructor = {"NoneType(*args, **kwargs)", nat_none, NULL, 0},
    .flags = TYPE_FINAL,
    .operators = 1u << 31, // no method shows it
};

const TypeDef type_def_ELLIPSIS = {
    .slots = {.repr = ellipsis_repr},
    .constructor = {"ellipsis(*args, **kwargs)", nat_ellipsis, NULL, 0},
    .flags = TYPE_FINAL,
};

const TypeDef type_def_NOT_IMPLEMENTED = {
    .slots = {.repr = not_implemented_repr, .truth = true_truth},
    .constructor = {"NotImplementedType(*args, **kwargs)", nat_not_implemented, NULL, 0},
    .flags = TYPE_FINAL,
};
