/* mark.c - marking: from an object to what it refers to.
 *
 * Young collections stop at old objects, major ones at objects that this cycle has marked: h->live is the bit that
 * counts. What is marked but not traced yet lies on a stack; long containers are traced in slices. A slice may find
 * the container changed, since the program runs between the steps of a major collection: then the write barrier
 * has the whole container traced once more.
 */
#include "vm/gc.h"
#include "vm/code_object.h"
#include "vm/coroutine.h"
#include "vm/exception.h"
#include "vm/native.h"
#include "vm/task.h"
#include "vm/type.h"

#include <stdlib.h>

bool gc_reserve_stack(Heap *h)
{
    size_t n = h->stack_capacity ? h->stack_capacity * 2 : FIRST_MARK_STACK;
    MarkEntry *stack = realloc(h->stack, n * sizeof *stack);
    if (!stack) return false;
    h->stack = stack;
    h->stack_capacity = n;
    return true;
}

static void push(Heap *h, Obj *o, size_t at)
{
    if (h->depth == h->stack_capacity && (h->overflowed || !gc_reserve_stack(h))) {
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
    Heap *h = vm->heap;
    if (!o || (o->gc & h->live)) return;
    o->gc |= GC_OLD | h->live;
    h->nmarked++;
    if (o->shape >= T_BUILTIN_COUNT) gc_mark_obj(vm, vm->shapes[o->shape]);
    if (has_children(o)) push(h, o, 0);
}

void gc_mark_value(VM *vm, Value v)
{
    if (is_ptr(v)) gc_mark_obj(vm, as_obj(v));
}

static void mark_values(VM *vm, const Value *v, size_t n)
{
    for (size_t i = 0; i < n; i++) gc_mark_value(vm, v[i]);
}

/* Where this slice of a container of n items ends; the rest goes back on the stack. */
static size_t slice_end(Heap *h, Obj *o, size_t at, size_t n)
{
    if (at >= n || n - at <= SLICE) return n;
    // Without a stack it would be traced whole again, up to here, for ever.
    if (!h->stack_capacity && !gc_reserve_stack(h)) return n;
    push(h, o, at + SLICE);
    return at + SLICE;
}

enum { AHEAD = 8 }; // items of a container whose headers are on their way while one is being looked at

static inline void prefetch(Value v)
{
    if (is_ptr(v)) __builtin_prefetch(as_obj(v), 1);
}

static void trace_items(VM *vm, Obj *o, const Value *items, size_t n, size_t at)
{
    size_t end = slice_end(vm->heap, o, at, n);
    for (; at + AHEAD < end; at++) {
        prefetch(items[at + AHEAD]);
        gc_mark_value(vm, items[at]);
    }
    if (at < end) mark_values(vm, items + at, end - at);
}

static void trace_dict(VM *vm, Dict *d, size_t at)
{
    size_t end = slice_end(vm->heap, &d->h, at, d->used);
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
    size_t end = slice_end(vm->heap, &s->h, at, s->table ? s->mask + 1 : 0);
    for (size_t i = at; i < end; i++) gc_mark_value(vm, s->table[i].key);
}

static void trace_code(VM *vm, Code *c)
{
    gc_mark_obj(vm, c->module);
    gc_mark_obj(vm, c->name);
    gc_mark_obj(vm, c->qualname);
    if (c->consts) mark_values(vm, c->consts, c->rec->nconsts);
    if (c->methods) mark_values(vm, c->methods, c->nmethods);
    for (uint32_t i = 0; c->params && i < (uint32_t)c->nparams + c->nkwonly; i++) gc_mark_obj(vm, c->params[i]);
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

static void mark_objs(VM *vm, void *const *objs, size_t n)
{
    for (size_t i = 0; i < n; i++) gc_mark_obj(vm, objs[i]);
}

static void trace_type(VM *vm, Type *t)
{
    void *objs[] = {t->name, t->bases, t->mro, t->dict, t->base, t->root_shape, t->dict_shape, t->subclasses};
    Value values[] = {t->qualname, t->module, t->attrs_doc};
    mark_objs(vm, objs, sizeof objs / sizeof *objs);
    mark_values(vm, values, sizeof values / sizeof *values);
}

static void trace_shape(VM *vm, Shape *s)
{
    void *objs[] = {s->type, s->parent, s->name, s->table, s->transitions};
    mark_objs(vm, objs, sizeof objs / sizeof *objs);
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

void gc_trace(VM *vm, Obj *o, size_t at)
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
    case KIND_MEMORYVIEW: gc_mark_value(vm, ((MemoryView *)o)->base); break;
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
    case KIND_FIELD:
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

/* Trace what lies on the stack, `budget` entries of it. False: that was not all. */
static bool drain(VM *vm, size_t budget)
{
    Heap *h = vm->heap;
    for (; h->depth && budget; budget--) {
        MarkEntry e = h->stack[--h->depth];
        gc_trace(vm, e.o, e.at);
    }
    return !h->depth;
}

//-- when the stack could not grow --------------------------------------------------------------------

static void trace_gray(VM *vm, Obj *o)
{
    if (o->kind == KIND_FREE || !(o->gc & GC_GRAY)) return;
    o->gc &= (uint8_t)~GC_GRAY;
    gc_trace(vm, o, 0);
    drain(vm, SIZE_MAX);
}

bool gc_mark_some(VM *vm, size_t budget)
{
    Heap *h = vm->heap;
    if (!drain(vm, budget)) return false;
    while (h->overflowed) {
        h->overflowed = false;
        heap_each(vm, trace_gray);
    }
    return true;
}

void gc_trace_items(VM *vm, List *l, size_t from, size_t to)
{
    if (to > l->size) to = l->size;
    if (from < to) mark_values(vm, l->items + from, to - from);
}

void gc_trace_later(VM *vm, Obj *o) { push(vm->heap, o, 0); }

void gc_mark_all(VM *vm) { gc_mark_some(vm, SIZE_MAX); }
