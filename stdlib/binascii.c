/* binascii.c - bytes as text: base64 and hexadecimal digits; checksums. */
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/native.h"

/* An argument that is bytes or ASCII text. */
static bool ascii_bytes(VM *vm, Value v, ByteView *out)
{
    if (is_str(v)) {
        if (!str_is_ascii(as_str(v)))
            return vm_raise(vm, ERR_VALUE, "string argument should contain only ASCII characters"), false;
        *out = (ByteView){(const uint8_t *)as_str(v)->data, as_str(v)->size};
        return true;
    }
    if (!is_byteslike(v))
        return vm_raise(vm, ERR_TYPE, "argument should be bytes, buffer or ASCII string, not '%T'", v), false;
    *out = byte_view(v);
    return true;
}

/* ---- base64 -------------------------------------------------------------------------------------- */

static const char digits64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static Value nat_b2a_base64(VM *vm, Args args)
{
    ByteView in;
    if (!bytes_require(vm, args.v[0], &in)) return VALUE_ERROR;
    bool newline = args.v[1] == VALUE_TRUE || (args.v[1] != VALUE_FALSE && obj_truth(vm, args.v[1]) > 0);
    if (!bytes_require(vm, args.v[0], &in)) return VALUE_ERROR; // __bool__ may have run
    if (in.size > SIZE_MAX / 4) return vm_no_memory(vm);
    Value result = bytes_new(vm, NULL, (in.size + 2) / 3 * 4 + newline);
    if (is_error(result)) return result;
    uint8_t *out = as_bytes(result)->data;
    for (size_t i = 0; i < in.size; i += 3) {
        size_t n = in.size - i;
        uint32_t w =
            (uint32_t)in.data[i] << 16 | (n > 1 ? in.data[i + 1] << 8 : 0) | (n > 2 ? in.data[i + 2] : 0);
        *out++ = (uint8_t)digits64[w >> 18];
        *out++ = (uint8_t)digits64[w >> 12 & 63];
        *out++ = (uint8_t)(n > 1 ? digits64[w >> 6 & 63] : '=');
        *out++ = (uint8_t)(n > 2 ? digits64[w & 63] : '=');
    }
    if (newline) *out = '\n';
    return vm_tick_bytes(vm, in.size) ? result : VALUE_ERROR;
}

static int digit64(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Into `out`, which has room; NULL: fine, else what is wrong with it. *n: bytes written; *data: digits seen. */
static const char *decode64(ByteView in, bool strict, uint8_t *out, size_t *n, size_t *data)
{
    size_t quad = 0, pads = 0;
    uint32_t left = 0;
    bool padded = false;
    *n = *data = 0;
    if (strict && in.size && in.data[0] == '=') return "Leading padding not allowed";
    for (size_t i = 0; i < in.size; i++) {
        uint8_t c = in.data[i];
        if (c == '=') {
            padded = true;
            if (quad >= 2 && quad + ++pads >= 4) {
                if (strict && i + 1 < in.size) return "Excess data after padding";
                return NULL;
            }
            continue;
        }
        int v = digit64(c);
        if (v < 0) {
            if (strict) return "Only base64 data is allowed";
            continue;
        }
        if (strict && padded) return "Discontinuous padding not allowed";
        pads = 0;
        ++*data;
        left = left << 6 | (uint32_t)v;
        if (quad) out[(*n)++] = (uint8_t)(left >> (6 - 2 * quad));
        quad = (quad + 1) % 4;
    }
    return quad == 0 ? NULL : quad == 1 ? "" : "Incorrect padding";
}

static Value nat_a2b_base64(VM *vm, Args args)
{
    ByteView in;
    int strict = obj_truth(vm, args.v[1]);
    if (strict < 0 || !ascii_bytes(vm, args.v[0], &in)) return VALUE_ERROR;
    uint8_t *out = heap_malloc(vm, in.size / 4 * 3 + 3);
    if (!out) return VALUE_ERROR;
    size_t n, data;
    const char *wrong = decode64(in, strict, out, &n, &data);
    Value result = wrong ? VALUE_ERROR : bytes_new(vm, out, n);
    heap_free(vm, out, in.size / 4 * 3 + 3);
    if (wrong && *wrong) return vm_raise(vm, ERR_BINASCII, "%s", wrong);
    if (wrong)
        return vm_raise(vm, ERR_BINASCII,
                        "Invalid base64-encoded string: number of data characters (%zu) cannot be 1 more than a multiple of 4",
                        data);
    return vm_tick_bytes(vm, in.size) ? result : VALUE_ERROR;
}

/* ---- hexadecimal --------------------------------------------------------------------------------- */

static Value nat_hexlify(VM *vm, Args args)
{
    ByteView b;
    if (!bytes_require(vm, args.v[0], &b)) return VALUE_ERROR;
    Value bytes = is_bytes(args.v[0]) ? args.v[0] : bytes_new(vm, b.data, b.size);
    Value *root = is_error(bytes) ? NULL : roots_push(vm, bytes);
    if (!root) return VALUE_ERROR;
    Value more[] = {args.v[1], args.v[2]};
    Value text = vm_call_method(vm, bytes, vm_intern(vm, "hex"), more, is_unset(args.v[1]) ? 0 : 2);
    roots_pop(vm, root);
    return is_error(text) ? text : bytes_new(vm, as_str(text)->data, as_str(text)->size);
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static Value nat_unhexlify(VM *vm, Args args)
{
    ByteView in;
    if (!ascii_bytes(vm, args.v[0], &in)) return VALUE_ERROR;
    if (in.size % 2) return vm_raise(vm, ERR_BINASCII, "Odd-length string");
    Value result = bytes_new(vm, NULL, in.size / 2);
    for (size_t i = 0; !is_error(result) && i < in.size; i += 2) {
        int high = hex_digit(in.data[i]), low = hex_digit(in.data[i + 1]);
        if (high < 0 || low < 0) return vm_raise(vm, ERR_BINASCII, "Non-hexadecimal digit found");
        as_bytes(result)->data[i / 2] = (uint8_t)(high << 4 | low);
    }
    return result;
}

/* ---- checksums ----------------------------------------------------------------------------------- */

/* Half a byte at a time: a table of sixteen words. */
static Value nat_crc32(VM *vm, Args args)
{
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                       0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    ByteView in;
    int64_t start;
    if (!obj_index_i64(vm, args.v[1], &start) || !bytes_require(vm, args.v[0], &in)) return VALUE_ERROR;
    uint32_t crc = ~(uint32_t)start;
    for (size_t i = 0; i < in.size; i++) {
        crc ^= in.data[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return vm_tick_bytes(vm, in.size) ? small((int64_t)(uint32_t)~crc) : VALUE_ERROR;
}

static Value nat_crc_hqx(VM *vm, Args args)
{
    ByteView in;
    int64_t start;
    if (!obj_index_i64(vm, args.v[1], &start) || !bytes_require(vm, args.v[0], &in)) return VALUE_ERROR;
    uint32_t crc = start & 0xffff;
    for (size_t i = 0; i < in.size; i++) {
        crc ^= (uint32_t)in.data[i] << 8;
        for (int bit = 0; bit < 8; bit++) crc = (crc << 1 ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
    }
    return small(crc);
}

static const NativeDef natives[] = {
    {"a2b_base64(data, /, *, strict_mode=False)", nat_a2b_base64,
     "The bytes that base 64 says; binascii.Error if it is cut off.", 0},
    {"b2a_base64(data, /, *, newline=True)", nat_b2a_base64,
     "Bytes in base 64, with a line feed behind them if newline.", 0},
    {"hexlify(data, sep=?, bytes_per_sep=1)", nat_hexlify,
     "Two hexadecimal digits for each byte, with sep between groups of bytes.", 0},
    {"b2a_hex(data, sep=?, bytes_per_sep=1)", nat_hexlify,
     "Two hexadecimal digits for each byte, with sep between groups of bytes.", 0},
    {"unhexlify(hexstr, /)", nat_unhexlify, "The bytes that hexadecimal digits say.", 0},
    {"a2b_hex(hexstr, /)", nat_unhexlify, "The bytes that hexadecimal digits say.", 0},
    {"crc32(data, crc=0, /)", nat_crc32, "The CRC-32 of data, going on from that of what came before.", 0},
    {"crc_hqx(data, crc, /)", nat_crc_hqx,
     "The CRC-CCITT of data, going on from that of what came before.", 0},
    {0},
};

static bool init(VM *vm, Module *m)
{
    return module_add(vm, m, "Error", obj_value(vm->exc_types[ERR_BINASCII]));
}

const ModuleDef binascii_module = {"binascii", natives, "Bytes as ASCII text, and checksums.", init};
