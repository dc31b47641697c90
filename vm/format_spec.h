/* format_spec.h - the format-spec mini-language:
 * [[fill]align][sign][z][#][0][width][grouping][.precision][type]. Parsing and padding, which numbers
 * (format_number.c) and text share.
 */
#pragma once
#include "vm/str.h"

typedef struct FormatSpec {
    uint32_t fill;     // ' ' when not given, '0' by the 0 flag
    uint32_t type;     // 0: not given
    int64_t width;     // -1: not given
    int64_t precision; // -1: not given
    char align;        // < > ^ =
    char sign;         // + - ' ', 0: not given
    char grouping;     // , _ or 0
    bool no_minus_zero, alternate;
} FormatSpec;

/* `default_align` is '<' for text and '>' for numbers; `default_type` only matters for texts of errors
 * ('s' for text, else 0); `owner` is the type's name in them. False: ValueError. */
bool format_spec_parse(VM *vm, Str *spec, char default_type, char default_align, const char *owner,
                       FormatSpec *out);
/* ValueError "Unknown format code 'q' for object of type 'int'". */
Value format_unknown_type(VM *vm, uint32_t type, const char *owner);
/* Code points of padding left and right of a text of `length`; = counts as <. */
void format_padding(const FormatSpec *spec, size_t length, size_t *left, size_t *right);
