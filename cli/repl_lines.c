/* repl_lines.c - the prompt where there is no terminal to edit on: plain lines, no escapes. Tasks go on while a line is
 * waited for, unless the lines come from a file.
 */
#include "cli/repl.h"
#include "vm/output.h"

#include <errno.h>
#include <string.h>

typedef struct Lines {
    Repl *r;
    TextBuffer block;
    bool watched;
} Lines;

/* One more line. False: there is no more, or it was interrupted. */
static bool read_line(Lines *l)
{
    Repl *r = l->r;
    Host *h = r->vm->host;
    char piece[1024];
    for (;;) {
        long n = h->read_line(h, piece, sizeof piece);
        if (n == -EINTR && h->pending & HOST_INTERRUPT) {
            h->pending &= ~HOST_INTERRUPT;
            return false;
        }
        if (n == -EINTR) continue;
        if (n <= 0) return r->ended = true, false;
        text_add(&l->block, piece, (size_t)n);
        if (piece[n - 1] == '\n') return true;
    }
}

/* The tasks' turn, until there is something to read. */
static bool wait_for_line(Lines *l)
{
    Repl *r = l->r;
    for (r->readable = false; l->watched && !r->readable;)
        if (!repl_wait(r)) return false;
    return true;
}

/* Ctrl-C, or the end of the input, which ends the last block too. */
static void stopped(Lines *l)
{
    if (l->r->ended) return;
    l->block.len = 0;
    repl_printf(l->r, "\nKeyboardInterrupt\n");
}

void repl_lines(Repl *r)
{
    Lines l = {.r = r};
    HostWatch watch = {.fd = 0, .event = repl_event, .state = r};
    while (!r->ended) {
        repl_printf(r, l.block.len ? "... " : ">>> ");
        bool may_wait = !r->options->virtual_time && !host_uv_has_input(r->vm->host);
        l.watched = may_wait && host_uv_watch(r->vm->host, &watch);
        bool came = wait_for_line(&l);
        if (l.watched) host_uv_unwatch(r->vm->host);
        if (!came || !read_line(&l))
            stopped(&l);
        else if (repl_is_whole(l.block.bytes, l.block.len - 1)) {
            l.block.bytes[l.block.len - 1] = '\0';
            repl_run(r, l.block.bytes, l.block.len - 1);
            l.block.len = 0;
        }
    }
    if (l.block.len) repl_run(r, l.block.bytes, l.block.len);
    text_free(&l.block);
}
