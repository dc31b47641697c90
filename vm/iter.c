/* iter.c - the built-in iterators, and walking through any iterable from C. See iter.h. */
#include "vm/iter.h"
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/reduce.h"
#include "vm/type.h"

Value iter_new(VM *vm, TypeId type, Value source)
{
    Iter *it = heap_alloc_raw(vm, KIND_ITER, type, sizeof *it);
    if (!it) return VALUE_ERROR;
    it->source = source;
    it->extra = VALUE_UNSET;
    it->index = it->limit = 0;
    return obj_value(it);
}

/* The same for the types that scripts may call and derive from. */
static Value iter_of_type(VM *vm, Value type, Value source, Value extra, int64_t index)
{
    Iter *it = container_alloc(vm, as_type(type), KIND_ITER, sizeof(Iter));
    if (!it) return VALUE_ERROR;
    it->source = source;
    it->extra = extra;
    it->index = index;
    return obj_value(it);
}

Value iter_self(VM *vm, Value self)
{
    (void)vm;
    return self;
}

static Value exhaust(VM *vm, Iter *it)
{
    gc_store(vm, it, &it->source, VALUE_UNSET);
    return VALUE_STOP;
}

/* ---- from C ---- */

/* The next item of an iterator over a list or tuple; UNSET: it has none, or is of another kind. */
static inline Value take(Value v)
{
    bool list = is_exact(v, T_LIST_ITER);
    if (!list && !is_exact(v, T_TUPLE_ITER)) return VALUE_UNSET;
    Iter *it = as_iter(v);
    if (is_unset(it->source)) return VALUE_UNSET;
    size_t n = list ? as_list(it->source)->size : as_tuple(it->source)->size;
    const Value *items = list ? as_list(it->source)->items : as_tuple(it->source)->items;
    return (size_t)it->index < n ? items[it->index++] : VALUE_UNSET;
}

/* obj_next, with the commonest iterators inline: for those that step others. */
static inline Value step(VM *vm, Value v)
{
    Value item = take(v);
    if (!is_unset(item)) return item;
    return is_exact(v, T_RANGE_ITER) ? range_iter_next(vm, (RangeIter *)as_obj(v)) : obj_next(vm, v);
}

/* Is it exhausted, or has its script failed? */
static inline bool is_end(Value v) { return v == VALUE_STOP || is_error(v); }

static bool push_where_room(VM *vm, Value item, void *list)
{
    List *l = list;
    return l->size < l->capacity && list_push(vm, l, item);
}

/* What is taken is charged to the generator's own loop. */
static bool push_generated(VM *vm, Value it, List *l)
{
    for (;;) {
        Value item = obj_next_untaken(vm, it, push_where_room, l);
        if (item == VALUE_STOP) return true;
        if (is_error(item) || !list_push(vm, l, item) || !vm_tick(vm, 1)) return false;
    }
}

/* The items from a rooted iterator on. */
static bool push_rest(VM *vm, Value it, List *l)
{
    const Obj *o = as_obj(it);
    if (o->shape == T_GENERATOR) return push_generated(vm, it, l);
    bool direct = o->shape < T_BUILTIN_COUNT && (o->kind == KIND_ITER || o->kind == KIND_RANGE_ITER);
    Value (*next)(VM *, Value) = direct ? slots_of(vm, it)->next : obj_next;
    for (size_t n = 1;; n++) {
        Value item = next(vm, it);
        if (item == VALUE_STOP) return true;
        if (is_error(item) || !list_push(vm, l, item)) return false;
        if (n % 1024 == 0 && !vm_tick(vm, 1024)) return false;
    }
}

bool iterate_hinted(VM *vm, Value iterable, List *l)
{
    const int64_t trusted = 1 << 20; // a hint is only a hint
    Value it = obj_iter(vm, iterable);
    if (is_error(it)) return false;
    Value *r = roots_push(vm, it);
    if (!r) return false;
    int64_t hint = obj_length_hint(vm, iterable, 8);
    bool ok = hint >= 0;
    if (ok && l->size == 0) ok = list_reserve(vm, l, (size_t)(hint < trusted ? hint : trusted));
    ok = ok && push_rest(vm, it, l);
    roots_pop(vm, r);
    return ok;
}

Value obj_to_list(VM *vm, Value iterable)
{
    Value list = list_with_capacity(vm, 0);
    if (is_error(list)) return list;
    Value *r = roots_push(vm, list);
    if (!r) return VALUE_ERROR;
    bool ok = list_extend(vm, as_list(list), iterable);
    roots_pop(vm, r);
    return ok ? list : VALUE_ERROR;
}

Value obj_to_tuple(VM *vm, Value iterable)
{
    if (is_exact(iterable, T_TUPLE)) return iterable;
    Value list = is_exact(iterable, T_LIST) ? iterable : obj_to_list(vm, iterable);
    if (is_error(list)) return list;
    Value t = tuple_new(vm, as_list(list)->items, as_list(list)->size);
    if (list != iterable) list_clear(vm, as_list(list)); // its memory is free at once
    return t;
}

Value iterable_to_list(VM *vm, Value iterable, const char *text)
{
    if (is_exact(iterable, T_LIST)) return obj_to_list(vm, iterable);
    Value it = obj_iter(vm, iterable);
    if (is_error(it)) return obj_not_iterable(vm, text, iterable);
    Value *r = roots_push(vm, it);
    if (!r) return VALUE_ERROR;
    Value list = obj_to_list(vm, it);
    roots_pop(vm, r);
    return list;
}

/* An exact list or tuple by position: f may change the list meanwhile. */
static bool iterate_items(VM *vm, Value sequence, bool (*f)(VM *vm, Value item, void *state), void *state, Value *slot)
{
    for (size_t i = 0;; i++) {
        size_t n;
        const Value *items = sequence_items(as_obj(sequence), &n);
        if (i >= n) return true;
        *slot = items[i];
        if (!f(vm, *slot, state)) return false;
    }
}

static bool iterate_any(VM *vm, Value it, bool (*f)(VM *vm, Value item, void *state), void *state, Value *slot)
{
    for (size_t n = 1;; n++) {
        *slot = obj_next(vm, it);
        if (*slot == VALUE_STOP) return true;
        if (is_error(*slot) || !f(vm, *slot, state)) return false;
        if (n % 1024 == 0 && !vm_tick(vm, 1024)) return false;
    }
}

bool obj_iterate(VM *vm, Value iterable, bool (*f)(VM *vm, Value item, void *state), void *state)
{
    bool sequence = is_exact(iterable, T_LIST) || is_exact(iterable, T_TUPLE);
    Value *r = roots_reserve(vm, 2); // iterator and item
    if (!r) return false;
    r[0] = sequence ? iterable : obj_iter(vm, iterable);
    bool ok = !is_error(r[0]) && (sequence ? iterate_items : iterate_any)(vm, r[0], f, state, &r[1]);
    roots_pop(vm, r);
    return ok;
}

/* ---- lists and tuples ----
 * source: the list or tuple; index: the next position. Backwards, it counts down to -1. */

Value list_iter(VM *vm, Value list) { return iter_new(vm, T_LIST_ITER, list); }
Value tuple_iter(VM *vm, Value tuple) { return iter_new(vm, T_TUPLE_ITER, tuple); }

Value list_reversed(VM *vm, Value list)
{
    Value it = iter_new(vm, T_LIST_REVITER, list);
    if (!is_error(it)) as_iter(it)->index = (int64_t)as_list(list)->size - 1;
    return it;
}

static Value next_of_list(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    if (is_unset(it->source)) return VALUE_STOP;
    const List *l = as_list(it->source);
    return (size_t)it->index < l->size ? l->items[it->index++] : exhaust(vm, it);
}

static Value next_of_tuple(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    if (is_unset(it->source)) return VALUE_STOP;
    const Tuple *t = as_tuple(it->source);
    return (size_t)it->index < t->size ? t->items[it->index++] : exhaust(vm, it);
}

static Value next_of_list_back(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    if (is_unset(it->source)) return VALUE_STOP;
    const List *l = as_list(it->source);
    if ((uint64_t)it->index < l->size) return l->items[it->index--];
    it->index = -1;
    return exhaust(vm, it);
}

/* Items left: what the source holds beyond the position. */
/* Of lists and tuples the items count, whatever a subclass says. */
static int64_t source_length(VM *vm, Value source)
{
    size_t n;
    if (!is_list(source) && !is_tuple(source)) return obj_len(vm, source);
    return sequence_items(as_obj(source), &n), (int64_t)n;
}

static Value nat_hint(VM *vm, Args args)
{
    const Iter *it = as_iter(args.v[0]);
    if (is_unset(it->source)) return small(0);
    int64_t n = source_length(vm, it->source);
    if (n < 0) return VALUE_ERROR;
    return small(n > it->index ? n - it->index : 0);
}

static Value nat_hint_back(VM *vm, Args args)
{
    const Iter *it = as_iter(args.v[0]);
    if (is_unset(it->source)) return small(0);
    int64_t n = source_length(vm, it->source);
    if (n < 0) return VALUE_ERROR;
    return small(it->index < n ? it->index + 1 : 0);
}

static const NativeDef forward_methods[] = {
    {"__length_hint__(self, /)", nat_hint, "Items left.", 0},
    ITER_SETSTATE_ROW,
    {0},
};
static const NativeDef backward_methods[] = {
    {"__length_hint__(self, /)", nat_hint_back, "Items left.", 0},
    ITER_SETSTATE_ROW,
    {0},
};

const TypeDef type_def_LIST_ITER = {
    .slots = {.iter = iter_self, .next = next_of_list}, .methods = forward_methods, .flags = TYPE_FINAL};
const TypeDef type_def_LIST_REVITER = {
    .slots = {.iter = iter_self, .next = next_of_list_back}, .methods = backward_methods, .flags = TYPE_FINAL};
const TypeDef type_def_TUPLE_ITER = {
    .slots = {.iter = iter_self, .next = next_of_tuple}, .methods = forward_methods, .flags = TYPE_FINAL};

/* ---- objects that have only __getitem__ ---- source: the object; index: the next position. */

Value sequence_iter(VM *vm, Value object) { return iter_new(vm, T_SEQ_ITER, object); }

/* source[index]; the end is an IndexError or StopIteration. */
static Value item_or_end(VM *vm, Iter *it)
{
    Value v = obj_getitem(vm, it->source, small(it->index));
    if (!is_error(v)) return v;
    if (!vm_pending_is(vm, ERR_INDEX) && !vm_pending_is(vm, ERR_STOP_ITERATION)) return v;
    vm_take_pending(vm);
    return exhaust(vm, it);
}

static Value next_of_sequence(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    if (is_unset(it->source)) return VALUE_STOP;
    Value v = item_or_end(vm, it);
    if (v != VALUE_STOP && !is_error(v)) it->index++;
    return v;
}

const TypeDef type_def_SEQ_ITER = {
    .slots = {.iter = iter_self, .next = next_of_sequence}, .methods = forward_methods, .flags = TYPE_FINAL};

/* ---- reversed(): source: the sequence; index: the next position, counting down ---- */

static Value next_of_reversed(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    if (is_unset(it->source)) return VALUE_STOP;
    if (it->index < 0) return exhaust(vm, it);
    Value v = is_exact(it->source, T_TUPLE) ? as_tuple(it->source)->items[it->index] : item_or_end(vm, it);
    if (v != VALUE_STOP && !is_error(v)) it->index--;
    return v;
}

static bool is_sequence(VM *vm, Value v)
{
    Type *t = type_of(vm, v);
    return !is_dict(v) && (t->def->slots.getitem || type_defines(t, D_GETITEM));
}

static Value construct_reversed(VM *vm, Args args)
{
    Value v = args.v[1];
    Type *t = type_of(vm, v);
    if (!type_defines(t, D_REVERSED) && t->def->slots.reversed) return t->def->slots.reversed(vm, v);
    if (type_defines(t, D_REVERSED) && !is_none(type_lookup_dunder(vm, t, D_REVERSED)))
        return obj_call_special(vm, v, D_REVERSED, NULL, 0);
    if (type_defines(t, D_REVERSED) || !is_sequence(vm, v))
        return vm_raise(vm, ERR_TYPE, "'%T' object is not reversible", v);
    int64_t n = obj_len(vm, v);
    return n < 0 ? VALUE_ERROR : iter_of_type(vm, args.v[0], v, VALUE_UNSET, n - 1);
}

const TypeDef type_def_REVERSED = {
    .slots = {.iter = iter_self, .next = next_of_reversed},
    .methods = backward_methods,
    .constructor = {"reversed(sequence, /)", construct_reversed, NULL, 0},
    .doc = "The items of a sequence, the last one first.",
};

/* ---- iter(f, sentinel): source: f; extra: the sentinel ---- */

Value callable_iter(VM *vm, Value callable, Value sentinel)
{
    Value it = iter_new(vm, T_CALLABLE_ITER, callable);
    if (!is_error(it)) as_iter(it)->extra = sentinel;
    return it;
}

static Value next_of_callable(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    if (is_unset(it->source)) return VALUE_STOP;
    Value v = vm_call(vm, it->source, NULL, 0);
    if (is_error(v)) {
        if (!vm_pending_is(vm, ERR_STOP_ITERATION)) return v;
        vm_take_pending(vm);
        return exhaust(vm, it);
    }
    if (is_unset(it->source)) return VALUE_STOP; // the callable ran this very iterator to its end
    Value *r = roots_push(vm, v);
    if (!r) return VALUE_ERROR;
    int same = value_equal(vm, it->extra, v);
    roots_pop(vm, r);
    return same < 0 ? VALUE_ERROR : same ? exhaust(vm, it) : v;
}

const TypeDef type_def_CALLABLE_ITER = {
    .slots = {.iter = iter_self, .next = next_of_callable}, .flags = TYPE_FINAL};

/* ---- enumerate(): source: the iterator; extra: the next count, an int of any size ---- */

static Value construct_enumerate(VM *vm, Args args)
{
    if (is_unset(args.v[1])) return vm_raise(vm, ERR_TYPE, "enumerate() missing required argument 'iterable'");
    Value start = obj_index(vm, args.v[2]);
    if (is_error(start)) return start;
    Value *r = roots_push(vm, start);
    if (!r) return VALUE_ERROR;
    Value it = obj_iter(vm, args.v[1]);
    roots_pop(vm, r);
    return is_error(it) ? it : iter_of_type(vm, args.v[0], it, start, 0);
}

/* The count and the item that come next; None, STOP or ERROR. */
static Value step_enumerate(VM *vm, Iter *it, Value *count, Value *item)
{
    *item = step(vm, it->source);
    if (is_end(*item)) return *item;
    *count = it->extra;
    bool plain = is_small(*count) && as_small(*count) < INT_SMALL_MAX;
    Value after = plain ? *count + small(1) : int_binary(vm, BIN_ADD, *count, small(1));
    if (is_error(after)) return after;
    gc_store(vm, it, &it->extra, after);
    return VALUE_NONE;
}

static Value next_of_enumerate(VM *vm, Value self)
{
    Value count, item;
    if (vm_c_stack_low(vm)) return VALUE_ERROR;
    Value v = step_enumerate(vm, as_iter(self), &count, &item);
    return is_none(v) ? tuple_pair(vm, count, item) : v;
}

static const NativeDef generic_methods[] = {CLASS_GETITEM_ROW, {0}};

const TypeDef type_def_ENUMERATE = {
    .slots = {.iter = iter_self, .next = next_of_enumerate},
    .methods = generic_methods,
    .constructor = {"enumerate(iterable=?, start=0)", construct_enumerate, NULL, 0},
    .doc = "(number, item) for each item, counted from start.",
};

/* ---- zip() and map() ---- */

/* The iterators of a tuple of iterables, as a tuple. */
static Value iterators_of(VM *vm, const Tuple *iterables)
{
    Value v = tuple_new(vm, NULL, iterables->size);
    Value *r = roots_push(vm, v);
    if (is_error(v) || !r) return VALUE_ERROR;
    for (size_t i = 0; i < iterables->size && !is_error(v); i++) {
        Value it = obj_iter(vm, iterables->items[i]);
        if (is_error(it))
            v = it;
        else
            gc_store(vm, as_obj(*r), &as_tuple(*r)->items[i], it);
    }
    roots_pop(vm, r);
    return v;
}

/* zip: extra: Tuple of iterators; index: 1 if strict. */
static Value construct_zip(VM *vm, Args args)
{
    int strict = obj_truth(vm, args.v[2]);
    if (strict < 0) return VALUE_ERROR;
    Value iterators = iterators_of(vm, as_tuple(args.v[1]));
    return is_error(iterators) ? iterators : iter_of_type(vm, args.v[0], VALUE_NONE, iterators, strict);
}

static Value zip_mismatch(VM *vm, size_t i, const char *how)
{
    const char *others = i == 1 ? " " : "s 1-";
    return vm_raise(vm, ERR_VALUE, "zip() argument %zu is %s than argument%s%zu", i + 1, how, others, i);
}

/* A strict zip whose iterator i was the first to end: is that the fault of another? */
static Value zip_ended(VM *vm, const Tuple *iterators, size_t i)
{
    if (i > 0) return zip_mismatch(vm, i, "shorter");
    for (i = 1; i < iterators->size; i++) {
        Value item = obj_next(vm, iterators->items[i]);
        if (is_error(item)) return item;
        if (item != VALUE_STOP) return zip_mismatch(vm, i, "longer");
    }
    return VALUE_STOP;
}

/* The next item of each iterator into rooted slots; answers how many came before one ended or failed. */
static size_t next_of_each(VM *vm, const Tuple *iterators, Value *row, Value *last)
{
    for (size_t i = 0; i < iterators->size; i++) {
        *last = step(vm, iterators->items[i]);
        if (is_end(*last)) return i;
        row[i] = *last;
    }
    return iterators->size;
}

enum { MOST_TAKEN = 4 };

/* One item of each, as step_zip, but of a few lists and tuples that all have one. False: nothing has been taken. */
static inline bool take_each(const Tuple *iterators, Value *row)
{
    size_t n = iterators->size, i = 0;
    if (n - 1 >= MOST_TAKEN) return false;
    while (i < n && !is_unset(row[i] = take(iterators->items[i]))) i++;
    if (i == n) return true;
    while (i-- > 0) as_iter(iterators->items[i])->index--;
    return false;
}

/* One item of each into fresh roots, to be given back by roots_pop; UNSET, or STOP or ERROR with none. */
static Value step_zip(VM *vm, const Iter *it, Value **row)
{
    const Tuple *iterators = as_tuple(it->extra);
    if (vm_c_stack_low(vm)) return VALUE_ERROR;
    if (iterators->size == 0) return VALUE_STOP;
    Value last;
    *row = roots_reserve(vm, iterators->size);
    if (!*row) return VALUE_ERROR;
    size_t n = next_of_each(vm, iterators, *row, &last);
    if (n == iterators->size) return VALUE_UNSET;
    roots_pop(vm, *row);
    return last == VALUE_STOP && it->index ? zip_ended(vm, iterators, n) : last;
}

static Value next_of_zip(VM *vm, Value self)
{
    Value taken[MOST_TAKEN], *row;
    const Tuple *iterators = as_tuple(as_iter(self)->extra);
    if (take_each(iterators, taken)) return tuple_new(vm, taken, iterators->size);
    Value v = step_zip(vm, as_iter(self), &row);
    if (!is_unset(v)) return v;
    v = tuple_new(vm, row, as_tuple(as_iter(self)->extra)->size);
    roots_pop(vm, row);
    return v;
}

static const NativeDef zip_methods[] = {ITER_SETSTATE_ROW, {0}};

const TypeDef type_def_ZIP = {
    .slots = {.iter = iter_self, .next = next_of_zip},
    .methods = zip_methods,
    .constructor = {"zip(*iterables, strict=False)", construct_zip, NULL, 0},
    .doc = "Tuples with an item of each iterable, until one ends; strict: all have to end together.",
};

/* map: source: the function; extra: its iterator, or the Tuple of them. index: 1 if it is a Tuple. */
static Value construct_map(VM *vm, Args args)
{
    const Tuple *iterables = as_tuple(args.v[2]);
    if (iterables->size == 0) return vm_raise(vm, ERR_TYPE, "map() must have at least two arguments.");
    bool several = iterables->size > 1;
    Value extra = several ? iterators_of(vm, iterables) : obj_iter(vm, iterables->items[0]);
    return is_error(extra) ? extra : iter_of_type(vm, args.v[0], args.v[1], extra, several);
}

static Value map_several(VM *vm, const Iter *it)
{
    const Tuple *iterators = as_tuple(it->extra);
    Value last, *row = roots_reserve(vm, iterators->size);
    if (!row) return VALUE_ERROR;
    if (next_of_each(vm, iterators, row, &last) == iterators->size)
        last = vm_call(vm, it->source, row, (int)iterators->size);
    roots_pop(vm, row);
    return last;
}

/* A StopIteration that the function raises ends the iterator, as everything that next() raises it in does. */
static Value end_or(VM *vm, Value v)
{
    if (!is_error(v) || !vm_pending_is(vm, ERR_STOP_ITERATION)) return v;
    vm_take_pending(vm);
    return VALUE_STOP;
}

static Value next_of_map(VM *vm, Value self)
{
    if (vm_c_stack_low(vm)) return VALUE_ERROR;
    const Iter *it = as_iter(self);
    if (it->index) return end_or(vm, map_several(vm, it));
    Value item = step(vm, it->extra);
    return is_end(item) ? item : end_or(vm, vm_call1(vm, it->source, item));
}

const TypeDef type_def_MAP = {
    .slots = {.iter = iter_self, .next = next_of_map},
    .constructor = {"map(func=?, /, *iterables)", construct_map, NULL, 0},
    .doc = "What a function answers for the items of each iterable, until one ends.",
};

/* ---- filter(): source: the function or None; extra: the iterator ---- */

static Value construct_filter(VM *vm, Args args)
{
    Value it = obj_iter(vm, args.v[2]);
    return is_error(it) ? it : iter_of_type(vm, args.v[0], args.v[1], it, 0);
}

/* Does the rooted item pass? */
static int passes(VM *vm, Value function, Value item)
{
    if (is_none(function) || function == obj_value(vm->types[T_BOOL])) return obj_truth(vm, item);
    Value v = vm_call1(vm, function, item);
    if (is_bool(v)) return v == VALUE_TRUE;
    return is_error(v) ? -1 : obj_truth(vm, v);
}

static Value next_of_filter(VM *vm, Value self)
{
    if (vm_c_stack_low(vm)) return VALUE_ERROR;
    const Iter *it = as_iter(self);
    Value *item = roots_push(vm, VALUE_UNSET), found = VALUE_UNSET;
    if (!item) return VALUE_ERROR;
    for (size_t n = 1; is_unset(found); n++) {
        *item = step(vm, it->extra);
        int pass = is_end(*item) ? 1 : passes(vm, it->source, *item);
        if (pass < 0 || (n % 1024 == 0 && !vm_tick(vm, 1024)))
            found = VALUE_ERROR;
        else if (pass)
            found = *item;
    }
    roots_pop(vm, item);
    return end_or(vm, found);
}

const TypeDef type_def_FILTER = {
    .slots = {.iter = iter_self, .next = next_of_filter},
    .constructor = {"filter(function, iterable, /)", construct_filter, NULL, 0},
    .doc = "The items for which a function is true; None: those that are true themselves.",
};

/* ---- loops over pairs ----
 * None pays for the registers that another wants to have saved. */
#define APART static __attribute__((noinline))

APART Value unpack_zip(VM *vm, const Iter *it, Value *out, size_t n)
{
    Value taken[MOST_TAKEN], *row;
    if (take_each(as_tuple(it->extra), taken)) {
        for (size_t i = 0; i < n; i++) out[i] = taken[i];
        return VALUE_NONE;
    }
    Value v = step_zip(vm, it, &row);
    if (!is_unset(v)) return v;
    for (size_t i = 0; i < n; i++) out[i] = row[i];
    roots_pop(vm, row);
    return VALUE_NONE;
}

/* The same of two, the commonest number. */
APART Value unpack_two(VM *vm, const Iter *it, Value *out)
{
    const Value *iterators = as_tuple(it->extra)->items;
    Value first = take(iterators[0]), second = is_unset(first) ? VALUE_UNSET : take(iterators[1]);
    if (!is_unset(second)) {
        out[0] = first;
        out[1] = second;
        return VALUE_NONE;
    }
    if (!is_unset(first)) as_iter(iterators[0])->index--;
    return unpack_zip(vm, it, out, 2);
}

APART Value unpack_entry(VM *vm, Iter *it, Value *out)
{
    const DictEntry *e = dict_items_next(vm, it);
    if (!e) return is_unset(vm->exc) ? VALUE_STOP : VALUE_ERROR;
    Value value = dict_entry_value(as_dict(it->source), e);
    out[0] = e->key;
    out[1] = value;
    return VALUE_NONE;
}

APART Value unpack_counted(VM *vm, Iter *it, Value *out)
{
    Value count, item, v = step_enumerate(vm, it, &count, &item);
    if (!is_none(v)) return v;
    out[0] = count;
    out[1] = item;
    return v;
}

Value iter_unpack(VM *vm, Value iterator, Value *out, size_t n)
{
    Iter *it = as_iter(iterator);
    switch (it->h.shape) {
    case T_ZIP:
        if (as_tuple(it->extra)->size != n) return VALUE_UNSET;
        return n == 2 ? unpack_two(vm, it, out) : unpack_zip(vm, it, out, n);
    case T_ENUMERATE: return n == 2 ? unpack_counted(vm, it, out) : VALUE_UNSET;
    case T_DICT_ITEMITER: return n == 2 ? unpack_entry(vm, it, out) : VALUE_UNSET;
    default: return VALUE_UNSET;
    }
}
