#define _GNU_SOURCE // memrchr
#include "cli/run.h"
#include "cli/compile_hook.h"
#include "cli/hosts.h"
#include "cli/look.h"
#include "cli/reader.h"
#include "stdlib/stdlib.h"
#include "vm/coroutine.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/import.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/output.h"
#include "vm/protocol.h"
#include "vm/report.h"
#include "vm/str.h"
#include "vm/task.h"
#include "vm/unawaited.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- starting ------------------------------------------------------------------------------------ */

static Host *make_host(const Options *o)
{
    Host *h = host_uv_new();
    if (h && o->virtual_time) h = host_virtual_new(h);
    if (h && o->seeded) host_seed(h, o->seed);
    return h;
}

/* CO_PATH: folders separated by ':'. */
static bool add_search_path(VM *vm, const char *folders)
{
    List *path = as_list(dict_get_c(vm, vm->sys->dict, "path"));
    while (folders && *folders) {
        size_t n = strcspn(folders, ":");
        char *folder = strndup(folders, n);
        Value v = folder ? text_from_system(vm, folder) : VALUE_ERROR;
        free(folder);
        if (n && (is_error(v) || !list_append(vm, path, v))) return false;
        folders += n + (folders[n] == ':');
    }
    return true;
}

bool run_search_first(VM *vm, const char *dir)
{
    Value v = text_from_system(vm, dir);
    return !is_error(v) && list_insert(vm, as_list(dict_get_c(vm, vm->sys->dict, "path")), 0, v);
}

/* What a limit on address space (ulimit -v) leaves for the heap: an eighth is set aside for what malloc
 * wastes, threads and the system's libraries, and of the rest an eighth is what the heap goes beyond its
 * limit (heap_set_limit). 0: there is no such limit. */
static size_t address_space_left(void)
{
    size_t limit = vm_address_space(), pages = 0;
    if (limit == SIZE_MAX) return 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    bool known = statm && fscanf(statm, "%zu", &pages) == 1;
    if (statm) fclose(statm);
    size_t used = pages * (size_t)sysconf(_SC_PAGESIZE);
    return known && used < limit ? (limit - used) / 9 * 7 : 0;
}

VM *run_start(const Options *o, int argc, char **argv)
{
    Host *host = make_host(o);
    VM *vm = host ? vm_new(host) : NULL;
    if (vm) {
        vm->reader = options_reader(o, 2);
        signals_catch(host, o->max_time);
        size_t limit = o->max_memory ? o->max_memory : address_space_left();
        if (limit) heap_set_limit(vm, limit);
        vm->out->line_buffered = isatty(1);
        vm->compiler = &compile_hook;
        vm->dump = sched_report_tasks;
        vm->help = look_print_help;
        vm->start_dir = getcwd(NULL, 0);
        vm->user = (void *)o;
        if (stdlib_init(vm, argc, argv) && add_search_path(vm, getenv("CO_PATH"))) return vm;
        vm_free(vm);
    }
    host_free(host);
    reader_say(stderr, o->language, "co: MemoryError: not enough memory to start\n");
    return NULL;
}

Module *run_main_module(VM *vm, const char *file)
{
    Module *m = module_make(vm, vm_intern(vm, "__main__"), file);
    Dict *annotations = m ? dict_new(vm) : NULL;
    if (!annotations || !dict_set_c(vm, m->dict, "__annotations__", obj_value(annotations))) return NULL;
    vm->main = m;
    return dict_set(vm, vm->modules, m->name, obj_value(m)) ? m : NULL;
}

/* ---- running ------------------------------------------------------------------------------------- */

bool run_body(VM *vm, Value body)
{
    Value v = is_error(body) ? body : vm_call(vm, body, NULL, 0);
    if (is_exact(v, T_COROUTINE)) return !is_error(sched_run(vm, v, false)); // it awaits: it is the main task
    return !is_error(v) && sched_drain(vm);
}

/* CPython's rules: no code is 0, an int is the status, anything else is printed and gives 1. */
static int exit_code(VM *vm, Value exc)
{
    Value code = exception_value(exc);
    int64_t i;
    if (is_unset(code) || is_none(code)) return STATUS_OK;
    if (is_int(code)) return int_to_i64(code, &i) ? (int)(i & 0xff) : 0xff;
    Value text = obj_str(vm, code);
    if (is_error(text)) return STATUS_ERROR;
    report_str(vm, text);
    report_text(vm, "\n", 1);
    return STATUS_ERROR;
}

static void report_said(VM *vm, const char *english)
{
    const char *text = said(vm->reader.language, english);
    report_text(vm, text, strlen(text));
}

static void print_exception(VM *vm, Value exc)
{
    Value text = exception_render(vm, exc);
    if (!is_error(text)) report_str(vm, text);
    else report_text(vm, "MemoryError\n", 12);
}

/* What the script has put in place of sys.excepthook; UNSET: nothing. */
static Value own_hook(VM *vm)
{
    Value hook = dict_get_c(vm, vm->sys->dict, "excepthook");
    bool own = hook != dict_get_c(vm, vm->sys->dict, "__excepthook__");
    return own && !is_none(hook) ? hook : VALUE_UNSET;
}

static void report_exception(VM *vm, Value exc)
{
    Value hook = own_hook(vm);
    if (is_unset(hook)) return print_exception(vm, exc);
    Value args[] = {obj_value(type_of(vm, exc)), exc, obj_getattr(vm, exc, vm_intern(vm, "__traceback__"))};
    if (!is_error(args[2]) && !is_error(vm_call(vm, hook, args, 3))) return;
    report_said(vm, "Error in sys.excepthook:\n");
    print_exception(vm, vm_take_pending(vm));
    report_said(vm, "\nOriginal exception was:\n");
    print_exception(vm, exc);
}

int run_report_uncaught(VM *vm)
{
    if (vm->stop_status && vm->stop_status != 124) return vm->stop_status; // a deadlock has been reported
    if (vm->stop_status) return report_said(vm, "co: time limit exceeded\n"), vm->stop_status;
    Value exc = vm_take_pending(vm);
    Value *root = roots_push(vm, exc);
    int status = STATUS_ERROR;
    if (exception_is(vm, exc, ERR_SYSTEM_EXIT)) status = exit_code(vm, exc);
    else {
        report_exception(vm, exc);
        if (exception_is(vm, exc, ERR_KEYBOARD_INTERRUPT)) status = STATUS_INTERRUPTED;
    }
    if (root) roots_pop(vm, root);
    vm->exc = VALUE_UNSET;
    return status;
}

/* What is still buffered could not be written: CPython's words and status. */
static int report_lost_output(VM *vm, int err)
{
    char text[256];
    int n = snprintf(text, sizeof text,
                     "Exception ignored in: <_io.TextIOWrapper name='<stdout>' mode='w' "
                     "encoding='utf-8'>\n%s: [Errno %d] %s\n",
                     err == EPIPE ? "BrokenPipeError" : "OSError", err, strerror(err));
    report_text(vm, text, (size_t)n);
    return STATUS_OUTPUT;
}

/* Exit calls, finalisers, buffered output; the VM still stands. */
static int end_program(VM *vm, int status)
{
    stdlib_run_exit_calls(vm);
    gc_close_generators(vm);
    int err = output_flush_errno(vm);
    const Options *o = vm->user;
    if (status == STATUS_OK) unawaited_report(vm, true); // an error that ended it says enough
    if (o->on_end) o->on_end(vm, o->listener);
    if (err) status = report_lost_output(vm, err);
    free((void *)vm->start_dir);
    return status;
}

int run_finish(VM *vm, int status)
{
    Host *host = vm->host;
    status = end_program(vm, status);
    stdlib_free(vm);
    vm_free(vm);
    host_free(host);
    return status;
}

int run_leave(VM *vm, int status)
{
#ifdef CO_VERIFY
    return run_finish(vm, status); // so that leaks are seen
#else
    Host *host = vm->host;
    status = end_program(vm, status);
    vm_leave(vm);
    host_free(host);
    return status;
#endif
}

/* ---- programs ------------------------------------------------------------------------------------ */

/* Source text on its way into a VM. */
typedef struct Program {
    const char *name;    // as messages show it
    const char *file;    // __file__, or NULL
    const char *package; // __package__, or NULL for none
    char *text;          // malloc'd
    size_t size;
} Program;

static int run_text(VM *vm, Program *p)
{
    Module *m = run_main_module(vm, p->file);
    CodeImage *image = m ? vm->compiler->compile(vm, p->text, p->size, p->name, COMPILE_MAIN) : NULL;
    if (!image) return free(p->text), run_report_uncaught(vm);
    Value package = p->package ? text_from_system(vm, p->package) : VALUE_NONE;
    bool ok = !is_error(package) && dict_set_c(vm, m->dict, "__package__", package);
    const Options *o = vm->user;
    if (!ok) free(image), free(p->text);
    else if (o->on_start) o->on_start(vm, o->listener);
    Value body = ok ? module_body(vm, m, image, true, p->text, p->size) : VALUE_ERROR;
    if (!run_body(vm, body)) return run_report_uncaught(vm);
    return vm->exit_status;
}

static int complain(Language language, const char *name, int err)
{
    reader_say(stderr, language, "co: cannot read '%s': %s\n", name, said(language, strerror(err)));
    return STATUS_USAGE;
}

/* The text of a script, "-" being standard input. */
static char *read_script(const char *path, size_t *size, int *err)
{
    Host *h = host_uv_new();
    if (!h) return *err = ENOMEM, NULL;
    char *text = h->read_file(h, strcmp(path, "-") == 0 ? "/dev/stdin" : path, size, err);
    host_free(h);
    return text;
}

/* The folder of a script, symbolic links followed; malloc'd. */
static char *script_folder(const char *path)
{
    char *full = realpath(path, NULL);
    char *slash = full ? strrchr(full, '/') : NULL;
    if (slash) slash[slash == full] = '\0';
    return full;
}

static char *absolute_path(VM *vm, const char *path)
{
    if (path[0] == '/' || !vm->start_dir) return strdup(path);
    while (path[0] == '.' && path[1] == '/') path += 2;
    size_t n = strlen(vm->start_dir) + strlen(path) + 2;
    char *full = malloc(n);
    if (full) snprintf(full, n, "%s/%s", vm->start_dir, path);
    return full;
}

static int run_file(const Options *o)
{
    Program p = {.name = o->subject};
    int err = 0;
    bool input = strcmp(o->subject, "-") == 0;
    p.text = read_script(o->subject, &p.size, &err);
    if (!p.text) return complain(o->language, o->subject, err);
    char *no_name[] = {(char *)"", NULL};
    bool named = o->action != ACTION_INPUT;
    VM *vm = named ? run_start(o, o->argc + 1, o->argv - 1) : run_start(o, 1, no_name);
    if (!vm) return free(p.text), STATUS_ERROR;
    char *folder = input ? strdup("") : script_folder(o->subject),
         *full = input ? NULL : absolute_path(vm, o->subject);
    if (input) p.name = "<stdin>";
    p.file = full;
    int status = run_search_first(vm, folder ? folder : "") ? run_text(vm, &p) : run_report_uncaught(vm);
    status = run_leave(vm, status);
    free(folder);
    free(full);
    return status;
}

static int run_code(const Options *o)
{
    o->argv[-1] = (char *)"-c"; // CODE itself is no argument
    VM *vm = run_start(o, o->argc + 1, o->argv - 1);
    if (!vm) return STATUS_ERROR;
    size_t n = strlen(o->subject);
    Program p = {.name = "<string>", .text = malloc(n + 1), .size = n};
    if (!p.text) return run_leave(vm, STATUS_ERROR);
    memcpy(p.text, o->subject, n + 1);
    return run_leave(vm, run_search_first(vm, "") ? run_text(vm, &p) : run_report_uncaught(vm));
}

/* ---- co -m --------------------------------------------------------------------------------------- */

/* A package is run by its __main__. */
static bool find_module(VM *vm, const char *name, ModuleFile *f, Str **full)
{
    *full = str_intern(vm, name, strlen(name));
    if (!*full || !module_find_file(vm, *full, f)) return false;
    if (!f->package) return true;
    module_file_free(f);
    *f = (ModuleFile){0};
    Value main_name = str_format(vm, "%N.__main__", *full);
    *full = is_error(main_name) ? NULL : str_intern_value(vm, as_str(main_name));
    return *full && module_find_file(vm, *full, f);
}

static int run_found_module(VM *vm, ModuleFile *f, Str *full)
{
    Program p = {.name = module_shown_path(vm, f->path), .file = f->path, .text = f->text, .size = f->size};
    const char *dot = memrchr(full->data, '.', full->size);
    char *package = strndup(full->data, dot ? (size_t)(dot - full->data) : 0);
    p.package = package;
    f->text = NULL;
    Value argv = dict_get_c(vm, vm->sys->dict, "argv"), path = text_from_system(vm, f->path);
    int status = STATUS_ERROR;
    if (package && !is_error(path)) {
        if (is_list(argv) && as_list(argv)->size) gc_store(vm, as_list(argv), &as_list(argv)->items[0], path);
        status = run_text(vm, &p);
    }
    free(package);
    return status;
}

static int report_no_module(VM *vm, const Options *o)
{
    Str *name = str_intern(vm, o->subject, strlen(o->subject));
    if (!is_unset(vm->exc)) return run_report_uncaught(vm);
    if (name && module_is_own(vm, name))
        reader_say(stderr, o->language, "co: '%s' is a module to import; it has nothing to run\n", o->subject);
    else
        reader_say(stderr, o->language, "co: No module named '%s'\n", o->subject);
    return STATUS_ERROR;
}

static int run_module(const Options *o)
{
    VM *vm = run_start(o, o->argc + 1, o->argv - 1);
    if (!vm) return STATUS_ERROR;
    ModuleFile f = {0};
    Str *full = NULL;
    int status = STATUS_ERROR;
    if (!run_search_first(vm, vm->start_dir ? vm->start_dir : "")) status = run_report_uncaught(vm);
    else if (find_module(vm, o->subject, &f, &full)) status = run_found_module(vm, &f, full);
    else status = report_no_module(vm, o);
    module_file_free(&f);
    return run_leave(vm, status);
}

int run_program(const Options *o)
{
    switch (o->action) {
    case ACTION_CODE: return run_code(o);
    case ACTION_MODULE: return run_module(o);
    default: return run_file(o);
    }
}
