/* build.h - what the grammar's actions call: one constructor per kind of node.
 * Each returns NULL when memory is out or the tree got too deep; all take NULL for a node that was
 * not made for that reason. They check what the grammar leaves open and report it.
 */
#pragma once
#include "lang/parser.h"

/* Shared by the build files: a new node of a kind, and what completes it once its fields are set (height,
 * and NULL instead if a part is missing). */
Node *node_new(Parser *p, NodeKind kind, size_t size, Span span);
Node *node_done(Parser *p, Node *node);
#define NODE_NEW(Kind, span) (Ast##Kind *)node_new(p, AST_##Kind, sizeof(Ast##Kind), span)

/* Adds a part to a finished node's height. */
Node *node_raise(Parser *p, Node *node, const Node *part);

Span outer_of(const Node *node); // with parentheses; {0, 0} for NULL
Span list_span(NodeList list);

/* Whether names were met before: marks_start, then marks_seen for each of one list. */
void marks_start(Parser *p);
bool marks_seen(Parser *p, Name *name);

/* target.c: makes `node` a target of an assignment, or of del; reports what cannot be one. `alone`: it is
 * the whole left side of a statement `node = value`. */
void target_set(Parser *p, Node *node, ExprContext ctx, bool alone);
void target_augmented(Parser *p, Node *node);
void target_named(Parser *p, Node *node); // of `:=`
void target_annotated(Parser *p, Node *node);
void target_forbid(Parser *p, Name *name, Span span); // names that nothing can be bound to

/* Reports a starred expression that stands alone; returns the node. */
Node *no_star(Parser *p, Node *node);

/* Lists. */
NodeList list_of(Parser *p, Node *node);
NodeList list_add(Parser *p, NodeList list, Node *node);
NodeList list_join(Parser *p, NodeList list, NodeList more);

Token token_join(Token first, Token last, Operator op); // "not in", "is not"

/* What `import` names, and the closing parenthesis or forbidden comma behind it, kind 0 if neither. */
typedef struct Imported {
    NodeList names;
    Token last;
} Imported;

/* Arguments, and the comma behind the last, kind 0 if none. */
typedef struct Args {
    NodeList list;
    Token comma;
} Args;

/* Roots and statements. */
void ast_module(Parser *p, NodeKind kind, NodeList body);
void ast_expression(Parser *p, Node *body);
Node *ast_expr_stmt(Parser *p, Node *value);
Node *ast_assign(Parser *p, NodeList targets, Node *value);
Node *ast_aug_assign(Parser *p, Node *target, Token op, Node *value);
Node *ast_ann_assign(Parser *p, Node *target, Node *annotation, Node *value);
Node *ast_word(Parser *p, NodeKind kind, Token word); // pass, break, continue, None, True, False, ...
Node *ast_return(Parser *p, Token word, Node *value);
Node *ast_raise(Parser *p, Token word, Node *exc, Node *cause);
Node *ast_delete(Parser *p, Token word, Node *targets);
Node *ast_assert(Parser *p, Token word, Node *test, Node *msg);
Node *ast_global(Parser *p, NodeKind kind, Token word, NodeList names);
Node *ast_import(Parser *p, Token word, NodeList names);
Node *ast_alias(Parser *p, NodeList dotted, Node *asname);
Node *ast_alias_star(Parser *p, Token star);
Node *ast_import_from(Parser *p, Token word, int dots, NodeList dotted, Imported imported);
Node *ast_if(Parser *p, Token word, Node *test, NodeList body, NodeList elifs, NodeList orelse);
Node *ast_if_branch(Parser *p, Token word, Node *test, NodeList body);
Node *ast_while(Parser *p, Token word, Node *test, NodeList body, NodeList orelse);
Node *ast_for(Parser *p, Token word, Node *target, Node *iter, NodeList body, NodeList orelse);
Node *ast_try(Parser *p, Token word, NodeList body, NodeList handlers, NodeList orelse, NodeList finalbody,
              bool is_star);
Node *ast_handler(Parser *p, Token word, Node *type, Node *name, NodeList body);
Node *ast_with(Parser *p, Token word, NodeList items, NodeList body);
Node *ast_with_item(Parser *p, Node *context, Node *target);
NodeList ast_with_items(Parser *p, NodeList items);
Node *ast_cover_item(Parser *p, Node *context, Node *target);
Node *ast_async(Parser *p, Token word, Node *statement);
Node *ast_function(Parser *p, Token word, Node *name, NodeList params, Node *returns, NodeList body);
Node *ast_class(Parser *p, Token word, Node *name, Args args, NodeList body);
Node *ast_decorate(Parser *p, NodeList decorators, Node *definition);

/* Parameters. */
Node *ast_param(Parser *p, Node *name, Node *annotation, Node *dflt);
Node *ast_param_star(Parser *p, ParamKind kind, Token star, Node *name, Node *annotation, Node *dflt);
Node *ast_param_mark(Parser *p, ParamKind kind, Token mark); // `/` and the bare `*`
NodeList ast_params(Parser *p, NodeList params);

/* Expressions. */
Node *ast_name(Parser *p, Token name);
Node *ast_number(Parser *p, Token number);
Node *ast_binary(Parser *p, Node *left, Token op, Node *right);
Node *ast_unary(Parser *p, Operator op, Token word, Node *operand);
Node *ast_bool(Parser *p, Operator op, Node *left, Node *right);
Node *ast_compare(Parser *p, Node *left, Token op, Node *right);
Node *ast_if_exp(Parser *p, Node *body, Node *test, Node *orelse);
Node *ast_lambda(Parser *p, Token word, NodeList params, Node *body);
Node *ast_named(Parser *p, Node *target, Node *value);
Node *ast_await(Parser *p, Token word, Node *value);
Node *ast_yield(Parser *p, Token word, Node *value);
Node *ast_yield_from(Parser *p, Token word, Node *value);
Node *ast_starred(Parser *p, Token star, Node *value);
Node *ast_attribute(Parser *p, Node *value, Token name);
Node *ast_subscript(Parser *p, Node *value, Node *index, Token close);
Node *ast_index(Parser *p, NodeList slices, Token comma);
Node *ast_slice(Parser *p, Node *lower, Token colon, Node *upper, Token colon2, Node *step);
Node *ast_call(Parser *p, Node *func, Token open, Args args, Token close);
Node *ast_keyword(Parser *p, Node *name, Token eq, Node *value);
Node *ast_keywords(Parser *p, Token stars, Node *value); // **value
Node *ast_tuple(Parser *p, NodeList elts,
                Token comma); // without parentheses; one element and no comma: that itself
Node *ast_parens(Parser *p, Token open, Node *inner, Token close);
Node *ast_display(Parser *p, NodeKind kind, Token open, NodeList elts, Token close); // (...) [...] {...}
Node *ast_dict_item(Parser *p, Node *key, Node *value);
Node *ast_dict_rest(Parser *p, Token stars, Node *value);
Node *ast_comprehension(Parser *p, NodeKind kind, Token open, Node *elt, NodeList generators, Token close);
Node *ast_bare_generator(Parser *p, Node *elt, NodeList generators); // as an argument
Node *ast_dict_comprehension(Parser *p, Token open, Node *item, NodeList generators, Token close);
Node *ast_comp_for(Parser *p, Token word, Node *target, Node *iter, bool is_async);
NodeList ast_comp_if(Parser *p, NodeList generators, Node *test);

/* Strings. */
Node *ast_string(Parser *p, Token string);
Node *ast_fstring(Parser *p, Token start, NodeList parts, Token end);
Node *ast_fstring_text(Parser *p, Token text);
NodeList ast_fstring_field(Parser *p, NodeList parts, Token open, Node *value, Token eq, Token conversion,
                           Node *spec, Token close);
Node *ast_fstring_spec(Parser *p, Token colon, NodeList parts);
Token ast_conversion(Parser *p, Token bang, Token name);
Node *ast_strings(Parser *p, NodeList strings);

/* Match. */
Node *ast_match(Parser *p, Token word, Node *subject, NodeList cases, Token close);
Node *ast_match_case(Parser *p, Token word, Node *pattern, Node *guard, NodeList body);
Node *ast_match_value(Parser *p, Node *value);
Node *ast_match_negative(Parser *p, Token minus, Node *number);
Node *ast_match_singleton(Parser *p, Node *value);
Node *ast_match_dotted(Parser *p, NodeList dotted); // capture, wildcard or value
Node *ast_match_class(Parser *p, NodeList dotted, NodeList args, Token close);
Node *ast_match_keyword(Parser *p, Token name, Node *pattern);
Node *ast_match_star(Parser *p, Token star, Token name);
Node *ast_match_as(Parser *p, Node *pattern, Token name);
Node *ast_match_or(Parser *p, Node *left, Node *right);
Node *ast_match_open_sequence(Parser *p, NodeList patterns, Token comma);
Node *ast_match_sequence(Parser *p, Token open, NodeList patterns, Token close);
Node *ast_match_mapping(Parser *p, Token open, NodeList items, Token close);
Node *ast_match_item(Parser *p, Node *key, Node *pattern);
Node *ast_match_rest(Parser *p, Token stars, Token name);
