/* slice.c - slice objects, and fitting slices to lengths. */
#include "vm/container.h"
#include "vm/list.h"
#include "vm/type.h"

Value slice_new(VM *vm, Value start, Value stop, Value step)
{
    Slice *s = heap_new(vm, KIND_SLICE, T_SLICE, Slice);
    if (!s) return VALUE_ERROR;
    s->start = start;
    s->stop = stop;
    s->step = step;
    return obj_value(s);
}

static Value refuse_part(VM *vm)
{
    return vm_raise(vm, ERR_TYPE, "slice indices must be integers or None or have an __index__ method");
}

/* One of a slice's three parts; None gives `absent`. */
static bool unpack_part(VM *vm, Value part, int64_t absent, int64_t *out)
{
    *out = is_small(part) ? as_small(part) : absent;
    if (is_small(part) || is_none(part)) return true;
    return is_index(vm, part) ? obj_index_i64(vm, part, out) : !is_error(refuse_part(vm));
}

bool slice_unpack(VM *vm, Slice *s, int64_t *start, int64_t *stop, int64_t *step)
{
    if (!unpack_part(vm, s->step, 1, step)) return false;
    if (*step == 0) {
        vm_raise(vm, ERR_VALUE, "slice step cannot be zero");
        return false;
    }
    if (*step < -INT64_MAX) *step = -INT64_MAX; // so that it can be negated
    bool back = *step < 0;
    return unpack_part(vm, s->start, back ? INT64_MAX : 0, start) &&
           unpack_part(vm, s->stop, back ? INT64_MIN : INT64_MAX, stop);
}

static int64_t clamp(int64_t i, int64_t length, bool back)
{
    if (i < 0) {
        i += length;
        return i < 0 ? (back ? -1 : 0) : i;
    }
    return i >= length ? (back ? length - 1 : length) : i;
}

int64_t slice_adjust(int64_t length, int64_t *start, int64_t *stop, int64_t step)
{
    *start = clamp(*start, length, step < 0);
    *stop = clamp(*stop, length, step < 0);
    if (step == 1) return *start < *stop ? *stop - *start : 0;
    if (step < 0) return *stop < *start ? (*start - *stop - 1) / -step + 1 : 0;
    return *start < *stop ? (*stop - *start - 1) / step + 1 : 0;
}

int64_t slice_indices(VM *vm, Slice *s, int64_t length, int64_t *start, int64_t *stop, int64_t *step)
{
    if (!slice_unpack(vm, s, start, stop, step)) return -1;
    return slice_adjust(length, start, stop, *step);
}

/* ---- slots ---- */

static Value slice_repr(VM *vm, Value self)
{
    const Slice *s = as_slice(self);
    ReprGuard guard;
    int entered = repr_enter(vm, &guard, self);
    if (entered != REPR_FIRST) return entered == REPR_AGAIN ? str_from_c(vm, "slice(...)") : VALUE_ERROR;
    StrBuilder b;
    sb_init(&b, vm);
    bool ok = sb_add_c(&b, "slice(") && sb_add_repr(&b, s->start) && sb_add_c(&b, ", ") && sb_add_repr(&b, s->stop) &&
              sb_add_c(&b, ", ") && sb_add_repr(&b, s->step) && sb_add_c(&b, ")");
    repr_leave(vm, &guard);
    if (ok) return sb_finish(&b);
    sb_drop(&b);
    return VALUE_ERROR;
}

static Value slice_hash(VM *vm, Value self) { return vm_raise(vm, ERR_TYPE, "unhashable type: '%T'", self); }

static Value parts(VM *vm, const Slice *s) { return tuple_pack(vm, 3, s->start, s->stop, s->step); }

static Value slice_compare(VM *vm, Value a, Value b, CompareOp op)
{
    if (!is_slice(b)) return VALUE_NOT_IMPLEMENTED;
    Value ta = parts(vm, as_slice(a)), tb = parts(vm, as_slice(b));
    return is_error(ta) || is_error(tb) ? VALUE_ERROR : obj_compare(vm, ta, tb, op);
}

static Value get_start(VM *vm, Value self)
{
    (void)vm;
    return as_slice(self)->start;
}

static Value get_stop(VM *vm, Value self)
{
    (void)vm;
    return as_slice(self)->stop;
}

static Value get_step(VM *vm, Value self)
{
    (void)vm;
    return as_slice(self)->step;
}

/* ---- indices(): the same arithmetic as slice_unpack and slice_adjust, for lengths of any size ---- */

static Value big_part(VM *vm, Value part) { return is_index(vm, part) ? obj_index(vm, part) : refuse_part(vm); }

/* A bound fitted to `length`, as clamp() does. */
static Value clamp_big(VM *vm, Value part, Value length, bool back)
{
    Value i = big_part(vm, part);
    if (is_error(i)) return i;
    if (int_sign(i) < 0) {
        i = int_binary(vm, BIN_ADD, i, length);
        if (is_error(i)) return i;
        return int_sign(i) < 0 ? small(back ? -1 : 0) : i;
    }
    if (int_cmp(i, length) < 0) return i;
    return back ? int_binary(vm, BIN_SUB, length, small(1)) : length;
}

static Value indices_of(VM *vm, const Slice *s, Value length, Value *r)
{
    r[0] = length;
    r[3] = is_none(s->step) ? small(1) : big_part(vm, s->step);
    if (is_error(r[3])) return VALUE_ERROR;
    if (int_sign(r[3]) == 0) return vm_raise(vm, ERR_VALUE, "slice step cannot be zero");
    bool back = int_sign(r[3]) < 0;
    Value last = int_binary(vm, BIN_SUB, length, small(1));
    if (is_error(last)) return last;
    r[1] = !is_none(s->start) ? clamp_big(vm, s->start, length, back) : back ? last : small(0);
    if (is_error(r[1])) return VALUE_ERROR;
    r[2] = !is_none(s->stop) ? clamp_big(vm, s->stop, length, back) : back ? small(-1) : length;
    if (is_error(r[2])) return VALUE_ERROR;
    return tuple_pack(vm, 3, r[1], r[2], r[3]);
}

Value slice_indices_big(VM *vm, Slice *s, Value length)
{
    Value *r = roots_reserve(vm, 4); // length, start, stop, step
    if (!r) return VALUE_ERROR;
    Value v = indices_of(vm, s, length, r);
    roots_pop(vm, r);
    return v;
}

static Value nat_indices(VM *vm, Args args)
{
    Value length = obj_index(vm, args.v[1]);
    if (is_error(length)) return length;
    if (int_sign(length) < 0) return vm_raise(vm, ERR_VALUE, "length should not be negative");
    return slice_indices_big(vm, as_slice(args.v[0]), length);
}

static Value construct(VM *vm, Args args)
{
    if (is_unset(args.v[2])) return slice_new(vm, VALUE_NONE, args.v[1], VALUE_NONE);
    return slice_new(vm, args.v[1], args.v[2], args.v[3]);
}

static const NativeDef methods[] = {
    {"indices(self, object, /)", nat_indices, "Start, stop and stride of the slice for a sequence of that length.", 0},
    {0},
};

static const GetSetDef getsets[] = {
    {"start", get_start, getset_readonly, "First index, or None."},
    {"stop", get_stop, getset_readonly, "Index to stop before, or None."},
    {"step", get_step, getset_readonly, "Stride, or None."},
    {0},
};

const TypeDef type_def_SLICE = {
    .slots = {.repr = slice_repr, .hash = slice_hash, .compare = slice_compare},
    .methods = methods,
    .getsets = getsets,
    .constructor = {"slice(start, stop=?, step=None, /)", construct, NULL, 0},
    .doc = "start:stop:step, as within brackets.",
    .flags = TYPE_FINAL | TYPE_UNHASHABLE,
};
