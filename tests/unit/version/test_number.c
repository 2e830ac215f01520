/*
 * Numbers of any length.
 */
#include "check.h"

#include "version/version_priv.h"

static void test_digits_are_taken_up_to_the_first_other_byte(void **state UNUSED)
{
	struct str rest = STR("0123a4");

	assert_str(version_take_digits(&rest), "0123");
	assert_str(rest, "a4");
	assert_str(version_take_digits(&rest), "");
	assert_str(rest, "a4");
}

static void test_encoding_is_count_and_digits_without_leading_zeros(void **state UNUSED)
{
	_cleanup_buf_ struct buf key = BUF_INIT(64);

	version_append_number(&key, STR("000120"));
	assert_int_equal(key.n, 4);
	assert_memory_equal(key.p, "\003120", 4);
	buf_clear(&key);
	version_append_number(&key, STR("00"));
	assert_int_equal(key.n, 1);
	assert_int_equal(key.p[0], 0);
}

static struct buf number_of(size_t digits, char first)
{
	struct buf b = BUF_INIT(VERSION_KEY_MAX);

	for (size_t i = 0; i < digits; i++)
		buf_append_char(&b, i ? '5' : first);
	return b;
}

static void test_order_holds_where_the_count_takes_more_bytes(void **state UNUSED)
{
	static const size_t lengths[] = { 0, 1, 19, 20, 253, 254, 255, 256, 257, 511, 4096 };
	_cleanup_buf_ struct buf before = BUF_INIT(VERSION_KEY_MAX);
	_cleanup_buf_ struct buf key = BUF_INIT(VERSION_KEY_MAX);

	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		for (char first = '1'; first <= '9'; first++) {
			_cleanup_buf_ struct buf number = number_of(lengths[i], first);

			buf_clear(&key);
			version_append_number(&key, buf_str(&number));
			if (before.n && (first == '1' || lengths[i]))
				assert_true(str_cmp(buf_str(&before), buf_str(&key)) < 0);
			buf_clear(&before);
			buf_append_str(&before, buf_str(&key));
		}
	}
}

static void test_comparison_is_by_value(void **state UNUSED)
{
	assert_int_equal(version_compare_digits(STR(""), STR("000")), 0);
	assert_int_equal(version_compare_digits(STR("007"), STR("7")), 0);
	assert_true(version_compare_digits(STR("9"), STR("10")) < 0);
	assert_true(version_compare_digits(
			    STR("99999999999999999999998"), STR("99999999999999999999999")) < 0);
	assert_true(version_compare_digits(STR("21"), STR("0020")) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digits_are_taken_up_to_the_first_other_byte),
		cmocka_unit_test(test_encoding_is_count_and_digits_without_leading_zeros),
		cmocka_unit_test(test_order_holds_where_the_count_takes_more_bytes),
		cmocka_unit_test(test_comparison_is_by_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
