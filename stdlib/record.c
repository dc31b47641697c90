#include "stdlib/record.h"
#include "vm/common.h"
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/type.h"

static Value item(Value self, size_t i) { return as_tuple(self)->items[i]; }
Value record_get_0(VM *vm, Value self) { return (void)vm, item(self, 0); }
Value record_get_1(VM *vm, Value self) { return (void)vm, item(self, 1); }
Value record_get_2(VM *vm, Value self) { return (void)vm, item(self, 2); }
Value record_get_3(VM *vm, Value self) { return (void)vm, item(self, 3); }
Value record_get_4(VM *vm, Value self) { return (void)vm, item(self, 4); }
Value record_get_5(VM *vm, Value self) { return (void)vm, item(self, 5); }
Value record_get_6(VM *vm, Value self) { return (void)vm, item(self, 6); }
Value record_get_7(VM *vm, Value self) { return (void)vm, item(self, 7); }
Value record_get_8(VM *vm, Value self) { return (void)vm, item(self, 8); }
Value record_get_9(VM *vm, Value self) { return (void)vm, item(self, 9); }
Value record_get_10(VM *vm, Value self) { return (void)vm, item(self, 10); }
Value record_get_11(VM *vm, Value self) { return (void)vm, item(self, 11); }
Value record_get_12(VM *vm, Value self) { return (void)vm, item(self, 12); }
Value record_get_13(VM *vm, Value self) { return (void)vm, item(self, 13); }
Value record_get_14(VM *vm, Value self) { return (void)vm, item(self, 14); }
Value record_get_15(VM *vm, Value self) { return (void)vm, item(self, 15); }
Value record_get_16(VM *vm, Value self) { return (void)vm, item(self, 16); }
Value record_get_17(VM *vm, Value self) { return (void)vm, item(self, 17); }

static size_t count_fields(const TypeDef *def)
{
    size_t n = 0;
    while (def->getsets[n].name) n++;
    return n;
}

Value record_repr(VM *vm, Value self)
{
    Type *type = type_of(vm, self);
    StrBuilder b;
    sb_init(&b, vm);
    Value name = type_full_name(vm, type);
    bool ok = !is_error(name) && sb_addf(&b, "%V(", name);
    for (size_t i = 0; ok && i < as_tuple(self)->size; i++)
        ok = sb_addf(&b, "%s%s=", i ? ", " : "", type->table->getsets[i].name) &&
             sb_add_repr(&b, item(self, i));
    if (!ok || !sb_add(&b, ")", 1)) return sb_drop(&b), VALUE_ERROR;
    return sb_finish(&b);
}

Type *record_type(VM *vm, const char *name, const TypeDef *def)
{
    size_t n = count_fields(def);
    Type *t = type_from_def(vm, name, vm->types[T_TUPLE], def, KIND_TUPLE, VALUE_UNSET);
    Value names = t ? tuple_new(vm, NULL, n) : VALUE_ERROR;
    Dict *dict = is_error(names) ? NULL : type_dict(vm, t);
    if (!dict) return NULL;
    for (size_t i = 0; i < n; i++) as_tuple(names)->items[i] = obj_value(vm_intern(vm, def->getsets[i].name));
    if (!dict_set_str(vm, dict, vm->common->match_args, names)) return NULL;
    type_modified(vm, t, vm->common->match_args);
    gc_pin(vm, obj_value(t));
    return t;
}

Value record_new(VM *vm, Type *type, const Value *items)
{
    size_t n = count_fields(type->table);
    Tuple *t = container_alloc(vm, type, KIND_TUPLE, offsetof(Tuple, items) + n * sizeof(Value));
    if (!t) return VALUE_ERROR;
    t->size = n;
    memcpy(t->items, items, n * sizeof *items);
    return obj_value(t);
}
