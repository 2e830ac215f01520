/*
 * Streams over memory and descriptors, see stream.h.
 */
#include "base/base.h"

#include <errno.h>

ssize_t stream_read_full(struct stream *s, void *p, size_t n, struct err *err)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = stream_read(s, (char *)p + done, n - done, err);

		if (r < 0)
			return r;
		if (r == 0)
			break;
		done += (size_t)r;
	}
	return (ssize_t)done;
}

int stream_drain(struct stream *s, uint64_t *dropped, struct err *err)
{
	char chunk[32768];
	uint64_t total = 0;
	ssize_t r;

	while ((r = stream_read(s, chunk, sizeof(chunk), err)) > 0)
		total += (uint64_t)r;
	if (r < 0)
		return (int)r;
	if (dropped)
		*dropped = total;
	return 0;
}

static ssize_t mem_read(struct stream *s, void *p, size_t n, struct err *err UNUSED)
{
	struct stream_mem *m = (struct stream_mem *)s;
	size_t take = min_size(n, m->left.n);

	if (m->chunk)
		take = min_size(take, m->chunk);
	if (take == 0)
		return 0;
	memcpy(p, m->left.p, take);
	m->left.p += take;
	m->left.n -= take;
	return (ssize_t)take;
}

void stream_mem_init(struct stream_mem *m, struct span content, size_t chunk)
{
	*m = (struct stream_mem){ .stream = { .read = mem_read }, .left = content, .chunk = chunk };
}

static ssize_t fd_read(struct stream *s, void *p, size_t n, struct err *err)
{
	struct stream_fd *f = (struct stream_fd *)s;
	ssize_t r;

	n = n < f->left ? n : (size_t)f->left;
	if (n == 0)
		return 0;
	do {
		r = f->at_offset ? pread(f->fd, p, n, (off_t)f->offset) : read(f->fd, p, n);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_set_errno(err, ERR_IO, errno, "read %s", f->what);
	f->offset += (uint64_t)r;
	if (f->left != UINT64_MAX)
		f->left -= (uint64_t)r;
	return r;
}

static int fd_skip(struct stream *s, uint64_t n, struct err *err)
{
	struct stream_fd *f = (struct stream_fd *)s;

	if (n > f->left || n > (uint64_t)INT64_MAX - f->offset)
		return err_set(
			err, ERR_INPUT, "%s ends before byte %" PRIu64, f->what, f->offset + n);
	f->offset += n;
	if (f->left != UINT64_MAX)
		f->left -= n;
	return 0;
}

void stream_fd_init(struct stream_fd *f, int fd, const char *what)
{
	*f = (struct stream_fd){
		.stream = { .read = fd_read }, .fd = fd, .left = UINT64_MAX, .what = what
	};
}

void stream_fd_init_range(
	struct stream_fd *f, int fd, uint64_t offset, uint64_t size, const char *what)
{
	*f = (struct stream_fd){ .stream = { .read = fd_read, .skip = fd_skip },
		.fd = fd,
		.at_offset = true,
		.offset = offset,
		.left = size,
		.what = what };
}
