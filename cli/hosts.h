/* hosts.h - the hosts of the command (vm/host.h): the real world, and virtual time on top of it. */
#pragma once
#include "vm/host.h"

/* The real host, on libuv. NULL: out of memory. */
Host *host_uv_new(void);
/* libuv aborts where the list of what it watches cannot grow. From now on the process ends there with a word why:
 * for the command's main, before anything else of libuv's. */
void host_uv_end_without_memory(void);
/* Is anything under way outside (a child, a pipe, a thread; not a signal that may come)? */
bool host_uv_expects(const Host *h);
/* Time stands still while the program runs and jumps when it waits; randomness is a fixed sequence.
 * Everything else is done by `real`, a real host, which it takes over. While something goes on there, a deadline comes
 * when that has been silent for as long as the program would wait, and for a second at least. */
Host *host_virtual_new(Host *real);
/* From now on ready tasks take their turns in an order that follows from the seed, and so does everything
 * random. */
void host_seed(Host *h, uint64_t seed);
void host_free(Host *h);

/* What the prompt waits for beside its tasks: the real host's waits also end when something has come from `fd`, when
 * the terminal has got another size, or when `late_ms` milliseconds have passed (-1: never). `event` is called from
 * within the wait. With a negative fd only the time is told, and the size. */
typedef enum { HOST_READABLE, HOST_RESIZED, HOST_LATE } HostEvent;
typedef struct HostWatch {
    int fd;
    void (*event)(void *state, HostEvent event);
    void *state;
} HostWatch;
/* False: that descriptor cannot be waited for (a plain file). */
bool host_uv_watch(Host *h, const HostWatch *watch);
void host_uv_unwatch(Host *h);
void host_uv_remind(Host *h, int late_ms);
/* Some of standard input has been read ahead: read_line will not wait, and the descriptor does not tell. */
bool host_uv_has_input(Host *h);

/* From now on Ctrl-C, SIGQUIT and the end of `limit` nanoseconds (0: no limit) set h->pending. */
void signals_catch(Host *h, int64_t limit);
/* This host goes: signals that come later are nobody's. */
void signals_forget(const Host *h);
/* A script has handled this signal and no longer does. */
void signals_restore(int sig);

/* SplitMix64: numbers that follow from *state. Every host's state begins with one. */
typedef struct HostRandom { uint64_t state; } HostRandom;
uint64_t host_mix(HostRandom *r);
/* Host.random and Host.hash_key by it; CO_HASH_SEED fixes the key alone. */
void host_random(Host *h, void *buf, size_t n);
void host_hash_key(Host *h, uint64_t key[2]);
