/* float.h - floats: most immediate, see value.h. */
#pragma once
#include "vm/vm.h"

Value float_box(VM *vm, double d); // the rare exponents
static inline Value float_value(VM *vm, double d)
{
    Value v = float_encode(d);
    return __builtin_expect(is_float_imm(v), 1) ? v : float_box(vm, d);
}
static inline bool is_float(Value v) { return is_float_imm(v) || is_kind(v, KIND_FLOAT); }
static inline double as_float(Value v) { return is_float_imm(v) ? as_float_imm(v) : ((FloatObj *)as_obj(v))->d; }
/* A float or int (or bool) as double: false if neither; OverflowError pending when the int is too big (*out is then NaN). */
bool to_double(VM *vm, Value v, double *out);
Value float_binary(VM *vm, BinaryOp op, double a, double b);
Value float_repr(VM *vm, double d);
Value float_parse(VM *vm, const char *text, size_t n); // ValueError "could not convert string to float: '...'"
int64_t float_hash(double d);
/* repr text into buf (at least 32 bytes); length. */
int float_to_text(double d, char *buf);
