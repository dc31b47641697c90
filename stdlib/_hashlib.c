/* _hashlib.c - the natives under hashlib: digests by OpenSSL's libcrypto, opened when hashlib is first imported. */
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/native.h"
#include "vm/type.h"

#include <dlfcn.h>
#include <stdlib.h>

/* ---- the library ---------------------------------------------------------------------------------- */

typedef struct EvpMd EvpMd;
typedef struct EvpContext EvpContext;

#define CRYPTO_FUNCTIONS                                                                                              \
    CRYPTO(const EvpMd *, EVP_get_digestbyname, (const char *))                                                       \
    CRYPTO(EvpContext *, EVP_MD_CTX_new, (void))                                                                      \
    CRYPTO(void, EVP_MD_CTX_free, (EvpContext *))                                                                     \
    CRYPTO(int, EVP_MD_CTX_copy_ex, (EvpContext *, const EvpContext *))                                               \
    CRYPTO(int, EVP_DigestInit_ex, (EvpContext *, const EvpMd *, void *))                                             \
    CRYPTO(int, EVP_DigestUpdate, (EvpContext *, const void *, size_t))                                               \
    CRYPTO(int, EVP_DigestFinal_ex, (EvpContext *, unsigned char *, unsigned *))                                      \
    CRYPTO(int, EVP_DigestFinalXOF, (EvpContext *, unsigned char *, size_t))                                          \
    CRYPTO(int, EVP_MD_get_size, (const EvpMd *))                                                                     \
    CRYPTO(int, EVP_MD_get_block_size, (const EvpMd *))                                                               \
    CRYPTO(int, PKCS5_PBKDF2_HMAC,                                                                                    \
           (const char *, int, const unsigned char *, int, int, const EvpMd *, int, unsigned char *))                 \
    CRYPTO(int, EVP_PBE_scrypt, (const char *, size_t, const unsigned char *, size_t, uint64_t, uint64_t, uint64_t,   \
                                 uint64_t, unsigned char *, size_t))

typedef struct Crypto {
    void *library;
    size_t users; // the VM, and each hash
#define CRYPTO(type, name, parameters) type(*name) parameters;
    CRYPTO_FUNCTIONS
#undef CRYPTO
} Crypto;

void crypto_drop(Crypto *c)
{
    if (!c || --c->users) return;
    if (c->library) dlclose(c->library);
    free(c);
}

static bool find_functions(Crypto *c)
{
#define CRYPTO(type, name, parameters)                 \
    *(void **)&c->name = dlsym(c->library, #name);     \
    if (!c->name) return false;
    CRYPTO_FUNCTIONS
#undef CRYPTO
    return true;
}

static Crypto *open_library(void)
{
    Crypto *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->users = 1;
    if ((c->library = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL)) && find_functions(c)) return c;
    return crypto_drop(c), NULL;
}

/* ---- hashes --------------------------------------------------------------------------------------- */

typedef struct Hash {
    Crypto *crypto;
    const EvpMd *md;
    EvpContext *context;
} Hash;

static Hash *hash_of(Value v) { return ((NativeData *)as_obj(v))->data; }

static Value raise_crypto(VM *vm, const char *what)
{
    return vm_raise(vm, ERR_VALUE, "%s failed in libcrypto", what);
}

/* A hash whose name scripts know as `name`, not begun yet. */
static Value hash_new(VM *vm, Value name, const EvpMd *md)
{
    NativeData *o = heap_alloc(vm, KIND_NATIVE_DATA, stdlib(vm)->hash_type->root_shape->id, sizeof *o);
    if (!o) return VALUE_ERROR;
    o->values[0] = name;
    o->values[1] = VALUE_UNSET;
    Hash *h = o->data = heap_malloc(vm, sizeof *h);
    if (!h) return VALUE_ERROR;
    Crypto *c = stdlib(vm)->crypto;
    *h = (Hash){.crypto = c, .md = md, .context = c->EVP_MD_CTX_new()};
    c->users++;
    return h->context ? obj_value(o) : vm_no_memory(vm);
}

static void trace(VM *vm, Obj *o) { gc_mark_value(vm, ((NativeData *)o)->values[0]); }

static void release(VM *vm, Obj *o)
{
    Hash *h = ((NativeData *)o)->data;
    if (!h) return;
    if (h->context) h->crypto->EVP_MD_CTX_free(h->context);
    crypto_drop(h->crypto);
    heap_free(vm, h, sizeof *h);
}

static bool update(VM *vm, Value hash, Value data)
{
    if (is_str(data)) return vm_raise(vm, ERR_TYPE, "Strings must be encoded before hashing"), false;
    if (!is_byteslike(data)) return vm_raise(vm, ERR_TYPE, "object supporting the buffer API required"), false;
    ByteView b = byte_view(data);
    Hash *h = hash_of(hash);
    if (!h->crypto->EVP_DigestUpdate(h->context, b.data, b.size)) return raise_crypto(vm, "update"), false;
    return vm_tick_bytes(vm, b.size);
}

/* args: OpenSSL's name, the script's, what to begin with. */
static Value nat_new(VM *vm, Args args)
{
    if (!is_str(args.v[0]) || !is_str(args.v[1])) return vm_raise(vm, ERR_TYPE, "name must be a string");
    const char *name = str_cstr(vm, as_str(args.v[0]));
    if (!name) return VALUE_ERROR;
    const EvpMd *md = stdlib(vm)->crypto->EVP_get_digestbyname(name);
    if (!md) return vm_raise(vm, ERR_VALUE, "unsupported hash type %V", args.v[1]);
    Value hash = hash_new(vm, args.v[1], md);
    if (is_error(hash)) return hash;
    Hash *h = hash_of(hash);
    if (!h->crypto->EVP_DigestInit_ex(h->context, md, NULL))
        return vm_raise(vm, ERR_VALUE, "unsupported hash type %V", args.v[1]);
    return update(vm, hash, args.v[2]) ? hash : VALUE_ERROR;
}

static Value nat_update(VM *vm, Args args)
{
    return update(vm, args.v[0], args.v[1]) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_copy(VM *vm, Args args)
{
    Value copy = hash_new(vm, ((NativeData *)as_obj(args.v[0]))->values[0], hash_of(args.v[0])->md);
    if (is_error(copy)) return copy;
    Hash *h = hash_of(copy);
    return h->crypto->EVP_MD_CTX_copy_ex(h->context, hash_of(args.v[0])->context) ? copy
                                                                                  : raise_crypto(vm, "copy");
}

static bool is_xof(Value hash)
{
    const Str *name = as_str(((NativeData *)as_obj(hash))->values[0]);
    return name->size > 5 && !memcmp(name->data, "shake", 5);
}

/* length: of shake_128 and shake_256, whose digests are as long as one likes. */
static Value digest(VM *vm, Value hash, Value length)
{
    Hash *h = hash_of(hash);
    int64_t n = h->crypto->EVP_MD_get_size(h->md);
    if (is_xof(hash)) {
        if (is_unset(length))
            return vm_raise(vm, ERR_TYPE, "digest() missing required argument 'length' (pos 1)");
        if (!index_argument(vm, length, &n)) return VALUE_ERROR;
        if (n < 0) return vm_raise(vm, ERR_VALUE, "value must be positive");
        if (n >= 1 << 29) return vm_raise(vm, ERR_VALUE, "length is too large");
    } else if (!is_unset(length)) return vm_raise(vm, ERR_TYPE, "HASH.digest() takes no arguments (1 given)");
    Value bytes = bytes_new(vm, NULL, (size_t)n);
    EvpContext *copy = is_error(bytes) ? NULL : h->crypto->EVP_MD_CTX_new();
    if (!copy) return is_error(bytes) ? bytes : vm_no_memory(vm);
    uint8_t *out = as_bytes(bytes)->data;
    bool ok = h->crypto->EVP_MD_CTX_copy_ex(copy, h->context);
    if (ok && is_xof(hash)) ok = n == 0 || h->crypto->EVP_DigestFinalXOF(copy, out, (size_t)n);
    else if (ok) ok = h->crypto->EVP_DigestFinal_ex(copy, out, NULL);
    h->crypto->EVP_MD_CTX_free(copy);
    return ok ? bytes : raise_crypto(vm, "digest");
}

static Value nat_digest(VM *vm, Args args) { return digest(vm, args.v[0], args.v[1]); }

static Value nat_hexdigest(VM *vm, Args args)
{
    Value bytes = digest(vm, args.v[0], args.v[1]);
    if (is_error(bytes)) return bytes;
    static const char hex[] = "0123456789abcdef";
    size_t n = as_bytes(bytes)->size;
    Str *s = str_alloc(vm, 2 * n, 2 * n);
    for (size_t i = 0; s && i < n; i++) {
        s->data[2 * i] = hex[as_bytes(bytes)->data[i] >> 4];
        s->data[2 * i + 1] = hex[as_bytes(bytes)->data[i] & 15];
    }
    return s ? obj_value(s) : VALUE_ERROR;
}

static Value get_name(VM *vm, Value self) { return (void)vm, ((NativeData *)as_obj(self))->values[0]; }
static Value get_digest_size(VM *vm, Value self)
{
    (void)vm;
    return small(is_xof(self) ? 0 : hash_of(self)->crypto->EVP_MD_get_size(hash_of(self)->md));
}
static Value get_block_size(VM *vm, Value self)
{
    (void)vm;
    return small(hash_of(self)->crypto->EVP_MD_get_block_size(hash_of(self)->md));
}

static Value hash_repr(VM *vm, Value self)
{
    return str_format(vm, "<%V _hashlib.HASH object @ 0x%lx>", get_name(vm, self),
                      (unsigned long)(uintptr_t)as_obj(self));
}

static const GetSetDef getsets[] = {
    {"name", get_name, NULL, "The algorithm's name."},
    {"digest_size", get_digest_size, NULL, "How many bytes the digest has."},
    {"block_size", get_block_size, NULL, "How many bytes the algorithm takes at a time."},
    {0},
};
static const NativeDef methods[] = {
    {"update(self, data, /)", nat_update, "Hash more bytes.", 0},
    {"digest(self, length=?)", nat_digest, "The digest of all so far.", 0},
    {"hexdigest(self, length=?)", nat_hexdigest, "The same as hexadecimal digits.", 0},
    {"copy(self, /)", nat_copy, "A hash that goes on from here by itself.", 0},
    {0},
};
static const TypeDef hash_def = {
    .slots = {.repr = hash_repr, .trace = trace, .free = release},
    .methods = methods,
    .getsets = getsets,
    .constructor = {"HASH(*args, **kwargs)", NULL, NULL, 0},
    .doc = "A hash of bytes.",
};

/* ---- keys of passwords ------------------------------------------------------------------------------ */

/* args: OpenSSL's name, password, salt, iterations, length. */
static Value nat_pbkdf2_hmac(VM *vm, Args args)
{
    const char *name = str_cstr(vm, as_str(args.v[0]));
    const EvpMd *md = name ? stdlib(vm)->crypto->EVP_get_digestbyname(name) : NULL;
    ByteView password, salt;
    int64_t iterations, length;
    if (!index_argument(vm, args.v[3], &iterations) || !index_argument(vm, args.v[4], &length))
        return VALUE_ERROR;
    if (!bytes_require(vm, args.v[1], &password) || !bytes_require(vm, args.v[2], &salt)) return VALUE_ERROR;
    if (!md) return vm_raise(vm, ERR_VALUE, "unsupported hash type %V", args.v[0]);
    if (iterations < 1) return vm_raise(vm, ERR_VALUE, "iteration value must be greater than 0.");
    if (length < 1) return vm_raise(vm, ERR_VALUE, "key length must be greater than 0.");
    if (password.size > INT32_MAX || salt.size > INT32_MAX || iterations > INT32_MAX || length > INT32_MAX)
        return vm_raise(vm, ERR_OVERFLOW, "argument is too great.");
    Value key = bytes_new(vm, NULL, (size_t)length);
    if (is_error(key)) return key;
    bool ok = stdlib(vm)->crypto->PKCS5_PBKDF2_HMAC((const char *)password.data, (int)password.size,
                                                    salt.data, (int)salt.size, (int)iterations, md,
                                                    (int)length, as_bytes(key)->data);
    return ok ? key : raise_crypto(vm, "pbkdf2_hmac");
}

/* args: password, salt, n, r, p, maxmem, length. */
static Value nat_scrypt(VM *vm, Args args)
{
    ByteView password, salt;
    int64_t n[5];
    for (int i = 0; i < 5; i++)
        if (!index_argument(vm, args.v[2 + i], &n[i])) return VALUE_ERROR;
    if (!bytes_require(vm, args.v[0], &password) || !bytes_require(vm, args.v[1], &salt)) return VALUE_ERROR;
    if (n[0] < 2 || n[0] & (n[0] - 1)) return vm_raise(vm, ERR_VALUE, "n must be a power of 2.");
    if (n[1] < 1 || n[2] < 1 || n[3] < 0 || n[3] > INT32_MAX || n[4] < 1 || n[4] > INT32_MAX)
        return vm_raise(vm, ERR_VALUE, "Invalid parameter combination for n, r, p, maxmem.");
    Value key = bytes_new(vm, NULL, (size_t)n[4]);
    if (is_error(key)) return key;
    bool ok = stdlib(vm)->crypto->EVP_PBE_scrypt((const char *)password.data, password.size, salt.data,
                                                 salt.size, (uint64_t)n[0], (uint64_t)n[1], (uint64_t)n[2],
                                                 (uint64_t)n[3], as_bytes(key)->data, (size_t)n[4]);
    return ok ? key : vm_raise(vm, ERR_VALUE, "Invalid parameter combination for n, r, p, maxmem.");
}

static const NativeDef natives[] = {
    {"new(library_name, name, data, /)", nat_new, "A hash by its name.", 0},
    {"pbkdf2_hmac(library_name, password, salt, iterations, dklen, /)", nat_pbkdf2_hmac, "A key of a password.", 0},
    {"scrypt(password, salt, n, r, p, maxmem, dklen, /)", nat_scrypt, "A key of a password.", 0},
    {0},
};

static bool init(VM *vm, Module *m)
{
    Stdlib *lib = stdlib(vm);
    if (!lib->crypto && !(lib->crypto = open_library()))
        return vm_raise(vm, ERR_IMPORT,
                        "hashlib needs OpenSSL's libcrypto: install the Debian package libssl3"),
               false;
    lib->hash_type = type_from_def(vm, "_hashlib.HASH", NULL, &hash_def, KIND_NATIVE_DATA, VALUE_UNSET);
    if (!lib->hash_type) return false;
    gc_pin(vm, obj_value(lib->hash_type));
    return module_add(vm, m, "HASH", obj_value(lib->hash_type));
}

const ModuleDef _hashlib_module = {"_hashlib", natives, "What hashlib has in C.", init};
