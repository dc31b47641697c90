#include "lang/lint_parts.h"
#include <string.h>

/* ---- reports ------------------------------------------------------------------------------------- */

typedef struct LintRow {
    const char *code, *message, *help;
} LintRow;

static const LintRow rows[] = {
#define LINT(name, code, message, help) {code, message, help},
#include "lang/lints.def"
};

Diag *lint_report(Lint *l, LintKind kind, Span span, const char *name, const char *owner)
{
    Diag *d = diag_add(l->diags, DIAG_LINT, span, rows[kind].message, name, owner);
    if (!d) return NULL;
    d->code = rows[kind].code;
    if (rows[kind].help[0]) diag_hint(l->diags, d, rows[kind].help, name, owner);
    return d;
}

/* ---- what a name means ----------------------------------------------------------------------------- */

Symbol *lint_variable(Lint *l, Name *name)
{
    Symbol *s = symbol_of(&l->scopes, l->scope, name);
    if (!s) return NULL;
    bool outside = s->place == PLACE_GLOBAL || (s->place == PLACE_NAME && !(s->flags & SYM_BOUND));
    if (outside) return scope_find(l->module, s->name);
    return s->owner ? s->owner : s;
}

Fact *lint_single(Lint *l, Name *name)
{
    Symbol *s = lint_variable(l, name);
    return s && s->fact && s->fact->bindings == 1 ? s->fact : NULL;
}

bool lint_in_async(const Lint *l)
{
    const Scope *f = l->scope->function;
    return f->kind == SCOPE_FUNCTION && f->is_async;
}

/* ---- the first walk: facts about variables --------------------------------------------------------- */

static Fact *fact_of(Lint *l, Symbol *s)
{
    if (!s) return NULL;
    if (!s->fact) s->fact = arena_alloc(&l->arena, sizeof *s->fact);
    return s->fact;
}

/* A `global` that only functions bind is the module's variable all the same. */
static Symbol *bound_variable(Lint *l, Name *name, Span span)
{
    Symbol *s = lint_variable(l, name);
    return s ? s : scope_add(&l->scopes, l->module, name, SYM_BOUND, span);
}

static void bind(Lint *l, Name *name, Node *binder)
{
    Fact *f = name ? fact_of(l, bound_variable(l, name, binder->span)) : NULL;
    if (!f) return;
    if (!f->bindings++) {
        f->binder = binder;
        f->from = binder->kind == AST_Alias ? l->from : NULL;
    }
    if (l->guarded) f->guarded = true;
}

static void bind_alias(Lint *l, AstAlias *alias)
{
    Name *name = alias->asname ? alias->asname : alias->name;
    if (strcmp(alias->name->text, "*") == 0) {
        l->open_names = true;
        return;
    }
    size_t len = alias->asname || l->from ? name->len : strcspn(name->text, ".");
    bind(l, names_intern(&l->tree->names, name->text, len), &alias->node);
}

static void use(Lint *l, Symbol *s, uint32_t at)
{
    Fact *f = fact_of(l, s);
    if (!f) return;
    f->uses++;
    if (l->nuses == l->uses_capacity) {
        uint32_t capacity = l->uses_capacity ? l->uses_capacity * 2 : 64;
        Use *uses = arena_grow(&l->arena, l->uses, l->nuses, capacity, sizeof *uses);
        if (!uses) return;
        l->uses = uses;
        l->uses_capacity = capacity;
    }
    l->uses[l->nuses++] = (Use){s, at};
}

/* An attribute that something has from now on: for all that is known, anything if `object` is NULL. */
static void store(Lint *l, Name *attr, Node *object)
{
    if (l->nstores == l->stores_capacity) {
        uint32_t capacity = l->stores_capacity ? l->stores_capacity * 2 : 64;
        AttributeStore *stores = arena_grow(&l->arena, l->stores, l->nstores, capacity, sizeof *stores);
        if (!stores) return;
        l->stores = stores;
        l->stores_capacity = capacity;
    }
    l->stores[l->nstores++] =
        (AttributeStore){.attr = scope_mangle(&l->scopes, l->scope, attr), .object = object, .scope = l->scope};
}

static void note_attribute(Lint *l, AstAttribute *node)
{
    if (node->ctx == CTX_STORE) store(l, node->attr, node->value);
    bool dict = strcmp(node->attr->text, "__dict__") == 0, class = strcmp(node->attr->text, "__class__") == 0;
    if (dict || strcmp(node->attr->text, "__setattr__") == 0 || (class && node->ctx == CTX_STORE))
        l->open_attributes = true;
}

/* hasattr(x, "name") says that it may be there, __slots__ = ("name",) that it will be. */
static void store_named(Lint *l, Node *node)
{
    if (node->kind != AST_Str) return;
    Text text = AST(Str, node)->text;
    Name *name = names_intern(&l->tree->names, text.bytes, text.len);
    if (name) store(l, name, NULL);
}

static void note_call(Lint *l, AstCall *node)
{
    if (node->func->kind != AST_Name) return;
    const Name *name = AST(Name, node->func)->id;
    Fact *f = fact_of(l, lint_variable(l, AST(Name, node->func)->id));
    if (f) f->called = true;
    if ((strcmp(name->text, "hasattr") == 0 || strcmp(name->text, "getattr") == 0) && node->args.count > 1)
        store_named(l, node->args.items[1]);
}

static void note_class(Lint *l, AstClassDef *node)
{
    bind(l, node->name, &node->node);
    for (uint32_t i = 0; i < node->bases.count; i++) {
        Node *base = node->bases.items[i];
        Fact *f = base->kind == AST_Name ? fact_of(l, lint_variable(l, AST(Name, base)->id)) : NULL;
        if (f) f->derived = true;
    }
}

static bool is_any(const char *name, const char *const *names)
{
    while (*names && strcmp(name, *names) != 0) names++;
    return *names;
}

static void note_name(Lint *l, AstName *node)
{
    static const char *const name_openers[] = {"globals", "exec", NULL};
    static const char *const attribute_openers[] = {"setattr", "vars", "exec", "update_wrapper", NULL};
    if (node->ctx != CTX_LOAD) bind(l, node->id, &node->node); // `del` leaves another meaning, too
    if (node->ctx != CTX_STORE)
        use(l, lint_variable(l, node->id), node->node.span.start);
    if (is_any(node->id->text, name_openers)) l->open_names = true;
    if (is_any(node->id->text, attribute_openers)) l->open_attributes = true;
}

static void note_simple(Lint *l, Node *target, Node *value)
{
    Fact *f =
        target->kind == AST_Name ? fact_of(l, bound_variable(l, AST(Name, target)->id, target->span)) : NULL;
    if (!f) return;
    f->simple++;
    f->value = value;
}

static bool is_name_byte(char c, bool first)
{
    unsigned char b = (unsigned char)c;
    return b >= 0x80 || b == '_' || ((b | 32) >= 'a' && (b | 32) <= 'z') || (!first && b >= '0' && b <= '9');
}

/* The names that a text lists or mentions: of __all__, or in an annotation that is a text. */
static void use_named(Lint *l, Text text)
{
    for (uint32_t i = 0; i < text.len;) {
        uint32_t from = i;
        while (i < text.len && is_name_byte(text.bytes[i], i == from)) i++;
        Name *name = i > from ? names_intern(&l->tree->names, text.bytes + from, i - from) : NULL;
        if (name && scope_find(l->module, name)) use(l, scope_find(l->module, name), 0);
        i += i == from;
    }
}

static void use_texts(Lint *l, Node *node)
{
    if (node->kind == AST_Str) use_named(l, AST(Str, node)->text);
}

/* __all__ = [...] exports, and counts as use. */
static void note_assign(Lint *l, AstAssign *node)
{
    for (uint32_t i = 0; i < node->targets.count; i++) {
        Node *target = node->targets.items[i];
        note_simple(l, target, node->value);
        if (target->kind == AST_Name && strcmp(AST(Name, target)->id->text, "__all__") == 0)
            lint_walk(l, node->value, use_texts);
        if (target->kind == AST_Name && strcmp(AST(Name, target)->id->text, "__slots__") == 0)
            lint_walk(l, node->value, store_named);
    }
}

static void note_annotated(Lint *l, AstAnnAssign *node)
{
    if (node->simple) note_simple(l, node->target, node->value);
    lint_walk(l, node->annotation, use_texts);
}

static void note_param(Lint *l, AstParam *node)
{
    bind(l, node->name, &node->node);
    if (node->annotation) lint_walk(l, node->annotation, use_texts);
}

static void note_augmented(Lint *l, AstAugAssign *node)
{
    if (node->target->kind != AST_Name) return;
    Symbol *s = lint_variable(l, AST(Name, node->target)->id);
    use(l, s, node->target->span.start);
    if (s && s->fact) s->fact->augmented++;
}

static void note(Lint *l, Node *node)
{
    switch ((NodeKind)node->kind) {
    case AST_Name: note_name(l, AST(Name, node)); break;
    case AST_FunctionDef: {
        AstFunctionDef *def = AST(FunctionDef, node);
        bind(l, def->name, node);
        if (def->returns) lint_walk(l, def->returns, use_texts);
        break;
    }
    case AST_ClassDef: note_class(l, AST(ClassDef, node)); break;
    case AST_Attribute: note_attribute(l, AST(Attribute, node)); break;
    case AST_Call: note_call(l, AST(Call, node)); break;
    case AST_Param: note_param(l, AST(Param, node)); break;
    case AST_Alias: bind_alias(l, AST(Alias, node)); break;
    case AST_ExceptHandler: bind(l, AST(ExceptHandler, node)->name, node); break;
    case AST_MatchAs: bind(l, AST(MatchAs, node)->name, node); break;
    case AST_MatchStar: bind(l, AST(MatchStar, node)->name, node); break;
    case AST_MatchMapping: bind(l, AST(MatchMapping, node)->rest, node); break;
    case AST_Assign: note_assign(l, AST(Assign, node)); break;
    case AST_AnnAssign: note_annotated(l, AST(AnnAssign, node)); break;
    case AST_NamedExpr: note_simple(l, AST(NamedExpr, node)->target, AST(NamedExpr, node)->value); break;
    case AST_AugAssign: note_augmented(l, AST(AugAssign, node)); break;
    default: break;
    }
}

/* ---- all together ---------------------------------------------------------------------------------- */

static void look(Lint *l, Node *node)
{
    lint_names(l, node);
    lint_async(l, node);
    lint_calls(l, node);
    lint_class(l, node);
    lint_values(l, node);
    lint_flow(l, node);
}

void lint_tree(Tree *tree, const LintWorld *world, Diags *diags)
{
    Lint l = {.tree = tree, .diags = diags, .world = world};
    arena_init(&l.arena);
    if (scopes_analyse(&l.scopes, tree, &l.arena, diags)) {
        l.module = l.scope = scope_of(&l.scopes, tree->root);
        lint_walk(&l, tree->root, note);
        lint_walk(&l, tree->root, look);
        lint_unused(&l);
    }
    if (l.arena.failed) diags->out_of_memory = true;
    arena_free(&l.arena);
}
