/* dict.h - insertion-ordered dicts, sets. get/set with str keys call no scripts; others may (eq, hash).
 *
 * A dict is an array of entries in insertion order and an index table beside it (numbers of entries plus one, 0 free)
 * probed linearly from a keyed spreading of the key's hash. A deleted entry keeps its place (key UNSET) until the
 * array is full, but leaves the index at once, so the index never holds dead ends. DictEntry.hash is hash(key) as
 * scripts see it. In a namespace (DICT_CELLS) an entry's value is a Cell that stays for ever, as code holds on to it;
 * deleting the name makes the cell's value UNSET, which every function here takes for "absent".
 *
 * As everywhere, what may call scripts needs its arguments rooted by the caller.
 */
#pragma once
#include "vm/vm.h"

static inline bool is_dict(Value v) { return is_kind(v, KIND_DICT); }
static inline Dict *as_dict(Value v) { return (Dict *)as_obj(v); }
static inline bool is_set(Value v) { return is_kind(v, KIND_SET); } // set or frozenset
static inline Set *as_set(Value v) { return (Set *)as_obj(v); }

/* ---- dicts ---- */
Dict *dict_new(VM *vm);                               // NULL: out of memory
Dict *dict_new_sized(VM *vm, size_t n);               // with room for n
Dict *dict_new_cells(VM *vm);                         // a module namespace
Value dict_get(VM *vm, Dict *d, Value key);           // UNSET when absent; ERROR
bool dict_set(VM *vm, Dict *d, Value key, Value v);
int dict_delete(VM *vm, Dict *d, Value key);          // 1 removed, 0 absent, -1 error
Value dict_pop(VM *vm, Dict *d, Value key);           // removes it; UNSET when absent
/* Make key the last one, or the first, of a dict that is no namespace: 1 done, 0 absent, -1 error. */
int dict_move_to_end(VM *vm, Dict *d, Value key, bool last);
/* The value of key, which becomes v first if it is absent. */
Value dict_set_default(VM *vm, Dict *d, Value key, Value v);
/* Add one to the number under key, 0 where there is none. */
bool dict_count(VM *vm, Dict *d, Value key);
Value dict_get_str(VM *vm, Dict *d, Str *key);        // never fails, calls nothing: UNSET when absent
bool dict_set_str(VM *vm, Dict *d, Str *key, Value v);
bool dict_delete_str(VM *vm, Dict *d, Str *key);      // false: was absent
Value dict_get_c(VM *vm, Dict *d, const char *key);
bool dict_set_c(VM *vm, Dict *d, const char *key, Value v);
/* The same with hash(key) known. */
Value dict_get_hashed(VM *vm, Dict *d, Value key, int64_t hash);
bool dict_set_hashed(VM *vm, Dict *d, Value key, int64_t hash, Value v);
/* Make it a namespace (DICT_CELLS), which scripts do not notice. False: MemoryError pending, and nothing has changed. */
bool dict_become_namespace(VM *vm, Dict *d);
/* For DICT_CELLS dicts: the Cell of a name, made (value UNSET) when missing; NULL out of memory. */
Cell *dict_cell(VM *vm, Dict *d, Str *name);
size_t dict_len(const Dict *d);                       // for DICT_CELLS only cells that have a value count
Value dict_copy(VM *vm, Dict *d);                     // an exact, plain dict
bool dict_update(VM *vm, Dict *d, Value mapping_or_pairs); // may call
/* The same for what has keys(): 1; 0 if it has none, with nothing pending; -1: failed. */
int dict_update_mapping(VM *vm, Dict *d, Value mapping);
void dict_clear(VM *vm, Dict *d);

/* The next entry that has a value, or NULL: start with *pos = 0. Calls nothing; stale after anything that may. */
static inline DictEntry *dict_next_entry(const Dict *d, size_t *pos);
static inline Value dict_entry_value(const Dict *d, const DictEntry *e);
/* The same as key and value. */
bool dict_next(Dict *d, size_t *pos, Value *key, Value *value);

/* The Value slot of a plain dict's entry; gc_store to it, with the dict as owner. */
static inline Value dict_entry_value(const Dict *d, const DictEntry *e)
{
    return d->h.aux & DICT_CELLS ? ((Cell *)as_obj(e->value))->value : e->value;
}
static inline DictEntry *dict_next_entry(const Dict *d, size_t *pos)
{
    while (*pos < d->used) {
        DictEntry *e = &d->entries[(*pos)++];
        if (!is_unset(e->key) && !is_unset(dict_entry_value(d, e))) return e;
    }
    return NULL;
}

/* What the collector frees: the block at d->entries (if any). */
static inline size_t dict_index_width(uint32_t log2_index) { return log2_index <= 8 ? 1 : log2_index <= 16 ? 2 : 4; }
static inline size_t dict_block_size(const Dict *d)
{
    return d->capacity * sizeof(DictEntry) + (dict_index_width(d->log2_index) << d->log2_index);
}

/* The next key and value of an iterator of items; NULL at the end, or with RuntimeError pending. */
const DictEntry *dict_items_next(VM *vm, Iter *it);
/* Views and iterators (dict_views.c). type: T_DICT_KEYS ... and T_DICT_KEYITER ... */
Value dict_view(VM *vm, TypeId type, Value dict);
Value dict_iter(VM *vm, TypeId type, Value dict);
/* {}.__iter__ and __reversed__. */
Value dict_key_iter(VM *vm, Value dict);
Value dict_reversed(VM *vm, Value dict);

/* ---- sets ---- */
/* TypeDef.operators of what is like a set: | & - ^ */
#define OPS_OF_SETS (OPS_BITWISE | OPS_BOTH(BIN_SUB))
Value set_new(VM *vm);
Value frozenset_from(VM *vm, Value iterable);
int set_add(VM *vm, Set *s, Value v);                 // 1 new, 0 there already, -1 error
int set_has(VM *vm, Set *s, Value v);
int set_discard(VM *vm, Set *s, Value v);             // 1 removed, 0 absent, -1 error
bool set_update(VM *vm, Set *s, Value iterable);
bool set_next(Set *s, size_t *pos, Value *item);
void set_clear(VM *vm, Set *s);
/* New set (of s's built-in type): s without / with only / with all items of an iterable. */
Value set_difference(VM *vm, Set *s, Value iterable);
Value set_intersection(VM *vm, Set *s, Value iterable);
bool set_difference_update(VM *vm, Set *s, Value iterable);
bool set_symmetric_difference_update(VM *vm, Set *s, Value iterable);
int64_t frozenset_hash(Set *s);                       // CPython's; calls nothing
/* What the collector frees: s->table if it is not small_table. */
static inline size_t set_table_size(const Set *s) { return (s->mask + 1) * sizeof(SetEntry); }

/* For the collector: release the tables of a dead one. */
void dict_free(VM *vm, Dict *d);
void set_free(VM *vm, Set *s);
