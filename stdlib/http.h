/* http.h - inside _http: connections that speak HTTP/1.1 over a Stream, for the module http.
 *
 * A Connection takes messages out of a stream's bytes (http_receive.c) and puts answers in (http_send.c); what
 * comes is a Message (http_message.c), whose body is read from the connection as long as it is the latest. How long
 * a peer may take is a Watch's business (http_watch.c): all connections of a server share one, and one timer.
 */
#pragma once
#include "stdlib/http_parser.h"
#include "stdlib/stream.h"

/* What a connection waits for, each with its own patience. */
typedef enum {
    PHASE_NONE,   // for us
    PHASE_IDLE,   // the next message
    PHASE_HEAD,   // the rest of a head
    PHASE_BODY,   // more of a body
    PHASE_WRITE,  // the peer to take what was sent
    PHASE_LINGER, // the peer to close
    PHASE_COUNT
} HttpPhase;

typedef struct HttpConnection HttpConnection;
typedef struct HttpWatch HttpWatch;

struct HttpConnection {
    Obj *owner;
    Value reader, watch;       // watch: UNSET on the client's side
    HttpWatch *watched;
    Value message;             // the latest
    Value type;                // class of messages
    HttpBody in;               // the body that comes
    int64_t taken, skipped, max_body; // of it
    int64_t out_left;          // of a body that goes out: bytes, HTTP_CHUNKED or HTTP_TO_END
    int64_t deadline;
    HttpConnection *next, *prev; // in the watch's list of its phase
    uint8_t phase, timed_out;  // timed_out: the phase that took too long
    bool is_client;
    bool keep_alive;           // another message may follow
    bool wants_continue;       // the client has not been told to go on
    bool head_only;            // the latest request was HEAD
    bool answered;             // the head of an answer has gone out
};

struct HttpWatch {
    Obj *owner;
    size_t uses; // its object, and connections: the collector may free them in any order
    int64_t patience[PHASE_COUNT]; // nanoseconds; 0: for ever
    HttpConnection *first[PHASE_COUNT], *last[PHASE_COUNT]; // in the order of their deadlines
    int64_t armed;                 // when the timer fires; 0: it does not run
    bool closing;                  // the server shuts down
    int64_t date_of;               // of `date`
    char date[HTTP_DATE_SIZE + 1];
};

static inline HttpConnection *http_connection(Value v) { return ((NativeData *)as_obj(v))->data; }
static inline HttpWatch *http_watch(Value v) { return ((NativeData *)as_obj(v))->data; }
static inline Stream *http_stream(const HttpConnection *c) { return stream_of(c->reader); }

/* An instance of http.messages' exception `name`, raised. */
Value http_raise(VM *vm, int status, const char *text);

/* http_message.c. The bytes of a message's head lie behind its fields. */
Value http_message_new(VM *vm, Value type, Value connection, const HttpHead *head, const uint8_t *bytes);
static inline HttpHead *http_head(Value message) { return ((NativeData *)as_obj(message))->data; }
Value http_text(VM *vm, const uint8_t *bytes, size_t n); // UTF-8, or else Latin-1
extern const TypeDef http_message_def;

/* http_watch.c: the phase has begun, at this moment. */
void http_enter(VM *vm, HttpConnection *c, HttpPhase phase);
void http_watch_join(HttpConnection *c, Value watch);
void http_watch_leave(VM *vm, HttpConnection *c); // when c is freed
extern const TypeDef http_watch_def;

/* _http.c, http_receive.c, http_send.c */
extern const TypeDef http_connection_def;
Value http_nat_receive(VM *vm, Args args);
Value http_nat_read(VM *vm, Args args);
Value http_nat_linger(VM *vm, Args args);
Value http_nat_send(VM *vm, Args args);
Value http_nat_begin(VM *vm, Args args);
Value http_nat_write(VM *vm, Args args);
Value http_nat_finish(VM *vm, Args args);
bool http_send_continue(VM *vm, HttpConnection *c);
const char *http_reason(int status); // NULL: not known
