/*
 * Restarting, complete reads and writes, see io.h.
 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

ssize_t io_read_full(int fd, void *p, size_t n, const char *what, struct err *err)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = read(fd, (char *)p + done, n - done);

		if (r == 0)
			break;
		if (r > 0)
			done += (size_t)r;
		else if (errno != EINTR)
			return err_set_errno(err, ERR_IO, errno, "read %s", what);
	}
	return (ssize_t)done;
}

ssize_t io_pread_full(int fd, void *p, size_t n, uint64_t offset, const char *what, struct err *err)
{
	size_t done = 0;

	while (done < n) {
		if (offset > (uint64_t)INT64_MAX - done)
			return err_set(err, ERR_INPUT,
				"read %s: offset %" PRIu64 " is out of range", what, offset);
		ssize_t r = pread(fd, (char *)p + done, n - done, (off_t)(offset + done));

		if (r == 0)
			break;
		if (r > 0)
			done += (size_t)r;
		else if (errno != EINTR)
			return err_set_errno(err, ERR_IO, errno, "read %s", what);
	}
	return (ssize_t)done;
}

int io_write_all(int fd, const void *p, size_t n, const char *what, struct err *err)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = write(fd, (const char *)p + done, n - done);

		if (r >= 0)
			done += (size_t)r;
		else if (errno != EINTR)
			return err_set_errno(err, ERR_IO, errno, "write %s", what);
	}
	return 0;
}

int io_read_to_end(int fd, struct buf *out, const char *what, struct err *err)
{
	char chunk[65536];

	for (;;) {
		ssize_t r = io_read_full(fd, chunk, sizeof(chunk), what, err);

		if (r < 0)
			return (int)r;
		buf_append(out, chunk, (size_t)r);
		if (out->overflowed || (size_t)r < sizeof(chunk))
			return buf_check(out, what, err);
	}
}

int io_open(const char *path, int flags, mode_t mode, struct err *err)
{
	int fd;

	do {
		fd = open(path, flags | O_CLOEXEC, mode);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return err_set_errno(
			err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "%s", path);
	return fd;
}

/* 0 also when it is there, and -1 with errno when something else is. */
static int make_directory(const char *path)
{
	struct stat st;

	if (mkdir(path, 0755) == 0)
		return 0;
	if (errno != EEXIST)
		return -1;
	if (stat(path, &st) < 0)
		return -1;
	errno = ENOTDIR;
	return S_ISDIR(st.st_mode) ? 0 : -1;
}

int io_reserve_standard(struct err *err)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
		if (fd < 0)
			return err_set_errno(err, ERR_IO, errno, "/dev/null");
	} while (fd <= STDERR_FILENO);
	(void)close(fd);
	return 0;
}

int io_mkdirs(const char *path, struct err *err)
{
	_cleanup_free_ char *copy = xstrdup(path);

	for (char *p = copy + 1; copy[0]; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		bool last = *p == '\0';

		*p = '\0';
		if (make_directory(copy) < 0)
			return err_set_errno(err, ERR_IO, errno, "create directory %s", copy);
		if (last)
			break;
		*p = '/';
	}
	return 0;
}
