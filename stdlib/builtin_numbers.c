/* builtin_numbers.c - built-in functions on numbers, and between characters and code points. */
#include "stdlib/builtins.h"
#include "vm/bytes.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/protocol.h"
#include "vm/str.h"

Value nat_abs(VM *vm, Args args) { return obj_unary(vm, UN_ABS, args.v[0]); }
Value nat_divmod(VM *vm, Args args) { return obj_binary(vm, BIN_DIVMOD, args.v[0], args.v[1]); }
Value nat_pow(VM *vm, Args args) { return obj_pow(vm, args.v[0], args.v[1], args.v[2]); }

Value nat_round(VM *vm, Args args)
{
    bool whole = is_none(args.v[1]);
    if (whole && is_exact_int(args.v[0])) return args.v[0];
    Value v = obj_call_special(vm, args.v[0], D_ROUND, &args.v[1], !whole);
    return is_unset(v) ? vm_raise(vm, ERR_TYPE, "type %T doesn't define __round__ method", args.v[0]) : v;
}

/* The digits of a small integer are a few bits each. */
static Value small_digits(VM *vm, int64_t i, int bits, char letter)
{
    char text[70], *end = text + sizeof text, *p = end;
    uint64_t rest = i < 0 ? -(uint64_t)i : (uint64_t)i;
    do *--p = "0123456789abcdef"[rest & ((1u << bits) - 1)];
    while (rest >>= bits);
    *--p = letter;
    *--p = '0';
    if (i < 0) *--p = '-';
    return str_new_counted(vm, p, (size_t)(end - p), (size_t)(end - p));
}

static Value digits(VM *vm, Value v, int bits, char letter)
{
    if (is_small(v)) return small_digits(vm, as_small(v), bits, letter);
    Value i = obj_index(vm, v);
    Value text = is_error(i) ? i : int_to_str(vm, i, 1 << bits);
    if (is_error(text)) return text;
    const Str *s = as_str(text);
    bool negative = s->data[0] == '-';
    StrBuilder b;
    sb_init(&b, vm);
    sb_addf(&b, "%s0%c", negative ? "-" : "", letter);
    sb_add(&b, s->data + negative, s->size - negative);
    return sb_finish(&b);
}

Value nat_bin(VM *vm, Args args) { return digits(vm, args.v[0], 1, 'b'); }
Value nat_oct(VM *vm, Args args) { return digits(vm, args.v[0], 3, 'o'); }
Value nat_hex(VM *vm, Args args) { return digits(vm, args.v[0], 4, 'x'); }

Value nat_chr(VM *vm, Args args)
{
    Value v = obj_index(vm, args.v[0]);
    if (is_error(v)) return v;
    int64_t i;
    if (!int_to_i64(v, &i) || i != (int32_t)i)
        return vm_raise(vm, ERR_OVERFLOW, "Python int too large to convert to C int");
    if (i < 0 || i > 0x10ffff) return vm_raise(vm, ERR_VALUE, "chr() arg not in range(0x110000)");
    return str_from_char(vm, (uint32_t)i);
}

Value nat_ord(VM *vm, Args args)
{
    Value v = args.v[0];
    size_t n;
    if (is_str(v)) {
        n = as_str(v)->length;
        if (n == 1) return small(str_char_at(vm, as_str(v), 0));
    } else if (is_bytes(v) || is_bytearray(v)) {
        n = byte_view(v).size;
        if (n == 1) return small(byte_view(v).data[0]);
    } else return vm_raise(vm, ERR_TYPE, "ord() expected string of length 1, but %T found", v);
    return vm_raise(vm, ERR_TYPE, "ord() expected a character, but string of length %zu found", n);
}
