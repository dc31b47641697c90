#include "vm/strand.h"
#include "vm/coroutine.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/report.h"
#include "vm/sched.h"
#include "vm/str.h"
#include "vm/type.h"

#include <stdlib.h>
#include <sys/mman.h>

/* One mapping of addresses, whose pages come as they are touched: a page that nobody may touch, the C
 * stack, the roots, the frames. */
enum {
    GUARD = 4 << 10,
    C_STACK = 512 << 10, C_RESERVE = 128 << 10, // natives that recurse stop that far from its end
    ROOTS = 64 << 10,
    FRAMES = 1 << 20, RED_ZONE = 256 * 8,
    MEMORY = GUARD + C_STACK + ROOTS + FRAMES,
    MOST_IDLE = 16,
};

static Strands *strands(VM *vm) { return vm->strands; }

static const NativeDef no_methods[] = {{0}};
const TypeDef type_def_STRAND = {
    .methods = no_methods,
    .flags = TYPE_FINAL,
    .doc = "A blocking context: a call that may wait without holding up the others.",
};

/* ---- stacks -------------------------------------------------------------------------------------- */

static bool map_stacks(Strand *s)
{
    char *p = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return false;
    mprotect(p, GUARD, PROT_NONE);
    s->memory = p;
    return true;
}

/* The VM's state at the beginning of a run. */
static void lay_out(Strand *s)
{
    char *c_stack = s->memory + GUARD, *roots = c_stack + C_STACK, *frames = roots + ROOTS;
    s->c_stack_limit = c_stack + C_RESERVE;
    s->roots = s->roots_top = (Value *)roots;
    s->roots_end = (Value *)frames;
    s->sp = (Value *)frames;
    s->stack_limit = (Value *)(frames + FRAMES - RED_ZONE);
    s->frame = s->safepoint_frame = NULL;
    s->task = s->entered_in = NULL;
    s->reprs = NULL;
    s->taker = NULL;
    s->result = s->handled = VALUE_NONE;
    s->context = s->entered = VALUE_UNSET;
}

static void free_strand(Strand *s)
{
    if (s->memory) munmap(s->memory, MEMORY);
    free(s);
}

/* A strand with stacks, to be laid out; NULL: no memory. */
static Strand *take_strand(Strands *all)
{
    Strand *s = all->idle;
    if (s) {
        all->idle = s->next;
        all->nidle--;
        char *memory = s->memory;
        *s = (Strand){.memory = memory};
        return s;
    }
    s = calloc(1, sizeof *s);
    if (s && map_stacks(s)) return s;
    free(s);
    return NULL;
}

static void give_back(Strands *all, Strand *s)
{
    fiber_free(&s->fiber);
    if (all->nidle == MOST_IDLE) return free_strand(s);
    s->next = all->idle;
    all->idle = s;
    all->nidle++;
}

/* ---- switching ----------------------------------------------------------------------------------- */

static void save(const VM *vm, Strand *s)
{
    s->frame = vm->frame;
    s->safepoint_frame = vm->safepoint_frame;
    s->sp = vm->sp;
    s->stack_limit = vm->stack_limit;
    s->roots = vm->roots;
    s->roots_top = vm->roots_top;
    s->roots_end = vm->roots_end;
    s->result = vm->result;
    s->handled = vm->handled;
    s->context = vm->context;
    s->entered = vm->entered;
    s->entered_in = vm->entered_in;
    s->task = vm->task;
    s->c_stack_limit = vm->c_stack_limit;
    s->reprs = vm->reprs;
    s->taker = vm->taker;
}

/* Its heap frames go on writing their registers without a barrier. */
static void load(VM *vm, Strand *s)
{
    vm->frame = s->frame;
    vm->safepoint_frame = s->safepoint_frame;
    vm->sp = s->sp;
    vm->stack_limit = s->stack_limit;
    vm->roots = s->roots;
    vm->roots_top = s->roots_top;
    vm->roots_end = s->roots_end;
    vm->result = s->result;
    vm->handled = s->handled;
    vm->context = s->context;
    vm->entered = s->entered;
    vm->entered_in = s->entered_in;
    vm->task = s->task;
    vm->c_stack_limit = s->c_stack_limit;
    vm->reprs = s->reprs;
    vm->taker = s->taker;
    vm->strand = s;
    s->seen = false;
    for (Frame *f = s->frame; f; f = f->caller)
        if (f->heap) gc_touch_frame(vm, frame_gen(f));
}

static void switch_to(VM *vm, Strand *to)
{
    Strand *from = vm->strand;
    save(vm, from);
    load(vm, to);
    fiber_switch(&from->fiber, &to->fiber);
}

/* ---- a strand's life ----------------------------------------------------------------------------- */

static void become_ready(Strands *all, Strand *s)
{
    s->next_ready = NULL;
    if (all->ready) all->last_ready->next_ready = s;
    else all->ready = s;
    all->last_ready = s;
    all->nready++;
}

static Value call(VM *vm, const Strand *s)
{
    const Tuple *args = as_tuple(s->args);
    Dict *kwargs = is_dict(s->kwargs) ? as_dict(s->kwargs) : NULL;
    Value names = kwargs ? tuple_new(vm, NULL, kwargs->live) : VALUE_UNSET;
    Value *all = is_error(names) ? NULL : roots_reserve(vm, 1 + args->size + (kwargs ? kwargs->live : 0));
    if (!all) return VALUE_ERROR;
    all[0] = names;
    if (args->size) memcpy(all + 1, args->items, args->size * sizeof *all);
    for (uint32_t i = 0, n = 0; kwargs && i < kwargs->used; i++) {
        if (is_unset(kwargs->entries[i].key)) continue;
        as_tuple(names)->items[n] = kwargs->entries[i].key;
        all[1 + args->size + n++] = kwargs->entries[i].value;
    }
    return vm_call_kw(vm, s->function, all + 1, (int)args->size, names);
}

/* CPython's words; SystemExit just ends the thread. */
static void report_failure(VM *vm, const Strand *s)
{
    if (vm->unwinding || vm_pending_is(vm, ERR_SYSTEM_EXIT)) return (void)vm_take_pending(vm);
    Value exc = vm_take_pending(vm), text = exception_render(vm, exc), name = obj_repr(vm, s->function);
    StrBuilder b;
    sb_init(&b, vm);
    if (is_str(name)) sb_addf(&b, "Exception ignored in thread started by: %V\n", name);
    if (is_str(text)) sb_add_str(&b, text);
    report_str(vm, sb_finish(&b));
    if (!is_str(text)) report_str(vm, text);
    vm->exc = VALUE_UNSET;
}

static void run(void *argument)
{
    Strand *s = argument;
    VM *vm = s->vm;
    Strand *own = &strands(vm)->own;
    fiber_begun(&own->fiber);
    s->begun = true;
    if (is_error(call(vm, s))) report_failure(vm, s);
    s->finished = true;
    load(vm, own);
    fiber_leave(&s->fiber, &own->fiber);
}

Strand *strand_start(VM *vm, Value function, Value args, Value kwargs)
{
    Strands *all = strands(vm);
    NativeData *handle = heap_new(vm, KIND_NATIVE_DATA, T_STRAND, NativeData);
    Strand *s = handle ? take_strand(all) : NULL;
    if (!s) return vm_raise(vm, ERR_RUNTIME, "can't start new thread"), NULL;
    lay_out(s);
    s->vm = vm;
    s->handle = obj_value(handle);
    handle->data = s;
    handle->values[0] = handle->values[1] = VALUE_UNSET;
    s->function = function;
    s->args = args;
    s->kwargs = kwargs;
    s->name = VALUE_NONE;
    s->ident = ++all->last_ident;
    fiber_prepare(&s->fiber, s->memory + GUARD, C_STACK, run, s);
    s->prev = all->last;
    if (all->last) all->last->next = s;
    else all->first = s;
    all->last = s;
    all->n++;
    become_ready(all, s);
    return s;
}

static void retire(Strands *all, Strand *s)
{
    if (s->prev) s->prev->next = s->next;
    else all->first = s->next;
    if (s->next) s->next->prev = s->prev;
    else all->last = s->prev;
    all->n--;
    ((NativeData *)as_obj(s->handle))->data = NULL;
    give_back(all, s);
}

void strands_run(VM *vm)
{
    Strands *all = strands(vm);
    for (size_t n = all->nready; n > 0 && all->ready; n--) {
        Strand *s = all->ready;
        all->ready = s->next_ready;
        all->nready--;
        switch_to(vm, s);
        if (s->finished) retire(all, s);
    }
}

void strand_give_way(VM *vm)
{
    Frame *before = vm->safepoint_frame;
    vm->safepoint_frame = vm->frame;
    become_ready(strands(vm), vm->strand);
    switch_to(vm, &strands(vm)->own);
    vm->safepoint_frame = before;
}

/* ---- waiting ------------------------------------------------------------------------------------- */

/* Not in line: gcc would see the address of a local variable that is still there when its function has returned. */
static __attribute__((noinline)) void join_queue(StrandQueue *q, StrandWait *w)
{
    w->queue = q;
    w->prev = q->last;
    if (q->last) q->last->next = w;
    else q->first = w;
    q->last = w;
}

static void leave_queue(StrandWait *w)
{
    StrandQueue *q = w->queue;
    if (!q) return;
    if (w->prev) w->prev->next = w->next;
    else q->first = w->next;
    if (w->next) w->next->prev = w->prev;
    else q->last = w->prev;
    w->queue = NULL;
}

static void end_wait(VM *vm, StrandWait *w, Wake outcome)
{
    if (w->outcome) return;
    leave_queue(w);
    w->outcome = outcome;
    if (w->strand != &strands(vm)->own) become_ready(strands(vm), w->strand);
}

void strand_wake(VM *vm, StrandWait *w) { end_wait(vm, w, WAKE_EVENT); }

static StrandWait *wait_of_timer(Value handle, uint32_t timer)
{
    const Strand *s = ((NativeData *)as_obj(handle))->data;
    StrandWait *w = s ? s->wait : NULL;
    while (w && (w->timer != timer || w->outcome)) w = w->outer;
    return w;
}

bool strand_timer_is_stale(Value handle, uint32_t timer) { return !wait_of_timer(handle, timer); }

void strand_time(VM *vm, Value handle, uint32_t timer)
{
    StrandWait *w = wait_of_timer(handle, timer);
    if (w) end_wait(vm, w, WAKE_TIME);
}

void strand_future_done(VM *vm, Value handle)
{
    const Strand *s = ((NativeData *)as_obj(handle))->data;
    if (s && s->wait && is_future(s->wait->on)) strand_wake(vm, s->wait);
}

/* The program itself waits: the others run. */
static void wait_as_own(VM *vm, StrandWait *w)
{
    while (!w->outcome) {
        if (vm->host->pending && !vm_interrupted(vm)) return end_wait(vm, w, WAKE_ERROR);
        if (sched_pass(vm)) continue;
        if (is_unset(vm->exc) && w->queue != &strands(vm)->outside) sched_deadlock(vm);
        return end_wait(vm, w, is_unset(vm->exc) ? WAKE_NEVER : WAKE_ERROR);
    }
}

Wake strand_wait(VM *vm, StrandQueue *queue, WaitKind kind, Value on, int64_t deadline)
{
    Strands *all = strands(vm);
    Strand *s = vm->strand;
    StrandWait w = {.strand = s, .outer = s->wait, .on = on, .kind = kind};
    if (deadline && !sched_add_strand_timer(vm, s->handle, deadline, &w.timer)) return WAKE_ERROR;
    if (vm->unwinding) return vm_raise(vm, ERR_SYSTEM_EXIT, "the program has ended"), WAKE_ERROR;
    s->wait = &w;
    if (queue) join_queue(queue, &w);
    if (s == &all->own) wait_as_own(vm, &w);
    else switch_to(vm, &all->own);
    leave_queue(&w);
    s->wait = w.outer;
    if (!vm->unwinding) return w.outcome;
    vm_raise(vm, ERR_SYSTEM_EXIT, "the program has ended");
    return WAKE_ERROR;
}

Wake strand_wait_outside(VM *vm, WaitKind kind, int64_t deadline)
{
    return strand_wait(vm, &strands(vm)->outside, kind, VALUE_NONE, deadline);
}

void strand_outside(VM *vm) { strand_wake_all(vm, &strands(vm)->outside); }

bool strand_wait_future(VM *vm, Future *f)
{
    while (!future_done(f)) {
        if (!future_add_callback(vm, f, vm->strand->handle)) return false;
        if (strand_wait(vm, NULL, WAIT_FUTURE, obj_value(f), 0) == WAKE_ERROR) return false;
    }
    return true;
}

void strands_rescan(VM *vm)
{
    if (!vm->strands) return;
    vm->strands->own.seen = false;
    for (Strand *s = vm->strands->first; s; s = s->next) s->seen = false;
}

/* ---- beginning and end --------------------------------------------------------------------------- */

bool strands_init(VM *vm)
{
    Strands *all = vm->strands = calloc(1, sizeof *all);
    NativeData *handle = all ? heap_new(vm, KIND_NATIVE_DATA, T_STRAND, NativeData) : NULL;
    if (!handle) return false;
    Strand *own = vm->strand = &all->own;
    own->vm = vm;
    own->handle = obj_value(handle);
    own->function = own->args = own->kwargs = own->name = VALUE_NONE;
    own->ident = ++all->last_ident;
    handle->data = own;
    handle->values[0] = handle->values[1] = VALUE_UNSET;
    return true;
}

/* What waits gets an exception that no handler of a script sees, so that natives let go of what they hold. */
void strands_end(VM *vm)
{
    Strands *all = strands(vm);
    if (!all) return;
    vm->unwinding = true;
    while (all->first) {
        Strand *s = all->first;
        if (s->begun) switch_to(vm, s);
        retire(all, s);
    }
    while (all->idle) {
        Strand *s = all->idle;
        all->idle = s->next;
        free_strand(s);
    }
    vm->unwinding = false;
    free(all);
    vm->strands = NULL;
    vm->strand = NULL;
}
