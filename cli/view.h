/* view.h - the input as it stands on the screen: text to rows of cells, and the fewest bytes that turn the rows drawn
 * before into the new ones. Rows count from the first one of the input; where that is on the screen nobody knows.
 */
#pragma once
#include "lang/text.h"
#include <stdint.h>

/* What a row holds: bytes with their colours, and how many columns they take. */
typedef struct Row {
    size_t start, size; // in Picture.bytes
    size_t width;
} Row;

typedef struct Picture {
    TextBuffer bytes;
    Row *rows;
    size_t n, capacity;
    size_t cursor_row, cursor_column;
    bool failed;
} Picture;

typedef struct View {
    size_t columns, lines; // of the terminal
    bool colors;
    bool reflows;          // it breaks long lines anew when it gets narrower
    Picture shown;         // what has been drawn
    size_t height;         // rows that exist below and including the first; 0: nothing has been drawn
    size_t at;             // the row in which the terminal's cursor is
    size_t top;            // the first row of the input that fits
} View;

/* What is to be shown. */
typedef struct Scene {
    const char *text;
    size_t len, cursor;
    const uint8_t *styles;        // of each byte
    const char *prompt, *prompt2; // of the first line and of the others; equally wide
    const char *status;           // lines below the input, with their colours; may be NULL
    bool whole;                   // all rows, not only those that fit: what stays when the input is done
    bool keyless;                 // nothing is edited here: what is typed is the running program's
} Scene;

void view_free(View *v);
/* Appends what makes the terminal show the scene. */
void view_draw(View *v, const Scene *scene, TextBuffer *out);
/* Removes the input; the terminal's cursor then stands where its first row began. */
void view_erase(View *v, TextBuffer *out);
/* The input stays where it is; the terminal's cursor moves to the row below it. */
void view_leave(View *v, TextBuffer *out);
/* The terminal has another size now. Draw after it. */
void view_resize(View *v, size_t columns, size_t lines, TextBuffer *out);

/* Rows that `text` takes when it is simply printed, and where its last line stops. Escape sequences take none. */
size_t view_rows_of(const char *text, size_t len, size_t columns);
/* Appends one line of text, cut to `columns`, without line end. */
void view_clip(TextBuffer *out, const char *text, size_t len, size_t columns);
