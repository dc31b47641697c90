#include "vm/verify.h"
#include "vm/lines.h"
#include "vm/flow.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CONST_DEPTH = 100 };

typedef struct Verifier {
    const CodeImage *image;
    size_t size;
    const CodeRecord *record;
    uint32_t index; // of record
    char *why;
    size_t len;
} Verifier;

__attribute__((format(printf, 2, 3))) static bool fail(Verifier *v, const char *format, ...)
{
    va_list args;
    int n = v->record ? snprintf(v->why, v->len, "record %u: ", v->index) : 0;
    va_start(args, format);
    if (n >= 0 && (size_t)n < v->len) vsnprintf(v->why + n, v->len - (size_t)n, format, args);
    va_end(args);
    return false;
}

/* ---- the image as memory ---- */

static bool inside(const Verifier *v, uint32_t offset, uint64_t count, size_t item, size_t alignment)
{
    return offset % alignment == 0 && offset <= v->size && count * item <= v->size - offset;
}

#define CHECK_ARRAY(v, offset, count, Type)                                                                           \
    do {                                                                                                              \
        if (!inside(v, offset, count, sizeof(Type), _Alignof(Type))) return fail(v, #offset " is outside the image"); \
    } while (0)

static bool check_text(Verifier *v, CodeText text, const char *what)
{
    return inside(v, text.offset, text.len, 1, 1) || fail(v, "%s is outside the image", what);
}

static bool check_header(Verifier *v)
{
    const CodeImage *im = v->image;
    if (v->size < sizeof *im || im->magic != CODE_MAGIC) return fail(v, "not a code image");
    if (im->version != CODE_VERSION) return fail(v, "version %u, not %u", im->version, CODE_VERSION);
    if (im->size > v->size) return fail(v, "truncated");
    v->size = im->size;
    if (im->nrecords == 0) return fail(v, "no records");
    CHECK_ARRAY(v, im->records, im->nrecords, CodeRecord);
    return check_text(v, im->filename, "file name");
}

static bool check_const(Verifier *v, const CodeConst *k, int depth)
{
    switch (k->kind) {
    case CONST_NONE:
    case CONST_TRUE:
    case CONST_FALSE:
    case CONST_ELLIPSIS:
    case CONST_INT:
    case CONST_FLOAT:
    case CONST_UNSET: return true;
    case CONST_BIGINT:
    case CONST_STR:
    case CONST_BYTES: return check_text(v, (CodeText){k->offset, k->len}, "text of a constant");
    case CONST_CODE:
        return k->data < v->image->nrecords || fail(v, "no such record: %lu", (unsigned long)k->data);
    case CONST_TUPLE:
    case CONST_FROZENSET: break;
    default: return fail(v, "constant of unknown kind %u", k->kind);
    }
    if (depth == MAX_CONST_DEPTH) return fail(v, "constants nested too deep");
    CHECK_ARRAY(v, k->offset, k->len, CodeConst);
    const CodeConst *items = code_at(v->image, k->offset);
    for (uint32_t i = 0; i < k->len; i++)
        if (!check_const(v, &items[i], depth + 1)) return false;
    return true;
}

static bool check_locals(Verifier *v)
{
    const CodeRecord *r = v->record;
    const CodeLocal *locals = code_at(v->image, r->locals);
    for (uint32_t i = 0; i < r->nlocals; i++) {
        uint32_t limit = locals[i].flags & LOCAL_FREE ? r->nfree : r->nregs;
        if (!check_text(v, locals[i].name, "name of a local")) return false;
        if (locals[i].reg >= limit) return fail(v, "local %u in register %u", i, locals[i].reg);
    }
    return true;
}

static bool check_names(Verifier *v)
{
    const CodeRecord *r = v->record;
    const CodeText *globals = code_at(v->image, r->globals);
    const CodeCapture *captures = code_at(v->image, r->captures);
    if (!check_text(v, r->name, "name") || !check_text(v, r->qualname, "qualname")) return false;
    for (uint32_t i = 0; i < r->nglobals; i++)
        if (!check_text(v, globals[i], "name of a global")) return false;
    for (uint32_t i = 0; i < r->nfree; i++)
        if (!check_text(v, captures[i].name, "name of a captured variable")) return false;
    return check_locals(v);
}

static uint32_t count_params(const CodeRecord *r)
{
    return (uint32_t)r->nparams + r->nkwonly + !!(r->flags & CODE_VARARGS) + !!(r->flags & CODE_VARKW);
}

static bool check_record(Verifier *v)
{
    const CodeRecord *r = v->record;
    CHECK_ARRAY(v, r->insns, r->ninsns, Insn);
    CHECK_ARRAY(v, r->consts, r->nconsts, CodeConst);
    CHECK_ARRAY(v, r->globals, r->nglobals, CodeText);
    CHECK_ARRAY(v, r->handlers, r->nhandlers, CodeHandler);
    CHECK_ARRAY(v, r->lines, r->lines_size, char);
    CHECK_ARRAY(v, r->locals, r->nlocals, CodeLocal);
    CHECK_ARRAY(v, r->captures, r->nfree, CodeCapture);
    if (r->nregs > UINT16_MAX + 1u) return fail(v, "%u registers", r->nregs);
    if (count_params(r) > r->nregs || r->nposonly > r->nparams)
        return fail(v, "more parameters than registers");
    if (!r->ninsns) return fail(v, "no instructions");
    const CodeConst *consts = code_at(v->image, r->consts);
    for (uint32_t i = 0; i < r->nconsts; i++)
        if (!check_const(v, &consts[i], 0)) return false;
    if (r->doc != -1 && (r->doc < 0 || (uint32_t)r->doc >= r->nconsts || consts[r->doc].kind != CONST_STR))
        return fail(v, "doc is no string");
    return check_names(v);
}

/* ---- instructions ---- */

static bool is_insn(const CodeRecord *r, const Insn *insns, uint32_t pc)
{
    return pc < r->ninsns && insns[pc].op != OP_EXTRA;
}

/* A function's captured cells come from registers and captured cells of the code that makes it. */
static bool check_captures(Verifier *v, uint32_t pc, const CodeConst *k)
{
    if (k->kind != CONST_CODE) return fail(v, "%u: function of something that is no code", pc);
    const CodeRecord *made = code_record(v->image, (uint32_t)k->data);
    CHECK_ARRAY(v, made->captures, made->nfree, CodeCapture);
    const CodeCapture *captures = code_at(v->image, made->captures);
    for (uint32_t i = 0; i < made->nfree; i++) {
        uint32_t limit = captures[i].from == CAPTURE_FREE ? v->record->nfree : v->record->nregs;
        if (captures[i].index >= limit)
            return fail(v, "%u: captures cell %u of %u", pc, captures[i].index, limit);
    }
    return true;
}

static bool check_operand(Verifier *v, uint32_t pc, char letter, uint32_t operand)
{
    const CodeRecord *r = v->record;
    switch (letter) {
    case 'W':
    case 'R':
    case 'M': return operand < r->nregs || fail(v, "%u: register %u of %u", pc, operand, r->nregs);
    case 'K': return operand < r->nconsts || fail(v, "%u: constant %u of %u", pc, operand, r->nconsts);
    case 'G': return operand < r->nglobals || fail(v, "%u: global %u of %u", pc, operand, r->nglobals);
    case 'F': return operand < r->nfree || fail(v, "%u: captured cell %u of %u", pc, operand, r->nfree);
    default: return true;
    }
}

static bool check_ranges(Verifier *v, uint32_t pc, const RegRange *ranges, int count)
{
    uint32_t nregs = v->record->nregs;
    for (int i = 0; i < count; i++)
        if (ranges[i].first > nregs || ranges[i].count > nregs - ranges[i].first)
            return fail(v, "%u: registers %u+%u of %u", pc, ranges[i].first, ranges[i].count, nregs);
    return true;
}

static bool check_extra(Verifier *v, const Insn *insns, uint32_t pc)
{
    const CodeRecord *r = v->record;
    if (pc + 1 >= r->ninsns || insns[pc + 1].op != OP_EXTRA) return fail(v, "%u: extra word is missing", pc);
    const Insn *extra = &insns[pc + 1];
    switch (insns[pc].op) {
    case OP_CALL_KW:
    case OP_CALL_KW_H: return check_operand(v, pc, 'K', extra->a);
    case OP_MATCH_CLASS: return check_operand(v, pc, 'K', extra->b);
    case OP_AWAIT_CALL_H:
    case OP_AWAIT_METHOD_H: return check_operand(v, pc, 'R', extra->a);
    default: return true;
    }
}

static bool check_insn(Verifier *v, const Insn *insns, uint32_t pc)
{
    const CodeRecord *r = v->record;
    const Insn *insn = &insns[pc];
    if (insn->op >= OP_COUNT || insn->op == OP_EXTRA) return fail(v, "%u: opcode %u", pc, insn->op);
    const OpcodeInfo *info = &opcode_info[insn->op];
    if (info->flags & OPF_X && !check_extra(v, insns, pc)) return false;
    bool wide = info->format[1] == 'L', range = info->flags & OPF_RANGE;
    if (!check_operand(v, pc, info->format[0], insn->a)) return false;
    if (!wide && !range && !check_operand(v, pc, info->format[1], insn->b)) return false;
    if (!wide && !range && !check_operand(v, pc, info->format[2], insn->c)) return false;

    Effects e;
    opcode_effects(insn, insn + 1, &e);
    if (!check_ranges(v, pc, e.reads, e.nreads) || !check_ranges(v, pc, e.writes, e.nwrites)) return false;
    int32_t offset;
    if (opcode_jump(insn, &offset) && !is_insn(r, insns, pc + opcode_size(insn->op) + (uint32_t)offset))
        return fail(v, "%u: jump out of the code", pc);
    if (info->flags & OPF_H && !(r->flags & CODE_HEAP)) return fail(v, "%u: heap form in stack code", pc);
    if (e.clobbers != NO_CLOBBER && r->flags & CODE_HEAP) return fail(v, "%u: stack form in heap code", pc);
    if (insn->op == OP_MAKE_FUNCTION || insn->op == OP_MAKE_CLOSURE)
        return check_captures(v, pc, (const CodeConst *)code_at(v->image, r->consts) + insn->b);
    return true;
}

/* FOR_ANEXT goes on after the two instructions that follow it, LOOP_FOR after its target; others go on at the next. */
static bool check_ends(Verifier *v, const Insn *insns, uint32_t pc, uint32_t last)
{
    if (insns[pc].op == OP_FOR_ANEXT &&
        !(is_insn(v->record, insns, pc + 3) && insns[pc + 1].op == OP_ANEXT && insns[pc + 2].op == OP_DELEGATE))
        return fail(v, "%u: FOR_ANEXT without ANEXT and DELEGATE", pc);
    const Insn *head = insns + pc + 1 + (int16_t)insns[pc].c;
    if (insns[pc].op == OP_LOOP_FOR &&
        !(head->op == OP_FOR_NEXT && head->a == insns[pc].a && head->b == insns[pc].b))
        return fail(v, "%u: LOOP_FOR to something else than its FOR_NEXT", pc);
    if (insns[pc].op == OP_FOR_NEXT && insns[pc + 1].op == OP_UNPACK_ITEM && insns[pc + 1].b != insns[pc].a)
        return fail(v, "%u: UNPACK_ITEM of something else than the item", pc);
    if (opcode_passes(insns[pc].op) && (pc == last || !opcode_takes(&insns[pc], &insns[pc + 1])))
        return fail(v, "%u: passes on what the next instruction does not take", pc);
    if (pc == last && !(opcode_info[insns[pc].op].flags & OPF_END)) return fail(v, "%u: runs off the end", pc);
    return true;
}

static bool check_insns(Verifier *v)
{
    const CodeRecord *r = v->record;
    const Insn *insns = code_at(v->image, r->insns);
    for (uint32_t pc = 0; pc < r->ninsns; pc += opcode_size(insns[pc].op))
        if (!check_insn(v, insns, pc)) return false;
    for (uint32_t pc = 0; pc < r->ninsns; pc += opcode_size(insns[pc].op))
        if (!check_ends(v, insns, pc, r->ninsns - opcode_size(insns[pc].op))) return false;
    return true;
}

static bool check_handlers(Verifier *v)
{
    const CodeRecord *r = v->record;
    const Insn *insns = code_at(v->image, r->insns);
    const CodeHandler *handlers = code_at(v->image, r->handlers);
    for (uint32_t i = 0; i < r->nhandlers; i++) {
        const CodeHandler *h = &handlers[i];
        if (h->start >= h->end || h->end > r->ninsns || !is_insn(r, insns, h->target) || h->reg >= r->nregs)
            return fail(v, "handler %u is not sound", i);
    }
    return true;
}

static bool check_lines(Verifier *v)
{
    const CodeRecord *r = v->record;
    LineReader reader = lines_of(v->image, r);
    for (uint32_t last = UINT32_MAX; line_next(&reader); last = reader.line.pc)
        if (reader.line.pc >= r->ninsns || (last != UINT32_MAX && reader.line.pc <= last) || !reader.line.line)
            return fail(v, "the line at %u is not sound", reader.line.pc);
    return reader.at == reader.end || fail(v, "the table of lines is cut off");
}

/* ---- registers are written before they are read ---- */

static bool check_reads(Verifier *v, const Flow *flow, uint32_t pc, const uint64_t *row)
{
    Effects e;
    opcode_effects(&flow->insns[pc], &flow->insns[pc] + 1, &e);
    for (int i = 0; i < e.nreads; i++)
        for (uint32_t k = 0; k < e.reads[i].count; k++)
            if (!row_has(row, e.reads[i].first + k))
                return fail(v, "%u: %s reads register %u, which may not have been written", pc,
                            opcode_info[flow->insns[pc].op].name, e.reads[i].first + k);
    return true;
}

/* A function made here finds its captured cells in registers. */
static bool check_captured(Verifier *v, const Flow *flow, uint32_t pc, const uint64_t *row)
{
    const Insn *insn = &flow->insns[pc];
    if (insn->op != OP_MAKE_FUNCTION && insn->op != OP_MAKE_CLOSURE) return true;
    const CodeConst *consts = code_at(v->image, v->record->consts);
    const CodeRecord *made = code_record(v->image, (uint32_t)consts[insn->b].data);
    const CodeCapture *captures = code_at(v->image, made->captures);
    for (uint32_t i = 0; i < made->nfree; i++)
        if (captures[i].from == CAPTURE_LOCAL && !row_has(row, captures[i].index))
            return fail(v, "%u: captures register %u, which may not have been written", pc, captures[i].index);
    return true;
}

static bool check_blocks(Verifier *v, const Flow *flow, const Written *written, uint64_t *row)
{
    for (uint32_t block = 0; block < flow->nblocks; block++) {
        if (!written->reached[block]) continue;
        uint32_t end = block + 1 < flow->nblocks ? flow->start[block + 1] : flow->ninsns;
        memcpy(row, written_row(written, block), flow->words * sizeof *row);
        for (uint32_t pc = flow->start[block]; pc < end; pc = flow_next(flow, pc)) {
            if (!check_reads(v, flow, pc, row) || !check_captured(v, flow, pc, row)) return false;
            written_step(written, pc, false, row);
        }
    }
    return true;
}

/* How many registers hold something at the start: a heap frame's are all unset, if nothing else. */
static uint32_t count_given(const CodeRecord *r)
{
    if (r->flags & CODE_HEAP) return r->nregs;
    return r->flags & CODE_NAMESPACE ? r->nregs > 0 : count_params(r);
}

static bool check_flow(Verifier *v)
{
    Flow flow;
    Written written;
    if (!flow_of_record(&flow, v->image, v->record)) return fail(v, "out of memory");
    uint64_t *rows = calloc(2 * (size_t)flow.words + 1, sizeof *rows);
    bool ok = false;
    if (rows) {
        for (uint32_t reg = 0; reg < count_given(v->record); reg++) row_set(rows, reg);
        ok = written_init(&written, &flow, false, rows);
    }
    if (!ok) {
        fail(v, "out of memory");
    } else {
        ok = check_blocks(v, &flow, &written, rows + flow.words);
        written_free(&written);
    }
    free(rows);
    flow_free(&flow);
    return ok;
}

bool image_verify(const CodeImage *image, size_t size, char *why, size_t len)
{
    Verifier v = {.image = image, .size = size, .why = why, .len = len};
    if (!check_header(&v)) return false;
    for (v.index = 0; v.index < image->nrecords; v.index++) {
        v.record = code_record(image, v.index);
        if (!check_record(&v)) return false;
    }
    for (v.index = 0; v.index < image->nrecords; v.index++) {
        v.record = code_record(image, v.index);
        if (!check_insns(&v) || !check_handlers(&v) || !check_lines(&v) || !check_flow(&v)) return false;
    }
    return true;
}
