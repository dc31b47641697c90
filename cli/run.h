/* run.h - running a program from its source text to its exit status. */
#pragma once
#include "cli/options.h"
#include "vm/vm.h"

enum {
    STATUS_OK = 0,
    STATUS_ERROR = 1,
    STATUS_USAGE = 2,
    STATUS_DEADLOCK = 3,
    STATUS_OUTPUT = 120,
    STATUS_TIME_LIMIT = 124,
    STATUS_INTERRUPTED = 130
};

/* A VM with its standard library, host and limits as the options say; argv of the script. NULL: that has
 * been said. */
VM *run_start(const Options *o, int argc, char **argv);
/* The module __main__, empty. */
Module *run_main_module(VM *vm, const char *file);
/* Put a folder in front of the module search path. */
bool run_search_first(VM *vm, const char *dir);
/* Run the body of __main__ (what module_body answered) with its tasks, to their end. False: an exception is
 * pending. */
bool run_body(VM *vm, Value body);
/* The exception in flight is nobody's: say so as CPython does. Answers the exit status. */
int run_report_uncaught(VM *vm);
/* The end: finalisers, buffered output. Frees the VM; `status` or what went wrong last. */
int run_finish(VM *vm, int status);
/* The same where the process ends with it: the VM's memory goes back whole. */
int run_leave(VM *vm, int status);

/* What the options ask for, from start to end. */
int run_program(const Options *o);
int run_prompt(const Options *o); // repl.c
int run_trace(const Options *o);  // trace.c
