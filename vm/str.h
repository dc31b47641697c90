/* str.h - text: immutable generalised UTF-8 with an ASCII flag, O(1) indexing by code point. */
#pragma once
#include "vm/vm.h"

static inline bool is_str(Value v) { return is_kind(v, KIND_STR); }
static inline Str *as_str(Value v) { return (Str *)as_obj(v); }

Value str_new(VM *vm, const char *utf8, size_t size);      // must be valid generalised UTF-8
Value str_from_c(VM *vm, const char *text);
Value str_format(VM *vm, const char *format, ...);         // same directives as vm_raise
Value str_vformat(VM *vm, const char *format, __builtin_va_list ap);
Value str_from_char(VM *vm, uint32_t code_point);          // one-character string (ASCII ones are shared)
Value str_decode_utf8(VM *vm, const char *bytes, size_t n); // UnicodeDecodeError
Str *str_intern(VM *vm, const char *utf8, size_t size);    // NULL: out of memory
Str *str_intern_value(VM *vm, Str *s);
uint64_t str_hash(VM *vm, Str *s);                         // keyed (SipHash-1-3 or better), never 0
bool str_eq(const Str *a, const Str *b);
int str_cmp(const Str *a, const Str *b);                   // code point order
Value str_concat(VM *vm, Str *a, Str *b);                  // amortised O(b) when a is the end of a growable buffer
Value str_concat_many(VM *vm, const Value *parts, size_t n); // all str
uint32_t str_char_at(VM *vm, Str *s, size_t i);            // i < length
Value str_slice(VM *vm, Str *s, size_t start, size_t end); // code points, 0 <= start <= end <= length
int str_width(const Str *s);                               // display columns
/* A growing text: init, add..., finish (or drop). add* answer false with MemoryError pending. */
typedef struct StrBuilder { VM *vm; char *data; size_t size, capacity; bool failed; } StrBuilder;
void sb_init(StrBuilder *b, VM *vm);
bool sb_add(StrBuilder *b, const char *utf8, size_t n);
bool sb_add_c(StrBuilder *b, const char *text);
bool sb_add_char(StrBuilder *b, uint32_t code_point);
bool sb_add_str(StrBuilder *b, Value s);
bool sb_addf(StrBuilder *b, const char *format, ...);
Value sb_finish(StrBuilder *b); // the str; the builder is empty again
void sb_drop(StrBuilder *b);
/* bytes */
Value bytes_new(VM *vm, const void *data, size_t n);       // data may be NULL: zeroed
static inline bool is_bytes(Value v) { return is_kind(v, KIND_BYTES); }
static inline Bytes *as_bytes(Value v) { return (Bytes *)as_obj(v); }
/* The format-spec mini-language for numbers and text (format.c); spec: text after the colon. */
Value format_int(VM *vm, Value i, Str *spec);
Value format_float(VM *vm, double d, Str *spec);
Value format_str(VM *vm, Str *s, Str *spec);
