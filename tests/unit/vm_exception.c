/* Exceptions: fields, texts, context, groups, rendering. */
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"
#include "tests/unit/vm_host.h" // last: its `vm` would be in the way of the headers' parameters

static Str *name(const char *text) { return vm_intern(vm, text); }
static Value text(const char *t) { return str_from_c(vm, t); }
static Value type(ErrorKind kind) { return obj_value(vm->exc_types[kind]); }

static void assert_text(Value s, const char *expected)
{
    ck_assert(is_str(s));
    ck_assert_str_eq(str_cstr(vm, as_str(s)), expected);
}

/* Kind(args...) as a script makes it. */
#define MAKE(kind, ...) make(kind, (Value[]){__VA_ARGS__}, (int)(sizeof((Value[]){__VA_ARGS__}) / sizeof(Value)))
static Value make(ErrorKind kind, const Value *args, int n) { return vm_call(vm, type(kind), args, n); }

START_TEST(texts_follow_the_arguments)
{
    assert_text(obj_str(vm, MAKE(ERR_VALUE, text("x"))), "x");
    assert_text(obj_repr(vm, MAKE(ERR_VALUE, text("x"))), "ValueError('x')");
    assert_text(obj_str(vm, MAKE(ERR_VALUE, small(1), small(2))), "(1, 2)");
    assert_text(obj_str(vm, make(ERR_VALUE, NULL, 0)), "");
    assert_text(obj_str(vm, MAKE(ERR_KEY, text("k"))), "'k'");
}
END_TEST

START_TEST(an_os_error_takes_the_class_of_its_errno)
{
    Value e = MAKE(ERR_OS, small(2), text("No such file or directory"), text("f"));
    ck_assert(exception_is(vm, e, ERR_FILE_NOT_FOUND));
    assert_text(obj_str(vm, e), "[Errno 2] No such file or directory: 'f'");
    assert_text(obj_repr(vm, e), "FileNotFoundError(2, 'No such file or directory')");
    assert_text(attr_get(vm, e, name("filename")), "f");
    ck_assert(is_none(attr_get(vm, MAKE(ERR_OS, text("x")), name("errno"))));
    vm_raise_errno(vm, 13, "/root");
    ck_assert(vm_pending_is(vm, ERR_PERMISSION));
}
END_TEST

START_TEST(unicode_errors_say_where)
{
    Value bytes = bytes_new(vm, "a\xff", 2);
    Value e = MAKE(ERR_UNICODE_DECODE, text("utf-8"), bytes, small(1), small(2), text("invalid start byte"));
    assert_text(obj_str(vm, e), "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte");
    ck_assert(is_error(MAKE(ERR_UNICODE_DECODE, small(1))));
    assert_text(obj_str(vm, vm_take_pending(vm)), "function takes exactly 5 arguments (1 given)");
}
END_TEST

START_TEST(raising_sets_the_context_but_makes_no_circle)
{
    Value first = MAKE(ERR_VALUE, small(1)), second = MAKE(ERR_TYPE, small(2));
    vm->handled = first;
    vm_raise_exc(vm, second);
    ck_assert(as_exception(second)->context == first);
    vm->handled = second;
    vm_raise_exc(vm, first);
    ck_assert(as_exception(first)->context == second);
    ck_assert(!is_exception(as_exception(second)->context));
    vm->handled = VALUE_NONE;
    vm_take_pending(vm);
}
END_TEST

START_TEST(matching_accepts_tuples_and_refuses_other_things)
{
    Value e = MAKE(ERR_KEY, small(1)), either = tuple_pack(vm, 2, type(ERR_TYPE), type(ERR_LOOKUP));
    ck_assert_int_eq(exception_matches(vm, e, either), 1);
    ck_assert_int_eq(exception_matches(vm, e, type(ERR_TYPE)), 0);
    ck_assert_int_eq(exception_matches(vm, e, small(3)), -1);
    assert_text(obj_str(vm, vm_take_pending(vm)),
                "catching classes that do not inherit from BaseException is not allowed");
}
END_TEST

START_TEST(groups_split_by_type)
{
    Value inner[] = {MAKE(ERR_TYPE, small(2)), MAKE(ERR_VALUE, small(3))};
    Value nested = MAKE(ERR_GROUP, text("n"), list_new(vm, inner, 2));
    Value outer[] = {MAKE(ERR_VALUE, small(1)), nested};
    Value group = MAKE(ERR_GROUP, text("m"), list_new(vm, outer, 2)), rest;
    assert_text(obj_str(vm, group), "m (2 sub-exceptions)");
    Value match = exception_group_split(vm, group, type(ERR_VALUE), &rest);
    assert_text(obj_repr(vm, match), "ExceptionGroup('m', [ValueError(1), ExceptionGroup('n', [ValueError(3)])])");
    assert_text(obj_repr(vm, rest), "ExceptionGroup('m', [ExceptionGroup('n', [TypeError(2)])])");
    ck_assert(is_none(exception_group_split(vm, group, type(ERR_OS), NULL)));
}
END_TEST

START_TEST(groups_refuse_what_they_cannot_hold)
{
    Value interrupt = make(ERR_KEYBOARD_INTERRUPT, NULL, 0), list = list_new(vm, &interrupt, 1);
    ck_assert(is_error(MAKE(ERR_GROUP, text("m"), list)));
    assert_text(obj_str(vm, vm_take_pending(vm)), "Cannot nest BaseExceptions in an ExceptionGroup");
    ck_assert(is_error(MAKE(ERR_GROUP, text("m"), list_new(vm, NULL, 0))));
    assert_text(obj_str(vm, vm_take_pending(vm)), "second argument (exceptions) must be a non-empty sequence");
}
END_TEST

START_TEST(rendering_shows_the_chain_notes_and_suggestions)
{
    Value cause = MAKE(ERR_VALUE, text("first")), e = MAKE(ERR_TYPE, text("second")), note = text("one\ntwo");
    as_exception(e)->cause = cause;
    vm_call_method(vm, e, name("add_note"), &note, 1);
    assert_text(exception_render(vm, e),
                "ValueError: first\n\n"
                "The above exception was the direct cause of the following exception:\n\n"
                "TypeError: second\none\ntwo\n");
    attr_missing(vm, list_new(vm, NULL, 0), name("appendd"));
    assert_text(exception_render(vm, vm_take_pending(vm)),
                "AttributeError: 'list' object has no attribute 'appendd'. Did you mean: 'append'?\n");
}
END_TEST

START_TEST(rendering_draws_groups)
{
    Value two[] = {MAKE(ERR_VALUE, small(1)), MAKE(ERR_TYPE, small(2))};
    assert_text(exception_render(vm, MAKE(ERR_GROUP, text("m"), list_new(vm, two, 2))),
                "  | ExceptionGroup: m (2 sub-exceptions)\n"
                "  +-+---------------- 1 ----------------\n"
                "    | ValueError: 1\n"
                "    +---------------- 2 ----------------\n"
                "    | TypeError: 2\n"
                "    +------------------------------------\n");
}
END_TEST

START_TEST(running_out_of_memory_allocates_nothing)
{
    size_t before = heap_used(vm);
    vm_no_memory(vm);
    ck_assert(vm_pending_is(vm, ERR_MEMORY));
    ck_assert_uint_eq(heap_used(vm), before);
    vm_take_pending(vm);
}
END_TEST

static void add_tests(TCase *c)
{
    tcase_add_test(c, texts_follow_the_arguments);
    tcase_add_test(c, an_os_error_takes_the_class_of_its_errno);
    tcase_add_test(c, unicode_errors_say_where);
    tcase_add_test(c, raising_sets_the_context_but_makes_no_circle);
    tcase_add_test(c, matching_accepts_tuples_and_refuses_other_things);
    tcase_add_test(c, groups_split_by_type);
    tcase_add_test(c, groups_refuse_what_they_cannot_hold);
    tcase_add_test(c, rendering_shows_the_chain_notes_and_suggestions);
    tcase_add_test(c, rendering_draws_groups);
    tcase_add_test(c, running_out_of_memory_allocates_nothing);
}

int main(void) { return run_suite("vm_exception", add_tests); }
