/* stream_uv.c - connections, pipes and listening sockets of the real host.
 *
 * Descriptors are watched by libuv and used directly: one recv per readiness into a buffer that all share, one
 * send straight from the caller's bytes. Only what the system does not take is copied.
 */
#define _GNU_SOURCE // accept4, pipe2
#include "cli/host_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ACCEPT_AT_ONCE = 64, RETRY_ACCEPT_MS = 50 };

static void on_ready(uv_poll_t *poll, int status, int events);

/* ---- watching ------------------------------------------------------------------------------------ */

static FdChannel *stream_of(uv_poll_t *poll) { return (FdChannel *)((char *)poll - offsetof(FdChannel, poll)); }

static FdChannel *find(Host *h, IoId id)
{
    Channel *c = channel_find(uv_host(h), id);
    return c && (c->kind == CHANNEL_STREAM || c->kind == CHANNEL_LISTENER) ? (FdChannel *)c : NULL;
}

static void put_in_list(FdChannel **list, FdChannel *s)
{
    for (FdChannel *i = *list; i; i = i->next)
        if (i == s) return;
    s->next = *list;
    *list = s;
}

static void take_from_list(FdChannel **list, FdChannel *s)
{
    for (; *list; list = &(*list)->next)
        if (*list == s) {
            *list = s->next;
            return;
        }
}

/* Have libuv watch for what is wanted now. */
static void watch(FdChannel *s)
{
    int events = (s->reading ? UV_READABLE : 0) | (s->connecting || s->out_size ? UV_WRITABLE : 0);
    if (s->ending) events = 0;
    if (s->is_file) {
        if (events & UV_READABLE) put_in_list(&s->c.u->files, s);
        else take_from_list(&s->c.u->files, s);
        return;
    }
    if (events == s->events) return;
    s->events = events;
    if (events) uv_poll_start(&s->poll, events, on_ready);
    else uv_poll_stop(&s->poll);
}

static FdChannel *make(UvHost *u, int fd, ChannelKind kind, IoSink *sink, int *error)
{
    FdChannel *s = calloc(1, sizeof *s);
    *error = ENOMEM;
    if (!s || !host_uv_make_loop(u) || !channel_add(u, &s->c, kind, sink)) return free(s), NULL;
    s->fd = fd;
    int err = uv_poll_init(&u->loop, &s->poll, fd);
    if (err == 0) return s;
    if (err == UV_EPERM && kind == CHANNEL_STREAM) return s->is_file = true, s;
    channel_remove(&s->c);
    free(s);
    *error = -err;
    return NULL;
}

/* ---- the end of a channel ------------------------------------------------------------------------ */

static void free_stream(uv_handle_t *handle)
{
    free(stream_of((uv_poll_t *)handle));
}

static void resume_accepting(UvHost *u);

/* Everything but the memory, which libuv gives back when it has closed its handle. */
static void release(FdChannel *s)
{
    UvHost *u = s->c.u;
    take_from_list(&u->starved, s);
    take_from_list(&u->files, s);
    channel_remove(&s->c);
    free(s->out);
    s->out = NULL;
    if (s->is_file) {
        close(s->fd);
        free(s);
    } else {
        uv_close((uv_handle_t *)&s->poll, free_stream);
        close(s->fd);
    }
    resume_accepting(u);
}

/* It is over; its sink is told when the host waits next. */
static void end(FdChannel *s, int error)
{
    if (s->ending) return;
    s->ending = true;
    s->error = error;
    s->out_size = 0;
    watch(s);
    take_from_list(&s->c.u->starved, s);
    if (!s->c.sink) {
        release(s);
        return;
    }
    s->next = s->c.u->ending;
    s->c.u->ending = s;
}

void stream_close(FdChannel *s, bool abort)
{
    s->reading = false;
    if (s->out_size && !abort && !s->ending) {
        s->closing = true;
        watch(s);
    } else if (!s->ending) end(s, 0);
    else if (!s->c.sink) {
        take_from_list(&s->c.u->ending, s);
        release(s);
    }
}

/* ---- writing ------------------------------------------------------------------------------------- */

static ssize_t send_some(FdChannel *s, const void *data, size_t n)
{
    for (;;) {
        ssize_t sent = s->is_file || s->is_pipe ? write(s->fd, data, n) : send(s->fd, data, n, MSG_NOSIGNAL);
        if (sent >= 0) return sent;
        if (errno == ENOTSOCK) s->is_pipe = true;
        else if (errno != EINTR) return sent;
    }
}

static bool keep(FdChannel *s, const uint8_t *data, size_t n)
{
    if (s->out_start && s->out_start + s->out_size + n > s->out_capacity) {
        memmove(s->out, s->out + s->out_start, s->out_size);
        s->out_start = 0;
    }
    size_t needed = s->out_start + s->out_size + n;
    if (needed > s->out_capacity) {
        size_t capacity = s->out_capacity ? s->out_capacity : 4096;
        while (capacity < needed) capacity += capacity / 2;
        uint8_t *more = realloc(s->out, capacity);
        if (!more) return false;
        s->out = more;
        s->out_capacity = capacity;
    }
    memcpy(s->out + s->out_start + s->out_size, data, n);
    s->out_size += n;
    return true;
}

int64_t stream_write(Host *h, IoId id, const void *data, size_t n)
{
    FdChannel *s = find(h, id);
    if (!s || s->ending || s->closing || s->write_ended) return -EBADF;
    size_t sent = 0;
    if (!s->out_size && !s->connecting) {
        ssize_t done = send_some(s, data, n);
        if (done < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            int error = errno;
            end(s, error);
            return -error;
        }
        sent = done > 0 ? (size_t)done : 0;
    }
    if (sent == n) return (int64_t)s->out_size;
    if (!keep(s, (const uint8_t *)data + sent, n - sent)) return -ENOMEM;
    watch(s);
    return (int64_t)s->out_size;
}

static void finish_writing(FdChannel *s)
{
    free(s->out);
    s->out = NULL;
    s->out_start = s->out_capacity = 0;
    if (s->write_ended) shutdown(s->fd, SHUT_WR);
    if (s->closing) {
        end(s, 0);
        return;
    }
    watch(s);
    channel_tell(&s->c, &(IoEvent){.kind = IO_DRAINED});
}

static void write_more(FdChannel *s)
{
    ssize_t sent = send_some(s, s->out + s->out_start, s->out_size);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK) end(s, errno);
        return;
    }
    s->out_start += (size_t)sent;
    s->out_size -= (size_t)sent;
    if (!s->out_size) finish_writing(s);
}

int stream_write_end(Host *h, IoId id)
{
    FdChannel *s = find(h, id);
    if (!s || s->ending || s->closing) return -EBADF;
    s->write_ended = true;
    if (!s->out_size && shutdown(s->fd, SHUT_WR) != 0 && errno == ENOTSOCK) end(s, 0); // a pipe ends by being closed
    return 0;
}

/* ---- reading ------------------------------------------------------------------------------------- */

static ssize_t receive(const FdChannel *s, void *buf, size_t n)
{
    for (;;) {
        ssize_t got = read(s->fd, buf, n);
        if (got >= 0 || errno != EINTR) return got;
    }
}

static void read_some(FdChannel *s)
{
    UvHost *u = s->c.u;
    if (!u->buffer && !(u->buffer = malloc(READ_BUFFER))) return end(s, ENOMEM);
    ssize_t got = receive(s, u->buffer, READ_BUFFER);
    if (got > 0) {
        channel_tell(&s->c, &(IoEvent){.kind = IO_DATA, .data = u->buffer, .size = (size_t)got});
    } else if (got == 0) {
        s->reading = false;
        watch(s);
        channel_tell(&s->c, &(IoEvent){.kind = IO_END});
    } else if (errno == EIO && isatty(s->fd)) end(s, 0); // the other side of a terminal is gone
    else if (errno != EAGAIN && errno != EWOULDBLOCK) end(s, errno);
}

void stream_read(Host *h, IoId id, bool on)
{
    FdChannel *s = find(h, id);
    if (!s || s->ending || s->closing || s->reading == on) return;
    s->reading = on;
    watch(s);
}

/* ---- accepting ----------------------------------------------------------------------------------- */

static bool is_starved(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void retry_accepting(uv_timer_t *timer)
{
    UvHost *u = timer->data;
    while (u->starved) {
        FdChannel *s = u->starved;
        u->starved = s->next;
        s->reading = true;
        watch(s);
    }
}

/* A descriptor has become free. */
static void resume_accepting(UvHost *u)
{
    if (u->starved) uv_timer_start(&u->retry, retry_accepting, 0, 0);
}

/* No descriptors: look again when one of ours is closed, or in a while. */
static void pause_accepting(FdChannel *s)
{
    s->reading = false;
    watch(s);
    put_in_list(&s->c.u->starved, s);
    s->c.u->retry.data = s->c.u;
    uv_timer_start(&s->c.u->retry, retry_accepting, RETRY_ACCEPT_MS, 0);
}

static void no_delay(int fd, int family)
{
    if (family == AF_INET || family == AF_INET6)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

static void accept_some(FdChannel *s)
{
    IoId id = s->c.id;
    UvHost *u = s->c.u;
    for (int i = 0; i < ACCEPT_AT_ONCE && channel_find(u, id) && s->reading; i++) {
        IoAddress from = {.size = sizeof from.un};
        int fd = accept4(s->fd, &from.any, &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC), error = errno;
        if (fd < 0 && (error == EINTR || error == ECONNABORTED)) continue;
        if (fd < 0) {
            if (is_starved(error)) pause_accepting(s);
            return;
        }
        no_delay(fd, from.any.sa_family);
        FdChannel *made = make(u, fd, CHANNEL_STREAM, NULL, &error);
        if (!made) {
            close(fd);
            return;
        }
        channel_tell(&s->c, &(IoEvent){.kind = IO_ACCEPTED, .id = made->c.id, .address = &from});
    }
}

/* ---- what libuv tells ---------------------------------------------------------------------------- */

static void finish_connecting(FdChannel *s)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    s->connecting = false;
    if (error) {
        end(s, error);
        return;
    }
    watch(s);
    channel_tell(&s->c, &(IoEvent){.kind = IO_CONNECTED});
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    FdChannel *s = stream_of(poll);
    if (status < 0) { // libuv has stopped watching: what is wrong shows when the descriptor is used
        events = s->events;
        s->events = 0;
    }
    IoId id = s->c.id;
    if (s->connecting) finish_connecting(s);
    else {
        if (events & UV_WRITABLE && s->out_size) write_more(s);
        if (events & UV_READABLE && channel_find(s->c.u, id) && s->reading && !s->ending) {
            if (s->c.kind == CHANNEL_LISTENER) accept_some(s);
            else read_some(s);
        }
    }
    if (status < 0 && channel_find(s->c.u, id)) watch(s);
}

bool streams_settle(UvHost *u)
{
    bool any = u->ending || u->files;
    while (u->ending) {
        FdChannel *s = u->ending;
        u->ending = s->next;
        int error = s->error;
        IoSink *sink = s->c.sink;
        release(s);
        if (sink) sink->event(u->vm, sink, &(IoEvent){.kind = IO_CLOSED, .error = error});
    }
    for (FdChannel *s = u->files, *next; s; s = next) {
        next = s->next;
        read_some(s);
    }
    return any;
}

void stream_free_all(UvHost *u)
{
    for (uint32_t i = 0; i < u->places.n; i++) {
        Channel *c = u->places.places[i].thing;
        if (!c) continue;
        c->sink = NULL;
        if (c->kind != CHANNEL_STREAM && c->kind != CHANNEL_LISTENER) outside_close(c);
        else release((FdChannel *)c);
    }
}

/* ---- opening ------------------------------------------------------------------------------------- */

static int open_socket(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

static int fail(int fd, int error)
{
    close(fd);
    return -error;
}

int stream_connect(Host *h, const IoAddress *to, const IoAddress *from, IoSink *sink, IoId *id)
{
    int fd = open_socket(to->any.sa_family), error;
    if (fd < 0) return fd;
    no_delay(fd, to->any.sa_family);
    if (from && bind(fd, &from->any, from->size) != 0) return fail(fd, errno);
    if (connect(fd, &to->any, to->size) != 0 && errno != EINPROGRESS) return fail(fd, errno);
    FdChannel *s = make(uv_host(h), fd, CHANNEL_STREAM, sink, &error);
    if (!s) return fail(fd, error);
    s->connecting = true;
    *id = s->c.id;
    watch(s);
    return 0;
}

int stream_listen(Host *h, const IoAddress *at, int backlog, unsigned flags, IoSink *sink, IoId *id)
{
    int family = at->any.sa_family, fd = open_socket(family), on = 1, error;
    if (fd < 0) return fd;
    if (family != AF_UNIX && !(flags & IO_KEEP_ADDRESS))
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (flags & IO_REUSE_PORT && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
        return fail(fd, errno);
    if (flags & IO_ONLY_V6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    struct stat st;
    if (family == AF_UNIX && at->un.sun_path[0] && stat(at->un.sun_path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(at->un.sun_path); // left behind by an earlier server
    if (bind(fd, &at->any, at->size) != 0 || listen(fd, backlog) != 0) return fail(fd, errno);
    FdChannel *s = make(uv_host(h), fd, CHANNEL_LISTENER, sink, &error);
    if (!s) return fail(fd, error);
    s->reading = true;
    *id = s->c.id;
    watch(s);
    return 0;
}

int stream_adopt(Host *h, int fd, IoSink *sink, IoId *id)
{
    int flags = fcntl(fd, F_GETFL), error;
    if (flags < 0) return -errno;
    FdChannel *s = make(uv_host(h), fd, CHANNEL_STREAM, sink, &error);
    if (!s) return fail(fd, error);
    if (!s->is_file) fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    *id = s->c.id;
    return 0;
}

int stream_pipe(Host *h, bool we_write, IoSink *sink, IoId *ours, int *theirs)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) return -errno;
    *theirs = fds[!we_write];
    int err = stream_adopt(h, fds[we_write], sink, ours);
    if (err) close(*theirs);
    return err;
}

int stream_address(Host *h, IoId id, bool peer, IoAddress *out)
{
    FdChannel *s = find(h, id);
    if (!s || s->is_file) return -EBADF;
    memset(out, 0, sizeof *out);
    out->size = sizeof out->un;
    int failed = peer ? getpeername(s->fd, &out->any, &out->size) : getsockname(s->fd, &out->any, &out->size);
    return failed ? -errno : 0;
}

int stream_fd(Host *h, IoId id)
{
    FdChannel *s = find(h, id);
    return s ? s->fd : -1;
}
