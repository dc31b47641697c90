/* trace.c - co trace: one lane per task, who ran, who waited on what, when. Reads the scheduler's event
 * hook. */
#include "cli/run.h"
#include "vm/str.h"
#include "vm/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LANE_COLUMNS = 60, NAME_COLUMNS = 16, LISTED_EVENTS = 400 };

typedef struct Event {
    int64_t when;
    uint32_t task; // index into Trace.names
    uint8_t kind, wait;
} Event;

typedef struct Name { char *text; Task *task; } Name;

typedef struct Trace {
    Event *events;
    size_t n, capacity;
    Name *names; // of the tasks, in order of creation
    size_t nnames, names_capacity;
    int64_t start;
    bool lost;   // memory ran out: the end of the trace is missing
} Trace;

static const char *const wait_texts[] = {
#define WAIT(e, text) text,
#include "vm/waits.def"
#undef WAIT
};

static bool reserve(void *list, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity) return true;
    size_t more = *capacity ? *capacity * 2 : 256;
    void *p = realloc(*(void **)list, more * size);
    if (!p) return false;
    *(void **)list = p;
    *capacity = more;
    return true;
}

static bool add_name(Trace *t, VM *vm, Task *task)
{
    Value name = task_name(vm, task);
    char *text = is_str(name) ? strndup(as_str(name)->data, as_str(name)->size) : NULL;
    if (!text || !reserve(&t->names, t->nnames, &t->names_capacity, sizeof *t->names)) {
        free(text);
        return false;
    }
    t->names[t->nnames++] = (Name){text, task};
    return true;
}

/* Tasks come and go, and memory is used again: the newest one at an address is meant. */
static size_t lane_of(const Trace *t, const Task *task)
{
    size_t i = t->nnames;
    while (i-- > 0)
        if (t->names[i].task == task) return i;
    return SIZE_MAX;
}

static void record(VM *vm, int kind, Task *task, void *state)
{
    Trace *t = state;
    if (t->lost) return;
    if (kind == EVENT_CREATED && !add_name(t, vm, task)) t->lost = true;
    size_t lane = lane_of(t, task);
    if (lane == SIZE_MAX || !reserve(&t->events, t->n, &t->capacity, sizeof *t->events)) {
        t->lost = true;
        return;
    }
    t->events[t->n++] = (Event){sched_now(vm) - t->start, (uint32_t)lane, (uint8_t)kind, task->wait_kind};
    if (kind == EVENT_FINISHED) t->names[lane].task = NULL;
}

static void begin(VM *vm, void *state)
{
    Trace *t = state;
    t->start = sched_now(vm);
    vm->event_hook = record;
    vm->event_state = t;
}

/* ---- drawing ---- */

static int64_t end_of(const Trace *t) { return t->n ? t->events[t->n - 1].when : 0; }

static int column(int64_t when, int64_t end) { return end ? (int)(when * (LANE_COLUMNS - 1) / end) : 0; }

/* What the lane shows in each column: ' ' not there, '.' ready, 'w' waiting, 'r' ran. */
static void fill_lane(const Trace *t, size_t lane, char *cells)
{
    int64_t end = end_of(t);
    char state = ' ';
    int at = 0;
    memset(cells, ' ', LANE_COLUMNS);
    for (size_t i = 0; i < t->n; i++) {
        const Event *e = &t->events[i];
        if (e->task != lane) continue;
        int to = column(e->when, end);
        for (; at < to; at++)
            if (cells[at] != 'r') cells[at] = state;
        switch (e->kind) {
        case EVENT_RUNNING: cells[to] = 'r'; break;
        case EVENT_WAITING: state = 'w'; break;
        case EVENT_FINISHED: state = ' '; break;
        default: state = '.'; break;
        }
        if (cells[to] != 'r') cells[to] = state;
    }
}

static void draw_lane(const Trace *t, size_t lane)
{
    char cells[LANE_COLUMNS];
    fill_lane(t, lane, cells);
    printf("%-*.*s ", NAME_COLUMNS, NAME_COLUMNS, t->names[lane].text);
    for (int i = 0; i < LANE_COLUMNS; i++)
        fputs(cells[i] == 'r' ? "█" : cells[i] == 'w' ? "─" : cells[i] == '.' ? "·" : " ", stdout);
    putchar('\n');
}

static void draw_lanes(const Trace *t)
{
    char end[32];
    int n = snprintf(end, sizeof end, "%.3f s", (double)end_of(t) / 1e9);
    printf("\n%-*s 0%*s%s\n", NAME_COLUMNS, "task", LANE_COLUMNS - 1 - n, "", end);
    for (size_t i = 0; i < t->nnames; i++) draw_lane(t, i);
    printf("%*s █ runs  ─ waits  · ready\n\n", NAME_COLUMNS, "");
}

static void list_events(const Trace *t)
{
    for (size_t i = 0; i < t->n && i < LISTED_EVENTS; i++) {
        const Event *e = &t->events[i];
        const char *name = t->names[e->task].text;
        if (e->kind == EVENT_READY) continue;
        printf("%9.3f  %s ", (double)e->when / 1e9, name);
        if (e->kind == EVENT_WAITING) printf("waits on %s\n", wait_texts[e->wait]);
        else
            printf("%s\n", e->kind == EVENT_CREATED ? "is made" : e->kind == EVENT_RUNNING ? "runs" : "ends");
    }
    if (t->n > LISTED_EVENTS) printf("           ... and %zu events more\n", t->n - LISTED_EVENTS);
    if (t->lost) printf("           (the rest of the trace is lost: out of memory)\n");
}

int run_trace(const Options *o)
{
    Trace t = {0};
    Options run = *o;
    run.action = ACTION_FILE;
    run.on_start = begin;
    run.start_state = &t;
    int status = run_program(&run);
    fflush(stdout);
    if (t.nnames) {
        draw_lanes(&t);
        list_events(&t);
    } else puts("\nno task ran");
    for (size_t i = 0; i < t.nnames; i++) free(t.names[i].text);
    free(t.names);
    free(t.events);
    return status;
}
