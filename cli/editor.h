/* editor.h - the text being typed: a block of lines, a cursor, what was killed, and how to undo. No input or
 * output: keys come from cli/prompt.c, pictures are made by cli/view.c.
 * The cursor stands between characters as cells.h knows them, never inside one.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EDITOR_KILLS = 16, EDITOR_INDENT = 4 };

/* What the last command did, for those that go on with it. */
typedef enum { EDIT_OTHER, EDIT_TYPED, EDIT_KILLED, EDIT_YANKED, EDIT_MOVED_LINE } EditKind;

typedef struct EditState {
    char *text; // NUL-terminated
    size_t len, cursor;
} EditState;

typedef struct Editor {
    char *text; // NUL-terminated
    size_t len, capacity, cursor;
    EditKind last, now; // what the command before, and this one, did
    size_t goal;        // the column that moving between lines keeps to
    EditState *undo;    // oldest first
    size_t nundo, undo_bytes;
    char *kills[EDITOR_KILLS]; // newest first
    size_t yanked_at, yank;    // where the last yank begins, and which kill it was
    bool failed;               // memory ran out: a change was not made
} Editor;

bool editor_init(Editor *e);
void editor_free(Editor *e);
/* Another text, the cursor at `cursor`; can be undone. */
void editor_set(Editor *e, const char *text, size_t len, size_t cursor);
/* Forgets the text and the way to it, not what was killed. */
void editor_clear(Editor *e);

/* Every command begins with this. */
void editor_begin(Editor *e);

/* ---- moving ---- */
void editor_left(Editor *e);
void editor_right(Editor *e);
void editor_word_left(Editor *e);
void editor_word_right(Editor *e);
void editor_line_start(Editor *e); // of the text; there already: of the line
void editor_line_end(Editor *e);
void editor_start(Editor *e);
void editor_end(Editor *e);
/* False: there is no such line. */
bool editor_up(Editor *e);
bool editor_down(Editor *e);

/* ---- changing ---- */
void editor_type(Editor *e, const char *text,
                 size_t len); // single characters typed in a row are undone together
void editor_insert(Editor *e, const char *text, size_t len);
void editor_delete(Editor *e, size_t from, size_t to);
/* Put `text` in the place of [from, to). */
void editor_replace(Editor *e, size_t from, size_t to, const char *text, size_t len);
void editor_backspace(Editor *e); // in the indentation: to the tab stop before
void editor_delete_right(Editor *e);
void editor_newline(Editor *e, size_t indent);
void editor_indent(Editor *e);
void editor_dedent(Editor *e);
void editor_transpose(Editor *e);

void editor_kill_line(Editor *e);       // to the end of the line; there already: the line end
void editor_kill_start(Editor *e);      // to the start of the line
void editor_kill_space_word(Editor *e); // back to a blank
void editor_kill_word(Editor *e);
void editor_kill_word_left(Editor *e);
void editor_yank(Editor *e);
void editor_yank_before(Editor *e); // instead of what was just yanked, the kill before it
void editor_undo(Editor *e);

/* ---- asking ---- */
size_t editor_line_of(const Editor *e, size_t at);   // where the line of `at` starts
size_t editor_line_stop(const Editor *e, size_t at); // where it ends
bool editor_in_indent(const Editor *e);    // nothing but blanks between the line's start and the cursor
bool editor_on_last_line(const Editor *e); // and nothing but blanks behind the cursor
