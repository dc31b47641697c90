/* options.h - the words of the command line. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct VM VM;

typedef enum {
    ACTION_FILE,   // `subject` is a path; "-": standard input
    ACTION_CODE,   // `subject` is source text
    ACTION_MODULE, // `subject` is a dotted name
    ACTION_INPUT,  // no word at all: the prompt on a terminal, else standard input
    ACTION_DIS, ACTION_TRACE,
    ACTION_EMBED,  // build only
    ACTION_HELP, ACTION_VERSION,
} Action;

typedef struct Options {
    Action action;
    const char *subject; // borrowed from argv
    int argc;            // what follows it
    char **argv;
    bool virtual_time, seeded;
    uint64_t seed;
    size_t max_memory; // bytes; 0: no limit
    int64_t max_time;  // nanoseconds; 0: no limit
    void (*on_start)(VM *vm, void *state); // called when the VM stands; NULL: nothing (trace)
    void *start_state;
} Options;

/* False when the words make no sense: that has been said on stderr. */
bool options_parse(Options *o, int argc, char **argv);
void options_help(void);
