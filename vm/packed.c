#include "vm/packed.h"
#include "vm/inflate.h"
#include "vm/lines.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* A number of 16 bits for each time that the walk below passes the same place. */
typedef enum Column {
    IMAGE_RECORDS, IMAGE_FILENAME,
    RECORD_NAME, RECORD_QUALNAME, RECORD_FLAGS, RECORD_REGS, RECORD_PARAMS, RECORD_POSONLY, RECORD_KWONLY, RECORD_FREE,
    RECORD_INSNS, RECORD_CONSTS, RECORD_GLOBALS, RECORD_HANDLERS, RECORD_LOCALS, RECORD_LINES, RECORD_FIRST_LINE, RECORD_DOC,
    IS_KIND, IS_NAME, IS_TEXT, IS_WORD, IS_RECORD, IS_ITEMS, // constants
    GLOBAL_TEXT,
    HANDLER_START, HANDLER_END, HANDLER_TARGET, HANDLER_REG, HANDLER_FLAGS,
    LOCAL_TEXT, LOCAL_REG, LOCAL_FLAGS,
    CAPTURE_TEXT, CAPTURE_FROM, CAPTURE_INDEX,
    LINE_INSNS, LINE_STEP,
    TEXT_LENGTH,
    INSN_OP, INSN_A, INSN_B, INSN_C,
    COLUMN_COUNT
} Column;

/* In front of the deflated form, which is: how many numbers each column has, the columns, low bytes first, the texts. */
typedef struct PackedHeader {
    uint32_t image_size, form_size, ntexts;
} PackedHeader;

/* The walk over an image and its packed form side by side: which of the two is filled is all that differs.
 * Packing walks twice, the first time without a form, to count. */
typedef struct Walk {
    char *image;
    uint32_t size;                          // of the image that unpacking makes, as far as the walk has come
    uint8_t *form;
    uint32_t counts[COLUMN_COUNT], starts[COLUMN_COUNT], next[COLUMN_COUNT];
    uint32_t ntexts;                        // that have been met
    CodeText *texts;                        // unpacking: all of these
    uint32_t *numbers;                      // packing: one more than the number of the text at a place; 0: not met
    uint32_t text_start, text_bytes;        // of the form's texts: where they lie; how much of them has been met
    uint32_t line;                          // where the record before began
    bool unpacks, too_large;
} Walk;

//-- numbers and texts --------------------------------------------------------------------------------

/* Number `index` of a column: it is `n` when packing. */
static uint32_t number_at(Walk *w, Column column, uint32_t index, uint32_t n)
{
    if (n > UINT16_MAX) w->too_large = true;
    if (!w->form) return n;
    uint8_t *low = w->form + w->starts[column] + index, *high = low + w->counts[column];
    if (w->unpacks) return *low | (uint32_t)*high << 8;
    *low = (uint8_t)n;
    *high = (uint8_t)(n >> 8);
    return n;
}

static uint32_t number(Walk *w, Column column, uint32_t n)
{
    return number_at(w, column, w->next[column]++, n);
}

/* A part of the new image: its place. `*offset` is where it lies in the image that there is. */
static void *part(Walk *w, uint32_t *offset, size_t size, uint32_t alignment)
{
    uint32_t place = (w->size + alignment - 1) & -alignment;
    w->size = place + (uint32_t)size;
    if (w->unpacks) *offset = place;
    return w->image + *offset;
}

static void *table(Walk *w, uint32_t *offset, uint32_t count, size_t size)
{
    return part(w, offset, count * size, 8);
}

static void walk_new_text(Walk *w, CodeText *text)
{
    text->len = number(w, TEXT_LENGTH, text->len);
    char *bytes = part(w, &text->offset, text->len + 1, 1); // with a NUL behind it
    char *packed = w->form ? (char *)w->form + w->text_start + w->text_bytes : NULL;
    if (w->unpacks) memcpy(bytes, packed, text->len);
    else if (packed) memcpy(packed, bytes, text->len);
    if (w->unpacks) w->texts[w->ntexts] = *text;
    else w->numbers[text->offset] = w->ntexts + 1;
    w->ntexts++;
    w->text_bytes += text->len;
}

/* 0 stands for the next new text; those that have been met are counted from 1. */
static void walk_text(Walk *w, Column column, CodeText *text)
{
    uint32_t known = number(w, column, w->unpacks ? 0 : w->numbers[text->offset]);
    if (!known) walk_new_text(w, text);
    else if (w->unpacks) *text = w->texts[known - 1];
}

//-- the parts of a record ----------------------------------------------------------------------------

static void walk_consts(Walk *w, uint32_t *offset, uint32_t count);

static void walk_const(Walk *w, CodeConst *k)
{
    k->kind = (uint16_t)number(w, IS_KIND, k->kind);
    switch (k->kind) {
    case CONST_STR: k->extra = (uint16_t)number(w, IS_NAME, k->extra); // fall through
    case CONST_BYTES:
    case CONST_BIGINT: {
        CodeText text = {k->offset, k->len};
        walk_text(w, IS_TEXT, &text);
        k->offset = text.offset;
        k->len = text.len;
        break;
    }
    case CONST_INT:
    case CONST_FLOAT: {
        uint64_t data = 0;
        for (int i = 0; i < 64; i += 16) data |= (uint64_t)number(w, IS_WORD, k->data >> i & UINT16_MAX) << i;
        k->data = data;
        break;
    }
    case CONST_TUPLE:
    case CONST_FROZENSET:
        k->len = number(w, IS_ITEMS, k->len);
        walk_consts(w, &k->offset, k->len);
        break;
    case CONST_CODE: k->data = number(w, IS_RECORD, (uint32_t)k->data); break;
    default: break;
    }
}

static void walk_consts(Walk *w, uint32_t *offset, uint32_t count)
{
    CodeConst *consts = table(w, offset, count, sizeof *consts);
    for (uint32_t i = 0; i < count; i++) walk_const(w, &consts[i]);
}

static void walk_globals(Walk *w, CodeRecord *r)
{
    r->nglobals = number(w, RECORD_GLOBALS, r->nglobals);
    CodeText *names = table(w, &r->globals, r->nglobals, sizeof *names);
    for (uint32_t i = 0; i < r->nglobals; i++) walk_text(w, GLOBAL_TEXT, &names[i]);
}

static void walk_handlers(Walk *w, CodeRecord *r)
{
    r->nhandlers = number(w, RECORD_HANDLERS, r->nhandlers);
    CodeHandler *h = table(w, &r->handlers, r->nhandlers, sizeof *h);
    for (uint32_t i = 0; i < r->nhandlers; i++, h++) {
        h->start = number(w, HANDLER_START, h->start);
        h->end = number(w, HANDLER_END, h->end);
        h->target = number(w, HANDLER_TARGET, h->target);
        h->reg = (uint16_t)number(w, HANDLER_REG, h->reg);
        h->flags = (uint16_t)number(w, HANDLER_FLAGS, h->flags);
    }
}

static void walk_locals(Walk *w, CodeRecord *r)
{
    r->nlocals = number(w, RECORD_LOCALS, r->nlocals);
    CodeLocal *local = table(w, &r->locals, r->nlocals, sizeof *local);
    for (uint32_t i = 0; i < r->nlocals; i++, local++) {
        walk_text(w, LOCAL_TEXT, &local->name);
        local->reg = (uint16_t)number(w, LOCAL_REG, local->reg);
        local->flags = (uint16_t)number(w, LOCAL_FLAGS, local->flags);
    }
}

static void walk_captures(Walk *w, CodeRecord *r)
{
    r->nfree = (uint16_t)number(w, RECORD_FREE, r->nfree);
    CodeCapture *capture = table(w, &r->captures, r->nfree, sizeof *capture);
    for (uint32_t i = 0; i < r->nfree; i++, capture++) {
        walk_text(w, CAPTURE_TEXT, &capture->name);
        capture->from = (uint16_t)number(w, CAPTURE_FROM, capture->from);
        capture->index = (uint16_t)number(w, CAPTURE_INDEX, capture->index);
    }
}

//-- line tables --------------------------------------------------------------------------------------

static uint32_t count_lines(LineReader reader)
{
    uint32_t n = 0;
    while (line_next(&reader)) n++;
    return n;
}

/* The entry after `last`, whose line is `line`: the reader's when packing. */
static CodeLine walk_line(Walk *w, LineReader *reader, CodeLine last, uint32_t line)
{
    if (!w->unpacks) line_next(reader);
    uint32_t insns = number(w, LINE_INSNS, reader->line.pc - last.pc);
    line += (uint32_t)(int16_t)number(w, LINE_STEP, (reader->line.line - line) & UINT16_MAX);
    return (CodeLine){last.pc + insns, line, line, COLUMN_UNKNOWN, COLUMN_UNKNOWN};
}

static void walk_lines(Walk *w, CodeRecord *r)
{
    LineReader reader = {0};
    if (!w->unpacks) reader = lines_of((CodeImage *)w->image, r);
    uint32_t count = number(w, RECORD_LINES, count_lines(reader)), start = w->size;
    CodeLine last = {0};
    for (uint32_t i = 0; i < count; i++) {
        CodeLine line = walk_line(w, &reader, last, i ? last.line : r->first_line);
        unsigned char entry[LINE_MAX_SIZE];
        uint32_t size = line_pack(entry, last, line);
        if (w->unpacks) memcpy(w->image + w->size, entry, size);
        w->size += size;
        last = line;
    }
    if (w->unpacks) r->lines = start, r->lines_size = w->size - start;
}

//-- records and instructions -------------------------------------------------------------------------

static void walk_record(Walk *w, CodeRecord *r)
{
    walk_text(w, RECORD_NAME, &r->name);
    walk_text(w, RECORD_QUALNAME, &r->qualname);
    r->flags = number(w, RECORD_FLAGS, r->flags);
    r->nregs = number(w, RECORD_REGS, r->nregs);
    r->nparams = (uint16_t)number(w, RECORD_PARAMS, r->nparams);
    r->nposonly = (uint16_t)number(w, RECORD_POSONLY, r->nposonly);
    r->nkwonly = (uint16_t)number(w, RECORD_KWONLY, r->nkwonly);
    r->doc = (int32_t)number(w, RECORD_DOC, (uint32_t)(r->doc + 1)) - 1;
    r->first_line = w->line += (uint32_t)(int16_t)number(w, RECORD_FIRST_LINE, (r->first_line - w->line) & UINT16_MAX);
    walk_handlers(w, r);
    r->nconsts = number(w, RECORD_CONSTS, r->nconsts);
    walk_consts(w, &r->consts, r->nconsts);
    walk_globals(w, r);
    walk_locals(w, r);
    walk_captures(w, r);
    walk_lines(w, r);
    r->ninsns = number(w, RECORD_INSNS, r->ninsns);
    Insn *insns = table(w, &r->insns, r->ninsns, sizeof *insns);
    for (uint32_t i = 0; i < r->ninsns; i++) insns[i].op = (uint16_t)number(w, INSN_OP, insns[i].op);
}

/* The operands of all instructions with the first opcode, then those with the second ... */
static void walk_operands(Walk *w)
{
    CodeImage *image = (CodeImage *)w->image;
    uint32_t index[OP_COUNT + 1] = {0};
    for (uint32_t i = 0; i < image->nrecords; i++) {
        const CodeRecord *r = code_record(image, i);
        const Insn *insns = code_at(image, r->insns);
        for (uint32_t k = 0; k < r->ninsns; k++) index[insns[k].op + 1]++;
    }
    for (int op = 0; op < OP_COUNT; op++) index[op + 1] += index[op];
    for (uint32_t i = 0; i < image->nrecords; i++) {
        const CodeRecord *r = code_record(image, i);
        Insn *insn = (Insn *)code_at(image, r->insns);
        for (uint32_t k = 0; k < r->ninsns; k++, insn++) {
            uint32_t at = index[insn->op]++;
            insn->a = (uint16_t)number_at(w, INSN_A, at, insn->a);
            insn->b = (uint16_t)number_at(w, INSN_B, at, insn->b);
            insn->c = (uint16_t)number_at(w, INSN_C, at, insn->c);
        }
    }
    w->next[INSN_A] = w->next[INSN_B] = w->next[INSN_C] = w->next[INSN_OP];
}

static void walk_image(Walk *w)
{
    CodeImage *image = (CodeImage *)w->image;
    w->size = sizeof *image;
    image->nrecords = number(w, IMAGE_RECORDS, image->nrecords);
    walk_text(w, IMAGE_FILENAME, &image->filename);
    CodeRecord *records = table(w, &image->records, image->nrecords, sizeof *records);
    for (uint32_t i = 0; i < image->nrecords; i++) walk_record(w, &records[i]);
    walk_operands(w);
}

//-- there and back -----------------------------------------------------------------------------------

/* Where the columns lie in the form, whose bytes all are then known. */
static uint32_t place_columns(Walk *w)
{
    uint32_t size = sizeof w->counts;
    for (int i = 0; i < COLUMN_COUNT; i++) {
        w->starts[i] = size;
        size += 2 * w->counts[i];
    }
    return w->text_start = size;
}

static bool fill_image(Walk *w, PackedHeader h)
{
    memcpy(w->counts, w->form, sizeof w->counts);
    place_columns(w);
    w->image = calloc(1, h.image_size);
    w->texts = malloc((h.ntexts + 1) * sizeof *w->texts);
    if (w->image && w->texts) {
        walk_image(w);
        CodeImage *image = (CodeImage *)w->image;
        image->magic = CODE_MAGIC;
        image->version = CODE_VERSION;
        image->size = h.image_size;
    }
    return w->image && w->texts;
}

CodeImage *image_unpack(const void *packed, size_t size)
{
    PackedHeader h;
    memcpy(&h, packed, sizeof h);
    Walk w = {.unpacks = true, .form = malloc(h.form_size)};
    bool ok = w.form && inflate_into(w.form, h.form_size, (const char *)packed + sizeof h, size - sizeof h) &&
              fill_image(&w, h);
    free(w.form);
    free(w.texts);
    if (!ok) free(w.image), w.image = NULL;
    return (CodeImage *)w.image;
}

/* Leave an entry where the line changes, without columns. */
static void drop_columns(const CodeImage *image, CodeRecord *r)
{
    unsigned char *bytes = (unsigned char *)code_at(image, r->lines), *out = bytes;
    CodeLine last = {0};
    for (LineReader reader = lines_of(image, r); line_next(&reader);) {
        CodeLine line = {reader.line.pc, reader.line.line, reader.line.line, COLUMN_UNKNOWN, COLUMN_UNKNOWN};
        if (line.line == last.line) continue;
        out += line_pack(out, last, line);
        last = line;
    }
    r->lines_size = (uint32_t)(out - bytes);
}

/* The whole form. NULL: memory is out, or a number too large. */
static uint8_t *make_form(CodeImage *image, PackedHeader *h)
{
    uint32_t *numbers = calloc(image->size, sizeof *numbers);
    if (!numbers) return NULL;
    Walk counting = {.image = (char *)image, .numbers = numbers};
    walk_image(&counting);
    Walk w = {.image = (char *)image, .numbers = numbers};
    memcpy(w.counts, counting.next, sizeof w.counts);
    *h = (PackedHeader){counting.size, place_columns(&w) + counting.text_bytes, counting.ntexts};
    w.form = counting.too_large ? NULL : malloc(h->form_size);
    if (w.form) {
        memset(numbers, 0, image->size * sizeof *numbers);
        memcpy(w.form, w.counts, sizeof w.counts);
        walk_image(&w);
    }
    free(numbers);
    return w.form;
}

/* Answers the size behind the header; 0: memory is out. */
static size_t deflate_form(uint8_t *packed, size_t room, uint8_t *form, size_t size)
{
    z_stream z = {.next_in = form, .avail_in = (uInt)size, .next_out = packed, .avail_out = (uInt)room};
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
    bool ok = deflate(&z, Z_FINISH) == Z_STREAM_END;
    deflateEnd(&z);
    return ok ? z.total_out : 0;
}

void *image_pack(CodeImage *image, size_t *size)
{
    PackedHeader h;
    for (uint32_t i = 0; i < image->nrecords; i++) drop_columns(image, (CodeRecord *)code_record(image, i));
    uint8_t *form = make_form(image, &h), *packed = NULL;
    if (form) {
        size_t room = compressBound(h.form_size);
        packed = malloc(sizeof h + room);
        size_t n = packed ? deflate_form(packed + sizeof h, room, form, h.form_size) : 0;
        if (n) memcpy(packed, &h, sizeof h);
        else free(packed), packed = NULL;
        *size = sizeof h + n;
    }
    free(form);
    return packed;
}
