/* itertools.c - iterators that filter, join and number others. itertools_combine.c has products and choices,
 * itertools_group.c groupby and tee. */
#include "stdlib/itertools_parts.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/type.h"

Iter *itertools_new(VM *vm, Value type, Value source, Value extra)
{
    if (is_error(source) || is_error(extra)) return NULL;
    Iter *it = container_alloc(vm, as_type(type), KIND_ITER, sizeof *it);
    if (!it) return NULL;
    it->source = source;
    it->extra = extra;
    return it;
}

Value itertools_array(VM *vm, size_t n)
{
    Array *a = heap_alloc(vm, KIND_ARRAY, T_OBJECT, size_add(sizeof *a, size_mul(n, sizeof(Value))));
    if (!a) return VALUE_ERROR;
    a->size = n;
    for (size_t i = 0; i < n; i++) a->items[i] = VALUE_UNSET;
    return obj_value(a);
}

Value itertools_end(VM *vm, Iter *it)
{
    gc_store(vm, it, &it->source, VALUE_UNSET);
    return VALUE_STOP;
}

static Value made(Iter *it)
{
    return it ? obj_value(it) : VALUE_ERROR;
}

/* An iterator over args.v[which], with another value kept beside it. */
static Value over(VM *vm, Args args, int which, Value extra)
{
    return made(itertools_new(vm, args.v[0], obj_iter(vm, args.v[which]), extra));
}

/* The truth of predicate(item), or of item itself; *root keeps the item. */
static int holds(VM *vm, Value predicate, Value item, Value *root)
{
    *root = item;
    if (predicate == obj_value(vm->types[T_BOOL])) return obj_truth(vm, item);
    Value v = vm_call1(vm, predicate, item);
    return is_error(v) ? -1 : obj_truth(vm, v);
}

/* ---- count: source: the next value; extra: the step ---------------------------------------------- */

static bool is_number(VM *vm, Value v)
{
    if (is_int(v) || is_float(v)) return true;
    Type *t = type_of(vm, v);
    static const Dunder converting[] = {D_INDEX, D_INT, D_FLOAT};
    for (int i = 0; i < 3; i++)
        if (!is_unset(type_lookup_dunder(vm, t, converting[i]))) return true;
    return false;
}

static Value construct_count(VM *vm, Args args)
{
    if (!is_number(vm, args.v[1]) || !is_number(vm, args.v[2]))
        return vm_raise(vm, ERR_TYPE, "a number is required");
    Value start = is_bool(args.v[1]) ? small(args.v[1] == VALUE_TRUE) : args.v[1]; // True, too, is counted from as 1
    Value step = args.v[2] == VALUE_TRUE ? small(1) : args.v[2];
    return made(itertools_new(vm, args.v[0], start, step));
}

static Value count_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    Value v = it->source, next;
    if (both_small(v, it->extra) && fits_small(as_small(v) + as_small(it->extra))) {
        it->source = small(as_small(v) + as_small(it->extra)); // neither holds an object: no barrier
        return v;
    }
    Value *root = roots_push(vm, v);
    if (!root) return VALUE_ERROR;
    next = obj_binary(vm, BIN_ADD, v, it->extra);
    roots_pop(vm, root);
    if (is_error(next)) return next;
    gc_store(vm, it, &it->source, next);
    return v;
}

static Value count_repr(VM *vm, Value self)
{
    const Iter *it = as_iter(self);
    StrBuilder b;
    sb_init(&b, vm);
    bool ok = sb_add_c(&b, "count(") && sb_add_repr(&b, it->source);
    if (ok && it->extra != small(1)) ok = sb_add_c(&b, ", ") && sb_add_repr(&b, it->extra);
    if (ok && sb_add_c(&b, ")")) return sb_finish(&b);
    return sb_drop(&b), VALUE_ERROR;
}

/* ---- cycle: source: the iterator, UNSET when it is exhausted; extra: its items; index: of the next --- */

static Value construct_cycle(VM *vm, Args args)
{
    return over(vm, args, 1, list_with_capacity(vm, 0));
}

static Value cycle_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    List *seen = as_list(it->extra);
    if (!is_unset(it->source)) {
        Value v = obj_next(vm, it->source);
        if (v != VALUE_STOP) return is_error(v) || list_push(vm, seen, v) ? v : VALUE_ERROR;
        itertools_end(vm, it);
    }
    if (!seen->size) return VALUE_STOP;
    if ((size_t)it->index >= seen->size) it->index = 0;
    return seen->items[it->index++];
}

/* ---- repeat: source: the object; limit: how many times more, -1 for ever --------------------------- */

static Value construct_repeat(VM *vm, Args args)
{
    int64_t times = -1;
    if (!is_unset(args.v[2])) {
        if (!is_index(vm, args.v[2]))
            return vm_raise(vm, ERR_TYPE, "'%T' object cannot be interpreted as an integer", args.v[2]);
        if (!index_argument(vm, args.v[2], &times)) return VALUE_ERROR;
        if (times < 0) times = 0;
    }
    Iter *it = itertools_new(vm, args.v[0], args.v[1], VALUE_UNSET);
    if (it) it->limit = times;
    return made(it);
}

static Value repeat_next(VM *vm, Value self)
{
    (void)vm;
    Iter *it = as_iter(self);
    if (it->limit == 0) return VALUE_STOP;
    if (it->limit > 0) it->limit--;
    return it->source;
}

static Value repeat_repr(VM *vm, Value self)
{
    const Iter *it = as_iter(self);
    StrBuilder b;
    sb_init(&b, vm);
    bool ok = sb_add_c(&b, "repeat(") && sb_add_repr(&b, it->source);
    if (ok && it->limit >= 0) ok = sb_addf(&b, ", %ld", (long)it->limit);
    if (ok && sb_add_c(&b, ")")) return sb_finish(&b);
    return sb_drop(&b), VALUE_ERROR;
}

static Value nat_repeat_hint(VM *vm, Args args)
{
    const Iter *it = as_iter(args.v[0]);
    if (it->limit < 0) return vm_raise(vm, ERR_TYPE, "len() of unsized object");
    return int_from_i64(vm, it->limit);
}

/* ---- chain: source: the iterator of iterables; extra: the iterator of the current one, or UNSET ------ */

static Value construct_chain(VM *vm, Args args)
{
    Value all = tuple_new(vm, args.v + 1, (size_t)args.n - 1);
    return is_error(all) ? all : made(itertools_new(vm, args.v[0], tuple_iter(vm, all), VALUE_UNSET));
}

static Value nat_from_iterable(VM *vm, Args args)
{
    return over(vm, args, 1, VALUE_UNSET);
}

static Value chain_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    while (!is_unset(it->source)) {
        if (is_unset(it->extra)) {
            Value iterable = obj_next(vm, it->source);
            if (iterable == VALUE_STOP) return itertools_end(vm, it);
            Value inner = is_error(iterable) ? iterable : obj_iter(vm, iterable);
            if (is_error(inner)) return itertools_end(vm, it), VALUE_ERROR;
            gc_store(vm, it, &it->extra, inner);
        }
        Value v = obj_next(vm, it->extra);
        if (v != VALUE_STOP) return v;
        gc_store(vm, it, &it->extra, VALUE_UNSET);
    }
    return VALUE_STOP;
}

/* ---- compress: source: the data; extra: the selectors ---------------------------------------------- */

static Value construct_compress(VM *vm, Args args)
{
    Value data = obj_iter(vm, args.v[1]);
    Value *root = is_error(data) ? NULL : roots_push(vm, data);
    if (!root) return VALUE_ERROR;
    Value it = made(itertools_new(vm, args.v[0], data, obj_iter(vm, args.v[2])));
    roots_pop(vm, root);
    return it;
}

static Value compress_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    Value *item = roots_push(vm, VALUE_UNSET), v;
    if (!item) return VALUE_ERROR;
    for (;;) {
        v = *item = obj_next(vm, it->source);
        if (v == VALUE_STOP || is_error(v)) break;
        Value selector = obj_next(vm, it->extra);
        if (selector == VALUE_STOP || is_error(selector)) {
            v = selector;
            break;
        }
        int yes = obj_truth(vm, selector);
        if (yes < 0 || !vm_tick(vm, 1)) v = VALUE_ERROR;
        if (yes || is_error(v)) break;
    }
    roots_pop(vm, item);
    return v;
}

/* ---- takewhile, dropwhile, filterfalse: source: the iterator; extra: the predicate; index 1: decided --- */

static Value construct_filter(VM *vm, Args args)
{
    return over(vm, args, 2, args.v[1]);
}

static Value construct_filterfalse(VM *vm, Args args)
{
    return over(vm, args, 2, is_none(args.v[1]) ? obj_value(vm->types[T_BOOL]) : args.v[1]);
}

static Value takewhile_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    if (it->index) return VALUE_STOP;
    Value v = obj_next(vm, it->source), *root = v == VALUE_STOP || is_error(v) ? NULL : roots_push(vm, v);
    if (!root) return v == VALUE_STOP ? v : VALUE_ERROR;
    int yes = holds(vm, it->extra, v, root);
    roots_pop(vm, root);
    it->index = yes == 0;
    return yes < 0 ? VALUE_ERROR : yes ? v : VALUE_STOP;
}

/* The first item for which the predicate has that truth. */
static Value first_that(VM *vm, Iter *it, int wanted)
{
    Value *root = roots_push(vm, VALUE_UNSET), v;
    if (!root) return VALUE_ERROR;
    for (;;) {
        v = obj_next(vm, it->source);
        if (v == VALUE_STOP || is_error(v)) break;
        int yes = holds(vm, it->extra, v, root);
        if (yes < 0 || !vm_tick(vm, 1)) v = VALUE_ERROR;
        if (is_error(v) || yes == wanted) break;
    }
    roots_pop(vm, root);
    return v;
}

static Value dropwhile_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    if (it->index) return obj_next(vm, it->source);
    Value v = first_that(vm, it, 0);
    if (!is_error(v)) it->index = 1;
    return v;
}

static Value filterfalse_next(VM *vm, Value self)
{
    return first_that(vm, as_iter(self), 0);
}

/* ---- starmap: source: the iterator of arguments; extra: the function --------------------------------- */

static Value starmap_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    Value args = obj_next(vm, it->source);
    if (args == VALUE_STOP || is_error(args)) return args;
    if (!is_tuple(args)) args = obj_to_tuple(vm, args);
    Value *root = is_error(args) ? NULL : roots_push(vm, args);
    if (!root) return VALUE_ERROR;
    Value v = vm_call(vm, it->extra, as_tuple(args)->items, (int)as_tuple(args)->size);
    roots_pop(vm, root);
    return v;
}

/* ---- accumulate: source: the iterator; extra: [function, total, initial] ----------------------------- */

enum { ACC_FUNCTION, ACC_TOTAL, ACC_INITIAL };

static Value construct_accumulate(VM *vm, Args args)
{
    Value state = itertools_array(vm, 3);
    if (is_error(state)) return state;
    as_array(state)->items[ACC_FUNCTION] = args.v[2];
    as_array(state)->items[ACC_INITIAL] = is_none(args.v[3]) ? VALUE_UNSET : args.v[3];
    Value *root = roots_push(vm, state);
    if (!root) return VALUE_ERROR;
    Value it = over(vm, args, 1, state);
    roots_pop(vm, root);
    return it;
}

static Value accumulate_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    Array *state = as_array(it->extra);
    Value *s = state->items, v;
    if (!is_unset(s[ACC_INITIAL])) {
        v = s[ACC_INITIAL];
        gc_store(vm, state, &s[ACC_INITIAL], VALUE_UNSET);
    } else {
        v = obj_next(vm, it->source);
        if (v == VALUE_STOP || is_error(v)) return v;
        if (!is_unset(s[ACC_TOTAL])) {
            Value pair[2] = {s[ACC_TOTAL], v};
            v = is_none(s[ACC_FUNCTION]) ? obj_binary(vm, BIN_ADD, pair[0], v)
                                         : vm_call(vm, s[ACC_FUNCTION], pair, 2);
        }
    }
    if (!is_error(v)) gc_store(vm, state, &s[ACC_TOTAL], v);
    return v;
}

/* ---- islice: source: the iterator; index: items taken; limit: where to stop, -1 nowhere;
 *      extra: [position of the next item, step] -------------------------------------------------------- */

static bool slice_bound(VM *vm, Value v, int64_t dflt, int64_t least, const char *text, int64_t *out)
{
    *out = dflt;
    if (is_none(v)) return true;
    bool good = is_index(vm, v) && index_fit(vm, v, out, ERR_OVERFLOW, "") && *out >= least;
    if (good) return true;
    vm->exc = VALUE_UNSET;
    return vm_raise(vm, ERR_VALUE, text), false;
}

static Value construct_islice(VM *vm, Args args)
{
    int n = args.n - 2;
    if (n < 1 || n > 3)
        return vm_raise(vm, ERR_TYPE, "islice expected at %s arguments, got %d", n < 1 ? "least 2" : "most 4",
                        n + 1);
    static const char range[] = "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    static const char stop_range[] =
        "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    Value start_arg = n == 1 ? VALUE_NONE : args.v[2], stop_arg = n == 1 ? args.v[2] : args.v[3];
    int64_t start, stop, step;
    if (!slice_bound(vm, stop_arg, -1, INT64_MIN, stop_range, &stop)) return VALUE_ERROR;
    if (stop == -1 && !is_none(stop_arg)) return vm_raise(vm, ERR_VALUE, stop_range);
    if (stop < -1) return vm_raise(vm, ERR_VALUE, range);
    if (!slice_bound(vm, start_arg, 0, 0, range, &start) ||
        !slice_bound(vm, n == 3 ? args.v[4] : VALUE_NONE, 1, 1,
                     "Step for islice() must be a positive integer or None.", &step))
        return VALUE_ERROR;
    Value state = itertools_array(vm, 2), *root = is_error(state) ? NULL : roots_push(vm, state);
    if (!root) return VALUE_ERROR;
    as_array(state)->items[0] = int_from_i64(vm, start);
    as_array(state)->items[1] = int_from_i64(vm, step);
    Iter *it = itertools_new(vm, args.v[0], obj_iter(vm, args.v[1]), state);
    roots_pop(vm, root);
    if (it) it->limit = stop;
    return made(it);
}

static Value islice_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    if (is_unset(it->source)) return VALUE_STOP;
    Value *state = as_array(it->extra)->items, v;
    int64_t wanted = as_small(state[0]), step = as_small(state[1]), upto = wanted;
    if (it->limit >= 0 && wanted >= it->limit) upto = it->limit;
    while (it->index < upto) { // skipped items
        v = obj_next(vm, it->source);
        if (v == VALUE_STOP) return itertools_end(vm, it);
        if (is_error(v) || !vm_tick(vm, 1)) return VALUE_ERROR;
        it->index++;
    }
    if (it->limit >= 0 && it->index >= it->limit) return itertools_end(vm, it);
    v = obj_next(vm, it->source);
    if (v == VALUE_STOP) return itertools_end(vm, it);
    if (is_error(v)) return v;
    it->index++;
    bool beyond = __builtin_add_overflow(wanted, step, &wanted) || !fits_small(wanted);
    if (it->limit >= 0 && (beyond || wanted > it->limit))
        wanted = it->limit;
    else if (beyond)
        wanted = INT_SMALL_MAX;
    state[0] = small(wanted);
    return v;
}

/* ---- pairwise: source: the iterator; extra: the item before ------------------------------------------- */

static Value construct_pairwise(VM *vm, Args args)
{
    return over(vm, args, 1, VALUE_UNSET);
}

static Value pairwise_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    if (is_unset(it->source)) return VALUE_STOP;
    if (is_unset(it->extra)) {
        Value first = obj_next(vm, it->source);
        if (is_error(first)) return first;
        if (first == VALUE_STOP) return itertools_end(vm, it);
        gc_store(vm, it, &it->extra, first);
    }
    Value before = it->extra, *root = roots_push(vm, before);
    if (!root) return VALUE_ERROR;
    Value v = obj_next(vm, it->source);
    roots_pop(vm, root);
    if (is_error(v)) return v;
    if (v == VALUE_STOP) return itertools_end(vm, it);
    gc_store(vm, it, &it->extra, v);
    return tuple_pack(vm, 2, before, v);
}

/* ---- zip_longest: source: the iterators, UNSET where exhausted; extra: what fills; index: how many left ---- */

static Value construct_zip_longest(VM *vm, Args args)
{
    const Tuple *iterables = as_tuple(args.v[1]);
    Value all = itertools_array(vm, iterables->size), *root = is_error(all) ? NULL : roots_push(vm, all);
    if (!root) return VALUE_ERROR;
    for (size_t i = 0; i < iterables->size; i++) {
        Value it = obj_iter(vm, iterables->items[i]);
        if (is_error(it)) return roots_pop(vm, root), it;
        gc_store(vm, as_obj(all), &as_array(all)->items[i], it);
    }
    roots_pop(vm, root);
    Iter *it = itertools_new(vm, args.v[0], all, args.v[2]);
    if (it) it->index = (int64_t)iterables->size;
    return made(it);
}

static Value zip_longest_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    Array *all = as_array(it->source);
    if (!it->index) return VALUE_STOP;
    Value row = tuple_new(vm, NULL, all->size), *root = is_error(row) ? NULL : roots_push(vm, row);
    if (!root) return VALUE_ERROR;
    for (size_t i = 0; i < all->size && !is_error(row); i++) {
        Value v = is_unset(all->items[i]) ? it->extra : obj_next(vm, all->items[i]);
        if (v == VALUE_STOP) {
            gc_store(vm, all, &all->items[i], VALUE_UNSET);
            v = --it->index ? it->extra : VALUE_ERROR; // nothing pending: the end
        }
        if (is_error(v)) row = is_unset(vm->exc) ? VALUE_STOP : v;
        if (is_error(v)) break;
        gc_store(vm, as_obj(row), &as_tuple(row)->items[i], v);
    }
    if (is_error(row)) it->index = 0;
    roots_pop(vm, root);
    return row;
}

/* ---- the module --------------------------------------------------------------------------------------- */

static const NativeDef repeat_methods[] = {
    {"__length_hint__(self, /)", nat_repeat_hint, "How many are left.", 0}, {0}};
static const NativeDef chain_methods[] = {
    {"from_iterable(cls, iterable, /)", nat_from_iterable, "The same of an iterable of iterables.",
     NATIVE_CLASSMETHOD},
    CLASS_GETITEM_ROW,
    {0},
};

#define ITERATOR(name_, next_, signature, construct, text)                              \
    static const TypeDef name_##_def = {.slots = {.iter = iter_self, .next = next_},    \
                                        .constructor = {signature, construct, NULL, 0}, \
                                        .doc = text}
ITERATOR(cycle, cycle_next, "cycle(iterable, /)", construct_cycle, "The items over and over.");
ITERATOR(compress, compress_next, "compress(data, selectors)", construct_compress,
         "The items beside true selectors.");
ITERATOR(takewhile, takewhile_next, "takewhile(predicate, iterable, /)", construct_filter,
         "Items as long as predicate holds.");
ITERATOR(dropwhile, dropwhile_next, "dropwhile(predicate, iterable, /)", construct_filter,
         "Items from where predicate fails.");
ITERATOR(filterfalse, filterfalse_next, "filterfalse(function, iterable, /)", construct_filterfalse,
         "Items for which it is false.");
ITERATOR(starmap, starmap_next, "starmap(function, iterable, /)", construct_filter,
         "function(*args) for each args.");
ITERATOR(accumulate, accumulate_next, "accumulate(iterable, func=None, *, initial=None)",
         construct_accumulate, "Sums so far.");
ITERATOR(islice, islice_next, "islice(*args)", construct_islice, "Items by position.");
ITERATOR(pairwise, pairwise_next, "pairwise(iterable, /)", construct_pairwise,
         "Each item with its successor.");
ITERATOR(zip_longest, zip_longest_next, "zip_longest(*iterables, fillvalue=None)", construct_zip_longest,
         "zip to the longest.");

static const TypeDef count_def = {
    .slots = {.iter = iter_self, .next = count_next, .repr = count_repr},
    .constructor = {"count(start=0, step=1)", construct_count, NULL, 0},
    .doc = "start, start + step, start + 2 * step ...",
};
static const TypeDef repeat_def = {
    .slots = {.iter = iter_self, .next = repeat_next, .repr = repeat_repr},
    .methods = repeat_methods,
    .constructor = {"repeat(object, times=?)", construct_repeat, NULL, 0},
    .doc = "One object over and over, or a number of times.",
};
static const TypeDef chain_def = {
    .slots = {.iter = iter_self, .next = chain_next},
    .methods = chain_methods,
    .constructor = {"chain(*iterables)", construct_chain, NULL, 0},
    .doc = "The items of one iterable after the other.",
};

static const struct {
    const char *name;
    const TypeDef *def;
} types[] = {
    {"accumulate", &accumulate_def},
    {"chain", &chain_def},
    {"combinations", &itertools_combinations},
    {"combinations_with_replacement", &itertools_with_replacement},
    {"compress", &compress_def},
    {"count", &count_def},
    {"cycle", &cycle_def},
    {"dropwhile", &dropwhile_def},
    {"filterfalse", &filterfalse_def},
    {"groupby", &itertools_groupby},
    {"_grouper", &itertools_grouper},
    {"islice", &islice_def},
    {"pairwise", &pairwise_def},
    {"permutations", &itertools_permutations},
    {"product", &itertools_product},
    {"repeat", &repeat_def},
    {"starmap", &starmap_def},
    {"takewhile", &takewhile_def},
    {"_tee", &itertools_tee},
    {"zip_longest", &zip_longest_def},
};

static bool init(VM *vm, Module *m)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char name[48] = "itertools.";
        strcat(name, types[i].name);
        Type *t = type_from_def(vm, name, NULL, types[i].def, KIND_ITER, VALUE_UNSET);
        if (!t || !module_add(vm, m, types[i].name, obj_value(t))) return false;
    }
    stdlib(vm)->grouper_type = as_type(dict_get_c(vm, m->dict, "_grouper"));
    stdlib(vm)->tee_type = as_type(dict_get_c(vm, m->dict, "_tee"));
    gc_pin(vm, obj_value(stdlib(vm)->grouper_type));
    gc_pin(vm, obj_value(stdlib(vm)->tee_type));
    return true;
}

static const NativeDef natives[] = {
    {"tee(iterable, n=2, /)", nat_tee, "Several iterators over the same items.", 0},
    {0},
};

const ModuleDef itertools_module = {"itertools", natives, "Iterators that combine others.", init};
