/* lint_used_up.c - coroutines and generators serve once: who takes one up that an earlier statement of the
 * block has used. */
#include "lang/lint_parts.h"
#include <string.h>

/* Where a statement uses a variable up: what it holds is awaited, or gone through from end to end. */
typedef struct Taking {
    AstName *name; // NULL: none found
    bool whole;    // certainly to the end
} Taking;

typedef struct Takings {
    Taking items[8]; // of one statement; what is beyond is left alone
    uint32_t count;
} Takings;

static void note(Takings *t, Node *node, bool whole)
{
    if (node->kind == AST_Name && t->count < sizeof t->items / sizeof *t->items)
        t->items[t->count++] = (Taking){AST(Name, node), whole};
}

/* ---- who takes --------------------------------------------------------------------------------------- */

static bool is_among(const char *name, const char *const *names)
{
    while (*names && strcmp(name, *names) != 0) names++;
    return *names;
}

/* Does the call run the coroutines that it is given? */
static bool runs_coroutines(const Callee *c)
{
    static const char *const paths[] = {"asyncio.run",         "builtins.run",
                                        "asyncio.gather",      "builtins.gather",
                                        "asyncio.create_task", "asyncio.ensure_future",
                                        "asyncio.wait_for",    "asyncio.shield",
                                        "builtins.spawn",      NULL};
    return is_among(c->path, paths);
}

/* ... or go through the iterable that is its only argument? */
static bool exhausts(const Callee *c, const AstCall *call)
{
    static const char *const paths[] = {
        "builtins.list",   "builtins.tuple", "builtins.set", "builtins.frozenset", "builtins.sum",
        "builtins.sorted", "builtins.max",   "builtins.min", "builtins.str.join",  NULL};
    return call->args.count == 1 && is_among(c->path, paths);
}

static void take_in(Lint *l, Takings *t, Node *node);

static void take_in_list(Lint *l, Takings *t, NodeList list)
{
    for (uint32_t i = 0; i < list.count; i++) take_in(l, t, list.items[i]);
}

static void take_in_call(Lint *l, Takings *t, AstCall *call)
{
    Callee c = lint_callee(l, call->func);
    bool takes = runs_coroutines(&c) || exhausts(&c, call);
    for (uint32_t i = 0; i < call->args.count; i++) {
        take_in(l, t, call->args.items[i]);
        if (takes) note(t, call->args.items[i], true);
    }
}

/* Only what is evaluated whatever happens, and at once. */
static void take_in(Lint *l, Takings *t, Node *node)
{
    for (; node->kind == AST_BinOp; node = AST(BinOp, node)->left) take_in(l, t, AST(BinOp, node)->right);
    switch ((NodeKind)node->kind) {
    case AST_Call: take_in_call(l, t, AST(Call, node)); break;
    case AST_Await:
        take_in(l, t, AST(Await, node)->value);
        note(t, AST(Await, node)->value, true);
        break;
    case AST_Starred: note(t, AST(Starred, node)->value, true); break;
    case AST_ListComp:
        note(t, AST(Comprehension, AST(ListComp, node)->generators.items[0])->iter, true);
        break;
    case AST_List: take_in_list(l, t, AST(List, node)->elts); break;
    case AST_Tuple: take_in_list(l, t, AST(Tuple, node)->elts); break;
    case AST_JoinedStr:
        for (uint32_t i = 0; i < AST(JoinedStr, node)->parts.count; i++) {
            Node *part = AST(JoinedStr, node)->parts.items[i];
            if (part->kind == AST_FormattedValue) take_in(l, t, AST(FormattedValue, part)->value);
        }
        break;
    default: break;
    }
}

static bool leaves(const Node *node)
{
    return node->kind == AST_Break || node->kind == AST_Return || node->kind == AST_Raise;
}

static bool is_unpacking(AstAssign *node)
{
    Node *target = node->targets.items[0];
    return target->kind == AST_Tuple || target->kind == AST_List;
}

static void take_in_statement(Lint *l, Takings *t, Node *node)
{
    switch ((NodeKind)node->kind) {
    case AST_Expr: take_in(l, t, AST(Expr, node)->value); break;
    case AST_Return:
        if (AST(Return, node)->value) take_in(l, t, AST(Return, node)->value);
        break;
    case AST_Assign:
        take_in(l, t, AST(Assign, node)->value);
        if (is_unpacking(AST(Assign, node))) note(t, AST(Assign, node)->value, true);
        break;
    case AST_For: {
        AstFor *loop = AST(For, node);
        take_in(l, t, loop->iter);
        if (!loop->is_async) note(t, loop->iter, !lint_list_contains(loop->body, leaves));
        break;
    }
    default: break;
    }
}

/* ---- what is taken ----------------------------------------------------------------------------------- */

/* What the variable holds, once and for all. */
static Node *kept(Lint *l, AstName *name)
{
    const Fact *f = lint_single(l, name->id);
    return f && f->simple && !f->guarded ? f->value : NULL;
}

static bool is_coroutine(Lint *l, Node *value)
{
    return lint_called(l, value).thing == THING_COROUTINE;
}

static bool is_generator(Lint *l, Node *value)
{
    if (value->kind == AST_GeneratorExp) return true;
    Callee c = lint_called(l, value);
    return c.def && !c.def->is_async && scope_of(&l->scopes, &c.def->node)->is_generator;
}

static bool is_between(const Node *value, const AstName *first, const AstName *second)
{
    return value->span.start > first->node.span.start && value->span.start < second->node.span.start;
}

static void report(Lint *l, AstName *name, Node *value)
{
    if (is_coroutine(l, value))
        lint_report(l, LINT_AWAITED_TWICE, name->node.span, lint_called(l, value).text, "");
    else if (is_generator(l, value))
        lint_report(l, LINT_USED_UP, name->node.span, name->id->text, "");
}

/* Was the variable used up in one of the statements before? */
static void check_taking(Lint *l, NodeList body, uint32_t at, AstName *name)
{
    Node *value = kept(l, name);
    if (!value || !(is_coroutine(l, value) || is_generator(l, value))) return;
    for (uint32_t k = 0; k < at; k++) {
        Takings earlier = {.count = 0};
        take_in_statement(l, &earlier, body.items[k]);
        for (uint32_t i = 0; i < earlier.count; i++) {
            const Taking *t = &earlier.items[i];
            if (t->name->id == name->id && t->whole && !is_between(value, t->name, name))
                return report(l, name, value);
        }
    }
}

/* ---- a value that comes too early -------------------------------------------------------------------- */

/* `g.send(value)` right behind the statement that made g. */
static void check_sending(Lint *l, Node *made, Node *next)
{
    if (made->kind != AST_Assign || AST(Assign, made)->targets.items[0]->kind != AST_Name) return;
    const Name *name = AST(Name, AST(Assign, made)->targets.items[0])->id;
    Node *value = next->kind == AST_Expr     ? AST(Expr, next)->value
                  : next->kind == AST_Assign ? AST(Assign, next)->value
                                             : NULL;
    AstCall *call = value && value->kind == AST_Call ? AST(Call, value) : NULL;
    if (!call || call->func->kind != AST_Attribute || call->args.count != 1 ||
        call->args.items[0]->kind == AST_None)
        return;
    AstAttribute *send = AST(Attribute, call->func);
    bool same = send->value->kind == AST_Name && AST(Name, send->value)->id == name &&
                strcmp(send->attr->text, "send") == 0;
    if (same && call->args.items[0]->kind != AST_Name && is_generator(l, AST(Assign, made)->value))
        lint_report(l, LINT_SENT_EARLY, call->node.span, name->text, "");
}

void lint_used_up(Lint *l, NodeList body)
{
    for (uint32_t i = 1; i < body.count && !l->guarded; i++) {
        Takings now = {.count = 0};
        take_in_statement(l, &now, body.items[i]);
        for (uint32_t k = 0; k < now.count; k++) check_taking(l, body, i, now.items[k].name);
        check_sending(l, body.items[i - 1], body.items[i]);
    }
}
