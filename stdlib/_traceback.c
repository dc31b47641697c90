/* _traceback.c - the natives under traceback.co: exceptions as text, by the code that prints uncaught
 * ones. */
#include "stdlib/stdlib.h"
#include "vm/exception.h"
#include "vm/native.h"
#include "vm/protocol.h"

static Value nat_render(VM *vm, Args args)
{
    if (!is_exception(args.v[0]))
        return vm_raise(vm, ERR_TYPE, "an exception is required, not %T", args.v[0]);
    unsigned trace = args.v[1] == VALUE_TRUE ? RENDER_TRACE : 0,
             chain = args.v[2] == VALUE_TRUE ? RENDER_CHAIN : 0;
    return exception_render_parts(vm, args.v[0], trace | chain);
}

static Value nat_frames(VM *vm, Args args)
{
    if (!is_exact(args.v[0], T_TRACEBACK))
        return vm_raise(vm, ERR_TYPE, "a traceback is required, not %T", args.v[0]);
    return traceback_frame_texts(vm, args.v[0]);
}

static const NativeDef natives[] = {
    {"render(exc, trace, chain, /)", nat_render, "An exception as it is printed.", 0},
    {"frames(tb, /)", nat_frames, "The lines of each frame of a traceback.", 0},
    {0},
};

const ModuleDef _traceback_module = {"_traceback", natives, "What traceback has in C.", NULL};
