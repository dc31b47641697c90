/* unicode.h - what the front end must know of Unicode, beyond the properties of characters (vm/unitables.h).
 * Code points are uint32_t; text is UTF-8, lone surrogates allowed.
 */
#pragma once
#include "lang/text.h"
#include "vm/ucd.h"
#include <stdint.h>

/* The code point at *at, which moves behind it. Bytes that are not UTF-8 count singly, as U+FFFD. */
uint32_t utf8_next(const char **at, const char *end);

/* Length of the longest valid UTF-8 prefix: `len` if all of it is. */
size_t utf8_valid_prefix(const char *text, size_t len);

/* Writes 1 to 4 bytes and returns how many. */
int utf8_encode(char *out, uint32_t code);

/* What a text needed of the Unicode database: opened when first asked for, kept to the text's end. {0} at first. */
typedef struct Unicode {
    Ucd *properties;
    UcdNames *names;
} Unicode;

enum { UNICODE_UNKNOWN = -1, UNICODE_NO_MEMORY = -2 };

void unicode_close(Unicode *u);

/* The code point of that name ("GREEK SMALL LETTER ALPHA", second names too), UNICODE_UNKNOWN or UNICODE_NO_MEMORY. */
int32_t unicode_lookup(Unicode *u, const char *name, size_t len);

/* Appends the NFKC form. */
void unicode_nfkc(Unicode *u, TextBuffer *out, const char *text, size_t len);
