#include "cli/view.h"
#include "cli/cells.h"
#include "cli/highlight.h"

#include <stdlib.h>
#include <string.h>

enum { INDENTS_FROM = 20 }; // narrower terminals have no columns to spare for aligning what is wrapped

//-- frames ------------------------------------------------------------------------------------------

static void picture_free(Picture *f)
{
    text_free(&f->bytes);
    free(f->rows);
    *f = (Picture){0};
}

static void begin_row(Picture *f)
{
    if (f->n == f->capacity) {
        size_t capacity = f->capacity ? f->capacity * 2 : 32;
        Row *rows = realloc(f->rows, capacity * sizeof *rows);
        if (!rows) {
            f->failed = true;
            return;
        }
        f->rows = rows;
        f->capacity = capacity;
    }
    f->rows[f->n++] = (Row){.start = f->bytes.len};
}

static Row *last_row(Picture *f)
{
    return &f->rows[f->n - 1];
}

static void end_row(Picture *f)
{
    last_row(f)->size = f->bytes.len - last_row(f)->start;
}

static void add_plain(Picture *f, const char *text)
{
    text_add(&f->bytes, text, strlen(text));
    last_row(f)->width += cells_width(text, strlen(text));
}

//-- laying text out ---------------------------------------------------------------------------------

typedef struct Layouter {
    Picture *f;
    const Scene *scene;
    bool colors;
    size_t columns, margin; // of rows that go on with a line
    size_t line_columns;    // of the text of the present line, before this row
    Style style;
} Layouter;

static void set_style(Layouter *l, Style style)
{
    if (l->style == style || !l->colors) return;
    l->style = style;
    text_addf(&l->f->bytes, style == STYLE_PLAIN ? "\x1b[m" : "\x1b[0;%sm", style_sgr(style));
}

static void start_line(Layouter *l, const char *prompt)
{
    begin_row(l->f);
    if (l->f->failed) return;
    if (l->margin < l->columns) {
        set_style(l, STYLE_PROMPT);
        add_plain(l->f, prompt);
        set_style(l, STYLE_PLAIN);
    }
    l->line_columns = 0;
}

static void wrap(Layouter *l)
{
    set_style(l, STYLE_PLAIN);
    end_row(l->f);
    begin_row(l->f);
    if (l->f->failed) return;
    for (size_t i = 0; l->columns >= INDENTS_FROM && i < l->margin; i++) add_plain(l->f, " ");
}

/* If it stands before the character [at, next). */
static void place_cursor(Layouter *l, size_t at, size_t next)
{
    if (l->scene->cursor < at || l->scene->cursor >= next) return;
    if (last_row(l->f)->width >= l->columns) wrap(l); // there is no column behind the last one
    l->f->cursor_row = l->f->n - 1;
    l->f->cursor_column = last_row(l->f)->width;
}

static void add_cell(Layouter *l, size_t at, size_t next)
{
    const char *text = l->scene->text + at;
    Glyph cell = cells_show(text, next - at, l->line_columns, NULL);
    bool fits = cell.width <= (l->columns >= INDENTS_FROM ? l->columns - l->margin : l->columns);
    size_t width = fits ? cell.width : 1;
    if (last_row(l->f)->width + width > l->columns) wrap(l);
    if (l->f->failed) return;
    place_cursor(l, at, next);
    set_style(l, l->scene->styles ? (Style)l->scene->styles[at] : STYLE_PLAIN);
    if (fits)
        cells_show(text, next - at, l->line_columns, &l->f->bytes);
    else
        text_add(&l->f->bytes, "?", 1);
    Row *row = last_row(l->f);
    row->width += width;
    l->line_columns += width;
    if (cell.sync && row->width < l->columns) text_addf(&l->f->bytes, "\x1b[%zuG", row->width + 1);
}

static void lay_out_text(Layouter *l)
{
    const Scene *s = l->scene;
    start_line(l, s->prompt);
    for (size_t at = 0, next; at < s->len && !l->f->failed; at = next) {
        next = cells_next(s->text, s->len, at);
        if (s->text[at] != '\n') {
            add_cell(l, at, next);
            continue;
        }
        place_cursor(l, at, next);
        if (l->f->failed) return;
        set_style(l, STYLE_PLAIN);
        end_row(l->f);
        start_line(l, s->prompt2);
    }
    if (l->f->failed) return;
    place_cursor(l, s->len, SIZE_MAX);
    set_style(l, STYLE_PLAIN);
    end_row(l->f);
}

/* Length of the escape sequence at p: ESC [ ... final; 0: there is none. */
static size_t sequence_at(const char *p, const char *end)
{
    if (*p != '\x1b') return 0;
    const char *q = p + 1;
    if (q < end && *q == ']') { // OSC, up to BEL or ESC
        while (q < end && *q != '\a' && *q != '\x1b') q++;
        return (size_t)(q - p) + (q < end);
    }
    if (q == end || *q != '[') return (size_t)(q - p) + (q < end);
    for (q++; q < end && (*q < 0x40 || *q > 0x7e);) q++;
    return (size_t)(q - p) + (q < end);
}

void view_clip(TextBuffer *out, const char *text, size_t len, size_t columns)
{
    size_t width = 0;
    bool styled = false;
    for (size_t at = 0, next; at < len; at = next) {
        size_t sequence = sequence_at(text + at, text + len);
        next = sequence ? at + sequence : cells_next(text, len, at);
        if (sequence) {
            text_add(out, text + at, sequence);
            styled = true;
            continue;
        }
        size_t cell = cells_show(text + at, next - at, width, NULL).width;
        if (width + cell > columns) break;
        cells_show(text + at, next - at, width, out);
        width += cell;
    }
    if (styled) text_add(out, "\x1b[m", 3);
}

static void lay_out_status(Picture *f, const char *status, size_t columns, size_t most)
{
    while (status && *status && most-- > 0) {
        size_t n = strcspn(status, "\n");
        begin_row(f);
        if (f->failed) return;
        view_clip(&f->bytes, status, n, columns);
        last_row(f)->width = columns; // at most
        end_row(f);
        status += n + (status[n] == '\n');
    }
}

/* Leaves the rows that fit, the cursor among them, moving what was seen before as little as possible. */
static void cut_to_screen(View *v, Picture *f, size_t most)
{
    if (most == 0) most = 1;
    if (f->n <= most) {
        v->top = 0;
        return;
    }
    if (f->cursor_row < v->top) v->top = f->cursor_row;
    if (f->cursor_row >= v->top + most) v->top = f->cursor_row - most + 1;
    if (v->top + most > f->n) v->top = f->n - most;
    memmove(f->rows, f->rows + v->top, most * sizeof *f->rows);
    f->n = most;
    f->cursor_row -= v->top;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;
    for (; text && *text; n++) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return n;
}

static void lay_out(View *v, const Scene *scene, Picture *f)
{
    size_t margin = cells_width(scene->prompt, strlen(scene->prompt));
    Layouter l = {.f = f, .scene = scene, .colors = v->colors, .columns = v->columns, .margin = margin};
    lay_out_text(&l);
    if (f->failed || scene->whole) return;
    size_t status = count_lines(scene->status), room = v->lines / 2;
    if (status > room) status = room;
    cut_to_screen(v, f, v->lines - status);
    lay_out_status(f, scene->status, v->columns, status);
}

//-- drawing what differs ----------------------------------------------------------------------------

static void move_to(View *v, size_t row, TextBuffer *out)
{
    if (row < v->at) text_addf(out, "\x1b[%zuA", v->at - row);
    size_t existing = v->height ? v->height - 1 : 0;
    size_t down = row < existing ? row : existing;
    if (down > v->at) {
        text_addf(out, "\x1b[%zuB", down - v->at);
        v->at = down;
    } else if (row < v->at)
        v->at = row;
    for (; v->at < row; v->at++) text_add(out, "\r\n", 2); // a row that must be made: the screen may scroll
    if (v->height <= row) v->height = row + 1;
    text_add(out, "\r", 1);
}

static bool same_row(const Picture *a, const Picture *b, size_t i)
{
    if (i >= a->n || i >= b->n || a->rows[i].size != b->rows[i].size) return false;
    size_t size = a->rows[i].size; // 0: nothing may fit, and then there are no bytes at all
    return !size || memcmp(a->bytes.bytes + a->rows[i].start, b->bytes.bytes + b->rows[i].start, size) == 0;
}

static void draw_row(View *v, const Picture *f, size_t i, TextBuffer *out)
{
    move_to(v, i, out);
    text_add(out, "\x1b[K", 3);
    if (f->rows[i].size) text_add(out, f->bytes.bytes + f->rows[i].start, f->rows[i].size);
}

void view_draw(View *v, const Scene *scene, TextBuffer *out)
{
    Picture f = {0};
    lay_out(v, scene, &f);
    if (f.failed || f.bytes.failed || !f.n) return picture_free(&f); // what is shown stays
    text_add(out, "\x1b[?25l", 6);
    for (size_t i = 0; i < f.n; i++)
        if (i >= v->height || !same_row(&v->shown, &f, i)) draw_row(v, &f, i, out);
    if (v->shown.n > f.n) {
        move_to(v, f.n, out);
        text_add(out, "\x1b[J", 3);
        v->height = f.n;
        if (v->at == f.n) { // that row is the screen's again
            text_add(out, "\x1b[A", 3);
            v->at--;
        }
    }
    move_to(v, f.cursor_row, out);
    if (f.cursor_column) text_addf(out, "\x1b[%zuC", f.cursor_column);
    text_add(out, "\x1b[?25h", 6);
    picture_free(&v->shown);
    v->shown = f;
}

void view_erase(View *v, TextBuffer *out)
{
    if (v->height) {
        move_to(v, 0, out);
        text_add(out, "\x1b[J", 3);
    }
    picture_free(&v->shown);
    v->height = v->at = 0;
}

void view_leave(View *v, TextBuffer *out)
{
    if (v->height) move_to(v, v->height - 1, out);
    text_add(out, "\r\n", 2);
    picture_free(&v->shown);
    v->height = v->at = v->top = 0;
}

void view_free(View *v)
{
    picture_free(&v->shown);
}

//-- another size ------------------------------------------------------------------------------------

static size_t rows_in(size_t width, size_t columns)
{
    return width ? (width + columns - 1) / columns : 1;
}

/* How many rows above the cursor's the first one is now. */
static size_t rows_above(const View *v, size_t columns)
{
    if (!v->reflows) return v->at;
    size_t rows = v->shown.cursor_column / columns;
    for (size_t i = 0; i < v->at && i < v->shown.n; i++) rows += rows_in(v->shown.rows[i].width, columns);
    return rows;
}

void view_resize(View *v, size_t columns, size_t lines, TextBuffer *out)
{
    if (v->height) {
        size_t up = rows_above(v, columns);
        if (up > lines - 1) up = lines - 1;
        if (up) text_addf(out, "\x1b[%zuA", up);
        text_add(out, "\r\x1b[J", 4);
    }
    picture_free(&v->shown);
    v->height = v->at = 0;
    v->columns = columns;
    v->lines = lines;
}

size_t view_rows_of(const char *text, size_t len, size_t columns)
{
    size_t rows = 1, width = 0;
    for (size_t at = 0, next; at < len; at = next) {
        size_t sequence = sequence_at(text + at, text + len);
        next = sequence ? at + sequence : cells_next(text, len, at);
        if (sequence) continue;
        if (text[at] == '\n' || text[at] == '\r') {
            rows += text[at] == '\n';
            width = 0;
            continue;
        }
        size_t cell = cells_show(text + at, next - at, width, NULL).width;
        if (width + cell > columns) rows++, width = 0;
        width += cell;
    }
    return rows;
}
