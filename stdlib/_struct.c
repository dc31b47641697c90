/* _struct.c - the natives under struct: values to bytes and back by a format. */
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/list.h"
#include "vm/native.h"

#include <math.h>

/* ---- formats ------------------------------------------------------------------------------------- */

typedef struct Format {
    const char *at, *end;
    bool native, big; // native: with alignment and this machine's sizes
} Format;

typedef struct Item {
    char code;
    size_t size;      // of one
    size_t count;     // how many; of 's' and 'p': how long
    size_t padding;   // before the first
} Item;

/* Of a code: its size on this machine and by the standard; 0: there is none. */
static size_t code_size(char code, bool native)
{
    switch (code) {
    case 'x': case 'c': case 'b': case 'B': case '?': case 's': case 'p': return 1;
    case 'h': case 'H': case 'e': return 2;
    case 'i': case 'I': case 'f': return 4;
    case 'l': case 'L': return native ? sizeof(long) : 4;
    case 'q': case 'Q': case 'd': return 8;
    case 'n': case 'N': case 'P': return native ? sizeof(void *) : 0;
    default: return 0;
    }
}

static bool takes_value(const Item *item) { return item->code != 'x'; }
static size_t values_of(const Item *item)
{
    if (item->code == 's' || item->code == 'p') return 1;
    return takes_value(item) ? item->count : 0;
}

static bool format_open(VM *vm, Value v, Format *f)
{
    if (is_str(v)) *f = (Format){as_str(v)->data, as_str(v)->data + as_str(v)->size, true, false};
    else if (is_bytes(v)) {
        const char *data = (const char *)as_bytes(v)->data;
        *f = (Format){data, data + as_bytes(v)->size, true, false};
    } else return vm_raise(vm, ERR_TYPE, "Struct() argument 1 must be a str or bytes object, not %T", v), false;
    if (memchr(f->at, 0, (size_t)(f->end - f->at))) return vm_raise(vm, ERR_STRUCT, "embedded null character"), false;
    if (f->at == f->end || !strchr("@=<>!", *f->at)) return true;
    f->native = *f->at == '@';
    f->big = *f->at == '>' || *f->at == '!';
    f->at++;
    return true;
}

static bool is_format_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* The next item: 1, 0 at the end, -1 with an exception. offset: of what came before. */
static int format_next(VM *vm, Format *f, size_t offset, Item *item)
{
    while (f->at < f->end && is_format_space(*f->at)) f->at++;
    if (f->at == f->end) return 0;
    size_t count = 1;
    if (is_ascii_digit(*f->at)) {
        for (count = 0; f->at < f->end && is_ascii_digit(*f->at); f->at++) {
            if (count > (INT64_MAX - 9) / 10) return vm_raise(vm, ERR_STRUCT, "total struct size too long"), -1;
            count = count * 10 + (size_t)(*f->at - '0');
        }
        if (f->at == f->end) return vm_raise(vm, ERR_STRUCT, "repeat count given without format specifier"), -1;
    }
    *item = (Item){.code = *f->at++, .count = count};
    item->size = code_size(item->code, f->native);
    if (!item->size) return vm_raise(vm, ERR_STRUCT, "bad char in struct format"), -1;
    if (f->native) item->padding = (item->size - offset % item->size) % item->size;
    size_t end = size_add(size_add(offset, item->padding), size_mul(count, item->size));
    if (end > INT64_MAX) return vm_raise(vm, ERR_STRUCT, "total struct size too long"), -1;
    return 1;
}

/* How many bytes a format takes and how many values it has; false with an exception. */
static bool format_measure(VM *vm, Value format, Format *f, size_t *size, size_t *values)
{
    if (!format_open(vm, format, f)) return false;
    Format g = *f;
    Item item;
    int more;
    *size = *values = 0;
    while ((more = format_next(vm, &g, *size, &item)) > 0) {
        *size += item.padding + item.count * item.size;
        *values += values_of(&item);
    }
    return more == 0;
}

/* ---- packing ------------------------------------------------------------------------------------- */

static void put_bytes(uint8_t *out, uint64_t bits, size_t n, bool big)
{
    for (size_t i = 0; i < n; i++) out[big ? n - 1 - i : i] = (uint8_t)(bits >> 8 * i);
}

static uint64_t get_bytes(const uint8_t *in, size_t n, bool big)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < n; i++) bits |= (uint64_t)in[big ? n - 1 - i : i] << 8 * i;
    return bits;
}

static bool to_u64(Value v, uint64_t *out)
{
    int64_t i;
    if (int_sign(v) < 0) return false;
    if (int_to_i64(v, &i)) return *out = (uint64_t)i, true;
    if (int_bit_length(v) > 64) return false;
    const BigInt *b = (const BigInt *)as_obj(v);
    *out = b->digits[0] | b->digits[1] << 60;
    return true;
}

static bool refuse_integer(VM *vm, const Format *f, const Item *item, bool fits)
{
    size_t bits = item->size * 8;
    bool is_signed = strchr("bhilq", item->code) != NULL;
    const char *word = item->code == 'b' ? "byte" : item->code == 'B' ? "ubyte" : item->code == 'h' ? "short" : "ushort";
    bool worded = item->size == 1 || (item->size == 2 && !f->big);
    if (item->code == 'P' || (f->big && item->size == 8)) vm_raise(vm, ERR_STRUCT, "int too large to convert");
    else if (!fits || item->size == 8) vm_raise(vm, ERR_STRUCT, "argument out of range");
    else {
        long low = is_signed ? -(1L << (bits - 1)) : 0, high = is_signed ? (1L << (bits - 1)) - 1 : (1L << bits) - 1;
        if (worded) vm_raise(vm, ERR_STRUCT, "%s format requires %ld <= number <= %ld", word, low, high);
        else vm_raise(vm, ERR_STRUCT, "'%c' format requires %ld <= number <= %ld", item->code, low, high);
    }
    return false;
}

static bool pack_integer(VM *vm, const Format *f, const Item *item, Value v, uint8_t *out)
{
    if (!is_index(vm, v)) return vm_raise(vm, ERR_STRUCT, "required argument is not an integer"), false;
    v = obj_index(vm, v);
    if (is_error(v)) return false;
    int64_t i = 0;
    uint64_t u = 0;
    size_t bits = item->size * 8;
    bool fits_i64 = int_to_i64(v, &i), fits_u64 = to_u64(v, &u), ok;
    if (strchr("bhilqn", item->code)) {
        ok = fits_i64 && (bits == 64 || (i >= -((int64_t)1 << (bits - 1)) && i < (int64_t)1 << (bits - 1)));
        u = (uint64_t)i;
    } else if (item->code == 'P' && fits_i64) {
        ok = true;
        u = (uint64_t)i;
    } else {
        ok = fits_u64 && (bits == 64 || u >> bits == 0);
        // B and native H are read as signed numbers first.
        if (!ok && item->size <= 2 && !(f->big && item->size == 2)) fits_u64 = fits_i64;
        fits_i64 = fits_u64;
    }
    if (!ok) return refuse_integer(vm, f, item, fits_i64);
    put_bytes(out, u, item->size, f->big);
    return true;
}

/* A double as 16 bits, rounded to the nearest, ties to even; false: too large. */
static bool half_bits(double d, uint16_t *out)
{
    uint16_t sign = signbit(d) ? 0x8000 : 0;
    double a = fabs(d);
    if (isnan(d)) return *out = sign | 0x7e00, true;
    if (isinf(d)) return *out = sign | 0x7c00, true;
    int e;
    frexp(a, &e);                     // a in [2^(e-1), 2^e)
    int unit = e - 11 > -24 ? e - 11 : -24; // of the last bit kept
    double n = nearbyint(ldexp(a, -unit));
    if (n >= 2048) n /= 2, unit++;
    if (unit > 5) return false;
    *out = sign | (uint16_t)(n < 1024 ? n : (unit + 25) * 1024 + (n - 1024));
    return true;
}

static double half_value(uint16_t bits)
{
    int e = bits >> 10 & 31, m = bits & 1023;
    double d = e == 31 ? (m ? NAN : INFINITY) : e ? ldexp(m + 1024, e - 25) : ldexp(m, -24);
    return bits & 0x8000 ? -d : d;
}

/* Whatever is wrong with it, it is no float. */
static bool to_real(VM *vm, Value v, double *out)
{
    if (float_from_object(vm, v, out)) return true;
    vm_take_pending(vm);
    return vm_raise(vm, ERR_STRUCT, "required argument is not a float"), false;
}

static bool pack_float(VM *vm, const Format *f, const Item *item, Value v, uint8_t *out)
{
    double d;
    uint64_t bits;
    if (!to_real(vm, v, &d)) return false;
    if (item->code == 'd') {
        memcpy(&bits, &d, sizeof bits);
    } else if (item->code == 'f') {
        float x = (float)d;
        uint32_t word;
        if (isinf(x) && !isinf(d) && !f->native)
            return vm_raise(vm, ERR_OVERFLOW, "float too large to pack with f format"), false;
        memcpy(&word, &x, sizeof word);
        bits = word;
    } else {
        uint16_t half;
        if (!half_bits(d, &half)) return vm_raise(vm, ERR_OVERFLOW, "float too large to pack with e format"), false;
        bits = half;
    }
    put_bytes(out, bits, item->size, f->big);
    return true;
}

static bool pack_text(VM *vm, const Item *item, Value v, uint8_t *out)
{
    if (!is_byteslike(v)) return vm_raise(vm, ERR_STRUCT, "argument for '%c' must be a bytes object", item->code), false;
    ByteView b = byte_view(v);
    size_t room = item->count;
    if (item->code == 'p' && room) {
        room--;
        *out++ = (uint8_t)(b.size < room ? b.size < 255 ? b.size : 255 : room < 255 ? room : 255);
    }
    memcpy(out, b.data, b.size < room ? b.size : room);
    return true;
}

static bool pack_one(VM *vm, const Format *f, const Item *item, Value v, uint8_t *out)
{
    int truth;
    switch (item->code) {
    case 'c':
        if (!is_bytes(v) || as_bytes(v)->size != 1)
            return vm_raise(vm, ERR_STRUCT, "char format requires a bytes object of length 1"), false;
        *out = as_bytes(v)->data[0];
        return true;
    case '?':
        if ((truth = obj_truth(vm, v)) < 0) return false;
        *out = (uint8_t)truth;
        return true;
    case 'e': case 'f': case 'd': return pack_float(vm, f, item, v, out);
    default: return pack_integer(vm, f, item, v, out);
    }
}

/* Into a fresh bytes object, which scripts that are called cannot see; *result is rooted. */
static bool pack_all(VM *vm, Format f, const Value *values, Value *result)
{
    size_t offset = 0;
    Item item;
    while (format_next(vm, &f, offset, &item) > 0) {
        offset += item.padding;
        bool text = item.code == 's' || item.code == 'p';
        if (text && !pack_text(vm, &item, *values++, as_bytes(*result)->data + offset)) return false;
        for (size_t i = 0; !text && takes_value(&item) && i < item.count; i++)
            if (!pack_one(vm, &f, &item, *values++, as_bytes(*result)->data + offset + i * item.size)) return false;
        offset += item.count * item.size;
    }
    return true;
}

static Value pack(VM *vm, Value format, const Tuple *values)
{
    Format f;
    size_t size, count;
    if (!format_measure(vm, format, &f, &size, &count)) return VALUE_ERROR;
    if (count != values->size)
        return vm_raise(vm, ERR_STRUCT, "pack expected %zu items for packing (got %zu)", count, values->size);
    Value bytes = bytes_new(vm, NULL, size);
    Value *root = is_error(bytes) ? NULL : roots_push(vm, bytes);
    if (!root) return VALUE_ERROR;
    bool ok = pack_all(vm, f, values->items, root);
    roots_pop(vm, root);
    return ok ? bytes : VALUE_ERROR;
}

static Value nat_pack(VM *vm, Args args) { return pack(vm, args.v[0], as_tuple(args.v[1])); }

/* Where `size` bytes lie in a buffer of `room`; -1 with an exception. into: they are to be written. */
static int64_t place(VM *vm, Value offset, size_t size, size_t room, bool into)
{
    int64_t at;
    if (!index_argument(vm, offset, &at)) return -1;
    if (at < 0) {
        if (at + (int64_t)size > 0) {
            if (into) vm_raise(vm, ERR_STRUCT, "no space to pack %zu bytes at offset %ld", size, (long)at);
            else vm_raise(vm, ERR_STRUCT, "not enough data to unpack %zu bytes at offset %ld", size, (long)at);
            return -1;
        }
        if (at + (int64_t)room < 0)
            return vm_raise(vm, ERR_STRUCT, "offset %ld out of range for %zu-byte buffer", (long)at, room), -1;
        return at + (int64_t)room;
    }
    if (room >= (size_t)at && room - (size_t)at >= size) return at;
    vm_raise(vm, ERR_STRUCT, "%s requires a buffer of at least %zu bytes for %s %zu bytes at offset %ld (actual buffer size "
             "is %zu)", into ? "pack_into" : "unpack_from", size_add((size_t)at, size), into ? "packing" : "unpacking", size,
             (long)at, room);
    return -1;
}

static Value nat_pack_into(VM *vm, Args args)
{
    if (!is_bytearray(args.v[1]))
        return vm_raise(vm, ERR_TYPE, "argument must be read-write bytes-like object, not %T", args.v[1]);
    Value bytes = pack(vm, args.v[0], as_tuple(args.v[3]));
    if (is_error(bytes)) return bytes;
    Value *root = roots_push(vm, bytes);
    if (!root) return VALUE_ERROR;
    size_t size = as_bytes(bytes)->size;
    int64_t at = place(vm, args.v[2], size, as_bytearray(args.v[1])->size, true);
    roots_pop(vm, root);
    if (at < 0) return VALUE_ERROR;
    memcpy(as_bytearray(args.v[1])->data + at, as_bytes(bytes)->data, size);
    return VALUE_NONE;
}

/* ---- unpacking ----------------------------------------------------------------------------------- */

static Value unpack_one(VM *vm, const Format *f, const Item *item, const uint8_t *in)
{
    uint64_t bits = get_bytes(in, item->size, f->big);
    switch (item->code) {
    case 'c': return bytes_new(vm, in, 1);
    case '?': return bool_value(*in != 0);
    case 'e': return float_value(vm, half_value((uint16_t)bits));
    case 'f': {
        uint32_t word = (uint32_t)bits;
        float x;
        memcpy(&x, &word, sizeof x);
        return float_value(vm, x);
    }
    case 'd': {
        double d;
        memcpy(&d, &bits, sizeof d);
        return float_value(vm, d);
    }
    case 'b': case 'h': case 'i': case 'l': case 'q': case 'n':
        return int_from_i64(vm, (int64_t)(bits << (64 - item->size * 8)) >> (64 - item->size * 8));
    default: return int_from_u64(vm, bits);
    }
}

static Value unpack_text(VM *vm, const Item *item, const uint8_t *in)
{
    if (item->code == 's' || !item->count) return bytes_new(vm, in, item->count);
    size_t size = in[0] < item->count ? in[0] : item->count - 1;
    return bytes_new(vm, in + 1, size);
}

static Value unpack_all(VM *vm, Format f, size_t count, const uint8_t *in)
{
    Value result = tuple_new(vm, NULL, count);
    size_t offset = 0, n = 0;
    Item item;
    while (!is_error(result) && format_next(vm, &f, offset, &item) > 0) {
        offset += item.padding;
        bool text = item.code == 's' || item.code == 'p';
        for (size_t i = 0; takes_value(&item) && i < (text ? 1 : item.count); i++) {
            const uint8_t *p = in + offset + i * item.size;
            Value v = text ? unpack_text(vm, &item, p) : unpack_one(vm, &f, &item, p);
            if (is_error(v)) return v;
            as_tuple(result)->items[n++] = v;
        }
        offset += item.count * item.size;
    }
    return result;
}

static Value nat_unpack(VM *vm, Args args)
{
    Format f;
    size_t size, count;
    ByteView b;
    if (!format_measure(vm, args.v[0], &f, &size, &count) || !bytes_require(vm, args.v[1], &b)) return VALUE_ERROR;
    if (b.size != size) return vm_raise(vm, ERR_STRUCT, "unpack requires a buffer of %zu bytes", size);
    return unpack_all(vm, f, count, b.data);
}

static Value nat_unpack_from(VM *vm, Args args)
{
    Format f;
    size_t size, count;
    ByteView b;
    if (!format_measure(vm, args.v[0], &f, &size, &count) || !bytes_require(vm, args.v[1], &b)) return VALUE_ERROR;
    int64_t at = place(vm, args.v[2], size, b.size, false);
    if (at < 0 || !bytes_require(vm, args.v[1], &b)) return VALUE_ERROR;
    if (b.size < (size_t)at + size) return vm_raise(vm, ERR_BUFFER, "the buffer became shorter"); // in __index__
    return unpack_all(vm, f, count, b.data + at);
}

static Value nat_calcsize(VM *vm, Args args)
{
    Format f;
    size_t size, count;
    return format_measure(vm, args.v[0], &f, &size, &count) ? small((int64_t)size) : VALUE_ERROR;
}

static const NativeDef natives[] = {
    {"calcsize(format, /)", nat_calcsize, "How many bytes a format takes.", 0},
    {"pack(format, /, *values)", nat_pack, "The values as bytes, by the format.", 0},
    {"pack_into(format, buffer, offset, /, *values)", nat_pack_into, "Pack the values into a bytearray.", 0},
    {"unpack(format, buffer, /)", nat_unpack, "The values that the bytes hold.", 0},
    {"unpack_from(format, /, buffer, offset=0)", nat_unpack_from, "The values in a part of a buffer.", 0},
    {0},
};

static bool init(VM *vm, Module *m) { return module_add(vm, m, "error", obj_value(vm->exc_types[ERR_STRUCT])); }

const ModuleDef _struct_module = {"_struct", natives, "What struct has in C.", init};
