/* _locks.c - asyncio.locks' Lock, Event and Semaphore. */
#include "stdlib/waiters.h"
#include "vm/container.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/str.h"

typedef struct Gate {
    Waiters waiters;
    bool locked;   // of a Lock; of an Event: set
    int64_t value; // of a Semaphore: how many may still enter
} Gate;

static Gate *gate_of(Value v) { return ((NativeData *)as_obj(v))->data; }

static Value make(VM *vm, Type *type, Gate gate)
{
    NativeData *o = container_alloc(vm, type, KIND_NATIVE_DATA, sizeof *o);
    Gate *g = o ? heap_malloc(vm, sizeof *g) : NULL;
    if (!g) return VALUE_ERROR;
    *g = gate;
    o->data = g;
    o->values[0] = o->values[1] = VALUE_UNSET;
    return obj_value(o);
}

static void trace(VM *vm, Obj *o)
{
    const Gate *g = ((NativeData *)o)->data;
    gc_mark_value(vm, ((NativeData *)o)->values[0]);
    if (g) waiters_trace(vm, &g->waiters);
}

static void release(VM *vm, Obj *o)
{
    Gate *g = ((NativeData *)o)->data;
    if (!g) return;
    waiters_free(vm, &g->waiters);
    heap_free(vm, g, sizeof *g);
}

/* "<asyncio.locks.Lock object at 0x1000 [unlocked, waiters:2]>" */
static Value describe(VM *vm, Value self, const char *state)
{
    size_t waiting = waiters_count(&gate_of(self)->waiters);
    Value name = type_full_name(vm, type_of(vm, self));
    if (is_error(name)) return name;
    if (waiting) return str_format(vm, "<%V object at 0x%zx [%s, waiters:%zu]>", name, (size_t)as_obj(self), state, waiting);
    return str_format(vm, "<%V object at 0x%zx [%s]>", name, (size_t)as_obj(self), state);
}

/* `async with`: nothing to do at the end but to release. */
static Value leave(VM *vm, Value self, NativeFn give_back)
{
    Value v = give_back(vm, (Args){&self, 1});
    return is_error(v) ? v : VALUE_NONE;
}

/* ---- Lock: values[0] is the task that holds it ---- */

static void own(VM *vm, Value lock, Task *t)
{
    gate_of(lock)->locked = true;
    gc_store(vm, as_obj(lock), &((NativeData *)as_obj(lock))->values[0], t ? obj_value(t) : VALUE_UNSET);
}

static Value lock(VM *vm, Value self, Value answer)
{
    Gate *g = gate_of(self);
    if (g->locked || waiters_count(&g->waiters)) return waiters_park(vm, &g->waiters, WAIT_TASK_LOCK, self, answer);
    own(vm, self, vm->task);
    return answer;
}

static void unlock(VM *vm, Value self)
{
    Gate *g = gate_of(self);
    if (!g->locked && !g->waiters.woken) waiters_wake(vm, &g->waiters, self);
}

static Value lock_resume(VM *vm, Value self, Task *t)
{
    waiters_turn(&gate_of(self)->waiters);
    own(vm, self, t);
    return t->f.result;
}

static void lock_abandon(VM *vm, Value self, Task *t)
{
    (void)t;
    waiters_turn(&gate_of(self)->waiters);
    unlock(vm, self);
}

static Task *lock_holder(VM *vm, Value self)
{
    (void)vm;
    Value owner = ((NativeData *)as_obj(self))->values[0];
    return is_task(owner) && !future_done(as_future(owner)) ? as_task(owner) : NULL;
}

static Value lock_new(VM *vm, Args args) { return make(vm, as_type(args.v[0]), (Gate){0}); }
static Value lock_repr(VM *vm, Value self) { return describe(vm, self, gate_of(self)->locked ? "locked" : "unlocked"); }
static Value nat_lock_acquire(VM *vm, Args args) { return lock(vm, args.v[0], VALUE_TRUE); }
static Value nat_lock_enter(VM *vm, Args args) { return lock(vm, args.v[0], VALUE_NONE); }
static Value nat_lock_locked(VM *vm, Args args) { return (void)vm, bool_value(gate_of(args.v[0])->locked); }

static Value nat_lock_release(VM *vm, Args args)
{
    Gate *g = gate_of(args.v[0]);
    if (!g->locked) return vm_raise(vm, ERR_RUNTIME, "Lock is not acquired.");
    g->locked = false;
    ((NativeData *)as_obj(args.v[0]))->values[0] = VALUE_UNSET;
    unlock(vm, args.v[0]);
    return VALUE_NONE;
}

static Value nat_lock_leave(VM *vm, Args args) { return leave(vm, args.v[0], nat_lock_release); }

static const NativeDef lock_methods[] = {
    {"acquire(self)", nat_lock_acquire, "Wait until nobody holds it, and hold it: True.", NATIVE_ASYNC},
    {"release(self)", nat_lock_release, "Let the next one in.", 0},
    {"locked(self)", nat_lock_locked, "Whether somebody holds it.", 0},
    {"__aenter__(self)", nat_lock_enter, NULL, NATIVE_ASYNC},
    {"__aexit__(self, exc_type, exc, tb)", nat_lock_leave, NULL, NATIVE_ASYNC},
    {0},
};

static const TypeDef lock_def = {
    .slots = {.repr = lock_repr, .resume = lock_resume, .abandon = lock_abandon, .holder = lock_holder, .trace = trace, .free = release},
    .methods = lock_methods,
    .constructor = {"Lock()", lock_new, NULL, 0},
    .doc = "One holder at a time; those who wait get it in their order.",
};

/* ---- Event ---- */

static Value event_resume(VM *vm, Value self, Task *t)
{
    (void)vm, (void)t;
    waiters_turn(&gate_of(self)->waiters);
    return VALUE_TRUE;
}

static void event_abandon(VM *vm, Value self, Task *t)
{
    (void)vm, (void)t;
    waiters_turn(&gate_of(self)->waiters);
}

static Value event_new(VM *vm, Args args) { return make(vm, as_type(args.v[0]), (Gate){0}); }
static Value event_repr(VM *vm, Value self) { return describe(vm, self, gate_of(self)->locked ? "set" : "unset"); }
static Value nat_event_is_set(VM *vm, Args args) { return (void)vm, bool_value(gate_of(args.v[0])->locked); }
static Value nat_event_clear(VM *vm, Args args) { return (void)vm, gate_of(args.v[0])->locked = false, VALUE_NONE; }

static Value nat_event_set(VM *vm, Args args)
{
    Gate *g = gate_of(args.v[0]);
    g->locked = true;
    while (waiters_wake(vm, &g->waiters, args.v[0])) {}
    return VALUE_NONE;
}

static Value nat_event_wait(VM *vm, Args args)
{
    Gate *g = gate_of(args.v[0]);
    return g->locked ? VALUE_TRUE : waiters_park(vm, &g->waiters, WAIT_EVENT, args.v[0], VALUE_TRUE);
}

static const NativeDef event_methods[] = {
    {"wait(self)", nat_event_wait, "Wait until it is set: True.", NATIVE_ASYNC},
    {"set(self)", nat_event_set, "Let all go on that wait, and who comes later.", 0},
    {"clear(self)", nat_event_clear, "Let those who come wait again.", 0},
    {"is_set(self)", nat_event_is_set, "Whether it is set.", 0},
    {0},
};

static const TypeDef event_def = {
    .slots = {.repr = event_repr, .resume = event_resume, .abandon = event_abandon, .trace = trace, .free = release},
    .methods = event_methods,
    .constructor = {"Event()", event_new, NULL, 0},
    .doc = "A flag that tasks can wait for.",
};

/* ---- Semaphore ---- */

static bool is_closed(const Gate *g) { return g->value == 0 || waiters_count(&g->waiters); }

static void let_next_in(VM *vm, Value self)
{
    Gate *g = gate_of(self);
    if (waiters_wake(vm, &g->waiters, self)) g->value--;
}

static Value enter(VM *vm, Value self, Value answer)
{
    Gate *g = gate_of(self);
    if (is_closed(g)) return waiters_park(vm, &g->waiters, WAIT_SEMAPHORE, self, answer);
    g->value--;
    return answer;
}

static Value semaphore_resume(VM *vm, Value self, Task *t)
{
    Gate *g = gate_of(self);
    waiters_turn(&g->waiters);
    if (g->value > 0) let_next_in(vm, self);
    return t->f.result;
}

static void semaphore_abandon(VM *vm, Value self, Task *t)
{
    (void)t;
    Gate *g = gate_of(self);
    waiters_turn(&g->waiters);
    g->value++;
    let_next_in(vm, self);
}

static bool read_value(VM *vm, Value v, int64_t *out)
{
    if (!index_argument(vm, v, out)) return false;
    return *out >= 0 || (vm_raise(vm, ERR_VALUE, "Semaphore initial value must be >= 0"), false);
}

static Value semaphore_new(VM *vm, Args args)
{
    int64_t value;
    return read_value(vm, args.v[1], &value) ? make(vm, as_type(args.v[0]), (Gate){.value = value}) : VALUE_ERROR;
}

static Value nat_semaphore_init(VM *vm, Args args)
{
    return read_value(vm, args.v[1], &gate_of(args.v[0])->value) ? VALUE_NONE : VALUE_ERROR;
}

static Value semaphore_repr(VM *vm, Value self)
{
    const Gate *g = gate_of(self);
    if (is_closed(g)) return describe(vm, self, "locked");
    Value state = str_format(vm, "unlocked, value:%ld", (long)g->value);
    return is_error(state) ? state : describe(vm, self, as_str(state)->data);
}

static Value semaphore_value(VM *vm, Value self) { return int_from_i64(vm, gate_of(self)->value); }
static Value nat_semaphore_acquire(VM *vm, Args args) { return enter(vm, args.v[0], VALUE_TRUE); }
static Value nat_semaphore_enter(VM *vm, Args args) { return enter(vm, args.v[0], VALUE_NONE); }
static Value nat_semaphore_locked(VM *vm, Args args) { return (void)vm, bool_value(is_closed(gate_of(args.v[0]))); }

static Value nat_semaphore_release(VM *vm, Args args)
{
    gate_of(args.v[0])->value++;
    let_next_in(vm, args.v[0]);
    return VALUE_NONE;
}

/* A subclass may have its own release: BoundedSemaphore has. */
static Value nat_semaphore_leave(VM *vm, Args args)
{
    Value v = vm_call_method(vm, args.v[0], vm_intern(vm, "release"), NULL, 0);
    return is_error(v) ? v : VALUE_NONE;
}

static const NativeDef semaphore_methods[] = {
    {"__init__(self, value=1)", nat_semaphore_init, NULL, 0},
    {"acquire(self)", nat_semaphore_acquire, "Wait until one more may enter: True.", NATIVE_ASYNC},
    {"release(self)", nat_semaphore_release, "Let one more enter.", 0},
    {"locked(self)", nat_semaphore_locked, "Whether acquire() would have to wait.", 0},
    {"__aenter__(self)", nat_semaphore_enter, NULL, NATIVE_ASYNC},
    {"__aexit__(self, exc_type, exc, tb)", nat_semaphore_leave, NULL, NATIVE_ASYNC},
    {0},
};
static const GetSetDef semaphore_getsets[] = {{"_value", semaphore_value, NULL, NULL}, {0}};

static const TypeDef semaphore_def = {
    .slots = {.repr = semaphore_repr, .resume = semaphore_resume, .abandon = semaphore_abandon, .trace = trace, .free = release},
    .methods = semaphore_methods,
    .getsets = semaphore_getsets,
    .constructor = {"Semaphore(value=1)", semaphore_new, NULL, 0},
    .doc = "At most so many holders at a time.",
};

static bool init(VM *vm, Module *m)
{
    return module_add_type(vm, m, "Lock", "asyncio.locks.Lock", &lock_def, KIND_NATIVE_DATA) &&
           module_add_type(vm, m, "Event", "asyncio.locks.Event", &event_def, KIND_NATIVE_DATA) &&
           module_add_type(vm, m, "Semaphore", "asyncio.locks.Semaphore", &semaphore_def, KIND_NATIVE_DATA);
}

const ModuleDef _locks_module = {"_locks", NULL, "Locks, for asyncio.", init};
