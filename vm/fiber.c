#include "vm/fiber.h"

#include <stdint.h>
#include <stdlib.h>

/* ---- the switch itself --------------------------------------------------------------------------- */

/* swapcontext would do, at two system calls a switch (0.6 us against 5 ns), and without the sanitizers. */
void fiber_swap(void **from, void *to);

#if defined(__x86_64__)
enum { CONTROL, R15, R14, R13, R12, RBX, RBP, RETURN, FIRST_WORDS = 10 }; // what fiber_swap leaves on the stack
__asm__(".text\n"
        ".globl fiber_swap\n"
        ".type fiber_swap, @function\n"
        "fiber_swap:\n"
        "    pushq %rbp\n    pushq %rbx\n    pushq %r12\n    pushq %r13\n    pushq %r14\n    pushq %r15\n"
        "    subq $8, %rsp\n    stmxcsr (%rsp)\n    fnstcw 4(%rsp)\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    ldmxcsr (%rsp)\n    fldcw 4(%rsp)\n    addq $8, %rsp\n"
        "    popq %r15\n    popq %r14\n    popq %r13\n    popq %r12\n    popq %rbx\n    popq %rbp\n"
        "    ret\n"
        ".size fiber_swap, . - fiber_swap\n"
        ".globl fiber_enter\n"
        ".type fiber_enter, @function\n"
        "fiber_enter:\n"
        "    movq %r15, %rdi\n"
        "    call *%r14\n"
        "    ud2\n"
        ".size fiber_enter, . - fiber_enter\n");
#elif defined(__aarch64__)
enum { X19, X20, X30 = 11, FIRST_WORDS = 20 }; // what fiber_swap leaves on the stack
__asm__(".text\n"
        ".globl fiber_swap\n"
        ".type fiber_swap, %function\n"
        "fiber_swap:\n"
        "    sub sp, sp, #160\n"
        "    stp x19, x20, [sp]\n    stp x21, x22, [sp, #16]\n    stp x23, x24, [sp, #32]\n"
        "    stp x25, x26, [sp, #48]\n    stp x27, x28, [sp, #64]\n    stp x29, x30, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n    stp d10, d11, [sp, #112]\n    stp d12, d13, [sp, #128]\n    stp d14, d15, [sp, #144]\n"
        "    mov x9, sp\n    str x9, [x0]\n"
        "    mov sp, x1\n"
        "    ldp x19, x20, [sp]\n    ldp x21, x22, [sp, #16]\n    ldp x23, x24, [sp, #32]\n"
        "    ldp x25, x26, [sp, #48]\n    ldp x27, x28, [sp, #64]\n    ldp x29, x30, [sp, #80]\n"
        "    ldp d8, d9, [sp, #96]\n    ldp d10, d11, [sp, #112]\n    ldp d12, d13, [sp, #128]\n    ldp d14, d15, [sp, #144]\n"
        "    add sp, sp, #160\n"
        "    ret\n"
        ".size fiber_swap, . - fiber_swap\n"
        ".globl fiber_enter\n"
        ".type fiber_enter, %function\n"
        "fiber_enter:\n"
        "    mov x0, x20\n"
        "    blr x19\n"
        "    brk #1\n"
        ".size fiber_enter, . - fiber_enter\n");
#else
#error "vm/fiber.c: switching stacks is not written for this processor yet"
#endif

void fiber_enter(void);

/* The stack as fiber_swap would have left it, standing before fiber_enter. */
static void *first_place(char *end, void (*run)(void *), void *argument)
{
    uintptr_t *top = (uintptr_t *)((uintptr_t)end & ~(uintptr_t)15);
#if defined(__x86_64__)
    top -= FIRST_WORDS; // fiber_enter begins at a multiple of 16
    for (int i = 0; i < FIRST_WORDS; i++) top[i] = 0;
    __asm__ volatile("stmxcsr (%0)\n    fnstcw 4(%0)" : : "r"(&top[CONTROL]) : "memory");
    top[R15] = (uintptr_t)argument;
    top[R14] = (uintptr_t)run;
    top[RETURN] = (uintptr_t)fiber_enter;
#else
    top -= FIRST_WORDS;
    for (int i = 0; i < FIRST_WORDS; i++) top[i] = 0;
    top[X19] = (uintptr_t)run;
    top[X20] = (uintptr_t)argument;
    top[X30] = (uintptr_t)fiber_enter;
#endif
    return top;
}

/* ---- what the sanitizers want to know ------------------------------------------------------------ */

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define STARTING(save, to) __sanitizer_start_switch_fiber((save), (to)->stack, (to)->size)
#define FINISHED(shadow, from) __sanitizer_finish_switch_fiber((shadow), &(from)->stack, &(from)->size)
#else
#define STARTING(save, to) ((void)0)
#define FINISHED(shadow, from) ((void)0)
#endif

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define NEW_FIBER() __tsan_create_fiber(0)
#define OWN_FIBER() __tsan_get_current_fiber()
#define FREE_FIBER(f) __tsan_destroy_fiber(f)
#define SWITCH_FIBER(to) __tsan_switch_to_fiber((to)->sanitizer, 0)
/* What it takes for a race: glibc's tzset holds a lock of its own, which it does not see. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void) { return "race:tzset_internal\n"; }
#else
#define NEW_FIBER() NULL
#define OWN_FIBER() NULL
#define FREE_FIBER(f) ((void)0)
#define SWITCH_FIBER(to) ((void)0)
#endif

/* ---- fibers -------------------------------------------------------------------------------------- */

void fiber_prepare(Fiber *f, void *stack, size_t size, void (*run)(void *), void *argument)
{
    *f = (Fiber){first_place((char *)stack + size, run, argument), stack, size, NULL, NEW_FIBER()};
}

void fiber_begun(Fiber *from)
{
    (void)from;
    FINISHED(NULL, from);
}

void fiber_switch(Fiber *from, Fiber *to)
{
    if (!from->sanitizer) from->sanitizer = OWN_FIBER();
    STARTING(&from->shadow, to);
    SWITCH_FIBER(to);
    fiber_swap(&from->place, to->place);
    FINISHED(from->shadow, to);
}

_Noreturn void fiber_leave(Fiber *from, Fiber *to)
{
    STARTING(NULL, to);
    SWITCH_FIBER(to);
    fiber_swap(&from->place, to->place);
    abort();
}

void fiber_free(Fiber *f)
{
    if (f->sanitizer) FREE_FIBER(f->sanitizer);
    f->sanitizer = NULL;
}
