/* ops.h - the slow paths of the dispatch loop: one function per instruction that has one.
 *
 * vm->frame and its pc are saved. Unless said otherwise the answer is the instruction's result, VALUE_ERROR, or
 * VALUE_SWITCH when a script function's frame was pushed, whose result then goes to register `dst`.
 */
#pragma once
#include "vm/frame.h"

Value op_unbound_local(VM *vm, Value name);
Value op_unbound_free(VM *vm, Value name);
Value op_new_cell(VM *vm, Value v);
Value op_global_missing(VM *vm, Code *c, uint32_t index);
bool op_del_global(VM *vm, Code *c, uint32_t index);
Value op_load_name(VM *vm, Value ns, Value name, Code *c, uint32_t global);
Value op_load_class_free(VM *vm, Value ns, Value name, Cell *cell);
bool op_del_name(VM *vm, Value ns, Value name);

Value op_binary(VM *vm, BinaryOp op, bool inplace, Value a, Value b, uint16_t dst);
Value op_unary(VM *vm, UnaryOp op, Value a, uint16_t dst);
Value op_compare(VM *vm, CompareOp op, Value a, Value b, uint16_t dst, RetKind kind);
int op_truth(VM *vm, Value v); // 0, 1, -1
int op_contains(VM *vm, Value container, Value item);
Value op_in(VM *vm, Value item, Value container, bool negate);
/* Identity; equal numbers and boxed floats of the same bits are one object as far as scripts can tell. */
static inline bool op_is(Value a, Value b) { return a == b; }
/* The other operand's turn after NotImplemented came back from a pushed operator method. */
Value op_binary_resume(VM *vm, Frame *f, RetKind stage);
Value op_compare_resume(VM *vm, Frame *f, RetKind stage);

/* Polarity of a fused comparison: J.. (true) or JN.. (false). */
bool op_jumps_when_true(Opcode op);

Value op_for_prep(VM *vm, Value iterable, Value *pair);
Value op_for_next(VM *vm, Value it, Value *pair, uint16_t dst); // VALUE_STOP when exhausted
Value op_for_close(VM *vm, Value *pair);
Value op_get_iter(VM *vm, Value v, uint16_t dst);

Value op_call(VM *vm, Value callee, Value *args, int n, Value kwnames, uint16_t dst);
Value op_call_method(VM *vm, Value callee, Value *args, int n, uint16_t dst);
Value op_call_kw(VM *vm, Value callee, Value *args, int n, const Value *consts, Insn extra, uint16_t dst);
Value op_call_ex(VM *vm, Value callee, Value given, Value dict, uint16_t dst);
Value op_load_method(VM *vm, Value o, Value name, InsnExtra *cache, Value *self);
Value op_make_function(VM *vm, Frame *f, Value code, const Value *extras); // extras: defaults, kwdefaults, annotations or NULL
Value op_build_class(VM *vm, Value *base, uint16_t dst);
Value nat_build_class(VM *vm, Args args); // __build_class__, as the builtins have it
Value op_class_done(VM *vm, const Value *base, Value ns_or_none, Frame *body);

Value op_get_yield_iter(VM *vm, Value v, Code *c);
Value op_get_awaitable(VM *vm, Value v);
Value op_get_with_awaitable(VM *vm, Value v, int from); // from: AWAITED_AENTER or AWAITED_AEXIT
Value op_get_aiter(VM *vm, Value v);
Value op_for_aiter(VM *vm, Value v, Value *pair); // pair[1]: whether it is the loop's own
Value op_anext(VM *vm, Value v);

bool op_exc_split(VM *vm, Value exc, Value type, Value *out);
Value op_exc_combine(VM *vm, Value parts, Value original);
void op_exc_args(VM *vm, Value exc, Value *out);
void op_raise(VM *vm, Value what, Value cause);
void op_reraise_current(VM *vm);
void op_raise_assert(VM *vm, Value message);
Value op_with_enter(VM *vm, Value *manager, uint16_t dst);
Value op_awith_enter(VM *vm, Value *manager, uint16_t dst);

Value op_build_set(VM *vm, const Value *items, int n);
Value op_build_dict(VM *vm, const Value *items, int n);
bool op_list_extend(VM *vm, Value list, Value iterable);
Value op_star_arguments(VM *vm, Value callee, Value given); // of f(*given): a tuple or list as it is, else as a list
bool op_dict_update(VM *vm, Value dict, Value mapping);
bool op_dict_merge(VM *vm, Value dict, Value mapping, Value callee);
bool op_unpack(VM *vm, Value v, Value *out, int n);
bool op_unpack_ex(VM *vm, Value v, Value *out, int before, int after);
Value op_format(VM *vm, Value v, Value spec, int conversion);

Value op_getattr(VM *vm, Value o, Value name, InsnExtra *cache, uint16_t dst);
Value op_setattr(VM *vm, Value o, Value name, Value v, InsnExtra *cache);
Value op_getitem(VM *vm, Value o, Value key, uint16_t dst);
Value op_get_slice(VM *vm, Value o, const Value parts[3]); // UNSET: make a slice object
Value op_setitem(VM *vm, Value o, Value key, Value v); // v UNSET: delete

Value op_import(VM *vm, Code *c, Value name, Value fromlist, int level);
Value op_import_from(VM *vm, Value module, Value name);
bool op_import_star(VM *vm, const Code *c, Value namespace, Value module);

Value op_match_keys(VM *vm, Value mapping, Value keys);
Value op_match_class(VM *vm, Value v, Value cls, int npos, Value kwnames);
Value op_mapping_rest(VM *vm, Value mapping, Value keys);
bool op_display(VM *vm, Value v);
void op_drop(VM *vm, Value v);

/* Fuel has run out: collect, look at limits and interrupts. False: an exception is pending. */
bool vm_safepoint(VM *vm);
