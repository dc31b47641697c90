/* sequence.c - what lists and tuples do alike: search, comparison, the errors of operators. See container.h. */
#include "vm/container.h"
#include "vm/list.h"

Value *sequence_items(Obj *o, size_t *n)
{
    if (o->kind == KIND_LIST) {
        List *l = (List *)o;
        *n = l->size;
        return l->items;
    }
    Tuple *t = (Tuple *)o;
    *n = t->size;
    return t->items;
}

/* Is item i of `o` equal to v? The item is rooted in *slot meanwhile: the script may drop it from the list. */
static int item_equals(VM *vm, Value item, Value v, Value *slot)
{
    *slot = item;
    return obj_eq(vm, item, v);
}

int64_t sequence_find(VM *vm, Obj *o, Value v, int64_t start, int64_t stop)
{
    Value *slot = NULL;
    int64_t found = -1;
    for (size_t i = (size_t)start; found == -1 && i < (size_t)stop; i++) {
        size_t n;
        const Value *items = sequence_items(o, &n);
        if (i >= n) break;
        int same = equal_quick(items[i], v);
        if (same == EQUAL_ASK) {
            if (!slot && !(slot = roots_push(vm, VALUE_UNSET))) return -2;
            same = item_equals(vm, items[i], v, slot);
        }
        if (same) found = same < 0 ? -2 : (int64_t)i;
    }
    if (slot) roots_pop(vm, slot);
    return found;
}

Value sequence_contains(VM *vm, Value self, Value item)
{
    int64_t i = sequence_find(vm, as_obj(self), item, 0, INT64_MAX);
    return i == -2 ? VALUE_ERROR : bool_value(i >= 0);
}

Value sequence_count(VM *vm, Value self, Value item)
{
    int64_t count = 0, from = 0, i;
    while ((i = sequence_find(vm, as_obj(self), item, from, INT64_MAX)) >= 0) {
        count++;
        from = i + 1;
    }
    return i == -2 ? VALUE_ERROR : small(count);
}

static bool order_holds(size_t a, size_t b, CompareOp op)
{
    switch (op) {
    case CMP_LT: return a < b;
    case CMP_LE: return a <= b;
    case CMP_EQ: return a == b;
    case CMP_NE: return a != b;
    case CMP_GT: return a > b;
    default: return a >= b;
    }
}

/* The first position at which the two differ, or the length of the shorter one; -1: error. */
static int64_t first_difference(VM *vm, Obj *a, Obj *b)
{
    for (size_t i = 0;; i++) {
        size_t na, nb;
        const Value *ia = sequence_items(a, &na), *ib = sequence_items(b, &nb);
        while (i < na && i < nb && ia[i] == ib[i]) i++; // the same object, or number
        if (i >= na || i >= nb) return (int64_t)i;
        int same = value_equal_rooted(vm, ia[i], ib[i]);
        if (same <= 0) return same < 0 ? -1 : (int64_t)i;
    }
}

static Value compare_rooted(VM *vm, Value a, Value b, CompareOp op)
{
    Value *r = roots_reserve(vm, 2);
    if (!r) return VALUE_ERROR;
    r[0] = a;
    r[1] = b;
    Value v = obj_compare(vm, a, b, op);
    roots_pop(vm, r);
    return v;
}

Value sequence_compare(VM *vm, Value a, Value b, CompareOp op)
{
    size_t na, nb;
    sequence_items(as_obj(a), &na);
    sequence_items(as_obj(b), &nb);
    // CPython looks at the lengths of lists first, but not at those of tuples.
    if (na != nb && is_list(a) && (op == CMP_EQ || op == CMP_NE)) return bool_value(op == CMP_NE);
    if (vm_c_stack_low(vm)) return VALUE_ERROR;
    int64_t i = first_difference(vm, as_obj(a), as_obj(b));
    if (i < 0) return VALUE_ERROR;
    const Value *ia = sequence_items(as_obj(a), &na), *ib = sequence_items(as_obj(b), &nb);
    if ((size_t)i >= na || (size_t)i >= nb) return bool_value(order_holds(na, nb, op));
    if (op == CMP_EQ || op == CMP_NE) return bool_value(op == CMP_NE);
    return compare_rooted(vm, ia[i], ib[i], op);
}

bool sequence_times(VM *vm, Value count, int64_t *times)
{
    if (is_small(count)) {
        *times = as_small(count) < 0 ? 0 : as_small(count);
        return true;
    }
    if (!is_index(vm, count)) {
        if (!type_defines(type_of(vm, count), D_RMUL) && !type_defines(type_of(vm, count), D_MUL))
            vm_raise(vm, ERR_TYPE, "can't multiply sequence by non-int of type '%T'", count);
        return false;
    }
    if (!index_fit(vm, count, times, ERR_OVERFLOW, "cannot fit '%T' into an index-sized integer")) return false;
    if (*times < 0) *times = 0;
    return true;
}

Value sequence_refuse_concat(VM *vm, Value seq, Value other)
{
    if (type_defines(type_of(vm, other), D_RADD)) return VALUE_NOT_IMPLEMENTED;
    const char *name = is_list(seq) ? "list" : "tuple";
    return vm_raise(vm, ERR_TYPE, "can only concatenate %s (not \"%T\") to %s", name, other, name);
}

Value sequence_refuse_key(VM *vm, Value seq, Value key)
{
    const char *name = is_list(seq) ? "list" : "tuple";
    return vm_raise(vm, ERR_TYPE, "%s indices must be integers or slices, not %T", name, key);
}
