/* _weakref.c - references that do not keep their target alive; heap.h (gc_watch_weak) says how they are cleared. */
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/type.h"

/* values[0]: the target, UNSET when it is gone; values[1]: the callback or None. data: hash(target) + 1, when known. */
static NativeData *ref_of(Value v) { return (NativeData *)as_obj(v); }
static bool is_ref(VM *vm, Value v) { return type_is_subtype(type_of(vm, v), stdlib(vm)->weakref_type); }

static bool may_be_referenced(VM *vm, Value v)
{
    if (!is_ptr(v)) return false;
    Kind kind = as_obj(v)->kind;
    if (type_of(vm, v)->flags & TYPE_HAS_WEAKREF) return true;
    switch (kind) {
    case KIND_FUNCTION: case KIND_NATIVE: case KIND_METHOD: case KIND_TYPE: case KIND_MODULE: case KIND_GEN:
    case KIND_CODE: case KIND_FUTURE: case KIND_TASK: return true;
    case KIND_NATIVE_DATA: return type_of(vm, v) == stdlib(vm)->pattern_type;
    default: return false;
    }
}

/* A plain reference to target that there is already, as CPython answers it. Not searched for among many. */
static NativeData *existing(VM *vm, Value target)
{
    enum { FEW = 200 };
    size_t at = 0;
    if (gc_weak_count(vm) > FEW) return NULL;
    for (NativeData *r; (r = gc_next_weak(vm, target, &at));)
        if (is_none(r->values[1]) && type_of(vm, obj_value(r)) == stdlib(vm)->weakref_type) return r;
    return NULL;
}

static Value construct(VM *vm, Args args)
{
    Value target = args.v[1];
    if (!may_be_referenced(vm, target))
        return vm_raise(vm, ERR_TYPE, "cannot create weak reference to '%T' object", target);
    bool plain = as_type(args.v[0]) == stdlib(vm)->weakref_type && is_none(args.v[2]);
    NativeData *o = plain ? existing(vm, target) : NULL;
    if (o) return obj_value(o);
    o = container_alloc(vm, as_type(args.v[0]), KIND_NATIVE_DATA, sizeof *o);
    if (!o) return VALUE_ERROR;
    o->data = NULL;
    o->values[0] = target;
    o->values[1] = args.v[2];
    return gc_watch_weak(vm, o) ? obj_value(o) : VALUE_ERROR;
}

static void trace(VM *vm, Obj *o) { gc_mark_value(vm, ((NativeData *)o)->values[1]); }

static Value target_of(Value ref) { return is_unset(ref_of(ref)->values[0]) ? VALUE_NONE : ref_of(ref)->values[0]; }

static Value nat_call(VM *vm, Args args) { return (void)vm, target_of(args.v[0]); }

static Value ref_hash(VM *vm, Value self)
{
    NativeData *o = ref_of(self);
    if (o->data) return int_from_i64(vm, (int64_t)(intptr_t)o->data - 1);
    if (is_unset(o->values[0])) return vm_raise(vm, ERR_TYPE, "weak object has gone away");
    int64_t hash;
    if (!value_hash(vm, o->values[0], &hash)) return VALUE_ERROR;
    if (hash != -1) o->data = (void *)(intptr_t)(hash + 1);
    return int_from_i64(vm, hash);
}

static Value ref_compare(VM *vm, Value a, Value b, CompareOp op)
{
    if ((op != CMP_EQ && op != CMP_NE) || !is_ref(vm, b)) return VALUE_NOT_IMPLEMENTED;
    Value x = ref_of(a)->values[0], y = ref_of(b)->values[0];
    int same = is_unset(x) || is_unset(y) ? a == b : value_equal_rooted(vm, x, y);
    return same < 0 ? VALUE_ERROR : bool_value(same == (op == CMP_EQ));
}

static Value ref_repr(VM *vm, Value self)
{
    Value target = ref_of(self)->values[0];
    unsigned long at = (unsigned long)(uintptr_t)as_obj(self);
    if (is_unset(target)) return str_format(vm, "<weakref at 0x%lx; dead>", at);
    return str_format(vm, "<weakref at 0x%lx; to '%T' at 0x%lx>", at, target, (unsigned long)(uintptr_t)as_obj(target));
}

static Value get_callback(VM *vm, Value self)
{
    (void)vm;
    return is_unset(ref_of(self)->values[0]) ? VALUE_NONE : ref_of(self)->values[1];
}

static Value nat_init(VM *vm, Args args) { return (void)vm, (void)args, VALUE_NONE; }

static const NativeDef methods[] = {
    {"__init__(self, object, callback=None, /)", nat_init, "Initialize self.", 0},
    {"__call__(self, /)", nat_call, "The target, or None when it is gone.", 0},
    CLASS_GETITEM_ROW,
    {0},
};
static const GetSetDef getsets[] = {{"__callback__", get_callback, NULL, "What is called when the target is gone."}, {0}};

static const TypeDef ref_def = {
    .slots = {.repr = ref_repr, .hash = ref_hash, .compare = ref_compare, .trace = trace},
    .methods = methods,
    .getsets = getsets,
    .constructor = {"ReferenceType(object, callback=None, /, **kwargs)", construct, NULL, NATIVE_NEW},
    .doc = "A reference that does not keep its target alive.",
};

static Value nat_getweakrefcount(VM *vm, Args args)
{
    int64_t n = 0;
    for (size_t at = 0; gc_next_weak(vm, args.v[0], &at);) n++;
    return small(n);
}

static Value nat_getweakrefs(VM *vm, Args args)
{
    Value list = list_new(vm, NULL, 0);
    size_t at = 0;
    for (NativeData *r; !is_error(list) && (r = gc_next_weak(vm, args.v[0], &at));)
        if (!list_push(vm, as_list(list), obj_value(r))) return VALUE_ERROR;
    return list;
}

static const NativeDef natives[] = {
    {"getweakrefcount(object, /)", nat_getweakrefcount,
     "How many weak references to an object there are.", 0},
    {"getweakrefs(object, /)", nat_getweakrefs, "The weak references to an object.", 0},
    {0},
};

static bool init(VM *vm, Module *m)
{
    Type *t = stdlib(vm)->weakref_type =
        type_from_def(vm, "weakref.ReferenceType", NULL, &ref_def, KIND_NATIVE_DATA, VALUE_UNSET);
    if (!t) return false;
    gc_pin(vm, obj_value(t));
    return module_add(vm, m, "ReferenceType", obj_value(t)) && module_add(vm, m, "ref", obj_value(t));
}

const ModuleDef _weakref_module = {"_weakref", natives, "What weakref has in C.", init};
