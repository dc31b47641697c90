/* lint_calls.c - what a call calls, and with which arguments. */
#include "lang/lint_parts.h"
#include <stdio.h>
#include <string.h>

/* ---- who is called ----------------------------------------------------------------------------------- */

/* An import that is the only binding of its name. */
static const Fact *imported(Lint *l, Node *node)
{
    const Fact *f = node->kind == AST_Name ? lint_single(l, AST(Name, node)->id) : NULL;
    return f && f->binder->kind == AST_Alias && !f->guarded ? f : NULL;
}

static bool base_path(Lint *l, Node *base, char *path, size_t size)
{
    const Fact *f = imported(l, base);
    if (!f) return false;
    AstAlias *alias = AST(Alias, f->binder);
    if (f->from && (f->from->level || !f->from->module)) return false;
    int n;
    if (f->from)
        n = snprintf(path, size, "%s.%s", f->from->module->text, alias->name->text);
    else if (alias->asname)
        n = snprintf(path, size, "%s", alias->name->text);
    else
        n = snprintf(path, size, "%s", AST(Name, base)->id->text);
    return n < (int)size;
}

bool lint_library_path(Lint *l, Node *node, char *path, size_t size)
{
    if (node->kind != AST_Attribute) return base_path(l, node, path, size);
    enum { LINKS = 4 }; // more dots than library paths have
    AstAttribute *links[LINKS];
    int n = 0;
    for (; node->kind == AST_Attribute; node = AST(Attribute, node)->value) {
        if (n == LINKS) return false;
        links[n++] = AST(Attribute, node);
    }
    if (!base_path(l, node, path, size)) return false;
    while (n-- > 0) {
        size_t used = strlen(path);
        if (snprintf(path + used, size - used, ".%s", links[n]->attr->text) >= (int)(size - used))
            return false;
    }
    return true;
}

static void call_library(Lint *l, Callee *c)
{
    c->thing = l->world->look_up(l->world->state, c->path);
}

/* A function of this file, as it is written: a decorator may make anything of it. */
static void call_def(Lint *l, Callee *c, const Fact *f)
{
    if (!f || f->bindings != 1 || f->guarded || f->binder->kind != AST_FunctionDef) return;
    AstFunctionDef *def = AST(FunctionDef, f->binder);
    if (def->decorators.count) return;
    const Scope *scope = scope_of(&l->scopes, f->binder);
    c->def = def;
    c->thing = !def->is_async        ? THING_FUNCTION
               : scope->is_generator ? THING_ASYNC_GENERATOR
                                     : THING_COROUTINE;
}

/* The class whose instance a name is: `self` of a method, or a variable that is an instance once and for all. */
static const Scope *class_of(Lint *l, AstName *node)
{
    const Symbol *s = lint_variable(l, node->id);
    const Fact *f = s ? s->fact : NULL;
    if (!f || f->bindings != 1) return NULL;
    if (f->binder->kind == AST_Param) {
        const Scope *method = s->scope, *owner = method->parent;
        if (method->kind != SCOPE_FUNCTION || !owner || owner->kind != SCOPE_CLASS) return NULL;
        AstFunctionDef *def = AST(FunctionDef, method->node);
        return def->params.items[0] == f->binder && !def->decorators.count ? owner : NULL;
    }
    if (!f->simple || !f->value || f->value->kind != AST_Call) return NULL;
    Node *made = AST(Call, f->value)->func;
    const Fact *class_fact = made->kind == AST_Name ? lint_single(l, AST(Name, made)->id) : NULL;
    if (!class_fact || class_fact->binder->kind != AST_ClassDef) return NULL;
    if (AST(ClassDef, class_fact->binder)->decorators.count ||
        AST(ClassDef, class_fact->binder)->keywords.count)
        return NULL;
    return scope_of(&l->scopes, class_fact->binder);
}

static void call_method(Lint *l, Callee *c, AstAttribute *node)
{
    const char *type = lint_type_of(l, node->value);
    int n = type ? snprintf(c->path, sizeof c->path, "builtins.%s.%s", type, node->attr->text) : 0;
    if (n >= (int)sizeof c->path) c->path[0] = '\0';
    else if (type) return call_library(l, c);
    if (node->value->kind != AST_Name) return;
    const Scope *owner = class_of(l, AST(Name, node->value));
    Name *name = owner ? scope_mangle(&l->scopes, l->scope, node->attr) : NULL;
    const Symbol *s = name ? scope_find(owner, name) : NULL;
    call_def(l, c, s ? s->fact : NULL);
    c->method = true;
}

/* A name or names with dots, as they stand in the source. */
static const char *written(Lint *l, const Node *node)
{
    enum { LONGEST = 60 };
    Span s = node->span;
    bool plain = node->kind == AST_Name || node->kind == AST_Attribute;
    if (!plain || s.end - s.start > LONGEST) return "";
    const char *text = arena_text(&l->arena, l->tree->source->text + s.start, s.end - s.start);
    return text ? text : "";
}

Callee lint_callee(Lint *l, Node *func)
{
    Callee c = {.thing = THING_UNKNOWN, .text = ""};
    if (lint_library_path(l, func, c.path, sizeof c.path))
        call_library(l, &c);
    else if (c.path[0] = '\0', func->kind == AST_Attribute)
        call_method(l, &c, AST(Attribute, func));
    else if (func->kind == AST_Name) {
        const Symbol *s = lint_variable(l, AST(Name, func)->id);
        if (s && s->fact && s->fact->bindings)
            call_def(l, &c, s->fact);
        else if (snprintf(c.path, sizeof c.path, "builtins.%s", AST(Name, func)->id->text) <
                 (int)sizeof c.path)
            call_library(l, &c);
    }
    if (c.thing != THING_UNKNOWN && c.thing != THING_VALUE) c.text = written(l, func);
    return c;
}

Callee lint_called(Lint *l, Node *node)
{
    if (node->kind == AST_Call) return lint_callee(l, AST(Call, node)->func);
    return (Callee){.thing = THING_UNKNOWN, .text = ""};
}

/* ---- arguments --------------------------------------------------------------------------------------- */

static const char *param_name(const Node *param)
{
    return ((const AstParam *)param)->name->text;
}

static bool has_param_kind(NodeList params, ParamKind kind)
{
    for (uint32_t i = 0; i < params.count; i++)
        if (AST(Param, params.items[i])->kind == kind) return true;
    return false;
}

static bool takes_keyword(NodeList params, const Name *name)
{
    for (uint32_t i = 0; i < params.count; i++) {
        const AstParam *p = AST(Param, params.items[i]);
        if ((p->kind == PARAM_NORMAL || p->kind == PARAM_KWONLY) && p->name == name) return true;
    }
    return has_param_kind(params, PARAM_KWARGS);
}

static bool check_keyword(Lint *l, const Callee *c, AstKeyword *keyword)
{
    if (!keyword->name || takes_keyword(c->def->params, keyword->name)) return true;
    NearSearch search = {keyword->name->text, keyword->name->len, NULL, 0};
    for (uint32_t i = 0; i < c->def->params.count; i++)
        near_offer(&search, param_name(c->def->params.items[i]));
    Span span = {keyword->node.span.start, keyword->node.span.start + keyword->name->len};
    Diag *d = lint_report(l, LINT_ARGUMENT, span, keyword->name->text, c->def->name->text);
    if (search.best) diag_hint(l->diags, d, "did you mean '%s'?", search.best);
    return false;
}

static bool is_given(const AstCall *call, const Name *name)
{
    for (uint32_t i = 0; i < call->keywords.count; i++)
        if (AST(Keyword, call->keywords.items[i])->name == name) return true;
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

static void check_count(Lint *l, const Callee *c, AstCall *call)
{
    NodeList params = c->def->params;
    uint32_t given = call->args.count + c->method, places = 0;
    if (has_unpacking(call)) return;
    for (uint32_t i = 0; i < params.count; i++) {
        const AstParam *p = AST(Param, params.items[i]);
        bool positional = p->kind == PARAM_POSONLY || p->kind == PARAM_NORMAL;
        bool filled = positional && places++ < given;
        bool wanted = (positional || p->kind == PARAM_KWONLY) && !p->dflt;
        if (!wanted || filled || is_given(call, p->name)) continue;
        lint_report(l, LINT_FEW_ARGUMENTS, call->node.span, p->name->text, c->def->name->text);
        return;
    }
    if (given > places && !has_param_kind(params, PARAM_VARARGS))
        lint_report(l, LINT_MANY_ARGUMENTS, call->args.items[places - c->method]->span, c->def->name->text,
                    "");
}

static void check_arguments(Lint *l, AstCall *call)
{
    Callee c = lint_callee(l, call->func);
    if (!c.def || l->guarded) return;
    if (c.method && (!c.def->params.count || strncmp(c.def->name->text, "__", 2) == 0))
        return; // __new__ is passed its class
    bool known = true;
    for (uint32_t i = 0; i < call->keywords.count; i++)
        known &= check_keyword(l, &c, AST(Keyword, call->keywords.items[i]));
    if (known) check_count(l, &c, call);
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
