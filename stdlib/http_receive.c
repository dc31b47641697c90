/* http_receive.c - messages out of a stream's bytes. A task that receives is parked on the stream's reader; it
 * looks at the bytes when its turn comes, so one that is cancelled has taken nothing. */
#include "stdlib/http.h"
#include "vm/bytes.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"

enum { MOST_SKIPPED = 64 << 10 }; // of a body that the handler did not read

/* ---- waiting ------------------------------------------------------------------------------------- */

static Value wait_for(VM *vm, Value self, const Finder *finder, HttpPhase phase, const char *caller)
{
    HttpConnection *c = http_connection(self);
    Value v =
        is_unset(http_stream(c)->error) ? finder->take(vm, self) : vm_raise_exc(vm, http_stream(c)->error);
    if (v != VALUE_PARK) return v;
    if (phase == PHASE_IDLE && http_stream(c)->size) phase = PHASE_HEAD;
    if (c->phase == PHASE_NONE || c->phase == PHASE_WRITE) http_enter(vm, c, phase);
    Want w = {.kind = WANT_FOUND, .separator = self, .finder = finder, .scanned = http_stream(c)->size};
    return stream_wait_for_data(vm, c->reader, &w, caller);
}

/* ---- heads --------------------------------------------------------------------------------------- */

/* A head begins, or a line has come, or more than a line may have. */
static bool head_ready(const Stream *s, size_t scanned)
{
    if (!scanned) return s->size > 0;
    if (s->size >= HTTP_MAX_LINE && scanned < s->size) return true;
    return memchr(stream_bytes(s) + scanned, '\n', s->size - scanned) != NULL;
}

/* The connection ends: with nothing before the next message, or in the midst of it. */
static Value at_end(VM *vm, HttpConnection *c)
{
    http_enter(vm, c, PHASE_NONE);
    if (!c->is_client) return VALUE_NONE;
    return http_raise(vm, 0, http_stream(c)->size ? "the connection ended within the answer's head"
                                                   : "the connection ended before the answer");
}

static void start_body(HttpConnection *c, const HttpHead *head)
{
    bool none = c->is_client && c->head_only;
    http_body_start(&c->in, none ? 0 : head->length);
    c->taken = c->skipped = 0;
    c->wants_continue = head->expects_continue && head->length;
}

static bool is_head(const HttpHead *head, const uint8_t *bytes)
{
    return head->method.size == 4 && memcmp(bytes + head->method.at, "HEAD", 4) == 0;
}

static Value take_head(VM *vm, Value self, HttpConnection *c)
{
    Stream *s = http_stream(c);
    const uint8_t *bytes = stream_bytes(s);
    HttpHead head;
    int status = !s->size ? HTTP_MORE
                          : (c->is_client ? http_parse_response : http_parse_request)(&head, bytes, s->size);
    if (status == HTTP_MORE) {
        if (s->flags & STREAM_EOF) return at_end(vm, c);
        if (s->size && c->phase == PHASE_IDLE) http_enter(vm, c, PHASE_HEAD);
        return VALUE_PARK;
    }
    http_enter(vm, c, PHASE_NONE);
    c->keep_alive = false;
    if (status != HTTP_DONE) return http_raise(vm, c->is_client ? 0 : status, head.wrong);
    Value message = http_message_new(vm, c->type, self, &head, bytes);
    if (is_error(message)) return message;
    c->keep_alive = head.keep_alive;
    if (!c->is_client) c->head_only = is_head(&head, bytes);
    start_body(c, &head);
    gc_store(vm, c->owner, &c->message, message);
    stream_consume(vm, s, head.size);
    return message;
}

/* ---- bodies -------------------------------------------------------------------------------------- */

static bool body_ready(const Stream *s, size_t scanned) { return s->size > scanned; }

/* One piece of the body, still lying in the stream: HTTP_MORE with an empty piece when more has to come. */
static int next_piece(VM *vm, HttpConnection *c, const uint8_t **data, size_t *size)
{
    Stream *s = http_stream(c);
    size_t used;
    HttpSpan piece;
    int status = http_body_next(&c->in, stream_bytes(s), s->size, &used, &piece);
    *data = stream_bytes(s) + piece.at;
    *size = piece.size;
    c->taken += piece.size;
    if (used && !piece.size) stream_consume(vm, s, used);
    return status;
}

/* What follows the last message's body; false: it has not come, is too long or malformed. */
static bool skip_body(VM *vm, HttpConnection *c)
{
    for (;;) {
        const uint8_t *data;
        size_t size;
        int status = next_piece(vm, c, &data, &size);
        c->skipped += (int64_t)size;
        if (size) {
            Stream *s = http_stream(c);
            stream_consume(vm, s, (size_t)(data - stream_bytes(s)) + size);
        }
        if (status == HTTP_DONE) return true;
        if (status != HTTP_MORE || c->skipped > MOST_SKIPPED) c->keep_alive = false;
        if (!size || !c->keep_alive) return false;
    }
}

/* The next message; None: there will be none. */
static Value take_message(VM *vm, Value self)
{
    HttpConnection *c = http_connection(self);
    if (!is_unset(c->message)) {
        bool last = !c->keep_alive || (c->watched && c->watched->closing);
        if (last) return VALUE_NONE;
        if (!skip_body(vm, c))
            return c->keep_alive && !(http_stream(c)->flags & STREAM_EOF) ? VALUE_PARK : VALUE_NONE;
        gc_store(vm, c->owner, &c->message, VALUE_UNSET);
        c->answered = false;
    }
    if (c->timed_out == PHASE_IDLE) return VALUE_NONE;
    if (c->timed_out) return http_raise(vm, 408, "the request did not come in time");
    return take_head(vm, self, c);
}

static const Finder message_finder = {head_ready, take_message}, skipping_finder = {body_ready, take_message};

Value http_nat_receive(VM *vm, Args args)
{
    HttpConnection *c = http_connection(args.v[0]);
    if (c->watched && c->watched->closing && !http_stream(c)->size) return VALUE_NONE;
    bool skips = !is_unset(c->message) && c->in.state != HTTP_BODY_DONE;
    return wait_for(vm, args.v[0], skips ? &skipping_finder : &message_finder, PHASE_IDLE, "receive");
}

static Value body_cut(VM *vm, HttpConnection *c)
{
    c->keep_alive = false;
    if (c->in.left == HTTP_TO_END) {
        c->in.state = HTTP_BODY_DONE;
        return bytes_new(vm, NULL, 0);
    }
    return http_raise(vm, c->is_client ? 0 : 400, "the connection ended within the body");
}

/* Some bytes of the body as soon as there are any; b'' at its end. */
static Value take_body(VM *vm, Value self)
{
    HttpConnection *c = http_connection(self);
    Stream *s = http_stream(c);
    const uint8_t *data;
    size_t size;
    if (c->timed_out) return http_raise(vm, 408, "the body did not come in time");
    int status = next_piece(vm, c, &data, &size);
    if (status == HTTP_MORE && !size) return s->flags & STREAM_EOF ? body_cut(vm, c) : VALUE_PARK;
    http_enter(vm, c, PHASE_NONE);
    if (status > HTTP_DONE || c->taken > c->max_body) {
        c->keep_alive = false;
        return status > HTTP_DONE ? http_raise(vm, c->is_client ? 0 : status, c->in.wrong)
                                  : http_raise(vm, c->is_client ? 0 : 413, "the body is too large");
    }
    Value v = bytes_new(vm, data, size);
    if (!is_error(v) && size) stream_consume(vm, s, (size_t)(data - stream_bytes(s)) + size);
    return v;
}

static const Finder body_finder = {body_ready, take_body};

Value http_nat_read(VM *vm, Args args)
{
    HttpConnection *c = http_connection(args.v[0]);
    if (c->message != args.v[1])
        return vm_raise(vm, ERR_RUNTIME, "the connection has gone on: this body is gone");
    if (c->in.state == HTTP_BODY_DONE) return bytes_new(vm, NULL, 0);
    if (http_head(c->message)->length > c->max_body) {
        c->keep_alive = false;
        return http_raise(vm, c->is_client ? 0 : 413, "the body is too large");
    }
    if (c->wants_continue && !http_send_continue(vm, c)) return VALUE_ERROR;
    return wait_for(vm, args.v[0], &body_finder, PHASE_BODY, "read");
}

/* ---- the end ------------------------------------------------------------------------------------- */

/* Closing a socket with unread bytes would throw away the answer that explains why: wait until the peer closes. */
static Value take_rest(VM *vm, Value self)
{
    HttpConnection *c = http_connection(self);
    Stream *s = http_stream(c);
    stream_consume(vm, s, s->size);
    if (!c->timed_out && !(s->flags & (STREAM_EOF | STREAM_LOST))) return VALUE_PARK;
    http_enter(vm, c, PHASE_NONE);
    return VALUE_NONE;
}

static const Finder rest_finder = {body_ready, take_rest};

Value http_nat_linger(VM *vm, Args args)
{
    HttpConnection *c = http_connection(args.v[0]);
    Stream *s = http_stream(c);
    if (s->flags & (STREAM_CLOSING | STREAM_LOST)) return VALUE_NONE;
    stream_end_writing(vm, s);
    c->timed_out = PHASE_NONE;
    return wait_for(vm, args.v[0], &rest_finder, PHASE_LINGER, "linger");
}
