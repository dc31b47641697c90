/* co.h - Co inside a C program. Link with libco.a, libuv, libtommath, zlib, -lm, -lpthread, -ldl;
 * docs/embedding.md shows how.
 *
 * A Co is one VM with its heap, modules and event loop. As many as you like may exist in a process, each
 * used by one thread at a time; they share nothing. No function here exits, prints an error or jumps: what
 * fails says so by its result, and co_error() tells why.
 *
 * A CoValue names a value of the VM; 0 is none. The value lives until co_release() of a mark taken before
 * it was made, so a program that keeps none of them writes
 *
 *     CoMark mark = co_mark(co);
 *     ...
 *     co_release(co, mark);
 *
 * and one that keeps a value takes the mark behind it. Natives' values are released when they return.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Co Co;
typedef uint32_t CoValue;
typedef uint32_t CoMark;

/* ---- a VM ---------------------------------------------------------------------------------------- */

typedef struct CoOptions {
    size_t max_memory;  // bytes; beyond it scripts get MemoryError. 0: no limit
    bool virtual_time;  // sleeping takes no time: the clock jumps
    bool seeded;        // tasks take turns, and random numbers come, in an order that follows from `seed`
    uint64_t seed;
    int argc;           // sys.argv
    char **argv;
    /* Takes what the program writes to file descriptor 1 or 2; NULL: the process's own. */
    void (*write)(void *user, int fd, const char *bytes, size_t size);
    void *user;         // for `write`; co_user() answers it
} CoOptions;

/* NULL: out of memory. options may be NULL. */
Co *co_new(const CoOptions *options);
void co_free(Co *co);
void *co_user(Co *co);
/* From any thread or signal handler: what is running, or runs next, gets KeyboardInterrupt (under
 * asyncio.run its main task is cancelled), as by Ctrl-C. */
void co_interrupt(Co *co);

/* ---- running ------------------------------------------------------------------------------------- */

/* Run source text in the module __main__, with the tasks it starts, to their end. `name` is what
 * tracebacks call it. Text after text, the module keeps its names. False: it failed. */
bool co_run(Co *co, const char *name, const char *text);
bool co_run_file(Co *co, const char *path);

/* Why the last function failed: the traceback, and the exception's type ("ValueError"). "" when nothing
 * has. Valid until the next call. */
const char *co_error(Co *co);
const char *co_error_type(Co *co);
/* The status that the program asked for: sys.exit's, 3 after a deadlock, 1 after any other failure, else 0. */
int co_status(Co *co);

/* Call anything callable. Of an async function it makes a coroutine, for co_await or co_spawn. 0: it failed. */
CoValue co_call(Co *co, CoValue callable, const CoValue *args, size_t n);
CoValue co_call_method(Co *co, CoValue object, const char *name, const CoValue *args, size_t n);

/* ---- the event loop ------------------------------------------------------------------------------ */

/* Run tasks until this coroutine, task or future has ended: its result. */
CoValue co_await(Co *co, CoValue awaitable);
/* A task that runs with the others, in co_await or co_step. Its failure is the awaiter's, or reported at
 * the end of a run. */
CoValue co_spawn(Co *co, CoValue coroutine);
/* Run what is ready, once round, without waiting: for a program with a loop of its own. False: a task
 * ended the program (sys.exit), or all of them wait for each other. */
bool co_step(Co *co);
/* How long co_step will have nothing to do: 0 ready now; -1 no task has a deadline. Seconds. */
double co_idle(Co *co);
bool co_is_done(Co *co, CoValue task_or_future);
/* A future that the C side completes, for natives whose result comes later. */
CoValue co_future(Co *co);
bool co_resolve(Co *co, CoValue future, CoValue result);
bool co_reject(Co *co, CoValue future, const char *error_type, const char *text);

/* ---- natives ------------------------------------------------------------------------------------- */

/* args[i] is the i-th parameter of the signature, an absent optional one being its default. The result, or
 * 0 after co_raise() or another function's failure, which is passed on that way. */
typedef CoValue CoNative(Co *co, const CoValue *args, size_t n, void *user);

/* Make `native` a built-in name. The signature is the whole truth about its arguments:
 * "resize(image, width, height=None)". */
bool co_register(Co *co, const char *signature, CoNative *native, void *user, const char *doc);
/* Answers 0. error_type: "ValueError" ...; unknown ones are RuntimeErrors. */
CoValue co_raise(Co *co, const char *error_type, const char *text);

/* ---- names and values ---------------------------------------------------------------------------- */

/* A global of __main__ or, if it has none, a built-in. 0: there is none (NameError). */
CoValue co_get(Co *co, const char *name);
bool co_set(Co *co, const char *name, CoValue value);

CoMark co_mark(Co *co);
void co_release(Co *co, CoMark mark);

typedef enum { CO_NONE, CO_BOOL, CO_INT, CO_FLOAT, CO_STR, CO_BYTES, CO_LIST, CO_TUPLE, CO_DICT, CO_OTHER } CoType;
CoType co_type(Co *co, CoValue v);
const char *co_type_name(Co *co, CoValue v);

/* In: 0 when memory is out; co_str also of what is no UTF-8. */
CoValue co_none(Co *co);
CoValue co_bool(Co *co, bool b);
CoValue co_int(Co *co, int64_t i);
CoValue co_float(Co *co, double d);
CoValue co_str(Co *co, const char *utf8);
CoValue co_str_n(Co *co, const char *utf8, size_t size);
CoValue co_list(Co *co, const CoValue *items, size_t n);
CoValue co_dict(Co *co); // empty: co_set_item fills it

/* Out: false with a TypeError, or OverflowError, when v is something else. */
bool co_to_bool(Co *co, CoValue v, bool *out);   // its truth
bool co_to_int(Co *co, CoValue v, int64_t *out);
bool co_to_float(Co *co, CoValue v, double *out); // ints too
/* The text of a str, UTF-8, valid as long as v is; *size may be NULL. NULL: no str. */
const char *co_to_str(Co *co, CoValue v, size_t *size);
/* str(v) and repr(v). */
CoValue co_as_str(Co *co, CoValue v);
CoValue co_as_repr(Co *co, CoValue v);

/* len(v), -1: it has none; v[key], v[key] = item, v.name, v.name = item. */
int64_t co_length(Co *co, CoValue v);
CoValue co_item(Co *co, CoValue v, CoValue key);
CoValue co_item_at(Co *co, CoValue v, int64_t index);
bool co_set_item(Co *co, CoValue v, CoValue key, CoValue item);
CoValue co_attr(Co *co, CoValue v, const char *name);
bool co_set_attr(Co *co, CoValue v, const char *name, CoValue item);

#ifdef __cplusplus
}
#endif
