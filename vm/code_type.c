/* code_type.c - what scripts see of code objects. */
#include "vm/code_object.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"

static Code *code_of(Value self) { return (Code *)as_obj(self); }

static Value get_name(VM *vm, Value self)
{
    (void)vm;
    return obj_value(code_of(self)->name);
}
static Value get_qualname(VM *vm, Value self)
{
    (void)vm;
    return obj_value(code_of(self)->qualname);
}
static Value get_filename(VM *vm, Value self)
{
    size_t n;
    const char *text = code_filename(code_of(self), &n);
    return str_new(vm, text, n);
}
static Value get_first_line(VM *vm, Value self)
{
    (void)vm;
    return small(code_of(self)->rec->first_line);
}
static Value get_argcount(VM *vm, Value self)
{
    (void)vm;
    return small(code_of(self)->flags & CODE_NAMESPACE ? 0 : code_of(self)->nparams);
}
static Value get_posonly(VM *vm, Value self)
{
    (void)vm;
    return small(code_of(self)->nposonly);
}
static Value get_kwonly(VM *vm, Value self)
{
    (void)vm;
    return small(code_of(self)->nkwonly);
}

/* CPython's co_flags, as far as anybody asks for them. */
static Value get_flags(VM *vm, Value self)
{
    (void)vm;
    uint32_t f = code_of(self)->flags, kind = f & CODE_ASYNC_GEN;
    if (f & (CODE_MODULE | CODE_NAMESPACE)) return small(0);
    int64_t flags = 3; // optimized, new locals
    if (f & CODE_VARARGS) flags |= 4;
    if (f & CODE_VARKW) flags |= 8;
    if (f & CODE_NESTED) flags |= 0x10;
    if (kind == CODE_GENERATOR) flags |= 0x20;
    if (kind == CODE_COROUTINE) flags |= 0x80;
    if (f & CODE_ITERABLE_COROUTINE) flags |= 0x100;
    if (kind == CODE_ASYNC_GEN) flags |= 0x200;
    return small(flags);
}

static Value names_where(VM *vm, Value self, bool (*is_wanted)(unsigned flags))
{
    Code *c = code_of(self);
    const CodeImage *image = c->image->image;
    const CodeLocal *l = code_at(image, c->rec->locals);
    Value list = list_new(vm, NULL, 0);
    for (uint32_t i = 0; !is_error(list) && i < c->rec->nlocals; i++) {
        if (!is_wanted(l[i].flags)) continue;
        Str *name = str_intern(vm, code_text(image, l[i].name), l[i].name.len);
        if (!name || !list_append(vm, as_list(list), obj_value(name))) return VALUE_ERROR;
    }
    return is_error(list) ? list : tuple_new(vm, as_list(list)->items, as_list(list)->size);
}

/* Of the captured variables, parameters are listed here as well. */
static bool is_fast(unsigned flags)
{
    return !(flags & (LOCAL_FREE | LOCAL_HIDDEN)) && (!(flags & LOCAL_CELL) || flags & LOCAL_PARAM);
}
static bool is_free(unsigned flags) { return flags & LOCAL_FREE; }
static bool is_cell(unsigned flags) { return (flags & (LOCAL_CELL | LOCAL_FREE)) == LOCAL_CELL; }

static Value get_varnames(VM *vm, Value self) { return names_where(vm, self, is_fast); }
static Value get_nlocals(VM *vm, Value self)
{
    Value names = get_varnames(vm, self);
    return is_error(names) ? names : small((int64_t)as_tuple(names)->size);
}

/* Captured variables are listed in alphabetical order. */
static Value sorted_names(VM *vm, Value self, bool (*is_wanted)(unsigned flags))
{
    Value names = names_where(vm, self, is_wanted);
    Value list = is_error(names) ? names : obj_to_list(vm, names);
    if (is_error(list) || !list_sort(vm, as_list(list), VALUE_NONE, false)) return VALUE_ERROR;
    return obj_to_tuple(vm, list);
}
static Value get_freevars(VM *vm, Value self) { return sorted_names(vm, self, is_free); }
static Value get_cellvars(VM *vm, Value self) { return sorted_names(vm, self, is_cell); }

static Value code_repr(VM *vm, Value self)
{
    Value file = get_filename(vm, self);
    if (is_error(file)) return file;
    return str_format(vm, "<code object %N at %p, file \"%V\", line %u>", code_of(self)->name,
                      (void *)code_of(self), file, code_of(self)->rec->first_line);
}

static const GetSetDef getsets[] = {
    {"co_name", get_name, getset_readonly, "Name of the function."},
    {"co_qualname", get_qualname, getset_readonly, "Qualified name of the function."},
    {"co_filename", get_filename, getset_readonly, "File it was compiled from."},
    {"co_firstlineno", get_first_line, getset_readonly, "Line where it begins."},
    {"co_argcount", get_argcount, getset_readonly, "Number of positional parameters."},
    {"co_posonlyargcount", get_posonly, getset_readonly, "Number of positional-only parameters."},
    {"co_kwonlyargcount", get_kwonly, getset_readonly, "Number of keyword-only parameters."},
    {"co_flags", get_flags, getset_readonly, "CPython's flags: varargs 4, generator 0x20, coroutine 0x80 ..."},
    {"co_nlocals", get_nlocals, NULL, "Number of parameters and local variables."},
    {"co_varnames", get_varnames, NULL, "Names of parameters and local variables."},
    {"co_freevars", get_freevars, NULL, "Names captured from enclosing functions."},
    {"co_cellvars", get_cellvars, NULL, "Names of local variables that nested functions capture."},
    {0},
};
const TypeDef type_def_CODE = {
    .slots = {.repr = code_repr}, .getsets = getsets, .flags = TYPE_FINAL, .doc = "Compiled code of a function, class or module."};
