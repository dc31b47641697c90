/* bytes.c - the types bytes and bytearray: constructors, operators, subscripts and iterators. */
#include "vm/bytes.h"
#include "vm/codecs.h"
#include "vm/iter.h"
#include "vm/reduce.h"
#include "vm/search.h"
#include "vm/str_methods.h"
#include "vm/text_args.h"
#include "vm/type.h"

/* ---- making ---- */

/* With n bytes that the caller fills. */
static Bytes *bytes_alloc(VM *vm, Type *t, size_t n)
{
    static const size_t most = INT64_MAX - 33; // beyond it CPython counts, below it tries to get memory
    if (n > most && n <= INT64_MAX) return vm_raise(vm, ERR_OVERFLOW, "byte string is too large"), NULL;
    size_t size = size_add(offsetof(Bytes, data) + 1, n);
    Bytes *b = heap_alloc_raw(vm, KIND_BYTES, t->root_shape->id, type_alloc_size(t, size));
    if (!b) return NULL;
    b->size = n;
    b->hash = 0;
    b->data[n] = 0;
    obj_attrs_init(vm, &b->h);
    return b;
}

static Value alloc_bytes(VM *vm, Type *t, const void *data, size_t n)
{
    Bytes *b = bytes_alloc(vm, t, n);
    if (!b) return VALUE_ERROR;
    if (data) memcpy(b->data, data, n);
    else memset(b->data, 0, n);
    return obj_value(b);
}

static Value alloc_bytearray(VM *vm, Type *t, const void *data, size_t n)
{
    ByteArray *a = heap_alloc(vm, KIND_BYTEARRAY, t->root_shape->id, type_alloc_size(t, sizeof(ByteArray)));
    if (!a) return VALUE_ERROR;
    obj_attrs_init(vm, &a->h);
    a->data = heap_malloc(vm, n);
    if (!a->data) return VALUE_ERROR;
    a->size = a->capacity = n;
    if (data) memcpy(a->data, data, n);
    else memset(a->data, 0, n);
    return obj_value(a);
}

Value bytes_new(VM *vm, const void *data, size_t n) { return alloc_bytes(vm, vm->types[T_BYTES], data, n); }
Value bytearray_new(VM *vm, const void *data, size_t n)
{
    return alloc_bytearray(vm, vm->types[T_BYTEARRAY], data, n);
}

void bytearray_free(VM *vm, ByteArray *a)
{
    if (a->data) heap_free(vm, a->data - a->head, a->capacity);
    a->data = NULL;
}

uint64_t bytes_hash(VM *vm, Bytes *b)
{
    if (!b->hash) b->hash = hash_bytes(vm, b->data, b->size);
    return b->hash;
}

/* ---- changing a bytearray ---- */

static uint8_t *block_of(const ByteArray *a) { return a->data - a->head; }

/* Room for n bytes from data on. */
static bool reserve(VM *vm, ByteArray *a, size_t n)
{
    if (n <= a->capacity - a->head) return true;
    uint8_t *block = block_of(a);
    if (a->head) memmove(block, a->data, a->size);
    a->data = block;
    a->head = 0;
    if (n <= a->capacity - a->capacity / 4) return true; // enough was consumed at the front
    size_t capacity = size_add(n, n / 2 + 8);
    block = heap_realloc(vm, block, a->capacity, capacity);
    if (!block) return false;
    a->data = block;
    a->capacity = capacity;
    return true;
}

bool bytearray_splice(VM *vm, ByteArray *a, size_t at, size_t n, const void *with, size_t with_size)
{
    if (n != with_size && a->exports) {
        vm_raise(vm, ERR_BUFFER, "Existing exports of data: object cannot be re-sized");
        return false;
    }
    if (at == 0 && with_size == 0) { // consume the front
        uint8_t *block = block_of(a);
        a->size -= n;
        a->data = a->size ? a->data + n : block;
        a->head = a->size ? a->head + n : 0;
        return true;
    }
    size_t size = size_add(a->size - n, with_size);
    if (!reserve(vm, a, size)) return false;
    uint8_t *p = a->data + at;
    if (n != with_size) memmove(p + with_size, p + n, a->size - at - n);
    if (with) memcpy(p, with, with_size);
    a->size = size;
    return true;
}

bool bytearray_append(VM *vm, ByteArray *a, const void *data, size_t n)
{
    return bytearray_splice(vm, a, a->size, 0, data, n);
}

/* ---- arguments ---- */

bool bytes_require(VM *vm, Value v, ByteView *out)
{
    if (!is_byteslike(v)) {
        vm_raise(vm, ERR_TYPE, "a bytes-like object is required, not '%T'", v);
        return false;
    }
    *out = byte_view(v);
    return true;
}

bool bytes_item(VM *vm, Value v, const char *what, uint8_t *out)
{
    int64_t i;
    if (!is_small(v)) v = obj_index(vm, v);
    if (is_error(v)) return false;
    if (!int_to_i64(v, &i) || i < 0 || i > 255) {
        vm_raise(vm, ERR_VALUE, "%s must be in range(0, 256)", what);
        return false;
    }
    *out = (uint8_t)i;
    return true;
}

/* ---- constructors ---- */

/* The bytes of an iterable of integers, on their way into an object. */
typedef struct Collector {
    StrBuilder bytes;
    const char *what; // what a range error calls an item
} Collector;

static bool collect_item(VM *vm, Value item, void *state)
{
    Collector *c = state;
    uint8_t byte;
    return bytes_item(vm, item, c->what, &byte) && sb_add(&c->bytes, (const char *)&byte, 1);
}

static bool collect_items(VM *vm, Value items, Collector *c)
{
    for (size_t i = 0;; i++) {
        size_t n; // asked again each time: __index__ of an item may change a list
        const Value *v = sequence_items(as_obj(items), &n);
        if (i >= n) return true;
        if (!collect_item(vm, v[i], c)) return false;
    }
}

/* `refusal`: the TypeError when it is not iterable, about its type. hints: asks for its length, as CPython does. */
static bool collect(VM *vm, Value source, Collector *c, const char *refusal, bool hints)
{
    if (is_exact(source, T_LIST) || is_exact(source, T_TUPLE)) return collect_items(vm, source, c);
    Value iterator = obj_iter(vm, source);
    if (is_error(iterator)) {
        if (!vm_pending_is(vm, ERR_TYPE)) return false;
        vm_take_pending(vm);
        vm_raise(vm, ERR_TYPE, refusal, source);
        return false;
    }
    Value *root = roots_push(vm, iterator);
    if (!root) return false;
    bool ok = (!hints || obj_length_hint(vm, source, 0) >= 0) && obj_iterate(vm, iterator, collect_item, c);
    roots_pop(vm, root);
    return ok;
}

typedef Value (*Alloc)(VM *vm, Type *t, const void *data, size_t n);

static Value from_str(VM *vm, Type *t, Alloc alloc, Args args, const char *name)
{
    static const char *const parameters[] = {"encoding", "errors"};
    for (int i = 0; i < 2; i++)
        if (!is_unset(args.v[2 + i]) && !is_str(args.v[2 + i]))
            return vm_raise(vm, ERR_TYPE, "%s() argument '%s' must be str, not %A", name, parameters[i],
                            args.v[2 + i]);
    if (is_unset(args.v[1]) || !is_str(args.v[1]))
        return vm_raise(vm, ERR_TYPE, "%s without a string argument",
                        is_unset(args.v[2]) ? "errors" : "encoding");
    if (is_unset(args.v[2])) return vm_raise(vm, ERR_TYPE, "string argument without an encoding");
    Value b = codec_encode(vm, as_str(args.v[1]), args.v[2], args.v[3]);
    return is_error(b) ? b : alloc(vm, t, as_bytes(b)->data, as_bytes(b)->size);
}

static Value from_count(VM *vm, Type *t, Alloc alloc, Value count)
{
    int64_t n;
    if (!arg_times(vm, count, &n)) return VALUE_ERROR;
    return n < 0 ? vm_raise(vm, ERR_VALUE, "negative count") : alloc(vm, t, NULL, (size_t)n);
}

static Value from_iterable(VM *vm, Type *t, Alloc alloc, Value source)
{
    bool array = alloc == alloc_bytearray;
    Collector c = {.what = array ? "byte" : "bytes"};
    sb_init(&c.bytes, vm);
    const char *refusal = "cannot convert '%T' object to bytes";
    if (array) refusal = "cannot convert '%T' object to bytearray";
    bool ok = collect(vm, source, &c, refusal, !array);
    Value v = ok && !c.bytes.failed ? alloc(vm, t, c.bytes.data, c.bytes.size) : VALUE_ERROR;
    sb_drop(&c.bytes);
    return v;
}

Value bytes_from_iterable(VM *vm, Value iterable)
{
    return from_iterable(vm, vm->types[T_BYTES], alloc_bytes, iterable);
}

static Value from_object(VM *vm, Type *t, Alloc alloc, Value source)
{
    if (is_str(source)) return vm_raise(vm, ERR_TYPE, "string argument without an encoding");
    if (is_index(vm, source)) {
        Value v = from_count(vm, t, alloc, source);
        if (!is_error(v) || !vm_pending_is(vm, ERR_TYPE)) return v;
        vm_take_pending(vm); // as CPython: what is no count after all may be iterable
    }
    if (is_byteslike(source)) return alloc(vm, t, byte_view(source).data, byte_view(source).size);
    return from_iterable(vm, t, alloc, source);
}

static Value nat_bytes(VM *vm, Args args)
{
    Type *t = as_type(args.v[0]);
    Value source = args.v[1];
    if (!is_unset(args.v[2]) || !is_unset(args.v[3])) return from_str(vm, t, alloc_bytes, args, "bytes");
    if (is_unset(source)) return alloc_bytes(vm, t, NULL, 0);
    if (is_exact(source, T_BYTES) && t == vm->types[T_BYTES]) return source;
    Value v = obj_call_special(vm, source, D_BYTES, NULL, 0);
    if (is_error(v)) return v;
    if (is_unset(v)) return from_object(vm, t, alloc_bytes, source);
    if (!is_bytes(v)) return vm_raise(vm, ERR_TYPE, "__bytes__ returned non-bytes (type %T)", v);
    return t == vm->types[T_BYTES] ? v : alloc_bytes(vm, t, as_bytes(v)->data, as_bytes(v)->size);
}

/* A new one of class t, of what follows the first argument. */
static Value bytearray_of(VM *vm, Type *t, Args args)
{
    if (!is_unset(args.v[2]) || !is_unset(args.v[3]))
        return from_str(vm, t, alloc_bytearray, args, "bytearray");
    if (is_unset(args.v[1])) return alloc_bytearray(vm, t, NULL, 0);
    return from_object(vm, t, alloc_bytearray, args.v[1]);
}

static Value nat_bytearray(VM *vm, Args args) { return bytearray_of(vm, as_type(args.v[0]), args); }

/* As CPython's, it is empty already while the source is read: b.__init__(b) leaves nothing. */
Value nat_bytearray_init(VM *vm, Args args)
{
    ByteArray *a = as_bytearray(args.v[0]);
    if (a->size && !bytearray_splice(vm, a, 0, a->size, NULL, 0)) return VALUE_ERROR;
    Value v = bytearray_of(vm, vm->types[T_BYTEARRAY], args);
    if (is_error(v)) return v;
    return bytearray_append(vm, a, as_bytearray(v)->data, as_bytearray(v)->size) ? VALUE_NONE : VALUE_ERROR;
}

/* ---- slots of both ---- */

static Value slot_repr(VM *vm, Value self)
{
    ByteView view = byte_view(self);
    StrBuilder b;
    sb_init(&b, vm);
    if (is_bytes(self)) {
        repr_add_bytes(&b, view.data, view.size);
    } else {
        sb_addf(&b, "%T(", self);
        repr_add_bytearray(&b, view.data, view.size);
        sb_add(&b, ")", 1);
    }
    return sb_finish(&b);
}

static Value slot_hash(VM *vm, Value self) { return small((int64_t)bytes_hash(vm, as_bytes(self))); }
static Value slot_len(VM *vm, Value self) { return (void)vm, small((int64_t)byte_view(self).size); }
static int slot_truth(VM *vm, Value self) { return (void)vm, byte_view(self).size != 0; }

static Value slot_compare(VM *vm, Value a, Value b, CompareOp op)
{
    (void)vm;
    if (!is_byteslike(b) || (is_bytes(a) && !is_bytes(b))) return VALUE_NOT_IMPLEMENTED; // a bytearray compares itself
    ByteView x = byte_view(a), y = byte_view(b);
    if (op <= CMP_NE && op >= CMP_EQ && x.size != y.size) return bool_value(op == CMP_NE);
    int c = memcmp(x.data, y.data, x.size < y.size ? x.size : y.size);
    if (!c) c = x.size < y.size ? -1 : x.size > y.size;
    switch (op) {
    case CMP_EQ: return bool_value(c == 0);
    case CMP_NE: return bool_value(c != 0);
    case CMP_LT: return bool_value(c < 0);
    case CMP_LE: return bool_value(c <= 0);
    case CMP_GT: return bool_value(c > 0);
    case CMP_GE: return bool_value(c >= 0);
    }
    return VALUE_NOT_IMPLEMENTED;
}

static Value slot_contains(VM *vm, Value self, Value item)
{
    uint8_t byte;
    ByteView part = {&byte, 1};
    Value number = is_index(vm, item) ? obj_index(vm, item) : VALUE_UNSET;
    if (is_error(number)) vm_take_pending(vm); // whatever its __index__ raised: it is no number then
    bool is_number = !is_error(number) && !is_unset(number);
    if (is_number ? !bytes_item(vm, number, "byte", &byte) : !bytes_require(vm, item, &part)) return VALUE_ERROR;
    ByteView all = byte_view(self);
    return bool_value(search_first(all.data, all.size, part.data, part.size) != SEARCH_NONE);
}

static Value stepped_slice(VM *vm, Value self, int64_t start, int64_t step, int64_t n)
{
    Value v = is_bytes(self) ? bytes_new(vm, NULL, (size_t)n) : bytearray_new(vm, NULL, (size_t)n);
    if (is_error(v)) return v;
    const uint8_t *from = byte_view(self).data + start;
    uint8_t *to = is_bytes(v) ? as_bytes(v)->data : as_bytearray(v)->data;
    if (step == 1) memcpy(to, from, (size_t)n);
    else
        for (int64_t i = 0; i < n; i++) to[i] = from[i * step];
    return v;
}

static Value get_slice(VM *vm, Value self, Slice *s)
{
    int64_t start, stop, step;
    if (!slice_unpack(vm, s, &start, &stop, &step)) return VALUE_ERROR;
    int64_t size = (int64_t)byte_view(self).size, n = slice_adjust(size, &start, &stop, step);
    if (n == size && step == 1 && is_exact(self, T_BYTES)) return self;
    return stepped_slice(vm, self, n ? start : 0, step, n);
}

/* `key` as an integer; whether there is such a byte is asked later. */
static bool subscript(VM *vm, Value self, Value key, int64_t *out)
{
    if (is_index(vm, key)) return index_subscript(vm, key, out);
    const char *name = is_bytes(self) ? "byte" : "bytearray";
    vm_raise(vm, ERR_TYPE, "%s indices must be integers or slices, not %T", name, key);
    return false;
}

/* Position of byte i, which counts from the end if negative. */
static bool position(VM *vm, Value self, int64_t i, size_t *out)
{
    int64_t size = (int64_t)byte_view(self).size;
    if (i < 0) i += size;
    *out = (size_t)i;
    if (i >= 0 && i < size) return true;
    vm_raise(vm, ERR_INDEX, is_bytes(self) ? "index out of range" : "bytearray index out of range");
    return false;
}

static Value slot_getitem(VM *vm, Value self, Value key)
{
    if (is_slice(key)) return get_slice(vm, self, as_slice(key));
    int64_t i;
    size_t at;
    if (!subscript(vm, self, key, &i) || !position(vm, self, i, &at)) return VALUE_ERROR;
    return small(byte_view(self).data[at]);
}

static Value concat(VM *vm, Value a, Value b)
{
    if (!is_bytes(a) && !is_bytearray(a)) return VALUE_NOT_IMPLEMENTED;
    if (!is_byteslike(b)) {
        if (type_defines(type_of(vm, b), D_RADD)) return VALUE_NOT_IMPLEMENTED;
        return vm_raise(vm, ERR_TYPE, "can't concat %T to %T", b, a);
    }
    ByteView x = byte_view(a), y = byte_view(b);
    if (!y.size && is_exact(a, T_BYTES)) return a;
    if (!x.size && is_bytes(a) && is_exact(b, T_BYTES)) return b;
    size_t size = size_add(x.size, y.size);
    Bytes *joined = is_bytes(a) ? bytes_alloc(vm, vm->types[T_BYTES], size) : NULL;
    Value v = !is_bytes(a) ? bytearray_new(vm, NULL, size) : joined ? obj_value(joined) : VALUE_ERROR;
    if (is_error(v)) return v;
    uint8_t *out = joined ? joined->data : as_bytearray(v)->data;
    memcpy(out, x.data, x.size);
    memcpy(out + x.size, y.data, y.size);
    return v;
}

/* One of the operands is a number of copies; false with nothing pending: the other operand is to be asked. */
static bool copies(VM *vm, Value v, Dunder reflected, int64_t *times)
{
    if (is_index(vm, v)) return arg_times(vm, v, times);
    if (!type_defines(type_of(vm, v), reflected))
        vm_raise(vm, ERR_TYPE, "can't multiply sequence by non-int of type '%T'", v);
    return false;
}

static void fill_copies(uint8_t *out, ByteView view, size_t size)
{
    if (view.size == 1) {
        memset(out, view.data[0], size);
        return;
    }
    memmove(out, view.data, view.size);
    for (size_t done = view.size; done < size;) { // doubling: few, long copies
        size_t n = done < size - done ? done : size - done;
        memcpy(out + done, out, n);
        done += n;
    }
}

static Value repeat(VM *vm, Value a, Value b)
{
    Value self = is_bytes(a) || is_bytearray(a) ? a : b;
    int64_t times;
    if (!copies(vm, self == a ? b : a, self == a ? D_RMUL : D_MUL, &times))
        return is_unset(vm->exc) ? VALUE_NOT_IMPLEMENTED : VALUE_ERROR;
    ByteView view = byte_view(self);
    if (times <= 0) times = 0;
    size_t size = size_mul(view.size, (size_t)times);
    if (size > INT64_MAX)
        return is_bytes(self) ? vm_raise(vm, ERR_OVERFLOW, "repeated bytes are too long") : vm_no_memory(vm);
    Value v = is_bytes(self) ? bytes_new(vm, NULL, size) : bytearray_new(vm, NULL, size);
    if (is_error(v) || !size) return v;
    fill_copies(is_bytes(v) ? as_bytes(v)->data : as_bytearray(v)->data, view, size);
    return v;
}

static Value slot_binary(VM *vm, BinaryOp op, Value a, Value b)
{
    switch (op) {
    case BIN_ADD: return concat(vm, a, b);
    case BIN_MUL: return repeat(vm, a, b);
    case BIN_MOD: return is_bytes(a) || is_bytearray(a) ? bytes_percent(vm, a, b, is_bytearray(a)) : VALUE_NOT_IMPLEMENTED;
    default: return VALUE_NOT_IMPLEMENTED;
    }
}

/* ---- slots of bytearray ---- */

static Value iconcat(VM *vm, Value self, Value other)
{
    if (!is_byteslike(other)) return concat(vm, self, other);
    ByteView view = byte_view(other);
    size_t size = view.size;
    if (self == other && size) // as CPython, which has lent its own bytes by then
        return vm_raise(vm, ERR_BUFFER, "Existing exports of data: object cannot be re-sized");
    if (!bytearray_append(vm, as_bytearray(self), view.data, size)) return VALUE_ERROR;
    return self;
}

static Value irepeat(VM *vm, Value self, Value count)
{
    int64_t times;
    if (!copies(vm, count, D_RMUL, &times)) return is_unset(vm->exc) ? VALUE_NOT_IMPLEMENTED : VALUE_ERROR;
    ByteArray *a = as_bytearray(self);
    size_t size = a->size, n = size_mul(size, times > 0 ? (size_t)times : 0);
    bool ok = n < size ? bytearray_splice(vm, a, 0, size, NULL, 0) : bytearray_append(vm, a, NULL, n - size);
    if (!ok) return VALUE_ERROR;
    if (n) fill_copies(a->data, (ByteView){a->data, size}, n);
    return self;
}

static Value slot_inplace(VM *vm, BinaryOp op, Value a, Value b)
{
    if (op == BIN_ADD) return iconcat(vm, a, b);
    return op == BIN_MUL ? irepeat(vm, a, b) : slot_binary(vm, op, a, b);
}

static void delete_stepped(ByteArray *a, int64_t start, int64_t step, int64_t n)
{
    if (step < 0) {
        start += (n - 1) * step;
        step = -step;
    }
    uint8_t *out = a->data + start;
    for (int64_t i = 0; i < n; i++) { // what lies between two of them moves down
        const uint8_t *kept = a->data + start + i * step + 1;
        size_t size = i + 1 < n ? (size_t)step - 1 : (size_t)(a->data + a->size - kept);
        memmove(out, kept, size);
        out += size;
    }
    a->size -= (size_t)n;
}

/* Assigning to every step-th byte; assigning nothing deletes them, as in CPython. */
static Value set_stepped(VM *vm, ByteArray *a, int64_t start, int64_t step, int64_t n, const ByteView *with)
{
    if (!with || !with->size) {
        if (a->exports)
            return vm_raise(vm, ERR_BUFFER, "Existing exports of data: object cannot be re-sized");
        if (n) delete_stepped(a, start, step, n);
        return VALUE_NONE;
    }
    if ((int64_t)with->size != n)
        return vm_raise(vm, ERR_VALUE, "attempt to assign bytes of size %zu to extended slice of size %ld",
                        with->size, (long)n);
    for (int64_t i = 0; i < n; i++) a->data[start + i * step] = with->data[i];
    return VALUE_NONE;
}

/* What may be assigned to a slice, as a bytes or bytearray other than `self`. */
static Value slice_value(VM *vm, Value self, Value v)
{
    if (is_byteslike(v) && v != self) return v;
    if (v == self) return bytes_new(vm, byte_view(v).data, byte_view(v).size);
    static const char refusal[] = "can assign only bytes, buffers, or iterables of ints in range(0, 256)";
    if (is_index(vm, v) || is_str(v)) return vm_raise(vm, ERR_TYPE, refusal);
    return from_iterable(vm, vm->types[T_BYTEARRAY], alloc_bytearray, v);
}

static Value set_slice(VM *vm, Value self, Slice *s, Value v)
{
    int64_t start, stop, step;
    if (!slice_unpack(vm, s, &start, &stop, &step)) return VALUE_ERROR;
    if (!is_unset(v)) {
        v = slice_value(vm, self, v);
        if (is_error(v)) return v;
    }
    ByteArray *a = as_bytearray(self); // its size only now: both of these may have called scripts
    int64_t n = slice_adjust((int64_t)a->size, &start, &stop, step);
    ByteView with = is_unset(v) ? (ByteView){NULL, 0} : byte_view(v);
    if (step != 1) return set_stepped(vm, a, start, step, n, is_unset(v) ? NULL : &with);
    return bytearray_splice(vm, a, (size_t)start, (size_t)n, with.data, with.size) ? VALUE_NONE : VALUE_ERROR;
}

static Value bytearray_setitem(VM *vm, Value self, Value key, Value v)
{
    if (is_slice(key)) return set_slice(vm, self, as_slice(key), v);
    uint8_t byte = 0;
    int64_t i;
    size_t at;
    if (!subscript(vm, self, key, &i) || (!is_unset(v) && !bytes_item(vm, v, "byte", &byte)) ||
        !position(vm, self, i, &at))
        return VALUE_ERROR;
    if (is_unset(v))
        return bytearray_splice(vm, as_bytearray(self), at, 1, NULL, 0) ? VALUE_NONE : VALUE_ERROR;
    as_bytearray(self)->data[at] = byte;
    return VALUE_NONE;
}

/* ---- iterators: source, index of the next byte ---- */

static Value bytes_iter(VM *vm, Value self)
{
    return iter_new(vm, is_bytes(self) ? T_BYTES_ITER : T_BYTEARRAY_ITER, self);
}

static Value bytes_iter_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    if (is_unset(it->source)) return VALUE_STOP;
    ByteView view = byte_view(it->source);
    if ((size_t)it->index < view.size) return small(view.data[it->index++]);
    gc_store(vm, it, &it->source, VALUE_UNSET);
    return VALUE_STOP;
}

static Value nat_length_hint(VM *vm, Args args)
{
    (void)vm;
    const Iter *it = as_iter(args.v[0]);
    int64_t left = is_unset(it->source) ? 0 : (int64_t)byte_view(it->source).size - it->index;
    return small(left > 0 ? left : 0);
}

static const NativeDef iter_methods[] = {
    {"__length_hint__(self, /)", nat_length_hint, "How many bytes are left.", 0},
    ITER_SETSTATE_ROW,
    {0},
};

const TypeDef type_def_BYTES_ITER = {
    .slots = {.iter = iter_self, .next = bytes_iter_next},
    .methods = iter_methods,
    .flags = TYPE_FINAL,
};
const TypeDef type_def_BYTEARRAY_ITER = {
    .slots = {.iter = iter_self, .next = bytes_iter_next},
    .methods = iter_methods,
    .flags = TYPE_FINAL,
};

const TypeDef type_def_BYTES = {
    .slots =
        {
            .repr = slot_repr,
            .str = slot_repr,
            .hash = slot_hash,
            .compare = slot_compare,
            .truth = slot_truth,
            .len = slot_len,
            .getitem = slot_getitem,
            .contains = slot_contains,
            .iter = bytes_iter,
            .binary = slot_binary,
        },
    .methods = bytes_methods,
    .constructor = {"bytes(source=?, encoding=?, errors=?)", nat_bytes, "Bytes.", 0},
    .doc = "Bytes that cannot be changed: of ints from 0 to 255, of other bytes, of a text and its encoding, "
           "or so many zeros.",
    .flags = TYPE_MATCH_SELF,
    .operators = OPS_LEFT(BIN_ADD) | OPS_BOTH(BIN_MOD) | OPS_BOTH(BIN_MUL),
};

const TypeDef type_def_BYTEARRAY = {
    .slots =
        {
            .repr = slot_repr,
            .str = slot_repr,
            .compare = slot_compare,
            .truth = slot_truth,
            .len = slot_len,
            .getitem = slot_getitem,
            .setitem = bytearray_setitem,
            .contains = slot_contains,
            .iter = bytes_iter,
            .binary = slot_binary,
            .inplace = slot_inplace,
        },
    .methods = bytearray_methods,
    .constructor = {"bytearray(source=?, encoding=?, errors=?)", nat_bytearray, "Changeable bytes.", 0},
    .doc = "Bytes that can be changed: of ints from 0 to 255, of other bytes, of a text and its encoding, "
           "or so many zeros.",
    .flags = TYPE_MATCH_SELF | TYPE_UNHASHABLE,
    .operators = OPS_LEFT(BIN_ADD) | OPS_BOTH(BIN_MOD) | OPS_BOTH(BIN_MUL),
};
