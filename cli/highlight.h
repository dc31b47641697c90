/* highlight.h - what the product's own lexer makes of text that is still being typed: what each byte is, and how
 * far the next line is to be indented. Half a string, an open bracket or a stray character are no errors here.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum Style {
#define STYLE(NAME, sgr) STYLE_##NAME,
#include "cli/styles.def"
    STYLE_COUNT
} Style;

/* The terminal's codes for it: "35" for magenta; "" for plain. */
const char *style_sgr(Style style);

/* Whether a name is worth a colour of its own. */
typedef bool (*KnownName)(void *state, const char *name, size_t len);

/* Sets styles[0..len). */
void highlight(const char *text, size_t len, uint8_t *styles, KnownName is_builtin, void *state);

/* A token of it; a string, a bracket or a line that does not end has TK_BAD (lang/grammar.h) as its last one. */
typedef struct HighlightToken { int kind; size_t start, end; } HighlightToken;
/* The tokens of text[0..len), malloc'd, line ends among them. */
HighlightToken *highlight_tokens(const char *text, size_t len, size_t *n);

/* The byte offset of the bracket that belongs to the one at `at`, or SIZE_MAX. */
size_t highlight_partner(const char *text, size_t len, size_t at);

/* Columns that a line begun at `at` should be indented by. */
size_t highlight_indent(const char *text, size_t at);
