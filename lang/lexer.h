/* lexer.h - source text to tokens.
 * Knows brackets (line ends inside them mean nothing) and f-strings, whose literal parts, fields and
 * format specs are told apart by one stack of what is open. Indentation is the layout's business.
 */
#pragma once
#include "lang/ast.h"
#include "lang/diag.h"
#include "lang/grammar.h" // the TK_ numbers, made by lemon
#include "lang/unicode.h"
#include <string.h>

enum { TK_END = 0, LEXER_MAX_OPEN = 200 };

/* Whether `kind`, of a token or a node, is among those listed. */
#define ONE_OF(kind, ...) \
    (memchr((const uint8_t[]){__VA_ARGS__}, (kind), sizeof((const uint8_t[]){__VA_ARGS__})) != NULL)

typedef struct Token {
    uint8_t kind; // TK_...; TK_END behind the last one
    uint8_t op;   // Operator, for tokens that are one
    bool raw;     // FMIDDLE: backslashes mean themselves
    bool in_spec; // FMIDDLE: part of a format spec, where braces are not doubled
    Span span;
    Name *name; // NAME and keywords
} Token;

typedef enum OpenKind {
    OPEN_BRACKET, // ( [ {
    OPEN_FSTRING, // in the literal part of an f-string
    OPEN_FIELD,   // in its {expression
    OPEN_SPEC,    // in its {expression:spec
} OpenKind;

typedef struct Open {
    OpenKind kind;
    char character; // the bracket, or the f-string's quote
    bool triple, raw;
    uint32_t at; // where it was opened
} Open;

typedef struct Lexer {
    const Source *source;
    NameTable *names; // keywords have the first ids
    Diags *diags;
    const char *cursor;
    Open open[LEXER_MAX_OPEN];
    int depth;
    bool quiet;      // report nothing: the rest of this line is being skipped
    bool prompt;     // more text may follow: reaching its end inside something is no error ...
    bool incomplete; // ... but noted here
    bool unclosed;   // the last TK_BAD is a bracket that the text's end left open
    uint8_t first_punct[128];
    Unicode unicode;
} Lexer;

void lexer_init(Lexer *lexer, const Source *source, NameTable *names, Diags *diags, bool prompt);
void lexer_free(Lexer *lexer);

/* The next token; line ends inside brackets, blanks and comments are skipped. After an error, which
 * it reports, TK_BAD. */
Token lexer_next(Lexer *lexer);

/* Forgets all open brackets and continues at `offset`, outside of any. */
void lexer_restart(Lexer *lexer, uint32_t offset);

/* Reports what was open at the end of the text. */
Token lexer_unclosed(Lexer *lexer);

const char *token_text(int kind); // as it is called in messages: "':'", "a name"

typedef enum KeywordRole { ROLE_NONE, ROLE_STMT, ROLE_CLAUSE, ROLE_EXPR } KeywordRole;
KeywordRole token_role(int kind);
