/* parse.h - from source text to tree.
 * The lexer cuts tokens, the layout adds NEWLINE, INDENT and DEDENT, the grammar builds nodes.
 * Checked here: everything that needs no scopes (targets, order of parameters and arguments,
 * f-strings). Left to the scope pass: `return` outside functions, `global` after use and the like.
 */
#pragma once
#include "lang/ast.h"
#include "lang/diag.h"

typedef enum ParseMode {
    PARSE_FILE,   // a whole file: Module
    PARSE_SINGLE, // what was typed at a prompt so far: Interactive
    PARSE_EXPR,   // one expression: Expression
} ParseMode;

typedef enum ParseStatus {
    PARSE_OK,
    PARSE_ERROR,      // see `diags`
    PARSE_INCOMPLETE, // PARSE_SINGLE only: fine so far, more lines are needed; nothing added to `diags`
} ParseStatus;

/* Fills `tree`, which must be freed with tree_free whatever the status. A PARSE_SINGLE text is
 * complete after one line, or, once it has a block, after an empty line. */
ParseStatus parse_source(Tree *tree, const Source *source, ParseMode mode, Diags *diags);
void tree_free(Tree *tree);
