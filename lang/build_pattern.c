#include "lang/build.h"
#include <string.h>

static bool is_wildcard(const Name *name)
{
    return name && name->len == 1 && name->text[0] == '_';
}

static Node *new_list_node(Parser *p, NodeKind kind, Span span, NodeList patterns)
{
    // MatchSequence and MatchOr share their layout.
    _Static_assert(sizeof(AstMatchSequence) == sizeof(AstMatchOr), "pattern lists differ");
    AstMatchSequence *node = NODE_NEW(MatchSequence, span);
    if (!node) return NULL;
    node->node.kind = (uint8_t)kind;
    node->patterns = patterns;
    return node_done(p, &node->node);
}

Node *ast_match(Parser *p, Token word, Node *subject, NodeList cases, Token close)
{
    Span last = cases.count ? list_span(cases) : close.span;
    AstMatch *node = NODE_NEW(Match, span_join(word.span, last));
    if (!node) return NULL;
    node->subject = no_star(p, subject);
    node->cases = cases;
    return node_done(p, &node->node);
}

Node *ast_match_case(Parser *p, Token word, Node *pattern, Node *guard, NodeList body)
{
    AstMatchCase *node = NODE_NEW(MatchCase, span_join(word.span, list_span(body)));
    if (!node) return NULL;
    node->pattern = pattern;
    node->guard = guard;
    node->body = body;
    return node_done(p, &node->node);
}

//-- values ------------------------------------------------------------------------------------------

Node *ast_match_value(Parser *p, Node *value)
{
    if (!value) return NULL;
    if (value->kind == AST_JoinedStr)
        parser_error(p, value->span, "patterns may only match literals and attribute lookups");
    AstMatchValue *node = NODE_NEW(MatchValue, value->span);
    if (!node) return NULL;
    node->value = value;
    return node_done(p, &node->node);
}

Node *ast_match_negative(Parser *p, Token minus, Node *number)
{
    return ast_match_value(p, ast_unary(p, UNARY_NEG, minus, number));
}

Node *ast_match_singleton(Parser *p, Node *value)
{
    AstMatchSingleton *node = NODE_NEW(MatchSingleton, outer_of(value));
    if (!node) return NULL;
    node->value = value;
    return node_done(p, &node->node);
}

//-- names -------------------------------------------------------------------------------------------

static Node *new_capture(Parser *p, Span span, Node *pattern, Name *name)
{
    AstMatchAs *node = NODE_NEW(MatchAs, span);
    if (!node) return NULL;
    node->pattern = pattern;
    node->name = is_wildcard(name) ? NULL : name;
    target_forbid(p, name, span);
    return node_done(p, &node->node);
}

/* a.b.c as an expression. `_` is the wildcard even here, so nothing can follow it. */
static Node *dotted_value(Parser *p, NodeList dotted)
{
    Node *value = dotted.count ? dotted.items[0] : NULL;
    if (value && is_wildcard(AST(Name, value)->id)) parser_error(p, value->span, "invalid syntax");
    for (uint32_t i = 1; i < dotted.count; i++) {
        Token name = {.span = dotted.items[i]->span, .name = AST(Name, dotted.items[i])->id};
        value = ast_attribute(p, value, name);
    }
    return value;
}

Node *ast_match_dotted(Parser *p, NodeList dotted)
{
    if (dotted.count != 1) return ast_match_value(p, dotted_value(p, dotted));
    Node *name = dotted.items[0];
    return new_capture(p, name->span, NULL, AST(Name, name)->id);
}

Node *ast_match_as(Parser *p, Node *pattern, Token name)
{
    if (!pattern) return NULL;
    if (is_wildcard(name.name)) parser_error(p, name.span, "cannot use '_' as a target");
    return new_capture(p, span_join(pattern->outer, name.span), pattern, name.name);
}

Node *ast_match_star(Parser *p, Token star, Token name)
{
    AstMatchStar *node = NODE_NEW(MatchStar, span_join(star.span, name.span));
    if (!node) return NULL;
    node->name = is_wildcard(name.name) ? NULL : name.name;
    target_forbid(p, name.name, name.span);
    return node_done(p, &node->node);
}

//-- patterns made of others -------------------------------------------------------------------------

Node *ast_match_or(Parser *p, Node *left, Node *right)
{
    if (!left || !right) return NULL;
    if (left->kind == AST_MatchOr && !left->parens) {
        AstMatchOr *chain = AST(MatchOr, left);
        chain->patterns = list_add(p, chain->patterns, right);
        left->span = left->outer = span_join(left->span, right->outer);
        return node_raise(p, left, right);
    }
    return new_list_node(p, AST_MatchOr, span_join(left->outer, right->outer),
                         list_add(p, list_of(p, left), right));
}

static void check_single_star(Parser *p, NodeList patterns)
{
    bool seen = false;
    for (uint32_t i = 0; i < patterns.count; i++) {
        if (patterns.items[i]->kind != AST_MatchStar) continue;
        if (seen)
            parser_error(p, patterns.items[i]->span, "multiple starred names in sequence pattern");
        seen = true;
    }
}

Node *ast_match_open_sequence(Parser *p, NodeList patterns, Token comma)
{
    check_single_star(p, patterns);
    return new_list_node(p, AST_MatchSequence, span_join(list_span(patterns), comma.span), patterns);
}

Node *ast_match_sequence(Parser *p, Token open, NodeList patterns, Token close)
{
    check_single_star(p, patterns);
    return new_list_node(p, AST_MatchSequence, span_join(open.span, close.span), patterns);
}

Node *ast_match_keyword(Parser *p, Token name, Node *pattern)
{
    AstMatchKeyword *node = NODE_NEW(MatchKeyword, span_join(name.span, outer_of(pattern)));
    if (!node) return NULL;
    node->name = name.name;
    node->pattern = pattern;
    return node_done(p, &node->node);
}

Node *ast_match_class(Parser *p, NodeList dotted, NodeList args, Token close)
{
    AstMatchClass *node = NODE_NEW(MatchClass, span_join(list_span(dotted), close.span));
    if (!node) return NULL;
    marks_start(p);
    for (uint32_t i = 0; i < args.count; i++) {
        Node *arg = args.items[i];
        if (arg->kind != AST_MatchKeyword) {
            if (node->keywords.count)
                parser_error(p, arg->outer, "positional patterns follow keyword patterns");
            node->patterns = list_add(p, node->patterns, arg);
            continue;
        }
        Name *name = AST(MatchKeyword, arg)->name;
        if (marks_seen(p, name))
            parser_error(p, arg->span, "attribute name repeated in class pattern: %s", name->text);
        node->keywords = list_add(p, node->keywords, arg);
    }
    node->cls = dotted_value(p, dotted);
    return node_done(p, &node->node);
}

/* A key is written as a pattern of its own, but must be a value. */
Node *ast_match_item(Parser *p, Node *key, Node *pattern)
{
    if (!key) return NULL;
    AstMatchItem *node = NODE_NEW(MatchItem, span_join(key->outer, outer_of(pattern)));
    if (!node) return NULL;
    if (key->kind == AST_MatchValue && !key->parens)
        node->key = AST(MatchValue, key)->value;
    else if (key->kind == AST_MatchSingleton && !key->parens)
        node->key = AST(MatchSingleton, key)->value;
    else
        parser_error(p, key->outer, "mapping pattern keys may only match literals and attribute lookups");
    node->pattern = pattern;
    return node_done(p, &node->node);
}

/* **name, a MatchStar until ast_match_mapping has read it. */
Node *ast_match_rest(Parser *p, Token stars, Token name)
{
    if (is_wildcard(name.name)) parser_error(p, name.span, "cannot use '_' as a target");
    return ast_match_star(p, stars, name);
}

Node *ast_match_mapping(Parser *p, Token open, NodeList items, Token close)
{
    AstMatchMapping *node = NODE_NEW(MatchMapping, span_join(open.span, close.span));
    if (!node) return NULL;
    for (uint32_t i = 0; i < items.count; i++) {
        Node *item = items.items[i];
        if (item->kind == AST_MatchItem) {
            node->items = list_add(p, node->items, item);
            continue;
        }
        if (i + 1 < items.count)
            parser_error(p, item->span, "'**' pattern must be the last of a mapping pattern");
        node->rest = AST(MatchStar, item)->name;
    }
    return node_done(p, &node->node);
}
