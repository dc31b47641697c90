#include "stdlib/streams.h"
#include "vm/codecs.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/output.h"
#include "vm/protocol.h"
#include "vm/report.h"

#include <errno.h>
#include <unistd.h>

/* NativeData.data: the file descriptor. */
static int stream_fd(Value v) { return (int)(intptr_t)((NativeData *)as_obj(v))->data; }
static const char *const stream_names[] = {"<stdin>", "<stdout>", "<stderr>"};

static Value refuse(VM *vm, const char *what)
{
    return vm_raise(vm, ERR_VALUE, "I/O operation not supported: not %s", what);
}

/* ---- reading ------------------------------------------------------------------------------------- */

/* One more piece of a line: its length, 0 at the end of input, -1 with an exception pending. */
static long read_piece(VM *vm, char *buf, size_t cap)
{
    for (;;) {
        long n = vm->host->read_line(vm->host, buf, cap);
        if (n >= 0) return n;
        if (n != -EINTR) return vm_raise_errno(vm, (int)-n, NULL), -1;
        if (!vm_interrupted(vm)) return -1;
    }
}

/* Bytes of standard input up to a line end, or all of them. */
static bool read_into(VM *vm, StrBuilder *b, bool all)
{
    for (;;) {
        char *room = sb_grow(b, 4096);
        long n = room ? read_piece(vm, room, 4096) : -1;
        if (n < 0) return false;
        b->size += (size_t)n;
        if (n == 0 || (!all && room[n - 1] == '\n')) return true;
    }
}

static Value read_text(VM *vm, bool all)
{
    StrBuilder b;
    sb_init(&b, vm);
    Value errors = str_from_c(vm, "surrogateescape"), text = VALUE_ERROR;
    if (!is_error(errors) && read_into(vm, &b, all))
        text = codec_decode(vm, (const uint8_t *)b.data, b.size, VALUE_UNSET, errors);
    sb_drop(&b);
    return text;
}

Value stdin_line(VM *vm) { return read_text(vm, false); }

static Value nat_readline(VM *vm, Args args)
{
    return stream_fd(args.v[0]) == 0 ? read_text(vm, false) : refuse(vm, "readable");
}

static Value nat_read(VM *vm, Args args)
{
    return stream_fd(args.v[0]) == 0 ? read_text(vm, true) : refuse(vm, "readable");
}

static Value stream_next(VM *vm, Value self)
{
    if (stream_fd(self) != 0) return refuse(vm, "readable");
    Value line = read_text(vm, false);
    return !is_error(line) && as_str(line)->size == 0 ? VALUE_STOP : line;
}

static Value nat_readlines(VM *vm, Args args) { return obj_to_list(vm, args.v[0]); }

/* ---- writing ------------------------------------------------------------------------------------- */

static bool write_text(VM *vm, Value self, Str *text)
{
    if (stream_fd(self) == 1) return output_str(vm, text);
    report_str(vm, obj_value(text));
    return true;
}

static Value nat_write(VM *vm, Args args)
{
    Value text = args.v[1];
    if (stream_fd(args.v[0]) == 0) return refuse(vm, "writable");
    if (!is_str(text)) return vm_raise(vm, ERR_TYPE, "write() argument must be str, not %A", text);
    return write_text(vm, args.v[0], as_str(text)) ? int_from_u64(vm, as_str(text)->length) : VALUE_ERROR;
}

static bool write_line(VM *vm, Value line, void *self)
{
    Value argv[] = {*(Value *)self, line};
    return !is_error(nat_write(vm, (Args){argv, 2}));
}

static Value nat_writelines(VM *vm, Args args)
{
    return obj_iterate(vm, args.v[1], write_line, &args.v[0]) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_flush(VM *vm, Args args)
{
    return stream_fd(args.v[0]) != 1 || output_flush(vm) ? VALUE_NONE : VALUE_ERROR;
}

/* ---- asking -------------------------------------------------------------------------------------- */

static Value nat_fileno(VM *vm, Args args) { (void)vm; return small(stream_fd(args.v[0])); }
static Value nat_isatty(VM *vm, Args args) { (void)vm; return bool_value(isatty(stream_fd(args.v[0]))); }
static Value nat_readable(VM *vm, Args args) { (void)vm; return bool_value(stream_fd(args.v[0]) == 0); }
static Value nat_writable(VM *vm, Args args) { (void)vm; return bool_value(stream_fd(args.v[0]) != 0); }
static Value get_name(VM *vm, Value self) { return str_from_c(vm, stream_names[stream_fd(self)]); }
static Value get_mode(VM *vm, Value self) { return str_from_c(vm, stream_fd(self) ? "w" : "r"); }
static Value get_encoding(VM *vm, Value self) { (void)self; return str_from_c(vm, "utf-8"); }
static Value get_errors(VM *vm, Value self)
{
    return str_from_c(vm, stream_fd(self) == 2 ? "backslashreplace" : "surrogateescape");
}
static Value get_closed(VM *vm, Value self) { (void)vm; (void)self; return VALUE_FALSE; }

static Value stream_repr(VM *vm, Value self)
{
    return str_format(vm, "<_io.TextIOWrapper name='%s' mode='%s' encoding='utf-8'>",
                      stream_names[stream_fd(self)], stream_fd(self) ? "w" : "r");
}

static Value stream_iter(VM *vm, Value self) { (void)vm; return self; }

static const NativeDef methods[] = {
    {"write(self, text, /)", nat_write, "Write text; answers the number of characters.", 0},
    {"writelines(self, lines, /)", nat_writelines, "Write each of some texts.", 0},
    {"flush(self, /)", nat_flush, "Write out what is buffered.", 0},
    {"read(self, size=-1, /)", nat_read, "All that is left of the input.", 0},
    {"readline(self, size=-1, /)", nat_readline, "The next line with its line end, '' at the end.", 0},
    {"readlines(self, hint=-1, /)", nat_readlines, "The lines that are left.", 0},
    {"fileno(self, /)", nat_fileno, "The file descriptor.", 0},
    {"isatty(self, /)", nat_isatty, "Whether it is a terminal.", 0},
    {"readable(self, /)", nat_readable, "Whether it can be read.", 0},
    {"writable(self, /)", nat_writable, "Whether it can be written.", 0},
    {0},
};

static const GetSetDef getsets[] = {
    {"name", get_name, NULL, "The stream's name."},
    {"mode", get_mode, NULL, "'r' or 'w'."},
    {"encoding", get_encoding, NULL, "Always UTF-8."},
    {"errors", get_errors, NULL, "What becomes of lone surrogates."},
    {"closed", get_closed, NULL, "Never."},
    {0},
};

static const TypeDef stream_def = {
    .slots = {.repr = stream_repr, .iter = stream_iter, .next = stream_next},
    .methods = methods,
    .getsets = getsets,
    .doc = "A standard stream of the process.",
    .flags = TYPE_FINAL,
};

static Value make(VM *vm, Type *t, int fd)
{
    NativeData *o = heap_alloc(vm, KIND_NATIVE_DATA, t->root_shape->id, sizeof *o);
    if (!o) return VALUE_ERROR;
    o->data = (void *)(intptr_t)fd;
    o->values[0] = o->values[1] = VALUE_UNSET;
    return obj_value(o);
}

static Cell *add(VM *vm, Module *sys, const char *name, const char *original, Value v)
{
    bool ok = !is_error(v) && module_add(vm, sys, name, v) && module_add(vm, sys, original, v);
    return ok ? module_cell(vm, sys, vm_intern(vm, name)) : NULL;
}

bool streams_add(VM *vm, Module *sys)
{
    Stdlib *lib = stdlib(vm);
    lib->stream_type =
        type_from_def(vm, "_io.TextIOWrapper", NULL, &stream_def, KIND_NATIVE_DATA, VALUE_NONE);
    if (!lib->stream_type) return false;
    lib->sys_stdin = add(vm, sys, "stdin", "__stdin__", make(vm, lib->stream_type, 0));
    lib->stdout_stream = make(vm, lib->stream_type, 1);
    lib->sys_stdout = add(vm, sys, "stdout", "__stdout__", lib->stdout_stream);
    lib->sys_stderr = add(vm, sys, "stderr", "__stderr__", make(vm, lib->stream_type, 2));
    if (!is_error(lib->stdout_stream))
        gc_pin(vm, lib->stdout_stream); // known by address for as long as the VM lives
    return lib->sys_stdin && lib->sys_stdout && lib->sys_stderr;
}
