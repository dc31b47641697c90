/* _streams.c - opening connections, listening, looking up names: the natives under asyncio.streams. */
#include "stdlib/stream.h"
#include "vm/exception.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/output.h"
#include "vm/protocol.h"
#include "vm/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct HostIo *io(VM *vm) { return vm->host->io; }

/* ---- addresses ----------------------------------------------------------------------------------- */

Value address_value(VM *vm, const IoAddress *a)
{
    char text[INET6_ADDRSTRLEN] = "";
    switch (a->any.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &a->in.sin_addr, text, sizeof text);
        return tuple_pack(vm, 2, str_from_c(vm, text), small(ntohs(a->in.sin_port)));
    case AF_INET6:
        inet_ntop(AF_INET6, &a->in6.sin6_addr, text, sizeof text);
        return tuple_pack(vm, 4, str_from_c(vm, text), small(ntohs(a->in6.sin6_port)),
                          small(ntohl(a->in6.sin6_flowinfo)), small(a->in6.sin6_scope_id));
    case AF_UNIX: {
        if (a->size <= offsetof(struct sockaddr_un, sun_path)) return obj_value(vm->empty_str);
        return text_from_system(vm, a->un.sun_path);
    }
    default: return VALUE_NONE;
    }
}

static bool port_from(VM *vm, Value v, uint16_t *port)
{
    int64_t i;
    if (!obj_index_i64(vm, v, &i)) return false;
    if (i < 0 || i > 65535) return vm_raise(vm, ERR_OVERFLOW, "connect(): port must be 0-65535."), false;
    *port = htons((uint16_t)i);
    return true;
}

static bool path_address(VM *vm, Value v, IoAddress *out)
{
    if (!is_str(v)) return vm_raise(vm, ERR_TYPE, "a path must be a str, not '%T'", v), false;
    const char *path = str_cstr(vm, as_str(v));
    if (!path) return false;
    if (strlen(path) >= sizeof out->un.sun_path) return vm_raise(vm, ERR_OS, "AF_UNIX path too long"), false;
    strcpy(out->un.sun_path, path);
    out->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
    return true;
}

bool address_from(VM *vm, int family, Value v, IoAddress *out)
{
    *out = (IoAddress){0};
    out->any.sa_family = (sa_family_t)family;
    if (family == AF_UNIX) return path_address(vm, v, out);
    bool pair = is_tuple(v) && as_tuple(v)->size >= 2 && is_str(as_tuple(v)->items[0]);
    if (!pair) return vm_raise(vm, ERR_TYPE, "AF_INET address must be tuple, not %T", v), false;
    const Value *items = as_tuple(v)->items;
    const char *host = str_cstr(vm, as_str(items[0]));
    uint16_t port;
    if (!host || !port_from(vm, items[1], &port)) return false;
    void *bits = family == AF_INET ? (void *)&out->in.sin_addr : (void *)&out->in6.sin6_addr;
    if (inet_pton(family, host, bits) != 1)
        return vm_raise(vm, ERR_OS, "illegal IP address string '%V'", items[0]), false;
    if (family == AF_INET) out->in.sin_port = port;
    else out->in6.sin6_port = port;
    if (family == AF_INET6 && as_tuple(v)->size > 3 && is_small(items[3]))
        out->in6.sin6_scope_id = (uint32_t)as_small(items[3]);
    out->size = family == AF_INET ? sizeof out->in : sizeof out->in6;
    return true;
}

static bool family_from(VM *vm, Value v, int *family)
{
    int64_t i;
    if (!obj_index_i64(vm, v, &i)) return false;
    *family = (int)i;
    if (i == AF_INET || i == AF_INET6 || i == AF_UNIX) return true;
    return vm_raise_errno(vm, EAFNOSUPPORT, NULL), false;
}

/* ---- connecting ---------------------------------------------------------------------------------- */

static bool limit_from(VM *vm, Value v, size_t *limit)
{
    int64_t i;
    if (!obj_index_i64(vm, v, &i)) return false;
    if (i <= 0) return vm_raise(vm, ERR_VALUE, "Limit cannot be <= 0"), false;
    *limit = (size_t)i;
    return true;
}

static void remember_peer(Stream *s, const IoAddress *a)
{
    if (a->any.sa_family == AF_INET) memcpy(&s->peer, &a->in, sizeof a->in);
    else if (a->any.sa_family == AF_INET6) s->peer = a->in6;
}

static Value nat_connect(VM *vm, Args args)
{
    IoAddress to, from;
    int family;
    size_t limit;
    bool bound = !is_none(args.v[2]);
    if (!family_from(vm, args.v[0], &family) || !address_from(vm, family, args.v[1], &to) ||
        (bound && !address_from(vm, family, args.v[2], &from)) || !limit_from(vm, args.v[3], &limit))
        return VALUE_ERROR;
    Value reader = stream_new(vm, limit);
    if (is_error(reader)) return reader;
    Stream *s = stream_of(reader);
    IoId id;
    int err = io(vm)->connect(vm->host, &to, bound ? &from : NULL, &s->sink, &id);
    if (err) return vm_raise_errno(vm, -err, NULL);
    stream_open(vm, reader, id, STREAM_CONNECTING);
    remember_peer(s, &to);
    return reader;
}

static bool is_reader(VM *vm, Value v) { return is_ptr(v) && type_of(vm, v) == stdlib(vm)->reader_type; }

static bool require_reader(VM *vm, Value v)
{
    return is_reader(vm, v) || (vm_raise(vm, ERR_TYPE, "a StreamReader was expected, got %T", v), false);
}

static Value nat_connected(VM *vm, Args args)
{
    return require_reader(vm, args.v[0]) ? stream_wait(vm, args.v[0], AWAIT_CONNECT) : VALUE_ERROR;
}

static Value nat_start(VM *vm, Args args)
{
    if (!require_reader(vm, args.v[0])) return VALUE_ERROR;
    stream_start_reading(vm, stream_of(args.v[0]));
    return stream_writer(vm, args.v[0]);
}

static Value nat_call_accepted(VM *vm, Args args)
{
    if (!require_reader(vm, args.v[0])) return VALUE_ERROR;
    stream_of(args.v[0])->flags |= STREAM_ACCEPTED;
    return VALUE_NONE;
}

static Value nat_start_reading(VM *vm, Args args)
{
    if (!require_reader(vm, args.v[0])) return VALUE_ERROR;
    stream_start_reading(vm, stream_of(args.v[0]));
    return VALUE_NONE;
}

static Value nat_abort(VM *vm, Args args)
{
    if (!require_reader(vm, args.v[0])) return VALUE_ERROR;
    stream_close_channel(vm, stream_of(args.v[0]), true);
    return VALUE_NONE;
}

/* A descriptor of ours (standard input, a pipe, a socket) becomes the reader's; it is duplicated, so sys.stdin stays. */
static Value nat_attach(VM *vm, Args args)
{
    int64_t fd;
    if (!require_reader(vm, args.v[0]) || !obj_index_i64(vm, args.v[1], &fd)) return VALUE_ERROR;
    int copy = dup((int)fd);
    if (copy < 0) return vm_raise_errno(vm, errno, NULL);
    IoId id;
    int err = io(vm)->adopt(vm->host, copy, &stream_of(args.v[0])->sink, &id);
    if (err) return vm_raise_errno(vm, -err, NULL);
    stream_open(vm, args.v[0], id, args.v[2] == VALUE_TRUE ? STREAM_ONE_WAY : 0);
    return VALUE_NONE;
}

/* ---- listening ----------------------------------------------------------------------------------- */

typedef struct Listener {
    IoSink sink;
    Obj *owner; // pinned as long as it is open: a server serves whether or not anybody holds it
    IoId id;
    size_t limit;
    Value callback;
} Listener;

static Listener *listener_of(Value v) { return ((NativeData *)as_obj(v))->data; }

static void accepted(VM *vm, Listener *l, const IoEvent *e)
{
    Value reader = stream_new(vm, l->limit);
    Value writer = is_error(reader) ? reader : stream_writer(vm, reader);
    Value args = is_error(writer) ? writer : tuple_pack(vm, 2, reader, writer);
    Value handle = is_error(args) ? args : handle_new(vm, l->callback, args, VALUE_NONE, 0);
    if (is_error(handle)) { // no memory for it: the peer sees it closed
        vm_take_pending(vm);
        io(vm)->close(vm->host, e->id, true);
        return;
    }
    stream_open(vm, reader, e->id, STREAM_ACCEPTED);
    remember_peer(stream_of(reader), e->address);
    if (!sched_call_soon(vm, handle)) vm_take_pending(vm);
}

static void listener_event(VM *vm, IoSink *sink, const IoEvent *e)
{
    Listener *l = (Listener *)sink;
    if (e->kind == IO_ACCEPTED) accepted(vm, l, e);
    else if (e->kind == IO_CLOSED) {
        l->id = 0;
        gc_unpin(vm, obj_value(l->owner));
    }
}

static void listener_trace(VM *vm, Obj *o)
{
    const Listener *l = ((NativeData *)o)->data;
    if (l) gc_mark_value(vm, l->callback);
}

static void listener_free(VM *vm, Obj *o)
{
    Listener *l = ((NativeData *)o)->data;
    if (!l) return;
    if (l->id) {
        io(vm)->attach(vm->host, l->id, NULL);
        io(vm)->close(vm->host, l->id, true);
    }
    heap_free(vm, l, sizeof *l);
}

static const TypeDef listener_def = {
    .slots = {.trace = listener_trace, .free = listener_free},
    .flags = TYPE_FINAL,
    .doc = "A listening socket.",
};

static Value nat_listen(VM *vm, Args args)
{
    IoAddress at;
    int family;
    size_t limit;
    int64_t backlog, flags;
    if (!family_from(vm, args.v[0], &family) || !address_from(vm, family, args.v[1], &at) ||
        !limit_from(vm, args.v[3], &limit) || !obj_index_i64(vm, args.v[4], &backlog) ||
        !obj_index_i64(vm, args.v[5], &flags))
        return VALUE_ERROR;
    NativeData *o = native_data_new(vm, stdlib(vm)->listener_type, sizeof(Listener));
    if (!o) return VALUE_ERROR;
    Listener *l = o->data;
    *l = (Listener){.sink = {listener_event}, .owner = &o->h, .limit = limit, .callback = args.v[2]};
    int err = io(vm)->listen(vm->host, &at, (int)backlog, (unsigned)flags, &l->sink, &l->id);
    if (err) return vm_raise_errno(vm, -err, NULL);
    gc_pin(vm, obj_value(o));
    return obj_value(o);
}

static bool require_listener(VM *vm, Value v)
{
    if (is_ptr(v) && type_of(vm, v) == stdlib(vm)->listener_type) return true;
    return vm_raise(vm, ERR_TYPE, "a listening socket was expected, got %T", v), false;
}

static Value nat_unlisten(VM *vm, Args args)
{
    if (!require_listener(vm, args.v[0])) return VALUE_ERROR;
    Listener *l = listener_of(args.v[0]);
    if (!l->id) return VALUE_NONE;
    io(vm)->attach(vm->host, l->id, NULL);
    io(vm)->close(vm->host, l->id, true);
    l->id = 0;
    gc_unpin(vm, args.v[0]);
    return VALUE_NONE;
}

/* ---- asking -------------------------------------------------------------------------------------- */

static bool id_of(VM *vm, Value v, IoId *id)
{
    Stdlib *lib = stdlib(vm);
    Type *t = is_ptr(v) ? type_of(vm, v) : NULL;
    if (t && t == lib->listener_type) *id = listener_of(v)->id;
    else if (t && (t == lib->reader_type || t == lib->writer_type || t == lib->transport_type))
        *id = stream_of(v)->id;
    else return vm_raise(vm, ERR_TYPE, "a stream was expected, got %T", v), false;
    return true;
}

static Value nat_address(VM *vm, Args args)
{
    IoId id;
    IoAddress a;
    if (!id_of(vm, args.v[0], &id)) return VALUE_ERROR;
    int err = io(vm)->address(vm->host, id, args.v[1] == VALUE_TRUE, &a);
    return err ? vm_raise_errno(vm, -err, NULL) : address_value(vm, &a);
}

static Value nat_family(VM *vm, Args args)
{
    IoId id;
    IoAddress a;
    if (!id_of(vm, args.v[0], &id)) return VALUE_ERROR;
    return io(vm)->address(vm->host, id, false, &a) ? VALUE_NONE : small(a.any.sa_family);
}

static Value nat_fd(VM *vm, Args args)
{
    IoId id;
    return id_of(vm, args.v[0], &id) ? small(io(vm)->fd(vm->host, id)) : VALUE_ERROR;
}

/* ---- names --------------------------------------------------------------------------------------- */

typedef struct Request {
    IoSink sink;
    Obj *owner;
    IoId id;
    Waiter waiter;
    Value answer; // list of tuples, or the EAI_ code
} Request;

static Request *request_of(Value v) { return ((NativeData *)as_obj(v))->data; }

static Value canonical_name(VM *vm, const struct addrinfo *a)
{
    return a->ai_canonname ? str_from_c(vm, a->ai_canonname) : obj_value(vm->empty_str);
}

/* (family, type, proto, canonname, address) for each. */
static Value address_list(VM *vm, const struct addrinfo *a)
{
    Value list = list_new(vm, NULL, 0);
    for (; a && !is_error(list); a = a->ai_next) {
        IoAddress address = {.size = (socklen_t)a->ai_addrlen};
        if (a->ai_addrlen > sizeof address.un) continue;
        memcpy(&address.any, a->ai_addr, a->ai_addrlen);
        Value row = tuple_pack(vm, 5, small(a->ai_family), small(a->ai_socktype), small(a->ai_protocol),
                               canonical_name(vm, a), address_value(vm, &address));
        if (is_error(row) || !list_append(vm, as_list(list), row)) return VALUE_ERROR;
    }
    return list;
}

static void request_event(VM *vm, IoSink *sink, const IoEvent *e)
{
    Request *r = (Request *)sink;
    r->id = 0;
    Value answer = e->error ? small(e->error) : address_list(vm, e->addresses);
    if (is_error(answer)) {
        vm_take_pending(vm);
        answer = small(EAI_MEMORY);
    }
    gc_store(vm, r->owner, &r->answer, answer);
    if (waiter_waits(&r->waiter)) task_resume(vm, as_task(r->waiter.task), obj_value(r->owner));
}

static Value request_resume(VM *vm, Value self, Task *t) { return (void)vm, (void)t, request_of(self)->answer; }

static void request_trace(VM *vm, Obj *o)
{
    const Request *r = ((NativeData *)o)->data;
    if (!r) return;
    gc_mark_value(vm, r->waiter.task);
    gc_mark_value(vm, r->answer);
}

static void request_free(VM *vm, Obj *o)
{
    Request *r = ((NativeData *)o)->data;
    if (!r) return;
    if (r->id) {
        io(vm)->attach(vm->host, r->id, NULL);
        io(vm)->close(vm->host, r->id, true);
    }
    heap_free(vm, r, sizeof *r);
}

static const TypeDef request_def = {
    .slots = {.resume = request_resume, .trace = request_trace, .free = request_free},
    .flags = TYPE_FINAL,
    .doc = "A name that is being looked up.",
};

static bool text_or_none(VM *vm, Value v, const char **out)
{
    *out = NULL;
    if (is_none(v)) return true;
    if (!is_str(v)) return vm_raise(vm, ERR_TYPE, "getaddrinfo() argument 1 must be string or None"), false;
    return (*out = str_cstr(vm, as_str(v))) != NULL;
}

static bool hints_from(VM *vm, const Value *v, struct addrinfo *hints)
{
    int64_t n[4];
    for (int i = 0; i < 4; i++)
        if (!obj_index_i64(vm, v[i], &n[i])) return false;
    *hints = (struct addrinfo){.ai_family = (int)n[0], .ai_socktype = (int)n[1], .ai_protocol = (int)n[2], .ai_flags = (int)n[3]};
    return true;
}

/* Answers the list of addresses, or an EAI_ code. */
static Value nat_resolve(VM *vm, Args args)
{
    const char *name, *service;
    struct addrinfo hints;
    if (!text_or_none(vm, args.v[0], &name) || !text_or_none(vm, args.v[1], &service) ||
        !hints_from(vm, args.v + 2, &hints))
        return VALUE_ERROR;
    NativeData *o = native_data_new(vm, stdlib(vm)->request_type, sizeof(Request));
    if (!o) return VALUE_ERROR;
    Request *r = o->data;
    *r = (Request){.sink = {request_event}, .owner = &o->h, .answer = VALUE_NONE, .waiter = {VALUE_UNSET, 0}};
    Value parked = task_park(vm, WAIT_NAME, obj_value(o), 0);
    if (parked != VALUE_PARK) return parked;
    r->waiter = waiter_of(vm->task);
    int err = io(vm)->resolve(vm->host, name, service, &hints, &r->sink, &r->id);
    if (err) {
        int code = err == -ENOMEM ? EAI_MEMORY : EAI_NONAME;
        request_event(vm, &r->sink, &(IoEvent){.kind = IO_RESOLVED, .error = code});
    }
    return VALUE_PARK;
}

/* The same where one stands. In a blocking context another thread asks, and the others go on. */
typedef struct NameErrand {
    Errand e;
    struct addrinfo hints, *found;
    int error;
    const char *name, *service; // NULL, or in bytes
    char bytes[];
} NameErrand;

static void run_look_up(Errand *e)
{
    NameErrand *n = (NameErrand *)e;
    n->error = getaddrinfo(n->name, n->service, &n->hints, &n->found);
}

static NameErrand *new_name_errand(VM *vm, const char *name, const char *service, const struct addrinfo *hints)
{
    size_t name_size = name ? strlen(name) + 1 : 0, service_size = service ? strlen(service) + 1 : 0;
    NameErrand *n = malloc(sizeof *n + name_size + service_size);
    if (!n) return vm_no_memory(vm), NULL;
    *n = (NameErrand){.e = {.run = run_look_up}, .hints = *hints};
    if (name) n->name = memcpy(n->bytes, name, name_size);
    if (service) n->service = memcpy(n->bytes + name_size, service, service_size);
    return n;
}

static Value nat_look_up(VM *vm, Args args)
{
    const char *name, *service;
    struct addrinfo hints;
    if (!text_or_none(vm, args.v[0], &name) || !text_or_none(vm, args.v[1], &service) ||
        !hints_from(vm, args.v + 2, &hints))
        return VALUE_ERROR;
    NameErrand *n = new_name_errand(vm, name, service, &hints);
    if (!n) return VALUE_ERROR;
    if (!errand_needed(vm, true)) run_look_up(&n->e);
    else if (!errand_do(vm, &n->e, WAIT_NAME)) return VALUE_ERROR;
    Value answer = n->error ? small(n->error) : address_list(vm, n->found);
    if (!n->error) freeaddrinfo(n->found);
    free(n);
    return answer;
}

static Value nat_eai_text(VM *vm, Args args)
{
    int64_t code;
    return obj_index_i64(vm, args.v[0], &code) ? str_from_c(vm, gai_strerror((int)code)) : VALUE_ERROR;
}

/* ---- the module ---------------------------------------------------------------------------------- */

static const NativeDef natives[] = {
    {"connect(family, address, local, limit)", nat_connect, "A reader whose connection is being made.", 0},
    {"connected(reader)", nat_connected, "Wait until it is.", NATIVE_ASYNC},
    {"start(reader)", nat_start, "Let bytes come; answers a writer.", 0},
    {"start_reading(reader)", nat_start_reading, "Let bytes come.", 0},
    {"abort(reader)", nat_abort, "Close its connection at once.", 0},
    {"call_accepted(reader)", nat_call_accepted, "The peer has called, not we.", 0},
    {"attach(reader, fd, one_way)", nat_attach, "Read and write this descriptor; one_way: a pipe.", 0},
    {"listen(family, address, callback, limit, backlog, flags)", nat_listen,
     "Call back with reader and writer of each connection that comes.", 0},
    {"unlisten(listener)", nat_unlisten, "Stop it.", 0},
    {"address(stream, peer)", nat_address, "Its own address or the peer's.", 0},
    {"family(stream)", nat_family, "Its address family.", 0},
    {"fd(stream)", nat_fd, "Its descriptor; -1 once closed.", 0},
    {"resolve(name, service, family, type, proto, flags)", nat_resolve, "Addresses, or an error code.", NATIVE_ASYNC},
    {"look_up(name, service, family, type, proto, flags)", nat_look_up, "The same where one stands.", 0},
    {"eai_text(code)", nat_eai_text, "What such a code means.", 0},
    {0},
};

static bool init(VM *vm, Module *m)
{
    static const struct { const char *name; int value; } numbers[] = {
        {"AF_UNSPEC", AF_UNSPEC}, {"AF_INET", AF_INET}, {"AF_INET6", AF_INET6}, {"AF_UNIX", AF_UNIX},
        {"SOCK_STREAM", SOCK_STREAM}, {"SOCK_DGRAM", SOCK_DGRAM}, {"AI_PASSIVE", AI_PASSIVE},
        {"AI_CANONNAME", AI_CANONNAME}, {"AI_NUMERICHOST", AI_NUMERICHOST}, {"AI_NUMERICSERV", AI_NUMERICSERV},
        {"IPPROTO_TCP", IPPROTO_TCP}, {"EAI_NONAME", EAI_NONAME},
        {"REUSE_PORT", IO_REUSE_PORT}, {"ONLY_V6", IO_ONLY_V6}, {"KEEP_ADDRESS", IO_KEEP_ADDRESS},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!module_add(vm, m, numbers[i].name, small(numbers[i].value))) return false;
    stdlib(vm)->listener_type =
        module_add_type(vm, m, NULL, "_streams.listener", &listener_def, KIND_NATIVE_DATA);
    stdlib(vm)->request_type = module_add_type(vm, m, NULL, "_streams.request", &request_def, KIND_NATIVE_DATA);
    return stdlib(vm)->listener_type && stdlib(vm)->request_type && stream_types_init(vm, m);
}

const ModuleDef _streams_module = {"_streams", natives, "Connections, for asyncio.", init};
