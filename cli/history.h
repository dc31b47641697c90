/* history.h - what was typed before, kept on disk: one line per block, line ends written as \n, backslashes doubled.
 * Several prompts may run at once: each block is appended by one write under a lock, so that all find it later; a file
 * grown too long is replaced by a shorter one, whole. The file is its user's alone (0600) and never a symbolic link.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum { HISTORY_MOST = 5000, HISTORY_LONGEST = 1 << 16 };

typedef struct History {
    char *path;   // NULL: nothing is kept on disk
    char **items; // oldest first, NUL-terminated
    size_t n, capacity;
} History;

/* Reads the history. Answers NULL, or why nothing can be kept on disk (an errno's text). */
const char *history_open(History *h);
void history_close(History *h);
/* A block was entered: kept unless it is blank, begins with a blank, or repeats the last one. */
void history_add(History *h, const char *text, size_t len);
