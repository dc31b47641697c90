/* outside_uv.c - names, children and signals of the real host. */
#include "cli/host_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void free_handle(uv_handle_t *handle) { free(handle->data); }

/* ---- names --------------------------------------------------------------------------------------- */

typedef struct NameChannel {
    Channel c;
    bool dropped;
    uv_getaddrinfo_t request;
} NameChannel;

/* libuv has codes of its own for what getaddrinfo answers. */
static int eai_code(int status)
{
    switch (status) {
    case 0: return 0;
    case UV_EAI_ADDRFAMILY: case UV_EAI_NODATA: return -5; // glibc's EAI_NODATA: no address of that kind
    case UV_EAI_AGAIN: return EAI_AGAIN;
    case UV_EAI_BADFLAGS: return EAI_BADFLAGS;
    case UV_EAI_FAIL: return EAI_FAIL;
    case UV_EAI_FAMILY: return EAI_FAMILY;
    case UV_EAI_MEMORY: return EAI_MEMORY;
    case UV_EAI_SERVICE: return EAI_SERVICE;
    case UV_EAI_SOCKTYPE: return EAI_SOCKTYPE;
    default: return EAI_NONAME;
    }
}

static void resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    NameChannel *n = request->data;
    IoEvent e = {.kind = IO_RESOLVED, .error = eai_code(status), .addresses = list};
    IoSink *sink = n->c.sink;
    VM *vm = n->c.u->vm;
    if (!n->dropped) channel_remove(&n->c);
    if (sink && vm) sink->event(vm, sink, &e);
    uv_freeaddrinfo(list);
    free(n);
}

/* ---- libuv's threads ---- */

static void *pass(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

/* libuv ends the process when it cannot start its threads, which it does at the first name: are there as
 * many to be had, all at once? */
static bool has_room_for_threads(void)
{
    enum { THREADS = 4 }; // libuv's own number
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_t threads[THREADS];
    int started = 0;
    pthread_mutex_lock(&gate);
    while (started < THREADS && pthread_create(&threads[started], NULL, pass, &gate) == 0) started++;
    pthread_mutex_unlock(&gate);
    for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
    return started == THREADS;
}

static bool make_threads(UvHost *u)
{
    return u->has_threads || (u->has_threads = has_room_for_threads());
}

int name_resolve(Host *h, const char *name, const char *service, const struct addrinfo *hints, IoSink *sink,
                 IoId *id)
{
    UvHost *u = uv_host(h);
    NameChannel *n = calloc(1, sizeof *n);
    if (!n || !host_uv_make_loop(u) || !make_threads(u) || !channel_add(u, &n->c, CHANNEL_NAME, sink))
        return free(n), -ENOMEM;
    n->request.data = n;
    int err = uv_getaddrinfo(&u->loop, &n->request, resolved, name, service, hints);
    if (err) {
        channel_remove(&n->c);
        free(n);
        return err;
    }
    *id = n->c.id;
    return 0;
}

/* ---- children ------------------------------------------------------------------------------------ */

typedef struct ChildChannel {
    Channel c;
    bool dropped; // nobody wants to know any more; it is waited for all the same
    uv_process_t process;
} ChildChannel;

static void child_exited(uv_process_t *process, int64_t status, int signal)
{
    ChildChannel *child = process->data;
    IoEvent e = {.kind = IO_EXITED, .status = (int)status, .signal = signal};
    IoSink *sink = child->c.sink;
    VM *vm = child->c.u->vm;
    if (!child->dropped) channel_remove(&child->c);
    uv_close((uv_handle_t *)process, free_handle);
    if (sink && vm) sink->event(vm, sink, &e);
}

int child_spawn(Host *h, const IoCommand *command, IoSink *sink, IoId *id, int *pid)
{
    UvHost *u = uv_host(h);
    ChildChannel *child = calloc(1, sizeof *child);
    if (!child || !host_uv_make_loop(u) || !channel_add(u, &child->c, CHANNEL_CHILD, sink))
        return free(child), -ENOMEM;
    uv_stdio_container_t stdio[3];
    for (int i = 0; i < 3; i++) {
        stdio[i].flags = command->fds[i] < 0 ? UV_IGNORE : UV_INHERIT_FD;
        stdio[i].data.fd = command->fds[i];
    }
    uv_process_options_t o = {
        .exit_cb = child_exited,
        .file = command->file,
        .args = command->argv,
        .env = command->env,
        .cwd = command->cwd,
        .flags = command->new_session ? UV_PROCESS_DETACHED : 0,
        .stdio_count = 3,
        .stdio = stdio,
    };
    child->process.data = child;
    int err = uv_spawn(&u->loop, &child->process, &o);
    if (err) {
        channel_remove(&child->c);
        uv_close((uv_handle_t *)&child->process, free_handle);
        return err;
    }
    *id = child->c.id;
    *pid = child->process.pid;
    return 0;
}

int child_kill(Host *h, IoId id, int signal)
{
    Channel *c = channel_find(uv_host(h), id);
    if (!c || c->kind != CHANNEL_CHILD) return -ESRCH;
    return uv_process_kill(&((ChildChannel *)c)->process, signal);
}

/* ---- signals ------------------------------------------------------------------------------------- */

typedef struct SignalChannel {
    Channel c;
    uv_signal_t signal;
} SignalChannel;

static void got_signal(uv_signal_t *signal, int number)
{
    SignalChannel *s = signal->data;
    if (s->c.u->vm) channel_tell(&s->c, &(IoEvent){.kind = IO_SIGNAL, .signal = number});
}

int signal_watch(Host *h, int number, IoSink *sink, IoId *id)
{
    UvHost *u = uv_host(h);
    SignalChannel *s = calloc(1, sizeof *s);
    if (!s || !host_uv_make_loop(u) || !channel_add(u, &s->c, CHANNEL_SIGNAL, sink)) return free(s), -ENOMEM;
    s->signal.data = s;
    uv_signal_init(&u->loop, &s->signal);
    int err = uv_signal_start(&s->signal, got_signal, number);
    if (err) {
        channel_remove(&s->c);
        uv_close((uv_handle_t *)&s->signal, free_handle);
        return err;
    }
    uv_unref((uv_handle_t *)&s->signal);
    *id = s->c.id;
    return 0;
}

/* ---- somebody else's descriptors ------------------------------------------------------------------ */

/* It counts as open, and keeps a program alive, only while it wants something. */
typedef struct WatchChannel {
    Channel c;
    uv_poll_t poll;
    int wants; // UV_READABLE, UV_WRITABLE
} WatchChannel;

static void found_ready(uv_poll_t *poll, int status, int events);

static void want(WatchChannel *w, int events)
{
    UvHost *u = w->c.u;
    if (events == w->wants) return;
    if (events) uv_poll_start(&w->poll, events, found_ready);
    else uv_poll_stop(&w->poll);
    u->open += (size_t)(events != 0) - (size_t)(w->wants != 0);
    w->wants = events;
    host_uv_settle_busy(u);
}

/* An error, too, is told as both: whoever reads or writes will see it. libuv stops watching then. */
static void found_ready(uv_poll_t *poll, int status, int events)
{
    WatchChannel *w = poll->data;
    bool failed = status < 0;
    if (failed) want(w, 0);
    if (w->c.u->vm)
        channel_tell(&w->c, &(IoEvent){.kind = IO_READY,
                                       .readable = failed || events & UV_READABLE,
                                       .writable = failed || events & UV_WRITABLE});
}

int watch_open(Host *h, int fd, IoSink *sink, IoId *id)
{
    UvHost *u = uv_host(h);
    WatchChannel *w = calloc(1, sizeof *w);
    IoId place = w && host_uv_make_loop(u) ? places_add(&u->places, &w->c) : 0;
    if (!place) return free(w), -ENOMEM;
    w->c = (Channel){u, sink, place, CHANNEL_WATCH};
    int err = uv_poll_init(&u->loop, &w->poll, fd);
    w->poll.data = w;
    if (err) {
        places_remove(&u->places, place);
        free(w);
        return err;
    }
    *id = place;
    return 0;
}

void watch_want(Host *h, IoId id, bool readable, bool writable)
{
    Channel *c = channel_find(uv_host(h), id);
    if (!c || c->kind != CHANNEL_WATCH) return;
    want((WatchChannel *)c, (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0));
}

/* ---- letting go ---------------------------------------------------------------------------------- */

void outside_close(Channel *c)
{
    switch (c->kind) {
    case CHANNEL_NAME:
        c->sink = NULL;
        ((NameChannel *)c)->dropped = true;
        channel_remove(c);
        uv_cancel((uv_req_t *)&((NameChannel *)c)->request);
        break;
    case CHANNEL_CHILD:
        c->sink = NULL;
        ((ChildChannel *)c)->dropped = true;
        channel_remove(c);
        uv_unref((uv_handle_t *)&((ChildChannel *)c)->process);
        break;
    case CHANNEL_SIGNAL: {
        SignalChannel *s = (SignalChannel *)c;
        int number = s->signal.signum;
        channel_remove(c);
        uv_close((uv_handle_t *)&s->signal, free_handle);
        signals_restore(number);
        break;
    }
    case CHANNEL_WATCH:
        want((WatchChannel *)c, 0);
        places_remove(&c->u->places, c->id);
        c->id = 0;
        uv_close((uv_handle_t *)&((WatchChannel *)c)->poll, free_handle);
        break;
    default: break;
    }
}
