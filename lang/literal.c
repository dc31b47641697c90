#define _GNU_SOURCE // strtod_l
#include "lang/build.h"
#include "lang/unicode.h"
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static const char *source_at(const Parser *p, uint32_t offset)
{
    return p->tree->source->text + offset;
}

//-- numbers -----------------------------------------------------------------------------------------

enum { MAX_DECIMAL_DIGITS = 4300 }; // CPython's limit, which makes conversion time harmless

/* The number's text without underscores, NUL behind it. */
static char *digits_of(Parser *p, Span span, uint32_t *len)
{
    char *digits = arena_text(&p->tree->arena, source_at(p, span.start), span.end - span.start);
    if (!digits) return NULL;
    *len = 0;
    for (uint32_t i = 0; i < span.end - span.start; i++)
        if (digits[i] != '_') digits[(*len)++] = digits[i];
    digits[*len] = '\0';
    return digits;
}

static Node *new_float(Parser *p, Span span, const char *digits)
{
    AstFloat *node = NODE_NEW(Float, span);
    if (!node) return NULL;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0); // glibc answers with a constant
    node->value = strtod_l(digits, NULL, plain);
    freelocale(plain);
    return &node->node;
}

static int digit_value(char digit)
{
    return digit <= '9' ? digit - '0' : (digit | 32) - 'a' + 10;
}

/* False when the value does not fit. */
static bool small_value(const char *digits, int base, int64_t *value)
{
    *value = 0;
    for (; *digits; digits++)
        if (__builtin_mul_overflow(*value, base, value) ||
            __builtin_add_overflow(*value, digit_value(*digits), value))
            return false;
    return true;
}

static Node *new_int(Parser *p, Span span, const char *digits, uint32_t len, int base)
{
    if (base == 10 && len > MAX_DECIMAL_DIGITS) {
        parser_error(p, span,
                     "Exceeds the limit (%d digits) for integer string conversion: value has %u digits",
                     MAX_DECIMAL_DIGITS, len);
        return NULL;
    }
    AstInt *node = NODE_NEW(Int, span);
    if (!node) return NULL;
    node->base = base;
    if (!small_value(digits, base, &node->value)) {
        node->value = 0;
        node->digits = (Text){digits, len};
    }
    return &node->node;
}

Node *ast_number(Parser *p, Token number)
{
    uint32_t len;
    const char *digits = digits_of(p, number.span, &len);
    if (!digits) return NULL;
    if (digits[0] == '0' && len > 1) {
        switch (digits[1] | 32) {
        case 'x': return new_int(p, number.span, digits + 2, len - 2, 16);
        case 'o': return new_int(p, number.span, digits + 2, len - 2, 8);
        case 'b': return new_int(p, number.span, digits + 2, len - 2, 2);
        }
    }
    bool is_float = digits[strspn(digits, "0123456789")];
    return is_float ? new_float(p, number.span, digits) : new_int(p, number.span, digits, len, 10);
}

//-- escapes -----------------------------------------------------------------------------------------

/* The body of a string on its way from source text to its value. */
typedef struct Unescape {
    Parser *p;
    const char *start, *at, *end;
    char *out;
    bool bytes;  // b'...'
    bool failed; // reported
} Unescape;

static void escape_error(Unescape *u, const char *escape, const char *end, const char *reason)
{
    uint32_t offset = (uint32_t)(escape - u->p->tree->source->text);
    Span span = {offset, offset + (uint32_t)(end - escape)};
    long from = escape - u->start, to = end - u->start - 1;
    if (u->bytes)
        parser_error(u->p, span, "(value error) invalid \\x escape at position %ld", from);
    else
        parser_error(u->p, span,
                     "(unicode error) 'unicodeescape' codec can't decode bytes in position %ld-%ld: %s", from,
                     to, reason);
    u->failed = true;
}

static void put_code(Unescape *u, uint32_t code)
{
    if (u->bytes)
        *u->out++ = (char)code;
    else
        u->out += utf8_encode(u->out, code);
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

/* \xHH, \uHHHH, \UHHHHHHHH; `at` is behind the letter. */
static void hex_escape(Unescape *u, const char *escape, int count, const char *truncated)
{
    uint32_t code = 0;
    int i = 0;
    for (; i < count && u->at < u->end && is_hex(*u->at); i++)
        code = code << 4 | (uint32_t)digit_value(*u->at++);
    if (i < count)
        escape_error(u, escape, u->at, truncated);
    else if (code > 0x10FFFF)
        escape_error(u, escape, u->at, "illegal Unicode character");
    else
        put_code(u, code);
}

static void octal_escape(Unescape *u, char first)
{
    uint32_t code = (uint32_t)(first - '0');
    for (int i = 0; i < 2 && u->at < u->end && *u->at >= '0' && *u->at <= '7'; i++)
        code = code << 3 | (uint32_t)(*u->at++ - '0');
    put_code(u, u->bytes ? code & 0xFF : code);
}

static void name_escape(Unescape *u, const char *escape)
{
    const char *close = u->at < u->end && *u->at == '{' ? memchr(u->at, '}', (size_t)(u->end - u->at)) : NULL;
    if (!close || close == u->at + 1) {
        escape_error(u, escape, u->at, "malformed \\N character escape");
        return;
    }
    const char *name = u->at + 1;
    int32_t code = unicode_lookup(&u->p->lexer.unicode, name, (size_t)(close - name));
    u->at = close + 1;
    if (code >= 0) put_code(u, (uint32_t)code);
    else if (code == UNICODE_UNKNOWN) escape_error(u, escape, u->at, "unknown Unicode character name");
    else u->p->diags->out_of_memory = u->failed = true;
}

static const char single_escapes[] = "\\\\''\"\"a\ab\bf\fn\nr\rt\tv\v"; // pairs: letter, meaning

/* One escape, with `at` behind the backslash. What is none keeps its backslash. */
static void unescape_one(Unescape *u)
{
    const char *escape = u->at - 1;
    char letter = *u->at++;
    if (letter == '\n') return;
    for (const char *pair = single_escapes; *pair; pair += 2) {
        if (*pair != letter) continue;
        *u->out++ = pair[1];
        return;
    }
    if (letter >= '0' && letter <= '7') {
        octal_escape(u, letter);
    } else if (letter == 'x') {
        hex_escape(u, escape, 2, "truncated \\xXX escape");
    } else if (letter == 'u' && !u->bytes) {
        hex_escape(u, escape, 4, "truncated \\uXXXX escape");
    } else if (letter == 'U' && !u->bytes) {
        hex_escape(u, escape, 8, "truncated \\UXXXXXXXX escape");
    } else if (letter == 'N' && !u->bytes) {
        name_escape(u, escape);
    } else {
        *u->out++ = '\\';
        u->at--; // the letter may be the first byte of many, or a brace
    }
}

/* Copies the body with escapes replaced, which never makes it longer, and doubled braces halved. */
static Text unescape(Unescape *u, bool raw, bool doubled)
{
    size_t len = (size_t)(u->end - u->start);
    char *text = arena_alloc(&u->p->tree->arena, len + 1);
    if (!text) return (Text){0};
    u->at = u->start;
    u->out = text;
    while (u->at < u->end && !u->failed) {
        char byte = *u->at++;
        if (byte == '\\' && !raw && u->at < u->end) {
            unescape_one(u);
        } else {
            *u->out++ = byte;
            if (doubled && (byte == '{' || byte == '}') && u->at < u->end && *u->at == byte) u->at++;
        }
    }
    *u->out = '\0';
    return (Text){text, (uint32_t)(u->out - text)};
}

//-- plain strings -----------------------------------------------------------------------------------

static Node *new_text(Parser *p, NodeKind kind, Span span, Text text)
{
    // Str and Bytes share their layout.
    _Static_assert(sizeof(AstStr) == sizeof(AstBytes), "texts differ");
    AstStr *node = text.bytes ? NODE_NEW(Str, span) : NULL;
    if (!node) return NULL;
    node->node.kind = (uint8_t)kind;
    node->text = text;
    return &node->node;
}

static bool check_ascii(Parser *p, const char *start, const char *end)
{
    for (const char *at = start; at < end; at++) {
        if ((unsigned char)*at < 0x80) continue;
        uint32_t offset = (uint32_t)(at - p->tree->source->text);
        parser_error(p, (Span){offset, offset + 1}, "bytes can only contain ASCII literal characters");
        return false;
    }
    return true;
}

Node *ast_string(Parser *p, Token string)
{
    const char *at = source_at(p, string.span.start), *end = source_at(p, string.span.end);
    bool bytes = false, raw = false;
    for (; *at != '\'' && *at != '"'; at++) {
        bytes |= (*at | 32) == 'b';
        raw |= (*at | 32) == 'r';
    }
    int quotes = end - at >= 6 && at[1] == at[0] && at[2] == at[0] ? 3 : 1;
    Unescape u = {.p = p, .start = at + quotes, .end = end - quotes, .bytes = bytes};
    if (bytes && !check_ascii(p, u.start, u.end)) return NULL;
    return new_text(p, bytes ? AST_Bytes : AST_Str, string.span, unescape(&u, raw, false));
}

//-- f-strings ---------------------------------------------------------------------------------------

Node *ast_fstring_text(Parser *p, Token text)
{
    Unescape u = {.p = p, .start = source_at(p, text.span.start), .end = source_at(p, text.span.end)};
    return new_text(p, AST_Str, text.span, unescape(&u, text.raw, !text.in_spec));
}

Token ast_conversion(Parser *p, Token bang, Token name)
{
    const char *text = source_at(p, name.span.start);
    bool known = name.span.end - name.span.start == 1 && strchr("sra", *text);
    if (!known || bang.span.end != name.span.start)
        parser_error(p, name.span, "f-string: invalid conversion character: expected 's', 'r', or 'a'");
    return token_join(bang, name, 0);
}

/* The text of `{value = }` up to what follows the equals sign, as it is printed before the value. */
static Node *debug_text(Parser *p, uint32_t start, uint32_t end)
{
    char *text = arena_text(&p->tree->arena, source_at(p, start), end - start);
    return new_text(p, AST_Str, (Span){start, end}, (Text){text, end - start});
}

NodeList ast_fstring_field(Parser *p, NodeList parts, Token open, Node *value, Token eq, Token conversion,
                           Node *spec, Token close)
{
    AstFormattedValue *node = NODE_NEW(FormattedValue, span_join(open.span, close.span));
    if (!node) return parts;
    node->value = no_star(p, value);
    node->spec = spec;
    if (conversion.kind) node->conversion = *source_at(p, conversion.span.end - 1);
    if (eq.kind) {
        uint32_t end = conversion.kind ? conversion.span.start : spec ? spec->span.start : close.span.start;
        parts = list_add(p, parts, debug_text(p, open.span.end, end));
        if (!conversion.kind && !spec) node->conversion = 'r';
    }
    return list_add(p, parts, node_done(p, &node->node));
}

//-- joining -----------------------------------------------------------------------------------------

/* One Str or Bytes of items[from..to). */
static Node *join_texts(Parser *p, NodeList list, uint32_t from, uint32_t to)
{
    if (to - from == 1) return list.items[from];
    size_t len = 0;
    for (uint32_t i = from; i < to; i++) len += ((const AstStr *)list.items[i])->text.len;
    char *text = arena_alloc(&p->tree->arena, len + 1), *out = text;
    if (!text) return NULL;
    for (uint32_t i = from; i < to; i++) {
        Text part = ((const AstStr *)list.items[i])->text;
        memcpy(out, part.bytes, part.len);
        out += part.len;
    }
    Span span = span_join(list.items[from]->span, list.items[to - 1]->span);
    return new_text(p, list.items[from]->kind, span, (Text){text, (uint32_t)len});
}

/* Runs of text become one, empty ones none. */
static NodeList join_parts(Parser *p, NodeList parts)
{
    NodeList joined = {0};
    for (uint32_t from = 0, to; from < parts.count; from = to) {
        to = from + 1;
        Node *part = parts.items[from];
        if (part->kind == AST_Str) {
            while (to < parts.count && parts.items[to]->kind == AST_Str) to++;
            part = join_texts(p, parts, from, to);
            if (part && AST(Str, part)->text.len == 0) continue;
        }
        joined = list_add(p, joined, part);
    }
    return joined;
}

static Node *new_joined(Parser *p, Span span, NodeList parts)
{
    AstJoinedStr *node = NODE_NEW(JoinedStr, span);
    if (!node) return NULL;
    node->parts = join_parts(p, parts);
    return node_done(p, &node->node);
}

Node *ast_fstring(Parser *p, Token start, NodeList parts, Token end)
{
    return new_joined(p, span_join(start.span, end.span), parts);
}

Node *ast_fstring_spec(Parser *p, Token colon, NodeList parts)
{
    return new_joined(p, span_join(colon.span, list_span(parts)), parts);
}

/* Neighbouring strings as one, with the parts of all f-strings among them. */
Node *ast_strings(Parser *p, NodeList strings)
{
    if (strings.count <= 1) return strings.count ? strings.items[0] : NULL;
    uint32_t bytes = 0, formatted = 0;
    NodeList parts = {0};
    for (uint32_t i = 0; i < strings.count; i++) {
        Node *string = strings.items[i];
        bytes += string->kind == AST_Bytes;
        formatted += string->kind == AST_JoinedStr;
        if (string->kind == AST_JoinedStr)
            parts = list_join(p, parts, AST(JoinedStr, string)->parts);
        else
            parts = list_add(p, parts, string);
    }
    if (bytes && bytes < strings.count) {
        parser_error(p, list_span(strings), "cannot mix bytes and nonbytes literals");
        return NULL;
    }
    return formatted ? new_joined(p, list_span(strings), parts) : join_texts(p, strings, 0, strings.count);
}
