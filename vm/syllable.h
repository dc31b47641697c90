/* syllable.h - syllables of Hangul, composed, decomposed and named by rule (The Unicode Standard, 3.12). */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum {
    SYLLABLE_FIRST = 0xAC00,
    LEAD_FIRST = 0x1100,
    VOWEL_FIRST = 0x1161,
    TAIL_NONE = 0x11A7, // the code point before the first tail
    LEADS = 19,
    VOWELS = 21,
    TAILS = 28,
    SYLLABLES = LEADS * VOWELS * TAILS
};

static inline bool is_syllable(uint32_t c) { return c - SYLLABLE_FIRST < SYLLABLES; }

/* Writes the parts of a syllable and answers how many: 2 or 3. */
static inline uint32_t syllable_split(uint32_t syllable, uint32_t out[3])
{
    uint32_t index = syllable - SYLLABLE_FIRST, tail = index % TAILS;
    out[0] = LEAD_FIRST + index / (VOWELS * TAILS);
    out[1] = VOWEL_FIRST + index / TAILS % VOWELS;
    out[2] = TAIL_NONE + tail;
    return tail ? 3 : 2;
}

/* The syllable of a lead and a vowel, or of a syllable without tail and a tail; 0: they make none. */
static inline uint32_t syllable_join(uint32_t first, uint32_t second)
{
    if (first - LEAD_FIRST < LEADS && second - VOWEL_FIRST < VOWELS)
        return SYLLABLE_FIRST + ((first - LEAD_FIRST) * VOWELS + (second - VOWEL_FIRST)) * TAILS;
    bool open = is_syllable(first) && (first - SYLLABLE_FIRST) % TAILS == 0;
    return open && second - TAIL_NONE - 1 < TAILS - 1 ? first + (second - TAIL_NONE) : 0;
}
