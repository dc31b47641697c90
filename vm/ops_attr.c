/* ops_attr.c - attributes: inline caches filled, hooks and properties run as pushed frames. */
#include "vm/attr_cache.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"

/* What the caches hold, and why the loop may rely on it, is said in type.h: an own attribute's slot or a method, by the
 * object's shape, in the instruction's extra word; for instructions that meet several shapes also in attr_cache.h. */
static void set_inline(InsnExtra *cache, uint32_t shape, uint16_t slot, uint16_t step)
{
    cache->cache.key = shape;
    cache->cache.slot = slot;
    cache->cache.op = step;
}

static void cache_slot(VM *vm, AttrSite site, InsnExtra *cache, const Obj *o, Str *name, uint32_t slot, uint32_t step)
{
    if ((o->kind != KIND_INSTANCE && o->kind != KIND_TUPLE) || slot >= o->aux || slot >= NO_SLOT || step > UINT16_MAX) return;
    type_of(vm, obj_value(o))->flags |= TYPE_CACHED;
    attr_cache_add(vm, site, (AttrAnswer){name, o->shape, (uint16_t)slot, (uint16_t)step, VALUE_UNSET, 0});
    set_inline(cache, o->shape, (uint16_t)slot, (uint16_t)step);
}

/* An own attribute that another instruction, or this one at another time, has found; NULL: not known, or not inside o. */
static inline Value *known_slot(VM *vm, AttrSite site, Value v, const Str *name, InsnExtra *cache)
{
    if (!is_ptr(v)) return NULL;
    Instance *o = (Instance *)as_obj(v);
    const AttrAnswer *known = attr_cached(vm, site, o->h.shape, name);
    if (!known || known->slot >= o->h.aux) return NULL;
    set_inline(cache, known->shape, known->slot, known->step);
    return &o->slots[known->slot];
}

/* math.sqrt: nothing but a module's own attributes (__dict__ ...) comes before its variables. UNSET: look further. */
static Value module_variable(VM *vm, Value o, Str *name)
{
    if (!is_exact(o, T_MODULE) || name->data[0] == '_') return VALUE_UNSET;
    return dict_get_str(vm, ((Module *)as_obj(o))->dict, name);
}

static Value finish_get(VM *vm, Value o, Str *name, AttrResult *r, uint16_t dst)
{
    switch (r->kind) {
    case ATTR_FAILED: return VALUE_ERROR;
    case ATTR_VALUE:
    case ATTR_ITEM: return r->value;
    case ATTR_PROPERTY: return frame_invoke(vm, r->value, &r->self, 1, VALUE_UNSET, dst, RET_VALUE);
    case ATTR_BIND: return attr_bound(vm, r->value, r->self);
    case ATTR_SLOT: {
        Value v = instance_slot((Instance *)as_obj(o), r->slot);
        if (!is_unset(v)) return v;
        return attr_get(vm, o, name);
    }
    case ATTR_DESCRIPTOR: {
        if (!is_kind(r->hook, KIND_FUNCTION)) return attr_get(vm, o, name);
        Value args[] = {r->value, r->self, obj_value(r->type)};
        return frame_invoke(vm, r->hook, args, 3, VALUE_UNSET, dst, RET_VALUE);
    }
    case ATTR_GETATTR: {
        if (!is_kind(r->hook, KIND_FUNCTION)) return attr_get(vm, o, name); // what else a hook may be, binds in its own way
        Value args[] = {r->self, obj_value(name)};
        return frame_invoke(vm, r->hook, args, 2, VALUE_UNSET, dst, RET_VALUE);
    }
    default: return attr_get(vm, o, name);
    }
}

Value op_getattr(VM *vm, Value o, Value name_value, InsnExtra *cache, uint16_t dst)
{
    Str *name = as_str(name_value);
    const Value *known = known_slot(vm, SITE_GET, o, name, cache);
    if (known && !is_unset(*known)) return *known;
    Value answer = module_variable(vm, o, name);
    if (is_unset(answer)) answer = attr_answer(vm, o, name);
    if (!is_unset(answer)) return answer;
    Value getter = attr_known_property(vm, o, name);
    if (!is_unset(getter)) return frame_invoke(vm, getter, &o, 1, VALUE_UNSET, dst, RET_VALUE);
    AttrResult r;
    attr_find(vm, o, name, &r);
    attr_remember(vm, o, name, &r);
    if ((r.kind == ATTR_SLOT || r.kind == ATTR_ITEM) && r.cache == CACHE_SHAPE) cache_slot(vm, SITE_GET, cache, as_obj(o), name, r.slot, 0);
    return finish_get(vm, o, name, &r, dst);
}

static void inline_method(VM *vm, InsnExtra *cache, uint32_t shape, Value method)
{
    if (cache->cache.slot == UINT16_MAX) return;
    Code *c = frame_code(vm->frame);
    gc_store(vm, c, &c->methods[cache->cache.slot], method);
    cache->cache.key = shape;
}

static __attribute__((noinline)) Value find_method(VM *vm, Value o, Str *name, InsnExtra *cache, Value *self)
{
    Value answer = attr_answer(vm, o, name);
    if (!is_unset(answer)) return answer;
    AttrResult r;
    attr_find(vm, o, name, &r);
    attr_remember(vm, o, name, &r);
    if (r.kind == ATTR_BIND && (is_kind(r.value, KIND_FUNCTION) || is_kind(r.value, KIND_NATIVE))) {
        *self = r.self;
        if (r.cache == CACHE_SHAPE && r.self == o) {
            type_of(vm, o)->flags |= TYPE_CACHED;
            attr_cache_add(vm, SITE_CALL, (AttrAnswer){name, attr_shape(vm, o), NO_SLOT, 0, r.value, 0});
            if (is_ptr(o)) inline_method(vm, cache, as_obj(o)->shape, r.value);
        }
        return r.value;
    }
    *self = VALUE_UNSET;
    if (r.kind == ATTR_VALUE) return r.value;
    if (r.kind == ATTR_SLOT && !is_unset(instance_slot((Instance *)as_obj(o), r.slot)))
        return instance_slot((Instance *)as_obj(o), r.slot);
    return r.kind == ATTR_FAILED ? VALUE_ERROR : attr_get(vm, o, name);
}

Value op_load_method(VM *vm, Value o, Value name_value, InsnExtra *cache, Value *self)
{
    Str *name = as_str(name_value);
    const AttrAnswer *known = attr_cached(vm, SITE_CALL, is_ptr(o) ? as_obj(o)->shape : attr_shape(vm, o), name);
    if (known) {
        if (is_ptr(o)) inline_method(vm, cache, known->shape, known->value);
        *self = o;
        return known->value;
    }
    *self = VALUE_UNSET;
    Value variable = module_variable(vm, o, name);
    return is_unset(variable) ? find_method(vm, o, name, cache, self) : variable;
}

Value op_setattr(VM *vm, Value o, Value name_value, Value v, InsnExtra *cache)
{
    Str *name = as_str(name_value);
    Value *known = known_slot(vm, SITE_SET, o, name, cache);
    if (known) {
        as_obj(o)->shape += cache->cache.op;
        gc_store(vm, as_obj(o), known, v);
        return VALUE_NONE;
    }
    SetResult r;
    switch (attr_find_set(vm, o, name, false, &r)) {
    case SET_FAILED: return VALUE_ERROR;
    case SET_SLOT: {
        Instance *self = (Instance *)as_obj(o);
        cache_slot(vm, SITE_SET, cache, as_obj(o), name, r.slot, 0);
        gc_store(vm, self, instance_slot_at(self, r.slot), v);
        return VALUE_NONE;
    }
    case SET_ADD: {
        Instance *self = (Instance *)as_obj(o);
        if (r.shape->id >= self->h.shape)
            cache_slot(vm, SITE_SET, cache, as_obj(o), name, r.slot, r.shape->id - self->h.shape);
        return instance_add(vm, self, r.shape, v) ? VALUE_NONE : VALUE_ERROR;
    }
    case SET_PROPERTY: {
        Value args[] = {o, v};
        return frame_invoke(vm, r.hook, args, 2, VALUE_UNSET, 0, RET_DISCARD);
    }
    case SET_SETATTR: {
        if (!is_kind(r.hook, KIND_FUNCTION)) return attr_set(vm, o, name, v);
        Value args[] = {o, name_value, v};
        return frame_invoke(vm, r.hook, args, 3, VALUE_UNSET, 0, RET_DISCARD);
    }
    default: return attr_set(vm, o, name, v);
    }
}
