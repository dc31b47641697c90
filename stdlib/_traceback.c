/* _traceback.c - the natives under traceback.co: exceptions as text, by the code that prints uncaught
 * ones. */
#include "stdlib/stdlib.h"
#include "vm/code_object.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/frame.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"

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

/* (file name, line, function's name, the module's globals) */
static Value place_of(VM *vm, const Frame *f)
{
    const Code *c = frame_code(f);
    uint32_t pc = (uint32_t)(f->pc - c->insns);
    CodeLine line = line_at(c->image->image, c->rec, pc ? pc - 1 : 0);
    size_t size;
    const char *name = code_filename(c, &size);
    Value file = str_new(vm, name, size);
    if (is_error(file)) return file;
    Value globals = obj_value(c->module->dict);
    return tuple_pack(vm, 4, file, small(line.line), obj_value(c->name), globals);
}

static Value nat_stack(VM *vm, Args args)
{
    (void)args;
    Value list = list_new(vm, NULL, 0);
    for (const Frame *f = vm->frame; f && !is_error(list); f = f->caller) {
        Value place = place_of(vm, f);
        if (is_error(place) || !list_append(vm, as_list(list), place)) return VALUE_ERROR;
    }
    return list;
}

static const NativeDef natives[] = {
    {"stack()", nat_stack, "Where the caller and its callers stand, innermost first.", 0},
    {"render(exc, trace, chain, /)", nat_render, "An exception as it is printed.", 0},
    {"frames(tb, /)", nat_frames, "The lines of each frame of a traceback.", 0},
    {0},
};

const ModuleDef _traceback_module = {"_traceback", natives, "What traceback has in C.", NULL};
