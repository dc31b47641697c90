/* attr_cache.h - what attribute instructions know together.
 *
 * An inline cache knows the shape that its instruction met last. An instruction that meets objects of several shapes
 * finds the others' answers here, by shape and name, before the class is searched. They hold as long as what inline
 * caches say does (type.h): code_flush_caches forgets both.
 */
#pragma once
#include "vm/type.h"

typedef enum { SITE_GET, SITE_SET, SITE_CALL, SITE_COUNT } AttrSite;

typedef struct AttrAnswer {
    const Str *name; // interned, so it lives as long as the VM
    uint32_t shape;
    uint16_t slot;   // GET, SET: the own attribute's, as InsnExtra.cache has it; GET: in the overflow, too
    uint16_t step;   // SET: to the shape with this name added
    Value value;     // CALL: the method, alive because the class is. GET in NO_SLOT: what the class has, a plain variable,
    uint32_t version; // the GetSet that computes it or the function of a property, as long as this is its version
} AttrAnswer;

enum { ATTR_ANSWERS = 256 }; // of each site
enum { NO_SLOT = UINT16_MAX };

/* NULL: not known. */
static inline const AttrAnswer *attr_cached(VM *vm, AttrSite site, uint32_t shape, const Str *name);
/* Remember it; without memory nothing is remembered. */
void attr_cache_add(VM *vm, AttrSite site, AttrAnswer answer);
void attr_cache_clear(VM *vm);

/* o's attribute, as far as SITE_GET knows it; UNSET: not known. */
Value attr_answer(VM *vm, Value o, const Str *name);
/* The function that answers for o's attribute, being a property that SITE_GET knows; UNSET: not known. */
Value attr_known_property(VM *vm, Value o, const Str *name);
/* attr_find's answer about o, which may hold for others of its shape. */
void attr_remember(VM *vm, Value o, const Str *name, const AttrResult *r);

/* The shape of an object; of ints, floats and constants, which are none, the root shape of their type. */
static inline uint32_t attr_shape(VM *vm, Value o)
{
    return is_ptr(o) ? as_obj(o)->shape : (uint32_t)type_of(vm, o)->builtin;
}

static inline AttrAnswer *attr_cache_place(VM *vm, AttrSite site, uint32_t shape, const Str *name)
{
    uint32_t hash = shape * 31 + (uint32_t)((uintptr_t)name >> 4);
    return &vm->attr_answers[site * ATTR_ANSWERS + hash % ATTR_ANSWERS];
}

static inline const AttrAnswer *attr_cached(VM *vm, AttrSite site, uint32_t shape, const Str *name)
{
    if (!vm->attr_answers) return NULL;
    const AttrAnswer *a = attr_cache_place(vm, site, shape, name);
    return a->name == name && a->shape == shape ? a : NULL;
}
