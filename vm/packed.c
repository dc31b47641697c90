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

/* In front of the deflated form, which is: how many numbers each column has, the columns, the texts. A
 * number is one byte, or WIDE and two, low byte first; a text ends with a NUL, or its length is told. */
typedef struct PackedHeader {
    uint32_t image_size, form_size, ntexts;
} PackedHeader;

enum { WIDE = 255, WIDE_SIZE = 3 };

/* The walk over an image and its columns side by side: which of the two is filled is all that differs.
 * Packing walks twice, the first time without columns, to count. */
typedef struct Walk {
    char *image;
    uint32_t size;                          // of the image that unpacking makes, as far as the walk has come
    uint16_t *numbers;                      // of all columns
    uint32_t counts[COLUMN_COUNT], starts[COLUMN_COUNT], next[COLUMN_COUNT];
    uint32_t ntexts;                        // that have been met
    CodeText *texts;                        // unpacking: all of these
    uint32_t *met;                          // packing: one more than the number of the text at a place; 0: not met
    char *text;                             // where the form has the next text
    uint32_t text_bytes;                    // of the form's texts that have been met
    uint32_t line;                          // where the record before began
    bool unpacks, too_large;
} Walk;

//-- numbers and texts --------------------------------------------------------------------------------

/* Number `index` of a column: it is `n` when packing. */
static uint32_t number_at(Walk *w, Column column, uint32_t index, uint32_t n)
{
    if (n > UINT16_MAX) w->too_large = true;
    if (!w->numbers) return n;
    uint16_t *at = &w->numbers[w->starts[column] + index];
    return w->unpacks ? *at : (*at = (uint16_t)n);
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
    const char *bytes = w->unpacks ? w->text : w->image + text->offset;
    bool plain = w->unpacks || !memchr(bytes, 0, text->len);
    uint32_t told = number(w, TEXT_LENGTH, plain ? 0 : text->len + 1); // of those that have a NUL inside
    if (w->unpacks) text->len = told ? told - 1 : (uint32_t)strlen(bytes);
    char *copy = part(w, &text->offset, text->len + 1, 1);
    if (w->unpacks) memcpy(copy, bytes, text->len + 1);
    else if (w->text) memcpy(w->text, bytes, text->len + 1);
    if (w->text) w->text += text->len + 1;
    if (w->unpacks) w->texts[w->ntexts] = *text;
    else w->met[text->offset] = w->ntexts + 1;
    w->ntexts++;
    w->text_bytes += text->len + 1;
}

/* 0 stands for the next new text; those that have been met are counted from 1. */
static void walk_text(Walk *w, Column column, CodeText *text)
{
    uint32_t known = number(w, column, w->unpacks ? 0 : w->met[text->offset]);
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
    r->first_line = w->line +=
        (uint32_t)(int16_t)number(w, RECORD_FIRST_LINE, (r->first_line - w->line) & UINT16_MAX);
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

/* Where the columns begin. The number of all numbers. */
static uint32_t place_columns(Walk *w)
{
    uint32_t total = 0;
    for (int i = 0; i < COLUMN_COUNT; i++) {
        w->starts[i] = total;
        total += w->counts[i];
    }
    return total;
}

static uint32_t read_number(const uint8_t **at)
{
    uint32_t n = *(*at)++;
    if (n < WIDE) return n;
    *at += 2;
    return (*at)[-2] | (uint32_t)(*at)[-1] << 8;
}

static bool read_numbers(Walk *w, const uint8_t *form)
{
    for (int i = 0; i < COLUMN_COUNT; i++) w->counts[i] = read_number(&form);
    uint32_t total = place_columns(w);
    w->numbers = malloc((total + 1) * sizeof *w->numbers);
    if (!w->numbers) return false;
    for (uint32_t i = 0; i < total; i++) w->numbers[i] = (uint16_t)read_number(&form);
    w->text = (char *)form;
    return true;
}

static bool fill_image(Walk *w, PackedHeader h)
{
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
    Walk w = {.unpacks = true};
    uint8_t *form = malloc(h.form_size);
    bool ok = form && inflate_into(form, h.form_size, (const char *)packed + sizeof h, size - sizeof h) &&
              read_numbers(&w, form) && fill_image(&w, h);
    free(form);
    free(w.numbers);
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

/* What is deflated, in parts that are unlike each other: what is before the opcodes, these, their operands, the texts. */
enum { PART_COUNT = 4 };
typedef struct Form {
    uint8_t *bytes;
    uint32_t ends[PART_COUNT];
} Form;

static uint8_t *write_number(uint8_t *at, uint32_t n)
{
    if (n < WIDE) return *at = (uint8_t)n, at + 1;
    at[0] = WIDE, at[1] = (uint8_t)n, at[2] = (uint8_t)(n >> 8);
    return at + WIDE_SIZE;
}

static void write_numbers(Form *form, const Walk *w, uint32_t total)
{
    uint8_t *at = form->bytes;
    for (int i = 0; i < COLUMN_COUNT; i++) at = write_number(at, w->counts[i]);
    for (uint32_t i = 0; i < total; i++) {
        if (i == w->starts[INSN_OP]) form->ends[0] = (uint32_t)(at - form->bytes);
        if (i == w->starts[INSN_A]) form->ends[1] = (uint32_t)(at - form->bytes);
        at = write_number(at, w->numbers[i]);
    }
    form->ends[2] = (uint32_t)(at - form->bytes);
}

/* Walks, with `counted` what the first walk has counted. False: memory is out, or a number too large. */
static bool fill_form(Form *form, Walk *w, const Walk *counted)
{
    memcpy(w->counts, counted->next, sizeof w->counts);
    uint32_t total = place_columns(w);
    uint32_t room = WIDE_SIZE * (COLUMN_COUNT + total);
    w->numbers = malloc((total + 1) * sizeof *w->numbers);
    form->bytes = malloc(room + counted->text_bytes);
    if (!w->numbers || !form->bytes) return false;
    char *texts = w->text = (char *)form->bytes + room;
    walk_image(w);
    for (int i = 0; i < COLUMN_COUNT; i++) w->too_large |= w->counts[i] > UINT16_MAX;
    write_numbers(form, w, total);
    form->ends[3] = form->ends[2] + counted->text_bytes;
    memmove(form->bytes + form->ends[2], texts, counted->text_bytes);
    return !w->too_large;
}

/* Its bytes are NULL: memory is out, or a number too large. */
static Form make_form(CodeImage *image, PackedHeader *h)
{
    Form form = {0};
    uint32_t *met = calloc(image->size, sizeof *met);
    if (!met) return form;
    Walk counting = {.image = (char *)image, .met = met}, filling = counting;
    walk_image(&counting);
    memset(met, 0, image->size * sizeof *met);
    if (!fill_form(&form, &filling, &counting)) free(form.bytes), form.bytes = NULL;
    *h = (PackedHeader){counting.size, form.ends[PART_COUNT - 1], counting.ntexts};
    free(filling.numbers);
    free(met);
    return form;
}

/* Answers the size behind the header; 0: memory is out. Each part gets a code table of its own. */
static size_t deflate_form(uint8_t *packed, size_t room, Form form)
{
    z_stream z = {.next_in = form.bytes, .next_out = packed, .avail_out = (uInt)room};
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return 0;
    bool ok = true;
    for (int i = 0; i < PART_COUNT && ok; i++) {
        bool last = i == PART_COUNT - 1;
        z.avail_in = (uInt)(form.bytes + form.ends[i] - z.next_in);
        ok = deflate(&z, last ? Z_FINISH : Z_BLOCK) == (last ? Z_STREAM_END : Z_OK);
    }
    deflateEnd(&z);
    return ok ? z.total_out : 0;
}

void *image_pack(CodeImage *image, size_t *size)
{
    PackedHeader h;
    for (uint32_t i = 0; i < image->nrecords; i++) drop_columns(image, (CodeRecord *)code_record(image, i));
    Form form = make_form(image, &h);
    uint8_t *packed = NULL;
    if (form.bytes) {
        size_t room = compressBound(h.form_size) + 64; // ends of parts
        packed = malloc(sizeof h + room);
        size_t n = packed ? deflate_form(packed + sizeof h, room, form) : 0;
        if (n) memcpy(packed, &h, sizeof h);
        else free(packed), packed = NULL;
        *size = sizeof h + n;
    }
    free(form.bytes);
    return packed;
}
