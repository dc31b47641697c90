/* A helper is a thread of the host. As many are made as there are errands at one time; a few are kept for
 * the next ones. */
#include "stdlib/errand.h"
#include "stdlib/stdlib.h"
#include "vm/native.h"
#include "vm/type.h"

#include <stdlib.h>

enum { MOST_IDLE = 4 };

typedef struct Helper {
    IoSink sink;
    IoId lane;
    struct Helper *next, *next_idle;
} Helper;

static const struct HostIo *io(VM *vm) { return vm->host->io; }

/* ---- helpers ------------------------------------------------------------------------------------- */

static void on_event(VM *vm, IoSink *sink, const IoEvent *e);

static Helper *new_helper(VM *vm, Errands *all)
{
    Helper *h = calloc(1, sizeof *h);
    if (!h) return vm_no_memory(vm), NULL;
    h->sink.event = on_event;
    int err = io(vm)->lane(vm->host, true, &h->sink, &h->lane);
    if (err) return free(h), vm_raise_errno(vm, -err, NULL), NULL;
    h->next = all->all;
    return all->all = h;
}

static Helper *take_helper(VM *vm)
{
    Errands *all = &stdlib(vm)->errands;
    Helper *h = all->idle;
    if (!h) return new_helper(vm, all);
    all->idle = h->next_idle;
    all->nidle--;
    return h;
}

static void dismiss(VM *vm, Errands *all, Helper *h)
{
    Helper **at = &all->all;
    while (*at != h) at = &(*at)->next;
    *at = h->next;
    io(vm)->close(vm->host, h->lane, false);
    free(h);
}

static void give_back(VM *vm, Helper *h)
{
    Errands *all = &stdlib(vm)->errands;
    if (all->nidle == MOST_IDLE) return dismiss(vm, all, h);
    h->next_idle = all->idle;
    all->idle = h;
    all->nidle++;
}

void errands_free(VM *vm)
{
    if (!vm->module_state) return;
    Errands *all = &stdlib(vm)->errands;
    while (all->all) dismiss(vm, all, all->all);
}

/* ---- errands ------------------------------------------------------------------------------------- */

static void run(IoJob *job) { ((Errand *)job)->run((Errand *)job); }
static void drop(IoJob *job) { free(job); }

static void on_event(VM *vm, IoSink *sink, const IoEvent *event)
{
    if (event->kind != IO_DONE) return;
    Errand *e = (Errand *)event->job;
    e->under_way = false;
    give_back(vm, (Helper *)sink);
    if (e->forgotten) return free(e);
    if (!e->owner) return strand_wake_all(vm, &e->waiting);
    gc_unpin(vm, obj_value(e->owner));
    if (waiter_waits(&e->waiter)) task_resume(vm, as_task(e->waiter.task), obj_value(e->owner));
}

static void dispatch(VM *vm, Helper *h, Errand *e)
{
    e->job = (IoJob){.run = run, .drop = drop};
    e->under_way = true;
    io(vm)->give(vm->host, h->lane, &e->job);
}

bool errand_needed(VM *vm, bool lasting)
{
    bool beside = !strand_is_own(vm);
    if (!beside && !strand_others(vm)) return false;
    return lasting || (beside && !vm->host->ordered);
}

bool errand_do(VM *vm, Errand *e, WaitKind kind)
{
    e->owner = NULL;
    e->forgotten = false;
    e->waiting = (StrandQueue){0};
    Helper *h = take_helper(vm);
    if (!h) return free(e), false;
    dispatch(vm, h, e);
    if (strand_wait(vm, &e->waiting, kind, VALUE_NONE, 0) == WAKE_EVENT) return true;
    e->forgotten = true;
    return false;
}

/* ---- of tasks ------------------------------------------------------------------------------------ */

static Errand *errand_of(Obj *o) { return ((NativeData *)o)->data; }

static Value errand_resume(VM *vm, Value self, Task *t)
{
    (void)t;
    Errand *e = errand_of(as_obj(self));
    return e->answer(vm, e);
}

/* The task, too: one that was cancelled and is gone would be taken for whatever has its place. */
static void errand_trace(VM *vm, Obj *o)
{
    const Errand *e = errand_of(o);
    if (e) gc_mark_value(vm, e->waiter.task);
}

/* One under way is let go when it is done; its object is pinned until then, unless the VM ends. */
static void errand_free(VM *vm, Obj *o)
{
    (void)vm;
    Errand *e = errand_of(o);
    if (!e) return;
    e->forgotten = true;
    if (!e->under_way) free(e);
}

static const TypeDef errand_def = {
    .slots = {.resume = errand_resume, .trace = errand_trace, .free = errand_free},
    .flags = TYPE_FINAL,
    .doc = "What another thread does.",
};

static Type *errand_type(VM *vm)
{
    Errands *all = &stdlib(vm)->errands;
    if (all->type) return all->type;
    all->type = type_from_def(vm, "_files.errand", NULL, &errand_def, KIND_NATIVE_DATA, VALUE_UNSET);
    if (all->type) gc_pin(vm, obj_value(all->type));
    return all->type;
}

Value errand_park(VM *vm, Errand *e, WaitKind kind)
{
    Type *type = errand_type(vm);
    NativeData *o = type ? heap_new(vm, KIND_NATIVE_DATA, type->root_shape->id, NativeData) : NULL;
    if (!o) return free(e), VALUE_ERROR;
    o->data = NULL;
    o->values[0] = o->values[1] = VALUE_UNSET;
    Helper *h = take_helper(vm);
    Value parked = h ? task_park(vm, kind, obj_value(o), 0) : VALUE_ERROR;
    if (parked != VALUE_PARK) {
        if (h) give_back(vm, h);
        return free(e), parked;
    }
    o->data = e;
    e->owner = &o->h;
    e->waiter = waiter_of(vm->task);
    e->forgotten = false;
    gc_pin(vm, obj_value(o));
    dispatch(vm, h, e);
    return VALUE_PARK;
}
