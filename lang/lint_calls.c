/* lint_calls.c - with which arguments something is called; defaults and operands that are not what they look like. */
#include "lang/lint_parts.h"
#include <string.h>

/* ---- arguments --------------------------------------------------------------------------------------- */

/* What something is called with, without the receiver. */
typedef struct Params {
    const char *name; // in messages
    LintParam *items;
    uint32_t count, capacity;
    Lint *l;
} Params;

static void add_param(void *to, const LintParam *param)
{
    Params *p = to;
    if (p->count == p->capacity) {
        uint32_t capacity = p->capacity ? p->capacity * 2 : 8;
        LintParam *items = arena_grow(&p->l->arena, p->items, p->count, capacity, sizeof *items);
        if (!items) return;
        p->items = items;
        p->capacity = capacity;
    }
    const char *name = arena_text(&p->l->arena, param->name, strlen(param->name));
    p->items[p->count] = *param;
    p->items[p->count++].name = name ? name : "";
}

static void add_own_params(Params *p, AstFunctionDef *def, bool is_method)
{
    for (uint32_t i = 0; i < def->params.count; i++) {
        const AstParam *param = AST(Param, def->params.items[i]);
        bool rest = param->kind == PARAM_VARARGS || param->kind == PARAM_KWARGS;
        bool by_place = param->kind != PARAM_KWONLY && param->kind != PARAM_KWARGS;
        bool by_name = param->kind != PARAM_POSONLY && param->kind != PARAM_VARARGS;
        bool receiver = is_method && i == 0 && by_place && !rest;
        if (!receiver)
            add_param(p, &(LintParam){param->name->text, by_place, by_name, rest, param->dflt != NULL});
    }
}

/* A method that only raises is one that derived classes define, with what parameters they like. */
static bool is_abstract(const Callee *c)
{
    return c->method && c->def && c->def->body.items[c->def->body.count - 1]->kind == AST_Raise;
}

/* The `__init__` that a call of the class runs. False: another way of making instances, or who knows. */
static bool constructor_params(Params *p, AstClassDef *class)
{
    Lint *l = p->l;
    const Symbol *found;
    Name *init = names_intern(&l->tree->names, "__init__", strlen("__init__"));
    if (!init || lint_class_presence(l, class, init, &found) != PRESENT || !found) return false;
    const Fact *f = found->fact;
    if (!f || f->bindings != 1 || f->binder->kind != AST_FunctionDef) return false;
    AstFunctionDef *def = AST(FunctionDef, f->binder);
    if (def->decorators.count || !def->params.count) return false;
    p->name = class->name->text;
    add_own_params(p, def, true);
    return true;
}

static bool find_params(Params *p, const Callee *c)
{
    if (c->class) return constructor_params(p, c->class);
    if (c->path[0]) {
        const char *dot = strrchr(c->path, '.');
        p->name = dot ? dot + 1 : c->path;
        return p->l->world->params(p->l->world->state, c->path, c->method, add_param, p);
    }
    if (!c->def || (c->method && strncmp(c->def->name->text, "__", 2) == 0))
        return false; // __new__ is passed its class
    p->name = c->def->name->text;
    add_own_params(p, c->def, c->method);
    return true;
}

static bool takes_keyword(const Params *p, const char *name)
{
    for (uint32_t i = 0; i < p->count; i++)
        if (p->items[i].by_name && (p->items[i].rest || strcmp(p->items[i].name, name) == 0)) return true;
    return false;
}

static bool check_keyword(Lint *l, const Params *p, AstKeyword *keyword)
{
    if (!keyword->name || takes_keyword(p, keyword->name->text)) return true;
    NearSearch search = {keyword->name->text, keyword->name->len, NULL, 0};
    for (uint32_t i = 0; i < p->count; i++)
        if (p->items[i].by_name) near_offer(&search, p->items[i].name);
    Span span = {keyword->node.span.start, keyword->node.span.start + keyword->name->len};
    Diag *d = lint_report(l, LINT_ARGUMENT, span, keyword->name->text, p->name);
    if (search.best) diag_hint(l->diags, d, "did you mean '%s'?", search.best);
    return false;
}

static bool is_given(const AstCall *call, const char *name)
{
    for (uint32_t i = 0; i < call->keywords.count; i++)
        if (strcmp(AST(Keyword, call->keywords.items[i])->name->text, name) == 0) return true;
    return false;
}

static bool has_unpacking(const AstCall *call)
{
    for (uint32_t i = 0; i < call->args.count; i++)
        if (call->args.items[i]->kind == AST_Starred) return true;
    for (uint32_t i = 0; i < call->keywords.count; i++)
        if (!AST(Keyword, call->keywords.items[i])->name) return true;
    return false;
}

static void check_count(Lint *l, const Params *p, AstCall *call)
{
    uint32_t given = call->args.count, places = 0;
    if (has_unpacking(call)) return;
    for (uint32_t i = 0; i < p->count; i++) {
        const LintParam *param = &p->items[i];
        if (param->rest && param->by_place) places = UINT32_MAX;
        bool filled = !param->rest && param->by_place && places++ < given;
        if (param->rest || param->optional || filled || (param->by_name && is_given(call, param->name)))
            continue;
        lint_report(l, LINT_FEW_ARGUMENTS, call->node.span, param->name, p->name);
        return;
    }
    if (given > places) lint_report(l, LINT_MANY_ARGUMENTS, call->args.items[places]->span, p->name, "");
}

static void check_arguments(Lint *l, AstCall *call)
{
    Callee c = lint_callee(l, call->func);
    Params params = {.l = l};
    if (l->guarded || is_abstract(&c) || !find_params(&params, &c)) return;
    if (c.def && c.method && !c.def->params.count) {
        lint_report(l, LINT_NO_SELF, call->node.span, c.text, c.def->name->text);
        return;
    }
    bool known = true;
    for (uint32_t i = 0; i < call->keywords.count; i++)
        known &= check_keyword(l, &params, AST(Keyword, call->keywords.items[i]));
    if (known) check_count(l, &params, call);
}
/* ---- defaults and operands --------------------------------------------------------------------------- */

/* An empty container, to be filled; one that holds something is rather a table. */
static bool makes_empty(Lint *l, Node *node)
{
    if (node->kind == AST_List) return !AST(List, node)->elts.count;
    if (node->kind == AST_Dict) return !AST(Dict, node)->items.count;
    if (node->kind != AST_Call || AST(Call, node)->args.count || AST(Call, node)->keywords.count)
        return false;
    Callee c = lint_called(l, node);
    return strcmp(c.path, "builtins.list") == 0 || strcmp(c.path, "builtins.dict") == 0 ||
           strcmp(c.path, "builtins.set") == 0;
}

/* A default that is a cache is meant to be shared. */
static bool is_cache(const char *name)
{
    return name[0] == '_' || strstr(name, "cache") || strstr(name, "memo");
}

static void check_default(Lint *l, AstParam *param)
{
    if (!param->dflt || is_cache(param->name->text)) return;
    Scope *inside = l->scope;
    l->scope = inside->parent; // where it is evaluated
    bool mutable = makes_empty(l, param->dflt);
    l->scope = inside;
    if (mutable) lint_report(l, LINT_MUTABLE_DEFAULT, param->dflt->outer, param->name->text, "");
}

static void check_compare(Lint *l, AstCompare *node)
{
    Node *left = node->left;
    for (uint32_t i = 0; i < node->steps.count; i++) {
        AstCompareStep *step = AST(CompareStep, node->steps.items[i]);
        bool none = left->kind == AST_None || step->right->kind == AST_None;
        if (none && (step->op == CMP_EQ || step->op == CMP_NE))
            lint_report(l, LINT_NONE_COMPARE, node->node.span, ast_operator_text(step->op),
                        step->op == CMP_EQ ? "is" : "is not");
        left = step->right;
    }
}

static void check_fstring(Lint *l, AstJoinedStr *node)
{
    for (uint32_t i = 0; i < node->parts.count; i++)
        if (node->parts.items[i]->kind == AST_FormattedValue) return;
    lint_report(l, LINT_FSTRING, node->node.span, "", "");
}

void lint_calls(Lint *l, Node *node)
{
    switch (node->kind) {
    case AST_Call: check_arguments(l, AST(Call, node)); break;
    case AST_Param: check_default(l, AST(Param, node)); break;
    case AST_Compare: check_compare(l, AST(Compare, node)); break;
    case AST_JoinedStr: check_fstring(l, AST(JoinedStr, node)); break;
    default: break;
    }
}
