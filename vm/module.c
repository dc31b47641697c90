/* Modules: a name and a namespace whose values lie in cells. Finding and loading them is import.c's. */
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/frame.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type_internal.h"

static Module *as_module(Value v) { return (Module *)as_obj(v); }

static bool set_standard_names(VM *vm, Module *m)
{
    const Common *c = vm->common;
    return dict_set_str(vm, m->dict, c->name_, m->name) && dict_set_str(vm, m->dict, c->doc, VALUE_NONE) &&
           dict_set_str(vm, m->dict, c->package_, VALUE_NONE) && dict_set_str(vm, m->dict, c->loader, VALUE_NONE) &&
           dict_set_str(vm, m->dict, c->spec, VALUE_NONE);
}

static Module *alloc_module(VM *vm, Type *t, Value name)
{
    Dict *d = dict_new_cells(vm);
    Module *m = d ? heap_alloc(vm, KIND_MODULE, t->root_shape->id, type_alloc_size(t, sizeof *m)) : NULL;
    if (!m) return NULL;
    m->dict = d;
    m->name = name;
    m->file = VALUE_UNSET;
    obj_attrs_init(vm, &m->h);
    return set_standard_names(vm, m) ? m : NULL;
}

Module *module_new(VM *vm, Str *name) { return alloc_module(vm, vm->types[T_MODULE], obj_value(name)); }

bool module_add(VM *vm, Module *m, const char *name, Value v)
{
    if (is_error(v)) return false;
    Str *s = str_intern(vm, name, strlen(name));
    return s && dict_set_str(vm, m->dict, s, v);
}

Type *module_add_type(VM *vm, Module *m, const char *name, const char *full, const TypeDef *def, Kind kind)
{
    Type *t = type_from_def(vm, full, NULL, def, kind, VALUE_UNSET);
    if (!t || (name && !module_add(vm, m, name, obj_value(t)))) return NULL;
    gc_pin(vm, obj_value(t));
    return t;
}

/* A module may have been given others, by eval(code, {"__builtins__": {}}). NULL: none, or MemoryError pending. */
static Dict *builtins_of(VM *vm, Module *m)
{
    Value own = dict_get_str(vm, m->dict, vm->common->builtins_);
    if (is_unset(own) || own == obj_value(vm->builtins)) return vm->builtins->dict;
    if (is_kind(own, KIND_MODULE)) return as_module(own)->dict;
    return is_dict(own) && dict_become_namespace(vm, as_dict(own)) ? as_dict(own) : NULL;
}

Value module_builtin(VM *vm, Module *m, Str *name)
{
    Dict *builtins = builtins_of(vm, m);
    return builtins ? dict_get_str(vm, builtins, name) : is_unset(vm->exc) ? VALUE_UNSET : VALUE_ERROR;
}

/* Where the module has no value the builtin's shows through, also one that is given later; not where a dict's subclass
 * may make values up (op_global_missing). */
Cell *module_cell(VM *vm, Module *m, Str *name)
{
    Cell *c = dict_cell(vm, m->dict, name);
    if (!c || !is_unset(c->fallback) || !vm->builtins || m == vm->builtins) return c;
    if (!is_exact(obj_value(m->dict), T_DICT)) return c;
    Dict *builtins = builtins_of(vm, m);
    Cell *builtin = builtins ? dict_cell(vm, builtins, name) : NULL;
    if (!builtin) return is_unset(vm->exc) ? c : NULL;
    gc_store(vm, c, &c->fallback, obj_value(builtin));
    return c;
}

Module *module_around(VM *vm, Dict *globals)
{
    Module *running = vm->frame ? frame_code(vm->frame)->module : vm->main;
    if (running && running->dict == globals) return running;
    Module *m = heap_alloc(vm, KIND_MODULE, T_MODULE, type_alloc_size(vm->types[T_MODULE], sizeof *m));
    if (!m || !dict_become_namespace(vm, globals)) return NULL;
    Value name = dict_get_str(vm, globals, vm->common->name_);
    m->dict = globals;
    m->name = is_str(name) ? name : obj_value(vm->empty_str);
    m->file = VALUE_UNSET;
    obj_attrs_init(vm, &m->h);
    bool ready = !is_unset(dict_get_str(vm, globals, vm->common->builtins_));
    return ready || dict_set_str(vm, globals, vm->common->builtins_, obj_value(vm->builtins->dict)) ? m : NULL;
}

/* ---- as objects ---- */

static Value nat_module(VM *vm, Args args)
{
    if (!is_str(args.v[1])) return vm_raise(vm, ERR_TYPE, "module() argument 'name' must be str, not %A", args.v[1]);
    Module *m = alloc_module(vm, as_type(args.v[0]), args.v[1]);
    if (!m || !dict_set_str(vm, m->dict, vm->common->doc, args.v[2])) return VALUE_ERROR;
    return obj_value(m);
}

static Value module_repr(VM *vm, Value self)
{
    Module *m = as_module(self);
    Value name = dict_get_str(vm, m->dict, vm->common->name_), file = dict_get_str(vm, m->dict, vm->common->file_);
    if (!is_str(name)) name = is_str(m->name) ? m->name : obj_value(vm->empty_str);
    if (m->def) return str_format(vm, "<module %R (built-in)>", name);
    if (is_str(file)) return str_format(vm, "<module %R from %R>", name, file);
    return str_format(vm, "<module %R>", name);
}

static Value get_dict(VM *vm, Value self) { return (void)vm, obj_value(as_module(self)->dict); }

static Value nat_dir(VM *vm, Args args)
{
    Value hook = dict_get_str(vm, as_module(args.v[0])->dict, vm->dunder_names[D_DIR]);
    return is_unset(hook) ? attr_dir_default(vm, args.v[0]) : vm_call(vm, hook, NULL, 0);
}

static const NativeDef methods[] = {{"__dir__(self, /)", nat_dir, "__dir__() -> list", 0}, {0}};
static const GetSetDef getsets[] = {{"__dict__", get_dict, getset_readonly, NULL}, {0}};

const TypeDef type_def_MODULE = {
    .slots = {.repr = module_repr},
    .methods = methods,
    .getsets = getsets,
    .constructor = {"module(name, doc=None)", nat_module, NULL, 0},
    .doc = "A namespace, usually made by import.",
};
