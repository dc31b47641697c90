/* prelude.c - the names of Co's own idiom, which need no import: gather, run, sleep, spawn, timeout. */
#include "stdlib/stdlib.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/protocol.h"

/* What is written in Co comes with asyncio's modules, which are loaded when they are first wanted. */
static Value call_asyncio(VM *vm, const char *in, const char *name, Value arg)
{
    Value *root = roots_push(vm, arg);
    if (!root) return VALUE_ERROR;
    Value m = module_import(vm, vm_intern(vm, in));
    Value f = is_error(m) ? m : obj_getattr(vm, m, vm_intern(vm, name));
    Value v = is_error(f) ? f : vm_call1(vm, f, *root);
    roots_pop(vm, root);
    return v;
}

static Value nat_gather(VM *vm, Args args)
{
    Value all = tuple_new(vm, args.v, (size_t)args.n);
    return is_error(all) ? all : call_asyncio(vm, "asyncio.tasks", "_scoped_gather", all);
}

static Value nat_timeout(VM *vm, Args args) { return call_asyncio(vm, "asyncio.timeouts", "timeout", args.v[0]); }

static const NativeDef gather_def = {
    "gather(*aws)", nat_gather,
    "A coroutine that runs all awaitables; the first failure cancels the others and is raised.", 0};
static const NativeDef timeout_def = {
    "timeout(delay)", nat_timeout,
    "`async with timeout(delay):` ends its block by TimeoutError after that many seconds.", 0};

bool prelude_add(VM *vm, Module *builtins)
{
    const NativeDef *const defs[] = {&gather_def, &asyncio_run_def, &asyncio_sleep_def, &asyncio_spawn_def,
                                     &timeout_def};
    for (size_t i = 0; i < sizeof defs / sizeof *defs; i++) {
        Value f = native_new(vm, defs[i], VALUE_UNSET, NULL, builtins->name);
        if (is_error(f) || !dict_set_str(vm, builtins->dict, ((Native *)as_obj(f))->sig->name, f))
            return false;
    }
    return true;
}
