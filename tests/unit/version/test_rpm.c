/*
 * rpm: what its versions are and how they are ordered, beyond the vectors.
 */
#include "check.h"

#include "version/version_priv.h"

static void test_separators_only_separate(void **state UNUSED)
{
	static const char *const equal[] = { "1.0-1", "1_0-1", "0:1..0-1", "01.00-1.", "1.0-.1",
		"1\303\2510-1", "1 0-+1", ".1:0-1", NULL };

	check_list(&version_rpm, '=', equal);
}

static void test_tilde_end_caret_letters_numbers_ascend(void **state UNUSED)
{
	static const char *const ascending[] = { "1~~-1", "1~-1", "1~a-1", "1~1-1", "1~1^-1", "1-1",
		"1^~-1", "1^-1", "1^^-1", "1^a-1", "1^1-1", "1A-1", "1a-1", "1aa-1", "1b-1",
		"1.0-1", "1.0.0-1", "1.1-1", "2-1", "1:0-1", NULL };

	check_list(&version_rpm, '<', ascending);
}

static void test_missing_release_is_below_every_release(void **state UNUSED)
{
	static const char *const ascending[] = { "1.0~", "1.0", "1.0-~", "1.0-", "1.0-a", "1.0-0",
		"1.0-1", "1.0-10", "1.0^", "1.0.0", NULL };

	check_list(&version_rpm, '<', ascending);
}

static void test_key_without_release_is_a_prefix(void **state UNUSED)
{
	static const char *const releases[] = { "2:1.0~rc1-1", "2:1.0~rc1-~", "2:1.0~rc1-",
		"2:1.0~rc1-a.9" };
	_cleanup_buf_ struct buf prefix = BUF_INIT(VERSION_KEY_MAX);
	_cleanup_buf_ struct buf key = BUF_INIT(VERSION_KEY_MAX);

	assert_int_equal(version_key(&version_rpm, STR("2:1.0~rc1"), &prefix, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(releases); i++) {
		assert_int_equal(version_key(&version_rpm, str_of(releases[i]), &key, NULL), 0);
		assert_true(str_starts(buf_str(&key), buf_str(&prefix)));
		assert_true(key.n > prefix.n);
	}
	assert_int_equal(version_key(&version_rpm, STR("2:1.0~rc1.1-1"), &key, NULL), 0);
	assert_false(str_starts(buf_str(&key), buf_str(&prefix)));
}

static void test_release_begins_after_the_last_hyphen(void **state UNUSED)
{
	static const char *const ascending[] = { "1-2-1", "1-2-2", "1-2.0-1", "1-3-0", NULL };

	check_list(&version_rpm, '<', ascending);
}

static void test_only_digits_before_a_colon_are_an_epoch(void **state UNUSED)
{
	check_order(&version_rpm, STR("a:1"), '=', STR("a.1"));
	check_order(&version_rpm, STR("1:1:1"), '=', STR("1:1.1"));
	check_order(&version_rpm, STR("0:1"), '=', STR("1"));
	check_order(&version_rpm, STR("00000000000000000000000010:1"), '=', STR("10:1"));
	check_order(&version_rpm, STR("99999999999999999999999:1"), '>', STR("4294967295:1"));
}

static void test_nothing_where_epoch_or_version_belong_is_refused(void **state UNUSED)
{
	check_invalid(&version_rpm, STR(""), "it is empty");
	check_invalid(&version_rpm, STR(":1"), "the epoch is empty");
	check_invalid(&version_rpm, STR(":"), "the epoch is empty");
	check_invalid(&version_rpm, STR("1:"), "nothing between epoch and release");
	check_invalid(&version_rpm, STR("-1"), "nothing between epoch and release");
	check_invalid(&version_rpm, STR("-"), "nothing between epoch and release");
	check_invalid(&version_rpm, STR("1:-1"), "nothing between epoch and release");
	check_invalid(&version_rpm, STR("1\0-1"), "there is a NUL byte inside");
}

static void test_any_other_bytes_are_a_version(void **state UNUSED)
{
	static const char *const odd[] = { "~", "^", "1.0-", "1--", "--1", " ", "\xff", "1 2-3",
		"1::1", "+2-:" };

	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		check_valid(&version_rpm, str_of(odd[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_separators_only_separate),
		cmocka_unit_test(test_tilde_end_caret_letters_numbers_ascend),
		cmocka_unit_test(test_missing_release_is_below_every_release),
		cmocka_unit_test(test_key_without_release_is_a_prefix),
		cmocka_unit_test(test_release_begins_after_the_last_hyphen),
		cmocka_unit_test(test_only_digits_before_a_colon_are_an_epoch),
		cmocka_unit_test(test_nothing_where_epoch_or_version_belong_is_refused),
		cmocka_unit_test(test_any_other_bytes_are_a_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
