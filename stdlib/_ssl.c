/* _ssl.c - TLS by OpenSSL, as a layer between a stream and its channel: bytes go through memory, so that the
 * host's connections, real or virtual, know nothing of it. The library is opened when it is first used.
 */
#include "stdlib/openssl.h"
#include "stdlib/stream.h"
#include "vm/bytes.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/output.h"
#include "vm/protocol.h"
#include "vm/str.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>

typedef struct SSL SSL;
typedef struct SSL_CTX SSL_CTX;
typedef struct BIO BIO;
typedef struct X509 X509;

struct OpenSSL {
    void *library;
    size_t uses; // the VM, and each object: they are freed in any order
#define OPENSSL(result, name, parameters) result(*name) parameters;
#include "stdlib/openssl.def"
#undef OPENSSL
};

/* Of OpenSSL's headers. */
enum {
    ERROR_WANT_READ = 2, ERROR_SYSCALL = 5, ERROR_ZERO_RETURN = 6,
    VERIFY_NONE = 0, VERIFY_PEER = 1,
    CTRL_SET_HOSTNAME = 55, CTRL_MODE = 33, CTRL_MIN_VERSION = 123,
    TLS_1_2 = 0x0303, PEM = 1, MODE_RELEASE_BUFFERS = 0x10,
};
static const uint64_t IGNORE_UNEXPECTED_EOF = 1 << 7, NO_RENEGOTIATION = 1u << 30;

/* ---- the library --------------------------------------------------------------------------------- */

static bool find_all(OpenSSL *o)
{
#define OPENSSL(result, name, parameters)                                                                  \
    if (!(*(void **)&o->name = dlsym(o->library, #name))) return false;
#include "stdlib/openssl.def"
#undef OPENSSL
    return true;
}

/* NULL: ImportError. */
static OpenSSL *openssl(VM *vm)
{
    Stdlib *lib = stdlib(vm);
    if (lib->openssl) return lib->openssl;
    OpenSSL *o = calloc(1, sizeof *o);
    if (!o) return vm_no_memory(vm), NULL;
    o->library = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
    o->uses = 1;
    if (o->library && find_all(o)) return lib->openssl = o;
    if (o->library) dlclose(o->library);
    free(o);
    return vm_raise(vm, ERR_IMPORT,
                    "TLS needs OpenSSL 3, which is not installed (Debian: apt-get install libssl3)"),
           NULL;
}

void openssl_drop(OpenSSL *o)
{
    if (o && !--o->uses) free(o); // the library itself stays: it has threads' leavings of its own
}

/* ---- errors -------------------------------------------------------------------------------------- */

/* "certificate verify failed" as CPython names it in brackets: CERTIFICATE_VERIFY_FAILED. */
static void add_code(StrBuilder *b, const char *reason)
{
    for (; *reason; reason++) {
        char c = *reason == ' ' ? '_' : *reason >= 'a' && *reason <= 'z' ? (char)(*reason - 32) : *reason;
        sb_add(b, &c, 1);
    }
}

/* An instance of ssl.SSLError, or of SSLCertVerificationError. Runs no script: neither has an __init__. */
static Value make_error(VM *vm, const char *class_name, Value text)
{
    Value *args = roots_reserve(vm, 2);
    if (!args || is_error(text)) return VALUE_ERROR;
    args[0] = small(1);
    args[1] = text;
    Value v = module_import(vm, vm_intern(vm, "ssl"));
    if (!is_error(v)) v = obj_getattr(vm, v, vm_intern(vm, class_name));
    if (!is_error(v)) v = vm_call(vm, v, args, 2);
    roots_pop(vm, args);
    return v;
}

static Value last_error(VM *vm, OpenSSL *o, SSL *ssl)
{
    const char *reason = o->ERR_reason_error_string(o->ERR_peek_last_error());
    long verified = ssl ? o->SSL_get_verify_result(ssl) : 0;
    StrBuilder b;
    sb_init(&b, vm);
    sb_add_c(&b, "[SSL: ");
    add_code(&b, reason ? reason : "unknown error");
    sb_addf(&b, "] %s", reason ? reason : "unknown error");
    if (verified) sb_addf(&b, ": %s", o->X509_verify_cert_error_string(verified));
    o->ERR_clear_error();
    return make_error(vm, verified ? "SSLCertVerificationError" : "SSLError", sb_finish(&b));
}

static Value raise_last(VM *vm, OpenSSL *o)
{
    Value exc = last_error(vm, o, NULL);
    return is_error(exc) ? exc : vm_raise_exc(vm, exc);
}

/* ---- contexts ------------------------------------------------------------------------------------ */

typedef struct Context { OpenSSL *o; SSL_CTX *context; } Context;

static SSL_CTX *context_of(Value v) { return ((Context *)((NativeData *)as_obj(v))->data)->context; }

static bool require_context(VM *vm, Value v)
{
    if (is_ptr(v) && type_of(vm, v) == stdlib(vm)->tls_context_type) return true;
    return vm_raise(vm, ERR_TYPE, "a TLS context was expected, got %T", v), false;
}

static void context_free(VM *vm, Obj *obj)
{
    Context *c = ((NativeData *)obj)->data;
    if (!c) return;
    if (c->context) c->o->SSL_CTX_free(c->context);
    openssl_drop(c->o);
    heap_free(vm, c, sizeof *c);
}

static const TypeDef context_def = {
    .slots = {.free = context_free},
    .flags = TYPE_FINAL,
    .doc = "Certificates and options of TLS.",
};

/* context(server): TLS 1.2 or later. */
static Value nat_context(VM *vm, Args args)
{
    OpenSSL *o = openssl(vm);
    NativeData *obj = o ? native_data_new(vm, stdlib(vm)->tls_context_type, sizeof(Context)) : NULL;
    if (!obj) return VALUE_ERROR;
    Context *c = obj->data;
    SSL_CTX *context =
        o->SSL_CTX_new(args.v[0] == VALUE_TRUE ? o->TLS_server_method() : o->TLS_client_method());
    *c = (Context){o, context};
    o->uses++;
    if (!context) return raise_last(vm, o);
    o->SSL_CTX_ctrl(context, CTRL_MIN_VERSION, TLS_1_2, NULL);
    o->SSL_CTX_ctrl(context, CTRL_MODE, MODE_RELEASE_BUFFERS, NULL); // an idle connection holds none
    o->SSL_CTX_set_num_tickets(context, 0); // a client that closes at once would leave them unread: a reset
    o->SSL_CTX_set_options(context, IGNORE_UNEXPECTED_EOF | NO_RENEGOTIATION);
    return obj_value(obj);
}

/* A file's name as the system has it; NULL for None. False: an exception is pending. */
static bool file_name(VM *vm, Value v, const char **out)
{
    *out = NULL;
    if (is_none(v)) return true;
    if (!is_str(v)) return vm_raise(vm, ERR_TYPE, "a file's name must be str, not %T", v), false;
    Value name = output_encode(vm, as_str(v), "surrogateescape");
    if (is_error(name)) return false;
    *out = is_str(name) ? str_cstr(vm, as_str(name)) : (const char *)as_bytes(name)->data;
    return *out != NULL;
}

/* load_chain(context, certificates, key): key None: in the same file. */
static Value nat_load_chain(VM *vm, Args args)
{
    const char *chain, *key;
    OpenSSL *o = openssl(vm);
    if (!o || !require_context(vm, args.v[0]) || !file_name(vm, args.v[1], &chain) ||
        !file_name(vm, args.v[2], &key))
        return VALUE_ERROR;
    SSL_CTX *context = context_of(args.v[0]);
    bool ok = chain && o->SSL_CTX_use_certificate_chain_file(context, chain) == 1 &&
              o->SSL_CTX_use_PrivateKey_file(context, key ? key : chain, PEM) == 1 &&
              o->SSL_CTX_check_private_key(context) == 1;
    return ok ? VALUE_NONE : raise_last(vm, o);
}

/* trust(context, file, folder): whose certificates are believed; None, None: the system's. */
static Value nat_trust(VM *vm, Args args)
{
    const char *file, *folder;
    OpenSSL *o = openssl(vm);
    if (!o || !require_context(vm, args.v[0]) || !file_name(vm, args.v[1], &file) ||
        !file_name(vm, args.v[2], &folder))
        return VALUE_ERROR;
    SSL_CTX *context = context_of(args.v[0]);
    int ok = file || folder ? o->SSL_CTX_load_verify_locations(context, file, folder)
                            : o->SSL_CTX_set_default_verify_paths(context);
    return ok == 1 ? VALUE_NONE : raise_last(vm, o);
}

/* ---- the layer ----------------------------------------------------------------------------------- */

typedef struct Tls {
    OpenSSL *o;
    SSL *ssl;
    BIO *in, *out; // what has come, what is to go; ssl's
} Tls;

static Tls *tls_of(const Stream *s) { return s->layer_state; }

/* Send on what OpenSSL wants to be sent. */
static bool flush(VM *vm, Stream *s)
{
    Tls *t = tls_of(s);
    char buffer[16 << 10];
    for (int n; (n = t->o->BIO_read(t->out, buffer, sizeof buffer)) > 0;)
        if (!stream_transmit(vm, s, buffer, (size_t)n)) return false;
    return true;
}

static void fail(VM *vm, Stream *s, Value exc)
{
    if (is_error(exc)) exc = vm_take_pending(vm);
    stream_fail(vm, s, exc);
}

/* Whether there is nothing to be said against what OpenSSL answered; it may want more bytes. */
static bool went_well(VM *vm, Stream *s, int result)
{
    Tls *t = tls_of(s);
    int error = result > 0 ? 0 : t->o->SSL_get_error(t->ssl, result);
    if (!flush(vm, s)) return fail(vm, s, VALUE_ERROR), false;
    if (!error || error == ERROR_WANT_READ) return true;
    if (error == ERROR_ZERO_RETURN) return stream_feed_end(vm, s), false; // the peer has said goodbye
    fail(vm, s, last_error(vm, t->o, t->ssl));
    return false;
}

/* The handshake's next step; true once it is done. */
static bool shake(VM *vm, Stream *s)
{
    Tls *t = tls_of(s);
    if (!(s->flags & STREAM_SHAKING)) return true;
    t->o->ERR_clear_error();
    int result = t->o->SSL_do_handshake(t->ssl);
    if (!went_well(vm, s, result) || result <= 0) return false;
    stream_shaken(vm, s);
    return true;
}

static void read_all(VM *vm, Stream *s)
{
    Tls *t = tls_of(s);
    char buffer[16 << 10];
    while (!(s->flags & (STREAM_EOF | STREAM_CLOSING))) {
        t->o->ERR_clear_error();
        int n = t->o->SSL_read(t->ssl, buffer, sizeof buffer);
        if (!went_well(vm, s, n) || n <= 0) return;
        stream_arrive(vm, s, buffer, (size_t)n);
    }
}

static void tls_receive(VM *vm, Stream *s, const void *data, size_t n)
{
    Tls *t = tls_of(s);
    for (const char *p = data; n;) {
        int part = n < INT_MAX ? (int)n : INT_MAX;
        if (t->o->BIO_write(t->in, p, part) != part) return fail(vm, s, vm_no_memory(vm));
        p += part;
        n -= (size_t)part;
    }
    if (shake(vm, s)) read_all(vm, s);
}

static bool tls_send(VM *vm, Stream *s, const void *data, size_t n)
{
    Tls *t = tls_of(s);
    if (s->flags & STREAM_SHAKING) return vm_raise(vm, ERR_RUNTIME, "TLS has not been agreed on yet"), false;
    for (const char *p = data; n && s->id && is_unset(s->error);) {
        int part = n < 1 << 20 ? (int)n : 1 << 20;
        t->o->ERR_clear_error();
        int sent = t->o->SSL_write(t->ssl, p, part);
        if (sent <= 0) return went_well(vm, s, sent), true;
        if (!flush(vm, s)) return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

static void tls_end(VM *vm, Stream *s)
{
    Tls *t = tls_of(s);
    if (s->flags & STREAM_SHAKING || !is_unset(s->error)) return;
    t->o->ERR_clear_error();
    t->o->SSL_shutdown(t->ssl);
    t->o->ERR_clear_error();
    if (!flush(vm, s)) vm_take_pending(vm); // the peer will see it end without a goodbye
}

static void tls_free(VM *vm, Stream *s)
{
    Tls *t = tls_of(s);
    t->o->SSL_free(t->ssl);
    openssl_drop(t->o);
    heap_free(vm, t, sizeof *t);
}

static const StreamLayer tls_layer = {tls_receive, tls_send, tls_end, tls_free};

/* ---- putting it on a stream ------------------------------------------------------------------------ */

/* Whose certificate the peer is to have; the name goes to the peer, too, who may have several. */
static bool set_name(OpenSSL *o, SSL *ssl, const char *name, bool check)
{
    struct in6_addr address;
    bool is_address = inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
    if (!is_address && o->SSL_ctrl(ssl, CTRL_SET_HOSTNAME, 0, (void *)name) != 1) return false;
    if (!check) return true;
    return is_address ? o->X509_VERIFY_PARAM_set1_ip_asc(o->SSL_get0_param(ssl), name) == 1
                      : o->SSL_set1_host(ssl, name) == 1;
}

static Tls *make_tls(VM *vm, OpenSSL *o, SSL_CTX *context)
{
    Tls *t = heap_malloc(vm, sizeof *t);
    if (!t) return NULL;
    *t = (Tls){.o = o,
               .ssl = o->SSL_new(context),
               .in = o->BIO_new(o->BIO_s_mem()),
               .out = o->BIO_new(o->BIO_s_mem())};
    if (t->ssl && t->in && t->out) return o->SSL_set_bio(t->ssl, t->in, t->out), o->uses++, t;
    heap_free(vm, t, sizeof *t);
    return vm_no_memory(vm), NULL;
}

/* What has come before belongs to the agreement: whoever asks for TLS in the middle may have gone on at once. */
static void take_over(VM *vm, Stream *s)
{
    Tls *t = tls_of(s);
    size_t n = s->size;
    if (n > INT_MAX || t->o->BIO_write(t->in, stream_bytes(s), (int)n) != (int)n) fail(vm, s, vm_no_memory(vm));
    stream_consume(vm, s, n);
}

static Stream *require_stream(VM *vm, Value reader)
{
    if (is_ptr(reader) && type_of(vm, reader) == stdlib(vm)->reader_type) return stream_of(reader);
    return vm_raise(vm, ERR_TYPE, "a StreamReader was expected, got %T", reader), NULL;
}

/* start(reader, context, server, name, verify, check_name) */
static Value nat_start(VM *vm, Args args)
{
    OpenSSL *o = openssl(vm);
    const char *name = NULL;
    bool server = args.v[2] == VALUE_TRUE, verify = args.v[4] == VALUE_TRUE, check = args.v[5] == VALUE_TRUE;
    if (!o || !require_context(vm, args.v[1])) return VALUE_ERROR;
    Stream *s = require_stream(vm, args.v[0]);
    if (!s) return VALUE_ERROR;
    if (s->layer) return vm_raise(vm, ERR_RUNTIME, "the connection speaks TLS already");
    if (is_str(args.v[3]) && !(name = str_cstr(vm, as_str(args.v[3])))) return VALUE_ERROR;
    if (check && !name) return vm_raise(vm, ERR_VALUE, "check_hostname requires server_hostname");
    Tls *t = make_tls(vm, o, context_of(args.v[1]));
    if (!t) return VALUE_ERROR;
    s->layer = &tls_layer;
    s->layer_state = t;
    s->flags |= STREAM_SHAKING;
    o->SSL_set_verify(t->ssl, verify ? VERIFY_PEER : VERIFY_NONE, NULL);
    if (server) o->SSL_set_accept_state(t->ssl);
    else o->SSL_set_connect_state(t->ssl);
    if (!server && name && !set_name(o, t->ssl, name, check)) return raise_last(vm, o);
    if (s->size) take_over(vm, s);
    if (is_unset(s->error) && shake(vm, s)) read_all(vm, s);
    return VALUE_NONE;
}

/* shaken(reader): wait until both sides have agreed. */
static Value nat_shaken(VM *vm, Args args)
{
    return require_stream(vm, args.v[0]) ? stream_wait(vm, args.v[0], AWAIT_HANDSHAKE) : VALUE_ERROR;
}

/* ---- what has been agreed on --------------------------------------------------------------------- */

static Tls *require_tls(VM *vm, Value reader)
{
    Stream *s = require_stream(vm, reader);
    if (s && s->layer != &tls_layer) return vm_raise(vm, ERR_VALUE, "the connection does not speak TLS"), NULL;
    return s ? tls_of(s) : NULL;
}

/* agreed(reader): (version, (cipher's name, version, bits)). */
static Value nat_agreed(VM *vm, Args args)
{
    Tls *t = require_tls(vm, args.v[0]);
    if (!t) return VALUE_ERROR;
    const void *cipher = t->o->SSL_get_current_cipher(t->ssl);
    if (!cipher) return tuple_pack(vm, 2, VALUE_NONE, VALUE_NONE);
    Value shown = tuple_pack(vm, 3, str_from_c(vm, t->o->SSL_CIPHER_get_name(cipher)),
                             str_from_c(vm, t->o->SSL_CIPHER_get_version(cipher)),
                             small(t->o->SSL_CIPHER_get_bits(cipher, NULL)));
    return tuple_pack(vm, 2, str_from_c(vm, t->o->SSL_get_version(t->ssl)), shown);
}

/* certificate(reader): the peer's, in DER; None: it has shown none. */
static Value nat_certificate(VM *vm, Args args)
{
    Tls *t = require_tls(vm, args.v[0]);
    X509 *shown = t ? t->o->SSL_get1_peer_certificate(t->ssl) : NULL;
    if (!shown) return t ? VALUE_NONE : VALUE_ERROR;
    int n = t->o->i2d_X509(shown, NULL);
    Value der = n > 0 ? bytes_new(vm, NULL, (size_t)n) : VALUE_NONE;
    if (is_bytes(der)) t->o->i2d_X509(shown, &(unsigned char *){as_bytes(der)->data});
    t->o->X509_free(shown);
    return der;
}

/* remember(reader, object): who answers get_extra_info. */
static Value nat_remember(VM *vm, Args args)
{
    if (!require_tls(vm, args.v[0])) return VALUE_ERROR;
    Obj *reader = as_obj(args.v[0]);
    gc_store(vm, reader, &((NativeData *)reader)->values[0], args.v[1]);
    return VALUE_NONE;
}

/* ---- the module ---------------------------------------------------------------------------------- */

static const NativeDef natives[] = {
    {"context(server, /)", nat_context, "Certificates and options, none yet.", 0},
    {"load_chain(context, certificates, key, /)", nat_load_chain, "Who we are.", 0},
    {"trust(context, file, folder, /)", nat_trust,
     "Whose word is taken for who the peer is; None: as the system does.", 0},
    {"start(reader, context, server, name, verify, check_name, /)", nat_start, "Speak TLS from now on.", 0},
    {"shaken(reader, /)", nat_shaken, "Wait until both sides have agreed.", NATIVE_ASYNC},
    {"agreed(reader, /)", nat_agreed, "TLS's version; the cipher's name, version and bits.", 0},
    {"certificate(reader, /)", nat_certificate, "The peer's, in DER; None: it has shown none.", 0},
    {"remember(reader, object, /)", nat_remember, "Whose _extra_info answers the stream's get_extra_info.", 0},
    {0},
};

static bool init(VM *vm, Module *m)
{
    (void)m;
    Type *t = type_from_def(vm, "_ssl.context", NULL, &context_def, KIND_NATIVE_DATA, VALUE_UNSET);
    if (!t) return false;
    gc_pin(vm, obj_value(t));
    stdlib(vm)->tls_context_type = t;
    return true;
}

const ModuleDef _ssl_module = {"_ssl", natives, "TLS, for ssl.", init};
