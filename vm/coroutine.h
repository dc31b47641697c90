/* coroutine.h - suspended frames as values: generators, coroutines, async generators.
 *
 * A Gen that delegates (yield from, await) to a Gen forms a chain; root->leaf and leaf->root make both resuming and
 * yielding O(1) at any depth (rules 1.2). A Gen that somebody resumes although it has a delegator becomes GEN_SHARED:
 * a boundary, resumed by an ordinary switch.
 */
#pragma once
#include "vm/frame.h"

static inline bool is_gen(Value v) { return is_kind(v, KIND_GEN); }
static inline Gen *as_gen(Value v) { return (Gen *)as_obj(v); }
static inline int gen_state(const Gen *g) { return g->h.aux & GEN_STATE; }
static inline bool gen_delegates(const Gen *g) { return is_ptr(g->delegate); }

/* The object a call of a generator, coroutine or async generator function makes. */
Value gen_new(VM *vm, Function *f, const Value *args, int n, Value kwnames);
/* The same for a function whose Code.gen_nargs is n; NULL: out of memory. */
static inline Gen *gen_make(VM *vm, Function *f, const Value *args, uint32_t n);

/* Make g's leaf the running frame, `sent` being the value of the yield it stands at; what comes out goes to `ret` of
 * vm->frame as `kind` says. VALUE_SWITCH, or VALUE_ERROR (already executing, just-started with a value ...). A
 * finished one answers VALUE_STOP. */
Value gen_resume(VM *vm, Gen *g, Value sent, uint16_t ret, RetKind kind);
/* The same, raising exc at the point where it is suspended: VALUE_SWITCH (vm->exc set, the unwinder goes
 * on in vm->frame). */
Value gen_throw(VM *vm, Gen *g, Value exc, uint16_t ret, RetKind kind);

/* Something is thrown into a coroutine that has not begun: it will never run. */
void gen_never_ran(Gen *g);

/* From C: run g to its next yield. *finished tells yield from return. VALUE_ERROR, VALUE_PARK (only below a task). */
Value gen_send_c(VM *vm, Gen *g, Value sent, bool *finished);
/* As next(): its value, STOP or ERROR. */
Value gen_next_c(VM *vm, Gen *g);
/* Of gen_next_untaken (protocol.h): what `take` takes, g's frame yields without coming to rest (vm->taker). */
typedef struct Taker { const Gen *from; ItemTaker *take; void *state; } Taker;
Value gen_throw_c(VM *vm, Gen *g, Value exc, bool *finished);
bool gen_close_c(VM *vm, Gen *g);
/* coroutine.__await__(): an iterator whose send, throw and close are the coroutine's (a Gen or a NativeCoro). */
Value gen_await(VM *vm, Args args);
/* A call of an async native stepped by hand: it yields None once, then it has ended. */
Value native_coro_send(VM *vm, Value coro);
Value native_coro_throw(VM *vm, Value coro, Value exc);
void native_coro_close(Value coro);
Value native_coro_clone(VM *vm, Value coro);
/* The collector's: as close(); false with what it raised pending. */
bool gen_close_dropped(VM *vm, Gen *g);

/* What was thrown into the chain below g has come to rest there. */
void gen_forget_thrown(Gen *g);
/* Nobody waits for root at the moment: it may be resumed by anybody. */
static inline void gen_rest(Gen *root)
{
    root->frame.caller = NULL;
    if (root->h.aux & GEN_THROWN) gen_forget_thrown(root);
    bool alone = root->leaf == root && !gen_delegates(root) && !(root->h.aux & GEN_SHARED);
    if (alone) root->h.aux &= (uint16_t)~GEN_BUSY;
}

/* The loop's handlers. Answers as frame_return; gen_delegate and gen_await_call may also answer the awaited value. */
Value gen_yield(VM *vm, Gen *g, Value v);
Value gen_yield_async(VM *vm, Gen *g, Value v);
Value gen_return(VM *vm, Gen *g, Value v);
Value gen_delegate(VM *vm, Gen *g, Value delegate, Value sent, uint16_t dst);
/* RETURN_GEN to who delegated to g, and to a for loop: g is done with, and perhaps gone. */
void gen_leave_delegator(VM *vm, Gen *g);
void gen_leave_loop(VM *vm, Gen *g);
Value gen_await_call(VM *vm, Gen *g, Value callee, Value *args, int n, uint16_t dst, Value *keep);
/* FOR_ANEXT: VALUE_SWITCH when `iter` is an async generator, else VALUE_NONE. */
Value gen_for_anext(VM *vm, Gen *g, Value iter, uint16_t dst);
/* The exception in flight leaves g's frame: mark it finished, answer how to go on (as frame_unwind; VALUE_ERROR: go
 * on unwinding at vm->frame). */
Value gen_unwound(VM *vm, Gen *g);

__attribute__((always_inline)) static inline void gc_touch_frame(VM *vm, Gen *g)
{
    if (__builtin_expect((g->h.gc & (GC_OLD | GC_REMEMBERED)) == GC_OLD, 0)) gc_barrier_slow(vm, &g->h);
}

/* CODE_GENERATOR, CODE_COROUTINE and both together, in the order of the types. */
_Static_assert(T_COROUTINE == T_GENERATOR + 1 && T_ASYNC_GENERATOR == T_GENERATOR + 2, "types by flags");
static inline TypeId gen_type(const Code *c) { return T_GENERATOR + (c->flags & CODE_ASYNC_GEN) - 1; }

static inline Gen *gen_make(VM *vm, Function *f, const Value *args, uint32_t n)
{
    Code *c = f->code;
    Gen *g = heap_alloc_raw(vm, KIND_GEN, gen_type(c), sizeof(Gen) + c->nregs * sizeof(Value));
    if (__builtin_expect(!g, 0)) return NULL;
    g->leaf = g->root = g;
    g->delegate = VALUE_UNSET;
    g->frame.fn = obj_value(f);
    g->frame.pc = c->insns;
    g->frame.caller = NULL;
    g->frame.heap = FRAME_HEAP;
    g->frame.ret_kind = 0;
    g->frame.ret = 0;
    g->frame.depth = 0;
    for (uint32_t i = 0; i < n; i++) g->frame.regs[i] = args[i];
    for (uint32_t i = n; i < c->nregs; i++) g->frame.regs[i] = VALUE_UNSET;
    if (c->flags & CODE_HAS_HANDLERS) gc_watch_generator(vm, g);
    return g;
}

/* g awaits what it has just called: d, which has not begun and which nobody else knows, is entered like a call. */
static inline void gen_await_fresh(VM *vm, Gen *g, Gen *d, uint16_t dst)
{
    d->h.aux = GEN_RUNNING | GEN_BUSY | GEN_DIRECT;
    d->root = g->root;
    d->frame.caller = &g->frame;
    d->frame.ret = dst;
    d->frame.ret_kind = RET_DELEGATE;
    d->frame.depth = g->frame.depth + 1;
    gc_touch_frame(vm, g);
    g->root->leaf = d;
    g->delegate = obj_value(d);
    g->h.aux = (uint16_t)((g->h.aux & ~GEN_STATE) | GEN_SUSPENDED);
}

/* `stepped`, the generator that a for loop in g goes on with. The processor expects the one of the turn
 * before and runs ahead with what g itself says, while the loop's instruction and its register are still
 * on their way: in a row of generators the way from one to the next is one load. The guess lies where a
 * frame in a loop has no delegate, as an int for everybody else. */
static inline Gen *gen_stepped(Gen *g, Gen *stepped)
{
    Gen *guess = (Gen *)g->delegate;
    __asm__("" : "+r"(guess)); // or the compiler would see that it is the same in the end
    if (__builtin_expect(g->delegate == (Value)stepped, 1)) return guess;
    if (!gen_delegates(g)) g->delegate = (Value)stepped;
    return stepped;
}

typedef enum { STEP_ASEND, STEP_ATHROW, STEP_ACLOSE } AsyncStepKind; // AsyncStep.kind
enum { STEP_NEW, STEP_ITERATING, STEP_CLOSED };                      // AsyncStep.h.aux
/* A step driven by hand (asend(x).send(None)): what it awaits is yielded; its end raises StopIteration(value). */
Value gen_step_c(VM *vm, AsyncStep *s, Value sent);
Value gen_step_throw_c(VM *vm, AsyncStep *s, Value exc);
/* Does a step of this async generator run, or wait? Then no other may begin. */
bool gen_step_under_way(const Gen *ag);

/* ---- the scheduler's side (task.c) ---- */
/* What DELEGATE does with an awaitable that is no Gen: its result at once, VALUE_ERROR, or VALUE_PARK (the task is
 * parked and will be resumed with the result), or VALUE_SWITCH is never answered. *out_yield: when no task drives this
 * chain, the value to yield to whoever does (then answers VALUE_STOP). */
Value task_await(VM *vm, Gen *leaf, Value awaitable, Value *out_yield);
/* `await native(args)` for an async native: starts it without making an object. Answers as task_await. */
Value task_call_async(VM *vm, Gen *leaf, Native *f, Value *args, int n, Value *out_yield);
/* A call of an async native that is not awaited at once: the coroutine object. */
Value native_coro_new(VM *vm, Native *f, const Value *args, int n, Value kwnames);

/* Natives that the loop runs as frame switches (gen_type.c): next(it[, default]), generator.__next__, .send. */
Value nat_next(VM *vm, Args args);
Value nat_gen_next(VM *vm, Args args);
Value nat_gen_send(VM *vm, Args args);
/* What resuming a finished generator or coroutine raises. */
Value gen_finished_error(VM *vm, Gen *g);
