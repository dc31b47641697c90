/* Raising, matching and tracing exceptions. Reporting that memory is out allocates nothing. */
#include "vm/exception.h"
#include "vm/code_object.h"
#include "vm/codecs.h"
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/exception_internal.h"
#include "vm/frame.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type_internal.h"
#include <stdarg.h>

/* ---- making ---- */

Value exception_alloc(VM *vm, Type *t, Value args)
{
    Exception *e = heap_new(vm, KIND_EXCEPTION, t->root_shape->id, Exception);
    if (!e) return VALUE_ERROR;
    e->args = args;
    e->cause = e->context = e->trace = e->notes = e->attrs = VALUE_UNSET;
    e->extra[0] = e->extra[1] = VALUE_UNSET;
    return obj_value(e);
}

Value exception_new(VM *vm, ErrorKind kind, Value args)
{
    Value e = exception_alloc(vm, vm->exc_types[kind], args);
    if (is_error(e) || exception_init_fields(vm, as_exception(e), as_tuple(args), NULL)) return e;
    return VALUE_ERROR;
}

static const char *const error_names[ERR_COUNT] = {
#define ERROR(e, base, name) name,
#include "vm/errors.def"
#undef ERROR
};

static const uint8_t error_bases[ERR_COUNT] = {
#define ERROR(e, base, name) ERR_##base,
#include "vm/errors.def"
#undef ERROR
};

static bool make_type(VM *vm, ErrorKind kind)
{
    const char *name = error_names[kind], *dot = strrchr(name, '.');
    Str *module = dot ? str_intern(vm, name, (size_t)(dot - name)) : vm->common->builtins;
    if (!module) return false;
    Type *base = kind == ERR_BASE ? NULL : vm->exc_types[error_bases[kind]];
    vm->exc_types[kind] = type_from_def(vm, dot ? dot + 1 : name, base, exception_type_def(kind),
                                        KIND_EXCEPTION, obj_value(module));
    return vm->exc_types[kind] != NULL;
}

/* ExceptionGroup(BaseExceptionGroup, Exception): the one built-in class with two bases. */
static bool add_second_base(VM *vm)
{
    Type *t = vm->exc_types[ERR_GROUP], *first = vm->exc_types[ERR_BASE_GROUP],
         *second = vm->exc_types[ERR_EXCEPTION];
    Value bases = tuple_pack(vm, 2, obj_value(first), obj_value(second));
    Value mro = tuple_pack(vm, 5, obj_value(t), obj_value(first), obj_value(second),
                           obj_value(vm->exc_types[ERR_BASE]), obj_value(vm->types[T_OBJECT]));
    if (is_error(bases) || is_error(mro)) return false;
    t->bases = as_tuple(bases);
    t->mro = as_tuple(mro);
    return type_add_subclass(vm, second, t);
}

bool exceptions_init(VM *vm)
{
    for (int kind = 0; kind < ERR_COUNT; kind++)
        if (!make_type(vm, (ErrorKind)kind)) return false;
    if (!add_second_base(vm)) return false;
    Value e = exception_alloc(vm, vm->exc_types[ERR_MEMORY], obj_value(vm->empty_tuple));
    if (is_error(e)) return false;
    gc_pin(vm, e); // kept for when there is no memory to make another
    vm->common->memory_error = e;
    return true;
}

/* ---- raising ---- */

/* What is being handled becomes the context, but never so that a chain of contexts bites its tail. */
static void set_context(VM *vm, Exception *e)
{
    Value handled = frame_handled(vm);
    if (!is_exception(handled) || handled == obj_value(e)) return;
    for (Exception *p = as_exception(handled); is_exception(p->context); p = as_exception(p->context))
        if (p->context == obj_value(e)) {
            gc_store(vm, p, &p->context, VALUE_UNSET);
            break;
        }
    gc_store(vm, e, &e->context, handled);
}

void exception_enter_handler(VM *vm, Value exc)
{
    if (is_exception(exc)) set_context(vm, as_exception(exc));
}

Value vm_raise_exc(VM *vm, Value exc)
{
    if (is_error(exc)) return exc; // making it failed: that error is pending already
    set_context(vm, as_exception(exc));
    vm->exc = exc;
    return VALUE_ERROR;
}

Value vm_raise_arg(VM *vm, ErrorKind kind, Value arg)
{
    Value args = is_error(arg) ? arg : tuple_new(vm, &arg, 1);
    return is_error(args) ? args : vm_raise_exc(vm, exception_new(vm, kind, args));
}

Value vm_raise(VM *vm, ErrorKind kind, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    Value text = str_vformat(vm, format, ap);
    va_end(ap);
    return vm_raise_arg(vm, kind, text);
}

Value vm_raise_exit(VM *vm, Value status)
{
    Value args = is_none(status)    ? obj_value(vm->empty_tuple)
                 : is_tuple(status) ? status
                                    : tuple_new(vm, &status, 1);
    return is_error(args) ? args : vm_raise_exc(vm, exception_new(vm, ERR_SYSTEM_EXIT, args));
}

Value vm_raise_stop(VM *vm)
{
    return vm_raise_exc(vm, exception_new(vm, ERR_STOP_ITERATION, obj_value(vm->empty_tuple)));
}

Value vm_raise_stop_value(VM *vm, Value v)
{
    Value args = is_none(v) ? obj_value(vm->empty_tuple) : tuple_new(vm, &v, 1);
    Value exc = is_error(args) ? args : exception_new(vm, ERR_STOP_ITERATION, args);
    return is_error(exc) ? exc : vm_raise_exc(vm, exc);
}

Value vm_no_memory(VM *vm)
{
    Value e = vm->common ? vm->common->memory_error : VALUE_UNSET;
    if (is_exception(e)) {
        Exception *x = as_exception(e);
        x->cause = x->context = x->trace = x->notes = x->attrs = VALUE_UNSET;
        x->suppress_context = 0;
    }
    vm->exc = e; // UNSET only while starting, where every failure ends the VM
    return VALUE_ERROR;
}

/* A path as the operating system gave it: what is not UTF-8 as lone surrogates. */
static Value decode_path(VM *vm, const char *path)
{
    Value errors = str_from_c(vm, "surrogateescape");
    return is_error(errors) ? errors
                            : codec_decode(vm, (const uint8_t *)path, strlen(path), VALUE_UNSET, errors);
}

Value vm_raise_errno(VM *vm, int err, const char *path)
{
    Value text = str_from_c(vm, strerror(err)); // per thread in glibc
    Value file = path ? decode_path(vm, path) : VALUE_UNSET;
    if (is_error(text) || is_error(file)) return VALUE_ERROR;
    Value args = tuple_pack(vm, path ? 3 : 2, small(err), text, file);
    if (is_error(args)) return args;
    return vm_raise_exc(vm, exception_new_os(vm, vm->exc_types[ERR_OS], as_tuple(args)));
}

bool vm_pending_is(VM *vm, ErrorKind kind) { return is_exception(vm->exc) && exception_is(vm, vm->exc, kind); }

Value vm_take_pending(VM *vm)
{
    Value e = vm->exc;
    vm->exc = VALUE_UNSET;
    return e;
}

static Value raise_with_fields(VM *vm, ErrorKind kind, Value text, Value name, Value obj)
{
    Value args = is_error(text) ? text : tuple_new(vm, &text, 1);
    Value e = is_error(args) ? args : exception_new(vm, kind, args);
    if (is_error(e)) return e;
    as_exception(e)->extra[0] = name;
    as_exception(e)->extra[1] = obj;
    return vm_raise_exc(vm, e);
}

Value exception_raise_attribute(VM *vm, Value text, Value obj, Str *name)
{
    return raise_with_fields(vm, ERR_ATTRIBUTE, text, obj_value(name), obj);
}

Value exception_from_raise(VM *vm, Value v)
{
    if (is_exception(v)) return v;
    if (!is_kind(v, KIND_TYPE) || !(as_type(v)->flags & TYPE_EXCEPTION))
        return vm_raise(vm, ERR_TYPE, "exceptions must derive from BaseException");
    Value e = type_instantiate(vm, as_type(v), NULL, 0, VALUE_UNSET);
    if (is_error(e) || is_exception(e)) return e;
    return vm_raise(vm, ERR_TYPE, "calling %V should have returned an instance of BaseException, not %V",
                    obj_repr(vm, v), obj_repr(vm, obj_value(type_of(vm, e))));
}

/* ---- matching ---- */

bool exception_is(VM *vm, Value exc, ErrorKind kind)
{
    uint32_t shape = as_obj(exc)->shape;
    if (shape == (uint32_t)T_BUILTIN_COUNT + kind) return true;
    return type_is_subtype(type_of(vm, exc), vm->exc_types[kind]);
}

void exception_set_cause(VM *vm, Value cause)
{
    Value v = vm_take_pending(vm);
    if (is_exception(v)) {
        Exception *e = as_exception(v);
        gc_store(vm, e, &e->cause, cause);
        gc_store(vm, e, &e->context, cause);
        e->suppress_context = 1;
    }
    vm->exc = v;
}

static int match_one(VM *vm, Value exc, Value type)
{
    if (is_kind(type, KIND_TYPE) && as_type(type)->flags & TYPE_EXCEPTION)
        return type_is_subtype(type_of(vm, exc), as_type(type));
    vm_raise(vm, ERR_TYPE, "catching classes that do not inherit from BaseException is not allowed");
    return -1;
}

int exception_matches(VM *vm, Value exc, Value type)
{
    if (!is_tuple(type)) return match_one(vm, exc, type);
    int found = 0;
    for (size_t i = 0; i < as_tuple(type)->size; i++) { // all are checked, as CPython does
        int m = match_one(vm, exc, as_tuple(type)->items[i]);
        if (m < 0) return m;
        found |= m;
    }
    return found;
}

Value exception_value(Value exc)
{
    Value v = as_exception(exc)->extra[0];
    return is_unset(v) ? VALUE_NONE : v;
}

/* ---- traces ---- */

/* A trace is an Array of pairs (code, address of the instruction as an int), innermost frame first. Its room is
 * the next power of two, so its size alone tells when it is full. */
enum { TRACE_ROOM = 8 };

static Array *grow_trace(VM *vm, const Array *old)
{
    size_t used = old ? old->size : 0, room = used < TRACE_ROOM ? TRACE_ROOM : used * 2;
    Array *a = heap_alloc(vm, KIND_ARRAY, T_OBJECT, sizeof(Array) + room * sizeof(Value));
    if (!a) return NULL;
    a->size = used;
    if (used) memcpy(a->items, old->items, used * sizeof(Value));
    return a;
}

void exception_add_trace(VM *vm, Value exc, Value code, const Insn *pc)
{
    if (!is_exception(exc)) return;
    Exception *e = as_exception(exc);
    Array *a = is_unset(e->trace) ? NULL : (Array *)as_obj(e->trace);
    bool full = !a || (a->size >= TRACE_ROOM && (a->size & (a->size - 1)) == 0);
    if (full) {
        Value in_flight = vm->exc;
        a = grow_trace(vm, a);
        vm->exc = in_flight;
        if (!a) return;
        gc_store(vm, e, &e->trace, obj_value(a));
    }
    a->size += 2;
    a->items[a->size - 2] = VALUE_UNSET;
    gc_store(vm, a, &a->items[a->size - 2], code);
    a->items[a->size - 1] = small((int64_t)(uintptr_t)pc);
}

size_t exception_trace_length(const Exception *e)
{
    return is_unset(e->trace) ? 0 : ((const Array *)as_obj(e->trace))->size / 2;
}

TraceEntry exception_trace_entry(const Exception *e, size_t i)
{
    const Array *a = (const Array *)as_obj(e->trace);
    return (TraceEntry){(Code *)as_obj(a->items[2 * i]),
                        (const Insn *)(uintptr_t)as_small(a->items[2 * i + 1])};
}

Value exception_copy_trace(VM *vm, const Exception *e, size_t n)
{
    if (!n) return VALUE_UNSET;
    const Array *from = (const Array *)as_obj(e->trace);
    size_t room = TRACE_ROOM;
    while (room < 2 * n) room *= 2;
    Array *a = heap_alloc(vm, KIND_ARRAY, T_OBJECT, sizeof(Array) + room * sizeof(Value));
    if (!a) return VALUE_ERROR;
    a->size = 2 * n;
    memcpy(a->items, from->items, a->size * sizeof(Value));
    return obj_value(a);
}

void exception_note_argument(VM *vm, Value name, Value names)
{
    if (is_error(names) || !vm_pending_is(vm, ERR_TYPE)) return;
    Exception *e = as_exception(vm->exc);
    gc_store(vm, e, &e->extra[0], name);
    gc_store(vm, e, &e->extra[1], names);
}
