/* float_text.c - floats to text and back; nothing here depends on the process's locale. */
#define _GNU_SOURCE // strtod_l
#include "vm/bigint.h"
#include "vm/bytes.h"
#include "vm/float.h"
#include "vm/protocol.h"
#include "vm/str.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* glibc keeps the C locale ready: newlocale allocates nothing for it. */
static locale_t c_locale(void)
{
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* %.*f of everyday numbers: mantissa * 10^precision fits 128 bits, so one shift rounds it exactly, half to even.
 * Answers the length; -1: printf has to do it. */
static int print_fixed(char *buf, size_t size, int precision, double d)
{
    __extension__ typedef unsigned __int128 Wide;
    static const uint64_t powers[] = {1,      10,      100,      1000,      10000,
                                      100000, 1000000, 10000000, 100000000, 1000000000};
    if (precision >= (int)(sizeof powers / sizeof *powers) || !(d >= 1e-9 && d < 1e9) || size < 32) return -1;
    int exponent;
    uint64_t mantissa = (uint64_t)ldexp(frexp(d, &exponent), 53);
    int shift = 53 - exponent; // 23 to 82: d = mantissa / 2^shift
    Wide scaled = (Wide)mantissa * powers[precision], half = (Wide)1 << (shift - 1);
    Wide whole = scaled >> shift, rest = scaled - (whole << shift);
    if (rest > half || (rest == half && (whole & 1))) whole++;
    char text[INT64_TEXT], *digits = int64_to_text((int64_t)whole, text);
    int n = (int)(text + INT64_TEXT - digits), zeros = n > precision ? 0 : precision + 1 - n;
    int before = n + zeros - precision; // of the point
    memset(buf, '0', (size_t)zeros);
    memcpy(buf + zeros, digits, (size_t)n);
    if (!precision) return before;
    memmove(buf + before + 1, buf + before, (size_t)precision);
    buf[before] = '.';
    return before + 1 + precision;
}

int float_print(char *buf, size_t size, char type, bool alternate, int precision, double d)
{
    if (type == 'f' && !alternate) {
        int quick = print_fixed(buf, size, precision, d);
        if (quick >= 0) return buf[quick] = 0, quick;
    }
    locale_t locale = c_locale(), before = uselocale(locale);
    int n;
    switch (type) {
    case 'e': n = snprintf(buf, size, alternate ? "%#.*e" : "%.*e", precision, d); break;
    case 'f': n = snprintf(buf, size, alternate ? "%#.*f" : "%.*f", precision, d); break;
    default: n = snprintf(buf, size, alternate ? "%#.*g" : "%.*g", precision, d); break;
    }
    uselocale(before);
    freelocale(locale);
    return n;
}

double float_scan(const char *text)
{
    locale_t locale = c_locale();
    double d = strtod_l(text, NULL, locale);
    freelocale(locale);
    return d;
}

/* ---- repr ---- */

/* The shortest decimal that reads back as the number: 0.d1d2d3... * 10^point. */
typedef struct Decimal {
    char digits[20];
    int n, point;
} Decimal;

static void set_digits(Decimal *out, int64_t mantissa, int point_from_end)
{
    char buf[INT64_TEXT], *text = int64_to_text(mantissa, buf);
    out->n = (int)(buf + INT64_TEXT - text);
    out->point = out->n - point_from_end;
    memcpy(out->digits, text, (size_t)out->n);
    while (out->n > 1 && out->digits[out->n - 1] == '0') out->n--;
}

/* Numbers of at most 15 digits, which are most of those that people write, by three operations. A
 * quotient of two exact doubles is rounded correctly, so mantissa / 10^k == d says that the decimal reads
 * back; with 15 digits none other does. */
static bool short_decimal(double d, Decimal *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,
                                    1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19};
    if (d < 1e-4 || d >= 1e15) return false;
    int k = 15;
    for (double limit = 1.0; d >= limit; limit *= 10.0) k--;
    for (double limit = 0.1; d < limit && k < 19; limit /= 10.0) k++;
    double mantissa = rint(d * powers[k]);
    if (mantissa >= 1e15 || mantissa / powers[k] != d) return false;
    set_digits(out, (int64_t)mantissa, k);
    return true;
}

/* A number between 1e-11 and 1e17 as an exact fraction value / unit with 17 digits before its point: m
 * 2^e 10^k, where 5^k times the mantissa fits 128 bits. `ulp`: the distance of the next float above. */
typedef struct Fraction {
    unsigned __int128 value, unit, ulp;
    bool even, power_of_two;
} Fraction;

static Fraction make_fraction(uint64_t mantissa, int exponent, int k)
{
    uint64_t five = 1;
    for (int i = 0; i < k; i++) five *= 5;
    int shift = exponent + k, left = shift > 0 ? shift : 0, right = shift < 0 ? -shift : 0;
    return (Fraction){.value = (unsigned __int128)mantissa * five << left,
                      .unit = (unsigned __int128)1 << right,
                      .ulp = (unsigned __int128)five << left,
                      .even = mantissa % 2 == 0,
                      .power_of_two = mantissa == (uint64_t)1 << 52};
}

/* Does `candidate` read back as the number? Half way to a neighbour it does if the mantissa is even.
 * Below a power of two the floats lie twice as dense. */
static bool reads_back(const Fraction *f, uint64_t candidate)
{
    unsigned __int128 c = candidate * f->unit;
    bool below = c < f->value;
    unsigned __int128 distance = (below ? f->value - c : c - f->value) * (below && f->power_of_two ? 4 : 2);
    return distance < f->ulp || (distance == f->ulp && f->even);
}

/* The multiple of `step` that is nearest to the number (ties to even), or the next one above or below it
 * by `other`. */
static uint64_t nearest(const Fraction *f, uint64_t step, int other)
{
    unsigned __int128 unit = f->unit * step;
    uint64_t low = (uint64_t)(f->value / unit);
    unsigned __int128 twice = (f->value - low * unit) * 2;
    bool up = twice > unit || (twice == unit && low % 2);
    return (low + (up ^ other)) * step;
}

static bool exact_decimal(double d, Decimal *out)
{
    static const double tenths[] = {1e0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11};
    if (d < 1e-11 || d >= 1e17) return false;
    int exponent, k = 16;
    uint64_t mantissa = (uint64_t)ldexp(frexp(d, &exponent), 53);
    for (double limit = 10.0; d >= limit; limit *= 10.0) k--;
    for (int i = 0; d < tenths[i]; i++) k++;
    Fraction f = make_fraction(mantissa, exponent - 53, k);
    static const uint64_t steps[] = {100, 10, 1};
    for (int i = 0; i < 3; i++) {
        uint64_t candidate = nearest(&f, steps[i], 0);
        if (!reads_back(&f, candidate) && f.power_of_two) candidate = nearest(&f, steps[i], 1);
        if (steps[i] > 1 && !reads_back(&f, candidate)) continue;
        set_digits(out, (int64_t)candidate, k);
        return true;
    }
    return false;
}

static bool try_digits(double d, int precision, Decimal *out)
{
    char buf[40];
    float_print(buf, sizeof buf, 'e', false, precision - 1, d);
    if (float_scan(buf) != d && precision < 17) return false;
    out->digits[0] = buf[0];
    memcpy(out->digits + 1, buf + 2, (size_t)precision - 1);
    out->n = precision;
    out->point = atoi(buf + (precision > 1 ? precision + 2 : 2)) + 1;
    return true;
}

/* Below a power of two the floats lie twice as dense: the nearest 16 digits may read back as the
 * neighbour there, while those one higher still read back as the power itself. */
static bool try_power_of_two(double d, Decimal *out)
{
    int exponent;
    char buf[40];
    if (frexp(d, &exponent) != 0.5) return false;
    float_print(buf, sizeof buf, 'e', false, 15, d);
    char *last = buf + 16;
    if (*last == '9') return false; // does not happen for any of them
    ++*last;
    if (float_scan(buf) != d) return false;
    out->digits[0] = buf[0];
    memcpy(out->digits + 1, buf + 2, 15);
    out->n = 16;
    out->point = atoi(buf + 18) + 1;
    return true;
}

/* d > 0, finite */
static void shortest(double d, Decimal *out)
{
    if (short_decimal(d, out) || exact_decimal(d, out)) return;
    // Subnormals have fewer bits, so that fewer digits may do.
    int precision = d < 0x1p-1022 ? 1 : 15;
    while (!try_digits(d, precision, out)) {
        if (precision == 16 && try_power_of_two(d, out)) break;
        precision++;
    }
    while (out->n > 1 && out->digits[out->n - 1] == '0') out->n--;
}

static char *put(char *at, const char *text, int n)
{
    memcpy(at, text, (size_t)n);
    return at + n;
}

static char *put_zeros(char *at, int n)
{
    memset(at, '0', (size_t)n);
    return at + n;
}

static char *put_exponent(char *at, const Decimal *d)
{
    at = put(at, d->digits, 1);
    if (d->n > 1) *at++ = '.';
    at = put(at, d->digits + 1, d->n - 1);
    return at + sprintf(at, "e%+03d", d->point - 1);
}

static char *put_fixed(char *at, const Decimal *d)
{
    if (d->point <= 0) return put(put_zeros(put(at, "0.", 2), -d->point), d->digits, d->n);
    if (d->n <= d->point) return put(put_zeros(put(at, d->digits, d->n), d->point - d->n), ".0", 2);
    return put(put(put(at, d->digits, d->point), ".", 1), d->digits + d->point, d->n - d->point);
}

int float_to_text(double d, char *buf)
{
    char *at = buf;
    if (isnan(d)) return (int)(put(at, "nan", 4) - 1 - buf);
    if (signbit(d)) *at++ = '-';
    d = fabs(d);
    if (isinf(d)) {
        at = put(at, "inf", 3);
    } else if (d < 0x1p53 && d == floor(d)) {
        char text[INT64_TEXT], *start = int64_to_text((int64_t)d, text);
        at = put(put(at, start, (int)(text + INT64_TEXT - start)), ".0", 2);
    } else {
        Decimal decimal;
        shortest(d, &decimal);
        at = decimal.point > -4 && decimal.point <= 16 ? put_fixed(at, &decimal) : put_exponent(at, &decimal);
    }
    *at = 0;
    return (int)(at - buf);
}

Value float_repr(VM *vm, double d)
{
    char buf[32];
    int n = float_to_text(d, buf);
    return str_new(vm, buf, (size_t)n);
}

/* ---- from text ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void strip(const char **text, size_t *n)
{
    while (*n && is_number_space(**text)) ++*text, --*n;
    while (*n && is_number_space((*text)[*n - 1])) --*n;
}

static bool equals_ignoring_case(const char *text, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if ((text[i] | 32) != word[i]) return false; // ends at the word's NUL
    return word[n] == 0;
}

/* "inf", "infinity", "nan" without sign. */
static bool scan_special(const char *text, size_t n, double *out)
{
    if (equals_ignoring_case(text, n, "nan"))
        *out = (double)NAN;
    else if (equals_ignoring_case(text, n, "inf") || equals_ignoring_case(text, n, "infinity"))
        *out = INFINITY;
    else
        return false;
    return true;
}

/* Digits with single underscores between them, copied without; false if an underscore stands wrong. */
static bool copy_digits(const char **at, const char *end, char **out, size_t *count)
{
    *count = 0;
    while (*at < end && (is_digit(**at) || (**at == '_' && *count))) {
        if (**at == '_' && (end - *at < 2 || !is_digit((*at)[1]))) return false;
        if (**at != '_') *(*out)++ = **at, ++*count;
        ++*at;
    }
    return true;
}

/* Copies a decimal literal without underscores and blanks into buf: true if it is one. */
static bool clean_decimal(const char *at, size_t n, char *buf)
{
    const char *end = at + n;
    char *out = buf;
    size_t whole, fraction = 0, exponent;
    if (!copy_digits(&at, end, &out, &whole)) return false;
    if (at < end && *at == '.') {
        *out++ = *at++;
        if (!copy_digits(&at, end, &out, &fraction)) return false;
    }
    if (whole + fraction == 0) return false;
    if (at < end && (*at | 32) == 'e') {
        *out++ = *at++;
        if (at < end && (*at == '-' || *at == '+')) *out++ = *at++;
        if (!copy_digits(&at, end, &out, &exponent) || !exponent) return false;
    }
    *out = 0;
    return at == end;
}

/* Up to 15 digits and a small exponent: both parts are exact, so one operation rounds correctly. */
static bool scan_short(const char *text, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int64_t mantissa = 0;
    int digits = 0, decimals = 0;
    bool point = false;
    for (; is_digit(*text) || (*text == '.' && !point); text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        if (++digits > 15) return false;
        mantissa = mantissa * 10 + (*text - '0');
        decimals += point;
    }
    if (*text) return false;
    *out = (double)mantissa / powers[decimals];
    return true;
}

/* ASCII text, NUL after its n characters not needed; buf has room for n + 1. */
static bool scan_float(const char *text, size_t n, char *buf, double *out)
{
    strip(&text, &n);
    bool negative = n && *text == '-';
    if (n && (*text == '-' || *text == '+')) text++, n--;
    if (!scan_special(text, n, out)) {
        if (!clean_decimal(text, n, buf)) return false;
        if (!scan_short(buf, out)) *out = float_scan(buf);
    }
    if (negative) *out = -*out;
    return true;
}

static Value not_a_float(VM *vm, Value shown)
{
    Value text = obj_repr(vm, shown);
    return is_error(text) ? text : vm_raise(vm, ERR_VALUE, "could not convert string to float: %V", text);
}

/* `shown`: what the error text quotes, or UNSET for the text itself. */
static Value parse(VM *vm, const char *text, size_t n, Value shown)
{
    size_t size = 2 * n + 1;
    char local[256], *buf = size <= sizeof local ? local : heap_malloc(vm, size);
    if (!buf) return VALUE_ERROR;
    double d;
    size_t length = n;
    if (is_unset(shown) || is_str(shown))
        length = text_to_ascii(text, n, buf);
    else
        memcpy(buf, text, n);
    bool fine = scan_float(buf, length, buf + n, &d);
    if (buf != local) heap_free(vm, buf, size);
    if (fine) return float_value(vm, d);
    if (is_unset(shown) && is_error(shown = str_new(vm, text, n))) return shown;
    return not_a_float(vm, shown);
}

Value float_parse(VM *vm, const char *text, size_t n)
{
    return parse(vm, text, n, VALUE_UNSET);
}

Value float_parse_object(VM *vm, Value v)
{
    if (is_str(v)) return parse(vm, as_str(v)->data, as_str(v)->size, v);
    ByteView bytes = byte_view(v);
    return parse(vm, (const char *)bytes.data, bytes.size, v);
}

/* ---- hexadecimal ---- */

Value float_hex(VM *vm, double d)
{
    if (!isfinite(d)) return float_repr(vm, d);
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    int exponent = (int)(bits >> 52 & 0x7FF);
    char buf[40];
    int n;
    const char *sign = signbit(d) ? "-" : "";
    if (d == 0.0)
        n = snprintf(buf, sizeof buf, "%s0x0.0p+0", sign);
    else
        n = snprintf(buf, sizeof buf, "%s0x%d.%013llxp%+d", sign, exponent != 0, (unsigned long long)fraction,
                     exponent ? exponent - 1023 : -1022);
    return str_new(vm, buf, (size_t)n);
}

static int hex_value(char c)
{
    if (is_digit(c)) return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* mantissa * 2^exponent; the lowest bit of the mantissa is set when bits beyond it were dropped. */
typedef struct HexNumber {
    uint64_t mantissa;
    int64_t exponent;
    size_t digits;
} HexNumber;

static const char *scan_hex_digits(const char *at, const char *end, HexNumber *out, bool fraction)
{
    for (int value; at < end && (value = hex_value(*at)) >= 0; at++) {
        out->digits++;
        if (out->mantissa >> 58) { // no room: only remember that something was there
            out->mantissa |= value != 0;
            out->exponent += fraction ? 0 : 4;
            continue;
        }
        out->mantissa = out->mantissa << 4 | (unsigned)value;
        out->exponent -= fraction ? 4 : 0;
    }
    return at;
}

static const char *scan_hex_exponent(const char *at, const char *end, HexNumber *out)
{
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) at++;
    const char *first = at;
    int64_t exponent = 0;
    for (; at < end && is_digit(*at); at++)
        if (exponent < INT64_MAX / 100) exponent = exponent * 10 + (*at - '0');
    out->exponent += negative ? -exponent : exponent;
    return at == first ? NULL : at;
}

static bool scan_hex(const char *text, size_t n, HexNumber *out)
{
    const char *at = text, *end = text + n;
    if (n >= 2 && at[0] == '0' && (at[1] | 32) == 'x') at += 2;
    at = scan_hex_digits(at, end, out, false);
    if (at < end && *at == '.') at = scan_hex_digits(at + 1, end, out, true);
    if (!out->digits) return false;
    if (at < end && (*at | 32) == 'p') at = scan_hex_exponent(at + 1, end, out);
    return at == end;
}

Value float_parse_hex(VM *vm, const char *text, size_t n)
{
    strip(&text, &n);
    bool negative = n && *text == '-';
    if (n && (*text == '-' || *text == '+')) text++, n--;
    double d;
    if (!scan_special(text, n, &d)) {
        HexNumber number = {0};
        if (!scan_hex(text, n, &number))
            return vm_raise(vm, ERR_VALUE, "invalid hexadecimal floating-point string");
        d = scale_rounded(number.mantissa, number.exponent);
        if (isinf(d))
            return vm_raise(vm, ERR_OVERFLOW, "hexadecimal value too large to represent as a float");
    }
    return float_value(vm, negative ? -d : d);
}
