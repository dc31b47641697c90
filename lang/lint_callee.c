/* lint_callee.c - who is called. */
#include "lang/lint_parts.h"
#include <stdio.h>
#include <string.h>

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

static void call_method(Lint *l, Callee *c, AstAttribute *node)
{
    const char *type = lint_type_of(l, node->value);
    int n = type ? snprintf(c->path, sizeof c->path, "builtins.%s.%s", type, node->attr->text) : 0;
    c->method = true;
    if (n >= (int)sizeof c->path) c->path[0] = '\0';
    else if (type) return call_library(l, c);
    bool is_self;
    const Symbol *s = NULL;
    AstClassDef *class = lint_class_of(l, node->value, &is_self);
    Name *name = class ? scope_mangle(&l->scopes, l->scope, node->attr) : NULL;
    if (name) lint_class_presence(l, class, name, &s);
    call_def(l, c, s ? s->fact : NULL);
}

/* A built-in function is what it seems unless `import *`, say, may hide it. */
static void call_name(Lint *l, Callee *c, Node *func)
{
    const char *name = AST(Name, func)->id->text;
    const Symbol *s = lint_variable(l, AST(Name, func)->id);
    if (s && s->fact && s->fact->bindings) {
        call_def(l, c, s->fact);
        c->class = lint_class_named(l, func);
    } else if (!l->open_names && snprintf(c->path, sizeof c->path, "builtins.%s", name) < (int)sizeof c->path)
        call_library(l, c);
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
    else if (func->kind == AST_Name)
        call_name(l, &c, func);
    if (c.thing != THING_UNKNOWN && c.thing != THING_VALUE) c.text = written(l, func);
    return c;
}

Callee lint_called(Lint *l, Node *node)
{
    if (node->kind == AST_Call) return lint_callee(l, AST(Call, node)->func);
    return (Callee){.thing = THING_UNKNOWN, .text = ""};
}
