/* exception.h - exception objects, raising, tracebacks. */
#pragma once
#include "vm/vm.h"

static inline bool is_exception(Value v) { return is_kind(v, KIND_EXCEPTION); }
static inline Exception *as_exception(Value v) { return (Exception *)as_obj(v); }
/* Root shape ids of exception types are T_BUILTIN_COUNT + ERR_x. */
bool exceptions_init(VM *vm);
/* Is exc an instance of the type(s)? type: class or tuple of classes; -1 with TypeError
 * "catching classes that do not inherit from BaseException is not allowed". */
int exception_matches(VM *vm, Value exc, Value type);
/* What `raise v` raises: an instance made from class or instance v (may call). */
Value exception_from_raise(VM *vm, Value v);
/* The exception that throw(type[, value[, traceback]]) means; UNSET for what was not given. May call. */
Value exception_thrown(VM *vm, Value type, Value value, Value tb);
/* Note that frame code at pc let exc pass; called by the unwinder. Never fails (drops the entry when memory
 * is out). */
void exception_add_trace(VM *vm, Value exc, Value code, const Insn *pc);
size_t exception_trace_length(const Exception *e); // frames noted
/* What the reader of stderr sees of an exception, as a str: CPython's text (chained ones, notes, groups,
 * carets) and what Co adds to it (the compiler's own report, notes for beginners, colours). */
Value exception_render(VM *vm, Value exc);
/* Some of it: with exc's own frames, with the exceptions it was raised from or while handling, with Co's additions.
 * Programs see it without those. */
enum { RENDER_TRACE = 1, RENDER_CHAIN = 2, RENDER_ADDED = 4 };
Value exception_render_parts(VM *vm, Value exc, unsigned parts);
/* The lines of each frame of a traceback object, outermost first: a list of str, None for the library's
 * own frames unless there are no others. */
Value traceback_frame_texts(VM *vm, Value traceback);
/* StopIteration's value, SystemExit's code. */
Value exception_value(Value exc);
/* exc is thrown into a frame that is handling another exception (vm->handled), which becomes its context. */
void exception_enter_handler(VM *vm, Value exc);
Value exception_new(VM *vm, ErrorKind kind, Value args_tuple);
bool exception_is(VM *vm, Value exc, ErrorKind kind);
/* The pending exception is one raised `from cause`. */
void exception_set_cause(VM *vm, Value cause);
/* AttributeError with a text (a str, or VALUE_ERROR when making it failed) and the fields obj and name. */
Value exception_raise_attribute(VM *vm, Value text, Value obj, Str *name);
/* The traceback object for entry `index` of exc's trace (0: where it was raised). */
Value traceback_new(VM *vm, Value exc, uint32_t index);
/* SystemExit as sys.exit(status) raises it: None is no argument, a tuple is all of them. */
Value vm_raise_exit(VM *vm, Value status);
/* StopIteration without a value: what natives answer where C code says VALUE_STOP. */
Value vm_raise_stop(VM *vm);
Value vm_raise_stop_value(VM *vm, Value v); // with what was returned, if that is not None
/* The exceptions of a tree of groups that are no groups themselves, appended to out. */
bool exception_group_leaves(VM *vm, Value exc, List *out);
/* type: also a List of exceptions, meant by identity. */
Value exception_group_split(VM *vm, Value group, Value type, Value *rest);
/* The TypeError in flight is about a keyword argument that is none of `names` (a Tuple, or VALUE_ERROR):
 * remember both, for "Did you mean". */
void exception_note_argument(VM *vm, Value name, Value names);
/* A compiler's SyntaxError carries its whole report (all errors, source lines, carets): what is shown of it
 * when nobody catches it. */
static inline void exception_set_report(VM *vm, Value exc, Value text)
{
    gc_store(vm, as_obj(exc), &as_exception(exc)->extra[1], text);
}
static inline Value exception_report(VM *vm, Value exc)
{
    bool may_have = is_exception(exc) && exception_is(vm, exc, ERR_SYNTAX);
    return may_have ? as_exception(exc)->extra[1] : VALUE_UNSET;
}
