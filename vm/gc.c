/* gc.c - collections: what is alive is what the roots and remembered objects reach.
 *
 * Stack frames are scanned by the liveness of their registers at the place where they stand; heap frames whole,
 * since their registers are always initialised.
 */
#include "vm/gc.h"
#include "vm/code_object.h"
#include "vm/common.h"
#include "vm/coroutine.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/liveness.h"
#include "vm/native.h"
#include "vm/report.h"
#include "vm/str.h"
#include "vm/strand.h"
#include "vm/task.h"
#include "vm/type.h"
#include "vm/unawaited.h"

#include <malloc.h>
#include <stdlib.h>
#include <time.h>

static int64_t monotonic(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * (int64_t)1000000000 + t.tv_nsec;
}

bool gc_lives(VM *vm, const void *o)
{
    uint8_t bits = ((const Obj *)o)->gc;
    return (bits & vm->heap->live) && !(bits & GC_ZOMBIE);
}

//-- roots --------------------------------------------------------------------------------------------

static Liveness *liveness_of(Code *c)
{
    if (!c->live) c->live = liveness_new(c->image->image, c->rec);
    return c->live;
}

/* Where a frame stands: it is about to run pc (a safepoint), or in the midst of the instruction before pc. */
typedef enum { AT_SAFEPOINT, IN_CALL, IN_PLACE_CALL } FrameStand;

static void mark_stack_frame(VM *vm, Frame *f, FrameStand stand, const Frame *callee)
{
    Code *c = frame_code(f);
    uint32_t pc = (uint32_t)(f->pc - c->insns), nregs = c->nregs;
    const Liveness *live = liveness_of(c);
    gc_mark_value(vm, f->fn);
    if (f->ret_kind == RET_INIT) gc_mark_value(vm, *frame_instance(f));
    if (!live) { // no memory for the analysis: keep nothing from dying by mistake
        vm->heap->frame_failed = true;
        return;
    }
    const uint64_t *row = stand == AT_SAFEPOINT ? liveness_at(live, pc) : liveness_during(live, pc);
    if (stand == IN_PLACE_CALL) nregs = (uint32_t)((const Value *)callee - f->regs); // the callee lies over the rest
    for (uint32_t r = 0; r < nregs; r++)
        if (liveness_has(row, r)) gc_mark_value(vm, f->regs[r]);
}

static void mark_frames(VM *vm, Frame *innermost_frame, const Frame *at_safepoint)
{
    const Frame *callee = NULL;
    for (Frame *f = innermost_frame; f; callee = f, f = f->caller) {
        if (f->heap) {
            Obj *gen = &frame_gen(f)->h;
            if (gc_lives(vm, gen)) gc_trace(vm, gen, 0); // running: its registers are written without a barrier
            else gc_mark_obj(vm, gen);
            continue;
        }
        bool in_place = callee && !callee->heap && (const Value *)callee >= f->regs &&
                        (const Value *)callee < f->regs + frame_code(f)->nregs;
        bool safe = f == at_safepoint || (!callee && f == vm->frame && vm->at_safepoint);
        FrameStand stand = safe ? AT_SAFEPOINT : in_place ? IN_PLACE_CALL : IN_CALL;
        mark_stack_frame(vm, f, stand, callee);
    }
}

/* One that has not run since the last time holds nothing new. */
static void mark_strand(VM *vm, Strand *s)
{
    const Value own[] = {s->handle, s->function, s->args, s->kwargs, s->name};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) gc_mark_value(vm, own[i]);
    for (const StrandWait *w = s->wait; w; w = w->outer) gc_mark_value(vm, w->on);
    if (s == vm->strand || s->seen) return;
    const Value state[] = {s->result, s->handled, s->context};
    for (size_t i = 0; i < sizeof state / sizeof *state; i++) gc_mark_value(vm, state[i]);
    for (Value *r = s->roots; r < s->roots_top; r++) gc_mark_value(vm, *r);
    if (s->task) gc_mark_obj(vm, s->task);
    mark_frames(vm, s->frame, s->safepoint_frame);
    s->seen = true;
}

static void mark_strands(VM *vm)
{
    if (!vm->strands) return;
    mark_strand(vm, &vm->strands->own);
    for (Strand *s = vm->strands->first; s; s = s->next) mark_strand(vm, s);
}

/* All but the scheduler's. */
static void mark_roots(VM *vm)
{
    Heap *h = vm->heap;
    gc_mark_value(vm, vm->exc);
    gc_mark_value(vm, vm->handled);
    gc_mark_value(vm, vm->result);
    gc_mark_value(vm, vm->context);
    for (Value *r = vm->roots; r < vm->roots_top; r++) gc_mark_value(vm, *r);
    for (size_t i = 0; i < h->npins; i++) gc_mark_value(vm, h->pins[i]);
    for (int i = 0; i < T_BUILTIN_COUNT; i++) gc_mark_obj(vm, vm->types[i]);
    for (int i = 0; i < ERR_COUNT; i++) gc_mark_obj(vm, vm->exc_types[i]);
    gc_mark_obj(vm, vm->empty_tuple);
    gc_mark_obj(vm, vm->modules);
    gc_mark_obj(vm, vm->builtins);
    gc_mark_obj(vm, vm->sys);
    gc_mark_obj(vm, vm->main);
    if (vm->common) gc_mark_value(vm, vm->common->memory_error);
    str_trace_roots(vm);
    for (size_t i = 0; i < h->ndying; i++) gc_mark_obj(vm, h->dying[i]);
    for (size_t i = 0; i < h->ncleared; i++) gc_mark_obj(vm, h->cleared[i]);
    unawaited_mark(vm);
    mark_frames(vm, vm->frame, vm->safepoint_frame);
    mark_strands(vm);
}

//-- remembered old objects ---------------------------------------------------------------------------

static bool grow(void *list, size_t *capacity, size_t size)
{
    size_t n = *capacity ? *capacity * 2 : 256;
    void *p = realloc(*(void **)list, n * size);
    if (!p) return false;
    *(void **)list = p;
    *capacity = n;
    return true;
}

static void remember(Heap *h, Obj *o)
{
    if (h->nremembered == h->remembered_capacity &&
        !grow(&h->remembered, &h->remembered_capacity, sizeof(Obj *))) {
        h->remember_failed = true;
        return;
    }
    o->gc |= GC_REMEMBERED;
    h->remembered[h->nremembered++] = o;
}

void gc_barrier_slow(VM *vm, Obj *owner)
{
    if (!(owner->gc & GC_REMEMBERED)) remember(vm->heap, owner);
}

void gc_store_many(VM *vm, void *owner, const Value *p, size_t n)
{
    (void)p;
    (void)n;
    Obj *o = owner;
    if ((o->gc & (GC_OLD | GC_REMEMBERED)) == GC_OLD) remember(vm->heap, o);
}

void gc_store_ptr(VM *vm, void *owner, void **slot, void *p)
{
    Obj *o = owner;
    if ((o->gc & (GC_OLD | GC_REMEMBERED)) == GC_OLD) remember(vm->heap, o);
    *slot = p;
}

void gc_appended(VM *vm, List *l)
{
    Heap *h = vm->heap;
    Appended *last = h->nappended ? &h->appended[h->nappended - 1] : NULL;
    if (last && last->list == l && last->to == l->size - 1) last->to++;
    else if (l->size < LONG_LIST || h->nappended == MOST_APPENDED) remember(h, &l->h);
    else h->appended[h->nappended++] = (Appended){l, l->size - 1, l->size};
}

/* What old objects may have been given since the last collection. */
static void mark_remembered(VM *vm)
{
    Heap *h = vm->heap;
    for (size_t i = 0; i < h->nremembered; i++)
        if (gc_lives(vm, h->remembered[i])) gc_trace(vm, h->remembered[i], 0);
    for (size_t i = 0; i < h->nappended; i++) {
        Appended *a = &h->appended[i];
        if (gc_lives(vm, a->list)) gc_trace_items(vm, a->list, a->from, a->to);
    }
}

static void forget_remembered(Heap *h)
{
    for (size_t i = 0; i < h->nremembered; i++) h->remembered[i]->gc &= (uint8_t)~GC_REMEMBERED;
    h->nremembered = h->nappended = 0;
    h->remember_failed = false;
}

/* A collection that met a million objects at once leaves lists as long as that; the next one rarely wants them. */
static void shorten(void *list, size_t *capacity, size_t size)
{
    if (*capacity <= KEPT_ENTRIES) return;
    void *p = realloc(*(void **)list, KEPT_ENTRIES * size);
    if (!p) return;
    *(void **)list = p;
    *capacity = KEPT_ENTRIES;
}

/* A frame that is running now goes on writing its registers without a barrier. */
static void remember_running(VM *vm)
{
    for (Frame *f = vm->frame; f; f = f->caller)
        if (f->heap && (frame_gen(f)->h.gc & (GC_OLD | GC_REMEMBERED)) == GC_OLD)
            remember(vm->heap, &frame_gen(f)->h);
}

//-- generators with something to do when dropped -----------------------------------------------------

void gc_watch_generator(VM *vm, Gen *g)
{
    Heap *h = vm->heap;
    if (h->nfinalizable == h->finalizable_capacity &&
        !grow(&h->finalizable, &h->finalizable_capacity, sizeof(Gen *)))
        return;
    h->finalizable[h->nfinalizable++] = g;
}

static bool wants_closing(Gen *g)
{
    if ((g->h.aux & GEN_STATE) != GEN_SUSPENDED) return false;
    Code *c = frame_code(&g->frame);
    uint32_t at = (uint32_t)(g->frame.pc - c->insns) - 1;
    for (uint32_t i = 0; i < c->nhandlers; i++)
        if (at >= c->handlers[i].start && at < c->handlers[i].end && !(c->handlers[i].flags & HANDLER_LOOP))
            return true;
    return false;
}

static void add_dying(Heap *h, Gen *g)
{
    bool room = h->ndying < h->dying_capacity || grow(&h->dying, &h->dying_capacity, sizeof(Gen *));
    if (room) h->dying[h->ndying++] = g;
}

/* Dropped generators that stand inside a try or with are closed at the next safepoint; they live until then. */
static void find_dying(VM *vm, bool major)
{
    Heap *h = vm->heap;
    size_t kept = major ? 0 : h->nold_finalizable, first_new = h->ndying;
    for (size_t i = kept; i < h->nfinalizable; i++) {
        Gen *g = h->finalizable[i];
        if (gc_lives(vm, g)) {
            if ((g->h.aux & GEN_STATE) != GEN_FINISHED) h->finalizable[kept++] = g;
        } else if (wants_closing(g)) add_dying(h, g);
    }
    h->nfinalizable = h->nold_finalizable = kept;
    for (size_t i = first_new; i < h->ndying; i++) gc_mark_obj(vm, h->dying[i]);
    if (major) sched_note_dropped(vm);
    gc_mark_all(vm);
}

//-- weak references ----------------------------------------------------------------------------------

bool gc_watch_weak(VM *vm, NativeData *ref)
{
    Heap *h = vm->heap;
    if (h->nweak == h->weak_capacity && !grow(&h->weak, &h->weak_capacity, sizeof *h->weak))
        return vm_no_memory(vm), false;
    h->weak[h->nweak++] = ref;
    return true;
}

NativeData *gc_next_weak(VM *vm, Value target, size_t *at)
{
    Heap *h = vm->heap;
    while (*at < h->nweak) {
        NativeData *ref = h->weak[(*at)++];
        if (ref->values[0] == target) return ref;
    }
    return NULL;
}

size_t gc_weak_count(VM *vm) { return vm->heap->nweak; }

/* A reference whose target is dead. Without memory for the list its callback is not called. */
static void clear_weak(Heap *h, NativeData *ref)
{
    ref->values[0] = VALUE_UNSET;
    if (is_none(ref->values[1])) return;
    if (h->ncleared < h->cleared_capacity || grow(&h->cleared, &h->cleared_capacity, sizeof *h->cleared))
        h->cleared[h->ncleared++] = ref;
}

/* All that lives is marked. An old reference's target is old, too: a young collection looks at neither. */
static void clear_weak_references(VM *vm, bool major)
{
    Heap *h = vm->heap;
    size_t kept = major ? 0 : h->nold_weak;
    for (size_t i = kept; i < h->nweak; i++) {
        NativeData *ref = h->weak[i];
        if (!gc_lives(vm, ref)) continue;
        if (gc_lives(vm, as_obj(ref->values[0]))) h->weak[kept++] = ref;
        else clear_weak(h, ref);
    }
    h->nweak = h->nold_weak = kept;
}

//-- what is run when something was dropped ------------------------------------------------------------

static void call_cleared(VM *vm, NativeData *ref)
{
    vm->exc = VALUE_UNSET;
    if (is_error(vm_call1(vm, ref->values[1], obj_value(ref)))) report_ignored(vm, "weak reference's callback");
}

static void run_finalizers(VM *vm, bool at_safepoint)
{
    Heap *h = vm->heap;
    if (h->finalizing) return;
    h->finalizing = true;
    Value exc = vm->exc;
    Value *root = roots_push(vm, exc);
    Frame *before = vm->safepoint_frame;
    vm->safepoint_frame = at_safepoint ? vm->frame : before;
    for (size_t i = 0; root && i < h->ndying; i++) {
        Gen *g = h->dying[i];
        vm->exc = VALUE_UNSET;
        if (gen_state(g) == GEN_SUSPENDED && !gen_close_dropped(vm, g)) report_ignored(vm, "dropped generator");
    }
    h->ndying = 0;
    for (size_t i = 0; root && i < h->ncleared; i++) call_cleared(vm, h->cleared[i]);
    h->ncleared = 0;
    vm->safepoint_frame = before;
    vm->exc = exc;
    if (root) roots_pop(vm, root);
    h->finalizing = false;
}

/* The order is that of creation. What is made meanwhile is left alone. */
void gc_close_generators(VM *vm)
{
    Heap *h = vm->heap;
    for (size_t i = 0; i < h->nfinalizable; i++)
        if (wants_closing(h->finalizable[i])) add_dying(h, h->finalizable[i]);
    h->nfinalizable = h->nold_finalizable = 0;
    run_finalizers(vm, false);
}

Value gc_open_async_generators(VM *vm)
{
    Heap *h = vm->heap;
    Value list = list_new(vm, NULL, 0);
    for (size_t i = 0; i < h->nfinalizable && !is_error(list); i++) {
        Gen *g = h->finalizable[i];
        bool open = g->h.shape == T_ASYNC_GENERATOR && wants_closing(g);
        if (open && !list_append(vm, as_list(list), obj_value(g))) return VALUE_ERROR;
    }
    return list;
}

//-- a collection's end -------------------------------------------------------------------------------

/* The tables of Codes by record hold them weakly. */
static void forget_dead_codes(VM *vm)
{
    for (ImageRef *ref = vm->codes; ref; ref = ref->next) {
        if (ref->elsewhere && !gc_lives(vm, ref->elsewhere)) ref->elsewhere = NULL;
        for (uint32_t i = 0; i < ref->image->nrecords; i++)
            if (ref->codes[i] && !gc_lives(vm, ref->codes[i])) ref->codes[i] = NULL;
    }
}

/* All that lives is marked. False: a frame could not be scanned, so nothing may be freed. */
static bool settle(VM *vm, bool major)
{
    Heap *h = vm->heap;
    gc_mark_all(vm);
    find_dying(vm, major);
    unawaited_find_dying(vm);
    if (h->frame_failed) return false;
    clear_weak_references(vm, major);
    forget_dead_codes(vm);
    types_forget_dead(vm);
    forget_remembered(h);
    shorten(&h->remembered, &h->remembered_capacity, sizeof *h->remembered);
    shorten(&h->stack, &h->stack_capacity, sizeof *h->stack);
    remember_running(vm);
    return true;
}

//-- young collections --------------------------------------------------------------------------------

/* Where much lives on, the pause is kept short by collecting more often. */
static void adjust_young_limit(Heap *h)
{
    size_t most = h->limit && h->limit / 4 < MAX_YOUNG ? h->limit / 4 : MAX_YOUNG;
    if (h->nmarked > MANY_MARKS && h->young_limit > MIN_YOUNG) h->young_limit /= 2;
    else if (h->nmarked < MANY_MARKS / 4 && h->young_limit * 2 <= most) h->young_limit *= 2;
}

static void collect_young(VM *vm)
{
    Heap *h = vm->heap;
    h->young_collections++;
    h->frame_failed = false;
    h->since_young = h->nmarked = 0;
    mark_roots(vm);
    sched_trace(vm);
    mark_remembered(vm);
    if (!settle(vm, false)) return;
    gc_queue_young_sweep(vm, h);
    adjust_young_limit(h);
}

//-- major collections --------------------------------------------------------------------------------

static void begin_marking(VM *vm)
{
    Heap *h = vm->heap;
    h->major_collections++;
    h->phase = PHASE_MARKING;
    h->live = GC_MARK;
    h->since_young = h->nmarked = 0;
    forget_remembered(h);
    sched_rescan(vm);
    mark_roots(vm);
}

/* Objects that were written to after they had been traced are traced again. */
static void retrace_some(VM *vm, size_t budget)
{
    Heap *h = vm->heap;
    for (; h->nremembered && budget; budget--) {
        Obj *o = h->remembered[--h->nremembered];
        o->gc &= (uint8_t)~GC_REMEMBERED;
        if (gc_lives(vm, o)) gc_trace_later(vm, o);
    }
}

static void end_marking(VM *vm)
{
    Heap *h = vm->heap;
    h->frame_failed = false;
    mark_roots(vm);
    sched_trace(vm);
    mark_remembered(vm);
    if (!settle(vm, true)) return; // tried again at the next step
    gc_queue_major_sweep(vm, h);
    h->phase = PHASE_SWEEPING;
    h->live = GC_OLD;
    h->since_young = 0;
}

/* The last pause is short if little is left for it: what has been written to so far is traced before. */
static void mark_step(VM *vm, size_t budget)
{
    Heap *h = vm->heap;
    bool scanned = sched_trace_some(vm, budget / 4);
    if (!gc_mark_some(vm, budget) || !scanned) return;
    if (h->nremembered > FEW_REMEMBERED && h->retraced < MANY_TIMES) {
        h->retraced++;
        retrace_some(vm, budget);
    } else {
        h->retraced = 0;
        end_marking(vm);
    }
}

/* malloc keeps what is freed: after a burst that goes back to the system. Not every time: what is wanted
 * again soon would cost a page fault for each page. */
static void give_back(Heap *h, size_t used)
{
#if defined __GLIBC__ && __GLIBC_PREREQ(2, 33)
    int64_t now = monotonic();
    if (now - h->trimmed < TRIM_PAUSE) return;
    h->trimmed = now;
    if (mallinfo2().fordblks > used / 8 + KEPT_FREE) malloc_trim(0);
#endif
    (void)h, (void)used;
}

static void sweep_step(VM *vm, size_t budget)
{
    Heap *h = vm->heap;
    if (!gc_sweep_some(vm, budget)) return;
    size_t used = heap_used(vm), limit = used + used / 2 > FIRST_MAJOR ? used + used / 2 : FIRST_MAJOR;
    h->major_limit = h->limit && h->limit < limit ? h->limit : limit;
    h->phase = PHASE_IDLE;
    give_back(h, used);
}

static bool finish_cycle(VM *vm)
{
    Heap *h = vm->heap;
    h->frame_failed = false;
    while (h->phase == PHASE_MARKING && !h->frame_failed) mark_step(vm, LONG_STEP);
    if (h->phase == PHASE_SWEEPING) sweep_step(vm, SIZE_MAX);
    return h->phase == PHASE_IDLE;
}

/* All that is garbage now, in one pause. */
static void collect_all(VM *vm, bool at_safepoint)
{
    Heap *h = vm->heap;
    if (h->pin_failed) return;
    vm->at_safepoint = at_safepoint;
    if (finish_cycle(vm)) {
        begin_marking(vm);
        finish_cycle(vm);
    }
    if (h->phase == PHASE_MARKING) remember_running(vm);
    vm->at_safepoint = false;
    chunks_trim(&h->chunks);
}

//-- steps --------------------------------------------------------------------------------------------

#ifdef CO_STRESS
enum { ALWAYS = true, EVERY = 4, MARKS = 2000, BLOCKS = 1 << 20 };
#else
enum { ALWAYS = false, EVERY = INT32_MAX, MARKS = STEP_MARKS, BLOCKS = STEP_BLOCKS };
#endif

/* Dead cells count as used until they are swept. */
static bool major_is_due(VM *vm)
{
    Heap *h = vm->heap;
    if (h->remember_failed || h->young_collections % EVERY == EVERY - 1) return true;
    if (heap_used(vm) < h->major_limit) return false;
    return gc_sweep_pending(vm, BLOCKS) && heap_used(vm) >= h->major_limit;
}

static void step(VM *vm)
{
    Heap *h = vm->heap;
    vm->at_safepoint = true;
    if (h->phase == PHASE_SWEEPING) sweep_step(vm, BLOCKS);
    if (h->phase == PHASE_MARKING) mark_step(vm, MARKS);
    else if (ALWAYS || h->since_young >= h->young_limit) collect_young(vm);
    if (h->phase == PHASE_IDLE && major_is_due(vm)) begin_marking(vm);
    if (h->phase == PHASE_MARKING) remember_running(vm); // those that were marked just now
    vm->at_safepoint = false;
    // One that is due waits for the sweep before it: in short steps, or garbage would gather meanwhile.
    bool idle = h->phase == PHASE_IDLE && heap_used(vm) < h->major_limit;
    h->stop_at = idle ? h->young_limit : STEP_BYTES;
}

/* A native may have allocated much at once, and the program nothing for long after it: what a step does
 * not make good is owed, and the next ones come by themselves. So they do while it is being found out
 * whether a major collection is due. */
static void keep_up(VM *vm, size_t allocated)
{
    Heap *h = vm->heap;
    size_t owed = h->owed + allocated;
    bool idle = h->phase == PHASE_IDLE, unsure = idle && heap_used(vm) >= h->major_limit;
    h->owed = unsure ? owed : idle || owed < STEP_BYTES ? 0 : owed - STEP_BYTES;
    if (h->owed && vm->fuel > OWED_FUEL) vm->fuel = OWED_FUEL;
}

//-- when memory is out --------------------------------------------------------------------------------

bool gc_is_pressed(VM *vm) { return vm->heap->starved || vm->heap->pressing; }

/* The next few safepoints and calls of natives collect at once: the handler of a MemoryError may be about to drop what
 * filled the memory. */
static void press(VM *vm, int times)
{
    vm->heap->pressing = times;
    if (times) vm->fuel = -1;
}

void gc_relieve(VM *vm, bool at_safepoint)
{
    Heap *h = vm->heap;
    bool asked = h->starved || h->tight;
    bool hopeful = h->starved ? h->weary < PRESSING : h->tight && h->patience < PRESSING;
    int left = hopeful ? PRESSING : h->pressing ? h->pressing - 1 : 0;
    size_t before = heap_used(vm);
    collect_all(vm, at_safepoint);
    bool helped = heap_used(vm) + h->slack < before;
    if (helped) h->patience = h->weary = 0;
    else if (asked) h->patience = 2 * h->patience + 1;
    if (!helped && h->starved) h->weary = 2 * h->weary + 1;
    h->starved = h->tight = false;
    h->since = h->excess = h->refusals = 0;
    press(vm, h->limit && !heap_is_over(h) ? 0 : left);
}

/* Beyond the limit even after a collection: MemoryError, here, where the slack is still left for its handler. */
static void collect_near_limit(VM *vm)
{
    Heap *h = vm->heap;
    bool due = h->tight && !h->starved;
    gc_relieve(vm, true);
    if (due && heap_is_over(h)) vm_no_memory(vm);
}

//-- pauses ---------------------------------------------------------------------------------------------

static void note_pause(Pauses *p, int64_t ns)
{
    int log2 = 63 - __builtin_clzll((uint64_t)ns | (uint64_t)1 << PAUSE_FIRST_LOG2);
    int bucket = (log2 - PAUSE_FIRST_LOG2) * 4 + (int)(ns >> (log2 - 2) & 3);
    p->buckets[bucket < PAUSE_BUCKETS ? bucket : PAUSE_BUCKETS - 1]++;
    p->count++;
    p->total += ns;
    if (ns > p->longest) p->longest = ns;
}

const Pauses *gc_pauses(VM *vm) { return &vm->heap->pauses; }

int64_t gc_pause_quantile(VM *vm, double share)
{
    const Pauses *p = &vm->heap->pauses;
    uint64_t wanted = (uint64_t)(share * (double)p->count), seen = 0;
    for (int b = 0; b < PAUSE_BUCKETS; b++)
        if ((seen += p->buckets[b]) > wanted) return (int64_t)(5 + b % 4) << (PAUSE_FIRST_LOG2 + b / 4 - 2); // its upper end
    return p->longest;
}

//-- from outside ----------------------------------------------------------------------------------------

void gc_step(VM *vm)
{
    Heap *h = vm->heap;
    bool pressed = gc_is_pressed(vm) || h->tight;
    if (h->pin_failed || (!ALWAYS && !pressed && !h->owed && h->since < h->stop_at)) return;
    int64_t start = monotonic();
    size_t allocated = h->since;
    h->since_young += allocated;
    h->since = 0;
    if (pressed) collect_near_limit(vm);
    else step(vm);
    keep_up(vm, allocated);
    note_pause(&h->pauses, monotonic() - start);
    if (h->ndying || h->ncleared) run_finalizers(vm, true);
    unawaited_report(vm, false);
}

void gc_collect(VM *vm)
{
    sched_seek_dropped(vm, true);
    collect_all(vm, false);
    sched_seek_dropped(vm, false);
    run_finalizers(vm, false);
    sched_tell_dropped(vm);
    unawaited_report(vm, false);
}

void gc_free_lists(Heap *h)
{
    free(h->remembered);
    free(h->stack);
    free(h->finalizable);
    free(h->dying);
    free(h->weak);
    free(h->cleared);
}
