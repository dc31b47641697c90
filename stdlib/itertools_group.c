/* itertools_group.c - groupby and tee: several iterators that share a source. */
#include "stdlib/itertools_parts.h"
#include "vm/list.h"
#include "vm/type.h"

/* ---- groupby ----
 * source: the iterator; extra: [key function, item, its key, key of the current group];
 * index: number of the current group.
 * _grouper: source: the groupby; extra: its key; index: its number. */

enum { KEY_FUNCTION, ITEM, ITEM_KEY, GROUP_KEY };

static Value construct_groupby(VM *vm, Args args)
{
    Value state = itertools_array(vm, 4), *root = is_error(state) ? NULL : roots_push(vm, state);
    if (!root) return VALUE_ERROR;
    as_array(state)->items[KEY_FUNCTION] = args.v[2];
    Iter *it = itertools_new(vm, args.v[0], obj_iter(vm, args.v[1]), state);
    roots_pop(vm, root);
    return it ? obj_value(it) : VALUE_ERROR;
}

/* The next item and its key: 1; 0 at the end; -1. */
static int advance(VM *vm, Iter *it)
{
    Array *state = as_array(it->extra);
    Value *root = roots_push(vm, VALUE_UNSET);
    if (!root) return -1;
    Value item = *root = obj_next(vm, it->source), key = item;
    bool got = item != VALUE_STOP && !is_error(item);
    if (got && !is_none(state->items[KEY_FUNCTION])) key = vm_call1(vm, state->items[KEY_FUNCTION], item);
    roots_pop(vm, root);
    if (!got) return item == VALUE_STOP ? 0 : -1;
    if (is_error(key)) return -1;
    gc_store(vm, state, &state->items[ITEM], item);
    gc_store(vm, state, &state->items[ITEM_KEY], key);
    return 1;
}

/* Does the item at hand still belong to the group with this key? It does not when there is none yet. */
static int belongs(VM *vm, const Iter *it, Value key)
{
    Value item_key = as_array(it->extra)->items[ITEM_KEY];
    return is_unset(item_key) ? 1 : is_unset(key) ? 0 : value_equal_rooted(vm, key, item_key);
}

static Value groupby_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    Array *state = as_array(it->extra);
    it->index++; // groups made before are over
    for (;;) {
        int same = belongs(vm, it, state->items[GROUP_KEY]);
        if (same < 0) return VALUE_ERROR;
        if (!same) break;
        int more = advance(vm, it);
        if (more <= 0) return more ? VALUE_ERROR : VALUE_STOP;
    }
    gc_store(vm, state, &state->items[GROUP_KEY], state->items[ITEM_KEY]);
    Iter *group = itertools_new(vm, obj_value(stdlib(vm)->grouper_type), self, state->items[ITEM_KEY]);
    if (!group) return VALUE_ERROR;
    group->index = it->index;
    return tuple_pack(vm, 2, state->items[ITEM_KEY], obj_value(group));
}

static Value grouper_next(VM *vm, Value self)
{
    Iter *group = as_iter(self), *it = as_iter(group->source);
    Array *state = as_array(it->extra);
    if (group->index != it->index) return VALUE_STOP;
    if (is_unset(state->items[ITEM])) {
        int more = advance(vm, it);
        if (more <= 0) return more ? VALUE_ERROR : VALUE_STOP;
    }
    int same = belongs(vm, it, group->extra);
    if (same <= 0) return same ? VALUE_ERROR : VALUE_STOP;
    Value v = state->items[ITEM];
    gc_store(vm, state, &state->items[ITEM], VALUE_UNSET);
    return v;
}

/* ---- tee ----
 * The items lie in a chain of nodes that the iterators walk along; what all have passed is garbage.
 * Node: [iterator, next node, number of items, whether it is being asked, items ...]
 * _tee: source: its node; index: of the next item in it. */

enum { NODE_ITERATOR, NODE_NEXT, NODE_COUNT, NODE_BUSY, NODE_ITEMS, NODE_ROOM = 57 };

static Value new_node(VM *vm, Value iterator)
{
    Value node = is_error(iterator) ? iterator : itertools_array(vm, NODE_ITEMS + NODE_ROOM);
    if (is_error(node)) return node;
    as_array(node)->items[NODE_ITERATOR] = iterator;
    as_array(node)->items[NODE_COUNT] = small(0);
    as_array(node)->items[NODE_BUSY] = VALUE_FALSE;
    return node;
}

static Value ask(VM *vm, Array *node, int64_t count)
{
    if (node->items[NODE_BUSY] == VALUE_TRUE)
        return vm_raise(vm, ERR_RUNTIME, "cannot re-enter the tee iterator");
    node->items[NODE_BUSY] = VALUE_TRUE;
    Value v = obj_next(vm, node->items[NODE_ITERATOR]);
    node->items[NODE_BUSY] = VALUE_FALSE;
    if (v == VALUE_STOP || is_error(v)) return v;
    gc_store(vm, node, &node->items[NODE_ITEMS + count], v);
    node->items[NODE_COUNT] = small(count + 1);
    return v;
}

static Value tee_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    Array *node = as_array(it->source);
    if (it->index == NODE_ROOM) {
        if (is_unset(node->items[NODE_NEXT])) {
            Value next = new_node(vm, node->items[NODE_ITERATOR]);
            if (is_error(next)) return next;
            gc_store(vm, node, &node->items[NODE_NEXT], next);
        }
        gc_store(vm, it, &it->source, node->items[NODE_NEXT]);
        node = as_array(it->source);
        it->index = 0;
    }
    int64_t count = as_small(node->items[NODE_COUNT]);
    Value v = it->index < count ? node->items[NODE_ITEMS + it->index] : ask(vm, node, count);
    if (v != VALUE_STOP && !is_error(v)) it->index++;
    return v;
}

static Value copy_tee(VM *vm, Value tee)
{
    Iter *it = itertools_new(vm, obj_value(stdlib(vm)->tee_type), as_iter(tee)->source, VALUE_UNSET);
    if (!it) return VALUE_ERROR;
    it->index = as_iter(tee)->index;
    return obj_value(it);
}

static Value tee_of(VM *vm, Value iterable)
{
    if (type_of(vm, iterable) == stdlib(vm)->tee_type) return copy_tee(vm, iterable);
    Iter *it =
        itertools_new(vm, obj_value(stdlib(vm)->tee_type), new_node(vm, obj_iter(vm, iterable)), VALUE_UNSET);
    return it ? obj_value(it) : VALUE_ERROR;
}

Value nat_tee(VM *vm, Args args)
{
    int64_t n;
    if (!is_index(vm, args.v[1]))
        return vm_raise(vm, ERR_TYPE, "'%T' object cannot be interpreted as an integer", args.v[1]);
    if (!index_argument(vm, args.v[1], &n)) return VALUE_ERROR;
    if (n < 0) return vm_raise(vm, ERR_VALUE, "n must be >= 0");
    Value first = n ? tee_of(vm, args.v[0]) : VALUE_NONE;
    Value all = is_error(first) ? first : tuple_new(vm, NULL, (size_t)n);
    for (int64_t i = 0; i < n && !is_error(all); i++) {
        Value v = i ? copy_tee(vm, first) : first;
        if (is_error(v)) return v;
        as_tuple(all)->items[i] = v;
    }
    return all;
}

static Value construct_tee(VM *vm, Args args)
{
    return tee_of(vm, args.v[1]);
}
static Value nat_copy(VM *vm, Args args)
{
    return copy_tee(vm, args.v[0]);
}

static const NativeDef tee_methods[] = {{"__copy__(self, /)", nat_copy, "An independent iterator.", 0}, {0}};

const TypeDef itertools_groupby = {
    .slots = {.iter = iter_self, .next = groupby_next},
    .constructor = {"groupby(iterable, key=None)", construct_groupby, NULL, 0},
    .doc = "Runs of items with the same key.",
};
const TypeDef itertools_grouper = {.slots = {.iter = iter_self, .next = grouper_next}, .flags = TYPE_FINAL};
const TypeDef itertools_tee = {
    .slots = {.iter = iter_self, .next = tee_next},
    .methods = tee_methods,
    .constructor = {"_tee(iterable, /)", construct_tee, NULL, 0},
    .flags = TYPE_FINAL,
};
