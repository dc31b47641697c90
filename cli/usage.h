/* usage.h - what options.def says, as text: help, the man page, completions. All go to stdout. */
#pragma once
#include "cli/options.h"

/* Of the whole, or of the command with that name (which must be one). */
void usage_help(const char *command, Language language);
void usage_manual(void);
/* For bash, zsh or fish. */
void usage_completions(const char *shell);
