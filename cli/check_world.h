/* check_world.h - what the linter wants to know of built-in names and the standard library: asked of the real ones. */
#pragma once
#include "cli/options.h"
#include "lang/lint.h"

typedef struct CheckWorld {
    const Options *options;
    VM *vm;             // started by the first question; NULL: not yet
    const char *folder; // of the file being checked: its own modules come first
} CheckWorld;

/* The questions, to be answered by `world`. */
LintWorld check_world(CheckWorld *world);
void check_world_free(CheckWorld *world);
