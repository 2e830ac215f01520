/*
 * Measures the three stages of reading a layer, one on top of the other: decompressing, hashing
 * what is compressed, walking the archive. Prints milliseconds of processor time for each file.
 *
 *   bench_decompress decompress|digest|tar FILE…
 */
#include "base/base.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "codec/codec.h"

static uint64_t cpu_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int read_all(struct stream *s, uint64_t *total, struct digest_ctx *digest, struct err *err)
{
	static char buffer[256 * 1024];
	ssize_t r;

	while ((r = stream_read(s, buffer, sizeof(buffer), err)) > 0) {
		*total += (uint64_t)r;
		if (digest)
			digest_update(digest, buffer, (size_t)r);
	}
	return (int)r;
}

static int walk(struct stream *s, uint64_t *total, struct err *err)
{
	_cleanup_(tar_closep) struct tar_reader *t = tar_open(s);
	struct tar_entry e;
	int r;

	while ((r = tar_next(t, &e, err)) > 0)
		*total += 1;
	return r;
}

static int measure(const char *what, const char *path, struct err *err)
{
	_cleanup_close_ int fd = io_open(path, O_RDONLY, 0, err);
	_cleanup_(decompress_closep) struct stream *s = NULL;
	_cleanup_(digest_freep) struct digest_ctx *digest = digest_new();
	struct stat st;
	struct stream_fd in;
	uint64_t total = 0, start = cpu_us();

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_set(err, ERR_IO, "fstat %s", path);
	stream_fd_init_range(&in, fd, 0, (uint64_t)st.st_size, path);
	if (decompress_open(&in.stream, UINT64_MAX, &s, err) < 0)
		return -1;
	int r = strcmp(what, "tar") == 0      ? walk(s, &total, err)
		: strcmp(what, "digest") == 0 ? read_all(s, &total, digest, err)
					      : read_all(s, &total, NULL, err);
	uint64_t used = cpu_us() - start;

	if (r == 0)
		(void)printf("%8" PRIu64 ".%03" PRIu64 " ms  %12" PRIu64 "  %s\n", used / 1000,
			used % 1000, total, path);
	return r;
}

int main(int argc, char **argv)
{
	_cleanup_err_ struct err err = ERR_INIT;

	if (argc < 3)
		return 2;
	for (int i = 2; i < argc; i++) {
		if (measure(argv[1], argv[i], &err) < 0) {
			(void)fprintf(stderr, "%s: %s\n", argv[i], err_msg(&err));
			return 1;
		}
	}
	return 0;
}
