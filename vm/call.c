/* call.c - arguments to parameters of script functions, with CPython's error texts. */
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/frame.h"
#include "vm/list.h"
#include "vm/str.h"
#include "vm/type.h"

#include <stdio.h>

/* Where a function's parameters lie in its registers. */
typedef struct Params {
    VM *vm;
    Function *f;
    Code *c;
    Str *const *names;
    int npos, nkw;           // positional ones; keyword-only ones
    Value *regs;
} Params;

/* Which of the parameters from `from` up to `until` has this name; -1: none. */
static int find_param(const Params *p, int from, int until, const Str *name)
{
    for (int i = from; i < until; i++)
        if (p->names[i] == name) return i;
    for (int i = from; i < until && !(name->h.aux & STR_INTERNED); i++)
        if (str_eq(p->names[i], name)) return i;
    return -1;
}

static bool is_positional_only(const Params *p, Value name) { return find_param(p, 0, p->c->nposonly, as_str(name)) >= 0; }

static Value function_qualname(VM *vm, Function *f)
{
    Value q = function_attr(vm, f, vm->common->qualname);
    return is_str(q) ? q : obj_value(f->code->qualname);
}

/* "'a', 'b' and 'c'", as CPython lists missing arguments. */
static bool add_name_list(StrBuilder *b, const Params *p, const int *which, int n)
{
    for (int i = 0; i < n; i++) {
        const Str *name = p->names[which[i]];
        const char *sep = i == 0 ? "" : n == 2 ? " and " : i == n - 1 ? ", and " : ", ";
        if (!sb_add_c(b, sep) || !sb_add_c(b, "'") || !sb_add(b, name->data, name->size) || !sb_add_c(b, "'"))
            return false;
    }
    return true;
}

static bool raise_missing(Params *p, int from, int to, const char *kind)
{
    int *which = heap_malloc(p->vm, size_mul((size_t)(to - from), sizeof *which)), n = 0;
    if (!which) return false;
    for (int i = from; i < to; i++)
        if (is_unset(p->regs[i])) which[n++] = i;
    StrBuilder b;
    sb_init(&b, p->vm);
    add_name_list(&b, p, which, n);
    heap_free(p->vm, which, (size_t)(to - from) * sizeof *which);
    Value names = sb_finish(&b);
    if (is_error(names)) return false;
    vm_raise(p->vm, ERR_TYPE, "%V() missing %d required %s argument%s: %V", function_qualname(p->vm, p->f), n,
             kind, n == 1 ? "" : "s", names);
    return false;
}

static int count_defaults(const Function *f)
{
    return is_unset(f->defaults) ? 0 : (int)as_tuple(f->defaults)->size;
}

static bool raise_too_many(Params *p, int given)
{
    int defaults = count_defaults(p->f), kwonly_given = 0;
    for (int i = p->npos; i < p->npos + p->nkw; i++) kwonly_given += !is_unset(p->regs[i]);
    char takes[64], extra[96] = "";
    if (defaults) snprintf(takes, sizeof takes, "from %d to %d", p->npos - defaults, p->npos);
    else snprintf(takes, sizeof takes, "%d", p->npos);
    if (kwonly_given)
        snprintf(extra, sizeof extra, " positional argument%s (and %d keyword-only argument%s)",
                 given == 1 ? "" : "s", kwonly_given, kwonly_given == 1 ? "" : "s");
    bool plural = defaults ? true : p->npos != 1;
    vm_raise(p->vm, ERR_TYPE, "%V() takes %s positional argument%s but %d%s %s given",
             function_qualname(p->vm, p->f), takes, plural ? "s" : "", given, extra,
             given == 1 && !kwonly_given ? "was" : "were");
    return false;
}

/* Positional-only parameters given by keyword, in CPython's one message. Only when there is no **kwargs to take them. */
static bool raise_positional_only(Params *p, Tuple *kwnames)
{
    StrBuilder b;
    sb_init(&b, p->vm);
    bool first = true;
    for (int i = 0; i < p->c->nposonly; i++)
        for (size_t k = 0; k < kwnames->size; k++)
            if (find_param(p, i, i + 1, as_str(kwnames->items[k])) == i) {
                sb_addf(&b, "%s%V", first ? "" : ", ", kwnames->items[k]);
                first = false;
            }
    Value names = sb_finish(&b);
    if (is_error(names)) return false;
    vm_raise(p->vm, ERR_TYPE, "%V() got some positional-only arguments passed as keyword arguments: '%V'",
             function_qualname(p->vm, p->f), names);
    return false;
}

/* The names that may be given by keyword. */
static Value keyword_names(const Params *p)
{
    int first = p->c->nposonly, n = p->npos + p->nkw - first;
    Value names = tuple_new(p->vm, NULL, (size_t)n);
    for (int i = 0; !is_error(names) && i < n; i++) as_tuple(names)->items[i] = obj_value(p->names[first + i]);
    return names;
}

static bool bind_keyword(Params *p, Tuple *kwnames, Value name, Value value, Dict *rest)
{
    int at = find_param(p, p->c->nposonly, p->npos + p->nkw, as_str(name));
    if (at >= 0 && is_unset(p->regs[at])) {
        p->regs[at] = value;
        return true;
    }
    if (at >= 0) {
        vm_raise(p->vm, ERR_TYPE, "%V() got multiple values for argument '%V'", function_qualname(p->vm, p->f), name);
        return false;
    }
    if (rest) return dict_set(p->vm, rest, name, value);
    for (size_t k = 0; k < kwnames->size; k++)
        if (is_positional_only(p, kwnames->items[k])) return raise_positional_only(p, kwnames);
    vm_raise(p->vm, ERR_TYPE, "%V() got an unexpected keyword argument '%V'", function_qualname(p->vm, p->f),
             name);
    exception_note_argument(p->vm, name, keyword_names(p));
    return false;
}

static bool fill_defaults(Params *p)
{
    int ndef = count_defaults(p->f), first_default = p->npos - ndef;
    bool missing = false;
    for (int i = 0; i < p->npos; i++) {
        if (!is_unset(p->regs[i])) continue;
        if (i >= first_default) p->regs[i] = as_tuple(p->f->defaults)->items[i - first_default];
        else missing = true;
    }
    if (missing) return raise_missing(p, 0, p->npos, "positional");
    if (!p->nkw) return true;
    Value kwdefaults = function_attr(p->vm, p->f, p->vm->common->kwdefaults);
    for (int i = p->npos; i < p->npos + p->nkw; i++) {
        if (!is_unset(p->regs[i])) continue;
        if (is_dict(kwdefaults)) p->regs[i] = dict_get_str(p->vm, as_dict(kwdefaults), p->names[i]);
        missing |= is_unset(p->regs[i]);
    }
    return missing ? raise_missing(p, p->npos, p->npos + p->nkw, "keyword-only") : true;
}

/* Positional arguments, completed by defaults, for a function that has nothing but such parameters. */
static bool bind_positional(const Function *f, const Value *args, int n, Value *regs)
{
    const Code *c = f->code;
    int defaults = count_defaults(f), absent = c->nparams - n;
    if (c->nkwonly || c->flags & (CODE_VARARGS | CODE_VARKW) || absent < 0 || absent > defaults) return false;
    if (n) memmove(regs, args, (size_t)n * sizeof *regs);
    for (int i = 0; i < absent; i++) regs[n + i] = as_tuple(f->defaults)->items[defaults - absent + i];
    return true;
}

bool call_bind(VM *vm, Function *f, const Value *args, int n, Value kwnames, Value *regs)
{
    Code *c = f->code;
    Tuple *kw = is_unset(kwnames) ? NULL : as_tuple(kwnames);
    if (!kw && bind_positional(f, args, n, regs)) return true;
    Params p = {vm, f, c, code_params(vm, c), c->nparams, c->nkwonly, regs};
    if (!p.names) return false;
    int nfixed = p.npos + p.nkw, nkwargs = kw ? (int)kw->size : 0, taken = n < p.npos ? n : p.npos;
    // The registers may overlap the arguments: what does not go straight to its place is set aside first.
    Value rest = VALUE_UNSET, more = VALUE_UNSET;
    if (c->flags & CODE_VARARGS) {
        rest = tuple_new(vm, args + taken, (size_t)(n - taken));
        if (is_error(rest)) return false;
    }
    if (c->flags & CODE_VARKW) {
        Dict *d = dict_new(vm);
        if (!d) return false;
        more = obj_value(d);
    }
    Value *kwvalues = NULL;
    if (nkwargs) {
        kwvalues = roots_reserve(vm, (size_t)nkwargs);
        if (!kwvalues) return false;
        memcpy(kwvalues, args + n, (size_t)nkwargs * sizeof *args);
    }
    if (taken) memmove(regs, args, (size_t)taken * sizeof *regs);
    for (int i = taken; i < nfixed; i++) regs[i] = VALUE_UNSET;
    bool ok = true;
    for (int i = 0; i < nkwargs && ok; i++)
        ok = bind_keyword(&p, kw, kw->items[i], kwvalues[i], is_unset(more) ? NULL : as_dict(more));
    if (kwvalues) roots_pop(vm, kwvalues);
    if (ok && n > p.npos && is_unset(rest)) ok = raise_too_many(&p, n);
    if (!ok || !fill_defaults(&p)) return false;
    int at = nfixed;
    if (!is_unset(rest)) regs[at++] = rest;
    if (!is_unset(more)) regs[at] = more;
    return true;
}
