/* chunks.h - memory for small blocks that are made and dropped all the time: items of short lists, small dicts.
 *
 * A free list for every 16 bytes of size; the caller tells the size again when it gives a block back. Slabs are never
 * returned before the end. Several times as fast as malloc and free, which cannot rely on being told.
 */
#pragma once
#include <stddef.h>

#ifdef __SANITIZE_ADDRESS__
enum { CHUNK_LIMIT = 0 }; // malloc lets the sanitizer see what is done to each block
#else
enum { CHUNK_LIMIT = 512 };
#endif
enum { CHUNK_GRAIN = 16, CHUNK_CLASSES = CHUNK_LIMIT / CHUNK_GRAIN + 1 };

typedef struct FreeChunk { struct FreeChunk *next; } FreeChunk;
typedef struct Slab { struct Slab *next; void *align; } Slab;

typedef struct Chunks {
    FreeChunk *free[CHUNK_CLASSES];
    char *fresh, *fresh_end; // the rest of the newest slab
    Slab *slabs;
} Chunks;

static inline unsigned chunk_class(size_t size) { return (unsigned)((size + CHUNK_GRAIN - 1) / CHUNK_GRAIN); }

/* size: 1 .. CHUNK_LIMIT. NULL: no memory. */
void *chunk_alloc_fresh(Chunks *c, unsigned cls);
static inline void *chunk_alloc(Chunks *c, size_t size)
{
    unsigned cls = chunk_class(size);
    FreeChunk *p = c->free[cls];
    if (__builtin_expect(!p, 0)) return chunk_alloc_fresh(c, cls);
    c->free[cls] = p->next;
    return p;
}

static inline void chunk_free(Chunks *c, void *p, size_t size)
{
    FreeChunk *f = p;
    unsigned cls = chunk_class(size);
    f->next = c->free[cls];
    c->free[cls] = f;
}

void chunks_destroy(Chunks *c);
