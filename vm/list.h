/* list.h - lists and tuples. */
#pragma once
#include "vm/vm.h"

static inline bool is_list(Value v) { return is_kind(v, KIND_LIST); }
static inline List *as_list(Value v) { return (List *)as_obj(v); }
static inline bool is_tuple(Value v) { return is_kind(v, KIND_TUPLE); }
static inline Tuple *as_tuple(Value v) { return (Tuple *)as_obj(v); }

Value list_new(VM *vm, const Value *items, size_t n);   // items NULL: n Nones
Value list_with_capacity(VM *vm, size_t n);
bool list_append(VM *vm, List *l, Value v);
bool list_extend(VM *vm, List *l, Value iterable);      // may call; TypeError "'x' object is not iterable"
Value list_slice(VM *vm, List *l, int64_t start, int64_t stop, int64_t step, int64_t n);
Value list_pop(VM *vm, List *l, int64_t i);
bool list_sort(VM *vm, List *l, Value key, bool reverse); // stable; comparisons in CPython's order
Value tuple_new(VM *vm, const Value *items, size_t n);  // items NULL: filled with None
Value tuple_pack(VM *vm, int n, ...);
/* Resolves slice s against a length: CPython's PySlice_AdjustIndices; answers the count or -1 with an error. */
int64_t slice_indices(VM *vm, Slice *s, int64_t length, int64_t *start, int64_t *stop, int64_t *step);
Value slice_new(VM *vm, Value start, Value stop, Value step);
Value range_new(VM *vm, Value start, Value stop, Value step);
static inline bool is_range(Value v) { return is_kind(v, KIND_RANGE); }
