#include "lang/lexer.h"
#include "lang/unicode.h"
#include "vm/unitables.h"
#include <stdio.h>
#include <string.h>

static const struct Keyword {
    const char *text;
    uint8_t kind;
    KeywordRole role;
} keywords[] = {
#define KEYWORD(NAME, text, role) {text, TK_##NAME, ROLE_##role},
#include "lang/tokens.def"
};

static const struct Punct {
    char text[4], quoted[6];
    uint8_t len, kind, op;
} puncts[] = {
#define PUNCT(NAME, op, text) {text, "'" text "'", sizeof text - 1, TK_##NAME, op},
#include "lang/tokens.def"
};

enum { KEYWORD_COUNT = sizeof keywords / sizeof *keywords, PUNCT_COUNT = sizeof puncts / sizeof *puncts };

void lexer_init(Lexer *lexer, const Source *source, NameTable *names, Diags *diags, bool prompt)
{
    *lexer = (Lexer){.source = source, .names = names, .diags = diags, .prompt = prompt};
    lexer->cursor = source->text;
    for (int i = 0; i < KEYWORD_COUNT; i++) names_intern(names, keywords[i].text, strlen(keywords[i].text));
    for (uint8_t i = PUNCT_COUNT; i > 0; i--) lexer->first_punct[(unsigned char)puncts[i - 1].text[0]] = i;
}

void lexer_free(Lexer *lexer)
{
    unicode_close(&lexer->unicode);
}

void lexer_restart(Lexer *lexer, uint32_t offset)
{
    lexer->cursor = lexer->source->text + offset;
    lexer->depth = 0;
}

const char *token_text(int kind)
{
    switch (kind) {
    case TK_END: return "the end of the text";
    case TK_AUGASSIGN: return "an assignment operator";
    case TK_CMP: return "a comparison";
#define KEYWORD(NAME, text, role) \
    case TK_##NAME: return "'" text "'";
#define TOKEN(NAME, text) \
    case TK_##NAME: return text;
#include "lang/tokens.def"
    }
    for (int i = 0; i < PUNCT_COUNT; i++)
        if (puncts[i].kind == kind) return puncts[i].quoted;
    return "a token";
}

KeywordRole token_role(int kind)
{
    for (int i = 0; i < KEYWORD_COUNT; i++)
        if (keywords[i].kind == kind) return keywords[i].role;
    return ROLE_NONE;
}

//-- tokens and errors -------------------------------------------------------------------------------

static uint32_t offset_of(const Lexer *lexer, const char *at)
{
    return (uint32_t)(at - lexer->source->text);
}

static Token make(const Lexer *lexer, int kind, const char *start)
{
    return (Token){.kind = (uint8_t)kind, .span = {offset_of(lexer, start), offset_of(lexer, lexer->cursor)}};
}

/* Reports an error about [start, end) and stands for the token that could not be made. */
__attribute__((format(printf, 4, 5)))
static Token bad(Lexer *lexer, const char *start, const char *end, const char *format, ...)
{
    Span span = {offset_of(lexer, start), offset_of(lexer, end)};
    if (!lexer->quiet) {
        va_list args;
        va_start(args, format);
        diag_addv(lexer->diags, DIAG_SYNTAX, span, format, args);
        va_end(args);
    }
    return (Token){.kind = TK_BAD, .span = span};
}

/* The token just reported, to add a hint; NULL if it was not kept. */
static Diag *reported(Lexer *lexer)
{
    Diags *diags = lexer->diags;
    bool kept = !lexer->quiet && diags->count && diags->errors <= DIAGS_MAX_ERRORS;
    return kept ? &diags->items[diags->count - 1] : NULL;
}

/* The text ended inside something that spans lines. At a prompt that is no error. */
static bool wants_more(Lexer *lexer)
{
    if (lexer->prompt) lexer->incomplete = true;
    return lexer->prompt;
}

static uint32_t line_at(const Lexer *lexer, const char *at)
{
    uint32_t offset = offset_of(lexer, at);
    return source_position(lexer->source, (Span){offset, offset}).line;
}

static const char *text_end(const Lexer *lexer)
{
    return lexer->source->text + lexer->source->size;
}

//-- names and stray characters ----------------------------------------------------------------------

/* Characters that look like, but are not, Python's: those that keyboards and word processors put in. */
static const struct Lookalike {
    uint32_t code;
    const char *meant;
} lookalikes[] = {
    {0x2018, "'"},  {0x2019, "'"}, {0x201C, "\""}, {0x201D, "\""}, {0x3001, ","},  {0x3002, "."},
    {0x00B7, "."},  {0x2013, "-"}, {0x2014, "-"},  {0x2212, "-"},  {0x00D7, "*"},  {0x00F7, "/"},
    {0x2264, "<="}, {0x2265, ">="}, {0x2260, "!="}, {0x3010, "["},  {0x3011, "]"},  {0x300C, "["},
    {0x300D, "]"},  {0x300E, "["},  {0x300F, "]"}, {0x2026, "..."},
    {0x2039, "'"},  {0x203A, "'"},  {0xAB, "\""},   {0xBB, "\""},   {0x2192, "->"}, {0x3008, "<"},
    {0x3009, ">"},  {0x300A, "<"},  {0x300B, ">"},  {0x3014, "("},  {0x3015, ")"},
};

static const char *lookalike(uint32_t code)
{
    for (size_t i = 0; i < sizeof lookalikes / sizeof *lookalikes; i++)
        if (lookalikes[i].code == code) return lookalikes[i].meant;
    return NULL;
}

static void explain_character(Diags *diags, Diag *diag, uint32_t code)
{
    const char *meant = lookalike(code);
    if (code > 0xFF00 && code < 0xFF5F)
        diag_hint(diags, diag, "this is the full-width form: write '%c'", (char)(code - 0xFEE0));
    else if (meant && strchr("'\"", *meant))
        diag_hint(diags, diag, "a string begins and ends with a straight quote: %s", meant);
    else if (meant)
        diag_hint(diags, diag, "did you mean '%s'?", meant);
    else if (code == 0x3000)
        diag_hint(diags, diag, "this is a full-width space: write an ordinary one");
    else if (!uni_is(code, UNI_PRINTABLE))
        diag_hint(diags, diag, "this character cannot be seen: delete it");
    else if (code == '!')
        diag_hint(diags, diag, "negation is written 'not'");
    else if (code == '?')
        diag_hint(diags, diag, "a choice is written 'a if condition else b'");
    else if (code == '$')
        diag_hint(diags, diag, "a name has no '$'");
}

static Token invalid_character(Lexer *lexer, const char *at)
{
    const char *end = at;
    uint32_t code = utf8_next(&end, text_end(lexer));
    int len = (int)(end - at);
    lexer->cursor = end;
    Token token = !uni_is(code, UNI_PRINTABLE) ? bad(lexer, at, end, "invalid non-printable character U+%04X", code)
                  : code < 0x80               ? bad(lexer, at, end, "invalid syntax")
                                : bad(lexer, at, end, "invalid character '%.*s' (U+%04X)", len, at, code);
    explain_character(lexer->diags, reported(lexer), code);
    return token;
}

/* The first character in [start, end) that may not stand in a name; NULL if all may. */
static const char *find_stranger(const char *start, const char *end)
{
    for (const char *at = start; at < end;) {
        const char *from = at;
        uint32_t code = utf8_next(&at, end);
        if (from == start ? !uni_is(code, UNI_NAME_START) : !uni_is(code, UNI_NAME_PART)) return from;
    }
    return NULL;
}

static Name *intern_normalised(Lexer *lexer, const char *start, size_t len)
{
    TextBuffer normal = {0};
    unicode_nfkc(&lexer->unicode, &normal, start, len);
    Name *name = normal.failed ? NULL : names_intern(lexer->names, normal.bytes, normal.len);
    if (!name) lexer->diags->out_of_memory = true;
    text_free(&normal);
    return name;
}

static Token name_token(Lexer *lexer, const char *start, bool ascii)
{
    size_t len = (size_t)(lexer->cursor - start);
    const char *stranger = ascii ? NULL : find_stranger(start, lexer->cursor);
    if (stranger) return invalid_character(lexer, stranger);

    Token token = make(lexer, TK_NAME, start);
    token.name = ascii ? names_intern(lexer->names, start, len) : intern_normalised(lexer, start, len);
    if (!token.name)
        token.kind = TK_BAD;
    else if (token.name->id < KEYWORD_COUNT && keywords[token.name->id].kind != TK_MATCH)
        token.kind = keywords[token.name->id].kind;
    return token;
}

//-- numbers -----------------------------------------------------------------------------------------

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_word_byte(char byte)
{
    unsigned char b = (unsigned char)byte, lower = b | 32;
    return (lower >= 'a' && lower <= 'z') || is_digit(byte) || b == '_' || b >= 0x80;
}

/* As in Python, a keyword may follow a number without a blank: `1if x else 2`. */
static bool keyword_follows(const char *at)
{
    static const char *const words[] = {"and", "else", "for", "if", "in", "is", "not", "or"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(at, words[i], strlen(words[i])) == 0) return true;
    return false;
}

static void skip_word(Lexer *lexer)
{
    while (is_word_byte(*lexer->cursor)) lexer->cursor++;
}

/* A number that goes on with what is no digit of its base: 12ab, 0o8, 0x. */
static Token invalid_number(Lexer *lexer, const char *start, const char *base, int radix)
{
    const char *end = lexer->cursor, *odd = end; // what CPython stumbles over: it points at the character before
    skip_word(lexer);
    if (radix < 10 && is_digit(*end))
        return bad(lexer, end, end + 1, "invalid digit '%c' in %s literal", *end, base);
    bool prefix = radix != 10 && end == start + 1, exponent = (*end == 'e' || *end == 'E') && (end[1] == '+' || end[1] == '-');
    odd += exponent ? 2 : prefix ? 1 : 0;
    if (*odd == '_') odd++;
    Token token = bad(lexer, odd - 1, lexer->cursor > odd ? lexer->cursor : odd, "invalid %s literal", base);
    bool name = radix == 10 && !strchr("eE_", *end); // 3rd; but 1e, 1__0
    if (name) diag_hint(lexer->diags, reported(lexer), "a name cannot begin with a digit");
    return token;
}

static Token number_token(Lexer *lexer, const char *start, const char *base, int radix)
{
    const char *next = lexer->cursor, *behind = next;
    bool foreign = (unsigned char)*next >= 0x80 && !uni_is(utf8_next(&behind, text_end(lexer)), UNI_NAME_PART);
    bool ends = !is_word_byte(*next) || foreign || keyword_follows(next);
    return ends ? make(lexer, TK_NUMBER, start) : invalid_number(lexer, start, base, radix);
}

//-- strings -----------------------------------------------------------------------------------------

static bool is_closing(const char *at, char quote, bool triple)
{
    return *at == quote && (!triple || (at[1] == quote && at[2] == quote));
}

/* Forgets the brackets opened on this line before `at`: a string without its end mostly hides theirs. */
static void close_line(Lexer *lexer, const char *at)
{
    const char *text = lexer->source->text;
    while (at > text && at[-1] != '\n') at--;
    while (lexer->depth && text + lexer->open[lexer->depth - 1].at >= at) lexer->depth--;
}

static Token unterminated(Lexer *lexer, const char *start, const char *body, bool triple)
{
    uint32_t line = line_at(lexer, lexer->cursor - (lexer->cursor == text_end(lexer)));
    if (triple && wants_more(lexer)) return make(lexer, TK_BAD, start);
    if (triple)
        return bad(lexer, start, body, "unterminated triple-quoted string literal (detected at line %u)", line);
    const Open *top = lexer->depth ? &lexer->open[lexer->depth - 1] : NULL;
    bool in_field = top && top->kind == OPEN_FIELD && body[-1] == top[-1].character;
    close_line(lexer, start);
    if (in_field) return bad(lexer, start, body, "f-string: expecting '}'");
    Token token = bad(lexer, start, body, "unterminated string literal (detected at line %u)", line);
    char quote = body[-1], other = quote == '"' ? '\'' : '"';
    if (memchr(body, other, strcspn(body, "\n")))
        diag_hint(lexer->diags, reported(lexer), "a string that begins with %c ends with %c, not with %c", quote, quote, other);
    else
        diag_hint(lexer->diags, reported(lexer), "add the closing quote %c at the end of the string", quote);
    return token;
}

/* Moves from behind the opening quotes to behind the closing ones. */
static Token string_token(Lexer *lexer, const char *start, bool triple)
{
    const char *body = lexer->cursor;
    char quote = body[-1];
    for (const char *at = body, *end = text_end(lexer);; at++) {
        lexer->cursor = at;
        if (at >= end || (*at == '\n' && !triple)) return unterminated(lexer, start, body, triple);
        if (is_closing(at, quote, triple)) {
            lexer->cursor += triple ? 3 : 1;
            return make(lexer, TK_STRING, start);
        }
        if (*at == '\\' && at + 1 < end) at++;
    }
}

static Token too_nested(Lexer *lexer, const char *start)
{
    Token token = bad(lexer, start, lexer->cursor, "too many nested parentheses");
    lexer->cursor = text_end(lexer); // nothing behind it could be told apart
    lexer->depth = 0;
    return token;
}

static bool push(Lexer *lexer, Open open)
{
    if (lexer->depth == LEXER_MAX_OPEN) return false;
    lexer->open[lexer->depth++] = open;
    return true;
}

static Token fstring_start(Lexer *lexer, const char *start, bool triple)
{
    const char *quote = lexer->cursor - 1;
    bool raw = memchr(start, 'r', (size_t)(quote - start)) || memchr(start, 'R', (size_t)(quote - start));
    Open open = {OPEN_FSTRING, *quote, triple, raw, offset_of(lexer, start)};
    return push(lexer, open) ? make(lexer, TK_FSTART, start) : too_nested(lexer, start);
}

/* The innermost f-string, seen from its literal part or one of its specs. */
static Open *innermost_fstring(Lexer *lexer)
{
    int i = lexer->depth - 1;
    while (lexer->open[i].kind != OPEN_FSTRING) i--;
    return &lexer->open[i];
}

/* Drops the innermost f-string, which the line or the text ends in. */
static Token fstring_unterminated(Lexer *lexer, const Open *fstring)
{
    const char *start = lexer->source->text + fstring->at, *body = start;
    while (*body != fstring->character) body++;
    lexer->depth = (int)(fstring - lexer->open);
    return unterminated(lexer, start, body + (fstring->triple ? 3 : 1), fstring->triple);
}

/* The last byte of the escape \\N{...} at `at`, which is no field of the f-string. */
static const char *skip_named(const char *at)
{
    const char *close = at + 3;
    while (*close == ' ' || *close == '-' || (is_word_byte(*close) && *close != '_')) close++;
    return *close == '}' ? close : at + 1;
}

/* The end of the literal text that starts at `at`: a brace, the closing quotes, or a line end. */
static const char *literal_end(Lexer *lexer, const char *at, const Open *fstring, bool in_spec)
{
    for (const char *end = text_end(lexer); at < end; at++) {
        if (*at == '\\' && at + 1 < end) {
            if (!fstring->raw && at[1] == 'N' && at[2] == '{')
                at = skip_named(at);
            else if (at[1] != '{' && at[1] != '}')
                at++;
        } else if ((*at == '{' || *at == '}') && at[1] == *at && !in_spec) {
            at++;
        } else if (*at == '{' || *at == '}' || (*at == '\n' && !fstring->triple)
                   || is_closing(at, fstring->character, fstring->triple)) {
            return at;
        }
    }
    return at;
}

/* What ends the literal text: a field's brace, or the end of the spec or the string. */
static Token literal_delimiter(Lexer *lexer, const char *start, const Open *fstring, bool in_spec)
{
    if (start >= text_end(lexer) || *start == '\n') return fstring_unterminated(lexer, fstring);
    lexer->cursor++;
    if (*start == '{') {
        Open field = {OPEN_FIELD, '{', false, false, offset_of(lexer, start)};
        return push(lexer, field) ? make(lexer, TK_FLBRACE, start) : too_nested(lexer, start);
    }
    if (*start == '}') {
        if (!in_spec) return bad(lexer, start, lexer->cursor, "f-string: single '}' is not allowed");
        lexer->depth--;
        return make(lexer, TK_FRBRACE, start);
    }
    if (in_spec) {
        lexer->depth = (int)(fstring - lexer->open);
        return bad(lexer, start, lexer->cursor, "f-string: expecting '}'");
    }
    if (fstring->triple) lexer->cursor += 2;
    lexer->depth--;
    return make(lexer, TK_FEND, start);
}

static Token fstring_token(Lexer *lexer)
{
    const char *start = lexer->cursor;
    const Open *fstring = innermost_fstring(lexer);
    bool in_spec = lexer->open[lexer->depth - 1].kind == OPEN_SPEC;
    lexer->cursor = literal_end(lexer, start, fstring, in_spec);
    if (lexer->cursor == start) return literal_delimiter(lexer, start, fstring, in_spec);

    Token token = make(lexer, TK_FMIDDLE, start);
    token.raw = fstring->raw;
    token.in_spec = in_spec;
    return token;
}

//-- punctuation -------------------------------------------------------------------------------------

static const struct Punct *find_punct(const Lexer *lexer, const char *at)
{
    for (int i = lexer->first_punct[(unsigned char)*at & 127] - 1; i >= 0 && i < PUNCT_COUNT; i++) {
        if (puncts[i].text[0] != *at) break;
        if (strncmp(at, puncts[i].text, puncts[i].len) == 0) return &puncts[i];
    }
    return NULL;
}

static char closing_of(const Open *open)
{
    return open->character == '(' ? ')' : open->character == '[' ? ']' : '}';
}

static Token mismatched(Lexer *lexer, const char *at, const Open *open)
{
    lexer->depth--; // most likely this one was meant to be closed
    if (open->kind == OPEN_FIELD) return bad(lexer, at, at + 1, "f-string: unmatched '%c'", *at);
    uint32_t line = line_at(lexer, lexer->source->text + open->at);
    for (int i = lexer->depth; i-- > 0;)
        if (lexer->open[i].kind == OPEN_FIELD)
            return bad(lexer, at, at + 1, "f-string: closing parenthesis '%c' does not match opening parenthesis '%c'", *at,
                       open->character);
    if (line == line_at(lexer, at))
        return bad(lexer, at, at + 1, "closing parenthesis '%c' does not match opening parenthesis '%c'", *at,
                   open->character);
    return bad(lexer, at, at + 1,
               "closing parenthesis '%c' does not match opening parenthesis '%c' on line %u", *at,
               open->character, line);
}

static Token close_bracket(Lexer *lexer, const char *at, int kind)
{
    if (!lexer->depth) return bad(lexer, at, at + 1, "unmatched '%c'", *at);
    const Open *open = &lexer->open[lexer->depth - 1];
    if (closing_of(open) != *at) return mismatched(lexer, at, open);
    lexer->depth--;
    return make(lexer, open->kind == OPEN_FIELD ? TK_FRBRACE : kind, at);
}

/* Directly in a field, ':' begins the format spec and '!' a conversion. */
static Token field_punct(Lexer *lexer, const char *at)
{
    lexer->cursor = at + 1;
    if (*at == '!') return make(lexer, TK_BANG, at);
    lexer->open[lexer->depth - 1].kind = OPEN_SPEC;
    return make(lexer, TK_FCOLON, at);
}

static Token punct_token(Lexer *lexer, const char *at)
{
    bool in_field = lexer->depth && lexer->open[lexer->depth - 1].kind == OPEN_FIELD;
    if (in_field && (*at == ':' || (*at == '!' && at[1] != '='))) return field_punct(lexer, at);

    const struct Punct *punct = find_punct(lexer, at);
    if (!punct || punct->kind == TK_BANG) return invalid_character(lexer, at);
    lexer->cursor = at + punct->len;
    if (ONE_OF(punct->kind, TK_RP, TK_RB, TK_RC)) return close_bracket(lexer, at, punct->kind);
    if (ONE_OF(punct->kind, TK_LP, TK_LB, TK_LC)) {
        Open open = {OPEN_BRACKET, *at, false, false, offset_of(lexer, at)};
        if (!push(lexer, open)) return too_nested(lexer, at);
    }
    Token token = make(lexer, punct->kind, at);
    token.op = punct->op;
    return token;
}

Token lexer_unclosed(Lexer *lexer)
{
    const Open *open = &lexer->open[lexer->depth - 1];
    const char *at = lexer->source->text + open->at;
    if (open->kind == OPEN_FSTRING || open->kind == OPEN_SPEC)
        return fstring_unterminated(lexer, innermost_fstring(lexer));
    lexer->depth = 0;
    lexer->unclosed = true;
    if (wants_more(lexer)) return make(lexer, TK_BAD, at);
    return bad(lexer, at, at + 1, "'%c' was never closed", open->character);
}

//-- the scanner -------------------------------------------------------------------------------------

static Token scan(Lexer *lexer);

Token lexer_next(Lexer *lexer)
{
    OpenKind top = lexer->depth ? lexer->open[lexer->depth - 1].kind : OPEN_BRACKET;
    return top == OPEN_FSTRING || top == OPEN_SPEC ? fstring_token(lexer) : scan(lexer);
}

static Token backslash(Lexer *lexer, const char *start)
{
    return bad(lexer, start, start + 1, "unexpected character after line continuation character");
}

static Token leading_zeros(Lexer *lexer, const char *start)
{
    return bad(lexer, start, lexer->cursor,
               "leading zeros in decimal integer literals are not permitted; "
               "use an 0o prefix for octal integers");
}

static Token complex_literal(Lexer *lexer, const char *start)
{
    skip_word(lexer);
    return bad(lexer, start, lexer->cursor, "complex numbers are not part of the language");
}

static Token scan(Lexer *lexer)
{
    const char *start, *marker;

next:
    start = lexer->cursor;
    /*!re2c
    re2c:api:style             = free-form;
    re2c:define:YYCTYPE        = "unsigned char";
    re2c:define:YYCURSOR       = "lexer->cursor";
    re2c:define:YYMARKER       = "marker";
    re2c:define:YYPEEK         = "(unsigned char)*lexer->cursor";
    re2c:yyfill:enable         = 0;
    re2c:flags:case-insensitive = 0;

    letter  = [a-zA-Z_];
    foreign = [\x80-\xff];
    word    = letter | foreign | [0-9];

    digits  = [0-9] ("_"? [0-9])*;
    decimal = "0" ("_"? "0")* | [1-9] ("_"? [0-9])*;
    hex     = "0" [xX] ("_"? [0-9a-fA-F])+;
    octal   = "0" [oO] ("_"? [0-7])+;
    binary  = "0" [bB] ("_"? [01])+;
    power   = [eE] [-+]? digits;
    float   = digits "." digits? power? | "." digits power? | digits power;

    prefix  = [bBuUrR] | [bB] [rR] | [rR] [bB];
    fprefix = [fF] | [fF] [rR] | [rR] [fF];
    quote   = ['"];
    triple  = "'''" | ["]["]["];

    [ \t\f]+        { goto next; }
    "#" [^\n\x00]*  { goto next; }
    "\n"            { if (lexer->depth) goto next; return make(lexer, TK_NEWLINE, start); }
    "\x00"          { lexer->cursor = start; return make(lexer, TK_END, start); }
    "\\" "\n"       { if (lexer->cursor < text_end(lexer)) goto next;
                      if (wants_more(lexer)) return make(lexer, TK_BAD, start);
                      return bad(lexer, start, start + 1, "unexpected EOF while parsing"); }
    "\\"            { return backslash(lexer, start); }

    letter (letter | [0-9])*         { return name_token(lexer, start, true); }
    (letter | foreign) word*         { return name_token(lexer, start, false); }

    decimal | float                  { return number_token(lexer, start, "decimal", 10); }
    hex                              { return number_token(lexer, start, "hexadecimal", 16); }
    octal                            { return number_token(lexer, start, "octal", 8); }
    binary                           { return number_token(lexer, start, "binary", 2); }
    (digits | float) [jJ]            { return complex_literal(lexer, start); }
    "0" [xX]                         { return invalid_number(lexer, start, "hexadecimal", 16); }
    "0" [oO]                         { return invalid_number(lexer, start, "octal", 8); }
    "0" [bB]                         { return invalid_number(lexer, start, "binary", 2); }
    digits                           { return leading_zeros(lexer, start); }

    prefix? quote                    { return string_token(lexer, start, false); }
    prefix? triple                   { return string_token(lexer, start, true); }
    fprefix quote                    { return fstring_start(lexer, start, false); }
    fprefix triple                   { return fstring_start(lexer, start, true); }

    *                                { return punct_token(lexer, start); }
    */
}
