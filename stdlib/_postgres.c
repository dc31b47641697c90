/* _postgres.c - the natives under postgres: libpq's non-blocking half, as it is, and values to and from its texts.
 *
 * Nothing here waits but `wait`, which parks the task until libpq's socket is ready, and `cancel`, whose
 * only way in libpq
 * blocks: that is done on a lane (vm/io.h). What to send and what an answer means is postgres.co's.
 */
#include "stdlib/postgres_library.h"
#include "stdlib/stdlib.h"
#include "vm/bytes.h"
#include "vm/codecs.h"
#include "vm/dict.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/io.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/task.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct Cancel Cancel;

typedef struct Connection {
    IoSink sink;
    PostgresLibrary *lib;
    PGconn *pq;      // NULL: closed
    Obj *self;
    Waiter waiter;
    IoId watch;      // of its socket; 0: none yet
    bool wants;      // the watch wants something
    Cancel *cancel;  // under way, or done and not told yet
} Connection;

/* A request to the server to stop what it does for a connection; it may outlive that. */
struct Cancel {
    IoJob job;
    IoSink sink;
    IoId lane;
    PostgresLibrary *lib;
    PGcancel *what;
    Connection *connection; // NULL: gone
    bool done, sent;
    char message[256];
};

static const struct HostIo *io(VM *vm) { return vm->host->io; }
static Connection *connection_of(Value v) { return ((NativeData *)as_obj(v))->data; }

void postgres_drop(PostgresLibrary *lib)
{
    if (lib && !--lib->uses) free(lib); // the library itself stays: threads may be in it
}

/* ---- waiting for the socket ---------------------------------------------------------------------- */

static void rest(VM *vm, Connection *c)
{
    if (c->wants) io(vm)->want(vm->host, c->watch, false, false);
    c->wants = false;
}

static void unwatch(VM *vm, Connection *c)
{
    if (c->watch) io(vm)->close(vm->host, c->watch, true);
    c->watch = 0;
    c->wants = false;
}

static void wake(VM *vm, Connection *c)
{
    if (waiter_waits(&c->waiter)) task_resume(vm, as_task(c->waiter.task), obj_value(c->self));
}

static void on_ready(VM *vm, IoSink *sink, const IoEvent *e)
{
    Connection *c = (Connection *)sink;
    if (e->kind != IO_READY) return;
    rest(vm, c);
    wake(vm, c);
}

/* The connection that a native is about to use. libpq may close the socket, which nobody watches then. */
static Connection *use(VM *vm, Value self)
{
    Connection *c = connection_of(self);
    if (!c->pq) return vm_raise(vm, ERR_RUNTIME, "the connection is closed"), NULL;
    rest(vm, c);
    return c;
}

static Value park(VM *vm, Connection *c)
{
    Value parked = task_park(vm, WAIT_DATABASE, obj_value(c->self), 0);
    if (parked != VALUE_PARK) return parked;
    gc_store(vm, c->self, &c->waiter.task, obj_value(vm->task));
    c->waiter.generation = waiter_of(vm->task).generation;
    return parked;
}

static Value nat_wait(VM *vm, Args args)
{
    Connection *c = use(vm, args.v[0]);
    if (!c) return VALUE_ERROR;
    bool readable = args.v[1] == VALUE_TRUE, writable = args.v[2] == VALUE_TRUE;
    if (waiter_waits(&c->waiter)) return vm_raise(vm, ERR_RUNTIME, "another task waits for this connection");
    int err = c->watch ? 0 : io(vm)->watch(vm->host, c->lib->socket(c->pq), &c->sink, &c->watch);
    if (err) return vm_raise_errno(vm, -err, NULL);
    Value parked = park(vm, c);
    if (parked != VALUE_PARK) return parked;
    io(vm)->want(vm->host, c->watch, readable, writable);
    c->wants = true;
    return VALUE_PARK;
}

/* ---- cancelling ---------------------------------------------------------------------------------- */

static void run_cancel(IoJob *job)
{
    Cancel *x = (Cancel *)job;
    x->sent = x->lib->cancel(x->what, x->message, (int)sizeof x->message);
}

static void drop_cancel(IoJob *job)
{
    Cancel *x = (Cancel *)job;
    if (x->connection) x->connection->cancel = NULL;
    x->lib->freeCancel(x->what);
    postgres_drop(x->lib);
    free(x);
}

static void on_cancelled(VM *vm, IoSink *sink, const IoEvent *e)
{
    if (e->kind != IO_DONE) return;
    Cancel *x = (Cancel *)((char *)sink - offsetof(Cancel, sink));
    io(vm)->close(vm->host, x->lane, false);
    x->done = true;
    if (x->connection) wake(vm, x->connection);
    else drop_cancel(&x->job);
}

static Value nat_cancel(VM *vm, Args args)
{
    Connection *c = use(vm, args.v[0]);
    if (!c) return VALUE_ERROR;
    if (c->cancel) return vm_raise(vm, ERR_RUNTIME, "it is being cancelled");
    Cancel *x = calloc(1, sizeof *x);
    PGcancel *what = x ? c->lib->getCancel(c->pq) : NULL;
    if (!what) return free(x), VALUE_FALSE;
    *x = (Cancel){.job = {.run = run_cancel, .drop = drop_cancel}, .sink = {on_cancelled}, .lib = c->lib, .what = what, .connection = c};
    c->lib->uses++;
    c->cancel = x;
    int err = io(vm)->lane(vm->host, false, &x->sink, &x->lane);
    Value parked = err ? vm_raise_errno(vm, -err, NULL) : park(vm, c);
    if (parked != VALUE_PARK) {
        if (x->lane) io(vm)->close(vm->host, x->lane, false);
        return drop_cancel(&x->job), parked;
    }
    io(vm)->give(vm->host, x->lane, &x->job);
    return VALUE_PARK;
}

/* What a task goes on with: of `cancel` whether the server has been told, of `wait` nothing. */
static Value connection_resume(VM *vm, Value self, Task *t)
{
    (void)vm, (void)t;
    Cancel *x = connection_of(self)->cancel;
    if (!x || !x->done) return VALUE_NONE;
    bool sent = x->sent;
    drop_cancel(&x->job);
    return bool_value(sent);
}

/* ---- connecting and closing ---------------------------------------------------------------------- */

static void shut(VM *vm, Connection *c)
{
    unwatch(vm, c);
    if (c->cancel && c->cancel->done) drop_cancel(&c->cancel->job);
    else if (c->cancel) c->cancel->connection = NULL;
    c->cancel = NULL;
    if (c->pq) c->lib->finish(c->pq);
    c->pq = NULL;
}

static void connection_free(VM *vm, Obj *o)
{
    Connection *c = ((NativeData *)o)->data;
    if (!c) return;
    shut(vm, c);
    postgres_drop(c->lib);
    free(c);
}

static void connection_trace(VM *vm, Obj *o)
{
    const Connection *c = ((NativeData *)o)->data;
    gc_mark_value(vm, ((NativeData *)o)->values[0]);
    if (c) gc_mark_value(vm, c->waiter.task);
}

/* What the server says besides answers ("relation exists, skipping") is not for the terminal. */
static void ignore_notice(void *state, const PGresult *notice) { (void)state, (void)notice; }

/* The options of a dict of strs as libpq takes them: names, then values, each list ended by NULL. Borrowed texts. */
static const char **option_lists(VM *vm, Dict *d)
{
    const char **all = calloc(2 * (d->used + 1), sizeof *all);
    if (!all) return vm_no_memory(vm), NULL;
    const char **name = all, **value = all + d->used + 1;
    size_t pos = 0;
    for (DictEntry *e; (e = dict_next_entry(d, &pos));) {
        if (!is_str(e->key) || !is_str(e->value)) {
            vm_raise(vm, ERR_TYPE, "an option and its value must be str, not %T and %T", e->key, e->value);
            return free(all), NULL;
        }
        *name++ = str_cstr(vm, as_str(e->key));
        *value++ = str_cstr(vm, as_str(e->value));
    }
    return all;
}

static Value nat_connection(VM *vm, Args args)
{
    PostgresLibrary *lib = stdlib(vm)->postgres.library;
    if (!is_dict(args.v[0])) return vm_raise(vm, ERR_TYPE, "options must be a dict, not %T", args.v[0]);
    Dict *d = as_dict(args.v[0]);
    const char **options = option_lists(vm, d);
    if (!options) return VALUE_ERROR;
    NativeData *o = heap_new(vm, KIND_NATIVE_DATA, stdlib(vm)->postgres.connection->root_shape->id, NativeData);
    Connection *c = o ? calloc(1, sizeof *c) : NULL;
    if (o) *o = (NativeData){o->h, c, {VALUE_NONE, VALUE_UNSET}};
    if (!c) return free(options), vm_no_memory(vm);
    *c = (Connection){.sink = {on_ready}, .lib = lib, .self = &o->h, .waiter = {VALUE_UNSET, 0}};
    lib->uses++;
    c->pq = lib->connectStartParams(options, options + d->used + 1, 0);
    free(options);
    if (!c->pq) return vm_no_memory(vm);
    lib->setNoticeReceiver(c->pq, ignore_notice, NULL);
    return obj_value(o);
}

/* A socket that libpq gives up may be followed by another of the same number: it is watched anew each time. */
static Value nat_poll(VM *vm, Args args)
{
    Connection *c = use(vm, args.v[0]);
    if (!c) return VALUE_ERROR;
    unwatch(vm, c);
    int what = c->lib->connectPoll(c->pq);
    if (what == 3) c->lib->setnonblocking(c->pq, 1);
    return small(what);
}

static Value nat_close(VM *vm, Args args)
{
    Connection *c = connection_of(args.v[0]);
    shut(vm, c);
    wake(vm, c);
    return VALUE_NONE;
}

/* libpq's texts end in line feeds and have tabs. */
static Value message_text(VM *vm, const char *text)
{
    size_t n = strlen(text);
    char *copy = malloc(n + 1);
    if (!copy) return vm_no_memory(vm);
    while (n && text[n - 1] == '\n') n--;
    for (size_t i = 0; i < n; i++) copy[i] = text[i] == '\t' ? ' ' : text[i];
    copy[n] = '\0';
    Value v = text_from_system(vm, copy);
    free(copy);
    return v;
}

static Value nat_message(VM *vm, Args args)
{
    Connection *c = use(vm, args.v[0]);
    return c ? message_text(vm, c->lib->errorMessage(c->pq)) : VALUE_ERROR;
}

static Value nat_status(VM *vm, Args args)
{
    (void)vm;
    Connection *c = connection_of(args.v[0]);
    if (!c->pq || c->lib->status(c->pq) == CONNECTION_BAD) return small(5);
    return small(c->lib->transactionStatus(c->pq));
}

/* An idle connection is silent. If something has come it may be the server's farewell, with the end right behind it. */
static Value nat_alive(VM *vm, Args args)
{
    (void)vm;
    Connection *c = connection_of(args.v[0]);
    if (!c->pq || c->lib->status(c->pq) == CONNECTION_BAD) return VALUE_FALSE;
    char byte;
    ssize_t n = recv(c->lib->socket(c->pq), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return VALUE_TRUE;
    rest(vm, c);
    bool ok = n > 0 && c->lib->consumeInput(c->pq) && c->lib->consumeInput(c->pq) && !c->lib->isBusy(c->pq);
    return bool_value(ok && c->lib->status(c->pq) != CONNECTION_BAD);
}

/* ---- parameters ---------------------------------------------------------------------------------- */

/* The parameters of one statement, as libpq takes them. The texts are those of heap objects, which nothing collects
 * before the native returns. */
typedef struct Parameters {
    int n;
    const char **values;
    int *sizes, *formats; // formats: 0 text, 1 binary
} Parameters;

static Value null_in_text(VM *vm)
{
    return vm_raise(vm, ERR_VALUE, "a text with a null character cannot be given to PostgreSQL");
}

/* A str's bytes with a zero behind them, NULL: an exception is pending. */
static const char *c_text(VM *vm, Value v)
{
    Value bytes = is_error(v) ? v : codec_encode(vm, as_str(v), VALUE_UNSET, VALUE_UNSET);
    if (is_error(bytes)) return NULL;
    const Bytes *b = as_bytes(bytes);
    if (memchr(b->data, 0, b->size)) return null_in_text(vm), NULL;
    return (const char *)b->data;
}

static bool put_parameter(VM *vm, Parameters *p, int i, Value v)
{
    if (is_none(v)) return true;
    if (is_byteslike(v)) {
        ByteView view = byte_view(v);
        if (view.size > INT32_MAX) return vm_raise(vm, ERR_OVERFLOW, "a parameter is larger than 2 GB"), false;
        p->values[i] = view.size ? (const char *)view.data : "";
        p->sizes[i] = (int)view.size;
        p->formats[i] = 1;
        return true;
    }
    if (is_bool(v)) p->values[i] = v == VALUE_TRUE ? "1" : "0"; // the form that both boolean and integer columns take
    else if (is_int(v)) p->values[i] = c_text(vm, int_to_str(vm, int_normal(vm, v), 10));
    else if (is_float(v)) p->values[i] = c_text(vm, float_repr(vm, as_float(v)));
    else if (is_str(v)) p->values[i] = c_text(vm, v);
    else vm_raise(vm, ERR_TYPE, "Error binding parameter %d: type '%T' is not supported", i + 1, v);
    return p->values[i] != NULL;
}

static void free_parameters(Parameters *p)
{
    free(p->values);
    free(p->sizes);
}

static bool put_parameters(VM *vm, Parameters *p, List *values)
{
    size_t n = values->size;
    *p = (Parameters){(int)n, calloc(n + 1, sizeof *p->values), calloc(2 * n + 1, sizeof *p->sizes), NULL};
    if (!p->values || !p->sizes) return free_parameters(p), vm_no_memory(vm), false;
    p->formats = p->sizes + n;
    for (size_t i = 0; i < n; i++)
        if (!put_parameter(vm, p, (int)i, values->items[i])) return free_parameters(p), false;
    return true;
}

/* ---- sending ------------------------------------------------------------------------------------- */

static const char *sql_text(VM *vm, Value v)
{
    if (!is_str(v)) return vm_raise(vm, ERR_TYPE, "a statement must be str, not %T", v), NULL;
    return c_text(vm, v);
}

static Value nat_query(VM *vm, Args args)
{
    Connection *c = use(vm, args.v[0]);
    const char *sql = c ? sql_text(vm, args.v[1]) : NULL;
    return sql ? bool_value(c->lib->sendQuery(c->pq, sql)) : VALUE_ERROR;
}

static Value nat_prepare(VM *vm, Args args)
{
    Connection *c = use(vm, args.v[0]);
    const char *name = c ? sql_text(vm, args.v[1]) : NULL, *sql = name ? sql_text(vm, args.v[2]) : NULL;
    return sql ? bool_value(c->lib->sendPrepare(c->pq, name, sql, 0, NULL)) : VALUE_ERROR;
}

static Value nat_describe(VM *vm, Args args)
{
    Connection *c = use(vm, args.v[0]);
    const char *name = c ? sql_text(vm, args.v[1]) : NULL;
    return name ? bool_value(c->lib->sendDescribePrepared(c->pq, name)) : VALUE_ERROR;
}

/* Rows come one by one, so that neither libpq nor a conversion ever holds a whole result. */
static Value nat_run(VM *vm, Args args)
{
    Connection *c = use(vm, args.v[0]);
    const char *name = c ? sql_text(vm, args.v[1]) : NULL;
    Parameters p;
    if (!name) return VALUE_ERROR;
    if (!is_list(args.v[2])) return vm_raise(vm, ERR_TYPE, "parameters must be a list, not %T", args.v[2]);
    if (!put_parameters(vm, &p, as_list(args.v[2]))) return VALUE_ERROR;
    bool sent = c->lib->sendQueryPrepared(c->pq, name, p.n, p.values, p.sizes, p.formats, 0);
    free_parameters(&p);
    return bool_value(sent && c->lib->setSingleRowMode(c->pq));
}

static Value nat_flush(VM *vm, Args args)
{
    Connection *c = use(vm, args.v[0]);
    return c ? bool_value(c->lib->flush(c->pq) != 1) : VALUE_ERROR;
}

static Value nat_consume(VM *vm, Args args)
{
    Connection *c = use(vm, args.v[0]);
    return c ? bool_value(c->lib->consumeInput(c->pq)) : VALUE_ERROR;
}

/* ---- answers ------------------------------------------------------------------------------------- */

/* What a server has stored by another encoding may not be UTF-8. */
static Value text_value(VM *vm, const char *text, size_t n)
{
    Value v = str_decode_utf8(vm, text, n);
    if (!is_error(v) || !vm_pending_is(vm, ERR_UNICODE_DECODE)) return v;
    vm_take_pending(vm);
    return text_from_system(vm, text);
}

static Value bytes_value(VM *vm, PostgresLibrary *lib, const char *text)
{
    size_t n;
    unsigned char *data = lib->unescapeBytea((const unsigned char *)text, &n);
    Value v = data ? bytes_new(vm, data, n) : vm_no_memory(vm);
    lib->freemem(data);
    return v;
}

/* The types that have a value of their own here; by their numbers in pg_type, which are fixed. */
enum {
    TYPE_BOOL = 16, TYPE_BYTES = 17, TYPE_INT8 = 20, TYPE_INT2 = 21, TYPE_INT4 = 23, TYPE_OID = 26,
    TYPE_FLOAT4 = 700, TYPE_FLOAT8 = 701,
};

static Value cell_value(VM *vm, PostgresLibrary *lib, PGresult *r, int row, int column)
{
    if (lib->getisnull(r, row, column)) return VALUE_NONE;
    const char *text = lib->getvalue(r, row, column);
    size_t n = (size_t)lib->getlength(r, row, column);
    switch (lib->ftype(r, column)) {
    case TYPE_BOOL: return bool_value(*text == 't');
    case TYPE_BYTES: return bytes_value(vm, lib, text);
    case TYPE_INT2: case TYPE_INT4: case TYPE_INT8: case TYPE_OID: return int_from_i64(vm, strtoll(text, NULL, 10));
    case TYPE_FLOAT4: case TYPE_FLOAT8: return float_parse(vm, text, n);
    default: return text_value(vm, text, n);
    }
}

static bool add_rows(VM *vm, PostgresLibrary *lib, PGresult *r, List *rows)
{
    int n = lib->ntuples(r), width = lib->nfields(r);
    for (int i = 0; i < n; i++) {
        Value row = tuple_new(vm, NULL, (size_t)width);
        if (is_error(row)) return false;
        for (int k = 0; k < width; k++) {
            Value cell = cell_value(vm, lib, r, i, k);
            if (is_error(cell)) return false;
            as_tuple(row)->items[k] = cell;
        }
        if (!list_append(vm, rows, row) || !vm_tick(vm, (size_t)width)) return false;
    }
    return true;
}

/* What `describe` asked for: (names of columns, their types, types of parameters). */
static bool note_description(VM *vm, Connection *c, PGresult *r)
{
    int columns = c->lib->nfields(r), parameters = c->lib->nparams(r);
    Value names = tuple_new(vm, NULL, (size_t)columns), types = tuple_new(vm, NULL, (size_t)columns);
    Value given = tuple_new(vm, NULL, (size_t)parameters);
    if (is_error(names) || is_error(types) || is_error(given)) return false;
    for (int i = 0; i < columns; i++) {
        const char *name = c->lib->fname(r, i);
        Value text = text_value(vm, name, strlen(name));
        if (is_error(text)) return false;
        as_tuple(names)->items[i] = text;
        as_tuple(types)->items[i] = small(c->lib->ftype(r, i));
    }
    for (int i = 0; i < parameters; i++) as_tuple(given)->items[i] = small(c->lib->paramtype(r, i));
    Value all = tuple_pack(vm, 3, names, types, given);
    if (is_error(all)) return false;
    NativeData *o = (NativeData *)c->self;
    gc_store(vm, o, &o->values[0], all);
    return true;
}

/* (sqlstate, message, detail, hint, position, schema, table, column, constraint), None for what the server
 * does not say. */
static Value error_fields(VM *vm, PostgresLibrary *lib, PGresult *r)
{
    static const char codes[] = "CMDHPstcn";
    Value fields = tuple_new(vm, NULL, sizeof codes - 1);
    for (size_t i = 0; codes[i] && !is_error(fields); i++) {
        const char *text = lib->resultErrorField(r, codes[i]);
        if (!text && codes[i] == 'M') text = lib->resultErrorMessage(r);
        Value v = text ? message_text(vm, text) : VALUE_NONE;
        if (is_error(v)) return v;
        as_tuple(fields)->items[i] = v;
    }
    return fields;
}

/* What one result comes to: UNSET when it was a row. */
static Value take_result(VM *vm, Connection *c, PGresult *r, List *rows)
{
    PostgresLibrary *lib = c->lib;
    switch (lib->resultStatus(r)) {
    case PGRES_SINGLE_TUPLE: return add_rows(vm, lib, r, rows) ? VALUE_UNSET : VALUE_ERROR;
    case PGRES_TUPLES_OK:
        if (!add_rows(vm, lib, r, rows)) return VALUE_ERROR;
        return text_from_system(vm, lib->cmdStatus(r));
    case PGRES_COMMAND_OK:
        if (!note_description(vm, c, r)) return VALUE_ERROR;
        return text_from_system(vm, lib->cmdStatus(r));
    case PGRES_EMPTY_QUERY: return text_from_system(vm, "");
    case PGRES_COPY_IN: case PGRES_COPY_OUT: case PGRES_COPY_BOTH: return VALUE_TRUE;
    default: return error_fields(vm, lib, r);
    }
}

static Value nat_step(VM *vm, Args args)
{
    Connection *c = use(vm, args.v[0]);
    int64_t most;
    if (!c || !obj_index_i64(vm, args.v[2], &most)) return VALUE_ERROR;
    if (!is_list(args.v[1])) return vm_raise(vm, ERR_TYPE, "a list is wanted for the rows, not %T", args.v[1]);
    List *rows = as_list(args.v[1]);
    bool read = false, lost = false;
    while (rows->size < (size_t)most) {
        if (!lost && c->lib->isBusy(c->pq)) {
            if (read) return VALUE_NONE;
            read = true;
            lost = !c->lib->consumeInput(c->pq);
            continue;
        }
        PGresult *r = c->lib->getResult(c->pq);
        if (!r) return VALUE_FALSE;
        Value v = take_result(vm, c, r, rows);
        c->lib->clear(r);
        if (!is_unset(v)) return v;
    }
    return VALUE_NONE;
}

static Value nat_description(VM *vm, Args args)
{
    return (void)vm, ((NativeData *)as_obj(args.v[0]))->values[0];
}

static Value nat_notes(VM *vm, Args args)
{
    Connection *c = use(vm, args.v[0]);
    Value list = c ? list_new(vm, NULL, 0) : VALUE_ERROR;
    if (is_error(list)) return list;
    c->lib->isBusy(c->pq); // it looks at what has been read
    for (PGnotify *n; (n = c->lib->notifies(c->pq));) {
        Value channel = text_value(vm, n->channel, strlen(n->channel)),
              payload = text_value(vm, n->payload, strlen(n->payload));
        Value note = is_error(channel) || is_error(payload)
                         ? VALUE_ERROR
                         : tuple_pack(vm, 3, channel, payload, small(n->pid));
        c->lib->freemem(n);
        if (is_error(note) || !list_append(vm, as_list(list), note)) return VALUE_ERROR;
    }
    return list;
}

static const NativeDef connection_methods[] = {
    {"poll(self)", nat_poll, "Go on connecting: 0 it has failed, 1 wait until readable, 2 until writable, 3 connected.", 0},
    {"wait(self, readable, writable)", nat_wait, "Until the socket is one of what is asked for.", NATIVE_ASYNC},
    {"query(self, sql)", nat_query, "Send a text of statements; False: see message().", 0},
    {"prepare(self, name, sql)", nat_prepare, "Have the server prepare a statement; the types of parameters are its guess.", 0},
    {"describe(self, name)", nat_describe, "Ask for a prepared statement's description().", 0},
    {"run(self, name, values)", nat_run, "Send a prepared statement and its parameters.", 0},
    {"flush(self)", nat_flush, "Whether all has been sent; else wait for either, consume(), and again.", 0},
    {"consume(self)", nat_consume, "Read what has come. False: the connection is lost.", 0},
    {"step(self, rows, most)", nat_step,
     "Add rows to the list while it has less than `most`. None: it has, or more has to come (wait); False: all is over; "
     "a statement's tag, when it is done; the fields of its error, a tuple; True: it wants to copy.", 0},
    {"description(self)", nat_description, "(names of columns, their types, types of parameters) as described last.", 0},
    {"cancel(self)", nat_cancel, "Have the server stop what it does; whether it has been told.", NATIVE_ASYNC},
    {"notes(self)", nat_notes, "Notifications that have come: (channel, payload, process).", 0},
    {"status(self)", nat_status, "0 idle, 1 active, 2 in a transaction, 3 in a failed one, 4 being made, 5 lost or closed.", 0},
    {"alive(self)", nat_alive, "Whether an idle connection still stands.", 0},
    {"message(self)", nat_message, "What has gone wrong last, as libpq says it.", 0},
    {"close(self)", nat_close, "At once; a task that waits goes on.", 0},
    {0},
};
static const TypeDef connection_def = {
    .slots = {.resume = connection_resume, .trace = connection_trace, .free = connection_free},
    .methods = connection_methods,
    .flags = TYPE_FINAL | TYPE_HAS_WEAKREF,
    .doc = "libpq's connection.",
};

/* ---- the module ---------------------------------------------------------------------------------- */

static Value nat_parse(VM *vm, Args args)
{
    PostgresLibrary *lib = stdlib(vm)->postgres.library;
    const char *url = is_str(args.v[0]) ? c_text(vm, args.v[0]) : NULL;
    if (!url)
        return is_unset(vm->exc) ? vm_raise(vm, ERR_TYPE, "a URL must be str, not %T", args.v[0])
                                 : VALUE_ERROR;
    char *message = NULL;
    PGoption *options = lib->conninfoParse(url, &message);
    if (!options) {
        Value text = message ? message_text(vm, message) : vm_no_memory(vm);
        lib->freemem(message);
        return is_error(text) ? text : vm_raise_arg(vm, ERR_VALUE, text);
    }
    Dict *d = dict_new(vm);
    for (PGoption *o = options; d && o->keyword; o++)
        if (o->val && !dict_set_c(vm, d, o->keyword, text_from_system(vm, o->val))) d = NULL;
    lib->conninfoFree(options);
    return d ? obj_value(d) : VALUE_ERROR;
}

static Value nat_width(VM *vm, Args args)
{
    if (!is_str(args.v[0])) return vm_raise(vm, ERR_TYPE, "a str was expected, not %T", args.v[0]);
    return small(str_width(as_str(args.v[0])));
}

static const NativeDef natives[] = {
    {"connection(options, /)", nat_connection, "A connection that is being made: poll() it.", 0},
    {"parse(url, /)", nat_parse, "The options that a URL (or a text of name=value) consists of.", 0},
    {"width(text, /)", nat_width, "How many columns a terminal shows it in.", 0},
    {0},
};

static PostgresLibrary *open_library(void)
{
    PostgresLibrary *lib = calloc(1, sizeof *lib);
    if (!lib || !(lib->handle = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL))) return free(lib), NULL;
    lib->uses = 1;
#define PQ(type, name, parameters)                                                                             \
    *(void **)&lib->name = dlsym(lib->handle, "PQ" #name);                                                     \
    if (!lib->name) return dlclose(lib->handle), free(lib), NULL;
    PQ_FUNCTIONS
#undef PQ
    return lib;
}

static bool init(VM *vm, Module *m)
{
    PostgresState *s = &stdlib(vm)->postgres;
    if (!s->library && !(s->library = open_library())) {
        vm_raise(vm, ERR_IMPORT, "postgres needs PostgreSQL's library: install Debian's package libpq5");
        return false;
    }
    s->connection = module_add_type(vm, m, NULL, "_postgres.connection", &connection_def, KIND_NATIVE_DATA);
    return s->connection && module_add(vm, m, "version", small(s->library->libVersion()));
}

const ModuleDef _postgres_module = {"_postgres", natives, "libpq, without waiting.", init};
