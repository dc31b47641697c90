/* The built-in exception classes: constructors, fields and texts. */
#include "vm/dict.h"
#include "vm/exception_internal.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type_internal.h"
#include <errno.h>
#include <stdio.h>

/* ---- fields kept in a tuple: extra[0] ---- */

static Value field(const Exception *e, size_t i)
{
    if (!is_tuple(e->extra[0]) || i >= as_tuple(e->extra[0])->size) return VALUE_NONE;
    return as_tuple(e->extra[0])->items[i];
}

enum { MAX_FIELDS = 8 };

static Value set_field(VM *vm, Value self, size_t i, size_t nfields, Value v)
{
    Exception *e = as_exception(self);
    Value fields = tuple_new(vm, NULL, nfields);
    if (is_error(fields)) return fields;
    for (size_t k = 0; k < nfields; k++) as_tuple(fields)->items[k] = field(e, k);
    as_tuple(fields)->items[i] = is_unset(v) ? VALUE_NONE : v;
    gc_store(vm, e, &e->extra[0], fields);
    return VALUE_NONE;
}

/* An attribute that is field number `i` of `n`. */
#define FIELD(class, name, i, n) \
    static Value get_##class##_##name(VM *vm, Value self) { return (void)vm, field(as_exception(self), i); } \
    static Value set_##class##_##name(VM *vm, Value self, Value v) { return set_field(vm, self, i, n, v); }
#define FIELD_ROW(class, name) {#name, get_##class##_##name, set_##class##_##name, NULL}

static bool set_fields(VM *vm, Exception *e, const Value *v, size_t n)
{
    Value fields = tuple_new(vm, v, n);
    if (is_error(fields)) return false;
    gc_store(vm, e, &e->extra[0], fields);
    return true;
}

/* ---- attributes that are extra[0] or extra[1] themselves ---- */

static Value get_extra(Value self, int i)
{
    Value v = as_exception(self)->extra[i];
    return is_unset(v) ? VALUE_NONE : v;
}

static Value set_extra(VM *vm, Value self, int i, Value v)
{
    gc_store(vm, as_obj(self), &as_exception(self)->extra[i], v);
    return VALUE_NONE;
}

static Value get_first(VM *vm, Value self) { return (void)vm, get_extra(self, 0); }
static Value set_first(VM *vm, Value self, Value v) { return set_extra(vm, self, 0, v); }
static Value get_second(VM *vm, Value self) { return (void)vm, get_extra(self, 1); }
static Value set_second(VM *vm, Value self, Value v) { return set_extra(vm, self, 1, v); }

/* ---- keyword arguments ---- */

/* Moves keyword `name` of kw to *slot; false for an error. */
static bool take_keywords(VM *vm, const char *class, Dict *kw, const char *const *names, Value **slots, int n)
{
    size_t pos = 0;
    Value key, value;
    while (kw && dict_next(kw, &pos, &key, &value)) {
        int i = 0;
        while (i < n && !str_is(as_str(key), names[i])) i++;
        if (i == n)
            return vm_raise(vm, ERR_TYPE, "'%V' is an invalid keyword argument for %s()", key, class), false;
        *slots[i] = value;
    }
    return true;
}

/* ---- the classes' constructors ---- */

typedef bool (*FieldInit)(VM *vm, Exception *e, Tuple *args, Dict *kw);

static bool init_value(VM *vm, Exception *e, Tuple *args, Dict *kw) // StopIteration
{
    (void)kw;
    if (args->size) gc_store(vm, e, &e->extra[0], args->items[0]);
    return true;
}

static bool init_exit_code(VM *vm, Exception *e, Tuple *args, Dict *kw)
{
    (void)kw;
    if (args->size) gc_store(vm, e, &e->extra[0], args->size == 1 ? args->items[0] : obj_value(args));
    return true;
}

static bool init_name(VM *vm, Exception *e, Tuple *args, Dict *kw)
{
    (void)args;
    static const char *const names[] = {"name"};
    Value v = VALUE_UNSET, *slots[] = {&v};
    if (!take_keywords(vm, "NameError", kw, names, slots, 1)) return false;
    if (!is_unset(v)) gc_store(vm, e, &e->extra[0], v);
    return true;
}

static bool init_attribute(VM *vm, Exception *e, Tuple *args, Dict *kw)
{
    (void)args;
    static const char *const names[] = {"name", "obj"};
    Value v[2] = {VALUE_UNSET, VALUE_UNSET}, *slots[] = {&v[0], &v[1]};
    if (!take_keywords(vm, "AttributeError", kw, names, slots, 2)) return false;
    for (int i = 0; i < 2; i++)
        if (!is_unset(v[i])) gc_store(vm, e, &e->extra[i], v[i]);
    return true;
}

enum { IMPORT_MSG, IMPORT_NAME, IMPORT_PATH, IMPORT_FIELDS };
FIELD(import, msg, IMPORT_MSG, IMPORT_FIELDS)
FIELD(import, name, IMPORT_NAME, IMPORT_FIELDS)
FIELD(import, path, IMPORT_PATH, IMPORT_FIELDS)

static bool init_import(VM *vm, Exception *e, Tuple *args, Dict *kw)
{
    static const char *const names[] = {"name", "path"};
    Value v[IMPORT_FIELDS] = {args->size == 1 ? args->items[0] : VALUE_NONE, VALUE_NONE, VALUE_NONE};
    Value *slots[] = {&v[IMPORT_NAME], &v[IMPORT_PATH]};
    return take_keywords(vm, "ImportError", kw, names, slots, 2) && set_fields(vm, e, v, IMPORT_FIELDS);
}

enum { OS_ERRNO, OS_STRERROR, OS_FILENAME, OS_FILENAME2, OS_FIELDS };
FIELD(os, errno, OS_ERRNO, OS_FIELDS)
FIELD(os, strerror, OS_STRERROR, OS_FIELDS)
FIELD(os, filename, OS_FILENAME, OS_FIELDS)
FIELD(os, filename2, OS_FILENAME2, OS_FIELDS)

/* OSError(errno, strerror[, filename[, winerror[, filename2]]]); args then keeps the first two. */
static bool init_os(VM *vm, Exception *e, Tuple *args, Dict *kw)
{
    (void)kw;
    if (args->size < 2 || args->size > 5) return true;
    Value v[OS_FIELDS] = {args->items[0], args->items[1], VALUE_NONE, VALUE_NONE};
    bool file = args->size > 2 && !is_none(args->items[2]);
    bool blocking = file && is_int(args->items[2]) && exception_is(vm, obj_value(e), ERR_BLOCKING_IO);
    if (blocking) {
        gc_store(vm, e, &e->extra[1], args->items[2]); // characters_written
    } else if (file) {
        v[OS_FILENAME] = args->items[2];
        if (args->size == 5) v[OS_FILENAME2] = args->items[4];
        Value two = tuple_new(vm, v, 2);
        if (is_error(two)) return false;
        gc_store(vm, e, &e->args, two);
    }
    return set_fields(vm, e, v, OS_FIELDS);
}

static ErrorKind os_error_kind(int64_t err)
{
    switch (err) {
    case EAGAIN: case EALREADY: case EINPROGRESS: return ERR_BLOCKING_IO;
    case EPIPE: case ESHUTDOWN: return ERR_BROKEN_PIPE;
    case ECHILD: return ERR_CHILD_PROCESS;
    case ECONNABORTED: return ERR_CONNECTION_ABORTED;
    case ECONNREFUSED: return ERR_CONNECTION_REFUSED;
    case ECONNRESET: return ERR_CONNECTION_RESET;
    case EEXIST: return ERR_FILE_EXISTS;
    case ENOENT: return ERR_FILE_NOT_FOUND;
    case EINTR: return ERR_INTERRUPTED;
    case EISDIR: return ERR_IS_A_DIRECTORY;
    case ENOTDIR: return ERR_NOT_A_DIRECTORY;
    case EACCES: case EPERM: return ERR_PERMISSION;
    case ESRCH: return ERR_PROCESS_LOOKUP;
    case ETIMEDOUT: return ERR_TIMEOUT;
    default: return ERR_OS;
    }
}

Value exception_new_os(VM *vm, Type *t, Tuple *args)
{
    int64_t err;
    if (t == vm->exc_types[ERR_OS] && args->size >= 2 && args->size <= 5 && is_int(args->items[0]) &&
        int_to_i64(args->items[0], &err))
        t = vm->exc_types[os_error_kind(err)];
    Value e = exception_alloc(vm, t, obj_value(args));
    return is_error(e) || init_os(vm, as_exception(e), args, NULL) ? e : VALUE_ERROR;
}

enum { SYNTAX_MSG, SYNTAX_FILENAME, SYNTAX_LINENO, SYNTAX_OFFSET, SYNTAX_TEXT, SYNTAX_END_LINENO, SYNTAX_END_OFFSET,
       SYNTAX_FIELDS };
FIELD(syntax, msg, SYNTAX_MSG, SYNTAX_FIELDS)
FIELD(syntax, filename, SYNTAX_FILENAME, SYNTAX_FIELDS)
FIELD(syntax, lineno, SYNTAX_LINENO, SYNTAX_FIELDS)
FIELD(syntax, offset, SYNTAX_OFFSET, SYNTAX_FIELDS)
FIELD(syntax, text, SYNTAX_TEXT, SYNTAX_FIELDS)
FIELD(syntax, end_lineno, SYNTAX_END_LINENO, SYNTAX_FIELDS)
FIELD(syntax, end_offset, SYNTAX_END_OFFSET, SYNTAX_FIELDS)

static bool init_syntax(VM *vm, Exception *e, Tuple *args, Dict *kw)
{
    (void)kw;
    Value v[SYNTAX_FIELDS];
    for (int i = 0; i < SYNTAX_FIELDS; i++) v[i] = VALUE_NONE;
    if (args->size) v[SYNTAX_MSG] = args->items[0];
    if (args->size == 2) {
        Value info = obj_to_tuple(vm, args->items[1]);
        if (is_error(info)) return false;
        size_t n = as_tuple(info)->size;
        if (n < 4 || n > 6) {
            vm_raise(vm, ERR_TYPE, "function takes at %s %d arguments (%zu given)", n < 4 ? "least" : "most",
                     n < 4 ? 4 : 6, n);
            return false;
        }
        if (n == 5)
            return vm_raise(vm, ERR_TYPE, "end_offset must be provided when end_lineno is provided"), false;
        memcpy(v + SYNTAX_FILENAME, as_tuple(info)->items, n * sizeof *v);
    }
    return set_fields(vm, e, v, SYNTAX_FIELDS);
}

enum { UNI_ENCODING, UNI_OBJECT, UNI_START, UNI_END, UNI_REASON, UNI_FIELDS };
FIELD(unicode, encoding, UNI_ENCODING, UNI_FIELDS)
FIELD(unicode, object, UNI_OBJECT, UNI_FIELDS)
FIELD(unicode, start, UNI_START, UNI_FIELDS)
FIELD(unicode, end, UNI_END, UNI_FIELDS)
FIELD(unicode, reason, UNI_REASON, UNI_FIELDS)

static bool bad_unicode_arg(VM *vm, int i, const char *what, Value v)
{
    vm_raise(vm, ERR_TYPE, "argument %d must be %s, not %T", i, what, v);
    return false;
}

/* (encoding, object, start, end, reason); UnicodeTranslateError has no encoding. */
static bool init_unicode(VM *vm, Exception *e, Tuple *args, Dict *kw)
{
    (void)kw;
    bool decode = exception_is(vm, obj_value(e), ERR_UNICODE_DECODE);
    int skip = exception_is(vm, obj_value(e), ERR_UNICODE_TRANSLATE);
    if (args->size != (size_t)(UNI_FIELDS - skip)) {
        vm_raise(vm, ERR_TYPE, "function takes exactly %d arguments (%zu given)", UNI_FIELDS - skip,
                 args->size);
        return false;
    }
    Value v[UNI_FIELDS] = {VALUE_NONE};
    memcpy(v + skip, args->items, args->size * sizeof *v);
    if (!skip && !is_str(v[UNI_ENCODING])) return bad_unicode_arg(vm, 1, "str", v[UNI_ENCODING]);
    if (!decode && !is_str(v[UNI_OBJECT])) return bad_unicode_arg(vm, 2 - skip, "str", v[UNI_OBJECT]);
    if (decode && !is_bytes(v[UNI_OBJECT])) {
        if (!is_kind(v[UNI_OBJECT], KIND_BYTEARRAY))
            return vm_raise(vm, ERR_TYPE, "a bytes-like object is required, not '%T'", v[UNI_OBJECT]), false;
        ByteArray *b = (ByteArray *)as_obj(v[UNI_OBJECT]);
        v[UNI_OBJECT] = bytes_new(vm, b->data, b->size);
        if (is_error(v[UNI_OBJECT])) return false;
    }
    for (int i = UNI_START; i <= UNI_END; i++)
        if (!is_int(v[i]))
            return vm_raise(vm, ERR_TYPE, "'%T' object cannot be interpreted as an integer", v[i]), false;
    if (!is_str(v[UNI_REASON])) return bad_unicode_arg(vm, UNI_REASON + 1 - skip, "str", v[UNI_REASON]);
    return set_fields(vm, e, v, UNI_FIELDS);
}

/* ---- texts ---- */

static Value base_str(VM *vm, Value self)
{
    Tuple *args = as_tuple(as_exception(self)->args);
    if (!args->size) return obj_value(vm->empty_str);
    return args->size == 1 ? obj_str(vm, args->items[0]) : obj_repr(vm, obj_value(args));
}

static Value base_repr(VM *vm, Value self)
{
    Type *t = type_of(vm, self);
    Tuple *args = as_tuple(as_exception(self)->args);
    Value text = args->size == 1 ? obj_repr(vm, args->items[0]) : obj_repr(vm, obj_value(args));
    if (is_error(text)) return text;
    return str_format(vm, args->size == 1 ? "%Y(%V)" : "%Y%V", t, text);
}

static Value key_str(VM *vm, Value self)
{
    Tuple *args = as_tuple(as_exception(self)->args);
    return args->size == 1 ? obj_repr(vm, args->items[0]) : base_str(vm, self);
}

static Value os_str(VM *vm, Value self)
{
    Exception *e = as_exception(self);
    if (!is_tuple(e->extra[0])) return base_str(vm, self);
    Value *v = roots_reserve(vm, 4), text = VALUE_ERROR;
    if (!v) return VALUE_ERROR;
    bool file = !is_none(field(e, OS_FILENAME)), file2 = file && !is_none(field(e, OS_FILENAME2));
    v[0] = obj_str(vm, field(e, OS_ERRNO));
    if (!is_error(v[0])) v[1] = obj_str(vm, field(e, OS_STRERROR));
    if (file && !is_error(v[0]) && !is_error(v[1])) v[2] = obj_repr(vm, field(e, OS_FILENAME));
    if (file2 && !is_error(v[2])) v[3] = obj_repr(vm, field(e, OS_FILENAME2));
    if (!is_error(v[0]) && !is_error(v[1]) && !is_error(v[2]) && !is_error(v[3])) {
        if (file2) text = str_format(vm, "[Errno %V] %V: %V -> %V", v[0], v[1], v[2], v[3]);
        else if (file) text = str_format(vm, "[Errno %V] %V: %V", v[0], v[1], v[2]);
        else text = str_format(vm, "[Errno %V] %V", v[0], v[1]);
    }
    roots_pop(vm, v);
    return text;
}

static Value import_str(VM *vm, Value self)
{
    Value msg = field(as_exception(self), IMPORT_MSG);
    return is_exact(msg, T_STR) ? msg : base_str(vm, self);
}

/* "m (f.py, line 1)": only the last part of the file's name. */
static Value syntax_str(VM *vm, Value self)
{
    Exception *e = as_exception(self);
    Value msg = obj_str(vm, field(e, SYNTAX_MSG)), file = field(e, SYNTAX_FILENAME),
          line = field(e, SYNTAX_LINENO);
    if (is_error(msg)) return msg;
    bool has_line = is_exact_int(line);
    if (!is_str(file)) return has_line ? str_format(vm, "%V (line %R)", msg, line) : msg;
    const char *path = str_cstr(vm, as_str(file));
    if (!path) return VALUE_ERROR;
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    return has_line ? str_format(vm, "%V (%s, line %R)", msg, name, line)
                    : str_format(vm, "%V (%s)", msg, name);
}

static int64_t field_i64(const Exception *e, size_t i)
{
    int64_t n = 0;
    Value v = field(e, i);
    return is_int(v) && int_to_i64(v, &n) ? n : 0;
}

static Value unicode_one(VM *vm, Exception *e, const char *does, int64_t at)
{
    Value object = field(e, UNI_OBJECT), reason = field(e, UNI_REASON);
    if (is_bytes(object))
        return str_format(vm, "'%V' codec can't decode byte 0x%02x in position %ld: %V", field(e, UNI_ENCODING),
                          as_bytes(object)->data[at], (long)at, reason);
    uint32_t c = str_char_at(vm, as_str(object), (size_t)at);
    const char *form = c <= 0xff ? "\\x%02x" : c <= 0xffff ? "\\u%04x" : "\\U%08x";
    char shown[16];
    snprintf(shown, sizeof shown, form, c);
    if (is_none(field(e, UNI_ENCODING)))
        return str_format(vm, "can't %s character '%s' in position %ld: %V", does, shown, (long)at, reason);
    return str_format(vm, "'%V' codec can't %s character '%s' in position %ld: %V", field(e, UNI_ENCODING),
                      does, shown, (long)at, reason);
}

static Value unicode_str(VM *vm, Value self)
{
    Exception *e = as_exception(self);
    Value object = field(e, UNI_OBJECT), encoding = field(e, UNI_ENCODING), reason = field(e, UNI_REASON);
    if (!is_tuple(e->extra[0])) return obj_value(vm->empty_str);
    bool bytes = is_bytes(object);
    if ((!bytes && !is_str(object)) || !is_str(reason) || !(is_none(encoding) || is_str(encoding)))
        return base_str(vm, self);
    int64_t start = field_i64(e, UNI_START), end = field_i64(e, UNI_END);
    int64_t size = (int64_t)(bytes ? as_bytes(object)->size : as_str(object)->length);
    const char *does = bytes ? "decode" : is_none(encoding) ? "translate" : "encode";
    if (start >= 0 && start < size && end == start + 1) return unicode_one(vm, e, does, start);
    const char *what = bytes ? "bytes" : "characters";
    if (is_none(encoding))
        return str_format(vm, "can't %s %s in position %ld-%ld: %V", does, what, (long)start, (long)(end - 1),
                          reason);
    return str_format(vm, "'%V' codec can't %s %s in position %ld-%ld: %V", encoding, does, what, (long)start,
                      (long)(end - 1), reason);
}

static Value group_str(VM *vm, Value self) { return exception_group_str(vm, as_exception(self)); }

/* ---- BaseException ---- */

static Value get_args(VM *vm, Value self) { return (void)vm, as_exception(self)->args; }

static Value set_args(VM *vm, Value self, Value v)
{
    if (is_unset(v)) return vm_raise(vm, ERR_TYPE, "args may not be deleted");
    Value args = obj_to_tuple(vm, v);
    if (is_error(args)) return args;
    gc_store(vm, as_obj(self), &as_exception(self)->args, args);
    return VALUE_NONE;
}

static Value none_if_unset(Value v) { return is_unset(v) ? VALUE_NONE : v; }

static Value get_cause(VM *vm, Value self) { return (void)vm, none_if_unset(as_exception(self)->cause); }
static Value get_context(VM *vm, Value self) { return (void)vm, none_if_unset(as_exception(self)->context); }

static Value set_link(VM *vm, Value self, Value *slot, Value v, const char *name)
{
    if (is_unset(v)) return vm_raise(vm, ERR_TYPE, "__%s__ may not be deleted", name);
    if (!is_none(v) && !is_exception(v))
        return vm_raise(vm, ERR_TYPE, "exception %s must be None or derive from BaseException", name);
    gc_store(vm, as_obj(self), slot, v);
    return VALUE_NONE;
}

static Value set_cause(VM *vm, Value self, Value v)
{
    Value ok = set_link(vm, self, &as_exception(self)->cause, v, "cause");
    if (!is_error(ok)) as_exception(self)->suppress_context = 1;
    return ok;
}

static Value set_context(VM *vm, Value self, Value v)
{
    return set_link(vm, self, &as_exception(self)->context, v, "context");
}

static Value get_suppress(VM *vm, Value self)
{
    return (void)vm, bool_value(as_exception(self)->suppress_context);
}

static Value set_suppress(VM *vm, Value self, Value v)
{
    if (is_unset(v)) return vm_raise(vm, ERR_TYPE, "can't delete numeric/char attribute");
    if (!is_bool(v)) return vm_raise(vm, ERR_TYPE, "attribute value type must be bool");
    as_exception(self)->suppress_context = v == VALUE_TRUE;
    return VALUE_NONE;
}

static Value get_traceback(VM *vm, Value self)
{
    size_t n = exception_trace_length(as_exception(self));
    return n ? traceback_new(vm, self, (uint32_t)(n - 1)) : VALUE_NONE;
}

static Value set_traceback(VM *vm, Value self, Value v)
{
    if (is_unset(v)) return vm_raise(vm, ERR_TYPE, "__traceback__ may not be deleted");
    Value trace = VALUE_UNSET;
    if (is_kind(v, KIND_TRACEBACK)) {
        Traceback *tb = (Traceback *)as_obj(v);
        size_t have = exception_trace_length(as_exception(tb->exc)), n = (size_t)tb->index + 1;
        trace = exception_copy_trace(vm, as_exception(tb->exc), n < have ? n : have);
        if (is_error(trace)) return trace;
    } else if (!is_none(v)) {
        return vm_raise(vm, ERR_TYPE, "__traceback__ must be a traceback or None");
    }
    gc_store(vm, as_obj(self), &as_exception(self)->trace, trace);
    return VALUE_NONE;
}

static Value get_notes(VM *vm, Value self)
{
    Value notes = as_exception(self)->notes;
    return is_unset(notes) ? attr_missing(vm, self, vm->common->notes) : notes;
}

static Value set_notes(VM *vm, Value self, Value v)
{
    if (is_unset(v) && is_unset(as_exception(self)->notes)) return attr_missing(vm, self, vm->common->notes);
    gc_store(vm, as_obj(self), &as_exception(self)->notes, v);
    return VALUE_NONE;
}

static Value get_dict(VM *vm, Value self) { return obj_dict(vm, self); }

static Value set_dict(VM *vm, Value self, Value v)
{
    if (is_unset(v)) return vm_raise(vm, ERR_TYPE, "cannot delete __dict__");
    if (!is_dict(v)) return vm_raise(vm, ERR_TYPE, "__dict__ must be set to a dictionary, not a '%T'", v);
    if (!own_dict_make(vm, self)) return VALUE_ERROR; // gives it the shape of objects with attributes
    gc_store(vm, as_obj(self), &as_exception(self)->attrs, v);
    return VALUE_NONE;
}

static Value nat_add_note(VM *vm, Args args)
{
    Exception *e = as_exception(args.v[0]);
    if (!is_str(args.v[1])) return vm_raise(vm, ERR_TYPE, "note must be a str, not '%T'", args.v[1]);
    if (is_unset(e->notes)) {
        Value list = list_new(vm, NULL, 0);
        if (is_error(list)) return list;
        gc_store(vm, e, &e->notes, list);
    }
    if (!is_list(e->notes)) return vm_raise(vm, ERR_TYPE, "Cannot add note: __notes__ is not a list");
    return list_append(vm, as_list(e->notes), args.v[1]) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_with_traceback(VM *vm, Args args)
{
    Value ok = set_traceback(vm, args.v[0], args.v[1]);
    return is_error(ok) ? ok : args.v[0];
}

/* ---- made again ---- */

/* Of an OSError with file names, which args leave out, all that it was made of. */
static Value all_arguments(VM *vm, Value self)
{
    const Exception *e = as_exception(self);
    bool file =
        exception_is(vm, self, ERR_OS) && as_tuple(e->args)->size == 2 && !is_none(field(e, OS_FILENAME));
    if (!file) return e->args;
    Value v[] = {as_tuple(e->args)->items[0], as_tuple(e->args)->items[1], field(e, OS_FILENAME), VALUE_NONE,
                 field(e, OS_FILENAME2)};
    return tuple_new(vm, v, is_none(v[4]) ? 3 : 5);
}

/* Its attributes: an exception's notes are among them, an ImportError's name and path. A Dict; NULL: no memory. */
static Dict *attributes(VM *vm, Value self)
{
    const Exception *e = as_exception(self);
    Value own = obj_dict_copy(vm, self);
    Dict *d = is_error(own) ? NULL : is_dict(own) ? as_dict(own) : dict_new(vm);
    if (d && !is_unset(e->notes) && !dict_set_str(vm, d, vm->common->notes, e->notes)) return NULL;
    if (!d || !exception_is(vm, self, ERR_IMPORT)) return d;
    Value name = field(e, IMPORT_NAME), path = field(e, IMPORT_PATH);
    bool ok = (is_none(name) || dict_set_str(vm, d, vm->common->name, name)) &&
              (is_none(path) || dict_set_str(vm, d, vm->common->path, path));
    return ok ? d : NULL;
}

static Value nat_reduce(VM *vm, Args args)
{
    Value self = args.v[0], class = obj_value(type_of(vm, self)), arguments = all_arguments(vm, self);
    Dict *state = is_error(arguments) ? NULL : attributes(vm, self);
    if (!state) return VALUE_ERROR;
    return dict_len(state) ? tuple_pack(vm, 3, class, arguments, obj_value(state))
                           : tuple_pair(vm, class, arguments);
}

static Value nat_setstate(VM *vm, Args args)
{
    if (is_none(args.v[1])) return VALUE_NONE;
    if (!is_dict(args.v[1])) return vm_raise(vm, ERR_TYPE, "state is not a dictionary");
    Value key, v;
    for (size_t pos = 0; dict_next(as_dict(args.v[1]), &pos, &key, &v);) {
        if (!is_str(key)) return vm_raise(vm, ERR_TYPE, "attribute name must be string, not '%T'", key);
        if (is_error(obj_setattr(vm, args.v[0], as_str(key), v))) return VALUE_ERROR;
    }
    return VALUE_NONE;
}

static FieldInit init_of(VM *vm, Type *t);

bool exception_init_fields(VM *vm, Exception *e, Tuple *args, Dict *kw)
{
    FieldInit init = init_of(vm, type_of(vm, obj_value(e)));
    if (init) return init(vm, e, args, kw);
    return true;
}

static bool takes_keywords(FieldInit init)
{
    return init == init_name || init == init_attribute || init == init_import;
}

static bool check_keywords(VM *vm, Type *t, Dict *kw)
{
    if (!dict_len(kw) || takes_keywords(init_of(vm, t))) return true;
    vm_raise(vm, ERR_TYPE, "%Y() takes no keyword arguments", t);
    return false;
}

/* BaseException(*args, **kwargs). A script's __init__ takes the keywords, and decides what reaches ours. */
static Value nat_construct(VM *vm, Args args)
{
    Type *t = as_type(args.v[0]);
    Tuple *positional = as_tuple(args.v[1]);
    bool script_init = type_defines(t, D_INIT);
    if (!script_init && !check_keywords(vm, t, as_dict(args.v[2]))) return VALUE_ERROR;
    if (type_is_subtype(t, vm->exc_types[ERR_OS]) && !script_init) return exception_new_os(vm, t, positional);
    Value e = exception_alloc(vm, t, args.v[1]);
    if (is_error(e) || script_init) return e;
    Value *root = roots_push(vm, e);
    if (!root) return VALUE_ERROR;
    bool ok = exception_init_fields(vm, as_exception(e), positional, as_dict(args.v[2]));
    roots_pop(vm, root);
    return ok ? e : VALUE_ERROR;
}

static Value nat_init(VM *vm, Args args)
{
    Exception *e = as_exception(args.v[0]);
    if (!check_keywords(vm, type_of(vm, args.v[0]), as_dict(args.v[2]))) return VALUE_ERROR;
    if (exception_is(vm, args.v[0], ERR_BASE_GROUP)) return VALUE_NONE; // all was done by __new__
    gc_store(vm, e, &e->args, args.v[1]);
    return exception_init_fields(vm, e, as_tuple(args.v[1]), as_dict(args.v[2])) ? VALUE_NONE : VALUE_ERROR;
}

static Value nat_construct_group(VM *vm, Args args)
{
    Type *t = as_type(args.v[0]);
    if (!type_defines(t, D_INIT) && !check_keywords(vm, t, as_dict(args.v[2]))) return VALUE_ERROR;
    return exception_group_new(vm, t, as_tuple(args.v[1]));
}

/* ---- tables ---- */

static const NativeDef base_methods[] = {
    {"__init__(self, /, *args, **kwargs)", nat_init, "Set up a new object; its class says what it takes.", 0},
    {"add_note(self, object, /)", nat_add_note, "Add a text that is shown below the exception.", 0},
    {"__reduce__(self, /)", nat_reduce, "The class, its arguments and, if there are any, the attributes.", 0},
    {"__setstate__(self, state, /)", nat_setstate, "Set attributes from a dict.", 0},
    {"with_traceback(self, object, /)", nat_with_traceback,
     "The exception itself, with this traceback.", 0},
    {0},
};

static const GetSetDef base_getsets[] = {
    {"args", get_args, set_args, NULL},
    {"__cause__", get_cause, set_cause, "exception cause"},
    {"__context__", get_context, set_context, "exception context"},
    {"__suppress_context__", get_suppress, set_suppress, NULL},
    {"__traceback__", get_traceback, set_traceback, NULL},
    {"__notes__", get_notes, set_notes, NULL},
    {"__dict__", get_dict, set_dict, NULL},
    {0},
};

static const GetSetDef stop_getsets[] = {{"value", get_first, set_first, "generator return value"}, {0}};
static const GetSetDef exit_getsets[] = {{"code", get_first, set_first, "exception code"}, {0}};
static const GetSetDef name_getsets[] = {{"name", get_first, set_first, "name"}, {0}};
static const GetSetDef attribute_getsets[] = {
    {"name", get_first, set_first, "attribute name"}, {"obj", get_second, set_second, "object"}, {0}};
static const GetSetDef import_getsets[] = {
    FIELD_ROW(import, msg), FIELD_ROW(import, name), FIELD_ROW(import, path), {0}};
static const GetSetDef os_getsets[] = {
    FIELD_ROW(os, errno), FIELD_ROW(os, strerror), FIELD_ROW(os, filename), FIELD_ROW(os, filename2), {0}};
static const GetSetDef syntax_getsets[] = {
    FIELD_ROW(syntax, msg), FIELD_ROW(syntax, filename), FIELD_ROW(syntax, lineno), FIELD_ROW(syntax, offset),
    FIELD_ROW(syntax, text), FIELD_ROW(syntax, end_lineno), FIELD_ROW(syntax, end_offset), {0}};
static const GetSetDef unicode_getsets[] = {FIELD_ROW(unicode, encoding), FIELD_ROW(unicode, object),
                                            FIELD_ROW(unicode, start),    FIELD_ROW(unicode, end),
                                            FIELD_ROW(unicode, reason),   {0}};
static const GetSetDef translate_getsets[] = {FIELD_ROW(unicode, object),
                                              FIELD_ROW(unicode, start),
                                              FIELD_ROW(unicode, end),
                                              FIELD_ROW(unicode, reason),
                                              {0}};

static Value get_written(VM *vm, Value self)
{
    Value n = as_exception(self)->extra[1];
    if (!is_unset(n)) return n;
    Str *name = vm_intern(vm, "characters_written");
    return name ? exception_raise_attribute(vm, obj_value(name), self, name) : VALUE_ERROR;
}

static const GetSetDef blocking_getsets[] = {{"characters_written", get_written, set_second, NULL}, {0}};

#define CONSTRUCTOR {"BaseException(*args, **kwargs)", nat_construct, NULL, 0}

/* A class with fields or texts of its own: its TypeDef, and what reads its constructor's arguments. */
typedef struct Family {
    ErrorKind kind;
    TypeDef def;
    FieldInit init;
} Family;

static const Family families[] = {
    {ERR_BASE, {.slots = {.repr = base_repr, .str = base_str}, .methods = base_methods, .getsets = base_getsets,
                .constructor = CONSTRUCTOR, .doc = "What all exceptions derive from.",
                .flags = TYPE_EXCEPTION | TYPE_HAS_DICT}, NULL},
    {ERR_BASE_GROUP, {.slots = {.str = group_str}, .methods = exception_group_methods, .getsets = exception_group_getsets,
                      .constructor = {"BaseExceptionGroup(*args, **kwargs)", nat_construct_group, NULL, 0},
                      .doc = "Several exceptions raised as one."}, NULL},
    {ERR_STOP_ITERATION, {.getsets = stop_getsets, .constructor = CONSTRUCTOR,
                          .doc = "An iterator has no more items."}, init_value},
    {ERR_SYSTEM_EXIT, {.getsets = exit_getsets, .constructor = CONSTRUCTOR,
                       .doc = "The program is to end."}, init_exit_code},
    {ERR_KEY, {.slots = {.str = key_str}, .constructor = CONSTRUCTOR,
               .doc = "A mapping has no such key."}, NULL},
    {ERR_NAME, {.getsets = name_getsets, .constructor = CONSTRUCTOR,
                .doc = "No variable has this name."}, init_name},
    {ERR_ATTRIBUTE, {.getsets = attribute_getsets, .constructor = CONSTRUCTOR,
                     .doc = "An object has no such attribute."},
     init_attribute},
    {ERR_IMPORT, {.slots = {.str = import_str}, .getsets = import_getsets, .constructor = CONSTRUCTOR,
                  .doc = "A module is not found, or has no such name."}, init_import},
    {ERR_OS, {.slots = {.str = os_str}, .getsets = os_getsets, .constructor = CONSTRUCTOR,
              .doc = "The system has refused something; errno says why."}, init_os},
    {ERR_BLOCKING_IO, {.getsets = blocking_getsets, .constructor = CONSTRUCTOR,
                       .doc = "It would have to wait, and is not to."},
     init_os},
    {ERR_SYNTAX, {.slots = {.str = syntax_str}, .getsets = syntax_getsets, .constructor = CONSTRUCTOR,
                  .doc = "A text that is no program."}, init_syntax},
    {ERR_UNICODE_DECODE, {.slots = {.str = unicode_str}, .getsets = unicode_getsets, .constructor = CONSTRUCTOR,
                          .doc = "Bytes that an encoding cannot read."}, init_unicode},
    {ERR_UNICODE_ENCODE, {.slots = {.str = unicode_str}, .getsets = unicode_getsets, .constructor = CONSTRUCTOR,
                          .doc = "Text that an encoding cannot write."}, init_unicode},
    {ERR_UNICODE_TRANSLATE, {.slots = {.str = unicode_str}, .getsets = translate_getsets, .constructor = CONSTRUCTOR,
                             .doc = "Text that cannot be translated."}, init_unicode},
};
enum { FAMILY_COUNT = sizeof families / sizeof *families };

const TypeDef *exception_type_def(ErrorKind kind)
{
    for (int i = 0; i < FAMILY_COUNT; i++)
        if (families[i].kind == kind) return &families[i].def;
    return NULL;
}

/* Of the nearest class in t's MRO that has one. */
static FieldInit init_of(VM *vm, Type *t)
{
    (void)vm;
    for (size_t i = 0; i < t->mro->size; i++) {
        const TypeDef *def = as_type(t->mro->items[i])->table;
        for (int k = 0; def && k < FAMILY_COUNT; k++)
            if (def == &families[k].def && families[k].init) return families[k].init;
    }
    return NULL;
}
