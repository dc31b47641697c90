#define _GNU_SOURCE // strsignal
#include "cli/reader.h"
#include "cli/run.h"
#include "cli/test_parts.h"

#include <stdio.h>
#include <string.h>

static const char *paint(const Tests *t, const char *code)
{
    return t->color ? code : "";
}
#define RED(t)   paint(t, "\033[31m")
#define GREEN(t) paint(t, "\033[32m")
#define BOLD(t)  paint(t, "\033[1m")
#define PLAIN(t) paint(t, "\033[0m")

static void clear_progress(const Tests *t)
{
    if (t->progress) printf("\r\033[K");
}

bool tests_wanted(const Tests *t, const char *name)
{
    const char *pattern = t->options->pattern;
    char full[1024];
    if (!pattern) return true;
    snprintf(full, sizeof full, "%s::%s", t->file, name);
    return strstr(strpbrk(pattern, "./:") ? full : name, pattern);
}

void tests_begin_file(Tests *t, const char *file)
{
    t->file = file;
    t->file_passed = t->file_failed = 0;
}

void tests_end_file(Tests *t)
{
    clear_progress(t);
    if (t->file_passed + t->file_failed == 0) return;
    reader_say(stdout, t->options->language, "%s  %zu passed", t->file, t->file_passed);
    if (t->file_failed)
        reader_say(stdout, t->options->language, ", %s%zu failed%s", RED(t), t->file_failed, PLAIN(t));
    printf("\n");
    fflush(stdout);
}

void tests_running(const Tests *t, const char *name)
{
    if (!t->progress) return;
    enum { COLUMNS = 70 }; // a longer line would wrap, and could not be cleared
    char line[COLUMNS + 1];
    snprintf(line, sizeof line, said(t->options->language, "%zu passed, %zu failed  %s::%s"), t->passed,
             t->failed, t->file, name);
    printf("\r\033[K%s", line);
    fflush(stdout);
}

void tests_pass(Tests *t, const char *name)
{
    t->passed++;
    t->file_passed++;
    clear_progress(t);
    if (t->options->verbose) printf("%sok%s      %s::%s\n", GREEN(t), PLAIN(t), t->file, name);
}

static void put_indented(const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        const char *end = memchr(text + i, '\n', size - i);
        size_t n = end ? (size_t)(end - text) - i : size - i;
        printf("    %.*s\n", (int)n, text + i);
        i += n + 1;
    }
}

void tests_warn(const Tests *t, const char *name, const char *text, size_t size)
{
    clear_progress(t);
    reader_say(stdout, t->options->language, "%sWARNING%s  %s::%s\n", BOLD(t), PLAIN(t), t->file, name);
    put_indented(text, size);
}

void tests_fail(Tests *t, const char *name, const char *what, const char *output, size_t size)
{
    t->failed++;
    t->file_failed++;
    t->stopped = t->options->stop_first;
    clear_progress(t);
    reader_say(stdout, t->options->language, "%sFAILED%s  %s%s::%s%s\n", RED(t), PLAIN(t), BOLD(t), t->file,
               name, PLAIN(t));
    put_indented(output, size);
    if (what) printf("    %s\n", said(t->options->language, what));
}

const char *tests_how_ended(const Tests *t, const ChildResult *result, char *buf, size_t size)
{
    double limit = (double)t->options->timeout / 1e9;
    Language language = t->options->language;
    if (result->signal)
        snprintf(buf, size, said(language, "ended by signal %d (%s)"), result->signal,
                 strsignal(result->signal));
    else if (result->status == STATUS_TIME_LIMIT)
        snprintf(buf, size, said(language, "it took longer than %g s"), limit ? limit : TEST_SECONDS);
    else
        return NULL;
    return buf;
}
