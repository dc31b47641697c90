/* _workers.c - the natives under workers: a worker is a VM of its own on a lane (vm/io.h).
 *
 * The VM is made, used and freed on the lane's thread; this one only hands it bytes (courier.h) and sets its `pending`,
 * which its interpreter sees when its fuel runs out.
 */
#include "stdlib/courier.h"
#include "stdlib/stdlib.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/io.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/output.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/task.h"

#include <stdlib.h>

enum { STACK = 8 << 20, RESERVE = 1 << 20 }; // a lane's thread has at least so much

typedef struct Worker {
    IoSink sink;
    IoId lane;
    Host *host;             // the worker VM's
    VM *vm;                 // the lane's
    CourierHome home;
    const struct CompileHook *compiler;
    Reader reader;
    int users;              // the object and each call
} Worker;

typedef enum { ENDED_WELL, ENDED_BY_EXCEPTION, ENDED_BY_STOP, ENDED_WITHOUT_MEMORY } End;

typedef struct Call {
    IoJob job;
    Worker *w;
    Courier given, answer;
    End end;
    bool closes, under_way;
    Waiter waiter;
    Obj *owner;  // NULL: nobody waits
    Value sent;  // List of what was sent, by number; the owner's values[0]
} Call;

static const struct HostIo *io(VM *vm) { return vm->host->io; }
static Worker *worker_of(Value v) { return ((NativeData *)as_obj(v))->data; }

/* ==== on the lane's thread ======================================================================== */

static bool begin(Worker *w)
{
    if (w->vm) return true;
    VM *vm = vm_new(w->host);
    if (!vm) return false;
    char *here = __builtin_frame_address(0);
    vm->c_stack_limit = here - (STACK - RESERVE);
    vm->compiler = w->compiler;
    vm->reader = w->reader;
    if (stdlib_init(vm, 0, NULL)) return w->vm = vm, true;
    stdlib_free(vm);
    vm_free(vm);
    return false;
}

static void finish(Worker *w)
{
    if (w->vm) {
        stdlib_run_exit_calls(w->vm);
        output_flush_errno(w->vm);
        stdlib_free(w->vm);
        vm_free(w->vm);
    }
    courier_free_home(&w->home);
    w->vm = NULL;
}

static bool set_path(VM *vm, Value path)
{
    return dict_set_c(vm, vm->sys->dict, "path", path);
}

/* (function, args, kwargs, sys.path). A coroutine function's result is awaited. */
static Value make_call(VM *vm, Value message)
{
    Value *part = as_tuple(message)->items;
    if (!set_path(vm, part[3])) return VALUE_ERROR;
    Dict *kwargs = as_dict(part[2]);
    size_t nargs = as_tuple(part[1])->size, pos = 0, n = 0;
    Value names = tuple_new(vm, NULL, kwargs->live);
    Value *all = is_error(names) ? NULL : roots_reserve(vm, 1 + nargs + kwargs->live);
    if (!all) return VALUE_ERROR;
    all[0] = kwargs->live ? names : VALUE_UNSET;
    memcpy(all + 1, as_tuple(part[1])->items, nargs * sizeof *all);
    for (Value key, value; dict_next(kwargs, &pos, &key, &value); n++) {
        as_tuple(names)->items[n] = key;
        all[1 + nargs + n] = value;
    }
    Value v = vm_call_kw(vm, part[0], all + 1, (int)nargs, all[0]);
    roots_pop(vm, all);
    if (!is_exact(v, T_COROUTINE) && !is_exact(v, T_NATIVE_CORO)) return v;
    Value *root = roots_push(vm, v);
    if (!root) return VALUE_ERROR;
    v = task_coroutine(vm, v);
    if (!is_error(v)) v = sched_run(vm, *root = v, true);
    roots_pop(vm, root);
    return v;
}

/* What it came to, packed; what cannot be copied makes it an exception. */
static void pack_answer(Call *c, VM *vm, Value v)
{
    if (!is_error(v) && courier_pack(vm, &c->answer, v, NULL, &c->w->home)) return;
    if (vm->stop_status) {
        c->end = ENDED_BY_STOP;
        return;
    }
    for (int tries = 0; tries < 2; tries++) { // an exception may hold what cannot be copied
        Value exc = vm_take_pending(vm);
        courier_free(&c->answer);
        c->end = ENDED_BY_EXCEPTION;
        if (courier_pack(vm, &c->answer, exc, NULL, &c->w->home)) return;
    }
    vm_take_pending(vm);
    c->end = ENDED_WITHOUT_MEMORY;
}

static void run(IoJob *job)
{
    Call *c = (Call *)job;
    Worker *w = c->w;
    if (c->closes) return finish(w);
    if (w->host->pending) c->end = ENDED_BY_STOP;
    else if (!begin(w)) c->end = ENDED_WITHOUT_MEMORY;
    if (c->end) return;
    VM *vm = w->vm;
    courier_forget(vm, &w->home);
    Value message = courier_unpack(vm, &c->given, NULL, &w->home);
    Value *root = is_error(message) ? NULL : roots_push(vm, message);
    Value v = root ? make_call(vm, message) : VALUE_ERROR;
    if (root) roots_pop(vm, root);
    pack_answer(c, vm, v);
    output_flush_errno(vm);
}

/* ==== on the VM's thread ========================================================================== */

static void release(Worker *w)
{
    if (--w->users) return;
    w->host->close(w->host);
    free(w);
}

static void free_call(Call *c)
{
    courier_free(&c->given);
    courier_free(&c->answer);
    release(c->w);
    free(c);
}

static void drop(IoJob *job)
{
    Call *c = (Call *)job;
    if (c->owner) ((NativeData *)c->owner)->data = NULL;
    free_call(c);
}

static void on_event(VM *vm, IoSink *sink, const IoEvent *e)
{
    (void)sink;
    Call *c = (Call *)e->job;
    if (e->kind != IO_DONE) return;
    c->under_way = false;
    if (!c->owner) return free_call(c);
    Value owner = obj_value(c->owner);
    gc_unpin(vm, owner);
    if (waiter_waits(&c->waiter)) task_resume(vm, as_task(c->waiter.task), owner);
}

static Call *new_call(VM *vm, Worker *w)
{
    Call *c = calloc(1, sizeof *c);
    if (!c) return vm_no_memory(vm), NULL;
    c->job = (IoJob){.run = run, .drop = drop};
    c->w = w;
    c->waiter = (Waiter){VALUE_UNSET, 0};
    w->users++;
    return c;
}

/* Its thread is waited for: it reads images of this VM. */
static void worker_end(VM *vm, Worker *w)
{
    if (!w->lane) return;
    w->host->pending |= HOST_TIME_LIMIT;
    w->host->wake(w->host);
    Call *last = new_call(vm, w);
    if (last) {
        last->closes = true;
        io(vm)->give(vm->host, w->lane, &last->job);
    }
    io(vm)->close(vm->host, w->lane, true);
    w->lane = 0;
}

static void worker_free(VM *vm, Obj *o)
{
    Worker *w = ((NativeData *)o)->data;
    if (!w) return;
    worker_end(vm, w);
    release(w);
}

static Value call_resume(VM *vm, Value self, Task *t)
{
    (void)t;
    NativeData *o = (NativeData *)as_obj(self);
    Call *c = o->data;
    if (!c || c->end == ENDED_BY_STOP) return vm_raise(vm, ERR_RUNTIME, "the worker was stopped");
    if (c->end == ENDED_WITHOUT_MEMORY) return vm_no_memory(vm);
    Value v = courier_unpack(vm, &c->answer, is_list(o->values[0]) ? as_list(o->values[0]) : NULL, NULL);
    if (is_error(v) || c->end == ENDED_WELL) return v;
    return vm_raise_exc(vm, v);
}

/* The task, too: one that was cancelled and is gone would be taken for whatever has its place. */
static void call_trace(VM *vm, Obj *o)
{
    const Call *c = ((NativeData *)o)->data;
    gc_mark_value(vm, ((NativeData *)o)->values[0]);
    gc_mark_value(vm, ((NativeData *)o)->values[1]);
    if (c) gc_mark_value(vm, c->waiter.task);
}

/* One under way is let go by the lane; its object is pinned until then, unless the VM ends. */
static void call_free(VM *vm, Obj *o)
{
    (void)vm;
    Call *c = ((NativeData *)o)->data;
    if (!c) return;
    c->owner = NULL;
    if (!c->under_way) free_call(c);
}

static const TypeDef call_def = {
    .slots = {.resume = call_resume, .trace = call_trace, .free = call_free},
    .flags = TYPE_FINAL,
    .doc = "A call on another VM.",
};

static Value nat_call(VM *vm, Args args)
{
    Worker *w = worker_of(args.v[0]);
    if (!w->lane) return vm_raise(vm, ERR_RUNTIME, "the worker has ended");
    Value sent = list_new(vm, NULL, 0), message = is_error(sent) ? sent : tuple_new(vm, args.v + 1, 4);
    Call *c = is_error(message) ? NULL : new_call(vm, w);
    if (!c) return VALUE_ERROR;
    NativeData *o = courier_pack(vm, &c->given, message, as_list(sent), NULL)
                        ? heap_new(vm, KIND_NATIVE_DATA, stdlib(vm)->workers.call->root_shape->id, NativeData)
                        : NULL;
    Value parked = o ? task_park(vm, WAIT_WORKER, obj_value(o), 0) : VALUE_ERROR;
    if (parked != VALUE_PARK) return free_call(c), parked;
    o->data = c;
    o->values[0] = sent;
    o->values[1] = args.v[0];
    c->owner = &o->h;
    c->under_way = true;
    c->waiter = waiter_of(vm->task);
    gc_pin(vm, obj_value(o));
    io(vm)->give(vm->host, w->lane, &c->job);
    return VALUE_PARK;
}

static Value nat_stop(VM *vm, Args args)
{
    (void)vm;
    Worker *w = worker_of(args.v[0]);
    w->host->pending |= HOST_TIME_LIMIT;
    w->host->wake(w->host);
    return VALUE_NONE;
}

static Value nat_worker(VM *vm, Args args)
{
    (void)args;
    NativeData *o = heap_new(vm, KIND_NATIVE_DATA, stdlib(vm)->workers.worker->root_shape->id, NativeData);
    Worker *w = o ? calloc(1, sizeof *w) : NULL;
    Host *host = w ? io(vm)->another(vm->host) : NULL;
    if (!host) return free(w), vm_no_memory(vm);
    *w = (Worker){.sink = {on_event}, .host = host, .compiler = vm->compiler, .reader = vm->reader, .users = 1};
    o->data = w;
    o->values[0] = o->values[1] = VALUE_UNSET;
    int err = io(vm)->lane(vm->host, false, &w->sink, &w->lane);
    return err ? vm_raise_errno(vm, -err, NULL) : obj_value(o);
}

static Value nat_cores(VM *vm, Args args) { return (void)args, small(io(vm)->cores(vm->host)); }

static const NativeDef worker_methods[] = {
    {"call(self, function, args, kwargs, path)", nat_call, "Call it there; answers its result.", NATIVE_ASYNC},
    {"stop(self)", nat_stop, "Stop what it does, and have it refuse what comes.", 0},
    {0},
};
static const TypeDef worker_def = {
    .slots = {.free = worker_free},
    .methods = worker_methods,
    .flags = TYPE_FINAL,
    .doc = "Another VM on a thread of its own.",
};

static const NativeDef natives[] = {
    {"worker()", nat_worker, "A new worker.", 0},
    {"cores()", nat_cores, "How many can compute at the same time.", 0},
    {0},
};

static Type *make_type(VM *vm, const char *name, const TypeDef *def)
{
    Type *t = type_from_def(vm, name, NULL, def, KIND_NATIVE_DATA, VALUE_UNSET);
    if (t) gc_pin(vm, obj_value(t));
    return t;
}

static bool init(VM *vm, Module *m)
{
    (void)m;
    stdlib(vm)->workers.worker = make_type(vm, "_workers.worker", &worker_def);
    stdlib(vm)->workers.call = make_type(vm, "_workers.call", &call_def);
    return stdlib(vm)->workers.worker && stdlib(vm)->workers.call;
}

const ModuleDef _workers_module = {"_workers", natives, "Other VMs on other threads.", init};
