/* window.h - _files.Window: what a stream has read ahead, and how far it has been taken. */
#pragma once
#include "stdlib/stdlib.h"

bool window_add_type(VM *vm, Module *m);
/* A window's next line, which is taken; None: its end is not there, or v is no window. */
Value window_line(VM *vm, Value v);
