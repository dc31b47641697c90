/* bigint.h - BigInt objects: sign and digits of any int, arithmetic whose result may be of any size.
 *
 * Between magnitude.h (digits without objects) and int.h (ints as scripts know them). An exact int that
 * fits a small Value is always one; instances of subclasses are BigInts whatever their size.
 */
#pragma once
#include "vm/int.h"
#include "vm/magnitude.h"

/* Any int (or bool) as sign and trimmed digits, which lie in the object or in `own`: not to be copied. */
typedef struct IntView {
    const Digit *d;
    size_t n;
    int sign; // -1, 0 or 1
    Digit own[2];
} IntView;
void int_view(IntView *out, Value v);

/* An exact int of these digits (not trimmed; copied). sign 1 or -1. */
Value int_from_digits(VM *vm, const Digit *d, size_t n, int sign);
Value int_from_i128(VM *vm, __int128 i);
/* A fresh exact BigInt of n digits, to be filled; NULL with MemoryError. */
BigInt *bigint_alloc(VM *vm, size_t n);
/* What `b`, fresh and filled, stands for: itself, or a shorter or small int when it has leading zeros. */
Value bigint_finish(VM *vm, BigInt *b, size_t n);

/* Both operands are ints or bools. */
Value bigint_add(VM *vm, Value a, Value b);
Value bigint_sub(VM *vm, Value a, Value b);
Value bigint_mul(VM *vm, Value a, Value b);
/* Floored; either result may be NULL. b is not zero. */
bool bigint_divmod(VM *vm, Value a, Value b, Value *quotient, Value *remainder);
Value bigint_lshift(VM *vm, Value a, size_t bits);
Value bigint_rshift(VM *vm, Value a, size_t bits);
Value bigint_bitwise(VM *vm, BinaryOp op, Value a, Value b); // BIN_AND, BIN_OR, BIN_XOR; two's complement
/* What operands of less than 127 bits make, without digits in between; UNSET: not here. */
Value bigint_double(VM *vm, BinaryOp op, Value a, Value b);
Value bigint_pow(VM *vm, Value a, uint64_t exponent);
/* a ** exponent modulo m; exponent >= 0, m > 0; 0 <= result < m. */
Value bigint_powmod(VM *vm, Value a, Value exponent, Value m);
/* The x in 0 .. m-1 with a * x == 1 modulo m > 0; UNSET when there is none. */
Value bigint_invert(VM *vm, Value a, Value m);
Value bigint_gcd(VM *vm, Value a, Value b);
uint64_t bigint_gcd_words(uint64_t a, uint64_t b);
/* a / b as a float, correctly rounded, b not zero; infinite when out of range. */
bool bigint_truediv(VM *vm, Value a, Value b, double *out);
/* mantissa * 2^exponent, rounded once (half to even), gradual underflow included; infinite when out of
 * range. */
double scale_rounded(uint64_t mantissa, int64_t exponent);
