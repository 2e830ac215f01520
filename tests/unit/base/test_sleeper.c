/*
 * A sleeping thread is woken, stopped, or wakes by itself.
 */
#include "../test.h"

#include <pthread.h>

static void test_time_passes(void **state UNUSED)
{
	struct sleeper s;

	sleeper_init(&s);
	uint64_t start = clock_monotonic_ms();
	assert_int_equal(sleeper_sleep(&s, 20), SLEEP_TIME);
	assert_true(clock_monotonic_ms() - start >= 19);
	sleeper_fini(&s);
}

static void test_wake_before_sleep_is_not_lost(void **state UNUSED)
{
	struct sleeper s;

	sleeper_init(&s);
	sleeper_wake(&s);
	assert_int_equal(sleeper_sleep(&s, UINT64_MAX), SLEEP_WOKEN);
	assert_int_equal(sleeper_sleep(&s, 0), SLEEP_TIME);
	sleeper_fini(&s);
}

static void test_stop_lasts(void **state UNUSED)
{
	struct sleeper s;

	sleeper_init(&s);
	assert_false(sleeper_is_stopped(&s));
	sleeper_stop(&s);
	sleeper_wake(&s);
	assert_true(sleeper_is_stopped(&s));
	assert_int_equal(sleeper_sleep(&s, UINT64_MAX), SLEEP_STOPPED);
	assert_int_equal(sleeper_sleep(&s, UINT64_MAX), SLEEP_STOPPED);
	sleeper_fini(&s);
}

static void *sleep_long(void *arg)
{
	enum sleep_end first = sleeper_sleep(arg, UINT64_MAX);
	enum sleep_end second = sleeper_sleep(arg, UINT64_MAX);

	/* Whether the wake-up came before the stop was seen is the scheduler's choice. */
	return first != SLEEP_TIME && second == SLEEP_STOPPED ? arg : NULL;
}

static void test_other_threads_wake_and_stop(void **state UNUSED)
{
	struct sleeper s;
	pthread_t thread;
	void *result;

	sleeper_init(&s);
	assert_int_equal(pthread_create(&thread, NULL, sleep_long, &s), 0);
	sleeper_wake(&s);
	sleeper_stop(&s);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, &s);
	sleeper_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time_passes),
		cmocka_unit_test(test_wake_before_sleep_is_not_lost),
		cmocka_unit_test(test_stop_lasts),
		cmocka_unit_test(test_other_threads_wake_and_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
