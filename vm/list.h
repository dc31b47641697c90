/* list.h - lists, tuples, slices and ranges. */
#pragma once
#include "vm/vm.h"

static inline bool is_list(Value v) { return is_kind(v, KIND_LIST); }
static inline List *as_list(Value v) { return (List *)as_obj(v); }
static inline bool is_tuple(Value v) { return is_kind(v, KIND_TUPLE); }
static inline Tuple *as_tuple(Value v) { return (Tuple *)as_obj(v); }
static inline bool is_slice(Value v) { return is_kind(v, KIND_SLICE); }
static inline Slice *as_slice(Value v) { return (Slice *)as_obj(v); }
static inline bool is_range(Value v) { return is_kind(v, KIND_RANGE); }
static inline Range *as_range(Value v) { return (Range *)as_obj(v); }


/* --- lists --- */
Value list_new(VM *vm, const Value *items, size_t n);   // items NULL: n Nones
Value list_with_capacity(VM *vm, size_t n);
bool list_reserve(VM *vm, List *l, size_t n);           // room for n items in all
bool list_append(VM *vm, List *l, Value v);
bool list_insert(VM *vm, List *l, int64_t i, Value v);  // i as list.insert takes it
bool list_extend(VM *vm, List *l, Value iterable);      // may call; TypeError "'x' object is not iterable"
bool list_extend_items(VM *vm, List *l, const Value *items, size_t n); // items: not the list's own
Value list_slice(VM *vm, List *l, int64_t start, int64_t stop, int64_t step, int64_t n);
Value list_pop(VM *vm, List *l, int64_t i);             // 0 <= i < size
void list_clear(VM *vm, List *l);
void list_reverse(VM *vm, List *l);
bool list_sort(VM *vm, List *l, Value key, bool reverse); // stable; comparisons in CPython's order. key: None or callable

/* list_append for loops. */
static inline bool list_push(VM *vm, List *l, Value v)
{
    if (__builtin_expect(l->size == l->capacity, 0)) return list_append(vm, l, v);
    l->items[l->size++] = v;
    if (__builtin_expect((l->h.gc & (GC_OLD | GC_REMEMBERED)) == GC_OLD, 0)) gc_appended(vm, l);
    return true;
}
static inline Value list_pop_last(VM *vm, List *l) // size > 0
{
    Value *slot = &l->items[l->size - 1], v = *slot;
    gc_store(vm, l, slot, VALUE_UNSET);
    l->size--;
    return v;
}

/* --- tuples --- */
Value tuple_new(VM *vm, const Value *items, size_t n);  // items NULL: filled with None
Value tuple_pack(VM *vm, int n, ...);
Value tuple_pair(VM *vm, Value a, Value b);
Value tuple_slice(VM *vm, Tuple *t, int64_t start, int64_t step, int64_t n);
bool tuple_hash(VM *vm, Tuple *t, int64_t *out);        // CPython's; may call

/* --- slices --- */
/* Resolves slice s against a length: CPython's PySlice_AdjustIndices; answers the count or -1 with an error. */
int64_t slice_indices(VM *vm, Slice *s, int64_t length, int64_t *start, int64_t *stop, int64_t *step);
/* Its two halves: the bounds as int64 (may call __index__), and fitting them to a length (calls nothing). */
bool slice_unpack(VM *vm, Slice *s, int64_t *start, int64_t *stop, int64_t *step);
int64_t slice_adjust(int64_t length, int64_t *start, int64_t *stop, int64_t step);
/* (start, stop, step) for a length of any size, as slice.indices answers them. */
Value slice_indices_big(VM *vm, Slice *s, Value length);
Value slice_new(VM *vm, Value start, Value stop, Value step);

/* --- ranges --- */
Value range_new(VM *vm, Value start, Value stop, Value step); // ints; ValueError if step is 0
/* A RangeIter over a range of int64 (ilen >= 0), or the iterator of big ones. */
Value range_iter(VM *vm, Range *r);
Value range_item(VM *vm, Range *r, int64_t i);                // 0 <= i < ilen
static inline Value range_iter_next(VM *vm, RangeIter *it);

Value range_iter_next_big(VM *vm, RangeIter *it); // one that may not be a small int
static inline Value range_iter_next(VM *vm, RangeIter *it)
{
    if (it->left <= 0) return VALUE_STOP;
    if (__builtin_expect(!fits_small(it->next), 0)) return range_iter_next_big(vm, it);
    Value v = small(it->next);
    it->left--;
    it->next = (int64_t)((uint64_t)it->next + (uint64_t)it->step);
    return v;
}
