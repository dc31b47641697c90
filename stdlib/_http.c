/* _http.c - the connection's object, texts of addresses, and the module under http. */
#include "stdlib/http.h"
#include "vm/bytes.h"
#include "vm/codecs.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"

Value http_raise(VM *vm, int status, const char *text)
{
    Value *args = roots_reserve(vm, 2);
    if (!args) return VALUE_ERROR;
    args[0] = small(status);
    args[1] = str_from_c(vm, text);
    Value v = is_error(args[1]) ? VALUE_ERROR : module_import(vm, vm_intern(vm, "http.messages"));
    if (!is_error(v)) v = obj_getattr(vm, v, vm_intern(vm, status ? "HTTPError" : "ProtocolError"));
    if (!is_error(v)) v = status ? vm_call(vm, v, args, 2) : vm_call(vm, v, args + 1, 1);
    if (!is_error(v)) v = vm_raise_exc(vm, v);
    roots_pop(vm, args);
    return v;
}

/* ---- connections --------------------------------------------------------------------------------- */

static bool is_of(VM *vm, Value v, const Type *t) { return is_ptr(v) && type_of(vm, v) == t; }

/* Connection(reader, type, watch, max_body): messages are instances of type; watch None: a client's. */
static Value construct(VM *vm, Args args)
{
    int64_t max_body;
    if (!is_of(vm, args.v[1], stdlib(vm)->reader_type))
        return vm_raise(vm, ERR_TYPE, "a reader was expected, got %T", args.v[1]);
    if (!is_of(vm, args.v[2], vm->types[T_TYPE]))
        return vm_raise(vm, ERR_TYPE, "a type was expected, got %T", args.v[2]);
    bool watched = is_of(vm, args.v[3], stdlib(vm)->http_watch_type);
    if (!watched && !is_none(args.v[3]))
        return vm_raise(vm, ERR_TYPE, "a Watch was expected, got %T", args.v[3]);
    if (!obj_index_i64(vm, args.v[4], &max_body)) return VALUE_ERROR;
    NativeData *o = native_data_new(vm, as_type(args.v[0]), sizeof(HttpConnection));
    if (!o) return VALUE_ERROR;
    HttpConnection *c = o->data;
    *c = (HttpConnection){
        .owner = &o->h, .reader = args.v[1], .type = args.v[2], .max_body = max_body, .is_client = !watched};
    c->watch = c->message = VALUE_UNSET;
    if (watched) http_watch_join(c, args.v[3]);
    return obj_value(o);
}

static void connection_trace(VM *vm, Obj *o)
{
    const HttpConnection *c = ((NativeData *)o)->data;
    if (!c) return;
    gc_mark_value(vm, c->reader);
    gc_mark_value(vm, c->watch);
    gc_mark_value(vm, c->type);
    gc_mark_value(vm, c->message);
}

static void connection_free(VM *vm, Obj *o)
{
    HttpConnection *c = ((NativeData *)o)->data;
    if (!c) return;
    http_watch_leave(vm, c);
    heap_free(vm, c, sizeof *c);
}

/* Wait until the peer has taken what was sent. */
static Value nat_drain(VM *vm, Args args)
{
    HttpConnection *c = http_connection(args.v[0]);
    Stream *s = http_stream(c);
    if (s->flags & STREAM_LOST) return vm_raise(vm, ERR_CONNECTION_RESET, "Connection lost");
    if (!s->pending) return VALUE_NONE;
    s->flags |= STREAM_FULL;
    http_enter(vm, c, PHASE_WRITE);
    return stream_wait(vm, c->reader, AWAIT_DRAIN);
}

static Value nat_close(VM *vm, Args args)
{
    HttpConnection *c = http_connection(args.v[0]);
    http_enter(vm, c, PHASE_NONE);
    stream_close_channel(vm, http_stream(c), args.v[1] == VALUE_TRUE);
    return VALUE_NONE;
}

static Value nat_expect(VM *vm, Args args)
{
    http_connection(args.v[0])->head_only = args.v[1] == VALUE_TRUE;
    return (void)vm, VALUE_NONE;
}

static Value nat_limit(VM *vm, Args args)
{
    return obj_index_i64(vm, args.v[1], &http_connection(args.v[0])->max_body) ? VALUE_NONE : VALUE_ERROR;
}

static Value get_body_done(VM *vm, Value self)
{
    return (void)vm, bool_value(http_connection(self)->in.state == HTTP_BODY_DONE);
}

static Value get_reusable(VM *vm, Value self)
{
    const HttpConnection *c = http_connection(self);
    bool broken = http_stream(c)->flags & (STREAM_EOF | STREAM_CLOSING | STREAM_LOST) || http_stream(c)->size;
    return (void)vm, bool_value(c->keep_alive && c->in.state == HTTP_BODY_DONE && !broken);
}

static Value get_unread(VM *vm, Value self)
{
    const HttpConnection *c = http_connection(self);
    return (void)vm,
           bool_value(http_stream(c)->size || (!is_unset(c->message) && c->in.state != HTTP_BODY_DONE));
}

static Value get_lost(VM *vm, Value self)
{
    return (void)vm, bool_value(http_stream(http_connection(self))->flags & STREAM_LOST);
}
static Value get_peer(VM *vm, Value self) { return stream_peer(vm, http_stream(http_connection(self))); }
static Value get_answered(VM *vm, Value self)
{
    return (void)vm, bool_value(http_connection(self)->answered);
}
static Value get_keep_alive(VM *vm, Value self)
{
    return (void)vm, bool_value(http_connection(self)->keep_alive);
}

static const NativeDef methods[] = {
    {"receive(self, /)", http_nat_receive, "The next message; None at the end.", NATIVE_ASYNC},
    {"read(self, message, /)", http_nat_read, "Some bytes of the message's body; b'' at its end.",
     NATIVE_ASYNC},
    {"drain(self, /)", nat_drain, "Wait until all that was sent has been taken.", NATIVE_ASYNC},
    {"linger(self, /)", http_nat_linger, "Send no more, and wait until the peer closes.", NATIVE_ASYNC},
    {"send(self, status, kind, fields, body, /)", http_nat_send,
     "Send a whole answer; whether it has been taken.", 0},
    {"begin(self, status, kind, fields, length, /)", http_nat_begin,
     "Send an answer's head; whether a body follows.", 0},
    {"write(self, data, /)", http_nat_write, "Send a piece of the body; whether it has been taken.", 0},
    {"finish(self, /)", http_nat_finish, "The body has been sent.", 0},
    {"expect(self, head_only, /)", nat_expect, "The next answer has no body, if it answers HEAD.", 0},
    {"limit(self, max_body, /)", nat_limit, "How long bodies may be.", 0},
    {"close(self, abort=False, /)", nat_close, "Close it when all has been sent, or at once.", 0},
    {0},
};

static const GetSetDef getsets[] = {
    {"body_done", get_body_done, NULL, "Whether the latest message's body has been read."},
    {"reusable", get_reusable, NULL, "Whether another request can be sent."},
    {"unread", get_unread, NULL, "Whether something has come, or is to come, that nobody has read."},
    {"lost", get_lost, NULL, "Whether the connection is gone."},
    {"peer", get_peer, NULL, "The peer's address."},
    {"answered", get_answered, NULL, "Whether the latest request has been answered."},
    {"keep_alive", get_keep_alive, NULL, "Whether another message may follow."},
    {0},
};

const TypeDef http_connection_def = {
    .slots = {.trace = connection_trace, .free = connection_free},
    .methods = methods,
    .getsets = getsets,
    .constructor = {"Connection(reader, type, watch, max_body)", construct, "Messages over a stream.", 0},
    .flags = TYPE_FINAL,
    .doc = "A connection that speaks HTTP.",
};

/* ---- texts --------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* unquote(text, plus): %41 as A, and if plus is true + as a space; what is no UTF-8 then as U+FFFD. */
static Value nat_unquote(VM *vm, Args args)
{
    if (!is_str(args.v[0]))
        return vm_raise(vm, ERR_TYPE, "unquote() argument must be str, not %T", args.v[0]);
    const Str *s = as_str(args.v[0]);
    bool plus = args.v[1] == VALUE_TRUE;
    if (!memchr(s->data, '%', s->size) && !(plus && memchr(s->data, '+', s->size))) return args.v[0];
    StrBuilder b;
    sb_init(&b, vm);
    for (size_t i = 0; i < s->size; i++) {
        int high = s->data[i] == '%' && i + 2 < s->size ? hex_digit(s->data[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(s->data[i + 2]) : -1;
        char c = low >= 0 ? (char)(high * 16 + low) : plus && s->data[i] == '+' ? ' ' : s->data[i];
        if (low >= 0) i += 2;
        sb_add(&b, &c, 1);
    }
    Value errors = str_from_c(vm, "replace");
    Value v = b.failed || is_error(errors)
                  ? VALUE_ERROR
                  : codec_decode(vm, (const uint8_t *)b.data, b.size, VALUE_UNSET, errors);
    sb_drop(&b);
    return v;
}

/* quote(text, safe): all but letters, digits, -._~ and the characters of safe as %XX. */
static Value nat_quote(VM *vm, Args args)
{
    if (!is_str(args.v[0]) || !is_str(args.v[1]))
        return vm_raise(vm, ERR_TYPE, "quote() arguments must be str");
    const Str *s = as_str(args.v[0]);
    const char *safe = str_cstr(vm, as_str(args.v[1]));
    StrBuilder b;
    sb_init(&b, vm);
    for (size_t i = 0; safe && i < s->size; i++) {
        unsigned char c = (unsigned char)s->data[i];
        bool plain = (c | 32) >= 'a' && (c | 32) <= 'z' ? true : c >= '0' && c <= '9';
        if (plain || (c && c < 128 && (strchr("-._~", c) || strchr(safe, c)))) sb_add(&b, (char *)&c, 1);
        else {
            char hex[3] = {'%', "0123456789ABCDEF"[c >> 4], "0123456789ABCDEF"[c & 15]};
            sb_add(&b, hex, 3);
        }
    }
    return safe ? sb_finish(&b) : VALUE_ERROR;
}

static Value nat_date(VM *vm, Args args)
{
    char text[HTTP_DATE_SIZE + 1];
    int64_t seconds;
    if (!obj_index_i64(vm, args.v[0], &seconds)) return VALUE_ERROR;
    http_date(seconds, text);
    return str_from_c(vm, text);
}

static Value nat_parse_date(VM *vm, Args args)
{
    if (!is_str(args.v[0])) return vm_raise(vm, ERR_TYPE, "a date must be str, not %T", args.v[0]);
    int64_t seconds = http_parse_date(as_str(args.v[0])->data, as_str(args.v[0])->size);
    return seconds < 0 ? VALUE_NONE : int_from_i64(vm, seconds);
}

static Value nat_reason(VM *vm, Args args)
{
    const char *text = is_small(args.v[0]) ? http_reason((int)as_small(args.v[0])) : NULL;
    return str_from_c(vm, text ? text : "");
}

static bool check_text(Value v, bool (*is)(const uint8_t *, size_t))
{
    return is_str(v) && is((const uint8_t *)as_str(v)->data, as_str(v)->size);
}

static Value nat_is_token(VM *vm, Args args)
{
    return (void)vm, bool_value(check_text(args.v[0], http_is_token));
}
static Value nat_is_value(VM *vm, Args args)
{
    return (void)vm, bool_value(check_text(args.v[0], http_is_value));
}

/* ---- the module ---------------------------------------------------------------------------------- */

static const NativeDef natives[] = {
    {"unquote(text, plus=False, /)", nat_unquote, "Text without its percent signs.", 0},
    {"quote(text, safe='', /)", nat_quote, "Text as an address may have it.", 0},
    {"date(seconds, /)", nat_date, "A moment as HTTP writes it.", 0},
    {"parse_date(text, /)", nat_parse_date, "Seconds since 1970, or None.", 0},
    {"reason(status, /)", nat_reason, "What a status means.", 0},
    {"is_token(text, /)", nat_is_token, "Whether a field may have that name.", 0},
    {"is_value(text, /)", nat_is_value, "Whether a field may have that value.", 0},
    {0},
};

static Type *add_type(VM *vm, Module *m, const char *name, const TypeDef *def)
{
    Type *t = type_from_def(vm, name, NULL, def, KIND_NATIVE_DATA, VALUE_UNSET);
    if (!t || !module_add(vm, m, strchr(name, '.') + 1, obj_value(t))) return NULL;
    gc_pin(vm, obj_value(t));
    return t;
}

static bool init(VM *vm, Module *m)
{
    Value streams = module_import(vm, vm_intern(vm, "_streams")); // whose types a connection needs
    stdlib(vm)->http_watch_type = is_error(streams) ? NULL : add_type(vm, m, "_http.Watch", &http_watch_def);
    return stdlib(vm)->http_watch_type && add_type(vm, m, "_http.Connection", &http_connection_def) &&
           add_type(vm, m, "_http.Message", &http_message_def);
}

const ModuleDef _http_module = {"_http", natives, "Messages of HTTP, for http.", init};
