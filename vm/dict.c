/* dict.c - dicts: the table, and the methods. Views and iterators are in dict_views.c. */
#include "vm/dict.h"
#include "vm/container.h"
#include "vm/iter.h"
#include "vm/type.h"

/* ---- the index table ---- */

/* An empty dict's index: eight free slots, so that looking needs no test for emptiness. */
enum { EMPTY_LOG2 = 3, SMALLEST_LOG2 = 3, LARGEST_LOG2 = 31 };
static const uint8_t empty_index[1 << EMPTY_LOG2];

/* Half of the slots are used at most: probing ends soon, and always. */
static size_t capacity_of(uint32_t log2_index) { return (size_t)1 << (log2_index - 1); }

static uint32_t log2_for(size_t n)
{
    uint32_t log2_index = SMALLEST_LOG2;
    while (capacity_of(log2_index) < n && log2_index <= LARGEST_LOG2) log2_index++;
    return log2_index;
}

static inline size_t index_get(const Dict *d, size_t slot)
{
    if (d->log2_index <= 8) return ((const uint8_t *)d->index)[slot];
    if (d->log2_index <= 16) return ((const uint16_t *)d->index)[slot];
    return ((const uint32_t *)d->index)[slot];
}

static inline void index_put(Dict *d, size_t slot, size_t number)
{
    if (d->log2_index <= 8)
        ((uint8_t *)d->index)[slot] = (uint8_t)number;
    else if (d->log2_index <= 16)
        ((uint16_t *)d->index)[slot] = (uint16_t)number;
    else
        ((uint32_t *)d->index)[slot] = (uint32_t)number;
}

static inline size_t index_mask(const Dict *d) { return ((size_t)1 << d->log2_index) - 1; }

/* Where probing for a hash begins. */
static inline size_t home(VM *vm, const Dict *d, uint64_t hash)
{
    return (size_t)(hash_spread(vm, (int64_t)hash) >> (64 - d->log2_index));
}

static inline __attribute__((always_inline)) size_t free_slot(VM *vm, const Dict *d, uint64_t hash)
{
    size_t slot = home(vm, d, hash), mask = index_mask(d);
    while (index_get(d, slot)) slot = (slot + 1) & mask;
    return slot;
}

/* Free a slot, moving back what would no longer be found behind the hole. */
static void free_index_slot(VM *vm, Dict *d, size_t hole)
{
    size_t mask = index_mask(d), number;
    for (size_t slot = (hole + 1) & mask; (number = index_get(d, slot)); slot = (slot + 1) & mask) {
        size_t distance = (slot - home(vm, d, d->entries[number - 1].hash)) & mask;
        if (distance < ((slot - hole) & mask)) continue; // its home lies behind the hole
        index_put(d, hole, number);
        hole = slot;
    }
    index_put(d, hole, 0);
}

/* ---- making and growing ---- */

static void make_empty(Dict *d)
{
    d->entries = NULL;
    d->index = (void *)(uintptr_t)empty_index; // never written: there is no room for an entry
    d->log2_index = EMPTY_LOG2;
    d->capacity = d->used = 0;
    d->live = d->first = 0;
}

static Dict *dict_alloc(VM *vm, Type *type, uint16_t aux)
{
    Dict *d = type ? container_alloc(vm, type, KIND_DICT, sizeof(Dict)) : heap_new(vm, KIND_DICT, T_DICT, Dict);
    if (!d) return NULL;
    d->h.aux = aux;
    make_empty(d);
    return d;
}

Dict *dict_new(VM *vm) { return dict_alloc(vm, NULL, DICT_STR_KEYS); }
Dict *dict_new_cells(VM *vm) { return dict_alloc(vm, NULL, DICT_STR_KEYS | DICT_CELLS); }

static void free_block(VM *vm, Dict *d)
{
    if (d->entries) heap_free(vm, d->entries, dict_block_size(d));
}

void dict_free(VM *vm, Dict *d) { free_block(vm, d); }

/* New block for a table of that size, index cleared; the dict keeps its counts but has no entries yet. */
static DictEntry *allocate_block(VM *vm, Dict *d, uint32_t log2_index)
{
    if (log2_index > LARGEST_LOG2) {
        vm_no_memory(vm);
        return NULL;
    }
    Dict shape = {.capacity = (uint32_t)capacity_of(log2_index), .log2_index = log2_index};
    DictEntry *entries = heap_malloc(vm, dict_block_size(&shape));
    if (!entries) return NULL;
    d->entries = entries;
    d->capacity = shape.capacity;
    d->log2_index = log2_index;
    d->index = entries + d->capacity;
    memset(d->index, 0, dict_index_width(log2_index) << log2_index);
    return entries;
}

/* Entries are about to move to lower positions, which a collector in the middle of them would miss. */
static void log_entries(VM *vm, Dict *d)
{
    if (!(d->h.gc & GC_OLD)) return;
    for (DictEntry *e = d->entries; e < d->entries + d->used; e++) {
        gc_store(vm, d, &e->key, e->key);
        gc_store(vm, d, &e->value, e->value);
    }
}

/* A new table, with its first entry at `start`. */
static bool rebuild_from(VM *vm, Dict *d, uint32_t log2_index, uint32_t start)
{
    Dict old = *d;
    if (d->live != d->used || start) log_entries(vm, d);
    if (!allocate_block(vm, d, log2_index)) return false;
    uint32_t n = 0;
    while (n < start) d->entries[n++] = (DictEntry){0, VALUE_UNSET, VALUE_UNSET};
    for (const DictEntry *e = old.entries; e < old.entries + old.used; e++) {
        if (is_unset(e->key)) continue;
        index_put(d, free_slot(vm, d, e->hash), n + 1);
        d->entries[n++] = *e;
    }
    d->used = n;
    d->first = start;
    free_block(vm, &old);
    return true;
}

static bool rebuild(VM *vm, Dict *d, uint32_t log2_index) { return rebuild_from(vm, d, log2_index, 0); }

/* Make room for another entry: by dropping the deleted ones if they are a third, else by doubling. */
static bool grow(VM *vm, Dict *d)
{
    if (d->live < d->capacity - d->capacity / 3) return rebuild(vm, d, d->log2_index);
    return rebuild(vm, d, d->capacity ? d->log2_index + 1 : SMALLEST_LOG2);
}

static bool reserve(VM *vm, Dict *d, size_t n)
{
    return n <= d->capacity || rebuild(vm, d, log2_for(n));
}

Dict *dict_new_sized(VM *vm, size_t n)
{
    Dict *d = dict_new(vm);
    return d && (n == 0 || reserve(vm, d, n)) ? d : NULL;
}

/* ---- finding ---- */

/* Where a key is; or entry NULL, and the index slot where it would go. */
typedef struct Spot {
    DictEntry *entry;
    size_t slot;
} Spot;

/* The search when equality has to be asked for: __eq__ may change the dict, then it starts again. */
static bool find_asking(VM *vm, Dict *d, Value key, uint64_t hash, Spot *spot)
{
    size_t number, slot = home(vm, d, hash);
    while ((number = index_get(d, slot))) {
        DictEntry *e = &d->entries[number - 1];
        if (e->key == key || e->hash == hash) {
            uint32_t version = d->version;
            int same = value_equal_rooted(vm, e->key, key);
            if (same < 0) return false;
            if (d->version != version) {
                slot = home(vm, d, hash);
                continue;
            }
            if (same) {
                *spot = (Spot){e, slot};
                return true;
            }
        }
        slot = (slot + 1) & index_mask(d);
    }
    *spot = (Spot){NULL, slot};
    return true;
}

static inline bool find(VM *vm, Dict *d, Value key, uint64_t hash, Spot *spot)
{
    size_t number, slot = home(vm, d, hash), mask = index_mask(d);
    while ((number = index_get(d, slot))) {
        DictEntry *e = &d->entries[number - 1];
        int same = e->key == key ? EQUAL_YES : e->hash == hash ? equal_quick(e->key, key) : EQUAL_NO;
        if (same == EQUAL_ASK) return find_asking(vm, d, key, hash, spot);
        if (same) {
            *spot = (Spot){e, slot};
            return true;
        }
        slot = (slot + 1) & mask;
    }
    *spot = (Spot){NULL, slot};
    return true;
}

static inline uint64_t hash_of_str(VM *vm, Str *s) { return s->hash ? s->hash : str_hash(vm, s); }

/* The search for a str among str keys (others are never taken for equal): calls nothing. */
static inline Spot find_str(VM *vm, const Dict *d, Str *key)
{
    uint64_t hash = hash_of_str(vm, key);
    Value want = obj_value(key);
    size_t number, slot = home(vm, d, hash), mask = index_mask(d);
    while ((number = index_get(d, slot))) {
        DictEntry *e = &d->entries[number - 1];
        if (e->key == want || (e->hash == hash && is_str(e->key) && str_eq(as_str(e->key), key))) return (Spot){e, slot};
        slot = (slot + 1) & mask;
    }
    return (Spot){NULL, slot};
}

/* ---- changing ---- */

static Value new_cell(VM *vm, Value v)
{
    Cell *c = heap_new(vm, KIND_CELL, T_CELL, Cell);
    if (!c) return VALUE_ERROR;
    c->value = v;
    c->fallback = VALUE_UNSET;
    return obj_value(c);
}

/* Append an entry for an absent key; slot: its free place in the index. */
static bool insert(VM *vm, Dict *d, Value key, uint64_t hash, Value v, size_t slot)
{
    if (d->h.aux & DICT_CELLS && is_error(v = new_cell(vm, v))) return false;
    if (__builtin_expect(d->used == d->capacity, 0)) {
        if (!grow(vm, d)) return false;
        slot = free_slot(vm, d, hash);
    }
    DictEntry *e = &d->entries[d->used++];
    e->hash = hash;
    gc_init(vm, d, &e->key, key);
    gc_init(vm, d, &e->value, v);
    index_put(d, slot, d->used);
    d->live++;
    d->version++;
    if (!is_exact(key, T_STR)) d->h.aux &= (uint16_t)~DICT_STR_KEYS;
    return true;
}

static inline void overwrite(VM *vm, Dict *d, DictEntry *e, Value v)
{
    if (d->h.aux & DICT_CELLS) {
        Cell *c = (Cell *)as_obj(e->value);
        gc_store(vm, c, &c->value, v);
    } else {
        gc_store(vm, d, &e->value, v);
    }
}

static inline bool put(VM *vm, Dict *d, Spot spot, Value key, uint64_t hash, Value v)
{
    if (!spot.entry) return insert(vm, d, key, hash, v, spot.slot);
    overwrite(vm, d, spot.entry, v);
    return true;
}

/* The first and the last entry are live ones, so that taking one after the other from either end costs the
 * same each time. */
static void find_ends(Dict *d)
{
    while (d->used && is_unset(d->entries[d->used - 1].key)) d->used--;
    if (d->used == 0) d->first = 0;
    while (d->first < d->used && is_unset(d->entries[d->first].key)) d->first++;
}

/* Remove the entry at a spot; answers its value, UNSET if a namespace had none. */
static Value take(VM *vm, Dict *d, Spot spot)
{
    DictEntry *e = spot.entry;
    Value v = dict_entry_value(d, e);
    if (d->h.aux & DICT_CELLS) {
        overwrite(vm, d, e, VALUE_UNSET);
        return v;
    }
    free_index_slot(vm, d, spot.slot);
    gc_store(vm, d, &e->key, VALUE_UNSET);
    gc_store(vm, d, &e->value, VALUE_UNSET);
    d->live--;
    d->version++;
    find_ends(d);
    return v;
}

/* Room for an entry at that end; in front as much as behind, for half as many as there are, so that moving
 * many costs no more for each. */
static bool make_end_room(VM *vm, Dict *d, bool last)
{
    if (last) return d->used < d->capacity || grow(vm, d);
    if (d->first > 0) return true;
    uint32_t log2_index = log2_for((size_t)d->live * 2);
    return rebuild_from(vm, d, log2_index, (uint32_t)(capacity_of(log2_index) - d->live) / 2);
}

/* Where the very key is that an entry has. */
static Spot spot_of(VM *vm, const Dict *d, Value key, uint64_t hash)
{
    size_t slot = home(vm, d, hash), mask = index_mask(d);
    while (d->entries[index_get(d, slot) - 1].key != key) slot = (slot + 1) & mask;
    return (Spot){&d->entries[index_get(d, slot) - 1], slot};
}

int dict_move_to_end(VM *vm, Dict *d, Value key, bool last)
{
    int64_t hash;
    Spot spot;
    if (!value_hash(vm, key, &hash) || !find(vm, d, key, (uint64_t)hash, &spot)) return -1;
    if (!spot.entry) return 0;
    if (spot.entry == &d->entries[last ? d->used - 1 : d->first]) return 1;
    key = spot.entry->key;
    if (!make_end_room(vm, d, last)) return -1;
    Value v = take(vm, d, spot_of(vm, d, key, (uint64_t)hash));
    DictEntry *e = &d->entries[last ? d->used++ : --d->first];
    e->hash = (uint64_t)hash;
    gc_store(vm, d, &e->key, key);
    gc_store(vm, d, &e->value, v);
    index_put(d, free_slot(vm, d, (uint64_t)hash), (size_t)(e - d->entries) + 1);
    d->live++;
    return 1;
}

void dict_clear(VM *vm, Dict *d)
{
    d->version++;
    if (d->h.aux & DICT_CELLS) {
        for (DictEntry *e = d->entries; e < d->entries + d->used; e++) overwrite(vm, d, e, VALUE_UNSET);
        return;
    }
    log_entries(vm, d);
    free_block(vm, d);
    make_empty(d);
    d->h.aux |= DICT_STR_KEYS;
}

/* ---- the interface ---- */

Value dict_get_hashed(VM *vm, Dict *d, Value key, int64_t hash)
{
    Spot spot;
    if (!find(vm, d, key, (uint64_t)hash, &spot)) return VALUE_ERROR;
    return spot.entry ? dict_entry_value(d, spot.entry) : VALUE_UNSET;
}

bool dict_set_hashed(VM *vm, Dict *d, Value key, int64_t hash, Value v)
{
    Spot spot;
    return find(vm, d, key, (uint64_t)hash, &spot) && put(vm, d, spot, key, (uint64_t)hash, v);
}

Value dict_get(VM *vm, Dict *d, Value key)
{
    int64_t hash;
    return value_hash(vm, key, &hash) ? dict_get_hashed(vm, d, key, hash) : VALUE_ERROR;
}

bool dict_set(VM *vm, Dict *d, Value key, Value v)
{
    int64_t hash;
    return value_hash(vm, key, &hash) && dict_set_hashed(vm, d, key, hash, v);
}

Value dict_pop(VM *vm, Dict *d, Value key)
{
    int64_t hash;
    Spot spot;
    if (!value_hash(vm, key, &hash) || !find(vm, d, key, (uint64_t)hash, &spot)) return VALUE_ERROR;
    return spot.entry ? take(vm, d, spot) : VALUE_UNSET;
}

int dict_delete(VM *vm, Dict *d, Value key)
{
    Value v = dict_pop(vm, d, key);
    return is_error(v) ? -1 : !is_unset(v);
}

bool dict_count(VM *vm, Dict *d, Value key)
{
    int64_t hash;
    Spot spot;
    if (!value_hash(vm, key, &hash) || !find(vm, d, key, (uint64_t)hash, &spot)) return false;
    Value old = spot.entry ? dict_entry_value(d, spot.entry) : small(0);
    if (is_small(old)) return put(vm, d, spot, key, (uint64_t)hash, int_from_i64(vm, as_small(old) + 1));
    Value sum = obj_binary(vm, BIN_ADD, old, small(1)); // may change the dict
    return !is_error(sum) && dict_set_hashed(vm, d, key, hash, sum);
}

Value dict_set_default(VM *vm, Dict *d, Value key, Value v)
{
    int64_t hash;
    Spot spot;
    if (!value_hash(vm, key, &hash) || !find(vm, d, key, (uint64_t)hash, &spot)) return VALUE_ERROR;
    Value old = spot.entry ? dict_entry_value(d, spot.entry) : VALUE_UNSET;
    if (!is_unset(old)) return old;
    return put(vm, d, spot, key, (uint64_t)hash, v) ? v : VALUE_ERROR;
}

Value dict_get_str(VM *vm, Dict *d, Str *key)
{
    Spot spot = find_str(vm, d, key);
    return spot.entry ? dict_entry_value(d, spot.entry) : VALUE_UNSET;
}

bool dict_set_str(VM *vm, Dict *d, Str *key, Value v)
{
    Spot spot = find_str(vm, d, key);
    return put(vm, d, spot, obj_value(key), hash_of_str(vm, key), v);
}

bool dict_delete_str(VM *vm, Dict *d, Str *key)
{
    Spot spot = find_str(vm, d, key);
    return spot.entry && !is_unset(take(vm, d, spot));
}

Value dict_get_c(VM *vm, Dict *d, const char *key) { return dict_get_str(vm, d, vm_intern(vm, key)); }
bool dict_set_c(VM *vm, Dict *d, const char *key, Value v) { return dict_set_str(vm, d, vm_intern(vm, key), v); }

bool dict_become_namespace(VM *vm, Dict *d)
{
    if (d->h.aux & DICT_CELLS) return true;
    Value cells = list_new(vm, NULL, 0);
    for (size_t i = 0; i < d->used && !is_error(cells); i++) { // deleted entries get one, too
        Value cell = new_cell(vm, d->entries[i].value);
        if (is_error(cell) || !list_append(vm, as_list(cells), cell)) cells = VALUE_ERROR;
    }
    if (is_error(cells)) return false;
    gc_store_many(vm, d, NULL, 0);
    for (size_t i = 0; i < d->used; i++) d->entries[i].value = as_list(cells)->items[i];
    d->h.aux |= DICT_CELLS;
    d->version++;
    return true;
}

Cell *dict_cell(VM *vm, Dict *d, Str *name)
{
    Spot spot = find_str(vm, d, name);
    if (spot.entry) return (Cell *)as_obj(spot.entry->value);
    if (!insert(vm, d, obj_value(name), hash_of_str(vm, name), VALUE_UNSET, spot.slot)) return NULL;
    return (Cell *)as_obj(d->entries[d->used - 1].value);
}

bool dict_next(Dict *d, size_t *pos, Value *key, Value *value)
{
    const DictEntry *e = dict_next_entry(d, pos);
    if (!e) return false;
    *key = e->key;
    *value = dict_entry_value(d, e);
    return true;
}

size_t dict_len(const Dict *d)
{
    if (!(d->h.aux & DICT_CELLS)) return d->live;
    size_t n = 0, pos = 0;
    while (dict_next_entry(d, &pos)) n++;
    return n;
}

/* ---- copying and updating ---- */

/* Give empty `to` the entries of a plain dict without deleted ones, block for block. */
static bool clone_block(VM *vm, Dict *to, const Dict *from)
{
    free_block(vm, to);
    make_empty(to);
    if (!allocate_block(vm, to, from->log2_index)) return false;
    memcpy(to->entries, from->entries, from->used * sizeof(DictEntry));
    memcpy(to->index, from->index, dict_index_width(from->log2_index) << from->log2_index);
    to->used = from->used;
    to->live = from->live;
    to->version++;
    gc_filled(vm, to);
    if (!(from->h.aux & DICT_STR_KEYS)) to->h.aux &= (uint16_t)~DICT_STR_KEYS;
    return true;
}

static bool merge_entries(VM *vm, Dict *d, Dict *other, Value *r)
{
    const DictEntry *e;
    size_t pos = 0;
    uint32_t version = other->version;
    while ((e = dict_next_entry(other, &pos))) {
        r[0] = e->key;
        r[1] = dict_entry_value(other, e);
        if (!dict_set_hashed(vm, d, r[0], (int64_t)e->hash, r[1])) return false;
        if (other->version != version) {
            vm_raise(vm, ERR_RUNTIME, "dict mutated during update");
            return false;
        }
    }
    return true;
}

/* Set every key of `other` in d. */
static bool merge(VM *vm, Dict *d, Dict *other)
{
    if (d == other || other->live == 0) return true;
    bool plain = !((d->h.aux | other->h.aux) & DICT_CELLS);
    if (plain && d->live == 0 && other->live == other->used && other->live > other->capacity / 4)
        return clone_block(vm, d, other);
    if (d->live == 0 && !reserve(vm, d, other->live)) return false;
    Value *r = roots_reserve(vm, 2); // key and value
    if (!r) return false;
    bool ok = merge_entries(vm, d, other, r);
    roots_pop(vm, r);
    return ok;
}

Value dict_copy(VM *vm, Dict *d)
{
    Dict *copy = dict_new(vm);
    return copy && merge(vm, copy, d) ? obj_value(copy) : VALUE_ERROR;
}

/* d[key] = other[key] for key in other.keys(), which is looked up once more. r: keys' iterator, key, value. */
static bool update_from_keys(VM *vm, Dict *d, Value other, Value *r)
{
    r[1] = obj_getattr(vm, other, vm_intern(vm, "keys"));
    if (!is_error(r[1])) r[1] = vm_call(vm, r[1], NULL, 0);
    r[0] = is_error(r[1]) ? r[1] : obj_iter(vm, r[1]);
    if (is_error(r[0]) && !is_error(r[1]) && vm_pending_is(vm, ERR_TYPE)) {
        vm_take_pending(vm);
        vm_raise(vm, ERR_TYPE, "%T.keys() returned a non-iterable (type %T)", other, r[1]);
    }
    if (is_error(r[0])) return false;
    while ((r[1] = obj_next(vm, r[0])) != VALUE_STOP) {
        if (is_error(r[1])) return false;
        r[2] = obj_getitem(vm, other, r[1]);
        if (is_error(r[2]) || !dict_set(vm, d, r[1], r[2]) || !vm_tick(vm, 1)) return false;
    }
    return true;
}

/* Item `number` of a sequence of pairs, as a list or tuple in r[2]. */
static bool pair_of(VM *vm, Value *r, size_t number)
{
    r[2] = is_exact(r[1], T_TUPLE) || is_exact(r[1], T_LIST) ? r[1] : obj_to_list(vm, r[1]);
    if (is_error(r[2])) {
        if (vm_pending_is(vm, ERR_TYPE)) {
            vm_take_pending(vm);
            vm_raise(vm, ERR_TYPE, "cannot convert dictionary update sequence element #%zu to a sequence", number);
        }
        return false;
    }
    size_t n;
    sequence_items(as_obj(r[2]), &n);
    if (n == 2) return true;
    vm_raise(vm, ERR_VALUE, "dictionary update sequence element #%zu has length %zu; 2 is required", number, n);
    return false;
}

static bool update_from_pairs(VM *vm, Dict *d, Value pairs, Value *r)
{
    r[0] = obj_iter(vm, pairs);
    if (is_error(r[0])) return false;
    for (size_t number = 0; (r[1] = obj_next(vm, r[0])) != VALUE_STOP; number++) {
        if (is_error(r[1]) || !pair_of(vm, r, number)) return false;
        size_t n;
        const Value *pair = sequence_items(as_obj(r[2]), &n);
        r[3] = pair[0];
        r[4] = pair[1];
        if (!dict_set(vm, d, r[3], r[4]) || !vm_tick(vm, 1)) return false;
    }
    return true;
}

int dict_update_mapping(VM *vm, Dict *d, Value other)
{
    if (is_dict(other) && !type_defines(type_of(vm, other), D_ITER)) return merge(vm, d, as_dict(other)) ? 1 : -1;
    if (is_exact(other, T_LIST) || is_exact(other, T_TUPLE)) return 0;
    Value keys = obj_getattr_opt(vm, other, vm_intern(vm, "keys"));
    if (is_error(keys) || is_unset(keys)) return is_error(keys) ? -1 : 0;
    Value *r = roots_reserve(vm, 3);
    bool ok = r && update_from_keys(vm, d, other, r);
    if (r) roots_pop(vm, r);
    return ok ? 1 : -1;
}

bool dict_update(VM *vm, Dict *d, Value other)
{
    int done = dict_update_mapping(vm, d, other);
    if (done) return done > 0;
    Value *r = roots_reserve(vm, 5);
    bool ok = r && update_from_pairs(vm, d, other, r);
    if (r) roots_pop(vm, r);
    return ok;
}

/* ---- slots ---- */

static Value key_error(VM *vm, Value key) { return vm_raise_arg(vm, ERR_KEY, key); }

static Value dict_len_slot(VM *vm, Value self)
{
    (void)vm;
    return small((int64_t)dict_len(as_dict(self)));
}

static Value dict_getitem(VM *vm, Value self, Value key)
{
    Value v = dict_get(vm, as_dict(self), key);
    if (!is_unset(v)) return v;
    if (as_obj(self)->shape >= T_BUILTIN_COUNT) {
        Value answer = obj_call_special(vm, self, D_MISSING, &key, 1);
        if (!is_unset(answer)) return answer;
    }
    return key_error(vm, key);
}

static Value dict_setitem(VM *vm, Value self, Value key, Value value)
{
    if (!is_unset(value)) return dict_set(vm, as_dict(self), key, value) ? VALUE_NONE : VALUE_ERROR;
    int removed = dict_delete(vm, as_dict(self), key);
    if (removed == 0) return key_error(vm, key);
    return removed < 0 ? VALUE_ERROR : VALUE_NONE;
}

static Value dict_contains(VM *vm, Value self, Value key)
{
    Value v = dict_get(vm, as_dict(self), key);
    return is_error(v) ? v : bool_value(!is_unset(v));
}

static bool add_items(StrBuilder *b, Dict *d, Value *r)
{
    const DictEntry *e;
    size_t pos = 0;
    bool ok = sb_add_c(b, "{"), first = true;
    while (ok && (e = dict_next_entry(d, &pos))) {
        r[0] = e->key;
        r[1] = dict_entry_value(d, e);
        ok = (first || sb_add(b, ", ", 2)) && sb_add_repr(b, r[0]) && sb_add(b, ": ", 2) && sb_add_repr(b, r[1]);
        first = false;
    }
    return ok && sb_add_c(b, "}");
}

static Value dict_repr(VM *vm, Value self)
{
    ReprGuard guard;
    int entered = repr_enter(vm, &guard, self);
    if (entered != REPR_FIRST) return entered == REPR_AGAIN ? str_from_c(vm, "{...}") : VALUE_ERROR;
    StrBuilder b;
    sb_init(&b, vm);
    Value *r = roots_reserve(vm, 2);
    bool ok = r && add_items(&b, as_dict(self), r);
    if (r) roots_pop(vm, r);
    repr_leave(vm, &guard);
    if (ok) return sb_finish(&b);
    sb_drop(&b);
    return VALUE_ERROR;
}

/* Has b every item of a? Their lengths are equal. r: key, values. */
static int same_items(VM *vm, Dict *a, Dict *b, Value *r)
{
    const DictEntry *e;
    size_t pos = 0;
    while ((e = dict_next_entry(a, &pos))) {
        r[0] = e->key;
        r[1] = dict_entry_value(a, e);
        r[2] = dict_get_hashed(vm, b, r[0], (int64_t)e->hash);
        if (is_error(r[2]) || is_unset(r[2])) return is_unset(r[2]) ? 0 : -1;
        int same = value_equal(vm, r[2], r[1]);
        if (same <= 0) return same;
    }
    return 1;
}

static Value dict_compare(VM *vm, Value a, Value b, CompareOp op)
{
    if (!is_dict(b) || (op != CMP_EQ && op != CMP_NE)) return VALUE_NOT_IMPLEMENTED;
    if (dict_len(as_dict(a)) != dict_len(as_dict(b))) return bool_value(op == CMP_NE);
    if (vm_c_stack_low(vm)) return VALUE_ERROR;
    Value *r = roots_reserve(vm, 3);
    if (!r) return VALUE_ERROR;
    int same = same_items(vm, as_dict(a), as_dict(b), r);
    roots_pop(vm, r);
    return same < 0 ? VALUE_ERROR : bool_value(same == (op == CMP_EQ));
}

static Value dict_binary(VM *vm, BinaryOp op, Value a, Value b)
{
    if (op != BIN_OR || !is_dict(a) || !is_dict(b)) return VALUE_NOT_IMPLEMENTED;
    Value *r = roots_push(vm, dict_copy(vm, as_dict(a)));
    if (!r) return VALUE_ERROR;
    Value v = *r;
    if (!is_error(v) && !dict_update(vm, as_dict(v), b)) v = VALUE_ERROR;
    roots_pop(vm, r);
    return v;
}

static Value dict_inplace(VM *vm, BinaryOp op, Value a, Value b)
{
    if (op != BIN_OR || !is_dict(a)) return VALUE_NOT_IMPLEMENTED;
    return dict_update(vm, as_dict(a), b) ? a : VALUE_ERROR;
}

/* ---- methods ---- */

static Value nat_get(VM *vm, Args args)
{
    Value v = dict_get(vm, as_dict(args.v[0]), args.v[1]);
    return is_unset(v) ? args.v[2] : v;
}

static Value nat_setdefault(VM *vm, Args args)
{
    return dict_set_default(vm, as_dict(args.v[0]), args.v[1], args.v[2]);
}

static Value nat_pop(VM *vm, Args args)
{
    Dict *d = as_dict(args.v[0]);
    Value v = d->live ? dict_pop(vm, d, args.v[1]) : VALUE_UNSET;
    if (!is_unset(v)) return v;
    return is_unset(args.v[2]) ? key_error(vm, args.v[1]) : args.v[2];
}

/* The last entry that has a value (in a plain dict, the last one). */
static DictEntry *last_entry(const Dict *d)
{
    for (uint32_t i = d->used; i-- > 0;)
        if (!is_unset(d->entries[i].key) && !is_unset(dict_entry_value(d, &d->entries[i]))) return &d->entries[i];
    return NULL;
}

static Value nat_popitem(VM *vm, Args args)
{
    Dict *d = as_dict(args.v[0]);
    DictEntry *e = last_entry(d);
    if (!e) return vm_raise(vm, ERR_KEY, "popitem(): dictionary is empty");
    Value item = tuple_pair(vm, e->key, dict_entry_value(d, e));
    if (is_error(item)) return item;
    size_t slot = home(vm, d, e->hash), number = (size_t)(e - d->entries) + 1;
    while (index_get(d, slot) != number) slot = (slot + 1) & index_mask(d);
    take(vm, d, (Spot){e, slot});
    return item;
}

static Value nat_clear(VM *vm, Args args)
{
    dict_clear(vm, as_dict(args.v[0]));
    return VALUE_NONE;
}

static Value nat_copy(VM *vm, Args args) { return dict_copy(vm, as_dict(args.v[0])); }
static Value nat_keys(VM *vm, Args args) { return dict_view(vm, T_DICT_KEYS, args.v[0]); }
static Value nat_values(VM *vm, Args args) { return dict_view(vm, T_DICT_VALUES, args.v[0]); }
static Value nat_items(VM *vm, Args args) { return dict_view(vm, T_DICT_ITEMS, args.v[0]); }

static bool update_with(VM *vm, Dict *d, Value other, Value kwargs)
{
    if (!is_unset(other) && !dict_update(vm, d, other)) return false;
    return is_unset(kwargs) || merge(vm, d, as_dict(kwargs));
}

static Value nat_update(VM *vm, Args args)
{
    return update_with(vm, as_dict(args.v[0]), args.v[1], args.v[2]) ? VALUE_NONE : VALUE_ERROR;
}

/* r: the iterator, the key. */
static bool set_all(VM *vm, Value dict, Value keys, Value v, Value *r)
{
    r[0] = obj_iter(vm, keys);
    if (is_error(r[0])) return false;
    while ((r[1] = obj_next(vm, r[0])) != VALUE_STOP) {
        if (is_error(r[1])) return false;
        bool ok = is_exact(dict, T_DICT) ? dict_set(vm, as_dict(dict), r[1], v)
                                         : !is_error(obj_setitem(vm, dict, r[1], v));
        if (!ok) return false;
    }
    return true;
}

static Value nat_fromkeys(VM *vm, Args args)
{
    bool exact = args.v[0] == obj_value(vm->types[T_DICT]);
    Dict *plain = exact ? dict_new(vm) : NULL;
    if (exact && !plain) return VALUE_ERROR;
    Value dict = exact ? obj_value(plain) : vm_call(vm, args.v[0], NULL, 0);
    if (is_error(dict)) return dict;
    Value *r = roots_reserve(vm, 3);
    if (!r) return VALUE_ERROR;
    r[2] = dict;
    bool ok = set_all(vm, dict, args.v[1], args.v[2], r);
    roots_pop(vm, r);
    return ok ? dict : VALUE_ERROR;
}

static Value construct(VM *vm, Args args)
{
    Type *type = as_type(args.v[0]);
    bool exact = type == vm->types[T_DICT];
    if (exact && is_unset(args.v[1]) && !is_unset(args.v[2])) return args.v[2]; // the fresh dict of the keywords itself
    Dict *d = dict_alloc(vm, exact ? NULL : type, DICT_STR_KEYS);
    if (!d) return VALUE_ERROR;
    Value *r = roots_push(vm, obj_value(d));
    if (!r) return VALUE_ERROR;
    bool ok = update_with(vm, d, args.v[1], args.v[2]);
    roots_pop(vm, r);
    return ok ? obj_value(d) : VALUE_ERROR;
}

static Value nat_contains(VM *vm, Args args) { return dict_contains(vm, args.v[0], args.v[1]); }
static Value nat_getitem(VM *vm, Args args) { return dict_getitem(vm, args.v[0], args.v[1]); }

static const NativeDef methods[] = {
    {"__init__(self, iterable=?, /, **kwargs)", nat_update, "Initialize self.", 0},
    {"__contains__(self, key, /)", nat_contains, "Whether there is such a key.", NATIVE_NAMED},
    {"__getitem__(self, key, /)", nat_getitem, "self[key]", NATIVE_NAMED},
    {"clear(self, /)", nat_clear, "Remove all items.", 0},
    {"copy(self, /)", nat_copy, "A shallow copy of D.", 0},
    {"fromkeys(cls, iterable, value=None, /)", nat_fromkeys,
     "A dict with these keys, all with the same value.", NATIVE_CLASSMETHOD},
    {"get(self, key, default=None, /)", nat_get, "The value of key, or default without such a key.", 0},
    {"items(self, /)", nat_items, "The pairs (key, value), as a view that follows the dict.", 0},
    {"keys(self, /)", nat_keys, "The keys, as a view that follows the dict.", 0},
    {"pop(self, key, default=?, /)", nat_pop, "Take a key out: its value, or default without such a key.", 0},
    {"popitem(self, /)", nat_popitem, "Take out the pair that came last; KeyError if there is none.", 0},
    {"setdefault(self, key, default=None, /)", nat_setdefault,
     "The value of key, which gets default first if it is not there.", 0},
    {"update(self, iterable=?, /, **kwargs)", nat_update,
     "Take items over: of a mapping, of pairs, of keywords.", 0},
    {"values(self, /)", nat_values, "The values, as a view that follows the dict.", 0},
    CLASS_GETITEM_ROW,
    {0},
};

const TypeDef type_def_DICT = {
    .slots =
        {
            .repr = dict_repr,
            .compare = dict_compare,
            .len = dict_len_slot,
            .getitem = dict_getitem,
            .setitem = dict_setitem,
            .contains = dict_contains,
            .iter = dict_key_iter,
            .reversed = dict_reversed,
            .binary = dict_binary,
            .inplace = dict_inplace,
        },
    .methods = methods,
    .constructor = {"dict(iterable=?, /, **kwargs)", construct, NULL, 0},
    .doc = "A mapping from keys to values, in insertion order.",
    .flags = TYPE_MAPPING | TYPE_MATCH_SELF | TYPE_UNHASHABLE,
    .operators = OPS_BOTH(BIN_OR),
};
