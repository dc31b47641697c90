/* Floats: the shortest text that reads back, division and rounding, the format-spec mini-language. */
#include "vm/exception.h"
#include "vm/float.h"
#include "vm/int.h"
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

static const char *text_of(Value v)
{
    static char buf[1000];
    Value text = is_error(v) ? obj_repr(vm, vm_take_pending(vm)) : is_str(v) ? v : obj_repr(vm, v);
    ck_assert(!is_error(text));
    snprintf(buf, sizeof buf, "%.*s", (int)as_str(text)->size, as_str(text)->data);
    return buf;
}

#define expect(v, text) ck_assert_str_eq(text_of(v), text)

static Value format(double d, const char *spec)
{
    return format_float(vm, d, as_str(str_from_c(vm, spec)));
}
static Value format_whole(int64_t i, const char *spec)
{
    return format_int(vm, small(i), as_str(str_from_c(vm, spec)));
}
static Value parse(const char *text)
{
    return float_parse(vm, text, strlen(text));
}
static Value parse_hex(const char *text)
{
    return float_parse_hex(vm, text, strlen(text));
}

START_TEST(text_is_the_shortest_that_reads_back)
{
    expect(float_repr(vm, 0.1), "0.1");
    expect(float_repr(vm, 0.1 + 0.2), "0.30000000000000004");
    expect(float_repr(vm, 5e-324), "5e-324");
    expect(float_repr(vm, 0x1p-44),
           "5.684341886080802e-14"); // not the nearest 16 digits: those read back as another
    expect(float_repr(vm, 9007199254740993.0), "9007199254740992.0");
    expect(float_repr(vm, 1e16), "1e+16");
    expect(float_repr(vm, 1e22), "1e+22");
    expect(float_repr(vm, 0.0001), "0.0001");
    expect(float_repr(vm, 0.00001), "1e-05");
    expect(float_repr(vm, -0.0), "-0.0");
    expect(float_repr(vm, -INFINITY), "-inf");
}
END_TEST

START_TEST(every_power_of_two_reads_back)
{
    for (int e = -1074; e < 1024; e++) {
        char buf[32];
        float_to_text(ldexp(1.0, e), buf);
        ck_assert_double_eq(float_scan(buf), ldexp(1.0, e));
    }
}
END_TEST

START_TEST(division_floors)
{
    expect(float_binary(vm, BIN_DIVMOD, -7.0, 2.0), "(-4.0, 1.0)");
    expect(float_binary(vm, BIN_DIVMOD, 7.0, -2.0), "(-4.0, -1.0)");
    expect(float_binary(vm, BIN_MOD, -0.0, 3.0), "0.0");
    expect(float_binary(vm, BIN_MOD, 5.0, -INFINITY), "-inf");
    expect(float_binary(vm, BIN_FLOORDIV, 1.0, 0.1), "9.0");
    expect(float_binary(vm, BIN_MOD, 1.0, 0.0), "ZeroDivisionError('float modulo')");
}
END_TEST

START_TEST(powers_raise_what_python_raises)
{
    expect(float_binary(vm, BIN_POW, 2.0, 0.5), "1.4142135623730951");
    expect(float_binary(vm, BIN_POW, 0.0, -1.0),
           "ZeroDivisionError('0.0 cannot be raised to a negative power')");
    expect(float_binary(vm, BIN_POW, 0.0, -INFINITY), "inf");
    expect(float_binary(vm, BIN_POW, 10.0, 400.0), "OverflowError(34, 'Numerical result out of range')");
    ck_assert(is_error(float_binary(vm, BIN_POW, -8.0, 1.0 / 3.0)));
}
END_TEST

START_TEST(rounding_is_exact_and_to_even)
{
    expect(float_round(vm, 2.675, 2), "2.67"); // 2.67499999999999982236431605997495353221893310546875
    expect(float_round(vm, 2.5, 0), "2.0");
    expect(float_round(vm, 0.125, 2), "0.12");
    expect(float_round(vm, 25.0, -1), "20.0");
    expect(float_round(vm, 25.000001, -1), "30.0");
    expect(float_round(vm, -0.4, 0), "-0.0");
    expect(float_round(vm, 1.7e308, -308), "OverflowError('rounded value too large to represent')");
}
END_TEST

START_TEST(text_is_read_as_python_reads_it)
{
    expect(parse(" 1_0.5e-1\n"), "1.05");
    expect(parse("-Infinity"), "-inf");
    expect(parse("1e400"), "inf");
    expect(parse("179769313486231570793e288"), "1.7976931348623157e+308");
    expect(parse("1__0"), "ValueError(\"could not convert string to float: '1__0'\")");
    expect(parse("0x1p3"), "ValueError(\"could not convert string to float: '0x1p3'\")");
}
END_TEST

START_TEST(hexadecimal_goes_both_ways)
{
    expect(float_hex(vm, 1e5), "0x1.86a0000000000p+16");
    expect(float_hex(vm, 5e-324), "0x0.0000000000001p-1022");
    expect(parse_hex("0x1.8p-1075"), "5e-324");
    expect(parse_hex("0x1.fffffffffffff8p1023"),
           "OverflowError('hexadecimal value too large to represent as a float')");
    expect(parse_hex("0x"), "ValueError('invalid hexadecimal floating-point string')");
}
END_TEST

START_TEST(hashes_equal_those_of_equal_ints)
{
    ck_assert_int_eq(float_hash(0x1p100), int_hash(int_from_double(vm, 0x1p100)));
    ck_assert_int_eq(float_hash(-1.0), -2);
    ck_assert_int_eq(float_hash(0.5), 1152921504606846976);
}
END_TEST

START_TEST(specs_lay_numbers_out)
{
    expect(format(1234567.891, ",.2f"), "1,234,567.89");
    expect(format(-0.001, "z.1f"), "0.0");
    expect(format(99.95, "#.2g"), "1.0e+02");
    expect(format(123.0, ".3"), "1.23e+02");
    expect(format(0.5, "+08.1%"), "+0050.0%");
    expect(format_whole(5, "010,"), "00,000,005");
    expect(format_whole(-255, "#x"), "-0xff");
    expect(format_whole(65, "*^5c"), "**A**");
    expect(format_whole(5, "=+10"), "+        5");
    expect(format_whole(5, ".3d"), "ValueError('Precision not allowed in integer format specifier')");
    expect(format_whole(5, "qq"), "ValueError(\"Invalid format specifier 'qq' for object of type 'int'\")");
    expect(format(1.5, "d"), "ValueError(\"Unknown format code 'd' for object of type 'float'\")");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vm_float");
    TCase *tc = tcase_create("float");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, text_is_the_shortest_that_reads_back);
    tcase_add_test(tc, every_power_of_two_reads_back);
    tcase_add_test(tc, division_floors);
    tcase_add_test(tc, powers_raise_what_python_raises);
    tcase_add_test(tc, rounding_is_exact_and_to_even);
    tcase_add_test(tc, text_is_read_as_python_reads_it);
    tcase_add_test(tc, hexadecimal_goes_both_ways);
    tcase_add_test(tc, hashes_equal_those_of_equal_ints);
    tcase_add_test(tc, specs_lay_numbers_out);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
