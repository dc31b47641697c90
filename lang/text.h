/* text.h - text that grows.
 * Running out of memory leaves it as it was and sets `failed`, which one check at the end sees.
 */
#pragma once
#include "vm/messages.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct TextBuffer {
    char *bytes; // NUL-terminated once anything was added
    size_t len, capacity;
    bool failed;
} TextBuffer;

void text_add(TextBuffer *out, const char *bytes, size_t len);
void text_addf(TextBuffer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* `english` in that language, filled in: see vm/messages.h. */
void text_saidf(TextBuffer *out, Language language, const char *english, ...) __attribute__((format(printf, 3, 4)));
void text_vsaidf(TextBuffer *out, Language language, const char *english, va_list args)
    __attribute__((format(printf, 3, 0)));
void text_free(TextBuffer *out);
