#include "stdlib/record.h"
#include "vm/common.h"
#include "vm/container.h"
#include "vm/list.h"
#include "vm/type.h"

/* The names lie in the type's __match_args__, which class patterns read too. */
static Tuple *field_names(VM *vm, Value self)
{
    return as_tuple(type_lookup(vm, type_of(vm, self), vm->common->match_args));
}

static Value record_getattr(VM *vm, Value self, Str *name)
{
    Tuple *fields = field_names(vm, self);
    for (size_t i = 0; i < fields->size; i++)
        if (str_eq(as_str(fields->items[i]), name)) return as_tuple(self)->items[i];
    Value v = attr_get_generic(vm, self, name);
    return is_unset(v) ? attr_missing(vm, self, name) : v;
}

static Value record_repr(VM *vm, Value self)
{
    Tuple *fields = field_names(vm, self);
    StrBuilder b;
    sb_init(&b, vm);
    Value full_name = type_full_name(vm, type_of(vm, self));
    bool ok = !is_error(full_name) && sb_addf(&b, "%V(", full_name);
    for (size_t i = 0; ok && i < fields->size; i++)
        ok = sb_addf(&b, "%s%V=", i ? ", " : "", fields->items[i]) &&
             sb_add_repr(&b, as_tuple(self)->items[i]);
    if (!ok || !sb_add(&b, ")", 1)) return sb_drop(&b), VALUE_ERROR;
    return sb_finish(&b);
}

static const TypeDef record_def = {
    .slots = {.repr = record_repr, .getattr = record_getattr},
    .flags = TYPE_FINAL | TYPE_SEQUENCE,
    .doc = "A tuple whose items have names.",
};

Type *record_type(VM *vm, const char *name, const char *const *fields, size_t n)
{
    Type *t = type_from_def(vm, name, vm->types[T_TUPLE], &record_def, KIND_TUPLE, VALUE_UNSET);
    Value names = t ? tuple_new(vm, NULL, n) : VALUE_ERROR;
    if (is_error(names)) return NULL;
    for (size_t i = 0; i < n; i++) as_tuple(names)->items[i] = obj_value(vm_intern(vm, fields[i]));
    if (!type_set_attr(vm, t, vm->common->match_args, names)) return NULL;
    gc_pin(vm, obj_value(t));
    return t;
}

Value record_new(VM *vm, Type *type, const Value *items)
{
    size_t n = as_tuple(type_lookup(vm, type, vm->common->match_args))->size;
    Tuple *t = container_alloc(vm, type, KIND_TUPLE, offsetof(Tuple, items) + n * sizeof(Value));
    if (!t) return VALUE_ERROR;
    t->size = n;
    memcpy(t->items, items, n * sizeof *items);
    return obj_value(t);
}
