/* scope.h - what every name means.
 *
 * One walk over the tree collects the names of each scope; a second decides where each lives. The compiler
 * then asks symbol_of for a name where it stands. Inlined comprehensions are scopes for names but have no
 * code of their own: their variables are registers of the function around them. Python's rules, errors with
 * CPython's texts.
 */
#pragma once
#include "lang/ast.h"
#include "lang/diag.h"

typedef enum ScopeKind {
    SCOPE_MODULE,
    SCOPE_CLASS,
    SCOPE_FUNCTION,      // def
    SCOPE_LAMBDA,
    SCOPE_GENEXP,        // a generator expression is a function
    SCOPE_COMPREHENSION, // of a list, set or dict: inlined
} ScopeKind;

enum {
    SYM_BOUND = 1,      // assigned, imported, defined ... in this scope
    SYM_USED = 2,
    SYM_PARAM = 4,
    SYM_GLOBAL = 8,     // declared so
    SYM_NONLOCAL = 16,  // declared so
    SYM_ANNOTATED = 32,
    SYM_ITERATION = 64, // target of a comprehension's `for`
    SYM_IMPORTED = 128, // so far bound by imports only, which a later `global` allows
    SYM_CAPTURED = 256, // some inner function uses it: it lives in a cell
};

typedef enum Place {
    PLACE_LOCAL,      // a register
    PLACE_CELL,       // a cell in a register
    PLACE_FREE,       // a captured cell of an outer function
    PLACE_GLOBAL,     // of the module, or built-in
    PLACE_NAME,       // the namespace of a class body (or of what exec runs), else global
    PLACE_CLASS_FREE, // the namespace of a class body, else a captured cell
} Place;

typedef struct Scope Scope;

typedef struct Symbol {
    Name *name;           // mangled
    Scope *scope;
    unsigned flags;
    Place place;
    struct Symbol *owner; // LOCAL, CELL, FREE: the symbol in the scope that binds it
    uint32_t reg;         // of an owner: its register, set by the compiler. UINT32_MAX: none yet
    uint32_t free_index;  // FREE, CLASS_FREE: which of the function's captured cells
    Span span;            // where it first occurs or is declared
    struct Fact *fact;    // the linter's
    struct Symbol *next;  // in order of first occurrence
} Symbol;

typedef struct Capture {
    Symbol *owner;
    bool from_free; // the enclosing code has it among its own captured cells, at `index`
    uint32_t index;
} Capture;

struct Scope {
    ScopeKind kind;
    Node *node;
    Scope *parent;
    Scope *function;      // the nearest scope with code of its own: itself unless inlined
    Scope *next;          // all scopes, in source order
    Name *class_name;     // innermost class, for mangling private names; or NULL
    Symbol *symbols, **last_symbol;
    Symbol **table;       // open addressing by name
    uint32_t nsymbols, capacity;
    Capture *captures;    // of a scope with code
    uint32_t ncaptures, captures_capacity;
    Symbol *class_cell;   // of a class: `__class__`, once a method wants it
    bool is_async;        // async def; a generator expression or module that awaits
    bool is_generator;
    bool shows_locals;    // its code uses `locals`, `vars`, `dir`, `eval` or `exec`
    bool has_namespace;   // r0 holds the mapping in which its names lie: a class body's, and a root's for eval and exec
    bool has_annotations; // a module or class with annotated names
    // While collecting:
    unsigned in_iterable;  // inside an iterable expression of a comprehension
    bool in_iteration_target;
};

typedef struct Walrus {
    uint32_t at; // offset in the source
    Name *name;
} Walrus;

typedef struct Scopes {
    Tree *tree;
    Diags *diags;
    Arena *arena;         // borrowed
    Scope *first, **last;
    Scope **by_node;      // open addressing
    uint32_t count, capacity;
    Walrus *walruses;     // in source order
    uint32_t nwalruses, walruses_capacity;
    bool failed;          // an error was reported, or memory is out
} Scopes;

/* ---- for the walk that collects names (collect.c) ---- */

void collect_names(Scopes *scopes);
/* A new scope inside `parent`. NULL: memory is out. */
Scope *scope_new(Scopes *scopes, ScopeKind kind, Node *node, Scope *parent);
/* The symbol of a mangled name, made if new, with `flags` added. NULL: memory is out. */
Symbol *scope_add(Scopes *scopes, Scope *scope, Name *name, unsigned flags, Span span);
/* The symbol of a mangled name in this very scope, or NULL. */
Symbol *scope_find(const Scope *scope, const Name *name);
bool scopes_error(Scopes *scopes, Span span, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Memory is out: the analysis has failed. */
bool scopes_no_memory(Scopes *scopes);

/* ---- for everybody else ---- */

/* Find out about all names of the tree. False if that found errors (see diags). */
bool scopes_analyse(Scopes *scopes, Tree *tree, Arena *arena, Diags *diags);

/* The scope that a FunctionDef, Lambda, ClassDef, comprehension or root makes. */
Scope *scope_of(const Scopes *scopes, const Node *node);

/* What `name`, as written, means in `scope`. Never NULL for names that occur there. */
Symbol *symbol_of(Scopes *scopes, Scope *scope, Name *name);

/* `name` as the scope sees it: __x in class C is _C__x. NULL: memory is out. */
Name *scope_mangle(Scopes *scopes, const Scope *scope, Name *name);

/* Does an assignment expression between these offsets assign `name`? (Of the same function or not.) */
bool scopes_assigned_within(const Scopes *scopes, const Name *name, uint32_t start, uint32_t end);
