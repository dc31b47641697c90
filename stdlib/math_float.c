#include "stdlib/math_parts.h"

#include <math.h>

/* ---- the gamma function: Lanczos' approximation with Boost's coefficients (lanczos13m53) ---- */

enum { LANCZOS_N = 13 };
static const double lanczos_g = 6.024680040776729583740234375;
static const double lanczos_numerator[LANCZOS_N] = {
    23531376880.410759688572007674451636754734846804940, 42919803642.649098768957899047001988850926355848959,
    35711959237.355668049440185451547166705960488635843, 17921034426.037209699919755754458931112671403265390,
    6039542586.3520280050642916443072979210699388420708, 1439720407.3117216736632230727949123939715485786372,
    248874557.86205415651146038641322942321632125127801, 31426415.585400194380614231628318205362874684987640,
    2876370.6289353724412254090516208496135991145378768, 186056.26539522349504029498971604569928220784236328,
    8071.6720023658162106380029022722506138218516325024, 210.82427775157934587250973392071336271166969580291,
    2.5066282746310002701649081771338373386264310793408};
static const double lanczos_denominator[LANCZOS_N] = {
    0.0,       39916800.0, 120543840.0, 150917976.0, 105258076.0, 45995730., 13339535.0,
    2637558.0, 357423.0,   32670.0,     1925.0,      66.0,        1.0};

/* The rational function, in powers of x or of 1/x, whichever is small. */
static double lanczos_sum(double x)
{
    double above = 0.0, below = 0.0;
    if (x < 5.0) {
        for (int i = LANCZOS_N; i-- > 0;) {
            above = above * x + lanczos_numerator[i];
            below = below * x + lanczos_denominator[i];
        }
    } else {
        for (int i = 0; i < LANCZOS_N; i++) {
            above = above / x + lanczos_numerator[i];
            below = below / x + lanczos_denominator[i];
        }
    }
    return above / below;
}

/* sin(pi x), reduced before multiplying so that no precision is lost. */
static double sin_pi(double x)
{
    double y = fmod(fabs(x), 2.0), r = 0.0;
    switch ((int)round(2.0 * y)) {
    case 0: r = sin(M_PI * y); break;
    case 1: r = cos(M_PI * (y - 0.5)); break;
    case 2: r = sin(M_PI * (1.0 - y)); break;
    case 3: r = -cos(M_PI * (y - 1.5)); break;
    case 4: r = sin(M_PI * (y - 2.0)); break;
    }
    return copysign(1.0, x) * r;
}

/* x ** (absx - 1/2) overflows before gamma does: multiply or divide by its square root twice. */
static double scale_by_power(double r, double y, double absx, bool divide)
{
    if (absx < 140.0) {
        double power = pow(y, absx - 0.5);
        return divide ? r / power : r * power;
    }
    double root = pow(y, absx / 2.0 - 0.25);
    return divide ? r / root / root : r * root * root;
}

double math_gamma(double x)
{
    if (!isfinite(x)) return isnan(x) || x > 0.0 ? x : (double)NAN;
    if (x == 0.0) return copysign(INFINITY, x);
    if (x == floor(x)) {
        if (x < 0.0) return (double)NAN;
        if (x <= 23.0) { // 22! is the last that is exact
            double product = 1.0;
            for (double i = 2.0; i < x; i++) product *= i;
            return product;
        }
    }
    double absx = fabs(x);
    if (absx < 1e-20) return 1.0 / x;
    if (absx > 200.0) return x < 0.0 ? 0.0 / sin_pi(x) : INFINITY;

    // y = absx + g - 1/2, and z the error made in that sum, which matters when it becomes a base.
    double y = absx + (lanczos_g - 0.5), z;
    if (absx > lanczos_g - 0.5)
        z = (y - absx) - (lanczos_g - 0.5);
    else
        z = (y - (lanczos_g - 0.5)) - absx;
    z = z * lanczos_g / y;
    if (x < 0.0) { // reflection
        double r = -M_PI / sin_pi(absx) / absx * exp(y) / lanczos_sum(absx);
        return scale_by_power(r - z * r, y, absx, true);
    }
    double r = lanczos_sum(absx) / exp(y);
    return scale_by_power(r + z * r, y, absx, false);
}

double math_lgamma(double x)
{
    const double log_pi = 1.144729885849400174143427351353058711647;
    if (!isfinite(x)) return isnan(x) ? x : INFINITY;
    if (x == floor(x) && x <= 2.0) return x <= 0.0 ? (double)NAN : 0.0;
    double absx = fabs(x);
    if (absx < 1e-20) return -log(absx);
    double r = log(lanczos_sum(absx)) - lanczos_g;
    r += (absx - 0.5) * (log(absx + lanczos_g - 0.5) - 1.0);
    return x < 0.0 ? log_pi - log(fabs(sin_pi(absx))) - log(absx) - r : r;
}

/* ---- norms ---- */

/* A sum with the error of every addition kept beside it. */
typedef struct DoubleSum {
    double high, low;
} DoubleSum;

static void add_square(DoubleSum *s, double x, double sign)
{
    double square = sign * (x * x), error = sign * fma(x, x, -(x * x));
    double sum = s->high + square, back = sum - s->high;
    s->low += (s->high - (sum - back)) + (square - back) + error;
    s->high = sum;
}

/* Scaled by a power of two, summed in twice the precision, and the root corrected by one Newton step. */
double math_norm(const double *v, size_t n)
{
    double most = 0.0;
    for (size_t i = 0; i < n; i++)
        if (fabs(v[i]) > most) most = fabs(v[i]);
    if (most == 0.0 || n <= 1) return most;
    int exponent;
    frexp(most, &exponent);
    DoubleSum sum = {0.0, 0.0};
    for (size_t i = 0; i < n; i++) add_square(&sum, ldexp(v[i], -exponent), 1.0);
    double root = sqrt(sum.high + sum.low);
    add_square(&sum, root, -1.0);
    return ldexp(root + (sum.high + sum.low) / (2.0 * root), exponent);
}

/* ---- exact sums ---- */

static bool push(VM *vm, ExactSum *s, size_t at, double x)
{
    if (at == s->capacity) {
        size_t capacity = s->capacity ? 2 * s->capacity : 32;
        double *grown = heap_realloc(vm, s->partials, s->capacity * sizeof *grown, capacity * sizeof *grown);
        if (!grown) return false;
        s->partials = grown;
        s->capacity = capacity;
    }
    s->partials[at] = x;
    s->n = at + 1;
    return true;
}

/* Shewchuk: add x to each partial, keeping the rounding errors that are not zero. */
bool math_sum_add(VM *vm, ExactSum *s, double x)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        double y = s->partials[i];
        if (fabs(x) < fabs(y)) {
            double swap = x;
            x = y;
            y = swap;
        }
        double high = x + y, low = y - (high - x);
        if (low != 0.0) s->partials[kept++] = low;
        x = high;
    }
    if (!isfinite(x)) {
        vm_raise(vm, ERR_OVERFLOW, "intermediate overflow in fsum");
        return false;
    }
    s->n = kept;
    return x == 0.0 || push(vm, s, kept, x);
}

double math_sum_total(const ExactSum *s)
{
    size_t n = s->n;
    if (n == 0) return 0.0;
    double high = s->partials[--n], low = 0.0;
    while (n > 0 && low == 0.0) {
        double x = high, y = s->partials[--n];
        high = x + y;
        low = y - (high - x);
    }
    // Half way between two floats, what is further down decides.
    if (n > 0 && ((low < 0.0 && s->partials[n - 1] < 0.0) || (low > 0.0 && s->partials[n - 1] > 0.0))) {
        double twice = low * 2.0, up = high + twice;
        if (up - high == twice) high = up;
    }
    return high;
}

void math_sum_drop(VM *vm, ExactSum *s)
{
    if (s->partials) heap_free(vm, s->partials, s->capacity * sizeof *s->partials);
}
