#include "lang/near.h"
#include "lang/parser.h"
#include "vm/hangul.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

//-- misspelt keywords -------------------------------------------------------------------------------

static const char *const keywords[] = {
#define KEYWORD(NAME, text, role) text,
#include "lang/tokens.def"
};

static const uint8_t keyword_kinds[] = {
#define KEYWORD(NAME, text, role) TK_##NAME,
#include "lang/tokens.def"
};

enum { KEYWORD_COUNT = sizeof keywords / sizeof *keywords, LONGEST_WORD = 12 };

/* What other languages say. */
static const struct {
    const char *word;
    int kind;
} foreign[] = {
    {"function", TK_DEF}, {"func", TK_DEF},     {"fn", TK_DEF},      {"elseif", TK_ELIF}, {"elsif", TK_ELIF},
    {"switch", TK_MATCH}, {"catch", TK_EXCEPT}, {"throw", TK_RAISE}, {"foreach", TK_FOR}, {"until", TK_WHILE},
};

static bool is_foreign_word(const Name *word, int kind)
{
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (foreign[i].kind == kind && strcmp(foreign[i].word, word->text) == 0) return true;
    return false;
}

static bool is_near(const Name *word, int keyword)
{
    if (is_foreign_word(word, keyword_kinds[keyword])) return true;
    size_t len = strlen(keywords[keyword]);
    if (strcasecmp(word->text, keywords[keyword]) == 0) return true;
    if (word->len > LONGEST_WORD || word->len < 2) return false;
    return near_distance(word->text, word->len, keywords[keyword], len) <= (len > 5 ? 2 : 1);
}

/* Tokens that must come before a clause for it to be taken. */
static void feed_owner(void *grammar, int kind)
{
    static const uint8_t before_else[] = {TK_IF, TK_TRUE, TK_COLON, TK_PASS, TK_NEWLINE, 0};
    static const uint8_t before_except[] = {TK_TRY, TK_COLON, TK_PASS, TK_NEWLINE, 0};
    static const uint8_t before_case[] = {TK_MATCH, TK_TRUE, TK_COLON, TK_NEWLINE, TK_INDENT, 0};
    const uint8_t *tokens = ONE_OF(kind, TK_ELIF, TK_ELSE)        ? before_else
                            : ONE_OF(kind, TK_EXCEPT, TK_FINALLY) ? before_except
                            : kind == TK_CASE                     ? before_case
                                                                  : NULL;
    for (; tokens && *tokens; tokens++) Grammar(grammar, *tokens, (Token){.kind = *tokens});
}

/* What a token may have been meant to be: its kind, or a keyword's. */
typedef int (*Reading)(Token token, const void *state);

/* Whether the line would be right if its tokens were what `meant` takes them for. */
static bool would_parse(Parser *p, Reading meant, const void *state)
{
    Diags diags;
    diags_init(&diags);
    Parser trial = {.tree = p->tree, .diags = &diags, .on_trial = true};
    trial.lexer = p->lexer;
    trial.lexer.diags = &diags;
    trial.lexer.quiet = true;
    lexer_restart(&trial.lexer, p->line_first.span.start);
    trial.grammar = GrammarAlloc(malloc, &trial);
    if (!trial.grammar) return false;

    Grammar(trial.grammar, TK_FILE, (Token){.kind = TK_FILE});
    feed_owner(trial.grammar, meant(p->line_first, state));
    Token token = {0};
    do {
        token = lexer_next(&trial.lexer);
        token.kind = (uint8_t)meant(token, state);
        Grammar(trial.grammar, token.kind, token);
    } while (token.kind != TK_NEWLINE && token.kind != TK_BAD && token.kind != TK_END && !trial.line_failed);

    bool goes_on = grammar_accepts(trial.grammar, TK_PASS) || grammar_accepts(trial.grammar, TK_INDENT);
    bool parsed = token.kind == TK_NEWLINE && !trial.line_failed && goes_on;
    GrammarFree(trial.grammar, free);
    diags_free(&diags);
    p->lexer.unicode = trial.lexer.unicode; // which may have been opened
    return parsed;
}

typedef struct Slip {
    uint32_t at;
    int kind; // that the word there should have
} Slip;

static int read_slip(Token token, const void *slip)
{
    const Slip *s = slip;
    return token.span.start == s->at ? s->kind : token.kind;
}

/* The keyword that `word` was probably meant to be; NULL if none makes the line right. */
static const char *suggest(Parser *p, Token word)
{
    if (word.kind != TK_NAME || !word.name) return NULL;
    for (int i = 0; i < KEYWORD_COUNT; i++) {
        Slip slip = {word.span.start, keyword_kinds[i]};
        if (is_near(word.name, i) && would_parse(p, read_slip, &slip)) return keywords[i];
    }
    return NULL;
}

static bool explain_misspelt(Parser *p, Token token)
{
    const Token words[] = {p->line_first, token, p->before};
    for (int i = 0; i < 3; i++) {
        const char *keyword = suggest(p, words[i]);
        if (!keyword) continue;
        diag_add(p->diags, DIAG_SYNTAX, words[i].span, "invalid syntax. Did you mean '%s'?", keyword);
        return true;
    }
    return false;
}

//-- the Korean keyboard -----------------------------------------------------------------------------

/* The keyword whose keys have typed the name; -1: none. */
static int keyword_on_keys(Token token)
{
    char keys[HANGUL_LONGEST];
    if (token.kind != TK_NAME || !token.name || !hangul_keys(token.name->text, token.name->len, keys))
        return -1;
    for (int i = 0; i < KEYWORD_COUNT; i++)
        if (hangul_keys_spell(keys, keywords[i], strlen(keywords[i]))) return i;
    return -1;
}

static int read_keys(Token token, const void *nothing)
{
    (void)nothing;
    int keyword = keyword_on_keys(token);
    return keyword < 0 ? token.kind : keyword_kinds[keyword];
}

/* Keywords typed while the keyboard was on Hangul: the line is right with all of them in Latin letters. */
static bool explain_keyboard(Parser *p, Token token)
{
    const Token words[] = {p->line_first, p->before, token};
    for (int i = 0; i < 3; i++) {
        int keyword = keyword_on_keys(words[i]);
        if (keyword < 0 || !would_parse(p, read_keys, NULL)) continue;
        Diag *diag = diag_add(p->diags, DIAG_SYNTAX, words[i].span, "invalid syntax. Did you mean '%s'?",
                              keywords[keyword]);
        diag_hint(p->diags, diag, "the word was typed with the Korean keyboard on");
        return true;
    }
    return false;
}

/* Another word of the line that was, as its letters make no syllables. */
static bool hint_keyboard(Parser *p, Token token, Diag *diag)
{
    const Token words[] = {p->line_first, p->before, token};
    for (int i = 0; i < 3; i++) {
        const Name *name = words[i].kind == TK_NAME ? words[i].name : NULL;
        char keys[HANGUL_LONGEST];
        if (!name || !hangul_is_broken(name->text, name->len) || !hangul_keys(name->text, name->len, keys))
            continue;
        diag_hint(p->diags, diag, "typed with the Korean keyboard on: did you mean '%s'?", keys);
        return true;
    }
    return false;
}

//-- what goes wrong often ---------------------------------------------------------------------------

/* Where to point for this token: what is missed at the end of the text is missed behind its last line
 * that says something. */
static Span place_of(const Parser *p, Token token)
{
    const Source *source = p->lexer.source;
    uint32_t end = token.span.start;
    if (end < source->size) return token.span;
    while (end > 0 && strchr(" \t\f\n", source->text[end - 1])) end--;
    return (Span){end, end};
}

static Diag *report(Parser *p, Span span, const char *message)
{
    return diag_add(p->diags, DIAG_SYNTAX, span, "%s", message);
}

/* Whether the token stands in the braces of an f-string, or ends what does. */
static bool in_field(const Parser *p, Token token)
{
    for (int i = p->lexer.depth; i-- > 0;)
        if (p->lexer.open[i].kind == OPEN_FIELD) return true;
    return ONE_OF(token.kind, TK_FRBRACE, TK_FCOLON);
}

static bool explain_fstring(Parser *p, Token token)
{
    const char *at = p->lexer.source->text + token.span.start;
    if (p->before.kind == TK_BANG)
        report(p, token.span, "f-string: invalid conversion character: expected 's', 'r', or 'a'");
    else if (in_field(p, token) && (p->before.kind == TK_EQ || p->earlier.kind == TK_BANG))
        report(p, token.span, "f-string: expecting '}'");
    else if (p->before.kind != TK_FLBRACE)
        return false;
    else if (token.kind == TK_FRBRACE)
        report(p, token.span, "f-string: empty expression not allowed");
    else if (ONE_OF(token.kind, TK_FCOLON, TK_BANG, TK_EQ))
        diag_add(p->diags, DIAG_SYNTAX, token.span, "f-string: expression required before '%c'", *at);
    else if (token.kind == TK_DSTAR)
        report(p, token.span, "f-string: cannot use double starred expression here");
    else
        return false;
    return true;
}

/* What follows the line's `except`. */
static Span first_type(const Parser *p)
{
    const char *text = p->lexer.source->text;
    uint32_t at = p->line_first.span.end;
    while (text[at] == ' ' || text[at] == '\t') at++;
    return (Span){at, at};
}

static bool explain_except(Parser *p, Token token)
{
    if (p->line_first.kind != TK_EXCEPT) return false;
    if (token.kind == TK_COMMA)
        report(p, span_join(first_type(p), token.span), "multiple exception types must be parenthesized");
    else if (p->before.kind == TK_EXCEPT && token.kind == TK_NEWLINE)
        diag_add(p->diags, DIAG_SYNTAX, token.span, "expected %s", token_text(TK_COLON));
    else if (p->before.kind == TK_STAR && token.kind == TK_COLON)
        report(p, token.span, "expected one or more exception types");
    else if (p->before.kind == TK_EXCEPT)
        report(p, p->before.span, "cannot have both 'except' and 'except*' on the same 'try'");
    else
        return false;
    return true;
}

/* Whether the token can end an operand. */
static bool ends_operand(int kind)
{
    return ONE_OF(kind, TK_NAME, TK_NUMBER, TK_STRING, TK_FEND, TK_RP, TK_RB, TK_RC);
}

/* Whether what follows the token may be `name := value`. */
static bool begins_condition(int kind)
{
    return ONE_OF(kind, TK_IF, TK_ELIF, TK_WHILE, TK_LP, TK_LB, TK_LC, TK_COMMA);
}

static bool explain_assignment(Parser *p, Token token)
{
    char next = p->lexer.source->text[token.span.end];
    bool declares = ONE_OF(p->line_first.kind, TK_GLOBAL, TK_NONLOCAL), reversed = next && strchr("<>!", next);
    bool in_condition = (p->lexer.depth || p->line_first.kind != TK_NAME) && !declares;
    if (token.kind == TK_EQ && reversed) {
        report(p, token.span, "invalid syntax");
        return true;
    }
    if (token.kind == TK_EQ && in_condition && ends_operand(p->before.kind)) {
        Span span = span_join(p->before.span, token.span);
        if (p->before.kind == TK_NAME && begins_condition(p->earlier.kind))
            report(p, span, "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
        else if (ONE_OF(p->before.kind, TK_NUMBER, TK_STRING) && begins_condition(p->earlier.kind))
            diag_add(p->diags, DIAG_SYNTAX, span,
                     "cannot assign to %s here. Maybe you meant '==' instead of '='?", "literal");
        else
            diag_hint(p->diags, report(p, token.span, "invalid syntax"), "to compare, write '=='");
        return true;
    }
    if (token.kind == TK_EQ && p->before.kind == TK_YIELD) {
        report(p, p->before.span, "assignment to yield expression not possible");
        return true;
    }
    if (token.kind != TK_WALRUS) return false;
    diag_hint(p->diags, report(p, token.span, "invalid syntax"),
              "put an assignment with ':=' in parentheses");
    return true;
}

/* Whether the token before is the second of two equal characters: ++ or --. */
static bool is_doubled(const Parser *p)
{
    const char *at = p->lexer.source->text + p->before.span.start;
    return p->before.span.start > 0 && at[-1] == at[0];
}

/* Operators of other languages. */
static bool explain_operator(Parser *p, Token token)
{
    const char *hint = NULL;
    int before = p->before.kind;
    if (before == TK_AMP && token.kind == TK_AMP) hint = "'and' is written out";
    if (before == TK_BAR && token.kind == TK_BAR) hint = "'or' is written out";
    if (before == TK_CMP && token.kind == TK_CMP) hint = "'not equal' is written '!='";
    if (before == TK_PLUS && is_doubled(p)) hint = "to count up, write 'x += 1'";
    if (before == TK_MINUS && is_doubled(p)) hint = "to count down, write 'x -= 1'";
    if (before == TK_ELSE && token.kind == TK_IF) hint = "'else if' is written 'elif'";
    if (!hint) return false;
    diag_hint(p->diags, report(p, span_join(p->before.span, token.span), "invalid syntax"), "%s", hint);
    return true;
}

/* Whether the token can begin an operand, so that what stands before it lacks a comma or operator. */
static bool begins_operand(int kind)
{
    return ONE_OF(kind, TK_NAME, TK_NUMBER, TK_STRING, TK_FSTART, TK_LP, TK_LB, TK_LC, TK_NONE, TK_TRUE,
                  TK_FALSE, TK_LAMBDA, TK_AWAIT);
}

static bool explain_print(Parser *p, Token token)
{
    const Name *name = p->before.kind == TK_NAME ? p->before.name : NULL;
    if (!name || !begins_operand(token.kind)) return false;
    if (strcmp(name->text, "print") != 0 && strcmp(name->text, "exec") != 0) return false;
    diag_add(p->diags, DIAG_SYNTAX, p->before.span,
             "Missing parentheses in call to '%s'. Did you mean %s(...)?", name->text, name->text);
    return true;
}

static bool explain_comma(Parser *p, Token token)
{
    if (!p->lexer.depth || !begins_operand(token.kind) || !ends_operand(p->before.kind)) return false;
    bool parameter =
        p->line_first.kind == TK_DEF && ONE_OF(p->earlier.kind, TK_LP, TK_COMMA, TK_STAR, TK_DSTAR);
    if (parameter || p->line_first.kind == TK_FROM) return false; // no expressions
    // Where the bracket could be closed, a comma could come too, though lemon may have given that up by now.
    void *grammar = p->grammar;
    bool closable =
        grammar_accepts(grammar, TK_RP) || grammar_accepts(grammar, TK_RB) || grammar_accepts(grammar, TK_RC);
    bool field = in_field(p, token);
    if (!closable && !field && !grammar_accepts(grammar, TK_COMMA)) return false;
    report(p, span_join(p->before.span, token.span),
           field ? "f-string: invalid syntax. Perhaps you forgot a comma?"
                 : "invalid syntax. Perhaps you forgot a comma?");
    return true;
}

/* A keyword where a name must stand. */
static bool explain_name(Parser *p, Token token)
{
    if (token_role(token.kind) == ROLE_NONE) return false;
    if (!grammar_accepts(p->grammar, TK_NAME) || grammar_accepts(p->grammar, TK_NUMBER)) return false;
    Diag *diag = report(p, token.span, "invalid syntax");
    diag_hint(p->diags, diag, "%s is a keyword and cannot be a name", token_text(token.kind));
    return true;
}

/* Where what stands in the innermost bracket begins. */
static uint32_t inside_bracket(const Parser *p)
{
    const char *text = p->lexer.source->text;
    uint32_t at = p->lexer.open[p->lexer.depth - 1].at + 1;
    return at + (uint32_t)strspn(text + at, " \t\n");
}

static bool explain_parameters(Parser *p, Token token)
{
    bool first = ONE_OF(p->before.kind, TK_LP, TK_COMMA) && p->line_first.kind == TK_DEF && p->lexer.depth == 2;
    if (token.kind != TK_LP || (!first && p->before.kind != TK_LAMBDA)) return false;
    report(p, token.span,
           first ? "Function parameters cannot be parenthesized"
                 : "Lambda expression parameters cannot be parenthesized");
    return true;
}

/* A default or a dict's value is missing. */
static bool explain_value(Parser *p, Token token)
{
    if (!ONE_OF(token.kind, TK_COMMA, TK_RP, TK_RC)) return false;
    bool closes = token.kind != TK_COMMA; // then the bracket has been taken from the open ones
    int depth = p->lexer.depth + closes;
    char bracket = closes ? (token.kind == TK_RC ? '{' : '(') : depth ? p->lexer.open[depth - 1].character : 0;
    if (p->before.kind == TK_EQ && p->line_first.kind == TK_DEF && depth == 1 && bracket == '(')
        report(p, p->before.span, "expected default value expression");
    else if (p->before.kind == TK_COLON && bracket == '{')
        report(p, p->before.span, "expression expected after dictionary key and ':'");
    else
        return false;
    return true;
}

/* Starred and comprehended where they cannot be. */
static bool explain_display(Parser *p, Token token)
{
    if (!p->lexer.depth || grammar_accepts(p->grammar, TK_ELSE)) return false;
    if (token.kind == TK_FOR && ends_operand(p->before.kind))
        report(p, (Span){inside_bracket(p), p->before.span.end},
               "did you forget parentheses around the comprehension target?");
    else if (token.kind == TK_STAR && p->before.kind == TK_COLON &&
             p->lexer.open[p->lexer.depth - 1].character == '{')
        report(p, token.span, "cannot use a starred expression in a dictionary value");
    else
        return false;
    return true;
}

/* The punctuation or keyword that could have come, where hardly anything else could; 0: there is none. */
static int missing_token(const Parser *p, Token token)
{
    static const uint8_t candidates[] = {TK_COLON, TK_LP, TK_IN, TK_IMPORT};
    if (grammar_accepts(p->grammar, TK_NAME)) return 0;
    for (size_t i = 0; i < sizeof candidates; i++) {
        // At the end of a line, a header that is complete lacks its colon whatever else could follow.
        bool open = token.kind != TK_NEWLINE && grammar_accepts(p->grammar, TK_COMMA);
        if (!open && grammar_accepts(p->grammar, candidates[i])) return candidates[i];
    }
    return 0;
}

/* The only token that could have come, where there is such a one. */
static bool explain_single(Parser *p, Token token)
{
    void *grammar = p->grammar;
    if (grammar_accepts(grammar, TK_NAME)) return false;
    if (grammar_accepts(grammar, TK_ELSE)) {
        report(p, token.span, "expected 'else' after 'if' expression");
        return true;
    }
    const Open *open = p->lexer.depth ? &p->lexer.open[p->lexer.depth - 1] : NULL;
    bool inside = open && open->kind == OPEN_BRACKET && open->character == '{' && token.kind != TK_LC;
    bool in_dict = (inside || token.kind == TK_RC) && ends_operand(p->before.kind);
    if (in_dict && grammar_accepts(grammar, TK_COLON)) {
        report(p, p->before.span, "':' expected after dictionary key");
        return true;
    }
    int missing = missing_token(p, token);
    bool certain = token.kind == TK_NEWLINE || missing == TK_LP ||
                   ONE_OF(p->line_first.kind, TK_DEF, TK_ASYNC, TK_TRY, TK_ELSE, TK_FINALLY);
    if (!ONE_OF(missing, TK_COLON, TK_LP) || !certain) return false;
    diag_add(p->diags, DIAG_SYNTAX, token.span, "expected %s", token_text(missing));
    return true;
}

/* A `try` has neither yet. */
static bool explain_try(Parser *p, Token token)
{
    void *grammar = p->grammar;
    if (!grammar_accepts(grammar, TK_FINALLY) || grammar_accepts(grammar, TK_PASS)) return false;
    report(p, token.span, "expected 'except' or 'finally' block");
    return true;
}

static bool explain_expected(Parser *p, Token token)
{
    if (!p->line_started) return explain_try(p, token);
    return explain_single(p, token);
}

//-- the explanation ---------------------------------------------------------------------------------

/* Does `token` begin a physical line? *indent: where on it. */
static bool begins_row(const Parser *p, Token token, size_t *indent)
{
    const char *text = p->lexer.source->text, *at = text + token.span.start, *start = at;
    while (start > text && (start[-1] == ' ' || start[-1] == '\t')) start--;
    *indent = (size_t)(at - start);
    return start > text && start[-1] == '\n';
}

void explain_note_row(Parser *p, Token token)
{
    size_t indent;
    if (begins_row(p, token, &indent)) p->row_first = token;
}

/* Is there, behind `at`, the closing bracket of one that is open there? A quick look, which knows strings and comments. */
static bool is_closed_later(const Source *source, uint32_t at)
{
    enum { FARTHEST = 1 << 16 };
    uint32_t end = source->size - at > FARTHEST ? at + FARTHEST : source->size;
    const char *text = source->text;
    for (int depth = 0; at < end; at++) {
        char c = text[at];
        if (c == '#') while (at + 1 < end && text[at + 1] != '\n') at++;
        else if (c == '"' || c == '\'') {
            uint32_t n = at + 2 < end && text[at + 1] == c && text[at + 2] == c ? 3 : 1;
            for (at += n; at < end && (n == 3 ? strncmp(text + at, (char[]){c, c, c, 0}, 3) != 0
                                              : text[at] != c && text[at] != '\n');
                 at++)
                if (text[at] == '\\') at++;
            at += n - 1;
        } else if (strchr("([{", c) && c) depth++;
        else if (strchr(")]}", c) && c && depth-- == 0) return true;
    }
    return end < source->size;
}

/* Inside brackets, a line that begins like a statement of its own: with a keyword such as `def`, or where the statement
 * itself began, and no bracket is closed later. They were meant to be closed before it. */
static bool is_new_statement(const Parser *p, Token token)
{
    const Layout *layout = &p->layout;
    const Source *source = p->lexer.source;
    size_t indent, statement;
    if (!p->lexer.depth || layout->ahead_at < layout->ahead_count) return false;
    if (token_role(token.kind) == ROLE_STMT && begins_row(p, token, &indent)) return true;
    Token row = p->row_first;
    bool same_row = row.kind && row.span.start <= token.span.start &&
                    !memchr(source->text + row.span.start, '\n', token.span.start - row.span.start);
    const Open *open = &p->lexer.open[p->lexer.depth - 1];
    if (!same_row || row.span.start <= open->at) return false;
    if (!ONE_OF(row.kind, TK_NAME, TK_AWAIT, TK_FOR, TK_IF, TK_ASYNC)) return false;
    begins_row(p, row, &indent);
    begins_row(p, p->line_first, &statement);
    return indent <= statement && !is_closed_later(source, row.span.start);
}

bool explain_leaves_brackets(const Parser *p, Token token)
{
    size_t indent, statement;
    begins_row(p, p->line_first, &statement);
    return p->lexer.depth && begins_row(p, token, &indent) && indent <= statement && is_new_statement(p, token);
}

static bool explain_unclosed(Parser *p, Token token)
{
    if (!is_new_statement(p, token)) return false;
    const Open *open = &p->lexer.open[p->lexer.depth - 1];
    diag_add(p->diags, DIAG_SYNTAX, (Span){open->at, open->at + 1}, "'%c' was never closed", open->character);
    p->restart = true;
    return true;
}

//-- hints -------------------------------------------------------------------------------------------

#define HINT(text) (text) // has its row in vm/messages.def, as tests/tools/messages.py sees

static bool is_word(Token token, const char *const *words)
{
    for (; *words; words++)
        if (token.kind == TK_NAME && token.name && strcmp(token.name->text, *words) == 0) return true;
    return false;
}

/* Whether a single '=' stands behind the token. */
static bool is_assigned(const Parser *p, Token token)
{
    const char *at = p->lexer.source->text + token.span.end;
    at += strspn(at, " \t");
    return at[0] == '=' && at[1] != '=';
}

static const char *const declarations[] = {"var",   "let",  "const",  "int",  "float",  "double",
                                           "long",  "char", "string", "auto", "String", "bool",
                                           "local", "str",  "list",   "dict", NULL};

static const char *about_keywords(const Parser *p, Token token)
{
    int first = p->line_first.kind, before = p->before.kind;
    bool starts_line = token.span.start == p->line_first.span.start;
    if (starts_line && ONE_OF(token.kind, TK_ELSE, TK_ELIF))
        return HINT("no 'if', loop or 'try' stands before it at the same indentation");
    if (starts_line && ONE_OF(token.kind, TK_EXCEPT, TK_FINALLY))
        return HINT("no 'try' stands before it at the same indentation");
    if (ONE_OF(token.kind, TK_ELSE, TK_ELIF, TK_EXCEPT, TK_FINALLY) && !p->lexer.depth)
        return HINT("it begins a line of its own");
    if (first == TK_FOR && token.kind == TK_EQ) return HINT("'for' goes over values: 'for i in range(3):'");
    if (first == TK_IMPORT && token.kind == TK_FROM) return HINT("it is written 'from module import name'");
    if (first == TK_RAISE && token.kind == TK_COMMA)
        return HINT("the text goes in parentheses: 'raise ValueError(text)'");
    if (first == TK_FOR && p->lexer.depth && is_word(p->before, declarations))
        return HINT("'for' goes over values: 'for i in range(3):'");
    if (ONE_OF(first, TK_GLOBAL, TK_NONLOCAL) && token.kind == TK_EQ)
        return HINT("it only names the variable; the assignment is a line of its own");
    if (token.kind == TK_IN && before == TK_NOT) return HINT("it is written 'x not in y', or 'x is not y'");
    if (before == TK_NOT && begins_operand(token.kind)) return HINT("to compare, write 'x != y'");
    if (before == TK_ASYNC) return HINT("'def', 'for' or 'with' follows 'async'");
    if (token.kind == TK_RETURN)
        return HINT("a lambda holds an expression, whose value it returns: leave out 'return'");
    return NULL;
}

static const char *about_signs(const Parser *p, Token token)
{
    const char *source = p->lexer.source->text, *at = source + token.span.start;
    const char *line = source + p->line_first.span.start;
    if (token.kind == TK_LC) return HINT("a block begins with ':' and is indented; it has no braces");
    bool behind_equals = p->before.kind == TK_EQ && p->before.span.end == token.span.start;
    const char *pair = token.kind == TK_EQ ? at : behind_equals ? at - 1 : ""; // what stands for one sign
    if (strncmp(pair, "=<", 2) == 0) return HINT("'less or equal' is written '<='");
    if (strncmp(pair, "=>", 2) == 0) return HINT("'greater or equal' is written '>='");
    if (strncmp(pair, "=!", 2) == 0) return HINT("'not equal' is written '!='");
    bool after_sign =
        token.kind == TK_EQ && ONE_OF(p->before.kind, TK_EQ, TK_CMP) && at[-1] != '<' && at[-1] != '>';
    if (after_sign && p->before.kind == TK_CMP && source[p->before.span.start] == '!')
        return HINT("'not equal' is written '!='");
    if (after_sign) return HINT("to compare, write '=='; to assign, a single '='");
    if (token.kind == TK_COLON && p->before.kind == TK_LP) return HINT("a ')' is missing");
    if (token.kind == TK_ARROW || (token.kind == TK_DOT && p->before.kind == TK_DOT))
        return HINT("an attribute is written 'x.name'");
    if (token.kind == TK_RB && p->before.kind == TK_LB)
        return HINT("which item? Write a number or a key in the brackets");
    for (; line < at && *line != '\n'; line++)
        if (line[0] == '/' && (line[1] == '/' || line[1] == '*')) return HINT("a comment begins with '#'");
    bool comment = at[0] == '/' && (at[1] == '/' || at[1] == '*');
    return comment ? HINT("a comment begins with '#'") : NULL;
}

static const char *about_names(const Parser *p, Token token)
{
    static const char *const functions[] = {"function", "func", "fn", "sub", "fun", NULL};
    static const char *const makers[] = {"new", NULL}, *const openers[] = {"do", "then", "begin", NULL};
    static const char *const negations[] = {"unless", NULL};
    bool second = p->before.span.start == p->line_first.span.start && token.kind == TK_NAME;
    bool adjacent = p->before.span.end == token.span.start && ONE_OF(p->before.kind, TK_STRING, TK_FEND);
    if (adjacent && token.kind == TK_NAME)
        return HINT("a quote inside a text is written \\' or \\\", or the text is put in the other quotes");
    if (second && is_word(p->before, declarations))
        return HINT("a variable needs no declaration: write 'x = 1'");
    if (second && is_word(p->before, functions)) return HINT("a function is written 'def name(x):'");
    if (second && p->before.kind == TK_NAME && is_assigned(p, token))
        return HINT("a name has no blanks: write 'my_name'");
    if (is_word(p->before, makers) && token.kind == TK_NAME)
        return HINT("an object is made by a call of its class: 'Name()'");
    if (is_word(token, openers) && grammar_accepts(p->grammar, TK_COLON))
        return HINT("a block begins with ':'");
    if (is_word(p->line_first, negations)) return HINT("it is written 'if not'");
    bool apart = p->before.kind == TK_NAME && p->before.span.end < token.span.start && !p->lexer.depth;
    if (apart && ONE_OF(token.kind, TK_STRING, TK_NUMBER, TK_FSTART))
        return HINT("what a function is given goes in parentheses: 'f(x)'");
    if (p->line_first.kind == TK_DEF && p->lexer.depth && ONE_OF(token.kind, TK_NUMBER, TK_STRING, TK_DOT))
        return HINT("a parameter is a name; its value comes with the call");
    return NULL;
}

/* `class = 3`, `f(from=1)`, `def f(in):`: a keyword that is given a value, or is a parameter. */
static bool hint_keyword(Parser *p, Token token, Diag *diag)
{
    const char *next = p->lexer.source->text + token.span.end;
    next += strspn(next, " \t");
    bool starts_line = p->before.span.start == p->line_first.span.start,
         assigned = next[0] == '=' && next[1] != '=';
    bool parameter = p->line_first.kind == TK_DEF && p->lexer.depth && ONE_OF(p->before.kind, TK_LP, TK_COMMA);
    bool behind = token.kind == TK_EQ && (starts_line || p->lexer.depth);
    int word = behind ? p->before.kind : assigned || parameter ? token.kind : 0;
    if (!word || token_role(word) == ROLE_NONE || strcmp(diag->message.text, "invalid syntax") != 0)
        return false;
    diag_hint(p->diags, diag, "%s is a keyword and cannot be a name", token_text(word));
    return true;
}

static void add_hint(Parser *p, Token token)
{
    Diag *diag = &p->diags->items[p->diags->count - 1];
    if (diag->hint.text || strstr(diag->message.format, "Did you mean") || hint_keyboard(p, token, diag))
        return;
    if (hint_keyword(p, token, diag)) return;
    const char *hint = about_keywords(p, token);
    if (!hint) hint = about_signs(p, token);
    if (!hint) hint = about_names(p, token);
    int missing = missing_token(p, token);
    bool nothing = grammar_accepts(p->grammar, TK_NUMBER) && !begins_operand(token.kind);
    if (hint) diag_hint(p->diags, diag, "%s", hint);
    else if (strcmp(diag->message.text, "invalid syntax") != 0) return;
    else if (missing) diag_hint(p->diags, diag, "expected %s", token_text(missing));
    else if (nothing) diag_hint(p->diags, diag, "%s", HINT("an expression is missing here"));
}

void explain_syntax_error(Parser *p, Token token)
{
    // A `case` whose `match` was in error itself says nothing new.
    bool orphan = p->line_first.kind == TK_CASE && p->diags->errors > 0;
    bool known = p->line_failed || token.kind == TK_BAD || p->on_trial || orphan;
    p->line_failed = p->lexer.quiet = true;
    if (known) return;

    bool in_brackets = p->lexer.depth > 0;
    token.span = place_of(p, token);
    if (explain_unclosed(p, token)) return;
    uint32_t count = p->diags->count;
    bool explained = explain_fstring(p, token) || explain_except(p, token) || explain_keyboard(p, token) ||
                     explain_misspelt(p, token) || explain_print(p, token) || explain_operator(p, token) ||
                     explain_assignment(p, token) || explain_parameters(p, token) ||
                     explain_value(p, token) || explain_display(p, token) || explain_comma(p, token) ||
                     explain_name(p, token) || explain_expected(p, token);
    if (!explained && token.kind == TK_DEDENT)
        diag_add(p->diags, DIAG_INDENTATION, token.span, "unexpected unindent");
    else if (!explained)
        report(p, token.span, in_field(p, token) ? "f-string: invalid syntax" : "invalid syntax");
    if (p->diags->count > count) add_hint(p, token);
    p->bracket_error = in_brackets && p->diags->count > count ? p->diags->count : 0;
}

/* An expression that begins with the name `match`, such as a call of it, with a block under it. */
static bool explain_match(Parser *p)
{
    const Name *name = p->line_first.kind == TK_NAME ? p->line_first.name : NULL;
    if (!name || strcmp(name->text, "match") != 0) return false;
    const char *next = p->lexer.source->text + p->line_first.span.end;
    next += strspn(next, " \t");
    if (*next == '\n' || !strchr("([{-+*~", *next)) return false;
    report(p, p->before.span, "expected ':'");
    return true;
}

/* The line's indentation has been found wrong before its depth. */
static bool follows_tab_error(const Parser *p, Token token)
{
    const Diag *last = p->diags->count ? &p->diags->items[p->diags->count - 1] : NULL;
    return last && last->kind == DIAG_TAB && last->span.end == token.span.start;
}

void explain_unexpected_indent(Parser *p, Token token)
{
    if (explain_match(p) || explain_try(p, token) || follows_tab_error(p, token)) return;
    Diag *diag = diag_add(p->diags, DIAG_INDENTATION, token.span, "unexpected indent");
    diag_hint(p->diags, diag, "only what follows a line with ':' at its end is indented");
}

void explain_missing_block(Parser *p, Token token)
{
    Token keyword;
    if (p->line_failed || !grammar_open_statement(p->grammar, &keyword)) return;
    p->line_failed = true;
    uint32_t line = source_position(p->tree->source, keyword.span).line;
    const char *format = "expected an indented block after %s statement on line %u";
    const char *what = token_text(keyword.kind), *after = p->tree->source->text + keyword.span.end;
    if (keyword.kind == TK_EXCEPT && after[strspn(after, " \t")] == '*') what = "'except*'";
    if (keyword.kind == TK_DEF || keyword.kind == TK_CLASS) {
        format = "expected an indented block after %s definition on line %u";
        what = keyword.kind == TK_DEF ? "function" : "class";
    }
    Diag *diag = diag_add(p->diags, DIAG_INDENTATION, place_of(p, token), format, what, line);
    diag_hint(p->diags, diag, "indent what belongs to it, or write 'pass'");
}
