/*
 * The documents of an update, see session.h. The bytes of each pass once, and through everything at
 * once: counting and SHA-256 (of the bytes as they come), decompression, the driver's parser, the
 * store's staging area.
 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "feed/fetch.h"
#include "feed/session_priv.h"

struct failed_stream {
	struct stream stream;
	struct err cause;
};

struct feed_document {
	struct stream raw; /* first: the bytes as they come, counted and hashed */
	struct feed_session *session;
	const char *name; /* where it lies, without credentials; in the session's arena */
	bool remembered;  /* noted when it is read */
	struct document_state before;
	struct document_state state;
	struct stream *in;
	struct fetch *http;
	int fd;
	struct stream_fd file;
	struct digest_ctx *digest;
	uint64_t done;
	uint64_t total; /* UINT64_MAX: unknown */
	bool encoded;   /* a Content-Encoding lies around it */
	struct stream *decoded;
	struct stream *plain;
	struct failed_stream
		failed; /* what is handed out instead when one of them cannot be opened */
};

const char *feed_location(const struct feed_session *s)
{
	return s->where;
}

enum feed_place feed_place(const struct feed_session *s)
{
	return s->place;
}

struct feed_sink *feed_sink(struct feed_session *s)
{
	return &s->sink;
}

struct arena *feed_arena(struct feed_session *s)
{
	return &s->arena;
}

bool feed_is_cancelled(const struct feed_session *s)
{
	return s->o->cancel && atomic_load(s->o->cancel);
}

const char *feed_join(struct feed_session *s, const char *base, const char *name)
{
	struct str b = str_of(base);

	while (b.n > 1 && b.p[b.n - 1] == '/')
		b.n--;
	return arena_printf(&s->arena, "%" PRIstr "/%s", STR_ARG(b), name).p;
}

const char *feed_mirrored(struct feed_session *s, const char *url)
{
	const char *rest = strstr(url, "://");

	if (!s->o->mirror || !s->o->mirror[0] || !url_is_http(str_of(url)) || !rest)
		return url;
	return feed_join(s, s->o->mirror, rest + 3);
}

struct str feed_recall(struct feed_session *s, struct str key)
{
	return documents_get(&s->remembered, key);
}

void feed_remember(struct feed_session *s, struct str key, struct str value)
{
	s->changed |= !str_eq(documents_get(&s->remembered, key), value);
	documents_set(&s->now, key, value);
}

/* --- the bytes ------------------------------------------------------------------------------ */

static ssize_t raw_read(struct stream *stream, void *p, size_t n, struct err *err)
{
	struct feed_document *d = (struct feed_document *)stream;
	struct feed_session *s = d->session;
	struct feed_progress *progress = s->o->progress;

	if (feed_is_cancelled(s))
		return err_set(err, ERR_CANCELLED, "cancelled");
	ssize_t r = stream_read(d->in, p, n, err);

	if (r > 0 && (uint64_t)r > LIMIT_FEED_DOWNLOAD - d->done)
		r = err_set(err, ERR_TOO_LARGE, "more than %" PRIu64 " bytes", LIMIT_FEED_DOWNLOAD);
	else if (r < 0)
		s->blame = BLAME_LOCATION;
	if (r <= 0)
		return r;
	digest_update(d->digest, p, (size_t)r);
	d->done += (uint64_t)r;
	if (progress)
		progress->bytes(progress, s->read_bytes + d->done,
			d->total == UINT64_MAX ? UINT64_MAX : s->read_bytes + d->total, s->puts);
	return r;
}

static struct str format_digest(struct feed_session *s, struct digest d)
{
	char text[DIGEST_TEXT_SIZE];

	digest_format(&d, text);
	return arena_str(&s->arena, str_of(text));
}

/* Whether a regular file holds what was read last. 1, 0, or a negative code. */
static int file_is_unchanged(struct feed_document *d, uint64_t size, struct err *err)
{
	struct stream_fd file;
	char chunk[65536];
	ssize_t r;

	stream_fd_init_range(&file, d->fd, 0, size, d->name);
	while ((r = stream_read(&file.stream, chunk, sizeof(chunk), err)) > 0)
		digest_update(d->digest, chunk, (size_t)r);
	if (r < 0)
		return (int)r;
	return str_eq(format_digest(d->session, digest_final(d->digest)), d->before.digest);
}

static int open_file(struct feed_document *d, const char *path, bool always, struct err *err)
{
	struct stat st;

	d->fd = io_open(path, O_RDONLY, 0, err);
	if (d->fd < 0)
		return d->fd;
	if (fstat(d->fd, &st) < 0)
		return err_set_errno(err, ERR_IO, errno, "%s", path);
	bool regular = S_ISREG(st.st_mode);
	if (regular && d->before.digest.n && !always) {
		int r = file_is_unchanged(d, (uint64_t)st.st_size, err);
		if (r != 0)
			return r;
	}
	stream_fd_init(&d->file, d->fd, d->name);
	d->in = &d->file.stream;
	d->total = regular ? (uint64_t)st.st_size : UINT64_MAX;
	return 0;
}

static int open_url(struct feed_document *d, const char *url, bool always, struct err *err)
{
	struct feed_session *s = d->session;
	struct http_response response;
	struct fetch_options o = {
		.url = feed_mirrored(s, url),
		.netrc = s->o->credentials,
		.cancel = s->o->cancel,
	};

	if (!always) {
		o.etag = d->before.etag;
		o.last_modified = d->before.last_modified;
	}
	int r = fetch_open(&o, &s->arena, &response, &d->http, err);
	if (r < 0)
		return r;
	d->state.etag = response.etag;
	d->state.last_modified = response.last_modified;
	d->encoded = response.content_encoding.n &&
		     !str_eq_nocase(response.content_encoding, STR("identity"));
	d->in = fetch_stream(d->http);
	d->total = response.content_length;
	return response.status == 304;
}

/* The document is what it was; a server may have told other validators. */
static void note_unchanged(struct feed_document *d)
{
	struct feed_session *s = d->session;

	if (d->state.etag.n == 0 && d->state.last_modified.n == 0) {
		d->state.etag = d->before.etag;
		d->state.last_modified = d->before.last_modified;
	}
	d->state.digest = d->before.digest;
	s->etag = d->state.etag;
	s->last_modified = d->state.last_modified;
	s->digest = d->state.digest;
	if (d->remembered)
		documents_note(&s->now, d->name, &d->state);
}

/* A stream that fails as opening it did. */
static ssize_t fail_again(struct stream *s, void *p UNUSED, size_t n UNUSED, struct err *err)
{
	const struct failed_stream *f = (const struct failed_stream *)s;

	return err_set(err, f->cause.code, "%s", err_msg(&f->cause));
}

int feed_open(struct feed_session *s, const char *location, unsigned flags,
	struct feed_document **out, struct err *err)
{
	_cleanup_(feed_dropp) struct feed_document *d = xcalloc(1, sizeof(*d));
	bool always = flags & FEED_ALWAYS;
	int r;

	d->raw.read = raw_read;
	d->failed.stream.read = fail_again;
	d->session = s;
	d->fd = -1;
	d->digest = digest_new();
	d->name = url_without_credentials(&s->arena, str_of(location)).p;
	d->remembered = !(flags & FEED_ONCE);
	if (!documents_find(&s->remembered, d->name, &d->before))
		d->before = (struct document_state){ .digest = STR_NULL };
	s->documents++;
	s->blame = BLAME_LOCATION;
	r = url_is_http(str_of(location)) ? open_url(d, location, always, err)
					  : open_file(d, location, always, err);
	if (r < 0)
		return r;
	s->blame = BLAME_CONTENT;
	if (r > 0) {
		note_unchanged(d);
		return 1;
	}
	*out = take_ptr(d);
	return 0;
}

static struct stream *decompressed(struct feed_document *d, struct stream *in, struct stream **out)
{
	if (*out)
		return *out;
	if (d->failed.cause.code != ERR_NONE ||
		decompress_open(in, LIMIT_FEED_UNCOMPRESSED, out, &d->failed.cause) < 0)
		return &d->failed.stream;
	return *out;
}

struct stream *feed_raw_stream(struct feed_document *d)
{
	return d->encoded ? decompressed(d, &d->raw, &d->decoded) : &d->raw;
}

struct stream *feed_stream(struct feed_document *d)
{
	return decompressed(d, feed_raw_stream(d), &d->plain);
}

int feed_finish(struct feed_document *d, struct err *err)
{
	struct feed_session *s = d->session;

	/* The digest is that of the whole, and a transfer that breaks off behind the data is one
	 * that broke off. */
	int r = stream_drain(&d->raw, NULL, err);
	if (r < 0) {
		feed_drop(d);
		return r;
	}
	d->state.digest = format_digest(s, digest_final(d->digest));
	s->changed |= !str_eq(d->state.digest, d->before.digest);
	s->etag = d->state.etag;
	s->last_modified = d->state.last_modified;
	s->digest = d->state.digest;
	s->read_bytes += d->done;
	if (d->remembered)
		documents_note(&s->now, d->name, &d->state);
	feed_drop(d);
	return 0;
}

int feed_fail(struct feed_document *d, int r, struct err *err)
{
	struct feed_session *s = d->session;

	if (s->blame == BLAME_CONTENT)
		(void)err_wrap(err, "%s", d->name);
	s->blame = BLAME_LOCATION;
	feed_drop(d);
	return r;
}

void feed_drop(struct feed_document *d)
{
	if (!d)
		return;
	decompress_close(d->plain);
	decompress_close(d->decoded);
	fetch_close(d->http);
	cleanup_close(&d->fd);
	digest_free(d->digest);
	err_clear(&d->failed.cause);
	free(d);
}

/* --- parts ---------------------------------------------------------------------------------- */

static int parse_document(const struct feed_part *part, struct feed_session *s,
	struct feed_document *d, const char *location, struct err *err)
{
	int r = part->parse(feed_stream(d), location, part->ctx, &s->sink, err);

	return r == 0 ? feed_finish(d, err) : feed_fail(d, r, err);
}

/* Covers what the part says all of, before the first put. */
static int cover(struct feed_session *s, const struct feed_part *part, struct err *err)
{
	for (size_t i = 0; i < part->n_name_spaces; i++) {
		int r = s->sink.cover_namespace(&s->sink, part->name_spaces[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Opens the documents up to the first that has changed: that one in *first (i its index); 1 when
 * none has.
 */
static int find_changed(struct feed_session *s, const struct feed_part *part, size_t *i,
	struct feed_document **first, size_t *missing, struct err *err)
{
	for (*i = 0; *i < part->n_locations; (*i)++) {
		_cleanup_err_ struct err failure = ERR_INIT;
		int r = feed_open(s, part->locations[*i], 0, first, &failure);

		if (r == 0)
			return 0;
		if (r == -ERR_NOT_FOUND && part->may_miss)
			(*missing)++;
		else if (r < 0)
			return err_move(err, &failure);
	}
	return 1;
}

/*
 * A document that is not there, of a part that is about to be read: 0 when it may be missing. Not
 * when a server had it before: all that it said would be taken for withdrawn.
 */
static int judge_missing(struct feed_session *s, const char *location, struct err *err)
{
	struct document_state before;
	struct str name = url_without_credentials(&s->arena, str_of(location));

	if (s->o->accept_shrinking || !url_is_http(name) ||
		!documents_find(&s->remembered, name.p, &before))
		return 0;
	s->blame = BLAME_LOCATION;
	return err_set(err, ERR_INPUT, "%s: was there before, and is not any more", name.p);
}

static int read_all(struct feed_session *s, const struct feed_part *part, size_t changed,
	struct feed_document *first, struct err *err)
{
	int r = cover(s, part, err);

	if (r < 0) {
		feed_drop(first);
		return r;
	}
	r = parse_document(part, s, first, part->locations[changed], err);
	for (size_t i = 0; i < part->n_locations && r == 0; i++) {
		_cleanup_err_ struct err failure = ERR_INIT;
		struct feed_document *d;

		if (i == changed)
			continue;
		r = feed_open(s, part->locations[i], FEED_ALWAYS, &d, &failure);
		if (r == -ERR_NOT_FOUND && part->may_miss)
			r = judge_missing(s, part->locations[i], err);
		else if (r < 0)
			return err_move(err, &failure);
		else
			r = parse_document(part, s, d, part->locations[i], err);
	}
	return r;
}

int feed_read_part(struct feed_session *s, const struct feed_part *part, struct err *err)
{
	struct feed_document *first = NULL;
	size_t i, missing = 0;
	int r = find_changed(s, part, &i, &first, &missing, err);

	if (r < 0)
		return r;
	if (r > 0 && missing == part->n_locations)
		return err_set(err, ERR_NOT_FOUND, "%s: there is none",
			part->n_locations ? part->locations[0] : "no document");
	return r > 0 ? 1 : read_all(s, part, i, first, err);
}
