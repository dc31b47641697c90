/* repl_commands.h - :help and the like: commands to the prompt itself. */
#pragma once
#include "cli/repl.h"

typedef enum {
    TAKES_NOTHING,
    TAKES_CODE, // an expression or statements, over as many lines as they need
    TAKES_NAME,
    TAKES_FILE,
} ReplArgument;

typedef struct ReplCommand {
    const char *name;
    ReplArgument argument;
    void (*run)(Repl *r, const char *argument);
    ReplText help;
} ReplCommand;
extern const ReplCommand repl_command_rows[];

/* The command that text begins with, written out or as a prefix that no other begins with; NULL if there is none.
 * *argument: where what it is given begins, or would. */
const ReplCommand *repl_command_in(const char *text, const char **argument);

/* `text` begins with a colon. */
void repl_command(Repl *r, const char *text);

void repl_tasks(Repl *r); // repl_tasks.c
