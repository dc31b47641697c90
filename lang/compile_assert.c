#include "lang/compiler.h"
#include <string.h>

/* assert. A test run's asserts keep their operands: one that fails calls __explain_assert__, which answers
 * the exception with a note of what they were. Its arguments: the assert's own message (or the constant
 * missing), then
 *     "", text, value                       of a condition that is no comparison
 *     operator, text, value, text, value    of the step of a comparison that failed
 * and a name and its value for each variable that the condition reads. */

enum { MAX_NAMES = 6 };

static const char explainer[] = "__explain_assert__";

/* ---- the variables of a condition ---------------------------------------------------------------------- */

typedef struct Names {
    AstName *items[MAX_NAMES];
    uint32_t count;
} Names;

static void add_name(Names *names, AstName *node)
{
    for (uint32_t i = 0; i < names->count; i++)
        if (names->items[i]->id == node->id) return;
    if (names->count < MAX_NAMES) names->items[names->count++] = node;
}

/* Those that are read whatever happens, so that reading them again cannot fail: nothing inside of what may
 * not be evaluated or has variables of its own. The operands themselves are shown anyhow. */
static void find_names(Names *names, Node *node, bool is_operand)
{
    switch ((NodeKind)node->kind) {
    case AST_Name:
        if (!is_operand && AST(Name, node)->ctx == CTX_LOAD) add_name(names, AST(Name, node));
        return;
    case AST_BoolOp:
    case AST_IfExp:
    case AST_Lambda:
    case AST_NamedExpr:
    case AST_ListComp:
    case AST_SetComp:
    case AST_DictComp:
    case AST_GeneratorExp: return;
    default: break;
    }
    for (const FieldInfo *field = ast_fields(node->kind); field->type != FIELD_END; field++) {
        void *at = (char *)node + field->offset;
        bool child = (field->type == FIELD_NODE || field->type == FIELD_OPT) && *(Node **)at;
        bool callee =
            node->kind == AST_Call && strcmp(field->name, "func") == 0 && (*(Node **)at)->kind == AST_Name;
        if (child && !callee && !ast_spine_next(*(Node **)at)) find_names(names, *(Node **)at, false);
        if (field->type != FIELD_LIST) continue;
        NodeList list = *(NodeList *)at;
        for (uint32_t i = 0; i < list.count; i++) find_names(names, list.items[i], false);
    }
}

/* ---- failing --------------------------------------------------------------------------------------------- */

static void put_text(Compiler *c, const Node *at, const char *text, size_t len)
{
    put_const(c, at, push(c), &(Const){.kind = CONST_STR, .text = {text, (uint32_t)len}});
}

static void put_source(Compiler *c, const Node *at, const Node *shown)
{
    put_text(c, at, c->tree->source->text + shown->span.start, shown->span.end - shown->span.start);
}

static void put_value(Compiler *c, const Node *at, Reg value)
{
    put_move(c, at, push(c), value);
}

typedef struct Failure {
    AstAssert *statement;
    Node *condition; // that failed, or the comparison it is a step of
    const char *op;  // "" of what is no comparison
    Node *left, *right;
    Reg left_value, right_value;
} Failure;

static void put_failure(Compiler *c, const Failure *f)
{
    const Node *at = f->condition;
    Names names = {.count = 0};
    find_names(&names, f->left, true);
    if (f->right) find_names(&names, f->right, true);

    Name *callee = names_intern(&c->tree->names, explainer, strlen(explainer));
    if (!callee) return;
    Reg base = push(c);
    put(c, at, OP_LOAD_GLOBAL, base, emit_global(&c->unit->draft, callee), 0);
    push_many(c, call_gap(c) - 1);
    Reg args = push(c);
    if (f->statement->msg)
        expr(c, f->statement->msg, args);
    else
        put_const(c, at, args, &(Const){.kind = CONST_ELLIPSIS});
    put_text(c, at, f->op, strlen(f->op));
    put_source(c, at, f->left);
    put_value(c, at, f->left_value);
    if (f->right) {
        put_source(c, at, f->right);
        put_value(c, at, f->right_value);
    }
    for (uint32_t i = 0; i < names.count; i++) {
        put_source(c, at, &names.items[i]->node);
        load_name(c, &names.items[i]->node, names.items[i]->id, push(c));
    }
    put_call(c, at, base, mark(c) - args, base);
    put(c, at, OP_RAISE, base, 0, 0);
}

/* ---- conditions ------------------------------------------------------------------------------------------ */

static Reg keep(Compiler *c, Node *node)
{
    Reg value = push(c);
    expr(c, node, value);
    return value;
}

static void check_comparison(Compiler *c, AstAssert *statement, AstCompare *node)
{
    Failure f = {statement, &node->node, "", node->left, NULL, keep(c, node->left), 0};
    for (uint32_t i = 0; i < node->steps.count; i++) {
        AstCompareStep *step = AST(CompareStep, node->steps.items[i]);
        Label holds = new_label(c);
        f.op = ast_operator_text(step->op);
        f.right = step->right;
        f.right_value = keep(c, step->right);
        Reg before = mark(c);
        put_compare_jump(c, &node->node, step->op, f.left_value, (Operand){false, f.right_value}, true,
                         holds);
        put_failure(c, &f);
        release(c, before);
        bind_label(c, holds);
        f.left = f.right;
        f.left_value = f.right_value;
    }
}

static void check_condition(Compiler *c, AstAssert *statement, Node *node)
{
    Reg before = mark(c);
    if (node->kind == AST_BoolOp && AST(BoolOp, node)->op == BOOL_AND) {
        NodeList parts = AST(BoolOp, node)->values;
        for (uint32_t i = 0; i < parts.count; i++) check_condition(c, statement, parts.items[i]);
    } else if (node->kind == AST_Compare) {
        check_comparison(c, statement, AST(Compare, node));
    } else {
        Label holds = new_label(c);
        Failure f = {statement, node, "", node, NULL, keep(c, node), 0};
        put_jump(c, node, OP_JTRUE, f.left_value, 0, holds);
        put_failure(c, &f);
        bind_label(c, holds);
    }
    release(c, before);
}

void assert_statement(Compiler *c, AstAssert *node)
{
    if (c->explains_asserts) {
        check_condition(c, node, node->test);
        return;
    }
    Label holds = new_label(c);
    jump_if(c, node->test, true, holds);
    Reg message = push(c);
    if (node->msg)
        expr(c, node->msg, message);
    else
        put(c, &node->node, OP_LOAD_UNSET, message, 0, 0);
    put(c, node->test, OP_RAISE_ASSERT, message, 0, 0); // the condition is what the caret marks
    bind_label(c, holds);
}
