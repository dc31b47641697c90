/* trace_svg.c - a run as a drawing that stands by itself: no script, no font, no link; colours for light and dark. */
#include "cli/trace.h"
#include "lang/diag.h"

#include <string.h>

/* In units of the drawing, which scales as a whole. */
enum {
    WIDTH = 760, MARGIN = 24, TRACK = WIDTH - 2 * MARGIN,
    TITLE_HEIGHT = 34, AXIS_HEIGHT = 22, LANE_HEIGHT = 56, BAR_TOP = 24, BAR_HEIGHT = 24,
    OUTPUT_HEIGHT = 20, LEGEND_HEIGHT = 34, RUN_GAP = 18,
    MAX_LANES = 60, MAX_OUTPUTS = 16, TICKS = 4,
    MANY_SPANS = 3000, MANY_WIDTH = 10,
};
static const double THINNEST_RUN = 3, THINNEST_WAIT = 0.4;

typedef struct Drawing {
    TextBuffer *out;
    int64_t end; // what the right edge stands for
    double y;
    bool many;   // more spans than can be looked at one by one
    Language language;
} Drawing;

static const char style_sheet[] =
    "<style>\n"
    "svg{--paper:#fff;--ink:#1f2328;--soft:#59636e;--line:#d1d9e0;--run:#1a7f37;--wait:#ddebfb;--edge:#8ab4e8;"
    "--ready:#f5d76e;--block:#d1453b;--label:#0b4a8f;--onblock:#fff;max-width:960px}\n"
    "@media (prefers-color-scheme:dark){svg{--paper:#0d1117;--ink:#e6edf3;--soft:#9198a1;--line:#30363d;--run:#3fb950;"
    "--wait:#15304f;--edge:#316dca;--ready:#9e7a16;--block:#c93c37;--label:#9ecbff;--onblock:#fff}}\n"
    "text{font:13px system-ui,-apple-system,'Segoe UI','Noto Sans KR','Noto Sans CJK KR','Apple SD Gothic Neo',"
    "'Malgun Gothic',sans-serif;fill:var(--ink);white-space:pre}\n"
    ".title{font-size:17px;font-weight:600}.name{font-weight:600}.soft{fill:var(--soft)}.small{font-size:12px}\n"
    ".paper{fill:var(--paper);stroke:var(--line)}.track{stroke:var(--line)}.tick{stroke:var(--line);stroke-dasharray:2 3}\n"
    ".runs{fill:var(--run)}.waits{fill:var(--wait)}rect.waits{stroke:var(--edge)}.ready{fill:var(--ready)}"
    ".blocks{fill:var(--block)}\n"
    ".label{font-size:12px}text.waits{fill:var(--label)}text.blocks{fill:var(--onblock)}\n"
    "</style>\n";

/* ---- text ---------------------------------------------------------------------------------------- */

/* Generous, for no font is known: half an em a column and a bit. */
static double width_of(const char *text, double size)
{
    return (double)diag_display_width(text, strlen(text)) * size * 0.56;
}

static void add_text(const Drawing *d, double x, double y, const char *class, const char *anchor,
                     const char *text)
{
    text_addf(d->out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\"%s%s%s>", x, y, class,
              *anchor ? " text-anchor=\"" : "", anchor, *anchor ? "\"" : "");
    trace_add_xml(d->out, text, strlen(text));
    text_addf(d->out, "</text>\n");
}

static double x_of(const Drawing *d, int64_t at) { return MARGIN + (double)at / (double)d->end * TRACK; }

/* ---- one run ------------------------------------------------------------------------------------- */

static void draw_title(Drawing *d, const TraceRun *run)
{
    char total[DURATION_TEXT];
    d->y += TITLE_HEIGHT;
    add_text(d, MARGIN, d->y - 12, "title", "", run->title);
    add_text(d, WIDTH - MARGIN, d->y - 12, "title total", "end", trace_duration(total, run->total));
}

static void draw_axis(Drawing *d, const TraceRun *run, double bottom)
{
    int64_t tick = trace_tick(d->end, TICKS, run->by_steps);
    d->y += AXIS_HEIGHT;
    for (int64_t t = 0; t <= d->end; t += tick) {
        char text[DURATION_TEXT] = "0";
        double x = x_of(d, t);
        const char *anchor = t == 0 ? "" : x > WIDTH - MARGIN - 30 ? "end" : "middle";
        if (t) trace_position(text, run, t, d->language);
        text_addf(d->out, "<path class=\"tick\" d=\"M%.1f %.1fV%.1f\"/>\n", x, d->y - 4, bottom);
        add_text(d, x, d->y - 9, "soft small", anchor, text);
    }
}

/* What the pointer is told: "waits: sleep 3 s, 0 s to 3 s; line 5: await ...". */
static void add_tooltip(const Drawing *d, const TraceRun *run, const TraceSpan *s)
{
    char from[DURATION_TEXT], to[DURATION_TEXT];
    size_t len;
    const char *line = trace_source_line(run, s, &len);
    const char *label = said(d->language, s->label);
    text_addf(d->out, "<title>%s%s", said(d->language, trace_span_name((SpanKind)s->kind)), *label ? ": " : "");
    trace_add_xml(d->out, label, strlen(label));
    text_addf(d->out, "\n%s – %s", trace_position(from, run, s->from, d->language),
              trace_position(to, run, s->to, d->language));
    if (len) {
        text_addf(d->out, "\n%u: ", s->line);
        trace_add_xml(d->out, line, len);
    }
    text_addf(d->out, "</title>");
}

/* ` name="1.25"` */
static void add_number(const Drawing *d, const char *name, double value)
{
    text_add(d->out, " ", 1);
    text_add(d->out, name, strlen(name));
    text_add(d->out, "=\"", 2);
    trace_add_decimal(d->out, (int64_t)(value * 100 + 0.5), 2);
    text_add(d->out, "\"", 1);
}

static void draw_bar(const Drawing *d, const TraceRun *run, const TraceSpan *s, double x, double width)
{
    const char *kind = trace_span_name((SpanKind)s->kind);
    double inset = s->kind == SPAN_WAIT ? 0.5 : 0; // a stroke lies half outside
    text_addf(d->out, "<rect class=\"%s\"", kind);
    add_number(d, "x", x);
    add_number(d, "y", d->y + BAR_TOP + inset);
    add_number(d, "width", width);
    add_number(d, "height", BAR_HEIGHT - 2 * inset);
    add_number(d, "rx", width < 6 ? 1 : 4);
    text_addf(d->out, " data-from=\"%lld\" data-to=\"%lld\">", (long long)s->from, (long long)s->to);
    add_tooltip(d, run, s);
    text_addf(d->out, "</rect>\n");
}

/* In the middle of its bar if there is room, in short (behind the last colon) if there is not, or not at all. */
static void draw_label(const Drawing *d, const TraceSpan *s)
{
    double x = x_of(d, s->from), room = x_of(d, s->to) - x - 14;
    if (room < width_of("i", 12)) return;
    const char *text = said(d->language, s->label), *colon = strrchr(text, ':');
    if (colon && width_of(text, 12) > room) text = colon + 2;
    if (!*text || width_of(text, 12) > room) return;
    char class[32] = "label ";
    strcat(class, trace_span_name((SpanKind)s->kind));
    add_text(d, x + (room + 14) / 2, d->y + BAR_TOP + 16.5, class, "middle", text);
}

/* Where nobody could find a bar under the pointer it gets no tooltip: all the thin ones of a lane are one path. */
static bool is_one_of_many(const Drawing *d, double width) { return d->many && width < MANY_WIDTH; }

static void add_to_path(TextBuffer *path, double x, double width)
{
    int64_t tenths = (int64_t)(width * 10 + 0.5);
    text_add(path, "M", 1);
    trace_add_decimal(path, (int64_t)(x * 10 + 0.5), 1);
    text_add(path, " 0h", 3);
    trace_add_decimal(path, tenths, 1);
    text_add(path, "v1h", 3);
    trace_add_decimal(path, -tenths, 1);
    text_add(path, "z", 1);
}

static void draw_path(const Drawing *d, SpanKind kind, TextBuffer *path)
{
    if (path->len)
        text_addf(d->out, "<path class=\"%s\" transform=\"translate(0 %.1f) scale(1 %d)\" d=\"%s\"/>\n",
                  trace_span_name(kind), d->y + BAR_TOP, BAR_HEIGHT, path->bytes);
    d->out->failed |= path->failed;
    text_free(path);
}

static void draw_kind(const Drawing *d, const TraceRun *run, const TraceLane *lane, SpanKind kind)
{
    TextBuffer path = {0};
    double drawn_to = -THINNEST_RUN, thinnest = d->many ? THINNEST_RUN : THINNEST_WAIT;
    for (size_t i = 0; i < lane->n; i++) {
        const TraceSpan *s = &lane->spans[i];
        if (s->kind != kind) continue;
        double x = x_of(d, s->from), width = x_of(d, s->to) - x;
        if (kind == SPAN_RUN) {
            if (width < 1 && x < drawn_to) continue;
            if (width < THINNEST_RUN) width = THINNEST_RUN;
            if (x + width > WIDTH - MARGIN) x = WIDTH - MARGIN - width;
            drawn_to = x + width;
        } else if (width < thinnest) continue;
        if (is_one_of_many(d, width)) add_to_path(&path, x, width);
        else draw_bar(d, run, s, x, width);
    }
    draw_path(d, kind, &path);
}

/* Spans too thin to be seen are left out, or run together with their neighbours. */
static void draw_spans(const Drawing *d, const TraceRun *run, const TraceLane *lane)
{
    for (int kind = 0; kind < SPAN_KINDS; kind++)
        if (kind != SPAN_RUN) draw_kind(d, run, lane, (SpanKind)kind);
    draw_kind(d, run, lane, SPAN_RUN); // on top
    for (size_t i = 0; i < lane->n; i++)
        if (lane->spans[i].kind != SPAN_RUN) draw_label(d, &lane->spans[i]);
}

static void draw_lane(Drawing *d, const TraceRun *run, const TraceLane *lane)
{
    const char *title = trace_lane_title(lane), *detail = trace_lane_detail(lane);
    text_addf(d->out, "<g class=\"lane\" data-task=\"");
    trace_add_xml(d->out, lane->name, strlen(lane->name));
    text_addf(d->out, "\">\n");
    text_addf(d->out, "<text x=\"%d\" y=\"%.1f\"><tspan class=\"name\">", MARGIN, d->y + 17);
    trace_add_xml(d->out, title, strlen(title));
    text_addf(d->out, "</tspan><tspan class=\"soft small\" dx=\"8\">");
    trace_add_xml(d->out, detail, strlen(detail));
    text_addf(d->out, "</tspan></text>\n");
    double middle = d->y + BAR_TOP + BAR_HEIGHT / 2.0;
    text_addf(d->out, "<path class=\"track\" d=\"M%d %.1fH%d\"/>\n", MARGIN, middle, WIDTH - MARGIN);
    draw_spans(d, run, lane);
    text_addf(d->out, "</g>\n");
    d->y += LANE_HEIGHT;
}

static void draw_outputs(Drawing *d, const TraceRun *run)
{
    if (!run->noutputs) return;
    d->y += OUTPUT_HEIGHT + 6;
    for (size_t i = 0; i < run->noutputs && i < MAX_OUTPUTS; i++) {
        const TraceOutput *o = &run->outputs[i];
        char when[DURATION_TEXT];
        const char *who = o->lane == NO_LANE ? "" : trace_lane_title(&run->lanes[o->lane]);
        text_addf(d->out, "<g class=\"output\">\n");
        add_text(d, MARGIN + 52, d->y, "soft small", "end", trace_position(when, run, o->when, d->language));
        add_text(d, MARGIN + 64, d->y, "soft small", "", width_of(who, 12) <= 170 ? who : "");
        add_text(d, MARGIN + 240, d->y, "small", "", width_of(o->text, 12) <= TRACK - 240 ? o->text : "…");
        text_addf(d->out, "</g>\n");
        d->y += OUTPUT_HEIGHT;
    }
    if (run->noutputs > MAX_OUTPUTS) {
        text_addf(d->out, "<text x=\"%d\" y=\"%.1f\" class=\"soft small\">… %zu</text>\n", MARGIN + 240, d->y,
                  run->noutputs - MAX_OUTPUTS);
        d->y += OUTPUT_HEIGHT;
    }
}

static size_t shown_lanes(const TraceRun *run)
{
    size_t n = run->nlanes - run->first;
    return n < MAX_LANES ? n : MAX_LANES;
}

static void draw_rest(Drawing *d, const TraceRun *run)
{
    size_t more = run->nlanes - run->first - shown_lanes(run) + run->more_tasks;
    if (!more && !run->cut) return;
    d->y += OUTPUT_HEIGHT;
    text_addf(d->out, "<text x=\"%d\" y=\"%.1f\" class=\"soft small\">", MARGIN, d->y);
    if (more) text_saidf(d->out, d->language, "… and %zu tasks more", more);
    if (more && run->cut) text_add(d->out, " ", 1);
    if (run->cut) text_saidf(d->out, d->language, "(it went on, but the log was full)");
    text_addf(d->out, "</text>\n");
}

static void draw_run(Drawing *d, const TraceRun *run)
{
    size_t spans = 0;
    for (size_t i = 0; i < shown_lanes(run); i++) spans += run->lanes[run->first + i].n;
    d->many = spans > MANY_SPANS;
    text_addf(d->out, "<g class=\"run\">\n");
    draw_title(d, run);
    draw_axis(d, run, d->y + AXIS_HEIGHT + (double)shown_lanes(run) * LANE_HEIGHT);
    for (size_t i = 0; i < shown_lanes(run); i++) draw_lane(d, run, &run->lanes[run->first + i]);
    draw_rest(d, run);
    draw_outputs(d, run);
    text_addf(d->out, "</g>\n");
}

/* ---- the whole ----------------------------------------------------------------------------------- */

static void draw_legend(Drawing *d)
{
    double x = MARGIN;
    d->y += LEGEND_HEIGHT;
    for (int k = 0; k < SPAN_KINDS; k++) {
        const char *name = trace_span_name((SpanKind)k);
        text_addf(d->out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"16\" height=\"11\" rx=\"2\"/>\n",
                  name, x, d->y - 24);
        const char *word = said(d->language, name);
        add_text(d, x + 22, d->y - 14.5, "soft small", "", word);
        x += 22 + width_of(word, 12) + 18;
    }
}

static double height_of(const TraceRun *run)
{
    double h = TITLE_HEIGHT + AXIS_HEIGHT + (double)shown_lanes(run) * LANE_HEIGHT;
    size_t lines = run->noutputs > MAX_OUTPUTS ? MAX_OUTPUTS + 1 : run->noutputs;
    if (run->nlanes - run->first > MAX_LANES || run->more_tasks || run->cut) h += OUTPUT_HEIGHT;
    return h + (lines ? (double)(lines + 1) * OUTPUT_HEIGHT + 6 : 0);
}

void trace_draw_svg(TextBuffer *out, const TraceRun *runs, size_t n, const TraceStyle *style)
{
    Drawing d = {.out = out, .end = 1, .y = MARGIN / 2.0, .language = style->language};
    double height = d.y + LEGEND_HEIGHT + (double)(n - 1) * RUN_GAP;
    for (size_t i = 0; i < n; i++) {
        if (runs[i].end > d.end) d.end = runs[i].end;
        height += height_of(&runs[i]);
    }
    text_addf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"", WIDTH, height);
    trace_add_xml(out, runs[0].title, strlen(runs[0].title));
    text_addf(out,
              "\">\n%s<rect class=\"paper\" x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%.0f\" rx=\"10\"/>\n",
              style_sheet, WIDTH - 1, height - 1);
    for (size_t i = 0; i < n; i++) {
        draw_run(&d, &runs[i]);
        d.y += i + 1 < n ? RUN_GAP : 0;
    }
    draw_legend(&d);
    text_addf(out, "</svg>\n");
}
