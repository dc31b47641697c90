/* lines.h - the source positions of one function's instructions, packed.
 *
 * Only reports and tracebacks ask for positions, while every function carries them: so they are stored as
 * differences, about five bytes each instead of sixteen, and read from the beginning.
 *
 * Per entry, as LEB128 numbers: instructions since the last entry, lines since the last entry (zigzag), lines
 * the range spans, its first column plus one (0: unknown), and where it ends: columns after the first one
 * (zigzag) on one line, the column itself on several.
 */
#pragma once
#include "vm/code.h"
#include <stdbool.h>

/* An entry holds from its pc to the next entry's. Lines from 1, columns in bytes from 0; COLUMN_UNKNOWN: not known. */
enum { COLUMN_UNKNOWN = 0xffff };
typedef struct CodeLine { uint32_t pc, line, end_line; uint16_t col, end_col; } CodeLine;

enum { LINE_MAX_SIZE = 25 }; // bytes of one entry: five numbers of 32 bits

/* Write the entry after `last` ({0} at first); answers its size. */
uint32_t line_pack(unsigned char *out, CodeLine last, CodeLine line);

typedef struct LineReader {
    const unsigned char *at, *end;
    CodeLine line; // the entry read last; {0} at first
} LineReader;

LineReader lines_of(const CodeImage *image, const CodeRecord *record);

/* Read the next entry; false at the end, or where the bytes make no sense. */
bool line_next(LineReader *reader);

/* The entry that holds for the instruction at `pc`; the function's first line where there is none. */
CodeLine line_at(const CodeImage *image, const CodeRecord *record, uint32_t pc);
