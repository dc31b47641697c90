/* repl.c - the prompt: a plain one, line by line. */
#include "cli/compiler.h"
#include "cli/run.h"
#include "vm/exception.h"
#include "vm/import.h"
#include "vm/output.h"
#include "vm/report.h"

#include <errno.h>
#include <stdlib.h>

typedef struct Prompt {
    VM *vm;
    Module *main;
    TextBuffer input; // the statement being typed
    bool ended;
    int status;
} Prompt;

static void drop_input(Prompt *p)
{
    text_free(&p->input);
    p->input = (TextBuffer){0};
}

static void say(Prompt *p, const char *text)
{
    output_bytes(p->vm, text, strlen(text));
    output_flush_errno(p->vm);
}

/* One more line of input. False: there is no more, or it was interrupted. */
static bool read_line(Prompt *p)
{
    char piece[1024];
    for (;;) {
        long n = p->vm->host->read_line(p->vm->host, piece, sizeof piece);
        if (n == -EINTR && p->vm->host->pending & HOST_INTERRUPT) {
            p->vm->host->pending &= ~HOST_INTERRUPT;
            drop_input(p);
            say(p, "\nKeyboardInterrupt\n");
            return false;
        }
        if (n == -EINTR) continue;
        if (n <= 0) return p->ended = true, false;
        text_add(&p->input, piece, (size_t)n);
        if (piece[n - 1] == '\n') return true;
    }
}

static void report_failure(Prompt *p)
{
    bool ends = p->vm->stop_status || exception_is(p->vm, p->vm->exc, ERR_SYSTEM_EXIT);
    int status = run_report_uncaught(p->vm);
    if (ends) p->ended = true, p->status = status;
}

/* Takes over the image and the text. */
static void run_statement(Prompt *p, CodeImage *image)
{
    Value body = module_body(p->vm, p->main, image, true, p->input.bytes, p->input.len);
    p->input = (TextBuffer){0};
    if (!run_body(p->vm, body)) report_failure(p);
}

/* Run what has been typed if it is complete. */
static void evaluate(Prompt *p)
{
    Compiled c;
    compile_text(&c, "<stdin>", p->input.bytes, p->input.len, TEXT_PROMPT);
    if (c.image) {
        CodeImage *image = c.image;
        c.image = NULL;
        run_statement(p, image);
    } else if (!c.incomplete) {
        TextBuffer out = {0};
        const char *report = compiled_report(&c, &out);
        report_text(p->vm, report, strlen(report));
        text_free(&out);
        drop_input(p);
    }
    compiled_free(&c);
}

int run_prompt(const Options *o)
{
    char *argv[] = {(char *)"", NULL};
    Prompt p = {.vm = run_start(o, 1, argv)};
    if (!p.vm) return STATUS_ERROR;
    p.main = run_search_first(p.vm, "") ? run_main_module(p.vm, NULL) : NULL;
    if (!p.main) return run_finish(p.vm, run_report_uncaught(p.vm));
    while (!p.ended) {
        say(&p, p.input.len ? "... " : ">>> ");
        if (read_line(&p)) evaluate(&p);
    }
    drop_input(&p);
    say(&p, "\n");
    return run_finish(p.vm, p.status);
}
