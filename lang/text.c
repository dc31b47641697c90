#include "lang/text.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for `more` bytes and the NUL. */
static bool reserve(TextBuffer *out, size_t more)
{
    size_t need;
    if (__builtin_add_overflow(out->len, more, &need) || need > SIZE_MAX / 2 - 1) {
        out->failed = true;
        return false;
    }
    if (need < out->capacity) return true;

    size_t capacity = out->capacity ? out->capacity * 2 : 128;
    if (capacity <= need) capacity = need + 1;
    char *bytes = realloc(out->bytes, capacity);
    if (!bytes) {
        out->failed = true;
        return false;
    }
    out->bytes = bytes;
    out->capacity = capacity;
    return true;
}

void text_add(TextBuffer *out, const char *bytes, size_t len)
{
    if (!reserve(out, len)) return;
    if (len) memcpy(out->bytes + out->len, bytes, len);
    out->len += len;
    out->bytes[out->len] = '\0';
}

__attribute__((format(printf, 2, 0))) static void add_formatted(TextBuffer *out, const char *format,
                                                                va_list args)
{
    va_list again;
    va_copy(again, args);
    size_t room = out->capacity - out->len;
    int len = vsnprintf(room ? out->bytes + out->len : NULL, room, format, args);
    if (len >= 0 && (size_t)len < room) out->len += (size_t)len;
    else if (len >= 0 && reserve(out, (size_t)len)) {
        vsnprintf(out->bytes + out->len, (size_t)len + 1, format, again);
        out->len += (size_t)len;
    } else if (room) out->bytes[out->len] = '\0';
    va_end(again);
}

void text_addf(TextBuffer *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_formatted(out, format, args);
    va_end(args);
}

void text_saidf(TextBuffer *out, Language language, const char *english, ...)
{
    va_list args;
    va_start(args, english);
    text_vsaidf(out, language, english, args);
    va_end(args);
}

void text_vsaidf(TextBuffer *out, Language language, const char *english, va_list args)
{
    size_t before = out->len;
    add_formatted(out, said(language, english), args);
    if (out->len == before) return;
    out->len = before + said_settle(out->bytes + before, out->len - before);
    out->bytes[out->len] = '\0';
}

void text_free(TextBuffer *out)
{
    free(out->bytes);
    *out = (TextBuffer){0};
}
