#include "cli/check_world.h"
#include "cli/look.h"
#include "cli/run.h"
#include "vm/code_object.h"
#include "vm/dict.h"
#include "vm/import.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static VM *started(CheckWorld *w)
{
    static char *no_name[] = {(char *)"", NULL};
    if (!w->vm) w->vm = run_start(w->options, 1, no_name);
    return w->vm;
}

/* Only modules of the standard library are imported: nothing of the user's may run. */
static bool is_library_module(VM *vm, const char *name)
{
    Str *s = vm_intern(vm, name);
    return s && module_is_own(vm, s);
}

/* A file of the same name beside the program is what it imports. */
static bool has_own(const CheckWorld *w, const char *name)
{
    static const char *const endings[] = {".co", ".py", ""};
    char path[512];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(path, sizeof path, "%s/%s%s", w->folder, name, endings[i]);
        if (access(path, F_OK) == 0) return true;
    }
    return false;
}

/* The library's module of that name, or NULL. */
static Module *library_module(CheckWorld *w, const char *name)
{
    VM *vm = started(w);
    if (!vm) return NULL;
    if (strcmp(name, "builtins") == 0) return vm->builtins;
    if (!is_library_module(vm, name) || has_own(w, name)) return NULL;
    Value m = module_import(vm, vm_intern(vm, name));
    if (!is_error(m) && is_kind(m, KIND_MODULE)) return (Module *)as_obj(m);
    vm->exc = VALUE_UNSET;
    return NULL;
}

static Thing kind_of(Value v)
{
    if (is_kind(v, KIND_FUNCTION)) {
        uint32_t flags = ((Function *)as_obj(v))->code->rec->flags;
        if ((flags & CODE_ASYNC_GEN) == CODE_ASYNC_GEN) return THING_ASYNC_GENERATOR;
        return flags & CODE_COROUTINE ? THING_COROUTINE : THING_FUNCTION;
    }
    if (is_kind(v, KIND_METHOD)) return THING_FUNCTION;
    if (!is_kind(v, KIND_NATIVE)) return THING_VALUE;
    return as_obj(v)->aux & NATIVE_ASYNC ? THING_COROUTINE : THING_FUNCTION;
}

/* The type, not made by a class statement, at a path as "builtins.str" or "types.CoroutineType"; or UNSET. */
static Value type_at(CheckWorld *w, const char *path)
{
    char module[160];
    const char *dot = strrchr(path, '.');
    if (!dot || (size_t)(dot - path) >= sizeof module) return VALUE_UNSET;
    snprintf(module, sizeof module, "%.*s", (int)(dot - path), path);
    Module *m = library_module(w, module);
    Value v = m ? dict_get_c(w->vm, m->dict, dot + 1) : VALUE_UNSET;
    return is_ptr(v) && is_type(v) && !(as_type(v)->flags & TYPE_HEAP) ? v : VALUE_UNSET;
}

/* What there is at a path, where one can look. */
typedef struct Found {
    Value owner; // a module or a built-in type; UNSET: neither
    Value value; // UNSET: it has nothing of that name
} Found;

static Found find(CheckWorld *w, const char *path)
{
    char owner[160];
    const char *dot = strrchr(path, '.');
    Found none = {VALUE_UNSET, VALUE_UNSET};
    if (!dot || (size_t)(dot - path) >= sizeof owner) return none;
    snprintf(owner, sizeof owner, "%.*s", (int)(dot - path), path);
    Value type = type_at(w, owner);
    if (!is_unset(type)) return (Found){type, look_attr(w->vm, type, dot + 1, strlen(dot + 1))};
    Module *m = library_module(w, owner);
    if (!m) return none;
    Value v = obj_getattr_opt(w->vm, obj_value(m), vm_intern(w->vm, dot + 1));
    if (is_error(v)) w->vm->exc = v = VALUE_UNSET;
    return (Found){obj_value(m), v};
}

static Thing look_up(void *state, const char *path)
{
    CheckWorld *w = state;
    if (!strchr(path, '.'))
        return started(w) && !is_library_module(w->vm, path) && !has_own(w, path) ? THING_MISSING
                                                                                  : THING_UNKNOWN;
    Found found = find(w, path);
    if (is_unset(found.owner)) return THING_UNKNOWN;
    if (!is_unset(found.value)) return kind_of(found.value);
    return is_library_module(w->vm, path) ? THING_UNKNOWN : THING_MISSING;
}

/* A class with a way of its own to make instances: what it is called with, only a call would tell. */
static bool makes_its_own(VM *vm, Value v)
{
    if (!is_ptr(v) || !is_type(v) || !(as_type(v)->flags & TYPE_HEAP)) return false;
    bool plain = is_exact(v, T_TYPE);
    return !plain || is_kind(type_lookup_dunder(vm, as_type(v), D_NEW), KIND_FUNCTION);
}

static bool params(void *state, const char *path, bool is_method,
                   void (*each)(void *to, const LintParam *param), void *to)
{
    CheckWorld *w = state;
    Found found = find(w, path);
    if (is_unset(found.value) || makes_its_own(w->vm, found.value)) return false;
    // A method found in its type has the receiver as its first parameter, but for class methods, bound already, and static ones.
    const Native *native = is_kind(found.value, KIND_NATIVE) ? (Native *)as_obj(found.value) : NULL;
    bool receiver = is_method && native && native->sig->method && is_unset(native->self);
    return look_params(w->vm, found.value, receiver, each, to);
}

static void names(void *state, const char *module, void (*each)(void *to, const char *name), void *to)
{
    CheckWorld *w = state;
    if (!*module) {
        if (started(w)) module_each_own(w->vm, each, to);
        return;
    }
    Value owner = type_at(w, module);
    Module *m = is_unset(owner) ? library_module(w, module) : NULL;
    if (m) owner = obj_value(m);
    Value all = is_unset(owner) ? VALUE_ERROR : attr_dir(w->vm, owner);
    if (w->vm) w->vm->exc = VALUE_UNSET;
    if (is_error(all)) return;
    for (size_t i = 0; i < as_list(all)->size; i++) {
        Value name = as_list(all)->items[i];
        if (is_str(name) && as_str(name)->data[0] != '_') each(to, as_str(name)->data);
    }
}

LintWorld check_world(CheckWorld *world)
{
    return (LintWorld){world, look_up, params, names};
}

void check_world_free(CheckWorld *world)
{
    if (world->vm) run_finish(world->vm, STATUS_OK);
    world->vm = NULL;
}
