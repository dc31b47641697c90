#include "cli/compiler.h"
#include "lang/compile.h"
#include "lang/parse.h"
#include "vm/verify.h"

#include <stdlib.h>
#include <string.h>

/* Debug builds trust nobody. */
static void verify(Compiled *c)
{
#ifdef CO_VERIFY
    char why[200];
    if (!c->image || image_verify(c->image, c->image->size, why, sizeof why)) return;
    diag_add(&c->diags, DIAG_SYNTAX, (Span){0, 0}, "the compiler has made invalid code: %s", why);
    free(c->image);
    c->image = NULL;
#else
    (void)c;
#endif
}

/* What is wrong with a text that should be a compound statement, or simple ones on one line; or NULL. */
static const char *not_single(const Tree *tree)
{
    if (tree->root->kind != AST_Interactive) return NULL;
    NodeList body = AST(Interactive, tree->root)->body;
    if (!body.count) return "invalid syntax";
    Span first = body.items[0]->span, last = body.items[body.count - 1]->span;
    bool on_one_line = source_position(tree->source, first).line == source_position(tree->source, last).line;
    return on_one_line ? NULL : "multiple statements found while compiling a single statement";
}

/* Loads the text with the end of a block, which a prompt would wait for. */
static bool load_ended(Source *source, const char *filename, const char *text, size_t size, Diags *diags)
{
    char *ended = malloc(size + 2);
    if (ended) {
        memcpy(ended, text, size);
        memcpy(ended + size, "\n\n", 2);
    } else diags->out_of_memory = true;
    bool loaded = ended && source_load(source, filename, ended, size + 2, diags);
    free(ended);
    return loaded;
}

static void compile_source(Compiled *c, const char *filename, const char *text, size_t size, TextKind kind,
                           const LintWorld *world)
{
    *c = (Compiled){0};
    diags_init(&c->diags);
    if (!(kind == TEXT_SINGLE ? load_ended : source_load)(&c->source, filename, text, size, &c->diags)) return;
    static const ParseMode modes[] = {
        [TEXT_FILE] = PARSE_FILE, [TEXT_MODULE] = PARSE_FILE, [TEXT_PROMPT] = PARSE_SINGLE,
        [TEXT_TEST] = PARSE_FILE, [TEXT_EXEC] = PARSE_FILE,   [TEXT_SINGLE] = PARSE_SINGLE,
        [TEXT_EVAL] = PARSE_EXPR};
    Tree tree;
    ParseStatus status = parse_source(&tree, &c->source, modes[kind], &c->diags);
    if (status == PARSE_INCOMPLETE && kind == TEXT_SINGLE) { // there are no more lines: what is missing?
        tree_free(&tree);
        source_free(&c->source);
        if (!source_load(&c->source, filename, text, size, &c->diags)) return;
        status = parse_source(&tree, &c->source, PARSE_FILE, &c->diags);
    }
    const char *complaint = status == PARSE_OK && kind == TEXT_SINGLE ? not_single(&tree) : NULL;
    if (complaint) {
        diag_add(&c->diags, DIAG_SYNTAX, (Span){0, 0}, "%s", complaint);
        status = PARSE_ERROR;
    }
    tree.in_mapping = kind >= TEXT_EXEC;
    tree.no_await = tree.in_mapping || kind == TEXT_MODULE;
    if (status == PARSE_OK)
        c->image = kind == TEXT_TEST ? compile_tests(&tree, &c->diags) : compile_tree(&tree, &c->diags);
    c->incomplete = status == PARSE_INCOMPLETE;
    verify(c);
    if (c->image && world) lint_tree(&tree, world, &c->diags);
    tree_free(&tree);
}

void compile_text(Compiled *c, const char *filename, const char *text, size_t size, TextKind kind)
{
    compile_source(c, filename, text, size, kind, NULL);
}

void compile_check(Compiled *c, const char *filename, const char *text, size_t size, const LintWorld *world)
{
    compile_source(c, filename, text, size, TEXT_FILE, world);
}

void compiled_free(Compiled *c)
{
    free(c->image);
    source_free(&c->source);
    diags_free(&c->diags);
}

const char *compiled_report(const Compiled *c, TextBuffer *out, Reader reader)
{
    diags_render(out, &c->source, &c->diags, reader);
    return out->bytes && !out->failed ? out->bytes : said(reader.language, "MemoryError: out of memory\n");
}
