/* ucd_names.c - names of characters, which follow each other much alike: of each only what differs from
 * the one before is kept, and of every NAMES_A_BLOCK-th all. A table of hashes finds them by name.
 */
#include "vm/inflate.h"
#include "vm/syllable.h"
#include "vm/ucd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UCD_NAMES
#include "ucd.inc"

_Static_assert((int)NAME_LONGEST == (int)UCD_NAME_MAX, "the longest name");

enum { BLOCKS = (NAME_COUNT + NAMES_A_BLOCK - 1) / NAMES_A_BLOCK, SLOTS = 1 << 16, CODE_OF_NAME = 1 };
_Static_assert(NAME_COUNT < SLOTS * 3 / 4, "room in the table of hashes");

struct UcdNames {
    uint32_t codes[NAME_COUNT];  // rising, as far as FIRST_NAMES
    uint16_t numbers[SLOTS];     // by hash: one more than a name's number; 0: none
    const char *blocks[BLOCKS];  // where the first name's text begins
    uint8_t data[NAMES_SIZE];    // steps from code to code, lengths of shared beginnings, texts, each with '\n' behind
};

//-- names as they lie --------------------------------------------------------------------------------

/* The names from the first of a block on. */
typedef struct NameReader {
    const UcdNames *names;
    const char *at;
    uint32_t number; // of the next
    char stem[UCD_NAME_MAX]; // of the last, as it lies
    char name[UCD_NAME_MAX];
    size_t len;
} NameReader;

static NameReader read_from(const UcdNames *n, uint32_t block)
{
    return (NameReader){.names = n, .at = n->blocks[block], .number = block * NAMES_A_BLOCK};
}

/* Copies the stem, with its code point where that is due. */
static void spell(NameReader *r, size_t len, uint32_t code)
{
    bool ends_in_code = len && r->stem[len - 1] == CODE_OF_NAME;
    memcpy(r->name, r->stem, len);
    r->len = len;
    if (ends_in_code) {
        char hex[12];
        int digits = snprintf(hex, sizeof hex, "%04X", code);
        memcpy(r->name + len - 1, hex, (size_t)digits);
        r->len = len - 1 + (size_t)digits;
    }
}

static void next_name(NameReader *r)
{
    const uint8_t *shared = r->names->data + 3 * NAME_COUNT;
    const char *end = strchr(r->at, '\n');
    size_t prefix = shared[r->number], rest = (size_t)(end - r->at);
    memcpy(r->stem + prefix, r->at, rest);
    r->at = end + 1;
    spell(r, prefix + rest, r->names->codes[r->number++]);
}

//-- opening ------------------------------------------------------------------------------------------

static uint32_t hash_of(const char *name, size_t len) // FNV-1a
{
    uint32_t hash = 0x811C9DC5;
    for (size_t i = 0; i < len; i++) hash = (hash ^ (unsigned char)name[i]) * 0x01000193;
    return hash ^ hash >> 16;
}

static void read_codes(UcdNames *n)
{
    const uint8_t *low = n->data, *middle = low + NAME_COUNT, *high = middle + NAME_COUNT;
    uint32_t code = 0;
    for (size_t i = 0; i < NAME_COUNT; i++) {
        code += low[i] | (uint32_t)middle[i] << 8 | (uint32_t)high[i] << 16;
        n->codes[i] = code &= 0xFFFFFF; // second names step back
    }
}

static void index_names(UcdNames *n)
{
    n->blocks[0] = (const char *)n->data + 4 * NAME_COUNT;
    NameReader r = read_from(n, 0);
    while (r.number < NAME_COUNT) {
        if (r.number % NAMES_A_BLOCK == 0) n->blocks[r.number / NAMES_A_BLOCK] = r.at;
        next_name(&r);
        uint32_t slot = hash_of(r.name, r.len) % SLOTS;
        while (n->numbers[slot]) slot = (slot + 1) % SLOTS;
        n->numbers[slot] = (uint16_t)r.number;
    }
}

UcdNames *ucd_names_open(void)
{
    UcdNames *n = calloc(1, sizeof *n);
    if (!n || !inflate_into(n->data, NAMES_SIZE, deflated_names, sizeof deflated_names)) return free(n), NULL;
    read_codes(n);
    index_names(n);
    return n;
}

void ucd_names_close(UcdNames *n)
{
    free(n);
}

static NameReader read_name(const UcdNames *n, uint32_t number)
{
    NameReader r = read_from(n, number / NAMES_A_BLOCK);
    while (r.number <= number) next_name(&r);
    return r;
}

//-- names by rule ------------------------------------------------------------------------------------

static const char ideograph_prefix[] = "CJK UNIFIED IDEOGRAPH-", syllable_prefix[] = "HANGUL SYLLABLE ";

static const char *const leads[LEADS] = {"G",  "GG", "N", "D",  "DD", "R", "M", "B", "BB", "S",
                                         "SS", "",   "J", "JJ", "C",  "K", "T", "P", "H"};
static const char *const vowels[VOWELS] = {"A", "AE", "YA", "YAE", "EO", "E",  "YEO", "YE", "O",  "WA", "WAE",
                                           "OE", "YO", "U", "WEO", "WE", "WI", "YU",  "EU", "YI", "I"};
static const char *const tails[TAILS] = {"",   "G",  "GG", "GS", "N",  "NJ", "NH", "D", "L",  "LG",
                                         "LM", "LB", "LS", "LT", "LP", "LH", "M",  "B", "BS", "S",
                                         "SS", "NG", "J",  "C",  "K",  "T",  "P",  "H"};

static bool is_ideograph(uint32_t code)
{
    size_t count = sizeof ideographs / sizeof *ideographs, i = 0;
    while (i < count && ideographs[i] <= code) i++;
    return i & 1;
}

static bool has_prefix(const char **name, size_t *len, const char *prefix)
{
    size_t n = strlen(prefix);
    if (*len < n || memcmp(*name, prefix, n) != 0) return false;
    *name += n;
    *len -= n;
    return true;
}

static int32_t lookup_ideograph(const char *hex, size_t len)
{
    if (len < 4 || len > 5) return -1;
    uint32_t code = 0;
    for (size_t i = 0; i < len; i++) {
        const char *digits = "0123456789ABCDEF", *digit = memchr(digits, hex[i], 16);
        if (!digit) return -1;
        code = code * 16 + (uint32_t)(digit - digits);
    }
    return is_ideograph(code) ? (int32_t)code : -1;
}

/* Takes the longest of `count` spellings that `name` begins with; its index, or -1. */
static int take_part(const char *const *spellings, int count, const char **name, size_t *len)
{
    int best = -1;
    size_t best_len = 0;
    for (int i = 0; i < count; i++) {
        size_t n = strlen(spellings[i]);
        if (n <= *len && memcmp(*name, spellings[i], n) == 0 && (best < 0 || n > best_len)) {
            best = i;
            best_len = n;
        }
    }
    *name += best_len;
    *len -= best_len;
    return best;
}

static int32_t lookup_syllable(const char *name, size_t len)
{
    int lead = take_part(leads, LEADS, &name, &len);
    int vowel = take_part(vowels, VOWELS, &name, &len);
    int tail = take_part(tails, TAILS, &name, &len);
    if (lead < 0 || vowel < 0 || tail < 0 || len) return -1;
    return SYLLABLE_FIRST + (lead * VOWELS + vowel) * TAILS + tail;
}

static size_t syllable_name(uint32_t code, char *out)
{
    uint32_t parts[3] = {0, 0, TAIL_NONE};
    syllable_split(code, parts);
    return (size_t)snprintf(out, UCD_NAME_MAX, "%s%s%s%s", syllable_prefix, leads[parts[0] - LEAD_FIRST],
                            vowels[parts[1] - VOWEL_FIRST], tails[parts[2] - TAIL_NONE]);
}

//-- asking -------------------------------------------------------------------------------------------

static int compare_codes(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

size_t ucd_name(const UcdNames *n, uint32_t code, char out[UCD_NAME_MAX])
{
    if (is_syllable(code)) return syllable_name(code, out);
    if (is_ideograph(code)) return (size_t)snprintf(out, UCD_NAME_MAX, "%s%04X", ideograph_prefix, code);
    const uint32_t *place = bsearch(&code, n->codes, FIRST_NAMES, sizeof code, compare_codes);
    if (!place) return 0;
    NameReader r = read_name(n, (uint32_t)(place - n->codes));
    memcpy(out, r.name, r.len);
    return r.len;
}

static int32_t lookup_listed(const UcdNames *n, const char *name, size_t len)
{
    for (uint32_t slot = hash_of(name, len) % SLOTS; n->numbers[slot]; slot = (slot + 1) % SLOTS) {
        NameReader r = read_name(n, n->numbers[slot] - 1u);
        if (r.len == len && memcmp(r.name, name, len) == 0) return (int32_t)n->codes[r.number - 1];
    }
    return -1;
}

int32_t ucd_lookup(const UcdNames *n, const char *name, size_t len)
{
    const char *rest = name;
    size_t rest_len = len;
    if (has_prefix(&rest, &rest_len, ideograph_prefix)) return lookup_ideograph(rest, rest_len);
    if (has_prefix(&rest, &rest_len, syllable_prefix)) return lookup_syllable(rest, rest_len);

    char upper[UCD_NAME_MAX];
    if (len > UCD_NAME_MAX) return -1;
    for (size_t i = 0; i < len; i++)
        upper[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 32) : name[i];
    return lookup_listed(n, upper, len);
}
