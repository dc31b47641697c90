/* sched_generators.c - async generators that were left before their end: a loop closes them as asyncio
 * does, so that what their finally blocks await is waited for. */
#include "vm/list.h"
#include "vm/native.h"
#include "vm/sched.h"
#include "vm/str.h"

static Value call_asyncio(VM *vm, const char *in, const char *name, const Value *args, int n)
{
    Value module = module_import(vm, vm_intern(vm, in));
    return is_error(module) ? module : vm_call_method(vm, module, vm_intern(vm, name), args, n);
}

bool sched_close_async_generators(VM *vm)
{
    Value open = gc_open_async_generators(vm);
    if (is_error(open)) return false;
    if (as_list(open)->size == 0) return true;
    Value loop = call_asyncio(vm, "asyncio.events", "_loop_of_futures", NULL, 0);
    Value closing = is_error(loop) ? loop : vm_call_method(vm, loop, vm_intern(vm, "shutdown_asyncgens"), NULL, 0);
    Value task = is_error(closing) ? closing : task_new(vm, closing, VALUE_UNSET);
    if (is_error(task)) return false;
    as_task(task)->f.h.aux |= FUTURE_OBSERVED;
    return !is_error(sched_run_until(vm, task));
}

bool sched_close_dropped(VM *vm, Gen *g)
{
    Value generator = obj_value(g), closing = call_asyncio(vm, "asyncio.tasks", "_close_dropped", &generator, 1);
    return !is_error(closing) && !is_error(task_new(vm, closing, VALUE_UNSET));
}
