/* grammar.y - the syntax of Python 3.11 (with 3.12's f-string tokens) for lemon.
 *
 * There are no precedence declarations, so no conflict is hidden, and there is none. What makes it so:
 * targets are parsed as expressions and converted (targets of `for` are of the `|` level); elements of
 * any parenthesis may be `expr as target`, which only `with` claims; a generator expression may be any
 * argument; parameters are one flat list. Each of these is checked by the constructor in its action.
 */
%name Grammar
%token_prefix TK_
%token_type {Token}
%extra_context {Parser *p}
%stack_size 0
%start_symbol start
%fallback NAME CASE.

%include {
#include "lang/build.h"
#include <stdlib.h>

static const NodeList no_list;
}

%default_type {Node *}
%syntax_error { explain_syntax_error(p, TOKEN); }
%stack_overflow { p->diags->out_of_memory = p->stopped = true; }
%parse_failure { p->stopped = true; }

%token BAD.

/* One start symbol; the first token is made up and says what is wanted. */
start ::= FILE stmts0(B).                       { ast_module(p, AST_Module, B); }
start ::= SINGLE stmts0(B).                     { ast_module(p, AST_Interactive, B); }
start ::= EXPR testlist(E) newline0.            { ast_expression(p, E); }

newline0 ::= .
newline0 ::= NEWLINE.

%type stmts0 {NodeList}
stmts0(L) ::= .                                 { L = no_list; }
stmts0(L) ::= stmts(A).                         { L = A; }

%type stmts {NodeList}
stmts(L) ::= simple_line(A).                    { L = A; }
stmts(L) ::= compound(A).                       { L = list_of(p, A); }
stmts(L) ::= bad_line.                          { L = no_list; }
stmts(L) ::= stmts(A) simple_line(B).           { L = list_join(p, A, B); }
stmts(L) ::= stmts(A) compound(B).              { L = list_add(p, A, B); }
stmts(L) ::= stmts(A) bad_line.                 { L = A; }

/* Where parsing goes on after a syntax error: behind the line, and behind its block if it has one. */
bad_line ::= error NEWLINE.
bad_line ::= error NEWLINE INDENT stmts DEDENT.

%type simple_line {NodeList}
simple_line(L) ::= simples(A) NEWLINE.          { L = A; }
simple_line(L) ::= simples(A) SEMI NEWLINE.     { L = A; }

%type simples {NodeList}
simples(L) ::= simple(A).                       { L = list_of(p, A); }
simples(L) ::= simples(A) SEMI simple(B).       { L = list_add(p, A, B); }

%type block {NodeList}
block(L) ::= simple_line(A).                    { L = A; }
block(L) ::= NEWLINE INDENT stmts(A) DEDENT.    { L = A; }

//-- simple statements -------------------------------------------------------------------------------

simple(S) ::= testlist(E).                      { S = ast_expr_stmt(p, E); }
simple(S) ::= yield_expr(E).                    { S = ast_expr_stmt(p, E); }
simple(S) ::= targets(T) rhs(V).                { S = ast_assign(p, T, V); }
simple(S) ::= testlist(T) AUGASSIGN(O) rhs(V).  { S = ast_aug_assign(p, T, O, V); }
simple(S) ::= testlist(T) COLON expr(A).        { S = ast_ann_assign(p, T, A, NULL); }
simple(S) ::= testlist(T) COLON expr(A) EQ rhs(V). { S = ast_ann_assign(p, T, A, V); }
simple(S) ::= PASS(W).                          { S = ast_word(p, AST_Pass, W); }
simple(S) ::= BREAK(W).                         { S = ast_word(p, AST_Break, W); }
simple(S) ::= CONTINUE(W).                      { S = ast_word(p, AST_Continue, W); }
simple(S) ::= RETURN(W).                        { S = ast_return(p, W, NULL); }
simple(S) ::= RETURN(W) testlist(E).            { S = ast_return(p, W, E); }
simple(S) ::= RAISE(W).                         { S = ast_raise(p, W, NULL, NULL); }
simple(S) ::= RAISE(W) expr(E).                 { S = ast_raise(p, W, E, NULL); }
simple(S) ::= RAISE(W) expr(E) FROM expr(C).    { S = ast_raise(p, W, E, C); }
simple(S) ::= DEL(W) testlist(T).               { S = ast_delete(p, W, T); }
simple(S) ::= ASSERT(W) expr(E).                { S = ast_assert(p, W, E, NULL); }
simple(S) ::= ASSERT(W) expr(E) COMMA expr(M).  { S = ast_assert(p, W, E, M); }
simple(S) ::= GLOBAL(W) names(N).               { S = ast_global(p, AST_Global, W, N); }
simple(S) ::= NONLOCAL(W) names(N).             { S = ast_global(p, AST_Nonlocal, W, N); }
simple(S) ::= IMPORT(W) imports(N).             { S = ast_import(p, W, N); }
simple(S) ::= FROM(W) dotted(M) IMPORT imported(N).         { S = ast_import_from(p, W, 0, M, N); }
simple(S) ::= FROM(W) dots(D) IMPORT imported(N).           { S = ast_import_from(p, W, D, no_list, N); }
simple(S) ::= FROM(W) dots(D) dotted(M) IMPORT imported(N). { S = ast_import_from(p, W, D, M, N); }

%type targets {NodeList}
targets(L) ::= testlist(T) EQ.                  { L = list_of(p, T); }
targets(L) ::= targets(A) testlist(T) EQ.       { L = list_add(p, A, T); }

rhs(E) ::= testlist(A).                         { E = A; }
rhs(E) ::= yield_expr(A).                       { E = A; }

%type names {NodeList}
names(L) ::= name(N).                           { L = list_of(p, N); }
names(L) ::= names(A) COMMA name(N).            { L = list_add(p, A, N); }
name(N) ::= NAME(T).                            { N = ast_name(p, T); }

%type imports {NodeList}
imports(L) ::= import(A).                       { L = list_of(p, A); }
imports(L) ::= imports(A) COMMA import(B).      { L = list_add(p, A, B); }
import(A) ::= dotted(D).                        { A = ast_alias(p, D, NULL); }
import(A) ::= dotted(D) AS name(N).             { A = ast_alias(p, D, N); }

%type dotted {NodeList}
dotted(L) ::= name(N).                          { L = list_of(p, N); }
dotted(L) ::= dotted(A) DOT name(N).            { L = list_add(p, A, N); }

%type dots {int}
dots(N) ::= dot(A).                             { N = A; }
dots(N) ::= dots(A) dot(B).                     { N = A + B; }
%type dot {int}
dot(N) ::= DOT.                                 { N = 1; }
dot(N) ::= ELLIPSIS.                            { N = 3; }

%type imported {Imported}
imported(I) ::= STAR(T).                        { I = (Imported){list_of(p, ast_alias_star(p, T)), {0}}; }
imported(I) ::= as_names(L).                    { I = (Imported){L, {0}}; }
imported(I) ::= as_names(L) COMMA(T).           { I = (Imported){L, T}; }
imported(I) ::= LP as_names(L) RP(T).           { I = (Imported){L, T}; }
imported(I) ::= LP as_names(L) COMMA RP(T).     { I = (Imported){L, T}; }

%type as_names {NodeList}
as_names(L) ::= as_name(A).                     { L = list_of(p, A); }
as_names(L) ::= as_names(A) COMMA as_name(B).   { L = list_add(p, A, B); }
as_name(A) ::= name(N).                         { A = ast_alias(p, list_of(p, N), NULL); }
as_name(A) ::= name(N) AS name(B).              { A = ast_alias(p, list_of(p, N), B); }

//-- compound statements -----------------------------------------------------------------------------

compound(S) ::= IF(W) namedexpr(C) COLON block(B) elifs(E) else0(O). { S = ast_if(p, W, C, B, E, O); }
compound(S) ::= WHILE(W) namedexpr(C) COLON block(B) else0(O).       { S = ast_while(p, W, C, B, O); }
compound(S) ::= for_stmt(A).                    { S = A; }
compound(S) ::= ASYNC(W) for_stmt(A).           { S = ast_async(p, W, A); }
compound(S) ::= with_stmt(A).                   { S = A; }
compound(S) ::= ASYNC(W) with_stmt(A).          { S = ast_async(p, W, A); }
compound(S) ::= TRY(W) COLON block(B) excepts(H) else0(O) finally0(F). {
    S = ast_try(p, W, B, H, O, F, false);
}
compound(S) ::= TRY(W) COLON block(B) star_excepts(H) else0(O) finally0(F). {
    S = ast_try(p, W, B, H, O, F, true);
}
compound(S) ::= TRY(W) COLON block(B) finally(F). {
    S = ast_try(p, W, B, no_list, no_list, F, false);
}
compound(S) ::= definition(D).                  { S = D; }
compound(S) ::= decorators(L) definition(D).    { S = ast_decorate(p, L, D); }
compound(S) ::= MATCH(W) subject(E) COLON NEWLINE INDENT cases(C) DEDENT(T). { S = ast_match(p, W, E, C, T); }

%type elifs {NodeList}
elifs(L) ::= .                                  { L = no_list; }
elifs(L) ::= elifs(A) ELIF(W) namedexpr(C) COLON block(B). { L = list_add(p, A, ast_if_branch(p, W, C, B)); }

%type else0 {NodeList}
else0(L) ::= .                                  { L = no_list; }
else0(L) ::= ELSE COLON block(B).               { L = B; }

for_stmt(S) ::= FOR(W) target_list(T) IN testlist(E) COLON block(B) else0(O). {
    S = ast_for(p, W, T, E, B, O);
}

with_stmt(S) ::= WITH(W) with_clause(L) COLON block(B). { S = ast_with(p, W, L, B); }
%type with_clause {NodeList}
with_clause(L) ::= with_items(A).               { L = ast_with_items(p, A); }
%type with_items {NodeList}
with_items(L) ::= with_item(A).                 { L = list_of(p, A); }
with_items(L) ::= with_items(A) COMMA with_item(B). { L = list_add(p, A, B); }
with_item(I) ::= expr(E).                       { I = ast_with_item(p, E, NULL); }
with_item(I) ::= expr(E) AS target(T).          { I = ast_with_item(p, E, T); }

%type excepts {NodeList}
excepts(L) ::= except(A).                       { L = list_of(p, A); }
excepts(L) ::= excepts(A) except(B).            { L = list_add(p, A, B); }
except(H) ::= EXCEPT(W) COLON block(B).         { H = ast_handler(p, W, NULL, NULL, B); }
except(H) ::= EXCEPT(W) expr(E) COLON block(B). { H = ast_handler(p, W, E, NULL, B); }
except(H) ::= EXCEPT(W) expr(E) AS name(N) COLON block(B). { H = ast_handler(p, W, E, N, B); }
%type star_excepts {NodeList}
star_excepts(L) ::= star_except(A).             { L = list_of(p, A); }
star_excepts(L) ::= star_excepts(A) star_except(B). { L = list_add(p, A, B); }
star_except(H) ::= EXCEPT(W) STAR expr(E) COLON block(B). { H = ast_handler(p, W, E, NULL, B); }
star_except(H) ::= EXCEPT(W) STAR expr(E) AS name(N) COLON block(B). { H = ast_handler(p, W, E, N, B); }

%type finally0 {NodeList}
finally0(L) ::= .                               { L = no_list; }
finally0(L) ::= finally(A).                     { L = A; }
%type finally {NodeList}
finally(L) ::= FINALLY COLON block(B).          { L = B; }

%type decorators {NodeList}
decorators(L) ::= AT namedexpr(E) NEWLINE.      { L = list_of(p, E); }
decorators(L) ::= decorators(A) AT namedexpr(E) NEWLINE. { L = list_add(p, A, E); }

definition(S) ::= funcdef(F).                   { S = F; }
definition(S) ::= ASYNC(W) funcdef(F).          { S = ast_async(p, W, F); }
definition(S) ::= CLASS(W) name(N) COLON block(B). { S = ast_class(p, W, N, (Args){0}, B); }
definition(S) ::= CLASS(W) name(N) LP args(A) RP COLON block(B). { S = ast_class(p, W, N, A, B); }
funcdef(S) ::= DEF(W) name(N) LP params(A) RP returns0(R) COLON block(B). {
    S = ast_function(p, W, N, A, R, B);
}
returns0(E) ::= .                               { E = NULL; }
returns0(E) ::= ARROW expr(A).                  { E = A; }

%type params {NodeList}
params(L) ::= .                                 { L = no_list; }
params(L) ::= param_list(A).                    { L = ast_params(p, A); }
params(L) ::= param_list(A) COMMA.              { L = ast_params(p, A); }
%type param_list {NodeList}
param_list(L) ::= param(A).                     { L = list_of(p, A); }
param_list(L) ::= param_list(A) COMMA param(B). { L = list_add(p, A, B); }
param(A) ::= name(N) annotation0(T) default0(D). { A = ast_param(p, N, T, D); }
param(A) ::= SLASH(M).                          { A = ast_param_mark(p, PARAM_POSONLY, M); }
param(A) ::= STAR(M).                           { A = ast_param_mark(p, PARAM_KWONLY, M); }
param(A) ::= STAR(S) name(N) default0(D).       { A = ast_param_star(p, PARAM_VARARGS, S, N, NULL, D); }
param(A) ::= STAR(S) name(N) COLON star_expr(T) default0(D). {
    A = ast_param_star(p, PARAM_VARARGS, S, N, T, D);
}
param(A) ::= DSTAR(S) name(N) annotation0(T) default0(D). {
    A = ast_param_star(p, PARAM_KWARGS, S, N, T, D);
}
annotation0(E) ::= .                            { E = NULL; }
annotation0(E) ::= COLON expr(A).               { E = A; }
default0(E) ::= .                               { E = NULL; }
default0(E) ::= EQ expr(A).                     { E = A; }

//-- match -------------------------------------------------------------------------------------------

subject(E) ::= elements(L).                     { E = ast_tuple(p, L, (Token){0}); }
subject(E) ::= elements(L) COMMA(C).            { E = ast_tuple(p, L, C); }

%type cases {NodeList}
cases(L) ::= case(A).                           { L = list_of(p, A); }
cases(L) ::= cases(A) case(B).                  { L = list_add(p, A, B); }
case(A) ::= CASE(W) patterns(T) guard0(G) COLON block(B). { A = ast_match_case(p, W, T, G, B); }
case(A) ::= bad_line.                           { A = NULL; }
guard0(E) ::= .                                 { E = NULL; }
guard0(E) ::= IF namedexpr(A).                  { E = A; }

patterns(T) ::= pattern(A).                     { T = A; }
patterns(T) ::= sequence(L).                    { T = ast_match_open_sequence(p, L, (Token){0}); }
patterns(T) ::= sequence(L) COMMA(C).           { T = ast_match_open_sequence(p, L, C); }
patterns(T) ::= any_pattern(A) COMMA(C).        { T = ast_match_open_sequence(p, list_of(p, A), C); }

/* At least two patterns. */
%type sequence {NodeList}
sequence(L) ::= any_pattern(A) COMMA any_pattern(B). { L = list_add(p, list_of(p, A), B); }
sequence(L) ::= sequence(A) COMMA any_pattern(B). { L = list_add(p, A, B); }
any_pattern(T) ::= pattern(A).                  { T = A; }
any_pattern(T) ::= star_pattern(A).             { T = A; }
star_pattern(T) ::= STAR(S) NAME(N).            { T = ast_match_star(p, S, N); }

pattern(T) ::= or_pattern(A).                   { T = A; }
pattern(T) ::= or_pattern(A) AS NAME(N).        { T = ast_match_as(p, A, N); }
or_pattern(T) ::= closed(A).                    { T = A; }
or_pattern(T) ::= or_pattern(A) BAR closed(B).  { T = ast_match_or(p, A, B); }
closed(T) ::= number(N).                        { T = ast_match_value(p, N); }
closed(T) ::= MINUS(M) number(N).               { T = ast_match_negative(p, M, N); }
closed(T) ::= strings(L).                       { T = ast_match_value(p, ast_strings(p, L)); }
closed(T) ::= NONE(W).                          { T = ast_match_singleton(p, ast_word(p, AST_None, W)); }
closed(T) ::= TRUE(W).                          { T = ast_match_singleton(p, ast_word(p, AST_True, W)); }
closed(T) ::= FALSE(W).                         { T = ast_match_singleton(p, ast_word(p, AST_False, W)); }
closed(T) ::= dotted(D).                        { T = ast_match_dotted(p, D); }
closed(T) ::= dotted(D) LP RP(E).               { T = ast_match_class(p, D, no_list, E); }
closed(T) ::= dotted(D) LP class_patterns(L) RP(E).       { T = ast_match_class(p, D, L, E); }
closed(T) ::= dotted(D) LP class_patterns(L) COMMA RP(E). { T = ast_match_class(p, D, L, E); }
closed(T) ::= LP(O) pattern(A) RP(E).           { T = ast_parens(p, O, A, E); }
closed(T) ::= LP(O) bracketed(L) RP(E).         { T = ast_match_sequence(p, O, L, E); }
closed(T) ::= LB(O) bracketed(L) RB(E).         { T = ast_match_sequence(p, O, L, E); }
closed(T) ::= LB(O) any_pattern(A) RB(E).       { T = ast_match_sequence(p, O, list_of(p, A), E); }
closed(T) ::= LC(O) RC(E).                      { T = ast_match_mapping(p, O, no_list, E); }
closed(T) ::= LC(O) map_patterns(L) RC(E).      { T = ast_match_mapping(p, O, L, E); }
closed(T) ::= LC(O) map_patterns(L) COMMA RC(E). { T = ast_match_mapping(p, O, L, E); }

/* What makes a sequence of parentheses too: all but one pattern without a comma. */
%type bracketed {NodeList}
bracketed(L) ::= .                              { L = no_list; }
bracketed(L) ::= any_pattern(A) COMMA.          { L = list_of(p, A); }
bracketed(L) ::= sequence(A).                   { L = A; }
bracketed(L) ::= sequence(A) COMMA.             { L = A; }

%type class_patterns {NodeList}
class_patterns(L) ::= class_pattern(A).         { L = list_of(p, A); }
class_patterns(L) ::= class_patterns(A) COMMA class_pattern(B). { L = list_add(p, A, B); }
class_pattern(T) ::= pattern(A).                { T = A; }
class_pattern(T) ::= NAME(N) EQ pattern(A).     { T = ast_match_keyword(p, N, A); }

%type map_patterns {NodeList}
map_patterns(L) ::= map_pattern(A).             { L = list_of(p, A); }
map_patterns(L) ::= map_patterns(A) COMMA map_pattern(B). { L = list_add(p, A, B); }
map_pattern(T) ::= closed(K) COLON pattern(A).  { T = ast_match_item(p, K, A); }
map_pattern(T) ::= DSTAR(S) NAME(N).            { T = ast_match_rest(p, S, N); }

//-- lists of expressions ----------------------------------------------------------------------------

/* Expressions and starred ones: a single one stands for itself, several make a tuple. */
testlist(E) ::= tests(L).                       { E = ast_tuple(p, L, (Token){0}); }
testlist(E) ::= tests(L) COMMA(C).              { E = ast_tuple(p, L, C); }
%type tests {NodeList}
tests(L) ::= star_expr(A).                      { L = list_of(p, A); }
tests(L) ::= tests(A) COMMA star_expr(B).       { L = list_add(p, A, B); }
star_expr(E) ::= expr(A).                       { E = A; }
star_expr(E) ::= STAR(S) bitor(A).              { E = ast_starred(p, S, A); }

/* The same where `:=` needs no parentheses. */
%type elements {NodeList}
elements(L) ::= element(A).                     { L = list_of(p, A); }
elements(L) ::= elements(A) COMMA element(B).   { L = list_add(p, A, B); }
element(E) ::= namedexpr(A).                    { E = A; }
element(E) ::= STAR(S) bitor(A).                { E = ast_starred(p, S, A); }

target_list(E) ::= target_items(L).             { E = ast_tuple(p, L, (Token){0}); }
target_list(E) ::= target_items(L) COMMA(C).    { E = ast_tuple(p, L, C); }
%type target_items {NodeList}
target_items(L) ::= target(A).                  { L = list_of(p, A); }
target_items(L) ::= target_items(A) COMMA target(B). { L = list_add(p, A, B); }
target(E) ::= bitor(A).                         { E = A; }
target(E) ::= STAR(S) bitor(A).                 { E = ast_starred(p, S, A); }

//-- expressions, loosest first ----------------------------------------------------------------------

yield_expr(E) ::= YIELD(W).                     { E = ast_yield(p, W, NULL); }
yield_expr(E) ::= YIELD(W) testlist(A).         { E = ast_yield(p, W, A); }
yield_expr(E) ::= YIELD(W) FROM expr(A).        { E = ast_yield_from(p, W, A); }

namedexpr(E) ::= expr(A).                       { E = A; }
namedexpr(E) ::= expr(T) WALRUS expr(A).        { E = ast_named(p, T, A); }

expr(E) ::= or(A).                              { E = A; }
expr(E) ::= or(A) IF or(C) ELSE expr(B).        { E = ast_if_exp(p, A, C, B); }
expr(E) ::= LAMBDA(W) lambda_params(L) COLON expr(B). { E = ast_lambda(p, W, L, B); }

%type lambda_params {NodeList}
lambda_params(L) ::= .                          { L = no_list; }
lambda_params(L) ::= lambda_list(A).            { L = ast_params(p, A); }
lambda_params(L) ::= lambda_list(A) COMMA.      { L = ast_params(p, A); }
%type lambda_list {NodeList}
lambda_list(L) ::= lambda_param(A).             { L = list_of(p, A); }
lambda_list(L) ::= lambda_list(A) COMMA lambda_param(B). { L = list_add(p, A, B); }
lambda_param(A) ::= name(N) default0(D).        { A = ast_param(p, N, NULL, D); }
lambda_param(A) ::= SLASH(M).                   { A = ast_param_mark(p, PARAM_POSONLY, M); }
lambda_param(A) ::= STAR(M).                    { A = ast_param_mark(p, PARAM_KWONLY, M); }
lambda_param(A) ::= STAR(S) name(N) default0(D). { A = ast_param_star(p, PARAM_VARARGS, S, N, NULL, D); }
lambda_param(A) ::= DSTAR(S) name(N) default0(D). { A = ast_param_star(p, PARAM_KWARGS, S, N, NULL, D); }

or(E) ::= and(A).                               { E = A; }
or(E) ::= or(A) OR and(B).                      { E = ast_bool(p, BOOL_OR, A, B); }
and(E) ::= not(A).                              { E = A; }
and(E) ::= and(A) AND not(B).                   { E = ast_bool(p, BOOL_AND, A, B); }
not(E) ::= cmp(A).                              { E = A; }
not(E) ::= NOT(W) not(A).                       { E = ast_unary(p, UNARY_NOT, W, A); }
cmp(E) ::= bitor(A).                            { E = A; }
cmp(E) ::= cmp(A) cmp_op(O) bitor(B).           { E = ast_compare(p, A, O, B); }
%type cmp_op {Token}
cmp_op(O) ::= CMP(T).                           { O = T; }
cmp_op(O) ::= IN(T).                            { O = token_join(T, T, CMP_IN); }
cmp_op(O) ::= NOT(T) IN(U).                     { O = token_join(T, U, CMP_NOT_IN); }
cmp_op(O) ::= IS(T).                            { O = token_join(T, T, CMP_IS); }
cmp_op(O) ::= IS(T) NOT(U).                     { O = token_join(T, U, CMP_IS_NOT); }

bitor(E) ::= xor(A).                            { E = A; }
bitor(E) ::= bitor(A) BAR(O) xor(B).            { E = ast_binary(p, A, O, B); }
xor(E) ::= bitand(A).                           { E = A; }
xor(E) ::= xor(A) CARET(O) bitand(B).           { E = ast_binary(p, A, O, B); }
bitand(E) ::= shift(A).                         { E = A; }
bitand(E) ::= bitand(A) AMP(O) shift(B).        { E = ast_binary(p, A, O, B); }
shift(E) ::= sum(A).                            { E = A; }
shift(E) ::= shift(A) SHIFTOP(O) sum(B).        { E = ast_binary(p, A, O, B); }
sum(E) ::= term(A).                             { E = A; }
sum(E) ::= sum(A) PLUS|MINUS(O) term(B).        { E = ast_binary(p, A, O, B); }
term(E) ::= factor(A).                          { E = A; }
term(E) ::= term(A) STAR|SLASH|AT|MULOP(O) factor(B). { E = ast_binary(p, A, O, B); }
factor(E) ::= power(A).                         { E = A; }
factor(E) ::= PLUS(W) factor(A).                { E = ast_unary(p, UNARY_POS, W, A); }
factor(E) ::= MINUS(W) factor(A).               { E = ast_unary(p, UNARY_NEG, W, A); }
factor(E) ::= TILDE(W) factor(A).               { E = ast_unary(p, UNARY_INVERT, W, A); }
power(E) ::= awaited(A).                        { E = A; }
power(E) ::= awaited(A) DSTAR(O) factor(B).     { E = ast_binary(p, A, O, B); }
awaited(E) ::= primary(A).                      { E = A; }
awaited(E) ::= AWAIT(W) primary(A).             { E = ast_await(p, W, A); }

primary(E) ::= atom(A).                         { E = A; }
primary(E) ::= primary(A) DOT NAME(N).          { E = ast_attribute(p, A, N); }
primary(E) ::= primary(A) LP(O) args(L) RP(C).  { E = ast_call(p, A, O, L, C); }
primary(E) ::= primary(A) LB subscript(S) RB(C). { E = ast_subscript(p, A, S, C); }

%type args {Args}
args(L) ::= .                                   { L = (Args){0}; }
args(L) ::= arg_list(A).                        { L = (Args){A, {0}}; }
args(L) ::= arg_list(A) COMMA(C).               { L = (Args){A, C}; }
%type arg_list {NodeList}
arg_list(L) ::= arg(A).                         { L = list_of(p, A); }
arg_list(L) ::= arg_list(A) COMMA arg(B).       { L = list_add(p, A, B); }
arg(E) ::= namedexpr(A).                        { E = A; }
arg(E) ::= namedexpr(A) comp(G).                { E = ast_bare_generator(p, A, G); }
arg(E) ::= expr(N) EQ(T) expr(A).               { E = ast_keyword(p, N, T, A); }
arg(E) ::= STAR(S) expr(A).                     { E = ast_starred(p, S, A); }
arg(E) ::= DSTAR(S) expr(A).                    { E = ast_keywords(p, S, A); }

%type comp {NodeList}
comp(L) ::= comp_for(A).                        { L = list_of(p, A); }
comp(L) ::= comp(A) comp_for(B).                { L = list_add(p, A, B); }
comp(L) ::= comp(A) IF or(C).                   { L = ast_comp_if(p, A, C); }
comp_for(E) ::= FOR(W) target_list(T) IN or(A). { E = ast_comp_for(p, W, T, A, false); }
comp_for(E) ::= ASYNC(W) FOR target_list(T) IN or(A). { E = ast_comp_for(p, W, T, A, true); }

subscript(E) ::= slices(L).                     { E = ast_index(p, L, (Token){0}); }
subscript(E) ::= slices(L) COMMA(C).            { E = ast_index(p, L, C); }
%type slices {NodeList}
slices(L) ::= slice(A).                         { L = list_of(p, A); }
slices(L) ::= slices(A) COMMA slice(B).         { L = list_add(p, A, B); }
slice(E) ::= namedexpr(A).                      { E = A; }
slice(E) ::= STAR(S) bitor(A).                  { E = ast_starred(p, S, A); }
slice(E) ::= expr0(A) COLON(O) expr0(B).        { E = ast_slice(p, A, O, B, (Token){0}, NULL); }
slice(E) ::= expr0(A) COLON(O) expr0(B) COLON(S) expr0(C). { E = ast_slice(p, A, O, B, S, C); }
expr0(E) ::= .                                  { E = NULL; }
expr0(E) ::= expr(A).                           { E = A; }

//-- atoms -------------------------------------------------------------------------------------------

atom(E) ::= name(A).                            { E = A; }
atom(E) ::= number(A).                          { E = A; }
atom(E) ::= strings(L).                         { E = ast_strings(p, L); }
atom(E) ::= NONE(W).                            { E = ast_word(p, AST_None, W); }
atom(E) ::= TRUE(W).                            { E = ast_word(p, AST_True, W); }
atom(E) ::= FALSE(W).                           { E = ast_word(p, AST_False, W); }
atom(E) ::= ELLIPSIS(W).                        { E = ast_word(p, AST_Ellipsis, W); }
number(E) ::= NUMBER(T).                        { E = ast_number(p, T); }

%type strings {NodeList}
strings(L) ::= string(A).                       { L = list_of(p, A); }
strings(L) ::= strings(A) string(B).            { L = list_add(p, A, B); }
string(E) ::= STRING(T).                        { E = ast_string(p, T); }
string(E) ::= FSTART(T) fparts(L) FEND(U).      { E = ast_fstring(p, T, L, U); }

%type fparts {NodeList}
fparts(L) ::= .                                 { L = no_list; }
fparts(L) ::= fparts(A) FMIDDLE(T).             { L = list_add(p, A, ast_fstring_text(p, T)); }
fparts(L) ::= fparts(A) FLBRACE(O) rhs(E) eq0(Q) conversion0(C) spec0(S) FRBRACE(T). {
    L = ast_fstring_field(p, A, O, E, Q, C, S, T);
}
%type eq0 {Token}
eq0(T) ::= .                                    { T = (Token){0}; }
eq0(T) ::= EQ(A).                               { T = A; }
%type conversion0 {Token}
conversion0(T) ::= .                            { T = (Token){0}; }
conversion0(T) ::= BANG(B) NAME(N).             { T = ast_conversion(p, B, N); }
spec0(E) ::= .                                  { E = NULL; }
spec0(E) ::= FCOLON(T) fparts(L).               { E = ast_fstring_spec(p, T, L); }

atom(E) ::= LP(O) RP(C).                        { E = ast_display(p, AST_Tuple, O, no_list, C); }
atom(E) ::= LP(O) yield_expr(A) RP(C).          { E = ast_parens(p, O, A, C); }
atom(E) ::= LP(O) covered(L) RP(C).             { E = ast_parens(p, O, ast_tuple(p, L, (Token){0}), C); }
atom(E) ::= LP(O) covered(L) COMMA RP(C).       { E = ast_display(p, AST_Tuple, O, L, C); }
atom(E) ::= LP(O) element(A) comp(G) RP(C).     { E = ast_comprehension(p, AST_GeneratorExp, O, A, G, C); }
%type covered {NodeList}
covered(L) ::= cover(A).                        { L = list_of(p, A); }
covered(L) ::= covered(A) COMMA cover(B).       { L = list_add(p, A, B); }
cover(E) ::= element(A).                        { E = A; }
cover(E) ::= expr(A) AS target(T).              { E = ast_cover_item(p, A, T); }

atom(E) ::= LB(O) RB(C).                        { E = ast_display(p, AST_List, O, no_list, C); }
atom(E) ::= LB(O) elements(L) RB(C).            { E = ast_display(p, AST_List, O, L, C); }
atom(E) ::= LB(O) elements(L) COMMA RB(C).      { E = ast_display(p, AST_List, O, L, C); }
atom(E) ::= LB(O) element(A) comp(G) RB(C).     { E = ast_comprehension(p, AST_ListComp, O, A, G, C); }

atom(E) ::= LC(O) RC(C).                        { E = ast_display(p, AST_Dict, O, no_list, C); }
atom(E) ::= LC(O) elements(L) RC(C).            { E = ast_display(p, AST_Set, O, L, C); }
atom(E) ::= LC(O) elements(L) COMMA RC(C).      { E = ast_display(p, AST_Set, O, L, C); }
atom(E) ::= LC(O) element(A) comp(G) RC(C).     { E = ast_comprehension(p, AST_SetComp, O, A, G, C); }
atom(E) ::= LC(O) dict_items(L) RC(C).          { E = ast_display(p, AST_Dict, O, L, C); }
atom(E) ::= LC(O) dict_items(L) COMMA RC(C).    { E = ast_display(p, AST_Dict, O, L, C); }
atom(E) ::= LC(O) dict_item(A) comp(G) RC(C).   { E = ast_dict_comprehension(p, O, A, G, C); }
%type dict_items {NodeList}
dict_items(L) ::= dict_item(A).                 { L = list_of(p, A); }
dict_items(L) ::= dict_items(A) COMMA dict_item(B). { L = list_add(p, A, B); }
dict_item(E) ::= expr(K) COLON expr(V).         { E = ast_dict_item(p, K, V); }
dict_item(E) ::= DSTAR(S) bitor(V).             { E = ast_dict_rest(p, S, V); }

//-- looks at lemon's stack --------------------------------------------------------------------------

%code {
size_t grammar_depth(void *grammar)
{
    const yyParser *parser = grammar;
    return (size_t)(parser->yytos - parser->yystack);
}

void grammar_forget_error(void *grammar)
{
    ((yyParser *)grammar)->yyerrcnt = -1;
}

/* Does what Grammar would do with this token, on a copy of the few states that reductions touch. */
bool grammar_accepts(void *grammar, int kind)
{
    const yyParser *parser = grammar;
    YYACTIONTYPE pushed[16];
    int count = 0;                         // states pushed over what is left of the real stack
    const yyStackEntry *top = parser->yytos; // the part of it that is left
    YYACTIONTYPE state = top->stateno;
    while (count < 16) {
        YYACTIONTYPE action = yy_find_shift_action((YYCODETYPE)kind, state);
        if (action < YY_MIN_REDUCE) return action != YY_ERROR_ACTION;

        int pops = -yyRuleInfoNRhs[action - YY_MIN_REDUCE];
        for (; pops > 0 && count > 0; pops--) count--;
        top -= pops;
        state = count ? pushed[count - 1] : top->stateno;
        state = yy_find_reduce_action(state, yyRuleInfoLhs[action - YY_MIN_REDUCE]);
        pushed[count++] = state;
    }
    return true;
}

bool grammar_open_statement(void *grammar, Token *keyword)
{
    const yyParser *parser = grammar;
    for (const yyStackEntry *entry = parser->yytos; entry > parser->yystack; entry--) {
        if (entry->major == TK_INDENT) return false;
        if (ONE_OF(entry->major, TK_IF, TK_ELIF, TK_ELSE, TK_WHILE, TK_FOR, TK_TRY, TK_EXCEPT, TK_FINALLY,
                   TK_WITH, TK_DEF, TK_CLASS, TK_MATCH, TK_CASE)) {
            *keyword = entry->minor.yy0;
            return true;
        }
    }
    return false;
}
}
