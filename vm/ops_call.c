/* ops_call.c - slow paths of calls; functions being made. */
#include "vm/common.h"
#include "vm/container.h"
#include "vm/coroutine.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/report.h"
#include "vm/str.h"
#include "vm/type.h"
#include "vm/unawaited.h"

static bool is_statement(const Insn *call)
{
    return call->op == OP_CALL_STMT || call->op == OP_CALL_METHOD_STMT || call->op == OP_CALL_STMT_H ||
           call->op == OP_CALL_METHOD_STMT_H;
}

/* A call that only made a coroutine or generator object: was that all its caller wanted? */
static Value made_coroutine(VM *vm, Value v)
{
    if (is_error(v)) return v;
    const Insn *call = vm->frame->pc - 1, *next = vm->frame->pc;
    if (is_statement(call)) report_never_awaited(vm, v);
    else if (!is_exact(v, T_GENERATOR)) unawaited_watch(vm, v);
    bool loops_over_it = (next->op == OP_FOR_PREP || next->op == OP_FOR_AITER) && next->b == call->c;
    if (loops_over_it && (is_exact(v, T_GENERATOR) || is_exact(v, T_ASYNC_GENERATOR))) as_obj(v)->aux |= GEN_LOOP;
    bool delegates_to_it = next->op == OP_GET_YIELD_ITER && next->b == call->c && next->a == call->c;
    if (delegates_to_it && is_gen(v)) as_obj(v)->aux |= GEN_DIRECT;
    return v;
}

/* Nothing to bind: the arguments are passed where they lie, or completed by defaults in rooted slots.
 * trusted: the receiver's own type gave the method. */
static Value call_simple(VM *vm, Native *f, Value *args, int n, Value kwnames, bool trusted)
{
    const Signature *sig = f->sig;
    bool with_self = !is_unset(f->self);
    int given = n + with_self;
    bool as_they_lie = sig->raw && !with_self;
    bool copied = sig->simple && given <= sig->npos && given >= sig->nrequired;
    if (!is_unset(kwnames) || !(copied || as_they_lie)) return native_call(vm, f, args, n, kwnames);
    if (!trusted && f->h.shape == T_METHOD_DESCRIPTOR && !native_check_receiver(vm, f, args, n)) return VALUE_ERROR;
    if (as_they_lie || n == sig->nparams) return f->fn(vm, (Args){args, n});
    Value *slots = roots_take(vm, sig->nparams);
    if (!slots) return VALUE_ERROR;
    int at = 0;
    if (with_self) slots[at++] = f->self;
    for (int i = 0; i < n; i++) slots[at++] = args[i];
    for (; at < sig->nparams; at++) slots[at] = sig->params[at].dflt;
    Value v = f->fn(vm, (Args){slots, sig->nparams});
    roots_pop(vm, slots);
    return v;
}

/* next(g), g.send(v): stepping a generator is a switch of frames, not a nested run. UNSET: call the native after all. */
static Value step_generator(VM *vm, const Native *f, const Value *args, int n, uint16_t dst)
{
    bool sends = f->fn == nat_gen_send, bound = !is_unset(f->self);
    Value g = bound ? f->self : n ? args[0] : VALUE_NONE;
    if (n + bound != 1 + sends || !is_gen(g)) return VALUE_UNSET;
    bool steps = as_obj(g)->shape == T_GENERATOR || (sends && as_obj(g)->shape == T_COROUTINE);
    if (!steps) return VALUE_UNSET;
    Value v = gen_resume(vm, as_gen(g), sends ? args[n - 1] : VALUE_NONE, dst, RET_NEXT);
    return v == VALUE_STOP ? gen_finished_error(vm, as_gen(g)) : v;
}

static Value call_native(VM *vm, Native *f, Value *args, int n, Value kwnames, uint16_t dst, bool trusted)
{
    if (f->h.aux & NATIVE_ASYNC) return made_coroutine(vm, native_coro_new(vm, f, args, n, kwnames));
    if (native_direct(f) == NATIVE_STEPS && is_unset(kwnames)) {
        Value v = step_generator(vm, f, args, n, dst);
        if (!is_unset(v)) return v;
    }
    return call_simple(vm, f, args, n, kwnames, trusted);
}

/* What is called may want a big block at once, before the next safepoint. */
static inline void relieve(VM *vm)
{
    if (__builtin_expect(vm->fuel < 0, 0) && gc_is_pressed(vm)) gc_relieve(vm, false);
}

/* A function of a script takes copies of its arguments, and nothing else happens before it runs. */
static inline Value call_function(VM *vm, Value callee, const Value *args, int n, Value kwnames, uint16_t dst)
{
    Function *f = (Function *)as_obj(callee);
    if (code_is_heap(f->code)) return made_coroutine(vm, gen_new(vm, f, args, n, kwnames));
    return frame_invoke(vm, callee, args, n, kwnames, dst, RET_VALUE);
}

Value op_call(VM *vm, Value callee, Value *args, int n, Value kwnames, uint16_t dst)
{
    relieve(vm);
    if (is_ptr(callee)) {
        Obj *o = as_obj(callee);
        if (o->kind == KIND_NATIVE) return call_native(vm, (Native *)o, args, n, kwnames, dst, false);
        if (o->kind == KIND_FUNCTION) return call_function(vm, callee, args, n, kwnames, dst);
        if (o->kind == KIND_TYPE && ((Type *)o)->direct) {
            const TypeDef *def = ((Type *)o)->def;
            if (def->convert && n == 1 && is_unset(kwnames)) return def->convert(vm, args[0]);
            return type_call_direct(vm, (Type *)o, args, n, kwnames);
        }
    }
    return frame_invoke(vm, callee, args, n, kwnames, dst, RET_VALUE);
}

/* A method found by LOAD_METHOD, its receiver in args[0]. */
Value op_call_method(VM *vm, Value callee, Value *args, int n, uint16_t dst)
{
    relieve(vm);
    if (is_kind(callee, KIND_NATIVE)) {
        Native *f = (Native *)as_obj(callee);
        Value v = native_direct(f) == NATIVE_STEPS ? step_generator(vm, f, args, n, dst) : VALUE_UNSET;
        return is_unset(v) ? call_native(vm, f, args, n, VALUE_UNSET, dst, true) : v;
    }
    return op_call(vm, callee, args, n, VALUE_UNSET, dst);
}

/* The receiver slot of a LOAD_METHOD precedes the arguments: it is the first one, or a gap. */
Value op_call_kw(VM *vm, Value callee, Value *args, int n, const Value *consts, Insn extra, uint16_t dst)
{
    if (extra.c) {
        if (is_unset(args[0])) args++;
        else n++;
    }
    Value kwnames = consts[extra.a];
    int nkw = (int)as_tuple(kwnames)->size;
    Value v = op_call(vm, callee, args, n - nkw, kwnames, dst);
    if (extra.b) op_drop(vm, v);
    return v;
}

/* The names of a dict and its values; only now it matters that the names are strings. */
static bool keyword_slots(VM *vm, Dict *dict, Tuple *names, Value *values)
{
    size_t pos = 0;
    for (size_t i = 0; i < names->size; i++) {
        dict_next(dict, &pos, &names->items[i], &values[i]);
        if (!is_str(names->items[i])) return vm_raise(vm, ERR_TYPE, "keywords must be strings"), false;
    }
    return true;
}

enum { MOST_ARGUMENTS = INT32_MAX / 2 };

/* Positional values followed by keyword values, in rooted slots. */
static Value call_with_keywords(VM *vm, Value callee, const Value *items, size_t n, Dict *dict, uint16_t dst)
{
    size_t nkw = dict ? dict_len(dict) : 0;
    if (n + nkw > MOST_ARGUMENTS) return vm_no_memory(vm);
    Value *slots = roots_reserve(vm, n + nkw + 1), kwnames = VALUE_UNSET, v = VALUE_UNSET;
    if (!slots) return VALUE_ERROR;
    if (n) memcpy(slots + 1, items, n * sizeof *slots);
    if (nkw) {
        kwnames = tuple_new(vm, NULL, nkw);
        if (is_error(kwnames) || !keyword_slots(vm, dict, as_tuple(slots[0] = kwnames), slots + 1 + n)) v = VALUE_ERROR;
    }
    if (!is_error(v)) v = op_call(vm, callee, slots + 1, (int)n, kwnames, dst);
    roots_pop(vm, slots);
    return v;
}

/* f(*given, **dict) */
Value op_call_ex(VM *vm, Value callee, Value given, Value dict, uint16_t dst)
{
    size_t n;
    given = op_star_arguments(vm, callee, given);
    if (is_error(given)) return given;
    const Value *items = sequence_items(as_obj(given), &n);
    bool statement = vm->frame && vm->frame->pc[-1].b; // asked before the call pushes a frame
    bool plain = is_kind(callee, KIND_FUNCTION) && n <= MOST_ARGUMENTS && (is_unset(dict) || dict_len(as_dict(dict)) == 0);
    Value v = plain ? call_function(vm, callee, items, (int)n, VALUE_UNSET, dst)
                    : call_with_keywords(vm, callee, items, n, is_unset(dict) ? NULL : as_dict(dict), dst);
    if (statement) op_drop(vm, v);
    return v;
}

/* ---- classes called ---- */

Value type_call(VM *vm, Type *t, const Value *args, int n, Value kwnames, uint16_t ret, RetKind kind)
{
    Value init;
    bool pushes = kind == RET_VALUE || kind == RET_VALUE_H;
    if (!pushes) return type_instantiate(vm, t, args, n, kwnames);
    Value obj = type_construct(vm, t, args, n, kwnames, &init);
    if (is_error(obj) || is_unset(init)) return obj;
    int total = n + (is_unset(kwnames) ? 0 : (int)as_tuple(kwnames)->size);
    Value *slots = roots_reserve(vm, (size_t)total + 1);
    if (!slots) return VALUE_ERROR;
    slots[0] = obj;
    if (total) memcpy(slots + 1, args, (size_t)total * sizeof *args);
    Value v;
    if (is_kind(init, KIND_FUNCTION) && !code_is_heap(((Function *)as_obj(init))->code)) {
        Frame *frame = frame_push(vm, (Function *)as_obj(init), slots, n + 1, kwnames, ret, RET_INIT);
        v = frame ? VALUE_SWITCH : VALUE_ERROR;
        if (frame) {
            *frame_instance(frame) = obj;
            vm->frame = frame;
        }
    } else {
        v = vm_call_kw(vm, init, slots, n + 1, kwnames);
        if (!is_error(v) && !is_none(v)) v = vm_raise(vm, ERR_TYPE, "__init__() should return None, not '%T'", v);
        if (!is_error(v)) v = obj;
    }
    roots_pop(vm, slots);
    return v;
}

/* ---- functions and classes made ---- */

static bool set_rare(VM *vm, Function *f, const char *name, Value v)
{
    if (is_unset(v)) return true;
    if (is_unset(f->rare)) {
        Dict *d = dict_new(vm);
        if (!d) return false;
        f->rare = obj_value(d);
    }
    return dict_set_c(vm, as_dict(f->rare), name, v);
}

Value op_make_function(VM *vm, Frame *frame, Value code_value, const Value *extras)
{
    Code *c = (Code *)as_obj(code_value);
    const CodeCapture *captures = code_at(c->image->image, c->rec->captures);
    Function *f = heap_alloc(vm, KIND_FUNCTION, T_FUNCTION, sizeof *f + c->nfree * sizeof(Cell *));
    if (!f) return VALUE_ERROR;
    f->h.aux = c->nfree;
    f->code = c;
    f->module = c->module;
    f->defaults = f->rare = VALUE_UNSET;
    for (uint16_t i = 0; i < c->nfree; i++)
        f->cells[i] = captures[i].from == CAPTURE_LOCAL ? (Cell *)as_obj(frame->regs[captures[i].index])
                                                        : frame_function(frame)->cells[captures[i].index];
    if (extras) {
        f->defaults = extras[0];
        if (!set_rare(vm, f, "__kwdefaults__", extras[1]) || !set_rare(vm, f, "__annotations__", extras[2]))
            return VALUE_ERROR;
    }
    return obj_value(f);
}

void op_drop(VM *vm, Value v)
{
    bool coroutine = is_exact(v, T_COROUTINE) && gen_state(as_gen(v)) == GEN_CREATED;
    if (coroutine || is_exact(v, T_NATIVE_CORO)) report_never_awaited(vm, v);
}
