/* Native functions as objects: calling them, binding them to a receiver, their attributes. */
#include "vm/coroutine.h"
#include "vm/dict.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type_internal.h"

static Native *as_native(Value v) { return (Native *)as_obj(v); }

static uint16_t aux_of(const NativeDef *def, const Signature *sig, bool bound)
{
    bool steps = def->fn == nat_next || def->fn == nat_gen_next || def->fn == nat_gen_send;
    bool direct = sig->simple && !sig->nkwonly && !bound && !(def->flags & NATIVE_ASYNC) && sig->npos < NATIVE_STEPS;
    return (uint16_t)(def->flags | (steps ? NATIVE_STEPS : direct ? sig->npos : NATIVE_INDIRECT) << 8);
}

Value native_new(VM *vm, const NativeDef *def, Value self, Type *owner, Value module)
{
    const Signature *sig = native_signature(vm, def);
    if (!sig) return VALUE_ERROR;
    TypeId type = owner && is_unset(self) && !(def->flags & NATIVE_STATIC) ? T_METHOD_DESCRIPTOR : T_NATIVE;
    Native *f = heap_new(vm, KIND_NATIVE, type, Native);
    if (!f) return VALUE_ERROR;
    f->h.aux = aux_of(def, sig, !is_unset(self));
    f->fn = def->fn;
    f->sig = sig;
    f->self = self;
    f->owner = owner;
    f->module = module;
    return obj_value(f);
}

Value native_bind_self(VM *vm, Native *f, Value self)
{
    Native *bound = heap_new(vm, KIND_NATIVE, T_NATIVE, Native);
    if (!bound) return VALUE_ERROR;
    bound->h.aux = native_direct(f) == NATIVE_STEPS ? f->h.aux : f->h.aux | NATIVE_INDIRECT << 8;
    bound->fn = f->fn;
    bound->sig = f->sig;
    bound->self = self;
    bound->owner = f->owner;
    bound->module = f->module;
    return obj_value(bound);
}

/* ---- calling ---- */

bool native_check_receiver(VM *vm, const Native *f, const Value *args, int n)
{
    bool wrapper = f->sig->wrapper;
    if (!n) {
        if (wrapper) vm_raise(vm, ERR_TYPE, "descriptor '%N' of '%Y' object needs an argument", f->sig->name, f->owner);
        else vm_raise(vm, ERR_TYPE, "unbound method %V.%N() needs an argument", f->owner->qualname, f->sig->name);
        return false;
    }
    if (type_is_subtype(type_of(vm, args[0]), f->owner)) return true;
    vm_raise(vm, ERR_TYPE,
             wrapper ? "descriptor '%N' requires a '%Y' object but received a '%T'"
                     : "descriptor '%N' for '%Y' objects doesn't apply to a '%T' object",
             f->sig->name, f->owner, args[0]);
    return false;
}

/* A method is named after its receiver's class. */
static const Type *class_shown(VM *vm, const Native *f)
{
    if (is_kind(f->self, KIND_TYPE)) return as_type(f->self);
    return f->owner && !is_unset(f->self) ? type_of(vm, f->self) : f->owner;
}

/* What error texts put before the function's name: the class of a method, the module if it is not builtins. */
static const char *owner_text(VM *vm, const Native *f, const Value *args, int n)
{
    bool class_method = f->sig->method && !f->owner && is_unset(f->self) && n && is_kind(args[0], KIND_TYPE);
    const Type *of = class_method ? as_type(args[0]) : class_shown(vm, f);
    if (of) return as_str(of->qualname)->data;
    if (!is_str(f->module) || as_str(f->module) == vm->common->builtins) return NULL;
    return as_str(f->module)->data;
}

/* The argument vector with the receiver in front, in rooted slots; NULL without memory. */
static Value *with_self(VM *vm, Value self, const Value *args, size_t n)
{
    Value *v = roots_reserve(vm, n + 1);
    if (!v) return NULL;
    v[0] = self;
    if (n) memcpy(v + 1, args, n * sizeof *v);
    return v;
}

static Value call_bound(VM *vm, Native *f, const Value *args, int n, Value kwnames)
{
    const Signature *sig = f->sig;
    Value *v = roots_reserve(vm, (size_t)(sig->raw ? n : sig->nparams) + 1);
    if (!v) return VALUE_ERROR;
    Value result = VALUE_ERROR;
    if (native_bind(vm, sig, owner_text(vm, f, args, n), args, n, kwnames, v))
        result = f->fn(vm, (Args){v, sig->raw ? n : sig->nparams});
    roots_pop(vm, v);
    return result;
}

/* Just its positional parameters: nothing to bind. */
static Value call_plain(VM *vm, const Native *f, const Value *args, int n)
{
    Value *v = roots_take(vm, (size_t)n);
    if (!v) return VALUE_ERROR;
    for (int i = 0; i < n; i++) v[i] = args[i];
    Value result = f->fn(vm, (Args){v, n});
    roots_pop(vm, v);
    return result;
}

Value native_call(VM *vm, Native *f, const Value *args, int n, Value kwnames)
{
    if (f->h.shape == T_METHOD_DESCRIPTOR && !native_check_receiver(vm, f, args, n)) return VALUE_ERROR;
    if (native_direct(f) == n && is_unset(kwnames)) return call_plain(vm, f, args, n);
    if (f->h.aux & NATIVE_ASYNC) return native_coro_new(vm, f, args, n, kwnames);
    if (is_unset(f->self)) return call_bound(vm, f, args, n, kwnames);
    size_t nkw = is_unset(kwnames) ? 0 : as_tuple(kwnames)->size;
    Value *v = with_self(vm, f->self, args, (size_t)n + nkw);
    if (!v) return VALUE_ERROR;
    Value result = call_bound(vm, f, v, n + 1, kwnames);
    roots_pop(vm, v);
    return result;
}

int native_flatten(VM *vm, Tuple *positional, Dict *keywords, Value **flat, Value *kwnames)
{
    size_t n = positional->size, nkw = dict_len(keywords), pos = 0, at = 0;
    Value *v = roots_reserve(vm, n + nkw + 1);
    if (!v) return -1;
    *kwnames = VALUE_UNSET;
    if (n) memcpy(v, positional->items, n * sizeof *v);
    if (nkw) {
        v[n + nkw] = *kwnames = tuple_new(vm, NULL, nkw);
        if (is_error(*kwnames)) return roots_pop(vm, v), -1;
    }
    Value key, value;
    while (at < nkw && dict_next(keywords, &pos, &key, &value)) {
        as_tuple(*kwnames)->items[at] = key;
        v[n + at++] = value;
    }
    *flat = v;
    return (int)n;
}

/* ---- as objects ---- */

static Value native_repr(VM *vm, Value self)
{
    Native *f = as_native(self);
    if (!is_unset(f->self))
        return str_format(vm, f->sig->wrapper ? "<method-wrapper '%N' of %T object at %p>"
                                                           : "<built-in method %N of %T object at %p>",
                          f->sig->name, f->self,
                          value_id(f->self));
    return str_format(vm, "<built-in function %N>", f->sig->name);
}

static Value descriptor_repr(VM *vm, Value self)
{
    Native *f = as_native(self);
    return str_format(vm, "<%s '%N' of '%Y' objects>", f->sig->wrapper ? "slot wrapper" : "method",
                      f->sig->name, f->owner);
}

/* [].append == [].append holds of the same list only. */
static Value native_compare(VM *vm, Value a, Value b, CompareOp op)
{
    (void)vm;
    if ((op != CMP_EQ && op != CMP_NE) || !is_kind(b, KIND_NATIVE)) return VALUE_NOT_IMPLEMENTED;
    Native *x = as_native(a), *y = as_native(b);
    bool same = a == b || (x->sig == y->sig && x->self == y->self && x->owner == y->owner && x->module == y->module);
    return bool_value(same == (op == CMP_EQ));
}

static Value native_hash(VM *vm, Value self)
{
    (void)vm;
    Native *f = as_native(self);
    return small((int64_t)(((uintptr_t)f->sig >> 4) ^ ((uintptr_t)f->self >> 3)));
}

static Value get_name(VM *vm, Value self) { return (void)vm, obj_value(as_native(self)->sig->name); }

Value native_qualname(VM *vm, Value self)
{
    Native *f = as_native(self);
    const Type *of = class_shown(vm, f);
    return of ? str_format(vm, "%V.%N", of->qualname, f->sig->name) : obj_value(f->sig->name);
}

static Value get_doc(VM *vm, Value self)
{
    const char *doc = as_native(self)->sig->def->doc;
    return doc ? str_from_c(vm, doc) : VALUE_NONE;
}

static Value get_module(VM *vm, Value self) { return (void)vm, as_native(self)->module; }

static Value get_self(VM *vm, Value self)
{
    Native *f = as_native(self);
    if (!is_unset(f->self)) return f->self;
    if (!is_str(f->module)) return VALUE_NONE;
    Value m = dict_get_str(vm, vm->modules, as_str(f->module));
    return is_unset(m) ? VALUE_NONE : m;
}

/* "(iterable, /, *, key=None)": the signature without the name and the receiver. */
static Value get_text_signature(VM *vm, Value self)
{
    const Signature *sig = as_native(self)->sig;
    const char *p = strchr(sig->def->signature, '(');
    if (!sig->method) return str_from_c(vm, p);
    return str_format(vm, "($%s", p + 1);
}

static Value get_objclass(VM *vm, Value self)
{
    (void)vm;
    return obj_value(as_native(self)->owner);
}

static const GetSetDef native_getsets[] = {
    {"__name__", get_name, NULL, NULL},
    {"__qualname__", native_qualname, NULL, NULL},
    {"__doc__", get_doc, NULL, NULL},
    {"__module__", get_module, NULL, NULL},
    {"__self__", get_self, NULL, NULL},
    {"__text_signature__", get_text_signature, NULL, NULL},
    {0},
};

static const GetSetDef descriptor_getsets[] = {
    {"__name__", get_name, NULL, NULL},
    {"__qualname__", native_qualname, NULL, NULL},
    {"__doc__", get_doc, NULL, NULL},
    {"__objclass__", get_objclass, NULL, NULL},
    {"__text_signature__", get_text_signature, NULL, NULL},
    {0},
};

static Value nat_call(VM *vm, Args args)
{
    Value *flat, kwnames;
    int n = native_flatten(vm, as_tuple(args.v[1]), as_dict(args.v[2]), &flat, &kwnames);
    if (n < 0) return VALUE_ERROR;
    Value result = vm_call_kw(vm, args.v[0], flat, n, kwnames);
    roots_pop(vm, flat);
    return result;
}

static Value nat_get(VM *vm, Args args)
{
    if (is_none(args.v[1]))
        return is_none(args.v[2]) ? vm_raise(vm, ERR_TYPE, "__get__(None, None) is invalid") : args.v[0];
    Native *f = as_native(args.v[0]);
    if (!native_check_receiver(vm, f, &args.v[1], 1)) return VALUE_ERROR;
    return native_bind_self(vm, f, args.v[1]);
}

static const NativeDef native_methods[] = {
    {"__call__(self, /, *args, **kwargs)", nat_call, "Call it.", 0},
    {0},
};

static const NativeDef descriptor_methods[] = {
    {"__call__(self, /, *args, **kwargs)", nat_call, "Call it.", 0},
    {"__get__(self, instance, owner=None, /)", nat_get,
     "What the descriptor answers for instance, or for the class owner.", 0},
    {0},
};

const TypeDef type_def_NATIVE = {
    .slots = {.repr = native_repr, .compare = native_compare, .hash = native_hash},
    .methods = native_methods,
    .getsets = native_getsets,
    .flags = TYPE_FINAL,
};

const TypeDef type_def_METHOD_DESCRIPTOR = {
    .slots = {.repr = descriptor_repr},
    .methods = descriptor_methods,
    .getsets = descriptor_getsets,
    .flags = TYPE_FINAL,
};
