/* str_methods.h - between the files that make up the type str. */
#pragma once
#include "vm/str.h"

extern const NativeDef str_methods[]; // str_methods.c

/* str_format.c: rows of str_methods */
Value nat_format(VM *vm, Args args);
Value nat_format_map(VM *vm, Args args);

/* str_percent.c: format % args; args is a tuple, a mapping or a single value. */
Value str_percent(VM *vm, Str *format, Value args);
/* The same for bytes: format and the answer are bytes, or a bytearray if `array`. */
Value bytes_percent(VM *vm, Value format, Value args, bool array);

/* str_case.c: rows of str_methods */
Value nat_upper(VM *vm, Args args);
Value nat_lower(VM *vm, Args args);
Value nat_title(VM *vm, Args args);
Value nat_capitalize(VM *vm, Args args);
Value nat_swapcase(VM *vm, Args args);
Value nat_casefold(VM *vm, Args args);
Value nat_isalnum(VM *vm, Args args);
Value nat_isalpha(VM *vm, Args args);
Value nat_isascii(VM *vm, Args args);
Value nat_isdecimal(VM *vm, Args args);
Value nat_isdigit(VM *vm, Args args);
Value nat_isidentifier(VM *vm, Args args);
Value nat_islower(VM *vm, Args args);
Value nat_isnumeric(VM *vm, Args args);
Value nat_isprintable(VM *vm, Args args);
Value nat_isspace(VM *vm, Args args);
Value nat_istitle(VM *vm, Args args);
Value nat_isupper(VM *vm, Args args);
