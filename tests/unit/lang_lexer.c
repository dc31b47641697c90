/* Lexer and layout: the kinds of tokens a text is cut into. */
#include "lang/layout.h"
#include <check.h>
#include <stdlib.h>

/* The tokens of `text`, each as its source text or, where that says nothing, by name. */
static TextBuffer tokens_of(const char *text, bool with_layout)
{
    TextBuffer out = {0};
    Diags diags;
    Source source;
    Arena arena;
    NameTable names;
    Lexer lexer;
    Layout layout;
    diags_init(&diags);
    arena_init(&arena);
    names_init(&names, &arena);
    ck_assert(source_load(&source, "t.co", text, strlen(text), &diags));
    lexer_init(&lexer, &source, &names, &diags, false);
    layout_init(&layout, &lexer, &arena);
    for (;;) {
        Token token = with_layout ? layout_next(&layout) : lexer_next(&lexer);
        if (token.kind == TK_END) break;
        if (out.len) text_add(&out, " ", 1);
        switch (token.kind) {
        case TK_NEWLINE: text_addf(&out, "NL"); break;
        case TK_INDENT: text_addf(&out, ">"); break;
        case TK_DEDENT: text_addf(&out, "<"); break;
        case TK_BAD: text_addf(&out, "BAD"); break;
        case TK_MATCH: text_addf(&out, "MATCH"); break;
        case TK_FMIDDLE:
            text_addf(&out, "~"); // and its text
        // fall through
        default: text_add(&out, source.text + token.span.start, token.span.end - token.span.start);
        }
    }
    lexer_free(&lexer);
    source_free(&source);
    arena_free(&arena);
    diags_free(&diags);
    return out;
}

static void expect(const char *text, const char *wanted)
{
    TextBuffer got = tokens_of(text, false);
    ck_assert_str_eq(got.bytes ? got.bytes : "", wanted);
    text_free(&got);
}

static void expect_layout(const char *text, const char *wanted)
{
    TextBuffer got = tokens_of(text, true);
    ck_assert_str_eq(got.bytes ? got.bytes : "", wanted);
    text_free(&got);
}

START_TEST(operators_are_the_longest_that_fit)
{
    expect("a**=b//c<<=d->e:=f...g..h", "a **= b // c <<= d -> e := f ... g . . h NL");
    expect("a<>b!=c===d@=e~f", "a < > b != c == = d @= e ~ f NL");
}
END_TEST

START_TEST(numbers_end_where_python_ends_them)
{
    expect("1.e5 .5 1..real 0xFFor 1_000 0b1_1", "1.e5 .5 1. . real 0xFF or 1_000 0b1_1 NL");
    expect("1_ 0x 08 1a 2j 0o9", "BAD BAD BAD BAD BAD BAD NL");
    expect("00 0_0 0e1", "00 0_0 0e1 NL");
}
END_TEST

START_TEST(strings_with_every_prefix)
{
    expect("'a\\'b' rb'''c'd''' Bu'e' U'f' \"\" \"\"\"\"\"\"",
           "'a\\'b' rb'''c'd''' Bu 'e' U'f' \"\" \"\"\"\"\"\" NL");
    expect("'a\\\nb' 'c", "'a\\\nb' BAD NL");
}
END_TEST

START_TEST(fstrings_are_cut_in_modes)
{
    expect("f'a{b!r:>{c}}d'", "f' ~a { b ! r : ~> { c } } ~d ' NL");
    expect("f'{a:{b:c}}'", "f' { a : { b : ~c } } ' NL");
    expect("f'{ {1:2}[1] }'", "f' { { 1 : 2 } [ 1 ] } ' NL");
    expect("f'{f\"{'x'}\"}'", "f' { f\" { 'x' } \" } ' NL");
    expect("rf'\\{a}\\''", "rf' ~\\ { a } ~\\' ' NL");
    expect("f'\\N{DASH}{{}}'", "f' ~\\N{DASH}{{}} ' NL");
    expect("f'''{\na}'''", "f''' { a } ''' NL");
}
END_TEST

START_TEST(lines_join_inside_brackets_and_after_backslashes)
{
    expect("(a\n,# b\n c)\nd \\\n e", "( a , c ) NL d e NL");
    expect("a\r\nb\rc", "a NL b NL c NL");
}
END_TEST

START_TEST(blocks_are_marked)
{
    expect_layout("if a:\n    b\n\n  # c\n    d\ne", "if a : NL > b NL d NL < e NL");
    expect_layout("if a:\n  if b:\n\tc\n", "if a : NL > if b : NL > c NL < <");
    expect_layout("if a:\n    (b,\nc)\n", "if a : NL > ( b , c ) NL <");
    expect_layout("  \n\f# only blanks\n", "");
    expect_layout("if a:\n  b\n \\\n c\n", "if a : NL > b NL c NL <"); // reported, and the level kept
}
END_TEST

START_TEST(match_starts_a_line_that_ends_with_a_colon)
{
    expect_layout("match a:\n", "MATCH a : NL");
    expect_layout("match (a, {b: c}):\n", "MATCH ( a , { b : c } ) : NL");
    expect_layout("match[a:b]\n", "match [ a : b ] NL");
    expect_layout("match.a:\n", "match . a : NL");
    expect_layout("match: a\n", "match : a NL");
    expect_layout("a; match b:\n", "a ; match b : NL");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lang/lexer");
    TCase *all = tcase_create("all");
    tcase_add_test(all, operators_are_the_longest_that_fit);
    tcase_add_test(all, numbers_end_where_python_ends_them);
    tcase_add_test(all, strings_with_every_prefix);
    tcase_add_test(all, fstrings_are_cut_in_modes);
    tcase_add_test(all, lines_join_inside_brackets_and_after_backslashes);
    tcase_add_test(all, blocks_are_marked);
    tcase_add_test(all, match_starts_a_line_that_ends_with_a_colon);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
