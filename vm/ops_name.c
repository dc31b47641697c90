/* ops_name.c - slow paths of names: locals, captured variables, globals, class bodies, imports' last steps. */
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/ops.h"
#include "vm/output.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"

Value op_unbound_local(VM *vm, Value name)
{
    return vm_raise(vm, ERR_UNBOUND_LOCAL, "cannot access local variable '%V' where it is not associated with a value", name);
}

Value op_unbound_free(VM *vm, Value name)
{
    return vm_raise(vm, ERR_NAME, "cannot access free variable '%V' where it is not associated with a value in enclosing scope",
                    name);
}

Value op_new_cell(VM *vm, Value v)
{
    Cell *c = heap_alloc_raw(vm, KIND_CELL, T_CELL, sizeof *c);
    if (!c) return VALUE_ERROR;
    c->value = v;
    c->fallback = VALUE_UNSET;
    return obj_value(c);
}

static Value global_name(VM *vm, Code *c, uint32_t index)
{
    const CodeText *t = (const CodeText *)code_at(c->image->image, c->rec->globals) + index;
    Str *s = str_intern(vm, code_text(c->image->image, *t), t->len);
    return s ? obj_value(s) : VALUE_ERROR;
}

static Value raise_name_error(VM *vm, Value name)
{
    if (is_error(name)) return name;
    vm_raise(vm, ERR_NAME, "name '%V' is not defined", name);
    if (!vm_pending_is(vm, ERR_NAME)) return VALUE_ERROR;
    Exception *e = (Exception *)as_obj(vm->exc);
    gc_store(vm, e, &e->extra[0], name); // NameError.name, for "Did you mean"
    return VALUE_ERROR;
}

/* UNSET: the mapping does not have it. */
static Value get_from_mapping(VM *vm, Value mapping, Value name)
{
    Value v = obj_getitem(vm, mapping, name);
    if (!is_error(v) || !vm_pending_is(vm, ERR_KEY)) return v;
    vm_take_pending(vm);
    return VALUE_UNSET;
}

/* Globals of a dict's subclass are asked as any mapping is; then the builtins, which do not show through there. */
Value op_global_missing(VM *vm, Code *c, uint32_t index)
{
    Value name = global_name(vm, c, index), globals = obj_value(c->module->dict);
    if (is_error(name) || is_exact(globals, T_DICT)) return raise_name_error(vm, name);
    Value v = get_from_mapping(vm, globals, name);
    if (is_unset(v)) v = module_builtin(vm, c->module, as_str(name));
    return is_unset(v) ? raise_name_error(vm, name) : v;
}

bool op_del_global(VM *vm, Code *c, uint32_t index)
{
    Cell *cell = c->globals[index];
    Value name = global_name(vm, c, index);
    if (is_unset(cell->value)) return raise_name_error(vm, name), false;
    return !is_error(name) && dict_delete(vm, c->module->dict, name) >= 0;
}

Value op_load_name(VM *vm, Value ns, Value name, Code *c, uint32_t global)
{
    Value v = is_exact(ns, T_DICT) ? dict_get(vm, as_dict(ns), name) : get_from_mapping(vm, ns, name);
    if (!is_unset(v)) return v;
    Cell *cell = c->globals[global];
    if (!is_unset(cell->value)) return cell->value;
    v = is_unset(cell->fallback) ? module_builtin(vm, c->module, as_str(name)) : ((Cell *)as_obj(cell->fallback))->value;
    return is_unset(v) ? raise_name_error(vm, name) : v;
}

Value op_load_class_free(VM *vm, Value ns, Value name, Cell *cell)
{
    Value v = is_exact(ns, T_DICT) ? dict_get(vm, as_dict(ns), name) : get_from_mapping(vm, ns, name);
    if (!is_unset(v)) return v;
    return is_unset(cell->value) ? op_unbound_free(vm, name) : cell->value;
}

bool op_del_name(VM *vm, Value ns, Value name)
{
    if (!is_exact(ns, T_DICT)) {
        if (!is_error(obj_setitem(vm, ns, name, VALUE_UNSET))) return true;
        if (!vm_pending_is(vm, ERR_KEY)) return false;
        vm_take_pending(vm);
        return !is_error(raise_name_error(vm, name));
    }
    int found = dict_delete(vm, as_dict(ns), name);
    if (found == 0) raise_name_error(vm, name);
    return found > 0;
}

static bool show_repr(VM *vm, Value v)
{
    Value text = obj_repr(vm, v);
    return !is_error(text) && output_str(vm, as_str(text)) && output_bytes(vm, "\n", 1);
}

/* The value of an expression statement at the prompt, as sys.displayhook shows it. */
bool op_display(VM *vm, Value v)
{
    if (is_none(v)) return true;
    Value *root = roots_push(vm, v);
    if (!root) return false;
    bool shown = vm->show ? vm->show(vm, v) : show_repr(vm, v);
    bool ok = shown && module_add(vm, vm->builtins, "_", v);
    roots_pop(vm, root);
    return ok;
}
