#include "lang/compiler.h"
#include <string.h>

/* Primaries: a.b, a[b], a(b) and chains of them, which may be long: they are compiled from the first link
 * up, every intermediate value in one register, which is also where the calls among them begin. */

typedef enum Use { USE_VALUE, USE_STATEMENT, USE_AWAIT } Use; // of the last link's result

typedef struct Chain {
    Node **links; // the last one first
    uint32_t count;
    Use use;
    Reg want;
    Reg work;  // where intermediate values go, at the top of the temporaries; ANY: not needed so far
    Reg value; // where the value of the links so far is
} Chain;

static Reg work_reg(Compiler *c, Chain *chain)
{
    if (chain->work == ANY) chain->work = push(c);
    return chain->work;
}

static Reg link_result(Compiler *c, Chain *chain, uint32_t link)
{
    return link == 0 && chain->want != ANY ? chain->want : work_reg(c, chain);
}

//-- attributes and items ----------------------------------------------------------------------------

static void attribute(Compiler *c, Chain *chain, uint32_t link)
{
    AstAttribute *node = AST(Attribute, chain->links[link]);
    Reg dst = link_result(c, chain, link);
    put(c, &node->node, OP_GETATTR, dst, chain->value, name_index(c, node->attr));
    put_extra(c, 0, 0, 0);
    chain->value = dst;
}

Reg slice(Compiler *c, AstSlice *node, Reg want)
{
    Reg before = mark(c);
    Node *parts[] = {node->lower, node->upper, node->step};
    for (int i = 0; i < 3; i++) {
        Reg part = push(c);
        if (parts[i]) expr(c, parts[i], part);
        else put_none(c, &node->node, part);
    }
    release(c, before);
    Reg dst = into(c, want);
    put(c, &node->node, OP_BUILD_SLICE, dst, before, 0);
    return dst;
}

Reg subscript_index(Compiler *c, Node *index, Reg want, uint32_t until)
{
    return operand_reg(c, index, operand(c, index, want, until));
}

static void item(Compiler *c, Chain *chain, uint32_t link)
{
    AstSubscript *node = AST(Subscript, chain->links[link]);
    Reg dst = link_result(c, chain, link), before = mark(c);
    Operand index = operand(c, node->index, ANY, node->node.span.end);
    put(c, &node->node, index.is_const ? OP_GETITEM_RK : OP_GETITEM, dst, chain->value, index.index);
    release(c, before);
    chain->value = dst;
}

//-- arguments ---------------------------------------------------------------------------------------

enum { MAX_PLAIN_ARGS = 250 }; // in registers; more go in a list

static bool is_plain_call(const AstCall *call)
{
    if (call->args.count + call->keywords.count > MAX_PLAIN_ARGS) return false;
    for (uint32_t i = 0; i < call->args.count; i++)
        if (call->args.items[i]->kind == AST_Starred) return false;
    for (uint32_t i = 0; i < call->keywords.count; i++)
        if (!AST(Keyword, call->keywords.items[i])->name) return false;
    return true;
}

static uint32_t keyword_names(Compiler *c, NodeList keywords)
{
    Const *names = compile_alloc(c, keywords.count, sizeof *names);
    if (!names) return 0;
    for (uint32_t i = 0; i < keywords.count; i++) {
        const Name *name = AST(Keyword, keywords.items[i])->name;
        names[i] = (Const){.kind = CONST_STR, .is_name = true, .text = {name->text, name->len}};
    }
    return const_index(c, &(Const){.kind = CONST_TUPLE, .count = keywords.count, .items = names});
}

static void plain_arguments(Compiler *c, const AstCall *call)
{
    expr_list(c, call->args);
    for (uint32_t i = 0; i < call->keywords.count; i++)
        expr(c, AST(Keyword, call->keywords.items[i])->value, push(c));
}

/* f(**a, k=v): what comes after a ** may repeat one of its names, so it is merged like it. */
static void merge_keyword(Compiler *c, AstKeyword *keyword, Reg dict, Reg callee)
{
    Reg before = mark(c), more;
    if (keyword->name) {
        Reg pair = push_many(c, 2);
        put(c, &keyword->node, OP_LOADK, pair, plain_name_index(c, keyword->name), 0);
        expr(c, keyword->value, pair + 1);
        more = pair;
        put(c, &keyword->node, OP_BUILD_DICT, more, pair, 2);
    } else {
        more = expr(c, keyword->value, ANY);
    }
    put(c, &keyword->node, OP_DICT_MERGE, dict, more, callee);
    release(c, before);
}

void keyword_dict(Compiler *c, const Node *at, NodeList keywords, Reg dict, Reg callee)
{
    bool merging = false;
    if (keywords.count == 0) {
        put(c, at, OP_LOAD_UNSET, dict, 0, 0);
        return;
    }
    put(c, at, OP_BUILD_DICT, dict, dict, 0);
    for (uint32_t i = 0; i < keywords.count; i++) {
        AstKeyword *keyword = AST(Keyword, keywords.items[i]);
        merging |= !keyword->name;
        if (merging) {
            merge_keyword(c, keyword, dict, callee);
            continue;
        }
        Reg name = push_many(c, 2);
        put(c, &keyword->node, OP_LOADK, name, plain_name_index(c, keyword->name), 0);
        expr(c, keyword->value, name + 1);
        put(c, &keyword->node, OP_DICT_SET, dict, name, name + 1);
        release(c, name);
    }
}

/* A list for CALL_EX, or what is all there is behind a star as it is. */
static void argument_list(Compiler *c, const AstCall *call, Reg list)
{
    if (call->args.count == 1 && call->args.items[0]->kind == AST_Starred) {
        expr(c, AST(Starred, call->args.items[0])->value, list);
        return;
    }
    put(c, &call->node, OP_BUILD_LIST, list, list, 0);
    for (uint32_t i = 0; i < call->args.count; i++) {
        Reg before = mark(c);
        Node *arg = call->args.items[i];
        bool star = arg->kind == AST_Starred;
        Reg value = expr(c, star ? AST(Starred, arg)->value : arg, ANY);
        put(c, &call->node, star ? OP_LIST_EXTEND : OP_LIST_APPEND, list, value, 0);
        release(c, before);
    }
}

//-- calls -------------------------------------------------------------------------------------------

typedef enum Form { FORM_PLAIN, FORM_METHOD } Form;

static void put_plain_call(Compiler *c, const Node *at, Form form, bool is_statement, Reg base, uint32_t nargs, Reg dst)
{
    static const Opcode opcodes[2][2][2] = {
        {{OP_CALL, OP_CALL_STMT}, {OP_CALL_METHOD, OP_CALL_METHOD_STMT}},
        {{OP_CALL_H, OP_CALL_STMT_H}, {OP_CALL_METHOD_H, OP_CALL_METHOD_STMT_H}},
    };
    put(c, at, opcodes[c->unit->heap][form][is_statement], base, nargs, dst);
}

void put_call(Compiler *c, const Node *at, Reg base, uint32_t nargs, Reg dst)
{
    put_plain_call(c, at, FORM_PLAIN, false, base, nargs, dst);
}

static void put_await_call(Compiler *c, const Node *at, Form form, Reg base, uint32_t nargs, Reg dst)
{
    Suspension suspension = suspend(c, at);
    put(c, at, form == FORM_METHOD ? OP_AWAIT_METHOD_H : OP_AWAIT_CALL_H, base, nargs, dst);
    put_extra(c, base, 0, 0);
    resume(c, at, suspension);
}

/* Python 3.11 shows a method call that spans lines from the method's name on. */
static Node method_position(const Compiler *c, const Node *call, const AstAttribute *method)
{
    Node at = *call;
    uint32_t end = method->node.span.end;
    const char *text = c->tree->source->text;
    if (memchr(text + at.span.start, '\n', end - at.span.start)) at.span.start = end - method->attr->len;
    return at;
}

/* The callee (and receiver) is in place at the chain's work register. */
static void finish_call(Compiler *c, Chain *chain, uint32_t link, Form form, const Node *at)
{
    AstCall *call = AST(Call, chain->links[link]);
    Use use = link == 0 ? chain->use : USE_VALUE;
    bool is_statement = use == USE_STATEMENT, plain = is_plain_call(call);
    Reg base = chain->work;
    release(c, base + 1);
    push_many(c, call_gap(c) - 1 + (form == FORM_METHOD));
    uint32_t nargs = call->args.count + call->keywords.count;
    if (plain) plain_arguments(c, call);
    Reg dst = link_result(c, chain, link);
    if (plain && call->keywords.count) {
        put(c, at, c->unit->heap ? OP_CALL_KW_H : OP_CALL_KW, base, nargs, dst);
        put_extra(c, keyword_names(c, call->keywords), is_statement, form == FORM_METHOD);
    } else if (plain && use == USE_AWAIT) {
        put_await_call(c, at, form, base, nargs, dst);
    } else if (plain) {
        put_plain_call(c, at, form, is_statement, base, nargs, dst);
    } else {
        Reg list = push_many(c, 2);
        argument_list(c, call, list);
        keyword_dict(c, &call->node, call->keywords, list + 1, base);
        put(c, at, c->unit->heap ? OP_CALL_EX_H : OP_CALL_EX, base, is_statement, dst);
    }
    release(c, base + 1);
    chain->value = dst;
}

/* super() in a method means super(__class__, its first parameter). */
static Name *super_receiver(Compiler *c, const AstCall *call)
{
    if (call->func->kind != AST_Name || call->args.count || call->keywords.count) return NULL;
    Name *name = AST(Name, call->func)->id;
    const Symbol *super = symbol_of(&c->scopes, c->scope, name);
    const Node *node = c->unit->scope->node;
    if (strcmp(name->text, "super") != 0 || !super || super->place != PLACE_GLOBAL) return NULL;
    NodeList params = node->kind == AST_FunctionDef ? ((const AstFunctionDef *)node)->params
                      : node->kind == AST_Lambda    ? ((const AstLambda *)node)->params
                                                    : (NodeList){0};
    AstParam *first = params.count ? AST(Param, params.items[0]) : NULL;
    return first && (first->kind == PARAM_POSONLY || first->kind == PARAM_NORMAL) ? first->name : NULL;
}

static bool call_super(Compiler *c, Chain *chain, uint32_t link)
{
    AstCall *call = AST(Call, chain->links[link]);
    Name *receiver = super_receiver(c, call), *cell = NULL;
    if (receiver) cell = names_intern(&c->tree->names, "__class__", strlen("__class__"));
    const Symbol *symbol = cell ? symbol_of(&c->scopes, c->scope, cell) : NULL;
    if (!symbol || symbol->place != PLACE_FREE) return false;

    Reg base = chain->work;
    release(c, base + 1);
    push_many(c, call_gap(c) - 1);
    load_name(c, call->func, cell, push(c));
    Scope *scope = c->scope;
    c->scope = c->unit->scope; // past the comprehensions around us
    load_name(c, call->func, receiver, push(c));
    c->scope = scope;
    Reg dst = link_result(c, chain, link);
    put_call(c, &call->node, base, 2, dst);
    release(c, base + 1);
    chain->value = dst;
    return true;
}

static void plain_call(Compiler *c, Chain *chain, uint32_t link)
{
    Node *call = chain->links[link];
    put_move(c, call, work_reg(c, chain), chain->value);
    if (!call_super(c, chain, link)) finish_call(c, chain, link, FORM_PLAIN, call);
}

/* a.b(...): no bound method is made. */
static void method_call(Compiler *c, Chain *chain, uint32_t link)
{
    AstAttribute *method = AST(Attribute, chain->links[link + 1]);
    Node *call = chain->links[link];
    Node at = method_position(c, call, method), name_at = method_position(c, &method->node, method);
    Reg base = work_reg(c, chain);
    push_many(c, call_gap(c)); // the receiver's slot is the last of these
    put(c, &name_at, c->unit->heap ? OP_LOAD_METHOD_H : OP_LOAD_METHOD, base, chain->value, name_index(c, method->attr));
    put_extra(c, 0, 0, 0);
    finish_call(c, chain, link, FORM_METHOD, &at);
}

//-- chains ------------------------------------------------------------------------------------------

/* A method call whose arguments lie in registers needs no bound method. */
static bool is_method_call(const Chain *chain, uint32_t link)
{
    return link > 0 && chain->links[link - 1]->kind == AST_Call && is_plain_call(AST(Call, chain->links[link - 1]));
}

static Node *chain_base(const Node *first)
{
    switch (first->kind) {
    case AST_Attribute: return ((const AstAttribute *)first)->value;
    case AST_Subscript: return ((const AstSubscript *)first)->value;
    default: return ((const AstCall *)first)->func;
    }
}

static void begin_chain(Compiler *c, Chain *chain)
{
    Node *first = chain->links[chain->count - 1], *base = chain_base(first);
    Reg top = mark(c), wanted = as_scratch(c, chain->want);
    if (wanted != ANY && wanted + 1 == top) chain->work = wanted; // a call may begin there
    if (first->kind == AST_Call) chain->value = expr(c, base, work_reg(c, chain));
    else chain->value = hold(c, base, chain->work, first->span.end);
    if (chain->value >= top) chain->work = chain->value;
}

static Reg run_chain(Compiler *c, Chain *chain, Node *top)
{
    chain->count = 1;
    for (Node *node = top; (node = ast_spine_next(node));) chain->count++;
    chain->links = compile_alloc(c, chain->count, sizeof *chain->links);
    if (!chain->links) return into(c, chain->want);
    Node *node = top;
    for (uint32_t i = 0; i < chain->count; i++, node = ast_spine_next(node)) chain->links[i] = node;

    Reg before = mark(c);
    begin_chain(c, chain);
    for (uint32_t link = chain->count; link-- > 0;) {
        switch (chain->links[link]->kind) {
        case AST_Subscript: item(c, chain, link); break;
        case AST_Call: plain_call(c, chain, link); break;
        default:
            if (is_method_call(chain, link)) method_call(c, chain, --link);
            else attribute(c, chain, link);
        }
    }
    release(c, before);
    return chain->want != ANY ? chain->want : push(c);
}

Reg primary(Compiler *c, Node *node, Reg want)
{
    Chain chain = {.use = USE_VALUE, .want = want, .work = ANY};
    return run_chain(c, &chain, node);
}

void call_statement(Compiler *c, AstCall *node)
{
    Chain chain = {.use = USE_STATEMENT, .want = ANY, .work = ANY};
    run_chain(c, &chain, &node->node);
}

bool awaits_in_call(Node *node)
{
    return node->kind == AST_Call && is_plain_call(AST(Call, node)) && AST(Call, node)->keywords.count == 0;
}

Reg await_call(Compiler *c, Node *node, Reg want)
{
    Chain chain = {.use = USE_AWAIT, .want = want, .work = ANY};
    return run_chain(c, &chain, node);
}
