#include "vm/format_spec.h"
#include "vm/unitables.h"
#include "vm/utf8.h"

typedef struct SpecReader {
    VM *vm;
    const char *at, *end;
} SpecReader;

static uint32_t peek(const SpecReader *in)
{
    const char *at = in->at;
    return at < in->end ? utf8_get(&at) : 0;
}

static bool accept(SpecReader *in, char c)
{
    if (in->at == in->end || *in->at != c) return false;
    in->at++;
    return true;
}

static bool is_align(uint32_t c)
{
    return c == '<' || c == '>' || c == '=' || c == '^';
}

/* A fill is whatever stands before an alignment. Answers whether there was a fill. */
static bool read_align(SpecReader *in, FormatSpec *out, bool *aligned)
{
    SpecReader next = *in;
    if (next.at < next.end) {
        uint32_t fill = utf8_get(&next.at);
        if (is_align(peek(&next))) {
            out->fill = fill;
            out->align = *next.at;
            in->at = next.at + 1;
            return *aligned = true;
        }
    }
    *aligned = is_align(peek(in));
    if (*aligned) out->align = *in->at++;
    return false;
}

/* Digits of any script. False: too many; *out stays as it was when there are none. */
static bool read_number(SpecReader *in, int64_t *out)
{
    int64_t n = 0;
    const char *start = in->at;
    for (const char *next = in->at; next < in->end; in->at = next) {
        int digit = uni_decimal(utf8_get(&next));
        if (digit < 0) break;
        if (n > (INT64_MAX - digit) / 10) {
            vm_raise(in->vm, ERR_VALUE, "Too many decimal digits in format string");
            return false;
        }
        n = n * 10 + digit;
    }
    if (in->at != start) *out = n;
    return true;
}

static bool refuse(VM *vm, const char *text)
{
    vm_raise(vm, ERR_VALUE, "%s", text);
    return false;
}

static bool read_grouping(SpecReader *in, FormatSpec *out)
{
    if (accept(in, ',')) out->grouping = ',';
    if (accept(in, '_')) {
        if (out->grouping) return refuse(in->vm, "Cannot specify both ',' and '_'.");
        out->grouping = '_';
    }
    if (peek(in) == ',' && out->grouping == '_') return refuse(in->vm, "Cannot specify both ',' and '_'.");
    return true;
}

static bool read_precision(SpecReader *in, FormatSpec *out)
{
    if (!accept(in, '.')) return true;
    if (!read_number(in, &out->precision)) return false;
    return out->precision >= 0 || refuse(in->vm, "Format specifier missing precision");
}

/* What the texts of errors show of a type: itself, or its code. */
static bool is_showable(uint32_t type)
{
    return type > ' ' && type < 0x80;
}

static bool check_grouping(VM *vm, const FormatSpec *spec, uint32_t type)
{
    if (!spec->grouping || type == 0 || (type < 0x80 && strchr("defgEG%F", (int)type))) return true;
    if (spec->grouping == '_' && type < 0x80 && strchr("boxX", (int)type)) return true;
    if (is_showable(type))
        vm_raise(vm, ERR_VALUE, "Cannot specify '%c' with '%c'.", spec->grouping, (int)type);
    else
        vm_raise(vm, ERR_VALUE, "Cannot specify '%c' with '\\x%x'.", spec->grouping, type);
    return false;
}

bool format_spec_parse(VM *vm, Str *spec, char default_type, char default_align, const char *owner,
                       FormatSpec *out)
{
    SpecReader in = {vm, spec->data, spec->data + spec->size};
    *out = (FormatSpec){.fill = ' ', .width = -1, .precision = -1, .align = default_align};
    bool aligned, filled = read_align(&in, out, &aligned);
    uint32_t c = peek(&in);
    if (c == '+' || c == '-' || c == ' ') out->sign = *in.at++;
    out->no_minus_zero = accept(&in, 'z');
    out->alternate = accept(&in, '#');
    if (!filled && accept(&in, '0')) {
        out->fill = '0';
        if (!aligned && default_align == '>') out->align = '=';
    }
    if (!read_number(&in, &out->width) || !read_grouping(&in, out) || !read_precision(&in, out)) return false;
    if (in.at < in.end) out->type = utf8_get(&in.at);
    if (in.at < in.end) {
        vm_raise(vm, ERR_VALUE, "Invalid format specifier '%N' for object of type '%s'", spec, owner);
        return false;
    }
    return check_grouping(vm, out, out->type ? out->type : (uint32_t)default_type);
}

Value format_unknown_type(VM *vm, uint32_t type, const char *owner)
{
    if (is_showable(type))
        return vm_raise(vm, ERR_VALUE, "Unknown format code '%c' for object of type '%s'", (int)type, owner);
    return vm_raise(vm, ERR_VALUE, "Unknown format code '\\x%x' for object of type '%s'", type, owner);
}

void format_padding(const FormatSpec *spec, size_t length, size_t *left, size_t *right)
{
    size_t n = spec->width > 0 && (size_t)spec->width > length ? (size_t)spec->width - length : 0;
    *left = spec->align == '>' ? n : spec->align == '^' ? n / 2 : 0;
    *right = n - *left;
}
