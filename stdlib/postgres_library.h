/* postgres_library.h - what of libpq's interface _postgres.c uses.
 *
 * The library (Debian's libpq5) is opened when a program first imports postgres; its header is not needed to build.
 * Names and numbers are those of libpq-fe.h, whose ABI keeps them.
 */
#pragma once
#include <stddef.h>

typedef struct PGconn PGconn;
typedef struct PGresult PGresult;
typedef struct PGcancel PGcancel;
typedef struct PGoption { char *keyword, *envvar, *compiled, *val, *label, *dispchar; int dispsize; } PGoption;
typedef struct PGnotify { char *channel; int pid; char *payload; struct PGnotify *next; } PGnotify;
typedef void PGreceiver(void *state, const PGresult *notice);

enum {
    CONNECTION_BAD = 1,
    PGRES_EMPTY_QUERY = 0, PGRES_COMMAND_OK = 1, PGRES_TUPLES_OK = 2, PGRES_COPY_OUT = 3, PGRES_COPY_IN = 4,
    PGRES_COPY_BOTH = 8, PGRES_SINGLE_TUPLE = 9,
};

/* PQ(type, function, parameters): `PQfunction`. */
#define PQ_FUNCTIONS                                                                                           \
    PQ(PGoption *, conninfoParse, (const char *, char **))                                                     \
    PQ(void, conninfoFree, (PGoption *))                                                                       \
    PQ(PGconn *, connectStartParams, (const char *const *, const char *const *, int))                          \
    PQ(int, connectPoll, (PGconn *))                                                                           \
    PQ(void, finish, (PGconn *))                                                                               \
    PQ(int, status, (const PGconn *))                                                                          \
    PQ(int, transactionStatus, (const PGconn *))                                                               \
    PQ(char *, errorMessage, (const PGconn *))                                                                 \
    PQ(int, socket, (const PGconn *))                                                                          \
    PQ(int, setnonblocking, (PGconn *, int))                                                                   \
    PQ(PGreceiver *, setNoticeReceiver, (PGconn *, PGreceiver *, void *))                                      \
    PQ(int, sendQuery, (PGconn *, const char *))                                                               \
    PQ(int, sendPrepare, (PGconn *, const char *, const char *, int, const unsigned *))                        \
    PQ(int, sendDescribePrepared, (PGconn *, const char *))                                                    \
    PQ(int, sendQueryPrepared,                                                                                 \
       (PGconn *, const char *, int, const char *const *, const int *, const int *, int))                      \
    PQ(int, setSingleRowMode, (PGconn *))                                                                      \
    PQ(int, flush, (PGconn *))                                                                                 \
    PQ(int, consumeInput, (PGconn *))                                                                          \
    PQ(int, isBusy, (PGconn *))                                                                                \
    PQ(PGresult *, getResult, (PGconn *))                                                                      \
    PQ(PGnotify *, notifies, (PGconn *))                                                                       \
    PQ(int, resultStatus, (const PGresult *))                                                                  \
    PQ(char *, resultErrorField, (const PGresult *, int))                                                      \
    PQ(char *, resultErrorMessage, (const PGresult *))                                                         \
    PQ(char *, cmdStatus, (PGresult *))                                                                        \
    PQ(int, ntuples, (const PGresult *))                                                                       \
    PQ(int, nfields, (const PGresult *))                                                                       \
    PQ(int, nparams, (const PGresult *))                                                                       \
    PQ(char *, fname, (const PGresult *, int))                                                                 \
    PQ(unsigned, ftype, (const PGresult *, int))                                                               \
    PQ(unsigned, paramtype, (const PGresult *, int))                                                           \
    PQ(int, getisnull, (const PGresult *, int, int))                                                           \
    PQ(char *, getvalue, (const PGresult *, int, int))                                                         \
    PQ(int, getlength, (const PGresult *, int, int))                                                           \
    PQ(unsigned char *, unescapeBytea, (const unsigned char *, size_t *))                                      \
    PQ(void, clear, (PGresult *))                                                                              \
    PQ(void, freemem, (void *))                                                                                \
    PQ(PGcancel *, getCancel, (PGconn *))                                                                      \
    PQ(int, cancel, (PGcancel *, char *, int))                                                                 \
    PQ(void, freeCancel, (PGcancel *))                                                                         \
    PQ(int, libVersion, (void))

typedef struct PostgresLibrary {
    void *handle;
    size_t uses; // the VM, each connection and each cancellation under way: they end in any order
#define PQ(type, name, parameters) type(*name) parameters;
    PQ_FUNCTIONS
#undef PQ
} PostgresLibrary;

void postgres_drop(PostgresLibrary *lib); // one user less; NULL is allowed
