/* set_type.c - set and frozenset as scripts see them: operators, iteration, methods. */
#include "vm/iter.h"
#include "vm/set_internal.h"

/* ---- slots ---- */

static Value set_len(VM *vm, Value self)
{
    (void)vm;
    return small((int64_t)as_set(self)->live);
}

static Value set_contains(VM *vm, Value self, Value item)
{
    int there = set_has(vm, as_set(self), item);
    return there < 0 ? VALUE_ERROR : bool_value(there);
}

static Value set_hash(VM *vm, Value self) { return int_from_i64(vm, frozenset_hash(as_set(self))); }

static int set_equal(VM *vm, Set *a, Set *b)
{
    if (a->live != b->live) return 0;
    bool hashed = set_is_frozen(vm, a) && set_is_frozen(vm, b) && a->hash && b->hash;
    return hashed && a->hash != b->hash ? 0 : set_is_subset(vm, a, obj_value(b));
}

static Value set_compare(VM *vm, Value a, Value b, CompareOp op)
{
    if (!is_set(b)) return VALUE_NOT_IMPLEMENTED;
    Set *sa = as_set(a), *sb = as_set(b);
    int holds = 0;
    if (vm_c_stack_low(vm)) return VALUE_ERROR;
    switch (op) {
    case CMP_EQ:
    case CMP_NE: holds = set_equal(vm, sa, sb); break;
    case CMP_LE: holds = set_is_subset(vm, sa, b); break;
    case CMP_GE: holds = set_is_subset(vm, sb, a); break;
    case CMP_LT: holds = sa->live < sb->live ? set_is_subset(vm, sa, b) : 0; break;
    case CMP_GT: holds = sa->live > sb->live ? set_is_subset(vm, sb, a) : 0; break;
    }
    return holds < 0 ? VALUE_ERROR : bool_value((holds != 0) != (op == CMP_NE));
}

static bool add_items(StrBuilder *b, Value self, Value *slot)
{
    Value items = obj_to_list(b->vm, self);
    if (is_error(items)) return false;
    *slot = items;
    bool ok = sb_add_c(b, "{");
    for (size_t i = 0; ok && i < as_list(items)->size; i++)
        ok = (i == 0 || sb_add(b, ", ", 2)) && sb_add_repr(b, as_list(items)->items[i]);
    return ok && sb_add_c(b, "}");
}

static Value set_repr(VM *vm, Value self)
{
    if (as_set(self)->live == 0) return str_format(vm, "%T()", self);
    ReprGuard guard;
    int entered = repr_enter(vm, &guard, self);
    if (entered != REPR_FIRST) return entered == REPR_AGAIN ? str_format(vm, "%T(...)", self) : VALUE_ERROR;
    StrBuilder b;
    sb_init(&b, vm);
    bool plain = is_exact(self, T_SET);
    Value *slot = roots_push(vm, VALUE_UNSET);
    bool ok = slot && (plain || sb_addf(&b, "%T(", self)) && add_items(&b, self, slot) &&
              (plain || sb_add_c(&b, ")"));
    if (slot) roots_pop(vm, slot);
    repr_leave(vm, &guard);
    if (ok) return sb_finish(&b);
    sb_drop(&b);
    return VALUE_ERROR;
}

static Value set_union(VM *vm, Set *s, Value other)
{
    Value result = set_copy(vm, s);
    if (is_error(result) || other == obj_value(s)) return result;
    Value *r = roots_push(vm, result);
    if (!r) return VALUE_ERROR;
    bool ok = set_update(vm, as_set(result), other);
    roots_pop(vm, r);
    return ok ? result : VALUE_ERROR;
}

static Value set_binary(VM *vm, BinaryOp op, Value a, Value b)
{
    if (!is_set(a) || !is_set(b)) return VALUE_NOT_IMPLEMENTED;
    switch (op) {
    case BIN_OR: return set_union(vm, as_set(a), b);
    case BIN_AND: return set_intersection(vm, as_set(a), b);
    case BIN_SUB: return set_difference(vm, as_set(a), b);
    case BIN_XOR: return set_symmetric_difference(vm, as_set(a), b);
    default: return VALUE_NOT_IMPLEMENTED;
    }
}

static bool intersection_update(VM *vm, Set *s, Value other)
{
    Value result = set_intersection(vm, s, other);
    if (!is_error(result)) set_adopt(vm, s, as_set(result));
    return !is_error(result);
}

static Value set_inplace(VM *vm, BinaryOp op, Value a, Value b)
{
    if (!is_set(a) || !is_set(b)) return VALUE_NOT_IMPLEMENTED;
    Set *s = as_set(a);
    bool ok;
    switch (op) {
    case BIN_OR: ok = set_update(vm, s, b); break;
    case BIN_AND: ok = intersection_update(vm, s, b); break;
    case BIN_SUB: ok = set_difference_update(vm, s, b); break;
    case BIN_XOR: ok = set_symmetric_difference_update(vm, s, b); break;
    default: return VALUE_NOT_IMPLEMENTED;
    }
    return ok ? a : VALUE_ERROR;
}

/* ---- iterator: source: the set, UNSET when exhausted; index: next slot; limit: items when made; extra: items left ---- */

static Value set_iter(VM *vm, Value self)
{
    Value it = iter_new(vm, T_SET_ITER, self);
    if (is_error(it)) return it;
    as_iter(it)->limit = (int64_t)as_set(self)->live;
    as_iter(it)->extra = small((int64_t)as_set(self)->live);
    return it;
}

static Value next_of_set(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    if (is_unset(it->source)) return VALUE_STOP;
    const Set *s = as_set(it->source);
    if ((int64_t)s->live != it->limit) {
        it->limit = -1; // it stays so
        return vm_raise(vm, ERR_RUNTIME, "Set changed size during iteration");
    }
    size_t pos = (size_t)it->index;
    const SetEntry *e = set_next_entry(s, &pos);
    it->index = (int64_t)pos;
    if (e) {
        it->extra -= small(1);
        return e->key;
    }
    gc_store(vm, it, &it->source, VALUE_UNSET);
    return VALUE_STOP;
}

static Value nat_iter_hint(VM *vm, Args args)
{
    (void)vm;
    const Iter *it = as_iter(args.v[0]);
    bool valid = !is_unset(it->source) && it->limit == (int64_t)as_set(it->source)->live;
    return valid ? it->extra : small(0);
}

static const NativeDef iter_methods[] = {
    {"__length_hint__(self, /)", nat_iter_hint, "Items left.", 0},
    {0},
};

const TypeDef type_def_SET_ITER = {
    .slots = {.iter = iter_self, .next = next_of_set}, .methods = iter_methods, .flags = TYPE_FINAL};

/* ---- methods ---- */

static Set *self_of(Args args) { return as_set(args.v[0]); }
static Value none_if(bool ok) { return ok ? VALUE_NONE : VALUE_ERROR; }
static Value truth_of(int answer) { return answer < 0 ? VALUE_ERROR : bool_value(answer); }

static Value nat_add(VM *vm, Args args) { return none_if(set_add(vm, self_of(args), args.v[1]) >= 0); }
static Value nat_discard(VM *vm, Args args) { return none_if(set_discard(vm, self_of(args), args.v[1]) >= 0); }

static Value nat_remove(VM *vm, Args args)
{
    int removed = set_discard(vm, self_of(args), args.v[1]);
    return removed == 0 ? vm_raise_arg(vm, ERR_KEY, args.v[1]) : none_if(removed > 0);
}

static Value nat_pop(VM *vm, Args args)
{
    Set *s = self_of(args);
    return s->live ? set_take(vm, s) : vm_raise(vm, ERR_KEY, "pop from an empty set");
}

static Value nat_clear(VM *vm, Args args)
{
    set_clear(vm, self_of(args));
    return VALUE_NONE;
}

static Value nat_copy(VM *vm, Args args)
{
    return is_exact(args.v[0], T_FROZENSET) ? args.v[0] : set_copy(vm, self_of(args));
}

static Value nat_union(VM *vm, Args args)
{
    const Tuple *others = as_tuple(args.v[1]);
    Value result = set_copy(vm, self_of(args));
    Value *r = roots_push(vm, result);
    bool ok = !is_error(result) && r;
    for (size_t i = 0; ok && i < others->size; i++)
        ok = others->items[i] == args.v[0] || set_update(vm, as_set(result), others->items[i]);
    if (r) roots_pop(vm, r);
    return ok ? result : VALUE_ERROR;
}

/* s without / with only the items of each of several others; r roots what has come out so far. */
static Value fold(VM *vm, Args args, Value (*step)(VM *vm, Set *s, Value other))
{
    const Tuple *others = as_tuple(args.v[1]);
    if (others->size == 0) return set_copy(vm, self_of(args));
    Value *r = roots_push(vm, args.v[0]);
    if (!r) return VALUE_ERROR;
    for (size_t i = 0; i < others->size && !is_error(*r); i++) *r = step(vm, as_set(*r), others->items[i]);
    Value result = *r;
    roots_pop(vm, r);
    return result;
}

static Value nat_intersection(VM *vm, Args args) { return fold(vm, args, set_intersection); }

/* CPython takes only the first away from the set itself, the rest from the result in place. */
static Value nat_difference(VM *vm, Args args)
{
    const Tuple *others = as_tuple(args.v[1]);
    if (others->size == 0) return set_copy(vm, self_of(args));
    Value result = set_difference(vm, self_of(args), others->items[0]);
    Value *r = roots_push(vm, result);
    bool ok = !is_error(result) && r;
    for (size_t i = 1; ok && i < others->size; i++)
        ok = set_difference_update(vm, as_set(result), others->items[i]);
    if (r) roots_pop(vm, r);
    return ok ? result : VALUE_ERROR;
}

static Value nat_symmetric_difference(VM *vm, Args args)
{
    return set_symmetric_difference(vm, self_of(args), args.v[1]);
}

static Value update_with_each(VM *vm, Args args, bool (*update)(VM *vm, Set *s, Value other))
{
    const Tuple *others = as_tuple(args.v[1]);
    for (size_t i = 0; i < others->size; i++)
        if (!update(vm, self_of(args), others->items[i])) return VALUE_ERROR;
    return VALUE_NONE;
}

static Value nat_update(VM *vm, Args args) { return update_with_each(vm, args, set_update); }
static Value nat_difference_update(VM *vm, Args args)
{
    return update_with_each(vm, args, set_difference_update);
}

static Value nat_intersection_update(VM *vm, Args args)
{
    Value result = nat_intersection(vm, args);
    if (is_error(result)) return result;
    set_adopt(vm, self_of(args), as_set(result));
    return VALUE_NONE;
}

static Value nat_symmetric_difference_update(VM *vm, Args args)
{
    return none_if(set_symmetric_difference_update(vm, self_of(args), args.v[1]));
}

static Value nat_isdisjoint(VM *vm, Args args)
{
    return truth_of(set_is_disjoint(vm, self_of(args), args.v[1]));
}
static Value nat_issubset(VM *vm, Args args) { return truth_of(set_is_subset(vm, self_of(args), args.v[1])); }
static Value nat_issuperset(VM *vm, Args args)
{
    return truth_of(set_is_superset(vm, self_of(args), args.v[1]));
}

static Value nat_init(VM *vm, Args args)
{
    if (self_of(args)->filled) set_clear(vm, self_of(args));
    return none_if(set_update(vm, self_of(args), args.v[1]));
}

static Value construct(VM *vm, Args args)
{
    Type *type = as_type(args.v[0]);
    if (type == vm->types[T_FROZENSET] && is_exact(args.v[1], T_FROZENSET)) return args.v[1];
    return set_make(vm, type, args.v[1]);
}

static Value nat_contains(VM *vm, Args args) { return set_contains(vm, args.v[0], args.v[1]); }

#define SHARED_METHODS \
    {"__contains__(self, key, /)", nat_contains, "key in self", NATIVE_NAMED}, \
    {"copy(self, /)", nat_copy, "A set with the same elements.", 0}, \
    {"difference(self, /, *others)", nat_difference, "The elements that are in none of the others.", 0}, \
    {"intersection(self, /, *others)", nat_intersection, "The elements that are in all the others too.", 0}, \
    {"isdisjoint(self, other, /)", nat_isdisjoint, "Whether no element is in both.", 0}, \
    {"issubset(self, other, /)", nat_issubset, "Whether the other has all elements.", 0}, \
    {"issuperset(self, other, /)", nat_issuperset, "Whether it has all elements of the other.", 0}, \
    {"symmetric_difference(self, other, /)", nat_symmetric_difference, \
     "What is in only one of the two sets.", 0}, \
    {"union(self, /, *others)", nat_union, "The elements of all of them.", 0}, \
    CLASS_GETITEM_ROW

static const NativeDef set_methods[] = {
    {"__init__(self, iterable=(), /)", nat_init, "Initialize self.", 0},
    {"add(self, object, /)", nat_add, "Put an element in, unless it is there.", 0},
    {"clear(self, /)", nat_clear, "Remove all elements.", 0},
    {"difference_update(self, /, *others)", nat_difference_update, "Remove what is in one of the others.", 0},
    {"discard(self, object, /)", nat_discard, "Remove an element if it is there.", 0},
    {"intersection_update(self, /, *others)", nat_intersection_update,
     "Keep only what is in all the others too.", 0},
    {"pop(self, /)", nat_pop, "Take out some element; KeyError if there is none.", 0},
    {"remove(self, object, /)", nat_remove, "Remove an element; KeyError if it is not there.", 0},
    {"symmetric_difference_update(self, other, /)", nat_symmetric_difference_update,
     "Keep what is in only one of the two, and put in the rest of the other.", 0},
    {"update(self, /, *others)", nat_update, "Put in the elements of the others.", 0},
    SHARED_METHODS,
    {0},
};

static const NativeDef frozenset_methods[] = {SHARED_METHODS, {0}};

const TypeDef type_def_SET = {
    .slots =
        {
            .repr = set_repr,
            .compare = set_compare,
            .len = set_len,
            .contains = set_contains,
            .iter = set_iter,
            .binary = set_binary,
            .inplace = set_inplace,
        },
    .methods = set_methods,
    .constructor = {"set(iterable=(), /)", construct, NULL, 0},
    .doc = "Elements of which no two are equal, in no order.",
    .flags = TYPE_MATCH_SELF | TYPE_UNHASHABLE | TYPE_HAS_WEAKREF,
    .operators = OPS_OF_SETS,
};

const TypeDef type_def_FROZENSET = {
    .slots =
        {
            .repr = set_repr,
            .hash = set_hash,
            .compare = set_compare,
            .len = set_len,
            .contains = set_contains,
            .iter = set_iter,
            .binary = set_binary,
        },
    .methods = frozenset_methods,
    .constructor = {"frozenset(iterable=(), /)", construct, NULL, 0},
    .doc = "A set that cannot be changed, and so can be a key.",
    .flags = TYPE_MATCH_SELF | TYPE_HAS_WEAKREF,
    .operators = OPS_OF_SETS,
};
