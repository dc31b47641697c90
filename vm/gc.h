/* gc.h - inside the heap: shared by heap.c (memory), gc.c (what lives) and alloc.h (the fast path), nobody else's. */
#pragma once
#include "vm/chunks.h"
#include "vm/vm.h"

enum {
    BLOCK_SIZE = 32 << 10,
    SMALL_LIMIT = 2048,
    CARVE_BYTES = 1 << 10,  // of a new block, taken at a time
    CLASSES = FINE_CLASSES + 8 + (SMALL_LIMIT - 512) / 256 + 1,
    YOUNG_BYTES = 8 << 20,  // allocated between two young collections
    FIRST_MAJOR = 48 << 20, // bytes in use at which the first major collection happens
    SPARE_BYTES = 4 << 20,  // empty blocks kept, besides half as much as is in use
    MARK_STACK = 1 << 15,
    SLICE = 256,            // items of a container traced before the rest goes back on the stack
    PRESSING = 4,           // collections at safepoints after memory was refused
};

typedef struct Block {
    struct Block *next, *next_pending;
    uint32_t cell, ncells, carved; // bytes of a cell; cells; cells ever handed out
    uint32_t nfree, in_use;        // found by the last sweep; cells of objects, and those at hand or never carved
    FreeCell *free;                // what it found, until the cells are handed out
    uint8_t cls;
    bool young;                    // cells were handed out since the last collection
    bool swept;                    // since the last collection that called for it
    uint64_t cells[];
} Block;

/* Cells of 2 KB and more come from malloc, each with this in front. */
typedef struct LargeCell { struct LargeCell *next, *prev; size_t size, pad; } LargeCell;

typedef struct MarkEntry { Obj *o; size_t at; } MarkEntry; // at: item of a container to go on with

struct Heap {
    FreeCell *free[CLASSES];    // cells at hand; begins with the HeapFront
    Block *carving[CLASSES];    // the block whose front is being carved
    Block *pending[CLASSES];    // to be swept when the class runs dry
    Block *blocks[CLASSES];
    Block *spare;               // empty blocks
    size_t nspare;
    LargeCell *large;
    Chunks chunks;              // small blocks of heap_malloc
    size_t block_bytes, malloc_bytes;
    size_t cell_bytes;          // of cells in use: objects, dead ones until they are swept, and cells at hand
    size_t since, young_limit;  // allocated since the last collection; and until the next one
    size_t major_limit;         // bytes in use at which the next collection is a major one
    size_t limit, slack;        // --max-memory
    Obj **remembered;
    size_t nremembered, remembered_capacity;
    bool remember_failed;       // the list could not grow: the next collection is a major one
    MarkEntry *stack;
    size_t depth;
    bool overflowed;            // objects are marked GC_GRAY that did not fit the stack
    bool major;                 // the collection under way
    Gen **finalizable;          // generators whose code has handlers
    size_t nfinalizable, finalizable_capacity;
    Gen **dying;                // to be closed at the next safepoint, in order of creation
    size_t ndying, dying_capacity;
    bool finalizing;
    Value *pins;
    size_t npins, pins_capacity;
    bool pin_failed;
    bool frame_failed;          // a stack frame could not be scanned: nothing is freed
    bool starved;               // memory was refused and nothing collected since
    int pressing;               // safepoints that collect at once, since memory is out
    uint32_t refusals, patience; // refusals since the last collection; so many call for another
    uint64_t young_collections, major_collections;
};

/* Sweep b unless that was done since the last collection: the cells that it has to give, or NULL. */
FreeCell *heap_sweep_block(VM *vm, Block *b);
/* A block without objects is for any class of size again. */
void heap_recycle_block(Heap *h, Block *b);
/* Free the dead cells of b; the list of all its free cells, or NULL. */
FreeCell *gc_sweep_block(VM *vm, Block *b);
/* Release what a dead object owns outside the heap. */
void gc_free_owned(VM *vm, Obj *o);
void gc_free_lists(Heap *h);
