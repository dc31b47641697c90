/* The methods that show C slots to scripts: [].__len__(), int.__add__(1, 2), super().__setitem__(k, v).
 *
 * A wrapper calls the slot of its receiver's built-in class. One row per special method: the slot it needs, and the
 * native. Rows of operators name the operator's bit in TypeDef.operators.
 */
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type_internal.h"

static const TypeSlots *slots_of_self(VM *vm, Args args) { return &type_of(vm, args.v[0])->def->slots; }

/* ---- one argument ---- */

static Value wrap_repr(VM *vm, Args args) { return slots_of_self(vm, args)->repr(vm, args.v[0]); }
static Value wrap_str(VM *vm, Args args) { return slots_of_self(vm, args)->str(vm, args.v[0]); }
static Value wrap_hash(VM *vm, Args args) { return slots_of_self(vm, args)->hash(vm, args.v[0]); }
static Value wrap_len(VM *vm, Args args) { return slots_of_self(vm, args)->len(vm, args.v[0]); }
static Value wrap_iter(VM *vm, Args args) { return slots_of_self(vm, args)->iter(vm, args.v[0]); }
static Value wrap_reversed(VM *vm, Args args) { return slots_of_self(vm, args)->reversed(vm, args.v[0]); }

static Value wrap_bool(VM *vm, Args args)
{
    int truth = slots_of_self(vm, args)->truth(vm, args.v[0]);
    return truth < 0 ? VALUE_ERROR : bool_value(truth);
}

static Value wrap_next(VM *vm, Args args)
{
    Value v = slots_of_self(vm, args)->next(vm, args.v[0]);
    return v == VALUE_STOP ? vm_raise_stop(vm) : v;
}

/* ---- more arguments ---- */

static Value wrap_format(VM *vm, Args args)
{
    if (!is_str(args.v[1]))
        return vm_raise(vm, ERR_TYPE, "__format__() argument must be str, not %A", args.v[1]);
    return slots_of_self(vm, args)->format(vm, args.v[0], args.v[1]);
}

/* What the slot is to take for a key. A sequence that CPython subscripts by position only wants an index. */
static Value key_of(VM *vm, Args args)
{
    int64_t i;
    if (!(type_of(vm, args.v[0])->def->flags & TYPE_COUNTED) || is_small(args.v[1])) return args.v[1];
    bool fits = index_fit(vm, args.v[1], &i, ERR_OVERFLOW, "cannot fit '%T' into an index-sized integer");
    return fits ? int_from_i64(vm, i) : VALUE_ERROR;
}

static Value wrap_getitem(VM *vm, Args args)
{
    Value key = key_of(vm, args);
    return is_error(key) ? key : slots_of_self(vm, args)->getitem(vm, args.v[0], key);
}

static Value wrap_setitem(VM *vm, Args args)
{
    Value key = key_of(vm, args);
    return is_error(key) ? key : slots_of_self(vm, args)->setitem(vm, args.v[0], key, args.v[2]);
}

static Value wrap_delitem(VM *vm, Args args)
{
    Value key = key_of(vm, args);
    return is_error(key) ? key : slots_of_self(vm, args)->setitem(vm, args.v[0], key, VALUE_UNSET);
}

static Value wrap_contains(VM *vm, Args args)
{
    return slots_of_self(vm, args)->contains(vm, args.v[0], args.v[1]);
}

#define WRAP_COMPARE(name, op) \
    static Value wrap_##name(VM *vm, Args args) \
    { \
        return slots_of_self(vm, args)->compare(vm, args.v[0], args.v[1], op); \
    }
WRAP_COMPARE(lt, CMP_LT)
WRAP_COMPARE(le, CMP_LE)
WRAP_COMPARE(eq, CMP_EQ)
WRAP_COMPARE(ne, CMP_NE)
WRAP_COMPARE(gt, CMP_GT)
WRAP_COMPARE(ge, CMP_GE)

static Value inplace(VM *vm, BinaryOp op, Args args)
{
    const TypeSlots *s = slots_of_self(vm, args);
    return (s->inplace ? s->inplace : s->binary)(vm, op, args.v[0], args.v[1]);
}

#define WRAP_REFLECTED(name, op) \
    static Value wrap_##name(VM *vm, Args args) \
    { \
        return slots_of_self(vm, args)->binary(vm, op, args.v[0], args.v[1]); \
    } \
    static Value wrap_r##name(VM *vm, Args args) \
    { \
        return slots_of_self(vm, args)->binary(vm, op, args.v[1], args.v[0]); \
    }
#define WRAP_BINARY(name, op) \
    WRAP_REFLECTED(name, op) \
    static Value wrap_i##name(VM *vm, Args args) { return inplace(vm, op, args); }
WRAP_BINARY(add, BIN_ADD)
WRAP_BINARY(sub, BIN_SUB)
WRAP_BINARY(mul, BIN_MUL)
WRAP_BINARY(truediv, BIN_TRUEDIV)
WRAP_BINARY(floordiv, BIN_FLOORDIV)
WRAP_BINARY(mod, BIN_MOD)
WRAP_BINARY(lshift, BIN_LSHIFT)
WRAP_BINARY(rshift, BIN_RSHIFT)
WRAP_BINARY(and, BIN_AND)
WRAP_BINARY(or, BIN_OR)
WRAP_BINARY(xor, BIN_XOR)
WRAP_BINARY(matmul, BIN_MATMUL)
WRAP_REFLECTED(divmod, BIN_DIVMOD)
WRAP_BINARY(pow2, BIN_POW)

static Value wrap_pow(VM *vm, Args args)
{
    if (is_none(args.v[2])) return wrap_pow2(vm, args);
    if (is_int(args.v[0]) && is_int(args.v[1]) && is_int(args.v[2]))
        return obj_pow(vm, args.v[0], args.v[1], args.v[2]);
    if (!is_float(args.v[0])) return VALUE_NOT_IMPLEMENTED;
    return vm_raise(vm, ERR_TYPE, "pow() 3rd argument not allowed unless all arguments are integers");
}

static Value wrap_rpow(VM *vm, Args args)
{
    if (is_none(args.v[2])) return wrap_rpow2(vm, args);
    if (is_float(args.v[0])) return wrap_pow(vm, args); // refused, whatever the base
    return wrap_pow(vm, (Args){(Value[]){args.v[1], args.v[0], args.v[2]}, 3});
}

/* A sequence is repeated an index's times: what is none is refused here, not by the operator. */
#define WRAP_REPEAT(name, multiply) \
    static Value wrap_##name(VM *vm, Args args) \
    { \
        Value times = obj_index(vm, args.v[1]); \
        return is_error(times) ? times : multiply(vm, (Args){(Value[]){args.v[0], times}, 2}); \
    }
WRAP_REPEAT(repeat, wrap_mul)
WRAP_REPEAT(rrepeat, wrap_rmul)
WRAP_REPEAT(irepeat, wrap_imul)

#define WRAP_UNARY(name, op) \
    static Value wrap_##name(VM *vm, Args args) { return slots_of_self(vm, args)->unary(vm, op, args.v[0]); }
WRAP_UNARY(neg, UN_NEG)
WRAP_UNARY(pos, UN_POS)
WRAP_UNARY(invert, UN_INVERT)
WRAP_UNARY(abs, UN_ABS)

/* ---- the table ---- */

typedef struct SlotWrapper {
    uint16_t slot; // offset in TypeSlots
    uint8_t dunder;
    uint32_t bit; // in TypeDef.operators, 0: not an operator
    NativeDef row;
} SlotWrapper;

#define SLOT(s) offsetof(TypeSlots, s)
#define ROW(s, d, sig, fn, doc) {SLOT(s), D_##d, 0, {sig, fn, doc, 0}}
#define BINARY_ROWS(name, NAME, sign) \
    {SLOT(binary), D_##NAME, OPS_LEFT(BIN_##NAME), \
     {"__" #name "__(self, value, /)", wrap_##name, "self " sign " value", 0}}, \
    {SLOT(binary), D_R##NAME, OPS_RIGHT(BIN_##NAME), \
     {"__r" #name "__(self, value, /)", wrap_r##name, "value " sign " self", 0}}
#define INPLACE_ROW(name, NAME, sign) \
    {SLOT(inplace), D_I##NAME, OPS_LEFT(BIN_##NAME), \
     {"__i" #name "__(self, value, /)", wrap_i##name, "self " sign "= value", 0}}
#define REPEAT_ROW(s, d, side, sig, fn, doc) {SLOT(s), D_##d, OPS_##side(BIN_MUL), {sig, fn, doc, NATIVE_UNPACKED}}
#define ARITHMETIC_ROWS(name, NAME, sign) BINARY_ROWS(name, NAME, sign), INPLACE_ROW(name, NAME, sign)
#define UNARY_ROW(name, NAME, text) \
    {SLOT(unary), D_##NAME, OPS_UNARY(UN_##NAME), {"__" #name "__(self, /)", wrap_##name, text, 0}}

static const SlotWrapper wrappers[] = {
    ROW(repr, REPR, "__repr__(self, /)", wrap_repr, "repr(self)"),
    ROW(str, STR, "__str__(self, /)", wrap_str, "str(self)"),
    ROW(format, FORMAT, "__format__(self, format_spec, /)", wrap_format, "format(self, format_spec)"),
    ROW(hash, HASH, "__hash__(self, /)", wrap_hash, "hash(self)"),
    ROW(compare, LT, "__lt__(self, value, /)", wrap_lt, "self < value"),
    ROW(compare, LE, "__le__(self, value, /)", wrap_le, "self <= value"),
    ROW(compare, EQ, "__eq__(self, value, /)", wrap_eq, "self == value"),
    ROW(compare, NE, "__ne__(self, value, /)", wrap_ne, "self != value"),
    ROW(compare, GT, "__gt__(self, value, /)", wrap_gt, "self > value"),
    ROW(compare, GE, "__ge__(self, value, /)", wrap_ge, "self >= value"),
    ROW(truth, BOOL, "__bool__(self, /)", wrap_bool, "bool(self)"),
    ROW(len, LEN, "__len__(self, /)", wrap_len, "len(self)"),
    ROW(getitem, GETITEM, "__getitem__(self, key, /)", wrap_getitem, "self[key]"),
    ROW(setitem, SETITEM, "__setitem__(self, key, value, /)", wrap_setitem, "self[key] = value"),
    ROW(setitem, DELITEM, "__delitem__(self, key, /)", wrap_delitem, "del self[key]"),
    ROW(contains, CONTAINS, "__contains__(self, key, /)", wrap_contains, "key in self"),
    ROW(iter, ITER, "__iter__(self, /)", wrap_iter, "iter(self)"),
    ROW(next, NEXT, "__next__(self, /)", wrap_next, "next(self)"),
    ROW(reversed, REVERSED, "__reversed__(self, /)", wrap_reversed, "reversed(self)"),
    ARITHMETIC_ROWS(add, ADD, "+"),
    ARITHMETIC_ROWS(sub, SUB, "-"),
    ARITHMETIC_ROWS(mul, MUL, "*"),
    REPEAT_ROW(binary, MUL, LEFT, "__mul__(self, value, /)", wrap_repeat, "self * value"),
    REPEAT_ROW(binary, RMUL, RIGHT, "__rmul__(self, value, /)", wrap_rrepeat, "value * self"),
    REPEAT_ROW(inplace, IMUL, LEFT, "__imul__(self, value, /)", wrap_irepeat, "self *= value"),
    ARITHMETIC_ROWS(truediv, TRUEDIV, "/"),
    ARITHMETIC_ROWS(floordiv, FLOORDIV, "//"),
    ARITHMETIC_ROWS(mod, MOD, "%"),
    ARITHMETIC_ROWS(lshift, LSHIFT, "<<"),
    ARITHMETIC_ROWS(rshift, RSHIFT, ">>"),
    ARITHMETIC_ROWS(and, AND, "&"),
    ARITHMETIC_ROWS(or, OR, "|"),
    ARITHMETIC_ROWS(xor, XOR, "^"),
    ARITHMETIC_ROWS(matmul, MATMUL, "@"),
    {SLOT(binary), D_POW, OPS_LEFT(BIN_POW),
     {"__pow__(self, value, mod=None, /)", wrap_pow, "self ** value, modulo mod if that is given.", 0}},
    {SLOT(binary), D_RPOW, OPS_RIGHT(BIN_POW),
     {"__rpow__(self, value, mod=None, /)", wrap_rpow, "value ** self, modulo mod if that is given.", 0}},
    {SLOT(inplace), D_IPOW, OPS_LEFT(BIN_POW), {"__ipow__(self, value, /)", wrap_ipow2, "self **= value", 0}},
    {SLOT(binary), D_DIVMOD, OPS_LEFT(BIN_DIVMOD),
     {"__divmod__(self, value, /)", wrap_divmod, "(self // value, self % value)", 0}},
    {SLOT(binary), D_RDIVMOD, OPS_RIGHT(BIN_DIVMOD),
     {"__rdivmod__(self, value, /)", wrap_rdivmod, "(value // self, value % self)", 0}},
    UNARY_ROW(neg, NEG, "-self"),
    UNARY_ROW(pos, POS, "+self"),
    UNARY_ROW(invert, INVERT, "~self"),
    UNARY_ROW(abs, ABS, "abs(self)"),
};
enum { WRAPPER_COUNT = sizeof wrappers / sizeof *wrappers };

/* Is this row for a slot that t itself has, not just its base? */
static bool applies(const Type *t, const SlotWrapper *w)
{
    void (*own)(void), (*inherited)(void) = NULL;
    memcpy(&own, (const char *)&t->table->slots + w->slot, sizeof own);
    if (t->base) memcpy(&inherited, (const char *)&t->base->def->slots + w->slot, sizeof inherited);
    if (!own || own == inherited) return false;
    // What has a length is true when it is not empty: only the others show __bool__.
    if (w->dunder == D_BOOL) return !t->def->slots.len || t->builtin == T_RANGE;
    if (w->bit && t->table->operators && !(t->table->operators & w->bit)) return false;
    bool multiplies = w->bit & OPS_BOTH(BIN_MUL), repeats = w->row.flags & NATIVE_UNPACKED;
    return !multiplies || repeats == (t->def->slots.getitem != NULL);
}

const NativeDef *slot_wrapper(VM *vm, const Type *t, const Str *name)
{
    for (int i = 0; i < WRAPPER_COUNT; i++)
        if (vm->dunder_names[wrappers[i].dunder] == name && applies(t, &wrappers[i])) return &wrappers[i].row;
    return NULL;
}

bool slot_wrappers_each(VM *vm, Type *t, bool (*f)(VM *vm, Type *t, const NativeDef *row))
{
    for (int i = 0; i < WRAPPER_COUNT; i++)
        if (applies(t, &wrappers[i]) && !f(vm, t, &wrappers[i].row)) return false;
    return true;
}
