#include "vm/memoryview.h"
#include "vm/container.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/item_format.h"
#include "vm/iter.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/text.h"
#include "vm/type.h"
#include <string.h>

/* ---- making, looking ---- */

static Value view_new(VM *vm, const MemoryView *like, Value base)
{
    MemoryView *m = heap_new(vm, KIND_MEMORYVIEW, T_MEMORYVIEW, MemoryView);
    if (!m) return VALUE_ERROR;
    m->base = base;
    m->offset = like->offset;
    m->count = like->count;
    m->step = like->step;
    m->itemsize = like->itemsize;
    m->code = like->code;
    m->h.aux = like->h.aux;
    return obj_value(m);
}

static bool check_released(VM *vm, Value self)
{
    if (!(as_obj(self)->aux & VIEW_RELEASED)) return true;
    vm_raise(vm, ERR_VALUE, "operation forbidden on released memoryview object");
    return false;
}

bool memoryview_shows_bytes(Value v)
{
    if (!is_kind(v, KIND_MEMORYVIEW)) return false;
    const MemoryView *m = as_memoryview(v);
    return !(m->h.aux & VIEW_RELEASED) && m->step == m->itemsize;
}

ByteView memoryview_bytes(const MemoryView *m)
{
    ByteView all = byte_view(m->base);
    size_t at = (size_t)m->offset < all.size ? (size_t)m->offset : all.size,
           size = (size_t)(m->count * m->itemsize);
    return (ByteView){all.data + at, size < all.size - at ? size : all.size - at};
}

/* Where item i lies; NULL with IndexError when the base has shrunk meanwhile. */
static uint8_t *item_at(VM *vm, const MemoryView *m, int64_t i)
{
    ByteView all = byte_view(m->base);
    int64_t at = m->offset + i * m->step;
    if (at >= 0 && at + m->itemsize <= (int64_t)all.size) return (uint8_t *)all.data + at;
    vm_raise(vm, ERR_INDEX, "index out of bounds on dimension 1");
    return NULL;
}

static Value nat_memoryview(VM *vm, Args args)
{
    Value source = args.v[1];
    if (is_kind(source, KIND_MEMORYVIEW)) {
        if (!check_released(vm, source)) return VALUE_ERROR;
        return view_new(vm, as_memoryview(source), as_memoryview(source)->base);
    }
    if (!is_bytes(source) && !is_bytearray(source))
        return vm_raise(vm, ERR_TYPE, "memoryview: a bytes-like object is required, not '%T'", source);
    char code = bytes_item_code(source);
    int64_t size = item_format(code)->size;
    MemoryView like = {.count = (int64_t)byte_view(source).size / size, .step = size, .itemsize = size, .code = code};
    like.h.aux = is_bytes(source) ? VIEW_READONLY : 0;
    return view_new(vm, &like, source);
}

/* ---- items ---- */

static Value load(VM *vm, const MemoryView *m, const uint8_t *p)
{
    const ItemFormat *format = item_format(m->code);
    if (format->kind == ITEM_CHAR)
        return vm_raise(vm, ERR_NOT_IMPLEMENTED, "memoryview: format %c not supported", m->code);
    return item_load(vm, format, p);
}

static bool invalid(VM *vm, const MemoryView *m, ErrorKind kind, const char *what)
{
    vm_raise(vm, kind, "memoryview: invalid %s for format '%c'", what, m->code);
    return false;
}

static bool encode_int(VM *vm, const MemoryView *m, Value v, bool is_signed, uint64_t *out)
{
    v = is_small(v) ? v : obj_index(vm, v);
    if (is_error(v) && !vm_pending_is(vm, ERR_TYPE)) return false;
    if (is_error(v)) return vm_take_pending(vm), invalid(vm, m, ERR_TYPE, "type");
    int bits = 8 * (int)m->itemsize;
    int64_t i;
    bool fits = int_to_i64(v, &i);
    if (is_signed) {
        if (!fits || (bits < 64 && (i < -(INT64_C(1) << (bits - 1)) || i >= INT64_C(1) << (bits - 1))))
            return invalid(vm, m, ERR_VALUE, "value");
        *out = (uint64_t)i;
        return true;
    }
    *out = (uint64_t)i;
    if (fits ? i < 0 || (bits < 64 && *out >> bits) : bits < 64 || !item_u64(v, out))
        return invalid(vm, m, ERR_VALUE, "value");
    return true;
}

static bool encode(VM *vm, const MemoryView *m, Value v, uint8_t *out)
{
    uint64_t u = 0;
    double d;
    float f;
    int truth;
    switch (item_format(m->code)->kind) {
    case ITEM_BOOL:
        if ((truth = obj_truth(vm, v)) < 0) return false;
        *out = (uint8_t)truth;
        return true;
    case ITEM_BYTE:
        if (!is_bytes(v)) return invalid(vm, m, ERR_TYPE, "type");
        if (byte_view(v).size != 1) return invalid(vm, m, ERR_VALUE, "value");
        *out = *byte_view(v).data;
        return true;
    case ITEM_FLOAT:
        if (!is_float(v) && !is_int(v)) return invalid(vm, m, ERR_TYPE, "type");
        if (!to_double(vm, v, &d)) return false;
        f = (float)d;
        if (m->itemsize == 8) memcpy(out, &d, 8);
        else memcpy(out, &f, 4);
        return true;
    case ITEM_SIGNED:
    case ITEM_UNSIGNED:
        if (!encode_int(vm, m, v, item_format(m->code)->kind == ITEM_SIGNED, &u)) return false;
        memcpy(out, &u, (size_t)m->itemsize);
        return true;
    case ITEM_CHAR: break;
    }
    return vm_raise(vm, ERR_NOT_IMPLEMENTED, "memoryview: format %c not supported", m->code), false;
}

static bool find_item(VM *vm, Value self, Value key, int64_t *i)
{
    if (!index_subscript(vm, key, i)) return false;
    int64_t n = as_memoryview(self)->count;
    if (*i < 0) *i += n;
    if (*i >= 0 && *i < n) return true;
    vm_raise(vm, ERR_INDEX, "index out of bounds on dimension 1");
    return false;
}

/* The part of a view that a slice names, as a view on the C stack. */
static bool cut(VM *vm, Value self, Value slice, MemoryView *out)
{
    int64_t start, stop, step;
    if (!slice_unpack(vm, as_slice(slice), &start, &stop, &step)) return false;
    *out = *as_memoryview(self);
    out->count = slice_adjust(out->count, &start, &stop, step);
    out->offset += start * out->step;
    out->step *= step;
    return true;
}

static bool is_position(VM *vm, Value key)
{
    return is_int(key) || type_defines(type_of(vm, key), D_INDEX);
}

/* What a key that is neither a slice nor a position is refused with. */
static Value refuse_key(VM *vm, const Tuple *key, const char *all_slices)
{
    if (!key) return vm_raise(vm, ERR_TYPE, "memoryview: invalid slice key");
    if (all_slices) return vm_raise(vm, ERR_NOT_IMPLEMENTED, "%s", all_slices);
    return key->size ? vm_raise(vm, ERR_TYPE, "cannot index 1-dimension view with %zu-element tuple", key->size)
                     : vm_raise(vm, ERR_NOT_IMPLEMENTED, "sub-views are not implemented");
}

/* The position in a key: itself, or the only item of a tuple. ERROR: it is none; of_slices tells a tuple of them. */
static Value position_of(VM *vm, Value key, const char *of_slices)
{
    if (is_position(vm, key)) return key;
    if (!is_tuple(key)) return refuse_key(vm, NULL, NULL);
    const Tuple *t = as_tuple(key);
    bool positions = true, slices = t->size > 0;
    for (size_t i = 0; i < t->size; i++) {
        positions &= is_position(vm, t->items[i]);
        slices &= is_slice(t->items[i]);
    }
    if (positions && t->size == 1) return t->items[0];
    return refuse_key(vm, positions || slices ? t : NULL, slices ? of_slices : NULL);
}

static Value slot_getitem(VM *vm, Value self, Value key)
{
    MemoryView part;
    int64_t i;
    if (!check_released(vm, self)) return VALUE_ERROR;
    if (is_slice(key)) return cut(vm, self, key, &part) ? view_new(vm, &part, part.base) : VALUE_ERROR;
    key = position_of(vm, key, "multi-dimensional slicing is not implemented");
    if (is_error(key) || !find_item(vm, self, key, &i)) return VALUE_ERROR;
    const uint8_t *p = item_at(vm, as_memoryview(self), i);
    return p ? load(vm, as_memoryview(self), p) : VALUE_ERROR;
}

static Value set_item(VM *vm, Value self, Value key, Value value)
{
    int64_t i;
    uint8_t item[8];
    if (!find_item(vm, self, key, &i) || !encode(vm, as_memoryview(self), value, item)) return VALUE_ERROR;
    uint8_t *p = item_at(vm, as_memoryview(self), i); // only now: encoding may have run a script
    if (!p) return VALUE_ERROR;
    memcpy(p, item, (size_t)as_memoryview(self)->itemsize);
    return VALUE_NONE;
}

/* Copied out of the way first: both may look at the same bytes. */
static Value set_slice(VM *vm, Value self, Value slice, Value value)
{
    MemoryView part;
    ByteView from;
    if (!cut(vm, self, slice, &part) || !bytes_require(vm, value, &from)) return VALUE_ERROR;
    char code = is_kind(value, KIND_MEMORYVIEW) ? as_memoryview(value)->code : bytes_item_code(value);
    if (code != part.code || (int64_t)from.size != part.count * part.itemsize)
        return vm_raise(vm, ERR_VALUE, "memoryview assignment: lvalue and rvalue have different structures");
    Value copy = bytes_new(vm, from.data, from.size);
    if (is_error(copy)) return copy;
    for (int64_t i = 0; i < part.count; i++) {
        uint8_t *p = item_at(vm, &part, i);
        if (!p) return VALUE_ERROR;
        memcpy(p, byte_view(copy).data + i * part.itemsize, (size_t)part.itemsize);
    }
    return VALUE_NONE;
}

static Value slot_setitem(VM *vm, Value self, Value key, Value value)
{
    if (!check_released(vm, self)) return VALUE_ERROR;
    if (as_obj(self)->aux & VIEW_READONLY) return vm_raise(vm, ERR_TYPE, "cannot modify read-only memory");
    if (is_unset(value)) return vm_raise(vm, ERR_TYPE, "cannot delete memory");
    if (is_slice(key)) return set_slice(vm, self, key, value);
    key = position_of(vm, key, "memoryview slice assignments are currently restricted to ndim = 1");
    return is_error(key) ? key : set_item(vm, self, key, value);
}

/* ---- as a whole ---- */

static Value to_bytes(VM *vm, Value self)
{
    if (!check_released(vm, self)) return VALUE_ERROR;
    const MemoryView *m = as_memoryview(self);
    Value v = bytes_new(vm, NULL, (size_t)(m->count * m->itemsize));
    for (int64_t i = 0; !is_error(v) && i < m->count; i++) {
        const uint8_t *p = item_at(vm, m, i);
        if (!p) return VALUE_ERROR;
        memcpy(as_bytes(v)->data + i * m->itemsize, p, (size_t)m->itemsize);
    }
    return v;
}

static Value to_list(VM *vm, Value self)
{
    if (!check_released(vm, self)) return VALUE_ERROR;
    const MemoryView *m = as_memoryview(self);
    Value list = list_new(vm, NULL, 0);
    for (int64_t i = 0; !is_error(list) && i < m->count; i++) {
        const uint8_t *p = item_at(vm, m, i);
        Value item = p ? load(vm, m, p) : VALUE_ERROR;
        if (is_error(item) || !list_append(vm, as_list(list), item)) return VALUE_ERROR;
    }
    return list;
}

static Value slot_iter(VM *vm, Value self)
{
    return check_released(vm, self) ? iter_new(vm, T_MEMORY_ITER, self) : VALUE_ERROR;
}

/* source: the view; index of the next item. */
static Value iter_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    if (is_unset(it->source)) return VALUE_STOP;
    const MemoryView *m = as_memoryview(it->source);
    if (it->index == m->count) return gc_store(vm, it, &it->source, VALUE_UNSET), VALUE_STOP;
    if (!check_released(vm, it->source)) return VALUE_ERROR;
    const uint8_t *p = item_at(vm, m, it->index++);
    return p ? load(vm, m, p) : VALUE_ERROR;
}

const TypeDef type_def_MEMORY_ITER = {.slots = {.iter = iter_self, .next = iter_next}, .flags = TYPE_FINAL};

static Value slot_len(VM *vm, Value self)
{
    return check_released(vm, self) ? small(as_memoryview(self)->count) : VALUE_ERROR;
}

static Value slot_repr(VM *vm, Value self)
{
    bool released = as_obj(self)->aux & VIEW_RELEASED;
    return str_format(vm, released ? "<released memory at %p>" : "<memory at %p>", (void *)as_obj(self));
}

static Value slot_hash(VM *vm, Value self)
{
    if (!check_released(vm, self)) return VALUE_ERROR;
    if (!(as_obj(self)->aux & VIEW_READONLY))
        return vm_raise(vm, ERR_VALUE, "cannot hash writable memoryview object");
    Value all = to_bytes(vm, self);
    return is_error(all) ? all : small((int64_t)bytes_hash(vm, as_bytes(all)));
}

static Value slot_compare(VM *vm, Value a, Value b, CompareOp op)
{
    if (op != CMP_EQ && op != CMP_NE) return VALUE_NOT_IMPLEMENTED;
    bool other_view = is_kind(b, KIND_MEMORYVIEW);
    if (!other_view && !is_bytes(b) && !is_bytearray(b)) return VALUE_NOT_IMPLEMENTED;
    if ((as_obj(a)->aux & VIEW_RELEASED) || (other_view && (as_obj(b)->aux & VIEW_RELEASED)))
        return bool_value((a == b) == (op == CMP_EQ));
    char other = other_view ? as_memoryview(b)->code : bytes_item_code(b);
    if (as_memoryview(a)->code == 'w' || other == 'w') return bool_value(op == CMP_NE); // what it cannot read, equals nothing
    Value *items = roots_reserve(vm, 2);
    if (!items) return VALUE_ERROR;
    items[0] = to_list(vm, a);
    items[1] = is_error(items[0]) ? VALUE_ERROR : other_view ? to_list(vm, b) : obj_to_list(vm, b);
    int equal = is_error(items[1]) ? -1 : obj_eq(vm, items[0], items[1]);
    roots_pop(vm, items);
    return equal < 0 ? VALUE_ERROR : bool_value(equal == (op == CMP_EQ));
}

/* ---- methods ---- */

static Value nat_tobytes(VM *vm, Args args)
{
    Value order = args.v[1];
    if (!is_none(order) && !is_str(order))
        return vm_raise(vm, ERR_TYPE, "tobytes() argument 'order' must be str or None, not %T", order);
    bool known = is_none(order) || str_is(as_str(order), "C") || str_is(as_str(order), "F") ||
                 str_is(as_str(order), "A");
    return known ? to_bytes(vm, args.v[0]) : vm_raise(vm, ERR_VALUE, "order must be 'C', 'F' or 'A'");
}
static Value nat_tolist(VM *vm, Args args) { return to_list(vm, args.v[0]); }

static Value nat_hex(VM *vm, Args args)
{
    Value all = to_bytes(vm, args.v[0]);
    return is_error(all)
               ? all
               : vm_call_method(vm, all, vm_intern(vm, "hex"), args.v + 1, is_unset(args.v[1]) ? 0 : 2);
}

static Value nat_release(VM *vm, Args args)
{
    (void)vm;
    as_obj(args.v[0])->aux |= VIEW_RELEASED;
    return VALUE_NONE;
}

static Value nat_enter(VM *vm, Args args) { return check_released(vm, args.v[0]) ? args.v[0] : VALUE_ERROR; }

static Value nat_toreadonly(VM *vm, Args args)
{
    if (!check_released(vm, args.v[0])) return VALUE_ERROR;
    MemoryView like = *as_memoryview(args.v[0]);
    like.h.aux |= VIEW_READONLY;
    return view_new(vm, &like, like.base);
}

static Value nat_cast(VM *vm, Args args)
{
    if (!check_released(vm, args.v[0])) return VALUE_ERROR;
    MemoryView like = *as_memoryview(args.v[0]);
    Value text = args.v[1];
    if (!is_str(text)) return vm_raise(vm, ERR_TYPE, "cast() argument 'format' must be str, not %A", text);
    if (!is_unset(args.v[2]) && !is_kind(args.v[2], KIND_LIST) && !is_kind(args.v[2], KIND_TUPLE))
        return vm_raise(vm, ERR_TYPE, "shape must be a list or a tuple");
    const char *code = as_str(text)->data;
    code += *code == '@';
    const ItemFormat *format = *code && !code[1] ? item_format(*code) : NULL;
    if (!format || format->kind == ITEM_CHAR)
        return vm_raise(vm, ERR_VALUE,
                        "memoryview: destination format must be a native single character format prefixed "
                        "with an optional '@'");
    if (like.step != like.itemsize)
        return vm_raise(vm, ERR_TYPE, "memoryview: casts are restricted to C-contiguous views");
    bool bytes = strchr("Bbc", like.code) || strchr("Bbc", format->code);
    if (!bytes) return vm_raise(vm, ERR_TYPE, "memoryview: cannot cast between two non-byte formats");
    int64_t size = like.count * like.itemsize;
    if (size % format->size) return vm_raise(vm, ERR_TYPE, "memoryview: length is not a multiple of itemsize");
    like.code = format->code;
    like.step = like.itemsize = format->size;
    like.count = size / format->size;
    return view_new(vm, &like, like.base);
}

/* ---- attributes ---- */

#define GETTER(name, value) \
    static Value get_##name(VM *vm, Value self) \
    { \
        const MemoryView *m = as_memoryview(self); \
        return check_released(vm, self) ? (value) : VALUE_ERROR; \
    }
GETTER(obj, m->base)
GETTER(nbytes, small(m->count *m->itemsize))
GETTER(itemsize, small(m->itemsize))
GETTER(ndim, ((void)m, small(1)))
GETTER(format, str_format(vm, "%c", m->code))
GETTER(readonly, bool_value(m->h.aux & VIEW_READONLY))
GETTER(contiguous, bool_value(m->step == m->itemsize || m->count < 2))
GETTER(shape, tuple_pack(vm, 1, small(m->count)))
GETTER(strides, tuple_pack(vm, 1, small(m->step)))
GETTER(suboffsets, ((void)m, obj_value(vm->empty_tuple)))
#undef GETTER

static const GetSetDef getsets[] = {
    {"obj", get_obj, NULL, "The object whose bytes are looked at."},
    {"nbytes", get_nbytes, NULL, "How many bytes the items take."},
    {"itemsize", get_itemsize, NULL, "Bytes of an item."},
    {"format", get_format, NULL, "What an item is, in struct's letters."},
    {"ndim", get_ndim, NULL, "Number of dimensions: 1."},
    {"shape", get_shape, NULL, "Number of items, as a tuple."},
    {"strides", get_strides, NULL, "Bytes from one item to the next, as a tuple."},
    {"suboffsets", get_suboffsets, NULL, "Empty."},
    {"readonly", get_readonly, NULL, "Whether the items cannot be assigned."},
    {"contiguous", get_contiguous, NULL, "Whether the items lie without gaps."},
    {"c_contiguous", get_contiguous, NULL, "Whether the items lie without gaps."},
    {"f_contiguous", get_contiguous, NULL, "Whether the items lie without gaps."},
    {0},
};

static const NativeDef methods[] = {
    {"tobytes(self, /, order='C')", nat_tobytes, "A copy of the bytes.", 0},
    {"tolist(self, /)", nat_tolist, "The items, as a list.", 0},
    {"hex(self, /, sep=?, bytes_per_sep=1)", nat_hex, "The bytes in hexadecimal.", 0},
    {"cast(self, /, format, shape=?)", nat_cast, "The same bytes as items of another format.", 0},
    {"release(self, /)", nat_release, "Look no more.", 0},
    {"toreadonly(self, /)", nat_toreadonly, "A view that cannot be assigned to.", 0},
    {"__enter__(self, /)", nat_enter, "Itself.", 0},
    {"__exit__(self, /, *args)", nat_release, "Look no more.", 0},
    {0},
};

const TypeDef type_def_MEMORYVIEW = {
    .slots = {.repr = slot_repr, .hash = slot_hash, .compare = slot_compare, .len = slot_len, .getitem = slot_getitem,
              .setitem = slot_setitem, .iter = slot_iter},
    .methods = methods,
    .getsets = getsets,
    .constructor = {"memoryview(object)", nat_memoryview, "A look at the bytes of an object.", 0},
    .flags = TYPE_FINAL,
    .doc = "The bytes of another object, without a copy.",
};
