/* terminal.h - the terminal: its modes, its size, its bytes. What is drawn on it is cli/screen.c's business. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

typedef struct Terminal {
    int fd; // our own: setting it non-blocking must not change what other programs share with us
    struct termios before;
    enum { TERMINAL_RESTS, TERMINAL_HUSHED, TERMINAL_EDITS } mode;
    size_t columns, lines;
} Terminal;

/* Whether standard input and output are a terminal that takes cursor movements. */
bool terminal_is_capable(void);
/* False: it cannot be opened. */
bool terminal_open(Terminal *t);
void terminal_close(Terminal *t);

/* While the input is edited every key comes at once and nothing is echoed; Ctrl-C and Ctrl-\ stay signals.
 * While a statement runs all is as it was, so that input() works; below one that is drawn as it runs,
 * nothing is echoed, but lines are kept for it as ever. */
void terminal_edit(Terminal *t);
void terminal_hush(Terminal *t);
void terminal_rest(Terminal *t);
/* Ctrl-Z: comes back when the shell lets us go on. */
void terminal_suspend(Terminal *t);

/* Asks for the size: true if it has changed. */
bool terminal_measure(Terminal *t);
/* Whether it breaks long lines anew when its width changes; terminals do not tell, their names do. */
bool terminal_reflows(void);
/* What has arrived: bytes, 0 nothing, -1 the terminal is gone. */
long terminal_read(Terminal *t, char *buf, size_t n);
