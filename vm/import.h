/* import.h - where modules come from: a compiler, built-in modules and compiled ones, which the floors above
 * hand to the VM, and files. native.h has module_import; ops.h the statements.
 */
#pragma once
#include "vm/code_object.h"
#include "vm/native.h"

typedef enum {
    COMPILE_MODULE, // an imported file
    COMPILE_MAIN,   // the script: await is allowed at its top level
    COMPILE_EXEC,   // for exec(): a function of the mapping in which its names lie, as the next two
    COMPILE_SINGLE, // one statement whose values are displayed
    COMPILE_EVAL,   // one expression
} CompileMode;

/* The VM's only way to source text. */
struct CompileHook {
    /* A malloc'd image, or NULL with SyntaxError, IndentationError ... pending. */
    CodeImage *(*compile)(VM *vm, const char *text, size_t size, const char *filename, CompileMode mode);
};

typedef struct BuiltinModule {
    const ModuleDef *def;
    bool core; // as CPython's built-in modules, found before any file of that name
} BuiltinModule;
typedef struct EmbeddedModule {
    const char *name; // dotted
    const uint8_t *packed; // packed.h
    size_t size;
    bool package;
} EmbeddedModule;

/* Names that CPython's module has and ours has not: " name name ". */
typedef struct AbsentNames {
    const char *module, *names;
} AbsentNames;

/* The standard library, set by it (vm->library). NULL: there is none. Each ends with a row of zeros. */
struct Library {
    const BuiltinModule *builtin;
    const EmbeddedModule *embedded;
    const AbsentNames *absent;
};

/* What an error text goes on with when the library's module `module` (a str) has no `name`: where that is said, or "". */
const char *module_left_out(VM *vm, Value module, const Str *name);

enum { MODULE_LOADING = 1 }; // Module.h.aux: its body has not finished yet

/* A module made of its table, entered in sys.modules. */
Module *module_from_def(VM *vm, const ModuleDef *def);
/* An empty module with its __name__, __doc__ ... ; file NULL: none. */
Module *module_make(VM *vm, Str *name, const char *file);
/* What runs the body of an image as module m: call it. Takes over image (when owned) and source, which may
 * be NULL. */
Value module_body(VM *vm, Module *m, const CodeImage *image, bool owned, char *source, size_t source_size);
/* The file that a module's body is in, as found along the search path. */
typedef struct ModuleFile {
    char *path, *text; // malloc'd
    size_t size;
    size_t dir_len;    // of a package: the folder's part of path
    bool package;
} ModuleFile;
/* Is a module of that name in the binary? */
bool module_is_own(VM *vm, Str *name);
/* The names of all that are. */
void module_each_own(VM *vm, void (*each)(void *state, const char *name), void *state);
/* Find the file of a dotted name, importing the packages it lies in. False: there is none, or an exception
 * is pending. */
bool module_find_file(VM *vm, Str *name, ModuleFile *f);
void module_file_free(ModuleFile *f);
/* How messages show a path: relative to the folder in which the command was started, when it lies below
 * that. */
const char *module_shown_path(VM *vm, const char *path);
/* __import__: name relative to the package of `globals` (a Dict or UNSET) when level > 0; fromlist None:
 * answers the first module of a dotted name, else the last with the named submodules imported. */
Value import_name(VM *vm, Str *name, Dict *globals, Value fromlist, int64_t level);
Value nat_import(VM *vm, Args args); // __import__ itself, as the builtins have it
