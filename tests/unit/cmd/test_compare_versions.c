/*
 * The command compare-versions, run in this process with its three descriptors on files.
 */
#include "../version/check.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "cmd/cmd_priv.h"

struct run {
	int status;
	struct buf out;
	struct buf messages;
};

static void run_fini(struct run *r)
{
	buf_fini(&r->out);
	buf_fini(&r->messages);
}

#define _cleanup_run_ _cleanup_(run_fini)

static int memory_file(struct str content)
{
	struct err err = ERR_INIT;
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_ok(io_write_all(fd, content.p, content.n, "memory file", &err), &err);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void read_back(int fd, struct buf *out)
{
	struct err err = ERR_INIT;

	buf_init(out, 64 * MIB);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_ok(io_read_to_end(fd, out, "memory file", &err), &err);
	assert_int_equal(close(fd), 0);
}

/* args: NULL at the end, without the command's name. */
static void run_with(struct run *r, struct str input, const char *const *args)
{
	char *argv[8] = { xstrdup("compare-versions") };
	int argc = 1, saved[3],
	    files[3] = { memory_file(input), memory_file(STR_NULL), memory_file(STR_NULL) };

	for (; args[argc - 1]; argc++)
		argv[argc] = xstrdup(args[argc - 1]);
	(void)fflush(NULL);
	for (int fd = 0; fd < 3; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		assert_int_equal(dup2(files[fd], fd), fd);
	}
	r->status = cmd_compare_versions.run(&cmd_compare_versions, argc, argv);
	(void)fflush(NULL);
	for (int fd = 0; fd < 3; fd++) {
		assert_int_equal(dup2(saved[fd], fd), fd);
		assert_int_equal(close(saved[fd]), 0);
	}
	read_back(files[1], &r->out);
	read_back(files[2], &r->messages);
	assert_int_equal(close(files[0]), 0);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
}

static void expect_output(struct str input, const char *scheme, const char *expected)
{
	_cleanup_run_ struct run r;

	run_with(&r, input, (const char *const[]){ scheme, NULL });
	assert_str(buf_str(&r.out), expected);
	assert_str(buf_str(&r.messages), "");
	assert_int_equal(r.status, 0);
}

static void expect_answer(const char *scheme, const char *a, const char *b, const char *expected)
{
	_cleanup_run_ struct run r;

	run_with(&r, STR("1\t2\n"), (const char *const[]){ scheme, a, b, NULL });
	assert_str(buf_str(&r.out), expected);
	assert_str(buf_str(&r.messages), "");
	assert_int_equal(r.status, 0);
}

static void expect_refusal(const char *const *args, const char *message)
{
	_cleanup_run_ struct run r;

	run_with(&r, STR("1\t2\n"), args);
	assert_str(buf_str(&r.out), "");
	if (!strstr(buf_cstr(&r.messages), message))
		fail_msg("\"%s\" does not contain \"%s\"", buf_cstr(&r.messages), message);
	assert_int_equal(r.status, 2);
}

static void test_two_versions_as_arguments(void **state UNUSED)
{
	expect_answer("dpkg", "1.0~rc1", "1.0", "<\n");
	expect_answer("rpm", "1_0", "1.0", "=\n");
	expect_answer("apk", "1.10", "1.2", ">\n");
}

static void test_refusals_say_why(void **state UNUSED)
{
	expect_refusal((const char *const[]){ NULL }, "expected SCHEME");
	expect_refusal((const char *const[]){ "rpm", "1", NULL }, "expected SCHEME");
	expect_refusal((const char *const[]){ "rpm", "1", "2", "3", NULL }, "expected SCHEME");
	expect_refusal((const char *const[]){ "deb", "1", "2", NULL }, "no version scheme \"deb\"");
	expect_refusal((const char *const[]){ "dpkg", "1", "2-", NULL },
		"\"2-\" is no dpkg version: the revision is empty");
	expect_refusal((const char *const[]){ "apk", "v1", "2", NULL },
		"\"v1\" is no apk version: it does not begin with a digit");
}

static void test_each_line_gets_an_answer(void **state UNUSED)
{
	expect_output(STR("1\t2\n2\t1\n1\t1.0\n1-0\t1\n"), "dpkg", "<\n>\n<\n=\n");
	expect_output(STR(""), "dpkg", "");
}

static void test_no_version_and_no_pair_are_question_marks(void **state UNUSED)
{
	expect_output(
		STR("1\tx:1\n\n1\n1\t2\t3\n\t\n1\0\t1\n1\t2\n"), "dpkg", "?\n?\n?\n?\n?\n?\n<\n");
}

static void test_line_ends_are_optional_at_the_end_and_may_be_dos(void **state UNUSED)
{
	expect_output(STR("1\t2"), "apk", "<\n");
	expect_output(STR("1\t2\r\n3\t2\r\n2\t2\r"), "apk", "<\n>\n=\n");
}

/* Long lines at both sides of the limit and of the input buffer, and what follows them. */
static void test_lines_of_any_length(void **state UNUSED)
{
	static const struct {
		size_t n;
		char expected;
	} lines[] = { { LIMIT_VERSION, '>' }, { LIMIT_VERSION + 1, '?' }, { 128 * 1024 - 4, '?' },
		{ 128 * 1024 - 3, '?' }, { 128 * 1024 - 2, '?' }, { 128 * 1024 - 1, '?' },
		{ 128 * 1024, '?' }, { 128 * 1024 + 1, '?' }, { 1024 * 1024, '?' } };

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		_cleanup_buf_ struct buf input = BUF_INIT(8 * MIB);
		char expected[] = { lines[i].expected, '\n', '<', '\n', lines[i].expected, '\n',
			'\0' };

		for (size_t k = 0; k < 2; k++) {
			for (size_t n = 0; n < lines[i].n; n++)
				buf_append_char(&input, '9');
			buf_append_str(&input, k ? STR("\t1") : STR("\t1\n1\t2\n"));
		}
		expect_output(buf_str(&input), "rpm", expected);
	}
}

static void test_more_answers_than_the_output_buffer_holds(void **state UNUSED)
{
	enum { COUNT = 100000 };
	_cleanup_buf_ struct buf input = BUF_INIT(8 * MIB);
	_cleanup_run_ struct run r;

	for (size_t i = 0; i < COUNT; i++)
		buf_printf(&input, "1.%zu\t1.%d\n", i, COUNT / 2);
	run_with(&r, buf_str(&input), (const char *const[]){ "apk", NULL });
	assert_int_equal(r.out.n, 2 * COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(r.out.p[2 * i], i < COUNT / 2 ? '<' : i > COUNT / 2 ? '>' : '=');
		assert_int_equal(r.out.p[2 * i + 1], '\n');
	}
}

/* In a child process, one byte at a time through a pipe; every answer is there before more input.
 */
static void test_answers_do_not_wait_for_more_input(void **state UNUSED)
{
	static const char text[] = "1.0\t2.0\n3-1\t3\n1-\t1\n";
	int to[2], from[2], status;
	char answer[2];

	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char *argv[] = { xstrdup("compare-versions"), xstrdup("dpkg"), NULL };

		if (dup2(to[0], 0) != 0 || dup2(from[1], 1) != 1 || close(to[1]) != 0)
			_exit(9);
		_exit(cmd_compare_versions.run(&cmd_compare_versions, 2, argv));
	}
	const char *expected = "<>?";
	for (size_t i = 0; text[i]; i++) {
		assert_int_equal(write(to[1], text + i, 1), 1);
		if (text[i] != '\n')
			continue;
		struct err err = ERR_INIT;
		assert_int_equal(io_read_full(from[0], answer, 2, "answer", &err), 2);
		assert_int_equal(answer[0], *expected++);
	}
	assert_int_equal(close(to[1]), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(close(to[0]) | close(from[0]) | close(from[1]), 0);
}

static void test_failing_output_is_an_error(void **state UNUSED)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		char *argv[] = { xstrdup("compare-versions"), xstrdup("dpkg"), xstrdup("1"),
			xstrdup("2"), NULL };
		int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		if (dup2(full, 1) != 1 || dup2(null, 2) != 2)
			_exit(9);
		_exit(cmd_compare_versions.run(&cmd_compare_versions, 4, argv));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_versions_as_arguments),
		cmocka_unit_test(test_refusals_say_why),
		cmocka_unit_test(test_each_line_gets_an_answer),
		cmocka_unit_test(test_no_version_and_no_pair_are_question_marks),
		cmocka_unit_test(test_line_ends_are_optional_at_the_end_and_may_be_dos),
		cmocka_unit_test(test_lines_of_any_length),
		cmocka_unit_test(test_more_answers_than_the_output_buffer_holds),
		cmocka_unit_test(test_answers_do_not_wait_for_more_input),
		cmocka_unit_test(test_failing_output_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
