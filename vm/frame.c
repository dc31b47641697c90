#include "vm/frame.h"
#include "vm/common.h"
#include "vm/coroutine.h"
#include "vm/exception.h"
#include "vm/native.h"
#include "vm/ops.h"
#include "vm/type.h"

#include <sys/mman.h>

enum { RED_ZONE = 256 }; // Values that stay free above the last frame

/* Address space only: pages are touched, and so take memory, as recursion goes deep. Under a limit on
 * address space (ulimit -v) a smaller stack has to do. */
bool frames_init(VM *vm)
{
    for (size_t size = (size_t)512 << 20; size >= (size_t)256 << 10; size /= 2) {
        if (size > vm_address_space() / 8) continue;
        void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p == MAP_FAILED) continue;
        vm->stack = vm->sp = p;
        vm->stack_size = size;
        vm->stack_limit = (Value *)((char *)p + size) - RED_ZONE;
        return true;
    }
    return false;
}

void frames_free(VM *vm)
{
    if (vm->stack) munmap(vm->stack, vm->stack_size);
    vm->stack = NULL;
}

Value frame_stack_overflow(VM *vm)
{
    return vm_raise(vm, ERR_RECURSION, "maximum recursion depth exceeded");
}

Frame *frame_push(VM *vm, Function *f, const Value *args, int n, Value kwnames, uint16_t ret, RetKind kind)
{
    Code *c = f->code;
    Frame *caller = vm->frame, *frame = (Frame *)(frame_top(vm, caller) + (kind == RET_INIT));
    if (kind == RET_VALUE && caller && caller->heap) kind = RET_VALUE_H; // RETURN's fast way leaves vm->sp alone
    uint32_t depth = caller ? caller->depth + 1 : 1;
    if (depth > vm->max_depth || frame->regs + c->nregs > vm->stack_limit) {
        frame_stack_overflow(vm);
        return NULL;
    }
    if (!code_link(vm, c) || !call_bind(vm, f, args, n, kwnames, frame->regs)) return NULL;
    frame->fn = obj_value(f);
    frame->pc = c->insns;
    frame->caller = caller;
    frame->ret_kind = kind;
    frame->ret = ret;
    frame->depth = depth;
    frame->heap = 0;
    return frame;
}

static Value invoke_function(VM *vm, Function *f, const Value *args, int n, Value kwnames, uint16_t ret, RetKind kind)
{
    if (code_is_heap(f->code)) return gen_new(vm, f, args, n, kwnames);
    Frame *frame = frame_push(vm, f, args, n, kwnames, ret, kind);
    if (!frame) return VALUE_ERROR;
    vm->frame = frame;
    return VALUE_SWITCH;
}

/* A receiver in front of the arguments, in rooted slots for as long as the callee is being entered. */
static Value invoke_with_self(VM *vm, Value fn, Value self, const Value *args, int n, Value kwnames, uint16_t ret,
                              RetKind kind)
{
    size_t total = (size_t)n + (is_unset(kwnames) ? 0 : ((Tuple *)as_obj(kwnames))->size);
    Value *slots = roots_reserve(vm, total + 1);
    if (!slots) return VALUE_ERROR;
    slots[0] = self;
    for (size_t i = 0; i < total; i++) slots[1 + i] = args[i];
    Value v = frame_invoke(vm, fn, slots, n + 1, kwnames, ret, kind);
    roots_pop(vm, slots);
    return v;
}

/* A native __call__ that the object's own type has, and that takes just these arguments. */
static Value call_object(VM *vm, const Native *call, Value self, const Value *args, int n)
{
    Value *slots = roots_reserve(vm, (size_t)n + 1);
    if (!slots) return VALUE_ERROR;
    slots[0] = self;
    for (int i = 0; i < n; i++) slots[1 + i] = args[i];
    Value v = call->fn(vm, (Args){slots, n + 1});
    roots_pop(vm, slots);
    return v;
}

/* Does calling this class make an instance, and nothing that its metaclass thinks of? */
static bool calls_plainly(VM *vm, Value cls)
{
    if (as_obj(cls)->shape == T_TYPE) return true;
    Value call = type_lookup_dunder(vm, type_of(vm, cls), D_CALL);
    return call == type_lookup_dunder(vm, vm->types[T_TYPE], D_CALL);
}

Value frame_invoke(VM *vm, Value callee, const Value *args, int n, Value kwnames, uint16_t ret, RetKind kind)
{
    if (is_ptr(callee)) {
        switch (as_obj(callee)->kind) {
        case KIND_FUNCTION:
            return invoke_function(vm, (Function *)as_obj(callee), args, n, kwnames, ret, kind);
        case KIND_NATIVE:
            return native_call(vm, (Native *)as_obj(callee), args, n, kwnames);
        case KIND_METHOD: {
            Method *m = (Method *)as_obj(callee);
            return invoke_with_self(vm, m->fn, m->self, args, n, kwnames, ret, kind);
        }
        case KIND_TYPE:
            if (!calls_plainly(vm, callee)) break;
            return type_call(vm, (Type *)as_obj(callee), args, n, kwnames, ret, kind);
        default: break;
        }
    }
    Type *t = type_of(vm, callee);
    Value call = type_lookup_dunder(vm, t, D_CALL);
    if (is_unset(call)) return vm_raise(vm, ERR_TYPE, "'%T' object is not callable", callee);
    if (is_kind(call, KIND_NATIVE) && is_unset(kwnames) && native_direct((Native *)as_obj(call)) == n + 1)
        return call_object(vm, (Native *)as_obj(call), callee, args, n);
    if (is_kind(call, KIND_FUNCTION) || is_kind(call, KIND_NATIVE))
        return invoke_with_self(vm, call, callee, args, n, kwnames, ret, kind);
    Value bound = attr_bind(vm, call, callee, t);
    if (is_error(bound)) return bound;
    if (vm_c_stack_low(vm)) return VALUE_ERROR;
    return frame_invoke(vm, bound, args, n, kwnames, ret, kind);
}

/* The caller takes over; heap callers get their stack top back. */
static Frame *pop(VM *vm, Frame *f)
{
    Frame *caller = f->caller;
    if (!f->heap && (!caller || caller->heap)) vm->sp = f->ret_kind == RET_INIT ? frame_instance(f) : (Value *)f;
    return vm->frame = caller;
}

static Value end_run(VM *vm, Value result)
{
    vm->result = result;
    vm->yielded = false;
    return VALUE_PARK;
}

static Value deliver(VM *vm, Frame *caller, uint16_t ret, Value v)
{
    if (is_error(v)) return v;
    caller->regs[ret] = v;
    (void)vm;
    return VALUE_SWITCH;
}

static Value deliver_truth(VM *vm, Frame *caller, uint16_t ret, Value v, bool negate)
{
    int t = op_truth(vm, v);
    return t < 0 ? VALUE_ERROR : deliver(vm, caller, ret, bool_value(t != negate));
}

/* A fused comparison's method has answered: J.. jumps when true, JN.. when not. */
static Value deliver_jump(VM *vm, Frame *caller, Value v)
{
    int t = op_truth(vm, v);
    if (t < 0) return VALUE_ERROR;
    const Insn *jump = caller->pc - 1;
    if (t == op_jumps_when_true((Opcode)jump->op)) caller->pc += (int16_t)jump->c;
    return VALUE_SWITCH;
}

Value frame_return(VM *vm, Frame *f, Value v)
{
    RetKind kind = f->ret_kind;
    uint16_t ret = f->ret;
    Frame *caller = pop(vm, f);
    switch (kind) {
    case RET_ENTRY:
    case RET_TASK: return end_run(vm, v);
    case RET_DISCARD: return VALUE_SWITCH;
    case RET_TRUTH: return deliver_truth(vm, caller, ret, v, false);
    case RET_NOT: return deliver_truth(vm, caller, ret, v, true);
    case RET_JUMP:
        if (v == VALUE_NOT_IMPLEMENTED) return op_compare_resume(vm, caller, kind);
        return deliver_jump(vm, caller, v);
    case RET_CMP:
        return v == VALUE_NOT_IMPLEMENTED ? op_compare_resume(vm, caller, kind) : deliver(vm, caller, ret, v);
    case RET_BIN_INPLACE:
    case RET_BIN_LEFT:
    case RET_BIN_RIGHT:
    case RET_BIN_FIRST:
        return v == VALUE_NOT_IMPLEMENTED ? op_binary_resume(vm, caller, kind) : deliver(vm, caller, ret, v);
    case RET_ITER: {
        Type *t = type_of(vm, v);
        if (!t->def->slots.next && !type_defines(t, D_NEXT))
            return vm_raise(vm, ERR_TYPE, "iter() returned non-iterator of type '%T'", v);
        return deliver(vm, caller, ret, v);
    }
    case RET_INIT:
        if (!is_none(v)) return vm_raise(vm, ERR_TYPE, "__init__() should return None, not '%T'", v);
        return deliver(vm, caller, ret, *frame_instance(f));
    case RET_CLASS: {
        Value cls = op_class_done(vm, &caller->regs[caller->pc[-1].a], v, f);
        return deliver(vm, caller, ret, cls);
    }
    default: return deliver(vm, caller, ret, v);
    }
}

/* Is there a generator that the loop itself made and that an exception must close on its way out? */
static bool loop_owns(const Frame *f, const Insn *close)
{
    return f->regs[close->a + 1] == VALUE_TRUE;
}

static const CodeHandler *find_handler(const Frame *f, const Code *c, uint32_t at)
{
    for (uint32_t i = 0; i < c->nhandlers; i++) {
        const CodeHandler *h = c->handlers + i;
        if (at < h->start || at >= h->end) continue;
        if (!(h->flags & HANDLER_LOOP) || loop_owns(f, c->insns + h->target)) return h;
    }
    return NULL;
}

/* Where a frame that awaits inside a handler takes up what it handles again; NULL: it does not. */
static const Insn *find_resumption(const Frame *f)
{
    const Code *c = frame_code(f);
    const Insn *next = f->pc, *end = c->insns + c->ninsns; // a raise may be the last instruction
    while (next < end && (next->op == OP_ANEXT || next->op == OP_DELEGATE)) next++; // FOR_ANEXT and ANEXT stand before these
    return next < end && next->op == OP_EXC_RESUME ? next : NULL;
}

bool frame_handles_when_resumed(const Frame *f)
{
    const Insn *next = find_resumption(f);
    return next && f->regs[next->a] != VALUE_STOP;
}

bool frame_take_up(VM *vm, Frame *f)
{
    if (!frame_handles_when_resumed(f)) return false;
    const Insn *next = find_resumption(f);
    f->regs[next->b] = vm->handled;
    vm->handled = f->regs[next->a];
    return true;
}

void frame_lay_down(VM *vm, const Frame *f) { vm->handled = f->regs[find_resumption(f)->b]; }

/* A suspended frame is left by an exception before its EXC_RESUME could run: do what that does. What has been thrown into
 * it, or passes through it to be, gets what it handles as its context; what was raised below has one already. */
static void resume_handled(VM *vm, Frame *f, bool thrown)
{
    const Insn *next = find_resumption(f);
    if (!next) return;
    f->regs[next->b] = vm->handled;
    for (const Insn *rebase = next + 1; rebase->op == OP_EXC_REBASE; rebase++)
        if (f->regs[rebase->a] == VALUE_STOP) f->regs[rebase->a] = vm->handled;
    if (f->regs[next->a] == VALUE_STOP) return; // it handled nothing of its own
    vm->handled = f->regs[next->a];
    if (thrown) exception_enter_handler(vm, vm->exc);
}

/* Is what is handled now f's own? Then f stands in a handler that did not find it there. */
static bool handles(VM *vm, const Frame *f)
{
    const Code *c = frame_code(f);
    uint32_t at = (uint32_t)(f->pc - c->insns) - 1;
    for (uint32_t i = 0; i < c->nhandlers; i++) {
        const CodeHandler *h = c->handlers + i;
        const Insn *cleanup = c->insns + h->target;
        bool inside = at >= h->start && at < h->end && cleanup->op == OP_POP_EXC;
        if (inside && f->regs[cleanup->a] != vm->handled) return true;
    }
    return false;
}

Value frame_handled(VM *vm)
{
    if (!vm->awaited_handling) return vm->handled;
    for (const Frame *f = vm->frame; f; f = f->caller) {
        const Insn *resumption = f == vm->frame ? NULL : find_resumption(f);
        if (resumption && f->regs[resumption->a] != VALUE_STOP) return f->regs[resumption->a];
        if (!resumption && handles(vm, f)) return vm->handled;
        if (f->ret_kind == RET_TASK) break;
    }
    return vm->handled;
}

/* A script iterator's StopIteration ends the caller's for loop. */
static bool ends_loop(VM *vm, RetKind kind)
{
    return kind == RET_FOR && vm_pending_is(vm, ERR_STOP_ITERATION);
}

/* A bare raise, and the end of a finally block: the exception has noted this frame already; and what except* has put
 * together of the rest is raised by nobody. */
static bool is_raised_again(VM *vm, Opcode op)
{
    return op == OP_RERAISE || (op == OP_RAISE_CURRENT && exception_trace_length(as_exception(vm->exc)));
}

Value frame_unwind(VM *vm)
{
    for (;;) {
        Frame *f = vm->frame;
        bool thrown = vm->throwing;
        vm->throwing = false;
        Code *c = frame_code(f);
        resume_handled(vm, f, thrown);
        uint32_t at = f->pc == c->insns ? 0 : (uint32_t)(f->pc - c->insns) - 1;
        if (!is_raised_again(vm, c->insns[at].op)) exception_add_trace(vm, vm->exc, obj_value(c), c->insns + at);
        bool passes = (f->pc == c->insns && f->heap) || vm->unwinding;
        const CodeHandler *h = passes ? NULL : find_handler(f, c, at);
        if (h) {
            f->regs[h->reg] = vm->exc;
            vm->exc = VALUE_UNSET;
            f->pc = c->insns + h->target;
            if (f->regs[h->reg] == vm->common->memory_error && gc_is_pressed(vm)) gc_relieve(vm, true);
            return VALUE_SWITCH;
        }
        if (f->heap) {
            Value v = gen_unwound(vm, frame_gen(f));
            if (v != VALUE_ERROR) return v;
            continue;
        }
        RetKind kind = f->ret_kind;
        Frame *caller = pop(vm, f);
        if (kind == RET_ENTRY) return end_run(vm, VALUE_ERROR);
        if (ends_loop(vm, kind)) {
            vm->exc = VALUE_UNSET;
            caller->pc += (int16_t)caller->pc[-1].c;
            return VALUE_SWITCH;
        }
    }
}

/* ---- calls from C ---- */

Value vm_call_kw(VM *vm, Value callee, const Value *args, int n, Value kwnames)
{
    if (vm_c_stack_low(vm)) return VALUE_ERROR;
    Frame *frame = vm->frame;
    Value *sp = vm->sp;
    Value v = frame_invoke(vm, callee, args, n, kwnames, 0, RET_ENTRY);
    if (v == VALUE_SWITCH) v = interp_run(vm, vm->frame);
    vm->frame = frame;
    vm->sp = sp;
    return v;
}
Value vm_call(VM *vm, Value callee, const Value *args, int n) { return vm_call_kw(vm, callee, args, n, VALUE_UNSET); }
Value vm_call1(VM *vm, Value callee, Value arg) { return vm_call_kw(vm, callee, &arg, 1, VALUE_UNSET); }

Value vm_call_method(VM *vm, Value self, Str *name, const Value *args, int n)
{
    Value receiver, f = attr_get_method(vm, self, name, &receiver);
    if (is_error(f)) return f;
    bool with_self = !is_unset(receiver);
    Value *slots = roots_reserve(vm, (size_t)n + 2);
    if (!slots) return VALUE_ERROR;
    slots[0] = f;
    slots[1] = receiver;
    if (n) memcpy(slots + 2, args, (size_t)n * sizeof *args);
    Value v = with_self ? vm_call(vm, f, slots + 1, n + 1) : vm_call(vm, f, slots + 2, n);
    roots_pop(vm, slots);
    return v;
}
