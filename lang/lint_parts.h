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
    bool shadow_reported;
    Node *binder;        // what bound it first: FunctionDef, ClassDef, Alias, Param, Name ...
    AstImportFrom *from; // the statement of an Alias that has one
    Node *value;         // of the last simple binding
} Fact;

typedef struct Use {
    const Symbol *variable;
    uint32_t at;
} Use;

typedef struct Lint {
    Tree *tree;
    Diags *diags;
    const LintWorld *world;
    Arena arena;
    Scopes scopes;
    Scope *module;
    Use *uses; // in the order of the walk
    uint32_t nuses, uses_capacity;
    bool open_names; // import *, exec ...: any name may exist
    // Where the walk is:
    Scope *scope;
    unsigned guarded; // inside the body of a try with handlers
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
    bool method;         // its first parameter is bound already
    const char *text;    // as it is written: "client.fetch"
    char path[160];      // of a library: "asyncio.sleep"; else ""
} Callee;
Callee lint_callee(Lint *l, Node *func);
/* The callee of a Call, unknown for anything else. */
Callee lint_called(Lint *l, Node *node);
/* "asyncio.sleep" for an expression that names a member of a library by way of an import; false: it does not. */
bool lint_library_path(Lint *l, Node *node, char *path, size_t size);
/* The value that the variable there always has, as it is written; of anything else, itself. */
Node *lint_origin(Lint *l, Node *node);
/* "str", "list" ... of a value that has this built-in type wherever it is looked at; NULL: unknown. */
const char *lint_type_of(Lint *l, Node *node);
/* Is it one of < <= > >= ? */
static inline bool lint_orders(int op) { return op == CMP_LT || op == CMP_LE || op == CMP_GT || op == CMP_GE; }
/* "did you mean", of the names in a module or in a built-in type ("builtins.list"). */
void lint_hint_member(Lint *l, Diag *d, const char *owner, const char *name);
/* Does code at this place run in an `async def`? */
bool lint_in_async(const Lint *l);
/* ... or on top level, which may await as well? */
bool lint_may_await(const Lint *l);

/* The checks, by what they look at. */
void lint_names(Lint *l, Node *node); // lint_names.c
void lint_unused(Lint *l);
void lint_async(Lint *l, Node *node); // lint_async.c
void lint_awaits(Lint *l, NodeList body);
void lint_calls(Lint *l, Node *node); // lint_calls.c
void lint_values(Lint *l, Node *node); // lint_values.c
void lint_flow(Lint *l, Node *node);  // lint_flow.c
