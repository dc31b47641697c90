/* Lists, tuples, slices, ranges and what walks through them. */
#include "vm/iter.h"
#include "tests/unit/vm_values.h"

START_TEST(appending_keeps_order_and_popping_gives_memory_back)
{
    Value v = list_with_capacity(vm, 0);
    List *l = as_list(v);
    for (int i = 0; i < 100000; i++) ck_assert(list_append(vm, l, small(i)));
    for (int i = 0; i < 100000; i++) ck_assert(l->items[i] == small(i));
    while (l->size > 10) list_pop(vm, l, (int64_t)l->size - 1);
    ck_assert_uint_lt(l->capacity, 100);
    ck_assert(list_pop(vm, l, 0) == small(0));
    check_repr(v, "[1, 2, 3, 4, 5, 6, 7, 8, 9]");
}
END_TEST

START_TEST(insertion_clamps_its_index)
{
    Value v = ints(2, 1, 2);
    list_insert(vm, as_list(v), -100, small(0));
    list_insert(vm, as_list(v), 100, small(9));
    list_insert(vm, as_list(v), -1, small(8));
    check_repr(v, "[0, 1, 2, 8, 9]");
}
END_TEST

START_TEST(a_list_extends_itself)
{
    Value v = ints(3, 1, 2, 3);
    for (int i = 0; i < 4; i++) ck_assert(list_extend(vm, as_list(v), v));
    ck_assert_uint_eq(as_list(v)->size, 48);
    ck_assert(as_list(v)->items[47] == small(3));
}
END_TEST

START_TEST(slices_are_assigned_and_deleted)
{
    Value v = ints(6, 0, 1, 2, 3, 4, 5);
    Value middle = slice_new(vm, small(1), small(3), VALUE_NONE), odd = slice_new(vm, small(1), VALUE_NONE, small(2));
    obj_setitem(vm, v, middle, ints(3, 7, 8, 9));
    check_repr(v, "[0, 7, 8, 9, 3, 4, 5]");
    obj_setitem(vm, v, odd, ints(3, -1, -2, -3));
    check_repr(v, "[0, -1, 8, -2, 3, -3, 5]");
    obj_setitem(vm, v, odd, VALUE_UNSET);
    check_repr(v, "[0, 8, 3, 5]");
    check_raises(obj_setitem(vm, v, odd, ints(1, 1)), ERR_VALUE);
    obj_setitem(vm, v, middle, v);
    check_repr(v, "[0, 0, 8, 3, 5, 5]");
}
END_TEST

START_TEST(slice_bounds_never_overflow)
{
    int64_t start = INT64_MIN, stop = INT64_MAX, step = INT64_MAX;
    ck_assert_int_eq(slice_adjust(10, &start, &stop, step), 1);
    start = INT64_MAX, stop = INT64_MIN, step = -INT64_MAX;
    ck_assert_int_eq(slice_adjust(10, &start, &stop, step), 1);
    ck_assert_int_eq(start, 9);
}
END_TEST

START_TEST(a_list_in_itself_prints_dots)
{
    Value v = ints(1, 1);
    list_append(vm, as_list(v), tuple_pair(vm, v, v));
    check_repr(v, "[1, ([...], [...])]");
    ck_assert_ptr_null(vm->reprs);
}
END_TEST

START_TEST(deep_nesting_is_a_recursion_error)
{
    Value a = ints(0), b = ints(0), t = tuple_new(vm, NULL, 0);
    for (int i = 0; i < 200000; i++) {
        a = list_new(vm, &a, 1);
        b = list_new(vm, &b, 1);
        t = tuple_new(vm, &t, 1);
    }
    check_raises(obj_repr(vm, a), ERR_RECURSION);
    ck_assert_ptr_null(vm->reprs);
    ck_assert_int_eq(obj_eq(vm, a, b), -1);
    vm_take_pending(vm);
    check_raises(obj_hash(vm, t), ERR_RECURSION);
}
END_TEST

START_TEST(tuples_hash_as_in_cpython)
{
    int64_t hash;
    ck_assert(tuple_hash(vm, as_tuple(tuple_pack(vm, 3, small(1), small(2), small(3))), &hash));
    ck_assert_int_eq(hash, 529344067295497451);
    ck_assert(tuple_hash(vm, vm->empty_tuple, &hash));
    ck_assert_int_eq(hash, 5740354900026072187);
}
END_TEST

START_TEST(repetition_checks_its_size)
{
    Value v = ints(2, 1, 2);
    check_repr(obj_binary(vm, BIN_MUL, v, small(3)), "[1, 2, 1, 2, 1, 2]");
    check_repr(obj_binary(vm, BIN_MUL, small(-1), v), "[]");
    check_raises(obj_binary(vm, BIN_MUL, v, small(INT_SMALL_MAX)), ERR_MEMORY);
}
END_TEST

START_TEST(ranges_of_any_size_know_their_items)
{
    Value big = int_parse(vm, "100000000000000000000", 21, 10);
    Value r = range_new(vm, big, int_binary(vm, BIN_ADD, big, small(10)), small(3));
    check_repr(obj_to_list(vm, r), "[100000000000000000000, 100000000000000000003, 100000000000000000006, 100000000000000000009]");
    check_repr(obj_getitem(vm, r, small(-1)), "100000000000000000009");
    ck_assert_int_eq(obj_contains(vm, r, int_binary(vm, BIN_ADD, big, small(6))), 1);
    ck_assert_int_eq(obj_contains(vm, r, small(6)), 0);
    Value all = range_new(vm, int_from_i64(vm, INT64_MIN), int_from_i64(vm, INT64_MAX), small(1));
    check_raises(slots_of(vm, all)->len(vm, all), ERR_OVERFLOW);
    check_repr(obj_getitem(vm, all, small(-1)), "9223372036854775806");
}
END_TEST

START_TEST(an_exhausted_iterator_stays_so)
{
    Value v = ints(1, 1), it = list_iter(vm, v);
    ck_assert(obj_next(vm, it) == small(1));
    ck_assert(obj_next(vm, it) == VALUE_STOP);
    list_append(vm, as_list(v), small(2));
    ck_assert(obj_next(vm, it) == VALUE_STOP);
}
END_TEST

START_TEST(zip_strict_names_the_short_argument)
{
    Value args[] = {ints(2, 1, 2), ints(1, 1)}, names = tuple_pack(vm, 1, str_from_c(vm, "strict"));
    Value zip = vm_call_kw(vm, obj_value(vm->types[T_ZIP]), (Value[]){args[0], args[1], VALUE_TRUE}, 2, names);
    check_repr(obj_next(vm, zip), "(1, 1)");
    Value end = obj_next(vm, zip);
    ck_assert(is_error(end));
    Value text = obj_str(vm, vm_take_pending(vm));
    ck_assert_str_eq(str_cstr(vm, as_str(text)), "zip() argument 2 is shorter than argument 1");
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, appending_keeps_order_and_popping_gives_memory_back);
    tcase_add_test(c, insertion_clamps_its_index);
    tcase_add_test(c, a_list_extends_itself);
    tcase_add_test(c, slices_are_assigned_and_deleted);
    tcase_add_test(c, slice_bounds_never_overflow);
    tcase_add_test(c, a_list_in_itself_prints_dots);
    tcase_add_test(c, deep_nesting_is_a_recursion_error);
    tcase_add_test(c, tuples_hash_as_in_cpython);
    tcase_add_test(c, repetition_checks_its_size);
    tcase_add_test(c, ranges_of_any_size_know_their_items);
    tcase_add_test(c, an_exhausted_iterator_stays_so);
    tcase_add_test(c, zip_strict_names_the_short_argument);
}

int main(void) { return run_suite("vm_list", add); }
