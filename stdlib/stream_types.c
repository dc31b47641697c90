/* stream_types.c - StreamReader, StreamWriter and the transport, as scripts use them. */
#include "stdlib/stream.h"
#include "vm/bytes.h"
#include "vm/exception.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/str.h"

#include <errno.h>

/* ---- the reader ---------------------------------------------------------------------------------- */

static Value construct_reader(VM *vm, Args args)
{
    int64_t limit;
    if (!obj_index_i64(vm, args.v[1], &limit)) return VALUE_ERROR;
    if (limit <= 0) return vm_raise(vm, ERR_VALUE, "Limit cannot be <= 0");
    return stream_new(vm, (size_t)limit);
}

static Value read_what(VM *vm, Value reader, Want w, const char *caller)
{
    Value v = stream_take(vm, reader, &w);
    return v == VALUE_PARK ? stream_wait_for_data(vm, reader, &w, caller) : v;
}

static Value nat_read(VM *vm, Args args)
{
    int64_t n;
    if (!obj_index_i64(vm, args.v[1], &n)) return VALUE_ERROR;
    Want w = {.kind = n < 0 ? WANT_ALL : WANT_SOME, .n = (size_t)n, .separator = VALUE_UNSET};
    return read_what(vm, args.v[0], w, "read");
}

static Value nat_readexactly(VM *vm, Args args)
{
    int64_t n;
    if (!obj_index_i64(vm, args.v[1], &n)) return VALUE_ERROR;
    if (n < 0) return vm_raise(vm, ERR_VALUE, "readexactly size can not be less than zero");
    return read_what(vm, args.v[0], (Want){.kind = WANT_EXACTLY, .n = (size_t)n, .separator = VALUE_UNSET}, "readexactly");
}

static Value nat_readuntil(VM *vm, Args args)
{
    Want w = {.kind = WANT_UNTIL, .separator = args.v[1]};
    if (is_unset(w.separator)) w.separator = bytes_new(vm, "\n", 1);
    ByteView b;
    if (is_error(w.separator) || !bytes_require(vm, w.separator, &b)) return VALUE_ERROR;
    if (!b.size) return vm_raise(vm, ERR_VALUE, "Separator should be at least one-byte string");
    return read_what(vm, args.v[0], w, "readuntil");
}

static Value nat_readline(VM *vm, Args args)
{
    return read_what(vm, args.v[0], (Want){.kind = WANT_LINE, .separator = VALUE_UNSET}, "readuntil");
}

static Value nat_anext(VM *vm, Args args)
{
    return read_what(vm, args.v[0], (Want){.kind = WANT_NEXT_LINE, .separator = VALUE_UNSET}, "readuntil");
}

static Value nat_aiter(VM *vm, Args args) { return (void)vm, args.v[0]; }

static Value nat_at_eof(VM *vm, Args args)
{
    (void)vm;
    const Stream *s = stream_of(args.v[0]);
    return bool_value(s->flags & STREAM_EOF && !s->size);
}

static Value nat_feed_data(VM *vm, Args args)
{
    ByteView b;
    Stream *s = stream_of(args.v[0]);
    if (s->flags & STREAM_EOF) return vm_raise(vm, ERR_ASSERTION, "feed_data after feed_eof");
    if (!bytes_require(vm, args.v[1], &b)) return VALUE_ERROR;
    return !b.size || stream_feed(vm, s, b.data, b.size) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_feed_eof(VM *vm, Args args) { return stream_feed_end(vm, stream_of(args.v[0])), VALUE_NONE; }

static Value nat_exception(VM *vm, Args args)
{
    (void)vm;
    Value e = stream_of(args.v[0])->error;
    return is_unset(e) ? VALUE_NONE : e;
}

static Value nat_set_exception(VM *vm, Args args)
{
    Value exc = exception_from_raise(vm, args.v[1]);
    return is_error(exc) ? exc : (stream_set_error(vm, stream_of(args.v[0]), exc), VALUE_NONE);
}

static bool add_waiting(StrBuilder *b, const Stream *s)
{
    if (s->size) sb_addf(b, " %zu bytes", s->size);
    if (s->flags & STREAM_EOF) sb_add_c(b, " eof");
    if (s->limit != STREAM_LIMIT) sb_addf(b, " limit=%zu", s->limit);
    if (is_unset(s->error)) return true;
    Value r = obj_repr(b->vm, s->error);
    return !is_error(r) && sb_addf(b, " exception=%V", r);
}

static bool add_transport(StrBuilder *b, const Stream *s)
{
    if (!(s->flags & STREAM_OPEN)) return true;
    VM *vm = b->vm;
    sb_addf(b, " transport=<_SelectorSocketTransport%s",
            s->flags & STREAM_LOST      ? " closed"
            : s->flags & STREAM_CLOSING ? " closing"
                                        : "");
    if (s->id) sb_addf(b, " fd=%d", vm->host->io->fd(vm->host, s->id));
    bool reads = s->flags & STREAM_READING &&
                 !(s->flags & (STREAM_EOF | STREAM_HELD_BACK | STREAM_PAUSED | STREAM_CLOSING));
    if (s->id)
        sb_addf(b, " read=%s write=<%s, bufsize=%zu>", reads ? "polling" : "idle",
                s->pending ? "polling" : "idle", s->pending);
    return sb_add_c(b, ">");
}

static Value repr_of(VM *vm, const char *name, const Stream *s, bool reader, bool transport)
{
    StrBuilder b;
    sb_init(&b, vm);
    sb_addf(&b, "<%s", name);
    bool ok = (!reader || add_waiting(&b, s)) && (!transport || add_transport(&b, s)) && sb_add_c(&b, ">");
    if (ok) return sb_finish(&b);
    sb_drop(&b);
    return VALUE_ERROR;
}

static Value reader_repr(VM *vm, Value self)
{
    return repr_of(vm, "StreamReader", stream_of(self), true, true);
}

static const NativeDef reader_methods[] = {
    {"read(self, n=-1)", nat_read, "At most n bytes as soon as there are any; without n all until the end.", NATIVE_ASYNC},
    {"readexactly(self, n)", nat_readexactly, "Exactly n bytes; IncompleteReadError if the stream ends before.", NATIVE_ASYNC},
    {"readuntil(self, separator=?)", nat_readuntil, "All bytes up to and including the separator.", NATIVE_ASYNC},
    {"readline(self)", nat_readline, "A line with its end, or what is left at the end of the stream.", NATIVE_ASYNC},
    {"__anext__(self)", nat_anext, "The next line.", NATIVE_ASYNC},
    {"__aiter__(self)", nat_aiter, "Itself: its lines.", 0},
    {"at_eof(self)", nat_at_eof, "Whether the stream has ended and all has been read.", 0},
    {"feed_data(self, data)", nat_feed_data, "Let these bytes arrive.", 0},
    {"feed_eof(self)", nat_feed_eof, "Let the stream end.", 0},
    {"exception(self)", nat_exception, "What reading raises, or None.", 0},
    {"set_exception(self, exc)", nat_set_exception, "Let reading raise an exception.", 0},
    {0},
};

const TypeDef stream_reader_def = {
    .slots = {.repr = reader_repr, .resume = stream_resume, .trace = stream_trace, .free = stream_free},
    .methods = reader_methods,
    .constructor = {"StreamReader(limit=65536, loop=None)", construct_reader, "Bytes that arrive.", 0},
    .flags = TYPE_FINAL | TYPE_HAS_WEAKREF,
    .doc = "Bytes that arrive on a connection or pipe.",
};

/* ---- the writer and its transport ---------------------------------------------------------------- */

static Value reader_of(Value writer) { return ((NativeData *)as_obj(writer))->values[0]; }

static Value write_bytes(VM *vm, Stream *s, ByteView b)
{
    if (s->flags & STREAM_WRITE_ENDED)
        return vm_raise(vm, ERR_RUNTIME, "Cannot call write() after write_eof()");
    return stream_send(vm, s, b.data, b.size) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_write(VM *vm, Args args)
{
    if (!is_byteslike(args.v[1]))
        return vm_raise(vm, ERR_TYPE, "data argument must be a bytes-like object, not '%T'", args.v[1]);
    return write_bytes(vm, stream_of(args.v[0]), byte_view(args.v[1]));
}

static Value nat_writelines(VM *vm, Args args)
{
    Value empty = bytes_new(vm, NULL, 0);
    Value joined = is_error(empty) ? empty : vm_call_method(vm, empty, vm_intern(vm, "join"), &args.v[1], 1);
    return is_error(joined) ? joined : write_bytes(vm, stream_of(args.v[0]), byte_view(joined));
}

static Value nat_write_eof(VM *vm, Args args)
{
    stream_end_writing(vm, stream_of(args.v[0]));
    return VALUE_NONE;
}

static Value nat_can_write_eof(VM *vm, Args args) { return (void)vm, (void)args, VALUE_TRUE; }

static Value nat_close(VM *vm, Args args)
{
    Stream *s = stream_of(args.v[0]);
    if (!(s->flags & STREAM_CLOSING)) stream_close_channel(vm, s, false);
    return VALUE_NONE;
}

static Value nat_abort(VM *vm, Args args)
{
    stream_close_channel(vm, stream_of(args.v[0]), true);
    return VALUE_NONE;
}

static Value nat_is_closing(VM *vm, Args args)
{
    (void)vm;
    return bool_value(stream_of(args.v[0])->flags & STREAM_CLOSING);
}

static Value nat_drain(VM *vm, Args args)
{
    Stream *s = stream_of(args.v[0]);
    if (!is_unset(s->error)) return vm_raise_exc(vm, s->error);
    if (s->flags & STREAM_CLOSING) return stream_wait(vm, reader_of(args.v[0]), AWAIT_DRAIN_SOON);
    return s->flags & STREAM_FULL ? stream_wait(vm, reader_of(args.v[0]), AWAIT_DRAIN) : VALUE_NONE;
}

static Value nat_wait_closed(VM *vm, Args args) { return stream_wait(vm, reader_of(args.v[0]), AWAIT_CLOSED); }

static Value get_transport(VM *vm, Value self)
{
    Stream *s = stream_of(self);
    if (!is_unset(s->transport)) return s->transport;
    NativeData *o = native_data_new(vm, stdlib(vm)->transport_type, 0);
    if (!o) return VALUE_ERROR;
    o->data = s;
    o->values[0] = obj_value(s->owner);
    gc_store(vm, s->owner, &s->transport, obj_value(o));
    return obj_value(o);
}

/* ---- asking -------------------------------------------------------------------------------------- */

Value stream_peer(VM *vm, Stream *s)
{
    IoAddress a;
    if (s->peer.sin6_family == AF_INET || s->peer.sin6_family == AF_INET6) {
        a.in6 = s->peer;
        return address_value(vm, &a);
    }
    return s->id && vm->host->io->address(vm->host, s->id, true, &a) == 0 ? address_value(vm, &a) : VALUE_NONE;
}

static Value own_name(VM *vm, Stream *s)
{
    IoAddress a;
    return s->id && vm->host->io->address(vm->host, s->id, false, &a) == 0 ? address_value(vm, &a) : VALUE_NONE;
}

static Value socket_of(VM *vm, Value self)
{
    Value m = module_import(vm, vm_intern(vm, "asyncio.streams"));
    return is_error(m) ? m : vm_call_method(vm, m, vm_intern(vm, "_socket_of"), &self, 1);
}

/* What is known of the layer: cipher, peercert, ssl_object ... Some of it may be known to be None. */
static Value layer_info(VM *vm, Stream *s, Value name, Value other)
{
    Value known = ((NativeData *)s->owner)->values[0];
    return is_unset(known)
               ? other
               : vm_call_method(vm, known, vm_intern(vm, "_extra_info"), (Value[]){name, other}, 2);
}

static Value nat_get_extra_info(VM *vm, Args args)
{
    Stream *s = stream_of(args.v[0]);
    Value v = VALUE_NONE;
    if (is_str(args.v[1]) && s->flags & STREAM_OPEN && !(s->flags & STREAM_ONE_WAY)) {
        if (str_is(as_str(args.v[1]), "peername")) v = stream_peer(vm, s);
        else if (str_is(as_str(args.v[1]), "sockname")) v = own_name(vm, s);
        else if (str_is(as_str(args.v[1]), "socket")) v = socket_of(vm, args.v[0]);
        else if (s->layer) return layer_info(vm, s, args.v[1], args.v[2]);
    }
    return is_none(v) ? args.v[2] : v;
}

/* start_tls of asyncio.streams does it; it is told who has called whom. */
static Value nat_start_tls(VM *vm, Args args)
{
    Value m = module_import(vm, vm_intern(vm, "asyncio.streams"));
    if (is_error(m)) return m;
    bool server = stream_of(args.v[0])->flags & STREAM_ACCEPTED;
    Value given[] = {reader_of(args.v[0]), bool_value(server), args.v[1], args.v[2], args.v[3]};
    return vm_call_method(vm, m, vm_intern(vm, "_start_tls"), given, 5);
}

static Value writer_repr(VM *vm, Value self)
{
    StrBuilder b;
    sb_init(&b, vm);
    Value reader = reader_repr(vm, reader_of(self));
    sb_add_c(&b, "<StreamWriter");
    if (!is_error(reader) && add_transport(&b, stream_of(self)) && sb_addf(&b, " reader=%V>", reader))
        return sb_finish(&b);
    sb_drop(&b);
    return VALUE_ERROR;
}

static void face_trace(VM *vm, Obj *o) { gc_mark_value(vm, ((NativeData *)o)->values[0]); }

#define WRITING                                                                                            \
    {"write(self, data)", nat_write, "Send bytes, at once as far as the system takes them.", 0},           \
    {"writelines(self, data)", nat_writelines, "Send an iterable of bytes.", 0},                           \
    {"write_eof(self)", nat_write_eof, "Tell the peer that nothing more will come.", 0},                   \
    {"can_write_eof(self)", nat_can_write_eof, "Whether write_eof works.", 0},                             \
    {"close(self)", nat_close, "Close it when all has been sent.", 0},                                     \
    {"is_closing(self)", nat_is_closing, "Whether it is closed or closing.", 0},                           \
    {"get_extra_info(self, name, default=None)", nat_get_extra_info, "peername, sockname, socket; of TLS: cipher, peercert, ssl_object, sslcontext.", 0}

static const NativeDef writer_methods[] = {
    WRITING,
    {"drain(self)", nat_drain, "Wait until the buffer has emptied, if it was full.", NATIVE_ASYNC},
    {"wait_closed(self)", nat_wait_closed, "Wait until it is closed.", NATIVE_ASYNC},
    {"start_tls(self, sslcontext, *, server_hostname=None, ssl_handshake_timeout=None)", nat_start_tls,
     "A coroutine: speak TLS from now on, on a connection that has spoken plainly.", 0},
    {0},
};

static const GetSetDef writer_getsets[] = {{"transport", get_transport, NULL, "What carries the bytes."}, {0}};

const TypeDef stream_writer_def = {
    .slots = {.repr = writer_repr, .trace = face_trace},
    .methods = writer_methods,
    .getsets = writer_getsets,
    .flags = TYPE_FINAL | TYPE_HAS_WEAKREF,
    .doc = "Bytes that are sent on a connection or pipe.",
};

static Value nat_buffer_size(VM *vm, Args args) { return int_from_u64(vm, stream_of(args.v[0])->pending); }

static Value nat_buffer_limits(VM *vm, Args args)
{
    const Stream *s = stream_of(args.v[0]);
    return tuple_pack(vm, 2, int_from_u64(vm, s->low), int_from_u64(vm, s->high));
}

static Value nat_set_buffer_limits(VM *vm, Args args)
{
    Stream *s = stream_of(args.v[0]);
    int64_t high, low;
    bool has_high = !is_none(args.v[1]), has_low = !is_none(args.v[2]);
    if (has_high && !obj_index_i64(vm, args.v[1], &high)) return VALUE_ERROR;
    if (has_low && !obj_index_i64(vm, args.v[2], &low)) return VALUE_ERROR;
    if (!has_high) high = has_low ? 4 * low : STREAM_HIGH_WATER;
    if (!has_low) low = high / 4;
    if (!(high >= low && low >= 0))
        return vm_raise(vm, ERR_VALUE, "high (%ld) must be >= low (%ld) must be >= 0", (long)high, (long)low);
    s->high = (size_t)high;
    s->low = (size_t)low;
    if (s->pending > s->high) s->flags |= STREAM_FULL;
    return VALUE_NONE;
}

static Value nat_pause_reading(VM *vm, Args args)
{
    Stream *s = stream_of(args.v[0]);
    s->flags |= STREAM_PAUSED;
    stream_hold(vm, s);
    return VALUE_NONE;
}

static Value nat_resume_reading(VM *vm, Args args)
{
    Stream *s = stream_of(args.v[0]);
    s->flags &= ~(unsigned)STREAM_PAUSED;
    stream_hold(vm, s);
    return VALUE_NONE;
}

static Value nat_is_reading(VM *vm, Args args)
{
    (void)vm;
    unsigned not = STREAM_HELD_BACK | STREAM_PAUSED | STREAM_CLOSING;
    const Stream *s = stream_of(args.v[0]);
    return bool_value(!(s->flags & not));
}

static Value nat_set_protocol(VM *vm, Args args)
{
    Stream *s = stream_of(args.v[0]);
    if (is_unset(s->protocol)) gc_pin(vm, obj_value(s->owner)); // until connection_lost has been called
    gc_store(vm, s->owner, &s->protocol, args.v[1]);
    return VALUE_NONE;
}

static Value nat_get_protocol(VM *vm, Args args)
{
    (void)vm;
    Value p = stream_of(args.v[0])->protocol;
    return is_unset(p) ? VALUE_NONE : p;
}

static Value transport_repr(VM *vm, Value self)
{
    const Stream *s = stream_of(self);
    const char *state = s->flags & STREAM_LOST ? " closed" : s->flags & STREAM_CLOSING ? " closing" : "";
    if (!s->id) return str_format(vm, "<_SelectorSocketTransport%s>", state);
    return str_format(vm, "<_SelectorSocketTransport%s fd=%d>", state, vm->host->io->fd(vm->host, s->id));
}

static const NativeDef transport_methods[] = {
    WRITING,
    {"abort(self)", nat_abort, "Close it at once.", 0},
    {"get_write_buffer_size(self)", nat_buffer_size, "Bytes still to be sent.", 0},
    {"get_write_buffer_limits(self)", nat_buffer_limits, "The water marks (low, high).", 0},
    {"set_write_buffer_limits(self, high=None, low=None)", nat_set_buffer_limits, "Set the water marks.", 0},
    {"pause_reading(self)", nat_pause_reading, "Let nothing more come.", 0},
    {"resume_reading(self)", nat_resume_reading, "Let it come again.", 0},
    {"is_reading(self)", nat_is_reading, "Whether it lets bytes come.", 0},
    {"set_protocol(self, protocol)", nat_set_protocol, "Whose methods are called with what comes.", 0},
    {"get_protocol(self)", nat_get_protocol, "The protocol, or None.", 0},
    {0},
};

const TypeDef stream_transport_def = {
    .slots = {.repr = transport_repr, .trace = face_trace},
    .methods = transport_methods,
    .flags = TYPE_FINAL | TYPE_HAS_WEAKREF,
    .doc = "A connection or pipe under a StreamWriter.",
};

bool stream_types_init(VM *vm, Module *m)
{
    Stdlib *lib = stdlib(vm);
    lib->reader_type = module_add_type(vm, m, "StreamReader", "asyncio.streams.StreamReader",
                                       &stream_reader_def, KIND_NATIVE_DATA);
    lib->writer_type = module_add_type(vm, m, "StreamWriter", "asyncio.streams.StreamWriter",
                                       &stream_writer_def, KIND_NATIVE_DATA);
    lib->transport_type =
        module_add_type(vm, m, "Transport", "asyncio.selector_events._SelectorSocketTransport",
                        &stream_transport_def, KIND_NATIVE_DATA);
    return lib->reader_type && lib->writer_type && lib->transport_type;
}
