/* Words typed with the Korean keyboard on. */
#include "vm/hangul.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static void expect_keys(const char *word, const char *wanted)
{
    char keys[HANGUL_LONGEST];
    ck_assert_msg(hangul_keys(word, strlen(word), keys), "%s", word);
    ck_assert_str_eq(keys, wanted);
}

START_TEST(each_key_is_found_again)
{
    expect_keys("ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ", "qwertyuiopasdfghjklzxcvbnm");
    expect_keys("ㅃㅉㄸㄲㅆㅒㅖ", "QWERTOP");
    expect_keys("ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄㅘㅙㅚㅝㅞㅟㅢ", "rtswsgfrfafqftfxfvfgqthkhohlnjnpnlml");
}
END_TEST

START_TEST(syllables_come_apart)
{
    expect_keys("ㅔ갸ㅜㅅ", "print");
    expect_keys("뭉", "and");
    expect_keys("쟈소", "with");
    expect_keys("값꿻_2", "rkqtRnpfq_2");
    expect_keys("ᅦ갸ᅮᄉ", "print"); // as names are kept
    expect_keys("\u1112\u1161\u11ab", "gks");
}
END_TEST

START_TEST(other_words_have_none)
{
    char keys[HANGUL_LONGEST], longer[3 * HANGUL_LONGEST + 1] = "";
    ck_assert(!hangul_keys("print", 5, keys));
    ck_assert(!hangul_keys("_1", 2, keys));
    ck_assert(!hangul_keys("", 0, keys));
    ck_assert(!hangul_keys("한a", 4, keys));
    ck_assert(!hangul_keys("中", 3, keys));
    for (int i = 0; i < HANGUL_LONGEST; i++) strcat(longer, "값");
    ck_assert(!hangul_keys(longer, strlen(longer), keys));
}
END_TEST

START_TEST(letters_alone_make_a_word_broken)
{
    ck_assert(hangul_is_broken("ㅔ갸ㅜㅅ", strlen("ㅔ갸ㅜㅅ")));
    ck_assert(hangul_is_broken("ᅮᄉ", strlen("ᅮᄉ")));
    ck_assert(!hangul_is_broken("이름", strlen("이름")));
    ck_assert(!hangul_is_broken("x", 1));
}
END_TEST

START_TEST(capitals_do_not_matter)
{
    ck_assert(hangul_keys_spell("none", "None", 4));
    ck_assert(!hangul_keys_spell("none", "Nona", 4));
    ck_assert(!hangul_keys_spell("none", "Nones", 5));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("vm/hangul");
    TCase *t = tcase_create("all");
    tcase_add_test(t, each_key_is_found_again);
    tcase_add_test(t, syllables_come_apart);
    tcase_add_test(t, other_words_have_none);
    tcase_add_test(t, letters_alone_make_a_word_broken);
    tcase_add_test(t, capitals_do_not_matter);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
