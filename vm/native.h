/* native.h - natives: C functions that scripts call, and the modules made of them. */
#pragma once
#include "vm/vm.h"

enum { FRESH_NONE, FRESH_LIST, FRESH_DICT };
typedef struct SigParam {
    Str *name;
    Value dflt; // the parsed literal; UNSET when required, or for `name=?`
    bool required;
    uint8_t fresh; // [] and {} are made anew for each call
} SigParam;

/* A parsed signature: "name(a, b=1, /, c=None, *args, d, e=0, **kw)". Defaults: None True False ... ints floats 'str'
 * () [] {} and ? (absent: the native sees UNSET; help() shows the parameter in brackets).
 * params[i] describes Args.v[i]: the positional parameters, *args, the keyword-only ones, **kw, as written. */
typedef struct Signature {
    const NativeDef *def;
    Str *name;
    uint16_t npos, nposonly, nkwonly; // npos counts positional-only ones too
    uint16_t nrequired;               // positional parameters without default
    bool varargs, varkw, raw;         // raw: "(*args)" alone
    bool method;                      // the first parameter is the receiver (self, cls, owner): not counted in messages
    bool wrapper;                     // such a method shows a slot of a type, as CPython's slot wrappers do
    bool plain;                       // without keywords nothing can be missing but what is positional, nothing is made anew
    bool simple;                      // and there are no stars: bound by copying
    uint16_t nparams;                 // slots in Args.v
    SigParam params[];
} Signature;

/* The upper byte of a native's aux: how many arguments it takes where they lie, being a plain C function of just so
 * many positional parameters; or NATIVE_INDIRECT, when defaults, keywords or a receiver come in; or NATIVE_STEPS for
 * those that the loop runs as a switch to a generator's frame. */
enum { NATIVE_STEPS = 0xfe, NATIVE_INDIRECT = 0xff };
static inline int native_direct(const Native *f) { return f->h.aux >> 8; }

void native_free(VM *vm); // the signatures
const Signature *native_signature(VM *vm, const NativeDef *def); // parsed once, cached; NULL: no memory, or no signature
Value native_new(VM *vm, const NativeDef *def, Value self, Type *owner, Value module);
Value native_qualname(VM *vm, Value native);
/* A method native with its receiver: what `[].append` is. */
Value native_bind_self(VM *vm, Native *f, Value self);
/* Put the arguments of a call in order into out[0 .. sig->nparams): arity and keyword errors are CPython's texts.
 * owner: what the error texts put before the name, or NULL; "" says that it is a class being called. */
bool native_bind(VM *vm, const Signature *sig, const char *owner, const Value *args, int n, Value kwnames, Value *out);
/* Call a native with any arguments (the loop has faster ways for the common cases). A method native found through a class
 * (shape T_METHOD_DESCRIPTOR) trusts args[0] to be of its owner's layout: this function checks that, and so must any
 * faster way that did not find the native through the receiver's own type (LOAD_METHOD did). */
Value native_call(VM *vm, Native *f, const Value *args, int n, Value kwnames);

/* *args and **kwargs of a native as the argument vector of another call: *flat (to be given to roots_pop) holds the
 * positional arguments, whose number is answered, then the values of *kwnames. -1 with an exception pending. */
int native_flatten(VM *vm, Tuple *positional, Dict *keywords, Value **flat, Value *kwnames);
/* Does a method native take this receiver? TypeError pending when not. */
bool native_check_receiver(VM *vm, const Native *f, const Value *args, int n);

typedef struct ModuleDef {
    const char *name;
    const NativeDef *natives;
    const char *doc;
    bool (*init)(VM *vm, Module *m); // adds constants and types; may be NULL
} ModuleDef;
Module *module_new(VM *vm, Str *name);
bool module_add(VM *vm, Module *m, const char *name, Value v);
/* A type of objects of `kind`, full name as scripts see it; it lives as long as the VM. name: under which it is put into the
 * module, NULL: nowhere. NULL: out of memory. */
Type *module_add_type(VM *vm, Module *m, const char *name, const char *full, const TypeDef *def, Kind kind);
/* Import by dotted name as `import` does; sys.modules first. Implemented in import.c. */
Value module_import(VM *vm, Str *name);
/* The Cell of a global of m, made when missing. What m has no value of shows through from the builtins: its own
 * `__builtins__` when the cell is made. */
Cell *module_cell(VM *vm, Module *m, Str *name);
/* What the module finds under this name in its builtins. UNSET: nothing; ERROR: MemoryError pending. */
Value module_builtin(VM *vm, Module *m, Str *name);
/* A module around a dict, which becomes a namespace and gets `__builtins__`: what eval and exec run code in. The running
 * module, if it is that one's. NULL: MemoryError pending. */
Module *module_around(VM *vm, Dict *globals);
