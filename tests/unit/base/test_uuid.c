/*
 * Random UUIDs have the form of version 4, and differ.
 */
#include "../test.h"

static void test_form_of_version_4(void **state UNUSED)
{
	char text[UUID_TEXT_SIZE];
	struct err err = ERR_INIT;

	for (int i = 0; i < 1000; i++) {
		assert_ok(uuid_random(text, &err), &err);
		assert_int_equal(strlen(text), 36);
		for (size_t j = 0; j < 36; j++) {
			bool dash = j == 8 || j == 13 || j == 18 || j == 23;

			assert_true(dash ? text[j] == '-'
					 : strchr("0123456789abcdef", text[j]) != NULL);
		}
		assert_int_equal(text[14], '4');
		assert_non_null(strchr("89ab", text[19]));
	}
}

static void test_no_two_are_equal(void **state UNUSED)
{
	_cleanup_map_ struct map seen = MAP_INIT;
	char text[UUID_TEXT_SIZE];
	struct err err = ERR_INIT;

	for (int i = 0; i < 1000; i++) {
		assert_ok(uuid_random(text, &err), &err);
		assert_false(map_has(&seen, str_of(text)));
		map_set(&seen, str_of(text), &seen);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form_of_version_4),
		cmocka_unit_test(test_no_two_are_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
