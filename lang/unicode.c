#include "lang/unicode.h"
#include <stdlib.h>
#include <string.h>

typedef struct Composition {
    uint32_t first, second, composed;
} Composition;

typedef struct NameRun {
    uint32_t first, count;
} NameRun;

typedef struct ClassRun {
    uint32_t first, last;
    uint8_t cls;
} ClassRun;

#include "unicode.inc"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Hangul is composed, decomposed and named by rule (Unicode 3.12). */
enum {
    S_BASE = 0xAC00,
    L_BASE = 0x1100,
    V_BASE = 0x1161,
    T_BASE = 0x11A7,
    L_COUNT = 19,
    V_COUNT = 21,
    T_COUNT = 28,
    S_COUNT = L_COUNT * V_COUNT * T_COUNT
};

//-- UTF-8 -------------------------------------------------------------------------------------------

/* Length of the sequence a lead byte announces; 0 for a byte that leads none. */
static int sequence_length(unsigned char lead)
{
    return lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
}

/* The code point of a whole, well-formed sequence, surrogates included; -1 otherwise. */
static int32_t decode(const unsigned char *s, size_t avail, int *len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    *len = sequence_length(s[0]);
    if (*len == 0 || (size_t)*len > avail) return -1;
    if (*len == 1) return s[0];

    uint32_t code = s[0] & (0x7Fu >> *len);
    for (int i = 1; i < *len; i++) {
        if ((s[i] & 0xC0) != 0x80) return -1;
        code = code << 6 | (s[i] & 0x3F);
    }
    return code < least[*len] || code > 0x10FFFF ? -1 : (int32_t)code;
}

uint32_t utf8_next(const char **at, const char *end)
{
    int len;
    int32_t code = decode((const unsigned char *)*at, (size_t)(end - *at), &len);
    *at += code < 0 ? 1 : len;
    return code < 0 ? 0xFFFD : (uint32_t)code;
}

size_t utf8_valid_prefix(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len) {
        int step = 1;
        int32_t code = decode((const unsigned char *)text + at, len - at, &step);
        if (code < 0 || (code >= 0xD800 && code < 0xE000)) break;
        at += (size_t)step;
    }
    return at;
}

int utf8_encode(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    int len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (int i = len - 1; i > 0; i--, code >>= 6) out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)((0xF00 >> len & 0xFF) | code);
    return len;
}

//-- properties --------------------------------------------------------------------------------------

/* Whether `code` lies in a set given as inversion list. */
static bool in_set(const uint32_t *flips, size_t count, uint32_t code)
{
    size_t low = 0, high = count; // flips[..low) <= code < flips[high..)
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (flips[mid] <= code)
            low = mid + 1;
        else
            high = mid;
    }
    return low & 1;
}
#define IN_SET(set, code) in_set(set, COUNT(set), code)

bool unicode_is_name_start(uint32_t code)
{
    return IN_SET(name_start, code);
}

bool unicode_is_name_part(uint32_t code)
{
    return IN_SET(name_part, code);
}

bool unicode_is_printable(uint32_t code)
{
    return IN_SET(printable, code);
}

bool unicode_is_mark(uint32_t code)
{
    return code >= 0x300 && IN_SET(combining, code);
}

int unicode_width(uint32_t code)
{
    if (code < 0x300) return 1;
    return IN_SET(zero_width, code) ? 0 : IN_SET(wide, code) ? 2 : 1;
}

//-- names -------------------------------------------------------------------------------------------

enum { NAME_MAX = 88 }; // bytes of the longest name

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
    return IN_SET(ideographs, code) ? (int32_t)code : -1;
}

/* Takes the longest of `count` spellings that `name` begins with; its index, or -1. */
static int take_jamo(const char *const *spellings, int count, const char **name, size_t *len)
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
    static const char *const leads[L_COUNT] = {"G",  "GG", "N", "D",  "DD", "R", "M", "B", "BB", "S",
                                               "SS", "",   "J", "JJ", "C",  "K", "T", "P", "H"};
    static const char *const vowels[V_COUNT] = {"A",   "AE", "YA", "YAE", "EO", "E",  "YEO",
                                                "YE",  "O",  "WA", "WAE", "OE", "YO", "U",
                                                "WEO", "WE", "WI", "YU",  "EU", "YI", "I"};
    static const char *const tails[T_COUNT] = {"",   "G",  "GG", "GS", "N",  "NJ", "NH", "D", "L",  "LG",
                                               "LM", "LB", "LS", "LT", "LP", "LH", "M",  "B", "BS", "S",
                                               "SS", "NG", "J",  "C",  "K",  "T",  "P",  "H"};
    int lead = take_jamo(leads, L_COUNT, &name, &len);
    int vowel = take_jamo(vowels, V_COUNT, &name, &len);
    int tail = take_jamo(tails, T_COUNT, &name, &len);
    if (lead < 0 || vowel < 0 || tail < 0 || len) return -1;
    return S_BASE + (lead * V_COUNT + vowel) * T_COUNT + tail;
}

/* The characters lie in order and only their names' hashes are kept: four bytes a name, and looked for one by one. */
static int32_t lookup_hash(const char *name, size_t len)
{
    uint64_t hash = hash_start;
    for (size_t i = 0; i < len; i++) hash = (hash ^ (unsigned char)name[i]) * 0x100000001B3u;

    size_t n = 0;
    while (n < COUNT(name_hashes) && name_hashes[n] != hash >> 32) n++;
    for (size_t run = 0; run < COUNT(name_runs); n -= name_runs[run++].count)
        if (n < name_runs[run].count) return (int32_t)(name_runs[run].first + n);
    return -1;
}

int32_t unicode_lookup(const char *name, size_t len)
{
    // As in CPython, only the names that are listed may be in lower case.
    const char *rest = name;
    size_t rest_len = len;
    if (has_prefix(&rest, &rest_len, "CJK UNIFIED IDEOGRAPH-")) return lookup_ideograph(rest, rest_len);
    if (has_prefix(&rest, &rest_len, "HANGUL SYLLABLE ")) return lookup_syllable(rest, rest_len);

    char upper[NAME_MAX];
    if (len > NAME_MAX) return -1;
    for (size_t i = 0; i < len; i++)
        upper[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 32) : name[i];
    return lookup_hash(upper, len);
}

//-- NFKC --------------------------------------------------------------------------------------------

enum { LONGEST_IMAGE = 18 }; // code points that one decomposes into, at most

typedef struct Mark {
    uint32_t code;
    uint8_t cls; // combining class
    uint32_t index;
} Mark;

static int combining_class(uint32_t code)
{
    size_t low = 0, high = COUNT(class_runs);
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (class_runs[mid].last < code)
            low = mid + 1;
        else
            high = mid;
    }
    return low < COUNT(class_runs) && class_runs[low].first <= code ? class_runs[low].cls : 0;
}

static int compare_decomposition(const void *key, const void *row)
{
    uint32_t code = *(const uint32_t *)key, other = *(const uint32_t *)row >> PLACE_BITS;
    return code < other ? -1 : code > other;
}

/* Writes the compatibility decomposition of `code` and returns its length. */
static size_t decompose(uint32_t code, uint32_t *out)
{
    if (code - S_BASE < S_COUNT) {
        uint32_t index = code - S_BASE, tail = index % T_COUNT;
        out[0] = L_BASE + index / (V_COUNT * T_COUNT);
        out[1] = V_BASE + index / T_COUNT % V_COUNT;
        out[2] = T_BASE + tail;
        return tail ? 3 : 2;
    }
    const uint32_t *row = bsearch(&code, decompositions, COUNT(decompositions), sizeof *row, compare_decomposition);
    if (!row) {
        out[0] = code;
        return 1;
    }
    const char *image = (const char *)decomposition_pool + *row % (1 << PLACE_BITS) * 2;
    const char *end = (const char *)decomposition_pool + sizeof decomposition_pool;
    size_t count = (unsigned char)*image++;
    for (size_t i = 0; i < count; i++) out[i] = utf8_next(&image, end);
    return count;
}

static int compare_composition(const void *key, const void *row)
{
    const Composition *a = key, *b = row;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    return a->second < b->second ? -1 : a->second > b->second;
}

/* The character that `first` and `second` make together; 0 if none. */
static uint32_t compose(uint32_t first, uint32_t second)
{
    if (first - L_BASE < L_COUNT && second - V_BASE < V_COUNT)
        return S_BASE + ((first - L_BASE) * V_COUNT + (second - V_BASE)) * T_COUNT;
    if (first - S_BASE < S_COUNT && (first - S_BASE) % T_COUNT == 0 && second - T_BASE - 1 < T_COUNT - 1)
        return first + (second - T_BASE);
    Composition key = {first, second, 0};
    const Composition *row =
        bsearch(&key, compositions, COUNT(compositions), sizeof(Composition), compare_composition);
    return row ? row->composed : 0;
}

static int compare_marks(const void *a, const void *b)
{
    const Mark *x = a, *y = b;
    if (x->cls != y->cls) return x->cls < y->cls ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Brings every run of combining marks into canonical order: by class, equal ones as they stood. */
static void order_marks(Mark *marks, size_t count)
{
    for (size_t start = 0, end; start < count; start = end + 1) {
        for (end = start; end < count && marks[end].cls; end++) continue;
        if (end - start > 1) qsort(marks + start, end - start, sizeof(Mark), compare_marks);
    }
}

/* Composes in place and returns the new count. */
static size_t compose_all(Mark *marks, size_t count)
{
    size_t out = 0;
    Mark *starter = NULL;
    int last = -1; // class of the character before, -1 right behind the starter
    for (size_t i = 0; i < count; i++) {
        int cls = marks[i].cls;
        uint32_t composed = starter && last < cls ? compose(starter->code, marks[i].code) : 0;
        if (composed) {
            starter->code = composed;
            continue;
        }
        marks[out] = marks[i];
        if (cls == 0) starter = &marks[out];
        last = cls == 0 ? -1 : cls;
        out++;
    }
    return out;
}

static size_t decompose_all(Mark *marks, const char *text, const char *end)
{
    size_t count = 0;
    while (text < end) {
        uint32_t image[LONGEST_IMAGE];
        size_t len = decompose(utf8_next(&text, end), image);
        for (size_t i = 0; i < len; i++, count++)
            marks[count] = (Mark){image[i], (uint8_t)combining_class(image[i]), (uint32_t)count};
    }
    return count;
}

void unicode_nfkc(TextBuffer *out, const char *text, size_t len)
{
    // The longest image, 18 code points, belongs to a character of three bytes.
    Mark *marks = len < SIZE_MAX / 128 ? malloc((len + 3) * (LONGEST_IMAGE / 3) * sizeof(Mark)) : NULL;
    if (!marks) {
        out->failed = true;
        return;
    }
    size_t count = decompose_all(marks, text, text + len);
    order_marks(marks, count);
    count = compose_all(marks, count);
    for (size_t i = 0; i < count; i++) {
        char bytes[4];
        text_add(out, bytes, (size_t)utf8_encode(bytes, marks[i].code));
    }
    free(marks);
}
