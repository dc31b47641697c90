#include "vm/messages.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Made from messages.def by tools/messages.py, which also checks it: sorted by the English text. */
static const struct Row {
    const char *english, *korean;
} rows[] = {
#include "messages.inc"
};

static int compare(const void *english, const void *row)
{
    return strcmp(english, ((const struct Row *)row)->english);
}

const char *said(Language language, const char *english)
{
    if (language == LANGUAGE_ENGLISH) return english;
    const struct Row *row = bsearch(english, rows, sizeof rows / sizeof *rows, sizeof *rows, compare);
    return row ? row->korean : english;
}

Language language_of_locale(const char *locale)
{
    bool korean = locale && strncmp(locale, "ko", 2) == 0 && (!locale[2] || strchr("_-.@", locale[2]));
    return korean ? LANGUAGE_KOREAN : LANGUAGE_ENGLISH;
}

const char *ink_code(bool colours, Ink ink)
{
    static const char *const codes[] = {
#define INK(NAME, code) "\033[" code "m",
#include "vm/inks.def"
    };
    return colours ? codes[ink] : "";
}

//-- particles -----------------------------------------------------------------------------------------

typedef enum Sound { VOWEL, CONSONANT, RIEUL } Sound; // what the word before ends in; 로 follows ㄹ as it does a vowel

static const struct Particle {
    const char *name, *after_consonant, *after_vowel;
    bool vowel_form_after_rieul;
} particles[] = {
    {"을", "을", "를", false}, {"이", "이", "가", false},   {"은", "은", "는", false},
    {"과", "과", "와", false}, {"로", "으로", "로", true},
};

/* How Koreans read a word of ASCII, as far as its last letters tell ("await" 어웨이트, "return" 리턴), a number or a sign. */
static Sound ascii_sound(const char *start, const char *end)
{
    char last = end[-1], before = end - start > 1 ? end[-2] : ' ';
    if (strchr("178lL", last)) return RIEUL;
    if (strchr("036mMnN", last)) return CONSONANT;
    if (strchr("pPbB", last) && strchr("aeiouAEIOU", before)) return CONSONANT; // 맵, but 헬프
    if ((last == 'g' && before == 'n') || (last == 'k' && before == 'c')) return CONSONANT; // 스트링, 블록
    return strchr(":.", last) ? CONSONANT : VOWEL; // 콜론, 점; but 괄호, 쉼표, 등호
}

static Sound hangul_sound(uint32_t code)
{
    if (code < 0xAC00 || code > 0xD7A3) return VOWEL;
    uint32_t final = (code - 0xAC00) % 28;
    return final == 0 ? VOWEL : final == 8 ? RIEUL : CONSONANT;
}

/* The sound that the text [start, end) ends in; quotes and the brackets of "f()" are not read. */
static Sound last_sound(const char *start, const char *end)
{
    while (end > start && strchr("'\"`", end[-1])) end--;
    if (end - start > 2 && end[-1] == ')' && end[-2] == '(') end -= 2;
    if (end == start) return VOWEL;
    if ((unsigned char)end[-1] < 0x80) return ascii_sound(start, end);
    const unsigned char *p = (const unsigned char *)end - 3;
    bool three_bytes = end - start >= 3 && (p[0] & 0xF0) == 0xE0;
    return three_bytes ? hangul_sound((p[0] & 0xFu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu)) : VOWEL;
}

static const char *particle_form(const char *name, size_t len, Sound sound)
{
    for (size_t i = 0; i < sizeof particles / sizeof *particles; i++) {
        const struct Particle *p = &particles[i];
        if (strlen(p->name) != len || memcmp(p->name, name, len) != 0) continue;
        bool as_vowel = sound == VOWEL || (sound == RIEUL && p->vowel_form_after_rieul);
        return as_vowel ? p->after_vowel : p->after_consonant;
    }
    return NULL;
}

size_t said_settle(char *text, size_t len)
{
    // No form is longer than its name and the two marks around it, so what is written never overtakes what is read.
    char *out = text, *end = text + len;
    for (char *at = text; at < end;) {
        char *close = *at == SAID_OPEN ? memchr(at, SAID_CLOSE, (size_t)(end - at)) : NULL;
        const char *form =
            close ? particle_form(at + 1, (size_t)(close - at - 1), last_sound(text, out)) : NULL;
        if (!form) {
            *out++ = *at++;
            continue;
        }
        size_t n = strlen(form);
        memcpy(out, form, n);
        out += n;
        at = close + 1;
    }
    return (size_t)(out - text);
}
