/* opcode.h - what the table of opcodes says about one instruction.
 *
 * Names, formats and flags come straight from opcodes.def. What an instruction does to registers and where
 * control goes after it follows from the format letters; the few that touch registers beyond their operands
 * are written out in opcode.c. The verifier, liveness, definite assignment and the disassembler all ask
 * here.
 */
#pragma once
#include "vm/code.h"
#include <stdbool.h>

typedef struct OpcodeInfo {
    const char *name;
    const char *format; // three letters, see opcodes.def
    uint32_t flags;     // OPF_..., see opcodes.def
    const char *doc;
} OpcodeInfo;

extern const OpcodeInfo opcode_info[OP_COUNT];

/* Words an instruction takes: 2 with an extra word. */
static inline uint32_t opcode_size(uint32_t op) { return opcode_info[op].flags & OPF_X ? 2 : 1; }

typedef struct RegRange { uint32_t first, count; } RegRange;

enum { NO_CLOBBER = UINT32_MAX };

typedef struct Effects {
    RegRange reads[4], writes[4];
    int nreads, nwrites;
    uint32_t clobbers;    // a call in stack code: all registers from here on lose their contents (then come the writes)
    bool written_on_jump; // false: the writes do not happen when the instruction jumps (a loop's last step)
} Effects;

/* `extra` is the word after the instruction; looked at only if it has one. */
void opcode_effects(const Insn *insn, const Insn *extra, Effects *out);

/* Does it jump within its own code, and by how many words past the next instruction? */
bool opcode_jump(const Insn *insn, int32_t *offset);

/* ADD_T and its like pass a float on to the next instruction; their register is not written then. */
static inline bool opcode_passes(uint32_t op) { return op >= OP_ADD_T && op <= OP_TRUEDIV_KR_T; }
/* Which of them does the work of `op` (OP_NOP: none does), and whose work one of them does (others do their own). */
Opcode opcode_passing(uint32_t op);
Opcode opcode_plain(uint32_t op);
/* Can `to` take what `from`, which stands right before it, passes on? It has to read it just once. */
bool opcode_takes(const Insn *from, const Insn *to);
