/* bytes.h - bytes and bytearray. A bytearray's block begins `head` bytes before its data: what was deleted
 * from its front, so that a buffer can be consumed piece by piece in linear time. */
#pragma once
#include "vm/vm.h"

static inline bool is_bytes(Value v) { return is_kind(v, KIND_BYTES); }
static inline Bytes *as_bytes(Value v) { return (Bytes *)as_obj(v); }
static inline bool is_bytearray(Value v) { return is_kind(v, KIND_BYTEARRAY); }
static inline ByteArray *as_bytearray(Value v) { return (ByteArray *)as_obj(v); }

/* data may be NULL: zeroed */
Value bytes_new(VM *vm, const void *data, size_t n);
Value bytearray_new(VM *vm, const void *data, size_t n);
Value bytes_from_iterable(VM *vm, Value iterable); // of ints; TypeError if it is not iterable. May call
uint64_t bytes_hash(VM *vm, Bytes *b); // as str_hash

/* Change n bytes at `at` into others; `with` must not be the array's own, NULL leaves them uninitialised.
 * False: MemoryError, or BufferError while exported. */
bool bytearray_splice(VM *vm, ByteArray *a, size_t at, size_t n, const void *with, size_t with_size);
bool bytearray_append(VM *vm, ByteArray *a, const void *data, size_t n);
void bytearray_free(VM *vm, ByteArray *a); // what a dead one owns

/* An array's object is a bytearray's whose aux is the letter of its items (item_format.h); other bytes are
 * of format 'B'. */
static inline char bytes_item_code(Value v) { return is_bytearray(v) && as_obj(v)->aux ? (char)as_obj(v)->aux : 'B'; }

/* What a bytes or bytearray (or an instance of a subclass) holds now; of a bytearray: until scripts run. */
typedef struct ByteView {
    const uint8_t *data;
    size_t size;
} ByteView;
bool memoryview_shows_bytes(Value v); // memoryview.c
ByteView memoryview_bytes(const MemoryView *m);
/* A bytes, a bytearray, or a memoryview whose bytes lie without gaps. */
static inline bool is_byteslike(Value v) { return is_bytes(v) || is_bytearray(v) || memoryview_shows_bytes(v); }
static inline ByteView byte_view(Value v)
{
    if (is_bytes(v)) return (ByteView){as_bytes(v)->data, as_bytes(v)->size};
    if (is_bytearray(v)) return (ByteView){as_bytearray(v)->data, as_bytearray(v)->size};
    return memoryview_bytes((MemoryView *)as_obj(v));
}
/* TypeError "a bytes-like object is required, not 'x'" when it is none. */
bool bytes_require(VM *vm, Value v, ByteView *out);
/* An integer 0..255; ValueError "<what> must be in range(0, 256)". May call __index__. */
bool bytes_item(VM *vm, Value v, const char *what, uint8_t *out);

extern const NativeDef bytes_methods[], bytearray_methods[]; // bytes_methods.c
Value nat_bytearray_init(VM *vm, Args args);                 // the row __init__ of bytearray_methods
