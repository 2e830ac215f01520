/*
 * What plain scalars are, as yaml.v2 of 2017 has it.
 */
#include "../test.h"

#include "config/config_priv.h"

static void assert_kind(enum node_kind kind, const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (scalar_kind(str_of(texts[i])) != kind)
			fail_msg("\"%s\" is %d instead of %d", texts[i],
				(int)scalar_kind(str_of(texts[i])), (int)kind);
	}
}

#define assert_kinds(kind, ...)                                 \
	assert_kind(kind, (const char *const[]){ __VA_ARGS__ }, \
		sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static void test_kinds(void **state UNUSED)
{
	assert_kinds(NODE_NULL, "", "~", "null", "Null", "NULL");
	assert_kinds(NODE_BOOL, "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On",
		"ON", "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF");
	assert_kinds(NODE_NUMBER, "0", "-0", "+12", "6060", "0x1F", "0X1f", "017", "0b101", "-0b11",
		"1_000", "1__0_", "18446744073709551615", "-9223372036854775808", "1.5", "-1.5",
		".5", "5e+3", "1.5E-3", "08", "99999999999999999999", ".inf", "-.Inf", "+.INF",
		".nan", ".NaN");
	assert_kinds(NODE_TEXT, "nULL", "tRUE", "yEs", "oN", "abc", "0x", "0xg", "0b2", "0o17",
		"1h", "900s", "1.2.3", "5e3", "5e+", "1:30", "1_s", "_1", "+", "-", ".", "1.",
		"+-1", "2001-01-01", "::1", "127.0.0.1", "nan", "inf", "~~");
}

static void test_truth_values(void **state UNUSED)
{
	assert_true(scalar_bool(STR("y")));
	assert_true(scalar_bool(STR("On")));
	assert_true(scalar_bool(STR("TRUE")));
	assert_false(scalar_bool(STR("n")));
	assert_false(scalar_bool(STR("Off")));
	assert_false(scalar_bool(STR("false")));
}

static void test_whole_numbers(void **state UNUSED)
{
	static const struct {
		const char *text;
		uint64_t value;
	} cases[] = { { "0", 0 }, { "-0", 0 }, { "6060", 6060 }, { "+7", 7 }, { "0x1F", 31 },
		{ "017", 15 }, { "0b101", 5 }, { "1_000", 1000 },
		{ "18446744073709551615", UINT64_MAX } };
	static const char *const wrong[] = { "", "-1", "1.0", "1e3", "x", "0x", "08",
		"18446744073709551616", "0x10000000000000000", "_1", "1 ", " 1" };
	uint64_t v;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (!scalar_u64(str_of(cases[i].text), &v))
			fail_msg("\"%s\" was refused", cases[i].text);
		assert_int_equal(v, cases[i].value);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		if (scalar_u64(str_of(wrong[i]), &v))
			fail_msg("\"%s\" was taken", wrong[i]);
	}
}

/* Longer than any buffer: text, whatever it is made of. */
static void test_very_long_digits_are_no_number_that_fits(void **state UNUSED)
{
	char digits[4096];

	memset(digits, '1', sizeof(digits));
	for (size_t n = 1; n <= sizeof(digits); n++) {
		uint64_t v;
		bool fits = scalar_u64(str_n(digits, n), &v);

		assert_int_equal(fits, n <= 20);
		if (n <= 96)
			assert_int_equal(scalar_kind(str_n(digits, n)), NODE_NUMBER);
	}
	memset(digits, '_', sizeof(digits));
	assert_int_equal(scalar_kind(str_n(digits, sizeof(digits))), NODE_TEXT);
	digits[0] = '1';
	assert_int_equal(scalar_kind(str_n(digits, sizeof(digits))), NODE_NUMBER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_truth_values),
		cmocka_unit_test(test_whole_numbers),
		cmocka_unit_test(test_very_long_digits_are_no_number_that_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
