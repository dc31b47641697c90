/* CPython's suggestions, and ours for modules and arguments: the candidate with the least edit distance, if that
 * is small enough. Beyond that, what a slip would make of a candidate. */
#include "vm/suggest.h"
#include "vm/code_object.h"
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/exception_internal.h"
#include "vm/hangul.h"
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

typedef struct Wanted {
    const Str *name;
    bool (*is_meant)(const struct Wanted *w, const Str *candidate); // NULL: the least distance decides
    bool again; // for the second time: a script's __dir__ has been asked
    char keys[HANGUL_LONGEST];
} Wanted;

typedef struct Search {
    const Wanted *wanted;
    Value best; // a str, or UNSET
    int best_distance;
} Search;

static void consider(Search *s, Value candidate)
{
    const Str *c = as_str(candidate), *name = s->wanted->name;
    if (s->wanted->is_meant) {
        if (is_unset(s->best) && s->wanted->is_meant(s->wanted, c)) s->best = candidate;
        return;
    }
    if (str_eq(c, name)) return;
    int most = (int)((name->size + c->size + 3) * MOVE_COST / 6);
    if (most > s->best_distance - 1) most = s->best_distance - 1;
    int d = distance(name->data, name->size, c->data, c->size, most);
    if (d > most) return;
    s->best = candidate;
    s->best_distance = d;
}

static Value search_dict(const Wanted *wanted, Dict *names)
{
    Search s = {wanted, VALUE_UNSET, INT32_MAX};
    size_t pos = 0;
    Value key, value;
    if (dict_len(names) > MAX_CANDIDATES) return VALUE_UNSET;
    while (dict_next(names, &pos, &key, &value))
        if (is_str(key)) consider(&s, key);
    return s.best;
}

static Value search_locals(VM *vm, const Wanted *wanted, const Code *c)
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
static Value suggest_variable(VM *vm, const Exception *e, const Wanted *wanted)
{
    if (!exception_trace_length(e)) return VALUE_UNSET;
    const Code *c = exception_trace_entry(e, 0).code;
    Value found = search_locals(vm, wanted, c);
    if (is_unset(found)) found = search_dict(wanted, c->module->dict);
    if (is_unset(found)) found = search_dict(wanted, vm->builtins->dict);
    return found;
}

static Value search_items(const Wanted *wanted, const Value *items, size_t n)
{
    Search s = {wanted, VALUE_UNSET, INT32_MAX};
    for (size_t i = 0; n <= MAX_CANDIDATES && i < n; i++)
        if (is_str(items[i])) consider(&s, items[i]);
    return s.best;
}

static Value suggest_attribute(VM *vm, Value obj, const Wanted *wanted)
{
    Value names = wanted->again ? attr_dir_default(vm, obj) : attr_dir(vm, obj);
    return is_list(names) ? search_items(wanted, as_list(names)->items, as_list(names)->size) : VALUE_UNSET;
}

typedef struct ModuleSearch {
    VM *vm;
    Search search;
} ModuleSearch;

static void consider_module(void *state, const char *name)
{
    ModuleSearch *m = state;
    if (*name != '_') consider(&m->search, obj_value(vm_intern(m->vm, name)));
}

/* A module of the standard library. */
static Value suggest_module(VM *vm, const Wanted *wanted)
{
    ModuleSearch m = {vm, {wanted, VALUE_UNSET, INT32_MAX}};
    module_each_own(vm, consider_module, &m);
    return m.search.best;
}

/* The name that exc says there is not, or UNSET. */
static Value missing_name(VM *vm, Value exc)
{
    if (exception_is(vm, exc, ERR_MODULE_NOT_FOUND)) return obj_getattr_opt(vm, exc, vm->common->name);
    if (exception_is(vm, exc, ERR_IMPORT)) return obj_getattr_opt(vm, exc, vm_intern(vm, "name_from"));
    return as_exception(exc)->extra[0];
}

static Value suggest_member(VM *vm, Value exc, const Wanted *wanted)
{
    Value name = obj_getattr_opt(vm, exc, vm->common->name);
    Value module = is_str(name) ? dict_get_str(vm, vm->modules, as_str(name)) : VALUE_UNSET;
    return is_unset(module) ? module : suggest_attribute(vm, module, wanted);
}

/* Where the name could have been: among the modules, in one of them, in scope, in an object, among the parameters. */
static Value suggest(VM *vm, Value exc, const Wanted *wanted)
{
    const Exception *e = as_exception(exc);
    if (exception_is(vm, exc, ERR_MODULE_NOT_FOUND)) return suggest_module(vm, wanted);
    if (exception_is(vm, exc, ERR_IMPORT)) return suggest_member(vm, exc, wanted);
    if (exception_is(vm, exc, ERR_NAME)) return suggest_variable(vm, e, wanted);
    if (exception_is(vm, exc, ERR_ATTRIBUTE))
        return is_unset(e->extra[1]) ? VALUE_UNSET : suggest_attribute(vm, e->extra[1], wanted);
    if (!exception_is(vm, exc, ERR_TYPE) || !is_tuple(e->extra[1])) return VALUE_UNSET;
    return search_items(wanted, as_tuple(e->extra[1])->items, as_tuple(e->extra[1])->size);
}

Value suggest_name(VM *vm, Value exc)
{
    Value pending = vm->exc, name = missing_name(vm, exc), found = VALUE_UNSET;
    if (is_str(name)) found = suggest(vm, exc, &(Wanted){.name = as_str(name)});
    vm->exc = pending;
    return found;
}

/* ---- slips ---- */

static bool is_on_keys(const Wanted *w, const Str *candidate)
{
    return hangul_keys_spell(w->keys, candidate->data, candidate->size);
}

/* The same letters, whether capitals or not, but for two neighbours that may be swapped. */
static bool is_swapped(const Wanted *w, const Str *candidate)
{
    const char *a = w->name->data, *b = candidate->data;
    size_t n = w->name->size, swaps = 0;
    if (n < 3 || n != candidate->size) return false;
    for (size_t i = 0; i < n; i++) {
        if (ascii_lower(a[i]) == ascii_lower(b[i])) continue;
        bool swapped = i + 1 < n && ascii_lower(a[i]) == ascii_lower(b[i + 1]) &&
                       ascii_lower(a[i + 1]) == ascii_lower(b[i]);
        if (!swapped || swaps++) return false;
        i++;
    }
    return true;
}

static bool is_same(const Wanted *w, const Str *candidate)
{
    return str_eq(w->name, candidate);
}

static Value find_slip(VM *vm, Value exc, Value name, Slip *slip)
{
    Wanted w = {.name = as_str(name), .again = true};
    Value suggested = suggest(vm, exc, &w);
    if (!is_unset(suggested)) { // what has the same letters is the better guess: 'ture' is not 'tuple'
        *slip = SLIP_OF_FINGERS;
        w.is_meant = is_swapped;
        Value better = suggest(vm, exc, &w);
        return !is_unset(better) && !str_eq(as_str(better), as_str(suggested)) ? better : VALUE_UNSET;
    }
    w.is_meant = is_on_keys;
    *slip = SLIP_OF_KEYBOARD;
    Value found = hangul_keys(w.name->data, w.name->size, w.keys) ? suggest(vm, exc, &w) : VALUE_UNSET;
    if (!is_unset(found)) return found;
    *slip = SLIP_OF_FINGERS;
    w.is_meant = is_swapped;
    found = suggest(vm, exc, &w);
    if (!is_unset(found) || !exception_is(vm, exc, ERR_NAME)) return found;
    *slip = SLIP_OF_IMPORT;
    w.is_meant = is_same;
    return suggest_module(vm, &w);
}

Value suggest_slip(VM *vm, Value exc, Slip *slip)
{
    Value pending = vm->exc, name = missing_name(vm, exc), found = VALUE_UNSET;
    if (is_str(name)) found = find_slip(vm, exc, name, slip);
    vm->exc = pending;
    return found;
}
