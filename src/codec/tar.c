/*
 * tar archives (POSIX.1-2017 pax and ustar, GNU tar, V7) by libarchive, with nothing but its reader
 * for tar and for empty archives registered: no filters, no other formats. libarchive pulls its
 * bytes out of a struct stream through the callbacks here, and skips what nobody reads.
 *
 * Names are the bytes of the archive. libarchive takes the names in pax headers for UTF-8 and tries
 * to convert them to the locale's charset; as the locale is never set, that leaves them alone or
 * fails, and after a failure (a warning) it gives the bytes as they are.
 */
#include "base/base.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <iconv.h>

#include "codec/tar.h"

/*
 * How much is read at once: little after a skip, when the next thing wanted is a header, and more
 * the longer bytes are wanted in sequence.
 */
enum { READ_MIN = 8 * 1024, READ_MAX = 256 * 1024 };

struct tar_reader {
	struct archive *archive;
	struct stream *in;
	char *buffer; /* READ_MAX */
	size_t read_size;
	bool opened;
	bool ended;
	struct archive_entry *entry; /* the current one; NULL before the first */
	struct str path;
	uint64_t size;
	uint64_t size_read;        /* how much of the body was delivered */
	struct err stream_failure; /* what in reported, to be passed on */
	struct err failure;        /* what every call after a failure says again */
};

void tar_init(void)
{
	/* The charsets that libarchive converts between at the first pax header with names. */
	iconv_t cd = iconv_open("ANSI_X3.4-1968", "UTF-8");

	if (cd != (iconv_t)-1)
		(void)iconv_close(cd);
}

static la_ssize_t read_callback(struct archive *a, void *data, const void **buffer)
{
	struct tar_reader *t = data;
	ssize_t r;

	if (t->stream_failure.code != ERR_NONE)
		return ARCHIVE_FATAL;
	r = stream_read(t->in, t->buffer, t->read_size, &t->stream_failure);
	if (r < 0) {
		archive_set_error(a, EIO, "%s", err_msg(&t->stream_failure));
		return ARCHIVE_FATAL;
	}
	t->read_size = min_size(2 * t->read_size, READ_MAX);
	*buffer = t->buffer;
	return r;
}

/* Returns 0 after a failure, so that libarchive goes on to read, which fails. */
static la_int64_t skip_callback(struct archive *a UNUSED, void *data, la_int64_t n)
{
	struct tar_reader *t = data;

	if (n <= 0 || t->stream_failure.code != ERR_NONE)
		return 0;
	if (t->in->skip(t->in, (uint64_t)n, &t->stream_failure) < 0)
		return 0;
	t->read_size = READ_MIN;
	return n;
}

struct tar_reader *tar_open(struct stream *in)
{
	struct tar_reader *t = xcalloc(1, sizeof(*t));

	t->in = in;
	t->buffer = xmalloc(READ_MAX);
	t->read_size = in->skip ? READ_MIN : READ_MAX;
	return t;
}

void tar_close(struct tar_reader *t)
{
	if (!t)
		return;
	if (t->archive)
		(void)archive_read_free(t->archive);
	err_clear(&t->stream_failure);
	err_clear(&t->failure);
	free(t->buffer);
	free(t);
}

/* Reports what went wrong in libarchive or below it, and remembers it. */
static int fail(struct tar_reader *t, struct err *err)
{
	if (t->stream_failure.code != ERR_NONE) {
		(void)err_move(&t->failure, &t->stream_failure);
	} else {
		int code = t->archive ? archive_errno(t->archive) : ENOMEM;
		const char *text = t->archive ? archive_error_string(t->archive) : NULL;

		(void)err_set(&t->failure, code == ENOMEM ? ERR_TOO_LARGE : ERR_INPUT, "tar: %s",
			text             ? text
			: code == ENOMEM ? "out of memory"
					 : "damaged");
	}
	return err_set(err, t->failure.code, "%s", err_msg(&t->failure));
}

/* libarchive reads as soon as it is opened, so this waits for the first call that may fail. */
static int open_archive(struct tar_reader *t)
{
	struct archive *a = archive_read_new();

	t->archive = a;
	t->opened = true;
	if (!a || archive_read_support_format_tar(a) != ARCHIVE_OK ||
		archive_read_support_format_empty(a) != ARCHIVE_OK)
		return ARCHIVE_FATAL;
	return archive_read_open2(
		a, t, NULL, read_callback, t->in->skip ? skip_callback : NULL, NULL);
}

/* A warning means that something about the entry was not understood that does not matter here. */
static bool succeeded(int code)
{
	return code == ARCHIVE_OK || code == ARCHIVE_WARN;
}

static enum tar_type type_of(struct archive_entry *e)
{
	if (archive_entry_hardlink(e))
		return TAR_HARDLINK;
	switch (archive_entry_filetype(e)) {
	case AE_IFREG:
		return TAR_FILE;
	case AE_IFDIR:
		return TAR_DIR;
	case AE_IFLNK:
		return TAR_SYMLINK;
	default:
		return TAR_OTHER;
	}
}

static struct str link_of(struct archive_entry *e, enum tar_type type)
{
	if (type == TAR_HARDLINK)
		return str_of(archive_entry_hardlink(e));
	return type == TAR_SYMLINK ? str_of(archive_entry_symlink(e)) : STR("");
}

/* libarchive has consumed all headers of the entry and nothing else, so the body comes next. */
static uint64_t body_offset(const struct tar_reader *t)
{
	la_int64_t position = archive_filter_bytes(t->archive, 0);

	if (archive_entry_sparse_count(t->entry) > 0 || position < 0)
		return UINT64_MAX;
	return (uint64_t)position;
}

static int describe(struct tar_reader *t, struct tar_entry *out, struct err *err)
{
	struct archive_entry *e = t->entry;
	la_int64_t size = archive_entry_size(e);
	enum tar_type type = type_of(e);
	struct str link = link_of(e, type);

	if (t->path.n > LIMIT_PATH || link.n > LIMIT_PATH) {
		(void)err_set(&t->failure, ERR_TOO_LARGE,
			"tar: a name of more than %" PRIu64 " bytes", LIMIT_PATH);
		return err_set(err, ERR_TOO_LARGE, "%s", err_msg(&t->failure));
	}
	t->size = size > 0 ? (uint64_t)size : 0;
	*out = (struct tar_entry){ .path = t->path,
		.link = link,
		.type = type,
		.size = t->size,
		.offset = body_offset(t) };
	return 1;
}

int tar_next(struct tar_reader *t, struct tar_entry *out, struct err *err)
{
	if (t->failure.code != ERR_NONE)
		return err_set(err, t->failure.code, "%s", err_msg(&t->failure));
	if (!t->opened && open_archive(t) != ARCHIVE_OK)
		return fail(t, err);
	/* An entry without a name cannot be anything of the image. */
	do {
		t->entry = NULL;
		t->size = 0;
		t->size_read = 0;
		if (t->ended)
			return 0;
		int r = archive_read_next_header(t->archive, &t->entry);

		t->ended = r == ARCHIVE_EOF;
		if (!t->ended && !succeeded(r))
			return fail(t, err);
		t->path = t->ended ? STR("") : str_of(archive_entry_pathname(t->entry));
	} while (t->path.n == 0);
	return describe(t, out, err);
}

/* libarchive stops at the last stored byte of a sparse file; a body cut short is an error to it. */
static ssize_t read_last_hole(const struct tar_reader *t, void *p, size_t n)
{
	uint64_t left = t->size_read < t->size ? t->size - t->size_read : 0;

	n = left < n ? (size_t)left : n;
	memset(p, 0, n);
	return (ssize_t)n;
}

ssize_t tar_read(struct tar_reader *t, void *p, size_t n, struct err *err)
{
	if (t->failure.code != ERR_NONE)
		return err_set(err, t->failure.code, "%s", err_msg(&t->failure));
	if (!t->entry || n == 0)
		return 0;
	la_ssize_t r = archive_read_data(t->archive, p, n);

	if (r < 0)
		return fail(t, err);
	if (r == 0)
		r = read_last_hole(t, p, n);
	t->size_read += (uint64_t)r;
	return r;
}

int tar_read_body(struct tar_reader *t, struct buf *out, struct err *err)
{
	char *p = NULL;
	size_t done = 0;

	if (t->size == 0)
		return 0;
	if (out->n > out->max || t->size > out->max - out->n || !(p = buf_reserve(out, t->size)))
		return err_set(err, ERR_TOO_LARGE, "tar: %" PRIstr " has more than %zu bytes",
			STR_ARG(t->path), out->max);
	while (done < t->size) {
		ssize_t r = tar_read(t, p + done, (size_t)t->size - done, err);

		if (r < 0)
			return (int)r;
		if (r == 0)
			return err_set(
				err, ERR_INPUT, "tar: %" PRIstr " is truncated", STR_ARG(t->path));
		done += (size_t)r;
	}
	buf_commit(out, done);
	return 0;
}
