/* lint_parts.h - what the files of the linter share. */
#pragma once
#include "lang/ast.h"
#include "lang/lint.h"
#include "lang/near.h"
#include "lang/scope.h"

/* What is known about a variable, gathered by a first walk. */
typedef struct Fact {
    uint32_t bindings; // how often it is bound, in any scope
    uint32_t simple;   // of these, by `name = value`
    uint32_t uses;
    bool guarded; // bound inside try: perhaps one of two ways
    bool called;  // by its name
    bool derived; // a class has it among its bases
    uint32_t augmented; // of the bindings, by `name += value`
    bool shadow_reported;
    Node *binder;        // what bound it first: FunctionDef, ClassDef, Alias, Param, Name ...
    AstImportFrom *from; // the statement of an Alias that has one
    Node *value;         // of the last simple binding
} Fact;

typedef struct Use {
    const Symbol *variable;
    uint32_t at;
} Use;

/* A place where an attribute is set on something, or named in a text. */
typedef struct AttributeStore {
    const Name *attr; // mangled
    Node *object;     // NULL: of whatever
    Scope *scope;
    AstClassDef *owner; // the object's class, when `resolved`; NULL: unknown
    bool resolved;
} AttributeStore;

typedef struct Lint {
    Tree *tree;
    Diags *diags;
    const LintWorld *world;
    Arena arena;
    Scopes scopes;
    Scope *module;
    Use *uses; // in the order of the walk
    uint32_t nuses, uses_capacity;
    AttributeStore *stores;
    uint32_t nstores, stores_capacity;
    bool open_names; // import *, exec ...: any name may exist
    bool open_attributes; // setattr, vars ...: any object may have any attribute
    // Where the walk is:
    Scope *scope;
    unsigned guarded; // inside the body of a try with handlers
    unsigned depth;   // of functions looked into for what they return
    AstImportFrom *from;
} Lint;

typedef enum LintKind {
#define LINT(name, code, message, help) LINT_##name,
#include "lang/lints.def"
    LINT_COUNT
} LintKind;

/* Add a finding; `owner` is the second name its texts may want. The Diag may get another hint; NULL: out of memory. */
Diag *lint_report(Lint *l, LintKind kind, Span span, const char *name, const char *owner);

/* Call `visit` for `node` and everything below it, outer nodes first, with l->scope as it is there. */
typedef void (*LintVisitor)(Lint *l, Node *node);
void lint_walk(Lint *l, Node *node, LintVisitor visit);
/* Is there such a node in `node`, functions and classes inside it left out? */
typedef bool (*LintTest)(const Node *node);
bool lint_contains(Node *node, LintTest test);
bool lint_list_contains(NodeList list, LintTest test);

/* The variable that a name means here, or NULL: built-in or undefined. After the first walk it has a fact. */
Symbol *lint_variable(Lint *l, Name *name);
/* The fact of the variable if it is bound exactly once, else NULL. */
Fact *lint_single(Lint *l, Name *name);

/* What a call would call. */
typedef struct Callee {
    Thing thing;
    AstFunctionDef *def; // of this file; or NULL
    AstClassDef *class;  // ... which is what the call makes an instance of
    bool method;         // its first parameter is bound already
    const char *text;    // as it is written: "client.fetch"
    char path[160];      // of a library: "asyncio.sleep"; else ""
} Callee;
Callee lint_callee(Lint *l, Node *func);
/* The callee of a Call, unknown for anything else. */
Callee lint_called(Lint *l, Node *node);
/* The class of this file, without decorators and metaclass, that the expression names; or NULL. */
AstClassDef *lint_class_named(Lint *l, Node *node);
/* ... that it is an instance of: `Cat()`, a variable that always holds such a one, a method's `self`. */
AstClassDef *lint_class_of(Lint *l, Node *node, bool *is_self);
/* Has an instance such an attribute, by its class or their bases? PERHAPS: a statement sets it, or nobody
 * knows. *found is the symbol of what the class itself has, or its one base; NULL: there is none, or
 * others may hide it. */
typedef enum Presence { ABSENT, PRESENT, PERHAPS } Presence;
Presence lint_class_presence(Lint *l, AstClassDef *class, Name *attr, const Symbol **found);
/* "asyncio.sleep" for an expression that names a member of a library by way of an import; false: it does not. */
bool lint_library_path(Lint *l, Node *node, char *path, size_t size);
/* The value that the variable there always has, as it is written; of anything else, itself. */
Node *lint_origin(Lint *l, Node *node);
/* lint_types.c: "str", "list", "NoneType" ... of a value that has this built-in type wherever it is looked
 * at; NULL: unknown. */
const char *lint_type_of(Lint *l, Node *node);
/* Is it one of < <= > >= ? */
static inline bool lint_orders(int op) { return op == CMP_LT || op == CMP_LE || op == CMP_GT || op == CMP_GE; }
/* "did you mean", of the names in a module or in a built-in type ("builtins.list"). */
void lint_hint_member(Lint *l, Diag *d, const char *owner, const char *name);
/* Does a call of the function always give None? It is no generator, and raises nothing itself. */
bool lint_returns_nothing(Lint *l, AstFunctionDef *def);
/* Does code at this place run in an `async def`? */
bool lint_in_async(const Lint *l);
/* ... or on top level, which may await as well? */
bool lint_may_await(const Lint *l);

/* The checks, by what they look at. */
void lint_names(Lint *l, Node *node); // lint_names.c
void lint_unused(Lint *l);
void lint_async(Lint *l, Node *node); // lint_async.c
void lint_calls(Lint *l, Node *node); // lint_calls.c
void lint_class(Lint *l, Node *node); // lint_class.c
void lint_values(Lint *l, Node *node); // lint_values.c
void lint_used_up(Lint *l, NodeList body); // lint_used_up.c
void lint_flow(Lint *l, Node *node);  // lint_flow.c
