#include "vm/bigint.h"

#include <math.h>
#include <tommath.h>

/* ---- views and results ---- */

void int_view(IntView *out, Value v)
{
    if (is_bigint(v)) {
        BigInt *b = (BigInt *)as_obj(v);
        out->d = b->digits;
        out->n = (size_t)b->used;
        out->sign = b->used ? b->sign : 0;
        return;
    }
    int64_t i = is_small(v) ? as_small(v) : v == VALUE_TRUE;
    uint64_t magnitude = i < 0 ? -(uint64_t)i : (uint64_t)i;
    out->own[0] = magnitude & DIGIT_MASK;
    out->own[1] = magnitude >> DIGIT_BITS; // one for the smallest of all small ints
    out->d = out->own;
    out->n = mag_trim(out->own, 2);
    out->sign = i < 0 ? -1 : i > 0;
}

static size_t bigint_size(size_t n)
{
    return sizeof(BigInt) + n * sizeof(Digit);
}

BigInt *bigint_alloc(VM *vm, size_t n)
{
    if (n > MAG_MAX_DIGITS) {
        vm_no_memory(vm);
        return NULL;
    }
    BigInt *b = heap_alloc_raw(vm, KIND_BIGINT, T_INT, bigint_size(n));
    if (!b) return NULL;
    b->sign = 1;
    b->used = (int32_t)n;
    return b;
}

/* Digits that fit a small int: the value, else false. */
static bool small_from_digits(const Digit *d, size_t n, int sign, Value *out)
{
    if (n > 2) return false;
    uint64_t magnitude = n ? d[0] : 0;
    if (n == 2) { // only -2^60
        if (sign > 0 || magnitude || d[1] != 1) return false;
        *out = small(INT_SMALL_MIN);
        return true;
    }
    *out = small(sign < 0 ? -(int64_t)magnitude : (int64_t)magnitude);
    return true;
}

Value int_from_digits(VM *vm, const Digit *d, size_t n, int sign)
{
    Value v;
    n = mag_trim(d, n);
    if (small_from_digits(d, n, sign, &v)) return v;
    BigInt *b = bigint_alloc(vm, n);
    if (!b) return VALUE_ERROR;
    b->sign = sign;
    memcpy(b->digits, d, n * sizeof *d);
    return obj_value(b);
}

Value bigint_finish(VM *vm, BigInt *b, size_t n)
{
    size_t trimmed = mag_trim(b->digits, n);
    Value v;
    bool is_small_int = small_from_digits(b->digits, trimmed, b->sign, &v);
    if (!is_small_int && n - trimmed <= 2 + n / 8) { // hardly shorter: the digits stay where they are
        b->used = (int32_t)trimmed;
        return obj_value(b);
    }
    if (!is_small_int) v = int_from_digits(vm, b->digits, trimmed, b->sign);
    heap_release(vm, &b->h, bigint_size(n));
    return v;
}

static Value from_magnitude(VM *vm, DoubleDigit magnitude, bool negative)
{
    if (magnitude <= INT_SMALL_MAX) return small(negative ? -(int64_t)magnitude : (int64_t)magnitude);
    if (negative && magnitude == (DoubleDigit)INT_SMALL_MAX + 1) return small(INT_SMALL_MIN);
    Digit d[3] = {(Digit)magnitude & DIGIT_MASK, (Digit)(magnitude >> DIGIT_BITS) & DIGIT_MASK,
                  (Digit)(magnitude >> (2 * DIGIT_BITS))};
    BigInt *b = bigint_alloc(vm, d[2] ? 3 : 2);
    if (!b) return VALUE_ERROR;
    b->sign = negative ? -1 : 1;
    memcpy(b->digits, d, (size_t)b->used * sizeof *d);
    return obj_value(b);
}

Value int_from_i128(VM *vm, __int128 i)
{
    return from_magnitude(vm, i < 0 ? -(DoubleDigit)i : (DoubleDigit)i, i < 0);
}

/* The view as a machine integer, if it has at most two digits: most big integers do. */
static inline bool view_to_i128(const IntView *v, __int128 *out)
{
    if (v->n > 2) return false;
    __int128 magnitude = (v->n > 1 ? (__int128)v->d[1] << DIGIT_BITS : 0) | (v->n ? v->d[0] : 0);
    *out = v->sign < 0 ? -magnitude : magnitude;
    return true;
}

/* ---- sums and products ---- */

static Value add_magnitudes(VM *vm, const IntView *a, const IntView *b, int sign)
{
    if (a->n < b->n) return add_magnitudes(vm, b, a, sign);
    BigInt *sum = bigint_alloc(vm, a->n);
    if (!sum) return VALUE_ERROR;
    sum->sign = sign;
    Digit carry = mag_add(sum->digits, a->d, a->n, b->d, b->n);
    if (!carry) return bigint_finish(vm, sum, a->n);

    BigInt *longer = bigint_alloc(vm, a->n + 1);
    if (!longer) return VALUE_ERROR;
    longer->sign = sign;
    memcpy(longer->digits, sum->digits, a->n * sizeof(Digit));
    longer->digits[a->n] = carry;
    heap_release(vm, &sum->h, bigint_size(a->n));
    return obj_value(longer);
}

static Value subtract_magnitudes(VM *vm, const IntView *a, const IntView *b, int sign)
{
    if (mag_cmp(a->d, a->n, b->d, b->n) < 0) return subtract_magnitudes(vm, b, a, -sign);
    BigInt *difference = bigint_alloc(vm, a->n);
    if (!difference) return VALUE_ERROR;
    difference->sign = sign;
    mag_sub(difference->digits, a->d, a->n, b->d, b->n);
    return bigint_finish(vm, difference, a->n);
}

static Value add_signed(VM *vm, const IntView *a, const IntView *b, int sign_b)
{
    if (a->sign * sign_b >= 0) return add_magnitudes(vm, a, b, a->sign ? a->sign : sign_b);
    return subtract_magnitudes(vm, a, b, a->sign);
}

Value bigint_add(VM *vm, Value a, Value b)
{
    IntView x, y;
    int_view(&x, a);
    int_view(&y, b);
    return add_signed(vm, &x, &y, y.sign);
}

Value bigint_sub(VM *vm, Value a, Value b)
{
    IntView x, y;
    int_view(&x, a);
    int_view(&y, b);
    return add_signed(vm, &x, &y, -y.sign);
}

static Value multiply_views(VM *vm, const IntView *a, const IntView *b)
{
    if (a->n + b->n > MAG_MAX_DIGITS) return vm_no_memory(vm);
    size_t n = a->n + b->n;
    BigInt *product = bigint_alloc(vm, n);
    if (!product) return VALUE_ERROR;
    product->sign = a->sign * b->sign;
    if (mag_mul(vm, product->digits, a->d, a->n, b->d, b->n)) return bigint_finish(vm, product, n);
    return VALUE_ERROR;
}

Value bigint_mul(VM *vm, Value a, Value b)
{
    IntView x, y;
    int_view(&x, a);
    int_view(&y, b);
    return multiply_views(vm, &x, &y);
}

/* ---- division ---- */

static bool small_divmod(VM *vm, __int128 a, __int128 b, Value *quotient, Value *remainder)
{
    __int128 q = a / b, r = a - q * b;
    if (r != 0 && (r < 0) != (b < 0)) q--, r += b;
    if (quotient && is_error(*quotient = int_from_i128(vm, q))) return false;
    return !remainder || !is_error(*remainder = int_from_i128(vm, r));
}

/* Truncated magnitudes to floored signed results: with unlike signs and a remainder, one further down. */
static bool floored(VM *vm, const IntView *a, const IntView *b, Digit *q, size_t nq, Digit *r,
                    Value *quotient, Value *remainder)
{
    static const Digit one[] = {1};
    size_t nr = mag_trim(r, b->n);
    if (a->sign != b->sign && nr) {
        q[nq] = mag_add(q, q, nq, one, 1);
        nq++;
        mag_sub(r, b->d, b->n, r, nr);
    }
    if (quotient && is_error(*quotient = int_from_digits(vm, q, nq, a->sign * b->sign))) return false;
    return !remainder || !is_error(*remainder = int_from_digits(vm, r, b->n, b->sign));
}

bool bigint_divmod(VM *vm, Value a, Value b, Value *quotient, Value *remainder)
{
    IntView x, y;
    int_view(&x, a);
    int_view(&y, b);
    __int128 i, j;
    if (view_to_i128(&x, &i) && view_to_i128(&y, &j)) return small_divmod(vm, i, j, quotient, remainder);

    size_t nq = x.n < y.n ? 1 : x.n - y.n + 1;
    Scratch s;
    if (!scratch_open(vm, &s, nq + 1 + y.n)) return false;
    Digit *q = s.d, *r = s.d + nq + 1;
    bool fine = true;
    if (x.n < y.n) {
        q[0] = 0;
        memset(r, 0, y.n * sizeof *r);
        memcpy(r, x.d, x.n * sizeof *r);
    } else {
        fine = mag_divmod(vm, q, r, x.d, x.n, y.d, y.n);
    }
    fine = fine && floored(vm, &x, &y, q, nq, r, quotient, remainder);
    scratch_close(&s);
    return fine;
}

/* ---- shifts and bits ---- */

Value bigint_lshift(VM *vm, Value a, size_t bits)
{
    IntView x;
    int_view(&x, a);
    if (x.n == 0) return small(0);
    if (bits / DIGIT_BITS + x.n >= MAG_MAX_DIGITS) return vm_no_memory(vm);
    size_t n = (mag_bits(x.d, x.n) + bits - 1) / DIGIT_BITS + 1;
    BigInt *b = bigint_alloc(vm, n);
    if (!b) return VALUE_ERROR;
    b->sign = x.sign;
    Digit above = mag_shl(b->digits, x.d, x.n, bits);
    if (above) b->digits[n - 1] = above;
    return bigint_finish(vm, b, n);
}

Value bigint_rshift(VM *vm, Value a, size_t bits)
{
    IntView x;
    int_view(&x, a);
    if (bits / DIGIT_BITS >= x.n) return small(x.sign < 0 ? -1 : 0);
    __int128 i;
    if (view_to_i128(&x, &i)) return int_from_i128(vm, i >> bits);
    size_t n = x.n - bits / DIGIT_BITS;
    BigInt *b = bigint_alloc(vm, n + 1);
    if (!b) return VALUE_ERROR;
    b->sign = x.sign;
    bool lost = mag_shr(b->digits, x.d, x.n, bits);
    b->digits[n] = 0;
    static const Digit one[] = {1};
    if (x.sign < 0 && lost) mag_add(b->digits, b->digits, n + 1, one, 1);
    return bigint_finish(vm, b, n + 1);
}

/* Digits of a number in two's complement, one after the other. */
typedef struct Complement {
    const IntView *v;
    size_t i;
    Digit carry;
} Complement;

static inline Digit next_digit(Complement *c)
{
    Digit d = c->i < c->v->n ? c->v->d[c->i] : 0;
    c->i++;
    if (c->v->sign >= 0) return d;
    d = (~d & DIGIT_MASK) + c->carry;
    c->carry = d >> DIGIT_BITS;
    return d & DIGIT_MASK;
}

static inline Digit bitwise(BinaryOp op, Digit a, Digit b)
{
    return op == BIN_AND ? a & b : op == BIN_OR ? a | b : a ^ b;
}

/* Of two numbers that are not negative, in every digit the same. */
static void bitwise_digits(BinaryOp op, Digit *r, const Digit *a, const Digit *b, size_t n)
{
    switch (op) {
    case BIN_AND:
        for (size_t i = 0; i < n; i++) r[i] = a[i] & b[i];
        return;
    case BIN_OR:
        for (size_t i = 0; i < n; i++) r[i] = a[i] | b[i];
        return;
    default:
        for (size_t i = 0; i < n; i++) r[i] = a[i] ^ b[i];
        return;
    }
}

static Value bitwise_natural(VM *vm, BinaryOp op, const IntView *longer, const IntView *shorter)
{
    size_t n = op == BIN_AND ? shorter->n : longer->n;
    BigInt *b = bigint_alloc(vm, n);
    if (!b) return VALUE_ERROR;
    b->sign = 1;
    bitwise_digits(op, b->digits, longer->d, shorter->d, shorter->n);
    if (n > shorter->n)
        memcpy(b->digits + shorter->n, longer->d + shorter->n, (n - shorter->n) * sizeof *b->digits);
    return bigint_finish(vm, b, n);
}

Value bigint_bitwise(VM *vm, BinaryOp op, Value a, Value b)
{
    IntView x, y;
    int_view(&x, a);
    int_view(&y, b);
    __int128 v, w;
    if (view_to_i128(&x, &v) && view_to_i128(&y, &w))
        return int_from_i128(vm, op == BIN_AND ? v & w : op == BIN_OR ? v | w : v ^ w);
    if (x.sign > 0 && y.sign > 0)
        return x.n > y.n ? bitwise_natural(vm, op, &x, &y) : bitwise_natural(vm, op, &y, &x);
    size_t n = (x.n > y.n ? x.n : y.n) + 1; // one more, for -2^(60 k)
    bool negative = bitwise(op, x.sign < 0, y.sign < 0);
    Scratch s;
    if (!scratch_open(vm, &s, n)) return VALUE_ERROR;
    Complement in_a = {&x, 0, 1}, in_b = {&y, 0, 1};
    for (size_t i = 0; i < n; i++) s.d[i] = bitwise(op, next_digit(&in_a), next_digit(&in_b));
    Digit carry = 1;
    for (size_t i = 0; negative && i < n; i++) {
        Digit d = (~s.d[i] & DIGIT_MASK) + carry;
        carry = d >> DIGIT_BITS;
        s.d[i] = d & DIGIT_MASK;
    }
    Value result = int_from_digits(vm, s.d, n, negative ? -1 : 1);
    scratch_close(&s);
    return result;
}

/* ---- double words: what hashes and random numbers of 64 bits are computed with ---- */

/* An int of less than 127 bits. */
static inline bool double_word(Value v, __int128 *out)
{
    if (is_small(v)) return *out = as_small(v), true;
    if (!is_exact(v, T_INT)) return false;
    const BigInt *b = (const BigInt *)as_obj(v);
    if (b->used > 3 || (b->used == 3 && b->digits[2] >> (126 - 2 * DIGIT_BITS))) return false;
    __int128 magnitude = (__int128)b->digits[1] << DIGIT_BITS | b->digits[0];
    if (b->used == 3) magnitude |= (__int128)b->digits[2] << (2 * DIGIT_BITS);
    *out = b->sign < 0 ? -magnitude : magnitude;
    return true;
}

/* UNSET: a factor has more than 64 bits. */
static Value multiply_words(VM *vm, __int128 i, __int128 j)
{
    DoubleDigit a = i < 0 ? -(DoubleDigit)i : (DoubleDigit)i, b = j < 0 ? -(DoubleDigit)j : (DoubleDigit)j;
    return (a | b) >> 64 ? VALUE_UNSET : from_magnitude(vm, a * b, (i < 0) != (j < 0));
}

Value bigint_double(VM *vm, BinaryOp op, Value a, Value b)
{
    __int128 i, j;
    if (!double_word(a, &i) || !double_word(b, &j)) return VALUE_UNSET;
    switch (op) {
    case BIN_ADD: return int_from_i128(vm, i + j);
    case BIN_SUB: return int_from_i128(vm, i - j);
    case BIN_MUL: return multiply_words(vm, i, j);
    case BIN_AND: return int_from_i128(vm, i & j);
    case BIN_OR: return int_from_i128(vm, i | j);
    case BIN_XOR: return int_from_i128(vm, i ^ j);
    case BIN_RSHIFT: return j < 0 ? VALUE_UNSET : int_from_i128(vm, i >> (j < 127 ? j : 127));
    default: return VALUE_UNSET;
    }
}

/* ---- powers ---- */

static size_t trailing_zeros(const IntView *v)
{
    size_t i = 0;
    while (v->d[i] == 0) i++;
    return i * DIGIT_BITS + (size_t)__builtin_ctzll(v->d[i]);
}

/* result = odd ** exponent, by squaring from the top; `spare` is as long as `result`. Answers the length
 * in *n. */
static bool power_loop(VM *vm, Digit **result, Digit **spare, size_t *n, const Digit *odd, size_t n_odd,
                       uint64_t exponent)
{
    memcpy(*result, odd, n_odd * sizeof *odd);
    *n = n_odd;
    for (int bit = 62 - __builtin_clzll(exponent); bit >= 0; bit--) {
        for (int multiply = 0; multiply <= (int)(exponent >> bit & 1); multiply++) {
            const Digit *factor = multiply ? odd : *result;
            size_t n_factor = multiply ? n_odd : *n;
            if (!mag_mul(vm, *spare, *result, *n, factor, n_factor)) return false;
            *n = mag_trim(*spare, *n + n_factor);
            Digit *swap = *result;
            *result = *spare;
            *spare = swap;
        }
    }
    return true;
}

/* a ** exponent for an odd magnitude, shifted left by `zeros` at the end: 10 ** n is 5 ** n << n. */
static Value power_of_odd(VM *vm, const Digit *odd, size_t n_odd, uint64_t exponent, size_t zeros, int sign)
{
    size_t bits = mag_bits(odd, n_odd), room = bits * exponent / DIGIT_BITS + n_odd + 2;
    Scratch s, t;
    if (!scratch_open(vm, &s, 2 * room)) return VALUE_ERROR;
    Digit *result = s.d, *spare = s.d + room;
    size_t n;
    Value v = VALUE_ERROR;
    if (power_loop(vm, &result, &spare, &n, odd, n_odd, exponent) &&
        scratch_open(vm, &t, n + zeros / DIGIT_BITS + 1)) {
        t.d[t.n - 1] = mag_shl(t.d, result, n, zeros);
        v = int_from_digits(vm, t.d, t.n, sign);
        scratch_close(&t);
    }
    scratch_close(&s);
    return v;
}

Value bigint_pow(VM *vm, Value a, uint64_t exponent)
{
    IntView x;
    int_view(&x, a);
    int sign = x.sign < 0 && exponent % 2 ? -1 : 1;
    if (exponent == 0) return small(1);
    if (x.n == 0 || (x.n == 1 && x.d[0] == 1)) return small(sign * (int)x.n);
    size_t bits = mag_bits(x.d, x.n), limit = MAG_MAX_DIGITS * DIGIT_BITS;
    if (exponent > limit || (bits - 1) * exponent >= limit) return vm_no_memory(vm);

    size_t zeros = trailing_zeros(&x);
    Scratch odd;
    if (!scratch_open(vm, &odd, x.n)) return VALUE_ERROR;
    mag_shr(odd.d, x.d, x.n, zeros);
    size_t n_odd = mag_trim(odd.d, x.n - zeros / DIGIT_BITS);
    Value v = power_of_odd(vm, odd.d, n_odd, exponent, zeros * exponent, sign);
    scratch_close(&odd);
    return v;
}

/* ---- modular arithmetic ---- */

/* What the steps of a modular power share. All numbers but the product have n digits. */
typedef struct Modular {
    VM *vm;
    const Digit *m;
    size_t n;
    Digit *product, *quotient; // 2n and n + 1 digits
} Modular;

/* r = a * b % m */
static bool multiply_modulo(Modular *mod, Digit *r, const Digit *a, const Digit *b)
{
    size_t n = mod->n;
    if (!mag_mul(mod->vm, mod->product, a, n, b, n)) return false;
    size_t n_product = mag_trim(mod->product, 2 * n);
    if (n_product >= n) return mag_divmod(mod->vm, mod->quotient, r, mod->product, n_product, mod->m, n);
    memcpy(r, mod->product, n * sizeof *r);
    return true;
}

/* Bits [at, at + width) of the exponent. */
static size_t exponent_bits(const IntView *e, size_t at, size_t width)
{
    size_t bits = 0;
    for (size_t i = at + width; i-- > at;) {
        size_t digit = i / DIGIT_BITS;
        bits = bits << 1 | (digit < e->n && (e->d[digit] >> (i % DIGIT_BITS) & 1));
    }
    return bits;
}

/* result = powers[1] ** e, a window of the exponent at a time; powers[0] is one, the others are filled in. */
static bool power_windows(Modular *mod, Digit *result, Digit *powers, size_t width, const IntView *e)
{
    size_t n = mod->n, bits = mag_bits(e->d, e->n);
    for (size_t i = 2; i < (size_t)1 << width; i++)
        if (!multiply_modulo(mod, powers + i * n, powers + (i - 1) * n, powers + n)) return false;
    memcpy(result, powers, n * sizeof *result);
    for (size_t window = (bits + width - 1) / width; window-- > 0;) {
        for (size_t i = 0; i < width; i++)
            if (!multiply_modulo(mod, result, result, result)) return false;
        size_t i = exponent_bits(e, window * width, width);
        if (i && !multiply_modulo(mod, result, result, powers + i * n)) return false;
    }
    return true;
}

/* One-digit modulus: plain machine arithmetic. */
static Value power_modulo_digit(Digit base, const IntView *e, Digit m)
{
    Digit result = 1 % m;
    for (size_t i = mag_bits(e->d, e->n); i-- > 0;) {
        result = (Digit)((DoubleDigit)result * result % m);
        if (e->d[i / DIGIT_BITS] >> (i % DIGIT_BITS) & 1) result = (Digit)((DoubleDigit)result * base % m);
    }
    return small((int64_t)result);
}

Value bigint_powmod(VM *vm, Value a, Value exponent, Value m)
{
    Value reduced;
    if (!bigint_divmod(vm, a, m, NULL, &reduced)) return VALUE_ERROR;
    IntView base, e, mv;
    int_view(&base, reduced);
    int_view(&e, exponent);
    int_view(&mv, m);
    if (mv.n == 1) return power_modulo_digit(base.n ? base.d[0] : 0, &e, mv.d[0]);

    size_t n = mv.n, width = mag_bits(e.d, e.n) > 100 ? 4 : 1, n_powers = n << width;
    Scratch s;
    if (!scratch_open(vm, &s, n_powers + n + 2 * n + n + 1)) return VALUE_ERROR;
    Digit *powers = s.d, *result = powers + n_powers;
    Modular mod = {vm, mv.d, n, result + n, result + 3 * n};
    memset(powers, 0, 2 * n * sizeof *powers);
    powers[0] = 1;
    memcpy(powers + n, base.d, base.n * sizeof *powers);
    Value v = VALUE_ERROR;
    if (power_windows(&mod, result, powers, width, &e)) v = int_from_digits(vm, result, n, 1);
    scratch_close(&s);
    return v;
}

Value bigint_invert(VM *vm, Value a, Value m)
{
    Value reduced;
    if (!bigint_divmod(vm, a, m, NULL, &reduced)) return VALUE_ERROR;
    IntView x, y;
    int_view(&x, reduced);
    int_view(&y, m);
    if (y.n == 1 && y.d[0] == 1) return small(0);
    if (x.n == 0) return VALUE_UNSET;
    mp_int value = {.used = (int)x.n, .alloc = (int)x.n, .sign = MP_ZPOS, .dp = (mp_digit *)(uintptr_t)x.d};
    mp_int modulus = {.used = (int)y.n, .alloc = (int)y.n, .sign = MP_ZPOS, .dp = (mp_digit *)(uintptr_t)y.d};
    mp_int inverse;
    if (mp_init(&inverse) != MP_OKAY) return vm_no_memory(vm);
    mp_err failed = mp_invmod(&value, &modulus, &inverse);
    Value v = failed == MP_MEM ? vm_no_memory(vm) : VALUE_UNSET;
    if (failed == MP_OKAY) v = int_from_digits(vm, inverse.dp, (size_t)inverse.used, 1);
    mp_clear(&inverse);
    return v;
}

/* ---- greatest common divisor ---- */

uint64_t bigint_gcd_words(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

/* Several steps of Euclid's algorithm at once. Even: a, b become A a - B b, D b - C a; odd: A b - B a, D
 * a - C b. */
typedef struct Lehmer {
    int64_t a, b, c, d;
    unsigned steps;
} Lehmer;

/* Simulate the algorithm on the leading 60 bits while its quotients are certain (Knuth 4.5.2 L, Collins'
 * condition). */
static Lehmer lehmer_steps(const Digit *a, const Digit *b, size_t n)
{
    unsigned shift = (unsigned)__builtin_clzll(a[n - 1]) - (64 - DIGIT_BITS);
    int64_t x = (int64_t)((a[n - 1] << shift | (shift ? a[n - 2] >> (DIGIT_BITS - shift) : 0)) & DIGIT_MASK);
    int64_t y = (int64_t)((b[n - 1] << shift | (shift ? b[n - 2] >> (DIGIT_BITS - shift) : 0)) & DIGIT_MASK);
    Lehmer m = {1, 0, 0, 1, 0};
    while (y != m.c) {
        int64_t q = (x + m.a - 1) / (y - m.c), s = m.b + q * m.d, t = x - q * y;
        if (s > t) break;
        x = y, y = t;
        t = m.a + q * m.c;
        m.a = m.d, m.b = m.c, m.c = s, m.d = t;
        m.steps++;
    }
    return m;
}

static void lehmer_apply(const Lehmer *m, Digit *a, Digit *b, size_t n)
{
    __int128 carry_a = 0, carry_b = 0;
    int64_t aa = m->a, ab = -m->b, ba = -m->c, bb = m->d;
    if (m->steps % 2) aa = -m->b, ab = m->a, ba = m->d, bb = -m->c;
    for (size_t i = 0; i < n; i++) {
        carry_a += (__int128)aa * (int64_t)a[i] + (__int128)ab * (int64_t)b[i];
        carry_b += (__int128)ba * (int64_t)a[i] + (__int128)bb * (int64_t)b[i];
        a[i] = (Digit)carry_a & DIGIT_MASK;
        b[i] = (Digit)carry_b & DIGIT_MASK;
        carry_a >>= DIGIT_BITS;
        carry_b >>= DIGIT_BITS;
    }
}

/* a >= b, both with n digits, are used up; q and r: room for a division. Answers the length of the
 * result, in a. */
static bool gcd_loop(VM *vm, Digit *a, Digit *b, size_t *length, Digit *q, Digit *r)
{
    size_t n = *length, nb;
    while ((n = mag_trim(a, n)) > 1 && (nb = mag_trim(b, n)) > 0) {
        Lehmer m = lehmer_steps(a, b, n);
        if (m.steps) {
            lehmer_apply(&m, a, b, n);
        } else {
            if (!mag_divmod(vm, q, r, a, n, b, nb)) return false;
            memcpy(a, b, n * sizeof *a);
            memcpy(b, r, nb * sizeof *b);
            memset(b + nb, 0, (n - nb) * sizeof *b);
        }
        if (!vm_tick(vm, n / 4 + 1)) return false;
    }
    if (n == 1) a[0] = bigint_gcd_words(a[0], b[0]);
    *length = n;
    return true;
}

Value bigint_gcd(VM *vm, Value a, Value b)
{
    IntView x, y;
    int_view(&x, a);
    int_view(&y, b);
    const IntView *big = &x, *low = &y;
    if (mag_cmp(x.d, x.n, y.d, y.n) < 0) big = &y, low = &x;
    size_t n = big->n;
    Scratch s;
    if (!scratch_open(vm, &s, 4 * n + 1)) return VALUE_ERROR;
    memset(s.d, 0, 2 * n * sizeof *s.d);
    memcpy(s.d, big->d, n * sizeof *s.d);
    memcpy(s.d + n, low->d, low->n * sizeof *s.d);
    Value v = VALUE_ERROR;
    if (gcd_loop(vm, s.d, s.d + n, &n, s.d + 2 * n, s.d + 3 * n + 1)) v = int_from_digits(vm, s.d, n, 1);
    scratch_close(&s);
    return v;
}

/* ---- to floats ---- */

double scale_rounded(uint64_t mantissa, int64_t exponent)
{
    if (mantissa == 0) return 0.0;
    int64_t top = 64 - __builtin_clzll(mantissa) + exponent; // 2^(top-1) <= value < 2^top
    if (top > 1024) return INFINITY;
    int64_t last = top - 53 < -1074 ? -1074 : top - 53; // exponent of the last bit that is kept
    int64_t drop = last - exponent;
    if (drop <= 0) return ldexp((double)mantissa, (int)exponent);
    if (drop > 64) return 0.0;
    uint64_t kept = drop < 64 ? mantissa >> drop : 0, rest = drop < 64 ? mantissa - (kept << drop) : mantissa;
    uint64_t half = (uint64_t)1 << (drop - 1);
    if (rest > half || (rest == half && kept % 2)) kept++;
    return ldexp((double)kept, (int)last);
}

/* By a quotient of 62 or 63 bits whose last one says whether there was a remainder: enough to round it
 * right. */
bool bigint_truediv(VM *vm, Value a, Value b, double *out)
{
    IntView x, y;
    int_view(&x, a);
    int_view(&y, b);
    int sign = x.sign * y.sign;
    *out = y.sign < 0 ? -0.0 : 0.0;
    if (x.n == 0) return true;
    int64_t shift = 62 - ((int64_t)mag_bits(x.d, x.n) - (int64_t)mag_bits(y.d, y.n));
    if (shift < 62 - 1100) *out = sign * INFINITY;
    if (shift > 62 + 1100) *out = sign * 0.0;
    if (shift < 62 - 1100 || shift > 62 + 1100) return true;

    Value numerator = shift > 0 ? bigint_lshift(vm, a, (size_t)shift) : a;
    Value denominator = shift < 0 ? bigint_lshift(vm, b, (size_t)-shift) : b;
    Value quotient, remainder;
    if (is_error(numerator) || is_error(denominator)) return false;
    if (!bigint_divmod(vm, numerator, denominator, &quotient, &remainder)) return false;
    // Floored: a negative quotient with a remainder is one further from zero.
    IntView q;
    int_view(&q, quotient);
    uint64_t mantissa = q.d[0] | (q.n > 1 ? q.d[1] << DIGIT_BITS : 0);
    if (remainder != small(0)) mantissa = sign < 0 ? (mantissa - 1) | 1 : mantissa | 1;
    *out = sign * scale_rounded(mantissa, -shift);
    return true;
}
