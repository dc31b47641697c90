#include "cli/reader.h"
#include "lang/text.h"

#include <stdlib.h>

Language language_from_environment(void)
{
    static const char *const variables[] = {"CO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value) return language_of_locale(value);
    }
    return LANGUAGE_ENGLISH;
}

void reader_say(FILE *to, Language language, const char *english, ...)
{
    va_list args;
    va_start(args, english);
    TextBuffer text = {0};
    text_vsaidf(&text, language, english, args);
    va_end(args);
    if (text.bytes && !text.failed) {
        fwrite(text.bytes, 1, text.len, to);
    } else { // no memory for the text in two languages: said at once in one
        va_start(args, english);
        vfprintf(to, english, args);
        va_end(args);
    }
    text_free(&text);
}
