/* _datetime.c - the arithmetic under datetime.co: days of the Gregorian calendar by number, the first of
 * January of year 1 being 1, and moments: microseconds since the day numbered 0. Both fit into small ints.
 * Fields are in range: datetime.co has checked them.
 */
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/list.h"
#include "vm/native.h"

#include <time.h>

static const int64_t SECOND = 1000000, DAY = 86400 * SECOND;

static const int before_month[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

static bool is_leap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

static int64_t days_before(int64_t year, int64_t month) // in that year
{
    return before_month[month - 1] + (month > 2 && is_leap(year));
}

static int64_t ordinal(int64_t year, int64_t month, int64_t day)
{
    int64_t y = year + 399; // 400 years too many: the divisions round down in the year before year 1 too
    return y * 365 + y / 4 - y / 100 + y / 400 - 146097 + days_before(year, month) + day;
}

/* The year, month and day of a day, whose number is above 0. */
static void from_ordinal(int64_t n, int64_t out[3])
{
    int64_t left = n - 1, n400 = left / 146097, n100 = (left %= 146097) / 36524, n4 = (left %= 36524) / 1461;
    int64_t n1 = (left %= 1461) / 365, year = n400 * 400 + n100 * 100 + n4 * 4 + n1 + 1;
    left %= 365;
    if (n1 == 4 || n100 == 4) { // the last day of a leap year
        out[0] = year - 1, out[1] = 12, out[2] = 31;
        return;
    }
    int64_t month = (left + 50) >> 5; // the right one, or the next
    if (days_before(year, month) > left) month--;
    out[0] = year, out[1] = month, out[2] = left - days_before(year, month) + 1;
}

static Value tuple_of(VM *vm, const int64_t *numbers, size_t n)
{
    Value values[8];
    for (size_t i = 0; i < n; i++) values[i] = small(numbers[i]);
    return tuple_new(vm, values, n);
}

/* n arguments that are ints of the machine. */
static bool read_ints(VM *vm, const Value *v, int64_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_small(v[i])) out[i] = as_small(v[i]);
        else if (!obj_index_i64(vm, v[i], &out[i])) return false;
    return true;
}

static bool month_fits(VM *vm, int64_t month)
{
    if (month >= 1 && month <= 12) return true;
    vm_raise(vm, ERR_VALUE, "month must be in 1..12");
    return false;
}

static Value nat_ordinal(VM *vm, Args args)
{
    int64_t d[3];
    return read_ints(vm, args.v, d, 3) && month_fits(vm, d[1]) ? int_from_i64(vm, ordinal(d[0], d[1], d[2])) : VALUE_ERROR;
}

static Value nat_from_ordinal(VM *vm, Args args)
{
    int64_t n, date[3];
    if (!read_ints(vm, args.v, &n, 1)) return VALUE_ERROR;
    if (n < 1 || n > INT32_MAX) return vm_raise(vm, ERR_OVERFLOW, "date value out of range");
    from_ordinal(n, date);
    return tuple_of(vm, date, 3);
}

static Value nat_moment(VM *vm, Args args)
{
    int64_t f[7];
    if (!read_ints(vm, args.v, f, 7) || !month_fits(vm, f[1])) return VALUE_ERROR;
    return int_from_i64(vm, ordinal(f[0], f[1], f[2]) * DAY + ((f[3] * 60 + f[4]) * 60 + f[5]) * SECOND + f[6]);
}

static Value nat_fields(VM *vm, Args args)
{
    int64_t moment, f[7];
    if (!read_ints(vm, args.v, &moment, 1)) return VALUE_ERROR;
    if (moment < DAY || moment / DAY > INT32_MAX) return vm_raise(vm, ERR_OVERFLOW, "date value out of range");
    from_ordinal(moment / DAY, f);
    int64_t seconds = moment % DAY / SECOND;
    f[3] = seconds / 3600, f[4] = seconds / 60 % 60, f[5] = seconds % 60, f[6] = moment % SECOND;
    return tuple_of(vm, f, 7);
}

/* ---- differences --------------------------------------------------------------------------------- */

static Value nat_total(VM *vm, Args args)
{
    static const int64_t units[] = {DAY, SECOND, 1, 1000, 60 * SECOND, 3600 * SECOND, 7 * DAY};
    int64_t total = 0, part;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (!is_small(args.v[i]) || __builtin_mul_overflow(as_small(args.v[i]), units[i], &part)) return VALUE_NONE;
        if (__builtin_add_overflow(total, part, &total)) return VALUE_NONE;
    }
    return int_from_i64(vm, total);
}

/* ---- local time ---------------------------------------------------------------------------------- */

/* The moment, in seconds, that clocks show at t; false: nobody knows. Leap seconds are those before them. */
static bool local_clock(time_t t, int64_t *out)
{
    struct tm tm;
    if (!localtime_r(&t, &tm)) return false;
    int second = tm.tm_sec < 59 ? tm.tm_sec : 59;
    *out = ((ordinal(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) * 24 + tm.tm_hour) * 60 + tm.tm_min) * 60 + second;
    return true;
}

static Value nat_local(VM *vm, Args args)
{
    int64_t t, now, before, again;
    if (!read_ints(vm, args.v, &t, 1)) return VALUE_ERROR;
    if (!local_clock(t, &now)) return vm_raise(vm, ERR_OVERFLOW, "timestamp out of range for platform time_t");
    bool second = false;
    if (t >= 86400 && local_clock(t - 86400, &before) && now - before < 86400) // clocks went back since yesterday
        second = local_clock(t + now - before - 86400, &again) && again == now;
    Value pair[] = {int_from_i64(vm, now), bool_value(second)};
    return is_error(pair[0]) ? pair[0] : tuple_new(vm, pair, 2);
}

/* ---- ISO texts ----------------------------------------------------------------------------------- */

/* The number that n digits make, with `before` in front of them; -1: they are none. */
static int64_t digits(const char **at, const char *end, char before, int n)
{
    const char *p = *at;
    if (end - p < n + (before != 0) || (before && *p++ != before)) return -1;
    int64_t number = 0;
    for (; n--; p++) {
        if (!is_ascii_digit(*p)) return -1;
        number = number * 10 + (*p - '0');
    }
    *at = p;
    return number;
}

static Value nat_read_iso(VM *vm, Args args)
{
    static const struct { char before; uint8_t n; } shape[] = {{0, 4}, {'-', 2}, {'-', 2}, {0, 2}, {':', 2}, {':', 2}, {'.', 6}};
    if (!is_str(args.v[0])) return VALUE_NONE;
    const Str *s = as_str(args.v[0]);
    const char *at = s->data, *end = s->data + s->size;
    int64_t f[7] = {0};
    for (size_t i = 0; i < 7 && !(at == end && (i == 3 || i == 6)); i++) {
        if (i == 3 && (*at & 0x80 || ++at == end)) return VALUE_NONE; // any character stands before the time
        if ((f[i] = digits(&at, end, shape[i].before, shape[i].n)) < 0) return VALUE_NONE;
    }
    return at == end ? tuple_of(vm, f, 7) : VALUE_NONE;
}

static const NativeDef natives[] = {
    {"ordinal(year, month, day, /)", nat_ordinal, "The number of a day.", 0},
    {"from_ordinal(n, /)", nat_from_ordinal, "(year, month, day)", 0},
    {"moment(year, month, day, hour, minute, second, microsecond, /)", nat_moment, "Microseconds since day 0.", 0},
    {"fields(moment, /)", nat_fields, "(year, month, day, hour, minute, second, microsecond)", 0},
    {"total(days, seconds, microseconds, milliseconds, minutes, hours, weeks, /)", nat_total,
     "All of it in microseconds; None if that takes more than ints.", 0},
    {"local(timestamp, /)", nat_local,
     "(moment in seconds, fold): what clocks show so many seconds after 1970 began, and whether they showed it before.", 0},
    {"read_iso(text, /)", nat_read_iso, "The fields of YYYY-MM-DD[?HH:MM:SS[.ffffff]]; None for all other texts.", 0},
    {0},
};

const ModuleDef _datetime_module = {"_datetime", natives, "Days and moments as numbers, for datetime.", NULL};
