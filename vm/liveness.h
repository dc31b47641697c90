/* liveness.h - which registers of a frame hold values that may still be wanted.
 *
 * The collector marks only these, so that stale temporaries keep nothing alive and registers that were
 * never written are never looked at. In heap code (generators, coroutines) and where locals() may be
 * called, named locals count as live throughout: somebody may ask for them, and their registers are unset
 * at first.
 */
#pragma once
#include "vm/code.h"
#include <stdbool.h>

typedef struct Liveness Liveness;

/* Computed once per record, when first needed; NULL when memory is out. Free it with liveness_free. */
Liveness *liveness_new(const CodeImage *image, const CodeRecord *record);
void liveness_free(Liveness *liveness);

/* A row of bits, one per register, valid as long as `liveness`. Never NULL. */

/* Of a frame that is about to run the instruction at pc (it stands at a safepoint, or has not begun). */
const uint64_t *liveness_at(const Liveness *liveness, uint32_t pc);

/* Of a frame in the midst of the instruction that ends where `next` begins: it called something, or is
 * suspended in it. What that instruction reads counts (natives find their arguments there), what it will
 * write does not. In stack code the callee's frame lies over the call's registers: look only at those below
 * it. */
const uint64_t *liveness_during(const Liveness *liveness, uint32_t next);

static inline bool liveness_has(const uint64_t *row, uint32_t reg) { return row[reg >> 6] >> (reg & 63) & 1; }
