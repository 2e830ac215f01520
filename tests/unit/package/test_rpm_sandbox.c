/*
 * The readers touch nothing but memory: they work in a process that any system call on files kills.
 * A program of its own, so that SQLite starts up under the filter too.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "rpm_test.h"

#define KILL(number)                                         \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static void forbid_files(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef __NR_open
		KILL(__NR_open),
		KILL(__NR_stat),
		KILL(__NR_lstat),
		KILL(__NR_access),
		KILL(__NR_readlink),
		KILL(__NR_unlink),
#endif
		KILL(__NR_openat),
		KILL(__NR_newfstatat),
		KILL(__NR_statx),
		KILL(__NR_faccessat),
		KILL(__NR_readlinkat),
		KILL(__NR_unlinkat),
		KILL(__NR_getcwd),
		KILL(__NR_fcntl),
		KILL(__NR_read),
		KILL(__NR_pread64),
		KILL(__NR_socket),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = ARRAY_LEN(filter), .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(2);
}

/* How a child ends that runs this under the filter. */
static int status_of(void (*run)(void *argument), void *argument)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		forbid_files();
		run(argument);
		_exit(0);
	}
	assert_true(child > 0);
	while (waitpid(child, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	return status;
}

struct job {
	const struct package_db_driver *driver;
	struct span main, companion;
	size_t packages;
};

static void run_parser(void *argument)
{
	const struct job *job = argument;
	struct parsed p = parse(job->driver, job->main, job->companion);

	if (p.result < 0 || p.list.items.n != job->packages)
		_exit(3);
}

static void run_open(void *argument UNUSED)
{
	(void)syscall(__NR_openat, -1, "", 0);
}

static void test_readers_make_no_system_calls_on_files(void **state UNUSED)
{
	struct job jobs[] = {
		{ &package_rpm_sqlite, read_database("fedora35.sqlite"), { NULL, 0 }, 137 },
		{ &package_rpm_sqlite, read_database("wal.sqlite"), read_database("wal.sqlite-wal"),
			3 },
		{ &package_rpm_ndb, read_database("sle15.ndb"), { NULL, 0 }, 35 },
		{ &package_rpm_bdb, read_database("libuuid.bdb"), { NULL, 0 }, 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
		assert_int_equal(status_of(run_parser, &jobs[i]), 0);
		free_database(jobs[i].main);
		free_database(jobs[i].companion);
	}
}

static void test_filter_works(void **state UNUSED)
{
	int status = status_of(run_open, NULL);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readers_make_no_system_calls_on_files),
		cmocka_unit_test(test_filter_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
