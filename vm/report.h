/* report.h - things said on stderr while a program runs: what asyncio would leave silent. */
#pragma once
#include "vm/vm.h"

/* A coroutine was made and dropped by the statement that vm->frame is executing. */
void report_never_awaited(VM *vm, Value coroutine);
/* The same of a call in `c` that is over. */
void report_never_awaited_at(VM *vm, Value coroutine, const Code *c, const Insn *call);
/* The running task has blocked since that moment (monotonic ns) in a call of vm->frame, which says `what`;
 * nothing is said if nobody else waited for his turn meanwhile, or not for long. A place is reported once. */
void report_stall(VM *vm, const char *what, int64_t since);
/* A handler that catches everything has ended, and what it caught (vm->handled) was perhaps the task's cancellation. */
void report_swallowed_cancel(VM *vm);
/* stdout is flushed first, so that the two streams read in order. */
void report_text(VM *vm, const char *text, size_t n);
/* The same of a str; lone surrogates appear as escapes. Leaves what is pending alone. ERROR, what a text without memory
 * for it comes to, is reported as that. */
void report_str(VM *vm, Value text);
/* The pending exception goes nowhere (a finaliser's, a callback's): print "Exception ignored in: what". */
void report_ignored(VM *vm, const char *what);
/* A task or future failed and nobody has asked for its outcome. */
void report_task_failure(VM *vm, Value task, Value exc);
