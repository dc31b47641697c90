/* trace.c - co trace: run one file, or two to compare, and draw who ran and who waited on what, when. */
#include "cli/paths.h"
#include "cli/reader.h"
#include "cli/run.h"
#include "cli/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A program being run under the recorder. */
typedef struct Tracing {
    const char *title;
    TraceLimits limits;
    Recorder *recorder;
    TraceRun run;
    bool ok;
} Tracing;

static void begin(VM *vm, void *state)
{
    Tracing *t = state;
    t->recorder = recorder_start(vm, t->limits);
}

static void end(VM *vm, void *state)
{
    (void)vm;
    Tracing *t = state;
    if (t->recorder) t->ok = recorder_finish(t->recorder, t->title, &t->run);
    t->recorder = NULL;
}

/* ---- where the picture goes ---------------------------------------------------------------------- */

typedef void Renderer(TextBuffer *out, const TraceRun *runs, size_t n, const TraceStyle *style);

/* The tasks are those that are drawn. The words, a few thousand steps, are more than can be told apart
 * there, and so few that a program which does nothing but switch is not much slower (bench/tracing.py). */
static const struct Format {
    const char *ending;
    Renderer *draw;
    TraceLimits limits;
} formats[] = {
    {".svg", trace_draw_svg, {60, 16 * 1000}},
    {".html", trace_draw_html, {200, 16 * 1000}},
    {".json", trace_draw_json, {100 * 1000, 1000 * 1000}}, // for tools made for masses
    {NULL, trace_draw_terminal, {40, 16 * 1000}},
};

/* By the end of the file's name; without one, the terminal. NULL: no such format. */
static const struct Format *format_for(const char *path)
{
    const struct Format *f = formats;
    for (; f->ending && path; f++) {
        size_t len = strlen(path), n = strlen(f->ending);
        if (len > n && strcmp(path + len - n, f->ending) == 0) return f;
    }
    if (path) return NULL;
    while (f->ending) f++;
    return f;
}

static TraceStyle style_of(const Options *o)
{
    struct winsize w;
    TraceStyle s = {.columns = 80, .colors = options_color(o, 1), .language = o->language};
    if (isatty(1) && ioctl(1, TIOCGWINSZ, &w) == 0 && w.ws_col >= 40)
        s.columns = w.ws_col < 200 ? w.ws_col : 200;
    return s;
}

static int write_file(const Options *o, const char *path, const TextBuffer *text)
{
    FILE *f = fopen(path, "w");
    bool ok = f && fwrite(text->bytes, 1, text->len, f) == text->len;
    if (f && fclose(f) != 0) ok = false;
    if (ok) return STATUS_OK;
    reader_say(stderr, o->language, "co: cannot write '%s': %s\n", path, said(o->language, strerror(errno)));
    return STATUS_ERROR;
}

static int draw(const Options *o, const struct Format *format, const TraceRun *runs, size_t n)
{
    TextBuffer out = {0};
    TraceStyle style = style_of(o);
    format->draw(&out, runs, n, &style);
    int status = STATUS_OK;
    if (out.failed)
        reader_say(stderr, o->language, "co: MemoryError: the picture does not fit into memory\n"),
            status = STATUS_ERROR;
    else if (o->output) status = write_file(o, o->output, &out);
    else if (fwrite(out.bytes, 1, out.len, stdout) != out.len || fflush(stdout) != 0) status = STATUS_OUTPUT;
    text_free(&out);
    return status;
}

/* ---- running ------------------------------------------------------------------------------------- */

static int run_one(const Options *o, const char *file, Tracing *t)
{
    Options run = *o;
    run.action = ACTION_FILE;
    run.subject = file;
    run.on_start = begin;
    run.on_end = end;
    run.listener = t;
    if (o->compare) run.argv += 1, run.argc = 0; // the words behind the first file are the other one's name
    return run_program(&run);
}

int run_trace(const Options *o)
{
    const struct Format *format = format_for(o->output);
    if (!format)
        return reader_say(stderr, o->language,
                          "co: -o needs a name that ends in .svg, .html or .json, not '%s'\n", o->output),
               STATUS_USAGE;
    if (!o->compare && o->argc && strcmp(o->argv[0], "-o") == 0)
        reader_say(stderr, o->language,
                   "co: what follows the file is the program's: to draw, write '-o' in front of it\n");
    if (o->compare && o->argc != 1)
        return reader_say(stderr, o->language, "co: --compare needs two files\n"), STATUS_USAGE;
    const char *const files[] = {o->subject, o->compare ? o->argv[0] : NULL};
    TraceRun runs[2];
    size_t drawn = 0;
    int status = STATUS_OK;
    for (size_t i = 0; i < 2 && files[i]; i++) {
        Tracing t = {.title = path_base(files[i]), .limits = format->limits};
        int s = run_one(o, files[i], &t);
        if (!status) status = s;
        if (t.ok) runs[drawn++] = t.run;
    }
    if (drawn) {
        int s = draw(o, format, runs, drawn);
        if (!status) status = s;
    }
    for (size_t i = 0; i < drawn; i++) trace_run_free(&runs[i]);
    return status;
}
