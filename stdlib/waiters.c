#include "stdlib/waiters.h"
#include "vm/container.h"
#include "vm/sched.h"

static Waiter *at(const Waiters *w, uint32_t i) { return &w->items[(w->head + i) & (w->capacity - 1)]; }

static uint32_t count_waiting(const Waiters *w)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < w->size; i++) n += waiter_waits(at(w, i));
    return n;
}

/* A new ring without those that wait no longer: as large, or larger if most of it is needed. */
static bool make_room(VM *vm, Waiters *w, Obj *owner)
{
    uint32_t waiting = count_waiting(w), capacity = w->capacity ? w->capacity : 4;
    while (waiting >= capacity / 2) capacity *= 2;
    Waiter *items = heap_malloc(vm, size_mul(capacity, sizeof *items));
    if (!items) return false;
    uint32_t n = 0;
    for (uint32_t i = 0; i < w->size; i++)
        if (waiter_waits(at(w, i))) items[n++] = *at(w, i);
    waiters_free(vm, w);
    w->items = items;
    w->capacity = capacity;
    w->head = 0;
    w->size = n;
    gc_filled(vm, owner);
    return true;
}

static bool add(VM *vm, Waiters *w, Value on, Task *t)
{
    if (w->size == w->capacity && !make_room(vm, w, as_obj(on))) return false;
    Waiter *last = at(w, w->size++);
    *last = waiter_of(t);
    gc_init(vm, as_obj(on), &last->task, last->task);
    return true;
}

Value waiters_park(VM *vm, Waiters *w, WaitKind kind, Value on, Value what)
{
    Value parked = task_park(vm, kind, on, 0);
    if (parked != VALUE_PARK) return parked;
    gc_store(vm, vm->task, &vm->task->f.result, what);
    if (add(vm, w, on, vm->task)) return parked;
    sched_unpark(vm, vm->task);
    return VALUE_ERROR;
}

Value waiters_park_again(VM *vm, Waiters *w, WaitKind kind, Value on, Task *t)
{
    return add(vm, w, on, t) ? task_park_again(vm, t, kind, on) : VALUE_ERROR;
}

bool waiters_wake(VM *vm, Waiters *w, Value on)
{
    while (w->size) {
        Waiter first = *at(w, 0);
        w->head = (w->head + 1) & (w->capacity - 1);
        w->size--;
        if (!waiter_waits(&first)) continue;
        w->woken++;
        task_resume(vm, as_task(first.task), on);
        return true;
    }
    return false;
}

size_t waiters_count(const Waiters *w) { return w->woken + (w->size ? count_waiting(w) : 0); }

void waiters_trace(VM *vm, const Waiters *w)
{
    for (uint32_t i = 0; i < w->size; i++) gc_mark_value(vm, at(w, i)->task);
}

void waiters_free(VM *vm, Waiters *w)
{
    if (w->items) heap_free(vm, w->items, w->capacity * sizeof *w->items);
    w->items = NULL;
}
