/* messages.h - what Co itself says, in the reader's language.
 * Code says its texts in English where it says them; messages.def has each of them in Korean, and `said` finds it.
 * What programs can see (an exception's own text) is English always and does not pass through here.
 *
 *     text_saidf(&out, language, "cannot read '%s': %s\n", path, why);       lang/, cli/ (lang/text.h)
 *     sb_saidf(&b, "deadlock: every task waits\n");                          vm/, stdlib/ (vm/str.h)
 *
 * Plain data and plain functions: no VM is needed.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef enum Language { LANGUAGE_ENGLISH, LANGUAGE_KOREAN } Language;

/* Whom reports on stderr are for. */
typedef struct Reader {
    Language language;
    bool colours; // stderr is a terminal that shows them
} Reader;

/* The text in that language, with the same directives in the same order; `english` itself if there is no row. */
const char *said(Language language, const char *english) __attribute__((format_arg(2)));

/* Korean particles follow the sound before them. A text of the table has '{을}', '{이}', '{은}', '{과}' and '{로}' behind
 * a directive; once that is filled in, this chooses the form ("값을", "'x'를"). In place; answers the new length. */
size_t said_settle(char *text, size_t len);
enum { SAID_OPEN = 2, SAID_CLOSE = 3 }; // what becomes of the braces in the table

/* Korean for "ko", "ko_KR.UTF-8" and the like, English for anything else. */
Language language_of_locale(const char *locale);

/* How parts of what is printed look: rows of inks.def. */
typedef enum Ink {
#define INK(NAME, code) INK_##NAME,
#include "vm/inks.def"
} Ink;

/* The escape sequence that begins one, or ends any (INK_NONE); "" when there are no colours. */
const char *ink_code(bool colours, Ink ink);
