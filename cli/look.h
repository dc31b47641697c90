/* look.h - what is known about names and values without running any of the program's code: for completion,
 * help() and :doc. What only a property, a __getattr__ or a call could tell stays unknown.
 */
#pragma once
#include "lang/lint.h"
#include "lang/text.h"
#include "vm/vm.h"

/* A global of the session, or a built-in; UNSET. */
Value look_name(VM *vm, Module *main, const char *name, size_t len);
Value look_attr(VM *vm, Value v, const char *name, size_t len);
/* A module that is loaded, or one of Co's own, which may be; UNSET. */
Value look_module(VM *vm, const char *name, size_t len);
/* Every name that look_attr may find, and those that only running could; dir()'s. */
void look_attrs(VM *vm, Value v, void (*each)(void *state, const char *name, size_t len), void *state);
/* "name(a, b=1, *, c)" of what can be called. False: it cannot, or nobody knows how. */
bool look_signature(VM *vm, Value v, TextBuffer *out);
/* The names that may be given as name=value behind so many positional arguments. */
void look_keywords(VM *vm, Value v, int given, void (*each)(void *state, const char *name, size_t len), void *state);
/* Its parameters but the first `skip`. False: it cannot be called, or nobody knows how. */
bool look_params(VM *vm, Value v, int skip, void (*each)(void *to, const LintParam *param), void *to);
/* The documentation; nothing if there is none. */
void look_doc(VM *vm, Value v, TextBuffer *out);
/* What help() prints: how it is called, its documentation, the members of a class or module. */
void look_help(VM *vm, Value v, TextBuffer *out);
bool look_print_help(VM *vm, Value v); // VM.help
/* One line about a value: how it is called, what it is for. */
void look_line(VM *vm, Value v, TextBuffer *out);
