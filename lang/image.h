/* image.h - a CodeImage being put together: one growing block of bytes in which everything has an offset.
 * Running out of memory, or of 32-bit offsets, is remembered and answered by image_finish.
 */
#pragma once
#include "lang/emit.h"
#include "lang/finish.h"

typedef struct ImageBuilder {
    Arena *arena;
    const Source *source;
    char *bytes; // malloc'd
    uint32_t size, capacity;
    CodeRecord *records;
    uint32_t nrecords, records_capacity;
    CodeText *texts; // open addressing: a text occurs once in the image
    uint32_t ntexts, texts_capacity;
    bool failed;
} ImageBuilder;

/* `source`: for line numbers and the file's name. */
void image_init(ImageBuilder *image, Arena *arena, const Source *source);
void image_free(ImageBuilder *image);

/* The number of a record that will be filled in later. */
uint32_t image_reserve(ImageBuilder *image);

/* Copy bytes in; answers their offset. */
uint32_t image_add(ImageBuilder *image, const void *items, uint32_t count, size_t size);
CodeText image_text(ImageBuilder *image, const char *bytes, uint32_t len);

/* Fill in what `code` and the draft's constants and globals say about record `index`; the rest is in
 * `record`. */
void image_set_record(ImageBuilder *image, uint32_t index, CodeRecord record, const Draft *draft, const Finished *code);

/* The image, malloc'd; NULL when memory is out. The builder is empty then. */
CodeImage *image_finish(ImageBuilder *image);
