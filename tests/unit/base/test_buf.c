/*
 * Growing buffers and arrays.
 */
#include "../test.h"

#include <math.h>

static void test_buffer_grows_to_exactly_its_maximum(void **state UNUSED)
{
	_cleanup_buf_ struct buf b = BUF_INIT(1000);
	struct err err = ERR_INIT;

	for (int i = 0; i < 1000; i++)
		buf_append_char(&b, (char)('a' + i % 26));
	assert_int_equal(b.n, 1000);
	assert_ok(buf_check(&b, "thing", &err), &err);
	buf_append_char(&b, '!');
	assert_int_equal(b.n, 1000);
	assert_fails(
		buf_check(&b, "thing", &err), &err, ERR_TOO_LARGE, "thing: more than 1000 bytes");
	assert_int_equal(b.p[999], 'a' + 999 % 26);
}

static void test_overflow_sticks_until_cleared(void **state UNUSED)
{
	_cleanup_buf_ struct buf b = BUF_INIT(4);
	struct err err = ERR_INIT;

	buf_append_str(&b, STR("abc"));
	buf_append_str(&b, STR("de"));
	buf_append_str(&b, STR("f"));
	assert_str(buf_str(&b), "abc");
	assert_int_equal(buf_check(&b, "x", NULL), -ERR_TOO_LARGE);
	buf_clear(&b);
	assert_ok(buf_check(&b, "x", &err), &err);
	buf_append_str(&b, STR("wxyz"));
	assert_str(buf_str(&b), "wxyz");
}

static void test_reserve_does_not_overflow_arithmetic(void **state UNUSED)
{
	_cleanup_buf_ struct buf b = BUF_INIT(100);

	buf_append_str(&b, STR("abc"));
	assert_null(buf_reserve(&b, SIZE_MAX));
	buf_clear(&b);
	buf_append_str(&b, STR("abc"));
	assert_null(buf_reserve(&b, SIZE_MAX - 2));
	buf_clear(&b);
	buf_append_str(&b, STR("abc"));
	assert_null(buf_reserve(&b, 98));
	buf_clear(&b);
	buf_append_str(&b, STR("abc"));
	char *room = buf_reserve(&b, 97);
	assert_non_null(room);
	memset(room, 'x', 97);
	buf_commit(&b, 2);
	assert_str(buf_str(&b), "abcxx");
}

static void test_consume_removes_the_front(void **state UNUSED)
{
	_cleanup_buf_ struct buf b = BUF_INIT(100);

	buf_consume(&b, 0);
	buf_append_str(&b, STR("abcdef"));
	buf_consume(&b, 0);
	buf_consume(&b, 2);
	assert_str(buf_str(&b), "cdef");
	buf_consume(&b, 4);
	assert_str(buf_str(&b), "");
}

static void test_trimming_keeps_the_content(void **state UNUSED)
{
	_cleanup_buf_ struct buf b = BUF_INIT(KIB);

	buf_trim(&b);
	assert_null(b.p);
	buf_append_str(&b, STR("some text"));
	assert_true(b.cap > b.n + 1);
	buf_trim(&b);
	assert_int_equal(b.cap, b.n + 1);
	assert_string_equal(buf_cstr(&b), "some text");
	buf_append_str(&b, STR(" and more"));
	assert_string_equal(buf_cstr(&b), "some text and more");
}

static void test_integers_are_big_endian_and_text_is_formatted(void **state UNUSED)
{
	_cleanup_buf_ struct buf b = BUF_INIT(100);

	buf_append_u8(&b, 0xfe);
	buf_append_u32(&b, 0x01020304);
	buf_append_u64(&b, 0x05060708090a0b0cU);
	assert_int_equal(b.n, 13);
	assert_memory_equal(b.p, "\xfe\1\2\3\4\5\6\7\x8\x9\xa\xb\xc", 13);
	buf_clear(&b);
	buf_printf(&b, "%s=%d", "x", 5);
	assert_string_equal(buf_cstr(&b), "x=5");
}

static void test_doubles_are_as_short_as_they_can_be(void **state UNUSED)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = { { 0, "0" }, { -0.5, "-0.5" }, { 0.1, "0.1" },
		{ 0.1 + 0.2, "0.30000000000000004" }, { 9.375, "9.375" },
		{ 5e-324, "4.94065645841247e-324" }, { 1e22, "1e+22" }, { NAN, "NaN" },
		{ INFINITY, "+Inf" }, { -INFINITY, "-Inf" } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT(64);
		buf_append_double(&b, cases[i].value);
		assert_str(buf_str(&b), cases[i].text);
	}
}

static void test_empty_buffer_is_an_empty_string(void **state UNUSED)
{
	_cleanup_buf_ struct buf b = BUF_INIT(0);

	buf_append(&b, NULL, 0);
	assert_false(b.overflowed);
	assert_string_equal(buf_cstr(&b), "");
	assert_int_equal(buf_span(&b).n, 0);
}

static void test_array_keeps_what_is_pushed(void **state UNUSED)
{
	VEC_OF(struct str) list = VEC_INIT;
	size_t visited = 0;

	vec_for_each(s, &list)
		fail_msg("%" PRIstr, STR_ARG(*s));
	for (int i = 0; i < 1000; i++)
		vec_push(&list, (struct str){ .p = "x", .n = (size_t)i });
	vec_for_each(s, &list)
		assert_int_equal(s->n, visited++);
	assert_int_equal(visited, 1000);
	vec_clear(&list);
	assert_int_equal(list.n, 0);
	assert_true(list.cap >= 1000);
	vec_fini(&list);
	assert_null(list.v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buffer_grows_to_exactly_its_maximum),
		cmocka_unit_test(test_overflow_sticks_until_cleared),
		cmocka_unit_test(test_reserve_does_not_overflow_arithmetic),
		cmocka_unit_test(test_consume_removes_the_front),
		cmocka_unit_test(test_trimming_keeps_the_content),
		cmocka_unit_test(test_integers_are_big_endian_and_text_is_formatted),
		cmocka_unit_test(test_doubles_are_as_short_as_they_can_be),
		cmocka_unit_test(test_empty_buffer_is_an_empty_string),
		cmocka_unit_test(test_array_keeps_what_is_pushed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
