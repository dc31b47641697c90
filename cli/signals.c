#include "cli/hosts.h"
#include "cli/run.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { GRACE_SECONDS = 1 };

/* A signal handler gets no argument of ours; there is one host in the command's process. NULL: the program
 * has ended, and whatever comes now comes too late. */
static Host *volatile host;

static void interrupt(int sig)
{
    if (!host) return;
    host->pending |= sig == SIGQUIT ? HOST_DUMP : HOST_INTERRUPT;
    host->wake(host);
}

/* The first time the program is told, and ends as by sys.exit; if it has not by the second, it is ended. */
static void time_is_up(int sig)
{
    (void)sig;
    static const char text[] = "co: time limit exceeded\n";
    if (!host) return;
    if (host->pending & HOST_TIME_LIMIT) {
        ssize_t ignored = write(2, text, sizeof text - 1);
        (void)ignored;
        _exit(STATUS_TIME_LIMIT);
    }
    host->pending |= HOST_TIME_LIMIT;
    host->wake(host);
}

static void catch_signal(int sig, void (*handler)(int))
{
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_handler = handler; // no SA_RESTART: reading and sleeping end early
    sigemptyset(&a.sa_mask);
    sigaction(sig, &a, NULL);
}

void signals_catch(Host *h, int64_t limit)
{
    host = h;
    catch_signal(SIGPIPE, SIG_IGN); // writing answers EPIPE instead
    catch_signal(SIGXFSZ, SIG_IGN); // and EFBIG
    catch_signal(SIGINT, interrupt);
    catch_signal(SIGQUIT, interrupt);
    if (limit <= 0) return;
    catch_signal(SIGALRM, time_is_up);
    struct itimerval t = {{GRACE_SECONDS, 0}, {limit / 1000000000, limit % 1000000000 / 1000}};
    if (t.it_value.tv_sec == 0 && t.it_value.tv_usec == 0) t.it_value.tv_usec = 1;
    setitimer(ITIMER_REAL, &t, NULL);
}

void signals_forget(const Host *h)
{
    if (host == h) host = NULL;
}

void signals_restore(int sig)
{
    if (!host) return;
    if (sig == SIGINT || sig == SIGQUIT) catch_signal(sig, interrupt);
    else if (sig == SIGPIPE || sig == SIGXFSZ) catch_signal(sig, SIG_IGN);
}
