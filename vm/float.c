#include "vm/float.h"
#include "vm/exception.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/str.h"

#include <math.h>
#include <stdlib.h>

Value float_box(VM *vm, double d)
{
    FloatObj *f = heap_alloc_raw(vm, KIND_FLOAT, T_FLOAT, sizeof *f);
    if (!f) return VALUE_ERROR;
    f->d = d;
    return obj_value(f);
}

bool to_double(VM *vm, Value v, double *out)
{
    if (is_float(v)) {
        *out = as_float(v);
        return true;
    }
    if (!is_int(v)) return false;
    bool overflow;
    *out = int_to_double(vm, v, &overflow);
    if (overflow) vm_raise(vm, ERR_OVERFLOW, "int too large to convert to float");
    return !overflow;
}

/* ---- arithmetic ---- */

static double modulo(double a, double b)
{
    double rest = fmod(a, b);
    if (rest == 0.0) return copysign(0.0, b);
    return (b < 0) != (rest < 0) ? rest + b : rest;
}

/* Not simply floor(a / b): the quotient must go with the remainder, whatever was rounded. */
static double floor_divide(double a, double b)
{
    double rest = fmod(a, b), quotient = (a - rest) / b;
    if (rest != 0.0 && (b < 0) != (rest < 0)) quotient -= 1.0;
    if (quotient == 0.0) return copysign(0.0, a / b);
    double whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1.0 : whole;
}

static Value divmod_pair(VM *vm, double a, double b)
{
    Value quotient = float_value(vm, floor_divide(a, b)), rest = float_value(vm, modulo(a, b));
    if (is_error(quotient) || is_error(rest)) return VALUE_ERROR;
    return tuple_new(vm, (Value[]){quotient, rest}, 2);
}

static Value divided_by_zero(VM *vm, BinaryOp op)
{
    return vm_raise(vm, ERR_ZERO_DIVISION,
                    op == BIN_TRUEDIV    ? "float division by zero"
                    : op == BIN_FLOORDIV ? "float floor division by zero"
                    : op == BIN_MOD      ? "float modulo"
                                         : "float divmod()");
}

/* CPython raises what C's errno would say: OverflowError(34, 'Numerical result out of range'). */
static Value out_of_range(VM *vm)
{
    Value text = str_from_c(vm, "Numerical result out of range");
    if (is_error(text)) return text;
    Value args = tuple_new(vm, (Value[]){small(34), text}, 2);
    if (is_error(args)) return args;
    Value exc = exception_new(vm, ERR_OVERFLOW, args);
    return is_error(exc) ? exc : vm_raise_exc(vm, exc);
}

static Value power(VM *vm, double a, double b)
{
    double result = pow(a, b); // has Python's special cases; what is left are the errors
    if (!isfinite(a) || !isfinite(b)) return float_value(vm, result);
    if (a == 0.0 && b < 0.0)
        return vm_raise(vm, ERR_ZERO_DIVISION, "0.0 cannot be raised to a negative power");
    if (a < 0.0 && b != floor(b))
        return vm_raise(vm, ERR_VALUE,
                        "negative number to a fractional power is complex, which Co does not have");
    return isinf(result) ? out_of_range(vm) : float_value(vm, result);
}

Value float_binary(VM *vm, BinaryOp op, double a, double b)
{
    if (b == 0.0 && (op == BIN_TRUEDIV || op == BIN_FLOORDIV || op == BIN_MOD || op == BIN_DIVMOD))
        return divided_by_zero(vm, op);
    switch (op) {
    case BIN_ADD: return float_value(vm, a + b);
    case BIN_SUB: return float_value(vm, a - b);
    case BIN_MUL: return float_value(vm, a * b);
    case BIN_TRUEDIV: return float_value(vm, a / b);
    case BIN_FLOORDIV: return float_value(vm, floor_divide(a, b));
    case BIN_MOD: return float_value(vm, modulo(a, b));
    case BIN_DIVMOD: return divmod_pair(vm, a, b);
    case BIN_POW: return power(vm, a, b);
    default: return VALUE_NOT_IMPLEMENTED;
    }
}

int64_t float_hash(double d)
{
    enum { BITS = 61, STEP = 28 };
    const uint64_t modulus = ((uint64_t)1 << BITS) - 1;
    if (isinf(d)) return d > 0 ? 314159 : -314159;
    if (isnan(d)) return 0;
    int exponent;
    double mantissa = frexp(fabs(d), &exponent);
    uint64_t h = 0;
    while (mantissa != 0.0) {
        h = (h << STEP & modulus) | h >> (BITS - STEP);
        mantissa *= 1 << STEP;
        exponent -= STEP;
        uint64_t part = (uint64_t)mantissa;
        mantissa -= (double)part;
        h += part;
        if (h >= modulus) h -= modulus;
    }
    exponent = exponent >= 0 ? exponent % BITS : BITS - 1 - (-1 - exponent) % BITS;
    h = (h << exponent & modulus) | h >> (BITS - exponent);
    int64_t hash = d < 0 ? -(int64_t)h : (int64_t)h;
    return hash == -1 ? -2 : hash;
}

/* ---- rounding ---- */

/* To n >= 0 decimals by arithmetic that loses nothing; false when the numbers are too large for that. */
static bool round_exactly(double d, int64_t n, double *out)
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    if (n >= (int64_t)(sizeof powers / sizeof *powers)) return false;
    double product = d * powers[n];
    if (fabs(product) >= 0x1p51) return false;
    double error = fma(d, powers[n], -product), whole = rint(product);
    double rest = product - whole; // d * 10^n is product + error
    if (rest == 0.5 && error > 0.0) whole += 1.0;
    if (rest == -0.5 && error < 0.0) whole -= 1.0;
    *out = copysign(whole / powers[n], d);
    return true;
}

/* Round the digits before position `keep` of a decimal fraction half to even, and make zeros of the
 * others. */
static void round_digits(char *integer, long keep, long length, const char *fraction)
{
    char next = integer[keep];
    bool more = strspn(fraction, "0") != strlen(fraction);
    for (long i = keep + 1; i < length; i++) more |= integer[i] != '0';
    bool odd = keep > 0 && (integer[keep - 1] - '0') % 2;
    memset(integer + keep, '0', (size_t)(length - keep));
    if (next < '5' || (next == '5' && !more && !odd)) return;
    long i = keep - 1;
    for (; integer[i] == '9'; i--) integer[i] = '0';
    integer[i]++; // at worst the zero in front of all
}

/* To a multiple of 10^n. Numbers that do not round to zero have at most 53 decimals, so 60 of them are
 * the exact value. */
static double round_to_tens(double d, long n)
{
    char buf[400] = "0"; // 309 digits, point, 60 decimals
    if (fabs(d) < 0.5) return copysign(0.0, d);
    float_print(buf + 1, sizeof buf - 1, 'f', false, 60, fabs(d));
    char *point = strchr(buf, '.');
    long length = point - (buf + 1);
    if (n > length) return copysign(0.0, d);
    *point = 0;
    round_digits(buf + 1, length - n, length, point + 1);
    return copysign(float_scan(buf), d);
}

Value float_round(VM *vm, double d, int64_t ndigits)
{
    enum { DIGITS_MAX = 323, DIGITS_MIN = -308 };
    if (!isfinite(d) || d == 0.0 || ndigits > DIGITS_MAX) return float_value(vm, d);
    if (ndigits >= 0 && fabs(d) >= 0x1p52) return float_value(vm, d); // has no decimals
    if (ndigits < DIGITS_MIN) return float_value(vm, 0.0 * d);
    double rounded;
    if (ndigits < 0) {
        rounded = round_to_tens(d, (long)-ndigits);
    } else if (!round_exactly(d, ndigits, &rounded)) {
        char buf[800];
        float_print(buf, sizeof buf, 'f', false, (int)ndigits, d);
        rounded = float_scan(buf);
    }
    if (isinf(rounded)) return vm_raise(vm, ERR_OVERFLOW, "rounded value too large to represent");
    return float_value(vm, rounded);
}
