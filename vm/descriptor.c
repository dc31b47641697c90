/* What makes attributes of classes special: methods, property, staticmethod, classmethod, getsets, members, super,
 * and cells. How look-up treats them is in attr.c; here is what scripts can do with the objects themselves. */
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/frame.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type_internal.h"

Value getset_readonly(VM *vm, Value self, Value v)
{
    (void)self;
    (void)v;
    return vm_raise(vm, ERR_ATTRIBUTE, "readonly attribute");
}

static Value none_if_unset(Value v) { return is_unset(v) ? VALUE_NONE : v; }

/* __get__(self, instance, owner=None): what attr_bind answers. */
static Value nat_get(VM *vm, Args args)
{
    Value self = args.v[1], owner = args.v[2];
    if (is_none(self) && is_none(owner)) return vm_raise(vm, ERR_TYPE, "__get__(None, None) is invalid");
    Type *t = is_kind(owner, KIND_TYPE) ? as_type(owner) : type_of(vm, self);
    bool on_class = is_none(self) && owner != obj_value(vm->types[T_NONE]);
    return attr_bind(vm, args.v[0], on_class ? VALUE_UNSET : self, t);
}

static Value nat_set(VM *vm, Args args)
{
    return descriptor_set(vm, args.v[0], args.v[1], args.v[2]);
}

static Value nat_delete(VM *vm, Args args) { return descriptor_set(vm, args.v[0], args.v[1], VALUE_UNSET); }

#define GET_ROW \
    {"__get__(self, instance, owner=None, /)", nat_get, "What it answers for instance, or for the class owner.", 0}
#define SET_ROW {"__set__(self, instance, value, /)", nat_set, "Take value for instance.", 0}
#define DELETE_ROW {"__delete__(self, instance, /)", nat_delete, "Take the attribute away from instance.", 0}

/* ---- bound methods ---- */

Value method_new(VM *vm, Value fn, Value self)
{
    Method *m = heap_alloc_raw(vm, KIND_METHOD, T_METHOD, sizeof *m);
    if (!m) return VALUE_ERROR;
    m->fn = fn;
    m->self = self;
    return obj_value(m);
}

static Value nat_method(VM *vm, Args args)
{
    if (!obj_is_callable(vm, args.v[1])) return vm_raise(vm, ERR_TYPE, "first argument must be callable");
    if (is_none(args.v[2])) return vm_raise(vm, ERR_TYPE, "instance must not be None");
    return method_new(vm, args.v[1], args.v[2]);
}

static Value name_of_callable(VM *vm, Value f)
{
    Value name = attr_get_opt(vm, f, vm->common->qualname);
    if (is_unset(name)) name = attr_get_opt(vm, f, vm->common->name_);
    return is_str(name) || is_error(name) ? name : str_from_c(vm, "?");
}

static Value method_repr(VM *vm, Value self)
{
    Value *v = roots_reserve(vm, 2), text = VALUE_ERROR;
    if (!v) return VALUE_ERROR;
    v[0] = name_of_callable(vm, as_method(self)->fn);
    if (!is_error(v[0])) v[1] = obj_repr(vm, as_method(self)->self);
    if (!is_error(v[0]) && !is_error(v[1])) text = str_format(vm, "<bound method %V of %V>", v[0], v[1]);
    roots_pop(vm, v);
    return text;
}

static Value method_compare(VM *vm, Value a, Value b, CompareOp op)
{
    if ((op != CMP_EQ && op != CMP_NE) || !is_kind(b, KIND_METHOD)) return VALUE_NOT_IMPLEMENTED;
    int same = as_method(a)->self == as_method(b)->self ? obj_eq(vm, as_method(a)->fn, as_method(b)->fn) : 0;
    return same < 0 ? VALUE_ERROR : bool_value((bool)same == (op == CMP_EQ));
}

static Value method_hash(VM *vm, Value self)
{
    Value h = obj_hash(vm, as_method(self)->fn);
    int64_t i;
    if (is_error(h) || !int_to_i64(h, &i)) return h;
    return int_from_i64(vm, i ^ (int64_t)(as_method(self)->self >> 4));
}

/* A method shows its function's attributes as its own. */
static Value method_getattr(VM *vm, Value self, Str *name)
{
    Value c = type_lookup(vm, vm->types[T_METHOD], name);
    bool own = !is_unset(c) && name != vm->common->doc;
    return own ? attr_bind(vm, c, self, vm->types[T_METHOD]) : attr_get(vm, as_method(self)->fn, name);
}

static Value nat_method_call(VM *vm, Args args)
{
    Value *flat, kwnames;
    int n = native_flatten(vm, as_tuple(args.v[1]), as_dict(args.v[2]), &flat, &kwnames);
    if (n < 0) return VALUE_ERROR;
    Value v = vm_call_kw(vm, args.v[0], flat, n, kwnames);
    roots_pop(vm, flat);
    return v;
}

#define CALL_ROW {"__call__(self, /, *args, **kwargs)", nat_method_call, "Call it.", 0}

static Value get_func(VM *vm, Value self) { return (void)vm, as_method(self)->fn; }
static Value get_self(VM *vm, Value self) { return (void)vm, as_method(self)->self; }

static const NativeDef method_methods[] = {
    CALL_ROW,
    {0},
};

static const GetSetDef method_getsets[] = {
    {"__func__", get_func, getset_readonly, "the function (or other callable) implementing a method"},
    {"__self__", get_self, getset_readonly, "the instance that comes first among the arguments"},
    {0},
};

const TypeDef type_def_METHOD = {
    .slots = {.repr = method_repr, .compare = method_compare, .hash = method_hash, .getattr = method_getattr},
    .methods = method_methods,
    .getsets = method_getsets,
    .constructor = {"method(function, instance, /)", nat_method, NULL, 0},
    .doc = "A function with the instance it is called for.",
    .flags = TYPE_FINAL,
};

/* ---- property ---- */

static Property *as_property(Value v) { return (Property *)as_obj(v); }

static Value property_alloc(VM *vm, Type *t)
{
    Property *p = heap_alloc(vm, KIND_PROPERTY, t->root_shape->id, type_alloc_size(t, sizeof *p));
    if (!p) return VALUE_ERROR;
    p->get = p->set = p->del = p->doc = VALUE_NONE;
    p->name = VALUE_UNSET;
    obj_attrs_init(vm, &p->h);
    return obj_value(p);
}

/* Its own text, or the getter's. May call. */
static Value doc_for(VM *vm, Value get, Value doc)
{
    if (!is_none(doc) || is_none(get)) return doc;
    Value v = attr_get_opt(vm, get, vm->common->doc);
    return is_unset(v) ? VALUE_NONE : v;
}

static Value fill_property(VM *vm, Value self, const Value *v)
{
    Value *root = roots_push(vm, self);
    if (!root) return VALUE_ERROR;
    Value doc = doc_for(vm, v[0], v[3]);
    Property *p = as_property(self);
    roots_pop(vm, root);
    if (is_error(doc)) return doc;
    gc_store_many(vm, p, &p->get, 4);
    p->get = v[0];
    p->set = v[1];
    p->del = v[2];
    p->doc = doc;
    return VALUE_NONE;
}

static Value nat_property(VM *vm, Args args)
{
    Value p = property_alloc(vm, as_type(args.v[0]));
    if (is_error(p)) return p;
    Value ok = fill_property(vm, p, args.v + 1);
    return is_error(ok) ? ok : p;
}

static Value nat_property_init(VM *vm, Args args) { return fill_property(vm, args.v[0], args.v + 1); }

/* A copy with one function exchanged; of a subclass, by calling it. */
static Value copy_property(VM *vm, Value self, int which, Value f)
{
    Property *p = as_property(self);
    Value v[4] = {p->get, p->set, p->del, which == 0 ? VALUE_NONE : p->doc};
    if (!is_none(f)) v[which] = f;
    Value copy;
    if (is_exact(self, T_PROPERTY)) {
        copy = property_alloc(vm, vm->types[T_PROPERTY]);
        Value ok = is_error(copy) ? copy : fill_property(vm, copy, v);
        if (is_error(ok)) return ok;
    } else {
        copy = vm_call(vm, obj_value(type_of(vm, self)), v, 4);
    }
    if (is_kind(copy, KIND_PROPERTY)) as_property(copy)->name = as_property(self)->name;
    return copy;
}

static Value nat_getter(VM *vm, Args args) { return copy_property(vm, args.v[0], 0, args.v[1]); }
static Value nat_setter(VM *vm, Args args) { return copy_property(vm, args.v[0], 1, args.v[1]); }
static Value nat_deleter(VM *vm, Args args) { return copy_property(vm, args.v[0], 2, args.v[1]); }

static Value nat_set_name(VM *vm, Args args)
{
    gc_store(vm, as_obj(args.v[0]), &as_property(args.v[0])->name, args.v[2]);
    return VALUE_NONE;
}

static Value get_fget(VM *vm, Value self) { return (void)vm, as_property(self)->get; }
static Value get_fset(VM *vm, Value self) { return (void)vm, as_property(self)->set; }
static Value get_fdel(VM *vm, Value self) { return (void)vm, as_property(self)->del; }
static Value get_property_doc(VM *vm, Value self) { return (void)vm, none_if_unset(as_property(self)->doc); }

static Value set_property_doc(VM *vm, Value self, Value v)
{
    gc_store(vm, as_obj(self), &as_property(self)->doc, is_unset(v) ? VALUE_NONE : v);
    return VALUE_NONE;
}

/* Is this callable marked by @abstractmethod? */
static int is_abstract(VM *vm, Value f)
{
    if (is_none(f) || is_unset(f)) return 0;
    Value v = attr_get_opt(vm, f, vm->common->isabstract);
    if (is_unset(v)) return 0;
    return is_error(v) ? -1 : obj_truth(vm, v);
}

static Value get_property_abstract(VM *vm, Value self)
{
    const Value parts[] = {as_property(self)->get, as_property(self)->set, as_property(self)->del};
    for (int i = 0; i < 3; i++) {
        int abstract = is_abstract(vm, parts[i]);
        if (abstract) return abstract < 0 ? VALUE_ERROR : VALUE_TRUE;
    }
    return VALUE_FALSE;
}

static const NativeDef property_methods[] = {
    {"__init__(self, fget=None, fset=None, fdel=None, doc=None)", nat_property_init, NULL, 0},
    {"getter(self, object, /)", nat_getter, "A property like this one that reads by another function.", 0},
    {"setter(self, object, /)", nat_setter, "A property like this one that is set by another function.", 0},
    {"deleter(self, object, /)", nat_deleter,
     "A property like this one that is deleted by another function.", 0},
    {"__set_name__(self, owner, name, /)", nat_set_name, "Learn the name under which a class has it.", 0},
    GET_ROW, SET_ROW, DELETE_ROW,
    {0},
};

static const GetSetDef property_getsets[] = {
    {"fget", get_fget, getset_readonly, NULL},
    {"fset", get_fset, getset_readonly, NULL},
    {"fdel", get_fdel, getset_readonly, NULL},
    {"__doc__", get_property_doc, set_property_doc, NULL},
    {"__isabstractmethod__", get_property_abstract, NULL, NULL},
    {0},
};

const TypeDef type_def_PROPERTY = {
    .methods = property_methods,
    .getsets = property_getsets,
    .constructor = {"property(fget=None, fset=None, fdel=None, doc=None)", nat_property, NULL, 0},
    .doc = "An attribute that functions read, set and delete.",
    .flags = TYPE_SET,
};

/* ---- staticmethod and classmethod ---- */

static Box *as_box(Value v) { return (Box *)as_obj(v); }

static Value box_of_type(VM *vm, Type *t, Value value)
{
    Box *b = heap_alloc(vm, KIND_BOX, t->root_shape->id, type_alloc_size(t, sizeof *b));
    if (!b) return VALUE_ERROR;
    b->value = value;
    b->attrs = VALUE_UNSET;
    obj_attrs_init(vm, &b->h);
    return obj_value(b);
}

Value box_new(VM *vm, TypeId type, Value value) { return box_of_type(vm, vm->types[type], value); }
static Value nat_box(VM *vm, Args args) { return box_of_type(vm, as_type(args.v[0]), args.v[1]); }

static Value box_repr(VM *vm, Value self)
{
    Value inner = obj_repr(vm, as_box(self)->value);
    return is_error(inner) ? inner : str_format(vm, "<%T(%V)>", self, inner);
}

static Value get_boxed(VM *vm, Value self) { return (void)vm, as_box(self)->value; }

static Value get_boxed_abstract(VM *vm, Value self)
{
    int abstract = is_abstract(vm, as_box(self)->value);
    return abstract < 0 ? VALUE_ERROR : bool_value(abstract);
}

/* The wrapped function's name, doc ... unless the wrapper itself was given one. */
static Value box_getattr(VM *vm, Value self, Str *name)
{
    Type *t = type_of(vm, self);
    const Common *c = vm->common;
    Value attrs = as_box(self)->attrs;
    Value own = is_dict(attrs) ? dict_get_str(vm, as_dict(attrs), name) : VALUE_UNSET;
    if (!is_unset(own)) return own;
    bool forwarded = name == c->name_ || name == c->qualname || name == c->doc || name == c->module_ ||
                     name == c->annotations;
    if (forwarded) {
        Value v = attr_get_opt(vm, as_box(self)->value, name);
        if (!is_unset(v)) return v;
    }
    Value found = type_lookup(vm, t, name);
    return is_unset(found) ? found : attr_bind(vm, found, self, t);
}

static Value box_setattr(VM *vm, Value self, Str *name, Value v)
{
    Box *b = as_box(self);
    Value c = type_lookup(vm, type_of(vm, self), name);
    if (!is_unset(c) && attr_is_data_descriptor(vm, c)) return descriptor_set(vm, c, self, v);
    if (!is_dict(b->attrs)) {
        Dict *d = dict_new(vm);
        if (!d) return VALUE_ERROR;
        gc_store(vm, b, &b->attrs, obj_value(d));
    }
    if (!is_unset(v)) return dict_set_str(vm, as_dict(b->attrs), name, v) ? VALUE_NONE : VALUE_ERROR;
    return dict_delete_str(vm, as_dict(b->attrs), name) ? VALUE_NONE : attr_missing(vm, self, name);
}

static const GetSetDef box_getsets[] = {
    {"__func__", get_boxed, getset_readonly, NULL},
    {"__wrapped__", get_boxed, getset_readonly, NULL},
    {"__isabstractmethod__", get_boxed_abstract, NULL, NULL},
    {0},
};

static Value nat_static_call(VM *vm, Args args)
{
    args.v[0] = as_box(args.v[0])->value;
    return nat_method_call(vm, args);
}

static const NativeDef static_methods[] = {
    {"__call__(self, /, *args, **kwargs)", nat_static_call, "Call it.", 0},
    GET_ROW,
    {0},
};
static const NativeDef class_methods[] = {GET_ROW, {0}};

const TypeDef type_def_STATICMETHOD = {
    .slots = {.repr = box_repr, .getattr = box_getattr, .setattr = box_setattr},
    .methods = static_methods,
    .getsets = box_getsets,
    .constructor = {"staticmethod(function, /)", nat_box, NULL, 0},
    .doc = "A function in a class, called without an instance.",
};

const TypeDef type_def_CLASSMETHOD = {
    .slots = {.repr = box_repr, .getattr = box_getattr, .setattr = box_setattr},
    .methods = class_methods,
    .getsets = box_getsets,
    .constructor = {"classmethod(function, /)", nat_box, NULL, 0},
    .doc = "A function in a class, called with the class first.",
};

/* ---- attributes computed by C, and __slots__ members ---- */

Value getset_new(VM *vm, const GetSetDef *def, Type *owner)
{
    GetSet *g = heap_new(vm, KIND_GETSET, T_GETSET, GetSet);
    if (!g) return VALUE_ERROR;
    g->def = def;
    g->owner = owner;
    return obj_value(g);
}

static Type *owner_of(Value v)
{
    return is_kind(v, KIND_GETSET) ? ((GetSet *)as_obj(v))->owner : ((Member *)as_obj(v))->owner;
}

static Value get_descriptor_name(VM *vm, Value self)
{
    if (is_kind(self, KIND_MEMBER)) return obj_value(((Member *)as_obj(self))->name);
    return str_from_c(vm, ((GetSet *)as_obj(self))->def->name);
}

static Value get_descriptor_qualname(VM *vm, Value self)
{
    Value name = get_descriptor_name(vm, self);
    return is_error(name) ? name : str_format(vm, "%V.%V", owner_of(self)->qualname, name);
}

static Value get_descriptor_doc(VM *vm, Value self)
{
    const char *doc = is_kind(self, KIND_GETSET) ? ((GetSet *)as_obj(self))->def->doc : NULL;
    return doc ? str_from_c(vm, doc) : VALUE_NONE;
}

static Value get_objclass(VM *vm, Value self) { return (void)vm, obj_value(owner_of(self)); }

static Value descriptor_repr(VM *vm, Value self)
{
    Value name = get_descriptor_name(vm, self);
    if (is_error(name)) return name;
    const char *what = is_kind(self, KIND_GETSET) ? "attribute" : "member";
    return str_format(vm, "<%s '%V' of '%Y' objects>", what, name, owner_of(self));
}

static const NativeDef descriptor_methods[] = {GET_ROW, SET_ROW, DELETE_ROW, {0}};
static const GetSetDef descriptor_getsets[] = {
    {"__name__", get_descriptor_name, NULL, NULL},
    {"__qualname__", get_descriptor_qualname, NULL, NULL},
    {"__doc__", get_descriptor_doc, NULL, NULL},
    {"__objclass__", get_objclass, NULL, NULL},
    {0},
};

const TypeDef type_def_GETSET = {
    .slots = {.repr = descriptor_repr},
    .methods = descriptor_methods,
    .getsets = descriptor_getsets,
    .flags = TYPE_FINAL | TYPE_SET,
};

const TypeDef type_def_MEMBER = {
    .slots = {.repr = descriptor_repr},
    .methods = descriptor_methods,
    .getsets = descriptor_getsets,
    .flags = TYPE_FINAL | TYPE_SET,
};

/* __dict__ and __weakref__ of instances of script classes. */
static Value get_instance_dict(VM *vm, Value self)
{
    Value d = obj_dict(vm, self);
    return is_unset(d) ? attr_missing(vm, self, vm->common->dict_) : d;
}

static Value set_instance_dict(VM *vm, Value self, Value v)
{
    if (is_unset(v)) { // del obj.__dict__ leaves an empty one
        Dict *d = dict_new(vm);
        if (!d) return VALUE_ERROR;
        v = obj_value(d);
    }
    if (!is_dict(v)) return vm_raise(vm, ERR_TYPE, "__dict__ must be set to a dictionary, not a '%T'", v);
    return obj_set_dict(vm, self, as_dict(v)) ? VALUE_NONE : VALUE_ERROR;
}

static Value get_instance_weakref(VM *vm, Value self) { return (void)vm, (void)self, VALUE_NONE; }

const GetSetDef getset_instance_dict[] = {
    {"__dict__", get_instance_dict, set_instance_dict, "dictionary for instance variables (if defined)"}};
const GetSetDef getset_instance_weakref[] = {
    {"__weakref__", get_instance_weakref, NULL, "list of weak references to the object (if defined)"}};

/* ---- super ---- */

static Cell *as_cell(Value v) { return (Cell *)as_obj(v); }

static Super *as_super(Value v) { return (Super *)as_obj(v); }

/* The class whose MRO is searched: of the object, or the object itself if it is a class. UNSET with TypeError. */
static Value start_class(VM *vm, Type *type, Value obj)
{
    if (is_kind(obj, KIND_TYPE) && type_is_subtype(as_type(obj), type)) return obj;
    Type *t = type_of(vm, obj);
    if (type_is_subtype(t, type)) return obj_value(t);
    return vm_raise(vm, ERR_TYPE, "super(type, obj): obj must be an instance or subtype of type");
}

static Value unless_cell(Value v) { return is_kind(v, KIND_CELL) ? as_cell(v)->value : v; }

/* The captured cell of frame f named __class__: the compiler captures it for every method that says super. */
static Cell *class_cell(const Frame *f)
{
    const Code *c = frame_code(f);
    const CodeImage *image = c->image->image;
    const CodeLocal *locals = code_at(image, c->rec->locals);
    for (uint32_t i = 0; i < c->rec->nlocals; i++)
        if (locals[i].flags & LOCAL_FREE && locals[i].name.len == 9 &&
            memcmp(code_text(image, locals[i].name), "__class__", 9) == 0)
            return frame_function(f)->cells[locals[i].reg];
    return NULL;
}

/* super() in a method: its class and its first argument. */
static Value from_frame(VM *vm, Value *type, Value *obj)
{
    const Frame *f = vm->frame;
    if (!f || !frame_code(f)->nparams || frame_code(f)->rec->flags & CODE_NAMESPACE) return vm_raise(vm, ERR_RUNTIME, "super(): no arguments");
    *obj = unless_cell(f->regs[0]);
    if (is_unset(*obj)) return vm_raise(vm, ERR_RUNTIME, "super(): arg[0] deleted");
    const Cell *cell = class_cell(f);
    if (!cell) return vm_raise(vm, ERR_RUNTIME, "super(): __class__ cell not found");
    if (is_unset(cell->value)) return vm_raise(vm, ERR_RUNTIME, "super(): empty __class__ cell");
    *type = cell->value;
    return VALUE_NONE;
}

/* super(type, object-or-type) */
static Value nat_super(VM *vm, Args args)
{
    Value type = args.v[1], obj = args.v[2], self_type = VALUE_UNSET;
    if (is_unset(type) && is_error(from_frame(vm, &type, &obj))) return VALUE_ERROR;
    if (!is_kind(type, KIND_TYPE)) return vm_raise(vm, ERR_TYPE, "super() argument 1 must be a type, not %T", type);
    if (is_none(obj)) obj = VALUE_UNSET;
    if (!is_unset(obj)) self_type = start_class(vm, as_type(type), obj);
    if (is_error(self_type)) return self_type;
    Type *t = as_type(args.v[0]);
    Super *s = heap_alloc(vm, KIND_SUPER, t->root_shape->id, type_alloc_size(t, sizeof *s));
    if (!s) return VALUE_ERROR;
    s->type = type;
    s->self = obj;
    s->self_type = self_type;
    obj_attrs_init(vm, &s->h);
    return obj_value(s);
}

static Value super_repr(VM *vm, Value self)
{
    Super *s = as_super(self);
    if (is_unset(s->self)) return str_format(vm, "<super: <class '%Y'>, NULL>", as_type(s->type));
    return str_format(vm, "<super: <class '%Y'>, <%Y object>>", as_type(s->type), as_type(s->self_type));
}

static Value get_thisclass(VM *vm, Value self) { return (void)vm, as_super(self)->type; }
static Value get_super_self(VM *vm, Value self) { return (void)vm, none_if_unset(as_super(self)->self); }
static Value get_self_class(VM *vm, Value self) { return (void)vm, none_if_unset(as_super(self)->self_type); }

static const GetSetDef super_getsets[] = {
    {"__thisclass__", get_thisclass, getset_readonly, "the class behind which attributes are sought"},
    {"__self__", get_super_self, getset_readonly, "the object whose attributes they are, or None"},
    {"__self_class__", get_self_class, getset_readonly, "the class whose order of bases is followed, or None"},
    {0},
};

const TypeDef type_def_SUPER = {
    .slots = {.repr = super_repr},
    .getsets = super_getsets,
    .constructor = {"super(type=?, obj=?, /)", nat_super, NULL, 0},
    .doc = "Attributes as the classes behind one have them; without arguments, behind that of the method.",
};

/* ---- cells ---- */

static Value nat_cell(VM *vm, Args args)
{
    Cell *c = heap_new(vm, KIND_CELL, T_CELL, Cell);
    if (!c) return VALUE_ERROR;
    c->value = args.v[1];
    c->fallback = VALUE_UNSET;
    return obj_value(c);
}

static Value cell_repr(VM *vm, Value self)
{
    Value v = as_cell(self)->value;
    if (is_unset(v)) return str_format(vm, "<cell at %p: empty>", value_id(self));
    return str_format(vm, "<cell at %p: %T object at %p>", value_id(self), v, value_id(v));
}

static Value cell_compare(VM *vm, Value a, Value b, CompareOp op)
{
    if (!is_kind(b, KIND_CELL)) return VALUE_NOT_IMPLEMENTED;
    Value x = as_cell(a)->value, y = as_cell(b)->value;
    if (!is_unset(x) && !is_unset(y)) return obj_compare(vm, x, y, op);
    return obj_compare(vm, small(!is_unset(x)), small(!is_unset(y)), op); // an empty one comes first
}

static Value get_contents(VM *vm, Value self)
{
    Value v = as_cell(self)->value;
    return is_unset(v) ? vm_raise(vm, ERR_VALUE, "Cell is empty") : v;
}

static Value set_contents(VM *vm, Value self, Value v)
{
    gc_store(vm, as_obj(self), &as_cell(self)->value, v);
    return VALUE_NONE;
}

static const GetSetDef cell_getsets[] = {{"cell_contents", get_contents, set_contents, NULL}, {0}};

const TypeDef type_def_CELL = {
    .slots = {.repr = cell_repr, .compare = cell_compare},
    .getsets = cell_getsets,
    .constructor = {"cell(contents=?, /)", nat_cell, NULL, 0},
    .doc = "What functions share a variable by.",
    .flags = TYPE_FINAL | TYPE_UNHASHABLE,
};
