#include "lang/build.h"
#include <string.h>

/* What CPython calls a kind of expression in these messages. */
static const char *describe(const Node *node)
{
    switch (node->kind) {
    case AST_Attribute: return "attribute";
    case AST_Subscript: return "subscript";
    case AST_Starred: return "starred";
    case AST_Name: return "name";
    case AST_List: return "list";
    case AST_Tuple: return "tuple";
    case AST_Lambda: return "lambda";
    case AST_Call: return "function call";
    case AST_GeneratorExp: return "generator expression";
    case AST_Yield: case AST_YieldFrom: return "yield expression";
    case AST_Await: return "await expression";
    case AST_ListComp: return "list comprehension";
    case AST_SetComp: return "set comprehension";
    case AST_DictComp: return "dict comprehension";
    case AST_Dict: return "dict literal";
    case AST_Set: return "set display";
    case AST_JoinedStr: return "f-string expression";
    case AST_Int: case AST_Float: case AST_Str: case AST_Bytes: return "literal";
    case AST_None: return "None";
    case AST_True: return "True";
    case AST_False: return "False";
    case AST_Ellipsis: return "ellipsis";
    case AST_Compare: return "comparison";
    case AST_IfExp: return "conditional expression";
    case AST_NamedExpr: return "named expression";
    }
    return "expression";
}

/* Whether `node = x` may have been meant as the comparison `node == x`. */
static bool may_be_compared(const Node *node)
{
    switch (node->kind) {
    case AST_None: case AST_True: case AST_False: case AST_GeneratorExp: case AST_Compare: case AST_IfExp:
    case AST_Lambda: case AST_BoolOp: case AST_Yield: case AST_YieldFrom: return false;
    case AST_UnaryOp: return ((const AstUnaryOp *)node)->op != UNARY_NOT;
    }
    return true;
}

static void refuse(Parser *p, const Node *node, ExprContext ctx, bool alone)
{
    const char *what = describe(node);
    if (ctx == CTX_DEL)
        parser_error(p, node->outer, "cannot delete %s", what);
    else if (alone && may_be_compared(node))
        parser_error(p, node->outer, "cannot assign to %s here. Maybe you meant '==' instead of '='?", what);
    else
        parser_error(p, node->outer, "cannot assign to %s", what);
}

void target_forbid(Parser *p, Name *name, Span span)
{
    if (name && name->len == 9 && memcmp(name->text, "__debug__", 9) == 0)
        parser_error(p, span, "cannot assign to __debug__");
}

/* The elements of a tuple or list target, of which one may be starred. */
static void set_elements(Parser *p, NodeList elts, ExprContext ctx)
{
    const Node *star = NULL;
    for (uint32_t i = 0; i < elts.count; i++) {
        Node *elt = elts.items[i];
        if (elt->kind != AST_Starred || ctx == CTX_DEL) {
            target_set(p, elt, ctx, false);
            continue;
        }
        if (star) parser_error(p, elt->span, "multiple starred expressions in assignment");
        star = elt;
        AST(Starred, elt)->ctx = ctx;
        target_set(p, AST(Starred, elt)->value, ctx, false);
    }
}

void target_set(Parser *p, Node *node, ExprContext ctx, bool alone)
{
    if (!node) return;
    switch (node->kind) {
    case AST_Name:
        AST(Name, node)->ctx = ctx;
        target_forbid(p, AST(Name, node)->id, node->span);
        return;
    case AST_Attribute: AST(Attribute, node)->ctx = ctx; return;
    case AST_Subscript: AST(Subscript, node)->ctx = ctx; return;
    case AST_Tuple:
        AST(Tuple, node)->ctx = ctx;
        set_elements(p, AST(Tuple, node)->elts, ctx);
        return;
    case AST_List:
        AST(List, node)->ctx = ctx;
        set_elements(p, AST(List, node)->elts, ctx);
        return;
    case AST_Starred:
        if (ctx == CTX_STORE) {
            parser_error(p, node->span, "starred assignment target must be in a list or tuple");
            return;
        }
    }
    refuse(p, node, ctx, alone);
}

void target_augmented(Parser *p, Node *node)
{
    if (!node) return;
    if (node->kind == AST_Name || node->kind == AST_Attribute || node->kind == AST_Subscript)
        target_set(p, node, CTX_STORE, false);
    else
        parser_error(p, node->outer, "'%s' is an illegal expression for augmented assignment", describe(node));
}

void target_annotated(Parser *p, Node *node)
{
    if (!node) return;
    if (node->kind == AST_Name || node->kind == AST_Attribute || node->kind == AST_Subscript)
        target_set(p, node, CTX_STORE, false);
    else if (node->kind == AST_Tuple || node->kind == AST_List)
        parser_error(p, node->outer, "only single target (not %s) can be annotated", describe(node));
    else
        parser_error(p, node->outer, "illegal target for annotation");
}

void target_named(Parser *p, Node *node)
{
    if (node->kind == AST_Name && !node->parens)
        target_set(p, node, CTX_STORE, false);
    else
        parser_error(p, node->outer, "cannot use assignment expressions with %s", describe(node));
}
