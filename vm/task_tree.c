/* task_tree.c - what SIGQUIT prints: what runs now, and every task with its wait and its stack, below the task that
 * made it. */
#include "vm/exception.h"
#include "vm/report.h"
#include "vm/sched.h"
#include "vm/str.h"

#include <stdio.h>

enum { MAX_TASKS = 100, MAX_STACK = 1000, STEP = 2 };

typedef struct Tree {
    VM *vm;
    StrBuilder b;
    int shown; // tasks
    int64_t now;
} Tree;

/* ---- stacks -------------------------------------------------------------------------------------- */

/* "clients.py:5, in handle_client1: await asyncio.sleep(3)" */
static void add_frame(Tree *t, const Frame *f, int indent)
{
    const Code *c = frame_code(f);
    size_t size;
    const char *text = code_filename(c, &size);
    bool begun = c->insns && f->pc > c->insns;
    uint32_t line = begun ? code_position(c, f->pc - 1).line : c->rec->first_line;
    sb_add_fill(&t->b, ' ', (size_t)indent);
    sb_add(&t->b, text, size);
    sb_addf(&t->b, ":%u, in %N", line, c->qualname);
    if (code_source_line(t->vm, c, line, &text, &size)) {
        while (size && (*text == ' ' || *text == '\t')) text++, size--;
        sb_add_c(&t->b, ": ");
        sb_add(&t->b, text, size);
    }
    sb_add_c(&t->b, "\n");
}

/* From the outermost frame inwards; the library's own are left out. */
static void add_running_stack(Tree *t, int indent)
{
    const Frame *frames[MAX_STACK];
    int n = 0;
    for (const Frame *f = t->vm->frame; f && n < MAX_STACK; f = f->ret_kind == RET_TASK ? NULL : f->caller)
        if (!code_is_library(frame_code(f))) frames[n++] = f;
    while (n > 0) add_frame(t, frames[--n], indent);
}

static void add_suspended_stack(Tree *t, const Task *task, int indent)
{
    int n = 0;
    for (const Gen *g = task->coro; n < MAX_STACK; g = as_gen(g->delegate), n++) {
        if (!code_is_library(frame_code(&g->frame))) add_frame(t, &g->frame, indent);
        if (!is_gen(g->delegate)) return;
    }
}

/* ---- tasks --------------------------------------------------------------------------------------- */

static void add_state(Tree *t, Task *task)
{
    TaskReport report;
    if (!task_report(t->vm, task, &report)) {
        vm_take_pending(t->vm);
        return;
    }
    sb_addf(&t->b, "task '%V' ", report.name);
    if (task == t->vm->task) sb_add_c(&t->b, "runs");
    else if (as_str(report.wait)->size == 0) sb_add_c(&t->b, "is ready");
    else sb_addf(&t->b, "waits on %V", report.wait);
    int64_t left = sched_deadline(t->vm, task) - t->now;
    char text[32];
    snprintf(text, sizeof text, ", %.1f s more", (double)left / 1e9);
    if (left > 0) sb_add_c(&t->b, text);
    sb_add_c(&t->b, "\n");
}

static bool is_child_of(const Task *t, const Task *parent)
{
    const Task *made_by = is_task(t->parent) ? as_task(t->parent) : NULL;
    if (made_by && future_done(&made_by->f)) made_by = NULL;
    return made_by == parent;
}

/* The tasks that `parent` has made (NULL: that nobody has made who still lives). */
static void add_tasks(Tree *t, const Task *parent, int indent)
{
    for (Task *task = sched_first_task(t->vm); task && t->shown < MAX_TASKS; task = task->next) {
        if (!is_child_of(task, parent)) continue;
        t->shown++;
        sb_add_fill(&t->b, ' ', (size_t)indent);
        add_state(t, task);
        if (task == t->vm->task) add_running_stack(t, indent + 2 * STEP);
        else add_suspended_stack(t, task, indent + 2 * STEP);
        add_tasks(t, task, indent + STEP);
    }
}

void sched_report_tasks(VM *vm)
{
    Tree t = {.vm = vm, .now = sched_now(vm)};
    Value pending = vm->exc;
    int n = 0;
    for (Task *task = sched_first_task(vm); task; task = task->next) n++;
    sb_init(&t.b, vm);
    sb_addf(&t.b, "co: %d task%s\n", n, n == 1 ? "" : "s");
    if (!vm->task && vm->frame) {
        sb_add_c(&t.b, "  the script\n");
        add_running_stack(&t, 3 * STEP);
    }
    add_tasks(&t, NULL, STEP);
    if (n > t.shown) sb_addf(&t.b, "  ... and %d more\n", n - t.shown);
    Value text = sb_finish(&t.b);
    if (is_str(text)) report_str(vm, text);
    vm->exc = pending;
}
