#include "vm/hangul.h"
#include "vm/syllable.h"
#include "vm/utf8.h"
#include <stdint.h>
#include <string.h>

// The keys of the letters, in Unicode's orders: of a syllable's parts, and of letters that stand alone.
static const char *const lead_keys[] = {"r", "R", "s", "e", "E", "f", "a", "q", "Q", "t",
                                        "T", "d", "w", "W", "c", "z", "x", "v", "g"};
static const char *const vowel_keys[] = {"k",  "o",  "i", "O", "j",  "p",  "u",  "P", "h", "hk", "ho",
                                         "hl", "y",  "n", "nj", "np", "nl", "b", "m", "ml", "l"};
static const char *const tail_keys[] = {"",   "r",  "R",  "rt", "s",  "sw", "sg", "e", "f",  "fr",
                                        "fa", "fq", "ft", "fx", "fv", "fg", "a",  "q", "qt", "t",
                                        "T",  "d",  "w",  "c",  "z",  "x",  "v",  "g"};
static const char *const single_keys[] = {"r",  "R",  "rt", "s",  "sw", "sg", "e", "E", "f", "fr",
                                          "fa", "fq", "ft", "fx", "fv", "fg", "a", "q", "Q", "qt",
                                          "t",  "T",  "d",  "w",  "W",  "c",  "z", "x", "v", "g"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef struct Keys {
    const char *parts[3];
} Keys;

/* The keys of a character; false: it is no Hangul. */
static bool keys_of(uint32_t code, Keys *keys)
{
    enum { SINGLE = 0x3131, SINGLE_VOWEL = 0x314F };
    *keys = (Keys){{"", "", ""}};
    if (is_syllable(code)) {
        uint32_t at = code - SYLLABLE_FIRST;
        *keys = (Keys){{lead_keys[at / TAILS / VOWELS], vowel_keys[at / TAILS % VOWELS], tail_keys[at % TAILS]}};
    } else if (code - LEAD_FIRST < LEADS) keys->parts[0] = lead_keys[code - LEAD_FIRST];
    else if (code - VOWEL_FIRST < VOWELS) keys->parts[0] = vowel_keys[code - VOWEL_FIRST];
    else if (code - TAIL_NONE < TAILS) keys->parts[0] = tail_keys[code - TAIL_NONE];
    else if (code - SINGLE < COUNT(single_keys)) keys->parts[0] = single_keys[code - SINGLE];
    else if (code - SINGLE_VOWEL < COUNT(vowel_keys)) keys->parts[0] = vowel_keys[code - SINGLE_VOWEL];
    else return false;
    return true;
}

bool hangul_keys(const char *word, size_t len, char out[HANGUL_LONGEST])
{
    enum { MOST_KEYS = 5 }; // of a syllable
    size_t n = 0;
    bool any = false;
    for (const char *at = word; at < word + len;) {
        uint32_t code = utf8_get(&at);
        bool same = code == '_' || (code >= '0' && code <= '9');
        Keys keys = {{(char[]){(char)code, '\0'}, "", ""}};
        if (n + MOST_KEYS >= HANGUL_LONGEST || (!same && !keys_of(code, &keys))) return false;
        any = any || !same;
        for (int i = 0; i < 3; i++)
            for (const char *key = keys.parts[i]; *key; key++) out[n++] = *key;
    }
    out[n] = '\0';
    return any;
}

bool hangul_is_broken(const char *word, size_t len)
{
    for (const char *at = word; at < word + len;) {
        uint32_t code = utf8_get(&at);
        if ((code >= 0x1100 && code < 0x1200) || (code >= 0x3131 && code <= 0x3163)) return true;
    }
    return false;
}

bool hangul_keys_spell(const char *keys, const char *name, size_t name_len)
{
    if (strlen(keys) != name_len) return false;
    for (size_t i = 0; i < name_len; i++)
        if (ascii_lower(keys[i]) != ascii_lower(name[i])) return false;
    return true;
}
