/*
 * Streamed input of a worker: memory that the parent writes and the worker can only read, in slots
 * that are used in turn. A token (the number of bytes in the slot, 32 bit) over a pipe gives a slot
 * to the worker, a FRAME_CONSUMED gives it back. A pipe for the bytes themselves would cost two
 * copies and a switch of processes for every 64 KiB; here the parent reads a file right into a
 * slot, and both sides run for a slot or more at a time.
 */
#include "sandbox/sandbox_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

/* --- the parent's end
 * --------------------------------------------------------------------------------------- */

int ring_init(struct ring *r, int *read_only_fd, struct err *err)
{
	_cleanup_close_ int fd = memfd_create("input", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char path[64];

	if (fd < 0 || ftruncate(fd, RING_BYTES) < 0 ||
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		return err_set_errno(err, ERR_IO, errno, "make memory to share with a worker");
	/* Through a descriptor that is open for reading only, nobody can map it for writing. */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	_cleanup_close_ int reader = open(path, O_RDONLY | O_CLOEXEC);
	if (reader < 0)
		return err_set_errno(err, ERR_IO, errno, "%s", path);
	void *base = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return err_set_errno(err, ERR_IO, errno, "map memory to share with a worker");
	*r = (struct ring){ .base = base };
	*read_only_fd = take_fd(&reader);
	return 0;
}

void ring_fini(struct ring *r)
{
	if (r->base)
		(void)munmap(r->base, RING_BYTES);
	r->base = NULL;
}

uint8_t *ring_slot(const struct ring *r)
{
	return r->base + (size_t)r->slot * RING_SLOT_BYTES;
}

int ring_send(struct ring *r, int token_fd, uint32_t bytes)
{
	ssize_t n;

	do {
		n = write(token_fd, &bytes, sizeof(bytes));
	} while (n < 0 && errno == EINTR);
	r->slot = (r->slot + 1) % RING_SLOTS;
	r->in_flight++;
	r->filled = 0;
	return n == (ssize_t)sizeof(bytes) ? 0 : -1;
}

/* --- the worker's end
 * --------------------------------------------------------------------------------------- */

/* The next slot: 1, 0 at the end of the input. */
static int next_slot(struct ring_input *in, struct err *err)
{
	uint32_t bytes;

	if (in->started) {
		int r = frame_write(in->out_fd, FRAME_CONSUMED, (struct span){ 0 }, err);

		if (r < 0)
			return r;
		in->slot = (in->slot + 1) % RING_SLOTS;
	}
	in->started = true;
	ssize_t n = io_read_full(in->token_fd, &bytes, sizeof(bytes), "input", err);
	if (n < (ssize_t)sizeof(bytes)) {
		in->ended = true;
		return n < 0 ? (int)n : 0;
	}
	in->left = span_n(in->base + (size_t)in->slot * RING_SLOT_BYTES, bytes);
	return 1;
}

static ssize_t ring_read(struct stream *s, void *p, size_t n, struct err *err)
{
	struct ring_input *in = (struct ring_input *)s;

	while (in->left.n == 0) {
		int r = in->ended ? 0 : next_slot(in, err);

		if (r <= 0)
			return r;
	}
	n = min_size(n, in->left.n);
	memcpy(p, in->left.p, n);
	in->left.p += n;
	in->left.n -= n;
	return (ssize_t)n;
}

int ring_input_init(struct ring_input *in, int ring_fd, int token_fd, int out_fd, struct err *err)
{
	void *base = mmap(NULL, RING_BYTES, PROT_READ, MAP_SHARED, ring_fd, 0);

	if (base == MAP_FAILED)
		return err_set_errno(err, ERR_INTERNAL, errno, "map the input");
	*in = (struct ring_input){ .stream = { .read = ring_read },
		.base = base,
		.token_fd = token_fd,
		.out_fd = out_fd };
	return 0;
}
