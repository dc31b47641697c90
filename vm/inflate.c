#include "vm/inflate.h"
#include <zlib.h>

bool inflate_into(void *out, size_t room, const void *packed, size_t size)
{
    z_stream z = {.next_in = (Bytef *)packed, .avail_in = (uInt)size, .next_out = out, .avail_out = (uInt)room};
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK) return false;
    bool ok = inflate(&z, Z_FINISH) == Z_STREAM_END;
    inflateEnd(&z);
    return ok;
}
