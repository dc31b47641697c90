#include "lang/build.h"

//-- nodes -------------------------------------------------------------------------------------------

Node *node_new(Parser *p, NodeKind kind, size_t size, Span span)
{
    Node *node = arena_alloc(&p->tree->arena, size);
    if (!node) return NULL;
    *node = (Node){.kind = (uint8_t)kind, .span = span, .outer = span};
    return node;
}

static Node *too_nested(Parser *p, const Node *node)
{
    if (!p->stopped) parser_error(p, node->span, "too many nested expressions");
    p->stopped = true;
    return NULL;
}

Node *node_raise(Parser *p, Node *node, const Node *part)
{
    if (part->height >= node->height) node->height = part->height + 1;
    return node->height > AST_MAX_HEIGHT ? too_nested(p, node) : node;
}

static uint16_t list_height(NodeList list)
{
    uint16_t height = 0;
    for (uint32_t i = 0; i < list.count; i++)
        if (list.items[i]->height >= height) height = list.items[i]->height + 1;
    return height;
}

Node *node_done(Parser *p, Node *node)
{
    if (!node) return NULL;
    const Node *spine = ast_spine_next(node);
    uint16_t height = spine ? spine->height : 0;
    for (const FieldInfo *field = ast_fields(node->kind); field->type != FIELD_END; field++) {
        const char *at = (const char *)node + field->offset;
        if (field->type == FIELD_NODE || field->type == FIELD_OPT) {
            const Node *part = *(Node *const *)at;
            if (!part && field->type == FIELD_NODE) return NULL;
            if (part && part != spine && part->height >= height) height = part->height + 1;
        } else if (field->type == FIELD_LIST) {
            uint16_t parts = list_height(*(const NodeList *)at);
            if (parts > height) height = parts;
        } else if (field->type == FIELD_NAME && !*(Name *const *)at) {
            return NULL;
        }
    }
    node->height = height;
    return height > AST_MAX_HEIGHT ? too_nested(p, node) : node;
}

//-- spans, lists, marks -----------------------------------------------------------------------------

Span span_join(Span first, Span last)
{
    return (Span){first.start, last.end > first.end ? last.end : first.end};
}

Span outer_of(const Node *node)
{
    return node ? node->outer : (Span){0, 0};
}

Span list_span(NodeList list)
{
    return list.count ? span_join(list.items[0]->outer, list.items[list.count - 1]->outer) : (Span){0, 0};
}

NodeList list_of(Parser *p, Node *node)
{
    return list_add(p, (NodeList){0}, node);
}

NodeList list_add(Parser *p, NodeList list, Node *node)
{
    if (!node) return list;
    if (list.count == list.capacity) {
        uint32_t capacity = list.capacity ? list.capacity * 2 : 2;
        Node **items = arena_grow(&p->tree->arena, list.items, list.count, capacity, sizeof(Node *));
        if (!items) return list;
        list.items = items;
        list.capacity = capacity;
    }
    list.items[list.count++] = node;
    return list;
}

NodeList list_join(Parser *p, NodeList list, NodeList more)
{
    for (uint32_t i = 0; i < more.count; i++) list = list_add(p, list, more.items[i]);
    return list;
}

Token token_join(Token first, Token last, Operator op)
{
    first.span = span_join(first.span, last.span);
    first.op = (uint8_t)op;
    return first;
}

void marks_start(Parser *p)
{
    p->mark++;
}

bool marks_seen(Parser *p, Name *name)
{
    bool seen = name->mark == p->mark;
    name->mark = p->mark;
    return seen;
}

Node *no_star(Parser *p, Node *node)
{
    if (node && node->kind == AST_Starred) parser_error(p, node->span, "can't use starred expression here");
    return node;
}

//-- names and operators -----------------------------------------------------------------------------

Node *ast_name(Parser *p, Token name)
{
    AstName *node = NODE_NEW(Name, name.span);
    if (!node) return NULL;
    node->id = name.name;
    return node_done(p, &node->node);
}

Node *ast_word(Parser *p, NodeKind kind, Token word)
{
    return node_new(p, kind, sizeof(Node), word.span);
}

Node *ast_binary(Parser *p, Node *left, Token op, Node *right)
{
    AstBinOp *node = NODE_NEW(BinOp, span_join(outer_of(left), outer_of(right)));
    if (!node) return NULL;
    node->left = left;
    node->op = op.op;
    node->right = right;
    return left ? node_done(p, &node->node) : NULL;
}

Node *ast_unary(Parser *p, Operator op, Token word, Node *operand)
{
    AstUnaryOp *node = NODE_NEW(UnaryOp, span_join(word.span, outer_of(operand)));
    if (!node) return NULL;
    node->op = op;
    node->operand = operand;
    return node_done(p, &node->node);
}

/* Whether a chain may go on in `node`: it is of this kind and stands without parentheses. */
static bool is_open(const Node *node, NodeKind kind)
{
    return node && node->kind == kind && !node->parens;
}

static void extend(Node *node, Span last)
{
    node->span = node->outer = span_join(node->span, last);
}

Node *ast_bool(Parser *p, Operator op, Node *left, Node *right)
{
    if (!right) return NULL;
    if (is_open(left, AST_BoolOp) && AST(BoolOp, left)->op == op) {
        AstBoolOp *chain = AST(BoolOp, left);
        chain->values = list_add(p, chain->values, right);
        extend(left, right->outer);
        return node_raise(p, left, right);
    }
    AstBoolOp *node = NODE_NEW(BoolOp, span_join(outer_of(left), outer_of(right)));
    if (!node || !left) return NULL;
    node->op = op;
    node->values = list_add(p, list_of(p, left), right);
    return node_done(p, &node->node);
}

static Node *compare_step(Parser *p, Token op, Node *right)
{
    AstCompareStep *node = NODE_NEW(CompareStep, span_join(op.span, outer_of(right)));
    if (!node) return NULL;
    node->op = op.op;
    node->right = right;
    return node_done(p, &node->node);
}

Node *ast_compare(Parser *p, Node *left, Token op, Node *right)
{
    Node *step = compare_step(p, op, right);
    if (!step) return NULL;
    if (is_open(left, AST_Compare)) {
        AstCompare *chain = AST(Compare, left);
        chain->steps = list_add(p, chain->steps, step);
        extend(left, right->outer);
        return node_raise(p, left, step);
    }
    AstCompare *node = NODE_NEW(Compare, span_join(outer_of(left), outer_of(right)));
    if (!node) return NULL;
    node->left = left;
    node->steps = list_of(p, step);
    return node_done(p, &node->node);
}

Node *ast_if_exp(Parser *p, Node *body, Node *test, Node *orelse)
{
    AstIfExp *node = NODE_NEW(IfExp, span_join(outer_of(body), outer_of(orelse)));
    if (!node) return NULL;
    node->body = body;
    node->test = test;
    node->orelse = orelse;
    return node_done(p, &node->node);
}

Node *ast_lambda(Parser *p, Token word, NodeList params, Node *body)
{
    AstLambda *node = NODE_NEW(Lambda, span_join(word.span, outer_of(body)));
    if (!node) return NULL;
    node->params = params;
    node->body = body;
    return node_done(p, &node->node);
}

Node *ast_await(Parser *p, Token word, Node *value)
{
    AstAwait *node = NODE_NEW(Await, span_join(word.span, outer_of(value)));
    if (!node) return NULL;
    node->value = value;
    return node_done(p, &node->node);
}

Node *ast_yield(Parser *p, Token word, Node *value)
{
    AstYield *node = NODE_NEW(Yield, span_join(word.span, outer_of(value)));
    if (!node) return NULL;
    node->value = no_star(p, value);
    return node_done(p, &node->node);
}

Node *ast_yield_from(Parser *p, Token word, Node *value)
{
    AstYieldFrom *node = NODE_NEW(YieldFrom, span_join(word.span, outer_of(value)));
    if (!node) return NULL;
    node->value = value;
    return node_done(p, &node->node);
}

Node *ast_starred(Parser *p, Token star, Node *value)
{
    AstStarred *node = NODE_NEW(Starred, span_join(star.span, outer_of(value)));
    if (!node) return NULL;
    node->value = value;
    return node_done(p, &node->node);
}

//-- attributes and subscripts -----------------------------------------------------------------------

Node *ast_attribute(Parser *p, Node *value, Token name)
{
    if (!value) return NULL;
    AstAttribute *node = NODE_NEW(Attribute, span_join(value->outer, name.span));
    if (!node) return NULL;
    node->value = value;
    node->attr = name.name;
    return node_done(p, &node->node);
}

Node *ast_subscript(Parser *p, Node *value, Node *index, Token close)
{
    if (!value) return NULL;
    AstSubscript *node = NODE_NEW(Subscript, span_join(value->outer, close.span));
    if (!node) return NULL;
    node->value = value;
    node->index = index;
    return node_done(p, &node->node);
}

Node *ast_slice(Parser *p, Node *lower, Token colon, Node *upper, Token colon2, Node *step)
{
    Span span = lower ? span_join(lower->outer, colon.span) : colon.span;
    span = span_join(span_join(span, outer_of(upper)), span_join(colon2.span, outer_of(step)));
    AstSlice *node = NODE_NEW(Slice, span);
    if (!node) return NULL;
    node->lower = lower;
    node->upper = upper;
    node->step = step;
    return node_done(p, &node->node);
}

//-- calls -------------------------------------------------------------------------------------------

Node *ast_keyword(Parser *p, Node *name, Token eq, Node *value)
{
    if (!name) return NULL;
    Span span = span_join(name->outer, outer_of(value));
    if (name->kind == AST_None || name->kind == AST_True || name->kind == AST_False)
        parser_error(p, name->span, "cannot assign to %s", ast_kind_name(name->kind));
    else if (name->kind != AST_Name || name->parens)
        parser_error(p, span_join(name->outer, eq.span),
                     "expression cannot contain assignment, perhaps you meant \"==\"?");
    if (name->kind != AST_Name) return NULL;

    AstKeyword *node = NODE_NEW(Keyword, span);
    if (!node) return NULL;
    node->name = AST(Name, name)->id;
    node->value = value;
    target_forbid(p, node->name, name->span);
    return node_done(p, &node->node);
}

Node *ast_keywords(Parser *p, Token stars, Node *value)
{
    AstKeyword *node = NODE_NEW(Keyword, span_join(stars.span, outer_of(value)));
    if (!node) return NULL;
    node->value = value;
    return node_done(p, &node->node);
}

static bool is_bare_generator(const Node *node)
{
    return node->kind == AST_GeneratorExp && !node->parens;
}

/* A positional argument may not follow `keyword=`, and nothing positional may follow `**mapping`. */
static void check_position(Parser *p, const Node *arg, const Node *named, const Node *doubled, Span close)
{
    if (arg->kind == AST_Starred && doubled)
        parser_error(p, arg->span, "iterable argument unpacking follows keyword argument unpacking");
    else if (arg->kind != AST_Starred && doubled)
        parser_error(p, close, "positional argument follows keyword argument unpacking");
    else if (arg->kind != AST_Starred && named)
        parser_error(p, close, "positional argument follows keyword argument");
}

typedef struct SortedArgs {
    NodeList positional, keywords;
} SortedArgs;

static SortedArgs sort_arguments(Parser *p, NodeList args, Span close)
{
    SortedArgs sorted = {0};
    const Node *named = NULL, *doubled = NULL;
    marks_start(p);
    for (uint32_t i = 0; i < args.count; i++) {
        Node *arg = args.items[i];
        if (arg->kind != AST_Keyword) {
            check_position(p, arg, named, doubled, close);
            sorted.positional = list_add(p, sorted.positional, arg);
            continue;
        }
        Name *name = AST(Keyword, arg)->name;
        *(name ? &named : &doubled) = arg;
        if (name && marks_seen(p, name))
            parser_error(p, arg->span, "keyword argument repeated: %s", name->text);
        sorted.keywords = list_add(p, sorted.keywords, arg);
    }
    return sorted;
}

static void check_generators(Parser *p, NodeList args)
{
    for (uint32_t i = 0; i < args.count; i++)
        if (is_bare_generator(args.items[i]))
            parser_error(p, args.items[i]->span, "Generator expression must be parenthesized");
}

Node *ast_call(Parser *p, Node *func, Token open, Args args, Token close)
{
    if (!func) return NULL;
    Node *first = args.list.count ? args.list.items[0] : NULL;
    if (first && args.list.count == 1 && !args.comma.kind && is_bare_generator(first))
        first->span = first->outer = span_join(open.span, close.span); // it has these to itself
    else
        check_generators(p, args.list);

    SortedArgs sorted = sort_arguments(p, args.list, close.span);
    AstCall *node = NODE_NEW(Call, span_join(func->outer, close.span));
    if (!node) return NULL;
    node->func = func;
    node->args = sorted.positional;
    node->keywords = sorted.keywords;
    return node_done(p, &node->node);
}

Node *ast_class(Parser *p, Token word, Node *name, Args args, NodeList body)
{
    check_generators(p, args.list);
    Span end = list_span(args.list);
    SortedArgs sorted = sort_arguments(p, args.list, (Span){end.end, end.end + 1});
    AstClassDef *node = NODE_NEW(ClassDef, span_join(word.span, list_span(body)));
    if (!node || !name) return NULL;
    node->name = AST(Name, name)->id;
    node->bases = sorted.positional;
    node->keywords = sorted.keywords;
    node->body = body;
    target_forbid(p, node->name, name->span);
    return node_done(p, &node->node);
}

//-- tuples and other displays -----------------------------------------------------------------------

static Node *new_tuple(Parser *p, NodeList elts, Span span)
{
    AstTuple *node = NODE_NEW(Tuple, span);
    if (!node) return NULL;
    node->elts = elts;
    return node_done(p, &node->node);
}

Node *ast_tuple(Parser *p, NodeList elts, Token comma)
{
    if (elts.count == 1 && !comma.kind) return elts.items[0];
    return new_tuple(p, elts, span_join(list_span(elts), comma.span));
}

Node *ast_index(Parser *p, NodeList slices, Token comma)
{
    bool single = slices.count == 1 && !comma.kind && slices.items[0]->kind != AST_Starred;
    return single ? slices.items[0] : new_tuple(p, slices, span_join(list_span(slices), comma.span));
}

Node *ast_parens(Parser *p, Token open, Node *inner, Token close)
{
    if (!inner) return NULL;
    if (inner->kind == AST_Starred) parser_error(p, inner->span, "cannot use starred expression here");
    if (inner->kind == AST_Tuple && !inner->parens) inner->span = span_join(open.span, close.span);
    inner->outer = span_join(open.span, close.span);
    if (inner->parens < 2) inner->parens++;
    return inner;
}

Node *ast_display(Parser *p, NodeKind kind, Token open, NodeList elts, Token close)
{
    // The four kinds share their layout up to the elements; a dict's are its items.
    _Static_assert(offsetof(AstSet, elts) == offsetof(AstTuple, elts), "displays differ");
    _Static_assert(offsetof(AstDict, items) == offsetof(AstTuple, elts), "displays differ");
    _Static_assert(offsetof(AstList, elts) == offsetof(AstTuple, elts), "displays differ");
    AstTuple *node = NODE_NEW(Tuple, span_join(open.span, close.span));
    if (!node) return NULL;
    node->node.kind = (uint8_t)kind;
    node->node.parens = kind == AST_Tuple;
    node->elts = elts;
    return node_done(p, &node->node);
}

Node *ast_dict_item(Parser *p, Node *key, Node *value)
{
    AstDictItem *node = NODE_NEW(DictItem, span_join(outer_of(key), outer_of(value)));
    if (!node || !key) return NULL;
    node->key = key;
    node->value = value;
    return node_done(p, &node->node);
}

Node *ast_dict_rest(Parser *p, Token stars, Node *value)
{
    AstDictItem *node = NODE_NEW(DictItem, span_join(stars.span, outer_of(value)));
    if (!node) return NULL;
    node->value = value;
    return node_done(p, &node->node);
}

//-- comprehensions ----------------------------------------------------------------------------------

Node *ast_comprehension(Parser *p, NodeKind kind, Token open, Node *elt, NodeList generators, Token close)
{
    // The three kinds share their layout.
    _Static_assert(sizeof(AstListComp) == sizeof(AstGeneratorExp) &&
                       sizeof(AstSetComp) == sizeof(AstGeneratorExp),
                   "comprehensions differ");
    Span span =
        open.kind ? span_join(open.span, close.span) : span_join(outer_of(elt), list_span(generators));
    AstGeneratorExp *node = NODE_NEW(GeneratorExp, span);
    if (!node || !elt) return NULL;
    if (elt->kind == AST_Starred)
        parser_error(p, elt->span, "iterable unpacking cannot be used in comprehension");
    node->node.kind = (uint8_t)kind;
    node->node.parens = kind == AST_GeneratorExp && open.kind;
    node->elt = elt;
    node->generators = generators;
    return node_done(p, &node->node);
}

Node *ast_bare_generator(Parser *p, Node *elt, NodeList generators)
{
    return ast_comprehension(p, AST_GeneratorExp, (Token){0}, elt, generators, (Token){0});
}

Node *ast_dict_comprehension(Parser *p, Token open, Node *item, NodeList generators, Token close)
{
    if (!item) return NULL;
    AstDictItem *pair = AST(DictItem, item);
    if (!pair->key) {
        parser_error(p, item->span, "dict unpacking cannot be used in dict comprehension");
        return NULL;
    }
    AstDictComp *node = NODE_NEW(DictComp, span_join(open.span, close.span));
    if (!node) return NULL;
    node->key = pair->key;
    node->value = pair->value;
    node->generators = generators;
    return node_done(p, &node->node);
}

Node *ast_comp_for(Parser *p, Token word, Node *target, Node *iter, bool is_async)
{
    AstComprehension *node = NODE_NEW(Comprehension, span_join(word.span, outer_of(iter)));
    if (!node) return NULL;
    target_set(p, target, CTX_STORE, false);
    node->target = target;
    node->iter = iter;
    node->is_async = is_async;
    return node_done(p, &node->node);
}

NodeList ast_comp_if(Parser *p, NodeList generators, Node *test)
{
    if (!generators.count || !test) return generators;
    Node *last = generators.items[generators.count - 1];
    AstComprehension *clause = AST(Comprehension, last);
    clause->ifs = list_add(p, clause->ifs, test);
    extend(last, test->outer);
    node_raise(p, last, test);
    return generators;
}

Node *ast_named(Parser *p, Node *target, Node *value)
{
    if (!target) return NULL;
    AstNamedExpr *node = NODE_NEW(NamedExpr, span_join(target->outer, outer_of(value)));
    if (!node) return NULL;
    target_named(p, target);
    node->target = target;
    node->value = value;
    return node_done(p, &node->node);
}
