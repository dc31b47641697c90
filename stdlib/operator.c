/* operator.c - the operators as functions, and callables that fetch items, attributes and results of
 * methods. */
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/type.h"

/* ---- operators ----------------------------------------------------------------------------------- */

#define BINARY(name, op)                                  \
    static Value nat_##name(VM *vm, Args args)            \
    {                                                     \
        return obj_binary(vm, op, args.v[0], args.v[1]);  \
    }                                                     \
    static Value nat_i##name(VM *vm, Args args)           \
    {                                                     \
        return obj_inplace(vm, op, args.v[0], args.v[1]); \
    }
BINARY(add, BIN_ADD)
BINARY(sub, BIN_SUB)
BINARY(mul, BIN_MUL)
BINARY(truediv, BIN_TRUEDIV)
BINARY(floordiv, BIN_FLOORDIV)
BINARY(mod, BIN_MOD)
BINARY(pow, BIN_POW)
BINARY(lshift, BIN_LSHIFT)
BINARY(rshift, BIN_RSHIFT)
BINARY(and, BIN_AND)
BINARY(or, BIN_OR)
BINARY(xor, BIN_XOR)
BINARY(matmul, BIN_MATMUL)

#define COMPARE(name, op)                                 \
    static Value nat_##name(VM *vm, Args args)            \
    {                                                     \
        return obj_compare(vm, args.v[0], args.v[1], op); \
    }
COMPARE(lt, CMP_LT)
COMPARE(le, CMP_LE)
COMPARE(eq, CMP_EQ)
COMPARE(ne, CMP_NE)
COMPARE(ge, CMP_GE)
COMPARE(gt, CMP_GT)

static Value nat_neg(VM *vm, Args args)
{
    return obj_unary(vm, UN_NEG, args.v[0]);
}
static Value nat_pos(VM *vm, Args args)
{
    return obj_unary(vm, UN_POS, args.v[0]);
}
static Value nat_abs(VM *vm, Args args)
{
    return obj_unary(vm, UN_ABS, args.v[0]);
}
static Value nat_invert(VM *vm, Args args)
{
    return obj_unary(vm, UN_INVERT, args.v[0]);
}
static Value nat_index(VM *vm, Args args)
{
    return obj_index(vm, args.v[0]);
}

static Value answer(int yes)
{
    return yes < 0 ? VALUE_ERROR : bool_value(yes);
}
static Value nat_truth(VM *vm, Args args)
{
    return answer(obj_truth(vm, args.v[0]));
}
static Value nat_contains(VM *vm, Args args)
{
    return answer(obj_contains(vm, args.v[0], args.v[1]));
}
static Value nat_is(VM *vm, Args args)
{
    return (void)vm, bool_value(args.v[0] == args.v[1]);
}
static Value nat_is_not(VM *vm, Args args)
{
    return (void)vm, bool_value(args.v[0] != args.v[1]);
}
static Value nat_not(VM *vm, Args args)
{
    int yes = obj_truth(vm, args.v[0]);
    return yes < 0 ? VALUE_ERROR : bool_value(!yes);
}

/* ---- sequences ----------------------------------------------------------------------------------- */

static Value nat_getitem(VM *vm, Args args)
{
    return obj_getitem(vm, args.v[0], args.v[1]);
}
static Value nat_setitem(VM *vm, Args args)
{
    return obj_setitem(vm, args.v[0], args.v[1], args.v[2]);
}
static Value nat_delitem(VM *vm, Args args)
{
    return obj_setitem(vm, args.v[0], args.v[1], VALUE_UNSET);
}

static bool is_sequence(VM *vm, Value v)
{
    Type *t = type_of(vm, v);
    return !is_dict(v) && !is_set(v) && (t->def->slots.getitem || type_defines(t, D_GETITEM));
}

/* Of built-in sequences the left one counts; other sequences have to add by a method of their own. */
static bool can_concat(VM *vm, Value a, Value b)
{
    Type *ta = type_of(vm, a), *tb = type_of(vm, b);
    if (!is_sequence(vm, a)) return false;
    if (ta->def->operators & OPS_LEFT(BIN_ADD)) return true;
    return is_sequence(vm, b) && (type_defines(ta, D_ADD) || type_defines(tb, D_RADD));
}

static Value nat_concat(VM *vm, Args args)
{
    if (!can_concat(vm, args.v[0], args.v[1]))
        return vm_raise(vm, ERR_TYPE, "'%T' object can't be concatenated", args.v[0]);
    return nat_add(vm, args);
}

static Value nat_iconcat(VM *vm, Args args)
{
    if (!can_concat(vm, args.v[0], args.v[1]) && !type_defines(type_of(vm, args.v[0]), D_IADD))
        return vm_raise(vm, ERR_TYPE, "'%T' object can't be concatenated", args.v[0]);
    return nat_iadd(vm, args);
}

typedef struct Search {
    Value wanted;
    int64_t at, count;
    bool stop;
} Search;

static bool visit(VM *vm, Value item, void *state)
{
    Search *s = state;
    int same = obj_eq(vm, item, s->wanted);
    if (same < 0) return false;
    s->count += same;
    if (same && s->stop) return false;
    s->at++;
    return true;
}

static Value nat_count_of(VM *vm, Args args)
{
    if (!obj_is_iterable(vm, args.v[0]))
        return vm_raise(vm, ERR_TYPE, "argument of type '%T' is not iterable", args.v[0]);
    Search s = {.wanted = args.v[1]};
    return obj_iterate(vm, args.v[0], visit, &s) ? small(s.count) : VALUE_ERROR;
}

static Value nat_index_of(VM *vm, Args args)
{
    if (!obj_is_iterable(vm, args.v[0]))
        return vm_raise(vm, ERR_TYPE, "argument of type '%T' is not iterable", args.v[0]);
    Search s = {.wanted = args.v[1], .stop = true};
    if (obj_iterate(vm, args.v[0], visit, &s))
        return vm_raise(vm, ERR_VALUE, "sequence.index(x): x not in sequence");
    return s.count ? small(s.at) : VALUE_ERROR;
}

static Value nat_length_hint(VM *vm, Args args)
{
    int64_t otherwise;
    if (!is_int(args.v[1]))
        return vm_raise(vm, ERR_TYPE, "'%T' object cannot be interpreted as an integer", args.v[1]);
    if (!index_argument(vm, args.v[1], &otherwise)) return VALUE_ERROR;
    int64_t n = obj_length_hint(vm, args.v[0], otherwise);
    return n < 0 && !is_unset(vm->exc) ? VALUE_ERROR : int_from_i64(vm, n);
}

/* Calls callee(first..., *positional, **keywords). */
static Value call_flat(VM *vm, Value callee, Tuple *positional, Dict *keywords)
{
    Value *flat, kwnames;
    int n = native_flatten(vm, positional, keywords, &flat, &kwnames);
    if (n < 0) return VALUE_ERROR;
    Value v = vm_call_kw(vm, callee, flat, n, kwnames);
    roots_pop(vm, flat);
    return v;
}

static Value nat_call(VM *vm, Args args)
{
    return call_flat(vm, args.v[0], as_tuple(args.v[1]), as_dict(args.v[2]));
}

/* ---- getters: pairs of what they fetch ------------------------------------------------------------- */

static Pair *pair_of(Value v)
{
    return (Pair *)as_obj(v);
}

static Value make(VM *vm, Value type, Value a, Value b)
{
    if (is_error(a) || is_error(b)) return VALUE_ERROR;
    Pair *p = heap_alloc(vm, KIND_PAIR, as_type(type)->root_shape->id, sizeof *p);
    if (!p) return VALUE_ERROR;
    p->a = a;
    p->b = b;
    return obj_value(p);
}

/* The answers of `fetch` for one or several subjects: a value, or a tuple of them. */
static Value fetch_all(VM *vm, const Tuple *what, Value subject, Value (*fetch)(VM *, Value, Value))
{
    if (what->size == 1) return fetch(vm, subject, what->items[0]);
    Value result = tuple_new(vm, NULL, what->size);
    Value *root = is_error(result) ? NULL : roots_push(vm, result);
    if (!root) return VALUE_ERROR;
    for (size_t i = 0; i < what->size; i++) {
        Value v = fetch(vm, subject, what->items[i]);
        if (is_error(v)) return roots_pop(vm, root), v;
        gc_store(vm, as_obj(result), &as_tuple(result)->items[i], v);
    }
    roots_pop(vm, root);
    return result;
}

/* "operator.itemgetter(1, 'a')" */
static Value repr_of(VM *vm, Value self, const Tuple *shown, const Dict *keywords)
{
    ReprGuard guard;
    int first = repr_enter(vm, &guard, self);
    if (first == REPR_ERROR) return VALUE_ERROR;
    if (first == REPR_AGAIN) return str_from_c(vm, "...");
    StrBuilder b;
    sb_init(&b, vm);
    bool ok = sb_addf(&b, "%Y(", type_of(vm, self));
    for (size_t i = 0; ok && i < shown->size; i++)
        ok = sb_add_c(&b, i ? ", " : "") && sb_add_repr(&b, shown->items[i]);
    size_t pos = 0;
    for (DictEntry *e; ok && keywords && (e = dict_next_entry(keywords, &pos));)
        ok = sb_addf(&b, ", %V=", e->key) && sb_add_repr(&b, e->value);
    repr_leave(vm, &guard);
    if (!ok || !sb_add_c(&b, ")")) return sb_drop(&b), VALUE_ERROR;
    return sb_finish(&b);
}

/* The arguments of itemgetter and attrgetter, raw behind the class, as a tuple. */
static Value given_to(VM *vm, Args args, const char *name)
{
    if (args.n < 2) return vm_raise(vm, ERR_TYPE, "%s expected 1 argument, got 0", name);
    return tuple_new(vm, args.v + 1, (size_t)args.n - 1);
}

static Value nat_reduce(VM *vm, Args args)
{
    return tuple_pair(vm, obj_value(type_of(vm, args.v[0])), pair_of(args.v[0])->a);
}

static Value construct_itemgetter(VM *vm, Args args)
{
    return make(vm, args.v[0], given_to(vm, args, "itemgetter"), VALUE_UNSET);
}

static Value nat_fetch_items(VM *vm, Args args)
{
    return fetch_all(vm, as_tuple(pair_of(args.v[0])->a), args.v[1], obj_getitem);
}

static Value getter_repr(VM *vm, Value self)
{
    return repr_of(vm, self, as_tuple(pair_of(self)->a), NULL);
}

/* "a.b" as ("a", "b"), interned. */
static Value split_path(VM *vm, const Str *path)
{
    Value parts = list_new(vm, NULL, 0);
    for (size_t at = 0; !is_error(parts) && at <= path->size;) {
        const char *dot = memchr(path->data + at, '.', path->size - at);
        size_t end = dot ? (size_t)(dot - path->data) : path->size;
        Str *part = str_intern(vm, path->data + at, end - at);
        if (!part || !list_append(vm, as_list(parts), obj_value(part))) return VALUE_ERROR;
        at = end + 1;
    }
    return is_error(parts) ? parts : tuple_new(vm, as_list(parts)->items, as_list(parts)->size);
}

static Value construct_attrgetter(VM *vm, Args args)
{
    Value given = given_to(vm, args, "attrgetter");
    if (is_error(given)) return given;
    const Tuple *names = as_tuple(given);
    Value paths = tuple_new(vm, NULL, names->size);
    for (size_t i = 0; !is_error(paths) && i < names->size; i++) {
        if (!is_str(names->items[i])) return vm_raise(vm, ERR_TYPE, "attribute name must be a string");
        Value path = split_path(vm, as_str(names->items[i]));
        if (is_error(path)) return path;
        as_tuple(paths)->items[i] = path;
    }
    return make(vm, args.v[0], given, paths);
}

static Value fetch_path(VM *vm, Value subject, Value path)
{
    const Tuple *parts = as_tuple(path);
    Value *root = roots_push(vm, subject);
    if (!root) return VALUE_ERROR;
    for (size_t i = 0; i < parts->size && !is_error(*root); i++)
        *root = obj_getattr(vm, *root, as_str(parts->items[i]));
    Value v = *root;
    roots_pop(vm, root);
    return v;
}

static Value nat_fetch_attrs(VM *vm, Args args)
{
    return fetch_all(vm, as_tuple(pair_of(args.v[0])->b), args.v[1], fetch_path);
}

/* a: (name, arguments...); b: keywords */
static Value construct_methodcaller(VM *vm, Args args)
{
    const Tuple *given = as_tuple(args.v[1]);
    if (!given->size)
        return vm_raise(vm, ERR_TYPE, "methodcaller needs at least one argument, the method name");
    if (!is_str(given->items[0])) return vm_raise(vm, ERR_TYPE, "method name must be a string");
    return make(vm, args.v[0], args.v[1], args.v[2]);
}

static Value nat_call_method(VM *vm, Args args)
{
    Pair *p = pair_of(args.v[0]);
    Tuple *given = as_tuple(p->a);
    Str *name = str_intern_value(vm, as_str(given->items[0]));
    Value method = name ? obj_getattr(vm, args.v[1], name) : VALUE_ERROR;
    Value *roots = is_error(method) ? NULL : roots_reserve(vm, 2);
    if (!roots) return VALUE_ERROR;
    roots[0] = method;
    roots[1] = tuple_new(vm, given->items + 1, given->size - 1);
    Value v = is_error(roots[1]) ? VALUE_ERROR : call_flat(vm, method, as_tuple(roots[1]), as_dict(p->b));
    roots_pop(vm, roots);
    return v;
}

static Value methodcaller_repr(VM *vm, Value self)
{
    return repr_of(vm, self, as_tuple(pair_of(self)->a), as_dict(pair_of(self)->b));
}

/* Of keyword arguments a partial call of the class takes care. */
static Value nat_reduce_call(VM *vm, Args args)
{
    Pair *p = pair_of(args.v[0]);
    const Tuple *given = as_tuple(p->a);
    if (dict_len(as_dict(p->b)) == 0) return nat_reduce(vm, args);
    Value module = module_import(vm, vm_intern(vm, "functools"));
    Value maker = is_error(module) ? module : obj_getattr(vm, module, vm_intern(vm, "partial"));
    Value first = tuple_pair(vm, obj_value(type_of(vm, args.v[0])), given->items[0]);
    if (is_error(maker) || is_error(first)) return VALUE_ERROR;
    Value *root = roots_push(vm, first);
    if (!root) return VALUE_ERROR;
    Value call = call_flat(vm, maker, as_tuple(first), as_dict(p->b));
    roots_pop(vm, root);
    Value rest = is_error(call) ? call : tuple_new(vm, given->items + 1, given->size - 1);
    return is_error(rest) ? rest : tuple_pair(vm, call, rest);
}

#define GETTER(name, fn, reduce, text) \
    static const NativeDef name##_methods[] = { \
        {"__call__(self, obj, /)", fn, text, 0}, {"__reduce__(self, /)", reduce, "How to make it again.", 0}, {0}};
GETTER(itemgetter, nat_fetch_items, nat_reduce, "The items of obj.")
GETTER(attrgetter, nat_fetch_attrs, nat_reduce, "The attributes of obj.")
GETTER(methodcaller, nat_call_method, nat_reduce_call, "What obj's method answers.")

static const TypeDef itemgetter_def = {
    .slots = {.repr = getter_repr},
    .methods = itemgetter_methods,
    .constructor = {"itemgetter(*items)", construct_itemgetter, NULL, 0},
    .doc = "A callable that answers items of its argument.",
    .flags = TYPE_FINAL,
};
static const TypeDef attrgetter_def = {
    .slots = {.repr = getter_repr},
    .methods = attrgetter_methods,
    .constructor = {"attrgetter(*attrs)", construct_attrgetter, NULL, 0},
    .doc = "A callable that answers attributes of its argument, named with dots.",
    .flags = TYPE_FINAL,
};
static const TypeDef methodcaller_def = {
    .slots = {.repr = methodcaller_repr},
    .methods = methodcaller_methods,
    .constructor = {"methodcaller(*args, **kwargs)", construct_methodcaller, NULL, 0},
    .doc = "A callable that calls a method of its argument.",
    .flags = TYPE_FINAL,
};

/* ---- the module ---------------------------------------------------------------------------------- */

static const NativeDef natives[] = {
    {"abs(a, /)", nat_abs, "abs(a)", 0},
    {"add(a, b, /)", nat_add, "a + b", 0},
    {"and_(a, b, /)", nat_and, "a & b", 0},
    {"call(obj, /, *args, **kwargs)", nat_call, "obj(*args, **kwargs)", 0},
    {"concat(a, b, /)", nat_concat, "a + b, of sequences", 0},
    {"contains(a, b, /)", nat_contains, "b in a", 0},
    {"delitem(a, b, /)", nat_delitem, "del a[b]", 0},
    {"eq(a, b, /)", nat_eq, "a == b", 0},
    {"floordiv(a, b, /)", nat_floordiv, "a // b", 0},
    {"ge(a, b, /)", nat_ge, "a >= b", 0},
    {"getitem(a, b, /)", nat_getitem, "a[b]", 0},
    {"gt(a, b, /)", nat_gt, "a > b", 0},
    {"iadd(a, b, /)", nat_iadd, "a += b", 0},
    {"iand(a, b, /)", nat_iand, "a &= b", 0},
    {"iconcat(a, b, /)", nat_iconcat, "a += b, of sequences", 0},
    {"ifloordiv(a, b, /)", nat_ifloordiv, "a //= b", 0},
    {"ilshift(a, b, /)", nat_ilshift, "a <<= b", 0},
    {"imatmul(a, b, /)", nat_imatmul, "a @= b", 0},
    {"imod(a, b, /)", nat_imod, "a %= b", 0},
    {"imul(a, b, /)", nat_imul, "a *= b", 0},
    {"index(a, /)", nat_index, "a.__index__()", 0},
    {"inv(a, /)", nat_invert, "~a", 0},
    {"invert(a, /)", nat_invert, "~a", 0},
    {"ior(a, b, /)", nat_ior, "a |= b", 0},
    {"ipow(a, b, /)", nat_ipow, "a **= b", 0},
    {"irshift(a, b, /)", nat_irshift, "a >>= b", 0},
    {"isub(a, b, /)", nat_isub, "a -= b", 0},
    {"itruediv(a, b, /)", nat_itruediv, "a /= b", 0},
    {"ixor(a, b, /)", nat_ixor, "a ^= b", 0},
    {"le(a, b, /)", nat_le, "a <= b", 0},
    {"lshift(a, b, /)", nat_lshift, "a << b", 0},
    {"lt(a, b, /)", nat_lt, "a < b", 0},
    {"matmul(a, b, /)", nat_matmul, "a @ b", 0},
    {"mod(a, b, /)", nat_mod, "a % b", 0},
    {"mul(a, b, /)", nat_mul, "a * b", 0},
    {"ne(a, b, /)", nat_ne, "a != b", 0},
    {"neg(a, /)", nat_neg, "-a", 0},
    {"not_(a, /)", nat_not, "not a", 0},
    {"or_(a, b, /)", nat_or, "a | b", 0},
    {"pos(a, /)", nat_pos, "+a", 0},
    {"pow(a, b, /)", nat_pow, "a ** b", 0},
    {"rshift(a, b, /)", nat_rshift, "a >> b", 0},
    {"setitem(a, b, c, /)", nat_setitem, "a[b] = c", 0},
    {"sub(a, b, /)", nat_sub, "a - b", 0},
    {"truediv(a, b, /)", nat_truediv, "a / b", 0},
    {"xor(a, b, /)", nat_xor, "a ^ b", 0},
    {"countOf(a, b, /)", nat_count_of, "How many items of a equal b.", 0}, // from here on without a __name__
    {"indexOf(a, b, /)", nat_index_of, "The position of the first item of a that equals b.", 0},
    {"is_(a, b, /)", nat_is, "a is b", 0},
    {"is_not(a, b, /)", nat_is_not, "a is not b", 0},
    {"length_hint(obj, default=0, /)", nat_length_hint, "How many items obj has, or is thought to have.", 0},
    {"truth(a, /)", nat_truth, "bool(a)", 0},
    {0},
};

/* __add__ for add, __and__ for and_ ... */
static bool add_aliases(VM *vm, Module *m)
{
    for (const NativeDef *row = natives; row->fn != nat_count_of; row++) {
        size_t n = strcspn(row->signature, "(_");
        char alias[24] = "__";
        memcpy(alias + 2, row->signature, n);
        memcpy(alias + 2 + n, "__", 3);
        Str *name = str_intern(vm, row->signature, strcspn(row->signature, "("));
        if (!name || !module_add(vm, m, alias, dict_get_str(vm, m->dict, name))) return false;
    }
    return true;
}

static bool init(VM *vm, Module *m)
{
    return add_aliases(vm, m) && module_add_type(vm, m, "itemgetter", "operator.itemgetter", &itemgetter_def, KIND_PAIR) &&
           module_add_type(vm, m, "attrgetter", "operator.attrgetter", &attrgetter_def, KIND_PAIR) &&
           module_add_type(vm, m, "methodcaller", "operator.methodcaller", &methodcaller_def, KIND_PAIR);
}

const ModuleDef operator_module = {"operator", natives, "The operators as functions.", init};
