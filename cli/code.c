#include "cli/code.h"
#include "cli/compiler.h"
#include "cli/hosts.h"
#include "cli/reader.h"
#include "cli/run.h"
#include "vm/dis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The compiled file, or NULL: why has been said, and *status says it too. */
static CodeImage *compile_file(const char *path, const char *shown, Reader reader, int *status)
{
    Host *h = host_uv_new();
    size_t size;
    int err = 0;
    char *text = h ? h->read_file(h, path, &size, &err) : NULL;
    host_free(h);
    if (!text) {
        reader_say(stderr, reader.language, "co: cannot read '%s': %s\n", path, said(reader.language, strerror(err)));
        return *status = STATUS_USAGE, NULL;
    }
    Compiled c;
    compile_text(&c, shown, text, size, TEXT_FILE);
    TextBuffer out = {0};
    if (c.diags.count || !c.image) fputs(compiled_report(&c, &out, reader), stderr);
    text_free(&out);
    free(text);
    CodeImage *image = c.image;
    c.image = NULL;
    compiled_free(&c);
    *status = image ? STATUS_OK : STATUS_ERROR;
    return image;
}

int code_dis(const Options *o)
{
    int status;
    CodeImage *image = compile_file(o->subject, o->subject, options_reader(o, 2), &status);
    if (image) dis_image(stdout, image);
    free(image);
    return fflush(stdout) == 0 ? status : STATUS_OUTPUT;
}

/* ---- the build's part ---------------------------------------------------------------------------- */

typedef struct EmbedName {
    char text[256]; // "pkg.mod" of stdlib/pkg/mod.co, "pkg" of stdlib/pkg/__init__.co
    bool package;
} EmbedName;

static bool module_name(EmbedName *name, const char *path)
{
    static const char root[] = "stdlib/", init[] = ".__init__";
    size_t n = strlen(path);
    if (strncmp(path, root, sizeof root - 1) != 0 || n < sizeof root + 3 || n > sizeof name->text)
        return false;
    n = (size_t)snprintf(name->text, sizeof name->text, "%.*s", (int)(n - (sizeof root - 1) - 3),
                         path + sizeof root - 1);
    for (char *p = name->text; *p; p++)
        if (*p == '/') *p = '.';
    name->package = n > sizeof init - 1 && strcmp(name->text + n - (sizeof init - 1), init) == 0;
    if (name->package) name->text[n - (sizeof init - 1)] = '\0';
    return true;
}

/* The image as words, so that it is aligned. */
static bool embed_image(int index, const char *path)
{
    EmbedName name;
    char shown[300];
    int status;
    if (!module_name(&name, path)) return fprintf(stderr, "co: cannot embed '%s'\n", path), false;
    snprintf(shown, sizeof shown, "<%s>", name.text);
    CodeImage *image = compile_file(path, shown, (Reader){0}, &status);
    if (!image) return false;
    size_t words = (image->size + 7) / 8;
    printf("static const uint64_t image_%d[] = {", index);
    for (size_t i = 0; i < words; i++) {
        uint64_t word = 0;
        size_t left = image->size - i * 8;
        memcpy(&word, (const char *)image + i * 8, left < 8 ? left : 8);
        printf("%s0x%llx,", i % 6 ? "" : "\n", (unsigned long long)word);
    }
    printf("\n};\n");
    free(image);
    return true;
}

int code_embed(const Options *o)
{
    EmbedName name;
    printf("/* Made by co --embed. */\n");
    for (int i = 0; i < o->argc; i++)
        if (!embed_image(i, o->argv[i])) return STATUS_ERROR;
    printf("const EmbeddedModule embedded_modules[] = {\n");
    for (int i = 0; i < o->argc; i++)
        if (module_name(&name, o->argv[i]))
            printf("    {\"%s\", (const CodeImage *)image_%d, %d},\n", name.text, i, name.package);
    printf("    {0},\n};\n");
    return fflush(stdout) == 0 ? STATUS_OK : STATUS_ERROR;
}
