/* io_virtual.c - connections under virtual time: pairs of channels within the process.
 *
 * Nothing leaves the process and nothing depends on the machine: a connection reaches a server of the same
 * program or is refused, ports are counted up, bytes arrive when the program next waits, in the order in which they
 * were sent, and no time passes meanwhile. Children, pipes and signals are the real host's.
 */
#include "cli/host_uv.h"
#include "cli/host_virtual.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_PORT = 49152, IN_FLIGHT = 64 << 10 };
static const IoId VIRTUAL = (IoId)1 << 63; // ids of ours, as against the real host's

typedef struct Bytes { uint8_t *data; size_t start, size, capacity; } Bytes;

struct VirtualChannel {
    VirtualHost *v;
    IoSink *sink;
    IoId id, server;            // server: the listener that has not accepted it yet
    VirtualChannel *peer;       // NULL: gone, or a listener
    VirtualChannel *next;       // in the list of those that have something to tell
    VirtualChannel *next_listener;
    IoAddress local, remote;
    Bytes in, out;              // arrived but not told; not yet taken by the peer
    struct addrinfo *addresses; // a look-up's answer
    int error;
    bool queued, listens, looks_up, connecting, reading, end_sent, end_told, drained, write_ended, closing,
        ending;
};

static VirtualHost *self(Host *h) { return h->state; }
static Host *real(Host *h) { return self(h)->real; }
static bool is_ours(IoId id) { return id & VIRTUAL; }
static VirtualChannel *find(Host *h, IoId id) { return places_find(&self(h)->places, id & ~VIRTUAL); }

/* ---- bytes --------------------------------------------------------------------------------------- */

static bool put(Bytes *b, const uint8_t *data, size_t n)
{
    if (b->start + b->size + n > b->capacity) {
        size_t capacity = b->size + n < 4096 ? 4096 : (b->size + n) * 2;
        uint8_t *more = malloc(capacity);
        if (!more) return false;
        if (b->size) memcpy(more, b->data + b->start, b->size);
        free(b->data);
        *b = (Bytes){more, 0, b->size, capacity};
    }
    memcpy(b->data + b->start + b->size, data, n);
    b->size += n;
    return true;
}

static void take(Bytes *b, size_t n)
{
    b->start += n;
    b->size -= n;
    if (b->size) return;
    free(b->data);
    *b = (Bytes){0};
}

/* ---- channels ------------------------------------------------------------------------------------ */

static VirtualChannel *make(VirtualHost *v, IoSink *sink)
{
    VirtualChannel *c = calloc(1, sizeof *c);
    uint64_t place = c ? places_add(&v->places, c) : 0;
    if (!place) return free(c), NULL;
    c->v = v;
    c->sink = sink;
    c->id = place | VIRTUAL;
    v->h.busy = true;
    return c;
}

/* It has something to tell when the program waits next. */
static void queue(VirtualChannel *c)
{
    VirtualHost *v = c->v;
    if (c->queued) return;
    c->queued = true;
    c->next = NULL;
    if (v->last) v->last->next = c;
    else v->first = c;
    v->last = c;
}

static void forget_listener(VirtualChannel *c)
{
    for (VirtualChannel **p = &c->v->listeners; *p; p = &(*p)->next_listener)
        if (*p == c) {
            *p = c->next_listener;
            return;
        }
}

static void end(VirtualChannel *c, int error)
{
    if (c->ending) return;
    c->ending = true;
    c->error = error;
    if (c->listens) forget_listener(c);
    VirtualChannel *peer = c->peer;
    if (peer) {
        peer->peer = c->peer = NULL;
        if (c->in.size || error) end(peer, ECONNRESET); // it has sent what nobody will read
        else peer->end_sent = true, queue(peer);
    }
    queue(c);
}

/* As many of c's bytes as the peer has room for are on their way. */
static void move_bytes(VirtualChannel *c)
{
    VirtualChannel *peer = c->peer;
    if (!peer || !c->out.size) return;
    size_t room = peer->in.size < IN_FLIGHT ? IN_FLIGHT - peer->in.size : 0,
           n = c->out.size < room ? c->out.size : room;
    if (!n || !put(&peer->in, c->out.data + c->out.start, n)) return;
    take(&c->out, n);
    queue(peer);
    if (c->out.size) return;
    c->drained = true;
    queue(c);
}

static void tell(VirtualChannel *c, VM *vm, const IoEvent *e)
{
    if (c->sink) c->sink->event(vm, c->sink, e);
}

static void release(VirtualChannel *c)
{
    places_remove(&c->v->places, c->id & ~VIRTUAL);
    free(c->in.data);
    free(c->out.data);
    if (c->addresses) freeaddrinfo(c->addresses);
    free(c);
}

static void tell_last(VirtualChannel *c, VM *vm)
{
    IoEvent e = {.kind = c->looks_up ? IO_RESOLVED : IO_CLOSED, .error = c->error, .addresses = c->addresses};
    tell(c, vm, &e);
    release(c);
}

static void tell_data(VirtualChannel *c, VM *vm)
{
    Bytes arrived = c->in;
    c->in = (Bytes){0};
    if (c->peer) move_bytes(c->peer);
    tell(c, vm, &(IoEvent){.kind = IO_DATA, .data = arrived.data + arrived.start, .size = arrived.size});
    free(arrived.data);
}

static bool tell_accepted(VirtualChannel *c, VM *vm)
{
    VirtualChannel *server = find(&c->v->h, c->server);
    c->server = 0;
    if (!server) return end(c, 0), false; // closed meanwhile
    tell(server, vm, &(IoEvent){.kind = IO_ACCEPTED, .id = c->id, .address = &c->remote});
    return true;
}

/* Sinks may close a channel meanwhile, but it stays until its own last event is told. */
static void deliver(VirtualChannel *c, VM *vm)
{
    if (c->ending) {
        tell_last(c, vm);
        return;
    }
    if (c->server && !tell_accepted(c, vm)) return;
    if (c->connecting) {
        c->connecting = false;
        tell(c, vm, &(IoEvent){.kind = IO_CONNECTED});
    }
    if (c->reading && c->in.size) tell_data(c, vm);
    if (c->reading && !c->in.size && c->end_sent && !c->end_told && !(c->peer && c->peer->out.size)) {
        c->end_told = true;
        tell(c, vm, &(IoEvent){.kind = IO_END});
    }
    if (!c->drained || c->out.size) return;
    c->drained = false;
    if (c->closing) end(c, 0);
    else tell(c, vm, &(IoEvent){.kind = IO_DRAINED});
}

bool virtual_deliver(VirtualHost *v, VM *vm)
{
    VirtualChannel *list = v->first;
    v->first = v->last = NULL;
    for (VirtualChannel *c = list, *next; c; c = next) {
        next = c->next;
        c->queued = false;
        deliver(c, vm);
    }
    return list != NULL;
}

void virtual_free(VirtualHost *v)
{
    for (uint32_t i = 0; i < v->places.n; i++)
        if (v->places.places[i].thing) release(v->places.places[i].thing);
    places_free(&v->places);
}

/* ---- opening ------------------------------------------------------------------------------------- */

static uint16_t *port_of(IoAddress *a)
{
    return a->any.sa_family == AF_INET6 ? &a->in6.sin6_port : &a->in.sin_port;
}

static void choose_port(VirtualHost *v, IoAddress *a)
{
    if (a->any.sa_family == AF_UNIX || *port_of(a)) return;
    v->port = v->port ? v->port + 1 : FIRST_PORT;
    *port_of(a) = htons(v->port);
}

static bool is_wildcard(const IoAddress *a)
{
    static const struct in6_addr any6;
    return a->any.sa_family == AF_INET ? a->in.sin_addr.s_addr == 0
                                       : memcmp(&a->in6.sin6_addr, &any6, sizeof any6) == 0;
}

static bool reaches(const IoAddress *to, const IoAddress *at)
{
    if (to->any.sa_family != at->any.sa_family) return false;
    if (to->any.sa_family == AF_UNIX) return strcmp(to->un.sun_path, at->un.sun_path) == 0;
    if (*port_of((IoAddress *)to) != *port_of((IoAddress *)at)) return false;
    if (is_wildcard(at) || is_wildcard(to)) return true;
    if (to->any.sa_family == AF_INET) return to->in.sin_addr.s_addr == at->in.sin_addr.s_addr;
    return memcmp(&to->in6.sin6_addr, &at->in6.sin6_addr, sizeof to->in6.sin6_addr) == 0;
}

static VirtualChannel *server_at(VirtualHost *v, const IoAddress *to)
{
    VirtualChannel *l = v->listeners;
    while (l && !reaches(to, &l->local)) l = l->next_listener;
    return l;
}

static int io_connect(Host *h, const IoAddress *to, const IoAddress *from, IoSink *sink, IoId *id)
{
    VirtualHost *v = self(h);
    VirtualChannel *c = make(v, sink), *l = server_at(v, to);
    if (!c) return -ENOMEM;
    *id = c->id;
    c->remote = *to;
    c->local = from ? *from : (IoAddress){.size = to->size, .any.sa_family = to->any.sa_family};
    if (!from && to->any.sa_family == AF_INET) c->local.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!from && to->any.sa_family == AF_INET6) c->local.in6.sin6_addr = in6addr_loopback;
    choose_port(v, &c->local);
    VirtualChannel *theirs = l ? make(v, NULL) : NULL;
    if (!theirs) {
        end(c, l ? ENOMEM : to->any.sa_family == AF_UNIX ? ENOENT : ECONNREFUSED);
        return 0;
    }
    theirs->local = *to;
    theirs->remote = c->local;
    theirs->peer = c;
    c->peer = theirs;
    c->connecting = true;
    queue(c);
    theirs->server = l->id;
    queue(theirs);
    return 0;
}

static int io_listen(Host *h, const IoAddress *at, int backlog, unsigned flags, IoSink *sink, IoId *id)
{
    (void)backlog;
    (void)flags;
    VirtualHost *v = self(h);
    IoAddress local = *at;
    choose_port(v, &local);
    if (server_at(v, &local)) return -EADDRINUSE;
    VirtualChannel *c = make(v, sink);
    if (!c) return -ENOMEM;
    c->listens = true;
    c->local = local;
    c->next_listener = v->listeners;
    v->listeners = c;
    *id = c->id;
    return 0;
}

/* Only names that need no network: numbers and localhost. */
static int io_resolve(Host *h, const char *name, const char *service, const struct addrinfo *hints,
                      IoSink *sink, IoId *id)
{
    VirtualChannel *c = make(self(h), sink);
    if (!c) return -ENOMEM;
    struct addrinfo numeric = *hints;
    numeric.ai_flags |= AI_NUMERICHOST;
    if (name && strcmp(name, "localhost") == 0) name = hints->ai_family == AF_INET6 ? "::1" : "127.0.0.1";
    c->looks_up = c->ending = true;
    c->error = getaddrinfo(name, service, &numeric, &c->addresses);
    if (c->error) c->addresses = NULL;
    *id = c->id;
    queue(c);
    return 0;
}

/* ---- using --------------------------------------------------------------------------------------- */

static void io_attach(Host *h, IoId id, IoSink *sink)
{
    if (!is_ours(id)) return real(h)->io->attach(real(h), id, sink);
    VirtualChannel *c = find(h, id);
    if (c) c->sink = sink;
}

static void io_read(Host *h, IoId id, bool on)
{
    if (!is_ours(id)) return real(h)->io->read(real(h), id, on);
    VirtualChannel *c = find(h, id);
    if (!c || c->closing) return;
    c->reading = on;
    if (on && (c->in.size || c->end_sent)) queue(c);
}

static int64_t io_write(Host *h, IoId id, const void *data, size_t n)
{
    if (!is_ours(id)) return real(h)->io->write(real(h), id, data, n);
    VirtualChannel *c = find(h, id);
    if (!c || c->ending || c->closing || c->write_ended) return -EBADF;
    if (!c->peer) return end(c, c->end_told ? EPIPE : ECONNRESET), 0; // as TCP does, it finds out later
    if (!put(&c->out, data, n)) return -ENOMEM;
    move_bytes(c);
    if (!c->out.size) c->drained = false;
    return (int64_t)c->out.size;
}

static int io_write_end(Host *h, IoId id)
{
    if (!is_ours(id)) return real(h)->io->write_end(real(h), id);
    VirtualChannel *c = find(h, id);
    if (!c || c->ending) return -EBADF;
    c->write_ended = true;
    if (!c->peer) return 0;
    c->peer->end_sent = true;
    queue(c->peer);
    return 0;
}

static void io_close(Host *h, IoId id, bool abort)
{
    if (!is_ours(id)) return real(h)->io->close(real(h), id, abort);
    VirtualChannel *c = find(h, id);
    if (!c) return;
    c->reading = false;
    c->closing = true;
    if (abort || !c->out.size || c->looks_up) end(c, 0);
}

static int io_address(Host *h, IoId id, bool peer, IoAddress *out)
{
    if (!is_ours(id)) return real(h)->io->address(real(h), id, peer, out);
    VirtualChannel *c = find(h, id);
    if (!c) return -EBADF;
    if (peer && (c->listens || !c->remote.size)) return -ENOTCONN;
    *out = peer ? c->remote : c->local;
    return 0;
}

static int io_fd(Host *h, IoId id)
{
    if (!is_ours(id)) return real(h)->io->fd(real(h), id);
    return find(h, id) ? 1000 + (int)(uint32_t)id : -1; // a number to be printed
}

/* ---- the real host's ----------------------------------------------------------------------------- */

static int done(Host *h, int err)
{
    h->busy = true;
    return err;
}

static int io_adopt(Host *h, int fd, IoSink *sink, IoId *id)
{
    return done(h, real(h)->io->adopt(real(h), fd, sink, id));
}
static int io_pipe(Host *h, bool we_write, IoSink *sink, IoId *ours, int *theirs)
{
    return done(h, real(h)->io->pipe(real(h), we_write, sink, ours, theirs));
}
static int io_spawn(Host *h, const IoCommand *c, IoSink *sink, IoId *id, int *pid)
{
    return done(h, real(h)->io->spawn(real(h), c, sink, id, pid));
}
static int io_kill(Host *h, IoId child, int signal) { return real(h)->io->kill(real(h), child, signal); }
static int io_signal(Host *h, int signal, IoSink *sink, IoId *id)
{
    return done(h, real(h)->io->signal(real(h), signal, sink, id));
}

static Host *io_another(Host *h) { return (void)h, host_virtual_new(host_uv_new()); }
static int io_cores(Host *h) { return (void)h, 1; }
static int io_lane(Host *h, bool loose, IoSink *sink, IoId *id)
{
    return real(h)->io->lane(real(h), loose, sink, id);
}
static int io_give(Host *h, IoId lane, IoJob *job) { return done(h, real(h)->io->give(real(h), lane, job)); }
static int io_watch(Host *h, int fd, IoSink *sink, IoId *id)
{
    return real(h)->io->watch(real(h), fd, sink, id);
}
static void io_want(Host *h, IoId watch, bool readable, bool writable)
{
    done(h, 0);
    real(h)->io->want(real(h), watch, readable, writable);
}

const struct HostIo virtual_io = {
    .connect = io_connect,
    .listen = io_listen,
    .adopt = io_adopt,
    .pipe = io_pipe,
    .attach = io_attach,
    .read = io_read,
    .write = io_write,
    .write_end = io_write_end,
    .close = io_close,
    .address = io_address,
    .fd = io_fd,
    .resolve = io_resolve,
    .spawn = io_spawn,
    .kill = io_kill,
    .signal = io_signal,
    .another = io_another,
    .cores = io_cores,
    .lane = io_lane,
    .give = io_give,
    .step_back = lane_step_back,
    .watch = io_watch,
    .want = io_want,
};
