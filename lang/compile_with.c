#include "lang/compiler.h"
#include "vm/code.h"

/* with. The bound __exit__ waits in a register. It is called in two places: with three Nones when the body is left
 * in any way but an exception, and with the exception. */

typedef struct With {
    Node *at; // the whole statement, as for CPython: whose __enter__ or __exit__ fails is in the traceback anyway
    Block guard;
    Reg exit;
    bool is_async;
} With;

static void call_exit(Compiler *c, const With *with, Reg base, Reg dst)
{
    put_call(c, with->at, base, 3, dst);
    if (with->is_async) put_await(c, with->at, dst, dst, AWAITED_AEXIT);
}

/* The body's end, and every way out of it by return, break or continue. */
static void exit_quietly(Compiler *c, With *with, Label done)
{
    Block *guard = &with->guard;
    Reg before = mark(c), base = with->exit;
    if (guard->ways) {
        put_none(c, with->at, guard->value);
        put(c, with->at, OP_LOADK, guard->way, int_index(c, WAY_ON), 0);
        push_many(c, 2); // way and value stay
        base = push(c);
    }
    bind_label(c, guard->entry);
    put_move(c, with->at, base, with->exit);
    Reg args = push_many(c, call_gap(c) + 2) + call_gap(c) - 1;
    for (Reg arg = args; arg < args + 3; arg++) put_none(c, with->at, arg);
    call_exit(c, with, base, base);
    if (guard->ways) go_on_after(c, with->at, guard, done);
    put_jump(c, with->at, OP_JMP, 0, 0, done);
    release(c, before);
}

/* __exit__ says whether the exception ends here. */
static void exit_raising(Compiler *c, With *with, Label raised, Label done)
{
    Block handling;
    Label cleanup = new_label(c), suppressed = new_label(c);
    Reg before = mark(c), exception = push(c), saved = push(c), base = push(c);
    bind_label(c, raised);
    put(c, with->at, OP_PUSH_EXC, saved, exception, 0);
    enter_block(c, &handling, BLOCK_HANDLER, with->at);
    handling.saved = saved;
    protect(c, &handling);
    put_move(c, with->at, base, with->exit);
    Reg args = push_many(c, call_gap(c) + 2) + call_gap(c) - 1;
    put(c, with->at, OP_EXC_ARGS, exception, args, 0);
    call_exit(c, with, base, base);
    put_jump(c, with->at, OP_JTRUE, base, 0, suppressed);
    put(c, with->at, OP_RERAISE, exception, 0, 0);
    pause(c, &handling);
    leave_block(c, &handling);
    bind_label(c, suppressed);
    put(c, with->at, OP_POP_EXC, saved, 0, 0);
    put_jump(c, with->at, OP_JMP, 0, 0, done);

    bind_label(c, cleanup);
    put(c, with->at, OP_POP_EXC, saved, 0, 0);
    put(c, with->at, OP_RERAISE, base, 0, 0);
    handle(c, &handling, cleanup, base, 0);
    handle(c, &with->guard, raised, exception, HANDLER_WITH);
    release(c, before);
}

/* exit: the manager in, its bound __exit__ out. Answers where the result of __enter__ is. */
static Reg enter_context(Compiler *c, With *with)
{
    Reg entered = push(c);
    put(c, with->at, with->is_async ? OP_AWITH_ENTER : OP_WITH_ENTER, with->exit, entered, 0);
    if (with->is_async) put_await(c, with->at, entered, entered, AWAITED_AENTER);
    return entered;
}

/* `with a as b, c as d` is one with inside another. */
static void with_items(Compiler *c, AstWith *node, uint32_t i)
{
    if (i == node->items.count) {
        statements(c, node->body);
        return;
    }
    AstWithItem *item = AST(WithItem, node->items.items[i]);
    With with = {.at = &node->node, .is_async = node->is_async};
    Label raised = new_label(c), done = new_label(c);
    Reg before = mark(c);
    with.exit = push(c);
    expr(c, item->context, with.exit);
    Reg entered = enter_context(c, &with);

    enter_block(c, &with.guard, BLOCK_GUARD, with.at);
    with.guard.entry = new_label(c);
    with.guard.way = with.exit + 1; // written when the body is left
    with.guard.value = with.exit + 2;
    protect(c, &with.guard);
    if (item->target) store(c, item->target, entered);
    release(c, with.exit + 1);
    with_items(c, node, i + 1);
    pause(c, &with.guard);
    leave_block(c, &with.guard);

    exit_quietly(c, &with, done);
    exit_raising(c, &with, raised, done);
    bind_label(c, done);
    release(c, before);
}

void with_statement(Compiler *c, AstWith *node)
{
    if (node->is_async && !check_async(c, &node->node, "async with")) return;
    with_items(c, node, 0);
}
