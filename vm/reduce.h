/* reduce.h - how an object can be made again, as object's __reduce_ex__, __reduce__ and __getstate__ tell
 * copy and pickle: (callable, its arguments, state, items, pairs). What built-in types answer stands in
 * reduce.c, type by type; what a class of a module in C answers is a row of its own.
 */
#pragma once
#include "vm/vm.h"

/* Rows of object's methods. */
Value nat_object_reduce(VM *vm, Args args);
Value nat_object_reduce_ex(VM *vm, Args args);
Value nat_object_getstate(VM *vm, Args args);

/* The row of an iterator that goes on from a position, as its __reduce__ told it. */
Value nat_iter_setstate(VM *vm, Args args);
#define ITER_SETSTATE_ROW {"__setstate__(self, state, /)", nat_iter_setstate, "Go on from that position.", 0}

/* What object.__reduce_ex__(2) answers: copyreg.__newobj__ and what it takes. */
Value object_reduce(VM *vm, Value self);
/* What v.__getstate__() answers. */
Value object_state(VM *vm, Value v);
/* A function of the module copyreg, which is imported for it. */
Value copyreg_function(VM *vm, const char *name);
