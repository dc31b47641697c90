/* repl_tasks.c - :tasks: who made whom, what each waits on, since when, in which line. */
#include "cli/repl_commands.h"
#include "vm/output.h"
#include "vm/str.h"
#include "vm/task.h"

#include <stdlib.h>

enum { DEEPEST = 20, MOST_LISTED = 1000 };

typedef struct Tree {
    Repl *r;
    TextBuffer out;
    size_t listed;
} Tree;

static bool is_child(const Task *t, const Task *parent)
{
    const Task *made_by = is_task(t->parent) && !future_done(as_future(t->parent)) ? as_task(t->parent) : NULL;
    return made_by == parent;
}

static void add_str(TextBuffer *out, Value v)
{
    if (is_str(v)) text_add(out, as_str(v)->data, as_str(v)->size);
}

static void add_since(Tree *tree, const Task *t)
{
    int64_t since;
    if (!task_times_find(&tree->r->times, t, &since)) return;
    double seconds = (double)(sched_now(tree->r->vm) - since) / 1e9;
    text_addf(&tree->out, repl_say(tree->r, SAY_TASK_SINCE), seconds < 0 ? 0 : seconds);
}

static void add_task(Tree *tree, Task *t)
{
    TaskReport report;
    if (!task_report(tree->r->vm, t, &report)) {
        vm_take_pending(tree->r->vm);
        return;
    }
    add_str(&tree->out, report.name);
    bool waits = as_str(report.wait)->size > 0;
    const char *wait = as_str(report.wait)->data;
    if (waits) text_addf(&tree->out, repl_say(tree->r, SAY_TASK_WAITS), (int)as_str(report.wait)->size, wait);
    else text_addf(&tree->out, "%s", repl_say(tree->r, SAY_TASK_READY));
    if (waits) add_since(tree, t);
    text_addf(&tree->out, repl_say(tree->r, SAY_TASK_IN), (int)as_str(report.where)->size,
              as_str(report.where)->data);
    text_addf(&tree->out, "\n");
}

static void add_children(Tree *tree, const Task *parent, TextBuffer *margin, int depth)
{
    VM *vm = tree->r->vm;
    Task *last = NULL;
    for (Task *t = sched_first_task(vm); t; t = t->next)
        if (is_child(t, parent)) last = t;
    for (Task *t = last ? sched_first_task(vm) : NULL; t && tree->listed < MOST_LISTED; t = t->next) {
        if (!is_child(t, parent)) continue;
        size_t before = margin->len;
        tree->listed++;
        if (margin->len) text_add(&tree->out, margin->bytes, margin->len);
        if (parent) text_addf(&tree->out, "%s", t == last ? "└─ " : "├─ ");
        add_task(tree, t);
        if (parent) text_addf(margin, "%s", t == last ? "   " : "│  ");
        if (depth < DEEPEST) add_children(tree, t, margin, depth + 1);
        margin->len = before;
    }
}

void repl_tasks(Repl *r)
{
    Tree tree = {.r = r};
    TextBuffer margin = {0};
    size_t n = sched_count_tasks(r->vm);
    if (!n) text_addf(&tree.out, "%s", repl_say(r, SAY_NO_TASKS));
    add_children(&tree, NULL, &margin, 0);
    if (n > tree.listed) text_addf(&tree.out, repl_say(r, SAY_MORE_TASKS), n - tree.listed);
    if (tree.out.len) output_bytes(r->vm, tree.out.bytes, tree.out.len);
    text_free(&tree.out);
    text_free(&margin);
}
