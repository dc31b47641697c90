/* Hidden classes, and the attributes of instances that follow them. */
#include "vm/code_object.h"
#include "vm/dict.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/str.h"
#include "vm/type.h"
#include "vm/type_internal.h"

enum {
    MAX_OWN = 64,         // attributes of an instance; more go into a Dict
    MAX_TRANSITIONS = 64, // of one shape: objects used as dictionaries do not fill the table of shapes
    MAX_IN_OBJECT = 32,
    TABLE_FROM = 8,       // shapes with more names than this are searched through a table
};

/* ---- shapes ---- */

static bool shapes_grow(VM *vm)
{
    size_t old = vm->shapes_capacity, new = old ? old * 2 : 256;
    Shape **p = heap_realloc(vm, vm->shapes, old * sizeof *p, new * sizeof *p);
    if (!p) return false;
    memset(p + old, 0, (new - old) * sizeof *p);
    vm->shapes = p;
    vm->shapes_capacity = (uint32_t)new;
    return true;
}

static Shape *shape_new(VM *vm, Type *t)
{
    if (vm->nshapes == vm->shapes_capacity && !shapes_grow(vm)) return NULL;
    Shape *s = heap_new(vm, KIND_SHAPE, T_OBJECT, Shape);
    if (!s) return NULL;
    s->id = vm->nshapes++;
    s->type = t;
    vm->shapes[s->id] = s;
    return s;
}

Shape *shape_new_root(VM *vm, Type *t)
{
    Shape *s = shape_new(vm, t);
    if (s) s->nslots = t->nmembers;
    return s;
}

/* Of instances that keep their attributes in a dict. */
static Shape *shape_dict(VM *vm, Type *t)
{
    if (t->dict_shape) return t->dict_shape;
    Shape *s = shape_new_root(vm, t);
    if (!s) return NULL;
    s->dict_mode = true;
    gc_store_ptr(vm, t, (void **)&t->dict_shape, s);
    return s;
}

Shape *shape_of(VM *vm, Obj *o) { return vm->shapes[o->shape]; }

/* Without memory for one the chain is searched: looking up never fails. */
static bool build_table(VM *vm, Shape *s)
{
    Value pending = vm->exc;
    Dict *d = dict_new(vm);
    bool ok = d != NULL;
    for (Shape *p = s; ok && p->parent; p = p->parent) ok = dict_set_str(vm, d, p->name, small(p->nslots - 1));
    if (ok) gc_store_ptr(vm, s, (void **)&s->table, d);
    else vm->exc = pending;
    return ok;
}

int shape_find(VM *vm, Shape *s, Str *name)
{
    if (s->nslots > TABLE_FROM + (uint32_t)s->type->nmembers && (s->table || build_table(vm, s))) {
        Value slot = dict_get_str(vm, s->table, name);
        return is_unset(slot) ? -1 : (int)as_small(slot);
    }
    for (; s->parent; s = s->parent)
        if (s->name == name) return (int)s->nslots - 1;
    return -1;
}

Shape *shape_extend(VM *vm, Shape *s, Str *name)
{
    if (s->transitions) {
        Value next = dict_get_str(vm, s->transitions, name);
        if (!is_unset(next)) return (Shape *)as_obj(next);
        if (dict_len(s->transitions) >= MAX_TRANSITIONS) return NULL;
    }
    if (s->nslots - s->type->nmembers >= MAX_OWN) return NULL;
    if (!s->transitions) {
        Dict *d = dict_new(vm);
        if (!d) return NULL;
        gc_store_ptr(vm, s, (void **)&s->transitions, d);
    }
    Shape *next = shape_new(vm, s->type);
    if (!next) return NULL;
    next->parent = s;
    next->name = name;
    next->nslots = s->nslots + 1;
    return dict_set_str(vm, s->transitions, name, obj_value(next)) ? next : NULL;
}

/* ---- how many slots an instance gets ---- */

typedef struct SelfNames {
    int n;
    const char *text[MAX_IN_OBJECT];
    uint32_t len[MAX_IN_OBJECT];
} SelfNames;

static void add_self_name(SelfNames *names, const char *text, uint32_t len)
{
    for (int i = 0; i < names->n; i++)
        if (names->len[i] == len && memcmp(names->text[i], text, len) == 0) return;
    if (names->n == MAX_IN_OBJECT) return;
    names->text[names->n] = text;
    names->len[names->n++] = len;
}

/* What the methods of a class assign to attributes of their first parameter. */
static void collect_self_names(Dict *ns, SelfNames *names)
{
    Value key, v;
    for (size_t pos = 0; dict_next(ns, &pos, &key, &v);) {
        if (!is_kind(v, KIND_FUNCTION)) continue;
        const Code *c = ((Function *)as_obj(v))->code;
        const CodeImage *image = c->image->image;
        const Insn *insns = code_at(image, c->rec->insns);
        const CodeConst *consts = code_at(image, c->rec->consts);
        for (uint32_t at = 0; at < c->ninsns; at++) {
            if (insns[at].op != OP_SETATTR || insns[at].a != 0) continue;
            const CodeConst *name = &consts[insns[at].b];
            add_self_name(names, code_text(image, (CodeText){name->offset, name->len}), name->len);
        }
    }
}

uint16_t shape_guess_slots(const Type *t)
{
    SelfNames names = {0};
    if (!(t->flags & TYPE_HAS_DICT)) return t->nmembers;
    if (t->base->flags & TYPE_HEAP) collect_self_names(t->base->dict, &names);
    int inherited = names.n;
    collect_self_names(t->dict, &names);
    int known = t->base->slot_hint > t->nmembers ? t->base->slot_hint : t->nmembers;
    int guess = known + names.n - inherited;
    return (uint16_t)(guess > MAX_IN_OBJECT ? known : guess);
}

/* ---- instances ---- */

Value instance_new(VM *vm, Type *t)
{
    size_t n = t->slot_hint;
    Instance *o = heap_alloc_raw(vm, KIND_INSTANCE, t->root_shape->id, sizeof(Instance) + n * sizeof(Value));
    if (!o) return VALUE_ERROR;
    o->h.aux = (uint16_t)n;
    o->overflow = VALUE_UNSET;
    for (size_t i = 0; i < n; i++) o->slots[i] = VALUE_UNSET;
    return obj_value(o);
}

/* Room for slot i, which is the next one after those in use. */
static bool reserve_slot(VM *vm, Instance *o, Type *t, uint32_t i)
{
    if (i < o->h.aux) return true;
    // The next instances shall have it inside.
    if (t->slot_hint <= i && i < MAX_IN_OBJECT) t->slot_hint = (uint16_t)(i + 1);
    Array *old = is_unset(o->overflow) ? NULL : (Array *)as_obj(o->overflow);
    size_t used = i - o->h.aux;
    if (old && used < old->size) return true;
    size_t room = used < 4 ? 4 : used * 2;
    Array *a = heap_alloc(vm, KIND_ARRAY, T_OBJECT, sizeof(Array) + room * sizeof(Value));
    if (!a) return false;
    a->size = room;
    for (size_t k = 0; k < room; k++) a->items[k] = old && k < used ? old->items[k] : VALUE_UNSET;
    gc_store(vm, o, &o->overflow, obj_value(a));
    return true;
}

/* The object whose memory slot i lies in: the write barrier wants to know. */
static void store_slot(VM *vm, Instance *o, uint32_t i, Value v)
{
    void *owner = i < o->h.aux ? (void *)o : (void *)as_obj(o->overflow);
    gc_store(vm, owner, instance_slot_at(o, i), v);
}

bool instance_add(VM *vm, Instance *o, Shape *s, Value v)
{
    uint32_t i = s->nslots - 1;
    if (!reserve_slot(vm, o, s->type, i)) return false;
    store_slot(vm, o, i, v);
    o->h.shape = s->id;
    return true;
}

static bool copy_attributes(VM *vm, const Instance *o, const Shape *s, Dict *d)
{
    if (!s->parent) return true;
    return copy_attributes(vm, o, s->parent, d) && dict_set_str(vm, d, s->name, instance_slot(o, s->nslots - 1));
}

/* Move the attributes into a Dict; the slots of __slots__ members stay. */
static Dict *to_dict_mode(VM *vm, Instance *o)
{
    Shape *s = shape_of(vm, &o->h), *dict_shape = shape_dict(vm, s->type);
    if (s->dict_mode) return as_dict(o->overflow);
    Dict *d = dict_shape ? dict_new(vm) : NULL;
    if (!d || !copy_attributes(vm, o, s, d)) return NULL;
    for (uint32_t i = s->type->nmembers; i < o->h.aux; i++) store_slot(vm, o, i, VALUE_UNSET);
    gc_store(vm, o, &o->overflow, obj_value(d));
    o->h.shape = dict_shape->id;
    return d;
}

Value instance_get(VM *vm, Instance *o, Str *name)
{
    Shape *s = shape_of(vm, &o->h);
    if (s->dict_mode) return dict_get_str(vm, as_dict(o->overflow), name);
    int i = shape_find(vm, s, name);
    return i < 0 ? VALUE_UNSET : instance_slot(o, (uint32_t)i);
}

bool instance_set(VM *vm, Instance *o, Str *name, Value v)
{
    Shape *s = shape_of(vm, &o->h);
    if (s->dict_mode) return dict_set_str(vm, as_dict(o->overflow), name, v);
    int i = shape_find(vm, s, name);
    if (i >= 0) return store_slot(vm, o, (uint32_t)i, v), true;
    Shape *next = shape_extend(vm, s, name);
    if (next) return instance_add(vm, o, next, v);
    if (!is_unset(vm->exc)) return false;
    Dict *d = to_dict_mode(vm, o);
    return d && dict_set_str(vm, d, name, v);
}

bool instance_delete(VM *vm, Instance *o, Str *name)
{
    Shape *s = shape_of(vm, &o->h);
    if (s->dict_mode) return dict_delete_str(vm, as_dict(o->overflow), name);
    if (shape_find(vm, s, name) < 0) return false;
    if (s->name == name) { // the newest one: step back
        store_slot(vm, o, s->nslots - 1, VALUE_UNSET);
        o->h.shape = s->parent->id;
        return true;
    }
    Dict *d = to_dict_mode(vm, o);
    return d && dict_delete_str(vm, d, name);
}

/* ---- attributes of other objects ---- */

static size_t layout_size(const Obj *o)
{
    switch (o->kind) {
    case KIND_TUPLE: return sizeof(Tuple) + ((const Tuple *)o)->size * sizeof(Value);
    case KIND_STR: return (size_t)(((const Str *)o)->data - (const char *)o) + ((const Str *)o)->size + 1;
    case KIND_BYTES: return offsetof(Bytes, data) + ((const Bytes *)o)->size + 1;
    case KIND_BIGINT: return sizeof(BigInt) + (size_t)((const BigInt *)o)->used * sizeof(uint64_t);
    case KIND_FLOAT: return sizeof(FloatObj);
    case KIND_BYTEARRAY: return sizeof(ByteArray);
    case KIND_LIST: return sizeof(List);
    case KIND_DICT: return sizeof(Dict);
    case KIND_SET: return sizeof(Set);
    case KIND_ITER: return sizeof(Iter);
    case KIND_BOX: return sizeof(Box);
    case KIND_PAIR:
    case KIND_FIELD: return sizeof(Pair);
    case KIND_SUPER: return sizeof(Super);
    case KIND_PROPERTY: return sizeof(Property);
    case KIND_MODULE: return sizeof(Module);
    case KIND_NATIVE_DATA: return sizeof(NativeData);
    default: return 0;
    }
}

Value *obj_attrs_slow(VM *vm, Obj *o)
{
    if (o->kind == KIND_EXCEPTION) return &((Exception *)o)->attrs;
    if (!(vm->shapes[o->shape]->type->flags & TYPE_ATTRS)) return NULL;
    size_t size = layout_size(o);
    return size ? (Value *)(void *)((char *)o + ((size + 7) & ~(size_t)7)) : NULL;
}

bool type_can_be_extended(const Type *t)
{
    Obj probe = {.kind = t->kind};
    if (t->flags & TYPE_FINAL) return false;
    switch (t->kind) {
    case KIND_INSTANCE: case KIND_EXCEPTION: case KIND_STR: case KIND_TUPLE: case KIND_BYTES: case KIND_BIGINT: return true;
    default: return layout_size(&probe) != 0;
    }
}

static Dict *function_dict(VM *vm, Function *f)
{
    Value v = function_attr(vm, f, vm->common->dict_);
    return is_dict(v) ? as_dict(v) : NULL;
}

Dict *own_dict(VM *vm, Value v)
{
    Obj *o = as_obj(v);
    switch (o->kind) {
    case KIND_INSTANCE: return shape_of(vm, o)->dict_mode ? as_dict(((Instance *)o)->overflow) : NULL;
    case KIND_FUNCTION: return function_dict(vm, (Function *)o);
    case KIND_MODULE: return ((Module *)o)->dict;
    }
    Value *slot = obj_attrs_slot(vm, o);
    return slot && is_dict(*slot) ? as_dict(*slot) : NULL;
}

Dict *own_dict_make(VM *vm, Value v)
{
    Obj *o = as_obj(v);
    Dict *d = own_dict(vm, v);
    if (d) return d;
    if (o->kind == KIND_INSTANCE)
        return shape_of(vm, o)->type->flags & TYPE_HAS_DICT ? to_dict_mode(vm, (Instance *)o) : NULL;
    Value *slot = o->kind == KIND_FUNCTION ? NULL : obj_attrs_slot(vm, o);
    if (!slot && o->kind != KIND_FUNCTION) return NULL;
    d = dict_new(vm);
    if (!d) return NULL;
    if (!slot) return function_set_attr(vm, (Function *)o, vm->common->dict_, obj_value(d)) ? d : NULL;
    Shape *s = shape_dict(vm, shape_of(vm, o)->type);
    if (!s) return NULL;
    gc_store(vm, o, slot, obj_value(d));
    o->shape = s->id; // shape caches of the root shape rely on there being no own attributes
    return d;
}

Value obj_dict(VM *vm, Value v)
{
    if (!is_ptr(v)) return VALUE_UNSET;
    if (is_type(v)) {
        Dict *d = type_dict(vm, as_type(v));
        return d ? mapping_proxy_new(vm, obj_value(d)) : VALUE_ERROR;
    }
    Type *t = type_of(vm, v);
    if (!(t->flags & TYPE_HAS_DICT) && !is_kind(v, KIND_FUNCTION) && !is_kind(v, KIND_MODULE)) return VALUE_UNSET;
    Dict *d = own_dict_make(vm, v);
    if (d) return obj_value(d);
    return is_unset(vm->exc) ? VALUE_UNSET : VALUE_ERROR;
}

Value obj_dict_copy(VM *vm, Value v)
{
    if (!is_ptr(v)) return VALUE_UNSET;
    if (is_kind(v, KIND_INSTANCE) && !shape_of(vm, as_obj(v))->dict_mode) {
        if (!(type_of(vm, v)->flags & TYPE_HAS_DICT)) return VALUE_UNSET;
        Dict *copy = dict_new(vm);
        if (!copy || !copy_attributes(vm, (Instance *)as_obj(v), shape_of(vm, as_obj(v)), copy)) return VALUE_ERROR;
        return obj_value(copy);
    }
    Value d = obj_dict(vm, v);
    return is_dict(d) ? dict_copy(vm, as_dict(d)) : d;
}

/* ---- another class, another dict ---- */

/* The shape under `root` with the same names as s; NULL: too many or out of memory. */
static Shape *replant(VM *vm, Shape *s, Shape *root)
{
    if (!s->parent) return root;
    Shape *below = replant(vm, s->parent, root);
    return below ? shape_extend(vm, below, s->name) : NULL;
}

bool obj_set_class(VM *vm, Obj *o, Type *t)
{
    Shape *s = shape_of(vm, o);
    Shape *new = s->dict_mode ? shape_dict(vm, t) : replant(vm, s, t->root_shape);
    if (!new && is_unset(vm->exc) && o->kind == KIND_INSTANCE && to_dict_mode(vm, (Instance *)o)) new = shape_dict(vm, t);
    if (!new) return false;
    o->shape = new->id;
    return true;
}

bool obj_set_dict(VM *vm, Value v, Dict *d)
{
    if (!own_dict_make(vm, v)) return false; // makes it an object with attributes in a Dict
    if (is_kind(v, KIND_FUNCTION)) return function_set_attr(vm, (Function *)as_obj(v), vm->common->dict_, obj_value(d));
    Value *slot = is_kind(v, KIND_INSTANCE) ? &((Instance *)as_obj(v))->overflow : obj_attrs_slot(vm, as_obj(v));
    if (slot) gc_store(vm, as_obj(v), slot, obj_value(d));
    return slot != NULL;
}
