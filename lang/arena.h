/* arena.h - memory that is freed all at once.
 * Trees, tokens and names live as long as their arena and are never freed singly. Running out is
 * reported by NULL and remembered in `failed`, so a caller may check once after many allocations.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct ArenaChunk ArenaChunk;

typedef struct Arena {
    ArenaChunk *chunk; // the one being filled; the others hang behind it
    char *next, *end;  // free part of it
    size_t used;       // bytes handed out, all chunks
    bool failed;       // an allocation failed since arena_init
} Arena;

void arena_init(Arena *arena);
void arena_free(Arena *arena);

/* `size` zeroed bytes, aligned for any type; NULL when memory is out. */
void *arena_alloc(Arena *arena, size_t size);

/* As arena_alloc, for `count` items; a product that overflows counts as out of memory. */
void *arena_array(Arena *arena, size_t count, size_t size);

/* `block` of `count` items enlarged to `wanted`: in place when it is the newest, else copied. */
void *arena_grow(Arena *arena, void *block, size_t count, size_t wanted, size_t size);

/* A copy of `len` bytes with a NUL behind them. */
char *arena_text(Arena *arena, const char *bytes, size_t len);
