/* The text being typed: characters as readers count them, moving, deleting, killing, undoing. */
#include "cli/cells.h"
#include "cli/editor.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static size_t width(const char *text) { return cells_width(text, strlen(text)); }
static size_t next(const char *text) { return cells_next(text, strlen(text), 0); }

static void type(Editor *e, const char *text)
{
    editor_begin(e);
    editor_type(e, text, strlen(text));
}

#define DO(command, e) (editor_begin(e), command(e))

static Editor editor_with(const char *text)
{
    Editor e;
    ck_assert(editor_init(&e));
    editor_begin(&e);
    editor_insert(&e, text, strlen(text));
    return e;
}

START_TEST(a_character_is_what_a_reader_counts)
{
    ck_assert_uint_eq(next("abc"), 1);
    ck_assert_uint_eq(next("한글"), 3);
    ck_assert_uint_eq(next("\u1112\u1161\u11AB\u1100"), 9);            // a syllable of Jamo
    ck_assert_uint_eq(next("e\u0301x"), 3);                            // an accent
    ck_assert_uint_eq(next("👩\u200D🚀!"), strlen("👩\u200D🚀"));      // joined
    ck_assert_uint_eq(next("🇰🇷🇯🇵"), 8);                               // a flag
    ck_assert_uint_eq(next("👍🏽"), 8);                                 // a skin tone
    ck_assert_uint_eq(cells_prev("가e\u0301", 6, 6), 3);
    ck_assert_uint_eq(cells_prev("\n", 1, 1), 0);
}
END_TEST

START_TEST(widths_are_those_of_a_terminal)
{
    ck_assert_uint_eq(width("abc"), 3);
    ck_assert_uint_eq(width("한글"), 4);
    ck_assert_uint_eq(width("\u1112\u1161\u11AB"), 2);
    ck_assert_uint_eq(width("e\u0301"), 1);
    ck_assert(cells_show("👩\u200D🚀", strlen("👩\u200D🚀"), 0, NULL).sync); // terminals do not agree
    ck_assert_uint_eq(width("\x01"), 2); // shown as ^A
    ck_assert_uint_eq(width("a\tb"), 9);
}
END_TEST

START_TEST(moving_and_deleting_take_whole_characters)
{
    Editor e = editor_with("가e\u0301👩\u200D🚀");
    DO(editor_left, &e);
    ck_assert_uint_eq(e.cursor, strlen("가e\u0301"));
    DO(editor_backspace, &e);
    ck_assert_str_eq(e.text, "가👩\u200D🚀");
    DO(editor_delete_right, &e);
    ck_assert_str_eq(e.text, "가");
    editor_free(&e);
}
END_TEST

START_TEST(lines_keep_the_column_that_moving_began_with)
{
    Editor e = editor_with("한글과 영어\nab\n다섯 글자");
    DO(editor_start, &e);
    DO(editor_line_end, &e);
    size_t first = e.cursor;
    ck_assert(DO(editor_down, &e));
    ck_assert_uint_eq(e.cursor, first + 3); // the short line's end
    ck_assert(DO(editor_down, &e));
    ck_assert_uint_eq(e.cursor, e.len); // 9 columns; the line before had 11
    ck_assert(DO(editor_up, &e) && DO(editor_up, &e));
    ck_assert_uint_eq(e.cursor, first);
    ck_assert(!DO(editor_up, &e));
    editor_free(&e);
}
END_TEST

START_TEST(backspace_in_the_indentation_goes_to_the_stop_before)
{
    Editor e = editor_with("if x:\n      ");
    DO(editor_backspace, &e);
    ck_assert_str_eq(e.text, "if x:\n    ");
    DO(editor_backspace, &e);
    ck_assert_str_eq(e.text, "if x:\n");
    editor_free(&e);
}
END_TEST

START_TEST(what_was_typed_in_a_row_is_undone_together)
{
    Editor e = editor_with("x = ");
    type(&e, "4");
    type(&e, "2");
    DO(editor_undo, &e);
    ck_assert_str_eq(e.text, "x = ");
    DO(editor_undo, &e);
    ck_assert_str_eq(e.text, "");
    DO(editor_undo, &e);
    ck_assert_str_eq(e.text, "");
    editor_free(&e);
}
END_TEST

START_TEST(kills_in_a_row_are_yanked_as_one)
{
    Editor e = editor_with("print 'one two'");
    DO(editor_kill_space_word, &e);
    DO(editor_kill_space_word, &e);
    ck_assert_str_eq(e.text, "print ");
    DO(editor_yank, &e);
    ck_assert_str_eq(e.text, "print 'one two'");
    DO(editor_start, &e);
    DO(editor_kill_word, &e);
    DO(editor_yank, &e);
    DO(editor_yank_before, &e);
    ck_assert_str_eq(e.text, "'one two' 'one two'");
    editor_free(&e);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("editor");
    TCase *t = tcase_create("editor");
    tcase_add_test(t, a_character_is_what_a_reader_counts);
    tcase_add_test(t, widths_are_those_of_a_terminal);
    tcase_add_test(t, moving_and_deleting_take_whole_characters);
    tcase_add_test(t, lines_keep_the_column_that_moving_began_with);
    tcase_add_test(t, backspace_in_the_indentation_goes_to_the_stop_before);
    tcase_add_test(t, what_was_typed_in_a_row_is_undone_together);
    tcase_add_test(t, kills_in_a_row_are_yanked_as_one);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
