/* courier_internal.h - what courier_pack.c and courier_unpack.c agree on: a tag, then what belongs to it. */
#pragma once
#include "vm/vm.h"

/* What comes next. All from STR on are objects, which get numbers in the order in which they begin. */
typedef enum {
    IS_UNSET, IS_NONE, IS_TRUE, IS_FALSE, IS_ELLIPSIS, IS_NOT_IMPLEMENTED, IS_INT, IS_FLOAT,
    IS_KNOWN, // an object that has come already: its number
    IS_SENT,  // to home: an object of the call, by its number there
    IS_STR, IS_BIGINT, IS_BYTES, IS_BYTEARRAY, IS_LIST, IS_TUPLE, IS_DICT, IS_SET, IS_FROZENSET, IS_RANGE, IS_SLICE,
    IS_MODULE, IS_NAMED, IS_CELL, IS_FUNCTION, IS_METHOD, IS_CLASS, IS_INSTANCE, IS_EXCEPTION, IS_STATIC, IS_CLASS_METHOD,
    IS_PROPERTY,
} CourierTag;

/* Can a worker import a module of this name? All but the program's own. */
bool courier_can_import(const Str *module);
/* module.a.b.c of the path "a.b.c"; UNSET when there is no such thing. */
Value courier_find_named(VM *vm, Value module, const char *path, size_t n);
