/* code.h - `co dis`: compiles, and runs nothing. */
#pragma once
#include "cli/options.h"

int code_dis(const Options *o);
