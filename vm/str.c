/* str.c - making, interning, hashing, indexing and joining strs. */
#include "vm/str.h"
#include "vm/type.h"
#include "vm/unitables.h"

enum {
    GROW_MIN = 256,   // results of + that are shorter, or made by fewer + than that, are plain copies
    GROW_JOINS = 4 * STR_JOINS,
    CRUMB_STRIDE = 32,
    LONG = 2 * CRUMB_STRIDE, // code points that make a text worth crumbs
    A_FEW = 4,               // code points that are best gone over one by one
    CHAR_CACHE = 256, // recently made one-character strs that are not ASCII
};

/* Where code points begin in a text: the one last asked for, numbers 32, 64 ... up to as many as are known. */
typedef struct Crumbs {
    size_t near, near_offset;
    size_t known, capacity;
    size_t offsets[];
} Crumbs;

/* Text that grows at its end. A Str that shares it sees its first `size` bytes, which never change. */
typedef struct StrBuffer {
    size_t refs, capacity, used;
    Crumbs *crumbs;
    struct StrBuffer *before; // of a str that left it (str_cstr): somebody may be reading there
    char data[];
} StrBuffer;

struct Interned {
    Str **slots; // open addressing; a power of two
    size_t mask, used;
    Str *chars[CHAR_CACHE]; // by code point
};

/* ---- making ---- */

static StrBuffer *buffer_of(const Str *s) { return (StrBuffer *)(void *)(s->data - offsetof(StrBuffer, data)); }

static Crumbs **crumbs_slot(Str *s)
{
    return s->h.aux & STR_SHARED ? &buffer_of(s)->crumbs : (Crumbs **)(void *)s->bytes;
}

static bool is_long(size_t size, size_t length) { return size != length && length >= LONG; }

/* Bytes of a Str that holds its text. */
static size_t str_bytes(size_t size, size_t length)
{
    return size_add(offsetof(Str, bytes) + 1 + (is_long(size, length) ? sizeof(Crumbs *) : 0), size);
}

static Str *fill_header(Str *s, size_t size, size_t length)
{
    if (!s) return NULL;
    s->size = size;
    s->length = length;
    s->hash = 0;
    s->data = s->bytes;
    s->h.aux = size == length ? STR_ASCII : 0;
    if (is_long(size, length)) {
        s->h.aux = STR_LONG;
        *crumbs_slot(s) = NULL;
        s->data += sizeof(Crumbs *);
    }
    s->data[size] = 0;
    return s;
}

static inline Str *alloc_ascii(VM *vm, size_t size)
{
    Str *s = heap_alloc_raw(vm, KIND_STR, T_STR, size_add(offsetof(Str, bytes) + 1, size));
    if (!s) return NULL;
    s->h.aux = STR_ASCII;
    s->size = s->length = size;
    s->hash = 0;
    s->data = s->bytes;
    s->bytes[size] = 0;
    return s;
}

Str *str_alloc(VM *vm, size_t size, size_t length)
{
    if (size == length) return alloc_ascii(vm, size);
    return fill_header(heap_alloc_raw(vm, KIND_STR, T_STR, str_bytes(size, length)), size, length);
}

Str *str_alloc_as(VM *vm, Type *t, size_t size, size_t length)
{
    size_t bytes = type_alloc_size(t, str_bytes(size, length));
    Str *s = fill_header(heap_alloc_raw(vm, KIND_STR, t->root_shape->id, bytes), size, length);
    if (s) obj_attrs_init(vm, &s->h);
    return s;
}

Value str_new_counted(VM *vm, const char *utf8, size_t size, size_t length)
{
    if (size <= 1) return obj_value(size ? vm->ascii_str[(unsigned char)*utf8] : vm->empty_str);
    Str *s = size == length ? alloc_ascii(vm, size) : str_alloc(vm, size, length);
    if (!s) return VALUE_ERROR;
    copy_bytes(s->data, utf8, size);
    return obj_value(s);
}

Value str_new(VM *vm, const char *utf8, size_t size)
{
    return str_new_counted(vm, utf8, size, utf8_count(utf8, size));
}

Value str_from_c(VM *vm, const char *text) { return str_new(vm, text, strlen(text)); }

/* One-character strs are made over and over by loops over text, so some are kept. */
static Value cached_char(VM *vm, uint32_t c)
{
    char utf8[UTF8_MAX];
    size_t n = utf8_put(utf8, c);
    Str **cached = &vm->interned->chars[c % CHAR_CACHE];
    if (*cached && (*cached)->size == n && memcmp((*cached)->data, utf8, n) == 0) return obj_value(*cached);
    Str *s = str_alloc(vm, n, 1);
    if (!s) return VALUE_ERROR;
    memcpy(s->data, utf8, n);
    *cached = s;
    return obj_value(s);
}

Value str_from_char(VM *vm, uint32_t code_point)
{
    return code_point < 128 ? obj_value(vm->ascii_str[code_point]) : cached_char(vm, code_point);
}

Value str_exact(VM *vm, Str *s)
{
    if (s->h.shape == T_STR) return obj_value(s);
    return str_new_counted(vm, s->data, s->size, s->length);
}

/* ---- hashing ---- */

static inline uint64_t rotl(uint64_t x, int n) { return x << n | x >> (64 - n); }

static inline uint64_t load64(const uint8_t *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof w);
    return w;
}

static inline uint64_t load32(const uint8_t *p)
{
    uint32_t w;
    memcpy(&w, p, sizeof w);
    return w;
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1], v[2] += v[3];
    v[1] = rotl(v[1], 13) ^ v[0], v[3] = rotl(v[3], 16) ^ v[2];
    v[0] = rotl(v[0], 32);
    v[2] += v[1], v[0] += v[3];
    v[1] = rotl(v[1], 17) ^ v[2], v[3] = rotl(v[3], 21) ^ v[0];
    v[2] = rotl(v[2], 32);
}

static uint64_t siphash13(const uint64_t key[2], const uint8_t *p, size_t n)
{
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
                     key[1] ^ 0x7465646279746573};
    uint64_t last = (uint64_t)n << 56;
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t m = load64(p);
        v[3] ^= m;
        sip_round(v);
        v[0] ^= m;
    }
    while (n--) last |= (uint64_t)p[n] << (8 * n);
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++) sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static inline uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 Wide;
    Wide product = (Wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Names and short keys: two folded multiplications whose four operands all depend on the secret key. */
static inline uint64_t hash_short(const uint64_t key[2], const uint8_t *p, size_t n)
{
    uint64_t a, b;
    if (n >= 8) a = load64(p), b = load64(p + n - 8);
    else if (n >= 4) a = load32(p), b = load32(p + n - 4);
    else if (n) a = p[0], b = (uint64_t)p[n / 2] << 8 | p[n - 1];
    else a = b = 0;
    return fold(fold(a ^ key[0], b ^ key[1]) + key[1], key[0] ^ (n * 0x9E3779B97F4A7C15));
}

uint64_t hash_bytes(VM *vm, const void *data, size_t n)
{
    if (n == 0) return 0; // as in CPython, whatever the key
    uint64_t h = n <= 16 ? hash_short(vm->hash_key, data, n) : siphash13(vm->hash_key, data, n);
    h >>= 4; // scripts see it as a small int
    return h ? h : 1;
}

uint64_t str_hash(VM *vm, Str *s)
{
    if (!s->hash) s->hash = hash_bytes(vm, s->data, s->size);
    return s->hash;
}

/* ---- interning ---- */

static bool grow_interned(VM *vm, struct Interned *t)
{
    size_t capacity = (t->mask + 1) * 2;
    Str **slots = heap_malloc(vm, capacity * sizeof(Str *));
    if (!slots) return false;
    memset(slots, 0, capacity * sizeof(Str *));
    for (size_t i = 0; i <= t->mask; i++) {
        if (!t->slots[i]) continue;
        size_t at = t->slots[i]->hash & (capacity - 1);
        while (slots[at]) at = (at + 1) & (capacity - 1);
        slots[at] = t->slots[i];
    }
    heap_free(vm, t->slots, (t->mask + 1) * sizeof(Str *));
    t->slots = slots;
    t->mask = capacity - 1;
    return true;
}

/* The slot of an equal str, or the empty one where it belongs. */
static Str **interned_slot(struct Interned *t, uint64_t hash, const char *utf8, size_t size)
{
    size_t at = hash & t->mask;
    for (;; at = (at + 1) & t->mask) {
        const Str *s = t->slots[at];
        if (!s || (s->hash == hash && s->size == size && same_bytes(s->data, utf8, size)))
            return &t->slots[at];
    }
}

static Str *add_interned(VM *vm, Str **slot, Str *s, uint64_t hash)
{
    struct Interned *t = vm->interned;
    s->hash = hash;
    s->h.aux |= STR_INTERNED;
    *slot = s;
    if (++t->used * 2 > t->mask && !grow_interned(vm, t)) {
        *interned_slot(t, hash, s->data, s->size) = NULL; // the newest: no probe sequence runs over it
        t->used--;
        s->h.aux &= ~STR_INTERNED;
        return NULL;
    }
    return s;
}

Str *str_intern(VM *vm, const char *utf8, size_t size)
{
    uint64_t hash = hash_bytes(vm, utf8, size);
    Str **slot = interned_slot(vm->interned, hash, utf8, size);
    if (*slot) return *slot;
    Str *s = str_alloc(vm, size, utf8_count(utf8, size));
    if (!s) return NULL;
    memcpy(s->data, utf8, size);
    return add_interned(vm, slot, s, hash);
}

Str *str_intern_value(VM *vm, Str *s)
{
    if (s->h.aux & STR_INTERNED) return s;
    if (s->h.shape != T_STR || s->h.aux & STR_SHARED) return str_intern(vm, s->data, s->size);
    uint64_t hash = str_hash(vm, s);
    Str **slot = interned_slot(vm->interned, hash, s->data, s->size);
    return *slot ? *slot : add_interned(vm, slot, s, hash);
}

Str *vm_intern(VM *vm, const char *text)
{
    Str *s = str_intern(vm, text, strlen(text));
    return s ? s : vm->empty_str; // with MemoryError pending; callers look names up and find none
}

/* ---- comparing ---- */

bool str_eq(const Str *a, const Str *b)
{
    if (a == b) return true;
    if (a->size != b->size || (a->hash != b->hash && a->hash && b->hash)) return false;
    if (a->h.aux & b->h.aux & STR_INTERNED) return false;
    return same_bytes(a->data, b->data, a->size);
}

bool str_is(const Str *s, const char *text)
{
    return s->size == strlen(text) && memcmp(s->data, text, s->size) == 0;
}

int str_cmp(const Str *a, const Str *b)
{
    // The byte order of UTF-8 is the order of code points, lone surrogates included.
    int c = memcmp(a->data, b->data, a->size < b->size ? a->size : b->size);
    if (c) return c < 0 ? -1 : 1;
    return a->size < b->size ? -1 : a->size > b->size;
}

/* ---- indexing ---- */

static void drop_memory_error(VM *vm) { vm->exc = VALUE_UNSET; }

static size_t crumbs_size(size_t capacity) { return sizeof(Crumbs) + capacity * sizeof(size_t); }

static void free_crumbs(VM *vm, Crumbs *c)
{
    if (c) heap_free(vm, c, crumbs_size(c->capacity));
}

/* Crumbs for n more strides of a text than are known. */
static Crumbs *more_crumbs(VM *vm, Crumbs *c, const Str *s, size_t n)
{
    if (!c || n > c->capacity) {
        size_t capacity = c ? 2 * n : n;
        Crumbs *bigger = heap_realloc(vm, c, c ? crumbs_size(c->capacity) : 0, crumbs_size(capacity));
        if (!bigger) return drop_memory_error(vm), NULL;
        if (!c) *bigger = (Crumbs){0};
        c = bigger;
        c->capacity = capacity;
    }
    const char *end = s->data + s->size, *at = s->data + (c->known ? c->offsets[c->known - 1] : 0);
    for (; c->known < n; c->known++) {
        at = utf8_skip(at, end, CRUMB_STRIDE);
        c->offsets[c->known] = (size_t)(at - s->data);
    }
    return c;
}

/* Those who share a buffer share its crumbs: they see the same text, only more or less of it. NULL when there is no
 * memory for them: indexing is then slow, but works. */
static Crumbs *crumbs_of(VM *vm, Str *s)
{
    Crumbs **slot = crumbs_slot(s), *c = *slot;
    size_t n = s->length / CRUMB_STRIDE;
    if (__builtin_expect(c && c->known >= n, 1)) return c;
    c = more_crumbs(vm, c, s, n);
    if (c) *slot = c;
    return c;
}

/* Programs go through a text in steps, so the place last asked for is a good one to start from. */
static size_t offset_by_crumbs(const Str *s, Crumbs *c, size_t i)
{
    size_t from = c->near, offset = c->near_offset;
    if (i < from || i - from >= CRUMB_STRIDE) {
        from = i - i % CRUMB_STRIDE;
        offset = from ? c->offsets[from / CRUMB_STRIDE - 1] : 0;
    }
    if (i - from > A_FEW) {
        offset = (size_t)(utf8_skip(s->data + offset, s->data + s->size, i - from) - s->data);
    } else {
        for (; from < i; from++) offset += utf8_step(s->data[offset]);
    }
    c->near = i;
    return c->near_offset = offset;
}

size_t str_offset(VM *vm, Str *s, size_t i)
{
    if (str_is_ascii(s)) return i;
    if (i == s->length) return s->size;
    Crumbs *c = s->length >= LONG ? crumbs_of(vm, s) : NULL;
    if (c) return offset_by_crumbs(s, c, i);
    return (size_t)(utf8_skip(s->data, s->data + s->size, i) - s->data);
}

size_t str_position(const Str *s, size_t offset)
{
    return str_is_ascii(s) ? offset : utf8_count(s->data, offset);
}

uint32_t str_char_at(VM *vm, Str *s, size_t i)
{
    if (str_is_ascii(s)) return (unsigned char)s->data[i];
    const char *at = s->data + str_offset(vm, s, i);
    return utf8_get(&at);
}

/* Whoever goes through a long text character by character finds the next one behind the last. */
Value str_item(VM *vm, Str *s, size_t i)
{
    Crumbs *c = s->h.aux & STR_LONG ? *crumbs_slot(s) : NULL;
    size_t ahead = c ? i - c->near : SIZE_MAX;
    if (ahead > 1) return str_from_char(vm, str_char_at(vm, s, i));
    if (ahead) c->near_offset += utf8_step(s->data[c->near_offset]);
    c->near = i;
    const char *at = s->data + c->near_offset;
    return str_from_char(vm, utf8_get(&at));
}

Value str_slice(VM *vm, Str *s, size_t start, size_t end)
{
    if (end - start == s->length) return str_exact(vm, s);
    size_t from = str_offset(vm, s, start), to = str_offset(vm, s, end);
    if (end - start == 1) {
        const char *at = s->data + from;
        return str_from_char(vm, utf8_get(&at));
    }
    return str_new_counted(vm, s->data + from, to - from, end - start);
}

Value str_next_char(VM *vm, Str *s, size_t *at)
{
    if (*at >= s->size) return VALUE_STOP;
    const char *p = s->data + *at;
    uint32_t c = utf8_get(&p);
    *at = (size_t)(p - s->data);
    return str_from_char(vm, c);
}

int str_width(const Str *s)
{
    int width = 0;
    for (const char *p = s->data, *end = p + s->size; p < end;) {
        uint32_t c = utf8_get(&p);
        width += c < 0x7F ? c >= ' ' : uni_width(c);
    }
    return width;
}

/* ---- joining ---- */

static void release_buffer(VM *vm, StrBuffer *buffer)
{
    while (buffer && --buffer->refs == 0) {
        StrBuffer *before = buffer->before;
        free_crumbs(vm, buffer->crumbs);
        heap_free(vm, buffer, sizeof(StrBuffer) + buffer->capacity);
        buffer = before;
    }
}

static StrBuffer *new_buffer(VM *vm, size_t capacity)
{
    StrBuffer *buffer = heap_malloc(vm, size_add(sizeof(StrBuffer), capacity));
    if (!buffer) return NULL;
    *buffer = (StrBuffer){.capacity = capacity};
    return buffer;
}

/* A str that sees the whole of a buffer. */
static Value share_buffer(VM *vm, StrBuffer *buffer, size_t length)
{
    Str *s = heap_alloc_raw(vm, KIND_STR, T_STR, offsetof(Str, bytes));
    if (!s) return VALUE_ERROR;
    s->size = buffer->used;
    s->length = length;
    s->hash = 0;
    s->data = buffer->data;
    s->h.aux = STR_SHARED | (s->size == length ? STR_ASCII : 0);
    buffer->refs++;
    return obj_value(s);
}

static Value append_to_buffer(VM *vm, StrBuffer *buffer, const Str *b, size_t length)
{
    size_t used = buffer->used;
    copy_bytes(buffer->data + used, b->data, b->size);
    buffer->used += b->size;
    Value v = share_buffer(vm, buffer, length);
    if (is_error(v)) buffer->used = used;
    return v;
}

/* The first half of a growing text: a copy of `a` with room behind it. */
static Value concat_in_buffer(VM *vm, const Str *a, const Str *b, size_t size)
{
    StrBuffer *buffer = new_buffer(vm, size_mul(size, 2));
    if (!buffer) return VALUE_ERROR;
    memcpy(buffer->data, a->data, a->size);
    buffer->used = a->size;
    buffer->refs = 1; // ours, until the str has its own
    Value v = append_to_buffer(vm, buffer, b, a->length + b->length);
    release_buffer(vm, buffer);
    return v;
}

static Value concat_copy(VM *vm, const Str *a, const Str *b, size_t size)
{
    Str *s = str_alloc(vm, size, a->length + b->length);
    if (!s) return VALUE_ERROR;
    uint16_t joins = a->h.aux & STR_JOINS_MASK;
    s->h.aux |= joins < STR_JOINS_MASK ? joins + STR_JOINS : joins;
    copy_bytes(copy_bytes(s->data, a->data, a->size), b->data, b->size);
    return obj_value(s);
}

Value str_concat(VM *vm, Str *a, Str *b)
{
    if (!a->size) return str_exact(vm, b);
    if (!b->size) return str_exact(vm, a);
    size_t size = size_add(a->size, b->size);
    if (a->h.aux & STR_SHARED) {
        StrBuffer *buffer = buffer_of(a);
        if (buffer->used == a->size && b->size <= buffer->capacity - buffer->used)
            return append_to_buffer(vm, buffer, b, a->length + b->length);
    }
    // A text that was made longer again and again goes on to be.
    bool growing = a->h.aux & STR_SHARED || (a->h.aux & STR_JOINS_MASK) >= GROW_JOINS;
    return growing && size >= GROW_MIN ? concat_in_buffer(vm, a, b, size) : concat_copy(vm, a, b, size);
}

Value str_concat_many(VM *vm, const Value *parts, size_t n)
{
    size_t size = 0, length = 0;
    for (size_t i = 0; i < n; i++) {
        size = size_add(size, as_str(parts[i])->size);
        length += as_str(parts[i])->length;
    }
    if (!size) return obj_value(vm->empty_str);
    Str *s = str_alloc(vm, size, length);
    if (!s) return VALUE_ERROR;
    char *out = s->data;
    for (size_t i = 0; i < n; i++) {
        const Str *part = as_str(parts[i]);
        out = copy_bytes(out, part->data, part->size);
    }
    return obj_value(s);
}

Value str_repeat(VM *vm, Str *s, int64_t times)
{
    if (times <= 0 || !s->size) return obj_value(vm->empty_str);
    if (times == 1) return str_exact(vm, s);
    size_t size = size_mul(s->size, (size_t)times);
    if (size > INT64_MAX) return vm_raise(vm, ERR_OVERFLOW, "repeated string is too long");
    Str *r = str_alloc(vm, size, s->length * (size_t)times);
    if (!r) return VALUE_ERROR;
    if (s->size == 1) return memset(r->data, s->data[0], size), obj_value(r);
    memcpy(r->data, s->data, s->size);
    for (size_t done = s->size; done < size;) { // doubling: few, long copies
        size_t n = done < size - done ? done : size - done;
        memcpy(r->data + done, r->data, n);
        done += n;
    }
    return obj_value(r);
}

/* Natives that hand text to C: a shared str gets a buffer of its own, with the NUL. */
const char *str_cstr(VM *vm, Str *s)
{
    if (!(s->h.aux & STR_SHARED)) return s->data;
    StrBuffer *shared = buffer_of(s);
    if (shared->refs > 1 || shared->capacity == s->size) {
        StrBuffer *own = new_buffer(vm, size_add(s->size, 1));
        if (!own) return NULL;
        memcpy(own->data, s->data, s->size);
        own->refs = 1;
        own->before = shared; // with our reference to it
        s->data = own->data;
        shared = own;
    }
    s->data[s->size] = 0;
    shared->used = s->size + 1; // so nobody appends where the NUL is
    return s->data;
}

/* ---- life ---- */

bool str_init(VM *vm)
{
    struct Interned *t = vm->interned = heap_malloc(vm, sizeof *t);
    if (!t) return false;
    *t = (struct Interned){.mask = 1023};
    t->slots = heap_malloc(vm, (t->mask + 1) * sizeof(Str *));
    if (!t->slots) return false;
    memset(t->slots, 0, (t->mask + 1) * sizeof(Str *));
    vm->empty_str = str_intern(vm, "", 0);
    if (!vm->empty_str) return false;
    for (int c = 0; c < 128; c++) {
        vm->ascii_str[c] = str_intern(vm, &(char){(char)c}, 1);
        if (!vm->ascii_str[c]) return false;
    }
    return true;
}

void str_destroy(VM *vm)
{
    struct Interned *t = vm->interned;
    if (!t) return;
    if (t->slots) heap_free(vm, t->slots, (t->mask + 1) * sizeof(Str *));
    heap_free(vm, t, sizeof *t);
    vm->interned = NULL;
}

void str_free(VM *vm, Str *s)
{
    if (s->h.aux & STR_SHARED) release_buffer(vm, buffer_of(s));
    else if (s->h.aux & STR_LONG) free_crumbs(vm, *crumbs_slot(s));
}

void str_trace_roots(VM *vm)
{
    struct Interned *t = vm->interned;
    for (size_t i = 0; i <= t->mask; i++)
        if (t->slots[i]) gc_mark_obj(vm, t->slots[i]);
    for (size_t i = 0; i < CHAR_CACHE; i++)
        if (t->chars[i]) gc_mark_obj(vm, t->chars[i]);
}
