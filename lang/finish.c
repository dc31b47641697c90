#include "lang/finish.h"
#include "lang/definite.h"
#include "vm/opcode.h"
#include <string.h>

//-- shortcuts ---------------------------------------------------------------------------------------

enum { MAX_HOPS = 64 }; // of a jump to a jump to a jump ...

static Label final_label(const Draft *d, Label label)
{
    for (int hops = 0; hops < MAX_HOPS; hops++) {
        uint32_t at = d->bound[label];
        if (at >= d->count || d->insns[at].op != OP_JMP) break;
        label = d->labels[at];
    }
    return label;
}

/* A jump to the end of a loop's body goes round at once. */
static void join_loop(Draft *d, uint32_t i)
{
    uint32_t at = d->bound[d->labels[i]];
    if (d->insns[i].op != OP_JMP || at >= d->count || d->insns[at].op != OP_LOOP) return;
    if (d->bound[d->labels[at]] > i) return; // LOOP only goes back
    d->insns[i].op = OP_LOOP;
    d->labels[i] = d->labels[at];
}

static void thread_jumps(Draft *d)
{
    for (uint32_t i = 0; i < d->count; i++) {
        if (d->labels[i] == NO_LABEL || d->insns[i].op == OP_FOR_ANEXT) continue; // that one must stay short
        d->labels[i] = final_label(d, d->labels[i]);
        join_loop(d, i);
    }
}

static bool is_short_jump(const Insn *insn)
{
    return opcode_info[insn->op].format[2] == 'J';
}

/* FOR_NEXT has no opposite. */
static bool is_invertible(const Insn *insn)
{
    if (insn->op == OP_JTRUE || insn->op == OP_JFALSE) return true;
    return is_short_jump(insn) && insn->op != OP_FOR_NEXT && insn->op != OP_FOR_ANEXT;
}

/* J.. and JN.. of one comparison stand two apart in the table. */
static Opcode opposite(Opcode op)
{
    if (op == OP_JTRUE) return OP_JFALSE;
    if (op == OP_JFALSE) return OP_JTRUE;
    bool is_negative = opcode_info[op].name[1] == 'N' && op != OP_JNE && op != OP_JNE_RK;
    return is_negative ? op - 2 : op + 2;
}

enum { MARK_TARGET = 4 }; // somebody jumps here

static void mark_targets(Draft *d)
{
    for (uint32_t i = 0; i < d->count; i++)
        if (d->labels[i] != NO_LABEL && d->bound[d->labels[i]] < d->count)
            d->marks[d->bound[d->labels[i]]] |= MARK_TARGET;
    for (uint32_t i = 0; i < d->nranges; i++) d->marks[d->bound[d->ranges[i].target]] |= MARK_TARGET;
}

static void kill(Draft *d, uint32_t i)
{
    d->insns[i] = (Insn){.op = OP_NOP};
    d->labels[i] = NO_LABEL;
    d->marks[i] |= MARK_DEAD;
}

/* `if x: break` jumps over a jump: the opposite jump does for both. */
static void invert_over_jumps(Draft *d)
{
    mark_targets(d);
    for (uint32_t i = 0; i + 2 < d->count; i++) {
        Insn *insn = &d->insns[i];
        bool over_jump =
            d->labels[i] != NO_LABEL && d->bound[d->labels[i]] == i + 2 && d->insns[i + 1].op == OP_JMP;
        if (!over_jump || !is_invertible(insn) || d->marks[i + 1] & MARK_TARGET) continue;
        insn->op = (uint16_t)opposite(insn->op);
        d->labels[i] = d->labels[i + 1];
        kill(d, i + 1);
    }
}

static uint32_t next_living(const Draft *d, uint32_t i)
{
    while (i < d->count && d->marks[i] & MARK_DEAD) i++;
    return i;
}

/* A result that only the next instruction reads is passed on, where it can take it. */
static void pass_on(Draft *d)
{
    for (uint32_t i = 0; i < d->count; i++) {
        if (!(d->marks[i] & MARK_ONCE)) continue;
        uint32_t next = next_living(d, i + 1);
        if (next < d->count && opcode_takes(&d->insns[i], &d->insns[next]))
            d->insns[i].op = (uint16_t)opcode_passing(d->insns[i].op);
    }
}

static void drop_jumps_to_next(Draft *d)
{
    for (uint32_t i = d->count; i-- > 0;) {
        if (d->insns[i].op != OP_JMP || d->marks[i] & MARK_DEAD) continue;
        if (next_living(d, d->bound[d->labels[i]]) == next_living(d, i + 1)) d->marks[i] |= MARK_DEAD;
    }
}

//-- distances ---------------------------------------------------------------------------------------

typedef struct Layout {
    Draft *draft;
    uint32_t *at;   // per drafted instruction, and one more: where it lies in the finished code
    bool *far;      // a short jump that has to be a long one
} Layout;

static uint32_t finished_size(const Layout *l, uint32_t i)
{
    if (l->draft->marks[i] & MARK_DEAD) return 0;
    if (!l->far[i]) return 1;
    return is_invertible(&l->draft->insns[i]) ? 2 : 3;
}

static void place(Layout *l)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < l->draft->count; i++) {
        l->at[i] = at;
        at += finished_size(l, i);
    }
    l->at[l->draft->count] = at;
}

static int64_t distance(const Layout *l, uint32_t i)
{
    return (int64_t)l->at[l->draft->bound[l->draft->labels[i]]] - (l->at[i] + 1);
}

/* Making one jump long moves others apart: again until all fit. */
static void choose_sizes(Layout *l)
{
    Draft *d = l->draft;
    for (bool changed = true; changed;) {
        changed = false;
        place(l);
        for (uint32_t i = 0; i < d->count; i++) {
            if (l->far[i] || d->labels[i] == NO_LABEL || d->marks[i] & MARK_DEAD ||
                !is_short_jump(&d->insns[i]))
                continue;
            int64_t away = distance(l, i);
            if (away >= INT16_MIN && away <= INT16_MAX) continue;
            l->far[i] = changed = true;
        }
    }
}

//-- the finished code -------------------------------------------------------------------------------

static void put_far(const Layout *l, uint32_t i, Finished *f)
{
    Insn insn = l->draft->insns[i], *out = &f->insns[l->at[i]];
    uint32_t size = finished_size(l, i);
    for (uint32_t k = 0; k < size; k++) f->spans[l->at[i] + k] = l->draft->spans[i];
    out[size - 1] = (Insn){.op = OP_JMP, .jump = (int32_t)(distance(l, i) - (size - 1))};
    if (is_invertible(&insn)) {
        insn.op = (uint16_t)opposite(insn.op);
    } else {
        out[1] = (Insn){.op = OP_JMP, .jump = 1};
    }
    insn.c = 1;
    out[0] = insn;
}

/* The end of a loop's body does what the FOR_NEXT at its head does, where that is near and a short jump. */
static Insn shorten_for_loop(const Layout *l, uint32_t i, Insn loop)
{
    uint32_t head = l->draft->bound[l->draft->labels[i]];
    const Insn *next = &l->draft->insns[head];
    if (next->op != OP_FOR_NEXT || l->far[head] || loop.jump < INT16_MIN) return loop;
    return (Insn){.op = OP_LOOP_FOR, .a = next->a, .b = next->b, .c = (uint16_t)loop.jump};
}

static void put(const Layout *l, uint32_t i, Finished *f)
{
    const Draft *d = l->draft;
    if (d->marks[i] & MARK_DEAD) return;
    if (l->far[i]) {
        put_far(l, i, f);
        return;
    }
    Insn insn = d->insns[i];
    if (d->labels[i] != NO_LABEL && is_short_jump(&insn)) insn.c = (uint16_t)distance(l, i);
    else if (d->labels[i] != NO_LABEL) insn.jump = (int32_t)distance(l, i);
    if (insn.op == OP_LOOP) insn = shorten_for_loop(l, i, insn);
    f->insns[l->at[i]] = insn;
    f->spans[l->at[i]] = d->spans[i];
}

static void put_handlers(const Layout *l, Finished *f)
{
    const Draft *d = l->draft;
    for (uint32_t i = 0; i < d->nranges; i++) {
        const DraftRange *range = &d->ranges[i];
        uint32_t start = l->at[range->start], end = l->at[range->end];
        if (start < end)
            f->handlers[f->nhandlers++] =
                (CodeHandler){start, end, l->at[d->bound[range->target]], range->reg, range->flags};
    }
}

bool draft_finish(Draft *d, uint32_t nparams, Finished *f)
{
    *f = (Finished){0};
    if (d->failed) return false;
    thread_jumps(d);
    invert_over_jumps(d);
    if (!definite_prune(d, nparams)) return false;
    drop_jumps_to_next(d);
    pass_on(d);

    Layout l = {d, arena_array(d->arena, d->count + 1, sizeof *l.at),
                arena_array(d->arena, d->count + 1, sizeof *l.far)};
    if (!l.at || !l.far) return false;
    choose_sizes(&l);
    f->ninsns = l.at[d->count];
    f->insns = arena_array(d->arena, f->ninsns, sizeof *f->insns);
    f->spans = arena_array(d->arena, f->ninsns, sizeof *f->spans);
    f->handlers = arena_array(d->arena, d->nranges, sizeof *f->handlers);
    if (!f->insns || !f->spans || !f->handlers) return false;
    for (uint32_t i = 0; i < d->count; i++) put(&l, i, f);
    put_handlers(&l, f);
    return true;
}
