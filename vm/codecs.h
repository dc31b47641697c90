/* codecs.h - text to bytes and back: utf-8, utf-16, utf-32 (with -le, -be), ascii, latin-1, with CPython's error handlers. */
#pragma once
#include "vm/str.h"

/* encoding, errors: str, or UNSET for utf-8 and strict. LookupError for unknown names, UnicodeError otherwise.
 * `object` errors name: bytes. */
Value codec_encode(VM *vm, Str *s, Value encoding, Value errors); // a bytes
Value codec_decode(VM *vm, const uint8_t *data, size_t n, Value encoding, Value errors);
