/* set.c - the table under set and frozenset, and what the rest of the VM asks of a set. */
#include "vm/set_internal.h"

enum { SMALLEST = 8, BIG = 50000 };

static void set_bits(Set *s, uint64_t bits, unsigned about)
{
    const unsigned mask = SET_CROWDED | SET_WIDE;
    s->bits = bits;
    s->h.aux = (uint16_t)((s->h.aux & ~mask) | (about & mask));
}

/* No item yet. */
static void begin_bits(Set *s)
{
    if (s->mask < MANY_SLOTS) set_bits(s, 0, 0);
    else set_bits(s, UINT64_MAX, SET_CROWDED | SET_WIDE);
}

static void take_bits(Set *s, const Set *from) { set_bits(s, from->bits, from->h.aux); }

/* ---- the table ---- */

static void clear_slots(SetEntry *table, size_t n)
{
    for (SetEntry *e = table; e < table + n; e++) *e = (SetEntry){0, SLOT_FREE};
}

static void make_empty(Set *s)
{
    clear_slots(s->small_table, SMALLEST);
    s->table = s->small_table;
    s->mask = SMALLEST - 1;
    s->live = s->filled = 0;
    begin_bits(s);
}

Set *set_alloc(VM *vm, Type *type)
{
    Set *s = container_alloc(vm, type, KIND_SET, sizeof(Set));
    if (s) make_empty(s);
    return s;
}

/* Every key, for the collector: they are about to be moved or dropped. */
static void log_entries(VM *vm, Set *s)
{
    if (!(s->h.gc & GC_OLD)) return;
    for (SetEntry *e = s->table; e <= s->table + s->mask; e++) gc_store(vm, s, &e->key, e->key);
}

static void free_table(VM *vm, Set *s)
{
    if (s->table != s->small_table) heap_free(vm, s->table, set_table_size(s));
}

void set_free(VM *vm, Set *s) { free_table(vm, s); }

/* What the sequence of slots for a hash is made from: slot x & mask with the neighbours behind it, then a jump to
 * another place that depends on more and more of x's bits. */
static inline size_t probe_bits(VM *vm, const Set *s, int64_t hash)
{
    if (__builtin_expect(!is_keyed(s), 1)) return (size_t)hash;
    uint64_t spread = hash_spread(vm, hash);
    return spread >> 32 | spread << 32; // the good bits to the bottom
}

/* A key that the table does not hold, into one that has no dummies. The caller tells the collector, and
 * sees to the bits. */
static inline void insert_clean(VM *vm, Set *s, Value key, int64_t hash)
{
    SetEntry *table = s->table;
    size_t mask = s->mask, perturb = probe_bits(vm, s, hash), i = perturb & mask;
    for (;;) {
        SetEntry *e = &table[i], *last = i + LINEAR_PROBES <= mask ? e + LINEAR_PROBES : e;
        for (; e <= last; e++) {
            if (e->key != SLOT_FREE) continue;
            *e = (SetEntry){hash, key};
            return;
        }
        perturb >>= PERTURB_SHIFT;
        i = (i * 5 + 1 + perturb) & mask;
    }
}

/* The items lie in another table: the bits they had will do there, unless removed ones are among them or a
 * table has many slots. */
static void renew_bits(Set *s, bool will_do)
{
    if (will_do && s->mask < MANY_SLOTS) return;
    begin_bits(s);
    if (s->mask >= MANY_SLOTS) return;
    for (const SetEntry *e = s->table; e <= s->table + s->mask; e++)
        if (holds_item(e)) note_bits(s, e->key, e->hash);
}

/* Give the set a table with `size` slots and put its items there. */
static bool rebuild(VM *vm, Set *s, size_t size)
{
    SetEntry small_copy[SMALLEST], *old = s->table, *table = s->small_table;
    size_t old_size = s->mask + 1;
    bool was_small = old == s->small_table, bits_will_do = s->filled == s->live && s->mask < MANY_SLOTS;
    if (size > SMALLEST) {
        table = heap_malloc(vm, size_mul(size, sizeof(SetEntry)));
        if (!table) return false;
    }
    log_entries(vm, s);
    if (was_small) old = memcpy(small_copy, old, sizeof small_copy);
    clear_slots(table, size);
    s->table = table;
    s->mask = size - 1;
    s->filled = s->live;
    for (const SetEntry *e = old; e < old + old_size; e++)
        if (holds_item(e)) insert_clean(vm, s, e->key, e->hash);
    renew_bits(s, bits_will_do);
    if (!was_small) heap_free(vm, old, old_size * sizeof(SetEntry));
    return true;
}

/* A table for more than `n` items. */
static bool resize(VM *vm, Set *s, size_t n)
{
    size_t size = SMALLEST;
    while (size <= n) size <<= 1;
    if (size == SMALLEST && s->table == s->small_table && s->filled == s->live) return true;
    return rebuild(vm, s, size);
}

bool set_grow(VM *vm, Set *s) { return resize(vm, s, s->live > BIG ? s->live * 2 : s->live * 4); }

bool set_reserve(VM *vm, Set *s, size_t n)
{
    return (s->filled + n) * 5 < s->mask * 3 || resize(vm, s, (s->live + n) * 2);
}

bool set_turn_keyed(VM *vm, Set *s)
{
    s->h.aux |= SET_KEYED;
    return rebuild(vm, s, s->mask + 1);
}

SetEntry *set_find_any(VM *vm, Set *s, Value key, int64_t hash, SetSearch *search)
{
restart:;
    size_t mask = s->mask, perturb = probe_bits(vm, s, hash), i = perturb & mask;
    for (*search = (SetSearch){0};; search->jumps++) {
        SetEntry *e = &s->table[i], *last = i + LINEAR_PROBES <= mask ? e + LINEAR_PROBES : e;
        for (; e <= last; e++) {
            if (e->hash == hash && e->key != SLOT_FREE) {
                Value there = e->key;
                int same = equal_quick(there, key);
                if (same == EQUAL_ASK) {
                    const SetEntry *table = s->table;
                    same = value_equal_rooted(vm, there, key);
                    if (same < 0) return NULL;
                    if (s->table != table || s->mask != mask || e->key != there) goto restart; // __eq__ changed the set
                }
                if (same) return e;
            } else if (e->hash == -1) {
                search->dummy = e;
            } else if (e->key == SLOT_FREE) {
                return e;
            }
        }
        perturb >>= PERTURB_SHIFT;
        i = (i * 5 + 1 + perturb) & mask;
    }
}

void set_remove_entry(VM *vm, Set *s, SetEntry *e)
{
    if (!(s->h.aux & SET_CROWDED)) s->bits &= ~bits_of(e->key, e->hash);
    gc_store(vm, s, &e->key, SLOT_DUMMY);
    e->hash = -1;
    s->live--;
}

void set_clear(VM *vm, Set *s)
{
    log_entries(vm, s);
    free_table(vm, s);
    make_empty(s);
}

/* A table of the same size without dummies is copied as it is. */
void set_fill(VM *vm, Set *s, const Set *other)
{
    bool alike = s->mask == other->mask && is_keyed(s) == is_keyed(other) && other->filled == other->live;
    if (alike) {
        memcpy(s->table, other->table, set_table_size(s));
    } else {
        for (const SetEntry *e = other->table; e <= other->table + other->mask; e++)
            if (holds_item(e)) insert_clean(vm, s, e->key, e->hash);
    }
    take_bits(s, other);
    renew_bits(s, other->mask < MANY_SLOTS);
    s->filled = s->live = other->live;
    gc_filled(vm, s);
}

void set_adopt(VM *vm, Set *s, Set *from)
{
    set_clear(vm, s);
    s->mask = from->mask;
    s->live = from->live;
    s->filled = from->filled;
    s->h.aux = (uint16_t)((s->h.aux & ~SET_KEYED) | (from->h.aux & SET_KEYED));
    take_bits(s, from);
    if (from->table == from->small_table)
        memcpy(s->small_table, from->small_table, sizeof s->small_table);
    else
        s->table = from->table;
    make_empty(from);
    gc_filled(vm, s);
}

/* The search goes on where the last one left off: in Set.hash, which a mutable set has no other use for. */
Value set_take(VM *vm, Set *s)
{
    size_t i = (size_t)s->hash & s->mask;
    while (!holds_item(&s->table[i])) i = (i + 1) & s->mask;
    Value item = s->table[i].key;
    set_remove_entry(vm, s, &s->table[i]);
    s->hash = (int64_t)i + 1;
    return item;
}

/* ---- hashes ---- */

static uint64_t shuffle(uint64_t h) { return ((h ^ 89869747u) ^ (h << 16)) * 3644798167u; }

/* CPython's: independent of the order, and of how the table is filled. */
static int64_t hash_of_items(const Set *s)
{
    uint64_t hash = 0;
    for (const SetEntry *e = s->table; e <= s->table + s->mask; e++)
        if (holds_item(e)) hash ^= shuffle((uint64_t)e->hash);
    hash ^= (s->live + 1) * 1927868237u;
    hash ^= (hash >> 11) ^ (hash >> 25);
    hash = hash * 69069u + 907133923u;
    return hash == UINT64_MAX ? 590923713 : (int64_t)hash;
}

int64_t frozenset_hash(Set *s)
{
    if (!s->hash) s->hash = hash_of_items(s);
    return s->hash;
}

/* The hash to look for an item with. A set, which has none, stands for the frozenset that equals it. */
static inline bool hash_to_find(VM *vm, Value v, int64_t *hash)
{
    if (is_small(v) || !is_set(v) || set_is_frozen(vm, as_set(v)) || type_defines(type_of(vm, v), D_HASH))
        return value_hash(vm, v, hash);
    *hash = hash_of_items(as_set(v));
    return true;
}

/* ---- the interface ---- */

Value set_new(VM *vm)
{
    Set *s = set_alloc(vm, vm->types[T_SET]);
    return s ? obj_value(s) : VALUE_ERROR;
}

int set_add(VM *vm, Set *s, Value v)
{
    int64_t hash;
    return value_hash(vm, v, &hash) ? set_add_hashed(vm, s, v, hash) : -1;
}

int set_has(VM *vm, Set *s, Value v)
{
    int64_t hash;
    if (is_small(v) && !(s->h.aux & SET_WIDE)) return is_near(v) && s->bits & bit_of(v);
    return hash_to_find(vm, v, &hash) ? set_has_hashed(vm, s, v, hash) : -1;
}

int set_discard(VM *vm, Set *s, Value v)
{
    int64_t hash;
    return hash_to_find(vm, v, &hash) ? set_discard_hashed(vm, s, v, hash) : -1;
}

bool set_next(Set *s, size_t *pos, Value *item)
{
    const SetEntry *e = set_next_entry(s, pos);
    if (e) *item = e->key;
    return e;
}
