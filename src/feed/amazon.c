/*
 * Amazon Linux, from its package repositories: the servers have a mirror.list for each repository,
 * which names where it is at present; there, repodata/repomd.xml tells of updateinfo.xml.gz and its
 * SHA-256. Repositories of x86_64 are read, since their advisories name the packages of all
 * architectures.
 *
 * Instead of the servers' hosts the source may be a directory or URL with the same paths below it,
 * without mirror.list if need be; or one updateinfo.xml, or a directory of some.
 */
#include "base/base.h"

#include "feed/amazon.h"
#include "feed/feed_priv.h"
#include "feed/format/json_value.h"
#include "feed/format/repomd.h"
#include "feed/listing.h"
#include "feed/session.h"

#define HOST   "https://cdn.amazonlinux.com"
#define HOST_1 "http://repo.us-west-2.amazonaws.com"
/* Where the catalog of extras is. */
#define HOST_EXTRAS "http://amazonlinux.default.amazonaws.com"

/* Documents that only lead to others: what they say counts, not whether they have changed. */
#define POINTER (FEED_ALWAYS | FEED_ONCE)

#define CATALOG "2/extras-catalog.json"
/* Topics are some 70. */
#define TOPICS_MAX     1000
#define TOPIC_NAME_MAX 64

/* What a server that refuses to tell of a repository means for the others. */
enum need {
	NEEDED,   /* the update fails */
	OPTIONAL, /* it is not there, unless it was before */
	ALONE,    /* its release, which has ended and has no other repository, stays as it was */
};

static const struct {
	const char *release;
	const char *path; /* of the folder of mirror.list */
	enum need need;
} repositories[] = {
	{ "1", "2018.03/updates/x86_64", ALONE },
	{ "2", "2/core/latest/x86_64", NEEDED },
	{ "2022", "al2022/core/mirrors/latest/x86_64", ALONE },
	{ "2023", "al2023/core/mirrors/latest/x86_64", NEEDED },
	{ "2023", "al2023/kernel-livepatch/mirrors/latest/x86_64", OPTIONAL },
	{ "2023", "al2023/nvidia/mirrors/latest/x86_64", OPTIONAL },
};

/* An updateinfo.xml that was found. */
struct found {
	const char *location;
	struct digest digest;
	bool has_digest;
};

/* One release: all its repositories. */
struct reading {
	struct feed_session *session;
	const char *release;
	VEC_OF(struct found) found;
};

static bool is_official(struct feed_session *s)
{
	struct str location = str_of(feed_location(s));

	return str_eq(location, STR(HOST)) || str_eq(location, STR(HOST "/"));
}

/* Where a path of a repository is. */
static const char *place_of(struct feed_session *s, const char *path)
{
	if (!is_official(s))
		return feed_join(s, feed_location(s), path);
	if (strcmp(path, CATALOG) == 0)
		return feed_join(s, HOST_EXTRAS, path);
	return feed_join(s, str_starts(str_of(path), STR("2018.03/")) ? HOST_1 : HOST, path);
}

/* The path of a URL, without the slash in front. */
static struct str path_of_url(struct str url)
{
	ptrdiff_t at = str_find(url, STR("://"));

	if (at >= 0)
		url = str_skip(url, (size_t)at + 3);
	(void)str_cut(url, '/', NULL, &url);
	return url;
}

static int read_small(struct feed_document *d, struct buf *out, struct err *err)
{
	char piece[4 * KIB];
	ssize_t n;

	while ((n = stream_read(feed_stream(d), piece, sizeof(piece), err)) > 0)
		buf_append(out, piece, (size_t)n);
	return n < 0 ? (int)n : buf_check(out, "mirror.list", err);
}

/*
 * Where a repository is at present. What mirror.list names is on the servers of Amazon; with
 * another place for the source it is below that.
 */
static int find_repository(
	struct feed_session *s, const char *folder, const char **out, struct err *err)
{
	_cleanup_(feed_dropp) struct feed_document *d = NULL;
	_cleanup_buf_ struct buf content = BUF_INIT(64 * KIB);
	struct str line;
	int r = feed_open(s, feed_join(s, folder, "mirror.list"), POINTER, &d, err);

	if (r == -ERR_NOT_FOUND) {
		err_clear(err);
		*out = folder;
		return 0;
	}
	if (r < 0 || (r = read_small(d, &content, err)) < 0)
		return r;
	struct str rest = buf_str(&content);
	do {
		if (!str_next_line(&rest, &line))
			return err_set(err, ERR_INPUT, "%s/mirror.list is empty", folder);
		line = str_trim(line);
	} while (line.n == 0);
	if (!is_official(s))
		line = path_of_url(line);
	const char *place = arena_cstr(feed_arena(s), line);
	*out = is_official(s) ? place : feed_join(s, feed_location(s), place);
	return 0;
}

/* 1 and the updateinfo.xml of a repository, 0 when it is not there or has none. */
static int find_updateinfo(
	struct feed_session *s, const char *folder, struct found *out, struct err *err)
{
	_cleanup_(feed_dropp) struct feed_document *d = NULL;
	struct repomd_document updateinfo;
	const char *place = folder;
	int r = find_repository(s, folder, &place, err);

	if (r < 0)
		return r;
	r = feed_open(s, feed_join(s, place, "repodata/repomd.xml"), POINTER, &d, err);
	if (r == -ERR_NOT_FOUND) {
		err_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	int found = repomd_find(feed_stream(d), STR("updateinfo"), feed_arena(s), &updateinfo, err);
	if (found < 0)
		return err_wrap(err, "%s/repodata/repomd.xml", place);
	if (found == 0)
		return 0;
	*out = (struct found){ .location = feed_join(s, place, updateinfo.location.p),
		.digest = updateinfo.digest,
		.has_digest = updateinfo.has_digest };
	return 1;
}

/* Servers may answer for what is not there as if it were forbidden (403). */
static bool may_fail(struct feed_session *s, const char *path, enum need need)
{
	return need == ALONE || (need == OPTIONAL && feed_recall(s, str_of(path)).n == 0);
}

static int add_repository(struct reading *r, const char *path, enum need need, struct err *err)
{
	_cleanup_err_ struct err failure = ERR_INIT;
	struct feed_session *s = r->session;
	struct found found;
	int e = find_updateinfo(s, place_of(s, path), &found, &failure);

	if (e == -ERR_UPSTREAM && may_fail(s, path, need)) {
		feed_sink(s)->note(feed_sink(s), err_msg(&failure));
		return 0;
	}
	if (e < 0)
		return err_move(err, &failure);
	if (e > 0) {
		vec_push(&r->found, found);
		feed_remember(s, str_of(path), STR("found"));
	}
	return 0;
}

static bool is_topic(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (!ascii_is_alpha(name.p[i]) && !ascii_is_digit(name.p[i]) &&
			!strchr("._-+", name.p[i]))
			return false;
	}
	return name.n > 0 && name.n <= TOPIC_NAME_MAX && name.p[0] != '.';
}

/* One topic of the catalog, {"n": "kernel-5.15", …}. */
static int read_topic(
	struct json_reader *json, struct arena *a, struct str_vec *topics, struct err *err)
{
	struct str key, text;
	int r;

	while ((r = json_next_key(json, NULL, &key, err)) > 0) {
		if (!str_eq(key, STR("n"))) {
			r = json_skip_value(json, err);
		} else if ((r = json_value_text(json, &text, err)) > 0 && is_topic(text) &&
			   topics->n < TOPICS_MAX) {
			vec_push(topics, arena_str(a, text));
		}
		if (r < 0)
			return r;
	}
	return r;
}

static int read_topics(
	struct json_reader *json, struct arena *a, struct str_vec *topics, struct err *err)
{
	bool odd = false;
	int r = json_value_enter(json, JSON_ARRAY_BEGIN, err);

	if (r <= 0)
		return r;
	while ((r = json_value_element(json, JSON_OBJECT_BEGIN, NULL, &odd, err)) > 0) {
		r = read_topic(json, a, topics, err);
		if (r < 0)
			return r;
	}
	return r;
}

/* Topics of a directory without a catalog: its folders. */
static int list_topics(struct feed_session *s, struct str_vec *topics, struct err *err)
{
	if (feed_place(s) != FEED_DIRECTORY)
		return 0;
	int r = listing_of_directory(
		feed_join(s, feed_location(s), "2/extras"), feed_arena(s), topics, err);
	if (r == -ERR_NOT_FOUND) {
		err_clear(err);
		return 0;
	}
	return r;
}

static int find_topics(struct feed_session *s, struct str_vec *topics, struct err *err)
{
	_cleanup_(feed_dropp) struct feed_document *d = NULL;
	int r = feed_open(s, place_of(s, CATALOG), POINTER, &d, err);

	if (r == -ERR_NOT_FOUND) {
		err_clear(err);
		return list_topics(s, topics, err);
	}
	if (r < 0)
		return r;
	r = json_value_of_key(
		feed_stream(d), STR("topics"), read_topics, feed_arena(s), topics, err);
	return r < 0 ? err_wrap(err, "extras-catalog.json") : 0;
}

static int add_extras(struct reading *r, struct err *err)
{
	struct str_vec topics = VEC_INIT;
	int e = find_topics(r->session, &topics, err);

	for (size_t i = 0; e == 0 && i < topics.n; i++) {
		struct str path = arena_printf(feed_arena(r->session),
			"2/extras/%" PRIstr "/latest/x86_64", STR_ARG(topics.v[i]));

		e = add_repository(r, path.p, OPTIONAL, err);
	}
	vec_fini(&topics);
	return e;
}

static int find_all(struct reading *r, struct err *err)
{
	int e = 0;

	for (size_t i = 0; e == 0 && i < ARRAY_LEN(repositories); i++) {
		if (strcmp(repositories[i].release, r->release) == 0)
			e = add_repository(r, repositories[i].path, repositories[i].need, err);
	}
	/* Extras add to the core. */
	if (e == 0 && r->found.n && strcmp(r->release, "2") == 0)
		e = add_extras(r, err);
	return e;
}

/* What a release was read from, in one word; empty: it cannot be told without reading. */
static struct str state_of(const struct reading *r)
{
	_cleanup_(digest_freep) struct digest_ctx *ctx = digest_new();
	char text[DIGEST_TEXT_SIZE];

	for (size_t i = 0; i < r->found.n; i++) {
		if (!r->found.v[i].has_digest)
			return STR_NULL;
		digest_update(ctx, r->found.v[i].digest.bytes, DIGEST_BYTES);
	}
	struct digest d = digest_final(ctx);
	digest_format(&d, text);
	return arena_str(feed_arena(r->session), str_of(text));
}

/* A stream that is digested as it is read. */
struct digested {
	struct stream stream;
	struct stream *in;
	struct digest_ctx *ctx;
};

static ssize_t digested_read(struct stream *s, void *p, size_t n, struct err *err)
{
	struct digested *d = (struct digested *)s;
	ssize_t got = stream_read(d->in, p, n, err);

	if (got > 0)
		digest_update(d->ctx, p, (size_t)got);
	return got;
}

static int read_compressed(struct feed_session *s, struct stream *in, struct err *err)
{
	_cleanup_(decompress_closep) struct stream *plain = NULL;
	int r = decompress_open(in, LIMIT_FEED_UNCOMPRESSED, &plain, err);

	if (r < 0)
		return r;
	r = amazon_parse(plain, feed_sink(s), err);
	return r < 0 ? r : stream_drain(in, NULL, err);
}

static int read_found(struct feed_session *s, const struct found *f, struct err *err)
{
	_cleanup_(feed_dropp) struct feed_document *d = NULL;
	_cleanup_(digest_freep) struct digest_ctx *ctx = digest_new();
	int r = feed_open(s, f->location, FEED_ALWAYS | FEED_ONCE, &d, err);

	if (r < 0)
		return r;
	struct digested in = {
		.stream = { .read = digested_read }, .in = feed_raw_stream(d), .ctx = ctx
	};
	r = read_compressed(s, &in.stream, err);
	if (r < 0)
		return err_wrap(err, "%s", f->location);
	struct digest digest = digest_final(ctx);
	if (f->has_digest && !digest_eq(&digest, &f->digest))
		return err_set(err, ERR_MISMATCH, "%s: not the SHA-256 that repomd.xml names",
			f->location);
	return feed_finish(take_ptr(d), err);
}

/* What was found of a release, unless that is what was read the last time. */
static int read_found_all(struct reading *r, struct err *err)
{
	struct str key = str_of(amazon_namespaces(str_of(r->release))[0]);
	struct str state = state_of(r);

	if (state.n && str_eq(state, feed_recall(r->session, key)))
		return 0;
	for (const char *const *ns = amazon_namespaces(str_of(r->release)); *ns; ns++) {
		int e = feed_sink(r->session)
				->cover_namespace(feed_sink(r->session), str_of(*ns), err);
		if (e < 0)
			return e;
	}
	for (size_t i = 0; i < r->found.n; i++) {
		int e = read_found(r->session, &r->found.v[i], err);
		if (e < 0)
			return e;
	}
	feed_remember(r->session, key, state);
	return 0;
}

/* 1 when the release is there, 0 when not. */
static int read_release(struct feed_session *s, const char *release, struct err *err)
{
	struct reading reading = { .session = s, .release = release, .found = VEC_INIT };
	int r = find_all(&reading, err);
	bool found = reading.found.n > 0;

	if (r == 0 && found)
		r = read_found_all(&reading, err);
	vec_fini(&reading.found);
	if (r < 0)
		return err_wrap(err, "Amazon Linux %s", release);
	return found;
}

static int read_tree(struct feed_session *s, struct err *err)
{
	static const char *const all[] = { "1", "2", "2022", "2023" };
	int found = 0;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		int r = read_release(s, all[i], err);
		if (r < 0)
			return r;
		found |= r;
	}
	if (!found)
		return err_set(
			err, ERR_NOT_FOUND, "%s: no repository of Amazon Linux", feed_location(s));
	return 0;
}

static int parse_one(struct stream *in, const char *location UNUSED, void *ctx UNUSED,
	struct feed_sink *sink, struct err *err)
{
	return amazon_parse(in, sink, err);
}

static bool is_updateinfo(struct str name)
{
	return str_find(name, STR("updateinfo")) >= 0 &&
	       str_ends(listing_plain_name(name), STR(".xml"));
}

static int read_files(struct feed_session *s, const char *const *files, size_t n, struct err *err)
{
	struct feed_part part = { .locations = files, .n_locations = n, .parse = parse_one };
	int r = feed_read_part(s, &part, err);

	return r < 0 ? r : 0;
}

static int read_directory(struct feed_session *s, struct err *err)
{
	struct str_vec names = VEC_INIT;
	VEC_OF(const char *) files = VEC_INIT;
	int r = listing_of_directory(feed_location(s), feed_arena(s), &names, err);

	vec_for_each(name, &names) {
		if (is_updateinfo(*name))
			vec_push(&files, feed_join(s, feed_location(s), name->p));
	}
	if (r == 0)
		r = files.n ? read_files(s, files.v, files.n, err) : read_tree(s, err);
	vec_fini(&files);
	vec_fini(&names);
	return r;
}

static int amazon_read(struct feed_session *s, struct err *err)
{
	const char *location = feed_location(s);

	if (feed_place(s) == FEED_DIRECTORY)
		return read_directory(s, err);
	if (feed_place(s) == FEED_FILE || is_updateinfo(path_basename(str_of(location))))
		return read_files(s, &location, 1, err);
	return read_tree(s, err);
}

const struct feed_driver feed_amazon = {
	.name = "amazon",
	.title = "Amazon Linux security advisories",
	.default_url = HOST,
	.revision = 1,
	.read = amazon_read,
};
