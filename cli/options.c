#include "cli/options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool complain(const char *what, const char *word)
{
    fprintf(stderr, "co: %s%s%s%s\nTry 'co -h'.\n", what, word ? ": '" : "", word ? word : "",
            word ? "'" : "");
    return false;
}

/* ---- values -------------------------------------------------------------------------------------- */

/* A number without sign, and what follows it. */
static bool read_number(const char *text, double *out, const char **rest)
{
    char *end;
    if (!(*text >= '0' && *text <= '9') && *text != '.') return false;
    *out = strtod(text, &end);
    *rest = end;
    return end != text && isfinite(*out);
}

static bool set_max_memory(Options *o, const char *text)
{
    static const char units[] = "KMGT";
    double n;
    const char *rest;
    if (!read_number(text, &n, &rest)) return false;
    const char *unit = *rest ? strchr(units, *rest & ~32) : NULL;
    if (*rest && !unit) return false;
    for (const char *u = units; unit && u <= unit; u++) n *= 1024;
    if (unit) rest++;
    if ((*rest == 'B' || *rest == 'b') && unit) rest++;
    if (*rest || n < 1 || n > 1e18) return false;
    o->max_memory = (size_t)n;
    return true;
}

static bool set_max_time(Options *o, const char *text)
{
    double s;
    const char *rest;
    if (!read_number(text, &s, &rest)) return false;
    if (*rest == 's') rest++;
    if (*rest || s <= 0 || s > 1e9) return false;
    o->max_time = (int64_t)(s * 1e9);
    if (!o->max_time) o->max_time = 1;
    return true;
}

static bool set_seed(Options *o, const char *text)
{
    char *end;
    errno = 0;
    o->seed = strtoull(text, &end, 10);
    o->seeded = true;
    return *text >= '0' && *text <= '9' && !*end && !errno;
}

static bool set_virtual_time(Options *o, const char *text) { (void)text; return o->virtual_time = true; }

static bool set_subject(Options *o, Action action, const char *text)
{
    o->action = action;
    o->subject = text;
    return true;
}
static bool set_code(Options *o, const char *text) { return set_subject(o, ACTION_CODE, text); }
static bool set_module(Options *o, const char *text) { return *text && set_subject(o, ACTION_MODULE, text); }
static bool set_help(Options *o, const char *text) { return set_subject(o, ACTION_HELP, text); }
static bool set_version(Options *o, const char *text) { return set_subject(o, ACTION_VERSION, text); }
static bool set_embed(Options *o, const char *text) { return set_subject(o, ACTION_EMBED, text); }

/* ---- tables -------------------------------------------------------------------------------------- */

typedef struct OptionDef {
    const char *name, *other_name;
    const char *value; // what the help calls it; NULL: takes none
    bool last;         // all words behind it are the program's
    bool (*set)(Options *o, const char *value);
    const char *help;  // NULL: not shown
} OptionDef;

static const OptionDef option_rows[] = {
    {"-c", NULL, "CODE", true, set_code, "run CODE"},
    {"-m", NULL, "MODULE", true, set_module, "run a module, found as import finds it"},
    {"--virtual-time", NULL, NULL, false, set_virtual_time, "sleeping takes no time: the clock jumps"},
    {"--seed", NULL, "N", false, set_seed, "tasks take turns in an order that follows from N"},
    {"--max-memory", NULL, "SIZE", false, set_max_memory, "MemoryError beyond SIZE bytes (50M, 2G)"},
    {"--max-time", NULL, "SECONDS", false, set_max_time, "end with status 124 after that long"},
    {"-h", "--help", NULL, true, set_help, "this text"},
    {"-V", "--version", NULL, true, set_version, "the version"},
    {"--embed", NULL, NULL, true, set_embed, NULL},
    {0},
};

typedef struct CommandDef {
    const char *name;
    Action action;
    const char *help;
} CommandDef;

static const CommandDef command_rows[] = {
    {"run", ACTION_FILE, "run FILE: the long form of 'co FILE'"},
    {"dis", ACTION_DIS, "print FILE's code"},
    {"trace", ACTION_TRACE, "run FILE and draw which task ran and waited when"},
    {0},
};

void options_help(void)
{
    printf("usage: co [OPTION ...] FILE [ARGUMENT ...]\n"
           "       co COMMAND [OPTION ...] FILE [ARGUMENT ...]\n"
           "       co [OPTION ...] -c CODE | -m MODULE | - [ARGUMENT ...]\n"
           "Without FILE: a prompt, or the program that standard input holds.\n\ncommands:\n");
    for (const CommandDef *c = command_rows; c->name; c++) printf("  %-22s %s\n", c->name, c->help);
    printf("\noptions:\n");
    for (const OptionDef *o = option_rows; o->name; o++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s%s%s%s", o->name, o->other_name ? ", " : "",
                 o->other_name ? o->other_name : "", o->value ? " " : "", o->value ? o->value : "");
        if (o->help) printf("  %-22s %s\n", left, o->help);
    }
    printf("\nenvironment:\n"
           "  CO_PATH                folders, separated by ':', in which import looks as well\n"
           "  CO_HASH_SEED           a number that fixes the hashes of strings\n"
           "\nexit status: 0, 1 uncaught exception or failed task, 2 usage, 3 deadlock, 124 time limit, 130 "
           "Ctrl-C\n");
}

static const OptionDef *find_option(const char *word)
{
    for (const OptionDef *o = option_rows; o->name; o++)
        if (strcmp(word, o->name) == 0 || (o->other_name && strcmp(word, o->other_name) == 0)) return o;
    return NULL;
}

static const CommandDef *find_command(const char *word)
{
    for (const CommandDef *c = command_rows; c->name; c++)
        if (strcmp(word, c->name) == 0) return c;
    return NULL;
}

bool options_parse(Options *o, int argc, char **argv)
{
    *o = (Options){.action = ACTION_INPUT};
    const CommandDef *command = argc > 1 ? find_command(argv[1]) : NULL;
    int i = command ? 2 : 1;
    bool chosen = false;
    for (; i < argc && argv[i][0] == '-' && argv[i][1] && !chosen; i++) {
        const OptionDef *def = find_option(argv[i]);
        const char *name = argv[i], *value = NULL;
        if (!def) return complain("unknown option", name);
        if (def->value && !(value = argv[++i]))
            return fprintf(stderr, "co: %s needs a value: %s\n", name, def->value), false;
        if (!def->set(o, value))
            return fprintf(stderr, "co: %s: not a valid %s: '%s'\n", name, def->value, value), false;
        chosen = def->last;
    }
    if (!chosen && i < argc) set_subject(o, command ? command->action : ACTION_FILE, argv[i++]);
    else if (!chosen && command) return complain("which file?", NULL);
    o->argc = argc - i;
    o->argv = argv + i;
    return true;
}
