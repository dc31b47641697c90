/* options.h - the words of the command line, as options.def says. */
#pragma once
#include "vm/messages.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct VM VM;

typedef enum {
#define COMMAND(action, name, letter, operands, shown, summary, more) ACTION_##action,
#include "cli/options.def"
    // ACTION_FILE: `subject` is a path; "-": standard input. CHECK, TEST: argv holds the paths
    ACTION_CODE,        // `subject` is source text
    ACTION_MODULE,      // `subject` is a dotted name
    ACTION_INPUT,       // no word at all: the prompt on a terminal, else standard input
    ACTION_COMPLETIONS, // `subject` is a shell
    ACTION_MANUAL, // build only
} Action;

typedef enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } ColorChoice;

typedef struct Options {
    Action action;
    const char *subject; // borrowed from argv
    int argc;            // what follows it
    char **argv;
    ColorChoice color;
    Language language;   // of messages
    bool virtual_time, seeded;
    uint64_t seed;
    size_t max_memory;   // bytes; 0: no limit
    int64_t max_time;    // nanoseconds; 0: no limit
    bool json;           // check
    const char *pattern; // test; NULL: all
    bool stop_first, real_time, update, verbose;
    uint64_t schedules;  // 0: the usual order only
    int64_t timeout;     // nanoseconds; 0: the default
    const char *output;  // trace: the file to draw into; NULL: the terminal
    bool compare;        // trace: `subject` and the first argument
    void (*on_start)(VM *vm, void *listener); // called when the program starts; NULL: nobody listens (trace)
    void (*on_end)(VM *vm, void *listener);   // ... and when it has ended, while the VM still stands
    void *listener;
} Options;

/* False when the words make no sense: that has been said on stderr. Words that are paths come to the front of argv. */
bool options_parse(Options *o, int argc, char **argv);
/* Are colours wanted in what goes to `fd`? */
bool options_color(const Options *o, int fd);
/* Whom messages on `fd` are for. */
Reader options_reader(const Options *o, int fd);
