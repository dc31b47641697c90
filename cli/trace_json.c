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

static void begin_event(Events *e, const char *phase, size_t tid, const char *name)
{
    text_addf(e->out, "%s\n{\"ph\":\"%s\",\"pid\":%d,\"tid\":%zu,\"name\":", e->any ? "," : "", phase, e->pid, tid);
    trace_add_json(e->out, name, strlen(name));
    e->any = true;
}

static void add_text(Events *e, const char *key, const char *text, size_t len)
{
    text_addf(e->out, ",\"%s\":", key);
    trace_add_json(e->out, text, len);
}

/* Microseconds, as the format has them; of a run without time a step takes one. */
static void add_micros(Events *e, const TraceRun *run, const char *key, int64_t at)
{
    text_add(e->out, ",\"", 2);
    text_add(e->out, key, strlen(key));
    text_add(e->out, "\":", 2);
    trace_add_decimal(e->out, at, run->by_steps ? 0 : 3);
}

static void name_something(Events *e, const char *what, size_t tid, const char *name)
{
    begin_event(e, "M", tid, what);
    text_addf(e->out, ",\"args\":{\"name\":");
    trace_add_json(e->out, name, strlen(name));
    text_addf(e->out, "}}");
}

static void add_span(Events *e, const TraceRun *run, size_t tid, const TraceSpan *s)
{
    size_t len;
    const char *line = trace_source_line(run, s, &len), *kind = trace_span_name((SpanKind)s->kind);
    begin_event(e, "X", tid, *s->label ? s->label : kind);
    add_text(e, "cat", kind, strlen(kind));
    add_micros(e, run, "ts", s->from);
    add_micros(e, run, "dur", s->to - s->from);
    text_addf(e->out, ",\"args\":{\"state\":\"%s\"", kind);
    if (len) {
        text_addf(e->out, ",\"line\":%u", s->line);
        add_text(e, "source", line, len);
    }
    text_addf(e->out, "}}");
}

static void add_lane(Events *e, const TraceRun *run, size_t tid, const TraceLane *lane)
{
    TextBuffer name = {0};
    text_addf(&name, "%s%s%s", trace_lane_title(lane), *trace_lane_detail(lane) ? "  " : "", trace_lane_detail(lane));
    name_something(e, "thread_name", tid, name.bytes ? name.bytes : "");
    text_free(&name);
    for (size_t i = 0; i < lane->n; i++) add_span(e, run, tid, &lane->spans[i]);
}

static void add_output(Events *e, const TraceRun *run, const TraceOutput *o)
{
    begin_event(e, "i", o->lane == NO_LANE ? TID_OF_NOBODY : (size_t)o->lane + 1, o->text);
    text_addf(e->out, ",\"cat\":\"prints\"");
    add_micros(e, run, "ts", o->when);
    text_addf(e->out, ",\"s\":\"t\"}");
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
