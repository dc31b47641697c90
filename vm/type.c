/* Type objects: the built-in ones at start-up, look-up along the MRO, versions.
 *
 * A built-in type starts with an empty dict: a method, getset or slot wrapper becomes an object when its name is first
 * looked up, so that starting costs a few objects per type and not thousands.
 */
#include "vm/type.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/str.h"
#include "vm/type_internal.h"

#include <stdlib.h>

enum { CACHE_SIZE = 1024 }; // a power of two

typedef struct CacheEntry {
    const Str *name; // interned, so it lives as long as the VM
    uint32_t version;
    Value value;
} CacheEntry;

/* vm->type_cache */
typedef struct TypeState {
    CacheEntry cache[CACHE_SIZE];
    struct MergedDef *merged;
} TypeState;

/* ---- slots of the base ---- */

typedef struct MergedDef {
    TypeDef def;
    struct MergedDef *next;
} MergedDef;

/* Slots by number: each is a pointer to a function of a type of its own. */
typedef void (*AnySlot)(void);
enum { SLOT_COUNT = sizeof(TypeSlots) / sizeof(AnySlot) };
typedef union SlotTable {
    TypeSlots slots;
    AnySlot at[SLOT_COUNT];
} SlotTable;

static Value unhashable(VM *vm, Value self) { return vm_raise(vm, ERR_TYPE, "unhashable type: '%T'", self); }

static bool lacks_slots(const TypeSlots *own, const TypeSlots *base)
{
    SlotTable o = {*own}, b = {*base};
    for (int i = 0; i < SLOT_COUNT; i++)
        if (!o.at[i] && b.at[i]) return true;
    return false;
}

static MergedDef *new_merged(VM *vm, const TypeDef *def)
{
    TypeState *state = vm->type_cache;
    MergedDef *m = heap_malloc(vm, sizeof *m);
    if (!m) return NULL;
    m->def = *def;
    m->next = state->merged;
    return state->merged = m;
}

/* def with the slots that it leaves out taken from base; NULL: out of memory. */
static const TypeDef *merge_slots(VM *vm, const TypeDef *def, const TypeDef *base)
{
    bool hashless = (def->flags & TYPE_UNHASHABLE) && !def->slots.hash;
    if (!hashless && !lacks_slots(&def->slots, &base->slots)) return def;
    MergedDef *m = new_merged(vm, def);
    if (!m) return NULL;
    SlotTable o = {def->slots}, b = {base->slots};
    if (hashless) o.slots.hash = unhashable;
    for (int i = 0; i < SLOT_COUNT; i++)
        if (!o.at[i]) o.at[i] = b.at[i];
    m->def.slots = o.slots;
    return &m->def;
}

/* A class with several built-in ancestors (class E(ValueError, KeyError)) takes each slot from the first in its MRO
 * that has one of its own. */
static const TypeDef *merge_along_mro(VM *vm, const Tuple *mro, const TypeDef *base)
{
    SlotTable o = {base->slots};
    for (size_t i = mro->size; i-- > 0;) {
        const Type *c = as_type(mro->items[i]);
        if (!c->table || !c->base) continue;
        SlotTable has = {c->def->slots}, inherits = {c->base->def->slots};
        for (int k = 0; k < SLOT_COUNT; k++)
            if (has.at[k] != inherits.at[k]) o.at[k] = has.at[k];
    }
    if (memcmp(&o.slots, &base->slots, sizeof o.slots) == 0) return base;
    MergedDef *m = new_merged(vm, base);
    if (m) m->def.slots = o.slots;
    return m ? &m->def : NULL;
}

/* ---- making types ---- */

Type *type_alloc(VM *vm, Str *name, Value module, Kind kind)
{
    Type *t = heap_new(vm, KIND_TYPE, T_TYPE, Type);
    if (!t) return NULL;
    t->name = name;
    t->qualname = obj_value(name);
    t->module = module;
    t->kind = (uint8_t)kind;
    t->attrs_doc = VALUE_UNSET;
    t->builtin = T_OBJECT;
    return t;
}

bool type_add_subclass(VM *vm, Type *base, Type *t)
{
    size_t n = type_subclass_count(base);
    for (size_t i = 0; i < n; i++)
        if (!*type_subclass_at(base, i)) return *type_subclass_at(base, i) = t, true;
    Value room = bytes_new(vm, NULL, (n ? n * 2 : 4) * sizeof(Type *));
    if (is_error(room)) return false;
    if (n) memcpy(as_bytes(room)->data, base->subclasses->data, n * sizeof(Type *));
    gc_store_ptr(vm, base, (void **)&base->subclasses, as_bytes(room));
    *type_subclass_at(base, n) = t;
    return true;
}

void types_forget_dead(VM *vm)
{
    for (uint32_t id = 0; id < vm->nshapes; id++) {
        const Shape *s = vm->shapes[id];
        if (!s || s->h.gc & GC_ZOMBIE || s->type->root_shape != s) continue; // once for each type
        // One that dies in a young collection is kept as old, but not the room for its subclasses.
        if (!gc_lives(vm, s->type)) s->type->subclasses = NULL;
        for (size_t i = 0; i < type_subclass_count(s->type); i++) {
            Type **sub = type_subclass_at(s->type, i);
            if (*sub && !gc_lives(vm, *sub)) *sub = NULL;
        }
    }
}

static bool needs_attrs_slot(const Type *t)
{
    if (t->kind == KIND_INSTANCE || t->kind == KIND_EXCEPTION) return false;
    bool of_module = t->builtin == T_OBJECT; // deque and the like, which have no row in types.def
    return t->flags & (TYPE_HEAP | TYPE_HAS_DICT) && (of_module || t->builtin >= T_INT);
}

bool type_inherit_slots(VM *vm, Type *t)
{
    const TypeDef *def = t->base->def;
    if (t->table) def = merge_slots(vm, t->table, def);
    else if (t->bases->size > 1) def = merge_along_mro(vm, t->mro, def);
    if (def) t->def = def;
    return def != NULL;
}

bool type_inherit(VM *vm, Type *t, Tuple *bases, Tuple *mro, Type *base)
{
    t->bases = bases;
    t->mro = mro;
    t->base = base;
    if (!type_inherit_slots(vm, t)) return false;
    if (t->builtin == T_OBJECT) t->builtin = base->builtin;
    t->flags |= base->flags & TYPE_INHERITED;
    if (t->table) t->flags |= t->table->flags;
    if (needs_attrs_slot(t)) t->flags |= TYPE_ATTRS;
    if (t->nmembers < base->nmembers) t->nmembers = base->nmembers;
    for (size_t i = 0; i < bases->size; i++)
        if (!type_add_subclass(vm, as_type(bases->items[i]), t)) return false;
    return true;
}

/* (t, then the MRO of its only base) */
static Tuple *linear_mro(VM *vm, Type *t, const Tuple *base_mro)
{
    size_t n = base_mro ? base_mro->size : 0;
    Value v = tuple_new(vm, NULL, n + 1);
    if (is_error(v)) return NULL;
    Tuple *mro = as_tuple(v);
    mro->items[0] = obj_value(t);
    if (n) memcpy(mro->items + 1, base_mro->items, n * sizeof(Value));
    return mro;
}

static bool inherit_one(VM *vm, Type *t, Type *base)
{
    Value b = obj_value(base);
    Value bases = tuple_new(vm, &b, 1);
    Tuple *mro = linear_mro(vm, t, base->mro);
    return !is_error(bases) && mro && type_inherit(vm, t, as_tuple(bases), mro, base);
}

/* The part of "collections.deque" before the last dot: its module. */
static Value module_of_name(VM *vm, const char *name)
{
    const char *dot = strrchr(name, '.');
    Str *s = dot ? str_intern(vm, name, (size_t)(dot - name)) : vm->common->builtins;
    return s ? obj_value(s) : VALUE_ERROR;
}

/* Messages name types with their module; asyncio's without it, as classes that CPython has in Python. */
static Type *alloc_named(VM *vm, const char *full, Value module, Kind kind)
{
    const char *dot = strrchr(full, '.');
    Str *last = vm_intern(vm, dot ? dot + 1 : full);
    bool whole = dot && strncmp(full, "asyncio.", 8) != 0;
    Str *name = whole ? vm_intern(vm, full) : last;
    if (!name || !last) return NULL;
    Type *t = type_alloc(vm, name, module, kind);
    if (t) t->qualname = obj_value(last);
    return t;
}

Type *type_from_def(VM *vm, const char *name, Type *base, const TypeDef *def, Kind kind, Value module)
{
    if (is_unset(module) || is_none(module)) module = module_of_name(vm, name);
    if (is_error(module)) return NULL;
    Type *t = alloc_named(vm, name, module, kind);
    if (!t) return NULL;
    if (!base) base = vm->types[T_OBJECT];
    t->table = def;
    if (!inherit_one(vm, t, base)) return NULL;
    t->root_shape = shape_new_root(vm, t);
    return t->root_shape ? t : NULL;
}

typedef struct TypeRow {
    const char *name;
    const TypeDef *def;
    uint8_t kind, base;
} TypeRow;

static const TypeRow type_rows[T_BUILTIN_COUNT] = {
#define TYPE(e, k, b, n) {n, &type_def_##e, KIND_##k, T_##b},
#include "vm/types.def"
#undef TYPE
};

static bool make_builtin(VM *vm, TypeId id)
{
    const TypeRow *row = &type_rows[id];
    Value module = module_of_name(vm, row->name);
    if (is_error(module)) return false;
    Type *t = alloc_named(vm, row->name, module, row->kind);
    if (!t) return false;
    vm->types[id] = t;
    t->builtin = id;
    t->table = row->def;
    t->root_shape = shape_new_root(vm, t);
    return t->root_shape != NULL;
}

static bool link_builtin(VM *vm, TypeId id)
{
    Type *t = vm->types[id];
    if (id != T_OBJECT) return inherit_one(vm, t, vm->types[type_rows[id].base]);
    t->def = t->table;
    t->flags = t->table->flags;
    t->bases = vm->empty_tuple;
    t->mro = linear_mro(vm, t, NULL);
    return t->mro != NULL;
}

bool types_init(VM *vm)
{
    vm->type_cache = heap_malloc(vm, sizeof(TypeState));
    if (!vm->type_cache) return false;
    memset(vm->type_cache, 0, sizeof(TypeState));
    if (!vm->empty_tuple) {
        Value empty = tuple_new(vm, NULL, 0);
        if (is_error(empty)) return false;
        vm->empty_tuple = as_tuple(empty);
    }
    for (int id = 0; id < T_BUILTIN_COUNT; id++) // in this order: shape ids are the T_ numbers
        if (!make_builtin(vm, (TypeId)id)) return false;
    for (int id = 0; id < T_BUILTIN_COUNT; id++)
        if (!link_builtin(vm, (TypeId)id)) return false;
    return true;
}

void types_free(VM *vm)
{
    TypeState *state = vm->type_cache;
    if (!state) return;
    free(vm->attr_answers);
    native_free(vm); // signatures point to their rows, some of which are in merged definitions
    for (MergedDef *m = state->merged, *next; m; m = next) {
        next = m->next;
        heap_free(vm, m, sizeof *m);
    }
    heap_free(vm, state, sizeof *state);
    vm->type_cache = NULL;
    heap_free(vm, vm->shapes, vm->shapes_capacity * sizeof *vm->shapes);
    vm->shapes = NULL;
    vm->nshapes = vm->shapes_capacity = 0;
}

/* ---- methods of built-in types, made when first asked for ---- */

static bool signature_names(const char *signature, const Str *name)
{
    return strncmp(signature, name->data, name->size) == 0 && signature[name->size] == '(';
}

static const NativeDef *find_method(const TypeDef *def, const Str *name)
{
    for (const NativeDef *m = def->methods; m && m->signature; m++)
        if (signature_names(m->signature, name)) return m;
    return NULL;
}

static const GetSetDef *find_getset(const TypeDef *def, const Str *name)
{
    for (const GetSetDef *g = def->getsets; g && g->name; g++)
        if (strlen(g->name) == name->size && memcmp(g->name, name->data, name->size) == 0) return g;
    return NULL;
}

static Value make_method(VM *vm, Type *t, const NativeDef *row)
{
    if (row->flags & NATIVE_STATIC) return native_new(vm, row, VALUE_UNSET, t, t->module);
    if (row->flags & NATIVE_CLASSMETHOD) {
        Value f = native_new(vm, row, VALUE_UNSET, NULL, t->module);
        return is_error(f) ? f : box_new(vm, T_CLASSMETHOD, f);
    }
    return native_new(vm, row, VALUE_UNSET, t, VALUE_NONE);
}

static Value doc_of(VM *vm, const Type *t)
{
    return t->table->doc ? str_from_c(vm, t->table->doc) : VALUE_NONE;
}

/* Attribute `name` of built-in type t as its tables give it; UNSET when they do not. */
static Value make_builtin_attr(VM *vm, Type *t, Str *name)
{
    const NativeDef *m = find_method(t->table, name);
    if (m) return make_method(vm, t, m);
    const GetSetDef *g = find_getset(t->table, name);
    if (g) return getset_new(vm, g, t);
    if (name->size < 4 || name->data[0] != '_' || name->data[1] != '_') return VALUE_UNSET;
    if (name == vm->common->doc) return doc_of(vm, t);
    if (name == vm->dunder_names[D_HASH] && (t->table->flags & TYPE_UNHASHABLE)) return VALUE_NONE;
    if (name == vm->dunder_names[D_NEW])
        return t->table->constructor.fn ? type_new_method(vm, t) : VALUE_UNSET;
    m = slot_wrapper(vm, t, name);
    return m ? make_method(vm, t, m) : VALUE_UNSET;
}

bool type_owes(VM *vm, Type *t, Str *name)
{
    for (size_t i = 0; i < t->mro->size; i++) {
        Type *base = as_type(t->mro->items[i]);
        if (base->dict && !is_unset(dict_get_str(vm, base->dict, name))) return false;
        if (!base->table) continue;
        if (find_method(base->table, name) || find_getset(base->table, name) || slot_wrapper(vm, base, name)) return true;
    }
    return false;
}

static bool put_in_dict(VM *vm, Type *t, Str *name, Value v)
{
    if (!t->dict) {
        Dict *d = dict_new(vm);
        if (!d) return false;
        gc_store_ptr(vm, t, (void **)&t->dict, d);
    }
    return dict_set_str(vm, t->dict, name, v);
}

Value type_own(VM *vm, Type *t, Str *name)
{
    Value v = t->dict ? dict_get_str(vm, t->dict, name) : VALUE_UNSET;
    if (!is_unset(v) || !t->table) return v;
    Value pending = vm->exc;
    v = make_builtin_attr(vm, t, name);
    if (!is_unset(v) && (is_error(v) || !put_in_dict(vm, t, name, v))) {
        vm->exc = pending; // a look-up never fails: attr_missing tells that there was no memory,
        type_modified(vm, t, name); // and no cache keeps that it was not there
        return VALUE_UNSET;
    }
    return v;
}

static bool fill_row(VM *vm, Type *t, const NativeDef *row)
{
    const char *end = strchr(row->signature, '(');
    Str *name = str_intern(vm, row->signature, (size_t)(end - row->signature));
    if (!name) return false;
    type_own(vm, t, name);
    return true;
}

static bool fill_dict(VM *vm, Type *t)
{
    for (const NativeDef *m = t->table->methods; m && m->signature; m++)
        if (!fill_row(vm, t, m)) return false;
    for (const GetSetDef *g = t->table->getsets; g && g->name; g++) {
        Str *name = str_intern(vm, g->name, strlen(g->name));
        if (!name) return false;
        type_own(vm, t, name);
    }
    if (!slot_wrappers_each(vm, t, fill_row)) return false;
    type_own(vm, t, vm->dunder_names[D_HASH]);
    type_own(vm, t, vm->dunder_names[D_NEW]);
    type_own(vm, t, vm->common->doc);
    return true;
}

Dict *type_dict(VM *vm, Type *t)
{
    if (t->table && !fill_dict(vm, t)) return NULL;
    if (!t->dict) {
        Dict *d = dict_new(vm);
        if (!d) return NULL;
        gc_store_ptr(vm, t, (void **)&t->dict, d);
    }
    return t->dict;
}

/* ---- look-up ---- */

uint32_t type_version(VM *vm, Type *t)
{
    if (t->version) return t->version;
    // A type with a version has bases with versions: that lets type_modified stop at a type without one.
    for (size_t i = t->mro->size; i-- > 0;) {
        Type *base = as_type(t->mro->items[i]);
        if (base->version) continue;
        if (vm->type_version == UINT32_MAX) return 0;
        base->version = ++vm->type_version;
    }
    return t->version;
}

static Value lookup_in(VM *vm, const Tuple *mro, size_t from, Str *name)
{
    for (size_t i = from; i < mro->size; i++) {
        Value v = type_own(vm, as_type(mro->items[i]), name);
        if (!is_unset(v)) return v;
    }
    return VALUE_UNSET;
}

Value type_lookup(VM *vm, Type *t, Str *name)
{
    name = interned(vm, name);
    if (!name) return vm->exc = VALUE_UNSET, VALUE_UNSET;
    uint32_t version = type_version(vm, t);
    uint32_t i = (version * 31 + (uint32_t)((uintptr_t)name >> 4)) & (CACHE_SIZE - 1);
    CacheEntry *e = &((TypeState *)vm->type_cache)->cache[i];
    if (version && e->version == version && e->name == name) return e->value;
    Value v = lookup_in(vm, t->mro, 0, name);
    if (version) *e = (CacheEntry){name, version, v};
    return v;
}

Value type_lookup_dunder(VM *vm, Type *t, Dunder d) { return type_lookup(vm, t, vm->dunder_names[d]); }

Value type_lookup_after(VM *vm, Type *t, Type *start, Str *name)
{
    name = interned(vm, name);
    if (!name) return vm->exc = VALUE_UNSET, VALUE_UNSET;
    for (size_t i = 0; i < t->mro->size; i++)
        if (t->mro->items[i] == obj_value(start)) return lookup_in(vm, t->mro, i + 1, name);
    return VALUE_UNSET;
}

bool type_is_subtype(Type *a, Type *b)
{
    if (a == b || !b->base) return true;
    for (size_t i = 1; i < a->mro->size; i++)
        if (a->mro->items[i] == obj_value(b)) return true;
    return false;
}

/* ---- change ---- */

/* The dunder that `name` is, or -1. */
static int dunder_of(VM *vm, const Str *name)
{
    if (name->size < 6 || name->data[0] != '_' || name->data[1] != '_') return -1;
    for (int d = 0; d < D_COUNT; d++)
        if (vm->dunder_names[d] == name) return d;
    return -1;
}

/* Does a built-in class before index `end` of the MRO answer for this name? */
static bool builtin_answers(VM *vm, const Type *t, size_t end, Str *name)
{
    for (size_t i = 0; i < end; i++) {
        Type *c = as_type(t->mro->items[i]);
        if (!(c->flags & TYPE_HEAP) && !is_unset(type_own(vm, c, name))) return true;
    }
    return false;
}

void type_find_dunders(VM *vm, Type *t)
{
    t->defined[0] = t->defined[1] = 0;
    for (size_t i = 0; i < t->mro->size; i++) {
        Type *c = as_type(t->mro->items[i]);
        if (!(c->flags & TYPE_HEAP)) continue;
        size_t pos = 0;
        Value key, value;
        while (dict_next(c->dict, &pos, &key, &value)) {
            int d = is_str(key) ? dunder_of(vm, as_str(key)) : -1;
            if (d >= 0 && !builtin_answers(vm, t, i, as_str(key))) t->defined[d >> 6] |= 1ULL << (d & 63);
        }
    }
}

void type_modified(VM *vm, Type *t, Str *name)
{
    bool dunders = (t->flags & TYPE_HEAP) && (!name || dunder_of(vm, name) >= 0);
    if (!t->version && !dunders) return; // nobody has cached anything, here or below
    t->version = 0;
    if (dunders) type_find_dunders(vm, t);
    for (size_t i = 0; i < type_subclass_count(t); i++)
        if (*type_subclass_at(t, i)) type_modified(vm, *type_subclass_at(t, i), name);
}

/* Would inline caches that test only the shape answer wrongly once t's `name` changes? They hold functions and
 * descriptors found in classes, and own slots, which only a data descriptor or a hook comes before. */
static bool holds_cached(VM *vm, Type *t, Str *name)
{
    if (attr_is_descriptor(vm, type_lookup(vm, t, name))) return true;
    for (size_t i = 0; i < type_subclass_count(t); i++)
        if (*type_subclass_at(t, i) && holds_cached(vm, *type_subclass_at(t, i), name)) return true;
    return false;
}

static bool is_cached(const Type *t)
{
    if (t->flags & TYPE_CACHED) return true;
    for (size_t i = 0; i < type_subclass_count(t); i++)
        if (*type_subclass_at(t, i) && is_cached(*type_subclass_at(t, i))) return true;
    return false;
}

static bool breaks_caches(VM *vm, Type *t, Str *name, Value v)
{
    if (!is_cached(t)) return false;
    switch (dunder_of(vm, name)) {
    case D_GETATTR: case D_GETATTRIBUTE: case D_SETATTR: case D_DELATTR:
    case D_GET: case D_SET: case D_DELETE:
        return true;
    }
    if (!is_unset(v) && attr_is_data_descriptor(vm, v)) return true;
    return holds_cached(vm, t, name);
}

static void note_abstract(Type *t, Value names)
{
    if (is_set(names) && as_set(names)->live) t->flags |= TYPE_ABSTRACT;
    else t->flags &= ~(uint32_t)TYPE_ABSTRACT;
}

bool type_set_attr(VM *vm, Type *t, Str *name, Value v)
{
    if (!(t->flags & TYPE_HEAP)) {
        vm_raise(vm, ERR_TYPE, "cannot set '%N' attribute of immutable type '%Y'", name, t);
        return false;
    }
    name = interned(vm, name);
    if (!name) return false;
    bool flush = breaks_caches(vm, t, name, v);
    if (is_unset(v)) {
        if (is_unset(dict_get_str(vm, t->dict, name))) {
            Value text = str_format(vm, "type object '%Y' has no attribute '%N'", t, name); // a base may have it
            exception_raise_attribute(vm, text, obj_value(t), name);
            return false;
        }
        dict_delete_str(vm, t->dict, name);
    } else if (!dict_set_str(vm, t->dict, name, v)) {
        return false;
    }
    if (name == vm->common->abstractmethods) note_abstract(t, v);
    type_modified(vm, t, name);
    bool uncovers = is_unset(v) && is_cached(t) && holds_cached(vm, t, name); // in a base, what is deleted had covered it
    if (flush || uncovers) code_flush_caches(vm);
    return true;
}

/* ---- names ---- */

const char *type_name(VM *vm, Value v)
{
    return type_of(vm, v)->name->data; // interned: never shares a buffer
}

Value type_full_name(VM *vm, Type *t)
{
    if (!is_str(t->module) || as_str(t->module) == vm->common->builtins) return t->qualname;
    return str_format(vm, "%V.%V", t->module, t->qualname);
}
