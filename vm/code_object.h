/* code_object.h - one function's code in one VM: the image's record brought to life.
 *
 * A Code is made when its MAKE_FUNCTION runs (or a module is loaded) and linked at its first call: constants
 * become Values, global names become Cells of the module, and the instructions are copied, because they
 * specialise in place. The image itself is shared, immutable data and outlives its Codes.
 */
#pragma once
#include "vm/lines.h"
#include "vm/vm.h"

enum { NARGS_SLOW = 0xffff };

struct Code {
    Obj h;
    Insn *insns;          // NULL until linked
    Value *consts;
    Cell **globals;
    Value *methods;       // what LOAD_METHOD found for the shape in its cache, by the cache's slot
    Str **params;         // code_params(); NULL until asked for
    uint32_t nmethods;
    uint32_t flags;       // CODE_... of code.h
    uint32_t nregs;
    uint16_t fast_nargs;  // linked, in a stack frame, positional parameters only: their number; else NARGS_SLOW
    uint16_t gen_nargs;   // the same for code whose frames are Gens
    uint16_t nparams, nposonly, nkwonly, nfree;
    uint32_t ninsns;
    const CodeHandler *handlers;
    uint32_t nhandlers;
    const CodeRecord *rec;
    struct ImageRef *image;
    Module *module;
    Str *name, *qualname;
    struct Liveness *live; // per-pc register liveness, computed at the first collection that meets it
};

/* A loaded image: who frees it, and its source for tracebacks. */
typedef struct ImageRef {
    const CodeImage *image;
    bool owned;             // free() the image with the VM
    const struct EmbeddedModule *library; // the row of the standard library that it is from, or NULL
    const char *source;     // text of the file, or NULL (read again when a traceback needs it); owned
    size_t source_size;
    Code **codes;           // one per record, made on demand (borrowed: the collector clears dead ones)
    Module *module;
    Code *elsewhere;        // record 0 in the module in which exec() ran it last (borrowed, as `codes`)
    uint32_t living;        // Codes made of it that have not been freed
    bool passing;           // freed, with its image, when the last of them is
    struct ImageRef *next, *prev; // vm->codes
} ImageRef;

/* Make the module's record 0. Takes over `image` when owned (malloc'd). NULL: MemoryError pending. */
Code *code_load(VM *vm, const CodeImage *image, bool owned, Module *module, char *source, size_t source_size);
Code *code_for_record(VM *vm, ImageRef *ref, uint32_t index);
/* The same code with the globals of `module`: c itself, or one made of a copy of its image, which goes with it. NULL:
 * MemoryError pending. */
Code *code_in_module(VM *vm, Code *c, Module *module);
/* The image of a code that was just loaded is not needed for longer than what was made of it. */
void code_let_pass(VM *vm, Code *c);
bool code_link(VM *vm, Code *c);
/* The names of all parameters but *args and **kwargs, interned, in the order of their registers. NULL: out of memory. */
Str *const *code_params(VM *vm, Code *c);
/* Source position of the instruction at pc (the Code's own copy). */
CodeLine code_position(const Code *c, const Insn *pc);
const char *code_filename(const Code *c, size_t *len);
/* Line `n` (from 1) of the source, without its newline; false when unknown. */
bool code_source_line(VM *vm, const Code *c, uint32_t n, const char **text, size_t *len);
/* For the collector. */
void code_free(VM *vm, Code *c);
void codes_free_images(VM *vm);
static inline bool code_is_library(const Code *c) { return c->image->library; }
static inline bool code_is_heap(const Code *c) { return c->flags & CODE_HEAP; }
