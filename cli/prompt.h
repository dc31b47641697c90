/* prompt.h - the input and its keys: what each does to the text, the history and the search through it. Runs nothing:
 * repl.c gives it keys and is told when a block has been entered.
 */
#pragma once
#include "cli/complete.h"
#include "cli/editor.h"
#include "cli/highlight.h"
#include "cli/history.h"
#include "cli/keys.h"
#include "cli/screen.h"

typedef enum {
    PROMPT_EDITING,
    PROMPT_ENTERED, // `editor` holds a block to be run
    PROMPT_LEAVING, // Ctrl-D with nothing typed
    PROMPT_SUSPENDING,
} PromptEvent;

/* What the prompt asks of whoever knows the language and the program. */
typedef struct PromptHooks {
    void *state;
    bool (*is_whole)(void *state, const char *text, size_t len); // it can be run as it is
    KnownName is_builtin;
    void (*complete)(void *state, Completion *c, const char *text, size_t cursor);
} PromptHooks;

typedef struct Prompt {
    Editor editor;
    KeyReader keys;
    History history;
    size_t history_at; // the item shown; history.n: what is being written
    char *draft;       // what was being written before an item was shown
    bool searching;
    TextBuffer query;
    bool found;
    size_t search_from; // where the text was before the search: history_at
    char *search_text;  // and the text
    Completion menu;    // what is offered; empty: nothing is
    size_t chosen;      // the one that stands in the text; menu.n: none yet
    bool nothing;       // Tab found nothing
    TextBuffer status;
    uint8_t *styles;
    size_t styles_size;
    Language language;
    Screen *screen;
    const PromptHooks *hooks;
} Prompt;

bool prompt_init(Prompt *p, Screen *screen, const PromptHooks *hooks);
void prompt_free(Prompt *p);

/* Draws the input as it is now. */
void prompt_show(Prompt *p);
/* Takes keys until one of them ends the editing, or none is left. */
PromptEvent prompt_take_keys(Prompt *p);
/* No key came for a while: a single Escape is one. */
PromptEvent prompt_take_late(Prompt *p);
/* The block has been run or thrown away: an empty input. */
void prompt_restart(Prompt *p);
/* Leaves the input on the screen as something done with. */
void prompt_finish(Prompt *p);
