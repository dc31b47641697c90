/* report.h - things said on stderr while a program runs: what asyncio would leave silent. */
#pragma once
#include "vm/vm.h"

/* A coroutine was made and dropped by the statement that vm->frame is executing. */
void report_never_awaited(VM *vm, Value coroutine);
/* stdout is flushed first, so that the two streams read in order. */
void report_text(VM *vm, const char *text, size_t n);
/* The same of a str; lone surrogates appear as escapes. Leaves what is pending alone. */
void report_str(VM *vm, Value text);
/* The pending exception goes nowhere (a finaliser's, a callback's): print "Exception ignored in: what". */
void report_ignored(VM *vm, const char *what);
/* A task or future failed and nobody has asked for its outcome. */
void report_task_failure(VM *vm, Value task, Value exc);
