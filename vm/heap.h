/* heap.h - where objects live and die.
 *
 * Precise, non-moving, size classes, sticky-mark young collections, incremental major ones.
 * Allocation never collects: it may only set vm->fuel to 0, so that the interpreter's next safepoint collects.
 * Natives therefore need no rooting, unless they call back into script code (vm_call and everything in protocol.h
 * marked "may call"): what they keep across that lies in rooted slots (roots_*).
 */
#pragma once
#include "vm/object.h"

/* Obj.gc bits. */
enum {
    GC_OLD = 2,        // has survived a collection; young collections stop here
    GC_REMEMBERED = 4, // old and in the remembered list: may point at young objects
    GC_GRAY = 8,       // marked but not traced yet, and the mark stack was full
    GC_LARGE = 16,     // in a block of its own
    GC_MARK = 64,      // found by the major collection under way
    GC_ZOMBIE = 32,    // a dead Type or Shape: freed one major collection later, after everything that was made of it
};

/* Cells at hand, by size in words: the part of the heap that allocation in line looks at. */
enum { FINE_LIMIT = 256, FINE_CLASSES = FINE_LIMIT / 8 };
typedef struct FreeCell { Obj h; struct FreeCell *next; } FreeCell;

/* To a sanitizer a free cell is poison behind its header and its link, so that it sees what is done to a dead object. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
static inline void cell_hide(void *cell, size_t size)
{
    if (size > sizeof(FreeCell)) __asan_poison_memory_region((FreeCell *)cell + 1, size - sizeof(FreeCell));
}
static inline void cell_show(void *cell, size_t size) { __asan_unpoison_memory_region(cell, (size + 7) / 8 * 8); }
#else
static inline void cell_hide(void *cell, size_t size) { (void)cell, (void)size; }
static inline void cell_show(void *cell, size_t size) { (void)cell, (void)size; }
#endif

typedef struct HeapFront { FreeCell *free[FINE_CLASSES + 1]; } HeapFront;

/* An object of `size` bytes with its header set. NULL with MemoryError pending when there is no memory. The rest is
 * garbage, which the caller fills before anything else may fail or look at the object. */
static inline void *heap_alloc_raw(VM *vm, Kind kind, uint32_t shape, size_t size);
void *heap_alloc_slow(VM *vm, Kind kind, uint32_t shape, size_t size);
/* The same, zeroed. */
void *heap_alloc(VM *vm, Kind kind, uint32_t shape, size_t size);
static inline void *heap_zeroed(void *object, size_t size)
{
    if (object) memset((Obj *)object + 1, 0, size - sizeof(Obj));
    return object;
}
/* Zeroed in line: the size is known. */
#define heap_new(vm, kind, type, T) ((T *)heap_zeroed(heap_alloc_raw(vm, kind, type, sizeof(T)), sizeof(T)))

/* Give an object back at once; only for one that provably nobody can reach (a finished call's coroutine). */
static inline void heap_release(VM *vm, Obj *o, size_t size);

/* malloc'd memory of objects (list items, dict tables, string buffers, digits): counted against the limits.
 * NULL with MemoryError pending; size 0 gives a valid pointer. The old block stays valid when growing fails. */
void *heap_malloc(VM *vm, size_t size);
void *heap_realloc(VM *vm, void *p, size_t old_size, size_t new_size);
void heap_free(VM *vm, void *p, size_t size);
/* So many bytes outside the heap go with an object that was just made: the next collection comes as much earlier. */
void heap_charge(VM *vm, size_t bytes);
/* A native is about to want a big block, and holds no Values but in slots: collects if the limit is near. False:
 * MemoryError pending. */
bool heap_reserve(VM *vm, size_t bytes);
/* n * size (+ extra), or SIZE_MAX on overflow, which heap_malloc refuses. */
static inline size_t size_mul(size_t n, size_t size)
{
    size_t r;
    return __builtin_mul_overflow(n, size, &r) ? SIZE_MAX : r;
}
static inline size_t size_add(size_t a, size_t b)
{
    size_t r;
    return __builtin_add_overflow(a, b, &r) ? SIZE_MAX : r;
}

/* Write barrier: call as gc_store(vm, owner, &owner->field, value) for every store of a Value into an object that
 * may have survived a safepoint. Remembers old owners. */
void gc_barrier_slow(VM *vm, Obj *owner);
static inline void gc_store(VM *vm, void *owner, Value *slot, Value v);
/* The same for a bulk change of owner's values (memmove of items, clearing): call before changing n values at p. */
void gc_store_many(VM *vm, void *owner, const Value *p, size_t n);
/* After an old list has got its last item: of a long one, the collector looks at the new items only. */
void gc_appended(VM *vm, List *l);
/* For pointer fields (Dict *, Tuple * ...): gc_store_ptr(vm, owner, (void **)&owner->dict, new). */
void gc_store_ptr(VM *vm, void *owner, void **slot, void *p);

/* Roots of native code across calls into scripts: r = roots_push(vm, v) answers the slot's address, which stays
 * valid until roots_pop(vm, r). NULL with MemoryError pending. Slots nest like a stack. */
static inline Value *roots_push(VM *vm, Value v);
/* n slots in a row, UNSET; popped by roots_pop of the first. */
static inline Value *roots_reserve(VM *vm, size_t n);
static inline Value *roots_take(VM *vm, size_t n);
static inline void roots_pop(VM *vm, Value *r);

/* Values kept by C structures from one tick to the next (the scheduler's, the host's). Counted: pin twice, unpin twice. */
void gc_pin(VM *vm, Value v);
void gc_unpin(VM *vm, Value v);

/* How long the program stood still for the collector. Buckets are four to the doubling, from 2^8 ns on. */
enum { PAUSE_BUCKETS = 96, PAUSE_FIRST_LOG2 = 8 };
typedef struct Pauses {
    uint64_t count;
    int64_t total, longest; // nanoseconds
    uint32_t buckets[PAUSE_BUCKETS];
} Pauses;
const Pauses *gc_pauses(VM *vm);
/* The pause that `share` (0 .. 1) of them do not exceed, in nanoseconds, to within a fifth. */
int64_t gc_pause_quantile(VM *vm, double share);

/* Safepoint work, called by the interpreter only. */
void gc_step(VM *vm);
void gc_collect(VM *vm); // a full collection, to the end; also gc.collect()
/* Memory was refused not long ago: free everything that can be freed before a handler of MemoryError runs
 * or a native is called. at_safepoint: vm->frame stands before its next instruction. */
bool gc_is_pressed(VM *vm);
void gc_relieve(VM *vm, bool at_safepoint);
/* The program has ended: close the generators that stand inside a try or with. */
void gc_close_generators(VM *vm);
/* The async generators that stand inside a try or with, dropped ones that no collection has met included:
 * a fresh list, in order of creation. */
Value gc_open_async_generators(VM *vm);
/* g's code has handlers: should it be dropped inside one, it is closed (rules 1.5). */
void gc_watch_generator(VM *vm, Gen *g);
/* From now on values[0] of ref, which its type does not trace, becomes UNSET when a collection finds that
 * nothing else refers to it; values[1], unless None, is then called with ref at the next safepoint. False:
 * out of memory. */
bool gc_watch_weak(VM *vm, NativeData *ref);
/* Of the references being watched, the next one to `target` from *at on, which starts at 0; NULL: no more. */
NativeData *gc_next_weak(VM *vm, Value target, size_t *at);
size_t gc_weak_count(VM *vm); // how many are being watched
/* During a collection: has it found o to be alive? For weak tables. */
bool gc_lives(VM *vm, const void *o);
/* Used by trace functions of NATIVE_DATA and of types: */
void gc_mark_value(VM *vm, Value v);
void gc_mark_obj(VM *vm, void *o);

bool heap_init(VM *vm);
void heap_free_owned(VM *vm); // at the VM's end: what objects own outside the heap, types still standing
void heap_free_handles(VM *vm); // at the process's end: only what natives' objects hold, of the system's perhaps
void heap_destroy(VM *vm);    // then, last of all, the heap itself

/* Bytes in use (objects and malloc'd memory); limit for --max-memory (0: none). */
size_t heap_used(VM *vm);
void heap_set_limit(VM *vm, size_t bytes);
