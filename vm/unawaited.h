/* unawaited.h - coroutines that were made and not awaited at once: will somebody run them?
 *
 * A call that only makes a coroutine enters it here with its place. One that dies without having run, or
 * has not run when the program ends, was forgotten, and that is said once for each place. The list is
 * short: programs make millions of coroutines, and a reader wants to know of the first few that were
 * forgotten. The list keeps none of them alive.
 */
#pragma once
#include "vm/vm.h"

/* vm->frame's call, the instruction before its pc, has made `coroutine`. */
void unawaited_watch(VM *vm, Value coroutine);
/* The collector's: the places' code lives, and so do the dying until they are reported. */
void unawaited_mark(VM *vm);
/* The collector's, when all that lives is marked: those that die now are marked and set aside. */
void unawaited_find_dying(VM *vm);
/* Say it of those set aside; at_end: of all that have not run. */
void unawaited_report(VM *vm, bool at_end);
void unawaited_free(VM *vm);
