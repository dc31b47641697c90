#include "vm/output.h"
#include "vm/bytes.h"
#include "vm/codecs.h"

#include <stdlib.h>

bool output_init(VM *vm)
{
    vm->out = calloc(1, sizeof *vm->out);
    return vm->out != NULL;
}

void output_free(VM *vm)
{
    free(vm->out);
    vm->out = NULL;
}

int output_flush_errno(VM *vm)
{
    Output *out = vm->out;
    size_t n = out->size;
    out->size = 0;
    return n ? vm->host->write(vm->host, 1, out->data, n) : 0;
}

static bool raise_unless_ok(VM *vm, int err)
{
    if (err) vm_raise_errno(vm, err, NULL);
    return err == 0;
}

bool output_flush(VM *vm) { return raise_unless_ok(vm, output_flush_errno(vm)); }

bool output_bytes(VM *vm, const char *bytes, size_t n)
{
    Output *out = vm->out;
    if (n > OUTPUT_BUFFER - out->size && !output_flush(vm)) return false;
    if (n > OUTPUT_BUFFER) return raise_unless_ok(vm, vm->host->write(vm->host, 1, bytes, n));
    memcpy(out->data + out->size, bytes, n);
    out->size += n;
    return !out->line_buffered || !memchr(bytes, '\n', n) || output_flush(vm);
}

/* Surrogates are the sequences ED A0..BF xx; ED also begins U+D000..D7FF, much of Korean. */
static bool has_surrogates(const Str *s)
{
    const char *p = s->data, *end = s->data + s->size;
    while (p < end && (p = memchr(p, 0xED, (size_t)(end - p)))) {
        if ((unsigned char)p[1] >= 0xA0) return true;
        p += 3;
    }
    return false;
}

Value output_encode(VM *vm, Str *s, const char *errors)
{
    if (str_is_ascii(s) || !has_surrogates(s)) return obj_value(s);
    Value handler = str_from_c(vm, errors);
    return is_error(handler) ? handler : codec_encode(vm, s, VALUE_UNSET, handler);
}

bool output_str(VM *vm, Str *s)
{
    Value v = output_encode(vm, s, "surrogateescape");
    if (is_error(v)) return false;
    if (is_bytes(v)) return output_bytes(vm, (const char *)as_bytes(v)->data, as_bytes(v)->size);
    return output_bytes(vm, s->data, s->size);
}
