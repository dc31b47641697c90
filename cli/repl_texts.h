/* repl_texts.h - the prompt's own words (repl_texts.def), in the language of its user. */
#pragma once
#include "vm/messages.h"

typedef enum {
#define TEXT(NAME, english) SAY_##NAME,
#include "cli/repl_texts.def"
    SAY_COUNT
} ReplText;

const char *repl_text(Language language, ReplText text);
