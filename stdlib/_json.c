/* _json.c - the natives under json: text to values and back. Options that scripts may give come as a
 * tuple, so that the module json alone knows their defaults; what is wrong with a text json.decoder says. */
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/native.h"

#include <math.h>

/* ---- reading ------------------------------------------------------------------------------------- */

typedef struct Scanner {
    VM *vm;
    Str *text;
    const char *p, *end;
    Value object_hook, pairs_hook, parse_float, parse_int, parse_constant; // None: as it is
    bool strict;
} Scanner;

static Value scan_value(Scanner *s);

static Value position(Scanner *s, const char *at)
{
    return small((int64_t)str_position(s->text, (size_t)(at - s->text->data)));
}

static Value fail(Scanner *s, const char *message, const char *at)
{
    VM *vm = s->vm;
    Value m = module_import(vm, vm_intern(vm, "json.decoder"));
    Value f = is_error(m) ? m : obj_getattr(vm, m, vm_intern(vm, "_fail"));
    Value args[] = {str_from_c(vm, message), obj_value(s->text), position(s, at)};
    return is_error(f) || is_error(args[0]) ? VALUE_ERROR : vm_call(vm, f, args, 3);
}

/* "Expecting value" is what StopIteration(position) stands for: raw_decode says it. */
static Value no_value(Scanner *s, const char *at)
{
    return vm_raise_arg(s->vm, ERR_STOP_ITERATION, position(s, at));
}

static void skip_space(Scanner *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r')) s->p++;
}

static bool at_char(const Scanner *s, char c)
{
    return s->p < s->end && *s->p == c;
}

static bool take(Scanner *s, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0) return false;
    s->p += n;
    return true;
}

/* Four hex digits behind \u; -1 when they are none. */
static int32_t hex4(const Scanner *s, const char *p)
{
    int32_t v = 0;
    if (s->end - p < 4) return -1;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        v = v * 16 + digit;
    }
    return v;
}

static bool scan_unicode(Scanner *s, StrBuilder *b, const char *backslash)
{
    int32_t c = hex4(s, s->p);
    if (c < 0) return fail(s, "Invalid \\uXXXX escape", backslash + 1), false;
    s->p += 4;
    if (c >= 0xd800 && c < 0xdc00 && s->end - s->p >= 6 && s->p[0] == '\\' && s->p[1] == 'u') {
        int32_t low = hex4(s, s->p + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            s->p += 6;
        }
    }
    return sb_add_char(b, (uint32_t)c);
}

/* s->p behind a backslash */
static bool scan_escape(Scanner *s, StrBuilder *b, const char *quote)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *backslash = s->p - 1;
    if (s->p == s->end) return fail(s, "Unterminated string starting at", quote), false;
    char c = *s->p++;
    if (c == 'u') return scan_unicode(s, b, backslash);
    const char *known = c ? strchr(from, c) : NULL;
    if (known) return sb_add(b, &to[known - from], 1);
    return fail(s, "Invalid \\escape", backslash), false;
}

/* s->p behind the opening quote; afterwards behind the closing one. */
static Value scan_string(Scanner *s)
{
    const char *quote = s->p - 1, *start = s->p, *p = start;
    while (p < s->end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20) p++;
    if (p < s->end && *p == '"') return s->p = p + 1, str_new(s->vm, start, (size_t)(p - start));
    StrBuilder b;
    sb_init(&b, s->vm);
    for (;;) {
        sb_add(&b, start, (size_t)(p - start));
        if (p == s->end) return sb_drop(&b), fail(s, "Unterminated string starting at", quote);
        s->p = p + 1;
        if (*p == '"') return sb_finish(&b);
        if (*p == '\\') {
            if (!scan_escape(s, &b, quote)) return sb_drop(&b), VALUE_ERROR;
        } else if (s->strict)
            return sb_drop(&b), fail(s, "Invalid control character at", p);
        else
            sb_add(&b, p, 1);
        start = p = s->p;
        while (p < s->end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20) p++;
    }
}

static bool is_digit(const Scanner *s, const char *p)
{
    return p < s->end && *p >= '0' && *p <= '9';
}

static Value scan_number(Scanner *s)
{
    const char *start = s->p, *p = start;
    if (*p == '-') p++;
    if (!is_digit(s, p)) return no_value(s, start);
    if (*p == '0')
        p++;
    else
        while (is_digit(s, p)) p++;
    bool whole = true;
    if (p < s->end && *p == '.' && is_digit(s, p + 1)) {
        whole = false;
        for (p++; is_digit(s, p);) p++;
    }
    if (p < s->end && (*p == 'e' || *p == 'E')) {
        const char *e = p + 1;
        if (e < s->end && (*e == '+' || *e == '-')) e++;
        if (is_digit(s, e)) {
            whole = false;
            for (p = e; is_digit(s, p);) p++;
        }
    }
    s->p = p;
    Value hook = whole ? s->parse_int : s->parse_float;
    size_t n = (size_t)(p - start);
    if (is_none(hook)) return whole ? int_parse(s->vm, start, n, 10) : float_parse(s->vm, start, n);
    Value text = str_new(s->vm, start, n);
    return is_error(text) ? text : vm_call1(s->vm, hook, text);
}

static Value scan_constant(Scanner *s)
{
    VM *vm = s->vm;
    static const char *const names[] = {"NaN", "Infinity", "-Infinity"};
    if (take(s, "null")) return VALUE_NONE;
    if (take(s, "true")) return VALUE_TRUE;
    if (take(s, "false")) return VALUE_FALSE;
    for (int i = 0; i < 3; i++) {
        if (!take(s, names[i])) continue;
        if (is_none(s->parse_constant))
            return float_value(vm, i == 0 ? (double)NAN : i == 1 ? HUGE_VAL : -HUGE_VAL);
        Value name = str_from_c(vm, names[i]);
        return is_error(name) ? name : vm_call1(vm, s->parse_constant, name);
    }
    return no_value(s, s->p);
}

/* s->p behind the bracket */
static Value scan_array(Scanner *s)
{
    VM *vm = s->vm;
    Value list = list_new(vm, NULL, 0);
    Value *root = is_error(list) ? NULL : roots_push(vm, list);
    if (!root) return VALUE_ERROR;
    skip_space(s);
    while (!at_char(s, ']') || as_list(list)->size) {
        Value v = scan_value(s);
        if (is_error(v) || !list_push(vm, as_list(list), v)) return roots_pop(vm, root), VALUE_ERROR;
        skip_space(s);
        if (at_char(s, ']')) break;
        if (!at_char(s, ',')) return roots_pop(vm, root), fail(s, "Expecting ',' delimiter", s->p);
        s->p++;
        skip_space(s);
    }
    s->p++;
    roots_pop(vm, root);
    return list;
}

/* One "key": value into a dict or, for a hook that wants pairs, a list; roots[0] is the container. */
static bool scan_pair(Scanner *s, Value *roots)
{
    VM *vm = s->vm;
    if (!at_char(s, '"')) return fail(s, "Expecting property name enclosed in double quotes", s->p), false;
    s->p++;
    roots[1] = scan_string(s);
    if (is_error(roots[1])) return false;
    skip_space(s);
    if (!at_char(s, ':')) return fail(s, "Expecting ':' delimiter", s->p), false;
    s->p++;
    skip_space(s);
    Value v = scan_value(s);
    if (is_error(v)) return false;
    if (is_dict(roots[0])) return dict_set(vm, as_dict(roots[0]), roots[1], v);
    Value pair = tuple_pack(vm, 2, roots[1], v);
    return !is_error(pair) && list_push(vm, as_list(roots[0]), pair);
}

static bool scan_members(Scanner *s, Value *roots)
{
    skip_space(s);
    if (at_char(s, '}')) return s->p++, true;
    for (;;) {
        if (!scan_pair(s, roots)) return false;
        skip_space(s);
        if (at_char(s, '}')) return s->p++, true;
        if (!at_char(s, ',')) return fail(s, "Expecting ',' delimiter", s->p), false;
        s->p++;
        skip_space(s);
    }
}

static Value scan_object(Scanner *s)
{
    VM *vm = s->vm;
    Value *roots = roots_reserve(vm, 2);
    if (!roots) return VALUE_ERROR;
    if (is_none(s->pairs_hook)) {
        Dict *d = dict_new(vm);
        roots[0] = d ? obj_value(d) : VALUE_ERROR;
    } else
        roots[0] = list_new(vm, NULL, 0);
    Value v = !is_error(roots[0]) && scan_members(s, roots) ? roots[0] : VALUE_ERROR;
    Value hook = is_none(s->pairs_hook) ? s->object_hook : s->pairs_hook;
    if (!is_error(v) && !is_none(hook)) v = vm_call1(vm, hook, v);
    roots_pop(vm, roots);
    return v;
}

static Value scan_value(Scanner *s)
{
    if (s->p == s->end) return no_value(s, s->p);
    if (vm_c_stack_low(s->vm) || !vm_tick(s->vm, 1)) return VALUE_ERROR;
    switch (*s->p) {
    case '"': s->p++; return scan_string(s);
    case '{': s->p++; return scan_object(s);
    case '[': s->p++; return scan_array(s);
    case '-':
        if (s->end - s->p > 1 && s->p[1] == 'I') return scan_constant(s);
        return scan_number(s);
    default: return *s->p >= '0' && *s->p <= '9' ? scan_number(s) : scan_constant(s);
    }
}

/* (value, position behind it) */
/* The n options of a decoder or encoder; NULL with TypeError. */
static const Value *options_of(VM *vm, Value v, size_t n)
{
    if (is_tuple(v) && as_tuple(v)->size == n) return as_tuple(v)->items;
    vm_raise(vm, ERR_TYPE, "options must be a tuple of %zu, not %T", n, v);
    return NULL;
}

static Value nat_scan(VM *vm, Args args)
{
    if (!is_str(args.v[0]))
        return vm_raise(vm, ERR_TYPE, "first argument must be a string, not %T", args.v[0]);
    Str *text = as_str(args.v[0]);
    const Value *o = options_of(vm, args.v[2], 6);
    int64_t at;
    if (!o || !index_argument(vm, args.v[1], &at)) return VALUE_ERROR;
    if (at < 0) return vm_raise(vm, ERR_VALUE, "idx cannot be negative");
    Scanner s = {vm, text, NULL, text->data + text->size, o[0], o[1], o[2], o[3], o[4], o[5] == VALUE_TRUE};
    if ((size_t)at > text->length) return vm_raise_arg(vm, ERR_STOP_ITERATION, args.v[1]);
    s.p = text->data + str_offset(vm, text, (size_t)at);
    Value v = scan_value(&s);
    return is_error(v) ? v : tuple_pack(vm, 2, v, position(&s, s.p));
}

/* ---- writing ------------------------------------------------------------------------------------- */

/* A container being written. Each is compared with one that it lies in, the landmark; this moves inwards
 * at depths that are powers of two, so that a circle, however long, leads past it sooner or later. */
typedef struct Level {
    Value landmark;
    uint32_t depth;
} Level;

typedef struct Writer {
    VM *vm;
    StrBuilder b;
    Value fallback;                              // default()
    Value item_separator, key_separator, indent; // indent: a str or None
    bool skipkeys, ascii, check_circular, allow_nan, sort_keys;
} Writer;

static bool write_value(Writer *w, Value v, const Level *outer, int depth);

static bool add_escaped(StrBuilder *b, uint32_t c)
{
    static const char hex[] = "0123456789abcdef";
    char text[6] = {'\\', 'u', hex[c >> 12 & 15], hex[c >> 8 & 15], hex[c >> 4 & 15], hex[c & 15]};
    return sb_add(b, text, 6);
}

static bool write_char(StrBuilder *b, uint32_t c)
{
    switch (c) {
    case '"': return sb_add_c(b, "\\\"");
    case '\\': return sb_add_c(b, "\\\\");
    case '\n': return sb_add_c(b, "\\n");
    case '\r': return sb_add_c(b, "\\r");
    case '\t': return sb_add_c(b, "\\t");
    case '\f': return sb_add_c(b, "\\f");
    case '\b': return sb_add_c(b, "\\b");
    default: break;
    }
    if (c < 0x10000) return add_escaped(b, c);
    c -= 0x10000;
    return add_escaped(b, 0xd800 + (c >> 10)) && add_escaped(b, 0xdc00 + (c & 0x3ff));
}

static bool is_plain_char(unsigned char c, bool ascii)
{
    return c >= 0x20 && c != '"' && c != '\\' && (!ascii || c < 0x7f);
}

static bool write_str(StrBuilder *b, const Str *s, bool ascii)
{
    const char *p = s->data, *end = p + s->size;
    sb_add(b, "\"", 1);
    while (p < end) {
        const char *start = p;
        while (p < end && is_plain_char((unsigned char)*p, ascii)) p++;
        sb_add(b, start, (size_t)(p - start));
        if (p < end) write_char(b, utf8_get(&p));
    }
    return sb_add(b, "\"", 1);
}

static bool write_float(Writer *w, double d)
{
    if (isfinite(d)) {
        char buf[32];
        return sb_add(&w->b, buf, (size_t)float_to_text(d, buf));
    }
    if (!w->allow_nan) {
        Value text = float_repr(w->vm, d);
        if (!is_error(text)) vm_raise(w->vm, ERR_VALUE, "Out of range float values are not JSON compliant");
        return false;
    }
    return sb_add_c(&w->b, isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity");
}

static bool write_int(Writer *w, Value v)
{
    if (is_small(v)) return sb_add_int(&w->b, as_small(v));
    Value text = int_to_str(w->vm, int_normal(w->vm, v), 10);
    return !is_error(text) && sb_add_str(&w->b, text);
}

static bool new_line(Writer *w, int depth)
{
    if (is_none(w->indent)) return true;
    sb_add(&w->b, "\n", 1);
    for (int i = 0; i < depth; i++)
        if (!sb_add_str(&w->b, w->indent)) return false;
    return true;
}

static bool enter(Writer *w, Level *level, Value v, const Level *outer)
{
    uint32_t depth = outer ? outer->depth + 1 : 1;
    if (outer && outer->landmark == v && w->check_circular)
        return vm_raise(w->vm, ERR_VALUE, "Circular reference detected"), false;
    *level = (Level){outer && (depth & (depth - 1)) ? outer->landmark : v, depth};
    return !vm_c_stack_low(w->vm);
}

static bool write_array(Writer *w, Value v, const Level *outer, int depth)
{
    Level level;
    if (!enter(w, &level, v, outer)) return false;
    size_t n;
    sequence_items(as_obj(v), &n);
    if (!n) return sb_add_c(&w->b, "[]");
    Value *item = roots_push(w->vm, VALUE_UNSET);
    bool ok = item && sb_add(&w->b, "[", 1) && new_line(w, depth + 1);
    for (size_t i = 0; ok; i++) {
        const Value *items = sequence_items(as_obj(v), &n); // default() may have changed a list
        if (i >= n) break;
        *item = items[i];
        if (i) ok = sb_add_str(&w->b, w->item_separator) && new_line(w, depth + 1);
        ok = ok && write_value(w, *item, &level, depth + 1);
    }
    if (item) roots_pop(w->vm, item);
    return ok && new_line(w, depth) && sb_add(&w->b, "]", 1);
}

/* The text of a key: 1, or 0 to leave the entry out, or -1. */
static int write_key(Writer *w, Value key)
{
    if (is_str(key)) return write_str(&w->b, as_str(key), w->ascii) ? 1 : -1;
    bool plain = is_float(key) || is_int(key) || is_none(key);
    if (!plain && w->skipkeys) return 0;
    if (!plain)
        return vm_raise(w->vm, ERR_TYPE, "keys must be str, int, float, bool or None, not %T", key), -1;
    bool ok = sb_add(&w->b, "\"", 1) && write_value(w, key, NULL, 0) && sb_add(&w->b, "\"", 1);
    return ok ? 1 : -1;
}

static bool is_left_out(const Writer *w, Value key)
{
    return w->skipkeys && !is_str(key) && !is_float(key) && !is_int(key) && !is_none(key);
}

static bool write_entry(Writer *w, Value key, Value value, bool *first, const Level *level, int depth)
{
    if (is_left_out(w, key)) return true;
    if (!*first && !sb_add_str(&w->b, w->item_separator)) return false;
    *first = false;
    return new_line(w, depth + 1) && write_key(w, key) >= 0 && sb_add_str(&w->b, w->key_separator) &&
           write_value(w, value, level, depth + 1);
}

static bool write_sorted(Writer *w, Value dict, bool *first, const Level *level, int depth)
{
    Value keys = obj_to_list(w->vm, dict);
    Value *roots = is_error(keys) ? NULL : roots_reserve(w->vm, 2);
    if (!roots) return false;
    roots[0] = keys;
    bool ok = list_sort(w->vm, as_list(keys), VALUE_NONE, false);
    for (size_t i = 0; ok && i < as_list(keys)->size; i++) {
        roots[1] = dict_get(w->vm, as_dict(dict), as_list(keys)->items[i]);
        ok = !is_error(roots[1]);
        if (ok && !is_unset(roots[1]))
            ok = write_entry(w, as_list(keys)->items[i], roots[1], first, level, depth);
    }
    roots_pop(w->vm, roots);
    return ok;
}

static bool write_unsorted(Writer *w, Value dict, bool *first, const Level *level, int depth)
{
    Value *roots = roots_reserve(w->vm, 2);
    size_t at = 0;
    bool ok = roots != NULL;
    while (ok && dict_next(as_dict(dict), &at, &roots[0], &roots[1]))
        ok = write_entry(w, roots[0], roots[1], first, level, depth);
    if (roots) roots_pop(w->vm, roots);
    return ok;
}

static bool write_object(Writer *w, Value v, const Level *outer, int depth)
{
    Level level;
    if (!enter(w, &level, v, outer)) return false;
    if (!dict_len(as_dict(v))) return sb_add_c(&w->b, "{}");
    bool first = true, ok = sb_add(&w->b, "{", 1);
    ok = ok && (w->sort_keys ? write_sorted : write_unsorted)(w, v, &first, &level, depth);
    if (ok && first) return sb_add(&w->b, "}", 1);
    return ok && new_line(w, depth) && sb_add(&w->b, "}", 1);
}

static bool write_other(Writer *w, Value v, const Level *outer, int depth)
{
    Level level;
    if (!enter(w, &level, v, outer)) return false;
    Value stands = vm_call1(w->vm, w->fallback, v);
    Value *root = is_error(stands) ? NULL : roots_push(w->vm, stands);
    if (!root) return false;
    bool ok = write_value(w, stands, &level, depth);
    roots_pop(w->vm, root);
    return ok;
}

static bool write_value(Writer *w, Value v, const Level *outer, int depth)
{
    if (!vm_tick(w->b.vm, 1)) return false;
    if (is_str(v)) return write_str(&w->b, as_str(v), w->ascii);
    if (is_none(v)) return sb_add_c(&w->b, "null");
    if (is_bool(v)) return sb_add_c(&w->b, v == VALUE_TRUE ? "true" : "false");
    if (is_int(v)) return write_int(w, v);
    if (is_float(v)) return write_float(w, as_float(v));
    if (is_list(v) || is_tuple(v)) return write_array(w, v, outer, depth);
    if (is_dict(v)) return write_object(w, v, outer, depth);
    return write_other(w, v, outer, depth);
}

static Value nat_encode(VM *vm, Args args)
{
    const Value *o = options_of(vm, args.v[1], 9);
    if (!o) return VALUE_ERROR;
    Writer w = {.vm = vm,
                .fallback = o[0],
                .item_separator = o[1],
                .key_separator = o[2],
                .indent = o[3],
                .skipkeys = o[4] == VALUE_TRUE,
                .ascii = o[5] == VALUE_TRUE,
                .check_circular = o[6] == VALUE_TRUE,
                .allow_nan = o[7] == VALUE_TRUE,
                .sort_keys = o[8] == VALUE_TRUE};
    if (!is_str(w.item_separator) || !is_str(w.key_separator))
        return vm_raise(vm, ERR_TYPE, "separators must be str");
    sb_init(&w.b, vm);
    if (write_value(&w, args.v[0], NULL, 0)) return sb_finish(&w.b);
    sb_drop(&w.b);
    return is_unset(vm->exc) ? vm_no_memory(vm) : VALUE_ERROR;
}

static Value nat_quote(VM *vm, Args args)
{
    if (!is_str(args.v[0]))
        return vm_raise(vm, ERR_TYPE, "first argument must be a string, not %T", args.v[0]);
    StrBuilder b;
    sb_init(&b, vm);
    write_str(&b, as_str(args.v[0]), args.v[1] == VALUE_TRUE);
    return sb_finish(&b);
}

static const NativeDef natives[] = {
    {"scan(text, at, options, /)", nat_scan, "The value that begins there, and the position behind it.", 0},
    {"encode(value, options, /)", nat_encode, "A value as text.", 0},
    {"quote(text, ascii, /)", nat_quote, "A str as JSON text.", 0},
    {0},
};

const ModuleDef _json_module = {"_json", natives, "What json has in C.", NULL};
