#define _GNU_SOURCE // memmem
#include "cli/keys.h"
#include "lang/unicode.h"

#include <string.h>

enum { ESC = 0x1b, MAX_PARAMS = 4, MAX_SEQUENCE = 64, PASTE_BEGINS = 200 };
static const char paste_end[] = "\x1b[201~";

void keys_free(KeyReader *r)
{
    text_free(&r->bytes);
    text_free(&r->paste);
    *r = (KeyReader){0};
}

void keys_feed(KeyReader *r, const char *bytes, size_t n)
{
    if (r->at == r->bytes.len) r->at = r->bytes.len = 0;
    text_add(&r->bytes, bytes, n);
}

static const unsigned char *rest(const KeyReader *r, size_t *n)
{
    *n = r->bytes.len - r->at;
    return (const unsigned char *)r->bytes.bytes + r->at;
}

static bool answer(Key *key, KeyKind kind, int mods)
{
    *key = (Key){.kind = (uint8_t)kind, .mods = (uint8_t)mods};
    return true;
}

//-- escape sequences: ESC [ parameters final, ESC O final -------------------------------------------

static const struct Final {
    char final;
    uint8_t kind, mods;
} finals[] = {
    {'A', KEY_UP, 0},          {'B', KEY_DOWN, 0},         {'C', KEY_RIGHT, 0},       {'D', KEY_LEFT, 0},
    {'H', KEY_HOME, 0},        {'F', KEY_END, 0},          {'Z', KEY_TAB, KEY_SHIFT}, {'a', KEY_UP, KEY_CTRL},
    {'b', KEY_DOWN, KEY_CTRL}, {'c', KEY_RIGHT, KEY_CTRL}, {'d', KEY_LEFT, KEY_CTRL},
};

static const uint8_t numbered[] = {
    [1] = KEY_HOME,      [3] = KEY_DELETE, [4] = KEY_END, [5] = KEY_PAGE_UP,
    [6] = KEY_PAGE_DOWN, [7] = KEY_HOME,   [8] = KEY_END,
};

/* A key told by its code point: what xterm (CSI 27;mods;code~) and kitty (CSI code;mods u) send for keys that
 * have no byte of their own. */
static bool by_code(Key *key, unsigned code, int mods)
{
    switch (code) {
    case 9: return answer(key, KEY_TAB, mods);
    case 13: return answer(key, KEY_ENTER, mods);
    case 27: return answer(key, KEY_ESCAPE, mods);
    case 127: return answer(key, KEY_BACKSPACE, mods);
    }
    answer(key, code < ' ' || code > 0x10FFFF ? KEY_UNKNOWN : KEY_CHAR, mods);
    key->code = code;
    return true;
}

static bool by_final(Key *key, char final, const unsigned *params)
{
    int mods = params[1] ? (int)(params[1] - 1) & 7 : 0;
    if (final == 'u') return by_code(key, params[0], mods);
    if (final == '~' && params[0] == 27) return by_code(key, params[2], mods);
    if (final == '~') {
        bool known = params[0] < sizeof numbered && numbered[params[0]];
        return answer(key, known ? numbered[params[0]] : KEY_UNKNOWN, mods);
    }
    for (size_t i = 0; i < sizeof finals / sizeof *finals; i++)
        if (finals[i].final == final) return answer(key, finals[i].kind, mods | finals[i].mods);
    return answer(key, KEY_UNKNOWN, 0);
}

/* `p` is behind "ESC [". Answers the bytes used, 0: more must come. */
static size_t read_csi(KeyReader *r, Key *key, const unsigned char *p, size_t n)
{
    unsigned params[MAX_PARAMS + 1] = {0};
    size_t count = 0, i = 0;
    for (; i < n && (p[i] < 0x40 || p[i] > 0x7e); i++) {
        if (i == MAX_SEQUENCE || p[i] < 0x20 || p[i] > 0x7e) return answer(key, KEY_UNKNOWN, 0), i ? i : 1;
        if (p[i] >= '0' && p[i] <= '9' && count <= MAX_PARAMS)
            params[count] = (params[count] * 10 + (p[i] - '0')) & 0x1FFFFFF;
        else if (p[i] == ';')
            count++;
    }
    if (i == n) return 0;
    bool ours = i == 0 || p[0] < '<' || p[0] > '?'; // not a report: where the mouse or the cursor is
    if (!ours) answer(key, KEY_UNKNOWN, 0);
    else if (p[i] == '~' && params[0] == PASTE_BEGINS) r->pasting = true;
    else
        by_final(key, (char)p[i], params);
    return i + 1;
}

/* What follows ESC: a sequence, or a key pressed with Alt. */
static size_t read_escape(KeyReader *r, Key *key, const unsigned char *p, size_t n);

//-- plain bytes -------------------------------------------------------------------------------------

static size_t read_control(Key *key, unsigned char byte)
{
    switch (byte) {
    case '\t': answer(key, KEY_TAB, 0); break;
    case '\r':
    case '\n': answer(key, KEY_ENTER, 0); break;
    case '\b':
    case 0x7f: answer(key, KEY_BACKSPACE, 0); break;
    default:
        answer(key, KEY_CHAR, KEY_CTRL);
        key->code = byte >= 1 && byte <= 26 ? byte + 'a' - 1u : byte + 0x40u; // C-_ is 0x1f
    }
    return 1;
}

static size_t sequence_length(unsigned char lead)
{
    return lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
}

static size_t read_char(Key *key, const unsigned char *p, size_t n)
{
    size_t have = 1, want = sequence_length(p[0]);
    while (have < want && have < n && (p[have] & 0xC0) == 0x80) have++;
    if (have < want && have == n) return 0; // the rest is on its way
    const char *at = (const char *)p;
    answer(key, KEY_CHAR, 0);
    key->code = utf8_next(&at, at + n);
    if (key->code >= 0xD800 && key->code < 0xE000) key->code = 0xFFFD;
    return (size_t)(at - (const char *)p);
}

static size_t read_key(KeyReader *r, Key *key, const unsigned char *p, size_t n)
{
    if (n == 0) return 0;
    if (p[0] == ESC) return read_escape(r, key, p, n);
    return p[0] < ' ' || p[0] == 0x7f ? read_control(key, p[0]) : read_char(key, p, n);
}

static size_t read_escape(KeyReader *r, Key *key, const unsigned char *p, size_t n)
{
    if (n == 1) return 0;
    size_t used;
    if (p[1] == ESC) return answer(key, KEY_ESCAPE, 0), 1;
    if (p[1] == '[') {
        used = read_csi(r, key, p + 2, n - 2);
        return used ? used + 2 : 0;
    }
    if (p[1] == 'O') {
        if (n < 3) return 0;
        if (p[2] == 'M') answer(key, KEY_ENTER, 0); // of the keypad
        else by_final(key, (char)p[2], (unsigned[MAX_PARAMS + 1]){0});
        return 3;
    }
    used = read_key(r, key, p + 1, n - 1);
    if (used) key->mods |= KEY_ALT;
    return used ? used + 1 : 0;
}

//-- pastes ------------------------------------------------------------------------------------------

static void add_pasted(KeyReader *r, const unsigned char *p, size_t n)
{
    text_add(&r->paste, (const char *)p, n);
    r->at += n;
}

/* Takes what belongs to the paste. True: its end has come. */
static bool read_paste(KeyReader *r, Key *key)
{
    size_t n, end = sizeof paste_end - 1;
    const unsigned char *p = rest(r, &n), *stop = n ? memmem(p, n, paste_end, end) : NULL;
    if (!stop) {
        if (n >= end) add_pasted(r, p, n - (end - 1)); // the rest may be the beginning of the end
        return false;
    }
    add_pasted(r, p, (size_t)(stop - p));
    r->at += end;
    r->pasting = false;
    answer(key, KEY_PASTE, 0);
    key->text = r->paste.bytes ? r->paste.bytes : "";
    key->len = r->paste.len;
    r->paste.len = 0;
    return true;
}

bool keys_next(KeyReader *r, Key *key)
{
    if (!r->pasting) {
        size_t n;
        const unsigned char *p = rest(r, &n);
        size_t used = read_key(r, key, p, n);
        r->at += used;
        if (!used) return false;
        if (!r->pasting) return true;
    }
    return read_paste(r, key);
}

bool keys_undecided(const KeyReader *r)
{
    return !r->pasting && r->bytes.len - r->at == 1 && r->bytes.bytes[r->at] == ESC;
}

bool keys_decide(KeyReader *r, Key *key)
{
    if (!keys_undecided(r)) return false;
    r->at++;
    return answer(key, KEY_ESCAPE, 0);
}
