#include "lang/parser.h"
#include <stdlib.h>
#include <string.h>

enum { GRAMMAR_MAX_DEPTH = 10000 }; // several times what AST_MAX_HEIGHT levels can need

Diag *parser_error(Parser *p, Span span, const char *format, ...)
{
    if (p->line_failed) return NULL;
    p->line_failed = true;
    va_list args;
    va_start(args, format);
    Diag *diag = diag_addv(p->diags, DIAG_SYNTAX, span, format, args);
    va_end(args);
    return diag;
}

static void take(Parser *p, Token token)
{
    Grammar(p->grammar, token.kind, token);
}

/* A token that the source does not have. */
static void take_made(Parser *p, int kind, Span at)
{
    take(p, (Token){.kind = (uint8_t)kind, .span = {at.start, at.start}});
}

//-- repairs at the start of a line --------------------------------------------------------------------

/* Makes lemon drop what it was about to build, back to the last statement, and go on behind it. */
static void drop_statement(Parser *p, Span at)
{
    take_made(p, TK_BAD, at);
    take_made(p, TK_NEWLINE, at);
    grammar_forget_error(p->grammar);
}

/* Whether the last line of the text is blank: at a prompt, that ends a block. */
static bool ends_blank(const Source *source)
{
    Span last = source_line(source, source->line_count > 1 ? source->line_count - 1 : 1);
    for (uint32_t i = last.start; i < last.end; i++)
        if (!strchr(" \t\f", source->text[i])) return false;
    return true;
}

/* Whether what the text lacks may still be typed. */
static bool may_go_on(const Parser *p, Token token)
{
    const Source *source = p->tree->source;
    return p->lexer.prompt && token.span.start >= source->size && !ends_blank(source);
}

/* A block is due and `token`, which starts a line, does not start one. */
static void repair_missing_block(Parser *p, Token token)
{
    explain_missing_block(p, token);
    take_made(p, TK_INDENT, token.span);
    drop_statement(p, token.span);
    take_made(p, TK_DEDENT, token.span);
}

static bool is_mute_clause(const Parser *p, Token token)
{
    return token_role(token.kind) == ROLE_CLAUSE && p->diags->errors > 0;
}

/* `token` starts a line, or is a DEDENT or the end, and cannot follow what came before. */
static void repair_line_start(Parser *p, Token token)
{
    // The `else` of an `if` that was in error itself says nothing new.
    if (is_mute_clause(p, token)) p->line_failed = true;
    explain_syntax_error(p, token);
    drop_statement(p, token.span);
    p->line_failed = p->lexer.quiet = !grammar_accepts(p->grammar, token.kind);
}

static void start_line(Parser *p, Token token)
{
    p->line_first = token;
    p->line_failed = p->lexer.quiet = false;
    bool accepted = grammar_accepts(p->grammar, token.kind);
    if (!accepted && may_go_on(p, token)) {
        p->ends_early = p->stopped = true;
        return;
    }
    if (!accepted && grammar_accepts(p->grammar, TK_INDENT)) {
        repair_missing_block(p, token);
        accepted = grammar_accepts(p->grammar, token.kind);
    }
    if (!accepted && token.kind != TK_BAD) repair_line_start(p, token);
}

//-- indentation -------------------------------------------------------------------------------------

/* An INDENT that nothing asked for is reported and kept from the grammar, and so is its DEDENT. */
static bool is_unexpected_indent(Parser *p, Token token)
{
    p->depth++;
    bool unexpected = !grammar_accepts(p->grammar, TK_INDENT);
    p->unexpected[p->depth] = unexpected;
    if (unexpected) explain_unexpected_indent(p, token);
    return unexpected;
}

static void take_indent(Parser *p, Token token)
{
    if (!is_unexpected_indent(p, token)) take(p, token);
}

static void take_dedent(Parser *p, Token token)
{
    if (p->unexpected[p->depth--]) return;
    start_line(p, token);
    if (!p->stopped) take(p, token);
}

//-- lines -------------------------------------------------------------------------------------------

/* `expr as target` elements that no `with` has claimed are in error. */
static void check_cover_marks(Parser *p)
{
    if (p->cover_marks) parser_error(p, p->cover_span, "invalid syntax");
    p->cover_marks = 0;
}

static void end_line(Parser *p)
{
    check_cover_marks(p);
    grammar_forget_error(p->grammar);
    p->line_started = false;
}

/* The line with the error turned out to end inside a bracket: that is the better explanation. */
static void blame_bracket(Parser *p, Token token)
{
    Diag *diag = p->bracket_error ? &p->diags->items[p->bracket_error - 1] : NULL;
    p->bracket_error = 0;
    if (!diag || p->lexer.prompt) return;
    const Source *source = p->tree->source;
    if (source_position(source, diag->span).end_line == source_position(source, token.span).line) return;
    diag_replace(p->diags, diag, token.span, "'%c' was never closed", source->text[token.span.start]);
}

/* The statement went wrong at a keyword that starts a line: take it for the start of the next one. */
static void restart_line(Parser *p, Token token)
{
    p->restart = false;
    layout_restart(&p->layout, token.span.start);
    take_made(p, TK_NEWLINE, token.span);
    end_line(p);
}

static void take_in_line(Parser *p, Token token)
{
    if (token.kind == TK_BAD && p->lexer.unclosed) blame_bracket(p, token);
    if (!p->line_started) start_line(p, token);
    p->line_started = true;
    if (p->stopped) return;
    if (p->lexer.depth) explain_note_row(p, token);
    if (p->line_failed && explain_leaves_brackets(p, token)) return restart_line(p, token);
    take(p, token);
    if (p->restart)
        restart_line(p, token);
    else if (token.kind == TK_NEWLINE)
        end_line(p);
}

static void take_any(Parser *p, Token token)
{
    switch (token.kind) {
    case TK_INDENT: take_indent(p, token); break;
    case TK_DEDENT: take_dedent(p, token); break;
    default: take_in_line(p, token); break;
    }
    p->earlier = p->before;
    p->before = token;
    if (grammar_depth(p->grammar) > GRAMMAR_MAX_DEPTH && !p->stopped) {
        parser_error(p, token.span, "too many nested expressions");
        p->stopped = true;
    }
    if (p->tree->arena.failed || p->diags->out_of_memory) {
        p->diags->out_of_memory = true;
        p->stopped = true;
    }
}

//-- the whole ---------------------------------------------------------------------------------------

static void parse_tokens(Parser *p, ParseMode mode)
{
    static const int starts[] = {[PARSE_FILE] = TK_FILE, [PARSE_SINGLE] = TK_SINGLE, [PARSE_EXPR] = TK_EXPR};
    p->grammar = GrammarAlloc(malloc, p);
    if (!p->grammar) {
        p->diags->out_of_memory = true;
        return;
    }
    take_made(p, starts[mode], (Span){0, 0});
    for (Token token = {.kind = TK_NEWLINE}; token.kind != TK_END && !p->stopped;) {
        token = layout_next(&p->layout);
        take_any(p, token);
    }
    GrammarFree(p->grammar, free);
}

static bool is_compound(const Node *statement)
{
    return ONE_OF(statement->kind, AST_FunctionDef, AST_ClassDef, AST_For, AST_While, AST_If, AST_With,
                  AST_Match, AST_Try);
}

/* At a prompt, a compound statement goes on until a blank line. */
static bool wants_blank_line(const Tree *tree)
{
    if (!tree->root || tree->root->kind != AST_Interactive) return false;
    NodeList body = AST(Interactive, tree->root)->body;
    return body.count && is_compound(body.items[body.count - 1]) && !ends_blank(tree->source);
}

ParseStatus parse_source(Tree *tree, const Source *source, ParseMode mode, Diags *diags)
{
    *tree = (Tree){.source = source};
    arena_init(&tree->arena);
    names_init(&tree->names, &tree->arena);

    Parser p = {.tree = tree, .diags = diags};
    uint32_t errors = diags->errors;
    lexer_init(&p.lexer, source, &tree->names, diags, mode == PARSE_SINGLE);
    layout_init(&p.layout, &p.lexer, &tree->arena);
    parse_tokens(&p, mode);
    lexer_free(&p.lexer);

    bool failed = diags->errors > errors || diags->out_of_memory;
    bool open = p.ends_early || p.lexer.incomplete || wants_blank_line(tree);
    if (failed || open) tree->root = NULL;
    return failed ? PARSE_ERROR : open ? PARSE_INCOMPLETE : PARSE_OK;
}

void tree_free(Tree *tree)
{
    arena_free(&tree->arena);
    *tree = (Tree){0};
}
