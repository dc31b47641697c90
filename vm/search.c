#define _GNU_SOURCE
/* search.c - see search.h. */
#include "vm/search.h"
#include "vm/utf8.h"

/* Most searches meet the needle's last byte (in UTF-8 the one that varies most) a few times only. When it
 * turns out to be common, memmem's linear-time search takes over. */
enum { FALSE_HITS = 24 };

size_t search_first(const void *hay, size_t n, const void *needle, size_t m)
{
    if (m > n) return SEARCH_NONE;
    if (m == 0) return 0;
    const char *start = hay, *end = start + n, *p = start + m - 1;
    char last = ((const char *)needle)[m - 1];
    if (m == 1) return (p = memchr(p, last, n)) ? (size_t)(p - start) : SEARCH_NONE;
    for (int hits = 0; hits < FALSE_HITS; hits++) {
        p = memchr(p, last, (size_t)(end - p));
        if (!p) return SEARCH_NONE;
        if (memcmp(p - (m - 1), needle, m - 1) == 0) return (size_t)(p - (m - 1) - start);
        p++;
    }
    p -= m - 1;
    p = memmem(p, (size_t)(end - p), needle, m);
    return p ? (size_t)(p - start) : SEARCH_NONE;
}

size_t search_last(const void *hay, size_t n, const void *needle, size_t m)
{
    if (m > n) return SEARCH_NONE;
    if (m == 0) return n;
    const char *start = hay;
    const char *first = needle;
    for (size_t left = n - m + 1; left > 0;) {
        const char *p = memrchr(start, *first, left);
        if (!p) return SEARCH_NONE;
        if (p[m - 1] == first[m - 1] && memcmp(p, needle, m) == 0) return (size_t)(p - start);
        left = (size_t)(p - start);
    }
    return SEARCH_NONE;
}

static size_t count_byte(const char *p, size_t n, char c)
{
    size_t count = 0;
    uint64_t pattern = repeat_byte(c);
    for (; n >= 8; p += 8, n -= 8)
        count += (equal_bytes(utf8_word(p), pattern) >> 7) * 0x0101010101010101u >> 56;
    for (; n; n--) count += *p++ == c;
    return count;
}

size_t search_count(const void *hay, size_t n, const void *needle, size_t m, size_t limit)
{
    if (m == 1) {
        size_t all = count_byte(hay, n, *(const char *)needle);
        return all < limit ? all : limit;
    }
    size_t count = 0;
    const char *p = hay;
    while (count < limit) {
        size_t at = search_first(p, n, needle, m);
        if (at == SEARCH_NONE) break;
        count++;
        p += at + m;
        n -= at + m;
    }
    return count;
}
