#include "vm/packed.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Rows first .. first+n of a table of `total` rows whose bytes lie column by column. */
static void get_rows(char *rows, const char *columns, size_t total, size_t first, size_t n, size_t width)
{
    for (size_t row = 0; row < n; row++)
        for (size_t column = 0; column < width; column++)
            rows[row * width + column] = columns[column * total + first + row];
}

static void fill_in(char *image, PackedHeader h)
{
    const char *columns = image + h.image_size;
    CodeRecord *records = (CodeRecord *)code_record((CodeImage *)image, 0);
    get_rows((char *)records, columns, h.nrecords, 0, h.nrecords, sizeof *records);
    columns += h.nrecords * sizeof *records;
    for (size_t i = 0, first = 0; i < h.nrecords; first += records[i++].ninsns)
        get_rows(image + records[i].insns, columns, h.ninsns, first, records[i].ninsns, sizeof(Insn));
}

CodeImage *image_unpack(const void *packed, size_t size)
{
    PackedHeader h;
    memcpy(&h, packed, sizeof h);
    size_t room = packed_form_size(h);
    char *form = malloc(room);
    z_stream z = {.next_in = (Bytef *)packed + sizeof h, .avail_in = (uInt)(size - sizeof h),
                  .next_out = (Bytef *)form, .avail_out = (uInt)room};
    bool ok = form && inflateInit2(&z, -MAX_WBITS) == Z_OK; // no header, no checksum
    if (ok) {
        ok = inflate(&z, Z_FINISH) == Z_STREAM_END;
        inflateEnd(&z);
    }
    if (!ok) return free(form), NULL;
    fill_in(form, h);
    char *image = realloc(form, h.image_size);
    return (CodeImage *)(image ? image : form);
}
