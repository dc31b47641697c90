/* int_type.c - the types int and bool, as scripts see them. */
#include "vm/bigint.h"
#include "vm/bytes.h"
#include "vm/float.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"

/* ---- slots ---- */

static Value int_repr(VM *vm, Value self)
{
    return int_to_str(vm, self, 10);
}
static Value int_format(VM *vm, Value self, Value spec)
{
    return format_int(vm, self, as_str(spec));
}
static Value int_hash_value(VM *vm, Value self)
{
    return int_from_i64(vm, int_hash(self));
}

static Value int_compare(VM *vm, Value a, Value b, CompareOp op)
{
    (void)vm;
    return is_int(b) ? bool_value(cmp_holds(int_cmp(a, b), op)) : VALUE_NOT_IMPLEMENTED;
}

static int int_truth(VM *vm, Value self)
{
    (void)vm;
    return int_sign(self) != 0;
}

static Value int_operator(VM *vm, BinaryOp op, Value a, Value b)
{
    return is_int(a) && is_int(b) ? int_binary(vm, op, a, b) : VALUE_NOT_IMPLEMENTED;
}

/* ---- int(x), int(text, base) ---- */

/* By __int__, __index__ or __trunc__ (may call); UNSET when v has none of them. */
static Value int_by_protocol(VM *vm, Value v)
{
    Value n = obj_call_special(vm, v, D_INT, NULL, 0);
    if (is_error(n)) return n;
    if (!is_unset(n))
        return is_int(n) ? int_normal(vm, n)
                         : vm_raise(vm, ERR_TYPE, "__int__ returned non-int (type %T)", n);
    if (!is_unset(type_lookup_dunder(vm, type_of(vm, v), D_INDEX))) {
        n = obj_index(vm, v);
        return is_error(n) ? n : int_normal(vm, n);
    }
    n = obj_call_special(vm, v, D_TRUNC, NULL, 0);
    if (is_error(n) || is_unset(n)) return n;
    if (!is_int(n) && is_unset(type_lookup_dunder(vm, type_of(vm, n), D_INDEX)))
        return vm_raise(vm, ERR_TYPE, "__trunc__ returned non-Integral (type %T)", n);
    n = obj_index(vm, n);
    return is_error(n) ? n : int_normal(vm, n);
}

static Value int_from_object(VM *vm, Value v)
{
    if (is_exact_int(v)) return v;
    if (is_int(v) && !type_defines(type_of(vm, v), D_INT)) return int_normal(vm, v);
    if (is_float_imm(v) || is_exact(v, T_FLOAT)) return int_from_double(vm, as_float(v));
    if (!is_exact(v, T_STR) && !is_exact(v, T_BYTES) && !is_exact(v, T_BYTEARRAY)) {
        Value n = int_by_protocol(vm, v);
        if (!is_unset(n)) return n;
    }
    if (is_str(v) || is_byteslike(v)) return int_parse_object(vm, v, 10);
    return vm_raise(vm, ERR_TYPE,
                    "int() argument must be a string, a bytes-like object or a real number, not '%T'", v);
}

static Value int_with_base(VM *vm, Value text, Value base)
{
    int64_t b;
    if (is_unset(text)) return vm_raise(vm, ERR_TYPE, "int() missing string argument");
    if (!obj_index_i64(vm, base, &b)) return VALUE_ERROR;
    if (b != 0 && (b < 2 || b > 36))
        return vm_raise(vm, ERR_VALUE, "int() base must be >= 2 and <= 36, or 0");
    if (!is_str(text) && !is_bytes(text) && !is_bytearray(text))
        return vm_raise(vm, ERR_TYPE, "int() can't convert non-string with explicit base");
    return int_parse_object(vm, text, (int)b);
}

static Value int_of_type(VM *vm, Type *type, Value n)
{
    if (is_error(n) || type == vm->types[T_INT]) return n;
    IntView x;
    int_view(&x, n);
    size_t size = offsetof(BigInt, digits) + x.n * sizeof(Digit);
    BigInt *b = heap_alloc(vm, KIND_BIGINT, type->root_shape->id, type_alloc_size(type, size));
    if (!b) return VALUE_ERROR;
    b->sign = x.sign < 0 ? -1 : 1;
    b->used = (int32_t)x.n;
    memcpy(b->digits, x.d, x.n * sizeof(Digit));
    obj_attrs_init(vm, &b->h);
    return obj_value(b);
}

static Value nat_int(VM *vm, Args args)
{
    Value x = args.v[1], base = args.v[2], n = small(0);
    if (!is_unset(base))
        n = int_with_base(vm, x, base);
    else if (!is_unset(x))
        n = int_from_object(vm, x);
    return int_of_type(vm, as_type(args.v[0]), n);
}

static Value nat_bool(VM *vm, Args args)
{
    int truth = obj_truth(vm, args.v[1]);
    return truth < 0 ? VALUE_ERROR : bool_value(truth);
}

/* ---- methods ---- */

static Value nat_same(VM *vm, Args args)
{
    return int_normal(vm, args.v[0]);
}
static Value nat_bit_length(VM *vm, Args args)
{
    return int_from_u64(vm, int_bit_length(args.v[0]));
}

static Value nat_bit_count(VM *vm, Args args)
{
    IntView x;
    int_view(&x, args.v[0]);
    uint64_t count = 0;
    for (size_t i = 0; i < x.n; i++) count += (uint64_t)__builtin_popcountll(x.d[i]);
    return int_from_u64(vm, count);
}

static Value nat_float(VM *vm, Args args)
{
    double d;
    return to_double(vm, args.v[0], &d) ? float_value(vm, d) : VALUE_ERROR;
}

static Value nat_round(VM *vm, Args args)
{
    if (is_unset(args.v[1])) return int_normal(vm, args.v[0]);
    Value ndigits = obj_index(vm, args.v[1]);
    return is_error(ndigits) ? ndigits : int_round(vm, args.v[0], ndigits);
}

static Value nat_as_integer_ratio(VM *vm, Args args)
{
    Value n = int_normal(vm, args.v[0]);
    return is_error(n) ? n : tuple_new(vm, (Value[]){n, small(1)}, 2);
}

static Value nat_getnewargs(VM *vm, Args args)
{
    Value n = int_normal(vm, args.v[0]);
    return is_error(n) ? n : tuple_new(vm, &n, 1);
}

/* Bytes a CPython int of this value occupies: 24 and four for every 30 bits. */
static Value nat_sizeof(VM *vm, Args args)
{
    size_t bits = int_bit_length(args.v[0]);
    return int_from_u64(vm, 24 + 4 * (bits ? (bits + 29) / 30 : 1));
}

/* ---- bytes ---- */

static bool is_little_endian(VM *vm, const char *method, Value order, bool *out)
{
    if (!is_str(order)) {
        vm_raise(vm, ERR_TYPE, "%s() argument 'byteorder' must be str, not %A", method, order);
        return false;
    }
    Str *s = as_str(order);
    *out = s->size == 6 && memcmp(s->data, "little", 6) == 0;
    if (*out || (s->size == 3 && memcmp(s->data, "big", 3) == 0)) return true;
    vm_raise(vm, ERR_VALUE, "byteorder must be either 'little' or 'big'");
    return false;
}

static void reverse_bytes(uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        uint8_t b = data[i];
        data[i] = data[n - 1 - i];
        data[n - 1 - i] = b;
    }
}

/* The magnitude's lowest n bytes, least significant first. */
static void put_bytes(const IntView *x, uint8_t *out, size_t n)
{
    DoubleDigit waiting = 0;
    int bits = 0;
    size_t digit = 0;
    for (size_t i = 0; i < n; i++, bits -= 8, waiting >>= 8) {
        if (bits < 8 && digit < x->n) {
            waiting |= (DoubleDigit)x->d[digit++] << bits;
            bits += DIGIT_BITS;
        }
        if (bits < 8) bits = 8;
        out[i] = (uint8_t)waiting;
    }
}

static void negate_bytes(uint8_t *data, size_t n)
{
    unsigned carry = 1;
    for (size_t i = 0; i < n; i++) {
        carry += (uint8_t)~data[i];
        data[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* Does x fit n bytes? Signed: -2^(8n-1) <= x < 2^(8n-1). */
static bool fits_bytes(const IntView *x, size_t n, bool is_signed)
{
    size_t bits = mag_bits(x->d, x->n);
    if (!is_signed || bits < 8 * n || x->n == 0) return bits <= 8 * n;
    if (n == 0 && x->sign < 0 && bits == 1) return true; // CPython lets -1 be no bytes at all
    if (x->sign > 0 || bits > 8 * n) return false;
    for (size_t i = 0; i + 1 < x->n; i++)
        if (x->d[i]) return false;
    return (x->d[x->n - 1] & (x->d[x->n - 1] - 1)) == 0; // only the smallest of all has 8n bits
}

static Value nat_to_bytes(VM *vm, Args args)
{
    int64_t length;
    bool little;
    int is_signed = obj_truth(vm, args.v[3]);
    if (is_signed < 0 || !obj_index_i64(vm, args.v[1], &length) || !is_little_endian(vm, "to_bytes", args.v[2], &little))
        return VALUE_ERROR;
    if (length < 0) return vm_raise(vm, ERR_VALUE, "length argument must be non-negative");
    if (length == INT64_MAX) return vm_raise(vm, ERR_OVERFLOW, "Python int too large to convert to C ssize_t");
    IntView x;
    int_view(&x, args.v[0]);
    if (x.sign < 0 && !is_signed) return vm_raise(vm, ERR_OVERFLOW, "can't convert negative int to unsigned");
    if (length < INT64_MAX / 8 && !fits_bytes(&x, (size_t)length, is_signed))
        return vm_raise(vm, ERR_OVERFLOW, "int too big to convert");
    Value v = bytes_new(vm, NULL, (size_t)length);
    if (is_error(v)) return v;
    int_put_bytes(args.v[0], as_bytes(v)->data, (size_t)length);
    if (!little) reverse_bytes(as_bytes(v)->data, (size_t)length);
    return v;
}

void int_put_bytes(Value v, uint8_t *out, size_t n)
{
    IntView x;
    int_view(&x, v);
    put_bytes(&x, out, n);
    if (x.sign < 0) negate_bytes(out, n);
}

Value int_from_bytes(VM *vm, uint8_t *data, size_t n, bool is_signed)
{
    bool negative = is_signed && n && data[n - 1] & 0x80;
    if (negative) negate_bytes(data, n);
    if (n / 8 >= MAG_MAX_DIGITS) return vm_no_memory(vm);
    Scratch s;
    size_t used = 0;
    if (!scratch_open(vm, &s, n * 8 / DIGIT_BITS + 1)) return VALUE_ERROR;
    DoubleDigit waiting = 0;
    int bits = 0;
    for (size_t i = 0; i < n; i++) {
        waiting |= (DoubleDigit)data[i] << bits;
        if ((bits += 8) < DIGIT_BITS) continue;
        s.d[used++] = (Digit)waiting & DIGIT_MASK;
        waiting >>= DIGIT_BITS;
        bits -= DIGIT_BITS;
    }
    s.d[used++] = (Digit)waiting;
    Value v = int_from_digits(vm, s.d, used, negative ? -1 : 1);
    scratch_close(&s);
    return v;
}

static Value bytes_of(VM *vm, Value v)
{
    Value own = is_exact(v, T_BYTES) ? v : obj_call_special(vm, v, D_BYTES, NULL, 0);
    if (is_error(own)) return own;
    if (!is_unset(own) && !is_bytes(own)) return vm_raise(vm, ERR_TYPE, "__bytes__ returned non-bytes (type %T)", own);
    if (!is_unset(own) || is_byteslike(v)) return is_unset(own) ? v : own;
    return is_str(v) ? vm_raise(vm, ERR_TYPE, "cannot convert '%T' object to bytes", v) : bytes_from_iterable(vm, v);
}

static Value nat_from_bytes(VM *vm, Args args)
{
    bool little;
    int is_signed = obj_truth(vm, args.v[3]);
    if (is_signed < 0 || !is_little_endian(vm, "from_bytes", args.v[2], &little)) return VALUE_ERROR;
    Value source = bytes_of(vm, args.v[1]);
    if (is_error(source)) return source;
    ByteView view = byte_view(source);
    uint8_t *data = heap_malloc(vm, view.size);
    if (!data) return VALUE_ERROR;
    memcpy(data, view.data, view.size);
    if (!little) reverse_bytes(data, view.size);
    Value n = int_from_bytes(vm, data, view.size, is_signed);
    heap_free(vm, data, view.size);
    if (is_error(n) || args.v[0] == obj_value(vm->types[T_INT])) return n;
    return vm_call1(vm, args.v[0], n);
}

/* ---- the types ---- */

static Value get_real(VM *vm, Value self)
{
    return int_normal(vm, self);
}
static Value get_zero(VM *vm, Value self)
{
    return (void)vm, (void)self, small(0);
}
static Value get_one(VM *vm, Value self)
{
    return (void)vm, (void)self, small(1);
}

static Value nat_int_repr(VM *vm, Args args) { return int_repr(vm, args.v[0]); }

static const NativeDef int_methods[] = {
    {"__repr__(self, /)", nat_int_repr, "repr(self)", 0}, // of True as well
    {"bit_length(self, /)", nat_bit_length, "How many binary digits the absolute value has; 0 of 0.", 0},
    {"bit_count(self, /)", nat_bit_count,
     "How many of the absolute value's binary digits are 1.", 0},
    {"to_bytes(self, /, length=1, byteorder='big', *, signed=False)", nat_to_bytes,
     "The number as so many bytes; OverflowError if they do not suffice.", 0},
    {"from_bytes(cls, /, bytes, byteorder='big', *, signed=False)", nat_from_bytes,
     "The number that bytes make.", NATIVE_CLASSMETHOD},
    {"as_integer_ratio(self, /)", nat_as_integer_ratio,
     "(the number itself, 1)", 0},
    {"conjugate(self, /)", nat_same, "The number itself: its conjugate.", 0},
    {"__int__(self, /)", nat_same, "int(self)", 0},
    {"__index__(self, /)", nat_same,
     "The number itself, as an index.", 0},
    {"__trunc__(self, /)", nat_same, "The number itself.", 0},
    {"__floor__(self, /)", nat_same, "The number itself.", 0},
    {"__ceil__(self, /)", nat_same, "The number itself.", 0},
    {"__round__(self, ndigits=?, /)", nat_round,
     "Rounding an Integral returns itself; to ndigits, an integer too.", 0},
    {"__float__(self, /)", nat_float, "float(self)", 0},
    {"__getnewargs__(self, /)", nat_getnewargs, "The arguments that make an equal int.", 0},
    {"__sizeof__(self, /)", nat_sizeof, "The bytes of memory it takes.", 0},
    {0},
};

static const GetSetDef int_getsets[] = {
    {"real", get_real, NULL, "the number itself"},
    {"imag", get_zero, NULL, "always zero"},
    {"numerator", get_real, NULL, "the number itself"},
    {"denominator", get_one, NULL, "always 1"},
    {0},
};

const TypeDef type_def_INT = {
    .slots =
        {
            .repr = int_repr,
            .format = int_format,
            .hash = int_hash_value,
            .compare = int_compare,
            .truth = int_truth,
            .binary = int_operator,
            .unary = int_unary,
        },
    .methods = int_methods,
    .getsets = int_getsets,
    .constructor = {"int(x=?, /, base=?)", nat_int, "An int of a number, or of its text to a base (10).", 0},
    .convert = int_from_object,
    .doc = "A whole number of any size: of a number, its fraction cut off, or of its text to a base.",
    .flags = TYPE_MATCH_SELF,
    .operators = OPS_ARITHMETIC | OPS_BITWISE | OPS_BOTH(BIN_LSHIFT) | OPS_BOTH(BIN_RSHIFT) | OPS_UNARY(UN_NEG) |
                 OPS_UNARY(UN_POS) | OPS_UNARY(UN_INVERT) | OPS_UNARY(UN_ABS),
};

static Value bool_repr(VM *vm, Value self)
{
    return str_from_c(vm, self == VALUE_TRUE ? "True" : "False");
}

static Value bool_operator(VM *vm, BinaryOp op, Value a, Value b)
{
    if (is_bool(a) && is_bool(b)) {
        bool i = a == VALUE_TRUE, j = b == VALUE_TRUE;
        if (op == BIN_AND) return bool_value(i & j);
        if (op == BIN_OR) return bool_value(i | j);
        if (op == BIN_XOR) return bool_value(i ^ j);
    }
    return int_operator(vm, op, a, b);
}

const TypeDef type_def_BOOL = {
    .slots = {.repr = bool_repr, .binary = bool_operator},
    .constructor = {"bool(x=False, /)", nat_bool, "The truth of x.", 0},
    .doc = "True or False: the truth of a value.",
    .flags = TYPE_FINAL | TYPE_MATCH_SELF,
    .operators = OPS_BITWISE,
};
