/* _array.c - what array has in C: numbers of one kind, packed. An array is a bytearray's object
 * (vm/bytes.h) whose aux is the letter of its items, so that whatever reads or changes bytes in place
 * takes arrays, too.
 */
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/item_format.h"
#include "vm/iter.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/text_args.h"
#include "vm/type.h"

#include <limits.h>

static bool is_array(Value v) { return is_bytearray(v) && as_obj(v)->aux; }
static const ItemFormat *format_of(Value self) { return item_format((char)as_obj(self)->aux); }
static size_t item_size(Value self) { return format_of(self)->size; }
static int64_t length(Value self) { return (int64_t)(as_bytearray(self)->size / item_size(self)); }

static const char typecodes[] = "bBuhHiIlLqQfd";
/* Scripts say 'u' for what struct has no letter for and memoryview calls 'w'. */
static char typecode(Value self) { return as_obj(self)->aux == 'w' ? 'u' : (char)as_obj(self)->aux; }
static bool holds_text(Value self) { return as_obj(self)->aux == 'w'; }

static Value make(VM *vm, Type *type, char code)
{
    ByteArray *a = container_alloc(vm, type, KIND_BYTEARRAY, sizeof *a);
    if (!a) return VALUE_ERROR;
    a->data = heap_malloc(vm, 0);
    if (!a->data) return VALUE_ERROR;
    a->h.aux = (unsigned char)code;
    return obj_value(a);
}

/* An empty one with the same items: of the type itself, also where `self` is of a subclass. */
static Value make_like(VM *vm, Value self) { return make(vm, stdlib(vm)->array_type, (char)as_obj(self)->aux); }

/* Change n items at `at` into the bytes of others. */
static bool splice(VM *vm, Value self, int64_t at, int64_t n, const void *with, size_t with_size)
{
    size_t size = item_size(self);
    return bytearray_splice(vm, as_bytearray(self), (size_t)at * size, (size_t)n * size, with, with_size);
}

/* ---- items --------------------------------------------------------------------------------------- */

static Value load(VM *vm, Value self, int64_t i)
{
    const ItemFormat *format = format_of(self);
    return item_load(vm, format, as_bytearray(self)->data + (size_t)i * format->size);
}

/* What CPython reads a number by before it looks whether an item has room for it: its errors speak of that. */
typedef struct ItemRange { char code; const char *name; int64_t low, high; } ItemRange;
static const ItemRange ranges[] = {
    {'b', "signed short integer", SHRT_MIN, SHRT_MAX}, {'b', "signed char", SCHAR_MIN, SCHAR_MAX},
    {'B', "unsigned byte integer", 0, UCHAR_MAX},      {'h', "signed short integer", SHRT_MIN, SHRT_MAX},
    {'H', "signed integer", INT_MIN, INT_MAX},         {'H', "unsigned short", 0, USHRT_MAX},
    {'i', "signed integer", INT_MIN, INT_MAX},         {'I', "unsigned int", 0, UINT_MAX},
    {0},
};

static bool check_range(VM *vm, char code, int64_t i)
{
    for (const ItemRange *r = ranges; r->code; r++) {
        if (r->code != code || (i >= r->low && i <= r->high)) continue;
        vm_raise(vm, ERR_OVERFLOW, "%s is %s", r->name,
                 i < r->low ? "less than minimum" : "greater than maximum");
        return false;
    }
    return true;
}

/* An integer that no int64_t holds. */
static bool encode_big(VM *vm, char code, Value v, uint64_t *out)
{
    bool fits = item_u64(v, out);
    if (fits && (code == 'L' || code == 'Q')) return true;
    if (code == 'q' || code == 'Q') vm_raise(vm, ERR_OVERFLOW, "int too big to convert");
    else if (fits && code == 'I') vm_raise(vm, ERR_OVERFLOW, "unsigned int is greater than maximum");
    else {
        const char *type = code == 'I' || code == 'L' ? "unsigned long" : "long";
        vm_raise(vm, ERR_OVERFLOW, "Python int too large to convert to C %s", type);
    }
    return false;
}

static bool encode_int(VM *vm, char code, Value v, uint64_t *out)
{
    int64_t i;
    v = is_small(v) ? v : obj_index(vm, v);
    if (is_error(v)) return false;
    if (strchr("ILQ", code) && int_sign(v) < 0) {
        const char *what = code == 'Q' ? "negative int to unsigned" : "negative value to unsigned int";
        vm_raise(vm, ERR_OVERFLOW, "can't convert %s", what);
        return false;
    }
    if (!int_to_i64(v, &i)) return encode_big(vm, code, v, out);
    *out = (uint64_t)i;
    return check_range(vm, code, i);
}

static bool encode_char(VM *vm, Value v, uint64_t *out)
{
    if (!is_str(v) || as_str(v)->length != 1)
        return vm_raise(vm, ERR_TYPE, "array item must be unicode character"), false;
    *out = str_char_at(vm, as_str(v), 0);
    return true;
}

/* The bytes of an item; may call __index__ or __float__. */
static bool encode(VM *vm, Value self, Value v, uint8_t *out)
{
    const ItemFormat *format = format_of(self);
    uint64_t u;
    double d;
    if (format->kind == ITEM_FLOAT) {
        if (!float_from_object(vm, v, &d)) return false;
        float f = (float)d;
        memcpy(out, format->size == 8 ? (void *)&d : (void *)&f, format->size);
        return true;
    }
    if (!(format->kind == ITEM_CHAR ? encode_char(vm, v, &u) : encode_int(vm, format->code, v, &u)))
        return false;
    memcpy(out, &u, format->size);
    return true;
}

static bool append(VM *vm, Value item, void *self)
{
    uint8_t bytes[8];
    Value a = *(Value *)self;
    return encode(vm, a, item, bytes) && bytearray_append(vm, as_bytearray(a), bytes, item_size(a));
}

/* ---- making -------------------------------------------------------------------------------------- */

static bool append_bytes(VM *vm, Value self, ByteView view)
{
    if (view.size % item_size(self))
        return vm_raise(vm, ERR_VALUE, "bytes length not a multiple of item size"), false;
    return bytearray_append(vm, as_bytearray(self), view.data, view.size);
}

static bool append_text(VM *vm, Value self, Str *s)
{
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_char_at(vm, s, i);
        if (!bytearray_append(vm, as_bytearray(self), &c, sizeof c)) return false;
    }
    return true;
}

static bool append_array(VM *vm, Value self, Value other)
{
    size_t size = as_bytearray(other)->size;
    if (self != other) return bytearray_append(vm, as_bytearray(self), as_bytearray(other)->data, size);
    if (!bytearray_append(vm, as_bytearray(self), NULL, size)) return false;
    memcpy(as_bytearray(self)->data + size, as_bytearray(self)->data, size);
    return true;
}

static bool refuse_initializer(VM *vm, Value self, Value from)
{
    if (holds_text(self) || !(is_str(from) || (is_array(from) && holds_text(from)))) return false;
    const char *what = is_str(from) ? "str" : "unicode array";
    vm_raise(vm, ERR_TYPE, "cannot use a %s to initialize an array with typecode '%c'", what, typecode(self));
    return true;
}

static bool fill(VM *vm, Value *self, Value from)
{
    if (refuse_initializer(vm, *self, from)) return false;
    if (is_str(from)) return append_text(vm, *self, as_str(from));
    if (is_array(from) && as_obj(from)->aux == as_obj(*self)->aux) return append_array(vm, *self, from);
    if (is_bytes(from) || (is_bytearray(from) && !is_array(from)))
        return append_bytes(vm, *self, byte_view(from));
    return obj_iterate(vm, from, append, self);
}

/* The letter that argument 1 is; 0 with an exception. */
static char read_typecode(VM *vm, Value v)
{
    if (!is_str(v) || as_str(v)->length != 1)
        return vm_raise(vm, ERR_TYPE, "array() argument 1 must be a unicode character, not %T", v), 0;
    const char *text = as_str(v)->data;
    if (as_str(v)->size == 1 && *text && strchr(typecodes, *text)) return *text == 'u' ? 'w' : *text;
    vm_raise(vm, ERR_VALUE, "bad typecode (must be b, B, u, h, H, i, I, l, L, q, Q, f or d)");
    return 0;
}

/* args: the type, *args, **kwargs, of which a subclass may take more. */
static Value construct(VM *vm, Args args)
{
    Type *type = as_type(args.v[0]);
    const Tuple *given = as_tuple(args.v[1]);
    if (type == stdlib(vm)->array_type && as_dict(args.v[2])->used)
        return vm_raise(vm, ERR_TYPE, "array.array() takes no keyword arguments");
    if (given->size < 1 || given->size > 2)
        return vm_raise(vm, ERR_TYPE, "array() takes at %s %d argument%s (%zu given)",
                        given->size ? "most" : "least", given->size ? 2 : 1, given->size ? "s" : "",
                        given->size);
    char code = read_typecode(vm, given->items[0]);
    if (!code) return VALUE_ERROR;
    args.v[0] = make(vm, type, code);
    if (is_error(args.v[0]) || given->size == 1) return args.v[0];
    return fill(vm, &args.v[0], given->items[1]) ? args.v[0] : VALUE_ERROR;
}

static Value copy(VM *vm, Value self)
{
    Value new = make_like(vm, self);
    return is_error(new) || append_array(vm, new, self) ? new : VALUE_ERROR;
}

static Value to_list(VM *vm, Value self)
{
    Value list = list_new(vm, NULL, 0);
    for (int64_t i = 0, n = length(self); !is_error(list) && i < n; i++) {
        Value item = load(vm, self, i);
        if (is_error(item) || !list_append(vm, as_list(list), item)) return VALUE_ERROR;
    }
    return list;
}

static Value to_text(VM *vm, Value self)
{
    StrBuilder b;
    sb_init(&b, vm);
    for (int64_t i = 0, n = length(self); i < n; i++) {
        uint32_t c;
        memcpy(&c, as_bytearray(self)->data + (size_t)i * sizeof c, sizeof c);
        if (c <= 0x10ffff) {
            sb_add_char(&b, c);
            continue;
        }
        sb_drop(&b);
        return vm_raise(vm, ERR_VALUE, "character U+%lx is not in range [U+0000; U+10ffff]", (long)c);
    }
    return sb_finish(&b);
}

/* ---- methods ------------------------------------------------------------------------------------- */

static Value nat_append(VM *vm, Args args)
{
    return append(vm, args.v[1], &args.v[0]) ? VALUE_NONE : VALUE_ERROR;
}

static bool extend(VM *vm, Value *self, Value from)
{
    if (!is_array(from)) return obj_iterate(vm, from, append, self);
    if (as_obj(from)->aux == as_obj(*self)->aux) return append_array(vm, *self, from);
    vm_raise(vm, ERR_TYPE, "can only extend with array of same kind");
    return false;
}
static Value nat_extend(VM *vm, Args args)
{
    return extend(vm, &args.v[0], args.v[1]) ? VALUE_NONE : VALUE_ERROR;
}

/* All of them or none. */
static Value nat_fromlist(VM *vm, Args args)
{
    if (!is_kind(args.v[1], KIND_LIST)) return vm_raise(vm, ERR_TYPE, "arg must be list");
    int64_t before = length(args.v[0]);
    for (size_t i = 0, n = as_list(args.v[1])->size; i < n; i++) {
        if (append(vm, as_list(args.v[1])->items[i], &args.v[0])) {
            if (as_list(args.v[1])->size == n) continue;
            vm_raise(vm, ERR_RUNTIME, "list changed size during iteration");
        }
        int64_t after = length(args.v[0]);
        if (after > before) splice(vm, args.v[0], before, after - before, NULL, 0);
        return VALUE_ERROR;
    }
    return VALUE_NONE;
}

static Value nat_frombytes(VM *vm, Args args)
{
    ByteView view;
    if (!bytes_require(vm, args.v[1], &view)) return VALUE_ERROR;
    if (is_array(args.v[1]) && item_size(args.v[1]) != 1)
        return vm_raise(vm, ERR_TYPE, "a bytes-like object is required");
    return append_bytes(vm, args.v[0], view) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_fromunicode(VM *vm, Args args)
{
    if (!is_str(args.v[1]))
        return vm_raise(vm, ERR_TYPE, "fromunicode() argument must be str, not %A", args.v[1]);
    if (!holds_text(args.v[0]))
        return vm_raise(vm, ERR_VALUE, "fromunicode() may only be called on unicode type arrays");
    return append_text(vm, args.v[0], as_str(args.v[1])) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_fromfile(VM *vm, Args args)
{
    int64_t n;
    if (!index_argument(vm, args.v[2], &n)) return VALUE_ERROR;
    if (n < 0) return vm_raise(vm, ERR_VALUE, "negative count");
    size_t size = size_mul((size_t)n, item_size(args.v[0]));
    if (size > INT64_MAX) return vm_no_memory(vm);
    Value wanted = int_from_i64(vm, (int64_t)size);
    Value data = vm_call_method(vm, args.v[1], vm_intern(vm, "read"), &wanted, 1);
    if (is_error(data)) return data;
    if (!is_bytes(data)) return vm_raise(vm, ERR_TYPE, "read() didn't return bytes");
    size_t got = byte_view(data).size;
    if (!append_bytes(vm, args.v[0], byte_view(data))) return VALUE_ERROR;
    return got == size ? VALUE_NONE : vm_raise(vm, ERR_EOF, "read() didn't return enough bytes");
}

static Value to_bytes(VM *vm, Value self)
{
    return bytes_new(vm, as_bytearray(self)->data, as_bytearray(self)->size);
}
static Value nat_tobytes(VM *vm, Args args) { return to_bytes(vm, args.v[0]); }
static Value nat_tolist(VM *vm, Args args) { return to_list(vm, args.v[0]); }

static Value nat_tofile(VM *vm, Args args)
{
    Value data = to_bytes(vm, args.v[0]);
    if (is_error(data)) return data;
    Value written = vm_call_method(vm, args.v[1], vm_intern(vm, "write"), &data, 1);
    return is_error(written) ? written : VALUE_NONE;
}

static Value nat_tounicode(VM *vm, Args args)
{
    if (holds_text(args.v[0])) return to_text(vm, args.v[0]);
    return vm_raise(vm, ERR_VALUE, "tounicode() may only be called on unicode type arrays");
}

static Value nat_buffer_info(VM *vm, Args args)
{
    Value address = int_from_u64(vm, (uintptr_t)as_bytearray(args.v[0])->data);
    return is_error(address) ? address : tuple_pack(vm, 2, address, small(length(args.v[0])));
}

static Value nat_byteswap(VM *vm, Args args)
{
    (void)vm;
    ByteArray *a = as_bytearray(args.v[0]);
    size_t size = item_size(args.v[0]);
    for (uint8_t *p = a->data; p < a->data + a->size; p += size)
        for (size_t i = 0; i < size / 2; i++) {
            uint8_t low = p[i];
            p[i] = p[size - 1 - i];
            p[size - 1 - i] = low;
        }
    return VALUE_NONE;
}

static Value nat_reverse(VM *vm, Args args)
{
    (void)vm;
    ByteArray *a = as_bytearray(args.v[0]);
    size_t size = item_size(args.v[0]);
    uint8_t item[8];
    for (size_t i = 0, k = a->size; i + size < k; i += size) {
        k -= size;
        memcpy(item, a->data + i, size);
        memcpy(a->data + i, a->data + k, size);
        memcpy(a->data + k, item, size);
    }
    return VALUE_NONE;
}

/* Position of the first item equal to v in [start, stop): -1 none, -2 an exception is pending. */
static int64_t find(VM *vm, Value self, Value v, int64_t start, int64_t stop)
{
    for (int64_t i = start; i < stop && i < length(self); i++) { // its length each time: v's __eq__ may change it
        Value item = load(vm, self, i);
        int same = is_error(item) ? -1 : value_equal_rooted(vm, item, v);
        if (same) return same < 0 ? -2 : i;
    }
    return -1;
}

static Value nat_index(VM *vm, Args args)
{
    int64_t start = 0, stop = INT64_MAX, n = length(args.v[0]);
    if (!is_unset(args.v[2]) && !index_bound(vm, args.v[2], n, &start)) return VALUE_ERROR;
    if (!is_unset(args.v[3]) && !index_bound(vm, args.v[3], n, &stop)) return VALUE_ERROR;
    int64_t at = find(vm, args.v[0], args.v[1], start, stop);
    if (at >= 0) return small(at);
    return at == -2 ? VALUE_ERROR : vm_raise(vm, ERR_VALUE, "array.index(x): x not in array");
}

static Value nat_count(VM *vm, Args args)
{
    int64_t n = 0;
    for (int64_t at = -1; (at = find(vm, args.v[0], args.v[1], at + 1, INT64_MAX)) != -1; n++)
        if (at == -2) return VALUE_ERROR;
    return small(n);
}

static Value nat_remove(VM *vm, Args args)
{
    int64_t at = find(vm, args.v[0], args.v[1], 0, INT64_MAX);
    if (at == -1) return vm_raise(vm, ERR_VALUE, "array.remove(x): x not in array");
    return at >= 0 && (at >= length(args.v[0]) || splice(vm, args.v[0], at, 1, NULL, 0)) ? VALUE_NONE
                                                                                         : VALUE_ERROR;
}

static Value nat_insert(VM *vm, Args args)
{
    int64_t at;
    uint8_t bytes[8];
    if (!index_argument(vm, args.v[1], &at) || !encode(vm, args.v[0], args.v[2], bytes)) return VALUE_ERROR;
    int64_t n = length(args.v[0]);
    if (at < 0) at = at + n < 0 ? 0 : at + n;
    return splice(vm, args.v[0], at > n ? n : at, 0, bytes, item_size(args.v[0])) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_pop(VM *vm, Args args)
{
    int64_t at, n;
    if (!index_argument(vm, args.v[1], &at)) return VALUE_ERROR;
    n = length(args.v[0]);
    if (!n) return vm_raise(vm, ERR_INDEX, "pop from empty array");
    if (at < 0) at += n;
    if (at < 0 || at >= n) return vm_raise(vm, ERR_INDEX, "pop index out of range");
    Value item = load(vm, args.v[0], at);
    return is_error(item) || splice(vm, args.v[0], at, 1, NULL, 0) ? item : VALUE_ERROR;
}

static Value nat_copy(VM *vm, Args args) { return copy(vm, args.v[0]); }

/* ---- subscripts ---------------------------------------------------------------------------------- */

/* The position that a key which is no slice names; -1 with an exception. */
static int64_t position(VM *vm, Value self, Value key, const char *text)
{
    int64_t i, n;
    if (!is_index(vm, key)) return vm_raise(vm, ERR_TYPE, "array indices must be integers"), -1;
    if (!index_subscript(vm, key, &i)) return -1;
    n = length(self);
    if (i < 0) i += n;
    if (i >= 0 && i < n) return i;
    vm_raise(vm, ERR_INDEX, text);
    return -1;
}

/* Every step-th item of n from `start` on, as a new array. */
static Value cut(VM *vm, Value self, int64_t start, int64_t step, int64_t n)
{
    Value part = make_like(vm, self);
    size_t size = item_size(self);
    if (is_error(part) || !bytearray_append(vm, as_bytearray(part), NULL, (size_t)n * size)) return VALUE_ERROR;
    for (int64_t i = 0; i < n; i++)
        memcpy(as_bytearray(part)->data + (size_t)i * size,
               as_bytearray(self)->data + (size_t)(start + i * step) * size, size);
    return part;
}

static Value slot_getitem(VM *vm, Value self, Value key)
{
    int64_t start, stop, step;
    if (is_slice(key)) {
        if (!slice_unpack(vm, as_slice(key), &start, &stop, &step)) return VALUE_ERROR;
        int64_t n = slice_adjust(length(self), &start, &stop, step);
        return cut(vm, self, start, step, n);
    }
    int64_t i = position(vm, self, key, "array index out of range");
    return i < 0 ? VALUE_ERROR : load(vm, self, i);
}

static Value set_item(VM *vm, Value self, Value key, Value v)
{
    static const char text[] = "array assignment index out of range";
    uint8_t bytes[8];
    int64_t i = position(vm, self, key, text);
    if (i < 0) return VALUE_ERROR;
    if (is_unset(v)) return splice(vm, self, i, 1, NULL, 0) ? VALUE_NONE : VALUE_ERROR;
    if (!encode(vm, self, v, bytes)) return VALUE_ERROR;
    if (i >= length(self)) return vm_raise(vm, ERR_INDEX, text); // __index__ has removed items
    memcpy(as_bytearray(self)->data + (size_t)i * item_size(self), bytes, item_size(self));
    return VALUE_NONE;
}

/* What lies between two of the items that go moves down. */
static Value delete_stepped(VM *vm, Value self, int64_t start, int64_t step, int64_t n)
{
    int64_t last = start + (n - 1) * step;
    for (int64_t i = step < 0 ? start : last, k = 0; k < n; k++, i -= step < 0 ? -step : step)
        if (!splice(vm, self, i, 1, NULL, 0)) return VALUE_ERROR;
    return VALUE_NONE;
}

static Value set_stepped(VM *vm, Value self, int64_t start, int64_t step, int64_t n, Value with)
{
    if (is_unset(with) || !length(with)) return delete_stepped(vm, self, start, step, n);
    if (length(with) != n)
        return vm_raise(vm, ERR_VALUE, "attempt to assign array of size %ld to extended slice of size %ld",
                        (long)length(with), (long)n);
    size_t size = item_size(self);
    for (int64_t i = 0; i < n; i++)
        memcpy(as_bytearray(self)->data + (size_t)(start + i * step) * size,
               as_bytearray(with)->data + (size_t)i * size, size);
    return VALUE_NONE;
}

static Value set_slice(VM *vm, Value self, Value key, Value with)
{
    int64_t start, stop, step;
    if (!is_unset(with) && !is_array(with))
        return vm_raise(vm, ERR_TYPE, "can only assign array (not \"%T\") to array slice", with);
    if (!is_unset(with) && as_obj(with)->aux != as_obj(self)->aux)
        return vm_raise(vm, ERR_TYPE, "bad argument type for built-in operation");
    if (!slice_unpack(vm, as_slice(key), &start, &stop, &step)) return VALUE_ERROR;
    if (with == self && is_error(with = copy(vm, self))) return VALUE_ERROR;
    int64_t n = slice_adjust(length(self), &start, &stop, step);
    if (step != 1) return set_stepped(vm, self, start, step, n, with);
    ByteView view = is_unset(with) ? (ByteView){NULL, 0} : byte_view(with);
    return splice(vm, self, start, n, view.data, view.size) ? VALUE_NONE : VALUE_ERROR;
}

static Value slot_setitem(VM *vm, Value self, Value key, Value v)
{
    return is_slice(key) ? set_slice(vm, self, key, v) : set_item(vm, self, key, v);
}

/* ---- the other slots ----------------------------------------------------------------------------- */

static Value slot_len(VM *vm, Value self) { return (void)vm, small(length(self)); }
static int slot_truth(VM *vm, Value self) { return (void)vm, length(self) > 0; }

static Value slot_contains(VM *vm, Value self, Value item)
{
    int64_t at = find(vm, self, item, 0, INT64_MAX);
    return at == -2 ? VALUE_ERROR : bool_value(at >= 0);
}

static Value slot_repr(VM *vm, Value self)
{
    Value name = type_short_name(type_of(vm, self));
    if (!length(self)) return str_format(vm, "%V('%c')", name, typecode(self));
    Value items = holds_text(self) ? to_text(vm, self) : to_list(vm, self);
    Value text = is_error(items) ? items : obj_repr(vm, items);
    return is_error(text) ? text : str_format(vm, "%V('%c', %V)", name, typecode(self), text);
}

/* Does a[i] op b[i] hold? -1 with an exception. A NaN equals nothing, itself neither. */
static int compare_items(VM *vm, Value a, Value b, int64_t i, CompareOp op)
{
    Value x = load(vm, a, i), y = is_error(x) ? x : load(vm, b, i);
    Value holds = is_error(y) ? y : obj_compare(vm, x, y, op);
    return is_error(holds) ? -1 : holds == VALUE_TRUE;
}

static Value slot_compare(VM *vm, Value a, Value b, CompareOp op)
{
    if (!is_array(a) || !is_array(b)) return VALUE_NOT_IMPLEMENTED;
    int64_t n = length(a), m = length(b);
    if (n != m && (op == CMP_EQ || op == CMP_NE)) return bool_value(op == CMP_NE);
    for (int64_t i = 0; i < n && i < m; i++) {
        int same = compare_items(vm, a, b, i, CMP_EQ);
        if (same > 0) continue;
        if (same < 0) return VALUE_ERROR;
        if (op == CMP_EQ || op == CMP_NE) return bool_value(op == CMP_NE);
        int holds = compare_items(vm, a, b, i, op);
        return holds < 0 ? VALUE_ERROR : bool_value(holds);
    }
    return bool_value(cmp_holds(n < m ? -1 : n > m, op));
}

static Value add(VM *vm, Value a, Value b)
{
    if (!is_array(b)) return vm_raise(vm, ERR_TYPE, "can only append array (not \"%T\") to array", b);
    if (as_obj(a)->aux != as_obj(b)->aux)
        return vm_raise(vm, ERR_TYPE, "bad argument type for built-in operation");
    Value sum = copy(vm, a);
    return is_error(sum) || append_array(vm, sum, b) ? sum : VALUE_ERROR;
}

/* `result` holds nothing, or is `self`; n times the items of self are to be there. */
static Value repeat_items(VM *vm, Value result, Value self, int64_t n)
{
    size_t size = as_bytearray(self)->size, all = size_mul(size, n > 0 ? (size_t)n : 0),
           held = as_bytearray(result)->size;
    if (all > INT64_MAX) return vm_no_memory(vm);
    bool ok = all < held ? bytearray_splice(vm, as_bytearray(result), 0, held, NULL, 0)
                         : bytearray_append(vm, as_bytearray(result), NULL, all - held);
    if (!ok) return VALUE_ERROR;
    for (size_t at = held; at < all; at += size)
        memcpy(as_bytearray(result)->data + at, as_bytearray(self)->data, size);
    return result;
}

static Value times(VM *vm, Value self, Value count, bool in_place)
{
    int64_t n;
    if (!sequence_times(vm, count, &n)) return is_unset(vm->exc) ? VALUE_NOT_IMPLEMENTED : VALUE_ERROR;
    Value result = in_place ? self : make_like(vm, self);
    return is_error(result) ? result : repeat_items(vm, result, self, n);
}

static Value slot_binary(VM *vm, BinaryOp op, Value a, Value b)
{
    if (op == BIN_MUL) return is_array(a) ? times(vm, a, b, false) : times(vm, b, a, false);
    return op == BIN_ADD && is_array(a) ? add(vm, a, b) : VALUE_NOT_IMPLEMENTED;
}

static Value slot_inplace(VM *vm, BinaryOp op, Value a, Value b)
{
    if (op == BIN_MUL) return times(vm, a, b, true);
    if (op != BIN_ADD) return slot_binary(vm, op, a, b);
    if (!is_array(b)) return vm_raise(vm, ERR_TYPE, "can only extend array with array (not \"%T\")", b);
    return extend(vm, &a, b) ? a : VALUE_ERROR;
}

/* ---- iterators: source, index of the next item --------------------------------------------------- */

static Value slot_iter(VM *vm, Value self)
{
    Iter *it = heap_alloc(vm, KIND_ITER, stdlib(vm)->array_iter_type->root_shape->id, sizeof *it);
    if (!it) return VALUE_ERROR;
    it->source = self;
    it->extra = VALUE_UNSET;
    return obj_value(it);
}

static Value iter_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    if (is_unset(it->source)) return VALUE_STOP;
    if (it->index < length(it->source)) return load(vm, it->source, it->index++);
    gc_store(vm, as_obj(self), &it->source, VALUE_UNSET);
    return VALUE_STOP;
}

static const TypeDef iter_def = {.slots = {.iter = iter_self, .next = iter_next}, .flags = TYPE_FINAL};

/* ---- the module ---------------------------------------------------------------------------------- */

static Value get_typecode(VM *vm, Value self) { return str_format(vm, "%c", typecode(self)); }
static Value get_itemsize(VM *vm, Value self) { return (void)vm, small((int64_t)item_size(self)); }

static const GetSetDef getsets[] = {
    {"typecode", get_typecode, NULL, "The letter that says what the items are."},
    {"itemsize", get_itemsize, NULL, "Bytes of an item."},
    {0},
};

/* array.co knows the names that pickles have for the layouts of items. */
static Value nat_reduce_ex(VM *vm, Args args)
{
    Value m = module_import(vm, vm_intern(vm, "array")),
          f = is_error(m) ? m : obj_getattr(vm, m, vm_intern(vm, "_reduce"));
    return is_error(f) ? f : vm_call(vm, f, args.v, 2);
}

static const NativeDef methods[] = {
    {"append(self, v, /)", nat_append, "Add an item at the end.", 0},
    {"buffer_info(self, /)", nat_buffer_info, "(address, number of items) of the memory that holds them now.", 0},
    {"byteswap(self, /)", nat_byteswap, "Turn the bytes of each item around.", 0},
    {"count(self, v, /)", nat_count, "How many items equal v.", 0},
    {"extend(self, bb, /)", nat_extend, "Add all items of an iterable.", 0},
    {"frombytes(self, buffer, /)", nat_frombytes, "Add items from their bytes.", 0},
    {"fromfile(self, f, n, /)", nat_fromfile, "Add n items from a file's bytes.", NATIVE_PARSED},
    {"fromlist(self, list, /)", nat_fromlist, "Add the items of a list: all of them or none.", 0},
    {"fromunicode(self, ustr, /)", nat_fromunicode, "Add the characters of a str.", 0},
    {"index(self, v, start=?, stop=?, /)", nat_index, "The position of the first item equal to v.", 0},
    {"insert(self, i, v, /)", nat_insert, "Insert an item before a position.", 0},
    {"pop(self, i=-1, /)", nat_pop, "Remove an item and answer it.", 0},
    {"remove(self, v, /)", nat_remove, "Remove the first item equal to v.", 0},
    {"reverse(self, /)", nat_reverse, "Turn the order round, in place.", 0},
    {"tobytes(self, /)", nat_tobytes, "A copy of the bytes.", 0},
    {"tofile(self, f, /)", nat_tofile, "Write the bytes to a file.", 0},
    {"tolist(self, /)", nat_tolist, "The items, as a list.", 0},
    {"tounicode(self, /)", nat_tounicode, "The characters, as a str.", 0},
    {"__reduce_ex__(self, protocol, /)", nat_reduce_ex, "How to make it again.", 0},
    {"__copy__(self, /)", nat_copy, "A copy.", 0},
    {"__deepcopy__(self, unused, /)", nat_copy, "A copy.", 0},
    {0},
};

static const TypeDef array_def = {
    .slots = {.repr = slot_repr,
              .compare = slot_compare,
              .truth = slot_truth,
              .len = slot_len,
              .getitem = slot_getitem,
              .setitem = slot_setitem,
              .contains = slot_contains,
              .iter = slot_iter,
              .binary = slot_binary,
              .inplace = slot_inplace},
    .methods = methods,
    .getsets = getsets,
    .constructor = {"array(*args, **kwargs)", construct, NULL, NATIVE_NEW},
    .doc =
        "array(typecode [, initializer]) -> array\n\nNumbers of one kind (or characters), packed: a list whose items "
        "take as few bytes as C gives them.\nThe typecode says what they are, the initializer is an iterable of them "
        "or their bytes.",
    .flags = TYPE_SEQUENCE | TYPE_UNHASHABLE | TYPE_HAS_WEAKREF,
    .operators = OPS_LEFT(BIN_ADD) | OPS_BOTH(BIN_MUL),
};

static bool init(VM *vm, Module *m)
{
    Stdlib *lib = stdlib(vm);
    lib->array_type = module_add_type(vm, m, "array", "array.array", &array_def, KIND_BYTEARRAY);
    lib->array_iter_type = module_add_type(vm, m, NULL, "array.arrayiterator", &iter_def, KIND_ITER);
    Value codes = str_from_c(vm, typecodes);
    return lib->array_type && lib->array_iter_type && !is_error(codes) && module_add(vm, m, "typecodes", codes);
}

const ModuleDef _array_module = {"_array", NULL, "What array has in C.", init};
