/* compile_hook.h - the compiler as the VM calls it. */
#pragma once
#include "vm/import.h"

extern const struct CompileHook compile_hook;
