/*
 * Metrics in Prometheus' text form, against golden text; bounds of labels and series; threads.
 */
#include "../test.h"

#include <math.h>
#include <pthread.h>

static const double bounds[] = { 0.5, 9.375, 1000000 };

static struct metric_family requests = {
	.name = "t_requests_total",
	.help = "Back\\slash and\nnewline.",
	.kind = METRIC_COUNTER,
	.labels = { "code", "route" },
};
static struct metric_family level = { .name = "t_level", .help = "A level.", .kind = METRIC_GAUGE };
static struct metric_family unused = {
	.name = "t_unused", .help = "No series.", .kind = METRIC_GAUGE, .labels = { "x" }
};
static struct metric_family size = {
	.name = "t_size",
	.help = "Sizes.",
	.kind = METRIC_HISTOGRAM,
	.labels = { "kind" },
	.bounds = bounds,
	.bound_count = ARRAY_LEN(bounds),
};
static struct metric_family plain_size = {
	.name = "t_plain_size",
	.help = "Sizes.",
	.kind = METRIC_HISTOGRAM,
	.bounds = bounds,
	.bound_count = 1,
};

static void check(struct metric_family *f, const char *expected)
{
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);

	metrics_write(&f, 1, &out);
	assert_string_equal(buf_cstr(&out), expected);
}

static void test_counters_have_escaped_ordered_labels(void **state UNUSED)
{
	metric_add(metric_of(&requests, "404", "/a"), 2);
	metric_add(metric_of(&requests, "200", "q\"b\\n\n"), UINT64_C(1) << 60);
	metric_add(metric_of(&requests, "404", "/a"), 1);
	metric_add(metric_of(&requests, "200", "/b"), 0);
	check(&requests,
		"# HELP t_requests_total Back\\\\slash and\\nnewline.\n"
		"# TYPE t_requests_total counter\n"
		"t_requests_total{code=\"200\",route=\"/b\"} 0\n"
		"t_requests_total{code=\"200\",route=\"q\\\"b\\\\n\\n\"} 1152921504606846976\n"
		"t_requests_total{code=\"404\",route=\"/a\"} 3\n");
}

static void test_without_labels_there_is_a_value_from_the_beginning(void **state UNUSED)
{
	check(&unused, "");
	check(&level, "# HELP t_level A level.\n# TYPE t_level gauge\nt_level 0\n");
	metric_set(metric_of(&level), 2.5);
	metric_change(metric_of(&level), -3);
	check(&level, "# HELP t_level A level.\n# TYPE t_level gauge\nt_level -0.5\n");
	metric_set(metric_of(&level), -INFINITY);
	check(&level, "# HELP t_level A level.\n# TYPE t_level gauge\nt_level -Inf\n");
	check(&plain_size, "# HELP t_plain_size Sizes.\n# TYPE t_plain_size histogram\n"
			   "t_plain_size_bucket{le=\"0.5\"} 0\nt_plain_size_bucket{le=\"+Inf\"} 0\n"
			   "t_plain_size_sum 0\nt_plain_size_count 0\n");
}

static void test_histograms_are_cumulative(void **state UNUSED)
{
	struct metric *m = metric_of(&size, "a");

	metric_observe(m, 0.5);
	metric_observe(m, 0.25);
	metric_observe(m, 9.376);
	metric_observe(m, 1e7);
	check(&size, "# HELP t_size Sizes.\n# TYPE t_size histogram\n"
		     "t_size_bucket{kind=\"a\",le=\"0.5\"} 2\n"
		     "t_size_bucket{kind=\"a\",le=\"9.375\"} 2\n"
		     "t_size_bucket{kind=\"a\",le=\"1000000\"} 3\n"
		     "t_size_bucket{kind=\"a\",le=\"+Inf\"} 4\n"
		     "t_size_sum{kind=\"a\"} 10000010.126\n"
		     "t_size_count{kind=\"a\"} 4\n");
}

static void test_a_series_is_found_again(void **state UNUSED)
{
	static struct metric_family f = { .name = "f", .help = "", .labels = { "a", "b" } };

	assert_ptr_equal(metric_of(&f, "x", "yz"), metric_of(&f, "x", "yz"));
	assert_ptr_not_equal(metric_of(&f, "x", "yz"), metric_of(&f, "xy", "z"));
}

static void test_foreign_label_values_are_bounded(void **state UNUSED)
{
	static struct metric_family f = { .name = "f", .help = "", .labels = { "a", "b" } };
	static char longest[LIMIT_METRIC_LABEL + 1], longer[LIMIT_METRIC_LABEL + 2];
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);
	struct metric_family *one = &f;
	char text[32];

	memset(longest, 'x', LIMIT_METRIC_LABEL);
	memset(longer, 'x', LIMIT_METRIC_LABEL + 1);
	struct metric *other = metric_of(&f, "other", "b");
	assert_ptr_equal(metric_of(&f, longer, "b"), other);
	assert_ptr_equal(metric_of(&f, "\xC3", "b"), other);
	assert_ptr_not_equal(metric_of(&f, longest, "b"), other);
	for (unsigned i = 0; i < 2 * LIMIT_METRIC_SERIES; i++) {
		(void)snprintf(text, sizeof(text), "%u", i);
		metric_add(metric_of(&f, text, "b"), 1);
	}
	/* Two were there. */
	metrics_write(&one, 1, &out);
	char *expected;
	assert_true(asprintf(&expected, "f{a=\"other\",b=\"other\"} %d\n",
			    (int)LIMIT_METRIC_SERIES + 2) > 0);
	assert_non_null(strstr(buf_cstr(&out), expected));
	free(expected);
	assert_int_equal(f.series, LIMIT_METRIC_SERIES + 1);
}

enum { THREADS = 4, ROUNDS = 2000 };

static struct metric_family shared = {
	.name = "s", .help = "", .kind = METRIC_COUNTER, .labels = { "x" }
};
static struct metric_family shared_size = {
	.name = "s_size",
	.help = "",
	.kind = METRIC_HISTOGRAM,
	.labels = { "x" },
	.bounds = bounds,
	.bound_count = ARRAY_LEN(bounds),
};

static void *update(void *ctx UNUSED)
{
	char text[16];

	for (int i = 0; i < ROUNDS; i++) {
		(void)snprintf(text, sizeof(text), "%d", i % 100);
		metric_add(metric_of(&shared, text), 1);
		metric_observe(metric_of(&shared_size, text), 2);
		if (i % 500 == 0) {
			_cleanup_buf_ struct buf out = BUF_INIT(4 * MIB);
			struct metric_family *f[] = { &shared, &shared_size };
			metrics_write(f, 2, &out);
			assert(!out.overflowed);
		}
	}
	return NULL;
}

static void test_no_update_of_several_threads_is_lost(void **state UNUSED)
{
	_cleanup_buf_ struct buf out = BUF_INIT(4 * MIB);
	struct metric_family *f[] = { &shared, &shared_size };
	pthread_t threads[THREADS];
	char expected[64];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, update, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	metrics_write(f, 2, &out);
	assert_int_equal(shared.series, 100);
	for (int i = 0; i < 100; i++) {
		int each = THREADS * ROUNDS / 100;
		(void)snprintf(expected, sizeof(expected), "\ns{x=\"%d\"} %d\n", i, each);
		assert_non_null(strstr(buf_cstr(&out), expected));
		(void)snprintf(
			expected, sizeof(expected), "\ns_size_sum{x=\"%d\"} %d\n", i, 2 * each);
		assert_non_null(strstr(buf_cstr(&out), expected));
	}
}

/* The value behind a name at the start of a line. */
static double value_of(struct buf *text, const char *name)
{
	char *line;

	assert_true(asprintf(&line, "\n%s ", name) > 0);
	const char *at = strstr(buf_cstr(text), line);
	if (!at)
		fail_msg("no %s", name);
	double v = strtod(at + strlen(line), NULL);
	free(line);
	return v;
}

static void test_the_process_is_described(void **state UNUSED)
{
	_cleanup_buf_ struct buf before = BUF_INIT(MIB);
	_cleanup_buf_ struct buf after = BUF_INIT(MIB);

	metrics_write_process(&before);
	int fd = dup(STDERR_FILENO);
	assert_true(fd >= 0);
	metrics_write_process(&after);
	(void)close(fd);
	assert_true(
		value_of(&after, "process_open_fds") == value_of(&before, "process_open_fds") + 1);
	double now = (double)clock_wall_s(), start = value_of(&after, "process_start_time_seconds");
	if (start > now + 2 || start < now - 600)
		fail_msg("started at %f, now %f", start, now);
	assert_true(value_of(&after, "process_resident_memory_bytes") > 100e3);
	assert_true(value_of(&after, "process_virtual_memory_bytes") >=
		    value_of(&after, "process_resident_memory_bytes"));
	assert_true(value_of(&after, "process_max_fds") > 0);
	assert_true(value_of(&after, "process_cpu_seconds_total") >= 0);
}

static void test_families_of_the_program_are_in_order(void **state UNUSED)
{
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);
	struct str line, last = STR_NULL;

	metric_observe(metric_of(&metric_api_response_duration_ms, "200", "v1/getLayer"), 10);
	metrics_write_all(&out);
	struct str rest = buf_str(&out);
	while (str_next_line(&rest, &line)) {
		if (!str_skip_prefix(&line, STR("# TYPE ")))
			continue;
		if (str_cmp(last, line) >= 0)
			fail_msg("%" PRIstr " behind %" PRIstr, STR_ARG(line), STR_ARG(last));
		last = line;
	}
	assert_non_null(
		strstr(buf_cstr(&out), "clair_api_response_duration_milliseconds_bucket{code="
				       "\"200\",route=\"v1/getLayer\",le=\"9.375\"} 0\n"));
	assert_non_null(strstr(buf_cstr(&out), "route=\"v1/getLayer\",le=\"4800\"} 1\n"));
	assert_non_null(strstr(buf_cstr(&out), "\nclair_updater_errors_total 0\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counters_have_escaped_ordered_labels),
		cmocka_unit_test(test_without_labels_there_is_a_value_from_the_beginning),
		cmocka_unit_test(test_histograms_are_cumulative),
		cmocka_unit_test(test_a_series_is_found_again),
		cmocka_unit_test(test_foreign_label_values_are_bounded),
		cmocka_unit_test(test_no_update_of_several_threads_is_lost),
		cmocka_unit_test(test_the_process_is_described),
		cmocka_unit_test(test_families_of_the_program_are_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
