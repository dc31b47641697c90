/* common.h - names and objects that C code needs all the time, made once per VM (vm->common). */
#pragma once
#include "vm/vm.h"

typedef struct Common {
#define NAME(field, text) Str *field;
#include "vm/names.def"
#undef NAME
    Value memory_error; // raised when there is no memory to make one (exception.c)
} Common;

/* Fills vm->common and vm->dunder_names; needs only the heap and str.c. */
bool common_init(VM *vm);
void common_free(VM *vm);
