/* The host gives lines, or pieces of long ones; what a read leaves of them waits here for the next. */
#include "stdlib/standard_input.h"
#include "stdlib/stdlib.h"
#include "vm/exception.h"
#include "vm/utf8.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 4096 };

static bool make_room(VM *vm, StandardInput *in)
{
    if (in->at) {
        memmove(in->data, in->data + in->at, in->size - in->at);
        in->size -= in->at;
        in->at = 0;
    }
    if (in->capacity - in->size >= PIECE) return true;
    size_t capacity = 2 * in->capacity + PIECE;
    char *data = realloc(in->data, capacity);
    if (!data) return !is_error(vm_no_memory(vm));
    in->data = data;
    in->capacity = capacity;
    return true;
}

/* ---- waiting for a line without holding up the others ---- */

static void await_line(Errand *e)
{
    (void)e;
    poll(&(struct pollfd){0, POLLIN, 0}, 1, -1);
}

static bool wait_for_input(VM *vm)
{
    while (errand_needed(vm, true) && !vm->host->has_input(vm->host)) {
        Errand *e = calloc(1, sizeof *e);
        if (!e) return vm_no_memory(vm), false;
        e->run = await_line;
        if (!errand_do(vm, e, WAIT_INPUT)) return false;
        free(e);
    }
    return true;
}

/* One more piece: its length, 0 at the end of input, -1 with an exception pending. */
static long read_piece(VM *vm, StandardInput *in)
{
    if (!wait_for_input(vm) || !make_room(vm, in)) return -1;
    for (;;) {
        long n = vm->host->read_line(vm->host, in->data + in->size, in->capacity - in->size);
        if (n >= 0) return in->size += (size_t)n, n;
        if (n != -EINTR) return vm_raise_errno(vm, (int)-n, NULL), -1;
        if (!vm_interrupted(vm)) return -1;
    }
}

const char *input_line(VM *vm, size_t *n)
{
    StandardInput *in = &stdlib(vm)->input;
    size_t searched = 0;
    for (;;) {
        size_t left = in->size - in->at;
        const char *end = left > searched ? memchr(in->data + in->at + searched, '\n', left - searched) : NULL;
        *n = end ? (size_t)(end - in->data) - in->at + 1 : left;
        searched = left;
        if (end) break;
        long more = read_piece(vm, in);
        if (more < 0) return NULL;
        if (more == 0) break;
    }
    return in->data + in->at;
}

/* A long line comes in pieces, which may part a character. */
static bool ends_whole(const char *p, const char *end)
{
    const char *last = end;
    while (last > p && !utf8_is_start(*--last)) continue;
    return last == end || (size_t)(end - last) >= utf8_step(*last);
}

/* How many bytes of what is there are what is wanted of it; false: there is less. */
static bool measure(const StandardInput *in, size_t wanted, bool characters, size_t *n)
{
    size_t left = in->size - in->at;
    *n = left < wanted ? left : wanted;
    if (!characters || !left) return left >= wanted;
    const char *p = in->data + in->at, *end = in->data + in->size;
    *n = (size_t)(utf8_skip(p, end, wanted) - p);
    return *n < left || (utf8_count(p, left) == wanted && ends_whole(p, end));
}

const char *input_some(VM *vm, size_t wanted, bool characters, size_t *n)
{
    StandardInput *in = &stdlib(vm)->input;
    long more = 1;
    while (more > 0 && wanted) {
        if (wanted != SIZE_MAX && measure(in, wanted, characters, n)) return in->data + in->at;
        more = read_piece(vm, in);
        if (more < 0) return NULL;
    }
    if (wanted == SIZE_MAX) *n = in->size - in->at;
    else measure(in, wanted, characters, n);
    return in->data ? in->data + in->at : "";
}

void input_take(VM *vm, size_t n)
{
    StandardInput *in = &stdlib(vm)->input;
    in->at += n;
    if (in->at == in->size) in->at = in->size = 0;
}

void input_free(StandardInput *in) { free(in->data); }
