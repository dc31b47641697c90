/* lint_values.c - values whose built-in type is plain from where they are made: what they have not, what does not go together. */
#include "lang/lint_parts.h"
#include <stdio.h>
#include <string.h>

/* ---- types ------------------------------------------------------------------------------------------- */

Node *lint_origin(Lint *l, Node *node)
{
    const Fact *f = node->kind == AST_Name ? lint_single(l, AST(Name, node)->id) : NULL;
    return f && f->simple && f->value && !f->guarded ? f->value : node;
}

/* What the built-in function of that path gives. */
static const char *type_of_call(const char *path)
{
    static const struct {
        const char *path, *type;
    } rows[] = {
        {"builtins.str", "str"},   {"builtins.input", "str"},  {"builtins.repr", "str"},    {"builtins.chr", "str"},
        {"builtins.int", "int"},   {"builtins.len", "int"},    {"builtins.ord", "int"},     {"builtins.float", "float"},
        {"builtins.list", "list"}, {"builtins.sorted", "list"}, {"builtins.dict", "dict"}, {"builtins.set", "set"},
        {"builtins.tuple", "tuple"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].path, path) == 0) return rows[i].type;
    return NULL;
}

const char *lint_type_of(Lint *l, Node *node)
{
    node = lint_origin(l, node);
    switch ((NodeKind)node->kind) {
    case AST_Str:
    case AST_JoinedStr: return "str";
    case AST_Int: return "int";
    case AST_Float: return "float";
    case AST_List:
    case AST_ListComp: return "list";
    case AST_Tuple: return "tuple";
    case AST_Dict:
    case AST_DictComp: return "dict";
    case AST_Set:
    case AST_SetComp: return "set";
    case AST_Call: return AST(Call, node)->func->kind == AST_Name ? type_of_call(lint_called(l, node).path) : NULL;
    default: return NULL;
    }
}

/* ---- what is done with them -------------------------------------------------------------------------- */

static bool is_text_and_number(Lint *l, Node *left, Node *right)
{
    const char *a = lint_type_of(l, left), *b = lint_type_of(l, right);
    if (!a || !b) return false;
    bool a_text = strcmp(a, "str") == 0, b_text = strcmp(b, "str") == 0;
    const char *other = a_text ? b : a;
    return a_text != b_text && (strcmp(other, "int") == 0 || strcmp(other, "float") == 0);
}

static void check_sum(Lint *l, AstBinOp *node)
{
    if (node->op == BIN_ADD && is_text_and_number(l, node->left, node->right))
        lint_report(l, LINT_TEXT_NUMBER, node->node.span, "", "");
}

static void check_order(Lint *l, AstCompare *node)
{
    Node *left = node->left;
    for (uint32_t i = 0; i < node->steps.count; i++) {
        AstCompareStep *step = AST(CompareStep, node->steps.items[i]);
        if (lint_orders(step->op) && is_text_and_number(l, left, step->right))
            lint_report(l, LINT_TEXT_COMPARED, node->node.span, "", "");
        left = step->right;
    }
}

static void check_attribute(Lint *l, AstAttribute *node)
{
    char path[160];
    const char *type = lint_type_of(l, node->value);
    if (!type || strncmp(node->attr->text, "__", 2) == 0) return;
    int n = snprintf(path, sizeof path, "builtins.%s.%s", type, node->attr->text);
    if (n >= (int)sizeof path || l->world->look_up(l->world->state, path) != THING_MISSING) return;
    Span span = {node->node.span.end - node->attr->len, node->node.span.end};
    path[n - (int)node->attr->len - 1] = '\0';
    lint_hint_member(l, lint_report(l, LINT_NO_ATTRIBUTE, span, node->attr->text, type), path, node->attr->text);
}

void lint_values(Lint *l, Node *node)
{
    if (l->guarded) return;
    if (node->kind == AST_BinOp) check_sum(l, AST(BinOp, node));
    else if (node->kind == AST_Compare) check_order(l, AST(Compare, node));
    else if (node->kind == AST_Attribute) check_attribute(l, AST(Attribute, node));
}
