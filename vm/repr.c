/* repr.c - quoting text and bytes as Python literals. */
#include "vm/str.h"
#include "vm/unitables.h"

static const char hex_digits[] = "0123456789abcdef";

static void add_hex(StrBuilder *b, char kind, uint32_t c, int digits)
{
    char *out = sb_grow(b, 2 + (size_t)digits);
    if (!out) return;
    out[0] = '\\';
    out[1] = kind;
    for (int i = 0; i < digits; i++) out[2 + i] = hex_digits[c >> (4 * (digits - 1 - i)) & 15];
    b->size += 2 + (size_t)digits;
}

static void add_escape(StrBuilder *b, uint32_t c)
{
    switch (c) {
    case '\\': sb_add(b, "\\\\", 2); break;
    case '\'': sb_add(b, "\\'", 2); break;
    case '\n': sb_add(b, "\\n", 2); break;
    case '\r': sb_add(b, "\\r", 2); break;
    case '\t': sb_add(b, "\\t", 2); break;
    default:
        if (c < 0x100) add_hex(b, 'x', c, 2);
        else if (c < 0x10000) add_hex(b, 'u', c, 4);
        else add_hex(b, 'U', c, 8);
    }
}

/* Single quotes, unless the text has some and no double ones. */
static char quote_for(const char *text, size_t n)
{
    return memchr(text, '\'', n) && !memchr(text, '"', n) ? '"' : '\'';
}

/* Does this byte stand for itself between quotes? Bytes of non-ASCII characters never do. */
static inline bool is_plain(unsigned char c, char quote)
{
    return c >= ' ' && c < 0x7F && c != '\\' && c != (unsigned char)quote;
}

static size_t plain_prefix(const char *p, size_t n, char quote)
{
    size_t i = 0;
    while (i < n && is_plain((unsigned char)p[i], quote)) i++;
    return i;
}

bool repr_add_str(StrBuilder *b, const Str *s)
{
    char quote = quote_for(s->data, s->size);
    sb_grow(b, size_add(s->size, 2)); // most texts need no escapes
    sb_add(b, &quote, 1);
    for (const char *p = s->data, *end = p + s->size; p < end;) {
        size_t plain = plain_prefix(p, (size_t)(end - p), quote);
        sb_add(b, p, plain);
        p += plain;
        if (p == end) break;
        const char *start = p;
        uint32_t c = utf8_get(&p);
        if (c >= 0x80 && uni_is(c, UNI_PRINTABLE)) sb_add(b, start, (size_t)(p - start));
        else add_escape(b, c);
    }
    return sb_add(b, &quote, 1);
}

static bool add_byte_literal(StrBuilder *b, const char *p, size_t n, char quote, bool escape_single)
{
    const char *end = p + n;
    sb_add(b, "b", 1);
    sb_add(b, &quote, 1);
    while (p < end) {
        size_t plain = plain_prefix(p, (size_t)(end - p), escape_single ? '\'' : quote);
        sb_add(b, p, plain);
        p += plain;
        if (p < end) add_escape(b, (unsigned char)*p++);
    }
    return sb_add(b, &quote, 1);
}

bool repr_add_bytes(StrBuilder *b, const uint8_t *data, size_t n)
{
    const char *p = (const char *)data;
    return add_byte_literal(b, p, n, quote_for(p, n), false);
}

bool repr_add_bytearray(StrBuilder *b, const uint8_t *data, size_t n)
{
    const char *p = (const char *)data;
    return add_byte_literal(b, p, n, quote_for(p, n), true);
}

Value str_repr(VM *vm, Str *s)
{
    StrBuilder b;
    sb_init(&b, vm);
    repr_add_str(&b, s);
    return sb_finish(&b);
}

Value str_ascii(VM *vm, Str *s)
{
    if (str_is_ascii(s)) return str_exact(vm, s);
    StrBuilder b;
    sb_init(&b, vm);
    for (const char *p = s->data, *end = p + s->size; p < end;) {
        size_t plain = ascii_prefix(p, (size_t)(end - p));
        sb_add(&b, p, plain);
        p += plain;
        if (p < end) add_escape(&b, utf8_get(&p));
    }
    return sb_finish(&b);
}
