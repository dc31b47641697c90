/* output.h - standard output: buffered, UTF-8 whatever the locale says.
 *
 * What was written goes out when the buffer is full, at each line end on a terminal, when it is flushed,
 * before anything goes to stderr, and at the end. A write that fails is raised by the call that met it, and
 * what was buffered is lost: it could not be written anyway.
 */
#pragma once
#include "vm/str.h"

enum { OUTPUT_BUFFER = 8192 };
typedef struct Output {
    bool line_buffered;
    size_t size;
    char data[OUTPUT_BUFFER];
} Output;

bool output_init(VM *vm);
void output_free(VM *vm);

/* False with OSError pending. */
bool output_bytes(VM *vm, const char *bytes, size_t n);
/* UnicodeEncodeError for lone surrogates, but those that stand for undecodable bytes (surrogateescape). */
bool output_str(VM *vm, Str *s);
bool output_flush(VM *vm);
/* The same, answering an errno instead of raising. */
int output_flush_errno(VM *vm);
/* Text that may hold lone surrogates, as the bytes of `errors` ("surrogateescape", "backslashreplace"): s
 * itself, or a bytes object. VALUE_ERROR: UnicodeEncodeError. */
Value output_encode(VM *vm, Str *s, const char *errors);
