#include "vm/ready_queue.h"

#include <sys/mman.h>

static TurnChunk *map_chunk(void)
{
    void *p = mmap(NULL, sizeof(TurnChunk), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void unmap_chunk(TurnChunk *c) { munmap(c, sizeof *c); }

void ready_queue_free(ReadyQueue *q)
{
    for (TurnChunk *c = q->head, *next; c; c = next) {
        next = c->next;
        unmap_chunk(c);
    }
    if (q->spare) unmap_chunk(q->spare);
}

bool ready_queue_grow(VM *vm, ReadyQueue *q)
{
    TurnChunk *c = q->spare;
    q->spare = NULL;
    if (!c) c = map_chunk(); // beyond --max-memory: tasks must be able to end when it is reached
    if (!c) return !is_error(vm_no_memory(vm));
    c->next = NULL;
    if (q->tail) q->tail->next = c;
    else {
        q->head = c;
        q->head_at = 0;
    }
    q->tail = c;
    q->tail_at = 0;
    return true;
}

void ready_queue_drop_chunk(ReadyQueue *q)
{
    TurnChunk *old = q->head;
    q->head = old->next;
    q->head_at = 0;
    if (!q->head) q->tail = NULL;
    if (q->spare) unmap_chunk(old);
    else q->spare = old;
}

Turn ready_queue_take_at(ReadyQueue *q, size_t i)
{
    TurnChunk *c = q->head;
    for (i += q->head_at; i >= TURN_CHUNK_TURNS; i -= TURN_CHUNK_TURNS) c = c->next;
    Turn *first = &q->head->turns[q->head_at], chosen = c->turns[i];
    c->turns[i] = *first;
    *first = chosen;
    return ready_queue_take(q);
}

bool ready_queue_trace(VM *vm, ReadyQueue *q, size_t budget)
{
    if (q->seen > q->size) q->seen = q->size; // the newest was taken back
    size_t left = q->size - q->seen, at = q->head_at + q->seen;
    TurnChunk *c = q->head;
    for (; left && at >= TURN_CHUNK_TURNS; at -= TURN_CHUNK_TURNS) c = c->next;
    for (; left && budget; left--, budget--, q->seen++, at++) {
        if (at == TURN_CHUNK_TURNS) {
            c = c->next;
            at = 0;
        }
        gc_mark_value(vm, c->turns[at].a);
        gc_mark_value(vm, c->turns[at].b);
    }
    return !left;
}
