/* measure.c - run one program and write down what it used.
 *
 *   measure FD PROGRAM [ARGS ...]
 *
 * writes "wall_ns user_us sys_us peak_kB status" to file descriptor FD and exits 0.
 * It exists because a process's peak memory counts the image that made it: started from
 * a Python runner of 12 MB, every program seems to need 12 MB.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long us(struct timeval t)
{
    return t.tv_sec * 1000000LL + t.tv_usec;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: measure FD PROGRAM [ARGS ...]\n");
        return 2;
    }
    int report = atoi(argv[1]);
    fcntl(report, F_SETFD, FD_CLOEXEC);

    long long start = now_ns();
    pid_t child = vfork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    if (child < 0) {
        fprintf(stderr, "measure: %s\n", strerror(errno));
        return 1;
    }
    int status;
    struct rusage used;
    while (wait4(child, &status, 0, &used) < 0)
        if (errno != EINTR) return 1;
    long long wall = now_ns() - start;

    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    dprintf(report, "%lld %lld %lld %ld %d\n", wall, us(used.ru_utime), us(used.ru_stime), used.ru_maxrss,
            code);
    return 0;
}
