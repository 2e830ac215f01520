/*
 * UTF-8: every scalar value is written and recognized, and no other sequence is.
 */
#include "../test.h"

static void test_every_scalar_value_is_encoded_and_recognized(void **state UNUSED)
{
	for (uint32_t c = 0; c <= 0x10FFFF; c++) {
		char p[4] = { 0 };

		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		size_t n = utf8_encode(c, p);
		if (n != (c < 0x80 ? 1U : c < 0x800 ? 2U : c < 0x10000 ? 3U : 4U))
			fail_msg("U+%04X takes %zu bytes", c, n);
		if (utf8_check(p, n) != n || utf8_check(p, 4) != n || utf8_check(p, n - 1) != 0)
			fail_msg("U+%04X is not recognized", c);
	}
}

/* As many sequences are recognized as there are scalar values of that length: together with the
 * test above, no other is. */
static void test_nothing_else_is_recognized(void **state UNUSED)
{
	size_t of_length[5] = { 0 };

	for (uint32_t c = 0; c < 0x1000000; c++) {
		char p[3] = { (char)(c >> 16), (char)(c >> 8), (char)c };

		of_length[utf8_check(p, 3)]++;
	}
	assert_int_equal(of_length[1], 0x80 * 65536);
	assert_int_equal(of_length[2], (0x800 - 0x80) * 256);
	assert_int_equal(of_length[3], 0x10000 - 0x800 - 0x800);
	/* Four bytes: every first and second one; the others are checked alike. */
	for (uint32_t c = 0; c < 0x10000; c++) {
		char p[4] = { (char)(c >> 8), (char)c, (char)0xBF, (char)0x80 };

		if ((c >> 8) >= 0xF0)
			of_length[4] += utf8_check(p, 4) == 4;
	}
	assert_int_equal(of_length[4], 0x100000 >> 12);
	assert_int_equal(utf8_check("\xF0\x9F\x3F\x80", 4), 0);
	assert_int_equal(utf8_check("\xF0\x9F\x80\xC0", 4), 0);
	assert_int_equal(utf8_check("", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_scalar_value_is_encoded_and_recognized),
		cmocka_unit_test(test_nothing_else_is_recognized),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
