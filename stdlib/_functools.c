/* _functools.c - the native under functools.co's caches. */
#include "stdlib/stdlib.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/native.h"

/* Keyword arguments, types: a tuple of all of it, with the module's own type object as the mark between. */
static Value long_key(VM *vm, const Tuple *args, Dict *kwargs, bool typed)
{
    size_t nkw = dict_len(kwargs), types = typed ? args->size + nkw : 0;
    Value key = tuple_new(vm, NULL, args->size + (nkw ? 1 + 2 * nkw : 0) + types);
    if (is_error(key)) return key;
    Value *out = as_tuple(key)->items, *type = out + as_tuple(key)->size - types, name, value;
    for (size_t i = 0; i < args->size; i++) {
        *out++ = args->items[i];
        if (typed) *type++ = obj_value(type_of(vm, args->items[i]));
    }
    if (nkw) *out++ = obj_value(vm->types[T_OBJECT]);
    for (size_t at = 0; dict_next(kwargs, &at, &name, &value);) {
        *out++ = name;
        *out++ = value;
        if (typed) *type++ = obj_value(type_of(vm, value));
    }
    return key;
}

/* One int or str stands for itself, other arguments are their tuple. */
static Value nat_make_key(VM *vm, Args args)
{
    if (!is_tuple(args.v[0]) || !is_kind(args.v[1], KIND_DICT)) return vm_raise(vm, ERR_TYPE, "make_key() needs a tuple and a dict");
    Tuple *positional = as_tuple(args.v[0]);
    Dict *kwargs = as_dict(args.v[1]);
    bool typed = args.v[2] == VALUE_TRUE;
    if (typed || dict_len(kwargs)) return long_key(vm, positional, kwargs, typed);
    if (positional->size != 1) return args.v[0];
    Value only = positional->items[0];
    return is_small(only) || is_exact(only, T_STR) ? only : args.v[0];
}

static const NativeDef natives[] = {
    {"make_key(args, kwargs, typed, /)", nat_make_key, "What a call's result is kept under.", 0},
    {0},
};

const ModuleDef _functools_module = {"_functools", natives, "What functools has in C.", NULL};
