/* Attribute look-up: where an attribute is, who answers for it, and the calls that follow from it. */
#include "vm/attr_cache.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/import.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type_internal.h"

/* ---- what kind of thing was found on a class ---- */

/* Types from T_FUNCTION to T_SUPER in types.def have their descriptor behaviour here; other built-in
 * ones are no descriptors; everything else is asked for __get__. */
static bool has_special(VM *vm, Value v, Dunder d)
{
    if (!is_ptr(v) || as_obj(v)->shape < T_BUILTIN_COUNT) return false;
    Type *t = type_of(vm, v);
    return type_defines(t, d) || (t->table && !is_unset(type_lookup_dunder(vm, t, d)));
}

bool attr_is_data_descriptor(VM *vm, Value v)
{
    if (!is_ptr(v)) return false;
    switch (as_obj(v)->kind) {
    case KIND_PROPERTY: case KIND_GETSET: case KIND_MEMBER: case KIND_FIELD: return true;
    default: return has_special(vm, v, D_SET) || has_special(vm, v, D_DELETE);
    }
}

bool attr_is_descriptor(VM *vm, Value v)
{
    if (!is_ptr(v)) return false;
    switch (as_obj(v)->shape) {
    case T_FUNCTION: case T_METHOD_DESCRIPTOR: case T_PROPERTY: case T_GETSET: case T_MEMBER:
    case T_STATICMETHOD: case T_CLASSMETHOD:
        return true;
    default: return attr_is_data_descriptor(vm, v) || has_special(vm, v, D_GET);
    }
}

static AttrKind found(AttrResult *r, AttrKind kind, Value value, AttrCache cache)
{
    r->kind = kind;
    r->value = value;
    r->cache = cache;
    return kind;
}

/* ---- binding, without calling ---- */

static AttrKind find_member(VM *vm, Member *m, Value self, AttrResult *r)
{
    if (!is_ptr(self) || !type_is_subtype(type_of(vm, self), m->owner)) return found(r, ATTR_SLOW, obj_value(m), CACHE_NONE);
    if (is_kind(self, KIND_INSTANCE)) {
        r->slot = m->slot;
        return found(r, ATTR_SLOT, instance_slot((Instance *)as_obj(self), m->slot), CACHE_SHAPE);
    }
    // In a subclass of a built-in the members are entries of its (then hidden) attribute dict.
    Dict *d = own_dict(vm, self);
    Value v = d ? dict_get_str(vm, d, m->name) : VALUE_UNSET;
    return is_unset(v) ? found(r, ATTR_SLOW, obj_value(m), CACHE_NONE) : found(r, ATTR_VALUE, v, CACHE_NONE);
}

/* An item of a named tuple. False: what is wrong, the descriptor itself says. */
static bool find_field(const Pair *field, Value self, AttrResult *r)
{
    if (!is_kind(self, KIND_TUPLE) || (size_t)as_small(field->a) >= ((Tuple *)as_obj(self))->size) return false;
    r->slot = (uint32_t)as_small(field->a);
    found(r, ATTR_ITEM, ((Tuple *)as_obj(self))->items[r->slot], CACHE_SHAPE);
    return true;
}

/* What `v`, found on class `type`, answers for `self`; self UNSET: for the class itself. */
static AttrKind bind(VM *vm, Value v, Value self, Type *type, AttrResult *r, AttrCache descriptor, AttrCache plain)
{
    r->self = self;
    r->type = type;
    if (!is_ptr(v)) return found(r, ATTR_VALUE, v, plain);
    bool instance = !is_unset(self);
    Obj *o = as_obj(v);
    if (o->kind == KIND_FIELD && find_field((Pair *)o, self, r)) return r->kind;
    if (has_special(vm, v, D_GET)) {
        r->hook = type_lookup_dunder(vm, type_of(vm, v), D_GET);
        if (!instance) r->self = VALUE_NONE;
        return found(r, ATTR_DESCRIPTOR, v, descriptor);
    }
    switch (o->kind) {
    case KIND_FUNCTION: return found(r, instance ? ATTR_BIND : ATTR_VALUE, v, descriptor);
    case KIND_NATIVE: // one that belongs to a type is its method; builtin functions do not bind
        if (o->shape != T_METHOD_DESCRIPTOR || !instance) return found(r, ATTR_VALUE, v, instance ? plain : descriptor);
        return found(r, ATTR_BIND, v, descriptor);
    case KIND_PROPERTY: {
        if (!instance) return found(r, ATTR_VALUE, v, descriptor);
        Value get = ((Property *)o)->get;
        if (is_unset(get) || is_none(get)) return found(r, ATTR_SLOW, v, CACHE_NONE);
        return found(r, ATTR_PROPERTY, get, descriptor);
    }
    case KIND_GETSET:
        if (!instance) return found(r, ATTR_VALUE, v, descriptor);
        if (!type_is_subtype(type_of(vm, self), ((GetSet *)o)->owner)) return found(r, ATTR_SLOW, v, CACHE_NONE);
        return found(r, ATTR_GETSET, v, descriptor);
    case KIND_MEMBER: return instance ? find_member(vm, (Member *)o, self, r) : found(r, ATTR_VALUE, v, descriptor);
    case KIND_BOX: break;
    default: return found(r, ATTR_VALUE, v, plain);
    }
    Type *t = vm->types[type_of(vm, v)->builtin];
    if (t == vm->types[T_STATICMETHOD]) return found(r, ATTR_VALUE, ((Box *)o)->value, descriptor);
    if (t != vm->types[T_CLASSMETHOD]) return found(r, ATTR_VALUE, v, plain);
    r->self = obj_value(type);
    Value f = ((Box *)o)->value;
    if (is_kind(f, KIND_FUNCTION) || is_kind(f, KIND_NATIVE)) return found(r, ATTR_BIND, f, descriptor);
    return found(r, ATTR_SLOW, v, CACHE_NONE); // a descriptor inside: classmethod(property(f))
}

/* ---- looking ---- */

static AttrKind missing(VM *vm, Value v, Type *t, AttrResult *r)
{
    Value hook = type_lookup_dunder(vm, t, D_GETATTR);
    if (is_unset(hook)) return found(r, ATTR_MISSING, VALUE_UNSET, CACHE_NONE);
    r->hook = hook;
    r->self = v;
    r->type = t;
    return found(r, ATTR_GETATTR, VALUE_UNSET, CACHE_NONE);
}

/* Own attributes of v. True if there is one; *pure: the shape alone says that there is none. */
static bool find_own(VM *vm, Value v, Str *name, AttrResult *r, bool *pure)
{
    *pure = true;
    if (!is_ptr(v)) return false;
    Obj *o = as_obj(v);
    Shape *s = shape_of(vm, o);
    if (o->kind == KIND_INSTANCE && !s->dict_mode) {
        int i = shape_find(vm, s, name);
        if (i < 0) return false;
        r->slot = (uint32_t)i;
        return found(r, ATTR_SLOT, instance_slot((Instance *)o, (uint32_t)i), CACHE_SHAPE), true;
    }
    *pure = !s->dict_mode && o->kind != KIND_FUNCTION && o->kind != KIND_MODULE;
    if (!(s->type->flags & TYPE_HAS_DICT) && o->kind != KIND_FUNCTION && o->kind != KIND_MODULE) return false;
    Dict *d = own_dict(vm, v);
    Value value = d ? dict_get_str(vm, d, name) : VALUE_UNSET;
    if (is_unset(value)) return false;
    return found(r, ATTR_VALUE, value, CACHE_NONE), true;
}

/* A getter of a class with __getattr__ may raise AttributeError, which the hook has to see. */
static AttrKind guard_getattr(Type *t, AttrResult *r)
{
    bool calls = r->kind == ATTR_PROPERTY || r->kind == ATTR_DESCRIPTOR || r->kind == ATTR_GETSET;
    bool unset = r->kind == ATTR_SLOT && is_unset(r->value);
    if ((calls || unset) && type_defines(t, D_GETATTR)) return found(r, ATTR_SLOW, r->value, CACHE_NONE);
    return r->kind;
}

static AttrKind find_generic(VM *vm, Value v, Type *t, Str *name, AttrResult *r)
{
    Value c = type_lookup(vm, t, name);
    bool only_sets = is_kind(c, KIND_INSTANCE) && !has_special(vm, c, D_GET); // then the instance's own value is read
    if (!is_unset(c) && !only_sets && attr_is_data_descriptor(vm, c))
        return bind(vm, c, v, t, r, CACHE_SHAPE, CACHE_NONE), guard_getattr(t, r);
    bool pure;
    r->self = v;
    r->type = t;
    if (find_own(vm, v, name, r, &pure)) return r->kind;
    if (is_unset(c)) return found(r, ATTR_MISSING, VALUE_UNSET, CACHE_NONE);
    bind(vm, c, v, t, r, pure ? CACHE_SHAPE : CACHE_NONE, pure ? CACHE_VERSION : CACHE_NONE);
    return guard_getattr(t, r);
}

/* An attribute of a class: its metatype's data descriptors, its own MRO, its metatype's methods. */
static AttrKind find_on_class(VM *vm, Type *t, Str *name, AttrResult *r)
{
    Type *metatype = type_of(vm, obj_value(t));
    Value self = obj_value(t), meta = type_lookup(vm, metatype, name);
    if (is_kind(meta, KIND_GETSET)) return bind(vm, meta, self, metatype, r, CACHE_NONE, CACHE_NONE);
    Value c = type_lookup(vm, t, name);
    if (!is_unset(c)) return bind(vm, c, VALUE_UNSET, t, r, CACHE_TYPE, CACHE_TYPE);
    if (!is_unset(meta)) return bind(vm, meta, self, metatype, r, CACHE_NONE, CACHE_NONE);
    return found(r, ATTR_MISSING, VALUE_UNSET, CACHE_NONE);
}

static AttrKind find_on_super(VM *vm, Super *s, Str *name, AttrResult *r)
{
    if (!is_unset(s->self) && name != vm->common->class_) {
        Type *t = as_type(s->self_type);
        Value c = type_lookup_after(vm, t, as_type(s->type), name);
        if (!is_unset(c)) {
            bool on_class = s->self == s->self_type;
            return bind(vm, c, on_class ? VALUE_UNSET : s->self, t, r, CACHE_NONE, CACHE_NONE);
        }
    }
    return find_generic(vm, obj_value(s), type_of(vm, obj_value(s)), name, r);
}

static AttrKind find_on_module(VM *vm, Value v, Str *name, AttrResult *r)
{
    AttrKind kind = find_generic(vm, v, type_of(vm, v), name, r);
    if (kind != ATTR_MISSING) return kind;
    Value hook = dict_get_str(vm, ((Module *)as_obj(v))->dict, vm->dunder_names[D_GETATTR]);
    return is_unset(hook) ? kind : found(r, ATTR_SLOW, hook, CACHE_NONE);
}

AttrKind attr_find(VM *vm, Value v, Str *name, AttrResult *r)
{
    name = interned(vm, name);
    if (!name) return found(r, ATTR_FAILED, VALUE_ERROR, CACHE_NONE);
    Type *t = type_of(vm, v);
    if (type_defines(t, D_GETATTRIBUTE)) return found(r, ATTR_SLOW, VALUE_UNSET, CACHE_NONE);
    if (is_ptr(v)) {
        if (is_type(v)) {
            AttrKind kind = find_on_class(vm, as_type(v), name, r);
            return kind == ATTR_MISSING ? missing(vm, v, t, r) : kind;
        }
        if (as_obj(v)->kind == KIND_SUPER) return find_on_super(vm, (Super *)as_obj(v), name, r);
        if (as_obj(v)->kind == KIND_MODULE) return find_on_module(vm, v, name, r);
        if (t->def->slots.getattr) return found(r, ATTR_SLOW, VALUE_UNSET, CACHE_NONE);
    }
    AttrKind kind = find_generic(vm, v, t, name, r);
    return kind == ATTR_MISSING ? missing(vm, v, t, r) : kind;
}

/* ---- errors ---- */

Value attr_missing(VM *vm, Value v, Str *name)
{
    bool on_class = is_ptr(v) && is_type(v);
    if (type_owes(vm, on_class ? as_type(v) : type_of(vm, v), name)) return vm_no_memory(vm);
    Value text;
    if (on_class) text = str_format(vm, "type object '%Y' has no attribute '%N'", as_type(v), name);
    else if (is_kind(v, KIND_MODULE) && is_str(((Module *)as_obj(v))->name))
        text = str_format(vm, "module '%V' has no attribute '%N'%s", ((Module *)as_obj(v))->name, name,
                          module_left_out(vm, ((Module *)as_obj(v))->name, name));
    else text = str_format(vm, "'%T' object has no attribute '%N'", v, name);
    return exception_raise_attribute(vm, text, v, name);
}

static Value property_without(VM *vm, Property *p, Value self, const char *what)
{
    if (is_str(p->name))
        return vm_raise(vm, ERR_ATTRIBUTE, "property %R of '%V' object has no %s", p->name, type_of(vm, self)->qualname, what);
    return vm_raise(vm, ERR_ATTRIBUTE, "property of '%V' object has no %s", type_of(vm, self)->qualname, what);
}

static Value wrong_receiver(VM *vm, Str *name, Type *owner, Value self)
{
    return vm_raise(vm, ERR_TYPE, "descriptor '%N' for '%Y' objects doesn't apply to a '%T' object", name, owner, self);
}

/* ---- calling what was found ---- */

/* A descriptor's __get__, looked up on its type and called with (descriptor, self, type). */
static Value call_get(VM *vm, Value hook, Value descriptor, Value self, Type *type)
{
    Value args[3] = {descriptor, self, obj_value(type)};
    return vm_call(vm, hook, args, 3);
}

/* What has no answer without a call or an error text. */
static Value bind_slowly(VM *vm, Value v, Value self, Type *type)
{
    Obj *o = as_obj(v);
    if (o->kind == KIND_PROPERTY) return property_without(vm, (Property *)o, self, "getter");
    if (o->kind == KIND_MEMBER) {
        Member *m = (Member *)o;
        if (!type_is_subtype(type_of(vm, self), m->owner)) return wrong_receiver(vm, m->name, m->owner, self);
        return attr_missing(vm, self, m->name);
    }
    if (o->kind == KIND_GETSET)
        return vm_raise(vm, ERR_TYPE, "descriptor '%s' for '%Y' objects doesn't apply to a '%T' object",
                        ((GetSet *)o)->def->name, ((GetSet *)o)->owner, self);
    if (o->kind != KIND_BOX) return v;
    Value inside = ((Box *)o)->value; // of a classmethod: a descriptor or any callable
    if (!attr_is_descriptor(vm, inside)) return method_new(vm, inside, obj_value(type));
    return attr_bind(vm, inside, obj_value(type), vm->types[T_TYPE]);
}

Value attr_bound(VM *vm, Value f, Value self)
{
    return is_kind(f, KIND_NATIVE) ? native_bind_self(vm, (Native *)as_obj(f), self) : method_new(vm, f, self);
}

static Value perform(VM *vm, AttrResult *r)
{
    switch (r->kind) {
    case ATTR_VALUE:
    case ATTR_ITEM:
    case ATTR_SLOT: return r->value;
    case ATTR_BIND: return attr_bound(vm, r->value, r->self);
    case ATTR_PROPERTY: return vm_call1(vm, r->value, r->self);
    case ATTR_GETSET: return ((GetSet *)as_obj(r->value))->def->get(vm, r->self);
    case ATTR_DESCRIPTOR: return call_get(vm, r->hook, r->value, r->self, r->type);
    case ATTR_SLOW: return bind_slowly(vm, r->value, r->self, r->type);
    default: return VALUE_UNSET;
    }
}

static Value finish(VM *vm, Value v, Str *name, AttrResult *r)
{
    if (r->kind == ATTR_MISSING) return VALUE_UNSET;
    if (r->kind == ATTR_SLOT && is_unset(r->value)) return attr_missing(vm, v, name); // a member never set, or deleted
    return perform(vm, r);
}

Value attr_bind(VM *vm, Value v, Value self, Type *type)
{
    AttrResult r;
    bind(vm, v, self, type, &r, CACHE_NONE, CACHE_NONE);
    if (r.kind == ATTR_SLOT && is_unset(r.value)) return bind_slowly(vm, v, self, type);
    return perform(vm, &r);
}

/* object.__getattribute__, type.__getattribute__ ...: no hooks. UNSET when absent. */
static Value get_unhooked(VM *vm, Value v, Str *name)
{
    AttrResult r;
    Type *t = type_of(vm, v);
    if (is_ptr(v)) {
        if (is_type(v)) return find_on_class(vm, as_type(v), name, &r), finish(vm, v, name, &r);
        if (as_obj(v)->kind == KIND_SUPER)
            return find_on_super(vm, (Super *)as_obj(v), name, &r), finish(vm, v, name, &r);
        if (t->def->slots.getattr) return t->def->slots.getattr(vm, v, name);
    }
    Value c = type_lookup(vm, t, name);
    if (!is_unset(c) && attr_is_data_descriptor(vm, c)) return attr_bind(vm, c, v, t);
    bool pure;
    r.self = v;
    r.type = t;
    if (find_own(vm, v, name, &r, &pure)) return r.value;
    return is_unset(c) ? c : attr_bind(vm, c, v, t);
}

Value attr_get_generic(VM *vm, Value v, Str *name)
{
    name = interned(vm, name);
    return name ? get_unhooked(vm, v, name) : VALUE_ERROR;
}

/* Calls special method d of v with the name. */
static Value call_hook(VM *vm, Value v, Dunder d, Str *name)
{
    Value arg = obj_value(name);
    return obj_call_special(vm, v, d, &arg, 1);
}

/* __getattr__ after a look-up that raised AttributeError or found nothing; UNSET: there is no such hook. */
static Value fall_back(VM *vm, Value v, Str *name)
{
    if (is_kind(v, KIND_MODULE)) {
        Value hook = dict_get_str(vm, ((Module *)as_obj(v))->dict, vm->dunder_names[D_GETATTR]);
        return is_unset(hook) ? hook : vm_call1(vm, hook, obj_value(name));
    }
    Type *t = type_of(vm, v);
    if (is_unset(type_lookup_dunder(vm, t, D_GETATTR))) return VALUE_UNSET;
    return call_hook(vm, v, D_GETATTR, name);
}

static Value get_slowly(VM *vm, Value v, Str *name)
{
    Value *root = roots_push(vm, v);
    if (!root) return VALUE_ERROR;
    Value found_ = type_defines(type_of(vm, v), D_GETATTRIBUTE) ? call_hook(vm, v, D_GETATTRIBUTE, name)
                                                                 : get_unhooked(vm, v, name);
    bool failed = is_error(found_) && vm_pending_is(vm, ERR_ATTRIBUTE);
    if (failed || is_unset(found_)) {
        Value pending = vm->exc;
        vm->exc = VALUE_UNSET;
        Value again = fall_back(vm, v, name);
        if (is_unset(again)) vm->exc = pending;
        else found_ = again;
    }
    roots_pop(vm, root);
    return found_;
}

/* UNSET when absent without an AttributeError raised by anybody. */
static Value get(VM *vm, Value v, Str *name)
{
    Value known = attr_answer(vm, v, name);
    if (!is_unset(known)) return known;
    AttrResult r;
    attr_find(vm, v, name, &r);
    attr_remember(vm, v, name, &r);
    switch (r.kind) {
    case ATTR_FAILED: return VALUE_ERROR;
    case ATTR_MISSING: return VALUE_UNSET;
    case ATTR_SLOW: return get_slowly(vm, v, interned(vm, name));
    case ATTR_GETATTR: return call_hook(vm, v, D_GETATTR, name);
    default: return finish(vm, v, name, &r);
    }
}

Value attr_get(VM *vm, Value v, Str *name)
{
    Value found_ = get(vm, v, name);
    return is_unset(found_) ? attr_missing(vm, v, name) : found_;
}

Value attr_get_opt(VM *vm, Value v, Str *name)
{
    Value found_ = get(vm, v, name);
    if (!is_error(found_) || !vm_pending_is(vm, ERR_ATTRIBUTE)) return found_;
    vm->exc = VALUE_UNSET;
    return VALUE_UNSET;
}

Value attr_get_method(VM *vm, Value v, Str *name, Value *self)
{
    AttrResult r;
    *self = VALUE_UNSET;
    if (attr_find(vm, v, name, &r) != ATTR_BIND) return attr_get(vm, v, name);
    *self = r.self;
    return r.value;
}

/* ---- setting ---- */

static SetKind set_kind(SetResult *r, SetKind kind) { return r->kind = kind; }

static SetKind find_set_instance(VM *vm, Instance *o, Str *name, bool del, SetResult *r)
{
    Shape *s = shape_of(vm, &o->h);
    if (s->dict_mode || del || !(s->type->flags & TYPE_HAS_DICT)) return set_kind(r, SET_SLOW);
    int i = shape_find(vm, s, name);
    if (i >= 0) return r->slot = (uint32_t)i, set_kind(r, SET_SLOT);
    r->shape = shape_extend(vm, s, name);
    if (!r->shape) return set_kind(r, is_unset(vm->exc) ? SET_SLOW : SET_FAILED);
    r->slot = r->shape->nslots - 1;
    return set_kind(r, SET_ADD);
}

SetKind attr_find_set(VM *vm, Value v, Str *name, bool del, SetResult *r)
{
    name = interned(vm, name);
    if (!name) return set_kind(r, SET_FAILED);
    if (!is_ptr(v) || is_type(v)) return set_kind(r, SET_SLOW);
    Type *t = type_of(vm, v);
    Dunder hook = del ? D_DELATTR : D_SETATTR;
    if (type_defines(t, hook)) return r->hook = type_lookup_dunder(vm, t, hook), set_kind(r, SET_SETATTR);
    if (t->def->slots.setattr) return set_kind(r, SET_SLOW);
    Value c = type_lookup(vm, t, name);
    if (!is_unset(c) && attr_is_data_descriptor(vm, c)) {
        Member *m = is_kind(c, KIND_MEMBER) ? (Member *)as_obj(c) : NULL;
        if (m && !del && as_obj(v)->kind == KIND_INSTANCE && type_is_subtype(t, m->owner))
            return r->slot = m->slot, set_kind(r, SET_SLOT);
        if (as_obj(c)->shape != T_PROPERTY || del) return set_kind(r, SET_SLOW);
        r->hook = ((Property *)as_obj(c))->set;
        return set_kind(r, is_unset(r->hook) || is_none(r->hook) ? SET_SLOW : SET_PROPERTY);
    }
    if (as_obj(v)->kind != KIND_INSTANCE) return set_kind(r, SET_SLOW);
    return find_set_instance(vm, (Instance *)as_obj(v), name, del, r);
}

static Value none_if(bool ok) { return ok ? VALUE_NONE : VALUE_ERROR; }

static Value set_member(VM *vm, Member *m, Value v, Value value)
{
    if (!is_ptr(v) || !type_is_subtype(type_of(vm, v), m->owner)) return wrong_receiver(vm, m->name, m->owner, v);
    if (is_kind(v, KIND_INSTANCE)) {
        Instance *o = (Instance *)as_obj(v);
        if (is_unset(value) && is_unset(instance_slot(o, m->slot)))
            return exception_raise_attribute(vm, obj_value(m->name), v, m->name);
        return gc_store(vm, o, instance_slot_at(o, m->slot), value), VALUE_NONE;
    }
    Dict *d = own_dict_make(vm, v);
    if (!d) return VALUE_ERROR;
    if (!is_unset(value)) return none_if(dict_set_str(vm, d, m->name, value));
    if (dict_delete_str(vm, d, m->name)) return VALUE_NONE;
    return exception_raise_attribute(vm, obj_value(m->name), v, m->name);
}

static Value set_property(VM *vm, Property *p, Value v, Value value)
{
    Value f = is_unset(value) ? p->del : p->set, args[2] = {v, value};
    if (is_unset(f) || is_none(f)) return property_without(vm, p, v, is_unset(value) ? "deleter" : "setter");
    Value result = vm_call(vm, f, args, is_unset(value) ? 1 : 2);
    return is_error(result) ? result : VALUE_NONE;
}

static Value set_getset(VM *vm, GetSet *g, Value v, Value value)
{
    if (!type_is_subtype(type_of(vm, v), g->owner))
        return vm_raise(vm, ERR_TYPE, "descriptor '%s' for '%Y' objects doesn't apply to a '%T' object", g->def->name,
                        g->owner, v);
    if (!g->def->set)
        return vm_raise(vm, ERR_ATTRIBUTE, "attribute '%s' of '%Y' objects is not writable", g->def->name, g->owner);
    return g->def->set(vm, v, value);
}

Value descriptor_set(VM *vm, Value descriptor, Value v, Value value)
{
    Obj *o = as_obj(descriptor);
    Dunder d = is_unset(value) ? D_DELETE : D_SET;
    if (!has_special(vm, descriptor, d)) {
        if (o->kind == KIND_PROPERTY) return set_property(vm, (Property *)o, v, value);
        if (o->kind == KIND_GETSET) return set_getset(vm, (GetSet *)o, v, value);
        if (o->kind == KIND_MEMBER) return set_member(vm, (Member *)o, v, value);
    }
    Value args[2] = {v, value};
    Value result = obj_call_special(vm, descriptor, d, args, is_unset(value) ? 1 : 2);
    if (is_unset(result)) return vm_raise(vm, ERR_ATTRIBUTE, "%s", d == D_SET ? "__set__" : "__delete__");
    return is_error(result) ? result : VALUE_NONE;
}

static Value set_own(VM *vm, Value v, Str *name, Value value, bool on_class)
{
    Type *t = type_of(vm, v);
    bool takes = is_ptr(v) && (t->flags & TYPE_HAS_DICT || is_kind(v, KIND_FUNCTION) || is_kind(v, KIND_MODULE));
    if (!takes) {
        if (!on_class) return attr_missing(vm, v, name);
        Value text = str_format(vm, "'%T' object attribute '%N' is read-only", v, name);
        return exception_raise_attribute(vm, text, v, name);
    }
    if (is_kind(v, KIND_INSTANCE)) {
        Instance *o = (Instance *)as_obj(v);
        if (!is_unset(value)) return none_if(instance_set(vm, o, name, value));
        if (instance_delete(vm, o, name)) return VALUE_NONE;
    } else if (!is_unset(value)) {
        Dict *d = own_dict_make(vm, v);
        return none_if(d && dict_set_str(vm, d, name, value));
    } else {
        Dict *d = own_dict(vm, v);
        if (d && dict_delete_str(vm, d, name)) return VALUE_NONE;
    }
    return is_unset(vm->exc) ? attr_missing(vm, v, name) : VALUE_ERROR;
}

static Value set_on_class(VM *vm, Type *t, Str *name, Value value)
{
    Type *metatype = type_of(vm, obj_value(t));
    if (metatype->def->slots.setattr) {
        Value refused = metatype->def->slots.setattr(vm, obj_value(t), name, value);
        if (is_error(refused)) return refused;
    }
    Value meta = type_lookup(vm, metatype, name);
    if (is_kind(meta, KIND_GETSET) && t->flags & TYPE_HEAP) return set_getset(vm, (GetSet *)as_obj(meta), obj_value(t), value);
    return none_if(type_set_attr(vm, t, name, value));
}

Value attr_set_generic(VM *vm, Value v, Str *name, Value value)
{
    name = interned(vm, name);
    if (!name) return VALUE_ERROR;
    if (is_ptr(v) && is_type(v)) return set_on_class(vm, as_type(v), name, value);
    Type *t = type_of(vm, v);
    if (t->def->slots.setattr) return t->def->slots.setattr(vm, v, name, value);
    Value c = type_lookup(vm, t, name);
    if (!is_unset(c) && attr_is_data_descriptor(vm, c)) return descriptor_set(vm, c, v, value);
    return set_own(vm, v, name, value, !is_unset(c));
}

Value attr_set(VM *vm, Value v, Str *name, Value value)
{
    Type *t = type_of(vm, v);
    Dunder hook = is_unset(value) ? D_DELATTR : D_SETATTR;
    if (!type_defines(t, hook)) return attr_set_generic(vm, v, name, value);
    Value args[2] = {obj_value(name), value};
    Value result = obj_call_special(vm, v, hook, args, is_unset(value) ? 1 : 2);
    return is_error(result) ? result : VALUE_NONE;
}

/* ---- dir() ---- */

static bool merge_names(VM *vm, Dict *into, Dict *from)
{
    size_t pos = 0;
    Value key, value;
    while (dict_next(from, &pos, &key, &value))
        if (is_str(key) && !dict_set(vm, into, key, VALUE_NONE)) return false;
    return true;
}

static bool merge_class(VM *vm, Dict *into, Type *t)
{
    for (size_t i = 0; i < t->mro->size; i++) {
        Dict *d = type_dict(vm, as_type(t->mro->items[i]));
        if (!d || !merge_names(vm, into, d)) return false;
    }
    return true;
}

static Value sorted_names(VM *vm, Dict *names)
{
    Value list = list_with_capacity(vm, dict_len(names));
    if (is_error(list)) return list;
    size_t pos = 0;
    Value key, value;
    while (dict_next(names, &pos, &key, &value))
        if (!list_append(vm, as_list(list), key)) return VALUE_ERROR;
    return list_sort(vm, as_list(list), VALUE_NONE, false) ? list : VALUE_ERROR;
}

Value attr_dir_default(VM *vm, Value v)
{
    Dict *names = dict_new(vm);
    if (!names) return VALUE_ERROR;
    if (is_ptr(v) && is_type(v)) return merge_class(vm, names, as_type(v)) ? sorted_names(vm, names) : VALUE_ERROR;
    Value own = obj_dict_copy(vm, v);
    if (is_unset(own) && type_defines(type_of(vm, v), D_GETATTR)) own = obj_getattr_opt(vm, v, vm->common->dict_);
    if (is_error(own)) return own;
    if (is_dict(own) && !merge_names(vm, names, as_dict(own))) return VALUE_ERROR;
    bool with_class = !is_kind(v, KIND_MODULE);
    if (with_class && !merge_class(vm, names, type_of(vm, v))) return VALUE_ERROR;
    return sorted_names(vm, names);
}

Value attr_dir(VM *vm, Value v)
{
    bool by_metaclass = is_ptr(v) && is_type(v) && type_of(vm, v) != vm->types[T_TYPE];
    bool hooked = by_metaclass || type_defines(type_of(vm, v), D_DIR) || is_kind(v, KIND_MODULE);
    if (!hooked) return attr_dir_default(vm, v);
    Value names = obj_call_special(vm, v, D_DIR, NULL, 0);
    if (is_error(names)) return names;
    Value list = obj_to_list(vm, names);
    if (is_error(list)) return list;
    return list_sort(vm, as_list(list), VALUE_NONE, false) ? list : VALUE_ERROR;
}
