/* math_parts.h - what math.c's table takes from its sister files. */
#pragma once
#include "vm/vm.h"

/* --- math_float.c: numerics that C's library has not, or not as CPython rounds them --- */
double math_gamma(double x); // NaN at poles, infinite out of range
double math_lgamma(double x);
/* Square root of the sum of the squares of finite values; nothing overflows inside. */
double math_norm(const double *v, size_t n);

/* An exact running sum of finite doubles: partials that do not overlap, the smallest first. */
typedef struct ExactSum {
    double *partials;
    size_t n, capacity;
} ExactSum;
/* False: MemoryError, or OverflowError of an intermediate sum. */
bool math_sum_add(VM *vm, ExactSum *s, double x);
double math_sum_total(const ExactSum *s); // correctly rounded
void math_sum_drop(VM *vm, ExactSum *s);

/* --- math_integer.c --- */
Value math_factorial(VM *vm, Args args);
Value math_comb(VM *vm, Args args);
Value math_perm(VM *vm, Args args);
Value math_gcd(VM *vm, Args args);
Value math_lcm(VM *vm, Args args);
Value math_isqrt(VM *vm, Args args);
