/* ops_container.c - slow paths of displays, unpacking, formatting, patterns. */
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"

Value op_build_set(VM *vm, const Value *items, int n)
{
    Value s = set_new(vm);
    Value *root = is_error(s) ? NULL : roots_push(vm, s);
    if (!root) return VALUE_ERROR;
    for (int i = 0; i < n && !is_error(s); i++)
        if (set_add(vm, as_set(*root), items[i]) < 0) s = VALUE_ERROR;
    roots_pop(vm, root);
    return s;
}

Value op_build_dict(VM *vm, const Value *items, int n)
{
    Dict *d = dict_new(vm);
    Value *root = d ? roots_push(vm, obj_value(d)) : NULL;
    if (!root) return VALUE_ERROR;
    bool ok = true;
    for (int i = 0; i < n && ok; i += 2) ok = dict_set(vm, d, items[i], items[i + 1]);
    roots_pop(vm, root);
    return ok ? obj_value(d) : VALUE_ERROR;
}

static Value callee_text(VM *vm, Value callee)
{
    Value name = obj_getattr_opt(vm, callee, vm->common->qualname);
    if (is_error(name)) {
        vm_take_pending(vm);
        name = VALUE_UNSET;
    }
    if (!is_str(name)) return obj_str(vm, callee);
    Value module = obj_getattr_opt(vm, callee, vm->common->module_);
    if (is_error(module)) {
        vm_take_pending(vm);
        module = VALUE_UNSET;
    }
    if (is_str(module) && !str_eq(as_str(module), vm->common->builtins)) return str_format(vm, "%V.%V()", module, name);
    return str_format(vm, "%V()", name);
}

/* list_extend has failed: because what stood behind the star is no iterable at all? callee: of f(*given), or UNSET. */
static bool refuse_star(VM *vm, Value callee, Value given)
{
    Type *t = type_of(vm, given);
    bool no_iterator = vm_pending_is(vm, ERR_TYPE) && !t->def->slots.iter &&
                       is_unset(type_lookup_dunder(vm, t, D_ITER)) && is_unset(type_lookup_dunder(vm, t, D_GETITEM));
    if (!no_iterator) return false;
    vm_take_pending(vm);
    if (is_unset(callee)) {
        vm_raise(vm, ERR_TYPE, "Value after * must be an iterable, not %T", given);
        return false;
    }
    Value text = callee_text(vm, callee);
    if (!is_error(text)) vm_raise(vm, ERR_TYPE, "%V argument after * must be an iterable, not %T", text, given);
    return false;
}

bool op_list_extend(VM *vm, Value list, Value iterable)
{
    return list_extend(vm, as_list(list), iterable) || refuse_star(vm, VALUE_UNSET, iterable);
}

Value op_star_arguments(VM *vm, Value callee, Value given)
{
    if (is_exact(given, T_LIST) || is_exact(given, T_TUPLE)) return given;
    Value list = obj_to_list(vm, given);
    if (is_error(list)) refuse_star(vm, callee, given);
    return list;
}

bool op_dict_update(VM *vm, Value dict, Value mapping)
{
    int done = dict_update_mapping(vm, as_dict(dict), mapping);
    if (!done) vm_raise(vm, ERR_TYPE, "'%T' object is not a mapping", mapping);
    return done > 0;
}

/* TypeError about `v`, the value or the name of an argument after **; `text` says what of it with %V (the callee). */
static void refuse_keywords(VM *vm, Value callee, const char *text, Value v)
{
    Value name = callee_text(vm, callee);
    if (!is_error(name)) vm_raise(vm, ERR_TYPE, text, name, v);
}

static bool merge_keywords(VM *vm, Dict *d, Dict *more, Value callee)
{
    Value key, value;
    for (size_t pos = 0; dict_next(more, &pos, &key, &value);) {
        Value there = dict_get(vm, d, key), text;
        if (is_error(there)) return false;
        if (is_unset(there)) {
            if (!dict_set(vm, d, key, value)) return false;
            continue;
        }
        text = obj_str(vm, key); // whether it is a string is asked by the call
        if (!is_error(text)) refuse_keywords(vm, callee, "%V got multiple values for keyword argument '%V'", text);
        return false;
    }
    return true;
}

bool op_dict_merge(VM *vm, Value dict, Value mapping, Value callee)
{
    bool first = dict_len(as_dict(dict)) == 0; // nothing can be given twice
    Dict *more = first ? as_dict(dict) : dict_new(vm);
    Value *root = more ? roots_push(vm, obj_value(more)) : NULL;
    if (!root) return false;
    int done = dict_update_mapping(vm, more, mapping);
    if (done < 0 && vm_pending_is(vm, ERR_ATTRIBUTE)) done = 0, vm_take_pending(vm);
    if (!done) refuse_keywords(vm, callee, "%V argument after ** must be a mapping, not %T", mapping);
    bool ok = done > 0 && (first || merge_keywords(vm, as_dict(dict), more, callee));
    roots_pop(vm, root);
    return ok;
}

static bool not_iterable(VM *vm, Value v)
{
    vm_raise(vm, ERR_TYPE, "cannot unpack non-iterable %T object", v);
    return false;
}

static Value unpack_iter(VM *vm, Value v)
{
    Value it = obj_iter(vm, v);
    Type *t = type_of(vm, v);
    if (is_error(it) && vm_pending_is(vm, ERR_TYPE) && !t->def->slots.iter && is_unset(type_lookup_dunder(vm, t, D_ITER))) {
        vm_take_pending(vm);
        not_iterable(vm, v);
    }
    return it;
}

bool op_unpack(VM *vm, Value v, Value *out, int n)
{
    if (is_exact(v, T_TUPLE) || is_exact(v, T_LIST)) {
        bool tuple = is_tuple(v);
        size_t size = tuple ? as_tuple(v)->size : as_list(v)->size;
        const Value *items = tuple ? as_tuple(v)->items : as_list(v)->items;
        if (size == (size_t)n) {
            if (n) memmove(out, items, (size_t)n * sizeof *out);
            return true;
        }
        if (size > (size_t)n) vm_raise(vm, ERR_VALUE, "too many values to unpack (expected %d)", n);
        else vm_raise(vm, ERR_VALUE, "not enough values to unpack (expected %d, got %zu)", n, size);
        return false;
    }
    Value it = unpack_iter(vm, v);
    Value *root = is_error(it) ? NULL : roots_reserve(vm, (size_t)n + 1);
    if (!root) return false;
    root[0] = it;
    int got = 0;
    Value item = VALUE_NONE;
    while (got <= n && (item = obj_next(vm, root[0])) != VALUE_STOP && item != VALUE_ERROR) {
        if (got < n) root[1 + got] = item;
        got++;
    }
    bool ok = got == n && item == VALUE_STOP;
    if (ok) memcpy(out, root + 1, (size_t)n * sizeof *out);
    roots_pop(vm, root);
    if (ok || item == VALUE_ERROR) return ok;
    if (got > n) vm_raise(vm, ERR_VALUE, "too many values to unpack (expected %d)", n);
    else vm_raise(vm, ERR_VALUE, "not enough values to unpack (expected %d, got %d)", n, got);
    return false;
}

bool op_unpack_ex(VM *vm, Value v, Value *out, int before, int after)
{
    Value it = unpack_iter(vm, v); // for its error text only
    if (is_error(it)) return false;
    Value list = obj_to_list(vm, it == v ? v : it);
    if (is_error(list)) return false;
    List *l = as_list(list);
    if (l->size < (size_t)before + (size_t)after) {
        vm_raise(vm, ERR_VALUE, "not enough values to unpack (expected at least %d, got %zu)", before + after, l->size);
        return false;
    }
    size_t middle = l->size - (size_t)before - (size_t)after;
    Value rest = list_new(vm, l->items + before, middle);
    if (is_error(rest)) return false;
    memcpy(out, l->items, (size_t)before * sizeof *out);
    out[before] = rest;
    memcpy(out + before + 1, l->items + (size_t)before + middle, (size_t)after * sizeof *out);
    return true;
}

Value op_format(VM *vm, Value v, Value spec, int conversion)
{
    Value s = conversion == 1 ? obj_str(vm, v) : conversion == 2 ? obj_repr(vm, v) : conversion == 3 ? obj_ascii(vm, v) : v;
    if (is_error(s)) return s;
    if (is_unset(spec)) {
        if (is_exact(s, T_STR)) return s;
        if (is_small(s)) return obj_str(vm, s);
        spec = obj_value(vm->empty_str);
    }
    Value *root = roots_push(vm, s);
    if (!root) return VALUE_ERROR;
    Value r = obj_format(vm, s, spec);
    roots_pop(vm, root);
    return r;
}

/* ---- patterns ---- */

Value op_match_keys(VM *vm, Value mapping, Value keys)
{
    Tuple *k = as_tuple(keys);
    Value *root = roots_reserve(vm, k->size + 1);
    if (!root) return VALUE_ERROR;
    Value result = VALUE_UNSET;
    for (size_t i = 0; i < k->size && is_unset(result); i++) {
        for (size_t j = 0; j < i && is_unset(result); j++) {
            int same = obj_eq(vm, k->items[i], k->items[j]);
            if (same < 0) result = VALUE_ERROR;
            if (same > 0) result = vm_raise(vm, ERR_VALUE, "mapping pattern checks duplicate key (%R)", k->items[i]);
        }
        if (!is_unset(result)) break;
        Value v;
        if (is_exact(mapping, T_DICT)) v = dict_get(vm, as_dict(mapping), k->items[i]);
        else { // get() with a default, so that defaultdicts make nothing
            Value args[] = {k->items[i], VALUE_UNSET};
            Value marker = list_new(vm, NULL, 0);
            if (is_error(marker)) v = marker;
            else {
                root[k->size] = args[1] = marker;
                v = vm_call_method(vm, mapping, vm_intern(vm, "get"), args, 2);
                if (v == marker) v = VALUE_UNSET;
            }
        }
        if (is_error(v)) result = v;
        else if (is_unset(v)) result = VALUE_NONE;
        else root[i] = v;
    }
    if (is_unset(result)) result = tuple_new(vm, root, k->size);
    roots_pop(vm, root);
    return result;
}

static Value match_attr(VM *vm, Value v, Value name)
{
    return obj_getattr_opt(vm, v, as_str(name));
}

static Value match_args_of(VM *vm, Value cls)
{
    Value names = obj_getattr_opt(vm, cls, vm->common->match_args);
    if (is_error(names) || is_unset(names) || is_tuple(names)) return names;
    return vm_raise(vm, ERR_TYPE, "%Y.__match_args__ must be a tuple (got %T)", as_type(cls), names);
}

Value op_match_class(VM *vm, Value v, Value cls, int npos, Value kwnames)
{
    if (!is_type(cls)) return vm_raise(vm, ERR_TYPE, "called match pattern must be a type");
    int is = obj_isinstance(vm, v, cls);
    if (is <= 0) return is < 0 ? VALUE_ERROR : VALUE_NONE;
    size_t nkw = as_tuple(kwnames)->size, total = (size_t)npos + nkw;
    Value names = npos ? match_args_of(vm, cls) : VALUE_UNSET;
    if (is_error(names)) return names;
    bool self_match = npos && is_unset(names) && (as_type(cls)->flags & TYPE_MATCH_SELF);
    size_t allowed = is_unset(names) ? (self_match ? 1 : 0) : as_tuple(names)->size;
    if ((size_t)npos > allowed)
        return vm_raise(vm, ERR_TYPE, "%Y() accepts %zu positional sub-pattern%s (%d given)", as_type(cls), allowed,
                        allowed == 1 ? "" : "s", npos);
    Value *root = roots_reserve(vm, total + 1);
    if (!root) return VALUE_ERROR;
    Value result = VALUE_UNSET;
    for (size_t i = 0; i < total && is_unset(result); i++) {
        Value item;
        if (i < (size_t)npos && self_match) item = v;
        else {
            Value name = i < (size_t)npos ? as_tuple(names)->items[i] : as_tuple(kwnames)->items[i - (size_t)npos];
            if (!is_str(name)) {
                result = vm_raise(vm, ERR_TYPE, "__match_args__ elements must be strings (got %T)", name);
                break;
            }
            for (size_t j = 0; i >= (size_t)npos && j < (size_t)npos && !self_match; j++)
                if (str_eq(as_str(as_tuple(names)->items[j]), as_str(name)))
                    result = vm_raise(vm, ERR_TYPE, "%Y() got multiple sub-patterns for attribute %R", as_type(cls), name);
            if (!is_unset(result)) break;
            item = match_attr(vm, v, name);
        }
        if (is_error(item)) result = item;
        else if (is_unset(item)) result = VALUE_NONE;
        else root[i] = item;
    }
    if (is_unset(result)) result = tuple_new(vm, root, total);
    roots_pop(vm, root);
    return result;
}

Value op_mapping_rest(VM *vm, Value mapping, Value keys)
{
    Dict *d = dict_new(vm);
    Value *root = d ? roots_push(vm, obj_value(d)) : NULL;
    if (!root) return VALUE_ERROR;
    bool ok = dict_update(vm, d, mapping);
    for (size_t i = 0; ok && i < as_tuple(keys)->size; i++) ok = dict_delete(vm, d, as_tuple(keys)->items[i]) >= 0;
    roots_pop(vm, root);
    return ok ? obj_value(d) : VALUE_ERROR;
}
