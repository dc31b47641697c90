#include "lang/image.h"
#include "vm/lines.h"
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 8, MAX_IMAGE = INT32_MAX };

void image_init(ImageBuilder *image, Arena *arena, const Source *source)
{
    *image = (ImageBuilder){.arena = arena, .source = source};
    CodeImage header = {0};
    image_add(image, &header, 1, sizeof header);
}

void image_free(ImageBuilder *image)
{
    free(image->bytes);
    image->bytes = NULL;
}

static bool make_room(ImageBuilder *image, size_t more)
{
    if (image->failed) return false;
    if (more > MAX_IMAGE - image->size) return !(image->failed = true);
    if (image->size + more <= image->capacity) return true;
    size_t capacity = image->capacity ? image->capacity : 4096;
    while (capacity < image->size + more) capacity *= 2;
    char *bytes = realloc(image->bytes, capacity);
    if (!bytes) return !(image->failed = true);
    memset(bytes + image->capacity, 0, capacity - image->capacity); // padding is part of the image
    image->bytes = bytes;
    image->capacity = (uint32_t)capacity;
    return true;
}

uint32_t image_add(ImageBuilder *image, const void *items, uint32_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow((size_t)count, size, &bytes) || bytes > MAX_IMAGE) {
        image->failed = true;
        return 0;
    }
    if (!make_room(image, bytes + ALIGNMENT)) return 0;
    uint32_t offset = (image->size + ALIGNMENT - 1) & ~(uint32_t)(ALIGNMENT - 1);
    if (bytes) memcpy(image->bytes + offset, items, bytes);
    image->size = offset + (uint32_t)bytes;
    return offset;
}

uint32_t image_reserve(ImageBuilder *image)
{
    if (image->nrecords == image->records_capacity) {
        uint32_t capacity = image->records_capacity ? image->records_capacity * 2 : 16;
        CodeRecord *records =
            arena_grow(image->arena, image->records, image->nrecords, capacity, sizeof *records);
        if (!records) {
            image->failed = true;
            return 0;
        }
        image->records = records;
        image->records_capacity = capacity;
    }
    return image->nrecords++;
}

//-- texts -------------------------------------------------------------------------------------------

static CodeText *text_slot(const ImageBuilder *image, CodeText *table, uint32_t capacity, const char *bytes,
                           uint32_t len)
{
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < len; i++) hash = (hash ^ (unsigned char)bytes[i]) * 16777619u;
    for (;; hash++) {
        CodeText *slot = &table[hash & (capacity - 1)];
        if (!slot->offset) return slot; // the header lies at 0
        if (slot->len == len && memcmp(image->bytes + slot->offset, bytes, len) == 0) return slot;
    }
}

static bool make_room_for_text(ImageBuilder *image)
{
    if (image->ntexts < image->texts_capacity / 2) return true;
    uint32_t capacity = image->texts_capacity ? image->texts_capacity * 2 : 64;
    CodeText *table = arena_array(image->arena, capacity, sizeof *table);
    if (!table) return !(image->failed = true);
    for (uint32_t i = 0; i < image->texts_capacity; i++) {
        CodeText text = image->texts[i];
        if (text.offset) *text_slot(image, table, capacity, image->bytes + text.offset, text.len) = text;
    }
    image->texts = table;
    image->texts_capacity = capacity;
    return true;
}

/* With a NUL behind it. */
static uint32_t add_bytes(ImageBuilder *image, const char *bytes, uint32_t len)
{
    if (!make_room(image, (size_t)len + 1)) return 0;
    uint32_t offset = image->size;
    if (len) memcpy(image->bytes + offset, bytes, len);
    image->bytes[offset + len] = 0;
    image->size += len + 1;
    return offset;
}

CodeText image_text(ImageBuilder *image, const char *bytes, uint32_t len)
{
    if (image->failed || !make_room_for_text(image)) return (CodeText){0};
    CodeText *slot = text_slot(image, image->texts, image->texts_capacity, bytes, len);
    if (!slot->offset) {
        *slot = (CodeText){add_bytes(image, bytes, len), len};
        image->ntexts++;
    }
    return *slot;
}

//-- the parts of a record ---------------------------------------------------------------------------

static uint32_t add_consts(ImageBuilder *image, const Const *consts, uint32_t count);

static CodeConst code_const(ImageBuilder *image, const Const *k)
{
    CodeConst out = {.kind = k->kind};
    switch (k->kind) {
    case CONST_INT:
    case CONST_CODE: out.data = (uint64_t)k->number; break;
    case CONST_FLOAT: memcpy(&out.data, &k->real, sizeof out.data); break;
    case CONST_STR: out.extra = k->is_name; // fall through
    case CONST_BYTES:
    case CONST_BIGINT: {
        CodeText text = image_text(image, k->text.bytes, k->text.len);
        out.offset = text.offset;
        out.len = text.len;
        break;
    }
    case CONST_TUPLE:
    case CONST_FROZENSET:
        out.offset = add_consts(image, k->items, k->count);
        out.len = k->count;
        break;
    default: break;
    }
    return out;
}

static uint32_t add_consts(ImageBuilder *image, const Const *consts, uint32_t count)
{
    CodeConst *out = arena_array(image->arena, count, sizeof *out);
    if (!out) {
        image->failed = true;
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) out[i] = code_const(image, &consts[i]);
    return image_add(image, out, count, sizeof *out);
}

static uint32_t add_globals(ImageBuilder *image, const Draft *d)
{
    CodeText *out = arena_array(image->arena, d->nglobals, sizeof *out);
    if (!out) {
        image->failed = true;
        return 0;
    }
    for (uint32_t i = 0; i < d->nglobals; i++)
        out[i] = image_text(image, d->globals[i]->text, d->globals[i]->len);
    return image_add(image, out, d->nglobals, sizeof *out);
}

static uint16_t column(uint32_t col)
{
    return col < COLUMN_UNKNOWN ? (uint16_t)col : COLUMN_UNKNOWN;
}

static void add_lines(ImageBuilder *image, CodeRecord *record, const Finished *code)
{
    unsigned char *bytes = arena_array(image->arena, code->ninsns, LINE_MAX_SIZE);
    if (!bytes) {
        image->failed = true;
        return;
    }
    uint32_t size = 0;
    CodeLine last = {0};
    for (uint32_t pc = 0; pc < code->ninsns; pc++) {
        Span span = code->spans[pc];
        if (pc && span.start == code->spans[pc - 1].start && span.end == code->spans[pc - 1].end) continue;
        Position at = source_position(image->source, span);
        CodeLine line = {pc, at.line, at.end_line, column(at.col), column(at.end_col)};
        size += line_pack(bytes + size, last, line);
        last = line;
    }
    record->lines = image_add(image, bytes, size, 1);
    record->lines_size = size;
}

void image_set_record(ImageBuilder *image, uint32_t index, CodeRecord record, const Draft *draft,
                      const Finished *code)
{
    record.nregs = draft->nregs;
    record.insns = image_add(image, code->insns, code->ninsns, sizeof *code->insns);
    record.ninsns = code->ninsns;
    record.handlers = image_add(image, code->handlers, code->nhandlers, sizeof *code->handlers);
    record.nhandlers = code->nhandlers;
    for (uint32_t i = 0; i < code->nhandlers; i++)
        if (!(code->handlers[i].flags & HANDLER_LOOP)) record.flags |= CODE_HAS_HANDLERS;
    record.consts = add_consts(image, draft->consts, draft->nconsts);
    record.nconsts = draft->nconsts;
    record.globals = add_globals(image, draft);
    record.nglobals = draft->nglobals;
    add_lines(image, &record, code);
    if (!image->failed) image->records[index] = record;
}

CodeImage *image_finish(ImageBuilder *image)
{
    CodeText filename = image_text(image, image->source->name, (uint32_t)strlen(image->source->name));
    uint32_t records = image_add(image, image->records, image->nrecords, sizeof *image->records);
    if (image->failed) return NULL;
    CodeImage *finished = (CodeImage *)image->bytes;
    *finished = (CodeImage){CODE_MAGIC, CODE_VERSION, image->size, image->nrecords, records, filename};
    image->bytes = NULL;
    return finished;
}
