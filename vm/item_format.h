/* item_format.h - one item of a memoryview or an array, in one of struct's native formats of one letter.
 * 'w' is an array's character of four bytes; what looks at one by a memoryview cannot read it.
 */
#pragma once
#include "vm/vm.h"

typedef enum { ITEM_SIGNED, ITEM_UNSIGNED, ITEM_FLOAT, ITEM_BOOL, ITEM_BYTE, ITEM_CHAR } ItemKind;
typedef struct ItemFormat {
    char code;
    uint8_t size;
    ItemKind kind;
} ItemFormat;

/* The format of a letter; NULL: there is none. */
const ItemFormat *item_format(char code);
/* The item that lies at p, which need not be aligned. */
Value item_load(VM *vm, const ItemFormat *format, const uint8_t *p);
/* An integer from 2**63 up to 2**64 - 1, which no int64_t holds. */
bool item_u64(Value v, uint64_t *out);
