/* alloc.h - taking a small cell from the heap without a call: for the makers of what programs make most. */
#pragma once
#include "vm/gc.h"

/* heap_alloc_raw in line: only the header is set. */
static inline void *heap_alloc_bare(VM *vm, Kind kind, uint32_t shape, size_t size)
{
    if (__builtin_expect(size > FINE_LIMIT, 0)) return heap_alloc_raw(vm, kind, shape, size);
    FreeCell **list = &vm->heap->free[(size + 7) / 8];
    if (__builtin_expect(!*list, 0)) return heap_alloc_raw(vm, kind, shape, size);
    FreeCell *c = *list;
    *list = c->next;
    c->h = (Obj){.shape = shape, .kind = (uint8_t)kind};
    return c;
}

/* heap_release for a young object of at most FINE_LIMIT bytes. */
static inline void heap_release_small(VM *vm, Obj *o, size_t size)
{
    FreeCell *c = (FreeCell *)o, **list = &vm->heap->free[(size + 7) / 8];
    c->h.kind = KIND_FREE;
    c->next = *list;
    *list = c;
}
