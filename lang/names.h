/* names.h - identifiers, interned.
 * Within one table two names are equal exactly if their pointers are; `id` counts from 0 without
 * gaps, so per-name facts fit a plain array. The text is NFKC-normalised UTF-8, as in Python.
 */
#pragma once
#include "lang/arena.h"
#include <stdint.h>

typedef struct Name {
    const char *text; // NUL-terminated
    uint32_t len;     // in bytes
    uint32_t id;
    uint32_t hash; // only for the table's own use
    uint32_t mark; // only for the parser's: the last list of parameters or arguments it was in
} Name;

typedef struct NameTable {
    Arena *arena; // where names live; borrowed
    Name **slots; // open addressing, a power of two of them
    Name **by_id;
    uint32_t count, capacity;
} NameTable;

void names_init(NameTable *table, Arena *arena);

/* The name with these bytes (already normalised); NULL when memory is out. */
Name *names_intern(NameTable *table, const char *text, size_t len);
