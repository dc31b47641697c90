#include "lang/compiler.h"

/* try ... except*. Each clause takes its part of the exception; what the clauses raise, and what none has
 * taken, is put together at the end and raised as one. */

typedef struct Star {
    Reg exception; // the original
    Reg saved;     // what was handled outside
    Reg parts;     // list of what is to be raised
    Reg rest;      // what no clause has taken so far, or None
    Reg match;     // what the current clause takes; the next register gets what it leaves
} Star;

static void jump_if_none(Compiler *c, const Node *at, Reg value, Label to)
{
    put_compare_jump(c, at, CMP_IS, value, (Operand){true, none_index(c)}, true, to);
}

static void split(Compiler *c, const Star *star, AstExceptHandler *clause, Label next, Label finish)
{
    Reg before = mark(c), type = expr(c, clause->type, ANY);
    jump_if_none(c, &clause->node, star->rest, finish);
    put(c, clause->type, OP_EXC_SPLIT, star->match, star->rest, type);
    put_move(c, clause->type, star->rest, star->match + 1);
    jump_if_none(c, &clause->node, star->match, next);
    release(c, before);
}

/* What the body raises joins the parts, and the next clause has its turn. */
static void clause_body(Compiler *c, const Star *star, AstExceptHandler *clause, Label next)
{
    Block block;
    Label raised = new_label(c);
    Node *at = &clause->node;
    Reg before = mark(c);
    put(c, at, OP_PUSH_EXC, push(c), star->match, 0); // the original's turn is over: nobody wants it back
    release(c, before);
    enter_block(c, &block, BLOCK_STAR, at);
    block.saved = star->saved;
    protect(c, &block);
    if (clause->name) store_name(c, at, clause->name, star->match);
    statements(c, clause->body);
    pause(c, &block);
    leave_block(c, &block);
    if (clause->name) forget_name(c, at, clause->name);
    put_jump(c, at, OP_JMP, 0, 0, next);

    bind_label(c, raised);
    Reg exception = push(c);
    handle(c, &block, raised, exception, 0);
    if (clause->name) forget_name(c, at, clause->name);
    put(c, at, OP_LIST_APPEND, star->parts, exception, 0);
    release(c, exception);
}

static void raise_parts(Compiler *c, const Star *star, Node *at, Label done)
{
    Label combine = new_label(c);
    Reg whole = star->match;
    jump_if_none(c, at, star->rest, combine);
    put(c, at, OP_LIST_APPEND, star->parts, star->rest, 0);
    bind_label(c, combine);
    put(c, at, OP_EXC_COMBINE, whole, star->parts, star->exception);
    put(c, at, OP_POP_EXC, star->saved, 0, 0);
    jump_if_none(c, at, whole, done);
    put(c, at, OP_RERAISE, whole, 0, 0);
}

/* An exception between the bodies: a clause's type is none. */
static void give_up(Compiler *c, const Star *star, Block *selecting)
{
    Label cleanup = new_label(c);
    Reg exception = star->match;
    bind_label(c, cleanup);
    put(c, selecting->node, OP_POP_EXC, star->saved, 0, 0);
    put(c, selecting->node, OP_RERAISE, exception, 0, 0);
    handle(c, selecting, cleanup, exception, 0);
}

static void clauses(Compiler *c, const Star *star, AstTry *node, Label done)
{
    Block selecting;
    Label finish = new_label(c);
    put(c, &node->node, OP_PUSH_EXC, star->saved, star->exception, 0);
    put(c, &node->node, OP_BUILD_LIST, star->parts, star->parts, 0);
    put_move(c, &node->node, star->rest, star->exception);
    enter_block(c, &selecting, BLOCK_HANDLER, &node->node);
    selecting.saved = star->saved;
    for (uint32_t i = 0; i < node->handlers.count; i++) {
        AstExceptHandler *clause = AST(ExceptHandler, node->handlers.items[i]);
        Label next = new_label(c);
        protect(c, &selecting);
        split(c, star, clause, next, finish);
        pause(c, &selecting);
        c->unit->block = selecting.outer;
        clause_body(c, star, clause, next);
        c->unit->block = &selecting;
        bind_label(c, next);
    }
    leave_block(c, &selecting);
    bind_label(c, finish);
    raise_parts(c, star, &node->node, done);
    give_up(c, star, &selecting);
}

void try_star(Compiler *c, AstTry *node)
{
    Block block;
    Label caught = new_label(c), done = new_label(c);
    Reg before = mark(c);
    try_body(c, node, &block, done);

    bind_label(c, caught);
    Reg first = push_many(c, 6);
    Star star = {first, first + 1, first + 2, first + 3, first + 4};
    handle(c, &block, caught, star.exception, 0);
    clauses(c, &star, node, done);
    bind_label(c, done);
    release(c, before);
}
