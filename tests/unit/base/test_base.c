/*
 * The vocabulary of base/.
 */
#include "../test.h"

static void test_str_cut_at_first_and_last(void **state UNUSED)
{
	struct str head, tail;

	assert_true(str_cut(STR("a:b:c"), ':', &head, &tail));
	assert_str(head, "a");
	assert_str(tail, "b:c");
	assert_true(str_rcut(STR("a:b:c"), ':', &head, &tail));
	assert_str(head, "a:b");
	assert_str(tail, "c");
	assert_false(str_cut(STR("abc"), ':', &head, &tail));
	assert_str(head, "abc");
	assert_str(tail, "");
	assert_false(str_rcut(STR("abc"), ':', &head, &tail));
	assert_str(head, "");
	assert_str(tail, "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_str_cut_at_first_and_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
