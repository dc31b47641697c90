#include "stdlib/record.h"
#include "stdlib/streams.h"
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/float.h"
#include "vm/frame.h"
#include "vm/import.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/report.h"
#include "vm/str.h"
#include "vm/version.h"

#include <float.h>
#include <unistd.h>

/* ---- functions ----------------------------------------------------------------------------------- */

static Value nat_exit(VM *vm, Args args) { return vm_raise_exit(vm, args.v[0]); }

static Value nat_exc_info(VM *vm, Args args)
{
    (void)args;
    Value exc = frame_handled(vm);
    if (is_none(exc)) return tuple_pack(vm, 3, VALUE_NONE, VALUE_NONE, VALUE_NONE);
    Value trace = obj_getattr(vm, exc, vm->common->traceback_);
    return is_error(trace) ? trace : tuple_pack(vm, 3, obj_value(type_of(vm, exc)), exc, trace);
}

static Value nat_exception(VM *vm, Args args) { (void)args; return frame_handled(vm); }

static Value nat_getrecursionlimit(VM *vm, Args args) { (void)args; return small(vm->max_depth); }

static Value nat_setrecursionlimit(VM *vm, Args args)
{
    int64_t limit;
    if (!obj_index_i64(vm, args.v[0], &limit)) return VALUE_ERROR;
    if (limit != (int32_t)limit)
        return vm_raise(vm, ERR_OVERFLOW, "Python int too large to convert to C int");
    if (limit < 1) return vm_raise(vm, ERR_VALUE, "recursion limit must be greater or equal than 1");
    uint32_t depth = vm->frame ? vm->frame->depth : 0;
    if (limit <= depth)
        return vm_raise(
            vm, ERR_RECURSION,
            "cannot set the recursion limit to %d at the recursion depth %u: the limit is too low",
            (int)limit, depth);
    vm->max_depth = (uint32_t)limit;
    return VALUE_NONE;
}

static Value nat_intern(VM *vm, Args args)
{
    if (!is_exact(args.v[0], T_STR))
        return vm_raise(vm, ERR_TYPE, "intern() argument must be str, not %A", args.v[0]);
    Str *s = str_intern_value(vm, as_str(args.v[0]));
    return s ? obj_value(s) : VALUE_ERROR;
}

static Value nat_getsizeof(VM *vm, Args args)
{
    Value size = vm_call_method(vm, args.v[0], vm_intern(vm, "__sizeof__"), NULL, 0);
    if (!is_error(size) && !is_int(size)) size = vm_raise(vm, ERR_TYPE, "an integer is required");
    if (is_error(size)) {
        if (is_unset(args.v[1]) || !vm_pending_is(vm, ERR_TYPE)) return size;
        vm_take_pending(vm);
        return args.v[1];
    }
    int64_t bytes;
    if (!obj_index_i64(vm, size, &bytes)) return VALUE_ERROR;
    return bytes < 0 ? vm_raise(vm, ERR_VALUE, "__sizeof__() should return >= 0") : size;
}

static Value nat_get_int_max_str_digits(VM *vm, Args args)
{
    (void)args;
    return small(int_max_str_digits(vm));
}

static Value nat_set_int_max_str_digits(VM *vm, Args args)
{
    int64_t digits;
    if (!obj_index_i64(vm, args.v[0], &digits)) return VALUE_ERROR;
    if (digits && (digits < 640 || digits > INT32_MAX))
        return vm_raise(vm, ERR_VALUE, "maxdigits must be 0 or larger than 640");
    vm->int_max_digits = digits ? (int32_t)digits : -1;
    return VALUE_NONE;
}

static Value nat_getdefaultencoding(VM *vm, Args args) { (void)args; return str_from_c(vm, "utf-8"); }
static Value nat_getfilesystemencoding(VM *vm, Args args) { (void)args; return str_from_c(vm, "utf-8"); }

/* Called with an exception's type, value and traceback: prints it as one that nobody caught. */
static Value nat_excepthook(VM *vm, Args args)
{
    if (!is_exception(args.v[1]))
        return vm_raise(vm, ERR_TYPE, "excepthook(): Exception expected for value, %T found", args.v[1]);
    Value text = exception_render(vm, args.v[1]);
    if (is_error(text)) return text;
    report_str(vm, text);
    return VALUE_NONE;
}

/* What an expression statement at the prompt does with its value. */
static Value nat_displayhook(VM *vm, Args args)
{
    return op_display(vm, args.v[0]) ? VALUE_NONE : VALUE_ERROR;
}

/* ---- records: made when they are first asked for --------------------------------------------------- */

static Value text(VM *vm, const char *s) { return obj_value(vm_intern(vm, s)); }

static Value version_info(VM *vm)
{
    static const GetSetDef fields[] = {RECORD_FIELD(0, "major"),  RECORD_FIELD(1, "minor"),
                                       RECORD_FIELD(2, "micro"),  RECORD_FIELD(3, "releaselevel"),
                                       RECORD_FIELD(4, "serial"), {0}};
    static const TypeDef def = RECORD_DEF(fields);
    Value items[] = {small(3), small(11), small(0), text(vm, "final"), small(0)};
    Type *t = record_type(vm, "sys.version_info", &def);
    return t ? record_new(vm, t, items) : VALUE_ERROR;
}

static Value float_info(VM *vm)
{
    static const GetSetDef fields[] = {
        RECORD_FIELD(0, "max"),   RECORD_FIELD(1, "max_exp"),  RECORD_FIELD(2, "max_10_exp"),
        RECORD_FIELD(3, "min"),   RECORD_FIELD(4, "min_exp"),  RECORD_FIELD(5, "min_10_exp"),
        RECORD_FIELD(6, "dig"),   RECORD_FIELD(7, "mant_dig"), RECORD_FIELD(8, "epsilon"),
        RECORD_FIELD(9, "radix"), RECORD_FIELD(10, "rounds"),  {0}};
    static const TypeDef def = RECORD_DEF(fields);
    Value items[] = {float_value(vm, DBL_MAX), small(DBL_MAX_EXP),  small(DBL_MAX_10_EXP),
                     float_value(vm, DBL_MIN), small(DBL_MIN_EXP),  small(DBL_MIN_10_EXP),
                     small(DBL_DIG),           small(DBL_MANT_DIG), float_value(vm, DBL_EPSILON),
                     small(FLT_RADIX),         small(FLT_ROUNDS)};
    Type *t = record_type(vm, "sys.float_info", &def);
    return t ? record_new(vm, t, items) : VALUE_ERROR;
}

static Value int_info(VM *vm)
{
    static const GetSetDef fields[] = {RECORD_FIELD(0, "bits_per_digit"),
                                       RECORD_FIELD(1, "sizeof_digit"),
                                       RECORD_FIELD(2, "default_max_str_digits"),
                                       RECORD_FIELD(3, "str_digits_check_threshold"),
                                       {0}};
    static const TypeDef def = RECORD_DEF(fields);
    Value items[] = {small(60), small(8), small(4300), small(640)};
    Type *t = record_type(vm, "sys.int_info", &def);
    return t ? record_new(vm, t, items) : VALUE_ERROR;
}

static Value hash_info(VM *vm)
{
    static const GetSetDef fields[] = {RECORD_FIELD(0, "width"),
                                       RECORD_FIELD(1, "modulus"),
                                       RECORD_FIELD(2, "inf"),
                                       RECORD_FIELD(3, "nan"),
                                       {0}};
    static const TypeDef def = RECORD_DEF(fields);
    Value items[] = {small(64), int_from_i64(vm, ((int64_t)1 << 61) - 1), small(314159), small(0)};
    Type *t = record_type(vm, "sys.hash_info", &def);
    return t ? record_new(vm, t, items) : VALUE_ERROR;
}

/* As python3 sets them without options. */
static Value flags(VM *vm)
{
    static const GetSetDef fields[] = {
        RECORD_FIELD(0, "debug"),              RECORD_FIELD(1, "inspect"),
        RECORD_FIELD(2, "interactive"),        RECORD_FIELD(3, "optimize"),
        RECORD_FIELD(4, "dont_write_bytecode"), RECORD_FIELD(5, "no_user_site"),
        RECORD_FIELD(6, "no_site"),            RECORD_FIELD(7, "ignore_environment"),
        RECORD_FIELD(8, "verbose"),            RECORD_FIELD(9, "bytes_warning"),
        RECORD_FIELD(10, "quiet"),             RECORD_FIELD(11, "hash_randomization"),
        RECORD_FIELD(12, "isolated"),          RECORD_FIELD(13, "dev_mode"),
        RECORD_FIELD(14, "utf8_mode"),         RECORD_FIELD(15, "warn_default_encoding"),
        RECORD_FIELD(16, "safe_path"),         RECORD_FIELD(17, "int_max_str_digits"),
        {0}};
    static const TypeDef def = RECORD_DEF(fields);
    Value items[] = {small(0), small(0),    small(0), small(0), small(0),    small(0),
                     small(0), small(0),    small(0), small(0), small(0),    small(1),
                     small(0), VALUE_FALSE, small(0), small(0), VALUE_FALSE, small(-1)};
    Type *t = record_type(vm, "sys.flags", &def);
    return t ? record_new(vm, t, items) : VALUE_ERROR;
}

enum { HEX_VERSION = 0x030b00f0 }; // 3.11.0 final

static Value implementation(VM *vm)
{
    static const GetSetDef fields[] = {RECORD_FIELD(0, "name"), RECORD_FIELD(1, "version"),
                                       RECORD_FIELD(2, "cache_tag"), RECORD_FIELD(3, "hexversion"), {0}};
    static const TypeDef def = RECORD_DEF(fields);
    Value version = version_info(vm);
    Value items[] = {text(vm, "co"), version, VALUE_NONE, small(HEX_VERSION)};
    Type *t = is_error(version) ? NULL : record_type(vm, "sys.implementation", &def);
    return t ? record_new(vm, t, items) : VALUE_ERROR;
}

static const struct LateName { const char *name; Value (*make)(VM *vm);
} late_names[] = {
    {"version_info", version_info}, {"float_info", float_info},         {"int_info", int_info},
    {"hash_info", hash_info},       {"implementation", implementation}, {"flags", flags},
};

/* Parts of CPython's sys that Co has something else for. */
static const char *const left_out[] = {"_getframe", "_current_frames", "getrefcount", "gettrace",
                                       "settrace",  "getprofile",      "setprofile"};

static Value nat_getattr_of_sys(VM *vm, Args args)
{
    if (!is_str(args.v[0])) return vm_raise(vm, ERR_TYPE, "attribute name must be string, not '%T'", args.v[0]);
    Str *name = as_str(args.v[0]);
    for (size_t i = 0; i < sizeof late_names / sizeof *late_names; i++) {
        if (!str_is(name, late_names[i].name)) continue;
        Value v = late_names[i].make(vm);
        return !is_error(v) && module_add(vm, vm->sys, late_names[i].name, v) ? v : VALUE_ERROR;
    }
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (str_is(name, left_out[i]))
            return vm_raise(vm, ERR_ATTRIBUTE,
                            "sys.%N is not part of Co: suspended frames are looked into by .line and .locals",
                            name);
    return vm_raise(vm, ERR_ATTRIBUTE, "module 'sys' has no attribute '%N'%s", name,
                    module_left_out(vm, vm->sys->name, name));
}

/* ---- the module ------------------------------------------------------------------------------------ */

static const NativeDef natives[] = {
    {"__getattr__(name, /)", nat_getattr_of_sys, "The rarer names; what CPython's sys has and Co leaves out.",
     0},
    {"displayhook(object, /)", nat_displayhook, "Print a value as the prompt does.", 0},
    {"exc_info()", nat_exc_info, "Type, value and traceback of the exception being handled.", 0},
    {"excepthook(exctype, value, traceback, /)", nat_excepthook, "Print an exception that nobody caught.", 0},
    {"exception()", nat_exception, "The exception being handled, or None.", 0},
    {"exit(status=None, /)", nat_exit, "End the program by raising SystemExit(status).", 0},
    {"get_int_max_str_digits()", nat_get_int_max_str_digits, "The longest decimal text of an int; 0: any.",
     0},
    {"getdefaultencoding()", nat_getdefaultencoding, "'utf-8'", 0},
    {"getfilesystemencoding()", nat_getfilesystemencoding, "'utf-8'", 0},
    {"getrecursionlimit()", nat_getrecursionlimit, "How deep calls may nest.", 0},
    {"getsizeof(object, default=?)", nat_getsizeof, "Bytes that an object takes.", 0},
    {"intern(string, /)", nat_intern, "The one interned str equal to string.", 0},
    {"set_int_max_str_digits(maxdigits)", nat_set_int_max_str_digits,
     "Set the longest decimal text of an int.", 0},
    {"setrecursionlimit(limit, /)", nat_setrecursionlimit, "Set how deep calls may nest.", 0},
    {0},
};

static bool add_path(VM *vm, Module *m)
{
    Value path = list_new(vm, NULL, 0);
    return !is_error(path) && module_add(vm, m, "path", path);
}

/* The command's own file; "" where the system does not tell. */
static Value executable(VM *vm)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return text_from_system(vm, path);
}

static bool init(VM *vm, Module *m)
{
    Value excepthook = dict_get_str(vm, m->dict, vm_intern(vm, "excepthook"));
    Value displayhook = dict_get_str(vm, m->dict, vm_intern(vm, "displayhook"));
    return streams_add(vm, m) && add_path(vm, m) && module_add(vm, m, "__excepthook__", excepthook) &&
           module_add(vm, m, "__displayhook__", displayhook) &&
           module_add(vm, m, "modules", obj_value(vm->modules)) &&
           module_add(vm, m, "maxsize", int_from_i64(vm, INT64_MAX)) &&
           module_add(vm, m, "maxunicode", small(0x10ffff)) &&
           module_add(vm, m, "byteorder", text(vm, "little")) &&
           module_add(vm, m, "platform", text(vm, "linux")) && module_add(vm, m, "ps1", text(vm, ">>> ")) &&
           module_add(vm, m, "ps2", text(vm, "... ")) &&
           module_add(vm, m, "dont_write_bytecode", VALUE_TRUE) &&
           module_add(vm, m, "hexversion", small(HEX_VERSION)) &&
           module_add(vm, m, "api_version", small(1013)) &&
           module_add(vm, m, "warnoptions", list_new(vm, NULL, 0)) &&
           module_add(vm, m, "executable", executable(vm)) &&
           module_add(vm, m, "version", text(vm, "3.11 (Co " CO_VERSION ")"));
}

const ModuleDef sys_module = {"sys", natives, "The interpreter: its arguments, streams, limits and modules.",
                              init};
