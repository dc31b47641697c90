/* packed.h - the library's compiled modules as the binary holds them: a quarter of their images.
 *
 * Instructions and records are stored column by column, which a compressor likes better than rows; line tables name
 * lines only, for frames of the library are shown without carets; then zlib deflates it all. tools/embed.c packs.
 */
#pragma once
#include "vm/code.h"
#include <stddef.h>

/* In front of the deflated bytes, which are: the image with its records and instructions blank, the columns of the
 * records, the columns of the instructions of all functions. */
typedef struct PackedHeader {
    uint32_t image_size, nrecords, ninsns;
} PackedHeader;

static inline size_t packed_form_size(PackedHeader h)
{
    return h.image_size + h.nrecords * sizeof(CodeRecord) + h.ninsns * sizeof(Insn);
}

/* The image, malloc'd. NULL: memory is out. */
CodeImage *image_unpack(const void *packed, size_t size);
