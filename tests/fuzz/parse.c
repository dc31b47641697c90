/* Lexer, layout and parser on any bytes: no crash, and an error exactly when no tree comes out. */
#include "lang/parse.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const ParseMode modes[] = {PARSE_FILE, PARSE_SINGLE, PARSE_FILE, PARSE_EXPR};
    ParseMode mode = modes[size % 4]; // the seeds are whole files: no byte of theirs can say it
    Source source;
    Diags diags;
    Tree tree = {0};
    TextBuffer out = {0};
    diags_init(&diags);
    if (source_load(&source, "fuzz.co", (const char *)data, size, &diags)) {
        ParseStatus status = parse_source(&tree, &source, mode, &diags);
        check((status == PARSE_OK) == (tree.root != NULL));
        check((status == PARSE_ERROR) == (diags.errors > 0));
        check(status != PARSE_INCOMPLETE || mode == PARSE_SINGLE);
        if (tree.root) ast_dump(&out, &tree, tree.root, true);
    }
    diags_render(&out, &source, &diags, (Reader){0});
    text_free(&out);
    tree_free(&tree);
    source_free(&source);
    diags_free(&diags);
    return 0;
}
