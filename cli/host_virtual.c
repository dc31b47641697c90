/* host_virtual.c - virtual time: a program that sleeps for an hour ends at once, the same way every time. */
#include "cli/host_virtual.h"

#include <stdlib.h>

static const int64_t FIRST_DAY = 1735689600; // 2025-01-01T00:00:00Z
static const int64_t SHORTEST_SILENCE = 1000000000; // ns: what is quicker comes before any deadline, on a slow machine too

static VirtualHost *self(Host *h) { return h->state; }
static Host *real(Host *h) { return self(h)->real; }

static int64_t monotonic(Host *h) { return self(h)->now; }
static int64_t wall(Host *h) { return FIRST_DAY * 1000000000 + self(h)->now; }

/* Wait for what really goes on outside. False: it has been silent for as long as the program would wait. */
static bool wait_outside(VirtualHost *v, VM *vm, int64_t deadline)
{
    Host *r = v->real;
    int64_t patience = deadline - v->now, until;
    if (patience < SHORTEST_SILENCE) patience = SHORTEST_SILENCE;
    if (__builtin_add_overflow(r->monotonic(r), patience, &until)) until = INT64_MAX - 1;
    return r->wait(r, vm, until, false) && r->monotonic(r) < until;
}

/* No time passes while bytes are on their way within the program, nor while something real goes on outside and says so. */
static bool wait(Host *h, VM *vm, int64_t deadline, bool poll)
{
    VirtualHost *v = self(h);
    if (virtual_deliver(v, vm)) return true;
    if (poll) return !v->real->busy || v->real->wait(v->real, vm, deadline, true);
    if (deadline == INT64_MAX) return v->real->busy && v->real->wait(v->real, vm, INT64_MAX, false);
    if (host_uv_expects(v->real)) {
        if (wait_outside(v, vm, deadline)) return true;
    } else if (v->real->busy) v->real->wait(v->real, vm, deadline, true); // a signal comes before the jump
    if (deadline > v->now) v->now = deadline;
    return true;
}

static void wake(Host *h) { real(h)->wake(real(h)); }

static bool block(Host *h, int64_t ns)
{
    if (__builtin_add_overflow(self(h)->now, ns, &self(h)->now)) self(h)->now = INT64_MAX;
    return true;
}

static int write_all(Host *h, int fd, const void *buf, size_t n)
{
    return real(h)->write(real(h), fd, buf, n);
}
static long read_line(Host *h, char *buf, size_t cap) { return real(h)->read_line(real(h), buf, cap); }
static char *read_file(Host *h, const char *path, size_t *size, int *err)
{
    return real(h)->read_file(real(h), path, size, err);
}

static bool has_input(Host *h) { return real(h)->has_input(real(h)); }

static void close_host(Host *h)
{
    virtual_free(self(h));
    host_free(real(h));
    free(self(h));
}

Host *host_virtual_new(Host *under)
{
    VirtualHost *v = under ? calloc(1, sizeof *v) : NULL;
    if (!v) return host_free(under), NULL;
    v->real = under;
    v->h = (Host){
        .state = v,
        .monotonic = monotonic,
        .wall = wall,
        .wait = wait,
        .wake = wake,
        .block = block,
        .random = host_random,
        .hash_key = host_hash_key,
        .write = write_all,
        .write_fd = under->write_fd,
        .has_input = has_input,
        .read_now = under->read_now,
        .ordered = true,
        .read_line = read_line,
        .read_file = read_file,
        .open_fd = under->open_fd,
        .read_fd = under->read_fd,
        .seek_fd = under->seek_fd,
        .truncate_fd = under->truncate_fd,
        .close_fd = under->close_fd,
        .close = close_host,
        .io = &virtual_io,
    };
    return &v->h;
}
