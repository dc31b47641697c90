/* test.h - co test: test_*.co and the listings of Markdown files. */
#pragma once
#include "cli/options.h"

/* Answers the exit status: 0 all passed, 1 some failed, 2 a path cannot be read or there was no test. */
int test_paths(const Options *o);
