/* lint_class.c - classes of this file: whose instance a value is, and what such an instance certainly has
 * not. What an instance has is what its class and their bases define, and every attribute that some
 * statement of the file sets on it; with __getattr__, a decorator, a metaclass, a base from elsewhere or
 * setattr() anything may be there.
 */
#include "lang/lint_parts.h"
#include <stdio.h>
#include <string.h>

enum { DEEPEST = 16 }; // bases of bases

/* ---- whose instance ---------------------------------------------------------------------------------- */

AstClassDef *lint_class_named(Lint *l, Node *node)
{
    const Fact *f = node->kind == AST_Name ? lint_single(l, AST(Name, node)->id) : NULL;
    if (!f || f->guarded || f->binder->kind != AST_ClassDef) return NULL;
    AstClassDef *class = AST(ClassDef, f->binder);
    return class->decorators.count || class->keywords.count ? NULL : class;
}

/* The class whose method this is the first parameter of. */
static AstClassDef *class_of_self(const Symbol *s)
{
    const Scope *method = s->scope, *owner = method->parent;
    if (method->kind != SCOPE_FUNCTION || !owner || owner->kind != SCOPE_CLASS) return NULL;
    AstFunctionDef *def = AST(FunctionDef, method->node);
    bool self = def->params.items[0] == s->fact->binder && !def->decorators.count;
    return self ? AST(ClassDef, owner->node) : NULL;
}

AstClassDef *lint_class_of(Lint *l, Node *node, bool *is_self)
{
    *is_self = false;
    if (node->kind == AST_Call) return lint_class_named(l, AST(Call, node)->func);
    const Symbol *s = node->kind == AST_Name ? lint_variable(l, AST(Name, node)->id) : NULL;
    const Fact *f = s ? s->fact : NULL;
    if (!f || f->bindings != 1) return NULL;
    *is_self = f->binder->kind == AST_Param;
    if (*is_self) return class_of_self(s);
    return f->simple && f->value && f->value->kind == AST_Call
               ? lint_class_named(l, AST(Call, f->value)->func)
               : NULL;
}

/* ---- what a class has -------------------------------------------------------------------------------- */

/* With these anything may be there, or the call may make anything. */
static bool has_hooks(const Scope *class)
{
    static const char *const hooks[] = {"__getattr__", "__getattribute__", "__setattr__", "__new__",
                                        "__init_subclass__"};
    for (const Symbol *s = class->symbols; s; s = s->next)
        for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++)
            if (s->flags & SYM_BOUND && strcmp(s->name->text, hooks[i]) == 0) return true;
    return class->shows_locals;
}

static Presence presence_in_builtin(Lint *l, Node *base, const char *attr)
{
    char path[160];
    const Symbol *s = base->kind == AST_Name ? lint_variable(l, AST(Name, base)->id) : NULL;
    if (base->kind != AST_Name || (s && s->fact && s->fact->bindings)) return PERHAPS;
    int n = snprintf(path, sizeof path, "builtins.%s.%s", AST(Name, base)->id->text, attr);
    Thing thing = n < (int)sizeof path ? l->world->look_up(l->world->state, path) : THING_UNKNOWN;
    return thing == THING_MISSING ? ABSENT : thing == THING_UNKNOWN ? PERHAPS : PRESENT;
}

static Presence presence(Lint *l, AstClassDef *class, Name *attr, const Symbol **found, int depth)
{
    const Scope *scope = scope_of(&l->scopes, &class->node);
    const Symbol *s = scope_find(scope, attr), *inherited = NULL;
    bool here = s && s->flags & (SYM_BOUND | SYM_ANNOTATED);
    if (here) *found = s;
    bool plain = !class->decorators.count && !class->keywords.count && !has_hooks(scope);
    if (!plain || depth > DEEPEST) return PERHAPS;
    Presence result = here ? PRESENT : ABSENT;
    Scope *outer = l->scope;
    l->scope = scope->parent; // where the bases are looked up
    for (uint32_t i = 0; i < class->bases.count && result != PERHAPS; i++) {
        Node *base = class->bases.items[i];
        AstClassDef *own = lint_class_named(l, base);
        Presence one =
            own ? presence(l, own, attr, &inherited, depth + 1) : presence_in_builtin(l, base, attr->text);
        if (one != ABSENT) result = one;
        if (!*found && class->bases.count == 1)
            *found = inherited; // of several, which comes first is not asked
    }
    l->scope = outer;
    return result;
}

/* Is `base` this class or one that it is derived from? */
static bool derives(Lint *l, AstClassDef *class, const AstClassDef *base, int depth)
{
    if (class == base) return true;
    bool found = false;
    Scope *outer = l->scope;
    l->scope = scope_of(&l->scopes, &class->node)->parent;
    for (uint32_t i = 0; i < class->bases.count && !found && depth < DEEPEST; i++) {
        AstClassDef *own = lint_class_named(l, class->bases.items[i]);
        found = own && derives(l, own, base, depth + 1);
    }
    l->scope = outer;
    return found;
}

/* Once all variables are known. */
static void resolve(Lint *l, AttributeStore *store)
{
    bool is_self;
    Scope *outer = l->scope;
    l->scope = store->scope;
    store->owner = store->object ? lint_class_of(l, store->object, &is_self) : NULL;
    store->resolved = true;
    l->scope = outer;
}

/* May this statement have set the attribute on an instance of the class? */
static bool concerns(Lint *l, AttributeStore *store, AstClassDef *class)
{
    if (!store->resolved) resolve(l, store);
    return !store->owner || derives(l, class, store->owner, 0) || derives(l, store->owner, class, 0);
}

static bool is_stored(Lint *l, AstClassDef *class, const Name *attr)
{
    for (uint32_t i = 0; i < l->nstores; i++)
        if (l->stores[i].attr == attr && concerns(l, &l->stores[i], class)) return true;
    return false;
}

Presence lint_class_presence(Lint *l, AstClassDef *class, Name *attr, const Symbol **found)
{
    *found = NULL;
    if (is_stored(l, class, attr)) return PERHAPS;
    Presence result = presence(l, class, attr, found, 0);
    return l->open_attributes ? PERHAPS : result;
}

/* ---- what it has not --------------------------------------------------------------------------------- */

static void offer_members(Lint *l, NearSearch *search, AstClassDef *class, int depth)
{
    const Scope *scope = scope_of(&l->scopes, &class->node);
    for (const Symbol *s = scope->symbols; s; s = s->next)
        if (s->flags & SYM_BOUND) near_offer(search, s->name->text);
    for (uint32_t i = 0; i < class->bases.count && depth < DEEPEST; i++) {
        AstClassDef *own = lint_class_named(l, class->bases.items[i]);
        if (own) offer_members(l, search, own, depth + 1);
    }
}

static void hint_member(Lint *l, Diag *d, AstClassDef *class, const Name *attr)
{
    NearSearch search = {attr->text, attr->len, NULL, 0};
    offer_members(l, &search, class, 0);
    for (uint32_t i = 0; i < l->nstores; i++)
        if (l->stores[i].object && concerns(l, &l->stores[i], class))
            near_offer(&search, l->stores[i].attr->text);
    if (search.best) diag_hint(l->diags, d, "did you mean '%s'?", search.best);
}

/* `self` may be of a class derived elsewhere, unless the class is one that the file makes instances of and
 * derives none from. */
static bool is_final(Lint *l, AstClassDef *class)
{
    const Scope *around = scope_of(&l->scopes, &class->node)->parent;
    const Symbol *s = scope_find(around, class->name);
    return s && s->fact && s->fact->called && !s->fact->derived;
}

void lint_class(Lint *l, Node *node)
{
    AstAttribute *a = node->kind == AST_Attribute ? AST(Attribute, node) : NULL;
    if (!a || a->ctx != CTX_LOAD || l->guarded) return;
    bool is_self;
    const Symbol *found;
    AstClassDef *class = lint_class_of(l, a->value, &is_self);
    Name *attr = class ? scope_mangle(&l->scopes, l->scope, a->attr) : NULL;
    if (!attr || (is_self && !is_final(l, class))) return;
    bool special = strncmp(attr->text, "__", 2) == 0;
    if (special || lint_class_presence(l, class, attr, &found) != ABSENT) return;
    Span span = {node->span.end - a->attr->len, node->span.end};
    hint_member(l, lint_report(l, LINT_NO_ATTRIBUTE, span, a->attr->text, class->name->text), class, attr);
}
