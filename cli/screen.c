#include "cli/screen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_PARTIAL = 4096 };

static void put(Screen *s)
{
    if (s->out.len && !s->out.failed) s->real->write(s->real, 1, s->out.bytes, s->out.len);
    s->out.len = 0;
    s->out.failed = false;
}

//-- what the program writes -------------------------------------------------------------------------

/* Where the last line of `text` begins: behind a line end, or behind a return that has been written over. */
static size_t last_line(const char *text, size_t len)
{
    size_t at = len;
    while (at > 0 && text[at - 1] != '\n' && !(text[at - 1] == '\r' && at < len)) at--;
    return at;
}

/* Of what is written now, the unended line is remembered: what comes next goes on with it. */
static void keep_partial(Screen *s, const char *text, size_t len)
{
    size_t from = last_line(text, len);
    if (from) s->partial.len = 0;
    text_add(&s->partial, text + from, len - from);
    from = s->partial.len ? last_line(s->partial.bytes, s->partial.len) : 0;
    if (from) memmove(s->partial.bytes, s->partial.bytes + from, s->partial.len -= from);
    if (s->partial.len > LONGEST_PARTIAL) s->partial.len = 0;
}

/* The cursor goes back from below the line that has no end yet to where it goes on. */
static void resume_partial(Screen *s)
{
    if (!s->partial.len) return;
    size_t rows = view_rows_of(s->partial.bytes, s->partial.len, s->view.columns);
    text_addf(&s->out, "\x1b[%zuA\r\x1b[J", rows);
    text_add(&s->out, s->partial.bytes, s->partial.len);
}

static void write_between(Screen *s, const char *text, size_t len)
{
    view_erase(&s->view, &s->out);
    resume_partial(s);
    text_add(&s->out, text, len);
    keep_partial(s, text, len);
    bool ended = len && text[len - 1] == '\n';
    if (!ended)
        text_add(&s->out, "\r\n", 2);
    else
        s->partial.len = 0;
    view_draw(&s->view, &s->scene, &s->out);
    put(s);
}

static int write_through(Host *h, int fd, const void *buf, size_t n)
{
    Screen *s = (Screen *)h;
    bool ours = fd > 0 && fd < 3 && s->ours[fd] && n;
    if (ours && s->shown) return write_between(s, buf, n), 0;
    if (ours) s->mid_line = ((const char *)buf)[n - 1] != '\n';
    return s->real->write(s->real, fd, buf, n);
}

/* input() and the like: what is typed there ends the line. */
static long read_line(Host *h, char *buf, size_t cap)
{
    Screen *s = (Screen *)h;
    if (s->shown) screen_rest(s);
    s->mid_line = false;
    return s->real->read_line(s->real, buf, cap);
}

//-- the input ---------------------------------------------------------------------------------------

bool screen_open(Screen *s, Host *real, bool colors)
{
    *s = (Screen){.front = *real, .real = real};
    if (!terminal_open(&s->terminal)) return false;
    s->front.write = write_through;
    s->front.read_line = read_line;
    for (int fd = 1; fd < 3; fd++) s->ours[fd] = isatty(fd);
    s->view.columns = s->terminal.columns;
    s->view.lines = s->terminal.lines;
    s->view.colors = colors;
    s->view.reflows = terminal_reflows();
    return true;
}

void screen_close(Screen *s)
{
    terminal_close(&s->terminal);
    view_free(&s->view);
    text_free(&s->partial);
    text_free(&s->out);
}

void screen_show(Screen *s, const Scene *scene)
{
    if (!s->shown && s->mid_line) text_add(&s->out, "\r\n", 2);
    if (scene->keyless) terminal_hush(&s->terminal);
    else terminal_edit(&s->terminal);
    s->mid_line = false;
    s->shown = true;
    s->scene = *scene;
    view_draw(&s->view, scene, &s->out);
    put(s);
}

void screen_leave(Screen *s, const Scene *scene)
{
    Scene whole = *scene;
    whole.whole = true;
    whole.cursor = SIZE_MAX; // nowhere: it needs no row of its own behind a full one
    whole.status = NULL;
    if (s->view.shown.n >= s->view.lines || s->view.top)
        view_erase(&s->view, &s->out); // part of it is out of reach
    view_draw(&s->view, &whole, &s->out);
    view_leave(&s->view, &s->out);
    put(s);
    s->shown = false;
    s->partial.len = 0;
    terminal_rest(&s->terminal);
}

void screen_hide(Screen *s)
{
    view_erase(&s->view, &s->out);
    put(s);
    s->shown = false;
    s->partial.len = 0;
}

void screen_rest(Screen *s)
{
    terminal_rest(&s->terminal); // first: whoever reads the question may answer at once
    view_erase(&s->view, &s->out);
    resume_partial(s);
    s->mid_line = s->partial.len > 0;
    put(s);
    s->shown = false;
    s->partial.len = 0;
}

void screen_clear(Screen *s)
{
    view_erase(&s->view, &s->out);
    text_add(&s->out, "\x1b[H\x1b[2J", 7);
    s->partial.len = 0;
    if (s->shown) view_draw(&s->view, &s->scene, &s->out);
    put(s);
}

void screen_resized(Screen *s)
{
    if (!terminal_measure(&s->terminal)) return;
    view_resize(&s->view, s->terminal.columns, s->terminal.lines, &s->out);
    if (s->shown) view_draw(&s->view, &s->scene, &s->out);
    put(s);
}
