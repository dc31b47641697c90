/* Signatures of natives: parsing their text, and putting the arguments of a call in order with CPython's errors. */
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/str.h"
#include "vm/type_internal.h"

/* ---- parsing ---- */

typedef struct Parser {
    VM *vm;
    const char *p;
    Signature *sig;
    bool kwonly; // after * or *args
    bool ok;
} Parser;

/* An embedding program's texts come here, too. */
static Value refuse(Parser *ps)
{
    if (ps->ok) vm_raise(ps->vm, ERR_VALUE, "not a signature: at '%s'", ps->p);
    ps->ok = false;
    return VALUE_ERROR;
}

static bool is_name_char(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c & 0x80);
}

static Str *parse_name(Parser *ps)
{
    const char *start = ps->p;
    while (is_name_char(*ps->p)) ps->p++;
    if (ps->p == start) refuse(ps);
    Str *s = str_intern(ps->vm, start, (size_t)(ps->p - start));
    if (!s) ps->ok = false;
    return s;
}

static bool accept(Parser *ps, const char *text)
{
    size_t n = strlen(text);
    if (strncmp(ps->p, text, n) != 0) return false;
    ps->p += n;
    return true;
}

static Value parse_quoted(Parser *ps)
{
    const char *start = ++ps->p;
    while (*ps->p && *ps->p != '\'') ps->p++;
    if (!*ps->p) return refuse(ps);
    Str *s = str_intern(ps->vm, start, (size_t)(ps->p++ - start));
    return s ? obj_value(s) : VALUE_ERROR;
}

static Value parse_number(Parser *ps)
{
    const char *start = ps->p;
    while (*ps->p && *ps->p != ',' && *ps->p != ')') ps->p++;
    size_t n = (size_t)(ps->p - start);
    bool is_int_text = !memchr(start, '.', n) && !memchr(start, 'e', n);
    return is_int_text ? int_parse(ps->vm, start, n, 10) : float_parse(ps->vm, start, n);
}

static void parse_default(Parser *ps, SigParam *param)
{
    static const struct { const char *text; Value value; uint8_t fresh;
    } words[] = {
        {"None", VALUE_NONE, 0},         {"True", VALUE_TRUE, 0}, {"False", VALUE_FALSE, 0},
        {"...", VALUE_ELLIPSIS, 0},      {"?", VALUE_UNSET, 0},   {"[]", VALUE_UNSET, FRESH_LIST},
        {"{}", VALUE_UNSET, FRESH_DICT},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (accept(ps, words[i].text)) {
            param->dflt = words[i].value;
            param->fresh = words[i].fresh;
            return;
        }
    if (accept(ps, "()")) param->dflt = obj_value(ps->vm->empty_tuple);
    else param->dflt = *ps->p == '\'' ? parse_quoted(ps) : parse_number(ps);
    if (is_error(param->dflt)) ps->ok = false;
    else gc_pin(ps->vm, param->dflt); // as long as the signature
}

static SigParam *add_param(Parser *ps)
{
    SigParam *param = &ps->sig->params[ps->sig->nparams++];
    *param = (SigParam){parse_name(ps), VALUE_UNSET, false, FRESH_NONE};
    return param;
}

static void parse_plain(Parser *ps)
{
    Signature *sig = ps->sig;
    SigParam *param = add_param(ps);
    param->required = !accept(ps, "=");
    if (!param->required) parse_default(ps, param);
    if (ps->kwonly) sig->nkwonly++;
    else sig->npos++;
    if (param->required && !ps->kwonly && sig->nrequired++ < sig->npos - 1) refuse(ps); // after one with a default
}

static void parse_param(Parser *ps)
{
    Signature *sig = ps->sig;
    if (accept(ps, "**")) {
        add_param(ps), sig->varkw = true;
        if (*ps->p != ')') refuse(ps);
    } else if (accept(ps, "*")) {
        if (ps->kwonly) refuse(ps);
        ps->kwonly = true;
        if (*ps->p != ',') add_param(ps), sig->varargs = true;
    } else if (accept(ps, "/")) {
        if (!sig->npos || sig->nposonly || ps->kwonly) refuse(ps);
        sig->nposonly = sig->npos;
    } else
        parse_plain(ps);
}

/* Between two parameters stands a comma, so that there is room for all. */
static void parse_params(Parser *ps)
{
    if (!accept(ps, "(")) refuse(ps);
    while (ps->ok && !accept(ps, ")")) {
        parse_param(ps);
        if (ps->ok && !accept(ps, ", ") && !accept(ps, ",") && *ps->p != ')') refuse(ps);
    }
    if (*ps->p) refuse(ps);
}

static bool names_receiver(const Str *s)
{
    return str_is(s, "self") || str_is(s, "cls") || str_is(s, "owner");
}

static bool names_slot(VM *vm, const Str *s)
{
    static const bool slots[] = {
#define DUNDER(e, n) [D_##e] = true,
#define DUNDER_METHOD(e, n) [D_##e] = false,
#include "vm/dunders.def"
#undef DUNDER
    };
    for (int i = 0; i < D_COUNT && s->size > 4 && s->data[0] == '_'; i++)
        if (vm->dunder_names[i] == s) return slots[i];
    return false;
}

/* Room for as many parameters as its text has commas, and one. */
static size_t signature_bytes(const NativeDef *def)
{
    size_t most = 1;
    for (const char *p = def->signature; *p; p++) most += *p == ',';
    return sizeof(Signature) + most * sizeof(SigParam);
}

static Signature *parse(VM *vm, const NativeDef *def)
{
    Signature *sig = heap_malloc(vm, signature_bytes(def));
    if (!sig) return NULL;
    *sig = (Signature){.def = def};
    Parser ps = {vm, def->signature, sig, false, true};
    sig->name = parse_name(&ps);
    parse_params(&ps);
    if (!ps.ok) return heap_free(vm, sig, signature_bytes(def)), NULL;
    sig->raw = sig->varargs && sig->nparams == 1;
    sig->plain = !sig->raw;
    for (int i = 0; i < sig->nparams; i++)
        sig->plain &= sig->params[i].fresh == FRESH_NONE && (i < sig->npos || !sig->params[i].required);
    sig->simple = sig->plain && !sig->varargs && !sig->varkw;
    sig->method = sig->npos && names_receiver(sig->params[0].name);
    sig->wrapper = sig->method && !(def->flags & NATIVE_NAMED) && names_slot(vm, sig->name);
    return sig;
}

/* ---- the table of signatures: open addressing by the row's address ---- */

static size_t table_size(size_t n)
{
    size_t size = 256;
    while (size < n * 2) size *= 2;
    return size;
}

static Signature **find(Signature **table, size_t size, const NativeDef *def)
{
    size_t i = ((uintptr_t)def >> 4) * 0x9E3779B97F4A7C15u >> 32 & (size - 1);
    while (table[i] && table[i]->def != def) i = (i + 1) & (size - 1);
    return &table[i];
}

static bool make_room(VM *vm)
{
    size_t old = vm->signatures ? table_size(vm->nsignatures) : 0, new = table_size(vm->nsignatures + 1);
    if (new == old) return true;
    Signature **table = heap_malloc(vm, new * sizeof *table);
    if (!table) return false;
    memset(table, 0, new * sizeof *table);
    for (size_t i = 0; i < old; i++)
        if (vm->signatures[i]) *find(table, new, vm->signatures[i]->def) = vm->signatures[i];
    if (old) heap_free(vm, vm->signatures, old * sizeof *table);
    vm->signatures = table;
    return true;
}

const Signature *native_signature(VM *vm, const NativeDef *def)
{
    if (vm->signatures) {
        Signature **found = find(vm->signatures, table_size(vm->nsignatures), def);
        if (*found) return *found;
    }
    Signature *sig = parse(vm, def);
    if (!sig) return NULL;
    if (!make_room(vm)) return heap_free(vm, sig, signature_bytes(def)), NULL;
    vm->nsignatures++;
    return *find(vm->signatures, table_size(vm->nsignatures), def) = sig;
}

void native_free(VM *vm)
{
    if (!vm->signatures) return;
    size_t size = table_size(vm->nsignatures);
    for (size_t i = 0; i < size; i++)
        if (vm->signatures[i]) heap_free(vm, vm->signatures[i], signature_bytes(vm->signatures[i]->def));
    heap_free(vm, vm->signatures, size * sizeof *vm->signatures);
    vm->signatures = NULL;
    vm->nsignatures = 0;
}

/* ---- errors ---- */

typedef struct Call {
    VM *vm;
    const Signature *sig;
    const char *owner; // "list" in list.append(), or NULL; "" for a class itself
    int skip;          // 1: the receiver is not counted
    int given;         // positional arguments without the receiver
    int nkw;
    Value unknown; // the first keyword that nobody takes, or UNSET
} Call;

/* In the words of CPython these are calls of the class. */
static bool is_unnamed(const Signature *sig)
{
    return sig->wrapper && (str_is(sig->name, "__init__") || str_is(sig->name, "__call__"));
}

static const char *name_of(const Call *c)
{
    return c->owner && *c->owner && is_unnamed(c->sig) ? c->owner : c->sig->name->data;
}

static bool fail(const Call *c, const char *text, int a, int b)
{
    bool shown = c->owner && *c->owner && !is_unnamed(c->sig);
    vm_raise(c->vm, ERR_TYPE, text, shown ? c->owner : "", shown ? "." : "", name_of(c), a, b);
    return false;
}

/* A function all of whose parameters are positional-only takes no keywords; CPython names its class then. */
static bool takes_keywords(const Signature *sig)
{
    return sig->varkw || sig->nkwonly || sig->npos > sig->nposonly;
}

/* CPython's three ways to say how many arguments a function without keyword parameters wanted. */
static bool raise_positional(const Call *c, int min, int max)
{
    bool class = c->owner && !*c->owner, one = min == 1 && max == 1 && !c->sig->varargs;
    if (c->sig->def->flags & NATIVE_PARSED) {
        int limit = c->given < min ? min : max;
        vm_raise(c->vm, ERR_TYPE, "%s() takes at %s %d argument%s (%d given)", name_of(c),
                 c->given < min ? "least" : "most", limit, limit == 1 ? "" : "s", c->given);
        return false;
    }
    int wanted = c->given < min ? min : max;
    const char *bound = min == max && !c->sig->varargs ? "" : c->given < min ? "at least " : "at most ";
    bool unnamed = is_unnamed(c->sig);
    if (c->sig->wrapper && !unnamed) {
        bool by_name = max > 1 || c->sig->def->flags & NATIVE_UNPACKED; // CPython puts a name before, which is empty
        vm_raise(c->vm, ERR_TYPE, "%sexpected %s%d argument%s, got %d", by_name ? " " : "", bound, wanted,
                 wanted == 1 ? "" : "s", c->given);
        return false;
    }
    if (max == 0 && !unnamed) return fail(c, "%s%s%s() takes no arguments (%d given)", c->given, 0);
    if (one && !class && !unnamed && !c->sig->nkwonly)
        return fail(c, "%s%s%s() takes exactly one argument (%d given)", c->given, 0);
    vm_raise(c->vm, ERR_TYPE, "%s expected %s%d argument%s, got %d", name_of(c), bound, wanted,
             wanted == 1 ? "" : "s", c->given);
    return false;
}

static bool raise_too_many(const Call *c, int max, int total)
{
    int all = c->given + c->nkw, required = c->sig->nrequired - c->skip;
    for (int i = c->sig->npos; i < c->sig->nparams; i++) required += c->sig->params[i].required;
    if (all > total) {
        vm_raise(c->vm, ERR_TYPE, "%s() takes %s %d %sargument%s (%d given)", name_of(c),
                 required == total ? "exactly" : "at most", total, c->given ? "" : "keyword ",
                 total == 1 ? "" : "s", all);
        return false;
    }
    if (max == 0) vm_raise(c->vm, ERR_TYPE, "%s() takes no positional arguments", name_of(c));
    else
        vm_raise(c->vm, ERR_TYPE, "%s() takes %s %d positional argument%s (%d given)", name_of(c),
                 c->sig->nrequired - c->skip == max ? "exactly" : "at most", max, max == 1 ? "" : "s",
                 c->given);
    return false;
}

static int required_posonly(const Signature *sig)
{
    int n = 0;
    while (n < sig->nposonly && sig->params[n].required) n++;
    return n;
}

static bool refuse_keywords(const Call *c)
{
    if (!c->sig->wrapper || is_unnamed(c->sig)) return fail(c, "%s%s%s() takes no keyword arguments", 0, 0);
    vm_raise(c->vm, ERR_TYPE, "wrapper %s() takes no keyword arguments", name_of(c));
    return false;
}

static bool check_count(const Call *c)
{
    const Signature *sig = c->sig;
    int min = sig->nrequired - c->skip, max = sig->npos - c->skip;
    // dict(mapping=?, /, **kwargs); sorted(iterable, /, *, key=None, reverse=False)
    bool only_more = sig->npos == sig->nposonly && (sig->nkwonly ? sig->def->flags & NATIVE_UNPACKED : sig->varkw);
    if (only_more || !takes_keywords(sig)) {
        if (c->nkw && !only_more) return refuse_keywords(c);
        if (c->given < min || (c->given > max && !sig->varargs)) return raise_positional(c, min, max);
        return true;
    }
    int total = max + sig->nkwonly, minpos = required_posonly(sig) - c->skip;
    bool open = sig->varargs || sig->varkw;
    if (!sig->varargs && (c->given > max || (!open && c->given + c->nkw > total)))
        return raise_too_many(c, max, total);
    if (c->given >= minpos) return true;
    vm_raise(c->vm, ERR_TYPE, "%s() takes %s %d positional argument%s (%d given)", name_of(c),
             minpos < max ? "at least" : "exactly", minpos, minpos == 1 ? "" : "s", c->given);
    return false;
}

static bool raise_missing(const Call *c, int i)
{
    vm_raise(c->vm, ERR_TYPE, "%s() missing required argument '%N' (pos %d)", name_of(c),
             c->sig->params[i].name, i + 1 - c->skip);
    return false;
}

/* ---- binding ---- */

static int find_param(const Signature *sig, const Str *name)
{
    int last = sig->nparams - sig->varkw;
    for (int i = sig->nposonly; i < last; i++) {
        if (sig->varargs && i == sig->npos) continue; // *args itself
        if (sig->params[i].name == name || str_eq(sig->params[i].name, name)) return i;
    }
    return -1;
}

/* The names that may be given by keyword. */
static Value keyword_names(const Call *c)
{
    const Signature *sig = c->sig;
    Value list = list_new(c->vm, NULL, 0);
    for (int i = sig->nposonly; !is_error(list) && i < sig->nparams; i++)
        if (!(sig->varargs && i == sig->npos) &&
            !list_append(c->vm, as_list(list), obj_value(sig->params[i].name)))
            return VALUE_ERROR;
    return is_error(list) ? list : tuple_new(c->vm, as_list(list)->items, as_list(list)->size);
}

static bool raise_unknown(const Call *c)
{
    vm_raise(c->vm, ERR_TYPE, "'%V' is an invalid keyword argument for %s()", c->unknown, name_of(c));
    exception_note_argument(c->vm, c->unknown, keyword_names(c));
    return false;
}

static bool bind_keyword(Call *c, Value name, Value v, Value *out)
{
    const Signature *sig = c->sig;
    int i = find_param(sig, as_str(name));
    if (i < 0 && sig->varkw) return dict_set(c->vm, as_dict(out[sig->nparams - 1]), name, v);
    if (i < 0) {
        if (is_unset(c->unknown)) c->unknown = name;
        return true; // a missing argument comes first
    }
    if (i < sig->npos && i - c->skip < c->given) {
        vm_raise(c->vm, ERR_TYPE, "argument for %s() given by name ('%V') and position (%d)", name_of(c), name,
                 i + 1 - c->skip);
        return false;
    }
    out[i] = v;
    return true;
}

static Value default_of(VM *vm, const SigParam *p)
{
    if (p->fresh == FRESH_LIST) return list_new(vm, NULL, 0);
    if (p->fresh == FRESH_NONE) return p->dflt;
    Dict *d = dict_new(vm);
    return d ? obj_value(d) : VALUE_ERROR;
}

static bool fill_defaults(const Call *c, Value *out)
{
    const Signature *sig = c->sig;
    for (int i = 0; i < sig->nparams; i++) {
        bool star = (sig->varargs && i == sig->npos) || (sig->varkw && i == sig->nparams - 1);
        if (star || !is_unset(out[i])) continue;
        if (sig->params[i].required) return raise_missing(c, i);
        out[i] = default_of(c->vm, &sig->params[i]);
        if (is_error(out[i])) return false;
    }
    return true;
}

static bool bind_stars(VM *vm, const Signature *sig, const Value *args, int n, Value *out)
{
    if (sig->varargs) {
        size_t more = n > sig->npos ? (size_t)(n - sig->npos) : 0;
        Value rest = more ? tuple_new(vm, args + sig->npos, more) : obj_value(vm->empty_tuple);
        if (is_error(rest)) return false;
        out[sig->npos] = rest;
    }
    if (!sig->varkw) return true;
    Dict *d = dict_new(vm);
    if (d) out[sig->nparams - 1] = obj_value(d);
    return d != NULL;
}

static inline void bind_positional(const Signature *sig, const Value *args, int n, Value *out)
{
    for (int i = 0; i < n; i++) out[i] = args[i];
    for (int i = n; i < sig->nparams; i++) out[i] = sig->params[i].dflt;
}

bool native_bind(VM *vm, const Signature *sig, const char *owner, const Value *args, int n, Value kwnames,
                 Value *out)
{
    if (sig->simple && is_unset(kwnames) && n <= sig->npos && n >= sig->nrequired) {
        bind_positional(sig, args, n, out);
        return true;
    }
    if (sig->plain && is_unset(kwnames) && n >= sig->nrequired && (n <= sig->npos || sig->varargs)) {
        bind_positional(sig, args, n < sig->npos ? n : sig->npos, out);
        return bind_stars(vm, sig, args, n, out);
    }
    int nkw = is_unset(kwnames) ? 0 : (int)as_tuple(kwnames)->size;
    Call c = {vm, sig, owner, sig->method, n - sig->method, nkw, VALUE_UNSET};
    if (sig->raw) {
        if (c.nkw) return refuse_keywords(&c);
        if (n) memcpy(out, args, (size_t)n * sizeof *out);
        return true;
    }
    if (c.given < 0) { // list.append(): not even a receiver
        vm_raise(vm, ERR_TYPE, "unbound method %s%s%s() needs an argument", owner ? owner : "",
                 owner ? "." : "", sig->name->data);
        return false;
    }
    if (!check_count(&c)) return false;
    int taken = n < sig->npos ? n : sig->npos;
    if (taken) memcpy(out, args, (size_t)taken * sizeof *out);
    for (int i = taken; i < sig->nparams; i++) out[i] = VALUE_UNSET;
    if (!bind_stars(vm, sig, args, n, out)) return false;
    for (int i = 0; i < c.nkw; i++)
        if (!bind_keyword(&c, as_tuple(kwnames)->items[i], args[n + i], out)) return false;
    return fill_defaults(&c, out) && (is_unset(c.unknown) || raise_unknown(&c));
}
