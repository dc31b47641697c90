/* record.h - tuples whose items also have names: sys.float_info, time.struct_time ... */
#pragma once
#include "vm/vm.h"

/* A new type of such tuples. name: "module.name"; fields: n names. NULL: out of memory. */
Type *record_type(VM *vm, const char *name, const char *const *fields, size_t n);
Value record_new(VM *vm, Type *type, const Value *items);
