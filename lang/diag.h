/* diag.h - what is wrong with a source text, and how to show it.
 * Front end and compiler add to one list; the command prints it, or the runtime raises its first
 * error. The list owns its texts. When memory is out, `out_of_memory` says so and nothing else is lost.
 */
#pragma once
#include "lang/arena.h"
#include "lang/source.h"
#include "lang/text.h"
#include <stdarg.h>

typedef enum DiagKind {
#define DIAG(NAME, type, is_error, code) DIAG_##NAME,
#include "lang/diag.def"
    DIAG_KIND_COUNT
} DiagKind;

enum { DIAG_MAX_ARGS = 4 };

/* A sentence and what it was made of, so that it can be said in another language too. */
typedef struct DiagText {
    const char *text;   // in English, filled in; NULL: nothing is said
    const char *format;
    const char *args[DIAG_MAX_ARGS]; // what its directives became
} DiagText;

typedef struct Diag {
    DiagKind kind;
    Span span;
    DiagText message;
    DiagText hint;    // a second sentence, or nothing
    const char *code; // of a LINT: its row of lints.def; NULL: that of its kind
} Diag;

typedef struct Diags {
    Diag *items; // in the order found
    uint32_t count, errors, capacity;
    bool out_of_memory;
    Arena arena;
} Diags;

enum { DIAGS_MAX_ERRORS = 20 }; // more are counted, not kept

void diags_init(Diags *diags);
void diags_free(Diags *diags);

/* Add one, printf-style. `format` must live as long as the list: it is looked up in vm/messages.def when the list is
 * shown. The Diag is returned so that a hint can follow; NULL if it was not kept. */
Diag *diag_add(Diags *diags, DiagKind kind, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
Diag *diag_addv(Diags *diags, DiagKind kind, Span span, const char *format, va_list args);
void diag_replace(Diags *diags, Diag *diag, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void diag_hint(Diags *diags, Diag *diag, const char *format, ...) __attribute__((format(printf, 3, 4)));

bool diag_is_error(DiagKind kind);
/* "unawaited", "syntax", ...: how `co check` calls it. */
const char *diag_code(const Diag *diag);

/* The sentence in the reader's language. */
void diag_text_add(TextBuffer *out, Language language, const DiagText *sentence);

/* One diagnostic as text:
 *     file.co:3:5: SyntaxError: expected ':'
 *         if x
 *             ^
 *     hint: ...
 */
void diag_render(TextBuffer *out, const Source *source, const Diag *diag, Reader reader);

/* All of `diags`, and their count when there are several. */
void diags_render(TextBuffer *out, const Source *source, const Diags *diags, Reader reader);

/* Columns on screen of the first `len` bytes of `text`: East Asian wide 2, combining 0, tabs to 8. */
size_t diag_display_width(const char *text, size_t len);

/* A line together with the bytes [col, end_col) of it that carets shall point at. */
typedef struct DiagExcerpt {
    const char *line;
    size_t len, col, end_col;
    bool cut_left, cut_right;
} DiagExcerpt;

/* Makes a long line printable: leaves the part around the marked bytes. Short ones stay whole. */
void diag_clip(DiagExcerpt *excerpt);

/* The line as it is shown above its carets: tabs expanded, control characters replaced. No line end. */
void diag_source_line(TextBuffer *out, const DiagExcerpt *excerpt);

/* Spaces and carets that line up under the marked bytes when printed behind the same margin as
 * diag_source_line; at least one caret. No line end. */
void diag_caret_line(TextBuffer *out, const DiagExcerpt *excerpt);
