#include "lang/compiler.h"
#include <string.h>

/* Functions, lambdas and classes. */

Node *docstring(NodeList body)
{
    Node *first = body.count ? body.items[0] : NULL;
    if (!first || first->kind != AST_Expr) return NULL;
    Node *value = AST(Expr, first)->value;
    return value->kind == AST_Str ? value : NULL;
}

//-- what is evaluated when a function is made -------------------------------------------------------

static bool has_default(const AstParam *param, bool keyword_only)
{
    return param->dflt && (param->kind == PARAM_KWONLY) == keyword_only;
}

/* The defaults of positional parameters, as if they were written as a tuple. */
static void positional_defaults(Compiler *c, const Node *at, NodeList params, Reg dst)
{
    AstTuple tuple = {.node = *at};
    tuple.node.kind = AST_Tuple;
    tuple.elts.items = compile_alloc(c, params.count, sizeof *tuple.elts.items);
    if (!tuple.elts.items) return;
    for (uint32_t i = 0; i < params.count; i++) {
        AstParam *param = AST(Param, params.items[i]);
        if (has_default(param, false)) tuple.elts.items[tuple.elts.count++] = param->dflt;
    }
    if (tuple.elts.count) expr(c, &tuple.node, dst);
    else put(c, at, OP_LOAD_UNSET, dst, 0, 0);
}

static void put_item(Compiler *c, const Node *at, Reg dict, uint32_t key_index, Reg key)
{
    put(c, at, OP_LOADK, key, key_index, 0);
    put(c, at, OP_DICT_SET, dict, key, key + 1);
}

static bool any_keyword_default(NodeList params)
{
    for (uint32_t i = 0; i < params.count; i++)
        if (has_default(AST(Param, params.items[i]), true)) return true;
    return false;
}

static void keyword_defaults(Compiler *c, const Node *at, NodeList params, Reg dst)
{
    if (!any_keyword_default(params)) {
        put(c, at, OP_LOAD_UNSET, dst, 0, 0);
        return;
    }
    Reg key = push_many(c, 2);
    put(c, at, OP_BUILD_DICT, dst, dst, 0);
    for (uint32_t i = 0; i < params.count; i++) {
        AstParam *param = AST(Param, params.items[i]);
        if (!has_default(param, true)) continue;
        expr(c, param->dflt, key + 1);
        put_item(c, at, dst, name_index(c, param->name), key);
    }
    release(c, key);
}

void annotation(Compiler *c, Node *node, Reg dst)
{
    if (!c->future_annotations) {
        expr(c, node, dst);
        return;
    }
    Text text = {c->tree->source->text + node->span.start, node->span.end - node->span.start};
    put_const(c, node, dst, &(Const){.kind = CONST_STR, .text = text});
}

static bool any_annotation(NodeList params, const Node *returns)
{
    for (uint32_t i = 0; i < params.count; i++)
        if (AST(Param, params.items[i])->annotation) return true;
    return returns;
}

static void annotations(Compiler *c, const Node *at, NodeList params, Node *returns, Reg dst)
{
    if (!any_annotation(params, returns)) {
        put(c, at, OP_LOAD_UNSET, dst, 0, 0);
        return;
    }
    Reg key = push_many(c, 2);
    put(c, at, OP_BUILD_DICT, dst, dst, 0);
    for (uint32_t i = 0; i < params.count; i++) {
        AstParam *param = AST(Param, params.items[i]);
        if (!param->annotation) continue;
        annotation(c, param->annotation, key + 1);
        put_item(c, at, dst, name_index(c, param->name), key);
    }
    if (returns) {
        annotation(c, returns, key + 1);
        put_item(c, at, dst, const_index(c, &(Const){.kind = CONST_STR, .text = {"return", 6}}), key);
    }
    release(c, key);
}

static bool any_default(NodeList params)
{
    for (uint32_t i = 0; i < params.count; i++)
        if (AST(Param, params.items[i])->dflt) return true;
    return false;
}

static void put_code(Compiler *c, const Node *at, Opcode op, Reg dst, uint32_t record, Reg extras)
{
    put(c, at, op, dst, const_index(c, &(Const){.kind = CONST_CODE, .number = record}), extras);
}

//-- functions ---------------------------------------------------------------------------------------

static CodeRecord describe_params(NodeList params)
{
    CodeRecord record = {0};
    for (uint32_t i = 0; i < params.count; i++) {
        switch (AST(Param, params.items[i])->kind) {
        case PARAM_POSONLY: record.nposonly++; // fall through
        case PARAM_NORMAL: record.nparams++; break;
        case PARAM_KWONLY: record.nkwonly++; break;
        case PARAM_VARARGS: record.flags |= CODE_VARARGS; break;
        case PARAM_KWARGS: record.flags |= CODE_VARKW; break;
        }
    }
    return record;
}

static uint32_t line_of(const Compiler *c, const Node *node)
{
    return source_position(c->tree->source, node->span).line;
}

static void note_docstring(Compiler *c, Unit *unit, NodeList body)
{
    Node *doc = docstring(body);
    if (doc) unit->doc = (int32_t)const_index(c, &(Const){.kind = CONST_STR, .text = AST(Str, doc)->text});
}

static uint32_t function_code(Compiler *c, AstFunctionDef *node)
{
    Unit unit;
    Scope *scope = scope_of(&c->scopes, &node->node);
    if (!unit_begin(c, &unit, scope, node->name->text, node->name->len)) return 0;
    unit_locals(c, node->params, &node->node);
    note_docstring(c, &unit, node->body);
    statements(c, node->body);
    CodeRecord record = describe_params(node->params);
    record.first_line = line_of(c, node->decorators.count ? node->decorators.items[0] : &node->node);
    return unit_end(c, &unit, record);
}

/* Where a definition's name stands for the whole of it in tracebacks: its first line. */
static Reg make_function(Compiler *c, AstFunctionDef *node, Reg want)
{
    Node *at = &node->node;
    if (!any_default(node->params) && !any_annotation(node->params, node->returns)) {
        Reg dst = into(c, want);
        put_code(c, at, OP_MAKE_CLOSURE, dst, function_code(c, node), 0);
        return dst;
    }
    Reg before = mark(c), extras = push_many(c, 3);
    positional_defaults(c, at, node->params, extras);
    keyword_defaults(c, at, node->params, extras + 1);
    annotations(c, at, node->params, node->returns, extras + 2);
    release(c, before);
    Reg dst = into(c, want);
    put_code(c, at, OP_MAKE_FUNCTION, dst, function_code(c, node), extras);
    return dst;
}

static uint32_t lambda_code(Compiler *c, AstLambda *node)
{
    Unit unit;
    Scope *scope = scope_of(&c->scopes, &node->node);
    if (!unit_begin(c, &unit, scope, "<lambda>", (uint32_t)strlen("<lambda>"))) return 0;
    unit_locals(c, node->params, &node->node);
    Reg before = mark(c);
    put_return(c, node->body, expr(c, node->body, ANY));
    release(c, before);
    CodeRecord record = describe_params(node->params);
    record.first_line = line_of(c, &node->node);
    return unit_end(c, &unit, record);
}

Reg lambda(Compiler *c, AstLambda *node, Reg want)
{
    Node *at = &node->node;
    if (!any_default(node->params)) {
        Reg dst = into(c, want);
        put_code(c, at, OP_MAKE_CLOSURE, dst, lambda_code(c, node), 0);
        return dst;
    }
    Reg before = mark(c), extras = push_many(c, 3);
    positional_defaults(c, at, node->params, extras);
    keyword_defaults(c, at, node->params, extras + 1);
    put(c, at, OP_LOAD_UNSET, extras + 2, 0, 0);
    release(c, before);
    Reg dst = into(c, want);
    put_code(c, at, OP_MAKE_FUNCTION, dst, lambda_code(c, node), extras);
    return dst;
}

//-- decorators --------------------------------------------------------------------------------------

/* The decorators, each in the callee's place of a call whose argument is where the next one begins. */
static Reg begin_decorators(Compiler *c, NodeList decorators)
{
    Reg first = mark(c);
    for (uint32_t i = 0; i < decorators.count; i++) {
        expr(c, decorators.items[i], push(c));
        push_many(c, call_gap(c) - 1);
    }
    return first;
}

static void call_decorators(Compiler *c, NodeList decorators, Reg first)
{
    for (uint32_t i = decorators.count; i-- > 0;) {
        Reg base = first + i * call_gap(c);
        put_call(c, decorators.items[i], base, 1, base);
    }
}

void function_def(Compiler *c, AstFunctionDef *node)
{
    Reg local = local_reg(c, node->name);
    if (node->decorators.count == 0 && local != ANY) {
        make_function(c, node, local);
        return;
    }
    Reg first = begin_decorators(c, node->decorators);
    make_function(c, node, push(c));
    call_decorators(c, node->decorators, first);
    store_name(c, &node->node, node->name, first);
}

//-- classes -----------------------------------------------------------------------------------------

static Name *intern(Compiler *c, const char *text)
{
    return names_intern(&c->tree->names, text, strlen(text));
}

/* namespace[name] = value */
static void put_in_namespace(Compiler *c, const Node *at, const char *text, Reg value)
{
    Name *name = intern(c, text);
    if (name) put(c, at, OP_STORE_NAME, value, plain_name_index(c, name), 0);
}

static void describe_class(Compiler *c, AstClassDef *node)
{
    Node *at = &node->node, *doc = docstring(node->body);
    Reg value = push(c);
    Name *module = intern(c, "__name__");
    if (module) put(c, at, OP_LOAD_NAME, value, plain_name_index(c, module), emit_global(&c->unit->draft, module));
    put_in_namespace(c, at, "__module__", value);
    put_const(c, at, value, &(Const){.kind = CONST_STR, .text = c->unit->qualname});
    put_in_namespace(c, at, "__qualname__", value);
    if (c->scope->has_annotations) {
        put(c, at, OP_BUILD_DICT, value, value, 0);
        put_in_namespace(c, at, "__annotations__", value);
    }
    if (doc) {
        expr(c, doc, value);
        put_in_namespace(c, doc, "__doc__", value);
    }
    release(c, value);
}

/* The body is a function of the namespace, which it returns. */
static uint32_t class_code(Compiler *c, AstClassDef *node)
{
    enum { NAMESPACE };
    Unit unit;
    Scope *scope = scope_of(&c->scopes, &node->node);
    if (!unit_begin(c, &unit, scope, node->name->text, node->name->len)) return 0;
    unit_locals(c, (NodeList){0}, &node->node);
    describe_class(c, node);
    statements(c, node->body);
    if (scope->class_cell) put_in_namespace(c, &node->node, "__classcell__", scope->class_cell->reg);
    put_return(c, &node->node, NAMESPACE);
    return unit_end(c, &unit, (CodeRecord){.first_line = line_of(c, &node->node), .nparams = 1});
}

static void class_bases(Compiler *c, AstClassDef *node, Reg dst)
{
    AstTuple tuple = {.node = node->node, .elts = node->bases};
    tuple.node.kind = AST_Tuple;
    expr(c, &tuple.node, dst);
}

static void make_class(Compiler *c, AstClassDef *node, Reg dst)
{
    Node *at = &node->node;
    Reg before = mark(c), body = push_many(c, 4);
    put_code(c, at, OP_MAKE_CLOSURE, body, class_code(c, node), 0);
    put(c, at, OP_LOADK, body + 1, plain_name_index(c, node->name), 0);
    class_bases(c, node, body + 2);
    keyword_dict(c, at, node->keywords, body + 3, body);
    put(c, at, OP_BUILD_CLASS, body, dst, 0);
    release(c, before);
}

void class_def(Compiler *c, AstClassDef *node)
{
    Reg first = begin_decorators(c, node->decorators);
    make_class(c, node, push(c));
    call_decorators(c, node->decorators, first);
    store_name(c, &node->node, node->name, first);
}
