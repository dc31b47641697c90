#include "lang/compiler.h"
#include <string.h>

//-- suspending --------------------------------------------------------------------------------------

Suspension suspend(Compiler *c, const Node *at)
{
    Reg saved = outermost_saved(c);
    if (saved == ANY) return (Suspension){ANY, ANY};
    Reg handled = push(c);
    rebase_saved(c, at, OP_EXC_UNBASE, saved);
    put(c, at, OP_EXC_SUSPEND, handled, saved, surely_handles(c->unit->block));
    return (Suspension){handled, saved};
}

static void put_resumption(Compiler *c, const Node *at, Reg handled, Reg saved)
{
    put(c, at, OP_EXC_RESUME, handled, saved, 0);
    rebase_saved(c, at, OP_EXC_REBASE, saved);
}

void resume(Compiler *c, const Node *at, Suspension suspension)
{
    if (suspension.handled == ANY) return;
    put_resumption(c, at, suspension.handled, suspension.saved);
    release(c, suspension.handled);
}

void put_delegate(Compiler *c, const Node *at, Reg dst, Reg from)
{
    put_none(c, at, dst);
    Suspension suspension = suspend(c, at);
    put(c, at, OP_DELEGATE, dst, from, 0);
    resume(c, at, suspension);
}

void put_await(Compiler *c, const Node *at, Reg dst, Reg from, int what)
{
    Reg awaited = push(c);
    put(c, at, OP_GET_AWAITABLE, awaited, from, what);
    put_delegate(c, at, dst, awaited);
    release(c, awaited);
}

//-- await -------------------------------------------------------------------------------------------

bool check_async(Compiler *c, const Node *at, const char *what)
{
    const Scope *function = c->unit->scope;
    if (function->is_async || function->kind == SCOPE_GENEXP) return true;
    bool in_function = function->kind == SCOPE_FUNCTION || function->kind == SCOPE_LAMBDA;
    const Node *comprehension = !what ? at : c->scope->kind == SCOPE_COMPREHENSION ? c->scope->node : NULL;
    Diag *diag;
    if (comprehension)
        diag = compile_error(c, comprehension->span,
                             "asynchronous comprehension outside of an asynchronous function");
    else if (in_function || strcmp(what, "await") != 0) diag = compile_error(c, at->span, "'%s' outside async function", what);
    else diag = compile_error(c, at->span, "'%s' outside function", what);
    if (diag && function->kind == SCOPE_FUNCTION)
        diag_hint(c->diags, diag, "make the function asynchronous: 'async def %s'",
                  ((const AstFunctionDef *)function->node)->name->text);
    if (diag && function->kind == SCOPE_LAMBDA)
        diag_hint(c->diags, diag, "a lambda cannot await: write a function with 'async def'");
    if (diag && function->kind == SCOPE_MODULE)
        diag_hint(c->diags, diag, "only the script itself may await at its top level; an imported module may not");
    return false;
}

Reg await_expr(Compiler *c, AstAwait *node, Reg want)
{
    if (!check_async(c, &node->node, "await")) return into(c, want);
    if (awaits_in_call(node->value)) return await_call(c, node->value, want);
    Reg dst = scratch(c, want), before = mark(c); // it is written on the way
    put_await(c, &node->node, dst, expr(c, node->value, ANY), AWAITED_VALUE);
    release(c, before);
    return deliver(c, &node->node, dst, want);
}

//-- yield -------------------------------------------------------------------------------------------

static bool check_yield(Compiler *c, const Node *at)
{
    static const char *const inside[] = {
        [AST_ListComp] = "list comprehension", [AST_SetComp] = "set comprehension",
        [AST_DictComp] = "dict comprehension", [AST_GeneratorExp] = "generator expression",
    };
    ScopeKind kind = c->scope->kind;
    if (kind == SCOPE_COMPREHENSION || kind == SCOPE_GENEXP)
        compile_error(c, at->span, "'yield' inside %s", inside[c->scope->node->kind]);
    else if (kind == SCOPE_MODULE || kind == SCOPE_CLASS)
        compile_error(c, at->span, "'yield' outside function");
    else return true;
    return false;
}

static bool in_async_def(const Compiler *c)
{
    return c->unit->scope->is_async;
}

/* Yield what is in `value`; dst = what is sent. */
void put_yield(Compiler *c, const Node *at, Reg dst, Reg value)
{
    Suspension suspension = suspend(c, at);
    put(c, at, in_async_def(c) ? OP_YIELD_ASYNC : OP_YIELD, dst, value, 0);
    resume(c, at, suspension);
}

static Reg yielded_value(Compiler *c, AstYield *node)
{
    if (node->value) return expr(c, node->value, ANY);
    Reg none = push(c);
    put_none(c, &node->node, none);
    return none;
}

Reg yield_expr(Compiler *c, AstYield *node, Reg want)
{
    if (!check_yield(c, &node->node)) return into(c, want);
    Reg before = mark(c), value = yielded_value(c, node);
    release(c, before);
    Reg dst = into(c, want), after = mark(c);
    if (value >= after) release(c, value + 1); // what keeps the handled exception lies above it
    put_yield(c, &node->node, dst, value);
    release(c, after);
    return dst;
}

Reg yield_from(Compiler *c, AstYieldFrom *node, Reg want)
{
    if (!check_yield(c, &node->node)) return into(c, want);
    if (in_async_def(c)) {
        compile_error(c, node->node.span, "'yield from' inside async function");
        return into(c, want);
    }
    Reg dst = scratch(c, want), before = mark(c), value = expr(c, node->value, ANY);
    release(c, before);
    Reg iter = push(c);
    put(c, &node->node, OP_GET_YIELD_ITER, iter, value, 0);
    put_delegate(c, &node->node, dst, iter);
    release(c, before);
    return deliver(c, &node->node, dst, want);
}

//-- async for ---------------------------------------------------------------------------------------

static void load_builtin(Compiler *c, const Node *at, Reg dst, const char *text, size_t len)
{
    Name *name = names_intern(&c->tree->names, text, len);
    if (name) put(c, at, OP_LOAD_GLOBAL, dst, emit_global(&c->unit->draft, name), 0);
}

/* StopAsyncIteration ends the loop; anything else goes on. */
static void end_of_items(Compiler *c, const Node *at, Reg exception, Label done)
{
    static const char stop[] = "StopAsyncIteration";
    Reg type = push(c), matches = type;
    load_builtin(c, at, type, stop, sizeof stop - 1);
    put(c, at, OP_EXC_MATCH, matches, exception, type);
    put_jump(c, at, OP_JTRUE, matches, 0, done);
    put(c, at, OP_RERAISE, exception, 0, 0);
    release(c, type);
}

/* What ends the loop stands before it, near enough for FOR_ANEXT's short jump. */
Label async_step(Compiler *c, const Node *at, Reg iter, Reg item, Label done)
{
    Label top = new_label(c), exhausted = new_label(c), raised = new_label(c);
    Reg before = mark(c), awaited = push(c), exception = awaited;
    Reg saved = outermost_saved(c), handled = saved == ANY ? ANY : push(c);
    put_jump(c, at, OP_JMP, 0, 0, top);
    bind_label(c, exhausted);
    if (saved != ANY) put_resumption(c, at, handled, saved);
    put_jump(c, at, OP_JMP, 0, 0, done);
    bind_label(c, raised);
    end_of_items(c, at, exception, done);

    bind_label(c, top);
    put_none(c, at, item);
    if (saved != ANY) rebase_saved(c, at, OP_EXC_UNBASE, saved);
    if (saved != ANY) put(c, at, OP_EXC_SUSPEND, handled, saved, surely_handles(c->unit->block));
    uint32_t start = here(c);
    put_jump(c, at, OP_FOR_ANEXT, item, iter, exhausted);
    put(c, at, OP_ANEXT, awaited, iter, 0);
    put(c, at, OP_DELEGATE, item, awaited, 0);
    emit_range(&c->unit->draft, start, here(c), raised, exception, 0);
    if (saved != ANY) put_resumption(c, at, handled, saved);
    release(c, before);
    return top;
}
