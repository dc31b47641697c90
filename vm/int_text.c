/* int_text.c - integers to text and back, by divide and conquer. */
#include "vm/bigint.h"
#include "vm/bytes.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/unitables.h"
#include "vm/utf8.h"

enum {
    DEFAULT_MAX_DIGITS = 4300,
    CHECK_THRESHOLD = 640, // digits that are always allowed
    WORD_DIGITS = 18,      // decimal digits that a 60-bit digit holds
    LEAF_LEVEL = 5,        // up to 18 << 5 decimal digits are converted a word at a time
    LEAF_TEXT = WORD_DIGITS << LEAF_LEVEL,
    MAX_LEVELS = 26, // 18 << 26 digits are more than an int can have
};
#define TEN_TO_18 ((Digit)1000000000000000000)

int int_max_str_digits(VM *vm)
{
    // A fresh VM's zero means the default.
    return vm->int_max_digits == 0 ? DEFAULT_MAX_DIGITS : vm->int_max_digits < 0 ? 0 : vm->int_max_digits;
}

/* ---- powers of a chunk, for both directions ---- */

/* powers[k] = chunk ^ (2^k): the number whose division or multiplication splits off 2^k chunks of text. */
typedef struct Powers {
    VM *vm;
    int n;
    struct {
        Digit *d;
        size_t n;
        Scratch memory;
    } level[MAX_LEVELS];
} Powers;

static void powers_close(Powers *p)
{
    while (p->n > 0) scratch_close(&p->level[--p->n].memory);
}

/* chunk ^ 2^k for k up to `last`. */
static bool powers_open(VM *vm, Powers *p, Digit chunk, int last)
{
    p->vm = vm;
    p->n = 0;
    for (int k = 0; k <= last; k++) {
        size_t below = k ? p->level[k - 1].n : 0, n = k ? 2 * below : 1;
        if (!scratch_open(vm, &p->level[k].memory, n)) break;
        p->n++;
        Digit *d = p->level[k].d = p->level[k].memory.d;
        if (k == 0)
            *d = chunk;
        else if (!mag_mul(vm, d, p->level[k - 1].d, below, p->level[k - 1].d, below))
            break;
        p->level[k].n = mag_trim(d, n);
        if (k == last) return true;
    }
    powers_close(p);
    return false;
}

/* ---- to text ---- */

static void put_word(char *out, uint64_t word)
{
    for (int i = WORD_DIGITS; i-- > 0; word /= 10) out[i] = (char)('0' + word % 10);
}

/* Exactly `width` characters, a multiple of 18; d is used up. */
static void write_leaf(char *out, size_t width, Digit *d, size_t n)
{
    while (width > 0) {
        width -= WORD_DIGITS;
        Digit word = n ? mag_div_1(d, d, n, TEN_TO_18) : 0;
        n = mag_trim(d, n);
        put_word(out + width, word);
    }
}

/* d < 10 ^ (18 << level), as 18 << level characters; d is used up. */
static bool write_decimal(Powers *p, char *out, int level, Digit *d, size_t n)
{
    size_t width = (size_t)WORD_DIGITS << level, half = width / 2;
    n = mag_trim(d, n);
    if (level <= LEAF_LEVEL || n == 0) {
        write_leaf(out, width, d, n);
        return true;
    }
    const Digit *by = p->level[level - 1].d;
    size_t n_by = p->level[level - 1].n;
    if (mag_cmp(d, n, by, n_by) < 0) {
        memset(out, '0', half);
        return write_decimal(p, out + half, level - 1, d, n);
    }
    Scratch s;
    size_t n_q = n - n_by + 1;
    if (!scratch_open(p->vm, &s, n_q + n_by)) return false;
    bool fine = mag_divmod(p->vm, s.d, s.d + n_q, d, n, by, n_by) &&
                write_decimal(p, out, level - 1, s.d, n_q) &&
                write_decimal(p, out + half, level - 1, s.d + n_q, n_by);
    scratch_close(&s);
    return fine;
}

static Value too_many_digits(VM *vm)
{
    return vm_raise(vm, ERR_VALUE,
                    "Exceeds the limit (%d digits) for integer string conversion; "
                    "use sys.set_int_max_str_digits() to increase the limit",
                    int_max_str_digits(vm));
}

/* The decimal digits of x into out, which has 18 << level characters; sign and limit are seen to. */
static Value decimal_str(VM *vm, const IntView *x, char *out, int level)
{
    Powers powers; // large: not to be cleared
    Scratch copy;
    powers.n = 0;
    if (!scratch_open(vm, &copy, x->n)) return VALUE_ERROR;
    memcpy(copy.d, x->d, x->n * sizeof *copy.d);
    char *digits = out + 1;
    size_t width = (size_t)WORD_DIGITS << level, limit = (size_t)int_max_str_digits(vm);
    bool fine = level <= LEAF_LEVEL || powers_open(vm, &powers, TEN_TO_18, level - 1);
    fine = fine && write_decimal(&powers, digits, level, copy.d, copy.n);
    powers_close(&powers);
    scratch_close(&copy);
    if (!fine) return VALUE_ERROR;

    size_t zeros = 0;
    while (digits[zeros] == '0') zeros++;
    if (limit && width - zeros > limit) return too_many_digits(vm);
    char *start = digits + zeros;
    if (x->sign < 0) *--start = '-';
    return str_new(vm, start, (size_t)(digits + width - start));
}

static Value big_to_decimal(VM *vm, const IntView *x)
{
    size_t bits = mag_bits(x->d, x->n), limit = (size_t)int_max_str_digits(vm);
    size_t most = bits * 1234 / 4099 + 1; // 1234/4099 is a little more than log10(2)
    if (limit && most > limit + limit / 1000 + 2) return too_many_digits(vm);
    int level = 0;
    while ((size_t)WORD_DIGITS << level < most) level++;
    size_t size = ((size_t)WORD_DIGITS << level) + 1;
    char local[LEAF_TEXT + 1], *out = size <= sizeof local ? local : heap_malloc(vm, size);
    if (!out) return VALUE_ERROR;
    Value v = decimal_str(vm, x, out, level);
    if (out != local) heap_free(vm, out, size);
    return v;
}

/* Bases 2, 8 and 16: the bits as they lie. */
static Value big_to_bits(VM *vm, const IntView *x, unsigned bits_each)
{
    size_t bits = mag_bits(x->d, x->n), n = (bits + bits_each - 1) / bits_each, size = n + 1;
    char *out = heap_malloc(vm, size);
    if (!out) return VALUE_ERROR;
    for (size_t i = 0; i < n; i++) { // 60 is a multiple of 1, 3 and 4: no character straddles two digits
        size_t at = i * bits_each;
        out[n - i] = "0123456789abcdef"[x->d[at / DIGIT_BITS] >> (at % DIGIT_BITS) & ((1u << bits_each) - 1)];
    }
    out[0] = '-';
    Value v = x->sign < 0 ? str_new(vm, out, size) : str_new(vm, out + 1, n);
    heap_free(vm, out, size);
    return v;
}

char *int64_to_text(int64_t i, char *buf)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
        "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";
    char *at = buf + INT64_TEXT;
    uint64_t u = i < 0 ? -(uint64_t)i : (uint64_t)i;
    for (; u >= 100; u /= 100) memcpy(at -= 2, pairs + 2 * (u % 100), 2);
    if (u >= 10)
        memcpy(at -= 2, pairs + 2 * u, 2);
    else
        *--at = (char)('0' + u);
    if (i < 0) *--at = '-';
    return at;
}

Value int_to_str(VM *vm, Value v, int base)
{
    int64_t i;
    if (base == 10 && int_to_i64(v, &i)) {
        char buf[INT64_TEXT], *text = int64_to_text(i, buf);
        size_t size = (size_t)(buf + INT64_TEXT - text);
        return str_new_counted(vm, text, size, size);
    }
    IntView x;
    int_view(&x, v);
    if (base == 10) return big_to_decimal(vm, &x);
    if (x.n == 0) return str_new(vm, "0", 1);
    return big_to_bits(vm, &x, base == 2 ? 1 : base == 8 ? 3 : 4);
}

Value int_to_hex_capitals(VM *vm, Value v)
{
    Value text = int_to_str(vm, v, 16);
    if (is_error(text)) return text;
    Str *s = as_str(text);
    if (s->size == 1) return obj_value(vm->ascii_str[(unsigned char)ascii_upper(s->data[0])]); // all share it
    for (size_t i = 0; i < s->size; i++) s->data[i] = ascii_upper(s->data[i]); // nobody has seen it yet
    return text;
}

/* ---- from text ---- */

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'z') return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
    return 99;
}

/* A number's text taken apart: digits without underscores, as values 0..35. */
typedef struct Literal {
    int base, sign;
    size_t n;
    char *digits;
} Literal;

static bool has_prefix(const char *at, const char *end, int base)
{
    char letter = base == 16 ? 'x' : base == 8 ? 'o' : base == 2 ? 'b' : 0;
    return letter && end - at >= 2 && at[0] == '0' && (at[1] | 32) == letter;
}

/* Base 0: what the prefix says. Without one a number must not begin with 0, unless it is zero. */
static int base_from_prefix(const char *at, const char *end)
{
    static const int bases[] = {16, 8, 2};
    for (int i = 0; i < 3; i++)
        if (has_prefix(at, end, bases[i])) return bases[i];
    return 10;
}

/* Fills in `out`, whose digits has room for n characters. False: not a literal of this base. */
static bool scan_literal(const char *text, size_t n, int base, Literal *out)
{
    const char *at = text, *end = text + n;
    while (at < end && is_number_space(*at)) at++;
    while (end > at && is_number_space(end[-1])) end--;
    out->sign = at < end && *at == '-' ? -1 : 1;
    if (at < end && (*at == '-' || *at == '+')) at++;
    out->base = base ? base : base_from_prefix(at, end);
    bool prefixed = has_prefix(at, end, out->base), bare_zero = !base && !prefixed && at < end && *at == '0';
    if (prefixed) at += 2;
    if (prefixed && at < end && *at == '_') at++;
    out->n = 0;
    char last = '_';
    for (; at < end; last = *at++) {
        if (*at == '_' && last == '_') return false;
        if (*at == '_') continue;
        int value = digit_value(*at);
        if (value >= out->base) return false;
        if (bare_zero && value) return false;
        out->digits[out->n++] = (char)value;
    }
    return last != '_';
}

/* Digits to the number they say, a machine word of them at a time. */
typedef struct DigitReader {
    Powers powers;
    int base;
    size_t word; // digits of this base in one 60-bit digit
} DigitReader;

static Digit read_word(const char *digits, size_t n, int base)
{
    Digit word = 0;
    for (size_t i = 0; i < n; i++) word = word * (Digit)base + (Digit)digits[i];
    return word;
}

/* r gets the number of these digits, at most (n + word - 1) / word long; answers its length. */
static size_t read_leaf(const DigitReader *in, Digit *r, const char *digits, size_t n)
{
    size_t length = 0, head = n % in->word;
    if (head) r[length++] = read_word(digits, head, in->base);
    for (size_t i = head; i < n; i += in->word) {
        Digit above =
            mag_mul_add_1(r, length, in->powers.level[0].d[0], read_word(digits + i, in->word, in->base));
        if (above || !length) r[length++] = above;
    }
    return length;
}

/* Split off word << level digits at the end; r has room for one 60-bit digit per word. */
static bool read_digits(DigitReader *in, Digit *r, size_t *length, const char *digits, size_t n, int level)
{
    size_t low = in->word << level;
    while (level > 0 && low >= n) low = in->word << --level;
    if (level < LEAF_LEVEL) {
        *length = read_leaf(in, r, digits, n);
        return true;
    }
    const Digit *by = in->powers.level[level].d;
    size_t n_by = in->powers.level[level].n, n_high, n_low, room = (n - low + in->word - 1) / in->word + 1;
    Scratch s;
    if (!scratch_open(in->powers.vm, &s, room + ((size_t)1 << level) + 1 + room + n_by)) return false;
    Digit *high = s.d, *rest = high + room, *product = rest + ((size_t)1 << level) + 1;
    bool fine = read_digits(in, high, &n_high, digits, n - low, level - 1) &&
                read_digits(in, rest, &n_low, digits + n - low, low, level - 1) &&
                mag_mul(in->powers.vm, product, high, n_high, by, n_by);
    if (fine) {
        *length = n_high + n_by;
        mag_add(product, product, *length, rest, mag_trim(rest, n_low));
        *length = mag_trim(product, *length);
        memcpy(r, product, *length * sizeof *r);
    }
    scratch_close(&s);
    return fine;
}

static Value number_of_digits(VM *vm, const Literal *literal)
{
    DigitReader in;
    in.base = literal->base;
    in.word = 1;
    Digit chunk = (Digit)literal->base;
    for (; chunk <= DIGIT_MASK / (Digit)literal->base; in.word++) chunk *= (Digit)literal->base;
    size_t words = literal->n / in.word + 2;
    int level = 0;
    while (((size_t)2 << level) < words) level++;
    Scratch s;
    if (words > MAG_MAX_DIGITS) return vm_no_memory(vm);
    if (!powers_open(vm, &in.powers, chunk, level)) return VALUE_ERROR;
    Value v = VALUE_ERROR;
    size_t length;
    if (scratch_open(vm, &s, words)) {
        if (read_digits(&in, s.d, &length, literal->digits, literal->n, level))
            v = int_from_digits(vm, s.d, length, literal->sign);
        scratch_close(&s);
    }
    powers_close(&in.powers);
    return v;
}

static Value literal_value(VM *vm, const Literal *literal)
{
    bool binary = (literal->base & (literal->base - 1)) == 0;
    size_t limit = (size_t)int_max_str_digits(vm);
    if (!binary && limit && literal->n > limit && literal->n > CHECK_THRESHOLD)
        return vm_raise(vm, ERR_VALUE,
                        "Exceeds the limit (%d digits) for integer string conversion: value has %zd digits; "
                        "use sys.set_int_max_str_digits() to increase the limit",
                        (int)limit, (ptrdiff_t)literal->n);
    if (literal->n <= 11) // 36^11 < 2^60
        return small(literal->sign * (int64_t)read_word(literal->digits, literal->n, literal->base));
    return number_of_digits(vm, literal);
}

static Value invalid_literal(VM *vm, int base, Value shown)
{
    Value text = obj_repr(vm, shown);
    if (is_error(text)) return text;
    Str *s = as_str(text);
    if (s->length > 200) text = str_slice(vm, s, 0, 200);
    if (is_error(text)) return text;
    return vm_raise(vm, ERR_VALUE, "invalid literal for int() with base %d: %V", base, text);
}

size_t text_to_ascii(const char *text, size_t n, char *out)
{
    size_t length = 0;
    for (const char *at = text, *end = text + n; at < end;) {
        uint32_t c = utf8_get(&at);
        if (c >= 0x80) {
            int digit = uni_decimal(c);
            c = digit >= 0 ? (uint32_t)('0' + digit) : uni_is(c, UNI_SPACE) ? ' ' : '?';
        }
        out[length++] = (char)c;
    }
    return length;
}

static Value parse(VM *vm, const char *text, size_t n, int base, Value shown)
{
    size_t size = 2 * n + 1;
    char local[256], *buf = size <= sizeof local ? local : heap_malloc(vm, size);
    if (!buf) return VALUE_ERROR;
    Literal literal = {.digits = buf + n};
    size_t length = n;
    if (is_unset(shown) || is_str(shown))
        length = text_to_ascii(text, n, buf);
    else
        memcpy(buf, text, n);
    Value v = VALUE_UNSET;
    if (scan_literal(buf, length, base, &literal)) v = literal_value(vm, &literal);
    if (buf != local) heap_free(vm, buf, size);
    if (!is_unset(v)) return v;
    if (is_unset(shown) && is_error(shown = str_new(vm, text, n))) return shown;
    return invalid_literal(vm, base, shown);
}

Value int_parse(VM *vm, const char *text, size_t n, int base)
{
    return parse(vm, text, n, base, VALUE_UNSET);
}
Value int_parse_hex(VM *vm, const char *digits, size_t n)
{
    return parse(vm, digits, n, 16, VALUE_UNSET);
}

Value int_parse_object(VM *vm, Value v, int base)
{
    if (is_str(v)) return parse(vm, as_str(v)->data, as_str(v)->size, base, v);
    ByteView bytes = byte_view(v);
    Value shown = is_bytes(v) ? v : bytes_new(vm, bytes.data, bytes.size);
    if (is_error(shown)) return shown;
    return parse(vm, (const char *)bytes.data, bytes.size, base, shown);
}
