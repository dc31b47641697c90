/* container.h - what lists, tuples, dicts, sets and iterators share: making instances of subclasses, equality and
 * hashes of common values without a call, rooting, recursive reprs, indexes.
 */
#pragma once
#include "vm/float.h"
#include "vm/int.h"
#include "vm/protocol.h"
#include "vm/str.h"

/* --- instances ---------------------------------------------------------------------------------- */

/* A zeroed instance of `type`, which is built in or derived from a built-in (type.h says where its attributes lie).
 * size: of an exact instance, a multiple of 8. NULL: out of memory. */
void *container_alloc(VM *vm, Type *type, Kind kind, size_t size);

/* A slot of a fresh object, or one beyond what the collector has seen: nothing is overwritten. */
static inline void gc_init(VM *vm, void *owner, Value *slot, Value v)
{
    *slot = VALUE_UNSET;
    gc_store(vm, owner, slot, v);
}

/* After Values were put into many slots of `owner` that held none. */
static inline void gc_filled(VM *vm, void *owner)
{
    gc_store_many(vm, owner, NULL, 0);
}

/* --- equality and hashes ------------------------------------------------------------------------ */

enum { EQUAL_NO = 0, EQUAL_YES = 1, EQUAL_ASK = 2 };

/* Are two values equal? EQUAL_ASK when only obj_eq can tell. Calls nothing. */
int equal_builtin(Value a, Value b, int depth);
static inline int equal_quick(Value a, Value b)
{
    if (a == b) return EQUAL_YES;
    if (both_small(a, b)) return EQUAL_NO;
    if (is_exact(a, T_STR) && is_exact(b, T_STR)) return str_eq(as_str(a), as_str(b));
    return equal_builtin(a, b, 3);
}

/* obj_eq with the common cases inline. May call: the caller roots a and b if it needs them afterwards. */
static inline int value_equal(VM *vm, Value a, Value b)
{
    int same = equal_quick(a, b);
    return same == EQUAL_ASK ? obj_eq(vm, a, b) : same;
}
/* The same for values that nothing else may hold: roots them itself, but only if obj_eq is asked. */
int value_equal_rooted(VM *vm, Value a, Value b);

/* hash(v) as scripts see it, where a look at the value tells; false: it has to be asked (value_hash). */
static inline bool value_hash_known(Value v, int64_t *out)
{
    if (is_small(v)) {
        int64_t i = as_small(v);
        *out = i == -1 ? -2 : i;
        return true;
    }
    if (is_exact(v, T_STR) && as_str(v)->hash) {
        *out = (int64_t)as_str(v)->hash;
        return true;
    }
    return false;
}

/* hash(v) as scripts see it. May call. */
bool value_hash_slow(VM *vm, Value v, int64_t *out);
static inline bool value_hash(VM *vm, Value v, int64_t *out)
{
    if (value_hash_known(v, out)) return true;
    return value_hash_slow(vm, v, out);
}

/* Spread a visible hash with the VM's key: the high bits of the answer are the good ones. The multiplier is near
 * the golden ratio, so that runs of integers spread evenly, and its low 48 bits are secret. */
static inline uint64_t hash_spread(VM *vm, int64_t hash)
{
    uint64_t multiplier = (vm->hash_key[1] & 0x0000ffffffffffff) | 0x9e37000000000001;
    return (uint64_t)hash * multiplier;
}

/* --- repr --------------------------------------------------------------------------------------- */

/* A container whose repr is being made; the guards of a VM form a chain through the C stack. */
typedef struct ReprGuard {
    struct ReprGuard *outer;
    Value object;
} ReprGuard;
enum { AUX_PRINTING = 0x8000 }; // Obj.aux of lists, tuples, dicts and sets: a guard holds it
enum { REPR_ERROR = -1, REPR_AGAIN = 0, REPR_FIRST = 1 };
/* REPR_FIRST: print it, then repr_leave. REPR_AGAIN: it lies inside itself, print an ellipsis. */
int repr_enter(VM *vm, ReprGuard *g, Value object);
void repr_leave(VM *vm, const ReprGuard *g);
/* Adds repr(v). May call. */
bool sb_add_repr(StrBuilder *b, Value v);

/* --- indexes ------------------------------------------------------------------------------------ */

/* Does v stand for an integer: an int, or an instance with __index__? */
bool is_index(VM *vm, Value v);
/* v as an int64: false with TypeError, or with `kind`(text) when it is too big. */
bool index_fit(VM *vm, Value v, int64_t *out, ErrorKind kind, const char *text);
/* seq[v]: IndexError when it is too big. The common case is inline. */
static inline bool index_subscript(VM *vm, Value v, int64_t *out)
{
    if (is_small(v)) {
        *out = as_small(v);
        return true;
    }
    return index_fit(vm, v, out, ERR_INDEX, "cannot fit '%T' into an index-sized integer");
}
/* An argument that is a position or a count. */
static inline bool index_argument(VM *vm, Value v, int64_t *out)
{
    if (is_small(v)) {
        *out = as_small(v);
        return true;
    }
    return index_fit(vm, v, out, ERR_OVERFLOW, "Python int too large to convert to C ssize_t");
}
/* A bound of index(x, start, stop): huge ones are clamped, negative ones counted from the end. */
bool index_bound(VM *vm, Value v, int64_t length, int64_t *out);

/* --- lists and tuples alike (sequence.c) ---------------------------------------------------------- */

/* The items of a list or tuple; a pointer into a list is stale after anything that may call. */
Value *sequence_items(Obj *o, size_t *n);
/* Position of the first item equal to v in [start, stop); -1: none, -2: error. May call. */
int64_t sequence_find(VM *vm, Obj *o, Value v, int64_t start, int64_t stop);
Value sequence_contains(VM *vm, Value self, Value item);
Value sequence_count(VM *vm, Value self, Value item);
/* Lexicographic; both lists or both tuples. */
Value sequence_compare(VM *vm, Value a, Value b, CompareOp op);
/* seq * count: the number of copies; false with the error pending, or with nothing pending if the other operand is
 * to be asked (NotImplemented). */
bool sequence_times(VM *vm, Value count, int64_t *times);
/* seq + other, where other is of another type: TypeError, or NotImplemented if it has __radd__. */
Value sequence_refuse_concat(VM *vm, Value seq, Value other);
/* TypeError of seq[key]. */
Value sequence_refuse_key(VM *vm, Value seq, Value key);

/* `cls[item]`: the method row that makes list[int] and the like. */
Value nat_class_getitem(VM *vm, Args args);
#define CLASS_GETITEM_ROW \
    {"__class_getitem__(cls, item, /)", nat_class_getitem, "The class with type arguments.", NATIVE_CLASSMETHOD}
