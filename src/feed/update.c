/*
 * Bringing a source up to date, see feed_update(). The bytes pass once, and through everything at
 * once: counting and SHA-256 (of the bytes as they come), decompression, the driver's parser, the
 * store's staging area. Only when all of it has gone well does the store commit.
 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "feed/feed_priv.h"
#include "net/net.h"

/* A note is one line of some words. */
#define NOTE_SHOWN 300

/* Whose message it is when something fails: it tells what the message already names. */
enum blame { BLAME_CONTENT, BLAME_LOCATION, BLAME_STORE };

/* The bytes of the feed as they come. */
struct raw {
	struct stream stream;
	struct stream *in;
	struct digest_ctx *digest;
	struct feed_progress *progress;
	const atomic_bool *cancel;
	uint64_t done;
	uint64_t total; /* UINT64_MAX: unknown */
	enum blame *blame;
};

/*
 * Counts different advisories, up to the number that is asked for: a set of 64-bit hashes that
 * never holds more than that, whatever a feed contains.
 */
struct distinct {
	uint64_t *slots;
	size_t mask;
	uint64_t n;
	uint64_t enough;
};

struct job {
	struct feed_sink sink;
	const struct feed_driver *driver;
	struct store *store;
	struct store_update *update;
	struct arena arena;
	struct str location; /* without credentials */
	bool known;          /* the source was updated before: */
	struct source_state before;
	struct str etag;
	struct str last_modified;
	struct raw raw;
	struct stream *http;
	int fd;
	struct stream_fd file;
	bool encoded; /* a Content-Encoding lies around the feed */
	uint64_t puts;
	struct distinct distinct;
	struct feed_result result;
	enum blame blame;
};

void feed_result_fini(struct feed_result *r)
{
	for (size_t i = 0; i < r->n_notes; i++)
		free(r->first_notes[i]);
	*r = (struct feed_result){ 0 };
}

/* --- the bytes ------------------------------------------------------------------------------ */

static ssize_t raw_read(struct stream *s, void *p, size_t n, struct err *err)
{
	struct raw *raw = (struct raw *)s;

	if (raw->cancel && atomic_load(raw->cancel))
		return err_set(err, ERR_CANCELLED, "cancelled");
	ssize_t r = stream_read(raw->in, p, n, err);

	if (r > 0 && (uint64_t)r > LIMIT_FEED_DOWNLOAD - raw->done)
		r = err_set(err, ERR_TOO_LARGE, "more than %" PRIu64 " bytes", LIMIT_FEED_DOWNLOAD);
	else if (r < 0)
		*raw->blame = BLAME_LOCATION;
	if (r <= 0)
		return r;
	digest_update(raw->digest, p, (size_t)r);
	raw->done += (uint64_t)r;
	if (raw->progress)
		raw->progress->bytes(raw->progress, raw->done, raw->total);
	return r;
}

/* What was read and by which reader. In memory of the job. */
static struct str format_digest(struct job *job, const struct digest *d)
{
	char text[DIGEST_TEXT_SIZE];

	digest_format(d, text);
	return arena_printf(&job->arena, "%s;reader=%u", text, job->driver->revision);
}

/* Whether the last update was by this reader; what another one made of the feed says nothing. */
static bool is_same_reader(struct job *job)
{
	return job->known && str_ends(job->before.digest, arena_printf(&job->arena, ";reader=%u",
								  job->driver->revision));
}

static bool is_same_digest(struct job *job, struct digest d)
{
	return job->known && str_eq(job->before.digest, format_digest(job, &d));
}

/* Whether a regular file holds what the last update read. 1, 0, or a negative code. */
static int file_is_unchanged(struct job *job, uint64_t size, const char *path, struct err *err)
{
	_cleanup_(digest_freep) struct digest_ctx *digest = digest_new();
	struct stream_fd file;
	char chunk[65536];
	ssize_t r;

	stream_fd_init_range(&file, job->fd, 0, size, path);
	while ((r = stream_read(&file.stream, chunk, sizeof(chunk), err)) > 0)
		digest_update(digest, chunk, (size_t)r);
	if (r < 0)
		return (int)r;
	return is_same_digest(job, digest_final(digest));
}

static int open_file(struct job *job, const char *path, struct err *err)
{
	struct stat st;

	job->fd = io_open(path, O_RDONLY, 0, err);
	if (job->fd < 0)
		return job->fd;
	if (fstat(job->fd, &st) < 0)
		return err_set_errno(err, ERR_IO, errno, "%s", path);
	bool regular = S_ISREG(st.st_mode);
	if (regular && job->known) {
		int r = file_is_unchanged(job, (uint64_t)st.st_size, path, err);
		if (r != 0)
			return r;
	}
	stream_fd_init(&job->file, job->fd, path);
	job->raw.in = &job->file.stream;
	job->raw.total = regular ? (uint64_t)st.st_size : UINT64_MAX;
	return 0;
}

static int open_url(struct job *job, const char *url, struct err *err)
{
	struct http_response response;
	struct http_get_options o = {
		.url = url,
		.max_bytes = LIMIT_FEED_DOWNLOAD,
		.accept_gzip = true,
		.cancel = job->raw.cancel,
	};

	/* Validators are the word of one location: another one's may mean something else by them.
	 */
	if (is_same_reader(job) && str_eq(job->before.location, job->location)) {
		o.etag = job->before.etag;
		o.last_modified = job->before.last_modified;
	}
	int r = http_get(&o, &job->arena, &response, &job->http, err);
	if (r < 0)
		return r;
	job->etag = response.etag;
	job->last_modified = response.last_modified;
	job->encoded = response.content_encoding.n &&
		       !str_eq_nocase(response.content_encoding, STR("identity"));
	job->raw.in = job->http;
	job->raw.total = response.content_length;
	return response.status == 304;
}

/* 0 when there is something to read, 1 when it is known to be current. */
static int open_location(struct job *job, const char *location, struct err *err)
{
	enum location_kind kind;
	const char *path;

	job->blame = BLAME_LOCATION;
	int r = location_resolve(location, &job->arena, &kind, &path, err);
	if (r < 0)
		return r;
	r = kind == LOCATION_HTTP ? open_url(job, location, err) : open_file(job, path, err);
	if (r >= 0)
		job->blame = BLAME_CONTENT;
	return r;
}

/* --- what the driver finds ---------------------------------------------------------------------
 */

static void distinct_init(struct distinct *d, uint64_t enough)
{
	size_t cap = 64;

	while (cap < 2 * enough)
		cap *= 2;
	*d = (struct distinct){
		.slots = enough ? xcalloc(cap, sizeof(*d->slots)) : NULL,
		.mask = cap - 1,
		.enough = enough,
	};
}

/* FNV-1a, going on from h. */
static uint64_t hash(uint64_t h, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3U;
	return h;
}

static void distinct_add(struct distinct *d, struct str name_space, struct str name)
{
	if (d->n == d->enough)
		return;
	uint64_t h = hash(hash(hash(0xcbf29ce484222325U, name_space), STR("\n")), name) | 1;
	size_t i = (h >> 20) & d->mask;
	while (d->slots[i] && d->slots[i] != h)
		i = (i + 1) & d->mask;
	if (!d->slots[i])
		d->n++;
	d->slots[i] = h;
}

/* Keeps a note; it holds words of the feed, which must not reach a terminal as they are. */
static void sink_note(struct feed_sink *sink, const char *what)
{
	struct job *job = (struct job *)sink;
	struct feed_result *result = &job->result;

	result->skipped++;
	if (result->n_notes == ARRAY_LEN(result->first_notes))
		return;
	char *text = strndup(what, NOTE_SHOWN);
	if (!text)
		abort();
	for (char *c = text; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	result->first_notes[result->n_notes++] = text;
}

static int sink_put(struct feed_sink *sink, const struct advisory *a, struct err *err)
{
	struct job *job = (struct job *)sink;
	int r = store_update_put(job->update, a, err);

	if (r == -ERR_INPUT) {
		_cleanup_free_ char *text = NULL;

		if (asprintf(&text, "%" PRIstr " %" PRIstr ": %s", STR_ARG(a->name_space),
			    STR_ARG(a->name), err ? err_msg(err) : "cannot be stored") < 0)
			abort();
		sink_note(sink, text);
	} else if (r < 0) {
		job->blame = BLAME_STORE;
	} else {
		job->puts++;
		distinct_add(&job->distinct, a->name_space, a->name);
	}
	return r;
}

static int parse_decompressed(struct job *job, struct stream *in, struct err *err)
{
	_cleanup_(decompress_closep) struct stream *plain = NULL;

	int r = decompress_open(in, LIMIT_FEED_UNCOMPRESSED, &plain, err);
	if (r < 0)
		return r;
	return job->driver->parse(plain, &job->sink, err);
}

/* Reads everything there is into the staging area. */
static int parse_all(struct job *job, struct err *err)
{
	_cleanup_(decompress_closep) struct stream *decoded = NULL;
	struct stream *in = &job->raw.stream;
	int r = 0;

	if (job->encoded) {
		r = decompress_open(in, LIMIT_FEED_UNCOMPRESSED, &decoded, err);
		in = decoded;
	}
	if (r == 0)
		r = parse_decompressed(job, in, err);
	if (r < 0)
		return r;
	/* The digest is that of the whole, and a transfer that breaks off behind the data is one
	 * that broke off. */
	return stream_drain(&job->raw.stream, NULL, err);
}

static int check_shrinking(struct job *job, bool accept, struct err *err)
{
	if (accept)
		return 0;
	if (job->puts == 0)
		return err_set(err, ERR_INPUT, "holds no advisories");
	if (job->distinct.n < job->distinct.enough)
		return err_set(err, ERR_INPUT,
			"holds %" PRIu64 " advisories, fewer than half of the %" PRIu64
			" of the last update: taken for damaged",
			job->distinct.n, job->before.advisories);
	return 0;
}

/* --- the end of it --------------------------------------------------------------------------- */

static int commit(struct job *job, const struct digest *d, struct err *err)
{
	struct feed_result *result = &job->result;
	struct source_state state = {
		.name = str_of(job->driver->name),
		.location = job->location,
		.etag = job->etag,
		.last_modified = job->last_modified,
		.updated_at = clock_wall_s(),
	};

	state.digest = format_digest(job, d);
	state.checked_at = state.updated_at;
	job->blame = BLAME_STORE;
	int r = store_update_commit(take_ptr(job->update), &state, &result->changes, err);
	if (r < 0)
		return r;
	result->advisories =
		result->changes.inserted + result->changes.changed + result->changes.unchanged;
	return 0;
}

/* The store has it all: notes that it was looked at. */
static int touch(struct job *job, struct err *err)
{
	struct source_state state = job->before;

	store_update_abort(take_ptr(job->update));
	state.location = job->location;
	state.etag = job->etag;
	state.last_modified = job->last_modified;
	state.checked_at = clock_wall_s();
	job->blame = BLAME_STORE;
	int r = store_source_touch(job->store, &state, err);
	if (r < 0)
		return r;
	/* Notes are about what was read; nothing of it was taken. */
	feed_result_fini(&job->result);
	job->result.up_to_date = true;
	job->result.advisories = job->before.advisories;
	return 0;
}

/* Reads the feed; 0 when it was committed, 1 when it turned out to be what the store has. */
static int take_over(struct job *job, const struct feed_update_options *o, struct err *err)
{
	job->blame = BLAME_STORE;
	int r = store_update_begin(job->store, str_of(job->driver->name), &job->update, err);
	if (r < 0)
		return r;
	store_update_set_notify(job->update, o->notify);
	job->blame = BLAME_CONTENT;
	distinct_init(&job->distinct, (job->before.advisories + 1) / 2);
	r = parse_all(job, err);
	if (r < 0)
		return r;
	struct digest d = digest_final(job->raw.digest);
	if (is_same_digest(job, d))
		return 1;
	r = check_shrinking(job, o->accept_shrinking, err);
	return r < 0 ? r : commit(job, &d, err);
}

static int run(struct job *job, const struct feed_update_options *o, struct err *err)
{
	job->blame = BLAME_STORE;
	int r = store_source_get(
		job->store, str_of(job->driver->name), &job->arena, &job->before, err);
	if (r < 0)
		return r;
	job->known = r > 0;
	r = open_location(job, o->location, err);
	if (r == 0)
		r = take_over(job, o, err);
	return r > 0 ? touch(job, err) : r;
}

static void job_fini(struct job *job)
{
	store_update_abort(job->update);
	if (job->http)
		http_close(job->http);
	cleanup_close(&job->fd);
	digest_free(job->raw.digest);
	free(job->distinct.slots);
	feed_result_fini(&job->result);
	arena_fini(&job->arena);
}

int feed_update(struct store *s, const struct feed_update_options *o, struct feed_result *out,
	struct err *err)
{
	_cleanup_(job_fini) struct job job = {
		.sink = { .put = sink_put, .note = sink_note },
		.driver = o->driver,
		.store = s,
		.fd = -1,
		.raw = { .stream = { .read = raw_read },
			.digest = digest_new(),
			.progress = o->progress,
			.cancel = o->cancel,
			.blame = &job.blame },
	};

	job.location = url_without_credentials(&job.arena, str_of(o->location));
	int r = run(&job, o, err);
	if (r < 0) {
		if (job.blame == BLAME_CONTENT)
			(void)err_wrap(err, "%s", job.location.p);
		return err_wrap(err, "%s", o->driver->name);
	}
	*out = job.result;
	job.result = (struct feed_result){ 0 };
	return 0;
}
