/* dict_views.c - dict.keys(), values() and items(), the iterators of dicts, and mappingproxy.
 *
 * A view is a Box whose value is the dict. The iterators:
 *   source  the dict; UNSET when exhausted        index  position of the next entry to look at (or, backwards, of the
 *   limit   entries when it was made                     entry after it)
 *   extra   entries still expected (a small int)
 */
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/iter.h"
#include "vm/type.h"

/* ---- iterators ---- */

Value dict_iter(VM *vm, TypeId type, Value dict)
{
    Value v = iter_new(vm, type, dict);
    if (is_error(v)) return v;
    const Dict *d = as_dict(dict);
    Iter *it = as_iter(v);
    it->limit = (int64_t)d->live;
    it->extra = small((int64_t)dict_len(d));
    it->index = type >= T_DICT_REVKEYITER && type <= T_DICT_REVITEMITER ? d->used : d->first;
    return v;
}

Value dict_key_iter(VM *vm, Value dict) { return dict_iter(vm, T_DICT_KEYITER, dict); }
Value dict_reversed(VM *vm, Value dict) { return dict_iter(vm, T_DICT_REVKEYITER, dict); }

/* The entry before position *pos that has a value, or NULL. */
static const DictEntry *previous_entry(const Dict *d, int64_t *pos)
{
    while (*pos > 0) {
        if (*pos > (int64_t)d->used) *pos = d->used;
        if (*pos == 0) break;
        const DictEntry *e = &d->entries[--*pos];
        if (!is_unset(e->key) && !is_unset(dict_entry_value(d, e))) return e;
    }
    return NULL;
}

/* One step; NULL at the end, or with RuntimeError pending. */
static const DictEntry *step_slowly(VM *vm, Iter *it, bool back)
{
    if (is_unset(it->source)) return NULL;
    const Dict *d = as_dict(it->source);
    if ((int64_t)d->live != it->limit) {
        it->limit = -1; // it stays so, as in CPython
        vm_raise(vm, ERR_RUNTIME, "dictionary changed size during iteration");
        return NULL;
    }
    size_t pos = (size_t)it->index;
    const DictEntry *e = back ? previous_entry(d, &it->index) : dict_next_entry(d, &pos);
    if (!back) it->index = (int64_t)pos;
    if (!e) {
        gc_store(vm, it, &it->source, VALUE_UNSET);
        return NULL;
    }
    if (it->extra == small(0) && !(d->h.aux & DICT_CELLS)) {
        vm_raise(vm, ERR_RUNTIME, "dictionary keys changed during iteration");
        return NULL;
    }
    it->extra -= small(1);
    return e;
}

/* The same, forwards in line where nothing has happened to the dict and its next entry is in use. */
static inline const DictEntry *step(VM *vm, Iter *it, TypeId backwards)
{
    bool back = it->h.shape == (uint32_t)backwards;
    if (back || is_unset(it->source)) return step_slowly(vm, it, back);
    const Dict *d = as_dict(it->source);
    bool usual = d->live == it->limit && it->index < d->used && it->extra != small(0) && !(d->h.aux & DICT_CELLS);
    const DictEntry *e = usual ? &d->entries[it->index] : NULL;
    if (!e || is_unset(e->key)) return step_slowly(vm, it, false);
    it->index++;
    it->extra -= small(1);
    return e;
}

const DictEntry *dict_items_next(VM *vm, Iter *it) { return step(vm, it, T_DICT_REVITEMITER); }

static Value ended(VM *vm) { return is_unset(vm->exc) ? VALUE_STOP : VALUE_ERROR; }

static Value next_key(VM *vm, Value self)
{
    const DictEntry *e = step(vm, as_iter(self), T_DICT_REVKEYITER);
    return e ? e->key : ended(vm);
}

static Value next_value(VM *vm, Value self)
{
    const DictEntry *e = step(vm, as_iter(self), T_DICT_REVVALUEITER);
    return e ? dict_entry_value(as_dict(as_iter(self)->source), e) : ended(vm);
}

static Value next_item(VM *vm, Value self)
{
    const DictEntry *e = step(vm, as_iter(self), T_DICT_REVITEMITER);
    return e ? tuple_pair(vm, e->key, dict_entry_value(as_dict(as_iter(self)->source), e)) : ended(vm);
}

static Value nat_hint(VM *vm, Args args)
{
    (void)vm;
    const Iter *it = as_iter(args.v[0]);
    if (is_unset(it->source) || it->limit != (int64_t)as_dict(it->source)->live) return small(0);
    return it->extra;
}

static const NativeDef iter_methods[] = {
    {"__length_hint__(self, /)", nat_hint, "Items left.", 0},
    {0},
};

#define ITERATOR_TYPE(e, next_slot) \
    const TypeDef type_def_##e = { \
        .slots = {.iter = iter_self, .next = next_slot}, .methods = iter_methods, .flags = TYPE_FINAL}
ITERATOR_TYPE(DICT_KEYITER, next_key);
ITERATOR_TYPE(DICT_VALUEITER, next_value);
ITERATOR_TYPE(DICT_ITEMITER, next_item);
ITERATOR_TYPE(DICT_REVKEYITER, next_key);
ITERATOR_TYPE(DICT_REVVALUEITER, next_value);
ITERATOR_TYPE(DICT_REVITEMITER, next_item);
#undef ITERATOR_TYPE

/* ---- views ---- */

static Value boxed(Value v) { return ((Box *)as_obj(v))->value; }
static Dict *dict_of(Value view) { return as_dict(boxed(view)); }

static Value wrap(VM *vm, TypeId type, Kind kind, Value value)
{
    Box *b = heap_new(vm, kind, type, Box);
    if (!b) return VALUE_ERROR;
    b->value = value;
    b->attrs = VALUE_UNSET;
    return obj_value(b);
}

Value dict_view(VM *vm, TypeId type, Value dict) { return wrap(vm, type, KIND_DICT_VIEW, dict); }

static bool is_set_view(Value v) { return is_exact(v, T_DICT_KEYS) || is_exact(v, T_DICT_ITEMS); }

static Value view_len(VM *vm, Value self)
{
    (void)vm;
    return small((int64_t)dict_len(dict_of(self)));
}

/* The three forward iterators' types stand in the order of the views', and so do the backward ones. */
static Value view_iter(VM *vm, Value self)
{
    return dict_iter(vm, (TypeId)(as_obj(self)->shape - T_DICT_KEYS + T_DICT_KEYITER), boxed(self));
}

static Value view_reversed(VM *vm, Value self)
{
    return dict_iter(vm, (TypeId)(as_obj(self)->shape - T_DICT_KEYS + T_DICT_REVKEYITER), boxed(self));
}

static Value view_repr(VM *vm, Value self)
{
    ReprGuard guard;
    int entered = repr_enter(vm, &guard, self);
    if (entered != REPR_FIRST) return entered == REPR_AGAIN ? str_from_c(vm, "...") : VALUE_ERROR;
    Value items = obj_to_list(vm, self), text = items;
    Value *r = roots_push(vm, items);
    if (r && !is_error(items)) text = obj_repr(vm, items);
    if (r) roots_pop(vm, r);
    repr_leave(vm, &guard);
    return is_error(text) || !r ? VALUE_ERROR : str_format(vm, "%T(%V)", self, text);
}

static Value keys_contains(VM *vm, Value self, Value key)
{
    Value v = dict_get(vm, dict_of(self), key);
    return is_error(v) ? v : bool_value(!is_unset(v));
}

static Value items_contains(VM *vm, Value self, Value pair)
{
    if (!is_tuple(pair) || as_tuple(pair)->size != 2) return VALUE_FALSE;
    Value v = dict_get(vm, dict_of(self), as_tuple(pair)->items[0]);
    if (is_error(v) || is_unset(v)) return is_unset(v) ? VALUE_FALSE : v;
    int same = value_equal_rooted(vm, v, as_tuple(pair)->items[1]);
    return same < 0 ? VALUE_ERROR : bool_value(same);
}

/* Does a hold everything in b? */
static int holds_all(VM *vm, Value a, Value b)
{
    Value *r = roots_reserve(vm, 2); // iterator and item
    if (!r) return -1;
    int all = 1;
    r[0] = obj_iter(vm, b);
    if (is_error(r[0])) all = -1;
    while (all == 1 && (r[1] = obj_next(vm, r[0])) != VALUE_STOP) all = is_error(r[1]) ? -1 : obj_contains(vm, a, r[1]);
    roots_pop(vm, r);
    return all;
}

static Value view_compare(VM *vm, Value a, Value b, CompareOp op)
{
    if (!is_set(b) && !is_set_view(b)) return VALUE_NOT_IMPLEMENTED;
    int64_t na = (int64_t)dict_len(dict_of(a)), nb = obj_len(vm, b);
    if (nb < 0) return VALUE_ERROR;
    bool possible = op == CMP_LT ? na < nb : op == CMP_LE ? na <= nb : op == CMP_GT ? na > nb : op == CMP_GE ? na >= nb : na == nb;
    int holds = 0;
    if (possible) holds = op == CMP_GT || op == CMP_GE ? holds_all(vm, a, b) : holds_all(vm, b, a);
    return holds < 0 ? VALUE_ERROR : bool_value((holds != 0) != (op == CMP_NE));
}

/* ---- set operations: the results are sets ---- */

static Value set_of(VM *vm, Value iterable)
{
    Value s = set_new(vm);
    Value *r = roots_push(vm, s);
    if (is_error(s) || !r) return VALUE_ERROR;
    bool ok = set_update(vm, as_set(s), iterable);
    roots_pop(vm, r);
    return ok ? s : VALUE_ERROR;
}

/* What a view's set is made from: of keys, the dict itself, which is faster. */
static Value set_of_view(VM *vm, Value v)
{
    return set_of(vm, is_exact(v, T_DICT_KEYS) && is_exact(boxed(v), T_DICT) ? boxed(v) : v);
}

static bool add_common(VM *vm, Value view, Value other, Value *r)
{
    r[1] = obj_iter(vm, other);
    if (is_error(r[1])) return false;
    while ((r[2] = obj_next(vm, r[1])) != VALUE_STOP) {
        if (is_error(r[2])) return false;
        Value there = is_exact(view, T_DICT_KEYS) ? keys_contains(vm, view, r[2]) : items_contains(vm, view, r[2]);
        if (is_error(there) || (there == VALUE_TRUE && set_add(vm, as_set(r[0]), r[2]) < 0)) return false;
    }
    return true;
}

/* The order of the result is CPython's, which walks through the smaller one. */
static Value intersect(VM *vm, Value a, Value b)
{
    if (!is_set_view(a)) {
        Value view = b;
        b = a;
        a = view;
    }
    size_t n = dict_len(dict_of(a));
    if (is_exact(b, T_SET) && n <= as_set(b)->live) return set_intersection(vm, as_set(b), a);
    if (is_set_view(b) && dict_len(dict_of(b)) > n) {
        Value smaller = a;
        a = b;
        b = smaller;
    }
    Value *r = roots_reserve(vm, 3); // result, iterator, item
    if (!r) return VALUE_ERROR;
    r[0] = set_new(vm);
    Value v = !is_error(r[0]) && add_common(vm, a, b, r) ? r[0] : VALUE_ERROR;
    roots_pop(vm, r);
    return v;
}

/* r: result, a copy of the smaller dict, key, value, the copy's value, pair. */
static bool xor_items(VM *vm, Dict *larger, Value *r)
{
    const DictEntry *e;
    size_t pos = 0;
    Dict *rest = as_dict(r[1]);
    while ((e = dict_next_entry(larger, &pos))) {
        r[2] = e->key;
        r[3] = dict_entry_value(larger, e);
        int64_t hash = (int64_t)e->hash;
        r[4] = dict_get_hashed(vm, rest, r[2], hash);
        int same = is_error(r[4]) ? -1 : is_unset(r[4]) ? 0 : value_equal(vm, r[4], r[3]);
        if (same < 0) return false;
        if (same) {
            if (dict_delete(vm, rest, r[2]) < 0) return false;
            continue;
        }
        r[5] = tuple_pair(vm, r[2], r[3]);
        if (is_error(r[5]) || set_add(vm, as_set(r[0]), r[5]) < 0) return false;
    }
    r[5] = dict_view(vm, T_DICT_ITEMS, r[1]);
    return !is_error(r[5]) && set_update(vm, as_set(r[0]), r[5]);
}

static Value symmetric_difference_of_items(VM *vm, Dict *a, Dict *b)
{
    Dict *smaller = dict_len(a) > dict_len(b) ? b : a, *larger = smaller == a ? b : a;
    Value *r = roots_reserve(vm, 6);
    if (!r) return VALUE_ERROR;
    r[0] = set_new(vm);
    r[1] = dict_copy(vm, smaller);
    Value v = !is_error(r[0]) && !is_error(r[1]) && xor_items(vm, larger, r) ? r[0] : VALUE_ERROR;
    roots_pop(vm, r);
    return v;
}

static Value combine(VM *vm, BinaryOp op, Value a, Value b)
{
    Value left = is_set_view(a) ? set_of_view(vm, a) : set_of(vm, a);
    Value *r = roots_push(vm, left);
    if (is_error(left) || !r) return VALUE_ERROR;
    Set *s = as_set(left);
    bool ok = op == BIN_SUB  ? set_difference_update(vm, s, b)
              : op == BIN_OR ? set_update(vm, s, b)
                             : set_symmetric_difference_update(vm, s, b);
    roots_pop(vm, r);
    return ok ? left : VALUE_ERROR;
}

static Value view_binary(VM *vm, BinaryOp op, Value a, Value b)
{
    switch (op) {
    case BIN_AND: return intersect(vm, a, b);
    case BIN_XOR:
        if (is_exact(a, T_DICT_ITEMS) && is_exact(b, T_DICT_ITEMS))
            return symmetric_difference_of_items(vm, dict_of(a), dict_of(b));
        return combine(vm, op, a, b);
    case BIN_SUB:
    case BIN_OR: return combine(vm, op, a, b);
    default: return VALUE_NOT_IMPLEMENTED;
    }
}

/* Is v a set or a view of one, with more in it than `view`? */
static bool is_larger_set(Value v, Value view)
{
    size_t n = dict_len(dict_of(view));
    if (is_exact(v, T_SET) || is_exact(v, T_FROZENSET)) return as_set(v)->live > n;
    return (is_exact(v, T_DICT_KEYS) || is_exact(v, T_DICT_ITEMS)) && dict_len(dict_of(v)) > n;
}

static Value nat_isdisjoint(VM *vm, Args args)
{
    Value self = args.v[0], other = args.v[1];
    if (self == other) return bool_value(dict_len(dict_of(self)) == 0);
    Value *r = roots_reserve(vm, 2); // iterator and item
    if (!r) return VALUE_ERROR;
    int common = 0;
    if (is_larger_set(other, self)) { // walk through the smaller one
        self = args.v[1];
        other = args.v[0];
    }
    r[0] = obj_iter(vm, other);
    if (is_error(r[0])) common = -1;
    while (common == 0 && (r[1] = obj_next(vm, r[0])) != VALUE_STOP)
        common = is_error(r[1]) ? -1 : obj_contains(vm, self, r[1]);
    roots_pop(vm, r);
    return common < 0 ? VALUE_ERROR : bool_value(!common);
}

Value mapping_proxy_new(VM *vm, Value mapping) { return wrap(vm, T_MAPPING_PROXY, KIND_BOX, mapping); }

static Value get_mapping(VM *vm, Value self) { return mapping_proxy_new(vm, boxed(self)); }

static const NativeDef set_view_methods[] = {
    {"isdisjoint(self, other, /)", nat_isdisjoint, "Whether nothing is in both.",
     0},
    {0},
};

static const GetSetDef view_getsets[] = {
    {"mapping", get_mapping, NULL, "The dictionary that this view refers to."},
    {0},
};

const TypeDef type_def_DICT_KEYS = {
    .slots = {.repr = view_repr, .compare = view_compare, .len = view_len, .contains = keys_contains,
              .iter = view_iter, .reversed = view_reversed, .binary = view_binary},
    .methods = set_view_methods,
    .getsets = view_getsets,
    .flags = TYPE_FINAL | TYPE_UNHASHABLE,
    .operators = OPS_OF_SETS,
};

const TypeDef type_def_DICT_ITEMS = {
    .slots = {.repr = view_repr, .compare = view_compare, .len = view_len, .contains = items_contains,
              .iter = view_iter, .reversed = view_reversed, .binary = view_binary},
    .methods = set_view_methods,
    .getsets = view_getsets,
    .flags = TYPE_FINAL | TYPE_UNHASHABLE,
    .operators = OPS_OF_SETS,
};

const TypeDef type_def_DICT_VALUES = {
    .slots = {.repr = view_repr, .len = view_len, .iter = view_iter, .reversed = view_reversed},
    .getsets = view_getsets,
    .flags = TYPE_FINAL,
};

/* ---- mappingproxy: every question goes to the mapping ---- */

static Value proxy_repr(VM *vm, Value self)
{
    Value text = obj_repr(vm, boxed(self));
    return is_error(text) ? text : str_format(vm, "mappingproxy(%V)", text);
}

static Value proxy_str(VM *vm, Value self) { return obj_str(vm, boxed(self)); }
static Value proxy_compare(VM *vm, Value a, Value b, CompareOp op) { return obj_compare(vm, boxed(a), b, op); }
static Value proxy_getitem(VM *vm, Value self, Value key) { return obj_getitem(vm, boxed(self), key); }
static Value proxy_iter(VM *vm, Value self) { return obj_iter(vm, boxed(self)); }

static Value proxy_len(VM *vm, Value self)
{
    int64_t n = obj_len(vm, boxed(self));
    return n < 0 ? VALUE_ERROR : small(n);
}

static Value proxy_contains(VM *vm, Value self, Value key)
{
    int there = obj_contains(vm, boxed(self), key);
    return there < 0 ? VALUE_ERROR : bool_value(there);
}

static Value proxy_binary(VM *vm, BinaryOp op, Value a, Value b)
{
    if (op != BIN_OR) return VALUE_NOT_IMPLEMENTED;
    return obj_binary(vm, op, is_exact(a, T_MAPPING_PROXY) ? boxed(a) : a, is_exact(b, T_MAPPING_PROXY) ? boxed(b) : b);
}

static Value proxy_inplace(VM *vm, BinaryOp op, Value a, Value b)
{
    (void)b;
    if (op != BIN_OR) return VALUE_NOT_IMPLEMENTED;
    return vm_raise(vm, ERR_TYPE, "'|=' is not supported by %T; use '|' instead", a);
}

static Value proxy_reversed(VM *vm, Value self)
{
    return vm_call_method(vm, boxed(self), vm->dunder_names[D_REVERSED], NULL, 0);
}

static Value ask(VM *vm, Args args, const char *method, int n)
{
    return vm_call_method(vm, boxed(args.v[0]), vm_intern(vm, method), args.v + 1, n);
}

static Value nat_proxy_get(VM *vm, Args args) { return ask(vm, args, "get", 2); }
static Value nat_proxy_keys(VM *vm, Args args) { return ask(vm, args, "keys", 0); }
static Value nat_proxy_values(VM *vm, Args args) { return ask(vm, args, "values", 0); }
static Value nat_proxy_items(VM *vm, Args args) { return ask(vm, args, "items", 0); }
static Value nat_proxy_copy(VM *vm, Args args) { return ask(vm, args, "copy", 0); }

static Value construct_proxy(VM *vm, Args args)
{
    Value mapping = args.v[1];
    bool maps = !is_list(mapping) && !is_tuple(mapping) &&
                (slots_of(vm, mapping)->getitem || type_defines(type_of(vm, mapping), D_GETITEM));
    if (!maps) return vm_raise(vm, ERR_TYPE, "mappingproxy() argument must be a mapping, not %T", mapping);
    return mapping_proxy_new(vm, mapping);
}

static const NativeDef proxy_methods[] = {
    {"get(self, key, default=None, /)", nat_proxy_get, "The value for key, or default.", 0},
    {"keys(self, /)", nat_proxy_keys, "The keys, as a view.", 0},
    {"values(self, /)", nat_proxy_values, "The values, as a view.", 0},
    {"items(self, /)", nat_proxy_items, "The pairs (key, value), as a view.", 0},
    {"copy(self, /)", nat_proxy_copy, "A shallow copy of the mapping.", 0},
    CLASS_GETITEM_ROW,
    {0},
};

const TypeDef type_def_MAPPING_PROXY = {
    .slots =
        {
            .repr = proxy_repr,
            .str = proxy_str,
            .compare = proxy_compare,
            .len = proxy_len,
            .getitem = proxy_getitem,
            .contains = proxy_contains,
            .iter = proxy_iter,
            .reversed = proxy_reversed,
            .binary = proxy_binary,
            .inplace = proxy_inplace,
        },
    .methods = proxy_methods,
    .constructor = {"mappingproxy(mapping)", construct_proxy, NULL, 0},
    .doc = "A read-only view of a mapping.",
    .flags = TYPE_FINAL | TYPE_MAPPING | TYPE_UNHASHABLE,
    .operators = OPS_BOTH(BIN_OR),
};
