/* io.h - what a host does outside while the program goes on: connections, pipes, names, children, signals.
 *
 * Whatever is open outside is a channel, known by an id that holds a generation: an id whose channel is gone is
 * refused (-EBADF), never mistaken for a newer one. A channel tells its sink what happens to it. Sinks are called
 * only from within Host.wait; they may allocate and make tasks ready but never run scripts. What an event points at
 * is the host's and lasts as long as the call. Nothing here blocks, and nothing allocates for each operation.
 */
#pragma once
#include "vm/host.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

typedef uint64_t IoId; // 0: none

typedef struct IoAddress {
    socklen_t size; // 0: none, or not known
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    };
} IoAddress;

typedef enum {
    IO_CONNECTED, // connect has succeeded; if it fails: IO_CLOSED
    IO_ACCEPTED,  // a listening channel has a new connection: `id`, from `address`. It has no sink yet: attach
    IO_DATA,      // `data`, `size`
    IO_END,       // nothing more will come; writing goes on
    IO_DRAINED,   // all that was to be written has been handed to the system
    IO_CLOSED,    // the channel is gone, after close (error 0) or by `error`; its last event
    IO_RESOLVED,  // a look-up's answer: `addresses`, or an EAI_ code in `error`; its last event
    IO_EXITED,    // a child has ended with `status`, or by `signal`; its last event
    IO_SIGNAL,    // the process got `signal`
    IO_DONE,      // a lane has done `job`, which is the sink's again
    IO_READY,     // a watched descriptor is `readable`, `writable` or both
} IoEventKind;

/* What a thread of the host is to do: run, on that thread, where it touches nothing of a VM. drop lets go of one that
 * nobody waits for any more. */
typedef struct IoJob IoJob;
struct IoJob {
    void (*run)(IoJob *job);
    void (*drop)(IoJob *job);
    IoJob *next;       // the host's
    bool stepped_back; // the host's
};

typedef struct IoEvent {
    IoEventKind kind;
    int error; // an errno; 0: none
    IoId id;
    const IoAddress *address;
    const struct addrinfo *addresses;
    const uint8_t *data;
    size_t size;
    int status, signal;
    IoJob *job;
    bool readable, writable;
} IoEvent;

typedef struct IoSink IoSink;
struct IoSink {
    void (*event)(VM *vm, IoSink *sink, const IoEvent *e);
};

/* A program to be started. fds[i] becomes the child's descriptor i (-1: /dev/null). */
typedef struct IoCommand {
    const char *file;
    char **argv, **env; // env NULL: ours
    const char *cwd;    // NULL: ours
    int fds[3];
    bool new_session;
} IoCommand;

enum { IO_REUSE_PORT = 1, IO_ONLY_V6 = 2, IO_KEEP_ADDRESS = 4 }; // of listen; KEEP_ADDRESS: no SO_REUSEADDR

struct HostIo {
    /* All of these answer 0 or an errno, negated; *id is the new channel. IO_CONNECTED or IO_CLOSED follows. */
    int (*connect)(Host *h, const IoAddress *to, const IoAddress *from, IoSink *sink, IoId *id);
    /* Connections come at once; while there are no descriptors for them, accepting pauses by itself. */
    int (*listen)(Host *h, const IoAddress *at, int backlog, unsigned flags, IoSink *sink, IoId *id);
    /* A descriptor as a channel (a pipe, a terminal, a socket), which owns it from now on, also when this fails. */
    int (*adopt)(Host *h, int fd, IoSink *sink, IoId *id);
    /* A pair of descriptors, of which `ours` becomes a channel and the other is for a child. */
    int (*pipe)(Host *h, bool we_write, IoSink *sink, IoId *ours, int *theirs);
    /* Who is told from now on; NULL: nobody. */
    void (*attach)(Host *h, IoId id, IoSink *sink);
    /* Let IO_DATA and IO_END come, or hold them back: then the peer's system holds the peer back. */
    void (*read)(Host *h, IoId id, bool on);
    /* Hand it to the system at once as far as it takes it; the rest is copied and follows. The number of bytes
     * that are still to be written, or an errno, negated: then IO_CLOSED follows. */
    int64_t (*write)(Host *h, IoId id, const void *data, size_t n);
    /* After what is to be written, tell the peer that nothing more will come. */
    int (*write_end)(Host *h, IoId id);
    /* Close after what is to be written has been (abort: at once); IO_CLOSED follows if it has a sink. */
    void (*close)(Host *h, IoId id, bool abort);
    int (*address)(Host *h, IoId id, bool peer, IoAddress *out);
    int (*fd)(Host *h, IoId id); // its descriptor, -1 if it has none
    /* name NULL: the wildcard or loopback address; hints as getaddrinfo takes them. */
    int (*resolve)(Host *h, const char *name, const char *service, const struct addrinfo *hints, IoSink *sink, IoId *id);
    int (*spawn)(Host *h, const IoCommand *c, IoSink *sink, IoId *id, int *pid);
    int (*kill)(Host *h, IoId child, int signal);
    int (*signal)(Host *h, int signal, IoSink *sink, IoId *id); // until closed
    /* A lane: a thread that does the jobs it is given, one after another. Closing lets it do what it has (abort: and waits
     * for that). loose: a job may never end, and nobody waits for it when the host is closed. */
    int (*lane)(Host *h, bool loose, IoSink *sink, IoId *id);
    int (*give)(Host *h, IoId lane, IoJob *job);
    /* From within a job's run: it takes long, so its thread steps back behind everybody else until the job is done; those that
     * follow in its lane do not. */
    void (*step_back)(IoJob *job);
    /* A host of the same kind for a VM on a lane; host->close frees it. NULL: no memory. */
    Host *(*another)(Host *h);
    int (*cores)(Host *h); // how many threads can compute at the same time; 1 under virtual time, where all has its order
    /* Somebody else's descriptor, which stays theirs: IO_READY each time a wait finds it so, for what `want` last asked.
     * One that wants nothing keeps no program alive; want nothing, or close the watch, before the descriptor is closed. */
    int (*watch)(Host *h, int fd, IoSink *sink, IoId *id);
    void (*want)(Host *h, IoId watch, bool readable, bool writable);
};
