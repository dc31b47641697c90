#include "stdlib/stdlib.h"
#include "vm/dict.h"
#include "vm/float.h"

static Value nat_collect(VM *vm, Args args)
{
    (void)args;
    size_t before = heap_used(vm);
    gc_collect(vm);
    size_t after = heap_used(vm);
    return small(before > after ? (int64_t)(before - after) : 0);
}

static bool add_seconds(VM *vm, Dict *d, const char *name, int64_t ns)
{
    Value seconds = float_value(vm, (double)ns / 1e9);
    return !is_error(seconds) && dict_set_c(vm, d, name, seconds);
}

static Value nat_pauses(VM *vm, Args args)
{
    (void)args;
    const Pauses *p = gc_pauses(vm);
    Dict *d = dict_new(vm);
    if (!d) return VALUE_ERROR;
    bool ok = dict_set_c(vm, d, "count", small((int64_t)p->count)) && add_seconds(vm, d, "total", p->total) &&
              add_seconds(vm, d, "median", gc_pause_quantile(vm, 0.5)) && add_seconds(vm, d, "p99", gc_pause_quantile(vm, 0.99)) &&
              add_seconds(vm, d, "longest", p->longest);
    return ok ? obj_value(d) : VALUE_ERROR;
}

static Value nat_nothing(VM *vm, Args args) { (void)vm; (void)args; return VALUE_NONE; }
static Value nat_disable(VM *vm, Args args) { (void)args; return vm->gc_disabled = true, VALUE_NONE; }
static Value nat_enable(VM *vm, Args args) { (void)args; return vm->gc_disabled = false, VALUE_NONE; }
static Value nat_isenabled(VM *vm, Args args) { (void)args; return bool_value(!vm->gc_disabled); }

static const NativeDef natives[] = {
    {"collect(generation=2)", nat_collect, "Free what nobody can reach; answers the number of bytes.", 0},
    {"disable()", nat_disable, "isenabled() says so; the collector's pauses are bounded, it is always on.", 0},
    {"enable()", nat_enable, "Take disable() back.", 0},
    {"freeze()", nat_nothing, "Nothing.", 0},
    {"pauses()", nat_pauses,
     "How long the program has stood still for the collector: a dict of the count and, in seconds, total, median, p99 "
     "and longest.", 0},
    {"isenabled()", nat_isenabled, "Whether disable() was not called since enable().", 0},
    {0},
};
const ModuleDef gc_module = {"gc", natives, "The garbage collector.", NULL};
