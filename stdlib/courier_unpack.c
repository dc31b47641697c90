/* courier_unpack.c - bytes to values, in a VM that may be another: images are adopted, modules imported. */
#include "stdlib/courier.h"
#include "stdlib/courier_internal.h"
#include "vm/bytes.h"
#include "vm/code_object.h"
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/float.h"
#include "vm/import.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"

#include <stdlib.h>
#include <string.h>

typedef struct Unpacker {
    VM *vm;
    Courier *c;
    List *known; // objects by number; rooted, and so all that hangs on them
    List *sent;
    CourierHome *home;
} Unpacker;

static Value unpack(Unpacker *u);

static void get(Unpacker *u, void *to, size_t n)
{
    memcpy(to, u->c->data + u->c->at, n);
    u->c->at += n;
}

static uint64_t get_number(Unpacker *u)
{
    uint64_t n;
    return get(u, &n, sizeof n), n;
}

static const char *get_text(Unpacker *u, size_t *n)
{
    *n = get_number(u);
    const char *text = (const char *)u->c->data + u->c->at;
    u->c->at += *n;
    return text;
}

/* It gets the next number. */
static Value known(Unpacker *u, Value v)
{
    return !is_error(v) && list_append(u->vm, u->known, v) ? v : VALUE_ERROR;
}

/* What is not made before its parts keeps its number by a place. */
static size_t reserve(Unpacker *u)
{
    return list_append(u->vm, u->known, VALUE_NONE) ? u->known->size - 1 : SIZE_MAX;
}
static Value settle(Unpacker *u, size_t place, Value v)
{
    if (!is_error(v)) gc_store(u->vm, u->known, &u->known->items[place], v);
    return v;
}

/* A name, or NULL: the list of them ends (*ended), or an exception is pending. */
static Str *unpack_name(Unpacker *u, bool *ended)
{
    Value v = unpack(u);
    *ended = is_unset(v);
    return is_str(v) ? str_intern(u->vm, as_str(v)->data, as_str(v)->size) : NULL;
}

static Value unpack_list(Unpacker *u)
{
    size_t n = get_number(u);
    Value list = known(u, list_new(u->vm, NULL, 0));
    for (size_t i = 0; i < n && !is_error(list); i++) {
        Value v = unpack(u);
        if (is_error(v) || !list_append(u->vm, as_list(list), v)) return VALUE_ERROR;
    }
    return list;
}

static Value unpack_tuple(Unpacker *u)
{
    size_t n = get_number(u);
    Value t = tuple_new(u->vm, NULL, n);
    for (size_t i = 0; i < n && !is_error(t); i++) as_tuple(t)->items[i] = VALUE_NONE;
    if (!n) return known(u, t);
    t = known(u, t);
    for (size_t i = 0; i < n && !is_error(t); i++) {
        Value v = unpack(u);
        if (is_error(v)) return v;
        gc_store(u->vm, as_obj(t), &as_tuple(t)->items[i], v);
    }
    return t;
}

/* Values that no object holds yet are held by a list that is rooted. */
static Value unpack_held(Unpacker *u, List *held)
{
    Value v = unpack(u);
    return !is_error(v) && list_append(u->vm, held, v) ? v : VALUE_ERROR;
}

static Value unpack_dict(Unpacker *u)
{
    size_t n = get_number(u);
    Dict *d = dict_new(u->vm);
    Value dict = d ? known(u, obj_value(d)) : VALUE_ERROR, held = list_new(u->vm, NULL, 0);
    Value *root = is_error(held) ? NULL : roots_push(u->vm, held);
    if (!root) return VALUE_ERROR;
    for (size_t i = 0; i < n && !is_error(dict); i++) {
        Value key = unpack_held(u, as_list(held)), value = is_error(key) ? key : unpack_held(u, as_list(held));
        if (is_error(value) || !dict_set(u->vm, d, key, value)) dict = VALUE_ERROR;
        as_list(held)->size = 0;
    }
    roots_pop(u->vm, root);
    return dict;
}

static Value unpack_set(Unpacker *u, bool frozen)
{
    size_t n = get_number(u), place = frozen ? reserve(u) : 0;
    Value set = frozen ? VALUE_NONE : known(u, set_new(u->vm)), items = list_new(u->vm, NULL, 0);
    Value *root = is_error(items) || is_error(set) ? NULL : roots_push(u->vm, items);
    if (!root) return VALUE_ERROR;
    for (size_t i = 0; i < n && !is_error(set); i++)
        if (is_error(unpack_held(u, as_list(items)))) set = VALUE_ERROR;
    if (!is_error(set) && frozen) set = settle(u, place, frozenset_from(u->vm, items));
    for (size_t i = 0; i < n && !frozen && !is_error(set); i++)
        if (set_add(u->vm, as_set(set), as_list(items)->items[i]) < 0) set = VALUE_ERROR;
    roots_pop(u->vm, root);
    return set;
}

/* range(...), slice(...): what is made by calling a type. */
static Value unpack_call(Unpacker *u, TypeId type)
{
    size_t n = get_number(u), place = reserve(u);
    Value args[3];
    for (size_t i = 0; i < n; i++)
        if (is_error(args[i] = unpack(u))) return VALUE_ERROR;
    return settle(u, place, vm_call(u->vm, obj_value(u->vm->types[type]), args, (int)n));
}

static Value import_named(Unpacker *u, size_t *n)
{
    const char *text = get_text(u, n);
    Str *name = str_intern(u->vm, text, *n);
    return name ? module_import(u->vm, name) : VALUE_ERROR;
}

static Value unpack_named(Unpacker *u)
{
    size_t n, place = reserve(u);
    Value module = import_named(u, &n);
    const char *path = get_text(u, &n);
    if (is_error(module)) return module;
    Value v = courier_find_named(u->vm, module, path, n);
    return is_unset(v) ? vm_raise(u->vm, ERR_RUNTIME, "a worker has no such name") : settle(u, place, v);
}

/* ---- code ---------------------------------------------------------------------------------------- */

/* The program's module, which begins empty in a worker; others are imported. */
static Module *own_module(Unpacker *u, const char *name, size_t n, const char *file, size_t file_size)
{
    VM *vm = u->vm;
    Str *s = str_intern(vm, name, n);
    Value m = s ? dict_get_str(vm, vm->modules, s) : VALUE_ERROR;
    if (is_error(m)) return NULL;
    if (is_unset(m) && courier_can_import(s)) m = module_import(vm, s);
    if (is_error(m)) return NULL;
    if (!is_unset(m)) return (Module *)as_obj(m);
    Value path = str_new(vm, file, file_size);
    Module *made = is_error(path) ? NULL : module_make(vm, s, str_cstr(vm, as_str(path)));
    if (made) vm->main = made;
    return made && dict_set_str(vm, vm->modules, s, obj_value(made)) ? made : NULL;
}

static ImageRef *find_image(VM *vm, const void *image)
{
    ImageRef *ref = vm->codes;
    while (ref && ref->image != image && ref->library != image) ref = ref->next;
    return ref;
}

/* A copy of an image of the program at home. */
static ImageRef *adopt_image(Unpacker *u, const CodeImage *original, Module *m)
{
    CourierHome *h = u->home;
    for (size_t i = 0; i < h->nimages; i++)
        if (h->images[i].original == original) return h->images[i].ref;
    struct CourierImage *more = realloc(h->images, (h->nimages + 1) * sizeof *more);
    if (more) h->images = more;
    CodeImage *copy = more ? malloc(original->size) : NULL;
    if (!copy) return vm_no_memory(u->vm), NULL;
    memcpy(copy, original, original->size);
    if (!code_load(u->vm, copy, true, m, NULL, 0)) return NULL;
    h->images[h->nimages++] = (struct CourierImage){original, u->vm->codes};
    return u->vm->codes;
}

/* NULL without an exception: code that this VM has not loaded. */
static Code *get_code(Unpacker *u)
{
    const CodeImage *original = (const CodeImage *)(uintptr_t)get_number(u);
    bool own = get_number(u);
    uint32_t index = (uint32_t)get_number(u);
    size_t n, file_size;
    const char *name = get_text(u, &n), *file = get_text(u, &file_size);
    ImageRef *ref;
    if (own && u->home) {
        Module *m = own_module(u, name, n, file, file_size);
        ref = m ? adopt_image(u, original, m) : NULL;
    } else {
        ref = find_image(u->vm, original);
        Str *module = ref || own ? NULL : str_intern(u->vm, name, n);
        if (module && !is_error(module_import(u->vm, module))) ref = find_image(u->vm, original);
    }
    Code *c = ref ? code_for_record(u->vm, ref, index) : NULL;
    return c && code_link(u->vm, c) ? c : NULL;
}

static bool unpack_rare(Unpacker *u, Function *f)
{
    static const char *const names[] = {"__kwdefaults__", "__name__", "__qualname__", "__doc__"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        Value v = unpack(u);
        if (is_error(v)) return false;
        if (is_unset(v)) continue;
        if (is_unset(f->rare)) {
            Dict *d = dict_new(u->vm);
            if (!d) return false;
            gc_store(u->vm, f, &f->rare, obj_value(d));
        }
        if (!dict_set_c(u->vm, as_dict(f->rare), names[i], v)) return false;
    }
    return true;
}

static Value unpack_function(Unpacker *u)
{
    VM *vm = u->vm;
    size_t place = reserve(u);
    Code *c = get_code(u);
    size_t ncells = get_number(u);
    if (!c) return is_unset(vm->exc) ? vm_raise(vm, ERR_RUNTIME, "a worker has no such code") : VALUE_ERROR;
    Function *f = heap_alloc(vm, KIND_FUNCTION, T_FUNCTION, sizeof *f + ncells * sizeof(Cell *));
    if (!f) return VALUE_ERROR;
    f->h.aux = (uint16_t)ncells;
    f->code = c;
    f->module = c->module;
    f->defaults = f->rare = VALUE_UNSET;
    settle(u, place, obj_value(f));
    for (size_t i = 0; i < ncells; i++) {
        Value cell = unpack(u);
        if (is_error(cell)) return cell;
        gc_store_ptr(vm, f, (void **)&f->cells[i], as_obj(cell));
    }
    Value defaults = unpack(u);
    if (is_error(defaults)) return defaults;
    gc_store(vm, f, &f->defaults, defaults);
    if (!unpack_rare(u, f)) return VALUE_ERROR;
    bool ended;
    for (Str *name; (name = unpack_name(u, &ended));) {
        Value v = unpack(u);
        if (is_error(v) || !dict_set_str(vm, f->module->dict, name, v)) return VALUE_ERROR;
    }
    return ended ? obj_value(f) : VALUE_ERROR;
}

static Value unpack_cell(Unpacker *u)
{
    Cell *c = heap_new(u->vm, KIND_CELL, T_CELL, Cell);
    if (!c) return VALUE_ERROR;
    c->value = c->fallback = VALUE_UNSET;
    Value cell = known(u, obj_value(c)), v = is_error(cell) ? cell : unpack(u);
    if (!is_error(v)) gc_store(u->vm, c, &c->value, v);
    return is_error(v) ? v : cell;
}

/* ---- classes and instances ----------------------------------------------------------------------- */

/* Made empty, so that its methods may refer to it, then given what its body said. */
static Value unpack_class(Unpacker *u)
{
    VM *vm = u->vm;
    size_t place = reserve(u);
    Value part[5]; // name, qualname, module, bases, slots
    for (int i = 0; i < 5; i++)
        if (is_error(part[i] = unpack(u))) return VALUE_ERROR;
    Dict *ns = dict_new(vm);
    bool ok = ns && dict_set_c(vm, ns, "__qualname__", part[1]) && dict_set_c(vm, ns, "__module__", part[2]) &&
              (is_unset(part[4]) || dict_set_c(vm, ns, "__slots__", part[4]));
    Value *root = ok ? roots_push(vm, obj_value(ns)) : NULL;
    if (!root) return VALUE_ERROR;
    const Value args[] = {part[0], part[3], obj_value(ns)};
    Value cls = settle(u, place, vm_call(vm, obj_value(vm->types[T_TYPE]), args, 3));
    bool ended = false;
    for (Str *name; !is_error(cls) && (name = unpack_name(u, &ended));) {
        Value v = unpack(u);
        if (is_error(v) || is_error(obj_setattr(vm, cls, name, v))) cls = VALUE_ERROR;
    }
    if (!ended) cls = VALUE_ERROR;
    roots_pop(vm, root);
    return cls;
}

/* As it was: no __setattr__ of the script's sees it. */
static bool set_attribute(VM *vm, Value v, Str *name, Value value)
{
    if (!is_kind(v, KIND_INSTANCE)) return !is_error(obj_setattr(vm, v, name, value));
    Instance *o = (Instance *)as_obj(v);
    Value member = type_lookup(vm, type_of(vm, v), name);
    if (!is_kind(member, KIND_MEMBER)) return instance_set(vm, o, name, value);
    gc_store(vm, o, instance_slot_at(o, ((Member *)as_obj(member))->slot), value);
    return true;
}

static bool unpack_attributes(Unpacker *u, Value v)
{
    bool ended;
    for (Str *name; (name = unpack_name(u, &ended));) {
        Value value = unpack(u);
        if (is_error(value)) return false;
        if (!set_attribute(u->vm, v, name, value)) return false;
    }
    return ended;
}

static Value unpack_instance(Unpacker *u)
{
    size_t place = reserve(u);
    Value cls = unpack(u);
    Value v = is_error(cls) ? cls : settle(u, place, instance_new(u->vm, as_type(cls)));
    return is_error(v) || !unpack_attributes(u, v) ? VALUE_ERROR : v;
}

static bool unpack_trace(Unpacker *u, Value exc)
{
    size_t n = get_number(u);
    for (size_t i = 0; i < n; i++) {
        Code *c = get_code(u);
        uint64_t at = get_number(u);
        if (c) exception_add_trace(u->vm, exc, obj_value(c), c->insns + at);
        else if (!is_unset(u->vm->exc)) return false;
    }
    return true;
}

static Value unpack_exception(Unpacker *u)
{
    VM *vm = u->vm;
    size_t place = reserve(u);
    Value cls = unpack(u);
    if (is_error(cls)) return cls;
    bool suppress = get_number(u);
    Value args = unpack(u), new = is_error(args) ? args
                                                 : obj_getattr(vm, obj_value(vm->exc_types[ERR_BASE]),
                                                               vm_intern(vm, "__new__"));
    Value v = is_error(new) ? new : settle(u, place, vm_call1(vm, new, cls));
    if (is_error(v)) return v;
    Exception *e = as_exception(v);
    gc_store(vm, e, &e->args, args);
    Value *fields[] = {&e->cause, &e->context, &e->notes, &e->extra[0], &e->extra[1]};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        Value part = unpack(u);
        if (is_error(part)) return part;
        gc_store(vm, e, fields[i], part);
    }
    e->suppress_context = suppress;
    return unpack_attributes(u, v) && unpack_trace(u, v) ? v : VALUE_ERROR;
}

static Value unpack_method(Unpacker *u)
{
    Method *m = heap_new(u->vm, KIND_METHOD, T_METHOD, Method);
    if (!m) return VALUE_ERROR;
    m->fn = m->self = VALUE_NONE;
    if (is_error(known(u, obj_value(m)))) return VALUE_ERROR;
    Value *parts[] = {&m->fn, &m->self};
    for (int i = 0; i < 2; i++) {
        Value v = unpack(u);
        if (is_error(v)) return v;
        gc_store(u->vm, m, parts[i], v);
    }
    return obj_value(m);
}

static Value unpack_wrapped(Unpacker *u, TypeId type)
{
    size_t place = reserve(u);
    Value v = unpack(u);
    return is_error(v) ? v : settle(u, place, vm_call1(u->vm, obj_value(u->vm->types[type]), v));
}

static Value unpack_property(Unpacker *u)
{
    Property *p = heap_new(u->vm, KIND_PROPERTY, T_PROPERTY, Property);
    if (!p) return VALUE_ERROR;
    Value *parts[] = {&p->get, &p->set, &p->del, &p->doc, &p->name};
    for (int i = 0; i < 5; i++) *parts[i] = VALUE_NONE;
    if (is_error(known(u, obj_value(p)))) return VALUE_ERROR;
    for (int i = 0; i < 5; i++) {
        Value v = unpack(u);
        if (is_error(v)) return v;
        gc_store(u->vm, p, parts[i], v);
    }
    return obj_value(p);
}

static Value unpack_bytes_like(Unpacker *u, CourierTag tag)
{
    size_t n;
    const char *text = get_text(u, &n);
    if (tag == IS_STR) return known(u, str_new(u->vm, text, n));
    if (tag == IS_BIGINT) return known(u, int_parse_hex(u->vm, text, n));
    Value bytes = bytes_new(u->vm, text, n);
    if (tag == IS_BYTES || is_error(bytes)) return known(u, bytes);
    return known(u, vm_call1(u->vm, obj_value(u->vm->types[T_BYTEARRAY]), bytes));
}

static Value unpack_object(Unpacker *u, CourierTag tag)
{
    size_t n;
    if (vm_c_stack_low(u->vm)) return VALUE_ERROR;
    switch (tag) {
    case IS_LIST: return unpack_list(u);
    case IS_TUPLE: return unpack_tuple(u);
    case IS_DICT: return unpack_dict(u);
    case IS_SET: return unpack_set(u, false);
    case IS_FROZENSET: return unpack_set(u, true);
    case IS_RANGE: return unpack_call(u, T_RANGE);
    case IS_SLICE: return unpack_call(u, T_SLICE);
    case IS_MODULE: return known(u, import_named(u, &n));
    case IS_NAMED: return unpack_named(u);
    case IS_CELL: return unpack_cell(u);
    case IS_FUNCTION: return unpack_function(u);
    case IS_METHOD: return unpack_method(u);
    case IS_CLASS: return unpack_class(u);
    case IS_INSTANCE: return unpack_instance(u);
    case IS_EXCEPTION: return unpack_exception(u);
    case IS_STATIC: return unpack_wrapped(u, T_STATICMETHOD);
    case IS_CLASS_METHOD: return unpack_wrapped(u, T_CLASSMETHOD);
    case IS_PROPERTY: return unpack_property(u);
    default: return unpack_bytes_like(u, tag);
    }
}

static Value unpack(Unpacker *u)
{
    double d;
    int64_t i;
    CourierTag tag = (CourierTag)u->c->data[u->c->at++];
    switch (tag) {
    case IS_UNSET: return VALUE_UNSET;
    case IS_NONE: return VALUE_NONE;
    case IS_TRUE: return VALUE_TRUE;
    case IS_FALSE: return VALUE_FALSE;
    case IS_ELLIPSIS: return VALUE_ELLIPSIS;
    case IS_NOT_IMPLEMENTED: return VALUE_NOT_IMPLEMENTED;
    case IS_INT: return get(u, &i, sizeof i), int_from_i64(u->vm, i);
    case IS_FLOAT: return get(u, &d, sizeof d), float_value(u->vm, d);
    case IS_KNOWN: return u->known->items[get_number(u)];
    case IS_SENT: return u->sent->items[get_number(u)];
    default: return unpack_object(u, tag);
    }
}

Value courier_unpack(VM *vm, Courier *c, List *sent, CourierHome *home)
{
    Value list = list_new(vm, NULL, 0);
    Value *root = is_error(list) ? NULL : roots_reserve(vm, 2);
    if (!root) return VALUE_ERROR;
    root[0] = list;
    if (sent) root[1] = obj_value(sent);
    Unpacker u = {vm, c, as_list(list), sent, home};
    Value v = unpack(&u);
    if (home) {
        home->received = as_list(list);
        gc_pin(vm, list);
    }
    roots_pop(vm, root);
    return v;
}

void courier_forget(VM *vm, CourierHome *home)
{
    if (home->received) gc_unpin(vm, obj_value(home->received));
    home->received = NULL;
    for (size_t i = 0; i < home->nimages; i++) {
        size_t pos = 0;
        Dict *d = home->images[i].ref->module->dict;
        for (DictEntry *e; (e = dict_next_entry(d, &pos));)
            if (as_str(e->key)->data[0] != '_' || as_str(e->key)->data[1] != '_')
                gc_store(vm, as_obj(e->value), &((Cell *)as_obj(e->value))->value, VALUE_UNSET);
    }
}

void courier_free_home(CourierHome *home)
{
    free(home->images);
    *home = (CourierHome){0};
}
