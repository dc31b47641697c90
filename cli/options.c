#include "cli/options.h"
#include "cli/option_table.h"
#include "cli/reader.h"
#include "lang/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- complaints ---------------------------------------------------------------------------------- */

/* "co: unknown command 'chekc' - did you mean 'check'?" */
static bool complain_unknown(const Options *o, const char *unknown, const NearSearch *search)
{
    reader_say(stderr, o->language, unknown, (int)search->len, search->word);
    if (search->best) reader_say(stderr, o->language, " - did you mean '%s'?\n", search->best);
    else reader_say(stderr, o->language, "\nTry 'co help'.\n");
    return false;
}

static bool complain_unknown_command(const Options *o, const NearSearch *search)
{
    return complain_unknown(o, "co: unknown command '%.*s'", search);
}

static NearSearch near_command(const char *word)
{
    NearSearch search = {word, strlen(word), NULL, 0};
    for (const CommandDef *c = option_commands; c->name; c++) near_offer(&search, c->name);
    return search;
}

static bool complain_unknown_option(const Options *opts, const char *word, size_t len,
                                    const CommandDef *command)
{
    NearSearch search = {word, len, NULL, 0};
    for (const OptionDef *o = option_rows; o->where; o++)
        if (o->help[0] && strchr(o->where, command->letter)) near_offer(&search, option_name(o));
    return complain_unknown(opts, "co: unknown option '%.*s'", &search);
}

/* An option of other commands. */
static bool complain_elsewhere(const Options *o, const char *word, const OptionDef *def,
                               const CommandDef *command)
{
    char owners[256];
    size_t n = 0;
    for (const CommandDef *c = option_commands; c->name && n < sizeof owners; c++)
        if (strchr(def->where, c->letter))
            n += (size_t)snprintf(owners + n, sizeof owners - n, "%s'co %s'", n ? ", " : "", c->name);
    reader_say(stderr, o->language, "co: '%s' is no option of 'co %s', but of %s\n", word, command->name,
               owners);
    return false;
}

static bool complain_value(const Options *o, const OptionDef *def, const char *value)
{
    if (strchr(def->value, '|'))
        reader_say(stderr, o->language, "co: %s takes %s, not '%s'\n", option_name(def), def->value, value);
    else reader_say(stderr, o->language, "co: %s: not a valid %s: '%s'\n", option_name(def), def->value, value);
    return false;
}

static bool complain_operand(const Options *o, const char *problem, const CommandDef *command)
{
    fputs(said(o->language, problem), stderr);
    reader_say(stderr, o->language, "usage: co %s%s%s\n", command->name, command->shown[0] ? " " : "",
               command->shown);
    return false;
}

/* ---- words --------------------------------------------------------------------------------------- */

typedef struct Words {
    char **argv;
    int argc, at;
    const CommandDef *command; // `run` if none is named
    bool named;
} Words;

static const OptionDef *find_option(const char *word, size_t len)
{
    for (const OptionDef *o = option_rows; o->where; o++)
        if ((strlen(o->name) == len && memcmp(word, o->name, len) == 0) ||
            (strlen(o->brief) == len && memcmp(word, o->brief, len) == 0))
            return len ? o : NULL;
    return NULL;
}

/* One option with its value: "--seed 7", "--seed=7". */
static bool take_option(Options *o, Words *w, bool *last)
{
    const char *word = w->argv[w->at++], *equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
    size_t len = equals ? (size_t)(equals - word) : strlen(word);
    const OptionDef *def = find_option(word, len);
    const char *value = equals ? equals + 1 : NULL;
    if (!def) return complain_unknown_option(o, word, len, w->command);
    if (!strchr(def->where, w->command->letter))
        return complain_elsewhere(o, option_name(def), def, w->command);
    if (value && !def->value[0])
        return reader_say(stderr, o->language, "co: %s takes no value\n", option_name(def)), false;
    if (def->value[0] && !value && w->at == w->argc)
        return reader_say(stderr, o->language, "co: %s needs a value: %s\n", option_name(def), def->value),
               false;
    if (def->value[0] && !value) value = w->argv[w->at++];
    if (!def->set(o, value)) return complain_value(o, def, value);
    *last = def->last;
    return true;
}

static bool is_option(const char *word) { return word[0] == '-' && word[1]; }

/* Options and paths in any order; "--" ends the options. */
static bool take_paths(Options *o, Words *w)
{
    char **paths = w->argv + w->at;
    bool last = false, plain = false;
    o->argv = paths;
    while (w->at < w->argc && !last) {
        if (!plain && strcmp(w->argv[w->at], "--") == 0) plain = true, w->at++;
        else if (plain || !is_option(w->argv[w->at])) o->argc++, *paths++ = w->argv[w->at++];
        else if (!take_option(o, w, &last)) return false;
    }
    return true;
}

/* A word that is a command with a slip in it rather than a script: no file, and no name of one. */
static bool looks_like_command(const char *word, const NearSearch *near)
{
    return near->best && !strpbrk(word, "./") && access(word, F_OK) != 0;
}

static bool take_subject(Options *o, Words *w)
{
    const char *word = w->at < w->argc ? w->argv[w->at] : NULL;
    Operands operands = w->command->operands;
    if (word && operands == OPERANDS_NONE) return complain_operand(o, "co: unexpected word\n", w->command);
    if (!word && operands == OPERANDS_ONE && w->named)
        return complain_operand(o, "co: which file?\n", w->command);
    NearSearch near = near_command(word ? word : "");
    if (word && !w->named && looks_like_command(word, &near)) return complain_unknown_command(o, &near);
    if (word && operands == OPERANDS_WORD && !option_find_command(word))
        return complain_unknown_command(o, &near);
    if (!word && !w->named) return true; // `co` alone
    o->action = w->command->action;
    o->subject = word;
    w->at += word != NULL;
    return true;
}

/* The command, if the next word is one and none has been named: it may stand behind options. */
static bool take_command(Options *o, Words *w)
{
    const CommandDef *command = w->at < w->argc ? option_find_command(w->argv[w->at]) : NULL;
    if (!command || w->named) return false;
    w->command = command;
    w->named = true;
    w->at++;
    o->action = command->action;
    return true;
}

bool options_parse(Options *o, int argc, char **argv)
{
    *o = (Options){.action = ACTION_INPUT, .language = language_from_environment()};
    Words w = {argv, argc, 1, &option_commands[0], false};
    bool last = false;
    take_command(o, &w);
    do {
        if (w.command->operands == OPERANDS_MANY) return take_paths(o, &w);
        while (w.at < argc && is_option(argv[w.at]) && strcmp(argv[w.at], "--") != 0 && !last)
            if (!take_option(o, &w, &last)) return false;
    } while (!last && take_command(o, &w));
    if (!last && w.at < argc && strcmp(argv[w.at], "--") == 0) w.at++;
    if (!last && !take_subject(o, &w)) return false;
    o->argc = argc - w.at;
    o->argv = argv + w.at;
    return true;
}

bool options_color(const Options *o, int fd)
{
    if (o->color != COLOR_AUTO) return o->color == COLOR_ALWAYS;
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

Reader options_reader(const Options *o, int fd)
{
    return (Reader){.language = o->language, .colours = options_color(o, fd)};
}
