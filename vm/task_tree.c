/* task_tree.c - what SIGQUIT prints: what runs now, every task with its wait and its stack, below the task that made
 * it, and the threads (vm/strand.h) that stand in the program. */
#include "vm/exception.h"
#include "vm/report.h"
#include "vm/sched.h"
#include "vm/str.h"
#include "vm/strand.h"

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
static void add_stack(Tree *t, const Frame *innermost, int indent)
{
    const Frame *frames[MAX_STACK];
    int n = 0;
    for (const Frame *f = innermost; f && n < MAX_STACK; f = f->ret_kind == RET_TASK ? NULL : f->caller)
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
    if (task == t->vm->task) sb_saidf(&t->b, "task '%V' runs", report.name);
    else if (as_str(report.wait)->size == 0) sb_saidf(&t->b, "task '%V' is ready", report.name);
    else sb_saidf(&t->b, "task '%V' waits on %V", report.name, report.wait);
    int64_t left = sched_deadline(t->vm, task) - t->now;
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%.1f", (double)left / 1e9);
    if (left > 0) sb_saidf(&t->b, ", %s s more", seconds);
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
        if (task == t->vm->task) add_stack(t, t->vm->frame, indent + 2 * STEP);
        else add_suspended_stack(t, task, indent + 2 * STEP);
        add_tasks(t, task, indent + STEP);
    }
}

static void add_strand(Tree *t, const Strand *s)
{
    const Frame *f = strand_report(t->vm, &t->b, s);
    if (!f) return;
    sb_add_c(&t->b, "\n");
    add_stack(t, f, 3 * STEP);
}

void sched_report_tasks(VM *vm)
{
    Tree t = {.vm = vm, .now = sched_now(vm)};
    Value pending = vm->exc;
    int n = 0;
    for (Task *task = sched_first_task(vm); task; task = task->next) n++;
    sb_init(&t.b, vm);
    if (n == 1) sb_saidf(&t.b, "co: 1 task\n");
    else sb_saidf(&t.b, "co: %d tasks\n", n);
    if (!vm->task && vm->frame) {
        sb_saidf(&t.b, "  the script\n");
        add_stack(&t, vm->frame, 3 * STEP);
    }
    add_tasks(&t, NULL, STEP);
    if (n > t.shown) sb_saidf(&t.b, "  ... and %d more\n", n - t.shown);
    for (const Strand *s = vm->strands->first; s; s = s->next) add_strand(&t, s);
    Value text = sb_finish(&t.b);
    if (is_str(text)) report_str(vm, text);
    vm->exc = pending;
}
