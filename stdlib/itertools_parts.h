/* itertools_parts.h - what the files of the module itertools share: its iterators are Iters (object.h),
 * made for a type that may be a script's subclass. What their fields mean is said at each. */
#pragma once
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/iter.h"
#include "vm/native.h"

/* NULL when one of the values is VALUE_ERROR, or out of memory. */
Iter *itertools_new(VM *vm, Value type, Value source, Value extra);
/* n Values, UNSET at first. */
Value itertools_array(VM *vm, size_t n);
static inline Array *as_array(Value v) { return (Array *)as_obj(v); }
/* From now on there is nothing: answers VALUE_STOP. */
Value itertools_end(VM *vm, Iter *it);

extern const TypeDef itertools_product, itertools_permutations, itertools_combinations, itertools_with_replacement;
extern const TypeDef itertools_groupby, itertools_grouper, itertools_tee;
Value nat_tee(VM *vm, Args args);
