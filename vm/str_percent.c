/* str_percent.c - the % operator of str and bytes. Both build their answer in a StrBuilder, the latter as raw
 * bytes. */
#include "vm/bigint.h"
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/str_methods.h"
#include <math.h>

/* One operation. The format is immutable and rooted by the caller, as are the arguments. */
typedef struct Percent {
    VM *vm;
    StrBuilder out;
    const char *start, *at, *end; // of the format
    bool bytes;
    Value args;      // the right operand
    Value mapping;   // the same if it can be asked for keys; else UNSET
    size_t used, n;  // of the arguments in a tuple; a single value counts as one
    Value *root;     // what a mapping answered, for one directive
} Percent;

typedef struct Directive {
    bool left, plus, blank, alternate, zero;
    bool keyed; // %(key)...: the argument is p->root[0]
    int64_t width, precision; // precision -1: not given
    uint32_t type;
} Directive;

static bool refuse(Percent *p, ErrorKind kind, const char *text)
{
    vm_raise(p->vm, kind, "%s", text);
    return false;
}

/* ---- arguments ---- */

static Value next_argument(Percent *p, Directive *d)
{
    if (d->keyed) {
        d->keyed = false;
        return *p->root;
    }
    if (p->used == p->n) return vm_raise(p->vm, ERR_TYPE, "not enough arguments for format string");
    size_t i = p->used++;
    return is_tuple(p->args) ? as_tuple(p->args)->items[i] : p->args;
}

/* %(key): the key may contain balanced parentheses. */
static bool read_key(Percent *p, Directive *d)
{
    if (is_unset(p->mapping)) return refuse(p, ERR_TYPE, "format requires a mapping");
    const char *start = ++p->at;
    for (int depth = 1; p->at < p->end; p->at++) {
        depth += (*p->at == '(') - (*p->at == ')');
        if (depth == 0) break;
    }
    if (p->at == p->end) return refuse(p, ERR_VALUE, "incomplete format key");
    size_t n = (size_t)(p->at++ - start);
    Value key = p->bytes ? bytes_new(p->vm, start, n) : str_new(p->vm, start, n);
    if (is_error(key)) return false;
    *p->root = key; // kept while the mapping looks at it
    Value v = obj_getitem(p->vm, p->mapping, key);
    if (is_error(v)) return false;
    *p->root = v;
    p->used = p->n; // as CPython: what is not a mapping's value is missing from now on
    d->keyed = true;
    return true;
}

static bool read_flags(Percent *p, Directive *d)
{
    for (; p->at < p->end; p->at++) {
        switch (*p->at) {
        case '-': d->left = true; continue;
        case '+': d->plus = true; continue;
        case ' ': d->blank = true; continue;
        case '#': d->alternate = true; continue;
        case '0': d->zero = true; continue;
        default: return true;
        }
    }
    return true;
}

/* Digits, or * for the next argument. *out stays as it is when there are none. */
static bool read_count(Percent *p, Directive *d, int64_t most, const char *too_big, int64_t *out)
{
    if (p->at < p->end && *p->at == '*') {
        p->at++;
        Value v = next_argument(p, d);
        if (is_error(v)) return false;
        if (!is_int(v)) return refuse(p, ERR_TYPE, "* wants int");
        if (int_to_i64(v, out) && *out <= most && *out >= -most) return true;
        return refuse(p, ERR_OVERFLOW, most == INT32_MAX ? "Python int too large to convert to C int"
                                                         : "Python int too large to convert to C ssize_t");
    }
    for (; p->at < p->end && is_ascii_digit(*p->at); p->at++) {
        int digit = *p->at - '0';
        if (*out < 0) *out = 0;
        if (*out > (most - digit) / 10) return refuse(p, ERR_VALUE, too_big);
        *out = *out * 10 + digit;
    }
    return true;
}

/* What stands between the % and the argument's text. */
static bool read_directive(Percent *p, Directive *d)
{
    *d = (Directive){.precision = -1};
    if (p->at < p->end && *p->at == '(' && !read_key(p, d)) return false;
    if (!read_flags(p, d) || !read_count(p, d, INT64_MAX, "width too big", &d->width)) return false;
    if (d->width < 0) {
        d->left = true;
        d->width = -d->width;
    }
    if (p->at < p->end && *p->at == '.') {
        p->at++;
        if (!read_count(p, d, INT32_MAX, "precision too big", &d->precision)) return false;
        if (d->precision < 0) d->precision = 0;
    }
    if (p->at < p->end && (*p->at == 'h' || *p->at == 'l' || *p->at == 'L')) p->at++;
    if (p->at == p->end) return refuse(p, ERR_VALUE, "incomplete format");
    d->type = p->bytes ? (unsigned char)*p->at++ : utf8_get(&p->at);
    return true;
}

/* ---- output ---- */

/* Text between spaces, or zeros behind its sign and prefix. `head`: sign and prefix, which come first. */
static bool add_padded(Percent *p, const Directive *d, const char *head, size_t head_size, const char *text,
                       size_t size, size_t length, bool zeros)
{
    size_t all = length + head_size, missing = d->width > (int64_t)all ? (size_t)d->width - all : 0;
    StrBuilder *b = &p->out;
    if (missing && !d->left && !zeros) sb_add_fill(b, ' ', missing);
    sb_add(b, head, head_size);
    if (missing && !d->left && zeros) sb_add_fill(b, '0', missing);
    sb_add(b, text, size);
    if (missing && d->left) sb_add_fill(b, ' ', missing);
    return !b->failed;
}

/* Text cut to the precision, in characters. */
static bool add_text(Percent *p, const Directive *d, const char *text, size_t size)
{
    size_t length = p->bytes ? size : utf8_count(text, size);
    if (d->precision >= 0 && d->type != 'c' && (size_t)d->precision < length) {
        length = (size_t)d->precision;
        size = p->bytes ? length : (size_t)(utf8_skip(text, text + size, length) - text);
    }
    return add_padded(p, d, "", 0, text, size, length, false);
}

static char sign_of(const Directive *d, bool negative)
{
    return negative ? '-' : d->plus ? '+' : d->blank ? ' ' : 0;
}

/* ---- conversions ---- */

static bool convert_text(Percent *p, const Directive *d, Value v)
{
    Value s = d->type == 's' ? obj_str(p->vm, v) : d->type == 'r' ? obj_repr(p->vm, v) : obj_ascii(p->vm, v);
    return !is_error(s) && add_text(p, d, as_str(s)->data, as_str(s)->size);
}

/* %s and %b of bytes. */
static bool convert_bytes(Percent *p, const Directive *d, Value v)
{
    if (!is_byteslike(v)) {
        Value b = obj_call_special(p->vm, v, D_BYTES, NULL, 0);
        if (is_error(b)) return false;
        if (is_unset(b)) {
            vm_raise(p->vm, ERR_TYPE,
                     "%%b requires a bytes-like object, or an object that implements __bytes__, not '%T'", v);
            return false;
        }
        if (!is_bytes(b)) {
            vm_raise(p->vm, ERR_TYPE, "__bytes__ returned non-bytes (type %T)", b);
            return false;
        }
        v = b;
    }
    ByteView view = byte_view(v);
    return add_text(p, d, (const char *)view.data, view.size);
}

static bool wrong_type(Percent *p, const Directive *d, Value v)
{
    bool integer = d->type == 'x' || d->type == 'X' || d->type == 'o';
    vm_raise(p->vm, ERR_TYPE, integer ? "%%%c format: an integer is required, not %T"
                                      : "%%%c format: a real number is required, not %T",
             p->bytes && d->type == 'i' ? 'd' : (int)d->type, v);
    return false;
}

/* The integer that %d and the like show: truncated for %d, exact for %x and %o. ERROR. */
static Value to_integer(Percent *p, const Directive *d, Value v)
{
    VM *vm = p->vm;
    if (is_int(v)) return int_normal(vm, v);
    bool exact = d->type == 'x' || d->type == 'X' || d->type == 'o';
    if (!exact && is_float(v) && !type_defines(type_of(vm, v), D_INT)) return int_from_double(vm, as_float(v));
    static const Dunder conversions[] = {D_INT, D_INDEX};
    for (int i = exact ? 1 : 0; i < 2; i++) {
        if (!type_defines(type_of(vm, v), conversions[i])) continue;
        Value n = obj_call_special(vm, v, conversions[i], NULL, 0);
        if (is_int(n)) return int_normal(vm, n);
        if (is_error(n) && !vm_pending_is(vm, ERR_TYPE)) return n;
        if (is_error(n)) vm_take_pending(vm);
        break;
    }
    bool text_with_float = (is_str(v) || is_bytes(v)) && type_defines(type_of(vm, v), D_FLOAT);
    if (!exact && text_with_float) { // passes for a number: int() reads its text
        Value n = vm_call(vm, obj_value(vm->types[T_INT]), &v, 1);
        if (!is_error(n) || !vm_pending_is(vm, ERR_TYPE)) return n;
        vm_take_pending(vm);
    }
    wrong_type(p, d, v);
    return VALUE_ERROR;
}

/* Digits with sign, prefix, and zeros up to the precision. */
static bool add_integer(Percent *p, const Directive *d, const char *text, size_t size)
{
    bool negative = *text == '-';
    char head[3], sign = sign_of(d, negative);
    size_t n = 0;
    if (sign) head[n++] = sign;
    if (d->alternate && (d->type == 'x' || d->type == 'X' || d->type == 'o')) {
        head[n++] = '0';
        head[n++] = (char)d->type;
    }
    text += negative;
    size -= negative;
    if (d->precision <= (int64_t)size) return add_padded(p, d, head, n, text, size, size, d->zero);
    StrBuilder digits;
    sb_init(&digits, p->vm);
    sb_add_fill(&digits, '0', (size_t)d->precision - size);
    sb_add(&digits, text, size);
    bool ok = !digits.failed && add_padded(p, d, head, n, digits.data, digits.size, digits.size, d->zero);
    sb_drop(&digits);
    return ok;
}

static bool convert_integer(Percent *p, const Directive *d, Value v)
{
    v = to_integer(p, d, v);
    if (is_error(v)) return false;
    int base = d->type == 'o' ? 8 : (d->type | 32) == 'x' ? 16 : 10;
    if (is_small(v) && base == 10) {
        char buf[INT64_TEXT], *text = int64_to_text(as_small(v), buf);
        return add_integer(p, d, text, (size_t)(buf + INT64_TEXT - text));
    }
    Value text = d->type == 'X' ? int_to_hex_capitals(p->vm, v) : int_to_str(p->vm, v, base);
    if (is_error(text)) return false;
    const Str *s = as_str(text);
    return add_integer(p, d, s->data, s->size);
}

static bool to_real(Percent *p, Value v, double *out)
{
    if (is_float(v)) return *out = as_float(v), true;
    bool own = type_defines(type_of(p->vm, v), D_FLOAT);
    if (is_int(v) && !own) return to_double(p->vm, v, out) && is_unset(p->vm->exc);
    Dunder how = own ? D_FLOAT : D_INDEX;
    Value f = obj_call_special(p->vm, v, how, NULL, 0);
    if (is_error(f)) {
        if (!p->bytes || !vm_pending_is(p->vm, ERR_TYPE)) return false;
        vm_take_pending(p->vm);
    }
    if (is_float(f) || is_int(f)) return to_real(p, f, out);
    if (p->bytes) vm_raise(p->vm, ERR_TYPE, "float argument required, not %T", v);
    else if (is_unset(f)) vm_raise(p->vm, ERR_TYPE, "must be real number, not %T", v);
    else vm_raise(p->vm, ERR_TYPE, "%T.%N returned non-float (type %T)", v, p->vm->dunder_names[how], f);
    return false;
}

static bool convert_real(Percent *p, const Directive *d, Value v)
{
    double real;
    if (!to_real(p, v, &real)) return false;
    char sign = sign_of(d, signbit(real) && !isnan(real)), type = (char)(d->type | 32);
    char local[400], *text = local;
    int precision = d->precision < 0 ? 6 : (int)d->precision, n;
    if (isfinite(real)) n = float_print(local, sizeof local, type, d->alternate, precision, fabs(real));
    else n = isnan(real) ? (memcpy(local, "nan", 3), 3) : (memcpy(local, "inf", 3), 3);
    if (n < 0) return refuse(p, ERR_OVERFLOW, "precision too large"); // longer than an int can say
    size_t size = (size_t)n;
    if (size >= sizeof local) {
        text = heap_malloc(p->vm, size + 1);
        if (!text) return false;
        float_print(text, size + 1, type, d->alternate, precision, fabs(real));
    }
    if (d->type < 'a')
        for (size_t i = 0; i < size; i++) text[i] = ascii_upper(text[i]);
    bool ok = add_padded(p, d, &sign, sign != 0, text, size, size, d->zero);
    if (text != local) heap_free(p->vm, text, size + 1);
    return ok;
}

/* %c of bytes: a byte, as a number or alone. */
static bool convert_byte(Percent *p, const Directive *d, Value v)
{
    if (is_byteslike(v) && byte_view(v).size == 1) return add_text(p, d, (const char *)byte_view(v).data, 1);
    static const char refusal[] = "%c requires an integer in range(256) or a single byte";
    if (!is_index(p->vm, v)) return refuse(p, ERR_TYPE, refusal);
    int64_t c;
    v = obj_index(p->vm, v);
    if (is_error(v)) return false;
    if (!int_to_i64(v, &c) || c < 0 || c > 255) return refuse(p, ERR_OVERFLOW, "%c arg not in range(256)");
    return add_text(p, d, &(char){(char)c}, 1);
}

static bool convert_char(Percent *p, const Directive *d, Value v)
{
    if (p->bytes) return convert_byte(p, d, v);
    static const char refusal[] = "%c requires int or char";
    if (is_str(v)) {
        const Str *s = as_str(v);
        return s->length == 1 ? add_text(p, d, s->data, s->size) : refuse(p, ERR_TYPE, refusal);
    }
    if (!is_index(p->vm, v)) return refuse(p, ERR_TYPE, refusal);
    int64_t c;
    char text[UTF8_MAX];
    v = obj_index(p->vm, v);
    if (is_error(v)) return false;
    if (!int_to_i64(v, &c) || c < 0 || c > 0x10FFFF)
        return refuse(p, ERR_OVERFLOW, "%c arg not in range(0x110000)");
    return add_text(p, d, text, utf8_put(text, (uint32_t)c));
}

static bool unsupported(Percent *p, const Directive *d)
{
    size_t at = (size_t)(p->at - p->start);
    if (!p->bytes) at = utf8_count(p->start, at);
    if (p->bytes && d->type > 127)
        return refuse(p, ERR_OVERFLOW, "character argument not in range(0x110000)");
    char shown = p->bytes || (d->type > 30 && d->type < 127) ? (char)d->type : '?';
    vm_raise(p->vm, ERR_VALUE, "unsupported format character '%c' (0x%x) at index %zu", shown, d->type,
             at - 1);
    return false;
}

static bool convert(Percent *p, const Directive *d, Value v)
{
    Directive ascii;
    switch (d->type) {
    case 's': return p->bytes ? convert_bytes(p, d, v) : convert_text(p, d, v);
    case 'b': return p->bytes ? convert_bytes(p, d, v) : unsupported(p, d);
    case 'r': case 'a':
        if (!p->bytes) return convert_text(p, d, v);
        ascii = *d;
        ascii.type = 'a';
        return convert_text(p, &ascii, v);
    case 'd': case 'i': case 'u': case 'x': case 'X': case 'o': return convert_integer(p, d, v);
    case 'e': case 'f': case 'g': case 'E': case 'F': case 'G': return convert_real(p, d, v);
    case 'c': return convert_char(p, d, v);
    default: return unsupported(p, d);
    }
}

/* ---- the whole ---- */

/* The literal text up to the next directive. False at the end. */
static bool add_literal(Percent *p)
{
    const char *percent = memchr(p->at, '%', (size_t)(p->end - p->at));
    const char *stop = percent ? percent : p->end;
    sb_add(&p->out, p->at, (size_t)(stop - p->at));
    p->at = stop + (percent != NULL);
    return percent != NULL;
}

static bool run(Percent *p)
{
    while (add_literal(p)) {
        if (p->at < p->end && *p->at == '%') {
            sb_add(&p->out, p->at++, 1);
            continue;
        }
        Directive d;
        if (!read_directive(p, &d)) return false;
        Value v = next_argument(p, &d);
        if (is_error(v) || !convert(p, &d, v) || p->out.failed) return false;
    }
    if (p->used == p->n || !is_unset(p->mapping)) return true;
    return refuse(p, ERR_TYPE, p->bytes ? "not all arguments converted during bytes formatting"
                                        : "not all arguments converted during string formatting");
}

static bool is_mapping(VM *vm, Value v, bool bytes)
{
    if (is_tuple(v) || is_str(v) || is_kind(v, KIND_TYPE) || (bytes && (is_bytes(v) || is_bytearray(v)))) return false;
    return slots_of(vm, v)->getitem || type_defines(type_of(vm, v), D_GETITEM);
}

static Value percent(VM *vm, Value format, Value args, bool bytes, bool array)
{
    Percent p = {.vm = vm, .bytes = bytes, .args = args};
    p.start = p.at = bytes ? (const char *)byte_view(format).data : as_str(format)->data;
    p.end = p.start + (bytes ? byte_view(format).size : as_str(format)->size);
    p.n = is_tuple(args) ? as_tuple(args)->size : 1;
    p.mapping = is_mapping(vm, args, bytes) ? args : VALUE_UNSET;
    p.root = roots_push(vm, VALUE_UNSET);
    if (!p.root) return VALUE_ERROR;
    sb_init(&p.out, vm);
    Value v = VALUE_ERROR;
    if (run(&p)) {
        if (!bytes) v = sb_finish(&p.out);
        else if (!p.out.failed) v = (array ? bytearray_new : bytes_new)(vm, p.out.data, p.out.size);
    }
    sb_drop(&p.out);
    roots_pop(vm, p.root);
    return v;
}

Value str_percent(VM *vm, Str *format, Value args)
{
    bool nothing = is_tuple(args) && !as_tuple(args)->size;
    if (nothing && !memchr(format->data, '%', format->size)) return obj_value(format);
    return percent(vm, obj_value(format), args, false, false);
}

Value bytes_percent(VM *vm, Value format, Value args, bool array)
{
    if (!array) return percent(vm, format, args, true, false);
    ByteView view = byte_view(format); // scripts that are called may change the array
    Value copy = bytes_new(vm, view.data, view.size);
    Value *root = is_error(copy) ? NULL : roots_push(vm, copy);
    if (!root) return VALUE_ERROR;
    Value v = percent(vm, copy, args, true, true);
    roots_pop(vm, root);
    return v;
}
