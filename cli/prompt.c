#include "cli/prompt.h"
#include "cli/cells.h"
#include "cli/repl_texts.h"
#include "lang/unicode.h"

#include <stdlib.h>
#include <string.h>

static const char first_prompt[] = ">>> ", other_prompt[] = "... ";

bool prompt_init(Prompt *p, Screen *screen, const PromptHooks *hooks)
{
    *p = (Prompt){.screen = screen, .hooks = hooks};
    return editor_init(&p->editor);
}

void prompt_free(Prompt *p)
{
    editor_free(&p->editor);
    keys_free(&p->keys);
    history_close(&p->history);
    complete_free(&p->menu);
    text_free(&p->query);
    text_free(&p->status);
    free(p->draft);
    free(p->search_text);
    free(p->styles);
}

//-- showing -----------------------------------------------------------------------------------------

static bool reserve_styles(Prompt *p)
{
    if (p->editor.len < p->styles_size) return true;
    uint8_t *styles = realloc(p->styles, p->editor.len * 2 + 64);
    if (!styles) return false;
    p->styles = styles;
    p->styles_size = p->editor.len * 2 + 64;
    return true;
}

static void mark_partner(Prompt *p, size_t at)
{
    size_t partner = highlight_partner(p->editor.text, p->editor.len, at);
    if (partner != SIZE_MAX) p->styles[partner] = STYLE_MATCHED;
}

static bool is_command(const Prompt *p)
{
    return p->editor.len && p->editor.text[0] == ':';
}

static void set_styles(Prompt *p)
{
    Editor *e = &p->editor;
    size_t command = 0;
    if (is_command(p)) {
        while (command < e->len && !strchr(" \n", e->text[command])) command++;
        memset(p->styles, STYLE_COMMAND, command);
    }
    highlight(e->text + command, e->len - command, p->styles + command, p->hooks->is_builtin,
              p->hooks->state);
    if (e->cursor > 0) mark_partner(p, e->cursor - 1);
    if (e->cursor < e->len) mark_partner(p, e->cursor);
}

enum { MENU_ROWS = 8, NAME_COLUMNS = 30 };

static void add_candidate(Prompt *p, size_t i, size_t columns)
{
    const Candidate *item = &p->menu.items[i];
    size_t width = cells_width(item->name, strlen(item->name));
    if (i == p->chosen) text_addf(&p->status, "\x1b[%sm%s\x1b[m", style_sgr(STYLE_CHOSEN), item->name);
    else text_addf(&p->status, "%s", item->name);
    if (item->note) {
        text_addf(&p->status, "%*s\x1b[%sm", (int)(width < columns ? columns - width : 0) + 2, "",
                  style_sgr(STYLE_DIM));
        view_clip(&p->status, item->note, strlen(item->note), 200);
    }
    text_add(&p->status, "\n", 1);
}

/* Candidates with what they are for; those around the chosen one. */
static void add_menu(Prompt *p)
{
    size_t first = p->chosen < p->menu.n && p->chosen >= MENU_ROWS ? p->chosen - MENU_ROWS + 1 : 0;
    size_t last = first + MENU_ROWS < p->menu.n ? first + MENU_ROWS : p->menu.n, columns = 0;
    for (size_t i = first; i < last; i++) {
        size_t width = cells_width(p->menu.items[i].name, strlen(p->menu.items[i].name));
        if (width > columns) columns = width < NAME_COLUMNS ? width : NAME_COLUMNS;
    }
    for (size_t i = first; i < last; i++) add_candidate(p, i, columns);
    if (last < p->menu.n) {
        text_addf(&p->status, "\x1b[%sm", style_sgr(STYLE_DIM));
        text_addf(&p->status, repl_text(p->language, SAY_MORE_CANDIDATES), p->menu.n - last);
    }
}

static void set_status(Prompt *p)
{
    p->status.len = 0;
    if (p->menu.n) return add_menu(p);
    if (p->nothing)
        return text_addf(&p->status, "\x1b[%sm%s", style_sgr(STYLE_DIM),
                         repl_text(p->language, SAY_NO_CANDIDATES));
    if (!p->searching) return;
    const char *format = repl_text(p->language, p->found || !p->query.len ? SAY_SEARCH : SAY_SEARCH_FAILS);
    text_addf(&p->status, format, p->query.len ? p->query.bytes : "");
}

static Scene scene_of(Prompt *p)
{
    bool styled = reserve_styles(p);
    if (styled) set_styles(p);
    set_status(p);
    return (Scene){
        .text = p->editor.text,
        .len = p->editor.len,
        .cursor = p->editor.cursor,
        .styles = styled ? p->styles : NULL,
        .prompt = first_prompt,
        .prompt2 = other_prompt,
        .status = p->status.len ? p->status.bytes : NULL,
    };
}

void prompt_show(Prompt *p)
{
    Scene scene = scene_of(p);
    screen_show(p->screen, &scene);
}

static void close_menu(Prompt *p)
{
    complete_free(&p->menu);
    p->nothing = false;
}

void prompt_finish(Prompt *p)
{
    close_menu(p);
    p->searching = false;
    p->editor.cursor = p->editor.len;
    Scene scene = scene_of(p);
    screen_leave(p->screen, &scene);
}

void prompt_restart(Prompt *p)
{
    editor_clear(&p->editor);
    p->searching = false;
    p->history_at = p->history.n;
    free(p->draft);
    p->draft = NULL;
}

//-- history -----------------------------------------------------------------------------------------

static void show_item(Prompt *p, size_t at)
{
    if (p->history_at == p->history.n) {
        free(p->draft);
        p->draft = strdup(p->editor.text);
    }
    p->history_at = at;
    const char *text = at < p->history.n ? p->history.items[at] : p->draft ? p->draft : "";
    editor_set(&p->editor, text, strlen(text), strlen(text));
}

static PromptEvent older(Prompt *p)
{
    if (p->history_at > 0) show_item(p, p->history_at - 1);
    return PROMPT_EDITING;
}

static PromptEvent newer(Prompt *p)
{
    if (p->history_at < p->history.n) show_item(p, p->history_at + 1);
    return PROMPT_EDITING;
}

static PromptEvent up(Prompt *p)
{
    return editor_up(&p->editor) ? PROMPT_EDITING : older(p);
}
static PromptEvent down(Prompt *p)
{
    return editor_down(&p->editor) ? PROMPT_EDITING : newer(p);
}

//-- searching through it ----------------------------------------------------------------------------

static PromptEvent search(Prompt *p)
{
    p->searching = true;
    p->found = false;
    p->query.len = 0;
    p->search_from = p->history_at;
    free(p->search_text);
    p->search_text = strdup(p->editor.text);
    return PROMPT_EDITING;
}

/* Shows the nearest item from `at` on, going by `step`, that has the query in it. */
static void find(Prompt *p, size_t at, int step)
{
    p->found = false;
    for (; p->query.len && at < p->history.n; at += (size_t)step) {
        const char *hit = strstr(p->history.items[at], p->query.bytes);
        if (!hit) continue;
        show_item(p, at);
        p->editor.cursor = (size_t)(hit - p->history.items[at]);
        p->found = true;
        return;
    }
}

static void end_search(Prompt *p, bool keep)
{
    p->searching = false;
    if (keep || !p->search_text) return;
    p->history_at = p->search_from;
    editor_set(&p->editor, p->search_text, strlen(p->search_text), strlen(p->search_text));
}

static void drop_last_char(TextBuffer *text)
{
    while (text->len && (text->bytes[--text->len] & 0xC0) == 0x80) {}
    if (text->bytes) text->bytes[text->len] = '\0';
}

static size_t newest(const Prompt *p)
{
    return p->history.n ? p->history.n - 1 : 0;
}

/* A key while searching. False: it ends the search and then does what it always does. */
static bool search_key(Prompt *p, const Key *key)
{
    bool plain = key->kind == KEY_CHAR && !key->mods;
    if (plain) {
        char bytes[4];
        text_add(&p->query, bytes, (size_t)utf8_encode(bytes, key->code));
        find(p, p->found ? p->history_at : newest(p), -1);
    } else if (key->kind == KEY_PASTE) {
        text_add(&p->query, key->text, key->len);
        find(p, newest(p), -1);
    } else if (key->kind == KEY_BACKSPACE) {
        drop_last_char(&p->query);
        find(p, newest(p), -1);
    } else if (key->kind == KEY_CHAR && key->mods == KEY_CTRL && key->code == 'r') {
        if (p->found) find(p, p->history_at - 1, -1);
    } else if (key->kind == KEY_CHAR && key->mods == KEY_CTRL && key->code == 's') {
        if (p->found) find(p, p->history_at + 1, 1);
    } else if (key->kind == KEY_CHAR && key->mods == KEY_CTRL && key->code == 'g')
        end_search(p, false);
    else if (key->kind == KEY_ESCAPE)
        end_search(p, true);
    else {
        end_search(p, true);
        if (key->kind == KEY_ENTER && !key->mods) editor_end(&p->editor); // runs what was found, a block, too
        return false;
    }
    return true;
}

//-- actions -----------------------------------------------------------------------------------------

#define EDITS(action, function)          \
    static PromptEvent action(Prompt *p) \
    {                                    \
        function(&p->editor);            \
        return PROMPT_EDITING;           \
    }
EDITS(line_start, editor_line_start)
EDITS(line_end, editor_line_end)
EDITS(left, editor_left)
EDITS(right, editor_right)
EDITS(word_left, editor_word_left)
EDITS(word_right, editor_word_right)
EDITS(text_start, editor_start)
EDITS(text_end, editor_end)
EDITS(backspace, editor_backspace)
EDITS(delete_right, editor_delete_right)
EDITS(kill_line, editor_kill_line)
EDITS(kill_start, editor_kill_start)
EDITS(kill_space_word, editor_kill_space_word)
EDITS(kill_word, editor_kill_word)
EDITS(kill_word_left, editor_kill_word_left)
EDITS(yank, editor_yank)
EDITS(yank_before, editor_yank_before)
EDITS(undo, editor_undo)
EDITS(transpose, editor_transpose)
#undef EDITS

/* The chosen candidate takes the place of what was typed or chosen before. */
static void choose(Prompt *p, size_t i)
{
    const char *name = p->menu.items[i].name;
    p->chosen = i;
    editor_replace(&p->editor, p->menu.from, p->editor.cursor, name, strlen(name));
}

static void open_menu(Prompt *p)
{
    Editor *e = &p->editor;
    close_menu(p);
    p->hooks->complete(p->hooks->state, &p->menu, e->text, e->cursor);
    p->chosen = p->menu.n;
    p->nothing = !p->menu.n;
    size_t common = complete_common(&p->menu), typed = e->cursor - p->menu.from;
    if (p->menu.n == 1) {
        choose(p, 0);
        close_menu(p);
    } else if (common > typed) editor_insert(e, p->menu.items[0].name + typed, common - typed);
}

/* Indents, completes, or goes through what is offered. */
static PromptEvent tab(Prompt *p)
{
    if (p->menu.n) choose(p, p->chosen + 1 < p->menu.n ? p->chosen + 1 : 0);
    else if (editor_in_indent(&p->editor)) editor_indent(&p->editor);
    else open_menu(p);
    return PROMPT_EDITING;
}

static PromptEvent back_tab(Prompt *p)
{
    if (p->menu.n) choose(p, p->chosen > 0 && p->chosen < p->menu.n ? p->chosen - 1 : p->menu.n - 1);
    else editor_dedent(&p->editor);
    return PROMPT_EDITING;
}

static PromptEvent newline(Prompt *p)
{
    editor_newline(&p->editor, highlight_indent(p->editor.text, p->editor.cursor));
    return PROMPT_EDITING;
}

static PromptEvent enter_now(Prompt *p)
{
    return p->editor.len ? PROMPT_ENTERED : PROMPT_EDITING;
}

/* A block from the history, as it was: it has been run before. */
static bool is_recalled(const Prompt *p)
{
    return p->history_at < p->history.n && strcmp(p->history.items[p->history_at], p->editor.text) == 0;
}

/* Enter runs a single line wherever the cursor stands, a block only from its last line, when nothing is missing. */
static PromptEvent enter(Prompt *p)
{
    Editor *e = &p->editor;
    if (!e->len) return PROMPT_ENTERED;
    bool single = !memchr(e->text, '\n', e->len);
    bool may_run = single || editor_on_last_line(e);
    if (may_run && (is_recalled(p) || p->hooks->is_whole(p->hooks->state, e->text, e->len)))
        return PROMPT_ENTERED;
    return newline(p);
}

static PromptEvent delete_or_leave(Prompt *p)
{
    if (!p->editor.len) return PROMPT_LEAVING;
    return delete_right(p);
}

static PromptEvent clear_screen(Prompt *p)
{
    return screen_clear(p->screen), PROMPT_EDITING;
}
static PromptEvent give_up(Prompt *p)
{
    return (void)p, PROMPT_EDITING;
}
static PromptEvent suspend(Prompt *p)
{
    return (void)p, PROMPT_SUSPENDING;
}

//-- keys --------------------------------------------------------------------------------------------

static const struct Binding {
    uint8_t kind, mods;
    uint32_t code;
    PromptEvent (*action)(Prompt *p);
} bindings[] = {
#undef CTRL // of the system's terminal headers
#define CTRL                                 KEY_CTRL
#define ALT                                  KEY_ALT
#define SHIFT                                KEY_SHIFT
#define BIND(kind, mods, code, action, name) {KEY_##kind, mods, code, action},
#include "cli/bindings.def"
#undef CTRL
#undef ALT
#undef SHIFT
};

/* Line ends as the terminal sends them become '\n'; what cannot be in a text is left out. */
static void insert_paste(Prompt *p, const char *text, size_t len)
{
    TextBuffer clean = {0};
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\r')
            text_add(&clean, "\n", 1);
        else if (text[i] == '\n' && i > 0 && text[i - 1] == '\r')
            continue;
        else if (text[i])
            text_add(&clean, text + i, 1);
    }
    TextBuffer valid = {0};
    for (const char *at = clean.bytes, *end = at + clean.len; at && at < end;) {
        char bytes[4];
        uint32_t code = utf8_next(&at, end);
        text_add(&valid, bytes, (size_t)utf8_encode(bytes, code >= 0xD800 && code < 0xE000 ? 0xFFFD : code));
    }
    if (valid.len && !valid.failed) editor_insert(&p->editor, valid.bytes, valid.len);
    text_free(&clean);
    text_free(&valid);
}

static void type_char(Prompt *p, uint32_t code)
{
    char bytes[4];
    editor_type(&p->editor, bytes, (size_t)utf8_encode(bytes, code));
}

static PromptEvent take_key(Prompt *p, const Key *key)
{
    editor_begin(&p->editor);
    if (key->kind != KEY_TAB) close_menu(p);
    p->nothing = false;
    if (p->searching && search_key(p, key)) return PROMPT_EDITING;
    if (key->kind == KEY_PASTE) return insert_paste(p, key->text, key->len), PROMPT_EDITING;
    if (key->kind == KEY_CHAR && !(key->mods & ~KEY_SHIFT)) return type_char(p, key->code), PROMPT_EDITING;
    for (size_t i = 0; i < sizeof bindings / sizeof *bindings; i++) {
        const struct Binding *b = &bindings[i];
        if (b->kind == key->kind && b->mods == key->mods && b->code == key->code) return b->action(p);
    }
    return PROMPT_EDITING;
}

PromptEvent prompt_take_keys(Prompt *p)
{
    Key key;
    PromptEvent event = PROMPT_EDITING;
    while (event == PROMPT_EDITING && keys_next(&p->keys, &key)) event = take_key(p, &key);
    return event;
}

PromptEvent prompt_take_late(Prompt *p)
{
    Key key;
    return keys_decide(&p->keys, &key) ? take_key(p, &key) : PROMPT_EDITING;
}
