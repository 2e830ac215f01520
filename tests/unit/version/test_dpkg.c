/*
 * dpkg: what its versions are and how they are ordered, beyond the vectors.
 */
#include "check.h"

#include "version/version_priv.h"

static void test_missing_parts_equal_zero(void **state UNUSED)
{
	static const char *const equal[] = { "1.0", "1.0-0", "0:1.0", "0:1.0-0", "00:1.0-00",
		"01.0", "1.", "-0:1.", "+0:1.00", NULL };

	check_list(&version_dpkg, '=', equal);
}

static void test_tilde_end_letters_bytes_punctuation_ascend(void **state UNUSED)
{
	static const char *const ascending[] = { "1~~", "1~~a", "1~", "1~1", "1~a", "1", "1A", "1Z",
		"1a~", "1a", "1aa", "1z", "1\x80", "1\xc3\xa9", "1\xff", "1\x01", "1+", "1.", "1_",
		"1\x7f", "2", NULL };

	check_list(&version_dpkg, '<', ascending);
}

static void test_epoch_is_before_all_and_revision_after_the_last_hyphen(void **state UNUSED)
{
	static const char *const ascending[] = { "1-1", "1-1-9", "1-2-1", "9-9", "1:0~", "1:1",
		"1:1:1", "2:0", "10:0", "2147483647:0", NULL };

	check_list(&version_dpkg, '<', ascending);
}

static void test_what_dpkg_only_warns_about_is_a_version(void **state UNUSED)
{
	static const char *const odd[] = { "a", "_1", "1_2", "1\xc3\xa9", "~", "1:~", "--1", "1--1",
		"1:2:3", "1\n", "1\r2", " 1 ", "\t1", "+1:1", "-0:1", " 1:1", "2147483647:1",
		"000000000000000001:1", "\n1:1" };

	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		check_valid(&version_dpkg, str_of(odd[i]));
}

static void test_what_dpkg_refuses_is_none(void **state UNUSED)
{
	static const struct {
		const char *version;
		const char *why;
	} bad[] = {
		{ "", "it is empty" },
		{ " \t ", "it is empty" },
		{ "1 2", "there is space inside" },
		{ "1\t2", "there is space inside" },
		{ "1: 1", "there is space inside" },
		{ ":1", "the epoch is empty" },
		{ "a:1", "the epoch is empty or not a number" },
		{ "+-1:1", "the epoch is empty or not a number" },
		{ "-:1", "the epoch is empty or not a number" },
		{ "0x1:1", "the epoch is not a number" },
		{ "1-1:1", "the epoch is not a number" },
		{ "-1:1", "the epoch is negative" },
		{ "2147483648:1", "the epoch is too large" },
		{ "99999999999999999999999:1", "the epoch is too large" },
		{ "1:", "nothing follows the epoch" },
		{ "1-", "the revision is empty" },
		{ "1:-", "the revision is empty" },
		{ "1--", "the revision is empty" },
		{ "-", "the revision is empty" },
		{ "-1", "the upstream version is empty" },
		{ "1:-1", "the upstream version is empty" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		check_invalid(&version_dpkg, str_of(bad[i].version), bad[i].why);
	check_invalid(&version_dpkg, STR("1\0"), "there is a NUL byte inside");
}

static void test_blanks_around_do_not_count(void **state UNUSED)
{
	check_list(&version_dpkg, '=',
		(const char *const[]){ "1:2-3", " 1:2-3", "1:2-3\t", "\t 1:2-3 \t", NULL });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing_parts_equal_zero),
		cmocka_unit_test(test_tilde_end_letters_bytes_punctuation_ascend),
		cmocka_unit_test(test_epoch_is_before_all_and_revision_after_the_last_hyphen),
		cmocka_unit_test(test_what_dpkg_only_warns_about_is_a_version),
		cmocka_unit_test(test_what_dpkg_refuses_is_none),
		cmocka_unit_test(test_blanks_around_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
