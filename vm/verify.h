/* verify.h - is a CodeImage what the VM may trust blindly?
 *
 * Everything lies inside the image; operands are what their format letters say and in range; jumps and
 * handlers lead to instructions; control cannot run off the end; no register is read, on any way, before it
 * was written (a call in stack code makes everything from its callee's register on unwritten). Debug builds
 * verify all that the compiler makes, every build what comes from outside.
 */
#pragma once
#include "vm/code.h"
#include <stdbool.h>
#include <stddef.h>

/* `size`: bytes at hand. False: `why` (of `len` bytes) says what is wrong, in words. */
bool image_verify(const CodeImage *image, size_t size, char *why, size_t len);
