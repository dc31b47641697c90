/* sort.c - list.sort: a stable merge sort that makes the same comparisons as CPython's, in the same order.
 *
 * After "listsort.txt" (Tim Peters): natural runs, short ones lengthened by binary insertion, merged with galloping
 * in the order of Munro and Wild's powersort. Programs can see which items are compared, so that order is kept.
 *
 * The items are detached from the list while scripts may run: the list looks empty to them, and what they do to it is
 * noticed at the end. Sorting works on memory of its own that the collector does not see; it sees the detached items
 * and the keys, which stay untouched until the last comparison.
 *
 * An element is one Value, or with a key function two: the key and the item. All functions marked INLINE are
 * compiled once for each way to compare and each width.
 */
#include "vm/container.h"
#include "vm/list.h"

#include <endian.h>

#define INLINE static inline __attribute__((always_inline))

enum { MIN_GALLOP = 7, MAX_RUNS = 85, SHORTEST_TO_MERGE = 64 };

/* Is a < b? -1: error. */
typedef int (*LessFn)(VM *vm, Value a, Value b);

typedef struct Run {
    size_t start, n;
    int power; // of the boundary to the run before it
} Run;

typedef struct Sort {
    VM *vm;
    Value *base; // n elements
    size_t n;
    Value *temp; // room for temp_size Values
    size_t temp_size;
    size_t min_gallop; // wins in a row that make a merge gallop; adapts to the data
    Run runs[MAX_RUNS];
    int nruns;
} Sort;

/* ---- comparing ---- */

INLINE int less_ints(VM *vm, Value a, Value b)
{
    (void)vm;
    return (int64_t)a < (int64_t)b;
}

INLINE int less_floats(VM *vm, Value a, Value b)
{
    (void)vm;
    return as_float_imm(a) < as_float_imm(b);
}

INLINE int less_strs(VM *vm, Value a, Value b)
{
    (void)vm;
    const Str *x = as_str(a), *y = as_str(b);
    if (x->size >= 8 && y->size >= 8) { // most often the first eight bytes tell
        uint64_t head_x, head_y;
        memcpy(&head_x, x->data, 8);
        memcpy(&head_y, y->data, 8);
        if (head_x != head_y) return be64toh(head_x) < be64toh(head_y);
    }
    return str_cmp(x, y) < 0;
}

/* 1 or 0 if it can be told without a call, else EQUAL_ASK. */
static int less_quick(Value a, Value b)
{
    if (both_small(a, b)) return (int64_t)a < (int64_t)b;
    if (both_float_imm(a, b)) return as_float_imm(a) < as_float_imm(b);
    if (is_exact(a, T_STR) && is_exact(b, T_STR)) return str_cmp(as_str(a), as_str(b)) < 0;
    return EQUAL_ASK;
}

/* Tuples whose first difference lies between simple values. */
static int less_tuples(const Tuple *a, const Tuple *b)
{
    for (size_t i = 0; i < a->size && i < b->size; i++) {
        int same = equal_quick(a->items[i], b->items[i]);
        if (same != EQUAL_YES) return same == EQUAL_ASK ? EQUAL_ASK : less_quick(a->items[i], b->items[i]);
    }
    return a->size < b->size;
}

static int less_any(VM *vm, Value a, Value b)
{
    bool tuples = is_exact(a, T_TUPLE) && is_exact(b, T_TUPLE);
    int less = tuples ? less_tuples(as_tuple(a), as_tuple(b)) : less_quick(a, b);
    return less == EQUAL_ASK ? obj_less(vm, a, b) : less;
}

/* ---- elements of w Values ---- */

INLINE void copy_element(Value *to, const Value *from, size_t w)
{
    to[0] = from[0];
    if (w == 2) to[1] = from[1];
}

INLINE void copy_elements(Value *to, const Value *from, size_t n, size_t w)
{
    memcpy(to, from, n * w * sizeof(Value));
}
INLINE void move_elements(Value *to, const Value *from, size_t n, size_t w)
{
    memmove(to, from, n * w * sizeof(Value));
}

INLINE void reverse_elements(Value *a, size_t n, size_t w)
{
    Value held[2];
    for (Value *b = a + (n - 1) * w; a < b; a += w, b -= w) {
        copy_element(held, a, w);
        copy_element(a, b, w);
        copy_element(b, held, w);
    }
}

/* Room for n elements; what was there is lost. */
INLINE bool reserve_temp(Sort *s, size_t n, size_t w)
{
    if (n * w <= s->temp_size) return true;
    if (s->temp) heap_free(s->vm, s->temp, s->temp_size * sizeof(Value));
    s->temp_size = n * w;
    s->temp = heap_malloc(s->vm, s->temp_size * sizeof(Value));
    if (!s->temp) s->temp_size = 0;
    return s->temp;
}

/* ---- runs ---- */

/* Length of the run at a (of at most n elements): ascending, or strictly descending, which is then reversed. 0: error. */
INLINE size_t count_run(VM *vm, Value *a, size_t n, LessFn less, size_t w)
{
    if (n < 2) return n;
    int down = less(vm, a[w], a[0]), falls = down;
    size_t length = 2;
    for (; falls >= 0 && length < n; length++) {
        falls = less(vm, a[length * w], a[(length - 1) * w]);
        if (falls != down) break;
    }
    if (falls < 0) return 0;
    if (down) reverse_elements(a, length, w);
    return length;
}

/* Sort n elements of which the first `sorted` are. */
INLINE bool insert_binary(VM *vm, Value *a, size_t sorted, size_t n, LessFn less, size_t w)
{
    for (; sorted < n; sorted++) {
        Value pivot[2];
        copy_element(pivot, a + sorted * w, w);
        size_t left = 0, right = sorted;
        while (left < right) {
            size_t middle = left + (right - left) / 2;
            int is_less = less(vm, pivot[0], a[middle * w]);
            if (is_less < 0) return false;
            if (is_less)
                right = middle;
            else
                left = middle + 1;
        }
        move_elements(a + (left + 1) * w, a + left * w, sorted - left, w);
        copy_element(a + left * w, pivot, w);
    }
    return true;
}

/* Runs are at least this long: so that n / minrun is a power of two, or a little less. */
static size_t minimal_run(size_t n)
{
    size_t odd = 0;
    for (; n >= SHORTEST_TO_MERGE; n >>= 1) odd |= n & 1;
    return n + odd;
}

/* ---- galloping ----
 * Both find where `key` belongs among n sorted elements, starting at `hint`: in steps of 1, 3, 7, 15 ... and
 * then by halving. -1: error. */

/* Halve [low, high) until the first element that key is less than (after) or not greater than is found. */
INLINE int64_t halve(VM *vm, Value key, const Value *a, int64_t low, int64_t high, bool after, LessFn less,
                     size_t w)
{
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        int is_less = after ? less(vm, key, a[middle * (int64_t)w]) : less(vm, a[middle * (int64_t)w], key);
        if (is_less < 0) return -1;
        if (is_less == after)
            high = middle;
        else
            low = middle + 1;
    }
    return high;
}

/* after: behind all equal elements; else before them. */
INLINE int64_t gallop(VM *vm, Value key, const Value *a, int64_t n, int64_t hint, bool after, LessFn less,
                      size_t w)
{
    // Is the place to the left of an element? Left of hint, or right?
#define LEFT_OF(i) (after ? less(vm, key, a[(i) * (int64_t)w]) : less(vm, a[(i) * (int64_t)w], key))
    int first = LEFT_OF(hint);
    if (first < 0) return -1;
    bool leftwards = first == after;
    int64_t near = 0, far = 1, most = leftwards ? hint + 1 : n - hint;
    while (far < most) {
        int side = LEFT_OF(leftwards ? hint - far : hint + far);
        if (side < 0) return -1;
        if ((side == after) != leftwards) break;
        near = far;
        far = far * 2 + 1;
    }
#undef LEFT_OF
    if (far > most) far = most;
    int64_t low = leftwards ? hint - far : hint + near, high = leftwards ? hint - near : hint + far;
    return halve(vm, key, a, low + 1, high, after, less, w);
}

/* ---- merging ----
 * Two neighbouring runs; the shorter one is copied away and both are merged into its place and the other's, from
 * the left when it is the left one, from the right when it is the right one. The gap before the run that stayed is
 * always as long as what is left of the copy. */

typedef enum { MERGE_ERROR = -1, MERGE_DONE, MERGE_GALLOP } MergeState;

typedef struct Merge {
    Value *a, *b, *to; // next elements of the runs (the last ones when merging from the right), where the next goes
    size_t na, nb;
    Value *copy;       // where the copied run begins
} Merge;

INLINE void take(Value **from, Value **to, size_t *n, int direction, size_t w)
{
    copy_element(*to, *from, w);
    *from += direction * (int)w;
    *to += direction * (int)w;
    --*n;
}

/* Element by element, until one run has won min_gallop times in a row. */
INLINE MergeState merge_pairs_left(VM *vm, Merge *m, size_t min_gallop, LessFn less, size_t w)
{
    for (size_t wins_a = 0, wins_b = 0; wins_a < min_gallop && wins_b < min_gallop;) {
        int b_first = less(vm, *m->b, *m->a);
        if (b_first < 0) return MERGE_ERROR;
        if (b_first) {
            take(&m->b, &m->to, &m->nb, 1, w);
            wins_b++;
            wins_a = 0;
            if (m->nb == 0) return MERGE_DONE;
        } else {
            take(&m->a, &m->to, &m->na, 1, w);
            wins_a++;
            wins_b = 0;
            if (m->na == 1) return MERGE_DONE;
        }
    }
    return MERGE_GALLOP;
}

/* Stretch by stretch, as long as the stretches are long. */
INLINE MergeState merge_stretches_left(Sort *s, Merge *m, LessFn less, size_t w)
{
    int64_t n_a, n_b;
    do {
        s->min_gallop -= s->min_gallop > 1;
        n_a = gallop(s->vm, *m->b, m->a, (int64_t)m->na, 0, true, less, w);
        if (n_a < 0) return MERGE_ERROR;
        copy_elements(m->to, m->a, (size_t)n_a, w);
        m->to += (size_t)n_a * w;
        m->a += (size_t)n_a * w;
        m->na -= (size_t)n_a;
        if (n_a && m->na <= 1) return MERGE_DONE; // none left only if __lt__ contradicts itself
        take(&m->b, &m->to, &m->nb, 1, w);
        if (m->nb == 0) return MERGE_DONE;
        n_b = gallop(s->vm, *m->a, m->b, (int64_t)m->nb, 0, false, less, w);
        if (n_b < 0) return MERGE_ERROR;
        move_elements(m->to, m->b, (size_t)n_b, w);
        m->to += (size_t)n_b * w;
        m->b += (size_t)n_b * w;
        m->nb -= (size_t)n_b;
        if (m->nb == 0) return MERGE_DONE;
        take(&m->a, &m->to, &m->na, 1, w);
        if (m->na == 1) return MERGE_DONE;
    } while (n_a >= MIN_GALLOP || n_b >= MIN_GALLOP);
    return MERGE_GALLOP;
}

INLINE bool merge_left(Sort *s, Value *a, size_t na, Value *b, size_t nb, LessFn less, size_t w)
{
    if (!reserve_temp(s, na, w)) return false;
    copy_elements(s->temp, a, na, w);
    Merge m = {.a = s->temp, .b = b, .to = a, .na = na, .nb = nb, .copy = s->temp};
    take(&m.b, &m.to, &m.nb, 1, w);
    MergeState state = m.nb == 0 || na == 1 ? MERGE_DONE : MERGE_GALLOP;
    while (state == MERGE_GALLOP) {
        state = merge_pairs_left(s->vm, &m, s->min_gallop, less, w);
        if (state != MERGE_GALLOP) break;
        s->min_gallop++;
        state = merge_stretches_left(s, &m, less, w);
        if (state == MERGE_GALLOP) s->min_gallop++; // a fine for having come out of it
    }
    // The last of the copied run belongs behind what is left of the other one; after an error, anywhere.
    if (state == MERGE_DONE && m.na == 1 && m.nb) {
        move_elements(m.to, m.b, m.nb, w);
        m.to += m.nb * w;
    }
    copy_elements(m.to, m.a, m.na, w);
    return state == MERGE_DONE;
}

INLINE MergeState merge_pairs_right(VM *vm, Merge *m, size_t min_gallop, LessFn less, size_t w)
{
    for (size_t wins_a = 0, wins_b = 0; wins_a < min_gallop && wins_b < min_gallop;) {
        int b_first = less(vm, *m->b, *m->a);
        if (b_first < 0) return MERGE_ERROR;
        if (b_first) {
            take(&m->a, &m->to, &m->na, -1, w);
            wins_a++;
            wins_b = 0;
            if (m->na == 0) return MERGE_DONE;
        } else {
            take(&m->b, &m->to, &m->nb, -1, w);
            wins_b++;
            wins_a = 0;
            if (m->nb == 1) return MERGE_DONE;
        }
    }
    return MERGE_GALLOP;
}

INLINE MergeState merge_stretches_right(Sort *s, Merge *m, const Value *start_a, LessFn less, size_t w)
{
    int64_t n_a, n_b;
    do {
        s->min_gallop -= s->min_gallop > 1;
        int64_t place = gallop(s->vm, *m->b, start_a, (int64_t)m->na, (int64_t)m->na - 1, true, less, w);
        if (place < 0) return MERGE_ERROR;
        n_a = (int64_t)m->na - place;
        m->to -= (size_t)n_a * w;
        m->a -= (size_t)n_a * w;
        move_elements(m->to + w, m->a + w, (size_t)n_a, w);
        m->na -= (size_t)n_a;
        if (m->na == 0) return MERGE_DONE;
        take(&m->b, &m->to, &m->nb, -1, w);
        if (m->nb == 1) return MERGE_DONE;
        place = gallop(s->vm, *m->a, m->copy, (int64_t)m->nb, (int64_t)m->nb - 1, false, less, w);
        if (place < 0) return MERGE_ERROR;
        n_b = (int64_t)m->nb - place;
        m->to -= (size_t)n_b * w;
        m->b -= (size_t)n_b * w;
        copy_elements(m->to + w, m->b + w, (size_t)n_b, w);
        m->nb -= (size_t)n_b;
        if (n_b && m->nb <= 1) return MERGE_DONE; // none left only if __lt__ contradicts itself
        take(&m->a, &m->to, &m->na, -1, w);
        if (m->na == 0) return MERGE_DONE;
    } while (n_a >= MIN_GALLOP || n_b >= MIN_GALLOP);
    return MERGE_GALLOP;
}

INLINE bool merge_right(Sort *s, Value *a, size_t na, Value *b, size_t nb, LessFn less, size_t w)
{
    if (!reserve_temp(s, nb, w)) return false;
    copy_elements(s->temp, b, nb, w);
    Merge m = {.a = a + (na - 1) * w, .b = s->temp + (nb - 1) * w, .to = b + (nb - 1) * w, .na = na, .nb = nb, .copy = s->temp};
    take(&m.a, &m.to, &m.na, -1, w);
    MergeState state = m.na == 0 || nb == 1 ? MERGE_DONE : MERGE_GALLOP;
    while (state == MERGE_GALLOP) {
        state = merge_pairs_right(s->vm, &m, s->min_gallop, less, w);
        if (state != MERGE_GALLOP) break;
        s->min_gallop++;
        state = merge_stretches_right(s, &m, a, less, w);
        if (state == MERGE_GALLOP) s->min_gallop++;
    }
    // What is left of the copied run goes to the left of the gap's end; its first belongs before what is left of the other.
    if (state == MERGE_DONE && m.nb == 1 && m.na) {
        m.to -= m.na * w;
        move_elements(m.to + w, a, m.na, w);
    }
    copy_elements(m.to - (m.nb ? m.nb - 1 : 0) * w, m.copy, m.nb, w);
    return state == MERGE_DONE;
}

/* Merge runs i and i + 1. */
INLINE bool merge_at(Sort *s, int i, LessFn less, size_t w)
{
    Run *left = &s->runs[i], right = s->runs[i + 1];
    Value *a = s->base + left->start * w, *b = s->base + right.start * w;
    size_t na = left->n, nb = right.n;
    left->n += right.n;
    for (int k = i + 1; k + 1 < s->nruns; k++) s->runs[k] = s->runs[k + 1];
    s->nruns--;
    // What lies before b's first in a, and behind a's last in b, is in place already.
    int64_t k = gallop(s->vm, *b, a, (int64_t)na, 0, true, less, w);
    if (k < 0) return false;
    a += (size_t)k * w;
    na -= (size_t)k;
    if (na == 0) return true;
    k = gallop(s->vm, a[(na - 1) * w], b, (int64_t)nb, (int64_t)nb - 1, false, less, w);
    if (k <= 0) return k == 0;
    return na <= (size_t)k ? merge_left(s, a, na, b, (size_t)k, less, w)
                           : merge_right(s, a, na, b, (size_t)k, less, w);
}

/* Powersort: the depth of the boundary between two neighbouring runs in a perfectly balanced tree over n elements, that
 * is, the first binary digit in which their middles (as fractions of n) differ. */
static int boundary_power(const Run *left, size_t n_right, size_t n)
{
    size_t a = 2 * left->start + left->n, b = a + left->n + n_right;
    for (int power = 1;; power++) {
        if (a >= n) {
            a -= n;
            b -= n;
        } else if (b >= n) {
            return power;
        }
        a *= 2;
        b *= 2;
    }
}

/* The first of the two runs to be merged next, before a run of n elements is added (0: there are no more); -1: none. */
static int next_merge(Sort *s, size_t n)
{
    int last = s->nruns - 1, i = last - 1;
    if (n == 0) return i > 0 && s->runs[i - 1].n < s->runs[last].n ? i - 1 : i;
    if (last < 0) return -1;
    int power = boundary_power(&s->runs[last], n, s->n);
    if (i >= 0 && s->runs[i].power > power) return i;
    s->runs[last].power = power;
    return -1;
}

/* A run that begins at `start`, lengthened if it is short: its length, 0: error. */
INLINE size_t make_run(Sort *s, size_t start, size_t shortest, LessFn less, size_t w)
{
    Value *a = s->base + start * w;
    size_t left = s->n - start, wanted = left < shortest ? left : shortest,
           n = count_run(s->vm, a, left, less, w);
    if (n == 0 || n >= wanted) return n;
    return insert_binary(s->vm, a, n, wanted, less, w) ? wanted : 0;
}

INLINE bool sort_elements(Sort *s, LessFn less, size_t w)
{
    size_t shortest = minimal_run(s->n);
    for (size_t start = 0, n = 0; start < s->n || s->nruns > 1; start += n) {
        n = start < s->n ? make_run(s, start, shortest, less, w) : 0;
        if (start < s->n && (n == 0 || !vm_tick(s->vm, n))) return false;
        for (int i; (i = next_merge(s, n)) >= 0;)
            if (!vm_tick(s->vm, s->runs[i].n + s->runs[i + 1].n) || !merge_at(s, i, less, w)) return false;
        if (n) s->runs[s->nruns++] = (Run){start, n, 0};
    }
    return true;
}

/* One instance for each way to compare and each width. */
#define INSTANCES(what) \
    static bool sort_##what(Sort *s) { return sort_elements(s, less_##what, 1); } \
    static bool sort_##what##_keyed(Sort *s) { return sort_elements(s, less_##what, 2); }
INSTANCES(ints)
INSTANCES(floats)
INSTANCES(strs)
INSTANCES(any)
#undef INSTANCES

/* ---- what to sort ---- */

typedef enum { KEYS_INTS, KEYS_FLOATS, KEYS_STRS, KEYS_ANY } KeyKind;

static KeyKind kind_of_key(Value v)
{
    return is_small(v) ? KEYS_INTS : is_float_imm(v) ? KEYS_FLOATS : is_exact(v, T_STR) ? KEYS_STRS : KEYS_ANY;
}

/* If all keys are of one simple kind, sorting calls no script. */
static KeyKind kind_of_keys(const Value *keys, size_t n)
{
    KeyKind kind = kind_of_key(keys[0]);
    for (size_t i = 1; i < n && kind != KEYS_ANY; i++)
        if (kind_of_key(keys[i]) != kind) kind = KEYS_ANY;
    return kind;
}

static bool run_sort(VM *vm, Value *base, size_t n, KeyKind kind, size_t w, bool reverse)
{
    static bool (*const sorts[][2])(Sort *) = {{sort_ints, sort_ints_keyed},
                                               {sort_floats, sort_floats_keyed},
                                               {sort_strs, sort_strs_keyed},
                                               {sort_any, sort_any_keyed}};
    Sort s = {.vm = vm, .base = base, .n = n, .min_gallop = MIN_GALLOP};
    // Sorting the reverse and reversing that keeps equal items in their order.
    if (reverse) reverse_elements(base, n, w);
    bool ok = sorts[kind][w - 1](&s);
    if (reverse) reverse_elements(base, n, w);
    if (s.temp) heap_free(vm, s.temp, s.temp_size * sizeof(Value));
    return ok;
}

/* Items without keys. If scripts may see them meanwhile, a copy is sorted. */
static bool sort_plain(VM *vm, List *items, bool reverse)
{
    KeyKind kind = kind_of_keys(items->items, items->size);
    if (kind != KEYS_ANY) return run_sort(vm, items->items, items->size, kind, 1, reverse);
    size_t bytes = items->size * sizeof(Value);
    Value *base = heap_malloc(vm, bytes);
    if (!base) return false;
    memcpy(base, items->items, bytes);
    bool ok = run_sort(vm, base, items->size, kind, 1, reverse);
    memcpy(items->items, base, bytes); // after an error they are in some order
    heap_free(vm, base, bytes);
    return ok;
}

static bool compute_keys(VM *vm, List *keys, const List *items, Value key)
{
    for (size_t i = 0; i < items->size; i++) {
        Value k = vm_call1(vm, key, items->items[i]);
        if (is_error(k) || !list_push(vm, keys, k)) return false;
    }
    return true;
}

static bool sort_by_keys(VM *vm, List *items, const List *keys, bool reverse)
{
    size_t n = items->size, bytes = size_mul(n, 2 * sizeof(Value));
    Value *pairs = heap_malloc(vm, bytes);
    if (!pairs) return false;
    for (size_t i = 0; i < n; i++) {
        pairs[2 * i] = keys->items[i];
        pairs[2 * i + 1] = items->items[i];
    }
    bool ok = run_sort(vm, pairs, n, kind_of_keys(keys->items, n), 2, reverse);
    for (size_t i = 0; i < n; i++) items->items[i] = pairs[2 * i + 1];
    heap_free(vm, pairs, bytes);
    return ok;
}

/* r: the detached items, the keys. */
static bool sort_detached(VM *vm, Value key, bool reverse, Value *r)
{
    List *items = as_list(r[0]);
    if (is_none(key)) return sort_plain(vm, items, reverse);
    r[1] = list_with_capacity(vm, items->size);
    return !is_error(r[1]) && compute_keys(vm, as_list(r[1]), items, key) &&
           sort_by_keys(vm, items, as_list(r[1]), reverse);
}

/* Move all items of one list, with their memory, to another, which is empty. */
static void hand_over(VM *vm, List *from, List *to)
{
    gc_store_many(vm, from, from->items, from->size);
    to->items = from->items;
    to->size = from->size;
    to->capacity = from->capacity;
    from->items = NULL;
    from->size = from->capacity = 0;
    gc_store_many(vm, to, to->items, to->size);
}

bool list_sort(VM *vm, List *l, Value key, bool reverse)
{
    if (l->size == 0 || (l->size == 1 && is_none(key))) return true;
    Value detached = list_with_capacity(vm, 0);
    Value *r = roots_reserve(vm, 2);
    if (is_error(detached) || !r) return false;
    r[0] = detached;
    hand_over(vm, l, as_list(detached));
    bool ok = vm_tick(vm, as_list(detached)->size) && sort_detached(vm, key, reverse, r);
    bool modified = l->items != NULL;
    list_clear(vm, l);
    hand_over(vm, as_list(detached), l);
    roots_pop(vm, r);
    if (ok && modified) vm_raise(vm, ERR_VALUE, "list modified during sort");
    return ok && !modified;
}
