#include "cli/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char paste_on[] = "\x1b[?2004h", paste_off[] = "\x1b[?2004l";

static void say(const char *text)
{
    ssize_t ignored = write(1, text, strlen(text));
    (void)ignored;
}

bool terminal_is_capable(void)
{
    const char *term = getenv("TERM");
    return isatty(0) && isatty(1) && term && *term && strcmp(term, "dumb") != 0;
}

bool terminal_open(Terminal *t)
{
    char name[256];
    *t = (Terminal){.fd = -1};
    if (tcgetattr(0, &t->before) != 0 || ttyname_r(0, name, sizeof name) != 0) return false;
    t->fd = open(name, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (t->fd >= 0) terminal_measure(t);
    return t->fd >= 0;
}

void terminal_close(Terminal *t)
{
    terminal_rest(t);
    if (t->fd >= 0) close(t->fd);
    t->fd = -1;
}

void terminal_edit(Terminal *t)
{
    if (t->mode == TERMINAL_EDITS) return;
    terminal_rest(t);
    tcgetattr(0, &t->before); // the program may have changed it
    struct termios raw = t->before;
    raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | ISTRIP);
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    raw.c_lflag |= ISIG;
    raw.c_oflag |= OPOST | ONLCR;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    raw.c_cc[VSUSP] = _POSIX_VDISABLE; // ours: the input must be put away first
    tcsetattr(0, TCSADRAIN, &raw);
    say(paste_on);
    t->mode = TERMINAL_EDITS;
}

void terminal_hush(Terminal *t)
{
    if (t->mode == TERMINAL_HUSHED) return;
    terminal_rest(t);
    tcgetattr(0, &t->before);
    struct termios silent = t->before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(0, TCSADRAIN, &silent);
    t->mode = TERMINAL_HUSHED;
}

void terminal_rest(Terminal *t)
{
    if (t->mode == TERMINAL_RESTS) return;
    if (t->mode == TERMINAL_EDITS) say(paste_off);
    tcsetattr(0, TCSADRAIN, &t->before);
    t->mode = TERMINAL_RESTS;
}

void terminal_suspend(Terminal *t)
{
    terminal_rest(t);
    kill(0, SIGTSTP);
    terminal_edit(t);
}

bool terminal_measure(Terminal *t)
{
    enum { COLUMNS = 80, LINES = 24 };
    struct winsize size = {0};
    ioctl(1, TIOCGWINSZ, &size);
    size_t columns = size.ws_col ? size.ws_col : COLUMNS, lines = size.ws_row ? size.ws_row : LINES;
    bool changed = columns != t->columns || lines != t->lines;
    t->columns = columns;
    t->lines = lines;
    return changed;
}

bool terminal_reflows(void)
{
    static const char *const signs[] = {
        "VTE_VERSION", "TMUX",         "KITTY_WINDOW_ID", "WEZTERM_PANE",
        "WT_SESSION",  "TERM_PROGRAM", "KONSOLE_VERSION", "ALACRITTY_WINDOW_ID"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (getenv(signs[i])) return true;
    const char *term = getenv("TERM");
    return term && (strstr(term, "kitty") || strstr(term, "foot") || strstr(term, "ghostty") ||
                    strstr(term, "alacritty"));
}

long terminal_read(Terminal *t, char *buf, size_t n)
{
    ssize_t got = read(t->fd, buf, n);
    if (got > 0) return got;
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}
