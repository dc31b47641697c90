/* CPython's suggestions, and ours for modules and arguments: the candidate with the least edit distance, if that
 * is small enough. */
#include "vm/suggest.h"
#include "vm/code_object.h"
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/exception_internal.h"
#include "vm/import.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"

enum { MOVE_COST = 2, CASE_COST = 1, MAX_SIZE = 40, MAX_CANDIDATES = 750 };

static int substitution_cost(char a, char b)
{
    if (a == b) return 0;
    return ascii_lower(a) == ascii_lower(b) ? CASE_COST : MOVE_COST;
}

/* Edit distance of two texts, or anything above `most` if it is above that. */
static int distance(const char *a, size_t na, const char *b, size_t nb, int most)
{
    while (na && nb && *a == *b) a++, b++, na--, nb--;
    while (na && nb && a[na - 1] == b[nb - 1]) na--, nb--;
    if (!na || !nb) return (int)(na + nb) * MOVE_COST;
    if (na > MAX_SIZE || nb > MAX_SIZE) return most + 1;
    int row[MAX_SIZE];
    for (size_t i = 0; i < na; i++) row[i] = (int)(i + 1) * MOVE_COST;
    int result = 0;
    for (size_t k = 0; k < nb; k++) {
        int above_left = (int)k * MOVE_COST, least = INT32_MAX;
        result = above_left;
        for (size_t i = 0; i < na; i++) {
            int substitute = above_left + substitution_cost(b[k], a[i]);
            above_left = row[i];
            int move = (result < row[i] ? result : row[i]) + MOVE_COST;
            row[i] = result = move < substitute ? move : substitute;
            if (result < least) least = result;
        }
        if (least > most) return most + 1;
    }
    return result;
}

typedef struct Search {
    const Str *wanted;
    Value best; // a str, or UNSET
    int best_distance;
} Search;

static void consider(Search *s, Value candidate)
{
    const Str *c = as_str(candidate);
    if (str_eq(c, s->wanted)) return;
    int most = (int)((s->wanted->size + c->size + 3) * MOVE_COST / 6);
    if (most > s->best_distance - 1) most = s->best_distance - 1;
    int d = distance(s->wanted->data, s->wanted->size, c->data, c->size, most);
    if (d > most) return;
    s->best = candidate;
    s->best_distance = d;
}

static Value search_dict(const Str *wanted, Dict *names)
{
    Search s = {wanted, VALUE_UNSET, INT32_MAX};
    size_t pos = 0;
    Value key, value;
    if (dict_len(names) > MAX_CANDIDATES) return VALUE_UNSET;
    while (dict_next(names, &pos, &key, &value))
        if (is_str(key)) consider(&s, key);
    return s.best;
}

static Value search_locals(VM *vm, const Str *wanted, const Code *c)
{
    const CodeImage *image = c->image->image;
    const CodeLocal *locals = code_at(image, c->rec->locals);
    Search s = {wanted, VALUE_UNSET, INT32_MAX};
    for (uint32_t i = 0; i < c->rec->nlocals && i < MAX_CANDIDATES; i++) {
        if (locals[i].flags & LOCAL_HIDDEN) continue;
        Str *name = str_intern(vm, code_text(image, locals[i].name), locals[i].name.len);
        if (name) consider(&s, obj_value(name));
    }
    return s.best;
}

/* Names visible where the error was raised: locals, then globals, then builtins. */
static Value suggest_variable(VM *vm, const Exception *e, const Str *wanted)
{
    if (!exception_trace_length(e)) return VALUE_UNSET;
    const Code *c = exception_trace_entry(e, 0).code;
    Value found = search_locals(vm, wanted, c);
    if (is_unset(found)) found = search_dict(wanted, c->module->dict);
    if (is_unset(found)) found = search_dict(wanted, vm->builtins->dict);
    return found;
}

static Value search_items(const Str *wanted, const Value *items, size_t n)
{
    Search s = {wanted, VALUE_UNSET, INT32_MAX};
    for (size_t i = 0; n <= MAX_CANDIDATES && i < n; i++)
        if (is_str(items[i])) consider(&s, items[i]);
    return s.best;
}

static Value suggest_attribute(VM *vm, Value obj, const Str *wanted)
{
    Value names = attr_dir(vm, obj);
    return is_list(names) ? search_items(wanted, as_list(names)->items, as_list(names)->size) : VALUE_UNSET;
}

static void consider_text(VM *vm, Search *s, const char *text)
{
    if (*text != '_') consider(s, obj_value(vm_intern(vm, text)));
}

/* A module of the standard library. */
static Value suggest_module(VM *vm, const Str *wanted)
{
    Search s = {wanted, VALUE_UNSET, INT32_MAX};
    if (!vm->library) return VALUE_UNSET;
    for (const BuiltinModule *m = vm->library->builtin; m->def; m++) consider_text(vm, &s, m->def->name);
    for (const EmbeddedModule *m = vm->library->embedded; m->name; m++) consider_text(vm, &s, m->name);
    return s.best;
}

static Value suggest_import(VM *vm, Value exc)
{
    Value name = obj_getattr_opt(vm, exc, vm->common->name);
    if (!is_str(name)) return VALUE_UNSET;
    if (exception_is(vm, exc, ERR_MODULE_NOT_FOUND)) return suggest_module(vm, as_str(name));
    Value from = obj_getattr_opt(vm, exc, vm_intern(vm, "name_from"));
    Value module = is_str(from) ? dict_get_str(vm, vm->modules, as_str(name)) : VALUE_UNSET;
    return is_unset(module) ? module : suggest_attribute(vm, module, as_str(from));
}

static Value suggest(VM *vm, Value exc)
{
    const Exception *e = as_exception(exc);
    if (exception_is(vm, exc, ERR_IMPORT)) return suggest_import(vm, exc);
    if (!is_str(e->extra[0])) return VALUE_UNSET;
    const Str *name = as_str(e->extra[0]);
    if (exception_is(vm, exc, ERR_NAME)) return suggest_variable(vm, e, name);
    if (exception_is(vm, exc, ERR_ATTRIBUTE))
        return is_unset(e->extra[1]) ? VALUE_UNSET : suggest_attribute(vm, e->extra[1], name);
    if (!exception_is(vm, exc, ERR_TYPE) || !is_tuple(e->extra[1])) return VALUE_UNSET;
    return search_items(name, as_tuple(e->extra[1])->items, as_tuple(e->extra[1])->size);
}

Value suggest_name(VM *vm, Value exc)
{
    Value pending = vm->exc;
    Value found = suggest(vm, exc);
    vm->exc = pending;
    return found;
}
