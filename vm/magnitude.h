/* magnitude.h - natural numbers as arrays of 60-bit digits, least significant first.
 *
 * The arithmetic under bigint.c: no signs, no objects, the caller provides the room. Lengths are counted
 * in digits; inputs may have leading zeros only where it is said. libtommath's digits are the same, so
 * its multiplication works on these arrays in place. What can take long ticks, needs scratch memory, and
 * answers false with an exception pending.
 */
#pragma once
#include "vm/vm.h"

typedef uint64_t Digit;
typedef unsigned __int128 DoubleDigit;

enum { DIGIT_BITS = 60 };
#define DIGIT_MASK (((Digit)1 << DIGIT_BITS) - 1)
/* 2^31 bits are the most libtommath can count: a longer number is refused as MemoryError before it is
 * computed. */
#define MAG_MAX_DIGITS ((size_t)INT32_MAX / DIGIT_BITS)

/* Room for digits while computing: on the C stack when small, else malloc'd. `d` is NULL when opening
 * failed. */
typedef struct Scratch {
    VM *vm;
    Digit *d;
    size_t n;
    Digit local[48];
} Scratch;
bool scratch_open(VM *vm, Scratch *s, size_t n); // contents undefined; MemoryError
void scratch_close(Scratch *s);

size_t mag_trim(const Digit *d, size_t n);                         // length without leading zeros
size_t mag_bits(const Digit *d, size_t n);                         // bit length; d trimmed
int mag_cmp(const Digit *a, size_t na, const Digit *b, size_t nb); // both trimmed; -1 0 1

/* r = a + b, na >= nb; r has na digits and may be a or b. Answers the carry. */
Digit mag_add(Digit *r, const Digit *a, size_t na, const Digit *b, size_t nb);
/* r = a - b modulo 2^(60 na), na >= nb; r has na digits and may be a or b. Answers the borrow. */
Digit mag_sub(Digit *r, const Digit *a, size_t na, const Digit *b, size_t nb);
/* r = a << bits; r has n + bits / 60 digits, and may be a if bits < 60. Answers the digit above them. */
Digit mag_shl(Digit *r, const Digit *a, size_t n, size_t bits);
/* r = a >> bits; r has n - bits / 60 digits (bits < 60 n) and may be a. Answers whether a one was shifted
 * out. */
bool mag_shr(Digit *r, const Digit *a, size_t n, size_t bits);
/* r = r * factor + addend, r grows by the answered digit. */
Digit mag_mul_add_1(Digit *r, size_t n, Digit factor, Digit addend);
/* r = a * b; r has na + nb digits and overlaps neither. Leading zeros are welcome. */
bool mag_mul(VM *vm, Digit *r, const Digit *a, size_t na, const Digit *b, size_t nb);
/* q = a / d, answers the remainder; q may be a. */
Digit mag_div_1(Digit *q, const Digit *a, size_t n, Digit d);
/* q = a / b, r = a % b; na >= nb >= 1, b trimmed; q has na - nb + 1 digits, r has nb; q and r overlap
 * nothing. */
bool mag_divmod(VM *vm, Digit *q, Digit *r, const Digit *a, size_t na, const Digit *b, size_t nb);
