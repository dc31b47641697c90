/* float_type.c - the type float, as scripts see it. */
#include "vm/bytes.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"

#include <math.h>

/* ---- slots ---- */

static Value repr(VM *vm, Value self)
{
    return float_repr(vm, as_float(self));
}
static Value format(VM *vm, Value self, Value spec)
{
    if (as_str(spec)->size == 0 && !is_exact(self, T_FLOAT) && !is_float_imm(self)) return obj_str(vm, self);
    return format_float(vm, as_float(self), as_str(spec));
}
static Value hash(VM *vm, Value self)
{
    return int_from_i64(vm, float_hash(as_float(self)));
}

static Value compare(VM *vm, Value a, Value b, CompareOp op)
{
    (void)vm;
    double x = as_float(a);
    if (is_float(b)) {
        double y = as_float(b);
        return bool_value(cmp_holds(x < y ? -1 : x > y ? 1 : x == y ? 0 : 2, op));
    }
    if (!is_int(b)) return VALUE_NOT_IMPLEMENTED;
    int c = int_cmp_double(b, x);
    return bool_value(cmp_holds(c == 2 ? c : -c, op));
}

static int truth(VM *vm, Value self)
{
    (void)vm;
    return as_float(self) != 0.0;
}

static inline bool is_number(Value v)
{
    return is_float(v) || is_int(v);
}

static Value operator(VM *vm, BinaryOp op, Value a, Value b)
{
    double x, y;
    if (!is_number(a) || !is_number(b)) return VALUE_NOT_IMPLEMENTED;
    if (op >= BIN_LSHIFT && op <= BIN_MATMUL) return VALUE_NOT_IMPLEMENTED;
    if (!to_double(vm, a, &x) || !to_double(vm, b, &y)) return VALUE_ERROR;
    return float_binary(vm, op, x, y);
}

static Value unary(VM *vm, UnaryOp op, Value a)
{
    double d = as_float(a);
    switch (op) {
    case UN_NEG: return float_value(vm, -d);
    case UN_POS: return float_value(vm, d);
    case UN_ABS: return float_value(vm, fabs(d));
    default: return VALUE_NOT_IMPLEMENTED;
    }
}

/* ---- float(x) ---- */

/* By __float__ or __index__ (may call): 1, 0 when v has neither, -1 on error. */
static int float_by_protocol(VM *vm, Value v, double *out)
{
    Value d = obj_call_special(vm, v, D_FLOAT, NULL, 0);
    if (is_error(d)) return -1;
    if (!is_unset(d)) {
        if (is_float(d))
            *out = as_float(d);
        else
            vm_raise(vm, ERR_TYPE, "%T.__float__ returned non-float (type %T)", v, d);
        return is_float(d) ? 1 : -1;
    }
    if (is_unset(type_lookup_dunder(vm, type_of(vm, v), D_INDEX))) return 0;
    Value n = obj_index(vm, v);
    return is_error(n) || !to_double(vm, n, out) ? -1 : 1;
}

/* Numbers whose value needs no script. */
static bool is_plain_number(VM *vm, Value v)
{
    if (is_small(v) || is_float_imm(v) || is_bool(v)) return true;
    return is_number(v) && !type_defines(type_of(vm, v), D_FLOAT);
}

bool float_from_object(VM *vm, Value v, double *out)
{
    if (is_plain_number(vm, v)) return to_double(vm, v, out);
    int found = float_by_protocol(vm, v, out);
    if (found == 0) vm_raise(vm, ERR_TYPE, "must be real number, not %T", v);
    return found > 0;
}

static Value float_from_any(VM *vm, Value v)
{
    double d;
    if (is_float_imm(v) || is_exact(v, T_FLOAT)) return v;
    if (is_plain_number(vm, v)) return to_double(vm, v, &d) ? float_value(vm, d) : VALUE_ERROR;
    if (!is_exact(v, T_STR)) {
        int found = float_by_protocol(vm, v, &d);
        if (found) return found > 0 ? float_value(vm, d) : VALUE_ERROR;
    }
    if (is_str(v) || is_byteslike(v)) return float_parse_object(vm, v);
    return vm_raise(vm, ERR_TYPE, "float() argument must be a string or a real number, not '%T'", v);
}

static Value nat_float(VM *vm, Args args)
{
    Type *type = as_type(args.v[0]);
    Value v = float_from_any(vm, args.v[1]);
    if (is_error(v) || type == vm->types[T_FLOAT]) return v;
    FloatObj *f = heap_alloc(vm, KIND_FLOAT, type->root_shape->id, type_alloc_size(type, sizeof(FloatObj)));
    if (!f) return VALUE_ERROR;
    f->d = as_float(v);
    obj_attrs_init(vm, &f->h);
    return obj_value(f);
}

/* ---- methods ---- */

static Value nat_same(VM *vm, Args args)
{
    return float_value(vm, as_float(args.v[0]));
}
static Value nat_trunc(VM *vm, Args args)
{
    return int_from_double(vm, as_float(args.v[0]));
}
static Value nat_floor(VM *vm, Args args)
{
    return int_from_double(vm, floor(as_float(args.v[0])));
}
static Value nat_ceil(VM *vm, Args args)
{
    return int_from_double(vm, ceil(as_float(args.v[0])));
}
static Value nat_hex(VM *vm, Args args)
{
    return float_hex(vm, as_float(args.v[0]));
}

static Value nat_is_integer(VM *vm, Args args)
{
    (void)vm;
    double d = as_float(args.v[0]);
    return bool_value(isfinite(d) && floor(d) == d);
}

static Value nat_round(VM *vm, Args args)
{
    double d = as_float(args.v[0]);
    if (is_unset(args.v[1]) || is_none(args.v[1])) return int_from_double(vm, rint(d));
    int64_t ndigits;
    return obj_index_i64(vm, args.v[1], &ndigits) ? float_round(vm, d, ndigits) : VALUE_ERROR;
}

static Value nat_as_integer_ratio(VM *vm, Args args)
{
    double d = as_float(args.v[0]);
    if (isinf(d)) return vm_raise(vm, ERR_OVERFLOW, "cannot convert Infinity to integer ratio");
    if (isnan(d)) return vm_raise(vm, ERR_VALUE, "cannot convert NaN to integer ratio");
    int exponent;
    double mantissa = frexp(d, &exponent);
    for (; mantissa != floor(mantissa); exponent--) mantissa *= 2.0;
    Value numerator = small((int64_t)mantissa), denominator = small(1);
    if (exponent > 0)
        numerator = int_binary(vm, BIN_LSHIFT, numerator, small(exponent));
    else
        denominator = int_binary(vm, BIN_LSHIFT, denominator, small(-exponent));
    if (is_error(numerator) || is_error(denominator)) return VALUE_ERROR;
    return tuple_new(vm, (Value[]){numerator, denominator}, 2);
}

static Value nat_fromhex(VM *vm, Args args)
{
    Value text = args.v[1];
    if (!is_str(text)) return vm_raise(vm, ERR_TYPE, "bad argument type for built-in operation");
    Value d = float_parse_hex(vm, as_str(text)->data, as_str(text)->size);
    if (is_error(d) || args.v[0] == obj_value(vm->types[T_FLOAT])) return d;
    return vm_call1(vm, args.v[0], d);
}

static Value nat_getnewargs(VM *vm, Args args)
{
    Value d = nat_same(vm, args);
    return is_error(d) ? d : tuple_new(vm, &d, 1);
}

static Value get_real(VM *vm, Value self)
{
    return float_value(vm, as_float(self));
}
static Value get_imag(VM *vm, Value self)
{
    return (void)self, float_value(vm, 0.0);
}

static const NativeDef methods[] = {
    {"as_integer_ratio(self, /)", nat_as_integer_ratio,
     "(numerator, denominator), reduced, of exactly this value.", 0},
    {"conjugate(self, /)", nat_same, "The number itself: its conjugate.", 0},
    {"fromhex(cls, string, /)", nat_fromhex,
     "The float that a text such as '0x1.8p+1' says.", NATIVE_CLASSMETHOD},
    {"hex(self, /)", nat_hex, "The exact value as a text in base 16, such as '0x1.8p+1'.", 0},
    {"is_integer(self, /)", nat_is_integer, "Whether it has no fraction.", 0},
    {"__float__(self, /)", nat_same, "float(self)", 0},
    {"__int__(self, /)", nat_trunc, "int(self)", 0},
    {"__trunc__(self, /)", nat_trunc, "The int next to it on the way to 0.", 0},
    {"__floor__(self, /)", nat_floor, "The greatest int that is not above it.", 0},
    {"__ceil__(self, /)", nat_ceil, "The smallest int that is not below it.", 0},
    {"__round__(self, ndigits=None, /)", nat_round,
     "The nearest int, or float with ndigits digits behind the point; the even one of two equally near.", 0},
    {"__getnewargs__(self, /)", nat_getnewargs, "The arguments that make an equal float.", 0},
    {0},
};

static const GetSetDef getsets[] = {
    {"real", get_real, NULL, "the number itself"},
    {"imag", get_imag, NULL, "always zero"},
    {0},
};

const TypeDef type_def_FLOAT = {
    .slots =
        {
            .repr = repr,
            .format = format,
            .hash = hash,
            .compare = compare,
            .truth = truth,
            .binary = operator,
            .unary = unary,
        },
    .methods = methods,
    .getsets = getsets,
    .constructor = {"float(x=0, /)", nat_float, "A float of a number or its text.", 0},
    .convert = float_from_any,
    .doc = "A number with a fraction, of 64 bits; of a number or its text.",
    .flags = TYPE_MATCH_SELF,
    .operators = OPS_ARITHMETIC | OPS_UNARY(UN_NEG) | OPS_UNARY(UN_POS) | OPS_UNARY(UN_ABS),
};

/* ---- complex, which there are none of ---- */

static Value nat_complex(VM *vm, Args args)
{
    (void)args;
    return vm_raise(vm, ERR_TYPE, "complex numbers are not part of the language");
}

const TypeDef type_def_COMPLEX = {
    .constructor = {"complex(*args, **kwargs)", nat_complex, NULL, 0},
    .doc = "No number is complex in Co: isinstance(x, complex) is False.",
    .flags = TYPE_FINAL,
};
