#include "lang/fold.h"
#include <string.h>

enum { MAX_TEXT = 4096 }; // of a string made by folding, as in CPython
static const int64_t EXACT = (int64_t)1 << 53; // ints up to here are floats exactly

bool const_is_true(const Const *k)
{
    switch (k->kind) {
    case CONST_NONE:
    case CONST_FALSE:
    case CONST_UNSET: return false;
    case CONST_INT: return k->number != 0;
    case CONST_FLOAT: return k->real != 0;
    case CONST_STR:
    case CONST_BYTES: return k->text.len != 0;
    case CONST_TUPLE:
    case CONST_FROZENSET: return k->count != 0;
    default: return true;
    }
}

//-- integers that do not fit 64 bits ----------------------------------------------------------------

/* Multiply the hexadecimal number (least digit first) by `base` and add `digit`; answers its new length. */
static uint32_t push_digit(uint8_t *hex, uint32_t len, unsigned base, unsigned digit)
{
    unsigned carry = digit;
    for (uint32_t i = 0; i < len; i++) {
        carry += hex[i] * base;
        hex[i] = carry & 15;
        carry >>= 4;
    }
    for (; carry; carry >>= 4) hex[len++] = carry & 15;
    return len;
}

static unsigned digit_value(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 32) - 'a') + 10;
}

/* Bases that are powers of two give their bits one by one; decimal takes quadratic time, so the front end
 * limits its digits. */
static bool fold_big(Arena *arena, Text digits, int base, Const *out)
{
    uint8_t *hex = arena_alloc(arena, (size_t)digits.len + 2);
    char *text = arena_alloc(arena, (size_t)digits.len + 2);
    if (!hex || !text) return false;
    uint32_t len = 0;
    if (base == 10) {
        for (uint32_t i = 0; i < digits.len; i++) len = push_digit(hex, len, 10, digit_value(digits.bytes[i]));
    } else {
        unsigned bits = base == 16 ? 4 : base == 8 ? 3 : 1, at = 0;
        for (uint32_t i = digits.len; i-- > 0;)
            for (unsigned bit = 0; bit < bits; bit++, at++)
                hex[at / 4] |= (uint8_t)((digit_value(digits.bytes[i]) >> bit & 1) << at % 4);
        for (len = (at + 3) / 4; len > 1 && !hex[len - 1];) len--;
    }
    for (uint32_t i = 0; i < len; i++) text[i] = "0123456789abcdef"[hex[len - 1 - i]];
    *out = (Const){.kind = CONST_BIGINT, .text = {text, len}};
    return true;
}

static bool negate_big(Arena *arena, const Const *k, Const *out)
{
    bool negative = k->text.bytes[0] == '-';
    char *text = arena_alloc(arena, (size_t)k->text.len + 2);
    if (!text) return false;
    text[0] = '-';
    memcpy(text + 1, k->text.bytes, k->text.len);
    *out = (Const){.kind = CONST_BIGINT, .text = {text, k->text.len + 1}};
    if (negative) out->text = (Text){k->text.bytes + 1, k->text.len - 1};
    return true;
}

//-- unary -------------------------------------------------------------------------------------------

static bool fold_unary(Arena *arena, Operator op, const Const *k, Const *out)
{
    *out = *k;
    if (op == UNARY_NOT) {
        *out = (Const){.kind = const_is_true(k) ? CONST_FALSE : CONST_TRUE};
        return true;
    }
    if (k->kind == CONST_INT) {
        if (op == UNARY_INVERT) out->number = ~k->number;
        if (op == UNARY_NEG && __builtin_sub_overflow((int64_t)0, k->number, &out->number)) return false;
        return true;
    }
    if (k->kind == CONST_FLOAT && op != UNARY_INVERT) {
        if (op == UNARY_NEG) out->real = -k->real;
        return true;
    }
    if (k->kind == CONST_BIGINT && op == UNARY_NEG) return negate_big(arena, k, out);
    return false;
}

//-- binary ------------------------------------------------------------------------------------------

static bool power(int64_t base, int64_t exponent, int64_t *out)
{
    int64_t result = 1;
    if (exponent < 0 || exponent > 64) return false;
    for (int64_t i = 0; i < exponent; i++)
        if (__builtin_mul_overflow(result, base, &result)) return false;
    *out = result;
    return true;
}

static bool shift_left(int64_t value, int64_t by, int64_t *out)
{
    return by >= 0 && by < 63 && !__builtin_mul_overflow(value, (int64_t)1 << by, out);
}

/* Rounded down, as Python does. */
static bool divide(int64_t x, int64_t y, int64_t *quotient, int64_t *rest)
{
    if (y == 0 || (x == INT64_MIN && y == -1)) return false;
    *quotient = x / y;
    *rest = x % y;
    if (*rest && (*rest < 0) != (y < 0)) {
        --*quotient;
        *rest += y;
    }
    return true;
}

static bool fold_ints(Operator op, int64_t x, int64_t y, int64_t *out)
{
    int64_t unused;
    switch (op) {
    case BIN_ADD: return !__builtin_add_overflow(x, y, out);
    case BIN_SUB: return !__builtin_sub_overflow(x, y, out);
    case BIN_MUL: return !__builtin_mul_overflow(x, y, out);
    case BIN_FLOORDIV: return divide(x, y, out, &unused);
    case BIN_MOD: return divide(x, y, &unused, out);
    case BIN_POW: return power(x, y, out);
    case BIN_LSHIFT: return shift_left(x, y, out);
    case BIN_RSHIFT: *out = x >> (y < 0 || y > 63 ? 63 : y); return y >= 0;
    case BIN_AND: *out = x & y; return true;
    case BIN_OR: *out = x | y; return true;
    case BIN_XOR: *out = x ^ y; return true;
    default: return false;
    }
}

static bool as_real(const Const *k, double *out)
{
    if (k->kind == CONST_INT && k->number >= -EXACT && k->number <= EXACT) *out = (double)k->number;
    else if (k->kind == CONST_FLOAT) *out = k->real;
    else return false;
    return true;
}

static bool fold_reals(Operator op, double x, double y, double *out)
{
    switch (op) {
    case BIN_ADD: *out = x + y; return true;
    case BIN_SUB: *out = x - y; return true;
    case BIN_MUL: *out = x * y; return true;
    case BIN_DIV: *out = x / y; return y != 0;
    default: return false;
    }
}

static bool is_text(const Const *k)
{
    return k->kind == CONST_STR || k->kind == CONST_BYTES;
}

/* `times` copies of a, then b. */
static bool join(Arena *arena, const Const *a, int64_t times, Text b, Const *out)
{
    if (times < 0) times = 0;
    if (a->text.len > MAX_TEXT || times > MAX_TEXT || a->text.len * times + b.len > MAX_TEXT) return false;
    uint32_t len = a->text.len * (uint32_t)times;
    char *text = arena_alloc(arena, (size_t)len + b.len + 1);
    if (!text) return false;
    for (int64_t i = 0; i < times; i++) memcpy(text + i * a->text.len, a->text.bytes, a->text.len);
    if (b.len) memcpy(text + len, b.bytes, b.len);
    *out = (Const){.kind = a->kind, .text = {text, len + b.len}};
    return true;
}

bool fold_binary(Arena *arena, Operator op, const Const *left, const Const *right, Const *out)
{
    double x, y;
    if (left->kind == CONST_INT && right->kind == CONST_INT && op != BIN_DIV) {
        *out = (Const){.kind = CONST_INT};
        return fold_ints(op, left->number, right->number, &out->number);
    }
    if (as_real(left, &x) && as_real(right, &y)) {
        *out = (Const){.kind = CONST_FLOAT};
        return fold_reals(op, x, y, &out->real);
    }
    if (!is_text(left)) return false;
    if (op == BIN_ADD && right->kind == left->kind) return join(arena, left, 1, right->text, out);
    if (op == BIN_MUL && right->kind == CONST_INT) return join(arena, left, right->number, (Text){0}, out);
    return false;
}

/* 1 + 2 + 3: from the first link of the chain up. */
static bool fold_chain(Arena *arena, Node *top, Const *out)
{
    uint32_t count = 1;
    for (Node *node = top; (node = ast_spine_next(node));) count++;
    AstBinOp **links = arena_array(arena, count, sizeof *links);
    if (!links) return false;
    Node *node = top;
    for (uint32_t i = 0; i < count; i++, node = ast_spine_next(node)) links[i] = AST(BinOp, node);
    if (!fold_expr(arena, links[count - 1]->left, out)) return false;
    while (count-- > 0) {
        Const left = *out, right;
        if (!fold_expr(arena, links[count]->right, &right)) return false;
        if (!fold_binary(arena, links[count]->op, &left, &right, out)) return false;
    }
    return true;
}

//-- all ---------------------------------------------------------------------------------------------

static bool fold_tuple(Arena *arena, NodeList elts, Const *out)
{
    Const *items = arena_array(arena, elts.count, sizeof *items);
    if (!items) return false;
    for (uint32_t i = 0; i < elts.count; i++)
        if (!fold_expr(arena, elts.items[i], &items[i])) return false;
    *out = (Const){.kind = CONST_TUPLE, .count = elts.count, .items = items};
    return true;
}

static bool fold_int(Arena *arena, const AstInt *node, Const *out)
{
    if (node->digits.bytes) return fold_big(arena, node->digits, node->base, out);
    *out = (Const){.kind = CONST_INT, .number = node->value};
    return true;
}

bool fold_expr(Arena *arena, Node *node, Const *out)
{
    Const inner;
    switch ((NodeKind)node->kind) {
    case AST_None: *out = (Const){.kind = CONST_NONE}; return true;
    case AST_True: *out = (Const){.kind = CONST_TRUE}; return true;
    case AST_False: *out = (Const){.kind = CONST_FALSE}; return true;
    case AST_Ellipsis: *out = (Const){.kind = CONST_ELLIPSIS}; return true;
    case AST_Int: return fold_int(arena, AST(Int, node), out);
    case AST_Float: *out = (Const){.kind = CONST_FLOAT, .real = AST(Float, node)->value}; return true;
    case AST_Str: *out = (Const){.kind = CONST_STR, .text = AST(Str, node)->text}; return true;
    case AST_Bytes: *out = (Const){.kind = CONST_BYTES, .text = AST(Bytes, node)->text}; return true;
    case AST_Tuple: return fold_tuple(arena, AST(Tuple, node)->elts, out);
    case AST_BinOp: return fold_chain(arena, node, out);
    case AST_UnaryOp:
        return fold_expr(arena, AST(UnaryOp, node)->operand, &inner) &&
               fold_unary(arena, AST(UnaryOp, node)->op, &inner, out);
    case AST_Name:
        *out = (Const){.kind = CONST_TRUE};
        return strcmp(AST(Name, node)->id->text, "__debug__") == 0;
    default: return false;
    }
}

bool fold_container(Arena *arena, Node *node, Const *out)
{
    if (node->kind == AST_List) return fold_tuple(arena, AST(List, node)->elts, out);
    if (node->kind != AST_Set) return fold_expr(arena, node, out);
    bool ok = fold_tuple(arena, AST(Set, node)->elts, out);
    out->kind = CONST_FROZENSET;
    return ok;
}
