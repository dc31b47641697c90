/* trace_json.c - the run as Chrome's trace events, for Perfetto and chrome://tracing: a process per run, a thread per
 * task, a slice per span. */
#include "cli/trace.h"

#include <string.h>

enum { FIRST_PID = 1, TID_OF_NOBODY = 0 };

typedef struct Events {
    TextBuffer *out;
    int pid;
    bool any;
} Events;

/* There may be a million events, and printf takes its time. */
static void say(Events *e, const char *text) { text_add(e->out, text, strlen(text)); }

static void add_number(Events *e, const char *key, int64_t n, int places)
{
    say(e, key);
    trace_add_decimal(e->out, n, places);
}

static void add_text(Events *e, const char *key, const char *text, size_t len)
{
    say(e, key);
    trace_add_json(e->out, text, len);
}

static void begin_event(Events *e, const char *phase, size_t tid, const char *name)
{
    say(e, e->any ? ",\n{\"ph\":\"" : "\n{\"ph\":\"");
    say(e, phase);
    add_number(e, "\",\"pid\":", e->pid, 0);
    add_number(e, ",\"tid\":", (int64_t)tid, 0);
    add_text(e, ",\"name\":", name, strlen(name));
    e->any = true;
}

/* Microseconds, as the format has them, of ns; of a run without time a step takes one. */
static int places_of(const TraceRun *run) { return run->by_steps ? 0 : 3; }

static void name_something(Events *e, const char *what, size_t tid, const char *name)
{
    begin_event(e, "M", tid, what);
    add_text(e, ",\"args\":{\"name\":", name, strlen(name));
    say(e, "}}");
}

static void add_span(Events *e, const TraceRun *run, size_t tid, const TraceSpan *s)
{
    size_t len;
    const char *line = trace_source_line(run, s, &len), *kind = trace_span_name((SpanKind)s->kind);
    begin_event(e, "X", tid, *s->label ? s->label : kind);
    add_text(e, ",\"cat\":", kind, strlen(kind));
    add_number(e, ",\"ts\":", s->from, places_of(run));
    add_number(e, ",\"dur\":", s->to - s->from, places_of(run));
    if (len) {
        add_number(e, ",\"args\":{\"line\":", s->line, 0);
        add_text(e, ",\"source\":", line, len);
        say(e, "}");
    }
    say(e, "}");
}

static void add_lane(Events *e, const TraceRun *run, size_t tid, const TraceLane *lane)
{
    TextBuffer name = {0};
    text_addf(&name, "%s%s%s", trace_lane_title(lane), *trace_lane_detail(lane) ? "  " : "",
              trace_lane_detail(lane));
    name_something(e, "thread_name", tid, name.bytes ? name.bytes : "");
    text_free(&name);
    for (size_t i = 0; i < lane->n; i++) add_span(e, run, tid, &lane->spans[i]);
}

static void add_output(Events *e, const TraceRun *run, const TraceOutput *o)
{
    begin_event(e, "i", o->lane == NO_LANE ? TID_OF_NOBODY : (size_t)o->lane + 1, o->text);
    add_number(e, ",\"cat\":\"prints\",\"ts\":", o->when, places_of(run));
    say(e, ",\"s\":\"t\"}");
}

void trace_draw_json(TextBuffer *out, const TraceRun *runs, size_t n, const TraceStyle *style)
{
    (void)style;
    Events e = {out, FIRST_PID, false};
    text_addf(out, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
    for (size_t r = 0; r < n; r++, e.pid++) {
        const TraceRun *run = &runs[r];
        name_something(&e, "process_name", TID_OF_NOBODY, run->title);
        for (size_t i = run->first; i < run->nlanes; i++) add_lane(&e, run, i + 1, &run->lanes[i]);
        for (size_t i = 0; i < run->noutputs; i++) add_output(&e, run, &run->outputs[i]);
    }
    text_addf(out, "\n]}\n");
}
