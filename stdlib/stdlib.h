/* stdlib.h - the standard library: modules in C and in Co, and the built-in names.
 *
 * Modules in C are rows of modules.def; modules in Co (stdlib/NAME.co) are compiled when Co is built and lie
 * in the binary (embedded.c). Modules see the VM through its headers only, and nothing below sees them.
 */
#pragma once
#include "stdlib/errand.h"
#include "stdlib/standard_input.h"
#include "vm/import.h"

typedef struct PostgresState { struct PostgresLibrary *library; Type *connection; } PostgresState;
typedef struct SqliteState { struct SqliteLibrary *library; Type *connection, *request; } SqliteState;

/* What modules share within one VM (vm->module_state). */
typedef struct Stdlib {
    Cell *sys_stdin, *sys_stdout,
        *sys_stderr; // the cells of sys.stdin ...: scripts may put other objects there
    Value stdout_stream;                       // what sys.stdout was made as: written to without a call
    Type *stream_type;
    Type *struct_time;
    List *exit_calls;                          // atexit's; NULL: none yet
    Type *descriptor_type;                     // _files'
    Type *deque_type, *deque_iter_type, *deque_reviter_type;
    Type *array_type, *array_iter_type;
    Type *grouper_type, *tee_type;             // of itertools
    Type *reader_type, *writer_type, *transport_type, *listener_type, *request_type; // of _streams
    SqliteState sqlite;    // of _sqlite
    PostgresState postgres; // of _postgres
    struct { Type *worker, *call; } workers; // of _workers
    Type *watch_type;      // of _socket
    Type *lock_type;       // of _thread
    Type *child_type, *signal_type; // of _process
    Type *http_watch_type; // of _http
    Type *tls_context_type; // of _ssl
    struct OpenSSL *openssl; // its functions, once they are used
    Type *var_type, *token_type;             // of contextvars
    Type *pattern_type, *match_type, *matches_type; // of _re
    Value re_error, re_parts;                   // what re registered there
    Type *weakref_type;                         // of _weakref
    Type *hash_type;                            // of _hashlib
    struct Crypto *crypto;                      // NULL until hashlib is imported
    struct Pcre *pcre;                          // NULL until re is imported
    struct Ucd *ucd;                            // NULL until unicodedata is asked
    struct UcdNames *ucd_names;
    Value token_missing;
    StandardInput input;
    Errands errands;
} Stdlib;
/* Obj.aux of NativeData: what it is, where its type may be a script's subclass. */
enum { NATIVE_DATA_DEQUE = 0xDE };
static inline Stdlib *stdlib(VM *vm) { return vm->module_state; }

/* Makes the modules builtins and sys, and the way to all others. argv: the script and its arguments. */
bool stdlib_init(VM *vm, int argc, char **argv);
void stdlib_free(VM *vm);
void crypto_drop(struct Crypto *crypto); // _hashlib.c: one user less; NULL is allowed
/* What was registered with atexit; nothing when the program has been stopped (a limit, a deadlock). */
void stdlib_run_exit_calls(VM *vm);

/* An object of a class of the library's, with `size` zeroed bytes of its own at `data` (0: data is the caller's to set) and
 * UNSET values. The class's `free` gives the bytes back. NULL: MemoryError pending. */
NativeData *native_data_new(VM *vm, const Type *type, size_t size);

/* An argument, a variable's value or a file name as a str: bytes that are no UTF-8 become lone surrogates. */
Value text_from_system(VM *vm, const char *bytes);

extern const struct Library stdlib_library;      // library.c
extern const EmbeddedModule embedded_modules[];  // embedded.c

/* Adds the prelude's names to the built-in ones. */
bool prelude_add(VM *vm, Module *builtins);
extern const NativeDef asyncio_sleep_def, asyncio_spawn_def, asyncio_run_def; // _asyncio.c

#define MODULE(name, place) extern const ModuleDef name##_module;
#include "stdlib/modules.def"
#undef MODULE
