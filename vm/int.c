#include "vm/int.h"
#include "vm/bigint.h"
#include "vm/float.h"
#include "vm/list.h"

#include <math.h>

/* ---- conversions ---- */

static inline bool word_of(Value v, int64_t *out)
{
    if (is_small(v))
        *out = as_small(v);
    else if (is_bool(v))
        *out = v == VALUE_TRUE;
    else
        return false;
    return true;
}

bool int_to_i64(Value v, int64_t *out)
{
    if (word_of(v, out)) return true;
    IntView x;
    int_view(&x, v);
    if (x.n > 2 || (x.n == 2 && x.d[1] > 15)) return false;
    uint64_t magnitude = (x.n ? x.d[0] : 0) | (x.n > 1 ? x.d[1] << DIGIT_BITS : 0);
    if (magnitude > (uint64_t)INT64_MAX + (x.sign < 0)) return false;
    *out = x.sign < 0 ? (int64_t)-magnitude : (int64_t)magnitude;
    return true;
}

Value int_normal(VM *vm, Value v)
{
    if (is_exact_int(v)) return v;
    IntView x;
    int_view(&x, v);
    return int_from_digits(vm, x.d, x.n, x.sign);
}

Value int_from_double(VM *vm, double d)
{
    if (fabs(d) < 0x1p60) return small((int64_t)d);
    if (isinf(d)) return vm_raise(vm, ERR_OVERFLOW, "cannot convert float infinity to integer");
    if (isnan(d)) return vm_raise(vm, ERR_VALUE, "cannot convert float NaN to integer");
    int exponent;
    int64_t mantissa = (int64_t)ldexp(frexp(d, &exponent), 53);
    return bigint_lshift(vm, small(mantissa), (size_t)(exponent - 53));
}

/* The leading 62 bits of a longer number; the last one also says whether anything followed. */
static uint64_t leading_bits(const IntView *x, size_t bits)
{
    size_t at = bits - 62, digit = at / DIGIT_BITS, part = at % DIGIT_BITS;
    DoubleDigit window = (DoubleDigit)x->d[digit + 1] << DIGIT_BITS | x->d[digit];
    if (digit + 2 < x->n) window |= (DoubleDigit)x->d[digit + 2] << (2 * DIGIT_BITS);
    uint64_t rest = (uint64_t)window & (((uint64_t)1 << part) - 1);
    for (size_t i = 0; i < digit; i++) rest |= x->d[i];
    return (uint64_t)(window >> part) | (rest != 0);
}

double int_to_double(VM *vm, Value v, bool *overflow)
{
    (void)vm;
    if (overflow) *overflow = false;
    int64_t i;
    if (int_to_i64(v, &i)) return (double)i;
    IntView x;
    int_view(&x, v);
    size_t bits = mag_bits(x.d, x.n);
    double d = scale_rounded(leading_bits(&x, bits), (int64_t)bits - 62);
    if (overflow) *overflow = isinf(d);
    return x.sign * d;
}

int int_sign(Value v)
{
    IntView x;
    int_view(&x, v);
    return x.sign;
}

static uint64_t magnitude(int64_t i) { return i < 0 ? -(uint64_t)i : (uint64_t)i; }

size_t int_bit_length(Value v)
{
    if (is_small(v)) return v == small(0) ? 0 : 64 - (size_t)__builtin_clzll(magnitude(as_small(v)));
    IntView x;
    int_view(&x, v);
    return mag_bits(x.d, x.n);
}

/* ---- comparing and hashing ---- */

int int_cmp(Value a, Value b)
{
    int64_t i, j;
    if (word_of(a, &i) && word_of(b, &j)) return (i > j) - (i < j);
    IntView x, y;
    int_view(&x, a);
    int_view(&y, b);
    if (x.sign != y.sign) return x.sign < y.sign ? -1 : 1;
    return x.sign * mag_cmp(x.d, x.n, y.d, y.n);
}

/* d, finite, is beyond every machine word, so it is an integer of at most 18 digits: compare digit by
 * digit. */
static int compare_with_huge(const IntView *x, double d)
{
    int exponent;
    uint64_t mantissa = (uint64_t)ldexp(frexp(fabs(d), &exponent), 53);
    size_t bits = mag_bits(x->d, x->n);
    if (bits != (size_t)exponent) return bits < (size_t)exponent ? -1 : 1;
    Digit digits[1024 / DIGIT_BITS + 3] = {0}, low[2] = {mantissa & DIGIT_MASK, mantissa >> DIGIT_BITS};
    size_t shift = (size_t)exponent - 53, n = 2 + shift / DIGIT_BITS;
    digits[n] = mag_shl(digits, low, 2, shift);
    return mag_cmp(x->d, x->n, digits, mag_trim(digits, n + 1));
}

int int_cmp_double(Value a, double d)
{
    if (isnan(d)) return 2;
    int64_t i;
    if (int_to_i64(a, &i)) {
        if (d >= 0x1p63) return -1;
        if (d < -0x1p63) return 1;
        int64_t whole = (int64_t)d;
        if (i != whole) return i < whole ? -1 : 1;
        double fraction = d - (double)whole;
        return fraction > 0 ? -1 : fraction < 0;
    }
    IntView x;
    int_view(&x, a);
    if (isinf(d)) return d > 0 ? -1 : 1;
    if (x.sign * d < 0x1p62) return x.sign; // smaller, or on the other side of zero
    return x.sign * compare_with_huge(&x, d);
}

int64_t int_hash(Value v)
{
    enum { BITS = 61 };
    const uint64_t modulus = ((uint64_t)1 << BITS) - 1;
    IntView x;
    int_view(&x, v);
    uint64_t h = 0;
    for (size_t i = x.n; i-- > 0;) {
        h = h >> 1 | (h & 1) << (BITS - 1); // times 2^60 is a turn to the right
        h += x.d[i];
        if (h >= modulus) h -= modulus;
    }
    int64_t hash = x.sign < 0 ? -(int64_t)h : (int64_t)h;
    return hash == -1 ? -2 : hash;
}

/* ---- operators ---- */

static Value divided_by_zero(VM *vm, BinaryOp op)
{
    return vm_raise(vm, ERR_ZERO_DIVISION,
                    op == BIN_TRUEDIV ? "division by zero"
                    : op == BIN_MOD   ? "integer modulo by zero"
                                      : "integer division or modulo by zero");
}

static inline int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return q * b != a && (a < 0) != (b < 0) ? q - 1 : q;
}

static inline int64_t floor_mod(int64_t a, int64_t b)
{
    int64_t r = a % b;
    return r && (r < 0) != (b < 0) ? r + b : r;
}

static Value true_divide(VM *vm, Value a, Value b)
{
    int64_t i, j;
    const int64_t exact = (int64_t)1 << 53;
    if (word_of(a, &i) && word_of(b, &j) && i >= -exact && i <= exact && j >= -exact && j <= exact)
        return float_value(vm, (double)i / (double)j);
    double d;
    if (!bigint_truediv(vm, a, b, &d)) return VALUE_ERROR;
    if (isinf(d)) return vm_raise(vm, ERR_OVERFLOW, "integer division result too large for a float");
    return float_value(vm, d);
}

static Value divmod_pair(VM *vm, Value quotient, Value remainder)
{
    if (is_error(quotient) || is_error(remainder)) return VALUE_ERROR;
    return tuple_new(vm, (Value[]){quotient, remainder}, 2);
}

static Value shift(VM *vm, BinaryOp op, Value a, Value b)
{
    int64_t count, i;
    if (int_sign(b) < 0) return vm_raise(vm, ERR_VALUE, "negative shift count");
    if (!int_to_i64(b, &count)) count = INT64_MAX;
    if (op == BIN_RSHIFT) {
        if (word_of(a, &i)) return small(i >> (count > 63 ? 63 : count));
        return bigint_rshift(vm, a, (size_t)count);
    }
    if (word_of(a, &i) && count < 64) return int_from_i128(vm, (__int128)i * ((__int128)1 << count));
    // CPython's limit is 2^61 digits of 30 bits
    if (int_sign(a) && int_bit_length(b) > 66)
        return vm_raise(vm, ERR_OVERFLOW, "too many digits in integer");
    return bigint_lshift(vm, a, (size_t)count);
}

static Value big_binary(VM *vm, BinaryOp op, Value a, Value b)
{
    Value quotient = VALUE_ERROR, remainder = VALUE_ERROR;
    switch (op) {
    case BIN_ADD: return bigint_add(vm, a, b);
    case BIN_SUB: return bigint_sub(vm, a, b);
    case BIN_MUL: return bigint_mul(vm, a, b);
    case BIN_FLOORDIV: return bigint_divmod(vm, a, b, &quotient, NULL) ? quotient : VALUE_ERROR;
    case BIN_MOD: return bigint_divmod(vm, a, b, NULL, &remainder) ? remainder : VALUE_ERROR;
    case BIN_DIVMOD:
        if (!bigint_divmod(vm, a, b, &quotient, &remainder)) return VALUE_ERROR;
        return divmod_pair(vm, quotient, remainder);
    case BIN_AND:
    case BIN_OR:
    case BIN_XOR: return bigint_bitwise(vm, op, a, b);
    default: return VALUE_NOT_IMPLEMENTED;
    }
}

static Value word_binary(VM *vm, BinaryOp op, int64_t i, int64_t j)
{
    switch (op) {
    case BIN_ADD: return int_from_i64(vm, i + j);
    case BIN_SUB: return int_from_i64(vm, i - j);
    case BIN_MUL: return int_from_i128(vm, (__int128)i * j);
    case BIN_FLOORDIV: return int_from_i64(vm, floor_div(i, j));
    case BIN_MOD: return small(floor_mod(i, j));
    case BIN_DIVMOD: return divmod_pair(vm, int_from_i64(vm, floor_div(i, j)), small(floor_mod(i, j)));
    case BIN_AND: return small(i & j);
    case BIN_OR: return small(i | j);
    case BIN_XOR: return small(i ^ j);
    default: return VALUE_NOT_IMPLEMENTED;
    }
}

Value int_binary(VM *vm, BinaryOp op, Value a, Value b)
{
    Value v = bigint_double(vm, op, a, b);
    if (!is_unset(v)) return v;
    switch (op) {
    case BIN_POW: return int_pow(vm, a, b, VALUE_NONE);
    case BIN_LSHIFT:
    case BIN_RSHIFT: return shift(vm, op, a, b);
    case BIN_TRUEDIV:
    case BIN_FLOORDIV:
    case BIN_MOD:
    case BIN_DIVMOD:
        if (int_sign(b) == 0) return divided_by_zero(vm, op);
        if (op == BIN_TRUEDIV) return true_divide(vm, a, b);
        break;
    default: break;
    }
    int64_t i, j;
    if (word_of(a, &i) && word_of(b, &j)) return word_binary(vm, op, i, j);
    return big_binary(vm, op, a, b);
}

Value int_unary(VM *vm, UnaryOp op, Value a)
{
    int64_t i;
    if (word_of(a, &i)) {
        switch (op) {
        case UN_NEG: return int_from_i64(vm, -i);
        case UN_POS: return small(i);
        case UN_INVERT: return small(~i);
        case UN_ABS: return int_from_i64(vm, i < 0 ? -i : i);
        }
    }
    if (op == UN_POS || (op == UN_ABS && int_sign(a) >= 0)) return int_normal(vm, a);
    return bigint_sub(vm, op == UN_INVERT ? small(-1) : small(0), a);
}

/* ---- powers and roots ---- */

/* By squaring, as long as everything fits a machine word. */
static bool word_pow(int64_t base, uint64_t exponent, int64_t *out)
{
    int64_t result = 1;
    for (;;) {
        if (exponent & 1 && __builtin_mul_overflow(result, base, &result)) return false;
        exponent >>= 1;
        if (exponent == 0) break;
        if (__builtin_mul_overflow(base, base, &base)) return false;
    }
    *out = result;
    return true;
}

static Value pow_negative(VM *vm, Value a, Value b)
{
    double x, y;
    if (!to_double(vm, a, &x) || !to_double(vm, b, &y)) return VALUE_ERROR;
    return float_binary(vm, BIN_POW, x, y);
}

static Value pow_modulo(VM *vm, Value a, Value b, Value m)
{
    if (int_sign(m) == 0) return vm_raise(vm, ERR_VALUE, "pow() 3rd argument cannot be 0");
    Value positive = int_unary(vm, UN_ABS, m);
    if (is_error(positive)) return positive;
    if (int_sign(b) < 0) {
        a = bigint_invert(vm, a, positive);
        if (is_unset(a)) return vm_raise(vm, ERR_VALUE, "base is not invertible for the given modulus");
        if (is_error(a) || is_error(b = int_unary(vm, UN_NEG, b))) return VALUE_ERROR;
    }
    Value result = bigint_powmod(vm, a, b, positive);
    if (is_error(result) || int_sign(m) > 0 || int_sign(result) == 0) return result;
    return bigint_add(vm, result, m); // the result has the sign of the modulus
}

Value int_pow(VM *vm, Value a, Value b, Value modulus)
{
    if (!is_none(modulus) && !is_unset(modulus)) return pow_modulo(vm, a, b, modulus);
    if (int_sign(b) < 0) return pow_negative(vm, a, b);
    int64_t base, exponent, result;
    if (!int_to_i64(b, &exponent)) {
        if (int_bit_length(a) > 1) return vm_no_memory(vm);
        bool odd = bigint_bitwise(vm, BIN_AND, b, small(1)) != small(0); // 0, 1 or -1
        exponent = odd ? 1 : 2;
    }
    if (word_of(a, &base) && word_pow(base, (uint64_t)exponent, &result)) return int_from_i64(vm, result);
    return bigint_pow(vm, a, (uint64_t)exponent);
}

Value int_gcd(VM *vm, Value a, Value b)
{
    int64_t i, j;
    if (!word_of(a, &i) || !word_of(b, &j)) return bigint_gcd(vm, a, b);
    return int_from_u64(vm, bigint_gcd_words(magnitude(i), magnitude(j)));
}

/* Newton's method with growing precision, each step exact to twice the bits: CPython's math.isqrt
 * explains why. */
static Value isqrt_steps(VM *vm, Value n)
{
    size_t c = (int_bit_length(n) - 1) / 2, d = 0;
    Value a = small(1);
    for (int s = 64 - (c ? __builtin_clzll(c) : 64); s-- > 0;) {
        size_t e = d;
        d = c >> s;
        Value high = bigint_lshift(vm, a, d - e - 1), part = bigint_rshift(vm, n, 2 * c - e - d + 1);
        if (is_error(high) || is_error(part)) return VALUE_ERROR;
        if (is_error(part = int_binary(vm, BIN_FLOORDIV, part, a))) return part;
        if (is_error(a = int_binary(vm, BIN_ADD, high, part))) return a;
    }
    return a;
}

Value int_isqrt(VM *vm, Value n)
{
    int64_t i;
    if (word_of(n, &i)) {
        int64_t root = (int64_t)sqrt((double)i);
        while (root * root > i) root--;
        while ((root + 1) * (root + 1) <= i) root++;
        return small(root);
    }
    Value root = isqrt_steps(vm, n);
    if (is_error(root)) return root;
    Value square = int_binary(vm, BIN_MUL, root, root);
    if (is_error(square)) return square;
    return int_cmp(square, n) > 0 ? int_binary(vm, BIN_SUB, root, small(1)) : root;
}

Value int_round(VM *vm, Value n, Value ndigits)
{
    if (int_sign(ndigits) >= 0) return int_normal(vm, n);
    int64_t digits;
    // 10^digits > 2 |n|: no need to make it
    if (!int_to_i64(ndigits, &digits) || (uint64_t)-digits > int_bit_length(n)) return small(0);
    Value unit = bigint_pow(vm, small(10), (uint64_t)-digits), quotient, rest;
    if (is_error(unit)) return unit;
    if (!bigint_divmod(vm, n, unit, &quotient, &rest)) return VALUE_ERROR;
    Value twice = int_binary(vm, BIN_ADD, rest, rest);
    if (is_error(twice)) return twice;
    int half = int_cmp(twice, unit);
    Value parity = bigint_bitwise(vm, BIN_AND, quotient, small(1));
    if (is_error(parity)) return parity;
    Value low = int_binary(vm, BIN_SUB, n, rest);
    if (is_error(low) || half < 0 || (half == 0 && parity == small(0))) return low;
    return int_binary(vm, BIN_ADD, low, unit);
}
