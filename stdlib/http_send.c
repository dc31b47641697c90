/* http_send.c - answers as bytes: head and body in one buffer and one write, or a head and then pieces of a body. */
#include "stdlib/http.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/native.h"

const char *http_reason(int status)
{
    switch (status) {
#define STATUS(number, text)                                                                               \
    case number: return text;
#include "stdlib/http_statuses.def"
#undef STATUS
    default: return NULL;
    }
}

/* What a head has said by itself, so that it is not said twice. */
typedef struct Head {
    StrBuilder b;
    HttpConnection *c;
    bool dated;
} Head;

/* ---- fields -------------------------------------------------------------------------------------- */

static bool is_name(const Str *s, const char *lower)
{
    for (size_t i = 0; i < s->size; i++, lower++)
        if (*lower != (s->data[i] >= 'A' && s->data[i] <= 'Z' ? s->data[i] | 32 : s->data[i])) return false;
    return !*lower;
}

static bool add_field(Head *h, Value name, Value value)
{
    VM *vm = h->b.vm;
    if (!is_str(name) || !is_str(value))
        return vm_raise(vm, ERR_TYPE, "a field's name and value must be str, not %T and %T", name, value),
               false;
    const Str *n = as_str(name), *v = as_str(value);
    if (!http_is_token((const uint8_t *)n->data, n->size))
        return vm_raise(vm, ERR_VALUE, "%R is no field name", name), false;
    if (!http_is_value((const uint8_t *)v->data, v->size))
        return vm_raise(vm, ERR_VALUE, "the field %R has a control character in its value", name), false;
    if (is_name(n, "content-length") || is_name(n, "transfer-encoding"))
        return true; // the connection's to say
    if (is_name(n, "connection")) {
        if (is_name(v, "close")) h->c->keep_alive = false;
        return true;
    }
    if (is_name(n, "date")) h->dated = true;
    return sb_add(&h->b, n->data, n->size) && sb_add(&h->b, ": ", 2) && sb_add(&h->b, v->data, v->size) &&
           sb_add(&h->b, "\r\n", 2);
}

/* fields: None or a list of (name, value). */
static bool add_fields(Head *h, Value fields)
{
    if (is_none(fields)) return true;
    if (!is_list(fields)) return vm_raise(h->b.vm, ERR_TYPE, "fields must be a list, not %T", fields), false;
    const List *l = as_list(fields);
    for (size_t i = 0; i < l->size; i++) {
        const Tuple *pair = is_tuple(l->items[i]) ? as_tuple(l->items[i]) : NULL;
        if (!pair || pair->size != 2)
            return vm_raise(h->b.vm, ERR_TYPE, "a field must be (name, value)"), false;
        if (!add_field(h, pair->items[0], pair->items[1])) return false;
    }
    return true;
}

static bool add_date(Head *h)
{
    VM *vm = h->b.vm;
    int64_t now = vm->host->wall(vm->host) / 1000000000;
    HttpWatch *w = h->c->watched;
    if (h->dated || !w) return true;
    if (w->date_of != now) http_date(w->date_of = now, w->date);
    return sb_add(&h->b, "Date: ", 6) && sb_add(&h->b, w->date, HTTP_DATE_SIZE) && sb_add(&h->b, "\r\n", 2);
}

static bool add_connection(Head *h)
{
    const HttpConnection *c = h->c;
    if (!c->keep_alive) return sb_add_c(&h->b, "Connection: close\r\n");
    bool old = !is_unset(c->message) && http_head(c->message)->minor == 0;
    return !old || sb_add_c(&h->b, "Connection: keep-alive\r\n");
}

/* ---- heads --------------------------------------------------------------------------------------- */

static bool has_no_body(int64_t status) { return status < 200 || status == 204 || status == 304; }

/* Whether the connection may go on, as far as we know before we answer. */
static void settle_keep_alive(HttpConnection *c)
{
    if (c->watched && c->watched->closing) c->keep_alive = false;
    if (c->wants_continue) c->keep_alive = false; // the body may or may not come
}

static bool add_length(Head *h, int64_t length)
{
    if (length == HTTP_CHUNKED) return sb_add_c(&h->b, "Transfer-Encoding: chunked\r\n");
    if (length == HTTP_TO_END) return true;
    return sb_add(&h->b, "Content-Length: ", 16) && sb_add_int(&h->b, length) && sb_add(&h->b, "\r\n", 2);
}

/* kind: the Content-Type, or None; length: of the body. */
static bool add_head(Head *h, int64_t status, Value kind, Value fields, int64_t length)
{
    VM *vm = h->b.vm;
    HttpConnection *c = h->c;
    if (c->answered) return vm_raise(vm, ERR_RUNTIME, "this request has been answered"), false;
    if (status < 200 || status > 599)
        return vm_raise(vm, ERR_VALUE, "a status must be 200 to 599, not %ld", (long)status), false;
    settle_keep_alive(c);
    const char *reason = http_reason((int)status);
    sb_add(&h->b, "HTTP/1.1 ", 9);
    sb_add_int(&h->b, status);
    sb_add(&h->b, " ", 1);
    sb_add_c(&h->b, reason ? reason : "");
    sb_add(&h->b, "\r\n", 2);
    if (!is_none(kind)) {
        static const char name[] = "Content-Type: ";
        if (!is_str(kind) || !http_is_value((const uint8_t *)as_str(kind)->data, as_str(kind)->size))
            return vm_raise(vm, ERR_VALUE, "%R is no content type", kind), false;
        sb_add(&h->b, name, sizeof name - 1);
        sb_add(&h->b, as_str(kind)->data, as_str(kind)->size);
        sb_add(&h->b, "\r\n", 2);
    }
    if (!has_no_body(status)) add_length(h, length);
    return add_fields(h, fields) && add_date(h) && add_connection(h) && sb_add(&h->b, "\r\n", 2);
}

/* ---- sending ------------------------------------------------------------------------------------- */

static bool bytes_to_send(VM *vm, Value v, ByteView *out)
{
    if (is_str(v)) *out = (ByteView){(const uint8_t *)as_str(v)->data, as_str(v)->size};
    else if (is_byteslike(v)) *out = byte_view(v);
    else return vm_raise(vm, ERR_TYPE, "a body must be str or bytes, not %T", v), false;
    return true;
}

static Value is_clear(HttpConnection *c) { return bool_value(!http_stream(c)->pending); }

static bool flush(VM *vm, Head *h)
{
    bool ok = !h->b.failed && stream_send(vm, http_stream(h->c), h->b.data, h->b.size);
    sb_drop(&h->b);
    return ok;
}

/* send(status, kind, fields, body): the whole answer. True: the system has taken all of it. */
Value http_nat_send(VM *vm, Args args)
{
    HttpConnection *c = http_connection(args.v[0]);
    Head h = {.c = c};
    ByteView body;
    if (!is_small(args.v[1])) return vm_raise(vm, ERR_TYPE, "a status must be int, not %T", args.v[1]);
    if (!bytes_to_send(vm, args.v[4], &body)) return VALUE_ERROR;
    int64_t status = as_small(args.v[1]);
    sb_init(&h.b, vm);
    bool ok = add_head(&h, status, args.v[2], args.v[3], (int64_t)body.size);
    if (ok && !c->head_only && !has_no_body(status)) ok = sb_add(&h.b, (const char *)body.data, body.size);
    if (!ok) return sb_drop(&h.b), VALUE_ERROR;
    c->answered = true;
    c->out_left = 0;
    return flush(vm, &h) ? is_clear(c) : VALUE_ERROR;
}

/* begin(status, kind, fields, length): the head; length None: not known. Answers whether a body follows. */
Value http_nat_begin(VM *vm, Args args)
{
    HttpConnection *c = http_connection(args.v[0]);
    Head h = {.c = c};
    bool old = !is_unset(c->message) && http_head(c->message)->minor == 0;
    int64_t length = is_small(args.v[4]) ? as_small(args.v[4]) : old ? HTTP_TO_END : HTTP_CHUNKED;
    if (!is_small(args.v[1])) return vm_raise(vm, ERR_TYPE, "a status must be int, not %T", args.v[1]);
    int64_t status = as_small(args.v[1]);
    if (length == HTTP_TO_END) c->keep_alive = false;
    sb_init(&h.b, vm);
    if (!add_head(&h, status, args.v[2], args.v[3], length)) return sb_drop(&h.b), VALUE_ERROR;
    c->answered = true;
    bool follows = !c->head_only && !has_no_body(status);
    c->out_left = follows ? length : 0;
    return flush(vm, &h) ? bool_value(follows && length) : VALUE_ERROR;
}

static bool add_chunk(StrBuilder *b, ByteView data)
{
    sb_addf(b, "%lx\r\n", (unsigned long)data.size);
    sb_add(b, (const char *)data.data, data.size);
    return sb_add(b, "\r\n", 2);
}

/* write(data): a piece of the body. True: the system has taken all of it. */
Value http_nat_write(VM *vm, Args args)
{
    HttpConnection *c = http_connection(args.v[0]);
    Head h = {.c = c};
    ByteView data;
    if (!bytes_to_send(vm, args.v[1], &data)) return VALUE_ERROR;
    if (c->out_left >= 0 && (int64_t)data.size > c->out_left)
        return vm_raise(vm, ERR_VALUE, "more than the body's Content-Length");
    if (http_stream(c)->flags & STREAM_LOST) return vm_raise(vm, ERR_CONNECTION_RESET, "Connection lost");
    if (!data.size) return is_clear(c);
    if (c->out_left != HTTP_CHUNKED) {
        if (c->out_left > 0) c->out_left -= (int64_t)data.size;
        return stream_send(vm, http_stream(c), data.data, data.size) ? is_clear(c) : VALUE_ERROR;
    }
    sb_init(&h.b, vm);
    add_chunk(&h.b, data);
    return flush(vm, &h) ? is_clear(c) : VALUE_ERROR;
}

/* finish(): the body ends. */
Value http_nat_finish(VM *vm, Args args)
{
    HttpConnection *c = http_connection(args.v[0]);
    int64_t left = c->out_left;
    c->out_left = 0;
    if (left > 0) return vm_raise(vm, ERR_VALUE, "%ld bytes less than the body's Content-Length", (long)left);
    if (left == HTTP_CHUNKED && !stream_send(vm, http_stream(c), "0\r\n\r\n", 5)) return VALUE_ERROR;
    return is_clear(c);
}

bool http_send_continue(VM *vm, HttpConnection *c)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    c->wants_continue = false;
    return c->answered || stream_send(vm, http_stream(c), text, sizeof text - 1);
}
