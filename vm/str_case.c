/* str_case.c - upper and lower case, and the questions isalpha() ... isidentifier(). */
#include "vm/str_methods.h"
#include "vm/unitables.h"

/* ---- ASCII, eight bytes at a time ---- */

#define ONES 0x0101010101010101u

/* 0x20 in each byte of w (all ASCII) that lies in first..last. */
static inline uint64_t case_bits(uint64_t w, unsigned char first, unsigned char last)
{
    uint64_t from_first = w + ONES * (0x80u - first), after_last = w + ONES * (0x7Fu - last);
    return (from_first & ~after_last & ONES * 0x80) >> 2;
}

/* Flip the case of the letters in first..last; the rest stays. */
static void flip_ascii(char *out, const char *p, size_t n, unsigned char first, unsigned char last)
{
    for (; n >= 8; p += 8, out += 8, n -= 8) {
        uint64_t w = utf8_word(p);
        w ^= case_bits(w, first, last);
        memcpy(out, &w, 8);
    }
    for (; n; n--, p++) {
        unsigned char c = (unsigned char)*p;
        *out++ = (char)(c ^ (c >= first && c <= last ? 0x20 : 0));
    }
}

static Value flipped_ascii(VM *vm, const Str *s, unsigned char first, unsigned char last)
{
    if (!s->size) return obj_value(vm->empty_str);
    Str *r = str_alloc(vm, s->size, s->size);
    if (!r) return VALUE_ERROR;
    flip_ascii(r->data, s->data, s->size, first, last);
    return obj_value(r);
}

/* ---- any text ---- */

typedef enum { CASE_UPPER, CASE_LOWER, CASE_TITLE, CASE_FOLD } CaseMapping;

static int32_t mapping_of(uint32_t c, CaseMapping which)
{
    const UniRecord *r = uni_record(c);
    switch (which) {
    case CASE_UPPER: return r->upper;
    case CASE_LOWER: return r->lower;
    case CASE_TITLE: return r->title;
    case CASE_FOLD: return r->fold;
    }
    return 0;
}

static void add_mapped(StrBuilder *b, uint32_t c, CaseMapping which)
{
    uint32_t out[UNI_EXPAND];
    int n = uni_map(c, mapping_of(c, which), out);
    for (int i = 0; i < n; i++) sb_add_char(b, out[i]);
}

/* Whether the sigma at p ends a word: a cased character before it and none after it, not counting
 * case-ignorable ones. */
static bool is_final_sigma(const Str *s, const char *p)
{
    const char *end = s->data + s->size, *q = p;
    uint32_t c = 0;
    bool ignorable = true;
    while (ignorable && q > s->data) {
        const char *before = q = utf8_back(q);
        c = utf8_get(&before);
        ignorable = uni_is(c, UNI_IGNORABLE);
    }
    if (ignorable || !uni_is(c, UNI_CASED)) return false;
    utf8_get(&p);
    for (ignorable = true; ignorable && p < end;) {
        c = utf8_get(&p);
        ignorable = uni_is(c, UNI_IGNORABLE);
    }
    return ignorable || !uni_is(c, UNI_CASED);
}

enum { SIGMA = 0x3A3, FINAL_SIGMA = 0x3C2 };

static void add_lower(StrBuilder *b, const Str *s, const char *p)
{
    const char *at = p;
    uint32_t c = utf8_get(&at);
    if (c == SIGMA && is_final_sigma(s, p)) sb_add_char(b, FINAL_SIGMA);
    else add_mapped(b, c, CASE_LOWER);
}

/* Every character mapped alike. Many scripts have no case: what stays as it is, is copied in runs. */
static Value mapped(VM *vm, const Str *s, CaseMapping which)
{
    StrBuilder b;
    sb_init(&b, vm);
    sb_grow(&b, s->size);
    const char *run = s->data, *end = s->data + s->size;
    for (const char *p = run; p < end && !b.failed;) {
        const char *start = p;
        uint32_t c = utf8_get(&p);
        if (uni_is_caseless(c) || !mapping_of(c, which)) continue;
        sb_add(&b, run, (size_t)(start - run));
        if (which == CASE_LOWER) add_lower(&b, s, start);
        else add_mapped(&b, c, which);
        run = p;
    }
    sb_add(&b, run, (size_t)(end - run));
    return sb_finish(&b);
}

Value nat_upper(VM *vm, Args args)
{
    const Str *s = as_str(args.v[0]);
    return str_is_ascii(s) ? flipped_ascii(vm, s, 'a', 'z') : mapped(vm, s, CASE_UPPER);
}

Value nat_lower(VM *vm, Args args)
{
    const Str *s = as_str(args.v[0]);
    return str_is_ascii(s) ? flipped_ascii(vm, s, 'A', 'Z') : mapped(vm, s, CASE_LOWER);
}

Value nat_casefold(VM *vm, Args args)
{
    const Str *s = as_str(args.v[0]);
    return str_is_ascii(s) ? flipped_ascii(vm, s, 'A', 'Z') : mapped(vm, s, CASE_FOLD);
}

Value nat_swapcase(VM *vm, Args args)
{
    const Str *s = as_str(args.v[0]);
    StrBuilder b;
    sb_init(&b, vm);
    for (const char *p = s->data, *end = p + s->size; p < end && !b.failed;) {
        const char *start = p;
        uint32_t c = utf8_get(&p);
        if (uni_is(c, UNI_UPPER)) add_lower(&b, s, start);
        else if (uni_is(c, UNI_LOWER)) add_mapped(&b, c, CASE_UPPER);
        else sb_add(&b, start, (size_t)(p - start));
    }
    return sb_finish(&b);
}

static Value capitalize_ascii(VM *vm, const Str *s)
{
    Value v = flipped_ascii(vm, s, 'A', 'Z');
    if (is_error(v) || !s->size) return v;
    if (s->size == 1) return obj_value(vm->ascii_str[(unsigned char)ascii_upper(s->data[0])]);
    as_str(v)->data[0] = ascii_upper(s->data[0]);
    return v;
}

Value nat_capitalize(VM *vm, Args args)
{
    const Str *s = as_str(args.v[0]);
    if (str_is_ascii(s)) return capitalize_ascii(vm, s);
    StrBuilder b;
    sb_init(&b, vm);
    const char *p = s->data, *end = p + s->size;
    add_mapped(&b, utf8_get(&p), CASE_TITLE);
    for (; p < end && !b.failed; utf8_get(&p)) add_lower(&b, s, p);
    return sb_finish(&b);
}

static Value title_ascii(VM *vm, const Str *s)
{
    if (!s->size) return obj_value(vm->empty_str);
    Str *r = str_alloc(vm, s->size, s->size);
    if (!r) return VALUE_ERROR;
    bool inside = false; // after a letter
    for (size_t i = 0; i < s->size; i++) {
        char c = s->data[i];
        r->data[i] = inside ? ascii_lower(c) : ascii_upper(c);
        inside = is_ascii_lower(c) || is_ascii_upper(c);
    }
    return obj_value(r);
}

Value nat_title(VM *vm, Args args)
{
    const Str *s = as_str(args.v[0]);
    if (str_is_ascii(s)) return title_ascii(vm, s);
    StrBuilder b;
    sb_init(&b, vm);
    bool inside = false; // after a cased character
    for (const char *p = s->data, *end = p + s->size; p < end && !b.failed;) {
        const char *start = p;
        uint32_t c = utf8_get(&p);
        if (inside) add_lower(&b, s, start);
        else add_mapped(&b, c, CASE_TITLE);
        inside = uni_is(c, UNI_CASED);
    }
    return sb_finish(&b);
}

/* ---- questions ---- */

/* Has every character one of the flags? */
static bool all_have(const Str *s, unsigned flags)
{
    for (const char *p = s->data, *end = p + s->size; p < end;)
        if (!uni_is(utf8_get(&p), flags)) return false;
    return true;
}

static Value nonempty_all_have(Args args, unsigned flags)
{
    const Str *s = as_str(args.v[0]);
    return bool_value(s->size && all_have(s, flags));
}

Value nat_isalnum(VM *vm, Args args) { return (void)vm, nonempty_all_have(args, UNI_ALNUM); }
Value nat_isalpha(VM *vm, Args args) { return (void)vm, nonempty_all_have(args, UNI_ALPHA); }
Value nat_isdecimal(VM *vm, Args args) { return (void)vm, nonempty_all_have(args, UNI_DECIMAL); }
Value nat_isdigit(VM *vm, Args args) { return (void)vm, nonempty_all_have(args, UNI_DIGIT); }
Value nat_isnumeric(VM *vm, Args args) { return (void)vm, nonempty_all_have(args, UNI_NUMERIC); }
Value nat_isspace(VM *vm, Args args) { return (void)vm, nonempty_all_have(args, UNI_SPACE); }
Value nat_isascii(VM *vm, Args args) { return (void)vm, bool_value(str_is_ascii(as_str(args.v[0]))); }
Value nat_isprintable(VM *vm, Args args)
{
    return (void)vm, bool_value(all_have(as_str(args.v[0]), UNI_PRINTABLE));
}

Value nat_isidentifier(VM *vm, Args args)
{
    (void)vm;
    const Str *s = as_str(args.v[0]);
    const char *p = s->data;
    return bool_value(s->size && uni_is(utf8_get(&p), UNI_NAME_START) && all_have(s, UNI_NAME_PART));
}

/* Some character has flag `some`, none has one of `none`. */
static Value has_case(Args args, unsigned some, unsigned none)
{
    const Str *s = as_str(args.v[0]);
    bool seen = false;
    for (const char *p = s->data, *end = p + s->size; p < end;) {
        uint32_t c = utf8_get(&p);
        if (uni_is(c, none)) return VALUE_FALSE;
        seen |= uni_is(c, some);
    }
    return bool_value(seen);
}

Value nat_islower(VM *vm, Args args) { return (void)vm, has_case(args, UNI_LOWER, UNI_UPPER | UNI_TITLE); }
Value nat_isupper(VM *vm, Args args) { return (void)vm, has_case(args, UNI_UPPER, UNI_LOWER | UNI_TITLE); }

Value nat_istitle(VM *vm, Args args)
{
    (void)vm;
    const Str *s = as_str(args.v[0]);
    bool inside = false, seen = false;
    for (const char *p = s->data, *end = p + s->size; p < end;) {
        uint32_t c = utf8_get(&p);
        bool capital = uni_is(c, UNI_UPPER | UNI_TITLE), letter = capital || uni_is(c, UNI_LOWER);
        if (letter && capital == inside) return VALUE_FALSE;
        inside = letter;
        seen |= letter;
    }
    return bool_value(seen);
}
