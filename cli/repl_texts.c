#include "cli/repl_texts.h"

const char *repl_text(bool korean, ReplText text)
{
    static const char *const texts[][2] = {
#define TEXT(NAME, en, ko) {en, ko},
#include "cli/repl_texts.def"
    };
    return texts[text][korean];
}
