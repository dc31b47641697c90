/* Messages: looked up by their English text; particles that follow the word before them. */
#include "vm/messages.h"
#include "lang/text.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_settled(const char *text, const char *wanted)
{
    char copy[200];
    snprintf(copy, sizeof copy, "%s", text);
    copy[said_settle(copy, strlen(copy))] = '\0';
    ck_assert_str_eq(copy, wanted);
}

START_TEST(particles_follow_the_sound_before_them)
{
    expect_settled("'값'\2을\3 읽습니다", "'값'을 읽습니다");
    expect_settled("'파이'\2을\3 읽습니다", "'파이'를 읽습니다");
    expect_settled("'await'\2은\3 됩니다", "'await'는 됩니다");
    expect_settled("'return'\2은\3 됩니다", "'return'은 됩니다");
    expect_settled("main()\2이\3 끝났습니다", "main()이 끝났습니다");
    expect_settled("'('\2과\3 ':'\2과\3 7\2과\3", "'('와 ':'과 7과");
    expect_settled("글\2로\3 집\2로\3 수\2로\3", "글로 집으로 수로");
    expect_settled("\2을\3", "를");
}
END_TEST

START_TEST(other_control_bytes_stay)
{
    expect_settled("a\2b\3 \2을 \3", "a\2b\3 \2을 \3");
}
END_TEST

START_TEST(a_text_without_row_is_said_in_english)
{
    ck_assert_str_eq(said(LANGUAGE_KOREAN, "no such row"), "no such row");
    ck_assert_str_eq(said(LANGUAGE_ENGLISH, "hint"), "hint");
    ck_assert_str_ne(said(LANGUAGE_KOREAN, "hint"), "hint");
}
END_TEST

START_TEST(filled_in_and_settled)
{
    TextBuffer out = {0};
    text_addf(&out, "> ");
    text_saidf(&out, LANGUAGE_KOREAN, "co: cannot read '%s': %s\n", "노트", "?");
    ck_assert_str_eq(out.bytes, "> co: '노트'를 읽을 수 없습니다: ?\n");
    ck_assert_uint_eq(out.len, strlen(out.bytes));
    text_free(&out);
}
END_TEST

START_TEST(locales_name_languages)
{
    ck_assert_int_eq(language_of_locale("ko"), LANGUAGE_KOREAN);
    ck_assert_int_eq(language_of_locale("ko_KR.UTF-8"), LANGUAGE_KOREAN);
    ck_assert_int_eq(language_of_locale("kok_IN"), LANGUAGE_ENGLISH);
    ck_assert_int_eq(language_of_locale("C"), LANGUAGE_ENGLISH);
    ck_assert_int_eq(language_of_locale(NULL), LANGUAGE_ENGLISH);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vm/messages");
    TCase *tests = tcase_create("messages");
    tcase_add_test(tests, particles_follow_the_sound_before_them);
    tcase_add_test(tests, other_control_bytes_stay);
    tcase_add_test(tests, a_text_without_row_is_said_in_english);
    tcase_add_test(tests, filled_in_and_settled);
    tcase_add_test(tests, locales_name_languages);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
