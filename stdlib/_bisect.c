/* _bisect.c - the search under bisect.co, for lists. */
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"

/* Does x belong before the item? As bisect_left asks it: unless that is less; after: only if x is less. -1: error. */
static int belongs_before(VM *vm, Value x, Value item, bool after)
{
    if (both_small(x, item)) return after ? as_small(x) < as_small(item) : as_small(x) <= as_small(item);
    int less = after ? obj_less(vm, x, item) : obj_less(vm, item, x);
    return less < 0 ? -1 : less == after;
}

static Value nat_place(VM *vm, Args args)
{
    int64_t low, high;
    if (!is_list(args.v[0])) return vm_raise(vm, ERR_TYPE, "place() needs a list");
    const List *l = as_list(args.v[0]);
    if (!index_fit(vm, args.v[2], &low, ERR_OVERFLOW, "Python int too large to convert to C ssize_t")) return VALUE_ERROR;
    if (low < 0) return vm_raise(vm, ERR_VALUE, "lo must be non-negative");
    if (is_none(args.v[3])) high = (int64_t)l->size;
    else if (!index_fit(vm, args.v[3], &high, ERR_OVERFLOW, "Python int too large to convert to C ssize_t")) return VALUE_ERROR;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if ((uint64_t)middle >= l->size) return vm_raise(vm, ERR_INDEX, "list index out of range");
        Value *item = roots_push(vm, l->items[middle]); // __lt__ may take it out of the list
        int before = item ? belongs_before(vm, args.v[1], *item, args.v[4] == VALUE_TRUE) : -1;
        if (item) roots_pop(vm, item);
        if (before < 0) return VALUE_ERROR;
        if (before) high = middle;
        else low = middle + 1;
    }
    return small(low);
}

static const NativeDef natives[] = {
    {"place(a, x, lo, hi, after, /)", nat_place, "Where x belongs in the sorted list a: behind equal items, or before them.", 0},
    {0},
};

const ModuleDef _bisect_module = {"_bisect", natives, "What bisect has in C.", NULL};
