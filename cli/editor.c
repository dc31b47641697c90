#include "cli/editor.h"
#include "cli/cells.h"
#include "lang/unicode.h"
#include "vm/unitables.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_UNDO = 1000, MOST_UNDO_BYTES = 8 << 20 };

bool editor_init(Editor *e)
{
    *e = (Editor){.capacity = 256};
    e->text = calloc(1, e->capacity);
    return e->text != NULL;
}

static void forget_undo(Editor *e)
{
    for (size_t i = 0; i < e->nundo; i++) free(e->undo[i].text);
    e->nundo = e->undo_bytes = 0;
}

void editor_free(Editor *e)
{
    forget_undo(e);
    free(e->undo);
    for (size_t i = 0; i < EDITOR_KILLS; i++) free(e->kills[i]);
    free(e->text);
    *e = (Editor){0};
}

void editor_clear(Editor *e)
{
    forget_undo(e);
    e->len = e->cursor = 0;
    e->text[0] = '\0';
    e->last = e->now = EDIT_OTHER;
}

void editor_begin(Editor *e)
{
    e->last = e->now;
    e->now = EDIT_OTHER;
}

//-- changing, and how to undo it --------------------------------------------------------------------

static void drop_oldest(Editor *e)
{
    e->undo_bytes -= e->undo[0].len;
    free(e->undo[0].text);
    memmove(e->undo, e->undo + 1, --e->nundo * sizeof *e->undo);
}

/* Remembers the text as it is. Without memory for that, the change cannot be undone. */
static void remember(Editor *e)
{
    if (!e->undo) e->undo = malloc(MOST_UNDO * sizeof *e->undo);
    char *copy = e->undo ? malloc(e->len + 1) : NULL;
    if (!copy) return;
    while (e->nundo && (e->nundo == MOST_UNDO || e->undo_bytes + e->len > MOST_UNDO_BYTES)) drop_oldest(e);
    memcpy(copy, e->text, e->len + 1);
    e->undo[e->nundo++] = (EditState){copy, e->len, e->cursor};
    e->undo_bytes += e->len;
}

static bool reserve(Editor *e, size_t len)
{
    if (len < e->capacity) return true;
    size_t capacity = e->capacity;
    while (capacity <= len) capacity *= 2;
    char *text = realloc(e->text, capacity);
    if (!text) return e->failed = true, false;
    e->text = text;
    e->capacity = capacity;
    return true;
}

/* The one place where the text changes. */
static void splice(Editor *e, size_t from, size_t to, const char *text, size_t len)
{
    if (!reserve(e, e->len - (to - from) + len)) return;
    memmove(e->text + from + len, e->text + to, e->len + 1 - to);
    if (len) memcpy(e->text + from, text, len);
    e->len = e->len - (to - from) + len;
    e->cursor = from + len;
}

void editor_replace(Editor *e, size_t from, size_t to, const char *text, size_t len)
{
    remember(e);
    splice(e, from, to, text, len);
}

void editor_insert(Editor *e, const char *text, size_t len)
{
    editor_replace(e, e->cursor, e->cursor, text, len);
}

void editor_delete(Editor *e, size_t from, size_t to)
{
    if (from < to) editor_replace(e, from, to, NULL, 0);
}

void editor_type(Editor *e, const char *text, size_t len)
{
    bool goes_on = e->last == EDIT_TYPED && text[0] != ' ';
    if (!goes_on) remember(e);
    splice(e, e->cursor, e->cursor, text, len);
    e->now = EDIT_TYPED;
}

void editor_set(Editor *e, const char *text, size_t len, size_t cursor)
{
    editor_replace(e, 0, e->len, text, len);
    e->cursor = cursor <= e->len ? cursor : e->len;
}

void editor_undo(Editor *e)
{
    if (!e->nundo) return;
    EditState before = e->undo[--e->nundo];
    e->undo_bytes -= before.len;
    splice(e, 0, e->len, before.text, before.len);
    e->cursor = before.cursor;
    free(before.text);
}

//-- asking ------------------------------------------------------------------------------------------

size_t editor_line_of(const Editor *e, size_t at)
{
    while (at > 0 && e->text[at - 1] != '\n') at--;
    return at;
}

size_t editor_line_stop(const Editor *e, size_t at)
{
    while (at < e->len && e->text[at] != '\n') at++;
    return at;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool only_blanks(const Editor *e, size_t from, size_t to)
{
    while (from < to && is_blank(e->text[from])) from++;
    return from == to;
}

bool editor_in_indent(const Editor *e)
{
    return only_blanks(e, editor_line_of(e, e->cursor), e->cursor);
}
bool editor_on_last_line(const Editor *e)
{
    return only_blanks(e, e->cursor, e->len);
}

//-- moving ------------------------------------------------------------------------------------------

static size_t right_of(const Editor *e, size_t at)
{
    return at < e->len ? cells_next(e->text, e->len, at) : at;
}
static size_t left_of(const Editor *e, size_t at)
{
    return cells_prev(e->text, e->len, at);
}

void editor_left(Editor *e)
{
    e->cursor = left_of(e, e->cursor);
}
void editor_right(Editor *e)
{
    e->cursor = right_of(e, e->cursor);
}
void editor_start(Editor *e)
{
    e->cursor = 0;
}
void editor_end(Editor *e)
{
    e->cursor = e->len;
}
void editor_line_end(Editor *e)
{
    e->cursor = editor_line_stop(e, e->cursor);
}

void editor_line_start(Editor *e)
{
    size_t line = editor_line_of(e, e->cursor), text = line;
    while (is_blank(e->text[text])) text++;
    e->cursor = e->cursor == text ? line : text;
}

/* Words are letters and digits, as a reader of code takes them: a name with its underscores. */
static bool in_word(const Editor *e, size_t at)
{
    if (at >= e->len) return false;
    const char *p = e->text + at;
    return uni_is(utf8_next(&p, e->text + e->len), UNI_NAME_PART);
}

static size_t word_right(const Editor *e, size_t at)
{
    while (at < e->len && !in_word(e, at)) at = right_of(e, at);
    while (in_word(e, at)) at = right_of(e, at);
    return at;
}

static size_t word_left(const Editor *e, size_t at)
{
    while (at > 0 && !in_word(e, left_of(e, at))) at = left_of(e, at);
    while (at > 0 && in_word(e, left_of(e, at))) at = left_of(e, at);
    return at;
}

void editor_word_left(Editor *e)
{
    e->cursor = word_left(e, e->cursor);
}
void editor_word_right(Editor *e)
{
    e->cursor = word_right(e, e->cursor);
}

/* The place in the line starting at `line` that lies nearest to a column. */
static size_t at_column(const Editor *e, size_t line, size_t column)
{
    size_t at = line, width = 0;
    while (at < e->len && e->text[at] != '\n') {
        size_t next = right_of(e, at);
        width += cells_show(e->text + at, next - at, width, NULL).width;
        if (width > column) break;
        at = next;
    }
    return at;
}

static void to_line(Editor *e, size_t line)
{
    size_t here = editor_line_of(e, e->cursor);
    if (e->last != EDIT_MOVED_LINE) e->goal = cells_width(e->text + here, e->cursor - here);
    e->now = EDIT_MOVED_LINE;
    e->cursor = at_column(e, line, e->goal);
}

bool editor_up(Editor *e)
{
    size_t line = editor_line_of(e, e->cursor);
    if (line == 0) return false;
    to_line(e, editor_line_of(e, line - 1));
    return true;
}

bool editor_down(Editor *e)
{
    size_t stop = editor_line_stop(e, e->cursor);
    if (stop == e->len) return false;
    to_line(e, stop + 1);
    return true;
}

//-- indentation -------------------------------------------------------------------------------------

void editor_newline(Editor *e, size_t indent)
{
    static const char blanks[] = "\n                                                                ";
    if (indent > sizeof blanks - 2) indent = sizeof blanks - 2;
    size_t to = e->cursor;
    while (is_blank(e->text[to])) to++; // what follows gets the indentation, not these
    editor_replace(e, e->cursor, to, blanks, indent + 1);
}

void editor_backspace(Editor *e)
{
    size_t line = editor_line_of(e, e->cursor), back = e->cursor;
    if (e->cursor > line && editor_in_indent(e) && e->text[e->cursor - 1] == ' ') {
        size_t stop = (e->cursor - line - 1) / EDITOR_INDENT * EDITOR_INDENT + line;
        while (back > stop && e->text[back - 1] == ' ') back--;
    } else
        back = left_of(e, e->cursor);
    editor_delete(e, back, e->cursor);
}

void editor_delete_right(Editor *e)
{
    editor_delete(e, e->cursor, right_of(e, e->cursor));
}

void editor_indent(Editor *e)
{
    size_t column = e->cursor - editor_line_of(e, e->cursor);
    editor_insert(e, "    ", EDITOR_INDENT - column % EDITOR_INDENT);
}

void editor_dedent(Editor *e)
{
    size_t line = editor_line_of(e, e->cursor), n = 0, cursor = e->cursor;
    while (n < EDITOR_INDENT && e->text[line + n] == ' ') n++;
    editor_delete(e, line, line + n);
    e->cursor = cursor >= line + n ? cursor - n : line;
}

/* The characters on both sides of the cursor change places; at the end, the last two. */
void editor_transpose(Editor *e)
{
    size_t middle = e->cursor, end = right_of(e, middle);
    if (end == middle || e->text[middle] == '\n') end = middle, middle = left_of(e, middle);
    size_t start = left_of(e, middle);
    if (start == middle || middle == end || e->text[start] == '\n') return;
    char *swapped = malloc(end - start);
    if (!swapped) return;
    memcpy(swapped, e->text + middle, end - middle);
    memcpy(swapped + (end - middle), e->text + start, middle - start);
    editor_replace(e, start, end, swapped, end - start);
    free(swapped);
}

//-- killing and yanking -----------------------------------------------------------------------------

/* Kills in a row make one: `before` says on which side of it. */
static void keep_kill(Editor *e, const char *text, size_t len, bool before)
{
    const char *old = e->last == EDIT_KILLED && e->kills[0] ? e->kills[0] : "";
    size_t old_len = strlen(old);
    char *kill = malloc(old_len + len + 1);
    if (!kill) return;
    memcpy(kill + (before ? len : 0), old, old_len);
    memcpy(kill + (before ? 0 : old_len), text, len);
    kill[old_len + len] = '\0';
    if (e->last == EDIT_KILLED)
        free(e->kills[0]);
    else {
        free(e->kills[EDITOR_KILLS - 1]);
        memmove(e->kills + 1, e->kills, (EDITOR_KILLS - 1) * sizeof *e->kills);
    }
    e->kills[0] = kill;
}

static void kill_text(Editor *e, size_t from, size_t to)
{
    e->now = EDIT_KILLED;
    if (from == to) return;
    keep_kill(e, e->text + from, to - from, to == e->cursor);
    editor_delete(e, from, to);
    e->last = EDIT_KILLED;
}

void editor_kill_line(Editor *e)
{
    size_t stop = editor_line_stop(e, e->cursor);
    kill_text(e, e->cursor, stop == e->cursor && stop < e->len ? stop + 1 : stop);
}

void editor_kill_start(Editor *e)
{
    kill_text(e, editor_line_of(e, e->cursor), e->cursor);
}
void editor_kill_word(Editor *e)
{
    kill_text(e, e->cursor, word_right(e, e->cursor));
}
void editor_kill_word_left(Editor *e)
{
    kill_text(e, word_left(e, e->cursor), e->cursor);
}

void editor_kill_space_word(Editor *e)
{
    size_t at = e->cursor;
    while (at > 0 && strchr(" \t\n", e->text[at - 1])) at--;
    while (at > 0 && !strchr(" \t\n", e->text[at - 1])) at--;
    kill_text(e, at, e->cursor);
}

static void yank(Editor *e, size_t to)
{
    const char *kill = e->kills[e->yank];
    if (!kill) return;
    editor_replace(e, e->yanked_at, to, kill, strlen(kill));
    e->now = EDIT_YANKED;
}

void editor_yank(Editor *e)
{
    e->yank = 0;
    e->yanked_at = e->cursor;
    yank(e, e->cursor);
}

void editor_yank_before(Editor *e)
{
    if (e->last != EDIT_YANKED) return;
    e->yank = e->yank + 1 < EDITOR_KILLS && e->kills[e->yank + 1] ? e->yank + 1 : 0;
    yank(e, e->cursor);
}
