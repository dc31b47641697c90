/* streams.h - sys.stdin, sys.stdout and sys.stderr as scripts see them. */
#pragma once
#include "stdlib/stdlib.h"

/* Makes the three and adds them, and their originals, to module sys. */
bool streams_add(VM *vm, Module *sys);
/* Whether v is the original standard output: then output.h may be used without asking v. */
static inline bool is_stdout(VM *vm, Value v) { return v == stdlib(vm)->stdout_stream; }
/* A line of standard input with its line end, "" at the end of input. */
Value stdin_line(VM *vm);
