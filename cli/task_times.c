#include "cli/task_times.h"

#include <stdlib.h>

static size_t place_of(const TaskTimes *t, const Task *task)
{
    uint64_t mixed = (uint64_t)(uintptr_t)task * 0x9E3779B97F4A7C15u;
    return (size_t)(mixed >> 32) & (t->capacity - 1);
}

/* Its place, or the free one where it would go. */
static TaskTime *find(const TaskTimes *t, const Task *task)
{
    size_t i = place_of(t, task);
    while (t->slots[i].task && t->slots[i].task != task) i = (i + 1) & (t->capacity - 1);
    return &t->slots[i];
}

static bool grow(TaskTimes *t)
{
    TaskTimes more = {.capacity = t->capacity ? t->capacity * 2 : 64, .n = t->n};
    more.slots = calloc(more.capacity, sizeof *more.slots);
    if (!more.slots) return false;
    for (size_t i = 0; i < t->capacity; i++)
        if (t->slots[i].task) *find(&more, t->slots[i].task) = t->slots[i];
    free(t->slots);
    *t = more;
    return true;
}

void task_times_note(TaskTimes *t, const Task *task, int64_t now)
{
    if (t->n * 4 >= t->capacity * 3 && !grow(t)) return; // untold is better than wrong
    TaskTime *slot = find(t, task);
    if (!slot->task) t->n++;
    *slot = (TaskTime){task, now};
}

/* Those behind it in its run move up, so that looking for them does not end at the gap. */
void task_times_forget(TaskTimes *t, const Task *task)
{
    TaskTime *gap = t->capacity ? find(t, task) : NULL;
    if (!gap || !gap->task) return;
    t->n--;
    size_t mask = t->capacity - 1, hole = (size_t)(gap - t->slots);
    for (size_t i = (hole + 1) & mask; t->slots[i].task; i = (i + 1) & mask) {
        size_t home = place_of(t, t->slots[i].task);
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        t->slots[hole] = t->slots[i];
        hole = i;
    }
    t->slots[hole].task = NULL;
}

bool task_times_find(const TaskTimes *t, const Task *task, int64_t *since)
{
    const TaskTime *slot = t->capacity ? find(t, task) : NULL;
    if (!slot || !slot->task) return false;
    *since = slot->since;
    return true;
}

void task_times_free(TaskTimes *t)
{
    free(t->slots);
    *t = (TaskTimes){0};
}
