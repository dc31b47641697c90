/* hangul.h - words typed with the Korean keyboard left on: "ㅔ갸ㅜㅅ" are the keys of "print". Plain data: needs no VM. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum { HANGUL_LONGEST = 64 };

/* The Latin letters on the keys (of the usual layout, with two sets) that type the UTF-8 word, in `keys`
 * with a '\0' behind. Which letters were capitals is lost for most. False: it has no Hangul, something
 * besides Hangul, digits and '_', or is too long. */
bool hangul_keys(const char *word, size_t len, char keys[HANGUL_LONGEST]);

/* Whether letters stand alone in the word that make no syllable, as they do in no Korean word. */
bool hangul_is_broken(const char *word, size_t len);

/* Whether the two words are the same but for capitals among their ASCII letters. */
bool hangul_keys_spell(const char *keys, const char *name, size_t name_len);
