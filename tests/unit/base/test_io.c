/*
 * Descriptors, streams, clocks and threads.
 */
#include "../test.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int memory_file(struct str content)
{
	struct err err = ERR_INIT;
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_ok(io_write_all(fd, content.p, content.n, "memory", &err), &err);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void test_reads_are_complete_or_end_at_the_end(void **state UNUSED)
{
	_cleanup_close_ int fd = memory_file(STR("0123456789"));
	struct err err = ERR_INIT;
	char p[16];

	assert_int_equal(io_read_full(fd, p, 4, "x", &err), 4);
	assert_int_equal(io_pread_full(fd, p, 16, 7, "x", &err), 3);
	assert_memory_equal(p, "789", 3);
	assert_int_equal(io_read_full(fd, p, 16, "x", &err), 6);
	assert_memory_equal(p, "456789", 6);
	assert_int_equal(io_read_full(fd, p, 16, "x", &err), 0);
	assert_int_equal(io_pread_full(fd, p, 1, 1000, "x", &err), 0);
	assert_fails((int)io_pread_full(fd, p, 1, UINT64_MAX, "x", &err), &err, ERR_INPUT,
		"out of range");
	assert_fails((int)io_read_full(-1, p, 1, "the thing", &err), &err, ERR_IO,
		"read the thing: Bad file descriptor");
	assert_fails(io_write_all(-1, p, 1, "the thing", &err), &err, ERR_IO, "write the thing");
}

static void test_reading_to_the_end_heeds_the_maximum(void **state UNUSED)
{
	enum { SIZE = 200000 };
	_cleanup_free_ char *content = xmalloc(SIZE);
	struct err err = ERR_INIT;

	for (size_t i = 0; i < SIZE; i++)
		content[i] = (char)(i * 31 >> 3);
	_cleanup_close_ int fd = memory_file(str_n(content, SIZE));
	_cleanup_buf_ struct buf whole = BUF_INIT(SIZE), less = BUF_INIT(SIZE - 1);
	assert_ok(io_read_to_end(fd, &whole, "x", &err), &err);
	assert_int_equal(whole.n, SIZE);
	assert_memory_equal(whole.p, content, SIZE);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_fails(io_read_to_end(fd, &less, "x", &err), &err, ERR_TOO_LARGE, "x");
	buf_fini(&less);
}

static void test_directories_are_made_once(void **state UNUSED)
{
	char base[] = "/tmp/clair-test-XXXXXX", deep[128], file[128];
	struct err err = ERR_INIT;
	struct stat st;

	assert_non_null(mkdtemp(base));
	(void)snprintf(deep, sizeof(deep), "%s/a//b/c", base);
	(void)snprintf(file, sizeof(file), "%s/file", base);
	assert_ok(io_mkdirs(deep, &err), &err);
	assert_ok(io_mkdirs(deep, &err), &err);
	assert_int_equal(stat(deep, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_fails(io_open(file, O_RDONLY, 0, &err), &err, ERR_NOT_FOUND, file);
	_cleanup_close_ int fd = io_open(file, O_CREAT | O_WRONLY, 0600, &err);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_fails(io_mkdirs(file, &err), &err, ERR_IO, "create directory");
	(void)snprintf(deep, sizeof(deep), "%s/file/x", base);
	assert_fails(io_mkdirs(deep, &err), &err, ERR_IO, "create directory");
	(void)unlink(file);
	static const char *const made[] = { "/a/b/c", "/a/b", "/a", "" };
	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		(void)snprintf(deep, sizeof(deep), "%s%s", base, made[i]);
		assert_int_equal(rmdir(deep), 0);
	}
}

static void check_stream(struct stream *s, const char *expected)
{
	struct err err = ERR_INIT;
	char p[32];
	ssize_t n = stream_read_full(s, p, sizeof(p), &err);

	assert_str(str_n(p, (size_t)n), expected);
	assert_int_equal(stream_read(s, p, 1, &err), 0);
}

static void test_memory_comes_in_any_chunks(void **state UNUSED)
{
	struct err err = ERR_INIT;
	uint64_t dropped;
	struct stream_mem m;
	char p[8];

	for (size_t chunk = 0; chunk < 12; chunk++) {
		stream_mem_init(&m, span_from_str(STR("0123456789")), chunk);
		check_stream(&m.stream, "0123456789");
	}
	stream_mem_init(&m, span_from_str(STR("0123456789")), 3);
	assert_int_equal(stream_read(&m.stream, p, 8, &err), 3);
	assert_ok(stream_drain(&m.stream, &dropped, &err), &err);
	assert_int_equal(dropped, 7);
	stream_mem_init(&m, span_n(NULL, 0), 0);
	check_stream(&m.stream, "");
}

static void test_range_of_a_file_ends_where_it_says(void **state UNUSED)
{
	_cleanup_close_ int fd = memory_file(STR("0123456789"));
	struct err err = ERR_INIT;
	struct stream_fd f;

	stream_fd_init(&f, fd, "file");
	check_stream(&f.stream, "0123456789");
	assert_null(f.stream.skip);
	stream_fd_init_range(&f, fd, 2, 5, "file");
	check_stream(&f.stream, "23456");
	stream_fd_init_range(&f, fd, 2, 5, "file");
	assert_ok(f.stream.skip(&f.stream, 3, &err), &err);
	check_stream(&f.stream, "56");
	stream_fd_init_range(&f, fd, 2, 5, "file");
	assert_fails(f.stream.skip(&f.stream, 6, &err), &err, ERR_INPUT, "file ends before");
	stream_fd_init_range(&f, fd, 8, UINT64_MAX, "file");
	assert_fails(f.stream.skip(&f.stream, UINT64_MAX - 1, &err), &err, ERR_INPUT, "ends");
	check_stream(&f.stream, "89");
	stream_fd_init(&f, -1, "no file");
	assert_fails((int)stream_drain(&f.stream, NULL, &err), &err, ERR_IO, "read no file");
}

static void test_times_are_written(void **state UNUSED)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} times[] = { { 0, "1970-01-01T00:00:00Z" }, { 951782400, "2000-02-29T00:00:00Z" },
		{ -1, "1969-12-31T23:59:59Z" }, { 1795509000, "2026-11-24T08:30:00Z" },
		{ 253402300800, "10000-01-01T00:00:00Z" }, { INT64_MAX, "" }, { INT64_MIN, "" } };
	static const struct {
		int64_t seconds;
		const char *text;
	} ages[] = { { INT64_MIN, "0 seconds" }, { 0, "0 seconds" }, { 1, "1 second" },
		{ 59, "59 seconds" }, { 60, "1 minute" }, { 3599, "59 minutes" },
		{ 3600, "1 hour" }, { 86399, "23 hours" }, { 86400, "1 day" },
		{ 30 * 86400, "30 days" } };
	char text[CLOCK_RFC3339_SIZE], age[CLOCK_AGE_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		clock_format_rfc3339(times[i].seconds, text);
		assert_string_equal(text, times[i].text);
	}
	for (size_t i = 0; i < ARRAY_LEN(ages); i++) {
		clock_format_age(ages[i].seconds, age);
		assert_string_equal(age, ages[i].text);
	}
	clock_format_age(INT64_MAX, age);
	assert_string_equal(age, "106751991167300 days");
}

static void test_clocks_do_not_go_back(void **state UNUSED)
{
	uint64_t before = clock_monotonic_ns();

	assert_true(clock_monotonic_ns() >= before);
	assert_true(clock_monotonic_ms() >= before / 1000000);
	assert_true(clock_wall_s() > 1700000000);
}

struct job {
	atomic_int calls[1000];
	atomic_int running, most;
};

static void count_call(void *ctx, size_t i)
{
	struct job *job = ctx;
	int now = atomic_fetch_add(&job->running, 1) + 1, most = job->most;

	while (now > most && !atomic_compare_exchange_weak(&job->most, &most, now))
		continue;
	atomic_fetch_add(&job->calls[i], 1);
	atomic_fetch_sub(&job->running, 1);
}

static void test_each_job_runs_once(void **state UNUSED)
{
	static const size_t threads[] = { 0, 1, 2, 7, 1000 };

	for (size_t t = 0; t < ARRAY_LEN(threads); t++) {
		struct job job = { .running = 0, .most = 0 };

		parallel_for(999, threads[t], count_call, &job);
		for (size_t i = 0; i < 1000; i++)
			assert_int_equal(job.calls[i], i < 999);
		assert_true(job.most <= (int)max_size(threads[t], 1));
	}
	parallel_for(0, 4, count_call, NULL);
	assert_true(parallel_cpus() >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_are_complete_or_end_at_the_end),
		cmocka_unit_test(test_reading_to_the_end_heeds_the_maximum),
		cmocka_unit_test(test_directories_are_made_once),
		cmocka_unit_test(test_memory_comes_in_any_chunks),
		cmocka_unit_test(test_range_of_a_file_ends_where_it_says),
		cmocka_unit_test(test_times_are_written),
		cmocka_unit_test(test_clocks_do_not_go_back),
		cmocka_unit_test(test_each_job_runs_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
