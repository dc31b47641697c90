/* type.h - classes, instances and attributes. */
#pragma once
#include "vm/vm.h"

static inline bool is_type(Value v) { return is_kind(v, KIND_TYPE); }
static inline Type *as_type(Value v) { return (Type *)as_obj(v); }

/* The definition of each built-in type, in the file that owns it. */
#define TYPE(e, kind, base, name) extern const TypeDef type_def_##e;
#include "vm/types.def"
#undef TYPE

bool types_init(VM *vm);
void types_free(VM *vm);
/* For the collector, when everything alive is marked: classes know their subclasses only as long as these live. */
void types_forget_dead(VM *vm);
/* A class, as the class statement makes it: C3, __set_name__ and __init_subclass__ are called. kwds: Dict or UNSET. May call. */
Value type_create(VM *vm, Str *name, Tuple *bases, Dict *ns, Value kwds);
/* For type(name, bases, dict): are all of them classes? False with the TypeError pending. May call. */
bool type_check_bases(VM *vm, const Tuple *bases);
/* A module's own built-in type (deque, Queue ...): instances are NativeData or Instances. base NULL: object. */
Type *type_from_def(VM *vm, const char *name, Type *base, const TypeDef *def, Kind kind, Value module);
/* Look a name up along the MRO; UNSET when absent. Cached; calls nothing. */
Value type_lookup(VM *vm, Type *t, Str *name);
Value type_lookup_dunder(VM *vm, Type *t, Dunder d);
/* The same, starting after `start` in t's MRO (super). */
Value type_lookup_after(VM *vm, Type *t, Type *start, Str *name);
/* t's own attribute, not its bases'. UNSET when absent. */
Value type_own(VM *vm, Type *t, Str *name);
/* A look-up of `name` found nothing, yet a built-in type among t's bases has it: there was no memory to make it. */
bool type_owes(VM *vm, Type *t, Str *name);
/* The whole dict of a type: puts all methods of a built-in into it first. NULL: out of memory. */
Dict *type_dict(VM *vm, Type *t);
/* Something about attribute `name` of t changed (or anything, if NULL): new versions, dunder bits, caches. */
void type_modified(VM *vm, Type *t, Str *name);
bool type_set_attr(VM *vm, Type *t, Str *name, Value v); // UNSET deletes
/* t's version, given now if it has none; 0 when numbers ran out: then nothing about t may be cached. */
uint32_t type_version(VM *vm, Type *t);
bool type_is_subtype(Type *a, Type *b);
/* "int", "__main__.A", "pkg.mod.Outer.Inner": module (but not builtins) and qualified name, a str. */
Value type_full_name(VM *vm, Type *t);
/* A module's "deque", a script's class without what it lies in: what reprs begin with. */
static inline Value type_short_name(const Type *t) { return t->flags & TYPE_HEAP ? obj_value(t->name) : t->qualname; }

/* --- making instances --- */

/* Instance of a script class (layout Instance) before __init__. */
Value instance_new(VM *vm, Type *t);
/* What calling class t does, up to and including __new__ (which may call scripts). *init is the __init__ still to be called
 * with the object first and the same arguments, or UNSET when there is nothing to call. When __new__ answered
 * something that is no instance of t, *init is UNSET. */
Value type_construct(VM *vm, Type *t, const Value *args, int n, Value kwnames, Value *init);
/* All of it: type_construct, then __init__ through vm_call. */
Value type_instantiate(VM *vm, Type *t, const Value *args, int n, Value kwnames);
/* A call of a built-in type whose constructor does it all; Type.direct is set from then on. */
Value type_call_direct(VM *vm, Type *t, const Value *args, int n, Value kwnames);

/* --- subclasses of built-ins ---
 * An instance of `class L(list)` has the layout of List and, when its type has TYPE_ATTRS, one Value more at the end:
 * UNSET or the Dict of its attributes. So a constructor that is given type t allocates
 *     heap_alloc(vm, kind, t->root_shape->id, type_alloc_size(t, size))
 * where size is that of an exact instance: sizeof(List); offsetof(Tuple, items) + n * sizeof(Value);
 * a Str's data, wherever behind the header it begins, + size + 1; offsetof(Bytes, data) + size + 1;
 * offsetof(BigInt, digits) + 8 * used; and obj_attrs_slot finds the place again from the object alone.
 * heap_alloc's zeros mean the int 0: call obj_attrs_init on the new object, once sizes are filled in. */
static inline size_t type_alloc_size(const Type *t, size_t size)
{
    return t->flags & TYPE_ATTRS ? ((size + 7) & ~(size_t)7) + sizeof(Value) : size;
}
Value *obj_attrs_slow(VM *vm, Obj *o);
/* Where an object that is no Instance keeps its attribute Dict; NULL when it has no such place. */
static inline Value *obj_attrs_slot(VM *vm, Obj *o)
{
    if (o->shape < T_BUILTIN_COUNT || o->kind == KIND_INSTANCE) return NULL;
    return obj_attrs_slow(vm, o);
}
static inline void obj_attrs_init(VM *vm, Obj *o)
{
    Value *slot = obj_attrs_slot(vm, o);
    if (slot) *slot = VALUE_UNSET;
}

/* --- shapes ---
 * A shape's id tells the type of an object and which own attributes it has, in which slots; objects of other
 * layouts keep the root shape of their type until they get attributes, then the type's dict_shape. Hence what an
 * inline cache may rely on:
 *   same shape id, cached as CACHE_SHAPE   the same answer of attr_find (own slot, function, getter ...)
 *   same shape id and type version         the same plain class attribute (CACHE_VERSION)
 *   same type version of a class itself    the same attribute of a class object (CACHE_TYPE: v is exactly a T_TYPE)
 * A change to a class that would break the first promise calls code_flush_caches (code_object.c), which empties every
 * inline cache of the VM; it happens when a method or descriptor is replaced or shadowed, a data descriptor or an
 * attribute hook is added, in a class that a cache has met (TYPE_CACHED) or in a base of one. Overwriting plain class
 * attributes and adding new names only changes versions. Shape ids are never used again. */
void code_flush_caches(VM *vm); // code_object.c
Shape *shape_of(VM *vm, Obj *o);
Shape *shape_new_root(VM *vm, Type *t);           // with a fresh id
int shape_find(VM *vm, Shape *s, Str *name);      // slot or -1
Shape *shape_extend(VM *vm, Shape *s, Str *name); // NULL: out of memory, or *too many attributes* (no error pending then)
Value instance_get(VM *vm, Instance *o, Str *name); // own attribute or UNSET
bool instance_set(VM *vm, Instance *o, Str *name, Value v);
bool instance_delete(VM *vm, Instance *o, Str *name); // false when absent (or out of memory, then pending)
static inline Value *instance_slot_at(const Instance *o, uint32_t i)
{
    if (i < o->h.aux) return (Value *)&o->slots[i];
    return &((Array *)as_obj(o->overflow))->items[i - o->h.aux];
}
static inline Value instance_slot(const Instance *o, uint32_t i) { return *instance_slot_at(o, i); }
/* Store a value under a new name: s is the shape after it (a transition of o's). False: out of memory. */
bool instance_add(VM *vm, Instance *o, Shape *s, Value v);
/* The __dict__ of any object that has one (switches an Instance to dict mode); UNSET when it has none. */
Value obj_dict(VM *vm, Value v);
/* The names and values of v's own attributes without switching it: a fresh Dict; UNSET when it has none. */
Value obj_dict_copy(VM *vm, Value v);

/* --- attribute look-up without calling anything --- */
typedef enum {
    ATTR_MISSING,      // absent: attr_missing() raises; nothing pending yet
    ATTR_FAILED,       // an exception is pending
    ATTR_SLOT,         // own attribute (or __slots__ member) in slot `slot` of an Instance; value UNSET: unset member
    ATTR_ITEM,         // item `slot` of a named tuple
    ATTR_VALUE,        // `value` is the answer
    ATTR_BIND,         // `value` is a function or native method to bind to (or call with) `self`
    ATTR_PROPERTY,     // call script or native function `value` with `self`
    ATTR_GETSET,       // `value` is a GetSet: call its def->get(vm, self)
    ATTR_DESCRIPTOR,   // call `hook` (a __get__) with `value`, `self` (None for a class), `type`
    ATTR_GETATTR,      // absent, but there is __getattr__: call `hook` with `self` and the name
    ATTR_SLOW,         // use attr_get: hooks that catch AttributeError, errors to be worded ...
} AttrKind;
typedef enum { CACHE_NONE, CACHE_SHAPE, CACHE_VERSION, CACHE_TYPE } AttrCache;
typedef struct AttrResult {
    AttrKind kind;
    AttrCache cache;
    Value value;
    Value self;    // receiver: v itself, the class for class methods
    Value hook;
    Type *type;
    uint32_t slot;
} AttrResult;
AttrKind attr_find(VM *vm, Value v, Str *name, AttrResult *r);

typedef enum {
    SET_FAILED,
    SET_SLOT,      // store into slot `slot` of the Instance; cacheable by shape
    SET_ADD,       // instance_add(o, shape, value), value goes to `slot`; cacheable by the old shape
    SET_PROPERTY,  // call `hook` with v and the value
    SET_SETATTR,   // call `hook` with v, the name and the value (__delattr__: v and the name)
    SET_SLOW,      // use attr_set
} SetKind;
typedef struct SetResult {
    SetKind kind;
    Value hook;
    Shape *shape;
    uint32_t slot;
} SetResult;
/* What v.name = ... (value UNSET: del v.name) has to do. Calls nothing. */
SetKind attr_find_set(VM *vm, Value v, Str *name, bool del, SetResult *r);

/* --- attribute look-up with everything: descriptors, __getattr__ ... may call --- */
Value attr_get(VM *vm, Value v, Str *name);
Value attr_get_opt(VM *vm, Value v, Str *name); // UNSET instead of AttributeError
Value attr_set(VM *vm, Value v, Str *name, Value value); // UNSET deletes; answers None
/* Ignores __getattribute__/__getattr__ (object.__getattribute__). UNSET when absent, no error set. */
Value attr_get_generic(VM *vm, Value v, Str *name);
/* object.__setattr__: ignores the class's __setattr__ and __delattr__. */
Value attr_set_generic(VM *vm, Value v, Str *name, Value value);
/* Bind what was found on a type to an instance (descriptor __get__): functions give Methods. self UNSET: looked up
 * on the class itself. May call. */
Value attr_bind(VM *vm, Value found, Value self, Type *type);
/* The bound method that ATTR_BIND stands for. */
Value attr_bound(VM *vm, Value f, Value self);
/* For LOAD_METHOD: answers the callable; *self is the receiver when it is an unbound function or method native
 * to be called with it first, else UNSET. */
Value attr_get_method(VM *vm, Value v, Str *name, Value *self);
/* "AttributeError: 'X' object has no attribute 'y'" with the fields name and obj set. */
Value attr_missing(VM *vm, Value v, Str *name);
/* A data descriptor: its type has __set__ or __delete__. */
bool attr_is_data_descriptor(VM *vm, Value found);
/* Anything that is not its own answer when found on a class: its type has __get__. */
bool attr_is_descriptor(VM *vm, Value found);
/* The setter of what is a member of CPython's struct, for everybody to read. */
Value getset_readonly(VM *vm, Value self, Value v);
/* The names dir() shows, as a sorted list. May call __dir__. */
Value attr_dir(VM *vm, Value v);
Value attr_dir_default(VM *vm, Value v); // object.__dir__

/* --- function attributes (function.c); what a def statement gave or a script has set --- */
Value function_attr(VM *vm, Function *f, Str *name); // __kwdefaults__, __annotations__ ...: UNSET when never set
bool function_set_attr(VM *vm, Function *f, Str *name, Value v);
/* Another function with the same code, captured variables and attributes; NULL: out of memory. */
Function *function_copy(VM *vm, Function *f);

Value method_new(VM *vm, Value fn, Value self);
Value generic_alias_new(VM *vm, Value origin, Value args); // list[int]; args: a Tuple
bool type_is_generic(VM *vm, Type *t); // a built-in class that takes [..], as list[int]
Value union_new(VM *vm, Value a, Value b);                 // a | b; NOT_IMPLEMENTED unless both are types, aliases or None
Value mapping_proxy_new(VM *vm, Value mapping);
static inline bool is_method(Value v) { return is_kind(v, KIND_METHOD); }
static inline Method *as_method(Value v) { return (Method *)as_obj(v); }
