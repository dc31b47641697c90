/* text_args.c - see text_args.h. */
#include "vm/text_args.h"

bool arg_int(VM *vm, Value v, int *out)
{
    int64_t i;
    const char *text = "Python int too large to convert to C int";
    if (!index_fit(vm, v, &i, ERR_OVERFLOW, text)) return false;
    *out = (int)i;
    return i == (int)i || (vm_raise(vm, ERR_OVERFLOW, text), false);
}

/* One end of a span, counted from the end of the text when negative; huge ints are as good as the ends. */
static bool span_end(VM *vm, Value v, int64_t length, int64_t none, int64_t *out)
{
    if (is_none(v) || is_unset(v)) return *out = none, true;
    if (!is_index(vm, v)) {
        vm_raise(vm, ERR_TYPE, "slice indices must be integers or None or have an __index__ method");
        return false;
    }
    if (!obj_index_i64(vm, v, out)) return false;
    if (*out < 0) *out = *out + length < 0 ? 0 : *out + length;
    return true;
}

bool arg_span(VM *vm, Value start, Value end, size_t length, size_t *from, size_t *to)
{
    int64_t n = (int64_t)length, first, last;
    if (!span_end(vm, start, n, 0, &first) || !span_end(vm, end, n, n, &last)) return false;
    *from = (size_t)first;
    *to = (size_t)(last < n ? last : n);
    return true;
}
