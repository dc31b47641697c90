/* code.h - commands that only compile: `co dis`, and what the build embeds. */
#pragma once
#include "cli/options.h"

int code_dis(const Options *o);
/* Write the modules given as stdlib/NAME.co to standard output, as C constants for stdlib/embedded.c. */
int code_embed(const Options *o);
