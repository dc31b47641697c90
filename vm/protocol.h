/* protocol.h - what any value can be asked, from C. Every function here may call script code (and so collect),
 * unless the operands are exact built-ins holding only such: keep Values in roots across them (heap.h).
 * Answers VALUE_ERROR (or -1) with an exception pending.
 */
#pragma once
#include "vm/type.h"

Value obj_repr(VM *vm, Value v); // a str
Value obj_str(VM *vm, Value v);
Value obj_ascii(VM *vm, Value v);
Value obj_format(VM *vm, Value v, Value spec); // spec: a str
Value obj_hash(VM *vm, Value v);               // an int Value as scripts see it
bool obj_hash_raw(VM *vm, Value v, int64_t *out);
int obj_eq(VM *vm, Value a, Value b);          // identity first, as containers do; 1, 0, -1
Value obj_compare(VM *vm, Value a, Value b, CompareOp op); // any value (the full protocol, with reflection)
int obj_less(VM *vm, Value a, Value b);        // truth of a < b
int obj_truth(VM *vm, Value v);
int64_t obj_len(VM *vm, Value v);              // -1 on error
int64_t obj_length_hint(VM *vm, Value v, int64_t fallback);
Value obj_getitem(VM *vm, Value v, Value key);
Value obj_setitem(VM *vm, Value v, Value key, Value value); // UNSET deletes
int obj_contains(VM *vm, Value v, Value item);
Value obj_iter(VM *vm, Value v);
/* What a pending TypeError of obj_iter becomes: TypeError(text), whose %T is v. Other errors stay. VALUE_ERROR. */
Value obj_not_iterable(VM *vm, const char *text, Value v);
bool obj_is_iterable(VM *vm, Value v);         // has __iter__ or __getitem__; calls nothing
Value obj_next(VM *vm, Value it);              // VALUE_STOP at the end (StopIteration is swallowed)
/* The next item that `take` does not take. It is asked about a generator's only, which need not be left
 * for what it takes. */
Value gen_next_untaken(VM *vm, Gen *g, ItemTaker *take, void *state); // coroutine.c
static inline Value obj_next_untaken(VM *vm, Value it, ItemTaker *take, void *state)
{
    return is_exact(it, T_GENERATOR) ? gen_next_untaken(vm, (Gen *)as_obj(it), take, state) : obj_next(vm, it);
}
Value obj_getattr(VM *vm, Value v, Str *name);
/* UNSET instead of AttributeError. */
Value obj_getattr_opt(VM *vm, Value v, Str *name);
Value obj_setattr(VM *vm, Value v, Str *name, Value value); // UNSET deletes
Value obj_binary(VM *vm, BinaryOp op, Value a, Value b);
Value obj_inplace(VM *vm, BinaryOp op, Value a, Value b);
/* Does `a op= b` of a t come before a script's __add__, __or__, ...? As in CPython, only *= comes after __mul__. */
bool type_has_inplace(const Type *t, BinaryOp op);
/* Does CPython find slots of a sequence in v's type? In every script's class, and in all built-in containers. */
bool obj_has_sequence_slots(VM *vm, Value v);
Value obj_unary(VM *vm, UnaryOp op, Value a);
Value obj_pow(VM *vm, Value a, Value b, Value modulus); // modulus None: two arguments
Value obj_index(VM *vm, Value v);              // an int, by __index__; TypeError "'x' object cannot be interpreted as an integer"
bool obj_index_i64(VM *vm, Value v, int64_t *out); // clamps huge ints to the int64 range
bool obj_is_callable(VM *vm, Value v);
int obj_isinstance(VM *vm, Value v, Value cls); // classes, tuples, unions
int obj_issubclass(VM *vm, Value sub, Value cls);
/* The attribute of v's *type* bound to v (a special method), or UNSET. */
Value obj_special(VM *vm, Value v, Dunder d);
/* Calls special method d of v; VALUE_UNSET when its type has none. */
Value obj_call_special(VM *vm, Value v, Dunder d, const Value *args, int n);
/* Calls f(item) for every item of an iterable; stops with an error when f answers false. */
bool obj_iterate(VM *vm, Value iterable, bool (*f)(VM *vm, Value item, void *state), void *state);
/* New exact list / tuple of an iterable's items. */
Value obj_to_list(VM *vm, Value iterable);
Value obj_to_tuple(VM *vm, Value iterable);
/* The rest of a operator's protocol after the left operand's own method answered NotImplemented. */
Value obj_binary_reflected(VM *vm, BinaryOp op, bool inplace, Value a, Value b);
/* a op= b after a's in-place method has answered NotImplemented. */
Value obj_after_inplace(VM *vm, BinaryOp op, Value a, Value b);
Value obj_compare_reflected(VM *vm, Value a, Value b, CompareOp op);
