/* places.h - a table of things known to others by an id: a place, and how often it has been used. An id whose thing
 * is gone finds nothing, also when the place has been taken again. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct Place { void *thing; uint32_t uses, next; } Place; // next: of free places, the number + 1
typedef struct Places { Place *places; uint32_t n, capacity, free; } Places; // free: number + 1, 0: none

/* The id, never 0 and below 2^63; 0: no memory. */
uint64_t places_add(Places *p, void *thing);
void *places_find(const Places *p, uint64_t id); // NULL: gone
void places_remove(Places *p, uint64_t id);
void places_free(Places *p);
