/* repl_commands.h - :help and the like: commands to the prompt itself. */
#pragma once
#include "cli/repl.h"

typedef struct ReplCommand {
    const char *name, *argument; // "" if it takes none
    void (*run)(Repl *r, const char *argument);
    ReplText help;
} ReplCommand;
extern const ReplCommand repl_command_rows[];

/* `text` begins with a colon. */
void repl_command(Repl *r, const char *text);

void repl_tasks(Repl *r); // repl_tasks.c
