/* trace_html.c - the run as data in a page that steps and scrubs through it. The page is cli/trace_page.html. */
#include "cli/trace.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cli/trace_page.inc"

enum { MAX_LANES = 200 };
static const char data_mark[] = "/*DATA*/", title_mark[] = "<!--TITLE-->", language_mark[] = "<!--LANGUAGE-->";

static const char *const words[] = {
#define WORD(text) text,
#include "cli/trace_words.def"
#undef WORD
};

static void add_key(TextBuffer *out, const char *key, const char *text)
{
    text_addf(out, ",\"%s\":", key);
    trace_add_json(out, text, strlen(text));
}

/* Each with a comma in front; in front of the first stands `begin`. */
static void add_numbers(TextBuffer *out, char begin, int n, const int64_t *numbers)
{
    for (int i = 0; i < n; i++) {
        text_add(out, i ? "," : &begin, 1);
        trace_add_decimal(out, numbers[i], 0);
    }
}

/* [from, to, kind, label, target, source, line, step] */
static void add_span(TextBuffer *out, const TraceSpan *s, size_t first, Language language)
{
    const char *label = said(language, s->label);
    int target = s->target == NO_LANE ? NO_LANE : s->target - (int)first;
    add_numbers(out, '[', 3, (int64_t[]){s->from, s->to, s->kind});
    text_add(out, ",", 1);
    trace_add_json(out, label, strlen(label));
    add_numbers(out, ',', 4, (int64_t[]){target, s->source, s->line, s->step});
    text_add(out, "]", 1);
}

static void add_lane(TextBuffer *out, const TraceLane *lane, size_t first, Language language)
{
    text_addf(out, "{\"born\":%lld,\"died\":%lld,\"parent\":%d", (long long)lane->born, (long long)lane->died,
              lane->parent == NO_LANE ? NO_LANE : lane->parent - (int)first);
    add_key(out, "task", lane->name);
    add_key(out, "title", trace_lane_title(lane));
    add_key(out, "detail", trace_lane_detail(lane));
    add_key(out, "end", trace_lane_end(lane));
    text_addf(out, ",\"spans\":[");
    for (size_t i = 0; i < lane->n; i++) {
        if (i) text_add(out, ",", 1);
        add_span(out, &lane->spans[i], first, language);
    }
    text_addf(out, "]}");
}

static void add_outputs(TextBuffer *out, const TraceRun *run)
{
    text_addf(out, ",\"outputs\":[");
    for (size_t i = 0; i < run->noutputs; i++) {
        const TraceOutput *o = &run->outputs[i];
        text_addf(out, "%s[%lld,%u,%d,", i ? "," : "", (long long)o->when, o->step,
                  o->lane == NO_LANE ? NO_LANE : o->lane - (int)run->first);
        trace_add_json(out, o->text, strlen(o->text));
        text_addf(out, "]");
    }
    text_addf(out, "]");
}

static void add_sources(TextBuffer *out, const TraceRun *run)
{
    text_addf(out, ",\"sources\":[");
    for (size_t i = 0; i < run->nsources; i++) {
        const char *slash = strrchr(run->sources[i].name, '/'),
                   *name = slash ? slash + 1 : run->sources[i].name;
        text_addf(out, "%s{\"name\":", i ? "," : "");
        trace_add_json(out, name, strlen(name)); // a page is given away, and the folder is the writer's affair
        text_addf(out, ",\"text\":");
        trace_add_json(out, run->sources[i].text, run->sources[i].size);
        text_addf(out, "}");
    }
    text_addf(out, "]");
}

static void add_run(TextBuffer *out, const TraceRun *run, Language language)
{
    size_t n = run->nlanes - run->first, shown = n < MAX_LANES ? n : MAX_LANES;
    char total[DURATION_TEXT];
    text_addf(out, "{\"end\":%lld,\"steps\":%s,\"cut\":%s,\"more\":%zu", (long long)run->end,
              run->by_steps ? "true" : "false", run->cut ? "true" : "false", n - shown + run->more_tasks);
    add_key(out, "title", run->title);
    add_key(out, "total", trace_duration(total, run->total));
    text_addf(out, ",\"lanes\":[");
    for (size_t i = 0; i < shown; i++) {
        if (i) text_add(out, ",", 1);
        add_lane(out, &run->lanes[run->first + i], run->first, language);
    }
    text_addf(out, "]");
    add_outputs(out, run);
    add_sources(out, run);
    text_addf(out, "}");
}

/* malloc'd. NULL: memory is out. */
static char *unpack_page(void)
{
    char *page = malloc(PAGE_SIZE + 1);
    uLongf size = PAGE_SIZE;
    if (!page || uncompress((Bytef *)page, &size, packed_page, sizeof packed_page) != Z_OK)
        return free(page), NULL;
    page[size] = '\0';
    return page;
}

/* The page up to `mark`, which is left out; what follows it. */
static const char *copy_until(TextBuffer *out, const char *from, const char *mark)
{
    const char *at = strstr(from, mark);
    text_add(out, from, (size_t)(at - from));
    return at + strlen(mark);
}

void trace_draw_html(TextBuffer *out, const TraceRun *runs, size_t n, const TraceStyle *style)
{
    bool korean = style->language == LANGUAGE_KOREAN;
    char *page = unpack_page();
    if (!page) {
        out->failed = true;
        return;
    }
    const char *rest = copy_until(out, page, language_mark);
    text_addf(out, korean ? "ko" : "en");
    rest = copy_until(out, rest, title_mark);
    trace_add_xml(out, runs[0].title, strlen(runs[0].title));
    rest = copy_until(out, rest, data_mark);
    text_addf(out, "{\"words\":{");
    for (size_t i = 0; korean && i < sizeof words / sizeof *words; i++) {
        const char *word = said(style->language, words[i]);
        text_addf(out, "%s\"%s\":", i ? "," : "", words[i]);
        trace_add_json(out, word, strlen(word));
    }
    text_addf(out, "},\"runs\":[");
    for (size_t i = 0; i < n; i++) {
        if (i) text_add(out, ",", 1);
        add_run(out, &runs[i], style->language);
    }
    text_addf(out, "]}%s", rest);
    free(page);
}
