/* codecs.h - text to bytes and back: UTF-8, -16, -32, ASCII and Latin-1, with CPython's error handlers. */
#pragma once
#include "vm/str.h"

/* encoding, errors: str, or UNSET for utf-8 and strict. LookupError for unknown names, else UnicodeError. */
Value codec_encode(VM *vm, Str *s, Value encoding, Value errors); // a bytes
Value codec_decode(VM *vm, const uint8_t *data, size_t n, Value encoding, Value errors);
