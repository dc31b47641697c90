#include "vm/timer_heap.h"
#include "vm/strand.h"
#include "vm/task.h"

#include <stdlib.h>

#define ALL_SEEN SIZE_MAX

enum { MOST_FRESH = 1 << 16, FEW_TIMERS = 512 };

void timer_heap_init(TimerHeap *h) { *h = (TimerHeap){.seen = ALL_SEEN}; }

void timer_heap_free(VM *vm, TimerHeap *h)
{
    free(h->fresh);
    if (h->entries) heap_free(vm, h->entries, h->capacity * sizeof *h->entries);
}

static bool earlier(const TimerEntry *a, const TimerEntry *b)
{
    return a->when != b->when ? a->when < b->when : (int32_t)(a->seq - b->seq) < 0;
}

/* The collector has not seen this entry of the timers. When these become too many, it had better look at all timers. */
static void note_fresh(VM *vm, TimerHeap *h, Value what)
{
    if (gc_lives(vm, as_obj(what))) return;
    if (h->nfresh == h->fresh_capacity) {
        size_t cap = h->fresh_capacity ? h->fresh_capacity * 2 : 64;
        Value *fresh = cap > MOST_FRESH ? NULL : realloc(h->fresh, cap * sizeof *fresh);
        if (!fresh) {
            h->seen = h->nfresh = 0;
            return;
        }
        h->fresh = fresh;
        h->fresh_capacity = cap;
    }
    h->fresh[h->nfresh++] = what;
}

/* Has its task been woken or cancelled meanwhile? Then the entry is only waiting to be dropped. */
static bool is_stale(const TimerEntry *e)
{
    if (is_task(e->what)) return as_task(e->what)->timer != e->generation;
    if (is_strand(e->what)) return strand_timer_is_stale(e->what, e->generation);
    return as_obj(e->what)->aux != 0;
}

/* Let e rise from the free place i to where nothing earlier is below it. */
static void place(TimerHeap *h, TimerEntry e, size_t i)
{
    for (; i > 0 && earlier(&e, &h->entries[(i - 1) / 2]); i = (i - 1) / 2)
        h->entries[i] = h->entries[(i - 1) / 2];
    h->entries[i] = e;
}

static bool grow(VM *vm, TimerHeap *h)
{
    size_t cap = h->capacity ? h->capacity + h->capacity / 2 : 64, size = sizeof *h->entries;
    TimerEntry *t = h->entries ? heap_realloc(vm, h->entries, h->capacity * size, size_mul(cap, size))
                               : heap_malloc(vm, cap * size);
    if (!t) return false;
    h->entries = t;
    h->capacity = cap;
    return true;
}

/* A limit of an hour that is set anew for every line would leave an entry for each: when there are twice
 * as many as were live the last time, the stale ones go. */
static void drop_stale(TimerHeap *h)
{
    size_t n = h->size;
    h->size = 0;
    for (size_t i = 0; i < n; i++)
        if (!is_stale(&h->entries[i])) {
            place(h, h->entries[i], h->size);
            h->size++;
        }
    h->crowded = h->size > FEW_TIMERS ? 2 * h->size : 2 * FEW_TIMERS;
    if (h->seen != ALL_SEEN) h->seen = 0; // none is where the collector saw it
}

bool timer_heap_add(VM *vm, TimerHeap *h, Value what, int64_t when, uint32_t generation)
{
    if (h->size >= h->crowded) drop_stale(h);
    if (h->size == h->capacity && !grow(vm, h)) return false;
    place(h, (TimerEntry){when, h->next_seq++, generation, what}, h->size++);
    note_fresh(vm, h, what);
    return true;
}

/* While the collector goes through the timers, place after place, none may get behind it unseen. */
static void move(VM *vm, TimerHeap *h, const TimerEntry *e, size_t from, size_t to)
{
    if (to < h->seen && from >= h->seen) note_fresh(vm, h, e->what);
    h->entries[to] = *e;
}

static TimerEntry remove_first(VM *vm, TimerHeap *h)
{
    TimerEntry first = h->entries[0], last = h->entries[--h->size];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < h->size; i = child) {
        if (child + 1 < h->size && earlier(&h->entries[child + 1], &h->entries[child])) child++;
        if (!earlier(&h->entries[child], &last)) break;
        move(vm, h, &h->entries[child], child, i);
    }
    move(vm, h, &last, h->size, i);
    return first;
}

int64_t timer_heap_first(VM *vm, TimerHeap *h)
{
    while (h->size && is_stale(&h->entries[0])) remove_first(vm, h);
    return h->size ? h->entries[0].when : INT64_MAX;
}

bool timer_heap_take_due(VM *vm, TimerHeap *h, int64_t now, TimerEntry *e)
{
    while (h->size && h->entries[0].when <= now) {
        *e = remove_first(vm, h);
        if (!is_stale(e)) return true;
    }
    return false;
}

int64_t timer_heap_find(const TimerHeap *h, Value what)
{
    for (size_t i = 0; i < h->size; i++)
        if (h->entries[i].what == what && !is_stale(&h->entries[i])) return h->entries[i].when;
    return 0;
}

void timer_heap_rescan(TimerHeap *h) { h->seen = h->nfresh = 0; }

bool timer_heap_trace(VM *vm, TimerHeap *h, size_t budget)
{
    if (h->seen == ALL_SEEN) return true;
    for (; h->seen < h->size; h->seen++) {
        if (!budget--) return false;
        gc_mark_value(vm, h->entries[h->seen].what);
    }
    h->seen = ALL_SEEN;
    return true;
}

void timer_heap_trace_fresh(VM *vm, TimerHeap *h)
{
    for (size_t i = 0; i < h->nfresh; i++) gc_mark_value(vm, h->fresh[i]);
    h->nfresh = 0;
}
