/* embed.c - a program of the build: compiles modules of the library and writes them, packed, as C.
 *
 * Usage: embed stdlib/NAME.co ... > embedded.inc. Linked with the compiler, without the library that it makes.
 */
#include "cli/compiler.h"
#include "vm/packed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//-- modules ------------------------------------------------------------------------------------------

typedef struct Name {
    char text[256]; // "pkg.mod" of stdlib/pkg/mod.co, "pkg" of stdlib/pkg/__init__.co
    bool package;
} Name;

static bool module_name(Name *name, const char *path)
{
    static const char root[] = "stdlib/", init[] = ".__init__";
    size_t n = strlen(path);
    if (strncmp(path, root, sizeof root - 1) != 0 || n < sizeof root + 3 || n > sizeof name->text) return false;
    n = (size_t)snprintf(name->text, sizeof name->text, "%.*s", (int)(n - (sizeof root - 1) - 3), path + sizeof root - 1);
    for (char *p = name->text; *p; p++)
        if (*p == '/') *p = '.';
    name->package = n > sizeof init - 1 && strcmp(name->text + n - (sizeof init - 1), init) == 0;
    if (name->package) name->text[n - (sizeof init - 1)] = '\0';
    return true;
}

static char *read_text(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    if (f && fseek(f, 0, SEEK_END) == 0) {
        *size = (size_t)ftell(f);
        rewind(f);
        text = malloc(*size + 1);
        if (text && fread(text, 1, *size, f) == *size) text[*size] = '\0';
        else free(text), text = NULL;
    }
    if (f) fclose(f);
    return text;
}

/* NULL: why has been said. */
static CodeImage *compile(const char *path, const char *module)
{
    char shown[300];
    size_t size;
    char *text = read_text(path, &size);
    if (!text) return fprintf(stderr, "embed: cannot read '%s'\n", path), NULL;
    snprintf(shown, sizeof shown, "<%s>", module);
    Compiled c;
    compile_text(&c, shown, text, size, TEXT_FILE);
    TextBuffer out = {0};
    if (c.diags.count || !c.image) fputs(compiled_report(&c, &out, (Reader){0}), stderr);
    text_free(&out);
    CodeImage *image = c.image;
    c.image = NULL;
    compiled_free(&c);
    free(text);
    return image;
}

static void print_bytes(int index, const unsigned char *bytes, size_t size)
{
    printf("static const uint8_t module_%d[] = {", index);
    for (size_t i = 0; i < size; i++) printf("%s%u,", i % 32 ? "" : "\n", bytes[i]);
    printf("\n};\n");
}

static bool embed(int index, const char *path)
{
    Name name;
    if (!module_name(&name, path)) return fprintf(stderr, "embed: '%s' is no module of the library\n", path), false;
    CodeImage *image = compile(path, name.text);
    if (!image) return false;
    size_t size;
    void *packed = image_pack(image, &size);
    if (!packed) return fprintf(stderr, "embed: '%s' cannot be packed\n", path), false;
    print_bytes(index, packed, size);
    free(packed);
    free(image);
    return true;
}

int main(int argc, char **argv)
{
    printf("/* Made by tools/embed.c. */\n");
    for (int i = 1; i < argc; i++)
        if (!embed(i, argv[i])) return 1;
    printf("const EmbeddedModule embedded_modules[] = {\n");
    for (int i = 1; i < argc; i++) {
        Name name;
        if (module_name(&name, argv[i]))
            printf("    {\"%s\", module_%d, sizeof module_%d, %d},\n", name.text, i, i, name.package);
    }
    printf("    {0},\n};\n");
    return fflush(stdout) == 0 ? 0 : 1;
}
