#include "lang/definite.h"
#include "vm/flow.h"
#include <stdlib.h>
#include <string.h>

/* Above this many words of rows a function is left as it is: correct, only slower. */
enum { MAX_ROW_WORDS = 1 << 23 };

typedef struct Prune {
    Draft *draft;
    Flow flow;
    Written written; // assigned on every way
    uint64_t *unset; // registers whose initial LOAD_UNSET is wanted
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
            handlers[i] =
                (CodeHandler){range->start, range->end, d->bound[range->target], range->reg, range->flags};
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
    for (uint32_t pc = p->flow.start[block]; pc < block_end(&p->flow, block); pc++)
        p->draft->marks[pc] |= MARK_DEAD;
}

/* A check that may fail needs a register that says so. */
static void prune_checks(Prune *p, uint32_t block, uint64_t *row)
{
    const Flow *flow = &p->flow;
    memcpy(row, written_row(&p->written, block), flow->words * sizeof *row);
    for (uint32_t pc = flow->start[block]; pc < block_end(flow, block); pc = flow_next(flow, pc)) {
        const Insn *insn = &flow->insns[pc];
        if (insn->op == OP_CHECK_LOCAL && row_has(row, insn->a)) p->draft->marks[pc] |= MARK_DEAD;
        else if (insn->op == OP_CHECK_LOCAL) row_set(p->unset, insn->a);
        written_step(&p->written, pc, false, row);
    }
}

static void drop_needless_unsets(Prune *p)
{
    Draft *d = p->draft;
    for (uint32_t i = 0; i < d->count; i++)
        if (d->marks[i] & MARK_INITIAL && !row_has(p->unset, d->insns[i].a)) d->marks[i] |= MARK_DEAD;
}

static void prune(Prune *p, uint64_t *row)
{
    for (uint32_t block = 0; block < p->flow.nblocks; block++) {
        if (!p->written.reached[block]) {
            kill_block(p, block);
            continue;
        }
        prune_checks(p, block, row);
    }
    drop_needless_unsets(p);
}

static bool analyse(Prune *p, uint32_t nparams)
{
    size_t words = p->flow.words;
    uint64_t *rows = calloc(3 * words + 1, sizeof *rows); // one to walk with, the entry, and `unset`
    if (!rows) return false;
    uint64_t *entry = rows + words;
    p->unset = rows + 2 * words;
    for (uint32_t reg = 0; reg < nparams; reg++) row_set(entry, reg);

    bool ok = written_init(&p->written, &p->flow, true, entry);
    if (ok) prune(p, rows);
    written_free(&p->written);
    free(rows);
    return ok;
}

bool definite_prune(Draft *draft, uint32_t nparams)
{
    Prune p = {.draft = draft};
    if (!build_flow(&p)) return false;
    bool small = (size_t)p.flow.nblocks * p.flow.words <= MAX_ROW_WORDS;
    bool ok = !small || analyse(&p, nparams);
    flow_free(&p.flow);
    return ok;
}
