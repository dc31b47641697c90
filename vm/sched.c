#include "vm/sched.h"
#include "vm/common.h"
#include "vm/context.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/report.h"
#include "vm/str.h"
#include "vm/strand.h"
#include "vm/type.h"

#include <stdlib.h>
#include <sys/mman.h>

/* The ready queue is a chain of fixed chunks: pushing never copies what is queued already. They are mapped, so that those of
 * a burst go back to the system: between the objects of a million tasks they would stay for good. */
typedef struct Turn { Value a, b; } Turn;
enum { CHUNK_BYTES = 1 << 16, CHUNK_TURNS = CHUNK_BYTES / sizeof(Turn) - 1 };
typedef struct Chunk { struct Chunk *next; Turn turns[CHUNK_TURNS]; } Chunk;

struct Sched {
    Chunk *head, *tail, *spare;
    uint32_t head_at, tail_at; // next turn to take, next free place
    size_t ready;
    struct TimerEntry *timers; // binary heap by (when, seq)
    size_t ntimers, timers_capacity;
    size_t crowded;            // entries at which those that have become stale are dropped
    uint32_t timer_seq, strand_timer;
    Task *first, *last;        // unfinished tasks
    size_t ntasks, nheld;
    uint32_t task_id;
    Task *main;                // of the running loop; NULL: loop without a main task
    size_t nested;             // strands that wait for a task, as if they had a loop of their own
    bool running, stopping, interrupted;
    bool prompt;               // there is one: Ctrl-C is not for its background tasks
    bool unheard;              // Ctrl-C came while one of those was computing
    Value context;             // the one the loop runs in: the current one between two turns
    Value task_maker;          // f(coro, name, context): makes the tasks instead of Task; or UNSET
    Value failures;            // List of failed futures nobody has observed, or UNSET
    bool watching;             // the program wants to be told of those as soon as they are dropped
    bool seeking;              // a full collection is finding out which are
    uint16_t seekings;         // made for one of them alone
    bool failed;               // one has been noted in this turn
    struct { Gen *leaf; bool can_park; } await; // the async native being started
    struct {                   // by the collector
        size_t turns;          // from the head of the ready queue on
        Task *task;            // this one and those before it
        size_t timers;         // of the heap's places: SIZE_MAX when all but `fresh`
        Value *fresh;          // what was given a timer since
        size_t nfresh, fresh_capacity;
    } seen;
    Value fatal;               // SystemExit or KeyboardInterrupt that ended a task: leaves the loop
};

static Sched *sched(VM *vm) { return vm->sched; }

static Chunk *map_chunk(void)
{
    void *p = mmap(NULL, sizeof(Chunk), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void unmap_chunk(Chunk *c) { munmap(c, sizeof *c); }

bool sched_init(VM *vm)
{
    Sched *s = vm->sched = calloc(1, sizeof *s);
    if (!s) return false;
    s->context = s->failures = s->fatal = s->task_maker = VALUE_UNSET;
    s->seen.timers = SIZE_MAX;
    return true;
}

void sched_free(VM *vm)
{
    Sched *s = vm->sched;
    if (!s) return;
    for (Chunk *c = s->head, *next; c; c = next) {
        next = c->next;
        unmap_chunk(c);
    }
    if (s->spare) unmap_chunk(s->spare);
    free(s->seen.fresh);
    if (s->timers) heap_free(vm, s->timers, s->timers_capacity * sizeof *s->timers);
    free(s);
    vm->sched = NULL;
}

/* ---- the ready queue ---- */

static bool add_chunk(VM *vm, Sched *s)
{
    Chunk *c = s->spare;
    s->spare = NULL;
    if (!c) c = map_chunk(); // beyond --max-memory: tasks must be able to end when it is reached
    if (!c) return !is_error(vm_no_memory(vm));
    c->next = NULL;
    if (s->tail) s->tail->next = c;
    else {
        s->head = c;
        s->head_at = 0;
    }
    s->tail = c;
    s->tail_at = 0;
    return true;
}

bool sched_push(VM *vm, Value a, Value b)
{
    Sched *s = sched(vm);
    if ((!s->tail || s->tail_at == CHUNK_TURNS) && !add_chunk(vm, s)) return false;
    s->tail->turns[s->tail_at++] = (Turn){a, b};
    s->ready++;
    return true;
}

static Turn take_first(Sched *s)
{
    Turn t = s->head->turns[s->head_at++];
    s->ready--;
    if (s->seen.turns) s->seen.turns--;
    if (s->head_at == CHUNK_TURNS || s->ready == 0) {
        Chunk *old = s->head;
        if (s->ready == 0 && old == s->tail) {
            s->head_at = s->tail_at = 0;
            return t;
        }
        s->head = old->next;
        s->head_at = 0;
        if (!s->head) s->tail = NULL;
        if (s->spare) unmap_chunk(old);
        else s->spare = old;
    }
    return t;
}

static Turn *turn_at(Sched *s, size_t i)
{
    Chunk *c = s->head;
    for (i += s->head_at; i >= CHUNK_TURNS; i -= CHUNK_TURNS) c = c->next;
    return &c->turns[i];
}

/* The host may choose another than the first of the n turns of this round (seeded schedules). */
static Turn take_turn(VM *vm, Sched *s, size_t n)
{
    if (vm->host->choose && n > 1) {
        Turn *first = turn_at(s, 0), *chosen = turn_at(s, vm->host->choose(vm->host, n));
        Turn t = *chosen;
        *chosen = *first;
        *first = t;
    }
    return take_first(s);
}

/* ---- timers ---- */

static bool earlier(const struct TimerEntry *a, const struct TimerEntry *b)
{
    return a->when != b->when ? a->when < b->when : (int32_t)(a->seq - b->seq) < 0;
}

enum { MOST_FRESH = 1 << 16, FEW_TIMERS = 512 };

/* The collector has not seen this entry of the timers. When these become too many, it had better look at all timers. */
static void note_timer(VM *vm, Sched *s, Value what)
{
    if (gc_lives(vm, as_obj(what))) return;
    if (s->seen.nfresh == s->seen.fresh_capacity) {
        size_t cap = s->seen.fresh_capacity ? s->seen.fresh_capacity * 2 : 64;
        Value *fresh = cap > MOST_FRESH ? NULL : realloc(s->seen.fresh, cap * sizeof *fresh);
        if (!fresh) {
            s->seen.timers = s->seen.nfresh = 0;
            return;
        }
        s->seen.fresh = fresh;
        s->seen.fresh_capacity = cap;
    }
    s->seen.fresh[s->seen.nfresh++] = what;
}

/* Has its task been woken or cancelled meanwhile? Then the entry is only waiting to be dropped. */
static bool is_stale(const struct TimerEntry *e)
{
    if (is_task(e->what)) return as_task(e->what)->timer != e->generation;
    if (is_strand(e->what)) return strand_timer_is_stale(e->what, e->generation);
    return as_obj(e->what)->aux != 0;
}

/* Let e rise from the free place i to where nothing earlier is below it. */
static void place_timer(Sched *s, struct TimerEntry e, size_t i)
{
    for (; i > 0 && earlier(&e, &s->timers[(i - 1) / 2]); i = (i - 1) / 2) s->timers[i] = s->timers[(i - 1) / 2];
    s->timers[i] = e;
}

static bool grow_timers(VM *vm, Sched *s)
{
    size_t cap = s->timers_capacity ? s->timers_capacity + s->timers_capacity / 2 : 64, size = sizeof *s->timers;
    struct TimerEntry *t = s->timers ? heap_realloc(vm, s->timers, s->timers_capacity * size, size_mul(cap, size))
                                     : heap_malloc(vm, cap * size);
    if (!t) return false;
    s->timers = t;
    s->timers_capacity = cap;
    return true;
}

/* A limit of an hour that is set anew for every line would leave an entry for each: when there are twice as many as were
 * live the last time, the stale ones go. */
static void drop_stale_timers(Sched *s)
{
    size_t n = s->ntimers;
    s->ntimers = 0;
    for (size_t i = 0; i < n; i++)
        if (!is_stale(&s->timers[i])) {
            place_timer(s, s->timers[i], s->ntimers);
            s->ntimers++;
        }
    s->crowded = s->ntimers > FEW_TIMERS ? 2 * s->ntimers : 2 * FEW_TIMERS;
    if (s->seen.timers != SIZE_MAX) s->seen.timers = 0; // none is where the collector saw it
}

static bool add_timer(VM *vm, Value what, int64_t when, uint32_t generation)
{
    Sched *s = sched(vm);
    if (s->ntimers >= s->crowded) drop_stale_timers(s);
    if (s->ntimers == s->timers_capacity && !grow_timers(vm, s)) return false;
    place_timer(s, (struct TimerEntry){when, s->timer_seq++, generation, what}, s->ntimers++);
    note_timer(vm, s, what);
    return true;
}

/* While the collector goes through the timers, place after place, none may get behind it unseen. */
static void move_timer(VM *vm, Sched *s, const struct TimerEntry *e, size_t from, size_t to)
{
    if (to < s->seen.timers && from >= s->seen.timers) note_timer(vm, s, e->what);
    s->timers[to] = *e;
}

static struct TimerEntry remove_first_timer(VM *vm, Sched *s)
{
    struct TimerEntry first = s->timers[0], last = s->timers[--s->ntimers];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < s->ntimers; i = child) {
        if (child + 1 < s->ntimers && earlier(&s->timers[child + 1], &s->timers[child])) child++;
        if (!earlier(&s->timers[child], &last)) break;
        move_timer(vm, s, &s->timers[child], child, i);
    }
    move_timer(vm, s, &last, s->ntimers, i);
    return first;
}

int64_t sched_deadline(VM *vm, const Task *t)
{
    const Sched *s = sched(vm);
    for (size_t i = 0; i < s->ntimers; i++)
        if (s->timers[i].what == obj_value(t) && !is_stale(&s->timers[i])) return s->timers[i].when;
    return 0;
}

int64_t sched_now(VM *vm) { return vm->host->monotonic(vm->host); }

int64_t sched_stalled(VM *vm, int64_t since)
{
    Sched *s = sched(vm);
    int64_t now = sched_now(vm);
    if (s->ready) return now - since;
    if (!s->ntimers || is_stale(&s->timers[0])) return 0;
    int64_t due = s->timers[0].when;
    return due < now ? now - (due > since ? due : since) : 0;
}

/* Due timers take a turn in the ready queue, as the handles of asyncio's call_later do. */
static bool fire_timers(VM *vm, Sched *s)
{
    if (!s->ntimers) return true;
    int64_t now = sched_now(vm);
    while (s->ntimers && s->timers[0].when <= now) {
        struct TimerEntry e = remove_first_timer(vm, s);
        if (is_stale(&e)) continue;
        if (is_strand(e.what)) strand_time(vm, e.what, e.generation);
        else if (!sched_push(vm, e.what, VALUE_TRUE)) return false;
    }
    return true;
}

bool sched_call_soon(VM *vm, Value handle) { return sched_push(vm, handle, VALUE_UNSET); }
bool sched_call_at(VM *vm, Value handle, int64_t when) { return add_timer(vm, handle, when, 0); }
bool sched_add_strand_timer(VM *vm, Value handle, int64_t when, uint32_t *timer)
{
    return add_timer(vm, handle, when, *timer = ++sched(vm)->strand_timer);
}

/* ---- tasks ---- */

static void hold(Sched *s, Task *t, bool held)
{
    bool before = t->f.h.aux & TASK_HELD;
    if (before == held) return;
    t->f.h.aux ^= TASK_HELD;
    s->nheld += held ? 1 : (size_t)-1;
}

Value task_new(VM *vm, Value coroutine, Value name)
{
    Sched *s = sched(vm);
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
    if (vm->task) hold(s, t, vm->task->f.h.aux & TASK_HELD);
    task_event(vm, EVENT_CREATED, t);
    return obj_value(t);
}

static Value task_context(const Task *t) { return is_kind(t->parent, KIND_PAIR) ? ((Pair *)as_obj(t->parent))->b : VALUE_UNSET; }

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
    Sched *s = sched(vm);
    Value v = task_new(vm, coroutine, VALUE_UNSET);
    if (is_error(v)) return v;
    Task *copy = as_task(v);
    if (t->wait_kind == WAIT_READY || t->wait_kind == WAIT_NONE) return v;
    s->tail_at--; // not ready: it waits (task_new's turn is the newest one)
    s->ready--;
    copy->f.result = t->f.result;
    copy->wait_kind = t->wait_kind;
    copy->wait_on = t->wait_on;
    if (is_future(t->wait_on)) return future_add_callback(vm, as_future(t->wait_on), v) ? v : VALUE_ERROR;
    for (size_t i = 0; i < s->ntimers; i++)
        if (s->timers[i].what == obj_value(t) && !is_stale(&s->timers[i]))
            return add_timer(vm, v, s->timers[i].when, ++copy->timer) ? v : VALUE_ERROR;
    return v;
}

static void forget_task(Sched *s, Task *t)
{
    if (s->seen.task == t) s->seen.task = t->prev;
    if (t->prev) t->prev->next = t->next;
    else s->first = t->next;
    if (t->next) t->next->prev = t->prev;
    else s->last = t->prev;
    t->next = t->prev = NULL;
    s->ntasks--;
    hold(s, t, false);
}

void sched_set_task_maker(VM *vm, Value maker) { sched(vm)->task_maker = is_none(maker) ? VALUE_UNSET : maker; }
Value sched_task_maker(VM *vm) { return sched(vm)->task_maker; }

Task *sched_first_task(VM *vm) { return sched(vm)->first; }

void sched_tell_event(VM *vm, TaskEvent e, Task *t, int64_t until)
{
    if (e == EVENT_CREATED || t->f.h.aux & TASK_FOLLOWED) vm->event_hook(vm, e, t, until, vm->event_state);
}

void sched_follow_tasks(VM *vm, bool follow)
{
    for (Task *t = sched(vm)->first; t; t = t->next) {
        if (follow) t->f.h.aux |= TASK_FOLLOWED;
        else t->f.h.aux &= (uint16_t)~TASK_FOLLOWED;
    }
}

size_t sched_count_tasks(VM *vm) { return sched(vm)->ntasks; }

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
    Sched *s = sched(vm);
    if (!vm->task || !s->await.can_park) return vm_raise(vm, ERR_RUNTIME, "no running event loop");
    Task *t = vm->task;
    t->wait_kind = (uint8_t)kind;
    gc_store(vm, t, &t->wait_on, on);
    if (deadline && !add_timer(vm, obj_value(t), deadline, ++t->timer)) return VALUE_ERROR;
    task_event_until(vm, EVENT_WAITING, t, deadline);
    return VALUE_PARK;
}

/* ---- awaiting ---- */

static bool drives(VM *vm, const Gen *leaf)
{
    return vm->task && leaf->root->frame.ret_kind == RET_TASK && vm->task->coro == leaf->root;
}

static Value await_future(VM *vm, Gen *leaf, Future *f, Value *out)
{
    Task *t = vm->task;
    if (future_done(f)) return future_result(vm, f);
    if (!drives(vm, leaf)) {
        if (leaf->delegate == obj_value(f)) return vm_raise(vm, ERR_RUNTIME, "await wasn't used with future");
        *out = obj_value(f);
        return VALUE_STOP;
    }
    if (&t->f == f) {
        Value repr = obj_repr(vm, obj_value(t));
        if (!is_error(repr)) vm_raise(vm, ERR_RUNTIME, "Task cannot await on itself: %V", repr);
        task_wake_throw(vm, t, vm_take_pending(vm)); // as asyncio: in its next turn
        return VALUE_PARK;
    }
    f->h.aux |= FUTURE_OBSERVED;
    if (!future_add_callback(vm, f, obj_value(t))) return VALUE_ERROR;
    t->wait_kind = f->h.aux & FUTURE_GATHERING ? WAIT_GATHER : f->h.kind == KIND_TASK ? WAIT_TASK : WAIT_FUTURE;
    gc_store(vm, t, &t->wait_on, obj_value(f));
    if (t->f.h.aux & TASK_MUST_CANCEL && future_cancel(vm, f, t->f.extra)) t->f.h.aux &= (uint16_t)~TASK_MUST_CANCEL;
    if (!is_unset(vm->exc)) vm_take_pending(vm); // a ring: it waits uncancelled
    task_event(vm, EVENT_WAITING, t);
    return VALUE_PARK;
}

static bool fits_receiver(VM *vm, const Native *f, const Value *args, int n)
{
    return f->h.shape != T_METHOD_DESCRIPTOR || native_check_receiver(vm, f, args, n);
}

/* The parameters of an async native, a bound receiver first. */
static bool bind_native(VM *vm, const Native *f, const Value *args, int n, Value kwnames, Value *out)
{
    if (!fits_receiver(vm, f, args, n)) return false;
    if (is_unset(f->self)) return native_bind(vm, f->sig, NULL, args, n, kwnames, out);
    size_t total = (size_t)n + (is_unset(kwnames) ? 0 : as_tuple(kwnames)->size);
    Value *slots = roots_reserve(vm, total + 1);
    if (!slots) return false;
    slots[0] = f->self;
    memcpy(slots + 1, args, total * sizeof *args);
    bool ok = native_bind(vm, f->sig, NULL, slots, n + 1, kwnames, out);
    roots_pop(vm, slots);
    return ok;
}

/* A task that was cancelled while it ran, by itself, is so as soon as it waits. */
static void cancel_parked(VM *vm, Task *t)
{
    if (!(t->f.h.aux & TASK_MUST_CANCEL) || t->wait_kind == WAIT_READY) return;
    t->f.h.aux &= (uint16_t)~TASK_MUST_CANCEL;
    Value exc = cancelled_error(vm, t->f.extra);
    if (is_error(exc)) exc = vm_take_pending(vm);
    sched_unpark(vm, t);
    task_wake_throw(vm, t, exc);
}

static Value start_native(VM *vm, Gen *leaf, const Native *f, Value *args, Value *out)
{
    Sched *s = sched(vm);
    s->await.leaf = leaf;
    s->await.can_park = drives(vm, leaf);
    Value v = f->fn(vm, (Args){args, f->sig->nparams});
    s->await.can_park = false;
    if (v == VALUE_PARK) cancel_parked(vm, vm->task);
    if (v == VALUE_STOP) *out = VALUE_NONE; // a bare yield: one turn for everybody else
    return v;
}

Value task_await(VM *vm, Gen *leaf, Value awaitable, Value *out)
{
    if (is_future(awaitable)) return await_future(vm, leaf, as_future(awaitable), out);
    NativeCoro *c = (NativeCoro *)as_obj(awaitable);
    if (c->state) {
        if (leaf->delegate == awaitable && c->state == 1) {
            c->state = 2;
            return VALUE_NONE; // resumed after a bare yield
        }
        return vm_raise(vm, ERR_RUNTIME, "cannot reuse already awaited coroutine");
    }
    c->state = 1;
    Value v = start_native(vm, leaf, c->native, c->args, out);
    if (v != VALUE_STOP) c->state = 2;
    return v;
}

Value task_call_async(VM *vm, Gen *leaf, Native *f, Value *args, int n, Value *out)
{
    if (f->sig->simple && n == f->sig->npos && is_unset(f->self)) // they lie as the native wants them
        return fits_receiver(vm, f, args, n) ? start_native(vm, leaf, f, args, out) : VALUE_ERROR;
    Value *slots = roots_reserve(vm, f->sig->nparams);
    if (!slots) return VALUE_ERROR;
    Value v = VALUE_ERROR;
    if (bind_native(vm, f, args, n, VALUE_UNSET, slots)) v = start_native(vm, leaf, f, slots, out);
    roots_pop(vm, slots);
    return v;
}

Value native_coro_new(VM *vm, Native *f, const Value *args, int n, Value kwnames)
{
    size_t size = sizeof(NativeCoro) + f->sig->nparams * sizeof(Value);
    NativeCoro *c = heap_alloc(vm, KIND_NATIVE_CORO, T_NATIVE_CORO, size);
    if (!c) return VALUE_ERROR;
    c->native = f;
    c->n = f->sig->nparams;
    for (int i = 0; i < c->n; i++) c->args[i] = VALUE_UNSET;
    return bind_native(vm, f, args, n, kwnames, c->args) ? obj_value(c) : VALUE_ERROR;
}

/* ---- stepping ---- */

/* What the step of a task came to. */
static void settle(VM *vm, Sched *s, Task *t, Value v)
{
    if (v == VALUE_PARK) return;
    if (v == VALUE_ERROR) {
        Value exc = vm_take_pending(vm);
        forget_task(s, t);
        bool fatal = exception_is(vm, exc, ERR_SYSTEM_EXIT) || exception_is(vm, exc, ERR_KEYBOARD_INTERRUPT);
        if (fatal) {
            t->f.h.aux |= FUTURE_OBSERVED;
            s->fatal = exc;
        }
        task_fail(vm, t, exc);
        task_event(vm, EVENT_FINISHED, t);
        return;
    }
    if (!vm->yielded) {
        forget_task(s, t);
        if (t->f.h.aux & TASK_MUST_CANCEL) task_cancelled(vm, t);
        else task_finish(vm, t, v);
        task_event(vm, EVENT_FINISHED, t);
        return;
    }
    if (is_none(v)) {
        task_wake(vm, t, VALUE_NONE);
        return;
    }
    Value repr = obj_repr(vm, v), task_repr = is_error(repr) ? repr : obj_repr(vm, obj_value(t));
    if (!is_error(task_repr)) vm_raise(vm, ERR_RUNTIME, "Task got bad yield: %V", repr);
    task_wake_throw(vm, t, vm_take_pending(vm));
}

/* A task that waited on a future goes on with the future's outcome. */
static void take_outcome(VM *vm, Task *t, Future *f)
{
    Value v = future_result(vm, f);
    if (is_error(v)) {
        t->f.h.aux |= TASK_WAKE_THROWS;
        v = vm_take_pending(vm);
    }
    gc_store(vm, t, &t->f.result, v);
}

/* The same for one that waited on a native's object. False: it waits on. */
static bool take_native_outcome(VM *vm, Task *t, Value on)
{
    const TypeSlots *slots = slots_of(vm, on);
    if (t->f.h.aux & TASK_MUST_CANCEL || future_done(&t->f)) {
        if (slots->abandon) slots->abandon(vm, on, t);
        return true;
    }
    Value v = slots->resume(vm, on, t);
    if (v == VALUE_PARK) return false;
    if (is_error(v)) {
        t->f.h.aux |= TASK_WAKE_THROWS;
        v = vm_take_pending(vm);
    }
    gc_store(vm, t, &t->f.result, v);
    return true;
}

static void step(VM *vm, Sched *s, Task *t)
{
    if (future_done(&t->f)) return;
    Gen *root = t->coro, *leaf = root->leaf;
    Value v = t->f.result, frame_value;
    bool throws = t->f.h.aux & TASK_WAKE_THROWS;
    t->f.result = VALUE_NONE;
    t->wait_kind = WAIT_NONE;
    t->wait_on = VALUE_UNSET;
    t->f.h.aux &= (uint16_t)~TASK_WAKE_THROWS;
    if ((t->f.h.aux & TASK_MUST_CANCEL) && !(throws && exception_is(vm, v, ERR_CANCELLED))) {
        v = cancelled_error(vm, t->f.extra);
        throws = true;
    }
    if (throws) t->f.h.aux &= (uint16_t)~TASK_MUST_CANCEL;
    if (scheduler_waits(leaf->delegate)) {
        leaf->delegate = VALUE_UNSET; // the outcome goes straight to its register
        gen_rest(root);
    }
    Task *before = vm->task;
    Frame *frame = vm->frame;
    Value *sp = vm->sp;
    Value handled = vm->handled;
    vm->task = t;
    vm->handled = VALUE_NONE;
    vm->yielded = false;
    Value context = task_context(t), outer = context_enter(vm, context), inner = vm->context;
    task_event(vm, EVENT_RUNNING, t);
    if (!throws) frame_value = gen_resume(vm, root, v, 0, RET_TASK);
    else {
        if (gen_state(root) == GEN_CREATED) gen_never_ran(root);
        frame_value = gen_throw(vm, root, v, 0, RET_TASK);
    }
    if (frame_value == VALUE_SWITCH) frame_value = interp_run(vm, vm->frame);
    else if (frame_value == VALUE_PARK) frame_value = vm->result;
    else if (frame_value == VALUE_STOP) frame_value = gen_finished_error(vm, root);
    bool changed = vm->context != inner;
    context = context_leave(vm, context, outer);
    if (changed && !task_set_context(vm, t, context)) vm_take_pending(vm); // no memory: it keeps the older values
    vm->task = before;
    vm->frame = frame;
    vm->sp = sp;
    vm->handled = handled;
    settle(vm, s, t, frame_value);
}

static Value call_in_context(VM *vm, Value context, Value callable, const Value *args, int n)
{
    Value *root = roots_push(vm, context);
    if (!root) return VALUE_ERROR;
    Value outer = context_enter(vm, context);
    Value v = vm_call(vm, callable, args, n);
    context_leave(vm, *root, outer);
    roots_pop(vm, root);
    return v;
}

/* A callback has failed: asyncio's loop is told, if the program has one. What ends a program ends the loop. */
static void callback_failed(VM *vm, Sched *s, Value callback, Value args, Value handle)
{
    Value events = dict_get_c(vm, vm->modules, "asyncio.events"), exc = vm->exc;
    if (exception_is(vm, exc, ERR_SYSTEM_EXIT) || exception_is(vm, exc, ERR_KEYBOARD_INTERRUPT)) {
        s->fatal = vm_take_pending(vm);
        return;
    }
    if (is_unset(events)) return sched_report_error(vm, "callback");
    vm_take_pending(vm);
    Value told = vm_call_method(vm, events, vm_intern(vm, "_callback_failed"), (Value[]){callback, args, handle, exc}, 4);
    if (is_error(told)) sched_report_error(vm, "callback");
    else if (told == VALUE_FALSE) vm->exit_status = 1; // the program has no handler of its own
}

static void run_handle(VM *vm, Sched *s, Handle *h)
{
    if (h->h.aux) return;
    Value *root = roots_reserve(vm, 3);
    if (!root) return sched_report_error(vm, "callback");
    root[0] = obj_value(h);
    root[1] = h->callback; // cancelling the handle, which it may do itself, drops them
    root[2] = h->args;
    Tuple *args = as_tuple(h->args);
    Value v = call_in_context(vm, h->context, h->callback, args->items, (int)args->size);
    if (is_error(v)) callback_failed(vm, s, root[1], root[2], root[0]);
    roots_pop(vm, root);
}

static void run_callback(VM *vm, Sched *s, Value callback, Value future)
{
    bool has_context = is_kind(callback, KIND_PAIR);
    Value context = has_context ? ((Pair *)as_obj(callback))->b : VALUE_UNSET;
    Value callable = has_context ? ((Pair *)as_obj(callback))->a : callback;
    Value *root = roots_reserve(vm, 2);
    if (!root) return sched_report_error(vm, "callback");
    root[0] = callable;
    root[1] = future;
    Value v = call_in_context(vm, context, callable, &root[1], 1);
    if (is_error(v)) {
        Value args = tuple_new(vm, &root[1], 1), handle = is_error(args) ? args : handle_new(vm, root[0], args, VALUE_NONE, 0);
        if (is_error(handle)) sched_report_error(vm, "callback");
        else callback_failed(vm, s, root[0], args, handle);
    }
    roots_pop(vm, root);
}

static void run_turn(VM *vm, Sched *s, Turn turn)
{
    if (is_task(turn.a)) {
        Task *t = as_task(turn.a);
        if (turn.b == VALUE_TRUE) { // its sleep is over
            if (t->wait_kind == WAIT_SLEEP || t->wait_kind == WAIT_IO) task_wake(vm, t, t->f.result);
            return;
        }
        if (is_kind(turn.b, KIND_NATIVE_DATA)) {
            if (!take_native_outcome(vm, t, turn.b)) return;
        } else if (!is_unset(turn.b)) take_outcome(vm, t, as_future(turn.b));
        step(vm, s, t);
    } else if (is_kind(turn.a, KIND_FUTURE) && (as_obj(turn.a)->aux & FUTURE_GATHERING))
        gather_child_done(vm, as_future(turn.a), as_future(turn.b));
    else if (is_strand(turn.a)) strand_future_done(vm, turn.a);
    else if (is_handle(turn.a)) run_handle(vm, s, (Handle *)as_obj(turn.a));
    else run_callback(vm, s, turn.a, turn.b);
}

/* ---- the loop ---- */

static int64_t next_deadline(VM *vm, Sched *s)
{
    while (s->ntimers && is_stale(&s->timers[0])) remove_first_timer(vm, s);
    return s->ntimers ? s->timers[0].when : INT64_MAX;
}

/* An exception handler hears of a failure when CPython's would: when nobody can ask for it any more. Only a full
 * collection can tell, so after some of them it may hear later, when the program or the memory calls for one. */
static void seek_dropped_soon(VM *vm, Sched *s)
{
    enum { MOST_SEEKINGS = 100 };
    s->failed = false;
    if (s->watching && !is_unset(s->failures) && s->seekings++ < MOST_SEEKINGS) gc_collect(vm);
}

/* One round of asyncio's loop: wait if nothing is ready, let due timers in, run what was ready then. */
static bool run_round(VM *vm, Sched *s)
{
    bool ready = s->ready > 0 || strands_ready(vm);
    int64_t deadline = next_deadline(vm, s);
    s->context = vm->context;
    if (!ready && !s->stopping && !vm->host->wait(vm->host, vm, deadline, false)) return sched_deadlock(vm);
    if (ready && vm->host->busy) vm->host->wait(vm->host, vm, INT64_MAX, true);
    if (vm->host->pending && !vm_interrupted(vm)) return false;
    if (!fire_timers(vm, s)) return false;
    for (size_t n = s->ready; n > 0 && s->ready > 0; n--) {
        run_turn(vm, s, take_turn(vm, s, n));
        if (s->failed) seek_dropped_soon(vm, s);
        if (!is_unset(s->fatal)) {
            Value exc = s->fatal;
            s->fatal = VALUE_UNSET;
            vm->exc = exc;
            return false;
        }
        if (vm->host->pending && !vm_interrupted(vm)) return false;
    }
    if (!strands_ready(vm)) return true;
    strands_run(vm);
    return !vm->host->pending || vm_interrupted(vm);
}

bool sched_pass(VM *vm)
{
    Sched *s = sched(vm);
    if (s->nested && !s->running) { // some strand wants the tasks to run
        s->running = true;
        bool ok = run_round(vm, s);
        s->running = false;
        return ok;
    }
    bool ready = strands_ready(vm);
    int64_t deadline = next_deadline(vm, s);
    if (!ready && !vm->host->wait(vm->host, vm, deadline, false)) return false;
    if (ready && vm->host->busy) vm->host->wait(vm->host, vm, INT64_MAX, true);
    if (!fire_timers(vm, s)) return false;
    strands_run(vm);
    return true;
}

/* Ctrl-C that a computing background task did not get. */
static bool hear_interrupt(VM *vm, Sched *s)
{
    if (!s->unheard) return true;
    s->unheard = false;
    vm_raise_exc(vm, exception_new(vm, ERR_KEYBOARD_INTERRUPT, obj_value(vm->empty_tuple)));
    return false;
}

bool sched_running(VM *vm) { return sched(vm)->running && strand_is_own(vm); }
void sched_stop(VM *vm) { sched(vm)->stopping = true; }

int64_t sched_next_wake(VM *vm) { return sched(vm)->ready || strands_ready(vm) ? 0 : next_deadline(vm, sched(vm)); }

bool sched_step(VM *vm)
{
    Sched *s = sched(vm);
    if (s->running) return !is_error(vm_raise(vm, ERR_RUNTIME, "This event loop is already running"));
    if (s->ready == 0) vm->host->wait(vm->host, vm, INT64_MAX, true); // what has happened outside
    if (sched_next_wake(vm) > sched_now(vm)) return true;
    s->running = true;
    bool ok = run_round(vm, s);
    s->running = false;
    return ok;
}

/* In a strand: there is one loop, which the program itself runs, if need be while it waits. */
static Value run_until_from_strand(VM *vm, Sched *s, Value future)
{
    if (is_unset(future)) return vm_raise(vm, ERR_RUNTIME, "only the program itself can run the loop for ever");
    s->nested++;
    bool ok = strand_wait_future(vm, as_future(future));
    s->nested--;
    return ok ? future_result(vm, as_future(future)) : VALUE_ERROR;
}

Value sched_run_until(VM *vm, Value future)
{
    Sched *s = sched(vm);
    if (!strand_is_own(vm)) return run_until_from_strand(vm, s, future);
    if (s->running) return vm_raise(vm, ERR_RUNTIME, "This event loop is already running");
    Value *root = roots_push(vm, future);
    if (!root) return VALUE_ERROR;
    s->running = true;
    bool ok = true;
    if (is_unset(future) || !future_done(as_future(future))) // stopped before, it runs one round
        do ok = run_round(vm, s) && hear_interrupt(vm, s);
        while (ok && !s->stopping && (is_unset(future) || !future_done(as_future(future))));
    if (ok && s->ready && !is_unset(future)) ok = run_round(vm, s); // what was scheduled before the end still runs
    s->running = s->stopping = false;
    roots_pop(vm, root);
    if (!ok) return VALUE_ERROR;
    if (is_unset(future)) return VALUE_NONE;
    if (!future_done(as_future(future))) return vm_raise(vm, ERR_RUNTIME, "Event loop stopped before Future completed.");
    return future_result(vm, as_future(future));
}

/* Tasks that await each other in a ring cannot be cancelled: nobody waits for what is left. */
static bool give_up_tasks(VM *vm)
{
    for (Task *t = sched(vm)->first; t; t = t->next) hold(sched(vm), t, true);
    return false;
}

/* False: RecursionError is pending. */
static bool cancel_all(VM *vm, bool keep_spawned)
{
    for (Task *t = sched(vm)->first, *next; t; t = next) {
        next = t->next;
        bool kept = t->f.h.aux & TASK_HELD || (keep_spawned && t->f.h.aux & TASK_SPAWNED);
        if (!kept && !future_cancel(vm, &t->f, VALUE_NONE) && !is_unset(vm->exc)) return give_up_tasks(vm);
    }
    return true;
}

/* Run rounds until every task but held ones has ended; errors that end the loop are kept in *exc. */
static void run_out(VM *vm, Sched *s, Value *exc)
{
    s->running = true;
    while (s->ntasks > s->nheld)
        if (!run_round(vm, s)) {
            if (is_unset(*exc)) *exc = vm_take_pending(vm);
            else vm_take_pending(vm);
            if (vm->stop_status) break;
            if (!cancel_all(vm, false)) vm_take_pending(vm);
        }
    s->running = false;
}

/* A prompt's variables may hold generators that are still wanted. */
static void close_generators(VM *vm, Sched *s, Value *exc)
{
    if (s->prompt || vm->stop_status || sched_close_async_generators(vm)) return;
    Value raised = vm_take_pending(vm);
    if (is_unset(*exc)) *exc = raised;
}

/* The outcome of the run as it is, after `exc` of the leftovers' end, if any, has taken its place. */
static Value finish_run(VM *vm, Value result, Value pending, Value exc)
{
    sched_report_failures(vm);
    if (!is_unset(exc) && is_unset(pending)) pending = exc;
    if (is_unset(pending)) return result;
    vm->exc = pending;
    return VALUE_ERROR;
}

Value sched_run_main(VM *vm, Value task)
{
    Sched *s = sched(vm);
    s->main = as_task(task);
    as_task(task)->f.h.aux |= FUTURE_OBSERVED;
    s->interrupted = false;
    Value result = sched_run_until(vm, task);
    s->main = NULL;
    if (!is_error(result) || !s->interrupted || !exception_is(vm, vm->exc, ERR_CANCELLED)) return result;
    Value exc = exception_new(vm, ERR_KEYBOARD_INTERRUPT, obj_value(vm->empty_tuple));
    if (!is_error(exc)) vm->exc = exc;
    return VALUE_ERROR;
}

Value sched_run(VM *vm, Value coroutine, bool cancel_leftovers)
{
    Sched *s = sched(vm);
    if (!s->running) s->stopping = false;
    Value task = task_new(vm, coroutine, VALUE_UNSET);
    if (!strand_is_own(vm)) return is_error(task) ? task : sched_run_until(vm, task); // the others' tasks go on
    Value *root = is_error(task) ? NULL : roots_reserve(vm, 4);
    if (!root) return VALUE_ERROR;
    root[0] = task;
    Value result = sched_run_main(vm, task);
    root[1] = result;
    if (is_error(result)) root[2] = vm_take_pending(vm);
    if (!vm->stop_status) {
        if (!cancel_all(vm, !cancel_leftovers && !is_error(result))) root[3] = vm_take_pending(vm);
        run_out(vm, s, &root[3]);
        close_generators(vm, s, &root[3]);
    }
    Value r = finish_run(vm, root[1], root[2], root[3]);
    roots_pop(vm, root);
    return r;
}

void sched_skip_names(VM *vm, uint32_t n) { sched(vm)->task_id += n; }

Value sched_end_run(VM *vm)
{
    Sched *s = sched(vm);
    Value *exc = roots_reserve(vm, 1);
    if (!exc) return VALUE_ERROR;
    if (!cancel_all(vm, false)) *exc = vm_take_pending(vm);
    run_out(vm, s, exc);
    close_generators(vm, s, exc);
    Value v = finish_run(vm, VALUE_NONE, VALUE_UNSET, *exc);
    roots_pop(vm, exc);
    return v;
}

/* What a statement has left undone (Ctrl-C came twice, or all were waiting for each other) is told to end; if it does
 * not at once, it goes on as one task among others. */
static void give_up(VM *vm, Sched *s, Task *t)
{
    enum { ROUNDS = 100 };
    if (!future_cancel(vm, &t->f, VALUE_NONE) && !is_unset(vm->exc)) vm_take_pending(vm);
    s->running = true;
    for (int i = 0; i < ROUNDS && s->ready && !future_done(&t->f); i++)
        if (!run_round(vm, s)) vm_take_pending(vm);
    s->running = false;
}

Value sched_run_statement(VM *vm, Value coroutine)
{
    Sched *s = sched(vm);
    Value task = task_new(vm, coroutine, VALUE_UNSET);
    Value *root = is_error(task) ? NULL : roots_reserve(vm, 2);
    if (!root) return VALUE_ERROR;
    root[0] = task;
    root[1] = sched_run_main(vm, task);
    bool failed = is_error(root[1]);
    if (failed && !future_done(&as_task(task)->f)) {
        root[1] = vm_take_pending(vm);
        give_up(vm, s, as_task(task));
        vm->exc = root[1];
    }
    Value result = failed ? VALUE_ERROR : root[1];
    roots_pop(vm, root);
    return result;
}

void sched_hold_tasks(VM *vm)
{
    Sched *s = sched(vm);
    s->prompt = true;
    for (Task *t = s->first; t; t = t->next) hold(s, t, true);
}

bool sched_cancel_tasks(VM *vm)
{
    Sched *s = sched(vm);
    for (Task *t = s->first; t; t = t->next) hold(s, t, false);
    bool ok = cancel_all(vm, false);
    s->running = true;
    while (ok && s->ntasks) ok = run_round(vm, s);
    s->running = false;
    return ok;
}

bool sched_drain(VM *vm)
{
    Sched *s = sched(vm);
    if (!s->first) return !is_error(finish_run(vm, VALUE_NONE, VALUE_UNSET, VALUE_UNSET));
    Value *exc = roots_reserve(vm, 1);
    if (!exc) return false;
    run_out(vm, s, exc);
    close_generators(vm, s, exc);
    bool ok = !is_error(finish_run(vm, VALUE_NONE, VALUE_UNSET, *exc));
    roots_pop(vm, exc);
    return ok;
}

/* A background task of a prompt that computes and computes is interrupted by the second Ctrl-C: nothing else could. */
static bool spare_background(VM *vm, Sched *s)
{
    if (!s->prompt || !vm->task || !s->running || vm->task == s->main || s->unheard) return false;
    return s->unheard = true;
}

bool sched_take_interrupt(VM *vm)
{
    Sched *s = sched(vm);
    bool may_cancel = s->running && s->main && !s->interrupted && !future_done(&s->main->f);
    if (!may_cancel) return spare_background(vm, s);
    s->interrupted = true;
    bool told = future_cancel(vm, &s->main->f, VALUE_NONE);
    if (!is_unset(vm->exc)) vm_take_pending(vm);
    return told;
}

/* ---- what went wrong unseen ---- */

void sched_note_failure(VM *vm, Future *f)
{
    Sched *s = sched(vm);
    if (is_unset(s->failures)) s->failures = list_new(vm, NULL, 0);
    if (is_error(s->failures)) {
        s->failures = VALUE_UNSET;
        vm_take_pending(vm);
        return;
    }
    if (!list_append(vm, as_list(s->failures), obj_value(f))) vm_take_pending(vm);
    s->failed = true;
}

void sched_watch_failures(VM *vm, bool watch) { sched(vm)->watching = watch; }
void sched_seek_dropped(VM *vm, bool seek)
{
    if (vm->sched) sched(vm)->seeking = seek && sched(vm)->watching && !is_unset(sched(vm)->failures);
}

void sched_note_dropped(VM *vm)
{
    Sched *s = sched(vm);
    if (!s || !s->seeking) return;
    const List *failures = as_list(s->failures);
    for (size_t i = 0; i < failures->size; i++)
        if (!gc_lives(vm, as_obj(failures->items[i]))) as_obj(failures->items[i])->aux |= FUTURE_DROPPED;
    gc_mark_value(vm, s->failures);
}

void sched_report_error(VM *vm, const char *where)
{
    report_ignored(vm, where);
    vm->exit_status = 1;
}

/* Has the program set an exception handler for its loop? Then that is told. */
static bool tell_handler(VM *vm, Future *f)
{
    Value events = dict_get_c(vm, vm->modules, "asyncio.events");
    if (is_unset(events)) return false;
    Value args[] = {obj_value(f), f->result};
    Value told = vm_call_method(vm, events, vm_intern(vm, "_never_retrieved"), args, 2);
    if (is_error(told)) sched_report_error(vm, "exception handler");
    return told != VALUE_FALSE;
}

void sched_tell_dropped(VM *vm)
{
    Sched *s = sched(vm);
    if (!s || !s->watching || is_unset(s->failures)) return;
    Value *root = roots_push(vm, s->failures);
    for (size_t i = 0; root && i < as_list(*root)->size; i++) {
        Future *f = as_future(as_list(*root)->items[i]);
        if (!(f->h.aux & FUTURE_DROPPED) || f->h.aux & FUTURE_OBSERVED) continue;
        f->h.aux |= FUTURE_OBSERVED;
        tell_handler(vm, f);
    }
    if (root) roots_pop(vm, root);
}

void sched_report_failures(VM *vm)
{
    Sched *s = sched(vm);
    if (is_unset(s->failures)) return;
    Value list = s->failures;
    s->failures = VALUE_UNSET;
    Value *root = roots_push(vm, list);
    for (size_t i = 0; root && i < as_list(list)->size; i++) {
        Future *f = as_future(as_list(list)->items[i]);
        if (f->h.aux & FUTURE_OBSERVED) continue;
        f->h.aux |= FUTURE_OBSERVED;
        if (tell_handler(vm, f)) continue;
        report_task_failure(vm, obj_value(f), f->result);
        vm->exit_status = 1;
    }
    if (root) roots_pop(vm, root);
}

/* ---- for the collector ---- */

void sched_rescan(VM *vm)
{
    Sched *s = sched(vm);
    if (!s) return;
    s->seen.turns = s->seen.timers = s->seen.nfresh = 0;
    s->seen.task = NULL;
    strands_rescan(vm);
}

static bool trace_tasks(VM *vm, Sched *s, size_t budget)
{
    for (Task *t = s->seen.task ? s->seen.task->next : s->first; t; t = t->next) {
        if (!budget--) return false;
        gc_mark_obj(vm, t);
        s->seen.task = t;
    }
    return true;
}

static bool trace_turns(VM *vm, Sched *s, size_t budget)
{
    if (s->seen.turns > s->ready) s->seen.turns = s->ready; // the newest was taken back
    size_t left = s->ready - s->seen.turns, at = s->head_at + s->seen.turns;
    Chunk *c = s->head;
    for (; left && at >= CHUNK_TURNS; at -= CHUNK_TURNS) c = c->next;
    for (; left && budget; left--, budget--, s->seen.turns++, at++) {
        if (at == CHUNK_TURNS) {
            c = c->next;
            at = 0;
        }
        gc_mark_value(vm, c->turns[at].a);
        gc_mark_value(vm, c->turns[at].b);
    }
    return !left;
}

static bool trace_timers(VM *vm, Sched *s, size_t budget)
{
    if (s->seen.timers == SIZE_MAX) return true;
    for (; s->seen.timers < s->ntimers; s->seen.timers++) {
        if (!budget--) return false;
        gc_mark_value(vm, s->timers[s->seen.timers].what);
    }
    s->seen.timers = SIZE_MAX;
    return true;
}

bool sched_trace_some(VM *vm, size_t budget)
{
    Sched *s = sched(vm);
    if (!s) return true;
    bool tasks = trace_tasks(vm, s, budget), turns = trace_turns(vm, s, budget);
    return trace_timers(vm, s, budget) && tasks && turns;
}

void sched_trace(VM *vm)
{
    Sched *s = sched(vm);
    if (!s) return;
    sched_trace_some(vm, SIZE_MAX);
    for (size_t i = 0; i < s->seen.nfresh; i++) gc_mark_value(vm, s->seen.fresh[i]);
    s->seen.nfresh = 0;
    if (s->running) gc_mark_value(vm, s->context);
    gc_mark_value(vm, s->task_maker);
    if (!s->seeking) gc_mark_value(vm, s->failures);
    gc_mark_value(vm, s->fatal);
    if (vm->task) gc_mark_obj(vm, vm->task);
}
