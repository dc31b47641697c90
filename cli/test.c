#include "cli/test.h"
#include "cli/paths.h"
#include "cli/reader.h"
#include "cli/run.h"
#include "cli/test_parts.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_document(const char *path)
{
    return path_ends(path, ".md");
}

static bool is_test(const char *path)
{
    return is_document(path) || (strncmp(path_base(path), "test_", 5) == 0 && path_ends(path, ".co"));
}

static void test_file(Tests *t, const char *path)
{
    tests_begin_file(t, path);
    if (is_document(path))
        test_document(t, path);
    else
        test_program(t, path);
    tests_end_file(t);
}

int test_paths(const Options *o)
{
    Tests t = {.options = o, .color = options_color(o, 1), .progress = isatty(1) && options_color(o, 1)};
    Paths paths = {.language = o->language};
    signal(SIGPIPE, SIG_DFL);
    if (!o->argc) paths_add(&paths, ".", is_test);
    for (int i = 0; i < o->argc; i++) paths_add(&paths, o->argv[i], is_test);
    for (size_t i = 0; i < paths.count && !t.stopped; i++) test_file(&t, paths.items[i]);
    bool missing = paths.missing, none = t.passed + t.failed == 0;
    paths_free(&paths);
    if (none && !missing) reader_say(stderr, o->language, "co: no test was found\n");
    reader_say(stdout, o->language, "%zu passed, %zu failed\n", t.passed, t.failed);
    if (fflush(stdout) != 0) return STATUS_OUTPUT;
    return missing || none ? STATUS_USAGE : t.failed ? STATUS_ERROR : STATUS_OK;
}
