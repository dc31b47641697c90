/* gc.c - which objects live: marking and sweeping.
 *
 * A young collection marks from the roots and from remembered old objects and stops at old ones; everything it reaches
 * becomes old (sticky marks). A major collection forgets all marks first. Dead cells are found later, block
 * by block, when somebody wants a cell of that size.
 *
 * Stack frames are scanned by the liveness of their registers at the place where they stand; heap frames whole,
 * since their registers are always initialised.
 */
#include "vm/gc.h"
#include "vm/bytes.h"
#include "vm/code_object.h"
#include "vm/common.h"
#include "vm/coroutine.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/liveness.h"
#include "vm/native.h"
#include "vm/report.h"
#include "vm/str.h"
#include "vm/task.h"
#include "vm/type.h"

#include <stdlib.h>

/* ---- marking ---- */

static void push(Heap *h, Obj *o, size_t at)
{
    if (h->depth == MARK_STACK) {
        o->gc |= GC_GRAY; // traced whole when the stack has room again
        h->overflowed = true;
        return;
    }
    h->stack[h->depth++] = (MarkEntry){o, at};
}

static bool has_children(const Obj *o)
{
    switch (o->kind) {
    case KIND_NONE: case KIND_BIGINT: case KIND_FLOAT: case KIND_STR: case KIND_BYTES: case KIND_BYTEARRAY:
    case KIND_RANGE_ITER: return o->shape >= T_BUILTIN_COUNT; // of a subclass: attributes
    default: return true;
    }
}

void gc_mark_obj(VM *vm, void *p)
{
    Obj *o = p;
    if (!o || (o->gc & GC_OLD)) return;
    o->gc |= GC_OLD;
    if (o->shape >= T_BUILTIN_COUNT) gc_mark_obj(vm, vm->shapes[o->shape]);
    if (has_children(o)) push(vm->heap, o, 0);
}

void gc_mark_value(VM *vm, Value v)
{
    if (is_ptr(v)) gc_mark_obj(vm, as_obj(v));
}

static void mark_values(VM *vm, const Value *v, size_t n)
{
    for (size_t i = 0; i < n; i++) gc_mark_value(vm, v[i]);
}

enum { AHEAD = 8 }; // items of a container whose headers are on their way while one is being looked at

static inline void prefetch(Value v)
{
    if (is_ptr(v)) __builtin_prefetch(as_obj(v), 1);
}

/* One slice of a long container; the rest goes back on the stack. */
static void trace_items(VM *vm, Obj *o, const Value *items, size_t n, size_t at)
{
    size_t end = n - at > SLICE ? at + SLICE : n;
    if (end < n) push(vm->heap, o, end);
    for (; at + AHEAD < end; at++) {
        prefetch(items[at + AHEAD]);
        gc_mark_value(vm, items[at]);
    }
    mark_values(vm, items + at, end - at);
}

static void trace_dict(VM *vm, Dict *d, size_t at)
{
    size_t end = d->used - at > SLICE ? at + SLICE : d->used;
    if (end < d->used) push(vm->heap, &d->h, end);
    for (size_t i = at; i < end; i++) {
        if (i + AHEAD < end) {
            prefetch(d->entries[i + AHEAD].key);
            prefetch(d->entries[i + AHEAD].value);
        }
        if (is_unset(d->entries[i].key)) continue;
        gc_mark_value(vm, d->entries[i].key);
        gc_mark_value(vm, d->entries[i].value);
    }
}

static void trace_set(VM *vm, Set *s, size_t at)
{
    size_t n = s->table ? s->mask + 1 : 0, end = n - at > SLICE ? at + SLICE : n;
    if (end < n) push(vm->heap, &s->h, end);
    for (size_t i = at; i < end; i++) gc_mark_value(vm, s->table[i].key);
}

static void trace_code(VM *vm, Code *c)
{
    gc_mark_obj(vm, c->module);
    gc_mark_obj(vm, c->name);
    gc_mark_obj(vm, c->qualname);
    if (c->consts) mark_values(vm, c->consts, c->rec->nconsts);
    if (c->methods) mark_values(vm, c->methods, c->nmethods);
    for (uint32_t i = 0; c->globals && i < c->rec->nglobals; i++) gc_mark_obj(vm, c->globals[i]);
}

static void trace_gen(VM *vm, Gen *g)
{
    gc_mark_value(vm, g->frame.fn);
    gc_mark_value(vm, g->delegate);
    gc_mark_obj(vm, g->root);
    gc_mark_obj(vm, g->leaf);
    Frame *caller = g->frame.caller;
    if (caller && caller->heap) gc_mark_obj(vm, frame_gen(caller));
    mark_values(vm, g->frame.regs, frame_code(&g->frame)->nregs);
}

static void trace_type(VM *vm, Type *t)
{
    gc_mark_obj(vm, t->name);
    gc_mark_value(vm, t->qualname);
    gc_mark_value(vm, t->module);
    gc_mark_obj(vm, t->bases);
    gc_mark_obj(vm, t->mro);
    gc_mark_obj(vm, t->dict);
    gc_mark_obj(vm, t->base);
    gc_mark_obj(vm, t->root_shape);
    gc_mark_obj(vm, t->dict_shape);
    gc_mark_obj(vm, t->subclasses);
    gc_mark_value(vm, t->attrs_doc);
}

static void trace_shape(VM *vm, Shape *s)
{
    gc_mark_obj(vm, s->type);
    gc_mark_obj(vm, s->parent);
    gc_mark_obj(vm, s->name);
    gc_mark_obj(vm, s->table);
    gc_mark_obj(vm, s->transitions);
}

static void trace_task(VM *vm, Task *t)
{
    gc_mark_obj(vm, t->coro);
    gc_mark_value(vm, t->wait_on);
    gc_mark_value(vm, t->name);
    gc_mark_value(vm, t->parent);
}

static void trace_exception(VM *vm, Exception *e)
{
    Value v[] = {e->args, e->cause, e->context, e->trace, e->notes, e->extra[0], e->extra[1], e->attrs};
    mark_values(vm, v, sizeof v / sizeof *v);
}

static void trace(VM *vm, Obj *o, size_t at)
{
    switch ((Kind)o->kind) {
    case KIND_INSTANCE:
        gc_mark_value(vm, ((Instance *)o)->overflow);
        mark_values(vm, ((Instance *)o)->slots, o->aux);
        return; // no attrs slot of its own
    case KIND_TYPE: trace_type(vm, (Type *)o); return;
    case KIND_SHAPE: trace_shape(vm, (Shape *)o); return;
    case KIND_TUPLE: trace_items(vm, o, ((Tuple *)o)->items, ((Tuple *)o)->size, at); break;
    case KIND_LIST: trace_items(vm, o, ((List *)o)->items, ((List *)o)->size, at); break;
    case KIND_ARRAY: trace_items(vm, o, ((Array *)o)->items, ((Array *)o)->size, at); return;
    case KIND_DICT: trace_dict(vm, (Dict *)o, at); break;
    case KIND_SET: trace_set(vm, (Set *)o, at); break;
    case KIND_DICT_VIEW:
    case KIND_BOX:
        gc_mark_value(vm, ((Box *)o)->value);
        gc_mark_value(vm, ((Box *)o)->attrs);
        break;
    case KIND_RANGE: mark_values(vm, &((Range *)o)->start, 4); break;
    case KIND_SLICE: mark_values(vm, &((Slice *)o)->start, 3); break;
    case KIND_ITER: mark_values(vm, &((Iter *)o)->source, 2); break;
    case KIND_FUNCTION: {
        Function *f = (Function *)o;
        gc_mark_obj(vm, f->code);
        gc_mark_obj(vm, f->module);
        gc_mark_value(vm, f->defaults);
        gc_mark_value(vm, f->rare);
        for (unsigned i = 0; i < o->aux; i++) gc_mark_obj(vm, f->cells[i]);
        break;
    }
    case KIND_NATIVE:
        gc_mark_value(vm, ((Native *)o)->self);
        gc_mark_obj(vm, ((Native *)o)->owner);
        gc_mark_value(vm, ((Native *)o)->module);
        break;
    case KIND_METHOD: mark_values(vm, &((Method *)o)->fn, 2); break;
    case KIND_GETSET: gc_mark_obj(vm, ((GetSet *)o)->owner); break;
    case KIND_MEMBER:
        gc_mark_obj(vm, ((Member *)o)->name);
        gc_mark_obj(vm, ((Member *)o)->owner);
        break;
    case KIND_PROPERTY: mark_values(vm, &((Property *)o)->get, 5); break;
    case KIND_PAIR:
    case KIND_CELL: mark_values(vm, &((Pair *)o)->a, 2); break;
    case KIND_SUPER: mark_values(vm, &((Super *)o)->type, 3); break;
    case KIND_CODE: trace_code(vm, (Code *)o); break;
    case KIND_MODULE:
        gc_mark_obj(vm, ((Module *)o)->dict);
        gc_mark_value(vm, ((Module *)o)->name);
        gc_mark_value(vm, ((Module *)o)->file);
        break;
    case KIND_GEN: trace_gen(vm, (Gen *)o); return;
    case KIND_ASYNC_STEP:
        gc_mark_obj(vm, ((AsyncStep *)o)->gen);
        gc_mark_value(vm, ((AsyncStep *)o)->arg);
        return;
    case KIND_NATIVE_CORO:
        gc_mark_obj(vm, (void *)((NativeCoro *)o)->native);
        mark_values(vm, ((NativeCoro *)o)->args, (size_t)((NativeCoro *)o)->n);
        return;
    case KIND_TASK:
        trace_task(vm, (Task *)o);
        // fall through
    case KIND_FUTURE: mark_values(vm, &((Future *)o)->result, 3); return;
    case KIND_EXCEPTION: trace_exception(vm, (Exception *)o); return;
    case KIND_TRACEBACK: gc_mark_value(vm, ((Traceback *)o)->exc); break;
    case KIND_NATIVE_DATA: {
        const TypeSlots *slots = &vm->shapes[o->shape]->type->def->slots;
        if (slots->trace) slots->trace(vm, o);
        break;
    }
    default: break;
    }
    Value *attrs = obj_attrs_slot(vm, o);
    if (attrs) gc_mark_value(vm, *attrs);
}

static void drain(VM *vm)
{
    Heap *h = vm->heap;
    while (h->depth) {
        MarkEntry e = h->stack[--h->depth];
        trace(vm, e.o, e.at);
    }
}

static void trace_gray_cells(VM *vm, Heap *h)
{
    for (unsigned cls = 0; cls < CLASSES; cls++)
        for (Block *b = h->blocks[cls]; b; b = b->next)
            for (uint32_t i = 0; i < b->carved; i++) {
                Obj *o = (Obj *)((char *)b->cells + (size_t)i * b->cell);
                if (o->kind == KIND_FREE || !(o->gc & GC_GRAY)) continue;
                o->gc &= (uint8_t)~GC_GRAY;
                trace(vm, o, 0);
                drain(vm);
            }
    for (LargeCell *c = h->large; c; c = c->next) {
        Obj *o = (Obj *)(c + 1);
        if (!(o->gc & GC_GRAY)) continue;
        o->gc &= (uint8_t)~GC_GRAY;
        trace(vm, o, 0);
        drain(vm);
    }
}

static void mark_all(VM *vm)
{
    Heap *h = vm->heap;
    drain(vm);
    while (h->overflowed) {
        h->overflowed = false;
        trace_gray_cells(vm, h);
    }
}

/* ---- roots ---- */

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

static void mark_frames(VM *vm)
{
    const Frame *callee = NULL;
    for (Frame *f = vm->frame; f; callee = f, f = f->caller) {
        if (f->heap) {
            Gen *g = frame_gen(f);
            if (g->h.gc & GC_OLD) trace_gen(vm, g); // running: its registers are written without a barrier
            else gc_mark_obj(vm, g);
            continue;
        }
        bool innermost = !callee;
        bool in_place = callee && !callee->heap && (const Value *)callee >= f->regs &&
                        (const Value *)callee < f->regs + frame_code(f)->nregs;
        bool safe = (innermost && vm->at_safepoint) || f == vm->safepoint_frame;
        FrameStand stand = safe ? AT_SAFEPOINT : in_place ? IN_PLACE_CALL : IN_CALL;
        mark_stack_frame(vm, f, stand, callee);
    }
}

static void mark_roots(VM *vm)
{
    Heap *h = vm->heap;
    Value values[] = {vm->exc, vm->handled, vm->result};
    mark_values(vm, values, 3);
    for (Value *r = vm->roots; r < vm->roots_top; r++) gc_mark_value(vm, *r);
    for (size_t i = 0; i < h->npins; i++) gc_mark_value(vm, h->pins[i]);
    for (int i = 0; i < T_BUILTIN_COUNT; i++) gc_mark_obj(vm, vm->types[i]);
    for (int i = 0; i < ERR_COUNT; i++) gc_mark_obj(vm, vm->exc_types[i]);
    gc_mark_obj(vm, vm->empty_tuple);
    gc_mark_obj(vm, vm->modules);
    gc_mark_obj(vm, vm->builtins);
    gc_mark_obj(vm, vm->main);
    if (vm->common) gc_mark_value(vm, vm->common->memory_error);
    str_trace_roots(vm);
    sched_trace(vm);
    for (size_t i = 0; i < h->ndying; i++) gc_mark_obj(vm, h->dying[i]);
    mark_frames(vm);
}

/* ---- remembered old objects ---- */

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
    if (h->nremembered == h->remembered_capacity && !grow(&h->remembered, &h->remembered_capacity, sizeof(Obj *))) {
        h->remember_failed = true;
        return;
    }
    o->gc |= GC_REMEMBERED;
    h->remembered[h->nremembered++] = o;
}

void gc_barrier_slow(VM *vm, Obj *owner, Value old)
{
    (void)old; // an incremental cycle logs it
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

static void forget_remembered(Heap *h)
{
    for (size_t i = 0; i < h->nremembered; i++) h->remembered[i]->gc &= (uint8_t)~GC_REMEMBERED;
    h->nremembered = 0;
    h->remember_failed = false;
}

/* A frame that is running now goes on writing its registers without a barrier. */
static void remember_running(VM *vm)
{
    for (Frame *f = vm->frame; f; f = f->caller)
        if (f->heap && (frame_gen(f)->h.gc & (GC_OLD | GC_REMEMBERED)) == GC_OLD) remember(vm->heap, &frame_gen(f)->h);
}

/* ---- generators with something to do when dropped ---- */

void gc_watch_generator(VM *vm, Gen *g)
{
    Heap *h = vm->heap;
    if (h->nfinalizable == h->finalizable_capacity && !grow(&h->finalizable, &h->finalizable_capacity, sizeof(Gen *))) return;
    h->finalizable[h->nfinalizable++] = g;
}

static bool wants_closing(Gen *g)
{
    if ((g->h.aux & GEN_STATE) != GEN_SUSPENDED) return false;
    Code *c = frame_code(&g->frame);
    uint32_t at = (uint32_t)(g->frame.pc - c->insns) - 1;
    for (uint32_t i = 0; i < c->nhandlers; i++)
        if (at >= c->handlers[i].start && at < c->handlers[i].end) return true;
    return false;
}

static void add_dying(Heap *h, Gen *g)
{
    bool room = h->ndying < h->dying_capacity || grow(&h->dying, &h->dying_capacity, sizeof(Gen *));
    if (room) h->dying[h->ndying++] = g;
}

/* Dropped generators that stand inside a try or with are closed at the next safepoint; they live until then. */
static void find_dying(VM *vm)
{
    Heap *h = vm->heap;
    size_t kept = 0, first_new = h->ndying;
    for (size_t i = 0; i < h->nfinalizable; i++) {
        Gen *g = h->finalizable[i];
        if (g->h.gc & GC_OLD) {
            if ((g->h.aux & GEN_STATE) != GEN_FINISHED) h->finalizable[kept++] = g;
        } else if (wants_closing(g)) add_dying(h, g);
    }
    h->nfinalizable = kept;
    for (size_t i = first_new; i < h->ndying; i++) gc_mark_obj(vm, h->dying[i]);
    mark_all(vm);
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
    h->nfinalizable = 0;
    run_finalizers(vm, false);
}

/* ---- sweeping ---- */

void gc_free_owned(VM *vm, Obj *o)
{
    switch ((Kind)o->kind) {
    case KIND_STR: str_free(vm, (Str *)o); break;
    case KIND_BYTEARRAY: bytearray_free(vm, (ByteArray *)o); break;
    case KIND_LIST:
        if (((List *)o)->items) heap_free(vm, ((List *)o)->items, ((List *)o)->capacity * sizeof(Value));
        break;
    case KIND_DICT: dict_free(vm, (Dict *)o); break;
    case KIND_SET: set_free(vm, (Set *)o); break;
    case KIND_CODE: code_free(vm, (Code *)o); break;
    case KIND_NATIVE_DATA: {
        const Shape *s = vm->shapes ? vm->shapes[o->shape] : NULL;
        if (s && s->type->def->slots.free) s->type->def->slots.free(vm, o);
        break;
    }
    default: break;
    }
}

/* Types and shapes outlive by one major collection whatever was made of them. */
static bool dies(VM *vm, Obj *o)
{
    if (o->gc & GC_OLD) return false;
    if (o->kind != KIND_TYPE && o->kind != KIND_SHAPE) return true;
    if (!(o->gc & GC_ZOMBIE)) {
        o->gc |= GC_ZOMBIE;
        return false;
    }
    if (o->kind == KIND_SHAPE) vm->shapes[((Shape *)o)->id] = NULL;
    return true;
}

/* Most dead objects own nothing. */
static inline bool may_own(const Obj *o)
{
    const uint64_t owners = (uint64_t)1 << KIND_BYTEARRAY | (uint64_t)1 << KIND_LIST | (uint64_t)1 << KIND_DICT |
                            (uint64_t)1 << KIND_SET | (uint64_t)1 << KIND_CODE | (uint64_t)1 << KIND_NATIVE_DATA;
    return o->kind == KIND_STR ? o->aux & (STR_SHARED | STR_LONG) : owners >> o->kind & 1;
}

FreeCell *gc_sweep_block(VM *vm, Block *b)
{
    FreeCell *list = NULL;
    b->nfree = 0;
    for (uint32_t i = b->carved; i-- > 0;) {
        Obj *o = (Obj *)((char *)b->cells + (size_t)i * b->cell);
        if (o->kind != KIND_FREE) {
            if (!dies(vm, o)) continue;
            if (may_own(o)) gc_free_owned(vm, o);
#ifdef CO_STRESS
            memset(o, 0xdd, b->cell);
#endif
            o->kind = KIND_FREE;
            o->gc = 0;
        }
        ((FreeCell *)o)->next = list;
        list = (FreeCell *)o;
        b->nfree++;
    }
    return list;
}

static void sweep_large(VM *vm, Heap *h)
{
    for (LargeCell *c = h->large, *next; c; c = next) {
        next = c->next;
        Obj *o = (Obj *)(c + 1);
        if (!dies(vm, o)) continue;
        gc_free_owned(vm, o);
        if (c->prev) c->prev->next = c->next;
        else h->large = c->next;
        if (c->next) c->next->prev = c->prev;
        h->malloc_bytes -= c->size;
        free(c);
    }
}

/* The tables of Codes by record hold them weakly. */
static void forget_dead_codes(VM *vm)
{
    for (ImageRef *ref = vm->codes; ref; ref = ref->next)
        for (uint32_t i = 0; i < ref->image->nrecords; i++)
            if (ref->codes[i] && !(ref->codes[i]->h.gc & GC_OLD)) ref->codes[i] = NULL;
}

static void finish_sweeps(VM *vm, Heap *h)
{
    for (unsigned cls = 0; cls < CLASSES; cls++)
        for (Block *b = h->pending[cls]; b; b = b->next_pending) heap_sweep_block(vm, b);
}

/* Cells at hand go back to their blocks, which are to be swept when their class runs dry. Blocks that nobody has wanted
 * since the last collection, after a major one all, are swept at once: empty ones may serve other sizes. */
static void queue_sweeps(VM *vm, Heap *h, bool all)
{
    for (unsigned cls = 0; cls < CLASSES; cls++) {
        h->free[cls] = NULL; // a block that is being carved goes on to be, once the others are used up
        h->pending[cls] = NULL;
        for (Block **link = &h->blocks[cls], *b; (b = *link);) {
            bool later = b->young && !all;
            if (b->young || all) b->swept = false;
            b->young = false;
            if (!later && !heap_sweep_block(vm, b)) {
                link = &b->next; // full
            } else if (!later && b->nfree == b->carved) {
                *link = b->next;
                if (h->carving[cls] == b) h->carving[cls] = NULL;
                heap_recycle_block(h, b);
            } else {
                b->next_pending = h->pending[cls];
                h->pending[cls] = b;
                link = &b->next;
            }
        }
    }
    chunks_trim(&h->chunks);
}

static void forget_marks(Heap *h)
{
    for (unsigned cls = 0; cls < CLASSES; cls++)
        for (Block *b = h->blocks[cls]; b; b = b->next)
            for (uint32_t i = 0; i < b->carved; i++)
                ((Obj *)((char *)b->cells + (size_t)i * b->cell))->gc &= (uint8_t)~(GC_OLD | GC_REMEMBERED);
    for (LargeCell *c = h->large; c; c = c->next) ((Obj *)(c + 1))->gc &= (uint8_t)~(GC_OLD | GC_REMEMBERED);
    h->nremembered = 0;
    h->remember_failed = false;
}

/* ---- collections ---- */

static void collect(VM *vm, bool major)
{
    Heap *h = vm->heap;
    if (h->pin_failed || (!h->stack && !(h->stack = malloc(MARK_STACK * sizeof *h->stack)))) {
        h->young_limit *= 2; // no memory to collect with: go on without
        return;
    }
    h->frame_failed = false;
    h->major = major || h->remember_failed;
    if (h->major) {
        finish_sweeps(vm, h);
        forget_marks(h);
        h->major_collections++;
    } else h->young_collections++;
    mark_roots(vm);
    for (size_t i = 0; i < h->nremembered; i++) trace(vm, h->remembered[i], 0);
    mark_all(vm);
    find_dying(vm);
    if (h->frame_failed) return; // let everything live
    forget_dead_codes(vm);
    types_forget_dead(vm);
    forget_remembered(h);
    remember_running(vm);
    sweep_large(vm, h);
    h->since = 0;
    queue_sweeps(vm, h, h->major);
    if (h->major) {
        size_t used = heap_used(vm);
        h->major_limit = used + used / 2 > FIRST_MAJOR ? used + used / 2 : FIRST_MAJOR;
        if (h->limit && h->major_limit > h->limit) h->major_limit = h->limit;
    }
}

void gc_collect(VM *vm)
{
    collect(vm, true);
    run_finalizers(vm, false);
}

static void collect_here(VM *vm, bool major, bool at_safepoint)
{
    vm->at_safepoint = at_safepoint;
    collect(vm, major);
    vm->at_safepoint = false;
}

static bool is_over(const Heap *h) { return h->limit && h->block_bytes + h->malloc_bytes > h->limit; }

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
    bool asked = h->starved || h->since >= h->young_limit;
    int left = asked && h->patience < PRESSING ? PRESSING : h->pressing ? h->pressing - 1 : 0;
    size_t before = heap_used(vm);
    collect_here(vm, true, at_safepoint);
    bool helped = heap_used(vm) + h->slack < before;
    if (helped) h->patience = 0;
    else if (asked) h->patience = 2 * h->patience + 1;
    h->starved = false;
    h->refusals = 0;
    press(vm, h->limit && !is_over(h) ? 0 : left);
}

/* Beyond the limit even after a collection: MemoryError, here, where the slack is still left for its handler. */
static void collect_near_limit(VM *vm)
{
    Heap *h = vm->heap;
    bool due = h->since >= h->young_limit && !h->starved;
    gc_relieve(vm, true);
    if (due && is_over(h)) vm_no_memory(vm);
}

static void collect_as_usual(VM *vm)
{
    Heap *h = vm->heap;
    if (heap_used(vm) >= h->major_limit) finish_sweeps(vm, h); // perhaps not, without what is known to be dead
    collect_here(vm, heap_used(vm) >= h->major_limit, true);
}

void gc_step(VM *vm)
{
    Heap *h = vm->heap;
    if (gc_is_pressed(vm) || (h->since >= h->young_limit && is_over(h))) collect_near_limit(vm);
#ifdef CO_STRESS
    else collect_here(vm, h->young_collections % 4 == 3, true);
    h->young_collections++;
#else
    else if (h->since >= h->young_limit) collect_as_usual(vm);
#endif
    if (h->ndying) run_finalizers(vm, true);
}

void gc_free_lists(Heap *h)
{
    free(h->remembered);
    free(h->stack);
    free(h->finalizable);
    free(h->dying);
}
