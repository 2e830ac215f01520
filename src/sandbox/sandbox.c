/*
 * The parent's end of the sandbox: asks the zygote for workers, streams input to them and takes
 * their frames.
 */
#include "sandbox/sandbox_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* Of the pipe that frames come through, and how much of it is read at once. */
enum { PIPE_BYTES = 1 << 20, CHUNK_BYTES = 256 * 1024 };

static int control_fd = -1;
static pid_t zygote_pid = -1;
static const struct sandbox_job *const *job_table;

struct sandbox_worker {
	const char *job_name;
	struct sandbox_limits limits;
	int token_fd; /* gives slots of the ring to the worker; -1: the input has ended */
	struct ring ring;
	int out_fd;
	int status_fd;
	struct buf frames; /* what has come of frames that are not complete yet */
	bool done;         /* FRAME_DONE has come */
	struct err error;  /* of FRAME_ERROR, or of taking a frame */
};

int sandbox_start(const struct sandbox_job *const *jobs, struct err *err)
{
	int pair[2];
	const char *mode = getenv("CLAIR_SANDBOX");

	if (mode && mode[0] && strcmp(mode, "require") != 0 && strcmp(mode, "auto") != 0)
		return err_set(err, ERR_USAGE,
			"CLAIR_SANDBOX is \"%s\"; it may be \"require\" or \"auto\"", mode);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set_errno(err, ERR_IO, errno, "start the sandbox");
	pid_t pid = fork();
	if (pid < 0) {
		int cause = errno;

		(void)close(pair[0]);
		(void)close(pair[1]);
		return err_set_errno(err, ERR_IO, cause, "start the sandbox");
	}
	if (pid == 0) {
		(void)close(pair[0]);
		zygote_main(pair[1], jobs, mode && strcmp(mode, "require") == 0);
	}
	(void)close(pair[1]);
	control_fd = pair[0];
	zygote_pid = pid;
	job_table = jobs;
	/* A worker that dies early is reported by its status, not by a signal. */
	(void)signal(SIGPIPE, SIG_IGN);
	return 0;
}

void sandbox_stop(void)
{
	if (control_fd < 0)
		return;
	(void)close(take_fd(&control_fd));
	while (waitpid(zygote_pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	zygote_pid = -1;
}

bool sandbox_is_running(void)
{
	siginfo_t info = { .si_pid = 0 };

	/* It stays a zombie for sandbox_stop(). */
	return control_fd >= 0 &&
	       waitid(P_PID, (id_t)zygote_pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

struct sandbox_limits sandbox_limits_for(uint64_t input_bytes)
{
	uint64_t cpu_s = LIMIT_WORKER_CPU_S;

	/* Of unknown size: what the largest layer may need is bounded by the download's own limits.
	 */
	cpu_s += input_bytes == UINT64_MAX ? 3600 : input_bytes / LIMIT_WORKER_CPU_BYTES_PER_S;
	return (struct sandbox_limits){ .memory_bytes = LIMIT_WORKER_MEMORY,
		.cpu_s = cpu_s > UINT32_MAX ? UINT32_MAX : (uint32_t)cpu_s };
}

static int send_request(const struct zygote_request *head, struct span params, const int *fds,
	size_t n_fds, struct err *err)
{
	union {
		struct cmsghdr align;
		char raw[CMSG_SPACE(ZYGOTE_FDS_RING * sizeof(int))];
	} control = { .raw = { 0 } };
	struct zygote_request copy = *head;
	struct iovec parts[2] = {
		{ .iov_base = &copy, .iov_len = sizeof(copy) },
		{ .iov_base = (void *)(uintptr_t)params.p, .iov_len = params.n },
	};
	struct msghdr msg = { .msg_iov = parts,
		.msg_iovlen = params.n ? 2 : 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(n_fds * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	ssize_t n;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
	do {
		n = sendmsg(control_fd, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? err_set_errno(err, ERR_INTERNAL, errno, "ask for a sandboxed worker") : 0;
}

static uint32_t job_index(const struct sandbox_job *job)
{
	for (uint32_t i = 0; job_table && job_table[i]; i++) {
		if (job_table[i] == job)
			return i;
	}
	return UINT32_MAX;
}

static void worker_free(struct sandbox_worker *w)
{
	cleanup_close(&w->token_fd);
	ring_fini(&w->ring);
	cleanup_close(&w->out_fd);
	cleanup_close(&w->status_fd);
	buf_fini(&w->frames);
	err_clear(&w->error);
	free(w);
}

/* Both ends of a pipe; *ours is what this process keeps. */
static int make_pipe(int *ours, int *theirs, bool we_write, struct err *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set_errno(err, ERR_IO, errno, "make a pipe");
	*ours = fds[we_write];
	*theirs = fds[!we_write];
	return 0;
}

/* The descriptors of a worker, and the request for it. */
static int start_worker(struct sandbox_worker *w, const struct zygote_request *head,
	struct span params, int fd, struct err *err)
{
	_cleanup_close_ int token_read = -1, out_write = -1, status_write = -1, ring_fd = -1;
	bool streamed = fd < 0;
	int r = streamed ? make_pipe(&w->token_fd, &token_read, true, err) : 0;

	if (r == 0 && streamed)
		r = ring_init(&w->ring, &ring_fd, err);
	if (r == 0)
		r = make_pipe(&w->out_fd, &out_write, false, err);
	if (r == 0)
		r = make_pipe(&w->status_fd, &status_write, false, err);
	if (r < 0)
		return r;
	/* Larger means fewer switches between the two; refused beyond the user's quota, which is
	 * fine. */
	(void)fcntl(w->out_fd, F_SETPIPE_SZ, PIPE_BYTES);
	/* A worker that takes no tokens is not to hold this process up. */
	if (streamed && fcntl(w->token_fd, F_SETFL, O_NONBLOCK) < 0)
		return err_set_errno(err, ERR_IO, errno, "set up a pipe");
	const int fds[ZYGOTE_FDS_RING] = { streamed ? token_read : fd, out_write, status_write,
		ring_fd };
	return send_request(head, params, fds, streamed ? ZYGOTE_FDS_RING : ZYGOTE_FDS, err);
}

int sandbox_open(const struct sandbox_job *job, struct span params, int fd,
	struct sandbox_limits limits, struct sandbox_worker **out, struct err *err)
{
	const struct zygote_request head = { .job = job_index(job),
		.cpu_s = limits.cpu_s,
		.memory_bytes = limits.memory_bytes,
		.params_bytes = (uint32_t)params.n };

	if (head.job == UINT32_MAX || control_fd < 0)
		return err_set(
			err, ERR_INTERNAL, "job %s: the sandbox is not started for it", job->name);
	if (params.n > ZYGOTE_PARAMS_MAX)
		return err_set(
			err, ERR_TOO_LARGE, "job %s: %zu bytes of parameters", job->name, params.n);
	struct sandbox_worker *w = xcalloc(1, sizeof(*w));
	*w = (struct sandbox_worker){ .job_name = job->name,
		.limits = limits,
		.token_fd = -1,
		.out_fd = -1,
		.status_fd = -1 };
	buf_init(&w->frames, sizeof(struct frame_header) + SANDBOX_FRAME_MAX + CHUNK_BYTES);
	int r = start_worker(w, &head, params, fd, err);
	if (r < 0) {
		worker_free(w);
		return err_wrap(err, "job %s", job->name);
	}
	*out = w;
	return 0;
}

static void warn_unconfined(struct span why)
{
	static atomic_flag warned = ATOMIC_FLAG_INIT;

	if (!atomic_flag_test_and_set(&warned))
		log_warning("images are analyzed without a system call filter here: %" PRIstr,
			STR_ARG(str_from_span(why)));
}

/* A worker's word is foreign too: codes and lengths are checked. */
static void take_error(struct sandbox_worker *w, struct span payload)
{
	uint32_t code;

	if (payload.n < sizeof(code))
		return;
	memcpy(&code, payload.p, sizeof(code));
	struct str text = str_skip(str_from_span(payload), sizeof(code));
	if (code == ERR_NONE || code >= ERR_COUNT)
		code = ERR_INPUT;
	(void)err_set(&w->error, (enum err_code)code, "%" PRIstr, STR_ARG(text));
}

/* Takes the complete frames that have come. */
static int take_frames(struct sandbox_worker *w, sandbox_frame_fn *frame, void *ctx)
{
	size_t at = 0;
	int r = 0;

	while (r >= 0 && w->frames.n - at >= sizeof(struct frame_header)) {
		struct frame_header header;

		memcpy(&header, w->frames.p + at, sizeof(header));
		if (header.size > SANDBOX_FRAME_MAX) {
			r = err_set(&w->error, ERR_INPUT, "the worker of job %s answers nonsense",
				w->job_name);
			break;
		}
		if (w->frames.n - at < sizeof(header) + header.size)
			break;
		struct span payload = span_n(w->frames.p + at + sizeof(header), header.size);
		at += sizeof(header) + header.size;
		if (header.type == FRAME_DONE)
			w->done = true;
		else if (header.type == FRAME_ERROR)
			take_error(w, payload);
		else if (header.type == FRAME_UNCONFINED)
			warn_unconfined(payload);
		else if (header.type == FRAME_CONSUMED && w->ring.in_flight > 0)
			w->ring.in_flight--;
		else if (header.type <= UINT8_MAX && w->error.code == ERR_NONE && frame)
			r = frame(ctx, (uint8_t)header.type, payload, &w->error);
	}
	buf_consume(&w->frames, at);
	return r;
}

/* How often a cancel is looked for. */
enum { CANCEL_MS = 100 };

/* A worker that neither answers nor takes input any more, without using up its processor time, is
 * not waited for. */
static int wait_for_output(struct sandbox_worker *w)
{
	const atomic_bool *cancel = w->limits.cancel;
	struct pollfd fd = { .fd = w->out_fd, .events = POLLIN };
	uint64_t until = clock_monotonic_ms() + UINT64_C(1000) * LIMIT_WORKER_SILENCE_S;
	uint64_t now;
	int r = 0;

	while (r == 0 && (now = clock_monotonic_ms()) < until) {
		if (cancel && atomic_load(cancel))
			return err_set(&w->error, ERR_CANCELLED, "%s was cancelled", w->job_name);
		r = poll(
			&fd, 1, cancel && until - now > CANCEL_MS ? CANCEL_MS : (int)(until - now));
		if (r < 0 && errno == EINTR)
			r = 0;
	}
	if (r < 0)
		return err_set_errno(
			&w->error, ERR_IO, errno, "job %s: wait for its worker", w->job_name);
	if (r == 0)
		return err_set(&w->error, ERR_TOO_LARGE, "%s made no progress for %d s",
			w->job_name, LIMIT_WORKER_SILENCE_S);
	return 0;
}

/* Reads what is there: the count, 0 at the end, or a negative code, which is in w->error too. */
static ssize_t take_output(struct sandbox_worker *w, sandbox_frame_fn *frame, void *ctx)
{
	void *to = buf_reserve(&w->frames, CHUNK_BYTES);
	ssize_t n;

	if (!to)
		return err_set(&w->error, ERR_INTERNAL, "job %s: frames pile up", w->job_name);
	if (wait_for_output(w) < 0)
		return -(int)w->error.code;
	do {
		n = read(w->out_fd, to, CHUNK_BYTES);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set_errno(
			&w->error, ERR_IO, errno, "job %s: read its answer", w->job_name);
	buf_commit(&w->frames, (size_t)n);
	int r = take_frames(w, frame, ctx);
	return r < 0 ? r : n;
}

static void end_input(struct sandbox_worker *w)
{
	cleanup_close(&w->token_fd);
	w->token_fd = -1;
}

/*
 * Waits until there is a slot to fill, taking frames: 1, or 0 when the worker wants no more. Why is
 * in w->error, or in how it ended, which finishing reports.
 */
static int wait_for_slot(struct sandbox_worker *w, sandbox_frame_fn *frame, void *ctx)
{
	while (w->token_fd >= 0 && w->ring.in_flight == RING_SLOTS) {
		if (take_output(w, frame, ctx) <= 0 || w->error.code != ERR_NONE || w->done)
			end_input(w);
	}
	return w->token_fd >= 0;
}

static void send_slot(struct sandbox_worker *w, uint32_t bytes)
{
	if (ring_send(&w->ring, w->token_fd, bytes) < 0)
		end_input(w);
}

int sandbox_feed(struct sandbox_worker *w, struct span input, struct err *err UNUSED)
{
	struct ring *r = &w->ring;

	while (input.n) {
		if (r->filled == 0 && !wait_for_slot(w, NULL, NULL))
			return 1;
		size_t n = min_size(input.n, RING_SLOT_BYTES - r->filled);
		memcpy(ring_slot(r) + r->filled, input.p, n);
		r->filled += (uint32_t)n;
		input.p += n;
		input.n -= n;
		if (r->filled == RING_SLOT_BYTES)
			send_slot(w, r->filled);
	}
	return w->token_fd < 0;
}

int sandbox_pump(struct sandbox_worker *w, struct stream *in, sandbox_frame_fn *frame, void *ctx,
	struct err *err)
{
	while (wait_for_slot(w, frame, ctx)) {
		ssize_t n = stream_read(in, ring_slot(&w->ring), RING_SLOT_BYTES, err);

		if (n <= 0)
			return (int)n;
		send_slot(w, (uint32_t)n);
	}
	return 0;
}

/* How the worker ended, when it did not end by itself. */
static int explain_end(struct sandbox_worker *w, int status, struct err *err)
{
	char cause[64];

	if (WIFEXITED(status) && WEXITSTATUS(status) == WORKER_EXIT_OUT_OF_MEMORY)
		return err_set(err, ERR_TOO_LARGE, "%s ran out of memory (%" PRIu64 " MiB)",
			w->job_name, w->limits.memory_bytes / MIB);
	if (WIFEXITED(status))
		return err_set(err, ERR_INTERNAL, "%s ended without an answer (exit status %d)",
			w->job_name, WEXITSTATUS(status));
	int sig = WTERMSIG(status);
	if (sig == SIGXCPU)
		return err_set(err, ERR_TOO_LARGE,
			"%s took more than %" PRIu32 " s of processor time", w->job_name,
			w->limits.cpu_s);
	const char *name = sigabbrev_np(sig);
	(void)snprintf(cause, sizeof(cause), "SIG%s", name ? name : "?");
	if (sig == SIGSYS)
		return err_set(err, ERR_INPUT, "%s tried a forbidden system call (%s)", w->job_name,
			cause);
	return err_set(err, ERR_INPUT, "%s crashed (%s)", w->job_name, cause);
}

int sandbox_finish(struct sandbox_worker *w, sandbox_frame_fn *frame, void *ctx, struct err *err)
{
	int status = 0;
	int r = 0;

	if (w->token_fd >= 0 && w->ring.filled > 0)
		send_slot(w, w->ring.filled);
	end_input(w);
	while (w->error.code == ERR_NONE && take_output(w, frame, ctx) > 0)
		continue;
	if (w->error.code != ERR_NONE) {
		r = err_move(err, &w->error);
	} else if (!w->done) {
		ssize_t n = io_read_full(
			w->status_fd, &status, sizeof(status), "status of a worker", err);

		if (n < 0)
			r = (int)n;
		else if ((size_t)n < sizeof(status))
			r = err_set(err, ERR_INTERNAL, "%s: the sandbox has gone", w->job_name);
		else
			r = explain_end(w, status, err);
	}
	worker_free(w);
	return r;
}

void sandbox_abort(struct sandbox_worker *w)
{
	/* The zygote kills a worker whose status nobody reads. */
	if (w)
		worker_free(w);
}

int sandbox_run(const struct sandbox_job *job, struct span params, int fd, struct stream *in,
	struct sandbox_limits limits, sandbox_frame_fn *frame, void *ctx, struct err *err)
{
	struct sandbox_worker *w;
	int r = sandbox_open(job, params, fd, limits, &w, err);

	if (r < 0)
		return r;
	r = in ? sandbox_pump(w, in, frame, ctx, err) : 0;
	if (r < 0) {
		sandbox_abort(w);
		return r;
	}
	return sandbox_finish(w, frame, ctx, err);
}
