/*
 * A root file system directory: the parent opens the wanted files below it (openat2(2) with
 * RESOLVE_IN_ROOT, so links lead nowhere else) and streams them to a worker, which reads them. On
 * the way a file is: length of its path (32 bit), path, length of its content (64 bit), content;
 * all big-endian.
 */
#include "analyze/analyze_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* --- in the worker
 * ---------------------------------------------------------------------------------------- */

struct file_body {
	struct stream *in;
	uint64_t size;
};

static int read_body(void *ctx, struct buf *out, struct err *err)
{
	struct file_body *b = ctx;
	void *to = buf_reserve(out, b->size);

	if (!to)
		return buf_check(out, "file", err);
	ssize_t n = stream_read_full(b->in, to, b->size, err);
	if (n < 0)
		return (int)n;
	buf_commit(out, (size_t)n);
	return (uint64_t)n == b->size ? 0 : err_set(err, ERR_INPUT, "truncated file");
}

/* The next file: 1, 0 at the end. */
static int take_file(struct stream *in, struct collector *c, struct err *err)
{
	uint8_t raw[8];
	char path[4096];
	ssize_t n = stream_read_full(in, raw, 4, err);

	if (n <= 0)
		return (int)n;
	uint32_t path_bytes = get_be32(raw);
	if (n < 4 || path_bytes > sizeof(path) ||
		stream_read_full(in, path, path_bytes, err) != (ssize_t)path_bytes ||
		stream_read_full(in, raw, 8, err) != 8)
		return err_set(err, ERR_INPUT, "truncated list of files");
	struct file_body ctx = { .in = in, .size = get_be64(raw) };
	struct body body = { .read = read_body, .ctx = &ctx };
	int r = collector_add(c, TAR_FILE, str_n(path, path_bytes), STR_NULL, ctx.size, &body, err);
	return r < 0 ? r : 1;
}

static int run_files(const struct sandbox_io *io, struct span params UNUSED, struct err *err)
{
	struct collector collector;
	struct layer_facts facts;
	int r;

	collector_init(&collector, NULL);
	layer_facts_init(&facts);
	while ((r = take_file(io->input, &collector, err)) > 0)
		continue;
	if (r == 0)
		r = collector_finish(&collector, &facts, err);
	if (r == 0)
		r = facts_emit(io, &facts, err);
	layer_facts_fini(&facts);
	collector_fini(&collector);
	return r;
}

const struct sandbox_job analyze_files_job = { .name = "directory analysis", .run = run_files };

/* --- in the parent
 * ---------------------------------------------------------------------------------------- */

enum { OPEN_TRIES = 10000 };

struct directory_scan {
	int root_fd;
	const char *root;
	struct sandbox_worker *worker;
	struct map seen; /* device and inode: two paths of one file (var/lib/rpm is often a link)
			    count once */
};

/* A descriptor, or -ERR_NOT_FOUND (also for what is no such path), or another code. */
static int open_in_root(
	const struct directory_scan *d, const char *path, uint64_t flags, struct err *err)
{
	const struct open_how how = { .flags = flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	long fd;
	int tries = 0;

	/* Where ".." was followed, a rename anywhere on the machine makes the kernel ask for
	 * another try. */
	do {
		fd = syscall(SYS_openat2, d->root_fd, path, &how, sizeof(how));
	} while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++tries < OPEN_TRIES)));
	if (fd >= 0)
		return (int)fd;
	if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
		return err_set(err, ERR_NOT_FOUND, "%s/%s", d->root, path);
	return err_set_errno(err, ERR_IO, errno, "%s/%s", d->root, path);
}

/* Whether this file comes for the first time. */
static bool is_new(struct directory_scan *d, const struct stat *st)
{
	const uint64_t id[2] = { st->st_dev, st->st_ino };
	struct str key = str_n((const char *)id, sizeof(id));

	if (map_has(&d->seen, key))
		return false;
	map_set(&d->seen, key, NULL);
	return true;
}

/* Sends size bytes, zeros where a file shrinks under way: the worker was told how many come. */
static int send_content(
	struct directory_scan *d, int fd, uint64_t size, const char *path, struct err *err)
{
	_cleanup_free_ char *chunk = xmalloc(256 * KIB);

	for (uint64_t done = 0; done < size;) {
		size_t want = size - done < 256 * KIB ? (size_t)(size - done) : 256 * KIB;
		ssize_t n = io_read_full(fd, chunk, want, path, err);

		if (n < 0)
			return (int)n;
		memset(chunk + n, 0, want - (size_t)n);
		int r = sandbox_feed(d->worker, span_n(chunk, want), err);
		if (r != 0)
			return r;
		done += want;
	}
	return 0;
}

static int send_file(struct directory_scan *d, int fd, const char *path, struct err *err)
{
	_cleanup_buf_ struct buf head = BUF_INIT(LIMIT_PATH);
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set_errno(err, ERR_IO, errno, "%s/%s", d->root, path);
	if (!S_ISREG(st.st_mode) || !is_new(d, &st))
		return 0;
	buf_append_lstr(&head, str_of(path));
	buf_append_u64(&head, (uint64_t)st.st_size);
	int r = buf_check(&head, path, err);
	if (r == 0)
		r = sandbox_feed(d->worker, buf_span(&head), err);
	return r != 0 ? r : send_content(d, fd, (uint64_t)st.st_size, path, err);
}

static int send_path(struct directory_scan *d, const char *path, struct err *err)
{
	struct err why = ERR_INIT;
	_cleanup_close_ int fd = open_in_root(d, path, O_RDONLY, &why);

	if (fd < 0 && why.code == ERR_NOT_FOUND) {
		err_clear(&why);
		return 0;
	}
	return fd < 0 ? err_move(err, &why) : send_file(d, fd, path, err);
}

static void cleanup_dir(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

/* Every entry of a folder of databases. */
static int send_folder(struct directory_scan *d, const char *folder, struct err *err)
{
	struct err why = ERR_INIT;
	int fd = open_in_root(d, folder, O_RDONLY | O_DIRECTORY, &why);
	_cleanup_(cleanup_dir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (fd < 0 && why.code == ERR_NOT_FOUND) {
		err_clear(&why);
		return 0;
	}
	if (fd < 0)
		return err_move(err, &why);
	if (!dir) {
		int cause = errno;

		(void)close(fd);
		return err_set_errno(err, ERR_IO, cause, "%s/%s", d->root, folder);
	}
	while (errno = 0, (e = readdir(dir))) {
		_cleanup_free_ char *path = NULL;

		if (e->d_name[0] == '.')
			continue;
		if (asprintf(&path, "%s%s", folder, e->d_name) < 0)
			abort();
		int r = package_db_driver_for(str_of(path)) ? send_path(d, path, err) : 0;
		if (r != 0)
			return r;
	}
	return errno ? err_set_errno(err, ERR_IO, errno, "%s/%s", d->root, folder) : 0;
}

static int send_all(struct directory_scan *d, struct err *err)
{
	const char *path;
	int r = 0;

	for (size_t i = 0; r == 0 && (path = wanted_path_at(i)); i++) {
		r = str_ends(str_of(path), STR("/")) ? send_folder(d, path, err)
						     : send_path(d, path, err);
		const struct package_db_driver *driver = package_db_driver_for(str_of(path));
		if (r == 0 && driver && driver->companion_suffix) {
			_cleanup_free_ char *companion = NULL;

			if (asprintf(&companion, "%s%s", path, driver->companion_suffix) < 0)
				abort();
			r = send_path(d, companion, err);
		}
	}
	/* 1: the worker stopped listening; its answer says why. */
	return r < 0 ? r : 0;
}

int analyze_directory(const char *path, struct layer_facts *out, struct err *err)
{
	_cleanup_close_ int root_fd = io_open(path, O_PATH | O_DIRECTORY, 0, err);
	struct directory_scan d = { .root_fd = root_fd, .root = path, .seen = MAP_INIT };
	struct facts_answer answer = { .encoded = BUF_INIT(LIMIT_FACTS) };

	if (root_fd < 0)
		return root_fd;
	int r = sandbox_open(&analyze_files_job, (struct span){ 0 }, -1,
		sandbox_limits_for(UINT64_MAX), &d.worker, err);
	if (r < 0)
		return r;
	r = send_all(&d, err);
	if (r < 0)
		sandbox_abort(d.worker);
	else
		r = sandbox_finish(d.worker, facts_answer_take, &answer, err);
	if (r == 0)
		r = layer_facts_decode(buf_span(&answer.encoded), out, err);
	buf_fini(&answer.encoded);
	map_fini(&d.seen);
	return r;
}
