/* window.c - what a stream has read ahead, a str or bytes, and how far it has been taken: a line costs a search and a
 * copy, wherever it lies in a text that is not ASCII. The NativeData's data is the place in bytes, values[0] what was
 * read, values[1] the place in items, its aux says how lines end.
 */
#include "stdlib/window.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"

static const TypeDef window_def;

enum { END_LF, END_CR, END_CRLF, END_ANY }; // END_ANY: each of the others ends a line
static const char *const ends[] = {"\n", "\r", "\r\n", ""};

typedef struct Rest {
    const char *data;
    size_t size;   // in bytes
    size_t length; // in items
    bool ascii;    // bytes are items
} Rest;

static NativeData *window_of(Args args) { return (NativeData *)as_obj(args.v[0]); }
static size_t taken_of(const NativeData *w) { return (size_t)as_small(w->values[1]); }

static Rest rest_of(const NativeData *w)
{
    size_t at = (size_t)(uintptr_t)w->data, taken = taken_of(w);
    if (is_str(w->values[0])) {
        const Str *s = as_str(w->values[0]);
        return (Rest){s->data + at, s->size - at, s->length - taken, str_is_ascii(s)};
    }
    const Bytes *b = as_bytes(w->values[0]);
    return (Rest){(const char *)b->data + at, b->size - at, b->size - at, true};
}

/* The first `length` items of the rest, `size` bytes, which are taken. */
static Value take(VM *vm, NativeData *w, Rest r, size_t size, size_t length)
{
    Value piece = is_str(w->values[0]) ? str_new_counted(vm, r.data, size, length) : bytes_new(vm, r.data, size);
    if (is_error(piece)) return piece;
    w->data = (char *)w->data + size;
    w->values[1] = small((int64_t)(taken_of(w) + length));
    return piece;
}

/* Nothing has been taken: the very object. */
static Value take_all(NativeData *w, Rest r)
{
    w->data = (char *)w->data + r.size;
    w->values[1] = small((int64_t)r.length);
    return w->values[0];
}

static Value take_items(VM *vm, NativeData *w, Rest r, int64_t limit)
{
    size_t n = limit < 0 || (size_t)limit > r.length ? r.length : (size_t)limit;
    if (n == r.length && !w->data) return take_all(w, r);
    size_t size = n == r.length ? r.size : r.ascii ? n : (size_t)(utf8_skip(r.data, r.data + r.size, n) - r.data);
    return take(vm, w, r, size, n);
}

/* The place behind the first c from `at` on; 0: there is none. */
static size_t behind(Rest r, size_t at, char c)
{
    const char *found = memchr(r.data + at, c, r.size - at);
    return found ? (size_t)(found - r.data) + 1 : 0;
}

/* How many bytes the next line has, its end included; 0: its end is not there. */
static size_t line_size(Rest r, unsigned end)
{
    if (end == END_CR) return behind(r, 0, '\r');
    size_t size = behind(r, 0, '\n');
    if (end == END_CRLF)
        while (size && (size < 2 || r.data[size - 2] != '\r')) size = behind(r, size, '\n');
    if (end != END_ANY) return size;
    if (size) r.size = size;
    size_t cr = behind(r, 0, '\r');
    return !cr || cr + 1 == size ? size : cr;
}

/* None: the line's end is not there, nor as many items as asked for. */
static Value next_line(VM *vm, NativeData *w, int64_t limit)
{
    Rest r = rest_of(w);
    size_t size = line_size(r, w->h.aux);
    size_t length = r.ascii ? size : utf8_count(r.data, size);
    if (limit >= 0 && (size_t)limit <= (size ? length : r.length)) return take_items(vm, w, r, limit);
    return size ? take(vm, w, r, size, length) : VALUE_NONE;
}

Value window_line(VM *vm, Value v)
{
    bool window = is_kind(v, KIND_NATIVE_DATA) && type_of(vm, v)->table == &window_def;
    return window ? next_line(vm, (NativeData *)as_obj(v), -1) : VALUE_NONE;
}

static Value nat_line(VM *vm, Args args)
{
    int64_t limit = -1;
    if (args.v[1] != small(-1) && !obj_index_i64(vm, args.v[1], &limit)) return VALUE_ERROR;
    return next_line(vm, window_of(args), limit);
}

static Value nat_lines(VM *vm, Args args)
{
    NativeData *w = window_of(args);
    Value lines = list_new(vm, NULL, 0);
    while (!is_error(lines) && rest_of(w).size) {
        Value line = next_line(vm, w, -1);
        if (is_none(line)) line = take_items(vm, w, rest_of(w), -1);
        if (is_error(line) || !list_append(vm, as_list(lines), line)) return VALUE_ERROR;
    }
    return lines;
}

static Value nat_take(VM *vm, Args args)
{
    int64_t limit;
    if (!obj_index_i64(vm, args.v[1], &limit)) return VALUE_ERROR;
    NativeData *w = window_of(args);
    return take_items(vm, w, rest_of(w), limit);
}

static Value nat_peek(VM *vm, Args args)
{
    NativeData *w = window_of(args);
    Rest r = rest_of(w);
    return is_str(w->values[0]) ? str_new_counted(vm, r.data, r.size, r.length) : bytes_new(vm, r.data, r.size);
}

static Value get_left(VM *vm, Value self)
{
    return int_from_u64(vm, rest_of((NativeData *)as_obj(self)).length);
}

static Value get_taken(VM *vm, Value self)
{
    (void)vm;
    return ((NativeData *)as_obj(self))->values[1];
}

static Value construct(VM *vm, Args args)
{
    Value content = args.v[1], end = args.v[2];
    if (!is_str(content) && !is_bytes(content)) return vm_raise(vm, ERR_TYPE, "a window is of str or bytes, not %T", content);
    NativeData *w = container_alloc(vm, (Type *)as_obj(args.v[0]), KIND_NATIVE_DATA, sizeof *w);
    if (!w) return VALUE_ERROR;
    w->values[0] = content;
    w->values[1] = small(0);
    unsigned kind = END_LF;
    for (unsigned i = 0; is_str(end) && i < sizeof ends / sizeof *ends; i++)
        if (str_is(as_str(end), ends[i])) kind = i;
    w->h.aux = (uint16_t)kind;
    return obj_value(w);
}

static void trace(VM *vm, Obj *o) { gc_mark_value(vm, ((NativeData *)o)->values[0]); }

static const NativeDef methods[] = {
    {"line(self, size=-1, /)", nat_line, "The next line, of at most so many items; None if its end is not there.", 0},
    {"lines(self, /)", nat_lines, "All lines, the last one also without an end.", 0},
    {"take(self, size=-1, /)", nat_take, "At most so many items, all by default.", 0},
    {"peek(self, /)", nat_peek, "All that is left, which stays.", 0},
    {0},
};

static const GetSetDef getsets[] = {
    {"left", get_left, NULL, "How many items have not been taken."},
    {"taken", get_taken, NULL, "How many have."},
    {0},
};

static const TypeDef window_def = {
    .slots = {.trace = trace},
    .methods = methods,
    .getsets = getsets,
    .constructor = {"Window(content, end=None, /)", construct, NULL, 0},
    .doc = "What a stream has read ahead. end: as open()'s newline, but that None is '\\n'.",
    .flags = TYPE_FINAL,
};

bool window_add_type(VM *vm, Module *m)
{
    return module_add_type(vm, m, "Window", "_files.Window", &window_def, KIND_NATIVE_DATA) != NULL;
}
