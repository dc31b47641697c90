/* task_times.h - since when each task waits. The scheduler does not keep that: a prompt that wants to tell
 * listens to its events.
 */
#pragma once
#include "vm/task.h"

typedef struct TaskTime {
    const Task *task; // NULL: a free place
    int64_t since;    // monotonic ns
} TaskTime;

typedef struct TaskTimes {
    TaskTime *slots; // open addressing, a power of two of them
    size_t n, capacity;
} TaskTimes;

void task_times_note(TaskTimes *t, const Task *task, int64_t now);
void task_times_forget(TaskTimes *t, const Task *task);
/* False: it has not waited since the prompt began. */
bool task_times_find(const TaskTimes *t, const Task *task, int64_t *since);
void task_times_free(TaskTimes *t);
