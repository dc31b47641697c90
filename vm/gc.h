/* gc.h - inside the heap: shared by heap.c (memory) and gc.c (what lives), nobody else's. */
#pragma once
#include "vm/chunks.h"
#include "vm/vm.h"

enum {
    BLOCK_SIZE = 32 << 10,
    SMALL_LIMIT = 2048,
    CARVE_BYTES = 1 << 10,  // of a new block, taken at a time
    CLASSES = FINE_CLASSES + 8 + (SMALL_LIMIT - 512) / 256 + 1,
    MIN_YOUNG = 512 << 10,  // bytes allocated between two young collections: fewer when much of it lives on
    FIRST_YOUNG = 2 << 20,
    MAX_YOUNG = 8 << 20,
    FIRST_MAJOR = 48 << 20, // bytes in use at which the first major collection begins
    SPARE_BYTES = 4 << 20,  // empty blocks kept, besides half as much as is in use
    KEPT_FREE = 4 << 20,    // that malloc may keep, besides an eighth of what is in use
    STEP_BYTES = 256 << 10, // allocated between two steps of a major collection
    STEP_MARKS = 6000,      // entries of the mark stack traced in a step
    LONG_STEP = 100000,     // in a collection of one pause: more at once would need a longer stack
    STEP_BLOCKS = 24,       // swept in a step
    OWED_FUEL = 2000,       // from a step to the next one while allocation is ahead of them
    MANY_MARKS = 8000,      // young collections that mark more become more frequent
    MANY_TIMES = 256,       // steps that trace written objects again before the last pause
    FEW_REMEMBERED = 500,   // written to since they were traced: left to the last pause
    LONG_LIST = 1024,       // items; not traced whole for having been appended to
    MOST_APPENDED = 64,     // such lists at a time
    FIRST_MARK_STACK = 1 << 12,
    KEPT_ENTRIES = 1 << 16, // of the mark stack and the remembered list, from one collection to the next
    SLICE = 256,            // items of a container traced before the rest goes back on the stack
    PRESSING = 4,           // collections at safepoints after memory was refused
};

#define TRIM_PAUSE ((int64_t)5000000000) // between two looks at what malloc keeps, in nanoseconds

typedef struct Block {
    struct Block *next, *prev;     // of h->blocks, h->pending or h->unswept of its class
    struct Block *next_young;
    uint32_t cell, ncells, carved; // bytes of a cell; cells; cells ever handed out
    uint32_t nfree, in_use;        // found by the last sweep; cells of objects, and those at hand or never carved
    FreeCell *free;                // what it found, until the cells are handed out
    uint8_t cls;
    bool young;                    // cells were handed out since the last collection; is in h->young
    bool pending;                  // is in h->pending
    bool swept;                    // since the last collection that called for it
    uint64_t cells[];
} Block;

/* Cells of 2 KB and more come from malloc, each with this in front. */
typedef struct LargeCell { struct LargeCell *next; size_t size; } LargeCell;

typedef struct MarkEntry { Obj *o; size_t at; } MarkEntry; // at: item of a container to go on with

typedef struct Appended { List *list; size_t from, to; } Appended; // items of an old list that are new

typedef enum { PHASE_IDLE, PHASE_MARKING, PHASE_SWEEPING } Phase;

struct Heap {
    FreeCell *free[CLASSES];    // cells at hand; begins with the HeapFront
    Block *carving[CLASSES];    // the block whose front is being carved
    Block *pending[CLASSES];    // may have free cells; if not swept yet, what is not old is dead
    Block *unswept[CLASSES];    // of the last major collection: what is not marked is dead
    Block *blocks[CLASSES];     // the others
    Block *young;
    Block *spare;               // empty blocks
    size_t nspare;
    LargeCell *young_large, *large, *unswept_large;
    Chunks chunks;              // small blocks of heap_malloc
    size_t block_bytes, malloc_bytes;
    size_t cell_bytes;          // of cells in use: objects, dead ones until they are swept, and cells at hand
    size_t since, stop_at;      // bytes allocated since the last step; when the next safepoint has work to do
    size_t owed;                // bytes allocated that the steps of a major collection have not kept up with
    size_t young_limit;         // bytes between two young collections
    size_t since_young;         // bytes allocated since the last one, up to the last step
    size_t major_limit;         // bytes in use at which a major collection begins
    size_t limit, slack;        // --max-memory
    int64_t trimmed;            // when malloc was last looked at
    Phase phase;
    uint32_t retraced;          // steps that have traced written objects again
    uint8_t live;               // the bit that tells marked objects from others now: GC_OLD or GC_MARK
    size_t nmarked;             // by the collection under way
    Obj **remembered;
    size_t nremembered, remembered_capacity;
    Appended appended[MOST_APPENDED];
    size_t nappended;
    bool remember_failed;       // the list could not grow: the next collection is a major one
    MarkEntry *stack;
    size_t depth, stack_capacity;
    bool overflowed;            // objects are marked GC_GRAY that did not fit the stack
    Gen **finalizable;          // generators whose code has handlers, in order of creation
    size_t nfinalizable, finalizable_capacity;
    size_t nold_finalizable;    // those that were there at the last collection
    Gen **dying;                // to be closed at the next safepoint, in order of creation
    size_t ndying, dying_capacity;
    NativeData **weak;          // weak references whose targets live: see gc_watch_weak
    size_t nweak, weak_capacity;
    size_t nold_weak;           // those that were there at the last collection
    NativeData **cleared;       // whose callbacks are to be called at the next safepoint
    size_t ncleared, cleared_capacity;
    bool finalizing;
    Value *pins;
    size_t npins, pins_capacity;
    bool pin_failed;
    bool frame_failed;          // a stack frame could not be scanned: nothing is freed
    size_t excess;              // allocated while over the limit, since the last collection for it
    bool tight;                 // that is a part of the slack
    bool starved;               // memory was refused and nothing collected since
    int pressing;               // safepoints that collect at once, since memory is out
    uint32_t patience;           // grows while collections near the limit are of no use: they become rarer
    uint32_t refusals, weary;    // refusals since the last collection; so many call for another: the same for those
    uint64_t young_collections, major_collections;
    Pauses pauses;
};

//-- mark.c
/* Trace what o refers to; of a long container, from item `at` on. */
void gc_trace(VM *vm, Obj *o, size_t at);
void gc_trace_later(VM *vm, Obj *o);
bool gc_reserve_stack(Heap *h);
/* Mark items of a list; it may have become shorter. */
void gc_trace_items(VM *vm, List *l, size_t from, size_t to);
/* Trace what is marked but not traced, up to `budget` entries. False: that was not all. */
bool gc_mark_some(VM *vm, size_t budget);
void gc_mark_all(VM *vm);

//-- sweep.c
/* Everything carved so far is to be swept: by the marks of a major collection, or what is young by those
 * of a young one. */
void gc_queue_major_sweep(VM *vm, Heap *h);
void gc_queue_young_sweep(VM *vm, Heap *h);
/* The next block of the class with free cells: the list of them, and the block; NULL when there is none. */
FreeCell *gc_sweep_for(VM *vm, unsigned cls, Block **from);
/* Sweep `budget` blocks of what a major collection has left. True: all of them are swept. */
bool gc_sweep_some(VM *vm, size_t budget);
/* The same for what young ones have left: heap_used is right then. Empty blocks may serve other sizes. */
bool gc_sweep_pending(VM *vm, size_t budget);
/* Release what a dead object owns outside the heap. */
void gc_free_owned(VM *vm, Obj *o);

//-- gc.c, heap.c
void gc_free_lists(Heap *h);
/* Call `visit` with every cell, free ones (KIND_FREE) too. */
void heap_each(VM *vm, void (*visit)(VM *vm, Obj *o));
void heap_link_block(Block **list, Block *b);
void heap_unlink_block(Block **list, Block *b);
/* A block without objects, in no list, is for any class of size again. */
void heap_recycle_block(Heap *h, Block *b);
static inline bool heap_is_over(const Heap *h) { return h->limit && h->block_bytes + h->malloc_bytes > h->limit; }
/* How many cells of b are in use, as far as is known. */
static inline void heap_count_cells(Heap *h, Block *b, uint32_t n)
{
    h->cell_bytes += ((size_t)n - b->in_use) * b->cell; // modulo 2^64
    b->in_use = n;
}
