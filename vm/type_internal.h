/* type_internal.h - what type.c, class.c, shape.c and attr.c share; nobody else includes it. */
#pragma once
#include "vm/common.h"
#include "vm/type.h"

enum { TYPE_INHERITED = TYPE_HAS_DICT | TYPE_SEQUENCE | TYPE_MAPPING | TYPE_EXCEPTION | TYPE_MATCH_SELF |
                        TYPE_HAS_WEAKREF | TYPE_ATTRS | TYPE_SET };

/* A new Type without bases, shape or dict. */
Type *type_alloc(VM *vm, Str *name, Value module, Kind kind);
/* Sets bases, mro, base and what follows from them (def, builtin, inherited flags); registers t with its bases. */
bool type_inherit(VM *vm, Type *t, Tuple *bases, Tuple *mro, Type *base);
static inline size_t type_subclass_count(const Type *t) { return t->subclasses ? t->subclasses->size / sizeof(Type *) : 0; }
static inline Type **type_subclass_at(const Type *t, size_t i) { return (Type **)(void *)t->subclasses->data + i; }
bool type_add_subclass(VM *vm, Type *base, Type *t);
/* The slots of t by its bases and MRO; false: out of memory. */
bool type_inherit_slots(VM *vm, Type *t);
/* t.__bases__ = bases: new MROs for t and all its subclasses, or none. False with an exception pending. */
bool type_set_bases(VM *vm, Type *t, Tuple *bases);
/* May an instance of one become one of the other, as it lies there? */
static inline bool type_same_layout(const Type *a, const Type *b)
{
    enum { LAYOUT = TYPE_HAS_DICT | TYPE_ATTRS | TYPE_HAS_WEAKREF };
    if (a->kind != b->kind || a->builtin != b->builtin || a->nmembers != b->nmembers) return false;
    return (a->flags & LAYOUT) == (b->flags & LAYOUT);
}
/* Works out t->defined from the script classes in its MRO. */
void type_find_dunders(VM *vm, Type *t);

/* May a class statement name t as a base, as far as its layout goes? */
bool type_can_be_extended(const Type *t);

/* Names used with shapes and caches are interned. */
static inline Str *interned(VM *vm, Str *name)
{
    return name->h.aux & STR_INTERNED ? name : str_intern_value(vm, name);
}
Str *str_intern_value(VM *vm, Str *s);

/* How many slots the first instance of a new class t should have: what its methods assign to their first parameter.
 * Later ones get as many as earlier ones came to need; but the first may be the only one, and what lies outside an
 * object is out of the inline caches' reach. */
uint16_t shape_guess_slots(const Type *t);

/* The __new__ of a built-in type with a constructor (construct.c). */
Value type_new_method(VM *vm, Type *t);

/* slot_wrappers.c: the method row that shows a C slot of t (and not of its base) as `name`, or NULL. */
const NativeDef *slot_wrapper(VM *vm, const Type *t, const Str *name);
/* Calls f for every row that slot_wrapper would answer for t; false when f did. */
bool slot_wrappers_each(VM *vm, Type *t, bool (*f)(VM *vm, Type *t, const NativeDef *row));

/* The dict of v's own attributes if v keeps them in one that exists; NULL for none (yet). */
Dict *own_dict(VM *vm, Value v);
/* The same, made when missing; NULL: v takes no attributes (nothing pending) or out of memory (pending). */
Dict *own_dict_make(VM *vm, Value v);
/* __dict__ and __weakref__ of classes whose instances have them. */
extern const GetSetDef getset_instance_dict[], getset_instance_weakref[];
/* The __set__ of property, getset, member or a script's descriptor; value UNSET: its __delete__. */
Value descriptor_set(VM *vm, Value descriptor, Value v, Value value);
/* obj.__class__ = t, layouts being the same; obj.__dict__ = d. False: out of memory. */
bool obj_set_class(VM *vm, Obj *o, Type *t);
bool obj_set_dict(VM *vm, Value v, Dict *d);
Value getset_new(VM *vm, const GetSetDef *def, Type *owner);
Value box_new(VM *vm, TypeId type, Value value);
