/* context.h - context variables: which values they have where the program stands.
 *
 * vm->context is a Dict that nobody changes (setting a variable makes a new one), or UNSET when nothing is set; so a
 * task, callback or script takes a copy by keeping the pointer. A script's Context object, given as context=, is a
 * NativeData whose values[0] is such a Dict: what runs in it changes it.
 */
#pragma once
#include "vm/vm.h"

/* Whether a script may give it as context=: None or a Context object; a TypeError otherwise. */
static inline bool context_check(VM *vm, Value v)
{
    if (is_none(v) || (is_ptr(v) && type_of(vm, v) == vm->context_type)) return true;
    return vm_raise(vm, ERR_TYPE, "a Context was expected, got %T", v), false;
}

/* Let `context` (None and UNSET: nothing set) be the current one; answers the one before. */
static inline Value context_enter(VM *vm, Value context)
{
    Value before = vm->context;
    bool object = is_kind(context, KIND_NATIVE_DATA);
    vm->context = object ? ((NativeData *)as_obj(context))->values[0] : is_none(context) ? VALUE_UNSET : context;
    return before;
}

/* Leave it: answers what it has become, for whoever keeps it. */
static inline Value context_leave(VM *vm, Value context, Value before)
{
    Value now = vm->context;
    vm->context = before;
    if (!is_kind(context, KIND_NATIVE_DATA)) return now;
    gc_store(vm, as_obj(context), &((NativeData *)as_obj(context))->values[0], now);
    return context;
}
