/* sqlite_library.h - what of SQLite's interface _sqlite.c uses.
 *
 * The library (Debian's libsqlite3-0) is opened when a program first imports sqlite; its header is not needed to build.
 * Names and numbers are those of sqlite3.h, whose ABI keeps them.
 */
#pragma once
#include <stdint.h>

typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;

enum {
    SQLITE_OK = 0, SQLITE_BUSY = 5, SQLITE_LOCKED = 6, SQLITE_NOMEM = 7, SQLITE_INTERRUPT = 9, SQLITE_MISUSE = 21, SQLITE_RANGE = 25, SQLITE_ROW = 100, SQLITE_DONE = 101,
    SQLITE_INTEGER = 1, SQLITE_FLOAT = 2, SQLITE_TEXT = 3, SQLITE_BLOB = 4, SQLITE_NULL = 5,
    SQLITE_OPEN_READONLY = 1, SQLITE_OPEN_READWRITE = 2, SQLITE_OPEN_CREATE = 4, SQLITE_OPEN_URI = 0x40, SQLITE_OPEN_NOMUTEX = 0x8000,
};
#define SQLITE_TRANSIENT ((void (*)(void *)) - 1)

/* SQLITE(type, function, parameters): `sqlite3_function`. */
#define SQLITE_FUNCTIONS                                                                                       \
    SQLITE(int, open_v2, (const char *, sqlite3 **, int, const char *))                                        \
    SQLITE(int, close_v2, (sqlite3 *))                                                                         \
    SQLITE(int, extended_result_codes, (sqlite3 *, int))                                                       \
    SQLITE(int, busy_timeout, (sqlite3 *, int))                                                                \
    SQLITE(void, progress_handler, (sqlite3 *, int, int (*)(void *), void *))                                  \
    SQLITE(void, interrupt, (sqlite3 *))                                                                       \
    SQLITE(int, errcode, (sqlite3 *))                                                                          \
    SQLITE(int, extended_errcode, (sqlite3 *))                                                                 \
    SQLITE(const char *, errmsg, (sqlite3 *))                                                                  \
    SQLITE(int, get_autocommit, (sqlite3 *))                                                                   \
    SQLITE(int, total_changes, (sqlite3 *))                                                                    \
    SQLITE(int, changes, (sqlite3 *))                                                                          \
    SQLITE(int64_t, last_insert_rowid, (sqlite3 *))                                                            \
    SQLITE(int, prepare_v2, (sqlite3 *, const char *, int, sqlite3_stmt **, const char **))                    \
    SQLITE(int, step, (sqlite3_stmt *))                                                                        \
    SQLITE(int, reset, (sqlite3_stmt *))                                                                       \
    SQLITE(int, finalize, (sqlite3_stmt *))                                                                    \
    SQLITE(int, clear_bindings, (sqlite3_stmt *))                                                              \
    SQLITE(int, stmt_readonly, (sqlite3_stmt *))                                                               \
    SQLITE(int, bind_parameter_count, (sqlite3_stmt *))                                                        \
    SQLITE(const char *, bind_parameter_name, (sqlite3_stmt *, int))                                           \
    SQLITE(int, bind_null, (sqlite3_stmt *, int))                                                              \
    SQLITE(int, bind_int64, (sqlite3_stmt *, int, int64_t))                                                    \
    SQLITE(int, bind_double, (sqlite3_stmt *, int, double))                                                    \
    SQLITE(int, bind_text, (sqlite3_stmt *, int, const char *, int, void (*)(void *)))                         \
    SQLITE(int, bind_blob, (sqlite3_stmt *, int, const void *, int, void (*)(void *)))                         \
    SQLITE(int, column_count, (sqlite3_stmt *))                                                                \
    SQLITE(const char *, column_name, (sqlite3_stmt *, int))                                                   \
    SQLITE(int, column_type, (sqlite3_stmt *, int))                                                            \
    SQLITE(int64_t, column_int64, (sqlite3_stmt *, int))                                                       \
    SQLITE(double, column_double, (sqlite3_stmt *, int))                                                       \
    SQLITE(const unsigned char *, column_text, (sqlite3_stmt *, int))                                          \
    SQLITE(const void *, column_blob, (sqlite3_stmt *, int))                                                   \
    SQLITE(int, column_bytes, (sqlite3_stmt *, int))                                                           \
    SQLITE(const char *, libversion, (void))

typedef struct SqliteLibrary {
    void *handle;
#define SQLITE(type, name, parameters) type(*name) parameters;
    SQLITE_FUNCTIONS
#undef SQLITE
} SqliteLibrary;
