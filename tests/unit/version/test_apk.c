/*
 * apk: what its versions are and how they are ordered, beyond the vectors.
 */
#include "check.h"

#include "version/version_priv.h"

/* Every way to go on behind equal beginnings, and the suffixes among themselves. */
static void test_continuations_ascend(void **state UNUSED)
{
	static const char *const ascending[] = { "1.2_alpha_alpha", "1.2_alpha", "1.2_alpha-r1",
		"1.2_alpha~f", "1.2_alpha0", "1.2_alpha1", "1.2_alpha10", "1.2_alpha_p", "1.2_beta",
		"1.2_pre", "1.2_rc", "1.2_rc1", "1.2", "1.2-r0", "1.2-r1", "1.2-r10", "1.2~0",
		"1.2~0-r1", "1.2~00", "1.2~0a", "1.2~1", "1.2_cvs", "1.2_svn", "1.2_git", "1.2_hg",
		"1.2_p_rc", "1.2_p", "1.2_p0", "1.2_p_p", "1.2a_p", "1.2b_rc", "1.2b", "1.2b1",
		"1.2c", "1.2.0", "1.2.00", "1.2.01", "1.2.1", "1.2.9", "1.2.10", "1.3", "1.10", "2",
		NULL };

	check_list(&version_apk, '<', ascending);
}

static void test_only_the_first_component_ignores_leading_zeros(void **state UNUSED)
{
	static const char *const ascending[] = { "1.0", "1.00", "1.001", "1.01", "1.010", "1.02",
		"1.1", NULL };

	check_list(&version_apk, '<', ascending);
	check_order(&version_apk, STR("01.2"), '=', STR("1.2"));
	check_order(&version_apk, STR("1_p01-r01"), '=', STR("1_p1-r1"));
	check_order(&version_apk, STR("0000000000000000000000001"), '=', STR("1"));
}

static void test_numbers_wrap_at_64_bits_as_in_apk(void **state UNUSED)
{
	check_order(
		&version_apk, STR("1.18446744073709551615"), '>', STR("1.18446744073709551614"));
	check_order(&version_apk, STR("1.18446744073709551617"), '=', STR("1.1"));
	check_order(&version_apk, STR("18446744073709551616"), '=', STR("0"));
	check_order(&version_apk, STR("1.018446744073709551616"), '<', STR("1.1"));
}

static void test_digits_after_the_letter_are_a_number_as_in_apk_2(void **state UNUSED)
{
	static const char *const ascending[] = { "6.6.1p9", "6.6.2_p1", "6.6.2p_rc1", "6.6.2p",
		"6.6.2p-r1", "6.6.2p_p1", "6.6.2p1_rc1", "6.6.2p1", "6.6.2p1-r0", "6.6.2p1-r1",
		"6.6.2p1a", "6.6.2p1a1", "6.6.2p1.0", "6.6.2p1.1", "6.6.2p2", "6.6.2p10", "6.6.2q",
		"6.6.3", NULL };

	check_list(&version_apk, '<', ascending);
	check_order(&version_apk, STR("6.6.2p01"), '=', STR("6.6.2p1"));
}

static void test_what_is_no_version(void **state UNUSED)
{
	static const struct {
		const char *version;
		const char *why;
	} bad[] = {
		{ "", "it does not begin with a digit" },
		{ "a", "it does not begin with a digit" },
		{ ".1", "it does not begin with a digit" },
		{ "-r1", "it does not begin with a digit" },
		{ "1.", "no number follows a dot" },
		{ "1..2", "no number follows a dot" },
		{ "1.a", "no number follows a dot" },
		{ "1ab", "byte 3 does not belong there" },
		{ "1a.1", "byte 3 does not belong there" },
		{ "1A", "byte 2 does not belong there" },
		{ "1_", "\"_\" is no suffix" },
		{ "1_-r0", "\"_\" is no suffix" },
		{ "1__p", "\"_\" is no suffix" },
		{ "1_foo", "\"_foo\" is no suffix" },
		{ "1_pa", "\"_pa\" is no suffix" },
		{ "1_p1.1", "byte 5 does not belong there" },
		{ "1~", "no hash follows the tilde" },
		{ "1~A", "no hash follows the tilde" },
		{ "1~1x", "byte 4 does not belong there" },
		{ "1~1~1", "byte 4 does not belong there" },
		{ "1-r", "the revision has no number" },
		{ "1-1", "byte 2 does not belong there" },
		{ "1-r1-r1", "byte 5 does not belong there" },
		{ "1-r1~1", "byte 5 does not belong there" },
		{ "1 ", "byte 2 does not belong there" },
		{ " 1", "it does not begin with a digit" },
		{ "1\xc3\xa9", "byte 2 does not belong there" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		check_invalid(&version_apk, str_of(bad[i].version), bad[i].why);
	check_invalid(&version_apk, STR("1\0"), "byte 2 does not belong there");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_continuations_ascend),
		cmocka_unit_test(test_only_the_first_component_ignores_leading_zeros),
		cmocka_unit_test(test_numbers_wrap_at_64_bits_as_in_apk),
		cmocka_unit_test(test_digits_after_the_letter_are_a_number_as_in_apk_2),
		cmocka_unit_test(test_what_is_no_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
