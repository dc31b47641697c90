/* text_args.h - arguments that methods of str and of bytes take alike (see also container.h), checked with
 * CPython's texts; may call __index__. */
#pragma once
#include "vm/container.h"

/* An integer that fits a C int. */
bool arg_int(VM *vm, Value v, int *out);
/* How often to repeat a text. */
static inline bool arg_times(VM *vm, Value v, int64_t *out)
{
    return index_fit(vm, v, out, ERR_OVERFLOW, "cannot fit '%T' into an index-sized integer");
}
/* Start and end as in s[start:end], each None or an index; from > to: nothing lies there, not even "". */
bool arg_span(VM *vm, Value start, Value end, size_t length, size_t *from, size_t *to);
