/* _files.c - files by descriptor: what io's file objects are made on. */
#include "stdlib/file_stream.h"
#include "stdlib/window.h"
#include "vm/bytes.h"
#include "vm/int.h"
#include "vm/output.h"
#include "vm/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const int64_t MOST_AT_ONCE = 1 << 30;

static bool read_int(VM *vm, Value v, int *out)
{
    int64_t i;
    if (!obj_index_i64(vm, v, &i)) return false;
    if (i != (int)i) return vm_raise(vm, ERR_OVERFLOW, "Python int too large to convert to C int"), false;
    *out = (int)i;
    return true;
}

/* What a call of the host answered: a number, or an errno that is raised. After a signal that raised nothing
 * it is to be called again: *again. */
static Value answer(VM *vm, int64_t result, bool *again)
{
    *again = false;
    if (result >= 0) return int_from_i64(vm, result);
    if (result != -EINTR) return vm_raise_errno(vm, (int)-result, NULL);
    *again = vm_interrupted(vm);
    return VALUE_ERROR;
}

/* ---- on another thread --------------------------------------------------------------------------- */

typedef struct FileErrand {
    Errand e;
    int (*open_fd)(Host *h, const char *path, int flags, int mode); // the host's functions: it may be gone when they run
    long (*read_fd)(Host *h, int fd, void *buf, size_t n);
    int (*write_fd)(Host *h, int fd, const void *buf, size_t n);
    int fd, flags, mode;
    size_t n;
    int64_t result;
    char bytes[]; // a path, or what is read or written
} FileErrand;

static void run_open(Errand *e)
{
    FileErrand *f = (FileErrand *)e;
    f->result = f->open_fd(NULL, f->bytes, f->flags, f->mode);
}

static void run_read(Errand *e)
{
    FileErrand *f = (FileErrand *)e;
    do f->result = f->read_fd(NULL, f->fd, f->bytes, f->n);
    while (f->result == -EINTR);
}

static void run_write(Errand *e)
{
    FileErrand *f = (FileErrand *)e;
    f->result = -f->write_fd(NULL, f->fd, f->bytes, f->n);
}

static FileErrand *new_errand(VM *vm, void (*what)(Errand *), int fd, const void *bytes, size_t n)
{
    FileErrand *f = malloc(sizeof *f + n);
    if (!f) return vm_no_memory(vm), NULL;
    const Host *h = vm->host;
    *f = (FileErrand){.e = {.run = what}, .open_fd = h->open_fd, .read_fd = h->read_fd, .write_fd = h->write_fd, .fd = fd, .n = n};
    if (bytes) memcpy(f->bytes, bytes, n);
    return f;
}

/* Done, and the caller's; NULL: an exception is pending. */
static FileErrand *do_errand(VM *vm, FileErrand *f)
{
    return f && errand_do(vm, &f->e, WAIT_FILE) ? f : NULL;
}

static bool lasts(const struct stat *st) { return !S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode); }
static bool fd_lasts(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && lasts(&st);
}

static Value open_elsewhere(VM *vm, const char *path, int flags, int mode)
{
    FileErrand *f = new_errand(vm, run_open, -1, path, strlen(path) + 1);
    if (!f) return VALUE_ERROR;
    f->flags = flags;
    f->mode = mode;
    if (!do_errand(vm, f)) return VALUE_ERROR;
    Value v = f->result < 0 ? vm_raise_errno(vm, (int)-f->result, f->bytes) : small(f->result);
    free(f);
    return v;
}

/* A read's outcome. */
static Value read_answer(VM *vm, Errand *e)
{
    const FileErrand *f = (FileErrand *)e;
    return f->result < 0 ? vm_raise_errno(vm, (int)-f->result, NULL)
                         : bytes_new(vm, f->bytes, (size_t)f->result);
}

static Value read_elsewhere(VM *vm, int fd, size_t n)
{
    FileErrand *f = do_errand(vm, new_errand(vm, run_read, fd, NULL, n));
    if (!f) return VALUE_ERROR;
    Value v = read_answer(vm, &f->e);
    free(f);
    return v;
}

static Value write_elsewhere(VM *vm, int fd, ByteView b)
{
    FileErrand *f = do_errand(vm, new_errand(vm, run_write, fd, b.data, b.size));
    if (!f) return VALUE_ERROR;
    Value v = f->result < 0 ? vm_raise_errno(vm, (int)-f->result, NULL) : int_from_u64(vm, f->n);
    free(f);
    return v;
}

/* ---- opening ------------------------------------------------------------------------------------- */

static Value nat_open(VM *vm, Args args)
{
    int flags, mode;
    if (!read_int(vm, args.v[1], &flags) || !read_int(vm, args.v[2], &mode)) return VALUE_ERROR;
    if (!is_str(args.v[0]) && !is_bytes(args.v[0]))
        return vm_raise(vm, ERR_TYPE, "a path is a str or bytes, not %T", args.v[0]);
    Value name = is_str(args.v[0]) ? output_encode(vm, as_str(args.v[0]), "surrogateescape") : args.v[0];
    if (is_error(name)) return name;
    const char *path = is_str(name) ? str_cstr(vm, as_str(name)) : (const char *)as_bytes(name)->data;
    size_t size = is_str(name) ? as_str(name)->size : as_bytes(name)->size;
    if (!path) return VALUE_ERROR;
    if (strlen(path) != size) return vm_raise(vm, ERR_VALUE, "embedded null byte");
    struct stat st;
    if (errand_needed(vm, stat(path, &st) == 0 && lasts(&st))) return open_elsewhere(vm, path, flags, mode);
    int fd = vm->host->open_fd(vm->host, path, flags, mode);
    return fd < 0 ? vm_raise_errno(vm, -fd, path) : small(fd);
}

/* ---- descriptors that close themselves when nobody holds them any more: NativeData.data is fd + 1, 0 once
 * closed ---- */

static bool is_descriptor(VM *vm, Value v)
{
    return is_ptr(v) && type_of(vm, v) == stdlib(vm)->descriptor_type;
}

static int take_fd(Obj *o)
{
    int fd = (int)(intptr_t)((NativeData *)o)->data - 1;
    ((NativeData *)o)->data = NULL;
    return fd;
}

static void descriptor_free(VM *vm, Obj *o)
{
    int fd = take_fd(o);
    if (fd >= 0) vm->host->close_fd(vm->host, fd);
}

static const TypeDef descriptor_def = {
    .slots = {.free = descriptor_free},
    .flags = TYPE_FINAL,
    .doc = "An open file's descriptor, closed with this object.",
};

static Value nat_own(VM *vm, Args args)
{
    int fd;
    if (!read_int(vm, args.v[0], &fd)) return VALUE_ERROR;
    NativeData *o = native_data_new(vm, stdlib(vm)->descriptor_type, 0);
    if (!o) return VALUE_ERROR;
    o->data = (void *)(intptr_t)(fd + 1);
    return obj_value(o);
}

/* ---- reading and writing ------------------------------------------------------------------------- */

/* Where others are to go on: what is at hand, or None if a thread has to wait for it. */
static Value read_cached(VM *vm, int fd, char *buf, size_t n, bool *again)
{
    *again = !errand_needed(vm, fd_lasts(fd));
    if (*again) return VALUE_NONE;
    long got = vm->host->read_now(vm->host, fd, buf, n);
    return got < 0 ? VALUE_NONE : small(got);
}

static Value nat_read(VM *vm, Args args)
{
    int fd;
    int64_t n;
    if (!read_int(vm, args.v[0], &fd) || !obj_index_i64(vm, args.v[1], &n)) return VALUE_ERROR;
    if (n > MOST_AT_ONCE) n = MOST_AT_ONCE;
    char *buf = heap_malloc(vm, (size_t)n);
    if (!buf) return VALUE_ERROR;
    bool again;
    Value got = read_cached(vm, fd, buf, (size_t)n, &again);
    while (again) got = answer(vm, vm->host->read_fd(vm->host, fd, buf, (size_t)n), &again);
    Value data = is_int(got) ? bytes_new(vm, buf, (size_t)as_small(got)) : got;
    heap_free(vm, buf, (size_t)n);
    return is_none(data) ? read_elsewhere(vm, fd, (size_t)n) : data;
}

/* For tasks: what the system has at hand at once, the rest when a thread has read it. */
static Value nat_read_soon(VM *vm, Args args)
{
    int fd;
    int64_t n;
    if (!read_int(vm, args.v[0], &fd) || !obj_index_i64(vm, args.v[1], &n)) return VALUE_ERROR;
    FileErrand *f = new_errand(vm, run_read, fd, NULL, (size_t)(n < MOST_AT_ONCE ? n : MOST_AT_ONCE));
    if (!f) return VALUE_ERROR;
    f->result = vm->host->read_now(vm->host, fd, f->bytes, f->n);
    if (f->result == -EAGAIN && vm->host->ordered) run_read(&f->e);
    f->e.answer = read_answer;
    if (f->result == -EAGAIN) return errand_park(vm, &f->e, WAIT_FILE);
    Value v = read_answer(vm, &f->e);
    free(f);
    return v;
}

static Value nat_write(VM *vm, Args args)
{
    int fd;
    ByteView b;
    if (!read_int(vm, args.v[0], &fd) || !bytes_require(vm, args.v[1], &b)) return VALUE_ERROR;
    if (fd > 2 && errand_needed(vm, fd_lasts(fd))) return write_elsewhere(vm, fd, b);
    int err = vm->host->write(vm->host, fd, b.data, b.size);
    return err ? vm_raise_errno(vm, err, NULL) : int_from_u64(vm, b.size);
}

static Value nat_seek(VM *vm, Args args)
{
    int fd, whence;
    int64_t offset;
    bool again;
    if (!read_int(vm, args.v[0], &fd) || !obj_index_i64(vm, args.v[1], &offset) ||
        !read_int(vm, args.v[2], &whence))
        return VALUE_ERROR;
    return answer(vm, vm->host->seek_fd(vm->host, fd, offset, whence), &again);
}

/* What is left to read, as far as the system knows: a hint. */
static Value nat_left(VM *vm, Args args)
{
    int fd;
    struct stat st;
    if (!read_int(vm, args.v[0], &fd)) return VALUE_ERROR;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return small(0);
    off_t at = lseek(fd, 0, SEEK_CUR);
    return small(at < 0 || at > st.st_size ? 0 : st.st_size - at);
}

static Value nat_truncate(VM *vm, Args args)
{
    int fd;
    int64_t size;
    bool again;
    if (!read_int(vm, args.v[0], &fd) || !obj_index_i64(vm, args.v[1], &size)) return VALUE_ERROR;
    return answer(vm, vm->host->truncate_fd(vm->host, fd, size), &again);
}

static Value nat_close(VM *vm, Args args)
{
    if (!is_descriptor(vm, args.v[0]))
        return vm_raise(vm, ERR_TYPE, "close() needs a descriptor, got %T", args.v[0]);
    int fd = take_fd(as_obj(args.v[0])), err = fd < 0 ? 0 : vm->host->close_fd(vm->host, fd);
    return err < 0 && err != -EINTR ? vm_raise_errno(vm, -err, NULL) : VALUE_NONE;
}

static Value nat_isatty(VM *vm, Args args)
{
    int fd;
    return read_int(vm, args.v[0], &fd) ? bool_value(isatty(fd)) : VALUE_ERROR;
}

static const NativeDef natives[] = {
    {"open(path, flags, mode, /)", nat_open, "A file's descriptor.", 0},
    {"read(fd, size, /)", nat_read, "At most so many bytes; none at the end.", 0},
    {"read_soon(fd, size, /)", nat_read_soon, "The same without holding up other tasks.", NATIVE_ASYNC},
    {"write(fd, data, /)", nat_write, "Write all bytes.", 0},
    {"seek(fd, offset, whence, /)", nat_seek, "Move to a position, which is answered.", 0},
    {"left(fd, /)", nat_left, "How many bytes there are likely to be from the position on; 0 if nobody knows.", 0},
    {"truncate(fd, size, /)", nat_truncate, "Make the file that long.", 0},
    {"own(fd, /)", nat_own, "An object that closes fd when it is dropped.", 0},
    {"close(descriptor, /)", nat_close, "Close what own() has made.", 0},
    {"isatty(fd, /)", nat_isatty, "Whether it is a terminal.", 0},
    {0},
};

static bool init(VM *vm, Module *m)
{
    static const struct { const char *name; int value; } flags[] = {
        {"O_RDONLY", O_RDONLY}, {"O_WRONLY", O_WRONLY}, {"O_RDWR", O_RDWR},     {"O_CREAT", O_CREAT},
        {"O_EXCL", O_EXCL},     {"O_TRUNC", O_TRUNC},   {"O_APPEND", O_APPEND},
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (!module_add(vm, m, flags[i].name, small(flags[i].value))) return false;
    Type *t = type_from_def(vm, "_files.descriptor", NULL, &descriptor_def, KIND_NATIVE_DATA, VALUE_UNSET);
    if (t) gc_pin(vm, obj_value(t));
    return (stdlib(vm)->descriptor_type = t) != NULL && window_add_type(vm, m) &&
           file_stream_add_types(vm, m) && module_add(vm, m, "EMFILE", small(EMFILE));
}

const ModuleDef _files_module = {"_files", natives, "Files by descriptor, for io.", init};
