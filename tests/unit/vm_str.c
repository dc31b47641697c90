/* Strs: representation, indexing, growing, interning, and the printf of messages. */
#include "vm/str.h"
#include "tests/unit/vm_host.h"
#include "vm/codecs.h"
#include "vm/search.h"

static Str *str(const char *text)
{
    Value v = str_from_c(vm, text);
    ck_assert(!is_error(v));
    return as_str(v);
}

static Str *repeated(const char *text, int times) { return as_str(str_repeat(vm, str(text), times)); }

static void check_text(Value v, const char *expected)
{
    ck_assert(is_str(v));
    ck_assert_str_eq(str_cstr(vm, as_str(v)), expected);
}

/* 300 code points of one to four bytes, then the same again. */
static Str *mixed(void) { return repeated("aé한😀", 150); }

START_TEST(length_counts_code_points)
{
    ck_assert_uint_eq(str("")->length, 0);
    ck_assert_uint_eq(str("hello")->length, 5);
    ck_assert_uint_eq(str("aé한😀")->length, 4);
    ck_assert(str_is_ascii(str("hello")) && !str_is_ascii(str("é")));
}
END_TEST

START_TEST(one_ascii_character_is_shared)
{
    ck_assert_ptr_eq(str("a"), vm->ascii_str['a']);
    ck_assert_ptr_eq(as_str(str_slice(vm, str("xay"), 1, 2)), vm->ascii_str['a']);
    ck_assert_ptr_eq(str(""), vm->empty_str);
}
END_TEST

START_TEST(indexing_finds_every_character)
{
    static const uint32_t chars[] = {'a', 0xE9, 0xD55C, 0x1F600};
    Str *s = mixed();
    for (size_t i = 0; i < s->length; i++) ck_assert_uint_eq(str_char_at(vm, s, i), chars[i % 4]);
    for (size_t i = s->length; i-- > 0;) ck_assert_uint_eq(str_char_at(vm, s, i), chars[i % 4]);
    ck_assert_uint_eq(str_offset(vm, s, s->length), s->size);
    ck_assert_uint_eq(str_position(s, str_offset(vm, s, 201)), 201);
}
END_TEST

START_TEST(slices_are_cut_at_code_points)
{
    Str *s = mixed();
    check_text(str_slice(vm, s, 197, 203), "é한😀aé한");
    check_text(str_slice(vm, s, 596, 600), "aé한😀");
    ck_assert(str_is_ascii(as_str(str_slice(vm, s, 4, 5))));
    ck_assert_ptr_eq(as_str(str_slice(vm, s, 0, s->length)), s);
}
END_TEST

START_TEST(cursor_walks_to_the_end)
{
    Str *s = str("a한");
    size_t at = 0;
    check_text(str_next_char(vm, s, &at), "a");
    check_text(str_next_char(vm, s, &at), "한");
    ck_assert_uint_eq(str_next_char(vm, s, &at), VALUE_STOP);
    ck_assert_uint_eq(str_next_char(vm, s, &at), VALUE_STOP);
}
END_TEST

START_TEST(growing_text_keeps_its_earlier_values)
{
    Str *s = repeated("x", 300);
    Str *kept[50];
    for (int i = 0; i < 50; i++) {
        kept[i] = s;
        s = as_str(str_concat(vm, s, str("한")));
    }
    ck_assert_uint_eq(s->length, 350);
    ck_assert(s->h.aux & STR_SHARED);
    for (size_t i = 0; i < 50; i++) {
        ck_assert_uint_eq(kept[i]->length, 300 + i);
        if (i) ck_assert_uint_eq(str_char_at(vm, kept[i], 299 + i), 0xD55C);
    }
}
END_TEST

START_TEST(two_growths_of_one_text_do_not_mix)
{
    Str *s = repeated("x", 300);
    for (int i = 0; i < 6; i++) s = as_str(str_concat(vm, s, str("-")));
    ck_assert(s->h.aux & STR_SHARED);
    Str *a = as_str(str_concat(vm, s, str("left"))), *b = as_str(str_concat(vm, s, str("right")));
    check_text(str_slice(vm, a, 300, a->length), "------left");
    check_text(str_slice(vm, b, 300, b->length), "------right");
}
END_TEST

START_TEST(c_text_of_a_shared_str_survives_growth)
{
    Str *s = repeated("x", 300);
    for (int i = 0; i < 6; i++) s = as_str(str_concat(vm, s, str("-")));
    ck_assert(s->h.aux & STR_SHARED);
    const char *text = str_cstr(vm, s);
    Str *longer = as_str(str_concat(vm, s, str("more")));
    ck_assert_uint_eq(strlen(text), 306);
    ck_assert_uint_eq(strlen(str_cstr(vm, s)), 306);
    check_text(str_slice(vm, longer, 300, longer->length), "------more");
}
END_TEST

START_TEST(appending_a_text_to_itself_doubles_it)
{
    Str *s = repeated("한a", 200);
    for (int i = 0; i < 6; i++) s = as_str(str_concat(vm, s, s));
    ck_assert_uint_eq(s->length, 400 * 64);
    ck_assert_uint_eq(str_char_at(vm, s, 400 * 64 - 2), 0xD55C);
}
END_TEST

START_TEST(equal_texts_have_equal_hashes_whatever_holds_them)
{
    Str *plain = repeated("한", 400), *grown = repeated("한", 392);
    for (int i = 0; i < 8; i++) grown = as_str(str_concat(vm, grown, str("한")));
    ck_assert(plain != grown && str_eq(plain, grown));
    ck_assert_uint_eq(str_hash(vm, plain), str_hash(vm, grown));
    ck_assert_ptr_eq(str_intern_value(vm, plain), str_intern_value(vm, grown));
}
END_TEST

START_TEST(hashes_depend_on_the_key_and_on_every_byte)
{
    char text[40] = {0};
    for (size_t n = 0; n <= sizeof text; n++) {
        uint64_t before = hash_bytes(vm, text, n);
        ck_assert(n == 0 ? before == 0 : before != 0); // 0: not worked out yet
        ck_assert(fits_small((int64_t)before));
        for (size_t i = 0; i < n; i++) {
            text[i] ^= 1;
            ck_assert_uint_ne(hash_bytes(vm, text, n), before);
            text[i] ^= 1;
        }
        vm->hash_key[1] ^= 4;
        if (n) ck_assert_uint_ne(hash_bytes(vm, text, n), before);
        vm->hash_key[1] ^= 4;
    }
}
END_TEST

START_TEST(thousands_of_names_stay_interned)
{
    static Str *names[5000];
    char text[20];
    for (int i = 0; i < 5000; i++) names[i] = str_intern(vm, text, (size_t)sprintf(text, "name_%d", i));
    for (int i = 0; i < 5000; i++)
        ck_assert_ptr_eq(names[i], str_intern(vm, text, (size_t)sprintf(text, "name_%d", i)));
}
END_TEST

START_TEST(order_is_that_of_code_points)
{
    ck_assert_int_lt(str_cmp(str("a"), str("b")), 0);
    ck_assert_int_lt(str_cmp(str("a"), str("ab")), 0);
    ck_assert_int_gt(str_cmp(str("\xEE\x80\x80"), str("\xED\xA0\x80")), 0); // U+E000 after a lone surrogate
    ck_assert_int_lt(str_cmp(str("\xEF\xBF\xBF"), str("😀")), 0);
    ck_assert_int_eq(str_cmp(str("한"), str("한")), 0);
}
END_TEST

START_TEST(surrogates_that_meet_stay_apart)
{
    Str *s = as_str(str_concat(vm, as_str(str_from_char(vm, 0xD83D)), as_str(str_from_char(vm, 0xDE00))));
    ck_assert_uint_eq(s->length, 2);
    check_text(str_repr(vm, s), "'\\ud83d\\ude00'");
    ck_assert(is_error(codec_encode(vm, s, VALUE_UNSET, VALUE_UNSET)));
    ck_assert(vm_pending_is(vm, ERR_UNICODE_ENCODE));
}
END_TEST

START_TEST(repr_chooses_quotes_and_escapes)
{
    check_text(str_repr(vm, str("it's")), "\"it's\"");
    check_text(str_repr(vm, str("\"it's\"")), "'\"it\\'s\"'");
    check_text(str_repr(vm, str("a\n\t\x01\x7F\\한\u00A0\u2028")), "'a\\n\\t\\x01\\x7f\\\\한\\xa0\\u2028'");
    check_text(str_ascii(vm, as_str(str_repr(vm, str("é한😀")))), "'\\xe9\\ud55c\\U0001f600'");
}
END_TEST

START_TEST(width_counts_columns)
{
    ck_assert_int_eq(str_width(str("abc")), 3);
    ck_assert_int_eq(str_width(str("한글")), 4);
    ck_assert_int_eq(str_width(str("e\u0301\u200D")), 1);
}
END_TEST

START_TEST(builder_grows_from_its_own_bytes_to_the_heap)
{
    StrBuilder b;
    sb_init(&b, vm);
    for (int i = 0; i < 1000; i++) sb_addf(&b, "%d,", i);
    sb_add_fill(&b, 0xD55C, 3);
    Value v = sb_finish(&b);
    ck_assert_uint_eq(as_str(v)->length, 10 + 90 * 2 + 900 * 3 + 1000 + 3);
    check_text(str_slice(vm, as_str(v), 3886, 3893), "999,한한한");
    check_text(sb_finish(&b), "");
}
END_TEST

START_TEST(messages_know_values)
{
    Value pi = str_from_c(vm, "파이");
    check_text(str_format(vm, "%V %N %R %T %Y", pi, as_str(pi), pi, small(1), vm->types[T_STR]),
               "파이 파이 '파이' int str");
    check_text(str_format(vm, "%d %ld %zu %x %c %%", -1, -2L, (size_t)3, 255, 0xD55C), "-1 -2 3 ff 한 %");
    check_text(str_format(vm, "%.3s|%s|%R|%R", "abcdef", "x", VALUE_NONE, small(-7)), "abc|x|None|-7");
    check_text(str_format(vm, "%.4s", "한글"), "한"); // never a part of a character
}
END_TEST

START_TEST(too_long_is_an_error_not_a_crash)
{
    ck_assert(is_error(str_repeat(vm, str("ab"), INT64_MAX)));
    ck_assert(vm_pending_is(vm, ERR_OVERFLOW));
    vm_take_pending(vm);
    ck_assert(is_error(str_repeat(vm, str("ab"), INT64_MAX / 2)));
    ck_assert(vm_pending_is(vm, ERR_MEMORY));
}
END_TEST

static uint32_t seed;

static uint32_t random_bits(uint32_t mask)
{
    seed = seed * 1103515245 + 12345;
    return seed >> 16 & mask;
}

START_TEST(search_agrees_with_the_slow_way)
{
    seed = 7;
    char hay[64], needle[4];
    for (int round = 0; round < 20000; round++) {
        size_t first = SEARCH_NONE, last = SEARCH_NONE;
        size_t n = random_bits(63), m = random_bits(3);
        for (size_t i = 0; i < n; i++) hay[i] = (char)('a' + random_bits(1));
        for (size_t i = 0; i < m; i++) needle[i] = (char)('a' + random_bits(1));
        for (size_t i = 0; i + m <= n; i++) {
            if (memcmp(hay + i, needle, m)) continue;
            if (first == SEARCH_NONE) first = i;
            last = i;
        }
        ck_assert_uint_eq(search_first(hay, n, needle, m), first);
        ck_assert_uint_eq(search_last(hay, n, needle, m), last);
    }
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, length_counts_code_points);
    tcase_add_test(c, one_ascii_character_is_shared);
    tcase_add_test(c, indexing_finds_every_character);
    tcase_add_test(c, slices_are_cut_at_code_points);
    tcase_add_test(c, cursor_walks_to_the_end);
    tcase_add_test(c, growing_text_keeps_its_earlier_values);
    tcase_add_test(c, two_growths_of_one_text_do_not_mix);
    tcase_add_test(c, c_text_of_a_shared_str_survives_growth);
    tcase_add_test(c, appending_a_text_to_itself_doubles_it);
    tcase_add_test(c, equal_texts_have_equal_hashes_whatever_holds_them);
    tcase_add_test(c, hashes_depend_on_the_key_and_on_every_byte);
    tcase_add_test(c, thousands_of_names_stay_interned);
    tcase_add_test(c, order_is_that_of_code_points);
    tcase_add_test(c, surrogates_that_meet_stay_apart);
    tcase_add_test(c, repr_chooses_quotes_and_escapes);
    tcase_add_test(c, width_counts_columns);
    tcase_add_test(c, builder_grows_from_its_own_bytes_to_the_heap);
    tcase_add_test(c, messages_know_values);
    tcase_add_test(c, too_long_is_an_error_not_a_crash);
    tcase_add_test(c, search_agrees_with_the_slow_way);
}

int main(void) { return run_suite("vm_str", add); }
