/* chunks.c - see chunks.h. */
#include "vm/chunks.h"

#include <stdint.h>
#include <stdlib.h>

enum { SLAB_SIZE = 32 << 10 };

static void note_carved(Chunks *c)
{
    if (c->fresh) c->slabs->carved = (size_t)(c->fresh - (char *)(c->slabs + 1));
}

/* The rest of a slab that is too short for one more is given up: less than CHUNK_LIMIT of 32 KB. */
void *chunk_alloc_fresh(Chunks *c, unsigned cls)
{
    size_t size = (size_t)cls * CHUNK_GRAIN;
    if ((size_t)(c->fresh_end - c->fresh) < size) {
        void *aligned; // so that a chunk's address tells its slab
        if (posix_memalign(&aligned, SLAB_SIZE, SLAB_SIZE - MALLOC_HEADER) != 0) return NULL;
        Slab *slab = aligned;
        note_carved(c);
        *slab = (Slab){.next = c->slabs};
        c->slabs = slab;
        c->fresh = (char *)(slab + 1);
        c->fresh_end = (char *)slab + SLAB_SIZE - MALLOC_HEADER;
    }
    void *p = c->fresh;
    c->fresh += size;
    return p;
}

/* ---- giving back ---- */

static Slab *slab_of(const void *chunk) { return (Slab *)((uintptr_t)chunk & ~(uintptr_t)(SLAB_SIZE - 1)); }
static bool is_empty(const Slab *slab) { return slab->free == slab->carved; }

static void count_free(Chunks *c)
{
    note_carved(c);
    for (Slab *slab = c->slabs; slab; slab = slab->next) slab->free = 0;
    for (unsigned cls = 1; cls < CHUNK_CLASSES; cls++)
        for (const FreeChunk *f = c->free[cls]; f; f = f->next) slab_of(f)->free += (size_t)cls * CHUNK_GRAIN;
}

static void forget_chunks_of_empty(Chunks *c)
{
    for (unsigned cls = 1; cls < CHUNK_CLASSES; cls++)
        for (FreeChunk **at = &c->free[cls]; *at;) {
            if (is_empty(slab_of(*at))) *at = (*at)->next;
            else at = &(*at)->next;
        }
}

void chunks_trim(Chunks *c)
{
    count_free(c);
    forget_chunks_of_empty(c);
    if (c->slabs && is_empty(c->slabs)) c->fresh = c->fresh_end = NULL; // the newest goes, and its rest with it
    for (Slab **at = &c->slabs, *slab; (slab = *at);) {
        if (!is_empty(slab)) {
            at = &slab->next;
            continue;
        }
        *at = slab->next;
        free(slab);
    }
}

void chunks_destroy(Chunks *c)
{
    for (Slab *slab = c->slabs, *next; slab; slab = next) {
        next = slab->next;
        free(slab);
    }
}
