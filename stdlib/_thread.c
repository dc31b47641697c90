/* _thread.c - starting blocking contexts (vm/strand.h), and the lock that everything else they wait for is made of. */
#include "stdlib/stdlib.h"
#include "vm/dict.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/strand.h"
#include "vm/str.h"

#include <math.h>

/* ---- locks --------------------------------------------------------------------------------------- */

/* Those who wait get it in the order in which they came: a lock with waiters is never free. */
typedef struct Lock { StrandQueue queue; bool locked; } Lock;

static Lock *lock_of(Value v) { return ((NativeData *)as_obj(v))->data; }

static Value nat_allocate_lock(VM *vm, Args args)
{
    (void)args;
    NativeData *o = native_data_new(vm, stdlib(vm)->lock_type, sizeof(Lock));
    return o ? obj_value(o) : VALUE_ERROR;
}

/* Who waits for it keeps it alive. */
static void lock_free(VM *vm, Obj *o)
{
    Lock *l = ((NativeData *)o)->data;
    if (l) heap_free(vm, l, sizeof *l);
}

/* acquire's arguments as a deadline: 0: none, -1: do not wait. False: CPython's error is pending. */
static bool lock_deadline(VM *vm, Value blocking, Value timeout, int64_t *deadline)
{
    double seconds;
    int waits = obj_truth(vm, blocking);
    if (waits < 0 || !to_double(vm, timeout, &seconds))
        return is_unset(vm->exc) ? vm_raise(vm, ERR_TYPE, "'%T' object cannot be interpreted as an integer", timeout), false : false;
    if (!waits && seconds != -1)
        return vm_raise(vm, ERR_VALUE, "can't specify a timeout for a non-blocking call"), false;
    if (isnan(seconds)) return vm_raise(vm, ERR_VALUE, "Invalid value NaN (not a number)"), false;
    if (seconds < 0 && seconds != -1) return vm_raise(vm, ERR_VALUE, "timeout value must be positive"), false;
    if (seconds > 9.2e9) return vm_raise(vm, ERR_OVERFLOW, "timestamp out of range for platform time_t"), false;
    if (seconds < 0 || !waits) *deadline = waits ? 0 : -1;
    else *deadline = sched_now(vm) + (int64_t)(seconds * 1e9) + 1;
    return true;
}

static Value acquire(VM *vm, Value self, int64_t deadline)
{
    Lock *l = lock_of(self);
    if (!l->locked) return l->locked = true, VALUE_TRUE;
    if (deadline < 0) return VALUE_FALSE;
    switch (strand_wait(vm, &l->queue, WAIT_LOCK, self, deadline)) {
    case WAKE_EVENT: return VALUE_TRUE; // handed over
    case WAKE_TIME: return VALUE_FALSE;
    default: return VALUE_ERROR;
    }
}

static Value nat_acquire(VM *vm, Args args)
{
    int64_t deadline;
    return lock_deadline(vm, args.v[1], args.v[2], &deadline) ? acquire(vm, args.v[0], deadline) : VALUE_ERROR;
}

static Value nat_enter(VM *vm, Args args) { return acquire(vm, args.v[0], 0); }

static Value nat_release(VM *vm, Args args)
{
    Lock *l = lock_of(args.v[0]);
    if (!l->locked) return vm_raise(vm, ERR_RUNTIME, "release unlocked lock");
    if (l->queue.first) strand_wake(vm, l->queue.first);
    else l->locked = false;
    return VALUE_NONE;
}

static Value nat_locked(VM *vm, Args args) { return (void)vm, bool_value(lock_of(args.v[0])->locked); }

static Value lock_repr(VM *vm, Value self)
{
    return str_format(vm, "<%s _thread.lock object at %p>", lock_of(self)->locked ? "locked" : "unlocked", (void *)as_obj(self));
}

static const NativeDef lock_methods[] = {
    {"acquire(self, blocking=True, timeout=-1)", nat_acquire, "Take it, waiting for it if need be; False when that was in vain.", 0},
    {"release(self)", nat_release, "Give it to who has waited longest.", 0},
    {"locked(self)", nat_locked, "Whether somebody has it.", 0},
    {"__enter__(self)", nat_enter, NULL, 0},
    {"__exit__(self, *args)", nat_release, NULL, 0},
    {0},
};
static const TypeDef lock_def = {
    .slots = {.repr = lock_repr, .free = lock_free},
    .methods = lock_methods,
    .flags = TYPE_FINAL | TYPE_HAS_WEAKREF,
    .doc = "What at most one has at a time.",
};

/* ---- starting ------------------------------------------------------------------------------------ */

static Value nat_start(VM *vm, Args args)
{
    if (!obj_is_callable(vm, args.v[0])) return vm_raise(vm, ERR_TYPE, "first arg must be callable");
    if (!is_tuple(args.v[1])) return vm_raise(vm, ERR_TYPE, "2nd arg must be a tuple");
    if (!is_none(args.v[2]) && !is_dict(args.v[2])) return vm_raise(vm, ERR_TYPE, "optional 3rd arg must be a dictionary");
    Strand *s = strand_start(vm, args.v[0], args.v[1], args.v[2]);
    return s ? small(s->ident) : VALUE_ERROR;
}

static Value nat_get_ident(VM *vm, Args args) { return (void)args, small(vm->strand->ident); }
static Value nat_count(VM *vm, Args args) { return (void)args, small((int64_t)vm->strands->n); }
static Value nat_is_own(VM *vm, Args args) { return (void)args, bool_value(strand_is_own(vm)); }

static Value nat_set_name(VM *vm, Args args)
{
    vm->strand->seen = false;
    vm->strand->name = args.v[0];
    return VALUE_NONE;
}

static const NativeDef natives[] = {
    {"allocate_lock()", nat_allocate_lock, "A new lock, which nobody has.", 0},
    {"start_new_thread(function, args, kwargs=None, /)", nat_start,
     "Run function(*args, **kwargs) in a blocking context; answers its number.", 0},
    {"get_ident()", nat_get_ident, "The number of the blocking context that asks; the program's own is 1.", 0},
    {"_count()", nat_count, "How many blocking contexts there are beside the program's own.", 0},
    {"_is_own()", nat_is_own, "Whether this is the program itself, not what runs beside it.", 0},
    {"_set_name(name)", nat_set_name, "What reports call the blocking context that asks.", 0},
    {0},
};

static bool init(VM *vm, Module *m)
{
    Type *t = type_from_def(vm, "_thread.lock", NULL, &lock_def, KIND_NATIVE_DATA, VALUE_UNSET);
    if (!t) return false;
    gc_pin(vm, obj_value(t));
    stdlib(vm)->lock_type = t;
    return module_add(vm, m, "LockType", obj_value(t)) &&
           module_add(vm, m, "error", obj_value(vm->exc_types[ERR_RUNTIME])) &&
           module_add(vm, m, "TIMEOUT_MAX", float_value(vm, 9223372036.0));
}

const ModuleDef _thread_module = {"_thread", natives, "Blocking contexts and locks.", init};
