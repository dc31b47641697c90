/* builtin_iterables.c - built-in functions that walk through an iterable. */
#include "stdlib/builtins.h"
#include "vm/container.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/iter.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/str.h"

/* ---- iterators ----------------------------------------------------------------------------------- */

Value nat_len(VM *vm, Args args)
{
    int64_t n = obj_len(vm, args.v[0]);
    return n < 0 ? VALUE_ERROR : int_from_i64(vm, n);
}

Value nat_iter(VM *vm, Args args)
{
    if (is_unset(args.v[1])) return obj_iter(vm, args.v[0]);
    if (!obj_is_callable(vm, args.v[0])) return vm_raise(vm, ERR_TYPE, "iter(v, w): v must be callable");
    return callable_iter(vm, args.v[0], args.v[1]);
}

Value nat_aiter(VM *vm, Args args)
{
    Value it = obj_call_special(vm, args.v[0], D_AITER, NULL, 0);
    if (is_unset(it)) return vm_raise(vm, ERR_TYPE, "'%T' object is not an async iterable", args.v[0]);
    if (is_error(it) || !is_unset(type_lookup_dunder(vm, type_of(vm, it), D_ANEXT))) return it;
    return vm_raise(vm, ERR_TYPE, "aiter() returned not an async iterator of type '%T'", it);
}

/* With a default it takes a coroutine that catches StopAsyncIteration: written in Co. */
static Value anext_or_default(VM *vm, const Value *args)
{
    Value m = module_import(vm, vm_intern(vm, "_builtins"));
    Value f = is_error(m) ? m : obj_getattr(vm, m, vm_intern(vm, "anext_or_default"));
    return is_error(f) ? f : vm_call(vm, f, args, 2);
}

Value nat_anext(VM *vm, Args args)
{
    if (is_unset(type_lookup_dunder(vm, type_of(vm, args.v[0]), D_ANEXT)))
        return vm_raise(vm, ERR_TYPE, "'%T' object is not an async iterator", args.v[0]);
    return is_unset(args.v[1]) ? obj_call_special(vm, args.v[0], D_ANEXT, NULL, 0)
                               : anext_or_default(vm, args.v);
}

/* ---- all and any --------------------------------------------------------------------------------- */

/* Is the item a bool that is not the one wanted? */
static bool is_unwanted(VM *vm, Value item, void *wanted)
{
    (void)vm;
    return item == bool_value(!*(const bool *)wanted);
}

static int truth_of(VM *vm, Value item)
{
    if (is_bool(item)) return item == VALUE_TRUE;
    return is_small(item) ? item != small(0) : obj_truth(vm, item);
}

/* A list or tuple by position: an item's __bool__ may change the list. */
static Value find_truth_in(VM *vm, Value sequence, bool wanted)
{
    for (size_t i = 0;; i++) {
        size_t n;
        const Value *items = sequence_items(as_obj(sequence), &n);
        if (i >= n) return bool_value(!wanted);
        int truth = truth_of(vm, items[i]);
        if (truth < 0 || (i % 1024 == 1023 && !vm_tick(vm, 1024))) return VALUE_ERROR;
        if (truth == wanted) return bool_value(wanted);
    }
}

/* Whether some item's truth is `wanted`. */
static Value find_truth(VM *vm, Value iterable, bool wanted)
{
    if (is_exact(iterable, T_LIST) || is_exact(iterable, T_TUPLE)) return find_truth_in(vm, iterable, wanted);
    Value it = obj_iter(vm, iterable);
    Value *root = is_error(it) ? NULL : roots_push(vm, it);
    if (!root) return VALUE_ERROR;
    Value result = VALUE_STOP;
    while (result == VALUE_STOP) {
        Value item = obj_next_untaken(vm, it, is_unwanted, &wanted);
        if (item == VALUE_STOP) result = bool_value(!wanted);
        else if (is_error(item) || !vm_tick(vm, 1)) result = VALUE_ERROR;
        else {
            int truth = truth_of(vm, item);
            if (truth < 0) result = VALUE_ERROR;
            else if (truth == wanted) result = bool_value(wanted);
        }
    }
    roots_pop(vm, root);
    return result;
}

Value nat_any(VM *vm, Args args) { return find_truth(vm, args.v[0], true); }

Value nat_all(VM *vm, Args args) { return find_truth(vm, args.v[0], false); }

/* ---- sum ----------------------------------------------------------------------------------------- */

static Value add(VM *vm, Value total, Value item)
{
    int64_t sum;
    if (both_small(total, item) && !__builtin_add_overflow((int64_t)total, (int64_t)item, &sum))
        return (Value)sum;
    if (is_float_imm(total) && is_float_imm(item))
        return float_value(vm, as_float_imm(total) + as_float_imm(item));
    return obj_binary(vm, BIN_ADD, total, item);
}

/* Small ints, and floats, at the beginning of `items` added to the total of their kind; how many that were. */
static size_t sum_ints(const Value *items, size_t n, Value *total)
{
    size_t i = 0;
    int64_t sum = (int64_t)*total;
    while (i < n && is_small(items[i]) && !__builtin_add_overflow(sum, (int64_t)items[i], &sum)) *total = (Value)sum, i++;
    return i;
}

static size_t sum_floats(VM *vm, const Value *items, size_t n, Value *total)
{
    size_t i = 0;
    double sum = as_float_imm(*total);
    while (i < n && is_float_imm(items[i])) sum += as_float_imm(items[i++]);
    *total = float_value(vm, sum);
    return i;
}

/* The numbers at the beginning of a list or tuple, which need no iterator. */
static size_t sum_numbers(VM *vm, Value iterable, Value *total)
{
    if (!is_exact(iterable, T_LIST) && !is_exact(iterable, T_TUPLE)) return 0;
    size_t n, done = 0;
    const Value *items = sequence_items(as_obj(iterable), &n);
    if (is_small(*total)) done = sum_ints(items, n, total);
    if (done < n && is_small(*total) && is_float_imm(items[done])) *total = float_value(vm, (double)as_small(*total));
    if (is_float_imm(*total)) done += sum_floats(vm, items + done, n - done, total);
    return done;
}

/* A number of the total's kind; what is more is add()'s. */
static bool take_number(VM *vm, Value item, void *total)
{
    (void)vm;
    Value *t = total;
    if (is_small(*t)) return sum_ints(&item, 1, t);
    if (!is_float_imm(*t) || !is_float_imm(item)) return false;
    Value sum = float_encode(as_float_imm(*t) + as_float_imm(item));
    if (!is_float_imm(sum)) return false;
    *t = sum;
    return true;
}

static Value sum_items(VM *vm, Value it, Value *total)
{
    for (;;) {
        Value item = obj_next_untaken(vm, it, take_number, total);
        if (item == VALUE_STOP) return *total;
        Value sum = is_error(item) || !vm_tick(vm, 1) ? VALUE_ERROR : add(vm, *total, item);
        if (is_error(sum)) return sum;
        *total = sum;
    }
}

static Value refuse_texts(VM *vm, Value start)
{
    if (is_str(start)) return vm_raise(vm, ERR_TYPE, "sum() can't sum strings [use ''.join(seq) instead]");
    return vm_raise(vm, ERR_TYPE, "sum() can't sum %T [use b''.join(seq) instead]", start);
}

Value nat_sum(VM *vm, Args args)
{
    Value start = args.v[1];
    if (is_str(start) || is_bytes(start) || is_bytearray(start)) { // what is no iterable is said first
        Value it = obj_iter(vm, args.v[0]);
        return is_error(it) ? it : refuse_texts(vm, start);
    }
    size_t done = sum_numbers(vm, args.v[0], &start);
    Value it = is_error(start) ? start : obj_iter(vm, args.v[0]);
    Value *roots = is_error(it) ? NULL : roots_reserve(vm, 2);
    if (!roots) return VALUE_ERROR;
    if (done) as_iter(it)->index = (int64_t)done;
    roots[0] = it, roots[1] = start;
    Value result = sum_items(vm, it, &roots[1]);
    roots_pop(vm, roots);
    return result;
}

/* ---- min and max --------------------------------------------------------------------------------- */

typedef struct Extreme {
    CompareOp better; // CMP_LT: min
    Value key;        // None or a callable
    Value *best, *best_key, *item;
} Extreme;

static int is_better(VM *vm, const Extreme *x, Value key)
{
    Value best = *x->best_key;
    bool least = x->better == CMP_LT;
    if (both_small(key, best)) return least ? (int64_t)key < (int64_t)best : (int64_t)key > (int64_t)best;
    if (is_float(key) && is_float(best)) return least ? as_float(key) < as_float(best) : as_float(key) > as_float(best);
    Value v = obj_compare(vm, key, *x->best_key, x->better);
    return is_error(v) ? -1 : obj_truth(vm, v);
}

static bool consider(VM *vm, const Extreme *x, Value item)
{
    *x->item = item;
    if (is_none(x->key) && !is_unset(*x->best) && (both_small(item, *x->best) || (is_float(item) && is_float(*x->best)))) {
        if (is_better(vm, x, item)) *x->best = *x->best_key = item;
        return true;
    }
    Value key = is_none(x->key) ? item : vm_call1(vm, x->key, item);
    Value *root = is_error(key) ? NULL : roots_push(vm, key);
    if (!root) return false;
    int better = is_unset(*x->best) ? 1 : is_better(vm, x, key);
    if (better > 0) *x->best = *x->item, *x->best_key = key;
    roots_pop(vm, root);
    return better >= 0;
}

/* Is the item a number that is no better than the best so far? */
static bool is_no_better(VM *vm, Value item, void *extreme)
{
    const Extreme *x = extreme;
    if (!is_none(x->key) || is_unset(*x->best)) return false;
    bool numbers = both_small(item, *x->best) || (is_float(item) && is_float(*x->best));
    return numbers && !is_better(vm, x, item);
}

static bool consider_all(VM *vm, const Extreme *x, Value iterable)
{
    Value it = obj_iter(vm, iterable);
    Value *root = is_error(it) ? NULL : roots_push(vm, it);
    bool ok = root != NULL;
    while (ok) {
        Value item = obj_next_untaken(vm, it, is_no_better, (void *)x);
        if (item == VALUE_STOP) break;
        ok = !is_error(item) && vm_tick(vm, 1) && consider(vm, x, item);
    }
    if (root) roots_pop(vm, root);
    return ok;
}

/* args: the values in a tuple, key, default. */
static Value extreme(VM *vm, const Value *args, CompareOp better)
{
    const char *name = better == CMP_LT ? "min" : "max";
    Tuple *values = as_tuple(args[0]);
    if (values->size == 0) return vm_raise(vm, ERR_TYPE, "%s expected at least 1 argument, got 0", name);
    if (values->size > 1 && !is_unset(args[2]))
        return vm_raise(vm, ERR_TYPE, "Cannot specify a default for %s() with multiple positional arguments",
                        name);
    Value *roots = roots_reserve(vm, 3);
    if (!roots) return VALUE_ERROR;
    Extreme x = {better, args[1], &roots[0], &roots[1], &roots[2]};
    bool ok = consider_all(vm, &x, values->size == 1 ? values->items[0] : args[0]);
    Value result = ok ? *x.best : VALUE_ERROR;
    if (is_unset(result)) result = args[2];
    if (is_unset(result)) result = vm_raise(vm, ERR_VALUE, "%s() arg is an empty sequence", name);
    roots_pop(vm, roots);
    return result;
}

Value nat_min(VM *vm, Args args) { return extreme(vm, args.v, CMP_LT); }
Value nat_max(VM *vm, Args args) { return extreme(vm, args.v, CMP_GT); }

/* ---- sorted -------------------------------------------------------------------------------------- */

Value nat_sorted(VM *vm, Args args)
{
    int64_t reverse;
    Value list = obj_to_list(vm, args.v[0]);
    Value *root = is_error(list) ? NULL : roots_push(vm, list);
    if (!root) return VALUE_ERROR;
    bool ok = obj_index_i64(vm, args.v[2], &reverse) && list_sort(vm, as_list(list), args.v[1], reverse != 0);
    roots_pop(vm, root);
    return ok ? list : VALUE_ERROR;
}
