/* source.h - the text of one file or prompt, and places in it.
 * Loading checks the bytes (UTF-8, no NUL, coding comment), drops a byte-order mark, turns every
 * line end into '\n' and adds a missing last one, so that nobody later meets any of these.
 * A place is a byte offset into that text; lines and columns are worked out when wanted.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Span {
    uint32_t start, end; // byte offsets; end is behind the last byte
} Span;

typedef struct Source {
    const char *name; // file name for messages; a copy of its own
    char *text;       // `size` bytes and a NUL
    uint32_t size;
    uint32_t line_count;
    uint32_t *line_starts; // offset of each line's first byte
    bool ends_open;        // the last line had no line end of its own
} Source;

/* Lines count from 1, columns from 0 in bytes, as in CPython's code objects. */
typedef struct Position {
    uint32_t line, col, end_line, end_col;
} Position;

struct Diags;

/* Copies `size` bytes of text. False when they are not source text: the reason is in `diags`, and
 * `source` still holds what could be read, so that the report can show it. Free it in any case. */
bool source_load(Source *source, const char *name, const char *text, size_t size, struct Diags *diags);
void source_free(Source *source);

Position source_position(const Source *source, Span span);

/* Line `line` (from 1) without its line end; empty when there is no such line. */
Span source_line(const Source *source, uint32_t line);
