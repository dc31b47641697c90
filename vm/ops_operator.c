/* ops_operator.c - slow paths of operators, comparisons, truth and membership. */
#include "vm/dict.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/opcode.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/search.h"
#include "vm/str.h"
#include "vm/type.h"

/* Does v's class define method d in script? Then it is found, for a frame to be pushed. */
static Value script_method(VM *vm, Value v, Dunder d)
{
    if (!is_ptr(v) || as_obj(v)->shape < T_BUILTIN_COUNT) return VALUE_UNSET;
    Type *t = type_of(vm, v);
    if (!type_defines(t, d)) return VALUE_UNSET;
    Value f = type_lookup_dunder(vm, t, d);
    return is_kind(f, KIND_FUNCTION) && !code_is_heap(((Function *)as_obj(f))->code) ? f : VALUE_UNSET;
}

/* The slots of an instance of a built-in type, which scripts cannot change; NULL for other classes' instances. */
static inline const TypeSlots *builtin_slots(VM *vm, Value v)
{
    if (!is_ptr(v)) return slots_of(vm, v);
    uint32_t shape = as_obj(v)->shape;
    return shape < T_BUILTIN_COUNT ? &vm->types[shape]->def->slots : NULL;
}

static Value push1(VM *vm, Value f, Value self, uint16_t dst, RetKind kind)
{
    return frame_invoke(vm, f, &self, 1, VALUE_UNSET, dst, kind);
}

static Value push2(VM *vm, Value f, Value self, Value other, uint16_t dst, RetKind kind)
{
    Value args[] = {self, other};
    return frame_invoke(vm, f, args, 2, VALUE_UNSET, dst, kind);
}

/* Bytes that repeating a sequence makes; 0 for anything else. */
static size_t repeated_size(Value a, Value b)
{
    if (!is_ptr(a)) {
        Value swap = a;
        a = b;
        b = swap;
    }
    if (!is_ptr(a) || !is_small(b) || as_small(b) <= 0) return 0;
    size_t n = (size_t)as_small(b);
    switch (as_obj(a)->kind) {
    case KIND_LIST: return size_mul(as_list(a)->size, size_mul(n, sizeof(Value)));
    case KIND_TUPLE: return size_mul(as_tuple(a)->size, size_mul(n, sizeof(Value)));
    case KIND_STR: return size_mul(as_str(a)->size, n);
    default: return 0;
    }
}

/* A float and a small int, either way round: immediate ones, which are nobody's subclass. */
static bool are_mixed(Value a, Value b, double *x, double *y)
{
    if (!(is_float_imm(a) ? is_small(b) : is_small(a) && is_float_imm(b))) return false;
    *x = is_float_imm(a) ? as_float_imm(a) : (double)as_small(a);
    *y = is_float_imm(b) ? as_float_imm(b) : (double)as_small(b);
    return true;
}

/* Only the plain case runs as a pushed frame: the left operand's own method goes first, unless the right one's
 * class is a subclass that may have a better one. Everything else goes the general way. */
Value op_binary(VM *vm, BinaryOp op, bool inplace, Value a, Value b, uint16_t dst)
{
    if (op == BIN_ADD && is_exact(a, T_STR) && is_exact(b, T_STR)) return str_concat(vm, as_str(a), as_str(b));
    if (is_exact_int(a) && is_exact_int(b) && op != BIN_MATMUL) return int_binary(vm, op, a, b);
    double x, y;
    if (are_mixed(a, b, &x, &y)) {
        Value v = float_binary(vm, op, x, y);
        if (v != VALUE_NOT_IMPLEMENTED) return v;
    }
    if (op == BIN_MUL && !heap_reserve(vm, repeated_size(a, b))) return VALUE_ERROR;
    if (inplace) {
        Value f = script_method(vm, a, D_IADD + op);
        if (!is_unset(f)) return push2(vm, f, a, b, dst, RET_BIN_INPLACE);
    }
    Value f = script_method(vm, a, D_ADD + op);
    bool right_first = is_ptr(b) && type_of(vm, a) != type_of(vm, b) && type_is_subtype(type_of(vm, b), type_of(vm, a));
    if (!is_unset(f) && !right_first &&
        !(inplace && (type_defines(type_of(vm, a), D_IADD + op) || type_has_inplace(type_of(vm, a), op))))
        return push2(vm, f, a, b, dst, RET_BIN_LEFT);
    return inplace ? obj_inplace(vm, op, a, b) : obj_binary(vm, op, a, b);
}

typedef struct BinaryForm { BinaryOp op; bool inplace; Value a, b; } BinaryForm;

/* The operator and operands of the instruction that a pushed operator method ran for: they are still in place. */
static BinaryForm decode_binary(const Frame *f)
{
    const Insn *i = f->pc - 1;
    const Value *k = frame_code(f)->consts;
    int n = opcode_plain(i->op) - OP_ADD, form = n % 5; // rows of BINARY_OPCODES: RR RK KR, in-place RR RK
    return (BinaryForm){(BinaryOp)(n / 5), form >= 3, form == 2 ? k[i->b] : f->regs[i->b],
                        form == 1 || form == 4 ? k[i->c] : f->regs[i->c]};
}

static Value deliver(Frame *f, uint16_t dst, Value v)
{
    if (is_error(v) || v == VALUE_SWITCH) return v;
    f->regs[dst] = v;
    return VALUE_SWITCH;
}

Value op_binary_resume(VM *vm, Frame *f, RetKind stage)
{
    BinaryForm form = decode_binary(f);
    uint16_t dst = f->pc[-1].a;
    if (stage == RET_BIN_INPLACE) return deliver(f, dst, obj_after_inplace(vm, form.op, form.a, form.b));
    return deliver(f, dst, obj_binary_reflected(vm, form.op, form.inplace, form.a, form.b));
}

Value op_unary(VM *vm, UnaryOp op, Value a, uint16_t dst)
{
    static const Dunder dunders[] = {D_NEG, D_POS, D_INVERT, D_ABS};
    Value f = script_method(vm, a, dunders[op]);
    return is_unset(f) ? obj_unary(vm, op, a) : push1(vm, f, a, dst, RET_VALUE);
}

static const Dunder swapped[] = {D_GT, D_GE, D_EQ, D_NE, D_LT, D_LE};

static bool compare_strs(const Str *a, const Str *b, CompareOp op)
{
    switch (op) {
    case CMP_EQ: return str_eq(a, b);
    case CMP_NE: return !str_eq(a, b);
    case CMP_LT: return str_cmp(a, b) < 0;
    case CMP_LE: return str_cmp(a, b) <= 0;
    case CMP_GT: return str_cmp(a, b) > 0;
    default: return str_cmp(a, b) >= 0;
    }
}

static bool compare_floats(double a, double b, CompareOp op)
{
    switch (op) {
    case CMP_EQ: return a == b;
    case CMP_NE: return a != b;
    case CMP_LT: return a < b;
    case CMP_LE: return a <= b;
    case CMP_GT: return a > b;
    default: return a >= b;
    }
}

/* Larger ones may be rounded to what they are not. */
static bool is_exact_as_float(Value v)
{
    static const int64_t most = INT64_C(1) << 53;
    return !is_small(v) || (as_small(v) <= most && as_small(v) >= -most);
}

Value op_compare(VM *vm, CompareOp op, Value a, Value b, uint16_t dst, RetKind kind)
{
    if (is_exact(a, T_STR) && is_exact(b, T_STR)) return bool_value(compare_strs(as_str(a), as_str(b), op));
    double x, y;
    if (are_mixed(a, b, &x, &y) && is_exact_as_float(a) && is_exact_as_float(b)) return bool_value(compare_floats(x, y, op));
    Value f = script_method(vm, a, D_LT + op);
    bool right_first = !is_unset(f) && is_ptr(b) && type_of(vm, a) != type_of(vm, b) &&
                       type_is_subtype(type_of(vm, b), type_of(vm, a)) && type_defines(type_of(vm, b), swapped[op]);
    if (!is_unset(f) && !right_first) return push2(vm, f, a, b, dst, kind);
    return obj_compare(vm, a, b, op);
}

bool op_jumps_when_true(Opcode op)
{
    return (op - OP_LT) % 6 < 4; // rows of COMPARE_OPCODES: RR RK J J_RK JN JN_RK
}

Value op_compare_resume(VM *vm, Frame *f, RetKind stage)
{
    const Insn *i = f->pc - 1;
    const Value *k = frame_code(f)->consts;
    int n = i->op - OP_LT, form = n % 6;
    bool jump = stage == RET_JUMP;
    Value a = f->regs[jump ? i->a : i->b];
    Value b = jump ? (form & 1 ? k[i->b] : f->regs[i->b]) : form == 1 ? k[i->c] : f->regs[i->c];
    Value v = obj_compare_reflected(vm, a, b, (CompareOp)(n / 6));
    if (!jump) return deliver(f, i->a, v);
    int t = is_error(v) ? -1 : obj_truth(vm, v);
    if (t < 0) return VALUE_ERROR;
    if (t == op_jumps_when_true((Opcode)i->op)) f->pc += (int16_t)i->c;
    return VALUE_SWITCH;
}

int op_truth(VM *vm, Value v)
{
    if (is_ptr(v)) switch (as_obj(v)->shape) {
        case T_STR: return as_str(v)->size != 0;
        case T_LIST: return as_list(v)->size != 0;
        case T_TUPLE: return as_tuple(v)->size != 0;
        case T_DICT: return dict_len(as_dict(v)) != 0;
        default: break;
        }
    return obj_truth(vm, v);
}

int op_contains(VM *vm, Value container, Value item)
{
    if (is_exact(container, T_DICT)) {
        Value v = dict_get(vm, as_dict(container), item);
        return is_error(v) ? -1 : !is_unset(v);
    }
    if (is_exact(container, T_SET)) return set_has(vm, as_set(container), item);
    if (is_exact(container, T_STR) && is_exact(item, T_STR)) {
        const Str *s = as_str(container), *part = as_str(item);
        if (part->size == 1) return memchr(s->data, part->data[0], s->size) != NULL;
        return search_first(s->data, s->size, part->data, part->size) != SEARCH_NONE;
    }
    const TypeSlots *slots = builtin_slots(vm, container);
    if (!slots || !slots->contains) return obj_contains(vm, container, item);
    Value v = slots->contains(vm, container, item);
    return is_error(v) ? -1 : v == VALUE_TRUE;
}

Value op_in(VM *vm, Value item, Value container, bool negate)
{
    int in = op_contains(vm, container, item);
    return in < 0 ? VALUE_ERROR : bool_value(in != negate);
}

/* The item of a built-in sequence at a small index, counted from the end if negative; UNSET: anything else. */
static Value item_at(VM *vm, Value o, int64_t i)
{
    if (!is_ptr(o)) return VALUE_UNSET;
    size_t size;
    const Value *items;
    switch (as_obj(o)->shape) {
    case T_LIST: size = as_list(o)->size, items = as_list(o)->items; break;
    case T_TUPLE: size = as_tuple(o)->size, items = as_tuple(o)->items; break;
    case T_STR: size = as_str(o)->length, items = NULL; break;
    default: return VALUE_UNSET;
    }
    size_t at = (size_t)(i < 0 ? i + (int64_t)size : i);
    if (at >= size) return VALUE_UNSET; // the slot knows what to raise
    return items ? items[at] : str_item(vm, as_str(o), at);
}

Value op_getitem(VM *vm, Value o, Value key, uint16_t dst)
{
    Value item = is_small(key) ? item_at(vm, o, as_small(key)) : VALUE_UNSET;
    if (!is_unset(item)) return item;
    if (is_exact(o, T_DICT)) {
        Value v = dict_get(vm, as_dict(o), key);
        return is_unset(v) ? vm_raise_arg(vm, ERR_KEY, key) : v;
    }
    const TypeSlots *slots = builtin_slots(vm, o);
    if (slots && slots->getitem) return slots->getitem(vm, o, key);
    Value f = script_method(vm, o, D_GETITEM);
    return is_unset(f) ? obj_getitem(vm, o, key) : push2(vm, f, o, key, dst, RET_VALUE);
}

/* o[start:stop:step] of the built-in sequences without making a slice object; UNSET when it takes one. */
Value op_get_slice(VM *vm, Value o, const Value parts[3])
{
    if (!is_ptr(o) || !(is_small(parts[0]) || is_none(parts[0])) || !(is_small(parts[1]) || is_none(parts[1])) ||
        !is_none(parts[2]))
        return VALUE_UNSET;
    int64_t start = is_none(parts[0]) ? 0 : as_small(parts[0]), stop = is_none(parts[1]) ? INT64_MAX : as_small(parts[1]), n;
    switch (as_obj(o)->shape) {
    case T_LIST:
        n = slice_adjust((int64_t)as_list(o)->size, &start, &stop, 1);
        return list_slice(vm, as_list(o), start, stop, 1, n);
    case T_TUPLE:
        n = slice_adjust((int64_t)as_tuple(o)->size, &start, &stop, 1);
        return tuple_slice(vm, as_tuple(o), start, 1, n);
    case T_STR:
        n = slice_adjust((int64_t)as_str(o)->length, &start, &stop, 1);
        return n ? str_slice(vm, as_str(o), (size_t)start, (size_t)(start + n)) : obj_value(vm->empty_str);
    default: return VALUE_UNSET;
    }
}

Value op_setitem(VM *vm, Value o, Value key, Value v)
{
    if (is_exact(o, T_DICT) && !is_unset(v)) return dict_set(vm, as_dict(o), key, v) ? VALUE_NONE : VALUE_ERROR;
    Value f = script_method(vm, o, is_unset(v) ? D_DELITEM : D_SETITEM);
    if (is_unset(f)) return obj_setitem(vm, o, key, v);
    Value args[] = {o, key, v};
    Value r = frame_invoke(vm, f, args, is_unset(v) ? 2 : 3, VALUE_UNSET, 0, RET_DISCARD);
    return r;
}
