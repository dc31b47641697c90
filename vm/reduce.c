/* reduce.c - how an object can be made again. See reduce.h. */
#include "vm/reduce.h"
#include "vm/common.h"
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/import.h"
#include "vm/iter.h"
#include "vm/type.h"

Value copyreg_function(VM *vm, const char *name)
{
    Value m = module_import(vm, vm->common->copyreg);
    return is_error(m) ? m : obj_getattr(vm, m, vm_intern(vm, name));
}

static Value refuse(VM *vm, Value self) { return vm_raise(vm, ERR_TYPE, "cannot pickle '%T' object", self); }

/* ---- state ---------------------------------------------------------------------------------------- */

/* The __slots__ of self's classes that have a value, as a Dict; UNSET when there are none. */
static Value slots_state(VM *vm, Value self)
{
    Type *t = type_of(vm, self);
    if (t->nmembers == 0) return VALUE_UNSET;
    Dict *d = dict_new(vm);
    if (!d) return VALUE_ERROR;
    for (size_t i = 0; i < t->mro->size; i++) {
        Type *base = as_type(t->mro->items[i]);
        Value name, member;
        for (size_t pos = 0; base->flags & TYPE_HEAP && dict_next(base->dict, &pos, &name, &member);) {
            if (!is_kind(member, KIND_MEMBER)) continue;
            AttrResult r;
            Value v = attr_find(vm, self, as_str(name), &r) == ATTR_SLOT || r.kind == ATTR_VALUE
                          ? r.value
                          : VALUE_UNSET;
            if (!is_unset(v) && !dict_set(vm, d, name, v)) return VALUE_ERROR;
        }
    }
    return dict_len(d) ? obj_value(d) : VALUE_UNSET;
}

/* Do attributes say all there is to say about self? */
static bool is_plain(Value self)
{
    return !is_ptr(self) || as_obj(self)->kind == KIND_INSTANCE || as_obj(self)->kind == KIND_EXCEPTION;
}

/* The attributes, or (attributes, slots). */
static Value attributes_state(VM *vm, Value self)
{
    Value attributes = obj_dict_copy(vm, self),
          slots = is_error(attributes) ? attributes : slots_state(vm, self);
    if (is_error(slots)) return slots;
    if (is_unset(attributes) || dict_len(as_dict(attributes)) == 0) attributes = VALUE_NONE;
    return is_unset(slots) ? attributes : tuple_pair(vm, attributes, slots);
}

Value nat_object_getstate(VM *vm, Args args) { return attributes_state(vm, args.v[0]); }

/* Is attribute `name` of self's class the native that object has? */
static bool is_objects_own(VM *vm, Value self, Str *name, NativeFn fn)
{
    Value v = type_lookup(vm, type_of(vm, self), name);
    return is_kind(v, KIND_NATIVE) && ((Native *)as_obj(v))->fn == fn;
}

static Value state_of(VM *vm, Value self, bool needs_contents)
{
    if (!is_objects_own(vm, self, vm->common->getstate, nat_object_getstate))
        return vm_call_method(vm, self, vm->common->getstate, NULL, 0);
    if (needs_contents && !is_plain(self)) return refuse(vm, self);
    return attributes_state(vm, self);
}

Value object_state(VM *vm, Value v) { return state_of(vm, v, false); }

/* ---- any object: copyreg.__newobj__(cls, *arguments) ---------------------------------------------- */

static bool check_part(VM *vm, Value v, bool ok, const char *which, const char *kind)
{
    if (!ok)
        vm_raise(vm, ERR_TYPE, "%s item of the tuple returned by __getnewargs_ex__ must be a %s, not '%T'",
                 which, kind, v);
    return ok;
}

static bool unpack_ex(VM *vm, Value v, Value *arguments, Value *keywords)
{
    if (!is_tuple(v))
        return vm_raise(vm, ERR_TYPE, "__getnewargs_ex__ should return a tuple, not '%T'", v), false;
    const Tuple *t = as_tuple(v);
    if (t->size != 2)
        return vm_raise(vm, ERR_VALUE, "__getnewargs_ex__ should return a tuple of length 2, not %zu",
                        t->size),
               false;
    *arguments = t->items[0];
    *keywords = t->items[1];
    return check_part(vm, *arguments, is_tuple(*arguments), "first", "tuple") &&
           check_part(vm, *keywords, is_dict(*keywords), "second", "dict");
}

/* What __new__ wants besides the class, into slots: a tuple, and a dict or UNSET. 1; 0: the class does not say; -1. */
static int new_arguments(VM *vm, Value self, Value *arguments, Value *keywords)
{
    Value f = obj_getattr_opt(vm, self, vm->common->getnewargs_ex);
    bool ex = !is_unset(f);
    if (!ex) f = obj_getattr_opt(vm, self, vm->common->getnewargs);
    if (is_unset(f)) return *arguments = obj_value(vm->empty_tuple), 0;
    Value v = is_error(f) ? f : vm_call(vm, f, NULL, 0);
    if (is_error(v)) return -1;
    if (ex) return unpack_ex(vm, v, arguments, keywords) ? 1 : -1;
    if (!is_tuple(v)) return vm_raise(vm, ERR_TYPE, "__getnewargs__ should return a tuple, not '%T'", v), -1;
    *arguments = v;
    return 1;
}

/* (cls, *arguments) */
static Value with_class(VM *vm, Value cls, Tuple *arguments)
{
    Value t = tuple_new(vm, NULL, arguments->size + 1);
    if (is_error(t)) return t;
    as_tuple(t)->items[0] = cls;
    for (size_t i = 0; i < arguments->size; i++) as_tuple(t)->items[i + 1] = arguments->items[i];
    return t;
}

/* What goes into lists and dicts after they are made: iterators in *items and *pairs, else None. */
static bool contents(VM *vm, Value self, Value *items, Value *pairs)
{
    *items = *pairs = VALUE_NONE;
    if (is_list(self)) *items = obj_iter(vm, self);
    if (!is_dict(self)) return !is_error(*items);
    Value view = vm_call_method(vm, self, vm->common->items, NULL, 0);
    *pairs = is_error(view) ? view : obj_iter(vm, view);
    return !is_error(*pairs);
}

Value object_reduce(VM *vm, Value self)
{
    Type *t = type_of(vm, self);
    if (!t->def->constructor.fn) return refuse(vm, self);
    enum { SELF, ARGUMENTS, KEYWORDS, STATE, ITEMS, PAIRS, MAKER, SLOTS };
    Value *r = roots_reserve(vm, SLOTS), result = VALUE_ERROR;
    if (!r) return VALUE_ERROR;
    r[SELF] = self;
    int given = new_arguments(vm, self, &r[ARGUMENTS], &r[KEYWORDS]);
    if (given < 0) goto out;
    r[STATE] = state_of(vm, self, !given && !is_list(self) && !is_dict(self));
    if (is_error(r[STATE]) || !contents(vm, self, &r[ITEMS], &r[PAIRS])) goto out;
    bool keywords = is_dict(r[KEYWORDS]) && dict_len(as_dict(r[KEYWORDS]));
    r[MAKER] = copyreg_function(vm, keywords ? "__newobj_ex__" : "__newobj__");
    if (is_error(r[MAKER])) goto out;
    Value made_of = keywords ? tuple_pack(vm, 3, obj_value(t), r[ARGUMENTS], r[KEYWORDS])
                             : with_class(vm, obj_value(t), as_tuple(r[ARGUMENTS]));
    if (!is_error(made_of)) result = tuple_pack(vm, 5, r[MAKER], made_of, r[STATE], r[ITEMS], r[PAIRS]);
out:
    roots_pop(vm, r);
    return result;
}

/* ---- built-in types ------------------------------------------------------------------------------- */

static Value builtin(VM *vm, const char *name)
{
    return obj_getattr(vm, obj_value(vm->builtins), vm_intern(vm, name));
}

/* (maker, (a, b, c)[, more]); UNSET: there is no such argument. */
static Value made_by(VM *vm, Value maker, Value a, Value b, Value c, Value more)
{
    Value v[] = {a, b, c};
    size_t n = 0;
    while (n < 3 && !is_unset(v[n])) n++;
    for (size_t i = 0; i < n; i++)
        if (is_error(v[i])) return VALUE_ERROR;
    Value arguments = tuple_new(vm, v, n);
    if (is_error(maker) || is_error(arguments) || is_error(more)) return VALUE_ERROR;
    return is_unset(more) ? tuple_pair(vm, maker, arguments) : tuple_pack(vm, 3, maker, arguments, more);
}

static Value by_class(VM *vm, Value self, Value a, Value b, Value c)
{
    return made_by(vm, obj_value(type_of(vm, self)), a, b, c, VALUE_UNSET);
}

/* iter(source), gone on to a position, if that is not UNSET. */
static Value iterator_of(VM *vm, Value source, Value position)
{
    return made_by(vm, builtin(vm, "iter"), source, VALUE_UNSET, VALUE_UNSET, position);
}

static Value ended_iterator(VM *vm, Value empty) { return iterator_of(vm, empty, VALUE_UNSET); }

static Value new_list(VM *vm) { return list_new(vm, NULL, 0); }

/* A set, or a bytearray: what it holds is an argument of its class, its attributes are state. */
static Value reduce_contents(VM *vm, Value self, Value held)
{
    Value *r = roots_push(vm, held);
    if (!r || is_error(held)) return VALUE_ERROR;
    Value state = state_of(vm, self, false);
    Value v = made_by(vm, obj_value(type_of(vm, self)), *r, VALUE_UNSET, VALUE_UNSET, state);
    roots_pop(vm, r);
    return v;
}

static Value reduce_bytearray(VM *vm, Value self)
{
    ByteView b = byte_view(self);
    return reduce_contents(vm, self, bytes_new(vm, b.data, b.size));
}

static Value reduce_sequence_iter(VM *vm, const Iter *it)
{
    if (!is_unset(it->source)) return iterator_of(vm, it->source, int_from_i64(vm, it->index));
    return ended_iterator(vm, it->h.shape == T_LIST_ITER || it->h.shape == T_LIST_REVITER
                                  ? new_list(vm)
                                  : obj_value(vm->empty_tuple));
}

static Value reduce_reversed(VM *vm, Value self)
{
    const Iter *it = as_iter(self);
    if (is_unset(it->source)) return ended_iterator(vm, new_list(vm));
    Value maker = is_exact(self, T_LIST_REVITER) ? builtin(vm, "reversed") : obj_value(type_of(vm, self));
    return made_by(vm, maker, it->source, VALUE_UNSET, VALUE_UNSET, int_from_i64(vm, it->index));
}

static Value reduce_str_iter(VM *vm, const Iter *it)
{
    const Str *s = as_str(it->source);
    if ((size_t)it->index >= s->size) return ended_iterator(vm, obj_value(vm->empty_str));
    return iterator_of(vm, it->source, small((int64_t)str_position(s, (size_t)it->index)));
}

static Value reduce_range_iter(VM *vm, const RangeIter *it)
{
    Value n = int_from_i64(vm, it->left), step = int_from_i64(vm, it->step), start = int_from_i64(vm, it->next);
    Value span = is_error(n) || is_error(step) ? VALUE_ERROR : int_binary(vm, BIN_MUL, n, step);
    Value stop = is_error(span) || is_error(start) ? VALUE_ERROR : int_binary(vm, BIN_ADD, start, span);
    Value range = is_error(stop) ? stop : range_new(vm, start, stop, step);
    return is_error(range) ? range : iterator_of(vm, range, small(0));
}

/* What is left of a dict's or set's iterator, as a list: the iterator itself stays where it is. */
static Value reduce_table_iter(VM *vm, const Iter *it)
{
    Iter *rest = (Iter *)as_obj(iter_new(vm, it->h.shape, it->source));
    if (!rest) return VALUE_ERROR;
    rest->extra = it->extra;
    rest->index = it->index;
    rest->limit = it->limit;
    Value *r = roots_push(vm, obj_value(rest));
    if (!r) return VALUE_ERROR;
    Value items = obj_to_list(vm, *r);
    roots_pop(vm, r);
    return is_error(items) ? items : iterator_of(vm, items, VALUE_UNSET);
}

static Value reduce_zip(VM *vm, Value self)
{
    const Iter *it = as_iter(self);
    Value class = obj_value(type_of(vm, self));
    return it->index ? tuple_pack(vm, 3, class, it->extra, VALUE_TRUE) : tuple_pair(vm, class, it->extra);
}

static Value reduce_map(VM *vm, Value self)
{
    const Iter *it = as_iter(self);
    if (!it->index) return by_class(vm, self, it->source, it->extra, VALUE_UNSET);
    Value arguments = with_class(vm, it->source, as_tuple(it->extra));
    return is_error(arguments) ? arguments : tuple_pair(vm, obj_value(type_of(vm, self)), arguments);
}

static Value attribute_of(VM *vm, Value owner, Value name)
{
    return made_by(vm, builtin(vm, "getattr"), owner, name, VALUE_UNSET, VALUE_UNSET);
}

static Value reduce_native(VM *vm, Value self)
{
    Native *f = (Native *)as_obj(self);
    if (is_exact(self, T_METHOD_DESCRIPTOR))
        return attribute_of(vm, obj_value(f->owner), obj_value(f->sig->name));
    bool function = is_unset(f->self) || is_kind(f->self, KIND_MODULE);
    return function ? obj_value(f->sig->name) : attribute_of(vm, f->self, obj_value(f->sig->name));
}

static Value reduce_iter(VM *vm, Value self)
{
    const Iter *it = as_iter(self);
    switch (type_of(vm, self)->builtin) {
    case T_LIST_ITER: case T_TUPLE_ITER: case T_BYTES_ITER: case T_BYTEARRAY_ITER: case T_SEQ_ITER:
        return reduce_sequence_iter(vm, it);
    case T_LIST_REVITER: case T_REVERSED: return reduce_reversed(vm, self);
    case T_STR_ITER: case T_STR_ASCII_ITER: return reduce_str_iter(vm, it);
    case T_LONGRANGE_ITER: return iterator_of(vm, it->source, it->extra);
    case T_CALLABLE_ITER:
        if (is_unset(it->source)) return ended_iterator(vm, obj_value(vm->empty_tuple));
        return made_by(vm, builtin(vm, "iter"), it->source, it->extra, VALUE_UNSET, VALUE_UNSET);
    case T_ENUMERATE: return by_class(vm, self, it->source, it->extra, VALUE_UNSET);
    case T_FILTER: return by_class(vm, self, it->source, it->extra, VALUE_UNSET);
    case T_ZIP: return reduce_zip(vm, self);
    case T_MAP: return reduce_map(vm, self);
    case T_MEMORY_ITER: return VALUE_UNSET;
    default: return it->h.shape < T_BUILTIN_COUNT ? reduce_table_iter(vm, it) : VALUE_UNSET;
    }
}

/* What a built-in type's own __reduce__ answers; UNSET when it has none. */
static Value reduce_builtin(VM *vm, Value self, int64_t protocol)
{
    if (self == VALUE_ELLIPSIS) return str_from_c(vm, "Ellipsis");
    if (self == VALUE_NOT_IMPLEMENTED) return str_from_c(vm, "NotImplemented");
    if (!is_ptr(self)) return VALUE_UNSET;
    switch (as_obj(self)->kind) {
    case KIND_SET: return reduce_contents(vm, self, obj_to_list(vm, self));
    case KIND_BYTEARRAY: return as_obj(self)->aux ? VALUE_UNSET : reduce_bytearray(vm, self);
    case KIND_RANGE:
        return by_class(vm, self, as_range(self)->start, as_range(self)->stop, as_range(self)->step);
    case KIND_SLICE:
        return by_class(vm, self, as_slice(self)->start, as_slice(self)->stop, as_slice(self)->step);
    case KIND_ITER: return reduce_iter(vm, self);
    case KIND_RANGE_ITER: return reduce_range_iter(vm, (RangeIter *)as_obj(self));
    case KIND_NATIVE: return reduce_native(vm, self);
    case KIND_METHOD: {
        Value name = obj_getattr(vm, self, vm->common->name_);
        return is_error(name) ? name : attribute_of(vm, as_method(self)->self, name);
    }
    case KIND_MEMBER: {
        const Member *m = (Member *)as_obj(self);
        return attribute_of(vm, obj_value(m->owner), obj_value(m->name));
    }
    case KIND_PAIR:
        if (!is_exact(self, T_GENERIC_ALIAS)) return VALUE_UNSET;
        return by_class(vm, self, ((Pair *)as_obj(self))->a, ((Pair *)as_obj(self))->b, VALUE_UNSET);
    case KIND_MEMORYVIEW: case KIND_CODE:
        return protocol < 2 ? refuse(vm, self) : vm_raise(vm, ERR_TYPE, "cannot pickle %T objects", self);
    default: return VALUE_UNSET;
    }
}

/* ---- the methods of object ------------------------------------------------------------------------ */

static Value reduce(VM *vm, Value self, int64_t protocol)
{
    Value v = reduce_builtin(vm, self, protocol);
    if (!is_unset(v)) return v;
    if (protocol >= 2) return object_reduce(vm, self);
    Value *r = roots_push(vm, self);
    if (!r) return VALUE_ERROR;
    Value f = copyreg_function(vm, "_reduce_old"), args[] = {*r, int_from_i64(vm, protocol)};
    v = is_error(f) || is_error(args[1]) ? VALUE_ERROR : vm_call(vm, f, args, 2);
    roots_pop(vm, r);
    return v;
}

Value nat_object_reduce(VM *vm, Args args) { return reduce(vm, args.v[0], 0); }

/* A __reduce__ of the class's own comes first. */
Value nat_object_reduce_ex(VM *vm, Args args)
{
    int64_t protocol;
    if (!index_argument(vm, args.v[1], &protocol)) return VALUE_ERROR;
    if (is_objects_own(vm, args.v[0], vm->common->reduce_, nat_object_reduce))
        return reduce(vm, args.v[0], protocol);
    return vm_call_method(vm, args.v[0], vm->common->reduce_, NULL, 0);
}

/* ---- iterators' positions ------------------------------------------------------------------------- */

static int64_t clamp(int64_t i, int64_t low, int64_t high) { return i < low ? low : i > high ? high : i; }

static bool set_position(VM *vm, Value self, int64_t at)
{
    Iter *it = as_iter(self);
    if (is_unset(it->source)) return true;
    TypeId type = type_of(vm, self)->builtin;
    int64_t n = type == T_SEQ_ITER ? INT64_MAX : obj_len(vm, it->source);
    if (n < 0) return false;
    if (is_unset(it->source)) return true; // __len__ may have run it to its end
    switch (type) {
    case T_LIST_REVITER: case T_REVERSED: it->index = clamp(at, -1, n - 1); break;
    case T_STR_ITER: case T_STR_ASCII_ITER:
        it->index = (int64_t)str_offset(vm, as_str(it->source), (size_t)clamp(at, 0, n));
        break;
    default: it->index = clamp(at, 0, n);
    }
    return true;
}

static void skip_numbers(RangeIter *it, int64_t n)
{
    n = clamp(n, 0, it->left);
    it->left -= n;
    it->next = (int64_t)((uint64_t)it->next + (uint64_t)it->step * (uint64_t)n);
}

Value nat_iter_setstate(VM *vm, Args args)
{
    Value self = args.v[0];
    if (type_of(vm, self)->builtin == T_ZIP) {
        int strict = obj_truth(vm, args.v[1]);
        if (strict >= 0) as_iter(self)->index = strict;
        return strict < 0 ? VALUE_ERROR : VALUE_NONE;
    }
    if (is_exact(self, T_LONGRANGE_ITER)) {
        Value length = as_range(as_iter(self)->source)->length, at = obj_index(vm, args.v[1]);
        if (is_error(at)) return at;
        if (int_sign(at) < 0) at = small(0);
        gc_store(vm, as_obj(self), &as_iter(self)->extra, int_cmp(at, length) > 0 ? length : at);
        return VALUE_NONE;
    }
    int64_t at;
    if (!index_argument(vm, args.v[1], &at)) return VALUE_ERROR;
    if (!is_exact(self, T_RANGE_ITER)) return set_position(vm, self, at) ? VALUE_NONE : VALUE_ERROR;
    skip_numbers((RangeIter *)as_obj(self), at);
    return VALUE_NONE;
}
