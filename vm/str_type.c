/* str_type.c - the type str: its constructor, operators, subscripts and iterators. */
#include "vm/codecs.h"
#include "vm/iter.h"
#include "vm/reduce.h"
#include "vm/search.h"
#include "vm/str_methods.h"
#include "vm/text_args.h"
#include "vm/type.h"

/* ---- constructor ---- */

/* An instance of type with the text of s. */
static Value as_instance(VM *vm, Type *type, Value s)
{
    if (is_error(s) || type == vm->types[T_STR]) return s;
    const Str *text = as_str(s);
    Str *copy = str_alloc_as(vm, type, text->size, text->length);
    if (!copy) return VALUE_ERROR;
    memcpy(copy->data, text->data, text->size);
    return obj_value(copy);
}

static bool check_name(VM *vm, Value v, const char *parameter)
{
    if (is_unset(v) || is_str(v)) return true;
    vm_raise(vm, ERR_TYPE, "str() argument '%s' must be str, not %A", parameter, v);
    return false;
}

static Value decoded(VM *vm, Value object, Value encoding, Value errors)
{
    if (!check_name(vm, encoding, "encoding") || !check_name(vm, errors, "errors")) return VALUE_ERROR;
    if (is_unset(object)) return obj_value(vm->empty_str);
    if (is_str(object)) return vm_raise(vm, ERR_TYPE, "decoding str is not supported");
    if (!is_byteslike(object))
        return vm_raise(vm, ERR_TYPE, "decoding to str: need a bytes-like object, %T found", object);
    ByteView view = byte_view(object);
    return codec_decode(vm, view.data, view.size, encoding, errors);
}

static Value nat_str(VM *vm, Args args)
{
    Value object = args.v[1], s;
    if (!is_unset(args.v[2]) || !is_unset(args.v[3])) s = decoded(vm, object, args.v[2], args.v[3]);
    else s = is_unset(object) ? obj_value(vm->empty_str) : obj_str(vm, object);
    return as_instance(vm, as_type(args.v[0]), s);
}

/* ---- slots ---- */

static Value str_slot_repr(VM *vm, Value self) { return str_repr(vm, as_str(self)); }
static Value str_slot_str(VM *vm, Value self) { return str_exact(vm, as_str(self)); }
static Value str_slot_format(VM *vm, Value self, Value spec)
{
    return format_str(vm, as_str(self), as_str(spec));
}
static Value str_slot_hash(VM *vm, Value self) { return small((int64_t)str_hash(vm, as_str(self))); }
static Value str_slot_len(VM *vm, Value self) { return (void)vm, small((int64_t)as_str(self)->length); }
static int str_truth(VM *vm, Value self) { return (void)vm, as_str(self)->size != 0; }

static Value str_compare(VM *vm, Value a, Value b, CompareOp op)
{
    (void)vm;
    if (!is_str(b)) return VALUE_NOT_IMPLEMENTED;
    const Str *x = as_str(a), *y = as_str(b);
    switch (op) {
    case CMP_EQ: return bool_value(str_eq(x, y));
    case CMP_NE: return bool_value(!str_eq(x, y));
    case CMP_LT: return bool_value(str_cmp(x, y) < 0);
    case CMP_LE: return bool_value(str_cmp(x, y) <= 0);
    case CMP_GT: return bool_value(str_cmp(x, y) > 0);
    case CMP_GE: return bool_value(str_cmp(x, y) >= 0);
    }
    return VALUE_NOT_IMPLEMENTED;
}

static Value str_contains(VM *vm, Value self, Value item)
{
    if (!is_str(item))
        return vm_raise(vm, ERR_TYPE, "'in <string>' requires string as left operand, not %T", item);
    const Str *s = as_str(self), *part = as_str(item);
    return bool_value(search_first(s->data, s->size, part->data, part->size) != SEARCH_NONE);
}

/* Every `step`th character, n of them, for a step other than 1. */
static Value stepped_slice(VM *vm, Str *s, int64_t start, int64_t step, int64_t n)
{
    StrBuilder b;
    sb_init(&b, vm);
    if (str_is_ascii(s)) {
        char *out = sb_grow(&b, (size_t)n);
        for (int64_t i = 0; out && i < n; i++) out[i] = s->data[start + i * step];
        if (out) b.size = (size_t)n;
        return sb_finish(&b);
    }
    const char *p = s->data + str_offset(vm, s, (size_t)start), *end = s->data + s->size;
    for (int64_t i = 0; i < n; i++) {
        sb_add(&b, p, utf8_step(*p));
        if (i + 1 == n) break;
        if (step > 0) p = utf8_skip(p, end, (size_t)step);
        else if (step == -1) p = utf8_back(p);
        else p = s->data + str_offset(vm, s, (size_t)(start + (i + 1) * step));
    }
    return sb_finish(&b);
}

static Value str_getitem(VM *vm, Value self, Value key)
{
    Str *s = as_str(self);
    int64_t length = (int64_t)s->length, i;
    if (is_kind(key, KIND_SLICE)) {
        int64_t start, stop, step, n = slice_indices(vm, (Slice *)as_obj(key), length, &start, &stop, &step);
        if (n < 0) return VALUE_ERROR;
        if (n == 0) return obj_value(vm->empty_str);
        return step == 1 ? str_slice(vm, s, (size_t)start, (size_t)(start + n))
                         : stepped_slice(vm, s, start, step, n);
    }
    if (!is_index(vm, key))
        return vm_raise(vm, ERR_TYPE, "string indices must be integers, not '%T'", key);
    if (!index_subscript(vm, key, &i)) return VALUE_ERROR;
    if (i < 0) i += length;
    if (i < 0 || i >= length) return vm_raise(vm, ERR_INDEX, "string index out of range");
    return str_from_char(vm, str_char_at(vm, s, (size_t)i));
}

static Value add(VM *vm, Value a, Value b)
{
    if (is_str(a) && is_str(b)) return str_concat(vm, as_str(a), as_str(b));
    if (!is_str(a) || type_defines(type_of(vm, b), D_RADD)) return VALUE_NOT_IMPLEMENTED;
    return vm_raise(vm, ERR_TYPE, "can only concatenate str (not \"%T\") to str", b);
}

static Value repeat(VM *vm, Value a, Value b)
{
    Value s = is_str(a) ? a : b, times = is_str(a) ? b : a;
    if (!is_index(vm, times)) {
        Type *type = type_of(vm, times);
        if (type_defines(type, is_str(a) ? D_RMUL : D_MUL)) return VALUE_NOT_IMPLEMENTED;
        return vm_raise(vm, ERR_TYPE, "can't multiply sequence by non-int of type '%T'", times);
    }
    int64_t n;
    if (!arg_times(vm, times, &n)) return VALUE_ERROR;
    return str_repeat(vm, as_str(s), n);
}

static Value str_binary(VM *vm, BinaryOp op, Value a, Value b)
{
    switch (op) {
    case BIN_ADD: return add(vm, a, b);
    case BIN_MUL: return repeat(vm, a, b);
    case BIN_MOD: return is_str(a) ? str_percent(vm, as_str(a), b) : VALUE_NOT_IMPLEMENTED;
    default: return VALUE_NOT_IMPLEMENTED;
    }
}

/* ---- iterators: source is the str, index the offset of the next character ---- */

static Value str_iter(VM *vm, Value self)
{
    return iter_new(vm, str_is_ascii(as_str(self)) ? T_STR_ASCII_ITER : T_STR_ITER, self);
}

static Value str_iter_next(VM *vm, Value self)
{
    Iter *it = as_iter(self);
    size_t at = (size_t)it->index;
    Value c = str_next_char(vm, as_str(it->source), &at);
    it->index = (int64_t)at;
    return c;
}

static Value nat_length_hint(VM *vm, Args args)
{
    (void)vm;
    const Iter *it = as_iter(args.v[0]);
    const Str *s = as_str(it->source);
    return small((int64_t)utf8_count(s->data + it->index, s->size - (size_t)it->index));
}

static const NativeDef iter_methods[] = {
    {"__length_hint__(self, /)", nat_length_hint, "How many characters are left.", 0},
    ITER_SETSTATE_ROW,
    {0},
};

const TypeDef type_def_STR_ITER = {
    .slots = {.iter = iter_self, .next = str_iter_next},
    .methods = iter_methods,
    .flags = TYPE_FINAL,
};
const TypeDef type_def_STR_ASCII_ITER = {
    .slots = {.iter = iter_self, .next = str_iter_next},
    .methods = iter_methods,
    .flags = TYPE_FINAL,
};

const TypeDef type_def_STR = {
    .slots =
        {
            .repr = str_slot_repr,
            .str = str_slot_str,
            .format = str_slot_format,
            .hash = str_slot_hash,
            .compare = str_compare,
            .truth = str_truth,
            .len = str_slot_len,
            .getitem = str_getitem,
            .contains = str_contains,
            .iter = str_iter,
            .binary = str_binary,
        },
    .methods = str_methods,
    .constructor = {"str(object=?, encoding=?, errors=?)", nat_str, "Text.", 0},
    .convert = obj_str,
    .doc = "Text: what an object shows to readers, or bytes decoded.",
    .flags = TYPE_MATCH_SELF,
    .operators = OPS_LEFT(BIN_ADD) | OPS_BOTH(BIN_MOD) | OPS_BOTH(BIN_MUL),
};
