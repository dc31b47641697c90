#include "lang/definite.h"
#include "vm/flow.h"
#include <stdlib.h>
#include <string.h>

/* Above this many words of rows a function is left as it is: correct, only slower. */
enum { MAX_ROW_WORDS = 1 << 23 };

typedef struct Prune {
    Draft *draft;
    Flow flow;
    Written must, may; // `may` in heap code only
    uint64_t *unset;   // registers whose initial LOAD_UNSET is wanted
    uint32_t nparams, nnamed;
    bool heap;
} Prune;

static bool build_flow(Prune *p)
{
    Draft *d = p->draft;
    uint32_t *targets = malloc((d->count + 1) * sizeof *targets);
    CodeHandler *handlers = arena_array(d->arena, d->nranges + 1, sizeof *handlers);
    bool ok = targets && handlers;
    if (ok) {
        for (uint32_t i = 0; i < d->count; i++)
            targets[i] = d->labels[i] == NO_LABEL ? FLOW_NONE : d->bound[d->labels[i]];
        for (uint32_t i = 0; i < d->nranges; i++) {
            const DraftRange *range = &d->ranges[i];
            handlers[i] = (CodeHandler){range->start, range->end, d->bound[range->target], range->reg, range->flags};
        }
        ok = flow_init(&p->flow, d->insns, targets, d->count, handlers, d->nranges, d->nregs);
    }
    free(targets);
    return ok;
}

static uint32_t block_end(const Flow *flow, uint32_t block)
{
    return block + 1 < flow->nblocks ? flow->start[block + 1] : flow->ninsns;
}

static void kill_block(Prune *p, uint32_t block)
{
    for (uint32_t pc = p->flow.start[block]; pc < block_end(&p->flow, block); pc++) p->draft->marks[pc] |= MARK_DEAD;
}

/* A check that may fail needs a register that says so. */
static void prune_checks(Prune *p, uint32_t block, uint64_t *row)
{
    const Flow *flow = &p->flow;
    memcpy(row, written_row(&p->must, block), flow->words * sizeof *row);
    for (uint32_t pc = flow->start[block]; pc < block_end(flow, block); pc = flow_next(flow, pc)) {
        const Insn *insn = &flow->insns[pc];
        if (insn->op == OP_CHECK_LOCAL && row_has(row, insn->a)) p->draft->marks[pc] |= MARK_DEAD;
        else if (insn->op == OP_CHECK_LOCAL) row_set(p->unset, insn->a);
        written_step(&p->must, pc, false, row);
    }
}

/* `.locals` of a suspended frame tells bound locals from unbound ones: those that are certainly neither need to say. */
static void keep_doubtful_locals(Prune *p, uint32_t block, uint64_t *must, uint64_t *may)
{
    const Flow *flow = &p->flow;
    memcpy(must, written_row(&p->must, block), flow->words * sizeof *must);
    memcpy(may, written_row(&p->may, block), flow->words * sizeof *may);
    for (uint32_t pc = flow->start[block]; pc < block_end(flow, block); pc = flow_next(flow, pc)) {
        if (opcode_suspends(flow->insns[pc].op))
            for (uint32_t reg = p->nparams; reg < p->nnamed; reg++)
                if (row_has(may, reg) && !row_has(must, reg)) row_set(p->unset, reg);
        written_step(&p->must, pc, false, must);
        written_step(&p->may, pc, false, may);
    }
}

static void drop_needless_unsets(Prune *p)
{
    Draft *d = p->draft;
    for (uint32_t i = 0; i < d->count; i++)
        if (d->marks[i] & MARK_INITIAL && !row_has(p->unset, d->insns[i].a)) d->marks[i] |= MARK_DEAD;
}

static void prune(Prune *p, uint64_t *rows)
{
    for (uint32_t block = 0; block < p->flow.nblocks; block++) {
        if (!p->must.reached[block]) {
            kill_block(p, block);
            continue;
        }
        prune_checks(p, block, rows);
        if (p->heap) keep_doubtful_locals(p, block, rows, rows + p->flow.words);
    }
    drop_needless_unsets(p);
}

static bool analyse(Prune *p)
{
    size_t words = p->flow.words;
    uint64_t *rows = calloc(4 * words + 1, sizeof *rows); // two to walk with, the entry, and `unset`
    if (!rows) return false;
    uint64_t *entry = rows + 2 * words;
    p->unset = rows + 3 * words;
    for (uint32_t reg = 0; reg < p->nparams; reg++) row_set(entry, reg);

    bool ok = written_init(&p->must, &p->flow, FLOW_MUST, true, entry);
    if (ok && p->heap) ok = written_init(&p->may, &p->flow, FLOW_MAY, true, entry);
    if (ok) prune(p, rows);
    written_free(&p->must);
    written_free(&p->may);
    free(rows);
    return ok;
}

bool definite_prune(Draft *draft, uint32_t nparams, uint32_t nnamed, bool heap)
{
    Prune p = {.draft = draft, .nparams = nparams, .nnamed = nnamed, .heap = heap};
    if (!build_flow(&p)) return false;
    bool small = (size_t)p.flow.nblocks * p.flow.words <= MAX_ROW_WORDS;
    bool ok = !small || analyse(&p);
    flow_free(&p.flow);
    return ok;
}
