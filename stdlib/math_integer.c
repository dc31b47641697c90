/* math_integer.c - the functions of math that take and give integers. */
#include "stdlib/math_parts.h"
#include "vm/int.h"
#include "vm/protocol.h"

/* ---- products ---- */

/* n (n-1) ... of `count` factors, beginning at n - from: halves first, so that the big multiplications
 * are balanced. */
static Value falling(VM *vm, Value n, int64_t from, int64_t count)
{
    int64_t first;
    if (count == 1) return int_binary(vm, BIN_SUB, n, small(from));
    if (count <= 16 && int_to_i64(n, &first)) {
        int64_t product = 1;
        bool fits = true;
        for (int64_t i = 0; i < count && fits; i++)
            fits = !__builtin_mul_overflow(product, first - from - i, &product);
        if (fits) return int_from_i64(vm, product);
    }
    Value high = falling(vm, n, from, count / 2), low = VALUE_ERROR;
    if (!is_error(high)) low = falling(vm, n, from + count / 2, count - count / 2);
    return is_error(low) ? low : int_binary(vm, BIN_MUL, high, low);
}

static Value product_of_falling(VM *vm, Value n, int64_t count)
{
    return count ? falling(vm, n, 0, count) : small(1);
}

/* An argument as an exact int that is not negative (may call __index__). */
static Value nonnegative(VM *vm, Value v, const char *refusal)
{
    Value n = obj_index(vm, v);
    if (is_error(n)) return n;
    return int_sign(n) < 0 ? vm_raise(vm, ERR_VALUE, "%s", refusal) : n;
}

static Value factorial(VM *vm, Value n)
{
    int64_t i;
    if (!int_to_i64(n, &i))
        return vm_raise(vm, ERR_OVERFLOW, "factorial() argument should not exceed %ld", (long)INT64_MAX);
    return product_of_falling(vm, n, i);
}

Value math_factorial(VM *vm, Args args)
{
    Value n = nonnegative(vm, args.v[0], "factorial() not defined for negative values");
    return is_error(n) ? n : factorial(vm, n);
}

/* Both arguments of comb and perm. The second one's __index__ may collect, so the first is kept in its
 * slot. */
static bool two_integers(VM *vm, Args args, Value *n, Value *k)
{
    if (is_error(*n = obj_index(vm, args.v[0]))) return false;
    args.v[0] = *n;
    if (is_error(*k = obj_index(vm, args.v[1]))) return false;
    const char *refusal = int_sign(*n) < 0   ? "n must be a non-negative integer"
                          : int_sign(*k) < 0 ? "k must be a non-negative integer"
                                             : NULL;
    if (refusal) vm_raise(vm, ERR_VALUE, "%s", refusal);
    return !refusal;
}

Value math_perm(VM *vm, Args args)
{
    Value n, k;
    int64_t count;
    if (is_none(args.v[1])) return math_factorial(vm, args);
    if (!two_integers(vm, args, &n, &k)) return VALUE_ERROR;
    if (int_cmp(n, k) < 0) return small(0);
    if (!int_to_i64(k, &count)) return vm_raise(vm, ERR_OVERFLOW, "k must not exceed %ld", (long)INT64_MAX);
    return product_of_falling(vm, n, count);
}

/* As long as the binomials on the way, times one factor, fit 128 bits. */
static bool small_comb(int64_t n, int64_t k, uint64_t *out)
{
    unsigned __int128 result = 1;
    for (int64_t i = 1; i <= k; i++) {
        result = result * (uint64_t)(n - k + i) / (uint64_t)i;
        if (result > UINT64_MAX) return false;
    }
    *out = (uint64_t)result;
    return true;
}

Value math_comb(VM *vm, Args args)
{
    Value n, k;
    int64_t count, word;
    uint64_t result;
    if (!two_integers(vm, args, &n, &k)) return VALUE_ERROR;
    Value other = int_binary(vm, BIN_SUB, n, k);
    if (is_error(other)) return other;
    if (int_sign(other) < 0) return small(0);
    if (int_cmp(other, k) < 0) k = other;
    if (!int_to_i64(k, &count))
        return vm_raise(vm, ERR_OVERFLOW, "min(n - k, k) must not exceed %ld", (long)INT64_MAX);
    if (int_to_i64(n, &word) && count < 64 && small_comb(word, count, &result))
        return int_from_u64(vm, result);
    Value above = product_of_falling(vm, n, count), below = VALUE_ERROR;
    if (!is_error(above)) below = factorial(vm, k);
    return is_error(below) ? below : int_binary(vm, BIN_FLOORDIV, above, below);
}

/* ---- divisors ---- */

static Value lcm(VM *vm, Value a, Value b)
{
    if (int_sign(a) == 0 || int_sign(b) == 0) return small(0);
    Value common = int_gcd(vm, a, b), part = VALUE_ERROR;
    if (!is_error(common)) part = int_binary(vm, BIN_FLOORDIV, a, common);
    if (!is_error(part)) part = int_binary(vm, BIN_MUL, part, b);
    return is_error(part) ? part : int_unary(vm, UN_ABS, part);
}

/* Combine all arguments; `start` is the answer when there are none. */
static Value fold(VM *vm, Args args, Value start, Value (*combine)(VM *vm, Value a, Value b))
{
    Value *result = roots_push(vm, start); // __index__ may collect
    if (!result) return VALUE_ERROR;
    for (int i = 0; i < args.n && !is_error(*result); i++) {
        Value n = obj_index(vm, args.v[i]);
        *result = is_error(n) ? n : combine(vm, *result, n);
    }
    Value v = *result;
    roots_pop(vm, result);
    return v;
}

Value math_gcd(VM *vm, Args args)
{
    return fold(vm, args, small(0), int_gcd);
}
Value math_lcm(VM *vm, Args args)
{
    return fold(vm, args, small(1), lcm);
}

Value math_isqrt(VM *vm, Args args)
{
    Value n = nonnegative(vm, args.v[0], "isqrt() argument must be nonnegative");
    return is_error(n) ? n : int_isqrt(vm, n);
}
