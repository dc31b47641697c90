/* near.h - which word somebody may have meant. */
#pragma once
#include <stddef.h>

enum { NEAR_LONGEST = 32 }; // longer words are near to nothing

/* Edits between two words of at most NEAR_LONGEST bytes: insert, delete, replace, swap neighbours;
 * capitals or not is no edit. */
size_t near_distance(const char *a, size_t a_len, const char *b, size_t b_len);

/* A search through candidates: begin with {word, length}, offer each, look at `best`. */
typedef struct NearSearch {
    const char *word;
    size_t len;
    const char *best; // borrowed from its offer; NULL: none was near enough
    size_t best_distance;
} NearSearch;

void near_offer(NearSearch *search, const char *candidate);
