#include "vm/attr_cache.h"

#include <stdlib.h>

enum { ANSWERS_SIZE = SITE_COUNT * ATTR_ANSWERS * sizeof(AttrAnswer) };

void attr_cache_add(VM *vm, AttrSite site, AttrAnswer answer)
{
#ifdef CO_PLAIN
    return; // interp.c says what for
#endif
    if (!(answer.name->h.aux & STR_INTERNED)) return;
    if (!vm->attr_answers) {
        vm->attr_answers = calloc(1, ANSWERS_SIZE);
        if (!vm->attr_answers) return;
    }
    *attr_cache_place(vm, site, answer.shape, answer.name) = answer;
}

void attr_cache_clear(VM *vm)
{
    if (vm->attr_answers) memset(vm->attr_answers, 0, ANSWERS_SIZE);
}

static Value own_value(const Obj *o, uint16_t slot)
{
    return o->kind == KIND_INSTANCE ? instance_slot((const Instance *)o, slot) : ((const Tuple *)o)->items[slot];
}

/* A plain variable is never a function, which would be a method. */
static bool is_property(const AttrAnswer *known) { return is_kind(known->value, KIND_FUNCTION); }

Value attr_answer(VM *vm, Value o, const Str *name)
{
    const AttrAnswer *known = attr_cached(vm, SITE_GET, attr_shape(vm, o), name);
    if (!known) return VALUE_UNSET;
    if (known->slot != NO_SLOT) return own_value(as_obj(o), known->slot);
    if (known->version != type_of(vm, o)->version || is_property(known)) return VALUE_UNSET;
    return is_kind(known->value, KIND_GETSET) ? ((GetSet *)as_obj(known->value))->def->get(vm, o) : known->value;
}

Value attr_known_property(VM *vm, Value o, const Str *name)
{
    const AttrAnswer *known = attr_cached(vm, SITE_GET, attr_shape(vm, o), name);
    bool fresh = known && known->slot == NO_SLOT && known->version == type_of(vm, o)->version;
    return fresh && is_property(known) ? known->value : VALUE_UNSET;
}

static void remember_slot(VM *vm, Obj *o, const Str *name, uint32_t slot)
{
    if ((o->kind != KIND_INSTANCE && o->kind != KIND_TUPLE) || slot >= NO_SLOT) return;
    type_of(vm, obj_value(o))->flags |= TYPE_CACHED;
    attr_cache_add(vm, SITE_GET, (AttrAnswer){name, o->shape, (uint16_t)slot, 0, VALUE_UNSET, 0});
}

static void remember_class_value(VM *vm, Value o, const Str *name, Value v)
{
    uint32_t version = type_version(vm, type_of(vm, o));
    if (version) attr_cache_add(vm, SITE_GET, (AttrAnswer){name, attr_shape(vm, o), NO_SLOT, 0, v, version});
}

void attr_remember(VM *vm, Value o, const Str *name, const AttrResult *r)
{
    bool in_slot = (r->kind == ATTR_SLOT || r->kind == ATTR_ITEM) && r->cache == CACHE_SHAPE;
    bool plain = r->kind == ATTR_VALUE && r->cache == CACHE_VERSION;
    bool getter = r->kind == ATTR_GETSET || (r->kind == ATTR_PROPERTY && is_kind(r->value, KIND_FUNCTION));
    bool computed = getter && r->cache == CACHE_SHAPE && !is_kind(o, KIND_SUPER); // whose object decides, too
    if (in_slot) remember_slot(vm, as_obj(o), name, r->slot);
    else if (plain || computed) remember_class_value(vm, o, name, r->value);
}
