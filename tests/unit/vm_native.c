/* Natives: what their signatures mean, and CPython's words for what does not fit. */
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"
#include "tests/unit/vm_host.h" // last: its `vm` would be in the way of the headers' parameters

/* Answers its arguments as a tuple; absent ones as Ellipsis. */
static Value nat_args(VM *m, Args args)
{
    Value t = tuple_new(m, args.v, (size_t)args.n);
    for (int i = 0; i < args.n; i++)
        if (is_unset(args.v[i])) as_tuple(t)->items[i] = VALUE_ELLIPSIS;
    return t;
}

/* What the call of a native with this signature answers, or its error, as text. `keywords` lists names of the last
 * arguments, which are all small ints counting from 1. */
static const char *call(const char *signature, int n, const char *keywords)
{
    static NativeDef defs[32]; // signatures are known by their rows' addresses
    static size_t used;
    ck_assert(used < sizeof defs / sizeof *defs);
    NativeDef *def = &defs[used++];
    *def = (NativeDef){signature, nat_args, NULL, 0};
    Value f = native_new(vm, def, VALUE_UNSET, NULL, VALUE_NONE), names = VALUE_UNSET, args[8];
    for (int i = 0; i < 8; i++) args[i] = small(i + 1);
    if (keywords) {
        Value words = str_from_c(vm, keywords);
        Value list = vm_call_method(vm, words, vm_intern(vm, "split"), NULL, 0);
        names = tuple_new(vm, as_list(list)->items, as_list(list)->size);
        n -= (int)as_tuple(names)->size;
    }
    Value v = vm_call_kw(vm, f, args, n, names);
    v = is_error(v) ? obj_str(vm, vm_take_pending(vm)) : obj_repr(vm, v);
    return str_cstr(vm, as_str(v));
}

START_TEST(arguments_go_where_the_signature_says)
{
    ck_assert_str_eq(call("f(a, b=7, /)", 1, NULL), "(1, 7)");
    ck_assert_str_eq(call("f(a, b=None, c='x')", 2, "c"), "(1, None, 2)");
    ck_assert_str_eq(call("f(a, *rest, key=None, **more)", 5, "key z"), "(1, (2, 3), 4, {'z': 5})");
    ck_assert_str_eq(call("f(*args)", 3, NULL), "(1, 2, 3)");
    ck_assert_str_eq(call("f(a=?, b=[], c={}, d=(), e=1.5, g=-3, h=True)", 0, NULL),
                     "(Ellipsis, [], {}, (), 1.5, -3, True)");
}
END_TEST

START_TEST(positional_errors)
{
    ck_assert_str_eq(call("f()", 1, NULL), "f() takes no arguments (1 given)");
    ck_assert_str_eq(call("f(a, /)", 0, NULL), "f() takes exactly one argument (0 given)");
    ck_assert_str_eq(call("f(a, b, /)", 1, NULL), "f expected 2 arguments, got 1");
    ck_assert_str_eq(call("f(a, b=1, /)", 3, NULL), "f expected at most 2 arguments, got 3");
    ck_assert_str_eq(call("f(a, b, c=1, /)", 1, NULL), "f expected at least 2 arguments, got 1");
    ck_assert_str_eq(call("f(a, /)", 1, "a"), "f() takes no keyword arguments");
}
END_TEST

START_TEST(keyword_errors)
{
    ck_assert_str_eq(call("f(a, b=1)", 0, NULL), "f() missing required argument 'a' (pos 1)");
    ck_assert_str_eq(call("f(a, b=1)", 3, NULL), "f() takes at most 2 arguments (3 given)");
    ck_assert_str_eq(call("f(a, b=1)", 2, "z"), "'z' is an invalid keyword argument for f()");
    ck_assert_str_eq(call("f(a, b=1)", 2, "a"), "argument for f() given by name ('a') and position (1)");
    ck_assert_str_eq(call("f(*, key=None)", 1, NULL), "f() takes no positional arguments");
}
END_TEST

START_TEST(methods_check_their_receiver)
{
    Value append = type_lookup(vm, vm->types[T_LIST], vm_intern(vm, "append")), args[] = {small(1), small(2)};
    ck_assert(is_error(vm_call(vm, append, args, 2)));
    ck_assert_str_eq(str_cstr(vm, as_str(obj_str(vm, vm_take_pending(vm)))),
                     "descriptor 'append' for 'list' objects doesn't apply to a 'int' object");
    ck_assert(is_error(vm_call(vm, append, NULL, 0)));
    ck_assert_str_eq(str_cstr(vm, as_str(obj_str(vm, vm_take_pending(vm)))),
                     "unbound method list.append() needs an argument");
    args[0] = list_new(vm, NULL, 0);
    ck_assert(is_none(vm_call(vm, append, args, 2)));
    ck_assert_uint_eq(as_list(args[0])->size, 1);
    ck_assert(is_error(vm_call(vm, append, args, 1)));
    ck_assert_str_eq(str_cstr(vm, as_str(obj_str(vm, vm_take_pending(vm)))),
                     "list.append() takes exactly one argument (0 given)");
}
END_TEST

START_TEST(slots_are_seen_as_methods)
{
    Value list = list_new(vm, (Value[]){small(7), small(8)}, 2), zero = small(0);
    ck_assert(vm_call_method(vm, list, vm_intern(vm, "__len__"), NULL, 0) == small(2));
    ck_assert(vm_call_method(vm, list, vm_intern(vm, "__getitem__"), &zero, 1) == small(7));
    ck_assert(vm_call_method(vm, small(5), vm_intern(vm, "__add__"), &zero, 1) == small(5));
    Value three = list_new(vm, &zero, 1);
    ck_assert(vm_call_method(vm, list, vm_intern(vm, "__eq__"), &three, 1) == VALUE_FALSE);
}
END_TEST

static void add_tests(TCase *c)
{
    tcase_add_test(c, arguments_go_where_the_signature_says);
    tcase_add_test(c, positional_errors);
    tcase_add_test(c, keyword_errors);
    tcase_add_test(c, methods_check_their_receiver);
    tcase_add_test(c, slots_are_seen_as_methods);
}

int main(void) { return run_suite("vm_native", add_tests); }
