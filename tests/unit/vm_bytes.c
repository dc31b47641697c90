/* bytes and bytearray: changing an array in place, and codecs with their error handlers. */
#include "vm/bytes.h"
#include "tests/unit/vm_host.h"
#include "vm/codecs.h"

static ByteArray *array(const char *text)
{
    Value v = bytearray_new(vm, text, strlen(text));
    ck_assert(!is_error(v));
    return as_bytearray(v);
}

static void check_array(const ByteArray *a, const char *expected)
{
    ck_assert_uint_eq(a->size, strlen(expected));
    ck_assert_mem_eq(a->data, expected, a->size);
}

static bool splice(ByteArray *a, size_t at, size_t n, const char *with)
{
    return bytearray_splice(vm, a, at, n, with, strlen(with));
}

static Value text(const char *utf8) { return str_from_c(vm, utf8); }

/* The text, or the exception's name, that decoding gives. */
static const char *decoded(const char *bytes, size_t n, const char *encoding, const char *errors)
{
    Value v = codec_decode(vm, (const uint8_t *)bytes, n, text(encoding), text(errors));
    if (is_error(v)) return type_name(vm, vm_take_pending(vm));
    return str_cstr(vm, as_str(v));
}
#define check_decoded(bytes, encoding, errors, expected) \
    ck_assert_str_eq(decoded(bytes, sizeof(bytes) - 1, encoding, errors), expected)

static void check_encoded(const char *utf8, const char *encoding, const char *errors, const char *expected,
                          size_t n)
{
    Value v = codec_encode(vm, as_str(text(utf8)), text(encoding), text(errors));
    ck_assert(!is_error(v));
    ck_assert_uint_eq(as_bytes(v)->size, n);
    ck_assert_mem_eq(as_bytes(v)->data, expected, n);
}
#define check_codec(utf8, encoding, errors, expected) \
    check_encoded(utf8, encoding, errors, expected, sizeof(expected) - 1)

START_TEST(splice_replaces_any_part)
{
    ByteArray *a = array("hello world");
    ck_assert(splice(a, 5, 1, ", "));
    check_array(a, "hello, world");
    ck_assert(splice(a, 0, 5, "goodbye"));
    check_array(a, "goodbye, world");
    ck_assert(splice(a, 7, 7, ""));
    check_array(a, "goodbye");
    ck_assert(splice(a, 7, 0, "!"));
    check_array(a, "goodbye!");
}
END_TEST

START_TEST(buffer_consumed_at_the_front_stays_small)
{
    ByteArray *a = array("");
    for (int i = 0; i < 100000; i++) {
        ck_assert(bytearray_append(vm, a, "0123456789", 10));
        if (a->size >= 100) ck_assert(splice(a, 0, 95, ""));
    }
    ck_assert_uint_lt(a->size, 110);
    ck_assert_mem_eq(a->data + a->size - 10, "0123456789", 10);
    ck_assert_uint_lt(a->capacity, 1000);
}
END_TEST

START_TEST(exported_array_keeps_its_size)
{
    ByteArray *a = array("abc");
    a->exports = 1;
    ck_assert(splice(a, 0, 1, "x"));
    ck_assert(!splice(a, 0, 1, ""));
    ck_assert(vm_pending_is(vm, ERR_BUFFER));
    check_array(a, "xbc");
    a->exports = 0;
}
END_TEST

START_TEST(utf8_flaws_are_cpythons)
{
    check_decoded("\xE4\xB8", "utf-8", "replace", "\uFFFD");
    check_decoded("\xE4\xB8x", "utf-8", "replace", "\uFFFDx");
    check_decoded("\xF0\x90\x80", "utf-8", "replace", "\uFFFD");
    check_decoded("\xC0\x80", "utf-8", "replace", "\uFFFD\uFFFD");
    check_decoded("\xED\xA0\x80", "utf-8", "replace", "\uFFFD\uFFFD\uFFFD");
    check_decoded("\xF4\x90\x80\x80", "utf-8", "ignore", "");
    check_decoded("a\xFF", "utf-8", "backslashreplace", "a\\xff");
    check_decoded("a\xFF", "utf-8", "strict", "UnicodeDecodeError");
    check_decoded("a\xFF", "utf-8", "nonsense", "LookupError");
    check_decoded("\xED\xA0\x80", "utf-8", "surrogatepass", "\xED\xA0\x80");
}
END_TEST

START_TEST(surrogateescape_brings_bytes_back)
{
    static const char bytes[] = "a\xFF\x80한\xED";
    Value handler = text("surrogateescape");
    Value v = codec_decode(vm, (const uint8_t *)bytes, sizeof bytes - 1, VALUE_UNSET, handler);
    ck_assert(!is_error(v));
    Value back = codec_encode(vm, as_str(v), VALUE_UNSET, handler);
    ck_assert_mem_eq(as_bytes(back)->data, bytes, sizeof bytes - 1);
}
END_TEST

START_TEST(wide_codecs_mind_order_and_marks)
{
    check_codec("a😀", "utf-16", "strict", "\xFF\xFE\x61\x00\x3D\xD8\x00\xDE");
    check_codec("a😀", "utf-16-be", "strict", "\x00\x61\xD8\x3D\xDE\x00");
    check_codec("한", "utf-32-le", "strict", "\x5C\xD5\x00\x00");
    check_codec("a", "utf-8-sig", "strict", "\xEF\xBB\xBF\x61");
    check_decoded("\xFE\xFF\x00\x61", "UTF 16", "strict", "a");
    check_decoded("\xFF\xFE\x61\x00", "u16", "strict", "a");
    check_decoded("a\0\0\xD8", "utf-16-le", "replace", "a\uFFFD");
    check_decoded("a\0b", "utf-16-le", "strict", "UnicodeDecodeError");
    check_decoded("\0\0\x11\0", "utf-32-le", "replace", "\uFFFD");
}
END_TEST

START_TEST(what_a_codec_lacks_is_substituted)
{
    check_codec("aé한", "ascii", "ignore", "a");
    check_codec("aé한", "latin-1", "replace", "a\xE9?");
    check_codec("aé한", "ascii", "backslashreplace", "a\\xe9\\ud55c");
    check_codec("aé한", "us-ascii", "xmlcharrefreplace", "a&#233;&#54620;");
    check_codec("\xED\xA0\x80", "utf-16-le", "backslashreplace", "\\\0u\0d\0" "8\0" "0\0" "0\0");
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, splice_replaces_any_part);
    tcase_add_test(c, buffer_consumed_at_the_front_stays_small);
    tcase_add_test(c, exported_array_keeps_its_size);
    tcase_add_test(c, utf8_flaws_are_cpythons);
    tcase_add_test(c, surrogateescape_brings_bytes_back);
    tcase_add_test(c, wide_codecs_mind_order_and_marks);
    tcase_add_test(c, what_a_codec_lacks_is_substituted);
}

int main(void) { return run_suite("vm_bytes", add); }
