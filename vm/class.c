/* Classes made by scripts: bases, C3, layout, __slots__ and the hooks that hear of a new class. */
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/frame.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type_internal.h"

/* ---- bases ---- */

static Value metaclass_conflict(VM *vm)
{
    return vm_raise(vm, ERR_TYPE, "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of "
                                  "the metaclasses of all its bases");
}

bool type_check_bases(VM *vm, const Tuple *bases)
{
    for (size_t i = 0; i < bases->size; i++) {
        Value b = bases->items[i];
        if (is_type(b)) continue;
        Value entries = is_exact(b, T_GENERIC_ALIAS) ? b : obj_getattr_opt(vm, b, vm->common->mro_entries);
        if (is_unset(entries)) metaclass_conflict(vm);
        else if (!is_error(entries))
            vm_raise(vm, ERR_TYPE, "type() doesn't support MRO entry resolution; use types.new_class()");
        return false;
    }
    return true;
}

/* For a single base that is no class CPython calls its type as if it were a metaclass: that fails in its own words. */
static Value bad_base(VM *vm, Value v, Str *name, Tuple *bases, Dict *ns)
{
    if (bases->size > 1) return metaclass_conflict(vm);
    if (is_kind(v, KIND_FUNCTION)) return vm_raise(vm, ERR_TYPE, "function() argument 'code' must be code, not str");
    Value args[] = {obj_value(name), obj_value(bases), obj_value(ns)};
    Value made = type_instantiate(vm, type_of(vm, v), args, 3, VALUE_UNSET);
    return is_error(made) ? made : vm_raise(vm, ERR_TYPE, "bases must be types");
}

/* The bases with list[int] replaced by list; *orig says whether any was. */
static Value resolve_bases(VM *vm, Str *name, Tuple *bases, Dict *ns, bool *orig)
{
    *orig = false;
    Value object = obj_value(vm->types[T_OBJECT]);
    Value v = bases->size ? tuple_new(vm, bases->items, bases->size) : tuple_new(vm, &object, 1);
    if (is_error(v)) return v;
    for (size_t i = 0; i < as_tuple(v)->size; i++) {
        Value *b = &as_tuple(v)->items[i];
        if (is_exact(*b, T_GENERIC_ALIAS)) {
            *b = ((Pair *)as_obj(*b))->a;
            *orig = true;
        }
        if (!is_kind(*b, KIND_TYPE)) return bad_base(vm, *b, name, bases, ns);
        for (size_t k = 0; k < i; k++)
            if (as_tuple(v)->items[k] == *b) return vm_raise(vm, ERR_TYPE, "duplicate base class %Y", as_type(*b));
        if (*b == obj_value(vm->types[T_TYPE]))
            return vm_raise(vm, ERR_TYPE, "metaclasses other than type are not supported");
        if (!type_can_be_extended(as_type(*b)))
            return vm_raise(vm, ERR_TYPE, "type '%Y' is not an acceptable base type", as_type(*b));
    }
    return v;
}

/* Does t add something to its base's layout? Exceptions with fields all use the same words of Exception. */
static bool adds_layout(const Type *t)
{
    if (!t->base || t->base->kind != t->kind || t->base->nmembers != t->nmembers) return true;
    return t->kind == KIND_EXCEPTION && t->table && t->table->getsets;
}

static Type *solid_base(Type *t)
{
    while (!adds_layout(t)) t = t->base;
    return t;
}

/* The base whose layout the new class extends; NULL with TypeError when two do not go together. */
static Type *best_base(VM *vm, const Tuple *bases)
{
    Type *best = NULL, *winner = NULL;
    for (size_t i = 0; i < bases->size; i++) {
        Type *b = as_type(bases->items[i]), *solid = solid_base(b);
        if (!winner || (solid != winner && type_is_subtype(solid, winner))) {
            winner = solid;
            best = b;
        } else if (!type_is_subtype(winner, solid)) {
            vm_raise(vm, ERR_TYPE, "multiple bases have instance lay-out conflict");
            return NULL;
        }
    }
    return best;
}

/* ---- C3 ---- */

typedef struct Merge { // the sequences being merged: the bases' MROs, then the list of bases
    Tuple **lists;
    size_t *at;
    size_t n;
} Merge;

static bool in_a_tail(const Merge *m, Value c)
{
    for (size_t i = 0; i < m->n; i++)
        for (size_t k = m->at[i] + 1; k < m->lists[i]->size; k++)
            if (m->lists[i]->items[k] == c) return true;
    return false;
}

/* The first head that is in no tail; UNSET: all done; ERROR: none is good. */
static Value next_class(const Merge *m)
{
    bool done = true;
    for (size_t i = 0; i < m->n; i++) {
        if (m->at[i] == m->lists[i]->size) continue;
        done = false;
        Value head = m->lists[i]->items[m->at[i]];
        if (!in_a_tail(m, head)) return head;
    }
    return done ? VALUE_UNSET : VALUE_ERROR;
}

static Value inconsistent(VM *vm, const Merge *m)
{
    StrBuilder b;
    sb_init(&b, vm);
    sb_add_c(&b, "Cannot create a consistent method resolution\norder (MRO) for bases");
    Dict *seen = dict_new(vm); // CPython lists each remaining head once
    for (size_t i = 0; seen && i < m->n; i++) {
        if (m->at[i] == m->lists[i]->size) continue;
        Type *t = as_type(m->lists[i]->items[m->at[i]]);
        if (!is_unset(dict_get_str(vm, seen, t->name))) continue;
        sb_addf(&b, "%s %Y", dict_len(seen) ? "," : "", t);
        dict_set_str(vm, seen, t->name, VALUE_NONE);
    }
    Value text = sb_finish(&b);
    return is_error(text) ? text : vm_raise(vm, ERR_TYPE, "%V", text);
}

static Value merge(VM *vm, Merge *m, Value first)
{
    Value list = list_new(vm, &first, 1);
    while (!is_error(list)) {
        Value c = next_class(m);
        if (is_error(c)) return inconsistent(vm, m);
        if (is_unset(c)) break;
        if (!list_append(vm, as_list(list), c)) return VALUE_ERROR;
        for (size_t i = 0; i < m->n; i++)
            if (m->at[i] < m->lists[i]->size && m->lists[i]->items[m->at[i]] == c) m->at[i]++;
    }
    return is_error(list) ? list : tuple_new(vm, as_list(list)->items, as_list(list)->size);
}

static Value c3(VM *vm, Type *t, Tuple *bases)
{
    size_t n = bases->size + 1;
    size_t bytes = size_mul(n, sizeof(Tuple *) + sizeof(size_t));
    Merge m = {heap_malloc(vm, bytes), NULL, n};
    if (!m.lists) return VALUE_ERROR;
    m.at = (size_t *)(void *)(m.lists + n);
    for (size_t i = 0; i < n; i++) {
        m.lists[i] = i < bases->size ? as_type(bases->items[i])->mro : bases;
        m.at[i] = 0;
    }
    Value mro = merge(vm, &m, obj_value(t));
    heap_free(vm, m.lists, bytes);
    return mro;
}

/* ---- other bases ---- */

/* No base in `bases` knows t as its subclass any more. */
static void forget_subclass(const Tuple *bases, const Type *t)
{
    for (size_t i = 0; i < bases->size; i++) {
        Type *base = as_type(bases->items[i]);
        for (size_t k = 0; k < type_subclass_count(base); k++)
            if (*type_subclass_at(base, k) == t) *type_subclass_at(base, k) = NULL;
    }
}

static bool check_new_bases(VM *vm, Type *t, const Tuple *bases)
{
    if (bases->size == 0) return vm_raise(vm, ERR_TYPE, "can only assign non-empty tuple to %Y.__bases__, not ()", t), false;
    for (size_t i = 0; i < bases->size; i++) {
        Value b = bases->items[i];
        if (!is_kind(b, KIND_TYPE))
            return vm_raise(vm, ERR_TYPE, "%Y.__bases__ must be tuple of classes, not '%T'", t, b), false;
        if (type_is_subtype(as_type(b), t))
            return vm_raise(vm, ERR_TYPE, "a __bases__ item causes an inheritance cycle"), false;
    }
    return true;
}

/* The base that gives t's instances their layout, which must stay what it is; NULL with TypeError. */
static Type *replacing_base(VM *vm, const Type *t, const Tuple *bases)
{
    Type *new = best_base(vm, bases), *old = t->base;
    if (!new) return NULL;
    if ((new->flags ^ old->flags) & TYPE_HEAP)
        return vm_raise(vm, ERR_TYPE, "__bases__ assignment: '%Y' deallocator differs from '%Y'", new, old), NULL;
    if (solid_base(new) == solid_base(old) && type_same_layout(new, old)) return new;
    return vm_raise(vm, ERR_TYPE, "__bases__ assignment: '%Y' object layout differs from '%Y'", new, old), NULL;
}

/* New MROs for t and its subclasses; `was` remembers (class, old MRO). */
static bool linearise(VM *vm, Type *t, List *was)
{
    Value mro = c3(vm, t, t->bases), before = is_error(mro) ? mro : tuple_pack(vm, 2, obj_value(t), obj_value(t->mro));
    if (is_error(before) || !list_append(vm, was, before)) return false;
    gc_store_ptr(vm, t, (void **)&t->mro, as_tuple(mro));
    if (!type_inherit_slots(vm, t)) return false;
    for (size_t i = 0; i < type_subclass_count(t); i++)
        if (*type_subclass_at(t, i) && !linearise(vm, *type_subclass_at(t, i), was)) return false;
    return true;
}

static void restore_mros(VM *vm, const List *was)
{
    for (size_t i = was->size; i-- > 0;) {
        const Tuple *before = as_tuple(was->items[i]);
        Type *t = as_type(before->items[0]);
        gc_store_ptr(vm, t, (void **)&t->mro, as_tuple(before->items[1]));
        type_inherit_slots(vm, t);
    }
}

static void become_child(VM *vm, Type *t, Tuple *bases, Type *base)
{
    gc_store_ptr(vm, t, (void **)&t->bases, bases);
    gc_store_ptr(vm, t, (void **)&t->base, base);
}

bool type_set_bases(VM *vm, Type *t, Tuple *bases)
{
    Type *base = check_new_bases(vm, t, bases) ? replacing_base(vm, t, bases) : NULL;
    Value was = base ? list_new(vm, NULL, 0) : VALUE_ERROR;
    if (is_error(was)) return false;
    Tuple *old_bases = t->bases;
    Type *old_base = t->base;
    become_child(vm, t, bases, base);
    if (!linearise(vm, t, as_list(was))) {
        become_child(vm, t, old_bases, old_base);
        restore_mros(vm, as_list(was));
        return false;
    }
    forget_subclass(old_bases, t);
    bool ok = true;
    for (size_t i = 0; ok && i < bases->size; i++) ok = type_add_subclass(vm, as_type(bases->items[i]), t);
    type_modified(vm, t, NULL);
    code_flush_caches(vm);
    return ok;
}

/* ---- the namespace ---- */

static Value take(VM *vm, Dict *ns, Str *name)
{
    Value v = dict_get_str(vm, ns, name);
    if (!is_unset(v)) dict_delete_str(vm, ns, name);
    return v;
}

static bool wrap_function(VM *vm, Dict *ns, Dunder d, TypeId wrapper)
{
    Value f = dict_get_str(vm, ns, vm->dunder_names[d]);
    if (!is_kind(f, KIND_FUNCTION)) return true;
    Value boxed = box_new(vm, wrapper, f);
    return !is_error(boxed) && dict_set_str(vm, ns, vm->dunder_names[d], boxed);
}

/* The __name__ of the module whose code is running: where type(name, bases, dict) was called. */
static Value running_module(VM *vm)
{
    if (!vm->frame) return obj_value(vm->common->builtins);
    Value v = dict_get_str(vm, frame_function(vm->frame)->module->dict, vm->common->name_);
    return is_unset(v) ? obj_value(vm->common->builtins) : v;
}

static bool prepare_namespace(VM *vm, Type *t)
{
    Dict *ns = t->dict;
    Value qualname = take(vm, ns, vm->common->qualname);
    if (!is_unset(qualname) && !is_str(qualname)) {
        vm_raise(vm, ERR_TYPE, "type __qualname__ must be a str, not %T", qualname);
        return false;
    }
    if (!is_unset(qualname)) t->qualname = qualname;
    Value module = dict_get_str(vm, ns, vm->common->module_);
    t->module = is_unset(module) ? running_module(vm) : module;
    if (is_unset(module) && !dict_set_str(vm, ns, vm->common->module_, t->module)) return false;
    return wrap_function(vm, ns, D_NEW, T_STATICMETHOD) && wrap_function(vm, ns, D_INIT_SUBCLASS, T_CLASSMETHOD) &&
           wrap_function(vm, ns, D_CLASS_GETITEM, T_CLASSMETHOD);
}

/* ---- __slots__ ---- */

static bool is_identifier(const Str *s)
{
    for (size_t i = 0; i < s->size; i++) {
        unsigned char c = (unsigned char)s->data[i];
        bool letter = c >= 0x80 || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(i && c >= '0' && c <= '9')) return false;
    }
    return s->size > 0;
}

/* __private becomes _Class__private. */
static Str *mangle(VM *vm, const Type *t, Str *name)
{
    bool private = name->size > 2 && name->data[0] == '_' && name->data[1] == '_' &&
                   !(name->data[name->size - 1] == '_' && name->data[name->size - 2] == '_');
    const char *class = t->name->data;
    while (*class == '_') class++;
    if (!private || !*class) return interned(vm, name);
    Value v = str_format(vm, "_%s%N", class, name);
    return is_error(v) ? NULL : str_intern_value(vm, as_str(v));
}

static bool add_member(VM *vm, Type *t, Str *name)
{
    Member *m = heap_new(vm, KIND_MEMBER, T_MEMBER, Member);
    if (!m) return false;
    m->name = name;
    m->owner = t;
    m->slot = t->nmembers++;
    return dict_set_str(vm, t->dict, name, obj_value(m));
}

static bool add_slot(VM *vm, Type *t, Value v)
{
    if (!is_str(v)) return vm_raise(vm, ERR_TYPE, "__slots__ items must be strings, not '%T'", v), false;
    if (!is_identifier(as_str(v))) return vm_raise(vm, ERR_TYPE, "__slots__ must be identifiers"), false;
    Str *name = interned(vm, as_str(v));
    if (!name) return false;
    if (name == vm->common->dict_) {
        if (t->base->flags & TYPE_HAS_DICT)
            return vm_raise(vm, ERR_TYPE, "__dict__ slot disallowed: we already got one"), false;
        return t->flags |= TYPE_HAS_DICT, true;
    }
    if (name == vm->common->weakref) {
        if (t->base->flags & TYPE_HAS_WEAKREF)
            return vm_raise(vm, ERR_TYPE, "__weakref__ slot disallowed: either we already got one, or "
                                          "__itemsize__ != 0"), false;
        return t->flags |= TYPE_HAS_WEAKREF, true;
    }
    name = mangle(vm, t, name);
    if (!name) return false;
    Value there = dict_get_str(vm, t->dict, name);
    if (is_kind(there, KIND_MEMBER) && ((Member *)as_obj(there))->owner == t) return true; // named twice
    if (!is_unset(there))
        return vm_raise(vm, ERR_VALUE, "%R in __slots__ conflicts with class variable", obj_value(name)), false;
    if (t->nmembers == UINT16_MAX) return vm_raise(vm, ERR_VALUE, "too many __slots__"), false;
    return add_member(vm, t, name);
}

/* Those have no room for slots, nor to be referenced weakly. */
static bool has_variable_size(const Type *t)
{
    return t->kind == KIND_TUPLE || t->kind == KIND_BIGINT || t->kind == KIND_BYTES;
}

static bool add_slots(VM *vm, Type *t, Value slots)
{
    Value names = is_str(slots) ? tuple_pack(vm, 1, slots) : obj_to_tuple(vm, slots);
    if (is_error(names)) return false;
    if (has_variable_size(t) && as_tuple(names)->size) {
        vm_raise(vm, ERR_TYPE, "nonempty __slots__ not supported for subtype of '%Y'", t->base);
        return false;
    }
    for (size_t i = 0; i < as_tuple(names)->size; i++)
        if (!add_slot(vm, t, as_tuple(names)->items[i])) return false;
    return true;
}

static bool any_base_has(const Tuple *bases, uint32_t flag)
{
    for (size_t i = 0; i < bases->size; i++)
        if (as_type(bases->items[i])->flags & flag) return true;
    return false;
}

static bool add_instance_attr(VM *vm, Type *t, Str *name, const GetSetDef *def)
{
    if (!is_unset(dict_get_str(vm, t->dict, name))) return true;
    Value g = getset_new(vm, def, t);
    return !is_error(g) && dict_set_str(vm, t->dict, name, g);
}

/* What has its own __eq__ but no __hash__ cannot be hashed. */
static bool settle_hash(VM *vm, Type *t)
{
    bool has_hash = !is_unset(dict_get_str(vm, t->dict, vm->dunder_names[D_HASH]));
    bool has_eq = !is_unset(dict_get_str(vm, t->dict, vm->dunder_names[D_EQ]));
    return has_hash || !has_eq || dict_set_str(vm, t->dict, vm->dunder_names[D_HASH], VALUE_NONE);
}

static bool lay_out(VM *vm, Type *t, Value slots)
{
    uint32_t inherited = t->base->flags;
    if (any_base_has(t->bases, TYPE_HAS_DICT)) t->flags |= TYPE_HAS_DICT;
    if (any_base_has(t->bases, TYPE_HAS_WEAKREF) && !has_variable_size(t)) t->flags |= TYPE_HAS_WEAKREF;
    if (is_unset(slots)) t->flags |= TYPE_HAS_DICT | (has_variable_size(t) ? 0 : TYPE_HAS_WEAKREF);
    else if (!add_slots(vm, t, slots)) return false;
    if ((t->flags & ~inherited & TYPE_HAS_DICT) &&
        !add_instance_attr(vm, t, vm->common->dict_, getset_instance_dict))
        return false;
    if ((t->flags & ~inherited & TYPE_HAS_WEAKREF) &&
        !add_instance_attr(vm, t, vm->common->weakref, getset_instance_weakref))
        return false;
    if (is_unset(dict_get_str(vm, t->dict, vm->common->doc)) &&
        !dict_set_str(vm, t->dict, vm->common->doc, VALUE_NONE))
        return false;
    if (!settle_hash(vm, t)) return false;
    t->slot_hint = shape_guess_slots(t);
    t->root_shape = shape_new_root(vm, t);
    return t->root_shape != NULL;
}

/* ---- hooks ---- */

/* "Error calling __set_name__ on 'P' instance 'x' in 'A'", caused by what the hook raised. */
static Value wrap_set_name_error(VM *vm, Value attr, Value name, Type *t)
{
    Value cause = vm_take_pending(vm);
    vm_raise(vm, ERR_RUNTIME, "Error calling __set_name__ on '%T' instance %R in '%Y'", attr, name, t);
    return exception_set_cause(vm, cause), VALUE_ERROR;
}

static bool wants_name(Value v)
{
    return is_ptr(v) && (as_obj(v)->shape >= T_BUILTIN_COUNT || is_exact(v, T_PROPERTY));
}

static Value call_set_names(VM *vm, Type *t)
{
    Value copy = dict_copy(vm, t->dict); // a hook may change the class
    if (is_error(copy)) return copy;
    Value *root = roots_push(vm, copy);
    if (!root) return VALUE_ERROR;
    size_t pos = 0;
    Value name, attr, ok = VALUE_NONE;
    while (!is_error(ok) && dict_next(as_dict(*root), &pos, &name, &attr)) {
        if (!wants_name(attr)) continue;
        Value args[2] = {obj_value(t), name};
        ok = obj_call_special(vm, attr, D_SET_NAME, args, 2);
        if (is_error(ok)) ok = wrap_set_name_error(vm, attr, name, t);
    }
    roots_pop(vm, root);
    return is_error(ok) ? ok : VALUE_NONE;
}

static Value call_init_subclass(VM *vm, Type *t, Value kwds)
{
    Value hook = type_lookup_after(vm, t, t, vm->dunder_names[D_INIT_SUBCLASS]);
    bool any = is_dict(kwds) && dict_len(as_dict(kwds));
    if (is_kind(hook, KIND_BOX) && is_kind(((Box *)as_obj(hook))->value, KIND_NATIVE) && !any) return VALUE_NONE;
    Value f = attr_bind(vm, hook, VALUE_UNSET, t);
    if (is_error(f)) return f;
    if (!any) return vm_call(vm, f, NULL, 0);
    Value *flat, kwnames;
    int n = native_flatten(vm, vm->empty_tuple, as_dict(kwds), &flat, &kwnames);
    if (n < 0) return VALUE_ERROR;
    Value result = vm_call_kw(vm, f, flat, n, kwnames);
    roots_pop(vm, flat);
    return result;
}

/* ---- metaclasses: type, and those that modules in C define (abc, enum) ---- */

/* Takes `metaclass` out of the class statement's keywords. */
static Type *named_metaclass(VM *vm, Value kwds)
{
    Value meta = is_dict(kwds) ? take(vm, as_dict(kwds), vm->common->metaclass) : VALUE_UNSET;
    if (is_unset(meta)) return vm->types[T_TYPE];
    if (is_kind(meta, KIND_TYPE) && type_is_subtype(as_type(meta), vm->types[T_TYPE])) return as_type(meta);
    if (is_kind(meta, KIND_TYPE))
        vm_raise(vm, ERR_TYPE, "metaclass %Y: metaclasses other than type are not supported", as_type(meta));
    else vm_raise(vm, ERR_TYPE, "metaclass must be type, not '%T'", meta);
    return NULL;
}

/* The most derived of the metaclass named and those of the bases. */
static Type *find_metaclass(VM *vm, const Tuple *bases, Value kwds)
{
    Type *meta = named_metaclass(vm, kwds);
    for (size_t i = 0; meta && i < bases->size; i++) {
        Type *other = type_of(vm, bases->items[i]);
        if (type_is_subtype(meta, other)) continue;
        if (!type_is_subtype(other, meta)) {
            vm_raise(vm, ERR_TYPE, "metaclass conflict: the metaclass of a derived class must be a (non-strict) "
                                   "subclass of the metaclasses of all its bases");
            return NULL;
        }
        meta = other;
    }
    return meta;
}

/* What the metaclass does with a class that is complete. */
static Value call_metaclass_init(VM *vm, Type *t, Str *name, Tuple *bases, Dict *ns)
{
    Type *meta = type_of(vm, obj_value(t));
    if (meta == vm->types[T_TYPE]) return VALUE_NONE;
    Value init = type_lookup_dunder(vm, meta, D_INIT), args[] = {obj_value(t), obj_value(name), obj_value(bases), obj_value(ns)};
    if (init == type_lookup_dunder(vm, vm->types[T_TYPE], D_INIT)) return VALUE_NONE;
    return vm_call(vm, init, args, 4);
}

/* ---- all together ---- */

/* A class's own dict: names are looked up by identity, and those given to type() may be any strs. */
static Dict *copy_namespace(VM *vm, Dict *ns)
{
    Dict *copy = dict_new_sized(vm, dict_len(ns));
    size_t pos = 0;
    for (Value key, value; copy && dict_next(ns, &pos, &key, &value);) {
        Str *name = is_str(key) ? interned(vm, as_str(key)) : NULL;
        if (is_str(key) && !name) return NULL;
        if (!dict_set(vm, copy, name ? obj_value(name) : key, value)) return NULL;
    }
    return copy;
}

/* The bases are in no good order: as in CPython, an error in __slots__ is told rather than that. */
static void check_slots_first(VM *vm, Type *t, Type *base)
{
    Value slots = dict_get_str(vm, t->dict, vm->common->slots);
    if (is_unset(slots)) return;
    Value no_order = vm_take_pending(vm);
    Value *roots[] = {roots_push(vm, obj_value(t)), roots_push(vm, no_order)};
    t->base = base;
    if (roots[0] && roots[1] && add_slots(vm, t, slots)) vm->exc = no_order;
    if (roots[1]) roots_pop(vm, roots[1]);
    if (roots[0]) roots_pop(vm, roots[0]);
}

static Type *new_class(VM *vm, Type *meta, Str *name, Tuple *bases, Type *base, Dict *ns)
{
    Str *own_name = str_intern(vm, name->data, name->size);
    Dict *copy = copy_namespace(vm, ns);
    if (!own_name || !copy) return NULL;
    Type *t = type_alloc(vm, own_name, obj_value(vm->common->builtins), base->kind);
    if (!t) return NULL;
    t->h.shape = meta->root_shape->id;
    t->flags = TYPE_HEAP;
    t->dict = copy;
    Value mro = c3(vm, t, bases);
    if (is_error(mro)) return check_slots_first(vm, t, base), NULL;
    if (!type_inherit(vm, t, bases, as_tuple(mro), base)) return NULL;
    return t;
}

/* Fills in a class that has its bases: what its body said. */
static bool complete(VM *vm, Type *t, bool generic_bases, Tuple *orig_bases)
{
    if (!prepare_namespace(vm, t)) return false;
    if (generic_bases && !dict_set_str(vm, t->dict, vm->common->orig_bases, obj_value(orig_bases))) return false;
    Value classcell = take(vm, t->dict, vm->common->classcell);
    if (!lay_out(vm, t, dict_get_str(vm, t->dict, vm->common->slots))) return false;
    type_find_dunders(vm, t);
    if (is_kind(classcell, KIND_CELL)) gc_store(vm, as_obj(classcell), &((Cell *)as_obj(classcell))->value, obj_value(t));
    return true;
}

Value type_create(VM *vm, Str *name, Tuple *bases, Dict *ns, Value kwds)
{
    bool generic;
    if (memchr(name->data, 0, name->size)) return vm_raise(vm, ERR_VALUE, "type name must not contain null characters");
    Value resolved = resolve_bases(vm, name, bases, ns, &generic);
    if (is_error(resolved)) return resolved;
    Type *meta = find_metaclass(vm, as_tuple(resolved), kwds);
    Type *base = meta ? best_base(vm, as_tuple(resolved)) : NULL;
    Type *t = base ? new_class(vm, meta, name, as_tuple(resolved), base, ns) : NULL;
    if (!t) return VALUE_ERROR;
    Value *root = roots_push(vm, obj_value(t));
    if (!root) return VALUE_ERROR;
    bool ok = complete(vm, t, generic, bases) && !is_error(call_set_names(vm, t)) &&
              !is_error(call_init_subclass(vm, t, kwds)) && !is_error(call_metaclass_init(vm, t, name, bases, ns));
    roots_pop(vm, root);
    if (ok) return obj_value(t);
    forget_subclass(t->bases, t);
    return VALUE_ERROR;
}
