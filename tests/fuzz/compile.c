/* compile.c - any bytes through lexer, layout, grammar, scopes and compiler.
 * Whatever goes in, out comes either diagnostics that can be shown or an image that the verifier accepts.
 */
#include "lang/compile.h"
#include "lang/parse.h"
#include "vm/verify.h"
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void verify(const CodeImage *image)
{
    char why[200];
    if (image_verify(image, image->size, why, sizeof why)) return;
    fprintf(stderr, "the verifier refuses what the compiler made: %s\n", why);
    abort();
}

static void compile(const Source *source, ParseMode mode)
{
    Diags diags;
    Tree tree;
    diags_init(&diags);
    if (parse_source(&tree, source, mode, &diags) == PARSE_OK) {
        CodeImage *image = compile_tree(&tree, &diags);
        if (image) verify(image);
        free(image);
    }
    TextBuffer shown = {0};
    diags_render(&shown, source, &diags, (Reader){0});
    text_free(&shown);
    tree_free(&tree);
    diags_free(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Diags diags;
    Source source;
    diags_init(&diags);
    if (source_load(&source, "fuzz.co", (const char *)data, size, &diags))
        for (ParseMode mode = PARSE_FILE; mode <= PARSE_EXPR; mode++) compile(&source, mode);
    source_free(&source);
    diags_free(&diags);
    return 0;
}
