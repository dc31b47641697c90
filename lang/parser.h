/* parser.h - what the parts of the parser share; nobody outside of it includes this.
 * parse.c feeds tokens to the grammar, whose actions call build.c and its helpers; explain.c words
 * the syntax errors.
 */
#pragma once
#include "lang/layout.h"
#include "lang/parse.h"

typedef struct Parser {
    Tree *tree;
    Diags *diags;
    Lexer lexer;
    Layout layout;
    void *grammar;          // lemon's state
    Token line_first;       // first token of the logical line
    Token before, earlier;  // the one before the current, and the one before that
    bool line_started;      // line_first is set
    bool line_failed;       // an error was reported on this line: say no more about it
    bool stopped;           // no use in going on
    bool restart;           // take the current token again, as the first of a line
    bool on_trial;          // explain.c only wants to know whether this parses
    bool ends_early;        // a syntax error at the end of the text, at a prompt
    Token row_first;        // inside brackets: the first token of the physical line
    uint32_t bracket_error; // index + 1 of this line's error, if it was found inside brackets
    uint32_t mark;          // of marks_start
    uint32_t cover_marks;   // `expr as target` elements seen that no `with` has claimed
    Span cover_span;        // the last of them
    bool unexpected[LAYOUT_MAX_INDENTS + 1]; // this indent was not fed to the grammar
    int depth;                               // current indents, fed or not
} Parser;

/* Reports a syntax error, unless this line has one already. */
__attribute__((format(printf, 3, 4))) Diag *parser_error(Parser *p, Span span, const char *format, ...);

/* grammar.y: lemon's interface and two looks at its stack. */
void *GrammarAlloc(void *(*allocate)(size_t), Parser *p);
void GrammarFree(void *grammar, void (*release)(void *));
void Grammar(void *grammar, int kind, Token token);

/* Whether `kind` would be taken in the present state. */
bool grammar_accepts(void *grammar, int kind);

/* The keyword of the innermost compound statement under way: `if` in "if x:". False if none. */
bool grammar_open_statement(void *grammar, Token *keyword);

size_t grammar_depth(void *grammar);
void grammar_forget_error(void *grammar);

Span span_join(Span first, Span last);

/* explain.c */
void explain_syntax_error(Parser *p, Token token);
/* Inside brackets: remember it if it begins a physical line. */
void explain_note_row(Parser *p, Token token);
/* In a line that has failed inside brackets: does `token` begin another statement? */
bool explain_leaves_brackets(const Parser *p, Token token);
void explain_unexpected_indent(Parser *p, Token token);
void explain_missing_block(Parser *p, Token token);
