#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"

/* How often it is looked whether somebody cancels. */
#define TICK_MS 100
/* How long a program may take to clean up when it is asked to end. */
#define GRACE_MS 2000
/* The status of a child that could not become the program. */
#define EXIT_NO_PROGRAM 127

struct process {
	struct stream stream;
	const struct process_options *o;
	pid_t pid; /* 0 once it was waited for */
	int out_fd;
	int err_fd; /* -1 once it ended */
	int status; /* of waitpid() */
	uint64_t started_ms;
	uint64_t heard_ms;
	bool ended;       /* standard output did */
	struct err fault; /* why it was ended from here; every later read fails so, too */
	struct buf said;  /* the end of its standard error */
};

/* --- starting -------------------------------------------------------------------------------- */

/* The path of a program, in a; NULL when there is none. */
static const char *find_program(struct arena *a, const char *name)
{
	struct str rest = str_of(getenv("PATH")), dir;

	if (strchr(name, '/'))
		return access(name, X_OK) == 0 ? name : NULL;
	if (rest.n == 0)
		rest = STR("/usr/bin:/bin");
	while (rest.n) {
		(void)str_cut(rest, ':', &dir, &rest);
		/* An empty part would mean the current directory: no place for programs. */
		if (!str_starts(dir, STR("/")))
			continue;
		struct str path = arena_printf(a, "%" PRIstr "/%s", STR_ARG(dir), name);
		if (access(path.p, X_OK) == 0)
			return path.p;
	}
	return NULL;
}

struct child_setup {
	const char *path;
	char *const *argv;
	char *const *env;
	const struct process_options *o;
	int stdin_fd, out_fd, err_fd;
	pid_t parent;
};

/* The descriptors are above 2, so that none is overwritten before it was copied. Only calls that
 * are allowed in a child of a process with threads. */
NORETURN static void become_program(const struct child_setup *c)
{
	struct rlimit files = { .rlim_cur = c->o->max_file_bytes,
		.rlim_max = c->o->max_file_bytes };
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t none;

	(void)sigemptyset(&none);
	for (int s = 1; s < NSIG; s++)
		(void)sigaction(s, &plain, NULL);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread after fork() */
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (setsid() < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) < 0 ||
		getppid() != c->parent || dup2(c->stdin_fd, 0) < 0 || dup2(c->out_fd, 1) < 0 ||
		dup2(c->err_fd, 2) < 0)
		_exit(EXIT_NO_PROGRAM);
	if (c->o->max_file_bytes && setrlimit(RLIMIT_FSIZE, &files) < 0)
		_exit(EXIT_NO_PROGRAM);
	if (syscall(SYS_close_range, 3U, ~0U, 0U) < 0) {
		for (int fd = 3; fd < (int)sysconf(_SC_OPEN_MAX); fd++)
			(void)close(fd);
	}
	(void)execve(c->path, c->argv, c->env);
	_exit(EXIT_NO_PROGRAM);
}

/* A pipe whose ends are above 2. */
static int make_pipe(int ends[2], struct err *err)
{
	if (pipe2(ends, O_CLOEXEC) < 0) {
		ends[0] = ends[1] = -1;
		return err_set_errno(err, ERR_IO, errno, "pipe");
	}
	for (int i = 0; i < 2; i++) {
		int up = ends[i] > 2 ? ends[i] : fcntl(ends[i], F_DUPFD_CLOEXEC, 3);

		if (up < 0)
			return err_set_errno(err, ERR_IO, errno, "pipe");
		if (up != ends[i])
			(void)close(ends[i]);
		ends[i] = up;
	}
	return 0;
}

/* execve() takes its strings without const, and leaves them alone. */
static char *const *as_exec_wants(const char *const *strings)
{
	union {
		const char *const *ours;
		char *const *theirs;
	} list = { .ours = strings };

	return list.theirs;
}

static int spawn(struct process *p, const char *path, struct err *err)
{
	_cleanup_close_ int in_fd = -1, out_fd = -1, err_fd = -1;
	int out[2] = { -1, -1 }, said[2] = { -1, -1 };
	int r = make_pipe(out, err);

	p->out_fd = out[0];
	out_fd = out[1];
	if (r == 0)
		r = make_pipe(said, err);
	p->err_fd = said[0];
	err_fd = said[1];
	if (r < 0)
		return r;
	in_fd = p->o->stdin_fd >= 0 ? fcntl(p->o->stdin_fd, F_DUPFD_CLOEXEC, 3)
				    : open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (in_fd < 0 || fcntl(p->out_fd, F_SETFL, O_NONBLOCK) < 0 ||
		fcntl(p->err_fd, F_SETFL, O_NONBLOCK) < 0)
		return err_set_errno(err, ERR_IO, errno, "%s", p->o->argv[0]);
	struct child_setup setup = { .path = path,
		.argv = as_exec_wants(p->o->argv),
		.env = as_exec_wants(p->o->env),
		.o = p->o,
		.stdin_fd = in_fd,
		.out_fd = out_fd,
		.err_fd = err_fd,
		.parent = getpid() };
	pid_t pid = fork();
	if (pid < 0)
		return err_set_errno(err, ERR_IO, errno, "%s: fork", p->o->argv[0]);
	if (pid == 0)
		become_program(&setup);
	p->pid = pid;
	return 0;
}

/* --- its output ------------------------------------------------------------------------------ */

static void close_fd(int *fd)
{
	cleanup_close(fd);
	*fd = -1;
}

/* Keeps the end of what it says. */
static void read_said(struct process *p)
{
	char chunk[4096];
	ssize_t n = read(p->err_fd, chunk, sizeof(chunk));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close_fd(&p->err_fd);
		return;
	}
	p->heard_ms = clock_monotonic_ms();
	if (p->said.n + (size_t)n > LIMIT_PROCESS_SAID)
		buf_consume(
			&p->said, min_size(p->said.n, p->said.n + (size_t)n - LIMIT_PROCESS_SAID));
	buf_append(&p->said, chunk, (size_t)n);
}

/* 0, or why it is to be ended. */
static int check_time(struct process *p, struct err *err)
{
	uint64_t now = clock_monotonic_ms();
	const char *name = p->o->argv[0];

	if (p->o->is_cancelled && p->o->is_cancelled(p->o->ctx))
		return err_set(err, ERR_CANCELLED, "cancelled");
	if (now - p->heard_ms > p->o->silence_ms)
		return err_set(err, ERR_UPSTREAM, "%s: silent for %" PRIu64 " s", name,
			p->o->silence_ms / 1000);
	if (now - p->started_ms > p->o->total_ms)
		return err_set(err, ERR_UPSTREAM, "%s: not done after %" PRIu64 " s", name,
			p->o->total_ms / 1000);
	return 0;
}

/* Waits until something can be read; standard error is read here. 1 for standard output. */
static int wait_for_output(struct process *p, struct err *err)
{
	struct pollfd fds[] = {
		{ .fd = p->ended ? -1 : p->out_fd, .events = POLLIN },
		{ .fd = p->err_fd, .events = POLLIN },
	};
	int r = check_time(p, err);

	if (r < 0)
		return r;
	/* Who has closed its output is about to end. */
	if (poll(fds, ARRAY_LEN(fds), p->ended ? 5 : TICK_MS) < 0 && errno != EINTR)
		return err_set_errno(err, ERR_IO, errno, "%s", p->o->argv[0]);
	if (fds[1].revents)
		read_said(p);
	return fds[0].revents != 0;
}

static ssize_t fail_for_good(struct process *p, struct err *err)
{
	return err_set(err, p->fault.code, "%s", err_msg(&p->fault));
}

static ssize_t process_read(struct stream *s, void *buffer, size_t n, struct err *err)
{
	struct process *p = (struct process *)s;

	if (p->fault.code)
		return fail_for_good(p, err);
	while (!p->ended) {
		ssize_t r = read(p->out_fd, buffer, n);

		if (r > 0) {
			p->heard_ms = clock_monotonic_ms();
			return r;
		}
		if (r == 0) {
			p->ended = true;
			break;
		}
		int ready = 0;
		if (errno == EAGAIN || errno == EINTR)
			ready = wait_for_output(p, &p->fault);
		else
			ready = err_set_errno(&p->fault, ERR_IO, errno, "%s", p->o->argv[0]);
		if (ready < 0)
			return fail_for_good(p, err);
	}
	return 0;
}

/* --- its end --------------------------------------------------------------------------------- */

/* Whether it has ended, which is looked for once. */
static bool has_ended(struct process *p)
{
	if (p->pid && waitpid(p->pid, &p->status, WNOHANG) == p->pid)
		p->pid = 0;
	return p->pid == 0;
}

/* It and those that it started. First kindly: it may have files to remove. */
static void end(struct process *p)
{
	static const int signals[] = { SIGTERM, SIGKILL };

	for (size_t i = 0; p->pid && i < ARRAY_LEN(signals); i++) {
		uint64_t since = clock_monotonic_ms();

		(void)kill(p->pid, signals[i]);
		(void)kill(-p->pid, signals[i]);
		while (!has_ended(p) &&
			(signals[i] == SIGKILL || clock_monotonic_ms() - since < GRACE_MS))
			(void)poll(NULL, 0, 10);
	}
}

static void release(struct process *p)
{
	close_fd(&p->out_fd);
	close_fd(&p->err_fd);
	err_clear(&p->fault);
	buf_fini(&p->said);
	free(p);
}

void process_kill(struct process *p)
{
	if (!p)
		return;
	end(p);
	release(p);
}

/* Programs say progress and hints, too; what counts is marked, or is the last line. */
static void say_why(struct process *p, struct buf *out)
{
	struct str rest = buf_str(&p->said), last = STR_NULL, line;

	for (size_t i = 0; i < p->said.n; i++) {
		if (p->said.p[i] == '\r')
			p->said.p[i] = '\n';
	}
	while (str_next_line(&rest, &line)) {
		line = str_trim(line);
		bool marked = str_starts(line, STR("fatal: ")) || str_starts(line, STR("error: "));

		if (marked)
			buf_printf(out, "%s%" PRIstr, out->n ? "; " : "", STR_ARG(line));
		if (line.n)
			last = line;
	}
	if (out->n == 0)
		buf_append_str(out, last);
}

static int judge_status(struct process *p, struct err *err)
{
	_cleanup_buf_ struct buf why = BUF_INIT(2 * LIMIT_PROCESS_SAID);
	const char *name = p->o->argv[0];

	if (WIFEXITED(p->status) && WEXITSTATUS(p->status) == 0)
		return 0;
	say_why(p, &why);
	if (WIFSIGNALED(p->status) && WTERMSIG(p->status) == SIGXFSZ)
		return err_set(err, ERR_TOO_LARGE, "%s: a file of more than %" PRIu64 " bytes",
			name, p->o->max_file_bytes);
	if (WIFSIGNALED(p->status))
		return err_set(
			err, ERR_UPSTREAM, "%s: ended by signal %d", name, WTERMSIG(p->status));
	if (why.n == 0)
		return err_set(
			err, ERR_UPSTREAM, "%s: exit status %d", name, WEXITSTATUS(p->status));
	return err_set(err, ERR_UPSTREAM, "%s: %" PRIstr, name, STR_ARG(buf_str(&why)));
}

int process_finish(struct process *p, struct err *err)
{
	_cleanup_(process_killp) struct process *owned UNUSED = p;
	int r = stream_drain(&p->stream, NULL, err);

	/* Its standard error may stay open longer, in processes that it left behind. */
	while (r >= 0 && !has_ended(p))
		r = wait_for_output(p, err);
	if (r < 0)
		return r;
	while (p->err_fd >= 0) {
		struct pollfd left = { .fd = p->err_fd, .events = POLLIN };

		if (poll(&left, 1, 0) <= 0)
			break;
		read_said(p);
	}
	return judge_status(p, err);
}

struct stream *process_stdout(struct process *p)
{
	return &p->stream;
}

int process_start(const struct process_options *o, struct process **out, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	const char *path = find_program(&a, o->argv[0]);

	if (!path)
		return err_set(err, ERR_NOT_FOUND, "%s: no such program in $PATH", o->argv[0]);
	struct process *p = xcalloc(1, sizeof(*p));
	*p = (struct process){ .stream = { .read = process_read },
		.o = o,
		.out_fd = -1,
		.err_fd = -1,
		.started_ms = clock_monotonic_ms(),
		.said = BUF_INIT(2 * LIMIT_PROCESS_SAID) };
	p->heard_ms = p->started_ms;
	int r = spawn(p, path, err);
	if (r < 0) {
		release(p);
		return r;
	}
	*out = p;
	return 0;
}
