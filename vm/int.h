/* int.h - integers of any size: small ones immediate, big ones boxed (libtommath does the work). */
#pragma once
#include "vm/vm.h"

static inline bool is_bigint(Value v) { return is_kind(v, KIND_BIGINT); }
/* An int or a bool or a subclass instance: anything whose value as an integer is known without calling scripts. */
static inline bool is_int(Value v) { return is_small(v) || is_bool(v) || is_bigint(v); }
static inline bool is_exact_int(Value v) { return is_small(v) || is_exact(v, T_INT); }

Value int_from_i64(VM *vm, int64_t i);
Value int_from_u64(VM *vm, uint64_t u);
Value int_from_double(VM *vm, double d);  // truncates; OverflowError / ValueError for inf / nan
bool int_to_i64(Value v, int64_t *out);   // false when it does not fit
int int_sign(Value v);
double int_to_double(VM *vm, Value v, bool *overflow); // correctly rounded
int int_cmp(Value a, Value b);            // -1 0 1
int int_cmp_double(Value a, double d);    // exact; 2 when d is NaN
int64_t int_hash(Value v);                // CPython's
Value int_binary(VM *vm, BinaryOp op, Value a, Value b); // both is_int; CPython's errors; TRUEDIV gives a float
Value int_unary(VM *vm, UnaryOp op, Value a);
Value int_pow(VM *vm, Value a, Value b, Value modulus);
/* Text to int: base 0 or 2..36; underscores, signs and white space as int(str, base). ValueError. */
Value int_parse(VM *vm, const char *text, size_t n, int base);
Value int_parse_hex(VM *vm, const char *digits, size_t n); // constants of an image
Value int_to_str(VM *vm, Value v, int base); // no prefix; base 10 obeys the 4,300 digit limit
Value int_normal(VM *vm, Value v);        // an exact int equal to bool / subclass instance v
size_t int_bit_length(Value v);
