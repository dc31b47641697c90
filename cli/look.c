#define _GNU_SOURCE // memrchr
#include "cli/look.h"
#include "vm/code_object.h"
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/import.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/output.h"
#include "vm/protocol.h"
#include "vm/str.h"

#include <stdint.h>
#include <string.h>

typedef void (*Each)(void *state, const char *name, size_t len);

/* Looking must leave no exception behind. */
static Value quiet(VM *vm, Value v)
{
    if (!is_error(v)) return v;
    vm->exc = VALUE_UNSET;
    return VALUE_UNSET;
}

Value look_name(VM *vm, Module *main, const char *name, size_t len)
{
    Str *s = str_intern(vm, name, len);
    if (!s) return quiet(vm, VALUE_ERROR);
    Value v = dict_get_str(vm, main->dict, s);
    return is_unset(v) ? dict_get_str(vm, vm->builtins->dict, s) : v;
}

Value look_module(VM *vm, const char *name, size_t len)
{
    Str *s = str_intern(vm, name, len);
    if (!s) return quiet(vm, VALUE_ERROR);
    Value v = dict_get_str(vm, vm->modules, s);
    return is_unset(v) && module_is_own(vm, s) ? quiet(vm, module_import(vm, s)) : v;
}

Value look_attr(VM *vm, Value v, const char *name, size_t len)
{
    AttrResult r;
    Str *s = str_intern(vm, name, len);
    if (!s) return quiet(vm, VALUE_ERROR);
    if (is_kind(v, KIND_MODULE)) return dict_get_str(vm, ((Module *)as_obj(v))->dict, s);
    switch (attr_find(vm, v, s, &r)) {
    case ATTR_FAILED: return quiet(vm, VALUE_ERROR);
    case ATTR_SLOT: return instance_slot((Instance *)as_obj(v), r.slot);
    case ATTR_VALUE: return r.value;
    case ATTR_BIND: return quiet(vm, attr_bound(vm, r.value, r.self));
    default: return VALUE_UNSET;
    }
}

void look_attrs(VM *vm, Value v, Each each, void *state)
{
    Value names = quiet(vm, attr_dir_default(vm, v));
    for (size_t i = 0; is_list(names) && i < as_list(names)->size; i++) {
        Value name = as_list(names)->items[i];
        if (is_str(name)) each(state, as_str(name)->data, as_str(name)->size);
    }
}

/* ---- functions --------------------------------------------------------------------------------------- */

/* What a call of it comes to: a Function or a signature, whose first `skip` parameters are not the caller's. */
typedef struct Callee {
    Function *function;
    const Signature *sig;
    Str *name;
    int skip;
} Callee;

static bool find_callee(VM *vm, Value v, Callee *c);

static bool find_constructor(VM *vm, Type *t, Callee *c)
{
    c->name = t->name;
    if (!(t->flags & TYPE_HEAP)) {
        const NativeDef *def = t->table ? &t->table->constructor : NULL;
        c->sig = def && def->fn && def->signature ? native_signature(vm, def) : NULL;
        return c->sig != NULL;
    }
    Value init = type_lookup(vm, t, vm->dunder_names[D_INIT]);
    if (!is_kind(init, KIND_FUNCTION)) return false;
    c->function = (Function *)as_obj(init);
    c->skip = 1;
    return true;
}

static bool find_callee(VM *vm, Value v, Callee *c)
{
    *c = (Callee){0};
    if (is_kind(v, KIND_METHOD)) {
        bool found = find_callee(vm, as_method(v)->fn, c);
        c->skip = 1;
        return found;
    }
    if (is_kind(v, KIND_FUNCTION)) {
        c->function = (Function *)as_obj(v);
        c->name = c->function->code->name;
    } else if (is_kind(v, KIND_NATIVE)) {
        const Native *f = (Native *)as_obj(v);
        c->sig = f->sig;
        c->name = f->sig->name;
        c->skip = f->sig->method && !is_unset(f->self);
    } else if (is_ptr(v) && is_type(v)) return find_constructor(vm, as_type(v), c);
    return c->function || c->sig;
}

static int params_of(const Code *c)
{
    return c->nparams + c->nkwonly + !!(c->flags & CODE_VARARGS) + !!(c->flags & CODE_VARKW);
}

static const CodeText *param(const Code *c, int i)
{
    const CodeLocal *locals = code_at(c->image->image, c->rec->locals);
    return &locals[i].name;
}

static void add_param(TextBuffer *out, const Code *c, int i)
{
    const CodeText *name = param(c, i);
    text_add(out, code_text(c->image->image, *name), name->len);
}

/* A default as the source may have had it, if that is short. */
static void add_default(VM *vm, TextBuffer *out, Value v)
{
    bool plain = !is_ptr(v) || is_exact(v, T_STR) || is_exact(v, T_FLOAT) || is_exact(v, T_INT);
    Value text = plain ? quiet(vm, obj_repr(vm, v)) : VALUE_UNSET;
    if (is_str(text) && as_str(text)->size <= 20)
        text_addf(out, "=%.*s", (int)as_str(text)->size, as_str(text)->data);
    else text_addf(out, "=...");
}

static void add_function_params(VM *vm, const Callee *callee, TextBuffer *out)
{
    const Code *c = callee->function->code;
    Value defaults = callee->function->defaults;
    int ndefaults = is_tuple(defaults) ? (int)as_tuple(defaults)->size : 0, named = c->nparams + c->nkwonly;
    const char *separator = "";
    for (int i = callee->skip; i < c->nparams; i++, separator = ", ") {
        text_addf(out, "%s", separator);
        add_param(out, c, i);
        int at = i - (c->nparams - ndefaults);
        if (at >= 0) add_default(vm, out, as_tuple(defaults)->items[at]);
        if (i + 1 == c->nposonly) text_addf(out, ", /");
    }
    if (c->flags & CODE_VARARGS) {
        text_addf(out, "%s*", separator);
        add_param(out, c, named);
        separator = ", ";
    } else if (c->nkwonly) {
        text_addf(out, "%s*", separator);
        separator = ", ";
    }
    Value kwdefaults = function_attr(vm, callee->function, vm->common->kwdefaults);
    for (int i = c->nparams; i < named; i++, separator = ", ") {
        text_addf(out, "%s", separator);
        add_param(out, c, i);
        Str *name = str_intern(vm, code_text(c->image->image, *param(c, i)), param(c, i)->len);
        Value v = name && is_dict(kwdefaults) ? dict_get_str(vm, as_dict(kwdefaults), name) : VALUE_UNSET;
        if (!is_unset(v)) add_default(vm, out, v);
    }
    if (c->flags & CODE_VARKW) {
        text_addf(out, "%s**", separator);
        add_param(out, c, params_of(c) - 1);
    }
}

/* A native's row has it as text; the receiver is left out. */
static void add_native_params(const Callee *callee, TextBuffer *out)
{
    const char *text = strchr(callee->sig->def->signature, '(');
    if (!text) return text_addf(out, "()");
    text_add(out, text++, 1);
    for (int i = 0; i < callee->skip; i++) {
        text += strcspn(text, ",)");
        if (*text == ',') text += 1 + strspn(text + 1, " ");
        if (strncmp(text, "/", 1) == 0) text += strspn(text, "/, ");
    }
    for (; *text; text++) { // what is written as "?" may be left out; line ends show as such
        if (*text == '\n') text_add(out, "\\n", 2);
        else if (strncmp(text, "=?", 2) == 0) text_add(out, "=...", 4), text++;
        else text_add(out, text, 1);
    }
}

bool look_signature(VM *vm, Value v, TextBuffer *out)
{
    Callee c;
    if (!find_callee(vm, v, &c)) return quiet(vm, VALUE_ERROR), false;
    const char *dot = memrchr(c.name->data, '.', c.name->size), *name = dot ? dot + 1 : c.name->data; // of asyncio.locks.Event
    text_add(out, name, (size_t)(c.name->data + c.name->size - name));
    if (c.sig) return add_native_params(&c, out), true;
    text_add(out, "(", 1);
    add_function_params(vm, &c, out);
    text_add(out, ")", 1);
    return true;
}

void look_keywords(VM *vm, Value v, int given, Each each, void *state)
{
    Callee c;
    if (!find_callee(vm, v, &c)) return (void)quiet(vm, VALUE_ERROR);
    int taken = c.skip + given; // positional parameters that have their arguments
    if (c.sig) {
        int star = c.sig->varargs, last = c.sig->nparams - c.sig->varkw;
        for (int i = c.sig->nposonly; !c.sig->raw && i < last; i++)
            if ((i >= taken || i >= c.sig->npos) && !(star && i == c.sig->npos))
                each(state, c.sig->params[i].name->data, c.sig->params[i].name->size);
        return;
    }
    const Code *code = c.function->code;
    for (int i = code->nposonly; i < code->nparams + code->nkwonly; i++)
        if (i >= taken || i >= code->nparams)
            each(state, code_text(code->image->image, *param(code, i)), param(code, i)->len);
}

/* As written: positional ones, *args, those by keyword, **kw. */
static void each_native_param(const Callee *c, void (*each)(void *to, const LintParam *param), void *to)
{
    const Signature *sig = c->sig;
    for (int i = c->skip; i < sig->nparams; i++) {
        bool varargs = sig->varargs && i == sig->npos, varkw = sig->varkw && i == sig->nparams - 1;
        bool by_place = i < sig->npos || varargs, by_name = i >= sig->nposonly && !varargs;
        each(to, &(LintParam){sig->params[i].name->data, by_place, by_name, varargs || varkw,
                              !sig->params[i].required});
    }
}

static bool has_kwdefault(VM *vm, Function *f, const CodeText *name)
{
    Value defaults = function_attr(vm, f, vm->common->kwdefaults);
    Str *s = str_intern(vm, code_text(f->code->image->image, *name), name->len);
    return s && is_dict(defaults) && !is_unset(dict_get_str(vm, as_dict(defaults), s));
}

static void each_function_param(VM *vm, const Callee *callee, void (*each)(void *to, const LintParam *param),
                                void *to)
{
    const Code *c = callee->function->code;
    Value defaults = callee->function->defaults;
    int required = c->nparams - (is_tuple(defaults) ? (int)as_tuple(defaults)->size : 0),
        named = c->nparams + c->nkwonly;
    for (int i = callee->skip; i < params_of(c); i++) {
        bool varargs = c->flags & CODE_VARARGS && i == named, by_place = i < c->nparams || varargs;
        bool optional =
            by_place ? i >= required : i >= named || has_kwdefault(vm, callee->function, param(c, i));
        Str *name = str_intern(vm, code_text(c->image->image, *param(c, i)), param(c, i)->len);
        if (name)
            each(to, &(LintParam){name->data, by_place, i >= c->nposonly && !varargs, i >= named, optional});
    }
}

bool look_params(VM *vm, Value v, int skip, void (*each)(void *to, const LintParam *param), void *to)
{
    Callee c;
    if (!find_callee(vm, v, &c)) return quiet(vm, VALUE_ERROR), false;
    c.skip += skip;
    if (c.sig) each_native_param(&c, each, to);
    else each_function_param(vm, &c, each, to);
    return true;
}

/* ---- documentation ----------------------------------------------------------------------------------- */

static void add_str(TextBuffer *out, Value v)
{
    if (is_str(v)) text_add(out, as_str(v)->data, as_str(v)->size);
}

void look_doc(VM *vm, Value v, TextBuffer *out)
{
    if (is_kind(v, KIND_METHOD)) v = as_method(v)->fn;
    if (is_kind(v, KIND_NATIVE)) {
        const char *doc = ((Native *)as_obj(v))->sig->def->doc;
        if (doc) text_addf(out, "%s", doc);
        return;
    }
    if (is_exact(v, T_GETSET)) {
        const char *doc = ((GetSet *)as_obj(v))->def->doc;
        if (doc) text_addf(out, "%s", doc);
        return;
    }
    if (is_kind(v, KIND_PROPERTY)) {
        const Property *p = (Property *)as_obj(v);
        return is_str(p->doc) ? add_str(out, p->doc) : look_doc(vm, p->get, out);
    }
    bool safe = is_kind(v, KIND_FUNCTION) || is_kind(v, KIND_MODULE) || (is_ptr(v) && is_type(v));
    add_str(out, quiet(vm, attr_get_generic(vm, safe ? v : obj_value(type_of(vm, v)), vm->common->doc)));
}

/* Behind what is there, or below it where that would go beyond `width`. */
static void add_first_line(VM *vm, Value v, size_t width, TextBuffer *out)
{
    TextBuffer doc = {0};
    look_doc(vm, v, &doc);
    size_t start = doc.len ? strspn(doc.bytes, " \n") : 0, n = doc.len ? strcspn(doc.bytes + start, "\n") : 0;
    if (n && out->len) text_addf(out, out->len + 2 + n > width ? "\n      " : "  ");
    if (n) text_add(out, doc.bytes + start, n);
    text_free(&doc);
}

/* A call only makes a coroutine: worth a word in front of its name. */
static void add_async(Value v, TextBuffer *out)
{
    if (is_kind(v, KIND_METHOD)) v = as_method(v)->fn;
    bool async = is_kind(v, KIND_FUNCTION)
                     ? (((Function *)as_obj(v))->code->flags & CODE_ASYNC_GEN) == CODE_COROUTINE
                     : is_kind(v, KIND_NATIVE) && as_obj(v)->aux & NATIVE_ASYNC;
    if (async) text_addf(out, "async ");
}

static void add_line(VM *vm, Value v, size_t width, TextBuffer *out)
{
    bool plain = !is_ptr(v) || is_exact(v, T_STR) || is_exact(v, T_FLOAT) || is_exact(v, T_INT);
    if (plain) {
        Value text = quiet(vm, obj_repr(vm, v));
        text_addf(out, "%s = ", type_name(vm, v));
        return add_str(out, text);
    }
    add_async(v, out);
    bool known = look_signature(vm, v, out);
    bool is_field = is_exact(v, T_GETSET) || is_exact(v, T_MEMBER) || is_kind(v, KIND_PROPERTY);
    bool has_doc = known || is_field || is_kind(v, KIND_MODULE) || is_type(v);
    if (has_doc) add_first_line(vm, v, width, out);
    if (!out->len) text_addf(out, "%s", is_type(v) ? "class" : is_field ? "attribute" : type_name(vm, v));
}

void look_line(VM *vm, Value v, TextBuffer *out) { add_line(vm, v, SIZE_MAX, out); }

/* ---- help -------------------------------------------------------------------------------------------- */

/* The least indentation of the lines behind the first. */
static size_t indentation(const char *doc)
{
    size_t least = SIZE_MAX;
    for (const char *p = strchr(doc, '\n'); p; p = strchr(p + 1, '\n')) {
        size_t n = strspn(p + 1, " ");
        if (p[1 + n] && p[1 + n] != '\n' && n < least) least = n;
    }
    return least;
}

/* A docstring as a text of its own: each line with one indentation, none empty at the ends. */
static void add_doc(VM *vm, Value v, TextBuffer *out)
{
    TextBuffer doc = {0};
    look_doc(vm, v, &doc);
    size_t from = doc.len ? strspn(doc.bytes, " \n") : 0, end = doc.len,
           deep = doc.len ? indentation(doc.bytes) : 0;
    while (end > from && (doc.bytes[end - 1] == '\n' || doc.bytes[end - 1] == ' ')) end--;
    for (size_t at = from; at < end;) {
        const char *line = doc.bytes + at;
        size_t n = strcspn(line, "\n"), skip = strspn(line, " ");
        if (n > end - at) n = end - at;
        if (skip > deep) skip = deep;
        if (skip > n) skip = n;
        if (n > skip) text_addf(out, "    %.*s\n", (int)(n - skip), line + skip);
        else text_add(out, "\n", 1);
        at += n + 1;
    }
    text_free(&doc);
}

static void add_title(VM *vm, Value v, TextBuffer *out)
{
    add_async(v, out);
    if (is_ptr(v) && is_type(v)) text_addf(out, "class ");
    if (look_signature(vm, v, out)) return;
    Value name = VALUE_UNSET;
    if (is_kind(v, KIND_MODULE)) {
        text_addf(out, "module ");
        name = look_attr(vm, v, "__name__", strlen("__name__"));
    }
    if (is_ptr(v) && is_type(v)) name = obj_value(as_type(v)->name);
    if (is_str(name)) add_str(out, name);
    else text_addf(out, "%s", type_name(vm, v));
}

/* Of a class or a module. A module may say in __all__ what it offers: what else it has is its own affair. */
typedef struct Members {
    VM *vm;
    Value of;
    const Value *offered; // NULL: it does not say
    size_t noffered;
    TextBuffer *out;
} Members;

static Members members_of(VM *vm, Value of, TextBuffer *out)
{
    Members m = {.vm = vm, .of = of, .out = out};
    Value all = is_kind(of, KIND_MODULE) ? look_attr(vm, of, "__all__", strlen("__all__")) : VALUE_UNSET;
    if (is_exact(all, T_LIST)) m.offered = as_list(all)->items, m.noffered = as_list(all)->size;
    if (is_exact(all, T_TUPLE)) m.offered = as_tuple(all)->items, m.noffered = as_tuple(all)->size;
    return m;
}

static bool is_offered(const Members *m, const char *name, size_t len)
{
    if (!m->offered) return *name != '_';
    for (const Value *v = m->offered; v < m->offered + m->noffered; v++)
        if (is_str(*v) && as_str(*v)->size == len && memcmp(as_str(*v)->data, name, len) == 0) return true;
    return false;
}

static void add_member(void *state, const char *name, size_t len)
{
    Members *m = state;
    enum { WIDTH = 78, INDENT = 2 };
    if (!is_offered(m, name, len)) return;
    Value v = look_attr(m->vm, m->of, name, len);
    TextBuffer line = {0};
    if (!is_unset(v)) add_line(m->vm, v, WIDTH - INDENT, &line);
    const char *called = line.bytes && strncmp(line.bytes, "async ", 6) == 0 ? line.bytes + 6 : line.bytes;
    bool tells_name = called && strncmp(called, name, len) == 0 && called[len] == '(';
    text_addf(m->out, "%*s%.*s%s%s\n", INDENT, "", tells_name ? 0 : (int)len, name,
              tells_name || !line.len ? "" : ": ", line.len ? line.bytes : "");
    text_free(&line);
}

void look_help(VM *vm, Value v, TextBuffer *out)
{
    bool is_whole = is_kind(v, KIND_MODULE) || (is_ptr(v) && is_type(v));
    bool is_call = is_kind(v, KIND_FUNCTION) || is_kind(v, KIND_NATIVE) || is_kind(v, KIND_METHOD);
    if (!is_whole && !is_call) v = obj_value(type_of(vm, v)), is_whole = true; // of a value there is its class to tell of
    add_title(vm, v, out);
    text_add(out, "\n", 1);
    add_doc(vm, v, out);
    if (!is_whole) return;
    text_add(out, "\n", 1);
    Members members = members_of(vm, v, out);
    look_attrs(vm, v, add_member, &members);
}

bool look_print_help(VM *vm, Value v)
{
    TextBuffer text = {0};
    look_help(vm, v, &text);
    bool ok = !text.failed && output_bytes(vm, text.bytes, text.len);
    if (text.failed) vm_no_memory(vm);
    text_free(&text);
    return ok;
}
