/* unicode.h - what the front end must know of Unicode.
 * The tables are made at build time from python3's unicodedata, so both agree on the version.
 * Code points are uint32_t; text is UTF-8, lone surrogates allowed.
 */
#pragma once
#include "lang/text.h"
#include <stdint.h>

/* The code point at *at, which moves behind it. Bytes that are not UTF-8 count singly, as U+FFFD. */
uint32_t utf8_next(const char **at, const char *end);

/* Length of the longest valid UTF-8 prefix: `len` if all of it is. */
size_t utf8_valid_prefix(const char *text, size_t len);

/* Writes 1 to 4 bytes and returns how many. */
int utf8_encode(char *out, uint32_t code);

bool unicode_is_name_start(uint32_t code);
bool unicode_is_name_part(uint32_t code);
bool unicode_is_printable(uint32_t code);

/* Marks belong to the character before them. */
bool unicode_is_mark(uint32_t code);

/* Columns on a terminal: 0, 1 or 2. */
int unicode_width(uint32_t code);

/* The code point of that name ("GREEK SMALL LETTER ALPHA", aliases too), or -1. */
int32_t unicode_lookup(const char *name, size_t len);

/* Appends the NFKC form. */
void unicode_nfkc(TextBuffer *out, const char *text, size_t len);
