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
        reader_say(stderr, reader.language, "co: cannot read '%s': %s\n", path,
                   said(reader.language, strerror(err)));
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
