/* utf8.h - generalised UTF-8 in memory: UTF-8 whose code points may be lone surrogates.
 * Everything here trusts its input to be well formed; codecs.c is where bytes are checked.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { UTF8_MAX = 4 }; // bytes of the longest code point

static inline bool utf8_is_start(char c) { return ((unsigned char)c & 0xC0) != 0x80; }

/* Bytes of the code point whose first byte is `lead`. */
static inline size_t utf8_step(char lead)
{
    unsigned char c = (unsigned char)lead;
    return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

static inline size_t utf8_size(uint32_t c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }

/* The code point at *at, which moves behind it. */
static inline uint32_t utf8_get(const char **at)
{
    const unsigned char *p = (const unsigned char *)*at;
    uint32_t c = *p;
    if (c < 0x80) {
        *at += 1;
        return c;
    }
    if (c < 0xE0) {
        *at += 2;
        return (c & 0x1F) << 6 | (p[1] & 0x3F);
    }
    if (c < 0xF0) {
        *at += 3;
        return (c & 0x0F) << 12 | (p[1] & 0x3F) << 6 | (p[2] & 0x3F);
    }
    *at += 4;
    return (c & 0x07) << 18 | (p[1] & 0x3F) << 12 | (p[2] & 0x3F) << 6 | (p[3] & 0x3F);
}

/* The start of the code point that ends before p. */
static inline const char *utf8_back(const char *p)
{
    do p--;
    while (!utf8_is_start(*p));
    return p;
}

/* Writes one code point, answers how many bytes. */
static inline size_t utf8_put(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

static inline uint64_t utf8_word(const char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof w);
    return w;
}

/* 0x80 in each byte of a word that equals the same byte of `pattern`. */
static inline uint64_t equal_bytes(uint64_t w, uint64_t pattern)
{
    uint64_t x = w ^ pattern, low = 0x7F7F7F7F7F7F7F7F;
    return ~(((x & low) + low) | x | low);
}

static inline uint64_t repeat_byte(char c) { return (unsigned char)c * 0x0101010101010101u; }

/* How many of the eight bytes of a word begin a code point. */
static inline size_t utf8_starts_in(uint64_t w)
{
    uint64_t continuation = (w >> 7) & ~(w >> 6) & 0x0101010101010101;
    return 8 - (continuation * 0x0101010101010101 >> 56);
}

/* Code points in n bytes; equal to n iff all of it is ASCII. */
static inline size_t utf8_count(const char *p, size_t n)
{
    size_t count = 0;
    for (; n >= 8; p += 8, n -= 8) count += utf8_starts_in(utf8_word(p));
    for (; n; p++, n--) count += utf8_is_start(*p);
    return count;
}

/* The start of code point number n (from 0) at or after p; `end` when there are fewer. */
static inline const char *utf8_skip(const char *p, const char *end, size_t n)
{
    while (end - p >= 8) {
        size_t starts = utf8_starts_in(utf8_word(p));
        if (starts > n) break;
        n -= starts;
        p += 8;
    }
    for (; p < end; p++)
        if (utf8_is_start(*p) && n-- == 0) return p;
    return end;
}

/* Length of the ASCII prefix. */
static inline size_t ascii_prefix(const char *p, size_t n)
{
    const char *start = p;
    for (; n >= 32; p += 32, n -= 32)
        if ((utf8_word(p) | utf8_word(p + 8) | utf8_word(p + 16) | utf8_word(p + 24)) & 0x8080808080808080)
            break;
    for (; n >= 8; p += 8, n -= 8)
        if (utf8_word(p) & 0x8080808080808080) break;
    for (; n && !(*p & 0x80); n--) p++;
    return (size_t)(p - start);
}

/* memcpy for pieces that are mostly a few bytes long. Answers the end of the copy. */
static inline char *copy_bytes(char *out, const char *p, size_t n)
{
    if (n > 16) {
        memcpy(out, p, n);
    } else if (n >= 8) { // two words that may overlap
        uint64_t first = utf8_word(p), last = utf8_word(p + n - 8);
        memcpy(out, &first, 8);
        memcpy(out + n - 8, &last, 8);
    } else if (n >= 4) {
        uint32_t first, last;
        memcpy(&first, p, 4);
        memcpy(&last, p + n - 4, 4);
        memcpy(out, &first, 4);
        memcpy(out + n - 4, &last, 4);
    } else if (n) {
        char first = p[0], middle = p[n / 2], last = p[n - 1];
        out[0] = first;
        out[n / 2] = middle;
        out[n - 1] = last;
    }
    return out + n;
}

/* memcmp() == 0 for pieces that are mostly a few bytes long. */
static inline bool same_bytes(const char *a, const char *b, size_t n)
{
    if (n > 16) return memcmp(a, b, n) == 0;
    if (n >= 8) return utf8_word(a) == utf8_word(b) && utf8_word(a + n - 8) == utf8_word(b + n - 8);
    if (n >= 4) {
        uint32_t first[2], last[2];
        memcpy(&first[0], a, 4), memcpy(&first[1], b, 4);
        memcpy(&last[0], a + n - 4, 4), memcpy(&last[1], b + n - 4, 4);
        return first[0] == first[1] && last[0] == last[1];
    }
    for (; n; n--, a++, b++)
        if (*a != *b) return false;
    return true;
}

static inline bool is_ascii_lower(char c) { return c >= 'a' && c <= 'z'; }
static inline bool is_ascii_upper(char c) { return c >= 'A' && c <= 'Z'; }
static inline bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
static inline char ascii_lower(char c) { return is_ascii_upper(c) ? (char)(c | 0x20) : c; }
static inline char ascii_upper(char c) { return is_ascii_lower(c) ? (char)(c & ~0x20) : c; }

static inline bool is_surrogate(uint32_t c) { return c - 0xD800 < 0x800; }
