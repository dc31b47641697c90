/* iter.h - the built-in iterators, and walking through any iterable from C.
 *
 * What the fields of an Iter mean is said at each type in iter.c (and in dict_views.c, set.c and range.c for theirs);
 * the collector marks source and extra. An exhausted iterator drops its source (UNSET), so that it stays exhausted.
 */
#pragma once
#include "vm/list.h"

static inline Iter *as_iter(Value v) { return (Iter *)as_obj(v); }

/* A fresh iterator; `extra` UNSET, index and limit 0. */
Value iter_new(VM *vm, TypeId type, Value source);
/* A natives' helper: the slot of an iterator's own iter(). */
Value iter_self(VM *vm, Value self);

/* Slots of the types they iterate over. */
Value list_iter(VM *vm, Value list);
Value list_reversed(VM *vm, Value list);
Value tuple_iter(VM *vm, Value tuple);
/* iter(f, sentinel), and the iterator of an object that has only __getitem__. */
Value callable_iter(VM *vm, Value callable, Value sentinel);
Value sequence_iter(VM *vm, Value object);

/* The next item of a zip, an enumerate or a dict's items as n values in `out`, without a tuple: None, STOP
 * or ERROR; UNSET, nothing having happened, when the iterator is another or its items are not of n values. */
Value iter_unpack(VM *vm, Value iterator, Value *out, size_t n);

/* Append every item of an iterable to a rooted list, with room for as many as it hints at. */
bool iterate_hinted(VM *vm, Value iterable, List *l);
/* obj_to_list, with `text` as the TypeError when it is not iterable at all. */
Value iterable_to_list(VM *vm, Value iterable, const char *text);
