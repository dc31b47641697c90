/* courier_pack.c - values to bytes: each object once, with a number; code by the address of its image. */
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

static bool put_tag(Packer *p, CourierTag tag) { return put(p, &(uint8_t){(uint8_t)tag}, 1); }
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
        vm_raise(p->vm, ERR_TYPE,
                 "cannot copy a '%N' object to another VM: the global '%N', which %N() reads", what,
                 p->global, p->function);
    else vm_raise(p->vm, ERR_TYPE, "cannot copy a '%N' object to another VM", what);
    return false;
}

static bool pack_items(Packer *p, CourierTag tag, const Value *items, size_t n)
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

static bool pack_set(Packer *p, Set *s, CourierTag tag)
{
    size_t pos = 0;
    Value item;
    bool ok = put_tag(p, tag) && put_number(p, s->live);
    while (ok && set_next(s, &pos, &item)) ok = pack(p, item);
    return ok;
}

/* ---- what has a name in a module -------------------------------------------------------------- */

bool courier_can_import(const Str *module) { return strcmp(module->data, "__main__") != 0; }

Value courier_find_named(VM *vm, Value module, const char *path, size_t n)
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
    if (!is_str(module) || !is_str(qualname) || !courier_can_import(as_str(module))) return true;
    Value m = dict_get_str(vm, vm->modules, as_str(module));
    Value found = is_unset(m) ? m : courier_find_named(vm, m, as_str(qualname)->data, as_str(qualname)->size);
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
    if (!is_str(m->name) || !courier_can_import(as_str(m->name))) return refuse(p, v);
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
           put_number(p, (uint64_t)(c->rec - code_record(im, 0))) &&
           put_text(p, as_str(m->name)->data, as_str(m->name)->size) &&
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
        if (consts[i].kind == CONST_CODE && !pack_globals(p, c, code_record(im, (uint32_t)consts[i].data)))
            return false;
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
    bool done = false, imported = courier_can_import(as_str(f->module->name));
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
    static const char *const left_out[] = {"__dict__",  "__weakref__", "__annotations__",
                                           "__slots__", "__module__",  "__qualname__"};
    size_t pos = 0;
    Value key, value;
    while (dict_next(t->dict, &pos, &key, &value)) {
        bool skip = is_own_matter(value);
        for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
            skip |= as_str(key) == vm_intern(p->vm, left_out[i]);
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
    return put_tag(p, IS_CLASS) && pack(p, obj_value(t->name)) && pack(p, t->qualname) &&
           pack(p, t->module) && pack(p, obj_value(t->bases)) &&
           pack(p, dict_get_str(p->vm, t->dict, p->vm->common->slots)) && pack_class_items(p, t);
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
    bool ok = put_tag(p, IS_EXCEPTION) && pack(p, obj_value(type_of(p->vm, v))) &&
              put_number(p, e->suppress_context);
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

static bool pack_pair(Packer *p, CourierTag tag, Value a, Value b)
{
    return put_tag(p, tag) && pack(p, a) && pack(p, b);
}

static bool pack_property(Packer *p, const Property *q)
{
    return put_tag(p, IS_PROPERTY) && pack(p, q->get) && pack(p, q->set) && pack(p, q->del) &&
           pack(p, q->doc) && pack(p, q->name);
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
    case T_BYTEARRAY:
        return put_tag(p, IS_BYTEARRAY) && put_text(p, as_bytearray(v)->data, as_bytearray(v)->size);
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

void courier_free(Courier *c)
{
    free(c->data);
    *c = (Courier){0};
}
