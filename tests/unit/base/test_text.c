/*
 * Foreign text for a terminal: what acts on it is replaced, the rest stays.
 */
#include "../test.h"

#define REPLACED "\xEF\xBF\xBD"

static void test_harm_is_replaced_and_the_rest_kept(void **state UNUSED)
{
	static const struct {
		struct str text;
		const char *clean;
		size_t width;
	} cases[] = {
		{ STR("plain 1.0~rc1"), "plain 1.0~rc1", 13 },
		{ STR(""), "", 0 },
		{ STR("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
			"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 3 },
		{ STR("a\x1b[31mb"), "a" REPLACED "[31mb", 7 },
		{ STR("\0\t\n\r\x7f"), REPLACED REPLACED REPLACED REPLACED REPLACED, 5 },
		{ STR("\xc2\x9b"
		      "31m"),
			REPLACED "31m", 4 },
		{ STR("\xff\xc0\x80"), REPLACED REPLACED REPLACED, 3 },
		{ STR("\xe2\x80\xae\xe2\x80\x8b\xef\xbb\xbf"), REPLACED REPLACED REPLACED, 3 },
		{ STR("cut \xe2\x82"), "cut " REPLACED REPLACED, 6 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT(KIB);

		assert_int_equal(text_append_clean(&out, cases[i].text), cases[i].width);
		assert_str(buf_str(&out), cases[i].clean);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_harm_is_replaced_and_the_rest_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
