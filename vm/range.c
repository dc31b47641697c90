/* range.c - ranges of integers of any size, and their iterators.
 *
 * Where start, step and length fit int64 (and so do all the items) the istart, istep, ilen fields say the same
 * as the Values and everything is machine arithmetic; otherwise ilen is -1 and int.h does the work.
 */
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/iter.h"
#include "vm/reduce.h"
#include "vm/type.h"

/* ---- making ---- */

/* The length when start, stop and step are int64 and every item is; -1 otherwise. */
static int64_t fast_length(int64_t start, int64_t stop, int64_t step)
{
    if (step > 0 ? start >= stop : start <= stop) return 0;
    uint64_t span = step > 0 ? (uint64_t)stop - (uint64_t)start : (uint64_t)start - (uint64_t)stop;
    uint64_t stride = step > 0 ? (uint64_t)step : -(uint64_t)step;
    uint64_t n = (span - 1) / stride + 1;
    return n <= INT64_MAX ? (int64_t)n : -1;
}

/* The length of any range, by the same formula. */
static Value big_length(VM *vm, Value start, Value stop, Value step)
{
    bool up = int_sign(step) > 0;
    Value low = up ? start : stop, high = up ? stop : start;
    if (int_cmp(low, high) >= 0) return small(0);
    Value stride = up ? step : int_unary(vm, UN_NEG, step);
    if (is_error(stride)) return stride;
    Value span = int_binary(vm, BIN_SUB, high, low);
    if (is_error(span)) return span;
    Value last = int_binary(vm, BIN_SUB, span, small(1));
    if (is_error(last)) return last;
    Value steps = int_binary(vm, BIN_FLOORDIV, last, stride);
    return is_error(steps) ? steps : int_binary(vm, BIN_ADD, steps, small(1));
}

static Value range_of(VM *vm, Value start, Value stop, Value step, Value length)
{
    Range *r = heap_new(vm, KIND_RANGE, T_RANGE, Range);
    if (!r) return VALUE_ERROR;
    r->start = start;
    r->stop = stop;
    r->step = step;
    r->length = length;
    int64_t end;
    bool fast = int_to_i64(start, &r->istart) && int_to_i64(step, &r->istep) && int_to_i64(stop, &end) &&
                int_to_i64(length, &r->ilen);
    if (!fast) r->ilen = -1;
    return obj_value(r);
}

Value range_new(VM *vm, Value start, Value stop, Value step)
{
    if (int_sign(step) == 0) return vm_raise(vm, ERR_VALUE, "range() arg 3 must not be zero");
    int64_t a, b, c, n = -1;
    if (int_to_i64(start, &a) && int_to_i64(stop, &b) && int_to_i64(step, &c)) n = fast_length(a, b, c);
    Value length = n >= 0 ? int_from_i64(vm, n) : big_length(vm, start, stop, step);
    return is_error(length) ? length : range_of(vm, start, stop, step, length);
}

/* ---- items ---- */

static int64_t fast_item(const Range *r, int64_t i)
{
    return (int64_t)((uint64_t)r->istart + (uint64_t)i * (uint64_t)r->istep);
}

Value range_item(VM *vm, Range *r, int64_t i)
{
    int64_t item = fast_item(r, i);
    return fits_small(item) ? small(item) : int_from_i64(vm, item);
}

/* start + i * step for any integer i. */
static Value item_at(VM *vm, Range *r, Value i)
{
    if (r->ilen >= 0 && is_small(i) && as_small(i) >= 0 && as_small(i) < r->ilen) return range_item(vm, r, as_small(i));
    Value offset = int_binary(vm, BIN_MUL, i, r->step);
    return is_error(offset) ? offset : int_binary(vm, BIN_ADD, r->start, offset);
}

static Value subscript(VM *vm, Range *r, Value key)
{
    Value i = obj_index(vm, key);
    if (is_error(i)) return i;
    if (int_sign(i) < 0) i = int_binary(vm, BIN_ADD, i, r->length);
    if (is_error(i)) return i;
    if (int_sign(i) < 0 || int_cmp(i, r->length) >= 0) return vm_raise(vm, ERR_INDEX, "range object index out of range");
    return item_at(vm, r, i);
}

static bool is_plain(Value part) { return is_small(part) || is_none(part); }

static Value slice_range(VM *vm, Range *r, Value slice)
{
    Slice *s = as_slice(slice);
    int64_t a, b, c;
    Value start, stop, step;
    if (r->ilen >= 0 && is_plain(s->start) && is_plain(s->stop) && is_plain(s->step)) {
        if (slice_indices(vm, s, r->ilen, &a, &b, &c) < 0) return VALUE_ERROR;
        start = int_from_i64(vm, a);
        stop = int_from_i64(vm, b);
        step = int_from_i64(vm, c);
    } else {
        Value t = slice_indices_big(vm, s, r->length);
        if (is_error(t)) return t;
        start = as_tuple(t)->items[0];
        stop = as_tuple(t)->items[1];
        step = as_tuple(t)->items[2];
    }
    start = is_error(start) ? start : item_at(vm, r, start);
    stop = is_error(stop) ? stop : item_at(vm, r, stop);
    step = is_error(step) ? step : int_binary(vm, BIN_MUL, step, r->step);
    if (is_error(start) || is_error(stop) || is_error(step)) return VALUE_ERROR;
    return range_new(vm, start, stop, step);
}

/* Where in the range integer v lies: an index, or UNSET. */
static Value find_int(VM *vm, Range *r, Value v)
{
    int64_t i;
    if (r->ilen >= 0 && int_to_i64(v, &i)) {
        uint64_t away = r->istep > 0 ? (uint64_t)i - (uint64_t)r->istart : (uint64_t)r->istart - (uint64_t)i;
        uint64_t stride = r->istep > 0 ? (uint64_t)r->istep : -(uint64_t)r->istep;
        if (r->istep > 0 ? i < r->istart : i > r->istart) return VALUE_UNSET;
        bool inside = away % stride == 0 && away / stride < (uint64_t)r->ilen;
        return inside ? int_from_i64(vm, (int64_t)(away / stride)) : VALUE_UNSET;
    }
    Value away = int_binary(vm, BIN_SUB, v, r->start);
    if (is_error(away)) return away;
    Value rest = int_binary(vm, BIN_MOD, away, r->step);
    if (is_error(rest) || int_sign(rest) != 0) return is_error(rest) ? rest : VALUE_UNSET;
    Value index = int_binary(vm, BIN_FLOORDIV, away, r->step);
    if (is_error(index)) return index;
    return int_sign(index) >= 0 && int_cmp(index, r->length) < 0 ? index : VALUE_UNSET;
}

/* The same for anything: what is no exact int is compared with every item. May call. */
static Value find_any(VM *vm, Range *r, Value v)
{
    if (is_exact_int(v) || is_bool(v)) return find_int(vm, r, v);
    Value *slot = roots_push(vm, VALUE_UNSET);
    if (!slot) return VALUE_ERROR;
    Value found = VALUE_UNSET, i = small(0);
    while (is_unset(found) && int_cmp(i, r->length) < 0) {
        *slot = item_at(vm, r, i);
        int same = is_error(*slot) ? -1 : value_equal(vm, *slot, v);
        if (same < 0 || ((as_small(i) & 1023) == 1023 && !vm_tick(vm, 1024)))
            found = VALUE_ERROR;
        else if (same)
            found = i;
        else
            i = small(as_small(i) + 1); // nobody lives to see 2^60 comparisons
    }
    roots_pop(vm, slot);
    return found;
}

/* ---- slots ---- */

static Value range_repr(VM *vm, Value self)
{
    const Range *r = as_range(self);
    StrBuilder b;
    sb_init(&b, vm);
    bool ok = sb_add_c(&b, "range(") && sb_add_repr(&b, r->start) && sb_add_c(&b, ", ") && sb_add_repr(&b, r->stop);
    if (ok && r->step != small(1)) ok = sb_add_c(&b, ", ") && sb_add_repr(&b, r->step);
    if (ok) sb_add_c(&b, ")");
    if (ok) return sb_finish(&b);
    sb_drop(&b);
    return VALUE_ERROR;
}

/* Two ranges are equal when they hold the same items; so the hash is that of what tells: length, first, step. */
static Value range_hash(VM *vm, Value self)
{
    const Range *r = as_range(self);
    bool some = int_sign(r->length) > 0, many = some && r->length != small(1);
    Value t = tuple_pack(vm, 3, r->length, some ? r->start : VALUE_NONE, many ? r->step : VALUE_NONE);
    int64_t hash;
    return !is_error(t) && tuple_hash(vm, as_tuple(t), &hash) ? int_from_i64(vm, hash) : VALUE_ERROR;
}

static bool equal_ranges(const Range *a, const Range *b)
{
    if (int_cmp(a->length, b->length) != 0) return false;
    if (int_sign(a->length) == 0) return true;
    if (int_cmp(a->start, b->start) != 0) return false;
    return a->length == small(1) || int_cmp(a->step, b->step) == 0;
}

static Value range_compare(VM *vm, Value a, Value b, CompareOp op)
{
    (void)vm;
    if (!is_range(b) || (op != CMP_EQ && op != CMP_NE)) return VALUE_NOT_IMPLEMENTED;
    return bool_value(equal_ranges(as_range(a), as_range(b)) == (op == CMP_EQ));
}

static int range_truth(VM *vm, Value self)
{
    (void)vm;
    return int_sign(as_range(self)->length) > 0;
}

static Value range_len(VM *vm, Value self)
{
    int64_t n;
    if (int_to_i64(as_range(self)->length, &n)) return as_range(self)->length;
    return vm_raise(vm, ERR_OVERFLOW, "Python int too large to convert to C ssize_t");
}

static Value range_getitem(VM *vm, Value self, Value key)
{
    Range *r = as_range(self);
    if (is_small(key) && as_small(key) >= 0 && as_small(key) < r->ilen) return range_item(vm, r, as_small(key));
    if (is_slice(key)) return slice_range(vm, r, key);
    if (is_index(vm, key)) return subscript(vm, r, key);
    return vm_raise(vm, ERR_TYPE, "range indices must be integers or slices, not %T", key);
}

static Value range_contains(VM *vm, Value self, Value item)
{
    Value i = find_any(vm, as_range(self), item);
    return is_error(i) ? i : bool_value(!is_unset(i));
}

/* ---- iterators ---- */

static Value fast_iter(VM *vm, int64_t start, int64_t step, int64_t n)
{
    RangeIter *it = heap_alloc_raw(vm, KIND_RANGE_ITER, T_RANGE_ITER, sizeof *it);
    if (!it) return VALUE_ERROR;
    it->next = start;
    it->step = step;
    it->left = n;
    return obj_value(it);
}

/* LONGRANGE_ITER: source is the Range, extra the index of the next item (an int). */
static Value big_iter(VM *vm, Value range)
{
    Value it = iter_new(vm, T_LONGRANGE_ITER, range);
    if (!is_error(it)) as_iter(it)->extra = small(0);
    return it;
}

Value range_iter(VM *vm, Range *r)
{
    return r->ilen >= 0 ? fast_iter(vm, r->istart, r->istep, r->ilen) : big_iter(vm, obj_value(r));
}

static Value iter_slot(VM *vm, Value self) { return range_iter(vm, as_range(self)); }

static Value range_reversed(VM *vm, Value self)
{
    Range *r = as_range(self);
    if (r->ilen >= 0 && r->istep != INT64_MIN)
        return fast_iter(vm, r->ilen ? fast_item(r, r->ilen - 1) : 0, -r->istep, r->ilen);
    Value last = int_binary(vm, BIN_SUB, r->length, small(1));
    if (!is_error(last)) last = item_at(vm, r, last);
    Value step = int_unary(vm, UN_NEG, r->step);
    if (is_error(last) || is_error(step)) return VALUE_ERROR;
    Value back = range_of(vm, last, r->start, step, r->length); // its stop is never looked at
    return is_error(back) ? back : big_iter(vm, back);
}

Value range_iter_next_big(VM *vm, RangeIter *it)
{
    Value v = int_from_i64(vm, it->next);
    if (is_error(v)) return v;
    it->left--;
    it->next = (int64_t)((uint64_t)it->next + (uint64_t)it->step);
    return v;
}

static Value next_slot(VM *vm, Value self) { return range_iter_next(vm, (RangeIter *)as_obj(self)); }

static Value big_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    Range *r = as_range(it->source);
    if (int_cmp(it->extra, r->length) >= 0) return VALUE_STOP;
    Value item = item_at(vm, r, it->extra), after = int_binary(vm, BIN_ADD, it->extra, small(1));
    if (is_error(item) || is_error(after)) return VALUE_ERROR;
    gc_store(vm, it, &it->extra, after);
    return item;
}

static Value nat_iter_hint(VM *vm, Args args) { return int_from_i64(vm, ((RangeIter *)as_obj(args.v[0]))->left); }

static Value nat_big_iter_hint(VM *vm, Args args)
{
    const Iter *it = as_iter(args.v[0]);
    return int_binary(vm, BIN_SUB, as_range(it->source)->length, it->extra);
}

/* ---- methods ---- */

static Value nat_index(VM *vm, Args args)
{
    Value i = find_any(vm, as_range(args.v[0]), args.v[1]);
    if (!is_unset(i)) return i;
    if (!is_exact_int(args.v[1]) && !is_bool(args.v[1]))
        return vm_raise(vm, ERR_VALUE, "sequence.index(x): x not in sequence");
    Value text = obj_repr(vm, args.v[1]);
    return is_error(text) ? text : vm_raise(vm, ERR_VALUE, "%V is not in range", text);
}

/* Only what is no int can occur more than once, having an __eq__ of its own. */
static Value nat_count(VM *vm, Args args)
{
    Value v = args.v[1];
    if (is_exact_int(v) || is_bool(v)) return range_contains(vm, args.v[0], v) == VALUE_TRUE ? small(1) : small(0);
    Value list = obj_to_list(vm, args.v[0]);
    if (is_error(list)) return list;
    Value *r = roots_push(vm, list);
    if (!r) return VALUE_ERROR;
    Value n = sequence_count(vm, list, v);
    roots_pop(vm, r);
    return n;
}

static Value get_start(VM *vm, Value self)
{
    (void)vm;
    return as_range(self)->start;
}

static Value get_stop(VM *vm, Value self)
{
    (void)vm;
    return as_range(self)->stop;
}

static Value get_step(VM *vm, Value self)
{
    (void)vm;
    return as_range(self)->step;
}

/* range(stop) or range(start, stop[, step]): the parts as exact ints. */
static Value construct(VM *vm, Args args)
{
    bool single = is_unset(args.v[2]);
    Value *r = roots_reserve(vm, 3);
    if (!r) return VALUE_ERROR;
    r[0] = single ? small(0) : obj_index(vm, args.v[1]);
    r[1] = is_error(r[0]) ? VALUE_ERROR : obj_index(vm, args.v[single ? 1 : 2]);
    r[2] = is_unset(args.v[3]) ? small(1) : is_error(r[1]) ? VALUE_ERROR : obj_index(vm, args.v[3]);
    bool ok = true;
    for (int i = 0; i < 3; i++) {
        if (!is_error(r[i]) && !is_exact_int(r[i])) r[i] = int_normal(vm, r[i]);
        ok = ok && !is_error(r[i]);
    }
    Value v = ok ? range_new(vm, r[0], r[1], r[2]) : VALUE_ERROR;
    roots_pop(vm, r);
    return v;
}

static const NativeDef methods[] = {
    {"count(self, value, /)", nat_count, "Number of occurrences of value.", 0},
    {"index(self, value, /)", nat_index, "Index of value; ValueError if it is not present.", 0},
    {0},
};

static const GetSetDef getsets[] = {
    {"start", get_start, getset_readonly, "First item, if there is one."},
    {"stop", get_stop, getset_readonly, "What to stop before."},
    {"step", get_step, getset_readonly, "From one item to the next."},
    {0},
};

const TypeDef type_def_RANGE = {
    .slots =
        {
            .repr = range_repr,
            .hash = range_hash,
            .compare = range_compare,
            .truth = range_truth,
            .len = range_len,
            .getitem = range_getitem,
            .contains = range_contains,
            .iter = iter_slot,
            .reversed = range_reversed,
        },
    .methods = methods,
    .getsets = getsets,
    .constructor = {"range(start, stop=?, step=?, /)", construct, NULL, 0},
    .doc = "The integers from start (0) to stop, exclusive, by step (1).",
    .flags = TYPE_FINAL | TYPE_SEQUENCE,
};

static const NativeDef iter_methods[] = {
    {"__length_hint__(self, /)", nat_iter_hint, "Items left.", 0},
    ITER_SETSTATE_ROW,
    {0},
};

const TypeDef type_def_RANGE_ITER = {
    .slots = {.iter = iter_self, .next = next_slot},
    .methods = iter_methods,
    .flags = TYPE_FINAL,
};

static const NativeDef big_iter_methods[] = {
    {"__length_hint__(self, /)", nat_big_iter_hint, "Items left.", 0},
    ITER_SETSTATE_ROW,
    {0},
};

const TypeDef type_def_LONGRANGE_ITER = {
    .slots = {.iter = iter_self, .next = big_next},
    .methods = big_iter_methods,
    .flags = TYPE_FINAL,
};
