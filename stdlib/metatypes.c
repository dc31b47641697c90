/* metatypes.c - the metaclasses that Co has beside type: ABCMeta and EnumType. Their thoughts are written
 * in Co, as functions of the modules abc and enum (their names start with _class_); here they become the
 * slots of metaclasses. */
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/type.h"

/* module.name(*args) */
static Value ask(VM *vm, const char *module, const char *name, const Value *args, int n)
{
    Value m = module_import(vm, vm_intern(vm, module));
    Value f = is_error(m) ? m : obj_getattr(vm, m, vm_intern(vm, name));
    return is_error(f) ? f : vm_call(vm, f, args, n);
}

/* ---- ABCMeta ------------------------------------------------------------------------------------- */

static Value nat_abc_init(VM *vm, Args args)
{
    return ask(vm, "abc", "update_abstractmethods", args.v, 1);
}
static Value nat_abc_instancecheck(VM *vm, Args args)
{
    return ask(vm, "abc", "_class_instancecheck", args.v, 2);
}
static Value nat_abc_subclasscheck(VM *vm, Args args)
{
    return ask(vm, "abc", "_class_subclasscheck", args.v, 2);
}
static Value nat_abc_register(VM *vm, Args args)
{
    return ask(vm, "abc", "_class_register", args.v, 2);
}

static const NativeDef abc_methods[] = {
    {"__init__(cls, name, bases, namespace, /)", nat_abc_init, "Find the abstract methods.", 0},
    {"__instancecheck__(cls, instance, /)", nat_abc_instancecheck,
     "Whether instance is of cls or of a class that counts as one.", 0},
    {"__subclasscheck__(cls, subclass, /)", nat_abc_subclasscheck,
     "Whether subclass counts as a subclass of cls.", 0},
    {"register(cls, subclass, /)", nat_abc_register, "Let a class count as a subclass of cls.", 0},
    {0},
};
static const TypeDef abc_def = {.methods = abc_methods, .doc = "The metaclass of abstract base classes."};

/* ---- EnumType ------------------------------------------------------------------------------------ */

static Value enum_prepare(VM *vm, Value name)
{
    return ask(vm, "enum", "_class_prepare", &name, 1);
}

/* A dict that enum.co keeps in the class; NULL while the class is being made. */
static Dict *members_of(VM *vm, Value cls)
{
    Value map = type_lookup(vm, as_type(cls), vm_intern(vm, "_member_map_"));
    return is_dict(map) ? as_dict(map) : NULL;
}

static Value enum_iter(VM *vm, Value cls)
{
    return ask(vm, "enum", "_class_iter", &cls, 1);
}
static Value enum_reversed(VM *vm, Value cls)
{
    return ask(vm, "enum", "_class_reversed", &cls, 1);
}
static Value enum_len(VM *vm, Value cls)
{
    return ask(vm, "enum", "_class_len", &cls, 1);
}
static Value enum_repr(VM *vm, Value cls)
{
    return ask(vm, "enum", "_class_repr", &cls, 1);
}
static int enum_truth(VM *vm, Value cls)
{
    return (void)vm, (void)cls, 1;
}

static Value enum_contains(VM *vm, Value cls, Value item)
{
    Value args[] = {cls, item};
    return ask(vm, "enum", "_class_contains", args, 2);
}

static Value enum_getitem(VM *vm, Value cls, Value name)
{
    Dict *members = members_of(vm, cls);
    Value member = members ? dict_get(vm, members, name) : VALUE_UNSET;
    return is_unset(member) ? vm_raise_arg(vm, ERR_KEY, name) : member;
}

static Value enum_setattr(VM *vm, Value cls, Str *name, Value value)
{
    Dict *members = members_of(vm, cls);
    if (!members || is_unset(dict_get_str(vm, members, name))) return VALUE_NONE;
    if (is_unset(value))
        return vm_raise(vm, ERR_ATTRIBUTE, "%R cannot delete member %R.", obj_value(as_type(cls)->name),
                        obj_value(name));
    return vm_raise(vm, ERR_ATTRIBUTE, "cannot reassign member %R", obj_value(name));
}

static Value get_members(VM *vm, Value cls)
{
    Dict *members = members_of(vm, cls);
    return members ? mapping_proxy_new(vm, obj_value(members))
                   : attr_missing(vm, cls, vm_intern(vm, "__members__"));
}

/* Colour(1), or Enum('Colour', 'RED GREEN') */
static Value nat_enum_call(VM *vm, Args args)
{
    Value m = module_import(vm, vm_intern(vm, "enum"));
    Value f = is_error(m) ? m : obj_getattr(vm, m, vm_intern(vm, "_class_call"));
    Value *flat, kwnames;
    if (is_error(f)) return f;
    Value all = tuple_new(vm, NULL, 1 + as_tuple(args.v[1])->size);
    Value *root = is_error(all) ? NULL : roots_push(vm, all);
    if (!root) return VALUE_ERROR;
    as_tuple(all)->items[0] = args.v[0];
    memcpy(as_tuple(all)->items + 1, as_tuple(args.v[1])->items, as_tuple(args.v[1])->size * sizeof(Value));
    int n = native_flatten(vm, as_tuple(all), as_dict(args.v[2]), &flat, &kwnames);
    Value v = n < 0 ? VALUE_ERROR : vm_call_kw(vm, f, flat, n, kwnames);
    roots_pop(vm, root);
    return v;
}

static Value nat_enum_dir(VM *vm, Args args)
{
    return ask(vm, "enum", "_class_dir", args.v, 1);
}

/* Asked for what neither the class nor its metaclass has. */
static Value nat_enum_getattr(VM *vm, Args args)
{
    if (!is_str(args.v[1])) return vm_raise(vm, ERR_TYPE, "attribute name must be string, not '%T'", args.v[1]);
    return exception_raise_attribute(vm, args.v[1], args.v[0], as_str(args.v[1]));
}

static const NativeDef enum_methods[] = {
    {"__getattr__(cls, name, /)", nat_enum_getattr, "AttributeError: no member and no attribute has this name.", 0},
    {"__dir__(cls, /)", nat_enum_dir, "The names that say what is special about an enumeration.", 0},
    {"__call__(cls, /, *args, **kwargs)", nat_enum_call, "The member of a value; or a new enumeration.", 0},
    {0},
};
static const GetSetDef enum_getsets[] = {{"__members__", get_members, NULL, "All members by name."}, {0}};
static const TypeDef enum_def = {
    .slots = {.repr = enum_repr,
              .truth = enum_truth,
              .len = enum_len,
              .iter = enum_iter,
              .reversed = enum_reversed,
              .contains = enum_contains,
              .getitem = enum_getitem,
              .setattr = enum_setattr,
              .prepare = enum_prepare},
    .methods = enum_methods,
    .getsets = enum_getsets,
    .doc = "The metaclass of enumerations.",
};

/* ---- the modules --------------------------------------------------------------------------------- */

static bool add_metatype(VM *vm, Module *m, const char *name, const TypeDef *def)
{
    Type *t = type_from_def(vm, name, vm->types[T_TYPE], def, KIND_TYPE, VALUE_UNSET);
    return t && module_add(vm, m, strchr(name, '.') + 1, obj_value(t));
}

static bool init_abc(VM *vm, Module *m)
{
    return add_metatype(vm, m, "abc.ABCMeta", &abc_def);
}
static bool init_enum(VM *vm, Module *m)
{
    return add_metatype(vm, m, "enum.EnumType", &enum_def);
}

const ModuleDef _abc_module = {"_abc", NULL, "What abc has in C.", init_abc};
const ModuleDef _enum_module = {"_enum", NULL, "What enum has in C.", init_enum};
