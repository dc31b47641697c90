#include "stdlib/streams.h"
#include "stdlib/standard_input.h"
#include "vm/bytes.h"
#include "vm/codecs.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/output.h"
#include "vm/protocol.h"
#include "vm/report.h"
#include "vm/utf8.h"

#include <string.h>
#include <unistd.h>

/* NativeData.data: the file descriptor. */
static int stream_fd(Value v) { return (int)(intptr_t)((NativeData *)as_obj(v))->data; }
static const char *const stream_names[] = {"<stdin>", "<stdout>", "<stderr>"};

/* Two faces of a stream: of characters, and its .buffer of bytes. */
static bool is_text(VM *vm, Value v) { return type_of(vm, v) == stdlib(vm)->stream_type; }

/* io.UnsupportedOperation */
static Value refuse(VM *vm, Value self, const char *what)
{
    Value io = module_import(vm, vm_intern(vm, "io"));
    Value type = is_error(io) ? io : obj_getattr(vm, io, vm_intern(vm, "UnsupportedOperation"));
    if (is_error(type)) return type;
    const char *operation = strcmp(what, "readable") == 0 ? "read" : "write";
    Value text = is_text(vm, self) ? str_format(vm, "not %s", what) : str_from_c(vm, operation);
    Value exc = is_error(text) ? text : vm_call1(vm, type, text);
    return is_error(exc) ? exc : vm_raise_exc(vm, exc);
}

/* ---- reading ------------------------------------------------------------------------------------- */

/* Any number, or None for -1. */
static bool size_argument(VM *vm, Value v, int64_t *n)
{
    *n = -1;
    if (is_none(v)) return true;
    if (!is_int(v)) return vm_raise(vm, ERR_TYPE, "argument should be integer or None, not '%T'", v), false;
    return obj_index_i64(vm, v, n);
}

static Value decoded(VM *vm, const char *bytes, size_t n)
{
    Value errors = str_from_c(vm, "surrogateescape");
    return is_error(errors) ? errors : codec_decode(vm, (const uint8_t *)bytes, n, VALUE_UNSET, errors);
}

/* A line, or as much of it as `limit` characters or bytes (negative: all). */
static Value read_line(VM *vm, bool text, int64_t limit)
{
    size_t n;
    const char *line = input_line(vm, &n);
    if (!line) return VALUE_ERROR;
    if (limit >= 0 && text) n = (size_t)(utf8_skip(line, line + n, (size_t)limit) - line);
    else if (limit >= 0 && n > (size_t)limit) n = (size_t)limit;
    Value v = text ? decoded(vm, line, n) : bytes_new(vm, line, n);
    if (!is_error(v)) input_take(vm, n);
    return v;
}

/* So many characters or bytes, fewer at the end of input; negative: all. */
static Value read_many(VM *vm, bool text, int64_t limit)
{
    size_t n;
    const char *data = input_some(vm, limit < 0 ? SIZE_MAX : (size_t)limit, text, &n);
    if (!data) return VALUE_ERROR;
    Value v = text ? decoded(vm, data, n) : bytes_new(vm, data, n);
    if (!is_error(v)) input_take(vm, n);
    return v;
}

Value stdin_line(VM *vm) { return read_line(vm, true, -1); }

static Value nat_readline(VM *vm, Args args)
{
    int64_t limit;
    if (stream_fd(args.v[0]) != 0) return refuse(vm, args.v[0], "readable");
    if (!obj_index_i64(vm, args.v[1], &limit)) return VALUE_ERROR;
    return read_line(vm, is_text(vm, args.v[0]), limit);
}

static Value nat_read(VM *vm, Args args)
{
    int64_t limit;
    if (stream_fd(args.v[0]) != 0) return refuse(vm, args.v[0], "readable");
    return size_argument(vm, args.v[1], &limit) ? read_many(vm, is_text(vm, args.v[0]), limit) : VALUE_ERROR;
}

static Value stream_next(VM *vm, Value self)
{
    if (stream_fd(self) != 0) return refuse(vm, self, "readable");
    Value line = read_line(vm, is_text(vm, self), -1);
    return !is_error(line) && obj_len(vm, line) == 0 ? VALUE_STOP : line;
}

/* Lines until there are `hint` characters or bytes of them. */
static Value nat_readlines(VM *vm, Args args)
{
    int64_t hint, total = 0;
    if (!size_argument(vm, args.v[1], &hint)) return VALUE_ERROR;
    Value lines = list_new(vm, NULL, 0), line = VALUE_NONE;
    while (!is_error(lines) && (hint <= 0 || total < hint)) {
        line = stream_next(vm, args.v[0]);
        if (line == VALUE_STOP) break;
        if (is_error(line) || !list_append(vm, as_list(lines), line)) return VALUE_ERROR;
        total += obj_len(vm, line);
    }
    return lines;
}

/* ---- writing ------------------------------------------------------------------------------------- */

static bool write_text(VM *vm, Value self, Str *text)
{
    if (stream_fd(self) == 1) return output_str(vm, text);
    report_str(vm, obj_value(text));
    return true;
}

static Value write_bytes(VM *vm, Value self, Value bytes)
{
    ByteView view;
    if (!bytes_require(vm, bytes, &view)) return VALUE_ERROR;
    if (stream_fd(self) == 2) report_text(vm, (const char *)view.data, view.size);
    else if (!output_bytes(vm, (const char *)view.data, view.size)) return VALUE_ERROR;
    return int_from_u64(vm, view.size);
}

static Value nat_write(VM *vm, Args args)
{
    Value text = args.v[1];
    if (stream_fd(args.v[0]) == 0) return refuse(vm, args.v[0], "writable");
    if (!is_text(vm, args.v[0])) return write_bytes(vm, args.v[0], text);
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
static Value nat_seekable(VM *vm, Args args) { (void)vm, (void)args; return VALUE_FALSE; }

/* What programs ask of it is so already: UTF-8, and lines shown at once on a terminal. */
static Value nat_reconfigure(VM *vm, Args args)
{
    Value encoding = args.v[1];
    if (is_none(encoding)) return VALUE_NONE;
    if (!is_str(encoding)) return vm_raise(vm, ERR_TYPE, "reconfigure() argument 'encoding' must be str, not %A", encoding);
    const char *name = str_cstr(vm, as_str(encoding));
    if (!name) return VALUE_ERROR;
    if (strcasecmp(name, "utf-8") == 0 || strcasecmp(name, "utf8") == 0) return VALUE_NONE;
    return vm_raise(vm, ERR_LOOKUP, "Co's standard streams are UTF-8, not %s", name);
}

static Value get_line_buffering(VM *vm, Value self) { (void)vm; return bool_value(isatty(stream_fd(self))); }
static Value get_newlines(VM *vm, Value self) { (void)vm, (void)self; return VALUE_NONE; }
static Value get_name(VM *vm, Value self) { return str_from_c(vm, stream_names[stream_fd(self)]); }
static Value get_mode(VM *vm, Value self) { return str_from_c(vm, stream_fd(self) ? "w" : "r"); }
static Value get_encoding(VM *vm, Value self) { (void)self; return str_from_c(vm, "utf-8"); }
static Value get_errors(VM *vm, Value self)
{
    return str_from_c(vm, stream_fd(self) == 2 ? "backslashreplace" : "surrogateescape");
}
static Value get_buffer(VM *vm, Value self);
static Value get_closed(VM *vm, Value self) { (void)vm; (void)self; return VALUE_FALSE; }

static Value stream_repr(VM *vm, Value self)
{
    return str_format(vm, "<_io.TextIOWrapper name='%s' mode='%s' encoding='utf-8'>",
                      stream_names[stream_fd(self)], stream_fd(self) ? "w" : "r");
}

static Value buffer_repr(VM *vm, Value self)
{
    return str_format(vm, "<%Y name='%s'>", type_of(vm, self), stream_names[stream_fd(self)]);
}

static Value stream_iter(VM *vm, Value self) { (void)vm; return self; }

#define METHODS(read_text, write_text) \
    {"write(self, data, /)", nat_write, write_text, 0}, \
    {"writelines(self, lines, /)", nat_writelines, "Write each of some pieces.", 0}, \
    {"flush(self, /)", nat_flush, "Write out what is buffered.", 0}, \
    {"read(self, size=-1, /)", nat_read, read_text, 0}, \
    {"readline(self, size=-1, /)", nat_readline, "The next line with its line end, nothing at the end.", 0}, \
    {"readlines(self, hint=-1, /)", nat_readlines, "The lines that are left.", 0}, \
    {"fileno(self, /)", nat_fileno, "The file descriptor.", 0}, \
    {"isatty(self, /)", nat_isatty, "Whether it is a terminal.", 0}, \
    {"readable(self, /)", nat_readable, "Whether it can be read.", 0}, \
    {"writable(self, /)", nat_writable, "Whether it can be written.", 0}, \
    {"seekable(self, /)", nat_seekable, "Whether it has positions: never.", 0}

static const NativeDef text_methods[] = {METHODS("size characters, or all that are left.",
                                                 "Write text; answers the number of characters."),
    {"reconfigure(self, *, encoding=None, errors=None, newline=None, line_buffering=None, write_through=None)",
     nat_reconfigure, "Accept what holds anyway.", 0}, {0}};
static const NativeDef byte_methods[] = {METHODS("size bytes, or all that are left.",
                                                 "Write bytes; answers their number."), {0}};

static const GetSetDef text_getsets[] = {
    {"name", get_name, NULL, "The stream's name."},
    {"mode", get_mode, NULL, "'r' or 'w'."},
    {"encoding", get_encoding, NULL, "Always UTF-8."},
    {"errors", get_errors, NULL, "What becomes of lone surrogates."},
    {"closed", get_closed, NULL, "Never."},
    {"line_buffering", get_line_buffering, NULL, "Whether it is a terminal."},
    {"newlines", get_newlines, NULL, "None: line ends are not looked at."},
    {"buffer", get_buffer, NULL, "The same stream, of bytes."},
    {0},
};
static const GetSetDef byte_getsets[] = {
    {"name", get_name, NULL, "The stream's name."},
    {"closed", get_closed, NULL, "Never."},
    {0},
};

static void trace_buffer(VM *vm, Obj *self) { gc_mark_value(vm, ((NativeData *)self)->values[0]); }

static const TypeDef text_def = {
    .slots = {.repr = stream_repr, .trace = trace_buffer, .iter = stream_iter, .next = stream_next},
    .methods = text_methods,
    .getsets = text_getsets,
    .doc = "A standard stream of the process.",
    .flags = TYPE_FINAL,
};
static const TypeDef byte_def = {
    .slots = {.repr = buffer_repr, .iter = stream_iter, .next = stream_next},
    .methods = byte_methods,
    .getsets = byte_getsets,
    .doc = "A standard stream of the process, of bytes.",
    .flags = TYPE_FINAL,
};

static Value make(VM *vm, Type *t, int fd)
{
    NativeData *o = native_data_new(vm, t, 0);
    if (!o) return VALUE_ERROR;
    o->data = (void *)(intptr_t)fd;
    return obj_value(o);
}

static Value get_buffer(VM *vm, Value self)
{
    NativeData *o = (NativeData *)as_obj(self);
    if (!is_unset(o->values[0])) return o->values[0];
    const char *name = stream_fd(self) ? "_io.BufferedWriter" : "_io.BufferedReader";
    Type *t = type_from_def(vm, name, NULL, &byte_def, KIND_NATIVE_DATA, VALUE_NONE);
    Value buffer = t ? make(vm, t, stream_fd(self)) : VALUE_ERROR;
    if (!is_error(buffer)) gc_store(vm, o, &o->values[0], buffer);
    return buffer;
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
        type_from_def(vm, "_io.TextIOWrapper", NULL, &text_def, KIND_NATIVE_DATA, VALUE_NONE);
    if (!lib->stream_type) return false;
    lib->sys_stdin = add(vm, sys, "stdin", "__stdin__", make(vm, lib->stream_type, 0));
    lib->stdout_stream = make(vm, lib->stream_type, 1);
    lib->sys_stdout = add(vm, sys, "stdout", "__stdout__", lib->stdout_stream);
    lib->sys_stderr = add(vm, sys, "stderr", "__stderr__", make(vm, lib->stream_type, 2));
    if (!is_error(lib->stdout_stream))
        gc_pin(vm, lib->stdout_stream); // known by address for as long as the VM lives
    return lib->sys_stdin && lib->sys_stdout && lib->sys_stderr;
}
