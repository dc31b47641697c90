/* embed.c - include/co.h: the VM, its library, its compiler and libuv's host behind one door. */
#include "include/co.h"
#include "cli/compile_hook.h"
#include "cli/hosts.h"
#include "stdlib/stdlib.h"
#include "lang/unicode.h"
#include "vm/bytes.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/output.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/task.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Registered Registered;
struct Registered {
    Registered *next;
    NativeDef def;
    CoNative *native;
    void *user;
};

struct Co {
    VM *vm;
    CoOptions options;
    List *values;           // pinned: what CoValues name, from 1 on
    Registered *registered; // newest first; a native finds its row by number
    size_t nregistered;
    int depth;              // of natives being called: there errors stay pending
    char *error;            // the last failure
    char error_type[128];
    int status;
};

static Co *co_of(VM *vm) { return vm->user; }

/* ---- values and errors --------------------------------------------------------------------------- */

static Value value_of(Co *co, CoValue v)
{
    return v && v <= co->values->size ? co->values->items[v - 1] : VALUE_NONE;
}

/* The pending exception becomes co_error()'s text; within a native it stays pending. */
static void note_failure(Co *co)
{
    VM *vm = co->vm;
    if (co->depth || is_unset(vm->exc)) return;
    Value exc = vm_take_pending(vm), *root = roots_push(vm, exc);
    Value text = exception_render(vm, exc);
    free(co->error);
    co->error = strdup(is_str(text) ? as_str(text)->data : "MemoryError\n");
    snprintf(co->error_type, sizeof co->error_type, "%s", type_name(vm, exc));
    if (!co->status) co->status = vm->stop_status ? vm->stop_status : 1;
    if (root) roots_pop(vm, root);
    vm->exc = VALUE_UNSET;
}

static bool answer(Co *co, bool ok)
{
    if (!ok) note_failure(co);
    return ok;
}

static CoValue keep(Co *co, Value v)
{
    if (is_error(v) || !list_append(co->vm, co->values, v)) return note_failure(co), 0;
    return (CoValue)co->values->size;
}

/* False: ValueError is pending. */
static bool is_utf8(Co *co, const char *text, size_t size)
{
    if (utf8_valid_prefix(text, size) == size) return true;
    vm_raise(co->vm, ERR_VALUE, "the text is not valid UTF-8");
    return false;
}

/* A name that the program gives; NULL with an exception pending. */
static Str *name_from(Co *co, const char *text)
{
    size_t n = strlen(text);
    return is_utf8(co, text, n) ? str_intern(co->vm, text, n) : NULL;
}

const char *co_error(Co *co) { return co->error ? co->error : ""; }
const char *co_error_type(Co *co) { return co->error_type; }
int co_status(Co *co) { return co->status ? co->status : co->vm->exit_status; }

CoMark co_mark(Co *co) { return (CoMark)co->values->size; }

void co_release(Co *co, CoMark mark)
{
    while (co->values->size > mark) list_pop_last(co->vm, co->values);
}

/* ---- a VM ---------------------------------------------------------------------------------------- */

static int write_for_embedder(Host *h, int fd, const void *bytes, size_t n)
{
    Co *co = h->watch;
    co->options.write(co->options.user, fd, bytes, n);
    return 0;
}

static Host *make_host(Co *co)
{
    Host *h = host_uv_new();
    if (h && co->options.virtual_time) h = host_virtual_new(h);
    if (h && co->options.seeded) host_seed(h, co->options.seed);
    if (h && co->options.write) {
        h->watch = co;
        h->write = write_for_embedder;
    }
    return h;
}

static bool start(Co *co)
{
    VM *vm = co->vm;
    static char *no_arguments[] = {(char *)"", NULL};
    bool some = co->options.argc > 0;
    vm->user = co;
    vm->compiler = &compile_hook;
    vm->dump = sched_report_tasks;
    if (co->options.max_memory) heap_set_limit(vm, co->options.max_memory);
    if (!stdlib_init(vm, some ? co->options.argc : 1, some ? co->options.argv : no_arguments)) return false;
    Value values = list_new(vm, NULL, 0);
    vm->main = is_error(values) ? NULL : module_make(vm, vm_intern(vm, "__main__"), NULL);
    if (!vm->main) return false;
    gc_pin(vm, values);
    co->values = as_list(values);
    return dict_set(vm, vm->modules, vm->main->name, obj_value(vm->main));
}

Co *co_new(const CoOptions *options)
{
    Co *co = calloc(1, sizeof *co);
    if (!co) return NULL;
    if (options) co->options = *options;
    Host *h = make_host(co);
    co->vm = h ? vm_new(h) : NULL;
    if (co->vm && start(co)) return co;
    if (co->vm) stdlib_free(co->vm), vm_free(co->vm);
    if (h) host_free(h);
    free(co);
    return NULL;
}

void co_free(Co *co)
{
    if (!co) return;
    Host *h = co->vm->host;
    stdlib_run_exit_calls(co->vm);
    gc_close_generators(co->vm);
    output_flush_errno(co->vm);
    stdlib_free(co->vm);
    vm_free(co->vm);
    host_free(h);
    for (Registered *r = co->registered, *next; r; r = next) {
        next = r->next;
        free((char *)r->def.signature);
        free((char *)r->def.doc);
        free(r);
    }
    free(co->error);
    free(co);
}

void *co_user(Co *co) { return co->options.user; }

void co_interrupt(Co *co)
{
    Host *h = co->vm->host;
    h->pending |= HOST_INTERRUPT;
    h->wake(h);
}

/* ---- running ------------------------------------------------------------------------------------- */

static void forget_failure(Co *co)
{
    free(co->error);
    co->error = NULL;
    co->error_type[0] = '\0';
    co->status = co->vm->stop_status = co->vm->exit_status = 0;
}

/* What sys.exit leaves: no failure if its code is 0 or None. */
static bool end_by_exit(Co *co)
{
    VM *vm = co->vm;
    Value code = exception_value(vm->exc);
    int64_t i = 1;
    if (vm->stop_status) i = vm->stop_status;
    else if (is_unset(code) || is_none(code)) i = 0;
    else if (!is_int(code) || !int_to_i64(code, &i)) i = 1;
    co->status = (int)(i & 0xff);
    if (co->status == 0) vm_take_pending(vm);
    return co->status == 0;
}

/* Tasks that wait for each other would hold up every later run: they are told to end. */
static void end_deadlocked(VM *vm)
{
    int status = vm->stop_status;
    Value exc = vm_take_pending(vm), *root = roots_push(vm, exc);
    vm->stop_status = 0;
    if (root && is_error(sched_end_run(vm))) vm_take_pending(vm);
    if (root) roots_pop(vm, root);
    vm->stop_status = status;
    vm->exc = exc;
}

static bool run_body(Co *co, Value body)
{
    VM *vm = co->vm;
    Value v = is_error(body) ? body : vm_call(vm, body, NULL, 0);
    bool ok = !is_error(v);
    if (is_exact(v, T_COROUTINE)) ok = !is_error(sched_run(vm, v, false)); // it awaits: it is the main task
    else if (ok) ok = sched_drain(vm);
    if (!ok && vm->stop_status) end_deadlocked(vm);
    if (!ok && vm_pending_is(vm, ERR_SYSTEM_EXIT)) ok = end_by_exit(co);
    output_flush_errno(vm);
    return answer(co, ok);
}

static bool run_text(Co *co, const char *name, char *text, size_t size)
{
    VM *vm = co->vm;
    forget_failure(co);
    CodeImage *image = text ? vm->compiler->compile(vm, text, size, name, COMPILE_MAIN) : NULL;
    if (!text) vm_no_memory(vm);
    if (!image) return free(text), answer(co, false);
    return run_body(co, module_body(vm, vm->main, image, true, text, size));
}

bool co_run(Co *co, const char *name, const char *text)
{
    return run_text(co, name, strdup(text), strlen(text));
}

bool co_run_file(Co *co, const char *path)
{
    size_t size = 0;
    int err = 0;
    Host *h = co->vm->host;
    char *text = h->read_file(h, path, &size, &err);
    if (text) return run_text(co, path, text, size);
    forget_failure(co);
    vm_raise_errno(co->vm, err, path);
    return answer(co, false);
}

/* Arguments as a rooted vector; NULL with MemoryError pending. */
static Value *rooted(Co *co, const CoValue *args, size_t n)
{
    Value *slots = roots_reserve(co->vm, n + 1);
    for (size_t i = 0; slots && i < n; i++) slots[i] = value_of(co, args[i]);
    return slots;
}

CoValue co_call(Co *co, CoValue callable, const CoValue *args, size_t n)
{
    Value *slots = rooted(co, args, n);
    if (!slots) return note_failure(co), 0;
    Value v = vm_call(co->vm, value_of(co, callable), slots, (int)n);
    roots_pop(co->vm, slots);
    return keep(co, v);
}

CoValue co_call_method(Co *co, CoValue object, const char *name, const CoValue *args, size_t n)
{
    Str *method = name_from(co, name);
    Value *slots = method ? rooted(co, args, n) : NULL;
    if (!slots) return note_failure(co), 0;
    Value v = vm_call_method(co->vm, value_of(co, object), method, slots, (int)n);
    roots_pop(co->vm, slots);
    return keep(co, v);
}

/* ---- the event loop ------------------------------------------------------------------------------ */

static Value start_task(VM *vm, Value awaitable)
{
    Value coroutine = task_coroutine(vm, awaitable);
    return is_error(coroutine) ? coroutine : task_new(vm, coroutine, VALUE_UNSET);
}

CoValue co_await(Co *co, CoValue awaitable)
{
    VM *vm = co->vm;
    Value v = value_of(co, awaitable);
    if (!is_future(v)) v = start_task(vm, v);
    if (!is_error(v)) v = sched_run_until(vm, v);
    output_flush_errno(vm);
    return keep(co, v);
}

CoValue co_spawn(Co *co, CoValue coroutine)
{
    Value v = value_of(co, coroutine);
    if (!task_can_run(v)) v = vm_raise(co->vm, ERR_TYPE, "a coroutine was expected, got '%T'", v);
    return keep(co, is_error(v) ? v : start_task(co->vm, v));
}

bool co_step(Co *co)
{
    bool ok = sched_step(co->vm);
    output_flush_errno(co->vm);
    return answer(co, ok);
}

double co_idle(Co *co)
{
    int64_t at = sched_next_wake(co->vm);
    if (at == INT64_MAX) return -1;
    int64_t left = at - sched_now(co->vm);
    return left > 0 ? (double)left / 1e9 : 0;
}

bool co_is_done(Co *co, CoValue v)
{
    return is_future(value_of(co, v)) && future_done(as_future(value_of(co, v)));
}

CoValue co_future(Co *co) { return keep(co, future_new(co->vm)); }

static Future *pending_future(Co *co, CoValue v)
{
    Value f = value_of(co, v);
    if (is_future(f)) return as_future(f);
    vm_raise(co->vm, ERR_TYPE, "a future was expected, got '%T'", f);
    return NULL;
}

bool co_resolve(Co *co, CoValue future, CoValue result)
{
    Future *f = pending_future(co, future);
    return answer(co, f && future_set_result(co->vm, f, value_of(co, result)));
}

bool co_reject(Co *co, CoValue future, const char *error_type, const char *text)
{
    Future *f = pending_future(co, future);
    if (!f) return answer(co, false);
    co->depth++; // the exception is for the future
    co_raise(co, error_type, text);
    co->depth--;
    return answer(co, future_set_exception(co->vm, f, vm_take_pending(co->vm)));
}

/* ---- natives ------------------------------------------------------------------------------------- */

static const Registered *find_registered(const Co *co, int64_t number)
{
    const Registered *r = co->registered;
    for (size_t i = co->nregistered - 1; i > (size_t)number; i--) r = r->next;
    return r;
}

/* args.v[0] is the native's number, bound as its receiver. */
static Value call_native(VM *vm, Args args)
{
    Co *co = co_of(vm);
    const Registered *r = find_registered(co, as_small(args.v[0]));
    CoMark mark = co_mark(co);
    size_t n = (size_t)args.n - 1;
    CoValue *values = calloc(n + 1, sizeof *values);
    if (!values) return vm_no_memory(vm);
    co->depth++;
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++)
        ok = (values[i] = keep(co, is_unset(args.v[i + 1]) ? VALUE_NONE : args.v[i + 1])) != 0;
    CoValue result = ok ? r->native(co, values, n, r->user) : 0;
    co->depth--;
    free(values);
    Value v = result ? value_of(co, result) : VALUE_ERROR;
    co_release(co, mark);
    if (result && !is_unset(vm->exc)) vm_take_pending(vm); // it went on after a failure
    if (!result && is_unset(vm->exc))
        return vm_raise(vm, ERR_RUNTIME, "%N() failed without saying why",
                        native_signature(vm, &r->def)->name);
    return v;
}

/* "name(a, b)" with the receiver that carries the number: "name(self, a, b)". */
static char *with_receiver(const char *signature)
{
    const char *open = strchr(signature, '(');
    if (!open) return strdup(signature); // which is refused
    bool none = open[1 + strspn(open + 1, " ")] == ')';
    size_t n = strlen(signature) + sizeof "self, /, ";
    char *text = malloc(n);
    if (text)
        snprintf(text, n, "%.*s(self%s%s", (int)(open - signature), signature, none ? "" : ", ", open + 1);
    return text;
}

bool co_register(Co *co, const char *signature, CoNative *native, void *user, const char *doc)
{
    VM *vm = co->vm;
    if (!is_utf8(co, signature, strlen(signature))) return answer(co, false);
    Registered *r = calloc(1, sizeof *r);
    char *text = with_receiver(signature);
    if (!r || !text) return free(r), free(text), vm_no_memory(vm), answer(co, false);
    *r = (Registered){co->registered, {text, call_native, strdup(doc ? doc : ""), 0}, native, user};
    co->registered = r;
    Value number = small((int64_t)co->nregistered++);
    Value f = native_new(vm, &r->def, number, NULL, vm->builtins->name);
    return answer(co,
                  !is_error(f) && dict_set_str(vm, vm->builtins->dict, ((Native *)as_obj(f))->sig->name, f));
}

CoValue co_raise(Co *co, const char *error_type, const char *text)
{
    static const char *const names[] = {
#define ERROR(e, base, name) name,
#include "vm/errors.def"
#undef ERROR
    };
    ErrorKind kind = ERR_RUNTIME;
    for (int i = 0; i < ERR_COUNT; i++)
        if (strcmp(names[i], error_type) == 0) kind = (ErrorKind)i;
    Value said = text_from_system(co->vm, text);
    if (!is_error(said)) vm_raise(co->vm, kind, "%N", as_str(said));
    note_failure(co);
    return 0;
}

/* ---- names --------------------------------------------------------------------------------------- */

CoValue co_get(Co *co, const char *name)
{
    VM *vm = co->vm;
    Str *key = name_from(co, name);
    if (!key) return note_failure(co), 0;
    Value v = dict_get_str(vm, vm->main->dict, key);
    if (is_unset(v)) v = dict_get_str(vm, vm->builtins->dict, key);
    return keep(co, is_unset(v) ? vm_raise(vm, ERR_NAME, "name '%s' is not defined", name) : v);
}

bool co_set(Co *co, const char *name, CoValue value)
{
    Str *key = name_from(co, name);
    return answer(co, key && dict_set_str(co->vm, co->vm->main->dict, key, value_of(co, value)));
}

/* ---- values in ----------------------------------------------------------------------------------- */

CoValue co_none(Co *co) { return keep(co, VALUE_NONE); }
CoValue co_bool(Co *co, bool b) { return keep(co, bool_value(b)); }
CoValue co_int(Co *co, int64_t i) { return keep(co, int_from_i64(co->vm, i)); }
CoValue co_float(Co *co, double d) { return keep(co, float_value(co->vm, d)); }
CoValue co_str(Co *co, const char *utf8) { return co_str_n(co, utf8, strlen(utf8)); }

CoValue co_str_n(Co *co, const char *utf8, size_t size)
{
    return keep(co, is_utf8(co, utf8, size) ? str_new(co->vm, utf8, size) : VALUE_ERROR);
}

CoValue co_list(Co *co, const CoValue *items, size_t n)
{
    Value list = list_new(co->vm, NULL, n);
    for (size_t i = 0; i < n && !is_error(list); i++) as_list(list)->items[i] = value_of(co, items[i]); // fresh
    return keep(co, list);
}

CoValue co_dict(Co *co)
{
    Dict *d = dict_new(co->vm);
    return keep(co, d ? obj_value(d) : VALUE_ERROR);
}

/* ---- values out ---------------------------------------------------------------------------------- */

CoType co_type(Co *co, CoValue value)
{
    Value v = value_of(co, value);
    if (is_none(v)) return CO_NONE;
    if (is_bool(v)) return CO_BOOL;
    if (is_int(v)) return CO_INT;
    if (is_float(v)) return CO_FLOAT;
    if (is_str(v)) return CO_STR;
    if (is_bytes(v)) return CO_BYTES;
    return is_list(v)               ? CO_LIST
           : is_kind(v, KIND_TUPLE) ? CO_TUPLE
           : is_kind(v, KIND_DICT)  ? CO_DICT
                                    : CO_OTHER;
}

const char *co_type_name(Co *co, CoValue v) { return type_name(co->vm, value_of(co, v)); }

bool co_to_bool(Co *co, CoValue v, bool *out)
{
    int truth = obj_truth(co->vm, value_of(co, v));
    *out = truth > 0;
    return answer(co, truth >= 0);
}

bool co_to_int(Co *co, CoValue value, int64_t *out)
{
    Value v = value_of(co, value);
    if (is_bool(v)) return *out = v == VALUE_TRUE, true;
    if (!is_int(v)) vm_raise(co->vm, ERR_TYPE, "an int is required, not '%T'", v);
    else if (!int_to_i64(v, out)) vm_raise(co->vm, ERR_OVERFLOW, "the int does not fit into 64 bits");
    else return true;
    return answer(co, false);
}

bool co_to_float(Co *co, CoValue value, double *out)
{
    Value v = value_of(co, value);
    if (to_double(co->vm, v, out)) return true;
    if (is_unset(co->vm->exc)) vm_raise(co->vm, ERR_TYPE, "a float is required, not '%T'", v);
    return answer(co, false);
}

const char *co_to_str(Co *co, CoValue value, size_t *size)
{
    Value v = value_of(co, value);
    if (!is_str(v)) {
        vm_raise(co->vm, ERR_TYPE, "a str is required, not '%T'", v);
        return note_failure(co), NULL;
    }
    if (size) *size = as_str(v)->size;
    return str_cstr(co->vm, as_str(v));
}

CoValue co_as_str(Co *co, CoValue v) { return keep(co, obj_str(co->vm, value_of(co, v))); }
CoValue co_as_repr(Co *co, CoValue v) { return keep(co, obj_repr(co->vm, value_of(co, v))); }

int64_t co_length(Co *co, CoValue v)
{
    int64_t n = obj_len(co->vm, value_of(co, v));
    if (n < 0) note_failure(co);
    return n;
}

CoValue co_item(Co *co, CoValue v, CoValue key)
{
    return keep(co, obj_getitem(co->vm, value_of(co, v), value_of(co, key)));
}

CoValue co_item_at(Co *co, CoValue v, int64_t index)
{
    Value key = int_from_i64(co->vm, index);
    return keep(co, is_error(key) ? key : obj_getitem(co->vm, value_of(co, v), key));
}

bool co_set_item(Co *co, CoValue v, CoValue key, CoValue item)
{
    return answer(co, !is_error(obj_setitem(co->vm, value_of(co, v), value_of(co, key), value_of(co, item))));
}

CoValue co_attr(Co *co, CoValue v, const char *name)
{
    Str *key = name_from(co, name);
    return keep(co, key ? obj_getattr(co->vm, value_of(co, v), key) : VALUE_ERROR);
}

bool co_set_attr(Co *co, CoValue v, const char *name, CoValue item)
{
    Str *key = name_from(co, name);
    return answer(co, key && !is_error(obj_setattr(co->vm, value_of(co, v), key, value_of(co, item))));
}
