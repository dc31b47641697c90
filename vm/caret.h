/* caret.h - which part of a source line a traceback underlines, and how. */
#pragma once
#include "vm/str.h"

/* Adds "<indent><margin>    ~~~^~~\n" for the bytes [start, end) of a line shown without its first `skipped` bytes; nothing if
 * they are all that is shown. The operator of an operation, and the brackets of a subscript, are marked with ^ and
 * what they apply to with ~. */
bool caret_add_line(StrBuilder *b, const char *line, size_t n, size_t skipped, size_t start, size_t end, int indent,
                    const char *margin, bool colours);
