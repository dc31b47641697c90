/* lint_async.c - coroutines that do not run, and what stops or swallows what others wait for. */
#include "lang/lint_parts.h"
#include <stdio.h>
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

static bool is_named(const Node *node)
{
    return node->kind == AST_Name || node->kind == AST_Attribute;
}

/* ... or a function, by its name, for what it would give. */
static void check_uncalled(Lint *l, Node *node)
{
    Node *origin = lint_origin(l, node);
    if (!is_named(node) || !is_named(origin) || l->guarded) return;
    Callee c = lint_callee(l, origin);
    if (c.thing == THING_FUNCTION || c.thing == THING_COROUTINE)
        lint_report(l, LINT_UNCALLED, node->span, c.text, "");
}

/* Nothing can be done with a coroutine, a function or a task but to await, call or await it. */
static void check_operand(Lint *l, Node *node)
{
    check_value(l, node);
    check_uncalled(l, node);
    Callee c = lint_called(l, lint_origin(l, node));
    if (is_path(&c, "asyncio", "create_task") && !l->guarded)
        lint_report(l, LINT_TASK_VALUE, node->span, "", "");
}

/* `set[int]` in a class that has a method `set` may be an annotation, and mean the type. */
static void check_subscript(Lint *l, Node *value)
{
    char path[80];
    const char *name = value->kind == AST_Name ? AST(Name, value)->id->text : "";
    int n = snprintf(path, sizeof path, "builtins.%s", name);
    bool hides = *name && n < (int)sizeof path && l->world->look_up(l->world->state, path) == THING_VALUE;
    if (hides) check_value(l, value);
    else check_operand(l, value);
}

/* A function of this file, or a method of a plain value, is always true; one of the library may be missing elsewhere. */
static void check_condition(Lint *l, Node *node)
{
    check_value(l, node);
    if (!is_named(node) || l->guarded) return;
    Callee c = lint_callee(l, node);
    bool of_value = node->kind == AST_Attribute && strncmp(c.path, "builtins.", strlen("builtins.")) == 0;
    if ((c.def && !c.method) || (c.thing == THING_FUNCTION && of_value))
        lint_report(l, LINT_UNCALLED, node->span, c.text, "");
}

/* Functions that make nothing sensible of a coroutine. */
static bool takes_values(const Callee *c)
{
    static const char *const names[] = {"len",   "int",       "float",  "sum",  "max",     "min",
                                        "abs",   "round",     "sorted", "list", "dict",    "set",
                                        "tuple", "enumerate", "range",  "zip",  "reversed"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_path(c, "builtins", names[i])) return true;
    return false;
}

static void check_generator(Lint *l, Node *iter)
{
    Callee c = lint_called(l, iter);
    if (c.thing == THING_ASYNC_GENERATOR && !l->guarded)
        lint_report(l, LINT_SYNC_FOR, iter->span, c.text, "");
}

static void check_loop(Lint *l, Node *iter, bool is_async)
{
    Callee c = lint_called(l, iter);
    if (c.thing != THING_ASYNC_GENERATOR)
        check_operand(l, iter);
    else if (!is_async)
        check_generator(l, iter);
}

static bool is_constant(const Node *node)
{
    return node->kind == AST_Str || node->kind == AST_Int || node->kind == AST_Float ||
           node->kind == AST_True || node->kind == AST_False;
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
        bool equals = step->op == CMP_EQ || step->op == CMP_NE;
        if (equals && is_constant(step->right)) check_uncalled(l, left);
        if (equals && is_constant(left)) check_uncalled(l, step->right);
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

static bool is_raise(const Node *node)
{
    return node->kind == AST_Raise;
}

static bool returns_value(const Node *node)
{
    return node->kind == AST_Return && ((const AstReturn *)node)->value;
}

bool lint_returns_nothing(Lint *l, AstFunctionDef *def)
{
    return !scope_of(&l->scopes, &def->node)->is_generator && !lint_list_contains(def->body, returns_value) &&
           !lint_list_contains(def->body, is_raise);
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
    if (c.def && c.thing == THING_FUNCTION && scope_of(&l->scopes, &c.def->node)->is_generator)
        lint_report(l, LINT_AWAIT_PLAIN, value->span, c.text, "");
    if (c.def && c.thing == THING_FUNCTION && !c.method && lint_returns_nothing(l, c.def))
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

/* ", ".join([fetch()]), asyncio.wait([fetch()]): coroutines in a list whose members are wanted for themselves. */
static void check_members(Lint *l, const Callee *c, AstCall *call)
{
    bool join = is_path(c, "builtins", "str.join"), wait = is_path(c, "asyncio", "wait");
    if (!(join || wait) || !call->args.count || call->args.items[0]->kind != AST_List) return;
    NodeList elts = AST(List, call->args.items[0])->elts;
    for (uint32_t i = 0; i < elts.count; i++) {
        Callee member = lint_called(l, lint_origin(l, elts.items[i]));
        if (join)
            check_value(l, elts.items[i]);
        else if (member.thing == THING_COROUTINE)
            lint_report(l, LINT_WAIT_COROUTINE, elts.items[i]->span, c->text, "");
    }
}

static void check_run(Lint *l, const Callee *c, AstCall *call)
{
    if (!is_asyncio(c, "run") || !call->args.count) return;
    Callee passed = lint_called(l, call->args.items[0]);
    if (passed.thing == THING_ASYNC_GENERATOR)
        lint_report(l, LINT_AWAIT_GENERATOR, call->args.items[0]->span, passed.text, "");
}

static bool sleeps(Lint *l, Node *node)
{
    Callee c = lint_called(l, node);
    return is_path(&c, "time", "sleep");
}

/* A function of the file one of whose own statements is time.sleep(...). */
static bool is_sleeper(Lint *l, const Callee *c)
{
    bool found = false;
    if (!c->def || c->thing != THING_FUNCTION || scope_of(&l->scopes, &c->def->node)->is_generator)
        return false;
    Scope *outer = l->scope;
    l->scope = scope_of(&l->scopes, &c->def->node);
    for (uint32_t i = 0; i < c->def->body.count && !found; i++) {
        Node *node = c->def->body.items[i];
        found = node->kind == AST_Expr && sleeps(l, AST(Expr, node)->value);
    }
    l->scope = outer;
    return found;
}

static bool has_loop(const Lint *l)
{
    const Scope *f = l->scope->function;
    return f->is_async && (f->kind == SCOPE_MODULE || f->kind == SCOPE_FUNCTION);
}

/* What wants a running loop, or none, at a place where there certainly is none, or one. */
static void check_loop_state(Lint *l, const Callee *c, AstCall *call)
{
    const AstAttribute *method = call->func->kind == AST_Attribute ? AST(Attribute, call->func) : NULL;
    bool runs = is_asyncio(c, "run") || (method && strcmp(method->attr->text, "run_until_complete") == 0);
    if (runs && has_loop(l))
        lint_report(l, LINT_NESTED_RUN, call->node.span, is_asyncio(c, "run") ? c->text : method->attr->text,
                    "");
    bool wants = is_path(c, "asyncio", "create_task") || is_path(c, "asyncio", "get_running_loop");
    if (wants && l->scope == l->module && !has_loop(l))
        lint_report(l, LINT_NO_LOOP, call->node.span, c->text, "");
}

static void check_call(Lint *l, AstCall *call)
{
    if (l->guarded) return;
    Callee c = lint_callee(l, call->func);
    if (lint_in_async(l) && is_sleeper(l, &c))
        lint_report(l, LINT_BLOCKING_CALL, call->node.span, c.text, "");
    check_loop_state(l, &c, call);
    if (!c.path[0]) return;
    for (uint32_t i = 0; takes_values(&c) && i < call->args.count; i++) {
        check_value(l, call->args.items[i]);
        check_generator(l, call->args.items[i]);
    }
    check_members(l, &c, call);
    check_run(l, &c, call);
    if (is_asyncio(&c, "gather") && call->args.count == 1 && holds_list(l, call->args.items[0]))
        lint_report(l, LINT_GATHER_LIST, call->args.items[0]->outer, c.text, "");
    if (is_asyncio(&c, "gather") || is_asyncio(&c, "run") || is_path(&c, "asyncio", "create_task"))
        check_passed_function(l, call);
    if (lint_in_async(l) && is_path(&c, "time", "sleep"))
        lint_report(l, LINT_BLOCKING, call->node.span, c.text, "");
}

/* fetch().upper(): an attribute that the result may have, but not the coroutine. */
static void check_attribute(Lint *l, AstAttribute *node)
{
    char path[160];
    int n = snprintf(path, sizeof path, "types.CoroutineType.%s", node->attr->text);
    if (node->ctx != CTX_LOAD || strncmp(node->attr->text, "__", 2) == 0 || n >= (int)sizeof path) return;
    if (lint_called(l, lint_origin(l, node->value)).thing != THING_COROUTINE) return;
    if (l->world->look_up(l->world->state, path) == THING_MISSING) check_value(l, node->value);
}

/* ---- swallowed cancellation ---------------------------------------------------------------------------- */

static bool awaits(const Node *node)
{
    return node->kind == AST_Await || (node->kind == AST_For && ((const AstFor *)node)->is_async) ||
           (node->kind == AST_With && ((const AstWith *)node)->is_async);
}

/* Is the exception asked about, or kept, by more than a statement that prints it? */
static bool is_examined(Lint *l, AstExceptHandler *h)
{
    const Symbol *s = symbol_of(&l->scopes, l->scope, h->name);
    for (uint32_t i = 0; i < h->body.count; i++) {
        Node *node = h->body.items[i];
        Callee c = node->kind == AST_Expr ? lint_called(l, AST(Expr, node)->value)
                                          : (Callee){.thing = THING_UNKNOWN};
        bool prints = is_path(&c, "builtins", "print");
        for (uint32_t k = 0; k < l->nuses && !prints; k++)
            if (l->uses[k].variable == s && l->uses[k].at >= node->span.start &&
                l->uses[k].at < node->span.end)
                return true;
    }
    return false;
}

static bool asks_exception(const Node *node)
{
    return node->kind == AST_Attribute && strcmp(((const AstAttribute *)node)->attr->text, "exc_info") == 0;
}

static bool catches_cancel(Lint *l, AstExceptHandler *h)
{
    if (!h->type) return !lint_list_contains(h->body, asks_exception);
    if (h->type->kind != AST_Name || (h->name && is_examined(l, h))) return false;
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
    case AST_Attribute: check_attribute(l, AST(Attribute, node)); break;
    case AST_IfBranch: check_condition(l, AST(IfBranch, node)->test); break;
    case AST_While: check_condition(l, AST(While, node)->test); break;
    case AST_Compare: check_compare(l, AST(Compare, node)); break;
    case AST_Subscript: check_subscript(l, AST(Subscript, node)->value); break;
    case AST_IfExp: check_condition(l, AST(IfExp, node)->test); break;
    case AST_UnaryOp:
        if (AST(UnaryOp, node)->op == UNARY_NOT)
            check_condition(l, AST(UnaryOp, node)->operand);
        else
            check_operand(l, AST(UnaryOp, node)->operand);
        break;
    case AST_AugAssign: check_operand(l, AST(AugAssign, node)->value); break;
    case AST_FormattedValue: // a variable may be shown there for what it is
        if (AST(FormattedValue, node)->value->kind == AST_Call)
            check_value(l, AST(FormattedValue, node)->value);
        break;
    case AST_BinOp: check_operation(l, AST(BinOp, node)); break;
    case AST_Assign: check_unpacking(l, AST(Assign, node)); break;
    default: break;
    }
}
