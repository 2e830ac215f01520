/*
 * SUSE Linux Enterprise and openSUSE, from the folder of OVAL documents of SUSE's security team:
 * a document for each major version and product line, of which "…-affected.xml" has what is not
 * fixed too. The source may be a copy of the folder, or one document.
 */
#include "base/base.h"

#include "feed/feed_priv.h"
#include "feed/listing.h"
#include "feed/session.h"
#include "feed/suse.h"

/* Service packs and minor versions are below it. */
#define MINOR_MAX 12

/* What documents of a line are called ("*" stands for the version), and whose they are. */
struct line {
	struct str prefix;
	const char *ids[4]; /* of namespaces; the version stands behind */
	bool major;         /* the version is a number without a point: all of its minor ones */
};

static const struct line lines[] = {
	{ STR_INIT("suse.linux.enterprise.server."), { "sles", "sles_sap", "sled", "sle_hpc" },
		true },
	{ STR_INIT("suse.linux.enterprise.micro."), { "sle-micro" }, true },
	{ STR_INIT("suse.linux.enterprise."), { "sles", "sles_sap", "sled", "sle_hpc" }, true },
	{ STR_INIT("suse.linux.micro."), { "sl-micro" }, true },
	{ STR_INIT("opensuse.leap.micro."), { "opensuse-leap-micro" }, false },
	{ STR_INIT("opensuse.leap."), { "opensuse-leap" }, false },
	{ STR_INIT("opensuse.tumbleweed"), { "opensuse-tumbleweed" }, false },
	{ STR_INIT("opensuse."), { "opensuse" }, false },
};

struct document {
	const struct line *line;
	struct str version;
	bool affected; /* it has what is not fixed, too */
};

static bool is_version(struct str s, bool major)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_is_digit(s.p[i]) && (major || s.p[i] != '.'))
			return false;
	}
	return s.n > 0 && s.n <= 8 && s.p[0] != '.';
}

/* What a document is, by its name; false for those that are not wanted. */
static bool parse_name(struct str name, struct document *out)
{
	name = listing_plain_name(name);
	if (!str_ends(name, STR(".xml")))
		return false;
	name.n -= STR(".xml").n;
	*out = (struct document){ .affected = str_ends(name, STR("-affected")) };
	if (out->affected)
		name.n -= STR("-affected").n;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		if (!str_skip_prefix(&name, lines[i].prefix))
			continue;
		out->line = &lines[i];
		out->version = name;
		return is_version(name, lines[i].major) ||
		       (name.n == 0 && str_eq(lines[i].prefix, STR("opensuse.tumbleweed")));
	}
	return false;
}

/* Whether two documents are about the same. */
static bool same_subject(const struct document *a, const struct document *b)
{
	return str_eq(str_of(a->line->ids[0]), str_of(b->line->ids[0])) &&
	       str_eq(a->version, b->version);
}

/* Of documents about the same, the one with more in it: that with what is not fixed; then, that of
 * the server, which is smaller than that of all products. */
static bool is_better(const struct document *a, const struct document *b)
{
	if (a->affected != b->affected)
		return a->affected;
	return a->line < b->line;
}

static bool has_better(const struct str_vec *names, const struct document *d)
{
	struct document other;

	vec_for_each(name, names) {
		if (parse_name(*name, &other) && same_subject(&other, d) && is_better(&other, d))
			return true;
	}
	return false;
}

/* The namespaces that a document says all of. */
static void list_namespaces(struct feed_session *s, const struct document *d, struct str_vec *out)
{
	struct arena *a = feed_arena(s);

	for (size_t i = 0; i < ARRAY_LEN(d->line->ids) && d->line->ids[i]; i++) {
		const char *id = d->line->ids[i];

		if (d->version.n == 0) {
			vec_push(out, arena_printf(a, "%s:rolling", id));
			continue;
		}
		vec_push(out, arena_printf(a, "%s:%" PRIstr, id, STR_ARG(d->version)));
		for (int minor = 0; d->line->major && minor < MINOR_MAX; minor++)
			vec_push(out, arena_printf(a, "%s:%" PRIstr ".%d", id, STR_ARG(d->version),
					      minor));
	}
}

static int parse_part(struct stream *in, const char *location UNUSED, void *ctx,
	struct feed_sink *sink, struct err *err)
{
	return suse_parse(in, ctx, sink, err);
}

/* One document among others. */
static int read_document(
	struct feed_session *s, const char *location, const struct document *d, struct err *err)
{
	struct str_vec name_spaces = VEC_INIT;

	list_namespaces(s, d, &name_spaces);
	struct suse_scope scope = { .prefixes = name_spaces.v, .n_prefixes = name_spaces.n };
	struct feed_part part = {
		.name_spaces = name_spaces.v,
		.n_name_spaces = name_spaces.n,
		.locations = &location,
		.n_locations = 1,
		.parse = parse_part,
		.ctx = &scope,
	};
	int r = feed_read_part(s, &part, err);
	vec_fini(&name_spaces);
	return r < 0 ? r : 0;
}

static int read_named(struct feed_session *s, const struct str_vec *names, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < names->n; i++) {
		struct document d;

		if (!parse_name(names->v[i], &d) || has_better(names, &d))
			continue;
		/* The same document in several compressions: they stand side by side. */
		if (i + 1 < names->n && str_eq(listing_plain_name(names->v[i + 1]),
						listing_plain_name(names->v[i])))
			continue;
		n++;
		int r = read_document(s, feed_join(s, feed_location(s), names->v[i].p), &d, err);
		if (r < 0)
			return r;
	}
	return n ? 0
		 : err_set(err, ERR_NOT_FOUND, "%s: no OVAL document of SUSE", feed_location(s));
}

static int list_page(struct feed_session *s, struct str_vec *names, struct err *err)
{
	_cleanup_(feed_dropp) struct feed_document *d = NULL;
	/* It leads to others: whether it has changed does not matter. */
	int r = feed_open(s, feed_location(s), FEED_ALWAYS | FEED_ONCE, &d, err);

	return r < 0 ? r : listing_of_page(feed_stream(d), feed_arena(s), names, err);
}

static int read_folder(struct feed_session *s, struct err *err)
{
	struct str_vec names = VEC_INIT;
	int r = feed_place(s) == FEED_DIRECTORY
			? listing_of_directory(feed_location(s), feed_arena(s), &names, err)
			: list_page(s, &names, err);

	if (r == 0)
		r = read_named(s, &names, err);
	vec_fini(&names);
	return r;
}

/* One document is all there is. */
static int read_one(struct feed_session *s, struct err *err)
{
	const char *location = feed_location(s);
	struct suse_scope all = { .n_prefixes = 0 };
	struct feed_part part = {
		.locations = &location, .n_locations = 1, .parse = parse_part, .ctx = &all
	};
	int r = feed_read_part(s, &part, err);

	return r < 0 ? r : 0;
}

static int suse_read(struct feed_session *s, struct err *err)
{
	struct str name = listing_plain_name(path_basename(str_of(feed_location(s))));

	if (feed_place(s) == FEED_FILE ||
		(feed_place(s) == FEED_HTTP && str_ends(name, STR(".xml"))))
		return read_one(s, err);
	return read_folder(s, err);
}

const struct feed_driver feed_suse = {
	.name = "suse",
	.title = "SUSE and openSUSE OVAL",
	.default_url = "https://ftp.suse.com/pub/projects/security/oval/",
	.revision = 1,
	.read = suse_read,
};
