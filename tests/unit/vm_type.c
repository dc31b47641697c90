/* Classes, shapes and attribute look-up. */
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"
#include "tests/unit/vm_host.h" // last: its `vm` would be in the way of the headers' parameters

static Str *name(const char *text) { return vm_intern(vm, text); }

/* class NAME(bases): with the namespace ns (or an empty one) */
static Value class(const char *text, int n, const Value *bases, Dict *ns)
{
    Value tuple = tuple_new(vm, n ? bases : NULL, (size_t)n);
    return type_create(vm, name(text), as_tuple(tuple), ns ? ns : dict_new(vm), VALUE_UNSET);
}

static Type *plain_class(const char *text) { return as_type(class(text, 0, NULL, NULL)); }

static void assert_text(Value s, const char *expected)
{
    ck_assert(is_str(s));
    ck_assert_str_eq(str_cstr(vm, as_str(s)), expected);
}

static void assert_raised(ErrorKind kind, const char *text)
{
    ck_assert(vm_pending_is(vm, kind));
    assert_text(obj_str(vm, vm_take_pending(vm)), text);
}

START_TEST(built_in_types_know_their_bases)
{
    ck_assert(type_is_subtype(vm->types[T_BOOL], vm->types[T_INT]));
    ck_assert(type_is_subtype(vm->exc_types[ERR_KEY], vm->exc_types[ERR_LOOKUP]));
    ck_assert(!type_is_subtype(vm->types[T_LIST], vm->types[T_TUPLE]));
    ck_assert_uint_eq(vm->types[T_LIST]->root_shape->id, T_LIST);
    ck_assert_uint_eq(vm->exc_types[ERR_VALUE]->root_shape->id, T_BUILTIN_COUNT + ERR_VALUE);
}
END_TEST

START_TEST(methods_of_built_ins_are_found_when_asked_for)
{
    Type *list = vm->types[T_LIST];
    ck_assert_ptr_null(list->dict);
    Value append = type_lookup(vm, list, name("append"));
    ck_assert(is_exact(append, T_METHOD_DESCRIPTOR));
    ck_assert(type_lookup(vm, list, name("append")) == append);
    ck_assert(is_unset(type_lookup(vm, list, name("nothing"))));
    ck_assert(is_exact(type_lookup(vm, list, name("__len__")), T_METHOD_DESCRIPTOR));
    ck_assert(is_unset(type_lookup(vm, list, name("__sub__"))));
}
END_TEST

START_TEST(attributes_move_an_instance_along_shapes)
{
    Type *t = plain_class("A");
    Value a = instance_new(vm, t), b = instance_new(vm, t);
    attr_set(vm, a, name("x"), small(1));
    attr_set(vm, a, name("y"), small(2));
    attr_set(vm, b, name("x"), small(3));
    ck_assert_uint_ne(as_obj(a)->shape, as_obj(b)->shape);
    attr_set(vm, b, name("y"), small(4));
    ck_assert_uint_eq(as_obj(a)->shape, as_obj(b)->shape);
    AttrResult r;
    ck_assert_int_eq(attr_find(vm, b, name("y"), &r), ATTR_SLOT);
    ck_assert_int_eq(r.cache, CACHE_SHAPE);
    ck_assert(r.value == small(4));
    attr_set(vm, b, name("y"), VALUE_UNSET);
    ck_assert_int_eq(attr_find(vm, b, name("y"), &r), ATTR_MISSING);
}
END_TEST

START_TEST(the_class_learns_how_many_slots_its_instances_want)
{
    Type *t = plain_class("A");
    Value a = instance_new(vm, t);
    char text[] = "a";
    for (int i = 0; i < 8; i++, text[0]++) attr_set(vm, a, name(text), small(i));
    ck_assert_uint_eq(instance_new(vm, t) ? t->slot_hint : 0, 8);
    ck_assert(attr_get(vm, a, name("h")) == small(7));
}
END_TEST

START_TEST(asking_for_dict_and_many_names_switch_to_dict_mode)
{
    Type *t = plain_class("A");
    Value a = instance_new(vm, t);
    attr_set(vm, a, name("x"), small(1));
    Value d = attr_get(vm, a, name("__dict__"));
    ck_assert(is_dict(d));
    dict_set_str(vm, as_dict(d), name("y"), small(2));
    ck_assert(attr_get(vm, a, name("y")) == small(2));
    ck_assert(shape_of(vm, as_obj(a))->dict_mode);

    Value b = instance_new(vm, t);
    char text[8];
    for (int i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "n%d", i);
        ck_assert(!is_error(attr_set(vm, b, name(text), small(i))));
    }
    ck_assert(shape_of(vm, as_obj(b))->dict_mode);
    ck_assert(attr_get(vm, b, name("n64")) == small(64));
}
END_TEST

START_TEST(c3_orders_a_diamond_and_refuses_the_impossible)
{
    Value a = obj_value(plain_class("A"));
    Value b = class("B", 1, &a, NULL), c = class("C", 1, &a, NULL), both[] = {b, c}, wrong[] = {a, b};
    Tuple *mro = as_type(class("D", 2, both, NULL))->mro;
    ck_assert_uint_eq(mro->size, 5);
    ck_assert(mro->items[1] == b && mro->items[2] == c && mro->items[3] == a);
    ck_assert(is_error(class("E", 2, wrong, NULL)));
    assert_raised(ERR_TYPE, "Cannot create a consistent method resolution\norder (MRO) for bases A, B");
}
END_TEST

START_TEST(layouts_that_do_not_go_together_are_refused)
{
    Value bases[] = {obj_value(vm->types[T_LIST]), obj_value(vm->types[T_DICT])}, flag = obj_value(vm->types[T_BOOL]);
    ck_assert(is_error(class("X", 2, bases, NULL)));
    assert_raised(ERR_TYPE, "multiple bases have instance lay-out conflict");
    ck_assert(is_error(class("X", 1, &flag, NULL)));
    assert_raised(ERR_TYPE, "type 'bool' is not an acceptable base type");
}
END_TEST

START_TEST(slots_refuse_other_names)
{
    Dict *ns = dict_new(vm);
    dict_set_c(vm, ns, "__slots__", tuple_pack(vm, 2, obj_value(name("x")), obj_value(name("y"))));
    Value a = instance_new(vm, as_type(class("A", 0, NULL, ns)));
    ck_assert(!is_error(attr_set(vm, a, name("y"), small(2))));
    ck_assert(attr_get(vm, a, name("y")) == small(2));
    ck_assert(is_error(attr_get(vm, a, name("x"))));
    assert_raised(ERR_ATTRIBUTE, "'A' object has no attribute 'x'");
    ck_assert(is_error(attr_set(vm, a, name("z"), small(1))));
    assert_raised(ERR_ATTRIBUTE, "'A' object has no attribute 'z'");
    ck_assert(is_unset(obj_dict(vm, a)));
}
END_TEST

START_TEST(subclasses_of_built_ins_keep_attributes_behind_the_layout)
{
    static const TypeId bases[] = {T_LIST, T_DICT, T_STR, T_TUPLE, T_INT, T_FLOAT, T_SET, T_BYTES, T_BYTEARRAY};
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        Value base = obj_value(vm->types[bases[i]]);
        Type *t = as_type(class("S", 1, &base, NULL));
        Value v = type_instantiate(vm, t, NULL, 0, VALUE_UNSET);
        ck_assert_msg(!is_error(v), "%s", vm->types[bases[i]]->name->data);
        ck_assert_ptr_eq(type_of(vm, v), t);
        ck_assert(!is_error(attr_set(vm, v, name("x"), small(5))));
        ck_assert_msg(attr_get(vm, v, name("x")) == small(5), "%s", vm->types[bases[i]]->name->data);
    }
}
END_TEST

START_TEST(versions_tell_when_a_class_changed)
{
    Value base = obj_value(plain_class("A"));
    Type *t = as_type(class("B", 1, &base, NULL));
    ck_assert(type_set_attr(vm, as_type(base), name("n"), small(1)));
    uint32_t before = type_version(vm, t);
    ck_assert_uint_eq(type_version(vm, t), before);
    ck_assert(type_lookup(vm, t, name("n")) == small(1));
    ck_assert(type_set_attr(vm, as_type(base), name("n"), small(2)));
    ck_assert_uint_ne(type_version(vm, t), before);
    ck_assert(type_lookup(vm, t, name("n")) == small(2));
}
END_TEST

START_TEST(equality_without_hash_switches_hashing_off)
{
    Dict *ns = dict_new(vm);
    dict_set_c(vm, ns, "__eq__", type_lookup(vm, vm->types[T_OBJECT], name("__eq__")));
    Value a = instance_new(vm, as_type(class("A", 0, NULL, ns)));
    ck_assert(is_error(obj_hash(vm, a)));
    assert_raised(ERR_TYPE, "unhashable type: 'A'");
}
END_TEST

START_TEST(built_in_types_cannot_be_changed)
{
    ck_assert(is_error(attr_set(vm, obj_value(vm->types[T_INT]), name("x"), small(1))));
    assert_raised(ERR_TYPE, "cannot set 'x' attribute of immutable type 'int'");
    ck_assert(is_error(attr_set(vm, small(5), name("x"), small(1))));
    assert_raised(ERR_ATTRIBUTE, "'int' object has no attribute 'x'");
}
END_TEST

START_TEST(unions_and_aliases_have_texts)
{
    Value u = union_new(vm, obj_value(vm->types[T_INT]), VALUE_NONE);
    assert_text(obj_repr(vm, u), "int | None");
    ck_assert_int_eq(obj_isinstance(vm, VALUE_NONE, u), 1);
    ck_assert_int_eq(obj_isinstance(vm, name("x") ? obj_value(name("x")) : u, u), 0);
    Value alias = obj_getitem(vm, obj_value(vm->types[T_LIST]), obj_value(vm->types[T_INT]));
    assert_text(obj_repr(vm, alias), "list[int]");
    ck_assert(is_error(obj_getitem(vm, obj_value(vm->types[T_INT]), small(1))));
    assert_raised(ERR_TYPE, "type 'int' is not subscriptable");
}
END_TEST

static void add_tests(TCase *c)
{
    tcase_add_test(c, built_in_types_know_their_bases);
    tcase_add_test(c, methods_of_built_ins_are_found_when_asked_for);
    tcase_add_test(c, attributes_move_an_instance_along_shapes);
    tcase_add_test(c, the_class_learns_how_many_slots_its_instances_want);
    tcase_add_test(c, asking_for_dict_and_many_names_switch_to_dict_mode);
    tcase_add_test(c, c3_orders_a_diamond_and_refuses_the_impossible);
    tcase_add_test(c, layouts_that_do_not_go_together_are_refused);
    tcase_add_test(c, slots_refuse_other_names);
    tcase_add_test(c, subclasses_of_built_ins_keep_attributes_behind_the_layout);
    tcase_add_test(c, versions_tell_when_a_class_changed);
    tcase_add_test(c, equality_without_hash_switches_hashing_off);
    tcase_add_test(c, built_in_types_cannot_be_changed);
    tcase_add_test(c, unions_and_aliases_have_texts);
}

int main(void) { return run_suite("vm_type", add_tests); }
