/* str_format.c - str.format, format_map, and format specs of text. */
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/format_spec.h"
#include "vm/list.h"
#include "vm/str_methods.h"
#include "vm/unitables.h"

typedef enum { NUMBERING_UNKNOWN, NUMBERING_AUTO, NUMBERING_MANUAL } Numbering;

/* One call. The format, arguments and mapping are rooted by the caller. */
typedef struct Formatter {
    VM *vm;
    Value args;    // Tuple; UNSET for format_map
    Value mapping; // names: a Dict, or for format_map anything
    Numbering numbering;
    int64_t next_number;
    Value *object, *spec; // rooted: the field at work
} Formatter;

typedef struct Span {
    const char *at, *end;
} Span;

/* A replacement field: {name!conversion:spec} */
typedef struct Field {
    Span name, spec;
    uint32_t conversion; // 0: none
    bool nested;         // the spec contains fields
} Field;

static bool refuse(VM *vm, const char *text)
{
    vm_raise(vm, ERR_VALUE, "%s", text);
    return false;
}

static Value span_str(VM *vm, Span s) { return str_new(vm, s.at, (size_t)(s.end - s.at)); }

/* ---- taking the format apart ---- */

/* Moves behind the name; answers what ended it: one of } : ! or 0 at the end of the text. -1: error. */
static int read_name(VM *vm, Span *in, Span *name)
{
    name->at = in->at;
    while (in->at < in->end) {
        char c = *in->at++;
        if (c == '{') return refuse(vm, "unexpected '{' in field name"), -1;
        if (c == '[') {
            const char *close = memchr(in->at, ']', (size_t)(in->end - in->at));
            in->at = close ? close : in->end;
        }
        if (c == '}' || c == ':' || c == '!') {
            name->end = in->at - 1;
            return c;
        }
    }
    return 0;
}

/* Up to the brace that closes the field. */
static bool read_spec(VM *vm, Span *in, Field *field)
{
    field->spec.at = in->at;
    for (int depth = 1; in->at < in->end;) {
        char c = *in->at++;
        if (c == '{') field->nested = ++depth;
        if (c == '}' && --depth == 0) {
            field->spec.end = in->at - 1;
            return true;
        }
    }
    return refuse(vm, "unmatched '{' in format spec");
}

/* What follows an opening brace. */
static bool read_field(VM *vm, Span *in, Field *field)
{
    *field = (Field){{NULL, NULL}, {"", ""}, 0, false};
    field->spec.end = field->spec.at;
    int c = read_name(vm, in, &field->name);
    if (c <= 0) return c < 0 ? false : refuse(vm, "expected '}' before end of string");
    if (c == '}') return true;
    if (c == '!') {
        if (in->at == in->end) return refuse(vm, "end of string while looking for conversion specifier");
        field->conversion = utf8_get(&in->at);
        if (in->at < in->end) {
            c = *in->at++;
            if (c == '}') return true;
            if (c != ':') return refuse(vm, "expected ':' after conversion specifier");
        }
    }
    return read_spec(vm, in, field);
}

/* Adds literal text up to the next field; *found: there is one, and `in` is behind its brace. */
static bool read_literal(StrBuilder *out, Span *in, bool *found)
{
    *found = false;
    while (in->at < in->end) {
        const char *start = in->at;
        while (in->at < in->end && *in->at != '{' && *in->at != '}') in->at++;
        sb_add(out, start, (size_t)(in->at - start));
        if (in->at == in->end) break;
        char c = *in->at++;
        bool doubled = in->at < in->end && *in->at == c;
        if (c == '}' && !doubled) return refuse(out->vm, "Single '}' encountered in format string");
        if (in->at == in->end) return refuse(out->vm, "Single '{' encountered in format string");
        if (!doubled) return *found = true;
        sb_add(out, in->at++, 1);
    }
    return true;
}

/* ---- finding the object ---- */

/* The number that all of a span spells, in digits of any script; -1: none is spelled, -2: error. */
static int64_t read_integer(VM *vm, Span s)
{
    if (s.at == s.end) return -1;
    int64_t n = 0;
    while (s.at < s.end) {
        int digit = uni_decimal(utf8_get(&s.at));
        if (digit < 0) return -1;
        if (n > (INT64_MAX - digit) / 10) return refuse(vm, "Too many decimal digits in format string"), -2;
        n = n * 10 + digit;
    }
    return n;
}

/* The number of a field that has none, or -1 if numbers are given by hand. False when ways are mixed. */
static bool check_numbering(Formatter *f, bool automatic)
{
    Numbering now = automatic ? NUMBERING_AUTO : NUMBERING_MANUAL;
    if (f->numbering == NUMBERING_UNKNOWN) f->numbering = now;
    if (f->numbering == now) return true;
    return refuse(f->vm, automatic
                             ? "cannot switch from manual field specification to automatic field numbering"
                             : "cannot switch from automatic field numbering to manual field specification");
}

static Value positional(Formatter *f, int64_t i)
{
    if (is_unset(f->args)) return vm_raise(f->vm, ERR_VALUE, "Format string contains positional fields");
    const Tuple *t = as_tuple(f->args);
    if (i < (int64_t)t->size) return t->items[i];
    return vm_raise(f->vm, ERR_INDEX, "Replacement index %ld out of range for positional args tuple",
                    (long)i);
}

static Value named(Formatter *f, Span name)
{
    Value key = span_str(f->vm, name);
    if (is_error(key)) return key;
    if (is_unset(f->args)) {
        *f->object = key; // kept while the mapping looks at it
        return obj_getitem(f->vm, f->mapping, key);
    }
    Value v = dict_get_str(f->vm, as_dict(f->mapping), as_str(key));
    return is_unset(v) ? vm_raise_arg(f->vm, ERR_KEY, key) : v;
}

/* The part of a name before the first . or [ */
static Value first_object(Formatter *f, Span *name)
{
    Span first = *name;
    while (name->at < name->end && *name->at != '.' && *name->at != '[') name->at++;
    first.end = name->at;
    bool empty = first.at == first.end;
    int64_t i = read_integer(f->vm, first);
    if (i == -2) return VALUE_ERROR;
    if (!empty && i == -1) return named(f, first);
    if (!check_numbering(f, empty)) return VALUE_ERROR;
    return positional(f, empty ? f->next_number++ : i);
}

static Value get_attribute(Formatter *f, Span *rest)
{
    Span name = *rest;
    while (rest->at < rest->end && *rest->at != '.' && *rest->at != '[') rest->at++;
    name.end = rest->at;
    if (name.at == name.end) return vm_raise(f->vm, ERR_VALUE, "Empty attribute in format string");
    Str *s = str_intern(f->vm, name.at, (size_t)(name.end - name.at));
    return s ? obj_getattr(f->vm, *f->object, s) : VALUE_ERROR;
}

static Value get_item(Formatter *f, Span *rest)
{
    Span key = *rest;
    const char *close = memchr(rest->at, ']', (size_t)(rest->end - rest->at));
    if (!close) return vm_raise(f->vm, ERR_VALUE, "Missing ']' in format string");
    key.end = close;
    rest->at = close + 1;
    int64_t i = read_integer(f->vm, key);
    if (i == -2) return VALUE_ERROR;
    if (key.at == key.end) return vm_raise(f->vm, ERR_VALUE, "Empty attribute in format string");
    Value index = i == -1 ? span_str(f->vm, key) : int_from_i64(f->vm, i);
    if (is_error(index)) return index;
    *f->spec = index;
    return obj_getitem(f->vm, *f->object, index);
}

/* The object a field names, in f->object. */
static bool find_object(Formatter *f, Span name)
{
    Value v = first_object(f, &name);
    while (!is_error(v) && name.at < name.end) {
        *f->object = v;
        char c = *name.at++;
        if (c == '.') v = get_attribute(f, &name);
        else if (c == '[') v = get_item(f, &name);
        else return refuse(f->vm, "Only '.' or '[' may follow ']' in format field specifier");
    }
    *f->object = v;
    return !is_error(v);
}

/* ---- writing it ---- */

static bool convert(Formatter *f, uint32_t conversion)
{
    Value v = *f->object;
    switch (conversion) {
    case 0: return true;
    case 'r': v = obj_repr(f->vm, v); break;
    case 's': v = obj_str(f->vm, v); break;
    case 'a': v = obj_ascii(f->vm, v); break;
    default:
        if (conversion > 32 && conversion < 127)
            vm_raise(f->vm, ERR_VALUE, "Unknown conversion specifier %c", (int)conversion);
        else vm_raise(f->vm, ERR_VALUE, "Unknown conversion specifier \\x%x", conversion);
        return false;
    }
    *f->object = v;
    return !is_error(v);
}

static bool write_fields(Formatter *f, StrBuilder *out, Span in, int depth);

/* The spec with its own fields filled in, in f->spec. They are found while f->object waits, so that is kept
 * aside. */
static bool expand_spec(Formatter *f, Span spec, int depth)
{
    Value *object = roots_push(f->vm, *f->object);
    if (!object) return false;
    StrBuilder b;
    sb_init(&b, f->vm);
    bool ok = write_fields(f, &b, spec, depth);
    Value text = ok ? sb_finish(&b) : VALUE_ERROR;
    sb_drop(&b);
    *f->object = *object;
    roots_pop(f->vm, object);
    *f->spec = text;
    return !is_error(text);
}

static bool write_object(Formatter *f, StrBuilder *out, const Field *field, int depth)
{
    Value v = *f->object;
    if (field->spec.at == field->spec.end) {
        if (is_exact(v, T_STR)) return sb_add_str(out, v);
        if (is_small(v)) return sb_add_int(out, as_small(v));
        *f->spec = obj_value(f->vm->empty_str);
    } else if (field->nested) {
        if (!expand_spec(f, field->spec, depth)) return false;
        v = *f->object;
    } else {
        *f->spec = span_str(f->vm, field->spec);
        if (is_error(*f->spec)) return false;
    }
    Value text = obj_format(f->vm, v, *f->spec);
    return !is_error(text) && sb_add_str(out, text);
}

static bool write_fields(Formatter *f, StrBuilder *out, Span in, int depth)
{
    if (depth < 0) return refuse(f->vm, "Max string recursion exceeded");
    Field field;
    for (bool found = true; read_literal(out, &in, &found);) {
        if (!found) return !out->failed;
        if (!read_field(f->vm, &in, &field) || !find_object(f, field.name) || !convert(f, field.conversion) ||
            !write_object(f, out, &field, depth - 1))
            return false;
    }
    return false;
}

static Value format(VM *vm, const Str *s, Value args, Value mapping)
{
    Formatter f = {.vm = vm, .args = args, .mapping = mapping};
    f.object = roots_reserve(vm, 2);
    if (!f.object) return VALUE_ERROR;
    f.spec = f.object + 1;
    StrBuilder b;
    sb_init(&b, vm);
    bool ok = write_fields(&f, &b, (Span){s->data, s->data + s->size}, 1);
    Value v = ok ? sb_finish(&b) : VALUE_ERROR;
    sb_drop(&b);
    roots_pop(vm, f.object);
    return v;
}

Value nat_format(VM *vm, Args args) { return format(vm, as_str(args.v[0]), args.v[1], args.v[2]); }
Value nat_format_map(VM *vm, Args args) { return format(vm, as_str(args.v[0]), VALUE_UNSET, args.v[1]); }

/* ---- format specs of text ---- */

static Value check_text_spec(VM *vm, const FormatSpec *spec)
{
    if (spec->type && spec->type != 's') return format_unknown_type(vm, spec->type, "str");
    const char *what = spec->sign == ' '     ? "Space"
                       : spec->sign          ? "Sign"
                       : spec->no_minus_zero ? "Negative zero coercion (z)"
                       : spec->alternate     ? "Alternate form (#)"
                       : spec->align == '='  ? "'=' alignment"
                                             : NULL;
    if (!what) return VALUE_NONE;
    return vm_raise(vm, ERR_VALUE, "%s not allowed in string format specifier", what);
}

Value format_str(VM *vm, Str *s, Str *spec_text)
{
    if (!spec_text->size) return obj_str(vm, obj_value(s)); // a subclass may have a __str__
    FormatSpec spec;
    if (!format_spec_parse(vm, spec_text, 's', '<', "str", &spec)) return VALUE_ERROR;
    if (is_error(check_text_spec(vm, &spec))) return VALUE_ERROR;
    size_t length = s->length, size = s->size, left, right;
    if (spec.precision >= 0 && (size_t)spec.precision < length) {
        length = (size_t)spec.precision;
        size = str_offset(vm, s, length);
    }
    format_padding(&spec, length, &left, &right);
    StrBuilder b;
    sb_init(&b, vm);
    sb_add_fill(&b, spec.fill, left);
    sb_add(&b, s->data, size);
    sb_add_fill(&b, spec.fill, right);
    return sb_finish(&b);
}
