#include "vm/liveness.h"
#include "vm/flow.h"
#include <stdlib.h>
#include <string.h>

/* Rows are shared by runs of instructions with the same registers live, which are most. */
struct Liveness {
    uint32_t ninsns, words;
    uint32_t *at;     // per instruction: its row
    uint32_t *during; // per instruction: the row while it is being executed
    uint64_t *rows;
    size_t nrows, capacity;
};

/* What the analysis carries around. */
typedef struct Backward {
    const Flow *flow;
    const CodeImage *image;
    const CodeConst *consts;
    uint64_t *in;     // per block: live at its start
    uint64_t *row;    // at the place reached
    uint64_t *during; // inside the instruction passed last
    uint64_t *edge;
} Backward;

static uint64_t *block_in(const Backward *b, uint32_t pc)
{
    return b->in + (size_t)b->flow->block[pc] * b->flow->words;
}

static void row_join(uint64_t *row, const uint64_t *other, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++) row[i] |= other[i];
}

static void apply_ranges(uint64_t *row, const RegRange *ranges, int count, bool live)
{
    for (int i = 0; i < count; i++) {
        for (uint32_t k = 0; k < ranges[i].count; k++) {
            if (live) row_set(row, ranges[i].first + k);
            else row_clear(row, ranges[i].first + k);
        }
    }
}

/* Live right after the instruction at pc, but for what it writes itself; `row` is live at the next
 * instruction, which only counts if that is in the same block. */
static void step_over(const Backward *b, uint32_t pc, const Effects *e, bool last_of_block)
{
    const Flow *flow = b->flow;
    size_t bytes = flow->words * sizeof *b->row;
    if (!last_of_block) {
        apply_ranges(b->row, e->writes, e->nwrites, false);
        return;
    }
    FlowEdge edges[3];
    int n = flow_edges(flow, pc, edges);
    memset(b->row, 0, bytes);
    for (int i = 0; i < n; i++) {
        memcpy(b->edge, block_in(b, edges[i].to), bytes);
        if (!edges[i].jumped || e->written_on_jump) apply_ranges(b->edge, e->writes, e->nwrites, false);
        row_join(b->row, b->edge, flow->words);
    }
}

static void add_handler(const Backward *b, uint32_t pc)
{
    uint32_t index = b->flow->handler[pc];
    if (index == FLOW_NONE) return;
    const CodeHandler *handler = &b->flow->handlers[index];
    memcpy(b->edge, block_in(b, handler->target), b->flow->words * sizeof *b->row);
    row_clear(b->edge, handler->reg);
    row_join(b->row, b->edge, b->flow->words);
}

/* A function that is made reads the cells it captures. */
static void add_captures(const Backward *b, const Insn *insn)
{
    if (insn->op != OP_MAKE_FUNCTION && insn->op != OP_MAKE_CLOSURE) return;
    const CodeRecord *made = code_record(b->image, (uint32_t)b->consts[insn->b].data);
    const CodeCapture *captures = code_at(b->image, made->captures);
    for (uint16_t i = 0; i < made->nfree; i++)
        if (captures[i].from == CAPTURE_LOCAL) row_set(b->row, captures[i].index);
}

/* `row`: from after the instruction at pc to before it. */
static void step_back(const Backward *b, uint32_t pc, bool last_of_block)
{
    const Insn *insn = &b->flow->insns[pc];
    Effects e;
    opcode_effects(insn, insn + 1, &e);
    step_over(b, pc, &e, last_of_block);
    add_handler(b, pc);
    // What is yielded is the receiver's: a suspended generator does not hold on to it.
    bool gives_away = insn->op == OP_YIELD || insn->op == OP_YIELD_ASYNC;
    if (gives_away) memcpy(b->during, b->row, b->flow->words * sizeof *b->row);
    apply_ranges(b->row, e.reads, e.nreads, true);
    add_captures(b, insn);
    if (!gives_away) memcpy(b->during, b->row, b->flow->words * sizeof *b->row);
    if (insn->op == OP_AWAIT_CALL_H || insn->op == OP_AWAIT_METHOD_H) row_set(b->during, insn[1].a);
}

static uint32_t block_end(const Flow *flow, uint32_t block)
{
    return block + 1 < flow->nblocks ? flow->start[block + 1] : flow->ninsns;
}

static uint32_t previous(const Flow *flow, uint32_t pc)
{
    return flow->insns[pc - 1].op == OP_EXTRA ? pc - 2 : pc - 1;
}

typedef void Visit(void *state, const Backward *b, uint32_t pc);

static void walk_back(const Backward *b, uint32_t block, Visit *visit, void *state)
{
    uint32_t start = b->flow->start[block], end = block_end(b->flow, block);
    for (uint32_t pc = end; pc > start;) {
        uint32_t at = previous(b->flow, pc);
        step_back(b, at, pc == end);
        if (visit) visit(state, b, at);
        pc = at;
    }
}

/* Rows only ever gain bits, so this ends. */
static void find_fixpoint(const Backward *b)
{
    size_t bytes = b->flow->words * sizeof *b->row;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t block = b->flow->nblocks; block-- > 0;) {
            uint64_t *in = block_in(b, b->flow->start[block]);
            walk_back(b, block, NULL, NULL);
            if (memcmp(in, b->row, bytes) == 0) continue;
            memcpy(in, b->row, bytes);
            changed = true;
        }
    }
}

/* ---- the finished table ---- */

typedef struct Recorder {
    Liveness *liveness;
    const uint64_t *named; // registers that are live everywhere,
    uint32_t from;         // that is from here on: before it they are being unset
    uint64_t *row;
    bool failed;
} Recorder;

/* The number of a row with these bits: the last one again if it has them. */
static uint32_t add_row(Recorder *r, const uint64_t *row)
{
    Liveness *l = r->liveness;
    size_t bytes = l->words * sizeof *row;
    for (size_t back = 1; back <= 2 && back <= l->nrows; back++)
        if (memcmp(l->rows + (l->nrows - back) * l->words, row, bytes) == 0) return (uint32_t)(l->nrows - back);
    if (l->nrows == l->capacity) {
        size_t capacity = l->capacity ? l->capacity * 2 : 16;
        uint64_t *rows = realloc(l->rows, capacity * (bytes ? bytes : 1));
        if (!rows) {
            r->failed = true;
            return 0;
        }
        l->rows = rows;
        l->capacity = capacity;
    }
    memcpy(l->rows + l->nrows * l->words, row, bytes);
    return (uint32_t)l->nrows++;
}

static uint32_t record_row(Recorder *r, uint32_t pc, const uint64_t *row)
{
    if (pc < r->from) return add_row(r, row);
    for (uint32_t i = 0; i < r->liveness->words; i++) r->row[i] = row[i] | r->named[i];
    return add_row(r, r->row);
}

static void record(void *state, const Backward *b, uint32_t pc)
{
    Recorder *r = state;
    r->liveness->at[pc] = record_row(r, pc, b->row);
    r->liveness->during[pc] = record_row(r, pc, b->during);
}

static void find_named(const CodeImage *image, const CodeRecord *rec, uint64_t *named)
{
    const CodeLocal *locals = code_at(image, rec->locals);
    for (uint32_t i = 0; i < rec->nlocals; i++)
        if (!(locals[i].flags & LOCAL_FREE)) row_set(named, locals[i].reg);
}

/* Where the instructions end that give the named locals of stack code their first contents. */
static uint32_t prologue_end(const Flow *flow)
{
    uint32_t pc = 0;
    while (flow->insns[pc].op == OP_LOAD_UNSET || flow->insns[pc].op == OP_NEW_CELL || flow->insns[pc].op == OP_WRAP_CELL)
        pc++;
    return pc;
}

static bool compute(Liveness *l, const Flow *flow, const CodeImage *image, const CodeRecord *rec)
{
    size_t words = flow->words;
    uint64_t *bits = calloc((flow->nblocks + 5) * words + 1, sizeof *bits);
    if (!bits) return false;
    uint64_t *rows = bits + flow->nblocks * words;
    Backward b = {flow, image, code_at(image, rec->consts), bits, rows, rows + words, rows + 2 * words};
    Recorder r = {.liveness = l, .named = rows + 3 * words, .row = rows + 4 * words};
    if (rec->flags & (CODE_HEAP | CODE_LOCALS)) find_named(image, rec, rows + 3 * words);
    if (!(rec->flags & CODE_HEAP)) r.from = prologue_end(flow);
    find_fixpoint(&b);
    for (uint32_t block = 0; block < flow->nblocks; block++) walk_back(&b, block, record, &r);
    free(bits);
    return !r.failed;
}

/* liveness_during finds an instruction by its end, which may be that of its extra word. */
static void fill_extra_words(Liveness *l, const Flow *flow)
{
    for (uint32_t pc = 1; pc < flow->ninsns; pc++) {
        if (flow->insns[pc].op != OP_EXTRA) continue;
        l->at[pc] = l->at[pc - 1];
        l->during[pc] = l->during[pc - 1];
    }
}

Liveness *liveness_new(const CodeImage *image, const CodeRecord *rec)
{
    Flow flow;
    Liveness *l = calloc(1, sizeof *l);
    if (!l || !flow_of_record(&flow, image, rec)) {
        free(l);
        return NULL;
    }
    l->ninsns = rec->ninsns;
    l->words = flow.words;
    l->at = calloc(2 * (size_t)rec->ninsns + 1, sizeof *l->at);
    l->during = l->at ? l->at + rec->ninsns : NULL;
    bool ok = l->at && compute(l, &flow, image, rec);
    if (ok) fill_extra_words(l, &flow);
    flow_free(&flow);
    if (ok) return l;
    liveness_free(l);
    return NULL;
}

void liveness_free(Liveness *l)
{
    if (!l) return;
    free(l->at);
    free(l->rows);
    free(l);
}

const uint64_t *liveness_at(const Liveness *l, uint32_t pc) { return l->rows + (size_t)l->at[pc] * l->words; }

const uint64_t *liveness_during(const Liveness *l, uint32_t next)
{
    return next ? l->rows + (size_t)l->during[next - 1] * l->words : liveness_at(l, 0);
}
