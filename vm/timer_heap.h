/* timer_heap.h - who is to be woken when: a binary heap of deadlines.
 *
 * A task that is woken or cancelled before its time leaves its entry behind: it is stale, as its
 * generation tells, and is dropped when it comes to the top or when stale ones have become too many.
 */
#pragma once
#include "vm/vm.h"

typedef struct TimerEntry {
    int64_t when;             // monotonic ns
    uint32_t seq, generation; // seq: equal deadlines fire in the order in which they were set
    Value what;               // a Task that sleeps, a strand, or a Handle
} TimerEntry;

typedef struct TimerHeap {
    TimerEntry *entries;
    size_t size, capacity;
    size_t crowded;    // entries at which those that have become stale are dropped
    uint32_t next_seq;
    size_t seen;       // by the collector, of the places: SIZE_MAX when all but `fresh`
    Value *fresh;      // what was given a timer since
    size_t nfresh, fresh_capacity;
} TimerHeap;

void timer_heap_init(TimerHeap *h);
void timer_heap_free(VM *vm, TimerHeap *h);
/* False: MemoryError is pending. */
bool timer_heap_add(VM *vm, TimerHeap *h, Value what, int64_t when, uint32_t generation);
/* The first deadline; INT64_MAX: there is none. */
int64_t timer_heap_first(VM *vm, TimerHeap *h);
/* Take out the first entry if it is due. False: none is. */
bool timer_heap_take_due(VM *vm, TimerHeap *h, int64_t now, TimerEntry *e);
/* The deadline of `what`; 0: it has none. Looks through all entries. */
int64_t timer_heap_find(const TimerHeap *h, Value what);
/* For the collector: look at all again; mark up to `budget` entries it has not seen (true: all are); mark
 * what came since. */
void timer_heap_rescan(TimerHeap *h);
bool timer_heap_trace(VM *vm, TimerHeap *h, size_t budget);
void timer_heap_trace_fresh(VM *vm, TimerHeap *h);
