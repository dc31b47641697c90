/* lint_async.c - coroutines that do not run, and what stops or swallows what others wait for. */
#include "lang/lint_parts.h"
#include <string.h>

static bool is_path(const Callee *c, const char *module, const char *name)
{
    size_t n = strlen(module);
    return strncmp(c->path, module, n) == 0 && c->path[n] == '.' && strcmp(c->path + n + 1, name) == 0;
}

/* asyncio's, or Co's prelude. */
static bool is_asyncio(const Callee *c, const char *name)
{
    return is_path(c, "asyncio", name) || is_path(c, "builtins", name);
}

bool lint_may_await(const Lint *l)
{
    return l->scope->function->kind == SCOPE_MODULE || lint_in_async(l);
}

/* ---- statements that are thrown away ----------------------------------------------------------------- */

static void check_thrown_call(Lint *l, Node *call)
{
    Callee c = lint_called(l, call);
    if (c.thing == THING_ASYNC_GENERATOR)
        lint_report(l, LINT_UNITERATED, call->span, c.text, "");
    else if (c.thing == THING_COROUTINE || is_path(&c, "builtins", "gather"))
        lint_report(l, lint_may_await(l) ? LINT_UNAWAITED : LINT_UNAWAITED_SYNC, call->span, c.text, "");
}

static void check_thrown_name(Lint *l, Node *node)
{
    Callee c = lint_callee(l, node);
    if (l->guarded || !(c.def || c.thing == THING_FUNCTION || c.thing == THING_COROUTINE)) return;
    lint_report(l, LINT_UNCALLED, node->span, c.text, "");
}

static void check_statement(Lint *l, Node *value)
{
    if (value->kind == AST_Call)
        check_thrown_call(l, value);
    else if (value->kind == AST_Name || value->kind == AST_Attribute)
        check_thrown_name(l, value);
    else if (value->kind == AST_Compare && !l->guarded)
        lint_report(l, LINT_NO_EFFECT, value->span, "", "");
}

/* ---- coroutines taken for their results ---------------------------------------------------------------- */

static void check_value(Lint *l, Node *node)
{
    if (!node || l->guarded) return;
    Callee c = lint_called(l, lint_origin(l, node));
    if (c.thing == THING_COROUTINE) lint_report(l, LINT_UNAWAITED_VALUE, node->span, c.text, "");
}

/* ... or a function for what it would give: nothing can be done with one but a call. */
static void check_operand(Lint *l, Node *node)
{
    check_value(l, node);
    if ((node->kind != AST_Name && node->kind != AST_Attribute) || l->guarded) return;
    Callee c = lint_callee(l, node);
    if (c.thing == THING_FUNCTION || c.thing == THING_COROUTINE) lint_report(l, LINT_UNCALLED, node->span, c.text, "");
}

/* Functions that make nothing sensible of a coroutine. */
static bool takes_values(const Callee *c)
{
    static const char *const names[] = {"len",  "int",  "float", "sum",  "max",       "min",   "abs", "round",  "sorted",
                                        "list", "dict", "set",   "tuple", "enumerate", "range", "zip", "reversed"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_path(c, "builtins", names[i])) return true;
    return false;
}

static void check_loop(Lint *l, Node *iter, bool is_async)
{
    Callee c = lint_called(l, iter);
    if (c.thing != THING_ASYNC_GENERATOR)
        check_operand(l, iter);
    else if (c.thing == THING_ASYNC_GENERATOR && !is_async && !l->guarded)
        lint_report(l, LINT_SYNC_FOR, iter->span, c.text, "");
}

/* A coroutine itself may well be compared by `c is task.get_coro()`, `c in waiting`. */
static void check_compare(Lint *l, AstCompare *node)
{
    for (uint32_t i = 0; i < node->steps.count; i++) {
        AstCompareStep *step = AST(CompareStep, node->steps.items[i]);
        bool same = step->op == CMP_IS || step->op == CMP_IS_NOT;
        bool member = step->op == CMP_IN || step->op == CMP_NOT_IN;
        Node *left = i ? AST(CompareStep, node->steps.items[i - 1])->right : node->left;
        if (lint_orders(step->op)) {
            check_operand(l, left);
            check_operand(l, step->right);
            continue;
        }
        if (i == 0 && !same && !member) check_value(l, left);
        if (!same) check_value(l, step->right);
    }
}

/* `f | None` may be an annotation's text, and `"%s" % f` shows a function. */
static void check_operation(Lint *l, AstBinOp *node)
{
    if (node->op == BIN_OR || node->op == BIN_MOD) {
        check_value(l, node->left);
        check_value(l, node->right);
        return;
    }
    check_operand(l, node->left);
    check_operand(l, node->right);
}

static void check_unpacking(Lint *l, AstAssign *node)
{
    for (uint32_t i = 0; i < node->targets.count; i++)
        if (node->targets.items[i]->kind == AST_Tuple || node->targets.items[i]->kind == AST_List)
            return check_operand(l, node->value);
}

/* ---- await ------------------------------------------------------------------------------------------- */

static bool is_list(const Node *node)
{
    return node->kind == AST_List || node->kind == AST_ListComp;
}

static bool returns_value(const Node *node)
{
    return node->kind == AST_Return && ((const AstReturn *)node)->value;
}

static bool returns_nothing(Lint *l, AstFunctionDef *def)
{
    return !scope_of(&l->scopes, &def->node)->is_generator && !lint_list_contains(def->body, returns_value);
}

static bool is_raise(const Node *node)
{
    return node->kind == AST_Raise;
}

static void check_await(Lint *l, Node *value)
{
    if (l->guarded) return;
    if (is_list(value)) lint_report(l, LINT_AWAIT_LIST, value->span, "", "");
    if (value->kind == AST_Name || value->kind == AST_Attribute) {
        Callee c = lint_callee(l, value);
        if (c.thing == THING_COROUTINE) lint_report(l, LINT_UNCALLED, value->span, c.text, "");
    }
    Callee c = lint_called(l, value);
    if (c.thing == THING_ASYNC_GENERATOR) lint_report(l, LINT_AWAIT_GENERATOR, value->span, c.text, "");
    if (c.def && c.thing == THING_FUNCTION && !c.method && returns_nothing(l, c.def) &&
        !lint_list_contains(c.def->body, is_raise))
        lint_report(l, LINT_AWAIT_NONE, value->span, c.text, "");
}

/* ---- calls ------------------------------------------------------------------------------------------- */

/* A list written there, or a variable that is one. */
static bool holds_list(Lint *l, Node *node)
{
    if (node->kind == AST_List || node->kind == AST_ListComp || node->kind == AST_Tuple ||
        node->kind == AST_GeneratorExp)
        return true;
    const Fact *f = node->kind == AST_Name ? lint_single(l, AST(Name, node)->id) : NULL;
    return f && f->simple && f->value && (is_list(f->value) || f->value->kind == AST_Tuple);
}

/* asyncio.run(main): the function, not a coroutine. */
static void check_passed_function(Lint *l, AstCall *call)
{
    for (uint32_t i = 0; i < call->args.count; i++) {
        Node *arg = call->args.items[i];
        if (arg->kind != AST_Name && arg->kind != AST_Attribute) continue;
        Callee c = lint_callee(l, arg);
        if (c.thing == THING_COROUTINE) lint_report(l, LINT_UNCALLED, arg->span, c.text, "");
    }
}

static void check_call(Lint *l, AstCall *call)
{
    Callee c = lint_callee(l, call->func);
    if (!c.path[0] || l->guarded) return;
    for (uint32_t i = 0; takes_values(&c) && i < call->args.count; i++) check_value(l, call->args.items[i]);
    if (is_asyncio(&c, "gather") && call->args.count == 1 && holds_list(l, call->args.items[0]))
        lint_report(l, LINT_GATHER_LIST, call->args.items[0]->outer, c.text, "");
    if (is_asyncio(&c, "gather") || is_asyncio(&c, "run") || is_path(&c, "asyncio", "create_task"))
        check_passed_function(l, call);
    if (lint_in_async(l) && is_path(&c, "time", "sleep"))
        lint_report(l, LINT_BLOCKING, call->node.span, c.text, "");
    if (lint_in_async(l) && is_asyncio(&c, "run"))
        lint_report(l, LINT_NESTED_RUN, call->node.span, c.text, "");
}

/* ---- awaited twice ----------------------------------------------------------------------------------- */

/* The name in `await name`, which is the expression or an argument of a call in it; else NULL. */
static AstName *name_awaited_in(Node *value)
{
    if (value->kind == AST_Await && AST(Await, value)->value->kind == AST_Name)
        return AST(Name, AST(Await, value)->value);
    AstName *found = NULL;
    AstCall *call = value->kind == AST_Call ? AST(Call, value) : NULL;
    for (uint32_t i = 0; call && !found && i < call->args.count; i++) found = name_awaited_in(call->args.items[i]);
    return found;
}

/* ... of a statement that is an expression or an assignment. */
static AstName *awaited_name(Node *statement)
{
    if (statement->kind == AST_Expr) return name_awaited_in(AST(Expr, statement)->value);
    return statement->kind == AST_Assign ? name_awaited_in(AST(Assign, statement)->value) : NULL;
}

void lint_awaits(Lint *l, NodeList body)
{
    for (uint32_t i = 0; i < body.count && !l->guarded; i++) {
        AstName *second = awaited_name(body.items[i]);
        const Fact *f = second ? lint_single(l, second->id) : NULL;
        if (!f || !f->simple || !f->value || lint_called(l, f->value).thing != THING_COROUTINE) continue;
        for (uint32_t k = 0; k < i; k++) {
            AstName *first = awaited_name(body.items[k]);
            if (!first || first->id != second->id) continue;
            lint_report(l, LINT_AWAITED_TWICE, second->node.span, lint_called(l, f->value).text, "");
            break;
        }
    }
}

/* ---- swallowed cancellation ---------------------------------------------------------------------------- */

static bool awaits(const Node *node)
{
    return node->kind == AST_Await || (node->kind == AST_For && ((const AstFor *)node)->is_async) ||
           (node->kind == AST_With && ((const AstWith *)node)->is_async);
}

static bool catches_cancel(Lint *l, AstExceptHandler *h)
{
    if (!h->type) return true;
    if (h->type->kind != AST_Name || h->name) return false; // with a name, it is looked at
    return strcmp(lint_callee(l, h->type).path, "builtins.BaseException") == 0;
}

static void check_try(Lint *l, AstTry *node)
{
    if (!lint_in_async(l) || !lint_list_contains(node->body, awaits)) return;
    for (uint32_t i = 0; i < node->handlers.count; i++) {
        AstExceptHandler *h = AST(ExceptHandler, node->handlers.items[i]);
        if (!catches_cancel(l, h) || lint_list_contains(h->body, is_raise)) continue;
        Span span = {h->node.span.start,
                     h->type ? h->type->span.end : h->node.span.start + (uint32_t)strlen("except")};
        lint_report(l, LINT_SWALLOWED, span, "", "");
    }
}

void lint_async(Lint *l, Node *node)
{
    switch ((NodeKind)node->kind) {
    case AST_Expr: check_statement(l, AST(Expr, node)->value); break;
    case AST_Await: check_await(l, AST(Await, node)->value); break;
    case AST_Call: check_call(l, AST(Call, node)); break;
    case AST_Try: check_try(l, AST(Try, node)); break;
    case AST_For: check_loop(l, AST(For, node)->iter, AST(For, node)->is_async); break;
    case AST_Comprehension:
        check_loop(l, AST(Comprehension, node)->iter, AST(Comprehension, node)->is_async);
        break;
    case AST_IfBranch: check_value(l, AST(IfBranch, node)->test); break;
    case AST_While: check_value(l, AST(While, node)->test); break;
    case AST_Compare: check_compare(l, AST(Compare, node)); break;
    case AST_Subscript: check_value(l, AST(Subscript, node)->value); break;
    case AST_IfExp: check_value(l, AST(IfExp, node)->test); break;
    case AST_UnaryOp: check_value(l, AST(UnaryOp, node)->operand); break;
    case AST_AugAssign: check_value(l, AST(AugAssign, node)->value); break;
    case AST_FormattedValue: // a variable may be shown there for what it is
        if (AST(FormattedValue, node)->value->kind == AST_Call) check_value(l, AST(FormattedValue, node)->value);
        break;
    case AST_BinOp: check_operation(l, AST(BinOp, node)); break;
    case AST_Assign: check_unpacking(l, AST(Assign, node)); break;
    default: break;
    }
}
