/* definite.h - definite assignment.
 *
 * The compiler checks every read of a local variable by CHECK_LOCAL and unsets every local at the start.
 * Most of that is needless: on every way to the read the local has been assigned. This pass marks as dead
 * the checks that cannot fail, the unsettings nobody can notice, and the code that control cannot reach.
 */
#pragma once
#include "lang/emit.h"

/* The first `nparams` registers have a value from the start (in a class body the namespace does). False:
 * memory is out. */
bool definite_prune(Draft *draft, uint32_t nparams);
