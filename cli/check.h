/* check.h - co check: errors and likely mistakes, found without running anything. */
#pragma once
#include "cli/options.h"

/* Answers the exit status: 0 nothing found, 1 findings, 2 a file cannot be read. */
int check_paths(const Options *o);
