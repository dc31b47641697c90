/* _socket.c - the system's sockets by descriptor, and watching a descriptor: what `socket` and
 * loop.add_reader are made of.
 *
 * All sockets of ours are non-blocking. A call answers None where it would have to wait; who wants to wait does so by
 * wait(), as any blocking context: the others go on meanwhile.
 */
#define _GNU_SOURCE // accept4
#include "stdlib/stream.h"
#include "vm/bytes.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/output.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/strand.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

static const struct HostIo *io(VM *vm) { return vm->host->io; }

/* ---- arguments and outcomes ---------------------------------------------------------------------- */

static bool read_int(VM *vm, Value v, int *out)
{
    int64_t i;
    if (!obj_index_i64(vm, v, &i)) return false;
    if (i != (int)i) return vm_raise(vm, ERR_OVERFLOW, "Python int too large to convert to C int"), false;
    *out = (int)i;
    return true;
}

static bool read_ints(VM *vm, const Value *v, int n, int *out)
{
    for (int i = 0; i < n; i++)
        if (!read_int(vm, v[i], &out[i])) return false;
    return true;
}

static bool read_size(VM *vm, Value v, size_t *out)
{
    int64_t i;
    if (!obj_index_i64(vm, v, &i)) return false;
    if (i < 0) return vm_raise(vm, ERR_VALUE, "negative buffersize in recv"), false;
    *out = (size_t)i;
    return true;
}

static bool must_wait(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

/* What a call has come to: a number, None when it has to wait, or an OSError. */
static Value outcome(VM *vm, ssize_t result)
{
    if (result >= 0) return small(result);
    return must_wait(errno) ? VALUE_NONE : vm_raise_errno(vm, errno, NULL);
}

/* ---- opening ------------------------------------------------------------------------------------- */

static Value nat_open(VM *vm, Args args)
{
    int n[3];
    return read_ints(vm, args.v, 3, n) ? outcome(vm, socket(n[0], n[1] | SOCK_NONBLOCK | SOCK_CLOEXEC, n[2]))
                                       : VALUE_ERROR;
}

static Value nat_pair(VM *vm, Args args)
{
    int n[3], fds[2];
    if (!read_ints(vm, args.v, 3, n)) return VALUE_ERROR;
    if (socketpair(n[0], n[1] | SOCK_NONBLOCK | SOCK_CLOEXEC, n[2], fds) != 0)
        return vm_raise_errno(vm, errno, NULL);
    return tuple_pair(vm, small(fds[0]), small(fds[1]));
}

/* A descriptor from elsewhere: (family, type, proto). */
static Value nat_adopt(VM *vm, Args args)
{
    int fd, found[3];
    static const int names[] = {SO_DOMAIN, SO_TYPE, SO_PROTOCOL};
    if (!read_int(vm, args.v[0], &fd)) return VALUE_ERROR;
    for (int i = 0; i < 3; i++) {
        socklen_t size = sizeof found[i];
        if (getsockopt(fd, SOL_SOCKET, names[i], &found[i], &size) != 0) return vm_raise_errno(vm, errno, NULL);
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return tuple_pack(vm, 3, small(found[0]), small(found[1]), small(found[2]));
}

static Value nat_dup(VM *vm, Args args)
{
    int fd;
    return read_int(vm, args.v[0], &fd) ? outcome(vm, fcntl(fd, F_DUPFD_CLOEXEC, 0)) : VALUE_ERROR;
}

static Value nat_bind(VM *vm, Args args)
{
    int n[2];
    IoAddress a;
    if (!read_ints(vm, args.v, 2, n) || !address_from(vm, n[1], args.v[2], &a)) return VALUE_ERROR;
    return outcome(vm, bind(n[0], &a.any, a.size));
}

/* An errno: 0: connected. */
static Value nat_connect(VM *vm, Args args)
{
    int n[2];
    IoAddress a;
    if (!read_ints(vm, args.v, 2, n) || !address_from(vm, n[1], args.v[2], &a)) return VALUE_ERROR;
    return small(connect(n[0], &a.any, a.size) == 0 ? 0 : errno);
}

static Value nat_listen(VM *vm, Args args)
{
    int n[2];
    return read_ints(vm, args.v, 2, n) ? outcome(vm, listen(n[0], n[1] < 0 ? 0 : n[1])) : VALUE_ERROR;
}

static Value nat_accept(VM *vm, Args args)
{
    int fd;
    if (!read_int(vm, args.v[0], &fd)) return VALUE_ERROR;
    IoAddress from = {.size = sizeof from.un};
    int made = accept4(fd, &from.any, &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (made < 0) return outcome(vm, made);
    Value address = address_value(vm, &from),
          pair = is_error(address) ? address : tuple_pair(vm, small(made), address);
    if (is_error(pair)) close(made);
    return pair;
}

static Value nat_shutdown(VM *vm, Args args)
{
    int n[2];
    return read_ints(vm, args.v, 2, n) ? outcome(vm, shutdown(n[0], n[1])) : VALUE_ERROR;
}

/* ---- bytes --------------------------------------------------------------------------------------- */

/* (bytes, address) or, unless `from`, bytes. */
static Value receive(VM *vm, Args args, bool from)
{
    int fd, flags;
    size_t size;
    if (!read_int(vm, args.v[0], &fd) || !read_size(vm, args.v[1], &size) || !read_int(vm, args.v[2], &flags))
        return VALUE_ERROR;
    void *room = heap_malloc(vm, size);
    if (!room) return VALUE_ERROR;
    IoAddress a = {.size = sizeof a.un};
    ssize_t got = recvfrom(fd, room, size, flags, from ? &a.any : NULL, from ? &a.size : NULL);
    int error = errno;
    Value v = got < 0 ? VALUE_NONE : bytes_new(vm, room, (size_t)got);
    heap_free(vm, room, size);
    if (got < 0) return errno = error, outcome(vm, got);
    if (!from || is_error(v)) return v;
    Value address = a.size ? address_value(vm, &a) : VALUE_NONE;
    return is_error(address) ? address : tuple_pair(vm, v, address);
}

static Value nat_recv(VM *vm, Args args) { return receive(vm, args, false); }
static Value nat_recvfrom(VM *vm, Args args) { return receive(vm, args, true); }

static Value nat_send(VM *vm, Args args)
{
    int fd, flags;
    ByteView b;
    if (!read_int(vm, args.v[0], &fd) || !read_int(vm, args.v[2], &flags) ||
        !bytes_require(vm, args.v[1], &b))
        return VALUE_ERROR;
    return outcome(vm, send(fd, b.data, b.size, flags | MSG_NOSIGNAL));
}

static Value nat_sendto(VM *vm, Args args)
{
    int n[3];
    ByteView b;
    IoAddress to;
    if (!read_ints(vm, args.v, 3, n) || !address_from(vm, n[1], args.v[4], &to) ||
        !bytes_require(vm, args.v[3], &b))
        return VALUE_ERROR;
    return outcome(vm, sendto(n[0], b.data, b.size, n[2] | MSG_NOSIGNAL, &to.any, to.size));
}

/* ---- asking -------------------------------------------------------------------------------------- */

static Value nat_address(VM *vm, Args args)
{
    int fd;
    if (!read_int(vm, args.v[0], &fd)) return VALUE_ERROR;
    IoAddress a = {.size = sizeof a.un};
    bool peer = args.v[1] == VALUE_TRUE;
    int failed = peer ? getpeername(fd, &a.any, &a.size) : getsockname(fd, &a.any, &a.size);
    return failed ? vm_raise_errno(vm, errno, NULL) : address_value(vm, &a);
}

static Value nat_getsockopt(VM *vm, Args args)
{
    int n[4], number = 0;
    uint8_t bytes[1024];
    if (!read_ints(vm, args.v, 4, n)) return VALUE_ERROR;
    if (n[3] < 0 || n[3] > (int)sizeof bytes) return vm_raise(vm, ERR_OS, "getsockopt buflen out of range");
    socklen_t size = n[3] ? (socklen_t)n[3] : sizeof number;
    if (getsockopt(n[0], n[1], n[2], n[3] ? (void *)bytes : &number, &size) != 0)
        return vm_raise_errno(vm, errno, NULL);
    return n[3] ? bytes_new(vm, bytes, size) : small(number);
}

static Value nat_setsockopt(VM *vm, Args args)
{
    int n[3], number;
    if (!read_ints(vm, args.v, 3, n)) return VALUE_ERROR;
    ByteView b = {(uint8_t *)&number, sizeof number};
    if (is_byteslike(args.v[3])) b = byte_view(args.v[3]);
    else if (!read_int(vm, args.v[3], &number)) return VALUE_ERROR;
    return outcome(vm, setsockopt(n[0], n[1], n[2], b.data, (socklen_t)b.size));
}

static Value nat_gethostname(VM *vm, Args args)
{
    (void)args;
    char name[256] = "";
    return gethostname(name, sizeof name - 1) ? vm_raise_errno(vm, errno, NULL) : text_from_system(vm, name);
}

static Value nat_pton(VM *vm, Args args)
{
    int family;
    uint8_t bits[16];
    if (!read_int(vm, args.v[0], &family)) return VALUE_ERROR;
    if (!is_str(args.v[1]))
        return vm_raise(vm, ERR_TYPE, "inet_pton() argument 2 must be str, not %T", args.v[1]);
    const char *text = str_cstr(vm, as_str(args.v[1]));
    if (!text) return VALUE_ERROR;
    if (family != AF_INET && family != AF_INET6) return vm_raise_errno(vm, EAFNOSUPPORT, NULL);
    if (inet_pton(family, text, bits) != 1)
        return vm_raise(vm, ERR_OS, "illegal IP address string passed to inet_pton");
    return bytes_new(vm, bits, family == AF_INET ? 4 : 16);
}

static Value nat_ntop(VM *vm, Args args)
{
    int family;
    ByteView b;
    char text[INET6_ADDRSTRLEN];
    if (!read_int(vm, args.v[0], &family) || !bytes_require(vm, args.v[1], &b)) return VALUE_ERROR;
    if (family != AF_INET && family != AF_INET6)
        return vm_raise(vm, ERR_VALUE, "unknown address family %d", family);
    if (b.size != (family == AF_INET ? 4 : 16))
        return vm_raise(vm, ERR_VALUE, "invalid length of packed IP address string");
    return str_from_c(vm, inet_ntop(family, b.data, text, sizeof text));
}

/* ---- waiting where one stands -------------------------------------------------------------------- */

typedef struct Pause { IoSink sink; StrandQueue queue; } Pause;

static void pause_ended(VM *vm, IoSink *sink, const IoEvent *e)
{
    if (e->kind == IO_READY) strand_wake_all(vm, &((Pause *)sink)->queue);
}

/* Whether it became ready in time. The descriptor is doubled: the loop may watch the same one. */
static Value nat_wait(VM *vm, Args args)
{
    int fd;
    int64_t deadline = 0;
    IoId id;
    double seconds;
    if (!read_int(vm, args.v[0], &fd)) return VALUE_ERROR;
    if (!is_none(args.v[2])) {
        if (!to_double(vm, args.v[2], &seconds)) return VALUE_ERROR;
        deadline = sched_now(vm) + (int64_t)(seconds * 1e9) + 1;
    }
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return vm_raise_errno(vm, errno, NULL);
    Pause p = {.sink = {pause_ended}};
    int err = io(vm)->watch(vm->host, copy, &p.sink, &id);
    if (err) return close(copy), vm_raise_errno(vm, -err, NULL);
    bool writable = args.v[1] == VALUE_TRUE;
    io(vm)->want(vm->host, id, !writable, writable);
    Wake wake = strand_wait(vm, &p.queue, WAIT_IO, VALUE_NONE, deadline);
    io(vm)->close(vm->host, id, true);
    close(copy);
    return wake == WAKE_EVENT ? VALUE_TRUE : wake == WAKE_TIME ? VALUE_FALSE : VALUE_ERROR;
}

/* ---- watching, for loops ------------------------------------------------------------------------- */

/* What is called each time a descriptor is found readable, or writable. */
typedef struct Call { Value function, args, context, due; } Call; // due: the Handle in the ready queue; UNSET: none
typedef struct Watch {
    IoSink sink;
    Obj *owner; // pinned as long as there is something to call
    IoId id;
    Call calls[2];
} Watch;

static Watch *watch_of(Value v) { return ((NativeData *)as_obj(v))->data; }
static bool is_set(const Call *c) { return !is_unset(c->function); }

static void make_due(VM *vm, Watch *w, Call *c)
{
    Value handle = handle_new(vm, c->function, c->args, c->context, 0);
    if (is_error(handle) || !sched_call_soon(vm, handle)) {
        vm_take_pending(vm); // no memory: it will still be ready next time
        return;
    }
    gc_store(vm, w->owner, &c->due, handle);
}

static void found_ready(VM *vm, IoSink *sink, const IoEvent *e)
{
    Watch *w = (Watch *)sink;
    if (e->kind != IO_READY) return;
    if (e->readable && is_set(&w->calls[0])) make_due(vm, w, &w->calls[0]);
    if (e->writable && is_set(&w->calls[1])) make_due(vm, w, &w->calls[1]);
}

static void watch_trace(VM *vm, Obj *o)
{
    const Watch *w = ((NativeData *)o)->data;
    if (!w) return;
    for (int i = 0; i < 2; i++) {
        const Call *c = &w->calls[i];
        gc_mark_value(vm, c->function);
        gc_mark_value(vm, c->args);
        gc_mark_value(vm, c->context);
        gc_mark_value(vm, c->due);
    }
}

static void watch_free(VM *vm, Obj *o)
{
    Watch *w = ((NativeData *)o)->data;
    if (!w) return;
    if (w->id) io(vm)->close(vm->host, w->id, true);
    heap_free(vm, w, sizeof *w);
}

static const TypeDef watch_def = {
    .slots = {.trace = watch_trace, .free = watch_free},
    .flags = TYPE_FINAL,
    .doc = "A descriptor that is being watched.",
};

static const Call no_call = {VALUE_UNSET, VALUE_UNSET, VALUE_UNSET, VALUE_UNSET};

static Value nat_watch(VM *vm, Args args)
{
    int fd;
    if (!read_int(vm, args.v[0], &fd)) return VALUE_ERROR;
    NativeData *o = native_data_new(vm, stdlib(vm)->watch_type, sizeof(Watch));
    if (!o) return VALUE_ERROR;
    Watch *w = o->data;
    *w = (Watch){.sink = {found_ready}, .owner = &o->h, .calls = {no_call, no_call}};
    int err = io(vm)->watch(vm->host, fd, &w->sink, &w->id);
    return err ? vm_raise_errno(vm, -err, NULL) : obj_value(o);
}

static Watch *require_watch(VM *vm, Value v)
{
    if (is_ptr(v) && type_of(vm, v) == stdlib(vm)->watch_type) return watch_of(v);
    return vm_raise(vm, ERR_TYPE, "a watch was expected, got %T", v), NULL;
}

/* One side gets, or loses, what it calls. */
static void replace_call(VM *vm, Watch *w, Call *c, const Call *by)
{
    bool before = is_set(&w->calls[0]) || is_set(&w->calls[1]);
    if (is_exact(c->due, T_HANDLE)) as_obj(c->due)->aux = 1; // cancelled, should it not have run
    gc_store(vm, w->owner, &c->function, by->function);
    gc_store(vm, w->owner, &c->args, by->args);
    gc_store(vm, w->owner, &c->context, by->context);
    gc_store(vm, w->owner, &c->due, VALUE_UNSET);
    bool after = is_set(&w->calls[0]) || is_set(&w->calls[1]);
    if (after && !before) gc_pin(vm, obj_value(w->owner));
    if (before && !after) gc_unpin(vm, obj_value(w->owner));
    io(vm)->want(vm->host, w->id, is_set(&w->calls[0]), is_set(&w->calls[1]));
}

static Value nat_call_when(VM *vm, Args args)
{
    Watch *w = require_watch(vm, args.v[0]);
    if (!w) return VALUE_ERROR;
    if (!w->id) return vm_raise(vm, ERR_VALUE, "the watch has ended");
    Call c = {args.v[2], args.v[3], vm->context, VALUE_UNSET};
    replace_call(vm, w, &w->calls[args.v[1] == VALUE_TRUE], &c);
    return VALUE_NONE;
}

static Value nat_forget(VM *vm, Args args)
{
    Watch *w = require_watch(vm, args.v[0]);
    if (!w) return VALUE_ERROR;
    Call *c = &w->calls[args.v[1] == VALUE_TRUE];
    bool had = is_set(c);
    if (had) replace_call(vm, w, c, &no_call);
    return tuple_pair(vm, bool_value(had), bool_value(is_set(&w->calls[0]) || is_set(&w->calls[1])));
}

static Value nat_unwatch(VM *vm, Args args)
{
    Watch *w = require_watch(vm, args.v[0]);
    if (!w) return VALUE_ERROR;
    for (int i = 0; i < 2; i++)
        if (is_set(&w->calls[i])) replace_call(vm, w, &w->calls[i], &no_call);
    if (w->id) io(vm)->close(vm->host, w->id, true);
    w->id = 0;
    return VALUE_NONE;
}

static Value nat_close(VM *vm, Args args)
{
    int fd;
    return read_int(vm, args.v[0], &fd) ? outcome(vm, close(fd)) : VALUE_ERROR;
}

/* ---- the module ---------------------------------------------------------------------------------- */

static const NativeDef natives[] = {
    {"open(family, type, proto)", nat_open, "A new socket's descriptor.", 0},
    {"pair(family, type, proto)", nat_pair, "Two that are connected.", 0},
    {"adopt(fd)", nat_adopt, "What a descriptor from elsewhere is: family, type, protocol.", 0},
    {"dup(fd)", nat_dup, "Another descriptor of the same socket.", 0},
    {"bind(fd, family, address)", nat_bind, "Give it an address.", 0},
    {"connect(fd, family, address)", nat_connect, "Connect it: an errno, 0 when that is done.", 0},
    {"listen(fd, backlog)", nat_listen, "Let connections come.", 0},
    {"accept(fd)", nat_accept, "A connection's descriptor and address; None: there is none yet.", 0},
    {"shutdown(fd, how)", nat_shutdown, "End one direction or both.", 0},
    {"recv(fd, size, flags)", nat_recv, "Bytes; None: there are none yet.", 0},
    {"recvfrom(fd, size, flags)", nat_recvfrom, "Bytes and where they come from; None: there are none yet.", 0},
    {"send(fd, data, flags)", nat_send, "How many bytes the system has taken; None: it takes none now.", 0},
    {"sendto(fd, family, flags, data, address)", nat_sendto, "The same to an address.", 0},
    {"address(fd, peer)", nat_address, "Its own address or the peer's.", 0},
    {"getsockopt(fd, level, name, size)", nat_getsockopt, "An option: an int, or so many bytes.", 0},
    {"setsockopt(fd, level, name, value)", nat_setsockopt, "Set an option.", 0},
    {"gethostname()", nat_gethostname, "This machine's name.", 0},
    {"inet_pton(family, text, /)", nat_pton, "An address as bytes.", 0},
    {"inet_ntop(family, packed, /)", nat_ntop, "An address as text.", 0},
    {"wait(fd, writable, seconds)", nat_wait, "Wait until it is readable, or writable; False: it took too long.", 0},
    {"watch(fd)", nat_watch, "A watch on a descriptor.", 0},
    {"call_when(watch, writable, function, args)", nat_call_when, "Call it each time that is so.", 0},
    {"forget(watch, writable)", nat_forget, "No longer; answers whether there was something to call, and is still.", 0},
    {"unwatch(watch)", nat_unwatch, "End a watch: before its descriptor is closed.", 0},
    {"close(fd)", nat_close, "Close a descriptor.", 0},
    {0},
};

static bool init(VM *vm, Module *m)
{
#define N(name) {#name, name}
    static const struct { const char *name; int value; } numbers[] = {
        N(SOL_SOCKET), N(SO_ACCEPTCONN), N(SO_BROADCAST), N(SO_DOMAIN), N(SO_DONTROUTE), N(SO_ERROR), N(SO_KEEPALIVE), N(SO_LINGER),
        N(SO_OOBINLINE), N(SO_PROTOCOL), N(SO_RCVBUF), N(SO_RCVLOWAT), N(SO_RCVTIMEO), N(SO_REUSEADDR), N(SO_REUSEPORT),
        N(SO_SNDBUF), N(SO_SNDLOWAT), N(SO_SNDTIMEO), N(SO_TYPE), N(SHUT_RD), N(SHUT_WR), N(SHUT_RDWR), N(MSG_DONTWAIT),
        N(MSG_OOB), N(MSG_PEEK), N(MSG_TRUNC), N(MSG_WAITALL), N(MSG_NOSIGNAL), N(MSG_MORE), N(IPPROTO_IP), N(IPPROTO_ICMP),
        N(IPPROTO_UDP), N(IPPROTO_IPV6), N(IPPROTO_RAW), N(IP_TTL), N(IP_TOS), N(IP_MULTICAST_TTL), N(IP_MULTICAST_LOOP),
        N(IP_MULTICAST_IF), N(IP_ADD_MEMBERSHIP), N(IP_DROP_MEMBERSHIP), N(IPV6_V6ONLY), N(TCP_NODELAY), N(TCP_KEEPIDLE),
        N(TCP_KEEPINTVL), N(TCP_KEEPCNT), N(TCP_CORK), N(TCP_QUICKACK), N(TCP_USER_TIMEOUT), N(TCP_MAXSEG), N(TCP_DEFER_ACCEPT),
        N(SOCK_RAW), N(SOCK_SEQPACKET), N(SOCK_NONBLOCK), N(SOCK_CLOEXEC), N(EAI_AGAIN), N(EAI_BADFLAGS), N(EAI_FAIL),
        N(EAI_FAMILY), N(EAI_MEMORY), N(EAI_SERVICE), N(EAI_SOCKTYPE), N(EAI_SYSTEM),
    };
#undef N
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!module_add(vm, m, numbers[i].name, small(numbers[i].value))) return false;
    stdlib(vm)->watch_type = module_add_type(vm, m, NULL, "_socket.watch", &watch_def, KIND_NATIVE_DATA);
    return stdlib(vm)->watch_type != NULL;
}

const ModuleDef _socket_module = {"_socket", natives, "The system's sockets, for socket and asyncio.", init};
