#include "lang/names.h"
#include <string.h>

void names_init(NameTable *table, Arena *arena)
{
    *table = (NameTable){.arena = arena};
}

/* FNV-1a: names are short and the table is small. */
static uint32_t hash_text(const char *text, size_t len)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < len; i++) hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    return hash;
}

/* The slot that holds this text, or the empty one where it belongs. */
static Name **find_slot(const NameTable *table, const char *text, size_t len, uint32_t hash)
{
    uint32_t mask = table->capacity - 1;
    for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
        Name *name = table->slots[i];
        if (!name) return &table->slots[i];
        if (name->hash == hash && name->len == len && memcmp(name->text, text, len) == 0)
            return &table->slots[i];
    }
}

/* The old arrays stay behind in the arena: together they are no larger than the new ones. */
static bool enlarge(NameTable *table)
{
    uint32_t capacity = table->capacity ? table->capacity * 2 : 128;
    Name **slots = arena_array(table->arena, capacity, sizeof(Name *));
    Name **by_id = arena_grow(table->arena, table->by_id, table->count, capacity / 2, sizeof(Name *));
    if (!slots || !by_id) return false;

    table->slots = slots;
    table->by_id = by_id;
    table->capacity = capacity;
    for (uint32_t id = 0; id < table->count; id++) {
        Name *name = by_id[id];
        *find_slot(table, name->text, name->len, name->hash) = name;
    }
    return true;
}

Name *names_intern(NameTable *table, const char *text, size_t len)
{
    if (table->count >= table->capacity / 2 && !enlarge(table)) return NULL;
    uint32_t hash = hash_text(text, len);
    Name **slot = find_slot(table, text, len, hash);
    if (*slot) return *slot;

    Name *name = arena_alloc(table->arena, sizeof(Name));
    char *copy = arena_text(table->arena, text, len);
    if (!name || !copy) return NULL;
    *name = (Name){.text = copy, .len = (uint32_t)len, .id = table->count, .hash = hash};
    table->by_id[table->count++] = name;
    return *slot = name;
}
