/* Integers: edges of the small ones, division and shifts of any sign and size, text; as CPython has them. */
#include "vm/bigint.h"
#include "vm/exception.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static VM *vm;

static void fixed_key(Host *h, uint64_t key[2])
{
    (void)h;
    key[0] = key[1] = 1;
}
static Host host = {.hash_key = fixed_key};

static void set_up(void)
{
    vm = vm_new(&host);
    ck_assert_ptr_nonnull(vm);
}
static void tear_down(void)
{
    vm_free(vm);
}

/* An int from its literal. */
static Value n(const char *text)
{
    Value v = int_parse(vm, text, strlen(text), 0);
    ck_assert_msg(!is_error(v), "%s is no int", text);
    return v;
}

static const char *text_of(Value v)
{
    static char buf[10000];
    Value text = is_error(v) ? obj_repr(vm, vm_take_pending(vm)) : obj_repr(vm, v);
    ck_assert(!is_error(text));
    snprintf(buf, sizeof buf, "%.*s", (int)as_str(text)->size, as_str(text)->data);
    return buf;
}

#define expect(v, text) ck_assert_str_eq(text_of(v), text)

static Value binary(const char *a, BinaryOp op, const char *b)
{
    return int_binary(vm, op, n(a), n(b));
}

START_TEST(small_ints_end_at_two_to_the_sixty)
{
    Value most = small(INT_SMALL_MAX), least = small(INT_SMALL_MIN);
    expect(int_binary(vm, BIN_ADD, most, small(1)), "1152921504606846976");
    expect(int_binary(vm, BIN_SUB, least, small(1)), "-1152921504606846977");
    expect(int_unary(vm, UN_NEG, least), "1152921504606846976");
    expect(int_binary(vm, BIN_FLOORDIV, least, small(-1)), "1152921504606846976");
    expect(int_binary(vm, BIN_MUL, most, most), "1329227995784915870597964051066650625");
}
END_TEST

START_TEST(results_that_fit_are_small_again)
{
    Value big = n("0x1000000000000000"); // 2^60
    ck_assert(is_bigint(big));
    ck_assert(is_small(int_binary(vm, BIN_SUB, big, small(1))));
    ck_assert(int_unary(vm, UN_NEG, big) == small(INT_SMALL_MIN));
    ck_assert(binary("0x100000000000000000000", BIN_RSHIFT, "79") == small(2));
    ck_assert(binary("123456789012345678901234567890", BIN_MOD, "97") == small(52));
}
END_TEST

START_TEST(division_floors_for_every_sign)
{
    expect(binary("7", BIN_DIVMOD, "-2"), "(-4, -1)");
    expect(binary("-7", BIN_DIVMOD, "2"), "(-4, 1)");
    expect(binary("100000000000000000000000", BIN_DIVMOD, "-30000000000000000000"),
           "(-3334, -20000000000000000000)");
    expect(binary("-1", BIN_FLOORDIV, "100000000000000000000000"), "-1");
    expect(binary("-1", BIN_MOD, "100000000000000000000000"), "99999999999999999999999");
}
END_TEST

START_TEST(dividing_by_zero_names_the_operation)
{
    expect(binary("1", BIN_FLOORDIV, "0"), "ZeroDivisionError('integer division or modulo by zero')");
    expect(binary("1", BIN_MOD, "0"), "ZeroDivisionError('integer modulo by zero')");
    expect(binary("1", BIN_TRUEDIV, "0"), "ZeroDivisionError('division by zero')");
}
END_TEST

/* (b q + r) / b for numbers long enough for every way to divide. */
START_TEST(long_division_inverts_multiplication)
{
    for (int bits = 60; bits < 60000; bits = bits * 3 / 2) {
        Value b = int_binary(vm, BIN_SUB, bigint_lshift(vm, small(1), (size_t)bits), small(3));
        Value q = bigint_pow(vm, small(-7), (uint64_t)bits / 2), r = int_binary(vm, BIN_RSHIFT, b, small(5));
        Value a = int_binary(vm, BIN_ADD, int_binary(vm, BIN_MUL, b, q), r), quotient, remainder;
        ck_assert(bigint_divmod(vm, a, b, &quotient, &remainder));
        ck_assert_int_eq(int_cmp(quotient, q), 0);
        ck_assert_int_eq(int_cmp(remainder, r), 0);
    }
}
END_TEST

START_TEST(bits_are_those_of_twos_complement)
{
    expect(binary("-1", BIN_AND, "0xffffffffffffffffffff"), "1208925819614629174706175");
    expect(binary("-0x1000000000000000000000000", BIN_OR, "1"), "-79228162514264337593543950335");
    expect(binary("-1", BIN_XOR, "0x1000000000000000"), "-1152921504606846977");
    expect(int_unary(vm, UN_INVERT, n("0xfffffffffffffff")), "-1152921504606846976");
    expect(binary("-1000000000000000000000", BIN_RSHIFT, "3"), "-125000000000000000000");
    expect(binary("-1000000000000000000001", BIN_RSHIFT, "1000"), "-1");
}
END_TEST

START_TEST(what_cannot_be_computed_is_refused_at_once)
{
    expect(binary("1", BIN_LSHIFT, "-1"), "ValueError('negative shift count')");
    expect(binary("1", BIN_LSHIFT, "0x10000000000"), "MemoryError()");
    expect(binary("10", BIN_POW, "1000000000"), "MemoryError()");
    expect(binary("0", BIN_LSHIFT, "0x1000000000000000000"), "0");
    expect(binary("-1", BIN_POW, "1000000000000000000001"), "-1");
}
END_TEST

START_TEST(powers_with_modulus_take_its_sign)
{
    expect(int_pow(vm, small(3), small(100), small(-7)), "-3");
    expect(int_pow(vm, small(3), small(-1), small(7)), "5");
    expect(int_pow(vm, small(2), small(-1), small(4)),
           "ValueError('base is not invertible for the given modulus')");
    expect(
        int_pow(vm, n("12345678901234567890"), n("98765432109876543210"), n("0x1000000000000000000000001")),
        "55859502599055365046967048244");
}
END_TEST

START_TEST(true_division_rounds_once)
{
    expect(binary("1", BIN_TRUEDIV, "3"), "0.3333333333333333");
    expect(binary("0x80000000000005000000000000000000", BIN_TRUEDIV, "0x1000"), "4.153837486827863e+34");
    expect(int_binary(vm, BIN_TRUEDIV, bigint_pow(vm, small(10), 400), small(3)),
           "OverflowError('integer division result too large for a float')");
    expect(int_binary(vm, BIN_TRUEDIV, small(1), bigint_lshift(vm, small(1), 1074)), "5e-324");
}
END_TEST

START_TEST(comparing_with_floats_is_exact)
{
    ck_assert_int_eq(int_cmp_double(n("9007199254740993"), 9007199254740992.0), 1);
    ck_assert_int_eq(int_cmp_double(n("0x100000000000000000000"), 0x1p80), 0);
    ck_assert_int_eq(int_cmp_double(n("0x100000000000000000001"), 0x1p80), 1);
    ck_assert_int_eq(int_cmp_double(small(1), INFINITY), -1);
    ck_assert_int_eq(int_cmp_double(small(1), (double)NAN), 2);
}
END_TEST

START_TEST(hashes_are_cpythons)
{
    ck_assert_int_eq(int_hash(small(-1)), -2);
    ck_assert_int_eq(int_hash(n("100000000000000000000")), 848750603811160107);
    ck_assert_int_eq(int_hash(n("0x1fffffffffffffff")), 0); // the modulus itself
}
END_TEST

START_TEST(text_may_have_signs_prefixes_and_underscores)
{
    expect(int_parse(vm, " -0x_ff\n", 8, 0), "-255");
    expect(int_parse(vm, "1_000", 5, 10), "1000");
    expect(int_parse(vm, "zz", 2, 36), "1295");
    expect(int_parse(vm, "\xe0\xa5\xa7\xe0\xa5\xa8", 6, 10), "12");
    expect(int_parse(vm, "1__0", 4, 10), "ValueError(\"invalid literal for int() with base 10: '1__0'\")");
    expect(int_parse(vm, "010", 3, 0), "ValueError(\"invalid literal for int() with base 0: '010'\")");
}
END_TEST

START_TEST(long_text_is_refused_unless_allowed)
{
    Value big = bigint_pow(vm, small(10), 4300);
    expect(int_to_str(vm, big, 10),
           "ValueError('Exceeds the limit (4300 digits) for integer string conversion; "
           "use sys.set_int_max_str_digits() to increase the limit')");
    vm->int_max_digits = -1;
    Value text = int_to_str(vm, big, 10);
    ck_assert_uint_eq(as_str(text)->size, 4301);
    ck_assert_int_eq(int_cmp(int_parse(vm, as_str(text)->data, 4301, 10), big), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vm_int");
    TCase *tc = tcase_create("int");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, small_ints_end_at_two_to_the_sixty);
    tcase_add_test(tc, results_that_fit_are_small_again);
    tcase_add_test(tc, division_floors_for_every_sign);
    tcase_add_test(tc, dividing_by_zero_names_the_operation);
    tcase_add_test(tc, long_division_inverts_multiplication);
    tcase_add_test(tc, bits_are_those_of_twos_complement);
    tcase_add_test(tc, what_cannot_be_computed_is_refused_at_once);
    tcase_add_test(tc, powers_with_modulus_take_its_sign);
    tcase_add_test(tc, true_division_rounds_once);
    tcase_add_test(tc, comparing_with_floats_is_exact);
    tcase_add_test(tc, hashes_are_cpythons);
    tcase_add_test(tc, text_may_have_signs_prefixes_and_underscores);
    tcase_add_test(tc, long_text_is_refused_unless_allowed);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
