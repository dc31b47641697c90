/* unitables.h - what text methods ask about a code point.
 * The tables are made at build time from python3's own answers (tools/unitables.py), so both agree on the
 * version of Unicode. The order of the flags is that of FLAGS there.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    UNI_ALPHA = 1 << 0,
    UNI_DECIMAL = 1 << 1,
    UNI_DIGIT = 1 << 2,
    UNI_NUMERIC = 1 << 3,
    UNI_SPACE = 1 << 4,
    UNI_PRINTABLE = 1 << 5,
    UNI_UPPER = 1 << 6,
    UNI_LOWER = 1 << 7,
    UNI_TITLE = 1 << 8, // title case, as in U+01C5
    UNI_CASED = 1 << 9,
    UNI_IGNORABLE = 1 << 10, // case-ignorable: not seen when looking whether a sigma is final
    UNI_NAME_START = 1 << 11,
    UNI_NAME_PART = 1 << 12,
    UNI_LINE_BREAK = 1 << 13,
    UNI_MARK = 1 << 14,  // belongs to the character before it
    UNI_MIXES = 1 << 15, // some normalization form may change it or its neighbour; not said of Hangul's syllables
    UNI_ALNUM = UNI_ALPHA | UNI_DECIMAL | UNI_DIGIT | UNI_NUMERIC,
};

enum { UNI_BLOCK = 4, UNI_ROW = 9, UNI_MAX = 0x10FFFF, UNI_EXPAND = 3 }; // EXPAND: most characters one maps to

typedef struct UniRecord {
    uint16_t flags;
    uint8_t digit; // 255: none
    uint8_t width; // columns on a terminal
    int32_t upper, lower, title, fold; // twice the distance; odd: twice the place in uni_mappings, plus one
} UniRecord;

extern const UniRecord uni_records[];
extern const uint32_t uni_mappings[]; // length, code points
extern const uint16_t uni_ascii_flags[0x80]; // what is asked most, in one step
extern const uint8_t uni_rows[];
extern const uint16_t uni_blocks[], uni_numbers[];

static inline const UniRecord *uni_record(uint32_t c)
{
    if (c > UNI_MAX) c = UNI_MAX;
    size_t row = (size_t)uni_rows[c >> UNI_ROW] << (UNI_ROW - UNI_BLOCK);
    size_t block = uni_blocks[row + (c >> UNI_BLOCK) % (1 << (UNI_ROW - UNI_BLOCK))];
    return &uni_records[uni_numbers[(block << UNI_BLOCK) + c % (1 << UNI_BLOCK)]];
}

/* Scripts without case that texts are full of: ideographs, kana, Hangul. */
static inline bool uni_is_caseless(uint32_t c)
{
    return c - 0x2E80 < 0xA640 - 0x2E80 || c - 0xAC00 < 0xD800 - 0xAC00;
}

static inline bool uni_is(uint32_t c, unsigned flags)
{
    return (c < 0x80 ? uni_ascii_flags[c] : uni_record(c)->flags) & flags;
}

static inline int uni_width(uint32_t c) { return uni_record(c)->width; }
/* The value of a decimal digit (what int() takes) or -1. */
static inline int uni_decimal(uint32_t c)
{
    const UniRecord *r = uni_record(c);
    return r->flags & UNI_DECIMAL ? r->digit : -1;
}

/* Apply one of a record's mappings: writes 1 to UNI_EXPAND code points, answers how many. */
static inline int uni_map(uint32_t c, int32_t mapping, uint32_t out[UNI_EXPAND])
{
    if (!(mapping & 1)) return out[0] = c + (uint32_t)(mapping / 2), 1;
    const uint32_t *entry = &uni_mappings[mapping / 2];
    for (uint32_t i = 0; i < entry[0]; i++) out[i] = entry[1 + i];
    return (int)entry[0];
}
