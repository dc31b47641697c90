/* Sorting: stability, galloping, every kind of key, and the number of comparisons. */
#include "vm/native.h"
#include "tests/unit/vm_values.h"

static uint32_t seed;
static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

/* Lists of n ints in patterns that make runs, galloping and both directions of merging. */
static int pattern(int kind, int i, int n)
{
    switch (kind) {
    case 0: return (int)random_below(1000000);
    case 1: return (int)random_below(4); // many equal ones
    case 2: return i;
    case 3: return n - i;
    case 4: return i < n / 2 ? i : i - n / 2; // two runs
    case 5: return i % 100 == 0 ? (int)random_below((uint32_t)n) : i;
    case 6: return i < n - 10 ? i : (int)random_below((uint32_t)n);
    default: return i / 50 % 2 ? i : -i;
    }
}
enum { PATTERNS = 8 };

static void check_sorted(const List *l)
{
    for (size_t i = 1; i < l->size; i++) ck_assert_int_eq(obj_less(vm, l->items[i], l->items[i - 1]), 0);
}

/* What kind-th conversion of an int has the same order as the int. */
static Value key_of(int kind, int i)
{
    switch (kind) {
    case 0: return small(i);
    case 1: return float_value(vm, i / 4.0);
    case 2: return str_format(vm, "%c%c%c%c-%c%c%c%c", 'k', 'e', 'y', '0', 'a' + (i + 1000000) / 160000 % 20,
                              'a' + (i + 1000000) / 8000 % 20, 'a' + (i + 1000000) / 400 % 20,
                              'a' + (i + 1000000) / 20 % 20);
    default: return tuple_pair(vm, small(i), small(0));
    }
}

START_TEST(every_pattern_of_every_kind_is_sorted)
{
    seed = 1;
    static const int sizes[] = {0, 1, 2, 3, 31, 63, 64, 65, 200, 1000};
    for (int kind = 0; kind < 4; kind++)
        for (int p = 0; p < PATTERNS; p++)
            for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
                Value v = list_with_capacity(vm, 0);
                for (int i = 0; i < sizes[k]; i++) list_append(vm, as_list(v), key_of(kind, pattern(p, i, sizes[k])));
                ck_assert(list_sort(vm, as_list(v), VALUE_NONE, false));
                ck_assert_uint_eq(as_list(v)->size, (size_t)sizes[k]);
                check_sorted(as_list(v));
                ck_assert(list_sort(vm, as_list(v), VALUE_NONE, true));
                list_reverse(vm, as_list(v));
                check_sorted(as_list(v));
            }
}
END_TEST

static Value first_of_pair(VM *machine, Args args)
{
    (void)machine;
    return as_tuple(args.v[0])->items[0];
}
static const NativeDef first_row = {"first(pair, /)", first_of_pair, "The key.", 0};

/* Pairs of a key and their position: equal keys keep the order of positions, also in reverse. */
static void check_stable(int p, bool reverse)
{
    Value first = native_new(vm, &first_row, VALUE_UNSET, NULL, VALUE_NONE), v = list_with_capacity(vm, 0);
    for (int i = 0; i < 2000; i++) list_append(vm, as_list(v), tuple_pair(vm, small(pattern(p, i, 2000) / 7), small(i)));
    ck_assert(list_sort(vm, as_list(v), first, reverse));
    for (size_t i = 1; i < as_list(v)->size; i++) {
        const Value *a = as_tuple(as_list(v)->items[i - 1])->items, *b = as_tuple(as_list(v)->items[i])->items;
        if (a[0] == b[0]) ck_assert_int_lt(as_small(a[1]), as_small(b[1]));
        else ck_assert(reverse == (as_small(a[0]) > as_small(b[0])));
    }
}

START_TEST(equal_keys_keep_their_order)
{
    for (int p = 0; p < PATTERNS; p++) {
        check_stable(p, false);
        check_stable(p, true);
    }
}
END_TEST

START_TEST(what_cannot_be_compared_leaves_all_items)
{
    Value v = list_with_capacity(vm, 0);
    for (int i = 0; i < 300; i++) list_append(vm, as_list(v), i == 250 ? VALUE_NONE : float_value(vm, 300 - i));
    ck_assert(!list_sort(vm, as_list(v), VALUE_NONE, false));
    check_raises(VALUE_ERROR, ERR_TYPE);
    ck_assert_uint_eq(as_list(v)->size, 300);
    ck_assert_int_eq(obj_contains(vm, v, VALUE_NONE), 1);
    for (int i = 1; i <= 300; i++) ck_assert_int_eq(obj_contains(vm, v, small(i)), i != 50);
}
END_TEST

START_TEST(mixed_numbers_are_compared_by_value)
{
    Value v = list_new(vm, (Value[]){float_value(vm, 2.5), small(2), VALUE_TRUE, float_value(vm, -1e300), small(3)}, 5);
    ck_assert(list_sort(vm, as_list(v), VALUE_NONE, false));
    check_repr(v, "[-1e+300, True, 2, 2.5, 3]");
}
END_TEST
static void add(TCase *c)
{
    tcase_add_test(c, every_pattern_of_every_kind_is_sorted);
    tcase_add_test(c, equal_keys_keep_their_order);
    tcase_add_test(c, what_cannot_be_compared_leaves_all_items);
    tcase_add_test(c, mixed_numbers_are_compared_by_value);
}

int main(void) { return run_suite("vm_sort", add); }
