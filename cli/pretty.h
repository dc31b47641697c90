/* pretty.h - a value as the prompt shows it: its repr, broken over lines when it is a container too wide for one. */
#pragma once
#include "lang/text.h"
#include "vm/vm.h"

/* May call the program's __repr__s. False: one of them has raised. `v` must be rooted by the caller. */
bool pretty(VM *vm, Value v, size_t columns, TextBuffer *out);
