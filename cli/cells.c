#include "cli/cells.h"
#include "lang/unicode.h"
#include "vm/syllable.h"
#include "vm/unitables.h"

enum { ZWJ = 0x200D, ZWNJ = 0x200C, EMOJI_STYLE = 0xFE0F, TAB_STOP = 8, DOTTED_CIRCLE = 0x25CC };

//-- Hangul: three kinds of Jamo and the syllables made of them (Unicode 3.12) -----------------------

typedef enum { NOT_HANGUL, LEADING, VOWEL, TRAILING, SYLLABLE_LV, SYLLABLE_LVT } Hangul;

static Hangul hangul_kind(uint32_t c)
{
    if ((c >= 0x1100 && c < 0x1160) || (c >= 0xA960 && c < 0xA980)) return LEADING;
    if ((c >= 0x1160 && c < 0x11A8) || (c >= 0xD7B0 && c < 0xD7CB)) return VOWEL;
    if ((c >= 0x11A8 && c < 0x1200) || (c >= 0xD7CB && c < 0xD800)) return TRAILING;
    if (is_syllable(c)) return (c - SYLLABLE_FIRST) % TAILS ? SYLLABLE_LVT : SYLLABLE_LV;
    return NOT_HANGUL;
}

static bool hangul_joins(Hangul before, Hangul after)
{
    switch (before) {
    case LEADING: return after != NOT_HANGUL && after != TRAILING;
    case VOWEL:
    case SYLLABLE_LV: return after == VOWEL || after == TRAILING;
    case TRAILING:
    case SYLLABLE_LVT: return after == TRAILING;
    default: return false;
    }
}

//-- where characters end ----------------------------------------------------------------------------

static bool is_control(uint32_t c)
{
    return c < ' ' || (c >= 0x7f && c < 0xA0);
}
static bool is_flag_letter(uint32_t c)
{
    return c >= 0x1F1E6 && c <= 0x1F1FF;
}
static bool is_skin_tone(uint32_t c)
{
    return c >= 0x1F3FB && c <= 0x1F3FF;
}
static bool is_tag(uint32_t c)
{
    return c >= 0xE0020 && c < 0xE0080;
}
static bool is_pictograph(uint32_t c)
{
    return (c >= 0x2190 && c < 0x2C00) || (c >= 0x1F000 && c < 0x1FB00);
}

static bool extends(uint32_t c)
{
    return uni_is(c, UNI_MARK) || c == ZWJ || c == ZWNJ || is_skin_tone(c) || is_tag(c);
}

size_t cells_next(const char *text, size_t len, size_t at)
{
    const char *p = text + at, *end = text + len;
    if (p >= end) return len;
    uint32_t before = utf8_next(&p, end), base = before;
    bool pictograph = is_pictograph(base);
    for (int flags = is_flag_letter(base); p < end;) {
        const char *from = p;
        uint32_t c = utf8_next(&p, end);
        bool joins = !is_control(base) && (extends(c) || hangul_joins(hangul_kind(before), hangul_kind(c)) ||
                                           (before == ZWJ && pictograph && is_pictograph(c)));
        if (is_flag_letter(c) && flags == 1) joins = true, flags++;
        if (!joins) return (size_t)(from - text);
        before = c;
    }
    return len;
}

size_t cells_prev(const char *text, size_t len, size_t at)
{
    if (at == 0) return 0;
    if (text[at - 1] == '\n') return at - 1;
    size_t start = at;
    while (start > 0 && text[start - 1] != '\n') start--;
    for (size_t next; (next = cells_next(text, len, start)) < at; start = next) {}
    return start;
}

//-- how they look -----------------------------------------------------------------------------------

static void add_code(TextBuffer *out, uint32_t c)
{
    char bytes[4];
    if (out) text_add(out, bytes, (size_t)utf8_encode(bytes, c));
}

static Glyph show_escaped(uint32_t c, TextBuffer *out)
{
    TextBuffer shown = {0};
    if (c < ' ' || c == 0x7f)
        text_addf(&shown, "^%c", (int)(c ^ 0x40));
    else
        text_addf(&shown, "<%x>", c);
    Glyph cell = {(uint8_t)shown.len, false};
    if (out && shown.len) text_add(out, shown.bytes, shown.len);
    text_free(&shown);
    return cell;
}

static Glyph show_tab(size_t column, TextBuffer *out)
{
    size_t width = TAB_STOP - column % TAB_STOP;
    if (out) text_add(out, "        ", width);
    return (Glyph){(uint8_t)width, false};
}

static bool is_settled(uint32_t c)
{
    return c < 0x300 || hangul_kind(c) > TRAILING || (c >= 0x3041 && c < 0xA000);
}

static bool stands_alone(uint32_t c)
{
    return !is_control(c) && (uni_is(c, UNI_PRINTABLE) || c == ' ') && hangul_kind(c) != VOWEL &&
           hangul_kind(c) != TRAILING;
}

Glyph cells_show(const char *text, size_t n, size_t column, TextBuffer *out)
{
    const char *p = text, *end = text + n;
    uint32_t c = utf8_next(&p, end);
    if (c == '\t') return show_tab(column, out);
    if (!stands_alone(c)) return show_escaped(c, out);

    int width = uni_width(c);
    bool sync = !is_settled(c);
    if (width == 0) { // a mark without a letter
        add_code(out, DOTTED_CIRCLE);
        width = 1;
    }
    for (uint32_t next; p < end; c = next) {
        next = utf8_next(&p, end);
        uint32_t whole = syllable_join(c, next);
        if (whole) {
            next = whole;
            continue;
        }
        add_code(out, c);
        sync = true;
        width = next == EMOJI_STYLE && width < 2 ? 2 : width + uni_width(next);
    }
    add_code(out, c);
    return (Glyph){(uint8_t)(width > 250 ? 250 : width), sync};
}

size_t cells_width(const char *text, size_t n)
{
    size_t width = 0;
    for (size_t at = 0, next; at < n; at = next) {
        next = cells_next(text, n, at);
        width += cells_show(text + at, next - at, width, NULL).width;
    }
    return width;
}
