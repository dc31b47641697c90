/* sched_report.c - who waits on what: the deadlock report. */
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/report.h"
#include "vm/sched.h"
#include "vm/str.h"
#include "vm/strand.h"
#include "vm/type.h"

static const char *const wait_texts[] = {
#define WAIT(e, text) text,
#include "vm/waits.def"
#undef WAIT
};

/* The innermost frame of the task that is the user's own, and the innermost library call below it (NULL: none). */
static Gen *user_frame(Task *t, Code **library)
{
    Gen *user = t->coro;
    *library = NULL;
    for (Gen *g = t->coro;; g = as_gen(g->delegate)) {
        Code *c = frame_code(&g->frame);
        if (!code_is_library(c)) {
            user = g;
            *library = NULL;
        } else *library = c;
        if (!is_gen(g->delegate)) return user;
    }
}

/* The task that keeps t waiting: the one it awaits, or the one that holds the lock it wants; NULL: nobody knows. */
static Task *holder(VM *vm, Task *t)
{
    if (is_task(t->wait_on)) return as_task(t->wait_on);
    if (!is_kind(t->wait_on, KIND_NATIVE_DATA)) return NULL;
    Task *(*holder_of)(VM *, Value) = type_of(vm, t->wait_on)->def->slots.holder;
    return holder_of ? holder_of(vm, t->wait_on) : NULL;
}

static uint32_t line_of(const Frame *f)
{
    Code *c = frame_code(f);
    return c->insns && f->pc > c->insns ? code_position(c, f->pc - 1).line : c->rec->first_line;
}

static void add_where(StrBuilder *b, const Frame *f)
{
    Code *c = frame_code(f);
    size_t len;
    const char *file = code_filename(c, &len);
    sb_addf(b, "%N, ", c->qualname);
    sb_add(b, file, len);
    sb_addf(b, ":%u", line_of(f));
}

static void add_wait(VM *vm, StrBuilder *b, Task *t, const Code *library)
{
    Task *keeper = holder(vm, t);
    Value name = keeper ? task_name(vm, keeper) : VALUE_UNSET;
    if (is_task(t->wait_on)) {
        if (is_str(name)) sb_saidf(b, "task '%V'", name);
        return;
    }
    bool named = library && library->qualname->data[0] != '_'; // else an inner matter of the library
    if (named) sb_addf(b, "%N()", library->qualname);
    else sb_saidf(b, wait_texts[t->wait_kind]);
    if (is_str(name)) sb_saidf(b, ", task '%V' holds the lock", name);
}

bool task_report(VM *vm, Task *t, TaskReport *report)
{
    Code *library;
    Gen *g = user_frame(t, &library);
    StrBuilder wait, where;
    sb_init(&wait, vm);
    sb_init(&where, vm);
    bool waits = t->wait_kind != WAIT_READY && t->wait_kind != WAIT_NONE;
    if (waits) add_wait(vm, &wait, t, library);
    add_where(&where, &g->frame);
    *report = (TaskReport){task_name(vm, t), sb_finish(&wait), sb_finish(&where)};
    return !is_error(report->name) && !is_error(report->wait) && !is_error(report->where);
}

/* "\n    in f, file.co:12\n      the line\n" */
static void add_place(StrBuilder *b, const Frame *f)
{
    const char *text;
    size_t len;
    sb_add_c(b, "\n");
    if (code_is_library(frame_code(f))) return; // create_task(queue.get()): no line of the user's own
    sb_saidf(b, "    in ");
    add_where(b, f);
    sb_add_c(b, "\n");
    if (!code_source_line(b->vm, frame_code(f), line_of(f), &text, &len)) return;
    while (len && (*text == ' ' || *text == '\t')) text++, len--;
    sb_add_c(b, "      ");
    sb_add(b, text, len);
    sb_add_c(b, "\n");
}

static void add_task(VM *vm, StrBuilder *b, Task *t)
{
    Code *library;
    Gen *g = user_frame(t, &library);
    Value name = task_name(vm, t);
    if (is_error(name)) return;
    sb_saidf(b, "  task '%V' waits on ", name);
    add_wait(vm, b, t, library);
    add_place(b, &g->frame);
}

const Frame *strand_report(VM *vm, StrBuilder *b, const Strand *s)
{
    const Frame *f = s == vm->strand ? vm->frame : s->frame;
    while (f && code_is_library(frame_code(f))) f = f->caller;
    if (!s->wait || !f) return NULL;
    if (is_str(s->name)) sb_saidf(b, "  thread '%V' waits on ", s->name);
    else if (s == &vm->strands->own) sb_saidf(b, "  the script waits on ");
    else sb_saidf(b, "  thread %ld waits on ", (long)s->ident);
    sb_saidf(b, wait_texts[s->wait->kind]);
    return f;
}

static void add_strand(VM *vm, StrBuilder *b, const Strand *s)
{
    const Frame *f = strand_report(vm, b, s);
    if (f) add_place(b, f);
}

static void add_everybody(VM *vm, StrBuilder *b)
{
    for (Task *t = sched_first_task(vm); t; t = t->next) add_task(vm, b, t);
    add_strand(vm, b, &vm->strands->own);
    for (const Strand *s = vm->strands->first; s; s = s->next) add_strand(vm, b, s);
}

static void print(StrBuilder *b)
{
    Value text = sb_finish(b);
    if (!is_error(text)) report_text(b->vm, as_str(text)->data, as_str(text)->size);
    else vm_take_pending(b->vm);
}

/* Tasks that wait for each other in a ring: follow the holders from each task; a ring is named once. */
static Task *find_ring(VM *vm)
{
    for (Task *t = sched_first_task(vm); t; t = t->next) {
        Task *slow = t, *fast = t;
        while ((fast = holder(vm, fast)) && (fast = holder(vm, fast))) {
            slow = holder(vm, slow);
            if (slow == fast) return slow;
        }
    }
    return NULL;
}

static void add_ring(VM *vm, StrBuilder *b, Task *ring)
{
    sb_saidf(b, "  cycle: ");
    Task *t = ring;
    do {
        Value name = task_name(vm, t);
        if (!is_error(name)) sb_addf(b, "'%V' -> ", name);
        t = holder(vm, t);
    } while (t != ring);
    Value name = task_name(vm, ring);
    if (!is_error(name)) sb_addf(b, "'%V'\n", name);
}

void sched_report_waits(VM *vm)
{
    StrBuilder b;
    sb_init(&b, vm);
    add_everybody(vm, &b);
    print(&b);
}

bool sched_deadlock(VM *vm)
{
    StrBuilder b;
    sb_init(&b, vm);
    sb_saidf(&b, "deadlock: every task waits, and nothing outside can wake one\n");
    add_everybody(vm, &b);
    Task *ring = find_ring(vm);
    if (ring) add_ring(vm, &b, ring);
    print(&b);
    vm->stop_status = 3;
    Value code = small(3);
    vm_raise_arg(vm, ERR_SYSTEM_EXIT, code);
    return false;
}

void report_task_failure(VM *vm, Value task, Value exc)
{
    StrBuilder b;
    sb_init(&b, vm);
    Value name = is_task(task) ? task_name(vm, as_task(task)) : VALUE_UNSET;
    if (is_str(name)) {
        Task *t = as_task(task);
        Value parent = is_task(t->parent) ? task_name(vm, as_task(t->parent)) : VALUE_UNSET;
        sb_saidf(&b, "Task exception was never retrieved: task '%V'", name);
        if (is_str(parent)) sb_saidf(&b, ", made by task '%V'", parent);
        sb_add_c(&b, "\n");
    } else sb_saidf(&b, "Future exception was never retrieved\n");
    Value text = exception_render(vm, exc);
    if (!is_error(text)) sb_add_str(&b, text);
    print(&b);
}
