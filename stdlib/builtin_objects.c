/* builtin_objects.c - built-in functions on any object: attributes, classes, text, namespaces. */
#include "stdlib/builtins.h"
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/frame.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/output.h"
#include "vm/protocol.h"

#include <string.h>

/* ---- attributes ---------------------------------------------------------------------------------- */

static Str *attribute_name(VM *vm, Value name)
{
    if (is_str(name)) return str_intern_value(vm, as_str(name));
    vm_raise(vm, ERR_TYPE, "attribute name must be string, not '%T'", name);
    return NULL;
}

Value nat_getattr(VM *vm, Args args)
{
    Str *name = attribute_name(vm, args.v[1]);
    if (!name) return VALUE_ERROR;
    if (is_unset(args.v[2])) return obj_getattr(vm, args.v[0], name);
    Value v = obj_getattr_opt(vm, args.v[0], name);
    return is_unset(v) ? args.v[2] : v;
}

Value nat_setattr(VM *vm, Args args)
{
    Str *name = attribute_name(vm, args.v[1]);
    return name ? obj_setattr(vm, args.v[0], name, args.v[2]) : VALUE_ERROR;
}

Value nat_hasattr(VM *vm, Args args)
{
    Str *name = attribute_name(vm, args.v[1]);
    Value v = name ? obj_getattr_opt(vm, args.v[0], name) : VALUE_ERROR;
    return is_error(v) ? v : bool_value(!is_unset(v));
}

Value nat_delattr(VM *vm, Args args)
{
    Str *name = attribute_name(vm, args.v[1]);
    return name ? obj_setattr(vm, args.v[0], name, VALUE_UNSET) : VALUE_ERROR;
}

/* ---- classes and identity ------------------------------------------------------------------------ */

static Value answer(int yes) { return yes < 0 ? VALUE_ERROR : bool_value(yes); }

Value nat_isinstance(VM *vm, Args args) { return answer(obj_isinstance(vm, args.v[0], args.v[1])); }
Value nat_issubclass(VM *vm, Args args) { return answer(obj_issubclass(vm, args.v[0], args.v[1])); }
Value nat_callable(VM *vm, Args args) { return bool_value(obj_is_callable(vm, args.v[0])); }
Value nat_id(VM *vm, Args args) { return int_from_u64(vm, (uintptr_t)value_id(args.v[0])); }
Value nat_hash(VM *vm, Args args) { return obj_hash(vm, args.v[0]); }

/* ---- text ---------------------------------------------------------------------------------------- */

Value nat_repr(VM *vm, Args args) { return obj_repr(vm, args.v[0]); }
Value nat_ascii(VM *vm, Args args) { return obj_ascii(vm, args.v[0]); }

Value nat_format_object(VM *vm, Args args)
{
    if (!is_str(args.v[1]))
        return vm_raise(vm, ERR_TYPE, "format() argument 2 must be str, not %A", args.v[1]);
    return obj_format(vm, args.v[0], args.v[1]);
}

/* ---- namespaces ---------------------------------------------------------------------------------- */

Value nat_globals(VM *vm, Args args)
{
    (void)args;
    Module *m = vm->frame ? frame_code(vm->frame)->module : vm->main;
    return m ? obj_value(m->dict) : VALUE_NONE;
}

Value nat_locals(VM *vm, Args args)
{
    const Code *c = vm->frame ? frame_code(vm->frame) : NULL;
    if (!c || c->flags & CODE_MODULE) return nat_globals(vm, args);
    return c->flags & CODE_NAMESPACE ? vm->frame->regs[0] : frame_kept_locals(vm, vm->frame);
}

Value nat_dir(VM *vm, Args args)
{
    if (!is_unset(args.v[0])) return attr_dir(vm, args.v[0]);
    Value names = nat_locals(vm, args);
    Value list = is_error(names) ? names : obj_to_list(vm, names);
    return is_error(list) || !list_sort(vm, as_list(list), VALUE_NONE, false) ? VALUE_ERROR : list;
}

Value nat_vars(VM *vm, Args args)
{
    if (is_unset(args.v[0])) return nat_locals(vm, args);
    Value dict = obj_getattr_opt(vm, args.v[0], vm->common->dict_);
    return is_unset(dict) ? vm_raise(vm, ERR_TYPE, "vars() argument must have __dict__ attribute") : dict;
}

/* ---- help ---------------------------------------------------------------------------------------- */

/* The command tells more of a value (cli/look.c) than its documentation. */
static bool print_help(VM *vm, Value v)
{
    if (vm->help) return vm->help(vm, v);
    Value doc = obj_getattr_opt(vm, v, vm->common->doc);
    Value text = is_error(doc) ? doc : str_format(vm, "%V\n", is_str(doc) ? doc : obj_value(vm->empty_str));
    return !is_error(text) && output_str(vm, as_str(text));
}

Value nat_help(VM *vm, Args args)
{
    static const char about[] = "help(object) prints what an object is for; dir(object) lists its attributes.\n";
    bool ok = is_unset(args.v[0]) ? output_bytes(vm, about, strlen(about)) : print_help(vm, args.v[0]);
    return ok ? VALUE_NONE : VALUE_ERROR;
}

/* ---- the end ------------------------------------------------------------------------------------- */

Value nat_exit(VM *vm, Args args) { return vm_raise_exit(vm, args.v[0]); }
