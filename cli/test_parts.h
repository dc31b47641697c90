/* test_parts.h - what the files of `co test` share.
 * Each test runs in a child process, so that one that crashes, hangs or ends the process is a failure like any other.
 */
#pragma once
#include "cli/options.h"
#include "lang/text.h"
#include "vm/code.h"

enum { TEST_SECONDS = 60 }; // that a test may take, unless --timeout says otherwise

typedef struct Tests {
    const Options *options;
    size_t passed, failed;
    size_t file_passed, file_failed; // of the file being tested
    const char *file;
    bool color, progress, stopped; // progress: on a terminal; stopped: by -x
} Tests;

/* ---- test_child.c: a child process, and what it printed ---- */

typedef struct ChildResult {
    int status; // its exit status; -1: ended by `signal`
    int signal;
    char *output; // stdout and stderr as they came; malloc'd, NUL-terminated
    size_t size;
} ChildResult;

/* Run body(state) in a child, whose exit status is what it answers. False: that could not be done. */
bool child_run(int (*body)(void *state), void *state, ChildResult *result);
/* Where the child's output ends so far. */
long child_output_size(void);
void child_result_free(ChildResult *result);

/* ---- test_report.c: what is said about tests ---- */

bool tests_wanted(const Tests *t, const char *name); // by -k
void tests_begin_file(Tests *t, const char *file);
void tests_end_file(Tests *t);
/* On a terminal: which one is running. */
void tests_running(const Tests *t, const char *name);
void tests_pass(Tests *t, const char *name);
/* It passes, but has something to say. */
void tests_warn(const Tests *t, const char *name, const char *text, size_t size);
/* `what` happened (said in the reader's language if it has a row; NULL: nothing to add): shown with the output. */
void tests_fail(Tests *t, const char *name, const char *what, const char *output, size_t size);
/* "ended by signal 11", "took longer than 60 s", or NULL: it failed by itself. */
const char *tests_how_ended(const Tests *t, const ChildResult *result, char *buf, size_t size);

/* ---- kinds of files ---- */

void test_program(Tests *t, const char *path);  // test_program.c: functions test_*
void test_document(Tests *t, const char *path); // test_document.c: Markdown
