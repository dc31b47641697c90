/* lint_types.c - which built-in type a value certainly has, from where it is made. */
#include "lang/lint_parts.h"
#include <stdio.h>
#include <string.h>

Node *lint_origin(Lint *l, Node *node)
{
    const Fact *f = node->kind == AST_Name ? lint_single(l, AST(Name, node)->id) : NULL;
    return f && f->simple && f->value && !f->guarded ? f->value : node;
}

/* What the built-in function or method of that path gives. */
static const char *type_of_library_call(const char *path)
{
    static const struct {
        const char *type, *names; // each between spaces
    } rows[] = {
        {"str", " str input repr chr str.strip str.upper str.lower str.replace str.join str.format "},
        {"int", " int len ord "},
        {"float", " float "},
        {"list", " list sorted str.split "},
        {"dict", " dict "},
        {"set", " set "},
        {"tuple", " tuple "},
        {"NoneType", " print list.sort list.append list.extend list.insert list.remove list.reverse "
                     "dict.update set.add set.discard "},
    };
    static const char builtins[] = "builtins.";
    char name[80];
    if (strncmp(path, builtins, strlen(builtins)) != 0) return NULL;
    if (snprintf(name, sizeof name, " %s ", path + strlen(builtins)) >= (int)sizeof name) return NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strstr(rows[i].names, name)) return rows[i].type;
    return NULL;
}

static bool is_return(const Node *node)
{
    return node->kind == AST_Return;
}

/* What a function of the file returns, if its one `return` is its last statement, or there is none. */
static const char *type_of_own_call(Lint *l, AstFunctionDef *def)
{
    enum { DEEPEST = 4 }; // functions that return what others return
    NodeList body = def->body, before = {.items = body.items, .count = body.count - 1};
    if (lint_returns_nothing(l, def)) return "NoneType";
    const Node *last = body.items[body.count - 1];
    if (last->kind != AST_Return || lint_list_contains(before, is_return) || l->depth == DEEPEST) return NULL;
    Node *value = ((const AstReturn *)last)->value;
    if (!value || scope_of(&l->scopes, &def->node)->is_generator) return NULL;
    Scope *outer = l->scope;
    l->scope = scope_of(&l->scopes, &def->node);
    l->depth++;
    const char *type = lint_type_of(l, value);
    l->depth--;
    l->scope = outer;
    return type;
}

/* A method may be another one in a class derived from this. */
static const char *type_of_call(Lint *l, Node *node, Thing awaited)
{
    Callee c = lint_called(l, node);
    if (c.path[0]) return type_of_library_call(c.path);
    return c.def && !c.method && c.thing == awaited ? type_of_own_call(l, c.def) : NULL;
}

const char *lint_type_of(Lint *l, Node *node)
{
    node = lint_origin(l, node);
    switch ((NodeKind)node->kind) {
    case AST_Str:
    case AST_JoinedStr: return "str";
    case AST_Int: return "int";
    case AST_Float: return "float";
    case AST_List:
    case AST_ListComp: return "list";
    case AST_Tuple: return "tuple";
    case AST_Dict:
    case AST_DictComp: return "dict";
    case AST_Set:
    case AST_SetComp: return "set";
    case AST_Call: return type_of_call(l, node, THING_FUNCTION);
    case AST_Await: return type_of_call(l, AST(Await, node)->value, THING_COROUTINE);
    default: return NULL;
    }
}
