/* Unicode: names of characters, identifiers, widths, NFKC. */
#include "lang/unicode.h"
#include "vm/unitables.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static int32_t lookup(const char *name)
{
    Unicode unicode = {0};
    int32_t code = unicode_lookup(&unicode, name, strlen(name));
    unicode_close(&unicode);
    return code;
}

START_TEST(characters_have_names)
{
    ck_assert_int_eq(lookup("GREEK SMALL LETTER ALPHA"), 0x3B1);
    ck_assert_int_eq(lookup("greek small letter alpha"), 0x3B1);
    ck_assert_int_eq(lookup("HANGUL SYLLABLE HAN"), 0xD55C);
    ck_assert_int_eq(lookup("HANGUL SYLLABLE A"), 0xC544);
    ck_assert_int_eq(lookup("HANGUL SYLLABLE SSYAELG"), lookup("HANGUL SYLLABLE SSYAEL") + 1);
    ck_assert_int_eq(lookup("CJK UNIFIED IDEOGRAPH-4E00"), 0x4E00);
    ck_assert_int_eq(lookup("CJK UNIFIED IDEOGRAPH-04E00"), 0x4E00); // as CPython has it
    ck_assert_int_eq(lookup("NBSP"), 0xA0);
    ck_assert_int_eq(lookup("LINE FEED"), '\n');
    ck_assert_int_eq(lookup("NO SUCH CHARACTER"), -1);
    ck_assert_int_eq(lookup("HANGUL SYLLABLE HANN"), -1);
    ck_assert_int_eq(lookup("CJK UNIFIED IDEOGRAPH-41"), -1);
    ck_assert_int_eq(lookup("hangul syllable han"), -1); // as CPython: case counts in these
    ck_assert_int_eq(lookup(""), -1);
}
END_TEST

START_TEST(names_are_made_of_xid_characters)
{
    ck_assert(uni_is(0xAC00, UNI_NAME_START) && uni_is(0xAC00, UNI_NAME_PART));
    ck_assert(!uni_is('1', UNI_NAME_START) && uni_is('1', UNI_NAME_PART));
    ck_assert(!uni_is(0x301, UNI_NAME_START) && uni_is(0x301, UNI_NAME_PART));
    ck_assert(!uni_is(0xFF08, UNI_NAME_START) && !uni_is(0x20AC, UNI_NAME_PART));
    ck_assert(!uni_is(0xA0, UNI_PRINTABLE) && uni_is(0xAC00, UNI_PRINTABLE));
}
END_TEST

START_TEST(widths_are_columns)
{
    ck_assert_int_eq(uni_width('a'), 1);
    ck_assert_int_eq(uni_width(0xAC00), 2);
    ck_assert_int_eq(uni_width(0xFF08), 2);
    ck_assert_int_eq(uni_width(0x301), 0);
    ck_assert_int_eq(uni_width(0x1161), 0); // a vowel joined to the consonant before it
    ck_assert_int_eq(uni_width(0x1F600), 2);
}
END_TEST

static void expect_nfkc(const char *text, const char *wanted)
{
    TextBuffer out = {0};
    Unicode unicode = {0};
    unicode_nfkc(&unicode, &out, text, strlen(text));
    unicode_close(&unicode);
    ck_assert_str_eq(out.bytes ? out.bytes : "", wanted);
    text_free(&out);
}

START_TEST(nfkc_composes_and_replaces)
{
    expect_nfkc("e\xCC\x81", "\xC3\xA9");
    expect_nfkc("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", "\xED\x95\x9C");
    expect_nfkc("\xEF\xAC\x81\xEF\xBC\xA1", "fiA");
    expect_nfkc("a\xCC\x81\xCC\xA3", "\xE1\xBA\xA1\xCC\x81"); // marks change places, one composes
    expect_nfkc("", "");
}
END_TEST

START_TEST(utf8_is_checked)
{
    ck_assert_uint_eq(utf8_valid_prefix("a\xEA\xB0\x80z", 5), 5);
    ck_assert_uint_eq(utf8_valid_prefix("a\xEA\xB0", 3), 1);
    ck_assert_uint_eq(utf8_valid_prefix("\xC0\x80", 2), 0);
    ck_assert_uint_eq(utf8_valid_prefix("\xF4\x90\x80\x80", 4), 0);
    for (uint32_t code = 1; code < 0x110000; code += 7) {
        char bytes[4];
        int len = utf8_encode(bytes, code);
        const char *at = bytes;
        ck_assert_uint_eq(utf8_next(&at, bytes + len), code);
        ck_assert(at == bytes + len);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lang/unicode");
    TCase *all = tcase_create("all");
    tcase_add_test(all, characters_have_names);
    tcase_add_test(all, names_are_made_of_xid_characters);
    tcase_add_test(all, widths_are_columns);
    tcase_add_test(all, nfkc_composes_and_replaces);
    tcase_add_test(all, utf8_is_checked);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
