#define _GNU_SOURCE // memfd_create
#include "cli/test_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void become_child(int out)
{
    int in = open("/dev/null", O_RDONLY);
    if (in >= 0) dup2(in, 0);
    dup2(out, 1);
    dup2(out, 2);
}

static bool read_output(int fd, ChildResult *result)
{
    long n = lseek(fd, 0, SEEK_END);
    result->output = n < 0 ? NULL : malloc((size_t)n + 1);
    if (!result->output) return false;
    while (result->size < (size_t)n) {
        ssize_t got = pread(fd, result->output + result->size, (size_t)n - result->size, (off_t)result->size);
        if (got <= 0) break;
        result->size += (size_t)got;
    }
    result->output[result->size] = '\0';
    return true;
}

bool child_run(int (*body)(void *state), void *state, ChildResult *result)
{
    *result = (ChildResult){0};
    int fd = memfd_create("co test", MFD_CLOEXEC);
    fflush(NULL); // or the child would print it again
    pid_t pid = fd < 0 ? -1 : fork();
    if (pid == 0) {
        become_child(fd);
        int status = body(state);
        fflush(NULL);
        _exit(status);
    }
    int status = 0;
    pid_t ended = -1;
    if (pid > 0) do
            ended = waitpid(pid, &status, 0);
        while (ended < 0 && errno == EINTR);
    bool ok = ended == pid && pid > 0 && read_output(fd, result);
    if (fd >= 0) close(fd);
    result->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return ok;
}

long child_output_size(void)
{
    return lseek(1, 0, SEEK_END);
}

void child_result_free(ChildResult *result)
{
    free(result->output);
    *result = (ChildResult){0};
}
