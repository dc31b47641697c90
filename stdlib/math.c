/* math.c - the module math: checks and errors as CPython's around the C library's functions. */
#include "stdlib/math_parts.h"
#include "vm/bigint.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/type.h"

#include <limits.h>
#include <math.h>

static Value domain_error(VM *vm)
{
    return vm_raise(vm, ERR_VALUE, "math domain error");
}
static Value range_error(VM *vm)
{
    return vm_raise(vm, ERR_OVERFLOW, "math range error");
}

/* ---- functions of one and two floats ---- */

/* NaN out of numbers is a domain error; so is infinity out of finite ones (a pole), unless the function
 * can overflow. */
static Value checked(VM *vm, double result, bool from_nan, bool from_finite, bool can_overflow)
{
    if (isnan(result) && !from_nan) return domain_error(vm);
    if (isinf(result) && from_finite) return can_overflow ? range_error(vm) : domain_error(vm);
    return float_value(vm, result);
}

static Value apply1(VM *vm, Args args, double (*f)(double), bool can_overflow)
{
    double x;
    if (!float_from_object(vm, args.v[0], &x)) return VALUE_ERROR;
    return checked(vm, f(x), isnan(x), isfinite(x), can_overflow);
}

static Value apply2(VM *vm, Args args, double (*f)(double, double), bool can_overflow)
{
    double x, y;
    if (!float_from_object(vm, args.v[0], &x) || !float_from_object(vm, args.v[1], &y)) return VALUE_ERROR;
    return checked(vm, f(x, y), isnan(x) || isnan(y), isfinite(x) && isfinite(y), can_overflow);
}

static double ulp(double x)
{
    x = fabs(x);
    if (!isfinite(x)) return x;
    double next = nextafter(x, INFINITY);
    return isinf(next) ? x - nextafter(x, -INFINITY) : next - x;
}

/* One row is one function. */
#define FUNCTION1(name, f, overflows)          \
    static Value nat_##name(VM *vm, Args args) \
    {                                          \
        return apply1(vm, args, f, overflows); \
    }
#define FUNCTION2(name, f, overflows)          \
    static Value nat_##name(VM *vm, Args args) \
    {                                          \
        return apply2(vm, args, f, overflows); \
    }
FUNCTION1(acos, acos, false)
FUNCTION1(acosh, acosh, false)
FUNCTION1(asin, asin, false)
FUNCTION1(asinh, asinh, false)
FUNCTION1(atan, atan, false)
FUNCTION1(atanh, atanh, false)
FUNCTION1(cbrt, cbrt, false)
FUNCTION1(cos, cos, false)
FUNCTION1(cosh, cosh, true)
FUNCTION1(erf, erf, false)
FUNCTION1(erfc, erfc, false)
FUNCTION1(exp, exp, true)
FUNCTION1(exp2, exp2, true)
FUNCTION1(expm1, expm1, true)
FUNCTION1(fabs, fabs, false)
FUNCTION1(log1p, log1p, false)
FUNCTION1(sin, sin, false)
FUNCTION1(sinh, sinh, true)
FUNCTION1(sqrt, sqrt, false)
FUNCTION1(tan, tan, false)
FUNCTION1(tanh, tanh, false)
FUNCTION1(ulp, ulp, false)
FUNCTION2(atan2, atan2, false)
FUNCTION2(copysign, copysign, false)
FUNCTION2(fmod, fmod, false)
FUNCTION2(remainder, remainder, false)

static Value scaled(VM *vm, Args args, double factor)
{
    double x;
    return float_from_object(vm, args.v[0], &x) ? float_value(vm, x * factor) : VALUE_ERROR;
}

static Value nat_degrees(VM *vm, Args args)
{
    return scaled(vm, args, 180.0 / M_PI);
}
static Value nat_radians(VM *vm, Args args)
{
    return scaled(vm, args, M_PI / 180.0);
}

static Value nat_nextafter(VM *vm, Args args)
{
    double x, y;
    if (!float_from_object(vm, args.v[0], &x) || !float_from_object(vm, args.v[1], &y)) return VALUE_ERROR;
    return float_value(vm, nextafter(x, y));
}

/* Gamma's poles are the integers up to zero; elsewhere infinity is overflow. */
static Value gamma_result(VM *vm, double x, double result)
{
    if (isfinite(x) && (isnan(result) || (isinf(result) && x == 0.0))) return domain_error(vm);
    if (isfinite(x) && isinf(result)) return range_error(vm);
    if (isnan(result) && !isnan(x)) return domain_error(vm);
    return float_value(vm, result);
}

static Value nat_gamma(VM *vm, Args args)
{
    double x;
    if (!float_from_object(vm, args.v[0], &x)) return VALUE_ERROR;
    return gamma_result(vm, x, math_gamma(x));
}

static Value nat_lgamma(VM *vm, Args args)
{
    double x;
    if (!float_from_object(vm, args.v[0], &x)) return VALUE_ERROR;
    return gamma_result(vm, x, math_lgamma(x));
}

static Value nat_pow(VM *vm, Args args)
{
    double x, y;
    if (!float_from_object(vm, args.v[0], &x) || !float_from_object(vm, args.v[1], &y)) return VALUE_ERROR;
    double result = pow(x, y);
    if (!isfinite(result) && isfinite(x) && isfinite(y))
        return isnan(result) || x == 0.0 ? domain_error(vm) : range_error(vm);
    return float_value(vm, result);
}

/* ---- logarithms ---- */

/* Ints may be larger than any float: log(m 2^e) = log(m) + e log(2). Answers false with an exception
 * pending. */
static bool logarithm(VM *vm, Value v, double (*f)(double), double *out)
{
    double x;
    int64_t exponent = 0;
    if (is_int(v)) {
        bool overflow;
        x = int_to_double(vm, v, &overflow);
        if (overflow && x > 0.0) {
            exponent = (int64_t)int_bit_length(v);
            if (!bigint_truediv(vm, v, bigint_lshift(vm, small(1), (size_t)exponent), &x)) return false;
        }
    } else if (!float_from_object(vm, v, &x)) {
        return false;
    }
    if (x <= 0.0) {
        domain_error(vm);
        return false;
    }
    *out = exponent ? f(x) + f(2.0) * (double)exponent : f(x);
    return true;
}

static Value log_by(VM *vm, Args args, double (*f)(double))
{
    double result;
    return logarithm(vm, args.v[0], f, &result) ? float_value(vm, result) : VALUE_ERROR;
}

static Value nat_log2(VM *vm, Args args)
{
    return log_by(vm, args, log2);
}
static Value nat_log10(VM *vm, Args args)
{
    return log_by(vm, args, log10);
}

static Value nat_log(VM *vm, Args args)
{
    double x, base;
    if (is_unset(args.v[1])) return log_by(vm, args, log);
    if (!logarithm(vm, args.v[0], log, &x) || !logarithm(vm, args.v[1], log, &base)) return VALUE_ERROR;
    return float_binary(vm, BIN_TRUEDIV, x, base);
}

/* ---- to integers ---- */

/* By the object's own special method, else through a float. */
static Value round_by(VM *vm, Value v, Dunder d, double (*f)(double))
{
    double x;
    if (is_float_imm(v) || is_exact(v, T_FLOAT)) return int_from_double(vm, f(as_float(v)));
    if (is_exact_int(v)) return v;
    Value n = obj_call_special(vm, v, d, NULL, 0);
    if (!is_unset(n)) return n;
    return float_from_object(vm, v, &x) ? int_from_double(vm, f(x)) : VALUE_ERROR;
}

static Value nat_floor(VM *vm, Args args)
{
    return round_by(vm, args.v[0], D_FLOOR, floor);
}
static Value nat_ceil(VM *vm, Args args)
{
    return round_by(vm, args.v[0], D_CEIL, ceil);
}

static Value nat_trunc(VM *vm, Args args)
{
    Value v = args.v[0];
    if (is_float_imm(v) || is_exact(v, T_FLOAT)) return int_from_double(vm, as_float(v));
    if (is_exact_int(v)) return v;
    Value n = obj_call_special(vm, v, D_TRUNC, NULL, 0);
    return is_unset(n) ? vm_raise(vm, ERR_TYPE, "type %T doesn't define __trunc__ method", v) : n;
}

/* ---- parts of floats ---- */

static Value pair(VM *vm, Value a, Value b)
{
    return is_error(a) || is_error(b) ? VALUE_ERROR : tuple_new(vm, (Value[]){a, b}, 2);
}

static Value nat_frexp(VM *vm, Args args)
{
    double x;
    int exponent = 0;
    if (!float_from_object(vm, args.v[0], &x)) return VALUE_ERROR;
    if (isfinite(x)) x = frexp(x, &exponent);
    return pair(vm, float_value(vm, x), small(exponent));
}

static Value nat_ldexp(VM *vm, Args args)
{
    double x;
    int64_t exponent;
    if (!float_from_object(vm, args.v[0], &x)) return VALUE_ERROR;
    if (!is_int(args.v[1])) return vm_raise(vm, ERR_TYPE, "Expected an int as second argument to ldexp.");
    if (!int_to_i64(args.v[1], &exponent)) exponent = int_sign(args.v[1]) < 0 ? INT64_MIN : INT64_MAX;
    int clamped = exponent > INT_MAX ? INT_MAX : exponent < INT_MIN ? INT_MIN : (int)exponent;
    return checked(vm, ldexp(x, clamped), isnan(x), isfinite(x), true);
}

static Value nat_modf(VM *vm, Args args)
{
    double x, whole;
    if (!float_from_object(vm, args.v[0], &x)) return VALUE_ERROR;
    double fraction = modf(x, &whole);
    return pair(vm, float_value(vm, fraction), float_value(vm, whole));
}

static Value nat_isfinite(VM *vm, Args args)
{
    double x;
    return float_from_object(vm, args.v[0], &x) ? bool_value(isfinite(x)) : VALUE_ERROR;
}

static Value nat_isinf(VM *vm, Args args)
{
    double x;
    return float_from_object(vm, args.v[0], &x) ? bool_value(isinf(x)) : VALUE_ERROR;
}

static Value nat_isnan(VM *vm, Args args)
{
    double x;
    return float_from_object(vm, args.v[0], &x) ? bool_value(isnan(x)) : VALUE_ERROR;
}

static Value nat_isclose(VM *vm, Args args)
{
    double a, b, relative, absolute;
    if (!float_from_object(vm, args.v[0], &a) || !float_from_object(vm, args.v[1], &b) ||
        !float_from_object(vm, args.v[2], &relative) || !float_from_object(vm, args.v[3], &absolute))
        return VALUE_ERROR;
    if (relative < 0.0 || absolute < 0.0) return vm_raise(vm, ERR_VALUE, "tolerances must be non-negative");
    if (a == b) return VALUE_TRUE;
    if (isinf(a) || isinf(b)) return VALUE_FALSE;
    double difference = fabs(b - a);
    return bool_value(difference <= fabs(relative * b) || difference <= fabs(relative * a) ||
                      difference <= absolute);
}

/* ---- sums, products, norms ---- */

/* Infinities and NaNs are summed apart from the exact sum of the others. */
typedef struct FloatSum {
    ExactSum exact;
    double special;
    bool has_special, opposite;
} FloatSum;

static bool sum_item(VM *vm, Value item, void *state)
{
    FloatSum *s = state;
    double x;
    if (!float_from_object(vm, item, &x)) return false;
    if (isfinite(x)) return math_sum_add(vm, &s->exact, x);
    if (isinf(x) && isinf(s->special) && x != s->special) s->opposite = true;
    s->special = s->has_special ? s->special + x : x;
    s->exact.n = 0; // what was finite no longer matters, nor can it overflow
    s->has_special = true;
    return true;
}

static Value nat_fsum(VM *vm, Args args)
{
    FloatSum s = {0};
    bool fine = obj_iterate(vm, args.v[0], sum_item, &s);
    double total = s.has_special ? s.special : math_sum_total(&s.exact);
    math_sum_drop(vm, &s.exact);
    if (!fine) return VALUE_ERROR;
    return s.opposite ? vm_raise(vm, ERR_VALUE, "-inf + inf in fsum") : float_value(vm, total);
}

static Value multiply(VM *vm, Value a, Value b)
{
    int64_t product;
    if (both_small(a, b) && !__builtin_mul_overflow(as_small(a), (int64_t)b, &product)) return (Value)product;
    if (is_float_imm(a) && is_float_imm(b)) return float_value(vm, as_float_imm(a) * as_float_imm(b));
    return obj_binary(vm, BIN_MUL, a, b);
}

static bool multiply_item(VM *vm, Value item, void *state)
{
    Value *product = state; // a root
    Value v = multiply(vm, *product, item);
    if (is_error(v)) return false;
    *product = v;
    return true;
}

static Value nat_prod(VM *vm, Args args)
{
    Value *product = roots_push(vm, args.v[1]);
    if (!product) return VALUE_ERROR;
    bool fine = obj_iterate(vm, args.v[0], multiply_item, product);
    Value v = *product;
    roots_pop(vm, product);
    return fine ? v : VALUE_ERROR;
}

/* The norm of coordinates that may be infinite or NaN; an infinite one wins. */
static Value norm(VM *vm, double *v, size_t n)
{
    bool infinite = false, nan = false;
    for (size_t i = 0; i < n; i++) {
        infinite |= isinf(v[i]);
        nan |= isnan(v[i]);
    }
    return float_value(vm, infinite ? INFINITY : nan ? (double)NAN : math_norm(v, n));
}

static Value nat_hypot(VM *vm, Args args)
{
    double local[8], *v = args.n <= 8 ? local : heap_malloc(vm, (size_t)args.n * sizeof *v);
    if (!v) return VALUE_ERROR;
    bool fine = true;
    for (int i = 0; i < args.n && fine; i++) fine = float_from_object(vm, args.v[i], &v[i]);
    Value result = fine ? norm(vm, v, (size_t)args.n) : VALUE_ERROR;
    if (v != local) heap_free(vm, v, (size_t)args.n * sizeof *v);
    return result;
}

static bool differences(VM *vm, const Tuple *p, const Tuple *q, double *out)
{
    for (size_t i = 0; i < p->size; i++) {
        double x, y;
        if (!float_from_object(vm, p->items[i], &x) || !float_from_object(vm, q->items[i], &y)) return false;
        out[i] = x - y;
    }
    return true;
}

/* p and q as tuples, in the arguments' own slots, which are roots. */
static Value nat_dist(VM *vm, Args args)
{
    for (int i = 0; i < 2; i++)
        if (!is_tuple(args.v[i]) && is_error(args.v[i] = obj_to_tuple(vm, args.v[i]))) return VALUE_ERROR;
    Tuple *p = as_tuple(args.v[0]), *q = as_tuple(args.v[1]);
    if (p->size != q->size)
        return vm_raise(vm, ERR_VALUE, "both points must have the same number of dimensions");
    size_t size = size_mul(p->size, sizeof(double));
    double *v = heap_malloc(vm, size);
    if (!v) return VALUE_ERROR;
    Value result = differences(vm, p, q, v) ? norm(vm, v, p->size) : VALUE_ERROR;
    heap_free(vm, v, size);
    return result;
}

/* ---- the module ---- */

static const NativeDef natives[] = {
    {"acos(x, /)", nat_acos, "The angle in radians, from 0 to pi, whose cosine is x.", 0},
    {"acosh(x, /)", nat_acosh, "The number from 0 on whose hyperbolic cosine is x.", 0},
    {"asin(x, /)", nat_asin, "The angle in radians, from -pi/2 to pi/2, whose sine is x.", 0},
    {"asinh(x, /)", nat_asinh, "The number whose hyperbolic sine is x.", 0},
    {"atan(x, /)", nat_atan, "The angle in radians, from -pi/2 to pi/2, whose tangent is x.", 0},
    {"atan2(y, x, /)", nat_atan2, "The angle in radians, from -pi to pi, of the point (x, y).", 0},
    {"atanh(x, /)", nat_atanh, "The number whose hyperbolic tangent is x.", 0},
    {"cbrt(x, /)", nat_cbrt, "The cube root, negative for negative x.", 0},
    {"ceil(x, /)", nat_ceil, "The smallest int that is not below x.", 0},
    {"comb(n, k, /)", math_comb, "In how many ways k of n things can be chosen, whatever their order.", 0},
    {"copysign(x, y, /)", nat_copysign, "abs(x) with the sign of y, as a float.", 0},
    {"cos(x, /)", nat_cos, "The cosine of an angle in radians.", 0},
    {"cosh(x, /)", nat_cosh, "The hyperbolic cosine.", 0},
    {"degrees(x, /)", nat_degrees, "An angle in radians as degrees.", 0},
    {"dist(p, q, /)", nat_dist, "How far two points are apart, each a sequence of coordinates.", 0},
    {"erf(x, /)", nat_erf, "The error function.", 0},
    {"erfc(x, /)", nat_erfc, "1 - erf(x), exact also where that is small.", 0},
    {"exp(x, /)", nat_exp, "e ** x", 0},
    {"exp2(x, /)", nat_exp2, "2 ** x, as a float", 0},
    {"expm1(x, /)", nat_expm1, "exp(x) - 1, exact also for small x.", 0},
    {"fabs(x, /)", nat_fabs, "The absolute value, as a float.", 0},
    {"factorial(n, /)", math_factorial, "Find n!.", 0},
    {"floor(x, /)", nat_floor, "The greatest int that is not above x.", 0},
    {"fmod(x, y, /)", nat_fmod,
     "What is left of x when y has been taken from it as often as possible; it has the sign of x.", 0},
    {"frexp(x, /)", nat_frexp,
     "(m, e) with x == m * 2 ** e and abs(m) from 0.5 to below 1; (0.0, 0) of zero.", 0},
    {"fsum(seq, /)", nat_fsum, "The sum of floats, rounded only once.", 0},
    {"gamma(x, /)", nat_gamma, "The gamma function: gamma(n + 1) is n's factorial.", 0},
    {"gcd(*integers)", math_gcd, "The greatest int that divides all of them; 0 of nothing but zeros.", 0},
    {"hypot(*coordinates)", nat_hypot, "Euclidean distance from the origin.", 0},
    {"isclose(a, b, *, rel_tol=1e-09, abs_tol=0.0)", nat_isclose, "Are two floats close in value?", 0},
    {"isfinite(x, /)", nat_isfinite,
     "Whether x is neither infinite nor a NaN.", 0},
    {"isinf(x, /)", nat_isinf, "Whether x is one of the two infinities.",
     0},
    {"isnan(x, /)", nat_isnan, "Whether x is a NaN.", 0},
    {"isqrt(n, /)", math_isqrt, "The integer part of the square root of n, an int from 0 on.", 0},
    {"lcm(*integers)", math_lcm, "The smallest int from 0 on that all of them divide.", 0},
    {"ldexp(x, i, /)", nat_ldexp, "x * 2 ** i; frexp() the other way round.", 0},
    {"lgamma(x, /)", nat_lgamma, "log(abs(gamma(x))), also where gamma(x) is too great for a float.", 0},
    {"log(x, base=?, /)", nat_log, "The logarithm of x to a base, e by default.", 0},
    {"log10(x, /)", nat_log10, "The logarithm to base 10.", 0},
    {"log1p(x, /)", nat_log1p, "log(1 + x), exact also for small x.", 0},
    {"log2(x, /)", nat_log2, "The logarithm to base 2.", 0},
    {"modf(x, /)", nat_modf, "(fraction, integer part), both floats with the sign of x.", 0},
    {"nextafter(x, y, /)", nat_nextafter, "The float next to x on the way to y.", 0},
    {"perm(n, k=None, /)", math_perm,
     "In how many ways k of n things can be put in a row; all n by default.", 0},
    {"pow(x, y, /)", nat_pow, "x ** y, as a float", 0},
    {"prod(iterable, /, *, start=1)", nat_prod, "All items multiplied.",
     0},
    {"radians(x, /)", nat_radians, "An angle in degrees as radians.", 0},
    {"remainder(x, y, /)", nat_remainder,
     "How far x is from the nearest multiple of y; negative if it lies below.", 0},
    {"sin(x, /)", nat_sin, "The sine of an angle in radians.", 0},
    {"sinh(x, /)", nat_sinh, "The hyperbolic sine.", 0},
    {"sqrt(x, /)", nat_sqrt, "The square root of x, which must not be negative.", 0},
    {"tan(x, /)", nat_tan, "The tangent of an angle in radians.", 0},
    {"tanh(x, /)", nat_tanh, "The hyperbolic tangent.", 0},
    {"trunc(x, /)", nat_trunc, "The int next to x on the way to 0.", 0},
    {"ulp(x, /)", nat_ulp, "How far the float x is from the next one away from 0.", 0},
    {0},
};

static bool add_constants(VM *vm, Module *m)
{
    static const struct {
        const char *name;
        double value;
    } constants[] = {
        {"pi", M_PI}, {"e", M_E}, {"tau", 2.0 * M_PI}, {"inf", INFINITY}, {"nan", (double)NAN},
    };
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        if (!module_add(vm, m, constants[i].name, float_value(vm, constants[i].value))) return false;
    return true;
}

const ModuleDef math_module = {"math", natives, "Mathematical functions of floats and ints.",
                               add_constants};
