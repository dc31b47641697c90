/* builtins.h - the built-in functions, by the files that hold them; builtins.c is their table. */
#pragma once
#include "stdlib/stdlib.h"

#define NATIVE(name) Value nat_##name(VM *vm, Args args)

/* builtin_objects.c: attributes, classes, identity, text of objects, namespaces */
NATIVE(getattr);
NATIVE(setattr);
NATIVE(hasattr);
NATIVE(delattr);
NATIVE(isinstance);
NATIVE(issubclass);
NATIVE(callable);
NATIVE(id);
NATIVE(hash);
NATIVE(repr);
NATIVE(ascii);
NATIVE(format_object);
NATIVE(dir);
NATIVE(vars);
NATIVE(globals);
NATIVE(locals);
NATIVE(help);
NATIVE(exit);
NATIVE(eval);
NATIVE(exec);
NATIVE(compile);

/* builtin_numbers.c */
NATIVE(abs);
NATIVE(divmod);
NATIVE(pow);
NATIVE(round);
NATIVE(bin);
NATIVE(oct);
NATIVE(hex);
NATIVE(chr);
NATIVE(ord);

/* builtin_iterables.c */
NATIVE(len);
NATIVE(iter);
NATIVE(aiter);
NATIVE(anext);
NATIVE(all);
NATIVE(any);
NATIVE(sum);
NATIVE(min);
NATIVE(max);
NATIVE(sorted);

/* builtin_io.c */
NATIVE(print);
NATIVE(input);
NATIVE(open);
