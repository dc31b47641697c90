#include "lang/compiler.h"

/* Conditions jump; no truth value is made of them. */

/* All steps but the last only decide when they fail. As in compare_chain, operands take turns in two
 * registers. */
static void jump_if_chain(Compiler *c, AstCompare *node, bool sense, Label to)
{
    Reg turns = push_many(c, 2);
    uint32_t last = node->steps.count - 1, end = node->node.span.end;
    Label skip = new_label(c);
    Reg left = compare_reg(c, CMP_EQ, node->left, turns, end);
    for (uint32_t i = 0; i < last; i++) {
        AstCompareStep *step = AST(CompareStep, node->steps.items[i]);
        Reg right = compare_reg(c, step->op, step->right, turns + (i + 1) % 2, end);
        put_compare_jump(c, &node->node, step->op, left, (Operand){false, right}, false, sense ? skip : to);
        left = right;
    }
    AstCompareStep *step = AST(CompareStep, node->steps.items[last]);
    Operand right = compare_operand(c, step->op, step->right, ANY, end);
    put_compare_jump(c, &node->node, step->op, left, right, sense, to);
    bind_label(c, skip);
}

static void jump_if_compare(Compiler *c, AstCompare *node, bool sense, Label to)
{
    Reg before = mark(c);
    if (node->steps.count > 1) {
        jump_if_chain(c, node, sense, to);
    } else {
        AstCompareStep *step = AST(CompareStep, node->steps.items[0]);
        uint32_t end = node->node.span.end;
        Reg left = operand_reg(c, &node->node, operand(c, node->left, ANY, end));
        put_compare_jump(c, &node->node, step->op, left, compare_operand(c, step->op, step->right, ANY, end), sense, to);
        emit_last_reader(&c->unit->draft, before, before);
    }
    release(c, before);
}

/* `and` jumps to `to` as soon as one is false, `or` as soon as one is true; the other sense skips what is
 * left. */
static void jump_if_bool_op(Compiler *c, AstBoolOp *node, bool sense, Label to)
{
    bool decisive = node->op == BOOL_OR;
    Label skip = new_label(c);
    uint32_t last = node->values.count - 1;
    for (uint32_t i = 0; i < last; i++) jump_if(c, node->values.items[i], decisive, decisive == sense ? to : skip);
    jump_if(c, node->values.items[last], sense, to);
    bind_label(c, skip);
}

void jump_if(Compiler *c, Node *node, bool sense, Label to)
{
    Const value;
    if (fold_expr(&c->arena, node, &value)) {
        if (const_is_true(&value) == sense) put_jump(c, node, OP_JMP, 0, 0, to);
        return;
    }
    if (node->kind == AST_UnaryOp && AST(UnaryOp, node)->op == UNARY_NOT) {
        jump_if(c, AST(UnaryOp, node)->operand, !sense, to);
    } else if (node->kind == AST_BoolOp) {
        jump_if_bool_op(c, AST(BoolOp, node), sense, to);
    } else if (node->kind == AST_Compare) {
        jump_if_compare(c, AST(Compare, node), sense, to);
    } else {
        Reg before = mark(c), truth = expr(c, node, ANY);
        put_jump(c, node, sense ? OP_JTRUE : OP_JFALSE, truth, 0, to);
        release(c, before);
    }
}

/* a and b: the value that decides is the result. */
Reg bool_op(Compiler *c, AstBoolOp *node, Reg want)
{
    Reg dst = scratch(c, want);
    Label end = new_label(c);
    for (uint32_t i = 0; i < node->values.count; i++) {
        expr(c, node->values.items[i], dst);
        if (i + 1 < node->values.count)
            put_jump(c, &node->node, node->op == BOOL_OR ? OP_JTRUE : OP_JFALSE, dst, 0, end);
    }
    bind_label(c, end);
    return deliver(c, &node->node, dst, want);
}

Reg conditional(Compiler *c, AstIfExp *node, Reg want)
{
    Label orelse = new_label(c), end = new_label(c);
    Reg dst = into(c, want);
    jump_if(c, node->test, false, orelse);
    expr(c, node->body, dst);
    put_jump(c, &node->node, OP_JMP, 0, 0, end);
    bind_label(c, orelse);
    expr(c, node->orelse, dst);
    bind_label(c, end);
    return dst;
}
