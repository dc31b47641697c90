/* inflate.h - what the build has deflated into the binary: raw, without header or checksum (RFC 1951). */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Inflate `packed` into `out`, which has room for all of it. False: memory is out. */
bool inflate_into(void *out, size_t room, const void *packed, size_t size);
