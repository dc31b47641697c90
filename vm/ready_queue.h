/* ready_queue.h - whose turn it is: first in, first out.
 *
 * A chain of fixed chunks: pushing never copies what is queued already. They are mapped, so that those of
 * a burst go back to the system: between the objects of a million tasks they would stay for good.
 */
#pragma once
#include "vm/vm.h"

/* Step the Task `a`, which waited on `b` (UNSET: on nothing that is asked for the outcome; True: its sleep
 * is over), or call the callback `a` with its future `b`, or the Handle `a`. */
typedef struct Turn { Value a, b; } Turn;

enum { TURN_CHUNK_BYTES = 1 << 16, TURN_CHUNK_TURNS = TURN_CHUNK_BYTES / sizeof(Turn) - 1 };
typedef struct TurnChunk { struct TurnChunk *next; Turn turns[TURN_CHUNK_TURNS]; } TurnChunk;

/* All zero: empty. */
typedef struct ReadyQueue {
    TurnChunk *head, *tail, *spare;
    uint32_t head_at, tail_at; // next turn to take, next free place
    size_t size;
    size_t seen;               // by the collector, from the head on
} ReadyQueue;

void ready_queue_free(ReadyQueue *q);
/* Make place for one more. False: MemoryError is pending. */
bool ready_queue_grow(VM *vm, ReadyQueue *q);
static inline bool ready_queue_push(VM *vm, ReadyQueue *q, Turn turn)
{
    if ((!q->tail || q->tail_at == TURN_CHUNK_TURNS) && !ready_queue_grow(vm, q)) return false;
    q->tail->turns[q->tail_at++] = turn;
    q->size++;
    return true;
}
/* Undo the last push. */
static inline void ready_queue_take_back(ReadyQueue *q)
{
    q->tail_at--;
    q->size--;
}
/* Every turn of the first chunk has been taken: the next one becomes the first. */
void ready_queue_drop_chunk(ReadyQueue *q);
/* The first turn of a queue that is not empty. */
static inline Turn ready_queue_take(ReadyQueue *q)
{
    Turn t = q->head->turns[q->head_at++];
    q->size--;
    if (q->seen) q->seen--;
    if (q->size == 0 && q->head == q->tail) q->head_at = q->tail_at = 0;
    else if (q->head_at == TURN_CHUNK_TURNS) ready_queue_drop_chunk(q);
    return t;
}
/* The i-th one, whose place the first one takes. */
Turn ready_queue_take_at(ReadyQueue *q, size_t i);
/* For the collector: mark up to `budget` turns that it has not seen yet. True: all are. */
bool ready_queue_trace(VM *vm, ReadyQueue *q, size_t budget);
