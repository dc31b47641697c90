/* trace_text.c - words that all the renderers share. */
#include "cli/trace.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *trace_lane_title(const TraceLane *lane)
{
    return lane->named || !*lane->call ? lane->name : lane->call;
}

const char *trace_lane_detail(const TraceLane *lane)
{
    return !*lane->call ? "" : lane->named ? lane->call : lane->name;
}

const char *trace_lane_end(const TraceLane *lane)
{
    static const char *const ends[] = {"is left unfinished", "ends", "fails", "is cancelled"};
    return ends[lane->end];
}

bool trace_is_start(const TraceLane *lane, size_t span)
{
    for (size_t i = 0; i < span; i++)
        if (lane->spans[i].kind == SPAN_RUN) return false;
    return true;
}

const char *trace_duration(char text[DURATION_TEXT], int64_t ns)
{
    static const struct { double unit; const char *name; } units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}};
    size_t i = 0;
    while (i < 3 && (double)ns < units[i].unit * 0.9995) i++;
    double n = (double)ns / units[i].unit;
    if (ns == 0) snprintf(text, DURATION_TEXT, "0 s");
    else snprintf(text, DURATION_TEXT, n < 999.5 ? "%.3g %s" : "%.0f %s", n, units[i].name);
    return text;
}

const char *trace_position(char text[DURATION_TEXT], const TraceRun *run, int64_t at, Language language)
{
    if (!run->by_steps) return trace_duration(text, at);
    snprintf(text, DURATION_TEXT, said(language, "step %lld"), (long long)at);
    return text;
}

int64_t trace_tick(int64_t end, int wanted, bool by_steps)
{
    double rough = (double)end / wanted;
    if (rough < 1) return 1;
    double unit = pow(10, floor(log10(rough))), times = rough / unit;
    double tick = unit * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
    return by_steps && tick < 1 ? 1 : (int64_t)(tick + 0.5);
}

const char *trace_span_name(SpanKind kind)
{
    static const char *const names[] = {"runs", "waits", "ready", "blocks"};
    return names[kind];
}

const char *trace_source_line(const TraceRun *run, const TraceSpan *span, size_t *size)
{
    *size = 0;
    if (span->source == NO_SOURCE || span->line == 0) return "";
    const TraceSource *s = &run->sources[span->source];
    const char *p = s->text, *end = s->text + s->size;
    for (uint32_t line = 1; line < span->line && p < end; line++) {
        p = memchr(p, '\n', (size_t)(end - p));
        p = p ? p + 1 : end;
    }
    const char *eol = memchr(p, '\n', (size_t)(end - p));
    if (!eol) eol = end;
    while (p < eol && (*p == ' ' || *p == '\t')) p++;
    while (eol > p && (eol[-1] == '\r' || eol[-1] == ' ')) eol--;
    *size = (size_t)(eol - p);
    return p;
}

void trace_add_decimal(TextBuffer *out, int64_t n, int places)
{
    char text[24], *p = text + sizeof text;
    uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
    for (; places && rest % 10 == 0; places--) rest /= 10; // 1.50 is 1.5
    if (places) {
        for (; places; places--, rest /= 10) *--p = (char)('0' + rest % 10);
        *--p = '.';
    }
    do *--p = (char)('0' + rest % 10); while (rest /= 10);
    if (n < 0) *--p = '-';
    text_add(out, p, (size_t)(text + sizeof text - p));
}

/* `special` says what stands for a byte instead; NULL: itself. Bytes that stand for themselves are added together. */
static void add_escaped(TextBuffer *out, const char *text, size_t len,
                        const char *(*special)(char byte, char hex[8]))
{
    char hex[8];
    const char *from = text, *end = text + len;
    for (const char *p = text; p < end; p++) {
        const char *escape = special(*p, hex);
        if (!escape) continue;
        text_add(out, from, (size_t)(p - from));
        text_add(out, escape, strlen(escape));
        from = p + 1;
    }
    text_add(out, from, (size_t)(end - from));
}

static const char *special_in_xml(char byte, char hex[8])
{
    (void)hex;
    return byte == '&' ? "&amp;" : byte == '<' ? "&lt;" : byte == '>' ? "&gt;" : byte == '"' ? "&quot;" : NULL;
}

void trace_add_xml(TextBuffer *out, const char *text, size_t len)
{
    add_escaped(out, text, len, special_in_xml);
}

/* '<' too is an escape: "</script>" must not end the script that the text stands in. */
static const char *special_in_json(char byte, char hex[8])
{
    if (byte == '"') return "\\\"";
    if (byte == '\\') return "\\\\";
    if ((unsigned char)byte >= ' ' && byte != '<') return NULL;
    snprintf(hex, 8, "\\u%04x", byte);
    return hex;
}

void trace_add_json(TextBuffer *out, const char *text, size_t len)
{
    text_add(out, "\"", 1);
    add_escaped(out, text, len, special_in_json);
    text_add(out, "\"", 1);
}
