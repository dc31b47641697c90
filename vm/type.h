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
/* A class, as the class statement makes it: C3, __set_name__ and __init_subclass__ are called. kwds: Dict or UNSET. May call. */
Value type_create(VM *vm, Str *name, Tuple *bases, Dict *ns, Value kwds);
/* A module's own built-in type (deque, Queue ...): instances are NativeData or Instances. */
Type *type_from_def(VM *vm, const char *name, Type *base, const TypeDef *def, Kind kind, Value module);
/* Look a name up along the MRO; UNSET when absent. Cached; calls nothing. */
Value type_lookup(VM *vm, Type *t, Str *name);
Value type_lookup_dunder(VM *vm, Type *t, Dunder d);
/* Something about attribute `name` of t changed (or anything, if NULL): new versions, dunder bits, shapes. */
void type_modified(VM *vm, Type *t, Str *name);
bool type_set_attr(VM *vm, Type *t, Str *name, Value v); // UNSET deletes
/* Instance of a script class before __init__. `args` matter only for object.__new__'s checks elsewhere. */
Value instance_new(VM *vm, Type *t);

/* --- shapes --- */
Shape *shape_of(VM *vm, Obj *o);
int shape_find(VM *vm, Shape *s, Str *name);      // slot or -1
Shape *shape_extend(VM *vm, Shape *s, Str *name); // NULL: out of memory
Value instance_get(VM *vm, Instance *o, Str *name); // own attribute or UNSET
bool instance_set(VM *vm, Instance *o, Str *name, Value v);
bool instance_delete(VM *vm, Instance *o, Str *name); // false when absent
Value instance_slot(const Instance *o, uint32_t i);
/* The __dict__ of any object that has one (switches an Instance to dict mode); UNSET when it has none. */
Value obj_dict(VM *vm, Value v);

/* --- attribute look-up with everything: descriptors, __getattr__ ... may call --- */
Value attr_get(VM *vm, Value v, Str *name);
Value attr_get_opt(VM *vm, Value v, Str *name); // UNSET instead of AttributeError
Value attr_set(VM *vm, Value v, Str *name, Value value);
/* Ignores __getattribute__/__getattr__ (object.__getattribute__). UNSET when absent, no error set. */
Value attr_get_generic(VM *vm, Value v, Str *name);
/* Bind what was found on a type to an instance (descriptor __get__): functions give Methods. May call. */
Value attr_bind(VM *vm, Value found, Value self, Type *type);
/* For LOAD_METHOD: answers the callable; *self is the receiver when it is an unbound function or method native
 * to be called with it first, else UNSET. */
Value attr_get_method(VM *vm, Value v, Str *name, Value *self);
/* "AttributeError: 'X' object has no attribute 'y'" with the fields name and obj set. */
Value attr_missing(VM *vm, Value v, Str *name);
