/* format_number.c - ints and floats by the format-spec mini-language. */
#include "vm/float.h"
#include "vm/format_spec.h"
#include "vm/int.h"
#include "vm/protocol.h"
#include "vm/utf8.h"

#include <limits.h>
#include <math.h>

/* A number taken apart: sign, prefix, digits that are grouped, and what comes behind them. */
typedef struct Parts {
    bool negative;
    const char *prefix;
    const char *digits;
    size_t n_digits;
    const char *rest; // decimal point, exponent, %; or inf, nan, a character
    size_t n_rest;
} Parts;

/* How many digits, with leading zeros, take at least `width` characters together with a separator per
 * `group`. */
static size_t padded_digits(size_t n, size_t width, size_t group)
{
    if (!group) return n > width ? n : width;
    size_t digits = width / (group + 1) * group;
    if (digits < n) digits = n;
    while (digits + (digits - 1) / group < width) digits++;
    return digits;
}

static void add_digits(StrBuilder *b, const Parts *parts, size_t digits, char separator, size_t group)
{
    size_t zeros = digits - parts->n_digits;
    if (!separator) {
        sb_add_fill(b, '0', zeros);
        sb_add(b, parts->digits, parts->n_digits);
        return;
    }
    for (size_t i = 0; i < digits && !b->failed; i++) {
        if (i && (digits - i) % group == 0) sb_add(b, &separator, 1);
        sb_add(b, i < zeros ? "0" : parts->digits + (i - zeros), 1);
    }
}

static Value lay_out(VM *vm, const FormatSpec *spec, const Parts *parts, size_t group)
{
    char sign = parts->negative ? '-' : spec->sign == '+' || spec->sign == ' ' ? spec->sign : 0;
    char separator = spec->grouping;
    if (!separator) group = 0;
    size_t others = (sign != 0) + strlen(parts->prefix) + utf8_count(parts->rest, parts->n_rest),
           digits = parts->n_digits;
    bool zero_padded = spec->fill == '0' && spec->align == '=' && spec->width > (int64_t)others;
    if (digits) digits = padded_digits(digits, zero_padded ? (size_t)spec->width - others : 0, group);
    size_t length = others + digits + (digits && group ? (digits - 1) / group : 0), left, right, inside = 0;
    format_padding(spec, length, &left, &right);
    if (spec->align == '=') inside = right, right = 0;

    StrBuilder b;
    sb_init(&b, vm);
    sb_add_fill(&b, spec->fill, left);
    sb_add(&b, &sign, sign != 0);
    sb_add_c(&b, parts->prefix);
    sb_add_fill(&b, spec->fill, inside);
    add_digits(&b, parts, digits, separator, group);
    sb_add(&b, parts->rest, parts->n_rest);
    sb_add_fill(&b, spec->fill, right);
    return sb_finish(&b);
}

/* ---- ints ---- */

static Value format_character(VM *vm, Value v, const FormatSpec *spec)
{
    int64_t c;
    char text[UTF8_MAX];
    if (spec->sign) return vm_raise(vm, ERR_VALUE, "Sign not allowed with integer format specifier 'c'");
    if (spec->alternate)
        return vm_raise(vm, ERR_VALUE, "Alternate form (#) not allowed with integer format specifier 'c'");
    if (!int_to_i64(v, &c)) return vm_raise(vm, ERR_OVERFLOW, "Python int too large to convert to C long");
    if (c < 0 || c > 0x10FFFF) return vm_raise(vm, ERR_OVERFLOW, "%%c arg not in range(0x110000)");
    return lay_out(vm, spec, &(Parts){.prefix = "", .rest = text, .n_rest = utf8_put(text, (uint32_t)c)}, 0);
}

static void to_upper(char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i] >= 'a' && text[i] <= 'z') text[i] -= 'a' - 'A';
}

static Value format_integer(VM *vm, Value v, const FormatSpec *spec)
{
    if (spec->precision >= 0)
        return vm_raise(vm, ERR_VALUE, "Precision not allowed in integer format specifier");
    if (spec->no_minus_zero)
        return vm_raise(vm, ERR_VALUE, "Negative zero coercion (z) not allowed in integer format specifier");
    if (spec->type == 'c') return format_character(vm, v, spec);
    char type = spec->type ? (char)spec->type : 'd';
    int base = type == 'b' ? 2 : type == 'o' ? 8 : (type | 32) == 'x' ? 16 : 10;
    Value text = type == 'X' ? int_to_hex_capitals(vm, v) : int_to_str(vm, v, base);
    if (is_error(text)) return text;
    const Str *s = as_str(text);
    char prefix[] = {'0', type, 0};
    Parts parts = {.prefix = spec->alternate && base != 10 ? prefix : "",
                   .digits = s->data,
                   .n_digits = s->size,
                   .rest = ""};
    parts.negative = s->data[0] == '-';
    parts.digits += parts.negative;
    parts.n_digits -= parts.negative;
    return lay_out(vm, spec, &parts, base == 10 ? 3 : 4);
}

static bool is_one_of(uint32_t type, const char *types)
{
    return type && type < 0x80 && strchr(types, (int)type);
}

static Value format_real(VM *vm, double d, const FormatSpec *spec);

Value format_int(VM *vm, Value v, Str *spec_text)
{
    if (spec_text->size == 0) return is_exact_int(v) ? int_to_str(vm, v, 10) : obj_str(vm, v);
    FormatSpec spec;
    double d;
    if (!format_spec_parse(vm, spec_text, 0, '>', type_name(vm, v), &spec)) return VALUE_ERROR;
    if (spec.type == 0 || is_one_of(spec.type, "bcdoxXn")) return format_integer(vm, v, &spec);
    if (!is_one_of(spec.type, "eEfFgG%")) return format_unknown_type(vm, spec.type, type_name(vm, v));
    return float_from_object(vm, v, &d) ? format_real(vm, d, &spec) : VALUE_ERROR; // __float__ of a subclass counts
}

/* ---- floats ---- */

/* Text of a float while it is made: on the C stack when short. */
typedef struct Text {
    VM *vm;
    char *at;
    size_t n, size;
    char local[400];
} Text;

static void text_close(Text *t)
{
    if (t->at != t->local) heap_free(t->vm, t->at, t->size);
}

static bool print(Text *t, char type, bool alternate, int precision, double d)
{
    int n = float_print(t->local, sizeof t->local, type, alternate, precision, d);
    t->at = t->local;
    t->n = (size_t)n;
    if (n >= 0 && (size_t)n < sizeof t->local) return true;
    t->size = (size_t)n + 2; // a % may follow
    if (n < 0 || !(t->at = heap_malloc(t->vm, t->size))) {
        t->at = t->local;
        if (n < 0) vm_no_memory(t->vm);
        return false;
    }
    float_print(t->at, t->size, type, alternate, precision, d);
    return true;
}

/* As g. `decimals`: a precision without a type, with at least one digit behind the point, which counts as
 * one of them. (Not by printf, whose %#.2g of 99.95 has lost a digit in some versions of glibc.) */
static bool print_general(Text *t, bool alternate, bool decimals, int precision, double d)
{
    if (precision == 0) precision = 1;
    if (!print(t, 'e', alternate, precision - 1, d)) return false;
    char *e = memchr(t->at, 'e', t->n);
    int exponent = 0;
    bool negative = e[1] == '-';
    for (char *p = e + 2; p < t->at + t->n; p++) exponent = exponent * 10 + (*p - '0');
    if (negative) exponent = -exponent;
    if (exponent >= -4 && exponent < precision - decimals) {
        text_close(t);
        if (!print(t, 'f', alternate, precision - 1 - exponent, d)) return false;
        if (alternate) return true;
        while (t->at[t->n - 1] == '0' && t->at[t->n - 2] != '.') t->n--;
        return true;
    }
    if (alternate || precision == 1) return true;
    char *last = e;
    while (last[-1] == '0') last--;
    if (last[-1] == '.') last--;
    size_t tail = (size_t)(t->at + t->n - e);
    memmove(last, e, tail);
    t->n = (size_t)(last - t->at) + tail;
    return true;
}

/* repr, which with # has a decimal point always. */
static void print_repr(Text *t, bool alternate, double d)
{
    t->at = t->local;
    t->n = (size_t)float_to_text(d, t->local);
    char *e = memchr(t->local, 'e', t->n);
    if (!alternate || !e || memchr(t->local, '.', t->n)) return;
    memmove(e + 1, e, (size_t)(t->local + t->n - e));
    *e = '.';
    t->n++;
}

static bool print_real(Text *t, const FormatSpec *spec, double d)
{
    char type = spec->type == 'n' ? 'g' : spec->type == '%' ? 'f' : (char)(spec->type | 32);
    int precision = (int)spec->precision;
    if (!isfinite(d) || (spec->type == 0 && precision < 0)) {
        print_repr(t, spec->alternate, d);
        return true;
    }
    if (precision < 0) precision = 6;
    if (spec->type == 0 || (type == 'g' && spec->alternate))
        return print_general(t, spec->alternate, spec->type == 0, precision, d);
    return print(t, type, spec->alternate, precision, d);
}

/* Is the number zero as it is written? */
static bool shows_zero(const Text *t)
{
    for (size_t i = 0; i < t->n && (t->at[i] | 32) != 'e'; i++)
        if (t->at[i] >= '1' && t->at[i] <= '9') return false;
    return true;
}

static Value format_real(VM *vm, double d, const FormatSpec *spec)
{
    if (spec->precision > INT_MAX) return vm_raise(vm, ERR_VALUE, "precision too big");
    Text t = {.vm = vm};
    if (spec->type == '%') d *= 100;
    if (!print_real(&t, spec, fabs(d))) return VALUE_ERROR;
    if (spec->type == '%') t.at[t.n++] = '%';
    if (is_one_of(spec->type, "EFG")) to_upper(t.at, t.n);
    size_t digits = 0;
    while (digits < t.n && t.at[digits] >= '0' && t.at[digits] <= '9') digits++;
    Parts parts = {signbit(d) && !isnan(d), "", t.at, digits, t.at + digits, t.n - digits};
    if (spec->no_minus_zero && digits && shows_zero(&t)) parts.negative = false;
    Value v = lay_out(vm, spec, &parts, 3);
    text_close(&t);
    return v;
}

Value format_float(VM *vm, double d, Str *spec_text)
{
    if (spec_text->size == 0) return float_repr(vm, d);
    FormatSpec spec;
    if (!format_spec_parse(vm, spec_text, 0, '>', "float", &spec)) return VALUE_ERROR;
    if (spec.type && !is_one_of(spec.type, "eEfFgGn%")) return format_unknown_type(vm, spec.type, "float");
    return format_real(vm, d, &spec);
}
