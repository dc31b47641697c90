/* What a terminal sends, as keys; the history on disk; the fenced blocks of a Markdown text. */
#include "cli/history.h"
#include "cli/keys.h"
#include "cli/markdown.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static Key key_of(KeyReader *r, const char *bytes)
{
    Key key = {0};
    keys_feed(r, bytes, strlen(bytes));
    ck_assert(keys_next(r, &key));
    return key;
}

START_TEST(sequences_are_keys_with_modifiers)
{
    static const struct { const char *bytes; uint8_t kind, mods; uint32_t code; } rows[] = {
        {"a", KEY_CHAR, 0, 'a'},          {"한", KEY_CHAR, 0, 0xD55C},     {"\x01", KEY_CHAR, KEY_CTRL, 'a'},
        {"\x1b[A", KEY_UP, 0, 0},         {"\x1bOB", KEY_DOWN, 0, 0},      {"\x1b[1;5C", KEY_RIGHT, KEY_CTRL, 0},
        {"\x1b[3~", KEY_DELETE, 0, 0},    {"\x7f", KEY_BACKSPACE, 0, 0},   {"\x1b" "b", KEY_CHAR, KEY_ALT, 'b'},
        {"\x1b[Z", KEY_TAB, KEY_SHIFT, 0}, {"\r", KEY_ENTER, 0, 0},        {"\x1b\r", KEY_ENTER, KEY_ALT, 0},
    };
    KeyReader r = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Key key = key_of(&r, rows[i].bytes);
        ck_assert_msg(key.kind == rows[i].kind && key.mods == rows[i].mods, "row %zu: kind %u, mods %u", i, key.kind, key.mods);
        if (key.kind == KEY_CHAR) ck_assert_uint_eq(key.code, rows[i].code);
        ck_assert(!keys_next(&r, &key));
    }
    keys_free(&r);
}
END_TEST

START_TEST(bytes_may_come_one_by_one)
{
    KeyReader r = {0};
    Key key;
    for (const char *p = "\x1b[1;5"; *p; p++) {
        keys_feed(&r, p, 1);
        ck_assert(!keys_next(&r, &key));
    }
    ck_assert_uint_eq(key_of(&r, "D").kind, KEY_LEFT);
    keys_feed(&r, "\xed\x95", 2);
    ck_assert(!keys_next(&r, &key));
    ck_assert_uint_eq(key_of(&r, "\x9c").code, 0xD55C);
    keys_feed(&r, "\x1b", 1);
    ck_assert(!keys_next(&r, &key) && keys_undecided(&r));
    ck_assert(keys_decide(&r, &key) && key.kind == KEY_ESCAPE);
    keys_free(&r);
}
END_TEST

START_TEST(a_paste_is_one_key)
{
    KeyReader r = {0};
    Key key;
    keys_feed(&r, "\x1b[200~x = 1\r\n한", 16);
    ck_assert(!keys_next(&r, &key));
    key = key_of(&r, "글\x1b[201~");
    ck_assert_uint_eq(key.kind, KEY_PASTE);
    ck_assert_str_eq(key.text, "x = 1\r\n한글"); // the prompt makes lines of it
    keys_free(&r);
}
END_TEST

START_TEST(history_outlives_the_session_and_is_the_users_alone)
{
    char folder[] = "/tmp/co-history-XXXXXX", path[128];
    struct stat s;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    setenv("XDG_STATE_HOME", folder, 1);
    History h;
    ck_assert_ptr_null(history_open(&h));
    static const char *const blocks[] = {"def f():\n    return '\\n'", "f()", "f()", " secret", "   "};
    for (size_t i = 0; i < 5; i++) history_add(&h, blocks[i], strlen(blocks[i]));
    history_close(&h);
    ck_assert_ptr_null(history_open(&h));
    ck_assert_uint_eq(h.n, 2);
    ck_assert_str_eq(h.items[0], blocks[0]);
    ck_assert_str_eq(h.items[1], "f()");
    history_close(&h);
    snprintf(path, sizeof path, "%s/co/history", folder);
    ck_assert(lstat(path, &s) == 0 && S_ISREG(s.st_mode) && (s.st_mode & 0777) == 0600);
    unlink(path);
    ck_assert_int_eq(symlink("/dev/null", path), 0);
    ck_assert_ptr_nonnull(history_open(&h)); // a link is not followed
    history_close(&h);
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    rmdir(folder);
}
END_TEST

START_TEST(fenced_blocks_are_found)
{
    static const char text[] = "# Title\n```co fresh file=a.co\nprint(1)\n```\ntext\n  ~~~~text\n  ```\n  ~~~~\n## More\n```co\nopen to the end\n";
    size_t n;
    FencedBlock *blocks = markdown_blocks(text, strlen(text), &n);
    ck_assert_uint_eq(n, 3);
    ck_assert(block_is(&blocks[0], "co") && block_has(&blocks[0], "fresh") && !block_has(&blocks[0], "co"));
    const char *file;
    ck_assert_uint_eq(block_value(&blocks[0], "file", &file), 4);
    ck_assert_int_eq(strncmp(file, "a.co", 4), 0);
    ck_assert_int_eq(strncmp(text + blocks[0].start, "print(1)\n", blocks[0].end - blocks[0].start), 0);
    ck_assert(block_is(&blocks[1], "text") && blocks[1].indent == 2 && blocks[1].line == 7);
    ck_assert(blocks[2].after_heading && !blocks[1].after_heading);
    free(blocks);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keys");
    TCase *t = tcase_create("keys");
    tcase_add_test(t, sequences_are_keys_with_modifiers);
    tcase_add_test(t, bytes_may_come_one_by_one);
    tcase_add_test(t, a_paste_is_one_key);
    tcase_add_test(t, history_outlives_the_session_and_is_the_users_alone);
    tcase_add_test(t, fenced_blocks_are_found);
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
