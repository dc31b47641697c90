/* _heapq.c - the natives under heapq.co. As CPython's, they move items by exchanging them, so that the
 * list holds all of them whenever a comparison runs script code, and notice when that has changed the
 * list's length. */
#include "stdlib/stdlib.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"

/* function: as the error text says it. */
static List *heap_of(VM *vm, Value v, const char *function)
{
    if (is_list(v)) return as_list(v);
    vm_raise(vm, ERR_TYPE, is_none(v) ? "%s must be list, not None" : "%s must be list, not %T", function, v);
    return NULL;
}

/* Does items[a] belong above items[b]? -1 with an exception pending. */
static int above(VM *vm, const List *l, size_t a, size_t b, bool max)
{
    size_t size = l->size;
    Value x = l->items[a], y = l->items[b];
    int less = both_small(x, y) ? (max ? as_small(y) < as_small(x) : as_small(x) < as_small(y))
               : max            ? obj_less(vm, y, x)
                                : obj_less(vm, x, y);
    if (less >= 0 && l->size != size) {
        vm_raise(vm, ERR_RUNTIME, "list changed size during iteration");
        return -1;
    }
    return less;
}

static void exchange(VM *vm, List *l, size_t a, size_t b)
{
    Value x = l->items[a], y = l->items[b];
    gc_store(vm, l, &l->items[a], y);
    gc_store(vm, l, &l->items[b], x);
}

/* The item at pos rises as far as it belongs above its parents. */
static bool rise(VM *vm, List *l, size_t start, size_t pos, bool max)
{
    while (pos > start) {
        size_t parent = (pos - 1) / 2;
        int up = above(vm, l, pos, parent, max);
        if (up <= 0) return up == 0;
        exchange(vm, l, pos, parent);
        pos = parent;
    }
    return true;
}

/* The item at pos sinks to a leaf along the better children, and rises from there: most belong near the
 * leaves. */
static bool sink(VM *vm, List *l, size_t pos, bool max)
{
    size_t start = pos, end = l->size;
    for (size_t child; (child = 2 * pos + 1) < end; pos = child) {
        if (child + 1 < end) {
            int left = above(vm, l, child, child + 1, max);
            if (left < 0) return false;
            child += !left;
        }
        exchange(vm, l, pos, child);
    }
    return rise(vm, l, start, pos, max);
}

static Value heapify(VM *vm, Value heap, bool max)
{
    List *l = heap_of(vm, heap, max ? "_heapify_max() argument" : "heapify() argument");
    if (!l) return VALUE_ERROR;
    for (size_t i = l->size / 2; i--;)
        if (!sink(vm, l, i, max)) return VALUE_ERROR;
    return VALUE_NONE;
}

/* The root, whose place `item` takes. */
static Value replace(VM *vm, List *l, Value item, bool max)
{
    Value *root = roots_push(vm, l->items[0]);
    if (!root) return VALUE_ERROR;
    gc_store(vm, l, &l->items[0], item);
    Value v = sink(vm, l, 0, max) ? *root : VALUE_ERROR;
    roots_pop(vm, root);
    return v;
}

static Value pop(VM *vm, Value heap, bool max)
{
    List *l = heap_of(vm, heap, max ? "_heappop_max() argument" : "heappop() argument");
    if (!l) return VALUE_ERROR;
    if (!l->size) return vm_raise(vm, ERR_INDEX, "index out of range");
    Value last = list_pop_last(vm, l);
    return l->size ? replace(vm, l, last, max) : last;
}

static Value replace_root(VM *vm, Value heap, Value item, bool max)
{
    List *l = heap_of(vm, heap, max ? "_heapreplace_max() argument 1" : "heapreplace() argument 1");
    if (!l) return VALUE_ERROR;
    return l->size ? replace(vm, l, item, max) : vm_raise(vm, ERR_INDEX, "index out of range");
}

static Value nat_heapify(VM *vm, Args args)
{
    return heapify(vm, args.v[0], false);
}
static Value nat_heapify_max(VM *vm, Args args)
{
    return heapify(vm, args.v[0], true);
}
static Value nat_heappop(VM *vm, Args args)
{
    return pop(vm, args.v[0], false);
}
static Value nat_heappop_max(VM *vm, Args args)
{
    return pop(vm, args.v[0], true);
}
static Value nat_heapreplace(VM *vm, Args args)
{
    return replace_root(vm, args.v[0], args.v[1], false);
}
static Value nat_heapreplace_max(VM *vm, Args args)
{
    return replace_root(vm, args.v[0], args.v[1], true);
}

static Value nat_heappush(VM *vm, Args args)
{
    List *l = heap_of(vm, args.v[0], "heappush() argument 1");
    if (!l || !list_push(vm, l, args.v[1])) return VALUE_ERROR;
    return rise(vm, l, 0, l->size - 1, false) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_heappushpop(VM *vm, Args args)
{
    List *l = heap_of(vm, args.v[0], "heappushpop() argument 1");
    if (!l) return VALUE_ERROR;
    if (!l->size) return args.v[1];
    int less = obj_less(vm, l->items[0], args.v[1]);
    if (less < 0) return VALUE_ERROR;
    if (!less) return args.v[1];
    return l->size ? replace(vm, l, args.v[1], false) : vm_raise(vm, ERR_INDEX, "index out of range");
}

static const NativeDef natives[] = {
    {"heapify(heap, /)", nat_heapify, "Make a list a heap.", 0},
    {"heappop(heap, /)", nat_heappop, "Remove the smallest item and answer it.", 0},
    {"heappush(heap, item, /)", nat_heappush, "Add an item.", 0},
    {"heappushpop(heap, item, /)", nat_heappushpop, "Add an item, then remove the smallest.", 0},
    {"heapreplace(heap, item, /)", nat_heapreplace, "Remove the smallest item, then add one.", 0},
    {"_heapify_max(heap, /)", nat_heapify_max, "Make a list a heap with the greatest item first.", 0},
    {"_heappop_max(heap, /)", nat_heappop_max, "Remove the greatest item and answer it.", 0},
    {"_heapreplace_max(heap, item, /)", nat_heapreplace_max, "Remove the greatest item, then add one.", 0},
    {0},
};

const ModuleDef _heapq_module = {"_heapq", natives, "What heapq has in C.", NULL};
