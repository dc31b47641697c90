/* finish.h - from draft to finished code.
 *
 * Jumps to jumps are shortcut, dead code is dropped, labels become distances. A fused comparison reaches
 * 32,767 words; one that must go farther becomes its opposite over a long jump. What only the next instruction reads
 * is passed on.
 */
#pragma once
#include "lang/emit.h"

typedef struct Finished {
    Insn *insns;
    Span *spans; // per instruction
    uint32_t ninsns;
    CodeHandler *handlers;
    uint32_t nhandlers;
} Finished;

/* nparams: as for definite_prune. False: memory is out. Everything lies in the draft's arena. */
bool draft_finish(Draft *draft, uint32_t nparams, Finished *finished);
