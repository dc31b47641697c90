/* Dicts: order, growth, deletion, namespaces of cells, views. */
#include "vm/dict.h"
#include "tests/unit/vm_values.h"

static Set *set_of_keys(int n)
{
    Value s = set_new(vm);
    for (int i = 0; i < n; i++) ck_assert_int_eq(set_add(vm, as_set(s), small(i)), 1);
    return as_set(s);
}

static Dict *counting(int n)
{
    Dict *d = dict_new(vm);
    for (int i = 0; i < n; i++) ck_assert(dict_set(vm, d, small(i), small(i * 2)));
    return d;
}

START_TEST(every_size_of_index_finds_its_keys)
{
    Dict *d = counting(100000); // indexes of 8, 16 and 32 bits
    ck_assert_uint_eq(d->live, 100000);
    for (int i = 0; i < 100000; i++) ck_assert(dict_get(vm, d, small(i)) == small(i * 2));
    ck_assert(is_unset(dict_get(vm, d, small(100000))));
    ck_assert(is_unset(dict_get(vm, d, small(-1))));
}
END_TEST

START_TEST(order_is_of_insertion)
{
    Dict *d = counting(5);
    dict_delete(vm, d, small(1));
    dict_set(vm, d, small(0), VALUE_NONE); // overwriting moves nothing
    dict_set(vm, d, small(1), VALUE_TRUE);
    check_repr(obj_value(d), "{0: None, 2: 4, 3: 6, 4: 8, 1: True}");
}
END_TEST

START_TEST(keys_that_are_equal_are_one)
{
    Dict *d = dict_new(vm);
    dict_set(vm, d, small(1), small(10));
    dict_set(vm, d, VALUE_TRUE, small(20));
    dict_set(vm, d, float_value(vm, 1.0), small(30));
    dict_set(vm, d, tuple_pair(vm, small(1), small(2)), small(40));
    dict_set(vm, d, tuple_pair(vm, float_value(vm, 1.0), small(2)), small(50));
    check_repr(obj_value(d), "{1: 30, (1, 2): 50}");
}
END_TEST

START_TEST(a_queue_of_keys_does_not_grow)
{
    Dict *d = counting(10);
    for (int i = 10; i < 100000; i++) {
        ck_assert_int_eq(dict_delete(vm, d, small(i - 10)), 1);
        ck_assert(dict_set(vm, d, small(i), small(i)));
    }
    ck_assert_uint_eq(d->live, 10);
    ck_assert_uint_le(d->capacity, 32);
    for (int i = 99990; i < 100000; i++) ck_assert(dict_get(vm, d, small(i)) == small(i));
}
END_TEST

START_TEST(a_stack_of_keys_reuses_its_entries)
{
    Dict *d = counting(4);
    for (int i = 0; i < 1000; i++) {
        dict_set(vm, d, small(100), VALUE_NONE);
        dict_delete(vm, d, small(100));
    }
    ck_assert_uint_eq(d->used, 4);
    ck_assert_uint_le(d->capacity, 8);
}
END_TEST

/* Different keys for different k, some of them far apart. */
static Value key_number(uint32_t k) { return small(k % 2 ? (int64_t)k << 40 : k); }

/* Random insertions and deletions against a plain array. */
START_TEST(index_survives_every_deletion)
{
    enum { KEYS = 700 };
    static bool there[KEYS];
    memset(there, 0, sizeof there);
    Dict *d = dict_new(vm);
    uint32_t seed = 1, live = 0;
    for (int i = 0; i < 200000; i++) {
        seed = seed * 1664525 + 1013904223;
        uint32_t k = (seed >> 8) % KEYS;
        Value key = key_number(k);
        if (seed >> 31) {
            ck_assert(dict_set(vm, d, key, small(k)));
            live += !there[k];
            there[k] = true;
        } else {
            ck_assert_int_eq(dict_delete(vm, d, key), there[k]);
            live -= there[k];
            there[k] = false;
        }
        ck_assert_uint_eq(d->live, live);
    }
    for (uint32_t k = 0; k < KEYS; k++)
        ck_assert(dict_get(vm, d, key_number(k)) == (there[k] ? small(k) : VALUE_UNSET));
}
END_TEST

START_TEST(a_namespace_keeps_its_cells)
{
    Dict *d = dict_new_cells(vm);
    Str *name = vm_intern(vm, "answer");
    Cell *c = dict_cell(vm, d, name);
    ck_assert(is_unset(c->value) && is_unset(c->fallback));
    ck_assert(is_unset(dict_get_str(vm, d, name)));
    ck_assert_uint_eq(dict_len(d), 0);
    dict_set_str(vm, d, name, small(42));
    ck_assert(c->value == small(42));
    ck_assert(dict_delete_str(vm, d, name));
    ck_assert(!dict_delete_str(vm, d, name));
    for (int i = 0; i < 1000; i++) dict_set(vm, d, small(i), VALUE_NONE);
    ck_assert_ptr_eq(dict_cell(vm, d, name), c);
    dict_clear(vm, d);
    ck_assert_ptr_eq(dict_cell(vm, d, name), c);
    ck_assert_uint_eq(dict_len(d), 0);
}
END_TEST

START_TEST(a_copy_is_plain_and_independent)
{
    Dict *d = dict_new_cells(vm);
    dict_set_c(vm, d, "a", small(1));
    dict_cell(vm, d, vm_intern(vm, "unset"));
    Value copy = dict_copy(vm, d);
    dict_set_c(vm, d, "a", small(2));
    check_repr(copy, "{'a': 1}");
    Value again = dict_copy(vm, as_dict(copy));
    dict_set_c(vm, as_dict(copy), "b", small(3));
    check_repr(again, "{'a': 1}");
}
END_TEST

START_TEST(update_takes_mappings_and_pairs)
{
    Dict *d = counting(2);
    Value pairs = list_new(vm, (Value[]){tuple_pair(vm, small(5), small(6)), ints(2, 7, 8)}, 2);
    ck_assert(dict_update(vm, d, pairs));
    ck_assert(dict_update(vm, d, obj_value(counting(1))));
    check_repr(obj_value(d), "{0: 0, 1: 2, 5: 6, 7: 8}");
    ck_assert(!dict_update(vm, d, ints(1, 1)));
    check_raises(VALUE_ERROR, ERR_TYPE);
    ck_assert(!dict_update(vm, d, list_new(vm, (Value[]){ints(3, 1, 2, 3)}, 1)));
    check_raises(VALUE_ERROR, ERR_VALUE);
}
END_TEST

START_TEST(lists_are_no_keys)
{
    Dict *d = dict_new(vm);
    ck_assert(!dict_set(vm, d, ints(0), VALUE_NONE));
    check_raises(VALUE_ERROR, ERR_TYPE);
    check_raises(dict_get(vm, d, tuple_pair(vm, small(1), ints(0))), ERR_TYPE);
}
END_TEST

START_TEST(iteration_notices_changes)
{
    Dict *d = counting(3);
    Value it = dict_iter(vm, T_DICT_KEYITER, obj_value(d));
    ck_assert(obj_next(vm, it) == small(0));
    dict_set(vm, d, small(50), VALUE_NONE);
    check_raises(obj_next(vm, it), ERR_RUNTIME);
    check_raises(obj_next(vm, it), ERR_RUNTIME);
    Value back = dict_reversed(vm, obj_value(d));
    check_repr(obj_to_list(vm, back), "[50, 2, 1, 0]");
}
END_TEST

START_TEST(views_are_like_sets)
{
    Value keys = dict_view(vm, T_DICT_KEYS, obj_value(counting(3)));
    Value items = dict_view(vm, T_DICT_ITEMS, obj_value(counting(3)));
    check_repr(items, "dict_items([(0, 0), (1, 2), (2, 4)])");
    check_repr(obj_binary(vm, BIN_AND, keys, ints(2, 2, 9)), "{2}");
    check_repr(obj_binary(vm, BIN_SUB, keys, ints(1, 1)), "{0, 2}");
    ck_assert_int_eq(obj_contains(vm, items, tuple_pair(vm, small(1), small(2))), 1);
    ck_assert_int_eq(obj_contains(vm, items, tuple_pair(vm, small(1), small(3))), 0);
    ck_assert(obj_compare(vm, keys, obj_value(set_of_keys(3)), CMP_EQ) == VALUE_TRUE);
}
END_TEST
static void add(TCase *c)
{
    tcase_add_test(c, every_size_of_index_finds_its_keys);
    tcase_add_test(c, order_is_of_insertion);
    tcase_add_test(c, keys_that_are_equal_are_one);
    tcase_add_test(c, a_queue_of_keys_does_not_grow);
    tcase_add_test(c, a_stack_of_keys_reuses_its_entries);
    tcase_add_test(c, index_survives_every_deletion);
    tcase_add_test(c, a_namespace_keeps_its_cells);
    tcase_add_test(c, a_copy_is_plain_and_independent);
    tcase_add_test(c, update_takes_mappings_and_pairs);
    tcase_add_test(c, lists_are_no_keys);
    tcase_add_test(c, iteration_notices_changes);
    tcase_add_test(c, views_are_like_sets);
}

int main(void) { return run_suite("vm_dict", add); }
