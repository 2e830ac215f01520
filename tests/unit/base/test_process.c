/*
 * Running other programs.
 */
#include "../test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/process.h"

#define SCRIPT(text)                   \
	(const char *const[])          \
	{                              \
		"sh", "-c", text, NULL \
	}

static const char *const env[] = { "PATH=/usr/bin:/bin", "WORD=given", NULL };

static struct process_options options(const char *const *argv)
{
	return (struct process_options){
		.argv = argv, .env = env, .stdin_fd = -1, .silence_ms = 20000, .total_ms = 20000
	};
}

/* Runs it to its end, its output appended to out. */
static int run(const struct process_options *o, struct buf *out, struct err *err)
{
	_cleanup_(process_killp) struct process *p = NULL;
	char chunk[100];
	ssize_t n;
	int r = process_start(o, &p, err);

	if (r < 0)
		return r;
	while ((n = stream_read(process_stdout(p), chunk, sizeof(chunk), err)) > 0)
		buf_append(out, chunk, (size_t)n);
	return n < 0 ? (int)n : process_finish(take_ptr(p), err);
}

static void output_is_a_stream_and_the_environment_is_what_is_given(void **state)
{
	struct process_options o =
		options(SCRIPT("echo $WORD$HOME; seq 1 30000; read x || echo none"));
	_cleanup_buf_ struct buf out = BUF_INIT(1 * MIB);
	_cleanup_err_ struct err err = ERR_INIT;

	(void)state;
	assert_ok(run(&o, &out, &err), &err);
	assert_true(str_starts(buf_str(&out), STR("given\n1\n2\n")));
	assert_true(str_ends(buf_str(&out), STR("\n30000\nnone\n")));
}

static void standard_input_is_the_descriptor(void **state)
{
	struct process_options o = options(SCRIPT("cat; ls /proc/self/fd | wc -l"));
	_cleanup_buf_ struct buf out = BUF_INIT(1 * MIB);
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_close_ int fd = memfd_create("input", MFD_CLOEXEC);
	/* Neither of these may reach it. */
	_cleanup_close_ int other = open("/dev/null", O_RDONLY);

	(void)state;
	assert_int_equal(write(fd, "words\n", 6), 6);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	o.stdin_fd = fd;
	assert_ok(run(&o, &out, &err), &err);
	/* 0, 1, 2, and the one that ls reads the directory by. */
	assert_str(buf_str(&out), "words\n4\n");
	assert_true(other >= 0);
}

static void a_failure_says_what_the_program_said(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT(100);
	_cleanup_err_ struct err err = ERR_INIT;
	struct process_options o;

	(void)state;
	o = options(SCRIPT(
		"echo hint >&2; printf 'at 10%%\\rat 20%%\\rfatal: no luck\\n' >&2; exit 3"));
	assert_fails(run(&o, &out, &err), &err, ERR_UPSTREAM, "sh: fatal: no luck");
	o = options(SCRIPT("echo first >&2; echo second >&2; exit 3"));
	assert_fails(run(&o, &out, &err), &err, ERR_UPSTREAM, "sh: second");
	o = options(SCRIPT("exit 3"));
	assert_fails(run(&o, &out, &err), &err, ERR_UPSTREAM, "exit status 3");
	o = options(SCRIPT("kill -9 $$"));
	assert_fails(run(&o, &out, &err), &err, ERR_UPSTREAM, "ended by signal 9");
	o = options((const char *const[]){ "no-such-program", NULL });
	assert_fails(run(&o, &out, &err), &err, ERR_NOT_FOUND, "no-such-program: no such program");
}

static void endless_words_on_standard_error_are_cut(void **state)
{
	struct process_options o = options(SCRIPT("seq 1 300000 >&2; echo fatal: end >&2; exit 1"));
	_cleanup_buf_ struct buf out = BUF_INIT(100);
	_cleanup_err_ struct err err = ERR_INIT;

	(void)state;
	assert_fails(run(&o, &out, &err), &err, ERR_UPSTREAM, "sh: fatal: end");
}

static void who_is_silent_or_slow_is_ended(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT(1 * MIB);
	_cleanup_err_ struct err err = ERR_INIT;
	struct process_options o = options(SCRIPT("echo x; exec sleep 1000"));

	(void)state;
	o.silence_ms = 200;
	assert_fails(run(&o, &out, &err), &err, ERR_UPSTREAM, "silent for");
	o = options(SCRIPT("while :; do echo x; done"));
	o.total_ms = 200;
	out.max = 1024;
	assert_fails(run(&o, &out, &err), &err, ERR_UPSTREAM, "not done after");
}

static bool is_true(void *ctx)
{
	return *(bool *)ctx;
}

static void a_cancelled_one_ends_with_all_that_it_started(void **state)
{
	/* It tells the number of a process that it started, which would stay. */
	struct process_options o = options(SCRIPT("sleep 1000 & echo $!; wait"));
	_cleanup_(process_killp) struct process *p = NULL;
	_cleanup_err_ struct err err = ERR_INIT;
	bool cancelled = false;
	char text[32];
	uint32_t pid;

	(void)state;
	o.is_cancelled = is_true;
	o.ctx = &cancelled;
	assert_ok(process_start(&o, &p, &err), &err);
	ssize_t n = stream_read(process_stdout(p), text, sizeof(text), &err);
	assert_true(n > 1);
	assert_true(parse_u32(str_trim(str_n(text, (size_t)n)), &pid));
	cancelled = true;
	assert_fails((int)stream_read(process_stdout(p), text, sizeof(text), &err), &err,
		ERR_CANCELLED, "cancelled");
	assert_fails(process_finish(take_ptr(p), &err), &err, ERR_CANCELLED, "cancelled");
	/* Gone, or its end can be waited for. */
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (pidfd < 0)
		assert_int_equal(errno, ESRCH);
	else
		assert_int_equal(
			poll(&(struct pollfd){ .fd = pidfd, .events = POLLIN }, 1, 10000), 1);
}

static void a_file_beyond_the_limit_ends_it(void **state)
{
	struct process_options o =
		options(SCRIPT("f=$(mktemp); exec 3>$f; rm $f; exec cat /dev/zero >&3"));
	_cleanup_buf_ struct buf out = BUF_INIT(100);
	_cleanup_err_ struct err err = ERR_INIT;

	(void)state;
	o.max_file_bytes = 100000;
	assert_fails(run(&o, &out, &err), &err, ERR_TOO_LARGE, "more than 100000 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_is_a_stream_and_the_environment_is_what_is_given),
		cmocka_unit_test(standard_input_is_the_descriptor),
		cmocka_unit_test(a_failure_says_what_the_program_said),
		cmocka_unit_test(endless_words_on_standard_error_are_cut),
		cmocka_unit_test(who_is_silent_or_slow_is_ended),
		cmocka_unit_test(a_cancelled_one_ends_with_all_that_it_started),
		cmocka_unit_test(a_file_beyond_the_limit_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
