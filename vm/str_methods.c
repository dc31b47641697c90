/* str_methods.c - the methods of str. Case is in str_case.c, format() in str_format.c. */
#include "vm/str_methods.h"
#include "vm/codecs.h"
#include "vm/dict.h"
#include "vm/iter.h"
#include "vm/search.h"
#include "vm/text.h"
#include "vm/text_args.h"
#include "vm/unitables.h"

static bool require_str(VM *vm, Value v)
{
    return is_str(v) || (vm_raise(vm, ERR_TYPE, "must be str, not %T", v), false);
}

/* A parameter of `method`; number 0: its only one. */
static bool require_parameter(VM *vm, Value v, const char *method, int number)
{
    if (is_str(v)) return true;
    if (number) vm_raise(vm, ERR_TYPE, "%s() argument %d must be str, not %A", method, number, v);
    else vm_raise(vm, ERR_TYPE, "%s() argument must be str, not %A", method, v);
    return false;
}

/* ---- searching ---- */

/* The part of self that arguments `start` and `end` of a method leave, as bytes. */
typedef struct Part {
    Str *s;
    const char *data;
    size_t size, start, end; // bytes; code points
    bool none;               // start > end
} Part;

static bool part_of(VM *vm, Args args, Part *part)
{
    Str *s = as_str(args.v[0]);
    *part = (Part){.s = s, .data = s->data, .size = s->size, .end = s->length};
    if (is_none(args.v[2]) && is_none(args.v[3])) return true;
    if (!arg_span(vm, args.v[2], args.v[3], s->length, &part->start, &part->end)) return false;
    part->none = part->start > part->end;
    if (part->none) return true;
    size_t from = str_offset(vm, s, part->start);
    part->size = str_offset(vm, s, part->end) - from;
    part->data += from;
    return true;
}

/* Position in code points; -1 not found, -2 an error. */
static int64_t find(VM *vm, Args args, bool last)
{
    Part part;
    if (!part_of(vm, args, &part) || !require_str(vm, args.v[1])) return -2;
    const Str *sub = as_str(args.v[1]);
    if (part.none) return -1;
    size_t at = (last ? search_last : search_first)(part.data, part.size, sub->data, sub->size);
    if (at == SEARCH_NONE) return -1;
    return (int64_t)(part.start + (str_is_ascii(part.s) ? at : utf8_count(part.data, at)));
}

static Value nat_find(VM *vm, Args args)
{
    int64_t at = find(vm, args, false);
    return at == -2 ? VALUE_ERROR : small(at);
}

static Value nat_rfind(VM *vm, Args args)
{
    int64_t at = find(vm, args, true);
    return at == -2 ? VALUE_ERROR : small(at);
}

static Value found_index(VM *vm, int64_t at)
{
    if (at == -1) return vm_raise(vm, ERR_VALUE, "substring not found");
    return at == -2 ? VALUE_ERROR : small(at);
}

static Value nat_index(VM *vm, Args args) { return found_index(vm, find(vm, args, false)); }
static Value nat_rindex(VM *vm, Args args) { return found_index(vm, find(vm, args, true)); }

static Value nat_count(VM *vm, Args args)
{
    Part part;
    if (!part_of(vm, args, &part) || !require_str(vm, args.v[1])) return VALUE_ERROR;
    const Str *sub = as_str(args.v[1]);
    if (part.none) return small(0);
    if (!sub->size) return small((int64_t)(part.end - part.start + 1));
    size_t count = search_count(part.data, part.size, sub->data, sub->size, SIZE_MAX);
    return vm_tick_bytes(vm, part.size) ? small((int64_t)count) : VALUE_ERROR;
}

static bool begins_with(const Part *part, const Str *affix, bool at_end)
{
    if (part->none || affix->size > part->size) return false;
    return memcmp(part->data + (at_end ? part->size - affix->size : 0), affix->data, affix->size) == 0;
}

static Value test_affix(VM *vm, Args args, const char *method, bool at_end)
{
    Part part;
    if (!part_of(vm, args, &part)) return VALUE_ERROR;
    if (is_str(args.v[1])) return bool_value(begins_with(&part, as_str(args.v[1]), at_end));
    if (!is_tuple(args.v[1]))
        return vm_raise(vm, ERR_TYPE, "%s first arg must be str or a tuple of str, not %T", method,
                        args.v[1]);
    const Tuple *t = as_tuple(args.v[1]);
    for (size_t i = 0; i < t->size; i++) {
        if (!is_str(t->items[i]))
            return vm_raise(vm, ERR_TYPE, "tuple for %s must only contain str, not %T", method, t->items[i]);
        if (begins_with(&part, as_str(t->items[i]), at_end)) return VALUE_TRUE;
    }
    return VALUE_FALSE;
}

static Value nat_startswith(VM *vm, Args args) { return test_affix(vm, args, "startswith", false); }
static Value nat_endswith(VM *vm, Args args) { return test_affix(vm, args, "endswith", true); }

static Value nat_removeprefix(VM *vm, Args args)
{
    if (!require_parameter(vm, args.v[1], "removeprefix", 0)) return VALUE_ERROR;
    Text t = text_of(args.v[0]), prefix = text_of(args.v[1]);
    if (t.size >= prefix.size && memcmp(t.data, prefix.data, prefix.size) == 0) {
        t.data += prefix.size;
        t.size -= prefix.size;
    }
    return text_part(vm, args.v[0], t);
}

static Value nat_removesuffix(VM *vm, Args args)
{
    if (!require_parameter(vm, args.v[1], "removesuffix", 0)) return VALUE_ERROR;
    Text t = text_of(args.v[0]), suffix = text_of(args.v[1]);
    if (t.size >= suffix.size && memcmp(t.data + t.size - suffix.size, suffix.data, suffix.size) == 0)
        t.size -= suffix.size;
    return text_part(vm, args.v[0], t);
}

/* ---- cutting ---- */

static Value strip(VM *vm, Args args, const char *method, StripSides sides)
{
    Text chars;
    if (!is_none(args.v[1])) {
        if (!is_str(args.v[1])) return vm_raise(vm, ERR_TYPE, "%s arg must be None or str", method);
        chars = text_of(args.v[1]);
    }
    Text left = text_strip(text_of(args.v[0]), is_none(args.v[1]) ? NULL : &chars, sides);
    return text_part(vm, args.v[0], left);
}

static Value nat_strip(VM *vm, Args args) { return strip(vm, args, "strip", STRIP_BOTH); }
static Value nat_lstrip(VM *vm, Args args) { return strip(vm, args, "lstrip", STRIP_LEFT); }
static Value nat_rstrip(VM *vm, Args args) { return strip(vm, args, "rstrip", STRIP_RIGHT); }

static Value split(VM *vm, Args args, bool from_right)
{
    int64_t max;
    if (!index_argument(vm, args.v[2], &max)) return VALUE_ERROR;
    Text t = text_of(args.v[0]), separator;
    if (!is_none(args.v[1])) {
        if (!is_str(args.v[1])) return vm_raise(vm, ERR_TYPE, "must be str or None, not %T", args.v[1]);
        separator = text_of(args.v[1]);
        if (!separator.size) return vm_raise(vm, ERR_VALUE, "empty separator");
    }
    return (from_right ? text_rsplit : text_split)(vm, t, is_none(args.v[1]) ? NULL : &separator, max);
}

static Value nat_split(VM *vm, Args args) { return split(vm, args, false); }
static Value nat_rsplit(VM *vm, Args args) { return split(vm, args, true); }

static Value nat_splitlines(VM *vm, Args args)
{
    int keep_ends;
    if (!arg_int(vm, args.v[1], &keep_ends)) return VALUE_ERROR;
    return text_splitlines(vm, text_of(args.v[0]), keep_ends);
}

static Value partition(VM *vm, Args args, bool from_right)
{
    if (!require_str(vm, args.v[1])) return VALUE_ERROR;
    if (!as_str(args.v[1])->size) return vm_raise(vm, ERR_VALUE, "empty separator");
    return text_partition(vm, args.v[0], args.v[1], from_right);
}

static Value nat_partition(VM *vm, Args args) { return partition(vm, args, false); }
static Value nat_rpartition(VM *vm, Args args) { return partition(vm, args, true); }

/* ---- building ---- */

static Value join_items(VM *vm, const Str *separator, const Value *items, size_t n)
{
    size_t size = n ? size_mul(separator->size, n - 1) : 0, length = n ? separator->length * (n - 1) : 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_str(items[i]))
            return vm_raise(vm, ERR_TYPE, "sequence item %zu: expected str instance, %T found", i, items[i]);
        size = size_add(size, as_str(items[i])->size);
        length += as_str(items[i])->length;
    }
    if (!size) return obj_value(vm->empty_str);
    if (n == 1) return str_exact(vm, as_str(items[0]));
    Str *s = str_alloc(vm, size, length);
    if (!s) return VALUE_ERROR;
    char *out = s->data;
    for (size_t i = 0; i < n; i++) {
        const Str *part = as_str(items[i]);
        if (i) out = copy_bytes(out, separator->data, separator->size);
        out = copy_bytes(out, part->data, part->size);
    }
    return obj_value(s);
}

static Value nat_join(VM *vm, Args args)
{
    Value items = args.v[1];
    if (!is_exact(items, T_LIST) && !is_exact(items, T_TUPLE)) {
        items = iterable_to_list(vm, items, "can only join an iterable");
        if (is_error(items)) return items;
    }
    size_t n;
    const Value *v = sequence_items(as_obj(items), &n);
    return join_items(vm, as_str(args.v[0]), v, n);
}

static Value nat_replace(VM *vm, Args args)
{
    int64_t max;
    if (!require_parameter(vm, args.v[1], "replace", 1) || !require_parameter(vm, args.v[2], "replace", 2) ||
        !index_argument(vm, args.v[3], &max))
        return VALUE_ERROR;
    Text t = text_of(args.v[0]), with = text_of(args.v[2]);
    Value v = text_replace(vm, t, text_of(args.v[1]), with, max);
    return is_unset(v) ? str_exact(vm, as_str(args.v[0])) : v;
}

/* How many characters self is short of the argument `width`, and the optional fill character. */
static bool padding(VM *vm, Args args, size_t *missing, Text *fill)
{
    int64_t width, length = (int64_t)as_str(args.v[0])->length;
    if (!index_argument(vm, args.v[1], &width)) return false;
    *missing = width > length ? (size_t)(width - length) : 0;
    if (!fill) return true;
    if (!is_str(args.v[2])) {
        vm_raise(vm, ERR_TYPE, "The fill character must be a unicode character, not %T", args.v[2]);
        return false;
    }
    *fill = text_of(args.v[2]);
    if (fill->length == 1) return true;
    vm_raise(vm, ERR_TYPE, "The fill character must be exactly one character long");
    return false;
}

static Value pad(VM *vm, Args args, size_t left, size_t right, Text fill)
{
    if (!left && !right) return str_exact(vm, as_str(args.v[0]));
    return text_pad(vm, text_of(args.v[0]), left, right, fill);
}

static Value nat_ljust(VM *vm, Args args)
{
    size_t missing;
    Text fill;
    return padding(vm, args, &missing, &fill) ? pad(vm, args, 0, missing, fill) : VALUE_ERROR;
}

static Value nat_rjust(VM *vm, Args args)
{
    size_t missing;
    Text fill;
    return padding(vm, args, &missing, &fill) ? pad(vm, args, missing, 0, fill) : VALUE_ERROR;
}

static Value nat_center(VM *vm, Args args)
{
    size_t missing;
    Text fill;
    if (!padding(vm, args, &missing, &fill)) return VALUE_ERROR;
    size_t width = as_str(args.v[0])->length + missing;
    size_t left = missing / 2 + (missing & width & 1);
    return pad(vm, args, left, missing - left, fill);
}

static Value nat_zfill(VM *vm, Args args)
{
    size_t missing;
    if (!padding(vm, args, &missing, NULL)) return VALUE_ERROR;
    if (!missing) return str_exact(vm, as_str(args.v[0]));
    return text_zfill(vm, text_of(args.v[0]), as_str(args.v[0])->length + missing);
}

static Value nat_expandtabs(VM *vm, Args args)
{
    int tab;
    if (!arg_int(vm, args.v[1], &tab)) return VALUE_ERROR;
    return text_expandtabs(vm, text_of(args.v[0]), tab);
}

static Value nat_encode(VM *vm, Args args)
{
    static const char *const names[] = {"encoding", "errors"};
    for (int i = 0; i < 2; i++)
        if (!is_str(args.v[1 + i]))
            return vm_raise(vm, ERR_TYPE, "encode() argument '%s' must be str, not %A", names[i],
                            args.v[1 + i]);
    return codec_encode(vm, as_str(args.v[0]), args.v[1], args.v[2]);
}

/* ---- translate ---- */

static bool map_pairs(VM *vm, Dict *d, Str *from, Str *to)
{
    size_t at = 0, to_at = 0;
    while (at < from->size) {
        const char *p = from->data + at, *q = to->data + to_at;
        uint32_t key = utf8_get(&p), value = utf8_get(&q);
        at = (size_t)(p - from->data);
        to_at = (size_t)(q - to->data);
        if (!dict_set(vm, d, small(key), small(value))) return false;
    }
    return true;
}

static bool map_to_none(VM *vm, Dict *d, const Str *chars)
{
    for (const char *p = chars->data, *end = p + chars->size; p < end;)
        if (!dict_set(vm, d, small(utf8_get(&p)), VALUE_NONE)) return false;
    return true;
}

static Value table_of_strs(VM *vm, Args args)
{
    if (!is_str(args.v[0]))
        return vm_raise(vm, ERR_TYPE,
                        "first maketrans argument must be a string if there is a second argument");
    if (as_str(args.v[0])->length != as_str(args.v[1])->length)
        return vm_raise(vm, ERR_VALUE, "the first two maketrans arguments must have equal length");
    Dict *d = dict_new(vm);
    if (!d || !map_pairs(vm, d, as_str(args.v[0]), as_str(args.v[1]))) return VALUE_ERROR;
    if (!is_unset(args.v[2]) && !map_to_none(vm, d, as_str(args.v[2]))) return VALUE_ERROR;
    return obj_value(d);
}

/* A copy of a dict whose one-character keys become code points. The others are ints: nothing is called. */
static Value table_of_dict(VM *vm, Value source)
{
    if (!is_exact(source, T_DICT))
        return vm_raise(vm, ERR_TYPE, "if you give only one argument to maketrans it must be a dict");
    Dict *d = dict_new(vm);
    if (!d) return VALUE_ERROR;
    size_t at = 0;
    Value key, value;
    while (dict_next(as_dict(source), &at, &key, &value)) {
        if (is_str(key)) {
            if (as_str(key)->length != 1)
                return vm_raise(vm, ERR_VALUE, "string keys in translate table must be of length 1");
            key = small(str_char_at(vm, as_str(key), 0));
        } else if (!is_int(key)) {
            return vm_raise(vm, ERR_TYPE, "keys in translate table must be strings or integers");
        } else {
            key = int_normal(vm, key);
            if (is_error(key)) return key;
        }
        if (!dict_set(vm, d, key, value)) return VALUE_ERROR;
    }
    return obj_value(d);
}

static Value nat_maketrans(VM *vm, Args args)
{
    if (is_unset(args.v[1])) return table_of_dict(vm, args.v[0]);
    for (int i = 1; i <= 2; i++)
        if (!is_unset(args.v[i]) && !require_parameter(vm, args.v[i], "maketrans", i + 1)) return VALUE_ERROR;
    return table_of_strs(vm, args);
}

/* What the table says about c: UNSET for "leave it". */
static Value look_up(VM *vm, Value table, uint32_t c)
{
    if (is_exact(table, T_DICT)) return dict_get(vm, as_dict(table), small(c));
    Value v = obj_getitem(vm, table, small(c));
    if (!is_error(v) || !vm_pending_is(vm, ERR_LOOKUP)) return v;
    vm_take_pending(vm);
    return VALUE_UNSET;
}

static bool add_translated(StrBuilder *b, uint32_t c, Value to)
{
    int64_t code;
    if (is_unset(to)) return sb_add_char(b, c);
    if (is_none(to)) return true;
    if (is_str(to)) return sb_add_str(b, to);
    if (!is_int(to)) {
        vm_raise(b->vm, ERR_TYPE, "character mapping must return integer, None or str");
        return false;
    }
    if (int_to_i64(to, &code) && code >= 0 && code <= UNI_MAX) return sb_add_char(b, (uint32_t)code);
    vm_raise(b->vm, ERR_VALUE, "character mapping must be in range(0x110000)");
    return false;
}

/* Answers that need no rooting, kept per ASCII character so that long texts ask the table once for each. */
typedef struct AsciiAnswers {
    Value answer[128];  // VALUE_STOP: not asked yet
    uint8_t byte[256];  // where the answer is one ASCII character; NOT_ONE: it is not, or not known
} AsciiAnswers;
enum { NOT_ONE = 0x80 };

static void keep_answer(VM *vm, AsciiAnswers *known, uint32_t c, Value to)
{
    if (is_str(to) && as_str(to)->size == 1) to = str_from_char(vm, (unsigned char)as_str(to)->data[0]);
    else if (is_ptr(to)) return;
    known->answer[c] = to;
    if (is_unset(to)) known->byte[c] = (uint8_t)c;
    else if (is_str(to)) known->byte[c] = (uint8_t)as_str(to)->data[0];
    else if (is_small(to) && as_small(to) >= 0 && as_small(to) < NOT_ONE) known->byte[c] = (uint8_t)as_small(to);
}

/* As many as are known to become one character each. */
static size_t translate_known(StrBuilder *b, const AsciiAnswers *known, const char *p, size_t n)
{
    char *out = known->byte[(unsigned char)*p] == NOT_ONE ? NULL : sb_grow(b, n);
    size_t i = 0;
    for (uint8_t c; out && i < n && (c = known->byte[(unsigned char)p[i]]) != NOT_ONE; i++) out[i] = (char)c;
    b->size += i;
    return i;
}

static Value nat_translate(VM *vm, Args args)
{
    Str *s = as_str(args.v[0]);
    AsciiAnswers known;
    for (int i = 0; i < 128; i++) known.answer[i] = VALUE_STOP;
    memset(known.byte, NOT_ONE, sizeof known.byte);
    StrBuilder b;
    sb_init(&b, vm);
    for (size_t at = 0; at < s->size;) { // by offset: a look-up may run scripts
        at += translate_known(&b, &known, s->data + at, s->size - at);
        if (at == s->size) break;
        const char *p = s->data + at;
        uint32_t c = utf8_get(&p);
        at = (size_t)(p - s->data);
        Value to = c < 128 ? known.answer[c] : VALUE_STOP;
        if (to == VALUE_STOP) {
            to = look_up(vm, args.v[1], c);
            if (c < 128 && !is_error(to)) keep_answer(vm, &known, c, to);
        }
        if (is_error(to) || !add_translated(&b, c, to)) {
            sb_drop(&b);
            return VALUE_ERROR;
        }
    }
    return sb_finish(&b);
}

static Value nat_getnewargs(VM *vm, Args args)
{
    Value s = str_exact(vm, as_str(args.v[0]));
    return is_error(s) ? s : tuple_new(vm, &s, 1);
}

const NativeDef str_methods[] = {
    {"capitalize(self, /)", nat_capitalize, "A copy with only the first character in upper case.", 0},
    {"casefold(self, /)", nat_casefold, "A copy for comparing without regard to case.", 0},
    {"center(self, width, fillchar=' ', /)", nat_center, "A copy in the middle of that many columns.", 0},
    {"count(self, sub, start=None, end=None, /)", nat_count, "How often sub occurs without overlap.",
     NATIVE_PARSED},
    {"encode(self, /, encoding='utf-8', errors='strict')", nat_encode, "The text as bytes.", 0},
    {"endswith(self, suffix, start=None, end=None, /)", nat_endswith,
     "Does it end with suffix, or one of a tuple?", NATIVE_PARSED},
    {"expandtabs(self, /, tabsize=8)", nat_expandtabs, "A copy with spaces for tabs.", 0},
    {"find(self, sub, start=None, end=None, /)", nat_find, "The lowest index of sub, or -1.", NATIVE_PARSED},
    {"format(self, /, *args, **kwargs)", nat_format, "A copy with fields {...} filled in.", 0},
    {"format_map(self, mapping, /)", nat_format_map, "A copy with fields {name} filled in from mapping.", 0},
    {"index(self, sub, start=None, end=None, /)", nat_index, "The lowest index of sub, or ValueError.",
     NATIVE_PARSED},
    {"isalnum(self, /)", nat_isalnum, "Only letters and numbers, at least one?", 0},
    {"isalpha(self, /)", nat_isalpha, "Only letters, at least one?", 0},
    {"isascii(self, /)", nat_isascii, "Only ASCII characters?", 0},
    {"isdecimal(self, /)", nat_isdecimal, "Only decimal digits, at least one?", 0},
    {"isdigit(self, /)", nat_isdigit, "Only digits, at least one?", 0},
    {"isidentifier(self, /)", nat_isidentifier, "Could it be a name in a program?", 0},
    {"islower(self, /)", nat_islower, "Are the cased characters, at least one, in lower case?", 0},
    {"isnumeric(self, /)", nat_isnumeric, "Only numeric characters, at least one?", 0},
    {"isprintable(self, /)", nat_isprintable, "Would repr() escape no character?", 0},
    {"isspace(self, /)", nat_isspace, "Only white space, at least one character?", 0},
    {"istitle(self, /)", nat_istitle, "Does each word begin in upper case and go on in lower case?", 0},
    {"isupper(self, /)", nat_isupper, "Are the cased characters, at least one, in upper case?", 0},
    {"join(self, iterable, /)", nat_join, "The strings of iterable with this one between them.", 0},
    {"ljust(self, width, fillchar=' ', /)", nat_ljust, "A copy at the left of that many columns.", 0},
    {"lower(self, /)", nat_lower, "A copy in lower case.", 0},
    {"lstrip(self, chars=None, /)", nat_lstrip, "A copy without white space (or chars) at the start.", 0},
    {"maketrans(x, y=?, z=?, /)", nat_maketrans, "A table for translate().", NATIVE_STATIC},
    {"partition(self, sep, /)", nat_partition, "What is before the first sep, sep, and what follows.", 0},
    {"removeprefix(self, prefix, /)", nat_removeprefix, "A copy without prefix, if it starts with it.", 0},
    {"removesuffix(self, suffix, /)", nat_removesuffix, "A copy without suffix, if it ends with it.", 0},
    {"replace(self, old, new, count=-1, /)", nat_replace, "A copy with new for old, at most count times.", 0},
    {"rfind(self, sub, start=None, end=None, /)", nat_rfind, "The highest index of sub, or -1.",
     NATIVE_PARSED},
    {"rindex(self, sub, start=None, end=None, /)", nat_rindex, "The highest index of sub, or ValueError.",
     NATIVE_PARSED},
    {"rjust(self, width, fillchar=' ', /)", nat_rjust, "A copy at the right of that many columns.", 0},
    {"rpartition(self, sep, /)", nat_rpartition, "What is before the last sep, sep, and what follows.", 0},
    {"rsplit(self, /, sep=None, maxsplit=-1)", nat_rsplit, "The parts between separators, from right.", 0},
    {"rstrip(self, chars=None, /)", nat_rstrip, "A copy without white space (or chars) at the end.", 0},
    {"split(self, /, sep=None, maxsplit=-1)", nat_split, "The parts between separators (or white space).", 0},
    {"splitlines(self, /, keepends=False)", nat_splitlines, "The lines.", 0},
    {"startswith(self, prefix, start=None, end=None, /)", nat_startswith,
     "Does it start with prefix, or one of a tuple?", NATIVE_PARSED},
    {"strip(self, chars=None, /)", nat_strip, "A copy without white space (or chars) at both ends.", 0},
    {"swapcase(self, /)", nat_swapcase, "A copy with upper case for lower case and the reverse.", 0},
    {"title(self, /)", nat_title, "A copy with each word in title case.", 0},
    {"translate(self, table, /)", nat_translate, "A copy with each character replaced as table says.", 0},
    {"upper(self, /)", nat_upper, "A copy in upper case.", 0},
    {"zfill(self, width, /)", nat_zfill, "A copy with zeros behind the sign up to width.", 0},
    {"__getnewargs__(self, /)", nat_getnewargs, "The arguments that make an equal str.", 0},
    {0},
};
