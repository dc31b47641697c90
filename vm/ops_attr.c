/* ops_attr.c - attributes: inline caches filled, hooks and properties run as pushed frames. */
#include "vm/list.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"

/* What the caches hold, and why the loop may rely on it, is said in type.h: an own attribute's slot or a method, by the
 * object's shape, in the instruction's extra word. */
static void fill_slot_cache(InsnExtra *cache, const Obj *o, uint32_t slot, uint32_t step)
{
    if (o->kind != KIND_INSTANCE || slot >= o->aux || slot > UINT16_MAX || step > UINT16_MAX) return;
    cache->cache.key = o->shape;
    cache->cache.slot = (uint16_t)slot;
    cache->cache.op = (uint16_t)step;
}

static Value finish_get(VM *vm, Value o, Str *name, AttrResult *r, uint16_t dst)
{
    switch (r->kind) {
    case ATTR_FAILED: return VALUE_ERROR;
    case ATTR_VALUE: return r->value;
    case ATTR_PROPERTY: return frame_invoke(vm, r->value, &r->self, 1, VALUE_UNSET, dst, RET_VALUE);
    case ATTR_BIND: return attr_bound(vm, r->value, r->self);
    case ATTR_SLOT: {
        Value v = instance_slot((Instance *)as_obj(o), r->slot);
        if (!is_unset(v)) return v;
        return attr_get(vm, o, name);
    }
    case ATTR_GETATTR: {
        Value args[] = {r->self, obj_value(name)};
        return frame_invoke(vm, r->hook, args, 2, VALUE_UNSET, dst, RET_VALUE);
    }
    default: return attr_get(vm, o, name);
    }
}

Value op_getattr(VM *vm, Value o, Value name_value, InsnExtra *cache, uint16_t dst)
{
    Str *name = as_str(name_value);
    AttrResult r;
    attr_find(vm, o, name, &r);
    if (r.kind == ATTR_SLOT && r.cache == CACHE_SHAPE && !is_unset(instance_slot((Instance *)as_obj(o), r.slot)))
        fill_slot_cache(cache, as_obj(o), r.slot, 0);
    return finish_get(vm, o, name, &r, dst);
}

Value op_load_method(VM *vm, Value o, Value name_value, InsnExtra *cache, Value *self)
{
    Str *name = as_str(name_value);
    AttrResult r;
    attr_find(vm, o, name, &r);
    if (r.kind == ATTR_BIND && (is_kind(r.value, KIND_FUNCTION) || is_kind(r.value, KIND_NATIVE))) {
        *self = r.self;
        if (is_ptr(o) && r.cache == CACHE_SHAPE && r.self == o && cache->cache.slot != UINT16_MAX) {
            Code *c = frame_code(vm->frame);
            gc_store(vm, c, &c->methods[cache->cache.slot], r.value);
            cache->cache.key = as_obj(o)->shape;
        }
        return r.value;
    }
    *self = VALUE_UNSET;
    if (r.kind == ATTR_VALUE) return r.value;
    if (r.kind == ATTR_SLOT && !is_unset(instance_slot((Instance *)as_obj(o), r.slot)))
        return instance_slot((Instance *)as_obj(o), r.slot);
    return r.kind == ATTR_FAILED ? VALUE_ERROR : attr_get(vm, o, name);
}

Value op_setattr(VM *vm, Value o, Value name_value, Value v, InsnExtra *cache)
{
    Str *name = as_str(name_value);
    SetResult r;
    switch (attr_find_set(vm, o, name, false, &r)) {
    case SET_FAILED: return VALUE_ERROR;
    case SET_SLOT: {
        Instance *self = (Instance *)as_obj(o);
        fill_slot_cache(cache, as_obj(o), r.slot, 0);
        gc_store(vm, self, instance_slot_at(self, r.slot), v);
        return VALUE_NONE;
    }
    case SET_ADD: {
        Instance *self = (Instance *)as_obj(o);
        if (r.shape->id >= self->h.shape) fill_slot_cache(cache, as_obj(o), r.slot, r.shape->id - self->h.shape);
        return instance_add(vm, self, r.shape, v) ? VALUE_NONE : VALUE_ERROR;
    }
    case SET_PROPERTY: {
        Value args[] = {o, v};
        return frame_invoke(vm, r.hook, args, 2, VALUE_UNSET, 0, RET_DISCARD);
    }
    case SET_SETATTR: {
        Value args[] = {o, name_value, v};
        return frame_invoke(vm, r.hook, args, 3, VALUE_UNSET, 0, RET_DISCARD);
    }
    default: return attr_set(vm, o, name, v);
    }
}
