/*
 * The National Vulnerability Database: feeds, as nvd.nist.gov publishes them
 * (https://nvd.nist.gov/vuln/data-feeds), or its API (nvd_api.c).
 *
 * Feeds lie below one address or in one directory: nvdcve-2.0-2002.json.gz … of each year, and
 * nvdcve-2.0-modified.json.gz with what has changed in the last eight days; likewise
 * nvdcve-1.1-….json.gz and nvdcve-2.0-….xml.gz of former times. Beside each may lie a ".meta" with
 * its SHA-256. From an address that was read as a whole less than a week ago, the modified feed is
 * all that is needed; otherwise each feed that has changed is read.
 */
#include "base/base.h"

#include "codec/codec.h"
#include "feed/feed_priv.h"
#include "feed/nvd_priv.h"
#include "net/net.h"

/* The year of the first feed; older CVEs are in it, too. */
#define FIRST_YEAR 2002
/* A day less than the modified feed covers. */
#define MODIFIED_COVERS_S (7 * 86400)
/* Real ones have some 170 bytes. */
#define META_MAX 4096

static const struct form {
	const char *version;
	const char *extension;
} forms[] = { { "2.0", "json" }, { "1.1", "json" }, { "2.0", "xml" } };

/* No advisory has this name: it is only for the update to be one of a part. */
int nvd_set_partial(struct feed_session *s, struct err *err)
{
	struct feed_sink *sink = feed_sink(s);

	return sink->cover_name(sink, STR("NVD"), err);
}

/* --- one feed -------------------------------------------------------------------------------- */

/* A stream that computes the SHA-256 of what passes. */
struct hashing {
	struct stream stream;
	struct stream *in;
	struct digest_ctx *digest;
};

static ssize_t hashing_read(struct stream *stream, void *p, size_t n, struct err *err)
{
	struct hashing *h = (struct hashing *)stream;
	ssize_t r = stream_read(h->in, p, n, err);

	if (r > 0)
		digest_update(h->digest, p, (size_t)r);
	return r;
}

/* 0, or 1 when it is what it was (without `always`); -ERR_NOT_FOUND when there is none. */
static int read_meta(struct feed_session *s, const char *location, bool always,
	struct nvd_meta *out, struct err *err)
{
	struct feed_document *d;
	char text[META_MAX];
	int r = feed_open(s, location, always ? FEED_ALWAYS : 0, &d, err);

	*out = (struct nvd_meta){ .has_digest = false };
	if (r != 0)
		return r;
	ssize_t n = stream_read_full(feed_stream(d), text, sizeof(text), err);
	if (n < 0) {
		feed_drop(d);
		return (int)n;
	}
	nvd_meta_parse(str_n(text, (size_t)n), out);
	return feed_finish(d, err);
}

static struct str format_digest(struct feed_session *s, const struct digest *d)
{
	char text[DIGEST_TEXT_SIZE];

	digest_format(d, text);
	return arena_str(feed_arena(s), str_of(text));
}

/* Whether the feed, of which `read` is the digest, is what its ".meta" says; it may have been
 * published anew between the two requests. */
static int check_digest(struct feed_session *s, const struct nvd_place *place,
	struct nvd_meta *meta, const struct digest *read, struct err *err)
{
	if (digest_eq(&meta->digest, read))
		return 0;
	int r = read_meta(s, place->meta, true, meta, err);
	if (r < 0)
		return r;
	if (meta->has_digest && digest_eq(&meta->digest, read))
		return 0;
	return err_set(
		err, ERR_MISMATCH, "%s: its SHA-256 is not that of %s", place->feed, place->meta);
}

/* Parses a document that was opened, which is gone afterwards; *digest is that of its content. */
static int parse_document(
	struct feed_session *s, struct feed_document *d, struct digest *digest, struct err *err)
{
	_cleanup_(digest_freep) struct digest_ctx *ctx = digest_new();
	struct hashing h = { .stream.read = hashing_read, .in = feed_stream(d), .digest = ctx };
	int r = nvd_parse(&h.stream, NULL, feed_sink(s), err);

	if (r < 0)
		return feed_fail(d, r, err);
	*digest = digest_final(ctx);
	return feed_finish(d, err);
}

static int unchanged(struct feed_session *s, struct err *err)
{
	int r = nvd_set_partial(s, err);

	return r < 0 ? r : 1;
}

/* As feed_open(). What was known of a feed that is not there any more stays. */
static int open_feed(struct feed_session *s, const struct nvd_place *place,
	const struct nvd_meta *meta, bool known, struct feed_document **d, struct err *err)
{
	_cleanup_err_ struct err failure = ERR_INIT;
	int r = feed_open(s, place->feed, meta->has_digest ? FEED_ALWAYS : 0, d, &failure);

	/* Not to be read next time either: its .meta will not have changed. That of a feed that
	 * never was there is one of XML. */
	if (r == -ERR_NOT_FOUND && known && meta->has_digest)
		return err_set(err, ERR_INPUT, "%s: is not there, but its .meta is",
			url_without_credentials(feed_arena(s), str_of(place->feed)).p);
	if (r == -ERR_NOT_FOUND && known) {
		int partial = nvd_set_partial(s, err);
		if (partial < 0)
			return partial;
	}
	return r < 0 ? err_move(err, &failure) : r;
}

int nvd_read_feed(struct feed_session *s, const struct nvd_place *place, struct nvd_meta *meta,
	struct err *err)
{
	_cleanup_err_ struct err missing = ERR_INIT;
	struct feed_document *d;
	struct digest digest;
	struct str key = arena_printf(feed_arena(s), "sha256 %s",
		url_without_credentials(feed_arena(s), str_of(place->feed)).p);
	struct str before = feed_recall(s, key);
	int r = 0;

	*meta = (struct nvd_meta){ .has_digest = false };
	if (place->meta)
		r = read_meta(s, place->meta, before.n == 0, meta, &missing);
	if (r < 0 && r != -ERR_NOT_FOUND)
		return err_move(err, &missing);
	if (r > 0 || (meta->has_digest && str_eq(before, format_digest(s, &meta->digest))))
		return unchanged(s, err);
	r = open_feed(s, place, meta, before.n > 0, &d, err);
	if (r != 0)
		return r > 0 ? unchanged(s, err) : r;
	r = parse_document(s, d, &digest, err);
	if (r == 0 && meta->has_digest)
		r = check_digest(s, place, meta, &digest, err);
	if (r == 0)
		feed_remember(s, key, meta->has_digest ? format_digest(s, &digest) : STR_NULL);
	return r;
}

/* --- below a URL ----------------------------------------------------------------------------- */

static struct nvd_place place_of(
	struct feed_session *s, const char *base, const struct form *form, const char *name)
{
	struct str stem = arena_printf(feed_arena(s), "nvdcve-%s-%s", form->version, name);

	return (struct nvd_place){
		.feed = feed_join(s, base,
			arena_printf(feed_arena(s), "%s.%s.gz", stem.p, form->extension).p),
		.meta = feed_join(s, base, arena_printf(feed_arena(s), "%s.meta", stem.p).p),
	};
}

static struct str name_of_form(struct feed_session *s, const struct form *form)
{
	return arena_printf(feed_arena(s), "%s %s", form->version, form->extension);
}

/* The year of our clock. */
static unsigned current_year(void)
{
	char text[CLOCK_RFC3339_SIZE];
	uint32_t year;

	clock_format_rfc3339(clock_wall_s(), text);
	return parse_u32(str_n(text, 4), &year) && year >= FIRST_YEAR ? year : FIRST_YEAR;
}

#define KEY_FORM     STR("form")
#define KEY_MODIFIED STR("complete until")

/* Remembers until when everything is known, given that all years were read. */
static void remember_complete(struct feed_session *s, const struct nvd_meta *modified)
{
	if (modified->modified[0])
		feed_remember(
			s, KEY_MODIFIED, arena_str(feed_arena(s), str_of(modified->modified)));
}

/*
 * Whether the modified feed is all that is to be looked at: it has not changed since all was read,
 * or says all that has changed since. 1, 0, or a negative code.
 */
static int modified_suffices(
	struct feed_session *s, const struct nvd_place *modified, struct err *err)
{
	_cleanup_err_ struct err missing = ERR_INIT;
	int64_t before, now;
	struct nvd_meta meta;

	if (!nvd_time_parse(feed_recall(s, KEY_MODIFIED), &before))
		return 0;
	int r = read_meta(s, modified->meta, false, &meta, &missing);
	if (r == -ERR_NOT_FOUND)
		return 0;
	if (r != 0)
		return r < 0 ? err_move(err, &missing) : 1;
	return nvd_time_parse(str_of(meta.modified), &now) && now >= before &&
	       now - before <= MODIFIED_COVERS_S;
}

/* Reads a feed that need not be there: 1 when it is, 0 when it is not. */
static int read_if_there(struct feed_session *s, const struct nvd_place *place,
	struct nvd_meta *meta, struct err *err)
{
	_cleanup_err_ struct err failure = ERR_INIT;
	int r = nvd_read_feed(s, place, meta, &failure);

	if (r == -ERR_NOT_FOUND)
		return 0;
	return r < 0 ? err_move(err, &failure) : 1;
}

/* Every feed of a form: how many there are. */
static int read_years(
	struct feed_session *s, const char *base, const struct form *form, struct err *err)
{
	struct nvd_meta meta;
	unsigned last = current_year();
	int r, found = 0;
	bool complete = true;

	for (unsigned year = FIRST_YEAR; year <= last; year++) {
		struct nvd_place place =
			place_of(s, base, form, arena_printf(feed_arena(s), "%u", year).p);

		r = read_if_there(s, &place, &meta, err);
		if (r < 0)
			return r;
		found += r;
		/* A year's feed need not be there on its first days. */
		complete = complete && (r > 0 || year == last);
	}
	struct nvd_place modified = place_of(s, base, form, "modified");
	r = read_if_there(s, &modified, &meta, err);
	if (r < 0)
		return r;
	found += r;
	if (r > 0 && complete)
		remember_complete(s, &meta);
	return found;
}

/* 1, or 0 when there is no feed of that form. */
static int read_form(
	struct feed_session *s, const char *base, const struct form *form, struct err *err)
{
	struct nvd_meta meta;
	struct nvd_place modified = place_of(s, base, form, "modified");
	int r = modified_suffices(s, &modified, err);

	if (r < 0)
		return r;
	if (r > 0) {
		r = nvd_set_partial(s, err);
		if (r == 0)
			r = nvd_read_feed(s, &modified, &meta, err);
		if (r == 0)
			remember_complete(s, &meta);
		return r < 0 ? r : 1;
	}
	r = read_years(s, base, form, err);
	if (r > 0)
		feed_remember(s, KEY_FORM, name_of_form(s, form));
	return r > 0 ? 1 : r;
}

/* The form that was there last time, or NULL. */
static const struct form *remembered_form(struct feed_session *s)
{
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		if (str_eq(feed_recall(s, KEY_FORM), name_of_form(s, &forms[i])))
			return &forms[i];
	}
	return NULL;
}

static int read_below_url(struct feed_session *s, struct err *err)
{
	const char *base = feed_location(s);
	const struct form *first = remembered_form(s);
	int r = first ? read_form(s, base, first, err) : 0;

	for (size_t i = 0; i < ARRAY_LEN(forms) && r == 0; i++) {
		if (&forms[i] != first)
			r = read_form(s, base, &forms[i], err);
	}
	if (r == 0)
		return err_set(err, ERR_NOT_FOUND, "no feed of NVD (nvdcve-2.0-YEAR.json.gz)");
	return r < 0 ? r : 0;
}

/* --- the source ------------------------------------------------------------------------------ */

static int nvd_read(struct feed_session *s, struct err *err)
{
	const char *location = feed_location(s);
	struct nvd_place place;
	struct nvd_meta meta;

	if (feed_place(s) == FEED_DIRECTORY)
		return nvd_read_directory(s, err);
	if (feed_place(s) == FEED_HTTP && nvd_is_api(location))
		return nvd_read_api(s, err);
	if (feed_place(s) == FEED_HTTP && !nvd_is_file(str_of(location)))
		return read_below_url(s, err);
	/* One file is not the whole of it. */
	place = (struct nvd_place){ .feed = location };
	int r = nvd_set_partial(s, err);
	if (r == 0)
		r = nvd_read_feed(s, &place, &meta, err);
	return r < 0 ? r : 0;
}

const struct feed_driver feed_nvd = {
	.name = "nvd",
	.title = "National Vulnerability Database",
	.default_url = "https://nvd.nist.gov/feeds/json/cve/2.0/",
	.revision = 1,
	.read = nvd_read,
};
