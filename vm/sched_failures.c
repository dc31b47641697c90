/* sched_failures.c - failures that nobody has asked for: kept, told to a handler when they are dropped,
 * reported at the end. */
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/report.h"
#include "vm/sched.h"

void sched_note_failure(VM *vm, Future *f)
{
    Sched *s = vm->sched;
    if (is_unset(s->failures)) s->failures = list_new(vm, NULL, 0);
    if (is_error(s->failures)) {
        s->failures = VALUE_UNSET;
        vm_take_pending(vm);
        return;
    }
    if (!list_append(vm, as_list(s->failures), obj_value(f))) vm_take_pending(vm);
    s->failed = true;
}

void sched_watch_failures(VM *vm, bool watch) { vm->sched->watching = watch; }
void sched_seek_dropped(VM *vm, bool seek)
{
    if (vm->sched) vm->sched->seeking = seek && vm->sched->watching && !is_unset(vm->sched->failures);
}

void sched_note_dropped(VM *vm)
{
    Sched *s = vm->sched;
    if (!s || !s->seeking) return;
    const List *failures = as_list(s->failures);
    for (size_t i = 0; i < failures->size; i++)
        if (!gc_lives(vm, as_obj(failures->items[i]))) as_obj(failures->items[i])->aux |= FUTURE_DROPPED;
    gc_mark_value(vm, s->failures);
}

void sched_report_error(VM *vm, const char *where)
{
    report_ignored(vm, where);
    vm->exit_status = 1;
}

/* Has the program set an exception handler for its loop? Then that is told. */
static bool tell_handler(VM *vm, Future *f)
{
    Value events = dict_get_c(vm, vm->modules, "asyncio.events");
    if (is_unset(events)) return false;
    Value args[] = {obj_value(f), f->result};
    Value told = vm_call_method(vm, events, vm_intern(vm, "_never_retrieved"), args, 2);
    if (is_error(told)) sched_report_error(vm, "exception handler");
    return told != VALUE_FALSE;
}

void sched_tell_dropped(VM *vm)
{
    Sched *s = vm->sched;
    if (!s || !s->watching || is_unset(s->failures)) return;
    Value *root = roots_push(vm, s->failures);
    for (size_t i = 0; root && i < as_list(*root)->size; i++) {
        Future *f = as_future(as_list(*root)->items[i]);
        if (!(f->h.aux & FUTURE_DROPPED) || f->h.aux & FUTURE_OBSERVED) continue;
        f->h.aux |= FUTURE_OBSERVED;
        tell_handler(vm, f);
    }
    if (root) roots_pop(vm, root);
}

void sched_report_failures(VM *vm)
{
    Sched *s = vm->sched;
    if (is_unset(s->failures)) return;
    Value list = s->failures;
    s->failures = VALUE_UNSET;
    Value *root = roots_push(vm, list);
    for (size_t i = 0; root && i < as_list(list)->size; i++) {
        Future *f = as_future(as_list(list)->items[i]);
        if (f->h.aux & FUTURE_OBSERVED) continue;
        f->h.aux |= FUTURE_OBSERVED;
        if (tell_handler(vm, f)) continue;
        report_task_failure(vm, obj_value(f), f->result);
        vm->exit_status = 1;
    }
    if (root) roots_pop(vm, root);
}
