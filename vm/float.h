/* float.h - floats: most immediate, see value.h. float.c computes, float_text.c reads and writes,
 * float_type.c is the type. */
#pragma once
#include "vm/vm.h"

Value float_box(VM *vm, double d); // the rare exponents
static inline Value float_value(VM *vm, double d)
{
    Value v = float_encode(d);
    return __builtin_expect(is_float_imm(v), 1) ? v : float_box(vm, d);
}
static inline bool is_float(Value v)
{
    return is_float_imm(v) || is_kind(v, KIND_FLOAT);
}
static inline double as_float(Value v)
{
    return is_float_imm(v) ? as_float_imm(v) : ((FloatObj *)as_obj(v))->d;
}
/* A float, int or bool (or an instance of their subclasses) as a double, without calling scripts. False:
 * it is none of them, nothing is raised; or the int is too big, OverflowError is pending. */
bool to_double(VM *vm, Value v, double *out);
/* The same for any object, as float(v) and the functions of math take it: __float__, __index__ too (may
 * call). */
bool float_from_object(VM *vm, Value v, double *out); // TypeError "must be real number, not x"
Value float_binary(VM *vm, BinaryOp op, double a, double b);
Value float_round(VM *vm, double d, int64_t ndigits); // correctly rounded, ties to even
int64_t float_hash(double d);

Value float_repr(VM *vm, double d);
/* repr text into buf (at least 32 bytes); length. */
int float_to_text(double d, char *buf);
/* ValueError "could not convert string to float: '...'" */
Value float_parse(VM *vm, const char *text, size_t n);
Value float_parse_object(VM *vm, Value v); // str, bytes or bytearray
Value float_hex(VM *vm, double d);
Value float_parse_hex(VM *vm, const char *text, size_t n);
/* printf and strtod of one number in the C locale, whatever the process has set. type: e f g; '#' when
 * alternate. */
int float_print(char *buf, size_t size, char type, bool alternate, int precision, double d);
double float_scan(const char *text);
