/* vm_values.h - making and checking values in the unit tests of containers. */
#pragma once
#include "vm/container.h"
#include "vm/list.h"
#include "tests/unit/vm_host.h"
#include <stdarg.h>

/* A list of n C ints. */
__attribute__((unused)) static Value ints(int n, ...)
{
    Value v = list_with_capacity(vm, 0);
    va_list ap;
    va_start(ap, n);
    for (int i = 0; i < n; i++) ck_assert(list_append(vm, as_list(v), small(va_arg(ap, int))));
    va_end(ap);
    return v;
}

static void check_repr(Value v, const char *expected)
{
    ck_assert(!is_error(v));
    Value text = obj_repr(vm, v);
    ck_assert(!is_error(text));
    ck_assert_str_eq(str_cstr(vm, as_str(text)), expected);
}

__attribute__((unused)) static void check_raises(Value v, ErrorKind kind)
{
    ck_assert(is_error(v));
    ck_assert(vm_pending_is(vm, kind));
    vm_take_pending(vm);
}
