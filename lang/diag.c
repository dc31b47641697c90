#include "lang/diag.h"
#include "lang/unicode.h"
#include "vm/unitables.h"
#include <ctype.h>
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

/* "SyntaxError", "IndentationError", ...: the exception type it is raised as. */
static const char *type_name(DiagKind kind)
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

typedef struct Arguments { va_list list; } Arguments; // so that it can be passed on by address everywhere

/* Length of the directive that begins at `format`, which is a '%'. */
static size_t directive_length(const char *format)
{
    return 1 + strspn(format + 1, "0123456789.-+# *$lzjt") + 1;
}

/* Which argument a directive takes: of "%2$s" 1, otherwise the next one. */
static int argument_index(const char *directive, int next)
{
    return isdigit((unsigned char)directive[1]) && directive[2] == '$' ? directive[1] - '1' : next;
}

/* What one directive becomes. */
static void add_argument(TextBuffer *out, const char *directive, size_t len, Arguments *args)
{
    char spec[16] = {0};
    memcpy(spec, directive, len < sizeof spec ? len : sizeof spec - 1);
    char conversion = directive[len - 1];
    if (conversion == 's' && strchr(spec, '*')) {
        int size = va_arg(args->list, int);
        const char *text = va_arg(args->list, const char *);
        text_add(out, text, strnlen(text, size < 0 ? 0 : (size_t)size));
    } else if (conversion == 's') {
        text_addf(out, "%s", va_arg(args->list, const char *));
    } else if (strpbrk(spec, "lzjt")) {
        text_addf(out, spec, va_arg(args->list, long)); // all of them are 64 bits wide
    } else {
        text_addf(out, spec, va_arg(args->list, int));
    }
}

/* Keeps the buffer's text from `start` on; "" when memory is out. */
static const char *keep_text(Diags *diags, const TextBuffer *text, size_t start)
{
    size_t len = text->failed ? 0 : text->len - start;
    char *kept = arena_alloc(&diags->arena, len + 1);
    if (!kept || text->failed) diags->out_of_memory = true;
    if (!kept) return "";
    if (len) memcpy(kept, text->bytes + start, len);
    kept[len] = '\0';
    return kept;
}

static const char *keep_argument(Diags *diags, const char *argument)
{
    const char *kept = arena_text(&diags->arena, argument, strlen(argument));
    if (!kept) diags->out_of_memory = true;
    return kept ? kept : "";
}

static DiagText make_text(Diags *diags, const char *format, va_list list)
{
    DiagText made = {.format = format};
    Arguments args;
    va_copy(args.list, list);
    TextBuffer text = {0};
    int nargs = 0;
    while (*format) {
        size_t literal = strcspn(format, "%"), start = text.len + literal;
        text_add(&text, format, literal);
        format += literal;
        if (!*format) break;
        size_t len = directive_length(format);
        if (format[len - 1] == '%') {
            text_add(&text, "%", 1);
        } else if (argument_index(format, -1) >= 0) {
            // Those that a format takes out of order are texts, all of them.
            int i = argument_index(format, -1) & (DIAG_MAX_ARGS - 1);
            while (nargs <= i) made.args[nargs++] = keep_argument(diags, va_arg(args.list, const char *));
            text_addf(&text, "%s", made.args[i]);
        } else {
            add_argument(&text, format, len, &args);
            if (nargs < DIAG_MAX_ARGS) made.args[nargs++] = keep_text(diags, &text, start);
        }
        format += len;
    }
    va_end(args.list);
    made.text = keep_text(diags, &text, 0);
    text_free(&text);
    return made;
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

/* Repairing a line can meet the same error once more. */
static bool is_known(const Diags *diags, DiagKind kind, Span span)
{
    const Diag *last = diags->count ? &diags->items[diags->count - 1] : NULL;
    return last && diag_is_error(kind) && last->kind == kind && last->span.start == span.start &&
           last->span.end == span.end && span.end > span.start;
}

Diag *diag_addv(Diags *diags, DiagKind kind, Span span, const char *format, va_list args)
{
    if (is_known(diags, kind, span)) return NULL;
    if (diag_is_error(kind) && diags->errors++ >= DIAGS_MAX_ERRORS) return NULL;
    DiagText message = make_text(diags, format, args);
    Diag *diag = new_item(diags);
    if (!diag) return NULL;
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
    DiagText message = make_text(diags, format, args);
    va_end(args);
    *diag = (Diag){.kind = diag->kind, .span = span, .message = message};
}

void diag_hint(Diags *diags, Diag *diag, const char *format, ...)
{
    if (!diag) return;
    va_list args;
    va_start(args, format);
    diag->hint = make_text(diags, format, args);
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
    return is_control(code) ? 1 : (size_t)uni_width(code);
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

void diag_text_add(TextBuffer *out, Language language, const DiagText *sentence)
{
    bool whole = strcmp(sentence->format, "%s") == 0; // a text chosen from several
    const char *format = said(language, whole ? sentence->args[0] : sentence->format);
    size_t before = out->len;
    for (int i = 0; *format;) {
        size_t literal = strcspn(format, "%");
        bool word = literal && format[literal] && format[literal - 1] == SAID_OPEN; // one of ours, in braces
        text_add(out, format, literal - word);
        format += literal;
        if (!*format) break;
        size_t len = directive_length(format);
        if (format[len - 1] == '%') {
            text_add(out, "%", 1);
        } else {
            int index = argument_index(format, i++) & (DIAG_MAX_ARGS - 1);
            const char *arg = sentence->args[index] ? sentence->args[index] : "";
            text_addf(out, "%s", word ? said(language, arg) : arg);
        }
        format += len + word;
    }
    if (out->len == before) return;
    out->len = before + said_settle(out->bytes + before, out->len - before);
    out->bytes[out->len] = '\0';
}

static void render_excerpt(TextBuffer *out, const Source *source, Position place, Reader reader)
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
    text_addf(out, "\n    %s", ink_code(reader.colours, INK_CARET));
    diag_caret_line(out, &excerpt);
    text_addf(out, "%s\n", ink_code(reader.colours, INK_NONE));
}

static void render_place(TextBuffer *out, const Source *source, Position place, Reader reader)
{
    const char *line = source->text + source_line(source, place.line).start;
    text_addf(out, "%s%s:%u:%zu%s: ", ink_code(reader.colours, INK_PLACE), source->name, place.line,
              diag_display_width(line, place.col) + 1, ink_code(reader.colours, INK_NONE));
}

void diag_render(TextBuffer *out, const Source *source, const Diag *diag, Reader reader)
{
    bool placed = source->line_count > 0;
    Position place = placed ? source_position(source, diag->span) : (Position){0};
    if (placed) render_place(out, source, place, reader);
    Ink ink = diag_is_error(diag->kind) ? INK_ERROR : INK_WARNING;
    text_addf(out, "%s%s%s: ", ink_code(reader.colours, ink), said(reader.language, type_name(diag->kind)),
              ink_code(reader.colours, INK_NONE));
    diag_text_add(out, reader.language, &diag->message);
    if (diag->code) text_addf(out, " [%s]", diag->code);
    text_addf(out, "\n");
    if (placed) render_excerpt(out, source, place, reader);
    if (!diag->hint.text) return;
    text_addf(out, "    %s%s%s: ", ink_code(reader.colours, INK_NOTE), said(reader.language, "hint"),
              ink_code(reader.colours, INK_NONE));
    diag_text_add(out, reader.language, &diag->hint);
    text_addf(out, "\n");
}

void diags_render(TextBuffer *out, const Source *source, const Diags *diags, Reader reader)
{
    for (uint32_t i = 0; i < diags->count; i++) diag_render(out, source, &diags->items[i], reader);
    if (diags->errors > 1) text_saidf(out, reader.language, "%u errors\n", diags->errors);
    if (diags->out_of_memory)
        text_saidf(out, reader.language, "MemoryError: out of memory while reading '%s'\n",
                   source->name ? source->name : "");
}
