/* main.c - the co command. */
#include "cli/check.h"
#include "cli/code.h"
#include "cli/hosts.h"
#include "cli/options.h"
#include "cli/run.h"
#include "cli/test.h"
#include "cli/usage.h"
#include "vm/version.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Whatever is opened next would get the number of a standard stream that is closed, and be written to. */
static void fill_standard_streams(void)
{
    int fd;
    do fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= 2);
    if (fd > 2) close(fd);
}

static int run_input(Options *o)
{
    if (isatty(0)) return run_prompt(o);
    o->subject = "-";
    return run_program(o);
}

static int written(void) { return fflush(stdout) == 0 ? STATUS_OK : STATUS_OUTPUT; }

int main(int argc, char **argv)
{
    Options o;
    fill_standard_streams();
    host_uv_end_without_memory();
    if (!options_parse(&o, argc, argv)) return STATUS_USAGE;
    switch (o.action) {
    case ACTION_HELP: return usage_help(o.subject, o.language), written();
    case ACTION_MANUAL: return usage_manual(), written();
    case ACTION_COMPLETIONS: return usage_completions(o.subject), written();
    case ACTION_VERSION: return printf("co %s\n", CO_VERSION), written();
    case ACTION_REPL: return run_prompt(&o);
    case ACTION_CHECK: return check_paths(&o);
    case ACTION_TEST: return test_paths(&o);
    case ACTION_DIS: return code_dis(&o);
    case ACTION_TRACE: return run_trace(&o);
    case ACTION_INPUT: return run_input(&o);
    default: return run_program(&o);
    }
}
