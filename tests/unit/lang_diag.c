/* Sources and diagnostics: loading, places, carets under text of any width. */
#include "lang/diag.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static void expect_load(const char *text, size_t len, const char *wanted)
{
    Diags diags;
    Source source;
    TextBuffer out = {0};
    diags_init(&diags);
    bool loaded = source_load(&source, "t.co", text, len, &diags);
    if (!loaded) diags_render(&out, &source, &diags, (Reader){0});
    const char *got = loaded ? source.text : out.bytes;
    ck_assert_msg(strncmp(got, wanted, strlen(wanted)) == 0, "gave %s\nwanted %s", got, wanted);
    ck_assert(loaded == (diags.errors == 0));
    text_free(&out);
    source_free(&source);
    diags_free(&diags);
}
#define LOAD(text, wanted) expect_load(text, sizeof text - 1, wanted)

START_TEST(line_ends_become_one_kind)
{
    LOAD("a\r\nb\rc", "a\nb\nc\n");
    LOAD("\xEF\xBB\xBFx\n", "x\n");
    LOAD("", "");
}
END_TEST

START_TEST(what_is_no_source_text_is_refused)
{
    LOAD("x = 1\nab\xFF\n", "t.co:2:3: SyntaxError: invalid UTF-8: byte '\\xff'\n    ab?\n      ^\n");
    LOAD("\xED\xA0\x80\n", "t.co:1:1: SyntaxError: invalid UTF-8"); // a surrogate
    LOAD("a\0b\n", "t.co:1:2: SyntaxError: source code cannot contain null bytes");
    LOAD("#!x\n# vim: set coding: latin-1 :\n", "t.co:2:20: SyntaxError: unknown encoding: latin-1");
    LOAD("# -*- coding: UTF-8 -*-\n", "#");
    LOAD("x\n# coding: latin-1\n", "x"); // counts only in or behind a comment
}
END_TEST

START_TEST(places_are_lines_and_columns)
{
    Diags diags;
    Source source;
    diags_init(&diags);
    ck_assert(source_load(&source, "t.co", "ab\n\ncd", 6, &diags));
    Position at = source_position(&source, (Span){4, 6});
    ck_assert_uint_eq(at.line, 3);
    ck_assert_uint_eq(at.col, 0);
    ck_assert_uint_eq(at.end_col, 2);
    at = source_position(&source, (Span){1, 5});
    ck_assert_uint_eq(at.line, 1);
    ck_assert_uint_eq(at.end_line, 3);
    Span line = source_line(&source, 3);
    ck_assert_uint_eq(line.start, 4);
    ck_assert_uint_eq(line.end, 6);
    ck_assert_uint_eq(source_line(&source, 99).start, source_line(&source, 99).end);
    source_free(&source);
    diags_free(&diags);
}
END_TEST

/* The line and its carets as they stand below each other. */
static void expect_carets(const char *line, size_t col, size_t end_col, const char *wanted)
{
    TextBuffer out = {0};
    DiagExcerpt excerpt = {.line = line, .len = strlen(line), .col = col, .end_col = end_col};
    diag_clip(&excerpt);
    diag_source_line(&out, &excerpt);
    text_add(&out, "|", 1);
    diag_caret_line(&out, &excerpt);
    ck_assert_str_eq(out.bytes, wanted);
    text_free(&out);
}

START_TEST(carets_line_up_by_display_width)
{
    expect_carets("x = y", 4, 5, "x = y|    ^");
    expect_carets("이름 = 값", 9, 12, "이름 = 값|       ^^");
    expect_carets("e\xCC\x81 = y", 6, 7, "e\xCC\x81 = y|    ^");
    expect_carets("\tx = y", 1, 2, "        x = y|        ^");
    expect_carets("ab\tx", 3, 4, "ab      x|        ^");
    expect_carets("x", 1, 1, "x| ^"); // behind the end
    expect_carets("x", 7, 9, "x| ^"); // out of range
    expect_carets("a\x01z", 1, 2, "a?z| ^");
}
END_TEST

START_TEST(long_lines_are_clipped)
{
    TextBuffer line = {0}, out = {0};
    for (int i = 0; i < 1000; i++) text_addf(&line, "가");
    DiagExcerpt excerpt = {.line = line.bytes, .len = line.len, .col = 1500, .end_col = 1506};
    diag_clip(&excerpt);
    ck_assert(excerpt.cut_left && excerpt.cut_right && excerpt.len <= 160);
    ck_assert_uint_eq((unsigned char)excerpt.line[0], 0xEA); // a whole character
    diag_caret_line(&out, &excerpt);
    ck_assert_str_eq(out.bytes + strspn(out.bytes, " "), "^^^^");
    text_free(&out);
    text_free(&line);
}
END_TEST

START_TEST(many_errors_are_counted_but_not_kept)
{
    Diags diags;
    diags_init(&diags);
    for (int i = 0; i < 50; i++) diag_add(&diags, DIAG_SYNTAX, (Span){0, 0}, "error %d", i);
    Diag *warning = diag_add(&diags, DIAG_WARNING, (Span){0, 0}, "warning");
    diag_hint(&diags, warning, "because %s", "so");
    ck_assert_uint_eq(diags.errors, 50);
    ck_assert_uint_eq(diags.count, DIAGS_MAX_ERRORS + 1);
    ck_assert_str_eq(warning->hint.text, "because so");
    ck_assert_str_eq(diags.items[3].message.text, "error 3");
    diags_free(&diags);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lang/diag");
    TCase *all = tcase_create("all");
    tcase_add_test(all, line_ends_become_one_kind);
    tcase_add_test(all, what_is_no_source_text_is_refused);
    tcase_add_test(all, places_are_lines_and_columns);
    tcase_add_test(all, carets_line_up_by_display_width);
    tcase_add_test(all, long_lines_are_clipped);
    tcase_add_test(all, many_errors_are_counted_but_not_kept);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
