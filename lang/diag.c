#include "lang/diag.h"
#include "lang/unicode.h"
#include <stdio.h>
#include <string.h>

static const struct {
    const char *type_name;
    bool is_error;
    const char *code;
} kinds[DIAG_KIND_COUNT] = {
#define DIAG(NAME, type, is_error, code) [DIAG_##NAME] = {type, is_error, code},
#include "lang/diag.def"
};

const char *diag_type_name(DiagKind kind)
{
    return kinds[kind].type_name;
}

bool diag_is_error(DiagKind kind)
{
    return kinds[kind].is_error;
}

const char *diag_code(const Diag *diag)
{
    return diag->code ? diag->code : kinds[diag->kind].code;
}

//-- the list ----------------------------------------------------------------------------------------

void diags_init(Diags *diags)
{
    *diags = (Diags){0};
    arena_init(&diags->arena);
}

void diags_free(Diags *diags)
{
    arena_free(&diags->arena);
    diags_init(diags);
}

static const char *format_text(Diags *diags, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    char *text = len < 0 ? NULL : arena_alloc(&diags->arena, (size_t)len + 1);
    if (text)
        vsnprintf(text, (size_t)len + 1, format, again);
    else
        diags->out_of_memory = true;
    va_end(again);
    return text;
}

static Diag *new_item(Diags *diags)
{
    if (diags->count == diags->capacity) {
        uint32_t capacity = diags->capacity ? diags->capacity * 2 : 4;
        Diag *items = arena_grow(&diags->arena, diags->items, diags->count, capacity, sizeof(Diag));
        if (!items) {
            diags->out_of_memory = true;
            return NULL;
        }
        diags->items = items;
        diags->capacity = capacity;
    }
    return &diags->items[diags->count];
}

Diag *diag_addv(Diags *diags, DiagKind kind, Span span, const char *format, va_list args)
{
    if (diag_is_error(kind) && diags->errors++ >= DIAGS_MAX_ERRORS) return NULL;
    const char *message = format_text(diags, format, args);
    Diag *diag = new_item(diags);
    if (!message || !diag) return NULL;
    *diag = (Diag){.kind = kind, .span = span, .message = message};
    diags->count++;
    return diag;
}

Diag *diag_add(Diags *diags, DiagKind kind, Span span, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Diag *diag = diag_addv(diags, kind, span, format, args);
    va_end(args);
    return diag;
}

void diag_replace(Diags *diags, Diag *diag, Span span, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = format_text(diags, format, args);
    va_end(args);
    if (message) *diag = (Diag){.kind = diag->kind, .span = span, .message = message};
}

void diag_hint(Diags *diags, Diag *diag, const char *format, ...)
{
    if (!diag) return;
    va_list args;
    va_start(args, format);
    diag->hint = format_text(diags, format, args);
    va_end(args);
}

//-- a line and its carets ---------------------------------------------------------------------------

enum { TAB = 8, CLIP_WIDTH = 160, CLIP_BEFORE = 60 };

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

/* Width of one character that begins at column `at`. */
static size_t char_width(uint32_t code, size_t at)
{
    if (code == '\t') return TAB - at % TAB;
    return is_control(code) ? 1 : (size_t)unicode_width(code);
}

static size_t width_from(const char *text, size_t len, size_t at)
{
    for (const char *end = text + len; text < end;) at += char_width(utf8_next(&text, end), at);
    return at;
}

size_t diag_display_width(const char *text, size_t len)
{
    return width_from(text, len, 0);
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

void diag_clip(DiagExcerpt *excerpt)
{
    if (excerpt->len <= CLIP_WIDTH) return;
    size_t start = excerpt->col > CLIP_BEFORE ? excerpt->col - CLIP_BEFORE : 0;
    while (start > 0 && start < excerpt->len && is_continuation(excerpt->line[start])) start--;
    size_t end = excerpt->len - start > CLIP_WIDTH ? start + CLIP_WIDTH : excerpt->len;
    while (end > start && end < excerpt->len && is_continuation(excerpt->line[end])) end--;

    excerpt->cut_left = start > 0;
    excerpt->cut_right = end < excerpt->len;
    excerpt->line += start;
    excerpt->len = end - start;
    excerpt->col -= start;
    excerpt->end_col = excerpt->end_col > start ? excerpt->end_col - start : 0;
}

static const char ellipsis[] = "...";

void diag_source_line(TextBuffer *out, const DiagExcerpt *excerpt)
{
    size_t column = 0;
    if (excerpt->cut_left) text_addf(out, "%s", ellipsis);
    for (const char *at = excerpt->line, *end = at + excerpt->len; at < end;) {
        const char *from = at;
        uint32_t code = utf8_next(&at, end);
        size_t width = char_width(code, column);
        if (code == '\t')
            text_addf(out, "%*s", (int)width, "");
        else if (is_control(code) || code == 0xFFFD)
            text_addf(out, "?");
        else
            text_add(out, from, (size_t)(at - from));
        column += width;
    }
    if (excerpt->cut_right) text_addf(out, "%s", ellipsis);
}

void diag_caret_line(TextBuffer *out, const DiagExcerpt *excerpt)
{
    size_t col = excerpt->col < excerpt->len ? excerpt->col : excerpt->len;
    size_t end_col = excerpt->end_col < excerpt->len ? excerpt->end_col : excerpt->len;
    if (end_col < col) end_col = col;
    size_t from = width_from(excerpt->line, col, 0);
    size_t to = width_from(excerpt->line + col, end_col - col, from);
    size_t shift = excerpt->cut_left ? strlen(ellipsis) : 0;
    // An empty range, as at the end of a line, still gets its caret.
    text_addf(out, "%*s", (int)(from + shift), "");
    do text_add(out, "^", 1);
    while (++from < to);
}

//-- reports -----------------------------------------------------------------------------------------

static void render_excerpt(TextBuffer *out, const Source *source, Position place)
{
    Span range = source_line(source, place.line);
    DiagExcerpt excerpt = {
        .line = source->text + range.start,
        .len = range.end - range.start,
        .col = place.col,
        .end_col = place.end_line == place.line ? place.end_col : range.end - range.start,
    };
    if (excerpt.len == 0) return;
    diag_clip(&excerpt);
    text_addf(out, "    ");
    diag_source_line(out, &excerpt);
    text_addf(out, "\n    ");
    diag_caret_line(out, &excerpt);
    text_addf(out, "\n");
}

void diag_render(TextBuffer *out, const Source *source, const Diag *diag)
{
    if (!source->line_count) {
        text_addf(out, "%s: %s\n", diag_type_name(diag->kind), diag->message);
        return;
    }
    Position place = source_position(source, diag->span);
    const char *line = source->text + source_line(source, place.line).start;
    text_addf(out, "%s:%u:%zu: %s: %s", source->name, place.line, diag_display_width(line, place.col) + 1,
              diag_type_name(diag->kind), diag->message);
    if (diag->code) text_addf(out, " [%s]", diag->code);
    text_addf(out, "\n");
    render_excerpt(out, source, place);
    if (diag->hint) text_addf(out, "    hint: %s\n", diag->hint);
}

void diags_render(TextBuffer *out, const Source *source, const Diags *diags)
{
    for (uint32_t i = 0; i < diags->count; i++) diag_render(out, source, &diags->items[i]);
    if (diags->errors > 1) text_addf(out, "%u errors\n", diags->errors);
    if (diags->out_of_memory)
        text_addf(out, "MemoryError: out of memory while reading %s\n",
                  source->name ? source->name : "a source");
}
