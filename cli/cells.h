/* cells.h - text as a reader sees it: what moves and is deleted as one character, and how many columns of a
 * terminal it takes. Offsets are bytes of UTF-8; widths are those of lang/unicode.h, as everywhere in Co.
 */
#pragma once
#include "lang/text.h"
#include <stdint.h>

/* Where the character that starts at `at` ends: a base with its marks, a syllable of Jamo, an emoji sequence. */
size_t cells_next(const char *text, size_t len, size_t at);
/* Where the character that ends at `at` starts; a line end is one. */
size_t cells_prev(const char *text, size_t len, size_t at);

typedef struct Glyph {
    uint8_t width; // columns
    bool sync;     // terminals do not agree on that: say where to go on
} Glyph;

/* Measures one character (of `n` bytes) that begins in `column`, which matters to tabs, and appends to *out, if
 * not NULL, what shows it: Jamo composed, control characters as ^A, what is invisible as <200b>. */
Glyph cells_show(const char *text, size_t n, size_t column, TextBuffer *out);

/* Columns of text[0..n) without line ends, beginning in column 0. */
size_t cells_width(const char *text, size_t n);
