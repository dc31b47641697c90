/* define.c - functions made of text that a module of the library has put together: the __init__ of a dataclass, the __new__
 * of a namedtuple. Compiled, they bind their arguments as fast, and complain as exactly, as any function a script wrote. */
#include "stdlib/stdlib.h"
#include "vm/dict.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"

#include <stdlib.h>

/* Runs the text as a module that is in no sys.modules, with these globals to start with; answers its namespace. */
static Value nat_define(VM *vm, Args args)
{
    if (!is_str(args.v[0]) || !is_str(args.v[1]) || !is_dict(args.v[2]))
        return vm_raise(vm, ERR_TYPE, "define() takes a text, a file name and a dict");
    if (!vm->compiler) return vm_raise(vm, ERR_RUNTIME, "there is no compiler in this program");
    const char *file = str_cstr(vm, as_str(args.v[1])), *text = file ? str_cstr(vm, as_str(args.v[0])) : NULL;
    CodeImage *image = text ? vm->compiler->compile(vm, text, as_str(args.v[0])->size, file, COMPILE_MODULE) : NULL;
    Module *m = image ? module_new(vm, as_str(args.v[1])) : NULL;
    if (!m) return free(image), VALUE_ERROR;
    Value *root = roots_push(vm, obj_value(m));
    bool ok = root && dict_update(vm, m->dict, args.v[2]);
    Value body = ok ? module_body(vm, m, image, true, NULL, 0) : VALUE_ERROR;
    Value v = is_error(body) ? body : vm_call(vm, body, NULL, 0);
    if (root) roots_pop(vm, root);
    return is_error(v) ? v : obj_value(m->dict);
}

static const NativeDef natives[] = {
    {"define(text, filename, globals, /)", nat_define, "The namespace of a module made of text.", 0},
    {0},
};

const ModuleDef _define_module = {"_define", natives, "Functions made of text.", NULL};
