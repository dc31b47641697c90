/* errno.c - the numbers of the system's errors, by name. */
#include "stdlib/stdlib.h"
#include "vm/dict.h"
#include "vm/native.h"
#include "vm/str.h"

#include <errno.h>

static const struct { const char *name; int number; } errors[] = {
#define E(name) {#name, name}
    E(EPERM), E(ENOENT), E(ESRCH), E(EINTR), E(EIO), E(ENXIO), E(E2BIG), E(ENOEXEC), E(EBADF), E(ECHILD), E(EAGAIN),
    E(ENOMEM), E(EACCES), E(EFAULT), E(EBUSY), E(EEXIST), E(EXDEV), E(ENODEV), E(ENOTDIR), E(EISDIR), E(EINVAL),
    E(ENFILE), E(EMFILE), E(ENOTTY), E(ETXTBSY), E(EFBIG), E(ENOSPC), E(ESPIPE), E(EROFS), E(EMLINK), E(EPIPE),
    E(EDOM), E(ERANGE), E(EDEADLK), E(ENAMETOOLONG), E(ENOLCK), E(ENOSYS), E(ENOTEMPTY), E(ELOOP), E(EWOULDBLOCK),
    E(EOVERFLOW), E(EILSEQ), E(ENOTSOCK), E(EDESTADDRREQ), E(EMSGSIZE), E(EPROTOTYPE), E(ENOPROTOOPT),
    E(EPROTONOSUPPORT), E(EOPNOTSUPP), E(ENOTSUP), E(EAFNOSUPPORT), E(EADDRINUSE), E(EADDRNOTAVAIL), E(ENETDOWN),
    E(ENETUNREACH), E(ENETRESET), E(ECONNABORTED), E(ECONNRESET), E(ENOBUFS), E(EISCONN), E(ENOTCONN), E(ETIMEDOUT),
    E(ECONNREFUSED), E(EHOSTUNREACH), E(EALREADY), E(EINPROGRESS), E(ESTALE), E(EDQUOT), E(ECANCELED), E(EPROTO),
    E(EBADMSG), E(EIDRM), E(ENOMSG), E(ESHUTDOWN),
#undef E
};

/* Of two names for one number the first is the one errorcode tells. */
static bool init(VM *vm, Module *m)
{
    Dict *names = dict_new(vm);
    if (!names) return false;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        Value number = small(errors[i].number), name = str_from_c(vm, errors[i].name);
        if (is_error(name) || !module_add(vm, m, errors[i].name, number)) return false;
        Value known = dict_get(vm, names, number);
        if (is_error(known) || (is_unset(known) && !dict_set(vm, names, number, name))) return false;
    }
    return module_add(vm, m, "errorcode", obj_value(names));
}

static const NativeDef natives[] = {{0}};
const ModuleDef errno_module = {"errno", natives, "The system's error numbers.", init};
