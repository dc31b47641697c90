/* repl.h - one session at the prompt: what its parts share. repl.c runs what was typed and waits for more,
 * repl_edit.c waits at a terminal that is edited on, repl_lines.c reads plain lines where there is none,
 * repl_commands.c has what begins with a colon.
 */
#pragma once
#include "cli/prompt.h"
#include "cli/repl_texts.h"
#include "cli/run.h"
#include "cli/task_times.h"

typedef struct Repl {
    VM *vm;
    Module *main;
    const Options *options;
    unsigned blocks; // entered so far: they are called <prompt 1>, <prompt 2> ...
    bool ended;
    int status;
    Screen *screen; // NULL: plain lines
    Prompt *prompt;
    bool readable, resized, late; // what has happened since the last wait
    bool task_failed;
    TaskTimes times;   // since when tasks wait
    TextBuffer session; // the blocks that compiled, for :save
} Repl;

/* The words for it in the user's language. */
const char *repl_say(const Repl *r, ReplText text);
void repl_printf(Repl *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether text can be run as it is; an error counts, as it can be reported. */
bool repl_is_whole(const char *text, size_t len);
/* Run a block (or a command) and report what went wrong. */
void repl_run(Repl *r, const char *text, size_t len);
/* Run the text of a file, which is taken over (malloc'd), in the session's module. */
void repl_run_file(Repl *r, const char *name, char *text, size_t len);
/* Run the tasks until something happens that the prompt waits for. False: Ctrl-C, or the session has ended. */
bool repl_wait(Repl *r);
/* Called by the host: something has happened. */
void repl_event(void *repl, HostEvent event);

void repl_edit(Repl *r);
void repl_lines(Repl *r);
