#include "cli/highlight.h"
#include "lang/layout.h"

#include <stdlib.h>
#include <string.h>

const char *style_sgr(Style style)
{
    static const char *const codes[] = {
#define STYLE(NAME, sgr) sgr,
#include "cli/styles.def"
    };
    return codes[style];
}

//-- lexing what may be anything ---------------------------------------------------------------------

typedef struct Scan {
    Diags diags;
    Source source;
    Arena arena;
    NameTable names;
    Lexer lexer;
    Layout layout;
} Scan;

/* False: these bytes are no source text. */
static bool scan_begin(Scan *s, const char *text, size_t len)
{
    s->lexer.unicode = (Unicode){0};
    diags_init(&s->diags);
    arena_init(&s->arena);
    names_init(&s->names, &s->arena);
    if (!source_load(&s->source, "", text, len, &s->diags)) return false;
    lexer_init(&s->lexer, &s->source, &s->names, &s->diags, true);
    s->lexer.quiet = true;
    layout_init(&s->layout, &s->lexer, &s->arena);
    return true;
}

static void scan_end(Scan *s)
{
    lexer_free(&s->lexer);
    source_free(&s->source);
    arena_free(&s->arena);
    diags_free(&s->diags);
}

/* The next token that stands for some text; TK_END behind the last. */
static Token scan_next(Scan *s)
{
    for (;;) {
        Token t = layout_next(&s->layout);
        s->lexer.quiet = true;
        bool made = t.kind == TK_NEWLINE || t.kind == TK_INDENT || t.kind == TK_DEDENT;
        if (!made || (t.kind == TK_NEWLINE && t.span.end > t.span.start)) return t;
    }
}

//-- colours -----------------------------------------------------------------------------------------

static bool is_quote_start(const char *text, Span span)
{
    size_t at = span.start;
    while (at < span.end && at < span.start + 3u && strchr("rRbBuUfF", text[at])) at++;
    return at < span.end && (text[at] == '"' || text[at] == '\'');
}

static Style keyword_style(int kind)
{
    return ONE_OF(kind, TK_TRUE, TK_FALSE, TK_NONE) ? STYLE_CONSTANT : STYLE_KEYWORD;
}

/* `case` is a word like any other but where it starts a line that ends in a colon. */
static bool is_case_clause(const char *text, Span span)
{
    size_t line = span.start, end = span.end;
    while (line > 0 && strchr(" \t", text[line - 1])) line--;
    if (line > 0 && text[line - 1] != '\n') return false;
    while (text[end] && text[end] != '\n') end++;
    while (end > span.end && strchr(" \t", text[end - 1])) end--;
    return text[end - 1] == ':';
}

static Style token_style(const Scan *s, Token t, int before, KnownName is_builtin, void *state)
{
    const char *text = s->source.text;
    switch (t.kind) {
    case TK_NUMBER:
    case TK_ELLIPSIS: return STYLE_CONSTANT;
    case TK_STRING:
    case TK_FSTART:
    case TK_FMIDDLE:
    case TK_FEND: return STYLE_STRING;
    case TK_FLBRACE:
    case TK_FRBRACE: return STYLE_ESCAPE;
    case TK_BAD: return is_quote_start(text, t.span) ? STYLE_STRING : STYLE_BAD;
    case TK_CASE: return is_case_clause(text, t.span) ? STYLE_KEYWORD : STYLE_PLAIN;
    case TK_NAME: break;
    default: return token_role(t.kind) == ROLE_NONE ? STYLE_PLAIN : keyword_style(t.kind);
    }
    if (before == TK_DEF || before == TK_CLASS) return STYLE_DEFINED;
    if (before == TK_DOT || !is_builtin) return STYLE_PLAIN;
    return is_builtin(state, text + t.span.start, t.span.end - t.span.start) ? STYLE_BUILTIN : STYLE_PLAIN;
}

/* Between tokens lie blanks and comments. */
static void style_gap(const char *text, size_t from, size_t to, uint8_t *styles)
{
    for (size_t i = from; i < to; i++) {
        if (text[i] != '#') continue;
        for (; i < to && text[i] != '\n'; i++) styles[i] = STYLE_COMMENT;
    }
}

/* A string that its line ends in: the lexer reports only how it begins. */
static size_t bad_end(const char *text, size_t len, Token t)
{
    size_t end = t.span.end;
    if (is_quote_start(text, t.span))
        while (end < len && text[end] != '\n') end++;
    return end;
}

void highlight(const char *text, size_t len, uint8_t *styles, KnownName is_builtin, void *state)
{
    Scan s;
    size_t at = 0;
    memset(styles, STYLE_PLAIN, len);
    if (!scan_begin(&s, text, len)) return scan_end(&s);
    int before = TK_END;
    for (Token t; (t = scan_next(&s)).kind != TK_END; before = t.kind) {
        size_t start = t.span.start, end = t.kind == TK_BAD ? bad_end(text, len, t) : t.span.end;
        if (s.lexer.incomplete) { // a string that goes on, or a bracket, which is fine as it is
            if (!is_quote_start(text, t.span)) break;
            end = len;
        }
        if (start > len) start = len;
        if (end > len) end = len;
        if (at < start) style_gap(text, at, start, styles);
        if (t.kind != TK_NEWLINE && start < end)
            memset(styles + start, token_style(&s, t, before, is_builtin, state), end - start);
        if (end > at) at = end;
        if (s.lexer.incomplete) break;
    }
    if (at < len) style_gap(text, at, len, styles);
    scan_end(&s);
}

//-- brackets ----------------------------------------------------------------------------------------

size_t highlight_partner(const char *text, size_t len, size_t at)
{
    enum { DEEPEST = LEXER_MAX_OPEN };
    size_t open[DEEPEST], found = SIZE_MAX;
    int depth = 0;
    Scan s;
    if (at >= len || !strchr("()[]{}", text[at])) return SIZE_MAX;
    bool ok = scan_begin(&s, text, len);
    for (Token t; ok && found == SIZE_MAX && (t = scan_next(&s)).kind != TK_END && !s.lexer.incomplete;) {
        if (ONE_OF(t.kind, TK_LP, TK_LB, TK_LC, TK_FLBRACE) && depth < DEEPEST)
            open[depth++] = t.span.start;
        else if (ONE_OF(t.kind, TK_RP, TK_RB, TK_RC, TK_FRBRACE) && depth > 0) {
            size_t start = open[--depth];
            if (start == at)
                found = t.span.start;
            else if (t.span.start == at)
                found = start;
        }
    }
    scan_end(&s);
    return found;
}

//-- indentation -------------------------------------------------------------------------------------

static size_t blanks_at(const char *text, size_t line)
{
    size_t n = 0;
    while (text[line + n] == ' ') n++;
    return n;
}

static size_t line_of(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n') at--;
    return at;
}

typedef struct LastLine { // of the logical line that the text ends in
    int first, last;      // its first token and its last
    size_t start;
    size_t open; // the innermost open bracket, SIZE_MAX
    bool in_string;
} LastLine;

static void read_last_line(Scan *s, LastLine *l)
{
    bool fresh = true;
    for (Token t; (t = scan_next(s)).kind != TK_END;) {
        if (s->lexer.incomplete) {
            l->in_string = is_quote_start(s->source.text, t.span);
            break;
        }
        if (t.kind == TK_NEWLINE) {
            fresh = true;
            continue;
        }
        if (fresh) l->first = t.kind, l->start = t.span.start;
        fresh = false;
        l->last = t.kind;
        if (s->lexer.depth)
            l->open = s->lexer.open[s->lexer.depth - 1].at;
        else
            l->open = SIZE_MAX;
    }
}

size_t highlight_indent(const char *text, size_t at)
{
    Scan s;
    LastLine l = {.open = SIZE_MAX};
    bool ok = scan_begin(&s, text, at);
    if (ok) read_last_line(&s, &l);
    scan_end(&s);
    size_t line = line_of(text, at), here = blanks_at(text, line);
    if (here > at - line) here = at - line;
    if (!ok || l.in_string || l.first == TK_END) return here;
    if (l.open != SIZE_MAX) {
        size_t outer = blanks_at(text, line_of(text, l.open)) + 4;
        return line_of(text, l.open) == line || here < outer ? outer : here;
    }
    if (line_of(text, l.start) != line && blanks_at(text, line) == at - line) return here; // a blank line
    size_t indent = blanks_at(text, line_of(text, l.start));
    if (l.last == TK_COLON) return indent + 4;
    if (ONE_OF(l.first, TK_RETURN, TK_PASS, TK_BREAK, TK_CONTINUE, TK_RAISE))
        return indent < 4 ? 0 : indent - 4;
    return indent;
}

//-- tokens ------------------------------------------------------------------------------------------

HighlightToken *highlight_tokens(const char *text, size_t len, size_t *n)
{
    size_t capacity = 64;
    HighlightToken *tokens = malloc(capacity * sizeof *tokens);
    Scan s;
    bool ok = scan_begin(&s, text, len) && tokens;
    *n = 0;
    for (Token t; ok && (t = scan_next(&s)).kind != TK_END;) {
        if (*n == capacity) {
            HighlightToken *more = realloc(tokens, (capacity *= 2) * sizeof *tokens);
            if (!more) break;
            tokens = more;
        }
        tokens[(*n)++] = (HighlightToken){t.kind, t.span.start, t.span.end};
        if (s.lexer.incomplete) break;
    }
    scan_end(&s);
    return tokens;
}
