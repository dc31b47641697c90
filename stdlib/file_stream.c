/* file_stream.c - the bases of file objects that give the next line and take a text without running any
 * script, as long as their attributes say that nothing is in the way: _lines, a Window to take lines from,
 * and _pending, a bytearray for UTF-8 to be written. Everything else is in _file_objects.co.
 */
#include "stdlib/file_stream.h"
#include "stdlib/window.h"
#include "vm/bytes.h"
#include "vm/codecs.h"
#include "vm/common.h"
#include "vm/int.h"
#include "vm/protocol.h"
#include "vm/type.h"

static const size_t MOST_PENDING = 8192; // io.DEFAULT_BUFFER_SIZE

/* An instance's own attribute; UNSET: it has none. */
static Value own(VM *vm, Value self, Str *name)
{
    return is_kind(self, KIND_INSTANCE) ? instance_get(vm, (Instance *)as_obj(self), name) : VALUE_UNSET;
}

static Value stream_next(VM *vm, Value self)
{
    Value line = window_line(vm, own(vm, self, vm->common->lines));
    if (!is_none(line)) return line;
    line = vm_call_method(vm, self, vm->common->next_line, NULL, 0);
    bool at_end = (is_str(line) && !as_str(line)->size) || (is_bytes(line) && !as_bytes(line)->size);
    return at_end ? VALUE_STOP : line;
}

static bool put(VM *vm, ByteArray *pending, Str *text)
{
    if (str_is_ascii(text)) return bytearray_append(vm, pending, text->data, text->size);
    Value bytes = codec_encode(vm, text, VALUE_UNSET, VALUE_UNSET);
    return !is_error(bytes) && bytearray_append(vm, pending, as_bytes(bytes)->data, as_bytes(bytes)->size);
}

static Value nat_write(VM *vm, Args args)
{
    Value self = args.v[0], text = args.v[1], pending = own(vm, self, vm->common->pending);
    if (!is_bytearray(pending) || !is_str(text)) return vm_call_method(vm, self, vm->common->write_slowly, &text, 1);
    size_t before = as_bytearray(pending)->size, length = as_str(text)->length;
    if (!put(vm, as_bytearray(pending), as_str(text))) return VALUE_ERROR;
    size_t now = as_bytearray(pending)->size;
    if ((!before && now) || now > MOST_PENDING) {
        Value v = vm_call_method(vm, self, now > MOST_PENDING ? vm->common->give_pending : vm->common->keep_pending, NULL, 0);
        if (is_error(v)) return v;
    }
    return int_from_u64(vm, length);
}

static Value construct(VM *vm, Args args) { return instance_new(vm, (Type *)as_obj(args.v[0])); }

static const TypeDef lines_def = {
    .slots = {.next = stream_next},
    .constructor = {"LineStream(*args, **kwargs)", construct, NULL, 0},
    .doc = "A stream that gives lines: those of its window _lines, if it is not None, else what _next_line() answers, "
           "'' at the end.",
};

static const NativeDef text_methods[] = {
    {"write(self, text, /)", nat_write, "Write a text, answer how many characters.", 0},
    {0},
};

static const TypeDef text_def = {
    .slots = {.next = stream_next},
    .methods = text_methods,
    .constructor = {"TextStream(*args, **kwargs)", construct, NULL, 0},
    .doc = "A LineStream for texts that are written: into _pending, if it is not None, else by _write_slowly(). It calls "
           "_keep_pending() for the first, _give_pending() when there is enough.",
};

bool file_stream_add_types(VM *vm, Module *m)
{
    return module_add_type(vm, m, "LineStream", "_files.LineStream", &lines_def, KIND_INSTANCE) &&
           module_add_type(vm, m, "TextStream", "_files.TextStream", &text_def, KIND_INSTANCE);
}
