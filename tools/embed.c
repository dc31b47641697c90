/* embed.c - a program of the build: compiles modules of the library and writes them, packed, as C.
 *
 * Usage: embed stdlib/NAME.co ... > embedded.inc. Linked with the compiler, without the library that it makes.
 */
#include "cli/compiler.h"
#include "vm/lines.h"
#include "vm/packed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

//-- packing: what vm/packed.c undoes -----------------------------------------------------------------

static void put_rows(char *columns, const char *rows, size_t total, size_t first, size_t n, size_t width)
{
    for (size_t row = 0; row < n; row++)
        for (size_t column = 0; column < width; column++)
            columns[column * total + first + row] = rows[row * width + column];
}

/* An entry where the line changes, without columns. */
static void keep_lines_only(const CodeImage *image, CodeRecord *record)
{
    unsigned char *bytes = (unsigned char *)image + record->lines, *out = bytes;
    CodeLine last = {0};
    for (LineReader reader = lines_of(image, record); line_next(&reader);) {
        CodeLine line = {reader.line.pc, reader.line.line, reader.line.line, COLUMN_UNKNOWN, COLUMN_UNKNOWN};
        if (line.line == last.line) continue;
        out += line_pack(out, last, line);
        last = line;
    }
    uint32_t size = (uint32_t)(out - bytes);
    memset(out, 0, record->lines_size - size);
    record->lines_size = size;
}

static PackedHeader header_of(const CodeImage *image)
{
    PackedHeader h = {image->size, image->nrecords, 0};
    for (uint32_t i = 0; i < h.nrecords; i++) h.ninsns += code_record(image, i)->ninsns;
    return h;
}

/* The form that is deflated. Blanks the image's records and instructions. */
static void lay_out(char *form, CodeImage *image, PackedHeader h)
{
    CodeRecord *records = (CodeRecord *)code_record(image, 0);
    char *record_columns = form + h.image_size, *insn_columns = record_columns + h.nrecords * sizeof *records;
    for (size_t i = 0, first = 0; i < h.nrecords; first += records[i++].ninsns) {
        char *insns = (char *)image + records[i].insns;
        put_rows(insn_columns, insns, h.ninsns, first, records[i].ninsns, sizeof(Insn));
        memset(insns, 0, records[i].ninsns * sizeof(Insn));
        keep_lines_only(image, &records[i]);
    }
    put_rows(record_columns, (char *)records, h.nrecords, 0, h.nrecords, sizeof *records);
    memset(records, 0, h.nrecords * sizeof *records);
    memcpy(form, image, h.image_size);
}

static void *pack(CodeImage *image, size_t *size)
{
    PackedHeader h = header_of(image);
    uLong form_size = packed_form_size(h), room = compressBound(form_size);
    char *form = malloc(form_size), *packed = malloc(sizeof h + room);
    if (!form || !packed) abort();
    lay_out(form, image, h);
    memcpy(packed, &h, sizeof h);
    z_stream z = {.next_in = (Bytef *)form, .avail_in = (uInt)form_size,
                  .next_out = (Bytef *)packed + sizeof h, .avail_out = (uInt)room};
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    *size = sizeof h + z.total_out;
    deflateEnd(&z);
    free(form);
    return packed;
}

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
    void *packed = pack(image, &size);
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
