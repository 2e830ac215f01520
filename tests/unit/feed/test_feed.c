/*
 * The table of drivers.
 */
#include "../test.h"

#include "feed/feed.h"

static void test_every_driver_is_complete_and_found_by_its_name(void **state UNUSED)
{
	const struct feed_driver *d;
	size_t n = 0;

	for (; (d = feed_driver_at(n)); n++) {
		assert_true(d->name[0] && d->title[0]);
		assert_true((d->parse != NULL) != (d->read != NULL));
		assert_memory_equal(d->default_url, "https://", 8);
		assert_ptr_equal(feed_driver_by_name(str_of(d->name)), d);
	}
	assert_true(n > 0);
	assert_null(feed_driver_at(n + 1));
	assert_null(feed_driver_by_name(STR("")));
	assert_null(feed_driver_by_name(STR("Debian")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_driver_is_complete_and_found_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
