/* chunks.h - memory for small blocks that are made and dropped all the time: items of short lists, small dicts.
 *
 * A free list for every 16 bytes of size; the caller tells the size again when it gives a block back.
 * Slabs that have become empty are returned by chunks_trim only. Several times as fast as malloc and free,
 * which cannot rely on being told.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#ifdef __SANITIZE_ADDRESS__
enum { CHUNK_LIMIT = 0 }; // malloc lets the sanitizer see what is done to each block
#else
enum { CHUNK_LIMIT = 512 };
#endif
/* What malloc puts in front of each block: aligned blocks that leave room for it lie wall to wall, others 64 KB apart. */
enum { MALLOC_HEADER = 16 };
enum { CHUNK_GRAIN = 16, CHUNK_CLASSES = CHUNK_LIMIT / CHUNK_GRAIN + 1 };

typedef struct FreeChunk { struct FreeChunk *next; } FreeChunk;
/* Bytes handed out from its front ever, and of those free now (counted by chunks_trim). */
typedef struct Slab { struct Slab *next; size_t carved, free, align; } Slab;

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

/* Give back the slabs in which nothing is in use. Looks at every free chunk: for major collections. */
void chunks_trim(Chunks *c);
void chunks_destroy(Chunks *c);
