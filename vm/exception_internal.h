/* exception_internal.h - what exception.c, exception_types.c, exception_group.c and traceback.c share. */
#pragma once
#include "vm/exception.h"

/* Exception.extra by class:
 *   StopIteration, SystemExit     [0] value, code
 *   NameError, AttributeError     [0] name  [1] obj
 *   TypeError                     [0] name of an argument that there is not  [1] Tuple of those that there are
 *   ImportError, OSError, SyntaxError, Unicode...Error   [0] Tuple of the fields in the order of their constructors
 *   BaseExceptionGroup            [0] message  [1] Tuple of exceptions */

/* The TypeDef of a kind that has fields or methods of its own, or NULL. */
const TypeDef *exception_type_def(ErrorKind kind);
/* An exception object without its fields. */
Value exception_alloc(VM *vm, Type *t, Value args);
/* Fills in the fields of e's class from constructor arguments; kw may be NULL. */
bool exception_init_fields(VM *vm, Exception *e, Tuple *args, Dict *kw);
/* OSError(...) of class t, or of the subclass that stands for the errno if t is OSError itself. */
Value exception_new_os(VM *vm, Type *t, Tuple *args);

/* Trace entries: 0 is where the exception was raised. */
typedef struct TraceEntry {
    Code *code;
    const Insn *pc;
} TraceEntry;
TraceEntry exception_trace_entry(const Exception *e, size_t i);
Value exception_copy_trace(VM *vm, const Exception *e, size_t n); // the n innermost entries; UNSET for none

/* exception_group.c */
Value exception_group_new(VM *vm, Type *t, Tuple *args);
extern const NativeDef exception_group_methods[];
extern const GetSetDef exception_group_getsets[];
Value exception_group_str(VM *vm, Exception *e);
