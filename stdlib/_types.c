/* _types.c - what types has in C. */
#include "stdlib/stdlib.h"
#include "vm/code_object.h"

/* As in CPython the function itself changes: what it makes may be awaited from now on. */
static Value nat_let_await(VM *vm, Args args)
{
    if (!is_kind(args.v[0], KIND_FUNCTION))
        return vm_raise(vm, ERR_TYPE, "let_await() needs a function, got %T", args.v[0]);
    ((Function *)as_obj(args.v[0]))->code->flags |= CODE_ITERABLE_COROUTINE;
    return args.v[0];
}

static const NativeDef natives[] = {
    {"let_await(func, /)", nat_let_await, "Let the generators that func makes be awaited.", 0},
    {0},
};
const ModuleDef _types_module = {"_types", natives, "What types has in C.", NULL};
