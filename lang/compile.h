/* compile.h - from syntax tree to code.
 * Needs neither a VM nor a heap: the result is plain data (vm/code.h).
 */
#pragma once
#include "lang/ast.h"
#include "lang/diag.h"
#include "vm/code.h"

/* The image of a whole tree; what its root is decides the kind: a file's body, a statement typed at the
 * prompt (whose expression statements are displayed), or one expression (which the code returns). A module
 * that awaits outside of functions has CODE_COROUTINE set. Adds private and dotted names to the tree's
 * table. The image is malloc'd, the caller frees it. NULL: errors were added to `diags`, or memory is out
 * (which `diags` tells). */
CodeImage *compile_tree(Tree *tree, Diags *diags);
/* The same for a test run: asserts tell what their operands were, through the built-in __explain_assert__. */
CodeImage *compile_tests(Tree *tree, Diags *diags);
