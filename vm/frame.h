/* frame.h - a call in progress.
 *
 * A Frame is four words before its registers. A plain call's frame lies on the VM's frame stack, overlapping its
 * caller's call area: the caller has put the callee and the arguments exactly where the new frame wants them. The
 * frame of a generator or coroutine lies in its Gen object and runs in place. The frame stack is one mapping of
 * address space that never moves; its pages come into being as they are touched.
 *
 * vm->sp: where a heap frame's callees begin. Set when a stack frame resumes a heap frame, and set back
 * when a callee returns to a heap frame; a stack frame's own top follows from its code.
 */
#pragma once
#include "vm/code_object.h"
#include "vm/vm.h"

/* What the caller does with a callee's result (and, for some, with its StopIteration). */
typedef enum {
    RET_VALUE,      // r[ret] = result
    RET_VALUE_H,    // the same, into a heap frame; RETURN does these two itself
    RET_FOR,        // __next__ or a generator in FOR_NEXT: StopIteration (or the generator's end) leaves the loop
    RET_NEXT,       // a generator resumed by next()/send(): its end raises StopIteration; YIELD does these two itself
    RET_ENTRY,      // leave interp_run
    RET_DISCARD,    // nothing
    RET_TRUTH,      // __bool__ etc.: r[ret] = bool(result)
    RET_NOT,        // r[ret] = not result
    RET_JUMP,       // fused comparison: the jump at pc[-1] is decided by the result's truth
    RET_INIT,       // __init__: must be None; r[ret] holds the instance already
    RET_BIN_INPLACE, // in-place method: NotImplemented tries the plain operator
    RET_BIN_LEFT,   // operator method of the left operand: NotImplemented tries the right one's
    RET_BIN_RIGHT,  // of the right operand: NotImplemented is a TypeError
    RET_BIN_FIRST,  // of a right operand that goes first: NotImplemented tries the left one's
    RET_CMP,        // rich comparison
    RET_ITER,       // __iter__ for GET_ITER/FOR_PREP: must be an iterator
    RET_DELEGATE,   // a delegate of the caller's yield from / await
    RET_ANEXT,      // an async generator stepped by FOR_ANEXT
    RET_ASEND,      // an async generator stepped through asend()/athrow()
    RET_ACLOSE,     // an async generator being closed by aclose()
    RET_TASK,       // a task's coroutine: the scheduler takes over
    RET_CLASS,      // a class body: build the class
} RetKind;

bool frames_init(VM *vm);
void frames_free(VM *vm);

static inline Function *frame_function(const Frame *f) { return (Function *)as_obj(f->fn); }
static inline Code *frame_code(const Frame *f) { return frame_function(f)->code; }
static inline Gen *frame_gen(Frame *f) { return (Gen *)((char *)f - offsetof(Gen, frame)); }
/* Where the next stack frame goes when f calls. */
static inline Value *frame_top(VM *vm, Frame *f)
{
    if (!f) return vm->sp;
    return f->heap ? vm->sp : f->regs + frame_code(f)->nregs;
}

/* Call anything, as the frame vm->frame: a native's result is answered at once; a script function's frame is pushed
 * (VALUE_SWITCH) and its result goes to register `ret` of vm->frame as `kind` says. vm->frame->pc must be saved. */
Value frame_invoke(VM *vm, Value callee, const Value *args, int n, Value kwnames, uint16_t ret, RetKind kind);

/* A new stack frame for f at the top, arguments bound into its registers; NULL with an exception pending. */
Frame *frame_push(VM *vm, Function *f, const Value *args, int n, Value kwnames, uint16_t ret, RetKind kind);

/* RecursionError. */
Value frame_stack_overflow(VM *vm);

/* Call a class: make an instance, run __init__ (as a pushed frame when it is a script's; its ret kind is RET_INIT). */
Value type_call(VM *vm, Type *t, const Value *args, int n, Value kwnames, uint16_t ret, RetKind kind);

/* Bind arguments into the registers of f's frame; CPython's TypeErrors. regs may overlap args (args >= regs). */
bool call_bind(VM *vm, Function *f, const Value *args, int n, Value kwnames, Value *regs);

/* Frame f returns v: deliver it as f's ret kind says. VALUE_SWITCH (vm->frame goes on), VALUE_ERROR (unwind from
 * vm->frame) or VALUE_PARK (the run is over, vm->result holds its result). */
Value frame_return(VM *vm, Frame *f, Value v);
/* vm->exc is in flight at vm->frame: find its handler (VALUE_SWITCH) or the end of the run (VALUE_PARK). */
Value frame_unwind(VM *vm);
/* The exception that is being handled where vm->frame stands, be it by one who awaits it; None: none. */
Value frame_handled(VM *vm);

/* What a suspended frame was handling, which it takes up again by itself (EXC_RESUME) after what it waits
 * on has been stepped. For that step: take it up (false: there is nothing, and nothing to lay down), then
 * lay it down. */
bool frame_handles_when_resumed(const Frame *f);
bool frame_take_up(VM *vm, Frame *f);
void frame_lay_down(VM *vm, const Frame *f);
/* An instance's __init__ frame keeps the instance in the word below itself. */
static inline Value *frame_instance(Frame *f) { return (Value *)f - 1; }

/* The variables of a frame's function that are bound, by name: a fresh dict. */
Value frame_locals(VM *vm, const Frame *f);
/* The same as locals() answers it: one dict, brought up to date, where the code mentions locals(), eval() ... */
Value frame_kept_locals(VM *vm, Frame *f);

/* Run vm->frame until it (RET_ENTRY or RET_TASK) ends; its result, VALUE_ERROR, or VALUE_PARK. */
Value interp_run(VM *vm, Frame *frame);
