#include "lang/compiler.h"

//-- values that wait for others ---------------------------------------------------------------------

/* The variable whose value is that of the expression: x, or (x := ...). */
static Name *variable_of(Node *node)
{
    if (node->kind == AST_NamedExpr) node = AST(NamedExpr, node)->target;
    return node->kind == AST_Name ? AST(Name, node)->id : NULL;
}

Reg hold(Compiler *c, Node *node, Reg scratch_reg, uint32_t until)
{
    Name *name = variable_of(node), *mangled = name ? scope_mangle(&c->scopes, c->scope, name) : NULL;
    if (!mangled) return expr(c, node, scratch_reg);
    bool changes = scopes_assigned_within(&c->scopes, mangled, node->span.end, until);
    if (local_reg(c, name) != ANY && !changes) return expr(c, node, ANY);
    return expr(c, node, into(c, scratch_reg));
}

Operand operand(Compiler *c, Node *node, Reg scratch_reg, uint32_t until)
{
    Const value;
    if (fold_expr(&c->arena, node, &value)) return (Operand){true, const_index(c, &value)};
    return (Operand){false, hold(c, node, scratch_reg, until)};
}

Reg operand_reg(Compiler *c, const Node *at, Operand operand)
{
    if (!operand.is_const) return operand.index;
    Reg reg = push(c);
    put(c, at, OP_LOADK, reg, operand.index, 0);
    return reg;
}

Reg expr_list(Compiler *c, NodeList list)
{
    Reg first = mark(c);
    for (uint32_t i = 0; i < list.count; i++) expr(c, list.items[i], push(c));
    return first;
}

//-- kinds of expressions ----------------------------------------------------------------------------

static Reg named_expr(Compiler *c, AstNamedExpr *node, Reg want)
{
    AstName *target = AST(Name, node->target);
    Reg local = local_reg(c, target->id);
    if (local != ANY) {
        expr(c, node->value, local);
        if (want == ANY) return local;
        put_move(c, &node->node, want, local);
        return want;
    }
    Reg value = expr(c, node->value, scratch(c, want));
    store_name(c, node->target, target->id, value);
    return deliver(c, &node->node, value, want);
}

static Reg misplaced(Compiler *c, Node *node, const char *what, Reg want)
{
    compile_error(c, node->span, "%s", what);
    return into(c, want);
}

Reg expr(Compiler *c, Node *node, Reg want)
{
    Const value;
    if (fold_expr(&c->arena, node, &value)) {
        Reg dst = into(c, want);
        put_const(c, node, dst, &value);
        return dst;
    }
    switch ((NodeKind)node->kind) {
    case AST_Name: return load_name(c, node, AST(Name, node)->id, want);
    case AST_BoolOp: return bool_op(c, AST(BoolOp, node), want);
    case AST_NamedExpr: return named_expr(c, AST(NamedExpr, node), want);
    case AST_BinOp: return binary(c, node, want);
    case AST_UnaryOp: return unary(c, AST(UnaryOp, node), want);
    case AST_Compare: return compare(c, AST(Compare, node), want);
    case AST_IfExp: return conditional(c, AST(IfExp, node), want);
    case AST_Lambda: return lambda(c, AST(Lambda, node), want);
    case AST_Dict:
    case AST_Set:
    case AST_List:
    case AST_Tuple: return display(c, node, want);
    case AST_JoinedStr: return joined_str(c, AST(JoinedStr, node), want);
    case AST_ListComp:
    case AST_SetComp:
    case AST_DictComp: return comprehension(c, node, want);
    case AST_GeneratorExp: return generator_expr(c, AST(GeneratorExp, node), want);
    case AST_Attribute:
    case AST_Subscript:
    case AST_Call: return primary(c, node, want);
    case AST_Slice: return slice(c, AST(Slice, node), want);
    case AST_Await: return await_expr(c, AST(Await, node), want);
    case AST_Yield: return yield_expr(c, AST(Yield, node), want);
    case AST_YieldFrom: return yield_from(c, AST(YieldFrom, node), want);
    case AST_Starred: return misplaced(c, node, "can't use starred expression here", want);
    default: return misplaced(c, node, "invalid syntax", want); // no expression: the parser makes no such tree
    }
}

//-- for effect --------------------------------------------------------------------------------------

static void bool_op_effect(Compiler *c, AstBoolOp *node)
{
    Label end = new_label(c);
    for (uint32_t i = 0; i + 1 < node->values.count; i++)
        jump_if(c, node->values.items[i], node->op == BOOL_OR, end);
    effect(c, node->values.items[node->values.count - 1]);
    bind_label(c, end);
}

static void conditional_effect(Compiler *c, AstIfExp *node)
{
    Label orelse = new_label(c), end = new_label(c);
    jump_if(c, node->test, false, orelse);
    effect(c, node->body);
    put_jump(c, &node->node, OP_JMP, 0, 0, end);
    bind_label(c, orelse);
    effect(c, node->orelse);
    bind_label(c, end);
}

void effect(Compiler *c, Node *node)
{
    Const value;
    Reg before = mark(c);
    if (fold_expr(&c->arena, node, &value)) return;
    switch (node->kind) {
    case AST_Call: call_statement(c, AST(Call, node)); break;
    case AST_BoolOp: bool_op_effect(c, AST(BoolOp, node)); break;
    case AST_IfExp: conditional_effect(c, AST(IfExp, node)); break;
    default: expr(c, node, ANY);
    }
    release(c, before);
}
