/* reader.h - what the command prints for people, in their language. */
#pragma once
#include "vm/messages.h"
#include <stdio.h>

/* That of CO_LANG, or else of the locale: LC_ALL, LC_MESSAGES, LANG. */
Language language_from_environment(void);

/* The text in the reader's language (vm/messages.h), filled in. */
void reader_say(FILE *to, Language language, const char *english, ...) __attribute__((format(printf, 3, 4)));
