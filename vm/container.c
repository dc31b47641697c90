/* container.c - see container.h. */
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/iter.h"
#include "vm/list.h"
#include "vm/type.h"

/* --- instances --- */

void *container_alloc(VM *vm, Type *type, Kind kind, size_t size)
{
    char *o = heap_alloc(vm, kind, type->root_shape->id, size == SIZE_MAX ? size : type_alloc_size(type, size));
    if (o && type->flags & TYPE_ATTRS) *(Value *)(void *)(o + size) = VALUE_UNSET;
    return o;
}

/* --- equality and hashes --- */

static int equal_tuples(const Tuple *a, const Tuple *b, int depth)
{
    if (!depth) return EQUAL_ASK;
    size_t n = a->size < b->size ? a->size : b->size;
    for (size_t i = 0; i < n; i++) {
        if (a->items[i] == b->items[i]) continue;
        int same = equal_builtin(a->items[i], b->items[i], depth - 1);
        if (same != EQUAL_YES) return same;
    }
    return a->size == b->size;
}

static bool is_number_imm(Value v) { return is_small(v) || is_float_imm(v); }

int equal_builtin(Value a, Value b, int depth)
{
    if (a == b) return EQUAL_YES;
    if (is_ptr(a) && is_ptr(b)) {
        if (as_obj(a)->shape != as_obj(b)->shape) return EQUAL_ASK;
        if (as_obj(a)->shape == T_STR) return str_eq(as_str(a), as_str(b));
        if (as_obj(a)->shape == T_TUPLE) return equal_tuples(as_tuple(a), as_tuple(b), depth);
        return EQUAL_ASK;
    }
    if (is_ptr(a) || is_ptr(b)) return is_exact(a, T_STR) || is_exact(b, T_STR) ? EQUAL_NO : EQUAL_ASK;
    if (is_bool(a)) a = small(a == VALUE_TRUE);
    if (is_bool(b)) b = small(b == VALUE_TRUE);
    if (!is_number_imm(a) || !is_number_imm(b)) return a == b; // None, Ellipsis, NotImplemented
    if (is_small(a)) return is_small(b) ? a == b : int_cmp_double(a, as_float_imm(b)) == 0;
    return is_small(b) ? int_cmp_double(b, as_float_imm(a)) == 0 : as_float_imm(a) == as_float_imm(b);
}

int value_equal_rooted(VM *vm, Value a, Value b)
{
    int same = equal_quick(a, b);
    if (same != EQUAL_ASK) return same;
    Value *r = roots_reserve(vm, 2);
    if (!r) return -1;
    r[0] = a;
    r[1] = b;
    same = obj_eq(vm, a, b);
    roots_pop(vm, r);
    return same;
}

bool value_hash_slow(VM *vm, Value v, int64_t *out)
{
    if (is_exact(v, T_STR)) {
        *out = (int64_t)str_hash(vm, as_str(v));
        return true;
    }
    if (is_float_imm(v)) {
        *out = float_hash(as_float_imm(v));
        return true;
    }
    if (is_exact(v, T_TUPLE)) return tuple_hash(vm, as_tuple(v), out);
    if (is_exact(v, T_FROZENSET)) {
        *out = frozenset_hash(as_set(v));
        return true;
    }
    return obj_hash_raw(vm, v, out);
}

/* --- repr --- */

/* A mark on the object itself spares deeply nested ones the walk along the whole chain of guards. */
static bool can_be_marked(const Obj *o)
{
    return o->kind == KIND_LIST || o->kind == KIND_TUPLE || o->kind == KIND_DICT || o->kind == KIND_SET;
}

int repr_enter(VM *vm, ReprGuard *g, Value object)
{
    if (vm_c_stack_low(vm)) return REPR_ERROR;
    Obj *o = as_obj(object);
    if (!can_be_marked(o) || o->aux & AUX_PRINTING) {
        for (const ReprGuard *p = vm->reprs; p; p = p->outer)
            if (p->object == object) return REPR_AGAIN;
    }
    if (can_be_marked(o)) o->aux |= AUX_PRINTING;
    g->outer = vm->reprs;
    g->object = object;
    vm->reprs = g;
    return REPR_FIRST;
}

void repr_leave(VM *vm, const ReprGuard *g)
{
    Obj *o = as_obj(g->object);
    if (can_be_marked(o)) o->aux &= (uint16_t)~AUX_PRINTING;
    vm->reprs = g->outer;
}

bool sb_add_repr(StrBuilder *b, Value v)
{
    Value s = obj_repr(b->vm, v);
    return !is_error(s) && sb_add_str(b, s);
}

/* --- indexes --- */

bool is_index(VM *vm, Value v) { return is_int(v) || type_defines(type_of(vm, v), D_INDEX); }

bool index_fit(VM *vm, Value v, int64_t *out, ErrorKind kind, const char *text)
{
    Value i = obj_index(vm, v);
    if (is_error(i)) return false;
    if (int_to_i64(i, out)) return true;
    vm_raise(vm, kind, text, v);
    return false;
}

bool index_bound(VM *vm, Value v, int64_t length, int64_t *out)
{
    if (!is_index(vm, v)) {
        vm_raise(vm, ERR_TYPE, "slice indices must be integers or have an __index__ method");
        return false;
    }
    if (!obj_index_i64(vm, v, out)) return false;
    if (*out < 0) *out = *out + length < 0 ? 0 : *out + length;
    return true;
}

/* --- list[int] --- */

Value nat_class_getitem(VM *vm, Args args)
{
    Value of = is_tuple(args.v[1]) ? args.v[1] : tuple_new(vm, &args.v[1], 1);
    return is_error(of) ? of : generic_alias_new(vm, args.v[0], of);
}
