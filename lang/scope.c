#include "lang/scope.h"
#include <string.h>

//-- tables ------------------------------------------------------------------------------------------

bool scopes_error(Scopes *scopes, Span span, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_addv(scopes->diags, DIAG_SYNTAX, span, format, args);
    va_end(args);
    scopes->failed = true;
    return false;
}

bool scopes_no_memory(Scopes *scopes)
{
    scopes->failed = true;
    return false;
}

static uint32_t hash_pointer(const void *p)
{
    return (uint32_t)((uintptr_t)p >> 4) * 2654435769u;
}

static Scope **scope_slot(Scope **table, uint32_t capacity, const Node *node)
{
    for (uint32_t i = hash_pointer(node);; i++) {
        Scope **slot = &table[i & (capacity - 1)];
        if (!*slot || (*slot)->node == node) return slot;
    }
}

static bool make_room_for_scope(Scopes *scopes)
{
    if (scopes->count < scopes->capacity / 2) return true;
    uint32_t capacity = scopes->capacity ? scopes->capacity * 2 : 64;
    Scope **table = arena_array(scopes->arena, capacity, sizeof *table);
    if (!table) return scopes_no_memory(scopes);
    for (Scope *scope = scopes->first; scope; scope = scope->next) *scope_slot(table, capacity, scope->node) = scope;
    scopes->by_node = table;
    scopes->capacity = capacity;
    return true;
}

Scope *scope_new(Scopes *scopes, ScopeKind kind, Node *node, Scope *parent)
{
    Scope *scope = arena_alloc(scopes->arena, sizeof *scope);
    if (!scope || !make_room_for_scope(scopes)) {
        scopes_no_memory(scopes);
        return NULL;
    }
    scope->kind = kind;
    scope->node = node;
    scope->parent = parent;
    scope->function = kind == SCOPE_COMPREHENSION ? parent->function : scope;
    scope->has_namespace = kind == SCOPE_CLASS || (kind == SCOPE_MODULE && scopes->tree->in_mapping);
    scope->class_name = kind == SCOPE_CLASS ? AST(ClassDef, node)->name : parent ? parent->class_name : NULL;
    scope->last_symbol = &scope->symbols;
    *scopes->last = scope;
    scopes->last = &scope->next;
    scopes->count++;
    *scope_slot(scopes->by_node, scopes->capacity, node) = scope;
    return scope;
}

Scope *scope_of(const Scopes *scopes, const Node *node)
{
    return *scope_slot(scopes->by_node, scopes->capacity, node);
}

static Symbol **symbol_slot(Symbol **table, uint32_t capacity, const Name *name)
{
    for (uint32_t i = hash_pointer(name);; i++) {
        Symbol **slot = &table[i & (capacity - 1)];
        if (!*slot || (*slot)->name == name) return slot;
    }
}

Symbol *scope_find(const Scope *scope, const Name *name)
{
    return scope->capacity ? *symbol_slot(scope->table, scope->capacity, name) : NULL;
}

static bool make_room_for_symbol(Scopes *scopes, Scope *scope)
{
    if (scope->nsymbols < scope->capacity / 2) return true;
    uint32_t capacity = scope->capacity ? scope->capacity * 2 : 8;
    Symbol **table = arena_array(scopes->arena, capacity, sizeof *table);
    if (!table) return scopes_no_memory(scopes);
    for (Symbol *symbol = scope->symbols; symbol; symbol = symbol->next)
        *symbol_slot(table, capacity, symbol->name) = symbol;
    scope->table = table;
    scope->capacity = capacity;
    return true;
}

Symbol *scope_add(Scopes *scopes, Scope *scope, Name *name, unsigned flags, Span span)
{
    if (!name || !make_room_for_symbol(scopes, scope)) return NULL;
    Symbol **slot = symbol_slot(scope->table, scope->capacity, name);
    if (!*slot) {
        Symbol *symbol = arena_alloc(scopes->arena, sizeof *symbol);
        if (!symbol) {
            scopes_no_memory(scopes);
            return NULL;
        }
        symbol->name = name;
        symbol->scope = scope;
        symbol->reg = UINT32_MAX;
        symbol->span = span;
        *slot = *scope->last_symbol = symbol;
        scope->last_symbol = &symbol->next;
        scope->nsymbols++;
    }
    (*slot)->flags |= flags;
    return *slot;
}

//-- private names -----------------------------------------------------------------------------------

static bool is_private(const Name *name)
{
    return name->len > 2 && memcmp(name->text, "__", 2) == 0 && memcmp(name->text + name->len - 2, "__", 2) != 0 &&
           !memchr(name->text, '.', name->len);
}

Name *scope_mangle(Scopes *scopes, const Scope *scope, Name *name)
{
    if (!scope->class_name || !is_private(name)) return name;
    const char *class_name = scope->class_name->text;
    while (*class_name == '_') class_name++;
    if (!*class_name) return name; // a class called ___ has no private names
    size_t class_len = strlen(class_name);
    char *text = arena_alloc(scopes->arena, 1 + class_len + name->len + 1);
    Name *mangled = NULL;
    if (text) {
        text[0] = '_';
        memcpy(text + 1, class_name, class_len);
        memcpy(text + 1 + class_len, name->text, name->len);
        mangled = names_intern(&scopes->tree->names, text, 1 + class_len + name->len);
    }
    if (!mangled) scopes_no_memory(scopes);
    return mangled;
}

Symbol *symbol_of(Scopes *scopes, Scope *scope, Name *name)
{
    Name *mangled = scope_mangle(scopes, scope, name);
    return mangled ? scope_find(scope, mangled) : NULL;
}

//-- where names live --------------------------------------------------------------------------------

static bool is_name(const Name *name, const char *text)
{
    return strcmp(name->text, text) == 0;
}

/* The cell in which a class keeps itself for its methods. */
static Symbol *class_cell(Scopes *scopes, Scope *class_scope, Name *name)
{
    if (class_scope->class_cell) return class_scope->class_cell;
    Symbol *symbol = arena_alloc(scopes->arena, sizeof *symbol);
    if (!symbol) {
        scopes_no_memory(scopes);
        return NULL;
    }
    *symbol = (Symbol){.name = name, .scope = class_scope, .flags = SYM_BOUND | SYM_CAPTURED, .place = PLACE_CELL,
                       .owner = symbol, .reg = UINT32_MAX};
    return class_scope->class_cell = symbol;
}

/* The variable that `name` means inside `scope`, which does not bind it; NULL: a global. Classes are passed
 * over: their names are not visible in their methods. */
static Symbol *find_owner(Scopes *scopes, const Scope *scope, Name *name)
{
    for (Scope *s = scope->parent; s && s->kind != SCOPE_MODULE; s = s->parent) {
        if (s->kind == SCOPE_CLASS) {
            if (is_name(name, "__class__")) return class_cell(scopes, s, name);
            continue;
        }
        Symbol *symbol = scope_find(s, name);
        if (!symbol || symbol->flags & SYM_NONLOCAL) continue;
        if (symbol->flags & SYM_GLOBAL) return NULL;
        if (symbol->flags & SYM_BOUND) return symbol;
    }
    return NULL;
}

/* The index of `owner` among the captured cells of `function`, and of all code between it and the owner. */
static uint32_t capture(Scopes *scopes, Scope *function, Symbol *owner)
{
    for (uint32_t i = 0; i < function->ncaptures; i++)
        if (function->captures[i].owner == owner) return i;

    Scope *outer = function->parent->function;
    bool from_free = outer != owner->scope->function;
    uint32_t index = from_free ? capture(scopes, outer, owner) : 0;
    if (function->ncaptures == function->captures_capacity) {
        uint32_t capacity = function->captures_capacity ? function->captures_capacity * 2 : 4;
        Capture *captures =
            arena_grow(scopes->arena, function->captures, function->ncaptures, capacity, sizeof *captures);
        if (!captures) {
            scopes_no_memory(scopes);
            return 0;
        }
        function->captures = captures;
        function->captures_capacity = capacity;
    }
    owner->flags |= SYM_CAPTURED;
    function->captures[function->ncaptures] = (Capture){owner, from_free, index};
    return function->ncaptures++;
}

static void place_captured(Scopes *scopes, Symbol *symbol, Symbol *owner)
{
    Scope *function = symbol->scope->function;
    symbol->owner = owner;
    symbol->place = PLACE_LOCAL; // or PLACE_CELL, once all captures are known
    if (owner->scope->function == function) return;
    bool in_class = symbol->scope->kind == SCOPE_CLASS && !(symbol->flags & SYM_NONLOCAL);
    symbol->place = in_class ? PLACE_CLASS_FREE : PLACE_FREE;
    symbol->free_index = capture(scopes, function, owner);
}

static void place_symbol(Scopes *scopes, Symbol *symbol)
{
    Scope *scope = symbol->scope;
    bool in_class = scope->kind == SCOPE_CLASS;
    symbol->place = PLACE_GLOBAL;
    if (symbol->flags & SYM_GLOBAL) {
        Symbol *outermost = scope_find(scopes->first, symbol->name);
        if (outermost) outermost->place = PLACE_GLOBAL; // as if declared there, too
        return;
    }
    if (scope->kind == SCOPE_MODULE) {
        if (scope->has_namespace) symbol->place = PLACE_NAME;
        return;
    }
    if (symbol->flags & SYM_BOUND && !(symbol->flags & SYM_NONLOCAL)) {
        symbol->place = in_class ? PLACE_NAME : PLACE_LOCAL;
        symbol->owner = symbol;
        return;
    }
    Symbol *owner = find_owner(scopes, scope, symbol->name);
    if (owner) place_captured(scopes, symbol, owner);
    else if (symbol->flags & SYM_NONLOCAL)
        scopes_error(scopes, symbol->span, "no binding for nonlocal '%s' found", symbol->name->text);
    else if (in_class) symbol->place = PLACE_NAME;
}

/* A variable that an inner function captured lives in a cell, for everybody. */
static void settle_cells(Symbol *symbol)
{
    if (symbol->place == PLACE_LOCAL && symbol->owner->flags & SYM_CAPTURED) symbol->place = PLACE_CELL;
}

static void resolve_names(Scopes *scopes)
{
    for (Scope *scope = scopes->first; scope; scope = scope->next)
        for (Symbol *symbol = scope->symbols; symbol; symbol = symbol->next) place_symbol(scopes, symbol);
    for (Scope *scope = scopes->first; scope; scope = scope->next)
        for (Symbol *symbol = scope->symbols; symbol; symbol = symbol->next) settle_cells(symbol);
}

//-- assignment expressions --------------------------------------------------------------------------

/* Their order in the tree is not quite that of the text (decorators, comprehensions). */
static void sort_walruses(Scopes *scopes)
{
    for (uint32_t i = 1; i < scopes->nwalruses; i++) {
        Walrus walrus = scopes->walruses[i];
        uint32_t k = i;
        for (; k && scopes->walruses[k - 1].at > walrus.at; k--) scopes->walruses[k] = scopes->walruses[k - 1];
        scopes->walruses[k] = walrus;
    }
}

bool scopes_assigned_within(const Scopes *scopes, const Name *name, uint32_t start, uint32_t end)
{
    uint32_t low = 0, high = scopes->nwalruses;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (scopes->walruses[mid].at < start) low = mid + 1;
        else high = mid;
    }
    for (; low < scopes->nwalruses && scopes->walruses[low].at < end; low++)
        if (scopes->walruses[low].name == name) return true;
    return false;
}

//-- all together ------------------------------------------------------------------------------------

bool scopes_analyse(Scopes *scopes, Tree *tree, Arena *arena, Diags *diags)
{
    *scopes = (Scopes){.tree = tree, .arena = arena, .diags = diags};
    scopes->last = &scopes->first;
    collect_names(scopes);
    if (scopes->failed) return false;
    resolve_names(scopes);
    sort_walruses(scopes);
    return !scopes->failed;
}
