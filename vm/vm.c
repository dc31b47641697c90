#include "vm/vm.h"
#include "vm/code_object.h"
#include "vm/common.h"
#include "vm/coroutine.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/ops.h"
#include "vm/output.h"
#include "vm/str.h"
#include "vm/strand.h"
#include "vm/task.h"
#include "vm/type.h"
#include "vm/unawaited.h"

#include <stdlib.h>
#include <sys/resource.h>

#ifdef CO_STRESS
enum { FUEL = 0 }; // every safepoint collects
#else
enum { FUEL = 10000 };
#endif
enum { C_STACK_RESERVE = 256 << 10, C_STACK_DEFAULT = 8 << 20 };

/* Natives that recurse over data stop here, well before the system would stop the process. */
static char *c_stack_limit(void)
{
    char *here = __builtin_frame_address(0);
    struct rlimit r;
    size_t size = C_STACK_DEFAULT;
    if (getrlimit(RLIMIT_STACK, &r) == 0 && r.rlim_cur != RLIM_INFINITY) size = r.rlim_cur;
    if (size > (size_t)64 << 20) size = (size_t)64 << 20;
    size_t reserve = size > 4 * (size_t)C_STACK_RESERVE ? C_STACK_RESERVE : size / 4;
    return here - (size - reserve);
}

size_t vm_address_space(void)
{
    struct rlimit r;
    return getrlimit(RLIMIT_AS, &r) == 0 && r.rlim_cur != RLIM_INFINITY ? r.rlim_cur : SIZE_MAX;
}

bool vm_c_stack_low(VM *vm)
{
    if (__builtin_expect((char *)__builtin_frame_address(0) > vm->c_stack_limit, 1)) return false;
    vm_raise(vm, ERR_RECURSION, "maximum recursion depth exceeded");
    return true;
}

bool vm_tick(VM *vm, size_t units)
{
    int32_t cost = units > FUEL ? FUEL : (int32_t)units;
    if (vm->fuel >= 0) vm->fuel -= cost; // below zero it waits for a safepoint, and must not wrap
    return vm->fuel >= 0 || !vm->host->pending || vm_interrupted(vm);
}

/* The host has set `pending`, or a limit has been reached. False: an exception is in flight. */
bool vm_interrupted(VM *vm)
{
    int pending = vm->host->pending;
    if (!strand_is_own(vm)) pending &= HOST_TIME_LIMIT; // the program itself deals with signals (vm_safepoint)
    if (pending & HOST_DUMP) {
        vm->host->pending &= ~HOST_DUMP;
        if (vm->dump) vm->dump(vm);
    }
    if (pending & HOST_TIME_LIMIT) {
        vm->stop_status = 124;
        vm_raise(vm, ERR_SYSTEM_EXIT, "time limit exceeded");
        return false;
    }
    if (pending & HOST_INTERRUPT) {
        vm->host->pending &= ~HOST_INTERRUPT;
        if (vm->sched && sched_take_interrupt(vm)) return true; // the main task is being cancelled instead
        vm_raise_exc(vm, exception_new(vm, ERR_KEYBOARD_INTERRUPT, obj_value(vm->empty_tuple)));
        return false;
    }
    return true;
}

bool vm_safepoint(VM *vm)
{
    vm->fuel = vm->fuel_refill;
    if (vm->host->pending && !vm_interrupted(vm)) return false;
    if (vm->host->pending && !strand_is_own(vm)) strand_give_way(vm);
    if (vm->unwinding) return !is_error(vm_raise(vm, ERR_SYSTEM_EXIT, "the program has ended"));
    gc_step(vm);
    return is_unset(vm->exc);
}

/* The order matters: each step may use what the ones before it made. */
static bool init(VM *vm)
{
    vm->host->hash_key(vm->host, vm->hash_key);
    return output_init(vm) && heap_init(vm) && frames_init(vm) && str_init(vm) && common_init(vm) && types_init(vm) && exceptions_init(vm) &&
           sched_init(vm) && strands_init(vm);
}

VM *vm_new(Host *host)
{
    VM *vm = calloc(1, sizeof *vm);
    if (!vm) return NULL;
    vm->host = host;
    vm->fuel = vm->fuel_refill = FUEL;
    vm->max_depth = 1000;
    vm->exc = VALUE_UNSET;
    vm->handled = VALUE_NONE;
    vm->context = vm->entered = VALUE_UNSET;
    vm->result = VALUE_NONE;
    vm->c_stack_limit = c_stack_limit();
    if (init(vm)) return vm;
    vm_free(vm);
    return NULL;
}

void vm_leave(VM *vm)
{
    strands_end(vm);
    heap_free_handles(vm);
}

void vm_free(VM *vm)
{
    if (!vm) return;
    strands_end(vm);
    sched_free(vm);
    unawaited_free(vm);
    heap_free_owned(vm);
    types_free(vm);
    common_free(vm);
    str_destroy(vm);
    heap_destroy(vm);
    codes_free_images(vm);
    frames_free(vm);
    output_free(vm);
    free(vm);
}
