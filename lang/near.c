#include "lang/near.h"
#include <stdbool.h>
#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

size_t near_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[NEAR_LONGEST + 1][NEAR_LONGEST + 1];
    for (size_t i = 0; i <= a_len; i++) {
        for (size_t j = 0; j <= b_len; j++) {
            if (!i || !j) {
                rows[i][j] = i + j;
                continue;
            }
            size_t replaced = rows[i - 1][j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
            rows[i][j] = least(replaced, least(rows[i - 1][j], rows[i][j - 1]) + 1);
            bool swapped =
                i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped) rows[i][j] = least(rows[i][j], rows[i - 2][j - 2] + 1);
        }
    }
    return rows[a_len][b_len];
}

/* One edit in a short word, two in a longer one, three in a long one; none in a word of two letters. */
static size_t tolerance(size_t len)
{
    return len < 3 ? 0 : len < 6 ? 1 : len < 12 ? 2 : 3;
}

void near_offer(NearSearch *search, const char *candidate)
{
    size_t len = strlen(candidate);
    if (search->len > NEAR_LONGEST || len > NEAR_LONGEST || len < 2) return;
    size_t distance = near_distance(search->word, search->len, candidate, len);
    bool same = len == search->len && memcmp(search->word, candidate, len) == 0;
    if (same || distance > tolerance(search->len)) return;
    if (search->best && distance >= search->best_distance) return;
    search->best = candidate;
    search->best_distance = distance;
}
