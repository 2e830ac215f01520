/*
 * What a worker gives up before it sees its first foreign byte: memory and processor time
 * (setrlimit(2)), the file system (Landlock, landlock(7), where the kernel has it), and every
 * system call that is not on a short list (seccomp(2), by libseccomp). The filter is compiled once,
 * in the zygote, and installed by each worker.
 *
 * Under a sanitizer the address space cannot be limited and its runtime needs calls of its
 * own: there the filter refuses unknown calls with an error instead of killing.
 */
#include "sandbox/sandbox_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static struct sock_fprog filter;

/* Reading, writing, memory, time, the end. */
static const int allowed_calls[] = { SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(write),
	SCMP_SYS(writev), SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(brk), SCMP_SYS(munmap),
	SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom), SCMP_SYS(getpid),
	SCMP_SYS(gettid), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group) };

/* Not granted, but libc asks in passing (abort(), a failed assertion) and copes with a refusal. */
static const int refused_calls[] = { SCMP_SYS(tgkill), SCMP_SYS(rt_sigaction), SCMP_SYS(fstat),
	SCMP_SYS(newfstatat), SCMP_SYS(ioctl) };

static int add_rules(scmp_filter_ctx ctx)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(allowed_calls) && r == 0; i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed_calls[i], 0);
	for (size_t i = 0; i < ARRAY_LEN(refused_calls) && r == 0 && !WITH_SANITIZER; i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), refused_calls[i], 0);
	if (r == 0 && WITH_SANITIZER)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(sigaltstack), 0);
	/* Memory yes, executable memory no. */
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return r;
}

/* libseccomp hands a compiled filter out through a descriptor only. */
static int read_filter(scmp_filter_ctx ctx, struct err *err)
{
	_cleanup_close_ int fd = memfd_create("filter", MFD_CLOEXEC);
	struct buf program = BUF_INIT(BPF_MAXINSNS * sizeof(struct sock_filter));

	if (fd < 0)
		return err_set_errno(err, ERR_UNSUPPORTED, errno, "create a memory file");
	int r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return err_set_errno(err, ERR_UNSUPPORTED, -r, "compile the system call filter");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_set_errno(err, ERR_IO, errno, "read the system call filter");
	r = io_read_to_end(fd, &program, "system call filter", err);
	if (r < 0) {
		buf_fini(&program);
		return r;
	}
	/* Kept for the life of the zygote; every worker inherits it. */
	filter.len = (unsigned short)(program.n / sizeof(struct sock_filter));
	filter.filter = (struct sock_filter *)(void *)program.p;
	return 0;
}

int lockdown_prepare(struct err *err)
{
	scmp_filter_ctx ctx =
		seccomp_init(WITH_SANITIZER ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);

	if (!ctx)
		return err_set(err, ERR_UNSUPPORTED, "libseccomp cannot make a filter");
	int r = add_rules(ctx);
	if (r < 0)
		r = err_set_errno(err, ERR_UNSUPPORTED, -r, "make the system call filter");
	else
		r = read_filter(ctx, err);
	seccomp_release(ctx);
	return r;
}

static int set_limit(
	__rlimit_resource_t resource, rlim_t value, rlim_t grace, const char *what, struct err *err)
{
	struct rlimit old;

	/* A limit can be lowered, not raised. */
	if (getrlimit(resource, &old) == 0 && old.rlim_max != RLIM_INFINITY &&
		old.rlim_max < value + grace)
		value = old.rlim_max - grace;
	if (setrlimit(resource, &(struct rlimit){ .rlim_cur = value, .rlim_max = value + grace }) <
		0)
		return err_set_errno(err, ERR_INTERNAL, errno, "limit %s", what);
	return 0;
}

/* Pages that are mapped now, from /proc/self/statm, in bytes. */
static uint64_t mapped_bytes(void)
{
	char text[128];
	_cleanup_close_ int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	struct str rest = str_n(text, n > 0 ? (size_t)n : 0), word;
	uint64_t pages;

	if (!str_next_word(&rest, &word) || !parse_u64(word, &pages))
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int set_limits(uint64_t memory_bytes, uint32_t cpu_s, struct err *err)
{
	int r = 0;

	if (!WITH_SANITIZER)
		r = set_limit(RLIMIT_AS, mapped_bytes() + memory_bytes, 0, "memory", err);
	/* At the soft limit it dies of SIGXCPU, which says why; at the hard one it is just killed.
	 */
	if (r == 0)
		r = set_limit(RLIMIT_CPU, cpu_s, 1, "processor time", err);
	if (r == 0)
		r = set_limit(RLIMIT_CORE, 0, 0, "core dumps", err);
	if (r == 0)
		r = set_limit(RLIMIT_NPROC, 0, 0, "processes", err);
	if (r == 0)
		r = set_limit(RLIMIT_FSIZE, 0, 0, "file sizes", err);
	return r;
}

/* No path can be opened any more. Kernels without Landlock are fine: the filter has no open()
 * either. */
static void forbid_file_system(void)
{
	const struct landlock_ruleset_attr everything = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
				     LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
				     LANDLOCK_ACCESS_FS_REMOVE_DIR |
				     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
				     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
				     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
				     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM,
	};
	long fd = syscall(SYS_landlock_create_ruleset, &everything, sizeof(everything), 0);

	if (fd < 0)
		return;
	if (syscall(SYS_landlock_restrict_self, (int)fd, 0) < 0)
		log_debug("landlock: %m");
	(void)close((int)fd);
}

int lockdown_apply(uint64_t memory_bytes, uint32_t cpu_s, struct err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set_errno(err, ERR_INTERNAL, errno, "give up new privileges");
	/* Limits before the rest: how much is mapped is read from a file of this process. */
	int r = set_limits(memory_bytes, cpu_s, err);
	if (r < 0)
		return r;
	if (!WITH_SANITIZER && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_set_errno(err, ERR_INTERNAL, errno, "forbid tracing");
	forbid_file_system();
	if (!filter.filter) {
		(void)err_set(err, ERR_UNSUPPORTED, "there is no system call filter");
		return 1;
	}
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) < 0) {
		(void)err_set_errno(err, ERR_UNSUPPORTED, errno, "install the system call filter");
		return 1;
	}
	return 0;
}
