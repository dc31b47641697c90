/* lint_names.c - names that mean nothing, hide something or are never asked for. */
#include "lang/lint_parts.h"
#include "vm/hangul.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static Thing look_up_in(Lint *l, const char *module, const char *name)
{
    char path[160];
    int n = snprintf(path, sizeof path, "%s.%s", module, name);
    return n < (int)sizeof path ? l->world->look_up(l->world->state, path) : THING_UNKNOWN;
}

/* ---- did you mean ---------------------------------------------------------------------------------- */

typedef struct Search {
    NearSearch near;
    const char *capitals;      // the same but for them, or NULL
    char keys[HANGUL_LONGEST]; // "": it is no Hangul
    const char *on_keys;       // what these keys spell, or NULL
} Search;

static Search search_for(const char *word, size_t len)
{
    Search search = {.near = {word, len, NULL, 0}};
    if (!hangul_keys(word, len, search.keys)) search.keys[0] = '\0';
    return search;
}

static void offer(void *state, const char *name)
{
    Search *search = state;
    near_offer(&search->near, name);
    if (strcasecmp(search->near.word, name) == 0) search->capitals = name;
    if (*search->keys && hangul_keys_spell(search->keys, name, strlen(name))) search->on_keys = name;
}

static bool hint_near(Lint *l, Diag *d, const Search *search)
{
    const char *meant = search->capitals ? search->capitals : search->near.best;
    if (search->on_keys)
        diag_hint(l->diags, d, "typed with the Korean keyboard on: did you mean '%s'?", search->on_keys);
    else if (meant)
        diag_hint(l->diags, d, "did you mean '%s'?", meant);
    return meant || search->on_keys;
}

static void hint_variable(Lint *l, Diag *d, const Name *name)
{
    Search search = search_for(name->text, name->len);
    for (const Scope *scope = l->scope; scope; scope = scope->parent)
        for (const Symbol *s = scope->symbols; s; s = s->next)
            if (s->flags & SYM_BOUND) offer(&search, s->name->text);
    l->world->names(l->world->state, "builtins", offer, &search);
    if (!hint_near(l, d, &search) && l->world->look_up(l->world->state, name->text) != THING_MISSING)
        diag_hint(l->diags, d, "to use the module, write 'import %s' at the top", name->text);
}

void lint_hint_member(Lint *l, Diag *d, const char *owner, const char *name)
{
    Search search = search_for(name, strlen(name));
    l->world->names(l->world->state, owner, offer, &search);
    hint_near(l, d, &search);
}

/* ---- reading --------------------------------------------------------------------------------------- */

static void check_read(Lint *l, AstName *node)
{
    if (l->open_names || l->guarded || starts_with(node->id->text, "__")) return;
    const Symbol *here = symbol_of(&l->scopes, l->scope, node->id), *s = lint_variable(l, node->id);
    bool global = here && (here->place == PLACE_GLOBAL || here->place == PLACE_NAME);
    if (!global || (s && s->fact && s->fact->bindings)) return;
    if (look_up_in(l, "builtins", node->id->text) != THING_MISSING) return;
    Diag *d = lint_report(l, LINT_UNDEFINED, node->node.span, node->id->text, "");
    hint_variable(l, d, node->id);
}

static void check_member(Lint *l, AstAttribute *node)
{
    char module[160];
    if (l->guarded || node->ctx != CTX_LOAD || starts_with(node->attr->text, "__")) return;
    if (!lint_library_path(l, node->value, module, sizeof module)) return;
    if (look_up_in(l, module, node->attr->text) != THING_MISSING) return;
    Span span = {node->node.span.end - node->attr->len, node->node.span.end};
    lint_hint_member(l, lint_report(l, LINT_NO_MEMBER, span, node->attr->text, module), module,
                     node->attr->text);
}

/* A module that is neither the library's nor beside the program may be anywhere; but with a slip in a
 * library's name ... */
static void check_module(Lint *l, Span span, const char *name)
{
    char first[NEAR_LONGEST + 1];
    size_t len = strcspn(name, ".");
    if (l->guarded || len >= sizeof first) return;
    snprintf(first, sizeof first, "%.*s", (int)len, name);
    if (l->world->look_up(l->world->state, first) != THING_MISSING) return;
    Search search = search_for(first, len);
    l->world->names(l->world->state, "", offer, &search);
    if (search.near.best || search.on_keys)
        hint_near(l, lint_report(l, LINT_NO_MODULE, span, first, ""), &search);
}

static void check_modules(Lint *l, AstImport *node)
{
    for (uint32_t i = 0; i < node->names.count; i++)
        check_module(l, node->names.items[i]->span, AST(Alias, node->names.items[i])->name->text);
}

static void check_import(Lint *l, AstImportFrom *node)
{
    if (l->guarded || node->level || !node->module) return;
    check_module(l, node->node.span, node->module->text);
    for (uint32_t i = 0; i < node->names.count; i++) {
        AstAlias *alias = AST(Alias, node->names.items[i]);
        bool star = strcmp(alias->name->text, "*") == 0;
        if (star || look_up_in(l, node->module->text, alias->name->text) != THING_MISSING) continue;
        Diag *d = lint_report(l, LINT_NO_MEMBER, alias->node.span, alias->name->text, node->module->text);
        lint_hint_member(l, d, node->module->text, alias->name->text);
    }
}

/* ---- hiding ---------------------------------------------------------------------------------------- */

/* Co's own prelude has names that a Python program may well give to its variables; asyncio has them too. */
static bool is_classic_builtin(Lint *l, const char *name)
{
    return look_up_in(l, "builtins", name) != THING_MISSING &&
           look_up_in(l, "asyncio", name) == THING_MISSING;
}

static void check_shadow(Lint *l, AstName *node)
{
    ScopeKind kind = l->scope->kind;
    if ((kind != SCOPE_MODULE && kind != SCOPE_FUNCTION) || node->id->text[0] == '_' || l->guarded) return;
    Symbol *s = lint_variable(l, node->id);
    if (!s || !s->fact || s->fact->shadow_reported || s->flags & SYM_PARAM) return;
    s->fact->shadow_reported = true;
    if (is_classic_builtin(l, node->id->text))
        lint_report(l, LINT_SHADOWED, node->node.span, node->id->text, "");
}

void lint_names(Lint *l, Node *node)
{
    if (node->kind == AST_Name && AST(Name, node)->ctx == CTX_LOAD)
        check_read(l, AST(Name, node));
    else if (node->kind == AST_Name && AST(Name, node)->ctx == CTX_STORE)
        check_shadow(l, AST(Name, node));
    else if (node->kind == AST_Attribute)
        check_member(l, AST(Attribute, node));
    else if (node->kind == AST_Import)
        check_modules(l, AST(Import, node));
    else if (node->kind == AST_ImportFrom)
        check_import(l, AST(ImportFrom, node));
}

/* ---- never used ------------------------------------------------------------------------------------ */

static bool is_package(const Lint *l)
{
    const char *name = l->tree->source->name, *end = "__init__.co";
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

/* `import x as x` says that x is for others; __future__ is for the compiler. */
static bool is_export(const Fact *f)
{
    AstAlias *alias = AST(Alias, f->binder);
    if (f->from && f->from->module && strcmp(f->from->module->text, "__future__") == 0) return true;
    return alias->asname == alias->name;
}

static bool makes_task(const Node *node)
{
    if (node->kind != AST_Call) return false;
    const Node *func = ((const AstCall *)node)->func;
    const char *name = func->kind == AST_Name        ? ((const AstName *)func)->id->text
                       : func->kind == AST_Attribute ? ((const AstAttribute *)func)->attr->text
                                                     : "";
    return strstr(name, "task") || strcmp(name, "spawn") == 0 || strcmp(name, "ensure_future") == 0;
}

/* What a variable holds on to, read or not: tasks, which would be lost otherwise; what was sent to a generator. */
static bool is_worth_keeping(Node *value)
{
    if (!value) return false;
    return value->kind == AST_Yield || value->kind == AST_YieldFrom || lint_contains(value, makes_task);
}

static void check_unused_import(Lint *l, const Symbol *s)
{
    const Fact *f = s->fact;
    if (f->guarded || is_package(l) || is_export(f)) return;
    lint_report(l, LINT_UNUSED_IMPORT, f->binder->span, s->name->text, "");
}

static void check_unused_variable(Lint *l, const Symbol *s)
{
    const Fact *f = s->fact;
    bool handler = f->binder->kind == AST_ExceptHandler && f->bindings == 1;
    bool assigned = f->binder->kind == AST_Name && f->simple == f->bindings && f->value;
    if (s->flags & (SYM_PARAM | SYM_GLOBAL | SYM_NONLOCAL) || s->scope->shows_locals ||
        (!handler && !assigned))
        return;
    if (is_worth_keeping(f->value)) return;
    Span span = f->binder->span;
    if (handler) { // "except X as e": the e
        AstExceptHandler *h = AST(ExceptHandler, f->binder);
        uint32_t from = h->type->outer.end;
        const char *at = strstr(l->tree->source->text + from, s->name->text);
        if (at)
            span = (Span){(uint32_t)(at - l->tree->source->text),
                          (uint32_t)(at - l->tree->source->text) + s->name->len};
    }
    lint_report(l, LINT_UNUSED_VARIABLE, span, s->name->text, "");
}

/* `x = fetch()`, and x is never asked for: the call has done nothing. */
static bool check_unawaited(Lint *l, Scope *scope, const Symbol *s)
{
    const Fact *f = s->fact;
    bool assigned = f->binder->kind == AST_Name && f->simple == f->bindings && f->value;
    if (!assigned || scope->kind == SCOPE_CLASS || scope->shows_locals) return false;
    l->scope = scope;
    Callee c = lint_called(l, f->value);
    if (c.thing != THING_COROUTINE) return false;
    lint_report(l, lint_may_await(l) ? LINT_UNAWAITED : LINT_UNAWAITED_SYNC, f->value->span, c.text, "");
    return true;
}

void lint_unused(Lint *l)
{
    for (Scope *scope = l->scopes.first; scope; scope = scope->next)
        for (const Symbol *s = scope->symbols; s; s = s->next) {
            const Fact *f = s->fact;
            if (!f || f->uses || !f->bindings || s->name->text[0] == '_') continue;
            bool import = f->binder->kind == AST_Alias;
            if (!import && check_unawaited(l, scope, s)) continue;
            if (import && f->bindings == 1 && scope->kind != SCOPE_CLASS)
                check_unused_import(l, s);
            else if (!import && scope->kind == SCOPE_FUNCTION)
                check_unused_variable(l, s);
        }
}
