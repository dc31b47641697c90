/* test_program.c - the functions test_* of a file, each in a fresh VM. */
#include "cli/compiler.h"
#include "cli/hosts.h"
#include "cli/paths.h"
#include "cli/run.h"
#include "cli/test_parts.h"
#include "stdlib/stdlib.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/import.h"
#include "vm/protocol.h"
#include "vm/report.h"
#include "vm/sched.h"
#include "vm/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct TestFile {
    const Options *options;
    const char *path;
    char *text;
    size_t size;
    CodeImage *image;
    const char *function; // NULL: the file has none, and is a test itself
} TestFile;

/* ---- in the child -------------------------------------------------------------------------------------- */

/* Run what was called to its end: a coroutine as a task, whose own tasks may go on. */
static bool run_called(VM *vm, Value v)
{
    if (!is_exact(v, T_COROUTINE)) return !is_error(v);
    Value task = task_new(vm, v, VALUE_UNSET);
    if (is_error(task)) return false;
    as_task(task)->f.h.aux |= FUTURE_OBSERVED;
    return !is_error(sched_run_until(vm, task));
}

static bool call_name(VM *vm, Dict *names, const char *name, bool must_exist)
{
    Value f = dict_get_c(vm, names, name);
    if (is_unset(f))
        return !must_exist || !is_error(vm_raise(vm, ERR_NAME, "name '%s' is not defined", name));
    return run_called(vm, vm_call(vm, f, NULL, 0));
}

/* Where the time was up: the traceback without the exception that ends the run, and the tasks. */
static void report_where(VM *vm)
{
    sched_report_waits(vm);
    Value text = exception_render(vm, vm->exc);
    if (is_error(text)) return;
    const char *bytes = as_str(text)->data;
    size_t n = as_str(text)->size;
    do n--;
    while (n && bytes[n - 1] != '\n');
    report_text(vm, bytes, n);
}

/* False: it has been reported. */
static bool step(VM *vm, bool ok)
{
    if (ok) return true;
    if (!vm->stop_status && vm_pending_is(vm, ERR_SYSTEM_EXIT)) {
        const char *text = said(vm->reader.language, "the test called sys.exit\n");
        report_text(vm, text, strlen(text));
    }
    if (vm->stop_status == STATUS_TIME_LIMIT)
        report_where(vm);
    else
        run_report_uncaught(vm);
    return false;
}

/* Tasks that were cancelled get their turns to end; who is left over is told by name. */
static bool report_leaks(VM *vm, Dict *testing)
{
    if (sched_first_task(vm) && !step(vm, call_name(vm, testing, "settle", true))) return false;
    if (!sched_first_task(vm)) return true;
    const char *text = said(vm->reader.language, "left over at the end of the test:\n");
    report_text(vm, text, strlen(text));
    sched_report_waits(vm);
    return false;
}

static Dict *install_testing(VM *vm)
{
    Value m = module_import(vm, vm_intern(vm, "_testing"));
    if (is_error(m)) return NULL;
    Dict *testing = ((Module *)as_obj(m))->dict;
    return dict_set_c(vm, vm->builtins->dict, "__explain_assert__", dict_get_c(vm, testing, "explain"))
               ? testing
               : NULL;
}

/* The module, named as import would name it, so that `if __name__ == "__main__":` does not run. */
static Module *load_module(VM *vm, const TestFile *f)
{
    char name[256];
    snprintf(name, sizeof name, "%s", path_base(f->path));
    char *dot = strrchr(name, '.');
    if (dot && dot != name) *dot = '\0';
    Module *m = module_make(vm, vm_intern(vm, f->function ? name : "__main__"), f->path);
    char *source = m ? strndup(f->text, f->size) : NULL;
    if (!source) return NULL;
    vm->main = m;
    if (!dict_set(vm, vm->modules, m->name, obj_value(m))) return NULL;
    Value body = module_body(vm, m, f->image, false, source, f->size);
    return !is_error(body) && run_called(vm, vm_call(vm, body, NULL, 0)) ? m : NULL;
}

static bool run_function(VM *vm, const TestFile *f)
{
    Dict *testing = install_testing(vm);
    Module *m = testing ? load_module(vm, f) : NULL;
    if (!step(vm, m != NULL)) return false;
    bool ok = step(vm, call_name(vm, m->dict, "setup", false));
    if (ok && f->function) ok = step(vm, call_name(vm, m->dict, f->function, true));
    if (!vm->stop_status) ok &= step(vm, call_name(vm, m->dict, "teardown", false));
    if (!vm->stop_status) ok &= report_leaks(vm, testing);
    if (ok) sched_report_failures(vm);
    return ok && vm->exit_status == 0;
}

static int run_child(void *state)
{
    const TestFile *f = state;
    char *argv[] = {(char *)f->path, NULL};
    VM *vm = run_start(f->options, 1, argv);
    if (!vm) return STATUS_ERROR;
    char *folder = strndup(f->path, (size_t)(path_base(f->path) - f->path));
    bool ok = folder && run_search_first(vm, *folder ? folder : vm->start_dir) && run_function(vm, f);
    int stop = vm->stop_status;
    free(folder);
    int status = run_finish(vm, ok ? STATUS_OK : STATUS_ERROR);
    return stop == STATUS_TIME_LIMIT ? stop : status;
}

/* ---- schedules ----------------------------------------------------------------------------------------- */

static void put_replay(TextBuffer *out, const Tests *t, const TestFile *f)
{
    if (!f->options->seeded) return;
    unsigned long long seed = f->options->seed;
    text_saidf(out, f->options->language, "seed %llu; to see it again: ", seed);
    text_addf(out, "co test --seed %llu%s%s %s", seed, f->function ? " -k " : "",
              f->function ? f->function : "", t->file);
}

/* What a test that passes still has to say: coroutines that nobody awaited. */
static void put_warnings(const Tests *t, const char *name, const ChildResult *result)
{
    const char *at = strstr(result->output, "RuntimeWarning: ");
    if (!at) return;
    while (at > result->output && at[-1] != '\n') at--;
    tests_warn(t, name, at, strcspn(at, "\n"));
}

/* One run in one order. */
static bool run_once(Tests *t, TestFile *f, const char *name)
{
    ChildResult result;
    TextBuffer what = {0};
    char buf[100];
    if (!child_run(run_child, f, &result)) {
        tests_fail(t, name, "it cannot be run: no process, or no memory", "", 0);
        return false;
    }
    bool ok = result.status == STATUS_OK;
    if (ok)
        put_warnings(t, name, &result);
    else {
        const char *how = tests_how_ended(t, &result, buf, sizeof buf);
        if (how) text_addf(&what, "%s%s", how, f->options->seeded ? "; " : "");
        put_replay(&what, t, f);
        tests_fail(t, name, what.bytes, result.output, result.size);
    }
    text_free(&what);
    child_result_free(&result);
    return ok;
}

/* The usual order (or that of --seed), then as many others as --schedules says, until one fails. */
static void run_test(Tests *t, TestFile *f, const char *name)
{
    Options run = *t->options;
    uint64_t first = run.seeded ? run.seed : 1;
    run.virtual_time = !run.real_time;
    run.max_time = run.timeout ? run.timeout : (int64_t)TEST_SECONDS * 1000000000;
    f->options = &run;
    tests_running(t, name);
    bool ok = (run.schedules && run.seeded) || run_once(t, f, name);
    run.seeded = true;
    for (uint64_t i = 0; ok && i < run.schedules; i++) {
        run.seed = first + i;
        ok = run_once(t, f, name);
    }
    if (ok) tests_pass(t, name);
}

/* ---- the functions of a file --------------------------------------------------------------------------- */

typedef struct TestName {
    uint32_t line;
    char text[120];
} TestName;

static int by_line(const void *a, const void *b)
{
    uint32_t x = ((const TestName *)a)->line, y = ((const TestName *)b)->line;
    return x < y ? -1 : x > y;
}

/* Those at the top level, in the order of the file; malloc'd. */
static TestName *find_tests(const CodeImage *image, size_t *count)
{
    static const char prefix[] = "test_";
    TestName *names = calloc(image->nrecords, sizeof *names);
    *count = 0;
    for (uint32_t i = 1; names && i < image->nrecords; i++) {
        const CodeRecord *r = code_record(image, i);
        const char *name = code_text(image, r->qualname);
        bool test = r->qualname.len > strlen(prefix) && memcmp(name, prefix, strlen(prefix)) == 0;
        if (!test || memchr(name, '.', r->qualname.len) || r->flags & CODE_NAMESPACE) continue;
        if (r->qualname.len >= sizeof names->text) continue;
        TestName *n = &names[(*count)++];
        n->line = r->first_line;
        memcpy(n->text, name, r->qualname.len);
    }
    if (names) qsort(names, *count, sizeof *names, by_line);
    return names;
}

static void run_tests(Tests *t, TestFile *f)
{
    size_t count;
    TestName *names = find_tests(f->image, &count);
    for (size_t i = 0; names && i < count && !t->stopped; i++) {
        f->function = names[i].text;
        if (i > 0 && strcmp(names[i].text, names[i - 1].text) == 0)
            continue; // defined twice: the last one counts
        if (tests_wanted(t, f->function)) run_test(t, f, f->function);
    }
    f->function = NULL;
    if (names && count == 0 && tests_wanted(t, path_base(f->path))) run_test(t, f, "(the file itself)");
    free(names);
}

void test_program(Tests *t, const char *path)
{
    TestFile f = {.path = path};
    Host *h = host_uv_new();
    int err = 0;
    f.text = h ? h->read_file(h, path, &f.size, &err) : NULL;
    host_free(h);
    if (!f.text) return tests_fail(t, "(the file)", "it cannot be read", "", 0);
    Compiled c;
    compile_text(&c, path, f.text, f.size, TEXT_TEST);
    f.image = c.image;
    TextBuffer out = {0};
    const char *report = c.image ? "" : compiled_report(&c, &out, options_reader(t->options, 1));
    if (c.image)
        run_tests(t, &f);
    else
        tests_fail(t, "(the file)", "it does not compile", report, strlen(report));
    text_free(&out);
    compiled_free(&c);
    free(f.text);
}
