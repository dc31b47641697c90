/* dis.h - compiled code as text, for `co dis` and for tests.
 * Reads nothing but the image and the table of opcodes.
 */
#pragma once
#include "vm/code.h"
#include <stdio.h>

/* All records of the image, the module's body first. */
void dis_image(FILE *out, const CodeImage *image);

/* One record: a heading, its instructions with line numbers, its exception handlers. */
void dis_record(FILE *out, const CodeImage *image, uint32_t index);
