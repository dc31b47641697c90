#include "vm/output.h"
#include "tests/unit/vm_host.h"
#include "vm/report.h"

#include <errno.h>

static char written[40000];
static size_t nwritten;
static int calls, failure;

static int take(Host *h, int fd, const void *buf, size_t n)
{
    (void)h;
    (void)fd;
    calls++;
    if (failure) return failure;
    memcpy(written + nwritten, buf, n);
    written[nwritten += n] = '\0';
    return 0;
}

static void watch_writes(void)
{
    test_host.write = take;
    nwritten = 0;
    calls = failure = 0;
    written[0] = '\0';
}

static bool say(const char *text) { return output_bytes(vm, text, strlen(text)); }

START_TEST(keeps_text_until_it_is_flushed)
{
    ck_assert(say("하나\n") && say("둘\n"));
    ck_assert_str_eq(written, "");
    ck_assert(output_flush(vm));
    ck_assert_str_eq(written, "하나\n둘\n");
    ck_assert_int_eq(calls, 1);
}
END_TEST

START_TEST(writes_nothing_when_there_is_nothing)
{
    ck_assert(output_flush(vm));
    ck_assert_int_eq(calls, 0);
}
END_TEST

START_TEST(writes_whole_lines_on_a_terminal)
{
    vm->out->line_buffered = true;
    ck_assert(say("half"));
    ck_assert_str_eq(written, "");
    ck_assert(say(" a line\n"));
    ck_assert_str_eq(written, "half a line\n");
}
END_TEST

START_TEST(keeps_the_order_of_long_texts)
{
    static char text[OUTPUT_BUFFER + 2];
    memset(text, 'x', OUTPUT_BUFFER + 1);
    ck_assert(say("first ") && say(text) && say(" last") && output_flush(vm));
    ck_assert_uint_eq(nwritten, 6 + OUTPUT_BUFFER + 1 + 5);
    ck_assert_int_eq(memcmp(written, "first xx", 8), 0);
    ck_assert_str_eq(written + nwritten - 6, "x last");
}
END_TEST

START_TEST(raises_what_the_host_answers)
{
    failure = EPIPE;
    ck_assert(say("lost"));
    ck_assert(!output_flush(vm));
    ck_assert(vm_pending_is(vm, ERR_BROKEN_PIPE));
    vm_take_pending(vm);
    failure = 0;
    ck_assert(output_flush(vm)); // what could not be written is not tried again
    ck_assert_str_eq(written, "");
}
END_TEST

START_TEST(refuses_lone_surrogates)
{
    Value s = str_new(vm, "a\xED\xA0\x80", 4);
    ck_assert(!output_str(vm, as_str(s)));
    ck_assert(vm_pending_is(vm, ERR_UNICODE_ENCODE));
    vm_take_pending(vm);
}
END_TEST

START_TEST(gives_undecodable_bytes_back)
{
    Value s = str_new(vm, "a\xED\xB3\xBF", 4); // U+DCFF stands for the byte 0xFF
    ck_assert(output_str(vm, as_str(s)) && output_flush(vm));
    ck_assert_str_eq(written, "a\xFF");
}
END_TEST

START_TEST(korean_is_not_taken_for_surrogates)
{
    Value s = str_from_c(vm, "한글 하핫");
    ck_assert(output_str(vm, as_str(s)) && output_flush(vm));
    ck_assert_str_eq(written, "한글 하핫");
}
END_TEST

START_TEST(reports_come_after_what_was_printed)
{
    ck_assert(say("printed\n"));
    report_text(vm, "reported\n", 9);
    ck_assert_str_eq(written, "printed\nreported\n");
}
END_TEST

START_TEST(reports_show_surrogates_as_escapes)
{
    report_str(vm, str_new(vm, "\xED\xA0\x80!", 4));
    ck_assert_str_eq(written, "\\ud800!");
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, watch_writes, NULL);
    tcase_add_test(c, keeps_text_until_it_is_flushed);
    tcase_add_test(c, writes_nothing_when_there_is_nothing);
    tcase_add_test(c, writes_whole_lines_on_a_terminal);
    tcase_add_test(c, keeps_the_order_of_long_texts);
    tcase_add_test(c, raises_what_the_host_answers);
    tcase_add_test(c, refuses_lone_surrogates);
    tcase_add_test(c, gives_undecodable_bytes_back);
    tcase_add_test(c, korean_is_not_taken_for_surrogates);
    tcase_add_test(c, reports_come_after_what_was_printed);
    tcase_add_test(c, reports_show_surrogates_as_escapes);
}

int main(void) { return run_suite("vm_output", add); }
