#include "vm/magnitude.h"

#include <stdlib.h>
#include <tommath.h>

_Static_assert(MP_DIGIT_BIT == DIGIT_BITS && sizeof(mp_digit) == sizeof(Digit),
               "libtommath with 60-bit digits");

enum {
    COLUMNS_MAX = 40,    // digits up to which multiplying column by column beats libtommath
    LEAF_MAX = 16384,    // digits up to which one call of libtommath may run without looking at the clock
    DIVIDE_LEAF = 64,    // digits of a divisor below which long division beats the recursive one
    DIGITS_PER_TICK = 8, // digit products that cost about one unit of fuel
};

static bool no_memory(VM *vm)
{
    vm_no_memory(vm);
    return false;
}

/* ---- scratch memory ---- */

bool scratch_open(VM *vm, Scratch *s, size_t n)
{
    s->vm = vm;
    s->n = n;
    s->d = n <= sizeof s->local / sizeof *s->local ? s->local : heap_malloc(vm, size_mul(n, sizeof(Digit)));
    return s->d != NULL;
}

void scratch_close(Scratch *s)
{
    if (s->d && s->d != s->local) heap_free(s->vm, s->d, s->n * sizeof(Digit));
    s->d = NULL;
}

/* ---- linear work ---- */

size_t mag_trim(const Digit *d, size_t n)
{
    while (n > 0 && d[n - 1] == 0) n--;
    return n;
}

size_t mag_bits(const Digit *d, size_t n)
{
    return n == 0 ? 0 : n * DIGIT_BITS - (size_t)(__builtin_clzll(d[n - 1]) - (64 - DIGIT_BITS));
}

int mag_cmp(const Digit *a, size_t na, const Digit *b, size_t nb)
{
    if (na != nb) return na < nb ? -1 : 1;
    for (size_t i = na; i-- > 0;)
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
}

Digit mag_add(Digit *r, const Digit *a, size_t na, const Digit *b, size_t nb)
{
    Digit carry = 0;
    for (size_t i = 0; i < nb; i++) {
        Digit sum = a[i] + b[i] + carry;
        r[i] = sum & DIGIT_MASK;
        carry = sum >> DIGIT_BITS;
    }
    for (size_t i = nb; i < na; i++) {
        Digit sum = a[i] + carry;
        r[i] = sum & DIGIT_MASK;
        carry = sum >> DIGIT_BITS;
    }
    return carry;
}

Digit mag_sub(Digit *r, const Digit *a, size_t na, const Digit *b, size_t nb)
{
    Digit borrow = 0;
    for (size_t i = 0; i < nb; i++) {
        Digit difference = a[i] - b[i] - borrow;
        r[i] = difference & DIGIT_MASK;
        borrow = difference >> 63;
    }
    for (size_t i = nb; i < na; i++) {
        Digit difference = a[i] - borrow;
        r[i] = difference & DIGIT_MASK;
        borrow = difference >> 63;
    }
    return borrow;
}

Digit mag_shl(Digit *r, const Digit *a, size_t n, size_t bits)
{
    size_t whole = bits / DIGIT_BITS, part = bits % DIGIT_BITS;
    Digit above = a[n - 1] >> (DIGIT_BITS - part);
    for (size_t i = n - 1; i > 0; i--) r[i + whole] = (a[i] << part & DIGIT_MASK) | a[i - 1] >> (DIGIT_BITS - part);
    r[whole] = a[0] << part & DIGIT_MASK;
    memset(r, 0, whole * sizeof *r);
    return above;
}

bool mag_shr(Digit *r, const Digit *a, size_t n, size_t bits)
{
    size_t whole = bits / DIGIT_BITS, part = bits % DIGIT_BITS;
    bool lost = (a[whole] & (((Digit)1 << part) - 1)) != 0;
    for (size_t i = 0; i < whole && !lost; i++) lost = a[i] != 0;
    for (size_t i = whole; i + 1 < n; i++) r[i - whole] = (a[i] >> part | a[i + 1] << (DIGIT_BITS - part)) & DIGIT_MASK;
    r[n - 1 - whole] = a[n - 1] >> part;
    return lost;
}

Digit mag_mul_add_1(Digit *r, size_t n, Digit factor, Digit addend)
{
    for (size_t i = 0; i < n; i++) {
        DoubleDigit product = (DoubleDigit)r[i] * factor + addend;
        r[i] = (Digit)product & DIGIT_MASK;
        addend = (Digit)(product >> DIGIT_BITS);
    }
    return addend;
}

/* ---- division of two digits by one ---- */

/* A divisor shifted up to 64 bits, and (2^128 - 1) / d - 2^64: dividing becomes multiplying (Moeller and
 * Granlund). */
typedef struct Reciprocal {
    uint64_t d, inverse;
    unsigned shift;
} Reciprocal;

static Reciprocal reciprocal_of(Digit d)
{
    unsigned shift = (unsigned)__builtin_clzll(d);
    d <<= shift;
    return (Reciprocal){d, (uint64_t)(~(DoubleDigit)0 / d), shift};
}

/* (high 2^60 + low) / d for high < d; the remainder goes to *rest. */
static inline Digit divide_digits(const Reciprocal *by, Digit high, Digit low, Digit *rest)
{
    DoubleDigit n = ((DoubleDigit)high << DIGIT_BITS | low) << by->shift;
    DoubleDigit guess = (DoubleDigit)by->inverse * (uint64_t)(n >> 64) + n;
    uint64_t q = (uint64_t)(guess >> 64) + 1, r = (uint64_t)n - q * by->d;
    if (r > (uint64_t)guess) q--, r += by->d;
    if (__builtin_expect(r >= by->d, 0)) q++, r -= by->d;
    *rest = r >> by->shift;
    return q;
}

Digit mag_div_1(Digit *q, const Digit *a, size_t n, Digit d)
{
    Reciprocal by = reciprocal_of(d);
    Digit rest = 0;
    for (size_t i = n; i-- > 0;) q[i] = divide_digits(&by, rest, a[i], &rest);
    return rest;
}

/* ---- multiplication ---- */

static void multiply_by_digit(Digit *r, const Digit *a, size_t na, Digit factor)
{
    Digit carry = 0;
    for (size_t i = 0; i < na; i++) {
        DoubleDigit product = (DoubleDigit)a[i] * factor + carry;
        r[i] = (Digit)product & DIGIT_MASK;
        carry = (Digit)(product >> DIGIT_BITS);
    }
    r[na] = carry;
}

/* Column by column: at most COLUMNS_MAX products of 120 bits fit an accumulator of 128. */
static void multiply_columns(Digit *r, const Digit *a, size_t na, const Digit *b, size_t nb)
{
    DoubleDigit sum = 0;
    for (size_t k = 0; k < na + nb - 1; k++) {
        size_t first = k < nb ? 0 : k - nb + 1, last = k < na ? k : na - 1;
        for (size_t i = first; i <= last; i++) sum += (DoubleDigit)a[i] * b[k - i];
        r[k] = (Digit)sum & DIGIT_MASK;
        sum >>= DIGIT_BITS;
    }
    r[na + nb - 1] = (Digit)sum;
}

static mp_int view(const Digit *d, size_t n)
{
    return (mp_int){.used = (int)n, .alloc = (int)n, .sign = MP_ZPOS, .dp = (mp_digit *)(uintptr_t)d};
}

/* Karatsuba or Toom-Cook, libtommath's. */
static bool multiply_library(VM *vm, Digit *r, const Digit *a, size_t na, const Digit *b, size_t nb)
{
    mp_int x = view(a, na), y = view(b, nb), product;
    if (mp_init_size(&product, (int)(na + nb + 2)) != MP_OKAY) return no_memory(vm);
    mp_err failed = a == b && na == nb ? mp_sqr(&x, &product) : mp_mul(&x, &y, &product);
    if (failed == MP_OKAY) {
        memcpy(r, product.dp, (size_t)product.used * sizeof *r);
        memset(r + product.used, 0, (na + nb - (size_t)product.used) * sizeof *r);
    }
    mp_clear(&product);
    if (failed != MP_OKAY) return no_memory(vm);
    return vm_tick(vm, na * 4);
}

/* a in slices about as long as b. */
static bool multiply_unbalanced(VM *vm, Digit *r, const Digit *a, size_t na, const Digit *b, size_t nb)
{
    size_t slice = nb < LEAF_MAX / 4 ? LEAF_MAX / 4 : nb;
    Scratch part;
    if (!scratch_open(vm, &part, slice + nb)) return false;
    memset(r, 0, (na + nb) * sizeof *r);
    bool fine = true;
    for (size_t i = 0; fine && i < na; i += slice) {
        size_t n = na - i < slice ? na - i : slice;
        fine = mag_mul(vm, part.d, a + i, n, b, nb);
        if (fine) mag_add(r + i, r + i, n + nb, part.d, n + nb);
    }
    scratch_close(&part);
    return fine;
}

/* One level of Karatsuba with ticks between its three products, for numbers that take libtommath too long. */
static bool multiply_halves(VM *vm, Digit *r, const Digit *a, size_t na, const Digit *b, size_t nb)
{
    size_t half = (na + 1) / 2, sum = half + 1;
    Scratch s;
    if (!scratch_open(vm, &s, 4 * sum)) return false;
    Digit *sum_a = s.d, *sum_b = s.d + sum, *middle = s.d + 2 * sum;
    sum_a[half] = mag_add(sum_a, a, half, a + half, na - half);
    sum_b[half] = mag_add(sum_b, b, half, b + half, nb - half);
    bool fine = mag_mul(vm, r, a, half, b, half) &&
                mag_mul(vm, r + 2 * half, a + half, na - half, b + half, nb - half) &&
                mag_mul(vm, middle, sum_a, sum, a == b && na == nb ? sum_a : sum_b, sum);
    if (fine) {
        mag_sub(middle, middle, 2 * sum, r, 2 * half);
        mag_sub(middle, middle, 2 * sum, r + 2 * half, na + nb - 2 * half);
        mag_add(r + half, r + half, na + nb - half, middle, mag_trim(middle, 2 * sum));
    }
    scratch_close(&s);
    return fine;
}

bool mag_mul(VM *vm, Digit *r, const Digit *a, size_t na, const Digit *b, size_t nb)
{
    size_t total = na + nb;
    na = mag_trim(a, na), nb = mag_trim(b, nb);
    if (na < nb) {
        const Digit *d = a;
        size_t n = na;
        a = b, na = nb;
        b = d, nb = n;
    }
    memset(r + na + nb, 0, (total - na - nb) * sizeof *r);
    if (nb == 0) {
        memset(r, 0, na * sizeof *r);
        return true;
    }
    if (na > LEAF_MAX && (na + 1) / 2 >= nb) return multiply_unbalanced(vm, r, a, na, b, nb);
    if (nb <= COLUMNS_MAX) {
        if (nb == 1) multiply_by_digit(r, a, na, *b);
        else multiply_columns(r, a, na, b, nb);
        return na < 1000 || vm_tick(vm, na * nb / DIGITS_PER_TICK);
    }
    if (na <= LEAF_MAX) return multiply_library(vm, r, a, na, b, nb);
    return multiply_halves(vm, r, a, na, b, nb);
}

/* ---- division ---- */

/* Digit i of d << shift, for shift < 60; digits below the first are zeros. */
static inline Digit shifted_digit(const Digit *d, size_t i, unsigned shift)
{
    Digit below = i ? d[i - 1] >> (DIGIT_BITS - shift) : 0;
    return (d[i] << shift | below) & DIGIT_MASK;
}

/* Long division in place (Knuth's D). a has m + n digits, its upper n below b; b has n >= 2 digits, and
 * its top bit is set after a shift to the left, which only the digits that quotients are guessed from are
 * given. The quotient's m digits go to q, the remainder stays in a's lower n; a's upper m become zero. */
static void divide_long(Digit *q, Digit *a, size_t m, const Digit *b, size_t n, unsigned shift)
{
    Digit top = shifted_digit(b, n - 1, shift), second = shifted_digit(b, n - 2, shift);
    Reciprocal by = reciprocal_of(top);
    for (size_t j = m; j-- > 0;) {
        Digit first = shifted_digit(a, j + n, shift), next = shifted_digit(a, j + n - 1, shift);
        Digit third = shifted_digit(a, j + n - 2, shift);
        Digit g = DIGIT_MASK, rest = top + next; // if the dividend begins like the divisor
        if (first < top) g = divide_digits(&by, first, next, &rest);
        while (rest <= DIGIT_MASK && (DoubleDigit)g * second > ((DoubleDigit)rest << DIGIT_BITS | third))
            g--, rest += top;

        Digit carry = 0, borrow = 0;
        for (size_t i = 0; i < n; i++) {
            DoubleDigit product = (DoubleDigit)g * b[i] + carry;
            carry = (Digit)(product >> DIGIT_BITS);
            Digit difference = a[i + j] - ((Digit)product & DIGIT_MASK) - borrow;
            a[i + j] = difference & DIGIT_MASK;
            borrow = difference >> 63;
        }
        if (a[j + n] < carry + borrow) { // the guess was one too big, which is rare
            mag_add(a + j, a + j, n, b, n);
            g--;
        }
        a[j + n] = 0;
        q[j] = g;
    }
}

static bool divide_2_by_1(VM *vm, Digit *q, Digit *a, const Digit *b, size_t n, Digit *scratch);

/* a (3 halves, the upper two below b) by b (2 halves): q gets `half` digits, the remainder stays in a. */
static bool divide_3_by_2(VM *vm, Digit *q, Digit *a, const Digit *b, size_t half, Digit *scratch)
{
    const Digit *high = b + half;
    if (mag_cmp(a + 2 * half, half, high, half) < 0) {
        if (!divide_2_by_1(vm, q, a + half, high, half, scratch)) return false;
    } else { // the quotient's estimate would be 2^(60 half): take one less
        for (size_t i = 0; i < half; i++) q[i] = DIGIT_MASK;
        mag_sub(a + 2 * half, a + 2 * half, half, high, half);
        mag_add(a + half, a + half, 2 * half, high, half);
    }
    if (!mag_mul(vm, scratch, q, half, b, half)) return false;
    static const Digit one[] = {1};
    Digit negative = mag_sub(a, a, 3 * half, scratch, 2 * half);
    while (negative) { // at most twice
        mag_sub(q, q, half, one, 1);
        negative -= mag_add(a, a, 3 * half, b, 2 * half);
    }
    return true;
}

/* Burnikel and Ziegler's recursive division, in place: a has 2n digits, its upper n below b; the
 * quotient's n digits go to q, the remainder stays in a's lower n. As fast as multiplication but for a
 * logarithm. scratch: n digits. */
static bool divide_2_by_1(VM *vm, Digit *q, Digit *a, const Digit *b, size_t n, Digit *scratch)
{
    if (n % 2 != 0 || n < DIVIDE_LEAF) {
        divide_long(q, a, n, b, n, 0);
        return vm_tick(vm, n * n / DIGITS_PER_TICK);
    }
    size_t half = n / 2;
    return divide_3_by_2(vm, q + half, a + half, b, half, scratch) &&
           divide_3_by_2(vm, q, a, b, half, scratch);
}

/* Digits of padding that make n divisible by two often enough for the recursion to reach its leaves. */
static size_t padding(size_t n)
{
    size_t unit = 1;
    while (n / unit >= DIVIDE_LEAF) unit *= 2;
    return (unit - n % unit) % unit;
}

/* Divide in blocks of the divisor's length, which is padded with low zeros: the quotient stays the same. */
static bool divide_blocks(VM *vm, Digit *q, Digit *r, const Digit *a, size_t na, const Digit *b, size_t nb)
{
    size_t low = padding(nb), n = nb + low, shift = (size_t)__builtin_clzll(b[nb - 1]) - (64 - DIGIT_BITS);
    size_t blocks = (na + low) / n + 1, top = (blocks - 1) * n;
    Scratch s;
    if (!scratch_open(vm, &s, 2 * blocks * n + 2 * n)) return false;
    Digit *quotient = s.d, *dividend = quotient + blocks * n, *divisor = dividend + blocks * n,
          *scratch = divisor + n;
    memset(dividend, 0, blocks * n * sizeof *dividend);
    dividend[na + low] = mag_shl(dividend, a, na, shift + low * DIGIT_BITS);
    mag_shl(divisor, b, nb, shift + low * DIGIT_BITS);

    // The top block is below twice the divisor, whose top bit is set.
    memset(quotient + top, 0, n * sizeof *quotient);
    quotient[top] = mag_cmp(dividend + top, n, divisor, n) >= 0;
    if (quotient[top]) mag_sub(dividend + top, dividend + top, n, divisor, n);
    bool fine = true;
    for (size_t i = blocks - 1; fine && i-- > 0;)
        fine = divide_2_by_1(vm, quotient + i * n, dividend + i * n, divisor, n, scratch);
    if (fine) {
        memcpy(q, quotient, (na - nb + 1) * sizeof *q);
        mag_shr(r, dividend + low, nb, shift);
    }
    scratch_close(&s);
    return fine;
}

static bool divide_school(VM *vm, Digit *q, Digit *r, const Digit *a, size_t na, const Digit *b, size_t nb)
{
    unsigned shift = (unsigned)__builtin_clzll(b[nb - 1]) - (64 - DIGIT_BITS);
    Scratch s;
    if (!scratch_open(vm, &s, na + 1)) return false;
    memcpy(s.d, a, na * sizeof *a);
    s.d[na] = 0;
    divide_long(q, s.d, na - nb + 1, b, nb, shift);
    memcpy(r, s.d, nb * sizeof *r);
    scratch_close(&s);
    return na < 1000 || vm_tick(vm, (na - nb + 1) * nb / DIGITS_PER_TICK);
}

bool mag_divmod(VM *vm, Digit *q, Digit *r, const Digit *a, size_t na, const Digit *b, size_t nb)
{
    if (nb == 1) {
        *r = mag_div_1(q, a, na, *b);
        return na < 1000 || vm_tick(vm, na);
    }
    if (nb < DIVIDE_LEAF || na - nb < DIVIDE_LEAF) return divide_school(vm, q, r, a, na, b, nb);
    return divide_blocks(vm, q, r, a, na, b, nb);
}
