/* int.h - integers of any size: small ones immediate, big ones boxed.
 *
 * What the rest of the VM says to ints. int.c has the machine-word fast paths and Python's rules,
 * bigint.c the arithmetic of any size, int_text.c text, int_type.c the types int and bool.
 */
#pragma once
#include "vm/vm.h"

static inline bool is_bigint(Value v)
{
    return is_kind(v, KIND_BIGINT);
}
/* An int or a bool or a subclass instance: anything whose value as an integer is known without calling
 * scripts. */
static inline bool is_int(Value v)
{
    return is_small(v) || is_bool(v) || is_bigint(v);
}
static inline bool is_exact_int(Value v)
{
    return is_small(v) || is_exact(v, T_INT);
}

Value int_from_i128(VM *vm, __int128 i);
static inline Value int_from_i64(VM *vm, int64_t i)
{
    return fits_small(i) ? small(i) : int_from_i128(vm, i);
}
static inline Value int_from_u64(VM *vm, uint64_t u)
{
    return u <= INT_SMALL_MAX ? small((int64_t)u) : int_from_i128(vm, u);
}
Value int_from_double(VM *vm, double d); // truncates; OverflowError / ValueError for inf / nan
bool int_to_i64(Value v, int64_t *out);  // false when it does not fit
int int_sign(Value v);
/* Correctly rounded; infinite when *overflow, which may be NULL. */
double int_to_double(VM *vm, Value v, bool *overflow);
int int_cmp(Value a, Value b);         // -1 0 1
int int_cmp_double(Value a, double d); // exact; 2 when d is NaN
int64_t int_hash(Value v);             // CPython's
/* Both is_int. CPython's errors; TRUEDIV gives a float. */
Value int_binary(VM *vm, BinaryOp op, Value a, Value b);
Value int_unary(VM *vm, UnaryOp op, Value a);
Value int_pow(VM *vm, Value a, Value b, Value modulus); // modulus None or UNSET: two arguments
Value int_gcd(VM *vm, Value a, Value b);
Value int_isqrt(VM *vm, Value n); // n >= 0
/* n rounded to a multiple of 10^-ndigits, ties to even. */
Value int_round(VM *vm, Value n, Value ndigits);
Value int_normal(VM *vm, Value v); // an exact int equal to bool / subclass instance v
size_t int_bit_length(Value v);
/* The lowest n bytes of its two's complement, the lowest first. */
void int_put_bytes(Value v, uint8_t *out, size_t n);
/* What they stand for; data is used up. */
Value int_from_bytes(VM *vm, uint8_t *data, size_t n, bool is_signed);

/* Does `a op b` hold when comparing gave c? 2: unordered. */
static inline bool cmp_holds(int c, CompareOp op)
{
    switch (op) {
    case CMP_LT: return c < 0;
    case CMP_LE: return c <= 0;
    case CMP_EQ: return c == 0;
    case CMP_NE: return c != 0;
    case CMP_GT: return c == 1;
    case CMP_GE: return c == 0 || c == 1;
    }
    return false;
}

/* Text to int: base 0 or 2..36; underscores, signs, white space and Unicode digits as int(str, base).
 * ValueError. */
Value int_parse(VM *vm, const char *text, size_t n, int base);
Value int_parse_object(VM *vm, Value v, int base);         // str, bytes or bytearray
Value int_parse_hex(VM *vm, const char *digits, size_t n); // constants of an image: [-]hex digits
/* In base 2, 8, 10 or 16, without prefix; base 10 obeys the limit of 4,300 digits. */
Value int_to_str(VM *vm, Value v, int base);
Value int_to_hex_capitals(VM *vm, Value v);
/* Text as int() and float() read it: decimal digits of all scripts become 0-9, white space a space, other
 * non-ASCII characters '?'. out has room for n bytes; answers how many were written. */
size_t text_to_ascii(const char *text, size_t n, char *out);
/* What they skip around a number, then. */
static inline bool is_number_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
/* The decimal text of a machine word at the end of buf (INT64_TEXT bytes); answers its start. */
enum { INT64_TEXT = 20 };
char *int64_to_text(int64_t i, char *buf);
/* sys.get_int_max_str_digits(); 0: no limit. */
int int_max_str_digits(VM *vm);
