/* standard_input.h - bytes of standard input that were read but not yet asked for. */
#pragma once
#include "vm/vm.h"

typedef struct StandardInput {
    char *data; // malloc'd
    size_t at, size, capacity;
} StandardInput;

/* Bytes up to a line end and with it, *n of them, 0 at the end of input; NULL with an exception pending.
 * They stay until they are taken. */
const char *input_line(VM *vm, size_t *n);
/* `wanted` bytes or characters, fewer at the end of input; SIZE_MAX: all there will be. */
const char *input_some(VM *vm, size_t wanted, bool characters, size_t *n);
void input_take(VM *vm, size_t n);
void input_free(StandardInput *in);
