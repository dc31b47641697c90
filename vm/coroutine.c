#include "vm/coroutine.h"
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/report.h"
#include "vm/str.h"
#include "vm/task.h"
#include "vm/type.h"

static const char *gen_kind(const Gen *g)
{
    return g->h.shape == T_GENERATOR ? "generator" : g->h.shape == T_COROUTINE ? "coroutine" : "async generator";
}

static void set_state(Gen *g, int state) { g->h.aux = (uint16_t)((g->h.aux & ~GEN_STATE) | GEN_BUSY | state); }

static Gen *delegator(Gen *g)
{
    Frame *caller = g->frame.caller;
    bool linked = caller && caller->heap && (g->frame.ret_kind == RET_DELEGATE || g->frame.ret_kind == RET_ANEXT ||
                                             g->frame.ret_kind == RET_ASEND || g->frame.ret_kind == RET_ACLOSE);
    return linked ? frame_gen(caller) : NULL;
}

/* ---- making ---- */

static size_t gen_size(const Code *c) { return sizeof(Gen) + c->nregs * sizeof(Value); }

Value gen_new(VM *vm, Function *f, const Value *args, int n, Value kwnames)
{
    Code *c = f->code;
    bool plain = c->gen_nargs == n && is_unset(kwnames);
    if (!plain && !code_link(vm, c)) return VALUE_ERROR;
    Gen *g = gen_make(vm, f, args, plain ? (uint32_t)n : 0);
    if (!g || (!plain && !call_bind(vm, f, args, n, kwnames, g->frame.regs))) return VALUE_ERROR;
    return obj_value(g);
}

/* ---- resuming ---- */

/* The register that the value sent to a suspended frame goes to: the destination of the instruction it stands after. */
static uint16_t resume_register(const Frame *f)
{
    const Insn *at = f->pc - 1;
    return at->op == OP_EXTRA ? at[-1].c : at->a;
}

static bool at_start(const Gen *g) { return gen_state(g) == GEN_CREATED; }

/* Let `leaf` of the chain under `root` run on with `sent`. Its state and links are right already. */
static Value run_leaf(VM *vm, Gen *root, Gen *leaf, Value sent)
{
    Frame *f = &leaf->frame;
    bool fresh = at_start(leaf);
    leaf->root = root;
    set_state(leaf, GEN_RUNNING);
    gc_touch_frame(vm, leaf);
    vm->frame = f;
    if (fresh) return VALUE_SWITCH;
    uint16_t reg = resume_register(f);
    if (!gen_delegates(leaf)) {
        f->regs[reg] = sent;
        return VALUE_SWITCH;
    }
    // It waits on something that is resumed by an ordinary call: pass the value on.
    Value v = gen_delegate(vm, leaf, leaf->delegate, sent, reg);
    if (v == VALUE_SWITCH || v == VALUE_PARK) return v;
    if (!is_error(v)) f->regs[reg] = v;
    return VALUE_SWITCH; // the loop unwinds if vm->exc is set
}

static Value already_executing(VM *vm, const Gen *g)
{
    return vm_raise(vm, ERR_VALUE, "%s already executing", gen_kind(g));
}

/* Somebody resumes g although another frame delegates to it: from now on it is a boundary. Its own chain gets its leaf
 * back by following the delegates, and the chain above ends at the delegator. */
static void share(Gen *g)
{
    Gen *above = delegator(g);
    g->h.aux |= GEN_SHARED;
    Gen *leaf = g;
    while (is_kind(leaf->delegate, KIND_GEN) && !(as_gen(leaf->delegate)->h.aux & GEN_SHARED)) leaf = as_gen(leaf->delegate);
    Gen *root = leaf->root;
    g->leaf = leaf;
    leaf->root = g;
    g->root = g;
    root->leaf = above;
    above->root = root;
}

/* Does one of the running chain's frames wait for g? Then g cannot be resumed. */
static bool chain_is_running(const Gen *g)
{
    return gen_state(g->leaf) == GEN_RUNNING;
}

static bool chain_member_running(Gen *g)
{
    const Gen *leaf = g;
    while (is_kind(leaf->delegate, KIND_GEN)) leaf = as_gen(leaf->delegate);
    return gen_state(leaf) == GEN_RUNNING;
}

/* Common part of resuming and throwing: enter g's frame from vm->frame. NULL with an exception when it cannot be. */
static Gen *enter(VM *vm, Gen *g, uint16_t ret, RetKind kind)
{
    Gen *above = delegator(g);
    if (above && !(g->h.aux & GEN_SHARED)) {
        if (chain_member_running(g)) return already_executing(vm, g), NULL;
        share(g);
    }
    if (gen_state(g) == GEN_RUNNING || chain_is_running(g)) return already_executing(vm, g), NULL;
    Frame *caller = vm->frame;
    uint32_t depth = caller ? caller->depth + 1 : 1;
    if (depth > vm->max_depth) return frame_stack_overflow(vm), NULL;
    if (caller && !caller->heap) vm->sp = frame_top(vm, caller);
    g->frame.caller = caller;
    g->frame.ret = ret;
    g->frame.ret_kind = kind;
    g->frame.depth = depth;
    return g->leaf;
}

static inline Value resume_alone(VM *vm, Gen *g, Value sent, uint16_t ret, RetKind kind)
{
    Frame *caller = vm->frame, *f = &g->frame;
    uint32_t depth = caller ? caller->depth + 1 : 1;
    if (depth > vm->max_depth) return frame_stack_overflow(vm);
    if (caller && !caller->heap) vm->sp = frame_top(vm, caller);
    f->caller = caller;
    f->ret = ret;
    f->ret_kind = kind;
    f->depth = depth;
    gc_touch_frame(vm, g);
    if (!at_start(g)) f->regs[resume_register(f)] = sent;
    set_state(g, GEN_RUNNING);
    vm->frame = f;
    return VALUE_SWITCH;
}

Value gen_resume(VM *vm, Gen *g, Value sent, uint16_t ret, RetKind kind)
{
    if (!(g->h.aux & GEN_BUSY) && (is_none(sent) || !at_start(g))) return resume_alone(vm, g, sent, ret, kind);
    if (gen_state(g) == GEN_FINISHED) return VALUE_STOP;
    if (at_start(g) && !is_none(sent))
        return vm_raise(vm, ERR_TYPE, "can't send non-None value to a just-started %s", gen_kind(g));
    Gen *leaf = enter(vm, g, ret, kind);
    return leaf ? run_leaf(vm, g, leaf, sent) : VALUE_ERROR;
}

/* Throw into what a frame waits on, where that is not a coroutine of its own chain. Answers as gen_delegate, or
 * VALUE_UNSET when the exception is to be raised in the frame itself. */
static Value throw_to_delegate(VM *vm, Gen *leaf, Value exc)
{
    const Args *given = vm->thrown;
    Value d = leaf->delegate;
    uint16_t reg = resume_register(&leaf->frame);
    if (!is_ptr(d)) return VALUE_UNSET;
    if (is_gen(d)) return gen_throw(vm, as_gen(d), exc, reg, RET_DELEGATE);
    Value method = obj_getattr_opt(vm, d, vm->common->throw_);
    if (is_error(method)) return method;
    if (is_unset(method)) return VALUE_UNSET;
    vm->thrown = NULL;
    Value v = given ? vm_call(vm, method, given->v, given->n) : vm_call1(vm, method, exc);
    if (!is_error(v)) return gen_yield(vm, leaf, v) == VALUE_SWITCH ? VALUE_SWITCH : VALUE_PARK;
    if (!vm_pending_is(vm, ERR_STOP_ITERATION)) return v;
    leaf->delegate = VALUE_UNSET;
    return exception_value(vm_take_pending(vm));
}

/* g's frame will never run again: let go of everything it holds. */
static void finish(Gen *g)
{
    set_state(g, GEN_FINISHED);
    g->delegate = VALUE_UNSET;
    g->frame.caller = NULL;
    for (uint32_t i = 0, n = frame_code(&g->frame)->nregs; i < n; i++) g->frame.regs[i] = VALUE_UNSET;
}

void gen_never_ran(Gen *g) { finish(g); }

/* What is thrown is raised as it is: it gets no context from whoever throws. */
static Value raise_thrown(VM *vm, Value exc)
{
    vm->exc = exc;
    return VALUE_ERROR;
}

Value gen_throw(VM *vm, Gen *g, Value exc, uint16_t ret, RetKind kind)
{
    if (gen_state(g) == GEN_FINISHED) return raise_thrown(vm, exc);
    Gen *leaf = enter(vm, g, ret, kind);
    if (!leaf) return VALUE_ERROR;
    leaf->root = g;
    set_state(leaf, GEN_RUNNING);
    gc_touch_frame(vm, leaf);
    vm->frame = &leaf->frame;
    Value v = throw_to_delegate(vm, leaf, exc);
    vm->thrown = NULL;
    if (v == VALUE_SWITCH || v == VALUE_PARK) return v;
    if (is_unset(v)) vm->exc = exc;
    else if (!is_error(v)) leaf->frame.regs[resume_register(&leaf->frame)] = v;
    leaf->delegate = VALUE_UNSET;
    if (!is_unset(vm->exc)) {
        vm->throwing = true;
        for (Gen *above = leaf; above != g;) {
            above = delegator(above);
            above->h.aux |= GEN_THROWN;
        }
    }
    return VALUE_SWITCH;
}

void gen_forget_thrown(Gen *g)
{
    for (; g->h.aux & GEN_THROWN; g = as_gen(g->delegate)) g->h.aux &= (uint16_t)~GEN_THROWN;
}

/* ---- leaving ---- */

/* The chain link from g up to its delegator is gone: the delegator is the leaf again, and running. */
static void unlink_from(VM *vm, Gen *above, Gen *g)
{
    gc_touch_frame(vm, above); // it goes on writing its registers
    if (!(g->h.aux & GEN_SHARED)) {
        above->root = g->root;
        g->root->leaf = above;
    }
    g->root = g->leaf = g;
    above->delegate = VALUE_UNSET;
    above->h.aux = (uint16_t)((above->h.aux & ~(GEN_STATE | GEN_THROWN)) | GEN_BUSY | GEN_RUNNING);
}

Value gen_yield(VM *vm, Gen *g, Value v)
{
    for (;;) {
        Gen *root = g->root;
        root->leaf = g;
        set_state(g, GEN_SUSPENDED);
        Frame *caller = root->frame.caller;
        RetKind kind = root->frame.ret_kind;
        vm->frame = caller;
        switch (kind) {
        case RET_DELEGATE:
        case RET_ANEXT:
        case RET_ASEND:
        case RET_ACLOSE: // root is a shared boundary: its delegator yields in turn
            g = frame_gen(caller);
            continue;
        case RET_ENTRY:
        case RET_TASK:
            gen_rest(root);
            vm->result = v;
            vm->yielded = true;
            return VALUE_PARK;
        default:
            gen_rest(root);
            caller->regs[root->frame.ret] = v;
            return VALUE_SWITCH;
        }
    }
}

/* The task is parked: the whole chain stands still, the run ends. */
static Value park(VM *vm, Gen *g, Value on)
{
    Gen *root = g->root;
    root->leaf = g;
    g->delegate = on;
    set_state(g, GEN_SUSPENDED);
    vm->frame = root->frame.caller;
    root->frame.caller = NULL;
    vm->result = VALUE_PARK;
    return VALUE_PARK;
}

Value gen_yield_async(VM *vm, Gen *g, Value v)
{
    Frame *caller = g->frame.caller;
    RetKind kind = g->frame.ret_kind;
    set_state(g, GEN_SUSPENDED);
    g->frame.caller = NULL;
    vm->frame = caller;
    if (kind == RET_ENTRY) {
        vm->result = v;
        vm->yielded = vm->yielded_async = true;
        return VALUE_PARK;
    }
    unlink_from(vm, frame_gen(caller), g);
    if (kind == RET_ACLOSE) return vm_raise(vm, ERR_RUNTIME, "async generator ignored GeneratorExit");
    caller->regs[g->frame.ret] = v;
    if (kind == RET_ANEXT) caller->pc += 2; // over ANEXT and DELEGATE
    return VALUE_SWITCH;
}

/* A finished frame that nobody else can know goes back to the heap at once. */
static bool release(VM *vm, Gen *g)
{
    Code *c = frame_code(&g->frame);
    if (g->h.gc || (c->flags & CODE_HAS_HANDLERS)) return false; // the collector's lists may name it
    if (gen_size(c) > FINE_LIMIT) return false;
    heap_release(vm, &g->h, gen_size(c));
    return true;
}

static void finish_loop_state(VM *vm, Gen *g, Frame *caller)
{
    Value *pair = &caller->regs[caller->pc[-1].b];
    bool own = pair[1] == VALUE_TRUE && pair[0] == obj_value(g);
    if (own) pair[0] = VALUE_UNSET;
    if (!own || !release(vm, g)) finish(g);
}

static void finish_delegate(VM *vm, Gen *g, Frame *caller)
{
    const Insn *at = caller->pc - 1;
    Value *keep = &caller->regs[at->op == OP_EXTRA ? at->a : at->b];
    bool own = (g->h.aux & GEN_DIRECT) && *keep == obj_value(g);
    if (own) *keep = VALUE_UNSET;
    if (!own || !release(vm, g)) finish(g);
}

void gen_leave_delegator(VM *vm, Gen *g)
{
    Gen *above = frame_gen(g->frame.caller);
    unlink_from(vm, above, g);
    finish_delegate(vm, g, &above->frame);
}

void gen_leave_loop(VM *vm, Gen *g) { finish_loop_state(vm, g, g->frame.caller); }

Value gen_return(VM *vm, Gen *g, Value v)
{
    Frame *caller = g->frame.caller;
    RetKind kind = g->frame.ret_kind;
    uint16_t ret = g->frame.ret;
    Gen *above = delegator(g);
    if (above) unlink_from(vm, above, g);
    finish(g);
    vm->frame = caller;
    switch (kind) {
    case RET_NEXT: return vm_raise_stop_value(vm, v);
    case RET_ANEXT:
        caller->pc += (int16_t)caller->pc[-1].c;
        return VALUE_SWITCH;
    case RET_ASEND: {
        Value exc = exception_new(vm, ERR_STOP_ASYNC_ITERATION, obj_value(vm->empty_tuple));
        return is_error(exc) ? exc : vm_raise_exc(vm, exc);
    }
    case RET_ENTRY:
    case RET_TASK:
        vm->result = v;
        vm->yielded = false;
        return VALUE_PARK;
    default:
        caller->regs[ret] = v;
        return VALUE_SWITCH;
    }
}

/* A StopIteration must not leave a generator's body: it would look like the generator's own end. */
static void convert_stop(VM *vm, const Gen *g)
{
    bool stop = vm_pending_is(vm, ERR_STOP_ITERATION);
    bool async_stop = g->h.shape == T_ASYNC_GENERATOR && vm_pending_is(vm, ERR_STOP_ASYNC_ITERATION);
    if (!stop && !async_stop) return;
    Value old = vm_take_pending(vm);
    vm_raise(vm, ERR_RUNTIME, "%s raised %s", gen_kind(g), stop ? "StopIteration" : "StopAsyncIteration");
    if (vm->exc == old || !is_exception(vm->exc)) return;
    Exception *e = as_exception(vm->exc);
    gc_store(vm, e, &e->cause, old);
    gc_store(vm, e, &e->context, old);
    e->suppress_context = true;
}

Value gen_unwound(VM *vm, Gen *g)
{
    Frame *caller = g->frame.caller;
    RetKind kind = g->frame.ret_kind;
    uint16_t ret = g->frame.ret;
    Gen *above = delegator(g);
    vm->throwing = above && above->h.aux & GEN_THROWN; // it goes on as if thrown into the delegator
    if (above) unlink_from(vm, above, g);
    finish(g);
    convert_stop(vm, g);
    vm->frame = caller;
    if (kind == RET_ACLOSE && (vm_pending_is(vm, ERR_GENERATOR_EXIT) || vm_pending_is(vm, ERR_STOP_ASYNC_ITERATION))) {
        vm->exc = VALUE_UNSET;
        caller->regs[ret] = VALUE_NONE;
        return VALUE_SWITCH;
    }
    if (kind != RET_ENTRY && kind != RET_TASK) return VALUE_ERROR;
    vm->result = VALUE_ERROR;
    vm->yielded = false;
    return VALUE_PARK;
}

/* ---- delegating ---- */

static Value reuse_error(VM *vm) { return vm_raise(vm, ERR_RUNTIME, "cannot reuse already awaited coroutine"); }

/* Link g -> d and let d's leaf run. */
static Value delegate_to_gen(VM *vm, Gen *g, Gen *d, Value sent, uint16_t dst)
{
    if (gen_state(d) == GEN_FINISHED) {
        g->delegate = VALUE_UNSET;
        return d->h.shape == T_COROUTINE ? reuse_error(vm) : VALUE_NONE;
    }
    Gen *above = delegator(d);
    bool stepped_by_hand = !above && gen_state(d) == GEN_SUSPENDED && !(d->h.aux & GEN_CLONE) &&
                           g->delegate != obj_value(d);
    if (d->h.shape == T_COROUTINE && ((above && above != g) || stepped_by_hand))
        return vm_raise(vm, ERR_RUNTIME, "coroutine is being awaited already");
    if (above && !(d->h.aux & GEN_SHARED)) {
        if (chain_member_running(d)) return already_executing(vm, d);
        share(d);
    }
    if (gen_state(d) == GEN_RUNNING || chain_is_running(d)) return already_executing(vm, d);
    uint32_t depth = g->frame.depth + 1;
    if (depth > vm->max_depth) return frame_stack_overflow(vm);
    d->frame.caller = &g->frame;
    d->frame.ret = dst;
    d->frame.ret_kind = RET_DELEGATE;
    d->frame.depth = depth;
    gc_touch_frame(vm, g);
    gc_touch_frame(vm, d);
    g->delegate = obj_value(d);
    set_state(g, GEN_SUSPENDED);
    Gen *root = d->h.aux & GEN_SHARED ? d : g->root, *leaf = d->leaf;
    if (root != d) root->leaf = leaf;
    return run_leaf(vm, root, leaf, sent);
}

/* A script's iterator, or what is to take a value: its code and errors see what g, going on, handles. */
static Value call_delegate(VM *vm, Gen *g, Value it, Value sent, bool goes_on)
{
    bool handles = goes_on && frame_take_up(vm, &g->frame);
    Value v = is_none(sent) ? obj_call_special(vm, it, D_NEXT, NULL, 0) // keeps StopIteration's value
                            : vm_call_method(vm, it, vm->common->send, &sent, 1);
    if (handles) frame_lay_down(vm, &g->frame);
    return v;
}

/* Step a script's or built-in's iterator once: what it yields is yielded on. */
static Value delegate_to_iterator(VM *vm, Gen *g, Value it, Value sent)
{
    bool goes_on = g->delegate == it;
    g->delegate = it;
    Type *t = type_of(vm, it);
    bool calls = !is_none(sent) || type_defines(t, D_NEXT);
    Value v = calls ? call_delegate(vm, g, it, sent, goes_on) : t->def->slots.next(vm, it);
    if (is_error(v) && vm_pending_is(vm, ERR_STOP_ITERATION)) {
        g->delegate = VALUE_UNSET;
        return exception_value(vm_take_pending(vm));
    }
    if (is_error(v)) {
        g->delegate = VALUE_UNSET;
        return v;
    }
    if (v == VALUE_STOP) {
        g->delegate = VALUE_UNSET;
        return VALUE_NONE;
    }
    return gen_yield(vm, g, v);
}

static Value delegate_to_step(VM *vm, Gen *g, AsyncStep *step, Value sent, uint16_t dst);

static bool scheduler_awaits(Value v)
{
    return is_kind(v, KIND_FUTURE) || is_kind(v, KIND_TASK) || is_kind(v, KIND_NATIVE_CORO);
}

static Value after_task_await(VM *vm, Gen *g, Value awaitable, Value v, Value out)
{
    if (v == VALUE_PARK) return park(vm, g, awaitable);
    if (v == VALUE_STOP) { // nobody's task: whoever drives the chain by hand gets it
        g->delegate = awaitable;
        return gen_yield(vm, g, out);
    }
    g->delegate = VALUE_UNSET;
    return v;
}

Value gen_delegate(VM *vm, Gen *g, Value d, Value sent, uint16_t dst)
{
    if (is_gen(d)) return delegate_to_gen(vm, g, as_gen(d), sent, dst);
    if (is_kind(d, KIND_ASYNC_STEP)) return delegate_to_step(vm, g, (AsyncStep *)as_obj(d), sent, dst);
    if (is_kind(d, KIND_NATIVE)) { // a native called by `await native()` has yielded once to a driver by hand
        g->delegate = VALUE_UNSET;
        return VALUE_NONE;
    }
    if (scheduler_awaits(d)) {
        Value out = VALUE_NONE;
        bool handles = frame_take_up(vm, &g->frame); // while it answers at once
        Value v = task_await(vm, g, d, &out);
        if (handles) frame_lay_down(vm, &g->frame);
        return after_task_await(vm, g, d, v, out);
    }
    return delegate_to_iterator(vm, g, d, sent);
}

static bool makes_coroutine(Value callee)
{
    return is_kind(callee, KIND_FUNCTION) && (((Function *)as_obj(callee))->code->flags & CODE_ASYNC_GEN) == CODE_COROUTINE;
}

/* What a call in `await f(x)` gives. */
static Value call_for_awaitable(VM *vm, Value callee, Value *args, int n)
{
    if (makes_coroutine(callee)) return gen_new(vm, (Function *)as_obj(callee), args, n, VALUE_UNSET);
    Value awaited = vm_call(vm, callee, args, n);
    return is_error(awaited) ? awaited : op_get_awaitable(vm, awaited);
}

Value gen_await_call(VM *vm, Gen *g, Value callee, Value *args, int n, uint16_t dst, Value *keep)
{
    bool handles = frame_take_up(vm, &g->frame); // it does not wait yet
    if (is_kind(callee, KIND_NATIVE) && (as_obj(callee)->aux & NATIVE_ASYNC)) {
        Value out = VALUE_NONE;
        Value v = task_call_async(vm, g, (Native *)as_obj(callee), args, n, &out);
        if (handles) frame_lay_down(vm, &g->frame);
        return after_task_await(vm, g, callee, v, out);
    }
    Value awaitable = call_for_awaitable(vm, callee, args, n);
    if (handles) frame_lay_down(vm, &g->frame);
    if (is_error(awaitable)) return awaitable;
    *keep = awaitable;
    if (!makes_coroutine(callee)) return gen_delegate(vm, g, awaitable, VALUE_NONE, dst);
    if (g->frame.depth >= vm->max_depth) return frame_stack_overflow(vm);
    gen_await_fresh(vm, g, as_gen(awaitable), dst);
    vm->frame = &as_gen(awaitable)->frame;
    return VALUE_SWITCH;
}

/* ---- async generators ---- */

static Value enter_async(VM *vm, Gen *above, Gen *ag, Value sent, uint16_t dst, RetKind kind)
{
    uint32_t depth = above->frame.depth + 1;
    if (depth > vm->max_depth) return frame_stack_overflow(vm);
    ag->frame.caller = &above->frame;
    ag->frame.ret = dst;
    ag->frame.ret_kind = kind;
    ag->frame.depth = depth;
    gc_touch_frame(vm, above);
    above->delegate = obj_value(ag);
    set_state(above, GEN_SUSPENDED);
    return run_leaf(vm, above->root, ag, sent);
}

static Value async_running(VM *vm, const char *what)
{
    return vm_raise(vm, ERR_RUNTIME, "%s: asynchronous generator is already running", what);
}

Value gen_for_anext(VM *vm, Gen *g, Value iter, uint16_t dst)
{
    if (!is_exact(iter, T_ASYNC_GENERATOR)) return VALUE_NONE;
    Gen *ag = as_gen(iter);
    if (ag->frame.caller || gen_state(ag) == GEN_RUNNING) return VALUE_NONE; // busy: the long way reports it
    Frame *f = &g->frame;
    if (gen_state(ag) == GEN_FINISHED) {
        f->pc += (int16_t)f->pc[-1].c;
        return VALUE_SWITCH;
    }
    return enter_async(vm, g, ag, VALUE_NONE, dst, RET_ANEXT);
}

static const char *const step_names[] = {"anext()", "athrow()", "aclose()"};

static Value step_reused(VM *vm, const AsyncStep *s)
{
    return vm_raise(vm, ERR_RUNTIME, "cannot reuse already awaited %s",
                    s->kind == STEP_ASEND ? "__anext__()/asend()" : "aclose()/athrow()");
}

static Value stop_async(VM *vm)
{
    Value exc = exception_new(vm, ERR_STOP_ASYNC_ITERATION, obj_value(vm->empty_tuple));
    return is_error(exc) ? exc : vm_raise_exc(vm, exc);
}

/* It ends before it has begun. */
static Value throw_at_start(VM *vm, Gen *g, Value exc)
{
    finish(g);
    raise_thrown(vm, exc);
    convert_stop(vm, g);
    return VALUE_ERROR;
}

static Value throw_step(VM *vm, Gen *g, Gen *ag, AsyncStep *step, uint16_t dst)
{
    Value kept = ag->frame.regs[resume_register(&ag->frame)]; // nothing is sent: `x = yield` leaves x as it is
    Value v = enter_async(vm, g, ag, kept, dst, step->kind == STEP_ACLOSE ? RET_ACLOSE : RET_ASEND);
    if (v != VALUE_SWITCH) return v;
    vm->exc = step->arg;
    vm->throwing = true;
    return VALUE_SWITCH;
}

static Value delegate_to_step(VM *vm, Gen *g, AsyncStep *step, Value sent, uint16_t dst)
{
    Gen *ag = step->gen;
    if (step->h.aux == STEP_CLOSED) return step_reused(vm, step);
    step->h.aux = STEP_CLOSED;
    (void)sent;
    if (ag->frame.caller || gen_state(ag) == GEN_RUNNING) return async_running(vm, step_names[step->kind]);
    if (gen_state(ag) == GEN_FINISHED) return step->kind == STEP_ASEND ? stop_async(vm) : VALUE_NONE;
    if (step->kind == STEP_ASEND) {
        if (at_start(ag) && !is_none(step->arg))
            return vm_raise(vm, ERR_TYPE, "can't send non-None value to a just-started async generator");
        return enter_async(vm, g, ag, step->arg, dst, RET_ASEND);
    }
    if (ag->h.aux & GEN_CLOSING) return stop_async(vm);
    if (step->kind == STEP_ACLOSE) ag->h.aux |= GEN_CLOSING;
    if (at_start(ag)) {
        if (step->kind == STEP_ATHROW) return throw_at_start(vm, ag, step->arg);
        finish(ag);
        return VALUE_NONE;
    }
    return throw_step(vm, g, ag, step, dst);
}

/* ---- from C ---- */

static Value run_c(VM *vm, Value v, Frame *frame, Value *sp, bool *finished)
{
    if (v == VALUE_SWITCH) v = interp_run(vm, vm->frame);
    else if (v == VALUE_PARK) v = vm->result;
    vm->frame = frame;
    vm->sp = sp;
    *finished = !vm->yielded;
    return v;
}

Value gen_send_c(VM *vm, Gen *g, Value sent, bool *finished)
{
    Frame *frame = vm->frame;
    Value *sp = vm->sp;
    *finished = true;
    if (vm_c_stack_low(vm)) return VALUE_ERROR;
    Value v = gen_resume(vm, g, sent, 0, RET_ENTRY);
    if (v == VALUE_STOP) return g->h.shape == T_COROUTINE ? reuse_error(vm) : VALUE_NONE;
    return run_c(vm, v, frame, sp, finished);
}

Value gen_next_c(VM *vm, Gen *g)
{
    Frame *frame = vm->frame;
    Value *sp = vm->sp;
    if (gen_state(g) == GEN_FINISHED) return VALUE_STOP;
    if (vm_c_stack_low(vm)) return VALUE_ERROR;
    bool alone = !(g->h.aux & GEN_BUSY);
    Value v = alone ? resume_alone(vm, g, VALUE_NONE, 0, RET_ENTRY) : gen_resume(vm, g, VALUE_NONE, 0, RET_ENTRY);
    if (v == VALUE_SWITCH) v = interp_run(vm, vm->frame);
    else if (v == VALUE_PARK) v = vm->result;
    vm->frame = frame;
    vm->sp = sp;
    return is_error(v) || vm->yielded ? v : VALUE_STOP;
}

Value gen_next_untaken(VM *vm, Gen *g, ItemTaker *take, void *state)
{
    const Taker *outer = vm->taker, taker = {g, take, state};
    vm->taker = &taker;
    Value v = gen_next_c(vm, g);
    vm->taker = outer;
    return v;
}

/* What waits for a step of an async generator closes that step, not the generator, which is dropped with it: so nobody
 * hears of what it raises on its way out. */
static bool ends_dropped(VM *vm, const Gen *g, bool quiet)
{
    if (g->h.shape != T_ASYNC_GENERATOR) return quiet;
    if (!quiet) report_ignored(vm, "dropped generator");
    return true;
}

/* A `close` that cannot be read is told and done without; what it raises when called counts. */
static bool close_other_delegate(VM *vm, Gen *g)
{
    Value d = g->delegate;
    if (!is_ptr(d)) return true;
    if (is_gen(d)) return ends_dropped(vm, as_gen(d), gen_close_c(vm, as_gen(d)));
    Value method = obj_getattr_opt(vm, d, vm->common->close);
    if (!is_error(method)) return is_unset(method) || !is_error(vm_call(vm, method, NULL, 0));
    report_ignored(vm, type_name(vm, d));
    return true;
}

/* A GeneratorExit thrown into g closes what g delegates to; what that raises instead is thrown on (rules 1.4). */
static Value close_before_throw(VM *vm, Gen *g, Value exc)
{
    if (!gen_delegates(g) || gen_state(g) != GEN_SUSPENDED || !exception_is(vm, exc, ERR_GENERATOR_EXIT)) return exc;
    if (chain_member_running(g)) return exc;
    Value *root = roots_push(vm, exc);
    if (!root) return vm_take_pending(vm);
    bool quiet = close_other_delegate(vm, g);
    roots_pop(vm, root);
    g->delegate = VALUE_UNSET;
    return quiet ? exc : vm_take_pending(vm);
}

Value gen_throw_c(VM *vm, Gen *g, Value exc, bool *finished)
{
    Frame *frame = vm->frame;
    Value *sp = vm->sp;
    *finished = true;
    exc = close_before_throw(vm, g, exc);
    if (vm_c_stack_low(vm)) return VALUE_ERROR;
    if (gen_state(g) == GEN_FINISHED && g->h.shape == T_COROUTINE) return reuse_error(vm);
    if (at_start(g)) return throw_at_start(vm, g, exc);
    Value v = gen_throw(vm, g, exc, 0, RET_ENTRY);
    if (v == VALUE_ERROR && vm->frame == frame) return v;
    return run_c(vm, v, frame, sp, finished);
}

/* ---- closing ---- */

/* Raised by whoever closes: what is handled there is its context, unless the generator itself handles something. */
static Value generator_exit(VM *vm, const Gen *g)
{
    Value exc = exception_new(vm, ERR_GENERATOR_EXIT, obj_value(vm->empty_tuple));
    if (!is_error(exc) && !frame_handles_when_resumed(&g->frame)) exception_enter_handler(vm, exc);
    return exc;
}

/* Raise exc in g alone, whose delegates are finished. False with an exception pending unless it ends quietly. */
static bool close_level(VM *vm, Gen *g, Value exc)
{
    bool finished;
    g->delegate = VALUE_UNSET;
    Value v = gen_throw_c(vm, g, exc, &finished);
    if (!is_error(v)) {
        if (finished) return true;
        vm_raise(vm, ERR_RUNTIME, "%s ignored GeneratorExit", gen_kind(g));
        return false;
    }
    if (!vm_pending_is(vm, ERR_GENERATOR_EXIT) && !vm_pending_is(vm, ERR_STOP_ITERATION)) return false;
    vm_take_pending(vm);
    return true;
}

/* Level by level from the leaf: each gets a GeneratorExit of its own; what a level raises instead goes on in the
 * one above it (rules 1.4). */
bool gen_close_c(VM *vm, Gen *g)
{
    if (gen_state(g) == GEN_FINISHED) return true;
    if (at_start(g)) {
        finish(g);
        return true;
    }
    if (chain_member_running(g)) return already_executing(vm, g), false;
    Gen *above = delegator(g);
    if (above && !(g->h.aux & GEN_SHARED)) share(g);
    Gen *level = g->leaf;
    bool quiet = close_other_delegate(vm, level);
    for (;;) {
        Value exc = quiet ? generator_exit(vm, level) : vm_take_pending(vm);
        if (is_error(exc)) return false;
        Gen *up = level == g ? NULL : delegator(level);
        level->frame.caller = NULL;
        level->root = level->leaf = level;
        quiet = close_level(vm, level, exc);
        if (!up) return quiet;
        quiet = ends_dropped(vm, level, quiet);
        level = up;
        level->root = g;
        g->leaf = level;
        level->delegate = VALUE_UNSET;
    }
}

/* Nobody can reach g any more, but it stands inside a try or with. */
bool gen_close_dropped(VM *vm, Gen *g)
{
    if (g->h.shape != T_ASYNC_GENERATOR) return gen_close_c(vm, g);
    if (sched_running(vm) && !g->frame.caller) return sched_close_dropped(vm, g);
    Value exc = generator_exit(vm, g);
    bool finished;
    if (is_error(exc)) return false;
    Value v = gen_throw_c(vm, g, exc, &finished); // what it awaits on its way out is not waited for
    if (!is_error(v)) return true;
    if (!vm_pending_is(vm, ERR_GENERATOR_EXIT) && !vm_pending_is(vm, ERR_STOP_ASYNC_ITERATION)) return false;
    vm_take_pending(vm);
    return true;
}

/* ---- steps of async generators driven by hand ---- */

static bool throws_quietly(VM *vm, const AsyncStep *s)
{
    return s->kind == STEP_ACLOSE && (vm_pending_is(vm, ERR_GENERATOR_EXIT) || vm_pending_is(vm, ERR_STOP_ASYNC_ITERATION));
}

bool gen_step_under_way(const Gen *ag)
{
    return gen_state(ag) == GEN_RUNNING || ag->frame.caller || (ag->h.aux & GEN_STEPPED);
}

/* stays: as in CPython, this use does not use the step up. */
static void end_step(AsyncStep *s, bool stays)
{
    s->gen->h.aux &= (uint16_t)~GEN_STEPPED;
    if (!stays) s->h.aux = STEP_CLOSED;
}

static Value step_result(VM *vm, AsyncStep *s, Value v, bool finished, bool stays)
{
    bool yielded_value = vm->yielded_async;
    if (is_error(v)) {
        bool thrown_into = stays && s->kind == STEP_ACLOSE; // CPython takes the generator to be running for ever
        if (!thrown_into) end_step(s, stays);
        if (!throws_quietly(vm, s)) return v;
        vm_take_pending(vm);
        return vm_raise_stop_value(vm, VALUE_NONE);
    }
    if (!finished && !yielded_value) return v; // what the body awaits
    end_step(s, stays && !(yielded_value && s->kind == STEP_ACLOSE));
    if (yielded_value && s->kind == STEP_ACLOSE) return vm_raise(vm, ERR_RUNTIME, "async generator ignored GeneratorExit");
    if (yielded_value) return vm_raise_stop_value(vm, v);
    return s->kind == STEP_ACLOSE ? vm_raise_stop_value(vm, VALUE_NONE) : stop_async(vm);
}

Value gen_step_c(VM *vm, AsyncStep *s, Value sent)
{
    Gen *ag = s->gen;
    bool fresh = s->h.aux == STEP_NEW, finished = true, throws = fresh && s->kind != STEP_ASEND;
    if (s->h.aux == STEP_CLOSED) return step_reused(vm, s);
    if (s->kind != STEP_ASEND && gen_state(ag) == GEN_FINISHED) {
        s->h.aux = STEP_CLOSED;
        return vm_raise_stop_value(vm, VALUE_NONE);
    }
    if (fresh && gen_step_under_way(ag)) {
        if (throws) s->h.aux = STEP_CLOSED;
        return async_running(vm, step_names[s->kind]);
    }
    if (throws && (ag->h.aux & GEN_CLOSING)) {
        s->h.aux = STEP_CLOSED;
        return stop_async(vm);
    }
    if (throws && !is_none(sent)) return vm_raise(vm, ERR_RUNTIME, "can't send non-None value to a just-started coroutine");
    if (throws && s->kind == STEP_ACLOSE) ag->h.aux |= GEN_CLOSING;
    s->h.aux = STEP_ITERATING;
    if (gen_state(ag) == GEN_FINISHED) {
        s->h.aux = STEP_CLOSED;
        return stop_async(vm);
    }
    ag->h.aux |= GEN_STEPPED;
    vm->yielded_async = false;
    if (fresh && is_none(sent)) sent = s->arg; // what is sent by hand counts for more than asend's argument
    Value v = throws ? gen_throw_c(vm, ag, s->arg, &finished) : gen_send_c(vm, ag, sent, &finished);
    return step_result(vm, s, v, finished, !fresh && s->kind == STEP_ATHROW);
}

Value gen_step_throw_c(VM *vm, AsyncStep *s, Value exc)
{
    if (s->h.aux == STEP_CLOSED) return step_reused(vm, s);
    bool finished = true;
    vm->yielded_async = false;
    Value v = gen_throw_c(vm, s->gen, exc, &finished);
    return step_result(vm, s, v, finished, s->kind != STEP_ASEND);
}
