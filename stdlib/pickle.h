/* pickle.h - what the two halves of _pickle share. pickle.co has the classes and functions that programs see. */
#pragma once
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/reduce.h"

enum {
#define OP(name, byte) PICKLE_##name = byte,
#include "stdlib/pickle_ops.def"
#undef OP
    PICKLE_HIGHEST = 5, // protocol
};

/* A function of pickle.co: what is rare, and what calls back anyway. */
Value pickle_function(VM *vm, const char *name);
/* Raise one of pickle.co's exceptions, by its name. VALUE_ERROR. */
Value pickle_raise(VM *vm, const char *kind, const char *format, ...);
/* Give an object its state back: by its __setstate__, else (attributes, slots) or a dict of attributes. */
bool pickle_set_state(VM *vm, Value object, Value state);

/* dump(obj, protocol, memo, kept, options, /): bytes. */
Value nat_pickle_dump(VM *vm, Args args);
/* load(data, memo, options, /): (object, what is left of data), or just the object if there is no file. */
Value nat_pickle_load(VM *vm, Args args);
