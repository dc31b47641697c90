/* layout.h - tokens to the stream that the grammar reads.
 * Adds INDENT and DEDENT, drops blank lines, and decides whether `match` is a keyword, which takes a
 * look at the whole logical line.
 */
#pragma once
#include "lang/lexer.h"

enum { LAYOUT_MAX_INDENTS = 100 };

typedef struct Indent {
    uint32_t column;    // with tabs to multiples of 8
    uint32_t alternate; // with tabs as one column: both must agree on what is deeper
} Indent;

typedef struct Layout {
    Lexer *lexer;
    Arena *arena; // for the tokens looked at ahead
    Indent indents[LAYOUT_MAX_INDENTS + 1];
    int depth;
    int dedents;     // to be sent
    bool line_start; // the next physical line starts a logical one
    bool first;      // the next token of the lexer starts it
    Token *ahead;    // of a line that begins with `match`
    uint32_t ahead_at, ahead_count, ahead_capacity;
} Layout;

void layout_init(Layout *layout, Lexer *lexer, Arena *arena);

/* The next token. After the last line all open blocks are closed, then TK_END comes for ever. */
Token layout_next(Layout *layout);

/* Gives up the current logical line, whose brackets were never closed, and continues with the
 * physical line that holds `offset`. */
void layout_restart(Layout *layout, uint32_t offset);
