#include "lang/build.h"
#include <string.h>

//-- roots -------------------------------------------------------------------------------------------

void ast_module(Parser *p, NodeKind kind, NodeList body)
{
    // Module and Interactive share their layout.
    _Static_assert(sizeof(AstModule) == sizeof(AstInteractive), "roots differ");
    AstModule *node = NODE_NEW(Module, list_span(body));
    if (!node) return;
    node->node.kind = (uint8_t)kind;
    node->body = body;
    p->tree->root = node_done(p, &node->node);
}

void ast_expression(Parser *p, Node *body)
{
    AstExpression *node = NODE_NEW(Expression, outer_of(body));
    if (!node) return;
    node->body = no_star(p, body);
    p->tree->root = node_done(p, &node->node);
}

//-- simple statements -------------------------------------------------------------------------------

Node *ast_expr_stmt(Parser *p, Node *value)
{
    AstExpr *node = NODE_NEW(Expr, outer_of(value));
    if (!node) return NULL;
    node->value = no_star(p, value);
    return node_done(p, &node->node);
}

Node *ast_assign(Parser *p, NodeList targets, Node *value)
{
    AstAssign *node = NODE_NEW(Assign, span_join(list_span(targets), outer_of(value)));
    if (!node) return NULL;
    for (uint32_t i = 0; i < targets.count; i++)
        target_set(p, targets.items[i], CTX_STORE, targets.count == 1);
    node->targets = targets;
    node->value = no_star(p, value);
    return node_done(p, &node->node);
}

Node *ast_aug_assign(Parser *p, Node *target, Token op, Node *value)
{
    AstAugAssign *node = NODE_NEW(AugAssign, span_join(outer_of(target), outer_of(value)));
    if (!node) return NULL;
    target_augmented(p, target);
    node->target = target;
    node->op = op.op;
    node->value = no_star(p, value);
    return node_done(p, &node->node);
}

Node *ast_ann_assign(Parser *p, Node *target, Node *annotation, Node *value)
{
    Span span = span_join(outer_of(target), value ? value->outer : outer_of(annotation));
    AstAnnAssign *node = NODE_NEW(AnnAssign, span);
    if (!node || !target) return NULL;
    target_annotated(p, target);
    node->target = target;
    node->annotation = annotation;
    node->value = no_star(p, value);
    node->simple = target->kind == AST_Name && !target->parens;
    return node_done(p, &node->node);
}

Node *ast_return(Parser *p, Token word, Node *value)
{
    AstReturn *node = NODE_NEW(Return, span_join(word.span, outer_of(value)));
    if (!node) return NULL;
    node->value = no_star(p, value);
    return node_done(p, &node->node);
}

Node *ast_raise(Parser *p, Token word, Node *exc, Node *cause)
{
    Span span = span_join(span_join(word.span, outer_of(exc)), outer_of(cause));
    AstRaise *node = NODE_NEW(Raise, span);
    if (!node) return NULL;
    node->exc = exc;
    node->cause = cause;
    return node_done(p, &node->node);
}

Node *ast_delete(Parser *p, Token word, Node *targets)
{
    AstDelete *node = NODE_NEW(Delete, span_join(word.span, outer_of(targets)));
    if (!node || !targets) return NULL;
    bool several = targets->kind == AST_Tuple && !targets->parens;
    node->targets = several ? AST(Tuple, targets)->elts : list_of(p, targets);
    for (uint32_t i = 0; i < node->targets.count; i++) target_set(p, node->targets.items[i], CTX_DEL, false);
    return node_done(p, &node->node);
}

Node *ast_assert(Parser *p, Token word, Node *test, Node *msg)
{
    AstAssert *node = NODE_NEW(Assert, span_join(word.span, msg ? msg->outer : outer_of(test)));
    if (!node) return NULL;
    node->test = test;
    node->msg = msg;
    return node_done(p, &node->node);
}

Node *ast_global(Parser *p, NodeKind kind, Token word, NodeList names)
{
    // Global and Nonlocal share their layout.
    _Static_assert(sizeof(AstGlobal) == sizeof(AstNonlocal), "declarations differ");
    AstGlobal *node = NODE_NEW(Global, span_join(word.span, list_span(names)));
    if (!node) return NULL;
    node->node.kind = (uint8_t)kind;
    node->names = names;
    return node_done(p, &node->node);
}

//-- imports -----------------------------------------------------------------------------------------

/* "os.path" of its parts, whatever blanks the source has between them. */
static Name *join_dotted(Parser *p, NodeList parts)
{
    if (parts.count == 1) return AST(Name, parts.items[0])->id;
    TextBuffer text = {0};
    for (uint32_t i = 0; i < parts.count; i++) {
        const Name *name = AST(Name, parts.items[i])->id;
        if (i) text_add(&text, ".", 1);
        text_add(&text, name->text, name->len);
    }
    Name *joined = text.failed || !text.bytes ? NULL : names_intern(&p->tree->names, text.bytes, text.len);
    if (!joined) p->diags->out_of_memory = true;
    text_free(&text);
    return joined;
}

Node *ast_alias(Parser *p, NodeList dotted, Node *asname)
{
    AstAlias *node = NODE_NEW(Alias, span_join(list_span(dotted), outer_of(asname)));
    if (!node) return NULL;
    node->name = join_dotted(p, dotted);
    node->asname = asname ? AST(Name, asname)->id : NULL;
    return node_done(p, &node->node);
}

Node *ast_alias_star(Parser *p, Token star)
{
    AstAlias *node = NODE_NEW(Alias, star.span);
    if (!node) return NULL;
    node->name = names_intern(&p->tree->names, "*", 1);
    return node_done(p, &node->node);
}

Node *ast_import(Parser *p, Token word, NodeList names)
{
    AstImport *node = NODE_NEW(Import, span_join(word.span, list_span(names)));
    if (!node) return NULL;
    node->names = names;
    return node_done(p, &node->node);
}

Node *ast_import_from(Parser *p, Token word, int dots, NodeList dotted, Imported imported)
{
    Token last = imported.last;
    if (last.kind == TK_COMMA)
        parser_error(p, last.span, "trailing comma not allowed without surrounding parentheses");
    Span names = span_join(list_span(imported.names), last.span);
    AstImportFrom *node = NODE_NEW(ImportFrom, span_join(word.span, names));
    if (!node) return NULL;
    node->module = dotted.count ? join_dotted(p, dotted) : NULL;
    node->names = imported.names;
    node->level = dots;
    return node_done(p, &node->node);
}

//-- compound statements -----------------------------------------------------------------------------

/* From a statement's first word to the end of the last of its blocks that is there. */
static Span whole(Token word, NodeList first, NodeList second, NodeList third)
{
    NodeList last = third.count ? third : second.count ? second : first;
    return span_join(word.span, list_span(last));
}

Node *ast_if_branch(Parser *p, Token word, Node *test, NodeList body)
{
    AstIfBranch *node = NODE_NEW(IfBranch, span_join(word.span, list_span(body)));
    if (!node) return NULL;
    node->test = test;
    node->body = body;
    return node_done(p, &node->node);
}

Node *ast_if(Parser *p, Token word, Node *test, NodeList body, NodeList elifs, NodeList orelse)
{
    AstIf *node = NODE_NEW(If, whole(word, body, elifs, orelse));
    if (!node) return NULL;
    node->branches = list_join(p, list_of(p, ast_if_branch(p, word, test, body)), elifs);
    node->orelse = orelse;
    return node_done(p, &node->node);
}

Node *ast_while(Parser *p, Token word, Node *test, NodeList body, NodeList orelse)
{
    AstWhile *node = NODE_NEW(While, whole(word, body, orelse, (NodeList){0}));
    if (!node) return NULL;
    node->test = test;
    node->body = body;
    node->orelse = orelse;
    return node_done(p, &node->node);
}

Node *ast_for(Parser *p, Token word, Node *target, Node *iter, NodeList body, NodeList orelse)
{
    AstFor *node = NODE_NEW(For, whole(word, body, orelse, (NodeList){0}));
    if (!node) return NULL;
    target_set(p, target, CTX_STORE, false);
    node->target = target;
    node->iter = no_star(p, iter);
    node->body = body;
    node->orelse = orelse;
    return node_done(p, &node->node);
}

static void check_bare_except_is_last(Parser *p, NodeList handlers)
{
    for (uint32_t i = 0; i + 1 < handlers.count; i++)
        if (!AST(ExceptHandler, handlers.items[i])->type)
            parser_error(p, handlers.items[i]->span, "default 'except:' must be last");
}

Node *ast_try(Parser *p, Token word, NodeList body, NodeList handlers, NodeList orelse, NodeList finalbody,
              bool is_star)
{
    check_bare_except_is_last(p, handlers);
    AstTry *node = NODE_NEW(Try, whole(word, handlers, orelse, finalbody));
    if (!node) return NULL;
    node->body = body;
    node->handlers = handlers;
    node->orelse = orelse;
    node->finalbody = finalbody;
    node->is_star = is_star;
    return node_done(p, &node->node);
}

Node *ast_handler(Parser *p, Token word, Node *type, Node *name, NodeList body)
{
    AstExceptHandler *node = NODE_NEW(ExceptHandler, span_join(word.span, list_span(body)));
    if (!node) return NULL;
    node->type = type;
    node->name = name ? AST(Name, name)->id : NULL;
    node->body = body;
    if (name) target_forbid(p, node->name, name->span);
    return node_done(p, &node->node);
}

/* Sets the flag of `async def`, `async for` and `async with`. */
Node *ast_async(Parser *p, Token word, Node *statement)
{
    (void)p;
    if (!statement) return NULL;
    statement->span = statement->outer = span_join(word.span, statement->span);
    switch (statement->kind) {
    case AST_FunctionDef: AST(FunctionDef, statement)->is_async = true; break;
    case AST_For: AST(For, statement)->is_async = true; break;
    case AST_With: AST(With, statement)->is_async = true; break;
    }
    return statement;
}

//-- with --------------------------------------------------------------------------------------------

static Node *new_with_item(Parser *p, Node *context, Node *target)
{
    AstWithItem *node = NODE_NEW(WithItem, span_join(outer_of(context), outer_of(target)));
    if (!node) return NULL;
    target_set(p, target, CTX_STORE, false);
    node->context = context;
    node->target = target;
    return node_done(p, &node->node);
}

Node *ast_with_item(Parser *p, Node *context, Node *target)
{
    return new_with_item(p, context, target);
}

/* An element `expr as target` of some parenthesis. ast_with_items claims those of its own; any left
 * at the end of the line are reported. */
Node *ast_cover_item(Parser *p, Node *context, Node *target)
{
    Node *node = new_with_item(p, context, target);
    if (!node) return NULL;
    p->cover_marks++;
    p->cover_span = node->span;
    return node;
}

/* Whether the elements of a parenthesis can be the items of `with (...)`: CPython's grammar tries
 * that before it takes the parenthesis for a tuple. */
static bool are_items(NodeList elts)
{
    for (uint32_t i = 0; i < elts.count; i++) {
        const Node *elt = elts.items[i];
        if (elt->kind == AST_Starred || (elt->kind == AST_NamedExpr && !elt->parens)) return false;
    }
    return elts.count > 0;
}

static NodeList claim_items(Parser *p, NodeList elts)
{
    for (uint32_t i = 0; i < elts.count; i++) {
        Node *elt = elts.items[i];
        bool marked = elt->kind == AST_WithItem && !elt->parens;
        p->cover_marks -= marked;
        elts.items[i] = marked ? elt : new_with_item(p, elt, NULL);
        if (!elts.items[i]) return (NodeList){0};
    }
    return elts;
}

NodeList ast_with_items(Parser *p, NodeList items)
{
    if (items.count != 1 || AST(WithItem, items.items[0])->target) return items;
    Node *context = AST(WithItem, items.items[0])->context;
    if (context->parens != 1) return items;
    if (context->kind == AST_WithItem) {
        p->cover_marks--;
        return list_of(p, context);
    }
    bool claim = context->kind == AST_Tuple && are_items(AST(Tuple, context)->elts);
    return claim ? claim_items(p, AST(Tuple, context)->elts) : items;
}

Node *ast_with(Parser *p, Token word, NodeList items, NodeList body)
{
    AstWith *node = NODE_NEW(With, span_join(word.span, list_span(body)));
    if (!node) return NULL;
    node->items = items;
    node->body = body;
    return node_done(p, &node->node);
}

//-- functions ---------------------------------------------------------------------------------------

Node *ast_function(Parser *p, Token word, Node *name, NodeList params, Node *returns, NodeList body)
{
    AstFunctionDef *node = NODE_NEW(FunctionDef, span_join(word.span, list_span(body)));
    if (!node || !name) return NULL;
    node->name = AST(Name, name)->id;
    node->params = params;
    node->body = body;
    node->returns = returns;
    target_forbid(p, node->name, name->span);
    return node_done(p, &node->node);
}

Node *ast_decorate(Parser *p, NodeList decorators, Node *definition)
{
    if (!definition) return NULL;
    if (definition->kind == AST_FunctionDef)
        AST(FunctionDef, definition)->decorators = decorators;
    else
        AST(ClassDef, definition)->decorators = decorators;
    return node_done(p, definition);
}

static Node *new_param(Parser *p, ParamKind kind, Span span, Node *name, Node *annotation, Node *dflt)
{
    AstParam *node = NODE_NEW(Param, span_join(span, outer_of(annotation)));
    if (!node || !name) return NULL;
    node->kind = kind;
    node->name = AST(Name, name)->id;
    node->annotation = annotation;
    node->dflt = dflt;
    target_forbid(p, node->name, name->span);
    return node_done(p, &node->node);
}

Node *ast_param(Parser *p, Node *name, Node *annotation, Node *dflt)
{
    return new_param(p, PARAM_NORMAL, outer_of(name), name, annotation, dflt);
}

Node *ast_param_star(Parser *p, ParamKind kind, Token star, Node *name, Node *annotation, Node *dflt)
{
    const char *what = kind == PARAM_VARARGS ? "var-positional" : "var-keyword";
    if (dflt)
        parser_error(p, span_join(star.span, dflt->outer), "%s argument cannot have default value", what);
    return new_param(p, kind, outer_of(name), name, annotation, NULL);
}

/* `/` and the bare `*` are nameless parameters until ast_params has read them. */
Node *ast_param_mark(Parser *p, ParamKind kind, Token mark)
{
    AstParam *node = NODE_NEW(Param, mark.span);
    if (!node) return NULL;
    node->kind = kind;
    return &node->node;
}

typedef struct Signature {
    NodeList params;
    bool slash, star, defaults;
    const Node *bare; // the last bare `*`, until a name follows
    const Node *rest; // **name
} Signature;

static void refuse_first_slash(Parser *p, const Node *mark, bool alone)
{
    static const char reason[] = "at least one argument must precede /";
    if (alone) diag_hint(p->diags, parser_error(p, mark->span, "invalid syntax"), reason);
    else parser_error(p, mark->span, reason);
}

/* alone: nothing follows the '/'. */
static void read_slash(Parser *p, Signature *signature, const Node *mark, bool alone)
{
    if (signature->slash)
        parser_error(p, mark->span, "/ may appear only once");
    else if (signature->star)
        parser_error(p, mark->span, "/ must be ahead of *");
    else if (!signature->params.count)
        refuse_first_slash(p, mark, alone);
    signature->slash = true;
    for (uint32_t i = 0; i < signature->params.count; i++) {
        AstParam *param = AST(Param, signature->params.items[i]);
        if (param->kind == PARAM_NORMAL) param->kind = PARAM_POSONLY;
    }
}

static void read_star(Parser *p, Signature *signature, const Node *star)
{
    if (signature->star) parser_error(p, star->span, "* argument may appear only once");
    signature->star = true;
}

static void read_named(Parser *p, Signature *signature, AstParam *param)
{
    signature->bare = NULL;
    if (param->kind == PARAM_NORMAL && signature->star) param->kind = PARAM_KWONLY;
    if (param->kind == PARAM_NORMAL && !param->dflt && signature->defaults)
        parser_error(p, param->node.span, "non-default argument follows default argument");
    if (param->kind == PARAM_NORMAL) signature->defaults |= param->dflt != NULL;
    if (marks_seen(p, param->name))
        parser_error(p, param->node.span, "duplicate argument '%s' in function definition",
                     param->name->text);
    signature->params = list_add(p, signature->params, &param->node);
}

static void read_param(Parser *p, Signature *signature, AstParam *param, bool last)
{
    if (signature->rest) parser_error(p, param->node.span, "arguments cannot follow var-keyword argument");
    if (!param->name && param->kind == PARAM_POSONLY) {
        read_slash(p, signature, &param->node, last);
    } else if (!param->name) {
        read_star(p, signature, &param->node);
        signature->bare = &param->node;
    } else if (param->kind == PARAM_KWARGS) {
        if (signature->bare) parser_error(p, signature->bare->span, "named arguments must follow bare *");
        read_named(p, signature, param);
        signature->rest = &param->node;
    } else {
        if (param->kind == PARAM_VARARGS) read_star(p, signature, &param->node);
        read_named(p, signature, param);
    }
}

/* Turns the list as written, with its marks, into parameters that each know their kind. */
NodeList ast_params(Parser *p, NodeList params)
{
    Signature signature = {0};
    marks_start(p);
    for (uint32_t i = 0; i < params.count; i++)
        read_param(p, &signature, AST(Param, params.items[i]), i + 1 == params.count);
    if (signature.bare) parser_error(p, signature.bare->span, "named arguments must follow bare *");
    return signature.params;
}
