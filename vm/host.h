/* host.h - everything the VM asks of the outside: one table of functions.
 *
 * Time, the order of ready tasks, readiness and results of I/O, randomness, output: all decisions come
 * through here. The command's host is libuv (cli/host_uv.c); virtual time and the seeded scheduler
 * (cli/host_virtual.c) are other tables of the same type. vm/ knows no other way out.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct VM VM;
typedef struct Host Host;
struct HostIo; // io.h

struct Host {
    void *state; // the host's own
    /* Nanoseconds of a clock that never goes back, and of the wall clock since 1970. */
    int64_t (*monotonic)(Host *h);
    int64_t (*wall)(Host *h);
    /* Nothing is ready: wait until `deadline` (monotonic ns; INT64_MAX: none) or until an event; events are
     * delivered by calling back into the scheduler (task.h: task_wake ...) before it returns. poll: do not wait.
     * Answers false when nothing outside can ever happen and there is no deadline (a deadlock). */
    bool (*wait)(Host *h, VM *vm, int64_t deadline, bool poll);
    /* From any thread or signal handler: a wait that goes on returns. */
    void (*wake)(Host *h);
    /* Block the whole VM (time.sleep). Answers false when interrupted (h->pending is set). */
    bool (*block)(Host *h, int64_t ns);
    /* Which of n ready entries goes next; NULL: the first (FIFO). */
    size_t (*choose)(Host *h, size_t n);
    void (*random)(Host *h, void *buf, size_t n);
    /* The key of this VM's str hashes. */
    void (*hash_key)(Host *h, uint64_t key[2]);
    /* Write all of it; 0 or an errno. */
    int (*write)(Host *h, int fd, const void *buf, size_t n);
    /* A line from standard input into buf (at most cap bytes, newline included); length, 0 at the end, -errno. */
    long (*read_line)(Host *h, char *buf, size_t cap);
    /* The whole of a file, malloc'd; NULL with an errno in *err (EISDIR for a folder). */
    char *(*read_file)(Host *h, const char *path, size_t *size, int *err);
    /* Does read_line give something without waiting? */
    bool (*has_input)(Host *h);
    /* Files by descriptor, from any thread, which may outlive the host: h may be NULL. What fails answers the errno, negated; a folder cannot be opened (EISDIR). */
    int (*open_fd)(Host *h, const char *path, int flags, int mode);
    long (*read_fd)(Host *h, int fd, void *buf, size_t n);
    /* The same as far as neither a disk nor a peer has to be waited for: else -EAGAIN, also when that cannot be told. */
    long (*read_now)(Host *h, int fd, void *buf, size_t n);
    int (*write_fd)(Host *h, int fd, const void *buf, size_t n); // as write, which may do more with what it sees
    int64_t (*seek_fd)(Host *h, int fd, int64_t offset, int whence);
    int (*truncate_fd)(Host *h, int fd, int64_t size);
    int (*close_fd)(Host *h, int fd);
    void (*close)(Host *h);
    const struct HostIo *io; // what goes on outside while the program runs
    /* Set from signal handlers and other threads; the VM looks at it when its fuel runs out. */
    _Atomic int pending; // HOST_...
    void *watch;          // of who has put itself in front of some of these functions (cli/trace_record.c)
    bool ordered;         // all happens in the same order every time, as far as that is in its power
    bool busy;            // channels are open: poll between rounds even when tasks are ready
};
enum { HOST_INTERRUPT = 1, HOST_TIME_LIMIT = 2, HOST_DUMP = 4 };
