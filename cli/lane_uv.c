/* lane_uv.c - the real host's threads: each does the jobs it is given, one after another.
 *
 * A lane's list of jobs is guarded by its mutex; whoever finishes a job puts it into the list of done ones
 * and sends the lane's async handle, by which the loop's thread hears of it. An idle lane keeps no loop
 * alive.
 *
 * A thread may step back (SCHED_IDLE) but never forward again: so one that did so for a long job ends
 * after it, and the loop's thread starts another for the jobs that follow.
 */
#define _GNU_SOURCE // SCHED_IDLE
#include "cli/host_uv.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum {
    LANE_STACK = 8 << 20, // a worker's VM wants as much as a program's main thread
    LOOSE_STACK = 512 << 10,
};

typedef struct Jobs { IoJob *first, *last; } Jobs;

struct Lane {
    Channel c;
    Lane *next, *prev;      // of the host's
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t more;
    Jobs todo, done;
    bool loose;
    bool running;           // a job, which may never end if the lane is loose
    bool stopping;          // ends when nothing is left to do
    bool ended;             // its thread does nothing any more
    bool left;              // the host is gone: what is here belongs to the thread
    bool joined;
    bool tired;             // its thread has stepped back and ends: another has to take its place
    size_t given;           // jobs that have not been told as done
    uv_async_t *told;       // of its own: libuv lets go of it late
};

static void append(Jobs *jobs, IoJob *job)
{
    job->next = NULL;
    if (jobs->first) jobs->last->next = job;
    else jobs->first = job;
    jobs->last = job;
}

static IoJob *take(Jobs *jobs)
{
    IoJob *job = jobs->first;
    if (job) jobs->first = job->next;
    return job;
}

/* ---- on the lane's thread ------------------------------------------------------------------------ */

void lane_step_back(IoJob *job)
{
    if (job->stepped_back) return;
    job->stepped_back = true;
    // Being nice is not enough: since Linux 6.6 a thread, however nice, that runs is not interrupted for one that wakes.
    sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0});
}

static void drop_all(Lane *l)
{
    for (IoJob *job; (job = take(&l->done)) || (job = take(&l->todo));) job->drop(job);
}

static void free_lane(Lane *l)
{
    pthread_mutex_destroy(&l->mutex);
    pthread_cond_destroy(&l->more);
    free(l);
}

/* With the mutex held. */
static void do_job(Lane *l, IoJob *job)
{
    l->running = true;
    pthread_mutex_unlock(&l->mutex);
    job->run(job);
    pthread_mutex_lock(&l->mutex);
    l->running = false;
    l->tired = job->stepped_back;
    append(&l->done, job);
    if (!l->left) uv_async_send(l->told);
}

static void *work(void *argument)
{
    Lane *l = argument;
    pthread_mutex_lock(&l->mutex);
    while (!l->tired && !l->left) {
        IoJob *job = take(&l->todo);
        if (job) do_job(l, job);
        else if (l->stopping) {
            l->ended = true;
            uv_async_send(l->told);
            break;
        } else pthread_cond_wait(&l->more, &l->mutex);
    }
    bool left = l->left;
    pthread_mutex_unlock(&l->mutex);
    if (left) drop_all(l), free_lane(l);
    return NULL;
}

/* ---- on the loop's ------------------------------------------------------------------------------- */

/* The host counts only lanes that have something to do. */
static void count(Lane *l, size_t given)
{
    UvHost *u = l->c.u;
    bool before = l->given > 0, now = given > 0;
    l->given = given;
    if (before == now) return;
    if (now) uv_ref((uv_handle_t *)l->told);
    else uv_unref((uv_handle_t *)l->told);
    u->open += now ? 1 : (size_t)-1;
    host_uv_settle_busy(u);
}

static void free_handle(uv_handle_t *handle) { free(handle); }

static void forget(Lane *l)
{
    if (!l->joined) pthread_join(l->thread, NULL);
    if (l->prev) l->prev->next = l->next;
    else l->c.u->lanes = l->next;
    if (l->next) l->next->prev = l->prev;
    uv_close((uv_handle_t *)l->told, free_handle);
    free_lane(l);
}

/* Signals are for the program's own thread. */
static int start_thread(Lane *l)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, l->loose ? LOOSE_STACK : LANE_STACK);
    int err = pthread_create(&l->thread, &attributes, work, l);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    l->joined = err != 0;
    return err;
}

/* Nobody waits for the tired one, which may be long in coming to its end. No thread to be had: tried again. */
static void relieve(Lane *l)
{
    if (!l->joined) pthread_detach(l->thread);
    l->tired = false;
    if (start_thread(l) == 0) return;
    l->tired = true;
    uv_async_send(l->told);
}

static void told(uv_async_t *async)
{
    Lane *l = async->data;
    for (;;) {
        pthread_mutex_lock(&l->mutex);
        IoJob *job = take(&l->done);
        bool ended = l->ended;
        if (!job && l->tired) relieve(l);
        pthread_mutex_unlock(&l->mutex);
        if (!job) {
            if (ended) forget(l);
            return;
        }
        count(l, l->given - 1);
        VM *vm = l->c.u->vm;
        if (l->c.sink && vm) channel_tell(&l->c, &(IoEvent){.kind = IO_DONE, .job = job});
        else job->drop(job);
    }
}

int lane_open(Host *h, bool loose, IoSink *sink, IoId *id)
{
    UvHost *u = uv_host(h);
    Lane *l = calloc(1, sizeof *l);
    if (l) l->told = calloc(1, sizeof *l->told);
    if (!l || !l->told || !host_uv_make_loop(u) || !(l->c.id = places_add(&u->places, &l->c))) {
        if (l) free(l->told);
        return free(l), -ENOMEM;
    }
    l->loose = loose;
    l->c = (Channel){u, sink, l->c.id, CHANNEL_LANE};
    pthread_mutex_init(&l->mutex, NULL);
    pthread_cond_init(&l->more, NULL);
    uv_async_init(&u->loop, l->told, told);
    l->told->data = l;
    uv_unref((uv_handle_t *)l->told);

    int err = start_thread(l);
    if (err) {
        places_remove(&u->places, l->c.id);
        uv_close((uv_handle_t *)l->told, free_handle);
        return free_lane(l), -err;
    }
    l->next = u->lanes;
    if (u->lanes) u->lanes->prev = l;
    u->lanes = l;
    *id = l->c.id;
    return 0;
}

/* time.sleep on a lane: no signal reaches its thread, so it sleeps in naps, to see whether it is told to stop. */
static bool nap(Host *h, int64_t ns)
{
    enum { NAP = 10000000 };
    for (int64_t end = h->monotonic(h) + ns, left = ns; !h->pending && left > 0; left = end - h->monotonic(h)) {
        struct timespec t = {0, left < NAP ? left : NAP};
        nanosleep(&t, NULL);
    }
    return !h->pending;
}

Host *lane_host(Host *h)
{
    Host *another = host_uv_new();
    (void)h;
    if (another) another->block = nap;
    return another;
}

int lane_give(Host *h, IoId id, IoJob *job)
{
    Channel *c = channel_find(uv_host(h), id);
    if (!c || c->kind != CHANNEL_LANE) return -EBADF;
    Lane *l = (Lane *)c;
    count(l, l->given + 1);
    pthread_mutex_lock(&l->mutex);
    append(&l->todo, job);
    pthread_cond_signal(&l->more);
    pthread_mutex_unlock(&l->mutex);
    return 0;
}

void lane_close(Channel *c, bool abort)
{
    Lane *l = (Lane *)c;
    c->sink = NULL;
    places_remove(&c->u->places, c->id);
    c->id = 0;
    pthread_mutex_lock(&l->mutex);
    l->stopping = true;
    pthread_cond_signal(&l->more);
    pthread_mutex_unlock(&l->mutex);
    if (!abort) return;
    pthread_join(l->thread, NULL);
    l->joined = true;
}

/* A loose lane whose job goes on is left to its thread. */
static bool leave(Lane *l)
{
    if (!l->loose || l->joined) return false;
    pthread_mutex_lock(&l->mutex);
    bool left = l->left = l->running;
    if (left) pthread_detach(l->thread);
    pthread_mutex_unlock(&l->mutex);
    return left;
}

/* Whoever gave jobs to the others has seen to it that they end soon. */
void lanes_free(UvHost *u)
{
    while (u->lanes) {
        Lane *l = u->lanes;
        uv_handle_t *handle = (uv_handle_t *)l->told;
        u->lanes = l->next;
        if (l->next) l->next->prev = NULL;
        if (l->c.id) lane_close(&l->c, false);
        if (!leave(l)) {
            if (!l->joined) pthread_join(l->thread, NULL);
            for (IoJob *job; (job = take(&l->todo));) job->run(job), append(&l->done, job); // a tired thread's
            drop_all(l);
            free_lane(l);
        }
        uv_close(handle, free_handle);
    }
}
