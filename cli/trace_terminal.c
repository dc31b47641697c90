/* trace_terminal.c - a run as lanes of blocks, for a terminal. */
#include "cli/trace.h"
#include "lang/diag.h"
#include "vm/utf8.h"

#include <stdlib.h>
#include <string.h>

enum {
    NAME_LEAST = 12, NAME_MOST = 28,
    MAX_LANES = 40, // of a run; one screen, generously
    WHEN_WIDTH = 8,
    MAX_STEPS = 12, // a run with more of them is not told in words
};

typedef struct Glyph {
    SpanKind kind;
    bool there;        // the task exists
    bool label;        // `glyph` is text, not a bar
    const char *glyph; // one character; "" behind a wide one
    size_t size;
} Glyph;

typedef struct Canvas {
    TextBuffer *out;
    const TraceStyle *style;
    int names, columns; // of the names, and of the lanes behind them
    int titles;         // of the names without the tasks' own
    int64_t end;        // what the last column stands for
    Glyph *cells;
} Canvas;

/* ---- text ---------------------------------------------------------------------------------------- */

static int width_of(const char *text) { return (int)diag_display_width(text, strlen(text)); }

static void add_fill(TextBuffer *out, const char *glyph, int n)
{
    while (n-- > 0) text_addf(out, "%s", glyph);
}

static void add_color(const Canvas *c, const char *code)
{
    if (c->style->colors) text_addf(c->out, "\x1b[%sm", code);
}

/* At most `columns` of text, the rest an ellipsis. Answers the columns taken. */
static int add_clipped(TextBuffer *out, const char *text, int columns)
{
    int width = width_of(text), used = 0;
    if (width <= columns) {
        text_addf(out, "%s", text);
        return width;
    }
    for (const char *p = text; *p;) {
        size_t n = utf8_step(*p);
        int w = (int)diag_display_width(p, n);
        if (used + w > columns - 1) break;
        text_add(out, p, n);
        used += w;
        p += n;
    }
    text_addf(out, "…");
    return used + 1;
}

/* The format in the reader's language, filled in. */
#define say(c, ...) text_saidf((c)->out, (c)->style->language, __VA_ARGS__)

static const char *word(const Canvas *c, const char *english) { return said(c->style->language, english); }

/* ---- cells --------------------------------------------------------------------------------------- */

static const char *const glyphs[SPAN_KINDS] = {"█", "─", "░", "▒"};
static const char *const colors[SPAN_KINDS] = {"32", "36", "33", "31"};

static int column_of(const Canvas *c, int64_t at)
{
    int column = (int)((double)at / (double)c->end * c->columns);
    return column < 0 ? 0 : column < c->columns ? column : c->columns - 1;
}

static void paint(Canvas *c, const TraceSpan *s)
{
    int from = column_of(c, s->from), to = s->to >= c->end ? c->columns : column_of(c, s->to);
    if (s->kind == SPAN_RUN && to <= from) to = from + 1; // however short, it is seen
    for (int i = from; i < to; i++)
        c->cells[i] = (Glyph){s->kind, true, false, glyphs[s->kind], strlen(glyphs[s->kind])};
}

static void write_text(Canvas *c, SpanKind kind, int at, const char *text)
{
    Glyph blank = {kind, true, true, " ", 1};
    c->cells[at++] = blank;
    for (const char *p = text; *p;) {
        size_t n = utf8_step(*p);
        int w = (int)diag_display_width(p, n);
        c->cells[at] = (Glyph){kind, true, true, p, n};
        for (int i = 1; i < w; i++) c->cells[at + i] = (Glyph){kind, true, true, "", 0};
        at += w;
        p += n;
    }
    c->cells[at] = blank;
}

/* In the middle of the bar, as much of it as no run has covered; where room is short, what stands behind
 * the last colon. */
static void write_label(Canvas *c, const TraceSpan *s)
{
    int from = column_of(c, s->from), to = s->to >= c->end ? c->columns : column_of(c, s->to);
    while (from < to && c->cells[from].kind != s->kind) from++;
    while (to > from && c->cells[to - 1].kind != s->kind) to--;
    if (to - from < 3) return; // most bars of a long run: not even one letter
    const char *text = word(c, s->label), *colon = strrchr(text, ':');
    if (colon && width_of(text) + 2 > to - from) text = colon + 2;
    int width = width_of(text);
    if (width > 0 && width + 2 <= to - from) write_text(c, s->kind, from + (to - from - width - 2) / 2, text);
}

static void fill_lane(Canvas *c, const TraceLane *lane)
{
    for (int i = 0; i < c->columns; i++) c->cells[i] = (Glyph){SPAN_WAIT, false, false, " ", 1};
    for (size_t i = 0; i < lane->n; i++)
        if (lane->spans[i].kind != SPAN_RUN) paint(c, &lane->spans[i]);
    for (size_t i = 0; i < lane->n; i++)
        if (lane->spans[i].kind == SPAN_RUN) paint(c, &lane->spans[i]);
    for (size_t i = 0; i < lane->n; i++)
        if (lane->spans[i].kind != SPAN_RUN) write_label(c, &lane->spans[i]);
}

static void draw_cells(const Canvas *c)
{
    int n = c->columns;
    const char *color = NULL;
    while (n > 0 && !c->cells[n - 1].there) n--;
    for (int i = 0; i < n; i++) {
        const Glyph *cell = &c->cells[i];
        const char *wanted = !cell->there || cell->label ? "0" : colors[cell->kind];
        if (wanted != color) add_color(c, wanted);
        color = wanted;
        text_add(c->out, cell->glyph, cell->size);
    }
    add_color(c, "0");
    text_addf(c->out, "\n");
}

/* ---- lanes --------------------------------------------------------------------------------------- */

static int name_width(const TraceLane *lane)
{
    int detail = width_of(trace_lane_detail(lane));
    return width_of(trace_lane_title(lane)) + (detail ? detail + 1 : 0);
}

/* "Task-2 handle(1)", the less telling part dim; only the other one where room is short. */
static void draw_name(const Canvas *c, const TraceLane *lane)
{
    bool both = *trace_lane_detail(lane) && name_width(lane) <= c->names;
    int used = 0;
    if (both) {
        add_color(c, lane->named ? "0" : "2");
        text_addf(c->out, "%s ", lane->name);
        add_color(c, lane->named ? "2" : "0");
        used = width_of(lane->name) + 1;
    }
    used += add_clipped(c->out, both ? lane->call : trace_lane_title(lane), c->names - used);
    add_color(c, "0");
    add_fill(c->out, " ", c->names - used + 2);
}

static void draw_lane(Canvas *c, const TraceLane *lane)
{
    draw_name(c, lane);
    fill_lane(c, lane);
    draw_cells(c);
}

static void draw_axis(const Canvas *c, const TraceRun *run)
{
    int64_t tick = trace_tick(c->end, c->columns / 12 > 1 ? c->columns / 12 : 1, run->by_steps);
    int at = 0;
    add_color(c, "2");
    add_fill(c->out, " ", c->names + 2);
    for (int64_t t = 0; t <= c->end; t += tick) {
        char text[DURATION_TEXT];
        int column = t == c->end ? c->columns - 1 : column_of(c, t);
        if (t == 0) memcpy(text, "0", 2);
        else trace_position(text, run, t, c->style->language);
        int width = width_of(text), start = column + width > c->columns ? c->columns - width : column;
        if (start < at + (at > 0)) break;
        add_fill(c->out, " ", start - at);
        text_addf(c->out, "%s", text);
        at = start + width;
    }
    add_color(c, "0");
    text_addf(c->out, "\n");
}

static void draw_title(const Canvas *c, const TraceRun *run)
{
    char total[DURATION_TEXT];
    text_addf(c->out, "\n");
    add_color(c, "1");
    text_addf(c->out, "%s", run->title);
    add_color(c, "0");
    text_addf(c->out, "  %s%s\n", trace_duration(total, run->total),
              run->by_steps ? word(c, ": drawn step by step") : "");
}

static void draw_run(Canvas *c, const TraceRun *run)
{
    if (!c->style->lanes_only) draw_title(c, run);
    draw_axis(c, run);
    size_t shown = run->nlanes - run->first < MAX_LANES ? run->nlanes : run->first + MAX_LANES;
    for (size_t i = run->first; i < shown; i++) draw_lane(c, &run->lanes[i]);
    size_t more = run->nlanes - shown + run->more_tasks;
    if (more) say(c, "… and %zu tasks more", more), text_addf(c->out, "\n");
    if (run->nlanes == 1 && !run->lanes[0].total[SPAN_BLOCK]) say(c, "no task ran\n");
    if (run->cut) say(c, "(it went on, but the log was full)"), text_addf(c->out, "\n");
}

static void draw_legend(const Canvas *c)
{
    add_fill(c->out, " ", c->names);
    for (int k = 0; k < SPAN_KINDS; k++) {
        text_addf(c->out, "  ");
        add_color(c, colors[k]);
        text_addf(c->out, "%s", glyphs[k]);
        add_color(c, "0");
        text_addf(c->out, " %s", word(c, trace_span_name((SpanKind)k)));
    }
    text_addf(c->out, "\n");
}

/* ---- in words ------------------------------------------------------------------------------------ */

/* A step: a lane has run, and then ... */
typedef struct Step { const TraceLane *lane; size_t span; } Step;

static int by_order(const void *a, const void *b)
{
    const Step *x = a, *y = b;
    uint32_t one = x->lane->spans[x->span].step, other = y->lane->spans[y->span].step;
    return one < other ? -1 : one > other;
}

static size_t collect_steps(const TraceRun *run, Step steps[MAX_STEPS + 1])
{
    size_t n = 0;
    for (size_t i = run->first; i < run->nlanes && n <= MAX_STEPS; i++)
        for (size_t j = 0; j < run->lanes[i].n && n <= MAX_STEPS; j++)
            if (run->lanes[i].spans[j].kind == SPAN_RUN) steps[n++] = (Step){&run->lanes[i], j};
    qsort(steps, n, sizeof *steps, by_order);
    return n;
}

static void tell_step(const Canvas *c, const TraceRun *run, const Step *s)
{
    const TraceLane *lane = s->lane;
    const TraceSpan *span = &lane->spans[s->span], *next = s->span + 1 < lane->n ? span + 1 : NULL;
    char when[DURATION_TEXT];
    const char *text = trace_position(when, run, span->from, c->style->language);
    add_fill(c->out, " ", WHEN_WIDTH - width_of(text));
    text_addf(c->out, "%s  ", text);
    add_fill(c->out, " ", c->titles - add_clipped(c->out, trace_lane_title(lane), c->titles));
    text_addf(c->out, "  ");
    TextBuffer told = {0};
    const char *begins = word(c, trace_is_start(lane, s->span) ? "starts" : "goes on");
    bool gives_way = next && (next->kind == SPAN_READY || next->kind == SPAN_RUN);
    if (next && !gives_way)
        text_saidf(&told, c->style->language, "%s, then %s: %s", begins,
                   word(c, trace_span_name((SpanKind)next->kind)), word(c, next->label));
    else
        text_saidf(&told, c->style->language, "%s, then %s", begins,
                   word(c, next ? "gives way" : trace_lane_end(lane)));
    if (told.bytes) add_clipped(c->out, told.bytes, c->style->columns - c->titles - WHEN_WIDTH - 4);
    text_addf(c->out, "\n");
    c->out->failed |= told.failed;
    text_free(&told);
}

static void tell(const Canvas *c, const TraceRun *run)
{
    Step steps[MAX_STEPS + 1];
    size_t n = collect_steps(run, steps);
    if (n > MAX_STEPS || run->nlanes < 2) return;
    text_addf(c->out, "\n");
    for (size_t i = 0; i < n; i++) tell_step(c, run, &steps[i]);
}

static void tell_difference(const Canvas *c, const TraceRun *a, const TraceRun *b)
{
    char one[DURATION_TEXT], other[DURATION_TEXT], by[DURATION_TEXT];
    int64_t less = a->total - b->total;
    text_addf(c->out, "\n%s %s, %s %s: %s %s\n", a->title, trace_duration(one, a->total), b->title,
              trace_duration(other, b->total), trace_duration(by, less < 0 ? -less : less),
              word(c, less < 0 ? "more" : "less"));
}

/* ---- the whole ----------------------------------------------------------------------------------- */

static void measure(Canvas *c, const TraceRun *runs, size_t n)
{
    c->names = NAME_LEAST;
    for (size_t r = 0; r < n; r++) {
        for (size_t i = runs[r].first; i < runs[r].nlanes && i < runs[r].first + MAX_LANES; i++) {
            int name = name_width(&runs[r].lanes[i]), title = width_of(trace_lane_title(&runs[r].lanes[i]));
            if (name > c->names) c->names = name;
            if (title > c->titles) c->titles = title;
        }
        if (runs[r].end > c->end) c->end = runs[r].end;
    }
    if (c->names > NAME_MOST) c->names = NAME_MOST;
    if (c->titles > NAME_MOST) c->titles = NAME_MOST;
    c->columns = c->style->columns - c->names - 2;
    if (c->columns < 16) c->columns = 16;
}

void trace_draw_terminal(TextBuffer *out, const TraceRun *runs, size_t n, const TraceStyle *style)
{
    Canvas c = {.out = out, .style = style, .end = 1};
    measure(&c, runs, n);
    c.cells = calloc((size_t)c.columns, sizeof *c.cells);
    if (!c.cells) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < n; i++) draw_run(&c, &runs[i]);
    draw_legend(&c);
    if (style->lanes_only) { // all is drawn
    } else if (n == 1) tell(&c, &runs[0]);
    else tell_difference(&c, &runs[0], &runs[1]);
    free(c.cells);
}
