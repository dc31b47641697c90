#include "cli/places.h"

#include <stdlib.h>

static bool grow(Places *p)
{
    uint32_t capacity = p->capacity ? p->capacity * 2 : 16;
    Place *more = realloc(p->places, capacity * sizeof *more);
    if (!more) return false;
    p->places = more;
    p->capacity = capacity;
    return true;
}

uint64_t places_add(Places *p, void *thing)
{
    uint32_t at;
    if (p->free) {
        at = p->free - 1;
        p->free = p->places[at].next;
    } else {
        if (p->n == p->capacity && !grow(p)) return 0;
        at = p->n++;
        p->places[at].uses = 0;
    }
    Place *place = &p->places[at];
    place->thing = thing;
    place->uses = (place->uses + 1) & 0x7FFFFFFF;
    if (!place->uses) place->uses = 1;
    return (uint64_t)place->uses << 32 | at;
}

void *places_find(const Places *p, uint64_t id)
{
    uint32_t at = (uint32_t)id;
    return at < p->n && p->places[at].uses == id >> 32 ? p->places[at].thing : NULL;
}

void places_remove(Places *p, uint64_t id)
{
    uint32_t at = (uint32_t)id;
    p->places[at].thing = NULL;
    p->places[at].next = p->free;
    p->free = at + 1;
}

void places_free(Places *p)
{
    free(p->places);
    *p = (Places){0};
}
