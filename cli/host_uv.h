/* host_uv.h - inside the real host: what its files share.
 *
 * A channel (vm/io.h) that ends gives its id back at once, its memory when libuv lets go of the handle.
 */
#pragma once
#include "cli/hosts.h"
#include "cli/places.h"
#include "vm/io.h"

#include <uv.h>

typedef struct UvHost UvHost;
typedef struct Lane Lane;

typedef enum { CHANNEL_STREAM, CHANNEL_LISTENER, CHANNEL_NAME, CHANNEL_CHILD, CHANNEL_SIGNAL, CHANNEL_LANE, CHANNEL_WATCH } ChannelKind;

typedef struct Channel {
    UvHost *u;
    IoSink *sink; // NULL: nobody listens
    IoId id;
    ChannelKind kind;
} Channel;

/* Where one can wait for a descriptor: a stream or a listening socket. */
typedef struct FdChannel {
    Channel c;
    int fd;
    bool reading, connecting, ending, closing, write_ended; // closing: once all is written; ending: IO_CLOSED is due
    int error;                                              // what IO_CLOSED will tell
    int events;                                             // what libuv watches it for
    bool is_file, is_pipe;                                  // epoll cannot watch a file: always ready
    uint8_t *out;                                           // what the system has not taken yet
    size_t out_start, out_size, out_capacity;
    struct FdChannel *next; // in UvHost.ending or .starved
    uv_poll_t poll;
} FdChannel;

enum { READ_BUFFER = 64 << 10 };

struct UvHost {
    HostRandom random; // once seeded
    Host h;
    uv_loop_t loop;
    uv_timer_t timer; // the deadline of a wait
    uv_timer_t retry; // when listening sockets look for descriptors again
    uv_async_t wake;  // sent by signal handlers
    _Atomic bool has_loop; // looked at by whoever wakes it
    bool has_threads;      // those that libuv resolves names by
    VM *vm;           // while waiting: whom events are delivered to
    Places places;    // of channels
    size_t open, signals; // channels; those of them that wait for a signal
    Lane *lanes;
    FdChannel *ending;  // IO_CLOSED is to be told
    FdChannel *files;   // streams that are always ready
    FdChannel *starved; // listeners that wait for descriptors
    uint8_t *buffer;    // READ_BUFFER bytes, shared by all reading
    HostWatch watch; // the prompt's; the three handles are its own
    bool watches;
    uv_poll_t readable;
    uv_signal_t resized;
    uv_timer_t late;
    size_t line_start, line_end; // what has been read of standard input and not been asked for
    char *line;
};

static inline UvHost *uv_host(Host *h) { return (UvHost *)h->state; }
bool host_uv_make_loop(UvHost *u);
/* Something has been opened or closed: does a round have to look outside? */
void host_uv_settle_busy(UvHost *u);

/* Give a channel a place and an id. False: no memory. */
bool channel_add(UvHost *u, Channel *c, ChannelKind kind, IoSink *sink);
/* The channel of an id; NULL when it is gone. */
Channel *channel_find(UvHost *u, IoId id);
/* Its place is free from now on. */
void channel_remove(Channel *c);
static inline void channel_tell(Channel *c, const IoEvent *e)
{
    if (c->sink) c->sink->event(c->u->vm, c->sink, e);
}

/* stream_uv.c: tell what has ended since the last wait, read what needs no waiting. True if there was anything. */
bool streams_settle(UvHost *u);
void stream_free_all(UvHost *u);
int stream_connect(Host *h, const IoAddress *to, const IoAddress *from, IoSink *sink, IoId *id);
int stream_listen(Host *h, const IoAddress *at, int backlog, unsigned flags, IoSink *sink, IoId *id);
int stream_adopt(Host *h, int fd, IoSink *sink, IoId *id);
int stream_pipe(Host *h, bool we_write, IoSink *sink, IoId *ours, int *theirs);
void stream_read(Host *h, IoId id, bool on);
int64_t stream_write(Host *h, IoId id, const void *data, size_t n);
int stream_write_end(Host *h, IoId id);
void stream_close(FdChannel *s, bool abort);
int stream_address(Host *h, IoId id, bool peer, IoAddress *out);
int stream_fd(Host *h, IoId id);

/* outside_uv.c: names, children, signals. */
int name_resolve(Host *h, const char *name, const char *service, const struct addrinfo *hints, IoSink *sink, IoId *id);
int child_spawn(Host *h, const IoCommand *c, IoSink *sink, IoId *id, int *pid);
int child_kill(Host *h, IoId child, int signal);
int signal_watch(Host *h, int signal, IoSink *sink, IoId *id);
void outside_close(Channel *c);
int watch_open(Host *h, int fd, IoSink *sink, IoId *id);
void watch_want(Host *h, IoId id, bool readable, bool writable);

/* lane_uv.c: threads. */
int lane_open(Host *h, bool loose, IoSink *sink, IoId *id);
void lane_step_back(IoJob *job);
Host *lane_host(Host *h);
int lane_give(Host *h, IoId id, IoJob *job);
void lane_close(Channel *c, bool abort);
void lanes_free(UvHost *u);

extern const struct HostIo uv_io; // channel_uv.c
