#include "vm/lines.h"

static uint32_t zigzag(int32_t n) { return (uint32_t)n << 1 ^ (uint32_t)(n >> 31); }
static int32_t unzigzag(uint32_t n) { return (int32_t)(n >> 1) ^ -(int32_t)(n & 1); }

static unsigned char *put_number(unsigned char *out, uint32_t n)
{
    for (; n > 0x7f; n >>= 7) *out++ = (unsigned char)(n | 0x80);
    *out++ = (unsigned char)n;
    return out;
}

uint32_t line_pack(unsigned char *out, CodeLine last, CodeLine line)
{
    unsigned char *p = put_number(out, line.pc - last.pc);
    p = put_number(p, zigzag((int32_t)(line.line - last.line)));
    p = put_number(p, line.end_line - line.line);
    p = put_number(p, line.col == COLUMN_UNKNOWN ? 0 : line.col + 1u);
    p = put_number(p, line.end_line == line.line ? zigzag(line.end_col - line.col) : line.end_col);
    return (uint32_t)(p - out);
}

static bool get_number(LineReader *reader, uint32_t *n)
{
    *n = 0;
    for (int shift = 0; reader->at < reader->end && shift < 35; shift += 7) {
        unsigned char byte = *reader->at++;
        *n |= (uint32_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

LineReader lines_of(const CodeImage *image, const CodeRecord *record)
{
    const unsigned char *bytes = code_at(image, record->lines);
    return (LineReader){bytes, bytes + record->lines_size, {0}};
}

bool line_next(LineReader *reader)
{
    CodeLine *line = &reader->line;
    uint32_t pcs, lines, spanned, col, end;
    if (!get_number(reader, &pcs) || !get_number(reader, &lines) || !get_number(reader, &spanned) ||
        !get_number(reader, &col) || !get_number(reader, &end))
        return false;
    line->pc += pcs;
    line->line += (uint32_t)unzigzag(lines);
    line->end_line = line->line + spanned;
    line->col = col ? (uint16_t)(col - 1) : COLUMN_UNKNOWN;
    line->end_col = spanned ? (uint16_t)end : (uint16_t)(line->col + unzigzag(end));
    return true;
}

CodeLine line_at(const CodeImage *image, const CodeRecord *record, uint32_t pc)
{
    CodeLine found = {0, record->first_line, record->first_line, COLUMN_UNKNOWN, COLUMN_UNKNOWN};
    for (LineReader reader = lines_of(image, record); line_next(&reader) && reader.line.pc <= pc;) found = reader.line;
    return found;
}
