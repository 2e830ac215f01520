/*
 * The log as JSON lines: the original's keys and order, strict strings, whole lines from several
 * threads, and a file that is moved away.
 */
#include "../test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int file_fd;

static int to_file(void **state UNUSED)
{
	file_fd = memfd_create("log", MFD_CLOEXEC);
	log_set_format(LOG_FORMAT_JSON);
	log_set_output_fd(file_fd);
	return file_fd < 0 || setenv("TZ", "UTC", 1) < 0 ? -1 : 0;
}

static int to_stderr(void **state UNUSED)
{
	log_set_format(LOG_FORMAT_TEXT);
	log_set_output_fd(STDERR_FILENO);
	return close(file_fd);
}

static void read_file(int fd, struct buf *out)
{
	_cleanup_err_ struct err err = ERR_INIT;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_ok(io_read_to_end(fd, out, "log", &err), &err);
}

/* The line without its time: "2018-11-19 12:34:56.789012" is checked and replaced by "T". */
static void check_written(const char *expected)
{
	_cleanup_buf_ struct buf all = BUF_INIT(MIB);
	_cleanup_buf_ struct buf got = BUF_INIT(MIB);
	static const char form[] = "dddd-dd-dd dd:dd:dd.dddddd\"";
	struct str key = STR("\"Time\":\"");

	read_file(file_fd, &all);
	struct str rest = buf_str(&all);
	for (ptrdiff_t at; (at = str_find(rest, key)) >= 0;) {
		size_t end = (size_t)at + key.n;
		buf_append_str(&got, str_head(rest, end));
		rest = str_skip(rest, end);
		for (size_t i = 0; form[i]; i++) {
			assert_true(i < rest.n);
			if (form[i] == 'd' ? !ascii_is_digit(rest.p[i]) : rest.p[i] != form[i])
				fail_msg("time: %" PRIstr, STR_ARG(str_head(rest, 30)));
		}
		buf_append_char(&got, 'T');
		rest = str_skip(rest, sizeof(form) - 2);
	}
	buf_append_str(&got, rest);
	assert_string_equal(buf_cstr(&got), expected);
}

static void test_keys_are_the_originals_in_its_order(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;

	(void)err_set(&err, ERR_INPUT, "no");
	/* Time and Event are taken; nobody can replace them. */
	log_write_event(LOG_WARNING, "file.c", 12, "happened",
		(const struct log_field[]){ LOG_U64("status", UINT64_MAX),
			LOG_CSTR("remote addr", "127.0.0.1:5"), LOG_I64("Id", -7), LOG_ERR(&err),
			LOG_DOUBLE("ratio", 0.5), LOG_BOOL("ok", false), LOG_CSTR("Event", "other"),
			LOG_DOUBLE("inf", 1e300 * 1e300), { .key = NULL } });
	check_written(
		"{\"Event\":\"happened\",\"Id\":-7,\"Level\":\"warning\",\"Location\":\"file.c:"
		"12\",\"Time\":\"T\",\"error\":\"no\",\"inf\":null,\"ok\":false,\"ratio\":0.5,"
		"\"remote addr\":\"127.0.0.1:5\",\"status\":18446744073709551615}\n");
}

static void test_messages_become_events(void **state UNUSED)
{
	int line = __LINE__ + 1;
	log_error("told %d", 1);
	char *expected;
	assert_true(asprintf(&expected,
			    "{\"Event\":\"told 1\",\"Level\":\"error\",\"Location\":"
			    "\"test_log_json.c:%d\",\"Time\":\"T\"}\n",
			    line) > 0);
	check_written(expected);
	free(expected);
}

static void test_strings_are_escaped(void **state UNUSED)
{
	/* Quotes, controls, what HTML and terminals obey, beyond the BMP, no UTF-8 at all. */
	log_write_event(LOG_DEBUG + 1, "f", 1, "",
		(const struct log_field[]){
			LOG_STR("v",
				STR("\"\\/\n\r\t\x01\x7f\0<&>\xC2\x9B\xE2\x80\xAE\xF0\x9F\x98\x80"
				    "\xF3\xA0\x81\x81\xC3\xA4\xFF\xC3\xED\xA0\x80")),
			{ .key = NULL } });
	check_written(
		"{\"Event\":\"\",\"Level\":\"info\",\"Location\":\"f:1\",\"Time\":\"T\",\"v\":\""
		"\\\"\\\\/\\n\\r\\t\\u0001\\u007f\\u0000\\u003c\\u0026\\u003e\\u009b\\u202e\xF0\x9F\x98"
		"\x80\\udb40\\udc41\xC3\xA4\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"}\n");
}

static void test_long_values_are_cut_between_characters(void **state UNUSED)
{
	_cleanup_buf_ struct buf value = BUF_INIT(MIB);
	_cleanup_buf_ struct buf expected = BUF_INIT(MIB);

	for (size_t i = 0; i < LIMIT_LOG_VALUE - 2; i++)
		buf_append_char(&value, 'x');
	buf_printf(&expected,
		"{\"Event\":\"%" PRIstr
		"\xE2\x80\xA6\",\"Level\":\"info\",\"Location\":\"f:1\",\"Time\":\"T\"}\n",
		STR_ARG(buf_str(&value)));
	buf_append_str(&value, STR("\xF0\x9F\x98\x80"));
	log_write_event(LOG_INFO, "f", 1, buf_cstr(&value), NULL);
	check_written(buf_cstr(&expected));
}

enum { THREADS = 4, LINES = 500 };

static void *log_many(void *name)
{
	for (int i = 0; i < LINES; i++) {
		log_event(LOG_INFO, "many", LOG_CSTR("by", name), LOG_I64("i", i));
		if (i % 50 == 0)
			log_set_format(LOG_FORMAT_JSON);
	}
	return NULL;
}

static void test_lines_of_threads_come_whole(void **state UNUSED)
{
	static char names[THREADS][2] = { "a", "b", "c", "d" };
	_cleanup_buf_ struct buf all = BUF_INIT(MIB);
	pthread_t threads[THREADS];
	int seen[THREADS] = { 0 };
	struct str line;

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_many, names[i]), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	read_file(file_fd, &all);
	struct str rest = buf_str(&all);
	while (str_next_line(&rest, &line)) {
		ptrdiff_t by = str_find(line, STR("\"by\":\""));
		assert_true(str_starts(line, STR("{\"Event\":\"many\",")) && by > 0);
		assert_true(str_ends(line, STR("}")));
		int i = line.p[by + 6] - 'a';
		_cleanup_free_ char *end = NULL;
		/* In the order in which the thread wrote them. */
		assert_true(asprintf(&end, "\"i\":%d}", seen[i]) > 0);
		assert_true(str_ends(line, str_of(end)));
		seen[i]++;
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(seen[i], LINES);
}

static int count_lines(const char *path)
{
	_cleanup_buf_ struct buf all = BUF_INIT(MIB);
	_cleanup_err_ struct err err = ERR_INIT;
	int n = 0;

	_cleanup_close_ int fd = io_open(path, 0, 0, &err);
	assert_ok(fd, &err);
	read_file(fd, &all);
	for (size_t i = 0; i < all.n; i++)
		n += all.p[i] == '\n';
	return n;
}

static void test_a_file_that_was_moved_is_opened_anew(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	char dir[] = "/tmp/test-log-XXXXXX";
	char path[64], moved[64];

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/log", dir);
	(void)snprintf(moved, sizeof(moved), "%s/log.1", dir);
	assert_ok(log_set_output_path(path, &err), &err);
	log_info("one");
	assert_int_equal(rename(path, moved), 0);
	log_info("two");
	assert_ok(log_reopen(&err), &err);
	log_info("three");
	assert_int_equal(count_lines(moved), 2);
	assert_int_equal(count_lines(path), 1);
	/* What cannot be opened anew goes on. */
	assert_int_equal(unlink(moved), 0);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_fails(log_reopen(&err), &err, ERR_IO, path);
	log_info("four");
	assert_int_equal(count_lines(moved), 2);
	log_set_output_fd(file_fd);
	assert_ok(log_reopen(&err), &err);
	assert_int_equal(rmdir(path) + unlink(moved) + rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_keys_are_the_originals_in_its_order, to_file, to_stderr),
		cmocka_unit_test_setup_teardown(test_messages_become_events, to_file, to_stderr),
		cmocka_unit_test_setup_teardown(test_strings_are_escaped, to_file, to_stderr),
		cmocka_unit_test_setup_teardown(
			test_long_values_are_cut_between_characters, to_file, to_stderr),
		cmocka_unit_test_setup_teardown(
			test_lines_of_threads_come_whole, to_file, to_stderr),
		cmocka_unit_test_setup_teardown(
			test_a_file_that_was_moved_is_opened_anew, to_file, to_stderr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
