/* itertools_combine.c - products, permutations and combinations.
 *
 * source: the pool, a tuple (of product: a tuple of pools); extra: an Array of positions in it, as small
 * ints; index: 0 before the first row, then 1; limit: the length of a row. An exhausted one drops its
 * pool. */
#include "stdlib/itertools_parts.h"
#include "vm/list.h"
#include "vm/type.h"

enum { FRESH, RUNNING };

static int64_t at(const Array *a, int64_t i)
{
    return as_small(a->items[i]);
}
static void put(Array *a, int64_t i, int64_t v)
{
    a->items[i] = small(v);
} // no objects, no barrier

/* The row of the pool's items at the first n positions. */
static Value row_of(VM *vm, const Iter *it, int64_t n)
{
    Value row = tuple_new(vm, NULL, (size_t)n);
    const Array *a = as_array(it->extra);
    for (int64_t i = 0; i < n && !is_error(row); i++)
        as_tuple(row)->items[i] = as_tuple(it->source)->items[at(a, i)];
    return row;
}

/* How many items a row has; false with an exception pending. */
static bool row_length(VM *vm, Value r, int64_t *out)
{
    if (!is_index(vm, r))
        return vm_raise(vm, ERR_TYPE, "'%T' object cannot be interpreted as an integer", r), false;
    if (!index_argument(vm, r, out)) return false;
    if (*out < 0) return vm_raise(vm, ERR_VALUE, "r must be non-negative"), false;
    return true;
}

/* An iterator with room for `extra` positions besides r. */
static Iter *make(VM *vm, Value type, Value pool, int64_t r, size_t positions)
{
    Iter *it = itertools_new(vm, type, pool, itertools_array(vm, positions));
    if (it) it->limit = r;
    return it;
}

static Value made(Iter *it)
{
    return it ? obj_value(it) : VALUE_ERROR;
}

/* ---- product ------------------------------------------------------------------------------------------ */

static Value pools_of(VM *vm, const Tuple *iterables, int64_t repeat)
{
    size_t n = size_mul(iterables->size, (size_t)repeat);
    if (n > INT32_MAX) return vm_raise(vm, ERR_OVERFLOW, "repeat argument too large");
    Value pools = tuple_new(vm, NULL, n), *root = is_error(pools) ? NULL : roots_push(vm, pools);
    if (!root) return VALUE_ERROR;
    for (size_t i = 0; i < n; i++) {
        Value pool = i < iterables->size ? obj_to_tuple(vm, iterables->items[i])
                                         : as_tuple(pools)->items[i - iterables->size];
        if (is_error(pool)) return roots_pop(vm, root), pool;
        gc_store(vm, as_obj(pools), &as_tuple(pools)->items[i], pool);
    }
    roots_pop(vm, root);
    return pools;
}

static Value construct_product(VM *vm, Args args)
{
    int64_t repeat;
    if (!is_index(vm, args.v[2]))
        return vm_raise(vm, ERR_TYPE, "'%T' object cannot be interpreted as an integer", args.v[2]);
    if (!index_argument(vm, args.v[2], &repeat)) return VALUE_ERROR;
    if (repeat < 0) return vm_raise(vm, ERR_VALUE, "repeat argument cannot be negative");
    Value pools = pools_of(vm, as_tuple(args.v[1]), repeat);
    if (is_error(pools)) return pools;
    size_t n = as_tuple(pools)->size;
    Iter *it = make(vm, args.v[0], pools, (int64_t)n, n);
    if (!it) return VALUE_ERROR;
    for (size_t i = 0; i < n; i++) {
        put(as_array(it->extra), (int64_t)i, 0);
        if (!as_tuple(as_tuple(pools)->items[i])->size) it->source = VALUE_UNSET;
    }
    return obj_value(it);
}

/* The last position counts fastest. */
static bool product_step(const Iter *it)
{
    Array *a = as_array(it->extra);
    for (int64_t i = it->limit; i--;) {
        int64_t size = (int64_t)as_tuple(as_tuple(it->source)->items[i])->size;
        if (at(a, i) + 1 < size) return put(a, i, at(a, i) + 1), true;
        put(a, i, 0);
    }
    return false;
}

static Value product_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    if (is_unset(it->source)) return VALUE_STOP;
    if (it->index == RUNNING && !product_step(it)) return itertools_end(vm, it);
    it->index = RUNNING;
    Value row = tuple_new(vm, NULL, (size_t)it->limit);
    for (int64_t i = 0; i < it->limit && !is_error(row); i++)
        as_tuple(row)->items[i] = as_tuple(as_tuple(it->source)->items[i])->items[at(as_array(it->extra), i)];
    return row;
}

/* ---- permutations: behind the positions of all n items, r counters of how far each place has turned ---- */

static Value construct_permutations(VM *vm, Args args)
{
    Value pool = obj_to_tuple(vm, args.v[1]), *root = is_error(pool) ? NULL : roots_push(vm, pool);
    if (!root) return VALUE_ERROR;
    int64_t n = (int64_t)as_tuple(pool)->size, r = n;
    Value given = args.v[2];
    bool ok = true;
    if (!is_none(given) && !is_int(given))
        ok = !is_error(vm_raise(vm, ERR_TYPE, "Expected int as r"));
    else if (!is_none(given))
        ok = row_length(vm, given, &r);
    roots_pop(vm, root);
    Iter *it = ok ? make(vm, args.v[0], r > n ? VALUE_UNSET : pool, r, r > n ? 0 : (size_t)(n + r)) : NULL;
    for (int64_t i = 0; it && i < n && r <= n; i++) put(as_array(it->extra), i, i);
    for (int64_t i = 0; it && i < r && r <= n; i++) put(as_array(it->extra), n + i, n - i);
    return made(it);
}

static bool permutations_step(const Iter *it)
{
    Array *a = as_array(it->extra);
    int64_t n = (int64_t)as_tuple(it->source)->size;
    for (int64_t i = it->limit; i--;) {
        int64_t turn = at(a, n + i) - 1, here = at(a, i);
        put(a, n + i, turn);
        if (turn) { // exchange with the place that many from the end
            put(a, i, at(a, n - turn));
            put(a, n - turn, here);
            return true;
        }
        memmove(&a->items[i], &a->items[i + 1], (size_t)(n - i - 1) * sizeof(Value));
        put(a, n - 1, here);
        put(a, n + i, n - i);
    }
    return false;
}

/* ---- combinations, without and with repetition ---- */

static Value construct_combinations(VM *vm, Args args)
{
    int64_t r;
    Value pool = obj_to_tuple(vm, args.v[1]), *root = is_error(pool) ? NULL : roots_push(vm, pool);
    if (!root) return VALUE_ERROR;
    bool ok = row_length(vm, args.v[2], &r);
    roots_pop(vm, root);
    bool none = ok && r > (int64_t)as_tuple(pool)->size;
    Iter *it = ok ? make(vm, args.v[0], none ? VALUE_UNSET : pool, r, none ? 0 : (size_t)r) : NULL;
    for (int64_t i = 0; it && !none && i < r; i++) put(as_array(it->extra), i, i);
    return made(it);
}

static bool combinations_step(const Iter *it)
{
    Array *a = as_array(it->extra);
    int64_t n = (int64_t)as_tuple(it->source)->size, r = it->limit, i = r;
    while (i-- > 0 && at(a, i) == i + n - r) {}
    if (i < 0) return false;
    put(a, i, at(a, i) + 1);
    for (int64_t k = i + 1; k < r; k++) put(a, k, at(a, k - 1) + 1);
    return true;
}

static Value construct_with_replacement(VM *vm, Args args)
{
    int64_t r;
    Value pool = obj_to_tuple(vm, args.v[1]), *root = is_error(pool) ? NULL : roots_push(vm, pool);
    if (!root) return VALUE_ERROR;
    bool ok = row_length(vm, args.v[2], &r);
    roots_pop(vm, root);
    bool none = ok && r && !as_tuple(pool)->size;
    Iter *it = ok ? make(vm, args.v[0], none ? VALUE_UNSET : pool, r, none ? 0 : (size_t)r) : NULL;
    for (int64_t i = 0; it && !none && i < r; i++) put(as_array(it->extra), i, 0);
    return made(it);
}

static bool with_replacement_step(const Iter *it)
{
    Array *a = as_array(it->extra);
    int64_t last = (int64_t)as_tuple(it->source)->size - 1, r = it->limit, i = r;
    while (i-- > 0 && at(a, i) == last) {}
    if (i < 0) return false;
    int64_t next = at(a, i) + 1;
    for (int64_t k = i; k < r; k++) put(a, k, next);
    return true;
}

static Value next_row(VM *vm, Value self, bool (*step)(const Iter *it))
{
    Iter *it = as_iter(self);
    if (is_unset(it->source)) return VALUE_STOP;
    if (it->index == RUNNING && !step(it)) return itertools_end(vm, it);
    it->index = RUNNING;
    return row_of(vm, it, it->limit);
}

static Value permutations_next(VM *vm, Value self)
{
    return next_row(vm, self, permutations_step);
}
static Value combinations_next(VM *vm, Value self)
{
    return next_row(vm, self, combinations_step);
}
static Value with_replacement_next(VM *vm, Value self)
{
    return next_row(vm, self, with_replacement_step);
}

const TypeDef itertools_product = {
    .slots = {.iter = iter_self, .next = product_next},
    .constructor = {"product(*iterables, repeat=1)", construct_product, NULL, 0},
    .doc = "All tuples with an item of each iterable.",
};
const TypeDef itertools_permutations = {
    .slots = {.iter = iter_self, .next = permutations_next},
    .constructor = {"permutations(iterable, r=None)", construct_permutations, NULL, 0},
    .doc = "All orders of r of the items.",
};
const TypeDef itertools_combinations = {
    .slots = {.iter = iter_self, .next = combinations_next},
    .constructor = {"combinations(iterable, r)", construct_combinations, NULL, 0},
    .doc = "All choices of r of the items, in order.",
};
const TypeDef itertools_with_replacement = {
    .slots = {.iter = iter_self, .next = with_replacement_next},
    .constructor = {"combinations_with_replacement(iterable, r)", construct_with_replacement, NULL, 0},
    .doc = "All choices of r of the items, in order, each possibly several times.",
};
