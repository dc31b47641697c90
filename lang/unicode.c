#include "lang/unicode.h"
#include "vm/unitables.h"
#include <stdlib.h>

//-- UTF-8 -------------------------------------------------------------------------------------------

/* Length of the sequence a lead byte announces; 0 for a byte that leads none. */
static int sequence_length(unsigned char lead)
{
    return lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
}

/* The code point of a whole, well-formed sequence, surrogates included; -1 otherwise. */
static int32_t decode(const unsigned char *s, size_t avail, int *len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    *len = sequence_length(s[0]);
    if (*len == 0 || (size_t)*len > avail) return -1;
    if (*len == 1) return s[0];

    uint32_t code = s[0] & (0x7Fu >> *len);
    for (int i = 1; i < *len; i++) {
        if ((s[i] & 0xC0) != 0x80) return -1;
        code = code << 6 | (s[i] & 0x3F);
    }
    return code < least[*len] || code > 0x10FFFF ? -1 : (int32_t)code;
}

uint32_t utf8_next(const char **at, const char *end)
{
    int len;
    int32_t code = decode((const unsigned char *)*at, (size_t)(end - *at), &len);
    *at += code < 0 ? 1 : len;
    return code < 0 ? 0xFFFD : (uint32_t)code;
}

size_t utf8_valid_prefix(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len) {
        int step = 1;
        int32_t code = decode((const unsigned char *)text + at, len - at, &step);
        if (code < 0 || (code >= 0xD800 && code < 0xE000)) break;
        at += (size_t)step;
    }
    return at;
}

int utf8_encode(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    int len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (int i = len - 1; i > 0; i--, code >>= 6) out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)((0xF00 >> len & 0xFF) | code);
    return len;
}

//-- the database ------------------------------------------------------------------------------------

void unicode_close(Unicode *u)
{
    ucd_close(u->properties);
    ucd_names_close(u->names);
}

int32_t unicode_lookup(Unicode *u, const char *name, size_t len)
{
    if (!u->names && !(u->names = ucd_names_open())) return UNICODE_NO_MEMORY;
    return ucd_lookup(u->names, name, len);
}

static bool is_inert(const char *text, const char *end)
{
    while (text < end)
        if (!ucd_is_inert(UCD_NFKC, utf8_next(&text, end))) return false;
    return true;
}

static bool normalize(Unicode *u, TextBuffer *out, const char *text, const char *end)
{
    uint32_t *codes = malloc((size_t)(end - text) * sizeof *codes), *normal = NULL;
    size_t count = 0, length = 0;
    while (codes && text < end) codes[count++] = utf8_next(&text, end);
    if (!u->properties) u->properties = ucd_open();
    if (codes && u->properties) normal = ucd_normalize(u->properties, UCD_NFKC, codes, count, &length);
    for (size_t i = 0; normal && i < length; i++) {
        char bytes[4];
        text_add(out, bytes, (size_t)utf8_encode(bytes, normal[i]));
    }
    bool ok = normal;
    free(codes);
    free(normal);
    return ok;
}

void unicode_nfkc(Unicode *u, TextBuffer *out, const char *text, size_t len)
{
    if (is_inert(text, text + len)) text_add(out, text, len);
    else if (!normalize(u, out, text, text + len)) out->failed = true;
}
