#include "base/base.h"

#include "feed/listing.h"
#include "feed/oval_source.h"

/* What a server's documents were that have been read: their names. */
#define KEY_READ "read"

bool oval_document_number(
	struct str document, struct str prefix, struct str *year, struct str *number)
{
	struct str digits = listing_plain_name(document);

	if (!str_skip_prefix(&digits, prefix) || !str_ends(digits, STR(".xml")))
		return false;
	digits.n -= 4;
	for (size_t i = 0; i < digits.n; i++) {
		if (!ascii_is_digit(digits.p[i]))
			return false;
	}
	*year = str_head(digits, 4);
	*number = str_skip(digits, 4);
	return digits.n >= 8 && digits.n <= 12;
}

int oval_source_list(struct feed_session *s, struct str_vec *out, struct err *err)
{
	_cleanup_(feed_dropp) struct feed_document *d = NULL;

	if (feed_place(s) == FEED_DIRECTORY)
		return listing_of_directory(feed_location(s), feed_arena(s), out, err);
	_cleanup_err_ struct err failure = ERR_INIT;
	int r = feed_open(s, feed_location(s), FEED_ALWAYS | FEED_ONCE, &d, &failure);
	if (r == -ERR_NOT_FOUND)
		return 0;
	if (r < 0)
		return err_move(err, &failure);
	r = listing_of_page(feed_stream(d), feed_arena(s), out, err);
	/* Left without an end: that a page has changed is no change of the source. */
	return r < 0 ? err_wrap(err, "%s", feed_location(s)) : 0;
}

bool oval_source_has_advisories(const struct oval_source *o, const struct str_vec *names)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;

	vec_for_each(name, names) {
		if (o->advisory_of(*name, &a).n)
			return true;
	}
	return false;
}

static int parse_part(struct stream *in, const char *location UNUSED, void *ctx,
	struct feed_sink *sink, struct err *err)
{
	const struct oval_source *o = ctx;

	return o->parse(in, false, sink, err);
}

static int read_directory(struct feed_session *s, const struct oval_source *o,
	const struct str_vec *names, struct err *err)
{
	VEC_OF(const char *) locations = VEC_INIT;
	struct oval_source source = *o;

	vec_for_each(name, names) {
		if (o->advisory_of(*name, feed_arena(s)).n)
			vec_push(&locations, feed_join(s, feed_location(s), name->p));
	}
	struct feed_part part = { .locations = locations.v,
		.n_locations = locations.n,
		.parse = parse_part,
		.ctx = &source };
	int r = feed_read_part(s, &part, err);
	vec_fini(&locations);
	return r < 0 ? r : 0;
}

/* --- a server ------------------------------------------------------------------------------- */

static int read_advisory(struct feed_session *s, const struct oval_source *o, struct str name,
	bool covering, struct err *err)
{
	_cleanup_(feed_dropp) struct feed_document *d = NULL;
	struct str advisory = o->advisory_of(name, feed_arena(s));
	const char *location = feed_join(s, feed_location(s), name.p);
	int r = feed_open(s, location, FEED_ALWAYS | FEED_ONCE, &d, err);

	if (r >= 0 && covering)
		r = feed_sink(s)->cover_name(feed_sink(s), advisory, err);
	if (r < 0)
		return r;
	r = o->parse(feed_stream(d), covering, feed_sink(s), err);
	return r < 0 ? err_wrap(err, "%s", location) : feed_finish(take_ptr(d), err);
}

static void recall_read(struct feed_session *s, struct map *out)
{
	struct str rest = feed_recall(s, STR(KEY_READ)), word;

	while (str_next_word(&rest, &word))
		map_set(out, word, out);
}

static int read_new(struct feed_session *s, const struct oval_source *o,
	const struct str_vec *names, const struct map *read, struct buf *now, struct err *err)
{
	bool covering = read->n > 0;

	vec_for_each(name, names) {
		if (o->advisory_of(*name, feed_arena(s)).n == 0)
			continue;
		int r = map_has(read, *name) ? 0 : read_advisory(s, o, *name, covering, err);
		if (r < 0)
			return r;
		buf_printf(now, "%s%" PRIstr, now->n ? " " : "", STR_ARG(*name));
	}
	return buf_check(now, "names of documents", err);
}

static int read_server(struct feed_session *s, const struct oval_source *o,
	const struct str_vec *names, struct err *err)
{
	_cleanup_map_ struct map read = MAP_INIT;
	_cleanup_buf_ struct buf now = BUF_INIT(LIMIT_LISTING);

	recall_read(s, &read);
	int r = read_new(s, o, names, &read, &now, err);
	if (r == 0)
		feed_remember(s, STR(KEY_READ), arena_str(feed_arena(s), buf_str(&now)));
	return r;
}

int oval_source_read_advisories(struct feed_session *s, const struct oval_source *o,
	const struct str_vec *names, struct err *err)
{
	if (feed_place(s) == FEED_DIRECTORY)
		return read_directory(s, o, names, err);
	return read_server(s, o, names, err);
}

/* --- one file ------------------------------------------------------------------------------- */

static struct str last_part(const char *location)
{
	struct str path = str_of(location), name;

	(void)str_cut(path, '?', &path, NULL);
	return str_rcut(path, '/', NULL, &name) ? name : path;
}

static bool is_archive(struct str name)
{
	return str_ends(listing_plain_name(name), STR(".tar")) || str_ends(name, STR(".tgz"));
}

bool oval_source_is_file(const struct feed_session *s)
{
	struct str name = last_part(feed_location(s));

	if (feed_place(s) != FEED_HTTP)
		return feed_place(s) == FEED_FILE;
	return is_archive(name) || str_ends(listing_plain_name(name), STR(".xml"));
}

struct body {
	struct stream stream;
	struct tar_reader *tar;
};

static ssize_t body_read(struct stream *s, void *p, size_t n, struct err *err)
{
	return tar_read(((struct body *)s)->tar, p, n, err);
}

static int parse_archive(struct stream *in, const char *location UNUSED, void *ctx,
	struct feed_sink *sink, struct err *err)
{
	_cleanup_(tar_closep) struct tar_reader *tar = tar_open(in);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	const struct oval_source *o = ctx;
	struct tar_entry entry;
	int r;

	while ((r = tar_next(tar, &entry, err)) > 0) {
		struct str name = entry.path;

		(void)str_rcut(name, '/', NULL, &name);
		if (entry.type != TAR_FILE || !str_ends(name, STR(".xml")))
			continue;
		struct str path = arena_str(&a, entry.path);
		struct body body = { .stream = { .read = body_read }, .tar = tar };
		r = o->parse(&body.stream, false, sink, err);
		if (r < 0)
			return err_wrap(err, "%" PRIstr, STR_ARG(path));
		arena_fini(&a);
	}
	return r;
}

int oval_source_read_file(struct feed_session *s, const struct oval_source *o, struct err *err)
{
	const char *location = feed_location(s);
	struct oval_source source = *o;
	struct feed_part part = { .locations = &location,
		.n_locations = 1,
		.parse = is_archive(last_part(location)) ? parse_archive : parse_part,
		.ctx = &source };
	int r = feed_read_part(s, &part, err);

	return r < 0 ? r : 0;
}
