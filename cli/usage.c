#include "cli/usage.h"
#include "cli/option_table.h"
#include "cli/reader.h"
#include "lang/diag.h"
#include "vm/version.h"

#include <stdio.h>
#include <string.h>

typedef struct Row { const char *name, *help; } Row;

static const Row variables[] = {
#define VARIABLE(name, help) {name, help},
#include "cli/options.def"
};
static const Row statuses[] = {
#define STATUS(number, help) {number, help},
#include "cli/options.def"
};
#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

enum { LEFT_COLUMNS = 24, COLUMNS = 80, INDENT = 2 };

static bool takes(const CommandDef *c, const OptionDef *o) { return o->help[0] && strchr(o->where, c->letter); }

/* ---- help ---------------------------------------------------------------------------------------- */

/* Words from column `at` on, broken at COLUMNS and continued at `left`. */
static void print_wrapped(const char *text, int at, int left)
{
    bool gap = false; // owed before the next word
    while (*text) {
        size_t n = strcspn(text, " \n");
        int width = (int)diag_display_width(text, n);
        if (gap && at + 1 + width > COLUMNS) {
            printf("\n%*s", left, "");
            at = left;
        } else if (gap) at += printf(" ");
        fwrite(text, 1, n, stdout);
        at += width;
        text += n;
        gap = *text == ' ';
        if (*text == '\n') {
            printf("\n%*s", left, "");
            at = left;
        }
        text += *text != '\0';
    }
    putchar('\n');
}

static void print_row(const char *left, const char *help)
{
    int n = printf("%*s%s", INDENT, "", left);
    if (n < LEFT_COLUMNS) n += printf("%*s", LEFT_COLUMNS - n, "");
    else n = printf("\n%*s", LEFT_COLUMNS, "") - 1;
    print_wrapped(help, n, LEFT_COLUMNS);
}

static void print_option(const OptionDef *o, Language language)
{
    char left[80];
    bool both = o->brief[0] && o->name[0];
    snprintf(left, sizeof left, "%s%s%s%s%s", o->brief, both ? ", " : "", o->name, o->value[0] ? " " : "",
             o->value);
    print_row(left, said(language, o->help));
}

static void help_on(const CommandDef *c, Language language)
{
    const char *gap = c->shown[0] ? " " : "";
    reader_say(stdout, language, "usage: co %s [OPTION ...]%s%s\n", c->name, gap, c->shown);
    print_wrapped(said(language, c->summary), 0, 0);
    if (c->more[0]) {
        putchar('\n');
        print_wrapped(said(language, c->more), 0, 0);
    }
    reader_say(stdout, language, "\noptions:\n");
    for (const OptionDef *o = option_rows; o->where; o++)
        if (takes(c, o)) print_option(o, language);
}

static void help_on_all(Language language)
{
    reader_say(stdout, language,
               "usage: co [OPTION ...] FILE [ARGUMENT ...]\n"
               "       co COMMAND [OPTION ...] ...\n"
               "       co [OPTION ...] -c CODE | -m MODULE | - [ARGUMENT ...]\n"
               "Without FILE: a prompt, or the program that standard input holds.\n\ncommands:\n");
    for (const CommandDef *c = option_commands; c->name; c++) print_row(c->name, said(language, c->summary));
    reader_say(stdout, language, "\noptions (those of a command: co help COMMAND):\n");
    for (const OptionDef *o = option_rows; o->where; o++)
        if (takes(&option_commands[0], o)) print_option(o, language);
    reader_say(stdout, language, "\nenvironment:\n");
    for (size_t i = 0; i < COUNT(variables); i++)
        print_row(variables[i].name, said(language, variables[i].help));
    reader_say(stdout, language, "\nexit status (sys.exit(n): n):\n");
    for (size_t i = 0; i < COUNT(statuses); i++) print_row(statuses[i].name, said(language, statuses[i].help));
}

void usage_help(const char *command, Language language)
{
    const CommandDef *c = command ? option_find_command(command) : NULL;
    if (c) help_on(c, language);
    else help_on_all(language);
}

/* ---- the manual ---------------------------------------------------------------------------------- */

/* Text in a roff page: a line must not begin with a dot or quote, nor a hyphen be taken for a dash. */
static void put_roff(const char *text)
{
    if (*text == '.' || *text == '\'') fputs("\\&", stdout);
    for (; *text; text++) {
        if (*text == '-') fputs("\\-", stdout);
        else if (*text == '\\') fputs("\\e", stdout);
        else if (*text == '\n') fputs(text[1] == '.' || text[1] == '\'' ? "\n.br\n\\&" : "\n.br\n", stdout);
        else putchar(*text);
    }
    putchar('\n');
}

static void roff_row(const char *name, const char *help)
{
    printf(".TP\n.B ");
    put_roff(name);
    put_roff(help);
}

static void roff_option(const OptionDef *o)
{
    printf(".TP\n\\fB");
    for (const char *p = o->brief; *p; p++) printf("%s%c", *p == '-' ? "\\" : "", *p);
    if (o->brief[0] && o->name[0]) printf("\\fR, \\fB");
    for (const char *p = o->name; *p; p++) printf("%s%c", *p == '-' ? "\\" : "", *p);
    printf("\\fR%s%s%s%s\n", o->value[0] ? " \\fI" : "", o->value, o->value[0] ? "\\fR" : "", "");
    put_roff(o->help);
}

static void roff_command(const CommandDef *c)
{
    printf(".SS co %s %s\n", c->name, c->shown);
    put_roff(c->summary);
    if (c->more[0]) {
        printf(".PP\n");
        put_roff(c->more);
    }
    for (const OptionDef *o = option_rows; o->where; o++)
        if (takes(c, o) && strcmp(o->name, "--help") != 0) roff_option(o);
}

void usage_manual(void)
{
    printf(
        ".TH CO 1 \"\" \"co %s\" \"User Commands\"\n.SH NAME\nco \\- a scripting language for concurrent I/O\n"
        ".SH SYNOPSIS\n.B co\n[\\fIOPTION\\fR ...] \\fIFILE\\fR [\\fIARGUMENT\\fR ...]\n.br\n"
        ".B co\n\\fICOMMAND\\fR [\\fIOPTION\\fR ...] ...\n.br\n"
        ".B co\n\\fB\\-c\\fR \\fICODE\\fR | \\fB\\-m\\fR \\fIMODULE\\fR | \\fB\\-\\fR [\\fIARGUMENT\\fR ...]\n"
        ".SH DESCRIPTION\nCo runs programs that read like Python 3. Without FILE it shows a prompt, or runs the "
        "program that standard input holds.\n.SH COMMANDS\n",
        CO_VERSION);
    for (const CommandDef *c = option_commands; c->name; c++) roff_command(c);
    printf(".SH ENVIRONMENT\n");
    for (size_t i = 0; i < COUNT(variables); i++) roff_row(variables[i].name, variables[i].help);
    printf(".SH EXIT STATUS\n");
    for (size_t i = 0; i < COUNT(statuses); i++) roff_row(statuses[i].name, statuses[i].help);
}

/* ---- completions --------------------------------------------------------------------------------- */

/* Choices are lower case: "auto|always|never". */
static bool has_choices(const OptionDef *o) { return strchr(o->value, '|'); }

static void put_words(const char *choices)
{
    for (; *choices; choices++) putchar(*choices == '|' ? ' ' : *choices);
}

static void put_option_names(const CommandDef *c)
{
    for (const OptionDef *o = option_rows; o->where; o++)
        if (takes(c, o)) printf("%s%s%s ", o->brief, o->brief[0] && o->name[0] ? " " : "", o->name);
}

static bool takes_files(const CommandDef *c)
{
    return c->operands == OPERANDS_ONE || c->operands == OPERANDS_MANY;
}

static void bash_completions(void)
{
    printf("# bash completion for co, made by `co --completions bash`\n_co() {\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} words=\n"
           "    [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n    [[ $cur == = ]] && cur=\n"
           "    case $prev in\n");
    for (const OptionDef *o = option_rows; o->where; o++) {
        if (!has_choices(o)) continue;
        printf("        %s) COMPREPLY=($(compgen -W '", option_name(o));
        put_words(o->value);
        printf("' -- \"$cur\")); return ;;\n");
    }
    printf("        help) COMPREPLY=($(compgen -W '");
    for (const CommandDef *c = option_commands; c->name; c++) printf("%s ", c->name);
    printf("' -- \"$cur\")); return ;;\n    esac\n    case $command in\n");
    for (const CommandDef *c = option_commands; c->name; c++) {
        printf("        %s) words='", c->name);
        put_option_names(c);
        printf("' ;;\n");
    }
    printf("        *) words='");
    put_option_names(&option_commands[0]);
    printf(
        "' ;;\n    esac\n    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")); return; fi\n"
        "    COMPREPLY=($(compgen -f -- \"$cur\"))\n    if ((COMP_CWORD == 1)); then\n"
        "        COMPREPLY+=($(compgen -W '");
    for (const CommandDef *c = option_commands; c->name; c++) printf("%s ", c->name);
    printf("' -- \"$cur\"))\n    fi\n}\ncomplete -o filenames -F _co co\n");
}

/* Text between single quotes in zsh's and fish's tables; zsh's own signs are escaped. */
static void put_quoted(const char *text, const char *escaped)
{
    for (; *text; text++) {
        if (*text == '\'') fputs("'\\''", stdout);
        else if (strchr(escaped, *text)) printf("\\%c", *text);
        else putchar(*text);
    }
}

static void zsh_option(const char *name, const OptionDef *o)
{
    if (!name[0]) return;
    printf("        '%s%s[", name, o->value[0] && name[1] == '-' ? "=" : "");
    put_quoted(o->help, "[]:");
    printf("]");
    if (o->value[0]) {
        printf(":%s:", has_choices(o) ? "which" : o->value);
        if (has_choices(o)) {
            printf("(");
            put_words(o->value);
            printf(")");
        } else if (strcmp(o->value, "PICTURE") == 0) printf("_files");
    }
    printf("'\n");
}

static void zsh_options(const CommandDef *c)
{
    for (const OptionDef *o = option_rows; o->where; o++)
        if (takes(c, o)) {
            zsh_option(o->brief, o);
            zsh_option(o->name, o);
        }
}

static void zsh_completions(void)
{
    printf(
        "#compdef co\n# made by `co --completions zsh`\n_co() {\n    local -a commands options\n    commands=(\n");
    for (const CommandDef *c = option_commands; c->name; c++) {
        printf("        '%s:", c->name);
        put_quoted(c->summary, ":");
        printf("'\n");
    }
    printf("    )\n    case $words[2] in\n");
    for (const CommandDef *c = option_commands; c->name; c++) {
        printf("    %s) options=(\n", c->name);
        zsh_options(c);
        if (takes_files(c)) printf("        '*:file:_files'\n");
        printf("    ) ;;\n");
    }
    printf("    *) options=(-A '-*'\n"); // what follows the program's file is the program's
    zsh_options(&option_commands[0]);
    printf("        '*:file:_files'\n    ) ;;\n    esac\n    if ((CURRENT == 2)) && [[ $PREFIX != -* ]]; then\n"
           "        _describe command commands\n        _files\n    elif [[ $words[2] == help ]]; then\n"
           "        _describe command commands\n    else\n        _arguments $options\n    fi\n}\n"
           "_co \"$@\"\n");
}

static void fish_option(const CommandDef *c, const OptionDef *o)
{
    if (c->letter == option_commands[0].letter) // also without a command
        printf("complete -c co -n 'not __co_named_program; and not __fish_seen_subcommand_from");
    else printf("complete -c co -n '__fish_seen_subcommand_from");
    for (const CommandDef *k = option_commands; k->name; k++)
        if (c->letter == option_commands[0].letter ? k != c : k == c) printf(" %s", k->name);
    printf("'");
    if (o->brief[0]) printf(" -s %s", o->brief + 1);
    if (o->name[0]) printf(" -l %s", o->name + 2);
    if (o->value[0]) printf(" -r");
    if (has_choices(o)) {
        printf(" -f -a '");
        put_words(o->value);
        printf("'");
    }
    printf(" -d '");
    put_quoted(o->help, "");
    printf("'\n");
}

/* fish's own helpers know of commands, not of a word behind which all others are the program's. */
static void fish_named_program(void)
{
    printf("function __co_named_program\n    set -l is_value 0\n    for word in (commandline -opc)[2..-1]\n"
           "        if test $is_value = 1\n            set is_value 0\n            continue\n        end\n"
           "        switch $word\n            case run\n            case -c -m\n                return 0\n            case");
    for (const OptionDef *o = option_rows; o->where; o++)
        if (takes(&option_commands[0], o) && o->value[0] && o->name[0]) printf(" %s", o->name);
    printf(
        "\n                set is_value 1\n            case '-*'\n            case '*'\n                return 0\n"
        "        end\n    end\n    return 1\nend\n");
}

static void fish_completions(void)
{
    printf("# fish completion for co, made by `co --completions fish`\n");
    fish_named_program();
    for (const CommandDef *c = option_commands; c->name; c++) {
        printf("complete -c co -n __fish_use_subcommand -a %s -d '", c->name);
        put_quoted(c->summary, "");
        printf("'\n");
    }
    for (const CommandDef *c = option_commands; c->name; c++)
        for (const OptionDef *o = option_rows; o->where; o++)
            if (takes(c, o)) fish_option(c, o);
    for (const CommandDef *c = option_commands; c->name; c++)
        if (!takes_files(c)) printf("complete -c co -n '__fish_seen_subcommand_from %s' -f\n", c->name);
    printf("complete -c co -n '__fish_seen_subcommand_from help' -a '");
    for (const CommandDef *c = option_commands; c->name; c++) printf("%s ", c->name);
    printf("'\n");
}

void usage_completions(const char *shell)
{
    if (strcmp(shell, "bash") == 0) bash_completions();
    else if (strcmp(shell, "zsh") == 0) zsh_completions();
    else fish_completions();
}
