/* co.h used as nobody should: every mistake is an error that says what is wrong, and the VM goes on. */
#include "include/co.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static Co *co;

static void begin(void)
{
    co = co_new(&(CoOptions){.virtual_time = true});
    ck_assert_ptr_nonnull(co);
}

static void end(void) { co_free(co); }

static CoValue first(Co *c, const CoValue *args, size_t n, void *user)
{
    (void)user;
    return n ? args[0] : co_none(c);
}

START_TEST(what_is_no_signature_is_refused)
{
    static const char *const wrong[] = {"",       "f",        "f(",        "f)",          "(a)",  "f(a",  "f(a,,b)",
                                        "f(=3)",  "f(a=)",    "f(*)",      "f(a b)",      "f(/)b", "f(*a, *b)",
                                        "f (a)",  "f(a='x)",  "f(a=[)",    "f(**k, a)",   "f(\xff)", "f(a=1, b)",
                                        "f(a,/,b,/)"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_msg(!co_register(co, wrong[i], first, NULL, NULL), "%s", wrong[i]);
        ck_assert_str_eq(co_error_type(co), "ValueError");
    }
    ck_assert(co_register(co, "f(a, b='x', *, 가=1.5)", first, NULL, NULL));
    ck_assert(co_run(co, "text", "assert f(3, 가=2) == 3"));
}
END_TEST

START_TEST(names_that_are_no_utf8_are_refused)
{
    CoValue list = co_list(co, NULL, 0);
    ck_assert(!co_set(co, "\xff", list));
    ck_assert_uint_eq(co_get(co, "\xff"), 0);
    ck_assert_uint_eq(co_attr(co, list, "\xff"), 0);
    ck_assert_uint_eq(co_call_method(co, list, "\xff\xfe", NULL, 0), 0);
    ck_assert_str_eq(co_error_type(co), "ValueError");
    ck_assert_uint_eq(co_raise(co, "ValueError", "\xff"), 0);
    ck_assert(strstr(co_error(co), "ValueError: "));
    ck_assert(co_set(co, "이름", list));
    ck_assert_uint_ne(co_get(co, "이름"), 0);
}
END_TEST

START_TEST(indices_of_any_size_are_looked_up)
{
    CoValue list = co_list(co, (CoValue[]){co_int(co, 5)}, 1);
    ck_assert_uint_ne(co_item_at(co, list, 0), 0);
    ck_assert_uint_eq(co_item_at(co, list, INT64_MIN), 0);
    ck_assert_uint_eq(co_item_at(co, list, (int64_t)1 << 61), 0);
    ck_assert_str_eq(co_error_type(co), "IndexError");
}
END_TEST

START_TEST(a_deadlock_ends_its_run_only)
{
    ck_assert(!co_run(co, "text", "import asyncio\nawait asyncio.get_running_loop().create_future()"));
    ck_assert_int_eq(co_status(co), 3);
    ck_assert(co_run(co, "text", "x = 7"));
    ck_assert_int_eq(co_status(co), 0);
}
END_TEST

START_TEST(whatever_can_be_awaited_is)
{
    int64_t i = 0;
    ck_assert(co_run(co, "text", "import asyncio\nclass A:\n    def __await__(self):\n        yield\n        return 7\n"
                                 "made = asyncio.sleep(3, 5)\nanother = A()"));
    ck_assert(co_to_int(co, co_await(co, co_get(co, "made")), &i) && i == 5);
    ck_assert(co_to_int(co, co_await(co, co_get(co, "another")), &i) && i == 7);
    ck_assert_uint_eq(co_await(co, co_int(co, 1)), 0);
    ck_assert_str_eq(co_error_type(co), "TypeError");
    ck_assert_uint_eq(co_spawn(co, co_int(co, 1)), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cli_embed");
    TCase *c = tcase_create("all");
    tcase_add_checked_fixture(c, begin, end);
    tcase_add_test(c, what_is_no_signature_is_refused);
    tcase_add_test(c, names_that_are_no_utf8_are_refused);
    tcase_add_test(c, indices_of_any_size_are_looked_up);
    tcase_add_test(c, a_deadlock_ends_its_run_only);
    tcase_add_test(c, whatever_can_be_awaited_is);
    suite_add_tcase(s, c);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
