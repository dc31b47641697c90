/* Operators and comparisons between any two values: who is asked first, what happens after NotImplemented. */
#include "vm/bytes.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"

static const char *const binary_signs[] = {"+", "-", "*", "/", "//", "%", "** or pow()", "<<", ">>", "&", "|", "^", "@",
                                           "divmod()"};
static const char *const inplace_signs[] = {"+=", "-=", "*=", "/=", "//=", "%=", "**=", "<<=", ">>=", "&=", "|=", "^=",
                                            "@=", "divmod()"};

static Dunder left_method(BinaryOp op) { return op == BIN_DIVMOD ? D_DIVMOD : (Dunder)(D_ADD + op); }
static Dunder right_method(BinaryOp op) { return op == BIN_DIVMOD ? D_RDIVMOD : (Dunder)(D_RADD + op); }

/* ---- binary operators ---- */

static bool is_repeatable(VM *vm, Value v)
{
    const TypeDef *def = type_of(vm, v)->def;
    return def->slots.getitem && def->slots.binary && def->operators & OPS_LEFT(BIN_MUL);
}

bool obj_has_sequence_slots(VM *vm, Value v)
{
    Type *t = type_of(vm, v);
    return t->flags & TYPE_HEAP || t->def->slots.contains || t->def->slots.getitem || t->def->slots.len;
}

/* A class derived from a sequence with a __mul__ or a __rmul__ multiplies as numbers do: first, and by an index only. */
static bool multiplies(VM *vm, BinaryOp op, Value v)
{
    Type *t = type_of(vm, v);
    return op == BIN_MUL && (type_defines(t, D_MUL) || type_defines(t, D_RMUL)) && is_repeatable(vm, v);
}

static Value refuse_concat(VM *vm, Value sequence, Value other)
{
    if (is_byteslike(sequence)) return vm_raise(vm, ERR_TYPE, "can't concat %T to %T", other, sequence);
    const char *name = is_list(sequence) ? "list" : is_tuple(sequence) ? "tuple" : "str";
    return vm_raise(vm, ERR_TYPE, "can only concatenate %s (not \"%T\") to %s", name, other, name);
}

static Value unsupported(VM *vm, BinaryOp op, bool inplace, Value a, Value b)
{
    bool own = type_defines(type_of(vm, a), left_method(op)); // which takes the sequence's place
    if (op == BIN_ADD && !own && is_repeatable(vm, a)) return refuse_concat(vm, a, b);
    bool sequence = op == BIN_MUL && is_repeatable(vm, a) && !multiplies(vm, op, a);
    bool right = op == BIN_MUL && is_repeatable(vm, b) && !multiplies(vm, op, b);
    if (sequence || (right && !(inplace && obj_has_sequence_slots(vm, a))))
        return vm_raise(vm, ERR_TYPE, "can't multiply sequence by non-int of type '%T'", sequence ? b : a);
    bool print = op == BIN_RSHIFT && !inplace && is_exact(a, T_NATIVE) && str_is(((Native *)as_obj(a))->sig->name, "print");
    return vm_raise(vm, ERR_TYPE, "unsupported operand type(s) for %s: '%T' and '%T'%s",
                    (inplace ? inplace_signs : binary_signs)[op], a, b,
                    print ? ". Did you mean \"print(<message>, file=<output_stream>)\"?" : "");
}

typedef Value (*BinarySlot)(VM *vm, BinaryOp op, Value a, Value b);

/* What a's class has for `a op b`: a script's method or the slot. */
static Value try_left(VM *vm, BinaryOp op, Value a, Value b)
{
    Type *t = type_of(vm, a);
    if (type_defines(t, left_method(op))) return obj_call_special(vm, a, left_method(op), &b, 1);
    if (multiplies(vm, op, a) && is_error(b = obj_index(vm, b))) return b;
    BinarySlot slot = t->def->slots.binary;
    Value v = slot ? slot(vm, op, a, b) : VALUE_NOT_IMPLEMENTED;
    bool called = op == BIN_ADD && type_defines(t, D_RADD) && is_repeatable(vm, a); // the method it inherits, not the slot
    return called && v == VALUE_NOT_IMPLEMENTED ? refuse_concat(vm, a, b) : v;
}

static Value try_right(VM *vm, BinaryOp op, Value a, Value b)
{
    Type *t = type_of(vm, b);
    if (type_defines(t, right_method(op))) return obj_call_special(vm, b, right_method(op), &a, 1);
    if (multiplies(vm, op, b) && is_error(a = obj_index(vm, a))) return a;
    BinarySlot slot = t->def->slots.binary;
    if (op == BIN_ADD && is_repeatable(vm, b)) return VALUE_NOT_IMPLEMENTED; // only the left one concatenates
    bool same = slot == type_of(vm, a)->def->slots.binary && !type_defines(type_of(vm, a), left_method(op));
    return slot && !same ? slot(vm, op, a, b) : VALUE_NOT_IMPLEMENTED;
}

/* Concatenation and repetition, which have error texts of their own, only after both have been asked as numbers. */
static bool is_sequence_case(VM *vm, BinaryOp op, Value a, Value b)
{
    if (op != BIN_ADD && op != BIN_MUL) return false;
    Type *ta = type_of(vm, a);
    if (!type_defines(type_of(vm, b), right_method(op)) && !multiplies(vm, op, b)) return false;
    bool number = type_defines(ta, left_method(op)) || type_defines(ta, right_method(op));
    return ta->def->slots.getitem && ta->def->slots.binary && !number;
}

/* The right operand goes first if its class derives from the left one's and has a method of its own. */
static bool right_goes_first(VM *vm, BinaryOp op, Value a, Value b)
{
    if (!is_ptr(b)) return false;
    Type *ta = type_of(vm, a), *tb = type_of(vm, b);
    if (ta == tb || !type_defines(tb, right_method(op)) || !type_is_subtype(tb, ta)) return false;
    return type_lookup_dunder(vm, tb, right_method(op)) != type_lookup_dunder(vm, ta, right_method(op));
}

/* a *= b where b is a sequence without a method of its own, and a has slots of a sequence. */
static bool repeats_left_only(VM *vm, BinaryOp op, Value a, Value b)
{
    bool plain = op == BIN_MUL && is_repeatable(vm, b) && !type_defines(type_of(vm, b), D_RMUL) && !multiplies(vm, op, b);
    return plain && obj_has_sequence_slots(vm, a);
}

static Value both_ways(VM *vm, BinaryOp op, bool inplace, Value a, Value b)
{
    Value v;
    if (right_goes_first(vm, op, a, b) || is_sequence_case(vm, op, a, b)) {
        v = try_right(vm, op, a, b);
        if (v == VALUE_NOT_IMPLEMENTED) v = try_left(vm, op, a, b);
    } else {
        v = try_left(vm, op, a, b);
        if (v == VALUE_NOT_IMPLEMENTED) {
            Type *t = type_of(vm, a);
            bool same_script = t == type_of(vm, b) && (type_defines(t, left_method(op)) || type_defines(t, right_method(op)));
            if (!same_script && !(inplace && repeats_left_only(vm, op, a, b))) v = try_right(vm, op, a, b);
        }
    }
    return v == VALUE_NOT_IMPLEMENTED ? unsupported(vm, op, inplace, a, b) : v;
}

Value obj_binary(VM *vm, BinaryOp op, Value a, Value b) { return both_ways(vm, op, false, a, b); }

Value obj_binary_reflected(VM *vm, BinaryOp op, bool inplace, Value a, Value b)
{
    bool left_only = type_of(vm, a) == type_of(vm, b) || (inplace && repeats_left_only(vm, op, a, b));
    Value v = left_only ? VALUE_NOT_IMPLEMENTED : try_right(vm, op, a, b);
    return v == VALUE_NOT_IMPLEMENTED ? unsupported(vm, op, inplace, a, b) : v;
}

Value obj_after_inplace(VM *vm, BinaryOp op, Value a, Value b) { return both_ways(vm, op, true, a, b); }

bool type_has_inplace(const Type *t, BinaryOp op)
{
    bool multiplies = op == BIN_MUL && (type_defines(t, D_MUL) || type_defines(t, D_RMUL));
    return t->def->slots.inplace && !multiplies;
}

Value obj_inplace(VM *vm, BinaryOp op, Value a, Value b)
{
    Type *t = type_of(vm, a);
    Value v = VALUE_NOT_IMPLEMENTED;
    if (op != BIN_DIVMOD && type_defines(t, (Dunder)(D_IADD + op)))
        v = obj_call_special(vm, a, (Dunder)(D_IADD + op), &b, 1);
    else if (type_has_inplace(t, op)) {
        if (is_sequence_case(vm, op, a, b)) v = try_right(vm, op, a, b);
        if (v == VALUE_NOT_IMPLEMENTED) v = t->def->slots.inplace(vm, op, a, b);
    }
    return v == VALUE_NOT_IMPLEMENTED ? both_ways(vm, op, true, a, b) : v;
}

/* Does v refuse a modulus as floats do? Not where a script's class has its say. */
static bool has_float_power(VM *vm, Value v, bool left)
{
    return is_float(v) && !type_defines(type_of(vm, v), D_POW) && (left || !type_defines(type_of(vm, v), D_RPOW));
}

Value obj_pow(VM *vm, Value a, Value b, Value modulus)
{
    if (is_none(modulus)) return obj_binary(vm, BIN_POW, a, b);
    Value args[2] = {b, modulus}, v = VALUE_NOT_IMPLEMENTED;
    if (type_defines(type_of(vm, a), D_POW)) v = obj_call_special(vm, a, D_POW, args, 2);
    else if (is_int(a) && is_int(b) && is_int(modulus)) v = int_pow(vm, a, b, modulus);
    if (v != VALUE_NOT_IMPLEMENTED) return v;
    if (has_float_power(vm, a, true) || has_float_power(vm, b, false) || has_float_power(vm, modulus, false))
        return vm_raise(vm, ERR_TYPE, "pow() 3rd argument not allowed unless all arguments are integers");
    return vm_raise(vm, ERR_TYPE, "unsupported operand type(s) for ** or pow(): '%T', '%T', '%T'", a, b, modulus);
}

/* ---- unary operators ---- */

Value obj_unary(VM *vm, UnaryOp op, Value a)
{
    static const Dunder methods[] = {D_NEG, D_POS, D_INVERT, D_ABS};
    static const char *const signs[] = {"unary -", "unary +", "unary ~", "abs()"};
    Type *t = type_of(vm, a);
    if (type_defines(t, methods[op])) return obj_call_special(vm, a, methods[op], NULL, 0);
    Value v = t->def->slots.unary ? t->def->slots.unary(vm, op, a) : VALUE_NOT_IMPLEMENTED;
    return v == VALUE_NOT_IMPLEMENTED ? vm_raise(vm, ERR_TYPE, "bad operand type for %s: '%T'", signs[op], a) : v;
}

/* ---- comparisons ---- */

static const CompareOp mirrored[] = {CMP_GT, CMP_GE, CMP_EQ, CMP_NE, CMP_LT, CMP_LE};
static const char *const compare_signs[] = {"<", "<=", "==", "!=", ">", ">="};

/* a's own answer. object's __ne__ is the opposite of __eq__; other built-in types have a __ne__ of their own. */
static Value compare_one_way(VM *vm, Value a, Value b, CompareOp op)
{
    Type *t = type_of(vm, a);
    if (type_defines(t, (Dunder)(D_LT + op))) return obj_call_special(vm, a, (Dunder)(D_LT + op), &b, 1);
    bool inverts = t->def->slots.compare == vm->types[T_OBJECT]->def->slots.compare;
    if (op == CMP_NE && inverts && type_defines(t, D_EQ)) {
        Value eq = obj_call_special(vm, a, D_EQ, &b, 1);
        if (is_error(eq) || eq == VALUE_NOT_IMPLEMENTED) return eq;
        int truth = obj_truth(vm, eq);
        return truth < 0 ? VALUE_ERROR : bool_value(!truth);
    }
    return t->def->slots.compare(vm, a, b, op);
}

static Value compared_by_identity(VM *vm, Value a, Value b, CompareOp op)
{
    if (op == CMP_EQ) return bool_value(a == b);
    if (op == CMP_NE) return bool_value(a != b);
    return vm_raise(vm, ERR_TYPE, "'%s' not supported between instances of '%T' and '%T'", compare_signs[op], a, b);
}

Value obj_compare(VM *vm, Value a, Value b, CompareOp op)
{
    if (vm_c_stack_low(vm)) return vm_raise(vm, ERR_RECURSION, "maximum recursion depth exceeded in comparison");
    Type *ta = type_of(vm, a), *tb = type_of(vm, b);
    bool right_first = ta != tb && tb->flags & TYPE_HEAP && type_is_subtype(tb, ta);
    Value v = VALUE_NOT_IMPLEMENTED;
    if (right_first) v = compare_one_way(vm, b, a, mirrored[op]);
    if (v == VALUE_NOT_IMPLEMENTED) v = compare_one_way(vm, a, b, op);
    if (v == VALUE_NOT_IMPLEMENTED && !right_first) v = compare_one_way(vm, b, a, mirrored[op]);
    return v == VALUE_NOT_IMPLEMENTED ? compared_by_identity(vm, a, b, op) : v;
}

Value obj_compare_reflected(VM *vm, Value a, Value b, CompareOp op)
{
    Value v = compare_one_way(vm, b, a, mirrored[op]);
    return v == VALUE_NOT_IMPLEMENTED ? compared_by_identity(vm, a, b, op) : v;
}

static int truth_of_comparison(VM *vm, Value a, Value b, CompareOp op)
{
    Value v = obj_compare(vm, a, b, op);
    return is_error(v) ? -1 : obj_truth(vm, v);
}

int obj_eq(VM *vm, Value a, Value b)
{
    if (a == b) return 1;
    if (both_small(a, b)) return 0;
    if (is_exact(a, T_STR) && is_exact(b, T_STR)) return str_eq(as_str(a), as_str(b));
    return truth_of_comparison(vm, a, b, CMP_EQ);
}

int obj_less(VM *vm, Value a, Value b)
{
    if (both_small(a, b)) return (int64_t)a < (int64_t)b;
    return truth_of_comparison(vm, a, b, CMP_LT);
}
