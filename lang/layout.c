#include "lang/layout.h"
#include <string.h>

void layout_init(Layout *layout, Lexer *lexer, Arena *arena)
{
    *layout = (Layout){.lexer = lexer, .arena = arena, .line_start = true};
}

static Token empty_token(const Layout *layout, int kind, const char *at)
{
    uint32_t offset = (uint32_t)(at - layout->lexer->source->text);
    return (Token){.kind = (uint8_t)kind, .span = {offset, offset}};
}

//-- indentation -------------------------------------------------------------------------------------

/* Moves over the blanks at a line's start. A backslash joins the next line; the blanks before the
 * first one count. */
static Indent measure(Lexer *lexer)
{
    Indent indent = {0}, joined = {0};
    for (const char *at = lexer->cursor;; at++) {
        lexer->cursor = at;
        if (*at == ' ') {
            indent.column++, indent.alternate++;
        } else if (*at == '\t') {
            indent.column = (indent.column / 8 + 1) * 8;
            indent.alternate++;
        } else if (*at == '\f') {
            indent = (Indent){0};
        } else if (*at == '\\' && at[1] == '\n' && at[2]) {
            if (!joined.column) joined = indent;
            indent = (Indent){0};
            at++;
        } else {
            return joined.column ? joined : indent;
        }
    }
}

/* Moves to the first token of the next line that has one. */
static Indent skip_blank_lines(Lexer *lexer)
{
    for (;;) {
        Indent indent = measure(lexer);
        if (*lexer->cursor == '#')
            while (*lexer->cursor != '\n') lexer->cursor++;
        if (*lexer->cursor == '\n')
            lexer->cursor++;
        else
            return indent;
    }
}

__attribute__((format(printf, 3, 4))) static Diag *report(Layout *layout, DiagKind kind, const char *format,
                                                         ...)
{
    Lexer *lexer = layout->lexer;
    const char *line = lexer->cursor, *end = lexer->cursor;
    while (line > lexer->source->text && line[-1] != '\n') line--;
    Span span = {(uint32_t)(line - lexer->source->text), (uint32_t)(end - lexer->source->text)};
    va_list args;
    va_start(args, format);
    Diag *diag = diag_addv(lexer->diags, kind, span, format, args);
    va_end(args);
    return diag;
}

static void report_tabs(Layout *layout)
{
    Diag *diag = report(layout, DIAG_TAB, "inconsistent use of tabs and spaces in indentation");
    diag_hint(layout->lexer->diags, diag, "the lines above use the other: indent with four spaces everywhere");
}

static Token deepen(Layout *layout, Indent indent)
{
    const char *at = layout->lexer->cursor;
    if (indent.alternate <= layout->indents[layout->depth].alternate) report_tabs(layout);
    if (layout->depth == LAYOUT_MAX_INDENTS) {
        report(layout, DIAG_INDENTATION, "too many levels of indentation");
        layout->lexer->cursor += strlen(at); // the rest cannot be laid out
        return empty_token(layout, TK_BAD, at);
    }
    layout->indents[++layout->depth] = indent;
    return empty_token(layout, TK_INDENT, at);
}

/* How many blocks end before a line of this indentation. */
static int count_dedents(Layout *layout, Indent indent)
{
    int depth = layout->depth;
    while (depth > 0 && indent.column < layout->indents[depth].column) depth--;

    const Indent *reached = &layout->indents[depth];
    if (indent.column != reached->column) {
        report(layout, DIAG_INDENTATION, "unindent does not match any outer indentation level");
        layout->indents[++depth] = indent; // take it for the level left last, so that the lines after it fit
    } else if (indent.alternate != reached->alternate) {
        report_tabs(layout);
    }
    int dedents = layout->depth - depth;
    layout->depth = depth;
    return dedents;
}

//-- the soft keyword match --------------------------------------------------------------------------

static bool add_ahead(Layout *layout, Token token)
{
    if (layout->ahead_count == layout->ahead_capacity) {
        uint32_t capacity = layout->ahead_capacity ? layout->ahead_capacity * 2 : 64;
        Token *ahead = arena_grow(layout->arena, layout->ahead, layout->ahead_count, capacity, sizeof(Token));
        if (!ahead) return false;
        layout->ahead = ahead;
        layout->ahead_capacity = capacity;
    }
    layout->ahead[layout->ahead_count++] = token;
    return true;
}

/* Reads the rest of the logical line after a first `match`. It is a keyword if the line has at least
 * three tokens, ends with ':' and goes on with what can begin a subject; and also where it could not
 * be a name, so that a forgotten ':' is reported as such. */
static bool is_match_statement(Layout *layout)
{
    layout->ahead_at = layout->ahead_count = 0;
    int last = TK_END;
    for (Token token;; last = token.kind) {
        token = lexer_next(layout->lexer);
        if (!add_ahead(layout, token) || token.kind == TK_BAD || token.kind == TK_END) return false;
        if (token.kind == TK_NEWLINE) break;
    }
    int next = layout->ahead[0].kind;
    if (ONE_OF(next, TK_NAME, TK_NUMBER, TK_STRING, TK_FSTART, TK_NONE, TK_TRUE, TK_FALSE)) return true;
    return layout->ahead_count >= 3 && last == TK_COLON && !ONE_OF(next, TK_DOT, TK_EQ, TK_COMMA);
}

static bool is_named_match(const Token *token)
{
    return token->kind == TK_NAME && token->name->len == 5 && memcmp(token->name->text, "match", 5) == 0;
}

//-- the stream --------------------------------------------------------------------------------------

/* Called before the first token of a logical line: the INDENT or DEDENT that comes before it, or
 * TK_END if it follows directly. */
static Token start_line(Layout *layout)
{
    Lexer *lexer = layout->lexer;
    Indent indent = skip_blank_lines(lexer);
    if (*lexer->cursor == '\0') indent = (Indent){0};
    if (indent.column > layout->indents[layout->depth].column) return deepen(layout, indent);
    layout->dedents = count_dedents(layout, indent);
    return (Token){0};
}

/* The lexer's next token; where the text ends inside a line, what was open is reported and the line
 * ended. */
static Token next_of_line(Layout *layout)
{
    Lexer *lexer = layout->lexer;
    Token token =
        layout->ahead_at < layout->ahead_count ? layout->ahead[layout->ahead_at++] : lexer_next(lexer);
    if (token.kind != TK_END) return token;
    if (lexer->depth) return lexer_unclosed(lexer);
    return layout->first ? token : empty_token(layout, TK_NEWLINE, lexer->cursor);
}

Token layout_next(Layout *layout)
{
    if (layout->line_start) {
        layout->line_start = false;
        layout->lexer->quiet = false;
        Token token = start_line(layout);
        if (token.kind == TK_INDENT || token.kind == TK_BAD) {
            layout->first = token.kind == TK_INDENT;
            return token;
        }
        layout->first = true;
    }
    if (layout->dedents > 0) {
        layout->dedents--;
        return empty_token(layout, TK_DEDENT, layout->lexer->cursor);
    }
    Token token = next_of_line(layout);
    if (layout->first && is_named_match(&token) && is_match_statement(layout)) token.kind = TK_MATCH;
    layout->first = false;
    layout->line_start = token.kind == TK_NEWLINE;
    return token;
}

void layout_restart(Layout *layout, uint32_t offset)
{
    Lexer *lexer = layout->lexer;
    while (offset > 0 && lexer->source->text[offset - 1] != '\n') offset--;
    lexer_restart(lexer, offset);
    layout->ahead_at = layout->ahead_count = 0;
    layout->line_start = true;
}
