/* host_uv.c - the real host. libuv's loop, its epoll and its event descriptors come into being when the
 * program first waits: one that only computes makes none of them.
 */
#define _GNU_SOURCE // ppoll, preadv2
#include "cli/host_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BUFFER = 8192 };
static const size_t LARGEST_FILE = (size_t)1 << 30;

static UvHost *self(Host *h) { return h->state; }

/* ---- time and waiting ---------------------------------------------------------------------------- */

static int64_t read_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * (int64_t)1000000000 + t.tv_nsec;
}

static int64_t monotonic(Host *h) { (void)h; return read_clock(CLOCK_MONOTONIC); }
static int64_t wall(Host *h) { (void)h; return read_clock(CLOCK_REALTIME); }

static void nothing(uv_async_t *handle) { (void)handle; }
/* libuv runs timers before it polls: without being told it would then wait for something else. */
static void timed_out(uv_timer_t *timer) { uv_stop(timer->loop); }

static void *grow_or_end(void *p, size_t size)
{
    static const char text[] = "co: MemoryError: out of memory\n";
    void *grown = realloc(p, size);
    if (grown || size == 0) return grown;
    ssize_t ignored = write(2, text, sizeof text - 1);
    (void)ignored;
    _exit(EXIT_FAILURE);
}

void host_uv_end_without_memory(void) { uv_replace_allocator(malloc, grow_or_end, calloc, free); }

enum { LOOP_MEMORY = 16 << 10 };

/* uv_loop_init ends the process where it finds no descriptors for the pipe of its signals (it has one of
 * its own open by then) or no memory for its first watchers. */
static bool has_room_for_loop(void)
{
    void *volatile memory = malloc(LOOP_MEMORY); // volatile: not optimised away
    int ends[2] = {-1, -1}, more = -1;
    bool room = memory && pipe(ends) == 0 && (more = dup(ends[0])) >= 0;
    if (ends[0] >= 0) close(ends[0]), close(ends[1]);
    if (more >= 0) close(more);
    free(memory);
    return room;
}

bool host_uv_make_loop(UvHost *u)
{
    if (u->has_loop) return true;
    if (!has_room_for_loop() || uv_loop_init(&u->loop) != 0) return false;
    uv_timer_init(&u->loop, &u->timer);
    uv_timer_init(&u->loop, &u->retry);
    if (uv_async_init(&u->loop, &u->wake, nothing) != 0) return uv_loop_close(&u->loop), false;
    uv_unref((uv_handle_t *)&u->wake); // only what the program has opened keeps the loop alive
    u->has_loop = true;
    return true;
}

static void wake(Host *h)
{
    UvHost *u = self(h);
    if (u->has_loop) uv_async_send(&u->wake);
}

static bool sleep_for(int64_t ns)
{
    struct timespec t = {ns / 1000000000, ns % 1000000000};
    return nanosleep(&t, NULL) == 0;
}

/* Let libuv tell what has happened, and wait for it if nothing has. */
static void run_loop(UvHost *u, VM *vm, int64_t deadline, bool poll)
{
    u->vm = vm;
    if (streams_settle(u)) poll = true;
    if (!poll && deadline != INT64_MAX) {
        int64_t ns = deadline - monotonic(&u->h);
        uv_update_time(&u->loop);
        uv_timer_start(&u->timer, timed_out, ns > 0 ? (uint64_t)(ns + 999999) / 1000000 : 0, 0);
    }
    if (u->signals) uv_ref((uv_handle_t *)&u->wake); // they do not count as something expected, but can be waited for
    uv_run(&u->loop, poll ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    uv_unref((uv_handle_t *)&u->wake);
    uv_timer_stop(&u->timer);
    u->vm = NULL;
}

bool host_uv_expects(const Host *h)
{
    const UvHost *u = h->state;
    return u->has_loop && (uv_loop_alive(&u->loop) || u->ending || u->files);
}

static bool wait(Host *h, VM *vm, int64_t deadline, bool poll)
{
    UvHost *u = self(h);
    bool endless = deadline == INT64_MAX && !poll;
    if (endless && !u->has_loop) return false;
    if (!host_uv_make_loop(u)) { // no descriptors left: deadlines still hold
        if (!poll && deadline > monotonic(h)) sleep_for(deadline - monotonic(h));
        return true;
    }
    if (endless && !host_uv_expects(h) && !u->signals) return false;
    if (!h->pending) run_loop(u, vm, deadline, poll);
    return true;
}

/* ---- what the prompt waits for --------------------------------------------------------------------- */

static void tell(void *data, HostEvent event)
{
    UvHost *u = data;
    u->watch.event(u->watch.state, event);
}

static void tell_readable(uv_poll_t *p, int status, int events)
{
    (void)status; // reading will tell
    (void)events;
    tell(p->data, HOST_READABLE);
}
static void tell_resized(uv_signal_t *s, int number) { (void)number; tell(s->data, HOST_RESIZED); }
static void tell_late(uv_timer_t *t) { tell(t->data, HOST_LATE); }

/* They live as long as the loop; none of them but `readable` keeps it alive. */
static bool make_watchers(UvHost *u, int fd)
{
    if (!host_uv_make_loop(u) || uv_poll_init(&u->loop, &u->readable, fd) != 0) return false;
    uv_timer_init(&u->loop, &u->late);
    uv_signal_init(&u->loop, &u->resized);
    u->readable.data = u->late.data = u->resized.data = u;
    uv_unref((uv_handle_t *)&u->late);
    uv_signal_start(&u->resized, tell_resized, SIGWINCH);
    uv_unref((uv_handle_t *)&u->resized);
    return u->watches = true;
}

bool host_uv_watch(Host *h, const HostWatch *watch)
{
    UvHost *u = self(h);
    if (!u->watches && (watch->fd < 0 || !make_watchers(u, watch->fd))) return false;
    u->watch = *watch;
    if (watch->fd < 0) return true;
    h->busy = true;
    return uv_poll_start(&u->readable, UV_READABLE, tell_readable) == 0;
}

void host_uv_unwatch(Host *h)
{
    UvHost *u = self(h);
    if (!u->watches) return;
    uv_poll_stop(&u->readable);
    uv_timer_stop(&u->late);
    h->busy = u->open > 0;
}

bool host_uv_has_input(Host *h) { return self(h)->line_start < self(h)->line_end; }

void host_uv_remind(Host *h, int late_ms)
{
    UvHost *u = self(h);
    uv_update_time(&u->loop);
    if (late_ms < 0) uv_timer_stop(&u->late);
    else uv_timer_start(&u->late, tell_late, (uint64_t)late_ms, 0);
}

/* Signals are held back between looking at `pending` and going to sleep, or one could fall in between. */
static bool block(Host *h, int64_t ns)
{
    int64_t end = monotonic(h) + ns;
    if (end < ns) end = INT64_MAX;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    for (int64_t left = ns; !h->pending && left > 0; left = end - monotonic(h)) {
        struct timespec t = {left / 1000000000, left % 1000000000};
        ppoll(NULL, 0, &t, &before);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !h->pending;
}

/* ---- randomness ---------------------------------------------------------------------------------- */

static void randomize(Host *h, void *buf, size_t n)
{
    (void)h;
    for (size_t done = 0; done < n;) {
        ssize_t got = getrandom((char *)buf + done, n - done, 0);
        if (got > 0) done += (size_t)got;
        else if (errno != EINTR) memset((char *)buf + done, 0x5C, n - done), done = n; // a kernel without it
    }
}

/* ---- files and streams --------------------------------------------------------------------------- */

static int write_all(Host *h, int fd, const void *buf, size_t n)
{
    (void)h;
    const char *p = buf;
    while (n) {
        ssize_t done = write(fd, p, n);
        if (done >= 0) p += done, n -= (size_t)done;
        else if (errno == EAGAIN) poll(&(struct pollfd){fd, POLLOUT, 0}, 1, -1);
        else if (errno != EINTR) return errno;
    }
    return 0;
}

static long read_line(Host *h, char *buf, size_t cap)
{
    UvHost *u = self(h);
    if (u->line_start == u->line_end) {
        if (!u->line && !(u->line = malloc(LINE_BUFFER))) return -ENOMEM;
        ssize_t n = read(0, u->line, LINE_BUFFER);
        if (n < 0 && errno == EAGAIN) {
            if (poll(&(struct pollfd){0, POLLIN, 0}, 1, -1) < 0) return -EINTR;
            return read_line(h, buf, cap);
        }
        if (n <= 0) return n ? -errno : 0;
        u->line_start = 0;
        u->line_end = (size_t)n;
    }
    const char *from = u->line + u->line_start;
    size_t n = u->line_end - u->line_start;
    if (n > cap) n = cap;
    const char *end = memchr(from, '\n', n);
    if (end) n = (size_t)(end - from) + 1;
    memcpy(buf, from, n);
    u->line_start += n;
    return (long)n;
}

static bool has_input(Host *h)
{
    return host_uv_has_input(h) || poll(&(struct pollfd){0, POLLIN, 0}, 1, 0) > 0;
}

static char *read_open_file(int fd, size_t *size, int *err)
{
    struct stat st;
    size_t n = 0, room = 4096;
    if (fstat(fd, &st) != 0) return *err = errno, NULL;
    if (S_ISDIR(st.st_mode)) return *err = EISDIR, NULL;
    if (S_ISREG(st.st_mode) && st.st_size > 0 && (size_t)st.st_size < LARGEST_FILE)
        room = (size_t)st.st_size + 1;
    char *text = malloc(room);
    while (text) {
        ssize_t got = read(fd, text + n, room - n);
        if (got == 0) return *size = n, text;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 || n + (size_t)got > LARGEST_FILE) {
            *err = got < 0 ? errno : EFBIG;
            free(text);
            return NULL;
        }
        n += (size_t)got;
        if (n < room) continue;
        char *more = realloc(text, room *= 2);
        if (!more) free(text);
        text = more;
    }
    return *err = ENOMEM, NULL;
}

static char *read_file(Host *h, const char *path, size_t *size, int *err)
{
    (void)h;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return *err = errno, NULL;
    char *text = read_open_file(fd, size, err);
    close(fd);
    return text;
}

static int open_fd(Host *h, const char *path, int flags, int mode)
{
    (void)h;
    struct stat st;
    int fd = open(path, flags | O_CLOEXEC, mode);
    if (fd < 0) return -errno;
    if (fstat(fd, &st) != 0 || !S_ISDIR(st.st_mode)) return fd;
    close(fd);
    return -EISDIR;
}

static long read_fd(Host *h, int fd, void *buf, size_t n)
{
    (void)h;
    ssize_t got = read(fd, buf, n);
    return got < 0 ? -errno : got;
}

static long read_now(Host *h, int fd, void *buf, size_t n)
{
    (void)h;
    ssize_t got = preadv2(fd, &(struct iovec){buf, n}, 1, -1, RWF_NOWAIT);
    return got < 0 ? -EAGAIN : got;
}

static int64_t seek_fd(Host *h, int fd, int64_t offset, int whence)
{
    (void)h;
    off_t at = lseek(fd, offset, whence);
    return at < 0 ? -errno : at;
}

static int truncate_fd(Host *h, int fd, int64_t size) { return (void)h, ftruncate(fd, size) == 0 ? 0 : -errno; }
static int close_fd(Host *h, int fd) { return (void)h, close(fd) == 0 ? 0 : -errno; }

/* ---- life ---------------------------------------------------------------------------------------- */

static void free_child(uv_handle_t *handle) { free(handle->data); }

/* A child that still runs is left to run. */
static void close_child(uv_handle_t *handle, void *state)
{
    (void)state;
    if (handle->type == UV_PROCESS && !uv_is_closing(handle)) uv_close(handle, free_child);
}

static void close_host(Host *h)
{
    UvHost *u = self(h);
    if (u->has_loop) {
        lanes_free(u);
        stream_free_all(u);
        u->has_loop = false;
        uv_close((uv_handle_t *)&u->timer, NULL);
        if (u->watches) {
            uv_close((uv_handle_t *)&u->readable, NULL);
            uv_close((uv_handle_t *)&u->late, NULL);
            uv_close((uv_handle_t *)&u->resized, NULL);
        }
        uv_close((uv_handle_t *)&u->retry, NULL);
        uv_close((uv_handle_t *)&u->wake, NULL);
        uv_walk(&u->loop, close_child, NULL);
        uv_run(&u->loop, UV_RUN_DEFAULT); // look-ups under way end first: their thread holds their memory
        uv_loop_close(&u->loop);
    }
    places_free(&u->places);
    free(u->buffer);
    free(u->line);
    free(u);
}

Host *host_uv_new(void)
{
    UvHost *u = calloc(1, sizeof *u);
    if (!u) return NULL;
    u->h = (Host){
        .state = u,
        .monotonic = monotonic,
        .wall = wall,
        .wait = wait,
        .wake = wake,
        .block = block,
        .random = randomize,
        .hash_key = host_hash_key,
        .write = write_all,
        .write_fd = write_all,
        .has_input = has_input,
        .read_now = read_now,
        .read_line = read_line,
        .read_file = read_file,
        .open_fd = open_fd,
        .read_fd = read_fd,
        .seek_fd = seek_fd,
        .truncate_fd = truncate_fd,
        .close_fd = close_fd,
        .close = close_host,
        .io = &uv_io,
    };
    return &u->h;
}

void host_free(Host *h)
{
    if (!h) return;
    signals_forget(h);
    h->close(h);
}
