/* tuple.c - tuples. What they share with lists is in sequence.c. */
#include <stdarg.h>
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/iter.h"
#include "vm/type.h"

static Tuple *tuple_alloc(VM *vm, size_t n)
{
    Tuple *t = heap_alloc_raw(vm, KIND_TUPLE, T_TUPLE, size_add(sizeof(Tuple), size_mul(n, sizeof(Value))));
    if (t) t->size = n;
    return t;
}

Value tuple_new(VM *vm, const Value *items, size_t n)
{
    if (n == 0 && vm->empty_tuple) return obj_value(vm->empty_tuple);
    Tuple *t = tuple_alloc(vm, n);
    if (!t) return VALUE_ERROR;
    for (size_t i = 0; i < n; i++) t->items[i] = items ? items[i] : VALUE_NONE;
    return obj_value(t);
}

Value tuple_pair(VM *vm, Value a, Value b)
{
    Tuple *t = tuple_alloc(vm, 2);
    if (!t) return VALUE_ERROR;
    t->items[0] = a;
    t->items[1] = b;
    return obj_value(t);
}

Value tuple_pack(VM *vm, int n, ...)
{
    Tuple *t = tuple_alloc(vm, (size_t)n);
    if (!t) return VALUE_ERROR;
    va_list ap;
    va_start(ap, n);
    for (int i = 0; i < n; i++) t->items[i] = va_arg(ap, Value);
    va_end(ap);
    return obj_value(t);
}

Value tuple_slice(VM *vm, Tuple *t, int64_t start, int64_t step, int64_t n)
{
    if (n == (int64_t)t->size && step == 1 && t->h.shape == T_TUPLE) return obj_value(t);
    if (step == 1) return tuple_new(vm, t->items + start, (size_t)n);
    Value v = tuple_new(vm, NULL, (size_t)n);
    if (is_error(v)) return v;
    for (int64_t i = 0; i < n; i++) as_tuple(v)->items[i] = t->items[start + i * step];
    return v;
}

/* ---- slots ---- */

static Value tuple_len(VM *vm, Value self)
{
    (void)vm;
    return small((int64_t)as_tuple(self)->size);
}

static Value tuple_getitem(VM *vm, Value self, Value key)
{
    Tuple *t = as_tuple(self);
    int64_t i, stop, step;
    if (is_slice(key)) {
        int64_t n = slice_indices(vm, as_slice(key), (int64_t)t->size, &i, &stop, &step);
        return n < 0 ? VALUE_ERROR : tuple_slice(vm, t, i, step, n);
    }
    if (!is_index(vm, key)) return sequence_refuse_key(vm, self, key);
    if (!index_subscript(vm, key, &i)) return VALUE_ERROR;
    if (i < 0) i += (int64_t)t->size;
    return (uint64_t)i < t->size ? t->items[i] : vm_raise(vm, ERR_INDEX, "tuple index out of range");
}

static Value tuple_compare(VM *vm, Value a, Value b, CompareOp op)
{
    return is_tuple(b) ? sequence_compare(vm, a, b, op) : VALUE_NOT_IMPLEMENTED;
}

/* The hash is CPython's: xxHash over the hashes of the items. */
static const uint64_t PRIME1 = 11400714785074694791u;
static const uint64_t PRIME2 = 14029467366897019727u;
static const uint64_t PRIME5 = 2870177450012600261u;

static uint64_t add_lane(uint64_t acc, int64_t lane)
{
    acc += (uint64_t)lane * PRIME2;
    return (acc << 31 | acc >> 33) * PRIME1;
}

static bool finish_hash(const Tuple *t, uint64_t acc, int64_t *out)
{
    acc += t->size ^ (PRIME5 ^ 3527539u);
    *out = acc == UINT64_MAX ? 1546275796 : (int64_t)acc;
    return true;
}

/* Goes on at item i, which has to be asked for its hash. */
static __attribute__((noinline)) bool ask_on(VM *vm, const Tuple *t, size_t i, uint64_t acc, int64_t *out)
{
    if (vm_c_stack_low(vm)) return false;
    for (; i < t->size; i++) {
        int64_t lane;
        if (!value_hash(vm, t->items[i], &lane)) return false;
        acc = add_lane(acc, lane);
    }
    return finish_hash(t, acc, out);
}

bool tuple_hash(VM *vm, Tuple *t, int64_t *out)
{
    uint64_t acc = PRIME5;
    for (size_t i = 0; i < t->size; i++) {
        int64_t lane;
        if (!value_hash_known(t->items[i], &lane)) return ask_on(vm, t, i, acc, out);
        acc = add_lane(acc, lane);
    }
    return finish_hash(t, acc, out);
}

static Value hash_slot(VM *vm, Value self)
{
    int64_t hash;
    return tuple_hash(vm, as_tuple(self), &hash) ? int_from_i64(vm, hash) : VALUE_ERROR;
}

static Value tuple_repr(VM *vm, Value self)
{
    const Tuple *t = as_tuple(self);
    if (t->size == 0) return str_from_c(vm, "()");
    ReprGuard guard;
    int entered = repr_enter(vm, &guard, self);
    if (entered != REPR_FIRST) return entered == REPR_AGAIN ? str_from_c(vm, "(...)") : VALUE_ERROR;
    StrBuilder b;
    sb_init(&b, vm);
    bool ok = sb_add_c(&b, "(");
    for (size_t i = 0; ok && i < t->size; i++)
        ok = (i == 0 || sb_add(&b, ", ", 2)) && sb_add_repr(&b, t->items[i]);
    repr_leave(vm, &guard);
    if (ok) sb_add_c(&b, t->size == 1 ? ",)" : ")");
    if (ok) return sb_finish(&b);
    sb_drop(&b);
    return VALUE_ERROR;
}

static Value concat(VM *vm, Value a, Value b)
{
    const Tuple *ta = as_tuple(a), *tb = as_tuple(b);
    if (tb->size == 0 && is_exact(a, T_TUPLE)) return a;
    if (ta->size == 0 && is_exact(b, T_TUPLE)) return b;
    Value v = tuple_new(vm, NULL, size_add(ta->size, tb->size));
    if (is_error(v)) return v;
    memcpy(as_tuple(v)->items, ta->items, ta->size * sizeof(Value));
    memcpy(as_tuple(v)->items + ta->size, tb->items, tb->size * sizeof(Value));
    return v;
}

static Value repeat(VM *vm, Value self, Value count)
{
    const Tuple *t = as_tuple(self);
    int64_t times;
    if (!sequence_times(vm, count, &times)) return is_unset(vm->exc) ? VALUE_NOT_IMPLEMENTED : VALUE_ERROR;
    if ((times == 1 || t->size == 0) && is_exact(self, T_TUPLE)) return self;
    Value v = tuple_new(vm, NULL, size_mul(t->size, (size_t)times));
    if (is_error(v)) return v;
    Value *to = as_tuple(v)->items;
    for (int64_t i = 0; i < times && t->size; i++, to += t->size) memcpy(to, t->items, t->size * sizeof(Value));
    return v;
}

static Value tuple_binary(VM *vm, BinaryOp op, Value a, Value b)
{
    if (op == BIN_MUL) return is_tuple(a) ? repeat(vm, a, b) : repeat(vm, b, a);
    if (op != BIN_ADD || !is_tuple(a)) return VALUE_NOT_IMPLEMENTED;
    return is_tuple(b) ? concat(vm, a, b) : sequence_refuse_concat(vm, a, b);
}

/* ---- methods ---- */

static Value nat_index(VM *vm, Args args)
{
    Tuple *t = as_tuple(args.v[0]);
    int64_t start, stop;
    if (!index_bound(vm, args.v[2], (int64_t)t->size, &start)) return VALUE_ERROR;
    if (!index_bound(vm, args.v[3], (int64_t)t->size, &stop)) return VALUE_ERROR;
    int64_t i = sequence_find(vm, &t->h, args.v[1], start, stop);
    if (i == -1) return vm_raise(vm, ERR_VALUE, "tuple.index(x): x not in tuple");
    return i < 0 ? VALUE_ERROR : small(i);
}

static Value nat_count(VM *vm, Args args) { return sequence_count(vm, args.v[0], args.v[1]); }

static Value nat_getnewargs(VM *vm, Args args)
{
    Tuple *t = as_tuple(args.v[0]);
    Value exact = tuple_new(vm, t->items, t->size);
    return is_error(exact) ? exact : tuple_pack(vm, 1, exact);
}

static Value construct(VM *vm, Args args)
{
    Type *type = as_type(args.v[0]);
    Value items = obj_to_tuple(vm, args.v[1]);
    if (is_error(items) || type == vm->types[T_TUPLE]) return items;
    Tuple *from = as_tuple(items);
    Tuple *t = container_alloc(vm, type, KIND_TUPLE, sizeof(Tuple) + from->size * sizeof(Value));
    if (!t) return VALUE_ERROR;
    t->size = from->size;
    t->h.aux = from->size < UINT16_MAX ? (uint16_t)from->size : UINT16_MAX;
    memcpy(t->items, from->items, from->size * sizeof(Value));
    return obj_value(t);
}

static const NativeDef methods[] = {
    {"count(self, value, /)", nat_count, "How many items are equal to value.", 0},
    {"index(self, value, start=0, stop=9223372036854775807, /)", nat_index,
     "The first place from start to stop where value is; ValueError if there is none.", 0},
    {"__getnewargs__(self, /)", nat_getnewargs, "The arguments that make an equal tuple.", 0},
    CLASS_GETITEM_ROW,
    {0},
};

const TypeDef type_def_TUPLE = {
    .slots =
        {
            .repr = tuple_repr,
            .hash = hash_slot,
            .compare = tuple_compare,
            .len = tuple_len,
            .getitem = tuple_getitem,
            .contains = sequence_contains,
            .iter = tuple_iter,
            .binary = tuple_binary,
        },
    .methods = methods,
    .constructor = {"tuple(iterable=(), /)", construct, NULL, 0},
    .convert = obj_to_tuple,
    .doc = "A sequence of any objects that cannot be changed.",
    .flags = TYPE_SEQUENCE | TYPE_MATCH_SELF,
    .operators = OPS_LEFT(BIN_ADD) | OPS_BOTH(BIN_MUL),
};
