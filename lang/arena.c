#include "lang/arena.h"
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_MIN = 4096, CHUNK_MAX = 1 << 20 };

struct ArenaChunk {
    ArenaChunk *older;
    size_t size;
    _Alignas(max_align_t) char bytes[];
};

void arena_init(Arena *arena)
{
    *arena = (Arena){0};
}

void arena_free(Arena *arena)
{
    for (ArenaChunk *chunk = arena->chunk; chunk;) {
        ArenaChunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
    arena_init(arena);
}

static void *fail(Arena *arena)
{
    arena->failed = true;
    return NULL;
}

/* Chunks double up to CHUNK_MAX, so that a one-line script costs a page and a big file few calls. */
static bool add_chunk(Arena *arena, size_t need)
{
    size_t size = arena->chunk ? arena->chunk->size * 2 : CHUNK_MIN;
    if (size > CHUNK_MAX) size = CHUNK_MAX;
    if (size < need) size = need;

    ArenaChunk *chunk = malloc(sizeof(ArenaChunk) + size);
    if (!chunk) return false;
    chunk->older = arena->chunk;
    chunk->size = size;
    arena->chunk = chunk;
    arena->next = chunk->bytes;
    arena->end = chunk->bytes + size;
    return true;
}

/* Rounded up so that the next block is aligned as well; 0 when that overflows. */
static size_t round_up(size_t size)
{
    const size_t mask = _Alignof(max_align_t) - 1;
    return size > SIZE_MAX / 2 ? 0 : (size + mask + !size) & ~mask;
}

void *arena_alloc(Arena *arena, size_t size)
{
    size_t rounded = round_up(size);
    if (!rounded) return fail(arena);
    if ((size_t)(arena->end - arena->next) < rounded && !add_chunk(arena, rounded)) return fail(arena);

    void *block = arena->next;
    arena->next += rounded;
    arena->used += rounded;
    return memset(block, 0, rounded);
}

void *arena_array(Arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return fail(arena);
    return arena_alloc(arena, bytes);
}

void *arena_grow(Arena *arena, void *block, size_t count, size_t wanted, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(wanted, size, &bytes)) return fail(arena);
    size_t old = block ? round_up(count * size) : 0, rounded = round_up(bytes);

    bool newest = block && (char *)block + old == arena->next;
    if (newest && rounded && rounded - old <= (size_t)(arena->end - arena->next)) {
        memset(arena->next, 0, rounded - old);
        arena->next += rounded - old;
        arena->used += rounded - old;
        return block;
    }
    void *copy = arena_alloc(arena, bytes);
    if (copy && count) memcpy(copy, block, count * size);
    return copy;
}

char *arena_text(Arena *arena, const char *bytes, size_t len)
{
    char *copy = len == SIZE_MAX ? fail(arena) : arena_alloc(arena, len + 1);
    if (copy && len) memcpy(copy, bytes, len);
    return copy;
}
