#define _GNU_SOURCE // memmem
#include "cli/check.h"
#include "cli/check_world.h"
#include "cli/compiler.h"
#include "cli/hosts.h"
#include "cli/markdown.h"
#include "cli/paths.h"
#include "cli/reader.h"
#include "cli/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Check {
    const Options *options;
    Host *host;    // reads files
    CheckWorld world;
    size_t errors, warnings, files;
} Check;

static bool is_program(const char *path) { return path_ends(path, ".co"); }

/* ---- # co: ignore[code, code] -------------------------------------------------------------------- */

static bool has_word(const char *list, size_t n, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i < n;) {
        size_t k = i;
        while (k < n && list[k] != ',') k++;
        size_t from = i, to = k;
        while (from < to && list[from] == ' ') from++;
        while (to > from && list[to - 1] == ' ') to--;
        if (to - from == len && memcmp(list + from, word, len) == 0) return true;
        i = k + 1;
    }
    return false;
}

/* Does the line say that such findings are wanted there? */
static bool is_ignored(const Source *source, const Diag *d)
{
    static const char mark[] = "# co: ignore";
    if (diag_is_error(d->kind) || !source->line_count) return false;
    Span line = source_line(source, source_position(source, d->span).line);
    const char *text = source->text + line.start,
               *at = memmem(text, line.end - line.start, mark, sizeof mark - 1);
    if (!at) return false;
    at += sizeof mark - 1;
    const char *end = source->text + line.end;
    if (at == end || *at != '[') return true;
    const char *close = memchr(at, ']', (size_t)(end - at));
    return close && has_word(at + 1, (size_t)(close - at - 1), diag_code(d));
}

/* ---- findings ------------------------------------------------------------------------------------ */

static void put_json_text(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') printf("\\%c", c);
        else if (c < 0x20 || c == 0x7f) printf("\\u%04x", c);
        else putchar(c);
    }
    putchar('"');
}

/* Columns count characters, from 1. */
static unsigned character_column(const Source *source, uint32_t line, uint32_t bytes)
{
    const char *text = source->text + source_line(source, line).start;
    unsigned column = 1;
    for (uint32_t i = 0; i < bytes; i++) column += ((unsigned char)text[i] & 0xC0) != 0x80;
    return column;
}

static void put_json(const Source *source, const Diag *d)
{
    Position p = source->line_count ? source_position(source, d->span) : (Position){1, 0, 1, 0};
    bool placed = source->line_count > 0;
    printf("{\"file\": ");
    put_json_text(source->name);
    printf(", \"line\": %u, \"col\": %u, \"end_line\": %u, \"end_col\": %u", p.line,
           placed ? character_column(source, p.line, p.col) : 1, p.end_line,
           placed ? character_column(source, p.end_line, p.end_col) : 1);
    printf(", \"kind\": \"%s\", \"code\": \"%s\", \"message\": ", diag_is_error(d->kind) ? "error" : "warning",
           diag_code(d));
    put_json_text(d->message.text);
    printf(", \"help\": ");
    if (d->hint.text) put_json_text(d->hint.text);
    else printf("null");
    printf("}\n");
}

static void put_text(const Source *source, const Diag *d, Reader reader)
{
    TextBuffer out = {0};
    diag_render(&out, source, d, reader);
    if (out.bytes) fwrite(out.bytes, 1, out.len, stdout);
    text_free(&out);
}

static int by_place(const void *a, const void *b)
{
    const Diag *x = a, *y = b;
    if (x->span.start != y->span.start) return x->span.start < y->span.start ? -1 : 1;
    return strcmp(diag_code(x), diag_code(y));
}

static void put_findings(Check *c, const Source *source, Diags *diags)
{
    if (diags->count) qsort(diags->items, diags->count, sizeof *diags->items, by_place);
    for (uint32_t i = 0; i < diags->count; i++) {
        const Diag *d = &diags->items[i];
        if (is_ignored(source, d)) continue;
        if (diag_is_error(d->kind)) c->errors++;
        else c->warnings++;
        if (c->options->json) put_json(source, d);
        else put_text(source, d, options_reader(c->options, 1));
    }
}

/* ---- one program --------------------------------------------------------------------------------- */

static void check_text(Check *c, const char *name, const char *text, size_t size)
{
    Compiled compiled;
    LintWorld world = check_world(&c->world);
    compile_check(&compiled, name, text, size, &world);
    put_findings(c, &compiled.source, &compiled.diags);
    compiled_free(&compiled);
}

/* ---- Markdown ------------------------------------------------------------------------------------ */

/* Add the block in its own lines of the document; those before it that it does not have are empty. */
static void add_in_place(TextBuffer *out, size_t *line, const FencedBlock *b, const char *text)
{
    for (; *line < b->line; ++*line) text_add(out, "\n", 1);
    size_t before = out->len;
    block_lines(b, text, out);
    for (size_t i = before; i < out->len; i++) *line += out->bytes[i] == '\n';
}

/* Does the block compile by itself? If not, that is reported. */
static bool check_block(Check *c, const char *path, const FencedBlock *b, const char *text)
{
    TextBuffer alone = {0};
    size_t line = 1;
    add_in_place(&alone, &line, b, text);
    Compiled compiled;
    compile_text(&compiled, path, alone.bytes ? alone.bytes : "", alone.len, TEXT_FILE);
    bool sound = compiled.diags.errors == 0;
    if (!sound) put_findings(c, &compiled.source, &compiled.diags);
    compiled_free(&compiled);
    text_free(&alone);
    return sound;
}

/* As `co test` runs them: what one block of a session defines, those behind it know. */
static void check_document(Check *c, const char *path, const char *text, size_t size)
{
    size_t count = 0;
    FencedBlock *blocks = markdown_blocks(text, size, &count);
    for (Session s = {0}; blocks && session_next(&s, blocks, count);) {
        TextBuffer program = {0};
        size_t line = 1;
        for (size_t i = s.first; i < s.last; i++)
            if (session_has(&s, blocks, i) && check_block(c, path, &blocks[i], text))
                add_in_place(&program, &line, &blocks[i], text);
        if (program.len && !program.failed) check_text(c, path, program.bytes, program.len);
        text_free(&program);
    }
    free(blocks);
}

/* ---- files --------------------------------------------------------------------------------------- */

static bool check_file(Check *c, const char *path)
{
    size_t size;
    int err = 0;
    bool input = strcmp(path, "-") == 0; // an editor's buffer
    char *text = c->host->read_file(c->host, input ? "/dev/stdin" : path, &size, &err);
    if (!text) {
        Language language = c->options->language;
        reader_say(stderr, language, "co: cannot read '%s': %s\n", path, said(language, strerror(err)));
        return false;
    }
    char *folder = strndup(path, (size_t)(path_base(path) - path));
    c->world.folder = folder && *folder ? folder : ".";
    if (path_ends(path, ".md")) check_document(c, path, text, size);
    else check_text(c, input ? "<stdin>" : path, text, size);
    free(folder);
    free(text);
    c->files++;
    return true;
}

static void put_summary(const Check *c)
{
    if (c->options->json || c->errors + c->warnings == 0) return;
    Language language = c->options->language;
    reader_say(stdout, language, c->errors == 1 ? "%zu error, " : "%zu errors, ", c->errors);
    reader_say(stdout, language, c->warnings == 1 ? "%zu warning\n" : "%zu warnings\n", c->warnings);
}

int check_paths(const Options *o)
{
    Check c = {.options = o, .host = host_uv_new(), .world = {.options = o}};
    Paths paths = {.language = o->language};
    if (!o->argc) paths_add(&paths, ".", is_program);
    for (int i = 0; i < o->argc; i++) {
        if (strcmp(o->argv[i], "-") == 0) paths_add_file(&paths, "-");
        else paths_add(&paths, o->argv[i], is_program);
    }
    bool all = c.host && !paths.missing;
    for (size_t i = 0; c.host && i < paths.count; i++) all &= check_file(&c, paths.items[i]);
    put_summary(&c);
    paths_free(&paths);
    check_world_free(&c.world);
    host_free(c.host);
    if (fflush(stdout) != 0) return STATUS_OUTPUT;
    return !all ? STATUS_USAGE : c.errors + c.warnings ? STATUS_ERROR : STATUS_OK;
}
