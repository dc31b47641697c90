/* repl_edit.c - the prompt on a terminal: keys, tasks and signals share one loop. */
#include "cli/pretty.h"
#include "cli/repl.h"
#include "vm/coroutine.h"
#include "vm/dict.h"
#include "vm/output.h"
#include "vm/version.h"

#include <stdio.h>
#include <string.h>

/* How long an Escape may be the beginning of a key's sequence. */
enum { ESCAPE_MS = 50 };

static bool is_builtin(void *state, const char *name, size_t len)
{
    const Repl *r = state;
    char text[64];
    if (len >= sizeof text) return false;
    memcpy(text, name, len);
    text[len] = '\0';
    return !is_unset(dict_get_c(r->vm, r->vm->builtins->dict, text));
}

static bool is_whole(void *state, const char *text, size_t len)
{
    return (void)state, repl_is_whole(text, len);
}

static void find_completion(void *state, Completion *c, const char *text, size_t cursor)
{
    const Repl *r = state;
    complete(c, r->vm, r->main, text, cursor);
}

/* Everything that has arrived. False: the terminal is gone. */
static bool read_keys(Repl *r)
{
    char bytes[4096];
    long n;
    while ((n = terminal_read(&r->screen->terminal, bytes, sizeof bytes)) > 0)
        keys_feed(&r->prompt->keys, bytes, (size_t)n);
    return n == 0;
}

static PromptEvent happened(Repl *r)
{
    bool late = r->late;
    if (r->resized) screen_resized(r->screen);
    if (r->readable && !read_keys(r)) return PROMPT_LEAVING;
    r->resized = r->readable = r->late = false;
    return late ? prompt_take_late(r->prompt) : prompt_take_keys(r->prompt);
}

/* Ctrl-C at the prompt: what was typed stays readable, and a new line begins. */
static void drop_input(Repl *r)
{
    prompt_finish(r->prompt);
    prompt_restart(r->prompt);
}

static void suspend(Repl *r)
{
    screen_hide(r->screen);
    terminal_suspend(&r->screen->terminal);
    screen_resized(r->screen);
}

/* Until a block has been entered, or the session ends. */
static PromptEvent edit(Repl *r)
{
    Prompt *p = r->prompt;
    PromptEvent event = prompt_take_keys(p); // typed ahead
    while (event == PROMPT_EDITING || event == PROMPT_SUSPENDING) {
        if (event == PROMPT_SUSPENDING) suspend(r);
        prompt_show(p);
        host_uv_remind(r->vm->host, keys_undecided(&p->keys) ? ESCAPE_MS : -1);
        if (!repl_wait(r)) {
            if (r->ended) return PROMPT_LEAVING;
            drop_input(r);
        }
        event = happened(r);
    }
    return event;
}

static void run_entered(Repl *r)
{
    Prompt *p = r->prompt;
    prompt_finish(p);
    host_uv_unwatch(r->vm->host);
    history_add(&p->history, p->editor.text, p->editor.len);
    if (p->editor.len) repl_run(r, p->editor.text, p->editor.len);
    prompt_restart(p);
}

static void edit_and_run(Repl *r)
{
    HostWatch watch = {.fd = r->screen->terminal.fd, .event = repl_event, .state = r};
    while (!r->ended && host_uv_watch(r->vm->host, &watch)) {
        PromptEvent event = edit(r);
        if (event == PROMPT_ENTERED)
            run_entered(r);
        else
            r->ended = true;
    }
    if (r->screen->shown) prompt_finish(r->prompt);
    host_uv_unwatch(r->vm->host);
}

/* Of a coroutine that has not begun, a call without `await`, how it runs. */
static void add_hint(VM *vm, Value v, TextBuffer *out)
{
    bool is_fresh = is_kind(v, KIND_NATIVE_CORO)
                        ? ((NativeCoro *)as_obj(v))->state == 0
                        : is_exact(v, T_COROUTINE) && gen_state(as_gen(v)) == GEN_CREATED;
    if (!is_fresh) return;
    Reader reader = vm->reader;
    text_addf(out, "\n    %s%s%s: %s", ink_code(reader.colours, INK_NOTE), said(reader.language, "hint"),
              ink_code(reader.colours, INK_NONE),
              said(reader.language, "it has not run; to run it, write 'await' in front of the call"));
}

/* The value of an expression, broken over lines if it is wide. */
static bool show_value(VM *vm, Value v)
{
    TextBuffer text = {0};
    const Screen *screen = (Screen *)vm->host; // the prompt's host is its screen
    bool ok = pretty(vm, v, screen->terminal.columns, &text);
    if (ok) add_hint(vm, v, &text);
    Value str = ok ? str_new(vm, text.bytes ? text.bytes : "", text.len) : VALUE_ERROR;
    text_free(&text);
    return !is_error(str) && output_str(vm, as_str(str)) && output_bytes(vm, "\n", 1);
}

static void start(Repl *r, Prompt *p)
{
    p->language = r->vm->reader.language;
    repl_printf(r, repl_say(r, SAY_WELCOME), CO_VERSION);
    const char *why = history_open(&p->history);
    if (why) repl_printf(r, repl_say(r, SAY_NO_HISTORY), why);
    prompt_restart(p);
}

void repl_edit(Repl *r)
{
    Screen screen;
    Prompt prompt;
    PromptHooks hooks = {r, is_whole, is_builtin, find_completion};
    Host *real = r->vm->host;
    if (!screen_open(&screen, real, options_color(r->options, 1)) || !prompt_init(&prompt, &screen, &hooks))
        return repl_lines(r);
    r->screen = &screen;
    r->prompt = &prompt;
    r->vm->host = &screen.front;
    r->vm->show = show_value;
    signals_catch(&screen.front, 0);
    start(r, &prompt);
    edit_and_run(r);
    signals_catch(real, 0);
    screen_close(&screen);
    prompt_free(&prompt);
    r->screen = NULL;
    r->prompt = NULL;
    r->vm->show = NULL;
    r->vm->host = real;
}
