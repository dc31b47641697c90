/* chunks.c - see chunks.h. */
#include "vm/chunks.h"

#include <stdlib.h>

enum { SLAB_SIZE = 32 << 10 };

/* The rest of a slab that is too short for one more is given up: less than CHUNK_LIMIT of 32 KB. */
void *chunk_alloc_fresh(Chunks *c, unsigned cls)
{
    size_t size = (size_t)cls * CHUNK_GRAIN;
    if ((size_t)(c->fresh_end - c->fresh) < size) {
        Slab *slab = malloc(SLAB_SIZE);
        if (!slab) return NULL;
        slab->next = c->slabs;
        c->slabs = slab;
        c->fresh = (char *)(slab + 1);
        c->fresh_end = (char *)slab + SLAB_SIZE;
    }
    void *p = c->fresh;
    c->fresh += size;
    return p;
}

void chunks_destroy(Chunks *c)
{
    for (Slab *slab = c->slabs, *next; slab; slab = next) {
        next = slab->next;
        free(slab);
    }
}
