/*
 * Words for severities and fix states.
 */
#include "../test.h"

#include "store/store.h"

static void test_each_severity_has_a_word_and_back(void **state UNUSED)
{
	static const char *const words[] = { "Unknown", "Negligible", "Low", "Medium", "High",
		"Critical", "Defcon1" };
	enum severity back;

	assert_int_equal(ARRAY_LEN(words), SEVERITY_COUNT);
	for (size_t i = 0; i < SEVERITY_COUNT; i++) {
		assert_string_equal(severity_to_str((enum severity)i), words[i]);
		assert_true(severity_from_str(str_of(words[i]), &back));
		assert_int_equal(back, i);
	}
}

static void test_severity_words_ignore_case(void **state UNUSED)
{
	enum severity s;

	assert_true(severity_from_str(STR("hIGH"), &s));
	assert_int_equal(s, SEVERITY_HIGH);
	assert_false(severity_from_str(STR("higher"), &s));
	assert_false(severity_from_str(STR(""), &s));
	assert_int_equal(s, SEVERITY_HIGH);
}

static void test_each_fix_state_has_a_word_and_back(void **state UNUSED)
{
	static const char *const words[] = { "affected", "fixed", "fix_deferred", "will_not_fix",
		"end_of_life", "fixed_in_pro" };
	enum fix_state back;

	assert_int_equal(ARRAY_LEN(words), FIX_STATE_COUNT);
	for (size_t i = 0; i < FIX_STATE_COUNT; i++) {
		assert_string_equal(fix_state_to_str((enum fix_state)i), words[i]);
		assert_true(fix_state_from_str(str_of(words[i]), &back));
		assert_int_equal(back, i);
	}
	assert_false(fix_state_from_str(STR("Fixed?"), &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_severity_has_a_word_and_back),
		cmocka_unit_test(test_severity_words_ignore_case),
		cmocka_unit_test(test_each_fix_state_has_a_word_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
