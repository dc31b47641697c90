/* search.h - finding bytes in bytes, for str, bytes and bytearray. */
#pragma once
#include <stddef.h>

#define SEARCH_NONE ((size_t)-1)

/* Offset of the first and last place where the m bytes of needle lie in the n bytes of hay, or SEARCH_NONE.
 * An empty needle is found at 0 and at n. */
size_t search_first(const void *hay, size_t n, const void *needle, size_t m);
size_t search_last(const void *hay, size_t n, const void *needle, size_t m);
/* Places that do not overlap, at most `limit`; m > 0. */
size_t search_count(const void *hay, size_t n, const void *needle, size_t m, size_t limit);
