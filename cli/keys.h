/* keys.h - what a terminal sends, as keys: bytes in, keys out. Knows nothing of what a key does. */
#pragma once
#include "lang/text.h"
#include <stdint.h>

typedef enum KeyKind {
    KEY_CHAR, // `code`: a character; with KEY_CTRL its lower-case letter
    KEY_ENTER,
    KEY_TAB,
    KEY_BACKSPACE,
    KEY_DELETE,
    KEY_ESCAPE,
    KEY_UP,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_HOME,
    KEY_END,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_PASTE,   // `text` holds what was pasted
    KEY_UNKNOWN, // a sequence that means nothing to us
} KeyKind;

enum { KEY_SHIFT = 1, KEY_ALT = 2, KEY_CTRL = 4 }; // as terminals number them

typedef struct Key {
    uint8_t kind, mods;
    uint32_t code;
    const char *text; // of a paste: borrowed until the next call, NUL-terminated
    size_t len;
} Key;

typedef struct KeyReader {
    TextBuffer bytes; // arrived and not yet taken
    size_t at;
    bool pasting;
    TextBuffer paste;
} KeyReader;

void keys_free(KeyReader *r);
void keys_feed(KeyReader *r, const char *bytes, size_t n);

/* The next key. False: there is none, or its last bytes have not come yet. */
bool keys_next(KeyReader *r, Key *key);

/* Whether what has come so far is the Escape key unless more follows at once. */
bool keys_undecided(const KeyReader *r);
/* Nothing followed: take it for Escape. */
bool keys_decide(KeyReader *r, Key *key);
