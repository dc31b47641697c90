#include "vm/task.h"
#include "vm/sched.h"

void task_hold(Sched *s, Task *t, bool held)
{
    bool before = t->f.h.aux & TASK_HELD;
    if (before == held) return;
    t->f.h.aux ^= TASK_HELD;
    s->nheld += held ? 1 : (size_t)-1;
}

Value task_new(VM *vm, Value coroutine, Value name)
{
    Sched *s = vm->sched;
    Task *t = heap_new(vm, KIND_TASK, T_TASK, Task);
    if (!t) return VALUE_ERROR;
    t->f.result = VALUE_NONE; // what the first step sends
    t->f.callbacks = t->f.extra = t->wait_on = VALUE_UNSET;
    t->coro = as_gen(coroutine);
    t->parent = vm->task ? obj_value(vm->task) : VALUE_UNSET;
    if (!is_unset(vm->context) && !task_set_context(vm, t, vm->context)) return VALUE_ERROR;
    t->name = is_unset(name) || is_none(name) ? small(++s->task_id) : name;
    t->wait_kind = WAIT_READY;
    if (!sched_push(vm, obj_value(t), VALUE_UNSET)) return VALUE_ERROR;
    t->prev = s->last;
    if (s->last) s->last->next = t;
    else s->first = t;
    s->last = t;
    s->ntasks++;
    if (vm->task) task_hold(s, t, vm->task->f.h.aux & TASK_HELD);
    task_event(vm, EVENT_CREATED, t);
    return obj_value(t);
}

bool task_set_context(VM *vm, Task *t, Value context)
{
    if (is_kind(t->parent, KIND_PAIR)) {
        gc_store(vm, as_obj(t->parent), &((Pair *)as_obj(t->parent))->b, context);
        return true;
    }
    Pair *p = heap_new(vm, KIND_PAIR, T_CELL, Pair);
    if (!p) return false;
    p->a = t->parent;
    p->b = context;
    gc_store(vm, t, &t->parent, obj_value(p));
    return true;
}

/* A clone of a sleeper sleeps until the same moment; of one that waits on a future, waits on that. */
Value task_new_like(VM *vm, Value coroutine, Task *t)
{
    Sched *s = vm->sched;
    Value v = task_new(vm, coroutine, VALUE_UNSET);
    if (is_error(v)) return v;
    Task *copy = as_task(v);
    if (t->wait_kind == WAIT_READY || t->wait_kind == WAIT_NONE) return v;
    ready_queue_take_back(&s->ready); // task_new's turn: the copy is not ready, it waits
    copy->f.result = t->f.result;
    copy->wait_kind = t->wait_kind;
    copy->wait_on = t->wait_on;
    if (is_future(t->wait_on)) return future_add_callback(vm, as_future(t->wait_on), v) ? v : VALUE_ERROR;
    int64_t when = timer_heap_find(&s->timers, obj_value(t));
    return !when || timer_heap_add(vm, &s->timers, v, when, ++copy->timer) ? v : VALUE_ERROR;
}

void task_forget(Sched *s, Task *t)
{
    if (s->seen == t) s->seen = t->prev;
    if (t->prev) t->prev->next = t->next;
    else s->first = t->next;
    if (t->next) t->next->prev = t->prev;
    else s->last = t->prev;
    t->next = t->prev = NULL;
    s->ntasks--;
    task_hold(s, t, false);
}

Task *sched_first_task(VM *vm) { return vm->sched->first; }

void sched_tell_event(VM *vm, TaskEvent e, Task *t, int64_t until)
{
    if (e == EVENT_CREATED || t->f.h.aux & TASK_FOLLOWED) vm->event_hook(vm, e, t, until, vm->event_state);
}

void sched_follow_tasks(VM *vm, bool follow)
{
    for (Task *t = vm->sched->first; t; t = t->next) {
        if (follow) t->f.h.aux |= TASK_FOLLOWED;
        else t->f.h.aux &= (uint16_t)~TASK_FOLLOWED;
    }
}

size_t sched_count_tasks(VM *vm) { return vm->sched->ntasks; }

static bool become_ready(VM *vm, Task *t, Value on)
{
    t->wait_kind = WAIT_READY;
    t->timer++;
    gc_store(vm, t, &t->wait_on, VALUE_UNSET);
    task_event(vm, EVENT_READY, t);
    return sched_push(vm, obj_value(t), on);
}

void task_wake(VM *vm, Task *t, Value v)
{
    gc_store(vm, t, &t->f.result, v);
    become_ready(vm, t, VALUE_UNSET);
}

void task_wake_throw(VM *vm, Task *t, Value exc)
{
    gc_store(vm, t, &t->f.result, exc);
    t->f.h.aux |= TASK_WAKE_THROWS;
    become_ready(vm, t, VALUE_UNSET);
}

void task_resume(VM *vm, Task *t, Value on) { become_ready(vm, t, on); }

Value task_park_again(VM *vm, Task *t, WaitKind kind, Value on)
{
    t->wait_kind = (uint8_t)kind;
    gc_store(vm, t, &t->wait_on, on);
    task_event(vm, EVENT_WAITING, t);
    return VALUE_PARK;
}

void sched_unpark(VM *vm, Task *t)
{
    (void)vm;
    t->timer++; // its entry in the timer heap is stale now
    t->wait_kind = WAIT_NONE;
}

Value task_park(VM *vm, WaitKind kind, Value on, int64_t deadline)
{
    Sched *s = vm->sched;
    if (!vm->task || !s->can_park) return vm_raise(vm, ERR_RUNTIME, "no running event loop");
    Task *t = vm->task;
    t->wait_kind = (uint8_t)kind;
    gc_store(vm, t, &t->wait_on, on);
    if (deadline && !timer_heap_add(vm, &s->timers, obj_value(t), deadline, ++t->timer)) return VALUE_ERROR;
    task_event_until(vm, EVENT_WAITING, t, deadline);
    return VALUE_PARK;
}
