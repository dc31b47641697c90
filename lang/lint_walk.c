/* lint_walk.c - the way through the tree, with the scope at each place; scopes are entered as collect.c enters them. */
#include "lang/lint_parts.h"

typedef struct Walk {
    Lint *l;
    LintVisitor visit;
} Walk;

static void walk(Walk *w, Node *node);

static void walk_list(Walk *w, NodeList list)
{
    for (uint32_t i = 0; i < list.count; i++) walk(w, list.items[i]);
}

static void walk_optional(Walk *w, Node *node)
{
    if (node) walk(w, node);
}

static void walk_fields(Walk *w, Node *node)
{
    for (const FieldInfo *field = ast_fields(node->kind); field->type != FIELD_END; field++) {
        void *at = (char *)node + field->offset;
        if (field->type == FIELD_NODE || field->type == FIELD_OPT)
            walk_optional(w, *(Node **)at);
        else if (field->type == FIELD_LIST)
            walk_list(w, *(NodeList *)at);
    }
}

/* ---- scopes -------------------------------------------------------------------------------------- */

static Scope *enter(Walk *w, Node *node)
{
    Scope *outer = w->l->scope;
    w->l->scope = scope_of(&w->l->scopes, node);
    return outer;
}

static void walk_params(Walk *w, NodeList params)
{
    for (uint32_t i = 0; i < params.count; i++) {
        walk_optional(w, AST(Param, params.items[i])->dflt);
        walk_optional(w, AST(Param, params.items[i])->annotation);
    }
}

static void visit_params(Walk *w, NodeList params)
{
    for (uint32_t i = 0; i < params.count; i++) w->visit(w->l, params.items[i]);
}

static void walk_function(Walk *w, AstFunctionDef *node)
{
    walk_list(w, node->decorators);
    walk_params(w, node->params);
    walk_optional(w, node->returns);
    Scope *outer = enter(w, &node->node);
    unsigned guarded = w->l->guarded;
    w->l->guarded = 0; // its body runs elsewhere
    visit_params(w, node->params);
    walk_list(w, node->body);
    w->l->guarded = guarded;
    w->l->scope = outer;
}

static void walk_lambda(Walk *w, AstLambda *node)
{
    walk_params(w, node->params);
    Scope *outer = enter(w, &node->node);
    visit_params(w, node->params);
    walk(w, node->body);
    w->l->scope = outer;
}

static void walk_class(Walk *w, AstClassDef *node)
{
    walk_list(w, node->decorators);
    walk_list(w, node->bases);
    walk_list(w, node->keywords);
    Scope *outer = enter(w, &node->node);
    walk_list(w, node->body);
    w->l->scope = outer;
}

static void walk_comprehension(Walk *w, Node *node, Node *key, Node *elt, NodeList generators)
{
    walk(w, AST(Comprehension, generators.items[0])->iter);
    Scope *outer = enter(w, node);
    for (uint32_t i = 0; i < generators.count; i++) {
        AstComprehension *g = AST(Comprehension, generators.items[i]);
        w->visit(w->l, &g->node);
        walk(w, g->target);
        if (i > 0) walk(w, g->iter);
        walk_list(w, g->ifs);
    }
    walk_optional(w, key);
    walk(w, elt);
    w->l->scope = outer;
}

/* ---- the rest ------------------------------------------------------------------------------------ */

static void walk_try(Walk *w, AstTry *node)
{
    w->l->guarded += node->handlers.count > 0;
    walk_list(w, node->body);
    w->l->guarded -= node->handlers.count > 0;
    unsigned guarded = w->l->guarded;
    w->l->guarded += node->handlers.count > 0; // an import's second way
    walk_list(w, node->handlers);
    w->l->guarded = guarded;
    walk_list(w, node->orelse);
    walk_list(w, node->finalbody);
}

static void walk_import_from(Walk *w, AstImportFrom *node)
{
    w->l->from = node;
    walk_list(w, node->names);
    w->l->from = NULL;
}

/* A format spec is no text of its own. */
static void walk_formatted(Walk *w, AstFormattedValue *node)
{
    walk(w, node->value);
    if (node->spec) walk_list(w, AST(JoinedStr, node->spec)->parts);
}

/* Chains may be longer than the C stack is deep. */
static void walk_spine(Walk *w, Node *top)
{
    Node *node = top, *last = top;
    for (; node; last = node, node = ast_spine_next(node))
        if (node != top) w->visit(w->l, node);
    for (node = top; node != last; node = ast_spine_next(node)) {
        switch (node->kind) {
        case AST_BinOp: walk(w, AST(BinOp, node)->right); break;
        case AST_Subscript: walk(w, AST(Subscript, node)->index); break;
        case AST_Call:
            walk_list(w, AST(Call, node)->args);
            walk_list(w, AST(Call, node)->keywords);
            break;
        default: break;
        }
    }
    walk_fields(w, last);
}

static void walk(Walk *w, Node *node)
{
    w->visit(w->l, node);
    switch ((NodeKind)node->kind) {
    case AST_FunctionDef: walk_function(w, AST(FunctionDef, node)); break;
    case AST_Lambda: walk_lambda(w, AST(Lambda, node)); break;
    case AST_ClassDef: walk_class(w, AST(ClassDef, node)); break;
#define COMPREHENSION(Kind)                                                                   \
    case AST_##Kind:                                                                          \
        walk_comprehension(w, node, NULL, AST(Kind, node)->elt, AST(Kind, node)->generators); \
        break;
        COMPREHENSION(ListComp)
        COMPREHENSION(SetComp)
        COMPREHENSION(GeneratorExp)
#undef COMPREHENSION
    case AST_DictComp: {
        AstDictComp *comp = AST(DictComp, node);
        walk_comprehension(w, node, comp->key, comp->value, comp->generators);
        break;
    }
    case AST_Try: walk_try(w, AST(Try, node)); break;
    case AST_ImportFrom: walk_import_from(w, AST(ImportFrom, node)); break;
    case AST_FormattedValue: walk_formatted(w, AST(FormattedValue, node)); break;
    case AST_BinOp:
    case AST_Attribute:
    case AST_Call:
    case AST_Subscript: walk_spine(w, node); break;
    default: walk_fields(w, node);
    }
}

void lint_walk(Lint *l, Node *node, LintVisitor visit)
{
    Walk w = {l, visit};
    walk(&w, node);
}

/* ---- searching ----------------------------------------------------------------------------------- */

static bool has_code_of_its_own(const Node *node)
{
    return node->kind == AST_FunctionDef || node->kind == AST_Lambda || node->kind == AST_ClassDef;
}

/* In the fields of a node, but not down its spine. */
static bool fields_contain(Node *node, const Node *spine, LintTest test)
{
    for (const FieldInfo *field = ast_fields(node->kind); field->type != FIELD_END; field++) {
        void *at = (char *)node + field->offset;
        if (field->type == FIELD_LIST && lint_list_contains(*(NodeList *)at, test)) return true;
        if (field->type != FIELD_NODE && field->type != FIELD_OPT) continue;
        Node *child = *(Node **)at;
        if (child && child != spine && lint_contains(child, test)) return true;
    }
    return false;
}

bool lint_contains(Node *node, LintTest test)
{
    for (Node *next; node; node = next) {
        if (test(node)) return true;
        if (has_code_of_its_own(node)) return false;
        next = ast_spine_next(node);
        if (fields_contain(node, next, test)) return true;
    }
    return false;
}

bool lint_list_contains(NodeList list, LintTest test)
{
    for (uint32_t i = 0; i < list.count; i++)
        if (lint_contains(list.items[i], test)) return true;
    return false;
}
