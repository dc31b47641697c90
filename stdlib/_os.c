/* _os.c - folders, files by name, the process and its environment: what os is made on. */
#define _GNU_SOURCE // environ, getrandom's flags
#include "stdlib/stdlib.h"
#include "vm/bytes.h"
#include "vm/exception.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/output.h"
#include "vm/protocol.h"
#include "vm/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* ---- arguments ----------------------------------------------------------------------------------- */

/* A path as the system takes it, valid until the next call; *name is what messages show. */
static const char *path_arg(VM *vm, Value v, const char *who, Value *name)
{
    if (!is_str(v) && !is_bytes(v)) {
        Value method = obj_getattr_opt(vm, v, vm_intern(vm, "__fspath__"));
        if (is_error(method)) return NULL;
        if (is_unset(method)) {
            const char *kinds = strcmp(who, "stat") == 0 ? "string, bytes, os.PathLike or integer"
                                                         : "string, bytes or os.PathLike";
            vm_raise(vm, ERR_TYPE, "%s: path should be %s, not %T", who, kinds, v);
            return NULL;
        }
        Value given = v;
        v = vm_call(vm, method, NULL, 0);
        if (is_error(v)) return NULL;
        if (!is_str(v) && !is_bytes(v)) {
            vm_raise(vm, ERR_TYPE, "expected %T.__fspath__() to return str or bytes, not %T", given, v);
            return NULL;
        }
    }
    *name = v;
    Value encoded = is_str(v) ? output_encode(vm, as_str(v), "surrogateescape") : v;
    if (is_error(encoded)) return NULL;
    const char *path = is_str(encoded) ? str_cstr(vm, as_str(encoded)) : (const char *)as_bytes(encoded)->data;
    size_t size = is_str(encoded) ? as_str(encoded)->size : as_bytes(encoded)->size;
    if (path && strlen(path) != size)
        return vm_raise(vm, ERR_VALUE, "%s: embedded null character in path", who), NULL;
    return path;
}

static bool int_arg(VM *vm, Value v, int *out)
{
    int64_t i;
    if (!obj_index_i64(vm, v, &i)) return false;
    if (i != (int)i) return vm_raise(vm, ERR_OVERFLOW, "Python int too large to convert to C int"), false;
    *out = (int)i;
    return true;
}

/* OSError with one file name, as it was given, or two. */
static Value fail_two(VM *vm, int err, Value name, Value name2)
{
    Value text = str_from_c(vm, strerror(err));
    if (is_error(text)) return text;
    Value argv[] = {small(err), text, name, VALUE_NONE, name2};
    Value exc = vm_call(vm, obj_value(vm->exc_types[ERR_OS]), argv, is_unset(name2) ? 3 : 5);
    return is_error(exc) ? exc : vm_raise_exc(vm, exc);
}
static Value fail(VM *vm, Value name) { return fail_two(vm, errno, name, VALUE_UNSET); }
static Value done(VM *vm, int status, Value name) { return status == 0 ? VALUE_NONE : fail(vm, name); }

/* One path and what is done with it. */
#define ON_PATH(fn, who, action)                                                                           \
    static Value nat_##fn(VM *vm, Args args)                                                               \
    {                                                                                                      \
        Value name;                                                                                        \
        const char *path = path_arg(vm, args.v[0], who, &name);                                            \
        return path ? done(vm, action, name) : VALUE_ERROR;                                                \
    }
ON_PATH(chdir, "chdir", chdir(path))
ON_PATH(remove, "remove", unlink(path))
ON_PATH(unlink, "unlink", unlink(path))
ON_PATH(rmdir, "rmdir", rmdir(path))

#define ON_PATH_INT(fn, who, action)                                                                       \
    static Value nat_##fn(VM *vm, Args args)                                                               \
    {                                                                                                      \
        Value name;                                                                                        \
        int n;                                                                                             \
        const char *path = int_arg(vm, args.v[1], &n) ? path_arg(vm, args.v[0], who, &name) : NULL;        \
        return path ? done(vm, action, name) : VALUE_ERROR;                                                \
    }
ON_PATH_INT(mkdir, "mkdir", mkdir(path, (mode_t)n))
ON_PATH_INT(mkfifo, "mkfifo", mkfifo(path, (mode_t)n))
ON_PATH_INT(chmod, "chmod", chmod(path, (mode_t)n))

#define ON_TWO_PATHS(fn, who, action)                                                                      \
    static Value nat_##fn(VM *vm, Args args)                                                               \
    {                                                                                                      \
        Value a, b;                                                                                        \
        const char *from = path_arg(vm, args.v[0], who, &a);                                               \
        const char *to = from ? path_arg(vm, args.v[1], who, &b) : NULL;                                   \
        if (!to) return VALUE_ERROR;                                                                       \
        return action == 0 ? VALUE_NONE : fail_two(vm, errno, a, b);                                       \
    }
ON_TWO_PATHS(rename, "rename", rename(from, to))
ON_TWO_PATHS(symlink, "symlink", symlink(from, to))
ON_TWO_PATHS(link, "link", link(from, to))

/* ---- folders ------------------------------------------------------------------------------------- */

static Value nat_getcwd(VM *vm, Args args)
{
    (void)args;
    char *path = getcwd(NULL, 0);
    if (!path) return vm_raise_errno(vm, errno, NULL);
    Value v = text_from_system(vm, path);
    free(path);
    return v;
}

/* (name, d_type, inode) of each entry but . and .. */
static Value read_folder(VM *vm, DIR *dir)
{
    Value list = list_new(vm, NULL, 0);
    for (struct dirent *e; !is_error(list) && (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        Value row =
            tuple_pack(vm, 3, text_from_system(vm, e->d_name), small(e->d_type), int_from_u64(vm, e->d_ino));
        if (is_error(row) || !list_append(vm, as_list(list), row)) return VALUE_ERROR;
    }
    return list;
}

static Value nat_entries(VM *vm, Args args)
{
    Value name;
    const char *path = path_arg(vm, args.v[0], "listdir", &name);
    if (!path) return VALUE_ERROR;
    DIR *dir = opendir(path);
    if (!dir) return fail(vm, name);
    Value list = read_folder(vm, dir);
    closedir(dir);
    return list;
}

/* ---- files --------------------------------------------------------------------------------------- */

static Value ns(VM *vm, struct timespec t)
{
    return int_from_i64(vm, t.tv_sec * (int64_t)1000000000 + t.tv_nsec);
}

/* (mode, ino, dev, nlink, uid, gid, size, atime_ns, mtime_ns, ctime_ns, blksize, blocks, rdev) */
static Value nat_stat(VM *vm, Args args)
{
    struct stat st;
    Value name = VALUE_UNSET;
    int status;
    if (is_int(args.v[0])) {
        int fd;
        if (!int_arg(vm, args.v[0], &fd)) return VALUE_ERROR;
        name = args.v[0];
        status = fstat(fd, &st);
    } else {
        const char *path = path_arg(vm, args.v[0], "stat", &name);
        if (!path) return VALUE_ERROR;
        status = args.v[1] == VALUE_TRUE ? stat(path, &st) : lstat(path, &st);
    }
    if (status != 0) return is_int(args.v[0]) ? vm_raise_errno(vm, errno, NULL) : fail(vm, name);
    return tuple_pack(vm, 13, int_from_u64(vm, st.st_mode), int_from_u64(vm, st.st_ino),
                      int_from_u64(vm, st.st_dev), int_from_u64(vm, st.st_nlink), int_from_u64(vm, st.st_uid),
                      int_from_u64(vm, st.st_gid), int_from_i64(vm, st.st_size), ns(vm, st.st_atim),
                      ns(vm, st.st_mtim), ns(vm, st.st_ctim), int_from_i64(vm, st.st_blksize),
                      int_from_i64(vm, st.st_blocks), int_from_u64(vm, st.st_rdev));
}

static Value nat_readlink(VM *vm, Args args)
{
    Value name;
    const char *path = path_arg(vm, args.v[0], "readlink", &name);
    if (!path) return VALUE_ERROR;
    char target[4097];
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n < 0) return fail(vm, name);
    target[n] = '\0';
    return text_from_system(vm, target);
}

static Value nat_access(VM *vm, Args args)
{
    Value name;
    int mode;
    const char *path = int_arg(vm, args.v[1], &mode) ? path_arg(vm, args.v[0], "access", &name) : NULL;
    return path ? bool_value(access(path, mode) == 0) : VALUE_ERROR;
}

static Value nat_utime(VM *vm, Args args)
{
    Value name;
    int64_t atime, mtime;
    if (!obj_index_i64(vm, args.v[1], &atime) || !obj_index_i64(vm, args.v[2], &mtime)) return VALUE_ERROR;
    const char *path = path_arg(vm, args.v[0], "utime", &name);
    if (!path) return VALUE_ERROR;
    const int64_t second = 1000000000;
    struct timespec t[] = {{atime / second, atime % second}, {mtime / second, mtime % second}};
    return done(vm, utimensat(AT_FDCWD, path, t, 0), name);
}

static Value nat_pipe(VM *vm, Args args)
{
    (void)args;
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) return vm_raise_errno(vm, errno, NULL);
    return tuple_pack(vm, 2, small(fds[0]), small(fds[1]));
}

static Value nat_close(VM *vm, Args args)
{
    int fd;
    if (!int_arg(vm, args.v[0], &fd)) return VALUE_ERROR;
    return close(fd) == 0 ? VALUE_NONE : vm_raise_errno(vm, errno, NULL);
}

static Value nat_get_inheritable(VM *vm, Args args)
{
    int fd, flags;
    if (!int_arg(vm, args.v[0], &fd)) return VALUE_ERROR;
    flags = fcntl(fd, F_GETFD);
    return flags < 0 ? vm_raise_errno(vm, errno, NULL) : bool_value(!(flags & FD_CLOEXEC));
}

static Value nat_set_inheritable(VM *vm, Args args)
{
    int fd, flags, on = obj_truth(vm, args.v[1]);
    if (on < 0 || !int_arg(vm, args.v[0], &fd)) return VALUE_ERROR;
    flags = fcntl(fd, F_GETFD);
    if (flags < 0 || fcntl(fd, F_SETFD, on ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC) < 0)
        return vm_raise_errno(vm, errno, NULL);
    return VALUE_NONE;
}

static Value nat_dup(VM *vm, Args args)
{
    int fd;
    if (!int_arg(vm, args.v[0], &fd)) return VALUE_ERROR;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return copy >= 0 ? small(copy) : vm_raise_errno(vm, errno, NULL);
}

/* ---- the process --------------------------------------------------------------------------------- */

static Value nat_getpid(VM *vm, Args args) { return (void)vm, (void)args, small(getpid()); }
static Value nat_getppid(VM *vm, Args args) { return (void)vm, (void)args, small(getppid()); }
static Value nat_getuid(VM *vm, Args args) { return (void)vm, (void)args, small(getuid()); }
static Value nat_getgid(VM *vm, Args args) { return (void)vm, (void)args, small(getgid()); }

static Value nat_kill(VM *vm, Args args)
{
    int pid, sig;
    if (!int_arg(vm, args.v[0], &pid) || !int_arg(vm, args.v[1], &sig)) return VALUE_ERROR;
    return kill(pid, sig) == 0 ? VALUE_NONE : vm_raise_errno(vm, errno, NULL);
}

static Value nat_cpu_count(VM *vm, Args args)
{
    (void)vm;
    (void)args;
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? small(n) : VALUE_NONE;
}

static Value nat_urandom(VM *vm, Args args)
{
    int64_t n;
    if (!obj_index_i64(vm, args.v[0], &n)) return VALUE_ERROR;
    if (n < 0) return vm_raise(vm, ERR_VALUE, "negative argument not allowed");
    Value v = bytes_new(vm, NULL, (size_t)n);
    if (!is_error(v)) vm->host->random(vm->host, as_bytes(v)->data, (size_t)n);
    return v;
}

static Value nat_uname(VM *vm, Args args)
{
    (void)args;
    struct utsname u;
    if (uname(&u) != 0) return vm_raise_errno(vm, errno, NULL);
    return tuple_pack(vm, 5, text_from_system(vm, u.sysname), text_from_system(vm, u.nodename),
                      text_from_system(vm, u.release), text_from_system(vm, u.version),
                      text_from_system(vm, u.machine));
}

static Value nat_umask(VM *vm, Args args)
{
    int mask;
    return int_arg(vm, args.v[0], &mask) ? small(umask((mode_t)mask)) : VALUE_ERROR;
}

static Value nat_exit(VM *vm, Args args)
{
    int status;
    if (!int_arg(vm, args.v[0], &status)) return VALUE_ERROR;
    _exit(status);
}

static Value nat_strerror(VM *vm, Args args)
{
    int code;
    return int_arg(vm, args.v[0], &code) ? str_from_c(vm, strerror(code)) : VALUE_ERROR;
}

/* ---- its environment ----------------------------------------------------------------------------- */

/* The environment is the process's, whose VMs may run on several threads: so is this. */
static pthread_mutex_t environment_lock = PTHREAD_MUTEX_INITIALIZER;

/* The variables as they are now, "name=value" with its NUL each, malloc'd, and their end. NULL: memory is out. */
static char *copy_environment(char **end)
{
    pthread_mutex_lock(&environment_lock);
    size_t size = 0;
    for (char **e = environ; e && *e; e++) size += strlen(*e) + 1;
    char *copy = malloc(size + 1), *at = copy;
    for (char **e = environ; copy && e && *e; e++) at = stpcpy(at, *e) + 1;
    pthread_mutex_unlock(&environment_lock);
    *end = at;
    return copy;
}

static bool append_variable(VM *vm, List *l, char *variable)
{
    char *equals = strchr(variable, '=');
    if (!equals) return true;
    *equals = '\0';
    Value row = tuple_pack(vm, 2, text_from_system(vm, variable), text_from_system(vm, equals + 1));
    return !is_error(row) && list_append(vm, l, row);
}

static Value nat_environment(VM *vm, Args args)
{
    (void)args;
    Value list = list_new(vm, NULL, 0);
    char *end, *copy = is_error(list) ? NULL : copy_environment(&end);
    if (!copy) return is_error(list) ? list : vm_no_memory(vm);
    bool ok = true;
    for (char *at = copy, *next; ok && at < end; at = next) {
        next = at + strlen(at) + 1;
        ok = append_variable(vm, as_list(list), at);
    }
    free(copy);
    return ok ? list : VALUE_ERROR;
}

/* value NULL: the variable goes. */
static Value change_environment(VM *vm, const char *name, const char *value)
{
    pthread_mutex_lock(&environment_lock);
    int failed = value ? setenv(name, value, 1) : unsetenv(name), code = errno;
    pthread_mutex_unlock(&environment_lock);
    return failed ? vm_raise_errno(vm, code, NULL) : VALUE_NONE;
}

static Value nat_putenv(VM *vm, Args args)
{
    Value shown;
    const char *name = path_arg(vm, args.v[0], "putenv", &shown);
    const char *value = name ? path_arg(vm, args.v[1], "putenv", &shown) : NULL;
    if (!value) return VALUE_ERROR;
    if (!*name || strchr(name, '=')) return vm_raise(vm, ERR_VALUE, "illegal environment variable name");
    return change_environment(vm, name, value);
}

static Value nat_unsetenv(VM *vm, Args args)
{
    Value shown;
    const char *name = path_arg(vm, args.v[0], "unsetenv", &shown);
    return name ? change_environment(vm, name, NULL) : VALUE_ERROR;
}

static const NativeDef natives[] = {
    {"getcwd()", nat_getcwd, "The current folder.", 0},
    {"chdir(path)", nat_chdir, "Make it another.", 0},
    {"entries(path)", nat_entries, "(name, type, inode) of all in a folder.", 0},
    {"mkdir(path, mode)", nat_mkdir, "Make a folder.", 0},
    {"mkfifo(path, mode)", nat_mkfifo, "Make a pipe that has a name.", 0},
    {"rmdir(path)", nat_rmdir, "Remove an empty folder.", 0},
    {"remove(path)", nat_remove, "Remove a file.", 0},
    {"unlink(path)", nat_unlink, "Remove a file.", 0},
    {"rename(src, dst)", nat_rename, "Give it another name.", 0},
    {"symlink(src, dst)", nat_symlink, "Make a symbolic link.", 0},
    {"link(src, dst)", nat_link, "Make a hard link.", 0},
    {"readlink(path)", nat_readlink, "Where a symbolic link leads.", 0},
    {"chmod(path, mode)", nat_chmod, "Change its permissions.", 0},
    {"access(path, mode)", nat_access, "Whether we may.", 0},
    {"utime(path, atime_ns, mtime_ns)", nat_utime, "Set its times.", 0},
    {"stat(path, follow)", nat_stat, "What the system knows of a file.", 0},
    {"pipe()", nat_pipe, "Two descriptors: for reading, for writing.", 0},
    {"close(fd)", nat_close, "Close a descriptor.", 0},
    {"get_inheritable(fd, /)", nat_get_inheritable, "Whether children get it.", 0},
    {"set_inheritable(fd, inheritable, /)", nat_set_inheritable, "Let children get it, or not.", 0},
    {"dup(fd)", nat_dup, "Another descriptor for the same.", 0},
    {"getpid()", nat_getpid, "The number of this process.", 0},
    {"getppid()", nat_getppid, "Its parent's.", 0},
    {"getuid()", nat_getuid, "Whose it is.", 0},
    {"getgid()", nat_getgid, "Whose group's.", 0},
    {"kill(pid, signal, /)", nat_kill, "Send a process a signal.", 0},
    {"cpu_count()", nat_cpu_count, "How many processors there are.", 0},
    {"urandom(size, /)", nat_urandom, "Random bytes.", 0},
    {"uname()", nat_uname, "The system's names.", 0},
    {"umask(mask, /)", nat_umask, "Set the mask of new files' permissions; answers the old one.", 0},
    {"_exit(status)", nat_exit, "End at once.", 0},
    {"strerror(code, /)", nat_strerror, "What an error number means.", 0},
    {"environment()", nat_environment, "(name, value) of all variables.", 0},
    {"putenv(name, value)", nat_putenv, "Set a variable.", 0},
    {"unsetenv(name)", nat_unsetenv, "Remove one.", 0},
    {0},
};

const ModuleDef _os_module = {"_os", natives, "Folders, files by name, the process.", NULL};
