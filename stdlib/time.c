#include "stdlib/record.h"
#include "stdlib/stdlib.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/report.h"
#include "vm/strand.h"
#include "vm/str.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

static const double BILLION = 1e9;

/* ---- clocks -------------------------------------------------------------------------------------- */

static int64_t monotonic(VM *vm) { return vm->host->monotonic(vm->host); }
static int64_t wall(VM *vm) { return vm->host->wall(vm->host); }

static int64_t process_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * (int64_t)1000000000 + t.tv_nsec;
}

static Value seconds(VM *vm, int64_t ns) { return float_value(vm, (double)ns / BILLION); }

static Value nat_time(VM *vm, Args args) { (void)args; return seconds(vm, wall(vm)); }
static Value nat_time_ns(VM *vm, Args args) { (void)args; return int_from_i64(vm, wall(vm)); }
static Value nat_monotonic(VM *vm, Args args) { (void)args; return seconds(vm, monotonic(vm)); }
static Value nat_monotonic_ns(VM *vm, Args args) { (void)args; return int_from_i64(vm, monotonic(vm)); }
static Value nat_process_time(VM *vm, Args args) { (void)args; return seconds(vm, process_ns()); }
static Value nat_process_time_ns(VM *vm, Args args) { (void)args; return int_from_i64(vm, process_ns()); }

/* ---- sleep --------------------------------------------------------------------------------------- */

static bool to_nanoseconds(VM *vm, Value v, int64_t *ns)
{
    double s;
    if (is_int(v)) {
        Value limited = int_binary(vm, BIN_MUL, v, small(1000000000));
        if (is_error(limited)) return false;
        if (!int_to_i64(limited, ns))
            return vm_raise(vm, ERR_OVERFLOW, "timestamp too large to convert to C _PyTime_t"), false;
        return true;
    }
    if (!is_float(v)) {
        vm_raise(vm, ERR_TYPE, "'%T' object cannot be interpreted as an integer", v);
        return false;
    }
    s = as_float(v);
    if (isnan(s)) return vm_raise(vm, ERR_VALUE, "Invalid value NaN (not a number)"), false;
    if (!(fabs(s) < 9.2e9))
        return vm_raise(vm, ERR_OVERFLOW, "timestamp too large to convert to C _PyTime_t"), false;
    *ns = (int64_t)ceil(s * BILLION);
    return true;
}

/* In a blocking context, or beside one: the others run meanwhile. */
static Value sleep_as_strand(VM *vm, int64_t deadline)
{
    int64_t began = monotonic(vm);
    Wake wake = strand_wait(vm, NULL, WAIT_SLEEP, VALUE_NONE, deadline);
    report_stall(vm, "time.sleep", began);
    return wake == WAKE_ERROR ? VALUE_ERROR : VALUE_NONE;
}

/* Blocks every task, as in CPython. A signal that is dealt with (a cancelled main task) does not cut it
 * short. */
static Value nat_sleep(VM *vm, Args args)
{
    int64_t ns;
    Value v = is_float(args.v[0]) ? args.v[0] : obj_index(vm, args.v[0]);
    if (is_error(v) || !to_nanoseconds(vm, v, &ns)) return VALUE_ERROR;
    if (ns < 0) return vm_raise(vm, ERR_VALUE, "sleep length must be non-negative");
    int64_t began = monotonic(vm), now = began, deadline;
    if (__builtin_add_overflow(now, ns, &deadline)) deadline = INT64_MAX;
    if (strand_others(vm)) return sleep_as_strand(vm, deadline);
    while (!vm->host->block(vm->host, deadline - now)) {
        if (!vm_interrupted(vm)) return VALUE_ERROR;
        now = monotonic(vm);
        if (now >= deadline) break;
    }
    report_stall(vm, "time.sleep", began);
    return VALUE_NONE;
}

/* ---- calendar ------------------------------------------------------------------------------------ */

static const GetSetDef tm_fields[] = {RECORD_FIELD(0, "tm_year"),  RECORD_FIELD(1, "tm_mon"),
                                      RECORD_FIELD(2, "tm_mday"),  RECORD_FIELD(3, "tm_hour"),
                                      RECORD_FIELD(4, "tm_min"),   RECORD_FIELD(5, "tm_sec"),
                                      RECORD_FIELD(6, "tm_wday"),  RECORD_FIELD(7, "tm_yday"),
                                      RECORD_FIELD(8, "tm_isdst"), {0}};
enum { TM_FIELDS = 9 };

/* struct_time(sequence) */
static Value construct_struct_time(VM *vm, Args args)
{
    Value items = obj_to_tuple(vm, args.v[1]);
    if (is_error(items)) return items;
    size_t n = as_tuple(items)->size;
    if (n < TM_FIELDS) return vm_raise(vm, ERR_TYPE, "time.struct_time() takes an at least 9-sequence (%zu-sequence given)", n);
    if (n > TM_FIELDS + 2)
        return vm_raise(vm, ERR_TYPE, "time.struct_time() takes an at most 11-sequence (%zu-sequence given)", n);
    return record_new(vm, stdlib(vm)->struct_time, as_tuple(items)->items);
}

static const TypeDef tm_def = {
    .slots = {.repr = record_repr},
    .getsets = tm_fields,
    .constructor = {"struct_time(sequence, /)", construct_struct_time, NULL, 0},
    .flags = TYPE_FINAL | TYPE_SEQUENCE,
};

static Value struct_time(VM *vm, const struct tm *t)
{
    Value items[] = {small(t->tm_year + 1900),    small(t->tm_mon + 1),  small(t->tm_mday),
                     small(t->tm_hour),           small(t->tm_min),      small(t->tm_sec),
                     small((t->tm_wday + 6) % 7), small(t->tm_yday + 1), small(t->tm_isdst)};
    return record_new(vm, stdlib(vm)->struct_time, items);
}

/* The argument of localtime and gmtime in whole seconds: now, if there is none. */
static bool moment(VM *vm, Value v, time_t *out)
{
    double s = 0;
    if (is_none(v)) s = floor((double)wall(vm) / BILLION);
    else if (!is_float(v) && is_error(v = obj_index(vm, v))) return false;
    else if (!to_double(vm, v, &s)) return false;
    if (!(fabs(s) < 6.7e16))
        return vm_raise(vm, ERR_OVERFLOW, "timestamp out of range for platform time_t"), false;
    *out = (time_t)floor(s);
    return true;
}

static Value nat_localtime(VM *vm, Args args)
{
    time_t t;
    struct tm tm;
    if (!moment(vm, args.v[0], &t)) return VALUE_ERROR;
    return localtime_r(&t, &tm) ? struct_time(vm, &tm)
                                : vm_raise(vm, ERR_OVERFLOW, "localtime argument out of range");
}

static Value nat_gmtime(VM *vm, Args args)
{
    time_t t;
    struct tm tm;
    if (!moment(vm, args.v[0], &t)) return VALUE_ERROR;
    return gmtime_r(&t, &tm) ? struct_time(vm, &tm)
                             : vm_raise(vm, ERR_OVERFLOW, "gmtime argument out of range");
}

/* A struct_time, or any tuple of nine integers. */
static bool read_tm(VM *vm, Value v, const char *function, struct tm *tm)
{
    int64_t f[TM_FIELDS];
    if (!is_tuple(v)) return vm_raise(vm, ERR_TYPE, "Tuple or struct_time argument required"), false;
    if (as_tuple(v)->size != TM_FIELDS)
        return vm_raise(vm, ERR_TYPE, "%s(): illegal time tuple argument", function), false;
    for (int i = 0; i < TM_FIELDS; i++)
        if (!obj_index_i64(vm, as_tuple(v)->items[i], &f[i])) return false;
    for (int i = 0; i < TM_FIELDS; i++)
        if (f[i] != (int32_t)f[i])
            return vm_raise(vm, ERR_OVERFLOW, "Python int too large to convert to C int"), false;
    *tm = (struct tm){.tm_year = (int)(f[0] - 1900),
                      .tm_mon = (int)f[1] - 1,
                      .tm_mday = (int)f[2],
                      .tm_hour = (int)f[3],
                      .tm_min = (int)f[4],
                      .tm_sec = (int)f[5],
                      .tm_wday = (int)((f[6] + 1) % 7),
                      .tm_yday = (int)f[7] - 1,
                      .tm_isdst = (int)f[8]};
    return true;
}

static bool check_tm(VM *vm, const struct tm *t)
{
    const char *wrong = t->tm_mon < 0 || t->tm_mon > 11      ? "month"
                        : t->tm_mday < 0 || t->tm_mday > 31  ? "day of month"
                        : t->tm_hour < 0 || t->tm_hour > 23  ? "hour"
                        : t->tm_min < 0 || t->tm_min > 59    ? "minute"
                        : t->tm_sec < 0 || t->tm_sec > 61    ? "seconds"
                        : t->tm_wday < 0                     ? "day of week"
                        : t->tm_yday < -1 || t->tm_yday > 365 ? "day of year"
                                                             : NULL;
    if (wrong) vm_raise(vm, ERR_VALUE, "%s out of range", wrong);
    return !wrong;
}

static Value nat_mktime(VM *vm, Args args)
{
    struct tm tm;
    if (!read_tm(vm, args.v[0], "mktime", &tm)) return VALUE_ERROR;
    return float_value(vm, (double)mktime(&tm));
}

static bool time_argument(VM *vm, Value v, const char *function, struct tm *tm)
{
    if (!is_none(v)) return read_tm(vm, v, function, tm) && check_tm(vm, tm);
    time_t now;
    return moment(vm, VALUE_NONE, &now) && localtime_r(&now, tm);
}

static Value nat_strftime(VM *vm, Args args)
{
    struct tm tm;
    if (!is_str(args.v[0]))
        return vm_raise(vm, ERR_TYPE, "strftime() argument 1 must be str, not %A", args.v[0]);
    if (!time_argument(vm, args.v[1], "strftime", &tm)) return VALUE_ERROR;
    const char *format = str_cstr(vm, as_str(args.v[0]));
    if (!format) return VALUE_ERROR;
    // strftime answers 0 both for an empty text and for lack of room.
    size_t most = 256 + 256 * as_str(args.v[0])->size;
    char *buf = heap_malloc(vm, most);
    if (!buf) return VALUE_ERROR;
    Value v = str_decode_utf8(vm, buf, strftime(buf, most, format, &tm));
    heap_free(vm, buf, most);
    return v;
}

static Value nat_asctime(VM *vm, Args args)
{
    struct tm tm;
    char buf[64];
    if (!time_argument(vm, args.v[0], "asctime", &tm)) return VALUE_ERROR;
    size_t n = strftime(buf, sizeof buf, "%a %b %e %H:%M:%S %Y", &tm);
    return str_new(vm, buf, n);
}

static Value nat_ctime(VM *vm, Args args)
{
    Value t = nat_localtime(vm, args);
    return is_error(t) ? t : nat_asctime(vm, (Args){&t, 1});
}

/* ---- clocks by number ------------------------------------------------------------------------------- */

static Value read_clock(VM *vm, Value clock, int (*read)(clockid_t, struct timespec *), bool ns)
{
    int64_t id;
    struct timespec t;
    if (!obj_index_i64(vm, clock, &id)) return VALUE_ERROR;
    if (read((clockid_t)id, &t)) return vm_raise_errno(vm, errno, NULL);
    int64_t total = t.tv_sec * (int64_t)1000000000 + t.tv_nsec;
    return ns ? int_from_i64(vm, total) : seconds(vm, total);
}

static Value nat_clock_gettime(VM *vm, Args args) { return read_clock(vm, args.v[0], clock_gettime, false); }
static Value nat_clock_gettime_ns(VM *vm, Args args) { return read_clock(vm, args.v[0], clock_gettime, true); }
static Value nat_clock_getres(VM *vm, Args args) { return read_clock(vm, args.v[0], clock_getres, false); }
static Value nat_thread_time(VM *vm, Args args)
{
    (void)args;
    return read_clock(vm, small(CLOCK_THREAD_CPUTIME_ID), clock_gettime, false);
}
static Value nat_thread_time_ns(VM *vm, Args args)
{
    (void)args;
    return read_clock(vm, small(CLOCK_THREAD_CPUTIME_ID), clock_gettime, true);
}

static Value nat_strptime(VM *vm, Args args)
{
    Str *name = vm_intern(vm, "_strptime"), *read = vm_intern(vm, "read");
    Value m = name && read ? module_import(vm, name) : VALUE_ERROR;
    Value f = is_error(m) ? m : obj_getattr(vm, m, read);
    Value parts = is_error(f) ? f : vm_call(vm, f, args.v, 2);
    if (is_error(parts)) return parts;
    return record_new(vm, stdlib(vm)->struct_time, as_list(as_tuple(parts)->items[0])->items);
}

static const NativeDef natives[] = {
    {"asctime(tuple=None, /)", nat_asctime, "A time as 'Sat Jun 06 16:26:11 1998'.", 0},
    {"clock_getres(clk_id, /)", nat_clock_getres, "The resolution of a clock in seconds.", 0},
    {"clock_gettime(clk_id, /)", nat_clock_gettime, "Seconds of a clock.", 0},
    {"clock_gettime_ns(clk_id, /)", nat_clock_gettime_ns, "Nanoseconds of a clock.", 0},
    {"ctime(seconds=None, /)", nat_ctime, "Seconds since 1970 as asctime(localtime(seconds)).", 0},
    {"gmtime(seconds=None, /)", nat_gmtime, "Seconds since 1970 as a struct_time in UTC.", 0},
    {"localtime(seconds=None, /)", nat_localtime, "Seconds since 1970 as a struct_time in local time.", 0},
    {"mktime(tuple, /)", nat_mktime, "A local struct_time as seconds since 1970.", 0},
    {"monotonic()", nat_monotonic, "Seconds of a clock that never goes back.", 0},
    {"monotonic_ns()", nat_monotonic_ns, "The same in nanoseconds.", 0},
    {"perf_counter()", nat_monotonic, "Seconds of the clock that measures best.", 0},
    {"perf_counter_ns()", nat_monotonic_ns, "The same in nanoseconds.", 0},
    {"process_time()", nat_process_time, "Seconds of processor time that this process has used.", 0},
    {"process_time_ns()", nat_process_time_ns, "The same in nanoseconds.", 0},
    {"sleep(seconds, /)", nat_sleep, "Block this task and all others for that long.", 0},
    {"strftime(format, tuple=None, /)", nat_strftime, "A time as text, laid out as format says.", 0},
    {"strptime(string, format='%a %b %d %H:%M:%S %Y', /)", nat_strptime, "A text as a struct_time, by a format.", 0},
    {"thread_time()", nat_thread_time, "Seconds of processor time that this thread has used.", 0},
    {"thread_time_ns()", nat_thread_time_ns, "The same in nanoseconds.", 0},
    {"time()", nat_time, "Seconds since 1970.", 0},
    {"time_ns()", nat_time_ns, "Nanoseconds since 1970.", 0},
    {0},
};

static const struct {
    const char *name;
    int id;
} clocks[] = {{"CLOCK_REALTIME", CLOCK_REALTIME},
              {"CLOCK_MONOTONIC", CLOCK_MONOTONIC},
              {"CLOCK_MONOTONIC_RAW", CLOCK_MONOTONIC_RAW},
              {"CLOCK_BOOTTIME", CLOCK_BOOTTIME},
              {"CLOCK_PROCESS_CPUTIME_ID", CLOCK_PROCESS_CPUTIME_ID},
              {"CLOCK_THREAD_CPUTIME_ID", CLOCK_THREAD_CPUTIME_ID}};

static bool init(VM *vm, Module *m)
{
    tzset();
    Stdlib *lib = stdlib(vm);
    lib->struct_time = record_type(vm, "time.struct_time", &tm_def);
    if (!lib->struct_time || !module_add(vm, m, "struct_time", obj_value(lib->struct_time))) return false;
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++)
        if (!module_add(vm, m, clocks[i].name, small(clocks[i].id))) return false;
    Value names[] = {str_from_c(vm, tzname[0]), str_from_c(vm, tzname[1])};
    Value pair = is_error(names[0]) || is_error(names[1]) ? VALUE_ERROR : tuple_new(vm, names, 2);
    return !is_error(pair) && module_add(vm, m, "tzname", pair) &&
           module_add(vm, m, "timezone", int_from_i64(vm, timezone)) &&
           module_add(vm, m, "altzone", int_from_i64(vm, timezone - (daylight ? 3600 : 0))) &&
           module_add(vm, m, "daylight", small(daylight));
}

const ModuleDef time_module = {"time", natives, "Clocks, sleeping and the calendar.", init};
