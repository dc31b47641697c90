/* builtin_io.c - print, input and open. */
#include "stdlib/builtins.h"
#include "stdlib/streams.h"
#include "vm/common.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/output.h"
#include "vm/protocol.h"

/* ---- print --------------------------------------------------------------------------------------- */

static bool write_value(VM *vm, Value file, Value v)
{
    if (is_stdout(vm, file) && is_small(v)) {
        char buf[INT64_TEXT];
        char *text = int64_to_text(as_small(v), buf);
        return output_bytes(vm, text, (size_t)(buf + INT64_TEXT - text));
    }
    Value text = is_exact(v, T_STR) ? v : obj_str(vm, v);
    if (is_error(text)) return false;
    if (is_stdout(vm, file)) return output_str(vm, as_str(text));
    return !is_error(vm_call_method(vm, file, vm->common->write, &text, 1));
}

/* sep or end: a str, or None for what stands there by default. */
static Value separator(VM *vm, Value v, const char *name, const char *dflt)
{
    if (is_none(v)) return obj_value(vm_intern(vm, dflt));
    return is_str(v) ? v : vm_raise(vm, ERR_TYPE, "%s must be None or a string, not %T", name, v);
}

static Value print_file(VM *vm, Value file)
{
    if (!is_none(file)) return file;
    file = stdlib(vm)->sys_stdout->value;
    return is_unset(file) ? vm_raise(vm, ERR_RUNTIME, "lost sys.stdout") : file;
}

Value nat_print(VM *vm, Args args)
{
    Value sep = separator(vm, args.v[1], "sep", " "),
          end = is_error(sep) ? sep : separator(vm, args.v[2], "end", "\n");
    Value file = is_error(end) ? end : print_file(vm, args.v[3]);
    if (is_error(file) || is_none(file)) return file;
    Tuple *values = as_tuple(args.v[0]);
    for (size_t i = 0; i < values->size; i++) {
        if (i && !write_value(vm, file, sep)) return VALUE_ERROR;
        if (!write_value(vm, file, values->items[i])) return VALUE_ERROR;
    }
    if (!write_value(vm, file, end)) return VALUE_ERROR;
    int flush = obj_truth(vm, args.v[4]);
    if (flush <= 0) return flush < 0 ? VALUE_ERROR : VALUE_NONE;
    if (is_stdout(vm, file)) return output_flush(vm) ? VALUE_NONE : VALUE_ERROR;
    return is_error(vm_call_method(vm, file, vm->common->flush, NULL, 0)) ? VALUE_ERROR : VALUE_NONE;
}

/* ---- input --------------------------------------------------------------------------------------- */

static Value read_line(VM *vm)
{
    Cell *in = stdlib(vm)->sys_stdin;
    if (is_unset(in->value) || is_none(in->value))
        return vm_raise(vm, ERR_RUNTIME, "input(): lost sys.stdin");
    if (type_of(vm, in->value) == stdlib(vm)->stream_type) return stdin_line(vm);
    Value line = vm_call_method(vm, in->value, vm->common->readline, NULL, 0);
    if (is_error(line) || is_str(line)) return line;
    return vm_raise(vm, ERR_TYPE, "object.readline() returned non-string");
}

Value nat_input(VM *vm, Args args)
{
    Value file = print_file(vm, VALUE_NONE);
    if (is_error(file) || (!is_none(file) && !write_value(vm, file, args.v[0]))) return VALUE_ERROR;
    if (is_stdout(vm, file) && !output_flush(vm)) return VALUE_ERROR;
    Value line = read_line(vm);
    if (is_error(line)) return line;
    Str *s = as_str(line);
    if (s->size == 0) return vm_raise(vm, ERR_EOF, "EOF when reading a line");
    return s->data[s->size - 1] == '\n' ? str_slice(vm, s, 0, s->length - 1) : line;
}

/* ---- open: written in Co ------------------------------------------------------------------------- */

Value nat_open(VM *vm, Args args)
{
    Value m = module_import(vm, vm_intern(vm, "_file_objects"));
    Value f = is_error(m) ? m : obj_getattr(vm, m, vm_intern(vm, "open"));
    return is_error(f) ? f : vm_call(vm, f, args.v, args.n);
}
