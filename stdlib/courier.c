#include "stdlib/courier.h"
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

/* What comes next. All from STR on are objects, which get numbers in the order in which they begin. */
typedef enum {
    IS_UNSET, IS_NONE, IS_TRUE, IS_FALSE, IS_ELLIPSIS, IS_NOT_IMPLEMENTED, IS_INT, IS_FLOAT,
    IS_KNOWN, // an object that has come already: its number
    IS_SENT,  // to home: an object of the call, by its number there
    IS_STR, IS_BIGINT, IS_BYTES, IS_BYTEARRAY, IS_LIST, IS_TUPLE, IS_DICT, IS_SET, IS_FROZENSET, IS_RANGE, IS_SLICE,
    IS_MODULE, IS_NAMED, IS_CELL, IS_FUNCTION, IS_METHOD, IS_CLASS, IS_INSTANCE, IS_EXCEPTION, IS_STATIC, IS_CLASS_METHOD,
    IS_PROPERTY,
} Tag;

void courier_free(Courier *c)
{
    free(c->data);
    *c = (Courier){0};
}

/* ==== packing ===================================================================================== */

typedef struct Seen { const Obj *o; uint32_t number; } Seen;

typedef struct Packer {
    VM *vm;
    Courier *c;
    const CourierHome *home;
    List *sent;
    Seen *seen; // open addressing; capacity a power of two
    size_t nseen, capacity;
    const Str *holder;            // the name of the class of the outermost instance being packed
    const Str *global, *function; // what is being packed is that global, which the function reads
} Packer;

static bool pack(Packer *p, Value v);

static bool put(Packer *p, const void *data, size_t n)
{
    Courier *c = p->c;
    if (c->capacity - c->size < n) {
        size_t capacity = c->capacity ? c->capacity * 2 : 512;
        while (capacity < c->size + n) capacity *= 2;
        uint8_t *more = realloc(c->data, capacity);
        if (!more) return !is_error(vm_no_memory(p->vm));
        c->data = more;
        c->capacity = capacity;
    }
    if (n) memcpy(c->data + c->size, data, n);
    c->size += n;
    return true;
}

static bool put_tag(Packer *p, Tag tag) { return put(p, &(uint8_t){(uint8_t)tag}, 1); }
static bool put_number(Packer *p, uint64_t n) { return put(p, &n, sizeof n); }
static bool put_text(Packer *p, const void *data, size_t n) { return put_number(p, n) && put(p, data, n); }

static Seen *place_of(const Packer *p, const Obj *o)
{
    size_t i = ((uintptr_t)o >> 4) * 0x9E3779B97F4A7C15u;
    for (i ^= i >> 32;; i++) {
        Seen *s = &p->seen[i & (p->capacity - 1)];
        if (!s->o || s->o == o) return s;
    }
}

static bool grow_seen(Packer *p)
{
    Seen *old = p->seen;
    size_t n = p->capacity;
    Seen *more = calloc(n ? n * 2 : 256, sizeof *more);
    if (!more) return !is_error(vm_no_memory(p->vm));
    p->seen = more;
    p->capacity = n ? n * 2 : 256;
    for (size_t i = 0; i < n; i++)
        if (old[i].o) *place_of(p, old[i].o) = old[i];
    free(old);
    return true;
}

/* An object begins: true, or it has come already (its number is put), or there is no memory. */
typedef enum { BEGIN_FAILED, BEGIN_NEW, BEGIN_KNOWN } Begin;

static Begin begin(Packer *p, Value v)
{
    if (p->nseen * 2 >= p->capacity && !grow_seen(p)) return BEGIN_FAILED;
    Seen *s = place_of(p, as_obj(v));
    if (s->o) return put_tag(p, IS_KNOWN) && put_number(p, s->number) ? BEGIN_KNOWN : BEGIN_FAILED;
    *s = (Seen){as_obj(v), (uint32_t)p->nseen++};
    return !p->sent || list_append(p->vm, p->sent, v) ? BEGIN_NEW : BEGIN_FAILED;
}

static bool refuse(Packer *p, Value v)
{
    const Str *what = p->holder ? p->holder : type_of(p->vm, v)->name;
    if (p->global)
        vm_raise(p->vm, ERR_TYPE, "cannot copy a '%N' object to another VM: the global '%N', which %N() reads", what, p->global, p->function);
    else vm_raise(p->vm, ERR_TYPE, "cannot copy a '%N' object to another VM", what);
    return false;
}

static bool pack_items(Packer *p, Tag tag, const Value *items, size_t n)
{
    bool ok = put_tag(p, tag) && put_number(p, n);
    for (size_t i = 0; ok && i < n; i++) ok = pack(p, items[i]);
    return ok;
}

static bool pack_dict(Packer *p, Dict *d)
{
    size_t pos = 0;
    Value key, value;
    bool ok = put_tag(p, IS_DICT) && put_number(p, dict_len(d));
    while (ok && dict_next(d, &pos, &key, &value)) ok = pack(p, key) && pack(p, value);
    return ok;
}

static bool pack_set(Packer *p, Set *s, Tag tag)
{
    size_t pos = 0;
    Value item;
    bool ok = put_tag(p, tag) && put_number(p, s->live);
    while (ok && set_next(s, &pos, &item)) ok = pack(p, item);
    return ok;
}

/* ---- what has a name in a module -------------------------------------------------------------- */

/* A worker can import it. */
static bool is_importable(const Str *module) { return strcmp(module->data, "__main__") != 0; }

/* module.a.b.c; UNSET when there is no such thing. */
static Value find_named(VM *vm, Value module, const char *path, size_t n)
{
    Value at = module;
    for (size_t i = 0; i <= n && !is_unset(at) && !is_error(at);) {
        size_t len = 0;
        while (i + len < n && path[i + len] != '.') len++;
        Str *name = str_intern(vm, path + i, len);
        at = name ? obj_getattr_opt(vm, at, name) : VALUE_ERROR;
        i += len + 1;
    }
    return at;
}

/* Put v as a name of a module, if it is what that name means. *done: whether. */
static bool pack_named(Packer *p, Value v, Value module, Value qualname, bool *done)
{
    VM *vm = p->vm;
    *done = false;
    if (!is_str(module) || !is_str(qualname) || !is_importable(as_str(module))) return true;
    Value m = dict_get_str(vm, vm->modules, as_str(module));
    Value found = is_unset(m) ? m : find_named(vm, m, as_str(qualname)->data, as_str(qualname)->size);
    if (is_error(found)) return false;
    if (found != v) return true;
    *done = true;
    return put_tag(p, IS_NAMED) && put_text(p, as_str(module)->data, as_str(module)->size) &&
           put_text(p, as_str(qualname)->data, as_str(qualname)->size);
}

static Value attribute(Packer *p, Value v, const char *name)
{
    return obj_getattr_opt(p->vm, v, vm_intern(p->vm, name));
}

static bool pack_native(Packer *p, Value v)
{
    const Native *n = (const Native *)as_obj(v);
    bool done;
    Value module = n->owner ? n->owner->module : n->module, qualname = attribute(p, v, "__qualname__");
    if (is_none(module) || is_unset(module)) module = p->vm->builtins->name;
    if (is_error(qualname) || !is_unset(n->self)) return is_error(qualname) ? false : refuse(p, v);
    return pack_named(p, v, module, qualname, &done) && (done || refuse(p, v));
}

static bool pack_module(Packer *p, Value v)
{
    const Module *m = (const Module *)as_obj(v);
    if (!is_str(m->name) || !is_importable(as_str(m->name))) return refuse(p, v);
    return put_tag(p, IS_MODULE) && put_text(p, as_str(m->name)->data, as_str(m->name)->size);
}

/* ---- code ---------------------------------------------------------------------------------------- */

/* Images are known by the address they have at home, a worker's copies too; those of the library by its table. */
static const void *image_name(const Packer *p, const ImageRef *ref)
{
    if (ref->library) return ref->library;
    for (size_t i = 0; p->home && i < p->home->nimages; i++)
        if (p->home->images[i].ref == ref) return p->home->images[i].original;
    return ref->image;
}

static bool put_code(Packer *p, const Code *c)
{
    const Module *m = c->image->module;
    const CodeImage *im = c->image->image;
    const Value file = is_str(m->file) ? m->file : m->name;
    return put_number(p, (uintptr_t)image_name(p, c->image)) && put_number(p, !c->image->library) &&
           put_number(p, (uint64_t)(c->rec - code_record(im, 0))) && put_text(p, as_str(m->name)->data, as_str(m->name)->size) &&
           put_text(p, as_str(file)->data, as_str(file)->size);
}

/* The globals that a record and the functions made in it read, unless they are builtins'. */
static bool pack_globals(Packer *p, const Code *c, const CodeRecord *rec)
{
    const CodeImage *im = c->image->image;
    const CodeText *names = code_at(im, rec->globals);
    const CodeConst *consts = code_at(im, rec->consts);
    for (uint32_t i = 0; i < rec->nglobals; i++) {
        Str *name = str_intern(p->vm, code_text(im, names[i]), names[i].len);
        if (!name) return false;
        Value v = dict_get_str(p->vm, c->module->dict, name);
        if (is_unset(v)) continue;
        const Str *global = p->global, *function = p->function;
        p->global = name;
        p->function = c->qualname;
        if (!pack(p, obj_value(name)) || !pack(p, v)) return false;
        p->global = global;
        p->function = function;
    }
    for (uint32_t i = 0; i < rec->nconsts; i++)
        if (consts[i].kind == CONST_CODE && !pack_globals(p, c, code_record(im, (uint32_t)consts[i].data))) return false;
    return true;
}

static bool pack_rare(Packer *p, const Function *f)
{
    static const char *const names[] = {"__kwdefaults__", "__name__", "__qualname__", "__doc__"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!pack(p, is_unset(f->rare) ? f->rare : dict_get_c(p->vm, as_dict(f->rare), names[i]))) return false;
    return true;
}

static bool pack_function(Packer *p, Value v)
{
    const Function *f = (const Function *)as_obj(v);
    bool done = false, imported = is_importable(as_str(f->module->name));
    if (imported && !pack_named(p, v, f->module->name, obj_value(f->code->qualname), &done)) return false;
    if (done) return true;
    bool ok = put_tag(p, IS_FUNCTION) && put_code(p, f->code) && put_number(p, f->h.aux);
    for (uint16_t i = 0; ok && i < f->h.aux; i++) ok = pack(p, obj_value(f->cells[i]));
    ok = ok && pack(p, f->defaults) && pack_rare(p, f);
    return ok && (imported || pack_globals(p, f->code, f->code->rec)) && put_tag(p, IS_UNSET);
}

/* ---- classes and instances ----------------------------------------------------------------------- */

static bool is_own_matter(Value v) { return is_kind(v, KIND_GETSET) || is_kind(v, KIND_MEMBER); }

static bool pack_class_items(Packer *p, Type *t)
{
    static const char *const left_out[] = {"__dict__", "__weakref__", "__annotations__", "__slots__", "__module__", "__qualname__"};
    size_t pos = 0;
    Value key, value;
    while (dict_next(t->dict, &pos, &key, &value)) {
        bool skip = is_own_matter(value);
        for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++) skip |= as_str(key) == vm_intern(p->vm, left_out[i]);
        if (!skip && (!pack(p, key) || !pack(p, value))) return false;
    }
    return put_tag(p, IS_UNSET);
}

static bool pack_class(Packer *p, Value v)
{
    Type *t = as_type(v);
    bool done;
    if (!pack_named(p, v, t->module, t->qualname, &done)) return false;
    if (done) return true;
    if (!(t->flags & TYPE_HEAP) || as_obj(v)->shape != T_TYPE || !t->dict) return refuse(p, v);
    return put_tag(p, IS_CLASS) && pack(p, obj_value(t->name)) && pack(p, t->qualname) && pack(p, t->module) &&
           pack(p, obj_value(t->bases)) && pack(p, dict_get_str(p->vm, t->dict, p->vm->common->slots)) && pack_class_items(p, t);
}

/* What lies in __slots__ has no place in a __dict__. */
static bool pack_members(Packer *p, Value v)
{
    const Tuple *mro = type_of(p->vm, v)->mro;
    for (size_t i = 0; is_kind(v, KIND_INSTANCE) && i < mro->size; i++) {
        Dict *d = as_type(mro->items[i])->dict;
        size_t pos = 0;
        Value key, value;
        while (d && dict_next(d, &pos, &key, &value)) {
            if (!is_kind(value, KIND_MEMBER)) continue;
            const Member *m = (const Member *)as_obj(value);
            Value held = instance_slot((const Instance *)as_obj(v), m->slot);
            if (!is_unset(held) && (!pack(p, obj_value(m->name)) || !pack(p, held))) return false;
        }
    }
    return true;
}

static bool pack_attributes(Packer *p, Value v)
{
    if (!pack_members(p, v)) return false;
    Value d = obj_dict_copy(p->vm, v);
    if (is_error(d)) return false;
    size_t pos = 0;
    Value key, value;
    while (is_dict(d) && dict_next(as_dict(d), &pos, &key, &value))
        if (!pack(p, key) || !pack(p, value)) return false;
    return put_tag(p, IS_UNSET);
}

static bool pack_trace(Packer *p, const Exception *e)
{
    const Array *a = is_unset(e->trace) ? NULL : (const Array *)as_obj(e->trace);
    size_t n = a ? a->size / 2 : 0;
    bool ok = put_number(p, n);
    for (size_t i = 0; ok && i < n; i++) {
        const Code *c = (const Code *)as_obj(a->items[2 * i]);
        const Insn *pc = (const Insn *)(uintptr_t)as_small(a->items[2 * i + 1]);
        ok = put_code(p, c) && put_number(p, (uint64_t)(pc - c->insns));
    }
    return ok;
}

static bool pack_exception(Packer *p, Value v)
{
    const Exception *e = as_exception(v);
    const Value fields[] = {e->args, e->cause, e->context, e->notes, e->extra[0], e->extra[1]};
    bool ok = put_tag(p, IS_EXCEPTION) && pack(p, obj_value(type_of(p->vm, v))) && put_number(p, e->suppress_context);
    for (size_t i = 0; ok && i < sizeof fields / sizeof *fields; i++) ok = pack(p, fields[i]);
    return ok && pack_attributes(p, v) && pack_trace(p, e);
}

static bool pack_instance(Packer *p, Value v)
{
    const Str *outer = p->holder;
    Type *t = type_of(p->vm, v);
    if (!outer) p->holder = t->name;
    bool ok = put_tag(p, IS_INSTANCE) && pack(p, obj_value(t)) && pack_attributes(p, v);
    p->holder = outer;
    return ok;
}

static bool pack_pair(Packer *p, Tag tag, Value a, Value b) { return put_tag(p, tag) && pack(p, a) && pack(p, b); }

static bool pack_property(Packer *p, const Property *q)
{
    return put_tag(p, IS_PROPERTY) && pack(p, q->get) && pack(p, q->set) && pack(p, q->del) && pack(p, q->doc) && pack(p, q->name);
}

static bool pack_bigint(Packer *p, Value v)
{
    Value hex = int_to_str(p->vm, v, 16);
    return !is_error(hex) && put_tag(p, IS_BIGINT) && put_text(p, as_str(hex)->data, as_str(hex)->size);
}

/* A built-in kind of object, exactly; a script's subclass of one is refused. */
static bool pack_builtin(Packer *p, Value v)
{
    switch (as_obj(v)->shape) {
    case T_INT: return pack_bigint(p, v);
    case T_STR: return put_tag(p, IS_STR) && put_text(p, as_str(v)->data, as_str(v)->size);
    case T_BYTES: return put_tag(p, IS_BYTES) && put_text(p, as_bytes(v)->data, as_bytes(v)->size);
    case T_BYTEARRAY: return put_tag(p, IS_BYTEARRAY) && put_text(p, as_bytearray(v)->data, as_bytearray(v)->size);
    case T_LIST: return pack_items(p, IS_LIST, as_list(v)->items, as_list(v)->size);
    case T_TUPLE: return pack_items(p, IS_TUPLE, as_tuple(v)->items, as_tuple(v)->size);
    case T_DICT: return pack_dict(p, as_dict(v));
    case T_SET: return pack_set(p, as_set(v), IS_SET);
    case T_FROZENSET: return pack_set(p, as_set(v), IS_FROZENSET);
    case T_RANGE: return pack_items(p, IS_RANGE, &((Range *)as_obj(v))->start, 3);
    case T_SLICE: return pack_items(p, IS_SLICE, &((Slice *)as_obj(v))->start, 3);
    case T_MODULE: return pack_module(p, v);
    case T_CELL: return put_tag(p, IS_CELL) && pack(p, ((Cell *)as_obj(v))->value);
    case T_FUNCTION: return pack_function(p, v);
    case T_METHOD: return pack_pair(p, IS_METHOD, ((Method *)as_obj(v))->fn, ((Method *)as_obj(v))->self);
    case T_STATICMETHOD: return put_tag(p, IS_STATIC) && pack(p, ((Box *)as_obj(v))->value);
    case T_CLASSMETHOD: return put_tag(p, IS_CLASS_METHOD) && pack(p, ((Box *)as_obj(v))->value);
    case T_PROPERTY: return pack_property(p, (const Property *)as_obj(v));
    case T_NATIVE:
    case T_METHOD_DESCRIPTOR: return pack_native(p, v);
    default: return refuse(p, v);
    }
}

/* Of the call that brought it: at home it is there already. */
static bool pack_sent(Packer *p, Value v, bool *done)
{
    const List *received = p->home ? p->home->received : NULL;
    *done = false;
    bool definition = is_kind(v, KIND_FUNCTION) || is_kind(v, KIND_TYPE);
    for (size_t i = 0; received && definition && i < received->size; i++)
        if (received->items[i] == v) return *done = true, put_tag(p, IS_SENT) && put_number(p, i);
    return true;
}

static bool pack_object(Packer *p, Value v)
{
    bool done;
    if (vm_c_stack_low(p->vm) || !pack_sent(p, v, &done)) return false;
    if (done) return true;
    Begin b = begin(p, v);
    if (b != BEGIN_NEW) return b == BEGIN_KNOWN;
    if (is_kind(v, KIND_TYPE)) return pack_class(p, v);
    if (is_exception(v)) return pack_exception(p, v);
    if (is_kind(v, KIND_INSTANCE)) return pack_instance(p, v);
    return pack_builtin(p, v);
}

static bool pack(Packer *p, Value v)
{
    double d;
    int64_t i;
    if (is_ptr(v) && !is_kind(v, KIND_FLOAT)) return pack_object(p, v);
    if (is_float(v)) return d = as_float(v), put_tag(p, IS_FLOAT) && put(p, &d, sizeof d);
    if (is_small(v)) return i = as_small(v), put_tag(p, IS_INT) && put(p, &i, sizeof i);
    if (v == VALUE_NONE) return put_tag(p, IS_NONE);
    if (is_bool(v)) return put_tag(p, v == VALUE_TRUE ? IS_TRUE : IS_FALSE);
    if (v == VALUE_ELLIPSIS) return put_tag(p, IS_ELLIPSIS);
    return put_tag(p, v == VALUE_NOT_IMPLEMENTED ? IS_NOT_IMPLEMENTED : IS_UNSET);
}

bool courier_pack(VM *vm, Courier *c, Value v, List *sent, const CourierHome *home)
{
    Packer p = {.vm = vm, .c = c, .home = home, .sent = sent};
    bool ok = pack(&p, v);
    free(p.seen);
    return ok;
}

/* ==== unpacking =================================================================================== */

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
static Value known(Unpacker *u, Value v) { return !is_error(v) && list_append(u->vm, u->known, v) ? v : VALUE_ERROR; }

/* What is not made before its parts keeps its number by a place. */
static size_t reserve(Unpacker *u) { return list_append(u->vm, u->known, VALUE_NONE) ? u->known->size - 1 : SIZE_MAX; }
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
    Value v = find_named(u->vm, module, path, n);
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
    if (is_unset(m) && is_importable(s)) m = module_import(vm, s);
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
    Value args = unpack(u), new = is_error(args) ? args : obj_getattr(vm, obj_value(vm->exc_types[ERR_BASE]), vm_intern(vm, "__new__"));
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

static Value unpack_bytes_like(Unpacker *u, Tag tag)
{
    size_t n;
    const char *text = get_text(u, &n);
    if (tag == IS_STR) return known(u, str_new(u->vm, text, n));
    if (tag == IS_BIGINT) return known(u, int_parse_hex(u->vm, text, n));
    Value bytes = bytes_new(u->vm, text, n);
    if (tag == IS_BYTES || is_error(bytes)) return known(u, bytes);
    return known(u, vm_call1(u->vm, obj_value(u->vm->types[T_BYTEARRAY]), bytes));
}

static Value unpack_object(Unpacker *u, Tag tag)
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
    Tag tag = (Tag)u->c->data[u->c->at++];
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
