/* interp.c - the dispatch loop.
 *
 * One handler per opcode, written once. The loop keeps pc, the registers of the running frame and its constants in
 * locals; SAVE() writes pc and frame back before anything that may look at them (errors, calls, safepoints). A
 * handler holds the common case in a few lines and leaves everything else to a function of ops_*.c, whose answer
 * goes through FINISH: a value, VALUE_ERROR (unwind), or VALUE_SWITCH (a frame was pushed or resumed: reload).
 */
#include "vm/coroutine.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/float.h"
#include "vm/frame.h"
#include "vm/int.h"
#include "vm/iter.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/report.h"
#include "vm/str.h"
#include "vm/type.h"

/* CO_PLAIN builds take the general way everywhere: what the short ways answer is what the whole suite says there. */
#ifdef CO_PLAIN
#define FAST(condition) (0 && (condition))
#else
#define FAST(condition) (condition)
#endif
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
/* The inline cache in extra word x speaks of o's shape. */
#define CACHED(o, x) (FAST(likely(is_ptr(o))) && likely(as_obj(o)->shape == (x)->cache.key))

#define A (pc[-1].a)
#define B (pc[-1].b)
#define C (pc[-1].c)
#define R(i) regs[i]
#define K(i) consts[i]
#define FRAME ((Frame *)((char *)regs - offsetof(Frame, regs)))
#define SAVE() (FRAME->pc = pc, vm->frame = FRAME)
#define NEXT goto *labels[(pc++)->op]
#define CASE(name) L_##name
#define RELOAD() goto reload
#define FINISH(dst, expr)                                                                                              \
    do {                                                                                                               \
        SAVE();                                                                                                        \
        Value v_ = (expr);                                                                                             \
        if (unlikely(v_ == VALUE_ERROR)) goto unwind;                                                                  \
        if (unlikely(v_ == VALUE_SWITCH)) goto reload;                                                                 \
        R(dst) = v_;                                                                                                   \
        NEXT;                                                                                                          \
    } while (0)
/* For what answers a bool of success. */
#define CHECK(expr)                                                                                                    \
    do {                                                                                                               \
        SAVE();                                                                                                        \
        if (unlikely(!(expr))) goto unwind;                                                                            \
        NEXT;                                                                                                          \
    } while (0)
#define ENTER(frame_)                                                                                                  \
    do {                                                                                                               \
        Frame *f_ = (frame_);                                                                                          \
        Code *code_ = frame_code(f_);                                                                                  \
        regs = f_->regs;                                                                                               \
        consts = code_->consts;                                                                                        \
    } while (0)
/* Back to a frame that called: no safepoint. */
#define CONTINUE(frame_)                                                                                               \
    do {                                                                                                               \
        pc = (frame_)->pc;                                                                                             \
        ENTER(frame_);                                                                                                 \
        NEXT;                                                                                                          \
    } while (0)
#define SAFEPOINT()                                                                                                    \
    do {                                                                                                               \
        if (unlikely(--vm->fuel < 0)) {                                                                                \
            SAVE();                                                                                                    \
            if (!vm_safepoint(vm)) goto unwind_here;                                                                   \
        }                                                                                                              \
    } while (0)

/* a `op` b on small ints, tagged words; false on overflow. */
static inline bool small_add(Value a, Value b, Value *r) { return !__builtin_add_overflow((int64_t)a, (int64_t)b, (int64_t *)r); }
static inline bool small_sub(Value a, Value b, Value *r) { return !__builtin_sub_overflow((int64_t)a, (int64_t)b, (int64_t *)r); }
static inline bool small_mul(Value a, Value b, Value *r) { return !__builtin_mul_overflow(as_small(a), (int64_t)b, (int64_t *)r); }
static inline bool small_and(Value a, Value b, Value *r) { *r = a & b; return true; }
static inline bool small_or(Value a, Value b, Value *r) { *r = a | b; return true; }
static inline bool small_xor(Value a, Value b, Value *r) { *r = a ^ b; return true; }
static inline bool is_power_of_two(int64_t x) { return (x & (x - 1)) == 0; }
static inline bool small_floordiv(Value a, Value b, Value *r)
{
    int64_t x = (int64_t)a, y = (int64_t)b; // the tags cancel out
    if (y <= 0) return false;
    if (is_power_of_two(y)) {
        *r = small(x >> __builtin_ctzll((uint64_t)y));
        return true;
    }
    int64_t q = x / y;
    if (x < 0 && q * y != x) q--;
    *r = small(q);
    return true;
}
static inline bool small_mod(Value a, Value b, Value *r)
{
    int64_t x = (int64_t)a, y = (int64_t)b;
    if (y <= 0) return false;
    if (is_power_of_two(y)) {
        *r = (Value)(x & (y - 1));
        return true;
    }
    int64_t m = x % y;
    *r = (Value)(m < 0 ? m + y : m); // still tagged: multiples of eight stay so
    return true;
}
static inline bool small_lshift(Value a, Value b, Value *r)
{
    int64_t n = as_small(b), x = (int64_t)a;
    if (n < 0 || n > 59) return false;
    int64_t s = (int64_t)((uint64_t)x << n);
    if (s >> n != x) return false;
    *r = (Value)s;
    return true;
}
static inline bool small_rshift(Value a, Value b, Value *r)
{
    int64_t n = as_small(b);
    if (n < 0) return false;
    *r = small(as_small(a) >> (n > 63 ? 63 : n));
    return true;
}
static inline bool small_truediv(Value a, Value b, Value *r)
{
    int64_t x = as_small(a), y = as_small(b);
    const int64_t exact = (int64_t)1 << 53;
    if (y == 0 || x > exact || x < -exact || y > exact || y < -exact) return false;
    *r = float_encode((double)x / (double)y);
    return is_float_imm(*r);
}
static inline bool small_none(Value a, Value b, Value *r) { (void)a; (void)b; (void)r; return false; }

static inline bool flt_add(double a, double b, double *r) { *r = a + b; return true; }
static inline bool flt_sub(double a, double b, double *r) { *r = a - b; return true; }
static inline bool flt_mul(double a, double b, double *r) { *r = a * b; return true; }
static inline bool flt_truediv(double a, double b, double *r) { *r = a / b; return b != 0; }
static inline bool flt_none(double a, double b, double *r) { (void)a; (void)b; (void)r; return false; }

/* What becomes of a float d that was computed: it is stored, or passed on to the next instruction. */
#define STORE_FLOAT                                                                                                    \
    Value float_ = float_encode(d);                                                                                    \
    if (likely(is_float_imm(float_))) {                                                                                \
        R(A) = float_;                                                                                                 \
        NEXT;                                                                                                          \
    }
#define PASS_FLOAT                                                                                                     \
    passed = d;                                                                                                        \
    goto take_float;

/* The common cases of a binary operator, in line. */
#define ARITH(OP, inplace, ISMALL, FLOAT, left, right, RESULT)                                                         \
    do {                                                                                                               \
        Value x = (left), y = (right), r;                                                                              \
        double d;                                                                                                      \
        if (FAST(likely(both_small(x, y))) && likely(ISMALL(x, y, &r))) {                                              \
            R(A) = r;                                                                                                  \
            NEXT;                                                                                                      \
        }                                                                                                              \
        if (FAST(both_float_imm(x, y)) && FLOAT(as_float_imm(x), as_float_imm(y), &d)) {                               \
            RESULT                                                                                                     \
        }                                                                                                              \
        FINISH(A, op_binary(vm, BIN_##OP, inplace, x, y, A));                                                          \
    } while (0)
#define BINARY_HANDLERS(OP, ISMALL, FLOAT)                                                                             \
    CASE(OP): ARITH(OP, false, ISMALL, FLOAT, R(B), R(C), STORE_FLOAT);                                                \
    CASE(OP##_RK): ARITH(OP, false, ISMALL, FLOAT, R(B), K(C), STORE_FLOAT);                                           \
    CASE(OP##_KR): ARITH(OP, false, ISMALL, FLOAT, K(B), R(C), STORE_FLOAT);                                           \
    CASE(I##OP): ARITH(OP, true, ISMALL, FLOAT, R(B), R(C), STORE_FLOAT);                                              \
    CASE(I##OP##_RK): ARITH(OP, true, ISMALL, FLOAT, R(B), K(C), STORE_FLOAT)
#define PASSING_HANDLERS(OP, ISMALL, FLOAT)                                                                            \
    CASE(OP##_T): ARITH(OP, false, ISMALL, FLOAT, R(B), R(C), PASS_FLOAT);                                             \
    CASE(OP##_RK_T): ARITH(OP, false, ISMALL, FLOAT, R(B), K(C), PASS_FLOAT);                                          \
    CASE(OP##_KR_T): ARITH(OP, false, ISMALL, FLOAT, K(B), R(C), PASS_FLOAT)

/* The instruction that takes `passed`, which is its operand on the left or (swapped) on the right. */
#define PASSED_IS(operand) ((operand) == pc[-2].a)
#define TAKE(FLOAT, other, swapped, RESULT)                                                                            \
    do {                                                                                                               \
        Value o = (other);                                                                                             \
        double d = as_float_imm(o);                                                                                    \
        if (unlikely(!is_float_imm(o))) goto store_passed;                                                             \
        if (!((swapped) ? FLOAT(d, passed, &d) : FLOAT(passed, d, &d))) goto store_passed;                             \
        RESULT                                                                                                         \
        FINISH(A, float_box(vm, d));                                                                                   \
    } while (0)
#define TAKE_IN_BINARY(OP, FLOAT)                                                                                      \
    case OP_##OP:                                                                                                      \
    case OP_I##OP: TAKE(FLOAT, R(PASSED_IS(C) ? B : C), PASSED_IS(C), STORE_FLOAT);                                    \
    case OP_##OP##_RK:                                                                                                 \
    case OP_I##OP##_RK: TAKE(FLOAT, K(C), false, STORE_FLOAT);                                                         \
    case OP_##OP##_KR: TAKE(FLOAT, K(B), true, STORE_FLOAT);                                                           \
    case OP_##OP##_T: TAKE(FLOAT, R(PASSED_IS(C) ? B : C), PASSED_IS(C), PASS_FLOAT);                                  \
    case OP_##OP##_RK_T: TAKE(FLOAT, K(C), false, PASS_FLOAT);                                                         \
    case OP_##OP##_KR_T: TAKE(FLOAT, K(B), true, PASS_FLOAT)
#define TAKE_AND_JUMP(sign, other, swapped, when)                                                                      \
    do {                                                                                                               \
        Value o = (other);                                                                                             \
        double d = as_float_imm(o);                                                                                    \
        if (unlikely(!is_float_imm(o))) goto store_passed;                                                             \
        if (((swapped) ? d sign passed : passed sign d) == when) pc += (int16_t)C;                                     \
        NEXT;                                                                                                          \
    } while (0)
#define TAKE_IN_COMPARE(OP, sign)                                                                                      \
    case OP_J##OP: TAKE_AND_JUMP(sign, R(PASSED_IS(B) ? A : B), PASSED_IS(B), true);                                   \
    case OP_J##OP##_RK: TAKE_AND_JUMP(sign, K(B), false, true);                                                        \
    case OP_JN##OP: TAKE_AND_JUMP(sign, R(PASSED_IS(B) ? A : B), PASSED_IS(B), false);                                 \
    case OP_JN##OP##_RK: TAKE_AND_JUMP(sign, K(B), false, false)

/* Most texts that are compared are one and the same, or of different sizes, or both interned. */
static inline bool same_text(const Str *a, const Str *b)
{
    if (a == b) return true;
    return a->size == b->size && !(a->h.aux & b->h.aux & STR_INTERNED) && str_eq(a, b);
}

/* Comparison to a value, and fused with a jump. The slow path of a jump may push a frame (RET_JUMP decides then). */
#define COMPARE_VALUE(OP, sign, left, right)                                                                           \
    do {                                                                                                               \
        Value x = (left), y = (right);                                                                                 \
        if (FAST(likely(both_small(x, y)))) {                                                                          \
            R(A) = bool_value((int64_t)x sign (int64_t)y);                                                             \
            NEXT;                                                                                                      \
        }                                                                                                              \
        if (FAST(both_float_imm(x, y))) {                                                                              \
            R(A) = bool_value(as_float_imm(x) sign as_float_imm(y));                                                   \
            NEXT;                                                                                                      \
        }                                                                                                              \
        FINISH(A, op_compare(vm, CMP_##OP, x, y, A, RET_CMP));                                                         \
    } while (0)
#define COMPARE_JUMP(OP, sign, left, right, when)                                                                      \
    do {                                                                                                               \
        Value x = (left), y = (right);                                                                                 \
        if (FAST(likely(both_small(x, y)))) {                                                                          \
            if (((int64_t)x sign (int64_t)y) == when) pc += (int16_t)C;                                                \
            NEXT;                                                                                                      \
        }                                                                                                              \
        if (FAST(both_float_imm(x, y))) {                                                                              \
            if ((as_float_imm(x) sign as_float_imm(y)) == when) pc += (int16_t)C;                                      \
            NEXT;                                                                                                      \
        }                                                                                                              \
        if (FAST(CMP_##OP == CMP_EQ || CMP_##OP == CMP_NE) && is_exact(x, T_STR) && is_exact(y, T_STR)) {              \
            if (same_text(as_str(x), as_str(y)) == ((CMP_##OP == CMP_EQ) == when)) pc += (int16_t)C;                   \
            NEXT;                                                                                                      \
        }                                                                                                              \
        SAVE();                                                                                                        \
        Value v = op_compare(vm, CMP_##OP, x, y, 0, RET_JUMP);                                                         \
        if (v == VALUE_SWITCH) goto reload;                                                                            \
        int truth = v == VALUE_ERROR ? -1 : op_truth(vm, v);                                                           \
        if (truth < 0) goto unwind;                                                                                    \
        if (truth == when) pc += (int16_t)C;                                                                           \
        NEXT;                                                                                                          \
    } while (0)
#define COMPARE_HANDLERS(OP, sign)                                                                                     \
    CASE(OP): COMPARE_VALUE(OP, sign, R(B), R(C));                                                                     \
    CASE(OP##_RK): COMPARE_VALUE(OP, sign, R(B), K(C));                                                                \
    CASE(J##OP): COMPARE_JUMP(OP, sign, R(A), R(B), true);                                                             \
    CASE(J##OP##_RK): COMPARE_JUMP(OP, sign, R(A), K(B), true);                                                        \
    CASE(JN##OP): COMPARE_JUMP(OP, sign, R(A), R(B), false);                                                           \
    CASE(JN##OP##_RK): COMPARE_JUMP(OP, sign, R(A), K(B), false)

#define JUMP_IF_IN(left, right, when)                                                                                  \
    do {                                                                                                               \
        SAVE();                                                                                                        \
        int in = op_contains(vm, (right), (left));                                                                     \
        if (in < 0) goto unwind;                                                                                       \
        if (in == when) pc += (int16_t)C;                                                                              \
        NEXT;                                                                                                          \
    } while (0)

/* Truth in line for the constants, out of line for the rest; falls to `goto unwind` on error. */
#define TRUTH(v, out)                                                                                                  \
    do {                                                                                                               \
        Value t_ = (v);                                                                                                \
        if (t_ == VALUE_TRUE) out = 1;                                                                                 \
        else if (t_ == VALUE_FALSE || t_ == VALUE_NONE || t_ == small(0)) out = 0;                                     \
        else if (is_small(t_)) out = 1;                                                                                \
        else {                                                                                                         \
            SAVE();                                                                                                    \
            out = op_truth(vm, t_);                                                                                    \
            if (unlikely(out < 0)) goto unwind;                                                                        \
        }                                                                                                              \
    } while (0)

/* Calls of script functions with just their positional parameters; everything else goes through op_call. In stack code
 * the callee's frame begins at its callee register, arguments in place; heap code copies them to the top of the stack. */
#define ENTER_FUNCTION(function, frame_, kind, copy_arguments)                                                         \
    do {                                                                                                               \
        Code *code = (function)->code;                                                                                 \
        Frame *callee_frame = (Frame *)(frame_), *caller = FRAME;                                                      \
        uint32_t depth = caller->depth + 1;                                                                            \
        if (unlikely(depth > vm->max_depth || callee_frame->regs + code->nregs > vm->stack_limit)) {                   \
            SAVE();                                                                                                    \
            frame_stack_overflow(vm);                                                                                  \
            goto unwind;                                                                                               \
        }                                                                                                              \
        copy_arguments;                                                                                                \
        caller->pc = pc;                                                                                               \
        callee_frame->caller = caller;                                                                                 \
        callee_frame->ret_kind = kind;                                                                                 \
        callee_frame->ret = C;                                                                                         \
        callee_frame->depth = depth;                                                                                   \
        callee_frame->heap = 0;                                                                                        \
        regs = callee_frame->regs;                                                                                     \
        consts = code->consts;                                                                                         \
        pc = code->insns;                                                                                              \
        SAFEPOINT();                                                                                                   \
        NEXT;                                                                                                          \
    } while (0)
#define CALL_IN_PLACE(base, n)                                                                                         \
    do {                                                                                                               \
        Value callee = (base)[0];                                                                                      \
        if (FAST(likely(is_exact(callee, T_FUNCTION)))) {                                                              \
            Function *function = (Function *)as_obj(callee);                                                           \
            if (likely(function->code->fast_nargs == (n))) ENTER_FUNCTION(function, base, RET_VALUE, (void)0);         \
        }                                                                                                              \
    } while (0)
/* A native with just its positional parameters, unless a collection is due, which op_call may not put off.
 * found: its receiver's own type gave the native. */
#define CALL_NATIVE(callee, args, n, found)                                                                            \
    do {                                                                                                               \
        if (FAST(is_kind(callee, KIND_NATIVE)) && likely(vm->fuel >= 0)) {                                             \
            const Native *native = (const Native *)as_obj(callee);                                                     \
            int takes = native_direct(native);                                                                         \
            if (likely(takes == (n)) && (found || native->h.shape == T_NATIVE))                                        \
                FINISH(C, native->fn(vm, (Args){args, n}));                                                            \
            if (takes == NATIVE_STEPS) {                                                                               \
                stepper = native;                                                                                      \
                given = (Args){args, n};                                                                               \
                goto step_generator;                                                                                   \
            }                                                                                                          \
        }                                                                                                              \
    } while (0)
#define CALL_ON_TOP(callee, args, n)                                                                                   \
    do {                                                                                                               \
        if (FAST(is_exact(callee, T_FUNCTION))) {                                                                      \
            Function *function = (Function *)as_obj(callee);                                                           \
            const Value *from = (args);                                                                                \
            if (likely(function->code->fast_nargs == (n)))                                                             \
                ENTER_FUNCTION(function, vm->sp, RET_VALUE_H, {                                                        \
                    callee_frame->fn = callee;                                                                         \
                    for (int i = 0, count = (n); i < count; i++) callee_frame->regs[i] = from[i];                      \
                });                                                                                                    \
        }                                                                                                              \
    } while (0)

/* Go on in generator g, which is not GEN_BUSY; what it yields goes to register `dst` as `kind` says. No safepoint: the
 * resumer's loop has one. */
#define RESUME(g, sent, dst, kind)                                                                                     \
    do {                                                                                                               \
        Frame *resumer = FRAME, *resumed = &(g)->frame;                                                                \
        uint32_t depth = resumer->depth + 1;                                                                           \
        if (unlikely(depth > vm->max_depth)) {                                                                         \
            SAVE();                                                                                                    \
            frame_stack_overflow(vm);                                                                                  \
            goto unwind;                                                                                               \
        }                                                                                                              \
        resumer->pc = pc;                                                                                              \
        if (!resumer->heap) vm->sp = regs + frame_code(resumer)->nregs;                                                \
        resumed->caller = resumer;                                                                                     \
        resumed->ret = (dst);                                                                                          \
        resumed->ret_kind = (kind);                                                                                    \
        resumed->depth = depth;                                                                                        \
        bool fresh = gen_state(g) == GEN_CREATED;                                                                      \
        (g)->h.aux |= GEN_RUNNING | GEN_BUSY;                                                                          \
        gc_touch_frame(vm, g);                                                                                         \
        pc = resumed->pc;                                                                                              \
        regs = resumed->regs;                                                                                          \
        consts = frame_code(resumed)->consts;                                                                          \
        if (likely(!fresh)) regs[pc[-1].a] = (sent);                                                                   \
        NEXT;                                                                                                          \
    } while (0)

/* R(A) = o[i], where that takes a look only; the str of an ASCII character is there already. */
#define ITEM_IN_PLACE(o, i)                                                                                            \
    do {                                                                                                               \
        if (FAST(is_small(i)) && is_ptr(o)) {                                                                          \
            size_t at = (size_t)as_small(i);                                                                           \
            if (as_obj(o)->shape == T_LIST && at < as_list(o)->size) {                                                 \
                R(A) = as_list(o)->items[at];                                                                          \
                NEXT;                                                                                                  \
            }                                                                                                          \
            if (as_obj(o)->shape == T_TUPLE && at < as_tuple(o)->size) {                                               \
                R(A) = as_tuple(o)->items[at];                                                                         \
                NEXT;                                                                                                  \
            }                                                                                                          \
            if (as_obj(o)->shape == T_STR && at < as_str(o)->length) {                                                 \
                if (unlikely(!str_is_ascii(as_str(o)))) FINISH(A, str_item(vm, as_str(o), at));                        \
                R(A) = obj_value(vm->ascii_str[(unsigned char)as_str(o)->data[at]]);                                   \
                NEXT;                                                                                                  \
            }                                                                                                          \
        }                                                                                                              \
    } while (0)

/* What FOR_NEXT does; pc stands after it. */
#define FOR_STEP(item, pair)                                                                                           \
    do {                                                                                                               \
        Value *iter = &R(pair);                                                                                        \
        Obj *o = as_obj(iter[0]); /* FOR_PREP saw to that */                                                           \
        if (o->kind == KIND_RANGE) { /* has no other way */                                                            \
            const Range *r = (const Range *)o;                                                                         \
            int64_t at = (int64_t)iter[1], step = (int64_t)r->step;                                                    \
            if (step > 0 ? at < (int64_t)r->stop : at > (int64_t)r->stop) {                                            \
                R(item) = (Value)at;                                                                                   \
                iter[1] = (Value)(at + step);                                                                          \
            } else pc += (int16_t)C;                                                                                   \
            NEXT;                                                                                                      \
        }                                                                                                              \
        if (o->kind == KIND_LIST) { /* nor has this */                                                                 \
            const List *l = (const List *)o;                                                                           \
            size_t i = (size_t)as_small(iter[1]);                                                                      \
            if (likely(i < l->size)) {                                                                                 \
                R(item) = l->items[i];                                                                                 \
                iter[1] += small(1);                                                                                   \
            } else pc += (int16_t)C;                                                                                   \
            NEXT;                                                                                                      \
        }                                                                                                              \
        if (FAST(o->kind == KIND_GEN) && likely(!(o->aux & GEN_BUSY))) {                                               \
            Gen *stepped = FRAME->heap ? gen_stepped(frame_gen(FRAME), (Gen *)o) : (Gen *)o;                           \
            RESUME(stepped, VALUE_NONE, item, RET_FOR);                                                                \
        }                                                                                                              \
        goto for_next;                                                                                                 \
    } while (0)

/* A variable that has no value; outer: of the function around an inlined comprehension. */
static void unbound(VM *vm, bool outer, Value name)
{
    if (outer) op_unbound_free(vm, name);
    else op_unbound_local(vm, name);
}

Value interp_run(VM *vm, Frame *frame)
{
    static const void *const labels[] = {
#define OPCODE(name, format, flags, doc) &&L_##name,
#include "vm/opcodes.def"
#undef OPCODE
    };
    const Insn *pc;
    Value *regs;
    Value *consts;
    const Native *stepper;
    Args given;
    double passed;

    vm->frame = frame;
    if (!is_unset(vm->exc)) goto unwind;
reload:
    pc = vm->frame->pc;
    ENTER(vm->frame);
    if (unlikely(!is_unset(vm->exc))) goto unwind;
    SAFEPOINT();
    NEXT;

    /* ---- moves ---- */
    CASE(NOP): NEXT;
    CASE(EXTRA): NEXT;
    CASE(MOVE): R(A) = R(B); NEXT;
    CASE(LOADK): R(A) = K(B); NEXT;
    CASE(LOAD_UNSET): R(A) = VALUE_UNSET; NEXT;
    CASE(CHECK_LOCAL):
        if (likely(R(A) != VALUE_UNSET)) NEXT;
        SAVE();
        unbound(vm, C, K(B));
        goto unwind;

    /* ---- captured variables ---- */
    CASE(NEW_CELL): FINISH(A, op_new_cell(vm, VALUE_UNSET));
    CASE(WRAP_CELL): FINISH(A, op_new_cell(vm, R(A)));
    CASE(LOAD_CELL):
    CASE(LOAD_OUTER_CELL): {
        Value v = ((Cell *)as_obj(R(B)))->value;
        if (likely(v != VALUE_UNSET)) {
            R(A) = v;
            NEXT;
        }
        SAVE();
        unbound(vm, pc[-1].op == OP_LOAD_OUTER_CELL, K(C));
        goto unwind;
    }
    CASE(STORE_CELL): {
        Cell *cell = (Cell *)as_obj(R(A));
        gc_store(vm, cell, &cell->value, R(B));
        NEXT;
    }
    CASE(DEL_CELL): {
        Cell *cell = (Cell *)as_obj(R(A));
        if (is_unset(cell->value)) {
            SAVE();
            op_unbound_local(vm, K(B));
            goto unwind;
        }
        gc_store(vm, cell, &cell->value, VALUE_UNSET);
        NEXT;
    }
    CASE(LOAD_FREE): {
        Value v = frame_function(FRAME)->cells[B]->value;
        if (likely(v != VALUE_UNSET)) {
            R(A) = v;
            NEXT;
        }
        SAVE();
        op_unbound_free(vm, K(C));
        goto unwind;
    }
    CASE(STORE_FREE): {
        Cell *cell = frame_function(FRAME)->cells[A];
        gc_store(vm, cell, &cell->value, R(B));
        NEXT;
    }
    CASE(DEL_FREE): {
        Cell *cell = frame_function(FRAME)->cells[A];
        if (is_unset(cell->value)) {
            SAVE();
            op_unbound_free(vm, K(B));
            goto unwind;
        }
        gc_store(vm, cell, &cell->value, VALUE_UNSET);
        NEXT;
    }

    /* ---- globals, class-body names ---- */
    CASE(LOAD_GLOBAL): {
        Cell *cell = frame_code(FRAME)->globals[B];
        Value v = cell->value;
        if (unlikely(v == VALUE_UNSET)) {
            v = cell->fallback == VALUE_UNSET ? VALUE_UNSET : ((Cell *)as_obj(cell->fallback))->value;
            if (unlikely(v == VALUE_UNSET)) FINISH(A, op_global_missing(vm, frame_code(FRAME), B));
        }
        R(A) = v;
        NEXT;
    }
    CASE(STORE_GLOBAL): {
        Cell *cell = frame_code(FRAME)->globals[B];
        gc_store(vm, cell, &cell->value, R(A));
        NEXT;
    }
    CASE(DEL_GLOBAL): CHECK(op_del_global(vm, frame_code(FRAME), B));
    CASE(LOAD_NAME): FINISH(A, op_load_name(vm, R(0), K(B), frame_code(FRAME), C));
    CASE(LOAD_CLASS_FREE): FINISH(A, op_load_class_free(vm, R(0), K(B), frame_function(FRAME)->cells[C]));
    CASE(STORE_NAME): CHECK(obj_setitem(vm, R(0), K(B), R(A)) != VALUE_ERROR);
    CASE(DEL_NAME): CHECK(op_del_name(vm, R(0), K(B)));

    /* ---- operators ---- */
    BINARY_HANDLERS(ADD, small_add, flt_add);
    BINARY_HANDLERS(SUB, small_sub, flt_sub);
    BINARY_HANDLERS(MUL, small_mul, flt_mul);
    BINARY_HANDLERS(TRUEDIV, small_truediv, flt_truediv);
    BINARY_HANDLERS(FLOORDIV, small_floordiv, flt_none);
    BINARY_HANDLERS(MOD, small_mod, flt_none);
    BINARY_HANDLERS(POW, small_none, flt_none);
    BINARY_HANDLERS(LSHIFT, small_lshift, flt_none);
    BINARY_HANDLERS(RSHIFT, small_rshift, flt_none);
    BINARY_HANDLERS(AND, small_and, flt_none);
    BINARY_HANDLERS(OR, small_or, flt_none);
    BINARY_HANDLERS(XOR, small_xor, flt_none);
    BINARY_HANDLERS(MATMUL, small_none, flt_none);
    PASSING_HANDLERS(ADD, small_add, flt_add);
    PASSING_HANDLERS(SUB, small_sub, flt_sub);
    PASSING_HANDLERS(MUL, small_mul, flt_mul);
    PASSING_HANDLERS(TRUEDIV, small_truediv, flt_truediv);
take_float:
    switch ((pc++)->op) {
        TAKE_IN_BINARY(ADD, flt_add);
        TAKE_IN_BINARY(SUB, flt_sub);
        TAKE_IN_BINARY(MUL, flt_mul);
        TAKE_IN_BINARY(TRUEDIV, flt_truediv);
        TAKE_IN_COMPARE(LT, <);
        TAKE_IN_COMPARE(LE, <=);
        TAKE_IN_COMPARE(EQ, ==);
        TAKE_IN_COMPARE(NE, !=);
        TAKE_IN_COMPARE(GT, >);
        TAKE_IN_COMPARE(GE, >=);
    default: __builtin_unreachable(); // the verifier saw to that
    }
store_passed: // the other operand is no number, or the quotient has no value
    pc--;
    FINISH(A, float_value(vm, passed));
    CASE(NEG): {
        Value v = R(B), r;
        if (likely(is_small(v)) && small_sub(small(0), v, &r)) {
            R(A) = r;
            NEXT;
        }
        if (is_float_imm(v)) {
            R(A) = float_encode(-as_float_imm(v));
            NEXT;
        }
        FINISH(A, op_unary(vm, UN_NEG, v, A));
    }
    CASE(POS): FINISH(A, op_unary(vm, UN_POS, R(B), A));
    CASE(INVERT): FINISH(A, op_unary(vm, UN_INVERT, R(B), A));
    CASE(NOT): {
        int t;
        TRUTH(R(B), t);
        R(A) = bool_value(!t);
        NEXT;
    }

    COMPARE_HANDLERS(LT, <);
    COMPARE_HANDLERS(LE, <=);
    COMPARE_HANDLERS(EQ, ==);
    COMPARE_HANDLERS(NE, !=);
    COMPARE_HANDLERS(GT, >);
    COMPARE_HANDLERS(GE, >=);
    CASE(IS): R(A) = bool_value(op_is(R(B), R(C))); NEXT;
    CASE(IS_RK): R(A) = bool_value(op_is(R(B), K(C))); NEXT;
    CASE(JIS): if (op_is(R(A), R(B))) pc += (int16_t)C; NEXT;
    CASE(JIS_RK): if (op_is(R(A), K(B))) pc += (int16_t)C; NEXT;
    CASE(JNIS): if (!op_is(R(A), R(B))) pc += (int16_t)C; NEXT;
    CASE(JNIS_RK): if (!op_is(R(A), K(B))) pc += (int16_t)C; NEXT;
    CASE(IS_NOT): R(A) = bool_value(!op_is(R(B), R(C))); NEXT;
    CASE(IN): FINISH(A, op_in(vm, R(B), R(C), false));
    CASE(IN_RK): FINISH(A, op_in(vm, R(B), K(C), false));
    CASE(NOT_IN): FINISH(A, op_in(vm, R(B), R(C), true));
    CASE(JIN): JUMP_IF_IN(R(A), R(B), 1);
    CASE(JIN_RK): JUMP_IF_IN(R(A), K(B), 1);
    CASE(JNIN): JUMP_IF_IN(R(A), R(B), 0);
    CASE(JNIN_RK): JUMP_IF_IN(R(A), K(B), 0);

    /* ---- control ---- */
    CASE(JMP): pc += pc[-1].jump; NEXT;
    CASE(LOOP): {
        // Registers live at the loop's head; an interrupt, though, is raised at its end.
        const Insn *here = pc;
        pc += pc[-1].jump;
        if (unlikely(--vm->fuel < 0)) {
            SAVE();
            if (!vm_safepoint(vm)) {
                pc = here;
                goto unwind_here;
            }
        }
        NEXT;
    }
    CASE(JTRUE): {
        int t;
        TRUTH(R(A), t);
        if (t) pc += pc[-1].jump;
        NEXT;
    }
    CASE(JFALSE): {
        int t;
        TRUTH(R(A), t);
        if (!t) pc += pc[-1].jump;
        NEXT;
    }
    CASE(FOR_PREP): {
        SAVE();
        Value v = op_for_prep(vm, R(B), &R(A));
        if (v == VALUE_ERROR) goto unwind;
        if (v == VALUE_SWITCH) goto reload;
        NEXT;
    }
    CASE(LOOP_FOR): {
        uint16_t item = A, pair = B;
        pc += (int16_t)C;
        if (unlikely(--vm->fuel < 0)) {
            SAVE();
            if (!vm_safepoint(vm)) goto unwind_here;
        }
        ++pc;
        FOR_STEP(item, pair);
    }
    CASE(FOR_NEXT): FOR_STEP(A, B);
for_next: {
        SAVE();
        if (FAST(pc->op == OP_UNPACK_ITEM)) {
            Value v = iter_unpack(vm, R(B), &R(pc->a), pc->c);
            if (v == VALUE_ERROR) goto unwind;
            if (v == VALUE_STOP) pc += (int16_t)C;
            if (v == VALUE_NONE) ++pc;
            if (v != VALUE_UNSET) NEXT;
        }
        const Obj *o = as_obj(R(B));
        bool native = FAST(o->kind == KIND_ITER) && likely(o->shape < T_BUILTIN_COUNT);
        Value v = native ? vm->types[o->shape]->def->slots.next(vm, R(B)) : op_for_next(vm, R(B), &R(B), A);
        if (v == VALUE_ERROR) goto unwind;
        if (v == VALUE_SWITCH) goto reload;
        if (v == VALUE_STOP) pc += (int16_t)C;
        else R(A) = v;
        NEXT;
    }
    CASE(FOR_CLOSE): {
        SAVE();
        Value v = op_for_close(vm, &R(A));
        if (v == VALUE_ERROR) goto unwind;
        if (v == VALUE_SWITCH) goto reload;
        NEXT;
    }
    CASE(GET_ITER): FINISH(A, op_get_iter(vm, R(B), A));

    /* ---- calls ---- */
    CASE(CALL):
    CASE(CALL_STMT): {
        Value *base = regs + A;
        CALL_IN_PLACE(base, B);
        CALL_NATIVE(base[0], base + CALL_GAP, B, false);
        FINISH(C, op_call(vm, base[0], base + CALL_GAP, B, VALUE_UNSET, C));
    }
    CASE(CALL_METHOD):
    CASE(CALL_METHOD_STMT): {
        Value *base = regs + A;
        if (likely(base[CALL_GAP] != VALUE_UNSET)) {
            CALL_IN_PLACE(base, B + 1);
            CALL_NATIVE(base[0], base + CALL_GAP, B + 1, true);
            FINISH(C, op_call_method(vm, base[0], base + CALL_GAP, B + 1, C));
        }
        FINISH(C, op_call(vm, base[0], base + CALL_GAP + 1, B, VALUE_UNSET, C));
    }
    CASE(CALL_H):
    CASE(CALL_STMT_H): {
        Value *base = regs + A;
        CALL_ON_TOP(base[0], base + 1, B);
        CALL_NATIVE(base[0], base + 1, B, false);
        FINISH(C, op_call(vm, base[0], base + 1, B, VALUE_UNSET, C));
    }
    CASE(CALL_METHOD_H):
    CASE(CALL_METHOD_STMT_H): {
        Value *base = regs + A;
        if (base[1] != VALUE_UNSET) {
            CALL_ON_TOP(base[0], base + 1, B + 1);
            CALL_NATIVE(base[0], base + 1, B + 1, true);
            FINISH(C, op_call_method(vm, base[0], base + 1, B + 1, C));
        }
        FINISH(C, op_call(vm, base[0], base + 2, B, VALUE_UNSET, C));
    }
step_generator: { // next(g), g.send(v)
        bool bound = !is_unset(stepper->self), sends = stepper->fn == nat_gen_send;
        if (likely(given.n + bound == 1 + sends)) {
            Value v = bound ? stepper->self : given.v[0], sent = sends ? given.v[given.n - 1] : VALUE_NONE;
            bool ready = is_exact(v, T_GENERATOR) && !(as_obj(v)->aux & GEN_BUSY);
            if (ready && (gen_state(as_gen(v)) != GEN_CREATED || is_none(sent))) RESUME(as_gen(v), sent, C, RET_NEXT);
        }
        FINISH(C, op_call(vm, obj_value(stepper), given.v, given.n, VALUE_UNSET, C));
    }
    CASE(CALL_KW): {
        uint16_t dst = C;
        SAVE();
        FRAME->pc = ++pc;
        Value v = op_call_kw(vm, R(pc[-2].a), &R(pc[-2].a + CALL_GAP), pc[-2].b, consts, pc[-1], dst);
        if (v == VALUE_ERROR) goto unwind;
        if (v == VALUE_SWITCH) goto reload;
        R(dst) = v;
        NEXT;
    }
    CASE(CALL_KW_H): {
        uint16_t dst = C;
        SAVE();
        FRAME->pc = ++pc;
        Value v = op_call_kw(vm, R(pc[-2].a), &R(pc[-2].a + 1), pc[-2].b, consts, pc[-1], dst);
        if (v == VALUE_ERROR) goto unwind;
        if (v == VALUE_SWITCH) goto reload;
        R(dst) = v;
        NEXT;
    }
    CASE(CALL_EX): FINISH(C, op_call_ex(vm, R(A), R(A + CALL_GAP), R(A + CALL_GAP + 1), C));
    CASE(CALL_EX_H): FINISH(C, op_call_ex(vm, R(A), R(A + 1), R(A + 2), C));
    CASE(LOAD_METHOD): {
        Value o = R(B);
        InsnExtra *x = (InsnExtra *)pc++;
        Value *base = &R(pc[-2].a);
        if (CACHED(o, x)) {
            base[0] = frame_code(FRAME)->methods[x->cache.slot];
            base[CALL_GAP] = o;
            NEXT;
        }
        SAVE();
        Value self, v = op_load_method(vm, o, consts[pc[-2].c], x, &self);
        if (v == VALUE_ERROR) goto unwind;
        base[0] = v;
        base[CALL_GAP] = self;
        NEXT;
    }
    CASE(LOAD_METHOD_H): {
        Value o = R(B);
        InsnExtra *x = (InsnExtra *)pc++;
        Value *base = &R(pc[-2].a);
        if (CACHED(o, x)) {
            base[0] = frame_code(FRAME)->methods[x->cache.slot];
            base[1] = o;
            NEXT;
        }
        SAVE();
        Value self, v = op_load_method(vm, o, consts[pc[-2].c], x, &self);
        if (v == VALUE_ERROR) goto unwind;
        base[0] = v;
        base[1] = self;
        NEXT;
    }
    CASE(RETURN): {
        Value v = R(A);
        Frame *f = FRAME;
        if (FAST(likely(f->ret_kind <= RET_VALUE_H))) {
            Frame *caller = f->caller;
            if (f->ret_kind == RET_VALUE_H) vm->sp = (Value *)f;
            caller->regs[f->ret] = v;
            CONTINUE(caller);
        }
        SAVE();
        v = frame_return(vm, f, v);
        if (v == VALUE_SWITCH) goto reload;
        if (v == VALUE_ERROR) goto unwind;
        return vm->result;
    }
    CASE(RETURN_GEN): { // the interpreter's own for FOR_NEXT and await
        Value v = R(A);
        Frame *f = FRAME, *caller = f->caller;
        uint16_t ret = f->ret;
        if (FAST(f->ret_kind == RET_DELEGATE)) {
            gen_leave_delegator(vm, frame_gen(f));
            caller->regs[ret] = v;
            CONTINUE(caller);
        }
        if (f->ret_kind == RET_FOR) {
            gen_leave_loop(vm, frame_gen(f));
            caller->pc += (int16_t)caller->pc[-1].c;
            CONTINUE(caller);
        }
        SAVE();
        v = gen_return(vm, frame_gen(f), v);
        if (v == VALUE_SWITCH) goto reload;
        if (v == VALUE_ERROR) goto unwind;
        return vm->result;
    }
    CASE(MAKE_FUNCTION): FINISH(A, op_make_function(vm, FRAME, K(B), &R(C)));
    CASE(MAKE_CLOSURE): FINISH(A, op_make_function(vm, FRAME, K(B), NULL));
    CASE(BUILD_CLASS): FINISH(B, op_build_class(vm, &R(A), B));

    /* ---- coroutines ---- */
    CASE(YIELD): {
        Value v = R(B);
        Frame *f = FRAME;
        Gen *g = frame_gen(f);
        if (FAST(likely(f->ret_kind <= RET_NEXT))) { // so it is its own root
            Frame *caller = f->caller;
            f->pc = pc;
            f->caller = NULL;
            g->h.aux -= GEN_RUNNING + GEN_BUSY - GEN_SUSPENDED;
            caller->regs[f->ret] = v;
            CONTINUE(caller);
        }
        SAVE();
        if (FAST(f->ret_kind == RET_ENTRY)) { // next() from C
            const Taker *t = vm->taker;
            if (t && t->from == g && t->take(vm, v, t->state)) {
                R(A) = VALUE_NONE;
                NEXT;
            }
            vm->yielded = true;
            vm->frame = f->caller;
            g->h.aux -= GEN_RUNNING - GEN_SUSPENDED;
            gen_rest(g);
            return v;
        }
        v = gen_yield(vm, g, v);
        if (v == VALUE_SWITCH) goto reload;
        if (v == VALUE_ERROR) goto unwind;
        return vm->result;
    }
    CASE(YIELD_ASYNC): {
        SAVE();
        Value v = gen_yield_async(vm, frame_gen(FRAME), R(B));
        if (v == VALUE_SWITCH) goto reload;
        if (v == VALUE_ERROR) goto unwind;
        return vm->result;
    }
    CASE(GET_YIELD_ITER): FINISH(A, op_get_yield_iter(vm, R(B), frame_code(FRAME)));
    CASE(GET_AWAITABLE): FINISH(A, C ? op_get_with_awaitable(vm, R(B), C) : op_get_awaitable(vm, R(B)));
    CASE(DELEGATE): {
        SAVE();
        Value v = gen_delegate(vm, frame_gen(FRAME), R(B), R(A), A);
        if (v == VALUE_SWITCH) goto reload;
        if (v == VALUE_ERROR) goto unwind;
        if (v == VALUE_PARK) return vm->result;
        R(A) = v;
        NEXT;
    }
    CASE(AWAIT_CALL_H):
    CASE(AWAIT_METHOD_H): {
        // The extra word's register keeps what is awaited: DELEGATE would keep it in its operand.
        bool receiver = pc[-1].op == OP_AWAIT_METHOD_H && !is_unset(R(A + 1));
        Value callee = R(A), *args = &R(A + 1 + (pc[-1].op == OP_AWAIT_METHOD_H && !receiver));
        int n = B + receiver;
        uint16_t dst = C;
        ++pc;
        SAVE();
        Gen *g = frame_gen(FRAME), *fresh;
        if (FAST(is_exact(callee, T_FUNCTION)) && likely(g->frame.depth < vm->max_depth)) {
            Function *function = (Function *)as_obj(callee);
            Code *code = function->code;
            bool plain = code->gen_nargs == n && (code->flags & CODE_ASYNC_GEN) == CODE_COROUTINE;
            if (plain && likely((fresh = gen_make(vm, function, args, (uint32_t)n)) != NULL)) {
                R(A) = obj_value(fresh);
                gen_await_fresh(vm, g, fresh, dst);
                pc = code->insns;
                ENTER(&fresh->frame);
                SAFEPOINT();
                NEXT;
            }
        }
        Value v = gen_await_call(vm, g, callee, args, n, dst, &R(A));
        if (v == VALUE_SWITCH) goto reload;
        if (v == VALUE_ERROR) goto unwind;
        if (v == VALUE_PARK) return vm->result;
        R(dst) = v;
        NEXT;
    }
    CASE(FOR_AITER): FINISH(A, op_for_aiter(vm, R(B), &R(A)));
    CASE(GET_AITER): FINISH(A, op_get_aiter(vm, R(B)));
    CASE(FOR_ANEXT): {
        SAVE();
        Value v = gen_for_anext(vm, frame_gen(FRAME), R(B), A);
        if (v == VALUE_SWITCH) goto reload;
        if (v == VALUE_ERROR) goto unwind;
        NEXT; // not an async generator: ANEXT and DELEGATE follow
    }
    CASE(ANEXT): FINISH(A, op_anext(vm, R(B)));
    CASE(EXC_SUSPEND):
        R(A) = vm->handled == R(B) && !C ? VALUE_STOP : vm->handled;
        vm->handled = R(B);
        vm->awaited_handling = true;
        NEXT;
    CASE(EXC_RESUME):
        R(B) = vm->handled;
        if (R(A) != VALUE_STOP) vm->handled = R(A);
        NEXT;
    CASE(EXC_UNBASE):
        if (R(A) == R(B)) R(A) = VALUE_STOP;
        NEXT;
    CASE(EXC_REBASE):
        if (R(A) == VALUE_STOP) R(A) = R(B);
        NEXT;

    /* ---- exceptions ---- */
    CASE(PUSH_EXC): R(A) = vm->handled; vm->handled = R(B); NEXT;
    CASE(CATCH_ALL_END): SAVE(); report_swallowed_cancel(vm); NEXT;
    CASE(POP_EXC): vm->handled = R(A); NEXT;
    CASE(EXC_MATCH): {
        SAVE();
        int m = exception_matches(vm, R(B), R(C));
        if (m < 0) goto unwind;
        R(A) = bool_value(m);
        NEXT;
    }
    CASE(EXC_SPLIT): CHECK(op_exc_split(vm, R(B), R(C), &R(A)));
    CASE(EXC_COMBINE): FINISH(A, op_exc_combine(vm, R(B), R(C)));
    CASE(EXC_ARGS): op_exc_args(vm, R(A), &R(B)); NEXT;
    CASE(RAISE): SAVE(); op_raise(vm, R(A), VALUE_UNSET); goto unwind;
    CASE(RAISE_FROM): SAVE(); op_raise(vm, R(A), R(B)); goto unwind;
    CASE(RAISE_CURRENT): SAVE(); op_reraise_current(vm); goto unwind;
    CASE(RERAISE): SAVE(); vm->exc = R(A); goto unwind;
    CASE(RAISE_ASSERT): SAVE(); op_raise_assert(vm, R(A)); goto unwind;
    CASE(WITH_ENTER): FINISH(B, op_with_enter(vm, &R(A), B));
    CASE(AWITH_ENTER): FINISH(B, op_awith_enter(vm, &R(A), B));

    /* ---- containers ---- */
    CASE(BUILD_TUPLE): FINISH(A, C ? tuple_new(vm, &R(B), C) : obj_value(vm->empty_tuple));
    CASE(BUILD_LIST): FINISH(A, list_new(vm, &R(B), C));
    CASE(BUILD_SET): FINISH(A, op_build_set(vm, &R(B), C));
    CASE(BUILD_DICT): FINISH(A, op_build_dict(vm, &R(B), C));
    CASE(BUILD_STRING): FINISH(A, str_concat_many(vm, &R(B), C));
    CASE(BUILD_SLICE): {
        if (pc->op == OP_GETITEM && pc->c == A) { // a[i:j]: nobody else sees the slice
            Value v = op_get_slice(vm, R(pc->b), &R(B));
            if (likely(v != VALUE_UNSET)) {
                ++pc;
                FINISH(A, v);
            }
        }
        FINISH(A, slice_new(vm, R(B), R(B + 1), R(B + 2)));
    }
    CASE(LIST_APPEND): CHECK(list_append(vm, as_list(R(A)), R(B)));
    CASE(LIST_EXTEND): CHECK(op_list_extend(vm, R(A), R(B)));
    CASE(LIST_TO_TUPLE): FINISH(A, tuple_new(vm, as_list(R(B))->items, as_list(R(B))->size));
    CASE(SET_ADD): CHECK(set_add(vm, as_set(R(A)), R(B)) >= 0);
    CASE(SET_UPDATE): CHECK(set_update(vm, as_set(R(A)), R(B)));
    CASE(DICT_SET): CHECK(dict_set(vm, as_dict(R(A)), R(B), R(C)));
    CASE(DICT_UPDATE): CHECK(op_dict_update(vm, R(A), R(B)));
    CASE(DICT_MERGE): CHECK(op_dict_merge(vm, R(A), R(B), R(C)));
    CASE(UNPACK_ITEM):
    CASE(UNPACK): {
        Value v = R(B);
        uint16_t n = C;
        if (is_exact(v, T_TUPLE) && as_tuple(v)->size == n) {
            Value *out = &R(A);
            for (uint16_t i = 0; i < n; i++) out[i] = as_tuple(v)->items[i];
            NEXT;
        }
        CHECK(op_unpack(vm, v, &R(A), n));
    }
    CASE(UNPACK_EX): {
        ++pc;
        CHECK(op_unpack_ex(vm, R(pc[-2].b), &R(pc[-2].a), pc[-2].c, A));
    }
    CASE(FORMAT): FINISH(A, op_format(vm, R(B), C & 4 ? R(B + 1) : VALUE_UNSET, C & 3));

    /* ---- attributes and items ---- */
    CASE(GETATTR): {
        Value o = R(B);
        const InsnExtra *x = (const InsnExtra *)pc++;
        if (CACHED(o, x) && likely(x->cache.slot < as_obj(o)->aux)) {
            Value v = ((const Instance *)as_obj(o))->slots[x->cache.slot];
            if (likely(v != VALUE_UNSET)) { // a member of __slots__ may be
                R(pc[-2].a) = v;
                NEXT;
            }
        }
        uint16_t dst = pc[-2].a;
        FINISH(dst, op_getattr(vm, o, consts[pc[-2].c], (InsnExtra *)(pc - 1), dst));
    }
    CASE(SETATTR): {
        Value o = R(A);
        const InsnExtra *x = (const InsnExtra *)pc++;
        if (CACHED(o, x) && likely(x->cache.slot < as_obj(o)->aux)) {
            Instance *self = (Instance *)as_obj(o);
            self->h.shape += x->cache.op; // 0, or the step to the shape with this name added
            gc_store(vm, self, &self->slots[x->cache.slot], R(pc[-2].c));
            NEXT;
        }
        SAVE();
        Value v = op_setattr(vm, o, consts[pc[-2].b], R(pc[-2].c), (InsnExtra *)(pc - 1));
        if (v == VALUE_ERROR) goto unwind;
        if (v == VALUE_SWITCH) goto reload;
        NEXT;
    }
    CASE(DELATTR): CHECK(attr_set(vm, R(A), (Str *)as_obj(K(B)), VALUE_UNSET) != VALUE_ERROR);
    CASE(GETITEM): {
        Value o = R(B), i = R(C);
        ITEM_IN_PLACE(o, i);
        FINISH(A, op_getitem(vm, o, i, A));
    }
    CASE(GETITEM_RK): {
        Value o = R(B), i = K(C);
        ITEM_IN_PLACE(o, i);
        FINISH(A, op_getitem(vm, o, i, A));
    }
    CASE(SETITEM): {
        Value o = R(A), i = R(B);
        if (FAST(is_exact(o, T_LIST)) && is_small(i)) {
            List *l = as_list(o);
            size_t at = (size_t)as_small(i);
            if (likely(at < l->size)) {
                gc_store(vm, l, &l->items[at], R(C));
                NEXT;
            }
        }
        SAVE();
        Value v = op_setitem(vm, o, i, R(C));
        if (v == VALUE_ERROR) goto unwind;
        if (v == VALUE_SWITCH) goto reload;
        NEXT;
    }
    CASE(DELITEM): {
        SAVE();
        Value v = op_setitem(vm, R(A), R(B), VALUE_UNSET);
        if (v == VALUE_ERROR) goto unwind;
        if (v == VALUE_SWITCH) goto reload;
        NEXT;
    }

    /* ---- imports ---- */
    CASE(IMPORT_NAME): {
        uint16_t dst = A;
        ++pc;
        FINISH(dst, op_import(vm, frame_code(FRAME), consts[pc[-2].b], consts[pc[-2].c], pc[-1].a));
    }
    CASE(IMPORT_FROM): FINISH(A, op_import_from(vm, R(B), K(C)));
    CASE(IMPORT_STAR): CHECK(op_import_star(vm, frame_code(FRAME), R(0), R(A)));

    /* ---- patterns ---- */
    CASE(IS_SEQUENCE): R(A) = bool_value(type_of(vm, R(B))->flags & TYPE_SEQUENCE); NEXT;
    CASE(IS_MAPPING): R(A) = bool_value(type_of(vm, R(B))->flags & TYPE_MAPPING); NEXT;
    CASE(GET_LEN): {
        SAVE();
        int64_t n = obj_len(vm, R(B));
        if (n < 0) goto unwind;
        R(A) = small(n);
        NEXT;
    }
    CASE(MATCH_KEYS): FINISH(A, op_match_keys(vm, R(B), R(C)));
    CASE(MATCH_CLASS): {
        uint16_t dst = A;
        ++pc;
        FINISH(dst, op_match_class(vm, R(pc[-2].b), R(pc[-2].c), pc[-1].a, consts[pc[-1].b]));
    }
    CASE(MAPPING_REST): FINISH(A, op_mapping_rest(vm, R(B), R(C)));
    CASE(DISPLAY): CHECK(op_display(vm, R(A)));

    /* An exception is pending in vm->exc and vm->frame says where. */
unwind_here:
    SAVE();
unwind:
    switch (frame_unwind(vm)) {
    case VALUE_SWITCH: goto reload;
    default: return vm->result;
    }
}
