/* record.h - tuples whose items also have names: sys.float_info, time.struct_time ... */
#pragma once
#include "vm/vm.h"

/* A record's fields are a table of getsets in the order of the items, ended by {0}:
 *     static const GetSetDef fields[] = {RECORD_FIELD(0, "tm_year"), RECORD_FIELD(1, "tm_mon"), {0}};
 *     static const TypeDef def = RECORD_DEF(fields); */
#define RECORD_FIELD(i, name) {name, record_get_##i, NULL, NULL}
#define RECORD_DEF(fields)                                                                                   \
    {.slots = {.repr = record_repr}, .getsets = fields, .flags = TYPE_FINAL | TYPE_SEQUENCE}

/* A new type of such tuples. name: "module.name". NULL: out of memory. */
Type *record_type(VM *vm, const char *name, const TypeDef *def);
Value record_new(VM *vm, Type *type, const Value *items);

Value record_repr(VM *vm, Value self);
Value record_get_0(VM *vm, Value self);
Value record_get_1(VM *vm, Value self);
Value record_get_2(VM *vm, Value self);
Value record_get_3(VM *vm, Value self);
Value record_get_4(VM *vm, Value self);
Value record_get_5(VM *vm, Value self);
Value record_get_6(VM *vm, Value self);
Value record_get_7(VM *vm, Value self);
Value record_get_8(VM *vm, Value self);
Value record_get_9(VM *vm, Value self);
Value record_get_10(VM *vm, Value self);
Value record_get_11(VM *vm, Value self);
Value record_get_12(VM *vm, Value self);
Value record_get_13(VM *vm, Value self);
Value record_get_14(VM *vm, Value self);
Value record_get_15(VM *vm, Value self);
Value record_get_16(VM *vm, Value self);
Value record_get_17(VM *vm, Value self);
