/* atexit.c - what is to be done when the program has ended. */
#include "stdlib/stdlib.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/report.h"
#include "vm/str.h"

/* The list of calls, each a tuple (function, args, kwargs). */
static List *calls(VM *vm)
{
    Stdlib *lib = stdlib(vm);
    if (!lib->exit_calls) {
        Value list = list_new(vm, NULL, 0);
        if (is_error(list)) return NULL;
        gc_pin(vm, list);
        lib->exit_calls = as_list(list);
    }
    return lib->exit_calls;
}

static Value nat_register(VM *vm, Args args)
{
    if (!obj_is_callable(vm, args.v[0])) return vm_raise(vm, ERR_TYPE, "the first argument must be callable");
    Value call = tuple_new(vm, args.v, 3);
    List *list = is_error(call) ? NULL : calls(vm);
    return list && list_append(vm, list, call) ? args.v[0] : VALUE_ERROR;
}

static Value nat_unregister(VM *vm, Args args)
{
    for (size_t i = calls(vm) ? calls(vm)->size : 0; i-- > 0;) {
        int same = i < calls(vm)->size ? obj_eq(vm, as_tuple(calls(vm)->items[i])->items[0], args.v[0]) : 0;
        if (same < 0) return VALUE_ERROR;
        if (same) list_pop(vm, calls(vm), (int64_t)i);
    }
    return VALUE_NONE;
}

static Value call(VM *vm, const Tuple *c)
{
    Value *flat, kwnames;
    int n = native_flatten(vm, as_tuple(c->items[1]), as_dict(c->items[2]), &flat, &kwnames);
    if (n < 0) return VALUE_ERROR;
    Value v = vm_call_kw(vm, c->items[0], flat, n, kwnames);
    roots_pop(vm, flat);
    return v;
}

void stdlib_run_exit_calls(VM *vm)
{
    List *list = vm->stop_status ? NULL : stdlib(vm)->exit_calls;
    while (list && list->size) {
        Value *root = roots_push(vm, list_pop_last(vm, list));
        if (!root) return;
        if (is_error(call(vm, as_tuple(*root)))) report_ignored(vm, "atexit callback");
        roots_pop(vm, root);
    }
}

static Value nat_run_exitfuncs(VM *vm, Args args)
{
    (void)args;
    stdlib_run_exit_calls(vm);
    return VALUE_NONE;
}

static Value nat_clear(VM *vm, Args args)
{
    (void)args;
    if (calls(vm)) list_clear(vm, calls(vm));
    return VALUE_NONE;
}

static Value nat_ncallbacks(VM *vm, Args args)
{
    (void)args;
    return small(calls(vm) ? (int64_t)calls(vm)->size : 0);
}

static const NativeDef natives[] = {
    {"_clear()", nat_clear, "Forget all calls.", 0},
    {"_ncallbacks()", nat_ncallbacks, "How many calls are registered.", 0},
    {"_run_exitfuncs()", nat_run_exitfuncs, "Make all calls now.", 0},
    {"register(func, /, *args, **kwargs)", nat_register, "Call func when the program ends, the latest first.",
     0},
    {"unregister(func, /)", nat_unregister, "Do not call func when the program ends.", 0},
    {0},
};
const ModuleDef atexit_module = {"atexit", natives, "Calls at the program's end.", NULL};
