/* starve.c - a malloc that fails, laid in front of the C library's by LD_PRELOAD.
 * From the STARVE_AT-th allocation of the process on there is no memory. At the end the number of allocations is
 * written to the file STARVE_COUNT.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long allocations;
static long failing = -1;

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("STARVE_AT");
    allocations = 0;
    failing = at ? atol(at) : -1;
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("STARVE_COUNT");
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
    if (fd >= 0) dprintf(fd, "%ld\n", (long)allocations);
}

static bool fails(void)
{
    long n = ++allocations;
    if (failing < 0 || n < failing) return false;
    errno = ENOMEM;
    return true;
}

/* dlsym itself asks for memory: what it gets before it has answered lies here, and is never freed. */
static _Alignas(16) char early[1 << 14];
static size_t early_used;

static bool is_early(const void *p) { return (const char *)p >= early && (const char *)p < early + sizeof early; }

static void *early_alloc(size_t n)
{
    void *p = early + early_used;
    early_used += (n + 15) & ~(size_t)15;
    return early_used <= sizeof early ? p : NULL;
}

static void *next(void **known, bool *seeking, const char *name)
{
    if (!*known && !*seeking) {
        *seeking = true;
        *known = dlsym(RTLD_NEXT, name);
        *seeking = false;
    }
    return *known;
}

#define NEXT(name) \
    static void *known; \
    static bool seeking; \
    __typeof__(&name) real = (__typeof__(&name))next(&known, &seeking, #name)

void *malloc(size_t n)
{
    NEXT(malloc);
    if (!real) return early_alloc(n);
    return fails() ? NULL : real(n);
}

void *calloc(size_t n, size_t size)
{
    NEXT(calloc);
    if (!real) return early_alloc(n * size);
    return fails() ? NULL : real(n, size);
}

void *realloc(void *p, size_t n)
{
    NEXT(realloc);
    return fails() ? NULL : real(p, n);
}

int posix_memalign(void **p, size_t align, size_t n)
{
    NEXT(posix_memalign);
    return fails() ? ENOMEM : real(p, align, n);
}

void free(void *p)
{
    NEXT(free);
    if (!is_early(p) && real) real(p);
}
