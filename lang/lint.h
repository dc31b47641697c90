/* lint.h - likely mistakes, found by reading the tree alone.
 * What each finding is called and says: lints.def. What built-in and library names are, the caller knows.
 */
#pragma once
#include "lang/diag.h"

typedef struct Tree Tree;

typedef enum Thing {
    THING_UNKNOWN, // nothing can be said
    THING_MISSING, // certainly not there
    THING_VALUE,
    THING_FUNCTION,
    THING_COROUTINE, // calling it makes a coroutine
    THING_ASYNC_GENERATOR,
} Thing;

typedef struct LintParam {
    const char *name; // borrowed for the moment
    bool by_place, by_name;
    bool rest;        // *args or **kwargs
    bool optional;
} LintParam;

typedef struct LintWorld {
    void *state;
    /* What a dotted name of a library is: "builtins.len", "builtins.str.upper", "asyncio.sleep"; without a dot, of a module. */
    Thing (*look_up)(void *state, const char *path);
    /* Call `each` with every parameter of the function or type of that path; is_method: but for the receiver's. False: nobody
     * knows them. */
    bool (*params)(void *state, const char *path, bool is_method, void (*each)(void *to, const LintParam *param), void *to);
    /* Call `each` with every name in that module or type ("builtins.str"); "": with the library's modules. */
    void (*names)(void *state, const char *module, void (*each)(void *to, const char *name), void *to);
} LintWorld;

/* Adds DIAG_LINTs in no particular order. The tree must have compiled without errors. */
void lint_tree(Tree *tree, const LintWorld *world, Diags *diags);
