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
    for (const BuiltinModule *m = vm->library->builtin; m->def; m++)
        if (strcmp(m->def->name, name) == 0) return true;
    for (const EmbeddedModule *m = vm->library->embedded; m->name; m++)
        if (strcmp(m->name, name) == 0) return true;
    return false;
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
    if (!is_kind(v, KIND_NATIVE)) return THING_VALUE;
    return as_obj(v)->aux & NATIVE_ASYNC ? THING_COROUTINE : THING_FUNCTION;
}

/* The built-in type of a path as "builtins.str", or UNSET. */
static Value type_at(CheckWorld *w, const char *path)
{
    static const char builtins[] = "builtins.";
    VM *vm = started(w);
    if (!vm || strncmp(path, builtins, strlen(builtins)) != 0) return VALUE_UNSET;
    Value v = dict_get_c(vm, vm->builtins->dict, path + strlen(builtins));
    return is_ptr(v) && is_type(v) ? v : VALUE_UNSET;
}

static Thing member_of(VM *vm, Value type, const char *name)
{
    Value v = look_attr(vm, type, name, strlen(name));
    return is_unset(v) ? THING_MISSING : is_kind(v, KIND_NATIVE) || is_kind(v, KIND_METHOD) ? THING_FUNCTION : THING_VALUE;
}

static Thing look_up(void *state, const char *path)
{
    CheckWorld *w = state;
    char module[160];
    const char *dot = strrchr(path, '.');
    if (!dot)
        return started(w) && !is_library_module(w->vm, path) && !has_own(w, path) ? THING_MISSING
                                                                                  : THING_UNKNOWN;
    if ((size_t)(dot - path) >= sizeof module) return THING_UNKNOWN;
    snprintf(module, sizeof module, "%.*s", (int)(dot - path), path);
    Value type = type_at(w, module);
    if (!is_unset(type)) return member_of(w->vm, type, dot + 1);
    Module *m = library_module(w, module);
    if (!m) return THING_UNKNOWN;
    Value v = obj_getattr_opt(w->vm, obj_value(m), vm_intern(w->vm, dot + 1));
    if (!is_error(v) && !is_unset(v)) return kind_of(v);
    w->vm->exc = VALUE_UNSET;
    return is_library_module(w->vm, path) ? THING_UNKNOWN : THING_MISSING;
}

static void module_names(VM *vm, void (*each)(void *to, const char *name), void *to)
{
    for (const BuiltinModule *m = vm ? vm->library->builtin : NULL; m && m->def; m++) each(to, m->def->name);
    for (const EmbeddedModule *m = vm ? vm->library->embedded : NULL; m && m->name; m++) each(to, m->name);
}

static void names(void *state, const char *module, void (*each)(void *to, const char *name), void *to)
{
    if (!*module) return module_names(started(state), each, to);
    CheckWorld *w = state;
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
    return (LintWorld){world, look_up, names};
}

void check_world_free(CheckWorld *world)
{
    if (world->vm) run_finish(world->vm, STATUS_OK);
    world->vm = NULL;
}
