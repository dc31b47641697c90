/* text.h - what the methods of str, bytes and bytearray do alike: stripping, splitting, replacing, padding.
 * A Text is a view of any of the three; answers are new objects of its kind. Nothing here calls scripts.
 */
#pragma once
#include "vm/str.h"

typedef enum { TEXT_ASCII, TEXT_UNICODE, TEXT_BYTES, TEXT_BYTEARRAY } TextKind;
typedef struct Text {
    const char *data;
    size_t size, length; // bytes, characters
    TextKind kind;
} Text;

Text text_of(Value v); // a str, bytes or bytearray
/* An object of that kind: from size bytes of data; or (NULL: out of memory) to be filled in through *out. */
Value text_make(VM *vm, TextKind kind, const char *data, size_t size);
char *text_alloc(VM *vm, TextKind kind, size_t size, size_t length, Value *out);
/* A part of `self`: itself if that is an exact immutable object and the part is all of it. */
Value text_part(VM *vm, Value self, Text part);

typedef enum { STRIP_LEFT = 1, STRIP_RIGHT = 2, STRIP_BOTH = 3 } StripSides;
/* Strip characters of `chars`, or white space if NULL. */
Text text_strip(Text t, const Text *chars, StripSides sides);

/* Lists of pieces; max < 0: no limit. separator NULL: runs of white space; else it is not empty. */
Value text_split(VM *vm, Text t, const Text *separator, int64_t max);
Value text_rsplit(VM *vm, Text t, const Text *separator, int64_t max);
Value text_splitlines(VM *vm, Text t, bool keep_ends);
/* (before, separator, after); `separator` is not empty. */
Value text_partition(VM *vm, Value self, Value separator, bool from_right);

/* VALUE_UNSET when there is nothing to replace. max < 0: no limit. */
Value text_replace(VM *vm, Text t, Text old, Text with, int64_t max);
Value text_pad(VM *vm, Text t, size_t left, size_t right, Text fill);
Value text_zfill(VM *vm, Text t, size_t width);
Value text_expandtabs(VM *vm, Text t, int tab);
