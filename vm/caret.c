/* CPython parses the underlined text again to find its operator. We have no parser on this floor, but need only the
 * topmost node: a scan of tokens outside brackets finds the operator that binds least. */
#include "vm/caret.h"
#include "vm/unitables.h"

typedef struct Scan {
    const char *s;
    size_t n, at;
    bool after_operand; // the token before is something an operator can follow
    bool unary_first;
    bool odd;           // something else than operations is going on: no marks
    int best;           // precedence of the operator found; 0: none
    size_t op, op_end;
    size_t bracket;     // where the last subscript outside brackets begins, or SIZE_MAX
} Scan;

static bool is_word(char c)
{
    return c == '_' || is_ascii_digit(c) || is_ascii_lower(ascii_lower(c)) || (c & 0x80);
}

static void skip_string(Scan *p)
{
    char quote = p->s[p->at];
    bool triple = p->at + 2 < p->n && p->s[p->at + 1] == quote && p->s[p->at + 2] == quote;
    p->at += triple ? 3 : 1;
    for (; p->at < p->n; p->at++) {
        if (p->s[p->at] == '\\') p->at++;
        else if (p->s[p->at] == quote &&
                 (!triple || (p->at + 2 < p->n && p->s[p->at + 1] == quote && p->s[p->at + 2] == quote)))
            break;
    }
    p->at += triple ? 3 : 1;
    if (p->at > p->n) p->at = p->n;
}

/* Past the bracket that closes the one at p->at. */
static void skip_brackets(Scan *p)
{
    int depth = 0;
    while (p->at < p->n) {
        char c = p->s[p->at];
        if (c == '"' || c == '\'') {
            skip_string(p);
            continue;
        }
        p->at++;
        if (strchr("([{", c)) depth++;
        else if (strchr(")]}", c) && --depth == 0) return;
    }
    p->odd = true;
}

static void scan_word(Scan *p)
{
    static const char *const odd_words[] = {"and",    "or",     "not",   "if",     "else",   "in",
                                            "is",     "lambda", "yield", "for",    "return", "raise",
                                            "assert", "del",    "from",  "import", "as",     "async"};
    size_t start = p->at;
    while (p->at < p->n && (is_word(p->s[p->at]) || p->s[p->at] == '.')) p->at++;
    if (p->at < p->n && (p->s[p->at] == '"' || p->s[p->at] == '\'')) return; // a string's prefix
    for (size_t i = 0; i < sizeof odd_words / sizeof *odd_words; i++)
        if (strlen(odd_words[i]) == p->at - start && memcmp(odd_words[i], p->s + start, p->at - start) == 0)
            p->odd = true;
    bool await = p->at - start == 5 && memcmp(p->s + start, "await", 5) == 0;
    if (await && start == 0) p->unary_first = true;
    p->after_operand = !await;
    p->bracket = SIZE_MAX;
}

static int precedence(const char *op, size_t n)
{
    if (n == 2) return op[0] == '*' ? 8 : op[0] == '/' ? 6 : 4; // ** // << >>
    switch (*op) {
    case '|': return 1;
    case '^': return 2;
    case '&': return 3;
    case '+': case '-': return 5;
    default: return 6; // * / % @
    }
}

static void scan_operator(Scan *p)
{
    const char *s = p->s + p->at;
    size_t left = p->n - p->at, n = left > 1 && s[0] == s[1] && strchr("*/<>", *s) ? 2 : 1;
    bool compares = *s == '=' || *s == '!' || (n == 1 && (*s == '<' || *s == '>'));
    bool assigns = left > n && s[n] == '=';
    if (!strchr("|^&<>+-*/%@~=!", *s) || compares || assigns) {
        p->odd = true;
        return;
    }
    if (!p->after_operand || *s == '~') {
        if (p->at == 0) p->unary_first = true;
    } else {
        int level = precedence(s, n);
        // Of equals the last one is on top, but ** goes the other way.
        if (!p->best || level < p->best || (level == p->best && level != 8)) {
            p->best = level;
            p->op = p->at;
            p->op_end = p->at + n;
        }
    }
    p->at += n;
    p->after_operand = false;
    p->bracket = SIZE_MAX;
}

static void scan_token(Scan *p)
{
    char c = p->s[p->at];
    if (c == ' ' || c == '\t') p->at++;
    else if (c == '#') p->odd = true;
    else if (c == '"' || c == '\'') {
        skip_string(p);
        p->after_operand = true;
        p->bracket = SIZE_MAX;
    } else if (strchr("([{", c)) {
        bool subscript = c == '[' && p->after_operand;
        p->bracket = subscript ? p->at : SIZE_MAX;
        skip_brackets(p);
        p->after_operand = true;
    } else if (is_word(c) || c == '.') scan_word(p);
    else scan_operator(p);
}

/* The part [*left, *right) of an operation that is marked differently from its operands. */
static bool find_anchor(const char *s, size_t n, size_t *left, size_t *right)
{
    Scan p = {.s = s, .n = n, .bracket = SIZE_MAX};
    while (p.at < p.n && !p.odd) scan_token(&p);
    if (p.odd) return false;
    if (p.best) {
        if (p.best == 8 && p.unary_first) return false; // -x ** y is a negation
        *left = p.op;
        *right = p.op_end;
        return true;
    }
    if (p.bracket == SIZE_MAX || p.unary_first) return false;
    *left = p.bracket;
    *right = n;
    return true;
}

static bool add_marks(StrBuilder *b, const char *line, size_t from, size_t to, char mark)
{
    const char *p = line + from, *end = line + to;
    while (p < end) {
        uint32_t c = utf8_get(&p);
        int width = c < 0x80 ? 1 : uni_width(c);
        if (!sb_add_fill(b, (uint32_t)mark, (size_t)width)) return false;
    }
    return true;
}

bool caret_add_line(StrBuilder *b, const char *line, size_t n, size_t skipped, size_t start, size_t end,
                    int indent, const char *margin, bool colours)
{
    size_t shown = n;
    while (shown > skipped && strchr(" \t\r\f", line[shown - 1])) shown--;
    if (end > shown) end = shown;
    if (start < skipped || start >= end) return true;
    size_t left, right;
    bool anchored = find_anchor(line + start, end - start, &left, &right);
    if (!anchored && start == skipped && end == shown) return true;
    if (!sb_add_fill(b, ' ', (size_t)indent) || !sb_add_c(b, margin) || !sb_add_c(b, "    ")) return false;
    add_marks(b, line, skipped, start, ' ');
    sb_add_c(b, ink_code(colours, INK_CARET));
    if (anchored) {
        add_marks(b, line, start, start + left, '~');
        add_marks(b, line, start + left, start + right, '^');
        add_marks(b, line, start + right, end, '~');
    } else {
        add_marks(b, line, start, end, '^');
    }
    return sb_add_c(b, ink_code(colours, INK_NONE)) && sb_add_c(b, "\n");
}
