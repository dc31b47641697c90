/* vm.h - the VM and what natives say to it. */
#pragma once
#include "vm/heap.h"
#include "vm/host.h"
#include "vm/messages.h"
#include "vm/object.h"

typedef struct Heap Heap;
typedef struct Sched Sched;
typedef struct ExceptionTypes ExceptionTypes;
typedef struct Strand Strand;
typedef struct Strands Strands;

/* Kinds of built-in errors: rows of errors.def; ERR_e indexes vm->exc_types. */
typedef enum {
#define ERROR(e, base, name) ERR_##e,
#include "vm/errors.def"
#undef ERROR
    ERR_COUNT
} ErrorKind;

/* What happened to a task (TaskEvent, task.h); `until`: the deadline of a wait, 0 when there is none. It
 * may make objects, but calls no scripts and leaves vm->exc alone. */
typedef void EventHook(VM *vm, int event, Task *task, int64_t until, void *state);

struct VM {
    /* --- what the interpreter touches all the time --- */
    int32_t fuel;        // counts down on back-edges and calls; below zero: safepoint
    uint32_t max_depth;  // sys.setrecursionlimit
    Frame *frame;        // running frame (saved by the loop before it calls out)
    Value *sp;           // top of the frame stack while a heap frame runs (frame.h)
    Value *stack_limit;  // end of the current segment
    Value exc;           // exception in flight, UNSET when none
    Value result;        // what interp_run answers when a run ends
    Value handled;       // exception being handled, None when none; those of frames that await are theirs (frame_handled)
    Value context;       // the context variables that are set here (context.h)
    Type *context_type;  // of Context objects, once contextvars has made it
    Shape **shapes;      // by id; builtin types' ids are their T_ numbers
    Heap *heap;
    /* --- the rest --- */
    Value entered;       // the Context object whose run() is the innermost one under way here, or UNSET;
    Task *entered_in;    // and the task that called it
    Host *host;
    Sched *sched;
    Strands *strands;    // strand.h
    Strand *strand;      // the running one; never NULL
    Value *stack;        // the frame stack's mapping
    size_t stack_size;
    Task *task;          // the running task or NULL
    uint32_t nshapes, shapes_capacity;
    Type *types[T_BUILTIN_COUNT];
    Type *exc_types[ERR_COUNT];
    Str *dunder_names[D_COUNT];
    struct Interned *interned;   // str.c
    Str *empty_str;
    Str *ascii_str[128];
    Tuple *empty_tuple;
    struct Common *common;       // frequently used names (names.def)
    Dict *modules;               // sys.modules
    Module *builtins, *sys; // whatever a program does to sys.modules
    Module *main;
    uint64_t hash_key[2];
    int32_t fuel_refill;
    char *c_stack_limit;         // vm_call and recursive natives raise RecursionError below it
    Value *roots, *roots_top, *roots_end;
    const struct CompileHook *compiler; // import.h; set by the command: the VM runs without one
    const struct Library *library;      // import.h; built-in and embedded modules
    const char *start_dir;              // where the command was started: paths below it are shown without it
    struct Signature **signatures; // parsed natives' signatures (native.c)
    size_t nsignatures;
    void *type_cache;            // type.c
    struct AttrAnswer *attr_answers; // attr_cache.c; NULL until an attribute instruction meets a second shape
    struct ImageRef *codes;      // code_object.c
    struct Output *out;          // buffered stdout (output.c)
    void *module_state;          // stdlib's
    EventHook *event_hook;       // task.h; NULL when nobody listens
    void *event_state;
    Reader reader;               // whom reports are for; exceptions' own texts are always English
    struct UnawaitedList *unawaited; // unawaited.h
    const void *last_stall;      // where a task was last seen to block the others (report.c)
    int exit_status;
    int stop_status;             // the run is being stopped with this status (time limit); 0: no
    bool (*help)(VM *vm, Value v); // what help() prints of a value; NULL: its documentation
    bool (*show)(VM *vm, Value v); // how a prompt prints the value of an expression; NULL: as its repr
    void (*dump)(VM *vm);        // print the task tree (SIGQUIT); may be NULL
    int32_t int_max_digits;      // sys.set_int_max_str_digits: 0 the default (4,300), -1 no limit
    struct ReprGuard *reprs;     // containers being printed (container.h)
    const struct Taker *taker;   // who takes what a running generator yields, where it stands (coroutine.h); may be NULL
    uint32_t type_version;       // last Type.version given out
    uint32_t next_id;            // task names and the like
    bool at_safepoint;           // the collector is called with vm->frame standing before its next instruction
    Frame *safepoint_frame;      // the frame at whose safepoint finalisers are running
    bool gc_disabled;            // what gc.isenabled() denies; the collector is always on
    bool throwing;               // vm->exc has just been thrown into the suspended frame that runs now
    bool awaited_handling;       // a frame has suspended itself in a handler at least once
    bool unwinding;              // the VM ends: no handler of a script runs any more
    bool yielded;                // the run that just ended did so by a yield, not a return
    bool yielded_async;          // ... by an async generator's own yield
    const Args *thrown;          // what a generator's throw() was given, for a delegate with a throw() of its own
    int64_t time_limit;          // monotonic ns; 0: none
    void *user;                  // the embedder's
};

/* Is this item done with? Asked by loops whose work on one is usually a look and a store; neither calls,
 * collects nor raises. */
typedef bool ItemTaker(VM *vm, Value item, void *state);

/* On a path that programs seldom take: calls of it are kept out of the way of the code around them, and small. */
#define COLD __attribute__((cold))

/* --- errors: always `return vm_raise(...)` or `if (is_error(v)) return v;` --- */
/* Raise with a printf-like text: %s %d %u %ld %zu %c %x %% as in C, and
 *   %T  Value: name of its type     %V  Value that is a str: its text     %N  Str *: its text
 *   %R  Value: its repr (only of str, int, float, None, bool and types: never calls scripts)
 *   %Y  Type *: its name            %A  Value: name of its type, or None, for a wrong argument
 * Never fails but to MemoryError. Answers VALUE_ERROR. */
COLD Value vm_raise(VM *vm, ErrorKind kind, const char *format, ...);
/* With one argument object instead of a text (KeyError(key), StopIteration(value) ...). */
Value vm_raise_arg(VM *vm, ErrorKind kind, Value arg);
/* Raise an exception instance that exists. Sets __context__ from vm->handled. */
Value vm_raise_exc(VM *vm, Value exc);
COLD Value vm_no_memory(VM *vm);
COLD Value vm_raise_errno(VM *vm, int err, const char *path); // OSError or the right subclass; path may be NULL
/* Is the pending exception an instance of `kind`? */
bool vm_pending_is(VM *vm, ErrorKind kind);
/* Take the pending exception away (answers it). */
Value vm_take_pending(VM *vm);

/* --- calling back into script code: may run anything, may collect (see heap.h) --- */
Value vm_call(VM *vm, Value callee, const Value *args, int n);
Value vm_call1(VM *vm, Value callee, Value arg);
/* kwnames: Tuple of n_kw names or UNSET; the keyword values follow the positional ones in args. */
Value vm_call_kw(VM *vm, Value callee, const Value *args, int n, Value kwnames);
Value vm_call_method(VM *vm, Value self, Str *name, const Value *args, int n); // args without self
/* True (with RecursionError pending) when C recursion has gone too deep. */
bool vm_c_stack_low(VM *vm);
/* Charge work done in a long native loop; answers false with an exception pending when the program is to
 * be interrupted. */
bool vm_tick(VM *vm, size_t units);
/* The same for n bytes that were gone through, many at a time. */
static inline bool vm_tick_bytes(VM *vm, size_t n) { return n < 1024 || vm_tick(vm, n / 16); }

/* --- types of values --- */
static inline Type *type_of(VM *vm, Value v);
static inline const TypeSlots *slots_of(VM *vm, Value v) { return &type_of(vm, v)->def->slots; }
const char *type_name(VM *vm, Value v); // UTF-8; valid as long as the type lives

/* Interned name of a C literal; and of bytes. Never NULL: out of memory is fatal only at start-up, where it is used. */
Str *vm_intern(VM *vm, const char *text);

/* Look at host->pending and limits now. False: an exception is in flight. */
bool vm_interrupted(VM *vm);

/* How many bytes of addresses the process may use (ulimit -v); SIZE_MAX: any. */
size_t vm_address_space(void);

/* NULL: out of memory. */
VM *vm_new(Host *host);
void vm_free(VM *vm);
/* In place of vm_free where the process ends: only what is the system's is given back. */
void vm_leave(VM *vm);

static inline Type *type_of_const(VM *vm, Value v)
{
    if (v == VALUE_NONE) return vm->types[T_NONE];
    if (v == VALUE_ELLIPSIS) return vm->types[T_ELLIPSIS];
    if (v == VALUE_NOT_IMPLEMENTED) return vm->types[T_NOT_IMPLEMENTED];
    return vm->types[T_BOOL];
}
static inline Type *type_of(VM *vm, Value v)
{
    if (is_ptr(v)) return vm->shapes[as_obj(v)->shape]->type;
    if (is_small(v)) return vm->types[T_INT];
    if (is_float_imm(v)) return vm->types[T_FLOAT];
    return type_of_const(vm, v);
}

static inline void *heap_alloc_raw(VM *vm, Kind kind, uint32_t shape, size_t size)
{
    if (__builtin_expect(size <= FINE_LIMIT, 1)) {
        FreeCell **list = &((HeapFront *)vm->heap)->free[(size + 7) / 8], *c = *list;
        if (__builtin_expect(c != NULL, 1)) {
            *list = c->next;
            cell_show(c, size);
            c->h = (Obj){.shape = shape, .kind = (uint8_t)kind};
            return c;
        }
    }
    return heap_alloc_slow(vm, kind, shape, size);
}

static inline void heap_release(VM *vm, Obj *o, size_t size)
{
    if (o->gc || size > FINE_LIMIT) return; // old or big: the collector's
    FreeCell *c = (FreeCell *)o, **list = &((HeapFront *)vm->heap)->free[(size + 7) / 8];
    c->h.kind = KIND_FREE;
    c->next = *list;
    *list = c;
    cell_hide(c, size);
}

static inline Value *roots_reserve(VM *vm, size_t n)
{
    Value *r = vm->roots_top;
    if (__builtin_expect((size_t)(vm->roots_end - r) < n, 0)) return vm_no_memory(vm), NULL;
    for (size_t i = 0; i < n; i++) r[i] = VALUE_UNSET;
    vm->roots_top += n;
    return r;
}

/* The same for who fills them before anything else happens. */
static inline Value *roots_take(VM *vm, size_t n)
{
    Value *r = vm->roots_top;
    if (__builtin_expect((size_t)(vm->roots_end - r) < n, 0)) return vm_no_memory(vm), NULL;
    vm->roots_top += n;
    return r;
}

static inline Value *roots_push(VM *vm, Value v)
{
    if (__builtin_expect(vm->roots_top == vm->roots_end, 0)) return vm_no_memory(vm), NULL;
    *vm->roots_top = v;
    return vm->roots_top++;
}

static inline void roots_pop(VM *vm, Value *r) { vm->roots_top = r; }

static inline void gc_store(VM *vm, void *owner, Value *slot, Value v)
{
    Obj *o = (Obj *)owner;
    if (__builtin_expect((o->gc & (GC_OLD | GC_REMEMBERED)) == GC_OLD, 0)) gc_barrier_slow(vm, o);
    *slot = v;
}
