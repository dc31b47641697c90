#include "lang/build.h"
#include <string.h>

/* What CPython calls a kind of expression in these messages. */
static const char *describe(const Node *node)
{
    static const char *const names[AST_KIND_COUNT] = {
        [AST_Attribute] = "attribute",
        [AST_Subscript] = "subscript",
        [AST_Starred] = "starred",
        [AST_Name] = "name",
        [AST_List] = "list",
        [AST_Tuple] = "tuple",
        [AST_Lambda] = "lambda",
        [AST_Call] = "function call",
        [AST_GeneratorExp] = "generator expression",
        [AST_Yield] = "yield expression",
        [AST_YieldFrom] = "yield expression",
        [AST_Await] = "await expression",
        [AST_ListComp] = "list comprehension",
        [AST_SetComp] = "set comprehension",
        [AST_DictComp] = "dict comprehension",
        [AST_Dict] = "dict literal",
        [AST_Set] = "set display",
        [AST_JoinedStr] = "f-string expression",
        [AST_Int] = "literal",
        [AST_Float] = "literal",
        [AST_Str] = "literal",
        [AST_Bytes] = "literal",
        [AST_None] = "None",
        [AST_True] = "True",
        [AST_False] = "False",
        [AST_Ellipsis] = "ellipsis",
        [AST_Compare] = "comparison",
        [AST_IfExp] = "conditional expression",
        [AST_NamedExpr] = "named expression",
    };
    const char *name = names[node->kind];
    return name ? name : "expression";
}

/* Whether `node = x` may have been meant as the comparison `node == x`. */
static bool may_be_compared(const Node *node)
{
    if (node->kind == AST_UnaryOp) return ((const AstUnaryOp *)node)->op != UNARY_NOT;
    return !ONE_OF(node->kind, AST_None, AST_True, AST_False, AST_GeneratorExp, AST_Compare, AST_IfExp,
                   AST_Lambda, AST_BoolOp);
}

/* Nothing but names and '-' between them: "my-name". */
static bool is_hyphenated(const Node *node)
{
    while (node->kind == AST_BinOp && ((const AstBinOp *)node)->op == BIN_SUB &&
           ((const AstBinOp *)node)->right->kind == AST_Name)
        node = ((const AstBinOp *)node)->left;
    return node->kind == AST_Name;
}

static void refuse_comparable(Parser *p, const Node *node, const char *what)
{
    Diag *diag =
        parser_error(p, node->span, "cannot assign to %s here. Maybe you meant '==' instead of '='?", what);
    if (node->kind == AST_BinOp && is_hyphenated(node))
        diag_hint(p->diags, diag, "a name has no '-': write 'my_name'");
}

static void refuse(Parser *p, const Node *node, ExprContext ctx, bool alone)
{
    const char *what = describe(node);
    if (ctx == CTX_DEL)
        parser_error(p, node->outer, "cannot delete %s", what);
    else if (alone && may_be_compared(node))
        refuse_comparable(p, node, what);
    else
        parser_error(p, node->outer, "cannot assign to %s", what);
}

static bool is_debug(const Name *name)
{
    return name && name->len == 9 && memcmp(name->text, "__debug__", 9) == 0;
}

void target_forbid(Parser *p, Name *name, Span span)
{
    if (is_debug(name))
        parser_error(p, span, "cannot assign to __debug__");
}

/* The elements of a tuple or list target, of which one may be starred. */
static void set_elements(Parser *p, const Node *whole, NodeList elts, ExprContext ctx, bool alone)
{
    const Node *star = NULL;
    for (uint32_t i = 0; i < elts.count; i++) {
        Node *elt = elts.items[i];
        if (elt->kind != AST_Starred || ctx == CTX_DEL) {
            target_set(p, elt, ctx, alone && i == elts.count - 1 && !whole->parens);
            continue;
        }
        if (star) parser_error(p, whole->outer, "multiple starred expressions in assignment");
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
        if (ctx != CTX_DEL) target_forbid(p, AST(Name, node)->id, node->span);
        else if (is_debug(AST(Name, node)->id)) parser_error(p, node->span, "cannot delete __debug__");
        return;
    case AST_Attribute: AST(Attribute, node)->ctx = ctx; return;
    case AST_Subscript: AST(Subscript, node)->ctx = ctx; return;
    case AST_Tuple:
        AST(Tuple, node)->ctx = ctx;
        set_elements(p, node, AST(Tuple, node)->elts, ctx, alone);
        return;
    case AST_List:
        AST(List, node)->ctx = ctx;
        set_elements(p, node, AST(List, node)->elts, ctx, false);
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
    if (ONE_OF(node->kind, AST_Name, AST_Attribute, AST_Subscript))
        target_set(p, node, CTX_STORE, false);
    else
        parser_error(p, node->outer, "'%s' is an illegal expression for augmented assignment",
                     describe(node));
}

void target_annotated(Parser *p, Node *node)
{
    if (!node) return;
    if (ONE_OF(node->kind, AST_Name, AST_Attribute, AST_Subscript))
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
