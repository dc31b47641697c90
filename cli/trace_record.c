#include "cli/trace_log.h"
#include "vm/dict.h"
#include "vm/float.h"
#include "vm/frame.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/output.h"
#include "vm/protocol.h"
#include "vm/str.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_NOTES = 4000,         // lines of output and blocking calls
    MAX_OUTPUT = 256 * 1024,
    EXACT_EVENTS = 500,       // each with a time and an entry of its own
    EVENTS_PER_CLOCK = 16,    // and later so many at most with the same
    FUEL_PER_CLOCK = 1000,    // or so much work: some microseconds
};

/* ---- the log ------------------------------------------------------------------------------------- */

static bool add_chunk(Recorder *r)
{
    LogChunk *c = r->nchunks * CHUNK_WORDS < r->limits.words ? malloc(sizeof *c) : NULL;
    if (!c) {
        r->full = true;
        r->vm->event_hook = NULL;
        return false;
    }
    c->next = NULL;
    c->n = 0;
    if (r->last) r->last->n = CHUNK_WORDS, r->last->next = c;
    else r->first = c;
    r->last = c;
    r->nchunks++;
    r->at = c->words;
    r->end = c->words + CHUNK_WORDS;
    return true;
}

static inline void put(Recorder *r, uint64_t word)
{
    if (r->full || (r->at == r->end && !add_chunk(r))) return;
    *r->at++ = word;
}

static inline void put_task(Recorder *r, LogTag tag, unsigned detail, const Task *t)
{
    put(r, log_word(tag, detail, (uintptr_t)t));
}

static void write_held(Recorder *r);

static void read_clock(Recorder *r)
{
    write_held(r);
    int64_t now = sched_now(r->vm);
    r->fuel = r->vm->fuel;
    r->unclocked = 0;
    if (now == r->now && r->first) return;
    r->now = now;
    put(r, log_time_word(LOG_CLOCK, now - r->start));
}

/* Reading the clock costs as much as a switch of tasks. So once a run has become long enough to hide it, events that
 * follow each other closely, as the fuel between them tells, share a time. */
static inline bool clock_is_due(Recorder *r)
{
    return r->events++ < EXACT_EVENTS || ++r->unclocked >= EVENTS_PER_CLOCK ||
           (uint32_t)(r->fuel - r->vm->fuel) >= FUEL_PER_CLOCK;
}

static void note_time(Recorder *r)
{
    if (clock_is_due(r)) read_clock(r);
}

static bool reserve(void *list, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity) return true;
    size_t more = *capacity ? *capacity * 2 : 64;
    void *p = realloc(*(void **)list, more * size);
    if (!p) return false;
    *(void **)list = p;
    *capacity = more;
    return true;
}

/* The index of a note; takes over `text`, which may be NULL. */
static size_t add_note(Recorder *r, char *text)
{
    if (!text || r->nnotes == MAX_NOTES ||
        !reserve(&r->notes, r->nnotes, &r->notes_capacity, sizeof *r->notes)) {
        free(text);
        return SIZE_MAX;
    }
    r->notes[r->nnotes] = text;
    return r->nnotes++;
}

/* ---- places and names ---------------------------------------------------------------------------- */

static uint64_t place_in(const Frame *f)
{
    const Code *c = frame_code(f);
    size_t pc = c->insns && f->pc > c->insns ? (size_t)(f->pc - 1 - c->insns) : 0;
    return log_place(c->rec, pc);
}

/* The innermost frame from f on that is the program's own; *library: what it has called (NULL: nothing of the library). */
static const Frame *own_frame(const Frame *f, const Frame **library)
{
    *library = NULL;
    while (f && code_is_library(frame_code(f)) && f->caller && f->ret_kind != RET_TASK) {
        *library = f;
        f = f->caller;
    }
    return f;
}

/* How a value stands in "handle(1, 3)": briefly, and without running any script. */
static void add_value(TextBuffer *b, VM *vm, Value v)
{
    if (is_small(v)) return text_addf(b, "%lld", (long long)as_small(v));
    if (is_exact(v, T_FUNCTION)) return text_addf(b, "%s", ((Function *)as_obj(v))->code->name->data);
    bool brief = is_none(v) || is_float(v) || is_bool(v) || (is_exact(v, T_STR) && as_str(v)->length <= 16);
    Value text = brief ? obj_repr(vm, v) : VALUE_UNSET;
    if (is_str(text)) text_add(b, as_str(text)->data, as_str(text)->size);
    else text_addf(b, "…");
}

static void add_values(TextBuffer *b, VM *vm, const Value *values, int n)
{
    for (int i = 0; i < n && !is_unset(values[i]); i++) {
        if (i) text_add(b, ", ", 2);
        add_value(b, vm, values[i]);
    }
}

/* A parameter's value; UNSET when the register may have been used for something else since. */
static Value argument(VM *vm, const Frame *f, const CodeLocal *l)
{
    const Code *c = frame_code(f);
    if (code_is_heap(c)) {
        Value v = f->regs[l->reg];
        return l->flags & LOCAL_CELL && is_kind(v, KIND_CELL) ? ((Cell *)as_obj(v))->value : v;
    }
    Value all = frame_locals(vm, f);
    Str *name = str_intern(vm, code_text(c->image->image, l->name), l->name.len);
    return is_error(all) || !name ? VALUE_UNSET : dict_get_str(vm, as_dict(all), name);
}

static void add_arguments(TextBuffer *b, VM *vm, const Frame *f)
{
    const Code *c = frame_code(f);
    const CodeImage *image = c->image->image;
    const CodeLocal *locals = code_at(image, c->rec->locals);
    int shown = 0;
    for (uint32_t i = 0; i < c->rec->nlocals; i++) {
        const CodeLocal *l = locals + i;
        bool is_self = l->name.len == 4 && memcmp(code_text(image, l->name), "self", 4) == 0;
        if (!(l->flags & LOCAL_PARAM) || is_self) continue;
        if (shown++) text_add(b, ", ", 2);
        add_value(b, vm, argument(vm, f, l));
    }
}

/* "handle(1, 3)", "main", or the file's name for a script's own body; malloc'd. */
static char *call_text(VM *vm, const Frame *f)
{
    const Code *c = frame_code(f);
    TextBuffer b = {0};
    if (c->flags & CODE_MODULE) {
        size_t len;
        const char *file = code_filename(c, &len), *name = file + len;
        while (name > file && name[-1] != '/') name--;
        text_add(&b, name, (size_t)(file + len - name));
        return b.bytes;
    }
    if (code_is_library(c) && code_is_heap(c) && c->nparams && is_kind(f->regs[0], KIND_NATIVE_CORO)) { // spawn(sleep(9))
        const NativeCoro *wrapped = (NativeCoro *)as_obj(f->regs[0]);
        text_addf(&b, "%s(", wrapped->native->sig->name->data);
        add_values(&b, vm, wrapped->args, 1);
        text_addf(&b, ")");
        return b.bytes;
    }
    const char *qualname = c->qualname->data, *local = strstr(qualname, "<locals>.");
    for (; local; local = strstr(qualname, "<locals>.")) qualname = local + strlen("<locals>.");
    text_addf(&b, "%s", qualname);
    size_t before = b.len;
    text_addf(&b, "(");
    size_t open = b.len;
    Value pending = vm->exc;
    add_arguments(&b, vm, f);
    vm->exc = pending;
    if (b.len == open) b.bytes[b.len = before] = '\0';
    else text_addf(&b, ")");
    return b.bytes;
}

static char *name_text(const Task *t)
{
    TextBuffer b = {0};
    if (is_str(t->name)) text_add(&b, as_str(t->name)->data, as_str(t->name)->size);
    else text_addf(&b, "Task-%lld", (long long)as_small(t->name));
    return b.bytes;
}

static void create(Recorder *r, Task *t)
{
    if (r->nbirths == r->limits.tasks ||
        !reserve(&r->births, r->nbirths, &r->births_capacity, sizeof *r->births)) {
        r->unfollowed++;
        return;
    }
    write_held(r);
    note_time(r);
    t->f.h.aux |= TASK_FOLLOWED;
    put_task(r, LOG_CREATED, 0, t);
    put(r, is_task(t->parent) ? (uintptr_t)as_task(t->parent) : 0);
    const Frame *f = &t->coro->frame;
    r->births[r->nbirths++] = (Birth){name_text(t), call_text(r->vm, f), is_str(t->name), frame_code(f)->rec};
}

/* ---- events -------------------------------------------------------------------------------------- */

static void put_gather(Recorder *r, const Future *gather)
{
    const Tuple *children = as_tuple(((Pair *)as_obj(gather->extra))->a);
    put(r, log_word(LOG_ON_GATHER, 0, children->size));
    for (size_t i = 0; i < children->size && i < GATHER_SHOWN; i++)
        put(r, (uintptr_t)as_obj(children->items[i]));
}

static void put_wait(Recorder *r, Task *t, int64_t until)
{
    const Frame *library, *f = own_frame(r->vm->frame, &library);
    put_task(r, LOG_WAITING, t->wait_kind, t);
    put(r, f ? place_in(f) : 0);
    if (t->wait_kind == WAIT_GATHER) put_gather(r, as_future(t->wait_on));
    else if (library) put(r, log_word(LOG_ON_LIBRARY, 0, (uintptr_t)frame_code(library)->rec));
    else if (is_task(t->wait_on)) put_task(r, LOG_ON_TASK, 0, as_task(t->wait_on));
    else if (until) put(r, log_time_word(LOG_ON_TIME, until - r->start));
    else put(r, log_word(LOG_ON_NOTHING, 0, 0));
}

/* What has been held back, for it might have come to nothing. */
static void write_held(Recorder *r)
{
    Task *t = r->gave_way;
    if (r->went_on) put(r, log_word(LOG_WENT_ON, 0, r->went_on));
    r->went_on = 0;
    if (!t) return;
    const Frame *library, *f = future_done(&t->f) ? NULL : own_frame(&t->coro->leaf->frame, &library);
    r->gave_way = NULL;
    put_task(r, LOG_GAVE_WAY, 0, t);
    put(r, f ? place_in(f) : 0);
}

/* At the time when the step before it ended, or when the host's wait did. */
static void run(Recorder *r, Task *t)
{
    r->running = t;
    write_held(r);
    put_task(r, LOG_RUNNING, 0, t);
}

static LaneEnd how_it_ended(const Task *t)
{
    if (future_state(&t->f) == FUTURE_CANCELLED) return LANE_CANCELLED;
    return t->f.h.aux & FUTURE_FAILED ? LANE_FAILED : LANE_DONE;
}

__attribute__((noinline)) static void record_event(Recorder *r, int event, Task *t, int64_t until)
{
    if (event == EVENT_CREATED) return create(r, t);
    if (event == EVENT_RUNNING) return run(r, t);
    write_held(r);
    note_time(r);
    switch (event) {
    case EVENT_READY: return put_task(r, LOG_READY, 0, t);
    case EVENT_WAITING: put_wait(r, t, until); break;
    default: put_task(r, LOG_FINISHED, how_it_ended(t), t);
    }
    r->running = NULL;
}

/* A task that has given way to nobody just goes on: nothing is written but, in the end, how often. (The first few
 * hundred times are worth an entry even so.) */
static void record(VM *vm, int event, Task *t, int64_t until, void *state)
{
    (void)vm;
    Recorder *r = state;
    if (event == EVENT_READY && t == r->running) {
        if (clock_is_due(r)) read_clock(r);
        r->gave_way = t;
        r->running = NULL;
        if (r->events <= EXACT_EVENTS || r->unfollowed) write_held(r);
    } else if (event == EVENT_RUNNING && t == r->gave_way) {
        r->running = t;
        r->gave_way = NULL;
        r->went_on++;
    } else record_event(r, event, t, until);
}

/* ---- in front of the host ------------------------------------------------------------------------ */

static bool wait_watched(Host *h, VM *vm, int64_t deadline, bool poll)
{
    Recorder *r = h->watch;
    if (poll) return r->wait(h, vm, deadline, poll);
    read_clock(r);
    int64_t before = r->now;
    bool answer = r->wait(h, vm, deadline, poll);
    read_clock(r);
    r->waited += r->now - before;
    return answer;
}

/* The frame below which a script's own body stands: what it has called. */
static const Frame *outermost_call(const Frame *f)
{
    while (f && f->caller && !(frame_code(f->caller)->flags & CODE_MODULE)) f = f->caller;
    return f;
}

static bool block_watched(Host *h, int64_t ns)
{
    Recorder *r = h->watch;
    VM *vm = r->vm;
    char sleep[DURATION_TEXT];
    const Frame *library, *own = own_frame(vm->frame, &library), *call = outermost_call(vm->frame);
    bool in_call = !vm->task && call && call->caller;
    char *what = in_call ? call_text(vm, call) : NULL;
    TextBuffer b = {0};
    text_addf(&b, "%s%ssleep %s", what ? what : "", what ? ": " : "", trace_duration(sleep, ns));
    free(what);
    read_clock(r);
    int64_t before = r->now;
    put(r, log_word(LOG_BLOCK, 0, add_note(r, b.bytes)));
    put(r, own ? place_in(own) : 0);
    bool answer = r->block(h, ns);
    read_clock(r);
    put(r, log_word(LOG_UNBLOCK, 0, 0));
    r->waited += r->now - before;
    return answer;
}

static int write_watched(Host *h, int fd, const void *buf, size_t n)
{
    Recorder *r = h->watch;
    const char *p = buf, *end = p + n;
    if (fd == 1) write_held(r), note_time(r);
    while (fd == 1 && p < end && r->output_bytes < MAX_OUTPUT) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        size_t len = (size_t)((eol ? eol : end) - p);
        r->output_bytes += len;
        size_t note = add_note(r, strndup(p, len));
        if (note != SIZE_MAX) put(r, log_word(LOG_OUTPUT, 0, note));
        p += len + 1;
    }
    return r->write(h, fd, buf, n);
}

/* ---- from start to end --------------------------------------------------------------------------- */

Recorder *recorder_start(VM *vm, TraceLimits limits)
{
    Recorder *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    Host *h = vm->host;
    sched_follow_tasks(vm, false);
    r->vm = vm;
    r->limits = limits;
    r->start = r->now = sched_now(vm);
    r->wait = h->wait;
    r->block = h->block;
    r->write = h->write;
    h->watch = r;
    h->wait = wait_watched;
    h->block = block_watched;
    h->write = write_watched;
    vm->out->line_buffered = true; // so that what is printed has its time
    vm->event_hook = record;
    vm->event_state = r;
    return r;
}

void recorder_settle(Recorder *r)
{
    read_clock(r);
    if (r->last) r->last->n = (size_t)(r->at - r->last->words);
}

void recorder_stop(Recorder *r)
{
    Host *h = r->vm->host;
    recorder_settle(r);
    r->vm->event_hook = NULL;
    h->wait = r->wait;
    h->block = r->block;
    h->write = r->write;
    h->watch = NULL;
}

void recorder_free(Recorder *r)
{
    for (LogChunk *c = r->first, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    for (size_t i = 0; i < r->nbirths; i++) {
        free(r->births[i].name);
        free(r->births[i].call);
    }
    for (size_t i = 0; i < r->nnotes; i++) free(r->notes[i]);
    free(r->births);
    free(r->notes);
    free(r);
}
