/* bytes_methods.c - the methods of bytes and bytearray. Most serve both: answers are of the kind of self. */
#include "vm/bytes.h"
#include "vm/codecs.h"
#include "vm/dict.h"
#include "vm/iter.h"
#include "vm/search.h"
#include "vm/text.h"
#include "vm/text_args.h"
#include "vm/type.h"

static bool require_text(VM *vm, Value v, Text *out)
{
    ByteView view;
    if (!bytes_require(vm, v, &view)) return false;
    *out = text_of(v);
    return true;
}

/* A copy of self's bytes; an exact bytes is its own copy. */
static Value same(VM *vm, Value self) { return text_part(vm, self, text_of(self)); }

/* ---- searching ---- */

/* What a search method is asked for: the part of self between its arguments start and end, and what to look
 * for there, bytes or a single byte. */
typedef struct Search {
    const char *data;
    size_t size, start;
    bool none; // start > end
    Text sub;
    uint8_t byte;
} Search;

/* The part is cut out last: what is called before may change a bytearray. */
static void cut_part(Value self, size_t start, size_t end, Search *s)
{
    ByteView view = byte_view(self);
    if (end > view.size) end = view.size;
    s->start = start;
    s->none = start > end;
    s->data = (const char *)view.data + (s->none ? 0 : start);
    s->size = s->none ? 0 : end - start;
}

static bool search_part(VM *vm, Args args, Search *s)
{
    size_t start, end;
    if (!arg_span(vm, args.v[2], args.v[3], byte_view(args.v[0]).size, &start, &end)) return false;
    cut_part(args.v[0], start, end, s);
    return true;
}

static bool search_args(VM *vm, Args args, Search *s)
{
    Value sub = args.v[1];
    size_t start, end;
    if (!arg_span(vm, args.v[2], args.v[3], byte_view(args.v[0]).size, &start, &end)) return false;
    if (is_index(vm, sub)) {
        if (!bytes_item(vm, sub, "byte", &s->byte)) return false;
        s->sub = (Text){(const char *)&s->byte, 1, 1, TEXT_BYTES};
    } else if (is_byteslike(sub)) {
        s->sub = text_of(sub);
    } else {
        vm_raise(vm, ERR_TYPE, "argument should be integer or bytes-like object, not '%T'", sub);
        return false;
    }
    cut_part(args.v[0], start, end, s);
    return true;
}

/* -1 not found, -2 an error */
static int64_t find(VM *vm, Args args, bool last)
{
    Search s;
    if (!search_args(vm, args, &s)) return -2;
    if (s.none) return -1;
    size_t at = (last ? search_last : search_first)(s.data, s.size, s.sub.data, s.sub.size);
    return at == SEARCH_NONE ? -1 : (int64_t)(s.start + at);
}

static Value found(int64_t at) { return at == -2 ? VALUE_ERROR : small(at); }
static Value found_index(VM *vm, int64_t at)
{
    return at == -1 ? vm_raise(vm, ERR_VALUE, "subsection not found") : found(at);
}

static Value nat_find(VM *vm, Args args) { return found(find(vm, args, false)); }
static Value nat_rfind(VM *vm, Args args) { return found(find(vm, args, true)); }
static Value nat_index(VM *vm, Args args) { return found_index(vm, find(vm, args, false)); }
static Value nat_rindex(VM *vm, Args args) { return found_index(vm, find(vm, args, true)); }

static Value nat_count(VM *vm, Args args)
{
    Search s;
    if (!search_args(vm, args, &s)) return VALUE_ERROR;
    if (s.none) return small(0);
    if (!s.sub.size) return small((int64_t)s.size + 1);
    size_t count = search_count(s.data, s.size, s.sub.data, s.sub.size, SIZE_MAX);
    return vm_tick_bytes(vm, s.size) ? small((int64_t)count) : VALUE_ERROR;
}

static bool begins_with(const Search *s, ByteView affix, bool at_end)
{
    if (s->none || affix.size > s->size) return false;
    return memcmp(s->data + (at_end ? s->size - affix.size : 0), affix.data, affix.size) == 0;
}

static Value test_affix(VM *vm, Args args, const char *method, bool at_end)
{
    Search s;
    if (!search_part(vm, args, &s)) return VALUE_ERROR;
    if (is_byteslike(args.v[1])) return bool_value(begins_with(&s, byte_view(args.v[1]), at_end));
    if (!is_tuple(args.v[1]))
        return vm_raise(vm, ERR_TYPE, "%s first arg must be bytes or a tuple of bytes, not %T", method,
                        args.v[1]);
    const Tuple *t = as_tuple(args.v[1]);
    for (size_t i = 0; i < t->size; i++) {
        ByteView affix;
        if (!bytes_require(vm, t->items[i], &affix)) return VALUE_ERROR;
        if (begins_with(&s, affix, at_end)) return VALUE_TRUE;
    }
    return VALUE_FALSE;
}

static Value nat_startswith(VM *vm, Args args) { return test_affix(vm, args, "startswith", false); }
static Value nat_endswith(VM *vm, Args args) { return test_affix(vm, args, "endswith", true); }

static Value nat_removeprefix(VM *vm, Args args)
{
    Text t = text_of(args.v[0]), prefix;
    if (!require_text(vm, args.v[1], &prefix)) return VALUE_ERROR;
    if (t.size >= prefix.size && memcmp(t.data, prefix.data, prefix.size) == 0) {
        t.data += prefix.size;
        t.size -= prefix.size;
    }
    return text_part(vm, args.v[0], t);
}

static Value nat_removesuffix(VM *vm, Args args)
{
    Text t = text_of(args.v[0]), suffix;
    if (!require_text(vm, args.v[1], &suffix)) return VALUE_ERROR;
    if (t.size >= suffix.size && memcmp(t.data + t.size - suffix.size, suffix.data, suffix.size) == 0)
        t.size -= suffix.size;
    return text_part(vm, args.v[0], t);
}

/* ---- cutting ---- */

static Value strip(VM *vm, Args args, StripSides sides)
{
    Text chars;
    bool white = is_none(args.v[1]);
    if (!white && !require_text(vm, args.v[1], &chars)) return VALUE_ERROR;
    return text_part(vm, args.v[0], text_strip(text_of(args.v[0]), white ? NULL : &chars, sides));
}

static Value nat_strip(VM *vm, Args args) { return strip(vm, args, STRIP_BOTH); }
static Value nat_lstrip(VM *vm, Args args) { return strip(vm, args, STRIP_LEFT); }
static Value nat_rstrip(VM *vm, Args args) { return strip(vm, args, STRIP_RIGHT); }

static Value split(VM *vm, Args args, Value (*cut)(VM *vm, Text t, const Text *separator, int64_t max))
{
    int64_t max;
    Text separator;
    bool white = is_none(args.v[1]);
    if (!index_argument(vm, args.v[2], &max)) return VALUE_ERROR;
    if (!white && !require_text(vm, args.v[1], &separator)) return VALUE_ERROR;
    if (!white && !separator.size) return vm_raise(vm, ERR_VALUE, "empty separator");
    return cut(vm, text_of(args.v[0]), white ? NULL : &separator, max);
}

static Value nat_split(VM *vm, Args args) { return split(vm, args, text_split); }
static Value nat_rsplit(VM *vm, Args args) { return split(vm, args, text_rsplit); }

static Value nat_splitlines(VM *vm, Args args)
{
    int keep_ends;
    if (!arg_int(vm, args.v[1], &keep_ends)) return VALUE_ERROR;
    return text_splitlines(vm, text_of(args.v[0]), keep_ends);
}

static Value partition(VM *vm, Args args, bool from_right)
{
    Text separator;
    if (!require_text(vm, args.v[1], &separator)) return VALUE_ERROR;
    if (!separator.size) return vm_raise(vm, ERR_VALUE, "empty separator");
    return text_partition(vm, args.v[0], args.v[1], from_right);
}

static Value nat_partition(VM *vm, Args args) { return partition(vm, args, false); }
static Value nat_rpartition(VM *vm, Args args) { return partition(vm, args, true); }

/* ---- building ---- */

static Value join_items(VM *vm, Text separator, const Value *items, size_t n)
{
    size_t size = n ? size_mul(separator.size, n - 1) : 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_byteslike(items[i]))
            return vm_raise(vm, ERR_TYPE, "sequence item %zu: expected a bytes-like object, %T found", i,
                            items[i]);
        size = size_add(size, byte_view(items[i]).size);
    }
    Value v;
    char *out = text_alloc(vm, separator.kind, size, size, &v);
    if (!out) return VALUE_ERROR;
    for (size_t i = 0; i < n; i++) {
        ByteView part = byte_view(items[i]);
        if (i) memcpy(out, separator.data, separator.size), out += separator.size;
        memcpy(out, part.data, part.size);
        out += part.size;
    }
    return v;
}

static Value nat_join(VM *vm, Args args)
{
    Value items = args.v[1];
    if (!is_list(items) && !is_tuple(items)) {
        items = iterable_to_list(vm, items, "can only join an iterable");
        if (is_error(items)) return items;
    }
    size_t n;
    const Value *v = sequence_items(as_obj(items), &n);
    return join_items(vm, text_of(args.v[0]), v, n);
}

static Value nat_replace(VM *vm, Args args)
{
    int64_t max;
    Text old, with;
    if (!require_text(vm, args.v[1], &old) || !require_text(vm, args.v[2], &with)) return VALUE_ERROR;
    if (!index_argument(vm, args.v[3], &max)) return VALUE_ERROR;
    require_text(vm, args.v[1], &old); // once more: an __index__ may have changed them
    require_text(vm, args.v[2], &with);
    Value v = text_replace(vm, text_of(args.v[0]), old, with, max);
    return is_unset(v) ? same(vm, args.v[0]) : v;
}

/* How many bytes self is short of the argument `width`. */
static bool missing_width(VM *vm, Args args, size_t *missing)
{
    int64_t width;
    if (!index_argument(vm, args.v[1], &width)) return false;
    int64_t size = (int64_t)byte_view(args.v[0]).size;
    *missing = width > size ? (size_t)(width - size) : 0;
    return true;
}

static Value pad(VM *vm, Args args, const char *method, size_t left, size_t right)
{
    Text fill = {" ", 1, 1, TEXT_BYTES};
    if (!is_unset(args.v[2])) {
        if (!is_byteslike(args.v[2]) || byte_view(args.v[2]).size != 1)
            return vm_raise(vm, ERR_TYPE, "%s() argument 2 must be a byte string of length 1, not %A", method,
                            args.v[2]);
        fill = text_of(args.v[2]);
    }
    if (!left && !right) return same(vm, args.v[0]);
    return text_pad(vm, text_of(args.v[0]), left, right, fill);
}

static Value nat_ljust(VM *vm, Args args)
{
    size_t missing;
    return missing_width(vm, args, &missing) ? pad(vm, args, "ljust", 0, missing) : VALUE_ERROR;
}

static Value nat_rjust(VM *vm, Args args)
{
    size_t missing;
    return missing_width(vm, args, &missing) ? pad(vm, args, "rjust", missing, 0) : VALUE_ERROR;
}

static Value nat_center(VM *vm, Args args)
{
    size_t missing;
    if (!missing_width(vm, args, &missing)) return VALUE_ERROR;
    size_t width = byte_view(args.v[0]).size + missing, left = missing / 2 + (missing & width & 1);
    return pad(vm, args, "center", left, missing - left);
}

static Value nat_zfill(VM *vm, Args args)
{
    size_t missing;
    if (!missing_width(vm, args, &missing)) return VALUE_ERROR;
    return missing ? text_zfill(vm, text_of(args.v[0]), byte_view(args.v[0]).size + missing)
                   : same(vm, args.v[0]);
}

static Value nat_expandtabs(VM *vm, Args args)
{
    int tab;
    return arg_int(vm, args.v[1], &tab) ? text_expandtabs(vm, text_of(args.v[0]), tab) : VALUE_ERROR;
}

/* ---- ASCII case ---- */

static bool is_letter(char c) { return is_ascii_lower(c) || is_ascii_upper(c); }
static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

typedef enum { MAP_UPPER, MAP_LOWER, MAP_SWAP, MAP_TITLE, MAP_CAPITALIZE } CaseMap;

/* c as the mapping has it; `inside`: after a letter. */
static char map_char(CaseMap map, char c, bool inside, bool first)
{
    switch (map) {
    case MAP_UPPER: return ascii_upper(c);
    case MAP_LOWER: return ascii_lower(c);
    case MAP_SWAP: return is_ascii_lower(c) ? ascii_upper(c) : ascii_lower(c);
    case MAP_TITLE: return inside ? ascii_lower(c) : ascii_upper(c);
    case MAP_CAPITALIZE: return first ? ascii_upper(c) : ascii_lower(c);
    }
    return c;
}

static Value map_case(VM *vm, Args args, CaseMap map)
{
    Text t = text_of(args.v[0]);
    Value v;
    char *out = text_alloc(vm, t.kind, t.size, t.size, &v);
    for (size_t i = 0; out && i < t.size; i++)
        out[i] = map_char(map, t.data[i], i && is_letter(t.data[i - 1]), i == 0);
    return v;
}

static Value nat_upper(VM *vm, Args args) { return map_case(vm, args, MAP_UPPER); }
static Value nat_lower(VM *vm, Args args) { return map_case(vm, args, MAP_LOWER); }
static Value nat_swapcase(VM *vm, Args args) { return map_case(vm, args, MAP_SWAP); }
static Value nat_title(VM *vm, Args args) { return map_case(vm, args, MAP_TITLE); }
static Value nat_capitalize(VM *vm, Args args) { return map_case(vm, args, MAP_CAPITALIZE); }

static bool is_alnum(char c) { return is_letter(c) || is_ascii_digit(c); }

static Value all_are(Args args, bool (*test)(char c))
{
    Text t = text_of(args.v[0]);
    for (size_t i = 0; i < t.size; i++)
        if (!test(t.data[i])) return VALUE_FALSE;
    return bool_value(t.size);
}

static Value nat_isalnum(VM *vm, Args args) { return (void)vm, all_are(args, is_alnum); }
static Value nat_isalpha(VM *vm, Args args) { return (void)vm, all_are(args, is_letter); }
static Value nat_isdigit(VM *vm, Args args) { return (void)vm, all_are(args, is_ascii_digit); }
static Value nat_isspace(VM *vm, Args args) { return (void)vm, all_are(args, is_space); }

static Value nat_isascii(VM *vm, Args args)
{
    (void)vm;
    Text t = text_of(args.v[0]);
    return bool_value(ascii_prefix(t.data, t.size) == t.size);
}

static Value has_case(Args args, bool (*some)(char c), bool (*none)(char c))
{
    Text t = text_of(args.v[0]);
    bool seen = false;
    for (size_t i = 0; i < t.size; i++) {
        if (none(t.data[i])) return VALUE_FALSE;
        seen |= some(t.data[i]);
    }
    return bool_value(seen);
}

static Value nat_islower(VM *vm, Args args)
{
    return (void)vm, has_case(args, is_ascii_lower, is_ascii_upper);
}
static Value nat_isupper(VM *vm, Args args)
{
    return (void)vm, has_case(args, is_ascii_upper, is_ascii_lower);
}

static Value nat_istitle(VM *vm, Args args)
{
    (void)vm;
    Text t = text_of(args.v[0]);
    bool inside = false, seen = false;
    for (size_t i = 0; i < t.size; i++) {
        bool letter = is_letter(t.data[i]);
        if (letter && is_ascii_upper(t.data[i]) == inside) return VALUE_FALSE;
        inside = letter;
        seen |= letter;
    }
    return bool_value(seen);
}

/* ---- text and hexadecimal ---- */

static Value nat_decode(VM *vm, Args args)
{
    static const char *const names[] = {"encoding", "errors"};
    for (int i = 0; i < 2; i++)
        if (!is_str(args.v[1 + i]))
            return vm_raise(vm, ERR_TYPE, "decode() argument '%s' must be str, not %A", names[i],
                            args.v[1 + i]);
    ByteView view = byte_view(args.v[0]);
    return codec_decode(vm, view.data, view.size, args.v[1], args.v[2]);
}

/* The separator of hex(): one ASCII character. */
static bool hex_separator(VM *vm, Value v, char *out)
{
    int64_t length = obj_len(vm, v);
    if (length == 1 && !is_str(v) && !is_byteslike(v)) vm_raise(vm, ERR_TYPE, "sep must be str or bytes.");
    else if (length >= 0 && length != 1) vm_raise(vm, ERR_VALUE, "sep must be length 1.");
    if (!is_unset(vm->exc)) return false;
    Text t = text_of(v);
    *out = t.data[0];
    if (!(*out & 0x80)) return true;
    vm_raise(vm, ERR_VALUE, "sep must be ASCII.");
    return false;
}

/* Does a separator stand before byte i of n? Groups count from the right, negative ones from the left. */
static bool begins_group(size_t i, size_t n, int64_t group)
{
    if (!i || !group) return false;
    return group > 0 ? (n - i) % (size_t)group == 0 : i % (size_t)-group == 0;
}

static Value nat_hex(VM *vm, Args args)
{
    static const char digits[] = "0123456789abcdef";
    char separator = 0;
    int group;
    if (!arg_int(vm, args.v[2], &group)) return VALUE_ERROR;
    if (is_unset(args.v[1])) group = 0;
    else if (!hex_separator(vm, args.v[1], &separator)) return VALUE_ERROR;
    ByteView view = byte_view(args.v[0]);
    size_t n = view.size, per_group = group < 0 ? (size_t)-(int64_t)group : (size_t)group;
    size_t size = size_add(size_mul(n, 2), per_group && n ? (n - 1) / per_group : 0);
    if (!size) return obj_value(vm->empty_str);
    Str *s = str_alloc(vm, size, size);
    if (!s) return VALUE_ERROR;
    char *out = s->data;
    for (size_t i = 0; i < n; i++) {
        if (begins_group(i, n, group)) *out++ = separator;
        *out++ = digits[view.data[i] >> 4];
        *out++ = digits[view.data[i] & 15];
    }
    return obj_value(s);
}

static int hex_value(const char *p, const char *end)
{
    if (p == end) return -1;
    if (is_ascii_digit(*p)) return *p - '0';
    char c = ascii_lower(*p);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Pairs of digits, with white space between pairs only. False: *at is where the flaw is. */
static bool parse_hex(StrBuilder *out, const char **at, const char *end)
{
    for (;; ++*at) {
        while (*at < end && is_space(**at)) ++*at;
        if (*at == end) return true;
        int high = hex_value(*at, end);
        if (high < 0) return false;
        int low = hex_value(++*at, end);
        if (low < 0) return false;
        sb_add(out, &(char){(char)(high << 4 | low)}, 1);
    }
}

static Value of_class(VM *vm, Type *t, const char *data, size_t n)
{
    bool array = t->kind == KIND_BYTEARRAY;
    Value v = array ? bytearray_new(vm, data, n) : bytes_new(vm, data, n);
    if (is_error(v) || t == vm->types[array ? T_BYTEARRAY : T_BYTES]) return v;
    return vm_call1(vm, obj_value(t), v);
}

static Value nat_fromhex(VM *vm, Args args)
{
    if (!is_str(args.v[1]))
        return vm_raise(vm, ERR_TYPE, "fromhex() argument must be str, not %A", args.v[1]);
    const Str *s = as_str(args.v[1]);
    const char *at = s->data;
    StrBuilder b;
    sb_init(&b, vm);
    bool ok = str_is_ascii(s) && parse_hex(&b, &at, at + s->size);
    size_t flaw = str_is_ascii(s) ? (size_t)(at - s->data) : ascii_prefix(s->data, s->size);
    Value v = VALUE_ERROR;
    if (!ok) vm_raise(vm, ERR_VALUE, "non-hexadecimal number found in fromhex() arg at position %zu", flaw);
    else if (!b.failed) v = of_class(vm, as_type(args.v[0]), b.data, b.size);
    sb_drop(&b);
    return v;
}

/* ---- translate ---- */

static Value nat_maketrans(VM *vm, Args args)
{
    ByteView from, to;
    if (!bytes_require(vm, args.v[0], &from) || !bytes_require(vm, args.v[1], &to)) return VALUE_ERROR;
    if (from.size != to.size) return vm_raise(vm, ERR_VALUE, "maketrans arguments must have same length");
    uint8_t table[256];
    for (int i = 0; i < 256; i++) table[i] = (uint8_t)i;
    for (size_t i = 0; i < from.size; i++) table[from.data[i]] = to.data[i];
    return bytes_new(vm, table, sizeof table);
}

static Value nat_translate(VM *vm, Args args)
{
    ByteView table = {NULL, 256}, deleted = {NULL, 0};
    if (!is_none(args.v[1]) && !bytes_require(vm, args.v[1], &table)) return VALUE_ERROR;
    if (table.size != 256) return vm_raise(vm, ERR_VALUE, "translation table must be 256 characters long");
    if (!is_unset(args.v[2]) && !bytes_require(vm, args.v[2], &deleted)) return VALUE_ERROR;
    bool gone[256] = {false};
    for (size_t i = 0; i < deleted.size; i++) gone[deleted.data[i]] = true;
    Text t = text_of(args.v[0]);
    StrBuilder b;
    sb_init(&b, vm);
    char *out = sb_grow(&b, t.size);
    for (size_t i = 0; out && i < t.size; i++) {
        uint8_t c = (uint8_t)t.data[i];
        if (!gone[c]) out[b.size++] = (char)(table.data ? table.data[c] : c);
    }
    Value v = b.failed ? VALUE_ERROR : text_make(vm, t.kind, b.data, b.size);
    sb_drop(&b);
    return v;
}

static Value nat_dunder_bytes(VM *vm, Args args)
{
    ByteView view = byte_view(args.v[0]);
    return is_exact(args.v[0], T_BYTES) ? args.v[0] : bytes_new(vm, view.data, view.size);
}

static Value nat_getnewargs(VM *vm, Args args)
{
    ByteView view = byte_view(args.v[0]);
    Value b = bytes_new(vm, view.data, view.size);
    return is_error(b) ? b : tuple_new(vm, &b, 1);
}

/* ---- what only a bytearray does ---- */

static Value nat_append(VM *vm, Args args)
{
    uint8_t byte;
    if (!bytes_item(vm, args.v[1], "byte", &byte)) return VALUE_ERROR;
    return bytearray_append(vm, as_bytearray(args.v[0]), &byte, 1) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_clear(VM *vm, Args args)
{
    ByteArray *a = as_bytearray(args.v[0]);
    return bytearray_splice(vm, a, 0, a->size, NULL, 0) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_copy(VM *vm, Args args)
{
    ByteView view = byte_view(args.v[0]);
    return bytearray_new(vm, view.data, view.size);
}

static bool collect_byte(VM *vm, Value item, void *state)
{
    uint8_t byte;
    return bytes_item(vm, item, "byte", &byte) && sb_add(state, (const char *)&byte, 1);
}

/* The items are gathered first: the array may be changed by the scripts that make them. */
static Value extend_with_items(VM *vm, Value self, Value iterable)
{
    Value iterator = obj_iter(vm, iterable);
    if (is_error(iterator)) {
        if (!vm_pending_is(vm, ERR_TYPE)) return VALUE_ERROR;
        vm_take_pending(vm);
        return vm_raise(vm, ERR_TYPE, "can't extend bytearray with %T", iterable);
    }
    Value *root = roots_push(vm, iterator);
    if (!root) return VALUE_ERROR;
    StrBuilder b;
    sb_init(&b, vm);
    bool ok = obj_iterate(vm, iterator, collect_byte, &b) && !b.failed &&
              bytearray_append(vm, as_bytearray(self), b.data, b.size);
    sb_drop(&b);
    roots_pop(vm, root);
    return ok ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_extend(VM *vm, Args args)
{
    Value other = args.v[1];
    if (!is_byteslike(other)) return extend_with_items(vm, args.v[0], other);
    Value copy = other == args.v[0] ? nat_copy(vm, args) : other;
    if (is_error(copy)) return copy;
    ByteView view = byte_view(copy);
    return bytearray_append(vm, as_bytearray(args.v[0]), view.data, view.size) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_insert(VM *vm, Args args)
{
    int64_t i;
    uint8_t byte;
    if (!index_argument(vm, args.v[1], &i) || !bytes_item(vm, args.v[2], "byte", &byte)) return VALUE_ERROR;
    ByteArray *a = as_bytearray(args.v[0]);
    int64_t size = (int64_t)a->size;
    if (i < 0) i = i + size < 0 ? 0 : i + size;
    if (i > size) i = size;
    return bytearray_splice(vm, a, (size_t)i, 0, &byte, 1) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_pop(VM *vm, Args args)
{
    int64_t i;
    if (!index_argument(vm, args.v[1], &i)) return VALUE_ERROR;
    ByteArray *a = as_bytearray(args.v[0]);
    if (!a->size) return vm_raise(vm, ERR_INDEX, "pop from empty bytearray");
    if (i < 0) i += (int64_t)a->size;
    if (i < 0 || (size_t)i >= a->size) return vm_raise(vm, ERR_INDEX, "pop index out of range");
    Value v = small(a->data[i]);
    return bytearray_splice(vm, a, (size_t)i, 1, NULL, 0) ? v : VALUE_ERROR;
}

static Value nat_remove(VM *vm, Args args)
{
    uint8_t byte;
    if (!bytes_item(vm, args.v[1], "byte", &byte)) return VALUE_ERROR;
    ByteArray *a = as_bytearray(args.v[0]);
    size_t at = search_first(a->data, a->size, &byte, 1);
    if (at == SEARCH_NONE) return vm_raise(vm, ERR_VALUE, "value not found in bytearray");
    return bytearray_splice(vm, a, at, 1, NULL, 0) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_reverse(VM *vm, Args args)
{
    (void)vm;
    ByteArray *a = as_bytearray(args.v[0]);
    for (size_t i = 0; i < a->size / 2; i++) {
        uint8_t c = a->data[i];
        a->data[i] = a->data[a->size - 1 - i];
        a->data[a->size - 1 - i] = c;
    }
    return VALUE_NONE;
}

#define ROW(signature, fn, doc, flags) {signature, fn, doc, flags},

const NativeDef bytes_methods[] = {
#include "vm/bytes_methods.def"
    {"__bytes__(self, /)", nat_dunder_bytes, "The same bytes, no subclass.", 0},
    {"__getnewargs__(self, /)", nat_getnewargs, "The arguments that make an equal bytes.", 0},
    {0},
};

const NativeDef bytearray_methods[] = {
#include "vm/bytes_methods.def"
    {"__init__(self, source=?, encoding=?, errors=?)", nat_bytearray_init, "Initialize self.", 0},
    {"append(self, item, /)", nat_append, "Add a byte at the end.", 0},
    {"clear(self, /)", nat_clear, "Remove all bytes.", 0},
    {"copy(self, /)", nat_copy, "A copy.", 0},
    {"extend(self, iterable_of_ints, /)", nat_extend, "Add the bytes of an iterable at the end.", 0},
    {"insert(self, index, item, /)", nat_insert, "Insert a byte before index.", 0},
    {"pop(self, index=-1, /)", nat_pop, "Take out the byte at index, the last by default.", 0},
    {"remove(self, value, /)", nat_remove, "Remove the first such byte.", 0},
    {"reverse(self, /)", nat_reverse, "Reverse the order of the bytes.", 0},
    {0},
};
