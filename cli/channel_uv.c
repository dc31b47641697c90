/* channel_uv.c - the real host's table of channels, and its half of host.h that works on them. */
#define _GNU_SOURCE // sched_getaffinity
#include "cli/host_uv.h"

#include <sched.h>
#include <unistd.h>

bool channel_add(UvHost *u, Channel *c, ChannelKind kind, IoSink *sink)
{
    *c = (Channel){u, sink, places_add(&u->places, c), kind};
    if (!c->id) return false;
    u->open++;
    u->signals += kind == CHANNEL_SIGNAL;
    return u->h.busy = true;
}

Channel *channel_find(UvHost *u, IoId id) { return places_find(&u->places, id); }

void channel_remove(Channel *c)
{
    UvHost *u = c->u;
    places_remove(&u->places, c->id);
    c->id = 0;
    u->open--;
    u->signals -= c->kind == CHANNEL_SIGNAL;
    host_uv_settle_busy(u);
}

void host_uv_settle_busy(UvHost *u)
{
    u->h.busy = u->open > 0 || (u->watches && uv_is_active((uv_handle_t *)&u->readable));
}

static void attach(Host *h, IoId id, IoSink *sink)
{
    Channel *c = channel_find(uv_host(h), id);
    if (c) c->sink = sink;
}

static void close_channel(Host *h, IoId id, bool abort)
{
    Channel *c = channel_find(uv_host(h), id);
    if (!c) return;
    if (c->kind == CHANNEL_STREAM || c->kind == CHANNEL_LISTENER) stream_close((FdChannel *)c, abort);
    else if (c->kind == CHANNEL_LANE) lane_close(c, abort);
    else outside_close(c);
}

static int cores(Host *h)
{
    (void)h;
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

const struct HostIo uv_io = {
    .connect = stream_connect,
    .listen = stream_listen,
    .adopt = stream_adopt,
    .pipe = stream_pipe,
    .attach = attach,
    .read = stream_read,
    .write = stream_write,
    .write_end = stream_write_end,
    .close = close_channel,
    .address = stream_address,
    .fd = stream_fd,
    .resolve = name_resolve,
    .spawn = child_spawn,
    .kill = child_kill,
    .signal = signal_watch,
    .another = lane_host,
    .cores = cores,
    .lane = lane_open,
    .give = lane_give,
    .step_back = lane_step_back,
    .watch = watch_open,
    .want = watch_want,
};
