/* list.c - lists: storage, slices, the methods. Sorting is in sort.c, what tuples share in sequence.c. */
#include "vm/list.h"
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/iter.h"
#include "vm/type.h"

/* ---- storage ---- */

Value list_with_capacity(VM *vm, size_t n)
{
    List *l = heap_alloc_raw(vm, KIND_LIST, T_LIST, sizeof *l);
    if (!l) return VALUE_ERROR;
    l->size = l->capacity = 0;
    l->items = NULL;
    if (n && !(l->items = heap_malloc(vm, size_mul(n, sizeof(Value))))) return VALUE_ERROR;
    l->capacity = n;
    return obj_value(l);
}

Value list_new(VM *vm, const Value *items, size_t n)
{
    Value v = list_with_capacity(vm, n);
    if (is_error(v) || n == 0) return v;
    List *l = as_list(v);
    if (items) {
        memcpy(l->items, items, n * sizeof(Value));
    } else {
        for (size_t i = 0; i < n; i++) l->items[i] = VALUE_NONE;
    }
    l->size = n;
    return v;
}

static bool resize(VM *vm, List *l, size_t capacity)
{
    Value *items = heap_realloc(vm, l->items, l->capacity * sizeof(Value), size_mul(capacity, sizeof(Value)));
    if (!items) return false;
    l->items = items;
    l->capacity = capacity;
    return true;
}

bool list_reserve(VM *vm, List *l, size_t n) { return n <= l->capacity || resize(vm, l, n); }

/* Room for n items, with some to spare so that appending is amortised: half as much again, an eighth for long ones. */
static bool grow(VM *vm, List *l, size_t n)
{
    if (n <= l->capacity) return true;
    size_t spare = n < 1 << 16 ? n / 2 : n / 8;
    return resize(vm, l, size_add(n, spare + 3) & ~(size_t)3);
}

/* Room for n more: exactly that many in an empty list, which is likely to stay as it is. */
static bool grow_by(VM *vm, List *l, size_t n)
{
    return l->size ? grow(vm, l, size_add(l->size, n)) : list_reserve(vm, l, n);
}

static void release(VM *vm, Value *items, size_t capacity)
{
    if (items) heap_free(vm, items, capacity * sizeof(Value));
}

/* Give memory back when a list has shrunk to a fraction. Failing to is no error. */
static void shrink(VM *vm, List *l)
{
    if (l->capacity < 64 || l->size >= l->capacity / 4) return;
    Value *items = heap_realloc(vm, l->items, l->capacity * sizeof(Value), l->capacity / 2 * sizeof(Value));
    if (!items) {
        vm_take_pending(vm);
        return;
    }
    l->items = items;
    l->capacity /= 2;
}

bool list_append(VM *vm, List *l, Value v) { return grow(vm, l, l->size + 1) && list_push(vm, l, v); }

bool list_extend_items(VM *vm, List *l, const Value *items, size_t n)
{
    if (!grow_by(vm, l, n)) return false;
    if (n) memcpy(l->items + l->size, items, n * sizeof(Value));
    l->size += n;
    gc_filled(vm, l);
    return true;
}

/* Move the items from `from` on to `to`, and set the size accordingly. There must be room; the gap is garbage. */
static void move_tail(VM *vm, List *l, size_t to, size_t from)
{
    size_t n = l->size - from, first = to < from ? to : from;
    gc_store_many(vm, l, l->items + first, l->size - first);
    memmove(l->items + to, l->items + from, n * sizeof(Value));
    l->size = to + n;
}

bool list_insert(VM *vm, List *l, int64_t i, Value v)
{
    int64_t n = (int64_t)l->size;
    if (i < 0) i = i + n < 0 ? 0 : i + n;
    if (i >= n) return list_push(vm, l, v);
    if (!grow(vm, l, l->size + 1)) return false;
    move_tail(vm, l, (size_t)i + 1, (size_t)i);
    gc_init(vm, l, &l->items[i], v);
    return true;
}

Value list_pop(VM *vm, List *l, int64_t i)
{
    Value v = l->items[i];
    if ((size_t)i + 1 == l->size)
        list_pop_last(vm, l);
    else
        move_tail(vm, l, (size_t)i, (size_t)i + 1);
    shrink(vm, l);
    return v;
}

void list_clear(VM *vm, List *l)
{
    gc_store_many(vm, l, l->items, l->size);
    release(vm, l->items, l->capacity);
    l->items = NULL;
    l->size = l->capacity = 0;
}

void list_reverse(VM *vm, List *l)
{
    if (l->size < 2) return;
    gc_store_many(vm, l, l->items, l->size);
    for (Value *a = l->items, *b = a + l->size - 1; a < b; a++, b--) {
        Value v = *a;
        *a = *b;
        *b = v;
    }
}

/* ---- extending ---- */

static bool extend_range(VM *vm, List *l, Range *r)
{
    if (!grow_by(vm, l, (size_t)r->ilen)) return false;
    for (int64_t i = 0; i < r->ilen; i++) {
        Value v = range_item(vm, r, i);
        if (is_error(v) || !list_push(vm, l, v)) return false;
        if (i % 4096 == 4095 && !vm_tick(vm, 4096)) return false;
    }
    return true;
}

static bool extend_keys(VM *vm, List *l, Dict *d)
{
    Value key, value;
    size_t pos = 0;
    if (!grow_by(vm, l, d->live)) return false;
    while (dict_next(d, &pos, &key, &value))
        if (!list_push(vm, l, key)) return false;
    return true;
}

static bool extend_set(VM *vm, List *l, Set *s)
{
    Value item;
    size_t pos = 0;
    if (!grow_by(vm, l, s->live)) return false;
    while (set_next(s, &pos, &item))
        if (!list_push(vm, l, item)) return false;
    return true;
}

bool list_extend(VM *vm, List *l, Value iterable)
{
    if (is_exact(iterable, T_LIST) || is_exact(iterable, T_TUPLE)) {
        size_t n;
        sequence_items(as_obj(iterable), &n);
        if (!grow_by(vm, l, n)) return false;
        return list_extend_items(vm, l, sequence_items(as_obj(iterable), &n), n); // read again: it may be l
    }
    if (is_range(iterable) && as_range(iterable)->ilen >= 0) return extend_range(vm, l, as_range(iterable));
    if (is_exact(iterable, T_DICT)) return extend_keys(vm, l, as_dict(iterable));
    if (is_exact(iterable, T_SET) || is_exact(iterable, T_FROZENSET)) return extend_set(vm, l, as_set(iterable));
    Value *r = roots_push(vm, obj_value(l));
    if (!r) return false;
    bool ok = iterate_hinted(vm, iterable, l);
    roots_pop(vm, r);
    return ok;
}

/* ---- slices ---- */

Value list_slice(VM *vm, List *l, int64_t start, int64_t stop, int64_t step, int64_t n)
{
    (void)stop;
    if (step == 1) return list_new(vm, n ? l->items + start : l->items, (size_t)n);
    Value v = list_with_capacity(vm, (size_t)n);
    if (is_error(v)) return v;
    List *out = as_list(v);
    for (int64_t i = 0; i < n; i++) out->items[i] = l->items[start + i * step];
    out->size = (size_t)n;
    return v;
}

/* l[start:stop] = items, which are not l's own. */
static bool replace(VM *vm, List *l, int64_t start, int64_t stop, const Value *items, size_t n)
{
    if (stop < start) stop = start;
    size_t tail = (size_t)start + n;
    if (tail > (size_t)stop && !grow(vm, l, size_add(l->size, tail - (size_t)stop))) return false;
    gc_store_many(vm, l, l->items + start, (size_t)(stop - start));
    if (tail != (size_t)stop) move_tail(vm, l, tail, (size_t)stop);
    if (n) memcpy(l->items + start, items, n * sizeof(Value));
    gc_filled(vm, l);
    if (tail < (size_t)stop) shrink(vm, l);
    return true;
}

/* del l[start:..:step] of n items: what lies between them moves down. */
static void delete_stepped(VM *vm, List *l, int64_t start, int64_t step, int64_t n)
{
    if (step < 0) {
        start += step * (n - 1);
        step = -step;
    }
    gc_store_many(vm, l, l->items + start, l->size - (size_t)start);
    Value *to = l->items + start;
    for (int64_t i = 0; i < n; i++) {
        int64_t from = start + i * step + 1;
        int64_t end = i + 1 < n ? from + step - 1 : (int64_t)l->size;
        memmove(to, l->items + from, (size_t)(end - from) * sizeof(Value));
        to += end - from;
    }
    l->size -= (size_t)n;
    shrink(vm, l);
}

static Value delete_slice(VM *vm, List *l, Slice *s)
{
    int64_t start, stop, step, n = slice_indices(vm, s, (int64_t)l->size, &start, &stop, &step);
    if (n < 0) return VALUE_ERROR;
    if (n == 0) return VALUE_NONE;
    if (step == 1)
        replace(vm, l, start, stop, NULL, 0);
    else
        delete_stepped(vm, l, start, step, n);
    return VALUE_NONE;
}

static Value assign_stepped(VM *vm, List *l, int64_t start, int64_t step, int64_t n, List *from)
{
    if ((int64_t)from->size != n)
        return vm_raise(vm, ERR_VALUE, "attempt to assign sequence of size %zu to extended slice of size %ld", from->size,
                        (long)n);
    for (int64_t i = 0; i < n; i++) gc_store(vm, l, &l->items[start + i * step], from->items[i]);
    return VALUE_NONE;
}

static Value assign_slice(VM *vm, List *l, Slice *s, Value value)
{
    int64_t start, stop, step;
    if (!slice_unpack(vm, s, &start, &stop, &step)) return VALUE_ERROR;
    const char *text = step == 1 ? "can only assign an iterable" : "must assign iterable to extended slice";
    Value items = is_exact(value, T_LIST) && as_list(value) != l ? value : iterable_to_list(vm, value, text);
    if (is_error(items)) return items;
    // Only now: making the items may have changed the list.
    int64_t n = slice_adjust((int64_t)l->size, &start, &stop, step);
    if (step != 1) return assign_stepped(vm, l, start, step, n, as_list(items));
    return replace(vm, l, start, stop, as_list(items)->items, as_list(items)->size) ? VALUE_NONE : VALUE_ERROR;
}

/* ---- slots ---- */

static Value list_len(VM *vm, Value self)
{
    (void)vm;
    return small((int64_t)as_list(self)->size);
}

/* A subscript as a position; false with IndexError(text). */
static bool position(VM *vm, List *l, Value key, int64_t *i, const char *text)
{
    if (!index_subscript(vm, key, i)) return false;
    if (*i < 0) *i += (int64_t)l->size;
    if ((uint64_t)*i < l->size) return true;
    vm_raise(vm, ERR_INDEX, text);
    return false;
}

static Value list_getitem(VM *vm, Value self, Value key)
{
    List *l = as_list(self);
    int64_t i, stop, step;
    if (is_slice(key)) {
        int64_t n = slice_indices(vm, as_slice(key), (int64_t)l->size, &i, &stop, &step);
        return n < 0 ? VALUE_ERROR : list_slice(vm, l, i, stop, step, n);
    }
    if (!is_index(vm, key)) return sequence_refuse_key(vm, self, key);
    return position(vm, l, key, &i, "list index out of range") ? l->items[i] : VALUE_ERROR;
}

static Value list_setitem(VM *vm, Value self, Value key, Value value)
{
    List *l = as_list(self);
    if (is_slice(key))
        return is_unset(value) ? delete_slice(vm, l, as_slice(key)) : assign_slice(vm, l, as_slice(key), value);
    if (!is_index(vm, key)) return sequence_refuse_key(vm, self, key);
    int64_t i;
    if (!position(vm, l, key, &i, "list assignment index out of range")) return VALUE_ERROR;
    if (is_unset(value))
        list_pop(vm, l, i);
    else
        gc_store(vm, l, &l->items[i], value);
    return VALUE_NONE;
}

static Value list_compare(VM *vm, Value a, Value b, CompareOp op)
{
    return is_list(b) ? sequence_compare(vm, a, b, op) : VALUE_NOT_IMPLEMENTED;
}

static Value list_repr(VM *vm, Value self)
{
    List *l = as_list(self);
    if (l->size == 0) return str_from_c(vm, "[]");
    ReprGuard guard;
    int entered = repr_enter(vm, &guard, self);
    if (entered != REPR_FIRST) return entered == REPR_AGAIN ? str_from_c(vm, "[...]") : VALUE_ERROR;
    StrBuilder b;
    sb_init(&b, vm);
    Value *root = roots_push(vm, VALUE_UNSET);
    bool ok = root && sb_add_c(&b, "[");
    for (size_t i = 0; ok && i < l->size; i++) { // the size is read each time: __repr__ may change the list
        *root = l->items[i];
        ok = (i == 0 || sb_add(&b, ", ", 2)) && sb_add_repr(&b, *root);
    }
    if (root) roots_pop(vm, root);
    repr_leave(vm, &guard);
    if (ok) sb_add_c(&b, "]");
    if (ok) return sb_finish(&b);
    sb_drop(&b);
    return VALUE_ERROR;
}

static Value concat(VM *vm, List *a, List *b)
{
    Value v = list_with_capacity(vm, size_add(a->size, b->size));
    if (is_error(v)) return v;
    List *out = as_list(v);
    if (a->size) memcpy(out->items, a->items, a->size * sizeof(Value));
    if (b->size) memcpy(out->items + a->size, b->items, b->size * sizeof(Value));
    out->size = a->size + b->size;
    return v;
}

/* Fill items[n .. total) with copies of the first n, doubling. */
static void replicate(Value *items, size_t n, size_t total)
{
    while (n < total) {
        size_t step = n < total - n ? n : total - n;
        memcpy(items + n, items, step * sizeof(Value));
        n += step;
    }
}

static Value repeat(VM *vm, List *l, Value count)
{
    int64_t times;
    if (!sequence_times(vm, count, &times)) return is_unset(vm->exc) ? VALUE_NOT_IMPLEMENTED : VALUE_ERROR;
    size_t total = size_mul(l->size, (size_t)times);
    Value v = list_with_capacity(vm, total);
    if (is_error(v) || total == 0) return v;
    List *out = as_list(v);
    memcpy(out->items, l->items, l->size * sizeof(Value));
    replicate(out->items, l->size, total);
    out->size = total;
    return v;
}

static Value list_binary(VM *vm, BinaryOp op, Value a, Value b)
{
    if (op == BIN_MUL) return is_list(a) ? repeat(vm, as_list(a), b) : repeat(vm, as_list(b), a);
    if (op != BIN_ADD || !is_list(a)) return VALUE_NOT_IMPLEMENTED;
    return is_list(b) ? concat(vm, as_list(a), as_list(b)) : sequence_refuse_concat(vm, a, b);
}

static Value repeat_in_place(VM *vm, Value self, Value count)
{
    List *l = as_list(self);
    int64_t times;
    if (!sequence_times(vm, count, &times)) return is_unset(vm->exc) ? VALUE_NOT_IMPLEMENTED : VALUE_ERROR;
    size_t n = l->size, total = size_mul(n, (size_t)times);
    if (total == n) return self;
    if (total == 0) {
        list_clear(vm, l);
        return self;
    }
    if (!list_reserve(vm, l, total)) return VALUE_ERROR;
    gc_store_many(vm, l, l->items, n);
    replicate(l->items, n, total);
    l->size = total;
    return self;
}

static Value list_inplace(VM *vm, BinaryOp op, Value a, Value b)
{
    if (op == BIN_ADD && is_list(a)) return list_extend(vm, as_list(a), b) ? a : VALUE_ERROR;
    if (op == BIN_MUL && is_list(a)) return repeat_in_place(vm, a, b);
    return list_binary(vm, op, a, b);
}

/* ---- methods ---- */

static Value nat_append(VM *vm, Args args)
{
    return list_push(vm, as_list(args.v[0]), args.v[1]) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_extend(VM *vm, Args args)
{
    return list_extend(vm, as_list(args.v[0]), args.v[1]) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_insert(VM *vm, Args args)
{
    int64_t i;
    if (!index_argument(vm, args.v[1], &i)) return VALUE_ERROR;
    return list_insert(vm, as_list(args.v[0]), i, args.v[2]) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_pop(VM *vm, Args args)
{
    List *l = as_list(args.v[0]);
    int64_t i;
    if (!index_argument(vm, args.v[1], &i)) return VALUE_ERROR;
    // __index__ of the argument may have emptied the list: its size is read only now.
    if (l->size == 0) return vm_raise(vm, ERR_INDEX, "pop from empty list");
    if (i < 0) i += (int64_t)l->size;
    if ((uint64_t)i >= l->size) return vm_raise(vm, ERR_INDEX, "pop index out of range");
    return list_pop(vm, l, i);
}

static Value nat_remove(VM *vm, Args args)
{
    List *l = as_list(args.v[0]);
    int64_t i = sequence_find(vm, &l->h, args.v[1], 0, INT64_MAX);
    if (i == -2) return VALUE_ERROR;
    if (i == -1) return vm_raise(vm, ERR_VALUE, "list.remove(x): x not in list");
    if ((size_t)i < l->size) list_pop(vm, l, i); // the comparison may have shortened it
    return VALUE_NONE;
}

static Value nat_clear(VM *vm, Args args)
{
    list_clear(vm, as_list(args.v[0]));
    return VALUE_NONE;
}

static Value nat_copy(VM *vm, Args args)
{
    List *l = as_list(args.v[0]);
    return list_new(vm, l->items, l->size);
}

static Value nat_index(VM *vm, Args args)
{
    List *l = as_list(args.v[0]);
    int64_t start, stop;
    if (!index_bound(vm, args.v[2], (int64_t)l->size, &start)) return VALUE_ERROR;
    if (!index_bound(vm, args.v[3], (int64_t)l->size, &stop)) return VALUE_ERROR;
    int64_t i = sequence_find(vm, &l->h, args.v[1], start, stop);
    if (i >= 0) return small(i);
    if (i == -2) return VALUE_ERROR;
    Value text = obj_repr(vm, args.v[1]);
    return is_error(text) ? text : vm_raise(vm, ERR_VALUE, "%V is not in list", text);
}

static Value nat_count(VM *vm, Args args) { return sequence_count(vm, args.v[0], args.v[1]); }

static Value nat_reverse(VM *vm, Args args)
{
    list_reverse(vm, as_list(args.v[0]));
    return VALUE_NONE;
}

static Value nat_sort(VM *vm, Args args)
{
    int64_t reverse;
    if (!index_argument(vm, is_bool(args.v[2]) ? small(args.v[2] == VALUE_TRUE) : args.v[2], &reverse)) return VALUE_ERROR;
    return list_sort(vm, as_list(args.v[0]), args.v[1], reverse != 0) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_init(VM *vm, Args args)
{
    List *l = as_list(args.v[0]);
    if (l->size) list_clear(vm, l);
    return list_extend(vm, l, args.v[1]) ? VALUE_NONE : VALUE_ERROR;
}

static Value construct(VM *vm, Args args)
{
    List *l = container_alloc(vm, as_type(args.v[0]), KIND_LIST, sizeof(List));
    if (!l) return VALUE_ERROR;
    Value *r = roots_push(vm, obj_value(l));
    if (!r) return VALUE_ERROR;
    bool ok = args.v[1] == obj_value(vm->empty_tuple) || list_extend(vm, l, args.v[1]);
    roots_pop(vm, r);
    return ok ? obj_value(l) : VALUE_ERROR;
}

static Value nat_getitem(VM *vm, Args args) { return list_getitem(vm, args.v[0], args.v[1]); }

static const NativeDef methods[] = {
    {"__init__(self, iterable=(), /)", nat_init, "Initialize self.", 0},
    {"__getitem__(self, index, /)", nat_getitem, "self[index]", NATIVE_NAMED},
    {"append(self, object, /)", nat_append, "Add an item at the end.", 0},
    {"clear(self, /)", nat_clear, "Remove all items.", 0},
    {"copy(self, /)", nat_copy, "A list of the same items.", 0},
    {"count(self, value, /)", nat_count, "How many items are equal to value.", 0},
    {"extend(self, iterable, /)", nat_extend, "Add all items of an iterable at the end.", 0},
    {"index(self, value, start=0, stop=9223372036854775807, /)", nat_index,
     "The first place from start to stop where value is; ValueError if there is none.", 0},
    {"insert(self, index, object, /)", nat_insert, "Put an item in before the one at index.", 0},
    {"pop(self, index=-1, /)", nat_pop,
     "Take out the item at index, the last by default; IndexError if there is none.", 0},
    {"remove(self, value, /)", nat_remove,
     "Remove the first item equal to value; ValueError if there is none.", 0},
    {"reverse(self, /)", nat_reverse, "Turn the order round, in place.", 0},
    {"sort(self, /, *, key=None, reverse=False)", nat_sort,
     "Put the items in order, in place; equal ones stay as they were.", 0},
    CLASS_GETITEM_ROW,
    {0},
};

const TypeDef type_def_LIST = {
    .slots =
        {
            .repr = list_repr,
            .compare = list_compare,
            .len = list_len,
            .getitem = list_getitem,
            .setitem = list_setitem,
            .contains = sequence_contains,
            .iter = list_iter,
            .reversed = list_reversed,
            .binary = list_binary,
            .inplace = list_inplace,
        },
    .methods = methods,
    .constructor = {"list(iterable=(), /)", construct, NULL, 0},
    .convert = obj_to_list,
    .doc = "A sequence of any objects that can be changed.",
    .flags = TYPE_SEQUENCE | TYPE_MATCH_SELF | TYPE_UNHASHABLE,
    .operators = OPS_LEFT(BIN_ADD) | OPS_BOTH(BIN_MUL),
};
