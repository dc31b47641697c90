/* lint_flow.c - statements that nothing reaches, and definitions that replace others. */
#include "lang/lint_parts.h"
#include <string.h>

/* ---- unreachable ------------------------------------------------------------------------------------- */

static bool ends(Node *node);

static bool block_ends(NodeList body)
{
    return body.count && ends(body.items[body.count - 1]);
}

static bool if_ends(AstIf *node)
{
    for (uint32_t i = 0; i < node->branches.count; i++)
        if (!block_ends(AST(IfBranch, node->branches.items[i])->body)) return false;
    return block_ends(node->orelse);
}

static bool try_ends(AstTry *node)
{
    if (block_ends(node->finalbody)) return true;
    if (!block_ends(node->orelse) && !block_ends(node->body)) return false;
    for (uint32_t i = 0; i < node->handlers.count; i++)
        if (!block_ends(AST(ExceptHandler, node->handlers.items[i])->body)) return false;
    return true;
}

/* A break that leaves this loop, not one inside it. */
static bool breaks(NodeList body)
{
    for (uint32_t i = 0; i < body.count; i++) {
        Node *node = body.items[i];
        if (node->kind == AST_Break) return true;
        for (const FieldInfo *field = ast_fields(node->kind); field->type != FIELD_END; field++) {
            if (field->type != FIELD_LIST) continue;
            bool loop = node->kind == AST_For || node->kind == AST_While;
            bool inner = loop && strcmp(field->name, "body") == 0;
            bool other = node->kind == AST_FunctionDef || node->kind == AST_ClassDef;
            if (!inner && !other && breaks(*(NodeList *)((char *)node + field->offset))) return true;
        }
    }
    return false;
}

/* Does control never come behind this statement? */
static bool ends(Node *node)
{
    switch ((NodeKind)node->kind) {
    case AST_Return:
    case AST_Raise:
    case AST_Break:
    case AST_Continue: return true;
    case AST_If: return if_ends(AST(If, node));
    case AST_Try: return try_ends(AST(Try, node));
    case AST_While: return AST(While, node)->test->kind == AST_True && !breaks(AST(While, node)->body);
    default: return false; // `with` may swallow what leaves it
    }
}

static bool is_yield(const Node *node)
{
    return node->kind == AST_Yield || node->kind == AST_YieldFrom;
}

static void check_reached(Lint *l, NodeList body)
{
    for (uint32_t i = 0; i + 1 < body.count; i++) {
        if (!ends(body.items[i])) continue;
        bool makes_generator = false; // a yield that is never reached has its purpose
        for (uint32_t k = i + 1; k < body.count; k++)
            makes_generator |= lint_contains(body.items[k], is_yield);
        if (!makes_generator) lint_report(l, LINT_UNREACHABLE, body.items[i + 1]->span, "", "");
        return;
    }
}

/* ---- defined twice ----------------------------------------------------------------------------------- */

static Name *defined_name(Node *node)
{
    if (node->kind == AST_FunctionDef && !AST(FunctionDef, node)->decorators.count)
        return AST(FunctionDef, node)->name;
    if (node->kind == AST_ClassDef && !AST(ClassDef, node)->decorators.count)
        return AST(ClassDef, node)->name;
    return NULL;
}

/* Is the variable read before `second`, by others than `first` itself? */
static bool used_between(const Lint *l, const Symbol *s, const Node *first, const Node *second)
{
    for (uint32_t i = 0; i < l->nuses; i++) {
        const Use *u = &l->uses[i];
        bool inside = u->at >= first->span.start && u->at < first->span.end;
        if (u->variable == s && u->at < second->span.start && !inside) return true;
    }
    return false;
}

/* The name in "def name" or "class name". */
static Span name_span(const Lint *l, const Node *node, const Name *name)
{
    const char *text = l->tree->source->text, *at = strstr(text + node->span.start, name->text);
    if (!at || at >= text + node->span.end) return node->span;
    return (Span){(uint32_t)(at - text), (uint32_t)(at - text) + name->len};
}

static void check_redefined(Lint *l, NodeList body)
{
    for (uint32_t i = 1; i < body.count && !l->guarded; i++) {
        Name *name = defined_name(body.items[i]);
        const Symbol *s = name && name->text[0] != '_' ? lint_variable(l, name) : NULL;
        bool again = s && s->fact && s->fact->bindings > 1;
        for (uint32_t k = i; again && k-- > 0;) {
            if (defined_name(body.items[k]) != name) continue;
            if (!used_between(l, s, body.items[k], body.items[i])) {
                Diag *d = lint_report(l, LINT_REDEFINED, name_span(l, body.items[i], name), name->text, "");
                uint32_t line = source_position(l->tree->source, body.items[k]->span).line;
                diag_hint(l->diags, d, "the first one is in line %u", line);
            }
            break;
        }
    }
}

/* ---- every block of statements ------------------------------------------------------------------------ */

void lint_flow(Lint *l, Node *node)
{
    for (const FieldInfo *field = ast_fields(node->kind); field->type != FIELD_END; field++) {
        if (field->type != FIELD_LIST) continue;
        NodeList list = *(NodeList *)((char *)node + field->offset);
        if (!list.count || ast_kind_group(list.items[0]->kind) != GROUP_STMT) continue;
        check_reached(l, list);
        Scope *outer = l->scope;
        bool opens =
            (node->kind == AST_FunctionDef || node->kind == AST_ClassDef) && strcmp(field->name, "body") == 0;
        if (opens) l->scope = scope_of(&l->scopes, node);
        check_redefined(l, list);
        lint_used_up(l, list);
        l->scope = outer;
    }
}
