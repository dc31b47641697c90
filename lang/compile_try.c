#include "lang/compiler.h"
#include <string.h>

/* try ... except ... else, and try ... finally. A statement with both is the first inside the second. */

/* A handler is left by an exception of its own: what was handled before is handled again, and it goes on
 * outwards. */
static void put_cleanup(Compiler *c, Block *block, Label cleanup)
{
    Reg exception = push(c);
    bind_label(c, cleanup);
    put(c, block->node, OP_POP_EXC, block->saved, 0, 0);
    if (block->name) forget_name(c, block->node, block->name);
    put(c, block->node, OP_RERAISE, exception, 0, 0);
    handle(c, block, cleanup, exception, 0);
    release(c, exception);
}

//-- except ------------------------------------------------------------------------------------------

/* Without thinking of cancellation: `except CancelledError` is on purpose. */
static bool catches_all(const AstExceptHandler *node)
{
    return !node->type || (node->type->kind == AST_Name && strcmp(AST(Name, node->type)->id->text, "BaseException") == 0);
}

/* The body of `except T as name`. */
static void handler_body(Compiler *c, AstExceptHandler *node, Reg exception, Reg saved, Label done)
{
    Block block;
    Label cleanup = new_label(c);
    enter_block(c, &block, BLOCK_HANDLER, &node->node);
    block.saved = saved;
    block.name = node->name;
    block.catch_all = c->unit->scope->is_async && catches_all(node) ? node : NULL;
    protect(c, &block);
    if (node->name) store_name(c, &node->node, node->name, exception);
    statements(c, node->body);
    pause(c, &block);
    if (block.catch_all) put(c, &node->node, OP_CATCH_ALL_END, 0, 0, 0);
    put(c, &node->node, OP_POP_EXC, saved, 0, 0);
    if (node->name) forget_name(c, &node->node, node->name);
    put_jump(c, &node->node, OP_JMP, 0, 0, done);
    leave_block(c, &block);
    put_cleanup(c, &block, cleanup);
}

static void match_type(Compiler *c, AstExceptHandler *node, Reg exception, Label next)
{
    Reg before = mark(c), type = expr(c, node->type, ANY);
    release(c, before);
    Reg matches = push(c);
    put(c, node->type, OP_EXC_MATCH, matches, exception, type);
    put_jump(c, node->type, OP_JFALSE, matches, 0, next);
    release(c, before);
}

/* One after another until one matches; what none matches goes on outwards. */
static void handlers(Compiler *c, AstTry *node, Reg exception, Label done)
{
    Block selecting; // an exception while the types are evaluated
    Label cleanup = new_label(c);
    Reg saved = push(c);
    put(c, &node->node, OP_PUSH_EXC, saved, exception, 0);
    enter_block(c, &selecting, BLOCK_HANDLER, &node->node);
    selecting.saved = saved;
    for (uint32_t i = 0; i < node->handlers.count; i++) {
        AstExceptHandler *handler = AST(ExceptHandler, node->handlers.items[i]);
        Label next = new_label(c);
        if (handler->type) {
            protect(c, &selecting);
            match_type(c, handler, exception, next);
            pause(c, &selecting);
        }
        c->unit->block = selecting.outer;
        handler_body(c, handler, exception, saved, done);
        c->unit->block = &selecting;
        bind_label(c, next);
    }
    leave_block(c, &selecting);
    put(c, &node->node, OP_POP_EXC, saved, 0, 0);
    put(c, &node->node, OP_RERAISE, exception, 0, 0);
    put_cleanup(c, &selecting, cleanup);
}

void try_body(Compiler *c, AstTry *node, Block *block, Label done)
{
    enter_block(c, block, BLOCK_TRY, &node->node);
    protect(c, block);
    statements(c, node->body);
    pause(c, block);
    leave_block(c, block);
    statements(c, node->orelse);
    put_jump(c, &node->node, OP_JMP, 0, 0, done);
}

static void try_except(Compiler *c, AstTry *node)
{
    Block block;
    Label caught = new_label(c), done = new_label(c);
    Reg before = mark(c);
    try_body(c, node, &block, done);

    bind_label(c, caught);
    Reg exception = push(c);
    handle(c, &block, caught, exception, 0);
    handlers(c, node, exception, done);
    bind_label(c, done);
    release(c, before);
}

//-- finally -----------------------------------------------------------------------------------------

/* The body is there once, however it is entered: `way` tells where to go afterwards, by holding a Way or
 * the exception on its way out. `saved` always holds what was handled outside, so that the body can be left
 * uniformly. */
static void finally_body(Compiler *c, AstTry *node, Block *guard, Reg saved, Label done)
{
    Block block;
    Label cleanup = new_label(c);
    enter_block(c, &block, BLOCK_HANDLER, &node->node);
    block.saved = saved;
    block.perhaps = true;
    protect(c, &block);
    statements(c, node->finalbody);
    pause(c, &block);
    leave_block(c, &block);
    put(c, &node->node, OP_POP_EXC, saved, 0, 0);
    go_on_after(c, &node->node, guard, done);
    put(c, &node->node, OP_RERAISE, guard->way, 0, 0);
    put_cleanup(c, &block, cleanup);
}

static void guarded_body(Compiler *c, AstTry *node)
{
    if (node->handlers.count == 0) statements(c, node->body); // there is no else without except
    else if (node->is_star) try_star(c, node);
    else try_except(c, node);
}

static void try_finally(Compiler *c, AstTry *node)
{
    Block guard;
    Label raised = new_label(c), body = new_label(c), done = new_label(c);
    Reg before = mark(c);
    enter_block(c, &guard, BLOCK_GUARD, &node->node);
    guard.entry = new_label(c);
    guard.way = push_many(c, 3); // the body may use these: they are written when it is left
    guard.value = guard.way + 1;
    Reg saved = guard.way + 2;
    release(c, before);
    protect(c, &guard);
    guarded_body(c, node);
    pause(c, &guard);
    leave_block(c, &guard);
    push_many(c, 3);
    bool returns = guard.ways >> WAY_RETURN & 1;

    if (returns) put_none(c, &node->node, guard.value);
    put(c, &node->node, OP_LOADK, guard.way, int_index(c, WAY_ON), 0);
    bind_label(c, guard.entry);
    put(c, &node->node, OP_PUSH_EXC, saved, guard.way, 0); // handle nothing new,
    put(c, &node->node, OP_POP_EXC, saved, 0, 0);          // but learn what is handled
    put_jump(c, &node->node, OP_JMP, 0, 0, body);
    bind_label(c, raised);
    if (returns) put_none(c, &node->node, guard.value);
    put(c, &node->node, OP_PUSH_EXC, saved, guard.way, 0);
    handle(c, &guard, raised, guard.way, 0);
    bind_label(c, body);
    finally_body(c, node, &guard, saved, done);
    bind_label(c, done);
    release(c, before);
}

void try_statement(Compiler *c, AstTry *node)
{
    if (node->finalbody.count) try_finally(c, node);
    else if (node->is_star) try_star(c, node);
    else try_except(c, node);
}
