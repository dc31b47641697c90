/* value.h - one 64-bit word that is any script value.
 *
 * The low three bits are the tag:
 *   000            small integer, 61 bits, value << 3
 *   001 010 101 110  float (self-tagged: the top three exponent bits, see below)
 *   011            pointer to a heap object (address + 3)
 *   100            constant: None, True, False, ... and the VM's own sentinels
 *
 * Floats: rotate the IEEE bits left by four, so that sign and the three high exponent bits land in the low
 * nibble, and add two. Exponent groups 011 and 100 (2^-255 .. 2^256), 000 (zeros and tiny numbers) and 111 (huge
 * numbers, infinities, NaN) then carry the four float tags; only 2^-767 < |x| < 2^-255 and
 * 2^257 < |x| < 2^768 need a box. After "Float Self-Tagging" (Melancon et al., arXiv 2411.16544); choosing the
 * offset so that zero, infinity and NaN are immediate too is ours.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t Value;

typedef struct VM VM;
typedef struct Obj Obj;

enum { TAG_INT = 0, TAG_PTR = 3, TAG_CONST = 4, TAG_MASK = 7 };

#define VALUE_CONST(n) (((Value)(n) << 3) | TAG_CONST)

#define VALUE_UNSET           VALUE_CONST(0) // no value: unbound local, absent argument, empty slot
#define VALUE_NONE            VALUE_CONST(1)
#define VALUE_FALSE           VALUE_CONST(2)
#define VALUE_TRUE            VALUE_CONST(3)
#define VALUE_ELLIPSIS        VALUE_CONST(4)
#define VALUE_NOT_IMPLEMENTED VALUE_CONST(5)
// Answers of C functions, never stored where scripts can see them:
#define VALUE_ERROR  VALUE_CONST(6) // an exception is pending in vm->exc
#define VALUE_STOP   VALUE_CONST(7) // an iterator is exhausted (no StopIteration object is made)
#define VALUE_SWITCH VALUE_CONST(8) // a frame was pushed or resumed; the loop goes on in vm->frame
#define VALUE_PARK   VALUE_CONST(9) // the running task was parked; control goes back to the scheduler

#define INT_SMALL_MAX ((int64_t)((1ULL << 60) - 1))
#define INT_SMALL_MIN (-INT_SMALL_MAX - 1)

static inline bool is_small(Value v) { return (v & TAG_MASK) == TAG_INT; }
static inline bool both_small(Value a, Value b) { return ((a | b) & TAG_MASK) == 0; }
static inline int64_t as_small(Value v) { return (int64_t)v >> 3; }
static inline Value small(int64_t i) { return (Value)((uint64_t)i << 3); }
static inline bool fits_small(int64_t i) { return i >= INT_SMALL_MIN && i <= INT_SMALL_MAX; }

static inline bool is_ptr(Value v) { return ((v - TAG_PTR) & TAG_MASK) == 0; }
static inline Obj *as_obj(Value v) { return (Obj *)(uintptr_t)(v - TAG_PTR); }
static inline Value obj_value(const void *o) { return (Value)(uintptr_t)o + TAG_PTR; }

/* What identity is to scripts: id(), and the address in texts like <A object at 0x...>. */
static inline void *value_id(Value v) { return (void *)(uintptr_t)(is_ptr(v) ? v - TAG_PTR : v); }

static inline bool is_error(Value v) { return v == VALUE_ERROR; }
static inline bool is_none(Value v) { return v == VALUE_NONE; }
static inline bool is_unset(Value v) { return v == VALUE_UNSET; }
static inline bool is_bool(Value v) { return v == VALUE_TRUE || v == VALUE_FALSE; }
static inline Value bool_value(bool b) { return b ? VALUE_TRUE : VALUE_FALSE; }

/* An immediate float; boxed ones are FloatObj (object.h). */
static inline bool is_float_imm(Value v) { return ((v + 1) & 2) != 0; }
static inline bool both_float_imm(Value a, Value b) { return ((a + 1) & (b + 1) & 2) != 0; }

static inline double as_float_imm(Value v)
{
    uint64_t bits = v - 2;
    bits = (bits >> 4) | (bits << 60);
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

/* The encoding of `d`, which is a valid Value iff is_float_imm(result); float_value() in float.h boxes the rest. */
static inline Value float_encode(double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return ((bits << 4) | (bits >> 60)) + 2;
}
