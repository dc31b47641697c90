#include "vm/unawaited.h"
#include "vm/coroutine.h"
#include "vm/gc.h"
#include "vm/report.h"

#include <stdlib.h>

enum { MOST_WATCHED = 1000, FIRST_PAUSE = 250 };

typedef struct Unawaited {
    Obj *coroutine; // weak, unless it is dying
    Code *code;     // whose call made it
    uint32_t call;  // the instruction's index
    bool dying;
} Unawaited;

typedef struct UnawaitedList {
    Unawaited items[MOST_WATCHED];
    uint32_t n, ndying;
    uint32_t skip, pause;  // the list was full of such as may still run: so many are not entered
    const Insn *last_told; // a place is told once in a row
} UnawaitedList;

static bool has_not_run(const Obj *o)
{
    return o->kind == KIND_GEN ? gen_state((const Gen *)o) == GEN_CREATED : ((const NativeCoro *)o)->state == 0;
}

static void forget_those_that_run(UnawaitedList *l)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < l->n; i++)
        if (l->items[i].dying || has_not_run(l->items[i].coroutine)) l->items[kept++] = l->items[i];
    l->n = kept;
}

static bool has_room(UnawaitedList *l)
{
    if (l->n < MOST_WATCHED) return true;
    if (l->skip && has_not_run(l->items[l->n - 1].coroutine)) return l->skip--, false;
    forget_those_that_run(l);
    if (l->n < MOST_WATCHED) return l->pause = 0, true;
    l->pause = l->pause ? l->pause * 2 : FIRST_PAUSE;
    if (l->pause > UINT32_MAX / 4) l->pause = UINT32_MAX / 4;
    l->skip = l->pause;
    return false;
}

void unawaited_watch(VM *vm, Value coroutine)
{
    Code *c = frame_code(vm->frame);
    if (code_is_library(c) || !(is_exact(coroutine, T_COROUTINE) || is_exact(coroutine, T_NATIVE_CORO))) return;
    UnawaitedList *l = vm->unawaited;
    if (!l) l = vm->unawaited = calloc(1, sizeof *l);
    if (l && has_room(l))
        l->items[l->n++] = (Unawaited){as_obj(coroutine), c, (uint32_t)(vm->frame->pc - c->insns) - 1, false};
}

void unawaited_mark(VM *vm)
{
    UnawaitedList *l = vm->unawaited;
    for (uint32_t i = 0; l && i < l->n; i++) {
        gc_mark_obj(vm, l->items[i].code);
        if (l->items[i].dying) gc_mark_obj(vm, l->items[i].coroutine);
    }
}

void unawaited_find_dying(VM *vm)
{
    UnawaitedList *l = vm->unawaited;
    if (!l) return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < l->n; i++) {
        Unawaited u = l->items[i];
        if (!u.dying && !gc_lives(vm, u.coroutine)) {
            if (!has_not_run(u.coroutine)) continue;
            u.dying = true;
            l->ndying++;
        }
        l->items[kept++] = u;
    }
    l->n = kept;
    for (uint32_t i = 0; l->ndying && i < kept; i++)
        if (l->items[i].dying) gc_mark_obj(vm, l->items[i].coroutine);
    if (l->ndying) gc_mark_all(vm);
}

static void tell(VM *vm, UnawaitedList *l, const Unawaited *u)
{
    const Insn *call = u->code->insns + u->call;
    if (call == l->last_told) return;
    l->last_told = call;
    report_never_awaited_at(vm, obj_value(u->coroutine), u->code, call);
}

/* In the order in which they were made. What is told allocates, but does not collect. */
void unawaited_report(VM *vm, bool at_end)
{
    UnawaitedList *l = vm->unawaited;
    if (!l || !(at_end || l->ndying)) return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < l->n; i++) {
        Unawaited u = l->items[i];
        if (u.dying || (at_end && has_not_run(u.coroutine))) tell(vm, l, &u);
        else l->items[kept++] = u;
    }
    l->n = kept;
    l->ndying = 0;
}

void unawaited_free(VM *vm)
{
    free(vm->unawaited);
    vm->unawaited = NULL;
}
