/* The formats of single items, and reading them. What may be written differs: memoryview.c, stdlib/array.c. */
#include "vm/item_format.h"
#include "vm/bytes.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/str.h"

static const ItemFormat formats[128] = {
#define FORMAT(code, size, kind) [code] = {code, size, kind}
    FORMAT('B', 1, ITEM_UNSIGNED), FORMAT('b', 1, ITEM_SIGNED), FORMAT('c', 1, ITEM_BYTE),
    FORMAT('?', 1, ITEM_BOOL),     FORMAT('h', 2, ITEM_SIGNED), FORMAT('H', 2, ITEM_UNSIGNED),
    FORMAT('i', 4, ITEM_SIGNED),   FORMAT('I', 4, ITEM_UNSIGNED), FORMAT('l', 8, ITEM_SIGNED),
    FORMAT('L', 8, ITEM_UNSIGNED), FORMAT('q', 8, ITEM_SIGNED), FORMAT('Q', 8, ITEM_UNSIGNED),
    FORMAT('n', 8, ITEM_SIGNED),   FORMAT('N', 8, ITEM_UNSIGNED), FORMAT('f', 4, ITEM_FLOAT),
    FORMAT('d', 8, ITEM_FLOAT),    FORMAT('w', 4, ITEM_CHAR),
#undef FORMAT
};

const ItemFormat *item_format(char code)
{
    const ItemFormat *format = &formats[(unsigned char)code & 127];
    return format->code == code && format->size ? format : NULL;
}

Value item_load(VM *vm, const ItemFormat *format, const uint8_t *p)
{
    uint64_t u = 0;
    double d;
    float f;
    memcpy(&u, p, format->size);
    int unused_bits = 64 - 8 * format->size;
    switch (format->kind) {
    case ITEM_UNSIGNED: return int_from_u64(vm, u);
    case ITEM_SIGNED: return int_from_i64(vm, (int64_t)(u << unused_bits) >> unused_bits);
    case ITEM_BOOL: return bool_value(u != 0);
    case ITEM_BYTE: return bytes_new(vm, p, 1);
    case ITEM_CHAR:
        if (u > 0x10ffff)
            return vm_raise(vm, ERR_VALUE, "character U+%lx is not in range [U+0000; U+10ffff]", (long)u);
        return str_from_char(vm, (uint32_t)u);
    case ITEM_FLOAT:
        if (format->size == 8) memcpy(&d, p, 8);
        else memcpy(&f, p, 4), d = (double)f;
        return float_value(vm, d);
    }
    return VALUE_ERROR;
}

/* Two digits of 60 bits. */
bool item_u64(Value v, uint64_t *out)
{
    const BigInt *big = is_kind(v, KIND_BIGINT) ? (const BigInt *)as_obj(v) : NULL;
    if (!big || big->sign < 0 || big->used != 2 || big->digits[1] >> 4) return false;
    *out = big->digits[0] | big->digits[1] << 60;
    return true;
}
