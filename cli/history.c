#include "cli/history.h"
#include "lang/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_BYTES = 16 << 20, OWNER_ONLY = 0600 };

//-- items -------------------------------------------------------------------------------------------

/* Takes over `item`. */
static void keep(History *h, char *item)
{
    if (!item) return;
    if (h->n == h->capacity) {
        size_t capacity = h->capacity ? h->capacity * 2 : 64;
        char **items = realloc(h->items, capacity * sizeof *items);
        if (!items) return free(item);
        h->items = items;
        h->capacity = capacity;
    }
    h->items[h->n++] = item;
}

static void drop_oldest(History *h, size_t n)
{
    if (n == 0) return; // there may be no items at all
    for (size_t i = 0; i < n; i++) free(h->items[i]);
    memmove(h->items, h->items + n, (h->n - n) * sizeof *h->items);
    h->n -= n;
}

static char *decode(const char *line, size_t len)
{
    char *item = malloc(len + 1), *out = item;
    if (!item) return NULL;
    for (size_t i = 0; i < len; i++) {
        bool escape = line[i] == '\\' && i + 1 < len;
        if (escape) i++;
        *out++ = escape && line[i] == 'n' ? '\n' : line[i];
    }
    *out = '\0';
    return item;
}

static void encode(TextBuffer *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            text_add(out, "\\n", 2);
        else if (text[i] == '\\')
            text_add(out, "\\\\", 2);
        else
            text_add(out, text + i, 1);
    }
    text_add(out, "\n", 1);
}

static void read_items(History *h, const char *text, size_t len)
{
    for (const char *p = text, *end = text + len, *stop; p < end; p = stop + 1) {
        stop = memchr(p, '\n', (size_t)(end - p));
        if (!stop) break; // torn: its writer was stopped in the middle
        if (!memchr(p, '\0', (size_t)(stop - p))) keep(h, decode(p, (size_t)(stop - p)));
    }
}

//-- the file ----------------------------------------------------------------------------------------

static bool make_folders(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        int made = mkdir(path, 0700);
        *slash = '/';
        if (made != 0 && errno != EEXIST) return false;
    }
    return true;
}

/* $XDG_STATE_HOME/co/history, or ~/.local/state/co/history; malloc'd. */
static char *find_path(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    bool set = state && state[0] == '/';
    if (!set && (!home || home[0] != '/')) return NULL;
    const char *root = set ? state : home, *below = set ? "/co/history" : "/.local/state/co/history";
    char *path = malloc(strlen(root) + strlen(below) + 1);
    return path ? strcat(strcpy(path, root), below) : NULL;
}

/* A file of ours that nobody else can read or has put in its place. Answers a descriptor, or -1. */
static int check_file(int fd)
{
    struct stat st;
    if (fd < 0) return -1;
    bool ours = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1;
    if (ours && (st.st_mode & 0777) != OWNER_ONLY) ours = fchmod(fd, OWNER_ONLY) == 0;
    if (ours) return fd;
    close(fd);
    return errno = EPERM, -1;
}

/* Opens and locks the file that is at `path` now: another prompt may just have replaced it. */
static int open_locked(const char *path)
{
    for (int tries = 0; tries < 10; tries++) {
        struct stat opened, there;
        int flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        int fd = check_file(open(path, flags, OWNER_ONLY));
        if (fd < 0) return -1;
        bool same = flock(fd, LOCK_EX) == 0 && fstat(fd, &opened) == 0 && lstat(path, &there) == 0 &&
                    opened.st_ino == there.st_ino && opened.st_dev == there.st_dev;
        if (same) return fd;
        close(fd);
    }
    return errno = EBUSY, -1;
}

/* malloc'd; the end of a file that is much too long. */
static char *read_all(int fd, size_t *len)
{
    struct stat st;
    if (fstat(fd, &st) != 0) return NULL;
    off_t from = st.st_size > MOST_BYTES ? st.st_size - MOST_BYTES : 0;
    char *text = malloc((size_t)(st.st_size - from) + 1);
    ssize_t got = text ? pread(fd, text, (size_t)(st.st_size - from), from) : -1;
    if (got < 0) return free(text), NULL;
    *len = (size_t)got;
    return text;
}

static bool write_all(int fd, const char *text, size_t len)
{
    while (len) {
        ssize_t done = write(fd, text, len);
        if (done < 0 && errno != EINTR) return false;
        if (done > 0) text += done, len -= (size_t)done;
    }
    return true;
}

/* Half of what there may be, written aside and put in the file's place: nobody ever sees part of it. */
static void shorten(History *h)
{
    TextBuffer text = {0}, aside = {0};
    if (h->n > HISTORY_MOST / 2) drop_oldest(h, h->n - HISTORY_MOST / 2);
    for (size_t i = 0; i < h->n; i++) encode(&text, h->items[i], strlen(h->items[i]));
    text_addf(&aside, "%s.%ld", h->path, (long)getpid());
    if (!text.failed && !aside.failed) {
        unlink(aside.bytes);
        int fd = open(aside.bytes, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, OWNER_ONLY);
        bool ok = fd >= 0 && write_all(fd, text.bytes, text.len) && fsync(fd) == 0;
        if (fd >= 0) close(fd);
        if (!ok || rename(aside.bytes, h->path) != 0) unlink(aside.bytes);
    }
    text_free(&text);
    text_free(&aside);
}

const char *history_open(History *h)
{
    *h = (History){.path = find_path()};
    if (!h->path) return strerror(ENOENT);
    int fd = make_folders(h->path) ? open_locked(h->path) : -1;
    size_t len = 0;
    char *text = fd >= 0 ? read_all(fd, &len) : NULL;
    if (!text) {
        int err = errno;
        if (fd >= 0) close(fd);
        free(h->path);
        h->path = NULL;
        return strerror(err);
    }
    read_items(h, text, len);
    if (h->n > HISTORY_MOST) shorten(h);
    free(text);
    close(fd);
    return NULL;
}

void history_close(History *h)
{
    drop_oldest(h, h->n);
    free(h->items);
    free(h->path);
    *h = (History){0};
}

/* After a torn line the next one begins anew. */
static bool ends_torn(int fd)
{
    char last;
    off_t size = lseek(fd, 0, SEEK_END);
    return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

static void append(const History *h, const char *text, size_t len)
{
    int fd = h->path ? open_locked(h->path) : -1;
    if (fd < 0) return;
    TextBuffer line = {0};
    if (ends_torn(fd)) text_add(&line, "\n", 1);
    encode(&line, text, len);
    if (!line.failed) write_all(fd, line.bytes, line.len);
    text_free(&line);
    close(fd);
}

void history_add(History *h, const char *text, size_t len)
{
    while (len && strchr(" \t\n", text[len - 1])) len--;
    if (!len || len > HISTORY_LONGEST || text[0] == ' ' || memchr(text, '\0', len)) return;
    const char *last = h->n ? h->items[h->n - 1] : "";
    if (strlen(last) == len && memcmp(last, text, len) == 0) return;
    keep(h, strndup(text, len));
    append(h, text, len);
}
