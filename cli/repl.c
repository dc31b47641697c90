/* repl.c - what the prompt does with what was typed: compile, run, report; and how it waits. */
#include "cli/repl.h"
#include "cli/compiler.h"
#include "cli/repl_commands.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/import.h"
#include "vm/output.h"
#include "vm/report.h"
#include "vm/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *repl_say(const Repl *r, ReplText text)
{
    return repl_text(r->vm->reader.language, text);
}

void repl_printf(Repl *r, const char *format, ...)
{
    TextBuffer text = {0};
    va_list args;
    char line[512];
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n > 0) text_add(&text, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
    if (text.len) output_bytes(r->vm, text.bytes, text.len);
    output_flush_errno(r->vm);
    text_free(&text);
}

/* ---- running ------------------------------------------------------------------------------------- */

bool repl_is_whole(const char *text, size_t len)
{
    const char *code = text;
    const ReplCommand *command = repl_command_in(text, &code);
    if (len && text[0] == ':' && !(command && command->argument == TAKES_CODE)) return true;
    TextBuffer line = {0};
    Compiled c;
    text_add(&line, code, len - (size_t)(code - text));
    text_add(&line, "\n", 1);
    compile_text(&c, "", line.bytes, line.len, TEXT_PROMPT);
    bool whole = !c.incomplete;
    compiled_free(&c);
    text_free(&line);
    return whole;
}

static void report_failure(Repl *r)
{
    VM *vm = r->vm;
    if (vm->stop_status == STATUS_DEADLOCK) { // has been told in detail; others may go on
        vm->stop_status = 0;
        vm_take_pending(vm);
        return;
    }
    bool ends = vm->stop_status || exception_is(vm, vm->exc, ERR_SYSTEM_EXIT);
    int status = run_report_uncaught(vm);
    if (ends) r->ended = true, r->status = status;
}

/* Takes over the image and the text. */
static bool run_image(Repl *r, CodeImage *image, char *text, size_t len)
{
    VM *vm = r->vm;
    sched_hold_tasks(vm);
    Value v = module_body(vm, r->main, image, true, text, len);
    if (!is_error(v)) v = vm_call(vm, v, NULL, 0);
    if (is_exact(v, T_COROUTINE)) v = sched_run_statement(vm, v);
    return !is_error(v);
}

static void report_diagnostics(Repl *r, const Compiled *c)
{
    TextBuffer out = {0};
    const char *report = compiled_report(c, &out, r->vm->reader);
    report_text(r->vm, report, strlen(report));
    text_free(&out);
}

/* The block as it is compiled: a blank line ends it, whatever it holds. */
static TextBuffer closed_block(const char *text, size_t len)
{
    TextBuffer block = {0};
    text_add(&block, text, len);
    text_add(&block, "\n\n", 2);
    return block;
}

/* Compiled code and its text, which are taken over; NULL: why there is none has been said. */
static void finish_block(Repl *r, CodeImage *image, char *text, size_t len)
{
    if (!image) return free(text);
    if (!run_image(r, image, text, len)) report_failure(r);
    output_flush_errno(r->vm);
    sched_report_failures(r->vm);
}

static CodeImage *take_image(Repl *r, Compiled *c)
{
    CodeImage *image = c->image;
    c->image = NULL;
    if (c->diags.count || !image) report_diagnostics(r, c);
    compiled_free(c);
    return image;
}

static void run_block(Repl *r, const char *text, size_t len)
{
    char name[32];
    Compiled c;
    TextBuffer block = closed_block(text, len);
    if (block.failed) return (void)fputs("MemoryError\n", stderr);
    snprintf(name, sizeof name, "<prompt %u>", ++r->blocks);
    compile_text(&c, name, block.bytes, block.len, TEXT_PROMPT);
    if (c.incomplete) { // entered all the same: say what is missing
        compiled_free(&c);
        compile_text(&c, name, block.bytes, block.len, TEXT_FILE);
    }
    CodeImage *image = take_image(r, &c);
    if (image) text_add(&r->session, block.bytes, block.len - 1);
    finish_block(r, image, block.bytes, block.len);
}

/* A word that is meant for the prompt, unless the program has given it a meaning. */
static bool is_word(Repl *r, const char *text, size_t len, const char *word)
{
    while (len && strchr(" \n", text[len - 1])) len--;
    bool same = len == strlen(word) && memcmp(text, word, len) == 0;
    return same && is_unset(dict_get_c(r->vm, r->main->dict, word));
}

void repl_run(Repl *r, const char *text, size_t len)
{
    if (text[0] == ':') repl_command(r, text);
    else if (is_word(r, text, len, "exit") || is_word(r, text, len, "quit")) r->ended = true;
    else if (is_word(r, text, len, "help")) repl_command(r, ":help");
    else run_block(r, text, len);
}

void repl_run_file(Repl *r, const char *name, char *text, size_t len)
{
    Compiled c;
    compile_text(&c, name, text, len, TEXT_FILE);
    finish_block(r, take_image(r, &c), text, len);
}

/* ---- waiting ------------------------------------------------------------------------------------- */

void repl_event(void *repl, HostEvent event)
{
    Repl *r = repl;
    if (event == HOST_READABLE) r->readable = true;
    if (event == HOST_RESIZED) r->resized = true;
    if (event == HOST_LATE) r->late = true;
    sched_stop(r->vm);
}

/* A failed background task is reported at once, not when the session ends; and :tasks tells since when each waits. */
static void task_event_seen(VM *vm, int event, Task *task, int64_t until, void *state)
{
    (void)until;
    Repl *r = state;
    task->f.h.aux |= TASK_FOLLOWED;
    if (event == EVENT_WAITING) task_times_note(&r->times, task, sched_now(vm));
    if (event == EVENT_FINISHED) task_times_forget(&r->times, task);
    bool failed =
        event == EVENT_FINISHED && task->f.h.aux & FUTURE_FAILED && !(task->f.h.aux & FUTURE_OBSERVED);
    if (!failed) return;
    r->task_failed = true;
    if (r->prompt) sched_stop(vm);
}

bool repl_wait(Repl *r)
{
    VM *vm = r->vm;
    output_flush_errno(vm);
    Value v = sched_run_until(vm, VALUE_UNSET);
    if (r->task_failed) sched_report_failures(vm);
    r->task_failed = false;
    output_flush_errno(vm);
    if (!is_error(v)) return true;
    if (vm_pending_is(vm, ERR_KEYBOARD_INTERRUPT))
        vm_take_pending(vm);
    else
        report_failure(r);
    return false;
}

/* ---- the end ------------------------------------------------------------------------------------- */

/* The tasks that are left are cancelled in the order they were made. A second Ctrl-C leaves without them. */
static void end_tasks(Repl *r)
{
    size_t n = sched_count_tasks(r->vm);
    if (!n) return;
    if (n == 1)
        repl_printf(r, "%s", repl_say(r, SAY_TASKS_LIVE_ONE));
    else
        repl_printf(r, repl_say(r, SAY_TASKS_LIVE), n);
    if (!sched_cancel_tasks(r->vm)) vm_take_pending(r->vm);
    sched_report_failures(r->vm);
}

int run_prompt(const Options *o)
{
    char *argv[] = {(char *)"", NULL};
    Repl r = {.vm = run_start(o, 1, argv), .options = o};
    if (!r.vm) return STATUS_ERROR;
    r.main = run_search_first(r.vm, "") ? run_main_module(r.vm, NULL) : NULL;
    if (!r.main) return run_leave(r.vm, run_report_uncaught(r.vm));
    r.vm->out->line_buffered = true; // also into a pipe: its reader waits for answers
    r.vm->event_hook = task_event_seen;
    r.vm->event_state = &r;
    sched_hold_tasks(r.vm);
    if (terminal_is_capable() && !o->virtual_time)
        repl_edit(&r);
    else
        repl_lines(&r);
    end_tasks(&r);
    r.vm->event_hook = NULL;
    task_times_free(&r.times);
    text_free(&r.session);
    return run_leave(r.vm, r.status);
}
