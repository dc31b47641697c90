#include "vm/flow.h"
#include <stdlib.h>
#include <string.h>

/* Innermost handlers come first in the table, so writing them last leaves them on top. */
static void assign_handlers(Flow *flow)
{
    memset(flow->handler, 0xff, flow->ninsns * sizeof *flow->handler);
    for (uint32_t i = flow->nhandlers; i-- > 0;)
        for (uint32_t pc = flow->handlers[i].start; pc < flow->handlers[i].end; pc++) flow->handler[pc] = i;
}

static void mark_leaders(Flow *flow, uint8_t *leader)
{
    leader[0] = 1;
    for (uint32_t i = 0; i < flow->nhandlers; i++) leader[flow->handlers[i].target] = 1;
    for (uint32_t pc = 0; pc < flow->ninsns; pc = flow_next(flow, pc)) {
        FlowEdge edges[3];
        int n = flow_edges(flow, pc, edges);
        if (n == 1 && !edges[0].jumped) continue;
        for (int i = 0; i < n; i++) leader[edges[i].to] = 1;
        if (flow_next(flow, pc) < flow->ninsns) leader[flow_next(flow, pc)] = 1;
    }
}

static void number_blocks(Flow *flow, const uint8_t *leader)
{
    for (uint32_t pc = 0; pc < flow->ninsns; pc++) {
        if (leader[pc]) flow->start[flow->nblocks++] = pc;
        flow->block[pc] = flow->nblocks - 1;
    }
}

bool flow_init(Flow *flow, const Insn *insns, const uint32_t *targets, uint32_t ninsns, const CodeHandler *handlers,
               uint32_t nhandlers, uint32_t nregs)
{
    size_t n = ninsns;
    uint32_t *arrays = malloc((4 * n + 1) * sizeof *arrays);
    uint8_t *leader = calloc(n + 1, 1);
    *flow = (Flow){.insns = insns, .handlers = handlers, .ninsns = ninsns, .nhandlers = nhandlers, .nregs = nregs,
                   .words = (nregs + 63) / 64, .target = arrays};
    if (!arrays || !leader) {
        free(leader);
        flow_free(flow);
        return false;
    }
    flow->handler = arrays + n;
    flow->block = arrays + 2 * n;
    flow->start = arrays + 3 * n;
    memcpy(flow->target, targets, n * sizeof *targets);
    assign_handlers(flow);
    mark_leaders(flow, leader);
    number_blocks(flow, leader);
    free(leader);
    return true;
}

bool flow_of_record(Flow *flow, const CodeImage *image, const CodeRecord *record)
{
    const Insn *insns = code_at(image, record->insns);
    uint32_t *targets = malloc((record->ninsns + 1) * sizeof *targets);
    if (!targets) return false;
    for (uint32_t pc = 0; pc < record->ninsns; pc++) {
        int32_t offset;
        targets[pc] = opcode_jump(&insns[pc], &offset) ? pc + opcode_size(insns[pc].op) + (uint32_t)offset : FLOW_NONE;
    }
    bool ok = flow_init(flow, insns, targets, record->ninsns, code_at(image, record->handlers), record->nhandlers,
                        record->nregs);
    free(targets);
    return ok;
}

void flow_free(Flow *flow)
{
    free(flow->target);
    flow->target = NULL;
}

int flow_edges(const Flow *flow, uint32_t pc, FlowEdge edges[3])
{
    const Insn *insn = &flow->insns[pc];
    int n = 0;
    if (!(opcode_info[insn->op].flags & OPF_END)) edges[n++] = (FlowEdge){flow_next(flow, pc), false};
    if (insn->op == OP_FOR_ANEXT) edges[n++] = (FlowEdge){pc + 3, false}; // over ANEXT and DELEGATE
    if (flow->target[pc] != FLOW_NONE) edges[n++] = (FlowEdge){flow->target[pc], true};
    return n;
}

/* ---- which registers have been written ---- */

static void set_range(uint64_t *row, RegRange range)
{
    for (uint32_t i = 0; i < range.count; i++) row_set(row, range.first + i);
}

static void clear_from(const Flow *flow, uint64_t *row, uint32_t first)
{
    for (uint32_t reg = first; reg < flow->nregs; reg++) row_clear(row, reg);
}

void written_step(const Written *w, uint32_t pc, bool jumped, uint64_t *row)
{
    const Insn *insn = &w->flow->insns[pc];
    Effects e;
    opcode_effects(insn, insn + 1, &e);
    if (insn->op == OP_UNPACK_ITEM) row_clear(row, insn->b);
    if (pc && opcode_passes(insn[-1].op)) row_clear(row, insn[-1].a);
    if (e.clobbers != NO_CLOBBER) clear_from(w->flow, row, e.clobbers);
    if (!jumped || e.written_on_jump)
        for (int i = 0; i < e.nwrites; i++) set_range(row, e.writes[i]);
    if (!w->unset_is_unwritten) return;
    if (insn->op == OP_LOAD_UNSET) row_clear(row, insn->a);
    if (insn->op == OP_CHECK_LOCAL) row_set(row, insn->a);
}

/* Control may come to `block` with `row`: true if that changes what is known there. */
static bool merge(Written *w, uint32_t block, const uint64_t *row)
{
    uint64_t *known = written_row(w, block);
    uint32_t words = w->flow->words;
    if (!w->reached[block]) {
        w->reached[block] = 1;
        memcpy(known, row, words * sizeof *row);
        return true;
    }
    bool changed = false;
    for (uint32_t i = 0; i < words; i++) {
        changed |= (known[i] & ~row[i]) != 0;
        known[i] &= row[i];
    }
    return changed;
}

/* An exception at pc finds `row`, and the exception in the handler's register. */
static bool merge_handler(Written *w, uint32_t pc, uint64_t *row, uint64_t *scratch)
{
    uint32_t index = w->flow->handler[pc];
    if (index == FLOW_NONE) return false;
    const CodeHandler *handler = &w->flow->handlers[index];
    memcpy(scratch, row, w->flow->words * sizeof *row);
    row_set(scratch, handler->reg);
    return merge(w, w->flow->block[handler->target], scratch);
}

static bool merge_edges(Written *w, uint32_t pc, const uint64_t *row, uint64_t *scratch)
{
    FlowEdge edges[3];
    int n = flow_edges(w->flow, pc, edges);
    bool changed = false;
    for (int i = 0; i < n; i++) {
        memcpy(scratch, row, w->flow->words * sizeof *row);
        written_step(w, pc, edges[i].jumped, scratch);
        changed |= merge(w, w->flow->block[edges[i].to], scratch);
    }
    return changed;
}

/* Walk one block from what is known at its start; true if some block then knows something new. */
static bool walk_block(Written *w, uint32_t block, uint64_t *row, uint64_t *scratch)
{
    const Flow *flow = w->flow;
    uint32_t end = block + 1 < flow->nblocks ? flow->start[block + 1] : flow->ninsns;
    memcpy(row, written_row(w, block), flow->words * sizeof *row);
    bool changed = false;
    for (uint32_t pc = flow->start[block]; pc < end; pc = flow_next(flow, pc)) {
        changed |= merge_handler(w, pc, row, scratch);
        if (flow_next(flow, pc) >= end) changed |= merge_edges(w, pc, row, scratch);
        else written_step(w, pc, false, row);
    }
    return changed;
}

bool written_init(Written *w, const Flow *flow, bool unset_is_unwritten, const uint64_t *entry)
{
    *w = (Written){.flow = flow, .unset_is_unwritten = unset_is_unwritten};
    w->rows = calloc((size_t)flow->nblocks * flow->words + 1, sizeof *w->rows);
    w->reached = calloc(flow->nblocks, 1);
    uint64_t *rows = malloc((2 * (size_t)flow->words + 1) * sizeof *rows);
    bool ok = w->rows && w->reached && rows;
    if (ok) {
        merge(w, 0, entry);
        for (bool changed = true; changed;) {
            changed = false;
            for (uint32_t block = 0; block < flow->nblocks; block++)
                if (w->reached[block]) changed |= walk_block(w, block, rows, rows + flow->words);
        }
    }
    free(rows);
    if (!ok) written_free(w);
    return ok;
}

void written_free(Written *w)
{
    free(w->rows);
    free(w->reached);
    w->rows = NULL;
    w->reached = NULL;
}
