#include "stdlib/http.h"
#include "vm/codecs.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/native.h"

static size_t block_size(const HttpHead *head)
{
    return offsetof(HttpHead, fields) + head->nfields * sizeof(HttpField) + head->size;
}

static const uint8_t *bytes_of(const HttpHead *head)
{
    return (const uint8_t *)(head->fields + head->nfields);
}

Value http_message_new(VM *vm, Value type, Value connection, const HttpHead *head, const uint8_t *bytes)
{
    size_t size = block_size(head);
    NativeData *o = container_alloc(vm, (Type *)as_obj(type), KIND_NATIVE_DATA, sizeof *o);
    HttpHead *own = o ? heap_malloc(vm, size) : NULL;
    if (!own) return VALUE_ERROR;
    memcpy(own, head, size - head->size);
    memcpy((uint8_t *)bytes_of(own), bytes, head->size);
    o->data = own;
    o->values[0] = connection;
    o->values[1] = VALUE_UNSET;
    return obj_value(o);
}

static void message_trace(VM *vm, Obj *o) { gc_mark_value(vm, ((NativeData *)o)->values[0]); }

static void message_free(VM *vm, Obj *o)
{
    HttpHead *head = ((NativeData *)o)->data;
    if (head) heap_free(vm, head, block_size(head));
}

/* ---- texts --------------------------------------------------------------------------------------- */

static Value latin1(VM *vm, const uint8_t *bytes, size_t n)
{
    StrBuilder b;
    sb_init(&b, vm);
    for (size_t i = 0; i < n; i++) sb_add_char(&b, bytes[i]);
    return sb_finish(&b);
}

Value http_text(VM *vm, const uint8_t *bytes, size_t n)
{
    Value v = str_decode_utf8(vm, (const char *)bytes, n);
    if (!is_error(v) || !vm_pending_is(vm, ERR_UNICODE_DECODE)) return v;
    vm_take_pending(vm);
    return latin1(vm, bytes, n);
}

static Value text_of(VM *vm, Value self, HttpSpan span)
{
    return http_text(vm, bytes_of(http_head(self)) + span.at, span.size);
}

/* Of what the parser lets through only as ASCII. */
static Value ascii_of(VM *vm, Value self, HttpSpan span)
{
    return str_new_counted(vm, (const char *)bytes_of(http_head(self)) + span.at, span.size, span.size);
}

static Value get_method(VM *vm, Value self)
{
    HttpSpan span = http_head(self)->method;
    Str *s = str_intern(vm, (const char *)bytes_of(http_head(self)) + span.at, span.size);
    return s ? obj_value(s) : VALUE_ERROR;
}

static Value get_raw_path(VM *vm, Value self)
{
    HttpSpan span = http_head(self)->path;
    return span.size ? ascii_of(vm, self, span) : str_from_c(vm, "/");
}

static Value get_target(VM *vm, Value self) { return ascii_of(vm, self, http_head(self)->target); }
static Value get_query_string(VM *vm, Value self) { return ascii_of(vm, self, http_head(self)->query); }
static Value get_host(VM *vm, Value self) { return text_of(vm, self, http_head(self)->host); }
static Value get_reason(VM *vm, Value self) { return text_of(vm, self, http_head(self)->reason); }
static Value get_status(VM *vm, Value self) { return (void)vm, small(http_head(self)->status); }
static Value get_version(VM *vm, Value self) { return str_format(vm, "1.%d", http_head(self)->minor); }
static Value get_keep_alive(VM *vm, Value self) { return (void)vm, bool_value(http_head(self)->keep_alive); }
static Value get_connection(VM *vm, Value self) { return (void)vm, ((NativeData *)as_obj(self))->values[0]; }

static Value get_length(VM *vm, Value self)
{
    int64_t length = http_head(self)->length;
    return (void)vm, length < 0 ? VALUE_NONE : small(length);
}

static Value nat_fields(VM *vm, Args args)
{
    const HttpHead *head = http_head(args.v[0]);
    Value list = list_new(vm, NULL, 0);
    for (uint32_t i = 0; i < head->nfields && !is_error(list); i++) {
        const HttpField *f = &head->fields[i];
        Value pair = tuple_pack(vm, 2, ascii_of(vm, args.v[0], f->name), text_of(vm, args.v[0], f->value));
        if (is_error(pair) || !list_append(vm, as_list(list), pair)) return VALUE_ERROR;
    }
    return list;
}

static bool same_name(const uint8_t *bytes, const Str *name)
{
    for (size_t i = 0; i < name->size; i++) {
        uint8_t c = (uint8_t)name->data[i], d = bytes[i];
        if (c != d && ((c ^ d) != 32 || (c | 32) < 'a' || (c | 32) > 'z')) return false;
    }
    return true;
}

static Value nat_field(VM *vm, Args args)
{
    const HttpHead *head = http_head(args.v[0]);
    if (!is_str(args.v[1])) return vm_raise(vm, ERR_TYPE, "a field's name must be str, not %T", args.v[1]);
    const Str *name = as_str(args.v[1]);
    for (uint32_t i = 0; i < head->nfields; i++) {
        const HttpField *f = &head->fields[i];
        if (f->name.size == name->size && same_name(bytes_of(head) + f->name.at, name))
            return text_of(vm, args.v[0], f->value);
    }
    return args.v[2];
}

static const NativeDef methods[] = {
    {"_fields(self, /)", nat_fields, "The fields of its head: a list of (name, value).", 0},
    {"header(self, name, default=None, /)", nat_field, "The first field of that name.", 0},
    {0},
};

static const GetSetDef getsets[] = {
    {"method", get_method, NULL, "'GET', 'POST' ..."},
    {"target", get_target, NULL, "What the request line asks for, as it came."},
    {"raw_path", get_raw_path, NULL, "The target's path, as it came."},
    {"query_string", get_query_string, NULL, "What follows the target's question mark."},
    {"host", get_host, NULL, "The host, and port if there is one, that was asked."},
    {"status", get_status, NULL, "The number of an answer."},
    {"reason", get_reason, NULL, "What the answer says about it."},
    {"version", get_version, NULL, "'1.1' or '1.0'."},
    {"content_length", get_length, NULL, "Bytes of the body; None when it does not say."},
    {"keep_alive", get_keep_alive, NULL, "Whether the peer lets the connection stay."},
    {"_connection", get_connection, NULL, "Where it came from."},
    {0},
};

const TypeDef http_message_def = {
    .slots = {.trace = message_trace, .free = message_free},
    .methods = methods,
    .getsets = getsets,
    .flags = TYPE_HAS_WEAKREF,
    .doc = "A request or an answer as it came.",
};
