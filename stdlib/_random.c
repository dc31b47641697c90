/* _random.c - the Mersenne Twister under random.co: CPython's numbers for the same seed. After Matsumoto
 * and Nishimura's MT19937 (2002), whose constants and names of steps these are. */
#include "stdlib/stdlib.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/type.h"

enum { N = 624, M = 397 };

typedef struct Twister {
    uint32_t state[N];
    uint32_t at; // next word of the state; N: all are used up
} Twister;

static Twister *twister(Value self)
{
    return ((NativeData *)as_obj(self))->data;
}

/* ---- the generator ------------------------------------------------------------------------------- */

static uint32_t twist(uint32_t a, uint32_t b)
{
    uint32_t y = (a & 0x80000000) | (b & 0x7fffffff);
    return (y >> 1) ^ (y & 1 ? 0x9908b0df : 0);
}

static void refill(Twister *t)
{
    uint32_t *s = t->state;
    for (int k = 0; k < N; k++) s[k] = s[(k + M) % N] ^ twist(s[k], s[(k + 1) % N]);
    t->at = 0;
}

static uint32_t next_word(Twister *t)
{
    if (t->at >= N) refill(t);
    uint32_t y = t->state[t->at++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return y ^ (y >> 18);
}

static void init_by_number(Twister *t, uint32_t seed)
{
    t->state[0] = seed;
    for (uint32_t i = 1; i < N; i++)
        t->state[i] = 1812433253 * (t->state[i - 1] ^ (t->state[i - 1] >> 30)) + i;
    t->at = N;
}

static uint32_t key_word(ByteView key, size_t i)
{
    uint32_t word = 0;
    for (size_t k = 0; k < 4 && i * 4 + k < key.size; k++) word |= (uint32_t)key.data[i * 4 + k] << (8 * k);
    return word;
}

/* key: the words of the seed, little-endian */
static void init_by_key(Twister *t, ByteView key)
{
    uint32_t *s = t->state;
    size_t n = (key.size + 3) / 4, i = 1, j = 0;
    if (!n) n = 1;
    init_by_number(t, 19650218);
    for (size_t k = n > N ? n : N; k--;) {
        s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1664525)) + key_word(key, j) + (uint32_t)j;
        if (++i == N) s[0] = s[N - 1], i = 1;
        if (++j == n) j = 0;
    }
    for (int k = N - 1; k--;) {
        s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1566083941)) - (uint32_t)i;
        if (++i == N) s[0] = s[N - 1], i = 1;
    }
    s[0] = 0x80000000;
}

/* k random bits, 0 < k <= 64 */
static uint64_t bits(Twister *t, int k)
{
    if (k <= 32) return next_word(t) >> (32 - k);
    uint64_t low = next_word(t);
    return low | (uint64_t)(next_word(t) >> (64 - k)) << 32;
}

static Value many_bits(VM *vm, Twister *t, int64_t k)
{
    if (k <= 64) return k ? int_from_u64(vm, bits(t, (int)k)) : small(0);
    size_t n = (size_t)(k + 31) / 32;
    uint8_t *bytes = heap_malloc(vm, n * 4);
    if (!bytes) return VALUE_ERROR;
    for (size_t i = 0; i < n; i++, k -= 32) {
        uint32_t word = (uint32_t)bits(t, k < 32 ? (int)k : 32);
        for (int b = 0; b < 4; b++) bytes[i * 4 + (size_t)b] = (uint8_t)(word >> (8 * b));
    }
    static const char hex[] = "0123456789abcdef";
    char *digits = heap_malloc(vm, n * 8);
    for (size_t i = 0; digits && i < n * 4; i++) {
        digits[2 * i] = hex[bytes[n * 4 - 1 - i] >> 4];
        digits[2 * i + 1] = hex[bytes[n * 4 - 1 - i] & 15];
    }
    Value v = digits ? int_parse_hex(vm, digits, n * 8) : VALUE_ERROR;
    if (digits) heap_free(vm, digits, n * 8);
    heap_free(vm, bytes, n * 4);
    return v;
}

/* ---- as scripts see it --------------------------------------------------------------------------- */

static Value construct(VM *vm, Args args)
{
    NativeData *o = container_alloc(vm, as_type(args.v[0]), KIND_NATIVE_DATA, sizeof *o);
    if (!o) return VALUE_ERROR;
    o->values[0] = o->values[1] = VALUE_UNSET;
    o->data = heap_malloc(vm, sizeof(Twister));
    if (!o->data) return VALUE_ERROR;
    init_by_number(o->data, 5489);
    return obj_value(o);
}

static void release(VM *vm, Obj *o)
{
    if (((NativeData *)o)->data) heap_free(vm, ((NativeData *)o)->data, sizeof(Twister));
}

static Value nat_seed(VM *vm, Args args)
{
    ByteView key;
    if (!bytes_require(vm, args.v[1], &key)) return VALUE_ERROR;
    init_by_key(twister(args.v[0]), key);
    return VALUE_NONE;
}

static Value nat_random(VM *vm, Args args)
{
    Twister *t = twister(args.v[0]);
    uint32_t a = next_word(t) >> 5, b = next_word(t) >> 6;
    return float_value(vm, (a * 67108864.0 + b) * (1.0 / 9007199254740992.0));
}

static Value nat_getrandbits(VM *vm, Args args)
{
    int64_t k;
    if (!is_index(vm, args.v[1]))
        return vm_raise(vm, ERR_TYPE, "'%T' object cannot be interpreted as an integer", args.v[1]);
    if (!index_fit(vm, args.v[1], &k, ERR_OVERFLOW, "Python int too large to convert to C int"))
        return VALUE_ERROR;
    if (k < 0) return vm_raise(vm, ERR_VALUE, "number of bits must be non-negative");
    if (k > INT32_MAX) return vm_raise(vm, ERR_OVERFLOW, "Python int too large to convert to C int");
    return many_bits(vm, twister(args.v[0]), k);
}

/* A number in [0, n): as many bits as n has, drawn until they are less. */
static Value nat_randbelow(VM *vm, Args args)
{
    Twister *t = twister(args.v[0]);
    Value n = args.v[1];
    if (!is_int(n) || int_sign(n) <= 0) return small(0);
    if (is_small(n)) {
        int k = 64 - __builtin_clzll((uint64_t)as_small(n));
        uint64_t r;
        do r = bits(t, k);
        while (r >= (uint64_t)as_small(n));
        return small((int64_t)r);
    }
    for (;;) {
        Value r = many_bits(vm, t, (int64_t)int_bit_length(n));
        if (is_error(r) || int_cmp(r, n) < 0) return r;
    }
}

/* The state and the position in it. */
static Value nat_getstate(VM *vm, Args args)
{
    const Twister *t = twister(args.v[0]);
    Value state = tuple_new(vm, NULL, N + 1);
    if (is_error(state)) return state;
    for (int i = 0; i < N; i++) as_tuple(state)->items[i] = small(t->state[i]);
    as_tuple(state)->items[N] = small(t->at);
    return state;
}

static Value nat_setstate(VM *vm, Args args)
{
    Value state = args.v[1];
    if (!is_tuple(state)) return vm_raise(vm, ERR_TYPE, "state vector must be a tuple");
    if (as_tuple(state)->size != N + 1) return vm_raise(vm, ERR_VALUE, "state vector is the wrong size");
    const Value *words = as_tuple(state)->items;
    for (int i = 0; i <= N; i++)
        if (!is_small(words[i])) return vm_raise(vm, ERR_TYPE, "an integer is required");
    if (as_small(words[N]) < 0 || as_small(words[N]) > N) return vm_raise(vm, ERR_VALUE, "invalid state");
    Twister *t = twister(args.v[0]);
    for (int i = 0; i < N; i++) t->state[i] = (uint32_t)as_small(words[i]);
    t->at = (uint32_t)as_small(words[N]);
    return VALUE_NONE;
}

static Value nat_entropy(VM *vm, Args args)
{
    int64_t n;
    if (!index_argument(vm, args.v[0], &n)) return VALUE_ERROR;
    if (n < 0) return vm_raise(vm, ERR_VALUE, "negative argument not allowed");
    Value bytes = bytes_new(vm, NULL, (size_t)n);
    if (!is_error(bytes)) vm->host->random(vm->host, as_bytes(bytes)->data, (size_t)n);
    return bytes;
}

static const NativeDef methods[] = {
    {"random(self, /)", nat_random, "A float from 0.0 to below 1.0.", 0},
    {"getrandbits(self, k, /)", nat_getrandbits, "An int of k random bits.",
     0},
    {"_seed(self, key, /)", nat_seed, "Start from a key, the little-endian words of the seed.", 0},
    {"_randbelow(self, n, /)", nat_randbelow, "A number from 0 to n, n left out.", 0},
    {"_getstate(self, /)", nat_getstate, "The state of the generator.", 0},
    {"_setstate(self, state, /)", nat_setstate, "Restore the state of the generator.", 0},
    {0},
};
static const TypeDef random_def = {
    .slots = {.free = release},
    .methods = methods,
    .constructor = {"Random(*args, **kwargs)", construct, NULL, 0},
    .doc = "A Mersenne Twister.",
};

static const NativeDef natives[] = {
    {"entropy(n, /)", nat_entropy, "n random bytes from the system.", 0},
    {0},
};

static bool init(VM *vm, Module *m)
{
    return module_add_type(vm, m, "Random", "_random.Random", &random_def, KIND_NATIVE_DATA) != NULL;
}

const ModuleDef _random_module = {"_random", natives, "What random has in C.", init};
