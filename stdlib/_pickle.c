/* _pickle.c - the module _pickle: what pickle.co and copy.co have in C. */
#include "stdlib/pickle.h"
#include "vm/common.h"
#include "vm/type.h"

#include <stdarg.h>

Value pickle_function(VM *vm, const char *name)
{
    Value m = module_import(vm, vm_intern(vm, "pickle"));
    return is_error(m) ? m : obj_getattr(vm, m, vm_intern(vm, name));
}

Value pickle_raise(VM *vm, const char *kind, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    Value text = str_vformat(vm, format, ap);
    va_end(ap);
    Value *r = is_error(text) ? NULL : roots_push(vm, text);
    if (!r) return VALUE_ERROR;
    Value class = pickle_function(vm, kind), exc = is_error(class) ? class : vm_call1(vm, class, *r);
    roots_pop(vm, r);
    return is_error(exc) ? exc : vm_raise_exc(vm, exc);
}

/* ---- state ---------------------------------------------------------------------------------------- */

/* Does setting attributes of v's own by name mean what writing to its __dict__ means? */
static bool takes_attributes(VM *vm, Value v)
{
    return is_kind(v, KIND_INSTANCE) && type_of(vm, v)->flags & TYPE_HAS_DICT;
}

static bool set_attributes(VM *vm, Value object, Value attributes)
{
    if (!is_dict(attributes)) return pickle_raise(vm, "UnpicklingError", "state is not a dictionary"), false;
    bool direct = takes_attributes(vm, object);
    Value own = direct ? VALUE_NONE : obj_getattr(vm, object, vm->common->dict_);
    if (is_error(own)) return false;
    Value *r = roots_push(vm, own), key, v;
    bool ok = r != NULL;
    for (size_t pos = 0; ok && dict_next(as_dict(attributes), &pos, &key, &v);) {
        if (direct && is_str(key)) {
            Str *name = str_intern_value(vm, as_str(key));
            ok = name && instance_set(vm, (Instance *)as_obj(object), name, v);
        } else {
            if (direct) *r = obj_getattr(vm, object, vm->common->dict_);
            ok = !is_error(*r) && !is_error(obj_setitem(vm, *r, key, v));
        }
    }
    if (r) roots_pop(vm, r);
    return ok;
}

static bool set_slots(VM *vm, Value object, Value slots)
{
    if (!is_dict(slots)) return pickle_raise(vm, "UnpicklingError", "slot state is not a dictionary"), false;
    Value key, v;
    for (size_t pos = 0; dict_next(as_dict(slots), &pos, &key, &v);) {
        if (!is_str(key)) return vm_raise(vm, ERR_TYPE, "attribute name must be string, not '%T'", key), false;
        if (is_error(obj_setattr(vm, object, as_str(key), v))) return false;
    }
    return true;
}

bool pickle_set_state(VM *vm, Value object, Value state)
{
    Value setstate = obj_getattr_opt(vm, object, vm->common->setstate);
    if (is_error(setstate)) return false;
    if (!is_unset(setstate)) return !is_error(vm_call1(vm, setstate, state));
    Value attributes = state, slots = VALUE_NONE;
    if (is_tuple(state) && as_tuple(state)->size == 2) {
        attributes = as_tuple(state)->items[0];
        slots = as_tuple(state)->items[1];
    }
    if (!is_none(attributes) && !set_attributes(vm, object, attributes)) return false;
    return is_none(slots) || set_slots(vm, object, slots);
}

static Value nat_set_state(VM *vm, Args args)
{
    return pickle_set_state(vm, args.v[0], args.v[1]) ? VALUE_NONE : VALUE_ERROR;
}

/* ---- the module ----------------------------------------------------------------------------------- */

static const NativeDef natives[] = {
    {"dump(obj, protocol, memo, kept, options, /)", nat_pickle_dump, "The pickle of obj.", 0},
    {"load(data, memo, options, /)", nat_pickle_load, "What a pickle holds.", 0},
    {"set_state(obj, state, /)", nat_set_state, "Give obj the state that its __getstate__ or __reduce__ told.", 0},
    {0},
};

static bool init(VM *vm, Module *m)
{
    static const struct { const char *name; uint8_t byte; } ops[] = {
#define OP(name, byte) {#name, byte},
#include "stdlib/pickle_ops.def"
#undef OP
    };
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        Value op = bytes_new(vm, &ops[i].byte, 1);
        if (is_error(op) || !module_add(vm, m, ops[i].name, op)) return false;
    }
    return true;
}

const ModuleDef _pickle_module = {"_pickle", natives, "What pickle has in C.", init};
