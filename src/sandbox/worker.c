/*
 * A worker: one job in one locked-up process. Its input is descriptor 0, its frames go to
 * descriptor 1, and there are no others.
 */
#include "sandbox/sandbox_priv.h"

#include <errno.h>
#include <sys/uio.h>

int frame_write(int fd, uint16_t type, struct span payload, struct err *err)
{
	struct frame_header header = { .type = type, .size = (uint32_t)payload.n };
	/* writev() does not write through the pointer. */
	struct iovec parts[2] = { { .iov_base = &header, .iov_len = sizeof(header) },
		{ .iov_base = (void *)(uintptr_t)payload.p, .iov_len = payload.n } };
	ssize_t n;

	do {
		n = writev(fd, parts, payload.n ? 2 : 1);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set_errno(err, ERR_IO, errno, "write to the parent");
	size_t done = (size_t)n;
	if (done < sizeof(header)) {
		int r = io_write_all(
			fd, (char *)&header + done, sizeof(header) - done, "the parent", err);

		if (r < 0)
			return r;
		done = sizeof(header);
	}
	done -= sizeof(header);
	return done < payload.n
		       ? io_write_all(fd, payload.p + done, payload.n - done, "the parent", err)
		       : 0;
}

int sandbox_emit(const struct sandbox_io *io, uint8_t type, struct span payload, struct err *err)
{
	do {
		struct span part = { .p = payload.p, .n = min_size(payload.n, SANDBOX_FRAME_MAX) };
		int r = frame_write(io->out_fd, type, part, err);

		if (r < 0)
			return r;
		if (part.n) {
			payload.p += part.n;
			payload.n -= part.n;
		}
	} while (payload.n);
	return 0;
}

static void on_out_of_memory(void)
{
	_exit(WORKER_EXIT_OUT_OF_MEMORY);
}

static void send_error(int fd, const struct err *e)
{
	_cleanup_buf_ struct buf payload = BUF_INIT(64 * KIB);
	struct err ignored = ERR_INIT;
	uint32_t code = (uint32_t)e->code;

	buf_append(&payload, &code, sizeof(code));
	buf_append_str(&payload, str_head(str_of(err_msg(e)), 16 * KIB));
	/* When the parent is gone there is nobody to tell. */
	if (frame_write(fd, FRAME_ERROR, buf_span(&payload), &ignored) < 0)
		_exit(WORKER_EXIT_NO_PARENT);
}

/* 0 when the job may run. */
static int confine(const struct zygote_request *request, int out_fd, bool require, struct err *err)
{
	int r = lockdown_apply(request->memory_bytes, request->cpu_s, err);

	if (r <= 0)
		return r;
	if (require)
		return err_wrap(err, "the sandbox is required (CLAIR_SANDBOX) and cannot be had");
	r = frame_write(out_fd, FRAME_UNCONFINED, span_from_str(str_of(err_msg(err))), NULL);
	err_clear(err);
	return r;
}

void worker_main(const struct sandbox_job *job, const struct zygote_request *request,
	struct span params, int ring_fd, bool require)
{
	struct err err = ERR_INIT;
	struct sandbox_io io = { .in_fd = 0, .out_fd = 1 };
	struct ring_input input;
	int r = 0;

	xmalloc_on_exhaustion(on_out_of_memory);
	if (ring_fd >= 0) {
		r = ring_input_init(&input, ring_fd, io.in_fd, io.out_fd, &err);
		(void)close(ring_fd);
		io.input = &input.stream;
	}
	if (r == 0)
		r = confine(request, io.out_fd, require, &err);
	if (r == 0)
		r = job->run(&io, params, &err);
	if (r < 0)
		send_error(io.out_fd, &err);
	else if (frame_write(io.out_fd, FRAME_DONE, (struct span){ 0 }, &err) < 0)
		_exit(WORKER_EXIT_NO_PARENT);
	_exit(0);
}
