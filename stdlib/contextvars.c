/* contextvars.c - variables whose values belong to a task (vm/context.h). */
#include "vm/context.h"
#include "stdlib/stdlib.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"

static NativeData *data_of(Value v) { return (NativeData *)as_obj(v); }
static bool is_a(VM *vm, Value v, Type *t) { return is_ptr(v) && type_of(vm, v) == t; }

static Value make(VM *vm, Type *t, Value a, Value b)
{
    NativeData *o = native_data_new(vm, t, 0);
    if (!o) return VALUE_ERROR;
    o->values[0] = a;
    o->values[1] = b;
    return obj_value(o);
}

static void trace(VM *vm, Obj *o)
{
    gc_mark_value(vm, ((NativeData *)o)->values[0]);
    gc_mark_value(vm, ((NativeData *)o)->values[1]);
}

/* ---- variables: values are the name and the default ---- */

static Value construct_var(VM *vm, Args args)
{
    if (!is_str(args.v[1])) return vm_raise(vm, ERR_TYPE, "context variable name must be a str");
    return make(vm, stdlib(vm)->var_type, args.v[1], args.v[2]);
}

static Value current(VM *vm, Value var)
{
    return is_unset(vm->context) ? VALUE_UNSET : dict_get(vm, as_dict(vm->context), var);
}

static Value nat_get(VM *vm, Args args)
{
    Value v = current(vm, args.v[0]);
    if (is_unset(v)) v = args.v[1];
    if (is_unset(v)) v = data_of(args.v[0])->values[1];
    return is_unset(v) ? vm_raise_arg(vm, ERR_LOOKUP, args.v[0]) : v;
}

/* value UNSET: without one. */
static bool assign(VM *vm, Value var, Value value)
{
    Value d = is_unset(vm->context) ? VALUE_UNSET : dict_copy(vm, as_dict(vm->context));
    if (is_error(d)) return false;
    Dict *copy = is_unset(d) ? dict_new(vm) : as_dict(d);
    if (!copy || (is_unset(value) ? dict_delete(vm, copy, var) < 0 : !dict_set(vm, copy, var, value))) return false;
    vm->context = obj_value(copy);
    return true;
}

/* A token's values: its variable (UNSET once used), the value before (UNSET: none). */
static Value nat_set(VM *vm, Args args)
{
    Value token = make(vm, stdlib(vm)->token_type, args.v[0], current(vm, args.v[0]));
    return is_error(token) || !assign(vm, args.v[0], args.v[1]) ? VALUE_ERROR : token;
}

static Value nat_reset(VM *vm, Args args)
{
    Value var = args.v[0], token = args.v[1];
    if (!is_a(vm, token, stdlib(vm)->token_type))
        return vm_raise(vm, ERR_TYPE, "expected an instance of Token, got %R", is_ptr(token) ? VALUE_NONE : token);
    NativeData *t = data_of(token);
    if (t->h.aux) {
        Value r = obj_repr(vm, token);
        return is_error(r) ? r : vm_raise(vm, ERR_RUNTIME, "%V has already been used once", r);
    }
    if (t->values[0] != var) {
        Value r = obj_repr(vm, token);
        return is_error(r) ? r : vm_raise(vm, ERR_VALUE, "%V was created by a different ContextVar", r);
    }
    if (!assign(vm, var, t->values[1])) return VALUE_ERROR;
    t->h.aux = 1;
    return VALUE_NONE;
}

static Value get_name(VM *vm, Value self) { return (void)vm, data_of(self)->values[0]; }

static Value var_repr(VM *vm, Value self)
{
    NativeData *o = data_of(self);
    Value name = obj_repr(vm, o->values[0]), dflt = is_unset(o->values[1]) ? name : obj_repr(vm, o->values[1]);
    if (is_error(name) || is_error(dflt)) return VALUE_ERROR;
    if (is_unset(o->values[1])) return str_format(vm, "<ContextVar name=%V at %p>", name, (void *)o);
    return str_format(vm, "<ContextVar name=%V default=%V at %p>", name, dflt, (void *)o);
}

static const NativeDef var_methods[] = {
    {"get(self, default=?, /)", nat_get, "Its value here, or the default, or LookupError.", 0},
    {"set(self, value, /)", nat_set, "Give it a value here; answers a token for reset.", 0},
    {"reset(self, token, /)", nat_reset, "Make it what it was before that set.", 0},
    {0},
};
static const GetSetDef var_getsets[] = {{"name", get_name, NULL, "Its name."}, {0}};
static const TypeDef var_def = {
    .slots = {.repr = var_repr, .trace = trace},
    .methods = var_methods,
    .getsets = var_getsets,
    .constructor = {"ContextVar(name, *, default=?)", construct_var, "A variable of the context.", 0},
    .flags = TYPE_FINAL | TYPE_HAS_WEAKREF,
    .doc = "A variable whose values belong to a task.",
};

/* ---- tokens ---- */

static Value token_var(VM *vm, Value self) { return (void)vm, data_of(self)->values[0]; }
static Value token_old(VM *vm, Value self)
{
    Value v = data_of(self)->values[1];
    return is_unset(v) ? stdlib(vm)->token_missing : v;
}
static Value token_repr(VM *vm, Value self)
{
    Value var = obj_repr(vm, data_of(self)->values[0]);
    if (is_error(var)) return var;
    return str_format(vm, "<Token%s var=%V at %p>", as_obj(self)->aux ? " used" : "", var, (void *)as_obj(self));
}
static const GetSetDef token_getsets[] = {
    {"var", token_var, NULL, "The variable that was set."},
    {"old_value", token_old, NULL, "Its value before, or Token.MISSING."},
    {0},
};
static const TypeDef token_def = {
    .slots = {.repr = token_repr, .trace = trace},
    .getsets = token_getsets,
    .flags = TYPE_FINAL,
    .doc = "What ContextVar.set answers.",
};

static Value missing_repr(VM *vm, Value self) { return (void)self, str_from_c(vm, "<Token.MISSING>"); }
static const TypeDef missing_def = {.slots = {.repr = missing_repr, .trace = trace}, .flags = TYPE_FINAL};

/* ---- contexts: values[0] is the Dict; values[1] True while it is entered ---- */

/* What is set while a context is entered goes into vm->context, unless a task inside it has its own: this brings it
 * up to date. */
static void note_entered(VM *vm)
{
    Value entered = vm->entered;
    if (is_ptr(entered) && vm->entered_in == vm->task)
        gc_store(vm, as_obj(entered), &data_of(entered)->values[0], vm->context);
}

static Value construct_context(VM *vm, Args args)
{
    if (as_tuple(args.v[1])->size || dict_len(as_dict(args.v[2])))
        return vm_raise(vm, ERR_TYPE, "Context() does not accept any arguments");
    return make(vm, vm->context_type, VALUE_UNSET, VALUE_FALSE);
}

static Value nat_copy_context(VM *vm, Args args)
{
    (void)args;
    return make(vm, vm->context_type, vm->context, VALUE_FALSE);
}

static Value nat_copy(VM *vm, Args args)
{
    if (vm->entered == args.v[0]) note_entered(vm);
    return make(vm, vm->context_type, data_of(args.v[0])->values[0], VALUE_FALSE);
}

static Value nat_run(VM *vm, Args args)
{
    NativeData *c = data_of(args.v[0]);
    if (c->values[1] == VALUE_TRUE) {
        Value r = obj_repr(vm, args.v[0]);
        return is_error(r) ? r : vm_raise(vm, ERR_RUNTIME, "cannot enter context: %V is already entered", r);
    }
    Value *roots = roots_reserve(vm, 2), *flat = NULL, kwnames, outer = vm->entered; // its own run() holds it
    Task *outer_task = vm->entered_in;
    if (!roots) return VALUE_ERROR;
    roots[0] = args.v[0];
    int n = native_flatten(vm, as_tuple(args.v[2]), as_dict(args.v[3]), &flat, &kwnames);
    Value v = VALUE_ERROR;
    if (n >= 0) {
        note_entered(vm);
        c->values[1] = VALUE_TRUE;
        roots[1] = context_enter(vm, args.v[0]);
        vm->entered = roots[0];
        vm->entered_in = vm->task;
        v = vm_call_kw(vm, args.v[1], flat, n, kwnames);
        vm->entered = outer;
        vm->entered_in = outer_task;
        context_leave(vm, roots[0], roots[1]);
        c->values[1] = VALUE_FALSE;
        roots_pop(vm, flat);
    }
    roots_pop(vm, roots);
    return v;
}

static Value as_mapping(VM *vm, Value self)
{
    if (vm->entered == self) note_entered(vm);
    Value d = data_of(self)->values[0];
    if (!is_unset(d)) return d;
    Dict *empty = dict_new(vm);
    return empty ? obj_value(empty) : VALUE_ERROR;
}

static Value need_var(VM *vm, Value key)
{
    if (is_a(vm, key, stdlib(vm)->var_type)) return VALUE_NONE;
    Value r = obj_repr(vm, key);
    return is_error(r) ? r : vm_raise(vm, ERR_TYPE, "a ContextVar key was expected, got %V", r);
}

static Value context_getitem(VM *vm, Value self, Value key)
{
    Value ok = need_var(vm, key), d = is_error(ok) ? ok : as_mapping(vm, self);
    return is_error(d) ? d : obj_getitem(vm, d, key);
}

static Value context_contains(VM *vm, Value self, Value key)
{
    Value ok = need_var(vm, key), d = is_error(ok) ? ok : as_mapping(vm, self);
    if (is_error(d)) return d;
    int found = obj_contains(vm, d, key);
    return found < 0 ? VALUE_ERROR : bool_value(found);
}

static Value context_len(VM *vm, Value self)
{
    Value d = as_mapping(vm, self);
    return is_error(d) ? d : small(obj_len(vm, d));
}

static Value context_iter(VM *vm, Value self)
{
    Value d = as_mapping(vm, self);
    return is_error(d) ? d : obj_iter(vm, d);
}

static Value context_get(VM *vm, Args args)
{
    Value ok = need_var(vm, args.v[1]), d = is_error(ok) ? ok : as_mapping(vm, args.v[0]);
    if (is_error(d)) return d;
    Value v = dict_get(vm, as_dict(d), args.v[1]);
    return is_unset(v) ? args.v[2] : v;
}

static Value view(VM *vm, Value self, const char *name)
{
    Value d = as_mapping(vm, self);
    return is_error(d) ? d : vm_call_method(vm, d, vm_intern(vm, name), NULL, 0);
}
static Value nat_keys(VM *vm, Args args) { return view(vm, args.v[0], "keys"); }
static Value nat_values(VM *vm, Args args) { return view(vm, args.v[0], "values"); }
static Value nat_items(VM *vm, Args args) { return view(vm, args.v[0], "items"); }

/* Equal are those whose variables have the same values. */
static Value context_compare(VM *vm, Value a, Value b, CompareOp op)
{
    if ((op != CMP_EQ && op != CMP_NE) || type_of(vm, b) != type_of(vm, a)) return VALUE_NOT_IMPLEMENTED;
    Value x = as_mapping(vm, a), y = is_error(x) ? x : as_mapping(vm, b);
    return is_error(y) ? y : obj_compare(vm, x, y, op);
}

static Value context_repr(VM *vm, Value self) { return str_format(vm, "<_contextvars.Context object at %p>", (void *)as_obj(self)); }

static const NativeDef context_methods[] = {
    {"run(self, callable, /, *args, **kwargs)", nat_run, "Call it in this context.", 0},
    {"copy(self, /)", nat_copy, "Another one like it.", 0},
    {"get(self, key, default=None, /)", context_get, "A variable's value in it.", 0},
    {"keys(self, /)", nat_keys, "The variables that are set.", 0},
    {"values(self, /)", nat_values, "Their values.", 0},
    {"items(self, /)", nat_items, "Both.", 0},
    {0},
};
static const TypeDef context_def = {
    .slots = {.repr = context_repr, .compare = context_compare, .trace = trace, .getitem = context_getitem, .contains = context_contains,
              .len = context_len, .iter = context_iter},
    .methods = context_methods,
    .constructor = {"Context(*args, **kwargs)", construct_context, "A context in which nothing is set.", 0},
    .flags = TYPE_FINAL | TYPE_HAS_WEAKREF | TYPE_UNHASHABLE,
    .doc = "Values of context variables.",
};

static const NativeDef natives[] = {
    {"copy_context()", nat_copy_context, "The values that context variables have here.", 0},
    {0},
};

static bool init(VM *vm, Module *m)
{
    Stdlib *lib = stdlib(vm);
    lib->var_type = module_add_type(vm, m, "ContextVar", "_contextvars.ContextVar", &var_def, KIND_NATIVE_DATA);
    lib->token_type = module_add_type(vm, m, "Token", "_contextvars.Token", &token_def, KIND_NATIVE_DATA);
    vm->context_type = module_add_type(vm, m, "Context", "_contextvars.Context", &context_def, KIND_NATIVE_DATA);
    Type *missing = module_add_type(vm, m, NULL, "_contextvars.Token.MISSING", &missing_def, KIND_NATIVE_DATA);
    if (!lib->var_type || !lib->token_type || !vm->context_type || !missing) return false;
    lib->token_missing = make(vm, missing, VALUE_UNSET, VALUE_UNSET);
    if (is_error(lib->token_missing)) return false;
    gc_pin(vm, lib->token_missing);
    Dict *names = type_dict(vm, lib->token_type);
    return names && dict_set_c(vm, names, "MISSING", lib->token_missing);
}

const ModuleDef contextvars_module = {"contextvars", natives, "Variables whose values belong to a task.", init};
