/* _sqlite.c - the natives under sqlite: a connection is a lane (vm/io.h), on whose thread alone SQLite runs.
 *
 * A request goes to the lane as bytes and comes back as bytes: the statement's text and parameters, then rows. The VM's
 * thread touches SQLite in two ways only: by sqlite3_interrupt, while the request it is meant for runs there; and while
 * nothing is under way on the lane, by a query that has shown there to be quick ("at home", below).
 */
#define _GNU_SOURCE // strcasestr
#include "stdlib/parcel.h"
#include "stdlib/sqlite_library.h"
#include "stdlib/stdlib.h"
#include "vm/bytes.h"
#include "vm/codecs.h"
#include "vm/dict.h"
#include "vm/int.h"
#include "vm/io.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/strand.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CACHED = 32, BATCH_BYTES = 256 << 10, MESSAGE = 300 };
enum { PROGRESS = 2000, LONG = 5000000 }; // steps of SQLite's machine between two looks at the clock; ns
enum { QUICK = 200000, TOO_LONG = 1000000, MOST_PROOFS = 64 }; // ns, ns; of a query that may run at home

typedef enum { DO_OPEN, DO_RUN, DO_MORE, DO_FINISH, DO_SCRIPT, DO_CLOSE } What;

typedef struct Statement {
    char *sql;
    sqlite3_stmt *stmt;
    uint64_t used; // when, to find the one that was not for longest
    bool busy;     // a query that has more rows
    bool reads;    // a SELECT: to stop it and begin anew changes nothing
    int proofs, needed; // how often it was quick on the lane since it was not at home; how often it has to be
} Statement;

typedef struct Connection Connection;

typedef struct Request {
    IoJob job;
    Connection *c;
    struct Request *next;    // of those under way, and of those that have more rows for whoever takes them
    What what;
    Waiter waiter;
    Obj *owner;              // NULL: nobody will look at the result
    char *sql;
    Parcel given;            // parameters; with `named`, each after its name
    size_t ngiven, most;     // rows wanted at a time; 0: none is kept
    bool named, abandoned, done;
    int flags, timeout;      // of open
    Statement *statement;
    // the answer
    Parcel columns, rows;
    int ncolumns;
    size_t nrows;
    bool more;
    int64_t changes, last_id;
    int code;
    char message[MESSAGE];
} Request;

struct Connection {
    IoSink sink;
    const struct HostIo *io;
    SqliteLibrary library;     // a copy: the lane may outlive the VM
    const SqliteLibrary *lib;
    IoId lane;
    Request *first;            // not over yet; the VM's thread's
    int users;                 // the object and each request; the VM's thread's
    int under_way;             // requests that the lane has, or may still touch; the VM's thread's
    bool waits;                // a program has said itself how long to wait for others; the VM's thread's
    pthread_mutex_t mutex;     // guards `running` and `abandoned` of the requests
    Request *running;
    sqlite3 *db;               // the lane's, as all that follows, unless nothing is under way there
    int64_t since;             // when what runs began
    int timeout;               // ms to wait for others that write
    bool at_home;              // what runs, runs on the VM's thread
    Statement cache[CACHED];
    uint64_t clock;
};

static const struct HostIo *io(VM *vm) { return vm->host->io; }
static Connection *connection_of(Value v) { return ((NativeData *)as_obj(v))->data; }

/* ==== on the lane's thread ======================================================================== */

static void note_error(Request *r, int code)
{
    const SqliteLibrary *lib = r->c->lib;
    r->code = r->c->db && code != SQLITE_MISUSE ? lib->extended_errcode(r->c->db) : code;
    if (r->code == SQLITE_OK) r->code = code;
    const char *text = r->c->db ? lib->errmsg(r->c->db) : "out of memory";
    snprintf(r->message, sizeof r->message, "%s", text);
}

/* Misuse that SQLite itself would not notice. */
static void refuse(Request *r, const char *text)
{
    r->code = SQLITE_MISUSE;
    snprintf(r->message, sizeof r->message, "%s", text);
}

/* ---- statements ---------------------------------------------------------------------------------- */

static void let_go(Connection *c, Statement *s)
{
    c->lib->reset(s->stmt);
    c->lib->clear_bindings(s->stmt);
    s->busy = false;
}

static void forget(Connection *c, Statement *s)
{
    c->lib->finalize(s->stmt);
    free(s->sql);
    *s = (Statement){0};
}

static Statement *find_prepared(Connection *c, const char *sql)
{
    for (Statement *s = c->cache; s < c->cache + CACHED; s++)
        if (s->stmt && !s->busy && strcmp(s->sql, sql) == 0) return s->used = ++c->clock, s;
    return NULL;
}

/* A place for a statement: that of the one unused for longest. NULL: all have more rows to give. */
static Statement *find_place(Connection *c)
{
    Statement *oldest = NULL;
    for (Statement *s = c->cache; s < c->cache + CACHED; s++)
        if (!s->busy && (!oldest || s->used < oldest->used)) oldest = s;
    if (oldest && oldest->stmt) forget(c, oldest);
    return oldest;
}

static bool is_rest_empty(const char *rest)
{
    for (; *rest; rest++) {
        if (strchr(" \t\r\n;", *rest)) continue;
        if (rest[0] == '-' && rest[1] == '-') {
            rest += strcspn(rest, "\n");
            if (!*rest) return true;
        } else if (rest[0] == '/' && rest[1] == '*') {
            const char *end = strstr(rest + 2, "*/");
            if (!end) return true;
            rest = end + 1;
        } else return false;
    }
    return true;
}

static bool is_select(const char *sql)
{
    sql += strspn(sql, " \t\r\n");
    return strncasecmp(sql, "select", 6) == 0 || strncasecmp(sql, "with", 4) == 0;
}

static Statement *prepare(Request *r)
{
    Connection *c = r->c;
    Statement *s = find_prepared(c, r->sql);
    if (s) return s;
    s = find_place(c);
    const char *rest = "";
    if (!s) return refuse(r, "too many queries of one connection are open at the same time"), NULL;
    int code = c->lib->prepare_v2(c->db, r->sql, -1, &s->stmt, &rest);
    if (code != SQLITE_OK) return note_error(r, code), NULL;
    s->reads = s->stmt && is_select(r->sql) && c->lib->stmt_readonly(s->stmt);
    s->needed = 1;
    if (s->stmt && is_rest_empty(rest) && (s->sql = strdup(r->sql))) return s->used = ++c->clock, s;
    if (s->stmt) forget(c, s), refuse(r, "You can only execute one statement at a time.");
    return NULL; // an empty text is no statement and no error
}

/* ---- parameters ---------------------------------------------------------------------------------- */

static int bind_value(Request *r, sqlite3_stmt *stmt, int at, const ParcelItem *v)
{
    const SqliteLibrary *lib = r->c->lib;
    switch (v->kind) {
    case PARCEL_NONE: return lib->bind_null(stmt, at);
    case PARCEL_INT: return lib->bind_int64(stmt, at, v->integer);
    case PARCEL_FLOAT: return lib->bind_double(stmt, at, v->real);
    case PARCEL_TEXT: return lib->bind_text(stmt, at, v->data, (int)v->size, SQLITE_TRANSIENT);
    case PARCEL_BYTES: break;
    }
    return lib->bind_blob(stmt, at, v->size ? v->data : "", (int)v->size, SQLITE_TRANSIENT);
}

/* The place of parameter `at` among those that were given in order: $3 and ?3 say so themselves. */
static size_t place_of(const char *name, int at)
{
    if (!name || (name[0] != '$' && name[0] != '?')) return (size_t)at;
    char *end;
    long n = strtol(name + 1, &end, 10);
    return *end || n < 1 ? (size_t)at : (size_t)n;
}

static bool take_named(Request *r, const char *name, ParcelItem *value)
{
    ParcelItem key;
    r->given.at = 0;
    while (parcel_take(&r->given, &key) && parcel_take(&r->given, value))
        if (name && key.size == strlen(name + 1) && memcmp(key.data, name + 1, key.size) == 0) return true;
    r->code = SQLITE_MISUSE;
    if (!name)
        snprintf(r->message, sizeof r->message,
                 "Binding %d has no name, but you supplied a dictionary (which has only names).", 1);
    else snprintf(r->message, sizeof r->message, "You did not supply a value for binding parameter %s.", name);
    return false;
}

static bool take_placed(Request *r, size_t place, ParcelItem *value)
{
    r->given.at = 0;
    for (size_t i = 0; i < place; i++)
        if (!parcel_take(&r->given, value)) return false;
    return true;
}

static bool bind_all(Request *r, sqlite3_stmt *stmt)
{
    const SqliteLibrary *lib = r->c->lib;
    int n = lib->bind_parameter_count(stmt);
    size_t wanted = 0;
    for (int at = 1; at <= n; at++) {
        size_t place = place_of(lib->bind_parameter_name(stmt, at), at);
        if (place > wanted) wanted = place;
    }
    if (!r->named && wanted != r->ngiven) {
        r->code = SQLITE_MISUSE;
        snprintf(r->message, sizeof r->message,
                 "Incorrect number of bindings supplied. The current statement uses %zu, and there are %zu supplied.", wanted, r->ngiven);
        return false;
    }
    for (int at = 1; at <= n; at++) {
        const char *name = lib->bind_parameter_name(stmt, at);
        ParcelItem v;
        if (r->named ? !take_named(r, name, &v) : !take_placed(r, place_of(name, at), &v)) return false;
        int code = bind_value(r, stmt, at, &v);
        if (code != SQLITE_OK) return note_error(r, code), false;
    }
    return true;
}

/* ---- rows ---------------------------------------------------------------------------------------- */

static void put_cell(const SqliteLibrary *lib, Parcel *p, sqlite3_stmt *stmt, int i)
{
    switch (lib->column_type(stmt, i)) {
    case SQLITE_INTEGER: parcel_put_int(p, lib->column_int64(stmt, i)); break;
    case SQLITE_FLOAT: parcel_put_float(p, lib->column_double(stmt, i)); break;
    case SQLITE_TEXT: {
        const unsigned char *text = lib->column_text(stmt, i);
        parcel_put_data(p, PARCEL_TEXT, text, (size_t)lib->column_bytes(stmt, i));
        break;
    }
    case SQLITE_BLOB: {
        const void *bytes = lib->column_blob(stmt, i);
        parcel_put_data(p, PARCEL_BYTES, bytes, (size_t)lib->column_bytes(stmt, i));
        break;
    }
    default: parcel_put_none(p);
    }
}

/* Who wants all rows gets them, and who wants none has them all made; who wants some at a time, fewer when
 * they are long. */
static bool is_full(const Request *r)
{
    return r->most && r->most != SIZE_MAX && (r->nrows >= r->most || r->rows.size >= BATCH_BYTES);
}

/* Step until the batch is full or the statement has no more. */
static void step(Request *r)
{
    Connection *c = r->c;
    Statement *s = r->statement;
    int code = SQLITE_ROW, before = c->lib->total_changes(c->db);
    r->ncolumns = c->lib->column_count(s->stmt);
    for (int i = 0; i < r->ncolumns; i++) {
        const char *name = c->lib->column_name(s->stmt, i);
        parcel_put_data(&r->columns, PARCEL_TEXT, name ? name : "", name ? strlen(name) : 0);
    }
    while (!is_full(r) && (code = c->lib->step(s->stmt)) == SQLITE_ROW) {
        if (!r->most) continue;
        for (int i = 0; i < r->ncolumns; i++) put_cell(c->lib, &r->rows, s->stmt, i);
        r->nrows++;
    }
    r->more = code == SQLITE_ROW;
    if (code != SQLITE_ROW && code != SQLITE_DONE) note_error(r, code);
    if (r->rows.failed || r->columns.failed) r->code = SQLITE_NOMEM, r->more = false;
    r->changes = c->lib->total_changes(c->db) - before;
    r->last_id = c->lib->last_insert_rowid(c->db);
    s->busy = r->more;
    if (!r->more) let_go(c, s);
}

static int64_t nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Called by SQLite as it computes: what takes long leaves the processors to those that do not, and the loop at once. */
static int make_progress(void *state)
{
    Connection *c = state;
    int64_t took = nanoseconds() - c->since;
    if (c->at_home) return took > QUICK;
    if (took > LONG) c->io->step_back(&c->running->job);
    return 0;
}

/* ---- what a request asks ------------------------------------------------------------------------- */

static void do_open(Request *r)
{
    Connection *c = r->c;
    int code = c->lib->open_v2(r->sql, &c->db, r->flags, NULL);
    if (code != SQLITE_OK) {
        note_error(r, code);
        c->lib->close_v2(c->db);
        c->db = NULL;
        return;
    }
    c->lib->extended_result_codes(c->db, 1);
    c->lib->busy_timeout(c->db, c->timeout = r->timeout);
    c->lib->progress_handler(c->db, PROGRESS, make_progress, c);
}

static void do_run(Request *r)
{
    Statement *s = r->statement = prepare(r);
    if (!s) return;
    if (!bind_all(r, s->stmt)) return let_go(r->c, s);
    step(r);
    if (s->proofs < s->needed && nanoseconds() - r->c->since < QUICK) s->proofs++;
}

static void do_script(Request *r)
{
    Connection *c = r->c;
    const char *rest = r->sql;
    while (*rest && !r->code) {
        sqlite3_stmt *stmt = NULL;
        int code = c->lib->prepare_v2(c->db, rest, -1, &stmt, &rest);
        if (code != SQLITE_OK) return note_error(r, code);
        while (stmt && (code = c->lib->step(stmt)) == SQLITE_ROW) {}
        if (code != SQLITE_OK && code != SQLITE_DONE) note_error(r, code);
        c->lib->finalize(stmt);
    }
}

static void do_close(Connection *c)
{
    for (Statement *s = c->cache; s < c->cache + CACHED; s++)
        if (s->stmt) forget(c, s);
    if (c->db) c->lib->close_v2(c->db);
    c->db = NULL;
}

static void carry_out(Request *r)
{
    if (r->what == DO_OPEN) do_open(r);
    else if (r->what == DO_CLOSE) do_close(r->c);
    else if (!r->c->db) refuse(r, "Cannot operate on a closed database.");
    else if (r->what == DO_RUN) do_run(r);
    else if (r->what == DO_MORE) step(r);
    else if (r->what == DO_FINISH) let_go(r->c, r->statement);
    else do_script(r);
}

static void run(IoJob *job)
{
    Request *r = (Request *)job;
    Connection *c = r->c;
    pthread_mutex_lock(&c->mutex);
    bool wanted = !r->abandoned;
    if (wanted) c->running = r;
    pthread_mutex_unlock(&c->mutex);
    c->since = nanoseconds();
    if (wanted) carry_out(r);
    else if (r->what == DO_MORE) let_go(c, r->statement);
    pthread_mutex_lock(&c->mutex);
    c->running = NULL;
    if (r->abandoned && r->more) {
        let_go(c, r->statement);
        r->more = false;
    }
    pthread_mutex_unlock(&c->mutex);
}

/* ==== on the VM's thread ========================================================================== */

static void release(Connection *c)
{
    if (--c->users) return;
    pthread_mutex_destroy(&c->mutex);
    free(c);
}

static void free_request(Request *r)
{
    parcel_free(&r->given);
    parcel_free(&r->columns);
    parcel_free(&r->rows);
    release(r->c);
    free(r->sql);
    free(r);
}

/* Those that nobody waits for are in no list. */
static void unlink_request(Request *r)
{
    Request **at = &r->c->first;
    while (*at && *at != r) at = &(*at)->next;
    if (*at) *at = r->next;
}

static void drop(IoJob *job)
{
    Request *r = (Request *)job;
    unlink_request(r);
    if (r->owner) ((NativeData *)r->owner)->data = NULL;
    free_request(r);
}

/* Tell the lane, whatever it does, that nobody wants it. */
static void abandon(Connection *c, Request *r)
{
    pthread_mutex_lock(&c->mutex);
    r->abandoned = true;
    if (c->running == r && c->db) c->lib->interrupt(c->db);
    pthread_mutex_unlock(&c->mutex);
}

/* ---- at home ------------------------------------------------------------------------------------- */

/* To hand a request over and back costs more than to look a row up by its key. So a SELECT that was quick on the lane
 * runs on the VM's thread from then on, while the lane has nothing to do. There it waits for nobody who writes, and is
 * stopped after QUICK: then the lane does it from the beginning. Nothing stops a read from a cold disk or a function
 * that takes its time, but who has held up the loop for TOO_LONG has to prove itself anew, each time twice as often. */
static Statement *find_quick(Request *r)
{
    Connection *c = r->c;
    if (r->what != DO_RUN || c->under_way || c->waits || !c->db) return NULL;
    Statement *s = find_prepared(c, r->sql);
    return s && s->reads && s->proofs >= s->needed ? s : NULL;
}

static void forget_answer(Request *r)
{
    parcel_free(&r->columns);
    parcel_free(&r->rows);
    r->columns = r->rows = (Parcel){0};
    r->nrows = 0;
    r->code = 0;
    r->more = false;
}

static void distrust(Statement *s)
{
    s->proofs = 0;
    if (s->needed < MOST_PROOFS) s->needed *= 2;
}

/* False: the lane has to do it. */
static bool run_at_home(Request *r)
{
    Connection *c = r->c;
    Statement *s = find_quick(r);
    if (!s) return false;
    r->statement = s;
    c->at_home = true;
    c->since = nanoseconds();
    c->lib->busy_timeout(c->db, 0);
    if (bind_all(r, s->stmt)) step(r);
    else let_go(c, s);
    c->lib->busy_timeout(c->db, c->timeout);
    c->at_home = false;
    int code = r->code & 0xff;
    bool stopped = code == SQLITE_INTERRUPT || code == SQLITE_BUSY || code == SQLITE_LOCKED;
    if (stopped || nanoseconds() - c->since > TOO_LONG) distrust(s);
    if (stopped) forget_answer(r);
    return !stopped;
}

/* A request of this connection, not given to its lane yet. */
static Request *new_request(VM *vm, Connection *c, What what)
{
    Request *r = calloc(1, sizeof *r);
    if (!r) return vm_no_memory(vm), NULL;
    r->job = (IoJob){.run = run, .drop = drop};
    r->c = c;
    r->what = what;
    r->most = SIZE_MAX;
    r->waiter = (Waiter){VALUE_UNSET, 0};
    c->users++;
    return r;
}

static void link_request(Request *r)
{
    r->next = r->c->first;
    r->c->first = r;
}

static void give(VM *vm, Request *r)
{
    link_request(r);
    r->c->under_way++;
    io(vm)->give(vm->host, r->c->lane, &r->job);
}

/* It is answered: nobody has to be asked about its rows any more. */
static Statement *take_statement(Request *r)
{
    unlink_request(r);
    r->more = false;
    return r->statement;
}

/* Nobody wants the rest of its rows. A statement left open would keep its connection from writing, once others have. */
static void finish(VM *vm, Request *r)
{
    Connection *c = r->c;
    if (!r->more || !c->lane) return;
    if (!c->under_way && c->db && r->statement->reads) return let_go(c, take_statement(r));
    Request *end = new_request(vm, c, DO_FINISH);
    if (!end) return;
    end->statement = take_statement(r);
    give(vm, end);
}

static void on_event(VM *vm, IoSink *sink, const IoEvent *e)
{
    (void)sink;
    if (e->kind != IO_DONE) return;
    Request *r = (Request *)e->job;
    r->c->under_way--;
    if (!r->owner || !r->more) unlink_request(r);
    if (!r->owner) return free_request(r);
    r->done = true;
    Value owner = obj_value(r->owner);
    gc_unpin(vm, owner);
    if (waiter_waits(&r->waiter)) task_resume(vm, as_task(r->waiter.task), owner);
    else finish(vm, r);
}

static void connection_free(VM *vm, Obj *o)
{
    Connection *c = ((NativeData *)o)->data;
    if (!c) return;
    for (Request *r = c->first; r; r = r->next) abandon(c, r);
    Request *end = c->lane ? new_request(vm, c, DO_CLOSE) : NULL;
    if (end) io(vm)->give(vm->host, c->lane, &end->job);
    if (c->lane) io(vm)->close(vm->host, c->lane, false);
    c->lane = 0;
    release(c);
}

/* ---- requests as objects ------------------------------------------------------------------------- */

static Value answer_rows(VM *vm, Request *r)
{
    Value list = list_new(vm, NULL, 0);
    for (size_t i = 0; i < r->nrows && !is_error(list); i++) {
        Value row = tuple_new(vm, NULL, (size_t)r->ncolumns);
        if (is_error(row)) return row;
        for (int k = 0; k < r->ncolumns; k++) {
            Value cell = parcel_take_value(vm, &r->rows);
            if (is_error(cell)) return cell;
            as_tuple(row)->items[k] = cell;
        }
        if (!list_append(vm, as_list(list), row)) return VALUE_ERROR;
    }
    return list;
}

static Value answer_columns(VM *vm, Request *r)
{
    Value names = tuple_new(vm, NULL, (size_t)r->ncolumns);
    for (int i = 0; i < r->ncolumns && !is_error(names); i++) {
        Value name = parcel_take_value(vm, &r->columns);
        if (is_error(name)) return name;
        as_tuple(names)->items[i] = name;
    }
    return names;
}

/* (rows, columns, changes, last id, whether there is more), or (code, message). */
static Value answer(VM *vm, Request *r, Value self)
{
    if (r->code) {
        Value message = str_from_c(vm, r->message);
        return is_error(message) ? message : tuple_pack(vm, 2, small(r->code), message);
    }
    Value rows = answer_rows(vm, r), columns = is_error(rows) ? rows : answer_columns(vm, r);
    if (is_error(columns)) return columns;
    return tuple_pack(vm, 5, rows, columns, int_from_i64(vm, r->changes), int_from_i64(vm, r->last_id),
                      r->more ? self : VALUE_NONE);
}

static Value request_resume(VM *vm, Value self, Task *t)
{
    (void)t;
    Request *r = ((NativeData *)as_obj(self))->data;
    if (!r) return vm_raise(vm, ERR_RUNTIME, "the connection is gone");
    unlink_request(r);
    return answer(vm, r, self);
}

/* One that is under way lets itself go when it is done; the statement of one that has more is let go by the lane. */
static void request_free(VM *vm, Obj *o)
{
    Request *r = ((NativeData *)o)->data;
    if (!r) return;
    r->owner = NULL;
    if (!r->done) return;
    finish(vm, r);
    unlink_request(r);
    free_request(r);
}

/* The task, too: one that was cancelled and is gone would be taken for whatever has its place. */
static void request_trace(VM *vm, Obj *o)
{
    const Request *r = ((NativeData *)o)->data;
    gc_mark_value(vm, ((NativeData *)o)->values[0]);
    if (r) gc_mark_value(vm, r->waiter.task);
}

static const TypeDef request_def = {
    .slots = {.resume = request_resume, .trace = request_trace, .free = request_free},
    .flags = TYPE_FINAL,
    .doc = "What was asked of a connection.",
};

/* Carry it out, or give it to the lane and wait for it. */
static Value await_request(VM *vm, Value connection, Request *r)
{
    NativeData *o = heap_new(vm, KIND_NATIVE_DATA, stdlib(vm)->sqlite.request->root_shape->id, NativeData);
    Value parked = o ? task_park(vm, WAIT_DATABASE, obj_value(o), 0) : VALUE_ERROR;
    if (parked != VALUE_PARK) return free_request(r), parked;
    o->data = r;
    o->values[0] = connection;
    o->values[1] = VALUE_UNSET;
    r->owner = &o->h;
    r->waiter = waiter_of(vm->task);
    if (run_at_home(r)) {
        r->done = true;
        if (r->more) link_request(r);
        task_resume(vm, vm->task, obj_value(o)); // a turn, as every await is
        return VALUE_PARK;
    }
    gc_pin(vm, obj_value(o));
    give(vm, r);
    return VALUE_PARK;
}

/* ---- natives ------------------------------------------------------------------------------------- */

static Value refuse_closed(VM *vm)
{
    return vm_raise(vm, ERR_RUNTIME, "the connection is closed");
}

static Value nat_connection(VM *vm, Args args)
{
    (void)args;
    NativeData *o = heap_new(vm, KIND_NATIVE_DATA, stdlib(vm)->sqlite.connection->root_shape->id, NativeData);
    Connection *c = o ? calloc(1, sizeof *c) : NULL;
    if (!c) return vm_no_memory(vm);
    *c = (Connection){.sink = {on_event}, .io = io(vm), .library = *stdlib(vm)->sqlite.library, .users = 1};
    c->lib = &c->library;
    pthread_mutex_init(&c->mutex, NULL);
    o->data = c;
    o->values[0] = o->values[1] = VALUE_UNSET;
    int err = io(vm)->lane(vm->host, false, &c->sink, &c->lane);
    return err ? vm_raise_errno(vm, -err, NULL) : obj_value(o);
}

/* The text of a str as C has it, malloc'd. */
static char *sql_text(VM *vm, Value v)
{
    if (!is_str(v)) return vm_raise(vm, ERR_TYPE, "a statement must be str, not %T", v), NULL;
    Value bytes = codec_encode(vm, as_str(v), VALUE_UNSET, VALUE_UNSET);
    if (is_error(bytes)) return NULL;
    if (memchr(as_bytes(bytes)->data, 0, as_bytes(bytes)->size))
        return vm_raise(vm, ERR_VALUE, "the query contains a null character"), NULL;
    char *text = malloc(as_bytes(bytes)->size + 1);
    if (!text) return vm_no_memory(vm), NULL;
    memcpy(text, as_bytes(bytes)->data, as_bytes(bytes)->size + 1);
    return text;
}

static Request *request_with_text(VM *vm, Value self, What what, Value text)
{
    Connection *c = connection_of(self);
    if (!c->lane) return refuse_closed(vm), NULL;
    char *sql = sql_text(vm, text);
    Request *r = sql ? new_request(vm, c, what) : NULL;
    if (sql && strcasestr(sql, "busy_timeout")) c->waits = true;
    if (r) r->sql = sql;
    else free(sql);
    return r;
}

static bool put_parameter(VM *vm, Request *r, Value v, Value name, size_t i)
{
    if (parcel_put_value(vm, &r->given, v, "SQLite")) return true;
    if (!is_unset(vm->exc)) return false;
    if (is_str(name))
        return vm_raise(vm, ERR_TYPE, "Error binding parameter ':%V': type '%T' is not supported", name, v),
               false;
    return vm_raise(vm, ERR_TYPE, "Error binding parameter %zu: type '%T' is not supported", i, v), false;
}

static bool put_parameters(VM *vm, Request *r, Value params)
{
    if (is_dict(params)) {
        Dict *d = as_dict(params);
        r->named = true;
        for (uint32_t i = 0; i < d->used; i++) {
            Value key = d->entries[i].key;
            if (is_unset(key)) continue;
            if (!is_str(key))
                return vm_raise(vm, ERR_TYPE, "a parameter's name must be str, not %T", key), false;
            if (!parcel_put_value(vm, &r->given, key, "SQLite") ||
                !put_parameter(vm, r, d->entries[i].value, key, 0))
                return false;
        }
    } else {
        if (!is_list(params) && !is_tuple(params))
            return vm_raise(vm, ERR_TYPE, "parameters must be a tuple, a list or a dict, not %T", params),
                   false;
        r->ngiven = is_list(params) ? as_list(params)->size : as_tuple(params)->size;
        const Value *items = is_list(params) ? as_list(params)->items : as_tuple(params)->items;
        for (size_t i = 0; i < r->ngiven; i++)
            if (!put_parameter(vm, r, items[i], VALUE_NONE, i + 1)) return false;
    }
    return !r->given.failed || !is_error(vm_no_memory(vm));
}

static Value nat_open(VM *vm, Args args)
{
    int64_t flags, timeout;
    if (!obj_index_i64(vm, args.v[2], &flags) || !obj_index_i64(vm, args.v[3], &timeout)) return VALUE_ERROR;
    Request *r = request_with_text(vm, args.v[0], DO_OPEN, args.v[1]);
    if (!r) return VALUE_ERROR;
    r->flags = (int)flags | SQLITE_OPEN_NOMUTEX;
    r->timeout = timeout > INT32_MAX ? INT32_MAX : (int)timeout;
    return await_request(vm, args.v[0], r);
}

static Value nat_run(VM *vm, Args args)
{
    int64_t most = -1; // None: all
    if (!is_none(args.v[3]) && !obj_index_i64(vm, args.v[3], &most)) return VALUE_ERROR;
    Request *r = request_with_text(vm, args.v[0], DO_RUN, args.v[1]);
    if (!r) return VALUE_ERROR;
    if (!put_parameters(vm, r, args.v[2])) return free_request(r), VALUE_ERROR;
    if (most >= 0) r->most = (size_t)most;
    return await_request(vm, args.v[0], r);
}

static Value nat_script(VM *vm, Args args)
{
    Request *r = request_with_text(vm, args.v[0], DO_SCRIPT, args.v[1]);
    return r ? await_request(vm, args.v[0], r) : VALUE_ERROR;
}

/* The next rows of a request that has more; it hands its statement over. */
static Value nat_more(VM *vm, Args args)
{
    int64_t most;
    Connection *c = connection_of(args.v[0]);
    bool ok = is_ptr(args.v[1]) && type_of(vm, args.v[1]) == stdlib(vm)->sqlite.request &&
              obj_index_i64(vm, args.v[2], &most);
    Request *before = ok ? ((NativeData *)as_obj(args.v[1]))->data : NULL;
    if (!c->lane) return refuse_closed(vm);
    if (!before || !before->more) return vm_raise(vm, ERR_TYPE, "a query that has more rows was expected");
    Request *r = new_request(vm, c, DO_MORE);
    if (!r) return VALUE_ERROR;
    r->statement = take_statement(before);
    r->most = most > 0 ? (size_t)most : 1;
    return await_request(vm, args.v[0], r);
}

/* Nobody wants the rest of the rows. */
static Value nat_finish(VM *vm, Args args)
{
    bool ok = is_ptr(args.v[1]) && type_of(vm, args.v[1]) == stdlib(vm)->sqlite.request;
    Request *r = ok ? ((NativeData *)as_obj(args.v[1]))->data : NULL;
    if (r) finish(vm, r);
    return is_unset(vm->exc) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_abandon(VM *vm, Args args)
{
    (void)vm;
    Connection *c = connection_of(args.v[0]);
    for (Request *r = c->first, *next; r; r = next) {
        next = r->next;
        if (!r->owner || waiter_waits(&r->waiter)) continue;
        if (r->done) finish(vm, r);
        else abandon(c, r);
    }
    return is_unset(vm->exc) ? VALUE_NONE : VALUE_ERROR;
}

/* It is carried out whoever waits, after what was asked before. */
static Value nat_post(VM *vm, Args args)
{
    Request *r = request_with_text(vm, args.v[0], DO_SCRIPT, args.v[1]);
    if (r) give(vm, r);
    return r ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_close(VM *vm, Args args)
{
    Connection *c = connection_of(args.v[0]);
    if (!c->lane) return VALUE_NONE;
    Request *r = new_request(vm, c, DO_CLOSE);
    if (!r) return VALUE_ERROR;
    return await_request(vm, args.v[0], r);
}

/* After close: the thread ends. */
static Value nat_end(VM *vm, Args args)
{
    Connection *c = connection_of(args.v[0]);
    if (c->lane && !c->first) {
        io(vm)->close(vm->host, c->lane, false);
        c->lane = 0;
    }
    return VALUE_NONE;
}

static const NativeDef connection_methods[] = {
    {"open(self, path, flags, timeout)", nat_open, "Open the database; all others wait for it.", NATIVE_ASYNC},
    {"run(self, sql, parameters, most)", nat_run, "(rows, columns, changes, last id, the request if it has more) or (code, message).", NATIVE_ASYNC},
    {"more(self, request, most)", nat_more, "The next rows, in the same form.", NATIVE_ASYNC},
    {"finish(self, request)", nat_finish, "Nobody wants the rest of its rows.", 0},
    {"script(self, sql)", nat_script, "Run all statements of a text.", NATIVE_ASYNC},
    {"post(self, sql)", nat_post, "The same without waiting.", 0},
    {"abandon(self)", nat_abandon, "Interrupt what nobody waits for any more.", 0},
    {"close(self)", nat_close, "Close the database after what was asked.", NATIVE_ASYNC},
    {"end(self)", nat_end, "Let the thread end.", 0},
    {0},
};
static const TypeDef connection_def = {
    .slots = {.free = connection_free},
    .methods = connection_methods,
    .flags = TYPE_FINAL | TYPE_HAS_WEAKREF,
    .doc = "A thread on which SQLite has one database open.",
};

static const NativeDef natives[] = {
    {"connection()", nat_connection, "A new connection, not open yet.", 0},
    {0},
};

/* ---- the library --------------------------------------------------------------------------------- */

static SqliteLibrary *open_library(void)
{
    SqliteLibrary *lib = calloc(1, sizeof *lib);
    if (!lib || !(lib->handle = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL))) return free(lib), NULL;
#define SQLITE(type, name, parameters)                                \
    *(void **)&lib->name = dlsym(lib->handle, "sqlite3_" #name);      \
    if (!lib->name) return dlclose(lib->handle), free(lib), NULL;
    SQLITE_FUNCTIONS
#undef SQLITE
    return lib;
}

static Type *make_type(VM *vm, const char *name, const TypeDef *def)
{
    Type *t = type_from_def(vm, name, NULL, def, KIND_NATIVE_DATA, VALUE_UNSET);
    if (t) gc_pin(vm, obj_value(t));
    return t;
}

static bool init(VM *vm, Module *m)
{
    SqliteState *s = &stdlib(vm)->sqlite;
    if (!(s->library = open_library())) {
        vm_raise(vm, ERR_IMPORT, "sqlite needs SQLite's library: install Debian's package libsqlite3-0");
        return false;
    }
    s->connection = make_type(vm, "_sqlite.connection", &connection_def);
    s->request = make_type(vm, "_sqlite.request", &request_def);
    return s->connection && s->request &&
           module_add(vm, m, "version", str_from_c(vm, s->library->libversion()));
}

const ModuleDef _sqlite_module = {"_sqlite", natives, "SQLite on threads of its own.", init};
