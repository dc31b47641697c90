/* str_builder.c - texts that grow piece by piece, and the printf of error messages. */
#include "vm/str.h"
#include "vm/float.h"
#include "vm/int.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void sb_init(StrBuilder *b, VM *vm)
{
    b->vm = vm;
    b->data = b->local;
    b->size = 0;
    b->capacity = sizeof b->local;
    b->failed = false;
}

void sb_drop(StrBuilder *b)
{
    if (b->data != b->local) heap_free(b->vm, b->data, b->capacity);
    sb_init(b, b->vm);
}

static bool reserve(StrBuilder *b, size_t n)
{
    size_t needed = size_add(b->size, n);
    size_t capacity = b->capacity * 2 > needed ? b->capacity * 2 : needed;
    bool moved = b->data != b->local;
    char *data = moved ? heap_realloc(b->vm, b->data, b->capacity, capacity) : heap_malloc(b->vm, capacity);
    if (!data) return !(b->failed = true);
    if (!moved) memcpy(data, b->data, b->size);
    b->data = data;
    b->capacity = capacity;
    return true;
}

char *sb_grow(StrBuilder *b, size_t n)
{
    if (b->failed || (n > b->capacity - b->size && !reserve(b, n))) return NULL;
    return b->data + b->size;
}

bool sb_add_slow(StrBuilder *b, const char *utf8, size_t n)
{
    char *out = sb_grow(b, n);
    if (!out) return false;
    memcpy(out, utf8, n);
    b->size += n;
    return true;
}

bool sb_add_c(StrBuilder *b, const char *text) { return sb_add(b, text, strlen(text)); }

bool sb_add_char(StrBuilder *b, uint32_t code_point)
{
    char *out = sb_grow(b, UTF8_MAX);
    if (!out) return false;
    b->size += utf8_put(out, code_point);
    return true;
}

bool sb_add_fill(StrBuilder *b, uint32_t code_point, size_t times)
{
    char utf8[UTF8_MAX];
    size_t n = utf8_put(utf8, code_point);
    char *out = sb_grow(b, size_mul(n, times));
    if (!out) return false;
    if (n == 1) memset(out, utf8[0], times);
    else
        for (size_t i = 0; i < times; i++) memcpy(out + i * n, utf8, n);
    b->size += n * times;
    return true;
}

bool sb_add_str(StrBuilder *b, Value s) { return sb_add(b, as_str(s)->data, as_str(s)->size); }

bool sb_add_int(StrBuilder *b, int64_t i)
{
    char buf[INT64_TEXT], *text = int64_to_text(i, buf);
    return sb_add(b, text, (size_t)(buf + INT64_TEXT - text));
}

Value sb_finish(StrBuilder *b)
{
    Value v = b->failed ? VALUE_ERROR : str_new(b->vm, b->data, b->size);
    sb_drop(b);
    return v;
}

/* ---- the printf of messages ---- */

/* repr of what never runs scripts; anything else is shown as object.__repr__ would. */
static bool add_plain_repr(StrBuilder *b, Value v)
{
    if (is_none(v)) return sb_add_c(b, "None");
    if (is_bool(v)) return sb_add_c(b, v == VALUE_TRUE ? "True" : "False");
    if (v == VALUE_ELLIPSIS) return sb_add_c(b, "Ellipsis");
    if (v == VALUE_NOT_IMPLEMENTED) return sb_add_c(b, "NotImplemented");
    if (is_str(v)) return repr_add_str(b, as_str(v));
    if (is_bytes(v)) return repr_add_bytes(b, as_bytes(v)->data, as_bytes(v)->size);
    if (is_int(v) || is_float(v)) {
        Value text = is_int(v) ? int_to_str(b->vm, v, 10) : float_repr(b->vm, as_float(v));
        return is_error(text) ? !(b->failed = true) : sb_add_str(b, text);
    }
    if (is_kind(v, KIND_TYPE)) return sb_addf(b, "<class '%Y'>", (Type *)as_obj(v));
    return sb_addf(b, "<%T object at %p>", v, value_id(v));
}

static bool add_type_name(StrBuilder *b, const Type *t) { return sb_add(b, t->name->data, t->name->size); }

/* %s with the precision of "%.200s", in bytes but never inside a character. */
static bool add_c_text(StrBuilder *b, const char *spec, const char *text)
{
    size_t limit = spec[1] == '.' ? (size_t)strtoul(spec + 2, NULL, 10) : SIZE_MAX;
    size_t n = strnlen(text, limit);
    while (n && n == limit && !utf8_is_start(text[n])) n--;
    return sb_add(b, text, n);
}

typedef struct Arguments { va_list ap; } Arguments; // so that it can be passed on by address everywhere

/* None is its own kind for CPython's argument parser. */
static bool add_argument_kind(StrBuilder *b, Value v)
{
    return is_none(v) ? sb_add_c(b, "None") : add_type_name(b, type_of(b->vm, v));
}

/* A number as C's printf writes it; spec is the whole directive. */
static bool add_number(StrBuilder *b, const char *spec, Arguments *a)
{
    size_t n = strlen(spec);
    char conversion = spec[n - 1], out[400];
    int size = -1;
    if (conversion == 'p') size = snprintf(out, sizeof out, "0x%zx", (size_t)va_arg(a->ap, void *));
    else if (strchr("eEfgG", conversion)) size = snprintf(out, sizeof out, spec, va_arg(a->ap, double));
    else if (strchr(spec, 'l') || strchr(spec, 'z') || strchr(spec, 'j') || strchr(spec, 't'))
        size = snprintf(out, sizeof out, spec, va_arg(a->ap, long)); // all are 64 bits wide
    else size = snprintf(out, sizeof out, spec, va_arg(a->ap, int));
    return size < 0 || sb_add(b, out, (size_t)size < sizeof out ? (size_t)size : sizeof out - 1);
}

static bool add_directive(StrBuilder *b, const char *spec, char conversion, Arguments *a)
{
    switch (conversion) {
    case '%': return sb_add(b, "%", 1);
    case 'c': return sb_add_char(b, (uint32_t)va_arg(a->ap, int));
    case 's': return add_c_text(b, spec, va_arg(a->ap, const char *));
    case 'T': return add_type_name(b, type_of(b->vm, va_arg(a->ap, Value)));
    case 'A': return add_argument_kind(b, va_arg(a->ap, Value));
    case 'Y': return add_type_name(b, va_arg(a->ap, const Type *));
    case 'V': return sb_add_str(b, va_arg(a->ap, Value));
    case 'N': return sb_add_str(b, obj_value(va_arg(a->ap, Str *)));
    case 'R': return add_plain_repr(b, va_arg(a->ap, Value));
    default: return add_number(b, spec, a);
    }
}

bool sb_vaddf(StrBuilder *b, const char *format, va_list ap)
{
    Arguments a;
    va_copy(a.ap, ap);
    while (*format && !b->failed) {
        size_t literal = strcspn(format, "%");
        sb_add(b, format, literal);
        format += literal;
        if (!*format) break;
        size_t n = 1 + strspn(format + 1, "0123456789.-+# lzjt");
        char spec[16] = {0};
        memcpy(spec, format, n + 1 < sizeof spec ? n + 1 : sizeof spec - 1);
        add_directive(b, spec, format[n], &a);
        format += n + 1;
    }
    va_end(a.ap);
    return !b->failed;
}

bool sb_addf(StrBuilder *b, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    bool ok = sb_vaddf(b, format, ap);
    va_end(ap);
    return ok;
}

bool sb_saidf(StrBuilder *b, const char *english, ...)
{
    size_t before = b->size;
    va_list ap;
    va_start(ap, english);
    bool ok = sb_vaddf(b, said(b->vm->reader.language, english), ap);
    va_end(ap);
    if (ok) b->size = before + said_settle(b->data + before, b->size - before);
    return ok;
}

Value str_vformat(VM *vm, const char *format, va_list ap)
{
    StrBuilder b;
    sb_init(&b, vm);
    sb_vaddf(&b, format, ap);
    return sb_finish(&b);
}

Value str_format(VM *vm, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    Value v = str_vformat(vm, format, ap);
    va_end(ap);
    return v;
}
