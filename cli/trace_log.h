/* trace_log.h - what trace_record.c writes down and trace_model.c reads: a log of 64-bit words.
 *
 * A word is a tag in its lowest byte, a detail in the next and a payload in the rest, often the address of
 * a task. Tasks are told apart only when the log is read: an address belongs to the task created there
 * last.
 */
#pragma once
#include "cli/trace.h"
#include "vm/task.h"

typedef enum {
    LOG_CLOCK = 1, // payload: ns since the start; what follows happened then
    LOG_CREATED,   // a task, and a word: the task that made it
    LOG_READY,     // a task
    LOG_RUNNING,   // a task
    LOG_WAITING,   // a task; detail: WaitKind; and words: place, LOG_ON...
    LOG_GAVE_WAY,  // a task that is ready again at once; and a word: place
    LOG_WENT_ON,   // the one that runs. payload: how often it has given way to nobody
    LOG_FINISHED,  // a task; detail: LaneEnd
    LOG_BLOCK,     // time.sleep begins. payload: index into notes of what it is called; and a word: place
    LOG_UNBLOCK,   // ... and is over
    LOG_OUTPUT,    // payload: index into notes
    /* What a task waits on, the last words of LOG_WAITING: */
    LOG_ON_NOTHING,
    LOG_ON_TIME,    // a deadline, ns since the start
    LOG_ON_TASK,    // a task
    LOG_ON_GATHER,  // payload: number of tasks; at most GATHER_SHOWN words: the tasks
    LOG_ON_LIBRARY, // the CodeRecord of the library's function that was called
} LogTag;

enum { GATHER_SHOWN = 4 };

static inline uint64_t log_word(LogTag tag, unsigned detail, uint64_t payload) { return payload << 16 | detail << 8 | tag; }
static inline LogTag log_tag(uint64_t word) { return (LogTag)(word & 0xff); }
static inline unsigned log_detail(uint64_t word) { return word >> 8 & 0xff; }
static inline uint64_t log_payload(uint64_t word) { return word >> 16; }

/* A time takes the detail's byte as well: two years. */
enum { LOG_TIME_BITS = 55 };
static inline uint64_t log_time_word(LogTag tag, int64_t ns)
{
    int64_t most = ((int64_t)1 << LOG_TIME_BITS) - 1;
    return (uint64_t)(ns < 0 ? 0 : ns < most ? ns : most) << 8 | tag;
}
static inline int64_t log_time(uint64_t word) { return (int64_t)(word >> 8); }

/* A place is the address of a CodeRecord, which lives as long as the VM, and the instruction's index; 0: none. */
enum { PLACE_ADDRESS_BITS = 48, PLACE_LAST_PC = 0xffff };
static inline uint64_t log_place(const CodeRecord *code, size_t pc)
{
    return (uint64_t)(pc < PLACE_LAST_PC ? pc : PLACE_LAST_PC) << PLACE_ADDRESS_BITS | (uintptr_t)code;
}
static inline const CodeRecord *place_code(uint64_t place)
{
    return (const CodeRecord *)(uintptr_t)(place & (((uint64_t)1 << PLACE_ADDRESS_BITS) - 1));
}
static inline uint32_t place_pc(uint64_t place) { return (uint32_t)(place >> PLACE_ADDRESS_BITS); }

typedef struct LogChunk LogChunk;
enum { CHUNK_WORDS = 8190 };
struct LogChunk {
    LogChunk *next;
    size_t n;
    uint64_t words[CHUNK_WORDS];
};

/* What a task was called when it was made; in the order of their LOG_CREATED. */
typedef struct Birth { char *name, *call; bool named; const CodeRecord *code; } Birth;

struct Recorder {
    VM *vm;
    TraceLimits limits;
    uint64_t *at, *end;     // free part of the newest chunk
    LogChunk *first, *last;
    size_t nchunks;
    int64_t start, now;     // monotonic ns: of the start, and when the clock was last read
    int64_t waited;         // ns in which nothing ran
    int32_t fuel;           // of the VM when the clock was last read
    uint32_t unclocked;     // events since then
    uint64_t events;
    Task *running;
    Task *gave_way;         // NULL, or held back: a task that has given way
    uint64_t went_on;       // held back: steps of the running one
    size_t unfollowed;      // tasks beyond those that are followed
    bool full;
    Birth *births;
    size_t nbirths, births_capacity;
    char **notes;           // texts that the log refers to
    size_t nnotes, notes_capacity;
    size_t output_bytes;
    /* The host's own functions, in front of which the recorder stands. */
    bool (*wait)(Host *h, VM *vm, int64_t deadline, bool poll);
    bool (*block)(Host *h, int64_t ns);
    int (*write)(Host *h, int fd, const void *buf, size_t n);
};

/* The log holds all that has happened until now. */
void recorder_settle(Recorder *r);
/* The program has ended: the log is complete, the host has its own functions again. */
void recorder_stop(Recorder *r);
void recorder_free(Recorder *r);
