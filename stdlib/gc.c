#include "stdlib/stdlib.h"

static Value nat_collect(VM *vm, Args args)
{
    (void)args;
    size_t before = heap_used(vm);
    gc_collect(vm);
    size_t after = heap_used(vm);
    return small(before > after ? (int64_t)(before - after) : 0);
}

static Value nat_nothing(VM *vm, Args args) { (void)vm; (void)args; return VALUE_NONE; }
static Value nat_isenabled(VM *vm, Args args) { (void)vm; (void)args; return VALUE_TRUE; }

static const NativeDef natives[] = {
    {"collect(generation=2)", nat_collect, "Free what nobody can reach; answers the number of bytes.", 0},
    {"disable()", nat_nothing, "Nothing: the collector's pauses are bounded, it is always on.", 0},
    {"enable()", nat_nothing, "Nothing: the collector is always on.", 0},
    {"freeze()", nat_nothing, "Nothing.", 0},
    {"isenabled()", nat_isenabled, "True.", 0},
    {0},
};
const ModuleDef gc_module = {"gc", natives, "The garbage collector.", NULL};
