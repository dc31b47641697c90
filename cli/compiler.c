#include "cli/compiler.h"
#include "lang/compile.h"
#include "lang/parse.h"
#include "vm/verify.h"

#include <stdlib.h>

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

/* A compound statement, or simple ones on one line. */
static bool is_single(const Tree *tree)
{
    if (tree->root->kind != AST_Interactive) return true;
    NodeList body = AST(Interactive, tree->root)->body;
    if (body.count < 2) return true;
    Span first = body.items[0]->span, last = body.items[body.count - 1]->span;
    return source_position(tree->source, first).line == source_position(tree->source, last).line;
}

static void compile_source(Compiled *c, const char *filename, const char *text, size_t size, TextKind kind,
                           const LintWorld *world)
{
    *c = (Compiled){0};
    diags_init(&c->diags);
    if (!source_load(&c->source, filename, text, size, &c->diags)) return;
    static const ParseMode modes[] = {[TEXT_FILE] = PARSE_FILE, [TEXT_MODULE] = PARSE_FILE, [TEXT_PROMPT] = PARSE_SINGLE, [TEXT_TEST] = PARSE_FILE,
                                      [TEXT_EXEC] = PARSE_FILE, [TEXT_SINGLE] = PARSE_SINGLE, [TEXT_EVAL] = PARSE_EXPR};
    Tree tree;
    ParseStatus status = parse_source(&tree, &c->source, modes[kind], &c->diags);
    if (status == PARSE_INCOMPLETE && kind == TEXT_SINGLE) { // there are no more lines: what is missing?
        tree_free(&tree);
        status = parse_source(&tree, &c->source, PARSE_FILE, &c->diags);
    }
    if (status == PARSE_OK && kind == TEXT_SINGLE && !is_single(&tree)) {
        diag_add(&c->diags, DIAG_SYNTAX, (Span){0, 0}, "multiple statements found while compiling a single statement");
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
