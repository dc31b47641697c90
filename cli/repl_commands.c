#include "cli/repl_commands.h"
#include "cli/compiler.h"
#include "cli/look.h"
#include "cli/trace.h"
#include "vm/code_object.h"
#include "vm/dict.h"
#include "vm/dis.h"
#include "vm/exception.h"
#include "vm/output.h"
#include "vm/report.h"
#include "vm/type.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COMMAND(name, argument, help) static void command_##name(Repl *r, const char *argument_text);
#include "cli/repl_commands.def"

const ReplCommand repl_command_rows[] = {
#define COMMAND(name, argument, help) {#name, TAKES_##argument, command_##name, SAY_##help},
#include "cli/repl_commands.def"
    {0},
};

static const char *const argument_words[] = {"", "EXPR", "NAME", "FILE"};

static void command_help(Repl *r, const char *argument)
{
    (void)argument;
    for (const ReplCommand *c = repl_command_rows; c->name; c++) {
        char left[40];
        snprintf(left, sizeof left, ":%s %s", c->name, argument_words[c->argument]);
        repl_printf(r, "  %-14s %s\n", left, repl_say(r, c->help));
    }
    repl_printf(r, "%s", repl_say(r, SAY_HELP_KEYS));
}

static void command_tasks(Repl *r, const char *argument)
{
    (void)argument;
    repl_tasks(r);
}

//-- :time -------------------------------------------------------------------------------------------

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void add_duration(char *out, size_t size, double seconds)
{
    if (seconds < 1e-3) snprintf(out, size, "%.0f µs", seconds * 1e6);
    else if (seconds < 1) snprintf(out, size, "%.1f ms", seconds * 1e3);
    else snprintf(out, size, "%.2f s", seconds);
}

static void command_time(Repl *r, const char *argument)
{
    char wall[32], cpu[32];
    int64_t start = sched_now(r->vm);
    double cpu_start = processor_seconds(); // measured within the other, so that it is never more
    repl_run(r, argument, strlen(argument));
    double computing = processor_seconds() - cpu_start;
    add_duration(wall, sizeof wall, (double)(sched_now(r->vm) - start) / 1e9);
    add_duration(cpu, sizeof cpu, computing);
    repl_printf(r, repl_say(r, SAY_TOOK), wall, cpu);
}

//-- :doc and :dis -----------------------------------------------------------------------------------

static Value look_dotted(Repl *r, const char *name)
{
    size_t n = strcspn(name, ". ");
    Value v = look_name(r->vm, r->main, name, n);
    if (is_unset(v)) v = look_module(r->vm, name, n);
    while (!is_unset(v) && name[n] == '.') {
        name += n + 1;
        n = strcspn(name, ". ");
        v = look_attr(r->vm, v, name, n);
    }
    return v;
}

static void command_doc(Repl *r, const char *argument)
{
    Value v = look_dotted(r, argument);
    if (is_unset(v)) return repl_printf(r, repl_say(r, SAY_NO_SUCH_NAME), argument);
    look_print_help(r->vm, v);
}

static const Code *code_of(Value v)
{
    if (is_kind(v, KIND_METHOD)) v = as_method(v)->fn;
    if (is_kind(v, KIND_FUNCTION)) return ((Function *)as_obj(v))->code;
    return is_kind(v, KIND_GEN) ? frame_code(&((Gen *)as_obj(v))->frame) : NULL;
}

/* The code of a function, or of what is written there. */
static void dis_text(FILE *out, const char *text, Reader reader)
{
    Compiled c;
    compile_text(&c, "<prompt>", text, strlen(text), TEXT_FILE);
    TextBuffer report = {0};
    if (c.image) dis_image(out, c.image);
    else fputs(compiled_report(&c, &report, reader), out);
    text_free(&report);
    compiled_free(&c);
}

static void command_dis(Repl *r, const char *argument)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) return;
    const Code *code = code_of(look_dotted(r, argument));
    const CodeImage *image = code ? code->image->image : NULL;
    if (code) dis_record(out, image, (uint32_t)(code->rec - code_record(image, 0)));
    else dis_text(out, argument, r->vm->reader);
    fclose(out);
    if (text) output_bytes(r->vm, text, size);
    free(text);
}

//-- :trace ------------------------------------------------------------------------------------------

/* A run that is being watched: at a terminal, its lanes grow below what it prints. */
typedef struct Watched {
    Repl *r;
    Recorder *recorder;
    TextBuffer title, picture;
} Watched;

static TraceStyle style_of(const Repl *r, bool lanes_only)
{
    enum { WIDEST = 200, WITHOUT_TERMINAL = 80 };
    size_t columns = r->screen ? r->screen->terminal.columns : WITHOUT_TERMINAL;
    return (TraceStyle){.columns = (int)(columns < WIDEST ? columns : WIDEST),
                        .colors = options_color(r->options, 1),
                        .lanes_only = lanes_only,
                        .language = r->options->language};
}

/* The code's first line. */
static void set_title(TextBuffer *title, const char *code)
{
    size_t n = strcspn(code, "\n");
    text_add(title, code, n);
    if (code[n]) text_addf(title, " …");
}

static void draw_so_far(Watched *w)
{
    TraceRun run;
    TraceStyle style = style_of(w->r, true);
    if (!recorder_look(w->recorder, w->title.bytes, &run)) return;
    w->picture.len = 0;
    trace_draw_terminal(&w->picture, &run, 1, &style);
    trace_run_free(&run);
    screen_show(w->r->screen, &(Scene){.keyless = true, .text = "", .prompt = "", .prompt2 = "", .status = w->picture.bytes});
}

/* From within the host's wait, which no script's code is part of. */
static void watched_event(void *watched, HostEvent event)
{
    enum { PICTURE_MS = 100 };
    Watched *w = watched;
    if (event == HOST_RESIZED) screen_resized(w->r->screen);
    if (event == HOST_LATE) draw_so_far(w);
    host_uv_remind(w->r->vm->host, PICTURE_MS);
}

static void watch(Watched *w)
{
    enum { FIRST_PICTURE_MS = 200 }; // what is over by then needs none
    HostWatch watch = {.fd = -1, .event = watched_event, .state = w};
    if (w->r->screen && host_uv_watch(w->r->vm->host, &watch)) host_uv_remind(w->r->vm->host, FIRST_PICTURE_MS);
}

static void unwatch(Watched *w)
{
    Repl *r = w->r;
    if (!r->screen) return;
    host_uv_unwatch(r->vm->host);
    screen_resized(r->screen); // nobody has waited since then, perhaps
    if (r->screen->shown) screen_rest(r->screen);
}

static void draw_whole(Watched *w)
{
    TraceRun run;
    TraceStyle style = style_of(w->r, false);
    if (!recorder_finish(w->recorder, w->title.bytes, &run)) return repl_printf(w->r, "MemoryError\n");
    w->picture.len = 0;
    trace_draw_terminal(&w->picture, &run, 1, &style);
    trace_run_free(&run);
    if (!w->picture.failed) output_bytes(w->r->vm, w->picture.bytes, w->picture.len);
}

/* The recorder takes the prompt's place at the scheduler's hook for that time, so since when tasks wait is
 * not known after. */
static void command_trace(Repl *r, const char *argument)
{
    VM *vm = r->vm;
    TraceLimits limits = {100, 50 * 1000};
    __typeof__(vm->event_hook) hook = vm->event_hook;
    void *state = vm->event_state;
    Watched w = {.r = r, .recorder = recorder_start(vm, limits)};
    if (!w.recorder) return repl_printf(r, "MemoryError\n");
    set_title(&w.title, argument);
    watch(&w);
    repl_run(r, argument, strlen(argument));
    unwatch(&w);
    draw_whole(&w);
    text_free(&w.title);
    text_free(&w.picture);
    vm->event_hook = hook;
    vm->event_state = state;
    sched_follow_tasks(vm, true);
    task_times_free(&r->times);
}

//-- files -------------------------------------------------------------------------------------------

static void command_load(Repl *r, const char *argument)
{
    Host *h = r->vm->host;
    size_t size = 0;
    int err = 0;
    char *text = h->read_file(h, argument, &size, &err);
    if (!text) return repl_printf(r, repl_say(r, SAY_CANNOT_READ), argument, strerror(err));
    repl_run_file(r, argument, text, size);
}

static void command_save(Repl *r, const char *argument)
{
    int fd = open(argument, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int err = fd < 0           ? errno
              : r->session.len ? r->vm->host->write(r->vm->host, fd, r->session.bytes, r->session.len)
                               : 0;
    if (fd >= 0) close(fd);
    if (err) repl_printf(r, repl_say(r, SAY_CANNOT_WRITE), argument, strerror(err));
    else repl_printf(r, repl_say(r, SAY_SAVED), argument);
}

static void command_reset(Repl *r, const char *argument)
{
    (void)argument;
    Module *fresh = run_main_module(r->vm, NULL);
    if (!fresh) return (void)vm_take_pending(r->vm);
    r->main = fresh;
    dict_delete_str(r->vm, r->vm->builtins->dict, vm_intern(r->vm, "_"));
    r->session.len = 0;
}

//-- which one ---------------------------------------------------------------------------------------

/* The only command that begins so, or NULL. */
static const ReplCommand *find_command(const char *word, size_t len)
{
    const ReplCommand *found = NULL;
    for (const ReplCommand *c = repl_command_rows; c->name; c++) {
        if (strncmp(c->name, word, len) != 0) continue;
        if (strlen(c->name) == len) return c;
        if (found) return NULL;
        found = c;
    }
    return found;
}

const ReplCommand *repl_command_in(const char *text, const char **argument)
{
    if (text[0] != ':') return NULL;
    size_t n = strcspn(text + 1, " \t\n");
    *argument = text + 1 + n + strspn(text + 1 + n, " \t");
    return n ? find_command(text + 1, n) : NULL;
}

void repl_command(Repl *r, const char *text)
{
    const char *argument;
    const ReplCommand *c = repl_command_in(text, &argument);
    if (!c) repl_printf(r, repl_say(r, SAY_NO_SUCH_COMMAND), (int)strcspn(text, " \t\n"), text);
    else if (c->argument && !*argument)
        repl_printf(r, repl_say(r, SAY_WANTS_ARGUMENT), c->name, argument_words[c->argument]);
    else c->run(r, argument);
    output_flush_errno(r->vm);
}
