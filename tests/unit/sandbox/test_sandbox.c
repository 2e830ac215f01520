/*
 * Workers: what they may do, what becomes of those that misbehave, and that the next job runs after
 * each.
 */
#include "../test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "sandbox/sandbox.h"

/* --- jobs
 * --------------------------------------------------------------------------------------------------
 */

static int run_count(const struct sandbox_io *io, struct span params, struct err *err)
{
	struct stream_fd in;
	uint64_t total;
	struct buf answer = BUF_INIT(256);

	stream_fd_init(&in, io->in_fd, "input");
	int r = stream_drain(io->input ? io->input : &in.stream, &total, err);
	if (r < 0)
		return r;
	buf_printf(&answer, "%" PRIstr " %" PRIu64, STR_ARG(str_from_span(params)), total);
	r = sandbox_emit(io, 7, buf_span(&answer), err);
	buf_fini(&answer);
	return r;
}

static int run_echo(const struct sandbox_io *io, struct span params UNUSED, struct err *err)
{
	static char chunk[100000];
	ssize_t n;

	while ((n = stream_read_full(io->input, chunk, sizeof(chunk), err)) > 0) {
		int r = sandbox_emit(io, 1, span_n(chunk, (size_t)n), err);

		if (r < 0)
			return r;
	}
	return (int)n;
}

static int run_big_answer(const struct sandbox_io *io, struct span params UNUSED, struct err *err)
{
	size_t n = 3 * SANDBOX_FRAME_MAX + 5;
	char *p = xmalloc(n);

	memset(p, 'x', n);
	int r = sandbox_emit(io, 2, span_n(p, n), err);
	free(p);
	return r;
}

static int run_fail(const struct sandbox_io *io UNUSED, struct span params UNUSED, struct err *err)
{
	return err_set(err, ERR_UNSUPPORTED, "the job's own words");
}

static int run_crash(
	const struct sandbox_io *io UNUSED, struct span params UNUSED, struct err *err UNUSED)
{
	volatile int *volatile nowhere = NULL;

	*nowhere = 1;
	return 0;
}

static int run_loop(
	const struct sandbox_io *io UNUSED, struct span params UNUSED, struct err *err UNUSED)
{
	for (volatile unsigned i = 0; i != 1; i = 2)
		continue;
	return 0;
}

static uint64_t cpu_ms(clockid_t clock)
{
	struct timespec t;

	return clock_gettime(clock, &t) < 0
		       ? 0
		       : (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

enum { BUSY_MS = 60 };

/* Works for a while, says so on its input (which is the writing end of a pipe), and goes on. */
static int run_busy(const struct sandbox_io *io, struct span params UNUSED, struct err *err)
{
	while (cpu_ms(CLOCK_PROCESS_CPUTIME_ID) < BUSY_MS)
		continue;
	int r = io_write_all(io->in_fd, "!", 1, "sign", err);

	return r < 0 ? r : run_loop(io, params, err);
}

static int run_hoard(
	const struct sandbox_io *io UNUSED, struct span params UNUSED, struct err *err UNUSED)
{
	for (size_t i = 0; i < 1024 * 1024; i++)
		memset(xmalloc(MIB), 1, MIB);
	return 0;
}

static int run_modest(
	const struct sandbox_io *io UNUSED, struct span params UNUSED, struct err *err UNUSED)
{
	char *p = xmalloc(32 * MIB);

	memset(p, 1, 32 * MIB);
	free(p);
	return 0;
}

static int run_open(const struct sandbox_io *io UNUSED, struct span params UNUSED, struct err *err)
{
	int fd = io_open("/etc/passwd", O_RDONLY, 0, err);

	return fd < 0 ? err_wrap(err, "refused") : 0;
}

static int run_socket(
	const struct sandbox_io *io UNUSED, struct span params UNUSED, struct err *err)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? err_set_errno(err, ERR_IO, errno, "refused") : 0;
}

static int run_executable_memory(
	const struct sandbox_io *io UNUSED, struct span params UNUSED, struct err *err)
{
	void *p = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? err_set_errno(err, ERR_IO, errno, "refused") : 0;
}

static int run_quit(
	const struct sandbox_io *io UNUSED, struct span params UNUSED, struct err *err UNUSED)
{
	_exit(9);
}

static int run_nonsense(const struct sandbox_io *io, struct span params UNUSED, struct err *err)
{
	char junk[4096];

	memset(junk, 0xee, sizeof(junk));
	return io_write_all(io->out_fd, junk, sizeof(junk), "junk", err);
}

static int run_descriptors(const struct sandbox_io *io, struct span params UNUSED, struct err *err)
{
	struct buf open_ones = BUF_INIT(4096);

	for (int fd = 3; fd < 1024; fd++) {
		if (lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF)
			buf_printf(&open_ones, "%d ", fd);
	}
	int r = sandbox_emit(io, 1, buf_span(&open_ones), err);
	buf_fini(&open_ones);
	return r;
}

#define JOB(what) static const struct sandbox_job job_##what = { .name = #what, .run = run_##what }
JOB(count);
JOB(echo);
JOB(big_answer);
JOB(fail);
JOB(crash);
JOB(loop);
JOB(busy);
JOB(hoard);
JOB(modest);
JOB(open);
JOB(socket);
JOB(executable_memory);
JOB(quit);
JOB(nonsense);
JOB(descriptors);
static const struct sandbox_job job_unknown = { .name = "unknown", .run = run_fail };

static const struct sandbox_job *const jobs[] = { &job_count, &job_echo, &job_big_answer, &job_fail,
	&job_crash, &job_loop, &job_busy, &job_hoard, &job_modest, &job_open, &job_socket,
	&job_executable_memory, &job_quit, &job_nonsense, &job_descriptors, NULL };

/* --- tests
 * -------------------------------------------------------------------------------------------------
 */

static const struct sandbox_limits usual = { .memory_bytes = 64 * MIB, .cpu_s = 10 };

static int collect(void *ctx, uint8_t type UNUSED, struct span payload, struct err *err UNUSED)
{
	buf_append(ctx, payload.p, payload.n);
	return 0;
}

static int run(const struct sandbox_job *job, struct buf *answer, struct err *err)
{
	struct stream_mem nothing;

	stream_mem_init(&nothing, (struct span){ 0 }, 0);
	return sandbox_run(
		job, (struct span){ 0 }, -1, &nothing.stream, usual, collect, answer, err);
}

/* A job that works, after one that did not. */
static void assert_next_job_runs(void)
{
	struct err err = ERR_INIT;
	struct buf answer = BUF_INIT(MIB);
	struct stream_mem in;

	stream_mem_init(&in, span_from_str(STR("12345")), 2);
	assert_ok(sandbox_run(&job_count, span_from_str(STR("bytes:")), -1, &in.stream, usual,
			  collect, &answer, &err),
		&err);
	assert_str(buf_str(&answer), "bytes: 5");
	buf_fini(&answer);
}

static void assert_dies(const struct sandbox_job *job, enum err_code code, const char *text)
{
	struct err err = ERR_INIT;
	struct buf answer = BUF_INIT(MIB);

	assert_fails(run(job, &answer, &err), &err, code, text);
	buf_fini(&answer);
	assert_next_job_runs();
}

static void test_job_gets_parameters_and_streamed_input(void **state UNUSED)
{
	assert_next_job_runs();
}

static void test_answer_while_feeding_does_not_deadlock(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct buf answer = BUF_INIT(64 * MIB);
	size_t n = 20 * MIB;
	uint8_t *bytes = xmalloc(n);
	struct stream_mem in;

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 9));
	stream_mem_init(&in, span_n(bytes, n), 100001);
	assert_ok(sandbox_run(&job_echo, (struct span){ 0 }, -1, &in.stream, usual, collect,
			  &answer, &err),
		&err);
	assert_int_equal(answer.n, n);
	assert_memory_equal(answer.p, bytes, n);
	buf_fini(&answer);
	free(bytes);
}

static void test_file_is_handed_over(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct buf answer = BUF_INIT(MIB);
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_ok(io_write_all(fd, "hello", 5, "memfd", &err), &err);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_ok(sandbox_run(&job_count, span_from_str(STR("file")), fd, NULL, usual, collect,
			  &answer, &err),
		&err);
	assert_str(buf_str(&answer), "file 5");
	buf_fini(&answer);
	(void)close(fd);
}

static void test_long_answer_comes_in_frames(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct buf answer = BUF_INIT(64 * MIB);

	assert_ok(run(&job_big_answer, &answer, &err), &err);
	assert_int_equal(answer.n, 3 * SANDBOX_FRAME_MAX + 5);
	buf_fini(&answer);
}

static void test_error_of_job_is_error_of_call(void **state UNUSED)
{
	assert_dies(&job_fail, ERR_UNSUPPORTED, "the job's own words");
}

static void test_crash_is_an_error(void **state UNUSED)
{
#if defined(CLAIR_TEST_SANITIZER)
	/* A sanitizer takes the signal, and ends the process in its own way. */
	struct err err = ERR_INIT;
	struct buf answer = BUF_INIT(MIB);

	assert_true(run(&job_crash, &answer, &err) < 0);
	err_clear(&err);
	buf_fini(&answer);
	assert_next_job_runs();
#else
	assert_dies(&job_crash, ERR_INPUT, "crash crashed (SIGSEGV)");
#endif
}

static void test_endless_loop_is_cut_off(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct stream_mem nothing;
	const struct sandbox_limits one_second = { .memory_bytes = 64 * MIB, .cpu_s = 1 };

	stream_mem_init(&nothing, (struct span){ 0 }, 0);
	assert_fails(sandbox_run(&job_loop, (struct span){ 0 }, -1, &nothing.stream, one_second,
			     NULL, NULL, &err),
		&err, ERR_TOO_LARGE, "loop took more than 1 s of processor time");
	assert_next_job_runs();
}

static void test_wait_for_a_worker_can_be_cancelled(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct stream_mem nothing;
	atomic_bool cancel = true;
	const struct sandbox_limits limits = {
		.memory_bytes = 64 * MIB, .cpu_s = 10, .cancel = &cancel
	};

	stream_mem_init(&nothing, (struct span){ 0 }, 0);
	assert_fails(sandbox_run(&job_loop, (struct span){ 0 }, -1, &nothing.stream, limits, NULL,
			     NULL, &err),
		&err, ERR_CANCELLED, "loop was cancelled");
	assert_next_job_runs();
}

static void test_memory_is_limited(void **state UNUSED)
{
#if !defined(CLAIR_TEST_SANITIZER)
	assert_dies(&job_hoard, ERR_TOO_LARGE, "hoard ran out of memory (64 MiB)");
#endif
}

static void test_memory_limit_counts_beyond_what_the_program_maps(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct buf answer = BUF_INIT(MIB);

	/* main() has mapped twice the limit before the zygote was forked. */
	assert_ok(run(&job_modest, &answer, &err), &err);
	buf_fini(&answer);
}

static void assert_refused(const struct sandbox_job *job)
{
#if defined(CLAIR_TEST_SANITIZER)
	assert_dies(job, ERR_IO, "refused");
#else
	assert_dies(job, ERR_INPUT, "tried a forbidden system call");
#endif
}

static void test_file_system_is_out_of_reach(void **state UNUSED)
{
	assert_refused(&job_open);
}

static void test_network_is_out_of_reach(void **state UNUSED)
{
	assert_refused(&job_socket);
}

static void test_executable_memory_is_refused(void **state UNUSED)
{
	assert_refused(&job_executable_memory);
}

static void test_silent_end_is_an_error(void **state UNUSED)
{
	assert_dies(&job_quit, ERR_INTERNAL, "exit status 9");
}

static void test_nonsense_frames_are_an_error(void **state UNUSED)
{
	assert_dies(&job_nonsense, ERR_INPUT, "nonsense");
}

static void test_no_other_descriptor_is_open(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct buf answer = BUF_INIT(MIB);

	assert_ok(run(&job_descriptors, &answer, &err), &err);
	assert_str(buf_str(&answer), "");
	buf_fini(&answer);
}

static void test_job_outside_the_table_is_refused(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct sandbox_worker *w;

	assert_fails(sandbox_open(&job_unknown, (struct span){ 0 }, -1, usual, &w, &err), &err,
		ERR_INTERNAL, "unknown");
}

static int refuse(
	void *ctx UNUSED, uint8_t type UNUSED, struct span payload UNUSED, struct err *err)
{
	return err_set(err, ERR_TOO_LARGE, "enough");
}

static void test_taker_of_frames_can_end_the_job(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct stream_mem in;
	static const char bytes[3000000];

	stream_mem_init(&in, span_n(bytes, sizeof(bytes)), 0);
	assert_fails(sandbox_run(&job_echo, (struct span){ 0 }, -1, &in.stream, usual, refuse, NULL,
			     &err),
		&err, ERR_TOO_LARGE, "enough");
	assert_next_job_runs();
}

static void test_abandoned_worker_is_killed(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct sandbox_worker *w;

	/* It would use 10 s; the jobs after it would not finish in time on one processor if many
	 * were left. */
	for (int i = 0; i < 20; i++) {
		assert_ok(sandbox_open(&job_loop, (struct span){ 0 }, -1, usual, &w, &err), &err);
		sandbox_abort(w);
	}
	assert_next_job_runs();
}

static void one_of_many(void *ctx, size_t i UNUSED)
{
	struct err err = ERR_INIT;
	struct buf answer = BUF_INIT(64 * MIB);
	static const char bytes[300000];
	struct stream_mem in;

	stream_mem_init(&in, span_n(bytes, sizeof(bytes)), 0);
	if (sandbox_run(&job_echo, (struct span){ 0 }, -1, &in.stream, usual, collect, &answer,
		    &err) == 0 &&
		answer.n == sizeof(bytes))
		__atomic_add_fetch((int *)ctx, 1, __ATOMIC_SEQ_CST);
	err_clear(&err);
	buf_fini(&answer);
}

static void test_threads_share_the_zygote(void **state UNUSED)
{
	int good = 0;

	parallel_for(100, 8, one_of_many, &good);
	assert_int_equal(good, 100);
}

/* The only child of this process. */
static pid_t find_zygote(void)
{
	_cleanup_buf_ struct buf text = BUF_INIT(KIB);
	_cleanup_close_ int fd = -1;
	struct err err = ERR_INIT;
	char path[64];
	struct str word, rest;
	uint64_t pid;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	fd = io_open(path, O_RDONLY, 0, &err);
	assert_true(fd >= 0);
	assert_ok(io_read_to_end(fd, &text, path, &err), &err);
	rest = buf_str(&text);
	assert_true(str_next_word(&rest, &word));
	assert_true(parse_u64(word, &pid));
	return (pid_t)pid;
}

static void test_signals_to_the_group_do_not_end_it(void **state UNUSED)
{
	pid_t zygote = find_zygote();

	assert_int_equal(kill(zygote, SIGINT), 0);
	assert_int_equal(kill(zygote, SIGTERM), 0);
	assert_int_equal(kill(zygote, SIGHUP), 0);
	assert_next_job_runs();
	assert_true(sandbox_is_running());
}

static void test_end_of_the_zygote_is_seen(void **state UNUSED)
{
	pid_t zygote = find_zygote();
	struct err err = ERR_INIT;
	struct sandbox_worker *w;
	siginfo_t info;

	assert_true(sandbox_is_running());
	assert_int_equal(kill(zygote, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)zygote, &info, WEXITED | WNOWAIT), 0);
	assert_false(sandbox_is_running());
	assert_true(sandbox_open(&job_echo, (struct span){ 0 }, -1, usual, &w, &err) < 0);
	err_clear(&err);
	sandbox_stop();
	assert_false(sandbox_is_running());
}

static void test_stop_waits_for_the_end_of_workers(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct sandbox_worker *w;
	struct rusage usage;
	int pipe_fds[2];
	char sign;

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	assert_ok(sandbox_open(&job_busy, (struct span){ 0 }, pipe_fds[1], usual, &w, &err), &err);
	assert_int_equal(read(pipe_fds[0], &sign, 1), 1);
	sandbox_stop();
	/* Only of processes that were waited for. */
	assert_int_equal(getrusage(RUSAGE_CHILDREN, &usage), 0);
	assert_true(usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000 +
			    usage.ru_stime.tv_sec * 1000 + usage.ru_stime.tv_usec / 1000 >=
		    BUSY_MS);
	sandbox_abort(w);
	(void)close(pipe_fds[0]);
	(void)close(pipe_fds[1]);
}

int main(void)
{
	const struct CMUnitTest stop_tests[] = {
		cmocka_unit_test(test_stop_waits_for_the_end_of_workers),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_job_gets_parameters_and_streamed_input),
		cmocka_unit_test(test_answer_while_feeding_does_not_deadlock),
		cmocka_unit_test(test_file_is_handed_over),
		cmocka_unit_test(test_long_answer_comes_in_frames),
		cmocka_unit_test(test_error_of_job_is_error_of_call),
		cmocka_unit_test(test_crash_is_an_error),
		cmocka_unit_test(test_endless_loop_is_cut_off),
		cmocka_unit_test(test_wait_for_a_worker_can_be_cancelled),
		cmocka_unit_test(test_memory_is_limited),
		cmocka_unit_test(test_memory_limit_counts_beyond_what_the_program_maps),
		cmocka_unit_test(test_file_system_is_out_of_reach),
		cmocka_unit_test(test_network_is_out_of_reach),
		cmocka_unit_test(test_executable_memory_is_refused),
		cmocka_unit_test(test_silent_end_is_an_error),
		cmocka_unit_test(test_nonsense_frames_are_an_error),
		cmocka_unit_test(test_no_other_descriptor_is_open),
		cmocka_unit_test(test_job_outside_the_table_is_refused),
		cmocka_unit_test(test_taker_of_frames_can_end_the_job),
		cmocka_unit_test(test_abandoned_worker_is_killed),
		cmocka_unit_test(test_threads_share_the_zygote),
		cmocka_unit_test(test_signals_to_the_group_do_not_end_it),
		cmocka_unit_test(test_end_of_the_zygote_is_seen), /* the last */
	};
	struct err err = ERR_INIT;

	if (mmap(NULL, 128 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
		return 1;
	if (sandbox_start(jobs, &err) < 0)
		return 1;
	/* First, as it looks at what all children have used. The sandbox is started outside of
	 * tests: in them cmocka handles the signals that jobs are to die of. */
	int failed = cmocka_run_group_tests(stop_tests, NULL, NULL);
	if (sandbox_start(jobs, &err) < 0)
		return 1;
	failed += cmocka_run_group_tests(tests, NULL, NULL);
	sandbox_stop();
	return failed;
}
