/* _process.c - children and signals: the natives under asyncio.subprocess, subprocess and signal handlers. */
#include "stdlib/stream.h"
#include "vm/exception.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/output.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/strand.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static const struct HostIo *io(VM *vm) { return vm->host->io; }

/* ---- the command line, for the system ------------------------------------------------------------ */

/* The texts of a list as a NULL-ended array: one block, to be given to free. */
static char **text_array(VM *vm, Value list)
{
    size_t n = as_list(list)->size, bytes = (n + 1) * sizeof(char *);
    for (size_t i = 0; i < n; i++) {
        Value v = output_encode(vm, as_str(as_list(list)->items[i]), "surrogateescape");
        if (is_error(v)) return NULL;
        bytes += (is_str(v) ? as_str(v)->size : as_bytes(v)->size) + 1;
    }
    char **array = malloc(bytes), *at = array ? (char *)(array + n + 1) : NULL;
    if (!array) return vm_no_memory(vm), NULL;
    for (size_t i = 0; i < n; i++) {
        Value v = output_encode(vm, as_str(as_list(list)->items[i]), "surrogateescape");
        if (is_error(v)) return free(array), NULL;
        size_t size = is_str(v) ? as_str(v)->size : as_bytes(v)->size;
        memcpy(array[i] = at, is_str(v) ? as_str(v)->data : (const char *)as_bytes(v)->data, size);
        at[size] = '\0';
        at += size + 1;
    }
    array[n] = NULL;
    return array;
}

static bool all_texts(VM *vm, Value list)
{
    if (!is_list(list)) return vm_raise(vm, ERR_TYPE, "a list was expected, got %T", list), false;
    for (size_t i = 0; i < as_list(list)->size; i++) {
        Value v = as_list(list)->items[i];
        if (!is_str(v))
            return vm_raise(vm, ERR_TYPE, "expected str, bytes or os.PathLike object, not %T", v), false;
        if (memchr(as_str(v)->data, '\0', as_str(v)->size))
            return vm_raise(vm, ERR_VALUE, "embedded null byte"), false;
    }
    return true;
}

/* ---- children ------------------------------------------------------------------------------------ */

typedef struct Child {
    IoSink sink;
    Obj *owner;
    IoId id;
    int pid, returncode;
    bool ended;
    Value streams; // Tuple: the readers of stdin, stdout, stderr, or None
    Value waiters; // List of task, generation ...
} Child;

static Child *child_of(Value v) { return ((NativeData *)as_obj(v))->data; }

static void child_event(VM *vm, IoSink *sink, const IoEvent *e)
{
    Child *c = (Child *)sink;
    c->id = 0;
    c->ended = true;
    c->returncode = e->signal ? -e->signal : e->status;
    gc_unpin(vm, obj_value(c->owner));
    strand_outside(vm);
    if (is_unset(c->waiters)) return;
    List *l = as_list(c->waiters);
    for (size_t i = 0; i + 1 < l->size; i += 2) {
        Waiter w = {l->items[i], (uint32_t)as_small(l->items[i + 1])};
        if (waiter_waits(&w)) task_resume(vm, as_task(w.task), obj_value(c->owner));
    }
    gc_store(vm, c->owner, &c->waiters, VALUE_UNSET);
}

static Value child_resume(VM *vm, Value self, Task *t)
{
    return (void)vm, (void)t, small(child_of(self)->returncode);
}

static void child_trace(VM *vm, Obj *o)
{
    const Child *c = ((NativeData *)o)->data;
    if (!c) return;
    gc_mark_value(vm, c->streams);
    gc_mark_value(vm, c->waiters);
}

static void child_free(VM *vm, Obj *o)
{
    Child *c = ((NativeData *)o)->data;
    if (!c) return;
    if (c->id) io(vm)->close(vm->host, c->id, false); // it runs on by itself
    heap_free(vm, c, sizeof *c);
}

static Value get_pid(VM *vm, Value self) { return (void)vm, small(child_of(self)->pid); }
static Value get_streams(VM *vm, Value self) { return (void)vm, child_of(self)->streams; }
static Value get_returncode(VM *vm, Value self)
{
    (void)vm;
    return child_of(self)->ended ? small(child_of(self)->returncode) : VALUE_NONE;
}

static Value nat_wait(VM *vm, Args args)
{
    Child *c = child_of(args.v[0]);
    if (c->ended) return small(c->returncode);
    if (is_unset(c->waiters)) {
        Value l = list_new(vm, NULL, 0);
        if (is_error(l)) return l;
        gc_store(vm, c->owner, &c->waiters, l);
    }
    Value parked = task_park(vm, WAIT_CHILD, args.v[0], 0);
    if (parked != VALUE_PARK) return parked;
    Waiter w = waiter_of(vm->task);
    List *l = as_list(c->waiters);
    return list_append(vm, l, w.task) && list_append(vm, l, small(w.generation)) ? VALUE_PARK : VALUE_ERROR;
}

static Value nat_send_signal(VM *vm, Args args)
{
    int64_t sig;
    if (!obj_index_i64(vm, args.v[1], &sig)) return VALUE_ERROR;
    Child *c = child_of(args.v[0]);
    if (!c->id) return vm_raise_exc(vm, exception_new(vm, ERR_PROCESS_LOOKUP, obj_value(vm->empty_tuple)));
    int err = io(vm)->kill(vm->host, c->id, (int)sig);
    return err ? vm_raise_errno(vm, -err, NULL) : VALUE_NONE;
}

static const NativeDef child_methods[] = {
    {"wait(self)", nat_wait, "Wait until it has ended; answers its exit status.", NATIVE_ASYNC},
    {"send_signal(self, signal)", nat_send_signal, "Send it a signal.", 0},
    {0},
};
static const GetSetDef child_getsets[] = {
    {"pid", get_pid, NULL, "Its number."},
    {"returncode", get_returncode, NULL, "Its exit status, -N after signal N; None while it runs."},
    {"streams", get_streams, NULL, "Our ends of its stdin, stdout and stderr."},
    {0},
};
static const TypeDef child_def = {
    .slots = {.resume = child_resume, .trace = child_trace, .free = child_free},
    .methods = child_methods,
    .getsets = child_getsets,
    .flags = TYPE_FINAL | TYPE_HAS_WEAKREF,
    .doc = "A program started by this one.",
};

/* ---- starting one -------------------------------------------------------------------------------- */

enum { PIPE = -1, TO_STDOUT = -2, TO_NOTHING = -3 };

/* What a child gets as its descriptors; those made for it are closed when it has started. */
typedef struct Plumbing {
    int fds[3];
    bool made[3];
    Value streams[3];
} Plumbing;

static bool make_pipe(VM *vm, Plumbing *p, int i, size_t limit)
{
    IoId id;
    Value reader = stream_new(vm, limit);
    if (is_error(reader)) return false;
    int err = io(vm)->pipe(vm->host, i == 0, &stream_of(reader)->sink, &id, &p->fds[i]);
    if (err) return vm_raise_errno(vm, -err, NULL), false;
    p->made[i] = true;
    p->streams[i] = reader;
    stream_open(vm, reader, id, STREAM_ONE_WAY);
    if (i > 0) stream_start_reading(vm, stream_of(reader));
    return true;
}

static bool plumb(VM *vm, Plumbing *p, const Value *wanted, size_t limit)
{
    for (int i = 0; i < 3; i++) {
        int64_t fd;
        p->fds[i] = i;
        if (is_none(wanted[i])) continue;
        if (!obj_index_i64(vm, wanted[i], &fd)) return false;
        if (fd == PIPE && !make_pipe(vm, p, i, limit)) return false;
        if (fd == TO_STDOUT) p->fds[i] = p->fds[1];
        else if (fd == TO_NOTHING) p->fds[i] = -1;
        else if (fd >= 0) p->fds[i] = (int)fd;
    }
    return true;
}

static void close_theirs(const Plumbing *p)
{
    for (int i = 0; i < 3; i++)
        if (p->made[i]) close(p->fds[i]);
}

static Value start(VM *vm, const IoCommand *command, const Plumbing *p)
{
    Value streams = tuple_new(vm, p->streams, 3);
    NativeData *o = is_error(streams) ? NULL : native_data_new(vm, stdlib(vm)->child_type, sizeof(Child));
    if (!o) return VALUE_ERROR;
    Child *c = o->data;
    *c = (Child){.sink = {child_event}, .owner = &o->h, .streams = streams, .waiters = VALUE_UNSET};
    int err = io(vm)->spawn(vm->host, command, &c->sink, &c->id, &c->pid);
    if (err)
        return vm_raise_errno(vm, -err,
                              command->cwd && access(command->cwd, F_OK) != 0 ? command->cwd : command->file);
    gc_pin(vm, obj_value(o)); // until it has ended
    return obj_value(o);
}

/* spawn(argv, fds, cwd, env, new_session, limit, file) */
static Value nat_spawn(VM *vm, Args args)
{
    int64_t limit;
    bool ok = all_texts(vm, args.v[0]) && (is_none(args.v[3]) || all_texts(vm, args.v[3])) &&
              is_tuple(args.v[1]) && as_tuple(args.v[1])->size == 3 && obj_index_i64(vm, args.v[5], &limit);
    if (!ok) return is_unset(vm->exc) ? vm_raise(vm, ERR_TYPE, "three descriptors were expected") : VALUE_ERROR;
    if (!as_list(args.v[0])->size) return vm_raise(vm, ERR_INDEX, "list index out of range");
    Plumbing p = {.streams = {VALUE_NONE, VALUE_NONE, VALUE_NONE}};
    char **argv = text_array(vm, args.v[0]),
         **env = argv && !is_none(args.v[3]) ? text_array(vm, args.v[3]) : NULL;
    Value v = VALUE_ERROR;
    IoCommand command = {.argv = argv, .env = env, .new_session = args.v[4] == VALUE_TRUE};
    if (argv && is_str(args.v[6])) command.file = str_cstr(vm, as_str(args.v[6]));
    else if (argv) command.file = argv[0];
    if (is_str(args.v[2])) command.cwd = str_cstr(vm, as_str(args.v[2]));
    if (argv && (env || is_none(args.v[3])) && plumb(vm, &p, as_tuple(args.v[1])->items, (size_t)limit)) {
        memcpy(command.fds, p.fds, sizeof p.fds);
        v = start(vm, &command, &p);
    }
    close_theirs(&p);
    free(argv);
    free(env);
    return v;
}

/* ---- waiting without a task ---------------------------------------------------------------------- */

/* Let things happen outside, for as long as that; for functions that block. */
static Value nat_pump(VM *vm, Args args)
{
    int64_t deadline = INT64_MAX;
    if (!is_none(args.v[0])) {
        double seconds;
        if (!to_double(vm, args.v[0], &seconds) || isnan(seconds))
            return is_unset(vm->exc)
                       ? vm_raise(vm, ERR_TYPE, "a number of seconds was expected, got %T", args.v[0])
                       : VALUE_ERROR;
        if (seconds < 1e9)
            deadline = vm->host->monotonic(vm->host) + (int64_t)(seconds > 0 ? seconds * 1e9 : 0);
    }
    if (strand_others(vm)) {
        Wake wake = strand_wait_outside(vm, WAIT_CHILD, deadline == INT64_MAX ? 0 : deadline);
        return wake == WAKE_ERROR ? VALUE_ERROR : bool_value(wake != WAKE_NEVER);
    }
    bool possible = vm->host->wait(vm->host, vm, deadline, false);
    if (vm->host->pending && !vm_interrupted(vm)) return VALUE_ERROR;
    return bool_value(possible);
}

static bool is_reader(VM *vm, Value v)
{
    if (is_ptr(v) && type_of(vm, v) == stdlib(vm)->reader_type) return true;
    return vm_raise(vm, ERR_TYPE, "a StreamReader was expected, got %T", v), false;
}

/* What has come already, up to n bytes or through the first line end; None if more has to be waited for. */
static Value nat_poll_read(VM *vm, Args args)
{
    int64_t n;
    if (!is_reader(vm, args.v[0]) || !obj_index_i64(vm, args.v[1], &n)) return VALUE_ERROR;
    Want w = {.kind = args.v[2] == VALUE_TRUE ? WANT_LINE : n < 0 ? WANT_ALL : WANT_EXACTLY, .n = (size_t)n, .separator = VALUE_UNSET};
    const Stream *s = stream_of(args.v[0]);
    if (w.kind == WANT_EXACTLY && s->flags & STREAM_EOF && s->size < w.n) w.n = s->size;
    Value v = stream_take(vm, args.v[0], &w);
    return v == VALUE_PARK ? VALUE_NONE : v;
}

static Value nat_writer(VM *vm, Args args)
{
    return is_reader(vm, args.v[0]) ? stream_writer(vm, args.v[0]) : VALUE_ERROR;
}

/* ---- signals ------------------------------------------------------------------------------------- */

typedef struct SignalWatch {
    IoSink sink;
    Obj *owner; // pinned as long as it watches
    IoId id;
    Value callback, args;
} SignalWatch;

static void watch_event(VM *vm, IoSink *sink, const IoEvent *e)
{
    SignalWatch *w = (SignalWatch *)sink;
    if (e->kind != IO_SIGNAL) return;
    Value h = handle_new(vm, w->callback, w->args, VALUE_NONE, 0);
    if (is_error(h) || !sched_call_soon(vm, h)) vm_take_pending(vm);
}

static void watch_trace(VM *vm, Obj *o)
{
    const SignalWatch *w = ((NativeData *)o)->data;
    if (!w) return;
    gc_mark_value(vm, w->callback);
    gc_mark_value(vm, w->args);
}

static void watch_free(VM *vm, Obj *o)
{
    SignalWatch *w = ((NativeData *)o)->data;
    if (!w) return;
    if (w->id) io(vm)->close(vm->host, w->id, true);
    heap_free(vm, w, sizeof *w);
}

static const TypeDef watch_def = {
    .slots = {.trace = watch_trace, .free = watch_free},
    .flags = TYPE_FINAL,
    .doc = "A signal that a callback handles.",
};

static Value nat_on_signal(VM *vm, Args args)
{
    int64_t sig;
    if (!obj_index_i64(vm, args.v[0], &sig)) return VALUE_ERROR;
    NativeData *o = native_data_new(vm, stdlib(vm)->signal_type, sizeof(SignalWatch));
    if (!o) return VALUE_ERROR;
    SignalWatch *w = o->data;
    *w = (SignalWatch){.sink = {watch_event}, .owner = &o->h, .callback = args.v[1], .args = args.v[2]};
    int err = io(vm)->signal(vm->host, (int)sig, &w->sink, &w->id);
    if (err) return vm_raise(vm, ERR_RUNTIME, "sig %ld cannot be caught", (long)sig);
    gc_pin(vm, obj_value(o));
    return obj_value(o);
}

static Value nat_forget_signal(VM *vm, Args args)
{
    if (!is_ptr(args.v[0]) || type_of(vm, args.v[0]) != stdlib(vm)->signal_type)
        return vm_raise(vm, ERR_TYPE, "a signal's watch was expected, got %T", args.v[0]);
    SignalWatch *w = ((NativeData *)as_obj(args.v[0]))->data;
    if (!w->id) return VALUE_NONE;
    io(vm)->close(vm->host, w->id, true);
    w->id = 0;
    gc_unpin(vm, args.v[0]);
    return VALUE_NONE;
}

static const NativeDef natives[] = {
    {"spawn(argv, fds, cwd, env, new_session, limit, file)", nat_spawn, "Start a program.", 0},
    {"pump(seconds)", nat_pump, "Wait for something to happen outside; False if nothing can.", 0},
    {"poll_read(reader, n, line)", nat_poll_read, "What has come already, or None.", 0},
    {"writer(reader)", nat_writer, "The StreamWriter of the same pipe.", 0},
    {"on_signal(signal, callback, args)", nat_on_signal, "Have a callback called for each such signal.", 0},
    {"forget_signal(watch)", nat_forget_signal, "No longer.", 0},
    {0},
};

static bool init(VM *vm, Module *m)
{
    Value streams = module_import(vm, vm_intern(vm, "_streams")); // its types are used here
    if (is_error(streams)) return false;
    stdlib(vm)->child_type = module_add_type(vm, m, NULL, "_process.child", &child_def, KIND_NATIVE_DATA);
    stdlib(vm)->signal_type = module_add_type(vm, m, NULL, "_process.signal", &watch_def, KIND_NATIVE_DATA);
    if (!stdlib(vm)->child_type || !stdlib(vm)->signal_type) return false;
    return module_add(vm, m, "PIPE", small(PIPE)) && module_add(vm, m, "STDOUT", small(TO_STDOUT)) &&
           module_add(vm, m, "DEVNULL", small(TO_NOTHING));
}

const ModuleDef _process_module = {"_process", natives, "Children and signals.", init};
