/* fiber.h - a C stack to run on beside the thread's own, and switching between them.
 *
 * The strands of one VM (strand.h) are the only users. A fiber is entered and left by one thread.
 */
#pragma once
#include <stddef.h>

typedef struct Fiber {
    void *place;       // the stack pointer where it stands, above the registers that a C function must keep
    const void *stack; // what the sanitizers are told; of the thread's own: learned at the first switch away from it
    size_t size;
    void *shadow, *sanitizer;
} Fiber;

/* When first switched to, run(argument) begins on that stack. It must not return: it ends by fiber_leave. */
void fiber_prepare(Fiber *f, void *stack, size_t size, void (*run)(void *), void *argument);
/* To be the first thing a fiber does. */
void fiber_begun(Fiber *from);
/* Go on where `to` stands; returns when somebody switches back to `from`. */
void fiber_switch(Fiber *from, Fiber *to);
/* The same for the last time: `from`'s stack is free as soon as `to` runs. */
_Noreturn void fiber_leave(Fiber *from, Fiber *to);
/* Nobody will switch to it again. */
void fiber_free(Fiber *f);
