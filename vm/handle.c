/* handle.c - handles: callbacks that the event loop will call, soon or at a time. */
#include "vm/float.h"
#include "vm/native.h"
#include "vm/task.h"
#include "vm/type.h"

Value handle_new(VM *vm, Value callback, Value args, Value context)
{
    Handle *h = heap_new(vm, KIND_NATIVE_DATA, T_HANDLE, Handle);
    if (!h) return VALUE_ERROR;
    h->callback = callback;
    h->args = args;
    h->context = is_none(context) ? vm->context : context;
    return obj_value(h);
}

static void handle_trace(VM *vm, Obj *o)
{
    Handle *h = (Handle *)o;
    gc_mark_value(vm, h->callback);
    gc_mark_value(vm, h->args);
    gc_mark_value(vm, h->context);
}
static Value nat_handle_cancel(VM *vm, Args args)
{
    (void)vm;
    as_obj(args.v[0])->aux = 1;
    return VALUE_NONE;
}
static Value nat_handle_cancelled(VM *vm, Args args)
{
    (void)vm;
    return bool_value(as_obj(args.v[0])->aux == 1);
}
static Value nat_handle_when(VM *vm, Args args) { return float_value(vm, (double)((Handle *)as_obj(args.v[0]))->when / 1e9); }
static const NativeDef handle_methods[] = {
    {"cancel(self, /)", nat_handle_cancel, "Do not call it.", 0},
    {"cancelled(self, /)", nat_handle_cancelled, "Whether it was cancelled.", 0},
    {"when(self, /)", nat_handle_when, "When it is due, on the loop's clock.", 0},
    {0},
};
const TypeDef type_def_HANDLE = {
    .slots = {.trace = handle_trace},
    .methods = handle_methods,
    .flags = TYPE_FINAL,
    .doc = "A callback that the event loop will call.",
};
