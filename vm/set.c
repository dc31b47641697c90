/* set.c - set and frozenset.
 *
 * The table is CPython's, slot for slot: where a key goes, when the table grows and by how much, in what order the
 * operations insert. Programs see the iteration order, and sets of numbers are to print as there (rules 5.2).
 * When an insertion has to jump about for too long, which only hashes made to collide bring about, the set goes
 * over to keyed spreading (SET_KEYED) for good.
 */
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/iter.h"
#include "vm/type.h"

enum { SMALLEST = 8, LINEAR_PROBES = 9, PERTURB_SHIFT = 5, TOO_MANY_JUMPS = 16, BIG = 50000, MANY_SLOTS = 256 };

#define FREE VALUE_UNSET // a slot never used; its hash is 0
#define DUMMY VALUE_STOP // the slot of a removed item; its hash is -1

static inline bool holds_item(const SetEntry *e) { return e->key != FREE && e->key != DUMMY; }

static bool is_frozen(VM *vm, const Set *s) { return vm->shapes[s->h.shape]->type->builtin == T_FROZENSET; }

static bool is_keyed(const Set *s) { return s->h.aux & SET_KEYED; }

/* ---- what is certainly not there ----
 * Every item has set one of 64 bits, so that what a small set does not hold is mostly known without a search, which would
 * pass all that has been removed; of MANY_SLOTS all bits are set. Equal items have the same bit: that of the hash, but -1
 * and -2, whose hash is the same, have two as small ints, and anything else with that hash has both. */

static inline uint64_t bit_of(Value small_int) { return (uint64_t)1 << (as_small(small_int) & 63); }

static inline uint64_t bits_of(Value key, int64_t hash)
{
    if (is_small(key)) return bit_of(key);
    return hash == -2 ? bit_of(small(-1)) | bit_of(small(-2)) : (uint64_t)1 << (hash & 63);
}

static inline bool is_near(Value key) { return is_small(key) && (uint64_t)(as_small(key) + 16) < 64; }

static inline bool lacks(const Set *s, Value key, int64_t hash) { return !(s->bits & bits_of(key, hash)); }

static inline void note_bits(Set *s, Value key, int64_t hash)
{
    if (s->mask >= MANY_SLOTS) return;
    uint64_t bits = bits_of(key, hash);
    if (s->bits & bits || bits & (bits - 1)) s->h.aux |= SET_CROWDED;
    if (!is_near(key)) s->h.aux |= SET_WIDE;
    s->bits |= bits;
}

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
    for (SetEntry *e = table; e < table + n; e++) *e = (SetEntry){0, FREE};
}

static void make_empty(Set *s)
{
    clear_slots(s->small_table, SMALLEST);
    s->table = s->small_table;
    s->mask = SMALLEST - 1;
    s->live = s->filled = 0;
    begin_bits(s);
}

static Set *set_alloc(VM *vm, Type *type)
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

/* A key that the table does not hold, into one that has no dummies. The caller tells the collector, and sees to the bits. */
static inline void insert_clean(VM *vm, Set *s, Value key, int64_t hash)
{
    SetEntry *table = s->table;
    size_t mask = s->mask, perturb = probe_bits(vm, s, hash), i = perturb & mask;
    for (;;) {
        SetEntry *e = &table[i], *last = i + LINEAR_PROBES <= mask ? e + LINEAR_PROBES : e;
        for (; e <= last; e++) {
            if (e->key != FREE) continue;
            *e = (SetEntry){hash, key};
            return;
        }
        perturb >>= PERTURB_SHIFT;
        i = (i * 5 + 1 + perturb) & mask;
    }
}

/* The items lie in another table: the bits they had will do there, unless removed ones are among them or a table has many slots. */
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

static bool grow(VM *vm, Set *s) { return resize(vm, s, s->live > BIG ? s->live * 2 : s->live * 4); }

/* Room for n more, if that is likely to be too many. */
static bool reserve(VM *vm, Set *s, size_t n)
{
    return (s->filled + n) * 5 < s->mask * 3 || resize(vm, s, (s->live + n) * 2);
}

/* How a search went. */
typedef struct Search {
    SetEntry *dummy; // the last dummy passed: where a new item goes rather than into the free slot
    int jumps;
} Search;

/* The entry that holds a small int, or the free one that ends the search. NULL when that takes more than looking: an
 * equal hash, which 1.0 and True have too, or keyed spreading. */
static inline SetEntry *find_small(const Set *s, Value key, int64_t hash, Search *search)
{
    if (__builtin_expect(is_keyed(s), 0)) return NULL;
    SetEntry *dummy = NULL;
    size_t mask = s->mask, perturb = (size_t)hash, i = perturb & mask;
    for (int jumps = 0;; jumps++) {
        SetEntry *e = &s->table[i], *last = i + LINEAR_PROBES <= mask ? e + LINEAR_PROBES : e;
        for (; e <= last; e++) {
            if (e->hash == hash || e->key == FREE) {
                *search = (Search){dummy, jumps};
                return e->key == key || e->key == FREE ? e : NULL;
            }
            if (e->hash == -1) dummy = e;
        }
        perturb >>= PERTURB_SHIFT;
        i = (i * 5 + 1 + perturb) & mask;
    }
}

/* The search in general, where __eq__ may have to be asked. */
static SetEntry *find_any(VM *vm, Set *s, Value key, int64_t hash, Search *search)
{
restart:;
    size_t mask = s->mask, perturb = probe_bits(vm, s, hash), i = perturb & mask;
    for (*search = (Search){0};; search->jumps++) {
        SetEntry *e = &s->table[i], *last = i + LINEAR_PROBES <= mask ? e + LINEAR_PROBES : e;
        for (; e <= last; e++) {
            if (e->hash == hash && e->key != FREE) {
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
            } else if (e->key == FREE) {
                return e;
            }
        }
        perturb >>= PERTURB_SHIFT;
        i = (i * 5 + 1 + perturb) & mask;
    }
}

/* The entry that holds an equal key, or the free one that ends the search; NULL: error. */
static inline SetEntry *find(VM *vm, Set *s, Value key, int64_t hash, Search *search)
{
    SetEntry *e = is_small(key) ? find_small(s, key, hash, search) : NULL;
    return e ? e : find_any(vm, s, key, hash, search);
}

static bool turn_keyed(VM *vm, Set *s)
{
    s->h.aux |= SET_KEYED;
    return rebuild(vm, s, s->mask + 1);
}

/* 1 new, 0 there already, -1 error. */
static inline int add_hashed(VM *vm, Set *s, Value key, int64_t hash)
{
    Search search;
    SetEntry *e = find(vm, s, key, hash, &search);
    if (!e) return -1;
    if (e->key != FREE) return 0;
    if (search.dummy)
        e = search.dummy;
    else
        s->filled++;
    s->live++;
    note_bits(s, key, hash);
    e->hash = hash;
    gc_store(vm, s, &e->key, key);
    if (__builtin_expect(search.jumps > TOO_MANY_JUMPS, 0) && !is_keyed(s) && !turn_keyed(vm, s)) return -1;
    return search.dummy || s->filled * 5 < s->mask * 3 || grow(vm, s) ? 1 : -1;
}

static inline int has_hashed(VM *vm, Set *s, Value key, int64_t hash)
{
    Search search;
    if (lacks(s, key, hash)) return 0;
    const SetEntry *e = find(vm, s, key, hash, &search);
    return e ? e->key != FREE : -1;
}

static void remove_entry(VM *vm, Set *s, SetEntry *e)
{
    if (!(s->h.aux & SET_CROWDED)) s->bits &= ~bits_of(e->key, e->hash);
    gc_store(vm, s, &e->key, DUMMY);
    e->hash = -1;
    s->live--;
}

static inline int discard_hashed(VM *vm, Set *s, Value key, int64_t hash)
{
    Search search;
    if (lacks(s, key, hash)) return 0;
    SetEntry *e = find(vm, s, key, hash, &search);
    if (!e) return -1;
    if (e->key == FREE) return 0;
    remove_entry(vm, s, e);
    return 1;
}

void set_clear(VM *vm, Set *s)
{
    log_entries(vm, s);
    free_table(vm, s);
    make_empty(s);
}

static const SetEntry *next_entry(const Set *s, size_t *pos)
{
    while (*pos <= s->mask) {
        const SetEntry *e = &s->table[(*pos)++];
        if (holds_item(e)) return e;
    }
    return NULL;
}

bool set_next(Set *s, size_t *pos, Value *item)
{
    const SetEntry *e = next_entry(s, pos);
    if (e) *item = e->key;
    return e;
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
    if (is_small(v) || !is_set(v) || is_frozen(vm, as_set(v)) || type_defines(type_of(vm, v), D_HASH)) return value_hash(vm, v, hash);
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
    return value_hash(vm, v, &hash) ? add_hashed(vm, s, v, hash) : -1;
}

int set_has(VM *vm, Set *s, Value v)
{
    int64_t hash;
    if (is_small(v) && !(s->h.aux & SET_WIDE)) return is_near(v) && s->bits & bit_of(v);
    return hash_to_find(vm, v, &hash) ? has_hashed(vm, s, v, hash) : -1;
}

int set_discard(VM *vm, Set *s, Value v)
{
    int64_t hash;
    return hash_to_find(vm, v, &hash) ? discard_hashed(vm, s, v, hash) : -1;
}

/* ---- walking through the other operand ---- */

/* What is done with each item of it, and its hash. Answers false to stop. */
typedef struct Walk Walk;
struct Walk {
    VM *vm;
    Set *set;    // the set being made or changed
    Set *filter; // whose items count, where that matters
    bool (*visit)(Walk *w, Value item, int64_t hash);
    int answer;  // what was found out; -1: error
};

static bool visit_add(Walk *w, Value item, int64_t hash) { return add_hashed(w->vm, w->set, item, hash) >= 0; }
static bool visit_discard(Walk *w, Value item, int64_t hash) { return discard_hashed(w->vm, w->set, item, hash) >= 0; }

static bool visit_toggle(Walk *w, Value item, int64_t hash)
{
    int removed = discard_hashed(w->vm, w->set, item, hash);
    return removed == 0 ? visit_add(w, item, hash) : removed > 0;
}

static bool visit_keep_common(Walk *w, Value item, int64_t hash)
{
    int there = has_hashed(w->vm, w->filter, item, hash);
    return there > 0 ? visit_add(w, item, hash) : there == 0;
}

/* The same; stops when all of filter is there. */
static bool visit_keep_till_all(Walk *w, Value item, int64_t hash)
{
    return visit_keep_common(w, item, hash) && !(w->answer = w->set->live >= w->filter->live && w->set->live);
}

static bool visit_keep_others(Walk *w, Value item, int64_t hash)
{
    int there = has_hashed(w->vm, w->filter, item, hash);
    return there == 0 ? visit_add(w, item, hash) : there > 0;
}

/* Stop at the first item that filter holds, or lacks; answer 1 if there was one. */
static bool visit_until_held(Walk *w, Value item, int64_t hash)
{
    w->answer = has_hashed(w->vm, w->filter, item, hash);
    return w->answer == 0;
}

static bool visit_until_lacked(Walk *w, Value item, int64_t hash)
{
    int there = has_hashed(w->vm, w->filter, item, hash);
    w->answer = there < 0 ? -1 : !there;
    return there > 0;
}

/* The order is the table's; comparisons may change it, hence the look at it anew each time. */
static bool walk_set(Walk *w, const Set *other, Value *slot)
{
    const SetEntry *e;
    size_t pos = 0;
    while ((e = next_entry(other, &pos))) {
        *slot = e->key;
        if (!w->visit(w, *slot, e->hash)) return false;
    }
    return true;
}

static bool walk_dict(Walk *w, const Dict *other, Value *slot)
{
    const DictEntry *e;
    size_t pos = 0;
    while ((e = dict_next_entry(other, &pos))) {
        *slot = e->key;
        if (!w->visit(w, *slot, (int64_t)e->hash)) return false;
    }
    return true;
}

static bool visit_item(VM *vm, Value item, void *state)
{
    Walk *w = state;
    int64_t hash;
    return value_hash(vm, item, &hash) && w->visit(w, item, hash);
}

static bool walk(Walk *w, Value other)
{
    if (!is_set(other) && !is_exact(other, T_DICT)) return obj_iterate(w->vm, other, visit_item, w);
    Value *slot = roots_push(w->vm, VALUE_UNSET);
    if (!slot) return false;
    bool ok = is_set(other) ? walk_set(w, as_set(other), slot) : walk_dict(w, as_dict(other), slot);
    roots_pop(w->vm, slot);
    return ok;
}

/* ---- union ---- */

/* The items of `other` into a set that never held any. A table of the same size without dummies is copied as it is. */
static void fill(VM *vm, Set *s, const Set *other)
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

static bool merge(VM *vm, Set *s, Set *other)
{
    if (s == other || other->live == 0) return true;
    if (!reserve(vm, s, other->live)) return false;
    if (s->filled == 0) {
        fill(vm, s, other);
        return true;
    }
    Walk w = {.vm = vm, .set = s, .visit = visit_add};
    return walk(&w, obj_value(other));
}

bool set_update(VM *vm, Set *s, Value iterable)
{
    if (is_set(iterable)) return merge(vm, s, as_set(iterable));
    if (is_exact(iterable, T_DICT) && !reserve(vm, s, dict_len(as_dict(iterable)))) return false;
    Walk w = {.vm = vm, .set = s, .visit = visit_add};
    return walk(&w, iterable);
}

/* A new set of that type with the items of an iterable (UNSET: none). */
static Value make(VM *vm, Type *type, Value iterable)
{
    Set *s = set_alloc(vm, type);
    if (!s || is_unset(iterable)) return s ? obj_value(s) : VALUE_ERROR;
    Value *r = roots_push(vm, obj_value(s));
    if (!r) return VALUE_ERROR;
    bool ok = set_update(vm, s, iterable);
    roots_pop(vm, r);
    return ok ? obj_value(s) : VALUE_ERROR;
}

/* The same of the built-in type of s. */
static Value make_like(VM *vm, const Set *s, Value iterable)
{
    return make(vm, vm->types[is_frozen(vm, s) ? T_FROZENSET : T_SET], iterable);
}

Value frozenset_from(VM *vm, Value iterable)
{
    return is_exact(iterable, T_FROZENSET) ? iterable : make(vm, vm->types[T_FROZENSET], iterable);
}

static Value copy(VM *vm, Set *s) { return make_like(vm, s, obj_value(s)); }

/* ---- the other operations ---- */

/* New set of what `visit` keeps of `items`, looking at `filter`. */
static Value select_items(VM *vm, Set *like, Value items, Set *filter, bool (*visit)(Walk *, Value, int64_t))
{
    Value result = make_like(vm, like, VALUE_UNSET);
    if (is_error(result)) return result;
    Value *r = roots_push(vm, result);
    if (!r) return VALUE_ERROR;
    Walk w = {.vm = vm, .set = as_set(result), .filter = filter, .visit = visit};
    bool ok = walk(&w, items) || w.answer > 0;
    roots_pop(vm, r);
    return ok ? result : VALUE_ERROR;
}

Value set_intersection(VM *vm, Set *s, Value other)
{
    if (obj_value(s) == other) return copy(vm, s);
    if (is_set(other) && as_set(other)->live > s->live) // walk through the smaller one
        return select_items(vm, s, obj_value(s), as_set(other), visit_keep_common);
    return select_items(vm, s, other, s, is_set(other) ? visit_keep_common : visit_keep_till_all);
}

bool set_difference_update(VM *vm, Set *s, Value other)
{
    if (obj_value(s) == other) {
        set_clear(vm, s);
        return true;
    }
    Value *r = roots_push(vm, other);
    if (!r) return false;
    if (is_set(other) && as_set(other)->live >> 3 > s->live) *r = set_intersection(vm, s, other);
    Walk w = {.vm = vm, .set = s, .visit = visit_discard};
    bool ok = !is_error(*r) && walk(&w, *r);
    roots_pop(vm, r);
    if (!ok || s->filled - s->live <= s->mask / 4) return ok;
    return grow(vm, s); // more than a quarter are dummies: sweep them out
}

static Value copy_and_subtract(VM *vm, Set *s, Value other)
{
    Value result = copy(vm, s);
    if (is_error(result)) return result;
    Value *r = roots_push(vm, result);
    if (!r) return VALUE_ERROR;
    bool ok = set_difference_update(vm, as_set(result), other);
    roots_pop(vm, r);
    return ok ? result : VALUE_ERROR;
}

/* What of s is not a key of a dict. r: result, item. */
static bool add_unless_key(VM *vm, Set *s, Dict *other, Value *r)
{
    const SetEntry *e;
    size_t pos = 0;
    while ((e = next_entry(s, &pos))) {
        r[1] = e->key;
        int64_t hash = e->hash;
        Value there = dict_get_hashed(vm, other, r[1], hash);
        if (is_error(there) || (is_unset(there) && add_hashed(vm, as_set(r[0]), r[1], hash) < 0)) return false;
    }
    return true;
}

static Value difference_with_dict(VM *vm, Set *s, Dict *other)
{
    Value *r = roots_reserve(vm, 2);
    if (!r) return VALUE_ERROR;
    r[0] = make_like(vm, s, VALUE_UNSET);
    Value v = !is_error(r[0]) && add_unless_key(vm, s, other, r) ? r[0] : VALUE_ERROR;
    roots_pop(vm, r);
    return v;
}

Value set_difference(VM *vm, Set *s, Value other)
{
    bool dict = is_exact(other, T_DICT);
    if (!is_set(other) && !dict) return copy_and_subtract(vm, s, other);
    // When s is much longer than other, it is faster to copy it and look for other's few.
    if (s->live >> 2 > (dict ? as_dict(other)->live : as_set(other)->live)) return copy_and_subtract(vm, s, other);
    if (dict) return difference_with_dict(vm, s, as_dict(other));
    return select_items(vm, s, obj_value(s), as_set(other), visit_keep_others);
}

bool set_symmetric_difference_update(VM *vm, Set *s, Value other)
{
    if (obj_value(s) == other) {
        set_clear(vm, s);
        return true;
    }
    // Items that other has twice must not be toggled twice.
    Value items = is_set(other) || is_exact(other, T_DICT) ? other : make_like(vm, s, other);
    Value *r = roots_push(vm, items);
    if (is_error(items) || !r) return false;
    Walk w = {.vm = vm, .set = s, .visit = visit_toggle};
    bool ok = walk(&w, items);
    roots_pop(vm, r);
    return ok;
}

static Value symmetric_difference(VM *vm, Set *s, Value other)
{
    Value result = make_like(vm, s, other);
    if (is_error(result)) return result;
    Value *r = roots_push(vm, result);
    if (!r) return VALUE_ERROR;
    bool ok = set_symmetric_difference_update(vm, as_set(result), obj_value(s));
    roots_pop(vm, r);
    return ok ? result : VALUE_ERROR;
}

/* s takes over the items of a fresh set; what it had is dropped. */
static void adopt(VM *vm, Set *s, Set *from)
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

static int is_subset(VM *vm, Set *a, Value b)
{
    if (!is_set(b)) { // all of it is looked at, also behind the last that counts
        Value *whole = roots_push(vm, set_new(vm));
        int answer = whole && !is_error(*whole) && set_update(vm, as_set(*whole), b) ? is_subset(vm, a, *whole) : -1;
        if (whole) roots_pop(vm, whole);
        return answer;
    }
    if (a->live > as_set(b)->live) return 0;
    Walk w = {.vm = vm, .filter = as_set(b), .visit = visit_until_lacked};
    return walk(&w, obj_value(a)) ? 1 : w.answer == 1 ? 0 : -1;
}

/* Is every item of b in a? */
static int is_superset(VM *vm, Set *a, Value b)
{
    if (is_set(b)) return is_subset(vm, as_set(b), obj_value(a));
    Walk w = {.vm = vm, .filter = a, .visit = visit_until_lacked};
    return walk(&w, b) ? 1 : w.answer == 1 ? 0 : -1;
}

static int is_disjoint(VM *vm, Set *a, Value b)
{
    if (obj_value(a) == b) return a->live == 0;
    bool walk_a = is_set(b) && as_set(b)->live > a->live;
    Walk w = {.vm = vm, .filter = walk_a ? as_set(b) : a, .visit = visit_until_held};
    return walk(&w, walk_a ? obj_value(a) : b) ? 1 : w.answer == 1 ? 0 : -1;
}

/* ---- slots ---- */

static Value set_len(VM *vm, Value self)
{
    (void)vm;
    return small((int64_t)as_set(self)->live);
}

static Value set_contains(VM *vm, Value self, Value item)
{
    int there = set_has(vm, as_set(self), item);
    return there < 0 ? VALUE_ERROR : bool_value(there);
}

static Value set_hash(VM *vm, Value self) { return int_from_i64(vm, frozenset_hash(as_set(self))); }

static int set_equal(VM *vm, Set *a, Set *b)
{
    if (a->live != b->live) return 0;
    bool hashed = is_frozen(vm, a) && is_frozen(vm, b) && a->hash && b->hash;
    return hashed && a->hash != b->hash ? 0 : is_subset(vm, a, obj_value(b));
}

static Value set_compare(VM *vm, Value a, Value b, CompareOp op)
{
    if (!is_set(b)) return VALUE_NOT_IMPLEMENTED;
    Set *sa = as_set(a), *sb = as_set(b);
    int holds = 0;
    if (vm_c_stack_low(vm)) return VALUE_ERROR;
    switch (op) {
    case CMP_EQ:
    case CMP_NE: holds = set_equal(vm, sa, sb); break;
    case CMP_LE: holds = is_subset(vm, sa, b); break;
    case CMP_GE: holds = is_subset(vm, sb, a); break;
    case CMP_LT: holds = sa->live < sb->live ? is_subset(vm, sa, b) : 0; break;
    case CMP_GT: holds = sa->live > sb->live ? is_subset(vm, sb, a) : 0; break;
    }
    return holds < 0 ? VALUE_ERROR : bool_value((holds != 0) != (op == CMP_NE));
}

static bool add_items(StrBuilder *b, Value self, Value *slot)
{
    Value items = obj_to_list(b->vm, self);
    if (is_error(items)) return false;
    *slot = items;
    bool ok = sb_add_c(b, "{");
    for (size_t i = 0; ok && i < as_list(items)->size; i++)
        ok = (i == 0 || sb_add(b, ", ", 2)) && sb_add_repr(b, as_list(items)->items[i]);
    return ok && sb_add_c(b, "}");
}

static Value set_repr(VM *vm, Value self)
{
    if (as_set(self)->live == 0) return str_format(vm, "%T()", self);
    ReprGuard guard;
    int entered = repr_enter(vm, &guard, self);
    if (entered != REPR_FIRST) return entered == REPR_AGAIN ? str_format(vm, "%T(...)", self) : VALUE_ERROR;
    StrBuilder b;
    sb_init(&b, vm);
    bool plain = is_exact(self, T_SET);
    Value *slot = roots_push(vm, VALUE_UNSET);
    bool ok = slot && (plain || sb_addf(&b, "%T(", self)) && add_items(&b, self, slot) && (plain || sb_add_c(&b, ")"));
    if (slot) roots_pop(vm, slot);
    repr_leave(vm, &guard);
    if (ok) return sb_finish(&b);
    sb_drop(&b);
    return VALUE_ERROR;
}

static Value set_union(VM *vm, Set *s, Value other)
{
    Value result = copy(vm, s);
    if (is_error(result) || other == obj_value(s)) return result;
    Value *r = roots_push(vm, result);
    if (!r) return VALUE_ERROR;
    bool ok = set_update(vm, as_set(result), other);
    roots_pop(vm, r);
    return ok ? result : VALUE_ERROR;
}

static Value set_binary(VM *vm, BinaryOp op, Value a, Value b)
{
    if (!is_set(a) || !is_set(b)) return VALUE_NOT_IMPLEMENTED;
    switch (op) {
    case BIN_OR: return set_union(vm, as_set(a), b);
    case BIN_AND: return set_intersection(vm, as_set(a), b);
    case BIN_SUB: return set_difference(vm, as_set(a), b);
    case BIN_XOR: return symmetric_difference(vm, as_set(a), b);
    default: return VALUE_NOT_IMPLEMENTED;
    }
}

static bool intersection_update(VM *vm, Set *s, Value other)
{
    Value result = set_intersection(vm, s, other);
    if (!is_error(result)) adopt(vm, s, as_set(result));
    return !is_error(result);
}

static Value set_inplace(VM *vm, BinaryOp op, Value a, Value b)
{
    if (!is_set(a) || !is_set(b)) return VALUE_NOT_IMPLEMENTED;
    Set *s = as_set(a);
    bool ok;
    switch (op) {
    case BIN_OR: ok = set_update(vm, s, b); break;
    case BIN_AND: ok = intersection_update(vm, s, b); break;
    case BIN_SUB: ok = set_difference_update(vm, s, b); break;
    case BIN_XOR: ok = set_symmetric_difference_update(vm, s, b); break;
    default: return VALUE_NOT_IMPLEMENTED;
    }
    return ok ? a : VALUE_ERROR;
}

/* ---- iterator: source: the set, UNSET when exhausted; index: next slot; limit: items when made; extra: items left ---- */

static Value set_iter(VM *vm, Value self)
{
    Value it = iter_new(vm, T_SET_ITER, self);
    if (is_error(it)) return it;
    as_iter(it)->limit = (int64_t)as_set(self)->live;
    as_iter(it)->extra = small((int64_t)as_set(self)->live);
    return it;
}

static Value next_of_set(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    if (is_unset(it->source)) return VALUE_STOP;
    const Set *s = as_set(it->source);
    if ((int64_t)s->live != it->limit) {
        it->limit = -1; // it stays so
        return vm_raise(vm, ERR_RUNTIME, "Set changed size during iteration");
    }
    size_t pos = (size_t)it->index;
    const SetEntry *e = next_entry(s, &pos);
    it->index = (int64_t)pos;
    if (e) {
        it->extra -= small(1);
        return e->key;
    }
    gc_store(vm, it, &it->source, VALUE_UNSET);
    return VALUE_STOP;
}

static Value nat_iter_hint(VM *vm, Args args)
{
    (void)vm;
    const Iter *it = as_iter(args.v[0]);
    bool valid = !is_unset(it->source) && it->limit == (int64_t)as_set(it->source)->live;
    return valid ? it->extra : small(0);
}

static const NativeDef iter_methods[] = {
    {"__length_hint__(self, /)", nat_iter_hint, "Items left.", 0},
    {0},
};

const TypeDef type_def_SET_ITER = {
    .slots = {.iter = iter_self, .next = next_of_set}, .methods = iter_methods, .flags = TYPE_FINAL};

/* ---- methods ---- */

static Set *self_of(Args args) { return as_set(args.v[0]); }
static Value none_if(bool ok) { return ok ? VALUE_NONE : VALUE_ERROR; }
static Value truth_of(int answer) { return answer < 0 ? VALUE_ERROR : bool_value(answer); }

static Value nat_add(VM *vm, Args args) { return none_if(set_add(vm, self_of(args), args.v[1]) >= 0); }
static Value nat_discard(VM *vm, Args args) { return none_if(set_discard(vm, self_of(args), args.v[1]) >= 0); }

static Value nat_remove(VM *vm, Args args)
{
    int removed = set_discard(vm, self_of(args), args.v[1]);
    return removed == 0 ? vm_raise_arg(vm, ERR_KEY, args.v[1]) : none_if(removed > 0);
}

/* The search goes on where the last pop left off (in Set.hash, which a mutable set has no other use for). */
static Value nat_pop(VM *vm, Args args)
{
    Set *s = self_of(args);
    if (s->live == 0) return vm_raise(vm, ERR_KEY, "pop from an empty set");
    size_t i = (size_t)s->hash & s->mask;
    while (!holds_item(&s->table[i])) i = (i + 1) & s->mask;
    Value item = s->table[i].key;
    remove_entry(vm, s, &s->table[i]);
    s->hash = (int64_t)i + 1;
    return item;
}

static Value nat_clear(VM *vm, Args args)
{
    set_clear(vm, self_of(args));
    return VALUE_NONE;
}

static Value nat_copy(VM *vm, Args args)
{
    return is_exact(args.v[0], T_FROZENSET) ? args.v[0] : copy(vm, self_of(args));
}

static Value nat_union(VM *vm, Args args)
{
    const Tuple *others = as_tuple(args.v[1]);
    Value result = copy(vm, self_of(args));
    Value *r = roots_push(vm, result);
    bool ok = !is_error(result) && r;
    for (size_t i = 0; ok && i < others->size; i++)
        ok = others->items[i] == args.v[0] || set_update(vm, as_set(result), others->items[i]);
    if (r) roots_pop(vm, r);
    return ok ? result : VALUE_ERROR;
}

/* s without / with only the items of each of several others; r roots what has come out so far. */
static Value fold(VM *vm, Args args, Value (*step)(VM *vm, Set *s, Value other))
{
    const Tuple *others = as_tuple(args.v[1]);
    if (others->size == 0) return copy(vm, self_of(args));
    Value *r = roots_push(vm, args.v[0]);
    if (!r) return VALUE_ERROR;
    for (size_t i = 0; i < others->size && !is_error(*r); i++) *r = step(vm, as_set(*r), others->items[i]);
    Value result = *r;
    roots_pop(vm, r);
    return result;
}

static Value nat_intersection(VM *vm, Args args) { return fold(vm, args, set_intersection); }

/* CPython takes only the first away from the set itself, the rest from the result in place. */
static Value nat_difference(VM *vm, Args args)
{
    const Tuple *others = as_tuple(args.v[1]);
    if (others->size == 0) return copy(vm, self_of(args));
    Value result = set_difference(vm, self_of(args), others->items[0]);
    Value *r = roots_push(vm, result);
    bool ok = !is_error(result) && r;
    for (size_t i = 1; ok && i < others->size; i++) ok = set_difference_update(vm, as_set(result), others->items[i]);
    if (r) roots_pop(vm, r);
    return ok ? result : VALUE_ERROR;
}

static Value nat_symmetric_difference(VM *vm, Args args) { return symmetric_difference(vm, self_of(args), args.v[1]); }

static Value update_with_each(VM *vm, Args args, bool (*update)(VM *vm, Set *s, Value other))
{
    const Tuple *others = as_tuple(args.v[1]);
    for (size_t i = 0; i < others->size; i++)
        if (!update(vm, self_of(args), others->items[i])) return VALUE_ERROR;
    return VALUE_NONE;
}

static Value nat_update(VM *vm, Args args) { return update_with_each(vm, args, set_update); }
static Value nat_difference_update(VM *vm, Args args) { return update_with_each(vm, args, set_difference_update); }

static Value nat_intersection_update(VM *vm, Args args)
{
    Value result = nat_intersection(vm, args);
    if (is_error(result)) return result;
    adopt(vm, self_of(args), as_set(result));
    return VALUE_NONE;
}

static Value nat_symmetric_difference_update(VM *vm, Args args)
{
    return none_if(set_symmetric_difference_update(vm, self_of(args), args.v[1]));
}

static Value nat_isdisjoint(VM *vm, Args args) { return truth_of(is_disjoint(vm, self_of(args), args.v[1])); }
static Value nat_issubset(VM *vm, Args args) { return truth_of(is_subset(vm, self_of(args), args.v[1])); }
static Value nat_issuperset(VM *vm, Args args) { return truth_of(is_superset(vm, self_of(args), args.v[1])); }

static Value nat_init(VM *vm, Args args)
{
    if (self_of(args)->filled) set_clear(vm, self_of(args));
    return none_if(set_update(vm, self_of(args), args.v[1]));
}

static Value construct(VM *vm, Args args)
{
    Type *type = as_type(args.v[0]);
    if (type == vm->types[T_FROZENSET] && is_exact(args.v[1], T_FROZENSET)) return args.v[1];
    return make(vm, type, args.v[1]);
}

static Value nat_contains(VM *vm, Args args) { return set_contains(vm, args.v[0], args.v[1]); }

#define SHARED_METHODS \
    {"__contains__(self, key, /)", nat_contains, "key in self", NATIVE_NAMED}, \
    {"copy(self, /)", nat_copy, "A set with the same elements.", 0}, \
    {"difference(self, /, *others)", nat_difference, "The elements that are in none of the others.", 0}, \
    {"intersection(self, /, *others)", nat_intersection, "The elements that are in all the others too.", 0}, \
    {"isdisjoint(self, other, /)", nat_isdisjoint, "Whether no element is in both.", 0}, \
    {"issubset(self, other, /)", nat_issubset, "Whether the other has all elements.", 0}, \
    {"issuperset(self, other, /)", nat_issuperset, "Whether it has all elements of the other.", 0}, \
    {"symmetric_difference(self, other, /)", nat_symmetric_difference, \
     "What is in only one of the two sets.", 0}, \
    {"union(self, /, *others)", nat_union, "The elements of all of them.", 0}, \
    CLASS_GETITEM_ROW

static const NativeDef set_methods[] = {
    {"__init__(self, iterable=(), /)", nat_init, "Initialize self.", 0},
    {"add(self, object, /)", nat_add, "Put an element in, unless it is there.", 0},
    {"clear(self, /)", nat_clear, "Remove all elements.", 0},
    {"difference_update(self, /, *others)", nat_difference_update, "Remove what is in one of the others.", 0},
    {"discard(self, object, /)", nat_discard, "Remove an element if it is there.", 0},
    {"intersection_update(self, /, *others)", nat_intersection_update,
     "Keep only what is in all the others too.", 0},
    {"pop(self, /)", nat_pop, "Take out some element; KeyError if there is none.", 0},
    {"remove(self, object, /)", nat_remove, "Remove an element; KeyError if it is not there.", 0},
    {"symmetric_difference_update(self, other, /)", nat_symmetric_difference_update,
     "Keep what is in only one of the two, and put in the rest of the other.", 0},
    {"update(self, /, *others)", nat_update, "Put in the elements of the others.", 0},
    SHARED_METHODS,
    {0},
};

static const NativeDef frozenset_methods[] = {SHARED_METHODS, {0}};

const TypeDef type_def_SET = {
    .slots =
        {
            .repr = set_repr,
            .compare = set_compare,
            .len = set_len,
            .contains = set_contains,
            .iter = set_iter,
            .binary = set_binary,
            .inplace = set_inplace,
        },
    .methods = set_methods,
    .constructor = {"set(iterable=(), /)", construct, NULL, 0},
    .doc = "Elements of which no two are equal, in no order.",
    .flags = TYPE_MATCH_SELF | TYPE_UNHASHABLE | TYPE_HAS_WEAKREF,
    .operators = OPS_OF_SETS,
};

const TypeDef type_def_FROZENSET = {
    .slots =
        {
            .repr = set_repr,
            .hash = set_hash,
            .compare = set_compare,
            .len = set_len,
            .contains = set_contains,
            .iter = set_iter,
            .binary = set_binary,
        },
    .methods = frozenset_methods,
    .constructor = {"frozenset(iterable=(), /)", construct, NULL, 0},
    .doc = "A set that cannot be changed, and so can be a key.",
    .flags = TYPE_MATCH_SELF | TYPE_HAS_WEAKREF,
    .operators = OPS_OF_SETS,
};
