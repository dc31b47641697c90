/* codecs.c - see codecs.h. Fast paths first; what goes wrong goes to one function per direction. */
#include "vm/codecs.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include <stdio.h>

typedef enum {
    CODEC_UTF8, CODEC_UTF8_SIG, CODEC_ASCII, CODEC_LATIN1, CODEC_UTF16, CODEC_UTF16_LE, CODEC_UTF16_BE,
    CODEC_UTF32, CODEC_UTF32_LE, CODEC_UTF32_BE, CODEC_UNKNOWN
} CodecId;

/* What error texts call them, and their names in CPython's normal form: lower case, '_' for anything else
 * than letters, digits and dots. */
static const struct {
    const char *name, *aliases;
} codecs[] = {
    [CODEC_UTF8] = {"utf-8", " utf_8 utf8 u8 utf cp65001 utf8_ucs2 utf8_ucs4 "},
    [CODEC_UTF8_SIG] = {"utf-8", " utf_8_sig "},
    [CODEC_ASCII] = {"ascii",
                     " ascii us_ascii 646 us iso_ir_6 ansi_x3.4_1968 ansi_x3_4_1968 ansi_x3.4_1986 ibm367 "
                     "cp367 csascii iso646_us iso_646.irv_1991 "},
    [CODEC_LATIN1] = {"latin-1", " latin_1 latin1 latin iso_8859_1 iso8859_1 iso8859 8859 l1 cp819 ibm819 "
                                 "csisolatin1 iso_ir_100 iso_8859_1_1987 "},
    [CODEC_UTF16] = {"utf-16", " utf_16 utf16 u16 "},
    [CODEC_UTF16_LE] = {"utf-16-le", " utf_16_le utf_16le unicodelittleunmarked "},
    [CODEC_UTF16_BE] = {"utf-16-be", " utf_16_be utf_16be unicodebigunmarked "},
    [CODEC_UTF32] = {"utf-32", " utf_32 utf32 u32 "},
    [CODEC_UTF32_LE] = {"utf-32-le", " utf_32_le utf_32le "},
    [CODEC_UTF32_BE] = {"utf-32-be", " utf_32_be utf_32be "},
};

/* Error handlers. What encoding has no use for is refused when an error occurs. */
typedef enum {
    ON_STRICT, ON_IGNORE, ON_REPLACE, ON_BACKSLASH, ON_XML, ON_ESCAPE, ON_PASS, ON_UNKNOWN
} Handler;
static const char *const handler_names[] = {"strict", "ignore", "replace", "backslashreplace",
                                            "xmlcharrefreplace", "surrogateescape", "surrogatepass"};

static Handler handler_of(Value errors)
{
    if (is_unset(errors)) return ON_STRICT;
    for (int i = 0; i < ON_UNKNOWN; i++)
        if (str_is(as_str(errors), handler_names[i])) return (Handler)i;
    return ON_UNKNOWN;
}

/* An encoding's name in normal form between spaces. */
static void normal_name(const Str *s, char *out, size_t size)
{
    size_t n = 0;
    out[n++] = ' ';
    for (size_t i = 0; i < s->size && n < size - 2; i++) {
        char c = ascii_lower(s->data[i]);
        if (is_ascii_lower(c) || is_ascii_digit(c) || c == '.') out[n++] = c;
        else if (c & 0x80) out[n++] = '?'; // in no name
        else if (n > 1 && out[n - 1] != '_') out[n++] = '_';
    }
    memcpy(out + n, " ", 2);
}

static CodecId codec_of(VM *vm, Value encoding)
{
    if (is_unset(encoding) || str_is(as_str(encoding), "utf-8")) return CODEC_UTF8;
    const Str *s = as_str(encoding);
    char name[40];
    if (memchr(s->data, 0, s->size)) {
        vm_raise(vm, ERR_VALUE, "embedded null character");
        return CODEC_UNKNOWN;
    }
    normal_name(s, name, sizeof name);
    for (int i = 0; i < CODEC_UNKNOWN; i++)
        if (name[1] != ' ' && strstr(codecs[i].aliases, name)) return (CodecId)i;
    vm_raise(vm, ERR_LOOKUP, "unknown encoding: %N", s);
    return CODEC_UNKNOWN;
}

/* (encoding, object, start, end, reason): the arguments of a UnicodeError. Answers false. */
static bool raise_unicode_error(VM *vm, ErrorKind kind, CodecId id, Value object, size_t start, size_t end,
                                const char *reason)
{
    Value name = str_from_c(vm, codecs[id].name), text = str_from_c(vm, reason);
    if (is_error(name) || is_error(text) || is_error(object)) return false;
    Value args = tuple_pack(vm, 5, name, object, small((int64_t)start), small((int64_t)end), text);
    if (is_error(args)) return false;
    Value exc = exception_new(vm, kind, args);
    if (!is_error(exc)) vm_raise_exc(vm, exc);
    return false;
}

static bool is_utf16(CodecId id) { return id >= CODEC_UTF16 && id <= CODEC_UTF16_BE; }
static bool is_utf32(CodecId id) { return id >= CODEC_UTF32 && id <= CODEC_UTF32_BE; }
static bool is_utf8(CodecId id) { return id <= CODEC_UTF8_SIG; }
static bool is_big_endian(CodecId id) { return id == CODEC_UTF16_BE || id == CODEC_UTF32_BE; }

/* ---- encoding ---- */

typedef struct Encoder {
    VM *vm;
    Str *s;
    CodecId id;
    Handler handler;
    Value errors;
    StrBuilder out; // bytes, not text
} Encoder;

static void put_unit(Encoder *e, uint32_t unit, int bytes)
{
    char *out = sb_grow(&e->out, (size_t)bytes);
    if (!out) return;
    for (int i = 0; i < bytes; i++) out[is_big_endian(e->id) ? bytes - 1 - i : i] = (char)(unit >> 8 * i);
    e->out.size += (size_t)bytes;
}

/* c as the codec writes it, surrogates as they are. */
static void put(Encoder *e, uint32_t c)
{
    if (is_utf8(e->id)) {
        sb_add_char(&e->out, c);
    } else if (is_utf32(e->id)) {
        put_unit(e, c, 4);
    } else if (!is_utf16(e->id)) {
        sb_add(&e->out, &(char){(char)c}, 1);
    } else if (c < 0x10000) {
        put_unit(e, c, 2);
    } else {
        put_unit(e, 0xD7C0 + (c >> 10), 2);
        put_unit(e, 0xDC00 | (c & 0x3FF), 2);
    }
}

static bool can_encode(CodecId id, uint32_t c)
{
    return id == CODEC_ASCII ? c < 0x80 : id == CODEC_LATIN1 ? c < 0x100 : !is_surrogate(c);
}

static void put_text(Encoder *e, const char *ascii)
{
    while (*ascii) put(e, (unsigned char)*ascii++);
}

static void put_backslashed(Encoder *e, uint32_t c)
{
    char text[12];
    snprintf(text, sizeof text, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
    put_text(e, text);
}

/* Write what stands for c, which the codec does not have. False: the handler has nothing for it. */
static bool put_substitute(Encoder *e, uint32_t c)
{
    char text[16];
    switch (e->handler) {
    case ON_IGNORE: return true;
    case ON_REPLACE: return put(e, '?'), true;
    case ON_BACKSLASH: return put_backslashed(e, c), true;
    case ON_XML:
        snprintf(text, sizeof text, "&#%u;", c);
        return put_text(e, text), true;
    case ON_ESCAPE:
        if (c - 0xDC80 >= 0x80 || is_utf16(e->id) || is_utf32(e->id)) return false;
        return sb_add(&e->out, &(char){(char)c}, 1), true;
    case ON_PASS:
        if (!is_surrogate(c) || e->id == CODEC_ASCII || e->id == CODEC_LATIN1) return false;
        return put(e, c), true;
    default: return false;
    }
}

/* Where the characters from p on that the codec does not have end: all are named in one error. UTF-16 and -32
 * name each alone. */
static const char *bad_run(const Encoder *e, const char *p)
{
    const char *end = e->s->data + e->s->size;
    do {
        const char *start = p;
        if (can_encode(e->id, utf8_get(&p))) return start;
    } while (p < end && !is_utf16(e->id) && !is_utf32(e->id));
    return p;
}

static bool refuse_encoding(Encoder *e, const char *p, const char *end)
{
    if (e->handler == ON_UNKNOWN) {
        vm_raise(e->vm, ERR_LOOKUP, "unknown error handler name '%V'", e->errors);
        return false;
    }
    const char *reason = e->id == CODEC_ASCII    ? "ordinal not in range(128)"
                         : e->id == CODEC_LATIN1 ? "ordinal not in range(256)"
                                                 : "surrogates not allowed";
    size_t start = str_position(e->s, (size_t)(p - e->s->data)), n = utf8_count(p, (size_t)(end - p));
    return raise_unicode_error(e->vm, ERR_UNICODE_ENCODE, e->id, obj_value(e->s), start, start + n, reason);
}

static bool encode_all(Encoder *e)
{
    const char *p = e->s->data, *end = p + e->s->size;
    while (p < end && !e->out.failed) {
        const char *start = p;
        uint32_t c = utf8_get(&p);
        if (can_encode(e->id, c)) {
            put(e, c);
            continue;
        }
        for (const char *run = bad_run(e, start); start < run; start = p) {
            p = start;
            if (!put_substitute(e, utf8_get(&p))) return refuse_encoding(e, start, run);
        }
    }
    return !e->out.failed;
}

static bool has_surrogates(const Str *s)
{
    const char *p = s->data, *end = p + s->size;
    while (p < end && (p = memchr(p, 0xED, (size_t)(end - p))))
        if ((unsigned char)*++p >= 0xA0) return true;
    return false;
}

/* UNSET: there is a character that Latin-1 does not have. */
static Value encode_latin1(VM *vm, const Str *s)
{
    Value v = bytes_new(vm, NULL, s->length);
    if (is_error(v)) return v;
    char *out = (char *)as_bytes(v)->data;
    for (const char *p = s->data, *end = p + s->size; p < end;) {
        size_t ascii = ascii_prefix(p, (size_t)(end - p));
        out = copy_bytes(out, p, ascii);
        for (p += ascii; p < end && *p & 0x80; p += 2) {
            unsigned char lead = (unsigned char)*p;
            if (lead > 0xC3) return VALUE_UNSET;
            *out++ = (char)(lead << 6 | (p[1] & 0x3F));
        }
    }
    return v;
}

/* CPython reaches these encodings without its registry, which tells errors of another kind with its own words before. */
static bool is_direct(const Str *encoding, CodecId id)
{
    static const char direct[] = " utf_8 utf8 utf_16 utf16 utf_32 utf32 ascii us_ascii latin_1 latin1 iso_8859_1 iso8859_1 ";
    char name[40];
    normal_name(encoding, name, sizeof name);
    return id != CODEC_UTF8_SIG && strstr(direct, name);
}

/* A failed encoding or decoding: raises what the registry says of it. */
static Value failed(VM *vm, const char *doing, Value encoding, CodecId id)
{
    bool unicode = vm_pending_is(vm, ERR_VALUE), known = vm_pending_is(vm, ERR_LOOKUP) || vm_pending_is(vm, ERR_TYPE);
    if (unicode || !known || is_unset(encoding) || is_direct(as_str(encoding), id)) return VALUE_ERROR;
    Value cause = vm_take_pending(vm), text = obj_str(vm, cause);
    ErrorKind kind = exception_is(vm, cause, ERR_TYPE) ? ERR_TYPE : ERR_LOOKUP;
    if (is_error(text)) return text;
    vm_raise(vm, kind, "%s with '%V' codec failed (%T: %V)", doing, encoding, cause, text);
    return exception_set_cause(vm, cause), VALUE_ERROR;
}

Value codec_encode(VM *vm, Str *s, Value encoding, Value errors)
{
    CodecId id = codec_of(vm, encoding);
    if (id == CODEC_UNKNOWN) return VALUE_ERROR;
    if ((str_is_ascii(s) && (id == CODEC_ASCII || id == CODEC_LATIN1)) || id == CODEC_UTF8)
        if (str_is_ascii(s) || !has_surrogates(s)) return bytes_new(vm, s->data, s->size);
    Value latin1 = id == CODEC_LATIN1 ? encode_latin1(vm, s) : VALUE_UNSET;
    if (!is_unset(latin1)) return latin1;
    Encoder e = {.vm = vm, .s = s, .id = id, .handler = handler_of(errors), .errors = errors};
    sb_init(&e.out, vm);
    if (id == CODEC_UTF8_SIG || id == CODEC_UTF16 || id == CODEC_UTF32) put(&e, 0xFEFF);
    Value v = encode_all(&e) ? bytes_new(vm, e.out.data, e.out.size) : failed(vm, "encoding", encoding, id);
    sb_drop(&e.out);
    return v;
}

/* ---- decoding ---- */

typedef struct Decoder {
    VM *vm;
    const uint8_t *data;
    size_t size, at;
    CodecId id;
    Handler handler;
    Value errors;
    StrBuilder out;
} Decoder;

/* A flaw in the bytes from `at` on. */
typedef struct Flaw {
    size_t size;        // bytes that are no character
    const char *reason; // NULL: no flaw
} Flaw;

static const char bad_start[] = "invalid start byte", bad_continuation[] = "invalid continuation byte";
static const char unexpected_end[] = "unexpected end of data", truncated[] = "truncated data";

static bool is_continuation(uint8_t c) { return (c & 0xC0) == 0x80; }

/* Bytes of the UTF-8 character at p (n > 0 bytes long), or 0 and what is wrong, in CPython's words. */
static size_t utf8_valid_at(const uint8_t *p, size_t n, Flaw *flaw)
{
    uint8_t c = p[0];
    if (c < 0x80) return 1;
    size_t size = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (c < 0xC2 || c > 0xF4) return *flaw = (Flaw){1, bad_start}, 0;
    // The second byte's range excludes overlong forms, surrogates and what is above U+10FFFF.
    uint8_t low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
    uint8_t high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    for (size_t i = 1; i < size; i++) {
        if (i == n) return *flaw = (Flaw){n, unexpected_end}, 0;
        bool good = i == 1 ? p[1] >= low && p[1] <= high : is_continuation(p[i]);
        if (!good) return *flaw = (Flaw){i, bad_continuation}, 0;
    }
    return size;
}

/* The commonest case, a character of three bytes with as many to read. */
static inline bool is_three_bytes(const uint8_t *p)
{
    bool second_high = p[1] & 0x20; // A0..BF: what E0 needs and ED must not have
    return (p[0] & 0xF0) == 0xE0 && is_continuation(p[1]) && is_continuation(p[2]) &&
           (p[0] == 0xE0 ? second_high : p[0] != 0xED || !second_high);
}

/* Length of the valid prefix; *length: its code points. */
static size_t utf8_valid(const uint8_t *data, size_t n, size_t *length)
{
    size_t at = 0;
    Flaw flaw;
    *length = 0;
    while (at < n) {
        size_t plain = ascii_prefix((const char *)data + at, n - at);
        at += plain;
        *length += plain;
        while (at < n && data[at] >= 0x80) {
            bool three = n - at >= 3 && is_three_bytes(data + at);
            size_t size = three ? 3 : utf8_valid_at(data + at, n - at, &flaw);
            if (!size) return at;
            at += size;
            ++*length;
        }
    }
    return n;
}

static uint32_t unit_at(const Decoder *d, size_t at, int bytes)
{
    uint32_t unit = 0;
    for (int i = 0; i < bytes; i++) {
        int place = is_big_endian(d->id) ? bytes - 1 - i : i;
        unit |= (uint32_t)d->data[at + (size_t)i] << 8 * place;
    }
    return unit;
}

static Flaw decode_utf16_char(Decoder *d)
{
    size_t left = d->size - d->at;
    if (left < 2) return (Flaw){1, truncated};
    uint32_t c = unit_at(d, d->at, 2);
    if (is_surrogate(c)) {
        if (c >= 0xDC00) return (Flaw){2, "illegal encoding"};
        if (left < 4) return (Flaw){left, unexpected_end};
        uint32_t low = unit_at(d, d->at + 2, 2);
        if (low - 0xDC00 >= 0x400) return (Flaw){2, "illegal UTF-16 surrogate"};
        c = 0x10000 + ((c & 0x3FF) << 10 | (low & 0x3FF));
        d->at += 2;
    }
    d->at += 2;
    sb_add_char(&d->out, c);
    return (Flaw){0, NULL};
}

static Flaw decode_utf32_char(Decoder *d)
{
    if (d->size - d->at < 4) return (Flaw){d->size - d->at, truncated};
    uint32_t c = unit_at(d, d->at, 4);
    if (c > 0x10FFFF) return (Flaw){4, "code point not in range(0x110000)"};
    if (is_surrogate(c)) return (Flaw){4, "code point in surrogate code point range(0xd800, 0xe000)"};
    d->at += 4;
    sb_add_char(&d->out, c);
    return (Flaw){0, NULL};
}

/* As many bytes as are valid UTF-8 or ASCII. */
static Flaw decode_bytes(Decoder *d)
{
    Flaw flaw = {1, "ordinal not in range(128)"};
    const uint8_t *p = d->data + d->at;
    size_t n = d->size - d->at, length;
    size_t good = is_utf8(d->id) ? utf8_valid(p, n, &length) : ascii_prefix((const char *)p, n);
    sb_add(&d->out, (const char *)p, good);
    d->at += good;
    if (good == n) return (Flaw){0, NULL};
    if (is_utf8(d->id)) utf8_valid_at(p + good, n - good, &flaw);
    return flaw;
}

/* The surrogate that is spelled out at `at`, in the codec's own form; 0: none. */
static size_t spelled_surrogate(const Decoder *d, uint32_t *c)
{
    const uint8_t *p = d->data + d->at;
    size_t left = d->size - d->at, size = is_utf8(d->id) ? 3 : is_utf16(d->id) ? 2 : 4;
    if (left < size || d->id == CODEC_ASCII) return 0;
    if (!is_utf8(d->id)) *c = unit_at(d, d->at, (int)size);
    else if (p[0] == 0xED && is_continuation(p[1]) && is_continuation(p[2]))
        *c = 0xD000u | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
    else return 0;
    return is_surrogate(*c) ? size : 0;
}

/* Bytes of the flaw that surrogateescape can take: those that are not ASCII. */
static size_t escapable(const Decoder *d, size_t size)
{
    size_t n = 0;
    while (n < size && n < 4 && d->data[d->at + n] >= 0x80) n++;
    return n;
}

static bool refuse_decoding(Decoder *d, Flaw flaw)
{
    if (d->handler == ON_UNKNOWN) {
        vm_raise(d->vm, ERR_LOOKUP, "unknown error handler name '%V'", d->errors);
        return false;
    }
    if (d->handler == ON_XML) {
        vm_raise(d->vm, ERR_TYPE, "don't know how to handle UnicodeDecodeError in error callback");
        return false;
    }
    Value object = bytes_new(d->vm, d->data, d->size);
    return raise_unicode_error(d->vm, ERR_UNICODE_DECODE, d->id, object, d->at, d->at + flaw.size,
                               flaw.reason);
}

/* Put what stands for the flaw and go on behind it. */
static bool mend(Decoder *d, Flaw flaw)
{
    size_t n = flaw.size;
    uint32_t c;
    switch (d->handler) {
    case ON_IGNORE: break;
    case ON_REPLACE: sb_add_char(&d->out, 0xFFFD); break;
    case ON_BACKSLASH:
        for (size_t i = 0; i < n; i++) sb_addf(&d->out, "\\x%02x", d->data[d->at + i]);
        break;
    case ON_ESCAPE:
        n = escapable(d, n);
        if (!n) return refuse_decoding(d, flaw);
        for (size_t i = 0; i < n; i++) sb_add_char(&d->out, 0xDC00u + d->data[d->at + i]);
        break;
    case ON_PASS:
        n = spelled_surrogate(d, &c);
        if (!n) return refuse_decoding(d, flaw);
        sb_add_char(&d->out, c);
        break;
    default: return refuse_decoding(d, flaw);
    }
    d->at += n;
    return true;
}

static Flaw decode_some(Decoder *d)
{
    if (is_utf16(d->id)) return decode_utf16_char(d);
    if (is_utf32(d->id)) return decode_utf32_char(d);
    return decode_bytes(d);
}

/* A byte order mark decides the order, and is no text. Positions in errors count it, but for UTF-8's. */
static void skip_mark(Decoder *d)
{
    if (d->id == CODEC_UTF8_SIG && d->size >= 3 && memcmp(d->data, "\xEF\xBB\xBF", 3) == 0) {
        d->data += 3;
        d->size -= 3;
    }
    int unit = d->id == CODEC_UTF16 ? 2 : d->id == CODEC_UTF32 ? 4 : 0;
    if (!unit) return;
    d->id = unit == 2 ? CODEC_UTF16_LE : CODEC_UTF32_LE;
    if (d->size < (size_t)unit) return;
    if (unit_at(d, 0, unit) == 0xFEFF) d->at = (size_t)unit;
    else if (unit_at(d, 0, unit) == (unit == 2 ? 0xFFFEu : 0xFFFE0000u)) d->at = (size_t)unit, d->id++;
}

static Value decode_all(Decoder *d)
{
    sb_init(&d->out, d->vm);
    skip_mark(d);
    while (d->at < d->size && !d->out.failed) {
        Flaw flaw = decode_some(d);
        if (flaw.reason && !mend(d, flaw)) {
            sb_drop(&d->out);
            return VALUE_ERROR;
        }
    }
    return sb_finish(&d->out);
}

static Value decode_latin1(VM *vm, const uint8_t *data, size_t n)
{
    size_t high = 0;
    for (size_t i = 0; i < n; i++) high += data[i] >> 7;
    Str *s = str_alloc(vm, size_add(n, high), n);
    if (!s) return VALUE_ERROR;
    char *out = s->data;
    for (const char *p = (const char *)data, *end = p + n; p < end;) {
        size_t ascii = ascii_prefix(p, (size_t)(end - p));
        out = copy_bytes(out, p, ascii);
        for (p += ascii; p < end && *p & 0x80; p++) {
            *out++ = (char)(0xC0 | (unsigned char)*p >> 6);
            *out++ = (char)(0x80 | (*p & 0x3F));
        }
    }
    return obj_value(s);
}

Value codec_decode(VM *vm, const uint8_t *data, size_t n, Value encoding, Value errors)
{
    if (!n) return obj_value(vm->empty_str);
    CodecId id = codec_of(vm, encoding);
    if (id == CODEC_UNKNOWN) return VALUE_ERROR;
    size_t length = 0;
    const char *text = (const char *)data;
    if (id == CODEC_UTF8 && utf8_valid(data, n, &length) == n) return str_new_counted(vm, text, n, length);
    bool ascii = id == CODEC_ASCII || id == CODEC_LATIN1;
    if (ascii && ascii_prefix(text, n) == n) return str_new_counted(vm, text, n, n);
    if (id == CODEC_LATIN1) return decode_latin1(vm, data, n);
    Handler handler = handler_of(errors);
    Decoder d = {.vm = vm, .data = data, .size = n, .id = id, .handler = handler, .errors = errors};
    Value v = decode_all(&d);
    return is_error(v) ? failed(vm, "decoding", encoding, id) : v;
}

Value str_decode_utf8(VM *vm, const char *bytes, size_t n)
{
    return codec_decode(vm, (const uint8_t *)bytes, n, VALUE_UNSET, VALUE_UNSET);
}
