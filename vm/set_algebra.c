/* set_algebra.c - union, intersection, difference, and which of two sets holds the other. */
#include "vm/set_internal.h"

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

static bool visit_add(Walk *w, Value item, int64_t hash)
{
    return set_add_hashed(w->vm, w->set, item, hash) >= 0;
}
static bool visit_discard(Walk *w, Value item, int64_t hash)
{
    return set_discard_hashed(w->vm, w->set, item, hash) >= 0;
}

static bool visit_toggle(Walk *w, Value item, int64_t hash)
{
    int removed = set_discard_hashed(w->vm, w->set, item, hash);
    return removed == 0 ? visit_add(w, item, hash) : removed > 0;
}

static bool visit_keep_common(Walk *w, Value item, int64_t hash)
{
    int there = set_has_hashed(w->vm, w->filter, item, hash);
    return there > 0 ? visit_add(w, item, hash) : there == 0;
}

/* The same; stops when all of filter is there. */
static bool visit_keep_till_all(Walk *w, Value item, int64_t hash)
{
    return visit_keep_common(w, item, hash) && !(w->answer = w->set->live >= w->filter->live && w->set->live);
}

static bool visit_keep_others(Walk *w, Value item, int64_t hash)
{
    int there = set_has_hashed(w->vm, w->filter, item, hash);
    return there == 0 ? visit_add(w, item, hash) : there > 0;
}

/* Stop at the first item that filter holds, or lacks; answer 1 if there was one. */
static bool visit_until_held(Walk *w, Value item, int64_t hash)
{
    w->answer = set_has_hashed(w->vm, w->filter, item, hash);
    return w->answer == 0;
}

static bool visit_until_lacked(Walk *w, Value item, int64_t hash)
{
    int there = set_has_hashed(w->vm, w->filter, item, hash);
    w->answer = there < 0 ? -1 : !there;
    return there > 0;
}

/* The order is the table's; comparisons may change it, hence the look at it anew each time. */
static bool walk_set(Walk *w, const Set *other, Value *slot)
{
    const SetEntry *e;
    size_t pos = 0;
    while ((e = set_next_entry(other, &pos))) {
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

static bool merge(VM *vm, Set *s, Set *other)
{
    if (s == other || other->live == 0) return true;
    if (!set_reserve(vm, s, other->live)) return false;
    if (s->filled == 0) {
        set_fill(vm, s, other);
        return true;
    }
    Walk w = {.vm = vm, .set = s, .visit = visit_add};
    return walk(&w, obj_value(other));
}

bool set_update(VM *vm, Set *s, Value iterable)
{
    if (is_set(iterable)) return merge(vm, s, as_set(iterable));
    if (is_exact(iterable, T_DICT) && !set_reserve(vm, s, dict_len(as_dict(iterable)))) return false;
    Walk w = {.vm = vm, .set = s, .visit = visit_add};
    return walk(&w, iterable);
}

Value set_make(VM *vm, Type *type, Value iterable)
{
    Set *s = set_alloc(vm, type);
    if (!s || is_unset(iterable)) return s ? obj_value(s) : VALUE_ERROR;
    Value *r = roots_push(vm, obj_value(s));
    if (!r) return VALUE_ERROR;
    bool ok = set_update(vm, s, iterable);
    roots_pop(vm, r);
    return ok ? obj_value(s) : VALUE_ERROR;
}

Value set_like(VM *vm, const Set *s, Value iterable)
{
    return set_make(vm, vm->types[set_is_frozen(vm, s) ? T_FROZENSET : T_SET], iterable);
}

Value frozenset_from(VM *vm, Value iterable)
{
    return is_exact(iterable, T_FROZENSET) ? iterable : set_make(vm, vm->types[T_FROZENSET], iterable);
}

Value set_copy(VM *vm, Set *s) { return set_like(vm, s, obj_value(s)); }

/* ---- the other operations ---- */

/* New set of what `visit` keeps of `items`, looking at `filter`. */
static Value select_items(VM *vm, Set *like, Value items, Set *filter, bool (*visit)(Walk *, Value, int64_t))
{
    Value result = set_like(vm, like, VALUE_UNSET);
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
    if (obj_value(s) == other) return set_copy(vm, s);
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
    return set_grow(vm, s); // more than a quarter are dummies: sweep them out
}

static Value copy_and_subtract(VM *vm, Set *s, Value other)
{
    Value result = set_copy(vm, s);
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
    while ((e = set_next_entry(s, &pos))) {
        r[1] = e->key;
        int64_t hash = e->hash;
        Value there = dict_get_hashed(vm, other, r[1], hash);
        if (is_error(there) || (is_unset(there) && set_add_hashed(vm, as_set(r[0]), r[1], hash) < 0))
            return false;
    }
    return true;
}

static Value difference_with_dict(VM *vm, Set *s, Dict *other)
{
    Value *r = roots_reserve(vm, 2);
    if (!r) return VALUE_ERROR;
    r[0] = set_like(vm, s, VALUE_UNSET);
    Value v = !is_error(r[0]) && add_unless_key(vm, s, other, r) ? r[0] : VALUE_ERROR;
    roots_pop(vm, r);
    return v;
}

Value set_difference(VM *vm, Set *s, Value other)
{
    bool dict = is_exact(other, T_DICT);
    if (!is_set(other) && !dict) return copy_and_subtract(vm, s, other);
    // When s is much longer than other, it is faster to copy it and look for other's few.
    if (s->live >> 2 > (dict ? as_dict(other)->live : as_set(other)->live))
        return copy_and_subtract(vm, s, other);
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
    Value items = is_set(other) || is_exact(other, T_DICT) ? other : set_like(vm, s, other);
    Value *r = roots_push(vm, items);
    if (is_error(items) || !r) return false;
    Walk w = {.vm = vm, .set = s, .visit = visit_toggle};
    bool ok = walk(&w, items);
    roots_pop(vm, r);
    return ok;
}

Value set_symmetric_difference(VM *vm, Set *s, Value other)
{
    Value result = set_like(vm, s, other);
    if (is_error(result)) return result;
    Value *r = roots_push(vm, result);
    if (!r) return VALUE_ERROR;
    bool ok = set_symmetric_difference_update(vm, as_set(result), obj_value(s));
    roots_pop(vm, r);
    return ok ? result : VALUE_ERROR;
}

/* ---- comparisons ---- */

int set_is_subset(VM *vm, Set *a, Value b)
{
    if (!is_set(b)) { // all of it is looked at, also behind the last that counts
        Value *whole = roots_push(vm, set_new(vm));
        int answer = whole && !is_error(*whole) && set_update(vm, as_set(*whole), b)
                         ? set_is_subset(vm, a, *whole)
                         : -1;
        if (whole) roots_pop(vm, whole);
        return answer;
    }
    if (a->live > as_set(b)->live) return 0;
    Walk w = {.vm = vm, .filter = as_set(b), .visit = visit_until_lacked};
    return walk(&w, obj_value(a)) ? 1 : w.answer == 1 ? 0 : -1;
}

int set_is_superset(VM *vm, Set *a, Value b)
{
    if (is_set(b)) return set_is_subset(vm, as_set(b), obj_value(a));
    Walk w = {.vm = vm, .filter = a, .visit = visit_until_lacked};
    return walk(&w, b) ? 1 : w.answer == 1 ? 0 : -1;
}

int set_is_disjoint(VM *vm, Set *a, Value b)
{
    if (obj_value(a) == b) return a->live == 0;
    bool walk_a = is_set(b) && as_set(b)->live > a->live;
    Walk w = {.vm = vm, .filter = walk_a ? as_set(b) : a, .visit = visit_until_held};
    return walk(&w, walk_a ? obj_value(a) : b) ? 1 : w.answer == 1 ? 0 : -1;
}
