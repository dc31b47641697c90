/* define.c - what namedtuples and dataclasses are made with: functions compiled from text that a module of
 * the library has put together, which bind their arguments as fast, and complain as exactly, as any
 * function a script wrote; and the descriptors of a namedtuple's fields. */
#include "stdlib/stdlib.h"
#include "vm/common.h"
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/frame.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/type.h"

#include <stdlib.h>

/* Runs the text as a module that is in no sys.modules, with these globals to start with; answers its
 * namespace. */
static Value nat_define(VM *vm, Args args)
{
    if (!is_str(args.v[0]) || !is_str(args.v[1]) || !is_dict(args.v[2]))
        return vm_raise(vm, ERR_TYPE, "define() takes a text, a file name and a dict");
    if (!vm->compiler) return vm_raise(vm, ERR_RUNTIME, "there is no compiler in this program");
    const char *file = str_cstr(vm, as_str(args.v[1])), *text = file ? str_cstr(vm, as_str(args.v[0])) : NULL;
    CodeImage *image =
        text ? vm->compiler->compile(vm, text, as_str(args.v[0])->size, file, COMPILE_MODULE) : NULL;
    Module *m = image ? module_new(vm, as_str(args.v[1])) : NULL;
    if (!m) return free(image), VALUE_ERROR;
    Value *root = roots_push(vm, obj_value(m));
    bool ok = root && dict_update(vm, m->dict, args.v[2]);
    Value body = ok ? module_body(vm, m, image, true, NULL, 0) : VALUE_ERROR;
    Value v = is_error(body) ? body : vm_call(vm, body, NULL, 0);
    if (root) roots_pop(vm, root);
    return is_error(v) ? v : obj_value(m->dict);
}

/* The __name__ of the module whose function called the calling one. */
static Value nat_caller_module(VM *vm, Args args)
{
    (void)args;
    const Frame *f = vm->frame ? vm->frame->caller : NULL;
    Value name = f ? dict_get_str(vm, frame_code(f)->module->dict, vm->common->name_) : VALUE_UNSET;
    return is_unset(name) ? obj_value(vm->common->main_) : name;
}

static Value nat_no_attribute(VM *vm, Args args)
{
    if (!is_str(args.v[0])) return vm_raise(vm, ERR_TYPE, "no_attribute() takes a name");
    return attr_missing(vm, obj_value(frame_code(vm->frame)->module), as_str(args.v[0]));
}

/* CPython has the class in C, so its error texts call it by its full name. */
static Value nat_name_fully(VM *vm, Args args)
{
    if (!is_type(args.v[0])) return vm_raise(vm, ERR_TYPE, "name_fully() takes a class");
    Type *t = as_type(args.v[0]);
    Value full = type_full_name(vm, t);
    Str *name = is_error(full) ? NULL : str_intern(vm, as_str(full)->data, as_str(full)->size);
    if (!name) return VALUE_ERROR;
    gc_store_ptr(vm, t, (void **)&t->name, name);
    return args.v[0];
}

/* ---- fields: pairs of a position and a docstring ----------------------------------------------------- */

static Pair *field_of(Value v)
{
    return (Pair *)as_obj(v);
}

static Value construct_getter(VM *vm, Args args)
{
    if (!is_small(args.v[1]) || as_small(args.v[1]) < 0)
        return vm_raise(vm, ERR_TYPE, "a field number is required");
    Pair *p = heap_alloc(vm, KIND_FIELD, as_type(args.v[0])->root_shape->id, sizeof *p);
    if (!p) return VALUE_ERROR;
    p->a = args.v[1];
    p->b = args.v[2];
    return obj_value(p);
}

static Value nat_get(VM *vm, Args args)
{
    Value v = args.v[1];
    int64_t i = as_small(field_of(args.v[0])->a);
    if (is_none(v)) return args.v[0];
    if (is_tuple(v) && (size_t)i < as_tuple(v)->size) return as_tuple(v)->items[i];
    if (is_tuple(v)) return vm_raise(vm, ERR_INDEX, "tuple index out of range");
    return vm_raise(vm, ERR_TYPE,
                    "descriptor for index '%ld' for tuple subclasses doesn't apply to '%T' object", (long)i,
                    v);
}

static Value nat_set(VM *vm, Args args)
{
    return (void)args, vm_raise(vm, ERR_ATTRIBUTE, "can't set attribute");
}
static Value nat_delete(VM *vm, Args args)
{
    return (void)args, vm_raise(vm, ERR_ATTRIBUTE, "can't delete attribute");
}
static Value get_doc(VM *vm, Value self)
{
    return (void)vm, field_of(self)->b;
}

static Value set_doc(VM *vm, Value self, Value doc)
{
    gc_store(vm, as_obj(self), &field_of(self)->b, is_unset(doc) ? VALUE_NONE : doc);
    return VALUE_NONE;
}

static Value getter_repr(VM *vm, Value self)
{
    Value doc = obj_repr(vm, field_of(self)->b);
    return is_error(doc) ? doc
                         : str_format(vm, "_tuplegetter(%ld, %V)", (long)as_small(field_of(self)->a), doc);
}

static const NativeDef getter_methods[] = {
    {"__get__(self, instance, owner=None, /)", nat_get, "The item.", 0},
    {"__set__(self, instance, value, /)", nat_set, "Refuse.", 0},
    {"__delete__(self, instance, /)", nat_delete, "Refuse.", 0},
    {0},
};
static const GetSetDef getter_getsets[] = {{"__doc__", get_doc, set_doc, NULL}, {0}};
static const TypeDef getter_def = {
    .slots = {.repr = getter_repr},
    .methods = getter_methods,
    .getsets = getter_getsets,
    .constructor = {"_tuplegetter(index, doc, /)", construct_getter, NULL, 0},
    .flags = TYPE_FINAL | TYPE_SET,
};

/* ---- the module -------------------------------------------------------------------------------------- */

static const NativeDef natives[] = {
    {"define(text, filename, globals, /)", nat_define, "The namespace of a module made of text.", 0},
    {"name_fully(cls, /)", nat_name_fully, "Have error texts say the class's module, too; a decorator.", 0},
    {"no_attribute(name, /)", nat_no_attribute, "Raise what a module without __getattr__ raises: for a module's __getattr__.", 0},
    {"caller_module()", nat_caller_module, "The name of the caller's caller's module.", 0},
    {0},
};

static bool init(VM *vm, Module *m)
{
    Type *t = type_from_def(vm, "_collections._tuplegetter", NULL, &getter_def, KIND_FIELD, VALUE_UNSET);
    return t && module_add(vm, m, "tuplegetter", obj_value(t));
}

const ModuleDef _define_module = {"_define", natives, "What namedtuples and dataclasses are made with.",
                                  init};
