/* handle.c - handles: callbacks that the event loop will call, soon or at a time. */
#include "vm/float.h"
#include "vm/native.h"
#include "vm/task.h"
#include "vm/type.h"

Value handle_new(VM *vm, Value callback, Value args, Value context, int64_t when)
{
    Handle *h = heap_new(vm, KIND_NATIVE_DATA, when ? T_TIMER_HANDLE : T_HANDLE, Handle);
    if (!h) return VALUE_ERROR;
    h->callback = callback;
    h->args = args;
    h->context = is_none(context) ? vm->context : context;
    h->when = when;
    return obj_value(h);
}

static void handle_trace(VM *vm, Obj *o)
{
    Handle *h = (Handle *)o;
    gc_mark_value(vm, h->callback);
    gc_mark_value(vm, h->args);
    gc_mark_value(vm, h->context);
}
static Handle *handle_of(Value v) { return (Handle *)as_obj(v); }

static Value nat_handle_cancel(VM *vm, Args args)
{
    Handle *h = handle_of(args.v[0]);
    h->h.aux = 1;
    h->callback = h->args = VALUE_NONE; // what they hold may die
    return (void)vm, VALUE_NONE;
}
static Value nat_handle_cancelled(VM *vm, Args args)
{
    (void)vm;
    return bool_value(as_obj(args.v[0])->aux == 1);
}
static Value seconds_when(VM *vm, Value self) { return float_value(vm, (double)handle_of(self)->when / 1e9); }
static Value nat_handle_when(VM *vm, Args args) { return seconds_when(vm, args.v[0]); }
static Value get_callback(VM *vm, Value self) { return (void)vm, handle_of(self)->callback; }
static Value get_args(VM *vm, Value self) { return (void)vm, handle_of(self)->args; }

static Value text_of(VM *vm, Value self, Value when)
{
    Value module = is_error(when) ? when : module_import(vm, vm_intern(vm, "asyncio._texts"));
    return is_error(module) ? module : vm_call_method(vm, module, vm_intern(vm, "handle_text"), (Value[]){self, when}, 2);
}
static Value handle_repr(VM *vm, Value self) { return text_of(vm, self, VALUE_NONE); }
static Value timer_repr(VM *vm, Value self) { return text_of(vm, self, seconds_when(vm, self)); }
static const NativeDef handle_methods[] = {
    {"cancel(self, /)", nat_handle_cancel, "Do not call it.", 0},
    {"cancelled(self, /)", nat_handle_cancelled, "Whether it was cancelled.", 0},
    {0},
};
static const GetSetDef handle_getsets[] = {{"_callback", get_callback, NULL, NULL}, {"_args", get_args, NULL, NULL}, {0}};
const TypeDef type_def_HANDLE = {
    .slots = {.repr = handle_repr, .trace = handle_trace},
    .methods = handle_methods,
    .getsets = handle_getsets,
    .flags = TYPE_FINAL | TYPE_HAS_WEAKREF,
    .doc = "A callback that the event loop will call.",
};

static const NativeDef timer_methods[] = {
    {"when(self, /)", nat_handle_when, "When it is due, on the loop's clock.", 0},
    {0},
};
const TypeDef type_def_TIMER_HANDLE = {
    .slots = {.repr = timer_repr, .trace = handle_trace},
    .methods = timer_methods,
    .flags = TYPE_FINAL | TYPE_HAS_WEAKREF,
    .doc = "A callback that the event loop will call at a time.",
};
