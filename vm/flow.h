/* flow.h - control flow of one function's code, and which registers have been written where.
 *
 * Instructions are grouped into blocks: runs that control enters only at their first instruction. An
 * analysis keeps one row of bits (a bit per register) per block and replays instructions when it wants to
 * know about a place inside. An exception may leave any instruction for the innermost handler that covers
 * it.
 *
 * Works on finished code (flow_of_record) and on the compiler's drafts, whose jumps are still labels.
 */
#pragma once
#include "vm/opcode.h"
#include <stddef.h>

enum { FLOW_NONE = UINT32_MAX };

typedef struct Flow {
    const Insn *insns;
    const CodeHandler *handlers; // innermost first
    uint32_t ninsns, nhandlers;
    uint32_t nregs, words;       // registers; 64-bit words in a row
    uint32_t nblocks;
    uint32_t *target;            // per instruction: where it jumps, or FLOW_NONE
    uint32_t *handler;           // per instruction: index of its handler, or FLOW_NONE
    uint32_t *block;             // per instruction: its block
    uint32_t *start;             // per block: its first instruction
} Flow;

typedef struct FlowEdge {
    uint32_t to;
    bool jumped;
} FlowEdge;

/* targets: per instruction, absolute, FLOW_NONE where there is no jump. False: out of memory. */
bool flow_init(Flow *flow, const Insn *insns, const uint32_t *targets, uint32_t ninsns, const CodeHandler *handlers,
               uint32_t nhandlers, uint32_t nregs);
/* The record must have valid opcodes and jump targets. */
bool flow_of_record(Flow *flow, const CodeImage *image, const CodeRecord *record);
void flow_free(Flow *flow);

/* Where control may go after the instruction at pc, exceptions aside; answers how many. */
int flow_edges(const Flow *flow, uint32_t pc, FlowEdge edges[3]);
/* The instruction after the one at pc in memory. */
static inline uint32_t flow_next(const Flow *flow, uint32_t pc) { return pc + opcode_size(flow->insns[pc].op); }

/* Which registers have been written, on every way. With `unset_is_unwritten`, LOAD_UNSET takes the mark
 * away again and CHECK_LOCAL, once passed, sets it: that is definite assignment of locals. */
typedef struct Written {
    const Flow *flow;
    bool unset_is_unwritten;
    uint64_t *rows;   // per block: at its start
    uint8_t *reached; // per block: can control get there at all?
} Written;

/* entry: the row at instruction 0. False: out of memory. */
bool written_init(Written *written, const Flow *flow, bool unset_is_unwritten, const uint64_t *entry);
void written_free(Written *written);
/* Change `row`, true before the instruction at pc, to what is true after it (when it jumped or did not). */
void written_step(const Written *written, uint32_t pc, bool jumped, uint64_t *row);

static inline uint64_t *written_row(const Written *w, uint32_t block)
{
    return w->rows + (size_t)block * w->flow->words;
}

static inline bool row_has(const uint64_t *row, uint32_t reg) { return row[reg >> 6] >> (reg & 63) & 1; }
static inline void row_set(uint64_t *row, uint32_t reg) { row[reg >> 6] |= 1ULL << (reg & 63); }
static inline void row_clear(uint64_t *row, uint32_t reg) { row[reg >> 6] &= ~(1ULL << (reg & 63)); }
