/* Script functions as objects. What a def statement gives beside code and defaults, and what scripts set, lies in a
 * Dict that most functions never get. */
#include "vm/code_object.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type_internal.h"

static Function *as_function(Value v) { return (Function *)as_obj(v); }

Value function_attr(VM *vm, Function *f, Str *name)
{
    return is_dict(f->rare) ? dict_get_str(vm, as_dict(f->rare), name) : VALUE_UNSET;
}

bool function_set_attr(VM *vm, Function *f, Str *name, Value v)
{
    if (!is_dict(f->rare)) {
        Dict *d = dict_new(vm);
        if (!d) return false;
        gc_store(vm, f, &f->rare, obj_value(d));
    }
    if (!is_unset(v)) return dict_set_str(vm, as_dict(f->rare), name, v);
    dict_delete_str(vm, as_dict(f->rare), name);
    return true;
}

Function *function_copy(VM *vm, Function *f)
{
    size_t size = sizeof *f + f->h.aux * sizeof *f->cells;
    Function *copy = heap_alloc(vm, KIND_FUNCTION, T_FUNCTION, size);
    Value rare = copy && is_dict(f->rare) ? dict_copy(vm, as_dict(f->rare)) : f->rare;
    if (!copy || is_error(rare)) return NULL;
    memcpy((char *)copy + sizeof copy->h, (char *)f + sizeof f->h, size - sizeof f->h);
    copy->h.aux = f->h.aux;
    copy->rare = rare;
    return copy;
}

static Value rare_or(VM *vm, Value self, Str *name, Value fallback)
{
    Value v = function_attr(vm, as_function(self), name);
    return is_unset(v) ? fallback : v;
}

static Value none_if(bool ok) { return ok ? VALUE_NONE : VALUE_ERROR; }

/* ---- attributes ---- */

static Value get_name(VM *vm, Value self)
{
    return rare_or(vm, self, vm->common->name_, obj_value(as_function(self)->code->name));
}

static Value get_qualname(VM *vm, Value self)
{
    return rare_or(vm, self, vm->common->qualname, obj_value(as_function(self)->code->qualname));
}

static Value set_text(VM *vm, Value self, Str *name, Value v)
{
    if (!is_str(v)) return vm_raise(vm, ERR_TYPE, "%N must be set to a string object", name);
    return none_if(function_set_attr(vm, as_function(self), name, v));
}

static Value set_name(VM *vm, Value self, Value v) { return set_text(vm, self, vm->common->name_, v); }
static Value set_qualname(VM *vm, Value self, Value v) { return set_text(vm, self, vm->common->qualname, v); }

/* The docstring of the code, unless the function was given another text. */
static Value get_doc(VM *vm, Value self)
{
    Value v = function_attr(vm, as_function(self), vm->common->doc);
    if (!is_unset(v)) return v;
    const Code *c = as_function(self)->code;
    if (c->rec->doc < 0) return VALUE_NONE;
    const CodeImage *image = c->image->image;
    const CodeConst *k = (const CodeConst *)code_at(image, c->rec->consts) + c->rec->doc;
    return str_new(vm, code_at(image, k->offset), k->len);
}

static Value set_doc(VM *vm, Value self, Value v)
{
    return none_if(function_set_attr(vm, as_function(self), vm->common->doc, is_unset(v) ? VALUE_NONE : v));
}

static Value get_module(VM *vm, Value self)
{
    Value v = function_attr(vm, as_function(self), vm->common->module_);
    if (!is_unset(v)) return v;
    const Module *m = as_function(self)->module;
    v = dict_get_str(vm, m->dict, vm->common->name_);
    return is_unset(v) ? VALUE_NONE : v;
}

static Value set_module(VM *vm, Value self, Value v)
{
    return none_if(function_set_attr(vm, as_function(self), vm->common->module_, is_unset(v) ? VALUE_NONE : v));
}

static Value get_defaults(VM *vm, Value self)
{
    (void)vm;
    Value v = as_function(self)->defaults;
    return is_unset(v) ? VALUE_NONE : v;
}

static Value set_defaults(VM *vm, Value self, Value v)
{
    if (is_none(v)) v = VALUE_UNSET;
    if (!is_unset(v) && !is_tuple(v)) return vm_raise(vm, ERR_TYPE, "__defaults__ must be set to a tuple object");
    gc_store(vm, as_obj(self), &as_function(self)->defaults, v);
    return VALUE_NONE;
}

static Value get_kwdefaults(VM *vm, Value self) { return rare_or(vm, self, vm->common->kwdefaults, VALUE_NONE); }

static Value set_kwdefaults(VM *vm, Value self, Value v)
{
    if (is_none(v)) v = VALUE_UNSET;
    if (!is_unset(v) && !is_dict(v)) return vm_raise(vm, ERR_TYPE, "__kwdefaults__ must be set to a dict object");
    return none_if(function_set_attr(vm, as_function(self), vm->common->kwdefaults, v));
}

static Value get_annotations(VM *vm, Value self)
{
    Value v = function_attr(vm, as_function(self), vm->common->annotations);
    if (!is_unset(v)) return v;
    Dict *d = dict_new(vm);
    return d && function_set_attr(vm, as_function(self), vm->common->annotations, obj_value(d)) ? obj_value(d) : VALUE_ERROR;
}

static Value set_annotations(VM *vm, Value self, Value v)
{
    if (is_none(v)) v = VALUE_UNSET;
    if (!is_unset(v) && !is_dict(v)) return vm_raise(vm, ERR_TYPE, "__annotations__ must be set to a dict object");
    return none_if(function_set_attr(vm, as_function(self), vm->common->annotations, v));
}

static Value get_code(VM *vm, Value self) { return (void)vm, obj_value(as_function(self)->code); }
static Value get_globals(VM *vm, Value self) { return (void)vm, obj_value(as_function(self)->module->dict); }

static Value get_closure(VM *vm, Value self)
{
    Function *f = as_function(self);
    size_t n = f->code->nfree;
    Value t = n ? tuple_new(vm, NULL, n) : VALUE_NONE;
    for (size_t i = 0; i < n && !is_error(t); i++) as_tuple(t)->items[i] = obj_value(f->cells[i]);
    return t;
}

static Value get_builtins(VM *vm, Value self) { return (void)self, obj_value(vm->builtins->dict); }
static Value get_dict(VM *vm, Value self) { return obj_dict(vm, self); }

static Value set_dict(VM *vm, Value self, Value v)
{
    if (is_unset(v)) return vm_raise(vm, ERR_TYPE, "cannot delete __dict__");
    if (!is_dict(v)) return vm_raise(vm, ERR_TYPE, "__dict__ must be set to a dictionary, not a '%T'", v);
    return none_if(obj_set_dict(vm, self, as_dict(v)));
}

static Value refuse_code(VM *vm, Value self, Value v)
{
    (void)self;
    if (!is_kind(v, KIND_CODE)) return vm_raise(vm, ERR_TYPE, "__code__ must be set to a code object");
    return vm_raise(vm, ERR_TYPE, "__code__ assignment is not supported");
}

static const GetSetDef getsets[] = {
    {"__name__", get_name, set_name, NULL},
    {"__qualname__", get_qualname, set_qualname, NULL},
    {"__doc__", get_doc, set_doc, NULL},
    {"__module__", get_module, set_module, NULL},
    {"__defaults__", get_defaults, set_defaults, NULL},
    {"__kwdefaults__", get_kwdefaults, set_kwdefaults, NULL},
    {"__annotations__", get_annotations, set_annotations, NULL},
    {"__code__", get_code, refuse_code, NULL},
    {"__globals__", get_globals, getset_readonly, NULL},
    {"__closure__", get_closure, getset_readonly, NULL},
    {"__builtins__", get_builtins, getset_readonly, NULL},
    {"__dict__", get_dict, set_dict, NULL},
    {0},
};

/* ---- methods ---- */

static Value function_repr(VM *vm, Value self)
{
    return str_format(vm, "<function %V at %p>", get_qualname(vm, self), value_id(self));
}

static Value nat_get(VM *vm, Args args)
{
    Value self = args.v[1], owner = args.v[2];
    if (!is_none(self)) return method_new(vm, args.v[0], self);
    return is_none(owner) ? vm_raise(vm, ERR_TYPE, "__get__(None, None) is invalid") : args.v[0];
}

static Value nat_call(VM *vm, Args args)
{
    Value *flat, kwnames;
    int n = native_flatten(vm, as_tuple(args.v[1]), as_dict(args.v[2]), &flat, &kwnames);
    if (n < 0) return VALUE_ERROR;
    Value v = vm_call_kw(vm, args.v[0], flat, n, kwnames);
    roots_pop(vm, flat);
    return v;
}

static const NativeDef methods[] = {
    {"__get__(self, instance, owner=None, /)", nat_get,
     "What it answers for instance, or for the class owner.", 0},
    {"__call__(self, /, *args, **kwargs)", nat_call, "Call it.", 0},
    {0},
};

const TypeDef type_def_FUNCTION = {
    .slots = {.repr = function_repr},
    .methods = methods,
    .getsets = getsets,
    .doc = "A function that a program defined.",
    .flags = TYPE_FINAL,
};
