/* lint_values.c - values whose built-in type is plain from where they are made: what they have not, what
 * does not go together. */
#include "lang/lint_parts.h"
#include <stdio.h>
#include <string.h>

static bool is_of(Lint *l, Node *node, const char *const *types)
{
    const char *type = lint_type_of(l, node);
    for (; type && *types; types++)
        if (strcmp(type, *types) == 0) return true;
    return false;
}

/* ---- what is done with them -------------------------------------------------------------------------- */

static bool is_text_and_number(Lint *l, Node *left, Node *right)
{
    const char *a = lint_type_of(l, left), *b = lint_type_of(l, right);
    if (!a || !b) return false;
    bool a_text = strcmp(a, "str") == 0, b_text = strcmp(b, "str") == 0;
    const char *other = a_text ? b : a;
    return a_text != b_text && (strcmp(other, "int") == 0 || strcmp(other, "float") == 0);
}

static bool is_text_and_none(Lint *l, Node *left, Node *right)
{
    const char *a = lint_type_of(l, left), *b = lint_type_of(l, right);
    if (!a || !b) return false;
    return (strcmp(a, "str") == 0 && strcmp(b, "NoneType") == 0) ||
           (strcmp(a, "NoneType") == 0 && strcmp(b, "str") == 0);
}

static void check_sum(Lint *l, AstBinOp *node)
{
    bool repeats = node->op == BIN_MUL || node->op == BIN_MOD; // "-" * 20, "%d" % 3
    if (node->op == BIN_ADD && is_text_and_none(l, node->left, node->right))
        lint_report(l, LINT_TEXT_NONE, node->node.span, "", "");
    if (repeats || !is_text_and_number(l, node->left, node->right)) return;
    if (node->op == BIN_ADD)
        lint_report(l, LINT_TEXT_NUMBER, node->node.span, "", "");
    else
        lint_report(l, LINT_TEXT_COUNTED, node->node.span, ast_operator_text(node->op), "");
}

static void check_order(Lint *l, AstCompare *node)
{
    Node *left = node->left;
    for (uint32_t i = 0; i < node->steps.count; i++) {
        AstCompareStep *step = AST(CompareStep, node->steps.items[i]);
        if (lint_orders(step->op) && is_text_and_number(l, left, step->right))
            lint_report(l, LINT_TEXT_COMPARED, node->node.span, "", "");
        left = step->right;
    }
}

static void check_attribute(Lint *l, AstAttribute *node)
{
    char path[160];
    const char *type = lint_type_of(l, node->value);
    if (!type || strncmp(node->attr->text, "__", 2) == 0) return;
    int n = snprintf(path, sizeof path, "builtins.%s.%s", type, node->attr->text);
    bool none = strcmp(type, "NoneType") == 0; // has nothing of its own
    if (n >= (int)sizeof path || (!none && l->world->look_up(l->world->state, path) != THING_MISSING)) return;
    Span span = {node->node.span.end - node->attr->len, node->node.span.end};
    path[n - (int)node->attr->len - 1] = '\0';
    lint_hint_member(l, lint_report(l, LINT_NO_ATTRIBUTE, span, node->attr->text, type), path,
                     node->attr->text);
}

/* Numbers and None: neither subscripts nor loops. */
static void check_items(Lint *l, Node *node)
{
    static const char *const types[] = {"int", "float", "NoneType", NULL};
    if (is_of(l, node, types)) lint_report(l, LINT_NO_ITEMS, node->span, lint_type_of(l, node), "");
}

static void check_call(Lint *l, AstCall *call)
{
    static const char *const names[] = {"len",  "sum",   "max", "min",       "sorted",
                                        "list", "tuple", "set", "enumerate", "reversed"};
    const char *type = lint_type_of(l, call->func);
    if (type) lint_report(l, LINT_NOT_CALLED, call->func->span, type, "");
    if (call->args.count != 1 || call->func->kind != AST_Name) return;
    Callee c = lint_callee(l, call->func);
    for (size_t i = 0; c.path[0] && i < sizeof names / sizeof *names; i++)
        if (strcmp(c.path + strlen("builtins."), names[i]) == 0 &&
            strncmp(c.path, "builtins.", strlen("builtins.")) == 0)
            check_items(l, call->args.items[0]);
}

/* ---- unpacking --------------------------------------------------------------------------------------- */

static bool is_starred(const Node *node)
{
    return node->kind == AST_Starred;
}

static const NodeList *members_of(Node *node)
{
    if (node->kind == AST_Tuple) return &AST(Tuple, node)->elts;
    return node->kind == AST_List ? &AST(List, node)->elts : NULL;
}

/* How many values there are is plain of a display, and of a variable that holds a tuple, or a list that
 * nobody else asks for. */
static void check_unpacking(Lint *l, Node *target, Node *value)
{
    char values[16], wanted[16];
    Node *origin = lint_origin(l, value);
    const NodeList *targets = members_of(target), *members = members_of(origin);
    if (!targets || !members) return;
    const Fact *f = value->kind == AST_Name ? lint_single(l, AST(Name, value)->id) : NULL;
    if (origin != value && origin->kind == AST_List && (!f || f->uses > 1)) return;
    for (uint32_t i = 0; i < targets->count; i++)
        if (is_starred(targets->items[i])) return;
    for (uint32_t i = 0; i < members->count; i++)
        if (is_starred(members->items[i])) return;
    if (targets->count == members->count) return;
    snprintf(values, sizeof values, "%u", members->count);
    snprintf(wanted, sizeof wanted, "%u", targets->count);
    lint_report(l, LINT_UNPACKED, value->span, values, wanted);
}

/* ---- what changes under a loop ----------------------------------------------------------------------- */

/* The variable in `for ... in ages`, `in ages.items()`, if it always holds a dict or set. */
static Name *looped(Lint *l, Node *iter)
{
    static const char *const types[] = {"dict", "set", NULL};
    static const char *const views[] = {"keys", "values", "items"};
    bool view = false;
    if (iter->kind == AST_Call && AST(Call, iter)->func->kind == AST_Attribute) {
        const AstAttribute *method = AST(Attribute, AST(Call, iter)->func);
        for (size_t i = 0; i < sizeof views / sizeof *views; i++)
            view |= strcmp(method->attr->text, views[i]) == 0;
        if (view) iter = method->value;
    }
    return iter->kind == AST_Name && is_of(l, iter, types) ? AST(Name, iter)->id : NULL;
}

static bool is_name(const Node *node, const Name *name)
{
    return node->kind == AST_Name && ((const AstName *)node)->id == name;
}

/* `del ages[key]`, `ages.pop(key)`, `seen.remove(x)` as a statement. */
static bool shrinks(Node *node, const Name *name)
{
    if (node->kind == AST_Delete) {
        Node *target = AST(Delete, node)->targets.items[0];
        return target->kind == AST_Subscript && is_name(AST(Subscript, target)->value, name);
    }
    Node *value = node->kind == AST_Expr ? AST(Expr, node)->value : NULL;
    if (!value || value->kind != AST_Call || AST(Call, value)->func->kind != AST_Attribute) return false;
    const AstAttribute *method = AST(Attribute, AST(Call, value)->func);
    bool removes = strcmp(method->attr->text, "remove") == 0 || strcmp(method->attr->text, "pop") == 0;
    return removes && AST(Call, value)->args.count == 1 && is_name(method->value, name);
}

/* Nothing may follow that leaves the loop, or puts something back. */
static void check_block(Lint *l, NodeList body, const Name *name)
{
    if (!body.count) return;
    const Node *last = body.items[body.count - 1];
    if (last->kind == AST_Break || last->kind == AST_Return || last->kind == AST_Raise) return;
    for (uint32_t i = 0; i < body.count; i++) {
        Node *node = body.items[i];
        if (node->kind == AST_If)
            for (uint32_t k = 0; k < AST(If, node)->branches.count; k++)
                check_block(l, AST(IfBranch, AST(If, node)->branches.items[k])->body, name);
        else if (shrinks(node, name))
            lint_report(l, LINT_CHANGED_IN_LOOP, node->span, name->text, "");
    }
}

static bool stores_item(const Node *node)
{
    return node->kind == AST_Subscript && ((const AstSubscript *)node)->ctx == CTX_STORE;
}

/* What is no asynchronous iterable. */
static void check_async_loop(Lint *l, Node *iter)
{
    const char *type = lint_type_of(l, iter);
    if (type) lint_report(l, LINT_ASYNC_FOR, iter->span, type, "");
}

static void check_loop(Lint *l, AstFor *node)
{
    Name *name = looped(l, node->iter);
    if (name && !lint_list_contains(node->body, stores_item)) check_block(l, node->body, name);
}

/* ---- before its first value -------------------------------------------------------------------------- */

/* `count += 1` makes a local variable, which has no value when nothing else gives it one. */
static void check_unbound(Lint *l, AstAugAssign *node)
{
    const Symbol *s = node->target->kind == AST_Name ? lint_variable(l, AST(Name, node->target)->id) : NULL;
    if (!s || !s->fact || s->scope->kind != SCOPE_FUNCTION || s->fact->bindings != s->fact->augmented) return;
    Diag *d = lint_report(l, LINT_UNBOUND, node->target->span, s->name->text, "");
    for (const Scope *around = s->scope->parent; around; around = around->parent) {
        const Symbol *outer = around->kind == SCOPE_CLASS ? NULL : scope_find(around, s->name);
        if (!outer || !(outer->flags & SYM_BOUND)) continue;
        bool global = around->kind == SCOPE_MODULE;
        diag_hint(l->diags, d,
                  global ? "to assign the module's '%s', write 'global %s' first"
                         : "to assign the outer function's '%s', write 'nonlocal %s' first",
                  s->name->text, s->name->text);
        return;
    }
}

void lint_values(Lint *l, Node *node)
{
    if (l->guarded) return;
    switch ((NodeKind)node->kind) {
    case AST_BinOp: check_sum(l, AST(BinOp, node)); break;
    case AST_Compare: check_order(l, AST(Compare, node)); break;
    case AST_Attribute: check_attribute(l, AST(Attribute, node)); break;
    case AST_Call: check_call(l, AST(Call, node)); break;
    case AST_Subscript: check_items(l, AST(Subscript, node)->value); break;
    case AST_Comprehension:
        if (AST(Comprehension, node)->is_async)
            check_async_loop(l, AST(Comprehension, node)->iter);
        else
            check_items(l, AST(Comprehension, node)->iter);
        break;
    case AST_For:
        if (AST(For, node)->is_async)
            check_async_loop(l, AST(For, node)->iter);
        else
            check_items(l, AST(For, node)->iter);
        check_loop(l, AST(For, node));
        break;
    case AST_Assign:
        for (uint32_t i = 0; i < AST(Assign, node)->targets.count; i++)
            check_unpacking(l, AST(Assign, node)->targets.items[i], AST(Assign, node)->value);
        break;
    case AST_AugAssign: check_unbound(l, AST(AugAssign, node)); break;
    default: break;
    }
}
