#include "lang/scope.h"
#include <string.h>

/* The first walk over the tree: which names each scope binds, uses and declares. Most nodes only hand the
 * walk on to their children; those that bind names or open scopes have a function here. */

typedef struct Collect {
    Scopes *scopes;
    Scope *scope; // the one we are in
} Collect;

static void visit(Collect *c, Node *node);

static void visit_list(Collect *c, NodeList list)
{
    for (uint32_t i = 0; i < list.count; i++) visit(c, list.items[i]);
}

static void visit_optional(Collect *c, Node *node)
{
    if (node) visit(c, node);
}

//-- names -------------------------------------------------------------------------------------------

static Symbol *add(Collect *c, Name *name, unsigned flags, Span span)
{
    return scope_add(c->scopes, c->scope, scope_mangle(c->scopes, c->scope, name), flags, span);
}

static bool is_debug(const Name *name)
{
    return strcmp(name->text, "__debug__") == 0;
}

static void bind(Collect *c, Name *name, Span span)
{
    if (is_debug(name)) scopes_error(c->scopes, span, "cannot assign to __debug__");
    Symbol *symbol = add(c, name, SYM_BOUND, span);
    if (symbol) symbol->flags &= ~(unsigned)SYM_IMPORTED;
}

static void bind_import(Collect *c, Name *name, Span span)
{
    const Symbol *known = scope_find(c->scope, name);
    bool only_import = !known || !(known->flags & SYM_BOUND) || known->flags & SYM_IMPORTED;
    bind(c, name, span);
    if (only_import) add(c, name, SYM_IMPORTED, span);
}

static void bind_optional(Collect *c, Name *name, Span span)
{
    if (name) bind(c, name, span);
}

/* Binds the target of a comprehension's `for`, which an assignment expression must not have bound before. */
static void bind_iteration(Collect *c, Name *name, Span span)
{
    Symbol *symbol = add(c, name, SYM_BOUND | SYM_ITERATION, span);
    if (symbol && symbol->flags & (SYM_GLOBAL | SYM_NONLOCAL))
        scopes_error(c->scopes, span,
                     "comprehension inner loop cannot rebind assignment expression target '%s'", name->text);
}

/* `super` in a method wants the cell in which the class keeps itself. */
static void use_class_cell(Collect *c, Span span)
{
    Name *name = names_intern(&c->scopes->tree->names, "__class__", strlen("__class__"));
    if (name) add(c, name, SYM_USED, span);
    else scopes_no_memory(c->scopes);
}

static bool in_function(const Scope *scope)
{
    ScopeKind kind = scope->function->kind;
    return kind == SCOPE_FUNCTION || kind == SCOPE_LAMBDA || kind == SCOPE_GENEXP;
}

/* What may tell the program its own local variables. */
static bool is_about_locals(const Name *name)
{
    static const char *const names[] = {"locals", "vars", "dir", "eval", "exec"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name->text, names[i]) == 0) return true;
    return false;
}

static void visit_name(Collect *c, AstName *node)
{
    if (node->ctx != CTX_LOAD && c->scope->in_iteration_target) bind_iteration(c, node->id, node->node.span);
    else if (node->ctx != CTX_LOAD) bind(c, node->id, node->node.span);
    else {
        add(c, node->id, SYM_USED, node->node.span);
        if (is_about_locals(node->id)) c->scope->function->shows_locals = true;
        if (in_function(c->scope) && strcmp(node->id->text, "super") == 0) use_class_cell(c, node->node.span);
    }
}

//-- declarations ------------------------------------------------------------------------------------

static void check_declaration(Collect *c, const Symbol *symbol, const char *what, Span span)
{
    const char *name = symbol->name->text;
    unsigned other = strcmp(what, "global") == 0 ? SYM_NONLOCAL : SYM_GLOBAL;
    if (symbol->flags & SYM_PARAM) scopes_error(c->scopes, span, "name '%s' is parameter and %s", name, what);
    else if (symbol->flags & SYM_USED)
        scopes_error(c->scopes, span, "name '%s' is used prior to %s declaration", name, what);
    else if (symbol->flags & SYM_ANNOTATED)
        scopes_error(c->scopes, span, "annotated name '%s' can't be %s", name, what);
    else if (symbol->flags & SYM_BOUND && !(symbol->flags & SYM_IMPORTED))
        scopes_error(c->scopes, span, "name '%s' is assigned to before %s declaration", name, what);
    else if (symbol->flags & other) scopes_error(c->scopes, span, "name '%s' is nonlocal and global", name);
}

static void declare(Collect *c, NodeList names, unsigned flag, const char *what, Span span)
{
    for (uint32_t i = 0; i < names.count; i++) {
        Symbol *symbol = add(c, AST(Name, names.items[i])->id, 0, span);
        if (!symbol) return;
        check_declaration(c, symbol, what, span);
        symbol->flags |= flag;
    }
}

static void visit_nonlocal(Collect *c, AstNonlocal *node)
{
    if (c->scope->kind == SCOPE_MODULE)
        scopes_error(c->scopes, node->node.span, "nonlocal declaration not allowed at module level");
    else declare(c, node->names, SYM_NONLOCAL, "nonlocal", node->node.span);
}

//-- scopes ------------------------------------------------------------------------------------------

static Scope *enter(Collect *c, ScopeKind kind, Node *node)
{
    Scope *outer = c->scope, *inner = scope_new(c->scopes, kind, node, outer);
    if (inner) c->scope = inner;
    return inner ? outer : NULL;
}

static void visit_param_outside(Collect *c, AstParam *param)
{
    visit_optional(c, param->dflt);
}

static void visit_annotations(Collect *c, NodeList params, Node *returns)
{
    for (uint32_t i = 0; i < params.count; i++) visit_optional(c, AST(Param, params.items[i])->annotation);
    visit_optional(c, returns);
}

static void bind_params(Collect *c, NodeList params)
{
    for (uint32_t i = 0; i < params.count; i++) {
        AstParam *param = AST(Param, params.items[i]);
        if (is_debug(param->name)) scopes_error(c->scopes, param->node.span, "cannot assign to __debug__");
        Symbol *symbol = add(c, param->name, 0, param->node.span);
        if (symbol && symbol->flags & SYM_PARAM)
            scopes_error(c->scopes, param->node.span, "duplicate argument '%s' in function definition",
                         param->name->text);
        if (symbol) symbol->flags |= SYM_PARAM | SYM_BOUND;
    }
}

static void visit_function(Collect *c, AstFunctionDef *node)
{
    visit_list(c, node->decorators);
    for (uint32_t i = 0; i < node->params.count; i++) visit_param_outside(c, AST(Param, node->params.items[i]));
    visit_annotations(c, node->params, node->returns);
    bind(c, node->name, node->node.span);
    Scope *outer = enter(c, SCOPE_FUNCTION, &node->node);
    if (!outer) return;
    c->scope->is_async = node->is_async;
    bind_params(c, node->params);
    visit_list(c, node->body);
    c->scope = outer;
}

static void visit_lambda(Collect *c, AstLambda *node)
{
    for (uint32_t i = 0; i < node->params.count; i++) visit_param_outside(c, AST(Param, node->params.items[i]));
    Scope *outer = enter(c, SCOPE_LAMBDA, &node->node);
    if (!outer) return;
    bind_params(c, node->params);
    visit(c, node->body);
    c->scope = outer;
}

static void visit_class(Collect *c, AstClassDef *node)
{
    visit_list(c, node->decorators);
    visit_list(c, node->bases);
    visit_list(c, node->keywords);
    bind(c, node->name, node->node.span);
    Scope *outer = enter(c, SCOPE_CLASS, &node->node);
    if (!outer) return;
    visit_list(c, node->body);
    c->scope = outer;
}

//-- comprehensions ----------------------------------------------------------------------------------

/* What awaits makes the code it is in asynchronous; whether that is allowed there the compiler says. */
static void mark_async(Collect *c)
{
    Scope *function = c->scope->function;
    bool may_be =
        function->kind == SCOPE_GENEXP || (function->kind == SCOPE_MODULE && !c->scopes->tree->no_await);
    if (may_be) function->is_async = true;
}

static void visit_iterable(Collect *c, Node *iterable)
{
    c->scope->in_iterable++;
    visit(c, iterable);
    c->scope->in_iterable--;
}

static void visit_iteration_target(Collect *c, Node *target)
{
    c->scope->in_iteration_target = true;
    visit(c, target);
    c->scope->in_iteration_target = false;
}

/* The first iterable belongs to the scope outside, everything else to the comprehension's own. */
static void visit_comprehension(Collect *c, ScopeKind kind, Node *node, Node *key, Node *elt,
                                NodeList generators)
{
    visit_iterable(c, AST(Comprehension, generators.items[0])->iter);
    Scope *outer = enter(c, kind, node);
    if (!outer) return;
    for (uint32_t i = 0; i < generators.count; i++) {
        AstComprehension *generator = AST(Comprehension, generators.items[i]);
        if (generator->is_async) mark_async(c);
        visit_iteration_target(c, generator->target);
        if (i > 0) visit_iterable(c, generator->iter);
        visit_list(c, generator->ifs);
    }
    visit_optional(c, key);
    visit(c, elt);
    if (kind == SCOPE_GENEXP) c->scope->is_generator = true;
    c->scope = outer;
}

static void note_walrus(Collect *c, Name *name, Span span)
{
    Scopes *s = c->scopes;
    Name *mangled = scope_mangle(s, c->scope, name);
    if (s->nwalruses == s->walruses_capacity) {
        uint32_t capacity = s->walruses_capacity ? s->walruses_capacity * 2 : 16;
        Walrus *walruses = arena_grow(s->arena, s->walruses, s->nwalruses, capacity, sizeof *walruses);
        if (!walruses) {
            scopes_no_memory(s);
            return;
        }
        s->walruses = walruses;
        s->walruses_capacity = capacity;
    }
    s->walruses[s->nwalruses++] = (Walrus){span.start, mangled};
}

static bool is_comprehension(const Scope *scope)
{
    return scope->kind == SCOPE_COMPREHENSION || scope->kind == SCOPE_GENEXP;
}

/* An assignment expression in a comprehension binds in the function around it. */
static void bind_around_comprehension(Collect *c, AstName *target)
{
    Name *name = scope_mangle(c->scopes, c->scope, target->id);
    Span span = target->node.span;
    Scope *outer = c->scope;
    for (; is_comprehension(outer); outer = outer->parent) {
        const Symbol *symbol = name ? scope_find(outer, name) : NULL;
        if (symbol && symbol->flags & SYM_ITERATION) {
            scopes_error(c->scopes, span,
                         "assignment expression cannot rebind comprehension iteration variable '%s'", name->text);
            return;
        }
    }
    if (outer->kind == SCOPE_CLASS) {
        scopes_error(c->scopes, span,
                     "assignment expression within a comprehension cannot be used in a class body");
        return;
    }
    Symbol *bound = scope_add(c->scopes, outer, name, SYM_BOUND, span);
    bool global = outer->kind == SCOPE_MODULE || (bound && bound->flags & SYM_GLOBAL);
    for (Scope *scope = c->scope; scope != outer; scope = scope->parent)
        scope_add(c->scopes, scope, name, global ? SYM_GLOBAL : SYM_NONLOCAL, span);
}

static void visit_walrus(Collect *c, AstNamedExpr *node)
{
    AstName *target = AST(Name, node->target);
    if (c->scope->in_iterable) {
        scopes_error(c->scopes, node->node.span,
                     "assignment expression cannot be used in a comprehension iterable expression");
        return;
    }
    visit(c, node->value);
    note_walrus(c, target->id, target->node.span);
    if (is_comprehension(c->scope)) bind_around_comprehension(c, target);
    else bind(c, target->id, target->node.span);
}

//-- statements that bind ----------------------------------------------------------------------------

static void visit_annotated(Collect *c, AstAnnAssign *node)
{
    if (node->simple) {
        AstName *target = AST(Name, node->target);
        Symbol *symbol = add(c, target->id, 0, node->node.span);
        if (symbol && symbol->flags & (SYM_GLOBAL | SYM_NONLOCAL) && c->scope->kind != SCOPE_MODULE)
            scopes_error(c->scopes, node->node.span, "annotated name '%s' can't be %s", target->id->text,
                         symbol->flags & SYM_GLOBAL ? "global" : "nonlocal");
        bind(c, target->id, target->node.span);
        if (symbol) symbol->flags |= SYM_ANNOTATED;
        c->scope->has_annotations = true;
    } else {
        visit(c, node->target);
    }
    visit(c, node->annotation);
    visit_optional(c, node->value);
}

static void visit_alias(Collect *c, AstAlias *alias, bool from)
{
    if (alias->asname) {
        bind_import(c, alias->asname, alias->node.span);
        return;
    }
    if (strcmp(alias->name->text, "*") == 0) {
        if (c->scope->kind != SCOPE_MODULE)
            scopes_error(c->scopes, alias->node.span, "import * only allowed at module level");
        return;
    }
    size_t len = from ? alias->name->len : strcspn(alias->name->text, "."); // `import a.b` binds a
    Name *name = names_intern(&c->scopes->tree->names, alias->name->text, len);
    if (name) bind_import(c, name, alias->node.span);
    else scopes_no_memory(c->scopes);
}

static void visit_aliases(Collect *c, NodeList names, bool from)
{
    for (uint32_t i = 0; i < names.count; i++) visit_alias(c, AST(Alias, names.items[i]), from);
}

static void visit_except(Collect *c, AstExceptHandler *node)
{
    visit_optional(c, node->type);
    bind_optional(c, node->name, node->node.span);
    visit_list(c, node->body);
}

//-- the walk ----------------------------------------------------------------------------------------

static void visit_fields(Collect *c, Node *node)
{
    for (const FieldInfo *field = ast_fields(node->kind); field->type != FIELD_END; field++) {
        void *at = (char *)node + field->offset;
        if (field->type == FIELD_NODE || field->type == FIELD_OPT) visit_optional(c, *(Node **)at);
        else if (field->type == FIELD_LIST) visit_list(c, *(NodeList *)at);
    }
}

/* All of a node of a spine except the next one down. */
static void visit_spine_node(Collect *c, Node *node)
{
    switch (node->kind) {
    case AST_BinOp: visit(c, AST(BinOp, node)->right); break;
    case AST_Subscript: visit(c, AST(Subscript, node)->index); break;
    case AST_Call:
        visit_list(c, AST(Call, node)->args);
        visit_list(c, AST(Call, node)->keywords);
        break;
    default: break; // Attribute: a name that is nobody's variable
    }
}

/* Chains may be longer than the C stack is deep: down to the first link, then up link by link. */
static void visit_spine(Collect *c, Node *top)
{
    uint32_t count = 0;
    for (Node *node = top; (node = ast_spine_next(node));) count++;
    Node **links = arena_array(c->scopes->arena, count + 1, sizeof *links);
    if (!links) {
        scopes_no_memory(c->scopes);
        return;
    }
    Node *node = top;
    for (uint32_t i = 0; i <= count; i++, node = ast_spine_next(node)) links[i] = node;
    visit_fields(c, links[count]);
    while (count-- > 0) visit_spine_node(c, links[count]);
}

static void visit(Collect *c, Node *node)
{
    switch ((NodeKind)node->kind) {
    case AST_Name: visit_name(c, AST(Name, node)); break;
    case AST_FunctionDef: visit_function(c, AST(FunctionDef, node)); break;
    case AST_Lambda: visit_lambda(c, AST(Lambda, node)); break;
    case AST_ClassDef: visit_class(c, AST(ClassDef, node)); break;
    case AST_Global: declare(c, AST(Global, node)->names, SYM_GLOBAL, "global", node->span); break;
    case AST_Nonlocal: visit_nonlocal(c, AST(Nonlocal, node)); break;
    case AST_NamedExpr: visit_walrus(c, AST(NamedExpr, node)); break;
    case AST_AnnAssign: visit_annotated(c, AST(AnnAssign, node)); break;
    case AST_Import: visit_aliases(c, AST(Import, node)->names, false); break;
    case AST_ImportFrom: visit_aliases(c, AST(ImportFrom, node)->names, true); break;
    case AST_ExceptHandler: visit_except(c, AST(ExceptHandler, node)); break;
    case AST_ListComp: {
        AstListComp *comp = AST(ListComp, node);
        visit_comprehension(c, SCOPE_COMPREHENSION, node, NULL, comp->elt, comp->generators);
        break;
    }
    case AST_SetComp: {
        AstSetComp *comp = AST(SetComp, node);
        visit_comprehension(c, SCOPE_COMPREHENSION, node, NULL, comp->elt, comp->generators);
        break;
    }
    case AST_DictComp: {
        AstDictComp *comp = AST(DictComp, node);
        visit_comprehension(c, SCOPE_COMPREHENSION, node, comp->key, comp->value, comp->generators);
        break;
    }
    case AST_GeneratorExp: {
        AstGeneratorExp *comp = AST(GeneratorExp, node);
        visit_comprehension(c, SCOPE_GENEXP, node, NULL, comp->elt, comp->generators);
        break;
    }
    case AST_Yield:
    case AST_YieldFrom:
        c->scope->function->is_generator = true;
        visit_fields(c, node);
        break;
    case AST_Await:
        mark_async(c);
        visit_fields(c, node);
        break;
    case AST_For:
        if (AST(For, node)->is_async) mark_async(c);
        visit_fields(c, node);
        break;
    case AST_With:
        if (AST(With, node)->is_async) mark_async(c);
        visit_fields(c, node);
        break;
    case AST_MatchAs:
        visit_fields(c, node);
        bind_optional(c, AST(MatchAs, node)->name, node->span);
        break;
    case AST_MatchStar: bind_optional(c, AST(MatchStar, node)->name, node->span); break;
    case AST_MatchMapping:
        visit_fields(c, node);
        bind_optional(c, AST(MatchMapping, node)->rest, node->span);
        break;
    case AST_BinOp:
    case AST_Attribute:
    case AST_Call:
    case AST_Subscript: visit_spine(c, node); break;
    default: visit_fields(c, node);
    }
}

void collect_names(Scopes *scopes)
{
    Collect c = {scopes, NULL};
    c.scope = scope_new(scopes, SCOPE_MODULE, scopes->tree->root, NULL);
    if (c.scope) visit_fields(&c, scopes->tree->root);
}
