/*
 * The zygote: a small process that was forked before anything worth stealing existed. It takes
 * requests over a socket, forks a worker for each, and when one has ended writes its wait status to
 * the descriptor that came with the request. When a requester closes the other end of that
 * descriptor, its worker is killed; when the parent is gone, all are.
 */
#include "sandbox/sandbox_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct child {
	pid_t pid;
	int status_fd;
};

struct zygote {
	int control_fd;
	int signal_fd;
	const struct sandbox_job *const *jobs;
	bool require;
	VEC_OF(struct child) children;
	VEC_OF(struct pollfd) polled;
	sigset_t old_mask;
};

struct request {
	struct zygote_request head;
	uint8_t params[ZYGOTE_PARAMS_MAX];
};

/* Descriptors that came with a message. */
static size_t take_fds(struct msghdr *msg, int fds[static ZYGOTE_FDS_RING])
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = min_size((c->cmsg_len - CMSG_LEN(0)) / sizeof(int), ZYGOTE_FDS_RING);
		memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	}
	return n;
}

/* Moves fd out of the way of the descriptors that a worker has. */
static int move_up(int fd)
{
	int moved = fcntl(fd, F_DUPFD, 10);

	if (moved < 0)
		_exit(WORKER_EXIT_NO_PARENT);
	return moved;
}

/* In the child: descriptors 0 and 1, the ring if there is one, and no others. */
NORETURN static void become_worker(
	struct zygote *z, const struct request *request, const int *fds, size_t n_fds)
{
	/* A sanitizer reports on standard error. */
	unsigned first_closed = WITH_SANITIZER ? 3 : 2;
	int ring_fd = n_fds == ZYGOTE_FDS_RING ? move_up(fds[3]) : -1;
	int in_fd = move_up(fds[0]), out_fd = move_up(fds[1]);

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): the zygote has no threads */
		sigprocmask(SIG_SETMASK, &z->old_mask, NULL) < 0 || dup2(in_fd, 0) < 0 ||
		dup2(out_fd, 1) < 0)
		_exit(WORKER_EXIT_NO_PARENT);
	if (ring_fd >= 0) {
		if (dup2(ring_fd, (int)first_closed) < 0)
			_exit(WORKER_EXIT_NO_PARENT);
		ring_fd = (int)first_closed++;
	}
	if (syscall(SYS_close_range, first_closed, ~0U, 0U) < 0) {
		for (int fd = (int)first_closed; fd < (int)sysconf(_SC_OPEN_MAX); fd++)
			(void)close(fd);
	}
	worker_main(z->jobs[request->head.job], &request->head,
		span_n(request->params, request->head.params_bytes), ring_fd, z->require);
}

static void spawn(struct zygote *z, const struct request *request, const int *fds, size_t n_fds)
{
	pid_t pid = fork();

	if (pid == 0)
		become_worker(z, request, fds, n_fds);
	if (pid > 0)
		vec_push(&z->children, (struct child){ .pid = pid, .status_fd = fds[2] });
	else
		/* The requester sees its pipes end without an answer. */
		(void)close(fds[2]);
	(void)close(fds[0]);
	(void)close(fds[1]);
	if (n_fds == ZYGOTE_FDS_RING)
		(void)close(fds[3]);
}

/* false when the parent has gone. */
static bool serve_request(struct zygote *z)
{
	static struct request request;
	int fds[ZYGOTE_FDS_RING];
	union {
		struct cmsghdr align;
		char raw[CMSG_SPACE(sizeof(fds))];
	} control;
	struct iovec part = { .iov_base = &request, .iov_len = sizeof(request) };
	struct msghdr msg = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(z->control_fd, &msg, MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	if (n == 0)
		return false;
	size_t n_fds = take_fds(&msg, fds);
	if (n_fds >= ZYGOTE_FDS &&
		(size_t)n == offsetof(struct request, params) + request.head.params_bytes)
		spawn(z, &request, fds, n_fds);
	return true;
}

static void reap(struct zygote *z)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	if (read(z->signal_fd, &info, sizeof(info)) < 0 && errno != EAGAIN && errno != EINTR)
		_exit(1);
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		vec_for_each(c, &z->children) {
			if (c->pid != pid)
				continue;
			/* A requester that left does not mind. */
			if (write(c->status_fd, &status, sizeof(status)) != (ssize_t)sizeof(status))
				log_debug("nobody waits for worker %d", (int)pid);
			(void)close(c->status_fd);
			*c = z->children.v[--z->children.n];
			break;
		}
	}
}

/* One round: requests, ends of workers, requesters that gave up. */
static bool serve(struct zygote *z)
{
	vec_clear(&z->polled);
	vec_push(&z->polled, (struct pollfd){ .fd = z->control_fd, .events = POLLIN });
	vec_push(&z->polled, (struct pollfd){ .fd = z->signal_fd, .events = POLLIN });
	vec_for_each(c, &z->children)
		vec_push(&z->polled, (struct pollfd){ .fd = c->status_fd });
	if (poll(z->polled.v, z->polled.n, -1) < 0)
		return errno == EINTR;
	for (size_t i = 2; i < z->polled.n; i++) {
		/* POLLERR on the writing end of a pipe: its reader is gone. */
		if (z->polled.v[i].revents & POLLERR)
			(void)kill(z->children.v[i - 2].pid, SIGKILL);
	}
	if (z->polled.v[1].revents)
		reap(z);
	return !z->polled.v[0].revents || serve_request(z);
}

void zygote_main(int control_fd, const struct sandbox_job *const *jobs, bool require)
{
	struct zygote z = { .control_fd = control_fd, .jobs = jobs, .require = require };
	struct err err = ERR_INIT;
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): the zygote has no threads */
		sigprocmask(SIG_BLOCK, &set, &z.old_mask) < 0)
		_exit(1);
	(void)signal(SIGPIPE, SIG_IGN);
	/* Whoever stops the whole group, as a terminal or systemd does, means the parent, which
	 * lets jobs finish. When it ends, this ends. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	z.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (z.signal_fd < 0)
		_exit(1);
	if (lockdown_prepare(&err) < 0) {
		/* Workers will say so themselves. */
		err_clear(&err);
	}
	for (size_t i = 0; jobs[i]; i++) {
		if (jobs[i]->prepare)
			jobs[i]->prepare();
	}
	while (serve(&z))
		continue;
	vec_for_each(c, &z.children)
		(void)kill(c->pid, SIGKILL);
	/* Also for what they used of the processor to count as that of the program. */
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		continue;
	_exit(0);
}
