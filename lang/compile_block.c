#include "lang/compiler.h"

/* The statements around a place in the code, and the ways out of them. */

enum { PAUSED = UINT32_MAX, MAX_BLOCKS = 20 }; // as CPython has it

static uint32_t count_blocks(const Compiler *c)
{
    uint32_t count = 0;
    for (const Block *block = c->unit->block; block; block = block->outer) count++;
    return count;
}

void enter_block(Compiler *c, Block *block, BlockKind kind, Node *node)
{
    if (count_blocks(c) == MAX_BLOCKS) compile_error(c, node->span, "too many statically nested blocks");
    *block = (Block){.outer = c->unit->block, .kind = kind, .node = node, .open = PAUSED, .pair = ANY, .saved = ANY};
    c->unit->block = block;
}

void leave_block(Compiler *c, Block *block)
{
    c->unit->block = block->outer;
}

//-- protected instructions --------------------------------------------------------------------------

void protect(Compiler *c, Block *block)
{
    block->open = here(c);
}

void pause(Compiler *c, Block *block)
{
    if (block->open == PAUSED) return;
    Segment *segment = compile_alloc(c, 1, sizeof *segment);
    if (!segment) return;
    *segment = (Segment){block->open, here(c), block->segments};
    block->segments = segment;
    block->open = PAUSED;
}

void handle(Compiler *c, Block *block, Label handler, Reg reg, unsigned flags)
{
    pause(c, block);
    for (Segment *segment = block->segments; segment; segment = segment->older)
        emit_range(&c->unit->draft, segment->start, segment->end, handler, reg, flags);
    block->segments = NULL;
}

//-- leaving -----------------------------------------------------------------------------------------

static void close_loop(Compiler *c, const Block *loop, const Node *at)
{
    if (loop->pair != ANY) put(c, at, OP_FOR_CLOSE, loop->pair, 0, 0);
}

static void end_handling(Compiler *c, const Block *block, const Node *at)
{
    if (block->catch_all) put(c, &block->catch_all->node, OP_CATCH_ALL_END, 0, 0, 0);
    if (block->saved != ANY) put(c, at, OP_POP_EXC, block->saved, 0, 0);
    if (block->name) forget_name(c, at, block->name);
}

/* Hand over to what guards the block: it comes here again when it is done (go_on_after). */
static void leave_by_guard(Compiler *c, Block *guard, const Node *at, Way way, Reg value)
{
    guard->ways |= 1u << way;
    if (way == WAY_RETURN) put_move(c, at, guard->value, value);
    else put_none(c, at, guard->value); // all ways write it, as one of them may be a return
    put(c, at, OP_LOADK, guard->way, int_index(c, way), 0);
    put_jump(c, at, OP_JMP, 0, 0, guard->entry);
}

/* One block outwards; true if that was the end of the way. */
static bool leave_one(Compiler *c, Block *block, Node *at, Way way, Reg value)
{
    switch (block->kind) {
    case BLOCK_LOOP:
        if (way != WAY_CONTINUE) close_loop(c, block, at);
        if (way == WAY_RETURN) return false;
        put_jump(c, at, OP_JMP, 0, 0, way == WAY_BREAK ? block->break_to : block->continue_to);
        return true;
    case BLOCK_TRY: return false;
    case BLOCK_HANDLER: end_handling(c, block, at); return false;
    case BLOCK_GUARD: leave_by_guard(c, block, at, way, value); return true;
    case BLOCK_STAR: break;
    }
    compile_error(c, at->span, "'break', 'continue' and 'return' cannot appear in an except* block");
    return true;
}

static void leave_function(Compiler *c, Node *at, Way way, Reg value)
{
    if (way == WAY_RETURN) put_return(c, at, value);
    else if (way == WAY_BREAK) compile_error(c, at->span, "'break' outside loop");
    else compile_error(c, at->span, "'continue' not properly in loop");
}

/* leave(), as seen from `block`. Exceptions on the way out are no longer the business of the blocks that
 * have been left. */
static void leave_from(Compiler *c, Block *from, Node *at, Way way, Reg value)
{
    uint32_t paused = 0;
    Block *open[MAX_BLOCKS + 1], *block = from;
    if (count_blocks(c) > MAX_BLOCKS) return; // that is an error already
    for (; block; block = block->outer) {
        if (block->open != PAUSED) open[paused++] = block;
        pause(c, block);
        if (leave_one(c, block, at, way, value)) break;
    }
    if (!block) leave_function(c, at, way, value);
    while (paused > 0) protect(c, open[--paused]);
}

void leave(Compiler *c, Node *at, Way way, Reg value)
{
    leave_from(c, c->unit->block, at, way, value);
}

bool leaving_is_plain(const Compiler *c)
{
    for (const Block *block = c->unit->block; block; block = block->outer)
        if (block->kind != BLOCK_TRY && !(block->kind == BLOCK_LOOP && block->pair == ANY)) return false;
    return true;
}

Reg outermost_saved(const Compiler *c)
{
    Reg saved = ANY;
    for (const Block *block = c->unit->block; block; block = block->outer)
        if (block->saved != ANY) saved = block->saved;
    return saved;
}

/* Is an exception handled in block or around it? It may be the one that was handled outside, thrown into a generator. */
bool surely_handles(const Block *block)
{
    for (; block; block = block->outer)
        if (block->saved != ANY && !block->perhaps) return true;
    return false;
}

/* What the blocks inside the outermost one keep may be what that one keeps: it changes with who resumes. */
void rebase_saved(Compiler *c, const Node *at, Opcode op, Reg outermost)
{
    for (const Block *block = c->unit->block; block; block = block->outer)
        if (block->saved != ANY && block->saved != outermost && !surely_handles(block->outer))
            put(c, at, op, block->saved, outermost, 0);
}

//-- after a guard -----------------------------------------------------------------------------------

void go_on_after(Compiler *c, Node *at, Block *guard, Label done)
{
    static const Way ways[] = {WAY_RETURN, WAY_BREAK, WAY_CONTINUE};
    put_compare_jump(c, at, CMP_IS, guard->way, (Operand){true, int_index(c, WAY_ON)}, true, done);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (!(guard->ways >> ways[i] & 1)) continue;
        Label other = new_label(c);
        put_compare_jump(c, at, CMP_IS, guard->way, (Operand){true, int_index(c, ways[i])}, false, other);
        leave_from(c, guard->outer, at, ways[i], guard->value);
        bind_label(c, other);
    }
}
