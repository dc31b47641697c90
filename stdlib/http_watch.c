/* http_watch.c - the patience of a server. The connections that wait for the same kind of thing stand in a list,
 * in the order in which they began, which is the order of their deadlines: entering and leaving cost nothing, and
 * one timer, set for the earliest, serves them all. It looks again when it fires; most have gone on meanwhile.
 */
#include "stdlib/http.h"
#include "vm/exception.h"
#include "vm/float.h"
#include "vm/native.h"
#include "vm/protocol.h"

static void leave(HttpWatch *w, HttpConnection *c)
{
    *(c->prev ? &c->prev->next : &w->first[c->phase]) = c->next;
    *(c->next ? &c->next->prev : &w->last[c->phase]) = c->prev;
    c->next = c->prev = NULL;
}

static void arm(VM *vm, HttpWatch *w, int64_t when);

void http_enter(VM *vm, HttpConnection *c, HttpPhase phase)
{
    HttpWatch *w = c->watched;
    if (!w) return;
    if (c->phase != PHASE_NONE) leave(w, c);
    c->phase = (uint8_t)phase;
    if (phase == PHASE_NONE) return;
    c->deadline = w->patience[phase] ? sched_now(vm) + w->patience[phase] : INT64_MAX;
    c->prev = w->last[phase];
    *(c->prev ? &c->prev->next : &w->first[phase]) = c;
    w->last[phase] = c;
    if (w->patience[phase] && (!w->armed || c->deadline < w->armed)) arm(vm, w, c->deadline);
}

/* ---- the timer ----------------------------------------------------------------------------------- */

static Value nat_look(VM *vm, Args args);
static const NativeDef look_def = {"look(self, /)", nat_look, "See who has taken too long.", 0};

/* No memory for it: the next that enters tries again. */
static void arm(VM *vm, HttpWatch *w, int64_t when)
{
    Value look = native_new(vm, &look_def, obj_value(w->owner), NULL, VALUE_NONE);
    Value handle = is_error(look) ? look : handle_new(vm, look, obj_value(vm->empty_tuple), VALUE_NONE, when);
    if (is_error(handle) || !sched_call_at(vm, handle, when)) vm_take_pending(vm);
    else w->armed = when;
}

/* Who waits for the peer sees what has happened when he looks again. */
static void give_up(VM *vm, HttpConnection *c)
{
    HttpPhase phase = (HttpPhase)c->phase;
    Stream *s = http_stream(c);
    http_enter(vm, c, PHASE_NONE);
    if (phase == PHASE_WRITE && !s->pending) return; // it has been taken long since
    c->timed_out = (uint8_t)phase;
    c->keep_alive = false;
    if (phase == PHASE_WRITE) stream_close_channel(vm, s, true);
    else stream_wake_reader(vm, s);
}

static Value nat_look(VM *vm, Args args)
{
    HttpWatch *w = http_watch(args.v[0]);
    int64_t now = sched_now(vm), next = INT64_MAX;
    w->armed = 0;
    for (int p = 0; p < PHASE_COUNT; p++) {
        while (w->first[p] && w->first[p]->deadline <= now) give_up(vm, w->first[p]);
        if (w->first[p] && w->first[p]->deadline < next) next = w->first[p]->deadline;
    }
    if (next != INT64_MAX && !w->armed) arm(vm, w, next);
    return VALUE_NONE;
}

/* ---- the object ---------------------------------------------------------------------------------- */

static bool seconds_from(VM *vm, Value v, int64_t *ns)
{
    double seconds;
    if (is_none(v)) return *ns = 0, true;
    if (is_small(v)) seconds = (double)as_small(v);
    else if (is_float(v)) seconds = as_float(v);
    else return vm_raise(vm, ERR_TYPE, "a timeout must be a number of seconds or None, not %T", v), false;
    if (!(seconds > 0)) return vm_raise(vm, ERR_VALUE, "a timeout must be positive, or None"), false;
    *ns = seconds < 1e9 ? (int64_t)(seconds * 1e9) : 0;
    return true;
}

/* Watch(idle, header, body, write) */
static Value construct(VM *vm, Args args)
{
    NativeData *o = native_data_new(vm, as_type(args.v[0]), sizeof(HttpWatch));
    if (!o) return VALUE_ERROR;
    HttpWatch *w = o->data;
    *w = (HttpWatch){.owner = &o->h, .uses = 1, .date_of = -1};
    for (int i = 0; i < 4; i++)
        if (!seconds_from(vm, args.v[1 + i], &w->patience[PHASE_IDLE + i])) return VALUE_ERROR;
    w->patience[PHASE_LINGER] = 2000000000;
    return obj_value(o);
}

static void drop(VM *vm, HttpWatch *w)
{
    if (!--w->uses) heap_free(vm, w, sizeof *w);
}

static void watch_free(VM *vm, Obj *o)
{
    if (((NativeData *)o)->data) drop(vm, ((NativeData *)o)->data);
}

void http_watch_join(HttpConnection *c, Value watch)
{
    c->watch = watch;
    c->watched = http_watch(watch);
    c->watched->uses++;
}

void http_watch_leave(VM *vm, HttpConnection *c)
{
    if (!c->watched) return;
    if (c->phase != PHASE_NONE) leave(c->watched, c);
    drop(vm, c->watched);
}

/* Answer what has been asked, and nothing more. */
static Value nat_close(VM *vm, Args args)
{
    HttpWatch *w = http_watch(args.v[0]);
    w->closing = true;
    while (w->first[PHASE_IDLE]) give_up(vm, w->first[PHASE_IDLE]);
    return VALUE_NONE;
}

static const NativeDef methods[] = {
    {"close(self, /)", nat_close, "Let the idle connections go, and others after their answer.", 0},
    {0},
};

const TypeDef http_watch_def = {
    .slots = {.free = watch_free},
    .methods = methods,
    .constructor = {"Watch(idle, header, body, write)", construct, "Seconds, or None.", 0},
    .flags = TYPE_FINAL,
    .doc = "How long the peers of a server may take.",
};
