#include "cli/trace_log.h"
#include "lang/unicode.h"
#include "vm/lines.h"
#include "vm/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A run in which nothing was waited for and that took less is drawn step by step: its times would be noise. */
static const int64_t WORTH_A_CLOCK = 50 * 1000 * 1000, SHORTEST_WAIT = 1000 * 1000;

enum { PLACES_BITS = 6 };

/* Reading the log: what is known so far. */
typedef struct Replay {
    Recorder *r;
    TraceRun *run;
    LogChunk *chunk;         // being read
    size_t at;               // its next word
    bool only_look;          // the log is still needed
    int64_t now;             // ns
    int64_t step;            // steps begun
    int running;             // lane, or NO_LANE
    int64_t idle_since;      // the script's own body may have run since then
    struct Slot { uint64_t address; int lane; } *slots; // by the address of a task: a hash table
    size_t slots_mask, nslots;
    struct Open { TraceSpan span; int64_t deadline; } *open; // of every lane: the span it is in
    size_t lanes_capacity, open_capacity, outputs_capacity, sources_capacity;
    struct Place { uint64_t word; int16_t source; uint32_t line; } places[1 << PLACES_BITS]; // found already: a cache
    bool failed;
} Replay;

/* ---- growing ------------------------------------------------------------------------------------- */

static bool reserve(Replay *p, void *list, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity) return true;
    size_t more = *capacity ? *capacity * 2 : 8;
    void *grown = realloc(*(void **)list, more * size);
    if (!grown) return p->failed = true, false;
    *(void **)list = grown;
    *capacity = more;
    return true;
}

static const char *keep_text(Replay *p, const char *text, size_t len)
{
    const char *kept = len ? arena_text(&p->run->arena, text, len) : "";
    return kept ? kept : (p->failed = true, "");
}

/* A program's texts may be any bytes; what is kept is UTF-8 without control characters. */
static const char *keep_c(Replay *p, const char *text)
{
    size_t plain = 0;
    while (text && text[plain] >= ' ' && text[plain] < 0x7f) plain++;
    if (!text || !text[plain]) return keep_text(p, text, plain);
    TextBuffer b = {0};
    for (const char *s = text, *end = s + strlen(s); s < end;) {
        size_t step = utf8_step(*s),
               n = step <= (size_t)(end - s) && utf8_valid_prefix(s, step) == step ? step : 0;
        bool control = n == 1 && ((unsigned char)*s < ' ' || *s == 0x7f);
        if (n && !control) text_add(&b, s, n);
        else text_addf(&b, *s == '\t' ? "    " : "\uFFFD");
        s += n ? n : 1;
    }
    const char *kept = keep_text(p, b.bytes ? b.bytes : "", b.len);
    text_free(&b);
    return kept;
}

/* ---- tasks --------------------------------------------------------------------------------------- */

static size_t slot_of(const Replay *p, uint64_t address)
{
    size_t i = (size_t)(address * 0x9E3779B97F4A7C15ull >> 20) & p->slots_mask;
    while (p->slots[i].address && p->slots[i].address != address) i = (i + 1) & p->slots_mask;
    return i;
}

static bool grow_slots(Replay *p)
{
    size_t n = p->slots ? (p->slots_mask + 1) * 2 : 256, old = p->slots ? p->slots_mask + 1 : 0;
    struct Slot *before = p->slots;
    p->slots = calloc(n, sizeof *p->slots);
    if (!p->slots) return p->slots = before, p->failed = true, false;
    p->slots_mask = n - 1;
    for (size_t i = 0; i < old; i++)
        if (before[i].address) p->slots[slot_of(p, before[i].address)] = before[i];
    free(before);
    return true;
}

static int lane_of(const Replay *p, uint64_t address)
{
    if (!address || !p->slots) return NO_LANE;
    const struct Slot *s = &p->slots[slot_of(p, address)];
    return s->address ? s->lane : NO_LANE;
}

static void set_lane(Replay *p, uint64_t address, int lane)
{
    if ((!p->slots || p->nslots * 2 > p->slots_mask) && !grow_slots(p)) return;
    struct Slot *s = &p->slots[slot_of(p, address)];
    if (!s->address) p->nslots++;
    *s = (struct Slot){address, lane};
}

/* ---- places -------------------------------------------------------------------------------------- */

static const ImageRef *image_with(const VM *vm, const CodeRecord *code)
{
    for (const ImageRef *i = vm->codes; i; i = i->next)
        if ((const char *)code > (const char *)i->image &&
            (const char *)code < (const char *)i->image + i->image->size)
            return i;
    return NULL;
}

static int16_t source_of(Replay *p, const ImageRef *image)
{
    TraceRun *run = p->run;
    CodeText name = image->image->filename;
    const char *file = code_text(image->image, name);
    for (size_t i = 0; i < run->nsources; i++)
        if (strlen(run->sources[i].name) == name.len && memcmp(run->sources[i].name, file, name.len) == 0)
            return (int16_t)i;
    if (!image->source || run->nsources == INT16_MAX ||
        !reserve(p, &run->sources, run->nsources, &p->sources_capacity, sizeof *run->sources))
        return NO_SOURCE;
    run->sources[run->nsources] = (TraceSource){
        keep_text(p, file, name.len), keep_text(p, image->source, image->source_size), image->source_size};
    return (int16_t)run->nsources++;
}

static struct Place find_place(Replay *p, uint64_t place)
{
    const CodeRecord *code = place_code(place);
    const ImageRef *image = code ? image_with(p->r->vm, code) : NULL;
    if (!image) return (struct Place){place, NO_SOURCE, 0};
    return (struct Place){place, source_of(p, image), line_at(image->image, code, place_pc(place)).line};
}

/* A program waits at few places, and at each of them often. */
static void set_place(Replay *p, TraceSpan *span, uint64_t place)
{
    struct Place *known = &p->places[place * 0x9E3779B97F4A7C15ull >> (64 - PLACES_BITS)];
    if (known->word != place) *known = find_place(p, place);
    span->source = known->source;
    span->line = known->line;
}

/* ---- lanes and spans ----------------------------------------------------------------------------- */

static int64_t position(const Replay *p) { return p->run->by_steps ? p->step : p->now; }

static TraceSpan span_at(const Replay *p, int64_t at, SpanKind kind)
{
    return (TraceSpan){.from = at, .to = at, .step = (uint32_t)p->step, .label = "", .target = NO_LANE, .source = NO_SOURCE,
                       .kind = (uint8_t)kind};
}

static int add_lane(Replay *p, TraceLane lane)
{
    TraceRun *run = p->run;
    size_t i = run->nlanes;
    if (!reserve(p, &run->lanes, i, &p->lanes_capacity, sizeof *run->lanes) ||
        !reserve(p, &p->open, i, &p->open_capacity, sizeof *p->open))
        return NO_LANE;
    lane.born = position(p);
    run->lanes[i] = lane;
    p->open[i] = (struct Open){span_at(p, lane.born, SPAN_READY), 0};
    run->nlanes++;
    return (int)i;
}

static void add_span(Replay *p, int lane, TraceSpan span)
{
    TraceLane *l = &p->run->lanes[lane];
    if (span.to < span.from) span.to = span.from;
    if (span.from == span.to && span.kind != SPAN_RUN) return; // nobody could see it
    if (!reserve(p, &l->spans, l->n, &l->capacity, sizeof *l->spans)) return;
    l->spans[l->n++] = span;
    l->total[span.kind] += span.to - span.from;
}

/* The lane's span ends here, and one of that kind begins at the same line. Answers it, to be filled in. */
static struct Open *change(Replay *p, int lane, SpanKind kind)
{
    struct Open *o = &p->open[lane];
    int64_t now = position(p);
    // Did others run while it could have? If not, its timer was just not exact.
    bool late = o->deadline && !p->run->by_steps && o->span.kind == SPAN_WAIT && o->deadline < p->idle_since;
    o->span.to = late ? o->deadline : now;
    if (o->span.kind == SPAN_READY && kind == SPAN_READY) return o;
    add_span(p, lane, o->span);
    if (late) { // it has waited for others to stop since its deadline
        o->span.kind = SPAN_READY;
        o->span.label = "";
        o->span.target = NO_LANE;
        o->span.from = o->deadline;
        o->span.to = now;
        add_span(p, lane, o->span);
    }
    TraceSpan next = span_at(p, now, kind);
    next.source = o->span.source;
    next.line = o->span.line;
    o->span = next;
    o->deadline = 0;
    return o;
}

/* ---- labels -------------------------------------------------------------------------------------- */

static uint64_t next_word(Replay *p)
{
    while (p->chunk && p->at == p->chunk->n) {
        LogChunk *read = p->chunk;
        p->chunk = read->next;
        p->at = 0;
        if (p->only_look) continue;
        p->r->first = read->next;
        free(read); // the spans grow into its memory
    }
    return p->chunk ? p->chunk->words[p->at++] : 0;
}

static const char *library_label(Replay *p, const CodeRecord *code)
{
    const ImageRef *image = image_with(p->r->vm, code);
    const char *name = image ? code_text(image->image, code->qualname) : "_";
    return *name == '_' ? "future" : keep_text(p, name, code->qualname.len); // '_': an inner matter of the library
}

/* "gather(a, b)", with at most GATHER_SHOWN names. */
static const char *gather_label(Replay *p, uint64_t count)
{
    TextBuffer b = {0};
    text_addf(&b, "gather(");
    for (uint64_t i = 0; i < count && i < GATHER_SHOWN; i++) {
        int child = lane_of(p, next_word(p));
        text_addf(&b, "%s%s", i ? ", " : "",
                  child == NO_LANE ? "future" : trace_lane_title(&p->run->lanes[child]));
    }
    text_addf(&b, "%s)", count > GATHER_SHOWN ? ", …" : "");
    const char *label = keep_c(p, b.bytes);
    text_free(&b);
    return label;
}

static const char *const wait_texts[] = {
#define WAIT(e, text) text,
#include "vm/waits.def"
#undef WAIT
};

static void describe_wait(Replay *p, struct Open *o, unsigned kind)
{
    uint64_t on = next_word(p);
    char duration[DURATION_TEXT], text[DURATION_TEXT + 16];
    o->span.label = wait_texts[kind < WAIT_COUNT ? kind : WAIT_NONE];
    switch (log_tag(on)) {
    case LOG_ON_TIME:
        o->deadline = log_time(on);
        if (kind != WAIT_SLEEP) break;
        snprintf(text, sizeof text, "sleep %s", trace_duration(duration, o->deadline - p->now));
        o->span.label = keep_c(p, text);
        break;
    case LOG_ON_TASK:
        o->span.target = lane_of(p, log_payload(on));
        if (o->span.target != NO_LANE) o->span.label = trace_lane_title(&p->run->lanes[o->span.target]);
        break;
    case LOG_ON_GATHER: o->span.label = gather_label(p, log_payload(on)); break;
    case LOG_ON_LIBRARY:
        o->span.label = library_label(p, (const CodeRecord *)(uintptr_t)log_payload(on));
        break;
    default: break;
    }
}

/* ---- the events ---------------------------------------------------------------------------------- */

enum { SCRIPT = 0 }; // the lane of the script's own body

static void end_step(Replay *p)
{
    if (p->running != NO_LANE) p->step++;
    p->running = NO_LANE;
    p->idle_since = position(p);
}

static void create(Replay *p, uint64_t address)
{
    const Birth *b = &p->r->births[p->run->nlanes - 1]; // the script's lane is no task's
    TraceLane lane = {.parent = lane_of(p, next_word(p)), .named = b->named};
    lane.name = keep_c(p, b->name);
    lane.call = keep_c(p, b->call);
    int added = add_lane(p, lane);
    if (added == NO_LANE) return;
    set_place(p, &p->open[added].span, log_place(b->code, 0));
    set_lane(p, address, added);
}

static void run_task(Replay *p, int lane)
{
    if (p->open[SCRIPT].span.kind == SPAN_RUN) change(p, SCRIPT, SPAN_WAIT)->span.label = "tasks";
    change(p, lane, SPAN_RUN);
    p->running = lane;
}

static void wait_task(Replay *p, int lane, unsigned kind)
{
    uint64_t place = next_word(p);
    p->running = lane;
    end_step(p);
    struct Open *o = change(p, lane, SPAN_WAIT);
    set_place(p, &o->span, place);
    describe_wait(p, o, kind);
}

static void give_way(Replay *p, int lane)
{
    uint64_t place = next_word(p);
    p->running = lane;
    end_step(p);
    struct Open *o = change(p, lane, SPAN_READY);
    set_place(p, &o->span, place);
}

static void finish(Replay *p, int lane, LaneEnd end)
{
    TraceLane *l = &p->run->lanes[lane];
    if (p->running == lane) end_step(p);
    change(p, lane, SPAN_READY);
    l->died = position(p);
    l->end = end;
}

static const char *note(const Replay *p, uint64_t index)
{
    return index < p->r->nnotes ? p->r->notes[index] : NULL;
}

static void block(Replay *p, uint64_t word)
{
    uint64_t place = next_word(p);
    int lane = p->running == NO_LANE ? SCRIPT : p->running;
    if (lane == SCRIPT && p->open[SCRIPT].span.kind != SPAN_RUN) {
        p->open[SCRIPT].span.to = p->idle_since;
        change(p, SCRIPT, SPAN_RUN)->span.from = p->idle_since;
    }
    if (p->run->by_steps) p->step++;
    struct Open *o = change(p, lane, SPAN_BLOCK);
    set_place(p, &o->span, place);
    o->span.label = keep_c(p, note(p, log_payload(word)));
}

static void print_line(Replay *p, uint64_t word)
{
    TraceRun *run = p->run;
    const char *text = note(p, log_payload(word));
    if (!text || !reserve(p, &run->outputs, run->noutputs, &p->outputs_capacity, sizeof *run->outputs)) return;
    run->outputs[run->noutputs++] = (TraceOutput){
        position(p), (uint32_t)p->step, p->running == NO_LANE ? SCRIPT : p->running, keep_c(p, text)};
}

static void read_event(Replay *p, uint64_t word)
{
    LogTag tag = log_tag(word);
    bool of_task = tag == LOG_READY || tag == LOG_RUNNING || tag == LOG_WAITING || tag == LOG_GAVE_WAY ||
                   tag == LOG_FINISHED;
    int lane = of_task ? lane_of(p, log_payload(word)) : SCRIPT;
    if (lane == NO_LANE) { // it was made before the recorder listened, or memory is out
        p->failed = true;
        return;
    }
    switch (tag) {
    case LOG_CLOCK: p->now = log_time(word); break;
    case LOG_CREATED: create(p, log_payload(word)); break;
    case LOG_READY: change(p, lane, SPAN_READY); break;
    case LOG_RUNNING: run_task(p, lane); break;
    case LOG_WAITING: wait_task(p, lane, log_detail(word)); break;
    case LOG_GAVE_WAY: give_way(p, lane); break;
    case LOG_WENT_ON: p->step += (int64_t)log_payload(word); break;
    case LOG_FINISHED: finish(p, lane, (LaneEnd)log_detail(word)); break;
    case LOG_BLOCK: block(p, word); break;
    case LOG_UNBLOCK: change(p, p->running == NO_LANE ? SCRIPT : p->running, SPAN_RUN); break;
    case LOG_OUTPUT: print_line(p, word); break;
    default: break;
    }
}

/* ---- the whole ----------------------------------------------------------------------------------- */

static void close_lanes(Replay *p)
{
    TraceRun *run = p->run;
    if (p->running != NO_LANE) end_step(p);
    if (!p->step) p->step = 1;
    run->end = position(p);
    for (size_t i = 0; i < run->nlanes; i++) {
        TraceLane *l = &run->lanes[i];
        if (l->end != LANE_ALIVE) continue;
        change(p, (int)i, p->open[i].span.kind == SPAN_READY ? SPAN_RUN : SPAN_READY);
        l->died = run->end;
    }
    const TraceLane *script = &run->lanes[SCRIPT];
    run->first = run->nlanes > 1 && script->total[SPAN_BLOCK] == 0;
    for (size_t i = 0; run->first && i < run->noutputs; i++)
        if (run->outputs[i].lane == SCRIPT) run->outputs[i].lane = NO_LANE;
}

static void replay(Replay *p)
{
    TraceLane script = {.name = "script", .call = p->run->title, .parent = NO_LANE, .named = false};
    if (add_lane(p, script) == NO_LANE) return;
    p->open[SCRIPT].span.kind = SPAN_RUN;
    for (uint64_t word; (word = next_word(p)) && !p->failed;) read_event(p, word);
    close_lanes(p);
}

static bool make_model(Recorder *r, bool only_look, const char *title, TraceRun *out)
{
    *out = (TraceRun){0};
    arena_init(&out->arena);
    out->total = r->now - r->start;
    out->by_steps = r->waited < SHORTEST_WAIT && out->total < WORTH_A_CLOCK;
    out->cut = r->full;
    out->more_tasks = r->unfollowed;
    Replay p = {.r = r, .chunk = r->first, .only_look = only_look, .run = out, .running = NO_LANE};
    out->title = keep_c(&p, title);
    replay(&p);
    free(p.slots);
    free(p.open);
    if (!p.failed) return true;
    trace_run_free(out);
    return false;
}

bool recorder_look(Recorder *r, const char *title, TraceRun *out)
{
    recorder_settle(r);
    return make_model(r, true, title, out);
}

bool recorder_finish(Recorder *r, const char *title, TraceRun *out)
{
    recorder_stop(r);
    bool made = make_model(r, false, title, out);
    recorder_free(r);
    return made;
}

void trace_run_free(TraceRun *run)
{
    for (size_t i = 0; i < run->nlanes; i++) free(run->lanes[i].spans);
    free(run->lanes);
    free(run->outputs);
    free(run->sources);
    arena_free(&run->arena);
    *run = (TraceRun){0};
}
