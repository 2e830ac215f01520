/*
 * The profile of some work has the form of gperftools' profiler, and samples of that work.
 */
#include "../test.h"

#include <fcntl.h>

static volatile uint64_t sink;

/* Until it must have been seen some times. */
static __attribute__((noinline)) void burn(void)
{
	struct timespec t;

	do {
		for (int i = 0; i < 100000; i++)
			sink += (uint64_t)i * sink;
		assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	} while (t.tv_sec < 1 && t.tv_nsec < 300000000);
}

static uint64_t word(struct span *in)
{
	uintptr_t w;

	assert_true(in->n >= sizeof(w));
	memcpy(&w, in->p, sizeof(w));
	*in = span_n(in->p + sizeof(w), in->n - sizeof(w));
	return w;
}

static void test_profile_has_samples_and_mappings(void **state UNUSED)
{
	_cleanup_buf_ struct buf content = BUF_INIT(MIB);
	char path[] = "/tmp/clair-profile-XXXXXX";
	_cleanup_close_ int fd = mkstemp(path);
	struct err err = ERR_INIT;
	uint64_t samples = 0, n, depth;

	assert_true(fd >= 0);
	assert_ok(cpu_profile_start(path, &err), &err);
	burn();
	assert_ok(cpu_profile_stop(&err), &err);
	assert_ok(io_read_to_end(fd, &content, path, &err), &err);
	assert_int_equal(unlink(path), 0);
	struct span in = buf_span(&content);
	assert_int_equal(word(&in), 0);
	assert_int_equal(word(&in), 3);
	assert_int_equal(word(&in), 0);
	assert_int_equal(word(&in), 10000);
	assert_int_equal(word(&in), 0);
	while ((n = word(&in)) != 0) {
		samples += n;
		depth = word(&in);
		assert_in_range(depth, 1, 64);
		while (depth--)
			assert_true(word(&in) != 0);
	}
	assert_int_equal(word(&in), 1);
	assert_int_equal(word(&in), 0);
	/* 30 were due; a busy machine may delay signals. */
	assert_true(samples >= 3);
	assert_true(str_find(str_from_span(in), STR("r-xp")) > 0);
}

static void test_file_that_cannot_be_made_is_told(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;

	assert_true(cpu_profile_start("/nonexistent/profile", &err) < 0);
	assert_non_null(strstr(err_msg(&err), "/nonexistent/profile"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_profile_has_samples_and_mappings),
		cmocka_unit_test(test_file_that_cannot_be_made_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
