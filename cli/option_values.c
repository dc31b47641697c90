/* option_values.c - the rows of options.def with what each does. */
#include "cli/option_table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A number without sign, and what follows it. */
static bool read_number(const char *text, double *out, const char **rest)
{
    char *end;
    if (!(*text >= '0' && *text <= '9') && *text != '.') return false;
    *out = strtod(text, &end);
    *rest = end;
    return end != text && isfinite(*out);
}

static bool read_count(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno;
}

static bool read_seconds(const char *text, int64_t *out)
{
    double s;
    const char *rest;
    if (!read_number(text, &s, &rest)) return false;
    if (*rest == 's') rest++;
    if (*rest || s <= 0 || s > 1e9) return false;
    *out = (int64_t)(s * 1e9);
    if (!*out) *out = 1;
    return true;
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

static bool set_seed(Options *o, const char *text) { return o->seeded = read_count(text, &o->seed); }
static bool set_schedules(Options *o, const char *text)
{
    return read_count(text, &o->schedules) && o->schedules > 0;
}
static bool set_max_time(Options *o, const char *text) { return read_seconds(text, &o->max_time); }
static bool set_timeout(Options *o, const char *text) { return read_seconds(text, &o->timeout); }

static bool set_color(Options *o, const char *text)
{
    static const char *const choices[] = {[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};
    for (int i = COLOR_AUTO; i <= COLOR_NEVER; i++)
        if (strcmp(text, choices[i]) == 0) return o->color = (ColorChoice)i, true;
    return false;
}

static bool set_lang(Options *o, const char *text)
{
    o->language = language_of_locale(text);
    return o->language == LANGUAGE_KOREAN || strcmp(text, "en") == 0;
}

#define FLAG(name) \
    static bool set_##name(Options *o, const char *text) { (void)text; return o->name = true; }
FLAG(virtual_time)
FLAG(json)
FLAG(stop_first)
FLAG(real_time)
FLAG(update)
FLAG(verbose)
FLAG(compare)
#undef FLAG

static bool set_pattern(Options *o, const char *text) { return o->pattern = text, *text; }
static bool set_output(Options *o, const char *text) { return *(o->output = text) != '\0'; }

static bool set_subject(Options *o, Action action, const char *text)
{
    o->action = action;
    o->subject = text;
    return true;
}
static bool set_code(Options *o, const char *text) { return set_subject(o, ACTION_CODE, text); }
static bool set_module(Options *o, const char *text) { return *text && set_subject(o, ACTION_MODULE, text); }
static bool set_version(Options *o, const char *text) { return set_subject(o, ACTION_VERSION, text); }
static bool set_manual(Options *o, const char *text) { return set_subject(o, ACTION_MANUAL, text); }
static bool set_completions(Options *o, const char *text)
{
    return (strcmp(text, "bash") == 0 || strcmp(text, "zsh") == 0 || strcmp(text, "fish") == 0) &&
           set_subject(o, ACTION_COMPLETIONS, text);
}
static bool set_help(Options *o, const char *text)
{
    (void)text;
    const char *command = NULL; // `co check -h` is `co help check`
    for (const CommandDef *c = option_commands; c->name; c++)
        if (c->action == o->action && c->action != ACTION_HELP) command = c->name;
    return set_subject(o, ACTION_HELP, command);
}

const CommandDef option_commands[] = {
#define COMMAND(action, name, letter, operands, shown, summary, more) \
    {ACTION_##action, letter, OPERANDS_##operands, name, shown, summary, more},
#include "cli/options.def"
    {0},
};

const OptionDef option_rows[] = {
#define OPTION(set, brief, name, value, where, last, help) {brief, name, value, where, last, set_##set, help},
#include "cli/options.def"
    {0},
};

const CommandDef *option_find_command(const char *name)
{
    for (const CommandDef *c = option_commands; c->name; c++)
        if (strcmp(name, c->name) == 0) return c;
    return NULL;
}
