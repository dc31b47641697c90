/* packed.h - the library's compiled modules as the binary holds them: a sixth of their images.
 *
 * What follows from something else is left out: where things lie in an image, which text is the next new
 * one, the columns of line tables (frames of the library are shown without carets). The numbers that
 * remain are stored column by column, operands besides in the order of their opcodes, which a compressor
 * likes better than rows; then zlib deflates it all, parts that are unlike each other with code tables of
 * their own. image_unpack makes an image anew, whose parts lie elsewhere than in the packed one.
 */
#pragma once
#include "vm/code.h"
#include <stddef.h>

/* The image, malloc'd. NULL: memory is out. */
CodeImage *image_unpack(const void *packed, size_t size);

/* The packed form of `image`, malloc'd, and its size. NULL: memory is out, or a number has more than 16 bits.
 * Only tools/embed.c packs. */
void *image_pack(CodeImage *image, size_t *size);
