#include "lang/compiler.h"

/* Where each operator's row of opcodes begins; within a row the order is that of the macros in opcodes.def.
 */
enum { ROW_RR, ROW_RK, ROW_KR, ROW_IN_PLACE, ROW_IN_PLACE_RK };

static Opcode binary_row(Operator op)
{
    switch (op) {
    case BIN_ADD: return OP_ADD;
    case BIN_SUB: return OP_SUB;
    case BIN_MUL: return OP_MUL;
    case BIN_MATMUL: return OP_MATMUL;
    case BIN_DIV: return OP_TRUEDIV;
    case BIN_FLOORDIV: return OP_FLOORDIV;
    case BIN_MOD: return OP_MOD;
    case BIN_POW: return OP_POW;
    case BIN_LSHIFT: return OP_LSHIFT;
    case BIN_RSHIFT: return OP_RSHIFT;
    case BIN_OR: return OP_OR;
    case BIN_XOR: return OP_XOR;
    default: return OP_AND;
    }
}

//-- binary ------------------------------------------------------------------------------------------

void augmented(Compiler *c, const Node *at, Operator op, Reg dst, Reg left, Operand right)
{
    put(c, at, binary_row(op) + (right.is_const ? ROW_IN_PLACE_RK : ROW_IN_PLACE), dst, left, right.index);
    emit_last_reader(&c->unit->draft, c->unit->first_temp, dst);
}

static Operand in_register(Compiler *c, const Node *at, Operand value)
{
    return (Operand){false, operand_reg(c, at, value)};
}

/* a + b + c: from the first link of the chain up. Operands are read before the result is written, so that
 * it may take the place of a temporary operand. */
Reg binary(Compiler *c, Node *top, Reg want)
{
    uint32_t count = 1;
    for (Node *node = top; (node = ast_spine_next(node));) count++;
    AstBinOp **links = compile_alloc(c, count, sizeof *links);
    if (!links) return into(c, want);
    Node *node = top;
    for (uint32_t i = 0; i < count; i++, node = ast_spine_next(node)) links[i] = AST(BinOp, node);

    Reg before = mark(c), work = as_scratch(c, want);
    AstBinOp *first = links[count - 1];
    Operand left = operand(c, first->left, work, first->node.span.end);
    while (count-- > 0) {
        AstBinOp *link = links[count];
        Operand right = operand(c, link->right, ANY, link->node.span.end);
        if (left.is_const && right.is_const) left = in_register(c, &link->node, left);
        release(c, before);
        Reg dst = count == 0 && want != ANY ? want : into(c, work);
        unsigned column = right.is_const ? ROW_RK : left.is_const ? ROW_KR : ROW_RR;
        put(c, &link->node, binary_row(link->op) + column, dst, left.index, right.index);
        emit_last_reader(&c->unit->draft, before, dst);
        left = (Operand){false, dst};
    }
    return left.index;
}

//-- unary -------------------------------------------------------------------------------------------

Reg unary(Compiler *c, AstUnaryOp *node, Reg want)
{
    static const Opcode opcodes[] = {[UNARY_POS - UNARY_POS] = OP_POS, [UNARY_NEG - UNARY_POS] = OP_NEG,
                                     [UNARY_INVERT - UNARY_POS] = OP_INVERT, [UNARY_NOT - UNARY_POS] = OP_NOT};
    Reg before = mark(c);
    Reg value = operand_reg(c, &node->node, operand(c, node->operand, as_scratch(c, want), 0));
    release(c, before);
    Reg dst = into(c, want);
    put(c, &node->node, opcodes[node->op - UNARY_POS], dst, value, 0);
    return dst;
}

//-- comparisons -------------------------------------------------------------------------------------

/* COMPARE_OPCODES: to a value with a register or constant, jump if so, jump if not so. */
enum { ROW_VALUE, ROW_JUMP = 2, ROW_JUMP_NOT = 4 }; // with a constant: the next one

static Opcode compare_row(Operator op)
{
    switch (op) {
    case CMP_LT: return OP_LT;
    case CMP_LE: return OP_LE;
    case CMP_EQ: return OP_EQ;
    case CMP_NE: return OP_NE;
    case CMP_GT: return OP_GT;
    case CMP_GE: return OP_GE;
    case CMP_IS:
    case CMP_IS_NOT: return OP_IS;
    default: return OP_IN;
    }
}

static bool is_negated(Operator op) { return op == CMP_IS_NOT || op == CMP_NOT_IN; }

void put_compare_jump(Compiler *c, const Node *at, Operator op, Reg left, Operand right, bool sense, Label to)
{
    bool when = sense != is_negated(op);
    unsigned column = (when ? ROW_JUMP : ROW_JUMP_NOT) + right.is_const;
    put_jump(c, at, compare_row(op) + column, left, right.index, to);
}

static void put_compare(Compiler *c, const Node *at, Operator op, Reg dst, Reg left, Operand right)
{
    Opcode opcode = op == CMP_IS_NOT ? OP_IS_NOT : op == CMP_NOT_IN ? OP_NOT_IN : compare_row(op) + ROW_VALUE + right.is_const;
    put(c, at, opcode, dst, left, right.index);
}

Operand compare_operand(Compiler *c, Operator op, Node *node, Reg want, uint32_t until)
{
    bool only_searched = op == CMP_IN || op == CMP_NOT_IN;
    Const value;
    if (only_searched && fold_container(&c->arena, node, &value)) return (Operand){true, const_index(c, &value)};
    return operand(c, node, want, until);
}

Reg compare_reg(Compiler *c, Operator op, Node *node, Reg want, uint32_t until)
{
    Operand value = compare_operand(c, op, node, want, until);
    if (!value.is_const) return value.index;
    Reg reg = into(c, want);
    put(c, node, OP_LOADK, reg, value.index, 0);
    return reg;
}

static Reg compare_once(Compiler *c, AstCompare *node, Reg want)
{
    Reg before = mark(c);
    uint32_t end = node->node.span.end;
    AstCompareStep *step = AST(CompareStep, node->steps.items[0]);
    Reg left = operand_reg(c, &node->node, operand(c, node->left, as_scratch(c, want), end));
    Operand right = compare_operand(c, step->op, step->right, ANY, end);
    if (is_negated(step->op)) right = in_register(c, &node->node, right);
    release(c, before);
    Reg dst = into(c, want);
    put_compare(c, &node->node, step->op, dst, left, right);
    return dst;
}

/* a < b < c: every operand is evaluated once, and the first comparison that fails is the result. Operands
 * that are compared twice take turns in two registers. */
static Reg compare_chain(Compiler *c, AstCompare *node, Reg want)
{
    Reg dst = scratch(c, want), before = mark(c), turns = push_many(c, 2);
    uint32_t count = node->steps.count, end = node->node.span.end;
    Label done = new_label(c);
    Reg left = compare_reg(c, CMP_EQ, node->left, turns, end);
    for (uint32_t i = 0; i < count; i++) {
        AstCompareStep *step = AST(CompareStep, node->steps.items[i]);
        Reg right = compare_reg(c, step->op, step->right, turns + (i + 1) % 2, end);
        put_compare(c, &node->node, step->op, dst, left, (Operand){false, right});
        if (i + 1 < count) put_jump(c, &node->node, OP_JFALSE, dst, 0, done);
        left = right;
    }
    bind_label(c, done);
    release(c, before);
    return deliver(c, &node->node, dst, want);
}

Reg compare(Compiler *c, AstCompare *node, Reg want)
{
    return node->steps.count == 1 ? compare_once(c, node, want) : compare_chain(c, node, want);
}
