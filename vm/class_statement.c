/* class_statement.c - a class being made: its bases, the namespace that its body fills, the body's frame. */
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"

/* A base that is no class (list[int]) stands for what its __mro_entries__ answers. */
static Value resolve_bases(VM *vm, Value bases, bool *changed)
{
    Tuple *t = as_tuple(bases);
    *changed = false;
    for (size_t i = 0; i < t->size; i++) *changed |= !is_type(t->items[i]);
    if (!*changed) return bases;
    Value list = list_new(vm, NULL, 0);
    Value *root = is_error(list) ? NULL : roots_push(vm, list);
    if (!root) return VALUE_ERROR;
    bool ok = true;
    for (size_t i = 0; i < t->size && ok; i++) {
        Value base = t->items[i];
        Value entries = is_type(base) ? VALUE_UNSET : obj_getattr_opt(vm, base, vm->common->mro_entries);
        if (is_error(entries)) ok = false;
        else if (is_unset(entries)) ok = list_append(vm, as_list(list), base);
        else {
            entries = vm_call1(vm, entries, bases);
            ok = !is_error(entries) && list_extend(vm, as_list(list), entries);
        }
    }
    Value result = ok ? tuple_new(vm, as_list(list)->items, as_list(list)->size) : VALUE_ERROR;
    roots_pop(vm, root);
    return result;
}

/* The dict that a class body runs on: a plain one, unless a base's metaclass prepares another (EnumType does). */
static Dict *new_namespace(VM *vm, Value name, const Tuple *bases)
{
    for (size_t i = 0; i < bases->size; i++) {
        const TypeDef *meta = type_of(vm, bases->items[i])->def;
        if (!meta->slots.prepare) continue;
        Value ns = meta->slots.prepare(vm, name);
        return is_error(ns) ? NULL : as_dict(ns);
    }
    return dict_new(vm);
}

/* The namespace that the body fills, and the bases resolved. NULL: an exception is pending. */
static Dict *begin_class(VM *vm, Value name, Value *bases)
{
    bool changed;
    Value original = *bases;
    *bases = resolve_bases(vm, original, &changed);
    Value *root = is_error(*bases) ? NULL : roots_push(vm, *bases);
    Dict *ns = root ? new_namespace(vm, name, as_tuple(*bases)) : NULL;
    if (ns && changed && !dict_set_str(vm, ns, vm->common->orig_bases, original)) ns = NULL;
    if (root) roots_pop(vm, root);
    return ns;
}

Value nat_build_class(VM *vm, Args args)
{
    if (!is_kind(args.v[0], KIND_FUNCTION))
        return vm_raise(vm, ERR_TYPE, "__build_class__: func must be a function");
    if (!is_str(args.v[1])) return vm_raise(vm, ERR_TYPE, "__build_class__: name is not a string");
    Dict *ns = begin_class(vm, args.v[1], &args.v[2]);
    Value *root = ns ? roots_push(vm, obj_value(ns)) : NULL;
    if (!root) return VALUE_ERROR;
    bool is_body = ((Function *)as_obj(args.v[0]))->code->flags & CODE_NAMESPACE;
    Value result = vm_call(vm, args.v[0], root, is_body);
    if (!is_error(result)) result = type_create(vm, as_str(args.v[1]), as_tuple(args.v[2]), ns, args.v[3]);
    roots_pop(vm, root);
    return result;
}

/* function, name, bases, values of the keywords; and their names. */
static bool flatten(VM *vm, const Value *base, List *out, Value *kwnames)
{
    bool ok = list_append(vm, out, base[0]) && list_append(vm, out, base[1]) && list_extend(vm, out, base[2]);
    *kwnames = VALUE_UNSET;
    if (!ok || !is_dict(base[3])) return ok;
    Value names = obj_to_list(vm, base[3]);
    *kwnames = is_error(names) ? names : tuple_new(vm, as_list(names)->items, as_list(names)->size);
    Value *root = is_error(*kwnames) ? NULL : roots_push(vm, *kwnames);
    size_t pos = 0;
    Value key, value;
    ok = root != NULL;
    while (ok && dict_next(as_dict(base[3]), &pos, &key, &value)) ok = list_append(vm, out, value);
    if (root) roots_pop(vm, root);
    return ok;
}

/* What stands in a program's builtins in place of nat_build_class makes the class: eval and exec may be given others, or none. */
static Value call_replacement(VM *vm, Value builder, const Value *base)
{
    if (is_unset(builder)) return vm_raise(vm, ERR_NAME, "__build_class__ not found");
    Value list = list_new(vm, NULL, 0), kwnames;
    Value *root = is_error(list) ? NULL : roots_push(vm, list);
    if (!root) return VALUE_ERROR;
    List *given = as_list(list);
    Value cls = VALUE_ERROR;
    if (flatten(vm, base, given, &kwnames)) {
        int nkw = is_unset(kwnames) ? 0 : (int)as_tuple(kwnames)->size;
        Value *names = roots_push(vm, kwnames);
        if (names)
            cls = vm_call_kw(vm, builder, given->items, (int)given->size - nkw, kwnames),
            roots_pop(vm, names);
    }
    roots_pop(vm, root);
    return cls;
}

Value op_build_class(VM *vm, Value *base, uint16_t dst)
{
    Function *body = (Function *)as_obj(base[0]);
    if (!code_is_library(body->code)) {
        Value builder = module_builtin(vm, body->module, vm->common->build_class_);
        if (is_error(builder)) return builder;
        bool usual = is_kind(builder, KIND_NATIVE) && ((Native *)as_obj(builder))->fn == nat_build_class;
        if (!usual) return call_replacement(vm, builder, base);
    }
    Dict *ns = begin_class(vm, base[1], &base[2]);
    if (!ns) return VALUE_ERROR;
    Value namespace = obj_value(ns);
    Frame *frame = frame_push(vm, body, &namespace, 1, VALUE_UNSET, dst, RET_CLASS);
    if (!frame) return VALUE_ERROR;
    vm->frame = frame;
    return VALUE_SWITCH;
}

Value op_class_done(VM *vm, const Value *base, Value result, Frame *body)
{
    (void)result;
    Value *ns = roots_push(vm, body->regs[0]);
    if (!ns) return VALUE_ERROR;
    Value cls = type_create(vm, as_str(base[1]), as_tuple(base[2]), as_dict(*ns), base[3]);
    roots_pop(vm, ns);
    return cls;
}
