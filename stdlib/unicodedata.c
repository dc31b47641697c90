/* unicodedata.c - the module unicodedata: CPython's, over vm/ucd.h. */
#include "stdlib/stdlib.h"
#include "vm/bytes.h"
#include "vm/float.h"
#include "vm/native.h"
#include "vm/str.h"
#include "vm/ucd.h"
#include "vm/unitables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the database, opened when first asked, and arguments ---- */

static const Ucd *properties(VM *vm)
{
    Stdlib *lib = stdlib(vm);
    if (!lib->ucd && !(lib->ucd = ucd_open())) vm_no_memory(vm);
    return lib->ucd;
}

static const UcdNames *names(VM *vm)
{
    Stdlib *lib = stdlib(vm);
    if (!lib->ucd_names && !(lib->ucd_names = ucd_names_open())) vm_no_memory(vm);
    return lib->ucd_names;
}

/* The one character of an argument; `which` it is in the error's text. */
static bool character(VM *vm, Value v, const char *which, uint32_t *code)
{
    if (!is_str(v) || as_str(v)->length != 1)
        return vm_raise(vm, ERR_TYPE, "%s must be a unicode character, not %A", which, v), false;
    *code = str_char_at(vm, as_str(v), 0);
    return true;
}

/* The default that was given; without one ValueError. */
static Value otherwise(VM *vm, Value given, const char *reason)
{
    return is_unset(given) ? vm_raise(vm, ERR_VALUE, reason) : given;
}

/* ---- properties ---- */

static Value record_field(VM *vm, Value v, const char *which, const char *(*field)(UcdRecord))
{
    uint32_t code;
    const Ucd *u = character(vm, v, which, &code) ? properties(vm) : NULL;
    return u ? str_from_c(vm, field(ucd_record(u, code))) : VALUE_ERROR;
}

static const char *category_of(UcdRecord r) { return r.category; }
static const char *bidirectional_of(UcdRecord r) { return r.bidirectional; }
static const char *width_of(UcdRecord r) { return r.width; }

static Value nat_category(VM *vm, Args args)
{
    return record_field(vm, args.v[0], "category() argument", category_of);
}

static Value nat_bidirectional(VM *vm, Args args)
{
    return record_field(vm, args.v[0], "bidirectional() argument", bidirectional_of);
}

static Value nat_east_asian_width(VM *vm, Args args)
{
    return record_field(vm, args.v[0], "east_asian_width() argument", width_of);
}

static Value nat_combining(VM *vm, Args args)
{
    uint32_t code;
    const Ucd *u = character(vm, args.v[0], "combining() argument", &code) ? properties(vm) : NULL;
    return u ? small(ucd_record(u, code).combining) : VALUE_ERROR;
}

static Value nat_mirrored(VM *vm, Args args)
{
    uint32_t code;
    const Ucd *u = character(vm, args.v[0], "mirrored() argument", &code) ? properties(vm) : NULL;
    return u ? small(ucd_record(u, code).mirrored) : VALUE_ERROR;
}

static Value nat_decomposition(VM *vm, Args args)
{
    enum { LONGEST = 256 }; // the longest has 18 code points
    uint32_t code;
    UcdMapping mapping;
    const Ucd *u = character(vm, args.v[0], "decomposition() argument", &code) ? properties(vm) : NULL;
    if (!u) return VALUE_ERROR;
    if (!ucd_mapping(u, code, &mapping)) return str_from_c(vm, "");
    char text[LONGEST];
    int len = snprintf(text, sizeof text, "%s", mapping.tag);
    for (uint32_t i = 0; i < mapping.count; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "%s%04X", len ? " " : "", mapping.codes[i]);
    return str_new(vm, text, (size_t)len);
}

/* ---- values ---- */

static Value nat_decimal(VM *vm, Args args)
{
    uint32_t code;
    if (!character(vm, args.v[0], "decimal() argument 1", &code)) return VALUE_ERROR;
    int value = uni_decimal(code);
    return value < 0 ? otherwise(vm, args.v[1], "not a decimal") : small(value);
}

static Value nat_digit(VM *vm, Args args)
{
    uint32_t code;
    if (!character(vm, args.v[0], "digit() argument 1", &code)) return VALUE_ERROR;
    const UniRecord *r = uni_record(code);
    return r->flags & UNI_DIGIT ? small(r->digit) : otherwise(vm, args.v[1], "not a digit");
}

static Value nat_numeric(VM *vm, Args args)
{
    uint32_t code;
    double value;
    const Ucd *u = character(vm, args.v[0], "numeric() argument 1", &code) ? properties(vm) : NULL;
    if (!u) return VALUE_ERROR;
    return ucd_numeric(u, code, &value) ? float_value(vm, value)
                                        : otherwise(vm, args.v[1], "not a numeric character");
}

/* ---- names ---- */

static Value nat_name(VM *vm, Args args)
{
    uint32_t code;
    char name[UCD_NAME_MAX];
    const UcdNames *n = character(vm, args.v[0], "name() argument 1", &code) ? names(vm) : NULL;
    if (!n) return VALUE_ERROR;
    size_t len = ucd_name(n, code, name);
    return len ? str_new(vm, name, len) : otherwise(vm, args.v[1], "no such name");
}

static bool name_argument(VM *vm, Value v, ByteView *name)
{
    if (!is_str(v)) return bytes_require(vm, v, name);
    *name = (ByteView){(const uint8_t *)as_str(v)->data, as_str(v)->size};
    return true;
}

static Value nat_lookup(VM *vm, Args args)
{
    enum { TOO_LONG = 256 };
    ByteView name;
    if (!name_argument(vm, args.v[0], &name)) return VALUE_ERROR;
    if (name.size > TOO_LONG) return vm_raise(vm, ERR_KEY, "name too long");
    const UcdNames *n = names(vm);
    if (!n) return VALUE_ERROR;
    int32_t code = ucd_lookup(n, (const char *)name.data, name.size);
    if (code >= 0) return str_from_char(vm, (uint32_t)code);
    Value text = is_str(args.v[0]) ? args.v[0] : str_decode_utf8(vm, (const char *)name.data, name.size);
    return text == VALUE_ERROR ? text : vm_raise(vm, ERR_KEY, "undefined character name '%V'", text);
}

/* ---- normalization forms ---- */

static bool form_arguments(VM *vm, Args args, const char *function, UcdForm *form)
{
    static const char *const texts[] = {[UCD_NFC] = "NFC", [UCD_NFD] = "NFD", [UCD_NFKC] = "NFKC", [UCD_NFKD] = "NFKD"};
    for (int i = 0; i < 2; i++)
        if (!is_str(args.v[i]))
            return vm_raise(vm, ERR_TYPE, "%s() argument %d must be str, not %A", function, i + 1, args.v[i]),
                   false;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (str_is(as_str(args.v[0]), texts[i])) return *form = (UcdForm)i, true;
    return vm_raise(vm, ERR_VALUE, "invalid normalization form"), false;
}

/* What is looked at at once: an inert character and those behind it that are not. None changes across an inert one. */
typedef struct Segment {
    uint32_t *codes;
    size_t count, room;
    bool mixes; // some are not inert
} Segment;

static bool segment_add(VM *vm, Segment *s, uint32_t code)
{
    if (s->count == s->room) {
        size_t room = s->room * 2 + 64;
        uint32_t *codes = realloc(s->codes, room * sizeof *codes);
        if (!codes) return vm_no_memory(vm), false;
        s->codes = codes;
        s->room = room;
    }
    s->codes[s->count++] = code;
    return true;
}

/* Writes the segment's form and empties it. */
static bool segment_end(VM *vm, Segment *s, UcdForm form, StrBuilder *out)
{
    const Ucd *u = s->mixes ? properties(vm) : NULL;
    if (s->mixes && !u) return false;
    size_t length = s->count;
    uint32_t *normal = u ? ucd_normalize(u, form, s->codes, s->count, &length) : s->codes;
    if (s->mixes && !normal) return vm_no_memory(vm), false;
    bool ok = true;
    for (size_t i = 0; ok && i < length; i++) ok = sb_add_char(out, normal[i]);
    if (normal != s->codes) free(normal);
    s->count = 0;
    s->mixes = false;
    return ok;
}

static bool add_normalized(VM *vm, const Str *text, UcdForm form, StrBuilder *out)
{
    Segment segment = {0};
    const char *at = text->data, *end = at + text->size;
    bool ok = true;
    while (ok && at < end) {
        uint32_t code = utf8_get(&at);
        bool inert = ucd_is_inert(form, code);
        ok = (!inert || segment_end(vm, &segment, form, out)) && segment_add(vm, &segment, code);
        segment.mixes = segment.mixes || !inert;
    }
    ok = ok && segment_end(vm, &segment, form, out);
    free(segment.codes);
    return ok;
}

static bool is_inert(const Str *text, UcdForm form)
{
    if (str_is_ascii(text)) return true;
    for (const char *at = text->data, *end = at + text->size; at < end;)
        if (!ucd_is_inert(form, utf8_get(&at))) return false;
    return true;
}

static Value normalized(VM *vm, Value text, UcdForm form)
{
    if (is_inert(as_str(text), form)) return text;
    StrBuilder out;
    sb_init(&out, vm);
    if (!add_normalized(vm, as_str(text), form, &out)) return sb_drop(&out), VALUE_ERROR;
    return sb_finish(&out);
}

static Value nat_normalize(VM *vm, Args args)
{
    UcdForm form;
    if (!form_arguments(vm, args, "normalize", &form)) return VALUE_ERROR;
    Value made = normalized(vm, args.v[1], form);
    return made != VALUE_ERROR && str_eq(as_str(made), as_str(args.v[1])) ? args.v[1] : made;
}

static Value nat_is_normalized(VM *vm, Args args)
{
    UcdForm form;
    if (!form_arguments(vm, args, "is_normalized", &form)) return VALUE_ERROR;
    Value made = normalized(vm, args.v[1], form);
    return made == VALUE_ERROR ? made : bool_value(str_eq(as_str(made), as_str(args.v[1])));
}

/* ---- the module ---- */

static const NativeDef natives[] = {
    {"bidirectional(chr, /)", nat_bidirectional, "The bidirectional class: 'L', 'R', 'AN' ...; '' of what is unassigned.", 0},
    {"category(chr, /)", nat_category, "The general category: 'Lu' of a capital, 'Lo' of Hangul, 'Cn' of what is unassigned.", 0},
    {"combining(chr, /)", nat_combining, "The canonical combining class of a mark; 0 of all else.", 0},
    {"decimal(chr, default=?, /)", nat_decimal, "The value of a decimal digit, an int.", 0},
    {"decomposition(chr, /)", nat_decomposition,
     "What the character stands for, one step: code points in hexadecimal, behind <compat> and the like; or ''.", 0},
    {"digit(chr, default=?, /)", nat_digit, "The value of a digit, raised ones included, an int.", 0},
    {"east_asian_width(chr, /)", nat_east_asian_width, "'W' and 'F' take two columns; 'Na', 'H' and 'N' one; 'A' depends.", 0},
    {"is_normalized(form, unistr, /)", nat_is_normalized, "normalize(form, unistr) == unistr", 0},
    {"lookup(name, /)", nat_lookup, "The character of that name, an alias too; KeyError if there is none.", 0},
    {"mirrored(chr, /)", nat_mirrored, "1 if the character is drawn mirrored from right to left, as brackets are.", 0},
    {"name(chr, default=?, /)", nat_name, "The character's name; the default, or ValueError, if it has none.", 0},
    {"normalize(form, unistr, /)", nat_normalize,
     "The text in form 'NFC' (composed), 'NFD' (decomposed), 'NFKC' or 'NFKD' (and compatible ones replaced).", 0},
    {"numeric(chr, default=?, /)", nat_numeric, "The value of a digit, a fraction or an ideograph that is a number, a float.", 0},
    {0},
};

static bool init(VM *vm, Module *m)
{
    return module_add(vm, m, "unidata_version", str_from_c(vm, ucd_version()));
}

const ModuleDef unicodedata_module = {"unicodedata", natives,
                                      "Properties of characters, as Unicode has them.", init};
