/* dict.h - insertion-ordered dicts, sets. get/set with str keys call no scripts; others may (eq, hash). */
#pragma once
#include "vm/vm.h"

static inline bool is_dict(Value v) { return is_kind(v, KIND_DICT); }
static inline Dict *as_dict(Value v) { return (Dict *)as_obj(v); }
static inline bool is_set(Value v) { return is_kind(v, KIND_SET); } // set or frozenset
static inline Set *as_set(Value v) { return (Set *)as_obj(v); }

Dict *dict_new(VM *vm);             // NULL: out of memory
Dict *dict_new_cells(VM *vm);       // a module namespace
Value dict_get(VM *vm, Dict *d, Value key);           // UNSET when absent; ERROR
bool dict_set(VM *vm, Dict *d, Value key, Value v);
int dict_delete(VM *vm, Dict *d, Value key);          // 1 removed, 0 absent, -1 error
Value dict_get_str(VM *vm, Dict *d, Str *key);        // never fails, calls nothing: UNSET when absent
bool dict_set_str(VM *vm, Dict *d, Str *key, Value v);
bool dict_delete_str(VM *vm, Dict *d, Str *key);
Value dict_get_c(VM *vm, Dict *d, const char *key);
bool dict_set_c(VM *vm, Dict *d, const char *key, Value v);
/* For DICT_CELLS dicts: the Cell of a name, made (value UNSET) when missing; NULL out of memory. */
Cell *dict_cell(VM *vm, Dict *d, Str *name);
/* Iterate without calling scripts: start with *pos = 0. */
bool dict_next(Dict *d, size_t *pos, Value *key, Value *value);
size_t dict_len(const Dict *d);     // for DICT_CELLS only cells that have a value count
Value dict_copy(VM *vm, Dict *d);
bool dict_update(VM *vm, Dict *d, Value mapping_or_pairs); // may call
void dict_clear(VM *vm, Dict *d);

Value set_new(VM *vm);
Value frozenset_from(VM *vm, Value iterable);
int set_add(VM *vm, Set *s, Value v);                 // 1 new, 0 there already, -1 error
int set_has(VM *vm, Set *s, Value v);
int set_discard(VM *vm, Set *s, Value v);
bool set_update(VM *vm, Set *s, Value iterable);
bool set_next(Set *s, size_t *pos, Value *item);
