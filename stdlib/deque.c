/* deque.c - collections.deque: a ring of values that grows at both ends. */
#include "stdlib/deque.h"
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/iter.h"
#include "vm/list.h"
#include "vm/reduce.h"
#include "vm/type.h"

#include <stdlib.h>

typedef struct Ring {
    Value *items;    // NULL until something is added
    size_t capacity; // a power of two
    size_t head, size;
    int64_t maxlen;  // -1: none
    int64_t version; // grows with every addition and removal: iterators look at it
} Ring;

static bool is_deque(Value v) { return is_kind(v, KIND_NATIVE_DATA) && as_obj(v)->aux == NATIVE_DATA_DEQUE; }
static Ring *ring_of(Value v) { return ((NativeData *)as_obj(v))->data; }
static Value *slot_at(const Ring *r, size_t i) { return &r->items[(r->head + i) & (r->capacity - 1)]; }

/* ---- the ring ------------------------------------------------------------------------------------ */

static bool grow(VM *vm, Ring *r)
{
    size_t capacity = r->capacity ? r->capacity * 2 : 8;
    Value *items = heap_malloc(vm, size_mul(capacity, sizeof *items));
    if (!items) return false;
    for (size_t i = 0; i < r->size; i++) items[i] = *slot_at(r, i);
    if (r->items) heap_free(vm, r->items, r->capacity * sizeof *items);
    r->items = items;
    r->capacity = capacity;
    r->head = 0;
    return true;
}

static Value take_last(VM *vm, Value self)
{
    Ring *r = ring_of(self);
    Value *slot = slot_at(r, --r->size), v = *slot;
    gc_store(vm, as_obj(self), slot, VALUE_UNSET);
    r->version++;
    return v;
}

Value deque_take_first(VM *vm, Value self)
{
    Ring *r = ring_of(self);
    Value *slot = slot_at(r, 0), v = *slot;
    gc_store(vm, as_obj(self), slot, VALUE_UNSET);
    r->head = (r->head + 1) & (r->capacity - 1);
    r->size--;
    r->version++;
    return v;
}

bool deque_put_last(VM *vm, Value self, Value v)
{
    Ring *r = ring_of(self);
    if (r->maxlen == 0) return true;
    if (r->size == r->capacity && !grow(vm, r)) return false;
    gc_init(vm, as_obj(self), slot_at(r, r->size++), v);
    r->version++;
    if (r->maxlen > 0 && r->size > (size_t)r->maxlen) deque_take_first(vm, self);
    return true;
}

static bool put_first(VM *vm, Value self, Value v)
{
    Ring *r = ring_of(self);
    if (r->maxlen == 0) return true;
    if (r->size == r->capacity && !grow(vm, r)) return false;
    r->head = (r->head - 1) & (r->capacity - 1);
    r->size++;
    gc_init(vm, as_obj(self), slot_at(r, 0), v);
    r->version++;
    if (r->maxlen > 0 && r->size > (size_t)r->maxlen) take_last(vm, self);
    return true;
}

static void rotate(VM *vm, Value self, size_t steps) // to the right; steps < size
{
    Ring *r = ring_of(self);
    if (r->size < 2) return;
    if (steps <= r->size / 2)
        while (steps--) put_first(vm, self, take_last(vm, self)); // never grows: a place has just become free
    else
        for (steps = r->size - steps; steps--;) deque_put_last(vm, self, deque_take_first(vm, self));
}

/* ---- making -------------------------------------------------------------------------------------- */

static Value make(VM *vm, Type *type, int64_t maxlen)
{
    NativeData *o = container_alloc(vm, type, KIND_NATIVE_DATA, sizeof *o);
    Ring *r = o ? heap_malloc(vm, sizeof *r) : NULL;
    if (!r) return VALUE_ERROR;
    *r = (Ring){.maxlen = maxlen};
    o->h.aux = NATIVE_DATA_DEQUE;
    o->data = r;
    o->values[0] = o->values[1] = VALUE_UNSET;
    return obj_value(o);
}

Value deque_new(VM *vm) { return make(vm, stdlib(vm)->deque_type, -1); }
size_t deque_size(Value self) { return ring_of(self)->size; }

static void trace(VM *vm, Obj *o)
{
    const Ring *r = ((NativeData *)o)->data;
    for (size_t i = 0; r && i < r->size; i++) gc_mark_value(vm, *slot_at(r, i));
}

static void release(VM *vm, Obj *o)
{
    Ring *r = ((NativeData *)o)->data;
    if (!r) return;
    if (r->items) heap_free(vm, r->items, r->capacity * sizeof(Value));
    heap_free(vm, r, sizeof *r);
}

static bool add_last(VM *vm, Value item, void *self) { return deque_put_last(vm, *(Value *)self, item); }
static bool add_first(VM *vm, Value item, void *self) { return put_first(vm, *(Value *)self, item); }

static void clear(VM *vm, Value self)
{
    Ring *r = ring_of(self);
    while (r->size) take_last(vm, self);
    r->version++;
}

/* Adding a deque to itself adds what it held before. */
static bool extend(VM *vm, Value *self, Value iterable, bool first)
{
    Value source = iterable == *self ? obj_to_list(vm, iterable) : iterable;
    Value *root = is_error(source) ? NULL : roots_push(vm, source);
    if (!root) return false;
    bool ok = obj_iterate(vm, source, first ? add_first : add_last, self);
    roots_pop(vm, root);
    return ok;
}

static bool read_maxlen(VM *vm, Value v, int64_t *out)
{
    *out = -1;
    if (is_none(v)) return true;
    if (!is_int(v)) return vm_raise(vm, ERR_TYPE, "an integer is required"), false;
    if (!index_argument(vm, v, out)) return false;
    if (*out < 0) return vm_raise(vm, ERR_VALUE, "maxlen must be non-negative"), false;
    return true;
}

/* args: the deque, what it shall hold (or UNSET), its greatest length. */
static bool fill(VM *vm, Value *args)
{
    int64_t maxlen;
    if (!read_maxlen(vm, args[2], &maxlen)) return false;
    clear(vm, args[0]);
    ring_of(args[0])->maxlen = maxlen;
    return is_unset(args[1]) || extend(vm, &args[0], args[1], false);
}

static Value construct(VM *vm, Args args)
{
    args.v[0] = make(vm, as_type(args.v[0]), -1);
    return !is_error(args.v[0]) && fill(vm, args.v) ? args.v[0] : VALUE_ERROR;
}

static Value nat_init(VM *vm, Args args) { return fill(vm, args.v) ? VALUE_NONE : VALUE_ERROR; }

/* A subclass makes its copies itself. */
static Value subclass_copy(VM *vm, Value self)
{
    int64_t maxlen = ring_of(self)->maxlen;
    Value class = obj_value(type_of(vm, self)), args[] = {self, int_from_i64(vm, maxlen)};
    Value new = vm_call(vm, class, args, maxlen < 0 ? 1 : 2);
    if (is_error(new) || is_deque(new)) return new;
    return vm_raise(vm, ERR_TYPE, "%V() must return a deque, not %T", as_type(class)->qualname, new);
}

static Value copy(VM *vm, Value self)
{
    if (as_obj(self)->shape != stdlib(vm)->deque_type->root_shape->id) return subclass_copy(vm, self);
    const Ring *r = ring_of(self);
    Value new = make(vm, stdlib(vm)->deque_type, r->maxlen);
    for (size_t i = 0; !is_error(new) && i < r->size; i++)
        if (!deque_put_last(vm, new, *slot_at(r, i))) return VALUE_ERROR;
    return new;
}

/* ---- methods ------------------------------------------------------------------------------------- */

static Value nat_append(VM *vm, Args args)
{
    return deque_put_last(vm, args.v[0], args.v[1]) ? VALUE_NONE : VALUE_ERROR;
}
static Value nat_appendleft(VM *vm, Args args)
{
    return put_first(vm, args.v[0], args.v[1]) ? VALUE_NONE : VALUE_ERROR;
}
static Value nat_extend(VM *vm, Args args)
{
    return extend(vm, &args.v[0], args.v[1], false) ? VALUE_NONE : VALUE_ERROR;
}
static Value nat_extendleft(VM *vm, Args args)
{
    return extend(vm, &args.v[0], args.v[1], true) ? VALUE_NONE : VALUE_ERROR;
}
static Value nat_clear(VM *vm, Args args) { return clear(vm, args.v[0]), VALUE_NONE; }
static Value nat_copy(VM *vm, Args args) { return copy(vm, args.v[0]); }

static Value nat_reduce(VM *vm, Args args)
{
    Value self = args.v[0], *r = roots_reserve(vm, 2), result = VALUE_ERROR;
    if (!r) return VALUE_ERROR;
    r[0] = object_state(vm, self);
    r[1] = is_error(r[0]) ? r[0] : obj_iter(vm, self);
    int64_t maxlen = ring_of(self)->maxlen;
    Value limit = maxlen < 0 ? VALUE_NONE : int_from_i64(vm, maxlen);
    Value arguments = maxlen < 0 ? obj_value(vm->empty_tuple) : tuple_pair(vm, obj_value(vm->empty_tuple), limit);
    if (!is_error(r[1]) && !is_error(limit) && !is_error(arguments))
        result = tuple_pack(vm, 4, obj_value(type_of(vm, self)), arguments, r[0], r[1]);
    roots_pop(vm, r);
    return result;
}

static Value nat_pop(VM *vm, Args args)
{
    if (ring_of(args.v[0])->size == 0) return vm_raise(vm, ERR_INDEX, "pop from an empty deque");
    return take_last(vm, args.v[0]);
}

static Value nat_popleft(VM *vm, Args args)
{
    if (ring_of(args.v[0])->size == 0) return vm_raise(vm, ERR_INDEX, "pop from an empty deque");
    return deque_take_first(vm, args.v[0]);
}

static Value nat_rotate(VM *vm, Args args)
{
    int64_t n, size = (int64_t)ring_of(args.v[0])->size;
    if (!index_argument(vm, args.v[1], &n)) return VALUE_ERROR;
    if (size > 1) rotate(vm, args.v[0], (size_t)((n % size + size) % size));
    return VALUE_NONE;
}

static Value nat_reverse(VM *vm, Args args)
{
    Ring *r = ring_of(args.v[0]);
    for (size_t i = 0, k = r->size; i + 1 < k; i++) {
        k--;
        Value a = *slot_at(r, i), b = *slot_at(r, k);
        gc_store(vm, as_obj(args.v[0]), slot_at(r, i), b);
        gc_store(vm, as_obj(args.v[0]), slot_at(r, k), a);
    }
    return VALUE_NONE;
}

/* Position of the first item equal to v in [start, stop): -1 none, -2 an exception is pending. */
static int64_t find(VM *vm, Value self, Value v, int64_t start, int64_t stop)
{
    int64_t version = ring_of(self)->version;
    for (int64_t i = start; i < stop; i++) {
        int same = value_equal_rooted(vm, *slot_at(ring_of(self), (size_t)i), v);
        if (same < 0) return -2;
        if (ring_of(self)->version != version)
            return vm_raise(vm, ERR_RUNTIME, "deque mutated during iteration"), -2;
        if (same) return i;
    }
    return -1;
}

static int64_t length(Value self) { return (int64_t)ring_of(self)->size; }

static Value nat_index(VM *vm, Args args)
{
    int64_t start = 0, stop = length(args.v[0]), n = stop;
    if (!is_unset(args.v[2]) && !index_bound(vm, args.v[2], n, &start)) return VALUE_ERROR;
    if (!is_unset(args.v[3]) && !index_bound(vm, args.v[3], n, &stop)) return VALUE_ERROR;
    int64_t at = find(vm, args.v[0], args.v[1], start, stop < n ? stop : n);
    if (at >= 0) return small(at);
    if (at == -2) return VALUE_ERROR;
    Value text = obj_repr(vm, args.v[1]);
    return is_error(text) ? text : vm_raise(vm, ERR_VALUE, "%V is not in deque", text);
}

static Value nat_count(VM *vm, Args args)
{
    int64_t n = 0;
    for (int64_t at = -1; (at = find(vm, args.v[0], args.v[1], at + 1, length(args.v[0]))) != -1; n++)
        if (at == -2) return VALUE_ERROR;
    return small(n);
}

static void remove_at(VM *vm, Value self, size_t i)
{
    Ring *r = ring_of(self);
    for (; i + 1 < r->size; i++) gc_store(vm, as_obj(self), slot_at(r, i), *slot_at(r, i + 1));
    take_last(vm, self);
}

static Value nat_remove(VM *vm, Args args)
{
    int64_t at = find(vm, args.v[0], args.v[1], 0, length(args.v[0]));
    if (at >= 0) return remove_at(vm, args.v[0], (size_t)at), VALUE_NONE;
    if (at == -2) return VALUE_ERROR;
    Value text = obj_repr(vm, args.v[1]);
    return is_error(text) ? text : vm_raise(vm, ERR_VALUE, "%V is not in deque", text);
}

static Value nat_insert(VM *vm, Args args)
{
    int64_t at, n = length(args.v[0]);
    Ring *r = ring_of(args.v[0]);
    if (!index_argument(vm, args.v[1], &at)) return VALUE_ERROR;
    if (r->maxlen == n) return vm_raise(vm, ERR_INDEX, "deque already at its maximum size");
    if (at < 0) at = at + n < 0 ? 0 : at + n;
    if (at > n) at = n;
    if (!deque_put_last(vm, args.v[0], args.v[2])) return VALUE_ERROR;
    for (int64_t i = n; i > at; i--)
        gc_store(vm, as_obj(args.v[0]), slot_at(r, (size_t)i), *slot_at(r, (size_t)i - 1));
    gc_store(vm, as_obj(args.v[0]), slot_at(r, (size_t)at), args.v[2]);
    return VALUE_NONE;
}

/* ---- slots --------------------------------------------------------------------------------------- */

static Value deque_len(VM *vm, Value self) { return (void)vm, small(length(self)); }
static int deque_truth(VM *vm, Value self) { return (void)vm, length(self) > 0; }

static Value *item_slot(VM *vm, Value self, Value key)
{
    int64_t i, n = length(self);
    if (!is_index(vm, key))
        return vm_raise(vm, ERR_TYPE, "sequence index must be integer, not '%T'", key), NULL;
    if (!index_subscript(vm, key, &i)) return NULL;
    if (i < 0) i += n;
    if (i < 0 || i >= length(self)) return vm_raise(vm, ERR_INDEX, "deque index out of range"), NULL;
    return slot_at(ring_of(self), (size_t)i);
}

static Value deque_getitem(VM *vm, Value self, Value key)
{
    Value *slot = item_slot(vm, self, key);
    return slot ? *slot : VALUE_ERROR;
}

static Value deque_setitem(VM *vm, Value self, Value key, Value v)
{
    Value *slot = item_slot(vm, self, key);
    if (!slot) return VALUE_ERROR;
    Ring *r = ring_of(self);
    if (is_unset(v)) remove_at(vm, self, ((size_t)(slot - r->items) - r->head) & (r->capacity - 1));
    else gc_store(vm, as_obj(self), slot, v);
    return VALUE_NONE;
}

static Value deque_contains(VM *vm, Value self, Value item)
{
    int64_t at = find(vm, self, item, 0, length(self));
    return at == -2 ? VALUE_ERROR : bool_value(at >= 0);
}

static Value deque_repr(VM *vm, Value self)
{
    Value name = type_short_name(type_of(vm, self));
    ReprGuard guard;
    int first = repr_enter(vm, &guard, self);
    if (first == REPR_ERROR) return VALUE_ERROR;
    if (first == REPR_AGAIN) return str_from_c(vm, "[...]");
    Value list = obj_to_list(vm, self), text = is_error(list) ? list : obj_repr(vm, list);
    repr_leave(vm, &guard);
    if (is_error(text)) return text;
    if (ring_of(self)->maxlen < 0) return str_format(vm, "%V(%V)", name, text);
    return str_format(vm, "%V(%V, maxlen=%ld)", name, text, (long)ring_of(self)->maxlen);
}

static Value deque_compare(VM *vm, Value a, Value b, CompareOp op)
{
    if (!is_deque(b)) return VALUE_NOT_IMPLEMENTED;
    Value *roots = roots_reserve(vm, 2);
    if (!roots) return VALUE_ERROR;
    roots[0] = obj_to_list(vm, a);
    roots[1] = is_error(roots[0]) ? VALUE_ERROR : obj_to_list(vm, b);
    Value result = is_error(roots[1]) ? VALUE_ERROR : sequence_compare(vm, roots[0], roots[1], op);
    roots_pop(vm, roots);
    return result;
}

/* `result` holds the items of `self`, or is it; n times as many are to be there. */
static Value repeat_items(VM *vm, Value result, Value self, int64_t n)
{
    Value list = obj_to_list(vm, self); // with a limit, what comes in pushes the first ones out
    if (is_error(list)) return list;
    if (n <= 0) return clear(vm, result), result;
    size_t size = as_list(list)->size;
    if (!size) return result;
    int64_t maxlen = ring_of(self)->maxlen;
    if (maxlen >= 0 && n > maxlen / (int64_t)size + 1) n = maxlen / (int64_t)size + 1; // once full, it stays the same
    if (size_mul((size_t)n, size * sizeof(Value)) == SIZE_MAX) return vm_no_memory(vm);
    while (--n > 0)
        for (size_t i = 0; i < size; i++)
            if (!deque_put_last(vm, result, as_list(list)->items[i])) return VALUE_ERROR;
    return result;
}

static Value times(VM *vm, Value self, Value count)
{
    int64_t n;
    if (!sequence_times(vm, count, &n)) return is_unset(vm->exc) ? VALUE_NOT_IMPLEMENTED : VALUE_ERROR;
    Value result = copy(vm, self);
    return is_error(result) ? result : repeat_items(vm, result, self, n);
}

static Value times_inplace(VM *vm, Value self, Value count)
{
    int64_t n;
    if (!sequence_times(vm, count, &n)) return is_unset(vm->exc) ? VALUE_NOT_IMPLEMENTED : VALUE_ERROR;
    return repeat_items(vm, self, self, n);
}

static Value deque_binary(VM *vm, BinaryOp op, Value a, Value b)
{
    if (op == BIN_MUL) return is_deque(a) ? times(vm, a, b) : times(vm, b, a);
    if (op != BIN_ADD || !is_deque(a)) return VALUE_NOT_IMPLEMENTED;
    if (!is_deque(b)) return vm_raise(vm, ERR_TYPE, "can only concatenate deque (not \"%T\") to deque", b);
    Value sum = copy(vm, a);
    for (size_t i = 0; !is_error(sum) && i < ring_of(b)->size; i++)
        if (!deque_put_last(vm, sum, *slot_at(ring_of(b), i))) return VALUE_ERROR;
    return sum;
}

static Value deque_inplace(VM *vm, BinaryOp op, Value a, Value b)
{
    if (op == BIN_MUL) return times_inplace(vm, a, b);
    if (op != BIN_ADD) return deque_binary(vm, op, a, b);
    return extend(vm, &a, b, false) ? a : VALUE_ERROR;
}

static Value get_maxlen(VM *vm, Value self)
{
    int64_t n = ring_of(self)->maxlen;
    return n < 0 ? VALUE_NONE : int_from_i64(vm, n);
}

/* ---- iterators ----------------------------------------------------------------------------------- */
/* Iter: source, index of the next item from that end, limit: the version that the deque must still have. */

static Value iterator(VM *vm, Value self, Type *type)
{
    Iter *it = heap_alloc(vm, KIND_ITER, type->root_shape->id, sizeof *it);
    if (!it) return VALUE_ERROR;
    it->source = self;
    it->extra = VALUE_UNSET;
    it->limit = ring_of(self)->version;
    return obj_value(it);
}

static Value deque_iter(VM *vm, Value self) { return iterator(vm, self, stdlib(vm)->deque_iter_type); }
static Value deque_reversed(VM *vm, Value self) { return iterator(vm, self, stdlib(vm)->deque_reviter_type); }

static Value iter_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    if (is_unset(it->source)) return VALUE_STOP;
    const Ring *r = ring_of(it->source);
    bool changed = r->version != it->limit, ended = (size_t)it->index >= r->size;
    if (!changed && !ended) {
        size_t i = (size_t)it->index++;
        bool backward = type_of(vm, self) == stdlib(vm)->deque_reviter_type;
        return *slot_at(r, backward ? r->size - 1 - i : i);
    }
    gc_store(vm, as_obj(self), &it->source, VALUE_UNSET);
    return changed ? vm_raise(vm, ERR_RUNTIME, "deque mutated during iteration") : VALUE_STOP;
}

static Value nat_length_hint(VM *vm, Args args)
{
    (void)vm;
    const Iter *it = as_iter(args.v[0]);
    return small(is_unset(it->source) ? 0 : length(it->source) - it->index);
}

static const NativeDef iter_methods[] = {
    {"__length_hint__(self, /)", nat_length_hint, "How many items are left.", 0}, {0}};
static const TypeDef iter_def = {
    .slots = {.iter = iter_self, .next = iter_next},
    .methods = iter_methods,
    .flags = TYPE_FINAL,
};

/* ---- the module ---------------------------------------------------------------------------------- */

static const NativeDef methods[] = {
    {"__init__(self, iterable=?, maxlen=None)", nat_init, "Initialize self.", 0},
    {"append(self, item, /)", nat_append, "Add an item at the right end.", 0},
    {"appendleft(self, item, /)", nat_appendleft, "Add an item at the left end.", 0},
    {"clear(self, /)", nat_clear, "Remove all items.", 0},
    {"__reduce__(self, /)", nat_reduce, "How to make it again.", 0},
    {"copy(self, /)", nat_copy, "A shallow copy.", 0},
    {"__copy__(self, /)", nat_copy, "A shallow copy.", 0},
    {"count(self, value, /)", nat_count, "How many items equal value.", 0},
    {"extend(self, iterable, /)", nat_extend, "Add all items at the right end.", 0},
    {"extendleft(self, iterable, /)", nat_extendleft, "Add all items at the left end, one by one.", 0},
    {"index(self, value, start=?, stop=?, /)", nat_index,
     "The position of the first item equal to value.", 0},
    {"insert(self, index, item, /)", nat_insert, "Insert an item before a position.", 0},
    {"pop(self, /)", nat_pop, "Remove the rightmost item and answer it.", 0},
    {"popleft(self, /)", nat_popleft, "Remove the leftmost item and answer it.", 0},
    {"remove(self, value, /)", nat_remove, "Remove the first item equal to value.", 0},
    {"reverse(self, /)", nat_reverse, "Turn the order round, in place.", 0},
    {"rotate(self, n=1, /)", nat_rotate, "Move the items n places to the right.", 0},
    CLASS_GETITEM_ROW,
    {0},
};

static const GetSetDef getsets[] = {{"maxlen", get_maxlen, NULL, "The greatest length, or None."}, {0}};

static const TypeDef deque_def = {
    .slots = {.repr = deque_repr,
              .compare = deque_compare,
              .truth = deque_truth,
              .len = deque_len,
              .getitem = deque_getitem,
              .setitem = deque_setitem,
              .contains = deque_contains,
              .iter = deque_iter,
              .reversed = deque_reversed,
              .binary = deque_binary,
              .inplace = deque_inplace,
              .trace = trace,
              .free = release},
    .methods = methods,
    .getsets = getsets,
    .constructor = {"deque(iterable=?, maxlen=None)", construct, NULL, 0},
    .doc = "A list-like sequence with fast appends and pops at both ends.",
    .flags = TYPE_SEQUENCE | TYPE_UNHASHABLE | TYPE_HAS_WEAKREF | TYPE_COUNTED,
    .operators = OPS_LEFT(BIN_ADD) | OPS_BOTH(BIN_MUL),
};

static bool init(VM *vm, Module *m)
{
    Stdlib *lib = stdlib(vm);
    lib->deque_type = module_add_type(vm, m, "deque", "collections.deque", &deque_def, KIND_NATIVE_DATA);
    lib->deque_iter_type = module_add_type(vm, m, NULL, "_collections._deque_iterator", &iter_def, KIND_ITER);
    lib->deque_reviter_type = module_add_type(vm, m, NULL, "_collections._deque_reverse_iterator", &iter_def, KIND_ITER);
    return lib->deque_type && lib->deque_iter_type && lib->deque_reviter_type;
}

static bool count_item(VM *vm, Value item, void *counts) { return dict_count(vm, as_dict(*(Value *)counts), item); }

static Value nat_count_items(VM *vm, Args args)
{
    if (!is_dict(args.v[0])) return vm_raise(vm, ERR_TYPE, "count() needs a dict");
    Value *counts = roots_push(vm, args.v[0]);
    bool ok = counts && obj_iterate(vm, args.v[1], count_item, counts);
    if (counts) roots_pop(vm, counts);
    return ok ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_move_to_end(VM *vm, Args args)
{
    bool movable = is_dict(args.v[0]) && !(as_obj(args.v[0])->aux & DICT_CELLS);
    if (!movable) return vm_raise(vm, ERR_TYPE, "move_to_end() needs a dict");
    int last = obj_truth(vm, args.v[2]);
    if (last < 0) return VALUE_ERROR;
    int moved = dict_move_to_end(vm, as_dict(args.v[0]), args.v[1], last);
    return moved < 0 ? VALUE_ERROR : bool_value(moved);
}

static const NativeDef natives[] = {
    {"move_to_end(dict, key, last, /)", nat_move_to_end, "Make key the last one, or the first: was it there?", 0},
    {"count(counts, iterable, /)", nat_count_items, "Add one to the number under each item.", 0},
    {0},
};

const ModuleDef _collections_module = {"_collections", natives, "What collections has in C.", init};
