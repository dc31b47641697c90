#include "vm/import.h"
#include "vm/packed.h"
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- making modules ------------------------------------------------------------------------------ */

static bool enter(VM *vm, Module *m) { return dict_set(vm, vm->modules, m->name, obj_value(m)); }

static bool add_natives(VM *vm, Module *m, const NativeDef *row)
{
    for (; row && row->signature; row++) {
        Value f = native_new(vm, row, VALUE_UNSET, NULL, m->name);
        if (is_error(f) || !dict_set_str(vm, m->dict, ((Native *)as_obj(f))->sig->name, f)) return false;
    }
    return true;
}

Module *module_from_def(VM *vm, const ModuleDef *def)
{
    Str *name = vm_intern(vm, def->name);
    Value doc = def->doc ? str_from_c(vm, def->doc) : VALUE_NONE;
    Module *m = name && !is_error(doc) ? module_make(vm, name, NULL) : NULL;
    if (!m) return NULL;
    m->def = def;
    bool made =
        dict_set_str(vm, m->dict, vm->common->doc, doc) && add_natives(vm, m, def->natives) && enter(vm, m);
    if (!made) return NULL;
    if (!def->init || def->init(vm, m)) return m;
    dict_delete_str(vm, vm->modules, name);
    return NULL;
}

/* "pkg" of "pkg.mod", "" of "mod". */
static Value parent_name(VM *vm, Str *name)
{
    size_t n = name->size;
    while (n && name->data[n - 1] != '.') n--;
    return str_new(vm, name->data, n ? n - 1 : 0);
}

Module *module_make(VM *vm, Str *name, const char *file)
{
    Module *m = module_new(vm, name);
    if (!m) return NULL;
    struct Common *c = vm->common;
    Value package = parent_name(vm, name);
    bool ok =
        !is_error(package) && dict_set_str(vm, m->dict, c->name_, obj_value(name)) &&
        dict_set_str(vm, m->dict, c->doc, VALUE_NONE) && dict_set_str(vm, m->dict, c->package_, package) &&
        dict_set_str(vm, m->dict, c->loader, VALUE_NONE) && dict_set_str(vm, m->dict, c->spec, VALUE_NONE);
    if (ok && vm->builtins) ok = dict_set_str(vm, m->dict, c->builtins_, obj_value(vm->builtins));
    if (!ok || !file) return ok ? m : NULL;
    Value path = str_from_c(vm, file);
    if (is_error(path)) return NULL;
    m->file = path;
    return dict_set_str(vm, m->dict, c->file_, path) && dict_set_c(vm, m->dict, "__cached__", VALUE_NONE)
               ? m
               : NULL;
}

static bool set_doc(VM *vm, Module *m, const Code *c)
{
    if (c->rec->doc < 0) return true;
    const CodeImage *image = c->image->image;
    const CodeConst *k = (const CodeConst *)code_at(image, c->rec->consts) + c->rec->doc;
    Value doc = str_new(vm, code_at(image, k->offset), k->len);
    return !is_error(doc) && dict_set_str(vm, m->dict, vm->common->doc, doc);
}

Value module_body(VM *vm, Module *m, const CodeImage *image, bool owned, char *source, size_t source_size)
{
    Code *c = code_load(vm, image, owned, m, source, source_size);
    return c && set_doc(vm, m, c) ? op_make_function(vm, NULL, obj_value(c), NULL) : VALUE_ERROR;
}

/* Run the body of a module that is in sys.modules; it leaves that again if it fails. Answers the module that
 * is there afterwards: a module may put another one in its place. */
static Value run_body(VM *vm, Module *m, Value body)
{
    Value *root = roots_push(vm, obj_value(m));
    if (!root) return VALUE_ERROR;
    m->h.aux |= MODULE_LOADING;
    Value v = is_error(body) ? body : vm_call(vm, body, NULL, 0);
    m->h.aux &= (uint16_t)~MODULE_LOADING;
    if (!is_error(v)) {
        v = dict_get_str(vm, vm->modules, as_str(m->name));
        if (is_unset(v)) v = vm_raise(vm, ERR_KEY, "%V", m->name);
    } else dict_delete_str(vm, vm->modules, as_str(m->name));
    roots_pop(vm, root);
    return v;
}

/* ---- finding them -------------------------------------------------------------------------------- */

/* The ModuleNotFoundError in flight is about module `name`. */
static Value with_name(VM *vm, Str *name)
{
    if (!vm_pending_is(vm, ERR_MODULE_NOT_FOUND)) return VALUE_ERROR;
    Value exc = vm_take_pending(vm);
    if (is_error(obj_setattr(vm, exc, vm->common->name, obj_value(name)))) return VALUE_ERROR;
    vm->exc = exc;
    return VALUE_ERROR;
}

static Value not_found(VM *vm, Str *name, const char *why, Str *parent)
{
    if (parent) vm_raise(vm, ERR_MODULE_NOT_FOUND, "No module named '%N'; '%N' %s", name, parent, why);
    else vm_raise(vm, ERR_MODULE_NOT_FOUND, "No module named '%N'", name);
    return with_name(vm, name);
}

static const BuiltinModule *find_builtin(VM *vm, Str *name)
{
    const BuiltinModule *row = vm->library ? vm->library->builtin : NULL;
    for (; row && row->def; row++)
        if (str_is(name, row->def->name)) return row;
    return NULL;
}

static const EmbeddedModule *find_embedded(VM *vm, Str *name)
{
    const EmbeddedModule *row = vm->library ? vm->library->embedded : NULL;
    for (; row && row->name; row++)
        if (str_is(name, row->name)) return row;
    return NULL;
}

bool module_is_own(VM *vm, Str *name) { return find_builtin(vm, name) || find_embedded(vm, name); }

void module_each_own(VM *vm, void (*each)(void *state, const char *name), void *state)
{
    const struct Library *library = vm->library;
    for (const BuiltinModule *m = library ? library->builtin : NULL; m && m->def; m++) each(state, m->def->name);
    for (const EmbeddedModule *m = library ? library->embedded : NULL; m && m->name; m++) each(state, m->name);
}

static bool set_package_path(VM *vm, Module *m, Value path)
{
    return !is_error(path) && dict_set_str(vm, m->dict, vm->common->package_, m->name) &&
           dict_set_str(vm, m->dict, vm->common->path_, path);
}

static Value load_embedded(VM *vm, Str *name, const EmbeddedModule *row)
{
    Module *m = module_make(vm, name, NULL);
    if (!m || (row->package && !set_package_path(vm, m, list_new(vm, NULL, 0))) || !enter(vm, m))
        return VALUE_ERROR;
    CodeImage *image = image_unpack(row->packed, row->size);
    if (!image) return vm_no_memory(vm), VALUE_ERROR;
    Value body = module_body(vm, m, image, true, NULL, 0);
    if (!is_error(body)) vm->codes->library = row;
    return run_body(vm, m, body);
}

static Value load_builtin(VM *vm, const BuiltinModule *row)
{
    Module *m = module_from_def(vm, row->def);
    return m ? obj_value(m) : VALUE_ERROR;
}

void module_file_free(ModuleFile *f)
{
    free(f->path);
    free(f->text);
}

const char *module_shown_path(VM *vm, const char *path)
{
    size_t n = vm->start_dir ? strlen(vm->start_dir) : 0;
    return n && strncmp(path, vm->start_dir, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}

static Value load_file(VM *vm, Str *name, ModuleFile *f)
{
    Module *m = vm->compiler ? module_make(vm, name, f->path) : NULL;
    if (!m) return VALUE_ERROR;
    if (f->package) {
        Value dir = str_decode_utf8(vm, f->path, f->dir_len);
        if (is_error(dir) || !set_package_path(vm, m, list_new(vm, &dir, 1))) return VALUE_ERROR;
    }
    const CodeImage *image =
        vm->compiler->compile(vm, f->text, f->size, module_shown_path(vm, f->path), COMPILE_MODULE);
    if (!image || !enter(vm, m)) return VALUE_ERROR;
    char *text = f->text;
    f->text = NULL;
    return run_body(vm, m, module_body(vm, m, image, true, text, f->size));
}

/* dir/name + suffix, malloc'd; *base: the length of it without the suffix. */
static char *join_path(VM *vm, Str *dir, Str *name, const char *suffix, size_t *base)
{
    const char *slash = dir->size && dir->data[dir->size - 1] != '/' ? "/" : "";
    size_t size = dir->size + 1 + name->size + strlen(suffix) + 1;
    char *path = malloc(size);
    if (!path) return vm_no_memory(vm), NULL;
    int head =
        snprintf(path, size, "%.*s%s%.*s", (int)dir->size, dir->data, slash, (int)name->size, name->data);
    *base = (size_t)head;
    strcpy(path + *base, suffix);
    return path;
}

/* If that file exists f holds it. False with an exception pending if it cannot be read. */
static bool try_file(VM *vm, Str *dir, Str *name, const char *suffix, bool package, ModuleFile *f)
{
    int err = 0;
    f->path = join_path(vm, dir, name, suffix, &f->dir_len);
    f->package = package;
    f->text = f->path ? vm->host->read_file(vm->host, f->path, &f->size, &err) : NULL;
    if (f->text) return true;
    bool absent = err == ENOENT || err == ENOTDIR || err == EISDIR || err == ENAMETOOLONG;
    if (f->path && !absent) vm_raise_errno(vm, err, f->path);
    free(f->path);
    f->path = NULL;
    return false;
}

static bool find_in_dir(VM *vm, Str *dir, Str *name, ModuleFile *f)
{
    static const char *const suffixes[] = {"/__init__.co", "/__init__.py", ".co", ".py"};
    for (int i = 0; i < 4 && is_unset(vm->exc); i++)
        if (try_file(vm, dir, name, suffixes[i], i < 2, f)) return true;
    return false;
}

/* In the first of the folders in list `path` that has it. */
static bool find_file(VM *vm, Value path, Str *name, ModuleFile *f)
{
    for (size_t i = 0; is_list(path) && i < as_list(path)->size && is_unset(vm->exc); i++) {
        Value dir = as_list(path)->items[i];
        if (is_str(dir) && find_in_dir(vm, as_str(dir), name, f)) return true;
    }
    return false;
}

static Value sys_path(VM *vm) { return vm->sys ? dict_get_c(vm, vm->sys->dict, "path") : VALUE_UNSET; }

/* UNSET when no folder in list `path` has the module. */
static Value load_from_path(VM *vm, Str *full, Str *tail, Value path)
{
    ModuleFile f = {0};
    Value v = find_file(vm, path, tail, &f) ? load_file(vm, full, &f)
              : is_unset(vm->exc)           ? VALUE_UNSET
                                            : VALUE_ERROR;
    module_file_free(&f);
    return v;
}

/* The folder dir/name as a str; UNSET when it is none. */
static Value find_folder(VM *vm, Str *dir, Str *name)
{
    size_t n, base;
    int err = 0;
    char *path = join_path(vm, dir, name, "/.", &base);
    if (!path) return VALUE_ERROR;
    free(vm->host->read_file(vm->host, path, &n, &err));
    Value v = err == EISDIR ? str_decode_utf8(vm, path, base) : VALUE_UNSET;
    free(path);
    return v;
}

/* Folders without __init__ along the path are together a package without a body. UNSET when there are none.
 * */
static Value load_namespace(VM *vm, Str *full, Str *tail, Value path)
{
    Value folders = list_new(vm, NULL, 0);
    if (is_error(folders)) return folders;
    for (size_t i = 0; is_list(path) && i < as_list(path)->size; i++) {
        Value dir = as_list(path)->items[i],
              v = is_str(dir) ? find_folder(vm, as_str(dir), tail) : VALUE_UNSET;
        if (is_error(v) || (!is_unset(v) && !list_append(vm, as_list(folders), v))) return VALUE_ERROR;
    }
    if (as_list(folders)->size == 0) return VALUE_UNSET;
    Module *m = module_make(vm, full, NULL);
    return m && set_package_path(vm, m, folders) && enter(vm, m) ? obj_value(m) : VALUE_ERROR;
}

static Value load_top(VM *vm, Str *name)
{
    const BuiltinModule *builtin = find_builtin(vm, name);
    if (builtin && builtin->core) return load_builtin(vm, builtin);
    Value v = load_from_path(vm, name, name, sys_path(vm));
    if (!is_unset(v)) return v;
    const EmbeddedModule *embedded = find_embedded(vm, name);
    if (embedded) return load_embedded(vm, name, embedded);
    if (builtin) return load_builtin(vm, builtin);
    v = load_namespace(vm, name, name, sys_path(vm));
    return is_unset(v) ? not_found(vm, name, NULL, NULL) : v;
}

/* "a.b" below package a, which is there. */
static Value load_submodule(VM *vm, Str *full, Value parent, Str *parent_full)
{
    Value path = obj_getattr_opt(vm, parent, vm->common->path_);
    if (is_error(path)) return path;
    if (is_unset(path)) return not_found(vm, full, "is not a package", parent_full);
    Value tail = str_new(vm, full->data + parent_full->size + 1, full->size - parent_full->size - 1);
    Value *roots = is_error(tail) ? NULL : roots_reserve(vm, 3);
    if (!roots) return VALUE_ERROR;
    roots[0] = tail, roots[1] = parent, roots[2] = path;
    const EmbeddedModule *embedded = find_embedded(vm, full);
    const BuiltinModule *builtin = embedded ? NULL : find_builtin(vm, full);
    Value m = embedded ? load_embedded(vm, full, embedded)
                       : builtin ? load_builtin(vm, builtin) : load_from_path(vm, full, as_str(tail), path);
    if (is_unset(m)) m = load_namespace(vm, full, as_str(tail), path);
    if (is_unset(m)) m = not_found(vm, full, NULL, NULL);
    if (!is_error(m)) {
        Str *attr = str_intern_value(vm, as_str(tail));
        Value *root = roots_push(vm, m);
        if (!attr || !root || is_error(obj_setattr(vm, parent, attr, m))) m = VALUE_ERROR;
    }
    roots_pop(vm, roots);
    return m;
}

/* ---- importing ----------------------------------------------------------------------------------- */

static Value loaded(VM *vm, Str *name)
{
    Value m = dict_get_str(vm, vm->modules, name);
    if (!is_none(m)) return m;
    vm_raise(vm, ERR_MODULE_NOT_FOUND, "import of %N halted; None in sys.modules", name);
    return with_name(vm, name);
}

static Value import_step(VM *vm, Str *full, Value parent, Str *parent_full)
{
    Value m = loaded(vm, full);
    if (!is_unset(m)) return m;
    return parent_full ? load_submodule(vm, full, parent, parent_full) : load_top(vm, full);
}

/* Import each prefix of a dotted name, from the left. */
Value module_import(VM *vm, Str *name)
{
    Value m = loaded(vm, name);
    if (!is_unset(m)) return m;
    if (vm_c_stack_low(vm)) return VALUE_ERROR;
    Value *roots = roots_reserve(vm, 3);
    if (!roots) return VALUE_ERROR;
    roots[0] = obj_value(name);
    Str *parent = NULL;
    for (size_t end = 0; end <= name->size && !is_error(m); end++) {
        if (end < name->size && name->data[end] != '.') continue;
        Str *prefix = str_intern(vm, name->data, end);
        m = prefix ? import_step(vm, prefix, roots[1], parent) : VALUE_ERROR;
        roots[1] = m;
        roots[2] = prefix ? obj_value(prefix) : VALUE_UNSET;
        parent = prefix;
    }
    roots_pop(vm, roots);
    return m;
}

bool module_find_file(VM *vm, Str *name, ModuleFile *f)
{
    Value package = parent_name(vm, name);
    if (is_error(package)) return false;
    if (as_str(package)->size == 0) return find_file(vm, sys_path(vm), name, f);
    Str *package_name = str_intern_value(vm, as_str(package));
    Value m = package_name ? module_import(vm, package_name) : VALUE_ERROR;
    Value path = is_error(m) ? m : obj_getattr_opt(vm, m, vm->common->path_);
    size_t start = as_str(package)->size + 1;
    Str *tail = is_list(path) ? str_intern(vm, name->data + start, name->size - start) : NULL;
    return tail && find_file(vm, path, tail, f);
}

/* The package that `from .` in a module with these globals means. */
static Value package_of(VM *vm, Dict *globals)
{
    if (!globals) return vm_raise(vm, ERR_KEY, "'__name__' not in globals");
    Value package = dict_get_str(vm, globals, vm->common->package_);
    if (!is_str(package)) {
        Value name = dict_get_str(vm, globals, vm->common->name_);
        bool is_package = !is_unset(dict_get_str(vm, globals, vm->common->path_));
        if (is_str(name)) package = is_package ? name : parent_name(vm, as_str(name));
    }
    if (is_error(package)) return package;
    if (is_str(package) && as_str(package)->size) return package;
    return vm_raise(vm, ERR_IMPORT, "attempted relative import with no known parent package");
}

static Value resolve(VM *vm, Str *name, Dict *globals, int64_t level)
{
    Value package = package_of(vm, globals);
    if (is_error(package)) return package;
    Str *p = as_str(package);
    size_t n = p->size;
    for (int64_t i = 1; i < level; i++) {
        while (n && p->data[n - 1] != '.') n--;
        if (n == 0) return vm_raise(vm, ERR_IMPORT, "attempted relative import beyond top-level package");
        n--;
    }
    StrBuilder b;
    sb_init(&b, vm);
    sb_add(&b, p->data, n);
    if (name->size) {
        sb_add(&b, ".", 1);
        sb_add(&b, name->data, name->size);
    }
    return sb_finish(&b);
}

/* `from package import name` also means the submodule of that name; one that does not exist is
 * no error yet. */
static bool import_submodule(VM *vm, Value package, Value name)
{
    Str *attr = str_intern_value(vm, as_str(name));
    Value there = attr ? obj_getattr_opt(vm, package, attr) : VALUE_ERROR;
    if (!is_unset(there)) return !is_error(there);
    Value own = obj_getattr(vm, package, vm->common->name_);
    if (!is_str(own)) return !is_error(own);
    Value full = str_format(vm, "%V.%V", own, name);
    Str *full_name = is_error(full) ? NULL : str_intern_value(vm, as_str(full));
    if (!full_name) return false;
    if (!is_error(module_import(vm, full_name))) return true;
    if (!vm_pending_is(vm, ERR_MODULE_NOT_FOUND)) return false;
    Value exc = vm_take_pending(vm);
    Value missing = obj_getattr_opt(vm, exc, vm->common->name);
    if (is_str(missing) && str_eq(as_str(missing), full_name)) return true;
    vm->exc = exc;
    return false;
}

static bool import_names(VM *vm, Value package, Value names, bool of_all);

static bool import_all_names(VM *vm, Value package)
{
    Value all = obj_getattr_opt(vm, package, vm->common->all_);
    return is_unset(all) || (!is_error(all) && import_names(vm, package, all, true));
}

static bool refuse_name(VM *vm, Value package, Value name, bool of_all)
{
    Value own = of_all ? obj_getattr(vm, package, vm->common->name_) : VALUE_UNSET;
    if (is_error(own)) return false;
    if (is_str(own)) vm_raise(vm, ERR_TYPE, "Item in %V.__all__ must be str, not %T", own, name);
    else vm_raise(vm, ERR_TYPE, "Item in ``from list'' must be str, not %T", name);
    return false;
}

/* Import the submodules among names; of_all: which are the package's __all__, as `*` means. */
static bool import_names(VM *vm, Value package, Value names, bool of_all)
{
    Value list = obj_to_tuple(vm, names);
    Value *roots = is_error(list) ? NULL : roots_reserve(vm, 2);
    if (!roots) return false;
    roots[0] = list, roots[1] = package;
    bool ok = true;
    for (size_t i = 0; ok && i < as_tuple(list)->size; i++) {
        Value name = as_tuple(list)->items[i];
        if (!is_str(name)) ok = refuse_name(vm, package, name, of_all);
        else if (!str_is(as_str(name), "*")) ok = import_submodule(vm, package, name);
        else if (!of_all) ok = import_all_names(vm, package);
    }
    roots_pop(vm, roots);
    return ok;
}

static bool import_from_list(VM *vm, Value package, Value names)
{
    Value path = obj_getattr_opt(vm, package, vm->common->path_);
    if (is_error(path) || is_unset(path)) return !is_error(path);
    return import_names(vm, package, names, false);
}

Value import_name(VM *vm, Str *name, Dict *globals, Value fromlist, int64_t level)
{
    if (level < 0) return vm_raise(vm, ERR_VALUE, "level must be >= 0");
    if (level == 0 && name->size == 0) return vm_raise(vm, ERR_VALUE, "Empty module name");
    Value full = level ? resolve(vm, name, globals, level) : obj_value(name);
    Str *full_name = is_error(full) ? NULL : str_intern_value(vm, as_str(full));
    Value m = full_name ? module_import(vm, full_name) : VALUE_ERROR;
    if (is_error(m)) return m;
    int wanted = obj_truth(vm, fromlist);
    if (wanted) return wanted < 0 || !import_from_list(vm, m, fromlist) ? VALUE_ERROR : m;
    // `import a.b.c` binds a: of a relative name, the part that was written.
    const char *dot = memchr(name->data, '.', name->size);
    if (!dot) return m;
    size_t cut = full_name->size - name->size + (size_t)(dot - name->data);
    Str *first = str_intern(vm, full_name->data, cut);
    return first ? module_import(vm, first) : VALUE_ERROR;
}

Value nat_import(VM *vm, Args args)
{
    if (!is_str(args.v[0])) return vm_raise(vm, ERR_TYPE, "module name must be a string");
    int64_t level;
    if (!obj_index_i64(vm, args.v[4], &level)) return VALUE_ERROR;
    Dict *globals = is_dict(args.v[1]) ? as_dict(args.v[1]) : NULL;
    return import_name(vm, as_str(args.v[0]), globals, args.v[3], level);
}

/* Another `__import__` may stand in the builtins of a program, or, for eval and exec, none. */
Value op_import(VM *vm, Code *c, Value name, Value fromlist, int level)
{
    Dict *globals = c->module->dict;
    if (code_is_library(c)) return import_name(vm, as_str(name), globals, fromlist, level);
    Value importer = module_builtin(vm, c->module, vm->common->import_);
    if (is_error(importer)) return importer;
    if (is_unset(importer)) return vm_raise(vm, ERR_IMPORT, "__import__ not found");
    bool usual = is_kind(importer, KIND_NATIVE) && ((Native *)as_obj(importer))->fn == nat_import;
    if (usual) return import_name(vm, as_str(name), globals, fromlist, level);
    Value args[] = {name, obj_value(globals), VALUE_NONE, fromlist, small(level)};
    return vm_call(vm, importer, args, 5);
}

const char *module_left_out(VM *vm, Value module, const Str *name)
{
    char word[64];
    if (!vm->library || !is_str(module) || name->size > sizeof word - 3) return "";
    snprintf(word, sizeof word, " %.*s ", (int)name->size, name->data);
    for (const AbsentNames *row = vm->library->absent; row && row->module; row++)
        if (str_is(as_str(module), row->module) && strstr(row->names, word))
            return ": Co leaves it out, see docs/modules.md";
    return "";
}

static Value cannot_import(VM *vm, Value module, Value name)
{
    Value own = obj_getattr_opt(vm, module, vm->common->name_),
          file = obj_getattr_opt(vm, module, vm->common->file_);
    if (is_error(own) || is_error(file)) return VALUE_ERROR;
    Value shown = is_str(own) ? own : str_from_c(vm, "<unknown module name>");
    if (!is_str(file)) file = str_from_c(vm, "unknown location");
    bool loading = is_kind(module, KIND_MODULE) && as_obj(module)->aux & MODULE_LOADING;
    vm_raise(vm, ERR_IMPORT, "cannot import name '%V' from %s'%V'%s (%V)%s", name,
             loading ? "partially initialized module " : "", shown,
             loading ? " (most likely due to a circular import)" : "", file,
             is_str(name) ? module_left_out(vm, shown, as_str(name)) : "");
    if (!vm_pending_is(vm, ERR_IMPORT)) return VALUE_ERROR;
    Value exc = vm_take_pending(vm);
    if (is_str(own) && is_error(obj_setattr(vm, exc, vm->common->name, own))) return VALUE_ERROR;
    if (is_error(obj_setattr(vm, exc, vm_intern(vm, "name_from"), name))) return VALUE_ERROR;
    vm->exc = exc;
    return VALUE_ERROR;
}

Value op_import_from(VM *vm, Value module, Value name)
{
    Value v = obj_getattr_opt(vm, module, as_str(name));
    if (!is_unset(v)) return v;
    // In a circle of imports the submodule may be there before its package has the attribute.
    Value own = obj_getattr_opt(vm, module, vm->common->name_);
    if (is_error(own)) return own;
    if (is_str(own)) {
        Value full = str_format(vm, "%V.%V", own, name);
        if (is_error(full)) return full;
        v = dict_get(vm, vm->modules, full);
        if (!is_unset(v)) return v;
    }
    return cannot_import(vm, module, name);
}

/* ---- from module import * ------------------------------------------------------------------------ */

static bool import_all(VM *vm, Value into, Value module, Value all)
{
    Value names = obj_to_list(vm, all);
    Value *root = is_error(names) ? NULL : roots_push(vm, names);
    bool ok = root != NULL;
    for (size_t i = 0; ok && i < as_list(names)->size; i++) {
        Value name = as_list(names)->items[i];
        if (!is_str(name)) {
            ok = refuse_name(vm, module, name, true);
            break;
        }
        Str *attr = str_intern_value(vm, as_str(name));
        Value v = attr ? obj_getattr(vm, module, attr) : VALUE_ERROR;
        ok = !is_error(v) && !is_error(obj_setitem(vm, into, obj_value(attr), v));
    }
    if (root) roots_pop(vm, root);
    return ok;
}

bool op_import_star(VM *vm, const Code *c, Value namespace, Value module)
{
    Value into = c->flags & CODE_NAMESPACE ? namespace : obj_value(c->module->dict);
    Value all = obj_getattr_opt(vm, module, vm->common->all_);
    if (is_error(all)) return false;
    if (!is_unset(all)) return import_all(vm, into, module, all);
    Value names = obj_dict_copy(vm, module);
    if (!is_dict(names)) {
        if (!is_error(names)) vm_raise(vm, ERR_IMPORT, "from-import-* object has no __dict__ and no __all__");
        return false;
    }
    Value *root = roots_push(vm, names);
    bool ok = root != NULL;
    size_t pos = 0;
    Value key, value;
    while (ok && dict_next(as_dict(names), &pos, &key, &value))
        if (is_str(key) && as_str(key)->data[0] != '_') ok = !is_error(obj_setitem(vm, into, key, value));
    if (root) roots_pop(vm, root);
    return ok;
}
