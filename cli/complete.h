/* complete.h - what may stand at the cursor: names, attributes, keywords, modules, keyword arguments,
 * commands; in a string, the names of files. */
#pragma once
#include "cli/look.h"

typedef struct Candidate {
    char *name; // what is put in
    char *note; // one line about it; may be NULL
} Candidate;

typedef struct Completion {
    Candidate *items; // sorted
    size_t n, capacity;
    size_t from;      // where what they complete begins
} Completion;

/* Fills *c, which complete_free empties. Runs nothing of the program; an imported name's module, if it is one of Co's
 * own, may be loaded. */
void complete(Completion *c, VM *vm, Module *main, const char *text, size_t cursor);
void complete_free(Completion *c);
/* How many bytes all candidates begin with. */
size_t complete_common(const Completion *c);
