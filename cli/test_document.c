/* test_document.c - the listings of a Markdown file: its `co` blocks are run, and what follows them is compared. */
#define _GNU_SOURCE // MAP_ANONYMOUS
#include "cli/compiler.h"
#include "cli/hosts.h"
#include "cli/markdown.h"
#include "cli/paths.h"
#include "cli/run.h"
#include "cli/test_parts.h"
#include "vm/dict.h"
#include "vm/import.h"
#include "vm/output.h"
#include "vm/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* What a block has printed ends at `end` of its session's output. */
typedef struct BlockEnd {
    long end;
    int status;
    bool done;
} BlockEnd;

typedef struct Document {
    Options options;
    const char *path;
    char *text;
    size_t size;
    FencedBlock *blocks;
    size_t count;
    BlockEnd *ends;     // of each block; shared with the child
    Session session;    // the one being run
    char **updates;     // --update: the new lines of output blocks, by block; NULL: as they are
    bool changed;
} Document;

static bool is_output(const FencedBlock *b)
{
    return block_is(b, "text") || block_is(b, "output");
}

/* The block that holds what block i prints; NULL: that is not told. */
static const FencedBlock *output_of(const Document *d, size_t i)
{
    const FencedBlock *next = i + 1 < d->count ? &d->blocks[i + 1] : NULL;
    return next && is_output(next) && !next->after_heading ? next : NULL;
}

/* ---- in the child ---------------------------------------------------------------------------------------- */

/* The block's lines; so many empty ones before them that they keep their numbers. */
static char *block_source(const Document *d, const FencedBlock *b, size_t *size)
{
    TextBuffer out = {0};
    for (size_t i = 1; !block_is_file(b) && i < b->line; i++) text_add(&out, "\n", 1);
    block_lines(b, d->text, &out);
    text_add(&out, "", 0);
    *size = out.len;
    return out.failed ? NULL : out.bytes;
}

static void shown_name(const Document *d, const FencedBlock *b, char *buf, size_t size)
{
    const char *name;
    size_t n = block_value(b, "file", &name);
    if (n)
        snprintf(buf, size, "%.*s", (int)n, name);
    else
        snprintf(buf, size, "%s", path_base(d->path));
}

static bool run_block(VM *vm, const Document *d, const FencedBlock *b)
{
    char name[256];
    size_t size;
    char *source = block_source(d, b, &size);
    if (!source) return false;
    shown_name(d, b, name, sizeof name);
    Compiled c;
    compile_text(&c, name, source, size, TEXT_FILE);
    TextBuffer out = {0};
    if (c.diags.count) {
        const char *report = compiled_report(&c, &out, vm->reader);
        report_text(vm, report, strlen(report));
    }
    text_free(&out);
    CodeImage *image = c.image;
    c.image = NULL;
    compiled_free(&c);
    if (!image) return free(source), false;
    bool ok = run_body(vm, module_body(vm, vm->main, image, true, source, size));
    if (!ok) ok = run_report_uncaught(vm) == STATUS_OK;
    ok &= vm->exit_status == 0;
    vm->exit_status = 0;
    return ok;
}

static int run_session(void *state)
{
    Document *d = state;
    char name[256];
    shown_name(d, &d->blocks[d->session.first], name, sizeof name);
    char *argv[] = {name, NULL};
    VM *vm = run_start(&d->options, 1, argv);
    char *folder = strndup(d->path, (size_t)(path_base(d->path) - d->path));
    bool ok = vm && folder && run_search_first(vm, *folder ? folder : "") && run_main_module(vm, NULL);
    free(folder);
    for (size_t i = d->session.first; ok && i < d->session.last; i++) {
        if (!session_has(&d->session, d->blocks, i)) continue;
        int status = run_block(vm, d, &d->blocks[i]) ? STATUS_OK : STATUS_ERROR;
        if (vm->stop_status == STATUS_TIME_LIMIT) return STATUS_TIME_LIMIT;
        vm->stop_status = 0; // a deadlock ends its block
        output_flush_errno(vm);
        d->ends[i] = (BlockEnd){child_output_size(), status, true};
    }
    return vm ? run_finish(vm, ok ? STATUS_OK : STATUS_ERROR) : STATUS_ERROR;
}

/* ---- comparing ------------------------------------------------------------------------------------------- */

typedef struct Lines {
    const char *text;
    size_t size;   // without empty lines at its end
    size_t indent; // to take off each
} Lines;

static Lines trimmed(const char *text, size_t size, size_t indent)
{
    while (size && strchr(" \n\r", text[size - 1])) size--;
    return (Lines){text, size, indent};
}

/* Takes the first line off; blanks at its end do not count. */
static bool next_line(Lines *l, const char **line, size_t *len)
{
    if (!l->size) return false;
    const char *end = memchr(l->text, '\n', l->size);
    size_t n = end ? (size_t)(end - l->text) : l->size, skip = 0;
    while (skip < l->indent && skip < n && l->text[skip] == ' ') skip++;
    *line = l->text + skip;
    *len = n - skip;
    while (*len && strchr(" \r", (*line)[*len - 1])) (*len)--;
    size_t taken = end ? n + 1 : n;
    l->text += taken;
    l->size -= taken;
    return true;
}

static bool same_line(const char *a, size_t na, const char *b, size_t nb)
{
    return na == nb && memcmp(a, b, na) == 0;
}

/* The lines at the start that both have; *a and *b are what comes behind them. */
static size_t skip_common(Lines *a, Lines *b)
{
    size_t n = 0, na, nb;
    const char *la, *lb;
    for (;; n++) {
        Lines ra = *a, rb = *b;
        bool more_a = next_line(&ra, &la, &na), more_b = next_line(&rb, &lb, &nb);
        if (!more_a || !more_b || !same_line(la, na, lb, nb)) return n;
        *a = ra;
        *b = rb;
    }
}

static size_t count_lines(Lines l)
{
    const char *line;
    size_t n = 0, len;
    while (next_line(&l, &line, &len)) n++;
    return n;
}

/* How many lines at the end of both are the same. */
static size_t common_tail(Lines a, Lines b)
{
    size_t na = count_lines(a), nb = count_lines(b), same = 0, la, lb;
    const char *x, *y;
    for (size_t i = 0; i < na && i < nb; i++) { // only one file in a thousand is long
        Lines ra = a, rb = b;
        for (size_t k = 0; k < na - i; k++) next_line(&ra, &x, &la);
        for (size_t k = 0; k < nb - i; k++) next_line(&rb, &y, &lb);
        if (!same_line(x, la, y, lb)) break;
        same++;
    }
    return same;
}

static void put_diff(TextBuffer *out, const char *file, size_t line, Lines expected, Lines actual)
{
    line += skip_common(&expected, &actual);
    size_t tail = common_tail(expected, actual), len;
    size_t written = count_lines(expected) - tail, printed = count_lines(actual) - tail;
    const char *text;
    for (size_t i = 0; i < written && next_line(&expected, &text, &len); i++)
        text_addf(out, "%s:%zu: - %.*s\n", file, line + i, (int)len, text);
    for (size_t i = 0; i < printed && next_line(&actual, &text, &len); i++)
        text_addf(out, "%s:%zu: + %.*s\n", file, line, (int)len, text);
}

/* ---- --update -------------------------------------------------------------------------------------------- */

static void update_output(Document *d, const FencedBlock *b, Lines actual)
{
    const char *line;
    size_t len;
    TextBuffer out = {0};
    text_add(&out, "", 0);
    while (next_line(&actual, &line, &len)) text_addf(&out, "%*s%.*s\n", (int)b->indent, "", (int)len, line);
    d->updates[b - d->blocks] = out.bytes;
    d->changed = true;
}

static void put_updated(const Document *d, FILE *f)
{
    size_t copied = 0;
    for (size_t i = 0; i < d->count; i++) {
        if (!d->updates[i]) continue;
        fwrite(d->text + copied, 1, d->blocks[i].start - copied, f);
        fputs(d->updates[i], f);
        copied = d->blocks[i].end;
    }
    fwrite(d->text + copied, 1, d->size - copied, f);
}

static void write_updates(Tests *t, Document *d)
{
    FILE *f = d->changed ? fopen(d->path, "w") : NULL;
    if (f) put_updated(d, f);
    bool failed = f ? ferror(f) | fclose(f) : d->changed;
    if (failed) tests_fail(t, "(the file)", "it cannot be written", "", 0);
    for (size_t i = 0; i < d->count; i++) free(d->updates[i]);
    free(d->updates);
}

/* ---- sessions -------------------------------------------------------------------------------------------- */

/* One block's part of what its session has printed. */
static void judge_block(Tests *t, Document *d, size_t i, const char *name, const char *output, size_t size)
{
    const FencedBlock *expected = output_of(d, i);
    bool clean = d->ends[i].status == STATUS_OK;
    if (!expected) {
        if (clean)
            tests_pass(t, name);
        else
            tests_fail(t, name, "it ends with an error, and no output block says so", output, size);
        return;
    }
    Lines want = trimmed(d->text + expected->start, expected->end - expected->start, expected->indent);
    Lines got = trimmed(output, size, 0), rest_want = want, rest_got = got;
    skip_common(&rest_want, &rest_got);
    if (!rest_want.size && !rest_got.size) return tests_pass(t, name);
    if (t->options->update) {
        update_output(d, expected, got);
        return tests_pass(t, name);
    }
    TextBuffer diff = {0};
    put_diff(&diff, t->file, expected->line, want, got);
    tests_fail(t, name, "- as written, + as printed", diff.bytes ? diff.bytes : "", diff.len);
    text_free(&diff);
}

static void judge_session(Tests *t, Document *d, const ChildResult *result)
{
    char name[64], how_text[100];
    size_t from = 0;
    const char *how = tests_how_ended(t, result, how_text, sizeof how_text);
    for (size_t i = d->session.first; i < d->session.last && !t->stopped; i++) {
        if (!session_has(&d->session, d->blocks, i)) continue;
        snprintf(name, sizeof name, "line %zu", d->blocks[i].line);
        const BlockEnd *e = &d->ends[i];
        if (!e->done) {
            tests_fail(t, name, how ? how : "it has ended the session", result->output + from,
                       result->size - from);
            return; // what comes behind it was not run
        }
        size_t end = (size_t)e->end < result->size ? (size_t)e->end : result->size;
        if (tests_wanted(t, name)) judge_block(t, d, i, name, result->output + from, end - from);
        from = end;
    }
}

static void test_session(Tests *t, Document *d)
{
    ChildResult result;
    char name[64];
    snprintf(name, sizeof name, "line %zu", d->blocks[d->session.first].line);
    tests_running(t, name);
    if (!child_run(run_session, d, &result)) {
        tests_fail(t, name, "it cannot be run: no process, or no memory", "", 0);
        return;
    }
    judge_session(t, d, &result);
    child_result_free(&result);
}

static void test_sessions(Tests *t, Document *d)
{
    while (!t->stopped && session_next(&d->session, d->blocks, d->count)) test_session(t, d);
}

void test_document(Tests *t, const char *path)
{
    Document d = {.options = *t->options, .path = path};
    d.options.virtual_time = !d.options.real_time;
    d.options.color = COLOR_NEVER; // what a document shows is the same for every reader
    d.options.language = strstr(path_base(path), ".ko.") ? LANGUAGE_KOREAN : LANGUAGE_ENGLISH;
    d.options.max_time = d.options.timeout ? d.options.timeout : (int64_t)TEST_SECONDS * 1000000000;
    Host *h = host_uv_new();
    int err = 0;
    d.text = h ? h->read_file(h, path, &d.size, &err) : NULL;
    host_free(h);
    d.blocks = d.text ? markdown_blocks(d.text, d.size, &d.count) : NULL;
    d.updates = d.blocks ? calloc(d.count + 1, sizeof *d.updates) : NULL;
    size_t bytes = (d.count + 1) * sizeof *d.ends;
    d.ends =
        d.updates ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) : MAP_FAILED;
    if (d.ends == MAP_FAILED)
        tests_fail(t, "(the file)", "it cannot be read", "", 0);
    else {
        test_sessions(t, &d);
        write_updates(t, &d);
        munmap(d.ends, bytes);
    }
    free(d.blocks);
    free(d.text);
}
