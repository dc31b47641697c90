/* Sets: CPython's order, dummies, keyed tables, hashes. Expected texts are CPython 3.11's. */
#include "vm/dict.h"
#include "tests/unit/vm_values.h"

static Value set_of(Value iterable)
{
    Value s = set_new(vm);
    ck_assert(set_update(vm, as_set(s), iterable));
    return s;
}

static Value range_of(int64_t start, int64_t stop, int64_t step)
{
    return range_new(vm, small(start), small(stop), small(step));
}

START_TEST(order_is_cpythons)
{
    check_repr(set_of(ints(5, 100, 5, 33, 8, 1)), "{33, 1, 100, 5, 8}");
    check_repr(set_of(ints(4, -1, -2, 7, 0)), "{0, 7, -1, -2}");
    check_repr(set_of(range_of(0, 200, 13)), "{0, 65, 130, 195, 39, 104, 169, 13, 78, 143, 52, 117, 182, 26, 91, 156}");
}
END_TEST

START_TEST(the_last_dummy_passed_is_used_again)
{
    Value v = set_of(ints(7, 0, 32, 64, 96, 10, 11, 12));
    Set *s = as_set(v);
    set_discard(vm, s, small(32));
    set_discard(vm, s, small(64));
    set_add(vm, s, small(128));
    set_add(vm, s, small(160));
    check_repr(v, "{0, 160, 128, 96, 10, 11, 12}");
    ck_assert_uint_eq(s->filled, s->live);
}
END_TEST

START_TEST(pop_goes_round)
{
    Value v = set_of(range_of(0, 5, 1)), pop = obj_value(vm_intern(vm, "pop"));
    for (int i = 0; i < 3; i++) ck_assert(vm_call_method(vm, v, as_str(pop), NULL, 0) == small(i));
    set_add(vm, as_set(v), small(0));
    ck_assert(vm_call_method(vm, v, as_str(pop), NULL, 0) == small(3));
    ck_assert(vm_call_method(vm, v, as_str(pop), NULL, 0) == small(4));
    ck_assert(vm_call_method(vm, v, as_str(pop), NULL, 0) == small(0));
    check_raises(vm_call_method(vm, v, as_str(pop), NULL, 0), ERR_KEY);
}
END_TEST

START_TEST(operations_insert_in_cpythons_order)
{
    Value a = set_of(range_of(0, 40, 3)), b = set_of(range_of(0, 100, 7));
    check_repr(obj_binary(vm, BIN_AND, a, b), "{0, 21}");
    check_repr(obj_binary(vm, BIN_SUB, a, b), "{33, 3, 36, 6, 39, 9, 12, 15, 18, 24, 27, 30}");
    check_repr(obj_binary(vm, BIN_XOR, set_of(ints(3, 1, 9, 17)), set_of(ints(3, 17, 25, 33))), "{1, 33, 9, 25}");
}
END_TEST

START_TEST(hashes_do_not_depend_on_history)
{
    Value s = set_of(range_of(0, 100, 1)), f = frozenset_from(vm, range_of(0, 10, 1));
    for (int i = 10; i < 100; i++) set_discard(vm, as_set(s), small(i));
    ck_assert_int_eq(frozenset_hash(as_set(frozenset_from(vm, s))), frozenset_hash(as_set(f)));
    ck_assert_int_eq(frozenset_hash(as_set(frozenset_from(vm, ints(3, 1, 2, 3)))), -272375401224217160);
    ck_assert_int_eq(frozenset_hash(as_set(frozenset_from(vm, ints(0)))), 133146708735736);
}
END_TEST

START_TEST(a_set_is_found_as_the_frozenset_it_equals)
{
    Value inner = frozenset_from(vm, ints(2, 1, 2)), outer = set_of(list_new(vm, &inner, 1));
    ck_assert_int_eq(set_has(vm, as_set(outer), set_of(ints(2, 2, 1))), 1);
    ck_assert_int_eq(set_add(vm, as_set(outer), set_of(ints(0))), -1);
    check_raises(VALUE_ERROR, ERR_TYPE);
}
END_TEST

/* An int whose search in a table of 2048 slots visits only the first 1200, which are taken, for 20 jumps. */
static int64_t hostile_number(uint32_t *seed)
{
    for (;;) {
        uint64_t h = 0;
        for (int i = 0; i < 4; i++) {
            *seed = *seed * 1664525 + 1013904223;
            h = h << 15 | *seed >> 17;
        }
        uint64_t perturb = h, slot = h & 2047;
        int jumps = 0;
        while (slot < 1190 && jumps < 20) {
            perturb >>= 5;
            slot = (slot * 5 + 1 + perturb) & 2047;
            jumps++;
        }
        if (jumps == 20) return (int64_t)h;
    }
}

START_TEST(hashes_made_to_collide_turn_a_set_keyed)
{
    uint32_t seed = 1;
    Value v = set_of(range_of(0, 1200, 1));
    Set *s = as_set(v);
    ck_assert_uint_eq(s->mask, 2047);
    ck_assert(!(s->h.aux & SET_KEYED));
    int64_t number = hostile_number(&seed);
    ck_assert_int_eq(set_add(vm, s, small(number)), 1);
    ck_assert(s->h.aux & SET_KEYED);
    ck_assert_int_eq(set_has(vm, s, small(number)), 1);
    for (int i = 0; i < 1200; i += 2) ck_assert_int_eq(set_discard(vm, s, small(i)), 1);
    for (int i = 0; i < 1200; i++) ck_assert_int_eq(set_has(vm, s, small(i)), i % 2);
    ck_assert_uint_eq(s->live, 601);
}
END_TEST

/* Powers of two share their low bits, but that is no attack: their order stays CPython's. */
START_TEST(round_numbers_do_not_turn_a_set_keyed)
{
    Value v = set_new(vm);
    for (int64_t i = 0; i < 4000; i++) ck_assert_int_eq(set_add(vm, as_set(v), small(i << 45)), 1);
    ck_assert(!(as_set(v)->h.aux & SET_KEYED));
}
END_TEST

START_TEST(numbers_that_are_equal_are_one)
{
    Value v = set_of(ints(1, 1));
    ck_assert_int_eq(set_add(vm, as_set(v), float_value(vm, 1.0)), 0);
    ck_assert_int_eq(set_add(vm, as_set(v), VALUE_TRUE), 0);
    check_repr(v, "{1}");
}
END_TEST
static void add(TCase *c)
{
    tcase_add_test(c, order_is_cpythons);
    tcase_add_test(c, the_last_dummy_passed_is_used_again);
    tcase_add_test(c, pop_goes_round);
    tcase_add_test(c, operations_insert_in_cpythons_order);
    tcase_add_test(c, hashes_do_not_depend_on_history);
    tcase_add_test(c, a_set_is_found_as_the_frozenset_it_equals);
    tcase_add_test(c, hashes_made_to_collide_turn_a_set_keyed);
    tcase_add_test(c, round_numbers_do_not_turn_a_set_keyed);
    tcase_add_test(c, numbers_that_are_equal_are_one);
}

int main(void) { return run_suite("vm_set", add); }
