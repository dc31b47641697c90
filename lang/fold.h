/* fold.h - expressions whose value is known now.
 * Literals, tuples of them, and arithmetic whose result is exact, small and cannot raise. What is left
 * alone is computed when the program runs, with the same result.
 */
#pragma once
#include "lang/emit.h"

/* The value of `node`, if it is constant. Texts and items lie in `arena` or in the tree. */
bool fold_expr(Arena *arena, Node *node, Const *out);

/* The same for what is only looked through, never kept: a list of constants as a tuple, a set as a
 * frozenset. */
bool fold_container(Arena *arena, Node *node, Const *out);

/* The value of `left op right`, if it can be known. */
bool fold_binary(Arena *arena, Operator op, const Const *left, const Const *right, Const *out);

/* Is the constant true? */
bool const_is_true(const Const *k);
