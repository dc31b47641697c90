#include "vm/gen_view.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/liveness.h"
#include "vm/native.h"
#include "vm/task.h"
#include "vm/str.h"
#include "vm/type.h"

/* The frame that would run next: the end of the chain of delegates. */
static Gen *innermost(Gen *g)
{
    while (is_gen(g->delegate)) g = as_gen(g->delegate);
    return g;
}

int gen_view_state(Gen *g)
{
    int state = gen_state(g);
    return state == GEN_SUSPENDED && gen_state(innermost(g)) == GEN_RUNNING ? GEN_RUNNING : state;
}

Value gen_view_status(VM *vm, Value self)
{
    static const char *const names[] = {"created", "suspended", "finished", "running"};
    return obj_value(vm_intern(vm, names[gen_view_state(as_gen(self))]));
}

Value gen_view_line(VM *vm, Value self)
{
    (void)vm;
    Gen *g = as_gen(self);
    Code *c = frame_code(&g->frame);
    if (gen_state(g) == GEN_FINISHED) return VALUE_NONE;
    if (gen_state(g) == GEN_CREATED) return small(c->rec->first_line);
    return small(code_position(c, g->frame.pc - 1).line);
}

/* In stack code that was not expected to be asked for its locals, only some registers are sure to hold anything. */
static const uint64_t *sure_registers(Code *c, const Frame *f)
{
    if (!c->live) c->live = liveness_new(c->image->image, c->rec);
    return c->live ? liveness_during(c->live, (uint32_t)(f->pc - c->insns)) : NULL;
}

/* What locals() has answered before in code that may call it, else a new dict. */
static Dict *kept_dict(VM *vm, Frame *f)
{
    Code *c = frame_code(f);
    const CodeLocal *l = code_at(c->image->image, c->rec->locals);
    uint32_t i = 0;
    while (i < c->rec->nlocals && !(l[i].flags & LOCAL_HIDDEN)) i++;
    if (i == c->rec->nlocals) return dict_new(vm);
    Value *kept = &f->regs[l[i].reg];
    if (is_dict(*kept)) return as_dict(*kept);
    Dict *d = dict_new(vm);
    if (!d) return NULL;
    if (f->heap) gc_touch_frame(vm, frame_gen(f));
    *kept = obj_value(d);
    return d;
}

/* Make d say what f's variables are now. */
static Value show_locals(VM *vm, const Frame *f, Dict *d)
{
    if (!d) return VALUE_ERROR;
    Code *c = frame_code(f);
    bool all = c->flags & (CODE_HEAP | CODE_LOCALS);
    const uint64_t *sure = all ? NULL : sure_registers(c, f);
    if (!all && !sure) return vm_no_memory(vm);
    const CodeImage *image = c->image->image;
    const CodeLocal *locals = code_at(image, c->rec->locals);
    for (uint32_t i = 0; i < c->rec->nlocals; i++) {
        const CodeLocal *l = locals + i;
        if (l->flags & LOCAL_HIDDEN || (sure && !(l->flags & LOCAL_FREE) && !liveness_has(sure, l->reg)))
            continue;
        Value v = l->flags & LOCAL_FREE ? obj_value(frame_function(f)->cells[l->reg]) : f->regs[l->reg];
        if ((l->flags & (LOCAL_CELL | LOCAL_FREE)) && is_kind(v, KIND_CELL)) v = ((Cell *)as_obj(v))->value;
        Str *name = str_intern(vm, code_text(image, l->name), l->name.len);
        if (!name) return VALUE_ERROR;
        if (is_unset(v)) dict_delete_str(vm, d, name);
        else if (!dict_set_str(vm, d, name, v)) return VALUE_ERROR;
    }
    return obj_value(d);
}

Value frame_locals(VM *vm, const Frame *f) { return show_locals(vm, f, dict_new(vm)); }
Value frame_kept_locals(VM *vm, Frame *f) { return show_locals(vm, f, kept_dict(vm, f)); }

Value gen_view_locals(VM *vm, Value self)
{
    Gen *g = as_gen(self);
    if (gen_state(g) != GEN_FINISHED) return frame_locals(vm, &g->frame);
    Dict *d = dict_new(vm);
    return d ? obj_value(d) : VALUE_ERROR;
}

Value gen_view_awaiting(VM *vm, Value self)
{
    (void)vm;
    Value d = as_gen(self)->delegate;
    if (is_gen(d)) as_obj(d)->aux &= (uint16_t)~GEN_DIRECT; // somebody else knows it now
    return is_ptr(d) && gen_state(as_gen(self)) != GEN_FINISHED ? d : VALUE_NONE;
}

/* ---- clone ---- */

static Value refuse(VM *vm, const Gen *g, const char *why)
{
    return vm_raise(vm, ERR_TYPE, "cannot clone this %s: %s",
                    g->h.shape == T_GENERATOR    ? "generator"
                    : g->h.shape == T_COROUTINE ? "coroutine"
                                                : "async generator",
                    why);
}

static Value clone_chain(VM *vm, Gen *g, int depth);

/* Hidden loop state: built-in iterators and generators are copied, so that the copies advance on their own. */
static Value clone_iterator(VM *vm, const Gen *owner, Value it, int depth)
{
    if (!is_ptr(it)) return it;
    Obj *o = as_obj(it);
    switch (o->kind) {
    case KIND_GEN: return clone_chain(vm, (Gen *)o, depth + 1);
    case KIND_RANGE_ITER: {
        RangeIter *copy = heap_new(vm, KIND_RANGE_ITER, o->shape, RangeIter);
        if (!copy) return VALUE_ERROR;
        copy->next = ((RangeIter *)o)->next;
        copy->step = ((RangeIter *)o)->step;
        copy->left = ((RangeIter *)o)->left;
        return obj_value(copy);
    }
    case KIND_ITER: {
        if (o->shape >= T_BUILTIN_COUNT) return it; // a script's own subclass: shared
        const Iter *from = (const Iter *)o;
        Iter *copy = heap_new(vm, KIND_ITER, o->shape, Iter);
        if (!copy) return VALUE_ERROR;
        *copy = (Iter){copy->h, from->source, from->extra, from->index, from->limit};
        bool wraps_iterators = o->shape == T_MAP || o->shape == T_FILTER || o->shape == T_ZIP ||
                               o->shape == T_ENUMERATE || o->shape == T_CALLABLE_ITER;
        if (!wraps_iterators) return obj_value(copy);
        if (vm_c_stack_low(vm)) return VALUE_ERROR;
        copy->source = clone_iterator(vm, owner, from->source, depth);
        if (is_error(copy->source)) return VALUE_ERROR;
        if (is_tuple(from->extra)) {
            Value t = tuple_new(vm, as_tuple(from->extra)->items, as_tuple(from->extra)->size);
            for (size_t i = 0; !is_error(t) && i < as_tuple(t)->size; i++) {
                Value v = clone_iterator(vm, owner, as_tuple(t)->items[i], depth);
                if (is_error(v)) return v;
                as_tuple(t)->items[i] = v;
            }
            copy->extra = t;
        } else if (is_kind(from->extra, KIND_ITER) || is_kind(from->extra, KIND_RANGE_ITER) ||
                   is_gen(from->extra))
            copy->extra = clone_iterator(vm, owner, from->extra, depth);
        return is_error(copy->extra) ? VALUE_ERROR : obj_value(copy);
    }
    case KIND_NATIVE_DATA: return refuse(vm, owner, "it iterates over an object that cannot be copied");
    default: return it; // containers walked by position; scripts' own iterators are shared
    }
}

/* Inside `with`, the exit that is still to come would run twice. */
static bool inside_with(const Gen *g)
{
    Code *c = frame_code((Frame *)&g->frame);
    uint32_t at = (uint32_t)(g->frame.pc - c->insns);
    for (uint32_t i = 0; i < c->nhandlers; i++) {
        const CodeHandler *h = c->handlers + i;
        if ((h->flags & HANDLER_WITH) && at > h->start && at <= h->end) return true;
    }
    return false;
}

/* Registers that hold the state of for loops: the second operand of the FOR_NEXT instructions. */
static bool is_loop_state(const Code *c, uint32_t reg)
{
    for (uint32_t i = 0; i < c->ninsns; i++)
        if (c->insns[i].op == OP_FOR_NEXT && c->insns[i].b == reg) return true;
    return false;
}

static bool is_own_cell(const Code *c, uint32_t reg)
{
    for (uint32_t i = 0; i < c->ninsns; i++)
        if ((c->insns[i].op == OP_NEW_CELL || c->insns[i].op == OP_WRAP_CELL) && c->insns[i].a == reg)
            return true;
    return false;
}

static bool copy_registers(VM *vm, Gen *from, Gen *to, int depth)
{
    Code *c = frame_code(&from->frame);
    for (uint32_t r = 0; r < c->nregs; r++) {
        Value v = from->frame.regs[r];
        if (is_kind(v, KIND_CELL) && is_own_cell(c, r)) {
            Cell *copy = heap_new(vm, KIND_CELL, T_CELL, Cell);
            if (!copy) return false;
            copy->value = ((Cell *)as_obj(v))->value;
            copy->fallback = VALUE_UNSET;
            v = obj_value(copy);
        } else if (is_ptr(v) && is_loop_state(c, r)) v = clone_iterator(vm, from, v, depth);
        if (is_error(v)) return false;
        to->frame.regs[r] = v;
    }
    return true;
}

static Value clone_chain(VM *vm, Gen *g, int depth);

/* What the copy of g waits on: a future or task the same, a sleep until the same moment. */
static Value clone_delegate(VM *vm, Gen *g, int depth)
{
    Value on = g->delegate;
    if (is_gen(on)) return clone_chain(vm, as_gen(on), depth + 1);
    if (is_kind(on, KIND_ITER) || is_kind(on, KIND_RANGE_ITER)) return clone_iterator(vm, g, on, depth);
    if (is_future(on)) return on;
    const Native *native = is_kind(on, KIND_NATIVE)        ? (Native *)as_obj(on)
                           : is_kind(on, KIND_NATIVE_CORO) ? ((NativeCoro *)as_obj(on))->native
                                                           : NULL;
    if (!native) return vm_raise(vm, ERR_TYPE, "cannot clone this coroutine: it waits on a '%T' object", on);
    if (!(native->h.aux & NATIVE_TIMED)) // there will be one answer only
        return vm_raise(vm, ERR_TYPE, "cannot clone this coroutine: it waits in %N()", native->sig->name);
    return is_kind(on, KIND_NATIVE) ? on : native_coro_clone(vm, on);
}

static void link(Gen *above, Gen *inner)
{
    inner->frame.caller = &above->frame;
    above->leaf = inner->leaf;
    inner->leaf->root = above;
    inner->root = above;
}

/* Copies g and what it delegates to, and links the copies as the originals are. */
static Value clone_chain(VM *vm, Gen *g, int depth)
{
    if (depth > 1000 || vm_c_stack_low(vm))
        return vm_raise(vm, ERR_RECURSION, "maximum recursion depth exceeded");
    if (gen_view_state(g) == GEN_RUNNING) return refuse(vm, g, "it is running");
    if (gen_state(g) == GEN_SUSPENDED && inside_with(g))
        return refuse(vm, g, "it is suspended inside a 'with' block");
    Code *c = frame_code(&g->frame);
    bool parked = gen_state(g) == GEN_SUSPENDED && is_kind(g->delegate, KIND_FUTURE);
    if (parked && code_is_library(c)) return refuse(vm, g, "it waits for a lock, a queue or the like");
    Gen *copy = heap_alloc(vm, KIND_GEN, g->h.shape, sizeof(Gen) + c->nregs * sizeof(Value));
    if (!copy) return VALUE_ERROR;
    copy->h.aux = (uint16_t)((g->h.aux & ~(GEN_SHARED | GEN_LOOP | GEN_DIRECT)) | GEN_CLONE);
    copy->leaf = copy->root = copy;
    copy->delegate = VALUE_UNSET;
    copy->frame = g->frame;
    copy->frame.caller = NULL;
    for (uint32_t r = 0; r < c->nregs; r++) copy->frame.regs[r] = VALUE_UNSET;
    if (!copy_registers(vm, g, copy, depth)) return VALUE_ERROR;
    if (!gen_delegates(g)) return obj_value(copy);
    copy->delegate = clone_delegate(vm, g, depth);
    if (is_error(copy->delegate)) return VALUE_ERROR;
    // The delegate register of DELEGATE must name the copy too, should the instruction look at it again.
    for (uint32_t r = 0; r < c->nregs; r++)
        if (copy->frame.regs[r] == g->delegate) copy->frame.regs[r] = copy->delegate;
    if (is_gen(copy->delegate)) link(copy, as_gen(copy->delegate));
    return obj_value(copy);
}

Value gen_view_clone(VM *vm, Args args) { return clone_chain(vm, as_gen(args.v[0]), 0); }
