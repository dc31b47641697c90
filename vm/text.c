/* text.c - see text.h. */
#include "vm/text.h"
#include "vm/list.h"
#include "vm/search.h"
#include "vm/unitables.h"

Text text_of(Value v)
{
    if (is_str(v)) {
        const Str *s = as_str(v);
        return (Text){s->data, s->size, s->length, str_is_ascii(s) ? TEXT_ASCII : TEXT_UNICODE};
    }
    ByteView view = byte_view(v);
    return (Text){(const char *)view.data, view.size, view.size, is_bytes(v) ? TEXT_BYTES : TEXT_BYTEARRAY};
}

Value text_make(VM *vm, TextKind kind, const char *data, size_t size)
{
    switch (kind) {
    case TEXT_ASCII: return str_new_counted(vm, data, size, size);
    case TEXT_UNICODE: return str_new(vm, data, size);
    case TEXT_BYTES: return bytes_new(vm, data, size);
    case TEXT_BYTEARRAY: return bytearray_new(vm, data, size);
    }
    return VALUE_ERROR;
}

char *text_alloc(VM *vm, TextKind kind, size_t size, size_t length, Value *out)
{
    if (kind <= TEXT_UNICODE) {
        Str *s = str_alloc(vm, size, length);
        *out = s ? obj_value(s) : VALUE_ERROR;
        return s ? s->data : NULL;
    }
    *out = kind == TEXT_BYTES ? bytes_new(vm, NULL, size) : bytearray_new(vm, NULL, size);
    return is_error(*out) ? NULL : (char *)byte_view(*out).data;
}

Value text_part(VM *vm, Value self, Text part)
{
    bool exact = is_exact(self, T_STR) || is_exact(self, T_BYTES);
    if (exact && part.size == text_of(self).size) return self;
    return text_make(vm, part.kind, part.data, part.size);
}

static bool is_bytes_kind(TextKind kind) { return kind >= TEXT_BYTES; }

/* ---- sets of characters ---- */

/* What a table says of a byte: no member, a member, or the first byte of a character to be looked up in `chars`, or
 * asked whether it is white space if that is NULL. */
enum { OUT, IN, ASK };
typedef struct CharSet {
    const uint8_t *table;
    const Text *chars;
    uint8_t own_table[256];
} CharSet;

static const uint8_t white_bytes[256] = {[' '] = IN, ['\t' ... '\r'] = IN};
static const uint8_t white_chars[256] = {
    [' '] = IN, ['\t' ... '\r'] = IN, [0x1C ... 0x1F] = IN, [0x80 ... 0xFF] = ASK};

static void fill_set(CharSet *set, TextKind kind, const Text *chars)
{
    set->chars = chars;
    set->table = is_bytes_kind(kind) ? white_bytes : white_chars;
    if (!chars) return;
    set->table = set->own_table;
    memset(set->own_table, OUT, 0x80);
    memset(set->own_table + 0x80, is_bytes_kind(kind) ? OUT : ASK, 0x80);
    for (size_t i = 0; i < chars->size; i++) {
        unsigned char c = (unsigned char)chars->data[i];
        if (set->table[c] == OUT) set->own_table[c] = IN;
    }
}

/* Is the non-ASCII character at p, n bytes long, a member? */
static bool has_member(const CharSet *set, const char *p, size_t n)
{
    if (set->chars) return search_first(set->chars->data, set->chars->size, p, n) != SEARCH_NONE;
    return uni_is(utf8_get(&p), UNI_SPACE);
}

/* Where members (or, if `!in`, what are none) end, going right or left. */
static const char *span_right(const CharSet *set, const char *p, const char *end, bool in)
{
    const uint8_t *table = set->table, wanted = in ? IN : OUT;
    for (;;) {
        while (p < end && table[(unsigned char)*p] == wanted) p++;
        if (p == end || table[(unsigned char)*p] != ASK) return p;
        size_t n = utf8_step(*p);
        if (has_member(set, p, n) != in) return p;
        p += n;
    }
}

static const char *span_left(const CharSet *set, const char *p, const char *start, bool in)
{
    const uint8_t *table = set->table, wanted = in ? IN : OUT;
    for (;;) {
        while (p > start && table[(unsigned char)p[-1]] == wanted) p--;
        if (p == start || table[(unsigned char)p[-1]] != ASK) return p;
        const char *before = utf8_back(p);
        if (has_member(set, before, (size_t)(p - before)) != in) return p;
        p = before;
    }
}

Text text_strip(Text t, const Text *chars, StripSides sides)
{
    CharSet set;
    fill_set(&set, t.kind, chars);
    const char *start = t.data, *end = start + t.size;
    if (sides & STRIP_LEFT) start = span_right(&set, start, end, true);
    if (sides & STRIP_RIGHT) end = span_left(&set, end, start, true);
    return (Text){start, (size_t)(end - start), 0, t.kind};
}

/* ---- splitting ---- */

typedef struct Pieces {
    VM *vm;
    List *list; // NULL: an exception is pending
    TextKind kind;
} Pieces;

static Pieces new_pieces(VM *vm, TextKind kind)
{
    Value list = list_with_capacity(vm, 12);
    return (Pieces){vm, is_error(list) ? NULL : as_list(list), kind};
}

static bool add_piece(Pieces *p, const char *start, const char *end)
{
    if (!p->list) return false;
    Value piece = text_make(p->vm, p->kind, start, (size_t)(end - start));
    if (is_error(piece) || !list_push(p->vm, p->list, piece) || !vm_tick(p->vm, 1)) p->list = NULL;
    return p->list != NULL;
}

static Value finish_pieces(Pieces *p, bool reverse)
{
    if (!p->list) return VALUE_ERROR;
    if (reverse) list_reverse(p->vm, p->list);
    return obj_value(p->list);
}

static Value split_white(VM *vm, Text t, int64_t max)
{
    CharSet white;
    fill_set(&white, t.kind, NULL);
    Pieces pieces = new_pieces(vm, t.kind);
    const char *p = t.data, *end = p + t.size;
    while ((p = span_right(&white, p, end, true)) < end) {
        const char *start = p;
        p = max-- == 0 ? end : span_right(&white, p, end, false);
        if (!add_piece(&pieces, start, p)) break;
    }
    return finish_pieces(&pieces, false);
}

static Value rsplit_white(VM *vm, Text t, int64_t max)
{
    CharSet white;
    fill_set(&white, t.kind, NULL);
    Pieces pieces = new_pieces(vm, t.kind);
    const char *p = t.data + t.size;
    while ((p = span_left(&white, p, t.data, true)) > t.data) {
        const char *end = p;
        p = max-- == 0 ? t.data : span_left(&white, p, t.data, false);
        if (!add_piece(&pieces, p, end)) break;
    }
    return finish_pieces(&pieces, true);
}

Value text_split(VM *vm, Text t, const Text *separator, int64_t max)
{
    if (!separator) return split_white(vm, t, max);
    Pieces pieces = new_pieces(vm, t.kind);
    const char *p = t.data, *end = p + t.size;
    while (max-- != 0) {
        size_t at = search_first(p, (size_t)(end - p), separator->data, separator->size);
        if (at == SEARCH_NONE || !add_piece(&pieces, p, p + at)) break;
        p += at + separator->size;
    }
    add_piece(&pieces, p, end);
    return finish_pieces(&pieces, false);
}

Value text_rsplit(VM *vm, Text t, const Text *separator, int64_t max)
{
    if (!separator) return rsplit_white(vm, t, max);
    Pieces pieces = new_pieces(vm, t.kind);
    const char *end = t.data + t.size;
    while (max-- != 0) {
        size_t at = search_last(t.data, (size_t)(end - t.data), separator->data, separator->size);
        if (at == SEARCH_NONE || !add_piece(&pieces, t.data + at + separator->size, end)) break;
        end = t.data + at;
    }
    add_piece(&pieces, t.data, end);
    return finish_pieces(&pieces, true);
}

/* Bytes of the line break at p; 0: none. */
static size_t line_break_at(TextKind kind, const char *p, const char *end)
{
    unsigned char c = (unsigned char)*p;
    if (c == '\r') return p + 1 < end && p[1] == '\n' ? 2 : 1;
    if (c == '\n') return 1;
    if (is_bytes_kind(kind) || (c >= ' ' && c < 0x80)) return 0;
    const char *after = p;
    return uni_is(utf8_get(&after), UNI_LINE_BREAK) ? (size_t)(after - p) : 0;
}

Value text_splitlines(VM *vm, Text t, bool keep_ends)
{
    Pieces pieces = new_pieces(vm, t.kind);
    const char *start = t.data, *end = start + t.size;
    for (const char *p = start; p < end;) {
        size_t n = line_break_at(t.kind, p, end);
        if (!n) {
            p += t.kind == TEXT_UNICODE ? utf8_step(*p) : 1;
            continue;
        }
        if (!add_piece(&pieces, start, keep_ends ? p + n : p)) break;
        start = p += n;
    }
    if (start < end) add_piece(&pieces, start, end);
    return finish_pieces(&pieces, false);
}

Value text_partition(VM *vm, Value self, Value separator, bool from_right)
{
    Text t = text_of(self), sep = text_of(separator);
    size_t at = (from_right ? search_last : search_first)(t.data, t.size, sep.data, sep.size);
    if (at == SEARCH_NONE) {
        Value none = text_make(vm, t.kind, "", 0), none_too = text_make(vm, t.kind, "", 0);
        Value all = text_part(vm, self, t);
        if (is_error(none) || is_error(none_too) || is_error(all)) return VALUE_ERROR;
        return from_right ? tuple_pack(vm, 3, none, none_too, all) : tuple_pack(vm, 3, all, none, none_too);
    }
    size_t after = at + sep.size;
    Value first = text_make(vm, t.kind, t.data, at);
    Value middle =
        t.kind == TEXT_BYTEARRAY ? text_make(vm, t.kind, sep.data, sep.size) : text_part(vm, separator, sep);
    Value last = text_make(vm, t.kind, t.data + after, t.size - after);
    if (is_error(first) || is_error(middle) || is_error(last)) return VALUE_ERROR;
    return tuple_pack(vm, 3, first, middle, last);
}

/* ---- changing ---- */

/* Between all characters: what replacing the empty text means. */
static void interleave(char *out, Text t, Text with, size_t count)
{
    const char *p = t.data, *end = p + t.size;
    while (count--) {
        out = copy_bytes(out, with.data, with.size);
        if (p == end) break;
        size_t n = t.kind == TEXT_UNICODE ? utf8_step(*p) : 1;
        out = copy_bytes(out, p, n);
        p += n;
    }
    copy_bytes(out, p, (size_t)(end - p));
}

static bool replace_each(VM *vm, char *out, Text t, Text old, Text with, size_t count)
{
    const char *p = t.data, *end = p + t.size;
    while (count--) {
        if (count % 4096 == 4095 && !vm_tick(vm, 4096)) return false;
        size_t at = search_first(p, (size_t)(end - p), old.data, old.size);
        out = copy_bytes(out, p, at);
        out = copy_bytes(out, with.data, with.size);
        p += at + old.size;
    }
    copy_bytes(out, p, (size_t)(end - p));
    return true;
}

/* One byte for every other one, eight at a time. */
static void replace_bytes(char *out, const char *p, size_t n, char old, char with)
{
    uint64_t pattern = repeat_byte(old), change = repeat_byte((char)(old ^ with));
    for (; n >= 8; p += 8, out += 8, n -= 8) {
        uint64_t w = utf8_word(p);
        w ^= (equal_bytes(w, pattern) >> 7) * 0xFF & change;
        memcpy(out, &w, 8);
    }
    for (; n; n--, p++) *out++ = *p == old ? with : *p;
}

static Value replace_byte(VM *vm, Text t, char old, char with)
{
    Value v;
    if (!memchr(t.data, old, t.size)) return VALUE_UNSET;
    char *out = text_alloc(vm, t.kind, t.size, t.length, &v);
    if (out) replace_bytes(out, t.data, t.size, old, with);
    return vm_tick_bytes(vm, t.size) ? v : VALUE_ERROR;
}

Value text_replace(VM *vm, Text t, Text old, Text with, int64_t max)
{
    if (old.size == 1 && with.size == 1 && max < 0) return replace_byte(vm, t, *old.data, *with.data);
    size_t limit = max < 0 ? SIZE_MAX : (size_t)max, count;
    if (old.size) count = search_count(t.data, t.size, old.data, old.size, limit);
    else count = t.length < limit ? t.length + 1 : limit;
    if (!count) return VALUE_UNSET;
    Value v;
    size_t size = size_add(t.size - count * old.size, size_mul(count, with.size));
    char *out = text_alloc(vm, t.kind, size, t.length - count * old.length + count * with.length, &v);
    if (!out) return VALUE_ERROR;
    if (!old.size) interleave(out, t, with, count);
    else if (!replace_each(vm, out, t, old, with, count)) return VALUE_ERROR;
    return vm_tick_bytes(vm, t.size) ? v : VALUE_ERROR;
}

static char *fill_in(char *out, Text fill, size_t times)
{
    if (fill.size == 1) return (char *)memset(out, fill.data[0], times) + times;
    while (times--) out = copy_bytes(out, fill.data, fill.size);
    return out;
}

Value text_pad(VM *vm, Text t, size_t left, size_t right, Text fill)
{
    Value v;
    size_t size = size_add(t.size, size_mul(size_add(left, right), fill.size));
    char *out = text_alloc(vm, t.kind, size, t.length + left + right, &v);
    if (!out) return VALUE_ERROR;
    out = fill_in(out, fill, left);
    out = copy_bytes(out, t.data, t.size);
    fill_in(out, fill, right);
    return v;
}

Value text_zfill(VM *vm, Text t, size_t width)
{
    size_t zeros = width > t.length ? width - t.length : 0;
    Value v;
    char *out = text_alloc(vm, t.kind, size_add(t.size, zeros), t.length + zeros, &v);
    if (!out) return VALUE_ERROR;
    size_t sign = t.size && (t.data[0] == '+' || t.data[0] == '-');
    out = copy_bytes(out, t.data, sign);
    memset(out, '0', zeros);
    copy_bytes(out + zeros, t.data + sign, t.size - sign);
    return v;
}

Value text_expandtabs(VM *vm, Text t, int tab)
{
    StrBuilder b;
    sb_init(&b, vm);
    size_t column = 0;
    for (const char *p = t.data, *end = p + t.size; p < end && !b.failed; p++) {
        if (*p == '\t') {
            size_t n = tab > 0 ? (size_t)tab - column % (size_t)tab : 0;
            sb_add_fill(&b, ' ', n);
            column += n;
            continue;
        }
        sb_add(&b, p, 1);
        if (*p == '\n' || *p == '\r') column = 0;
        else column += t.kind != TEXT_UNICODE || utf8_is_start(*p);
    }
    Value v = b.failed ? VALUE_ERROR : text_make(vm, t.kind, b.data, b.size);
    sb_drop(&b);
    return v;
}
