/*
 * What lies in a repository: lists of files, and their contents.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "base/base.h"

#include "feed/git_priv.h"

/* --- lists ----------------------------------------------------------------------------------- */

struct listing {
	struct arena *arena;
	struct git_files *files;
	bool is_difference;
	struct buf record;
	/* Of a difference, whose records are in two parts: what came before the path. */
	struct str object;
	bool has_object;
	bool is_file;
};

/* "100644 blob NAME\tpath", or of a difference ":100644 100644 OLD NEW M", and the path by itself;
 * of files that are not there the mode is 000000. */
static bool is_file_mode(struct str mode)
{
	return str_starts(mode, STR("100"));
}

static int add_file(struct listing *l, struct str path, struct str object, struct err *err)
{
	if (l->files->n >= LIMIT_GIT_FILES)
		return err_set(err, ERR_TOO_LARGE, "git: more than %d files", LIMIT_GIT_FILES);
	vec_push(l->files, (struct git_file){ .path = arena_str(l->arena, path),
				   .object = arena_str(l->arena, object) });
	return 0;
}

static int malformed(struct err *err)
{
	return err_set(err, ERR_INPUT, "git: unexpected output");
}

static int take_entry(struct listing *l, struct str record, struct err *err)
{
	struct str head, path, mode, type, object;

	if (!str_cut(record, '\t', &head, &path) || !str_next_word(&head, &mode) ||
		!str_next_word(&head, &type) || !str_next_word(&head, &object) ||
		!git_is_object_name(object))
		return malformed(err);
	return is_file_mode(mode) ? add_file(l, path, object, err) : 0;
}

static int take_difference(struct listing *l, struct str record, struct err *err)
{
	struct str old_mode, mode, old_object, object;

	if (l->has_object) {
		l->has_object = false;
		return l->is_file ? add_file(l, record, l->object, err) : 0;
	}
	if (!str_starts(record, STR(":")))
		return malformed(err);
	record = str_skip(record, 1);
	if (!str_next_word(&record, &old_mode) || !str_next_word(&record, &mode) ||
		!str_next_word(&record, &old_object) || !str_next_word(&record, &object) ||
		!git_is_object_name(object))
		return malformed(err);
	l->has_object = true;
	l->is_file = is_file_mode(mode) || is_file_mode(old_mode);
	l->object = is_file_mode(mode) ? arena_str(l->arena, object) : STR_NULL;
	return 0;
}

/* The records end in NUL. */
static int take_listing(void *ctx, struct stream *out, struct err *err)
{
	struct listing *l = ctx;
	char chunk[16384];
	ssize_t n;

	while ((n = stream_read(out, chunk, sizeof(chunk), err)) > 0) {
		struct str rest = str_n(chunk, (size_t)n), part;

		while (str_find_char(rest, '\0') >= 0) {
			(void)str_cut(rest, '\0', &part, &rest);
			buf_append_str(&l->record, part);
			int r = buf_check(&l->record, "git: a path", err);
			if (r == 0)
				r = l->is_difference ? take_difference(l, buf_str(&l->record), err)
						     : take_entry(l, buf_str(&l->record), err);
			if (r < 0)
				return r;
			buf_clear(&l->record);
		}
		buf_append_str(&l->record, rest);
	}
	return n < 0 ? (int)n : 0;
}

int git_list(struct git *g, struct str from, const char *const *paths, struct arena *a,
	struct git_files *out, struct err *err)
{
	static const char *const tree[] = { "ls-tree", "-r", "-z", "--full-tree" };
	static const char *const difference[] = { "diff-tree", "-r", "-z", "--raw", "--no-renames",
		"--no-abbrev" };
	struct listing l = { .arena = a,
		.files = out,
		.is_difference = from.n > 0,
		.record = BUF_INIT(LIMIT_PATH + 4 * GIT_OBJECT_MAX) };
	const char *const *head = from.n ? difference : tree;
	const char *args[GIT_ARGS_MAX + 1] = { NULL };
	size_t n = 0;

	if (from.n && !git_has_commit(g, from))
		return 1;
	for (size_t i = 0; i < (from.n ? ARRAY_LEN(difference) : ARRAY_LEN(tree)); i++)
		args[n++] = head[i];
	if (from.n)
		args[n++] = arena_str(a, from).p;
	args[n++] = g->commit.p;
	args[n++] = "--";
	for (size_t i = 0; paths[i] && n < GIT_ARGS_MAX; i++)
		args[n++] = paths[i];
	int r = git_run(g, args, -1, take_listing, &l, err);
	buf_fini(&l.record);
	return r;
}

/* --- contents -------------------------------------------------------------------------------- */

struct reading {
	const struct git_files *files;
	int (*take)(void *ctx, const struct git_file *file, struct str content, struct err *err);
	void *ctx;
	struct buf content;
	bool damaged;
	/* What was read of the output and not taken. */
	char chunk[65536];
	size_t at, end;
};

/* 1 when there is at least one byte, 0 at the end. */
static int fill(struct reading *r, struct stream *out, struct err *err)
{
	if (r->at < r->end)
		return 1;
	ssize_t n = stream_read(out, r->chunk, sizeof(r->chunk), err);
	if (n < 0)
		return (int)n;
	r->at = 0;
	r->end = (size_t)n;
	return n > 0;
}

/* The next n bytes, or up to a newline, which is taken, too (n = SIZE_MAX), into r->content. */
static int take_bytes(struct reading *r, struct stream *out, size_t n, struct err *err)
{
	bool line = n == SIZE_MAX;

	buf_clear(&r->content);
	while (n) {
		int ready = fill(r, out, err);
		if (ready < 0)
			return ready;
		if (ready == 0)
			return err_set(err, ERR_INPUT, "git: its output ends too early");
		struct str have = str_n(r->chunk + r->at, r->end - r->at);
		ptrdiff_t newline = line ? str_find_char(have, '\n') : -1;
		size_t part = min_size(newline >= 0 ? (size_t)newline : have.n, n);
		buf_append(&r->content, have.p, part);
		r->at += part;
		n = line ? n : n - part;
		if (newline >= 0) {
			r->at++;
			break;
		}
	}
	return buf_check(&r->content, "git: a file", err);
}

/* "NAME blob SIZE", or "NAME missing", and what follows it. */
static int take_content(
	struct reading *r, const struct git_file *file, struct stream *out, struct err *err)
{
	struct str line, name, type = STR_NULL, size = STR_NULL;
	uint64_t bytes;
	int code = take_bytes(r, out, SIZE_MAX, err);

	if (code < 0)
		return code;
	line = buf_str(&r->content);
	if (!str_next_word(&line, &name) || !str_next_word(&line, &type) ||
		!str_next_word(&line, &size) || !str_eq(name, file->object) ||
		!str_eq(type, STR("blob")) || !parse_u64(size, &bytes))
		return err_set(err, ERR_INPUT, "git: %" PRIstr ": its content is not there",
			STR_ARG(file->path));
	if (bytes > LIMIT_GIT_FILE)
		return err_set(err, ERR_TOO_LARGE,
			"git: %" PRIstr ": %" PRIu64 " bytes, at most %d", STR_ARG(file->path),
			bytes, (int)LIMIT_GIT_FILE);
	code = take_bytes(r, out, (size_t)bytes, err);
	if (code < 0)
		return code;
	/* The newline behind it. */
	code = fill(r, out, err);
	if (code <= 0)
		return code < 0 ? code : malformed(err);
	r->at++;
	return 0;
}

static int take_contents(void *ctx, struct stream *out, struct err *err)
{
	struct reading *r = ctx;

	vec_for_each(file, r->files) {
		if (file->object.n == 0)
			continue;
		int code = take_content(r, file, out, err);
		if (code < 0) {
			r->damaged = code == -ERR_INPUT;
			return code;
		}
		code = r->take(r->ctx, file, buf_str(&r->content), err);
		if (code < 0)
			return code;
	}
	return 0;
}

/* A file of the names that are asked for: git reads them as fast as it likes. */
static int write_names(const struct git_files *files, struct err *err)
{
	_cleanup_close_ int fd = memfd_create("git-objects", MFD_CLOEXEC);
	_cleanup_buf_ struct buf names = BUF_INIT((size_t)LIMIT_GIT_FILES * (GIT_OBJECT_MAX + 1));

	if (fd < 0)
		return err_set_errno(err, ERR_IO, errno, "git");
	vec_for_each(file, files) {
		buf_append_str(&names, file->object);
		if (file->object.n)
			buf_append_char(&names, '\n');
	}
	int r = buf_check(&names, "git: names of files", err);
	if (r == 0)
		r = io_write_all(fd, names.p, names.n, "git", err);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = err_set_errno(err, ERR_IO, errno, "git");
	return r < 0 ? r : take_fd(&fd);
}

/* Has a mirror made anew the next time. */
static void mark_broken(const struct git *g)
{
	if (g->broken)
		cleanup_close(&(int){ open(g->broken, O_WRONLY | O_CREAT | O_CLOEXEC, 0644) });
}

int git_read(struct git *g, const struct git_files *files,
	int (*take)(void *ctx, const struct git_file *file, struct str content, struct err *err),
	void *ctx, struct err *err)
{
	static const char *const args[] = { "cat-file", "--batch", "--buffer", NULL };
	struct reading *reading = xcalloc(1, sizeof(*reading));
	_cleanup_close_ int fd = write_names(files, err);
	int r = fd < 0 ? fd : 0;

	reading->files = files;
	reading->take = take;
	reading->ctx = ctx;
	buf_init(&reading->content, LIMIT_GIT_FILE);
	if (r == 0)
		r = git_run(g, args, fd, take_contents, reading, err);
	if (reading->damaged || r == -ERR_UPSTREAM)
		mark_broken(g);
	buf_fini(&reading->content);
	free(reading);
	return r;
}
