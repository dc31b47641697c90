#include "cli/repl_texts.h"

const char *repl_text(Language language, ReplText text)
{
    static const char *const texts[] = {
#define TEXT(NAME, english) english,
#include "cli/repl_texts.def"
    };
    return said(language, texts[text]);
}
