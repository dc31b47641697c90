/* set_internal.h - the table under set and frozenset: what set.c, set_algebra.c and set_type.c share.
 *
 * The table is CPython's, slot for slot: where a key goes, when the table grows and by how much, in what order the
 * operations insert. Programs see the iteration order, and sets of numbers are to print as there (rules 5.2).
 * When an insertion has to jump about for too long, which only hashes made to collide bring about, the set goes
 * over to keyed spreading (SET_KEYED) for good. Searches are in line: every operation on sets is made of them.
 */
#pragma once
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/type.h"

enum { LINEAR_PROBES = 9, PERTURB_SHIFT = 5, TOO_MANY_JUMPS = 16, MANY_SLOTS = 256 };

#define SLOT_FREE VALUE_UNSET // a slot never used; its hash is 0
#define SLOT_DUMMY VALUE_STOP // the slot of a removed item; its hash is -1

static inline bool holds_item(const SetEntry *e) { return e->key != SLOT_FREE && e->key != SLOT_DUMMY; }

static inline bool set_is_frozen(VM *vm, const Set *s) { return vm->shapes[s->h.shape]->type->builtin == T_FROZENSET; }

static inline bool is_keyed(const Set *s) { return s->h.aux & SET_KEYED; }

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

/* ---- the table: set.c ---- */

Set *set_alloc(VM *vm, Type *type);
/* Room for n more, if that is likely to be too many. */
bool set_reserve(VM *vm, Set *s, size_t n);
/* A larger table, or after many removals a cleaner one. */
bool set_grow(VM *vm, Set *s);
bool set_turn_keyed(VM *vm, Set *s);
/* The items of `other` into a set that never held any. */
void set_fill(VM *vm, Set *s, const Set *other);
/* s takes over the items of a fresh set; what it had is dropped. */
void set_adopt(VM *vm, Set *s, Set *from);
/* Takes out the next item behind the one that was taken last. There must be one. */
Value set_take(VM *vm, Set *s);

static inline const SetEntry *set_next_entry(const Set *s, size_t *pos)
{
    while (*pos <= s->mask) {
        const SetEntry *e = &s->table[(*pos)++];
        if (holds_item(e)) return e;
    }
    return NULL;
}

/* ---- searches ---- */

/* How a search went. */
typedef struct SetSearch {
    SetEntry *dummy; // the last dummy passed: where a new item goes rather than into the free slot
    int jumps;
} SetSearch;

/* The entry that holds a small int, or the free one that ends the search. NULL when that takes more than looking: an
 * equal hash, which 1.0 and True have too, or keyed spreading. */
static inline SetEntry *find_small(const Set *s, Value key, int64_t hash, SetSearch *search)
{
    if (__builtin_expect(is_keyed(s), 0)) return NULL;
    SetEntry *dummy = NULL;
    size_t mask = s->mask, perturb = (size_t)hash, i = perturb & mask;
    for (int jumps = 0;; jumps++) {
        SetEntry *e = &s->table[i], *last = i + LINEAR_PROBES <= mask ? e + LINEAR_PROBES : e;
        for (; e <= last; e++) {
            if (e->hash == hash || e->key == SLOT_FREE) {
                *search = (SetSearch){dummy, jumps};
                return e->key == key || e->key == SLOT_FREE ? e : NULL;
            }
            if (e->hash == -1) dummy = e;
        }
        perturb >>= PERTURB_SHIFT;
        i = (i * 5 + 1 + perturb) & mask;
    }
}

/* The search in general, where __eq__ may have to be asked. */
SetEntry *set_find_any(VM *vm, Set *s, Value key, int64_t hash, SetSearch *search);
void set_remove_entry(VM *vm, Set *s, SetEntry *e);

/* The entry that holds an equal key, or the free one that ends the search; NULL: error. */
static inline SetEntry *set_find(VM *vm, Set *s, Value key, int64_t hash, SetSearch *search)
{
    SetEntry *e = is_small(key) ? find_small(s, key, hash, search) : NULL;
    return e ? e : set_find_any(vm, s, key, hash, search);
}

/* 1 new, 0 there already, -1 error. */
static inline int set_add_hashed(VM *vm, Set *s, Value key, int64_t hash)
{
    SetSearch search;
    SetEntry *e = set_find(vm, s, key, hash, &search);
    if (!e) return -1;
    if (e->key != SLOT_FREE) return 0;
    if (search.dummy)
        e = search.dummy;
    else
        s->filled++;
    s->live++;
    note_bits(s, key, hash);
    e->hash = hash;
    gc_store(vm, s, &e->key, key);
    if (__builtin_expect(search.jumps > TOO_MANY_JUMPS, 0) && !is_keyed(s) && !set_turn_keyed(vm, s)) return -1;
    return search.dummy || s->filled * 5 < s->mask * 3 || set_grow(vm, s) ? 1 : -1;
}

static inline int set_has_hashed(VM *vm, Set *s, Value key, int64_t hash)
{
    SetSearch search;
    if (lacks(s, key, hash)) return 0;
    const SetEntry *e = set_find(vm, s, key, hash, &search);
    return e ? e->key != SLOT_FREE : -1;
}

static inline int set_discard_hashed(VM *vm, Set *s, Value key, int64_t hash)
{
    SetSearch search;
    if (lacks(s, key, hash)) return 0;
    SetEntry *e = set_find(vm, s, key, hash, &search);
    if (!e) return -1;
    if (e->key == SLOT_FREE) return 0;
    set_remove_entry(vm, s, e);
    return 1;
}

/* ---- what sets are to each other: set_algebra.c ---- */

/* A new set of that type with the items of an iterable (UNSET: none). */
Value set_make(VM *vm, Type *type, Value iterable);
/* The same of the built-in type of s. */
Value set_like(VM *vm, const Set *s, Value iterable);
Value set_copy(VM *vm, Set *s);
Value set_symmetric_difference(VM *vm, Set *s, Value other);
/* 1 yes, 0 no, -1 error. */
int set_is_subset(VM *vm, Set *a, Value b);
int set_is_superset(VM *vm, Set *a, Value b); // every item of b is in a
int set_is_disjoint(VM *vm, Set *a, Value b);
