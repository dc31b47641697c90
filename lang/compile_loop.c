#include "lang/compiler.h"
#include <string.h>

void while_statement(Compiler *c, AstWhile *node)
{
    Block loop;
    Label top = new_label(c), orelse = new_label(c);
    enter_block(c, &loop, BLOCK_LOOP, &node->node);
    loop.break_to = new_label(c);
    loop.continue_to = new_label(c);
    bind_label(c, top);
    jump_if(c, node->test, false, orelse);
    statements(c, node->body);
    bind_label(c, loop.continue_to);
    put_jump(c, node->test, OP_LOOP, 0, 0, top);
    leave_block(c, &loop);
    bind_label(c, orelse);
    statements(c, node->orelse);
    bind_label(c, loop.break_to);
}

/* A generator that the loop's own expression makes is nobody else's: leaving the loop early closes it. What is called
 * `range` makes none. */
static bool makes_iterator(Node *node)
{
    if (node->kind == AST_GeneratorExp) return true;
    if (node->kind != AST_Call) return false;
    Node *callee = AST(Call, node)->func;
    return callee->kind != AST_Name || strcmp(AST(Name, callee)->id->text, "range") != 0;
}

static Label sync_step(Compiler *c, AstFor *node, Reg pair, Reg item, Label done)
{
    Label next = new_label(c);
    bind_label(c, next);
    put_jump(c, &node->node, OP_FOR_NEXT, item, pair, done);
    return next;
}

/* An exception leaves the loop early, too. */
static void close_when_raised(Compiler *c, Block *loop)
{
    Label raised = new_label(c);
    Reg exception = push(c);
    handle(c, loop, raised, exception, HANDLER_LOOP);
    bind_label(c, raised);
    put(c, loop->node, OP_FOR_CLOSE, loop->pair, 0, 0);
    put(c, loop->node, OP_RERAISE, exception, 0, 0);
    release(c, exception);
}

void for_statement(Compiler *c, AstFor *node)
{
    Block loop;
    Label orelse = new_label(c);
    Reg before = mark(c);
    if (node->is_async && !check_async(c, &node->node, "async for")) return;
    Reg from = node->is_async ? expr(c, node->iter, ANY) : iterable(c, node->iter);
    release(c, before);
    Reg iter = push_many(c, 2);
    put(c, node->iter, node->is_async ? OP_FOR_AITER : OP_FOR_PREP, iter, from, 0);

    enter_block(c, &loop, BLOCK_LOOP, &node->node);
    loop.break_to = new_label(c);
    loop.continue_to = new_label(c);
    if (makes_iterator(node->iter)) loop.pair = iter;
    if (loop.pair != ANY) protect(c, &loop);
    Reg in_loop = mark(c), target = node->is_async ? ANY : target_reg(c, node->target), item = into(c, target);
    Label next = node->is_async ? async_step(c, node->target, iter, item, orelse)
                                : sync_step(c, node, iter, item, orelse);
    if (target == ANY) (node->is_async ? store : store_next)(c, node->target, item);
    release(c, in_loop);
    statements(c, node->body);
    bind_label(c, loop.continue_to);
    put_jump(c, node->iter, OP_LOOP, 0, 0, next);
    leave_block(c, &loop);
    if (loop.pair != ANY) close_when_raised(c, &loop);
    release(c, before);
    bind_label(c, orelse);
    statements(c, node->orelse);
    bind_label(c, loop.break_to);
}
