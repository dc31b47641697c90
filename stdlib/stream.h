/* stream.h - connections and pipes as asyncio's StreamReader, StreamWriter and transport see them.
 *
 * All three are faces of one Stream, which belongs to the reader's object; the others hold that object. What
 * arrives is kept until somebody reads, up to twice the limit: then the host holds the peer back. A task that
 * reads is parked on the reader and takes its bytes only when its turn comes, so a cancelled one loses none.
 */
#pragma once
#include "stdlib/stdlib.h"
#include "vm/io.h"
#include "vm/task.h"

enum { STREAM_LIMIT = 64 << 10, STREAM_HIGH_WATER = 64 << 10 };

typedef struct Stream Stream;

/* What somebody else finds in a stream's bytes; `self` is his object. */
typedef struct Finder {
    bool (*ready)(const Stream *s, size_t scanned); // is it worth looking? `scanned` bytes were not the last time
    Value (*take)(VM *vm, Value self);              // what he finds, or VALUE_PARK. May call
} Finder;

typedef enum { WANT_SOME, WANT_ALL, WANT_EXACTLY, WANT_UNTIL, WANT_LINE, WANT_NEXT_LINE, WANT_FOUND } WantKind;
/* What a reader asks for. */
typedef struct Want {
    WantKind kind;
    size_t n;
    Value separator; // of WANT_UNTIL; UNSET: a line end. Of WANT_FOUND: the finder's object
    size_t scanned;  // bytes known to hold no separator
    const Finder *finder;
} Want;

enum {
    STREAM_CONNECTING = 1,
    STREAM_READING = 2,     // it comes from outside at all
    STREAM_EOF = 4,
    STREAM_HELD_BACK = 8,   // too much has not been read: the host does not read on
    STREAM_PAUSED = 16,     // the script said pause_reading
    STREAM_FULL = 32,       // more than the high-water mark is to be written
    STREAM_CLOSING = 64,
    STREAM_LOST = 128,      // the channel is gone
    STREAM_WRITE_ENDED = 256,
    STREAM_ONE_WAY = 512,   // a pipe
    STREAM_OPEN = 1024,     // has had a channel
    STREAM_SHAKING = 2048,  // its layer is agreeing with the peer's
    STREAM_ACCEPTED = 4096, // the peer has called, not we
};

/* What a parked task waits for, in Task.f.result. */
typedef enum { AWAIT_READ, AWAIT_CONNECT, AWAIT_DRAIN, AWAIT_DRAIN_SOON, AWAIT_CLOSED, AWAIT_HANDSHAKE } StreamWait;

/* What lies between a stream and its channel (TLS): it is given what comes and what goes, and gives on what it makes of
 * that by stream_arrive and stream_transmit. */
typedef struct StreamLayer {
    void (*receive)(VM *vm, Stream *s, const void *data, size_t n);
    bool (*send)(VM *vm, Stream *s, const void *data, size_t n); // false: an exception is pending
    void (*end)(VM *vm, Stream *s);                              // nothing more will be sent
    void (*free)(VM *vm, Stream *s);
} StreamLayer;

struct Stream {
    IoSink sink;
    Obj *owner;  // the reader's object
    IoId id;
    unsigned flags;
    uint8_t *data; // what has come and not been read
    size_t start, size, capacity, limit;
    size_t pending, high, low; // still to be written, as of the last write; water marks
    Waiter reading;
    Want want;
    Value error;     // raised by reading; UNSET: none
    Value waiters;   // List of task, generation, ...: who waits for anything else
    Value transport; // made when first asked for
    Value protocol;  // gets called, if a script gave one
    const StreamLayer *layer; // NULL: none
    void *layer_state;
    struct sockaddr_in6 peer;
};

static inline Stream *stream_of(Value v) { return ((NativeData *)as_obj(v))->data; }

/* A reader without a channel. VALUE_ERROR: no memory. */
Value stream_new(VM *vm, size_t limit);
Value stream_writer(VM *vm, Value reader); // a new one
/* It has the channel `id` from now on. */
void stream_open(VM *vm, Value reader, IoId id, unsigned flags);
void stream_start_reading(VM *vm, Stream *s);
bool stream_feed(VM *vm, Stream *s, const void *data, size_t n);
void stream_feed_end(VM *vm, Stream *s);
void stream_set_error(VM *vm, Stream *s, Value exc);
/* What the want comes to, or VALUE_PARK if it has to wait. May call. */
Value stream_take(VM *vm, Value reader, Want *w);
/* Park the running task until the want is satisfied. */
Value stream_wait_for_data(VM *vm, Value reader, const Want *w, const char *caller);
Value stream_wait(VM *vm, Value reader, StreamWait what);
/* What has come, and that its first n bytes have been read. */
static inline const uint8_t *stream_bytes(const Stream *s) { return s->data + s->start; }
void stream_consume(VM *vm, Stream *s, size_t n);
/* Whoever reads looks again. */
void stream_wake_reader(VM *vm, Stream *s);
/* Send bytes. A connection that is lost says so to drain. False: an exception is pending. */
bool stream_send(VM *vm, Stream *s, const void *data, size_t n);
/* The same below the layer, and what came above it. */
bool stream_transmit(VM *vm, Stream *s, const void *data, size_t n);
void stream_arrive(VM *vm, Stream *s, const void *data, size_t n);
/* The layers have agreed. */
void stream_shaken(VM *vm, Stream *s);
/* Nothing can be read or written any more. */
void stream_fail(VM *vm, Stream *s, Value exc);
/* Tell the peer that nothing more will come. */
void stream_end_writing(VM *vm, Stream *s);
void stream_hold(VM *vm, Stream *s); // tell the host whether to read on
void stream_close_channel(VM *vm, Stream *s, bool abort);

/* Addresses as scripts see them: ('127.0.0.1', 80), ('::1', 80, 0, 0), '/path'. */
Value address_value(VM *vm, const IoAddress *a);
Value stream_peer(VM *vm, Stream *s); // its peer's; None: not known
bool address_from(VM *vm, int family, Value v, IoAddress *out);

bool stream_types_init(VM *vm, Module *m);
extern const TypeDef stream_reader_def, stream_writer_def, stream_transport_def;
Value stream_resume(VM *vm, Value reader, Task *t); // slots of stream_reader_def
void stream_trace(VM *vm, Obj *o);
void stream_free(VM *vm, Obj *o);
