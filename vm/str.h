/* str.h - text: immutable generalised UTF-8 with an ASCII flag, O(1) indexing by code point.
 *
 * A Str's bytes lie behind its header, or (STR_SHARED) at the start of a growable StrBuffer that several strs
 * share, each seeing a prefix: that makes `s += t` amortised O(len t). Long non-ASCII strs get breadcrumbs when first
 * indexed: the byte offset of every 32nd code point, and of the one last asked for.
 * A Str holds no Values but a subclass's attributes (obj_attrs_slot). The collector calls str_free for a dead
 * one and str_trace_roots while it marks the roots: interned strs live as long as the VM.
 */
#pragma once
#include "vm/vm.h"
#include "vm/utf8.h"

static inline bool is_str(Value v) { return is_kind(v, KIND_STR); }
static inline Str *as_str(Value v) { return (Str *)as_obj(v); }
static inline bool str_is_ascii(const Str *s) { return s->h.aux & STR_ASCII; }

/* --- making --- */
Value str_new(VM *vm, const char *utf8, size_t size);      // must be valid generalised UTF-8
Value str_new_counted(VM *vm, const char *utf8, size_t size, size_t length); // code points counted already
/* A fresh str whose data the caller fills in: size bytes that make `length` code points. NULL: no memory. */
Str *str_alloc(VM *vm, size_t size, size_t length);
/* The same as an instance of a subclass of str. */
Str *str_alloc_as(VM *vm, Type *type, size_t size, size_t length);
Value str_from_c(VM *vm, const char *text);
Value str_format(VM *vm, const char *format, ...);         // same directives as vm_raise
Value str_vformat(VM *vm, const char *format, __builtin_va_list ap);
Value str_from_char(VM *vm, uint32_t code_point);          // one-character string (ASCII ones are shared)
Value str_decode_utf8(VM *vm, const char *bytes, size_t n); // UnicodeDecodeError
Str *str_intern(VM *vm, const char *utf8, size_t size);    // NULL: out of memory
Str *str_intern_value(VM *vm, Str *s);
/* An exact str equal to instance s of str or a subclass: itself if it can be. */
Value str_exact(VM *vm, Str *s);

/* --- asking --- */
uint64_t str_hash(VM *vm, Str *s);                         // keyed, 60 bits (a small int), 0 of "" only
uint64_t hash_bytes(VM *vm, const void *data, size_t n);   // what str_hash answers for these bytes
bool str_eq(const Str *a, const Str *b);
bool str_is(const Str *s, const char *text);               // equal to a C literal
int str_cmp(const Str *a, const Str *b);                   // code point order: -1 0 1
uint32_t str_char_at(VM *vm, Str *s, size_t i);            // i < length
Value str_item(VM *vm, Str *s, size_t i);                  // that character as a string
size_t str_offset(VM *vm, Str *s, size_t i);               // byte offset of code point i <= length
size_t str_position(const Str *s, size_t offset);          // code points before a byte offset
Value str_slice(VM *vm, Str *s, size_t start, size_t end); // code points, 0 <= start <= end <= length
/* For cursors: the character at *at (a byte offset, 0 at first), which moves on; VALUE_STOP at the end. */
Value str_next_char(VM *vm, Str *s, size_t *at);
int str_width(const Str *s);                               // display columns
/* NUL-terminated text, valid as long as s; NULL: out of memory. (It may contain NULs of its own.) */
const char *str_cstr(VM *vm, Str *s);

/* --- combining --- */
Value str_concat(VM *vm, Str *a, Str *b);                  // amortised O(b) when `a` grows again and again
Value str_concat_many(VM *vm, const Value *parts, size_t n); // all str
Value str_repeat(VM *vm, Str *s, int64_t times);

/* A growing text: init, add..., finish (or drop). add* answer false with MemoryError pending; so does finish,
 * with VALUE_ERROR, if any add failed: a chain of adds needs no checks. Must not be copied or moved. */
typedef struct StrBuilder {
    VM *vm;
    char *data;
    size_t size, capacity;
    bool failed;
    char local[215]; // where short texts are built
} StrBuilder;
void sb_init(StrBuilder *b, VM *vm);
char *sb_grow(StrBuilder *b, size_t n); // room for n more bytes: fill them, then raise size. NULL: no memory
bool sb_add_slow(StrBuilder *b, const char *utf8, size_t n);
static inline bool sb_add(StrBuilder *b, const char *utf8, size_t n)
{
    if (n > b->capacity - b->size) return sb_add_slow(b, utf8, n);
    copy_bytes(b->data + b->size, utf8, n);
    b->size += n;
    return true;
}
bool sb_add_c(StrBuilder *b, const char *text);
bool sb_add_char(StrBuilder *b, uint32_t code_point);
bool sb_add_fill(StrBuilder *b, uint32_t code_point, size_t times);
bool sb_add_int(StrBuilder *b, int64_t i); // in decimal
bool sb_add_str(StrBuilder *b, Value s);
bool sb_addf(StrBuilder *b, const char *format, ...);
bool sb_saidf(StrBuilder *b, const char *english, ...); // the same in the reader's language: see messages.h
bool sb_vaddf(StrBuilder *b, const char *format, __builtin_va_list ap);
Value sb_finish(StrBuilder *b); // the str; the builder is empty again
void sb_drop(StrBuilder *b);

/* --- quoting (repr.c) --- */
bool repr_add_str(StrBuilder *b, const Str *s);            // as repr(s)
bool repr_add_bytes(StrBuilder *b, const uint8_t *data, size_t n);
bool repr_add_bytearray(StrBuilder *b, const uint8_t *data, size_t n); // the literal: escapes ' in "" too
Value str_repr(VM *vm, Str *s);
Value str_ascii(VM *vm, Str *s);                           // of any text: what is not ASCII as \x \u \U

/* --- the format-spec mini-language (format_number.c, str_format.c); spec: the text after the colon --- */
Value format_int(VM *vm, Value i, Str *spec);
Value format_float(VM *vm, double d, Str *spec);
Value format_str(VM *vm, Str *s, Str *spec);

/* --- life --- */
bool str_init(VM *vm);         // needs vm->hash_key; first of all modules
void str_destroy(VM *vm);
void str_free(VM *vm, Str *s); // what a dead Str owns besides its own memory
void str_trace_roots(VM *vm);  // gc_mark_obj on interned and shared strs

#include "vm/bytes.h"
