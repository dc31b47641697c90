#include "vm/opcode.h"

const OpcodeInfo opcode_info[OP_COUNT] = {
#define OPCODE(name, format, flags, doc) {#name, format, flags, doc},
#include "vm/opcodes.def"
#undef OPCODE
};

static void add_read(Effects *e, uint32_t first, uint32_t count)
{
    if (count) e->reads[e->nreads++] = (RegRange){first, count};
}

static void add_write(Effects *e, uint32_t first, uint32_t count)
{
    if (count) e->writes[e->nwrites++] = (RegRange){first, count};
}

static void operand_effects(char letter, uint16_t reg, Effects *e)
{
    if (letter == 'R' || letter == 'M') add_read(e, reg, 1);
    if (letter == 'W' || letter == 'M') add_write(e, reg, 1);
}

/* The gap between a callee and its arguments. */
static uint32_t gap(uint32_t flags) { return flags & OPF_H ? 1 : CALL_GAP; }

/* LOAD_METHOD has put the receiver into a slot before the arguments. */
static bool has_receiver(const Insn *insn, const Insn *extra)
{
    switch (insn->op) {
    case OP_CALL_METHOD:
    case OP_CALL_METHOD_STMT:
    case OP_CALL_METHOD_H:
    case OP_CALL_METHOD_STMT_H:
    case OP_AWAIT_METHOD_H: return true;
    case OP_CALL_KW:
    case OP_CALL_KW_H: return extra->c;
    default: return false;
    }
}

/* A call in stack code: the callee's frame lies over everything from the callee's register on. */
static void call_effects(const Insn *insn, uint32_t nargs, uint32_t flags, Effects *e)
{
    add_read(e, insn->a + gap(flags), nargs);
    if (!(flags & OPF_H)) e->clobbers = insn->a;
}

static void special_effects(const Insn *insn, const Insn *extra, uint32_t flags, Effects *e)
{
    switch (insn->op) {
    case OP_FOR_PREP:
    case OP_FOR_AITER: add_write(e, insn->a + 1, 1); break;
    case OP_FOR_NEXT:
        add_read(e, insn->b + 1, 1);
        add_write(e, insn->b + 1, 1);
        e->written_on_jump = false;
        break;
    case OP_FOR_CLOSE: add_read(e, insn->a + 1, 1); break;
    case OP_FOR_ANEXT: add_read(e, insn->a, 1); break; // the None that DELEGATE may want
    case OP_CALL_EX:
    case OP_CALL_EX_H: call_effects(insn, 2, flags, e); break;
    case OP_LOAD_METHOD:
    case OP_LOAD_METHOD_H: add_write(e, insn->a + gap(flags), 1); break;
    case OP_MAKE_FUNCTION: add_read(e, insn->c + 1, 2); break;
    case OP_BUILD_CLASS: add_read(e, insn->a + 1, 3); break;
    case OP_EXC_SPLIT: add_write(e, insn->a + 1, 1); break;
    case OP_EXC_ARGS: add_write(e, insn->b + 1, 2); break;
    case OP_BUILD_SLICE: add_read(e, insn->b + 1, 2); break;
    case OP_UNPACK:
    case OP_UNPACK_ITEM: add_write(e, insn->a + 1, insn->c - 1u); break;
    case OP_UNPACK_EX: add_write(e, insn->a + 1, (uint32_t)insn->c + extra->a); break;
    case OP_FORMAT: add_read(e, insn->b + 1, insn->c >> 2 & 1); break;
    default: break; // its operands are all
    }
}

/* BUILD_... r[b] .. r[b+c-1]: an empty one reads nothing. */
static void range_effects(const Insn *insn, Effects *e)
{
    add_write(e, insn->a, 1);
    add_read(e, insn->b, insn->c);
}

void opcode_effects(const Insn *insn, const Insn *extra, Effects *e)
{
    const OpcodeInfo *info = &opcode_info[insn->op];
    *e = (Effects){.clobbers = NO_CLOBBER, .written_on_jump = true};
    if (info->flags & OPF_RANGE) {
        range_effects(insn, e);
        return;
    }
    bool no_targets = (insn->op == OP_UNPACK || insn->op == OP_UNPACK_ITEM) && insn->c == 0; // `() = x` only looks at x
    if (!no_targets) operand_effects(info->format[0], insn->a, e);
    if (info->format[1] != 'L') {
        operand_effects(info->format[1], insn->b, e);
        operand_effects(info->format[2], insn->c, e);
    }
    if (info->flags & OPF_CALL) call_effects(insn, insn->b + has_receiver(insn, extra), info->flags, e);
    if (info->flags & OPF_SPECIAL && !no_targets) special_effects(insn, extra, info->flags, e);
}

bool opcode_jump(const Insn *insn, int32_t *offset)
{
    const char *format = opcode_info[insn->op].format;
    if (format[1] == 'L') *offset = insn->jump;
    else if (format[2] == 'J') *offset = (int16_t)insn->c;
    else return false;
    return true;
}

enum { FORMS = 5, PASSING_FORMS = 3, COMPARE_FORMS = 6, JUMP_FORM = 2 }; // of an operator, in opcodes.def

Opcode opcode_passing(uint32_t op)
{
    uint32_t n = op - OP_ADD;
    if (n > OP_TRUEDIV_KR - OP_ADD || n % FORMS >= PASSING_FORMS) return OP_NOP;
    return (Opcode)(OP_ADD_T + n / FORMS * PASSING_FORMS + n % FORMS);
}

Opcode opcode_plain(uint32_t op)
{
    if (!opcode_passes(op)) return (Opcode)op;
    uint32_t n = op - OP_ADD_T;
    return (Opcode)(OP_ADD + n / PASSING_FORMS * FORMS + n % PASSING_FORMS);
}

bool opcode_takes(const Insn *from, const Insn *to)
{
    uint32_t op = opcode_plain(to->op);
    bool computes = op >= OP_ADD && op <= OP_ITRUEDIV_RK;
    bool compares = op >= OP_LT && op <= OP_JNGE_RK && (op - OP_LT) % COMPARE_FORMS >= JUMP_FORM;
    if (!computes && !compares) return false;
    Effects e;
    opcode_effects(to, to + 1, &e);
    int reads = 0;
    for (int i = 0; i < e.nreads; i++) reads += e.reads[i].first == from->a;
    return reads == 1;
}
