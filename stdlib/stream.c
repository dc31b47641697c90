#include "stdlib/stream.h"
#include "vm/bytes.h"
#include "vm/common.h"
#include "vm/exception.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/search.h"
#include "vm/str.h"
#include "vm/strand.h"

#include <errno.h>

static void on_event(VM *vm, IoSink *sink, const IoEvent *e);

/* ---- making and dropping ------------------------------------------------------------------------- */

Value stream_new(VM *vm, size_t limit)
{
    NativeData *o = native_data_new(vm, stdlib(vm)->reader_type, sizeof(Stream));
    if (!o) return VALUE_ERROR;
    Stream *s = o->data;
    *s = (Stream){.sink = {on_event}, .owner = &o->h, .limit = limit, .high = STREAM_HIGH_WATER};
    s->low = s->high / 4;
    s->reading.task = s->want.separator = s->error = s->waiters = s->transport = s->protocol = VALUE_UNSET;
    return obj_value(o);
}

Value stream_writer(VM *vm, Value reader)
{
    NativeData *o = native_data_new(vm, stdlib(vm)->writer_type, 0);
    if (!o) return VALUE_ERROR;
    o->data = stream_of(reader);
    o->values[0] = reader;
    return obj_value(o);
}

void stream_trace(VM *vm, Obj *o)
{
    const Stream *s = ((NativeData *)o)->data;
    if (!s) return;
    gc_mark_value(vm, ((NativeData *)o)->values[0]); // who answers for its layer
    gc_mark_value(vm, s->reading.task);
    gc_mark_value(vm, s->want.separator);
    gc_mark_value(vm, s->error);
    gc_mark_value(vm, s->waiters);
    gc_mark_value(vm, s->transport);
    gc_mark_value(vm, s->protocol);
}

/* Nobody can read or write it any more: what has been written still goes out. */
void stream_free(VM *vm, Obj *o)
{
    Stream *s = ((NativeData *)o)->data;
    if (!s) return;
    if (s->id) {
        vm->host->io->attach(vm->host, s->id, NULL);
        vm->host->io->close(vm->host, s->id, false);
    }
    if (s->layer) s->layer->free(vm, s);
    if (s->data) heap_free(vm, s->data, s->capacity);
    heap_free(vm, s, sizeof *s);
}

void stream_open(VM *vm, Value reader, IoId id, unsigned flags)
{
    Stream *s = stream_of(reader);
    s->id = id;
    s->flags |= flags | STREAM_OPEN;
    vm->host->io->attach(vm->host, id, &s->sink);
}

void stream_close_channel(VM *vm, Stream *s, bool abort)
{
    if (s->layer && s->id && !abort && !(s->flags & (STREAM_CLOSING | STREAM_WRITE_ENDED))) s->layer->end(vm, s);
    s->flags |= STREAM_CLOSING;
    if (s->id) vm->host->io->close(vm->host, s->id, abort);
}

/* ---- waking -------------------------------------------------------------------------------------- */

void stream_wake_reader(VM *vm, Stream *s)
{
    if (is_unset(s->reading.task)) return;
    if (waiter_waits(&s->reading)) task_resume(vm, as_task(s->reading.task), obj_value(s->owner));
    gc_store(vm, s->owner, &s->reading.task, VALUE_UNSET);
}

/* All of them look again at what they wait for. */
static void wake_waiters(VM *vm, Stream *s)
{
    if (is_unset(s->waiters)) return;
    List *l = as_list(s->waiters);
    gc_store(vm, s->owner, &s->waiters, VALUE_UNSET);
    for (size_t i = 0; i + 1 < l->size; i += 2) {
        Waiter w = {l->items[i], (uint32_t)as_small(l->items[i + 1])};
        if (waiter_waits(&w)) task_resume(vm, as_task(w.task), obj_value(s->owner));
    }
}

/* Those whose tasks have been woken otherwise leave the list. */
static void drop_stale(List *l)
{
    size_t kept = 0;
    for (size_t i = 0; i + 1 < l->size; i += 2) {
        Waiter w = {l->items[i], (uint32_t)as_small(l->items[i + 1])};
        if (!waiter_waits(&w)) continue;
        l->items[kept++] = l->items[i];
        l->items[kept++] = l->items[i + 1];
    }
    l->size = kept;
}

static bool add_waiter(VM *vm, Stream *s, Task *t)
{
    if (is_unset(s->waiters)) {
        Value l = list_new(vm, NULL, 0);
        if (is_error(l)) return false;
        gc_store(vm, s->owner, &s->waiters, l);
    }
    List *l = as_list(s->waiters);
    gc_store_many(vm, l, l->items, l->size);
    drop_stale(l);
    return list_append(vm, l, obj_value(t)) && list_append(vm, l, small(t->timer));
}

/* ---- what has come ------------------------------------------------------------------------------- */

static bool set_capacity(VM *vm, Stream *s, size_t capacity)
{
    uint8_t *data = s->data ? heap_realloc(vm, s->data, s->capacity, capacity) : heap_malloc(vm, capacity);
    if (!data) return false;
    s->data = data;
    s->capacity = capacity;
    return true;
}

static bool make_room(VM *vm, Stream *s, size_t n)
{
    if (s->start && s->start + s->size + n > s->capacity) {
        memmove(s->data, s->data + s->start, s->size);
        s->start = 0;
    }
    size_t needed = s->start + s->size + n;
    if (needed <= s->capacity) return true;
    size_t capacity = s->size ? s->capacity * 2 : n, most = 2 * s->limit + n; // that is held when nobody waits for more
    if (capacity > most && needed <= most) capacity = most;
    if (capacity < needed) capacity = needed;
    return set_capacity(vm, s, capacity);
}

void stream_consume(VM *vm, Stream *s, size_t n)
{
    s->start += n;
    s->size -= n;
    if (!s->size) { // idle connections hold no buffer
        if (s->data) heap_free(vm, s->data, s->capacity);
        s->data = NULL;
        s->start = s->capacity = 0;
    }
    if (s->flags & STREAM_HELD_BACK && s->size <= s->limit) {
        s->flags &= ~(unsigned)STREAM_HELD_BACK;
        stream_hold(vm, s);
    }
}

void stream_hold(VM *vm, Stream *s)
{
    bool on = !(s->flags & (STREAM_HELD_BACK | STREAM_PAUSED | STREAM_EOF | STREAM_CLOSING));
    if (s->id && s->flags & STREAM_READING) vm->host->io->read(vm->host, s->id, on);
}

void stream_start_reading(VM *vm, Stream *s)
{
    s->flags |= STREAM_READING;
    stream_hold(vm, s);
}

static const uint8_t *find_separator(const Stream *s, Want *w)
{
    const uint8_t *data = s->data + s->start;
    size_t n = is_unset(w->separator) ? 1 : byte_view(w->separator).size;
    if (s->size < w->scanned + n) return NULL;
    const void *sep = is_unset(w->separator) ? "\n" : (const void *)byte_view(w->separator).data;
    size_t at = search_first(data + w->scanned, s->size - w->scanned, sep, n);
    if (at != SEARCH_NONE) return data + w->scanned + at;
    w->scanned = s->size + 1 - n;
    return NULL;
}

/* Is it worth waking whoever waits? */
static bool is_satisfied(Stream *s)
{
    Want *w = &s->want;
    if (s->flags & STREAM_EOF || !is_unset(s->error)) return true;
    switch (w->kind) {
    case WANT_SOME: return s->size > 0;
    case WANT_ALL: return false;
    case WANT_EXACTLY: return s->size >= w->n;
    case WANT_FOUND:
        if (w->finder->ready(s, w->scanned)) return true;
        w->scanned = s->size;
        return false;
    default: return find_separator(s, w) || w->scanned > s->limit;
    }
}

/* The host keeps what comes now. A peer that is held back for long costs what it has sent, no more. */
static void hold_back(VM *vm, Stream *s)
{
    s->flags |= STREAM_HELD_BACK;
    stream_hold(vm, s);
    if (s->start + s->size < s->capacity) set_capacity(vm, s, s->start + s->size);
}

bool stream_feed(VM *vm, Stream *s, const void *data, size_t n)
{
    if (!make_room(vm, s, n)) return false;
    memcpy(s->data + s->start + s->size, data, n);
    s->size += n;
    bool awaited = waiter_waits(&s->reading);
    if (awaited && is_satisfied(s)) stream_wake_reader(vm, s);
    else if (awaited) return true; // a task that waits for more is not to be held back
    if (s->size > 2 * s->limit && !(s->flags & STREAM_HELD_BACK)) hold_back(vm, s);
    return true;
}

void stream_feed_end(VM *vm, Stream *s)
{
    s->flags |= STREAM_EOF;
    stream_wake_reader(vm, s);
    if (s->flags & STREAM_SHAKING) wake_waiters(vm, s);
}

void stream_set_error(VM *vm, Stream *s, Value exc)
{
    gc_store(vm, s->owner, &s->error, exc);
    stream_wake_reader(vm, s);
}

/* ---- reading ------------------------------------------------------------------------------------- */

static Value take_bytes(VM *vm, Stream *s, size_t n)
{
    Value v = bytes_new(vm, s->data + s->start, n);
    if (!is_error(v)) stream_consume(vm, s, n);
    return v;
}

/* IncompleteReadError and LimitOverrunError are classes of asyncio.exceptions. */
static Value raise_asyncio(VM *vm, const char *name, Value a, Value b)
{
    Value *args = roots_reserve(vm, 2);
    if (!args) return VALUE_ERROR;
    args[0] = a;
    args[1] = b;
    Value v = module_import(vm, vm_intern(vm, "asyncio.exceptions"));
    if (!is_error(v)) v = obj_getattr(vm, v, vm_intern(vm, name));
    if (!is_error(v)) v = vm_call(vm, v, args, 2);
    if (!is_error(v)) v = vm_raise_exc(vm, v);
    roots_pop(vm, args);
    return v;
}

static Value incomplete(VM *vm, Stream *s, Value expected)
{
    Value partial = take_bytes(vm, s, s->size);
    return is_error(partial) ? partial : raise_asyncio(vm, "IncompleteReadError", partial, expected);
}

static const char *const TOO_LONG = "Separator is found, but chunk is longer than limit";
static const char *const NOT_FOUND = "Separator is not found, and chunk exceed the limit";

/* readuntil leaves the bytes where they are; readline drops the line, or all that has come of it. */
static Value overrun(VM *vm, Stream *s, const Want *w, size_t consumed, const char *text)
{
    if (w->kind == WANT_UNTIL) {
        Value message = str_from_c(vm, text);
        return is_error(message) ? message : raise_asyncio(vm, "LimitOverrunError", message, small((int64_t)consumed));
    }
    stream_consume(vm, s, text == TOO_LONG ? consumed + 1 : s->size);
    return vm_raise(vm, ERR_VALUE, "%s", text);
}

static Value take_until(VM *vm, Stream *s, Want *w)
{
    const uint8_t *found = find_separator(s, w);
    size_t n = is_unset(w->separator) ? 1 : byte_view(w->separator).size;
    if (found) {
        size_t at = (size_t)(found - (s->data + s->start));
        return at > s->limit ? overrun(vm, s, w, at, TOO_LONG) : take_bytes(vm, s, at + n);
    }
    if (w->scanned > s->limit) return overrun(vm, s, w, w->scanned, NOT_FOUND);
    if (!(s->flags & STREAM_EOF)) return VALUE_PARK;
    if (w->kind == WANT_UNTIL) return incomplete(vm, s, VALUE_NONE);
    if (w->kind == WANT_NEXT_LINE && !s->size)
        return vm_raise_exc(vm, exception_new(vm, ERR_STOP_ASYNC_ITERATION, obj_value(vm->empty_tuple)));
    return take_bytes(vm, s, s->size);
}

Value stream_take(VM *vm, Value reader, Want *w)
{
    Stream *s = stream_of(reader);
    if (!is_unset(s->error)) return vm_raise_exc(vm, s->error);
    bool eof = s->flags & STREAM_EOF;
    switch (w->kind) {
    case WANT_SOME:
        if (!w->n || (!s->size && eof)) return take_bytes(vm, s, 0);
        return s->size ? take_bytes(vm, s, w->n < s->size ? w->n : s->size) : VALUE_PARK;
    case WANT_ALL: return eof ? take_bytes(vm, s, s->size) : VALUE_PARK;
    case WANT_EXACTLY:
        if (s->size >= w->n) return take_bytes(vm, s, w->n);
        return eof ? incomplete(vm, s, int_from_u64(vm, w->n)) : VALUE_PARK;
    case WANT_FOUND: {
        Value v = w->finder->take(vm, w->separator);
        w->scanned = s->size;
        return v;
    }
    default: return take_until(vm, s, w);
    }
}

Value stream_wait_for_data(VM *vm, Value reader, const Want *w, const char *caller)
{
    Stream *s = stream_of(reader);
    if (waiter_waits(&s->reading))
        return vm_raise(vm, ERR_RUNTIME, "%s() called while another coroutine is already waiting for incoming data",
                        caller);
    Value parked = task_park(vm, WAIT_READ, reader, 0);
    if (parked != VALUE_PARK) return parked;
    gc_store(vm, vm->task, &vm->task->f.result, small(AWAIT_READ));
    gc_store(vm, s->owner, &s->reading.task, obj_value(vm->task));
    gc_store(vm, s->owner, &s->want.separator, w->separator);
    s->reading.generation = vm->task->timer;
    s->want = *w;
    if (s->flags & STREAM_HELD_BACK) { // it wants more than the limit: let it come
        s->flags &= ~(unsigned)STREAM_HELD_BACK;
        stream_hold(vm, s);
    }
    return VALUE_PARK;
}

/* ---- waiting for anything else ------------------------------------------------------------------- */

static const WaitKind wait_kinds[] = {
    [AWAIT_READ] = WAIT_READ,         [AWAIT_CONNECT] = WAIT_CONNECT, [AWAIT_DRAIN] = WAIT_WRITE,
    [AWAIT_DRAIN_SOON] = WAIT_WRITE,  [AWAIT_CLOSED] = WAIT_CLOSE, [AWAIT_HANDSHAKE] = WAIT_CONNECT,
};

/* What it comes to, or VALUE_PARK. */
static Value outcome(VM *vm, Stream *s, StreamWait what)
{
    bool lost = s->flags & STREAM_LOST;
    switch (what) {
    case AWAIT_CONNECT:
        if (s->flags & STREAM_CONNECTING) return VALUE_PARK;
        return is_unset(s->error) ? VALUE_NONE : vm_raise_exc(vm, s->error);
    case AWAIT_DRAIN:
        if (lost && s->flags & STREAM_FULL && !is_unset(s->error)) return vm_raise_exc(vm, s->error);
        if (lost && !(s->flags & STREAM_FULL)) return vm_raise(vm, ERR_CONNECTION_RESET, "Connection lost");
        return s->flags & STREAM_FULL && !lost ? VALUE_PARK : VALUE_NONE;
    case AWAIT_DRAIN_SOON: return outcome(vm, s, AWAIT_DRAIN);
    case AWAIT_HANDSHAKE:
        if (!is_unset(s->error)) return vm_raise_exc(vm, s->error);
        if (!(s->flags & STREAM_SHAKING)) return VALUE_NONE;
        if (lost || s->flags & STREAM_EOF)
            return vm_raise(vm, ERR_CONNECTION_RESET, "the connection ended before TLS was agreed on");
        return VALUE_PARK;
    default:
        if (!lost && s->flags & STREAM_OPEN) return VALUE_PARK;
        return is_unset(s->error) ? VALUE_NONE : vm_raise_exc(vm, s->error);
    }
}

Value stream_wait(VM *vm, Value reader, StreamWait what)
{
    Stream *s = stream_of(reader);
    bool yields = what == AWAIT_DRAIN_SOON;
    Value v = yields ? VALUE_PARK : outcome(vm, s, what);
    if (v != VALUE_PARK) return v;
    v = task_park(vm, wait_kinds[what], reader, 0);
    if (v != VALUE_PARK) return v;
    Task *t = vm->task;
    gc_store(vm, t, &t->f.result, small((int64_t)what));
    if (yields) task_resume(vm, t, reader);
    else if (!add_waiter(vm, s, t)) return VALUE_ERROR;
    return VALUE_PARK;
}

Value stream_resume(VM *vm, Value reader, Task *t)
{
    Stream *s = stream_of(reader);
    StreamWait what = (StreamWait)as_small(t->f.result);
    if (what == AWAIT_READ) {
        Value v = stream_take(vm, reader, &s->want);
        if (v != VALUE_PARK) return v;
        gc_store(vm, s->owner, &s->reading.task, obj_value(t));
        s->reading.generation = t->timer;
        return task_park_again(vm, t, WAIT_READ, reader);
    }
    Value v = outcome(vm, s, what);
    if (v != VALUE_PARK) return v;
    if (!add_waiter(vm, s, t)) return VALUE_ERROR;
    t->f.result = small((int64_t)(what == AWAIT_DRAIN_SOON ? AWAIT_DRAIN : what));
    return task_park_again(vm, t, wait_kinds[what], reader);
}

/* ---- writing ------------------------------------------------------------------------------------- */

static bool tell_full(VM *vm, Stream *s)
{
    s->flags |= STREAM_FULL;
    if (is_unset(s->protocol)) return true;
    Value v = obj_getattr_opt(vm, s->protocol, vm_intern(vm, "pause_writing"));
    if (!is_unset(v) && !is_error(v)) v = vm_call(vm, v, NULL, 0);
    return !is_error(v);
}

bool stream_send(VM *vm, Stream *s, const void *data, size_t n)
{
    return s->layer ? s->layer->send(vm, s, data, n) : stream_transmit(vm, s, data, n);
}

void stream_end_writing(VM *vm, Stream *s)
{
    if (s->flags & (STREAM_CLOSING | STREAM_WRITE_ENDED)) return;
    if (s->layer && s->id) s->layer->end(vm, s);
    s->flags |= STREAM_WRITE_ENDED;
    if (s->id && s->flags & STREAM_ONE_WAY) stream_close_channel(vm, s, false);
    else if (s->id) vm->host->io->write_end(vm->host, s->id);
}

bool stream_transmit(VM *vm, Stream *s, const void *data, size_t n)
{
    if (!n || !s->id) return true;
    int64_t left = vm->host->io->write(vm->host, s->id, data, n);
    if (left == -ENOMEM) return vm_no_memory(vm), false;
    if (left < 0) { // its end will be told
        s->flags |= STREAM_CLOSING;
        return true;
    }
    s->pending = (size_t)left;
    return s->pending <= s->high || s->flags & STREAM_FULL || tell_full(vm, s);
}

/* ---- what the host tells ------------------------------------------------------------------------- */

static void call_protocol(VM *vm, Stream *s, const char *method, Value arg)
{
    Value callback = obj_getattr_opt(vm, s->protocol, vm_intern(vm, method));
    if (is_unset(callback)) return;
    Value args = is_unset(arg) ? obj_value(vm->empty_tuple) : tuple_new(vm, &arg, 1);
    Value h = is_error(callback) || is_error(args) ? VALUE_ERROR : handle_new(vm, callback, args, VALUE_NONE, 0);
    if (is_error(h) || !sched_call_soon(vm, h)) vm_take_pending(vm);
}

/* The exception of an errno, as scripts get it. */
static Value os_error(VM *vm, int error)
{
    vm_raise_errno(vm, error, NULL);
    return vm_take_pending(vm);
}

static void lose(VM *vm, Stream *s, int error)
{
    s->id = 0;
    s->flags |= STREAM_LOST | STREAM_CLOSING;
    s->flags &= ~(unsigned)STREAM_CONNECTING;
    Value exc = error ? os_error(vm, error) : VALUE_NONE;
    if (error) stream_set_error(vm, s, exc);
    else stream_feed_end(vm, s);
    wake_waiters(vm, s);
    if (is_unset(s->protocol)) return;
    call_protocol(vm, s, "connection_lost", exc);
    gc_unpin(vm, obj_value(s->owner));
}

void stream_fail(VM *vm, Stream *s, Value exc)
{
    s->flags &= ~(unsigned)STREAM_SHAKING;
    stream_set_error(vm, s, exc);
    wake_waiters(vm, s);
    stream_close_channel(vm, s, true);
}

void stream_shaken(VM *vm, Stream *s)
{
    s->flags &= ~(unsigned)STREAM_SHAKING;
    wake_waiters(vm, s);
}

void stream_arrive(VM *vm, Stream *s, const void *bytes, size_t n)
{
    if (is_unset(s->protocol)) {
        if (!stream_feed(vm, s, bytes, n)) stream_fail(vm, s, vm_take_pending(vm)); // no memory for it
        return;
    }
    Value data = bytes_new(vm, bytes, n);
    if (is_error(data)) vm_take_pending(vm);
    else call_protocol(vm, s, "data_received", data);
}

static void on_event(VM *vm, IoSink *sink, const IoEvent *e)
{
    Stream *s = (Stream *)sink;
    switch (e->kind) {
    case IO_CONNECTED:
        s->flags &= ~(unsigned)STREAM_CONNECTING;
        wake_waiters(vm, s);
        break;
    case IO_DATA: (s->layer ? s->layer->receive : stream_arrive)(vm, s, e->data, e->size); break;
    case IO_END:
        if (is_unset(s->protocol)) stream_feed_end(vm, s);
        else {
            s->flags |= STREAM_EOF;
            call_protocol(vm, s, "_end_received", obj_value(s->owner));
        }
        break;
    case IO_DRAINED:
        s->pending = 0;
        if (s->flags & STREAM_FULL && !is_unset(s->protocol)) call_protocol(vm, s, "resume_writing", VALUE_UNSET);
        s->flags &= ~(unsigned)STREAM_FULL;
        wake_waiters(vm, s);
        break;
    case IO_CLOSED: lose(vm, s, e->error); break;
    default: break;
    }
    strand_outside(vm);
}
